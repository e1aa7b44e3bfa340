// SPDX-License-Identifier: EUPL-1.2
/*
 * Adding and committing; and the change of the manifest, through which everything goes.
 */
#include "history/history.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/history_inner.h"

/* ---- files ---- */

struct span history_path(const struct history *history, const char *name, uint64_t number,
                         struct history_path *path)
{
    char text[HISTORY_PATH_SIZE];
    int size = number == 0
                   ? snprintf(text, sizeof text, "/%s", name)
                   : snprintf(text, sizeof text, "/%s%012llu", name, (unsigned long long)number);
    must(size > 0);
    must(history->folder_size + (size_t)size <= sizeof path->bytes);
    span_copy(path->bytes, sizeof path->bytes, span_make(history->folder, history->folder_size));
    span_copy(path->bytes + history->folder_size, sizeof path->bytes - history->folder_size,
              span_make(text, (size_t)size));
    path->size = history->folder_size + (size_t)size;
    return span_make(path->bytes, path->size);
}

enum err history_sync(struct op *op, struct history *history)
{
    return disk_sync_folder(op, history->disk, span_make(history->folder, history->folder_size));
}

/* A sound segment under the name of another one is not what the manifest means. */
static bool facts_equal(const struct segment_facts *a, const struct segment_facts *b)
{
    bool equal = a->values == b->values && a->rows == b->rows && a->postings == b->postings &&
                 a->count == b->count && a->first_s == b->first_s && a->last_s == b->last_s &&
                 a->size == b->size && a->blocks == b->blocks && a->filter_keys == b->filter_keys;
    for (size_t i = 0; i < VALUE_KIND_COUNT; i++) {
        equal = equal && a->kind_values[i] == b->kind_values[i];
    }
    return equal;
}

enum err history_part_open(struct op *op, const struct history *history, struct history_part *part)
{
    struct history_path path;
    struct span name = history_path(history, "seg-", part->is.number, &path);
    TRY(disk_map(op, history->disk, name, &part->map));
    enum err err = segment_open(op, part->map, &history->head.secret, &part->segment);
    part->stranger = err == ERR_OK && !facts_equal(segment_facts(part->segment), &part->is.facts);
    if (part->stranger) {
        err = op_fail(op, ERR_CORRUPT, "it is another segment than the manifest means");
    }
    if (err != ERR_OK) {
        history_part_close(history, part);
        return err;
    }
    segment_tell_disk(part->segment, history->disk);
    return ERR_OK;
}

void history_part_close(const struct history *history, struct history_part *part)
{
    segment_close(part->segment);
    disk_unmap(history->disk, part->map);
    part->segment = NULL;
    part->map = span_make(NULL, 0);
}

void history_file_remove(struct history *history, const char *name, uint64_t number)
{
    const struct actor actor = { .name = SPAN("history") };
    struct history_path path;
    struct op work;
    op_begin(&work, &actor, 0);
    enum err err = disk_remove(&work, history->disk, history_path(history, name, number, &path));
    (void)err;
    op_end(&work);
}

/* ---- the manifest ---- */

struct history_change history_change_none(const struct history *history)
{
    return (struct history_change){ .through = history->head.through,
                                    .wal_number = history->head.wal_number };
}

static bool is_removed(const struct history_change *change, uint64_t number)
{
    size_t i = 0;
    while (i < change->removed_count && change->removed[i] != number) {
        i++;
    }
    return i < change->removed_count;
}

static int parts_compare(const void *left, const void *right)
{
    const struct history_part *a = left;
    const struct history_part *b = right;
    if (a->is.facts.first_s != b->is.facts.first_s) {
        return a->is.facts.first_s < b->is.facts.first_s ? -1 : 1;
    }
    return (a->is.number > b->is.number) - (a->is.number < b->is.number);
}

/* The parts as they will be. */
static enum err parts_make(struct op *op, const struct history *history,
                           const struct history_change *change, struct history_part **ret,
                           size_t *ret_count)
{
    struct history_part *parts = memory_new_array(history->part_count + 1, sizeof *parts);
    if (parts == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the segments of the history");
    }
    size_t count = 0;
    for (size_t i = 0; i < history->part_count; i++) {
        if (!is_removed(change, history->parts[i].is.number)) {
            parts[count] = history->parts[i];
            count++;
        }
    }
    if (change->part != NULL) {
        parts[count] = *change->part;
        count++;
    }
    if (count > MANIFEST_SEGMENT_COUNT_MAX) {
        memory_free(parts);
        return op_fail(op, ERR_LIMIT, "the history has more than %d segments",
                       (int)MANIFEST_SEGMENT_COUNT_MAX);
    }
    qsort(parts, count, sizeof *parts, parts_compare);
    *ret = parts;
    *ret_count = count;
    return ERR_OK;
}

