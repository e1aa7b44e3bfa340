// SPDX-License-Identifier: EUPL-1.2
/*
 * Forgetting as the node does it: the rule is in the journal first, is carried out, and how much
 * went is in the journal behind it. What was cut short in between - a kill, a full disk - is gone
 * on with when the history is opened for writing the next time.
 */
#ifndef NODE_PAST_FORGET_H
#define NODE_PAST_FORGET_H

#include "base/uuid.h"
#include "history/history.h"
#include "node/node.h"

struct past_forget {
    const struct history_forget *forget;
    struct uuid id;
    const struct buf *content; /* of the journal's entry, with the member "id" */
};

/**
 * Forget under a rule.
 *
 * op         work in hand: its actor goes into the journal
 * node       open for writing, its history too; all that was read is counted
 * rule       borrowed
 * ret_entry  of the journal: the rule; set as soon as it is there, 0 before
 * ret        how much; untouched on error
 *
 * Errors    those of store_asked_add(), history_forgetting_keep() and history_forget(). Where
 *           *ret_entry is not 0, the rule is in the journal and not carried out to its end:
 *           past_forget_finish() does it
 */
MUST_USE
enum err past_forget(struct op *op, struct node *node, const struct past_forget *rule,
                     uint64_t *ret_entry, struct history_forgotten *ret);

/**
 * Finish what was begun and cut short, if anything was.
 *
 * op        work in hand
 * node      open for writing, its history too
 *
 * Errors    those of history_forgetting_read() and history_forget()
 */
MUST_USE
enum err past_forget_finish(struct op *op, struct node *node);

/**
 * The first rule in the journal that was not carried out to its end.
 *
 * op         work in hand
 * node       open, with its store
 * ret_entry  of the journal; 0: there is none
 *
 * Errors    those of store_asked_unfinished()
 */
MUST_USE
enum err past_forget_left(struct op *op, struct node *node, uint64_t *ret_entry);

#endif
