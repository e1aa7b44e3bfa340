// SPDX-License-Identifier: EUPL-1.2
/*
 * Copying the history of a world: segments, which never change, where they are new; manifest and
 * write-ahead file whole, where they have changed. backup/backup.h says why what is copied is whole
 * beside a writer. A file that the manifest names and that is not there was lost before: the rest
 * is copied, as the history itself goes on with the rest.
 */
#include <inttypes.h>
#include <stdio.h>

#include "backup/inner.h"
#include "base/must.h"
#include "history/manifest.h"

enum { WORK_SIZE_MAX = 64 * 1024 * 1024, NAME_SIZE = 32 };

/* A manifest, and the bytes it was read from. */
struct head {
    struct span bytes;
    struct manifest manifest;
};

static struct backup_path path_of(struct span world, const char *name, uint64_t number)
{
    char text[NAME_SIZE];
    int size = number == 0 ? snprintf(text, sizeof text, "%s", name)
                           : snprintf(text, sizeof text, "%s%012" PRIu64, name, number);
    must(size < NAME_SIZE);
    struct backup_path folder = backup_path_join(world, SPAN("history"));
    return backup_path_join(backup_path_span(&folder), span_of(text));
}

/* A manifest is replaced as a whole: an open one does not change. */
static enum err whole_read(struct op *op, struct disk_file *file, struct span *ret)
{
    uint64_t size = 0;
    TRY(disk_size(op, file, &size));
    size = size > MANIFEST_SIZE_MAX ? (uint64_t)MANIFEST_SIZE_MAX + 1 : size; /* refused later */
    uint8_t *bytes = op_alloc(op, size);
    size_t got = 0;
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    TRY(disk_read(op, file, 0, bytes, size, &got));
    *ret = span_make(bytes, got);
    return ERR_OK;
}

/* ERR_ABSENT: there is no history, or none yet. */
static enum err head_read(struct op *op, struct backup_maker *maker, struct span world,
                          struct head *ret)
{
    struct backup_path path = path_of(world, "manifest", 0);
    struct disk_file *file;
    TRY(disk_file_open(op, maker->node, backup_path_span(&path), DISK_READ, &file));
    enum err err = whole_read(op, file, &ret->bytes);
    disk_file_close(file);
    TRY(err);
    return manifest_parse(op, ret->bytes, backup_path_span(&path), &ret->manifest);
}

/* --- Files --- */

/* Reads bytes [0, size) of a file, or what there is of them; puts them into the part where `path`
 * is not empty. */
static enum err pieces_read(struct op *op, struct backup_maker *maker, struct disk_file *source,
                            struct span path, uint64_t *size, uint8_t *ret_digest)
{
    struct digest_sha256 digest;
    uint64_t at = 0;
    size_t got = BACKUP_DATA_SIZE_MAX;
    digest_sha256_init(&digest);
    while (at < *size && got > 0) {
        uint64_t left = *size - at;
        size_t want = left < BACKUP_DATA_SIZE_MAX ? (size_t)left : BACKUP_DATA_SIZE_MAX;
        TRY(op_check(op));
        TRY(disk_read(op, source, at, maker->piece, want, &got));
        struct span bytes = span_make(maker->piece, got);
        if (got > 0 && path.size > 0) {
            TRY(backup_data_add(op, maker, path, at, bytes));
        }
        digest_sha256_add(&digest, bytes);
        at += got;
    }
    *size = at;
    digest_sha256_done(&digest, ret_digest);
    return ERR_OK;
}

static void file_set(struct backup_file *file, uint64_t size, const uint8_t *digest)
{
    file->there = true;
    file->seen = true;
    file->changed = true;
    file->size = size;
    span_copy(file->digest, sizeof file->digest, span_make(digest, DIGEST_SHA256_SIZE));
}

static bool file_is(const struct backup_file *file, uint64_t size, const uint8_t *digest)
{
    return file->there && file->size == size &&
           memcmp(file->digest, digest, DIGEST_SHA256_SIZE) == 0;
}

/* Copies a file that is open, where it is not what the backup has. One that grows is copied as far
 * as it went when this began. */
static enum err open_copy(struct op *op, struct backup_maker *maker, struct disk_file *source,
                          struct backup_file *file)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    uint64_t size = 0;
    file->seen = true;
    TRY(disk_size(op, source, &size));
    if (file->there) {
        TRY(pieces_read(op, maker, source, SPAN(""), &size, digest));
        if (file_is(file, size, digest)) {
            return ERR_OK;
        }
    }
    TRY(pieces_read(op, maker, source, file->path, &size, digest));
    file_set(file, size, digest);
    return ERR_OK;
}

static enum err file_copy(struct op *op, struct backup_maker *maker, const struct backup_path *path)
{
    struct disk_file *source;
    struct backup_file *file;
    TRY(disk_file_open(op, maker->node, backup_path_span(path), DISK_READ, &source));
    enum err err = backup_catalog_file(op, &maker->chain.catalog, backup_path_span(path), &file);
    err = err == ERR_OK ? open_copy(op, maker, source, file) : err;
    disk_file_close(source);
    return err;
}

/* --- Segments, before the journal's end is taken --- */

static bool is_copied(const struct backup_maker *maker, const struct backup_path *path)
{
    const struct backup_file *file =
        backup_catalog_find(&maker->chain.catalog, backup_path_span(path));
    return file != NULL && file->there;
}