/* Beside the manifest, for the day on which that is lost. It need not be durable, nor whole: it is
 * used where nothing better is there. */
static void copy_write(struct op *op, struct history *history, const struct manifest *manifest)
{
    struct history_path path;
    struct op work;
    op_begin(&work, &op->actor, 0);
    enum err err = manifest_write_copy(&work, history->disk,
                                       history_path(history, "manifest.copy", 0, &path), manifest);
    (void)err;
    op_end(&work);
}

static enum err head_make(struct op *op, const struct manifest *head,
                          const struct history_part *parts, size_t count, struct manifest *ret)
{
    *ret = *head;
    ret->segments = memory_new_array(count, sizeof *ret->segments);
    if (ret->segments == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the manifest of the history");
    }
    ret->segment_count = count;
    for (size_t i = 0; i < count; i++) {
        ret->segments[i] = parts[i].is;
    }
    return ERR_OK;
}

void history_copy_write(struct op *op, struct history *history)
{
    struct manifest manifest;
    struct manifest head = history->head;
    struct op work;
    head.losses = history->losses;
    head.loss_count = history->loss_count;
    op_begin(&work, &op->actor, 0);
    if (head_make(&work, &head, history->parts, history->part_count, &manifest) == ERR_OK) {
        copy_write(op, history, &manifest);
        memory_free(manifest.segments);
    }
    op_end(&work);
}

/* `head` has the losses. */
static enum err head_write(struct op *op, struct history *history, const struct manifest *head,
                           const struct history_part *parts, size_t count)
{
    struct history_path path;
    struct manifest manifest;
    TRY(head_make(op, head, parts, count, &manifest));
    history->head.generation = head->generation; /* also of one that failed: perhaps it is there */
    enum err err =
        manifest_write(op, history->disk, history_path(history, "manifest", 0, &path), &manifest);
    history->doubt = err != ERR_OK;
    history->clock_kept_s = err == ERR_OK ? head->clock_s : history->clock_kept_s;
    if (err == ERR_OK) {
        copy_write(op, history, &manifest);
    }
    memory_free(manifest.segments);
    return err;
}

static void removed_close(struct history *history, const struct history_change *change)
{
    for (size_t i = 0; i < history->part_count; i++) {
        if (is_removed(change, history->parts[i].is.number)) {
            history_part_close(history, &history->parts[i]);
        }
    }
    for (size_t i = 0; i < change->removed_count; i++) {
        history_file_remove(history, "seg-", change->removed[i]);
    }
}

enum err history_change(struct op *op, struct history *history, const struct history_change *change)
{
    struct history_part *parts = NULL;
    size_t count = 0;
    must(!history->doubt);
    struct manifest head = history->head;
    head.generation++;
    head.through = change->through;
    head.wal_number = change->wal_number;
    TRY(history_losses_change(op, history, change, &head.losses, &head.loss_count));
    enum err err = parts_make(op, history, change, &parts, &count);
    err = err == ERR_OK ? head_write(op, history, &head, parts, count) : err;
    if (err != ERR_OK) {
        memory_free(head.losses);
        memory_free(parts);
        return err;
    }
    memory_free(history->losses);
    history->losses = head.losses;
    history->losses_changed = history->losses_changed || change->loss != NULL;
    history->loss_count = head.loss_count;
    head.losses = NULL;
    head.loss_count = 0;
    uint64_t wal_before = history->head.wal_number;
    removed_close(history, change);
    if (change->wal_number != wal_before) {
        history_file_remove(history, "wal-", wal_before);
    }
    memory_free(history->parts);
    history->parts = parts;
    history->part_count = count;
    history->head = head;
    return ERR_OK;
}

