// SPDX-License-Identifier: EUPL-1.2
/*
 * What is live, into a segment: sorted by value and hour, its postings by the numbers that the
 * segment has for hosts and ways.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/live_inner.h"

enum {
    PREFIX_SIZE = 6,           /* bytes of the key that are compared without looking at the item */
    SKETCH_BITS_PER_ITEM = 16, /* then one value in some thirty is taken for another */
    BITS_PER_WORD = 64,
};

/* An item on its way to its place. */
struct place {
    uint64_t prefix; /* kind, form, first bytes in the order of segments */
    const struct tally_item *item;
};

/* What is being written. */
struct writing {
    struct segment_writer *writer;
    uint32_t *hosts; /* the segment's numbers for those of the table */
    uint32_t *ways;
    struct place *places;
    size_t count;
    struct history_posting *postings; /* of one value */
    struct history_row *rows;
    uint8_t order[HISTORY_ORDER_SIZE_MAX];
};

/* ---- order ---- */

static bool is_backwards(const struct tally_item *item)
{
    return item->kind == VALUE_DOMAIN && item->form != HISTORY_HASHED;
}

static uint64_t prefix_of(const struct tally_item *item)
{
    bool backwards = is_backwards(item);
    uint64_t prefix = (uint64_t)item->kind << 8 | item->form;
    for (size_t i = 0; i < PREFIX_SIZE; i++) {
        uint8_t byte = 0;
        if (i < item->key_size) {
            byte = item->key[backwards ? item->key_size - 1 - i : i];
        }
        prefix = prefix << 8 | byte;
    }
    return prefix;
}

static int backwards_compare(const struct tally_item *a, const struct tally_item *b)
{
    size_t size = a->key_size < b->key_size ? a->key_size : b->key_size;
    for (size_t i = 1; i <= size; i++) {
        int difference = a->key[a->key_size - i] - b->key[b->key_size - i];
        if (difference != 0) {
            return difference;
        }
    }
    return a->key_size - b->key_size;
}

/* Kind and form are the same. */
static int keys_compare(const struct tally_item *a, const struct tally_item *b)
{
    if (is_backwards(a)) {
        return backwards_compare(a, b);
    }
    return span_compare(span_make(a->key, a->key_size), span_make(b->key, b->key_size));
}

static int places_compare(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    if (a->prefix != b->prefix) {
        return a->prefix < b->prefix ? -1 : 1;
    }
    int difference = keys_compare(a->item, b->item);
    if (difference != 0) {
        return difference;
    }
    uint32_t hour_a = a->item->first_s / HISTORY_HOUR_S;
    uint32_t hour_b = b->item->first_s / HISTORY_HOUR_S;
    return (hour_a > hour_b) - (hour_a < hour_b);
}

static int postings_compare(const void *left, const void *right)
{
    const struct history_posting *a = left;
    const struct history_posting *b = right;
    if (a->host != b->host) {
        return a->host < b->host ? -1 : 1;
    }
    return (a->way > b->way) - (a->way < b->way);
}

/* ---- preparing ---- */

static enum err fail_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "out of memory for writing what was seen in the last hour");
}

static enum err names_write(struct op *op, const struct live_table *table, struct writing *writing)
{
    size_t hosts = names_count(&table->hosts);
    size_t ways = names_count(&table->ways);
    writing->hosts = memory_new_array(hosts, sizeof *writing->hosts);
    writing->ways = memory_new_array(ways, sizeof *writing->ways);
    if (writing->hosts == NULL || writing->ways == NULL) {
        return fail_memory(op);
    }
    for (uint32_t i = 0; i < hosts; i++) {
        TRY(segment_writer_host(op, writing->writer, names_at(&table->hosts, i),
                                &writing->hosts[i]));
    }
    for (uint32_t i = 0; i < ways; i++) {
        const struct history_way way = names_way(names_at(&table->ways, i));
        TRY(segment_writer_way(op, writing->writer, &way, &writing->ways[i]));
    }
    return ERR_OK;
}

static enum err places_sort(struct op *op, const struct tally *tally, struct writing *writing)
{
    writing->count = tally->slots.count;
    writing->places = memory_new_array(writing->count, sizeof *writing->places);
    if (writing->places == NULL) {
        return fail_memory(op);
    }
    struct place *place = writing->places;
    for (size_t at = 0; at < tally->size; at = tally_next(tally, at)) {
        const struct tally_item *item = tally_at(tally, at);
        *place = (struct place){ prefix_of(item), item };
        place++;
    }
    must((size_t)(place - writing->places) == writing->count);
    if (writing->count > 1) {
        qsort(writing->places, writing->count, sizeof *writing->places, places_compare);
    }
    return ERR_OK;
}

