// SPDX-License-Identifier: EUPL-1.2
/*
 * Files of our own (journal, blobs, sets, images): everything a node keeps goes through a disk, the
 * real one or, in tests, a simulated one that forgets what was not synced (os/disk_sim.h).
 *
 * Paths are relative to the disk's root, with '/', without "..". Offsets and sizes are in bytes.
 */
#ifndef OS_DISK_H
#define OS_DISK_H

#include "base/op.h"

enum { DISK_PATH_SIZE_MAX = 1024, DISK_NAME_SIZE_MAX = 255 };

struct disk;
struct disk_file;

enum disk_mode {
    DISK_READ,       /* must exist */
    DISK_WRITE,      /* read and write; made where absent */
    DISK_CREATE_NEW, /* read and write; must not exist */
};

/**
 * The real disk, below a folder that exists.
 *
 * op        work in hand
 * root      path of the folder; copied
 * ret       to give back with disk_close(); untouched on error
 *
 * Errors    ERR_ABSENT no such folder; ERR_DENIED; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err disk_open_real(struct op *op, struct span root, struct disk **ret);

/**
 * Give a disk back; its files must be closed.
 *
 * disk      NULL does nothing
 */
void disk_close(struct disk *disk);

/**
 * Open a file. New files have mode 0600.
 *
 * op        work in hand
 * disk      open
 * path      of the file
 * mode      how
 * ret       to give back with disk_file_close(); untouched on error
 *
 * Errors    ERR_ABSENT; ERR_EXISTS (DISK_CREATE_NEW); ERR_DENIED; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err disk_file_open(struct op *op, struct disk *disk, struct span path, enum disk_mode mode,
                        struct disk_file **ret);

/**
 * Close a file. What was not synced may be lost with the power.
 *
 * file      NULL does nothing
 */
void disk_file_close(struct disk_file *file);

/**
 * Read from a place in a file.
 *
 * op        work in hand
 * file      open
 * offset    from the file's start
 * target    receives the bytes
 * size      how many are wanted
 * ret_read  how many were there: fewer than wanted only at the file's end
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err disk_read(struct op *op, struct disk_file *file, uint64_t offset, void *target,
                   size_t size, size_t *ret_read);

/**
 * Write all of `span` at a place in a file; it grows as needed. On an error part may be written.
 *
 * op        work in hand
 * file      open for writing
 * offset    from the file's start
 * span      written
 *
 * Errors    ERR_FULL no room; ERR_IO
 */
MUST_USE
enum err disk_write(struct op *op, struct disk_file *file, uint64_t offset, struct span span);

/**
 * Make what was written to a file, and its size, survive power loss (fdatasync).
 *
 * op        work in hand
 * file      open for writing
 *
 * Errors    ERR_IO; ERR_FULL. After an error nothing is known about what was written since the last
 *           success: do not try again, treat the file as lost to writing.
 */
MUST_USE
enum err disk_sync(struct op *op, struct disk_file *file);

/**
 * Size of a file.
 *
 * op        work in hand
 * file      open
 * ret_size  in bytes
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err disk_size(struct op *op, struct disk_file *file, uint64_t *ret_size);

/**
 * Cut a file short, or lengthen it with zeros.
 *
 * op        work in hand
 * file      open for writing
 * size      new size
 *
 * Errors    ERR_IO; ERR_FULL
 */
MUST_USE
enum err disk_truncate(struct op *op, struct disk_file *file, uint64_t size);

/**
 * Give a file another name, in place of what bore it. Durable after disk_sync_folder() of the
 * folders; a power loss before leaves it under one of the names where both are of one folder.
 *
 * op        work in hand
 * disk      open
 * from      present path
 * to        new path
 *
 * Errors    ERR_ABSENT; ERR_IO
 */
MUST_USE
enum err disk_rename(struct op *op, struct disk *disk, struct span from, struct span to);

/**
 * Remove a file, or an empty folder. Durable after disk_sync_folder().
 *
 * op        work in hand
 * disk      open
 * path      of the file
 *
 * Errors    ERR_ABSENT; ERR_IO, also for a folder that is not empty
 */
