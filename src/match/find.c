// SPDX-License-Identifier: EUPL-1.2
#include "base/must.h"
#include "match/forms.h"
#include "match/patterns.h"
#include "match/ranges.h"

/* What has been found so far. */
struct finder {
    const struct match_image *image;
    struct match_found *found;
    size_t count;
    bool cut;
};

static void finder_add(struct finder *finder, uint32_t indicator, enum match_rung rung)
{
    if (finder->count == MATCH_FOUND_COUNT_MAX) {
        finder->cut = true;
        return;
    }
    finder->found[finder->count] = (struct match_found){ .indicator = indicator, .rung = rung };
    finder->count++;
}

static bool scope_meets(const struct match_entry *entry, enum match_rung rung)
{
    if (entry->kind != VALUE_DOMAIN) {
        return true;
    }
    return rung == MATCH_RUNG_SUBDOMAIN ? entry->scope != VALUE_SCOPE_EXACT
                                        : entry->scope != VALUE_SCOPE_SUBDOMAINS_ONLY;
}

/* The indicators of one key, from the first of their chain. */
static void chain_find(struct finder *finder, uint32_t first, enum match_rung rung)
{
    const struct match_entry *entries = finder->image->entries;
    uint32_t number = first;
    do {
        if (scope_meets(&entries[number], rung)) {
            finder_add(finder, number, rung);
        }
        number = entries[number].next;
    } while (number != 0 && !finder->cut);
}

static void key_find(struct finder *finder, enum value_kind kind, struct span key,
                     enum match_rung rung)
{
    const struct match_image *image = finder->image;
    uint64_t hash = match_hash(&image->hasher, kind, key);
    if (!match_filter_has(image, hash)) {
        return;
    }
    struct match_walk walk = match_walk_begin(
        image, hash, rung == MATCH_RUNG_SUBDOMAIN ? MATCH_REF_BELOW : MATCH_REF_SELF);
    uint32_t ref = match_walk_next(image, &walk);
    while (ref != 0) {
        uint32_t number = (ref & MATCH_REF_NUMBER) - 1;
        const struct match_entry *entry = &image->entries[number];
        const uint8_t *text = image->text.data + match_entry_text(entry);
        if (entry->kind == kind && span_equal(span_make(text, entry->key_size), key)) {
            chain_find(finder, number, rung);
            return;
        }
        ref = match_walk_next(image, &walk);
    }
}

/* The name itself, then the names above it, the longest first. */
static void domain_find(struct finder *finder, struct span name)
{
    const struct match_image *image = finder->image;
    size_t depth = 1;
    for (size_t i = 0; i < name.size; i++) {
        depth += name.data[i] == '.' ? 1 : 0;
    }
    if (match_depths_have(image->self_depths, depth)) {
        key_find(finder, VALUE_DOMAIN, name, MATCH_RUNG_EXACT);
    }
    for (size_t i = 0; i < name.size && !finder->cut; i++) {
        if (name.data[i] != '.') {
            continue;
        }
        depth--;
        if (match_depths_have(image->below_depths, depth)) {
            key_find(finder, VALUE_DOMAIN, span_from(name, i + 1), MATCH_RUNG_SUBDOMAIN);
        }
    }
}

/* The rung of a form's indicator; the observed URL itself is always exact. */
static enum match_rung form_rung(const struct match_image *image, const struct match_entry *entry,
                                 enum match_form_kind kind, struct span key)
{
    static const enum match_rung rungs[MATCH_FORM_COUNT] = {
        [MATCH_FORM_PLAIN] = MATCH_RUNG_DECODED,
        [MATCH_FORM_CASELESS] = MATCH_RUNG_CASELESS,
        [MATCH_FORM_ANY_QUERY] = MATCH_RUNG_ANY_QUERY,
        [MATCH_FORM_PREFIX] = MATCH_RUNG_PREFIX,
    };
    struct span own = span_make(image->text.data + match_entry_text(entry), entry->key_size);
    return span_equal(own, key) ? MATCH_RUNG_EXACT : rungs[kind];
}

/* The indicators of equal forms, from the first of their chain. Those of a plain form that are the
 * observed URL itself were found by its key. */
static void form_chain_find(struct finder *finder, uint32_t first, enum match_form_kind kind,
                            struct span key)
{
    const struct match_image *image = finder->image;
    uint32_t number = first;
    do {
        const struct match_form *form = &image->forms[number];
        enum match_rung rung = form_rung(image, &image->entries[form->entry], kind, key);
        if (kind != MATCH_FORM_PLAIN || rung != MATCH_RUNG_EXACT) {
            finder_add(finder, form->entry, rung);
        }
        number = form->next;
    } while (number != 0 && !finder->cut);
}

