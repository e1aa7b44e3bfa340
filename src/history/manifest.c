// SPDX-License-Identifier: EUPL-1.2
#include "history/manifest.h"

#include <inttypes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/must.h"
#include "base/wire.h"

static const struct span file_magic = { (const uint8_t *)"LINIEMAN", 8 };

enum {
    LOSS_GONE = 1 << 8, /* above what it is of */
    LOSS_KNOWN = 1 << 9,
    LOSS_OF_MASK = LOSS_GONE - 1,
    MANIFEST_VERSION = 3, /* 1 had no losses, 2 no marks of rules */
    LOSS_VERSION = 2,
    MARK_VERSION = 3,
    COPY_ALIGNMENT = 4096, /* so that a lost sector is of one copy only */
    COPY_HEAD_SIZE = 8 + 4 + 4,
    KIND_COUNT_MAX = 64, /* a newer program may know more kinds: they are passed over */
};

/* ---- writing ---- */

static void segment_add(struct buf *buf, const struct manifest_segment *segment)
{
    const struct segment_facts *facts = &segment->facts;
    wire_add_u64(buf, segment->number);
    wire_add_u32(buf, segment->made_s);
    wire_add_u64(buf, segment->mark);
    wire_add_u64(buf, facts->values);
    wire_add_u64(buf, facts->rows);
    wire_add_u64(buf, facts->postings);
    wire_add_u64(buf, facts->count);
    wire_add_u32(buf, facts->first_s);
    wire_add_u32(buf, facts->last_s);
    wire_add_u64(buf, facts->size);
    wire_add_u64(buf, facts->blocks);
    wire_add_u64(buf, facts->filter_keys);
    wire_add_u32(buf, VALUE_KIND_COUNT);
    for (size_t i = 0; i < VALUE_KIND_COUNT; i++) {
        wire_add_u64(buf, facts->kind_values[i]);
    }
}

static void loss_add(struct buf *buf, const struct history_loss *loss)
{
    uint32_t flags = (uint32_t)loss->of;
    flags |= loss->gone ? LOSS_GONE : 0;
    flags |= loss->known ? LOSS_KNOWN : 0;
    wire_add_u32(buf, flags);
    wire_add_u64(buf, loss->file);
    wire_add_u64(buf, loss->count);
    wire_add_u64(buf, loss->kinds);
    wire_add_u32(buf, loss->first_s);
    wire_add_u32(buf, loss->last_s);
    wire_add_u32(buf, loss->found_s);
}

static void body_add(struct buf *buf, const struct manifest *manifest)
{
    wire_add_u64(buf, manifest->generation);
    buf_add(buf, span_make(manifest->history.bytes, sizeof manifest->history.bytes));
    buf_add(buf, span_make(manifest->secret.bytes, sizeof manifest->secret.bytes));
    wire_add_u64(buf, manifest->next_number);
    wire_add_u64(buf, manifest->through);
    wire_add_u64(buf, manifest->wal_number);
    wire_add_u32(buf, manifest->clock_s);
    wire_add_u32(buf, (uint32_t)manifest->segment_count);
    for (size_t i = 0; i < manifest->segment_count; i++) {
        segment_add(buf, &manifest->segments[i]);
    }
    wire_add_u32(buf, (uint32_t)manifest->loss_count);
    for (size_t i = 0; i < manifest->loss_count; i++) {
        loss_add(buf, &manifest->losses[i]);
    }
}

/* One copy, and zeros up to where the next one begins. */
static void copy_add(struct buf *buf, struct span body)
{
    size_t begin = buf->size;
    buf_add(buf, file_magic);
    wire_add_u32(buf, MANIFEST_VERSION);
    wire_add_u32(buf, (uint32_t)body.size);
    buf_add(buf, body);
    if (buf->err == ERR_OK) {
        wire_add_u64(buf, XXH3_64bits(buf->data + begin, buf->size - begin));
    }
    while (buf->err == ERR_OK && buf->size % COPY_ALIGNMENT != 0) {
        buf_add_byte(buf, 0);
    }
}

