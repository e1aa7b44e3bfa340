// SPDX-License-Identifier: EUPL-1.2
/*
 * A segment of what is live, over several calls: what was committed is set apart, sorted and
 * written, while commits go on; at last what came since is carried over into a new write-ahead
 * file, and the manifest names both. Until then the write-ahead file that is named has all of it.
 */
#include "base/memory.h"
#include "base/must.h"
#include "history/history_inner.h"

enum { STEP_US = 5 * 1000 };

/* ---- in memory ---- */

static struct segment_options segment_options_of(const struct history *history)
{
    return (struct segment_options){ .secret = &history->head.secret, .level = SEGMENT_LEVEL_FAST };
}

static void memory_free_one(struct history_memory *memory)
{
    segment_close(memory->segment);
    live_writing_free(memory->writing);
    *memory = (struct history_memory){ 0 };
}

void history_memory_drop(struct history *history)
{
    for (size_t i = 0; i < HISTORY_LIVE_PARTS; i++) {
        memory_free_one(&history->memory[i]);
    }
}

static enum err memory_fill(struct op *op, const struct history *history, bool older,
                            struct history_memory *memory)
{
    bool done = false;
    const struct segment_options options = segment_options_of(history);
    TRY(live_writing_new(op, history->live, older, NULL, &options, &memory->writing));
    TRY(live_writing_step(op, memory->writing, INT64_MAX, &done));
    must(done);
    return segment_open(op, segment_writer_bytes(live_writing_writer(memory->writing)),
                        &history->head.secret, &memory->segment);
}

static enum err memory_make_one(struct op *op, struct history *history, size_t which, uint64_t last)
{
    struct history_memory *memory = &history->memory[which];
    if (memory->segment != NULL && memory->made == last) {
        return ERR_OK;
    }
    memory_free_one(memory);
    enum err err = last == 0 ? ERR_OK : memory_fill(op, history, which == HISTORY_OLDER, memory);
    if (err != ERR_OK) {
        memory_free_one(memory);
        return err;
    }
    memory->made = last;
    return ERR_OK;
}

enum err history_memory_make(struct op *op, struct history *history)
{
    uint64_t older = live_older_last(history->live);
    uint64_t newer = live_last(history->live);
    TRY(memory_make_one(op, history, HISTORY_OLDER, older));
    return memory_make_one(op, history, HISTORY_NEWER, newer == older ? 0 : newer);
}

/* ---- in steps ---- */

static bool is_quiet(const struct history *history)
{
    return live_waiting(history->live) == 0 && history->acknowledged == history->commit;
}

static enum err fail_waits(struct op *op)
{
    return op_fail(op, ERR_CONFLICT, "what was seen is not yet in the journal");
}

enum err history_flush_split(struct op *op, struct history *history)
{
    struct live *live = history->live;
    if (!is_quiet(history)) {
        return fail_waits(op);
    }
    if (live_last(live) == 0 || live_older_last(live) != 0) {
        return ERR_OK;
    }
    TRY(live_split(op, live));
    history->memory[HISTORY_OLDER] = history->memory[HISTORY_NEWER]; /* it was made anew or not */
    history->memory[HISTORY_NEWER] = (struct history_memory){ 0 };
    return ERR_OK;
}

static void flush_free(struct history *history)
{
    struct history_flush *flush = history->flush;
    history->flush = NULL;
    live_writing_free(flush->writing);
    disk_file_close(flush->file);
    memory_free(flush);
}

void history_flush_drop(struct history *history)
{
    struct history_flush *flush = history->flush;
    if (flush == NULL) {
        return;
    }
    history_part_close(history, &flush->part);
    live_move_drop(history->live);
    if (!history->doubt) { /* else perhaps the manifest names them */
        history_file_remove(history, "seg-", flush->part.is.number);
        history_file_remove(history, "wal-", flush->wal_number);
    }
    flush_free(history);
}

static enum err flush_begin(struct op *op, struct history *history)
{
    struct history_path path;
    struct history_flush *flush = memory_new(sizeof *flush);
    if (flush == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a segment of what is live");
    }
    history->flush = flush;
    flush->part.is.number = history->head.next_number;
    flush->wal_number = history->head.next_number + 1;
    history->head.next_number += 2;
    const struct segment_options options = segment_options_of(history);
    struct span name = history_path(history, "seg-", flush->part.is.number, &path);
    TRY(disk_file_open(op, history->disk, name, DISK_CREATE_NEW, &flush->file));
    return live_writing_new(op, history->live, true, flush->file, &options, &flush->writing);
}

