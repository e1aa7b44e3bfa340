// SPDX-License-Identifier: EUPL-1.2
/*
 * The hot path: IPv4 addresses, of which nearly every log line holds two or more.
 *
 * Budget: 5 ns an address whose length cannot be foretold, where bytes behind it may be read and
 * the processor has SSE4.1; else 20 ns. bench/value_bench.c shows what it takes.
 *
 * What costs in reading byte by byte is that the processor guesses each number's length wrongly. So
 * here 16 bytes are read at once. Where the dots stand, in 81 ways, tells which byte is which digit
 * of which number; the numbers are then worked out side by side, without a branch. A test compares
 * both ways.
 */
#include <endian.h>

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

#define SSE4   __attribute__((target("sse4.1")))
#define INLINE __attribute__((always_inline)) static inline

/* What an address's form, the places of its dots and of its end, says of it. */
struct form {
    uint8_t places[16]; /* the bytes of each number in its text: none, hundreds, tens, ones */
    uint8_t least[VALUE_IPV4_SIZE]; /* the least number of so many digits: below it stands a zero */
    uint32_t bounds;                /* bit n: at n stands a dot, or the end */
};

enum {
    FORM_SHIFT = 24, /* 256 places for 81 forms */
    FORM_COUNT = 1 << (32 - FORM_SHIFT),
    NOWHERE = 0x80,
};

/* A factor under which no two forms share a place; found by trying. -Woverride-init proves it. */
#define FORM_MIX      0xA17C4835u
#define FORM_PLACE(b) ((uint32_t)((b)*FORM_MIX) >> FORM_SHIFT)

#define END_1(a)          (a)
#define END_2(a, b)       (END_1(a) + 1 + (b))
#define END_3(a, b, c)    (END_2(a, b) + 1 + (c))
#define END_4(a, b, c, d) (END_3(a, b, c) + 1 + (d))
#define BOUNDS(a, b, c, d)                                                                         \
    (1u << END_1(a) | 1u << END_2(a, b) | 1u << END_3(a, b, c) | 1u << END_4(a, b, c, d))

/* `n` digits before `end`; the high bit says that a byte comes from nowhere. */
#define PLACE(end, n, back) (uint8_t)((n) >= (back) ? (end) - (back) : NOWHERE)
#define PLACES(end, n)      NOWHERE, PLACE(end, n, 3), PLACE(end, n, 2), PLACE(end, n, 1)
#define LEAST(n)            ((n) == 1 ? 0 : (n) == 2 ? 10 : 100)

#define FORM(a, b, c, d)                                                                           \
    [FORM_PLACE(BOUNDS(a, b, c, d))] = {                                                           \
        .places = { PLACES(END_1(a), a), PLACES(END_2(a, b), b), PLACES(END_3(a, b, c), c),        \
                    PLACES(END_4(a, b, c, d), d) },                                                \
        .least = { LEAST(a), LEAST(b), LEAST(c), LEAST(d) },                                       \
        .bounds = BOUNDS(a, b, c, d),                                                              \
    },
#define FORMS_3(a, b, c) FORM(a, b, c, 1) FORM(a, b, c, 2) FORM(a, b, c, 3)
#define FORMS_2(a, b)    FORMS_3(a, b, 1) FORMS_3(a, b, 2) FORMS_3(a, b, 3)
#define FORMS_1(a)       FORMS_2(a, 1) FORMS_2(a, 2) FORMS_2(a, 3)

static const struct form forms[FORM_COUNT] = { FORMS_1(1) FORMS_1(2) FORMS_1(3) };

/* `ret_word` receives the four bytes in the order of the text; of no meaning on failure. */
SSE4 INLINE bool read_sse4(struct span raw, uint32_t *ret_word)
{
    __m128i text = _mm_loadu_si128((const __m128i *)(const void *)raw.data);
    const unsigned size = raw.size <= TEXT_SIZE_MAX ? (unsigned)raw.size : 0; /* no form has 0 */
    const unsigned end = 1u << size;
    unsigned dots = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.')));
    const uint32_t bounds = (dots & (end - 1)) | end;
    const struct form *form = &forms[FORM_PLACE(bounds)];

    __m128i places = _mm_loadu_si128((const __m128i *)(const void *)form->places);
    __m128i values = _mm_shuffle_epi8(_mm_sub_epi8(text, _mm_set1_epi8('0')), places);
    __m128i foreign = _mm_subs_epu8(values, _mm_set1_epi8(9)); /* not 0 where it is no digit */
    const __m128i weights = _mm_set1_epi32(0x010A6400); /* from the low byte: 0, 100, 10, 1 */
    __m128i halves = _mm_maddubs_epi16(values, weights);
    __m128i numbers = _mm_madd_epi16(halves, _mm_set1_epi16(1));

    int least_word;
    memcpy(&least_word, form->least, sizeof least_word); /* memcpy: one load */
    __m128i least = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(least_word));
    __m128i wrong = _mm_or_si128(_mm_cmpgt_epi32(numbers, _mm_set1_epi32(NUMBER_MAX)),
                                 _mm_cmpgt_epi32(least, numbers));
    wrong = _mm_or_si128(wrong, foreign);
    numbers = _mm_packus_epi16(_mm_packus_epi32(numbers, numbers), numbers);
    *ret_word = (uint32_t)_mm_cvtsi128_si32(numbers);
    return (form->bounds == bounds) & (_mm_testz_si128(wrong, wrong) != 0); /* both are known */
}

SSE4 static bool read_one_sse4(struct span raw, uint8_t *bytes)
{
    uint32_t word;
    bool fits = read_sse4(raw, &word);
    memcpy(bytes, &word, sizeof word); /* memcpy: one store; span_copy() would be a call */
    return fits;
}

SSE4 static uint64_t read_many_sse4(const struct span *texts, size_t count, uint32_t *addresses)
{
    uint64_t fits = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        fits |= (uint64_t)read_sse4(texts[i], &word) << i;
        addresses[i] = be32toh(word);
    }
    return fits;
}

#endif

/* Without vectors. */
static uint64_t read_many(const struct span *texts, size_t count, uint32_t *addresses)
{
    uint64_t fits = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[VALUE_IPV4_SIZE] = { 0 };
        fits |= (uint64_t)value_ipv4_read(texts[i], bytes) << i;
        addresses[i] = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                       (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3]; /* in network order */
    }
    return fits;
}

bool value_ipv4_read_padded(struct span raw, uint8_t *bytes)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.1")) {
        return read_one_sse4(raw, bytes);
    }
#endif
    return value_ipv4_read(raw, bytes);
}

uint64_t value_ipv4_read_many(const struct span *texts, size_t count, uint32_t *addresses)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.1")) {
        return read_many_sse4(texts, count, addresses);
    }
#endif
    return read_many(texts, count, addresses);
}