enum err history_settle(struct op *op, struct history *history)
{
    uint64_t removed;
    if (!history->doubt) {
        return ERR_OK;
    }
    history_job_drop(history);
    history_flush_drop(history);
    struct manifest head = history->head;
    head.generation++;
    head.losses = history->losses;
    head.loss_count = history->loss_count;
    TRY(head_write(op, history, &head, history->parts, history->part_count));
    return history_strays_remove(op, history, &removed);
}

/* ---- adding ---- */

enum err history_add(struct op *op, struct history *history, struct span record)
{
    must(history->lock != NULL);
    return live_add(op, history->live, record);
}

void history_drop(struct history *history)
{
    must(history->lock != NULL);
    live_drop(history->live);
}

enum err history_commit(struct op *op, struct history *history, uint64_t *ret_number)
{
    must(history->lock != NULL);
    if (live_waiting(history->live) > 0) {
        enum err err = history_settle(op, history); /* else this write-ahead file may be none */
        err = err == ERR_OK ? live_commit(op, history->live, history->commit + 1) : err;
        if (err == ERR_IO) {
            live_drop(history->live);
        }
        TRY(err);
        history->commit++;
    }
    *ret_number = history->commit;
    return ERR_OK;
}

void history_acknowledged(struct history *history)
{
    history->acknowledged = history->commit;
}

struct live_options history_live_options(const struct history *history, uint64_t number)
{
    return (struct live_options){
        .write = history->lock != NULL,
        .last = history->options.acknowledged,
        .history = history->head.history,
        .number = number,
        .seed = hash_bytes(&history->head.secret, span_make(&number, sizeof number)),
    };
}

/* ---- what there is ---- */

enum err history_segments(struct op *op, struct history *history, const struct segment *const **ret,
                          size_t *ret_count)
{
    size_t room = history->part_count + HISTORY_LIVE_PARTS;
    TRY(history_memory_make(op, history));
    const struct segment **list = memory_new_array(room, sizeof(*list));
    if (list == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the segments of the history");
    }
    size_t count = 0;
    for (size_t i = 0; i < history->part_count; i++) {
        if (history->parts[i].segment != NULL) {
            list[count] = history->parts[i].segment;
            count++;
        }
    }
    for (size_t i = 0; i < HISTORY_LIVE_PARTS; i++) {
        if (history->memory[i].segment != NULL) {
            list[count] = history->memory[i].segment;
            count++;
        }
    }
    memory_free(history->list);
    history->list = list;
    *ret = list;
    *ret_count = count;
    return ERR_OK;
}

static void facts_add(struct segment_facts *sum, const struct segment_facts *facts)
{
    sum->values += facts->values;
    sum->rows += facts->rows;
    sum->postings += facts->postings;
    sum->count += facts->count;
    sum->first_s = facts->first_s < sum->first_s ? facts->first_s : sum->first_s;
    sum->last_s = facts->last_s > sum->last_s ? facts->last_s : sum->last_s;
    sum->size += facts->size;
    sum->blocks += facts->blocks;
    sum->filter_keys += facts->filter_keys;
    for (size_t i = 0; i < VALUE_KIND_COUNT; i++) {
        sum->kind_values[i] += facts->kind_values[i];
    }
}

enum err history_stats(struct op *op, struct history *history, struct history_stats *ret)
{
    const struct segment *const *segments;
    size_t count;
    TRY(history_segments(op, history, &segments, &count));
    struct history_stats stats = {
        .facts.first_s = UINT32_MAX,
        .segments = history->part_count,
        .size = live_size(history->live),
        .live_count = live_count(history->live),
        .generation = history->head.generation,
        .commit = history->commit,
    };
    for (size_t i = 0; i < count; i++) {
        facts_add(&stats.facts, segment_facts(segments[i]));
    }
    for (size_t i = 0; i < history->part_count; i++) {
        const struct history_part *part = &history->parts[i];
        stats.damaged += part->segment == NULL;
        stats.size += part->is.facts.size;
    }
    const struct history_loss *losses = NULL;
    size_t loss_count = 0;
    TRY(history_losses(op, history, &losses, &loss_count));
    for (size_t i = 0; i < loss_count; i++) {
        stats.losses += losses[i].known ? 0 : 1;
        stats.losses_known += losses[i].known ? 1 : 0;
    }
    *ret = stats;
    return ERR_OK;
}

const struct history_rules *history_rules(const struct history *history)
{
    return history->options.rules;
}
