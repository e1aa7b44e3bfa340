// SPDX-License-Identifier: EUPL-1.2
#include "base/span.h"

#include "base/must.h"

static uint8_t lower(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') ? (uint8_t)(byte | 0x20) : byte;
}

int span_compare(struct span a, struct span b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0) {
        return order;
    }
    return (a.size > b.size) - (a.size < b.size);
}

bool span_equal_nocase(struct span a, struct span b)
{
    return a.size == b.size && span_starts_with_nocase(a, b);
}

bool span_starts_with(struct span span, struct span prefix)
{
    return span.size >= prefix.size && span_equal(span_slice(span, 0, prefix.size), prefix);
}

bool span_starts_with_nocase(struct span span, struct span prefix)
{
    if (span.size < prefix.size) {
        return false;
    }
    for (size_t i = 0; i < prefix.size; i++) {
        if (lower(span.data[i]) != lower(prefix.data[i])) {
            return false;
        }
    }
    return true;
}

bool span_ends_with(struct span span, struct span suffix)
{
    return span.size >= suffix.size && span_equal(span_from(span, span.size - suffix.size), suffix);
}

ptrdiff_t span_find(struct span span, uint8_t byte)
{
    const uint8_t *at = span.size == 0 ? NULL : memchr(span.data, byte, span.size);
    return at == NULL ? SPAN_NOT_FOUND : at - span.data;
}

ptrdiff_t span_find_last(struct span span, uint8_t byte)
{
    const uint8_t *at = span.size == 0 ? NULL : memrchr(span.data, byte, span.size);
    return at == NULL ? SPAN_NOT_FOUND : at - span.data;
}

ptrdiff_t span_find_span(struct span span, struct span needle)
{
    if (needle.size == 0) {
        return 0;
    }
    const uint8_t *at =
        span.size == 0 ? NULL : memmem(span.data, span.size, needle.data, needle.size);
    return at == NULL ? SPAN_NOT_FOUND : at - span.data;
}

struct span span_slice(struct span span, size_t begin, size_t end)
{
    must(begin <= end);
    must(end <= span.size);
    return (struct span){ span.data == NULL ? NULL : span.data + begin, end - begin };
}

struct span span_from(struct span span, size_t begin)
{
    return span_slice(span, begin, span.size);
}

static bool is_white(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct span span_trim(struct span span)
{
    size_t begin = 0;
    size_t end = span.size;
    while (begin < end && is_white(span.data[begin])) {
        begin++;
    }
    while (end > begin && is_white(span.data[end - 1])) {
        end--;
    }
    return span_slice(span, begin, end);
}

bool span_next(struct span *rest, uint8_t separator, struct span *ret_piece)
{
    if (rest->data == NULL) {
        return false;
    }
    ptrdiff_t at = span_find(*rest, separator);
    if (at == SPAN_NOT_FOUND) {
        *ret_piece = *rest;
        *rest = (struct span){ NULL, 0 };
        return true;
    }
    *ret_piece = span_slice(*rest, 0, (size_t)at);
    *rest = span_from(*rest, (size_t)at + 1);
    return true;
}

enum err span_to_u64(struct span span, uint64_t *ret)
{
    if (span.size == 0) {
        return ERR_FORMAT;
    }
    uint64_t value = 0;
    bool too_large = false;
    for (size_t i = 0; i < span.size; i++) {
        uint8_t digit = (uint8_t)(span.data[i] - '0');
        if (digit > 9) {
            return ERR_FORMAT;
        }
        too_large |= __builtin_mul_overflow(value, 10, &value);
        too_large |= __builtin_add_overflow(value, digit, &value);
    }
    if (too_large) {
        return ERR_LIMIT;
    }
    *ret = value;
    return ERR_OK;
}

void span_copy(void *target, size_t target_size, struct span span)
{
    must(span.size <= target_size);
    if (span.size > 0) {
        memcpy(target, span.data, span.size);
    }
}
