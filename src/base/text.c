// SPDX-License-Identifier: EUPL-1.2
#include "base/text.h"

#include "base/must.h"

enum {
    CODE_POINT_MAX = 0x10FFFF,
    CODE_POINT_REPLACEMENT = 0xFFFD,
    SURROGATE_FIRST = 0xD800,
    SURROGATE_LAST = 0xDFFF,
};

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Size of the sequence that a lead byte announces; 0 for a byte that cannot lead. */
static size_t sequence_size(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        return 4;
    }
    return 0;
}

/* The second byte's bounds rule out overlong forms, surrogates and what lies above U+10FFFF. */
static bool second_byte_allowed(uint8_t lead, uint8_t second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second <= 0x9F;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second <= 0x8F;
    default:
        return true;
    }
}

/* Size of the well-formed sequence at the start of `span`, or 0. */
static size_t sequence_valid(struct span span)
{
    size_t size = sequence_size(span.data[0]);
    if (size == 0 || size > span.size) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if (!is_continuation(span.data[i])) {
            return 0;
        }
    }
    if (size > 1 && !second_byte_allowed(span.data[0], span.data[1])) {
        return 0;
    }
    return size;
}

static size_t ascii_prefix(struct span span)
{
    size_t at = 0;
    while (at + 8 <= span.size) {
        uint64_t word;
        memcpy(&word, span.data + at, sizeof word);
        if ((word & 0x8080808080808080u) != 0) {
            break;
        }
        at += 8;
    }
    while (at < span.size && span.data[at] < 0x80) {
        at++;
    }
    return at;
}

size_t text_valid_size(struct span span)
{
    size_t at = 0;
    while (at < span.size) {
        at += ascii_prefix(span_from(span, at));
        if (at == span.size) {
            break;
        }
        size_t size = sequence_valid(span_from(span, at));
        if (size == 0) {
            break;
        }
        at += size;
    }
    return at;
}

bool text_is_ascii(struct span span)
{
    return ascii_prefix(span) == span.size;
}

void text_add_code_point(struct buf *buf, uint32_t code_point)
{
    bool surrogate = code_point >= SURROGATE_FIRST && code_point <= SURROGATE_LAST;
    if (surrogate || code_point > CODE_POINT_MAX) {
        code_point = CODE_POINT_REPLACEMENT;
    }
    if (code_point < 0x80) {
        buf_add_byte(buf, (uint8_t)code_point);
        return;
    }
    if (code_point < 0x800) {
        buf_add_byte(buf, (uint8_t)(0xC0 | code_point >> 6));
    } else if (code_point < 0x10000) {
        buf_add_byte(buf, (uint8_t)(0xE0 | code_point >> 12));
        buf_add_byte(buf, (uint8_t)(0x80 | (code_point >> 6 & 0x3F)));
    } else {
        buf_add_byte(buf, (uint8_t)(0xF0 | code_point >> 18));
        buf_add_byte(buf, (uint8_t)(0x80 | (code_point >> 12 & 0x3F)));
        buf_add_byte(buf, (uint8_t)(0x80 | (code_point >> 6 & 0x3F)));
    }
    buf_add_byte(buf, (uint8_t)(0x80 | (code_point & 0x3F)));
}

void text_add_repaired(struct buf *buf, struct span span)
{
    size_t at = 0;
    while (at < span.size) {
        size_t valid = text_valid_size(span_from(span, at));
        buf_add(buf, span_slice(span, at, at + valid));
        at += valid;
        if (at < span.size) {
            text_add_code_point(buf, CODE_POINT_REPLACEMENT);
            at++;
        }
    }
}

static uint32_t sequence_decode(struct span sequence)
{
    static const uint8_t lead_mask[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    uint32_t code_point = sequence.data[0] & lead_mask[sequence.size];
    for (size_t i = 1; i < sequence.size; i++) {
        code_point = code_point << 6 | (sequence.data[i] & 0x3F);
    }
    return code_point;
}

/* Embedding, override and isolate controls (Unicode UAX #9): they can make a line read as another.
 */
static bool is_bidi_control(uint32_t code_point)
{
    return (code_point >= 0x202A && code_point <= 0x202E) ||
           (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0x200E ||
           code_point == 0x200F || code_point == 0x061C;
}

static void add_printable_sequence(struct buf *buf, struct span sequence)
{
    uint32_t code_point = sequence_decode(sequence);
    if (code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F)) {
        buf_add_format(buf, "\\x%02x", (unsigned)code_point);
    } else if (is_bidi_control(code_point)) {
        buf_add_format(buf, "\\u{%04x}", (unsigned)code_point);
    } else {
        buf_add(buf, sequence);
    }
}

void text_add_printable(struct buf *buf, struct span span)
{
    size_t at = 0;
    while (at < span.size) {
        size_t size = sequence_valid(span_from(span, at));
        if (size == 0) {
            text_add_code_point(buf, CODE_POINT_REPLACEMENT);
            at++;
            continue;
        }
        add_printable_sequence(buf, span_slice(span, at, at + size));
        at += size;
    }
}
