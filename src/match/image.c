// SPDX-License-Identifier: EUPL-1.2
#include "match/image.h"

#include "base/memory.h"
#include "base/must.h"
#include "match/forms.h"
#include "match/patterns.h"
#include "match/ranges.h"

enum { HALF_BITS = 64 }; /* of an address, the half that holds its leading bits */

/* Bytes are borrowed in the types they hold. */
_Static_assert(_Alignof(struct match_header) == 8, "map and heap are aligned to at least 8");

static enum err corrupt(struct op *op, const char *what)
{
    return op_fail(op, ERR_CORRUPT, "index image: damaged (%s); build the index again", what);
}

static enum err header_check(struct op *op, struct span bytes, const struct match_header *header)
{
    if (bytes.size < MATCH_HEADER_SIZE) {
        return corrupt(op, "shorter than its header");
    }
    if (!span_equal(span_make(header->magic, MATCH_MAGIC_SIZE), SPAN(MATCH_MAGIC))) {
        return corrupt(op, "not an index image");
    }
    if (header->version > MATCH_VERSION) {
        return op_fail(op, ERR_UNSUPPORTED,
                       "index image: format %u is newer than this program, which reads format %d; "
                       "build the index again or use a newer program",
                       header->version, MATCH_VERSION);
    }
    if (header->version != MATCH_VERSION || header->header_size != MATCH_HEADER_SIZE) {
        return corrupt(op, "version or size of the header");
    }
    if (header->total_size != bytes.size) {
        return corrupt(op, "its size differs from what it was made with");
    }
    return ERR_OK;
}

static enum err checksum_check(struct op *op, struct span bytes, const struct match_header *header)
{
    if (hash_bytes(&header->secret, span_from(bytes, MATCH_CHECKED_FROM)) != header->checksum) {
        return corrupt(op, "its checksum does not fit");
    }
    return ERR_OK;
}

/* Sections lie one behind the other, each inside the image. */
static bool sections_fit(const struct match_header *header)
{
    uint64_t end = MATCH_HEADER_SIZE;
    for (size_t i = 0; i < MATCH_SECTION_COUNT; i++) {
        struct match_section section = header->sections[i];
        if (section.offset < end || section.offset > header->total_size) {
            return false;
        }
        if (section.offset % MATCH_ALIGNMENT != 0) {
            return false;
        }
        if (section.size > header->total_size - section.offset) {
            return false;
        }
        end = section.offset + section.size;
    }
    return true;
}

/* The things of a section, and how many; false where it holds a part of one, or too many. */
static bool section_of(const struct match_header *header, size_t section, size_t thing_size,
                       const void **ret_things, uint32_t *ret_count)
{
    const uint8_t *bytes = (const void *)header;
    uint64_t size = header->sections[section].size;
    if (size % thing_size != 0 || size / thing_size > UINT32_MAX) {
        return false;
    }
    *ret_things = bytes + header->sections[section].offset;
    *ret_count = (uint32_t)(size / thing_size);
    return true;
}

static bool bits_fit(unsigned bits, unsigned bits_min, unsigned bits_max)
{
    return bits >= bits_min && bits <= bits_max;
}

static bool ranges_attach(struct match_range_set *set, const struct match_header *header,
                          enum match_family family)
{
    const size_t from = family == MATCH_IPV4 ? MATCH_SECTION_RANGES4 : MATCH_SECTION_RANGES6;
    const size_t start_size =
        family == MATCH_IPV4 ? sizeof(uint32_t) : sizeof(struct match_address);
    const void *ranges;
    const void *held;
    const void *first;
    const void *owners;
    uint32_t held_count;
    uint32_t first_count;
    uint32_t owner_count;
    if (!section_of(header, from, sizeof(struct match_range), &ranges, &set->range_count) ||
        !section_of(header, from + 1, sizeof(uint64_t), &held, &held_count) ||
        !section_of(header, from + 2, sizeof(uint32_t), &first, &first_count) ||
        !section_of(header, from + 3, start_size, &set->starts, &set->interval_count) ||
        !section_of(header, from + 4, sizeof(uint32_t), &owners, &owner_count)) {
        return false;
    }
    const unsigned held_bits = header->held_bits[family];
    const unsigned first_bits = header->first_bits[family];
    if (held_bits == 0) { /* the family has no ranges, and set->held stays NULL */
        return set->range_count == 0;
    }
    if (!bits_fit(held_bits, MATCH_HELD_BITS_MIN, MATCH_HELD_BITS_MAX) ||
        !bits_fit(first_bits, MATCH_FIRST_BITS_MIN, MATCH_FIRST_BITS_MAX)) {
        return false;
    }
    set->held_shift = HALF_BITS - held_bits;
    set->first_shift = HALF_BITS - first_bits;
    set->held = held;
    set->first = first;
    set->owners = owners;
    set->ranges = ranges;
    return held_count == (size_t)1 << held_bits >> 6 && /* 64 bits in a word */
           first_count == ((size_t)1 << first_bits) + 1 && owner_count == set->interval_count;
}

