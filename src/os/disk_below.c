// SPDX-License-Identifier: EUPL-1.2
/*
 * Every path gets the folder's path put before it, and goes to the disk above. Files that are
 * opened belong to the disk above, so no function for open files is needed here.
 */
#include "os/disk_below.h"

#include "base/memory.h"
#include "os/disk_ops.h"

struct below_disk {
    struct disk base;
    struct disk *above; /* borrowed */
    struct span path;   /* behind this struct */
};

/* A path as the disk above knows it. */
struct full_path {
    uint8_t text[DISK_PATH_SIZE_MAX];
    size_t size;
};

static struct below_disk *below_of(struct disk *disk)
{
    return (struct below_disk *)disk;
}

static struct span full_span(const struct full_path *full)
{
    return span_make(full->text, full->size);
}

static enum err full_path_make(struct op *op, struct disk *disk, struct span path,
                               struct full_path *ret)
{
    struct span folder = below_of(disk)->path;
    if (folder.size + 1 + path.size > sizeof ret->text) {
        return op_fail(op, ERR_LIMIT, "the path %.*s/%.*s has more than %d bytes", SPAN_FMT(folder),
                       SPAN_FMT(path), DISK_PATH_SIZE_MAX);
    }
    span_copy(ret->text, sizeof ret->text, folder);
    ret->size = folder.size;
    if (path.size > 0) { /* the empty path is the folder itself */
        ret->text[ret->size] = '/';
        ret->size++;
        span_copy(ret->text + ret->size, sizeof ret->text - ret->size, path);
        ret->size += path.size;
    }
    return ERR_OK;
}

static enum err below_file_open(struct op *op, struct disk *disk, struct span path,
                                enum disk_mode mode, struct disk_file **ret)
{
    struct full_path full;
    TRY(full_path_make(op, disk, path, &full));
    return disk_file_open(op, below_of(disk)->above, full_span(&full), mode, ret);
}

static enum err below_rename(struct op *op, struct disk *disk, struct span from, struct span to)
{
    struct full_path full;
    struct full_path full_new;
    TRY(full_path_make(op, disk, from, &full));
    TRY(full_path_make(op, disk, to, &full_new));
    return disk_rename(op, below_of(disk)->above, full_span(&full), full_span(&full_new));
}

static enum err below_remove(struct op *op, struct disk *disk, struct span path)
{
    struct full_path full;
    TRY(full_path_make(op, disk, path, &full));
    return disk_remove(op, below_of(disk)->above, full_span(&full));
}

static enum err below_make_folder(struct op *op, struct disk *disk, struct span path)
{
    struct full_path full;
    TRY(full_path_make(op, disk, path, &full));
    return disk_make_folder(op, below_of(disk)->above, full_span(&full));
}

static enum err below_sync_folder(struct op *op, struct disk *disk, struct span path)
{
    struct full_path full;
    TRY(full_path_make(op, disk, path, &full));
    return disk_sync_folder(op, below_of(disk)->above, full_span(&full));
}

static enum err below_list(struct op *op, struct disk *disk, struct span path,
                           struct span **ret_names, size_t *ret_count)
{
    struct full_path full;
    TRY(full_path_make(op, disk, path, &full));
    return disk_list(op, below_of(disk)->above, full_span(&full), ret_names, ret_count);
}

static enum err below_map(struct op *op, struct disk *disk, struct span path, struct span *ret)
{
    struct full_path full;
    TRY(full_path_make(op, disk, path, &full));
    return disk_map(op, below_of(disk)->above, full_span(&full), ret);
}

static void below_map_use(struct disk *disk, struct span part, enum disk_use use)
{
    disk_map_use(below_of(disk)->above, part, use);
}

static void below_unmap(struct disk *disk, struct span map)
{
    disk_unmap(below_of(disk)->above, map);
}

static bool below_is_writable(struct disk *disk)
{
    return disk_is_writable(below_of(disk)->above);
}

static enum err below_real_path(struct op *op, struct disk *disk, struct span path,
                                struct span *ret)
{
    struct full_path full;
    TRY(full_path_make(op, disk, path, &full));
    return disk_real_path(op, below_of(disk)->above, full_span(&full), ret);
}

static void below_close(struct disk *disk)
{
    memory_free(disk);
}

static const struct disk_ops below_ops = {
    .close = below_close,
    .file_open = below_file_open,
    .rename = below_rename,
    .remove = below_remove,
    .make_folder = below_make_folder,
    .sync_folder = below_sync_folder,
    .list = below_list,
    .map = below_map,
    .map_use = below_map_use,
    .unmap = below_unmap,
    .is_writable = below_is_writable,
    .real_path = below_real_path,
};

enum err disk_open_below(struct op *op, struct disk *disk, struct span path, struct disk **ret)
{
    if (path.size > DISK_PATH_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a path of %zu bytes: at most %d are allowed", path.size,
                       DISK_PATH_SIZE_MAX);
    }
    struct below_disk *below = memory_new(sizeof *below + path.size);
    if (below == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory while opening %.*s", SPAN_FMT(path));
    }
    uint8_t *text = (uint8_t *)(below + 1);
    span_copy(text, path.size, path);
    *below =
        (struct below_disk){ .base.ops = &below_ops, .above = disk, .path = { text, path.size } };
    *ret = &below->base;
    return ERR_OK;
}
