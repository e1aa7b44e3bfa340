// SPDX-License-Identifier: EUPL-1.2
#include "format/json_locate.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/uuid.h"
#include "format/json.h"

enum { NOTHING = -1, UNICODE_DIGITS = 4 };

/* Walks once over the text; `what` is set at the first flaw, and the walk ends there. */
struct locator {
    struct span text;
    size_t at;
    const char *what;
    enum err err;
    size_t depth;
    bool object[JSON_DEPTH_MAX]; /* of each open container: an object, else an array */
};

/* The byte at hand, or NOTHING at the end. */
static int peek(const struct locator *l)
{
    return l->at < l->text.size ? l->text.data[l->at] : NOTHING;
}

static bool take(struct locator *l, int byte)
{
    if (peek(l) != byte) {
        return false;
    }
    l->at++;
    return true;
}

static void flaw(struct locator *l, enum err err, const char *what)
{
    l->what = what;
    l->err = err;
}

static void skip_white(struct locator *l)
{
    while (peek(l) == ' ' || peek(l) == '\t' || peek(l) == '\n' || peek(l) == '\r') {
        l->at++;
    }
}

static void skip_digits(struct locator *l)
{
    if (peek(l) < '0' || peek(l) > '9') {
        flaw(l, ERR_FORMAT, "a digit is missing in a number");
        return;
    }
    while (peek(l) >= '0' && peek(l) <= '9') {
        l->at++;
    }
}

/* Whether the digits fit uint64_t, or with a minus int64_t. */
static bool integer_fits(struct span digits, bool negative)
{
    uint64_t value = 0;
    if (span_to_u64(digits, &value) != ERR_OK) {
        return false;
    }
    return !negative || value <= (uint64_t)INT64_MAX + 1;
}

static void scan_number(struct locator *l)
{
    size_t begin = l->at;
    bool negative = take(l, '-');
    size_t digits_begin = l->at;
    if (!take(l, '0')) {
        skip_digits(l);
    }
    size_t digits_end = l->at;
    if (l->what == NULL && take(l, '.')) {
        skip_digits(l);
    }
    if (l->what == NULL && (take(l, 'e') || take(l, 'E'))) {
        if (!take(l, '+')) {
            (void)take(l, '-');
        }
        skip_digits(l);
    }
    if (l->what != NULL) {
        return;
    }
    if (l->at == digits_end) {
        if (!integer_fits(span_slice(l->text, digits_begin, digits_end), negative)) {
            l->at = begin;
            flaw(l, ERR_FORMAT, "a number does not fit 64 bits");
        }
    } else if (isinf(strtod((const char *)l->text.data + begin, NULL))) {
        l->at = begin;
        flaw(l, ERR_FORMAT, "a number is too large");
    }
}

/* The four digits behind "\u", or NOTHING. */
static int scan_code_unit(struct locator *l)
{
    int unit = 0;
    for (int i = 0; i < UNICODE_DIGITS; i++) {
        int digit = peek(l) == NOTHING ? NOTHING : hex_digit((uint8_t)peek(l));
        if (digit < 0) {
            flaw(l, ERR_FORMAT, "\\u in a string needs four hexadecimal digits");
            return NOTHING;
        }
        unit = unit * 16 + digit;
        l->at++;
    }
    return unit;
}

/* UTF-16 code units: a high surrogate (D800-DBFF) must stand before a low one (DC00-DFFF), and a
 * low one only there (RFC 8259, section 8.2). */
static void scan_unicode_escape(struct locator *l)
{
    int unit = scan_code_unit(l);
    if (unit == NOTHING || (unit & 0xF800) != 0xD800) {
        return;
    }
    bool high = unit < 0xDC00;
    if (high && take(l, '\\') && take(l, 'u')) {
        unit = scan_code_unit(l);
        if (unit == NOTHING || (unit & 0xFC00) == 0xDC00) {
            return;
        }
    }
    flaw(l, ERR_FORMAT, "half a surrogate pair in a string");
}

static void scan_escape(struct locator *l)
{
    if (take(l, 'u')) {
        scan_unicode_escape(l);
        return;
    }
    int byte = peek(l);
    if (byte <= 0 || strchr("\"\\/bfnrt", byte) == NULL) {
        flaw(l, ERR_FORMAT, "an unknown escape in a string");
        return;
    }
    l->at++;
}

