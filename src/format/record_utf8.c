// SPDX-License-Identifier: EUPL-1.2
/*
 * Where the machine has AVX2, 32 bytes are checked at once, after J. Keiser and D. Lemire,
 * "Validating UTF-8 in less than one instruction per byte", 2021: each pair of neighbouring bytes
 * is looked up by three of its half bytes; each gives the set of faults that it allows, and a pair
 * has those faults that all three allow. Where a pair of continuation bytes must stand is counted
 * from the leads before it, so that fault is one exactly where it is not wanted.
 */
#include "format/record_utf8.h"

#include "base/text.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2   __attribute__((target("avx2")))
#define INLINE __attribute__((always_inline)) static inline

enum { BLOCK_SIZE = 32 };

/* What can be wrong with two neighbouring bytes. */
enum {
    SHORT = 0x01,      /* a lead without its continuation */
    LONG = 0x02,       /* a continuation behind ASCII */
    OVERLONG_3 = 0x04, /* E0, then less than A0 */
    LARGE = 0x08,      /* F4, then more than 8F; above F4, then more than 8F */
    SURROGATE = 0x10,  /* ED, then more than 9F */
    OVERLONG_2 = 0x20, /* C0 or C1 */
    LARGE_80 = 0x40,   /* above F4, then less than 90 */
    OVERLONG_4 = 0x40, /* F0, then less than 90 */
    PAIR = 0x80,       /* two continuations: wrong or right, as the leads before them say */
    ANY_LOW = SHORT | LONG | PAIR, /* the lower half of the first byte has no part in these */
    ANY_LARGE = ANY_LOW | LARGE | LARGE_80,
    BEHIND = LONG | OVERLONG_2 | PAIR, /* what any continuation may be */
};

AVX2 INLINE __m256i table_of(const uint8_t entries[16])
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)entries));
}

/* The faults of each byte of `block` with the one before it. */
AVX2 INLINE __m256i pair_faults(__m256i block, __m256i before)
{
    static const uint8_t by_first_high[16] = {
        LONG,
        LONG,
        LONG,
        LONG,
        LONG,
        LONG,
        LONG,
        LONG,
        PAIR,
        PAIR,
        PAIR,
        PAIR,
        SHORT | OVERLONG_2,
        SHORT,
        SHORT | OVERLONG_3 | SURROGATE,
        SHORT | LARGE | LARGE_80 | OVERLONG_4,
    };
    static const uint8_t by_first_low[16] = {
        ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
        ANY_LOW | OVERLONG_2,
        ANY_LOW,
        ANY_LOW,
        ANY_LOW | LARGE,
        ANY_LARGE,
        ANY_LARGE,
        ANY_LARGE,
        ANY_LARGE,
        ANY_LARGE,
        ANY_LARGE,
        ANY_LARGE,
        ANY_LARGE,
        ANY_LARGE | SURROGATE,
        ANY_LARGE,
        ANY_LARGE,
    };
    static const uint8_t by_second_high[16] = {
        SHORT,
        SHORT,
        SHORT,
        SHORT,
        SHORT,
        SHORT,
        SHORT,
        SHORT,
        BEHIND | OVERLONG_3 | LARGE_80 | OVERLONG_4,
        BEHIND | OVERLONG_3 | LARGE,
        BEHIND | SURROGATE | LARGE,
        BEHIND | SURROGATE | LARGE,
        SHORT,
        SHORT,
        SHORT,
        SHORT,
    };
    const __m256i half = _mm256_set1_epi8(0x0F);
    __m256i first_high = _mm256_and_si256(_mm256_srli_epi16(before, 4), half);
    __m256i first_low = _mm256_and_si256(before, half);
    __m256i second_high = _mm256_and_si256(_mm256_srli_epi16(block, 4), half);
    __m256i faults = _mm256_shuffle_epi8(table_of(by_first_high), first_high);
    faults = _mm256_and_si256(faults, _mm256_shuffle_epi8(table_of(by_first_low), first_low));
    return _mm256_and_si256(faults, _mm256_shuffle_epi8(table_of(by_second_high), second_high));
}

/* All faults of a block; not zero in the places that are wrong. */
AVX2 INLINE __m256i block_faults(__m256i block, __m256i last)
{
    __m256i joint = _mm256_permute2x128_si256(last, block, 0x21); /* end of last, begin of block */
    __m256i before = _mm256_alignr_epi8(block, joint, 15);        /* by one byte */
    __m256i before_2 = _mm256_alignr_epi8(block, joint, 14);
    __m256i before_3 = _mm256_alignr_epi8(block, joint, 13);
    /* A lead of three or four bytes two places back, of four three back: here stands a pair. */
    __m256i third = _mm256_subs_epu8(before_2, _mm256_set1_epi8((char)(0xE0 - PAIR)));
    __m256i fourth = _mm256_subs_epu8(before_3, _mm256_set1_epi8((char)(0xF0 - PAIR)));
    __m256i pair = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)PAIR));
    return _mm256_xor_si256(pair_faults(block, before), pair);
}

/* The last bytes of a line, and zeros behind them. */
AVX2 INLINE __m256i load_last(const uint8_t *bytes, size_t size)
{
    static const uint8_t ones_then_zeros[2 * BLOCK_SIZE] = {
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    };
    const uint8_t *mask = ones_then_zeros + BLOCK_SIZE - size;
    __m256i keep = _mm256_loadu_si256((const __m256i *)(const void *)mask);
    return _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)bytes), keep);
}

AVX2 static bool valid_avx2(struct span line)
{
    __m256i faults = _mm256_setzero_si256();
    __m256i last = _mm256_setzero_si256();
    size_t at = 0;
    while (at + BLOCK_SIZE <= line.size) {
        __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)(line.data + at));
        faults = _mm256_or_si256(faults, block_faults(block, last));
        last = block;
        at += BLOCK_SIZE;
    }
    /* At least one zero stands behind the line, so that a lead at its end is without its rest. */
    __m256i block = load_last(line.data + at, line.size - at);
    faults = _mm256_or_si256(faults, block_faults(block, last));
    return _mm256_testz_si256(faults, faults) != 0;
}

#endif

bool record_utf8_valid(struct span line)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        return valid_avx2(line);
    }
#endif
    return text_valid_size(line) == line.size;
}
