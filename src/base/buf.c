// SPDX-License-Identifier: EUPL-1.2
#include "base/buf.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/must.h"

enum { BUF_CAPACITY_MIN = 256, DECIMAL_SIZE_MAX = 20 };

void buf_init(struct buf *buf, size_t size_max)
{
    *buf = (struct buf){ .size_max = size_max };
}

void buf_done(struct buf *buf)
{
    if (buf == NULL) {
        return;
    }
    memory_free(buf->data);
    buf_init(buf, buf->size_max);
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    buf->err = ERR_OK;
}

static bool buf_grow(struct buf *buf, size_t need)
{
    size_t capacity = buf->capacity < BUF_CAPACITY_MIN ? BUF_CAPACITY_MIN : buf->capacity;
    while (capacity < need) {
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    }
    if (capacity > buf->size_max) {
        capacity = buf->size_max;
    }
    if (capacity == SIZE_MAX) {
        return false;
    }
    uint8_t *data =
        memory_resize(buf->data, capacity + 1); /* one for the NUL that vsnprintf adds */
    if (data == NULL) {
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

uint8_t *buf_reserve(struct buf *buf, size_t size)
{
    if (buf->err != ERR_OK) {
        return NULL;
    }
    must_dev(buf->size <= buf->size_max);
    if (size > buf->size_max - buf->size) {
        buf->err = ERR_LIMIT;
        return NULL;
    }
    size_t need = buf->size + size;
    if (need > buf->capacity || buf->data == NULL) {
        if (!buf_grow(buf, need == 0 ? 1 : need)) {
            buf->err = ERR_LIMIT;
            return NULL;
        }
    }
    return buf->data + buf->size;
}

void buf_add(struct buf *buf, struct span span)
{
    uint8_t *room = buf_reserve(buf, span.size);
    if (room == NULL) {
        return;
    }
    span_copy(room, span.size, span);
    buf->size += span.size;
}

void buf_add_byte(struct buf *buf, uint8_t byte)
{
    uint8_t *room = buf_reserve(buf, 1);
    if (room == NULL) {
        return;
    }
    room[0] = byte;
    buf->size += 1;
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
    uint8_t digits[DECIMAL_SIZE_MAX];
    size_t begin = sizeof digits;
    do {
        begin--;
        digits[begin] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(buf, span_make(digits + begin, sizeof digits - begin));
}

void buf_add_hex(struct buf *buf, struct span span)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < span.size; i++) {
        buf_add_byte(buf, (uint8_t)digits[span.data[i] >> 4]);
        buf_add_byte(buf, (uint8_t)digits[span.data[i] & 15]);
    }
}

void buf_add_vformat(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    must(size >= 0);
    uint8_t *room = buf_reserve(buf, (size_t)size); /* and a byte for the NUL lies behind it */
    if (room != NULL) {
        vsnprintf((char *)room, (size_t)size + 1, format, again);
        buf->size += (size_t)size;
    }
    va_end(again);
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_add_vformat(buf, format, args);
    va_end(args);
}

struct span buf_span(const struct buf *buf)
{
    return (struct span){ buf->data, buf->size };
}
