// SPDX-License-Identifier: EUPL-1.2
/*
 * A block in the file: its size (4 bytes), then so many bytes. Those are, once opened: how it is
 * packed (1 byte), size of its records (4 bytes), its records, compressed or not.
 */
#include "backup/section.h"

#include <inttypes.h>

/* Allocators of our own are in zstd's shared library, but its header file shows them only so. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/wire.h"

enum {
    PACKED_ZSTD = 1, /* flags of a block */
    PACKED_LAST = 2,
    PACKED_HEAD_SIZE = 1 + 4,
    PACKED_SIZE_MAX = PACKED_HEAD_SIZE + BACKUP_BLOCK_SIZE_MAX,
    BLOCK_HEAD_SIZE = 4,
    SEALED_SIZE_MAX = PACKED_SIZE_MAX + SECRETSTREAM_OVERHEAD,
    /* The fastest level that still finds repetitions across a block; more gains little on feeds,
     * which are mostly names and digests. */
    ZSTD_LEVEL = 1,
};

struct backup_codec {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
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

static void codec_free(struct backup_codec *codec)
{
    if (codec != NULL) {
        (void)ZSTD_freeCCtx(codec->pack); /* NULL does nothing */
        (void)ZSTD_freeDCtx(codec->unpack);
        memory_free(codec);
    }
}

static enum err codec_new(struct op *op, bool write, struct backup_codec **ret)
{
    const ZSTD_customMem memory = { codec_memory_new, codec_memory_free, NULL };
    struct backup_codec *codec = memory_new(sizeof *codec);
    if (codec != NULL && write) {
        codec->pack = ZSTD_createCCtx_advanced(memory);
    } else if (codec != NULL) {
        codec->unpack = ZSTD_createDCtx_advanced(memory);
    }
    if (codec == NULL || (codec->pack == NULL && codec->unpack == NULL)) {
        codec_free(codec);
        return op_fail(op, ERR_LIMIT, "out of memory for a backup");
    }
    *ret = codec;
    return ERR_OK;
}

static enum err fail_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "out of memory for a block of a backup");
}

static enum err section_begin(struct op *op, const struct backup_place *place, bool write,
                              struct backup_section *ret)
{
    *ret = (struct backup_section){ .place = *place, .at = place->offset };
    buf_init(&ret->records, BACKUP_BLOCK_SIZE_MAX);
    buf_init(&ret->packed, PACKED_SIZE_MAX);
    buf_init(&ret->sealed, BLOCK_HEAD_SIZE + SEALED_SIZE_MAX);
    digest_sha256_init(&ret->digest);
    digest_sha256(span_make(place->header, BACKUP_HEADER_SIZE), ret->context);
    ret->context[DIGEST_SHA256_SIZE] = (uint8_t)place->kind;
    return codec_new(op, write, &ret->codec);
}

void backup_section_done(struct backup_section *section)
{
    secretstream_wipe(&section->stream);
    codec_free(section->codec);
    section->codec = NULL;
    buf_done(&section->records);
    buf_done(&section->packed);
    buf_done(&section->sealed);
}

static struct span context_of(const struct backup_section *section)
{
    return span_make(section->context, sizeof section->context);
}

/* --- Writing --- */

static enum err section_put(struct op *op, struct backup_section *section, struct span bytes)
{
    TRY(disk_write(op, section->place.file, section->at, bytes));
    digest_sha256_add(&section->digest, bytes);
    section->at += bytes.size;
    return ERR_OK;
}

enum err backup_section_write(struct op *op, const struct backup_place *place,
                              struct backup_section *ret)
{
    TRY(section_begin(op, place, true, ret));
    if (place->key != NULL) {
        uint8_t start[SECRETSTREAM_START_SIZE];
        secretstream_seal_begin(&ret->stream, place->key, start);
        TRY(section_put(op, ret, span_make(start, sizeof start)));
    }
    return ERR_OK;
}

