// SPDX-License-Identifier: EUPL-1.2
#include "backup/format.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/must.h"
#include "base/wire.h"

enum { PART_DIGITS = 6, SEGMENT_DIGITS = 12, BLOB_FOLDER_DIGITS = 2, RECORD_KIND_SIZE = 1 };

static const struct span magic = { (const uint8_t *)"LINIEBAK", 8 };
static const struct span footer_magic = { (const uint8_t *)"LINIEEND", 8 };

/* --- Paths --- */

static bool is_digits(struct span span, size_t count)
{
    uint64_t number;
    return span.size == count && span_to_u64(span, &number) == ERR_OK;
}

static bool is_hex(struct span span, size_t count)
{
    for (size_t i = 0; i < span.size; i++) {
        uint8_t c = span.data[i];
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (!digit) {
            return false;
        }
    }
    return span.size == count;
}

/* Cuts `prefix` off, where it is there. */
static bool cut(struct span *rest, struct span prefix)
{
    if (!span_starts_with(*rest, prefix)) {
        return false;
    }
    *rest = span_from(*rest, prefix.size);
    return true;
}

/* Plain names only: printable ASCII without '/', and no file that is hidden or being written. */
static bool key_name_allowed(struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] < ' ' || name.data[i] > '~' || name.data[i] == '/') {
            return false;
        }
    }
    return name.size > 0 && name.size <= BACKUP_KEY_NAME_SIZE_MAX && name.data[0] != '.' &&
           !span_ends_with(name, SPAN(".new")) && !span_ends_with(name, SPAN("~"));
}

static bool exercise_id_allowed(struct span id)
{
    for (size_t i = 0; i < id.size; i++) {
        uint8_t c = id.data[i];
        bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!allowed) {
            return false;
        }
    }
    return id.size > 0 && id.size <= BACKUP_WORLD_SIZE_MAX;
}

bool backup_path_is_world(struct span path)
{
    if (span_equal(path, SPAN("real"))) {
        return true;
    }
    return cut(&path, SPAN("exercises/")) && exercise_id_allowed(path);
}

/* Length of the world's folder that a path begins with; 0: none. */
static size_t world_size(struct span path)
{
    struct span rest = path;
    size_t before = cut(&rest, SPAN("exercises/")) ? path.size - rest.size : 0;
    ptrdiff_t slash = span_find(rest, '/');
    if (slash == SPAN_NOT_FOUND) {
        return 0;
    }
    size_t size = before + (size_t)slash;
    return backup_path_is_world(span_slice(path, 0, size)) ? size : 0;
}

static bool is_segment(struct span rest)
{
    return cut(&rest, SPAN("/journal/")) && rest.size > SEGMENT_DIGITS &&
           is_digits(span_slice(rest, 0, SEGMENT_DIGITS), SEGMENT_DIGITS) &&
           span_equal(span_from(rest, SEGMENT_DIGITS), SPAN(".journal"));
}

static bool is_blob(struct span rest)
{
    if (!cut(&rest, SPAN("/blobs/")) || rest.size <= BLOB_FOLDER_DIGITS) {
        return false;
    }
    struct span folder = span_slice(rest, 0, BLOB_FOLDER_DIGITS);
    rest = span_from(rest, BLOB_FOLDER_DIGITS);
    return cut(&rest, SPAN("/")) && is_hex(rest, (size_t)2 * DIGEST_SHA256_SIZE) &&
           span_starts_with(rest, folder);
}

static bool is_history(struct span rest)
{
    if (!cut(&rest, SPAN("/history/"))) {
        return false;
    }
    bool numbered = cut(&rest, SPAN("seg-")) || cut(&rest, SPAN("wal-"));
    return numbered ? is_digits(rest, SEGMENT_DIGITS) : span_equal(rest, SPAN("manifest"));
}

/* What a path behind a world's folder is. */
static enum backup_path_kind world_path_kind(struct span rest)
{
    if (is_segment(rest)) {
        return BACKUP_PATH_JOURNAL;
    }
    if (is_blob(rest)) {
        return BACKUP_PATH_BLOB;
    }
    return is_history(rest) ? BACKUP_PATH_HISTORY : BACKUP_PATH_OTHER;
}

enum backup_path_kind backup_path_kind(struct span path, size_t *ret_world)
{
    struct span rest = path;
    size_t world = 0;
    enum backup_path_kind kind = BACKUP_PATH_OTHER;
    if (path.size > BACKUP_PATH_SIZE_MAX) {
        return kind;
    }
    if (span_equal(path, SPAN("linie.conf")) || span_equal(path, SPAN("identity.json"))) {
        kind = BACKUP_PATH_SMALL;
    } else if (cut(&rest, SPAN("keys/"))) {
        kind = key_name_allowed(rest) ? BACKUP_PATH_SMALL : BACKUP_PATH_OTHER;
    } else {
        world = world_size(path);
        kind = world > 0 ? world_path_kind(span_from(path, world)) : BACKUP_PATH_OTHER;
    }
    if (ret_world != NULL) {
        *ret_world = world;
    }
    return kind;
}

