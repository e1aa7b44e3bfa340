// SPDX-License-Identifier: EUPL-1.2
/*
 * What is live, into a segment, in steps: sorted in runs that fit the caches, then merged as it is
 * written. A step takes a run, or some values, or a piece of what follows the blocks: whoever makes
 * a segment can take in records in between.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/live_inner.h"
#include "os/clock.h"

enum {
    RUN_SIZE = 4096,           /* items that are sorted at once */
    WRITE_SIZE = 256,          /* that are written between looks at the clock */
    WORD_SIZE = 8,             /* a place has two words of the key */
    SKETCH_BITS_PER_ITEM = 16, /* then one value in some thirty is taken for another */
    BITS_PER_WORD = 64,
    TAG_SHIFT = 56, /* kind and form stand before the first bytes of a key */
    BYTE_BITS = 8,
    FORM_BITS = 2,
};

_Static_assert(HISTORY_FORM_COUNT <= 1 << FORM_BITS && VALUE_KIND_COUNT <= 1 << 6,
               "kind and form are one byte");

/* An item on its way to its place: most are told apart by these words. */
struct place {
    uint64_t high; /* kind, form, first bytes in the order of segments */
    uint64_t low;  /* the bytes behind these */
    const struct tally_item *item;
};

/* Places that are in order. */
struct run {
    const struct place *at;
    const struct place *end;
};

struct live_writing {
    const struct live_table *table;
    struct disk_file *file;
    struct segment_options options;
    struct segment_writer *writer; /* NULL: it is being sorted */
    struct place *places;
    size_t item_at;     /* of the table, which is sorted next */
    size_t place_count; /* that are in runs */
    uint64_t *sketch;   /* of the values: how many keys the filter will be told */
    size_t sketch_bits;
    struct run *heap; /* the lowest first */
    size_t heap_count;
    bool finishes;
    const struct tally_item *value; /* of the entry that is put together; NULL: none is */
    size_t row_count;
    size_t posting_count;
    struct history_row rows[SEGMENT_PIECE_POSTINGS_MAX];
    struct history_posting postings[SEGMENT_PIECE_POSTINGS_MAX];
    uint8_t order[HISTORY_ORDER_SIZE_MAX];
};

static enum err fail_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "out of memory for writing what was seen in the last hour");
}

/* ---- order ---- */

static bool is_backwards(const struct tally_item *item)
{
    return item->kind == VALUE_DOMAIN && item->form != HISTORY_HASHED;
}

/* So that the first byte counts most. */
static uint64_t word_of(const uint8_t *bytes)
{
    uint64_t word;
    span_copy(&word, sizeof word, span_make(bytes, sizeof word));
    return __builtin_bswap64(word);
}

/* What is turned is turned by reading it as a number. */
static uint64_t word_turned(const uint8_t *bytes)
{
    uint64_t word;
    span_copy(&word, sizeof word, span_make(bytes, sizeof word));
    return word;
}

