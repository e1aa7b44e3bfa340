// SPDX-License-Identifier: EUPL-1.2
/*
 * A blob is written under a temporary name, synced, renamed, and its folder synced. So whatever has
 * a blob's name has all its bytes.
 */
#include "journal/blob.h"

#include <stdio.h>

#include "base/must.h"
#include "os/random.h"

enum {
    PATH_SIZE = 128,
    PIECE_SIZE = 256 * 1024,
    NAME_SIZE = 2 * DIGEST_SHA256_SIZE, /* hexadecimal */
    FOLDER_NAME_SIZE = 2,
    NEW_RANDOM_SIZE = 16,
    CHECK_MEMORY_MAX = 256 * 1024 * 1024, /* for the names of one folder */
};

static const struct span blob_folder = { (const uint8_t *)"blobs", sizeof "blobs" - 1 };
static const struct span new_prefix = { (const uint8_t *)"new-", sizeof "new-" - 1 };

/* A path below the disk's root, and how much of it is the folder. */
struct blob_path {
    char text[PATH_SIZE];
    size_t size;
    size_t folder_size;
};

static struct span path_span(const struct blob_path *path)
{
    return span_make(path->text, path->size);
}

static struct span path_folder(const struct blob_path *path)
{
    return span_make(path->text, path->folder_size);
}

/* Puts bytes as lower-case hexadecimal behind what a path has. */
static void path_add_hex(struct blob_path *path, struct span bytes)
{
    static const char digits[] = "0123456789abcdef";
    must(path->size + 2 * bytes.size < sizeof path->text);
    for (size_t i = 0; i < bytes.size; i++) {
        path->text[path->size] = digits[bytes.data[i] >> 4];
        path->text[path->size + 1] = digits[bytes.data[i] & 15];
        path->size += 2;
    }
    path->text[path->size] = '\0';
}

static void path_add(struct blob_path *path, struct span text)
{
    must(path->size + text.size < sizeof path->text);
    span_copy(path->text + path->size, sizeof path->text - path->size, text);
    path->size += text.size;
    path->text[path->size] = '\0';
}

static struct blob_path path_of_digest(const uint8_t *digest)
{
    struct blob_path path = { .size = 0 };
    path_add(&path, SPAN("blobs/"));
    path_add_hex(&path, span_make(digest, 1));
    path.folder_size = path.size;
    path_add(&path, SPAN("/"));
    path_add_hex(&path, span_make(digest, DIGEST_SHA256_SIZE));
    return path;
}

static struct blob_path path_of_new(void)
{
    uint8_t random[NEW_RANDOM_SIZE];
    os_random(random, sizeof random);
    struct blob_path path = { .size = 0 };
    path_add(&path, blob_folder);
    path.folder_size = path.size;
    path_add(&path, SPAN("/"));
    path_add(&path, new_prefix);
    path_add_hex(&path, span_make(random, sizeof random));
    return path;
}

enum err blob_sweep(struct op *op, struct disk *disk, uint64_t *ret_removed)
{
    TRY(disk_make_folder(op, disk, blob_folder));
    struct span *names;
    size_t count;
    TRY(disk_list(op, disk, blob_folder, &names, &count));
    uint64_t removed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!span_starts_with(names[i], new_prefix) || names[i].size >= PATH_SIZE / 2) {
            continue;
        }
        struct blob_path path = { .size = 0 };
        path_add(&path, blob_folder);
        path_add(&path, SPAN("/"));
        path_add(&path, names[i]);
        TRY(disk_remove(op, disk, path_span(&path)));
        removed++;
    }
    *ret_removed = removed;
    return ERR_OK;
}

/* A blob being written. */
struct writing {
    struct disk *disk;
    struct disk_file *file;
    struct blob_path path;
    struct digest_sha256 digest;
    uint64_t size;
};

static enum err writing_begin(struct op *op, struct disk *disk, struct writing *ret)
{
    *ret = (struct writing){ .disk = disk, .path = path_of_new() };
    digest_sha256_init(&ret->digest);
    return disk_file_open(op, disk, path_span(&ret->path), DISK_CREATE_NEW, &ret->file);
}

static enum err writing_add(struct op *op, struct writing *writing, struct span piece)
{
    TRY(disk_write(op, writing->file, writing->size, piece));
    digest_sha256_add(&writing->digest, piece);
    writing->size += piece.size;
    return ERR_OK;
}