/* Compresses the records; what does not become smaller is kept as it is. */
static enum err block_pack(struct op *op, struct backup_section *section, bool last)
{
    struct span records = buf_span(&section->records);
    struct buf *packed = &section->packed;
    buf_clear(packed);
    uint8_t *room = buf_reserve(packed, PACKED_HEAD_SIZE + records.size);
    if (room == NULL) {
        return fail_memory(op);
    }
    size_t size = 0;
    if (records.size > 0) {
        size = ZSTD_compressCCtx(section->codec->pack, room + PACKED_HEAD_SIZE, records.size - 1,
                                 records.data, records.size, ZSTD_LEVEL);
    }
    bool smaller = records.size > 0 && !ZSTD_isError(size);
    unsigned flags = (smaller ? PACKED_ZSTD : 0u) | (last ? PACKED_LAST : 0u);
    wire_add_u8(packed, (uint8_t)flags);
    wire_add_u32(packed, (uint32_t)records.size);
    if (smaller) {
        packed->size += size;
    } else {
        buf_add(packed, records);
    }
    return packed->err == ERR_OK ? ERR_OK : fail_memory(op);
}

static enum err block_write(struct op *op, struct backup_section *section, bool last)
{
    TRY(op_check(op));
    TRY(block_pack(op, section, last));
    struct span packed = buf_span(&section->packed);
    bool encrypted = section->place.key != NULL;
    size_t size = packed.size + (encrypted ? SECRETSTREAM_OVERHEAD : 0);

    struct buf *sealed = &section->sealed;
    buf_clear(sealed);
    wire_add_u32(sealed, (uint32_t)size);
    uint8_t *room = buf_reserve(sealed, size);
    if (room == NULL) {
        return fail_memory(op);
    }
    if (encrypted) {
        secretstream_seal(&section->stream, packed, context_of(section), last, room);
    } else {
        span_copy(room, size, packed);
    }
    sealed->size += size;
    buf_clear(&section->records);
    return section_put(op, section, buf_span(sealed));
}

enum err backup_section_add(struct op *op, struct backup_section *section,
                            const struct backup_record *record)
{
    size_t size = backup_record_size(record);
    must(size <= BACKUP_BLOCK_SIZE_MAX);
    if (size > BACKUP_BLOCK_SIZE_MAX - section->records.size) {
        TRY(block_write(op, section, false));
    }
    backup_record_add(&section->records, record);
    return section->records.err == ERR_OK ? ERR_OK : fail_memory(op);
}

enum err backup_section_finish(struct op *op, struct backup_section *section, uint64_t *ret_size,
                               uint8_t *ret_digest)
{
    TRY(block_write(op, section, true));
    *ret_size = section->at - section->place.offset;
    digest_sha256_done(&section->digest, ret_digest);
    return ERR_OK;
}

/* --- Reading --- */

static enum err fail_damaged(struct op *op, const struct backup_section *section, const char *what)
{
    return op_fail(op, ERR_CORRUPT, "%.*s is damaged at byte %" PRIu64 ": %s",
                   SPAN_FMT(section->place.name), section->at, what);
}

/* Reads exactly `size` bytes. */
static enum err section_get(struct op *op, struct backup_section *section, uint8_t *target,
                            size_t size)
{
    uint64_t end = section->place.offset + section->place.size;
    if (size > end - section->at) {
        return fail_damaged(op, section, "it ends too early");
    }
    size_t got = 0;
    TRY(disk_read(op, section->place.file, section->at, target, size, &got));
    if (got != size) {
        return fail_damaged(op, section, "the file became shorter");
    }
    digest_sha256_add(&section->digest, span_make(target, size));
    section->at += size;
    return ERR_OK;
}

enum err backup_section_read(struct op *op, const struct backup_place *place,
                             struct backup_section *ret)
{
    TRY(section_begin(op, place, false, ret));
    if (place->key == NULL) {
        return ERR_OK;
    }
    uint8_t start[SECRETSTREAM_START_SIZE];
    TRY(section_get(op, ret, start, sizeof start));
    if (secretstream_open_begin(&ret->stream, place->key, start) != ERR_OK) {
        return fail_damaged(op, ret, "this begins no sealed section");
    }
    return ERR_OK;
}

/* Fetches the next block into `sealed`. */
static enum err block_fetch(struct op *op, struct backup_section *section)
{
    uint8_t head[BLOCK_HEAD_SIZE];
    TRY(section_get(op, section, head, sizeof head));
    struct wire_reader r = wire_reader_of(span_make(head, sizeof head));
    uint32_t size = wire_u32(&r);
    if (size > SEALED_SIZE_MAX) {
        return fail_damaged(op, section, "a block is too large");
    }
    buf_clear(&section->sealed);
    uint8_t *room = buf_reserve(&section->sealed, size);
    if (room == NULL) {
        return fail_memory(op);
    }
    TRY(section_get(op, section, room, size));
    section->sealed.size = size;
    return ERR_OK;
}

