// SPDX-License-Identifier: EUPL-1.2
/*
 * The steps of record_page.h, with AVX-512 and without. The masks of a block are those of
 * record_index_x86.c; what differs is that here a line's end is a token, and nothing is asked of
 * the block where a line ends.
 *
 * Budget: 15 cycles for 64 bytes (bench/watch_bench.c, "scan"). The intrinsics are x86's own loads
 * and stores, so no span_copy here.
 */
#include "base/must.h"
#include "format/record_page.h"

/* A byte that makes its line odd; classes have room for the bit. */
enum { CLASS_ODD_BIT = 0x08, CLASS_ODD = RECORD_CLASS_FOREIGN | CLASS_ODD_BIT };

enum { BLOCK_SIZE = RECORD_SHEET_BLOCK_SIZE, ASCII_COUNT = 128 };

/* The class of a byte of ASCII, as it stands in a page. */
static uint8_t class_of(uint8_t byte)
{
    if (byte == '\n') {
        return RECORD_CLASS_LINE_END;
    }
    return byte < ' ' || byte == '\\' ? (uint8_t)CLASS_ODD : record_class_of[byte];
}

static void odd_add(struct record_sheet *sheet, size_t at)
{
    size_t block = at / BLOCK_SIZE;
    sheet->odd[block / 64] |= (uint64_t)1 << block % 64; /* bits of a word */
    sheet->any_odd = true;
}

static void sheet_begin(struct record_sheet *sheet)
{
    sheet->count = 0;
    sheet->broken = false;
    sheet->any_odd = false;
    memset(sheet->odd, 0, sizeof sheet->odd);
}

static void tokens_scalar(struct span bytes, struct record_sheet *ret)
{
    bool in_string = false;
    bool escaped = false;
    uint8_t before = RECORD_CLASS_NONE;
    sheet_begin(ret);
    for (size_t at = 0; at < bytes.size; at++) {
        uint8_t byte = bytes.data[at];
        uint8_t class = byte < ASCII_COUNT ? class_of(byte) : (uint8_t)CLASS_ODD;
        bool quote = class == RECORD_CLASS_QUOTE && !escaped;
        in_string ^= quote; /* so an opening quote is inside, a closing one is not */
        bool plain = (class & RECORD_CLASS_PLAIN_BIT) != 0;
        bool scalar_begin = (class & ~before & RECORD_CLASS_SCALAR_BIT) != 0;
        if (in_string ? quote : plain || scalar_begin) {
            ret->positions[ret->count] = (uint16_t)at;
            ret->classes[ret->count] = class;
            ret->count++;
        }
        if ((class & CLASS_ODD_BIT) != 0) {
            odd_add(ret, at);
        }
        ret->broken |= in_string && class == RECORD_CLASS_LINE_END;
        escaped = !escaped && byte == '\\';
        before = class;
    }
}

/* Any hash will do: what is found by it is compared. */
static void hashes_scalar(const uint8_t *classes, const uint32_t *ends, size_t count, uint32_t *ret)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = 0x811C9DC5u; /* FNV-1a: its offset, and its prime below */
        for (; at < ends[i]; at++) {
            hash = (hash ^ classes[at]) * 0x01000193u;
        }
        ret[i] = hash;
        at++; /* the line's end */
    }
}

static unsigned oddness_scalar(struct span text)
{
    unsigned odd = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        odd |= byte < ' ' || byte >= ASCII_COUNT ? RECORD_ODD_BYTE : 0;
        odd |= byte == '\\' ? RECORD_ODD_ESCAPE : 0;
    }
    return odd;
}

static void places_scalar(const struct record_page *page, const uint32_t *hashes, size_t count,
                          uint16_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        size_t first = (size_t)(hashes[i] % RECORD_PAGE_BUCKET_COUNT) * RECORD_PAGE_WAY_COUNT;
        size_t way = 0;
        while (way < RECORD_PAGE_WAY_COUNT && page->hashes[first + way] != hashes[i]) {
            way++;
        }
        bool found = way < RECORD_PAGE_WAY_COUNT;
        ret[i] = found ? (uint16_t)(first + way) : (uint16_t)RECORD_PAGE_NONE;
    }
}

