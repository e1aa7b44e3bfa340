// SPDX-License-Identifier: EUPL-1.2
#include "value/pattern_scan.h"

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Where `mark` begins at or behind `from`, and ends; the text's size where it does not. */
static size_t behind(struct span text, size_t from, const char *mark)
{
    struct span wanted = span_of(mark);
    for (size_t i = from; i + wanted.size <= text.size; i++) {
        if (span_starts_with(span_from(text, i), wanted)) {
            return i + wanted.size;
        }
    }
    return text.size;
}

/* The size of what begins with a backslash. Braces that belong to it are taken with it: the "{30}"
 * of "\x{30}" repeats nothing. */
static size_t escape_size(struct span text)
{
    static const char with_braces[] = "xopPkgN";
    if (text.size < 2) {
        return text.size;
    }
    uint8_t letter = text.data[1];
    if (letter == 'Q') {
        return behind(text, 2, "\\E");
    }
    if (letter == 'c') {
        return text.size < 3 ? text.size : 3; /* "\c[" */
    }
    bool braces = text.size > 2 && text.data[2] == '{' && letter != 0 &&
                  memchr(with_braces, letter, sizeof with_braces - 1) != NULL;
    return braces ? behind(text, 2, "}") : 2;
}

/* The size of "[:alpha:]" within a class; 1 where it is only a bracket. */
static size_t posix_size(struct span text)
{
    size_t at = 2;
    if (text.size < 2 || text.data[1] != ':') {
        return 1;
    }
    while (at < text.size &&
           (text.data[at] == '^' || (text.data[at] >= 'a' && text.data[at] <= 'z'))) {
        at++;
    }
    return span_starts_with(span_from(text, at), SPAN(":]")) ? at + 2 : 1;
}

/* The size of a class; a "]" that stands first is a member. */
static size_t class_size(struct span text)
{
    size_t at = 1;
    at += at < text.size && text.data[at] == '^' ? 1 : 0;
    at += at < text.size && text.data[at] == ']' ? 1 : 0;
    while (at < text.size && text.data[at] != ']') {
        struct span rest = span_from(text, at);
        if (rest.data[0] == '\\') {
            at += escape_size(rest);
        } else if (rest.data[0] == '[') {
            at += posix_size(rest);
        } else {
            at++;
        }
    }
    return at < text.size ? at + 1 : text.size;
}

/* Whether "(?...": the letters that follow switch on the extended writing. */
static bool is_extended(struct span text)
{
    static const char letters[] = "aimnsJU^-";
    for (size_t i = 2; i < text.size; i++) {
        if (text.data[i] == 'x') {
            return true;
        }
        if (text.data[i] == 0 || memchr(letters, text.data[i], sizeof letters - 1) == NULL) {
            return false;
        }
    }
    return false;
}

static enum pattern_piece_kind group_kind(struct span text)
{
    if (span_starts_with(text, SPAN("(*"))) {
        return PATTERN_PIECE_VERB;
    }
    if (span_starts_with(text, SPAN("(?C"))) {
        return PATTERN_PIECE_CALLOUT;
    }
    bool option = span_starts_with(text, SPAN("(?")) && is_extended(text);
    return option ? PATTERN_PIECE_EXTENDED : PATTERN_PIECE_PLAIN;
}

static size_t digits_size(struct span text)
{
    size_t size = 0;
    while (size < text.size && is_digit(text.data[size])) {
        size++;
    }
    return size;
}

/* Numbers that are too large are infinite here; the compiler refuses them. */
static uint64_t number_of(struct span digits)
{
    uint64_t number = 0;
    return span_to_u64(digits, &number) == ERR_OK ? number : UINT64_MAX;
}

/* "{n}", "{n,}" or "{n,m}"; other braces are themselves. */
static bool repeat_read(struct span text, struct pattern_piece *ret)
{
    size_t size = digits_size(span_from(text, 1));
    size_t at = 1 + size;
    if (size == 0 || at == text.size) {
        return false;
    }
    ret->repeat_min = number_of(span_slice(text, 1, at));
    ret->repeat_max = ret->repeat_min;
    if (text.data[at] == ',') {
        at++;
        size = digits_size(span_from(text, at));
        ret->repeat_max = size == 0 ? UINT64_MAX : number_of(span_slice(text, at, at + size));
        at += size;
    }
    if (at == text.size || text.data[at] != '}') {
        return false;
    }
    ret->kind = PATTERN_PIECE_REPEAT;
    ret->text = span_slice(text, 0, at + 1);
    return true;
}

bool value_pattern_scan(struct span *rest, struct pattern_piece *ret)
{
    if (rest->size == 0) {
        return false;
    }
    size_t size = 1;
    *ret = (struct pattern_piece){ .kind = PATTERN_PIECE_PLAIN };
    switch (rest->data[0]) {
    case '\\':
        size = escape_size(*rest);
        break;
    case '[':
        size = class_size(*rest);
        break;
    case '(':
        ret->kind = group_kind(*rest);
        size = span_starts_with(*rest, SPAN("(?#")) ? behind(*rest, 3, ")") : 1; /* "(?#" */
        break;
    case '{':
        size = repeat_read(*rest, ret) ? ret->text.size : 1;
        break;
    default:
        break;
    }
    ret->text = span_slice(*rest, 0, size);
    *rest = span_from(*rest, size);
    return true;
}
