// SPDX-License-Identifier: EUPL-1.2
/*
 * Opening and closing a history. Who writes takes the lock, makes durable what is seen, and removes
 * what no manifest names; who reads takes what one manifest names, and reads the manifest again
 * where that is gone.
 */
#include <inttypes.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/history_inner.h"
#include "history/live_frame.h"
#include "os/random.h"

enum {
    READ_TRIES = 100, /* as often the writer may have been quicker */
    WORK_SIZE_MAX = 64 * 1024 * 1024,
};

/* ---- the first ---- */

static enum err history_make(struct op *op, struct history *history)
{
    struct history_path path;
    struct live *live;
    os_random(&history->head.history, sizeof history->head.history);
    os_random(&history->head.secret, sizeof history->head.secret);
    history->head.wal_number = 1;
    history->head.next_number = 2;
    history->head.generation = 1;
    struct live_options options = history_live_options(history, history->head.wal_number);
    struct span name = history_path(history, "wal-", history->head.wal_number, &path);
    enum err err = disk_remove(op, history->disk, name); /* of one that was only begun */
    if (err != ERR_OK && err != ERR_ABSENT) {
        return err;
    }
    op_fault_clear(op);
    TRY(live_open(op, history->disk, name, &options, &live, NULL));
    live_close(live);
    TRY(history_sync(op, history));
    return manifest_write(op, history->disk, history_path(history, "manifest", 0, &path),
                          &history->head);
}

static enum err wal_size(struct op *op, struct history *history, struct span name, uint64_t *ret)
{
    struct history_path path;
    struct disk_file *file;
    uint64_t number = 0;
    if (!history_file_number(name, SPAN("wal-"), &number) || number == 0) {
        return ERR_OK;
    }
    TRY(disk_file_open(op, history->disk, history_path(history, "wal-", number, &path), DISK_READ,
                       &file));
    enum err err = disk_size(op, file, ret);
    disk_file_close(file);
    return err;
}

/* Files without a manifest are not those of a history that is yet to be made: of that, there may be
 * a first write-ahead file that holds nothing. */
static enum err nothing_check(struct op *op, struct history *history)
{
    struct span *names;
    size_t count;
    struct span folder = span_make(history->folder, history->folder_size);
    enum err err = disk_list(op, history->disk, folder, &names, &count);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        count = 0;
    } else {
        TRY(err);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t size = LIVE_HEADER_SIZE;
        bool held =
            span_starts_with(names[i], SPAN("seg-")) || span_equal(names[i], SPAN("manifest.copy"));
        TRY(wal_size(op, history, names[i], &size));
        if (held || size > LIVE_HEADER_SIZE) {
            return op_fail(op, ERR_CORRUPT,
                           "the history has files (%.*s), but neither a manifest nor a copy of it "
                           "that can be read: put it back from a backup, or move the folder %.*s "
                           "away to begin a new one",
                           SPAN_FMT(names[i]), SPAN_FMT(folder));
        }
    }
    return ERR_OK;
}

/* What is to be read, and is not there though the journal knows of it. */
static enum err nothing_known(struct op *op, const struct history *history)
{
    uint64_t known = history->options.acknowledged;
    return known == 0 || known == UINT64_MAX
               ? op_fail(op, ERR_ABSENT, "there is no history")
               : op_fail(op, ERR_CORRUPT,
                         "the history is gone: the journal knows %" PRIu64
                         " commits to it; put the folder %.*s back from a backup, or let "
                         "'linie watch' begin a new one",
                         known, (int)history->folder_size, (const char *)history->folder);
}

static enum err head_open(struct op *op, struct history *history, struct history_opened *opened)
{
    enum err err = history_head_read(op, history, &opened->mended);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        TRY(nothing_check(op, history));
        if (history->lock == NULL) {
            return nothing_known(op, history);
        }
        TRY(history_make(op, history));
        opened->made = true;
        return ERR_OK;
    }
    TRY(err);
    opened->damaged += history->head.damaged || opened->mended;
    history->clock_kept_s = history->head.clock_s;
    return ERR_OK;
}

/* ---- what the manifest names ---- */

