// SPDX-License-Identifier: EUPL-1.2
/*
 * Words are loaded with memcpy: the filter of a segment that was made in memory has no alignment.
 */
#include "history/filter.h"

#include <xxhash.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/wire.h"

enum {
    LINE_WORDS = FILTER_LINE_SIZE / sizeof(uint64_t),
    LINE_BITS = FILTER_LINE_SIZE * 8,
    SUM_SIZE = sizeof(uint64_t),
    WORD_SHIFT = 26,            /* leaves six bits of 32 */
    WAITING_KEYS_MAX = 1 << 18, /* 2 MiB */
    WAITING_AT_ONCE = 8,        /* that are put in lines with each key that comes */
};

enum page_state { PAGE_NEW = 0, PAGE_GOOD, PAGE_DAMAGED };

/* Numbers without a pattern (digits of pi, made odd): multiplied by each, a hash chooses another
 * bit. */
static const uint32_t word_salts[LINE_WORDS] = { 0x243f6a89, 0x85a308d3, 0x13198a2f, 0x03707345,
                                                 0xa4093823, 0x299f31d1, 0x082efa99, 0xec4e6c89 };

/* ---- keys ---- */

static uint64_t key_hash(const struct hash_secret *secret, enum value_kind kind,
                         enum history_form form, struct span key)
{
    const uint8_t salt[] = { (uint8_t)kind, (uint8_t)form };
    return hash_bytes(secret, key) ^ hash_bytes(secret, span_make(salt, sizeof salt));
}

static void keys_add(struct filter_keys *keys, uint64_t hash)
{
    must(keys->count < FILTER_KEYS_PER_VALUE_MAX);
    keys->hashes[keys->count] = hash;
    keys->count++;
}

/* A URL's plain form in lower case: equal wherever two are the same in some form. */
static struct span url_form(struct span key, uint8_t *bytes)
{
    size_t size = value_url_plain(key, bytes);
    for (size_t i = 0; i < size; i++) {
        bool capital = bytes[i] >= 'A' && bytes[i] <= 'Z';
        bytes[i] = capital ? (uint8_t)(bytes[i] + ('a' - 'A')) : bytes[i];
    }
    return span_make(bytes, size);
}

static bool is_url(enum value_kind kind, enum history_form form, struct span key)
{
    return kind == VALUE_URL && form != HISTORY_HASHED && key.size <= VALUE_URL_SIZE_MAX;
}

/* Apart from its callers, since it takes much of the stack. */
__attribute__((noinline)) static void url_keys(const struct hash_secret *secret,
                                               enum history_form form, struct span key, bool told,
                                               struct filter_keys *ret)
{
    uint8_t bytes[VALUE_URL_SIZE_MAX];
    struct span plain = url_form(key, bytes);
    ptrdiff_t query = span_find(plain, '?');
    keys_add(ret, key_hash(secret, VALUE_URL, form, plain));
    /* Where only an undone escape makes a query, a question may be for any query. */
    if (query != SPAN_NOT_FOUND && (told || span_find(key, '?') == SPAN_NOT_FOUND)) {
        keys_add(ret, key_hash(secret, VALUE_URL, form, span_slice(plain, 0, (size_t)query)));
    }
}

void filter_keys_told(const struct hash_secret *secret, enum value_kind kind,
                      enum history_form form, struct span key, size_t known,
                      struct filter_keys *ret)
{
    ret->count = 0;
    if (is_url(kind, form, key)) {
        url_keys(secret, form, key, true, ret);
        return;
    }
    keys_add(ret, key_hash(secret, kind, form, key));
    if (kind != VALUE_DOMAIN || form == HISTORY_HASHED) {
        return;
    }
    for (size_t i = 0; i + 1 < key.size && ret->count < FILTER_KEYS_PER_VALUE_MAX; i++) {
        if (key.data[i] == '.' && key.size - i - 1 > known) {
            keys_add(ret, key_hash(secret, kind, form, span_from(key, i + 1)));
        }
    }
}

/* A name has few labels. Of what claims to be one and has more, the first are told. */
size_t filter_keys_count(enum value_kind kind, enum history_form form, struct span key)
{
    size_t count = 1;
    if (is_url(kind, form, key)) {
        bool query = span_find(key, '?') != SPAN_NOT_FOUND || value_url_has_escapes(key);
        return count + (query ? 1 : 0);
    }
    if (kind != VALUE_DOMAIN || form == HISTORY_HASHED) {
        return count;
    }
    for (size_t i = 0; i + 1 < key.size && count < FILTER_KEYS_PER_VALUE_MAX; i++) {
        count += key.data[i] == '.' ? 1 : 0;
    }
    return count;
}

