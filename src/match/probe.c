// SPDX-License-Identifier: EUPL-1.2
/*
 * The hot path: every observed value passes here, and nearly all of them are in no list.
 *
 * Budget for values that are not in the image, among 1 million indicators (10 million): 12 ns (16)
 * a probe; 4 ns more for an IPv4 address where there are ranges, 30 thousand of them; half as much
 * again for names, as the processor cannot guess their lengths. An IPv4 address in whose /16 no
 * indicator has a part is not probed for: 1 ns. No allocation, no branch on configuration.
 * bench/match_bench.c measures it.
 *
 * What costs is waiting for memory. So a batch of probes goes through three steps, and each asks
 * for the memory of the next one before any of it is looked at: adding asks for the filter's word,
 * the filter asks for the table's bucket, the table decides. A table of 10 million is then as fast
 * as memory can answer many questions at once, which is ten times what it can answer one by one.
 * The 2 MiB that tell where ranges are, are asked for in the same way.
 */
#include <endian.h>

#include "base/hash_inline.h"
#include "base/must.h"
#include "match/forms.h"
#include "match/patterns.h"
#include "match/ranges.h"

void match_batch_begin(struct match_batch *batch, const struct match_image *image,
                       uint32_t *candidates, size_t candidate_max)
{
    must(candidate_max >= MATCH_BATCH_CANDIDATES_MAX);
    batch->image = image;
    batch->scratch = NULL;
    batch->count = 0;
    batch->near_count = 0;
    batch->candidate_count = 0;
    batch->candidate_max = candidate_max;
    batch->candidates = candidates;
}

/* One mark in a row is enough: so what one line holds cannot fill the list. */
static void candidate_add(struct match_batch *batch, uint32_t mark)
{
    if (batch->candidate_count > 0 && batch->candidates[batch->candidate_count - 1] == mark) {
        return;
    }
    must(batch->candidate_count < batch->candidate_max);
    batch->candidates[batch->candidate_count] = mark;
    batch->candidate_count++;
}

/* Keep the probes that the filter lets through, in place. Written without a branch: which probes
 * those are cannot be foretold. */
static size_t filter_pass(const struct match_image *image, struct match_probe *probes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct match_probe probe = probes[i];
        probes[kept] = probe;
        kept += match_filter_has(image, probe.hash) ? 1 : 0;
    }
    return kept;
}

/* Look at the addresses that a range may cover. */
static void near_flush(struct match_batch *batch)
{
    const struct match_range_set *set = &batch->image->ranges[MATCH_IPV4];
    must(set->held != NULL || batch->near_count == 0);
    for (size_t i = 0; i < batch->near_count; i++) {
        const struct match_near *near = &batch->near[i];
        const struct match_address address = { .high = (uint64_t)near->address << 32 };
        if (match_range_near(set, address.high) && match_range_find4(set, address) != 0) {
            candidate_add(batch, near->mark);
        }
    }
    batch->near_count = 0;
}

static void probes_answer(struct match_batch *batch)
{
    const struct match_image *image = batch->image;
    near_flush(batch);
    size_t kept = filter_pass(image, batch->probes, batch->count);
    for (size_t i = 0; i < kept; i++) {
        __builtin_prefetch(
            &image->buckets[match_place(batch->probes[i].hash, image->bucket_count)]);
    }
    for (size_t i = 0; i < kept; i++) {
        const struct match_probe *probe = &batch->probes[i];
        struct match_walk walk = match_walk_begin(image, probe->hash, probe->reach);
        if (match_walk_next(image, &walk) != 0) {
            candidate_add(batch, probe->mark);
        }
    }
    batch->count = 0;
}

void match_batch_flush(struct match_batch *batch)
{
    probes_answer(batch);
    if (batch->scratch != NULL) {
        match_scratch_give(batch->image->patterns, batch->scratch);
        batch->scratch = NULL;
    }
}

static inline void probe_add(struct match_batch *batch, struct match_probe probe)
{
    if (batch->count == MATCH_BATCH_SIZE) {
        probes_answer(batch);
    }
    const struct match_image *image = batch->image;
    __builtin_prefetch(&image->filter[match_place(probe.hash, image->filter_count)]);
    batch->probes[batch->count] = probe;
    batch->count++;
}

