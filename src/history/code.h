// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: codes for the numbers of blocks. What comes often takes few bits (Huffman, "A
 * Method for the Construction of Minimum-Redundancy Codes", 1952).
 *
 * Numbers are put into *classes*: small ones have a class each; of larger ones the upper bits
 * choose the class, and the others follow as they are. A code has up to CODE_BITS_MAX bits for each
 * class, and for an escape, behind which a number follows in full. Codes are made while a segment
 * is written, as its numbers ask for them, and lie together behind its blocks; there are some for
 * each column of blocks.
 */
#ifndef HISTORY_CODE_H
#define HISTORY_CODE_H

#include "base/buf.h"
#include "base/op.h"
#include "base/wire.h"

enum {
    CODE_BITS_MAX = 10,
    CODE_TABLE_SIZE = 1 << CODE_BITS_MAX,
    CODE_CLASSES = 256, /* with the escape */
    CODE_ESCAPE = CODE_CLASSES - 1,
    CODE_NUMBER_BITS = 32,
    CODE_TOGETHER_MAX = 16, /* for one column */
};

/* A number's class, and what follows it. */
struct code_class {
    unsigned number;
    unsigned rest_bits;
};

/**
 * The class of a number.
 *
 * value     any
 * sharp     1 to 6: numbers below 2^sharp have a class each, and there are as many classes for each
 *           doubling from there on
 */
static inline struct code_class code_class_of(uint32_t value, unsigned sharp)
{
    struct code_class found = { .number = value };
    if (value >> sharp != 0) {
        unsigned top = CODE_NUMBER_BITS - 1 - (unsigned)__builtin_clz(value);
        found.rest_bits = top - sharp;
        found.number = (found.rest_bits << sharp) + (value >> found.rest_bits);
        if (found.number >= CODE_ESCAPE) {
            found = (struct code_class){ CODE_ESCAPE, CODE_NUMBER_BITS };
        }
    }
    return found;
}

/* ---- writing ---- */

struct code {
    uint8_t sizes[CODE_CLASSES]; /* bits; 0: the class has none, and its numbers are escaped */
    uint16_t bits[CODE_CLASSES]; /* the first of them the lowest */
};

/* How often each class came. */
struct code_counts {
    uint32_t of[CODE_CLASSES];
};

/**
 * Make a code.
 *
 * counts    how often each class came; its neighbours are thought to come too, if seldom
 * sharp     of the classes
 * ret       receives the code; it has an escape
 */
void code_make(const struct code_counts *counts, unsigned sharp, struct code *ret);

/**
 * How many bits numbers take.
 *
 * code      made
 * counts    how often each class comes
 * sharp     of their classes
 */
uint64_t code_cost(const struct code *code, const struct code_counts *counts, unsigned sharp);

/**
 * Append a code: how many classes are told, and the size of each, and of the escape.
 *
 * buf       receives it
 * code      made
 */
void code_add(struct buf *buf, const struct code *code);

/* ---- reading ---- */

/* What the next CODE_BITS_MAX bits begin with, in one word: from the lowest byte on, how many bits
 * the number takes in all, how many of them its code, how many the rest, and its class. */
struct code_table {
    uint32_t steps[CODE_TABLE_SIZE];
};

enum {
    CODE_STEP_CODE_SHIFT = 8,
    CODE_STEP_REST_SHIFT = 16,
    CODE_STEP_CLASS_SHIFT = 24,
};

/**
 * Read a code; one that does not give each row of bits a meaning, or one of them two, is the
 * reader's failure.
 *
 * r         reader
 * sharp     of its classes
 * ret       receives the code; of no meaning after a failure
 */
void code_read(struct wire_reader *r, unsigned sharp, struct code_table *ret);

/**
 * Take a step.
 *
 * table     read
 * word      bits, from the lowest on; at least CODE_BITS_MAX + CODE_NUMBER_BITS are sound
 * sharp     of the classes
 * ret       receives the number
 *
 * Returns how many bits it took.
 */
static inline unsigned code_take(const struct code_table *table, uint64_t word, unsigned sharp,
                                 uint32_t *ret)
{
    const uint32_t step = table->steps[word % CODE_TABLE_SIZE];
    const unsigned rest_bits = step >> CODE_STEP_REST_SHIFT & UINT8_MAX;
    const unsigned number = step >> CODE_STEP_CLASS_SHIFT;
    const uint64_t rest = word >> (step >> CODE_STEP_CODE_SHIFT & UINT8_MAX);
    const uint32_t low = (uint32_t)(rest & (((uint64_t)1 << rest_bits) - 1));
    const uint32_t upper = number - (rest_bits << sharp);
    *ret = number == CODE_ESCAPE ? low : (upper << (rest_bits % CODE_NUMBER_BITS)) + low;
    return step & UINT8_MAX;
}

#endif
