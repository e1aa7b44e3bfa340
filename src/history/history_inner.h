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
    bool stranger;           /* not the file that the manifest means: what it holds is not known */
    uint32_t cut_s;          /* what was wholly before went, for the size */
};

/* A merge that goes on over several calls. */
struct history_job {
    struct merge *merge;
    struct disk_file *file;
    uint64_t number; /* of the new segment */
    uint32_t made_s;
    uint64_t mark; /* of the rules that are applied */
    uint32_t cut_s;
    const struct history_forget *forget; /* NULL: none. Where nothing is to be forgotten, the
                                          * segment stays as it is */
    bool drops; /* damaged blocks are left out, and that is written down; else it is given up */
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
    size_t loss_count;
    struct history_loss *losses; /* that the manifest knows */
    bool losses_changed;
    bool doubt; /* whether the last manifest is durable is not known */

    bool copy_is_old;  /* of the manifest, as it was read */
    bool wal_is_found; /* the write-ahead file is not the one that the copy names */

    struct live *live;
    uint64_t places; /* of the write-ahead file that are damaged, as it was opened */
    uint64_t behind; /* commits that the journal knows and that are not here, as it was opened */
    const struct history_loss *told; /* of the last history_losses() */
    uint64_t commit;                 /* the last number that was given, here or in the journal */
    uint64_t acknowledged;           /* the last that the journal knows */

    struct history_memory memory[HISTORY_LIVE_PARTS];
    const struct segment **list;

    enum err (*between)(struct op *op, void *context); /* two steps; NULL: nothing is to be done */
    void *between_context;
    bool is_between;
    bool wants_quiet; /* a flush waits until nothing is on its way */

    struct history_flush *flush; /* NULL: none goes on */
    struct history_job *job;     /* likewise */
    bool flushed;                /* since it was opened */
    int64_t flush_hour;    /* of the clock, when what is live was last made a segment for its age */
    int64_t wait_until_us; /* the disk was full, or there was no memory */
    uint32_t clock_kept_s; /* the clock in the manifest */
    uint32_t leap_s;       /* what the clock showed when it leapt ahead; 0: it did not */
    uint32_t cut_s;        /* for the size: what lies wholly before is to go */
    uint64_t live_mark;    /* of the rules under which all was seen that is live; 0: not known */
    uint64_t compact_before; /* segments with a smaller number are to become one */
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
void history_part_close(const struct history *history, struct history_part *part);

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
    const struct history_loss *loss; /* that is written down with it. NULL: none */
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

/* ---- history_head.c ---- */

/**
 * Read the manifest into history->head, its segments in the op's memory, its losses in the
 * history's. Where it is lost, it is made anew in memory.
 *
 * op          work in hand
 * history     being opened
 * ret_mended  whether it was made anew; who writes writes it
 *
 * Errors    ERR_ABSENT neither manifest nor copy is there; ERR_CORRUPT; ERR_UNSUPPORTED; ERR_IO;
 *           ERR_LIMIT
 */
MUST_USE
enum err history_head_read(struct op *op, struct history *history, bool *ret_mended);

/**
 * The number in a file's name.
 *
 * name      of a file in the folder of a history
 * prefix    "seg-", "wal-"
 * ret       untouched where it has none
 *
 * Returns whether it has one.
 */
bool history_file_number(struct span name, struct span prefix, uint64_t *ret);

/* ---- history_loss.c ---- */

/**
 * Take the losses of the manifest that was read into memory of the history's own.
 *
 * op        work in hand
 * history   its head was read
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err history_losses_take(struct op *op, struct history *history);

/**
 * The losses as they will be: one more, and those of files that go are gone for good.
 *
 * op         work in hand
 * history    open for writing
 * change     what is to come
 * ret        to be freed
 * ret_count  how many
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err history_losses_change(struct op *op, const struct history *history,
                               const struct history_change *change, struct history_loss **ret,
                               size_t *ret_count);

/**
 * What is known of damaged blocks in a segment; NULL: nothing.
 *
 * history   open
 * number    of the segment
 */
const struct history_loss *history_blocks_lost(const struct history *history, uint64_t number);

/**
 * Whether a segment has damaged blocks of which nobody said yet that they are known: it stays as
 * it is, so that it can be mended, until rules or somebody's right say that it must not.
 *
 * history   open
 * part      of it
 */
bool history_part_rests(const struct history *history, const struct history_part *part);

/**
 * A loss in a segment.
 *
 * part      of the history
 * of        all of it, or blocks
 * count     of blocks; 1
 * kinds     of values
 */
struct history_loss history_part_loss(const struct history_part *part, enum history_loss_of of,
                                      uint64_t count, uint64_t kinds);

/**
 * The kinds of which a segment holds values, as the manifest says: a bit each.
 *
 * facts     of the segment
 */
uint64_t history_kinds_of(const struct segment_facts *facts);

/**
 * The last commit that is written down as lost; 0: none. Those up to it are not missed again.
 *
 * history   open
 */
uint64_t history_commits_lost(const struct history *history);

/**
 * Write a loss into the manifest; nothing else changes.
 *
 * op        work in hand
 * history   open for writing
 * loss      copied
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_loss_record(struct op *op, struct history *history,
                             const struct history_loss *loss);

/**
 * Write down what opening found: places of the write-ahead file, commits that are missing.
 *
 * op        work in hand
 * history   being opened for writing
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_losses_open(struct op *op, struct history *history);

/**
 * Remove write-ahead files that were kept aside since they were not what they should have been.
 *
 * op        work in hand
 * history   open for writing
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_aside_remove(struct op *op, struct history *history);

/* ---- history.c ---- */

/**
 * Write the copy of the manifest anew, if it can be written: power losses take it.
 *
 * op        work in hand
 * history   open for writing
 */
void history_copy_write(struct op *op, struct history *history);

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

/**
 * Let others have their turn between two steps, and ask whether to stop.
 *
 * op        work in hand
 * history   open for writing
 *
 * Errors    ERR_CANCELLED; or what was returned there
 */
MUST_USE
enum err history_pause(struct op *op, struct history *history);

/* What is to be merged, and how. */
struct history_plan {
    size_t count;
    uint64_t *numbers; /* of segments that can be read; room for as many as there are parts */
    uint32_t now_s;
    uint64_t mark; /* of the rules */
    bool at_once;  /* what is past its time goes now, however little it is */
    uint32_t cut_s;
    const struct history_forget *forget;
    bool drops; /* damaged blocks; then it is one segment */
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
 * ones. Where a segment proves to be damaged and the plan does not say that it is dropped, that is
 * written down, and the merge is given up: its result then has damaged blocks and no segment. After
 * an error there is no merge any more.
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
