// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"
#include "base/must.h"
#include "match/forms.h"
#include "match/ranges.h"
#include "value/pattern.h"

enum {
    FILTER_COUNT_MIN = 8, /* words; a filter of one line costs nothing */
    FILTER_WORD_BITS = 64,
    TEXT_BITS = 40,         /* of a place in the text, as the entry holds it */
    KEY_SIZE_EXPECTED = 24, /* measured over public lists, for the first request of memory only */
    PREFETCH_AHEAD = 16,    /* keys; what a fetch from memory takes while the table fills */
};

struct match_builder {
    struct match_hasher hasher;
    struct buf entries; /* struct match_entry, in the order added */
    struct buf hashes; /* uint64_t beside each entry; 0 for those that are not found by their key */
    struct buf forms;  /* struct match_form, in the order of their entries */
    struct buf form_hashes; /* uint64_t beside each form */
    struct buf patterns;    /* uint32_t: numbers of the entries that are patterns */
    struct buf text;
    struct buf uuids;
    struct buf origins;
    uint32_t kind_counts[MATCH_KIND_ROOM];
    uint32_t form_counts[MATCH_FORM_COUNT];
    uint32_t prefix_depths;
    size_t pattern_text_size;
    size_t key_count; /* entries that are found by their key in the table */
    uint64_t self_depths[2];
    uint64_t below_depths[2];
};

static size_t builder_count(const struct match_builder *builder)
{
    return builder->entries.size / sizeof(struct match_entry);
}

static void builder_clear(struct match_builder *builder)
{
    buf_done(&builder->entries);
    buf_done(&builder->hashes);
    buf_done(&builder->text);
    buf_done(&builder->uuids);
    buf_done(&builder->origins);
    buf_done(&builder->forms);
    buf_done(&builder->form_hashes);
    buf_done(&builder->patterns);
    builder->prefix_depths = 0;
    builder->pattern_text_size = 0;
    builder->key_count = 0;
    for (size_t i = 0; i < MATCH_FORM_COUNT; i++) {
        builder->form_counts[i] = 0;
    }
    for (size_t kind = 0; kind < MATCH_KIND_ROOM; kind++) {
        builder->kind_counts[kind] = 0;
    }
    for (size_t i = 0; i < 2; i++) {
        builder->self_depths[i] = 0;
        builder->below_depths[i] = 0;
    }
}

static void builder_init(struct match_builder *builder, const struct hash_secret *secret)
{
    const size_t count_max = MATCH_INDICATOR_COUNT_MAX;
    match_hasher_init(&builder->hasher, secret);
    buf_init(&builder->entries, count_max * sizeof(struct match_entry));
    buf_init(&builder->hashes, count_max * sizeof(uint64_t));
    buf_init(&builder->text, (size_t)1 << TEXT_BITS);
    buf_init(&builder->uuids, count_max * sizeof(struct uuid));
    buf_init(&builder->origins, MATCH_ORIGIN_COUNT_MAX * sizeof(struct match_origin_record));
    buf_init(&builder->forms, count_max * sizeof(struct match_form));
    buf_init(&builder->form_hashes, count_max * sizeof(uint64_t));
    buf_init(&builder->patterns, MATCH_PATTERN_COUNT_MAX * sizeof(uint32_t));
}

enum err match_builder_new(struct op *op, const struct hash_secret *secret, size_t count_hint,
                           struct match_builder **ret)
{
    struct match_builder *builder = memory_new(sizeof *builder);
    if (builder == NULL) {
        return op_fail(op, ERR_LIMIT, "index: no memory to begin building");
    }
    builder_init(builder, secret);
    size_t count = count_hint > MATCH_INDICATOR_COUNT_MAX ? MATCH_INDICATOR_COUNT_MAX : count_hint;
    if (buf_reserve(&builder->entries, count * sizeof(struct match_entry)) == NULL ||
        buf_reserve(&builder->hashes, count * sizeof(uint64_t)) == NULL ||
        buf_reserve(&builder->text, count * KEY_SIZE_EXPECTED) == NULL) {
        match_builder_free(builder);
        return op_fail(op, ERR_LIMIT, "index: no memory for %zu indicators", count);
    }

    *ret = builder;
    return ERR_OK;
}

