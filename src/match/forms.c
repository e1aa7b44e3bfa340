// SPDX-License-Identifier: EUPL-1.2
#include "match/forms.h"

#include "base/must.h"

static bool is_boundary(uint8_t byte)
{
    return byte == '/' || byte == '?' || byte == '&';
}

/* The plain form; the key itself where nothing can be undone. */
static struct span plain_of(struct span key, uint8_t *bytes)
{
    if (!value_url_has_escapes(key) || key.size > VALUE_URL_SIZE_MAX) {
        return key;
    }
    struct span plain = span_make(bytes, value_url_plain(key, bytes));
    return span_equal(plain, key) ? key : plain;
}

static struct span lower_of(struct span plain, uint8_t *bytes)
{
    for (size_t i = 0; i < plain.size; i++) {
        uint8_t byte = plain.data[i];
        bytes[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte; /* to lower case */
    }
    return span_make(bytes, plain.size);
}

static struct span without_query(struct span plain)
{
    ptrdiff_t question = span_find(plain, '?');
    return question == SPAN_NOT_FOUND ? plain : span_slice(plain, 0, (size_t)question);
}

bool match_form_of(enum value_kind kind, enum value_scope scope, struct span key, uint8_t *bytes,
                   struct span *ret, enum match_form_kind *ret_kind)
{
    if (kind != VALUE_URL || match_way_of(kind, scope) == MATCH_WAY_PATTERN) {
        return false;
    }
    struct span plain = plain_of(key, bytes);
    switch (scope) {
    case VALUE_SCOPE_CASELESS:
        *ret = lower_of(plain, bytes);
        *ret_kind = MATCH_FORM_CASELESS;
        return true;
    case VALUE_SCOPE_ANY_QUERY:
        *ret = without_query(plain);
        *ret_kind = MATCH_FORM_ANY_QUERY;
        return true;
    case VALUE_SCOPE_PREFIX:
        *ret = plain;
        *ret_kind = MATCH_FORM_PREFIX;
        return true;
    default:
        *ret = plain;
        *ret_kind = MATCH_FORM_PLAIN;
        return plain.data != key.data;
    }
}

size_t match_form_depth(struct span form)
{
    size_t depth = 0;
    for (size_t i = 0; i < form.size; i++) {
        depth += is_boundary(form.data[i]) ? 1 : 0;
    }
    return depth;
}

uint64_t match_form_hash(const struct match_hasher *hasher, enum match_form_kind kind,
                         struct span form)
{
    if (kind == MATCH_FORM_PLAIN) {
        return match_hash(hasher, VALUE_URL, form);
    }
    return hash_bytes(&hasher->secret, form) ^ hasher->form_salts[kind];
}

bool match_form_is(const struct match_image *image, uint32_t number, enum match_form_kind kind,
                   struct span form)
{
    const struct match_entry *entry = &image->entries[image->forms[number].entry];
    struct span key = span_make(image->text.data + match_entry_text(entry), entry->key_size);
    uint8_t bytes[VALUE_URL_SIZE_MAX];
    struct span own;
    enum match_form_kind own_kind;
    return match_form_of(entry->kind, entry->scope, key, bytes, &own, &own_kind) &&
           own_kind == kind && span_equal(own, form);
}

bool match_forms_fit(const struct match_image *image, const struct match_header *header)
{
    uint64_t count = 0;
    for (size_t i = 0; i < MATCH_FORM_COUNT; i++) {
        count += header->form_counts[i];
    }
    if (count != image->form_count || count > image->indicator_count) {
        return false;
    }
    for (uint32_t i = 0; i < image->form_count; i++) {
        const struct match_form *form = &image->forms[i];
        if (form->entry >= image->indicator_count) {
            return false;
        }
        const struct match_entry *entry = &image->entries[form->entry];
        bool pattern = match_way_of(entry->kind, entry->scope) == MATCH_WAY_PATTERN;
        if (entry->kind != VALUE_URL || pattern) {
            return false;
        }
        /* A next that is always higher ends every walk along a chain. */
        if (form->next != 0 && (form->next <= i || form->next >= image->form_count)) {
            return false;
        }
    }
    return true;
}

void match_form_walk_begin(struct match_form_walk *walk, const struct match_image *image,
                           struct span key)
{
    must(key.size <= VALUE_URL_SIZE_MAX);
    walk->image = image;
    walk->key = key;
    walk->plain = plain_of(key, walk->plain_bytes);
    walk->step = 0;
    walk->prefix_end = walk->plain.size;
    walk->depth = 0;
}

static bool depth_is_asked(const struct match_form_walk *walk, size_t depth)
{
    return depth <= VALUE_PREFIX_DEPTH_MAX && (walk->image->prefix_depths >> depth & 1) != 0;
}

/* The next shorter prefix: behind a boundary byte, then before it, unless there it ends behind
 * another one. `depth` counts the boundary bytes of the prefix that was taken last. */
static bool prefix_next(struct match_form_walk *walk, struct span *ret)
{
    const uint8_t *bytes = walk->plain.data;
    size_t end = walk->prefix_end;
    while (end > 1) {
        walk->depth -= is_boundary(bytes[end - 1]) ? 1 : 0;
        end--;
        bool ends = is_boundary(bytes[end]) || is_boundary(bytes[end - 1]);
        if (ends && depth_is_asked(walk, walk->depth)) {
            walk->prefix_end = end;
            *ret = span_make(bytes, end);
            return true;
        }
    }
    walk->prefix_end = end;
    return false;
}

/* The first prefix is the whole. */
static bool prefix_whole(struct match_form_walk *walk, struct span *ret)
{
    walk->depth = match_form_depth(walk->plain);
    *ret = walk->plain;
    return depth_is_asked(walk, walk->depth);
}

/* One step that gives one form at most. */
static bool single_next(struct match_form_walk *walk, enum match_form_kind kind, struct span *ret)
{
    if (kind == MATCH_FORM_PLAIN) {
        *ret = walk->plain;
        return walk->plain.data != walk->key.data;
    }
    if (walk->image->form_counts[kind] == 0) {
        return false;
    }
    if (kind == MATCH_FORM_PREFIX) {
        return prefix_whole(walk, ret);
    }
    *ret = kind == MATCH_FORM_CASELESS ? lower_of(walk->plain, walk->lower_bytes)
                                       : without_query(walk->plain);
    return true;
}

bool match_form_walk_next(struct match_form_walk *walk, struct span *ret,
                          enum match_form_kind *ret_kind)
{
    while (walk->step < MATCH_FORM_COUNT) {
        *ret_kind = (enum match_form_kind)walk->step;
        walk->step++;
        if (single_next(walk, *ret_kind, ret)) {
            return true;
        }
    }
    *ret_kind = MATCH_FORM_PREFIX;
    return walk->image->form_counts[MATCH_FORM_PREFIX] > 0 && prefix_next(walk, ret);
}
