// SPDX-License-Identifier: EUPL-1.2
/*
 * Wanted values of the fast record scanner: from a token to a field. Private to record*.c.
 */
#ifndef FORMAT_RECORD_VALUE_H
#define FORMAT_RECORD_VALUE_H

#include "format/record_index.h"

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