static size_t ends_scalar(const struct record_sheet *sheet, uint32_t *ends, size_t count_max)
{
    size_t count = 0;
    for (size_t i = 0; i < sheet->count && count < count_max; i++) {
        if (sheet->classes[i] == RECORD_CLASS_LINE_END) {
            ends[count] = (uint32_t)i;
            count++;
        }
    }
    return count;
}

static bool check_holds(const struct record_check *check, const uint8_t *pieces,
                        const struct record_page_line *line)
{
    const struct record_piece *piece = (const void *)(pieces + check->piece);
    const uint8_t *got = line->data + line->positions[check->token] + check->offset;
    for (size_t i = 0; i < RECORD_PIECE_SIZE; i++) {
        if (((got[i] ^ piece->bytes[i]) & piece->mask[i]) != 0) {
            return false;
        }
    }
    return true;
}

static bool holds_one(const struct record_page_group *group, const struct record_page_line *line,
                      const uint8_t *classes)
{
    const struct record_memo *memo = group->memo;
    const struct record_memo_parts parts = record_memo_parts(memo);
    if (line->token_count != memo->token_count ||
        memcmp(classes, parts.classes, line->token_count) != 0) {
        return false;
    }
    for (size_t i = 0; i < memo->check_count; i++) {
        if (!check_holds(&parts.checks[i], (const uint8_t *)group->pieces, line)) {
            return false;
        }
    }
    return true;
}

static uint64_t holds_scalar(const struct record_page_group *group, const struct record_page *page)
{
    uint64_t holds = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct record_page_line *line = group->lines[i];
        bool one = holds_one(group, line, record_page_classes(page, line));
        holds |= (uint64_t)(one ? 1 : 0) << i;
    }
    return holds;
}

const struct record_page_way record_page_scalar = {
    .name = "scalar",
    .tokens = tokens_scalar,
    .ends = ends_scalar,
    .oddness = oddness_scalar,
    .hashes = hashes_scalar,
    .places = places_scalar,
    .holds = holds_scalar,
};

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512                                                                                     \
    __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul,avx512f,avx512bw,avx512dq,avx512vl,"  \
                          "avx512vbmi,avx512vbmi2")))
#define INLINE __attribute__((always_inline)) static inline

/* What one block hands on to the next. */
struct carry {
    uint64_t in_string;        /* all ones: the next block begins inside a string */
    uint64_t scalar;           /* 1: the last byte belonged to a number or literal */
    uint64_t escaped;          /* 1: the next byte stands behind a backslash that counts */
    uint64_t line_ends_inside; /* not 0: a line ended inside a string */
};

/* Bit i of the result is the exclusive or of bits 0 .. i: a carry-less product with all ones. */
AVX512 INLINE uint64_t parity_prefix(uint64_t bits)
{
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)bits), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* The bytes that stand behind a backslash which does not itself stand behind one. */
AVX512 INLINE uint64_t escaped_bytes(uint64_t backslash, uint64_t *carry)
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

static const uint8_t counting[BLOCK_SIZE] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

/* Both halves of ASCII's classes. */
struct class_table {
    __m512i low;
    __m512i high;
};

AVX512 INLINE struct class_table class_table_load(void)
{
    uint8_t classes[ASCII_COUNT];
    for (size_t i = 0; i < ASCII_COUNT; i++) {
        classes[i] = class_of((uint8_t)i);
    }
    return (struct class_table){ _mm512_loadu_si512(classes),
                                 _mm512_loadu_si512(classes + BLOCK_SIZE) };
}

/* What is to be done about odd bytes: which quotes count no more, and of what class those above
 * 0x7F are, which the table takes for others. */
AVX512 INLINE uint64_t odd_quotes(__m512i bytes, uint64_t odd, size_t at, struct carry *carry,
                                  struct record_sheet *sheet, __m512i *classes)
{
    uint64_t backslash = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\'));
    if (odd != 0) {
        odd_add(sheet, at);
    }
    *classes = _mm512_mask_mov_epi8(*classes, _mm512_movepi8_mask(bytes),
                                    _mm512_set1_epi8((char)CLASS_ODD));
    return escaped_bytes(backslash, &carry->escaped);
}

