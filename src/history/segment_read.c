// SPDX-License-Identifier: EUPL-1.2
#include <xxhash.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/segment_inner.h"

static enum err corrupt(struct op *op, const char *what)
{
    return op_fail(op, ERR_CORRUPT, "segment of the history: damaged (%s)", what);
}

/* ---- trailer ---- */

static bool is_magic(const uint8_t *bytes)
{
    return span_equal(span_make(bytes, SEGMENT_MAGIC_SIZE), SPAN(SEGMENT_MAGIC));
}

static enum err version_check(struct op *op, uint64_t version)
{
    if (version > SEGMENT_VERSION) {
        return op_fail(op, ERR_UNSUPPORTED,
                       "segment of the history: format %llu is newer than this program, which "
                       "reads format %d; use a newer program",
                       (unsigned long long)version, SEGMENT_VERSION);
    }
    if (version > 0 && version < SEGMENT_VERSION) {
        return op_fail(op, ERR_UNSUPPORTED,
                       "segment of the history: format %llu is not read any more, only format %d; "
                       "'linie history export' of the program that wrote it still reads it; move "
                       "the folder history away, and what is watched from then on is remembered",
                       (unsigned long long)version, SEGMENT_VERSION);
    }
    return version == SEGMENT_VERSION ? ERR_OK : corrupt(op, "its version");
}

static uint64_t head_version(struct span bytes)
{
    struct wire_reader head =
        wire_reader_of(span_slice(bytes, SEGMENT_MAGIC_SIZE, SEGMENT_HEAD_SIZE));
    return wire_u64(&head);
}

/* Of a newer format the head alone is known. The head has no checksum: a sound trailer of a known
 * format is believed more than it is. */
static enum err trailer_read(struct op *op, struct span bytes, struct segment_trailer *ret)
{
    if (bytes.size < SEGMENT_HEAD_SIZE + sizeof *ret || !is_magic(bytes.data)) {
        return corrupt(op, "it does not begin as one");
    }
    span_copy(ret, sizeof *ret, span_from(bytes, bytes.size - sizeof *ret));
    if (!is_magic(ret->magic) ||
        ret->checksum != XXH3_64bits(ret, offsetof(struct segment_trailer, checksum))) {
        TRY(version_check(op, head_version(bytes)));
        return corrupt(op, "it is cut short, or its trailer is");
    }
    TRY(version_check(op, ret->version));
    if (head_version(bytes) != ret->version) {
        return corrupt(op, "its version");
    }
    if (ret->size != sizeof *ret || ret->total_size != bytes.size) {
        return corrupt(op, "its size differs from what it was made with");
    }
    return ERR_OK;
}

/* Sections lie one behind the other, each inside the file and before the trailer. */
static bool sections_fit(const struct segment_trailer *trailer)
{
    const uint64_t limit = trailer->total_size - trailer->size;
    uint64_t end = SEGMENT_HEAD_SIZE;
    for (size_t i = 0; i < SEGMENT_SECTION_COUNT; i++) {
        const struct segment_place *place = &trailer->sections[i];
        if (place->offset < end || place->offset > limit || place->size > limit - place->offset) {
            return false;
        }
        if (i != SEGMENT_BLOCKS && place->offset % SEGMENT_ALIGNMENT != 0) {
            return false;
        }
        end = place->offset + place->size;
    }
    return trailer->sections[SEGMENT_BLOCKS].offset == SEGMENT_HEAD_SIZE;
}

static struct span section_of(struct span bytes, const struct segment_trailer *trailer,
                              enum segment_section section)
{
    const struct segment_place *place = &trailer->sections[section];
    return span_slice(bytes, place->offset, place->offset + place->size);
}

static bool checksums_fit(struct span bytes, const struct segment_trailer *trailer)
{
    for (size_t i = SEGMENT_CODES; i < SEGMENT_FILTER; i++) {
        struct span section = section_of(bytes, trailer, (enum segment_section)i);
        if (XXH3_64bits(section.data, section.size) != trailer->sections[i].checksum) {
            return false;
        }
    }
    return true;
}

/* ---- index ---- */

struct history_entry segment_block_place(const struct segment *segment, size_t block)
{
    const struct segment_index *index = &segment->index[block];
    return (struct history_entry){
        .kind = (enum value_kind)index->kind,
        .form = (enum history_form)index->form,
        .order = { segment->separators + index->text, index->text_size },
    };
}

