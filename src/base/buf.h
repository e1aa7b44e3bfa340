// SPDX-License-Identifier: EUPL-1.2
/*
 * Bytes that grow, up to a ceiling stated at the start. After the first failure every later call
 * does nothing: write a whole text and look at buf.err once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/span.h"

struct buf {
    uint8_t *data;
    size_t size;     /* bytes written */
    size_t capacity; /* bytes that may be written; one more lies behind them */
    size_t size_max; /* ceiling */
    enum err err;    /* first failure: ERR_LIMIT, or ERR_OK */
};

/**
 * Begin an empty buffer; no memory is taken yet.
 *
 * buf       caller's memory
 * size_max  most bytes it may ever hold
 */
void buf_init(struct buf *buf, size_t size_max);

/**
 * Give the memory back; the buffer is then empty and without error, with the same ceiling.
 *
 * buf       begun with buf_init(); NULL does nothing
 */
void buf_done(struct buf *buf);

/**
 * Empty the buffer and clear its error; the memory is kept.
 *
 * buf       begun with buf_init()
 */
void buf_clear(struct buf *buf);

/**
 * Make room for `size` more bytes and say where; the caller writes there, then adds to buf->size.
 *
 * buf       begun with buf_init()
 * size      in bytes
 *
 * Returns NULL, with buf->err set, when there is no room.
 */
MUST_USE
uint8_t *buf_reserve(struct buf *buf, size_t size);

/**
 * Append bytes.
 *
 * buf       begun with buf_init()
 * span      copied; must not lie in this buffer
 */
void buf_add(struct buf *buf, struct span span);

/**
 * Append one byte.
 *
 * buf       begun with buf_init()
 * byte      appended
 */
void buf_add_byte(struct buf *buf, uint8_t byte);

/**
 * Append a number in decimal.
 *
 * buf       begun with buf_init()
 * value     appended
 */
void buf_add_u64(struct buf *buf, uint64_t value);

/**
 * Append bytes as lower-case hexadecimal.
 *
 * buf       begun with buf_init()
 * span      each byte gives two digits
 */
void buf_add_hex(struct buf *buf, struct span span);

/**
 * Append formatted text, as printf does.
 *
 * buf       begun with buf_init()
 * format    as for printf
 */
__attribute__((format(printf, 2, 3))) void buf_add_format(struct buf *buf, const char *format, ...);

/**
 * Append formatted text, as vprintf does.
 *
 * buf       begun with buf_init()
 * format    as for vprintf
 * args      as for vprintf
 */
__attribute__((format(printf, 2, 0))) void buf_add_vformat(struct buf *buf, const char *format,
                                                           va_list args);

/**
 * The bytes written so far; valid until the buffer is next written to.
 *
 * buf       begun with buf_init()
 */
struct span buf_span(const struct buf *buf);

#endif
