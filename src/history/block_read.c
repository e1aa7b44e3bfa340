// SPDX-License-Identifier: EUPL-1.2
#include "history/block.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <xxhash.h>
#include <zstd.h>

#include "base/memory.h"
#include "base/must.h"

struct block_head {
    uint64_t checksum;
    unsigned kind;
    unsigned form;
    bool numbers;
    bool dictionary;
    size_t entries;
    size_t rows;
    size_t postings;
    size_t wide_size;
    size_t text_size;
    size_t stored_size; /* of the text as it lies there */
    uint32_t hour;      /* from which on the first rows are counted */
};

struct block {
    ZSTD_DCtx *codec;
    struct block_head head;
    struct block_bounds bounds;
    struct wire_reader rest; /* the columns that were not read yet */
    bool has_rows;
    struct span text; /* in `unpacked`, or in the block's own bytes */
    uint32_t columns[COLUMN_COUNT][BLOCK_POSTINGS_MAX];
    uint32_t known[BLOCK_POSTINGS_MAX]; /* different hosts of the row before */
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

/* ---- keys ---- */

static struct block_head head_read(struct wire_reader *r)
{
    struct block_head head = { 0 };
    head.checksum = wire_u64(r);
    head.kind = wire_u8(r);
    head.form = wire_u8(r);
    head.numbers = (head.form & BLOCK_NUMBERS) != 0;
    head.dictionary = (head.form & BLOCK_DICTIONARY) != 0;
    head.form &= ~(unsigned)(BLOCK_NUMBERS | BLOCK_DICTIONARY);
    head.entries = wire_u16(r);
    head.rows = wire_u16(r);
    head.postings = wire_u16(r);
    head.wide_size = wire_u16(r);
    head.text_size = wire_u16(r);
    head.stored_size = wire_u16(r);
    head.hour = wire_u32(r);
    return head;
}

static bool head_fits(const struct block_head *head, const struct block_bounds *bounds)
{
    bool has_no_text = head->text_size == 0 && head->stored_size == 0;
    if (head->dictionary && (bounds->dictionary == NULL || head->numbers)) {
        return false;
    }
    return head->kind == (unsigned)bounds->kind && head->form == (unsigned)bounds->form &&
           head->entries >= 1 && head->entries <= head->rows && head->rows <= head->postings &&
           head->postings <= BLOCK_POSTINGS_MAX && head->text_size <= BLOCK_TEXT_SIZE_MAX &&
           head->stored_size <= head->text_size && (!head->numbers || has_no_text);
}

static void column_take(struct block *block, enum column column, size_t count)
{
    column_read(&block->rest, block->bounds.tables, column, block->columns[column], count);
}

/* Keys that are numbers are written out: as large as they are, there is room for all. */
static bool numbers_make(struct block *block)
{
    struct span first = wire_take(&block->rest, BLOCK_NUMBER_SIZE);
    column_take(block, COLUMN_NUMBERS, block->head.entries - 1);
    if (block->rest.err != ERR_OK) {
        return false;
    }
    uint32_t number = block_number(first.data);
    uint32_t before = ~number;
    for (size_t i = 0; i < block->head.entries; i++) {
        if (i > 0) {
            uint32_t gap = block->columns[COLUMN_NUMBERS][i - 1];
            if (gap > UINT32_MAX - number) {
                return false;
            }
            number += gap;
        }
        const uint8_t bytes[] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                  (uint8_t)(number >> 8), (uint8_t)number };
        const uint32_t apart = number ^ before;
        const uint32_t shared = i == 0       ? 0
                                : apart == 0 ? BLOCK_NUMBER_SIZE
                                             : (uint32_t)__builtin_clz(apart) / 8;
        const size_t at = i * BLOCK_NUMBER_SIZE;
        span_copy(block->unpacked + at, BLOCK_NUMBER_SIZE, span_make(bytes, sizeof bytes));
        block->entries[i] = (struct block_entry){ .shared = shared,
                                                  .size = BLOCK_NUMBER_SIZE,
                                                  .text = (uint32_t)at + shared };
        before = number;
    }
    block->text = span_make(block->unpacked, block->head.entries * BLOCK_NUMBER_SIZE);
    return true;
}

