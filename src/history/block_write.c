// SPDX-License-Identifier: EUPL-1.2
#include "history/block.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <limits.h>
#include <xxhash.h>
#include <zstd.h>

#include "base/memory.h"
#include "base/must.h"

/* What a block may weigh before it is full: about what it takes before it is compressed. */
enum {
    WEIGHT_FULL = 20 * 1024,
    WEIGHT_ENTRY = 4,
    WEIGHT_ROW = 4,
    WEIGHT_POSTING = 8,
    CHECKSUM_SIZE = 8,
    FORM_OFFSET = 9, /* in the head */
    STORED_OFFSET = 20,
};

struct block_writer {
    int level;
    ZSTD_CCtx *codec;
    struct dictionary_writer dictionary;
    enum value_kind kind;
    enum history_form form;
    size_t weight;
    size_t entries;
    size_t rows;
    size_t postings;
    bool numbers; /* all keys are numbers: those of addresses */
    size_t used[COLUMN_COUNT];
    uint32_t columns[COLUMN_COUNT][BLOCK_POSTINGS_MAX];
    struct column_codes codes;
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
    writer->postings = 0;
    writer->numbers = true;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        writer->used[i] = 0;
    }
    buf_clear(&writer->wide_counts);
    buf_clear(&writer->text);
}

/* Neither the size of a text nor the number of a dictionary is told: both are known. */
static bool codec_begin(ZSTD_CCtx *codec, int level)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(codec, ZSTD_c_compressionLevel, level)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(codec, ZSTD_c_contentSizeFlag, 0)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(codec, ZSTD_c_dictIDFlag, 0));
}