static struct place place_of(const struct tally_item *item)
{
    uint8_t bytes[2 * WORD_SIZE] = { 0 };
    size_t size = item->key_size < sizeof bytes ? item->key_size : sizeof bytes;
    struct span key = span_make(item->key, item->key_size);
    uint64_t first;
    uint64_t second;
    if (is_backwards(item)) {
        span_copy(bytes + sizeof bytes - size, size, span_from(key, key.size - size));
        first = word_turned(bytes + WORD_SIZE);
        second = word_turned(bytes);
    } else {
        span_copy(bytes, sizeof bytes, span_slice(key, 0, size));
        first = word_of(bytes);
        second = word_of(bytes + WORD_SIZE);
    }
    uint64_t tag = (uint64_t)item->kind << FORM_BITS | item->form;
    return (struct place){ tag << TAG_SHIFT | first >> BYTE_BITS,
                           first << TAG_SHIFT | second >> BYTE_BITS, item };
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

/* By value, hour, host and way. The numbers of hosts and ways are those of the segment: it is told
 * them in this order before anything else. */
static int items_compare(const struct tally_item *a, const struct tally_item *b)
{
    int difference = keys_compare(a, b);
    if (difference != 0) {
        return difference;
    }
    uint32_t hour_a = a->first_s / HISTORY_HOUR_S;
    uint32_t hour_b = b->first_s / HISTORY_HOUR_S;
    if (hour_a != hour_b) {
        return hour_a < hour_b ? -1 : 1;
    }
    if (a->host != b->host) {
        return a->host < b->host ? -1 : 1;
    }
    return (a->way > b->way) - (a->way < b->way);
}

static int places_compare(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    if (a->high != b->high) {
        return a->high < b->high ? -1 : 1;
    }
    if (a->low != b->low) {
        return a->low < b->low ? -1 : 1;
    }
    return items_compare(a->item, b->item);
}

/* ---- begin and end ---- */

static enum err room_make(struct op *op, struct live_writing *writing)
{
    const struct slots *slots = &writing->table->tally.slots;
    size_t runs = slots->count / RUN_SIZE + 1;
    writing->sketch_bits = (size_t)slots->count * SKETCH_BITS_PER_ITEM + 1;
    writing->places = memory_new_array(slots->count, sizeof *writing->places);
    writing->sketch =
        memory_new_array(writing->sketch_bits / BITS_PER_WORD + 1, sizeof *writing->sketch);
    writing->heap = memory_new_array(runs, sizeof *writing->heap);
    bool made = writing->places != NULL && writing->sketch != NULL && writing->heap != NULL;
    return made ? ERR_OK : fail_memory(op);
}

enum err live_writing_new(struct op *op, const struct live *live, bool older,
                          struct disk_file *file, const struct segment_options *options,
                          struct live_writing **ret)
{
    struct live_writing *writing = memory_new(sizeof *writing);
    must(!older || live->older != NULL);
    if (writing == NULL) {
        return fail_memory(op);
    }
    writing->table = older ? live->older : live->table;
    writing->file = file;
    writing->options = *options;
    writing->options.filter_keys_max = 0;
    enum err err = room_make(op, writing);
    if (err != ERR_OK) {
        live_writing_free(writing);
        return err;
    }
    *ret = writing;
    return ERR_OK;
}

void live_writing_free(struct live_writing *writing)
{
    if (writing == NULL) {
        return;
    }
    segment_writer_free(writing->writer);
    memory_free(writing->places);
    memory_free(writing->sketch);
    memory_free(writing->heap);
    memory_free(writing);
}

/* ---- sorting ---- */

/* Values are told apart by a bit each: as they were sorted it would be exact, and come too late. */
static void filter_count(struct live_writing *writing, const struct tally_item *item)
{
    struct span key = span_make(item->key, item->key_size);
    uint64_t hash = hash_bytes_inline(&writing->table->tally.secret, key) ^ item->kind ^
                    (uint64_t)item->form << BYTE_BITS;
    uint64_t *word = &writing->sketch[hash % writing->sketch_bits / BITS_PER_WORD];
    uint64_t bit = UINT64_C(1) << hash % writing->sketch_bits % BITS_PER_WORD;
    if ((*word & bit) == 0) {
        *word |= bit;
        writing->options.filter_keys_max +=
            segment_filter_keys((enum value_kind)item->kind, (enum history_form)item->form, key);
    }
}

static void heap_sink(struct live_writing *writing, size_t at)
{
    struct run *heap = writing->heap;
    struct run run = heap[at];
    size_t below = 2 * at + 1;
    while (below < writing->heap_count) {
        bool right = below + 1 < writing->heap_count &&
                     places_compare(heap[below + 1].at, heap[below].at) < 0;
        below += right ? 1 : 0;
        if (places_compare(run.at, heap[below].at) <= 0) {
            break;
        }
        heap[at] = heap[below];
        at = below;
        below = 2 * at + 1;
    }
    heap[at] = run;
}

static void run_make(struct live_writing *writing)
{
    const struct tally *tally = &writing->table->tally;
    struct place *begin = writing->places + writing->place_count;
    size_t count = 0;
    while (count < RUN_SIZE && writing->item_at < tally->size) {
        const struct tally_item *item = tally_at(tally, writing->item_at);
        filter_count(writing, item);
        begin[count] = place_of(item);
        writing->item_at = tally_next(tally, writing->item_at);
        count++;
    }
    if (count > 1) {
        qsort(begin, count, sizeof *begin, places_compare);
    }
    if (count > 0) {
        writing->heap[writing->heap_count] = (struct run){ begin, begin + count };
        writing->heap_count++;
    }
    writing->place_count += count;
}

static enum err names_write(struct op *op, struct live_writing *writing)
{
    const struct live_table *table = writing->table;
    uint32_t number = 0;
    for (uint32_t i = 0; i < names_count(&table->hosts); i++) {
        TRY(segment_writer_host(op, writing->writer, names_at(&table->hosts, i), &number));
        must(number == i); /* as items_compare() has it */
    }
    for (uint32_t i = 0; i < names_count(&table->ways); i++) {
        const struct history_way way = names_way(names_at(&table->ways, i));
        TRY(segment_writer_way(op, writing->writer, &way, &number));
        must(number == i);
    }
    return ERR_OK;
}

/* All runs are there. */
static enum err writer_begin(struct op *op, struct live_writing *writing)
{
    must(writing->place_count == writing->table->tally.slots.count);
    memory_free(writing->sketch);
    writing->sketch = NULL;
    TRY(segment_writer_new(op, writing->file, &writing->options, &writing->writer));
    for (size_t i = writing->heap_count / 2; i > 0; i--) {
        heap_sink(writing, i - 1);
    }
    return names_write(op, writing);
}

/* ---- writing ---- */

static enum err piece_write(struct op *op, struct live_writing *writing)
{
    const struct tally_item *value = writing->value;
    if (value == NULL || writing->row_count == 0) {
        return ERR_OK;
    }
    const struct history_posting *postings = writing->postings;
    for (size_t i = 0; i < writing->row_count; i++) {
        writing->rows[i].postings = postings;
        postings += writing->rows[i].posting_count;
    }
    enum value_kind kind = (enum value_kind)value->kind;
    enum history_form form = (enum history_form)value->form;
    history_order(kind, form, span_make(value->key, value->key_size), writing->order);
    const struct history_entry entry = {
        .kind = kind,
        .form = form,
        .order = { writing->order, value->key_size },
        .row_count = writing->row_count,
        .rows = writing->rows,
    };
    writing->row_count = 0;
    writing->posting_count = 0;
    return segment_writer_add(op, writing->writer, &entry);
}

static void posting_add(struct live_writing *writing, const struct tally_item *item)
{
    uint32_t start_s = history_span_start(HISTORY_HOUR, item->first_s);
    if (writing->row_count == 0 || writing->rows[writing->row_count - 1].start_s != start_s) {
        writing->rows[writing->row_count] =
            (struct history_row){ .start_s = start_s, .width = HISTORY_HOUR };
        writing->row_count++;
    }
    writing->rows[writing->row_count - 1].posting_count++;
    writing->postings[writing->posting_count] = (struct history_posting){
        .host = item->host,
        .way = item->way,
        .first_s = item->first_s,
        .last_s = item->last_s,
        .count = item->count,
    };
    writing->posting_count++;
}

static bool is_same_value(const struct tally_item *a, const struct tally_item *b)
{
    return a->kind == b->kind && a->form == b->form && a->key_size == b->key_size &&
           memcmp(a->key, b->key, a->key_size) == 0;
}

static const struct tally_item *heap_take(struct live_writing *writing)
{
    struct run *lowest = &writing->heap[0];
    const struct tally_item *item = lowest->at->item;
    lowest->at++;
    if (lowest->at == lowest->end) {
        writing->heap_count--;
        *lowest = writing->heap[writing->heap_count];
    } else {
        __builtin_prefetch(lowest->at->item); /* its turn comes when those of other runs were */
    }
    if (writing->heap_count > 1) {
        heap_sink(writing, 0);
    }
    return item;
}

static enum err item_write(struct op *op, struct live_writing *writing)
{
    const struct tally_item *item = heap_take(writing);
    bool same = writing->value != NULL && is_same_value(writing->value, item);
    if (!same || writing->posting_count == SEGMENT_PIECE_POSTINGS_MAX) {
        TRY(piece_write(op, writing));
        writing->value = item;
    }
    posting_add(writing, item);
    return ERR_OK;
}

static enum err values_step(struct op *op, struct live_writing *writing)
{
    for (size_t i = 0; i < WRITE_SIZE && writing->heap_count > 0; i++) {
        TRY(item_write(op, writing));
    }
    if (writing->heap_count == 0) {
        writing->finishes = true;
        return piece_write(op, writing);
    }
    return ERR_OK;
}

static enum err step(struct op *op, struct live_writing *writing, bool *ret_done)
{
    if (writing->finishes) {
        return segment_writer_finish_step(op, writing->writer, ret_done);
    }
    if (writing->writer != NULL) {
        return values_step(op, writing);
    }
    if (writing->item_at < writing->table->tally.size) {
        run_make(writing);
        return ERR_OK;
    }
    return writer_begin(op, writing);
}

enum err live_writing_step(struct op *op, struct live_writing *writing, int64_t budget_us,
                           bool *ret_done)
{
    int64_t begin_us = os_monotonic_us();
    bool done = false;
    bool time_left = true;
    while (!done && time_left) {
        TRY(step(op, writing, &done));
        time_left = budget_us == INT64_MAX || os_monotonic_us() - begin_us < budget_us;
    }
    *ret_done = done;
    return ERR_OK;
}

struct segment_writer *live_writing_writer(struct live_writing *writing)
{
    must(writing->finishes);
    return writing->writer;
}
