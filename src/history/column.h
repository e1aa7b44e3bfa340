// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: columns of numbers within a block, each in the shortest of three ways.
 *
 *     way       1 byte
 *
 *     0         all are the same: a varint
 *     1         width (1 byte, 0 to 32), base (varint), and of each number what it is more than the
 *               base, `width` bits
 *     2 ...     by a code (history/code.h), the first of its column's being 2
 *
 * Bits are filled from the lowest of the first byte on; a column ends with a whole byte. One
 * without numbers takes no bytes.
 */
#ifndef HISTORY_COLUMN_H
#define HISTORY_COLUMN_H

#include "history/code.h"
#include "history/varint.h"

enum {
    COLUMN_COUNT_MAX = 4096,
    COLUMN_PADDING = 8, /* bytes that can be read behind those of a column */
    COLUMN_SHARP_NAME = 6,
    COLUMN_SHARP_QUANTITY = 3,
    COLUMN_DURATIONS = 8, /* columns of them: see column_duration() */
};

/* The columns of a block: in this order they lie in it, and their codes in a segment. */
enum column {
    COLUMN_SHARED = 0,
    COLUMN_SIZES,
    COLUMN_NUMBERS,
    COLUMN_ROW_COUNTS,
    COLUMN_STARTS,
    COLUMN_START_GAPS,
    COLUMN_WIDTHS,
    COLUMN_POSTING_COUNTS,
    COLUMN_KEPT_COUNTS,
    COLUMN_KEPT_PLACES,
    COLUMN_HOSTS,
    COLUMN_HOST_GAPS,
    COLUMN_WAYS,
    COLUMN_FIRSTS,
    COLUMN_COUNTS,
    COLUMN_FIRST_DURATIONS,
    COLUMN_COUNT = COLUMN_FIRST_DURATIONS + COLUMN_DURATIONS,
};

/**
 * How sharp the classes of a column are (code_class_of()): names have no neighbours, quantities do.
 *
 * column    any
 */
static inline unsigned column_sharp(enum column column)
{
    return column == COLUMN_WAYS ? COLUMN_SHARP_NAME : COLUMN_SHARP_QUANTITY;
}

/**
 * Append a varint (history/varint.h).
 *
 * buf       receives at most VARINT_SIZE_MAX bytes
 * value     appended
 */
void column_varint_add(struct buf *buf, uint64_t value);

/* ---- writing ---- */

/* The codes of a segment that is being written. */
struct column_codes {
    size_t counts[COLUMN_COUNT];
    struct code codes[COLUMN_COUNT][CODE_TOGETHER_MAX];
    struct code_counts seen[COLUMN_COUNT]; /* of the kind that is being written */
    uint32_t blocks[COLUMN_COUNT];         /* of it */
};

/**
 * Numbers of another kind of value follow, which may be others.
 *
 * codes     all zero before the first
 */
void column_codes_turn(struct column_codes *codes);

/**
 * Append all codes: of each column how many there are (1 byte), and those.
 *
 * buf       receives them
 * codes     of a segment
 */
void column_codes_add(struct buf *buf, const struct column_codes *codes);

/* A column that is to be written. */
struct column_values {
    enum column column;
    size_t count; /* at most COLUMN_COUNT_MAX */
    const uint32_t *at;
};

/**
 * Append a column.
 *
 * buf       receives the bytes
 * codes     of the segment; one may be added
 * values    of the column
 */
void column_add(struct buf *buf, struct column_codes *codes, const struct column_values *values);

/* ---- reading ---- */

/* The codes of a segment. */
struct column_tables {
    size_t counts[COLUMN_COUNT];
    const struct code_table *tables[COLUMN_COUNT]; /* of each column the first */
    struct code_table *all;
};

/**
 * Read what column_codes_add() wrote.
 *
 * bytes     of the section, all of it
 * ret       to be given back with column_tables_done(); untouched on error
 *
 * Errors    ERR_FORMAT; ERR_LIMIT no memory
 */
MUST_USE
enum err column_tables_read(struct span bytes, struct column_tables *ret);

/**
 * Give them back.
 *
 * tables    read, or all zero
 */
void column_tables_done(struct column_tables *tables);

/**
 * Read a column; a failure is the reader's. This is hot.
 *
 * r         reader; COLUMN_PADDING bytes of any content can be read behind its own
 * tables    of the segment
 * column    which
 * ret       receives `count` numbers; of no meaning after a failure
 * count     at most COLUMN_COUNT_MAX
 */
void column_read(struct wire_reader *r, const struct column_tables *tables, enum column column,
                 uint32_t *ret, size_t count);

#endif
