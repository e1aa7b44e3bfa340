// SPDX-License-Identifier: EUPL-1.2
/*
 * Indicators that are of persons are not put to what was seen before a second person has approved
 * it (decision 0038): until then a request waits in the journal.
 */
#ifndef NODE_PAST_HELD_H
#define NODE_PAST_HELD_H

#include "node/past.h"
#include "node/questions.h"
#include "store/asked.h"

#define PAST_HELD_ACT SPAN("look-back") /* what such a request asks for */

/**
 * Write down that indicators wait: in one request, or several where they are very many.
 *
 * op         work in hand: who brought them is its actor
 * store      open for writing
 * held       at least one
 * ret_first  the first request's entry of the journal
 * ret_count  how many requests
 *
 * Errors    those of store_asked_add()
 */
MUST_USE
enum err past_held_keep(struct op *op, struct store *store, const struct questions *held,
                        uint64_t *ret_first, uint64_t *ret_count);

/**
 * Whether a request is of this sort.
 *
 * request   as store_asked_read() gave it
 */
bool past_held_is(const struct store_asked *request);

/**
 * Whether somebody brought one of the values that a request of this sort names: who looks back for
 * all indicators anew asks for those of others too, and nobody approves the own.
 *
 * op        work in hand
 * store     open
 * grant     of the owner
 * request   of this sort
 * actor     who wants to approve it
 * ret       untouched on error
 *
 * Errors    those of store_asked_walk(); ERR_CORRUPT a request cannot be read
 */
MUST_USE
enum err past_held_brought(struct op *op, struct store *store, const struct policy_grant *grant,
                           const struct store_asked *request, struct span actor, bool *ret);

/**
 * Put what a request names to what was seen, and write into the journal that it was done. However
 * often it is done, a line counts once.
 *
 * op         work in hand: who approved is its actor
 * node       open for writing
 * request    of this sort, approved
 * ret        hits that are new or changed, and whether all of the history could be read
 *
 * Errors    those of past_open() and past_look_approved(); ERR_CORRUPT the request cannot be read
 */
MUST_USE
enum err past_held_release(struct op *op, struct node *node, const struct store_asked *request,
                           struct past_look *ret);

#endif
