// SPDX-License-Identifier: EUPL-1.2
/*
 * Wanted values of the fast record scanner: from a token to a field. Private to record*.c.
 */
#ifndef FORMAT_RECORD_VALUE_H
#define FORMAT_RECORD_VALUE_H

#include <endian.h>

#include "format/record_index.h"
#include "format/record_shape.h"

/* A line, its tokens, and room for what is unescaped: as many bytes as the longest line has, since
 * unescaping never makes a text longer, and RECORD_PADDING_SIZE more. */
struct record_source {
    struct span line;
    const struct record_tokens *tokens;
    uint8_t *text;
    size_t text_used;
};

/**
 * The bytes of a string as they stand between its quotes.
 *
 * source    a line and its tokens
 * token     number of a token of class RECORD_CLASS_QUOTE
 */
static inline struct span record_string_raw(const struct record_source *source, size_t token)
{
    const uint32_t *positions = source->tokens->positions;
    const uint8_t *data = source->line.data;
    size_t begin = (size_t)positions[token] + 1;
    size_t end = (size_t)positions[token + 1] - 1;
    while (data[end] != '"') { /* white space before the next token */
        end--;
    }
    return span_make(data + begin, end - begin);
}

/**
 * Unescape a string into the source's text.
 *
 * source    its text_used grows only when the caller says so, by the result's size
 * raw       the bytes between the quotes
 * ret       lives as long as source->text does, or is `raw` itself; untouched on a fault
 *
 * Returns RECORD_FAULT_SYNTAX for an escape that JSON does not have, and for half a surrogate pair.
 */
MUST_USE
enum record_fault record_unescape(struct record_source *source, struct span raw, struct span *ret);

/**
 * Zero where eight bytes are digits; else the high bit is set of the first byte that is none, and
 * of none before it.
 *
 * bytes     eight of them are read
 */
static inline uint64_t record_no_digits(const uint8_t *bytes)
{
    const uint64_t zeros = 0x3030303030303030u;      /* "00000000" */
    const uint64_t above_nine = 0x7676767676767676u; /* 0x80 less ten, in each byte */
    const uint64_t high_bits = 0x8080808080808080u;
    return ((le64toh(record_key_word(bytes)) ^ zeros) + above_nine) & high_bits;
}

/**
 * Whether a text is a whole number without a sign, of at most eight digits and with nothing behind
 * them: what nearly all ports are. Others may be well formed, too.
 *
 * text      not empty; eight bytes of it can be read
 */
static inline bool record_text_is_short(struct span text)
{
    const size_t step = sizeof(uint64_t);
    return text.size <= step &&
           record_no_digits(text.data) << ((step - text.size) * 8) == 0 && /* bits */
           (text.data[0] != '0' || text.size == 1);
}

/**
 * The same of a token and what stands before the next.
 *
 * source    a line and its tokens
 * token     number of a token of a class that has RECORD_CLASS_SCALAR_BIT
 */
static inline bool record_scalar_is_short(const struct record_source *source, size_t token)
{
    const uint32_t *positions = source->tokens->positions;
    return record_text_is_short(
        span_make(source->line.data + positions[token], positions[token + 1] - positions[token]));
}

/**
 * Whether a number or literal is well formed.
 *
 * class     of its token; has RECORD_CLASS_SCALAR_BIT
 * text      the number or literal, perhaps with white space behind it
 */
bool record_text_fits(uint8_t class, struct span text);

/**
 * Whether a number or literal is well formed.
 *
 * source    a line and its tokens
 * token     number of a token of a class that has RECORD_CLASS_SCALAR_BIT
 */
bool record_scalar_fits(const struct record_source *source, size_t token);

/**
 * Read a wanted scalar.
 *
 * source    a line and its tokens
 * token     number of a token that a value may begin with, no object or array
 * ret       receives type and value, not the slot; of no meaning on a fault
 *
 * Returns RECORD_FAULT_SYNTAX where the value is not well formed.
 */
MUST_USE
enum record_fault record_value_read(struct record_source *source, size_t token,
                                    struct record_field *ret);

#endif