static bool sections_attach(struct match_image *image, const struct match_header *header)
{
    const void *filter;
    const void *buckets;
    const void *entries;
    const void *uuids;
    const void *origins;
    const void *forms;
    const void *patterns;
    if (!section_of(header, MATCH_SECTION_FILTER, sizeof(uint64_t), &filter,
                    &image->filter_count) ||
        !section_of(header, MATCH_SECTION_TABLE, sizeof(struct match_bucket), &buckets,
                    &image->bucket_count) ||
        !section_of(header, MATCH_SECTION_ENTRIES, sizeof(struct match_entry), &entries,
                    &image->indicator_count) ||
        !section_of(header, MATCH_SECTION_UUIDS, sizeof(struct uuid), &uuids, &image->uuid_count) ||
        !section_of(header, MATCH_SECTION_ORIGINS, sizeof(struct match_origin_record), &origins,
                    &image->origin_count) ||
        !section_of(header, MATCH_SECTION_FORMS, sizeof(struct match_form), &forms,
                    &image->form_count) ||
        !section_of(header, MATCH_SECTION_PATTERNS, sizeof(uint32_t), &patterns,
                    &image->pattern_count)) {
        return false;
    }
    image->filter = filter;
    image->buckets = buckets;
    image->entries = entries;
    image->uuids = uuids;
    image->origins = origins;
    image->forms = forms;
    image->pattern_numbers = patterns;
    const struct match_section *text = &header->sections[MATCH_SECTION_TEXT];
    image->text = span_make((const uint8_t *)header + text->offset, text->size);
    return ranges_attach(&image->ranges[MATCH_IPV4], header, MATCH_IPV4) &&
           ranges_attach(&image->ranges[MATCH_IPV6], header, MATCH_IPV6);
}

static bool entry_fits(const struct match_image *image, uint32_t number)
{
    const struct match_entry *entry = &image->entries[number];
    uint64_t text = match_entry_text(entry);
    size_t size = (size_t)entry->key_size + entry->scheme_size;
    if (text > image->text.size || size > image->text.size - text) {
        return false;
    }
    if (entry->scheme_size > VALUE_SCHEME_SIZE_MAX ||
        !match_indicator_fits(entry->kind, entry->scope,
                              span_make(image->text.data + text, entry->key_size))) {
        return false;
    }
    /* A next that is always higher ends every walk along a chain. */
    if (entry->next != 0 && (entry->next <= number || entry->next >= image->indicator_count)) {
        return false;
    }
    return entry->uuid <= image->uuid_count && entry->origin < image->origin_count;
}

static void near4_set(struct match_image *image, uint32_t bit)
{
    image->near4[bit / 64] |= (uint64_t)1 << (bit % 64);
}

/* What is known of all entries together. */
static void entry_note(struct match_image *image, const struct match_entry *entry)
{
    bool pattern = match_way_of(entry->kind, entry->scope) == MATCH_WAY_PATTERN;
    image->kind_counts[entry->kind]++;
    image->probe_counts[entry->kind] += pattern ? 0 : 1;
    image->pattern_kinds |= pattern ? (uint32_t)1 << entry->kind : 0;
    if (entry->kind == VALUE_IPV4) {
        uint32_t address = match_network_u32(image->text.data + match_entry_text(entry));
        near4_set(image, match_near4_bit(address));
    }
}

/* Intervals are apart, so that no bit is set much more often than there are intervals. */
static void near4_add_ranges(struct match_image *image)
{
    const struct match_range_set *set = &image->ranges[MATCH_IPV4];
    const uint32_t *starts = set->starts;
    for (uint32_t i = 0; set->held != NULL && i < set->interval_count; i++) {
        uint32_t last = i + 1 < set->interval_count ? starts[i + 1] - 1 : UINT32_MAX;
        if (set->owners[i] == 0) {
            continue;
        }
        for (uint32_t bit = match_near4_bit(starts[i]); bit <= match_near4_bit(last); bit++) {
            near4_set(image, bit);
        }
    }
}

