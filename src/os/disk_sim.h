// SPDX-License-Identifier: EUPL-1.2
/*
 * A simulated disk for tests, in memory. It remembers what was synced and what was not: after a
 * power loss, synced things are there, and of everything else any part may be:
 *
 *   - of each write any of its 512-byte sectors, and the size it gave the file or not;
 *   - each change of size, each new, renamed or removed name, independently of all others (the two
 *     names of a renaming within a folder go together; those of two folders do not);
 *   - where a file grew and its bytes were lost: zeros, or whatever lay on the disk.
 *
 * A sync that fails forgets what it should have written, as Linux does: the bytes are still read
 * back, and a later sync that succeeds does not write them.
 */
#ifndef OS_DISK_SIM_H
#define OS_DISK_SIM_H

#include "os/disk.h"

enum { DISK_SIM_SECTOR_SIZE = 512 };

/* How an operation is made to fail. */
enum disk_sim_fault {
    DISK_SIM_FAULT_NONE,
    DISK_SIM_FAULT_IO,   /* once, with ERR_IO, perhaps after a part of it was done */
    DISK_SIM_FAULT_FULL, /* once, with ERR_FULL, perhaps after a part of it was done */
    DISK_SIM_FAULT_STOP, /* the process is killed there: everything fails until it is started again
                          */
};

/* A sync that is about to be done. */
struct disk_sim_sync {
    struct span path; /* of the file, as it was opened, or of the folder */
    bool folder;
    uint64_t size; /* of the file */
};

/**
 * An empty simulated disk; it is used through os/disk.h and given back with disk_close().
 *
 * op        work in hand
 * seed      of all that is left to chance before a power loss
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err disk_sim_open(struct op *op, uint64_t seed, struct disk **ret);

/**
 * Lose the power: what was not synced is kept or lost by chance, and all open files are dead (they
 * can only be closed). Faults, ignored syncs and locks are gone; the capacity stays.
 *
 * disk      simulated
 * seed      of the chances
 */
void disk_sim_crash(struct disk *disk, uint64_t seed);

/**
 * Start the process again after DISK_SIM_FAULT_STOP: all open files are dead, and what was written
 * is there, synced or not. What was not synced can still be lost with the power.
 *
 * disk      simulated
 */
void disk_sim_restart(struct disk *disk);

/**
 * Let one operation that changes the disk fail.
 *
 * disk      simulated
 * after     how many such operations still succeed before it
 * fault     how; DISK_SIM_FAULT_NONE lets all succeed
 */
void disk_sim_fail_change(struct disk *disk, uint64_t after, enum disk_sim_fault fault);

/**
 * Let one operation that reads (read, size, list, map, open for reading) fail with ERR_IO.
 *
 * disk      simulated
 * after     how many such operations still succeed before it; UINT64_MAX lets all succeed
 */
void disk_sim_fail_read(struct disk *disk, uint64_t after);

/**
 * How many operations that change the disk were asked for since the start.
 *
 * disk      simulated
 */
uint64_t disk_sim_change_count(const struct disk *disk);

/**
 * How many operations that read were asked for since the start.
 *
 * disk      simulated
 */
uint64_t disk_sim_read_count(const struct disk *disk);

/**
 * Limit the sum of all files' sizes.
 *
 * disk      simulated
 * size      in bytes; writing more fails with ERR_FULL after a part was written
 */
void disk_sim_capacity(struct disk *disk, uint64_t size);

/**
 * Let some syncs report success without doing anything: a program that left them out, or a disk
 * that lies. For proving that a crash test would notice.
 *
 * disk      simulated
 * ignored   asked before each sync; NULL lets all be done. disk_make_folder() asks for its parent
 * context   handed to `ignored`
 */
void disk_sim_ignore_sync(struct disk *disk,
                          bool (*ignored)(void *context, const struct disk_sim_sync *sync),
                          void *context);

#endif
