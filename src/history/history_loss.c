// SPDX-License-Identifier: EUPL-1.2
/*
 * What was lost: kept in the manifest, by the change that leaves it out, and told until a person
 * says that it is known.
 */
#include "base/memory.h"
#include "base/must.h"
#include "base/time.h"
#include "history/history_inner.h"
#include "os/clock.h"

/* ---- finding ---- */

static bool is_of_segment(const struct history_loss *loss)
{
    return loss->of == HISTORY_LOSS_SEGMENT || loss->of == HISTORY_LOSS_BLOCKS;
}

/* Whether both are about one file: of that one sentence is told. */
static bool is_same(const struct history_loss *a, const struct history_loss *b)
{
    return a->file == b->file && (a->of == b->of || (is_of_segment(a) && is_of_segment(b)));
}

const struct history_loss *history_blocks_lost(const struct history *history, uint64_t number)
{
    for (size_t i = 0; i < history->loss_count; i++) {
        const struct history_loss *loss = &history->losses[i];
        if (loss->of == HISTORY_LOSS_BLOCKS && loss->file == number) {
            return loss;
        }
    }
    return NULL;
}

bool history_part_rests(const struct history *history, const struct history_part *part)
{
    const struct history_loss *loss = history_blocks_lost(history, part->is.number);
    return loss != NULL && !loss->known;
}

uint64_t history_kinds_of(const struct segment_facts *facts)
{
    uint64_t kinds = 0;
    for (unsigned kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        kinds |= facts->kind_values[kind] > 0 ? UINT64_C(1) << kind : 0;
    }
    return kinds;
}

struct history_loss history_part_loss(const struct history_part *part, enum history_loss_of of,
                                      uint64_t count, uint64_t kinds)
{
    return (struct history_loss){
        .of = of,
        .file = part->is.number,
        .count = count,
        .kinds = part->stranger ? HISTORY_LOSS_KINDS_ALL : kinds,
        .first_s = part->is.facts.first_s,
        .last_s = part->is.facts.last_s,
    };
}

/* ---- what the manifest keeps ---- */

static uint32_t clock_seconds(void)
{
    int64_t now_s = os_clock_us() / US_PER_S;
    return now_s < 0 || now_s > UINT32_MAX ? UINT32_MAX : (uint32_t)now_s;
}

static void put_together(struct history_loss *loss, const struct history_loss *other)
{
    loss->count += other->count;
    loss->kinds |= other->kinds;
    loss->first_s = other->first_s < loss->first_s ? other->first_s : loss->first_s;
    loss->last_s = other->last_s > loss->last_s ? other->last_s : loss->last_s;
    loss->known = loss->known && other->known;
}

/* Where there are too many: the first that is known makes room, else the last two become one. */
static void make_room(struct history_loss *losses, size_t *count)
{
    size_t at = 0;
    while (at < *count && !(losses[at].known && losses[at].gone)) {
        at++;
    }
    if (at == *count) {
        put_together(&losses[*count - 2], &losses[*count - 1]);
        (*count)--;
        return;
    }
    for (size_t i = at; i + 1 < *count; i++) {
        losses[i] = losses[i + 1];
    }
    (*count)--;
}

/* What is known of a file stays known unless there is more of it. */
static void loss_put(struct history_loss *losses, size_t *count, const struct history_loss *loss)
{
    struct history_loss put = *loss;
    size_t at = 0;
    while (at < *count && !is_same(&losses[at], loss)) {
        at++;
    }
    if (at < *count) {
        put.known = put.known || (losses[at].known && losses[at].count >= put.count);
        put.found_s = losses[at].found_s;
        put.gone = put.gone || losses[at].gone;
        losses[at] = put;
        return;
    }
    put.found_s = clock_seconds();
    if (*count == HISTORY_LOSS_COUNT_MAX) {
        make_room(losses, count);
    }
    losses[*count] = put;
    (*count)++;
}

/* Whether the file goes with a change. */
static bool goes(const struct history_change *change, const struct history_loss *loss)
{
    if (loss->of == HISTORY_LOSS_PLACES) {
        return loss->file != change->wal_number;
    }
    for (size_t i = 0; i < change->removed_count && is_of_segment(loss); i++) {
        if (change->removed[i] == loss->file) {
            return true;
        }
    }
    return false;
}

enum err history_losses_change(struct op *op, const struct history *history,
                               const struct history_change *change, struct history_loss **ret,
                               size_t *ret_count)
{
    struct history_loss *losses = memory_new_array(HISTORY_LOSS_COUNT_MAX, sizeof *losses);
    size_t count = history->loss_count;
    if (losses == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for what the history has lost");
    }
    for (size_t i = 0; i < count; i++) {
        losses[i] = history->losses[i];
        losses[i].gone = losses[i].gone || goes(change, &losses[i]);
    }
    if (change->loss != NULL) {
        loss_put(losses, &count, change->loss);
    }
    *ret = losses;
    *ret_count = count;
    return ERR_OK;
}

enum err history_losses_take(struct op *op, struct history *history)
{
    size_t count = history->head.loss_count;
    struct history_loss *losses = memory_new_array(HISTORY_LOSS_COUNT_MAX, sizeof *losses);
    if (losses == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for what the history has lost");
    }
    for (size_t i = 0; i < count; i++) {
        losses[i] = history->head.losses[i];
    }
    memory_free(history->losses);
    history->losses = losses;
    history->loss_count = count;
    history->head.losses = NULL;
    history->head.loss_count = 0;
    return ERR_OK;
}

