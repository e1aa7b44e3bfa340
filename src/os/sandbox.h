// SPDX-License-Identifier: EUPL-1.2
/*
 * Giving up what a process does not need, for good: a process that reads hostile bytes keeps the
 * descriptors it was handed and nothing else.
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include "base/op.h"

/**
 * Close every descriptor except the standard three and those named.
 *
 * op        work in hand
 * keep      descriptors that stay open, in any order
 * count     how many
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err sandbox_close_others(struct op *op, const int *keep, size_t count);

/**
 * From here on: no new privileges, no core dump, no tracing by others, and no file can be opened,
 * made or removed by path (Landlock, kernel 5.13 or later; where the kernel has none, the rest
 * still holds).
 *
 * op            work in hand
 * ret_landlock  version of Landlock in force; 0 where the kernel has none
 *
 * Errors    ERR_IO a protection that the kernel has could not be put in force
 */
MUST_USE
enum err sandbox_enter(struct op *op, int *ret_landlock);

#endif
