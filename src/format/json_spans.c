// SPDX-License-Identifier: EUPL-1.2
/*
 * json_array_spans(): where the elements of an array stand in the text. The text is known to be
 * JSON, so the walk looks for quotes, brackets and commas only; on anything else it stays inside
 * its bounds and finds what it finds. Each byte is looked at once.
 */
#include "base/must.h"
#include "base/text.h"
#include "base/uuid.h"
#include "format/json.h"

enum {
    NOTHING = -1,
    UNICODE_DIGITS = 4,
    ESCAPE_SIZE_MAX = 6, /* of one byte: \u0041 */
};

struct walker {
    struct span text;
    size_t at;
};

static int peek(const struct walker *w)
{
    return w->at < w->text.size ? w->text.data[w->at] : NOTHING;
}

static bool take(struct walker *w, int byte)
{
    if (peek(w) != byte) {
        return false;
    }
    w->at++;
    return true;
}

static void skip_white(struct walker *w)
{
    while (peek(w) == ' ' || peek(w) == '\t' || peek(w) == '\n' || peek(w) == '\r') {
        w->at++;
    }
}

/* From the opening quote to behind the closing one. Returns the bytes between, still escaped. */
static struct span take_string(struct walker *w)
{
    size_t begin = w->at + 1;
    size_t at = begin;
    while (at < w->text.size && w->text.data[at] != '"') {
        at += w->text.data[at] == '\\' ? 2 : 1;
    }
    size_t end = at < w->text.size ? at : w->text.size;
    w->at = end < w->text.size ? end + 1 : end;
    return begin <= end ? span_slice(w->text, begin, end) : (struct span){ NULL, 0 };
}

static void skip_container(struct walker *w)
{
    size_t depth = 0;
    while (w->at < w->text.size) {
        uint8_t byte = w->text.data[w->at];
        if (byte == '"') {
            (void)take_string(w);
            continue;
        }
        w->at++;
        if (byte == '{' || byte == '[') {
            depth++;
        } else if (byte == '}' || byte == ']') {
            depth--;
            if (depth == 0) {
                return;
            }
        }
    }
}

static bool ends_scalar(int byte)
{
    return byte == NOTHING || byte == ',' || byte == ']' || byte == '}' || byte == ' ' ||
           byte == '\t' || byte == '\n' || byte == '\r';
}

static struct span take_value(struct walker *w)
{
    size_t begin = w->at;
    if (peek(w) == '"') {
        (void)take_string(w);
    } else if (peek(w) == '{' || peek(w) == '[') {
        skip_container(w);
    } else {
        while (!ends_scalar(peek(w))) {
            w->at++;
        }
    }
    return span_slice(w->text, begin, w->at);
}

/* The number that four hexadecimal digits at `at` give; 0 where they are not all there. */
static uint32_t code_unit(struct span raw, size_t at)
{
    uint8_t bytes[UNICODE_DIGITS / 2];
    if (raw.size - at < UNICODE_DIGITS ||
        hex_parse(span_slice(raw, at, at + UNICODE_DIGITS), bytes, sizeof bytes) != ERR_OK) {
        return 0;
    }
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* The code point that the digits at *at, behind "\\u", give; two of them where the first is a high
 * surrogate (RFC 8259, section 7). Moves *at behind them. */
static uint32_t take_code_point(struct span raw, size_t *at)
{
    uint32_t unit = code_unit(raw, *at);
    *at += UNICODE_DIGITS;
    if ((unit & 0xFC00) != 0xD800) {
        return unit;
    }
    *at += 2; /* the second "\\u" */
    uint32_t low = *at <= raw.size ? code_unit(raw, *at) : 0;
    *at += UNICODE_DIGITS;
    return 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF);
}

static uint8_t unescaped(uint8_t letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; /* quote, backslash, slash */
    }
}

static void unescape(struct buf *buf, struct span raw)
{
    size_t at = 0;
    while (at < raw.size) {
        uint8_t byte = raw.data[at];
        at++;
        if (byte != '\\' || at == raw.size) {
            buf_add_byte(buf, byte);
            continue;
        }
        uint8_t letter = raw.data[at];
        at++;
        if (letter == 'u') {
            text_add_code_point(buf, take_code_point(raw, &at));
        } else {
            buf_add_byte(buf, unescaped(letter));
        }
    }
}

/* Whether an escaped key stands for `key`. `scratch` has room for the longest that can. */
MUST_USE
static enum err key_compare(struct op *op, struct span raw, struct span key, struct buf *scratch,
                            bool *ret_equal)
{
    if (span_find(raw, '\\') == SPAN_NOT_FOUND) {
        *ret_equal = span_equal(raw, key);
        return ERR_OK;
    }
    *ret_equal = false;
    if (raw.size / ESCAPE_SIZE_MAX > key.size) {
        return ERR_OK;
    }
    buf_clear(scratch);
    unescape(scratch, raw);
    if (scratch->err != ERR_OK) {
        return op_fail(op, scratch->err, "out of memory for a key of %zu bytes", raw.size);
    }
    *ret_equal = span_equal(buf_span(scratch), key);
    return ERR_OK;
}

/* Leaves the walker at the value of the root's first member `key`. */
MUST_USE
static enum err find_member(struct op *op, struct walker *w, struct span key, struct buf *scratch)
{
    skip_white(w);
    bool more = take(w, '{');
    skip_white(w);
    while (more && peek(w) == '"') {
        bool equal = false;
        TRY(key_compare(op, take_string(w), key, scratch, &equal));
        skip_white(w);
        (void)take(w, ':');
        skip_white(w);
        if (equal) {
            return ERR_OK;
        }
        (void)take_value(w);
        skip_white(w);
        more = take(w, ',');
        skip_white(w);
    }
    return ERR_ABSENT;
}

/* The spans of the array at hand, as bytes in `list`. */
static void add_elements(struct walker *w, struct buf *list)
{
    bool more = take(w, '[');
    skip_white(w);
    while (more && peek(w) != ']' && peek(w) != NOTHING) {
        struct span element = take_value(w);
        buf_add(list, span_make(&element, sizeof element));
        skip_white(w);
        more = take(w, ',');
        skip_white(w);
    }
}

MUST_USE
static enum err list_keep(struct op *op, const struct buf *list, struct span **ret_spans,
                          size_t *ret_count)
{
    if (list->err != ERR_OK) {
        return op_fail(op, list->err, "out of memory for the elements of a JSON array");
    }
    struct span *spans = op_alloc(op, list->size);
    if (spans == NULL) {
        return ERR_LIMIT;
    }
    span_copy(spans, list->size, buf_span(list));
    *ret_spans = spans;
    *ret_count = list->size / sizeof *spans;
    return ERR_OK;
}

enum err json_array_spans(struct op *op, struct span text, struct span key, struct span **ret_spans,
                          size_t *ret_count)
{
    struct span mark = SPAN("\xEF\xBB\xBF");
    struct walker w = { text, span_starts_with(text, mark) ? mark.size : 0 };
    struct buf scratch;
    buf_init(&scratch, (key.size + 1) * ESCAPE_SIZE_MAX);
    enum err err = find_member(op, &w, key, &scratch);
    buf_done(&scratch);
    TRY(err);
    if (peek(&w) != '[') {
        return ERR_ABSENT;
    }

    struct buf list;
    buf_init(&list, (text.size / 2 + 1) * sizeof(struct span)); /* an element has 2 bytes or more */
    add_elements(&w, &list);
    err = list_keep(op, &list, ret_spans, ret_count);
    buf_done(&list);
    return err;
}