void match_builder_free(struct match_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    builder_clear(builder);
    memory_free(builder);
}

enum err match_builder_origin(struct match_builder *builder, const struct match_origin *origin,
                              uint16_t *ret_number)
{
    size_t number = builder->origins.size / sizeof(struct match_origin_record);
    if (origin->source_id.size > MATCH_ORIGIN_TEXT_SIZE_MAX ||
        origin->source.size > MATCH_ORIGIN_TEXT_SIZE_MAX ||
        origin->set.size > MATCH_ORIGIN_TEXT_SIZE_MAX) {
        return ERR_LIMIT;
    }
    size_t size = origin->source_id.size + origin->source.size + origin->set.size;
    if (buf_reserve(&builder->origins, sizeof(struct match_origin_record)) == NULL ||
        buf_reserve(&builder->text, size) == NULL) {
        return ERR_LIMIT;
    }

    const struct match_origin_record record = { .text = builder->text.size,
                                                .source_id_size = (uint32_t)origin->source_id.size,
                                                .source_size = (uint32_t)origin->source.size,
                                                .set_size = (uint32_t)origin->set.size };
    buf_add(&builder->origins, span_make(&record, sizeof record));
    buf_add(&builder->text, origin->source_id);
    buf_add(&builder->text, origin->source);
    buf_add(&builder->text, origin->set);
    *ret_number = (uint16_t)number;
    return ERR_OK;
}

static size_t labels_count(struct span name)
{
    size_t count = 1;
    for (size_t i = 0; i < name.size; i++) {
        count += name.data[i] == '.' ? 1 : 0;
    }
    return count;
}

