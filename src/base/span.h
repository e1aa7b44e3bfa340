// SPDX-License-Identifier: EUPL-1.2
/*
 * Borrowed bytes: a pointer and a size. A span never owns; whoever made it says how long it lives.
 * No NUL ends it, and it may hold any byte.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct span {
    const uint8_t *data;
    size_t size;
};

enum { SPAN_NOT_FOUND = -1 };

/* A span over a string literal. */
#define SPAN(literal) ((struct span){ (const uint8_t *)("" literal), sizeof(literal) - 1 })

/* For printf-like formats: "%.*s". The bytes must be printable; see text_printable(). */
#define SPAN_FMT(span) (int)(span).size, (const char *)(span).data

/**
 * A span over a NUL-terminated string.
 *
 * string    borrowed; NULL gives the empty span
 */
static inline struct span span_of(const char *string)
{
    if (string == NULL) {
        return (struct span){ NULL, 0 };
    }
    return (struct span){ (const uint8_t *)string, strlen(string) };
}

/**
 * A span over `size` bytes.
 *
 * data      borrowed
 * size      in bytes
 */
static inline struct span span_make(const void *data, size_t size)
{
    return (struct span){ (const uint8_t *)data, size };
}

/**
 * Whether two spans hold the same bytes.
 *
 * a, b      any spans
 */
static inline bool span_equal(struct span a, struct span b)
{
    if (a.size != b.size) {
        return false;
    }
    return a.size == 0 || memcmp(a.data, b.data, a.size) == 0;
}

/**
 * Order of two spans by their bytes, shorter first where one begins the other.
 *
 * a, b      any spans
 *
 * Returns less than, equal to or greater than 0.
 */
int span_compare(struct span a, struct span b);

/**
 * Whether two spans are equal when A-Z count as a-z (ASCII only).
 *
 * a, b      any spans
 */
bool span_equal_nocase(struct span a, struct span b);

/**
 * Whether `span` begins with `prefix`.
 *
 * span      looked at
 * prefix    looked for; the empty one is always there
 */
bool span_starts_with(struct span span, struct span prefix);

/**
 * Whether `span` begins with `prefix` when A-Z count as a-z (ASCII only).
 *
 * span      looked at
 * prefix    looked for; the empty one is always there
 */
bool span_starts_with_nocase(struct span span, struct span prefix);

/**
 * Whether `span` ends with `suffix`.
 *
 * span      looked at
 * suffix    looked for; the empty one is always there
 */
bool span_ends_with(struct span span, struct span suffix);

/**
 * Offset of the first `byte`, or SPAN_NOT_FOUND.
 *
 * span      looked at
 * byte      looked for
 */
ptrdiff_t span_find(struct span span, uint8_t byte);

/**
 * Offset of the last `byte`, or SPAN_NOT_FOUND.
 *
 * span      looked at
 * byte      looked for
 */
ptrdiff_t span_find_last(struct span span, uint8_t byte);

/**
 * Offset of the first place where `needle` stands in `span`, or SPAN_NOT_FOUND.
 *
 * span      looked at
 * needle    looked for; the empty one stands at 0
 */
ptrdiff_t span_find_span(struct span span, struct span needle);

/**
 * The part of `span` from `begin` up to, not with, `end`.
 *
 * span      the whole
 * begin     0 .. end
 * end       begin .. span.size
 */
struct span span_slice(struct span span, size_t begin, size_t end);

/**
 * The part of `span` from `begin` to its end.
 *
 * span      the whole
 * begin     0 .. span.size
 */
struct span span_from(struct span span, size_t begin);

/**
 * `span` without white space (space, tab, CR, LF) at either end.
 *
 * span      the whole
 */
struct span span_trim(struct span span);

/**
 * Cut the first piece off `rest`, up to `separator`; the separator itself is dropped.
 *
 * rest       in: what is left; out: what is left after the piece
 * separator  the byte between pieces
 * ret_piece  the piece, perhaps empty
 *
 * Returns false, and leaves ret_piece alone, when nothing was left: rest->data is NULL. The last
 * piece sets rest->data to NULL, so that "a," gives "a" and "".
 */
bool span_next(struct span *rest, uint8_t separator, struct span *ret_piece);

/**
 * Read a decimal number without sign; every byte must be a digit.
 *
 * span      1 .. 20 digits
 * ret       the number; untouched on error
 *
 * Errors    ERR_FORMAT empty or not digits; ERR_LIMIT larger than UINT64_MAX
 */
MUST_USE
enum err span_to_u64(struct span span, uint64_t *ret);

/**
 * Copy a span's bytes into caller's memory of at least span.size bytes. The two must not overlap.
 *
 * target    receives the bytes
 * target_size  room there; must be at least span.size
 * span      copied
 */
void span_copy(void *target, size_t target_size, struct span span);

#endif
