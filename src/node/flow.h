// SPDX-License-Identifier: EUPL-1.2
/*
 * Words set in lines that are no wider than the screen. A value is never cut and never broken: one
 * that does not fit goes on a line of its own, from which it can be copied whole.
 *
 *     struct flow flow;
 *     flow_begin(&flow, invocation, 4);
 *     flow_words(&flow, "met %s", kind);
 *     flow_value(&flow, "", value, ",");
 *     flow_end(&flow);
 */
#ifndef NODE_FLOW_H
#define NODE_FLOW_H

#include "node/print.h"

struct flow {
    const struct invocation *invocation; /* prints on its `out`, as wide as it says */
    size_t indent;                       /* of all lines but the first */
    size_t column;                       /* how far the present line has come */
    bool broken;                         /* it is not the first line */
    bool empty;                          /* no word stands on it yet */
    size_t gap;                          /* spaces before the next word, if it comes on this line */
};

/**
 * Begin a paragraph at the start of a line.
 *
 * flow        caller's memory
 * invocation  borrowed until flow_end()
 * indent      in columns; of all lines but the first
 */
void flow_begin(struct flow *flow, const struct invocation *invocation, size_t indent);

/**
 * Add words of our own, parted by single spaces; lines are broken between them.
 *
 * flow      begun
 * format    as for printf; its arguments must be harmless
 */
__attribute__((format(printf, 2, 3))) void flow_words(struct flow *flow, const char *format, ...);

/**
 * Add text from outside that is read, not copied: made harmless, and broken at its spaces.
 *
 * flow      begun
 * text      any bytes
 */
void flow_text(struct flow *flow, struct span text);

/**
 * Add one harmless word in a style; it is not broken.
 *
 * flow      begun
 * style     how
 * word      as it is shown
 */
void flow_styled(struct flow *flow, enum print_style style, const char *word);

/**
 * Add text from outside, made harmless, which is not broken.
 *
 * flow      begun
 * before    words of our own that stand on the same line where that has room; may be empty
 * text      any bytes
 * after     what stands close behind it: a comma, perhaps
 */
void flow_value(struct flow *flow, const char *before, struct span text, const char *after);

/**
 * As flow_value(), for what may be of any size: what is longer than a screen or so is cut, and said
 * to be.
 *
 * flow      begun
 * text      any bytes
 * size_max  up to so many bytes it is whole
 * after     what stands close behind it: a comma, perhaps
 */
void flow_value_cut(struct flow *flow, struct span text, size_t size_max, const char *after);

/**
 * Add a mark close behind what was added last: a comma.
 *
 * flow      begun, and not empty
 * mark      one character, or none
 */
void flow_after(struct flow *flow, const char *mark);

/**
 * Go on at a column, with spaces, unless the line has come that far already.
 *
 * flow      begun
 * column    from 0
 */
void flow_to(struct flow *flow, size_t column);

/**
 * Go on in a new line, unless the present one is empty.
 *
 * flow      begun
 */
void flow_break(struct flow *flow);

/**
 * End the paragraph and its line.
 *
 * flow      begun
 */
void flow_end(struct flow *flow);

#endif