/* The tokens that begin in a block; their classes are put right. */
AVX512 INLINE uint64_t block_tokens(__m512i bytes, __m512i *classes, size_t at, struct carry *carry,
                                    struct record_sheet *sheet)
{
    const __m512i line_ends = _mm512_set1_epi8('\n');
    const __m512i scalar_bit = _mm512_set1_epi8(RECORD_CLASS_SCALAR_BIT);
    uint64_t quote = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"'));
    /* The odd bit, moved up to where bytes above 0x7F have theirs. */
    uint64_t odd = _mm512_movepi8_mask(_mm512_or_si512(_mm512_slli_epi16(*classes, 4), bytes));
    if (__builtin_expect((odd | carry->escaped) != 0, 0)) {
        quote &= ~odd_quotes(bytes, odd, at, carry, sheet, classes);
    }
    uint64_t plain = _mm512_movepi8_mask(*classes);
    uint64_t scalar = _mm512_test_epi8_mask(*classes, scalar_bit);
    /* Opening quotes are inside, closing quotes are not. */
    uint64_t inside = parity_prefix(quote) ^ carry->in_string;
    carry->in_string = 0 - (inside >> (BLOCK_SIZE - 1));
    uint64_t scalar_begin = scalar & ~(scalar << 1 | carry->scalar);
    carry->scalar = scalar >> (BLOCK_SIZE - 1);
    carry->line_ends_inside |= _mm512_cmpeq_epi8_mask(bytes, line_ends) & inside;
    return ((plain | scalar_begin) & ~inside) | (quote & inside);
}

/* 32 places from their offsets in the block. */
AVX512 INLINE void positions_store(uint16_t *positions, __m256i offsets, __m512i start)
{
    _mm512_storeu_si512(positions, _mm512_add_epi16(_mm512_cvtepu8_epi16(offsets), start));
}

AVX512 static void tokens_avx512(struct span text, struct record_sheet *ret)
{
    const struct class_table table = class_table_load();
    const __m512i all = _mm512_loadu_si512(counting);
    struct carry carry = { 0 };
    uint16_t *positions = ret->positions;
    uint8_t *ret_classes = ret->classes;
    __m512i start = _mm512_setzero_si512();
    sheet_begin(ret);
    for (size_t at = 0; at < text.size; at += BLOCK_SIZE) {
        __m512i bytes = _mm512_loadu_si512(text.data + at);
        if (text.size - at < BLOCK_SIZE) { /* spaces behind the end */
            __mmask64 valid = _bzhi_u64(UINT64_MAX, (unsigned)(text.size - at));
            bytes = _mm512_mask_mov_epi8(_mm512_set1_epi8(' '), valid, bytes);
        }
        __m512i classes = _mm512_permutex2var_epi8(table.low, bytes, table.high);
        uint64_t bits = block_tokens(bytes, &classes, at, &carry, ret);
        __m512i offsets = _mm512_maskz_compress_epi8(bits, all);
        size_t count = (size_t)_mm_popcnt_u64(bits);
        _mm512_storeu_si512(ret_classes, _mm512_maskz_compress_epi8(bits, classes));
        positions_store(positions, _mm512_castsi512_si256(offsets), start);
        if (__builtin_expect(count > 32, 0)) { /* rare: "[[[[", "1,1,1" */
            positions_store(positions + 32, _mm512_extracti64x4_epi64(offsets, 1), start);
        }
        positions += count;
        ret_classes += count;
        start = _mm512_add_epi16(start, _mm512_set1_epi16(BLOCK_SIZE));
    }
    ret->count = (size_t)(ret_classes - ret->classes);
    ret->broken = carry.line_ends_inside != 0;
}

/* The numbers of a block's line ends are compressed, never looped over. `ends` has room for a block
 * behind the last. */
