// SPDX-License-Identifier: EUPL-1.2
/*
 * Binary values in little-endian order, for our own files and messages. The reader walks once over
 * borrowed bytes; after the first failure every read gives zero and moves nothing, so that callers
 * check `err` once, at the end. Never two reads in one expression: C leaves their order open.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/buf.h"

struct wire_reader {
    struct span rest;
    enum err err; /* ERR_FORMAT once something was cut short or too large */
};

/**
 * Begin reading.
 *
 * span      borrowed while the reader is used
 */
struct wire_reader wire_reader_of(struct span span);

/**
 * Read an unsigned number of 1, 2, 4 or 8 bytes, little-endian.
 *
 * r         reader
 */
uint8_t wire_u8(struct wire_reader *r);
uint16_t wire_u16(struct wire_reader *r);
uint32_t wire_u32(struct wire_reader *r);
uint64_t wire_u64(struct wire_reader *r);

/**
 * Read a signed number of 8 bytes, little-endian, two's complement.
 *
 * r         reader
 */
int64_t wire_i64(struct wire_reader *r);

/**
 * Read exactly `size` bytes; they are borrowed from the reader's span.
 *
 * r         reader
 * size      in bytes
 */
struct span wire_take(struct wire_reader *r, size_t size);

/**
 * Read bytes that are preceded by their size as a 4-byte number.
 *
 * r         reader
 * size_max  a larger one is a failure
 */
struct span wire_bytes(struct wire_reader *r, size_t size_max);

/**
 * Append a number of 1, 2, 4 or 8 bytes, little-endian.
 *
 * buf       receives the bytes
 * value     appended
 */
void wire_add_u8(struct buf *buf, uint8_t value);
void wire_add_u16(struct buf *buf, uint16_t value);
void wire_add_u32(struct buf *buf, uint32_t value);
void wire_add_u64(struct buf *buf, uint64_t value);
void wire_add_i64(struct buf *buf, int64_t value);

/**
 * Append bytes preceded by their size as a 4-byte number.
 *
 * buf       receives the bytes; buf->err is ERR_LIMIT where the span is 4 GiB or more
 * span      appended
 */
void wire_add_bytes(struct buf *buf, struct span span);

#endif