enum err history_loss_record(struct op *op, struct history *history,
                             const struct history_loss *loss)
{
    struct history_change change = history_change_none(history);
    TRY(history_settle(op, history));
    change.loss = loss;
    return history_change(op, history, &change);
}

/* ---- as it is opened ---- */

/* Nobody knows what stood in a write-ahead file: of lines that come late it may be any hour. */
static struct history_loss loss_of_live(enum history_loss_of of, uint64_t file, uint64_t count)
{
    return (struct history_loss){ .of = of,
                                  .file = file,
                                  .count = count,
                                  .kinds = HISTORY_LOSS_KINDS_ALL,
                                  .last_s = UINT32_MAX };
}

static struct history_loss loss_of_places(const struct history *history)
{
    return loss_of_live(HISTORY_LOSS_PLACES, history->head.wal_number, history->places);
}

static struct history_loss loss_of_commits(const struct history *history)
{
    return loss_of_live(HISTORY_LOSS_COMMITS, history->options.acknowledged, history->behind);
}

uint64_t history_commits_lost(const struct history *history)
{
    uint64_t last = 0;
    for (size_t i = 0; i < history->loss_count; i++) {
        const struct history_loss *loss = &history->losses[i];
        last = loss->of == HISTORY_LOSS_COMMITS && loss->file > last ? loss->file : last;
    }
    return last;
}

static bool is_recorded(const struct history *history, const struct history_loss *loss)
{
    for (size_t i = 0; i < history->loss_count; i++) {
        const struct history_loss *known = &history->losses[i];
        if (is_same(known, loss) && known->count >= loss->count) {
            return true;
        }
    }
    return false;
}

enum err history_losses_open(struct op *op, struct history *history)
{
    struct history_loss places = loss_of_places(history);
    struct history_loss commits = loss_of_commits(history);
    if (history->places > 0 && !is_recorded(history, &places)) {
        TRY(history_loss_record(op, history, &places));
    }
    if (history->behind > 0) {
        commits.gone = true;
        TRY(history_loss_record(op, history, &commits));
        history->behind = 0;
    }
    return ERR_OK;
}

/* ---- telling ---- */

enum err history_losses(struct op *op, struct history *history, const struct history_loss **ret,
                        size_t *ret_count)
{
    enum { OF_LIVE = 2 };
    struct history_loss *losses =
        memory_new_array(history->loss_count + history->part_count + OF_LIVE, sizeof *losses);
    size_t count = 0;
    if (losses == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for what the history has lost");
    }
    for (size_t i = 0; i < history->loss_count; i++) {
        losses[count] = history->losses[i];
        count++;
    }
    for (size_t i = 0; i < history->part_count; i++) {
        const struct history_part *part = &history->parts[i];
        uint64_t kinds = history_kinds_of(&part->is.facts);
        if (part->segment == NULL) {
            losses[count] = history_part_loss(part, HISTORY_LOSS_SEGMENT, 1, kinds);
            count++;
        }
    }
    const struct history_loss places = loss_of_places(history);
    const struct history_loss commits = loss_of_commits(history);
    if (history->places > 0 && !is_recorded(history, &places)) {
        losses[count] = places;
        count++;
    }
    if (history->behind > 0) {
        losses[count] = commits;
        count++;
    }
    memory_free((void *)(uintptr_t)history->told);
    history->told = losses;
    *ret = losses;
    *ret_count = count;
    return ERR_OK;
}

bool history_losses_changed(struct history *history)
{
    bool changed = history->losses_changed;
    history->losses_changed = false;
    return changed;
}

/* ---- write-ahead files that were kept aside ---- */

enum err history_aside_remove(struct op *op, struct history *history)
{
    struct span *names;
    size_t count;
    TRY(disk_list(op, history->disk, span_make(history->folder, history->folder_size), &names,
                  &count));
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        struct history_path path;
        if (history_file_number(names[i], SPAN("bad-"), &number) && number > 0) {
            TRY(disk_remove(op, history->disk, history_path(history, "bad-", number, &path)));
        }
    }
    return history_sync(op, history);
}

/* ---- knowing ---- */

/* A segment that cannot be read goes; of one that can, damaged blocks go when it is merged. */
static enum err loss_end(struct op *op, struct history *history, const struct history_loss *loss)
{
    struct history_loss known = *loss;
    struct history_change change = history_change_none(history);
    TRY(history_settle(op, history));
    known.known = true;
    change.loss = &known;
    if (loss->of == HISTORY_LOSS_SEGMENT && !loss->gone) {
        known.gone = true;
        change.removed = &loss->file;
        change.removed_count = 1;
    }
    return history_change(op, history, &change);
}

enum err history_loss_know(struct op *op, struct history *history, struct span name)
{
    const struct history_loss *losses = NULL;
    size_t count = 0;
    must(history->lock != NULL);
    must(!history->is_between);
    history_job_drop(history);
    TRY(history_losses(op, history, &losses, &count));
    for (size_t i = 0; i < count; i++) {
        char text[HISTORY_LOSS_NAME_SIZE];
        const struct history_loss loss = losses[i];
        if (!loss.known && span_equal(span_of(history_loss_name(&loss, text)), name)) {
            TRY(loss_end(op, history, &loss));
            return loss.of == HISTORY_LOSS_PLACES ? history_aside_remove(op, history) : ERR_OK;
        }
    }
    return op_fail(op, ERR_ABSENT, "%.*s: no loss of this name is to be told", SPAN_FMT(name));
}
