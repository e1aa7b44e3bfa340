// SPDX-License-Identifier: EUPL-1.2
/*
 * What a disk must be able to do: the table behind os/disk.h. For those who write a disk (the real
 * one, the simulated one), nobody else. Paths were checked by disk.c before they come here. Each
 * function keeps the promise of its namesake in os/disk.h.
 */
#ifndef OS_DISK_OPS_H
#define OS_DISK_OPS_H

#include "os/disk.h"

struct disk_ops {
    void (*close)(struct disk *disk);
    enum err (*file_open)(struct op *op, struct disk *disk, struct span path, enum disk_mode mode,
                          struct disk_file **ret);
    void (*file_close)(struct disk_file *file);
    enum err (*read)(struct op *op, struct disk_file *file, uint64_t offset, void *target,
                     size_t size, size_t *ret_read);
    enum err (*write)(struct op *op, struct disk_file *file, uint64_t offset, struct span span);
    enum err (*sync)(struct op *op, struct disk_file *file);
    enum err (*size)(struct op *op, struct disk_file *file, uint64_t *ret_size);
    enum err (*truncate)(struct op *op, struct disk_file *file, uint64_t size);
    enum err (*lock)(struct op *op, struct disk_file *file);
    enum err (*rename)(struct op *op, struct disk *disk, struct span from, struct span to);
    enum err (*remove)(struct op *op, struct disk *disk, struct span path);
    enum err (*make_folder)(struct op *op, struct disk *disk, struct span path);
    enum err (*sync_folder)(struct op *op, struct disk *disk, struct span path);
    enum err (*list)(struct op *op, struct disk *disk, struct span path, struct span **ret_names,
                     size_t *ret_count);
    enum err (*map)(struct op *op, struct disk *disk, struct span path, struct span *ret);
    void (*map_use)(struct disk *disk, struct span part, enum disk_use use);
    void (*unmap)(struct disk *disk, struct span map);
    bool (*is_writable)(struct disk *disk);
    enum err (*real_path)(struct op *op, struct disk *disk, struct span path, struct span *ret);
};

/* The first member of every disk and of every open file. */
struct disk {
    const struct disk_ops *ops;
};

struct disk_file {
    struct disk *disk;
};

/**
 * The folder part of a path: "a/b/c" gives "a/b", "c" gives the empty span.
 *
 * path      checked
 */
struct span disk_path_folder(struct span path);

/**
 * The last name of a path: "a/b/c" gives "c".
 *
 * path      checked
 */
struct span disk_path_name(struct span path);

#endif