static enum err file_make(struct op *op, const struct manifest *manifest, struct buf *file)
{
    struct buf body;
    must(manifest->segment_count <= MANIFEST_SEGMENT_COUNT_MAX);
    must(manifest->loss_count <= HISTORY_LOSS_COUNT_MAX);
    buf_init(&body, MANIFEST_SIZE_MAX);
    body_add(&body, manifest);
    copy_add(file, buf_span(&body));
    copy_add(file, buf_span(&body));
    bool made = body.err == ERR_OK && file->err == ERR_OK;
    buf_done(&body);
    return made ? ERR_OK : op_fail(op, ERR_LIMIT, "out of memory for the manifest of the history");
}

enum err manifest_write(struct op *op, struct disk *disk, struct span path,
                        const struct manifest *manifest)
{
    struct buf file;
    buf_init(&file, MANIFEST_SIZE_MAX);
    enum err err = file_make(op, manifest, &file);
    err = err == ERR_OK ? disk_replace(op, disk, path, buf_span(&file)) : err;
    buf_done(&file);
    return err;
}

static enum err copy_write(struct op *op, struct disk *disk, struct span path, struct span bytes)
{
    struct disk_file *file;
    TRY(disk_file_open(op, disk, path, DISK_WRITE, &file));
    enum err err = disk_write(op, file, 0, bytes);
    err = err == ERR_OK ? disk_truncate(op, file, bytes.size) : err;
    disk_file_close(file);
    return err;
}

enum err manifest_write_copy(struct op *op, struct disk *disk, struct span path,
                             const struct manifest *manifest)
{
    struct buf file;
    buf_init(&file, MANIFEST_SIZE_MAX);
    enum err err = file_make(op, manifest, &file);
    err = err == ERR_OK ? copy_write(op, disk, path, buf_span(&file)) : err;
    buf_done(&file);
    return err;
}

/* ---- reading ---- */

static struct manifest_segment segment_take(struct wire_reader *r, uint32_t version)
{
    struct manifest_segment segment = { .number = wire_u64(r) };
    struct segment_facts *facts = &segment.facts;
    segment.made_s = wire_u32(r);
    segment.mark = version >= MARK_VERSION ? wire_u64(r) : 0;
    facts->values = wire_u64(r);
    facts->rows = wire_u64(r);
    facts->postings = wire_u64(r);
    facts->count = wire_u64(r);
    facts->first_s = wire_u32(r);
    facts->last_s = wire_u32(r);
    facts->size = wire_u64(r);
    facts->blocks = wire_u64(r);
    facts->filter_keys = wire_u64(r);
    uint32_t kinds = wire_u32(r);
    if (kinds > KIND_COUNT_MAX) {
        r->err = ERR_FORMAT;
        return segment;
    }
    for (uint32_t i = 0; i < kinds; i++) {
        uint64_t values = wire_u64(r);
        if (i < VALUE_KIND_COUNT) {
            facts->kind_values[i] = values;
        }
    }
    return segment;
}

static enum err segments_take(struct op *op, struct wire_reader *r, uint32_t version,
                              struct manifest *manifest)
{
    size_t count = wire_u32(r);
    if (r->err != ERR_OK || count > MANIFEST_SEGMENT_COUNT_MAX) {
        return ERR_FORMAT;
    }
    manifest->segments = op_alloc(op, count * sizeof *manifest->segments);
    if (manifest->segments == NULL) {
        return ERR_LIMIT;
    }
    manifest->segment_count = count;
    for (size_t i = 0; i < count; i++) {
        manifest->segments[i] = segment_take(r, version);
        uint64_t number = manifest->segments[i].number;
        if (number == 0 || number >= manifest->next_number) {
            return ERR_FORMAT;
        }
    }
    return ERR_OK;
}

static enum err losses_take(struct op *op, struct wire_reader *r, struct manifest *manifest)
{
    size_t count = wire_u32(r);
    if (r->err != ERR_OK || count > HISTORY_LOSS_COUNT_MAX) {
        return ERR_FORMAT;
    }
    manifest->losses = op_alloc(op, count * sizeof *manifest->losses);
    if (manifest->losses == NULL) {
        return ERR_LIMIT;
    }
    manifest->loss_count = count;
    for (size_t i = 0; i < count; i++) {
        struct history_loss *loss = &manifest->losses[i];
        uint32_t flags = wire_u32(r);
        if ((flags & LOSS_OF_MASK) >= HISTORY_LOSS_OF_COUNT) {
            return ERR_FORMAT;
        }
        loss->of = (enum history_loss_of)(flags & LOSS_OF_MASK);
        loss->gone = (flags & LOSS_GONE) != 0;
        loss->known = (flags & LOSS_KNOWN) != 0;
        loss->file = wire_u64(r);
        loss->count = wire_u64(r);
        loss->kinds = wire_u64(r);
        loss->first_s = wire_u32(r);
        loss->last_s = wire_u32(r);
        loss->found_s = wire_u32(r);
    }
    return ERR_OK;
}

