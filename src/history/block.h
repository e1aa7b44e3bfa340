// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: a block of a segment, some hundred entries of one kind and form. Numbers lie
 * in columns, the bytes in which keys differ from the one before lie together behind them.
 * docs/format/history.md has the bytes.
 */
#ifndef HISTORY_BLOCK_H
#define HISTORY_BLOCK_H

#include "base/op.h"
#include "history/column.h"
#include "history/seen.h"
#include "history/segment.h"

enum {
    BLOCK_POSTINGS_MAX = 2048,
    BLOCK_TEXT_FULL = 16 * 1024, /* bytes, from which on a block takes no more entries */
    BLOCK_TEXT_SIZE_MAX = BLOCK_TEXT_FULL + HISTORY_ORDER_SIZE_MAX,
    BLOCK_HEAD_SIZE = 24,
    BLOCK_COUNT_ONCE = 0, /* of a posting: one line, so that it has no duration */
    /* What any block may take: a column is never larger than all its numbers in full. */
    BLOCK_SIZE_MAX = 256 * 1024,
};

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
 * Read a block. Every bound is checked; keys are by block_entry_key(), as they are asked for.
 *
 * block     receives it; what it held is gone
 * bytes     of the block; COLUMN_PADDING bytes of any content can be read behind them
 * bounds    of the segment
 *
 * Returns NULL, or in a few words what is wrong; then the block is empty.
 */
const char *block_read(struct block *block, struct span bytes, const struct block_bounds *bounds);

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
 * block     read
 */
const struct history_row *block_rows(const struct block *block);

#endif
