// SPDX-License-Identifier: EUPL-1.2
/*
 * Which segments there are, and up to which commit they hold what was seen. One small file,
 * replaced as a whole; it holds all twice, so that a damaged place costs nothing.
 */
#ifndef HISTORY_MANIFEST_H
#define HISTORY_MANIFEST_H

#include "base/hash.h"
#include "base/uuid.h"
#include "history/loss.h"
#include "history/segment.h"
#include "os/disk.h"

enum { MANIFEST_SEGMENT_COUNT_MAX = 4096, MANIFEST_SIZE_MAX = 4 * 1024 * 1024 };

struct manifest_segment {
    uint64_t number; /* of its file, never used twice */
    uint32_t made_s; /* to which time the rules were applied to it; 0: never */
    uint64_t mark;   /* of these rules, history_rules_mark(); 0: not known */
    struct segment_facts facts;
};

struct manifest {
    struct uuid history;       /* made with it: segments of another one are refused */
    struct hash_secret secret; /* of its filters */
    uint64_t generation;       /* grows with every change */
    uint64_t next_number;
    uint64_t through;     /* all commits up to this one are in segments */
    uint64_t wal_number;  /* of the write-ahead file that holds those behind */
    uint32_t clock_s;     /* by which ages were last counted; 0: never */
    bool damaged;         /* one of its two copies is; as it is read, never written */
    size_t segment_count; /* by age of what they hold, the oldest first */
    struct manifest_segment *segments;
    size_t loss_count; /* at most HISTORY_LOSS_COUNT_MAX */
    struct history_loss *losses;
};

/**
 * Read a manifest.
 *
 * op        work in hand; segments and losses live in its memory
 * disk      of the history
 * path      of the file
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT; ERR_CORRUPT; ERR_UNSUPPORTED made by a newer version; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err manifest_read(struct op *op, struct disk *disk, struct span path, struct manifest *ret);

/**
 * Read a manifest from its bytes.
 *
 * op        work in hand; the segments live in its memory
 * bytes     of the file
 * path      of the file, for faults
 * ret       untouched on error
 *
 * Errors    ERR_CORRUPT; ERR_UNSUPPORTED made by a newer version; ERR_LIMIT
 */
MUST_USE
enum err manifest_parse(struct op *op, struct span bytes, struct span path, struct manifest *ret);

/**
 * Write a manifest in place of the one that is there; all segments it names are durable.
 *
 * op        work in hand
 * disk      of the history
 * path      of the file
 * manifest  its generation is that of the one before and 1
 *
 * Errors    ERR_FULL; ERR_IO: one of both is there, and which is not known; ERR_LIMIT
 */
MUST_USE
enum err manifest_write(struct op *op, struct disk *disk, struct span path,
                        const struct manifest *manifest);

/**
 * Write a manifest over what lies there, neither at once nor durably: a copy, beside the one that
 * counts.
 *
 * op        work in hand
 * disk      of the history
 * path      of the copy
 * manifest  as it was written
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err manifest_write_copy(struct op *op, struct disk *disk, struct span path,
                             const struct manifest *manifest);

#endif
