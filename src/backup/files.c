// SPDX-License-Identifier: EUPL-1.2
/*
 * Files that are copied whole: small ones where they have changed, blobs where they are new.
 */
#include "backup/inner.h"
#include "base/must.h"

enum { NAMES_SIZE_MAX = 256 * 1024 * 1024 }; /* memory for the names of one folder */

struct span backup_path_span(const struct backup_path *path)
{
    return span_make(path->text, path->size);
}

static void join(struct backup_path *path, struct span name)
{
    must(name.size < sizeof path->text - path->size);
    if (path->size > 0) {
        path->text[path->size] = '/';
        path->size++;
    }
    span_copy(path->text + path->size, sizeof path->text - path->size, name);
    path->size += name.size;
}

struct backup_path backup_path_join(struct span folder, struct span name)
{
    struct backup_path path = { .size = 0 };
    join(&path, folder);
    join(&path, name);
    return path;
}

enum err backup_names(struct op *op, struct disk *node, struct span folder, struct span **ret,
                      size_t *ret_count)
{
    enum err err = disk_list(op, node, folder, ret, ret_count);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        *ret_count = 0;
        return ERR_OK;
    }
    return err;
}

/* --- Small files --- */

static enum err small_read(struct op *op, struct backup_maker *maker, struct span path,
                           size_t *ret_size)
{
    struct disk_file *source;
    TRY(disk_file_open(op, maker->node, path, DISK_READ, &source));
    uint64_t size = 0;
    enum err err = disk_size(op, source, &size);
    if (err == ERR_OK && size > BACKUP_DATA_SIZE_MAX) {
        err = op_fail(op, ERR_LIMIT, "%.*s has more than %d bytes: too much for such a file",
                      SPAN_FMT(path), BACKUP_DATA_SIZE_MAX);
    }
    if (err == ERR_OK) {
        err = disk_read(op, source, 0, maker->piece, BACKUP_DATA_SIZE_MAX, ret_size);
    }
    disk_file_close(source);
    return err;
}

/* Adds a small file whole, where it is new or changed. */
enum err backup_small_add(struct op *op, struct backup_maker *maker, struct span path)
{
    size_t size = 0;
    TRY(small_read(op, maker, path, &size));
    struct span bytes = span_make(maker->piece, size);
    uint8_t digest[DIGEST_SHA256_SIZE];
    digest_sha256(bytes, digest);
    struct backup_file *file;
    TRY(backup_catalog_file(op, &maker->chain.catalog, path, &file));
    file->seen = true;
    if (file->there && file->size == size && memcmp(file->digest, digest, sizeof digest) == 0) {
        return ERR_OK;
    }
    if (size > 0) {
        TRY(backup_data_add(op, maker, file->path, 0, bytes));
    }
    file->there = true;
    file->changed = true;
    file->size = size;
    span_copy(file->digest, sizeof file->digest, span_make(digest, sizeof digest));
    return ERR_OK;
}

/* As small_add(), for a file that may be absent. */
enum err backup_small_add_softly(struct op *op, struct backup_maker *maker, struct span path)
{
    enum err err = backup_small_add(op, maker, path);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    return err;
}

/* A file that an editor hides, or that is just being written, is no key. */
static bool key_is_passed_over(struct span name)
{
    return name.data[0] == '.' || span_ends_with(name, BACKUP_NEW_ENDING) ||
           span_ends_with(name, SPAN("~"));
}

enum err backup_keys_add(struct op *op, struct backup_maker *maker)
{
    struct span *names;
    size_t count;
    TRY(backup_names(op, maker->node, SPAN("keys"), &names, &count));
    for (size_t i = 0; i < count; i++) {
        if (key_is_passed_over(names[i])) {
            continue;
        }
        struct backup_path path = backup_path_join(SPAN("keys"), names[i]);
        if (backup_path_kind(backup_path_span(&path), NULL) != BACKUP_PATH_SMALL) {
            return op_fail(
                op, ERR_UNSUPPORTED,
                "a file in keys/ has a name that a backup cannot keep: give it one of at "
                "most %d ASCII characters",
                BACKUP_KEY_NAME_SIZE_MAX);
        }
        TRY(backup_small_add_softly(op, maker, backup_path_span(&path)));
    }
    return ERR_OK;
}

