// SPDX-License-Identifier: EUPL-1.2
/*
 * A folder of a disk, used as a disk of its own: whoever gets it cannot reach what lies beside it.
 * A world of a node is given to its journal in this way.
 */
#ifndef OS_DISK_BELOW_H
#define OS_DISK_BELOW_H

#include "os/disk.h"

/**
 * Use a folder of a disk as a disk. Whether the folder is there shows when it is used.
 *
 * op        work in hand
 * disk      open; it must stay so until disk_close() of the new one
 * path      of the folder; copied
 * ret       to give back with disk_close(), which leaves `disk` open; untouched on error
 *
 * Errors    ERR_LIMIT no memory, or the path is too long
 */
MUST_USE
enum err disk_open_below(struct op *op, struct disk *disk, struct span path, struct disk **ret);

#endif