static bool text_read(struct block *block)
{
    struct span stored = wire_take(&block->rest, block->head.stored_size);
    block->text = stored;
    if (stored.size == block->head.text_size) {
        return block->rest.err == ERR_OK;
    }
    block->text = span_make(block->unpacked, block->head.text_size);
    const struct ZSTD_DDict_s *dictionary =
        block->head.dictionary ? block->bounds.dictionary : NULL;
    size_t size = ZSTD_decompress_usingDDict(block->codec, block->unpacked, sizeof block->unpacked,
                                             stored.data, stored.size, dictionary);
    return !ZSTD_isError(size) && size == block->head.text_size;
}

static bool texts_make(struct block *block)
{
    const size_t entries = block->head.entries;
    column_take(block, COLUMN_SHARED, entries);
    column_take(block, COLUMN_SIZES, entries);
    if (block->rest.err != ERR_OK) {
        return false;
    }
    uint64_t text = 0;
    uint32_t size_before = 0;
    for (size_t i = 0; i < entries; i++) {
        uint32_t size = block->columns[COLUMN_SIZES][i];
        uint32_t shared = block->columns[COLUMN_SHARED][i];
        if (size > HISTORY_ORDER_SIZE_MAX || shared > size || shared > size_before) {
            return false;
        }
        block->entries[i] =
            (struct block_entry){ .shared = shared, .size = size, .text = (uint32_t)text };
        text += size - shared;
        size_before = size;
    }
    return text == block->head.text_size && text_read(block);
}

static const char *keys_fill(struct block *block, struct span bytes)
{
    block->rest = wire_reader_of(bytes);
    block->head = head_read(&block->rest);
    const size_t checked_from = sizeof block->head.checksum;
    if (block->rest.err != ERR_OK ||
        XXH3_64bits(bytes.data + checked_from, bytes.size - checked_from) != block->head.checksum) {
        return "its checksum does not fit";
    }
    if (!head_fits(&block->head, &block->bounds)) {
        return "its head";
    }
    bool fits = block->head.numbers ? numbers_make(block) : texts_make(block);
    return fits ? NULL : "its keys";
}

const char *block_read(struct block *block, struct span bytes, const struct block_bounds *bounds)
{
    block->bounds = *bounds;
    block->has_rows = false;
    const char *wrong = keys_fill(block, bytes);
    if (wrong != NULL) {
        block->head.entries = 0;
    }
    return wrong;
}

/* ---- columns of rows ---- */

static bool sum_is(const uint32_t *numbers, size_t count, size_t sum)
{
    uint64_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == 0) {
            return false;
        }
        found += numbers[i];
    }
    return found == sum;
}

/* How many rows tell of hosts that are new in them; all postings of the other hosts are kept ones.
 * False where more are kept than there are. */
static bool kept_count(const struct block *block, size_t *ret_kept, size_t *ret_new_rows)
{
    const uint32_t *row_counts = block->columns[COLUMN_ROW_COUNTS];
    const uint32_t *posting_counts = block->columns[COLUMN_POSTING_COUNTS];
    const uint32_t *kept_counts = block->columns[COLUMN_KEPT_COUNTS];
    *ret_kept = 0;
    *ret_new_rows = block->head.entries;
    for (size_t entry = 0; entry < block->head.entries; entry++) {
        for (size_t i = 1; i < row_counts[entry]; i++) {
            if (*kept_counts > posting_counts[i]) {
                return false;
            }
            *ret_kept += *kept_counts;
            *ret_new_rows += *kept_counts < posting_counts[i] ? 1 : 0;
            kept_counts++;
        }
        posting_counts += row_counts[entry];
    }
    return true;
}

/* Durations are in several columns, each as long as there are postings for it. */
static void durations_read(struct block *block)
{
    const uint32_t *posting_counts = block->columns[COLUMN_POSTING_COUNTS];
    const uint32_t *firsts = block->columns[COLUMN_FIRSTS];
    const uint32_t *counts = block->columns[COLUMN_COUNTS];
    size_t of[COLUMN_COUNT] = { 0 };
    size_t at = 0;
    for (size_t row = 0; row < block->head.rows; row++) {
        enum history_width width = (enum history_width)block->columns[COLUMN_WIDTHS][row];
        for (size_t end = at + posting_counts[row]; at < end; at++) {
            if (counts[at] != BLOCK_COUNT_ONCE) {
                of[block_duration_column(width, firsts[at], counts[at])]++;
            }
        }
    }
    for (size_t i = COLUMN_FIRST_DURATIONS; i < COLUMN_COUNT; i++) {
        column_take(block, (enum column)i, of[i]);
    }
}