/* How many items from `begin` on are of one value. */
static size_t value_size(const struct writing *writing, size_t begin)
{
    const struct place *first = &writing->places[begin];
    size_t size = 1;
    while (begin + size < writing->count && writing->places[begin + size].prefix == first->prefix &&
           keys_compare(writing->places[begin + size].item, first->item) == 0) {
        size++;
    }
    return size;
}

static enum err room_make(struct op *op, struct writing *writing)
{
    size_t largest = 1;
    for (size_t begin = 0; begin < writing->count;) {
        size_t size = value_size(writing, begin);
        largest = size > largest ? size : largest;
        begin += size;
    }
    writing->postings = memory_new_array(largest, sizeof *writing->postings);
    writing->rows = memory_new_array(largest, sizeof *writing->rows);
    return writing->postings == NULL || writing->rows == NULL ? fail_memory(op) : ERR_OK;
}

/* ---- writing ---- */

/* The rows of a value; returns how many. */
static size_t rows_make(struct writing *writing, size_t begin, size_t size)
{
    size_t rows = 0;
    for (size_t i = 0; i < size; i++) {
        const struct tally_item *item = writing->places[begin + i].item;
        uint32_t start_s = history_span_start(HISTORY_HOUR, item->first_s);
        if (rows == 0 || writing->rows[rows - 1].start_s != start_s) {
            writing->rows[rows] = (struct history_row){ .start_s = start_s,
                                                        .width = HISTORY_HOUR,
                                                        .postings = &writing->postings[i] };
            rows++;
        }
        writing->rows[rows - 1].posting_count++;
        writing->postings[i] = (struct history_posting){
            .host = writing->hosts[item->host],
            .way = writing->ways[item->way],
            .first_s = item->first_s,
            .last_s = item->last_s,
            .count = item->count,
        };
    }
    struct history_posting *postings = writing->postings;
    for (size_t i = 0; i < rows; i++) {
        qsort(postings, writing->rows[i].posting_count, sizeof *postings, postings_compare);
        postings += writing->rows[i].posting_count;
    }
    return rows;
}

static enum err values_write(struct op *op, struct writing *writing)
{
    for (size_t begin = 0; begin < writing->count;) {
        const struct tally_item *item = writing->places[begin].item;
        size_t size = value_size(writing, begin);
        enum value_kind kind = (enum value_kind)item->kind;
        enum history_form form = (enum history_form)item->form;
        history_order(kind, form, span_make(item->key, item->key_size), writing->order);
        const struct history_entry entry = {
            .kind = kind,
            .form = form,
            .order = { writing->order, item->key_size },
            .row_count = rows_make(writing, begin, size),
            .rows = writing->rows,
        };
        TRY(segment_writer_add(op, writing->writer, &entry));
        begin += size;
    }
    return ERR_OK;
}

enum err live_write(struct op *op, struct live *live, struct segment_writer *writer)
{
    struct writing *writing = memory_new(sizeof *writing);
    if (writing == NULL) {
        return fail_memory(op);
    }
    writing->writer = writer;
    enum err err = names_write(op, &live->table, writing);
    err = err == ERR_OK ? places_sort(op, &live->table.tally, writing) : err;
    err = err == ERR_OK ? room_make(op, writing) : err;
    err = err == ERR_OK ? values_write(op, writing) : err;
    memory_free(writing->hosts);
    memory_free(writing->ways);
    memory_free(writing->places);
    memory_free(writing->postings);
    memory_free(writing->rows);
    memory_free(writing);
    return err;
}

/* ---- the filter ---- */

/* Values are told apart by a bit each: as they were sorted it would be exact, and take longer. */
uint64_t live_filter_keys(const struct live *live)
{
    const struct tally *tally = &live->table.tally;
    size_t bits = (size_t)tally->slots.count * SKETCH_BITS_PER_ITEM + 1;
    uint64_t *sketch = memory_new_array(bits / BITS_PER_WORD + 1, sizeof *sketch);
    uint64_t keys = 0;
    for (size_t at = 0; at < tally->size; at = tally_next(tally, at)) {
        const struct tally_item *item = tally_at(tally, at);
        struct span key = span_make(item->key, item->key_size);
        uint64_t hash = hash_bytes(&tally->secret, key) ^ item->kind ^ (uint64_t)item->form << 8;
        uint64_t *word = sketch == NULL ? NULL : &sketch[hash % bits / BITS_PER_WORD];
        uint64_t bit = UINT64_C(1) << hash % bits % BITS_PER_WORD;
        if (word == NULL || (*word & bit) == 0) {
            keys += segment_filter_keys((enum value_kind)item->kind, (enum history_form)item->form,
                                        key);
        }
        if (word != NULL) {
            *word |= bit;
        }
    }
    memory_free(sketch);
    return keys;
}
