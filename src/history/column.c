// SPDX-License-Identifier: EUPL-1.2
/*
 * Bits are loaded and stored eight bytes at a time with memcpy, whatever their alignment: it
 * compiles to one instruction.
 */
#include "history/column.h"

#include "base/must.h"

enum { BYTE_BITS = 8, NUMBER_BITS = 32, WORD_BITS = 64 };

void column_varint_add(struct buf *buf, uint64_t value)
{
    uint8_t *place = buf_reserve(buf, VARINT_SIZE_MAX);
    if (place != NULL) {
        buf->size += (size_t)(varint_put(place, value) - place);
    }
}

static unsigned bits_of(uint64_t value)
{
    return value == 0 ? 0 : WORD_BITS - (unsigned)__builtin_clzll(value);
}

/* How many bits make a column the smallest, when what needs more costs two varints, the first of
 * them a byte. */
static unsigned width_choose(const uint32_t *values, size_t count, uint32_t base)
{
    size_t of_bits[NUMBER_BITS + 1] = { 0 };
    for (size_t i = 0; i < count; i++) {
        of_bits[bits_of(values[i] - base)]++;
    }
    unsigned best = NUMBER_BITS;
    size_t best_size = SIZE_MAX;
    for (unsigned width = 0; width <= NUMBER_BITS; width++) {
        size_t size = (count * width + BYTE_BITS - 1) / BYTE_BITS;
        for (unsigned bits = width + 1; bits <= NUMBER_BITS; bits++) {
            size += of_bits[bits] * (1 + (bits - width + VARINT_BITS - 1) / VARINT_BITS);
        }
        if (size < best_size) {
            best = width;
            best_size = size;
        }
    }
    return best;
}

static uint64_t mask_of(unsigned width)
{
    return ((uint64_t)1 << width) - 1;
}

static size_t exceptions_count(const uint32_t *values, size_t count, uint32_t base, unsigned width)
{
    size_t exceptions = 0;
    for (size_t i = 0; i < count; i++) {
        exceptions += (uint64_t)(values[i] - base) >> width != 0 ? 1 : 0;
    }
    return exceptions;
}

static void exceptions_add(struct buf *buf, const uint32_t *values, size_t count, uint32_t base,
                           unsigned width)
{
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t high = (uint64_t)(values[i] - base) >> width;
        if (high != 0) {
            column_varint_add(buf, i - next);
            column_varint_add(buf, high);
            next = i + 1;
        }
    }
}

static void numbers_add(struct buf *buf, const uint32_t *values, size_t count, uint32_t base,
                        unsigned width)
{
    size_t size = (count * width + BYTE_BITS - 1) / BYTE_BITS;
    uint8_t *bytes = buf_reserve(buf, size + COLUMN_PADDING);
    if (bytes == NULL) {
        return;
    }
    uint64_t pending = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        pending |= ((uint64_t)(values[i] - base) & mask_of(width)) << held;
        held += width;
        while (held >= BYTE_BITS) {
            bytes[at] = (uint8_t)pending;
            at++;
            pending >>= BYTE_BITS;
            held -= BYTE_BITS;
        }
    }
    if (held > 0) {
        bytes[at] = (uint8_t)pending;
    }
    buf->size += size;
}

void column_add(struct buf *buf, const uint32_t *values, size_t count)
{
    must(count <= COLUMN_COUNT_MAX);
    uint32_t base = count == 0 ? 0 : values[0];
    for (size_t i = 1; i < count; i++) {
        base = values[i] < base ? values[i] : base;
    }
    unsigned width = width_choose(values, count, base);
    buf_add_byte(buf, (uint8_t)width);
    column_varint_add(buf, base);
    column_varint_add(buf, exceptions_count(values, count, base, width));
    numbers_add(buf, values, count, base, width);
    exceptions_add(buf, values, count, base, width);
}

static void numbers_read(const uint8_t *bytes, unsigned width, uint32_t base, uint32_t *ret,
                         size_t count)
{
    const uint64_t mask = mask_of(width);
    size_t bit = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, bytes + bit / BYTE_BITS, sizeof word);
        ret[i] = base + (uint32_t)(word >> bit % BYTE_BITS & mask);
        bit += width;
    }
}

/* Exceptions are few, and each lies behind the one before. */
static void exceptions_read(struct wire_reader *r, uint64_t exception_count, unsigned width,
                            uint32_t *ret, size_t count)
{
    uint64_t at = 0;
    for (uint64_t i = 0; i < exception_count; i++) {
        uint64_t gap = varint_take(r);
        uint64_t high = varint_take(r);
        if (r->err != ERR_OK || gap >= count - at) {
            r->err = ERR_FORMAT;
            return;
        }
        at += gap;
        ret[at] += (uint32_t)(high << width);
        at++;
    }
}

void column_read(struct wire_reader *r, uint32_t *ret, size_t count)
{
    must(count <= COLUMN_COUNT_MAX);
    unsigned width = wire_u8(r);
    uint64_t base = varint_take(r);
    uint64_t exception_count = varint_take(r);
    if (width > NUMBER_BITS || base > UINT32_MAX || exception_count > count) {
        r->err = ERR_FORMAT;
        return;
    }
    struct span bytes = wire_take(r, (count * width + BYTE_BITS - 1) / BYTE_BITS);
    if (r->err != ERR_OK) {
        return;
    }
    if (bytes.size == 0) {
        for (size_t i = 0; i < count; i++) {
            ret[i] = (uint32_t)base;
        }
    } else {
        numbers_read(bytes.data, width, (uint32_t)base, ret, count);
    }
    exceptions_read(r, exception_count, width, ret, count);
}