void filter_keys_asked(const struct hash_secret *secret, enum value_kind kind,
                       enum history_form form, struct span key, struct filter_keys *ret)
{
    ret->count = 0;
    if (is_url(kind, form, key)) {
        url_keys(secret, form, key, false, ret);
    } else {
        keys_add(ret, key_hash(secret, kind, form, key));
    }
}

/* ---- lines ---- */

static uint64_t line_of(uint64_t hash, uint64_t line_count)
{
    return (hash >> 32) * line_count >> 32;
}

static uint64_t bit_of(uint64_t hash, size_t word)
{
    return (uint64_t)1 << ((uint32_t)hash * word_salts[word] >> WORD_SHIFT);
}

static uint64_t lines_for(uint64_t keys)
{
    if (keys > (uint64_t)FILTER_LINES_MAX * LINE_BITS / FILTER_BITS_PER_KEY) {
        return FILTER_LINES_MAX;
    }
    uint64_t lines = (keys * FILTER_BITS_PER_KEY + LINE_BITS - 1) / LINE_BITS;
    return lines == 0 ? 1 : lines;
}

/* ---- how many ---- */

void filter_sketch_add(struct filter_sketch *sketch, uint64_t hash)
{
    const size_t count = sketch->count;
    if (count == FILTER_SKETCH_COUNT_MAX && hash >= sketch->least[count - 1]) {
        return; /* nearly all */
    }
    size_t at = count;
    while (at > 0 && sketch->least[at - 1] > hash) {
        at--;
    }
    if (at > 0 && sketch->least[at - 1] == hash) {
        return;
    }
    const bool full = count == FILTER_SKETCH_COUNT_MAX;
    for (size_t i = full ? count - 1 : count; i > at; i--) {
        sketch->least[i] = sketch->least[i - 1];
    }
    sketch->least[at] = hash;
    sketch->count += full ? 0 : 1;
}

uint64_t filter_sketch_estimate(const struct filter_sketch *sketch)
{
    if (sketch->count < FILTER_SKETCH_COUNT_MAX) {
        return sketch->count;
    }
    /* On average so far apart are all that there are; not 0, as the hashes differ. */
    uint64_t gap = sketch->least[FILTER_SKETCH_COUNT_MAX - 1] / (FILTER_SKETCH_COUNT_MAX - 1);
    return UINT64_MAX / gap;
}

/* ---- writing ---- */

void filter_writer_begin(struct filter_writer *writer, uint64_t keys_max)
{
    *writer = (struct filter_writer){ .keys_max = keys_max };
    buf_init(&writer->waiting, WAITING_KEYS_MAX * sizeof(uint64_t));
}

void filter_writer_done(struct filter_writer *writer)
{
    buf_done(&writer->waiting);
    memory_free(writer->lines);
    writer->lines = NULL;
}

static void line_add(struct filter_writer *writer, uint64_t hash)
{
    uint64_t *line = writer->lines + line_of(hash, writer->line_count) * LINE_WORDS;
    for (size_t i = 0; i < LINE_WORDS; i++) {
        line[i] |= bit_of(hash, i);
    }
}

/* Put some of those that wait in lines. */
static void waiting_add(struct filter_writer *writer, size_t count)
{
    struct span waiting = buf_span(&writer->waiting);
    for (size_t i = 0; i < count && writer->waiting_at < waiting.size; i++) {
        uint64_t hash;
        span_copy(&hash, sizeof hash, span_make(waiting.data + writer->waiting_at, sizeof hash));
        line_add(writer, hash);
        writer->waiting_at += sizeof hash;
    }
    if (writer->waiting_at == waiting.size) {
        buf_done(&writer->waiting);
        writer->waiting_at = 0;
    }
}

/* Make lines for so many keys. Those that wait are put in them bit by bit: all at once would take
 * as long as a hundred other steps of who writes a segment. */
static enum err lines_make(struct op *op, struct filter_writer *writer, uint64_t keys)
{
    uint64_t line_count = lines_for(keys);
    writer->lines = memory_new_array(line_count, FILTER_LINE_SIZE);
    if (writer->lines == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the filter of a segment of the history");
    }
    writer->line_count = line_count;
    return ERR_OK;
}

