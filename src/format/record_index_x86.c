// SPDX-License-Identifier: EUPL-1.2
/*
 * The pass of record_index.h, 64 bytes at a time. Each block becomes a few masks of 64 bits, one
 * bit a byte; what a byte means follows from the masks by arithmetic, without a branch on the text.
 *
 * Budget: 0.4 cycles a byte with AVX-512, 1.2 with AVX2 (bench/record_bench.c, "avx512", "avx2").
 * The intrinsics are x86's own loads and stores, so no span_copy here.
 */
#include "format/record_index.h"

#if defined(__x86_64__)

#include <immintrin.h>

enum {
    BLOCK_SIZE = 64,
    ADD_STEP = 8,
    CONTROL_LAST = 0x1F,
};

/* What the bytes of one block are; bit 0 is the first byte. */
struct block {
    uint64_t quote;
    uint64_t backslash;
    uint64_t plain;   /* outside strings a token by itself */
    uint64_t scalar;  /* what numbers and literals are made of */
    uint64_t control; /* below 0x20 */
};

/* What one block hands on to the next. */
struct carry {
    uint64_t in_string; /* all ones: the next block begins inside a string */
    uint64_t scalar;    /* 1: the last byte belonged to a number or literal */
    uint64_t escaped;   /* 1: the next byte stands behind a backslash that counts */
    uint64_t refused;   /* not 0: a byte stood where it may not */
    uint64_t backslash; /* not 0: there was a backslash */
};

#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul")))
#define AVX512                                                                                     \
    __attribute__((                                                                                \
        target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul,avx512f,avx512bw,avx512vbmi,avx512vbmi2")))
#define INLINE __attribute__((always_inline)) static inline

/* Bit i of the result is the exclusive or of bits 0 .. i: a carry-less product with all ones. */
AVX2 INLINE uint64_t parity_prefix(uint64_t bits)
{
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)bits), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* The bytes that stand behind a backslash which does not itself stand behind one. Backslashes are
 * rare, so one step for each will do. */
AVX2 INLINE uint64_t escaped_bytes(uint64_t backslash, uint64_t *carry)
{
    uint64_t escaped = *carry;
    uint64_t left = backslash & ~escaped;
    *carry = 0;
    while (left != 0) {
        uint64_t at = left & -left;
        uint64_t behind = at << 1;
        *carry = at >> (BLOCK_SIZE - 1);
        escaped |= behind;
        left &= ~(at | behind);
    }
    return escaped;
}

/* The bits of a block's bytes that belong to the line. */
AVX2 INLINE uint64_t valid_bytes(size_t rest)
{
    return rest >= BLOCK_SIZE ? ~(uint64_t)0 : _bzhi_u64(~(uint64_t)0, (unsigned)rest);
}

/* The tokens that begin in a block. */
AVX2 INLINE uint64_t block_tokens(const struct block *block, struct carry *carry)
{
    uint64_t quote = block->quote;
    if (__builtin_expect((block->backslash | carry->escaped) != 0, 0)) {
        quote &= ~escaped_bytes(block->backslash, &carry->escaped);
        carry->backslash |= block->backslash;
    }
    /* Opening quotes are inside, closing quotes are not. */
    uint64_t inside = parity_prefix(quote) ^ carry->in_string;
    carry->in_string = (uint64_t)((int64_t)inside >> (BLOCK_SIZE - 1));

    uint64_t scalar_begin = block->scalar & ~(block->scalar << 1 | carry->scalar);
    carry->scalar = block->scalar >> (BLOCK_SIZE - 1);
    uint64_t tokens = ((block->plain | scalar_begin) & ~inside) | (quote & inside);
    carry->refused |= block->control & (inside | tokens);
    return tokens;
}

/* The bytes of numbers and literals, by their two halves: a byte is one of them when the groups of
 * its low half and of its high half share a bit. Each group is a rectangle in ASCII's table. */
enum {
    GROUP_SIGN = 0x01,    /* 2B 2D 2E: + - . */
    GROUP_DIGIT = 0x02,   /* 30 .. 39 */
    GROUP_UPPER = 0x04,   /* 45: E */
    GROUP_LOWER = 0x08,   /* 61 65 66 6C 6E: a e f l n */
    GROUP_LOWER_2 = 0x10, /* 72 .. 75: r s t u */
};

/* One bit a byte from two halves of a block. */
AVX2 INLINE uint64_t mask_avx2(__m256i low, __m256i high)
{
    uint32_t mask_low = (uint32_t)_mm256_movemask_epi8(low);
    uint32_t mask_high = (uint32_t)_mm256_movemask_epi8(high);
    return (uint64_t)mask_high << 32 | mask_low;
}

AVX2 INLINE uint64_t equal_avx2(const __m256i half[2], __m256i value)
{
    return mask_avx2(_mm256_cmpeq_epi8(half[0], value), _mm256_cmpeq_epi8(half[1], value));
}

/* All ones for each byte that is no part of a number or literal. */
AVX2 INLINE __m256i not_scalar_avx2(__m256i bytes)
{
    const __m256i low_groups = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(GROUP_DIGIT, GROUP_DIGIT | GROUP_LOWER, GROUP_DIGIT | GROUP_LOWER_2,
                      GROUP_DIGIT | GROUP_LOWER_2, GROUP_DIGIT | GROUP_LOWER_2,
                      GROUP_DIGIT | GROUP_UPPER | GROUP_LOWER | GROUP_LOWER_2,
                      GROUP_DIGIT | GROUP_LOWER, GROUP_DIGIT, GROUP_DIGIT, GROUP_DIGIT, 0,
                      GROUP_SIGN, GROUP_LOWER, GROUP_SIGN, GROUP_SIGN | GROUP_LOWER, 0));
    const __m256i high_groups = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, GROUP_SIGN, GROUP_DIGIT, GROUP_UPPER, 0, GROUP_LOWER, GROUP_LOWER_2, 0,
                      0, 0, 0, 0, 0, 0, 0));
    const __m256i half = _mm256_set1_epi8(0x0F);
    __m256i low = _mm256_and_si256(bytes, half);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
    __m256i groups = _mm256_and_si256(_mm256_shuffle_epi8(low_groups, low),
                                      _mm256_shuffle_epi8(high_groups, high));
    return _mm256_cmpeq_epi8(groups, _mm256_setzero_si256());
}

