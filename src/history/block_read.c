// SPDX-License-Identifier: EUPL-1.2
#include "history/block.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <xxhash.h>
#include <zstd.h>

#include "base/memory.h"
#include "base/must.h"

/* The columns of a block, as they are read before anything is made of them. */
struct block_columns {
    uint32_t way_list[BLOCK_POSTINGS_MAX];
    uint32_t shared[BLOCK_POSTINGS_MAX];
    uint32_t sizes[BLOCK_POSTINGS_MAX];
    uint32_t row_counts[BLOCK_POSTINGS_MAX];
    uint32_t starts[BLOCK_POSTINGS_MAX];
    uint32_t start_gaps[BLOCK_POSTINGS_MAX];
    uint32_t widths[BLOCK_POSTINGS_MAX];
    uint32_t posting_counts[BLOCK_POSTINGS_MAX];
    uint32_t hosts[BLOCK_POSTINGS_MAX];
    uint32_t host_gaps[BLOCK_POSTINGS_MAX];
    uint32_t ways[BLOCK_POSTINGS_MAX];
    uint32_t firsts[BLOCK_POSTINGS_MAX];
    uint32_t durations[BLOCK_POSTINGS_MAX];
    uint32_t counts[BLOCK_POSTINGS_MAX];
};

struct block_head {
    uint64_t checksum;
    unsigned kind;
    unsigned form;
    size_t entries;
    size_t rows;
    size_t postings;
    size_t ways;
    size_t wide_size;
    size_t text_size;
};