static const char *columns_fill(struct block *block)
{
    const struct block_head *head = &block->head;
    size_t kept;
    size_t new_rows;
    column_take(block, COLUMN_ROW_COUNTS, head->entries);
    column_take(block, COLUMN_STARTS, head->entries);
    column_take(block, COLUMN_START_GAPS, head->rows - head->entries);
    column_take(block, COLUMN_WIDTHS, head->rows);
    column_take(block, COLUMN_POSTING_COUNTS, head->rows);
    column_take(block, COLUMN_KEPT_COUNTS, head->rows - head->entries);
    if (block->rest.err != ERR_OK ||
        !sum_is(block->columns[COLUMN_ROW_COUNTS], head->entries, head->rows) ||
        !sum_is(block->columns[COLUMN_POSTING_COUNTS], head->rows, head->postings) ||
        !kept_count(block, &kept, &new_rows)) {
        return "its rows";
    }
    column_take(block, COLUMN_KEPT_PLACES, kept);
    column_take(block, COLUMN_HOSTS, new_rows);
    column_take(block, COLUMN_HOST_GAPS, head->postings - kept - new_rows);
    column_take(block, COLUMN_WAYS, head->postings);
    column_take(block, COLUMN_FIRSTS, head->postings);
    column_take(block, COLUMN_COUNTS, head->postings);
    if (block->rest.err == ERR_OK) {
        durations_read(block);
    }
    return block->rest.err == ERR_OK ? NULL : "its columns";
}

/* ---- rows ---- */

/* What comes next of each column. */
struct places {
    const uint32_t *next[COLUMN_COUNT];
    size_t known_count; /* hosts of the row before; their numbers are in the block */
};

static uint32_t place_take(struct places *places, enum column column)
{
    const uint32_t number = *places->next[column];
    places->next[column]++;
    return number;
}

/* Where no host is kept, as mostly, new ones rise one after the other. */
static bool new_hosts_make(struct block *block, struct places *places, size_t first, size_t end)
{
    const uint32_t *gaps = places->next[COLUMN_HOST_GAPS];
    uint64_t host = place_take(places, COLUMN_HOSTS);
    block->postings[first].host = (uint32_t)host;
    for (size_t i = first + 1; i < end; i++) {
        host += gaps[i - first - 1];
        block->postings[i].host = (uint32_t)host;
    }
    places->next[COLUMN_HOST_GAPS] = gaps + (end - first - 1);
    return host < block->bounds.host_count; /* the sum fits: BLOCK_POSTINGS_MAX of 32 bits */
}

/* Hosts of a row rise: kept ones and new ones, each risen in itself, are put together. */
static bool hosts_make(struct block *block, struct places *places, size_t kept, size_t first,
                       size_t end)
{
    struct history_posting *postings = block->postings;
    if (kept == 0) {
        return new_hosts_make(block, places, first, end);
    }
    uint64_t fresh = kept < end - first ? place_take(places, COLUMN_HOSTS) : UINT64_MAX;
    size_t fresh_left = end - first - kept;
    uint64_t place = place_take(places, COLUMN_KEPT_PLACES);
    for (size_t i = first; i < end; i++) {
        if (kept > 0 && place >= places->known_count) {
            return false;
        }
        const bool takes_kept = kept > 0 && block->known[place] < fresh;
        const uint64_t host = takes_kept ? block->known[place] : fresh;
        if (host >= block->bounds.host_count) {
            return false;
        }
        postings[i].host = (uint32_t)host;
        if (takes_kept) {
            kept--;
            place += kept > 0 ? place_take(places, COLUMN_KEPT_PLACES) : 0;
        } else {
            fresh_left--;
            fresh = fresh_left > 0 ? fresh + place_take(places, COLUMN_HOST_GAPS) : UINT64_MAX;
        }
    }
    return true;
}

