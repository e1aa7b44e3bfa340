// SPDX-License-Identifier: EUPL-1.2
/*
 * Opening and closing a history. Who writes takes the lock, makes durable what is seen, and removes
 * what no manifest names; who reads takes what one manifest names, and reads the manifest again
 * where that is gone.
 */
#include "base/memory.h"
#include "base/must.h"
#include "history/history_inner.h"
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

/* Segments without a manifest are not those of a history that is yet to be made. */
static enum err nothing_check(struct op *op, struct history *history)
{
    struct span *names;
    size_t count;
    TRY(disk_list(op, history->disk, span_make(history->folder, history->folder_size), &names,
                  &count));
    for (size_t i = 0; i < count; i++) {
        if (span_starts_with(names[i], SPAN("seg-"))) {
            return op_fail(op, ERR_CORRUPT,
                           "%.*s: there are segments, but no manifest; put it back from a backup",
                           (int)history->folder_size, (const char *)history->folder);
        }
    }
    return ERR_OK;
}

static enum err head_open(struct op *op, struct history *history, struct history_opened *opened)
{
    struct history_path path;
    struct span name = history_path(history, "manifest", 0, &path);
    enum err err = manifest_read(op, history->disk, name, &history->head);
    if (err == ERR_ABSENT && history->lock != NULL) {
        op_fault_clear(op);
        TRY(nothing_check(op, history));
        TRY(history_make(op, history));
        opened->made = true;
        return ERR_OK;
    }
    opened->damaged += err == ERR_OK && history->head.damaged;
    history->clock_kept_s = history->head.clock_s;
    return err;
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

static enum err wal_open(struct op *op, struct history *history, struct live_opened *ret,
                         bool *ret_gone)
{
    struct history_path path;
    uint64_t number = history->head.wal_number;
    struct live_options options = history_live_options(history, number);
    struct span name = history_path(history, "wal-", number, &path);
    enum err err = live_open(op, history->disk, name, &options, &history->live, ret);
    *ret_gone = *ret_gone || err == ERR_ABSENT;
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
    uint64_t there = live.last > history->head.through ? live.last : history->head.through;
    bool asked = known != UINT64_MAX;
    opened->cut = live.cut;
    opened->dropped = live.dropped;
    opened->damaged += live.damaged;
    opened->behind = (asked && there < known) || live.damaged > 0;
    opened->ahead = asked && history->head.through > known;
    history->commit = asked && known > there ? known : there;
    history->acknowledged = history->commit;
    return ERR_OK;
}

/* ---- strays ---- */

static bool number_of(struct span name, struct span prefix, uint64_t *ret)
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
    if (number_of(name, SPAN("seg-"), &number)) {
        return !is_named(history, number);
    }
    if (number_of(name, SPAN("wal-"), &number)) {
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
    TRY(history_strays_remove(op, history, &opened->removed));
    return history_sync(op, history); /* a write-ahead file that was gone was made */
}

static enum err open_reading(struct op *op, struct history *history, struct history_opened *opened)
{
    for (size_t tries = 0;; tries++) {
        bool gone = false;
        struct history_opened now = { 0 };
        struct manifest again;
        struct history_path path;
        TRY(head_open(op, history, &now));
        uint64_t generation = history->head.generation;
        enum err err = things_open(op, history, &now, &gone);
        if (!gone) {
            *opened = now;
            return err;
        }
        op_fault_clear(op);
        TRY(manifest_read(op, history->disk, history_path(history, "manifest", 0, &path), &again));
        bool changed = again.generation != generation;
        if (err == ERR_OK && !changed) {
            *opened = now; /* a segment is missing */
            return ERR_OK;
        }
        if (!changed || tries == READ_TRIES) {
            return op_fail(op, ERR_CORRUPT, "%s: the write-ahead file is missing", "the history");
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
    disk_file_close(history->lock);
    memory_free(history);
}