enum err block_writer_new(struct op *op, int level, struct block_writer **ret)
{
    const ZSTD_customMem memory = { codec_memory_new, codec_memory_free, NULL };
    struct block_writer *writer = memory_new(sizeof *writer);
    if (writer != NULL) {
        writer->level = level;
        writer->codec = ZSTD_createCCtx_advanced(memory);
        dictionary_writer_begin(&writer->dictionary, level);
        buf_init(&writer->wide_counts, BLOCK_POSTINGS_MAX * VARINT_SIZE_MAX);
        buf_init(&writer->text, BLOCK_TEXT_SIZE_MAX);
        buf_init(&writer->bytes, BLOCK_SIZE_MAX);
    }
    if (writer == NULL || writer->codec == NULL || !codec_begin(writer->codec, level)) {
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
    dictionary_writer_done(&writer->dictionary);
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

static void number_add(struct block_writer *writer, enum column column, uint32_t number)
{
    must(writer->used[column] < BLOCK_POSTINGS_MAX);
    writer->columns[column][writer->used[column]] = number;
    writer->used[column]++;
}

/* ---- keys ---- */

static bool is_number(enum value_kind kind, enum history_form form, struct span order)
{
    return kind == VALUE_IPV4 && form == HISTORY_WHOLE && order.size == BLOCK_NUMBER_SIZE;
}

static void key_add(struct block_writer *writer, struct span order)
{
    size_t shared = writer->entries == 0 ? 0 : shared_size(writer, order);
    struct span other = span_from(order, shared);
    writer->numbers = writer->numbers && is_number(writer->kind, writer->form, order);
    if (writer->numbers && writer->entries > 0) {
        uint32_t gap = block_number(order.data) - block_number(writer->last);
        number_add(writer, COLUMN_NUMBERS, gap);
    }
    number_add(writer, COLUMN_SHARED, (uint32_t)shared);
    number_add(writer, COLUMN_SIZES, (uint32_t)order.size);
    buf_add(&writer->text, other);
    span_copy(writer->last + shared, sizeof writer->last - shared, other);
    writer->last_size = order.size;
    writer->weight += WEIGHT_ENTRY + other.size;
}

/* ---- rows ---- */

static void count_add(struct block_writer *writer, const struct history_row *row,
                      const struct history_posting *posting)
{
    must(posting->count >= 1);
    uint32_t duration = posting->last_s - posting->first_s;
    uint64_t count = posting->count == 1 && duration == 0 ? BLOCK_COUNT_ONCE : posting->count;
    if (count >= UINT32_MAX) {
        column_varint_add(&writer->wide_counts, count - UINT32_MAX);
        count = UINT32_MAX;
    }
    uint32_t first = posting->first_s - row->start_s;
    number_add(writer, COLUMN_FIRSTS, first);
    number_add(writer, COLUMN_COUNTS, (uint32_t)count);
    if (count != BLOCK_COUNT_ONCE) {
        number_add(writer, block_duration_column(row->width, first, (uint32_t)count), duration);
    }
}

/* Hosts of the row before, and those that are not among them. */
struct host_place {
    const struct history_row *before; /* NULL: there is none */
    size_t at;                        /* posting of it that is not passed */
    uint32_t place;                   /* of its host among the different ones */
    uint32_t place_before;            /* that was told last */
    uint32_t kept;                    /* postings */
    bool any_new;
    uint32_t new_before; /* host that was told last */
};

/* Go on in the row before up to a host; returns whether it is there. */
static bool place_find(struct host_place *place, uint32_t host)
{
    const struct history_row *before = place->before;
    if (before == NULL) {
        return false;
    }
    while (place->at < before->posting_count && before->postings[place->at].host < host) {
        bool last = place->at + 1 == before->posting_count;
        if (last || before->postings[place->at + 1].host != before->postings[place->at].host) {
            place->place++;
        }
        place->at++;
    }
    return place->at < before->posting_count && before->postings[place->at].host == host;
}

static void host_add(struct block_writer *writer, struct host_place *place, uint32_t host)
{
    if (place_find(place, host)) {
        number_add(writer, COLUMN_KEPT_PLACES, place->place - place->place_before);
        place->place_before = place->place;
        place->kept++;
    } else if (place->any_new) {
        number_add(writer, COLUMN_HOST_GAPS, host - place->new_before);
        place->new_before = host;
    } else {
        number_add(writer, COLUMN_HOSTS, host);
        place->new_before = host;
        place->any_new = true;
    }
}

static void postings_add(struct block_writer *writer, const struct history_row *row,
                         const struct history_row *before)
{
    struct host_place place = { .before = before };
    uint32_t host_before = 0;
    for (size_t i = 0; i < row->posting_count; i++) {
        const struct history_posting *posting = &row->postings[i];
        must(posting->first_s >= row->start_s);
        must(posting->last_s >= posting->first_s);
        must(posting->host >= host_before);
        host_before = posting->host;
        host_add(writer, &place, posting->host);
        number_add(writer, COLUMN_WAYS, posting->way);
        count_add(writer, row, posting);
    }
    if (before != NULL) {
        number_add(writer, COLUMN_KEPT_COUNTS, place.kept);
    }
    writer->postings += row->posting_count;
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
        number_add(writer, i == 0 ? COLUMN_STARTS : COLUMN_START_GAPS, hour - hour_before);
        hour_before = hour;
        number_add(writer, COLUMN_WIDTHS, (uint32_t)row->width);
        number_add(writer, COLUMN_POSTING_COUNTS, (uint32_t)row->posting_count);
        postings_add(writer, row, i == 0 ? NULL : row - 1);
    }
    writer->rows += entry->row_count;
    writer->weight += WEIGHT_ROW * entry->row_count;
}

void block_writer_add(struct block_writer *writer, const struct history_entry *entry)
{
    must(entry->row_count >= 1);
    must(writer->entries < BLOCK_POSTINGS_MAX);
    if (writer->kind != entry->kind || writer->form != entry->form) {
        column_codes_turn(&writer->codes);
    }
    writer->kind = entry->kind;
    writer->form = entry->form;
    number_add(writer, COLUMN_ROW_COUNTS, (uint32_t)entry->row_count);
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

/* ---- bytes ---- */

/* Hours are counted from the least first one. Returns it. */
static uint32_t starts_lower(struct block_writer *writer)
{
    uint32_t *starts = writer->columns[COLUMN_STARTS];
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < writer->entries; i++) {
        least = starts[i] < least ? starts[i] : least;
    }
    for (size_t i = 0; i < writer->entries; i++) {
        starts[i] -= least;
    }
    return least;
}

static void head_add(struct block_writer *writer)
{
    struct buf *bytes = &writer->bytes;
    wire_add_u64(bytes, 0); /* the checksum comes at last */
    wire_add_u8(bytes, (uint8_t)writer->kind);
    wire_add_u8(bytes, (uint8_t)((unsigned)writer->form | (writer->numbers ? BLOCK_NUMBERS : 0)));
    wire_add_u16(bytes, (uint16_t)writer->entries);
    wire_add_u16(bytes, (uint16_t)writer->rows);
    wire_add_u16(bytes, (uint16_t)writer->postings);
    wire_add_u16(bytes, (uint16_t)writer->wide_counts.size);
    wire_add_u16(bytes, writer->numbers ? 0 : (uint16_t)writer->text.size);
    wire_add_u16(bytes, 0); /* the size of the text as it lies here: see text_add() */
    wire_add_u32(bytes, starts_lower(writer));
}

static void columns_add(struct block_writer *writer, enum column first, enum column last)
{
    for (size_t i = first; i <= last; i++) {
        const struct column_values values = { (enum column)i, writer->used[i], writer->columns[i] };
        column_add(&writer->bytes, &writer->codes, &values);
    }
}

static void keys_add(struct block_writer *writer)
{
    if (writer->numbers) {
        buf_add(&writer->bytes, span_slice(buf_span(&writer->text), 0, BLOCK_NUMBER_SIZE));
        columns_add(writer, COLUMN_NUMBERS, COLUMN_NUMBERS);
    } else {
        columns_add(writer, COLUMN_SHARED, COLUMN_SIZES);
    }
}

/* The text, compressed; its size, or 0 where that does not make it smaller. */
static size_t text_compress(struct block_writer *writer, uint8_t *place, size_t room)
{
    struct span text = buf_span(&writer->text);
    const struct ZSTD_CDict_s *dictionary =
        dictionary_for(&writer->dictionary, writer->kind, writer->form, text);
    if (ZSTD_isError(ZSTD_CCtx_refCDict(writer->codec, dictionary))) {
        return 0;
    }
    size_t size = ZSTD_compress2(writer->codec, place, room, text.data, text.size);
    if (ZSTD_isError(size) || size >= text.size) {
        return 0;
    }
    if (dictionary != NULL) {
        writer->bytes.data[FORM_OFFSET] |= BLOCK_DICTIONARY;
    }
    return size;
}

/* Compressed where that makes it smaller. What is random, as digests are, is not tried. */
static void text_add(struct block_writer *writer)
{
    bool random = writer->form == HISTORY_HASHED;
    size_t room = ZSTD_compressBound(writer->text.size);
    uint8_t *place = random ? NULL : buf_reserve(&writer->bytes, room);
    size_t size = place == NULL ? 0 : text_compress(writer, place, room);
    if (size > 0) {
        writer->bytes.size += size;
    } else {
        size = writer->text.size;
        buf_add(&writer->bytes, buf_span(&writer->text));
    }
    for (size_t i = 0; writer->bytes.err == ERR_OK && i < sizeof(uint16_t); i++) {
        writer->bytes.data[STORED_OFFSET + i] = (uint8_t)(size >> (CHAR_BIT * i));
    }
}

static void checksum_set(struct buf *bytes)
{
    struct span checked = span_from(buf_span(bytes), CHECKSUM_SIZE);
    uint64_t checksum = XXH3_64bits(checked.data, checked.size);
    for (size_t i = 0; i < CHECKSUM_SIZE; i++) {
        bytes->data[i] = (uint8_t)(checksum >> (CHAR_BIT * i));
    }
}

enum err block_writer_end(struct op *op, struct block_writer *writer, struct span *ret)
{
    must(writer->entries > 0);
    buf_clear(&writer->bytes);
    head_add(writer);
    keys_add(writer);
    if (!writer->numbers) {
        text_add(writer);
    }
    columns_add(writer, COLUMN_ROW_COUNTS, COLUMN_COUNT - 1);
    buf_add(&writer->bytes, buf_span(&writer->wide_counts));
    if (writer->bytes.err != ERR_OK || writer->text.err != ERR_OK ||
        writer->wide_counts.err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "out of memory for a segment of the history");
    }
    checksum_set(&writer->bytes);
    writer_clear(writer);
    *ret = buf_span(&writer->bytes);
    return ERR_OK;
}

void block_writer_codes_add(const struct block_writer *writer, struct buf *buf)
{
    column_codes_add(buf, &writer->codes);
}

void block_writer_dictionaries_add(const struct block_writer *writer, struct buf *buf)
{
    buf_add(buf, buf_span(&writer->dictionary.made));
}