#define PART_PREFIX SPAN("part-")
#define PART_ENDING SPAN(".linie-backup")

void backup_part_name(uint64_t number, char *ret_name)
{
    must(number > 0);
    must(number <= BACKUP_NUMBER_MAX);
    int size = snprintf(ret_name, BACKUP_PART_NAME_SIZE, "part-%06" PRIu64 ".linie-backup", number);
    must(size < BACKUP_PART_NAME_SIZE);
}

bool backup_part_number(struct span name, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!cut(&name, PART_PREFIX) || name.size != PART_DIGITS + PART_ENDING.size ||
        !span_ends_with(name, PART_ENDING) ||
        span_to_u64(span_slice(name, 0, PART_DIGITS), &number) != ERR_OK || number == 0) {
        return false;
    }
    *ret_number = number;
    return true;
}

/* --- Header and footer: written through a buffer of exactly their size --- */

static struct buf buf_over(uint8_t *target, size_t size)
{
    return (struct buf){ .data = target, .capacity = size, .size_max = size };
}

static void take_into(struct wire_reader *r, uint8_t *target, size_t size)
{
    struct span bytes = wire_take(r, size);
    if (r->err == ERR_OK) {
        span_copy(target, size, bytes);
    }
}

static bool is_zero(struct span span)
{
    for (size_t i = 0; i < span.size; i++) {
        if (span.data[i] != 0) {
            return false;
        }
    }
    return true;
}

void backup_header_write(uint8_t *target, const struct backup_header *header)
{
    struct buf buf = buf_over(target, BACKUP_HEADER_SIZE);
    buf_add(&buf, magic);
    wire_add_u32(&buf, header->version);
    wire_add_u32(&buf, header->encrypted ? BACKUP_ENCRYPTED : 0);
    buf_add(&buf, span_make(header->generation, BACKUP_ID_SIZE));
    buf_add(&buf, span_make(header->node, BACKUP_ID_SIZE));
    buf_add(&buf, span_make(header->part, BACKUP_ID_SIZE));
    wire_add_u64(&buf, header->number);
    wire_add_u64(&buf, header->first);
    wire_add_i64(&buf, header->time_us);
    buf_add(&buf, span_make(header->previous, DIGEST_SHA256_SIZE));
    wire_add_u64(&buf, header->cost.ops);
    wire_add_u64(&buf, header->cost.memory);
    buf_add(&buf, span_make(header->cost.salt, SECRETSTREAM_SALT_SIZE));
    wire_add_u64(&buf, 0);
    must(buf.err == ERR_OK);
    must(buf.size == BACKUP_HEADER_SIZE);
}

/* Whether the fields agree with each other. */
static bool header_is_sound(const struct backup_header *header)
{
    if (header->number == 0 || header->number > BACKUP_NUMBER_MAX || header->first == 0 ||
        header->first > header->number) {
        return false;
    }
    bool first = header->first == header->number;
    if (first != is_zero(span_make(header->previous, DIGEST_SHA256_SIZE))) {
        return false;
    }
    bool costs = header->cost.ops != 0 && header->cost.memory != 0;
    bool free_of_cost = header->cost.ops == 0 && header->cost.memory == 0 &&
                        is_zero(span_make(header->cost.salt, SECRETSTREAM_SALT_SIZE));
    return header->encrypted ? costs : free_of_cost;
}

enum err backup_header_read(struct span bytes, struct backup_header *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    struct span magic_there = wire_take(&r, magic.size);
    uint32_t version = wire_u32(&r);
    if (r.err != ERR_OK || !span_equal(magic_there, magic) || version == 0) {
        return ERR_FORMAT;
    }
    if (version > BACKUP_VERSION) {
        return ERR_UNSUPPORTED;
    }
    struct backup_header header = { .version = version };
    uint32_t flags = wire_u32(&r);
    header.encrypted = flags == BACKUP_ENCRYPTED;
    take_into(&r, header.generation, BACKUP_ID_SIZE);
    take_into(&r, header.node, BACKUP_ID_SIZE);
    take_into(&r, header.part, BACKUP_ID_SIZE);
    header.number = wire_u64(&r);
    header.first = wire_u64(&r);
    header.time_us = wire_i64(&r);
    take_into(&r, header.previous, DIGEST_SHA256_SIZE);
    header.cost.ops = wire_u64(&r);
    header.cost.memory = wire_u64(&r);
    take_into(&r, header.cost.salt, SECRETSTREAM_SALT_SIZE);
    uint64_t reserved = wire_u64(&r);
    if (r.err != ERR_OK || flags > BACKUP_ENCRYPTED || reserved != 0 || !header_is_sound(&header)) {
        return ERR_FORMAT;
    }
    *ret = header;
    return ERR_OK;
}

void backup_footer_write(uint8_t *target, const struct backup_footer *footer)
{
    struct buf buf = buf_over(target, BACKUP_FOOTER_SIZE);
    buf_add(&buf, footer_magic);
    wire_add_u64(&buf, footer->data_size);
    wire_add_u64(&buf, footer->index_size);
    buf_add(&buf, span_make(footer->data_digest, DIGEST_SHA256_SIZE));
    buf_add(&buf, span_make(footer->index_digest, DIGEST_SHA256_SIZE));
    buf_add(&buf, span_make(footer->digest, DIGEST_SHA256_SIZE));
    must(buf.err == ERR_OK);
    must(buf.size == BACKUP_FOOTER_SIZE);
}