static enum err parts_open(struct op *op, struct history *history, bool *ret_gone)
{
    history->part_count = history->head.segment_count;
    history->parts = memory_new_array(history->part_count, sizeof *history->parts);
    if (history->parts == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the segments of the history");
    }
    for (size_t i = 0; i < history->part_count; i++) {
        history->parts[i].is = history->head.segments[i];
    }
    history->head.segments = NULL;
    for (size_t i = 0; i < history->part_count; i++) {
        struct op work;
        op_begin(&work, &op->actor, WORK_SIZE_MAX);
        enum err err = history_part_open(&work, history, &history->parts[i]);
        bool unreadable = err == ERR_ABSENT || err == ERR_CORRUPT;
        *ret_gone = *ret_gone || err == ERR_ABSENT;
        if (err != ERR_OK && !unreadable) {
            err = op_fail(op, err, "%s", work.fault.text);
            op_end(&work);
            return err;
        }
        op_end(&work);
    }
    return ERR_OK;
}

/* A file that is no write-ahead file of this history is kept aside, and not looked at again. */
static enum err wal_aside(struct op *op, struct history *history, uint64_t number)
{
    struct history_path path;
    struct history_path aside;
    op_fault_clear(op);
    TRY(disk_rename(op, history->disk, history_path(history, "wal-", number, &path),
                    history_path(history, "bad-", number, &aside)));
    return history_sync(op, history);
}

static enum err wal_open(struct op *op, struct history *history, struct live_opened *ret,
                         bool *ret_gone)
{
    struct history_path path;
    uint64_t number = history->head.wal_number;
    struct live_options options = history_live_options(history, number);
    struct span name = history_path(history, "wal-", number, &path);
    enum err err = live_open(op, history->disk, name, &options, &history->live, ret);
    bool strange = err == ERR_CORRUPT;
    *ret_gone = *ret_gone || err == ERR_ABSENT;
    if (strange && history->lock != NULL) {
        TRY(wal_aside(op, history, number));
        err = live_open(op, history->disk, name, &options, &history->live, ret);
    } else if (strange || err == ERR_ABSENT) {
        op_fault_clear(op);
        err = live_empty(op, &options, &history->live);
    }
    ret->damaged += strange ? 1 : 0;
    return err;
}

static void things_close(struct history *history)
{
    for (size_t i = 0; i < history->part_count; i++) {
        history_part_close(history, &history->parts[i]);
    }
    memory_free(history->parts);
    live_close(history->live);
    history->parts = NULL;
    history->part_count = 0;
    history->live = NULL;
}

static enum err things_open(struct op *op, struct history *history, struct history_opened *opened,
                            bool *ret_gone)
{
    struct live_opened live = { 0 };
    TRY(parts_open(op, history, ret_gone));
    TRY(wal_open(op, history, &live, ret_gone));
    for (size_t i = 0; i < history->part_count; i++) {
        opened->damaged += history->parts[i].segment == NULL;
    }
    uint64_t known = history->options.acknowledged;
    bool asked = known != UINT64_MAX;
    if (history->wal_is_found && live.last == 0 && asked && known > history->head.through) {
        history->head.through = known; /* a segment was made of all */
    }
    uint64_t lost = history_commits_lost(history);
    uint64_t there = live.last > history->head.through ? live.last : history->head.through;
    there = lost > there ? lost : there;
    history->places = live.damaged;
    history->behind = asked && there < known ? known - there : 0;
    opened->cut = live.cut;
    opened->dropped = live.dropped;
    opened->damaged += live.damaged;
    opened->behind = history->behind > 0 || live.damaged > 0;
    opened->ahead = asked && history->head.through > known;
    history->commit = asked && known > there ? known : there;
    history->acknowledged = history->commit;
    return ERR_OK;
}

/* ---- strays ---- */

bool history_file_number(struct span name, struct span prefix, uint64_t *ret)
{
    return span_starts_with(name, prefix) &&
           span_to_u64(span_from(name, prefix.size), ret) == ERR_OK;
}

static bool is_named(const struct history *history, uint64_t number)
{
    size_t i = 0;
    while (i < history->part_count && history->parts[i].is.number != number) {
        i++;
    }
    bool merged = history->job != NULL && history->job->number == number;
    bool flushed = history->flush != NULL && history->flush->part.is.number == number;
    return i < history->part_count || merged || flushed;
}

static bool is_wal(const struct history *history, uint64_t number)
{
    bool next = history->flush != NULL && history->flush->wal_number == number;
    return next || number == history->head.wal_number;
}