AVX512 static size_t ends_avx512(const struct record_sheet *sheet, uint32_t *ends, size_t count_max)
{
    const __m512i class = _mm512_set1_epi8((char)RECORD_CLASS_LINE_END);
    const __m512i all = _mm512_loadu_si512(counting);
    size_t count = 0;
    for (size_t at = 0; at < sheet->count && count < count_max; at += BLOCK_SIZE) {
        uint64_t bits = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(sheet->classes + at), class);
        size_t rest = sheet->count - at;
        bits = rest < BLOCK_SIZE ? _bzhi_u64(bits, (unsigned)rest) : bits;
        __m512i offsets = _mm512_maskz_compress_epi8(bits, all);
        __m512i start = _mm512_set1_epi32((int)at);
        size_t found = (size_t)_mm_popcnt_u64(bits);
        for (size_t done = 0; done < found; done += 16) { /* as many as a vector holds */
            __m512i part = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(offsets));
            _mm512_storeu_si512(ends + count + done, _mm512_add_epi32(part, start));
            offsets = _mm512_alignr_epi64(_mm512_setzero_si512(), offsets, 2);
        }
        count += found;
    }
    return count < count_max ? count : count_max;
}

/* Classes of a row, `rest` of which are left; zeros behind them. */
AVX512 INLINE __m512i row_load(const uint8_t *classes, size_t rest)
{
    unsigned count = rest < BLOCK_SIZE ? (unsigned)rest : (unsigned)BLOCK_SIZE;
    return _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, count), classes);
}

/* The sum of eight numbers; the compiler's own reduction adds them as signed ones. */
AVX512 INLINE uint64_t row_sum(__m512i row)
{
    __m256i half = _mm256_add_epi64(_mm512_castsi512_si256(row), _mm512_extracti64x4_epi64(row, 1));
    __m128i pair = _mm_add_epi64(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    return (uint64_t)_mm_cvtsi128_si64(pair) + (uint64_t)_mm_extract_epi64(pair, 1);
}

/* A sum of products of which the upper half depends on all classes; odd factors, bits well spread.
 */
AVX512 INLINE uint32_t hash_avx512(const uint8_t *classes, size_t count)
{
    const __m512i first = _mm512_setr_epi64(
        (int64_t)0x9E3779B97F4A7C15u, (int64_t)0xD6E8FEB86659FD93u, (int64_t)0xBF58476D1CE4E5B9u,
        (int64_t)0x94D049BB133111EBu, (int64_t)0xC2B2AE3D27D4EB4Fu, (int64_t)0x165667B19E3779F9u,
        (int64_t)0xFF51AFD7ED558CCDu, (int64_t)0xC4CEB9FE1A85EC53u);
    const __m512i next = _mm512_set1_epi64((int64_t)0x6A09E667F3BCC908u); /* even: they stay odd */
    /* Two rows at least: few lines have more, and how many a line has cannot be guessed. */
    size_t behind = count > BLOCK_SIZE ? count - BLOCK_SIZE : 0;
    __m512i factors = _mm512_add_epi64(first, next);
    __m512i sum = _mm512_mullo_epi64(row_load(classes, count), first);
    sum =
        _mm512_add_epi64(sum, _mm512_mullo_epi64(row_load(classes + BLOCK_SIZE, behind), factors));
    for (size_t at = (size_t)2 * BLOCK_SIZE; at < count; at += BLOCK_SIZE) {
        factors = _mm512_add_epi64(factors, next);
        sum =
            _mm512_add_epi64(sum, _mm512_mullo_epi64(row_load(classes + at, count - at), factors));
    }
    return (uint32_t)(row_sum(sum) >> 32);
}

AVX512 static void hashes_avx512(const uint8_t *classes, const uint32_t *ends, size_t count,
                                 uint32_t *ret)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        ret[i] = hash_avx512(classes + at, ends[i] - at);
        at = (size_t)ends[i] + 1;
    }
}

AVX512 static unsigned oddness_avx512(struct span text)
{
    uint64_t odd = 0;
    uint64_t escapes = 0;
    for (size_t at = 0; at < text.size; at += BLOCK_SIZE) {
        size_t rest = text.size - at;
        uint64_t valid = _bzhi_u64(UINT64_MAX, rest < BLOCK_SIZE ? (unsigned)rest : BLOCK_SIZE);
        __m512i bytes = _mm512_loadu_si512(text.data + at);
        /* As signed numbers, bytes above 0x7F are below a space, too. */
        odd |= valid & _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(' '));
        escapes |= valid & _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\'));
    }
    return (odd != 0 ? RECORD_ODD_BYTE : 0u) | (escapes != 0 ? RECORD_ODD_ESCAPE : 0u);
}