void backup_footer_seal(const uint8_t *header, struct backup_footer *footer)
{
    uint8_t bytes[BACKUP_FOOTER_SIZE];
    backup_footer_write(bytes, footer);
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    digest_sha256_add(&digest, span_make(header, BACKUP_HEADER_SIZE));
    digest_sha256_add(&digest, span_make(bytes, sizeof bytes - DIGEST_SHA256_SIZE));
    digest_sha256_done(&digest, footer->digest);
}

enum err backup_footer_read(struct span bytes, struct backup_footer *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    struct span magic_there = wire_take(&r, footer_magic.size);
    struct backup_footer footer = { 0 };
    footer.data_size = wire_u64(&r);
    footer.index_size = wire_u64(&r);
    take_into(&r, footer.data_digest, DIGEST_SHA256_SIZE);
    take_into(&r, footer.index_digest, DIGEST_SHA256_SIZE);
    take_into(&r, footer.digest, DIGEST_SHA256_SIZE);
    if (r.err != ERR_OK || r.rest.size != 0 || !span_equal(magic_there, footer_magic)) {
        return ERR_FORMAT;
    }
    *ret = footer;
    return ERR_OK;
}

/* --- Records --- */

size_t backup_record_size(const struct backup_record *record)
{
    const size_t with_path = RECORD_KIND_SIZE + sizeof(uint32_t) + record->path.size;
    switch (record->kind) {
    case BACKUP_DATA:
        return with_path + sizeof(uint64_t) + sizeof(uint32_t) + record->bytes.size;
    case BACKUP_FILE:
    case BACKUP_WORLD:
        return with_path + sizeof(uint64_t) + DIGEST_SHA256_SIZE;
    case BACKUP_GONE:
        return with_path;
    case BACKUP_END:
        return RECORD_KIND_SIZE + 3 * sizeof(uint64_t); /* files, worlds, remains */
    }
    must(false);
}

void backup_record_add(struct buf *buf, const struct backup_record *record)
{
    must(record->bytes.size <= BACKUP_DATA_SIZE_MAX);
    wire_add_u8(buf, (uint8_t)record->kind);
    if (record->kind != BACKUP_END) {
        wire_add_bytes(buf, record->path);
    }
    switch (record->kind) {
    case BACKUP_DATA:
        wire_add_u64(buf, record->offset);
        wire_add_bytes(buf, record->bytes);
        break;
    case BACKUP_FILE:
        wire_add_u64(buf, record->size);
        buf_add(buf, span_make(record->digest, DIGEST_SHA256_SIZE));
        break;
    case BACKUP_WORLD:
        wire_add_u64(buf, record->last);
        buf_add(buf, span_make(record->digest, DIGEST_SHA256_SIZE));
        break;
    case BACKUP_GONE:
        break;
    case BACKUP_END:
        wire_add_u64(buf, record->files);
        wire_add_u64(buf, record->worlds);
        wire_add_u64(buf, record->remains);
        break;
    }
}

static bool path_fits(const struct backup_record *record)
{
    if (record->kind == BACKUP_WORLD) {
        return backup_path_is_world(record->path);
    }
    return record->kind == BACKUP_END || backup_path_kind(record->path, NULL) != BACKUP_PATH_OTHER;
}

/* Reads what follows a record's kind and path. */
static void record_rest_read(struct wire_reader *r, struct backup_record *record)
{
    switch (record->kind) {
    case BACKUP_DATA:
        record->offset = wire_u64(r);
        record->bytes = wire_bytes(r, BACKUP_DATA_SIZE_MAX);
        break;
    case BACKUP_FILE:
        record->size = wire_u64(r);
        take_into(r, record->digest, DIGEST_SHA256_SIZE);
        break;
    case BACKUP_WORLD:
        record->last = wire_u64(r);
        take_into(r, record->digest, DIGEST_SHA256_SIZE);
        break;
    case BACKUP_GONE:
        break;
    case BACKUP_END:
        record->files = wire_u64(r);
        record->worlds = wire_u64(r);
        record->remains = wire_u64(r);
        break;
    }
}

enum err backup_record_next(struct span *rest, struct backup_record *ret)
{
    struct wire_reader r = wire_reader_of(*rest);
    struct backup_record record = { 0 };
    uint8_t kind = wire_u8(&r);
    if (kind < BACKUP_DATA || kind > BACKUP_END) {
        return ERR_FORMAT;
    }
    record.kind = (enum backup_record_kind)kind;
    if (record.kind != BACKUP_END) {
        record.path = wire_bytes(&r, BACKUP_PATH_SIZE_MAX);
    }
    record_rest_read(&r, &record);
    if (r.err != ERR_OK || !path_fits(&record)) {
        return ERR_FORMAT;
    }
    *rest = r.rest;
    *ret = record;
    return ERR_OK;
}
