// SPDX-License-Identifier: EUPL-1.2
/*
 * How much room a file system has.
 */
#ifndef OS_SPACE_H
#define OS_SPACE_H

#include "base/op.h"

struct space {
    uint64_t size; /* bytes, of the whole file system */
    uint64_t free; /* bytes that this process may still use */
};

/**
 * Look how much room there is.
 *
 * op        work in hand
 * path      of anything on the file system; ended by a NUL
 * ret       untouched on error
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err space_of(struct op *op, struct span path, struct space *ret);

#endif
