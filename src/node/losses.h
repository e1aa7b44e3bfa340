// SPDX-License-Identifier: EUPL-1.2
/*
 * What the history has lost, told with every answer that it touches, and in a notice until a person
 * says that it is known.
 */
#ifndef NODE_LOSSES_H
#define NODE_LOSSES_H

#include "history/history.h"
#include "node/command.h"
#include "node/node.h"

struct losses_told {
    uint64_t count;       /* losses that touch the answer */
    uint64_t kinds;       /* of which something may be missing: a bit (1 << kind) each */
    size_t segments;      /* of the history */
    size_t segments_lost; /* of them cannot be read */
    bool known;           /* there are others, which somebody said are known */
};

/**
 * Tell, on the invocation's `err`, of every loss that may have been in an answer.
 *
 * invocation  its node's history is open
 * kinds       of what is asked: a bit (1 << kind) each
 * since_s     from here on
 * until_s     to here
 * ret         untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err losses_tell(struct invocation *invocation, uint64_t kinds, uint32_t since_s,
                     uint32_t until_s, struct losses_told *ret);

/**
 * "1 of 8 segments of the history cannot be read: answers lack what stands there", or what else it
 * is; on the invocation's `err`, where anything was told.
 *
 * invocation  of the answer
 * told        of losses_tell()
 * blocks      that could not be read while it was answered
 */
void losses_tell_end(const struct invocation *invocation, const struct losses_told *told,
                     uint64_t blocks);

/**
 * Keep one open notice in the journal while something is lost that nobody said is known, and end it
 * then. Nothing is written where it says already what it has to.
 *
 * op        work in hand
 * node      open for writing, with its history
 *
 * Errors    those of store_notice_add() and store_notices_walk()
 */
MUST_USE
enum err losses_notice(struct op *op, struct node *node);

#endif