static void form_find(struct finder *finder, enum match_form_kind kind, struct span form,
                      struct span key)
{
    const struct match_image *image = finder->image;
    uint64_t hash = match_form_hash(&image->hasher, kind, form);
    if (finder->cut || image->form_counts[kind] == 0 || !match_filter_has(image, hash)) {
        return;
    }
    struct match_walk walk = match_walk_begin(image, hash, MATCH_REF_FORM);
    uint32_t ref = match_walk_next(image, &walk);
    while (ref != 0) {
        uint32_t number = (ref & MATCH_REF_NUMBER) - 1;
        if (match_form_is(image, number, kind, form)) {
            form_chain_find(finder, number, kind, key);
            return;
        }
        ref = match_walk_next(image, &walk);
    }
}

/* The URL itself; then the writings of it that differ in escapes; then the other forms. */
static void url_find(struct finder *finder, struct span key)
{
    struct match_form_walk walk;
    struct span form;
    enum match_form_kind kind;
    key_find(finder, VALUE_URL, key, MATCH_RUNG_EXACT);
    if (key.size > VALUE_URL_SIZE_MAX) {
        return;
    }
    form_find(finder, MATCH_FORM_PLAIN, key, key);
    match_form_walk_begin(&walk, finder->image, key);
    while (!finder->cut && match_form_walk_next(&walk, &form, &kind)) {
        if (kind == MATCH_FORM_PLAIN) {
            key_find(finder, VALUE_URL, form, MATCH_RUNG_DECODED);
        }
        form_find(finder, kind, form, key);
    }
}

static void patterns_find(struct finder *finder, enum value_kind kind, struct span key)
{
    uint32_t numbers[MATCH_PATTERN_COUNT_MAX];
    size_t count = match_patterns_find(finder->image->patterns, kind, key, numbers, &finder->cut);
    for (size_t i = 0; i < count; i++) {
        finder_add(finder, numbers[i], MATCH_RUNG_PATTERN);
    }
}

/* The ranges that cover an address, the narrowest first. */
static void ranges_find(struct finder *finder, enum value_kind kind, struct span key)
{
    const struct match_image *image = finder->image;
    const enum match_family family = kind == VALUE_IPV4 ? MATCH_IPV4 : MATCH_IPV6;
    uint32_t range = match_range_find(image, kind, key);
    while (range != 0 && !finder->cut) {
        const struct match_range *at = &image->ranges[family].ranges[range - 1];
        chain_find(finder, at->indicator, MATCH_RUNG_RANGE);
        range = at->parent;
    }
}

static void value_find(struct finder *finder, enum value_kind kind, struct span key)
{
    switch (kind) {
    case VALUE_DOMAIN:
        if (key.size <= VALUE_DOMAIN_SIZE_MAX) {
            domain_find(finder, key);
        }
        break;
    case VALUE_URL:
        url_find(finder, key);
        break;
    case VALUE_IPV4:
    case VALUE_IPV6:
        key_find(finder, kind, key, MATCH_RUNG_EXACT);
        ranges_find(finder, kind, key);
        break;
    default:
        key_find(finder, kind, key, MATCH_RUNG_EXACT);
        break;
    }
}

size_t match_find(const struct match_image *image, enum value_kind kind, struct span key,
                  struct match_found *found, bool *ret_cut)
{
    must(kind != VALUE_CIDR);
    must(kind < VALUE_KIND_COUNT);
    struct finder finder = { .image = image, .found = found };
    value_find(&finder, kind, key);
    if ((image->pattern_kinds >> kind & 1) != 0) {
        patterns_find(&finder, kind, key);
    }
    if (finder.cut) {
        *ret_cut = true;
    }
    return finder.count;
}

const char *match_rung_name(enum match_rung rung)
{
    static const char *const names[MATCH_RUNG_COUNT] = {
        [MATCH_RUNG_EXACT] = "exact",       [MATCH_RUNG_SUBDOMAIN] = "subdomain",
        [MATCH_RUNG_RANGE] = "range",       [MATCH_RUNG_DECODED] = "decoded",
        [MATCH_RUNG_CASELESS] = "caseless", [MATCH_RUNG_ANY_QUERY] = "any-query",
        [MATCH_RUNG_PREFIX] = "prefix",     [MATCH_RUNG_PATTERN] = "pattern",
    };
    must(rung < MATCH_RUNG_COUNT);
    return names[rung];
}
