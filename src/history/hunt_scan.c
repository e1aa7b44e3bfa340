// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading all values of a kind past an index of the questions. One cursor reads keys and puts them
 * to the index in batches, so that no value waits for memory; a second one goes to those that met
 * something and reads their rows.
 */
#include "base/memory.h"
#include "base/must.h"
#include "history/hunt_inner.h"
#include "match/layout.h"
#include "os/random.h"

enum {
    BATCH_VALUES = 256,
    DRAIN_AT = 8 * BATCH_VALUES, /* candidates that may gather: marks repeat */
    BATCH_CANDIDATES = DRAIN_AT + MATCH_BATCH_CANDIDATES_MAX,
};

struct hunt_scan {
    struct match_batch batch;
    uint32_t candidates[BATCH_CANDIDATES];
    struct match_found found[MATCH_FOUND_COUNT_MAX];
    size_t count;                 /* values that are gathered */
    size_t ends[BATCH_VALUES];    /* where their keys end */
    bool candidate[BATCH_VALUES]; /* whether one may meet something */
    struct buf keys;
    struct segment_cursor *hits; /* reads the rows of what met something */
};

/* ---- the index ---- */

/* An image under way. */
struct making {
    struct match_builder *builder;
    struct buf items; /* uint32_t */
    uint16_t origin;
};

static enum err making_begin(struct hunt *hunt, struct making *making, size_t count)
{
    const struct match_origin origin = { .source = SPAN("questions") };
    struct hash_secret secret;
    os_random(secret.bytes, sizeof secret.bytes);
    buf_init(&making->items, SIZE_MAX / 2);
    making->builder = NULL;
    TRY(match_builder_new(hunt->op, &secret, count, &making->builder));
    return match_builder_origin(making->builder, &origin, &making->origin);
}

static void making_done(struct making *making)
{
    match_builder_free(making->builder);
    buf_done(&making->items);
}

static enum err no_memory(struct hunt *hunt)
{
    return op_fail(hunt->op, ERR_LIMIT, "no memory for an index of %zu questions",
                   hunt->questions->count);
}

/* What was gathered becomes one more image. */
static enum err making_end(struct hunt *hunt, struct making *making, struct hunt_index *index)
{
    struct hunt_image *images = memory_resize(index->images, (index->count + 1) * sizeof *images);
    if (images == NULL) {
        return no_memory(hunt);
    }
    index->images = images;
    struct hunt_image *image = &images[index->count];
    *image = (struct hunt_image){ 0 };
    TRY(match_builder_finish(making->builder, &image->bytes));
    enum err err = match_image_open(hunt->op, buf_span(&image->bytes), &image->image);
    if (err != ERR_OK) {
        buf_done(&image->bytes);
        return err;
    }
    image->items = (uint32_t *)(void *)making->items.data;
    making->items = (struct buf){ 0 };
    index->count++;
    return ERR_OK;
}

static enum err making_add(struct hunt *hunt, struct making *making, size_t item)
{
    const struct hunt_question *question = hunt_item_question(hunt, item);
    const struct match_indicator indicator = {
        .value = question->value,
        .scope = question->scope,
        .confidence = UINT8_MAX,
        .origin = making->origin,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = TIME_US_NONE,
    };
    const uint32_t number = (uint32_t)item;
    TRY(match_builder_add(making->builder, &indicator));
    buf_add(&making->items, span_make(&number, sizeof number));
    return making->items.err;
}

static enum err index_refused(struct hunt *hunt, enum err err, size_t item)
{
    if (err == ERR_FORMAT) {
        return op_fail(hunt->op, err, "question %u is a pattern that cannot be used",
                       hunt->items[item].question + 1);
    }
    return err == ERR_LIMIT ? no_memory(hunt) : err;
}

