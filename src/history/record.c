// SPDX-License-Identifier: EUPL-1.2
/*
 * Making a record. This is hot: history_record_add() is called for every value of every line that
 * the watch reads. Budget: 15 ns for what is there already, 40 ns for what is new; no memory is
 * taken once the largest record was made; memcpy() of an address compiles to one store.
 * bench/history_record_bench.c measures it.
 */
#include "history/record.h"

#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"
#include "history/names.h"
#include "history/record_inner.h"
#include "history/tally.h"
#include "history/varint.h"

/* What one thing seen can take in the record beside its key: kind and form, size of the key, host,
 * way, first, last, count. */
enum {
    SEEN_SIZE_MAX = 1 + 2 + 3 + 3 + 5 + 2 + VARINT_SIZE_MAX,
    HEAD_SIZE_MAX = 1 + 4 + 4 + 5 + 5, /* of the record: version, counts, base */
    ITEMS_EXPECTED = 1 << 12,
    NUMBER_SIZE_MAX = 3, /* of a host or way: HISTORY_NAMES_MAX has 20 bits */
    LATER_COUNT = 32,    /* a power of two */
    OCTET_BITS = 8,
    IPV4_TEXT_SIZE_MAX = sizeof "255.255.255.255" - 1,
};

/* What is to be added when the slot of its tag has come from memory. */
struct later {
    struct history_seen seen; /* a short key is copied */
    uint8_t key[HISTORY_RECORD_SHORT_SIZE];
    uint32_t tag;
};

_Static_assert(HISTORY_NAMES_MAX < 1 << (NUMBER_SIZE_MAX * VARINT_BITS), "as SEEN_SIZE_MAX has it");

struct history_record_writer {
    struct tally tally;
    struct names hosts;
    struct names ways;
    size_t size; /* that the record can have at most */
    uint64_t left_out;
    size_t later_begin; /* those from it to `later_end` wait; the numbers go on and on */
    size_t later_end;
    struct later later[LATER_COUNT];
    struct buf repaired; /* a name that was not UTF-8 */
};

enum err history_record_writer_new(struct op *op, struct history_record_writer **ret)
{
    struct history_record_writer *writer = memory_new(sizeof *writer);
    if (writer == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a record of what was seen");
    }
    buf_init(&writer->repaired, (size_t)4 * HISTORY_NAME_SIZE_MAX); /* of a byte three at most */
    bool made = tally_init(&writer->tally, ITEMS_EXPECTED) == ERR_OK &&
                names_init(&writer->hosts, &writer->tally.secret) == ERR_OK &&
                names_init(&writer->ways, &writer->tally.secret) == ERR_OK &&
                names_number(&writer->hosts, SPAN("")) == 0;
    if (!made) {
        history_record_writer_free(writer);
        return op_fail(op, ERR_LIMIT, "out of memory for a record of what was seen");
    }
    history_record_begin(writer);
    *ret = writer;
    return ERR_OK;
}

void history_record_writer_free(struct history_record_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    tally_done(&writer->tally);
    names_done(&writer->hosts);
    names_done(&writer->ways);
    buf_done(&writer->repaired);
    memory_free(writer);
}

void history_record_begin(struct history_record_writer *writer)
{
    tally_clear(&writer->tally);
    names_clear(&writer->hosts);
    names_clear(&writer->ways);
    uint32_t none = names_number(&writer->hosts, SPAN(""));
    must(none == 0); /* its memory was taken as the writer was made */
    writer->size = HEAD_SIZE_MAX;
    writer->left_out = 0;
    writer->later_begin = writer->later_end;
}

/* ---- names ---- */

/* A number for a name that is not there yet; `size` is what it takes in the record. */
static uint32_t name_add(struct history_record_writer *writer, struct names *names,
                         struct span name, size_t size)
{
    if (size > HISTORY_RECORD_SIZE_MAX - writer->size) {
        return HISTORY_RECORD_NONE;
    }
    size_t before = names_count(names);
    uint32_t number = names_number(names, name);
    writer->size += names_count(names) > before ? size : 0;
    return number;
}

uint32_t history_record_host(struct history_record_writer *writer, struct span host)
{
    uint32_t number = names_find(&writer->hosts, host);
    if (number != NAMES_NONE) {
        return number;
    }
    if (!history_host_fits(host)) {
        return 0;
    }
    return name_add(writer, &writer->hosts, host, 1 + host.size);
}

