// SPDX-License-Identifier: EUPL-1.2
/*
 * The hot path: bytes of a log field to a key, for addresses, ASCII domain names and digests. Each
 * runs for nearly every field of every log line. IPv4 addresses are read in ipv4.c.
 *
 * Budget: 60 ns an IPv6 address in full length, 0.5 ns a byte of a domain name, 40 ns a SHA-256; no
 * allocation, one pass. bench/value_bench.c shows what it takes.
 *
 * Names are read 16 or eight bytes at a time, without a branch on what the bytes are (0.3 and 0.7
 * ns a byte; byte by byte it is 1.4). The plain reading of a name serves short ones, and a test
 * compares all with it.
 *
 * memcpy stands here where a constant number of bytes moves: the compiler makes one instruction of
 * it.
 */
#include <endian.h>

#include "value/internal.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum {
    IPV6_GROUP_COUNT = 8,
    IPV6_GROUP_DIGITS = 4,
    IPV6_EMBEDDED_GROUPS = 2, /* an IPv4 address at the end stands for two groups */
    ZONE_SIZE_MAX = 64,
    MAPPED_PREFIX_SIZE = 12,
    NO_GAP = -1,
};

/* Eight bytes as a number, the first one lowest. */
enum { WORD_SIZE = 8, BLOCK_SIZE = 16 };

#define EACH_BYTE(byte) (0x0101010101010101u * (uint64_t)(byte))
#define HIGH_BITS       EACH_BYTE(0x80)
#define LOW_BITS        EACH_BYTE(0x7F)

static uint64_t word_load(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

static void word_store(uint8_t *bytes, uint64_t word)
{
    word = htole64(word);
    memcpy(bytes, &word, sizeof word);
}

/* The high bit of each byte that lies in first .. last. The bytes of `word` must be below 0x80, so
 * that no sum runs over into the next byte. */
static uint64_t word_in_range(uint64_t word, uint8_t first, uint8_t last)
{
    uint64_t at_least = word + EACH_BYTE(0x80 - first);
    uint64_t above = word + EACH_BYTE(0x7F - last);
    return at_least & ~above & HIGH_BITS;
}

/* The digit's value, with HEX_VALID set so that a digit is never 0. */
enum { HEX_VALID = 0x10, HEX_MASK = 0x0F };

#define HEX_DIGIT(c)  [c] = HEX_VALID | ((c) - '0'),
#define HEX_LETTER(c) [c] = HEX_VALID | ((c) - 'a' + 10), [(c)-32] = HEX_VALID | ((c) - 'a' + 10),

static const uint8_t hex_table[256] = { VALUE_DIGITS(HEX_DIGIT) HEX_LETTER('a') HEX_LETTER(
    'b') HEX_LETTER('c') HEX_LETTER('d') HEX_LETTER('e') HEX_LETTER('f') };

/* Groups of an IPv6 address as they are read; `gap` is where "::" stood. */
struct groups {
    uint16_t values[IPV6_GROUP_COUNT];
    int count;
    int gap;
};

static bool groups_to_bytes(const struct groups *groups, uint8_t *bytes)
{
    if (groups->gap == NO_GAP ? groups->count != IPV6_GROUP_COUNT
                              : groups->count >= IPV6_GROUP_COUNT) {
        return false;
    }
    int zeros = IPV6_GROUP_COUNT - groups->count;
    int gap = groups->gap == NO_GAP ? IPV6_GROUP_COUNT : groups->gap;
    memset(bytes, 0, VALUE_IPV6_SIZE);
    for (int i = 0; i < groups->count; i++) {
        int place = i < gap ? i : i + zeros;
        bytes[2 * place] = (uint8_t)(groups->values[i] >> 8);
        bytes[2 * place + 1] = (uint8_t)groups->values[i];
    }
    return true;
}

static bool groups_add_ipv4(struct groups *groups, struct span raw)
{
    uint8_t bytes[VALUE_IPV4_SIZE];
    if (groups->count > IPV6_GROUP_COUNT - IPV6_EMBEDDED_GROUPS || !value_ipv4_read(raw, bytes)) {
        return false;
    }
    groups->values[groups->count] = (uint16_t)(bytes[0] << 8 | bytes[1]);
    groups->values[groups->count + 1] = (uint16_t)(bytes[2] << 8 | bytes[3]);
    groups->count += IPV6_EMBEDDED_GROUPS;
    return true;
}

/* Reads groups up to the end. In front of each group the cursor stands on its first digit. */
static bool groups_read(struct groups *groups, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        const uint8_t *begin = at;
        unsigned value = 0;
        while (at < end && at < begin + IPV6_GROUP_DIGITS && hex_table[*at] != 0) {
            value = value << 4 | (hex_table[*at] & HEX_MASK);
            at++;
        }
        if (at < end && *at == '.') {
            return groups_add_ipv4(groups, span_make(begin, (size_t)(end - begin)));
        }
        if (at == begin || groups->count == IPV6_GROUP_COUNT) {
            return false;
        }
        groups->values[groups->count] = (uint16_t)value;
        groups->count++;
        if (at == end) {
            return true;
        }
        if (*at != ':' || at + 1 == end) {
            return false;
        }
        at++;
        if (*at == ':') {
            if (groups->gap != NO_GAP) {
                return false;
            }
            groups->gap = groups->count;
            at++;
        }
    }
    return true;
}

