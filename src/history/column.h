// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: columns of numbers within a block. Most numbers of a column take the same few
 * bits, above the least of them; the few that need more have their upper bits told apart, as
 * exceptions.
 *
 *     width       1 byte: bits of each number, 0 to 32
 *     base        varint: added to each
 *     count       varint: of exceptions
 *     numbers     `width` bits each, from the lowest bit of the first byte on
 *     exceptions  two varints each: how many numbers lie between it and the one before, and what is
 *                 to be added above its bits
 */
#ifndef HISTORY_COLUMN_H
#define HISTORY_COLUMN_H

#include "history/varint.h"

enum {
    COLUMN_COUNT_MAX = 4096,
    COLUMN_PADDING = 8, /* bytes that can be read behind those of a column */
};

/**
 * Append a varint (history/varint.h).
 *
 * buf       receives at most VARINT_SIZE_MAX bytes
 * value     appended
 */
void column_varint_add(struct buf *buf, uint64_t value);

/**
 * Append a column.
 *
 * buf       receives the bytes
 * values    of the column
 * count     at most COLUMN_COUNT_MAX
 */
void column_add(struct buf *buf, const uint32_t *values, size_t count);

/**
 * Read a column; a failure is the reader's. This is hot.
 *
 * r         reader; COLUMN_PADDING bytes of any content can be read behind its own
 * ret       receives `count` numbers; of no meaning after a failure
 * count     at most COLUMN_COUNT_MAX
 */
void column_read(struct wire_reader *r, uint32_t *ret, size_t count);

#endif
