// SPDX-License-Identifier: EUPL-1.2
/*
 * How an observed value meets an indicator, told the plain way: the two are compared by themselves,
 * with whole texts, and nothing is looked up.
 */
#ifndef TESTS_MATCH_RUNGS_H
#define TESTS_MATCH_RUNGS_H

#include "base/must.h"
#include "base/uuid.h"
#include "match/match.h"
#include "value/pattern.h"

enum { RUNGS_TEXT_SIZE_MAX = VALUE_URL_SIZE_MAX };

struct rungs_text {
    uint8_t bytes[RUNGS_TEXT_SIZE_MAX];
    size_t size;
};

static bool rungs_is_kept(int value)
{
    const char *kept = "-._~!$&'()*+,;=:@/?[]\\";
    bool letter = (value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z');
    return letter || (value >= '0' && value <= '9') ||
           (value > 0 && value < 128 && strchr(kept, value) != NULL); /* ASCII */
}

static int rungs_escape(const struct rungs_text *text, size_t at)
{
    if (at + 2 >= text->size || text->bytes[at] != '%') {
        return -1;
    }
    int high = hex_digit(text->bytes[at + 1]);
    int low = hex_digit(text->bytes[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low; /* of two hexadecimal digits */
}

/* Puts `byte` where `size` bytes were. */
static void rungs_replace(struct rungs_text *text, size_t at, size_t size, uint8_t byte)
{
    text->bytes[at] = byte;
    for (size_t i = at + 1; i + size - 1 < text->size; i++) {
        text->bytes[i] = text->bytes[i + size - 1];
    }
    text->size -= size - 1;
}

/* Undoes the first escape that can be undone; false where there is none. */
static bool rungs_undo_one(struct rungs_text *text)
{
    for (size_t i = 0; i < text->size; i++) {
        int value = rungs_escape(text, i);
        if (value >= 0 && rungs_is_kept(value)) {
            rungs_replace(text, i, 3, (uint8_t)value); /* "%5B" */
            return true;
        }
        bool twice = value == '%' && i + 4 < text->size && hex_digit(text->bytes[i + 3]) >= 0 &&
                     hex_digit(text->bytes[i + 4]) >= 0;
        if (twice) {
            rungs_replace(text, i, 3, '%'); /* "%255B" to "%5B" */
            return true;
        }
    }
    return false;
}

static void rungs_plain(struct span key, struct rungs_text *ret)
{
    span_copy(ret->bytes, sizeof ret->bytes, key);
    ret->size = key.size;
    bool undone = true;
    while (undone) {
        undone = rungs_undo_one(ret);
    }
}

static struct span rungs_span(const struct rungs_text *text)
{
    return span_make(text->bytes, text->size);
}

static bool rungs_is_boundary(uint8_t byte)
{
    return byte == '/' || byte == '?' || byte == '&';
}

static bool rungs_begins(struct span text, struct span prefix)
{
    if (!span_starts_with(text, prefix)) {
        return false;
    }
    return text.size == prefix.size || rungs_is_boundary(text.data[prefix.size]) ||
           rungs_is_boundary(prefix.data[prefix.size - 1]);
}

static struct span rungs_without_query(struct span text)
{
    ptrdiff_t question = span_find(text, '?');
    return question < 0 ? text : span_slice(text, 0, (size_t)question);
}

/* Whether a URL meets an indicator's, and how; not for patterns. */
__attribute__((unused)) static bool rungs_url(const struct match_indicator *indicator,
                                              struct span key, enum match_rung *ret)
{
    static struct rungs_text own_text;
    static struct rungs_text observed_text;
    rungs_plain(indicator->value.key, &own_text);
    rungs_plain(key, &observed_text);
    struct span own = rungs_span(&own_text);
    struct span observed = rungs_span(&observed_text);
    bool met = false;
    switch (indicator->scope) {
    case VALUE_SCOPE_CASELESS:
        *ret = MATCH_RUNG_CASELESS;
        met = span_equal_nocase(own, observed);
        break;
    case VALUE_SCOPE_ANY_QUERY:
        *ret = MATCH_RUNG_ANY_QUERY;
        met = span_equal(rungs_without_query(own), rungs_without_query(observed));
        break;
    case VALUE_SCOPE_PREFIX:
        *ret = MATCH_RUNG_PREFIX;
        met = rungs_begins(observed, own);
        break;
    default:
        *ret = MATCH_RUNG_DECODED;
        met = span_equal(own, observed);
        break;
    }
    *ret = span_equal(indicator->value.key, key) ? MATCH_RUNG_EXACT : *ret;
    return met;
}

/* Whether a value fits an indicator's pattern. */
__attribute__((unused)) static bool rungs_pattern(const struct match_indicator *indicator,
                                                  struct span key)
{
    struct value_pattern *pattern = NULL;
    must(value_pattern_new(indicator->value.kind, indicator->scope, indicator->value.key, NULL,
                           &pattern) == ERR_OK);
    bool met = value_pattern_meets(pattern, key) == VALUE_PATTERN_MET;
    value_pattern_free(pattern);
    return met;
}

#endif
