// SPDX-License-Identifier: EUPL-1.2
/*
 * Indicators that are patterns: LIKE and regular expressions, of URLs, domains, user agents and
 * file names. The key of such an indicator is the pattern's text.
 *
 *   like    '%' is any number of characters, '_' is one; the whole value must fit
 *   regex   PCRE; it fits where it is found anywhere in the value, and '.' is a line's end too
 *
 * Both are STIX's operators of that name (STIX 2.1, 9.6.1). A pattern is put to
 *
 *   url         the canonical text three times: without a scheme, with "http://", with "https://",
 *               since logs seldom say which it was; letters count in their case
 *   domain      the canonical name; the pattern's letters count in either case
 *   user-agent  the text as it was logged; letters count in their case
 *   file-name   the name without its path; the pattern's letters count in either case
 *
 * Names and user agents are UTF-8, and a character there may be several bytes; URLs and domains are
 * ASCII. Neither does a pattern decide what its writer's words cost: size, nesting and steps have
 * limits, and no program is made of it that the processor runs.
 */
#ifndef VALUE_PATTERN_H
#define VALUE_PATTERN_H

#include "value/value.h"

enum {
    VALUE_PATTERN_REASON_SIZE_MAX = 256,
    VALUE_PATTERN_CODE_SIZE_MAX = 16 * 1024, /* compiled; repeated groups stand there repeatedly */
    VALUE_PATTERN_DEPTH_MAX = 32,            /* parentheses within parentheses */
    VALUE_PATTERN_STEPS_MAX = 100 * 1000,    /* for one text: about a millisecond */
    VALUE_PATTERN_HEAP_KIB_MAX = 1024,       /* for one text */
};

/* A pattern that was compiled; many threads may use it at once. */
struct value_pattern;

enum value_pattern_answer {
    VALUE_PATTERN_APART = 0, /* the value does not fit */
    VALUE_PATTERN_MET,
    VALUE_PATTERN_UNSURE,    /* it took more steps than VALUE_PATTERN_STEPS_MAX */
    VALUE_PATTERN_NO_MEMORY, /* to find out */
};

/**
 * Read an indicator that is a pattern, as value_pattern_check() takes it.
 *
 * kind      of the values it is a pattern of
 * scope     VALUE_SCOPE_LIKE or VALUE_SCOPE_REGEX
 * raw       the pattern; nothing is skipped or undone
 * buf       receives the bytes
 * ret       the value, borrowing from buf; untouched on error
 * reason    receives why it is refused; NULL where nobody asks
 *
 * Errors    as value_pattern_check()
 */
MUST_USE
enum err value_pattern_parse(enum value_kind kind, enum value_scope scope, struct span raw,
                             struct value_buf *buf, struct value *ret, struct buf *reason);

/**
 * Whether a pattern can be an indicator: it compiles within the limits, does not fit the empty
 * text, and not just any value of its kind.
 *
 * kind      of the values it is a pattern of
 * scope     VALUE_SCOPE_LIKE or VALUE_SCOPE_REGEX
 * text      the pattern
 * reason    receives why it is refused, in words for the user; NULL where nobody asks
 *
 * Errors    ERR_FORMAT no pattern, or not of that kind; ERR_UNSUPPORTED too long, too large, too
 *           slow, or of a construct that is not taken; ERR_CONFLICT it fits the empty text, or
 *           nearly every value; ERR_LIMIT no memory
 */
MUST_USE
enum err value_pattern_check(enum value_kind kind, enum value_scope scope, struct span text,
                             struct buf *reason);

/**
 * Compile a pattern.
 *
 * kind      of the values it is a pattern of
 * scope     VALUE_SCOPE_LIKE or VALUE_SCOPE_REGEX
 * text      the pattern; copied
 * reason    receives why it is refused; NULL where nobody asks
 * ret       to give back with value_pattern_free(); untouched on error
 *
 * Errors    ERR_FORMAT no pattern, or not of that kind; ERR_UNSUPPORTED too long, too large, or of
 *           a construct that is not taken; ERR_LIMIT no memory
 */
MUST_USE
enum err value_pattern_new(enum value_kind kind, enum value_scope scope, struct span text,
                           struct buf *reason, struct value_pattern **ret);

/**
 * Give a pattern back.
 *
 * pattern   NULL does nothing
 */
void value_pattern_free(struct value_pattern *pattern);

/**
 * Whether a value fits a pattern.
 *
 * pattern   compiled
 * key       canonical key of a value of the pattern's kind
 *
 * Returns VALUE_PATTERN_UNSURE where the limits of one text were reached.
 */
enum value_pattern_answer value_pattern_meets(const struct value_pattern *pattern, struct span key);

/**
 * Whether the letters of a kind's patterns count in either case: its keys are in lower case.
 *
 * kind      that can have patterns
 */
bool value_pattern_is_caseless(enum value_kind kind);

/**
 * Whether a kind's values are UTF-8, mostly, so that a character of its patterns may be several
 * bytes.
 *
 * kind      that can have patterns
 */
bool value_pattern_is_utf8(enum value_kind kind);

/**
 * Append a regular expression for an automaton that is to find most texts which a pattern does not
 * fit: it fits at least what the pattern fits. Large repeats, which cost an automaton much, are
 * repeats without end in it.
 *
 * scope     VALUE_SCOPE_LIKE or VALUE_SCOPE_REGEX
 * text      a pattern that value_pattern_new() takes
 * buf       receives it
 */
void value_pattern_relax(enum value_scope scope, struct span text, struct buf *buf);

#endif
