// SPDX-License-Identifier: EUPL-1.2
/*
 * A book on one day, for one holder; recipients and labels made ready for decisions on it. What is
 * made here is made once and asked often: policy_decide() takes a fraction of a microsecond.
 */
#ifndef POLICY_DAY_H
#define POLICY_DAY_H

#include "policy/book.h"
#include "policy/label.h"

struct policy_day;       /* a book, a holder, a day */
struct policy_recipient; /* who asks on that day, and for what */
struct policy_bound;     /* a label on that day */

/**
 * The book as it stands on a day.
 *
 * op        work in hand; what is returned lives in its memory
 * book      used as long as what is returned
 * holder    id of the node's own party; one that is not known that day gives nobody anything
 * day       days since 1970-01-01, UTC
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err policy_day_make(struct op *op, const struct policy_book *book, struct span holder,
                         int32_t day, const struct policy_day **ret);

/* Who asks. */
struct policy_asker {
    struct span party;   /* id */
    struct span person;  /* id of one of its persons; empty: the party as a whole */
    struct span purpose; /* id; empty: the default one */
};

/**
 * Make a recipient ready. One that is not known that day is a recipient that gets nothing.
 *
 * op        work in hand; what is returned lives in its memory
 * day       used as long as what is returned
 * asker     borrowed as long as what is returned
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err policy_recipient_make(struct op *op, const struct policy_day *day,
                               const struct policy_asker *asker,
                               const struct policy_recipient **ret);

/**
 * Make a label ready.
 *
 * op        work in hand; what is returned lives in its memory
 * day       used as long as what is returned
 * label     borrowed as long as what is returned
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory; a label with more than it may have is no error: nobody gets it
 */
MUST_USE
enum err policy_bind(struct op *op, const struct policy_day *day, const struct policy_label *label,
                     const struct policy_bound **ret);

/**
 * Whether a clearance for one level allows information of another on a day (GATE.md, rule 5).
 *
 * day        made with policy_day_make()
 * clearance  number of a level in the book
 * level      number of a level in the book
 */
bool policy_level_covers(const struct policy_day *day, uint32_t clearance, uint32_t level);

/**
 * Whether a party is in a group on a day, by itself or through other groups.
 *
 * op        work in hand
 * day       made with policy_day_make()
 * party     number of its id in the book
 * group     number of its id in the book
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err policy_party_is_in(struct op *op, const struct policy_day *day, uint32_t party,
                            uint32_t group, bool *ret);

#endif
