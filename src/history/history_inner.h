// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of history share: history_open.c, history.c (adding, committing, the manifest),
 * history_flush.c (a segment of what is live), history_work.c and history_job.c (merging),
 * history_forget.c, history_check.c.
 *
 * One rule keeps it whole: a file is complete and durable, name and all, before a manifest names
 * it; and it is removed only when a manifest that does not name it is durable.
 */
#ifndef HISTORY_HISTORY_INNER_H
#define HISTORY_HISTORY_INNER_H

#include "history/history.h"
#include "history/live.h"
#include "history/merge.h"

enum { HISTORY_PATH_SIZE = DISK_NAME_SIZE_MAX + 64 };

/* A segment that the manifest names. */
struct history_part {
    struct manifest_segment is;
    struct span map;
    struct segment *segment; /* NULL: it cannot be read */
    uint32_t cut_s;          /* what was wholly before went, for the size */
};

/* A merge that goes on over several calls. */
struct history_job {
    struct merge *merge;
    struct disk_file *file;
    uint64_t number; /* of the new segment */
    uint32_t made_s;
    uint32_t cut_s;
    bool forgets; /* where nothing is to be forgotten, the segment stays as it is */
    size_t count;
    uint64_t *numbers; /* of the segments that become one */
};

/* A segment of what is live that goes on over several calls. */
struct history_flush {
    struct history_part part;
    struct disk_file *file;       /* NULL: it is written */
    struct live_writing *writing; /* NULL: it is written */
    uint64_t wal_number;          /* of the next write-ahead file */
    bool moving;                  /* it was begun */
};

/* A part of what is live, as a segment in memory. */
struct history_memory {
    struct live_writing *writing; /* NULL: it is not made */
    struct segment *segment;
    uint64_t made; /* at this commit */
};

enum { HISTORY_OLDER, HISTORY_NEWER, HISTORY_LIVE_PARTS };

struct history {
    struct disk *disk;
    struct history_options options;
    uint8_t folder[DISK_NAME_SIZE_MAX];
    size_t folder_size;
    struct disk_file *lock; /* NULL: only read */

    struct manifest head; /* its segments are `parts` */
    size_t part_count;
    struct history_part *parts; /* by what is oldest in them */
    bool doubt;                 /* whether the last manifest is durable is not known */

    struct live *live;
    uint64_t commit;       /* the last number that was given, here or in the journal */
    uint64_t acknowledged; /* the last that the journal knows */

    struct history_memory memory[HISTORY_LIVE_PARTS];
    const struct segment **list;

    struct history_flush *flush; /* NULL: none goes on */
    struct history_job *job;     /* likewise */
    bool flushed;                /* since it was opened */
    int64_t flush_hour;    /* of the clock, when what is live was last made a segment for its age */
    int64_t wait_until_us; /* the disk was full, or there was no memory */
    uint32_t clock_kept_s; /* the clock in the manifest */
    uint32_t leap_s;       /* what the clock showed when it leapt ahead; 0: it did not */
    uint32_t cut_s;        /* for the size: what lies wholly before is to go */
};

/* The path of a file of a history. */
struct history_path {
    uint8_t bytes[HISTORY_PATH_SIZE];
    size_t size;
};

/**
 * The path of a file: "history/seg-000000000012".
 *
 * history   its folder is known
 * name      "manifest", "seg-", ...
 * number    0: none follows the name
 * path      receives it
 *
 * Returns a span of it.
 */
struct span history_path(const struct history *history, const char *name, uint64_t number,
                         struct history_path *path);

/**
 * Remove a file that may be there and is not needed; where it stays, the next opening removes it.
 *
 * history   open for writing
 * name      as for history_path()
 * number    likewise
 */
void history_file_remove(struct history *history, const char *name, uint64_t number);

/**
 * Open what is in a segment's file.
 *
 * op        work in hand
 * history   its secret is known
 * part      its number is known; receives map and segment
 *
 * Errors    ERR_ABSENT; ERR_CORRUPT; ERR_UNSUPPORTED; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_part_open(struct op *op, const struct history *history, struct history_part *part);

/**
 * Close it.
 *
 * history   open
 * part      open or not
 */
