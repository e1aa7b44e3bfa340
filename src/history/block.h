// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: a block of a segment, some hundred entries of one kind and form: first their
 * keys, then all their rows. Numbers lie in columns; the bytes in which keys differ from the one
 * before lie together.
 * docs/format/history.md has the bytes.
 */
#ifndef HISTORY_BLOCK_H
#define HISTORY_BLOCK_H

#include "base/op.h"
#include "history/column.h"
#include "history/dictionary.h"
#include "history/seen.h"
#include "history/segment.h"

enum {
    BLOCK_POSTINGS_MAX = 2048,
    BLOCK_TEXT_FULL = 16 * 1024, /* bytes, from which on a block takes no more entries */
    BLOCK_TEXT_SIZE_MAX = BLOCK_TEXT_FULL + HISTORY_ORDER_SIZE_MAX,
    BLOCK_HEAD_SIZE = 26,
    BLOCK_NUMBER_SIZE = 4,   /* of a key that is a number */
    BLOCK_NUMBERS = 0x80,    /* beside the form: keys are numbers */
    BLOCK_DICTIONARY = 0x40, /* likewise: the text is compressed by a dictionary */
    BLOCK_COUNT_ONCE = 0,    /* of a posting: one line, so that it has no duration */
    /* What any block may take: a column is never larger than all its numbers in full. */
    BLOCK_SIZE_MAX = 256 * 1024,
};

/**
 * A key that is a number: the most significant byte first.
 *
 * bytes     BLOCK_NUMBER_SIZE of them
 */
static inline uint32_t block_number(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/**
 * In which column a posting's duration stands: by how much of the row's span is left when it
 * begins, and whether it is of many lines.
 *
 * width     of the row; any other counts as a month
 * first     second within the span
 * count     as it stands in its column, not BLOCK_COUNT_ONCE
 */
static inline enum column block_duration_column(enum history_width width, uint32_t first,
                                                uint32_t count)
{
    const uint32_t month_s = 31 * HISTORY_DAY_S; /* the longest */
    const uint32_t many = 4;
    const uint32_t span_s = width == HISTORY_HOUR  ? HISTORY_HOUR_S
                            : width == HISTORY_DAY ? HISTORY_DAY_S
                                                   : month_s;
    const uint32_t left_s = first < span_s ? span_s - first : 0;
    const unsigned column = (left_s < span_s / 2 ? 1U : 0) + (left_s < span_s / 4 ? 1U : 0) +
                            (left_s < span_s / 8 ? 1U : 0) + (count < many ? 0 : 4);
    return (enum column)(COLUMN_FIRST_DURATIONS + column);
}

/* ---- writing ---- */

struct block_writer;

/**
 * Make a writer of blocks.
 *
 * op        work in hand
 * level     of compression
 * ret       to give back with block_writer_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err block_writer_new(struct op *op, int level, struct block_writer **ret);

/**
 * Give it back.
 *
 * writer    NULL does nothing
 */
void block_writer_free(struct block_writer *writer);

/**
 * Whether an entry has to wait for the next block.
 *
 * writer         any
 * entry          behind what is there
 * posting_count  of all its rows, at most SEGMENT_PIECE_POSTINGS_MAX
 */
bool block_writer_is_full(const struct block_writer *writer, const struct history_entry *entry,
                          size_t posting_count);

/**
 * Add an entry, or a piece of one.
 *
 * writer    not full
 * entry     copied; behind what is there, and not less than the last
 */
void block_writer_add(struct block_writer *writer, const struct history_entry *entry);

/**
 * How many entries wait in a writer, and the places of the first and the last.
 *
 * writer    any
 */
size_t block_writer_count(const struct block_writer *writer);
struct span block_writer_last(const struct block_writer *writer);

/**
 * End the block; the next one begins.
 *
 * op        work in hand
 * writer    with at least one entry
 * ret       lives until the writer is used again
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err block_writer_end(struct op *op, struct block_writer *writer, struct span *ret);

/**
 * Append the codes of all blocks that were ended: for column_tables_read().
 *
 * writer    any
 * buf       receives them
 */
void block_writer_codes_add(const struct block_writer *writer, struct buf *buf);

/**
 * Append the dictionaries of all blocks that were ended: for dictionaries_read().
 *
 * writer    any
 * buf       receives them
 */
void block_writer_dictionaries_add(const struct block_writer *writer, struct buf *buf);

/* ---- reading ---- */

struct block_entry {
    uint32_t shared; /* bytes that its key has in common with that of the entry before */
    uint32_t size;   /* of its key */
    uint32_t text;   /* where the other bytes begin */
    uint32_t row;    /* number of its first */
    uint32_t row_count;
};

/* A block that is being looked at. */
struct block;

/* What its entries may refer to. */
struct block_bounds {
    enum value_kind kind; /* what the index says */
    enum history_form form;
    size_t host_count;
    size_t way_count;
    const struct column_tables *tables;    /* its codes; borrowed until another block is read */
    const struct ZSTD_DDict_s *dictionary; /* for this kind and form; NULL: there is none */
};

/**
 * Make room for a block.
 *
 * op        work in hand
 * ret       to give back with block_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err block_new(struct op *op, struct block **ret);

/**
 * Give it back.
 *
 * block     NULL does nothing
 */
void block_free(struct block *block);

/**
 * Read the keys of a block. Every bound is checked, and the checksum of all of it.
 *
 * block     receives it; what it held is gone
 * bytes     of the block; borrowed until another one is read; COLUMN_PADDING bytes of any content
 *           can be read behind them
 * bounds    of the segment
 *
 * Returns NULL, or in a few words what is wrong; then the block is empty.
 */
const char *block_read(struct block *block, struct span bytes, const struct block_bounds *bounds);

/**
 * Read the rows of a block too, if they were not read. Every bound is checked. Most blocks are read
 * for a value that is not there, of which the keys tell.
 *
 * block     read
 *
 * Returns NULL, or in a few words what is wrong; then the block is empty.
 */
const char *block_read_rows(struct block *block);

/**
 * The entries of a block.
 *
 * block      read
 * ret_count  how many
 */
const struct block_entry *block_entries(const struct block *block, size_t *ret_count);

/**
 * The bytes of keys.
 *
 * block     read
 */
const uint8_t *block_text(const struct block *block);

/**
 * The rows of a block.
 *
 * block     its rows are read
 */
const struct history_row *block_rows(const struct block *block);

#endif
