// SPDX-License-Identifier: EUPL-1.2
#include "bench/indicator.h"

#include <inttypes.h>

enum {
    HUNDRED = 100,
    STEP = 37, /* no common factor with 100: kinds take turns in the list */
    LETTERS = 26,
    CODE_LETTERS = 5,
    CODE_COUNT = 11881376, /* 26 to the fifth */
    CODE_STEP = 7368787,   /* no common factor with 26 */
    IPV6_RANGE_EVERY = 10, /* every tenth range is of IPv6 */
};

static const unsigned shares[VALUE_KIND_COUNT] = {
    [VALUE_DOMAIN] = 45, [VALUE_IPV4] = 25, [VALUE_IPV6] = 5, [VALUE_CIDR] = 2,  [VALUE_URL] = 10,
    [VALUE_SHA256] = 10, [VALUE_MD5] = 1,   [VALUE_SHA1] = 1, [VALUE_EMAIL] = 1,
};

struct indicator indicator_at(uint64_t place)
{
    unsigned left = (unsigned)(place % HUNDRED * STEP % HUNDRED);
    enum value_kind kind = VALUE_NONE;
    while (left >= shares[kind]) {
        left -= shares[kind];
        kind++;
    }
    return (struct indicator){ kind, place / HUNDRED * shares[kind] + left };
}

uint64_t indicator_count(enum value_kind kind, uint64_t count)
{
    return count / HUNDRED * shares[kind];
}

static struct bench_random random_of(struct indicator indicator)
{
    return (struct bench_random){ bench_mix(indicator.number * VALUE_KIND_COUNT +
                                            (uint64_t)indicator.kind) };
}

static void letters_add(struct buf *buf, struct bench_random *random, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        buf_add_byte(buf, (uint8_t)('a' + bench_random_below(random, LETTERS)));
    }
}

/* A name whose label below the suffix holds the indicator's number in letters, and so stands once.
 */
static void name_add(struct buf *buf, struct indicator indicator, struct bench_random *random)
{
    static const char *const suffixes[] = { ".com", ".net",  ".org", ".info", ".xyz",
                                            ".top", ".site", ".ru",  ".de",   ".com" };
    enum { SUFFIX_COUNT = sizeof suffixes / sizeof suffixes[0] };
    uint64_t turn = indicator.kind == VALUE_DOMAIN ? 0 : indicator.kind == VALUE_URL ? 1 : 2;
    uint64_t code = (indicator.number * 3 + turn) * CODE_STEP % CODE_COUNT;
    if (bench_random_below(random, 3) == 0) {
        letters_add(buf, random, 2 + bench_random_below(random, 8)); /* labels of 2 to 9 */
        buf_add_byte(buf, '.');
    }
    letters_add(buf, random, bench_random_below(random, 9)); /* up to 8 before the number */
    for (unsigned i = 0; i < CODE_LETTERS; i++) {
        buf_add_byte(buf, (uint8_t)('a' + code % LETTERS));
        code /= LETTERS;
    }
    buf_add_byte(buf, (uint8_t)('a' + bench_random_below(random, LETTERS / 2)));
    buf_add(buf, span_of(suffixes[bench_random_below(random, SUFFIX_COUNT)]));
}

static uint32_t address_of(uint64_t first_octet, uint64_t rest)
{
    uint64_t octet = INDICATOR_FIRST_OCTET + first_octet % INDICATOR_FIRST_OCTETS;
    return (uint32_t)(octet << 24 | rest);
}

static void ipv4_add(struct buf *buf, uint32_t address)
{
    buf_add_format(buf, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                   address & 255);
}

/* Numbers below 2^28 give as many different addresses: 6 bits for the first octet, 22 for the bits
 * that are free in the others. */
static uint32_t single_ipv4(uint64_t number)
{
    uint64_t spread = number * 0x9E3779B1u & 0xFFFFFFF; /* odd factor: one to one */
    uint64_t low = spread & 0xFFF;
    uint64_t high = spread >> 12 & 0x3FF;
    return address_of(spread >> 22, high << 14 | INDICATOR_IPV4_BIT | low);
}

/* A /24, or a part of one, so that no two ranges meet. */
static uint32_t range_ipv4(uint64_t number, unsigned *ret_prefix)
{
    static const unsigned prefixes[] = { 24, 24, 24, 24, 24, 25, 26, 27 };
    uint64_t spread = number * 0x9E3779B1u & 0xFFFFF;
    uint64_t third = spread & 0xF;
    uint64_t high = spread >> 4 & 0x3FF;
    *ret_prefix = prefixes[bench_mix(number) % (sizeof prefixes / sizeof prefixes[0])];
    return address_of(spread >> 14,
                      high << 14 | INDICATOR_RANGE_BIT | INDICATOR_IPV4_BIT | third << 8);
}

