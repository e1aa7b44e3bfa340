// SPDX-License-Identifier: EUPL-1.2
#include "os/disk.h"

#include "base/must.h"
#include "os/disk_ops.h"

/* What disk_replace() writes before it takes the old file's name. One writer a file (its world's
 * lock), so one name is enough, and what a power loss left is simply written over. */
static const struct span replace_suffix = { (const uint8_t *)".new", sizeof ".new" - 1 };

struct span disk_path_folder(struct span path)
{
    ptrdiff_t slash = span_find_last(path, '/');
    return slash == SPAN_NOT_FOUND ? span_make(path.data, 0) : span_slice(path, 0, (size_t)slash);
}

struct span disk_path_name(struct span path)
{
    ptrdiff_t slash = span_find_last(path, '/');
    return slash == SPAN_NOT_FOUND ? path : span_from(path, (size_t)slash + 1);
}

static bool name_allowed(struct span name)
{
    if (name.size == 0 || name.size > DISK_NAME_SIZE_MAX) {
        return false;
    }
    if (span_find(name, '\0') != SPAN_NOT_FOUND) {
        return false;
    }
    return !span_equal(name, SPAN(".")) && !span_equal(name, SPAN(".."));
}

/* A path stays below the root: names only, no "..", nothing absolute, no NUL. */
static enum err path_check(struct op *op, struct span path)
{
    if (path.size > DISK_PATH_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a path of %zu bytes: at most %d are allowed", path.size,
                       DISK_PATH_SIZE_MAX);
    }
    struct span rest = path;
    struct span name;
    bool allowed = path.size > 0;
    while (allowed && span_next(&rest, '/', &name)) {
        allowed = name_allowed(name);
    }
    if (!allowed) {
        return op_fail(op, ERR_DENIED, "the path \"%.*s\" does not stay below its folder",
                       SPAN_FMT(path));
    }
    return ERR_OK;
}

/* As path_check(), and the empty path is the root. */
static enum err folder_check(struct op *op, struct span path)
{
    return path.size == 0 ? ERR_OK : path_check(op, path);
}

void disk_close(struct disk *disk)
{
    if (disk != NULL) {
        disk->ops->close(disk);
    }
}

enum err disk_file_open(struct op *op, struct disk *disk, struct span path, enum disk_mode mode,
                        struct disk_file **ret)
{
    TRY(path_check(op, path));
    return disk->ops->file_open(op, disk, path, mode, ret);
}

void disk_file_close(struct disk_file *file)
{
    if (file != NULL) {
        file->disk->ops->file_close(file);
    }
}

enum err disk_read(struct op *op, struct disk_file *file, uint64_t offset, void *target,
                   size_t size, size_t *ret_read)
{
    return file->disk->ops->read(op, file, offset, target, size, ret_read);
}

enum err disk_write(struct op *op, struct disk_file *file, uint64_t offset, struct span span)
{
    return file->disk->ops->write(op, file, offset, span);
}

enum err disk_sync(struct op *op, struct disk_file *file)
{
    return file->disk->ops->sync(op, file);
}

enum err disk_size(struct op *op, struct disk_file *file, uint64_t *ret_size)
{
    return file->disk->ops->size(op, file, ret_size);
}

enum err disk_truncate(struct op *op, struct disk_file *file, uint64_t size)
{
    return file->disk->ops->truncate(op, file, size);
}

enum err disk_lock(struct op *op, struct disk_file *file)
{
    return file->disk->ops->lock(op, file);
}

enum err disk_rename(struct op *op, struct disk *disk, struct span from, struct span to)
{
    TRY(path_check(op, from));
    TRY(path_check(op, to));
    return disk->ops->rename(op, disk, from, to);
}

enum err disk_remove(struct op *op, struct disk *disk, struct span path)
{
    TRY(path_check(op, path));
    return disk->ops->remove(op, disk, path);
}

enum err disk_make_folder(struct op *op, struct disk *disk, struct span path)
{
    TRY(path_check(op, path));
    return disk->ops->make_folder(op, disk, path);
}

enum err disk_sync_folder(struct op *op, struct disk *disk, struct span path)
{
    TRY(folder_check(op, path));
    return disk->ops->sync_folder(op, disk, path);
}

enum err disk_list(struct op *op, struct disk *disk, struct span path, struct span **ret_names,
                   size_t *ret_count)
{
    TRY(folder_check(op, path));
    return disk->ops->list(op, disk, path, ret_names, ret_count);
}

enum err disk_map(struct op *op, struct disk *disk, struct span path, struct span *ret)
{
    TRY(path_check(op, path));
    return disk->ops->map(op, disk, path, ret);
}

void disk_map_use(struct disk *disk, struct span part, enum disk_use use)
{
    if (part.size > 0) {
        disk->ops->map_use(disk, part, use);
    }
}

void disk_unmap(struct disk *disk, struct span map)
{
    if (map.size > 0) {
        disk->ops->unmap(disk, map);
    }
}

bool disk_is_writable(struct disk *disk)
{
    return disk->ops->is_writable(disk);
}

enum err disk_real_path(struct op *op, struct disk *disk, struct span path, struct span *ret)
{
    TRY(path_check(op, path));
    return disk->ops->real_path(op, disk, path, ret);
}

static enum err file_fill(struct op *op, struct disk_file *file, struct span bytes)
{
    TRY(disk_truncate(op, file, 0)); /* what an earlier try left */
    TRY(disk_write(op, file, 0, bytes));
    return disk_sync(op, file);
}

static enum err file_write_whole(struct op *op, struct disk *disk, struct span path,
                                 struct span bytes)
{
    struct disk_file *file;
    TRY(disk_file_open(op, disk, path, DISK_WRITE, &file));
    enum err err = file_fill(op, file, bytes);
    disk_file_close(file);
    return err;
}

enum err disk_replace(struct op *op, struct disk *disk, struct span path, struct span bytes)
{
    TRY(path_check(op, path));
    uint8_t text[DISK_PATH_SIZE_MAX + sizeof ".new"];
    span_copy(text, sizeof text, path);
    span_copy(text + path.size, sizeof text - path.size, replace_suffix);
    struct span beside = span_make(text, path.size + replace_suffix.size);

    enum err err = file_write_whole(op, disk, beside, bytes);
    if (err == ERR_OK) {
        err = disk_rename(op, disk, beside, path);
    }
    if (err != ERR_OK) {
        /* Only tidying: a leftover is written over by the next replacement. The op keeps the first
         * fault's text. */
        (void)disk->ops->remove(op, disk, beside);
        return err;
    }
    return disk_sync_folder(op, disk, disk_path_folder(path));
}
