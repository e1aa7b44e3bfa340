// SPDX-License-Identifier: EUPL-1.2
/*
 * Inputs as people see them: a log and what was rotated of it are one.
 */
#ifndef NODE_INPUT_LIST_H
#define NODE_INPUT_LIST_H

#include "store/store.h"

/* A log with its rotations, or an input that has none. */
struct input_log {
    struct store_input
        sum; /* its path is that of the log; lines, faults and what waits are of all */
    size_t files;
    size_t unended;  /* of these: not read to their end; of what has no end, none */
    bool has_no_end; /* a socket or a pipe */
};

/**
 * The path of the log that a rotated one comes from: "x.log" of x.log.1, x.log.2.gz,
 * x.log-20261122.zst.
 *
 * path      of any input
 *
 * Returns a part of it: the whole where it bears no mark of rotation.
 */
struct span input_log_path(struct span path);

/**
 * Put inputs together.
 *
 * op        work in hand; the list lives in its memory
 * inputs    borrowed as long as the list is used
 * count     of them
 * ret       in the order of their paths; untouched on error
 * ret_count  how many logs
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err input_list_make(struct op *op, const struct store_input *inputs, size_t count,
                         struct input_log **ret, size_t *ret_count);

#endif
