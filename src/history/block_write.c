// SPDX-License-Identifier: EUPL-1.2
#include "history/block.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <limits.h>
#include <stdlib.h>
#include <xxhash.h>
#include <zstd.h>

#include "base/memory.h"
#include "base/must.h"

/* What a block may weigh before it is full: about what it takes before it is compressed. */
enum {
    WEIGHT_FULL = 16 * 1024,
    WEIGHT_ENTRY = 4,
    WEIGHT_ROW = 4,
    WEIGHT_POSTING = 8,
    CHECKSUM_SIZE = 8,
};

struct block_writer {
    int level;
    ZSTD_CCtx *codec;
    enum value_kind kind;
    enum history_form form;
    size_t weight;
    size_t entries;
    size_t rows;
    size_t first_rows;
    size_t postings;
    size_t first_postings;
    uint32_t shared[BLOCK_POSTINGS_MAX]; /* of each entry */
    uint32_t sizes[BLOCK_POSTINGS_MAX];
    uint32_t row_counts[BLOCK_POSTINGS_MAX];
    uint32_t starts[BLOCK_POSTINGS_MAX];     /* hours, of the first row of each entry */
    uint32_t start_gaps[BLOCK_POSTINGS_MAX]; /* hours, of the other rows */
    uint32_t widths[BLOCK_POSTINGS_MAX];     /* of each row */
    uint32_t posting_counts[BLOCK_POSTINGS_MAX];
    uint32_t hosts[BLOCK_POSTINGS_MAX];     /* of the first posting of each row */
    uint32_t host_gaps[BLOCK_POSTINGS_MAX]; /* of the other postings */
    uint32_t ways[BLOCK_POSTINGS_MAX];      /* of each posting */
    uint32_t firsts[BLOCK_POSTINGS_MAX];    /* seconds within the row's span */
    uint32_t counts[BLOCK_POSTINGS_MAX];    /* as block.h has it */
    uint32_t durations[BLOCK_POSTINGS_MAX]; /* of those whose count is not 0 */
    size_t durations_count;
    struct buf wide_counts; /* varints */
    struct buf text;
    struct buf bytes;
    size_t last_size;
    uint8_t last[HISTORY_ORDER_SIZE_MAX];
};

static void *codec_memory_new(void *unused, size_t size)
{
    (void)unused;
    return memory_new(size);
}

static void codec_memory_free(void *unused, void *block)
{
    (void)unused;
    memory_free(block);
}

static void writer_clear(struct block_writer *writer)
{
    writer->weight = 0;
    writer->entries = 0;
    writer->rows = 0;
    writer->first_rows = 0;
    writer->postings = 0;
    writer->first_postings = 0;
    writer->durations_count = 0;
    buf_clear(&writer->wide_counts);
    buf_clear(&writer->text);
}

enum err block_writer_new(struct op *op, int level, struct block_writer **ret)
{
    const ZSTD_customMem memory = { codec_memory_new, codec_memory_free, NULL };
    struct block_writer *writer = memory_new(sizeof *writer);
    if (writer != NULL) {
        writer->level = level;
        writer->codec = ZSTD_createCCtx_advanced(memory);
        buf_init(&writer->wide_counts, BLOCK_POSTINGS_MAX * VARINT_SIZE_MAX);
        buf_init(&writer->text, BLOCK_TEXT_SIZE_MAX);
        buf_init(&writer->bytes, BLOCK_SIZE_MAX);
    }
    if (writer == NULL || writer->codec == NULL) {
        block_writer_free(writer);
        return op_fail(op, ERR_LIMIT, "out of memory for a segment of the history");
    }
    writer_clear(writer);
    *ret = writer;
    return ERR_OK;
}

void block_writer_free(struct block_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    (void)ZSTD_freeCCtx(writer->codec); /* NULL does nothing */
    buf_done(&writer->wide_counts);
    buf_done(&writer->text);
    buf_done(&writer->bytes);
    memory_free(writer);
}

bool block_writer_is_full(const struct block_writer *writer, const struct history_entry *entry,
                          size_t posting_count)
{
    if (writer->entries == 0) {
        return false;
    }
    return writer->kind != entry->kind || writer->form != entry->form ||
           writer->weight >= WEIGHT_FULL || writer->text.size >= BLOCK_TEXT_FULL ||
           writer->postings + posting_count > BLOCK_POSTINGS_MAX;
}