enum err filter_writer_add(struct op *op, struct filter_writer *writer, uint64_t hash)
{
    writer->key_count++;
    filter_sketch_add(&writer->sketch, hash);
    if (writer->line_count == 0 && writer->key_count > WAITING_KEYS_MAX) {
        uint64_t keys = writer->keys_max > writer->key_count ? writer->keys_max : writer->key_count;
        TRY(lines_make(op, writer, keys));
    }
    if (writer->line_count > 0) {
        line_add(writer, hash);
        waiting_add(writer, WAITING_AT_ONCE);
        return ERR_OK;
    }
    buf_add(&writer->waiting, span_make(&hash, sizeof hash));
    if (writer->waiting.err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "out of memory for the filter of a segment of the history");
    }
    return ERR_OK;
}

enum err filter_writer_end(struct op *op, struct filter_writer *writer, struct span *ret)
{
    if (writer->line_count == 0) {
        TRY(lines_make(op, writer, writer->key_count));
    }
    waiting_add(writer, WAITING_KEYS_MAX);
    *ret = span_make(writer->lines, writer->line_count * FILTER_LINE_SIZE);
    return ERR_OK;
}

static struct span page_at(struct span filter, uint64_t page)
{
    size_t begin = page * FILTER_PAGE_SIZE;
    size_t end = filter.size - begin > FILTER_PAGE_SIZE ? begin + FILTER_PAGE_SIZE : filter.size;
    return span_slice(filter, begin, end);
}

static uint64_t page_count(uint64_t line_count)
{
    const uint64_t lines = FILTER_PAGE_SIZE / FILTER_LINE_SIZE;
    return (line_count + lines - 1) / lines;
}

void filter_sums_add(struct buf *buf, struct span filter)
{
    uint64_t pages = page_count(filter.size / FILTER_LINE_SIZE);
    for (uint64_t i = 0; i < pages; i++) {
        struct span page = page_at(filter, i);
        wire_add_u64(buf, XXH3_64bits(page.data, page.size));
    }
}

/* ---- reading ---- */

enum err filter_open(struct span bytes, struct span sums, struct filter *ret)
{
    uint64_t line_count = bytes.size / FILTER_LINE_SIZE;
    if (bytes.size % FILTER_LINE_SIZE != 0 || line_count == 0 || line_count > FILTER_LINES_MAX ||
        sums.size != page_count(line_count) * SUM_SIZE) {
        return ERR_FORMAT;
    }
    _Atomic uint8_t *checked = memory_new(page_count(line_count));
    if (checked == NULL) {
        return ERR_LIMIT;
    }
    *ret = (struct filter){ bytes.data, line_count, sums.data, checked };
    return ERR_OK;
}

void filter_close(struct filter *filter)
{
    memory_free((void *)filter->checked);
    filter->checked = NULL;
}

/* Two threads may both look at a page: they come to the same answer. */
static bool page_check(const struct filter *filter, uint64_t page)
{
    struct span all = span_make(filter->lines, filter->line_count * FILTER_LINE_SIZE);
    struct span bytes = page_at(all, page);
    struct wire_reader r = wire_reader_of(span_make(filter->sums + page * SUM_SIZE, SUM_SIZE));
    bool good = XXH3_64bits(bytes.data, bytes.size) == wire_u64(&r);
    atomic_store_explicit(&filter->checked[page], good ? PAGE_GOOD : PAGE_DAMAGED,
                          memory_order_relaxed);
    return good;
}

bool filter_has(const struct filter *filter, uint64_t hash)
{
    const uint64_t line = line_of(hash, filter->line_count);
    const uint64_t page = line / (FILTER_PAGE_SIZE / FILTER_LINE_SIZE);
    uint8_t state = atomic_load_explicit(&filter->checked[page], memory_order_relaxed);
    if (state == PAGE_DAMAGED || (state == PAGE_NEW && !page_check(filter, page))) {
        return true;
    }
    uint64_t words[LINE_WORDS];
    memcpy(words, filter->lines + line * FILTER_LINE_SIZE, sizeof words);
    uint64_t missing = 0;
    for (size_t i = 0; i < LINE_WORDS; i++) {
        missing |= ~words[i] & bit_of(hash, i);
    }
    return missing == 0;
}

void filter_ahead(const struct filter *filter, uint64_t hash)
{
    __builtin_prefetch(filter->lines + line_of(hash, filter->line_count) * FILTER_LINE_SIZE);
}

uint64_t filter_damaged(const struct filter *filter)
{
    uint64_t pages = page_count(filter->line_count);
    for (uint64_t i = 0; i < pages; i++) {
        if (!page_check(filter, i)) {
            return i;
        }
    }
    return UINT64_MAX;
}