/* "2a05:", then groups without zeros, which every log writes alike. */
static void ipv6_groups_add(struct buf *buf, struct bench_random *random, unsigned groups)
{
    for (unsigned i = 0; i < groups; i++) {
        buf_add_format(buf, ":%x", (unsigned)(0x1000 + bench_random_below(random, 0xF000)));
    }
}

static void range_ipv6_add(struct buf *buf, struct indicator indicator)
{
    uint64_t spread = indicator.number * 0x9E3779B1u & 0xFFFFFF;
    buf_add_format(buf, "2a0e:%x:%x", (unsigned)(0x1000 | spread >> 12),
                   (unsigned)(0x1000 | (spread & 0xFFF)));
}

static void digest_add(struct buf *buf, struct bench_random *random, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        buf_add_format(buf, "%02x", (unsigned)bench_random_below(random, 256)); /* a byte */
    }
}

static void range_add(struct buf *buf, struct indicator indicator)
{
    unsigned prefix = 0;
    if (indicator.number % IPV6_RANGE_EVERY == 0) {
        range_ipv6_add(buf, indicator);
        buf_add(buf, SPAN("::/48"));
        return;
    }
    ipv4_add(buf, range_ipv4(indicator.number, &prefix));
    buf_add_format(buf, "/%u", prefix);
}

static void host_add(struct buf *buf, struct indicator indicator)
{
    struct bench_random random = random_of(indicator);
    name_add(buf, indicator, &random);
}

static void mail_add(struct buf *buf, struct indicator indicator)
{
    struct bench_random random = random_of(indicator);
    letters_add(buf, &random, 4 + bench_random_below(&random, 8)); /* 4 to 11 */
    buf_add_byte(buf, '@');
    name_add(buf, indicator, &random);
}

void indicator_add_target(struct buf *buf, struct indicator indicator)
{
    struct bench_random random = random_of(indicator);
    bench_random_next(&random);
    random.state += 1000; /* apart from what the host took */
    uint64_t parts = 1 + bench_random_below(&random, 4);
    for (uint64_t i = 0; i < parts; i++) {
        buf_add_byte(buf, '/');
        letters_add(buf, &random, 3 + bench_random_below(&random, 9)); /* 3 to 11 */
    }
    if (bench_random_below(&random, 2) == 0) {
        buf_add_format(buf, ".php?id=%" PRIu64, bench_random_below(&random, 1000000));
    }
}

void indicator_add_text(struct buf *buf, struct indicator indicator)
{
    struct bench_random random = random_of(indicator);
    switch (indicator.kind) {
    case VALUE_IPV4:
        ipv4_add(buf, single_ipv4(indicator.number));
        break;
    case VALUE_IPV6:
        buf_add(buf, SPAN("2a05"));
        ipv6_groups_add(buf, &random, 7); /* of 8 */
        break;
    case VALUE_CIDR:
        range_add(buf, indicator);
        break;
    case VALUE_URL:
        buf_add(buf, indicator.number % 4 == 0 ? SPAN("https://") : SPAN("http://"));
        host_add(buf, indicator);
        indicator_add_target(buf, indicator);
        break;
    case VALUE_MD5:
        digest_add(buf, &random, VALUE_MD5_SIZE);
        break;
    case VALUE_SHA1:
        digest_add(buf, &random, VALUE_SHA1_SIZE);
        break;
    case VALUE_SHA256:
        digest_add(buf, &random, VALUE_SHA256_SIZE);
        break;
    case VALUE_EMAIL:
        mail_add(buf, indicator);
        break;
    default:
        host_add(buf, indicator);
        break;
    }
}

static void range_member_add(struct buf *buf, struct indicator indicator,
                             struct bench_random *random)
{
    unsigned prefix = 0;
    if (indicator.number % IPV6_RANGE_EVERY == 0) {
        range_ipv6_add(buf, indicator);
        ipv6_groups_add(buf, random, 5); /* what a /48 leaves */
        return;
    }
    uint32_t first = range_ipv4(indicator.number, &prefix);
    ipv4_add(buf, first + (uint32_t)bench_random_below(random, (uint64_t)1 << (32 - prefix)));
}

void indicator_add_seen(struct buf *buf, struct indicator indicator, struct bench_random *random)
{
    switch (indicator.kind) {
    case VALUE_CIDR:
        range_member_add(buf, indicator, random);
        break;
    case VALUE_DOMAIN:
        if (bench_random_below(random, 2) == 0) {
            letters_add(buf, random, 1 + bench_random_below(random, 8)); /* 1 to 8 */
            buf_add_byte(buf, '.');
        }
        host_add(buf, indicator);
        break;
    case VALUE_URL:
        host_add(buf, indicator);
        break;
    default:
        indicator_add_text(buf, indicator);
        break;
    }
}
