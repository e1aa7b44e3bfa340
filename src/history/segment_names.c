// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"
#include "history/segment_inner.h"

void segment_hosts_add(struct buf *buf, const struct names *hosts)
{
    for (uint32_t i = 0; i < names_count(hosts); i++) {
        struct span host = names_at(hosts, i);
        buf_add_byte(buf, (uint8_t)host.size);
        buf_add(buf, host);
    }
}

void segment_ways_add(struct buf *buf, const struct names *ways)
{
    for (uint32_t i = 0; i < names_count(ways); i++) {
        buf_add(buf, names_at(ways, i));
    }
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
    struct span rest = r->rest;
    unsigned flags = wire_u8(r);
    size_t sensor_size = wire_u8(r);
    size_t field_size = wire_u8(r);
    (void)wire_take(r, sensor_size + field_size);
    if ((flags & NAMES_WAY_RANK_MASK) >= RANK_DIRECTION_COUNT ||
        (flags >> NAMES_WAY_OUTCOME_SHIFT & NAMES_WAY_RANK_MASK) >= RANK_OUTCOME_COUNT) {
        r->err = ERR_FORMAT;
    }
    if (r->err != ERR_OK) {
        return (struct history_way){ 0 };
    }
    return names_way(span_slice(rest, 0, NAMES_WAY_HEAD_SIZE + sensor_size + field_size));
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
