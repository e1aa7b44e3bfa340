// SPDX-License-Identifier: EUPL-1.2
/*
 * The insides of an open journal, shared by journal.c, open.c, read.c and erase.c, and by nobody
 * else.
 */
#ifndef JOURNAL_INNER_H
#define JOURNAL_INNER_H

#include "journal/find.h"
#include "journal/tail.h"

/* The group being gathered. */
struct journal_pending {
    struct buf frames;
    struct buf header;          /* bytes of the header being made */
    bool new_segment;           /* the group begins a segment */
    uint64_t seed;              /* of the segment it goes into */
    size_t last_at;             /* where the last frame begins */
    struct journal_prefix last; /* its prefix, to be marked as the group's end */
    uint64_t number;            /* number of the last entry, gathered or committed */
    uint8_t leaf[JOURNAL_DIGEST_SIZE];
    uint64_t erase_target; /* what the last entry erases; 0 where it does not */
};

struct journal {
    struct disk *disk; /* borrowed */
    bool write;
    bool failed;       /* a commit or an erasure failed: read-only until opened again */
    bool in_doubt;     /* and what it wrote could not be taken back */
    uint64_t erasures; /* done since it was opened: a walk looks again when this changes */
    int64_t (*clock_us)(void *context);
    void *clock_context;
    uint64_t segment_size;

    struct span world; /* behind this struct */
    uint8_t world_mark[JOURNAL_WORLD_MARK_SIZE];

    struct journal_list list;
    struct journal_segment segment; /* the last one; its file is NULL in an empty journal */
    struct journal_tail tail;       /* of the last one */
    struct journal_finder finder;

    struct disk_file *writing; /* the last segment for writing; NULL where write is false */
    struct journal_pending pending;
};

/**
 * Begin a segment: the file is durable, with its name, before this returns.
 *
 * op        work in hand
 * journal   open for writing, with nothing unsynced
 * first     number of the segment's first entry
 * seed      random
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT; ERR_DENIED; ERR_EXISTS
 */
MUST_USE
enum err journal_segment_begin(struct op *op, struct journal *journal, uint64_t first,
                               uint64_t seed);

/**
 * Let finding and gathering go on from the present tail.
 *
 * journal   open
 */
void journal_tail_taken(struct journal *journal);

/**
 * Overwrite salt and payload of an entry, and sync.
 *
 * op        work in hand
 * journal   open for writing
 * number    of the entry
 * eraser    number of the entry that erases it
 *
 * Errors    ERR_IO; ERR_FULL; ERR_CORRUPT; ERR_DENIED; ERR_LIMIT
 */
MUST_USE
enum err journal_overwrite(struct op *op, struct journal *journal, uint64_t number,
                           uint64_t eraser);

#endif
