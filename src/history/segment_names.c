// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"
#include "base/must.h"
#include "history/segment_inner.h"

enum {
    NAME_RECORD_MAX = 2 * (1 + HISTORY_NAME_SIZE_MAX) + 3, /* of a way */
    NAMES_BYTES_MAX = 512 * 1024 * 1024,
    SLOTS_FIRST = 64,
    WAY_ASSUMED = 1, /* flags */
    WAY_ANSWER = 2,
};

struct segment_name {
    uint64_t hash;
    uint32_t at;
    uint32_t size;
};

void segment_names_begin(struct segment_names *names)
{
    *names = (struct segment_names){ 0 };
    buf_init(&names->bytes, NAMES_BYTES_MAX);
    buf_init(&names->places, HISTORY_NAMES_MAX * sizeof(struct segment_name));
}

void segment_names_done(struct segment_names *names)
{
    buf_done(&names->bytes);
    buf_done(&names->places);
    memory_free(names->slots);
    names->slots = NULL;
}

static const struct segment_name *name_at(const struct segment_names *names, uint32_t number)
{
    return (const struct segment_name *)(const void *)names->places.data + number;
}

/* The slot of a name, or the empty one where it would be. */
static uint32_t slot_find(const struct segment_names *names, struct span bytes, uint64_t hash)
{
    uint32_t slot = (uint32_t)hash & (names->slot_count - 1);
    while (names->slots[slot] != 0) {
        const struct segment_name *name = name_at(names, names->slots[slot] - 1);
        if (name->hash == hash &&
            span_equal(span_make(names->bytes.data + name->at, name->size), bytes)) {
            break;
        }
        slot = (slot + 1) & (names->slot_count - 1);
    }
    return slot;
}

static bool slots_grow(struct segment_names *names)
{
    if (names->count + 1 <= names->slot_count / 2) {
        return true;
    }
    uint32_t count = names->slot_count == 0 ? SLOTS_FIRST : names->slot_count * 2;
    uint32_t *slots = memory_new_array(count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    memory_free(names->slots);
    names->slots = slots;
    names->slot_count = count;
    for (uint32_t i = 0; i < names->count; i++) {
        const struct segment_name *name = name_at(names, i);
        struct span bytes = span_make(names->bytes.data + name->at, name->size);
        slots[slot_find(names, bytes, name->hash)] = i + 1;
    }
    return true;
}

static enum err name_number(struct op *op, struct segment_names *names,
                            const struct hash_secret *secret, struct span bytes, uint32_t *ret)
{
    if (!slots_grow(names)) {
        return op_fail(op, ERR_LIMIT, "out of memory for names of the history");
    }
    uint64_t hash = hash_bytes(secret, bytes);
    uint32_t slot = slot_find(names, bytes, hash);
    if (names->slots[slot] != 0) {
        *ret = names->slots[slot] - 1;
        return ERR_OK;
    }
    if (names->count >= HISTORY_NAMES_MAX) {
        return op_fail(op, ERR_LIMIT, "a segment of the history has room for %d names",
                       (int)HISTORY_NAMES_MAX);
    }
    const struct segment_name name = { hash, (uint32_t)names->bytes.size, (uint32_t)bytes.size };
    buf_add(&names->bytes, bytes);
    buf_add(&names->places, span_make(&name, sizeof name));
    if (names->bytes.err != ERR_OK || names->places.err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "out of memory for names of the history");
    }
    names->count++;
    names->slots[slot] = names->count;
    *ret = names->count - 1;
    return ERR_OK;
}

static void name_add(struct buf *record, struct span name)
{
    must(name.size <= HISTORY_NAME_SIZE_MAX);
    buf_add_byte(record, (uint8_t)name.size);
    buf_add(record, name);
}

