// SPDX-License-Identifier: EUPL-1.2
#include "base/wire.h"

struct wire_reader wire_reader_of(struct span span)
{
    return (struct wire_reader){ .rest = span };
}

struct span wire_take(struct wire_reader *r, size_t size)
{
    if (r->err != ERR_OK || size > r->rest.size) {
        r->err = ERR_FORMAT;
        return (struct span){ NULL, 0 };
    }
    struct span taken = span_slice(r->rest, 0, size);
    r->rest = span_from(r->rest, size);
    return taken;
}

/* Little-endian whatever the machine: the bytes are put together one by one (compilers make a
 * single load of it). */
static uint64_t number(struct wire_reader *r, size_t size)
{
    struct span bytes = wire_take(r, size);
    uint64_t value = 0;
    for (size_t i = bytes.size; i > 0; i--) {
        value = value << 8 | bytes.data[i - 1];
    }
    return value;
}

uint8_t wire_u8(struct wire_reader *r)
{
    return (uint8_t)number(r, 1);
}

uint16_t wire_u16(struct wire_reader *r)
{
    return (uint16_t)number(r, 2);
}

uint32_t wire_u32(struct wire_reader *r)
{
    return (uint32_t)number(r, 4);
}

uint64_t wire_u64(struct wire_reader *r)
{
    return number(r, 8);
}

int64_t wire_i64(struct wire_reader *r)
{
    return (int64_t)number(r, 8);
}

struct span wire_bytes(struct wire_reader *r, size_t size_max)
{
    size_t size = wire_u32(r);
    if (size > size_max) {
        r->err = ERR_FORMAT;
    }
    return wire_take(r, size);
}

static void add_number(struct buf *buf, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
    buf_add(buf, span_make(bytes, size));
}

void wire_add_u8(struct buf *buf, uint8_t value)
{
    add_number(buf, value, 1);
}

void wire_add_u16(struct buf *buf, uint16_t value)
{
    add_number(buf, value, 2);
}

void wire_add_u32(struct buf *buf, uint32_t value)
{
    add_number(buf, value, 4);
}

void wire_add_u64(struct buf *buf, uint64_t value)
{
    add_number(buf, value, 8);
}

void wire_add_i64(struct buf *buf, int64_t value)
{
    add_number(buf, (uint64_t)value, 8);
}

void wire_add_bytes(struct buf *buf, struct span span)
{
    if (span.size > UINT32_MAX) {
        buf->err = ERR_LIMIT;
        return;
    }
    wire_add_u32(buf, (uint32_t)span.size);
    buf_add(buf, span);
}
