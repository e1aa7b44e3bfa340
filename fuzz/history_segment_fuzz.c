// SPDX-License-Identifier: EUPL-1.2
// links: history match policy stix crypt value format os base
/*
 * Bytes as a segment of the history. The first byte chooses:
 *
 *   0  the rest is the segment
 *   1  the rest is damage to a good one, three bytes each (two of place, one to combine); then all
 *      checksums are made right, as somebody would who wants to be believed
 *   2  the rest decides what is written; it is read back as it was
 *   3  the rest is codes, behind their size (two bytes), and a column that is read by each of them
 *   4  the rest is dictionaries
 *
 * Whatever is opened can be read to its end: in order, with names that are there, each block at
 * most once damaged; and what was read is found again.
 */
#include <xxhash.h>

#include "base/memory.h"
#include "history/segment_inner.h"
#include "tests/history/world.h"

enum {
    OP_MEMORY_MAX = 64 * 1024 * 1024,
    SIZE_MAX_FUZZ = 256 * 1024,
    DAMAGE_SIZE = 3,
    WORLD_VALUES = 60,
    WORLD_VALUES_MAX = 300,
    SOUGHT_EVERY = 7,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hash_secret secret = { .bytes = { 1, 2, 3, 5, 8, 13, 21, 34, 55, 89 } };

/* ---- reading ---- */

static void row_check(const struct segment *segment, const struct history_row *row)
{
    must(row->posting_count >= 1);
    must(row->width < HISTORY_WIDTH_COUNT);
    for (size_t i = 0; i < row->posting_count; i++) {
        const struct history_posting *posting = &row->postings[i];
        must(posting->host < segment->host_count);
        must(posting->way < segment->way_count);
        must(posting->first_s >= row->start_s);
        must(posting->last_s >= posting->first_s);
        must(posting->count >= 1);
        must(i == 0 || world_compare_postings(posting - 1, posting) < 0);
    }
}

static void entry_check(const struct segment *segment, const struct history_entry *entry)
{
    must(entry->row_count >= 1);
    must(entry->order.size <= HISTORY_ORDER_SIZE_MAX);
    for (size_t i = 0; i < entry->row_count; i++) {
        row_check(segment, &entry->rows[i]);
        must(i == 0 || entry->rows[i].start_s >= entry->rows[i - 1].start_s);
    }
}

/* A new cursor, sent to a value that was read, comes to it, or to a damaged block before it. */
static void seek_check(struct op *op, const struct segment *segment,
                       const struct history_entry *wanted)
{
    struct segment_cursor *cursor;
    struct history_entry entry;
    must(segment_cursor_new(op, segment, &cursor) == ERR_OK);
    segment_cursor_seek(cursor, wanted->kind, wanted->form, wanted->order);
    enum err err = segment_cursor_next(op, cursor, &entry);
    while (err == ERR_CORRUPT) {
        op_fault_clear(op);
        err = segment_cursor_next(op, cursor, &entry);
    }
    must(err == ERR_OK);
    must(history_order_compare(&entry, wanted) == 0);
    segment_cursor_free(cursor);
}

static void segment_read(struct op *op, const struct segment *segment)
{
    struct segment_cursor *cursor;
    struct history_entry entry;
    struct history_entry before = { 0 };
    uint8_t before_order[HISTORY_ORDER_SIZE_MAX];
    uint32_t last_start_s = 0;
    size_t faults = 0;
    size_t entries = 0;
    enum err err = ERR_OK;
    must(segment_cursor_new(op, segment, &cursor) == ERR_OK);
    while (err != ERR_ABSENT) {
        err = segment_cursor_next(op, cursor, &entry);
        must(err == ERR_OK || err == ERR_ABSENT || err == ERR_CORRUPT);
        faults += err == ERR_CORRUPT ? 1 : 0;
        op_fault_clear(op);
        if (err != ERR_OK) {
            last_start_s = 0; /* where an entry goes on behind damage is not known */
            continue;
        }
        entry_check(segment, &entry);
        int order = entries == 0 ? -1 : history_order_compare(&before, &entry);
        must(order <= 0);
        must(order < 0 || entry.rows[0].start_s >= last_start_s); /* a piece goes on */
        last_start_s = entry.rows[entry.row_count - 1].start_s;
        if (entries % SOUGHT_EVERY == 0) {
            seek_check(op, segment, &entry);
        }
        before = entry;
        span_copy(before_order, sizeof before_order, entry.order);
        before.order.data = before_order;
        entries++;
    }
    must(faults <= segment->block_count);
    segment_cursor_free(cursor);
}

static void segment_try(struct op *op, struct span bytes)
{
    struct segment *segment;
    if (segment_open(op, bytes, &secret, &segment) != ERR_OK) {
        must(op->fault.err != ERR_OK);
        return;
    }
    segment_read(op, segment);
    (void)segment_may_hold(segment, VALUE_DOMAIN, HISTORY_WHOLE, SPAN("www.example.org"));
    op_fault_clear(op);
    must(segment_check(op, segment) == ERR_OK || op->fault.err == ERR_CORRUPT);
    segment_close(segment);
}

/* ---- damage ---- */

static void checksum_write(uint8_t *target, struct span checked)
{
    uint64_t checksum = XXH3_64bits(checked.data, checked.size);
    span_copy(target, sizeof checksum, span_make(&checksum, sizeof checksum));
}

/* As if all that is damaged had been written so. */
static void checksums_mend(uint8_t *bytes, size_t size)
{
    struct segment_trailer trailer;
    uint8_t *end = bytes + size - sizeof trailer;
    span_copy(&trailer, sizeof trailer, span_make(end, sizeof trailer));
    trailer.secret_mark = segment_secret_mark(&secret);
    for (size_t i = SEGMENT_CODES; i < SEGMENT_FILTER; i++) {
        struct segment_place *place = &trailer.sections[i];
        if (place->offset <= size && place->size <= size - place->offset) {
            place->checksum = XXH3_64bits(bytes + place->offset, place->size);
        }
    }
    const struct segment_place *index = &trailer.sections[SEGMENT_INDEX];
    struct segment_index block;
    for (uint64_t at = index->offset; at + sizeof block <= size && at < index->offset + index->size;
         at += sizeof block) {
        span_copy(&block, sizeof block, span_make(bytes + at, sizeof block));
        if (block.offset <= size && block.size <= size - block.offset &&
            block.size >= BLOCK_HEAD_SIZE && block.offset >= SEGMENT_HEAD_SIZE &&
            block.offset + block.size <= index->offset) {
            checksum_write(bytes + block.offset, span_make(bytes + block.offset + sizeof(uint64_t),
                                                           block.size - sizeof(uint64_t)));
        }
    }
    trailer.checksum = XXH3_64bits(&trailer, offsetof(struct segment_trailer, checksum));
    span_copy(end, sizeof trailer, span_make(&trailer, sizeof trailer));
}

/* The same segment in every run, made once. */
static struct span good_segment(void)
{
    static struct segment_writer *writer;
    if (writer == NULL) {
        const struct actor actor = { .name = SPAN("fuzz") };
        struct world world;
        struct op op;
        op_begin(&op, &actor, OP_MEMORY_MAX);
        world_make(&world, &op, 1, WORLD_VALUES);
        world_rows(&world, &world.entries[WORLD_VALUES / 2], 3, 3000);
        writer = world_write(&world, &secret, NULL, NULL);
        op_end(&op);
    }
    return segment_writer_bytes(writer);
}

static void damage_try(struct op *op, struct span changes)
{
    struct span good = good_segment();
    uint8_t *bytes = memory_new(good.size);
    must(bytes != NULL);
    span_copy(bytes, good.size, good);
    for (size_t at = 0; at + DAMAGE_SIZE <= changes.size; at += DAMAGE_SIZE) {
        size_t place = (size_t)changes.data[at] << 8 | changes.data[at + 1];
        bytes[place % good.size] ^= changes.data[at + 2];
    }
    checksums_mend(bytes, good.size);
    segment_try(op, span_make(bytes, good.size));
    memory_free(bytes);
}

/* ---- both ways ---- */

static void round_trip_try(struct op *op, struct span dice)
{
    struct world world = { .op = op, .dice = dice, .has_dice = true };
    struct segment *segment;
    struct segment_cursor *cursor;
    struct history_entry none;
    world_fill(&world, dice.size / 20 % WORLD_VALUES_MAX + 1);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    must(segment_open(op, segment_writer_bytes(writer), &secret, &segment) == ERR_OK);
    must(segment_cursor_new(op, segment, &cursor) == ERR_OK);
    for (size_t i = 0; i < world.count; i++) {
        must(world_entry_is_next(op, cursor, &world.entries[i]));
    }
    must(segment_cursor_next(op, cursor, &none) == ERR_ABSENT);
    segment_cursor_free(cursor);
    segment_close(segment);
    segment_writer_free(writer);
}

/* ---- parts ---- */

static void columns_try(struct span bytes)
{
    static uint32_t numbers[COLUMN_COUNT_MAX];
    struct column_tables tables;
    struct wire_reader r = wire_reader_of(bytes);
    struct span codes = wire_take(&r, wire_u16(&r));
    uint8_t *copy = memory_new(r.rest.size + COLUMN_PADDING);
    must(copy != NULL);
    span_copy(copy, r.rest.size, r.rest);
    if (r.err == ERR_OK && column_tables_read(codes, &tables) == ERR_OK) {
        for (size_t i = 0; i < COLUMN_COUNT; i++) {
            struct wire_reader column = wire_reader_of(span_make(copy, r.rest.size));
            column_read(&column, &tables, (enum column)i, numbers, 1 + r.rest.size % 300);
            must(column.err != ERR_OK || column.rest.size < r.rest.size);
        }
        column_tables_done(&tables);
    }
    memory_free(copy);
}

static void dictionaries_try(struct span bytes)
{
    struct dictionaries dictionaries;
    if (dictionaries_read(bytes, &dictionaries) == ERR_OK) {
        dictionaries_done(&dictionaries);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    if (size == 0 || size > SIZE_MAX_FUZZ) {
        return 0;
    }
    op_begin(&op, &actor, OP_MEMORY_MAX);
    const struct span rest = span_make(data + 1, size - 1);
    if (data[0] == 1) {
        damage_try(&op, rest);
    } else if (data[0] == 2) {
        round_trip_try(&op, rest);
    } else if (data[0] == 3) {
        columns_try(rest);
    } else if (data[0] == 4) {
        dictionaries_try(rest);
    } else {
        uint8_t *copy = memory_new(rest.size); /* aligned, and exactly as large */
        must(copy != NULL);
        span_copy(copy, rest.size, rest);
        segment_try(&op, span_make(copy, rest.size));
        memory_free(copy);
    }
    op_end(&op);
    return 0;
}