void history_part_close(struct history *history, struct history_part *part);

/**
 * What opens the write-ahead file of a number.
 *
 * history   its head is known
 * number    of the file
 */
struct live_options history_live_options(const struct history *history, uint64_t number);

/* What a manifest changes. */
struct history_change {
    size_t removed_count;
    const uint64_t *removed;         /* numbers of segments; their files are removed */
    const struct history_part *part; /* new, open; taken on success. NULL: none */
    uint64_t through;
    uint64_t wal_number;
};

/**
 * A change that changes nothing.
 *
 * history   open for writing
 */
struct history_change history_change_none(const struct history *history);

/**
 * Write a manifest with a change, and do it in memory; then remove the files that are not needed
 * any more. Where it fails, all is as it was, and what is durable is not known: new files must be
 * left where they are.
 *
 * op        work in hand
 * history   open for writing, without doubt
 * change    all new files are durable
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_change(struct op *op, struct history *history,
                        const struct history_change *change);

/**
 * Where the last manifest may not be durable, write what holds anew; then remove what no manifest
 * names.
 *
 * op        work in hand
 * history   open for writing
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_settle(struct op *op, struct history *history);

/**
 * Remove files of this history that the manifest does not name.
 *
 * op         work in hand
 * history    open for writing; the manifest that is seen is durable
 * ret_count  how many there were
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_strays_remove(struct op *op, struct history *history, uint64_t *ret_count);

/**
 * Make the folder's names durable.
 *
 * op        work in hand
 * history   open for writing
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err history_sync(struct op *op, struct history *history);

/**
 * Set apart what is live, so that a segment can be made of it. Nothing happens where nothing is
 * live, or something is set apart already.
 *
 * op        work in hand
 * history   open for writing
 *
 * Errors    ERR_CONFLICT something waits, or the journal does not know the last commit; ERR_LIMIT
 */
MUST_USE
enum err history_flush_split(struct op *op, struct history *history);

/**
 * Go on with the segment of what was set apart; at last, put it and a new write-ahead file in place
 * of the old one. After an error it is begun anew with the next call.
 *
 * op         work in hand
 * history    open for writing; something was set apart
 * budget_us  about so long
 * ret_done   whether that was all of it
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_flush_step(struct op *op, struct history *history, int64_t budget_us,
                            bool *ret_done);

/**
 * Give up the segment that goes on, and remove its files.
 *
 * history   nothing happens where there is none
 */
void history_flush_drop(struct history *history);

/**
 * Make segments in memory of what is live, where that has changed.
 *
 * op        work in hand
 * history   open
 *
 * Errors    ERR_LIMIT
 */
MUST_USE
enum err history_memory_make(struct op *op, struct history *history);

/**
 * Give segments in memory back.
 *
 * history   open
 */
void history_memory_drop(struct history *history);

/* What is to be merged, and how. */
struct history_plan {
    size_t count;
    uint64_t *numbers; /* of segments that can be read; room for as many as there are parts */
    uint32_t now_s;
    uint32_t cut_s;
    const struct history_forget *forget;
};

/**
 * Begin a merge; another one that goes on is given up.
 *
 * op        work in hand
 * history   open for writing
 * plan      at least one segment; copied
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_job_begin(struct op *op, struct history *history, const struct history_plan *plan);

/**
 * Go on with the merge; when its entries are all written, put the new segment in place of the old
 * ones. After an error there is no merge any more.
 *
 * op          work in hand
 * history     a merge goes on
 * budget_us   about so long
 * ret_done    whether that was all of it
 * ret_result  of a merge that is done; may be NULL
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_job_step(struct op *op, struct history *history, int64_t budget_us, bool *ret_done,
                          struct merge_result *ret_result);

/**
 * Give up the merge that goes on, and remove its file.
 *
 * history   nothing happens where there is none
 */
void history_job_drop(struct history *history);

/**
 * Do a merge to its end; asks whether to stop in between.
 *
 * op          work in hand
 * history     open for writing
 * plan        at least one segment
 * ret_result  untouched on error
 *
 * Errors    ERR_CANCELLED; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_job_whole(struct op *op, struct history *history, const struct history_plan *plan,
                           struct merge_result *ret_result);

#endif
