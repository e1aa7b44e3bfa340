// SPDX-License-Identifier: EUPL-1.2
#include "journal/frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/must.h"
#include "base/wire.h"
#include "crypt/digest.h"

static const struct span file_magic = { (const uint8_t *)"LINIEJNL", 8 };
static const struct span erased_magic = { (const uint8_t *)"\0ERASED\n", 8 };

enum {
    FRAME_MAGIC = 0x31464A4C, /* "LJF1" */
    HEADER_VERSION = 1,
    FILE_CHECKSUM_AT = JOURNAL_FILE_HEADER_SIZE - 8,
    PREFIX_CHECKSUM_AT = JOURNAL_PREFIX_SIZE - 8,
    RESERVED_SIZE = 8,
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

static uint64_t align_up(uint64_t size)
{
    const uint64_t mask = JOURNAL_ALIGNMENT - 1;
    return (size + mask) & ~mask;
}

void journal_world_mark(struct span world, uint8_t *ret)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    digest_sha256(world, digest);
    span_copy(ret, JOURNAL_WORLD_MARK_SIZE, span_make(digest, JOURNAL_WORLD_MARK_SIZE));
}

void journal_file_header_write(uint8_t *target, const struct journal_file_header *header)
{
    struct pen pen = { target };
    pen_bytes(&pen, file_magic);
    pen_number(&pen, JOURNAL_VERSION, sizeof(uint32_t));
    pen_number(&pen, JOURNAL_FILE_HEADER_SIZE, sizeof(uint32_t));
    pen_number(&pen, header->first, sizeof(uint64_t));
    pen_number(&pen, header->seed, sizeof(uint64_t));
    pen_bytes(&pen, span_make(header->world_mark, sizeof header->world_mark));
    pen_number(&pen, 0, RESERVED_SIZE);
    pen_number(&pen, checksum(target, FILE_CHECKSUM_AT, 0), sizeof(uint64_t));
    must(pen.at == target + JOURNAL_FILE_HEADER_SIZE);
}

enum err journal_file_header_read(struct span bytes, struct journal_file_header *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    struct span magic = wire_take(&r, file_magic.size);
    uint32_t version = wire_u32(&r);
    if (r.err != ERR_OK || !span_equal(magic, file_magic) || version == 0) {
        return ERR_FORMAT;
    }
    if (version > JOURNAL_VERSION) {
        return ERR_UNSUPPORTED;
    }
    struct journal_file_header header = { 0 };
    uint32_t size = wire_u32(&r);
    header.first = wire_u64(&r);
    header.seed = wire_u64(&r);
    struct span mark = wire_take(&r, JOURNAL_WORLD_MARK_SIZE);
    uint64_t reserved = wire_u64(&r);
    uint64_t sum = wire_u64(&r);
    if (r.err != ERR_OK || size != JOURNAL_FILE_HEADER_SIZE || reserved != 0) {
        return ERR_FORMAT;
    }
    if (sum != checksum(bytes.data, FILE_CHECKSUM_AT, 0)) {
        return ERR_FORMAT;
    }
    if (header.first == 0 || header.first > JOURNAL_NUMBER_MAX) {
        return ERR_FORMAT;
    }
    span_copy(header.world_mark, sizeof header.world_mark, mark);
    *ret = header;
    return ERR_OK;
}

void journal_prefix_write(uint8_t *target, const struct journal_prefix *prefix, uint64_t seed)
{
    struct pen pen = { target };
    pen_number(&pen, FRAME_MAGIC, sizeof(uint32_t));
    pen_number(&pen, prefix->flags, sizeof(uint32_t));
    pen_number(&pen, prefix->number, sizeof(uint64_t));
    pen_number(&pen, prefix->group_first, sizeof(uint64_t));
    pen_number(&pen, prefix->header_size, sizeof(uint32_t));
    pen_number(&pen, prefix->body_size, sizeof(uint32_t));
    pen_number(&pen, prefix->header_checksum, sizeof(uint64_t));
    pen_number(&pen, checksum(target, PREFIX_CHECKSUM_AT, seed), sizeof(uint64_t));
    must(pen.at == target + JOURNAL_PREFIX_SIZE);
}