static void scan_string(struct locator *l)
{
    l->at++; /* the quote */
    while (l->what == NULL && !take(l, '"')) {
        int byte = peek(l);
        if (byte == NOTHING) {
            flaw(l, ERR_FORMAT, "the text ends inside a string");
        } else if (byte < ' ') {
            flaw(l, ERR_FORMAT, "a control character in a string (it must be escaped)");
        } else {
            l->at++;
            if (byte == '\\') {
                scan_escape(l);
            }
        }
    }
}

static void scan_key(struct locator *l)
{
    skip_white(l);
    if (peek(l) != '"') {
        flaw(l, ERR_FORMAT, "a key in quotes is expected");
        return;
    }
    scan_string(l);
    skip_white(l);
    if (l->what == NULL && !take(l, ':')) {
        flaw(l, ERR_FORMAT, "a colon is expected after a key");
    }
}

/* At '{' or '['. An empty container does not count for the depth: so simdjson has it.
 * Returns whether a value must follow. */
static bool scan_begin(struct locator *l)
{
    size_t begin = l->at;
    bool object = peek(l) == '{';
    l->at++;
    skip_white(l);
    if (take(l, object ? '}' : ']')) {
        return false;
    }
    if (l->depth == JSON_DEPTH_MAX) {
        l->at = begin;
        flaw(l, ERR_LIMIT, "too many objects and arrays inside each other");
        return false;
    }
    l->object[l->depth] = object;
    l->depth++;
    if (object) {
        scan_key(l);
    }
    return true;
}

static void scan_literal(struct locator *l)
{
    static const char *const literals[] = { "true", "false", "null" };
    struct span rest = span_from(l->text, l->at);
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        struct span literal = span_of(literals[i]);
        if (span_starts_with(rest, literal)) {
            l->at += literal.size;
            return;
        }
    }
    flaw(l, ERR_FORMAT, rest.size == 0 ? "the text ends too early" : "a value is expected");
}

/* Returns whether another value must follow at once: this one opened an object or array. */
static bool scan_value(struct locator *l)
{
    int byte = peek(l);
    if (byte == '{' || byte == '[') {
        return scan_begin(l);
    }
    if (byte == '"') {
        scan_string(l);
    } else if (byte == '-' || (byte >= '0' && byte <= '9')) {
        scan_number(l);
    } else {
        scan_literal(l);
    }
    return false;
}

/* Behind a value inside a container. Returns whether another value must follow. */
static bool scan_after_value(struct locator *l)
{
    bool object = l->object[l->depth - 1];
    if (take(l, ',')) {
        if (object) {
            scan_key(l);
        }
        return true;
    }
    if (!take(l, object ? '}' : ']')) {
        flaw(l, ERR_FORMAT, object ? "a comma or } is expected" : "a comma or ] is expected");
        return false;
    }
    l->depth--;
    return false;
}

static void scan_document(struct locator *l)
{
    bool value_follows = true;
    while (l->what == NULL) {
        skip_white(l);
        if (value_follows) {
            value_follows = scan_value(l);
        } else if (l->depth > 0) {
            value_follows = scan_after_value(l);
        } else if (peek(l) == NOTHING) {
            return;
        } else {
            flaw(l, ERR_FORMAT, "something follows the document");
        }
    }
}

static size_t line_of(struct span text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset; i++) {
        line += text.data[i] == '\n';
    }
    return line;
}

bool json_locate(struct span text, struct json_flaw *ret)
{
    /* The rules are looked at up to the first byte that is not UTF-8; a flaw before it comes first.
     */
    size_t valid_size = text_valid_size(text);
    struct locator l = { .text = span_slice(text, 0, valid_size) };
    scan_document(&l);
    if (valid_size < text.size && (l.what == NULL || l.at == valid_size)) {
        l.at = valid_size;
        flaw(&l, ERR_FORMAT, "a byte that is not UTF-8");
    }
    if (l.what == NULL) {
        return false;
    }
    *ret = (struct json_flaw){
        .err = l.err, .line = line_of(text, l.at), .offset = l.at, .what = l.what
    };
    return true;
}