/* The text of a number up to 255; returns its size. */
static size_t octet_write(unsigned number, uint8_t *ret)
{
    size_t size = number >= 100 ? 3 : number >= 10 ? 2 : 1; /* digits of a decimal number */
    for (size_t i = size; i > 0; i--) {
        ret[i - 1] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
    return size;
}

uint32_t history_record_ipv4_host(struct history_record_writer *writer, uint32_t address)
{
    uint8_t text[IPV4_TEXT_SIZE_MAX + 1];
    size_t size = 0;
    for (unsigned rest = VALUE_IPV4_SIZE; rest > 0; rest--) {
        size += octet_write(address >> (rest - 1) * OCTET_BITS & UINT8_MAX, text + size);
        text[size] = '.';
        size++;
    }
    struct span host = span_make(text, size - 1);
    return name_add(writer, &writer->hosts, host, 1 + host.size);
}

/* The first bytes of a name, at most HISTORY_NAME_SIZE_MAX; no character is cut in two. */
static struct span name_cut(struct span name)
{
    if (name.size <= HISTORY_NAME_SIZE_MAX) {
        return name;
    }
    struct span cut = span_slice(name, 0, HISTORY_NAME_SIZE_MAX);
    size_t valid = text_valid_size(cut);
    bool halved = cut.size - valid < 4 && text_valid_size(name) > valid; /* bytes of a character */
    return halved ? span_slice(cut, 0, valid) : cut;
}

/* The name with what is not UTF-8 replaced; at most one of these is used at a time. */
static struct span name_repair(struct history_record_writer *writer, struct span name)
{
    buf_clear(&writer->repaired);
    text_add_repaired(&writer->repaired, name);
    struct span repaired = name_cut(buf_span(&writer->repaired));
    return span_slice(repaired, 0, text_valid_size(repaired));
}

static uint32_t way_add(struct history_record_writer *writer, const struct history_way *way)
{
    uint8_t bytes[NAMES_WAY_SIZE_MAX];
    uint8_t sensor[HISTORY_NAME_SIZE_MAX];
    struct history_way sound = *way;
    struct span repaired = name_repair(writer, way->sensor);
    span_copy(sensor, sizeof sensor, repaired);
    sound.sensor = span_make(sensor, repaired.size);
    sound.field = name_repair(writer, way->field);
    struct span name = names_way_bytes(&sound, bytes);
    return name_add(writer, &writer->ways, name, name.size);
}

uint32_t history_record_way(struct history_record_writer *writer, const struct history_way *way)
{
    uint8_t bytes[NAMES_WAY_SIZE_MAX];
    struct history_way cut = *way;
    cut.sensor = name_cut(way->sensor);
    cut.field = name_cut(way->field);
    uint32_t number = names_find(&writer->ways, names_way_bytes(&cut, bytes));
    return number != NAMES_NONE ? number : way_add(writer, &cut);
}

/* ---- what was seen ---- */

static inline uint8_t *pen_bytes(uint8_t *at, struct span bytes)
{
    if (bytes.size == VALUE_IPV4_SIZE) {
        memcpy(at, bytes.data, VALUE_IPV4_SIZE);
    } else {
        span_copy(at, bytes.size, bytes);
    }
    return at + bytes.size;
}

static bool seen_fits(const struct history_record_writer *writer, const struct history_seen *seen)
{
    return seen->host < names_count(&writer->hosts) && seen->way < names_count(&writer->ways) &&
           seen->last_s >= seen->first_s && seen->count >= 1 &&
           history_key_fits(seen->kind, seen->form, seen->key);
}

static enum err item_add(struct history_record_writer *writer, const struct history_seen *seen,
                         uint32_t tag)
{
    if (seen->host == HISTORY_RECORD_NONE || seen->way == HISTORY_RECORD_NONE) {
        return ERR_LIMIT; /* there was no room for the name */
    }
    if (!seen_fits(writer, seen)) {
        return ERR_FORMAT;
    }
    size_t size = SEEN_SIZE_MAX + seen->key.size;
    if (size > HISTORY_RECORD_SIZE_MAX - writer->size) {
        return ERR_LIMIT;
    }
    TRY(tally_add(&writer->tally, seen, tag));
    writer->size += size;
    return ERR_OK;
}

const struct hash_secret *history_record_secret(const struct history_record_writer *writer)
{
    return &writer->tally.secret;
}

static void leave_out(struct history_record_writer *writer, const struct history_seen *seen)
{
    writer->left_out += seen->count > 0 ? seen->count : 1; /* which is wrong by itself */
}

static bool is_of_one_hour(const struct history_seen *seen)
{
    uint32_t start_s = seen->first_s - seen->first_s % HISTORY_HOUR_S;
    return seen->last_s - start_s < HISTORY_HOUR_S;
}

static enum err seen_add(struct history_record_writer *writer, const struct history_seen *seen,
                         uint32_t tag)
{
    struct tally_item *item = tally_find(&writer->tally, seen, tag);
    if (item != NULL) {
        tally_grow(item, seen);
        return ERR_OK;
    }
    enum err err = item_add(writer, seen, tag);
    if (err != ERR_OK) {
        leave_out(writer, seen);
    }
    return err;
}

enum err history_record_add(struct history_record_writer *writer, const struct history_seen *seen)
{
    if (!is_of_one_hour(seen)) {
        leave_out(writer, seen);
        return ERR_FORMAT;
    }
    return seen_add(writer, seen, tally_tag(&writer->tally, seen));
}

static void later_do(struct history_record_writer *writer)
{
    const struct later *later = &writer->later[writer->later_begin % LATER_COUNT];
    writer->later_begin++;
    (void)!seen_add(writer, &later->seen, later->tag); /* which counts what it cannot add */
}

void history_record_put(struct history_record_writer *writer, const struct history_seen *seen,
                        uint64_t key)
{
    if (!is_of_one_hour(seen)) {
        leave_out(writer, seen);
        return;
    }
    if (writer->later_end - writer->later_begin == LATER_COUNT) {
        later_do(writer);
    }
    struct later *later = &writer->later[writer->later_end % LATER_COUNT];
    writer->later_end++;
    later->seen = *seen;
    if (seen->key.size <= HISTORY_RECORD_SHORT_SIZE) {
        (void)pen_bytes(later->key, seen->key);
        later->seen.key.data = later->key;
    }
    later->tag = tally_tag_of(&writer->tally, seen, (uint32_t)key);
    tally_slot_ahead(&writer->tally, later->tag);
    if (writer->later_end - writer->later_begin > LATER_COUNT / 2) {
        size_t half = writer->later_end - LATER_COUNT / 2; /* whose slot is there by now */
        tally_item_ahead(&writer->tally, writer->later[half % LATER_COUNT].tag);
    }
}

void history_record_settle(struct history_record_writer *writer)
{
    while (writer->later_begin < writer->later_end) {
        later_do(writer);
    }
}

/* ---- the bytes ---- */

static uint8_t *pen_names(uint8_t *at, const struct history_record_writer *writer)
{
    size_t host_count = names_count(&writer->hosts);
    size_t way_count = names_count(&writer->ways);
    at = varint_put(at, host_count - 1); /* none is not written */
    for (uint32_t i = 1; i < host_count; i++) {
        struct span host = names_at(&writer->hosts, i);
        *at = (uint8_t)host.size;
        at = pen_bytes(at + 1, host);
    }
    at = varint_put(at, way_count);
    for (uint32_t i = 0; i < way_count; i++) {
        at = pen_bytes(at, names_at(&writer->ways, i));
    }
    return at;
}

static uint8_t *pen_item(uint8_t *at, const struct tally_item *item, uint32_t base_s)
{
    *at = (uint8_t)(item->kind | item->form << RECORD_FORM_SHIFT);
    at = varint_put(at + 1, item->key_size);
    at = pen_bytes(at, span_make(item->key, item->key_size));
    at = varint_put(at, item->host);
    at = varint_put(at, item->way);
    at = varint_put(at, item->first_s - base_s);
    at = varint_put(at, item->last_s - item->first_s);
    return varint_put(at, item->count);
}

static uint32_t oldest_s(const struct tally *tally)
{
    uint32_t oldest = UINT32_MAX;
    for (size_t at = 0; at < tally->size; at = tally_next(tally, at)) {
        uint32_t first_s = tally_at(tally, at)->first_s;
        oldest = first_s < oldest ? first_s : oldest;
    }
    return oldest;
}

void history_record_end(struct history_record_writer *writer, struct buf *buf,
                        uint64_t *ret_left_out)
{
    const struct tally *tally = &writer->tally;
    history_record_settle(writer);
    *ret_left_out = writer->left_out;
    uint8_t *begin = tally->size == 0 ? NULL : buf_reserve(buf, writer->size);
    if (begin == NULL) {
        return;
    }
    uint32_t base_s = oldest_s(tally);
    *begin = RECORD_VERSION;
    uint8_t *end = pen_names(begin + 1, writer);
    end = varint_put(end, base_s);
    end = varint_put(end, tally->slots.count);
    for (size_t at = 0; at < tally->size; at = tally_next(tally, at)) {
        end = pen_item(end, tally_at(tally, at), base_s);
    }
    must((size_t)(end - begin) <= writer->size);
    buf->size += (size_t)(end - begin);
}
