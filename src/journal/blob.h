// SPDX-License-Identifier: EUPL-1.2
/*
 * Bulk files (feeds, packs), each kept once under the SHA-256 of its bytes: blobs/ab/abcd...; ab
 * are the first two digits of the 64. A blob is durable before its digest is given out, so that a
 * journal entry may name it.
 */
#ifndef JOURNAL_BLOB_H
#define JOURNAL_BLOB_H

#include "crypt/digest.h"
#include "os/disk.h"

/* Where a blob's bytes come from, piece by piece. */
struct blob_source {
    /* Gives 1 .. size bytes, or 0 at the end. What it returns on failure ends blob_put_source(). */
    enum err (*read)(struct op *op, void *context, void *target, size_t size, size_t *ret_read);
    void *context;
};

/* What a check of all blobs found. */
struct blob_check {
    uint64_t count;   /* blobs looked at */
    uint64_t bytes;   /* in all of them */
    uint64_t strange; /* files that are no blobs; they are left alone */
    uint64_t faults;  /* blobs whose bytes do not have the digest they are kept under */
    char first_fault_text[FAULT_TEXT_SIZE];
};

/**
 * Prepare the folder of the blobs and remove what was begun and never finished. Call it once, as
 * the only writer, before the first blob_put().
 *
 * op           work in hand
 * disk         the world's folder
 * ret_removed  how many unfinished files were removed
 *
 * Errors    ERR_DENIED; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err blob_sweep(struct op *op, struct disk *disk, uint64_t *ret_removed);

/**
 * Keep bytes. When this returns ERR_OK they are found by every later blob_map(), also after power
 * loss. One that is kept already, with the right size, is not written again.
 *
 * op          work in hand
 * disk        the world's folder, after blob_sweep()
 * bytes       borrowed until return
 * ret_digest  receives DIGEST_SHA256_SIZE bytes; untouched on error
 *
 * Errors    ERR_FULL; ERR_IO; ERR_DENIED; ERR_LIMIT. Nothing is kept; what was begun is removed,
 * now or by the next blob_sweep()
 */
MUST_USE
enum err blob_put(struct op *op, struct disk *disk, struct span bytes, uint8_t *ret_digest);

/**
 * As blob_put(), for bytes that are read while they are written. Memory is flat.
 *
 * op          work in hand
 * disk        the world's folder, after blob_sweep()
 * source      read to its end
 * ret_digest  receives DIGEST_SHA256_SIZE bytes; untouched on error
 * ret_size    how many bytes there were; untouched on error
 *
 * Errors    as blob_put(): ERR_FULL; ERR_IO; ERR_DENIED; ERR_LIMIT; ERR_CANCELLED; or what the
 *           source returned
 */
MUST_USE
enum err blob_put_source(struct op *op, struct disk *disk, const struct blob_source *source,
                         uint8_t *ret_digest, uint64_t *ret_size);

/**
 * Use a blob as it lies.
 *
 * op        work in hand
 * disk      the world's folder
 * digest    DIGEST_SHA256_SIZE bytes
 * verify    whether to compute the digest of what lies there
 * ret       the bytes; give back with disk_unmap(); untouched on error
 *
 * Errors    ERR_ABSENT no such blob; ERR_CORRUPT its bytes have another digest; ERR_DENIED; ERR_IO;
 *           ERR_LIMIT
 */
MUST_USE
enum err blob_map(struct op *op, struct disk *disk, const uint8_t *digest, bool verify,
                  struct span *ret);

/**
 * Compute the digests of all blobs; faults are counted, not fatal. Nothing is changed.
 *
 * op        work in hand
 * disk      the world's folder
 * ret       untouched on error
 *
 * Errors    ERR_DENIED; ERR_IO; ERR_LIMIT; ERR_CANCELLED
 */
MUST_USE
enum err blob_check(struct op *op, struct disk *disk, struct blob_check *ret);

#endif