/* match_hash(), worked out on the spot: the size of most keys is known here, or guessed well. */
static inline uint64_t hash_here(const struct match_image *image, enum value_kind kind,
                                 struct span key)
{
    const struct match_hasher *hasher = &image->hasher;
    return hash_bytes_inline(&hasher->secret, key) ^ hasher->kind_salts[kind];
}

/* Eight bytes of a name as a number, the last byte on top. */
static inline uint64_t name_load(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word); /* memcpy: one load; span_copy() would be a call */
    return word;
}

/* The top bit of each byte that is a dot, of eight bytes at once: byte by byte a domain took a
 * quarter longer (measured). No carry passes from one byte to the next. */
static inline uint64_t dots_of(uint64_t word)
{
    const uint64_t low_bits = 0x7f7f7f7f7f7f7f7f;
    uint64_t other = word ^ 0x2e2e2e2e2e2e2e2e; /* "........" */
    return ~(((other & low_bits) + low_bits) | other | low_bits);
}

/* A walk over a name's dots, from the right, so that the number of labels is known at each. */
struct dot_walk {
    struct span name;
    uint64_t dots; /* of the eight bytes from `begin` on */
    size_t begin;
};

static inline void dot_walk_load(struct dot_walk *walk, size_t end)
{
    const size_t step = sizeof(uint64_t);
    if (walk->name.size >= step) {
        walk->begin = end >= step ? end - step : 0;
        walk->dots = dots_of(name_load(walk->name.data + walk->begin));
        walk->dots &= UINT64_MAX >> (step - (end - walk->begin)) * 8; /* bits of a byte */
        return;
    }
    walk->begin = 0;
    walk->dots = 0;
    for (size_t i = 0; i < end; i++) {
        walk->dots |= walk->name.data[i] == '.' ? (uint64_t)0x80 << i * 8 : 0; /* top bit */
    }
}

/* Where the next dot to the left is; false where there is none. */
static inline bool dot_walk_next(struct dot_walk *walk, size_t *ret_at)
{
    while (walk->dots == 0) {
        if (walk->begin == 0) {
            return false;
        }
        dot_walk_load(walk, walk->begin);
    }
    unsigned bit = 63 - (unsigned)__builtin_clzll(walk->dots);
    walk->dots ^= (uint64_t)1 << bit;
    *ret_at = walk->begin + bit / 8;
    return true;
}

static void domain_add(struct match_batch *batch, struct span name, uint32_t mark)
{
    const struct match_image *image = batch->image;
    struct match_probe probe = { .reach = MATCH_REF_BELOW, .mark = mark };
    struct dot_walk walk = { .name = name };
    size_t depth = 1;
    size_t at;
    dot_walk_load(&walk, name.size);
    for (; dot_walk_next(&walk, &at); depth++) {
        if (match_depths_have(image->below_depths, depth)) {
            struct span above = { name.data + at + 1, name.size - at - 1 };
            probe.hash = hash_here(image, VALUE_DOMAIN, above);
            probe_add(batch, probe);
        }
    }
    if (match_depths_have(image->self_depths, depth)) {
        probe.reach = MATCH_REF_SELF;
        probe.hash = hash_here(image, VALUE_DOMAIN, name);
        probe_add(batch, probe);
    }
}

/* The other forms of a URL, where there are any: seldom enough to stay out of the hot path. */
__attribute__((noinline)) static void url_forms_add(struct match_batch *batch, struct span key,
                                                    uint32_t mark)
{
    const struct match_image *image = batch->image;
    struct match_form_walk walk;
    struct match_probe probe = { .mark = mark };
    struct span form;
    enum match_form_kind kind;
    match_form_walk_begin(&walk, image, key);
    while (match_form_walk_next(&walk, &form, &kind)) {
        probe.reach = kind == MATCH_FORM_PLAIN ? MATCH_REF_SELF | MATCH_REF_FORM : MATCH_REF_FORM;
        probe.hash = match_form_hash(&image->hasher, kind, form);
        probe_add(batch, probe);
    }
}