enum err segment_names_host(struct op *op, struct segment_names *names,
                            const struct hash_secret *secret, struct span host, uint32_t *ret)
{
    uint8_t bytes[NAME_RECORD_MAX];
    must(host.size <= HISTORY_NAME_SIZE_MAX);
    bytes[0] = (uint8_t)host.size;
    span_copy(bytes + 1, sizeof bytes - 1, host);
    return name_number(op, names, secret, span_make(bytes, 1 + host.size), ret);
}

enum err segment_names_way(struct op *op, struct segment_names *names,
                           const struct hash_secret *secret, const struct history_way *way,
                           uint32_t *ret)
{
    struct buf record;
    buf_init(&record, NAME_RECORD_MAX);
    name_add(&record, way->sensor);
    name_add(&record, way->field);
    buf_add_byte(&record, (uint8_t)way->direction);
    buf_add_byte(&record, (uint8_t)way->outcome);
    buf_add_byte(&record,
                 (uint8_t)((way->assumed ? WAY_ASSUMED : 0) | (way->answer ? WAY_ANSWER : 0)));
    enum err err = record.err != ERR_OK
                       ? op_fail(op, ERR_LIMIT, "out of memory for names of the history")
                       : name_number(op, names, secret, buf_span(&record), ret);
    buf_done(&record);
    return err;
}

/* ---- reading ---- */

static struct span name_read(struct wire_reader *r)
{
    size_t size = wire_u8(r);
    return wire_take(r, size);
}

static size_t hosts_count(struct span bytes, enum err *ret_err)
{
    struct wire_reader r = wire_reader_of(bytes);
    size_t count = 0;
    while (r.err == ERR_OK && r.rest.size > 0) {
        (void)name_read(&r);
        count++;
    }
    *ret_err = r.err;
    return count;
}

enum err segment_hosts_read(struct span bytes, struct span **ret, size_t *ret_count)
{
    enum err err = ERR_OK;
    size_t count = hosts_count(bytes, &err);
    if (err != ERR_OK || count == 0 || count > HISTORY_NAMES_MAX || bytes.data[0] != 0) {
        return ERR_FORMAT;
    }
    struct span *hosts = memory_new_array(count, sizeof *hosts);
    if (hosts == NULL) {
        return ERR_LIMIT;
    }
    struct wire_reader r = wire_reader_of(bytes);
    for (size_t i = 0; i < count; i++) {
        hosts[i] = name_read(&r);
    }
    *ret = hosts;
    *ret_count = count;
    return ERR_OK;
}

static struct history_way way_read(struct wire_reader *r)
{
    struct history_way way = { .sensor = name_read(r) };
    way.field = name_read(r);
    unsigned direction = wire_u8(r);
    unsigned outcome = wire_u8(r);
    unsigned flags = wire_u8(r);
    if (direction >= RANK_DIRECTION_COUNT || outcome >= RANK_OUTCOME_COUNT ||
        flags > (WAY_ASSUMED | WAY_ANSWER)) {
        r->err = ERR_FORMAT;
        return way;
    }
    way.direction = (enum rank_direction)direction;
    way.outcome = (enum rank_outcome)outcome;
    way.assumed = (flags & WAY_ASSUMED) != 0;
    way.answer = (flags & WAY_ANSWER) != 0;
    return way;
}

enum err segment_ways_read(struct span bytes, struct history_way **ret, size_t *ret_count)
{
    struct wire_reader r = wire_reader_of(bytes);
    size_t count = 0;
    while (r.err == ERR_OK && r.rest.size > 0) {
        (void)way_read(&r);
        count++;
    }
    if (r.err != ERR_OK || count > HISTORY_NAMES_MAX) {
        return ERR_FORMAT;
    }
    struct history_way *ways = memory_new_array(count, sizeof *ways);
    if (ways == NULL) {
        return ERR_LIMIT;
    }
    r = wire_reader_of(bytes);
    for (size_t i = 0; i < count; i++) {
        ways[i] = way_read(&r);
    }
    *ret = ways;
    *ret_count = count;
    return ERR_OK;
}