/* Fill images: where one takes no more patterns, the next begins. */
static enum err index_fill(struct hunt *hunt, struct hunt_run *run, struct making *making)
{
    for (size_t item = run->begin; item < run->end; item += hunt->items[item].same) {
        enum err err = making_add(hunt, making, item);
        if (err == ERR_FULL && making->items.size > 0) {
            TRY(making_end(hunt, making, &run->index));
            making_done(making);
            TRY(making_begin(hunt, making, 0));
            err = making_add(hunt, making, item);
        }
        if (err != ERR_OK) {
            return index_refused(hunt, err, item);
        }
    }
    return making_end(hunt, making, &run->index);
}

enum err hunt_index_make(struct hunt *hunt, struct hunt_run *run)
{
    struct making making;
    if (run->index.made) {
        return ERR_OK;
    }
    enum err err = making_begin(hunt, &making, run->distinct);
    if (err == ERR_OK) {
        err = index_fill(hunt, run, &making);
    }
    making_done(&making);
    run->index.made = err == ERR_OK;
    return err;
}

void hunt_index_done(struct hunt_index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        match_image_close(index->images[i].image);
        buf_done(&index->images[i].bytes);
        memory_free(index->images[i].items);
    }
    memory_free(index->images);
}

/* ---- scratch ---- */

static enum err scan_make(struct hunt *hunt)
{
    if (hunt->scan != NULL) {
        return ERR_OK;
    }
    hunt->scan = memory_new(sizeof *hunt->scan);
    if (hunt->scan == NULL) {
        return op_fail(hunt->op, ERR_LIMIT, "no memory to look back");
    }
    buf_init(&hunt->scan->keys, (size_t)BATCH_VALUES * HISTORY_ORDER_SIZE_MAX);
    return ERR_OK;
}

void hunt_scan_done(struct hunt *hunt)
{
    if (hunt->scan != NULL) {
        buf_done(&hunt->scan->keys);
        memory_free(hunt->scan);
    }
    hunt->scan = NULL;
}

/* ---- values against the index ---- */

/* The questions of one image that a value meets; its shape is checked. */
static size_t image_find(struct hunt *hunt, const struct hunt_image *image, enum value_kind kind,
                         struct span key)
{
    return match_find(image->image, kind, key, hunt->scan->found, &hunt->result.cut);
}

static enum err found_tell(struct hunt *hunt, const struct hunt_image *image, size_t count,
                           const struct history_entry *entry)
{
    const struct match_found *found = hunt->scan->found;
    for (size_t i = 0; i < count; i++) {
        TRY(hunt_tell(hunt, image->items[found[i].indicator], entry, found[i].rung));
    }
    return ERR_OK;
}

enum err hunt_match(struct hunt *hunt, const struct hunt_run *run,
                    const struct history_entry *entry)
{
    uint8_t key[HISTORY_ORDER_SIZE_MAX];
    TRY(scan_make(hunt));
    history_order(entry->kind, entry->form, entry->order, key);
    struct span value = span_make(key, entry->order.size);
    if (!match_key_fits(entry->kind, value)) {
        return ERR_OK;
    }
    for (size_t i = 0; i < run->index.count; i++) {
        const struct hunt_image *image = &run->index.images[i];
        size_t count = image_find(hunt, image, entry->kind, value);
        TRY(found_tell(hunt, image, count, entry));
    }
    return ERR_OK;
}

/* ---- all values ---- */

static struct span batch_key(const struct hunt_scan *scan, size_t at)
{
    size_t begin = at == 0 ? 0 : scan->ends[at - 1];
    return span_slice(buf_span(&scan->keys), begin, scan->ends[at]);
}

static void candidates_drain(struct hunt_scan *scan)
{
    for (size_t i = 0; i < scan->batch.candidate_count; i++) {
        scan->candidate[scan->batch.candidates[i]] = true;
    }
    scan->batch.candidate_count = 0;
}

/* Which values of the batch an image may know. */
static void batch_probe(struct hunt_scan *scan, const struct hunt_image *image,
                        enum value_kind kind)
{
    memset(scan->candidate, 0, sizeof scan->candidate);
    match_batch_begin(&scan->batch, image->image, scan->candidates, BATCH_CANDIDATES);
    for (size_t i = 0; i < scan->count; i++) {
        match_batch_add(&scan->batch, kind, batch_key(scan, i), (uint32_t)i);
        if (scan->batch.candidate_count > DRAIN_AT) {
            candidates_drain(scan);
        }
    }
    match_batch_flush(&scan->batch);
    candidates_drain(scan);
}