/* Opens the seal, where there is one. */
static enum err block_open(struct op *op, struct backup_section *section, struct span *ret,
                           bool *ret_last)
{
    struct span sealed = buf_span(&section->sealed);
    if (section->place.key == NULL) {
        *ret = sealed;
        return ERR_OK;
    }
    if (sealed.size < SECRETSTREAM_OVERHEAD) {
        return fail_damaged(op, section, "a block is too small");
    }
    buf_clear(&section->packed);
    size_t size = sealed.size - SECRETSTREAM_OVERHEAD;
    uint8_t *room = buf_reserve(&section->packed, size);
    if (room == NULL) {
        return fail_memory(op);
    }
    if (secretstream_open(&section->stream, sealed, context_of(section), room, ret_last) !=
        ERR_OK) {
        return fail_damaged(op, section, "a block was changed, or sealed with another key");
    }
    section->packed.size = size;
    *ret = buf_span(&section->packed);
    return ERR_OK;
}

static enum err records_unpack(struct op *op, struct backup_section *section, struct span payload,
                               uint32_t size, bool compressed)
{
    buf_clear(&section->records);
    uint8_t *room = buf_reserve(&section->records, size);
    if (room == NULL) {
        return fail_memory(op);
    }
    if (compressed) {
        size_t got =
            ZSTD_decompressDCtx(section->codec->unpack, room, size, payload.data, payload.size);
        if (ZSTD_isError(got) || got != size) {
            return fail_damaged(op, section, "a block cannot be unpacked");
        }
    } else {
        span_copy(room, size, payload);
    }
    section->records.size = size;
    section->rest = buf_span(&section->records);
    return ERR_OK;
}

static enum err block_read(struct op *op, struct backup_section *section)
{
    TRY(op_check(op));
    TRY(block_fetch(op, section));
    struct span packed;
    bool sealed_last = false;
    TRY(block_open(op, section, &packed, &sealed_last));

    struct wire_reader r = wire_reader_of(packed);
    unsigned flags = wire_u8(&r);
    uint32_t size = wire_u32(&r);
    bool last = (flags & PACKED_LAST) != 0;
    bool compressed = (flags & PACKED_ZSTD) != 0;
    if (r.err != ERR_OK || flags > (PACKED_ZSTD | PACKED_LAST) || size > BACKUP_BLOCK_SIZE_MAX) {
        return fail_damaged(op, section, "this is no block");
    }
    if (!compressed && r.rest.size != size) {
        return fail_damaged(op, section, "a block has another size than it says");
    }
    if (section->place.key != NULL && last != sealed_last) {
        return fail_damaged(op, section, "the last block is not where it should be");
    }
    section->last = last;
    return records_unpack(op, section, r.rest, size, compressed);
}

static enum err end_check(struct op *op, struct backup_section *section)
{
    if (section->at != section->place.offset + section->place.size) {
        return fail_damaged(op, section, "something follows the last block");
    }
    uint8_t digest[DIGEST_SHA256_SIZE];
    digest_sha256_done(&section->digest, digest);
    if (memcmp(digest, section->place.digest, sizeof digest) != 0) {
        return op_fail(op, ERR_CORRUPT, "%.*s is damaged: its bytes have another digest",
                       SPAN_FMT(section->place.name));
    }
    return ERR_OK;
}

enum err backup_section_next(struct op *op, struct backup_section *section,
                             struct backup_record *ret, bool *ret_more)
{
    while (section->rest.size == 0 && !section->last) {
        TRY(block_read(op, section));
    }
    if (section->rest.size == 0) {
        TRY(end_check(op, section));
        *ret_more = false;
        return ERR_OK;
    }
    bool data = section->place.kind == BACKUP_SECTION_DATA;
    struct backup_record record = { 0 };
    if (backup_record_next(&section->rest, &record) != ERR_OK) {
        return fail_damaged(op, section,
                            "a record breaks the rules, or names what no backup holds");
    }
    if (data != (record.kind == BACKUP_DATA)) {
        return fail_damaged(op, section, "a record is in the wrong section");
    }
    *ret = record;
    *ret_more = true;
    return ERR_OK;
}
