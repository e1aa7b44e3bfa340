// SPDX-License-Identifier: EUPL-1.2
#include "base/uuid.h"

int hex_digit(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    uint8_t lower = digit | 0x20;
    if (lower >= 'a' && lower <= 'f') {
        return lower - 'a' + 10;
    }
    return -1;
}

enum err hex_parse(struct span span, uint8_t *bytes, size_t size)
{
    if (span.size / 2 != size || span.size % 2 != 0) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(span.data[2 * i]);
        int low = hex_digit(span.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return ERR_FORMAT;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}

/* The sizes, in bytes, of the five groups of digits between the dashes. */
static const uint8_t group_sizes[] = { 4, 2, 2, 2, 6 };

enum err uuid_parse(struct span span, struct uuid *ret)
{
    if (span.size != UUID_TEXT_SIZE) {
        return ERR_FORMAT;
    }
    struct uuid uuid;
    struct span rest = span;
    size_t at = 0;
    for (size_t i = 0; i < sizeof group_sizes; i++) {
        struct span group = { NULL, 0 };
        if (!span_next(&rest, '-', &group)) {
            return ERR_FORMAT;
        }
        TRY(hex_parse(group, uuid.bytes + at, group_sizes[i]));
        at += group_sizes[i];
    }
    if (rest.data != NULL) {
        return ERR_FORMAT;
    }
    *ret = uuid;
    return ERR_OK;
}

void uuid_add(struct buf *buf, const struct uuid *uuid)
{
    size_t at = 0;
    for (size_t i = 0; i < sizeof group_sizes; i++) {
        if (i > 0) {
            buf_add_byte(buf, '-');
        }
        buf_add_hex(buf, span_make(uuid->bytes + at, group_sizes[i]));
        at += group_sizes[i];
    }
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, UUID_SIZE) == 0;
}
