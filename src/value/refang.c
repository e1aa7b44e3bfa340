// SPDX-License-Identifier: EUPL-1.2
/*
 * Undoing what people do to a value so that nobody clicks on it. Only lists and reports are read
 * so, never logs: there "[.]" means itself.
 */
#include "value/internal.h"

/* What stands between brackets, and what is meant by it. */
static const struct {
    const char *inside;
    const char *meant;
} marks[] = {
    { ".", "." }, { "dot", "." }, { "at", "@" }, { "://", "://" },
    { ":", ":" }, { "@", "@" },   { "/", "/" },
};

enum { MARK_COUNT = sizeof marks / sizeof marks[0] };

static uint8_t closing(uint8_t opening)
{
    switch (opening) {
    case '[':
        return ']';
    case '(':
        return ')';
    case '{':
        return '}';
    default:
        return 0;
    }
}

/* Reads a mark at the start of `raw`: "[.]", "(dot)" or "\."; returns its size, or 0 where none is.
 */
static size_t mark_read(struct span raw, struct span *ret_meant)
{
    struct span escaped_dot = SPAN("\\.");
    if (span_starts_with(raw, escaped_dot)) {
        *ret_meant = span_from(escaped_dot, 1);
        return escaped_dot.size;
    }
    uint8_t close = closing(raw.data[0]);
    if (close == 0) {
        return 0;
    }
    struct span rest = span_from(raw, 1);
    for (size_t i = 0; i < MARK_COUNT; i++) {
        struct span inside = span_of(marks[i].inside);
        bool here = span_starts_with_nocase(rest, inside) && rest.size > inside.size;
        if (here && rest.data[inside.size] == close) {
            *ret_meant = span_of(marks[i].meant);
            return inside.size + 2;
        }
    }
    return 0;
}

/* "hxxp://" and "h**p://" to "http://", "fxp://" to "ftp://"; the size stays. */
static void scheme_refang(uint8_t *text, size_t size)
{
    static const struct {
        const char *written;
        const char *meant;
    } schemes[] = {
        { "hxxp", "http" },
        { "h**p", "http" },
        { "fxp", "ftp" },
    };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct span written = span_of(schemes[i].written);
        if (!span_starts_with_nocase(span_make(text, size), written)) {
            continue;
        }
        struct span rest = span_make(text + written.size, size - written.size);
        if (span_starts_with(rest, SPAN("://")) || span_starts_with_nocase(rest, SPAN("s://"))) {
            span_copy(text, size, span_of(schemes[i].meant));
        }
    }
}

/* The bytes with which a mark may begin. */
static const bool begins_mark[256] = {
    ['['] = true,
    ['('] = true,
    ['{'] = true,
    ['\\'] = true,
};

bool value_is_defanged(struct span raw)
{
    bool found = span_starts_with_nocase(raw, SPAN("hx")) ||
                 span_starts_with_nocase(raw, SPAN("h*")) ||
                 span_starts_with_nocase(raw, SPAN("fx"));
    for (size_t i = 0; i < raw.size; i++) {
        found |= begins_mark[raw.data[i]];
    }
    return found;
}

size_t value_refang(struct span raw, uint8_t *text)
{
    size_t size = 0;
    size_t at = 0;
    while (at < raw.size) {
        size_t begin = at;
        while (at < raw.size && !begins_mark[raw.data[at]]) {
            at++;
        }
        struct span plain = span_slice(raw, begin, at);
        span_copy(text + size, raw.size - size, plain);
        size += plain.size;
        if (at == raw.size) {
            break;
        }
        struct span rest = span_from(raw, at);
        struct span meant = span_slice(rest, 0, 1); /* the byte itself, where it begins no mark */
        size_t mark_size = mark_read(rest, &meant);
        span_copy(text + size, raw.size - size, meant);
        size += meant.size;
        at += mark_size == 0 ? 1 : mark_size;
    }
    scheme_refang(text, size);
    return size;
}