/* Blocks lie one behind the other and fill their section; their places rise. */
static bool index_fits(const struct segment *segment, const struct segment_trailer *trailer)
{
    const struct segment_place *blocks = &trailer->sections[SEGMENT_BLOCKS];
    uint64_t offset = blocks->offset;
    uint64_t text = 0;
    for (size_t i = 0; i < segment->block_count; i++) {
        const struct segment_index *index = &segment->index[i];
        if (index->offset != offset || index->size < BLOCK_HEAD_SIZE ||
            index->size > blocks->offset + blocks->size - offset ||
            index->kind >= VALUE_KIND_COUNT || index->form >= HISTORY_FORM_COUNT ||
            index->text != text || index->text_size > HISTORY_ORDER_SIZE_MAX ||
            index->text_size > trailer->sections[SEGMENT_SEPARATORS].size - text) {
            return false;
        }
        struct history_entry place = segment_block_place(segment, i);
        if (i > 0) {
            struct history_entry before = segment_block_place(segment, i - 1);
            if (history_order_compare(&before, &place) > 0) {
                return false;
            }
        }
        offset += index->size;
        text += index->text_size;
    }
    return offset == blocks->offset + blocks->size &&
           text == trailer->sections[SEGMENT_SEPARATORS].size;
}

static enum err codes_open(struct op *op, struct segment *segment,
                           const struct segment_trailer *trailer)
{
    enum err err =
        column_tables_read(section_of(segment->bytes, trailer, SEGMENT_CODES), &segment->tables);
    if (err == ERR_OK) {
        err = dictionaries_read(section_of(segment->bytes, trailer, SEGMENT_DICTIONARIES),
                                &segment->dictionaries);
    }
    if (err == ERR_LIMIT) {
        return op_fail(op, ERR_LIMIT, "out of memory for codes of the history");
    }
    return err == ERR_OK ? ERR_OK : corrupt(op, "its codes or dictionaries");
}

static enum err index_open(struct op *op, struct segment *segment,
                           const struct segment_trailer *trailer)
{
    struct span index = section_of(segment->bytes, trailer, SEGMENT_INDEX);
    segment->index = (const struct segment_index *)(const void *)index.data;
    segment->separators = section_of(segment->bytes, trailer, SEGMENT_SEPARATORS).data;
    segment->block_count = index.size / sizeof *segment->index;
    if (index.size % sizeof *segment->index != 0 || segment->block_count != trailer->blocks ||
        !index_fits(segment, trailer)) {
        return corrupt(op, "its index");
    }
    return ERR_OK;
}

/* ---- open ---- */

static void facts_take(struct segment *segment, const struct segment_trailer *trailer)
{
    segment->facts = (struct segment_facts){
        .values = trailer->values,
        .rows = trailer->rows,
        .postings = trailer->postings,
        .count = trailer->count,
        .first_s = trailer->first_s,
        .last_s = trailer->last_s,
        .size = trailer->total_size,
        .blocks = trailer->blocks,
        .filter_keys = trailer->filter_keys,
    };
    for (size_t i = 0; i < VALUE_KIND_COUNT; i++) {
        segment->facts.kind_values[i] = trailer->kind_values[i];
    }
}

static enum err names_open(struct op *op, struct segment *segment,
                           const struct segment_trailer *trailer)
{
    enum err err = segment_hosts_read(section_of(segment->bytes, trailer, SEGMENT_HOSTS),
                                      &segment->hosts, &segment->host_count);
    if (err == ERR_OK) {
        err = segment_ways_read(section_of(segment->bytes, trailer, SEGMENT_WAYS), &segment->ways,
                                &segment->way_count);
    }
    if (err == ERR_LIMIT) {
        return op_fail(op, ERR_LIMIT, "out of memory for names of the history");
    }
    return err == ERR_OK ? ERR_OK : corrupt(op, "its names");
}

static uint64_t sketch_hash(const struct segment *segment, size_t number)
{
    uint64_t hash;
    span_copy(&hash, sizeof hash,
              span_make(segment->sketch.data + number * sizeof hash, sizeof hash));
    return hash;
}

static bool sketch_open(struct segment *segment, const struct segment_trailer *trailer)
{
    segment->sketch = section_of(segment->bytes, trailer, SEGMENT_SKETCH);
    size_t count = segment->sketch.size / sizeof(uint64_t);
    if (segment->sketch.size % sizeof(uint64_t) != 0 || count > FILTER_SKETCH_COUNT_MAX) {
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        if (sketch_hash(segment, i) <= sketch_hash(segment, i - 1)) {
            return false;
        }
    }
    return true;
}

static enum err parts_open(struct op *op, struct segment *segment,
                           const struct segment_trailer *trailer)
{
    TRY(codes_open(op, segment, trailer));
    TRY(names_open(op, segment, trailer));
    TRY(index_open(op, segment, trailer));
    enum err err =
        filter_open(section_of(segment->bytes, trailer, SEGMENT_FILTER),
                    section_of(segment->bytes, trailer, SEGMENT_FILTER_SUMS), &segment->filter);
    if (err == ERR_LIMIT) {
        return op_fail(op, ERR_LIMIT, "out of memory for a filter of the history");
    }
    return err == ERR_OK && sketch_open(segment, trailer) ? ERR_OK : corrupt(op, "its filter");
}

