// SPDX-License-Identifier: EUPL-1.2
/*
 * Which rows of the history were written out: values that are asked for overlap, as evil.example
 * and c2.evil.example do, and what both meet is told for each of them.
 */
#ifndef NODE_ROWS_TOLD_H
#define NODE_ROWS_TOLD_H

#include "base/hash.h"
#include "history/hunt.h"

struct rows_told_mark;

struct rows_told {
    struct hash_secret secrets[2];
    struct rows_told_mark *marks; /* a table, free places all zero; NULL: none yet */
    size_t room;                  /* a power of two */
    size_t count;
    const struct span *segment; /* its hosts: one segment is told after the other */
    struct buf place;
};

/**
 * None so far.
 *
 * told      receives it; to be given back with rows_told_done()
 */
void rows_told_begin(struct rows_told *told);

/**
 * Whether rows were told before, for another question; from now on they were.
 *
 * op         work in hand
 * told       begun; of one hunt
 * found      what a hunt tells: of equal time and sensor, equal pieces are equal rows
 * ret        untouched on error
 *
 * Errors    ERR_LIMIT no memory, or too many of one segment
 */
MUST_USE
enum err rows_told_before(struct op *op, struct rows_told *told, const struct hunt_found *found,
                          bool *ret);

/**
 * Give it back.
 *
 * told      begun, or all zero
 */
void rows_told_done(struct rows_told *told);

#endif