struct block {
    ZSTD_DCtx *codec;
    struct block_head head;
    size_t duration;  /* number of the one that comes next */
    struct span text; /* in `unpacked`, or in the block's own bytes */
    struct block_columns columns;
    struct block_entry entries[BLOCK_POSTINGS_MAX];
    struct history_row rows[BLOCK_POSTINGS_MAX];
    struct history_posting postings[BLOCK_POSTINGS_MAX];
    uint8_t unpacked[BLOCK_TEXT_SIZE_MAX];
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

enum err block_new(struct op *op, struct block **ret)
{
    const ZSTD_customMem memory = { codec_memory_new, codec_memory_free, NULL };
    struct block *block = memory_new(sizeof *block);
    if (block != NULL) {
        block->codec = ZSTD_createDCtx_advanced(memory);
    }
    if (block == NULL || block->codec == NULL) {
        block_free(block);
        return op_fail(op, ERR_LIMIT, "out of memory for reading the history");
    }
    *ret = block;
    return ERR_OK;
}

void block_free(struct block *block)
{
    if (block != NULL) {
        (void)ZSTD_freeDCtx(block->codec); /* NULL does nothing */
        memory_free(block);
    }
}

static struct block_head head_read(struct wire_reader *r)
{
    struct block_head head = { 0 };
    head.checksum = wire_u64(r);
    head.kind = wire_u8(r);
    head.form = wire_u8(r);
    head.entries = wire_u16(r);
    head.rows = wire_u16(r);
    head.postings = wire_u16(r);
    head.ways = wire_u16(r);
    head.wide_size = wire_u16(r);
    head.text_size = wire_u32(r);
    return head;
}

static bool head_fits(const struct block_head *head, const struct block_bounds *bounds)
{
    return head->kind == (unsigned)bounds->kind && head->form == (unsigned)bounds->form &&
           head->entries >= 1 && head->entries <= head->rows && head->rows <= head->postings &&
           head->postings <= BLOCK_POSTINGS_MAX && head->ways >= 1 &&
           head->ways <= head->postings && head->text_size <= BLOCK_TEXT_SIZE_MAX;
}

static size_t durations_count(const uint32_t *counts, size_t postings)
{
    size_t count = 0;
    for (size_t i = 0; i < postings; i++) {
        count += counts[i] != BLOCK_COUNT_ONCE ? 1 : 0;
    }
    return count;
}

static void columns_read(struct wire_reader *r, const struct block_head *head,
                         struct block_columns *columns)
{
    column_read(r, columns->way_list, head->ways);
    column_read(r, columns->shared, head->entries);
    column_read(r, columns->sizes, head->entries);
    column_read(r, columns->row_counts, head->entries);
    column_read(r, columns->starts, head->entries);
    column_read(r, columns->start_gaps, head->rows - head->entries);
    column_read(r, columns->widths, head->rows);
    column_read(r, columns->posting_counts, head->rows);
    column_read(r, columns->hosts, head->rows);
    column_read(r, columns->host_gaps, head->postings - head->rows);
    column_read(r, columns->ways, head->postings);
    column_read(r, columns->firsts, head->postings);
    column_read(r, columns->counts, head->postings);
    column_read(r, columns->durations, durations_count(columns->counts, head->postings));
}

static bool ways_fit(const struct block *block, size_t way_count)
{
    const struct block_columns *columns = &block->columns;
    for (size_t i = 0; i < block->head.ways; i++) {
        if (columns->way_list[i] >= way_count ||
            (i > 0 && columns->way_list[i] <= columns->way_list[i - 1])) {
            return false;
        }
    }
    uint32_t highest = 0;
    for (size_t i = 0; i < block->head.postings; i++) {
        highest = columns->ways[i] > highest ? columns->ways[i] : highest;
    }
    return highest < block->head.ways;
}

static bool entries_make(struct block *block)
{
    const struct block_columns *columns = &block->columns;
    uint64_t row = 0;
    uint64_t text = 0;
    uint32_t size_before = 0;
    for (size_t i = 0; i < block->head.entries; i++) {
        uint32_t size = columns->sizes[i];
        uint32_t shared = columns->shared[i];
        uint32_t row_count = columns->row_counts[i];
        if (size > HISTORY_ORDER_SIZE_MAX || shared > size || shared > size_before ||
            row_count == 0) {
            return false;
        }
        block->entries[i] =
            (struct block_entry){ shared, size, (uint32_t)text, (uint32_t)row, row_count };
        text += size - shared;
        row += row_count;
        size_before = size;
    }
    return row == block->head.rows && text == block->head.text_size;
}

/* Postings of one row: by host and way, each pair once. */
static bool row_postings_make(struct block *block, const struct history_row *row, uint32_t host,
                              const uint32_t *gaps, size_t first)
{
    const struct block_columns *columns = &block->columns;
    uint64_t latest = 0;
    uint64_t host_now = host;
    for (size_t i = first; i < first + row->posting_count; i++) {
        uint64_t first_s = (uint64_t)row->start_s + columns->firsts[i];
        uint32_t count = columns->counts[i];
        uint64_t last_s = first_s;
        if (count != BLOCK_COUNT_ONCE) {
            last_s += columns->durations[block->duration];
            block->duration++;
        }
        uint32_t gap = i == first ? 0 : gaps[i - first - 1];
        if (i > first && gap == 0 && columns->ways[i] <= columns->ways[i - 1]) {
            return false;
        }
        host_now += gap;
        latest = last_s > latest ? last_s : latest;
        block->postings[i] = (struct history_posting){
            .host = (uint32_t)host_now,
            .way = columns->way_list[columns->ways[i]],
            .first_s = (uint32_t)first_s,
            .last_s = (uint32_t)last_s,
            .count = count == BLOCK_COUNT_ONCE ? 1 : count,
        };
    }
    /* Sums of the whole row, which fits in 64 bits: BLOCK_POSTINGS_MAX gaps of 32. */
    return latest <= UINT32_MAX && host_now <= UINT32_MAX;
}

/* Rows of one entry, by start and width; their postings come later. */
static bool entry_rows_make(struct block *block, const struct block_entry *entry,
                            uint32_t start_hour, const uint32_t *gaps)
{
    const struct block_columns *columns = &block->columns;
    uint64_t hour = start_hour;
    for (size_t i = entry->row; i < entry->row + entry->row_count; i++) {
        uint32_t gap = i == entry->row ? 0 : gaps[i - entry->row - 1];
        uint32_t width = columns->widths[i];
        if (width >= HISTORY_WIDTH_COUNT ||
            (i > entry->row && gap == 0 && width <= columns->widths[i - 1])) {
            return false;
        }
        hour += gap;
        if (hour > UINT32_MAX / HISTORY_HOUR_S) {
            return false;
        }
        block->rows[i] = (struct history_row){
            .start_s = (uint32_t)hour * HISTORY_HOUR_S,
            .width = (enum history_width)width,
        };
    }
    return true;
}

static bool rows_make(struct block *block)
{
    const uint32_t *gaps = block->columns.start_gaps;
    for (size_t i = 0; i < block->head.entries; i++) {
        const struct block_entry *entry = &block->entries[i];
        if (!entry_rows_make(block, entry, block->columns.starts[i], gaps)) {
            return false;
        }
        gaps += entry->row_count - 1;
    }
    return true;
}

static bool postings_make(struct block *block, size_t host_count)
{
    const struct block_columns *columns = &block->columns;
    const uint32_t *gaps = columns->host_gaps;
    size_t first = 0;
    block->duration = 0;
    for (size_t i = 0; i < block->head.rows; i++) {
        struct history_row *row = &block->rows[i];
        uint32_t count = columns->posting_counts[i];
        if (count == 0 || count > block->head.postings - first) {
            return false;
        }
        row->posting_count = count;
        row->postings = &block->postings[first];
        if (!row_postings_make(block, row, columns->hosts[i], gaps, first) ||
            block->postings[first + count - 1].host >= host_count) {
            return false;
        }
        gaps += count - 1;
        first += count;
    }
    return first == block->head.postings;
}

/* Counts that are too large for their column. */
static bool wide_counts_apply(struct block *block, struct span wide)
{
    struct wire_reader r = wire_reader_of(wide);
    const uint32_t *counts = block->columns.counts;
    for (size_t i = 0; i < block->head.postings; i++) {
        if (counts[i] == UINT32_MAX) {
            uint64_t more = varint_take(&r);
            if (more > UINT64_MAX - block->postings[i].count) {
                return false;
            }
            block->postings[i].count += more;
        }
    }
    return r.err == ERR_OK && r.rest.size == 0;
}

static bool text_read(struct block *block, struct span stored)
{
    block->text = stored;
    if (stored.size == block->head.text_size) {
        return true;
    }
    block->text = span_make(block->unpacked, block->head.text_size);
    size_t size = ZSTD_decompressDCtx(block->codec, block->unpacked, sizeof block->unpacked,
                                      stored.data, stored.size);
    return !ZSTD_isError(size) && size == block->head.text_size;
}

static const char *block_fill(struct block *block, struct span bytes,
                              const struct block_bounds *bounds)
{
    struct wire_reader r = wire_reader_of(bytes);
    block->head = head_read(&r);
    const size_t checked_from = sizeof block->head.checksum;
    if (r.err != ERR_OK ||
        XXH3_64bits(bytes.data + checked_from, bytes.size - checked_from) != block->head.checksum) {
        return "its checksum does not fit";
    }
    if (!head_fits(&block->head, bounds)) {
        return "its head";
    }
    columns_read(&r, &block->head, &block->columns);
    struct span wide = wire_take(&r, block->head.wide_size);
    if (r.err != ERR_OK || !ways_fit(block, bounds->way_count)) {
        return "its columns";
    }
    if (!entries_make(block) || !rows_make(block) || !postings_make(block, bounds->host_count) ||
        !wide_counts_apply(block, wide)) {
        return "its rows";
    }
    return text_read(block, r.rest) ? NULL : "its keys";
}

const char *block_read(struct block *block, struct span bytes, const struct block_bounds *bounds)
{
    const char *wrong = block_fill(block, bytes, bounds);
    if (wrong != NULL) {
        block->head.entries = 0;
    }
    return wrong;
}

const struct block_entry *block_entries(const struct block *block, size_t *ret_count)
{
    *ret_count = block->head.entries;
    return block->entries;
}

const uint8_t *block_text(const struct block *block)
{
    return block->text.data;
}

const struct history_row *block_rows(const struct block *block)
{
    return block->rows;
}