/* A copy's body, its checksum proven. */
static enum err body_find(struct span copy, struct span *ret, uint32_t *ret_version)
{
    struct wire_reader r = wire_reader_of(copy);
    struct span magic = wire_take(&r, file_magic.size);
    uint32_t version = wire_u32(&r);
    size_t size = wire_u32(&r);
    struct span body = wire_take(&r, size);
    uint64_t sum = wire_u64(&r);
    if (r.err != ERR_OK || !span_equal(magic, file_magic) ||
        sum != XXH3_64bits(copy.data, COPY_HEAD_SIZE + size)) {
        return ERR_FORMAT;
    }
    if (version > MANIFEST_VERSION) {
        return ERR_UNSUPPORTED;
    }
    *ret = body;
    *ret_version = version;
    return ERR_OK;
}

static enum err copy_read(struct op *op, struct span copy, struct manifest *ret)
{
    struct span body;
    uint32_t version = 0;
    struct manifest manifest = { 0 };
    TRY(body_find(copy, &body, &version));
    struct wire_reader r = wire_reader_of(body);
    manifest.generation = wire_u64(&r);
    struct span history = wire_take(&r, sizeof manifest.history.bytes);
    struct span secret = wire_take(&r, sizeof manifest.secret.bytes);
    manifest.next_number = wire_u64(&r);
    manifest.through = wire_u64(&r);
    manifest.wal_number = wire_u64(&r);
    manifest.clock_s = wire_u32(&r);
    TRY(segments_take(op, &r, version, &manifest));
    if (version >= LOSS_VERSION) {
        TRY(losses_take(op, &r, &manifest));
    }
    if (r.err != ERR_OK || r.rest.size != 0 || manifest.wal_number == 0 ||
        manifest.wal_number >= manifest.next_number) {
        return ERR_FORMAT;
    }
    span_copy(manifest.history.bytes, sizeof manifest.history.bytes, history);
    span_copy(manifest.secret.bytes, sizeof manifest.secret.bytes, secret);
    *ret = manifest;
    return ERR_OK;
}

static enum err copies_read(struct op *op, struct span file, struct span path, struct manifest *ret)
{
    struct manifest second = { 0 };
    size_t half = file.size / 2;
    enum err first_err = copy_read(op, span_slice(file, 0, half), ret);
    if (first_err != ERR_OK && first_err != ERR_FORMAT) {
        return first_err;
    }
    enum err second_err = copy_read(op, span_from(file, half), &second);
    if (second_err != ERR_OK && second_err != ERR_FORMAT) {
        return second_err;
    }
    if (first_err != ERR_OK && second_err != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "%.*s: both copies are damaged", SPAN_FMT(path));
    }
    if (first_err != ERR_OK) {
        *ret = second;
    }
    ret->damaged = first_err != ERR_OK || second_err != ERR_OK;
    return ERR_OK;
}

enum err manifest_parse(struct op *op, struct span bytes, struct span path, struct manifest *ret)
{
    struct manifest manifest;
    if (bytes.size > MANIFEST_SIZE_MAX) {
        return op_fail(op, ERR_CORRUPT, "%.*s: larger than any", SPAN_FMT(path));
    }
    enum err err = copies_read(op, bytes, path, &manifest);
    if (err == ERR_UNSUPPORTED) {
        return op_fail(op, err, "%.*s was made by a newer version of this program", SPAN_FMT(path));
    }
    TRY(err);
    *ret = manifest;
    return ERR_OK;
}

enum err manifest_read(struct op *op, struct disk *disk, struct span path, struct manifest *ret)
{
    struct span file;
    TRY(disk_map(op, disk, path, &file));
    enum err err = manifest_parse(op, file, path, ret);
    disk_unmap(disk, file);
    return err;
}