/* "[...]" and "%zone" (RFC 4007 section 11) taken off; an empty span where they are broken. */
static struct span ipv6_strip(struct span raw)
{
    const struct span none = { NULL, 0 };
    if (raw.size > 0 && raw.data[0] == '[') {
        if (raw.size < 2 || raw.data[raw.size - 1] != ']') {
            return none;
        }
        raw = span_slice(raw, 1, raw.size - 1);
    }
    ptrdiff_t percent = span_find(raw, '%');
    if (percent == SPAN_NOT_FOUND) {
        return raw;
    }
    struct span zone = span_from(raw, (size_t)percent + 1);
    if (zone.size == 0 || zone.size > ZONE_SIZE_MAX) {
        return none;
    }
    for (size_t i = 0; i < zone.size; i++) {
        bool plain = zone.data[i] > ' ' && zone.data[i] < 0x7F;
        if (!plain || zone.data[i] == '/' || zone.data[i] == '[' || zone.data[i] == ']') {
            return none;
        }
    }
    return span_slice(raw, 0, (size_t)percent);
}

bool value_ipv6_read(struct span raw, uint8_t *bytes)
{
    struct span text = ipv6_strip(raw);
    if (text.size < 2) {
        return false;
    }
    struct groups groups = { .gap = NO_GAP };
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.size;
    if (at[0] == ':') {
        if (at[1] != ':') {
            return false;
        }
        groups.gap = 0;
        at += 2;
    }
    return groups_read(&groups, at, end) && groups_to_bytes(&groups, bytes);
}

bool value_ipv6_is_mapped(const uint8_t *bytes)
{
    static const uint8_t prefix[MAPPED_PREFIX_SIZE] = { [10] = 0xFF, [11] = 0xFF };
    return memcmp(bytes, prefix, sizeof prefix) == 0;
}

/* Most of what is no IPv4 address is a name, and has no colon near its beginning. */
static bool ipv6_is_likely(struct span raw)
{
    if (raw.size < WORD_SIZE) {
        return raw.size >= 2;
    }
    uint64_t word = word_load(raw.data);
    uint64_t colons = word_in_range(word & LOW_BITS, ':', ':');
    return (colons & ~word) != 0;
}

/* What is no IPv4 address. */
static size_t address_read_ipv6(struct span raw, uint8_t *key)
{
    if (!ipv6_is_likely(raw) || !value_ipv6_read(raw, key)) {
        return 0;
    }
    if (value_ipv6_is_mapped(key)) {
        memcpy(key, key + MAPPED_PREFIX_SIZE, VALUE_IPV4_SIZE);
        return VALUE_IPV4_SIZE;
    }
    return VALUE_IPV6_SIZE;
}

size_t value_key_address(struct span raw, uint8_t *key)
{
    return value_ipv4_read(raw, key) ? VALUE_IPV4_SIZE : address_read_ipv6(raw, key);
}

/* Most names end in a letter, which is seen at once. */
size_t value_key_address_padded(struct span raw, uint8_t *key)
{
    bool digit_last = raw.size > 0 && (unsigned)raw.data[raw.size - 1] - '0' <= 9;
    if (digit_last && value_ipv4_read_padded(raw, key)) {
        return VALUE_IPV4_SIZE;
    }
    return address_read_ipv6(raw, key);
}