/* A space of JSON is the one byte that its low half allows; bytes above 0x7F find 0 and are none.
 */
AVX2 INLINE __m256i is_space_avx2(__m256i bytes)
{
    const __m256i space = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0));
    return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(space, bytes), bytes);
}

AVX2 INLINE struct block block_avx2(const __m256i half[2], uint64_t valid)
{
    const __m256i last = _mm256_set1_epi8(CONTROL_LAST);
    __m256i control_low = _mm256_cmpeq_epi8(_mm256_min_epu8(half[0], last), half[0]);
    __m256i control_high = _mm256_cmpeq_epi8(_mm256_min_epu8(half[1], last), half[1]);
    uint64_t quote = equal_avx2(half, _mm256_set1_epi8('"'));
    uint64_t scalar = ~mask_avx2(not_scalar_avx2(half[0]), not_scalar_avx2(half[1]));
    uint64_t space = mask_avx2(is_space_avx2(half[0]), is_space_avx2(half[1]));
    return (struct block){
        .quote = quote & valid,
        .backslash = equal_avx2(half, _mm256_set1_epi8('\\')) & valid,
        .plain = ~(quote | scalar | space) & valid,
        .scalar = scalar & valid,
        .control = mask_avx2(control_low, control_high) & valid,
    };
}

/* Write a block's tokens. */
AVX2 INLINE void add_avx2(struct span line, size_t base, uint64_t bits, uint32_t *positions,
                          uint8_t *classes)
{
    size_t count = (size_t)_mm_popcnt_u64(bits);
    for (size_t done = 0; done < count; done += ADD_STEP) {
#pragma GCC unroll 8
        for (size_t i = 0; i < ADD_STEP; i++) {
            size_t at = base + _tzcnt_u64(bits); /* base + 64 once there are no more */
            positions[done + i] = (uint32_t)at;
            classes[done + i] = record_class_of[line.data[at]];
            bits = _blsr_u64(bits);
        }
    }
}

AVX2 enum record_fault record_index_avx2(struct span line, struct record_tokens *ret)
{
    struct carry carry = { 0 };
    uint64_t non_ascii = 0;
    size_t count = 0;
    for (size_t base = 0; base < line.size; base += BLOCK_SIZE) {
        const __m256i half[2] = {
            _mm256_loadu_si256((const __m256i *)(const void *)(line.data + base)),
            _mm256_loadu_si256((const __m256i *)(const void *)(line.data + base + BLOCK_SIZE / 2)),
        };
        uint64_t valid = valid_bytes(line.size - base);
        struct block block = block_avx2(half, valid);
        non_ascii |= mask_avx2(half[0], half[1]) & valid;
        uint64_t bits = block_tokens(&block, &carry);
        add_avx2(line, base, bits, ret->positions + count, ret->classes + count);
        count += (size_t)_mm_popcnt_u64(bits);
    }
    ret->count = count;
    ret->escapes = carry.backslash != 0;
    ret->non_ascii = non_ascii != 0;
    return record_index_end(line, carry.refused != 0, carry.in_string != 0, ret);
}

/* The class of each byte, looked up by its low seven bits in a table of 128. */
AVX512 INLINE __m512i classes_avx512(__m512i bytes)
{
    __m512i low = _mm512_loadu_si512(record_class_of);
    __m512i high = _mm512_loadu_si512(record_class_of + BLOCK_SIZE);
    return _mm512_permutex2var_epi8(low, bytes, high);
}

