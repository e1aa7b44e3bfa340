// SPDX-License-Identifier: EUPL-1.2
/*
 * Numbers in as few bytes as they need: seven bits a byte, the lowest first, the top bit set where
 * another byte follows (LEB128, unsigned). Inline: a record has six of them for each thing seen.
 */
#ifndef HISTORY_VARINT_H
#define HISTORY_VARINT_H

#include "base/wire.h"

enum {
    VARINT_SIZE_MAX = 10, /* of 64 bits */
    VARINT_BITS = 7,
    VARINT_MORE = 0x80,
    VARINT_REST_MASK = 0x7F,
    VARINT_LAST_SHIFT = 63, /* the tenth byte has one bit left */
};

/**
 * Write a number.
 *
 * target    room for VARINT_SIZE_MAX bytes
 * value     written
 *
 * Returns the place behind it.
 */
static inline uint8_t *varint_put(uint8_t *target, uint64_t value)
{
    while (value >= VARINT_MORE) {
        *target = (uint8_t)(value | VARINT_MORE);
        target++;
        value >>= VARINT_BITS;
    }
    *target = (uint8_t)value;
    return target + 1;
}

/**
 * Read a number; one that is cut short or does not fit 64 bits is a failure.
 *
 * r         reader
 */
static inline uint64_t varint_take(struct wire_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift <= VARINT_LAST_SHIFT; shift += VARINT_BITS) {
        if (r->err != ERR_OK || r->rest.size == 0) {
            break;
        }
        uint8_t byte = r->rest.data[0];
        r->rest.data++;
        r->rest.size--;
        value |= (uint64_t)(byte & VARINT_REST_MASK) << shift;
        if (byte < VARINT_MORE) {
            bool fits = shift < VARINT_LAST_SHIFT || byte <= 1;
            r->err = fits ? r->err : ERR_FORMAT;
            return fits ? value : 0;
        }
    }
    r->err = ERR_FORMAT;
    return 0;
}

#endif