/* All ways of a bucket are compared at once. */
AVX512 static void places_avx512(const struct record_page *page, const uint32_t *hashes,
                                 size_t count, uint16_t *ret)
{
    _Static_assert(RECORD_PAGE_WAY_COUNT * sizeof *page->hashes == sizeof(__m256i), "one load");
    for (size_t i = 0; i < count; i++) {
        size_t first = (size_t)(hashes[i] % RECORD_PAGE_BUCKET_COUNT) * RECORD_PAGE_WAY_COUNT;
        __m256i ways = _mm256_loadu_si256((const __m256i *)(const void *)(page->hashes + first));
        unsigned equal = _mm256_cmpeq_epi32_mask(ways, _mm256_set1_epi32((int)hashes[i]));
        size_t place = first + _tzcnt_u32(equal);
        ret[i] = equal != 0 ? (uint16_t)place : (uint16_t)RECORD_PAGE_NONE;
    }
}

/* A key that is remembered, quotes included, is no longer than the line's padding: so what is read
 * of a line is its own or padding, and the mask takes away what is not of the key. */
AVX512 INLINE __m128i check_add(__m128i different, const struct record_check *check,
                                const uint8_t *pieces, const uint8_t *data,
                                const uint16_t *positions)
{
    /* In one load, as loads are what there is most of. */
    uint64_t packed;
    memcpy(&packed, check, sizeof packed); /* memcpy: one load; span_copy() would be a call */
    const uint8_t *piece = pieces + (packed >> 32);
    const uint8_t *at = data + positions[(uint16_t)packed] + (uint16_t)(packed >> 16);
    __m128i got = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i differs = _mm_xor_si128(got, *(const __m128i *)(const void *)piece);
    /* different | (differs & mask) */
    return _mm_ternarylogic_epi64(different, differs, *(const __m128i *)(const void *)(piece + 16),
                                  0xF8);
}

AVX512 INLINE bool holds_one_avx512(const struct record_memo *memo,
                                    const struct record_memo_parts *parts, const uint8_t *pieces,
                                    const uint8_t *data, const uint8_t *classes,
                                    const uint16_t *positions)
{
    __mmask64 wrong = 0;
    for (size_t at = 0; at < memo->token_count; at += BLOCK_SIZE) {
        __m512i row = row_load(classes + at, memo->token_count - at);
        wrong |= _mm512_cmpneq_epi8_mask(row, _mm512_loadu_si512(parts->classes + at));
    }
    if (wrong != 0) { /* its tokens are not those that the checks are about */
        return false;
    }
    __m128i different = _mm_setzero_si128();
    __m128i different_too = _mm_setzero_si128(); /* so that half of them need not wait */
    const struct record_check *end = parts->checks + memo->check_count;
    for (const struct record_check *check = parts->checks; check < end;
         check += RECORD_MEMO_CHECK_STEP) {
        different = check_add(different, &check[0], pieces, data, positions);
        different_too = check_add(different_too, &check[1], pieces, data, positions);
        different = check_add(different, &check[2], pieces, data, positions);
        different_too = check_add(different_too, &check[3], pieces, data, positions);
    }
    different = _mm_or_si128(different, different_too);
    return _mm_testz_si128(different, different) != 0;
}

AVX512 static uint64_t holds_avx512(const struct record_page_group *group,
                                    const struct record_page *page)
{
    const struct record_memo_parts parts = record_memo_parts(group->memo);
    const uint8_t *pieces = (const uint8_t *)group->pieces;
    uint64_t holds = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct record_page_line *line = group->lines[i];
        bool one = line->token_count == group->memo->token_count &&
                   holds_one_avx512(group->memo, &parts, pieces, line->data,
                                    record_page_classes(page, line), line->positions);
        holds |= (uint64_t)(one ? 1 : 0) << i;
    }
    return holds;
}

const struct record_page_way record_page_avx512 = {
    .name = "avx512",
    .tokens = tokens_avx512,
    .ends = ends_avx512,
    .oddness = oddness_avx512,
    .hashes = hashes_avx512,
    .places = places_avx512,
    .holds = holds_avx512,
};

#endif
