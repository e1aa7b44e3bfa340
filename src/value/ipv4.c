// SPDX-License-Identifier: EUPL-1.2
/*
 * The hot path: IPv4 addresses, of which nearly every log line holds two or more.
 *
 * Budget: 9 ns an address whose length cannot be foretold, where bytes behind it may be read and
 * the processor has SSE4.1; else 20 ns. bench/value_bench.c shows what it takes.
 *
 * What costs in reading byte by byte is that the processor guesses each number's length wrongly. So
 * here 16 bytes are read at once, and the four numbers are worked out side by side, without a
 * branch on where the dots stand. A test compares both ways.
 */
#include "value/internal.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    TEXT_SIZE_MIN = sizeof "0.0.0.0" - 1,
    TEXT_SIZE_MAX = sizeof "255.255.255.255" - 1,
    NUMBER_MAX = 255,
    DIGITS_MAX = 3,
};

bool value_ipv4_read(struct span raw, uint8_t *bytes)
{
    if (raw.size < TEXT_SIZE_MIN || raw.size > TEXT_SIZE_MAX) {
        return false;
    }
    const uint8_t *at = raw.data;
    const uint8_t *end = raw.data + raw.size;
    for (size_t i = 0; i < VALUE_IPV4_SIZE; i++) {
        unsigned octet = at < end ? (unsigned)*at - '0' : 10;
        if (octet > 9) {
            return false;
        }
        at++;
        while (at < end && *at != '.') {
            unsigned digit = (unsigned)*at - '0';
            if (digit > 9 || octet == 0) {
                return false;
            }
            octet = octet * 10 + digit;
            if (octet > NUMBER_MAX) {
                return false;
            }
            at++;
        }
        bytes[i] = (uint8_t)octet;
        if (i < VALUE_IPV4_SIZE - 1) {
            at++; /* the dot; where the text has ended, the next octet finds no digit */
        }
    }
    return at == end;
}

#if defined(__x86_64__)

#define SSE4 __attribute__((target("sse4.1")))

/* Where each number ends: at a dot, the last one at the text's end. */
struct ends {
    unsigned at[VALUE_IPV4_SIZE];
};

/* False where there are not exactly three dots. */
static inline bool ends_find(unsigned dots, size_t size, struct ends *ret)
{
    const unsigned last = 1u << size;
    unsigned first = dots | last;
    unsigned second = first & (first - 1); /* without its lowest bit */
    unsigned third = second & (second - 1);
    if ((third & (third - 1)) != last) {
        return false;
    }
    ret->at[0] = (unsigned)__builtin_ctz(first);
    ret->at[1] = (unsigned)__builtin_ctz(second);
    ret->at[2] = (unsigned)__builtin_ctz(third);
    ret->at[3] = (unsigned)size;
    return true;
}

/* Which bytes of the text are the four of a number as it is worked out: none, hundreds, tens, ones.
 * Those that a short number lacks come from nowhere: the high bit says so. */
static inline int places_of(unsigned end, unsigned digits)
{
    static const uint32_t nowhere[DIGITS_MAX + 1] = { 0, 0x808080, 0x8080, 0x80 };
    const uint32_t to_each = 0x01010101;
    const uint32_t before_end = 0x01020304; /* the ones, the top byte, stand one before the end */
    /* With 16 more no place borrows of the next; of a place only the low four bits count. */
    return (int)(((end + 16) * to_each - before_end) | nowhere[digits]);
}

/* The least number of so many digits: a smaller one has a zero in front. */
static inline int least_of(unsigned digits)
{
    static const int least[DIGITS_MAX + 1] = { 0, 0, 10, 100 };
    return least[digits];
}

/* Each of the 16 bytes less '0', which makes digits 0 to 9; bit n says of byte n that it is one. */
SSE4 static inline unsigned digits_find(__m128i text, __m128i *ret_values)
{
    __m128i values = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    *ret_values = values;
    __m128i small = _mm_min_epu8(values, _mm_set1_epi8(9));
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(small, values));
}

SSE4 static bool read_sse4(struct span raw, uint8_t *bytes)
{
    __m128i text = _mm_loadu_si128((const __m128i *)(const void *)raw.data);
    __m128i values;
    const unsigned own = (1u << raw.size) - 1;
    unsigned digits = digits_find(text, &values) & own;
    unsigned dots = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.'))) & own;
    struct ends ends;
    if ((digits | dots) != own || !ends_find(dots, raw.size, &ends)) {
        return false;
    }

    const unsigned sizes[VALUE_IPV4_SIZE] = {
        ends.at[0],
        ends.at[1] - ends.at[0] - 1,
        ends.at[2] - ends.at[1] - 1,
        ends.at[3] - ends.at[2] - 1,
    };
    unsigned sizes_seen = 1u << sizes[0] | 1u << sizes[1] | 1u << sizes[2] | 1u << sizes[3];
    if ((sizes_seen & ~(1u << 1 | 1u << 2 | 1u << DIGITS_MAX)) != 0) {
        return false;
    }

    __m128i places =
        _mm_setr_epi32(places_of(ends.at[0], sizes[0]), places_of(ends.at[1], sizes[1]),
                       places_of(ends.at[2], sizes[2]), places_of(ends.at[3], sizes[3]));
    const __m128i weights = _mm_set1_epi32(0x010A6400); /* from the low byte: 0, 100, 10, 1 */
    __m128i halves = _mm_maddubs_epi16(_mm_shuffle_epi8(values, places), weights);
    __m128i numbers = _mm_madd_epi16(halves, _mm_set1_epi16(1));

    __m128i least = _mm_setr_epi32(least_of(sizes[0]), least_of(sizes[1]), least_of(sizes[2]),
                                   least_of(sizes[3]));
    __m128i wrong = _mm_or_si128(_mm_cmpgt_epi32(numbers, _mm_set1_epi32(NUMBER_MAX)),
                                 _mm_cmpgt_epi32(least, numbers));
    if (!_mm_testz_si128(wrong, wrong)) {
        return false;
    }
    numbers = _mm_packus_epi16(_mm_packus_epi32(numbers, numbers), numbers);
    int word = _mm_cvtsi128_si32(numbers);
    memcpy(bytes, &word, sizeof word); /* memcpy: one store; span_copy() would be a call */
    return true;
}

bool value_ipv4_read_padded(struct span raw, uint8_t *bytes)
{
    if (!__builtin_cpu_supports("sse4.1")) {
        return value_ipv4_read(raw, bytes);
    }
    return raw.size >= TEXT_SIZE_MIN && raw.size <= TEXT_SIZE_MAX && read_sse4(raw, bytes);
}

#else

bool value_ipv4_read_padded(struct span raw, uint8_t *bytes)
{
    return value_ipv4_read(raw, bytes);
}

#endif
