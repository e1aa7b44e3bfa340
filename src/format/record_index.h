// SPDX-License-Identifier: EUPL-1.2
/*
 * First step of the fast record scanner: one pass over the bytes of a line that finds where its
 * tokens begin. Private to record*.c.
 *
 * A token is one of { } [ ] : , or the opening quote of a string, or the first byte of a number or
 * literal, or a byte that JSON does not use outside strings. Between a token and the next stands
 * nothing but the rest of the same string, number or literal, and white space. What a pass without
 * a fault has found in order: every string is closed, and no raw control character stands anywhere
 * but white space between tokens. Whether tokens follow each other as they should, and whether a
 * number is one, is for the next step.
 */
#ifndef FORMAT_RECORD_INDEX_H
#define FORMAT_RECORD_INDEX_H

#include "format/record.h"

/* What a byte outside strings is. The classes of a line's tokens, in a row, are its skeleton. */
enum record_class {
    RECORD_CLASS_NONE = 0, /* what stands behind the last token */
    RECORD_CLASS_SCALAR_BIT = 0x10,
    RECORD_CLASS_TAIL = 0x10, /* only inside a number or literal */
    RECORD_CLASS_NUMBER = 0x11,
    RECORD_CLASS_TRUE = 0x12,
    RECORD_CLASS_FALSE = 0x13,
    RECORD_CLASS_NULL = 0x14,
    RECORD_CLASS_QUOTE = 0x20,
    RECORD_CLASS_SPACE = 0x40,
    RECORD_CLASS_PLAIN_BIT = 0x80, /* a token by itself, outside strings */
    RECORD_CLASS_FOREIGN = 0x80,   /* no byte of JSON */
    RECORD_CLASS_OBJECT_BEGIN = 0x81,
    RECORD_CLASS_OBJECT_END = 0x82,
    RECORD_CLASS_ARRAY_BEGIN = 0x83,
    RECORD_CLASS_ARRAY_END = 0x84,
    RECORD_CLASS_COLON = 0x85,
    RECORD_CLASS_COMMA = 0x86,
};

/* Room that a pass may write behind the last token, and zeros that it leaves there. */
enum {
    RECORD_INDEX_SLACK = 128,
    RECORD_INDEX_ZERO_COUNT = 64,
};

/* The tokens of a line. The arrays belong to the scanner, come from base/memory.h (so they are
 * aligned for anything), and have room for a token a byte of the longest line and
 * RECORD_INDEX_SLACK more. */
struct record_tokens {
    uint32_t *positions; /* offset in the line; behind the last token, the line's size */
    uint8_t *classes;    /* enum record_class; behind the last, RECORD_INDEX_ZERO_COUNT zeros */
    size_t count;
    bool escapes;   /* a backslash stands somewhere */
    bool non_ascii; /* a byte above 0x7F stands somewhere */
};

/* The pass in one way of computing it; all ways give the same. RECORD_PADDING_SIZE readable bytes
 * must follow the line. */
struct record_index {
    const char *name;
    enum record_fault (*run)(struct span line, struct record_tokens *ret);
};

/* Class of each byte outside strings. */
extern const uint8_t record_class_of[256];

/**
 * The ways this machine can compute, best first.
 *
 * rank      0 is the best; the last is always "scalar"
 *
 * Returns NULL when `rank` is behind the last.
 */
const struct record_index *record_index_at(size_t rank);

/**
 * Which fault it is, once a pass has found a byte that may not stand where it does. Slow.
 *
 * line      the line
 */
enum record_fault record_index_fault(struct span line);

/**
 * End a pass: check what it found at the line's end, and write what stands behind the last token.
 *
 * line       the line
 * refused    whether a byte stood where it may not
 * in_string  whether the line ended inside a string
 * ret        all but the end is written
 *
 * Returns why the line could not be read.
 */
enum record_fault record_index_end(struct span line, bool refused, bool in_string,
                                   struct record_tokens *ret);

#if defined(__x86_64__)
/**
 * The pass with AVX2, BMI and PCLMULQDQ; see record_index_at().
 *
 * line      RECORD_PADDING_SIZE readable bytes follow it
 * ret       receives the tokens; of no meaning on a fault
 *
 * Returns why the line could not be read.
 */
enum record_fault record_index_avx2(struct span line, struct record_tokens *ret);

/**
 * The pass with AVX-512 (F, BW, VBMI, VBMI2) besides; see record_index_at().
 *
 * line      RECORD_PADDING_SIZE readable bytes follow it
 * ret       receives the tokens; of no meaning on a fault
 *
 * Returns why the line could not be read.
 */
enum record_fault record_index_avx512(struct span line, struct record_tokens *ret);
#endif

#endif