/* One probe is for the URL itself and for those whose escapes were undone to it. */
static void url_add(struct match_batch *batch, struct span key, uint32_t mark)
{
    const struct match_image *image = batch->image;
    probe_add(batch, (struct match_probe){ .hash = match_hash(&image->hasher, VALUE_URL, key),
                                           .mark = mark,
                                           .reach = MATCH_REF_SELF | MATCH_REF_FORM });
    bool forms = image->has_far_forms || value_url_has_escapes(key);
    if (forms && key.size <= VALUE_URL_SIZE_MAX) {
        url_forms_add(batch, key, mark);
    }
}

/* A value whose kind has patterns is scanned at once. */
__attribute__((noinline)) static void patterns_add(struct match_batch *batch, enum value_kind kind,
                                                   struct span key, uint32_t mark)
{
    struct match_patterns *patterns = batch->image->patterns;
    if (batch->scratch == NULL) {
        batch->scratch = match_scratch_take(patterns);
    }
    if (match_patterns_may_meet(patterns, batch->scratch, kind, key)) {
        candidate_add(batch, mark);
    }
}

/* An IPv4 address that some indicator is near. Whether a range covers it is seen when the memory
 * that tells has come. */
static inline void near_ipv4_add(struct match_batch *batch, uint32_t address, uint32_t mark)
{
    const struct match_image *image = batch->image;
    const struct match_range_set *set = &image->ranges[MATCH_IPV4];
    if (set->held != NULL) {
        if (batch->near_count == MATCH_BATCH_NEAR_SIZE) {
            near_flush(batch);
        }
        __builtin_prefetch(&set->held[((uint64_t)address << 32 >> set->held_shift) / 64]);
        batch->near[batch->near_count] = (struct match_near){ address, mark };
        batch->near_count++;
    }
    if (image->probe_counts[VALUE_IPV4] > 0) {
        uint32_t key = htobe32(address);
        uint64_t hash = hash_here(image, VALUE_IPV4, span_make((const uint8_t *)&key, sizeof key));
        probe_add(batch,
                  (struct match_probe){ .hash = hash, .mark = mark, .reach = MATCH_REF_SELF });
    }
}

void match_batch_add_ipv4s(struct match_batch *batch, const uint32_t *addresses,
                           const uint32_t *marks, size_t count)
{
    struct match_near near[MATCH_BATCH_IPV4S_MAX];
    size_t near_count = 0;
    must(count <= MATCH_BATCH_IPV4S_MAX);
    for (size_t i = 0; i < count; i++) { /* no branch on which of them an indicator is near */
        near[near_count] = (struct match_near){ addresses[i], marks[i] };
        near_count += match_near4(batch->image, addresses[i]) ? 1 : 0;
    }
    for (size_t i = 0; i < near_count; i++) {
        near_ipv4_add(batch, near[i].address, near[i].mark);
    }
}

void match_batch_add(struct match_batch *batch, enum value_kind kind, struct span key,
                     uint32_t mark)
{
    const struct match_image *image = batch->image;
    must_dev(kind != VALUE_CIDR);
    must_dev(kind < VALUE_KIND_COUNT);
    if (kind == VALUE_IPV4 && key.size == VALUE_IPV4_SIZE) {
        uint32_t address = match_network_u32(key.data);
        match_batch_add_ipv4s(batch, &address, &mark, 1);
        return;
    }
    if (match_range_find(image, kind, key) != 0) { /* no matter then whether it is listed itself */
        candidate_add(batch, mark);
        return;
    }
    if ((image->pattern_kinds >> kind & 1) != 0) {
        patterns_add(batch, kind, key, mark);
    }
    if (image->probe_counts[kind] == 0) {
        return;
    }
    if (kind == VALUE_DOMAIN) {
        if (key.size <= VALUE_DOMAIN_SIZE_MAX) {
            domain_add(batch, key, mark);
        }
        return;
    }
    if (kind == VALUE_URL) {
        url_add(batch, key, mark);
        return;
    }
    probe_add(batch, (struct match_probe){ .hash = match_hash(&image->hasher, kind, key),
                                           .mark = mark,
                                           .reach = MATCH_REF_SELF });
}