static bool prefix_within_limits(const struct journal_prefix *prefix)
{
    if (prefix->flags > JOURNAL_GROUP_END) {
        return false;
    }
    if (prefix->group_first == 0 || prefix->group_first > prefix->number) {
        return false;
    }
    if (prefix->number > JOURNAL_NUMBER_MAX) {
        return false;
    }
    if (prefix->header_size == 0 || prefix->header_size > JOURNAL_HEADER_SIZE_MAX) {
        return false;
    }
    return prefix->body_size >= JOURNAL_SALT_SIZE && prefix->body_size <= JOURNAL_BODY_SIZE_MAX;
}

enum err journal_prefix_read(struct span bytes, uint64_t seed, struct journal_prefix *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    uint32_t magic = wire_u32(&r);
    if (magic != FRAME_MAGIC) {
        return ERR_FORMAT;
    }
    struct journal_prefix prefix = { 0 };
    prefix.flags = wire_u32(&r);
    prefix.number = wire_u64(&r);
    prefix.group_first = wire_u64(&r);
    prefix.header_size = wire_u32(&r);
    prefix.body_size = wire_u32(&r);
    prefix.header_checksum = wire_u64(&r);
    uint64_t sum = wire_u64(&r);
    if (r.err != ERR_OK || sum != checksum(bytes.data, PREFIX_CHECKSUM_AT, seed)) {
        return ERR_FORMAT;
    }
    if (!prefix_within_limits(&prefix)) {
        return ERR_FORMAT;
    }
    *ret = prefix;
    return ERR_OK;
}

bool journal_prefix_fits(const struct journal_prefix *prefix, struct span header, uint64_t seed)
{
    return prefix->header_size == header.size &&
           prefix->header_checksum == checksum(header.data, header.size, seed);
}

uint64_t journal_body_offset(const struct journal_prefix *prefix)
{
    return align_up(JOURNAL_PREFIX_SIZE + (uint64_t)prefix->header_size);
}

uint64_t journal_frame_size(const struct journal_prefix *prefix)
{
    return align_up(journal_body_offset(prefix) + prefix->body_size);
}

void journal_header_add(struct buf *buf, const struct journal_header *header)
{
    wire_add_u16(buf, HEADER_VERSION);
    wire_add_u64(buf, header->number);
    wire_add_i64(buf, header->time_us);
    wire_add_bytes(buf, header->kind);
    wire_add_bytes(buf, header->world);
    wire_add_bytes(buf, header->actor);
    wire_add_bytes(buf, header->mandate);
    wire_add_bytes(buf, header->purpose);
    wire_add_bytes(buf, header->source);
    wire_add_bytes(buf, header->marking);
    buf_add(buf, span_make(header->payload_digest, JOURNAL_DIGEST_SIZE));
    buf_add(buf, span_make(header->previous, JOURNAL_DIGEST_SIZE));
}

static void digest_take(struct wire_reader *r, uint8_t *ret)
{
    span_copy(ret, JOURNAL_DIGEST_SIZE, wire_take(r, JOURNAL_DIGEST_SIZE));
}