enum err segment_open(struct op *op, struct span bytes, const struct hash_secret *secret,
                      struct segment **ret)
{
    struct segment_trailer trailer;
    TRY(trailer_read(op, bytes, &trailer));
    if (!sections_fit(&trailer)) {
        return corrupt(op, "where its sections lie");
    }
    if (!checksums_fit(bytes, &trailer)) {
        return corrupt(op, "the checksum of codes, dictionaries, names, index or filter");
    }
    if (trailer.secret_mark != segment_secret_mark(secret)) {
        return corrupt(op, "it belongs to another history");
    }
    struct segment *segment = memory_new(sizeof *segment);
    if (segment == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a segment of the history");
    }
    segment->bytes = bytes;
    segment->secret = *secret;
    facts_take(segment, &trailer);
    enum err err = parts_open(op, segment, &trailer);
    if (err != ERR_OK) {
        segment_close(segment);
        return err;
    }
    *ret = segment;
    return ERR_OK;
}

void segment_tell_disk(struct segment *segment, struct disk *disk)
{
    if (segment->block_count > 0) {
        const struct segment_index *first = &segment->index[0];
        const struct segment_index *last = &segment->index[segment->block_count - 1];
        struct span blocks = span_slice(segment->bytes, first->offset, last->offset + last->size);
        disk_map_use(disk, blocks, DISK_USE_SCATTERED);
    }
    segment->disk = disk;
}

void segment_close(struct segment *segment)
{
    if (segment != NULL) {
        memory_free(segment->hosts);
        memory_free(segment->ways);
        column_tables_done(&segment->tables);
        dictionaries_done(&segment->dictionaries);
        filter_close(&segment->filter);
        memory_free(segment);
    }
}

const struct segment_facts *segment_facts(const struct segment *segment)
{
    return &segment->facts;
}

const struct span *segment_hosts(const struct segment *segment, size_t *ret_count)
{
    *ret_count = segment->host_count;
    return segment->hosts;
}

const struct history_way *segment_ways(const struct segment *segment, size_t *ret_count)
{
    *ret_count = segment->way_count;
    return segment->ways;
}

/* ---- filter ---- */

size_t segment_filter_keys(enum value_kind kind, enum history_form form, struct span key)
{
    return filter_keys_count(kind, form, key);
}

uint64_t segment_filter_keys_together(const struct segment *const *segments, size_t count)
{
    struct filter_sketch sketch = { 0 };
    for (size_t i = 0; i < count; i++) {
        size_t hashes = segments[i]->sketch.size / sizeof(uint64_t);
        for (size_t k = 0; k < hashes; k++) {
            filter_sketch_add(&sketch, sketch_hash(segments[i], k));
        }
    }
    return filter_sketch_estimate(&sketch);
}

void segment_asked_make(const struct segment *segment, enum value_kind kind, enum history_form form,
                        struct span key, struct segment_asked *ret)
{
    struct filter_keys keys;
    filter_keys_asked(&segment->secret, kind, form, key, &keys);
    must(keys.count >= 1 && keys.count <= sizeof ret->hashes / sizeof ret->hashes[0]);
    ret->count = keys.count;
    for (size_t i = 0; i < keys.count; i++) {
        ret->hashes[i] = keys.hashes[i];
    }
}

bool segment_may_hold_asked(const struct segment *segment, const struct segment_asked *asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (filter_has(&segment->filter, asked->hashes[i])) {
            return true;
        }
    }
    return false;
}

void segment_may_hold_ahead(const struct segment *segment, const struct segment_asked *asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        filter_ahead(&segment->filter, asked->hashes[i]);
    }
}

bool segment_may_hold(const struct segment *segment, enum value_kind kind, enum history_form form,
                      struct span key)
{
    struct segment_asked asked;
    segment_asked_make(segment, kind, form, key, &asked);
    return segment_may_hold_asked(segment, &asked);
}

enum err segment_check(struct op *op, const struct segment *segment)
{
    uint64_t page = filter_damaged(&segment->filter);
    if (page == UINT64_MAX) {
        return ERR_OK;
    }
    uint64_t at = (uint64_t)(segment->filter.lines - segment->bytes.data) + page * FILTER_PAGE_SIZE;
    return op_fail(op, ERR_CORRUPT,
                   "the filter's page %llu at byte %llu is damaged; answers are slower, and right",
                   (unsigned long long)page, (unsigned long long)at);
}
