// SPDX-License-Identifier: EUPL-1.2
#include "format/record_value.h"

#include "base/must.h"
#include "format/record_shape.h"

enum {
    HEX_DIGIT_COUNT = 4,
    ESCAPE_UNICODE_SIZE = 6, /* \uXXXX */
    SURROGATE_HIGH_FIRST = 0xD800,
    SURROGATE_LOW_FIRST = 0xDC00,
    SURROGATE_COUNT = 0x400, /* of each half */
    SUPPLEMENT_FIRST = 0x10000,
    HEX_BAD = 0xFF,
};

/* What stands for an escape of two bytes; 0 for those that JSON does not have. */
static uint8_t escape_short(uint8_t letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
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
        return 0;
    }
}

static uint8_t hex_digit(uint8_t byte)
{
    uint8_t lower = byte | 0x20; /* A-F to a-f; digits stay */
    if (byte >= '0' && byte <= '9') {
        return (uint8_t)(byte - '0');
    }
    if (lower >= 'a' && lower <= 'f') {
        return (uint8_t)(lower - 'a' + 10); /* ten: the digit a */
    }
    return HEX_BAD;
}

/* The 16 bits of \uXXXX at the start of `rest`; false where it is none. */
static bool escape_unit(struct span rest, uint32_t *ret)
{
    if (rest.size < ESCAPE_UNICODE_SIZE || rest.data[0] != '\\' || rest.data[1] != 'u') {
        return false;
    }
    uint32_t unit = 0;
    for (size_t i = 0; i < HEX_DIGIT_COUNT; i++) {
        uint8_t digit = hex_digit(rest.data[2 + i]);
        if (digit == HEX_BAD) {
            return false;
        }
        unit = unit << 4 | digit;
    }
    *ret = unit;
    return true;
}

/* The code point of one \uXXXX or of a pair of them; 0 bytes taken where there is none. */
static size_t escape_code_point(struct span rest, uint32_t *ret)
{
    uint32_t unit = 0;
    if (!escape_unit(rest, &unit)) {
        return 0;
    }
    uint32_t above_high = unit - SURROGATE_HIGH_FIRST;
    if (above_high >= 2 * SURROGATE_COUNT) {
        *ret = unit;
        return ESCAPE_UNICODE_SIZE;
    }
    uint32_t low = 0;
    if (above_high >= SURROGATE_COUNT || !escape_unit(span_from(rest, ESCAPE_UNICODE_SIZE), &low)) {
        return 0;
    }
    uint32_t above_low = low - SURROGATE_LOW_FIRST;
    if (above_low >= SURROGATE_COUNT) {
        return 0;
    }
    *ret = SUPPLEMENT_FIRST + (above_high * SURROGATE_COUNT | above_low);
    return 2 * ESCAPE_UNICODE_SIZE;
}

/* Write a code point (no surrogate) as UTF-8 (RFC 3629, section 3); at most 4 bytes. */
static size_t utf8_write(uint8_t *target, uint32_t code_point)
{
    if (code_point < 0x80) {
        target[0] = (uint8_t)code_point;
        return 1;
    }
    size_t more = code_point < 0x800 ? 1 : code_point < SUPPLEMENT_FIRST ? 2 : 3;
    const uint8_t leads[] = { 0, 0xC0, 0xE0, 0xF0 };
    target[0] = (uint8_t)(leads[more] | code_point >> (6 * more));
    for (size_t i = 1; i <= more; i++) {
        target[i] = (uint8_t)(0x80 | (code_point >> (6 * (more - i)) & 0x3F));
    }
    return 1 + more;
}

/* One escape at the start of `rest`: bytes read, or 0 where JSON has no such escape. */
static size_t escape_read(struct span rest, uint8_t *target, size_t *ret_written)
{
    must_dev(rest.size >= 2); /* the index has seen what the backslash escapes */
    uint8_t byte = escape_short(rest.data[1]);
    if (byte != 0) {
        target[0] = byte;
        *ret_written = 1;
        return 2;
    }
    uint32_t code_point = 0;
    size_t size = escape_code_point(rest, &code_point);
    if (size != 0) {
        *ret_written = utf8_write(target, code_point);
    }
    return size;
}

enum record_fault record_unescape(struct record_source *source, struct span raw, struct span *ret)
{
    ptrdiff_t found = span_find(raw, '\\');
    if (found == SPAN_NOT_FOUND) {
        *ret = raw;
        return RECORD_FAULT_NONE;
    }
    uint8_t *begin = source->text + source->text_used;
    size_t at = (size_t)found;
    size_t size = at;
    span_copy(begin, at, span_slice(raw, 0, at));
    while (at < raw.size) { /* byte by byte: where there is one escape, there are more */
        if (raw.data[at] != '\\') {
            begin[size] = raw.data[at];
            size++;
            at++;
            continue;
        }
        size_t written = 0;
        size_t taken = escape_read(span_from(raw, at), begin + size, &written);
        if (taken == 0) {
            return RECORD_FAULT_SYNTAX;
        }
        size += written;
        at += taken;
    }
    *ret = span_make(begin, size);
    return RECORD_FAULT_NONE;
}