MUST_USE
enum err disk_remove(struct op *op, struct disk *disk, struct span path);

/**
 * Make a folder (mode 0700), and durable in its parent. One that is there already is no error.
 *
 * op        work in hand
 * disk      open
 * path      of the folder
 *
 * Errors    ERR_ABSENT the parent is not there; ERR_DENIED; ERR_FULL; ERR_IO
 */
MUST_USE
enum err disk_make_folder(struct op *op, struct disk *disk, struct span path);

/**
 * Make the names in a folder (new, renamed, removed) survive power loss.
 *
 * op        work in hand
 * disk      open
 * path      of the folder; empty for the root
 *
 * Errors    ERR_ABSENT; ERR_IO
 */
MUST_USE
enum err disk_sync_folder(struct op *op, struct disk *disk, struct span path);

/**
 * The names in a folder, in byte order, without "." and "..".
 *
 * op         work in hand; the list lives in its memory
 * disk       open
 * path       of the folder; empty for the root
 * ret_names  array of names
 * ret_count  how many
 *
 * Errors    ERR_ABSENT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err disk_list(struct op *op, struct disk *disk, struct span path, struct span **ret_names,
                   size_t *ret_count);

/**
 * Take the lock of a file for this process, without waiting; it goes with the file's closing or the
 * process's end, however that comes.
 *
 * op        work in hand
 * file      open for writing
 *
 * Errors    ERR_AGAIN somebody else holds it; ERR_IO
 */
MUST_USE
enum err disk_lock(struct op *op, struct disk_file *file);

/**
 * Use a whole file as it lies, read-only: mapped on the real disk, copied on the simulated one. The
 * bytes stay as they are after the file was renamed over or removed. 64-byte aligned.
 *
 * op         work in hand
 * disk       open
 * path       of the file
 * ret        the bytes; give back with disk_unmap()
 *
 * Errors    ERR_ABSENT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err disk_map(struct op *op, struct disk *disk, struct span path, struct span *ret);

/* How a part of a mapped file will be used. */
enum disk_use {
    DISK_USE_SCATTERED, /* here and there: nothing beside what is used is to be read along */
    DISK_USE_SOON,      /* all of it: it is to be read now, while other things are done */
};

/**
 * Tell the system how a part of a mapped file will be used. It changes how fast that is, if it
 * changes anything.
 *
 * disk      the disk it was mapped from
 * part      of what disk_map() gave
 * use       of it
 */
void disk_map_use(struct disk *disk, struct span part, enum disk_use use);

/**
 * Stop using a mapped file.
 *
 * disk      the disk it was mapped from
 * map       from disk_map(); the empty span does nothing
 */
void disk_unmap(struct disk *disk, struct span map);

/**
 * Replace a whole file durably: written beside, synced, renamed, folder synced. Afterwards, power
 * loss or not, the path holds either all of the old bytes or all of the new.
 *
 * op        work in hand
 * disk      open
 * path      of the file
 * bytes     its new content
 *
 * Errors    ERR_FULL; ERR_IO; ERR_DENIED; ERR_LIMIT. The path then still holds all of the old bytes
 * or all of the new; the new only where the last step, syncing the folder, failed
 */
MUST_USE
enum err disk_replace(struct op *op, struct disk *disk, struct span path, struct span bytes);

/**
 * Whether files can be made in the disk's root: false on a file system that is mounted read-only,
 * and where the folder's mode forbids it.
 *
 * disk      open
 */
bool disk_is_writable(struct disk *disk);

/**
 * The real path of a file, for libraries that open files themselves (SQLite).
 *
 * op        work in hand; the text lives in its memory, NUL-terminated
 * disk      open
 * path      of the file
 * ret       untouched on error
 *
 * Errors    ERR_UNSUPPORTED the simulated disk has none; ERR_LIMIT
 */
MUST_USE
enum err disk_real_path(struct op *op, struct disk *disk, struct span path, struct span *ret);

#endif