/* Read the rows of a value that met something. */
static enum err hit_tell(struct hunt *hunt, const struct hunt_image *image, enum value_kind kind,
                         struct span key, size_t count)
{
    uint8_t order[HISTORY_ORDER_SIZE_MAX];
    struct segment_cursor *hits = hunt->scan->hits;
    struct history_entry entry;
    history_order(kind, HISTORY_WHOLE, key, order);
    const struct history_entry place = { .kind = kind,
                                         .form = HISTORY_WHOLE,
                                         .order = span_make(order, key.size) };
    segment_cursor_seek(hits, kind, HISTORY_WHOLE, place.order);
    segment_cursor_limit(hits, SEGMENT_REACH_POINT);
    enum err err = hunt_read(hunt, hits, &entry);
    while (err == ERR_OK && history_order_compare(&entry, &place) == 0) {
        TRY(found_tell(hunt, image, count, &entry));
        err = hunt_read(hunt, hits, &entry);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

static enum err batch_ask(struct hunt *hunt, const struct hunt_run *run)
{
    struct hunt_scan *scan = hunt->scan;
    for (size_t i = 0; i < run->index.count; i++) {
        const struct hunt_image *image = &run->index.images[i];
        batch_probe(scan, image, run->kind);
        for (size_t j = 0; j < scan->count; j++) {
            if (!scan->candidate[j]) {
                continue;
            }
            struct span key = batch_key(scan, j);
            size_t count = image_find(hunt, image, run->kind, key);
            if (count > 0) {
                TRY(hit_tell(hunt, image, run->kind, key, count));
            }
        }
    }
    scan->count = 0;
    buf_clear(&scan->keys);
    return ERR_OK;
}

/* Take a value into the batch, but for further pieces of the one before. */
static enum err batch_add(struct hunt *hunt, const struct hunt_run *run,
                          const struct history_entry *entry)
{
    struct hunt_scan *scan = hunt->scan;
    uint8_t key[HISTORY_ORDER_SIZE_MAX];
    history_order(entry->kind, entry->form, entry->order, key);
    struct span value = span_make(key, entry->order.size);
    bool again = scan->count > 0 && span_equal(batch_key(scan, scan->count - 1), value);
    if (again || !match_key_fits(entry->kind, value)) {
        return ERR_OK;
    }
    if (scan->count == BATCH_VALUES) {
        TRY(batch_ask(hunt, run));
    }
    buf_add(&scan->keys, value);
    if (scan->keys.err != ERR_OK) {
        return op_fail(hunt->op, ERR_LIMIT, "no memory to look back");
    }
    scan->ends[scan->count] = scan->keys.size;
    scan->count++;
    return ERR_OK;
}

static enum err values_read(struct hunt *hunt, const struct hunt_run *run)
{
    const struct history_entry first = { .kind = run->kind, .form = HISTORY_WHOLE };
    struct history_entry entry;
    TRY(hunt_seek(hunt, &first, SEGMENT_REACH_ALL));
    enum err err = hunt_read(hunt, hunt->cursor, &entry);
    while (err == ERR_OK && entry.kind == run->kind && entry.form == HISTORY_WHOLE) {
        TRY(batch_add(hunt, run, &entry));
        err = hunt_read(hunt, hunt->cursor, &entry);
    }
    TRY(err == ERR_ABSENT ? ERR_OK : err);
    return batch_ask(hunt, run);
}

enum err hunt_scan_all(struct hunt *hunt, struct hunt_run *run)
{
    TRY(hunt_index_make(hunt, run));
    TRY(scan_make(hunt));
    hunt->scan->count = 0;
    buf_clear(&hunt->scan->keys);
    TRY(segment_cursor_new(hunt->op, hunt->segment, &hunt->scan->hits));
    enum err err = values_read(hunt, run);
    segment_cursor_free(hunt->scan->hits);
    hunt->scan->hits = NULL;
    return err;
}