/* Whether a blob is there with the right size. */
static enum err blob_is_kept(struct op *op, struct disk *disk, const struct blob_path *path,
                             uint64_t size, bool *ret_kept)
{
    *ret_kept = false;
    struct disk_file *file;
    enum err err = disk_file_open(op, disk, path_span(path), DISK_READ, &file);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    TRY(err);
    uint64_t size_there;
    err = disk_size(op, file, &size_there);
    disk_file_close(file);
    TRY(err);
    *ret_kept = size_there == size;
    return ERR_OK;
}

/* Makes sure of the names: who gave them may have died before syncing the folders. */
static enum err names_sync(struct op *op, struct disk *disk, const struct blob_path *path)
{
    TRY(disk_make_folder(op, disk, path_folder(path)));
    return disk_sync_folder(op, disk, path_folder(path));
}

static enum err writing_end(struct op *op, struct writing *writing, uint8_t *digest)
{
    digest_sha256_done(&writing->digest, digest);
    struct blob_path path = path_of_digest(digest);
    bool kept;
    TRY(blob_is_kept(op, writing->disk, &path, writing->size, &kept));
    if (kept) {
        TRY(disk_remove(op, writing->disk, path_span(&writing->path)));
        return names_sync(op, writing->disk, &path);
    }
    TRY(disk_sync(op, writing->file));
    TRY(disk_make_folder(op, writing->disk, path_folder(&path)));
    TRY(disk_rename(op, writing->disk, path_span(&writing->path), path_span(&path)));
    return disk_sync_folder(op, writing->disk, path_folder(&path));
}

/* Ends a writing, well or not. What is left of a failed one is only tidied up: the first fault is
 * the one to tell, and the next sweep removes what stays. */
static enum err writing_close(struct op *op, struct writing *writing, enum err err,
                              uint8_t *ret_digest)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    if (err == ERR_OK) {
        err = writing_end(op, writing, digest);
    }
    disk_file_close(writing->file);
    if (err != ERR_OK) {
        enum err tidied = disk_remove(op, writing->disk, path_span(&writing->path));
        (void)tidied;
        return err;
    }
    span_copy(ret_digest, DIGEST_SHA256_SIZE, span_make(digest, sizeof digest));
    return ERR_OK;
}

enum err blob_put(struct op *op, struct disk *disk, struct span bytes, uint8_t *ret_digest)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    digest_sha256(bytes, digest);
    struct blob_path path = path_of_digest(digest);
    bool kept;
    TRY(blob_is_kept(op, disk, &path, bytes.size, &kept));
    if (kept) {
        TRY(names_sync(op, disk, &path));
        span_copy(ret_digest, DIGEST_SHA256_SIZE, span_make(digest, sizeof digest));
        return ERR_OK;
    }
    struct writing writing;
    TRY(writing_begin(op, disk, &writing));
    enum err err = writing_add(op, &writing, bytes);
    return writing_close(op, &writing, err, ret_digest);
}

static enum err source_copy(struct op *op, struct writing *writing,
                            const struct blob_source *source)
{
    uint8_t *piece = op_alloc(op, PIECE_SIZE);
    if (piece == NULL) {
        return ERR_LIMIT;
    }
    size_t got = 0;
    do {
        TRY(op_check(op));
        TRY(source->read(op, source->context, piece, PIECE_SIZE, &got));
        must(got <= PIECE_SIZE);
        TRY(writing_add(op, writing, span_make(piece, got)));
    } while (got > 0);
    return ERR_OK;
}

enum err blob_put_source(struct op *op, struct disk *disk, const struct blob_source *source,
                         uint8_t *ret_digest, uint64_t *ret_size)
{
    struct writing writing;
    TRY(writing_begin(op, disk, &writing));
    enum err err = source_copy(op, &writing, source);
    TRY(writing_close(op, &writing, err, ret_digest));
    *ret_size = writing.size;
    return ERR_OK;
}

enum err blob_map(struct op *op, struct disk *disk, const uint8_t *digest, bool verify,
                  struct span *ret)
{
    struct blob_path path = path_of_digest(digest);
    struct span bytes;
    TRY(disk_map(op, disk, path_span(&path), &bytes));
    if (verify) {
        uint8_t found[DIGEST_SHA256_SIZE];
        digest_sha256(bytes, found);
        if (memcmp(found, digest, sizeof found) != 0) {
            disk_unmap(disk, bytes);
            return op_fail(op, ERR_CORRUPT, "%s is damaged; restore the file from a backup",
                           path.text);
        }
    }
    *ret = bytes;
    return ERR_OK;
}