static void depths_set(uint64_t depths[2], size_t depth)
{
    size_t bit = depth > MATCH_DEPTH_MAX ? MATCH_DEPTH_MAX : depth;
    depths[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static void domain_note(struct match_builder *builder, struct span name, enum value_scope scope)
{
    size_t depth = labels_count(name);
    if (scope != VALUE_SCOPE_SUBDOMAINS_ONLY) {
        depths_set(builder->self_depths, depth);
    }
    if (scope != VALUE_SCOPE_EXACT) {
        depths_set(builder->below_depths, depth);
    }
}

/* All room is made before anything is written: a refused indicator leaves nothing behind. */
static bool room_make(struct match_builder *builder, const struct match_indicator *indicator)
{
    const struct value *value = &indicator->value;
    size_t text_size = value->key.size + value->scheme.size;
    size_t uuid_size = indicator->has_uuid ? sizeof(struct uuid) : 0;
    bool form = value->kind == VALUE_URL;
    bool pattern = match_way_of(value->kind, indicator->scope) == MATCH_WAY_PATTERN;
    return buf_reserve(&builder->forms, form ? sizeof(struct match_form) : 0) != NULL &&
           buf_reserve(&builder->form_hashes, form ? sizeof(uint64_t) : 0) != NULL &&
           buf_reserve(&builder->patterns, pattern ? sizeof(uint32_t) : 0) != NULL &&
           buf_reserve(&builder->entries, sizeof(struct match_entry)) != NULL &&
           buf_reserve(&builder->hashes, sizeof(uint64_t)) != NULL &&
           buf_reserve(&builder->text, text_size) != NULL &&
           buf_reserve(&builder->uuids, uuid_size) != NULL;
}

static void entry_add(struct match_builder *builder, const struct match_indicator *indicator)
{
    const struct value *value = &indicator->value;
    uint64_t text = builder->text.size;
    buf_add(&builder->text, value->key);
    buf_add(&builder->text, value->scheme);
    if (indicator->has_uuid) {
        buf_add(&builder->uuids, span_make(&indicator->uuid, sizeof indicator->uuid));
    }
    const struct match_entry entry = {
        .valid_from_us = indicator->valid_from_us,
        .valid_until_us = indicator->valid_until_us,
        .text_low = (uint32_t)text,
        .text_high = (uint8_t)(text >> 32),
        .uuid = indicator->has_uuid ? (uint32_t)(builder->uuids.size / sizeof(struct uuid)) : 0,
        .key_size = (uint16_t)value->key.size,
        .origin = indicator->origin,
        .kind = (uint8_t)value->kind,
        .scope = (uint8_t)indicator->scope,
        .scheme_size = (uint8_t)value->scheme.size,
        .tlp = indicator->tlp,
        .confidence = indicator->confidence,
    };
    buf_add(&builder->entries, span_make(&entry, sizeof entry));
}

/* The way by which it is found, beside the entry. All room was made. */
static void way_add(struct match_builder *builder, const struct match_indicator *indicator)
{
    const struct value *value = &indicator->value;
    const uint32_t number = (uint32_t)(builder_count(builder) - 1);
    const enum match_way way = match_way_of(value->kind, indicator->scope);
    uint64_t hash = 0;
    if (way == MATCH_WAY_KEY) {
        hash = match_hash(&builder->hasher, value->kind, value->key);
        builder->key_count++;
    }
    buf_add(&builder->hashes, span_make(&hash, sizeof hash));
    if (way == MATCH_WAY_PATTERN) {
        buf_add(&builder->patterns, span_make(&number, sizeof number));
        builder->pattern_text_size += value->key.size;
    }
    if (value->kind == VALUE_DOMAIN && way == MATCH_WAY_KEY) {
        domain_note(builder, value->key, indicator->scope);
    }
}

/* The form by which it is found too, or alone. */
static void form_add(struct match_builder *builder, const struct match_indicator *indicator)
{
    const struct value *value = &indicator->value;
    uint8_t bytes[VALUE_URL_SIZE_MAX];
    struct span text;
    enum match_form_kind kind;
    if (!match_form_of(value->kind, indicator->scope, value->key, bytes, &text, &kind)) {
        return;
    }
    const struct match_form form = { .entry = (uint32_t)(builder_count(builder) - 1) };
    const uint64_t hash = match_form_hash(&builder->hasher, kind, text);
    buf_add(&builder->forms, span_make(&form, sizeof form));
    buf_add(&builder->form_hashes, span_make(&hash, sizeof hash));
    builder->form_counts[kind]++;
    if (kind == MATCH_FORM_PREFIX) {
        builder->prefix_depths |= (uint32_t)1 << match_form_depth(text);
    }
}

static enum err pattern_check(const struct match_builder *builder,
                              const struct match_indicator *indicator)
{
    const struct value *value = &indicator->value;
    if (match_way_of(value->kind, indicator->scope) != MATCH_WAY_PATTERN) {
        return ERR_OK;
    }
    struct value_pattern *pattern = NULL;
    enum err err = value_pattern_new(value->kind, indicator->scope, value->key, NULL, &pattern);
    value_pattern_free(pattern);
    if (err != ERR_OK) {
        return err == ERR_LIMIT ? err : ERR_FORMAT;
    }
    bool full = builder->patterns.size == MATCH_PATTERN_COUNT_MAX * sizeof(uint32_t) ||
                value->key.size > MATCH_PATTERN_TEXT_SIZE_MAX - builder->pattern_text_size;
    return full ? ERR_FULL : ERR_OK;
}

enum err match_builder_add(struct match_builder *builder, const struct match_indicator *indicator)
{
    const struct value *value = &indicator->value;
    must(indicator->origin < builder->origins.size / sizeof(struct match_origin_record));
    must(indicator->scope < VALUE_SCOPE_COUNT);
    if (!match_indicator_fits(value->kind, indicator->scope, value->key) ||
        value->scheme.size > VALUE_SCHEME_SIZE_MAX) {
        return ERR_FORMAT;
    }
    TRY(pattern_check(builder, indicator));
    if (!room_make(builder, indicator)) {
        return ERR_LIMIT;
    }

    entry_add(builder, indicator);
    way_add(builder, indicator);
    if (value->kind == VALUE_URL) {
        form_add(builder, indicator);
    }
    builder->kind_counts[value->kind]++;
    return ERR_OK;
}

/* An image in the making: sections are placed first, then filled. */
struct layout {
    struct match_header header;
    struct match_range_plan plans[MATCH_FAMILY_COUNT];
    uint8_t *image;
};

static void *layout_section(const struct layout *layout, size_t section)
{
    return layout->image + layout->header.sections[section].offset;
}

static void layout_sizes(struct layout *layout, const struct match_builder *builder)
{
    size_t hashed = builder->key_count + builder->forms.size / sizeof(struct match_form);
    size_t words = (hashed * MATCH_FILTER_BITS + FILTER_WORD_BITS - 1) / FILTER_WORD_BITS;
    words = words < FILTER_COUNT_MIN ? FILTER_COUNT_MIN : words;
    size_t buckets = hashed / MATCH_BUCKET_LOAD + 1;
    struct match_section *sections = layout->header.sections;
    sections[MATCH_SECTION_FILTER].size = words * sizeof(uint64_t);
    sections[MATCH_SECTION_TABLE].size = buckets * sizeof(struct match_bucket);
    sections[MATCH_SECTION_ENTRIES].size = builder->entries.size;
    sections[MATCH_SECTION_TEXT].size = builder->text.size;
    sections[MATCH_SECTION_UUIDS].size = builder->uuids.size;
    sections[MATCH_SECTION_ORIGINS].size = builder->origins.size;
    sections[MATCH_SECTION_FORMS].size = builder->forms.size;
    sections[MATCH_SECTION_PATTERNS].size = builder->patterns.size;
    for (unsigned i = MATCH_SECTION_RANGES4; i <= MATCH_SECTION_OWNERS4; i++) {
        const struct match_range_plan *plans = layout->plans;
        unsigned twin = i - MATCH_SECTION_RANGES4 + MATCH_SECTION_RANGES6;
        sections[i].size = match_range_plan_size(&plans[MATCH_IPV4], MATCH_IPV4, i);
        sections[twin].size = match_range_plan_size(&plans[MATCH_IPV6], MATCH_IPV6, i);
    }
}

static size_t aligned(size_t size)
{
    return (size + MATCH_ALIGNMENT - 1) / MATCH_ALIGNMENT * MATCH_ALIGNMENT;
}

static void layout_header(struct layout *layout, const struct match_builder *builder)
{
    struct match_header *header = &layout->header;
    layout_sizes(layout, builder);
    uint64_t offset = MATCH_HEADER_SIZE;
    for (size_t i = 0; i < MATCH_SECTION_COUNT; i++) {
        header->sections[i].offset = offset;
        offset += aligned(header->sections[i].size);
    }
    span_copy(header->magic, sizeof header->magic, SPAN(MATCH_MAGIC));
    header->version = MATCH_VERSION;
    header->header_size = MATCH_HEADER_SIZE;
    header->total_size = offset;
    header->indicator_count = (uint32_t)builder_count(builder);
    header->secret = builder->hasher.secret;
    header->prefix_depths = builder->prefix_depths;
    for (size_t i = 0; i < MATCH_FORM_COUNT; i++) {
        header->form_counts[i] = builder->form_counts[i];
    }
    for (size_t kind = 0; kind < MATCH_KIND_ROOM; kind++) {
        header->kind_counts[kind] = builder->kind_counts[kind];
    }
    for (size_t i = 0; i < 2; i++) {
        header->self_depths[i] = builder->self_depths[i];
        header->below_depths[i] = builder->below_depths[i];
        header->held_bits[i] = (uint8_t)layout->plans[i].held_bits;
        header->first_bits[i] = (uint8_t)layout->plans[i].first_bits;
    }
}

/* Copy a section and give the builder's bytes back, so that the two are never held twice. */
static void section_move(const struct layout *layout, size_t section, struct buf *from)
{
    size_t size = layout->header.sections[section].size;
    span_copy(layout_section(layout, section), size, buf_span(from));
    buf_done(from);
}

static void sections_fill(const struct layout *layout, struct match_builder *builder)
{
    section_move(layout, MATCH_SECTION_ENTRIES, &builder->entries);
    section_move(layout, MATCH_SECTION_TEXT, &builder->text);
    section_move(layout, MATCH_SECTION_UUIDS, &builder->uuids);
    section_move(layout, MATCH_SECTION_ORIGINS, &builder->origins);
    section_move(layout, MATCH_SECTION_FORMS, &builder->forms);
    section_move(layout, MATCH_SECTION_PATTERNS, &builder->patterns);
    for (unsigned i = MATCH_SECTION_RANGES4; i <= MATCH_SECTION_OWNERS4; i++) {
        unsigned twin = i - MATCH_SECTION_RANGES4 + MATCH_SECTION_RANGES6;
        match_range_plan_write(&layout->plans[MATCH_IPV4], MATCH_IPV4, i,
                               layout_section(layout, i));
        match_range_plan_write(&layout->plans[MATCH_IPV6], MATCH_IPV6, i,
                               layout_section(layout, twin));
    }
}

/* What filling the table needs, in its own types. */
struct table {
    struct match_bucket *buckets;
    uint32_t bucket_count;
    uint32_t bucket_reach;
    uint64_t *filter;
    uint32_t filter_count; /* words */
    struct match_entry *entries;
    struct match_form *forms;
    const uint8_t *text;
};

/* What goes into a slot: a key, or a form of one. */
struct tenant {
    uint32_t number; /* of the entry, or of the form */
    bool is_form;
    uint32_t reach;
    uint64_t hash;
};

static struct span entry_key(const struct table *table, const struct match_entry *entry)
{
    return span_make(table->text + match_entry_text(entry), entry->key_size);
}

static bool key_same(const struct table *table, uint32_t a, uint32_t b)
{
    const struct match_entry *left = &table->entries[a];
    const struct match_entry *right = &table->entries[b];
    return left->kind == right->kind && span_equal(entry_key(table, left), entry_key(table, right));
}

static bool form_same(const struct table *table, uint32_t a, uint32_t b)
{
    uint8_t bytes[2][VALUE_URL_SIZE_MAX];
    struct span forms[2];
    enum match_form_kind kinds[2];
    const uint32_t numbers[2] = { a, b };
    for (size_t i = 0; i < 2; i++) {
        const struct match_entry *entry = &table->entries[table->forms[numbers[i]].entry];
        bool has = match_form_of(entry->kind, entry->scope, entry_key(table, entry), bytes[i],
                                 &forms[i], &kinds[i]);
        must(has);
    }
    return kinds[0] == kinds[1] && span_equal(forms[0], forms[1]);
}

static uint32_t entry_reach(const struct match_entry *entry)
{
    uint32_t reach = 0;
    if (entry->kind != VALUE_DOMAIN || entry->scope != VALUE_SCOPE_SUBDOMAINS_ONLY) {
        reach |= MATCH_REF_SELF;
    }
    if (entry->kind == VALUE_DOMAIN && entry->scope != VALUE_SCOPE_EXACT) {
        reach |= MATCH_REF_BELOW;
    }
    return reach;
}

/* Whether a slot is that of the tenant's chain; then the tenant becomes the chain's head. */
static bool slot_join(struct table *table, uint32_t ref, const struct tenant *tenant)
{
    uint32_t head = (ref & MATCH_REF_NUMBER) - 1;
    bool is_form = (ref & MATCH_REF_FORM) != 0;
    if (is_form != tenant->is_form) {
        return false;
    }
    if (is_form && form_same(table, head, tenant->number)) {
        table->forms[tenant->number].next = head;
        return true;
    }
    if (!is_form && key_same(table, head, tenant->number)) {
        table->entries[tenant->number].next = head;
        return true;
    }
    return false;
}

/* Put a tenant into a bucket: before the chain of its equals, or into an empty slot. */
static bool bucket_put(struct table *table, struct match_bucket *bucket,
                       const struct tenant *tenant)
{
    const uint32_t own = (tenant->number + 1) | tenant->reach;
    const uint32_t tag = (uint32_t)tenant->hash;
    for (size_t slot = 0; slot < MATCH_BUCKET_SLOTS; slot++) {
        uint32_t ref = bucket->refs[slot];
        if (ref == 0) {
            bucket->tags[slot] = tag;
            bucket->refs[slot] = own;
            return true;
        }
        if (bucket->tags[slot] == tag && slot_join(table, ref, tenant)) {
            bucket->refs[slot] = own | (ref & (MATCH_REF_SELF | MATCH_REF_BELOW));
            return true;
        }
    }
    return false;
}

static void table_put(struct table *table, const struct tenant *tenant)
{
    uint32_t at = match_place(tenant->hash, table->bucket_count);
    uint32_t reach = 0;
    table->filter[match_place(tenant->hash, table->filter_count)] |=
        match_filter_bits(tenant->hash);
    while (!bucket_put(table, &table->buckets[at], tenant)) {
        at = at + 1 == table->bucket_count ? 0 : at + 1;
        reach++;
        must_dev(reach < table->bucket_count);
    }
    table->bucket_reach = reach > table->bucket_reach ? reach : table->bucket_reach;
}

static void table_fill_keys(struct table *table, const uint64_t *hashes, uint32_t count)
{
    for (uint32_t left = count; left > 0; left--) {
        if (left > PREFETCH_AHEAD) {
            uint64_t ahead = hashes[left - 1 - PREFETCH_AHEAD];
            __builtin_prefetch(&table->buckets[match_place(ahead, table->bucket_count)], 1);
        }
        const struct match_entry *entry = &table->entries[left - 1];
        if (match_way_of(entry->kind, entry->scope) == MATCH_WAY_KEY) {
            const struct tenant tenant = { .number = left - 1,
                                           .reach = entry_reach(entry),
                                           .hash = hashes[left - 1] };
            table_put(table, &tenant);
        }
    }
}

/* From the last to the first: a chain grows at its head and still is in the order added, however
 * long it gets. */
static void table_fill(struct layout *layout, const struct match_builder *builder)
{
    const struct match_section *sections = layout->header.sections;
    const uint64_t *form_hashes = (const void *)builder->form_hashes.data;
    struct table table = {
        .buckets = layout_section(layout, MATCH_SECTION_TABLE),
        .bucket_count =
            (uint32_t)(sections[MATCH_SECTION_TABLE].size / sizeof(struct match_bucket)),
        .filter = layout_section(layout, MATCH_SECTION_FILTER),
        .filter_count = (uint32_t)(sections[MATCH_SECTION_FILTER].size / sizeof(uint64_t)),
        .entries = layout_section(layout, MATCH_SECTION_ENTRIES),
        .forms = layout_section(layout, MATCH_SECTION_FORMS),
        .text = layout_section(layout, MATCH_SECTION_TEXT),
    };
    table_fill_keys(&table, (const void *)builder->hashes.data, layout->header.indicator_count);
    size_t form_count = sections[MATCH_SECTION_FORMS].size / sizeof(struct match_form);
    for (size_t left = form_count; left > 0; left--) {
        const struct tenant tenant = { .number = (uint32_t)(left - 1),
                                       .is_form = true,
                                       .reach = MATCH_REF_FORM,
                                       .hash = form_hashes[left - 1] };
        table_put(&table, &tenant);
    }
    layout->header.bucket_reach = table.bucket_reach;
}

static void layout_seal(struct layout *layout)
{
    struct match_header *header = (void *)layout->image;
    *header = layout->header;
    header->checksum =
        hash_bytes(&header->secret, span_make(layout->image + MATCH_CHECKED_FROM,
                                              layout->header.total_size - MATCH_CHECKED_FROM));
}

static enum err ranges_plan(struct layout *layout, struct match_builder *builder)
{
    if (builder->kind_counts[VALUE_CIDR] == 0) {
        return ERR_OK;
    }
    struct match_entry *entries = (void *)builder->entries.data;
    for (enum match_family family = MATCH_IPV4; family < MATCH_FAMILY_COUNT; family++) {
        TRY(match_range_plan_init(&layout->plans[family], family, entries, builder_count(builder),
                                  builder->text.data));
    }
    return ERR_OK;
}

/* All memory is had here; what follows cannot fail. */
static enum err layout_begin(struct layout *layout, struct match_builder *builder)
{
    TRY(ranges_plan(layout, builder));
    layout_header(layout, builder);
    layout->image = memory_new(layout->header.total_size);
    return layout->image == NULL ? ERR_LIMIT : ERR_OK;
}

enum err match_builder_finish(struct match_builder *builder, struct buf *ret)
{
    struct layout layout = { 0 };
    enum err err = layout_begin(&layout, builder);
    if (err == ERR_OK) {
        sections_fill(&layout, builder);
        table_fill(&layout, builder);
        layout_seal(&layout);
        builder_clear(builder);
        /* The image came as zeros, which a buffer that grows would not give. */
        *ret = (struct buf){ .data = layout.image,
                             .size = layout.header.total_size,
                             .capacity = layout.header.total_size,
                             .size_max = layout.header.total_size };
    }
    for (size_t family = 0; family < MATCH_FAMILY_COUNT; family++) {
        match_range_plan_done(&layout.plans[family]);
    }
    return err;
}
