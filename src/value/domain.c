// SPDX-License-Identifier: EUPL-1.2
/*
 * Names beyond ASCII. Each label is converted by itself, so that one odd label of ASCII bytes
 * ("r1---sn-x") does not cost the whole name, and "xn--" labels come out the same with and without
 * such a neighbour.
 */
#include <idn2.h>

#include "base/text.h"
#include "value/internal.h"

/* Appends a label of ASCII bytes as it is; returns the new end, or 0. */
static size_t label_copy(struct span label, uint8_t *name, size_t at)
{
    if (at + label.size > VALUE_DOMAIN_SIZE_MAX) {
        return 0;
    }
    span_copy(name + at, label.size, label);
    return at + label.size;
}

/* Appends the A-label of `label`; returns the new end, or 0. */
static size_t label_add(struct span label, uint8_t *name, size_t at)
{
    uint8_t text[VALUE_DOMAIN_RAW_SIZE_MAX + 1]; /* libidn2 wants a NUL behind it */
    span_copy(text, VALUE_DOMAIN_RAW_SIZE_MAX, label);
    text[label.size] = 0;
    uint8_t *converted = NULL;
    int result = idn2_lookup_u8(text, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (result != IDN2_OK) {
        return 0;
    }
    struct span ascii = span_of((const char *)converted);
    size_t end = at + ascii.size;
    bool fits = ascii.size > 0 && end <= VALUE_DOMAIN_SIZE_MAX;
    if (fits) {
        span_copy(name + at, ascii.size, ascii);
    }
    idn2_free(converted);
    return fits ? end : 0;
}

size_t value_domain_read_unicode(struct span raw, uint8_t *key)
{
    bool may_be = raw.size > 0 && raw.size <= VALUE_DOMAIN_RAW_SIZE_MAX && !text_is_ascii(raw);
    if (!may_be || span_find(raw, 0) != SPAN_NOT_FOUND) {
        return 0;
    }
    uint8_t name[VALUE_DOMAIN_SIZE_MAX + 1]; /* room for the dot after the last label */
    size_t size = 0;
    struct span rest = raw.data[raw.size - 1] == '.' ? span_slice(raw, 0, raw.size - 1) : raw;
    struct span label = { NULL, 0 };
    while (span_next(&rest, '.', &label)) {
        size = text_is_ascii(label) ? label_copy(label, name, size) : label_add(label, name, size);
        if (size == 0) {
            return 0;
        }
        name[size] = '.';
        size++;
    }
    return value_domain_read_ascii(span_make(name, size), key);
}
