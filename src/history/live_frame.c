// SPDX-License-Identifier: EUPL-1.2
#include "history/live_frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/must.h"

static const struct span file_magic = { (const uint8_t *)"LINIEWAL", 8 };

enum {
    FRAME_MAGIC = 0x3146574C, /* "LWF1" */
    HEADER_CHECKSUM_AT = LIVE_HEADER_SIZE - 8,
    HEADER_RESERVED_SIZE = 16,
    PREFIX_CHECKSUM_AT = LIVE_PREFIX_SIZE - 8,
};

/* Writes numbers one after the other into memory of a fixed size: nothing here can fail. */
struct pen {
    uint8_t *at;
};

static void pen_number(struct pen *pen, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        pen->at[i] = (uint8_t)(value >> (8 * i));
    }
    pen->at += size;
}

static void pen_bytes(struct pen *pen, struct span bytes)
{
    span_copy(pen->at, bytes.size, bytes);
    pen->at += bytes.size;
}

static uint64_t checksum(const uint8_t *bytes, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, size, seed);
}

static size_t align_up(size_t size)
{
    const size_t mask = LIVE_ALIGNMENT - 1;
    return (size + mask) & ~mask;
}

void live_header_write(uint8_t *target, const struct live_header *header)
{
    struct pen pen = { target };
    memset(target, 0, LIVE_HEADER_SIZE);
    pen_bytes(&pen, file_magic);
    pen_number(&pen, LIVE_VERSION, sizeof(uint32_t));
    pen_number(&pen, LIVE_HEADER_SIZE, sizeof(uint32_t));
    pen_bytes(&pen, span_make(header->history.bytes, sizeof header->history.bytes));
    pen_number(&pen, header->number, sizeof(uint64_t));
    pen.at = target + HEADER_CHECKSUM_AT;
    pen_number(&pen, checksum(target, HEADER_CHECKSUM_AT, 0), sizeof(uint64_t));
}

enum err live_header_read(struct span bytes, struct live_header *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    struct live_header header = { 0 };
    struct span magic = wire_take(&r, file_magic.size);
    uint32_t version = wire_u32(&r);
    uint32_t size = wire_u32(&r);
    struct span history = wire_take(&r, sizeof header.history.bytes);
    header.number = wire_u64(&r);
    (void)wire_take(&r, HEADER_RESERVED_SIZE);
    uint64_t sum = wire_u64(&r);
    if (r.err != ERR_OK || !span_equal(magic, file_magic) || size != LIVE_HEADER_SIZE ||
        sum != checksum(bytes.data, HEADER_CHECKSUM_AT, 0)) {
        return ERR_FORMAT;
    }
    if (version > LIVE_VERSION) {
        return ERR_UNSUPPORTED;
    }
    span_copy(header.history.bytes, sizeof header.history.bytes, history);
    *ret = header;
    return ERR_OK;
}

void live_frame_finish(struct buf *buf, uint64_t number, uint32_t count, uint64_t seed)
{
    must(buf->size > LIVE_PREFIX_SIZE);
    size_t size = buf->size - LIVE_PREFIX_SIZE;
    size_t zeros = align_up(buf->size) - buf->size;
    for (size_t i = 0; i < zeros; i++) {
        buf_add_byte(buf, 0);
    }
    struct pen pen = { buf->data };
    pen_number(&pen, FRAME_MAGIC, sizeof(uint32_t));
    pen_number(&pen, count, sizeof(uint32_t));
    pen_number(&pen, size, sizeof(uint64_t));
    pen_number(&pen, number, sizeof(uint64_t));
    pen_number(&pen, checksum(buf->data + LIVE_PREFIX_SIZE, size, seed), sizeof(uint64_t));
    pen_number(&pen, checksum(buf->data, PREFIX_CHECKSUM_AT, seed), sizeof(uint64_t));
}

enum live_frame_state live_frame_at(struct span bytes, size_t at, uint64_t seed,
                                    struct live_frame *ret, size_t *ret_end)
{
    struct span rest = span_from(bytes, at);
    struct wire_reader r = wire_reader_of(rest);
    struct live_frame frame = { 0 };
    *ret_end = at + LIVE_ALIGNMENT < bytes.size ? at + LIVE_ALIGNMENT : bytes.size;
    uint32_t magic = wire_u32(&r);
    if (magic != FRAME_MAGIC) {
        return LIVE_FRAME_UNKNOWN;
    }
    frame.count = wire_u32(&r);
    uint64_t size = wire_u64(&r);
    frame.number = wire_u64(&r);
    uint64_t records_sum = wire_u64(&r);
    uint64_t prefix_sum = wire_u64(&r);
    if (r.err != ERR_OK || prefix_sum != checksum(rest.data, PREFIX_CHECKSUM_AT, seed)) {
        return LIVE_FRAME_UNKNOWN;
    }
    if (size > r.rest.size || align_up(size) > r.rest.size) {
        return LIVE_FRAME_BROKEN; /* cut short: perhaps later ones were written over it */
    }
    *ret_end = at + LIVE_PREFIX_SIZE + align_up(size);
    frame.records = span_slice(r.rest, 0, size);
    if (records_sum != checksum(frame.records.data, size, seed)) {
        return LIVE_FRAME_BROKEN;
    }
    *ret = frame;
    return LIVE_FRAME_SOUND;
}
