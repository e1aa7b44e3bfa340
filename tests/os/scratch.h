// SPDX-License-Identifier: EUPL-1.2
/*
 * A folder of a test's own, below $TMPDIR or /tmp.
 */
#ifndef TESTS_OS_SCRATCH_H
#define TESTS_OS_SCRATCH_H

#include "os/disk.h"

enum { SCRATCH_PATH_SIZE = 256 };

struct scratch {
    char path[SCRATCH_PATH_SIZE];
};

/* Makes the folder; the test fails where it cannot. */
struct scratch scratch_make(void);

/* Removes the folder and all in it. */
void scratch_remove(const struct scratch *scratch);

/* The real disk below the folder. */
struct disk *scratch_disk(struct op *op, const struct scratch *scratch);

#endif