/* --- Blobs --- */

/* Copies a file that never changes. */
static enum err blob_copy(struct op *op, struct backup_maker *maker, struct disk_file *source,
                          struct backup_file *file)
{
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    uint64_t offset = 0;
    size_t got = 0;
    do {
        TRY(disk_read(op, source, offset, maker->piece, BACKUP_DATA_SIZE_MAX, &got));
        struct span bytes = span_make(maker->piece, got);
        if (got > 0) {
            TRY(backup_data_add(op, maker, file->path, offset, bytes));
            digest_sha256_add(&digest, bytes);
        }
        offset += got;
    } while (got == BACKUP_DATA_SIZE_MAX);
    file->size = offset;
    digest_sha256_done(&digest, file->digest);
    return ERR_OK;
}

/* Whether the file's name, which is hexadecimal, is its digest. */
static bool name_is_digest(const struct backup_file *file)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    struct span name = span_from(file->path, file->path.size - 2 * sizeof digest);
    return hex_parse(name, digest, sizeof digest) == ERR_OK &&
           memcmp(digest, file->digest, sizeof digest) == 0;
}

static enum err blob_add(struct op *op, struct backup_maker *maker, struct span path)
{
    struct backup_file *file;
    TRY(backup_catalog_file(op, &maker->chain.catalog, path, &file));
    if (file->there) {
        file->seen = true;
        return ERR_OK;
    }
    struct disk_file *source;
    enum err err = disk_file_open(op, maker->node, path, DISK_READ, &source);
    if (err == ERR_ABSENT) {
        op_fault_clear(op); /* removed since it was listed */
        return ERR_OK;
    }
    TRY(err);
    err = blob_copy(op, maker, source, file);
    disk_file_close(source);
    TRY(err);
    if (!name_is_digest(file)) {
        return op_fail(op, ERR_CORRUPT, "%.*s is damaged: see 'linie verify'", SPAN_FMT(path));
    }
    file->there = true;
    file->seen = true;
    file->changed = true;
    return ERR_OK;
}

static enum err blob_folder_add(struct op *op, struct backup_maker *maker, struct span folder)
{
    struct span *names;
    size_t count;
    TRY(backup_names(op, maker->node, folder, &names, &count));
    for (size_t i = 0; i < count; i++) {
        struct backup_path path = backup_path_join(folder, names[i]);
        if (backup_path_kind(backup_path_span(&path), NULL) == BACKUP_PATH_BLOB) {
            TRY(blob_add(op, maker, backup_path_span(&path)));
        }
    }
    return ERR_OK;
}

/* Names of one folder at a time are held, in an op of their own. */
static enum err blob_folder_add_apart(struct op *op, struct backup_maker *maker, struct span folder)
{
    struct op apart;
    op_begin(&apart, &op->actor, NAMES_SIZE_MAX);
    apart.cancel = op->cancel;
    enum err err = blob_folder_add(&apart, maker, folder);
    if (err != ERR_OK) {
        (void)op_fail(op, err, "%s", apart.fault.text);
    }
    op_end(&apart);
    return err;
}

static bool is_blob_folder_name(struct span name)
{
    uint8_t byte;
    return name.size == 2 && hex_parse(name, &byte, sizeof byte) == ERR_OK;
}

enum err backup_blobs_add(struct op *op, struct backup_maker *maker, struct span world)
{
    struct backup_path folder = backup_path_join(world, SPAN("blobs"));
    struct span *names;
    size_t count;
    TRY(backup_names(op, maker->node, backup_path_span(&folder), &names, &count));
    for (size_t i = 0; i < count; i++) {
        if (is_blob_folder_name(names[i])) {
            struct backup_path path = backup_path_join(backup_path_span(&folder), names[i]);
            TRY(blob_folder_add_apart(op, maker, backup_path_span(&path)));
        }
    }
    return ERR_OK;
}