static size_t shared_size(const struct block_writer *writer, struct span order)
{
    size_t limit = order.size < writer->last_size ? order.size : writer->last_size;
    size_t shared = 0;
    while (shared < limit && order.data[shared] == writer->last[shared]) {
        shared++;
    }
    return shared;
}

static void key_add(struct block_writer *writer, struct span order)
{
    size_t shared = writer->entries == 0 ? 0 : shared_size(writer, order);
    struct span other = span_from(order, shared);
    writer->shared[writer->entries] = (uint32_t)shared;
    writer->sizes[writer->entries] = (uint32_t)order.size;
    buf_add(&writer->text, other);
    span_copy(writer->last + shared, sizeof writer->last - shared, other);
    writer->last_size = order.size;
    writer->weight += WEIGHT_ENTRY + other.size;
}

static void count_add(struct block_writer *writer, const struct history_posting *posting)
{
    must(posting->count >= 1);
    uint32_t duration = posting->last_s - posting->first_s;
    uint64_t count = posting->count == 1 && duration == 0 ? BLOCK_COUNT_ONCE : posting->count;
    if (count >= UINT32_MAX) {
        column_varint_add(&writer->wide_counts, count - UINT32_MAX);
        count = UINT32_MAX;
    }
    writer->counts[writer->postings] = (uint32_t)count;
    if (count != BLOCK_COUNT_ONCE) {
        writer->durations[writer->durations_count] = duration;
        writer->durations_count++;
    }
}

static void postings_add(struct block_writer *writer, const struct history_row *row)
{
    uint32_t host_before = 0;
    for (size_t i = 0; i < row->posting_count; i++) {
        const struct history_posting *posting = &row->postings[i];
        must(posting->first_s >= row->start_s);
        must(posting->last_s >= posting->first_s);
        must(posting->host >= host_before);
        if (i > 0) {
            writer->host_gaps[writer->postings - writer->first_postings] =
                posting->host - host_before;
        } else {
            writer->hosts[writer->first_postings] = posting->host;
            writer->first_postings++;
        }
        host_before = posting->host;
        writer->ways[writer->postings] = posting->way;
        writer->firsts[writer->postings] = posting->first_s - row->start_s;
        count_add(writer, posting);
        writer->postings++;
    }
    writer->weight += WEIGHT_POSTING * row->posting_count;
}

static void rows_add(struct block_writer *writer, const struct history_entry *entry)
{
    uint32_t hour_before = 0;
    for (size_t i = 0; i < entry->row_count; i++) {
        const struct history_row *row = &entry->rows[i];
        uint32_t hour = row->start_s / HISTORY_HOUR_S;
        must(row->start_s % HISTORY_HOUR_S == 0);
        must(row->posting_count >= 1);
        must(hour >= hour_before);
        if (i > 0) {
            writer->start_gaps[writer->rows - writer->first_rows] = hour - hour_before;
        } else {
            writer->starts[writer->first_rows] = hour;
            writer->first_rows++;
        }
        hour_before = hour;
        writer->widths[writer->rows] = (uint32_t)row->width;
        writer->posting_counts[writer->rows] = (uint32_t)row->posting_count;
        writer->rows++;
        postings_add(writer, row);
    }
    writer->weight += WEIGHT_ROW * entry->row_count;
}

void block_writer_add(struct block_writer *writer, const struct history_entry *entry)
{
    must(entry->row_count >= 1);
    must(writer->entries < BLOCK_POSTINGS_MAX);
    writer->kind = entry->kind;
    writer->form = entry->form;
    writer->row_counts[writer->entries] = (uint32_t)entry->row_count;
    key_add(writer, entry->order);
    writer->entries++;
    rows_add(writer, entry);
}

size_t block_writer_count(const struct block_writer *writer)
{
    return writer->entries;
}

struct span block_writer_last(const struct block_writer *writer)
{
    return span_make(writer->last, writer->last_size);
}