static bool entries_fit(struct match_image *image, const struct match_header *header)
{
    if (image->indicator_count != header->indicator_count ||
        image->indicator_count > MATCH_INDICATOR_COUNT_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < image->indicator_count; i++) {
        if (!entry_fits(image, i)) {
            return false;
        }
        entry_note(image, &image->entries[i]);
    }
    size_t size = sizeof image->kind_counts;
    return span_equal(span_make(image->kind_counts, size), span_make(header->kind_counts, size));
}

static bool table_fits(const struct match_image *image)
{
    if (image->filter_count == 0 || image->bucket_count == 0 ||
        image->bucket_reach >= image->bucket_count) {
        return false;
    }
    uint32_t number_max = 0;
    uint32_t form_max = 0;
    for (uint32_t i = 0; i < image->bucket_count; i++) {
        for (size_t slot = 0; slot < MATCH_BUCKET_SLOTS; slot++) {
            uint32_t ref = image->buckets[i].refs[slot];
            uint32_t number = ref & MATCH_REF_NUMBER;
            if (ref != 0 && number == 0) {
                return false;
            }
            uint32_t *max = (ref & MATCH_REF_FORM) != 0 ? &form_max : &number_max;
            *max = number > *max ? number : *max;
        }
    }
    return number_max <= image->indicator_count && form_max <= image->form_count;
}

static bool origins_fit(const struct match_image *image)
{
    if (image->origin_count > MATCH_ORIGIN_COUNT_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < image->origin_count; i++) {
        const struct match_origin_record *record = &image->origins[i];
        uint64_t size = (uint64_t)record->source_id_size + record->source_size + record->set_size;
        if (record->text > image->text.size || size > image->text.size - record->text) {
            return false;
        }
    }
    return true;
}

/* Each pattern stands in the list, in the order of the numbers. */
static bool pattern_numbers_fit(const struct match_image *image)
{
    uint32_t at = 0;
    for (uint32_t i = 0; image->pattern_kinds != 0 && i < image->indicator_count; i++) {
        const struct match_entry *entry = &image->entries[i];
        if (match_way_of(entry->kind, entry->scope) != MATCH_WAY_PATTERN) {
            continue;
        }
        if (at == image->pattern_count || image->pattern_numbers[at] != i) {
            return false;
        }
        at++;
    }
    return at == image->pattern_count && at <= MATCH_PATTERN_COUNT_MAX;
}

static enum err contents_check(struct op *op, struct match_image *image,
                               const struct match_header *header)
{
    if (!sections_fit(header) || !sections_attach(image, header)) {
        return corrupt(op, "its sections");
    }
    if (!origins_fit(image)) {
        return corrupt(op, "its origins");
    }
    if (!entries_fit(image, header)) {
        return corrupt(op, "its entries");
    }
    if (!match_forms_fit(image, header)) {
        return corrupt(op, "its forms of URLs");
    }
    if (!pattern_numbers_fit(image)) {
        return corrupt(op, "its patterns");
    }
    if (!table_fits(image)) {
        return corrupt(op, "its table");
    }
    for (enum match_family family = MATCH_IPV4; family < MATCH_FAMILY_COUNT; family++) {
        if (!match_range_set_fits(&image->ranges[family], family, image->indicator_count)) {
            return corrupt(op, "its address ranges");
        }
    }
    near4_add_ranges(image);
    return ERR_OK;
}

static void header_note(struct match_image *image, const struct match_header *header)
{
    image->bucket_reach = header->bucket_reach;
    image->prefix_depths = header->prefix_depths;
    for (size_t i = 0; i < 2; i++) {
        image->self_depths[i] = header->self_depths[i];
        image->below_depths[i] = header->below_depths[i];
    }
    for (size_t i = 0; i < MATCH_FORM_COUNT; i++) {
        image->form_counts[i] = header->form_counts[i];
        image->has_far_forms =
            image->has_far_forms || (i != MATCH_FORM_PLAIN && header->form_counts[i] > 0);
    }
    match_hasher_init(&image->hasher, &header->secret);
}