/* What a byte of a name becomes: itself in lower case, or 0 where no name may hold it. Underscores
 * are no letters of host names, but of names that are looked up: "_dmarc.example.org". */
#define DOMAIN_LETTER(c) [c] = (c), [(c)-32] = (c),
#define DOMAIN_SAME(c)   [c] = (c),

static const uint8_t domain_table[256] = { VALUE_LETTERS(DOMAIN_LETTER) VALUE_DIGITS(DOMAIN_SAME)
                                               DOMAIN_SAME('-') DOMAIN_SAME('_') DOMAIN_SAME('.') };

/* A name whose last label is a number is an address or a part of one, in one program or another. */
static bool last_label_is_number(const uint8_t *name, size_t size)
{
    while (size > 0 && name[size - 1] >= '0' && name[size - 1] <= '9') {
        size--;
    }
    return size == 0 || name[size - 1] == '.';
}

struct name_word {
    uint64_t lower; /* the bytes in lower case */
    uint64_t dots;  /* the high bit of each byte that is a dot */
    uint64_t bad;   /* not 0 where a byte stands in no name */
};

static inline struct name_word name_word_load(const uint8_t *raw)
{
    uint64_t word = word_load(raw);
    uint64_t lower = word & LOW_BITS;
    lower |= word_in_range(lower, 'A', 'Z') >> 2;
    uint64_t dots = word_in_range(lower, '.', '.');
    uint64_t good = dots | word_in_range(lower, 'a', 'z') | word_in_range(lower, '0', '9') |
                    word_in_range(lower, '-', '-') | word_in_range(lower, '_', '_');
    return (struct name_word){ lower, dots, (word | ~good) & HIGH_BITS };
}

/* Copies a name of at least WORD_SIZE bytes in lower case; false where it holds a wrong byte,
 * begins with a dot, or two dots stand together. */
static bool name_copy_words(const uint8_t *raw, size_t size, uint8_t *key)
{
    uint64_t bad = 0;
    uint64_t dot_before = 0x80; /* as if a dot stood before the name */
    size_t at = 0;
    do {
        struct name_word word = name_word_load(raw + at);
        word_store(key + at, word.lower);
        bad |= word.bad | (word.dots & (word.dots << 8 | dot_before));
        dot_before = word.dots >> 56;
        at += WORD_SIZE;
    } while (at + WORD_SIZE <= size);
    /* The rest is read as a word that begins within the last one. */
    struct name_word word = name_word_load(raw + size - WORD_SIZE);
    word_store(key + size - WORD_SIZE, word.lower);
    bad |= word.bad | (word.dots & word.dots << 8);
    return bad == 0;
}

#if defined(__SSE2__)

struct name_block {
    __m128i lower; /* 16 bytes in lower case */
    unsigned dots; /* bit n: byte n is a dot */
    unsigned bad;  /* not 0 where a byte stands in no name */
};

/* All ones for each byte of a range of ASCII; others above 0x7F are below any. */
static inline __m128i block_in_range(__m128i bytes, char first, char last)
{
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8((char)(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8((char)(last + 1))));
}

static inline struct name_block name_block_load(const uint8_t *raw)
{
    const __m128i case_bit = _mm_set1_epi8('a' - 'A');
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)raw);
    __m128i lower = _mm_or_si128(bytes, _mm_and_si128(block_in_range(bytes, 'A', 'Z'), case_bit));
    __m128i dots = _mm_cmpeq_epi8(lower, _mm_set1_epi8('.'));
    __m128i good = _mm_or_si128(block_in_range(lower, 'a', 'z'), block_in_range(lower, '0', '9'));
    good = _mm_or_si128(good, block_in_range(lower, '-', '.'));
    good = _mm_or_si128(good, _mm_cmpeq_epi8(lower, _mm_set1_epi8('_')));
    return (struct name_block){ lower, (unsigned)_mm_movemask_epi8(dots),
                                (unsigned)_mm_movemask_epi8(good) ^ UINT16_MAX };
}

static inline void block_store(uint8_t *key, __m128i block)
{
    _mm_storeu_si128((__m128i *)(void *)key, block);
}