static int compare_ways(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static size_t way_find(const uint32_t *ways, size_t count, uint32_t way)
{
    size_t low = 0;
    size_t high = count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (ways[middle] <= way) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Few of a segment's ways are in one block: it lists those, and postings name them by their number
 * in this list. Returns how many they are. */
static size_t ways_list(struct block_writer *writer, uint32_t *list)
{
    span_copy(list, sizeof writer->ways,
              span_make(writer->ways, writer->postings * sizeof writer->ways[0]));
    qsort(list, writer->postings, sizeof *list, compare_ways);
    size_t count = 0;
    for (size_t i = 0; i < writer->postings; i++) {
        if (i == 0 || list[i] != list[count - 1]) {
            list[count] = list[i];
            count++;
        }
    }
    for (size_t i = 0; i < writer->postings; i++) {
        writer->ways[i] = (uint32_t)way_find(list, count, writer->ways[i]);
    }
    return count;
}

static void head_add(struct block_writer *writer, size_t way_count)
{
    struct buf *bytes = &writer->bytes;
    wire_add_u64(bytes, 0); /* the checksum comes at last */
    wire_add_u8(bytes, (uint8_t)writer->kind);
    wire_add_u8(bytes, (uint8_t)writer->form);
    wire_add_u16(bytes, (uint16_t)writer->entries);
    wire_add_u16(bytes, (uint16_t)writer->rows);
    wire_add_u16(bytes, (uint16_t)writer->postings);
    wire_add_u16(bytes, (uint16_t)way_count);
    wire_add_u16(bytes, (uint16_t)writer->wide_counts.size);
    wire_add_u32(bytes, (uint32_t)writer->text.size);
}

static void columns_add(struct block_writer *writer, const uint32_t *ways, size_t way_count)
{
    struct buf *bytes = &writer->bytes;
    column_add(bytes, ways, way_count);
    column_add(bytes, writer->shared, writer->entries);
    column_add(bytes, writer->sizes, writer->entries);
    column_add(bytes, writer->row_counts, writer->entries);
    column_add(bytes, writer->starts, writer->first_rows);
    column_add(bytes, writer->start_gaps, writer->rows - writer->first_rows);
    column_add(bytes, writer->widths, writer->rows);
    column_add(bytes, writer->posting_counts, writer->rows);
    column_add(bytes, writer->hosts, writer->first_postings);
    column_add(bytes, writer->host_gaps, writer->postings - writer->first_postings);
    column_add(bytes, writer->ways, writer->postings);
    column_add(bytes, writer->firsts, writer->postings);
    column_add(bytes, writer->counts, writer->postings);
    column_add(bytes, writer->durations, writer->durations_count);
    buf_add(bytes, buf_span(&writer->wide_counts));
}

/* Compressed where that makes it smaller. What is random, as digests are, is not tried. */
static void text_add(struct block_writer *writer)
{
    struct span text = buf_span(&writer->text);
    bool random = writer->form == HISTORY_HASHED;
    size_t room = ZSTD_compressBound(text.size);
    uint8_t *place = random ? NULL : buf_reserve(&writer->bytes, room);
    size_t size = text.size;
    if (place != NULL) {
        size = ZSTD_compressCCtx(writer->codec, place, room, text.data, text.size, writer->level);
    }
    if (place != NULL && !ZSTD_isError(size) && size < text.size) {
        writer->bytes.size += size;
    } else {
        buf_add(&writer->bytes, text);
    }
}

enum err block_writer_end(struct op *op, struct block_writer *writer, struct span *ret)
{
    must(writer->entries > 0);
    uint32_t ways[BLOCK_POSTINGS_MAX];
    size_t way_count = ways_list(writer, ways);
    buf_clear(&writer->bytes);
    head_add(writer, way_count);
    columns_add(writer, ways, way_count);
    text_add(writer);
    if (writer->bytes.err != ERR_OK || writer->text.err != ERR_OK ||
        writer->wide_counts.err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "out of memory for a segment of the history");
    }
    struct span checked = span_from(buf_span(&writer->bytes), CHECKSUM_SIZE);
    uint64_t checksum = XXH3_64bits(checked.data, checked.size);
    for (size_t i = 0; i < CHECKSUM_SIZE; i++) {
        writer->bytes.data[i] = (uint8_t)(checksum >> (CHAR_BIT * i));
    }
    writer_clear(writer);
    *ret = buf_span(&writer->bytes);
    return ERR_OK;
}