static enum err flush_write(struct op *op, struct history *history, int64_t budget_us)
{
    struct history_flush *flush = history->flush;
    bool done = false;
    TRY(live_writing_step(op, flush->writing, budget_us, &done));
    if (!done) {
        return ERR_OK;
    }
    TRY(segment_writer_finish(op, live_writing_writer(flush->writing), &flush->part.is.facts));
    live_writing_free(flush->writing);
    disk_file_close(flush->file);
    flush->writing = NULL;
    flush->file = NULL;
    return ERR_OK;
}

static enum err move_begin(struct op *op, struct history *history)
{
    struct history_path path;
    struct history_flush *flush = history->flush;
    const struct live_options options = history_live_options(history, flush->wal_number);
    TRY(live_move_begin(op, history->live, history->disk,
                        history_path(history, "wal-", flush->wal_number, &path), &options));
    flush->moving = true;
    return ERR_OK;
}

/* All files are there. */
static enum err flush_end(struct op *op, struct history *history)
{
    struct history_flush *flush = history->flush;
    struct history_change change = history_change_none(history);
    TRY(history_sync(op, history));
    TRY(history_part_open(op, history, &flush->part));
    flush->part.is.mark = history->live_mark;
    change.part = &flush->part;
    change.through = live_older_last(history->live);
    change.wal_number = flush->wal_number;
    TRY(history_change(op, history, &change));
    history->live_mark = history_rules_mark(history->options.rules);
    live_move_end(history->live);
    history_memory_drop(history);
    flush_free(history);
    return ERR_OK;
}

static enum err flush_go_on(struct op *op, struct history *history, int64_t budget_us,
                            bool *ret_done)
{
    bool moved = false;
    if (history->flush == NULL) {
        TRY(history_settle(op, history));
        return flush_begin(op, history);
    }
    if (history->flush->writing != NULL) {
        return flush_write(op, history, budget_us);
    }
    if (!history->flush->moving) {
        return move_begin(op, history);
    }
    TRY(live_move_step(op, history->live, &moved));
    if (moved) {
        TRY(flush_end(op, history));
    }
    *ret_done = moved;
    return ERR_OK;
}

enum err history_flush_step(struct op *op, struct history *history, int64_t budget_us,
                            bool *ret_done)
{
    bool done = false;
    must(live_older_last(history->live) != 0);
    enum err err = flush_go_on(op, history, budget_us, &done);
    if (err != ERR_OK) {
        history_flush_drop(history);
        return err;
    }
    *ret_done = done;
    return ERR_OK;
}

/* ---- whole ---- */

void history_between(struct history *history, enum err (*between)(struct op *op, void *context),
                     void *context)
{
    history->between = between;
    history->between_context = context;
}

bool history_is_between(const struct history *history)
{
    return history->is_between;
}

enum err history_pause(struct op *op, struct history *history)
{
    TRY(op_check(op));
    if (history->between == NULL) {
        return ERR_OK;
    }
    history->is_between = true;
    enum err err = history->between(op, history->between_context);
    history->is_between = false;
    return err;
}

/* One step towards a segment of what is live now; where others add in between, that is possible
 * only when nothing of theirs is on its way. */
static enum err flush_towards(struct op *op, struct history *history)
{
    bool done = false;
    if (live_older_last(history->live) != 0) {
        return history_flush_step(op, history, STEP_US, &done);
    }
    history->wants_quiet = !is_quiet(history) && history->between != NULL;
    return history->wants_quiet ? ERR_OK : history_flush_split(op, history);
}

bool history_wants_quiet(const struct history *history)
{
    return history->wants_quiet;
}

enum err history_flush(struct op *op, struct history *history)
{
    uint64_t last = live_last(history->live);
    must(history->lock != NULL);
    must(!history->is_between);
    if (!is_quiet(history)) {
        return fail_waits(op);
    }
    TRY(history_settle(op, history));
    enum err err = ERR_OK;
    while (err == ERR_OK && last != 0 && history->head.through < last) {
        err = flush_towards(op, history);
        err = err == ERR_OK ? history_pause(op, history) : err;
    }
    history->wants_quiet = false;
    return err;
}
