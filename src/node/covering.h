// SPDX-License-Identifier: EUPL-1.2
/*
 * Indicators of an export that cover more than themselves, and with it what an allow list silences:
 * a range with an address of our own in it, a domain above a name of a supplier's.
 */
#ifndef NODE_COVERING_H
#define NODE_COVERING_H

#include "match/match.h"
#include "node/node.h"

enum { COVERING_SHOWN_MAX = 3 };

struct covering {
    struct match_builder *builder; /* NULL: nothing was noted that covers more than itself */
    size_t noted;
};

/* One such indicator; the texts live in the op's memory. */
struct covering_case {
    struct span indicator;
    struct span allowed;
    struct span list;
};

struct covering_cases {
    uint64_t count; /* of indicators, each once */
    struct covering_case first[COVERING_SHOWN_MAX];
};

/**
 * Note an indicator that is exported. Those that cover nothing but themselves are passed over.
 *
 * covering  all zero at first; to be given back with covering_done()
 * op        work in hand, the same each time
 * value     of the indicator
 * scope     of the indicator
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err covering_note(struct covering *covering, struct op *op, const struct value *value,
                       enum value_scope scope);

/**
 * Put all that the lists silence now to what was noted; lists that speak of one host or indicator
 * alone do not count. Nothing can be noted afterwards.
 *
 * covering  with what was noted
 * op        work in hand
 * node      with its store open
 * now_us    values of lists that have ended then do not count
 * ret       untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory; ERR_CORRUPT
 */
MUST_USE
enum err covering_find(struct covering *covering, struct op *op, struct node *node, int64_t now_us,
                       struct covering_cases *ret);

/**
 * Give its memory back.
 *
 * covering  may be all zero
 */
void covering_done(struct covering *covering);

#endif