AVX512 INLINE struct block block_avx512(__m512i bytes, __m512i classes)
{
    __m512i scalar_bit = _mm512_set1_epi8(RECORD_CLASS_SCALAR_BIT);
    return (struct block){
        .quote = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')),
        .backslash = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')),
        .plain = _mm512_movepi8_mask(classes),
        .scalar = _mm512_test_epi8_mask(classes, scalar_bit),
    };
}

/* Write a block's tokens: both rows are compressed, never looped over. `start` is the block's own
 * position, in each of its 16 places. */
AVX512 INLINE void add_avx512(__m512i start, uint64_t bits, __m512i classes, uint32_t *positions,
                              uint8_t *ret_classes)
{
    static const uint8_t counting[BLOCK_SIZE] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
    };
    __m512i offsets = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(counting));
    __m512i first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(offsets));
    classes = _mm512_maskz_compress_epi8(bits, classes);
    _mm512_storeu_si512(positions, _mm512_add_epi32(first, start));
    _mm512_storeu_si512(ret_classes, classes);
    __m512i second = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(offsets, 1));
    _mm512_storeu_si512(positions + 16, _mm512_add_epi32(second, start));
    if (__builtin_expect(_mm_popcnt_u64(bits) > 32, 0)) { /* rare: "[[[[", "1,1,1" */
        __m512i third = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(offsets, 2));
        __m512i fourth = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(offsets, 3));
        _mm512_storeu_si512(positions + 32, _mm512_add_epi32(third, start));
        _mm512_storeu_si512(positions + 48, _mm512_add_epi32(fourth, start));
    }
}

/* The bytes at the end of the line, with spaces behind them. */
AVX512 INLINE __m512i load_last_avx512(struct span rest)
{
    const __m512i spaces = _mm512_set1_epi8(' ');
    return _mm512_mask_loadu_epi8(spaces, valid_bytes(rest.size), rest.data);
}

/* What a pass says of the whole line. */
struct outcome {
    struct carry carry;
    size_t count;
    bool non_ascii;
    bool control; /* a byte below 0x20, wherever it stands */
};

/* The pass, for lines of printable ASCII (`exact` false: what else there is, is only noticed) and
 * for all lines. The first saves a third of the time, and nearly all lines are such. */
AVX512 INLINE struct outcome pass_avx512(struct span line, bool exact, struct record_tokens *tokens)
{
    const __m512i control_last = _mm512_set1_epi8(CONTROL_LAST);
    const __m512i foreign = _mm512_set1_epi8((char)RECORD_CLASS_FOREIGN);
    struct carry carry = { 0 };
    struct span rest = line;
    uint32_t *positions = tokens->positions;
    uint8_t *ret_classes = tokens->classes;
    __m512i start = _mm512_setzero_si512();
    __m512i any = _mm512_setzero_si512();
    __m512i least = _mm512_set1_epi8(' ');
    while (rest.size > 0) {
        bool whole = rest.size >= BLOCK_SIZE;
        __m512i bytes = whole ? _mm512_loadu_si512(rest.data) : load_last_avx512(rest);
        __m512i classes = classes_avx512(bytes);
        any = _mm512_or_si512(any, bytes);
        least = _mm512_min_epu8(least, bytes);
        if (exact) {
            classes = _mm512_mask_mov_epi8(classes, _mm512_movepi8_mask(bytes), foreign);
        }
        struct block block = block_avx512(bytes, classes);
        if (exact) {
            block.control = _mm512_cmple_epu8_mask(bytes, control_last);
        }
        uint64_t bits = block_tokens(&block, &carry);
        add_avx512(start, bits, classes, positions, ret_classes);
        positions += _mm_popcnt_u64(bits);
        ret_classes += _mm_popcnt_u64(bits);
        start = _mm512_add_epi32(start, _mm512_set1_epi32(BLOCK_SIZE));
        rest.data += BLOCK_SIZE;
        rest.size -= whole ? BLOCK_SIZE : rest.size;
    }
    return (struct outcome){
        .carry = carry,
        .count = (size_t)(ret_classes - tokens->classes),
        .non_ascii = _mm512_movepi8_mask(any) != 0,
        .control = _mm512_cmple_epu8_mask(least, control_last) != 0,
    };
}

AVX512 enum record_fault record_index_avx512(struct span line, struct record_tokens *ret)
{
    struct outcome outcome = pass_avx512(line, false, ret);
    if (outcome.non_ascii || outcome.control) {
        outcome = pass_avx512(line, true, ret);
    }
    ret->count = outcome.count;
    ret->escapes = outcome.carry.backslash != 0;
    ret->non_ascii = outcome.non_ascii;
    return record_index_end(line, outcome.carry.refused != 0, outcome.carry.in_string != 0, ret);
}

#endif