static enum err file_digest(struct op *op, struct disk_file *file, uint8_t *piece, uint8_t *ret,
                            uint64_t *ret_size)
{
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    uint64_t offset = 0;
    size_t got = 0;
    do {
        TRY(op_check(op));
        TRY(disk_read(op, file, offset, piece, PIECE_SIZE, &got));
        digest_sha256_add(&digest, span_make(piece, got));
        offset += got;
    } while (got == PIECE_SIZE);
    digest_sha256_done(&digest, ret);
    *ret_size = offset;
    return ERR_OK;
}

static enum err blob_check_one(struct op *op, struct disk *disk, const uint8_t *digest,
                               uint8_t *piece, struct blob_check *result)
{
    struct blob_path path = path_of_digest(digest);
    struct disk_file *file;
    TRY(disk_file_open(op, disk, path_span(&path), DISK_READ, &file));
    uint8_t found[DIGEST_SHA256_SIZE];
    uint64_t size = 0;
    enum err err = file_digest(op, file, piece, found, &size);
    disk_file_close(file);
    TRY(err);
    result->count++;
    result->bytes += size;
    if (memcmp(found, digest, sizeof found) != 0) {
        result->faults++;
        if (result->faults == 1) {
            snprintf(result->first_fault_text, sizeof result->first_fault_text,
                     "%s is damaged; restore the file from a backup", path.text);
        }
    }
    return ERR_OK;
}

/* Whether a file's name is a blob's, in the folder it belongs to. */
static bool name_is_blob(struct span folder, struct span name, uint8_t *ret_digest)
{
    if (name.size != NAME_SIZE || !span_starts_with(name, folder)) {
        return false;
    }
    if (hex_parse(name, ret_digest, DIGEST_SHA256_SIZE) != ERR_OK) {
        return false;
    }
    struct blob_path path = path_of_digest(ret_digest); /* in lower case only */
    return span_ends_with(path_span(&path), name);
}

static enum err folder_check(struct op *op, struct disk *disk, struct span folder,
                             struct blob_check *result)
{
    struct blob_path path = { .size = 0 };
    path_add(&path, SPAN("blobs/"));
    path_add(&path, folder);
    struct span *names;
    size_t count;
    TRY(disk_list(op, disk, path_span(&path), &names, &count));
    uint8_t *piece = op_alloc(op, PIECE_SIZE);
    if (piece == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t digest[DIGEST_SHA256_SIZE];
        if (name_is_blob(folder, names[i], digest)) {
            TRY(blob_check_one(op, disk, digest, piece, result));
        } else {
            result->strange++;
        }
    }
    return ERR_OK;
}

/* One folder at a time has an op of its own, so that the memory for names stays bounded. */
static enum err folder_check_apart(struct op *op, struct disk *disk, struct span folder,
                                   struct blob_check *result)
{
    struct op apart;
    op_begin(&apart, &op->actor, CHECK_MEMORY_MAX);
    apart.cancel = op->cancel;
    enum err err = folder_check(&apart, disk, folder, result);
    if (err != ERR_OK) {
        (void)op_fail(op, err, "%s", apart.fault.text);
    }
    op_end(&apart);
    return err;
}

static bool name_is_folder(struct span name)
{
    uint8_t byte;
    return name.size == FOLDER_NAME_SIZE && hex_parse(name, &byte, sizeof byte) == ERR_OK;
}

enum err blob_check(struct op *op, struct disk *disk, struct blob_check *ret)
{
    struct blob_check result = { 0 };
    struct span *names;
    size_t count;
    enum err err = disk_list(op, disk, blob_folder, &names, &count);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        *ret = result;
        return ERR_OK;
    }
    TRY(err);
    for (size_t i = 0; i < count; i++) {
        if (name_is_folder(names[i])) {
            TRY(folder_check_apart(op, disk, names[i], &result));
        } else if (!span_starts_with(names[i], new_prefix)) {
            result.strange++; /* unfinished ones are swept, not strange */
        }
    }
    *ret = result;
    return ERR_OK;
}
