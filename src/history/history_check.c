// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading everything, and saying what is damaged.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/must.h"
#include "history/history_inner.h"

enum { WORK_SIZE_MAX = 64 * 1024 * 1024 };

struct checking {
    struct op *op;
    struct history *history;
    void (*on_fault)(void *context, const char *text);
    void *context;
    uint64_t faults;
    uint64_t wal_faults;
};

__attribute__((format(printf, 2, 3))) static void tell(struct checking *checking,
                                                       const char *format, ...)
{
    char text[FAULT_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    checking->faults++;
    checking->on_fault(checking->context, text);
}

/* What a part of the work found: damage is told, anything else ends the check. */
static enum err found(struct checking *checking, struct span path, enum err err,
                      const struct op *work)
{
    if (err == ERR_CORRUPT || err == ERR_ABSENT) {
        tell(checking, "%.*s: %s", SPAN_FMT(path), work->fault.text);
        return ERR_OK;
    }
    return err == ERR_OK ? ERR_OK : op_fail(checking->op, err, "%s", work->fault.text);
}

/* ---- segments ---- */

struct sums {
    uint64_t postings;
    uint64_t count;
    uint64_t damaged;
};

static void entry_count(const struct history_entry *entry, struct sums *sums)
{
    for (size_t i = 0; i < entry->row_count; i++) {
        const struct history_row *row = &entry->rows[i];
        sums->postings += row->posting_count;
        for (size_t k = 0; k < row->posting_count; k++) {
            sums->count += row->postings[k].count;
        }
    }
}

static enum err blocks_check(struct checking *checking, struct span path,
                             struct segment_cursor *cursor, struct sums *sums)
{
    enum err err = ERR_OK;
    while (err != ERR_ABSENT) {
        struct history_entry entry;
        struct op work;
        TRY(op_check(checking->op));
        op_begin(&work, &checking->op->actor, WORK_SIZE_MAX);
        err = segment_cursor_next(&work, cursor, &entry);
        if (err == ERR_OK) {
            entry_count(&entry, sums);
        } else if (err != ERR_ABSENT) {
            sums->damaged++;
            err = found(checking, path, err, &work);
        }
        op_end(&work);
        if (err != ERR_OK && err != ERR_ABSENT) {
            return err;
        }
    }
    return ERR_OK;
}

static enum err segment_check_all(struct checking *checking, struct span path,
                                  const struct history_part *part)
{
    struct segment_cursor *cursor;
    struct sums sums = { 0 };
    struct op work;
    op_begin(&work, &checking->op->actor, WORK_SIZE_MAX);
    enum err err = found(checking, path, segment_check(&work, part->segment), &work);
    op_end(&work);
    TRY(err);
    TRY(segment_cursor_new(checking->op, part->segment, &cursor));
    err = blocks_check(checking, path, cursor, &sums);
    segment_cursor_free(cursor);
    TRY(err);
    const struct segment_facts *facts = segment_facts(part->segment);
    if (sums.damaged == 0 && (sums.postings != facts->postings || sums.count != facts->count)) {
        tell(checking, "%.*s: it holds another number of postings than it says", SPAN_FMT(path));
    }
    return ERR_OK;
}

/* What was found once and is whole now: it was put back, and waits for somebody to say so. */
static void rest_tell(struct checking *checking, struct span path, const struct history_part *part,
                      uint64_t faults_before)
{
    char name[HISTORY_LOSS_NAME_SIZE];
    if (checking->faults == faults_before && history_part_rests(checking->history, part)) {
        tell(checking,
             "%.*s: was found damaged, and can be read now; end its notice by 'linie history "
             "acknowledge %s'",
             SPAN_FMT(path),
             history_loss_name(history_blocks_lost(checking->history, part->is.number), name));
    }
}

/* The file as it is now, not as it was mapped. */
static enum err part_check(struct checking *checking, const struct history_part *known)
{
    struct history_path path;
    struct history_part part = { .is = known->is };
    struct span name = history_path(checking->history, "seg-", part.is.number, &path);
    uint64_t faults = checking->faults;
    struct op work;
    op_begin(&work, &checking->op->actor, WORK_SIZE_MAX);
    enum err opened = history_part_open(&work, checking->history, &part);
    enum err err = found(checking, name, opened, &work);
    op_end(&work);
    if (opened == ERR_OK) {
        err = segment_check_all(checking, name, &part);
        history_part_close(checking->history, &part);
        rest_tell(checking, name, &part, faults);
    }
    return err;
}

/* ---- the other files ---- */

static void on_wal_damage(void *context, const char *text)
{
    tell(context, "%s", text);
}

static enum err wal_check(struct checking *checking)
{
    struct history *history = checking->history;
    struct history_path path;
    struct live *live;
    struct op work;
    uint64_t number = history->head.wal_number;
    struct live_options options = history_live_options(history, number);
    struct span name = history_path(history, "wal-", number, &path);
    options.write = false;
    options.last = UINT64_MAX;
    options.on_damage = on_wal_damage;
    options.context = checking;
    op_begin(&work, &checking->op->actor, WORK_SIZE_MAX);
    enum err opened = live_open(&work, history->disk, name, &options, &live, NULL);
    enum err err = found(checking, name, opened, &work);
    op_end(&work);
    if (opened != ERR_OK) {
        return err;
    }
    uint64_t last =
        live_last(live) > history->head.through ? live_last(live) : history->head.through;
    uint64_t lost = history_commits_lost(history); /* that is told for itself */
    last = lost > last ? lost : last;
    live_close(live);
    uint64_t known = history->lock != NULL ? history->acknowledged : history->options.acknowledged;
    if (known != UINT64_MAX && last < known) {
        tell(checking, "%.*s: commits up to %" PRIu64 " are missing, which the journal knows",
             SPAN_FMT(name), known);
    }
    return ERR_OK;
}

static enum err manifest_check(struct checking *checking)
{
    struct history_path path;
    struct manifest manifest = { 0 };
    struct op work;
    struct span name = history_path(checking->history, "manifest", 0, &path);
    op_begin(&work, &checking->op->actor, WORK_SIZE_MAX);
    enum err err = found(checking, name,
                         manifest_read(&work, checking->history->disk, name, &manifest), &work);
    op_end(&work);
    if (err == ERR_OK && manifest.damaged) {
        tell(checking, "%.*s: one of its two copies is damaged; the other one serves",
             SPAN_FMT(name));
    }
    return err;
}

/* What is not there any more, and nobody said that it is known. */
static void gone_tell(struct checking *checking)
{
    const struct history *history = checking->history;
    for (size_t i = 0; i < history->loss_count; i++) {
        const struct history_loss *loss = &history->losses[i];
        char name[HISTORY_LOSS_NAME_SIZE];
        struct buf text;
        bool aside = loss->of == HISTORY_LOSS_PLACES && checking->wal_faults == 0;
        if (loss->known || (!loss->gone && !aside)) {
            continue;
        }
        buf_init(&text, HISTORY_LOSS_TEXT_SIZE);
        history_loss_add_text(&text, loss);
        tell(checking, "%s: %.*s", history_loss_name(loss, name), SPAN_FMT(buf_span(&text)));
        buf_done(&text);
    }
}

enum err history_check(struct op *op, struct history *history,
                       void (*on_fault)(void *context, const char *text), void *context,
                       uint64_t *ret_faults)
{
    struct checking checking = {
        .op = op, .history = history, .on_fault = on_fault, .context = context
    };
    TRY(manifest_check(&checking));
    uint64_t faults = checking.faults;
    TRY(wal_check(&checking));
    checking.wal_faults = checking.faults - faults;
    for (size_t i = 0; i < history->part_count; i++) {
        TRY(part_check(&checking, &history->parts[i]));
    }
    gone_tell(&checking);
    *ret_faults = checking.faults;
    return ERR_OK;
}