static bool is_stray(const struct history *history, struct span name)
{
    uint64_t number;
    if (history_file_number(name, SPAN("seg-"), &number)) {
        return !is_named(history, number);
    }
    if (history_file_number(name, SPAN("wal-"), &number)) {
        return !is_wal(history, number);
    }
    return span_equal(name, SPAN("manifest.new")) || span_equal(name, SPAN("forgetting.new"));
}

enum err history_strays_remove(struct op *op, struct history *history, uint64_t *ret_count)
{
    struct span folder = span_make(history->folder, history->folder_size);
    struct span *names;
    size_t count;
    TRY(disk_list(op, history->disk, folder, &names, &count));
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct history_path path;
        char name[DISK_NAME_SIZE_MAX + 1];
        if (names[i].size > DISK_NAME_SIZE_MAX || !is_stray(history, names[i])) {
            continue;
        }
        span_copy(name, sizeof name, names[i]);
        name[names[i].size] = '\0';
        TRY(disk_remove(op, history->disk, history_path(history, name, 0, &path)));
        (*ret_count)++;
    }
    return ERR_OK;
}

/* ---- opening ---- */

static enum err lock_take(struct op *op, struct history *history)
{
    struct history_path path;
    TRY(disk_make_folder(op, history->disk, span_make(history->folder, history->folder_size)));
    TRY(disk_file_open(op, history->disk, history_path(history, "lock", 0, &path), DISK_WRITE,
                       &history->lock));
    enum err err = disk_lock(op, history->lock);
    op_fault_prefix(op, "the history: ");
    return err;
}

/* What is seen may be what a killed process left, and not durable yet: a manifest, and the removal
 * of what it does not name, must not go separate ways. */
static enum err open_writing(struct op *op, struct history *history, struct history_opened *opened)
{
    bool gone = false;
    TRY(lock_take(op, history));
    TRY(history_sync(op, history));
    TRY(head_open(op, history, opened));
    TRY(things_open(op, history, opened, &gone));
    if (opened->mended) {
        struct history_change change = history_change_none(history);
        TRY(history_change(op, history, &change));
    }
    TRY(history_losses_open(op, history));
    if (history->copy_is_old) {
        history_copy_write(op, history);
    }
    TRY(history_strays_remove(op, history, &opened->removed));
    return history_sync(op, history); /* a write-ahead file that was gone was made */
}

static enum err open_reading(struct op *op, struct history *history, struct history_opened *opened)
{
    for (size_t tries = 0;; tries++) {
        bool gone = false;
        struct history_opened now = { 0 };
        struct history_opened again = { 0 };
        TRY(head_open(op, history, &now));
        uint64_t generation = history->head.generation;
        enum err err = things_open(op, history, &now, &gone);
        if (!gone) {
            *opened = now;
            return err;
        }
        TRY(err);
        TRY(head_open(op, history, &again)); /* its segments are not asked for */
        bool changed = history->head.generation != generation;
        history->head.segments = NULL;
        if (!changed) {
            *opened = now; /* something is missing */
            return ERR_OK;
        }
        if (tries == READ_TRIES) {
            return op_fail(op, ERR_AGAIN, "the history changes more quickly than it can be opened");
        }
        things_close(history);
    }
}

enum err history_open(struct op *op, struct disk *disk, struct span folder,
                      const struct history_options *options, struct history **ret,
                      struct history_opened *ret_opened)
{
    struct history_opened opened = { 0 };
    must(folder.size <= DISK_NAME_SIZE_MAX);
    must(options->rules != NULL);
    struct history *history = memory_new(sizeof *history);
    if (history == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the history");
    }
    history->disk = disk;
    history->options = *options;
    span_copy(history->folder, sizeof history->folder, folder);
    history->folder_size = folder.size;
    enum err err =
        options->write ? open_writing(op, history, &opened) : open_reading(op, history, &opened);
    if (err != ERR_OK) {
        history_close(history);
        return err;
    }
    /* Under which rules a run before took in what is live, nobody wrote down. */
    bool empty = live_last(history->live) == 0;
    history->live_mark = empty ? history_rules_mark(options->rules) : 0;
    *ret = history;
    if (ret_opened != NULL) {
        *ret_opened = opened;
    }
    return ERR_OK;
}

void history_close(struct history *history)
{
    if (history == NULL) {
        return;
    }
    history_job_drop(history);
    history_flush_drop(history);
    history_memory_drop(history);
    things_close(history);
    memory_free(history->list);
    memory_free(history->losses);
    memory_free((void *)(uintptr_t)history->told);
    disk_file_close(history->lock);
    memory_free(history);
}