static enum err patterns_open(struct op *op, struct match_image *image)
{
    if (image->pattern_count == 0) {
        return ERR_OK;
    }
    enum err err = match_patterns_new(op, image, image->pattern_numbers, image->pattern_count,
                                      &image->patterns);
    return err == ERR_CORRUPT ? corrupt(op, "its patterns") : err;
}

/* How much is done on opening, beside what keeps reads inside. */
enum { OPEN_CHECKED = 1, OPEN_PATTERNS = 2 };

static enum err image_open(struct op *op, struct span bytes, unsigned what,
                           struct match_image **ret)
{
    must((uintptr_t)bytes.data % _Alignof(struct match_header) == 0);
    const struct match_header *header = (const void *)bytes.data;
    TRY(header_check(op, bytes, header));
    if ((what & OPEN_CHECKED) != 0) {
        TRY(checksum_check(op, bytes, header));
    }

    struct match_image *image = memory_new(sizeof *image);
    if (image == NULL) {
        return op_fail(op, ERR_LIMIT, "index image: no memory to open it");
    }
    header_note(image, header);
    enum err err = contents_check(op, image, header);
    if (err == ERR_OK && (what & OPEN_PATTERNS) != 0) {
        err = patterns_open(op, image);
    }
    if (err != ERR_OK) {
        match_image_close(image);
        return err;
    }

    *ret = image;
    return ERR_OK;
}

enum err match_image_open(struct op *op, struct span bytes, struct match_image **ret)
{
    return image_open(op, bytes, OPEN_CHECKED | OPEN_PATTERNS, ret);
}

enum err match_image_open_unchecked(struct op *op, struct span bytes, struct match_image **ret)
{
    return image_open(op, bytes, OPEN_PATTERNS, ret);
}

enum err match_image_check(struct op *op, struct span bytes)
{
    uint32_t counts[VALUE_KIND_COUNT];
    return match_image_counts(op, bytes, counts);
}

enum err match_image_counts(struct op *op, struct span bytes, uint32_t *ret)
{
    struct match_image *image = NULL;
    TRY(image_open(op, bytes, OPEN_CHECKED, &image));
    span_copy(ret, sizeof image->kind_counts,
              span_make(image->kind_counts, sizeof image->kind_counts));
    match_image_close(image);
    return ERR_OK;
}

void match_image_close(struct match_image *image)
{
    if (image == NULL) {
        return;
    }
    match_patterns_free(image->patterns);
    memory_free(image);
}

void match_hasher_init(struct match_hasher *hasher, const struct hash_secret *secret)
{
    hasher->secret = *secret;
    for (size_t kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        const uint8_t byte = (uint8_t)kind;
        hasher->kind_salts[kind] = hash_bytes(secret, span_make(&byte, 1));
    }
    for (size_t form = 0; form < MATCH_FORM_COUNT; form++) {
        const uint8_t byte = (uint8_t)(MATCH_FORM_SALTS + form);
        hasher->form_salts[form] = hash_bytes(secret, span_make(&byte, 1));
    }
}

size_t match_image_count(const struct match_image *image, enum value_kind kind)
{
    must(kind < VALUE_KIND_COUNT);
    return kind == VALUE_NONE ? image->indicator_count : image->kind_counts[kind];
}

void match_indicator_at(const struct match_image *image, uint32_t number,
                        struct match_indicator *ret)
{
    must(number < image->indicator_count);
    const struct match_entry *entry = &image->entries[number];
    const uint8_t *key = image->text.data + match_entry_text(entry);
    *ret = (struct match_indicator){
        .value = { .kind = entry->kind,
                   .key = span_make(key, entry->key_size),
                   .scheme = span_make(key + entry->key_size, entry->scheme_size) },
        .scope = entry->scope,
        .tlp = entry->tlp,
        .confidence = entry->confidence,
        .origin = entry->origin,
        .has_uuid = entry->uuid != 0,
        .valid_from_us = entry->valid_from_us,
        .valid_until_us = entry->valid_until_us,
    };
    if (ret->has_uuid) {
        ret->uuid = image->uuids[entry->uuid - 1];
    }
}

void match_origin_at(const struct match_image *image, uint16_t number, struct match_origin *ret)
{
    must(number < image->origin_count);
    const struct match_origin_record *record = &image->origins[number];
    const uint8_t *text = image->text.data + record->text;
    ret->source_id = span_make(text, record->source_id_size);
    text += record->source_id_size;
    ret->source = span_make(text, record->source_size);
    text += record->source_size;
    ret->set = span_make(text, record->set_size);
}
