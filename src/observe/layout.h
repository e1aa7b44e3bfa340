// SPDX-License-Identifier: EUPL-1.2
/*
 * How the lines of a text log are laid out, and what stands in them:
 *
 *     %{originator} - %{user} [%{time...}] "%{request...}" %{status}
 *
 *     %{name}     one word: up to white space, or to the first byte of the text that follows
 *     %{name...}  anything: up to where the text that follows stands first; where that is a quote,
 *                 `\"` does not end it. As the last one: all that is left
 *     %{} %{...}  the same, without a name: stepped over
 *     %[ ... %]   may be there or not; taken where it fits. A word in it is not empty
 *     a space     any white space, at least one
 *     %%          a percent sign; all else stands for itself
 *
 * White space at the ends of a line does not count. A line is walked through once, from left to
 * right, and nothing that was decided is tried anew: time is in proportion to the size of the line,
 * whatever it holds.
 */
#ifndef OBSERVE_LAYOUT_H
#define OBSERVE_LAYOUT_H

#include "base/op.h"

enum {
    LAYOUT_SIZE_MAX = 1024,
    LAYOUT_ITEM_COUNT_MAX = 256,
    LAYOUT_CAPTURE_COUNT_MAX = 64,
    LAYOUT_NAME_SIZE_MAX = 64,
    LAYOUT_NAMELESS = UINT16_MAX,
};

struct layout_item;

struct layout {
    struct layout_item *items;
    size_t count;
};

/* Where a name stood in a line. */
struct layout_capture {
    uint16_t name; /* number that was given for it */
    struct span text;
};

struct layout_found {
    size_t count;
    struct layout_capture captures[LAYOUT_CAPTURE_COUNT_MAX];
};

/* Who gives numbers to the names that stand in layouts: one name has one number, below
 * LAYOUT_NAMELESS. `number` tells a fault as ERR_LIMIT where there are too many. */
struct layout_names {
    enum err (*number)(void *context, struct span name, uint16_t *ret);
    void *context;
};

/**
 * Make a layout from its text.
 *
 * op        work in hand; holds the layout
 * text      as above; at most LAYOUT_SIZE_MAX bytes
 * names     gives numbers to them
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT with what is wrong, and at which byte, as a fault; ERR_LIMIT
 */
MUST_USE
enum err layout_make(struct op *op, struct span text, const struct layout_names *names,
                     struct layout *ret);

/**
 * Whether a line is built so, and what stands in it.
 *
 * layout  made by layout_make()
 * line      any bytes
 * ret       receives the captures, in the order of the line; they borrow from it
 */
bool layout_fits(const struct layout *layout, struct span line, struct layout_found *ret);

#endif