/* As name_copy_words(), of at least BLOCK_SIZE bytes. */
static bool name_copy_blocks(const uint8_t *raw, size_t size, uint8_t *key)
{
    unsigned bad = 0;
    unsigned dot_before = 1;
    size_t at = 0;
    do {
        struct name_block block = name_block_load(raw + at);
        block_store(key + at, block.lower);
        bad |= block.bad | (block.dots & (block.dots << 1 | dot_before));
        dot_before = block.dots >> (BLOCK_SIZE - 1);
        at += BLOCK_SIZE;
    } while (at + BLOCK_SIZE <= size);
    struct name_block block = name_block_load(raw + size - BLOCK_SIZE);
    block_store(key + size - BLOCK_SIZE, block.lower);
    bad |= block.bad | (block.dots & block.dots << 1);
    return bad == 0;
}

#else

static bool name_copy_blocks(const uint8_t *raw, size_t size, uint8_t *key)
{
    return name_copy_words(raw, size, key);
}

#endif

static bool name_copy_bytes(const uint8_t *raw, size_t size, uint8_t *key)
{
    uint8_t before = '.';
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = domain_table[raw[i]];
        if (byte == 0 || (byte == '.' && before == '.')) {
            return false;
        }
        key[i] = byte;
        before = byte;
    }
    return true;
}

static bool labels_fit(const uint8_t *name, size_t size)
{
    size_t label_size = 0;
    for (size_t i = 0; i < size; i++) {
        label_size = name[i] == '.' ? 0 : label_size + 1;
        if (label_size > VALUE_LABEL_SIZE_MAX) {
            return false;
        }
    }
    return true;
}

size_t value_domain_read_ascii(struct span raw, uint8_t *key)
{
    size_t size = raw.size;
    if (size > 0 && raw.data[size - 1] == '.') {
        size--;
    }
    if (size == 0 || size > VALUE_DOMAIN_SIZE_MAX || raw.data[size - 1] == '.') {
        return 0;
    }
    bool good = size >= BLOCK_SIZE  ? name_copy_blocks(raw.data, size, key)
                : size >= WORD_SIZE ? name_copy_words(raw.data, size, key)
                                    : name_copy_bytes(raw.data, size, key);
    if (!good || (size > VALUE_LABEL_SIZE_MAX && !labels_fit(key, size))) {
        return 0;
    }
    uint8_t last = raw.data[size - 1];
    bool ends_in_digit = last >= '0' && last <= '9';
    if (ends_in_digit && last_label_is_number(key, size)) {
        return 0;
    }
    return size;
}

size_t value_key_domain(struct span raw, uint8_t *key)
{
    size_t size = value_domain_read_ascii(raw, key);
    if (__builtin_expect(size == 0, 0)) {
        return value_domain_read_unicode(raw, key);
    }
    return size;
}

static size_t digest_size(size_t text_size, enum value_kind *ret_kind, size_t *ret_step)
{
    static const struct {
        size_t size;
        enum value_kind kind;
    } digests[] = {
        { VALUE_SHA256_SIZE, VALUE_SHA256 },
        { VALUE_MD5_SIZE, VALUE_MD5 },
        { VALUE_SHA1_SIZE, VALUE_SHA1 },
        { VALUE_SHA512_SIZE, VALUE_SHA512 },
    };
    for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
        size_t size = digests[i].size;
        bool with_colons = text_size == 3 * size - 1;
        if (text_size == 2 * size || with_colons) {
            *ret_kind = digests[i].kind;
            *ret_step = with_colons ? 3 : 2;
            return size;
        }
    }
    return 0;
}

size_t value_key_digest(struct span raw, uint8_t *key, enum value_kind *ret_kind)
{
    enum value_kind kind = VALUE_NONE;
    size_t step = 0; /* from one byte's digits to the next's */
    size_t size = digest_size(raw.size, &kind, &step);
    if (size == 0) {
        return 0;
    }
    unsigned valid = HEX_VALID;
    for (size_t i = 0; i < size; i++) {
        unsigned high = hex_table[raw.data[step * i]];
        unsigned low = hex_table[raw.data[step * i + 1]];
        valid &= high & low;
        key[i] = (uint8_t)((high & HEX_MASK) << 4 | (low & HEX_MASK));
    }
    for (size_t i = 2; step == 3 && i < raw.size; i += 3) {
        valid = raw.data[i] == ':' ? valid : 0;
    }
    if (valid == 0) {
        return 0;
    }
    *ret_kind = kind;
    return size;
}