static enum err segments_copy(struct op *op, struct backup_maker *maker, struct span world,
                              const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->segment_count; i++) {
        struct backup_path path = path_of(world, "seg-", manifest->segments[i].number);
        if (is_copied(maker, &path)) {
            continue;
        }
        enum err err = file_copy(op, maker, &path);
        if (err == ERR_ABSENT) { /* merged since, or lost: the second look tells */
            op_fault_clear(op);
            continue;
        }
        TRY(err);
    }
    return ERR_OK;
}

static enum err begin(struct op *op, struct backup_maker *maker, struct span world,
                      struct backup_history *ret)
{
    struct head head;
    enum err err = head_read(op, maker, world, &head);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    TRY(err);
    *ret = (struct backup_history){ .there = true,
                                    .generation = head.manifest.generation,
                                    .wal_number = head.manifest.wal_number };
    return segments_copy(op, maker, world, &head.manifest);
}

/* --- The rest, behind it --- */

/* Marks what the backup has of this history as gone, until the manifest names it. */
static void files_unsee(struct backup_maker *maker, struct span world)
{
    for (struct backup_file *file = maker->chain.catalog.first; file != NULL; file = file->next) {
        size_t size = 0;
        if (backup_path_kind(file->path, &size) == BACKUP_PATH_HISTORY &&
            span_equal(span_slice(file->path, 0, size), world)) {
            file->seen = false;
        }
    }
}

/* Whether every segment is copied, or was lost already when the segments were. */
static bool segments_see(struct backup_maker *maker, struct span world,
                         const struct manifest *manifest, const struct backup_history *before)
{
    for (size_t i = 0; i < manifest->segment_count; i++) {
        struct backup_path path = path_of(world, "seg-", manifest->segments[i].number);
        struct backup_file *file =
            backup_catalog_find(&maker->chain.catalog, backup_path_span(&path));
        if (file != NULL && file->there) {
            file->seen = true;
        } else if (manifest->generation != before->generation) {
            return false;
        }
    }
    return true;
}

static enum err manifest_copy(struct op *op, struct backup_maker *maker, struct span world,
                              struct span bytes)
{
    struct backup_path path = path_of(world, "manifest", 0);
    struct backup_file *file;
    uint8_t digest[DIGEST_SHA256_SIZE];
    digest_sha256(bytes, digest);
    TRY(backup_catalog_file(op, &maker->chain.catalog, backup_path_span(&path), &file));
    file->seen = true;
    if (file_is(file, bytes.size, digest)) {
        return ERR_OK;
    }
    for (size_t at = 0; at < bytes.size; at += BACKUP_DATA_SIZE_MAX) {
        size_t left = bytes.size - at;
        size_t size = left < BACKUP_DATA_SIZE_MAX ? left : BACKUP_DATA_SIZE_MAX;
        TRY(backup_data_add(op, maker, file->path, at, span_slice(bytes, at, at + size)));
    }
    file_set(file, bytes.size, digest);
    return ERR_OK;
}

/* Where the file is not there: whether it is gone for good, and not because another took its
 * place. */
static enum err wal_copy(struct op *op, struct backup_maker *maker, struct span world,
                         const struct manifest *manifest, bool *ret_whole)
{
    struct backup_path path = path_of(world, "wal-", manifest->wal_number);
    struct head again;
    enum err err = file_copy(op, maker, &path);
    if (err != ERR_ABSENT) {
        *ret_whole = true;
        return err;
    }
    op_fault_clear(op);
    TRY(head_read(op, maker, world, &again));
    *ret_whole = again.manifest.generation == manifest->generation;
    return ERR_OK;
}

static enum err finish(struct op *op, struct backup_maker *maker, struct span world,
                       const struct backup_history *before, bool *ret_whole)
{
    struct head head;
    files_unsee(maker, world);
    enum err err = head_read(op, maker, world, &head);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        *ret_whole = !before->there;
        return ERR_OK;
    }
    TRY(err);
    if (!before->there || head.manifest.wal_number != before->wal_number ||
        !segments_see(maker, world, &head.manifest, before)) {
        *ret_whole = false;
        return ERR_OK;
    }
    TRY(manifest_copy(op, maker, world, head.bytes));
    return wal_copy(op, maker, world, &head.manifest, ret_whole);
}

/* --- Both with memory of their own, since they may come again --- */

static void apart_begin(struct op *op, struct op *apart)
{
    op_begin(apart, &op->actor, WORK_SIZE_MAX);
    apart->cancel = op->cancel;
}

static enum err apart_end(struct op *op, struct op *apart, enum err err)
{
    if (err != ERR_OK) {
        (void)op_fail(op, err, "%s", apart->fault.text);
    }
    op_end(apart);
    return err;
}

enum err backup_history_begin(struct op *op, struct backup_maker *maker, struct span world,
                              struct backup_history *ret)
{
    struct op apart;
    apart_begin(op, &apart);
    return apart_end(op, &apart, begin(&apart, maker, world, ret));
}

enum err backup_history_finish(struct op *op, struct backup_maker *maker, struct span world,
                               const struct backup_history *before, bool *ret_whole)
{
    struct op apart;
    apart_begin(op, &apart);
    return apart_end(op, &apart, finish(&apart, maker, world, before, ret_whole));
}
