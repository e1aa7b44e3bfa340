// SPDX-License-Identifier: EUPL-1.2
/*
 * SQLite on a simulated disk: a VFS whose files lie at the root of a disk of os/disk_sim.h. It
 * syncs what SQLite's own VFS for Unix syncs, no more: also the folder's errors are passed over
 * where that one does so. One disk at a time, one process, no shared memory.
 */
#ifndef TESTS_STORE_SIM_VFS_H
#define TESTS_STORE_SIM_VFS_H

#include "os/disk.h"

#define SIM_VFS_NAME "linie-sim"

/* Registers the VFS over a disk; its random bytes and SQLite's own come from the seed. */
void sim_vfs_begin(struct disk *disk, uint64_t seed);
void sim_vfs_end(void);

/* The process is dead: nothing that SQLite still does while it is tidied up reaches the disk. */
void sim_vfs_kill(void);
void sim_vfs_revive(void);

/* Whether it is SQLite that is just syncing a folder. */
bool sim_vfs_syncs(void);

#endif