static size_t digits(struct span text, size_t at)
{
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9') {
        at++;
    }
    return at;
}

/* Whether a text is a number as RFC 8259, section 6, has it. */
static bool is_number(struct span text)
{
    size_t begin = text.size > 0 && text.data[0] == '-' ? 1 : 0;
    size_t at = digits(text, begin);
    bool leading_zero = at - begin > 1 && text.data[begin] == '0';
    if (at == begin || leading_zero) {
        return false;
    }
    if (at < text.size && text.data[at] == '.') {
        size_t fraction = at + 1;
        at = digits(text, fraction);
        if (at == fraction) {
            return false;
        }
    }
    if (at < text.size && (text.data[at] | 0x20) == 'e') { /* E or e */
        size_t exponent = at + 1;
        if (exponent < text.size && (text.data[exponent] == '+' || text.data[exponent] == '-')) {
            exponent++;
        }
        at = digits(text, exponent);
        if (at == exponent) {
            return false;
        }
    }
    return at == text.size;
}

/* Whether a text is a whole number of 1 to 16 digits without a leading zero: what ports, counts and
 * Suricata's flow_id are. Looks at 8 bytes at once, since a loop over the digits would be guessed
 * wrongly often. */
static bool is_plain_integer(struct span text)
{
    const size_t step = sizeof(uint64_t);
    if (text.size > 2 * step || (text.data[0] == '0' && text.size > 1)) {
        return false;
    }
    if (text.size > step) {
        return (record_no_digits(text.data) | record_no_digits(text.data + text.size - step)) == 0;
    }
    return record_no_digits(text.data) << ((step - text.size) * 8) == 0; /* 8 bits a byte */
}

static struct span without_space(struct span text)
{
    while (record_class_of[text.data[text.size - 1]] == RECORD_CLASS_SPACE) {
        text.size--;
    }
    return text;
}

/* A number or literal as it stands: up to the next token, without the white space before that. */
static struct span scalar_raw(const struct record_source *source, size_t token)
{
    size_t begin = source->tokens->positions[token];
    size_t end = source->tokens->positions[token + 1];
    return without_space(span_make(source->line.data + begin, end - begin));
}

static enum record_type scalar_type(uint8_t class)
{
    switch (class) {
    case RECORD_CLASS_NUMBER:
        return RECORD_NUMBER;
    case RECORD_CLASS_TRUE:
        return RECORD_TRUE;
    case RECORD_CLASS_FALSE:
        return RECORD_FALSE;
    default:
        return RECORD_NULL;
    }
}

static bool scalar_fits(enum record_type type, struct span raw)
{
    switch (type) {
    case RECORD_NUMBER:
        return is_plain_integer(raw) || is_number(raw);
    case RECORD_TRUE:
        return span_equal(raw, SPAN("true"));
    case RECORD_FALSE:
        return span_equal(raw, SPAN("false"));
    default:
        return span_equal(raw, SPAN("null"));
    }
}

bool record_text_fits(uint8_t class, struct span text)
{
    return scalar_fits(scalar_type(class), without_space(text));
}

bool record_scalar_fits(const struct record_source *source, size_t token)
{
    return record_text_fits(source->tokens->classes[token], scalar_raw(source, token));
}

static enum record_fault scalar_read(const struct record_source *source, size_t token,
                                     struct record_field *ret)
{
    enum record_type type = scalar_type(source->tokens->classes[token]);
    ret->value = scalar_raw(source, token);
    ret->type = (uint8_t)type;
    return scalar_fits(type, ret->value) ? RECORD_FAULT_NONE : RECORD_FAULT_SYNTAX;
}

static enum record_fault string_read(struct record_source *source, size_t token,
                                     struct record_field *ret)
{
    struct span raw = record_string_raw(source, token);
    ret->type = RECORD_STRING;
    ret->value = raw;
    if (!source->tokens->escapes) {
        return RECORD_FAULT_NONE;
    }
    enum record_fault fault = record_unescape(source, raw, &ret->value);
    if (fault == RECORD_FAULT_NONE && ret->value.data != raw.data) {
        source->text_used += ret->value.size;
    }
    return fault;
}

enum record_fault record_value_read(struct record_source *source, size_t token,
                                    struct record_field *ret)
{
    bool string = source->tokens->classes[token] == RECORD_CLASS_QUOTE;
    return string ? string_read(source, token, ret) : scalar_read(source, token, ret);
}