/* Postings of one row: by host and way, each pair once. */
static bool row_postings_make(struct block *block, struct places *places,
                              const struct history_row *row, size_t first)
{
    const uint32_t *firsts = block->columns[COLUMN_FIRSTS];
    const uint32_t *counts = block->columns[COLUMN_COUNTS];
    const uint32_t *ways = block->columns[COLUMN_WAYS];
    uint64_t latest = 0;
    for (size_t i = first; i < first + row->posting_count; i++) {
        struct history_posting *posting = &block->postings[i];
        const uint32_t from = firsts[i];
        const uint32_t count = counts[i];
        const uint64_t first_s = (uint64_t)row->start_s + from;
        uint64_t last_s = first_s;
        if (count != BLOCK_COUNT_ONCE) {
            last_s += place_take(places, block_duration_column(row->width, from, count));
        }
        latest = last_s > latest ? last_s : latest;
        posting->way = ways[i];
        posting->first_s = (uint32_t)first_s;
        posting->last_s = (uint32_t)last_s;
        posting->count = count == BLOCK_COUNT_ONCE ? 1 : count;
        if (posting->way >= block->bounds.way_count ||
            (i > first && posting->host == posting[-1].host && posting->way <= posting[-1].way)) {
            return false;
        }
    }
    return latest <= UINT32_MAX;
}

static void known_set(struct block *block, struct places *places, const struct history_row *row)
{
    size_t count = 0;
    for (size_t i = 0; i < row->posting_count; i++) {
        const uint32_t host = row->postings[i].host;
        if (count == 0 || block->known[count - 1] != host) {
            block->known[count] = host;
            count++;
        }
    }
    places->known_count = count;
}

/* Rows of one entry, by start and width. */
static bool entry_rows_make(struct block *block, struct places *places,
                            const struct block_entry *entry, size_t *posting)
{
    uint64_t hour = (uint64_t)block->head.hour + place_take(places, COLUMN_STARTS);
    for (size_t i = 0; i < entry->row_count; i++) {
        struct history_row *row = &block->rows[entry->row + i];
        const uint32_t gap = i == 0 ? 0 : place_take(places, COLUMN_START_GAPS);
        const uint32_t width = block->columns[COLUMN_WIDTHS][entry->row + i];
        const size_t kept = i == 0 ? 0 : place_take(places, COLUMN_KEPT_COUNTS);
        hour += gap;
        if (width >= HISTORY_WIDTH_COUNT || hour > UINT32_MAX / HISTORY_HOUR_S ||
            (i > 0 && gap == 0 && width <= (uint32_t)row[-1].width)) {
            return false;
        }
        *row = (struct history_row){
            .start_s = (uint32_t)hour * HISTORY_HOUR_S,
            .width = (enum history_width)width,
            .posting_count = block->columns[COLUMN_POSTING_COUNTS][entry->row + i],
            .postings = &block->postings[*posting],
        };
        const size_t end = *posting + row->posting_count;
        if (!hosts_make(block, places, kept, *posting, end) ||
            !row_postings_make(block, places, row, *posting)) {
            return false;
        }
        if (i + 1 < entry->row_count) {
            known_set(block, places, row);
        }
        *posting = end;
    }
    return true;
}

static bool rows_make(struct block *block)
{
    struct places places = { 0 };
    size_t row = 0;
    size_t posting = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        places.next[i] = block->columns[i];
    }
    for (size_t i = 0; i < block->head.entries; i++) {
        struct block_entry *entry = &block->entries[i];
        entry->row = (uint32_t)row;
        entry->row_count = place_take(&places, COLUMN_ROW_COUNTS);
        if (!entry_rows_make(block, &places, entry, &posting)) {
            return false;
        }
        row += entry->row_count;
    }
    return true;
}

/* Counts that are too large for their column. */
static bool wide_counts_apply(struct block *block)
{
    struct wire_reader *r = &block->rest;
    const uint32_t *counts = block->columns[COLUMN_COUNTS];
    for (size_t i = 0; i < block->head.postings; i++) {
        if (counts[i] == UINT32_MAX) {
            uint64_t more = varint_take(r);
            if (more > UINT64_MAX - block->postings[i].count) {
                return false;
            }
            block->postings[i].count += more;
        }
    }
    return r->err == ERR_OK && r->rest.size == 0;
}

const char *block_read_rows(struct block *block)
{
    if (block->has_rows) {
        return NULL;
    }
    must(block->head.entries > 0);
    const char *wrong = columns_fill(block);
    if (wrong == NULL && (block->rest.rest.size != block->head.wide_size || !rows_make(block) ||
                          !wide_counts_apply(block))) {
        wrong = "its rows";
    }
    block->has_rows = wrong == NULL;
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