enum err journal_header_read(struct span bytes, struct journal_header *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    uint16_t version = wire_u16(&r);
    if (version > HEADER_VERSION) {
        return ERR_UNSUPPORTED;
    }
    struct journal_header header = { 0 };
    header.number = wire_u64(&r);
    header.time_us = wire_i64(&r);
    header.kind = wire_bytes(&r, JOURNAL_TEXT_SIZE_MAX);
    header.world = wire_bytes(&r, JOURNAL_TEXT_SIZE_MAX);
    header.actor = wire_bytes(&r, JOURNAL_TEXT_SIZE_MAX);
    header.mandate = wire_bytes(&r, JOURNAL_TEXT_SIZE_MAX);
    header.purpose = wire_bytes(&r, JOURNAL_TEXT_SIZE_MAX);
    header.source = wire_bytes(&r, JOURNAL_TEXT_SIZE_MAX);
    header.marking = wire_bytes(&r, JOURNAL_TEXT_SIZE_MAX);
    digest_take(&r, header.payload_digest);
    digest_take(&r, header.previous);
    if (r.err != ERR_OK || r.rest.size != 0 || version != HEADER_VERSION) {
        return ERR_FORMAT;
    }
    *ret = header;
    return ERR_OK;
}

void journal_leaf(struct span header, uint8_t *ret)
{
    const uint8_t leaf_prefix = 0x00; /* RFC 6962, section 2.1 */
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    digest_sha256_add(&digest, span_make(&leaf_prefix, 1));
    digest_sha256_add(&digest, header);
    digest_sha256_done(&digest, ret);
}

enum err journal_frame_add(struct buf *buf, struct journal_prefix *prefix, uint64_t seed,
                           const struct journal_frame_parts *parts)
{
    must(parts->salt.size == JOURNAL_SALT_SIZE);
    must(parts->payload.size <= JOURNAL_PAYLOAD_SIZE_MAX);
    prefix->header_size = (uint32_t)parts->header.size;
    prefix->body_size = (uint32_t)(JOURNAL_SALT_SIZE + parts->payload.size);
    prefix->header_checksum = checksum(parts->header.data, parts->header.size, seed);
    size_t size = (size_t)journal_frame_size(prefix);
    uint8_t *frame = buf_reserve(buf, size);
    if (frame == NULL) {
        return ERR_LIMIT;
    }

    memset(frame, 0, size);
    journal_prefix_write(frame, prefix, seed);
    span_copy(frame + JOURNAL_PREFIX_SIZE, parts->header.size, parts->header);
    uint8_t *body = frame + journal_body_offset(prefix);
    span_copy(body, parts->salt.size, parts->salt);
    span_copy(body + parts->salt.size, parts->payload.size, parts->payload);
    buf->size += size;
    return ERR_OK;
}

void journal_mark_write(uint8_t *target, uint64_t number)
{
    struct pen pen = { target };
    pen_bytes(&pen, erased_magic);
    pen_number(&pen, number, sizeof number);
    must(pen.at == target + JOURNAL_SALT_SIZE);
}

enum journal_body journal_body_state(struct span body, const uint8_t *payload_digest,
                                     uint64_t *ret_eraser)
{
    uint8_t digest[JOURNAL_DIGEST_SIZE];
    digest_sha256(body, digest);
    if (memcmp(digest, payload_digest, sizeof digest) == 0) {
        return JOURNAL_BODY_WHOLE;
    }
    struct wire_reader r = wire_reader_of(body);
    struct span magic = wire_take(&r, erased_magic.size);
    uint64_t eraser = wire_u64(&r);
    if (r.err == ERR_OK && span_equal(magic, erased_magic)) {
        *ret_eraser = eraser;
        return JOURNAL_BODY_ERASED;
    }
    return JOURNAL_BODY_DAMAGED;
}

void journal_erase_add(struct buf *buf, uint64_t number, struct span rule)
{
    wire_add_u64(buf, number);
    wire_add_bytes(buf, rule);
}

enum err journal_erase_read(struct span payload, uint64_t *ret_number, struct span *ret_rule)
{
    struct wire_reader r = wire_reader_of(payload);
    uint64_t number = wire_u64(&r);
    struct span rule = wire_bytes(&r, JOURNAL_TEXT_SIZE_MAX);
    if (r.err != ERR_OK || r.rest.size != 0 || rule.size == 0) {
        return ERR_FORMAT;
    }
    *ret_number = number;
    *ret_rule = rule;
    return ERR_OK;
}
