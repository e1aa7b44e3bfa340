// SPDX-License-Identifier: EUPL-1.2
#include "bench/variant.h"

#include "base/hash.h"
#include "base/time.h"
#include "bench/indicator.h"

enum {
    LETTERS = 26,
    DECIMAL = 10,
    HEX = 16,
    PORT_DIGITS = 5,
    OCTETS = 4,
    OCTET_END = 256,
    IPV6_DIGITS_MIN = 6, /* "::1" and "fe80::" stay what they are */
    IPV6_FIRST_SIZE = 4,
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool octets_of(struct span text, unsigned octets[OCTETS])
{
    struct span rest = text;
    struct span part;
    size_t count = 0;
    while (span_next(&rest, '.', &part)) {
        uint64_t number = 0;
        if (count == OCTETS || part.size > 3 || span_to_u64(part, &number) != ERR_OK ||
            number >= OCTET_END) {
            return false;
        }
        octets[count] = (unsigned)number;
        count++;
    }
    return count == OCTETS;
}

bool variant_is_ipv4(struct span text)
{
    unsigned octets[OCTETS];
    return octets_of(text, octets);
}

bool variant_is_ipv6(struct span text)
{
    size_t colons = 0;
    for (size_t i = 0; i < text.size; i++) {
        colons += text.data[i] == ':';
        if (text.data[i] != ':' && !is_hex(text.data[i])) {
            return false;
        }
    }
    return colons >= 2 && colons <= 7 && span_find_span(text, SPAN("::")) != 0 &&
           (colons == 7 || span_find_span(text, SPAN("::")) != SPAN_NOT_FOUND);
}

bool variant_is_name(struct span text)
{
    ptrdiff_t dot = span_find_last(text, '.');
    if (dot <= 0 || variant_is_ipv4(text)) {
        return false;
    }
    struct span last = span_from(text, (size_t)dot + 1);
    for (size_t i = 0; i < last.size; i++) {
        if (!is_lower(last.data[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (!is_digit(c) && !is_lower(c) && !is_upper(c) && c != '.' && c != '-' && c != '_') {
            return false;
        }
    }
    return last.size >= 2 && span_find_span(text, SPAN("..")) == SPAN_NOT_FOUND &&
           text.data[0] != '.';
}

static void time_text_add(struct buf *buf, struct span original, int64_t time_us)
{
    uint8_t memory[TIME_TEXT_SIZE];
    struct buf text = { .data = memory, .capacity = sizeof memory, .size_max = sizeof memory };
    /* time_add() leaves microseconds out where they are zero; the real logs never do. */
    time_add(&text, time_us | 1);
    buf_add(buf, span_slice(buf_span(&text), 0, VARIANT_TIME_TEXT_SIZE));
    buf_add(buf, span_from(original, VARIANT_TIME_TEXT_SIZE));
}

static void time_epoch_add(struct buf *buf, int64_t time_us)
{
    buf_add_format(buf, "%lld.%06lld", (long long)(time_us / US_PER_S),
                   (long long)(time_us % US_PER_S));
}

/* How many bytes from `at` on are an escape of JSON or of a URL, which must stay as it is. */
static size_t escape_size(struct span text, size_t at)
{
    size_t size = 0;
    if (text.data[at] == '%') {
        size = 3;
    } else if (text.data[at] == '\\') {
        size = at + 1 < text.size && text.data[at + 1] == 'u' ? 6 : 2; /* \u0041 and \n */
    }
    return size < text.size - at ? size : text.size - at;
}

static void shape_add(struct buf *buf, struct span text, struct bench_random *random)
{
    size_t at = 0;
    while (at < text.size) {
        uint8_t c = text.data[at];
        size_t escape = escape_size(text, at);
        if (escape > 0) {
            buf_add(buf, span_slice(text, at, at + escape));
            at += escape;
            continue;
        }
        if (is_digit(c)) {
            c = (uint8_t)('0' + bench_random_below(random, DECIMAL));
        } else if (is_lower(c)) {
            c = (uint8_t)('a' + bench_random_below(random, LETTERS));
        } else if (is_upper(c)) {
            c = (uint8_t)('A' + bench_random_below(random, LETTERS));
        }
        buf_add_byte(buf, c);
        at++;
    }
}

static void digits_add(struct buf *buf, struct span text, struct bench_random *random)
{
    if (text.size == 1) {
        buf_add(buf, text);
        return;
    }
    uint64_t first_end = text.size == PORT_DIGITS ? 5 : 9; /* 1xxxx .. 5xxxx: a port still */
    buf_add_byte(buf, (uint8_t)('1' + bench_random_below(random, first_end)));
    for (size_t i = 1; i < text.size; i++) {
        buf_add_byte(buf, (uint8_t)('0' + bench_random_below(random, DECIMAL)));
    }
}

static void hex_add(struct buf *buf, struct span text, struct bench_random *random)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        buf_add_byte(buf, is_hex(c) ? (uint8_t)digits[bench_random_below(random, HEX)] : c);
    }
}

/* Private, loopback, multicast and "this" addresses keep their network. */
static bool keeps_network(const unsigned octets[OCTETS])
{
    enum { NONE = 0, PRIVATE = 10, LOOPBACK = 127, MULTICAST_FIRST = 224 };
    return octets[0] == NONE || octets[0] == PRIVATE || octets[0] == LOOPBACK ||
           octets[0] >= MULTICAST_FIRST || (octets[0] == 169 && octets[1] == 254) ||
           (octets[0] == 172 && octets[1] / HEX == 1) || (octets[0] == 192 && octets[1] == 168);
}

static void ipv4_add(struct buf *buf, struct span text, struct bench_random *random)
{
    unsigned octets[OCTETS];
    bool good = octets_of(text, octets);
    must(good);
    octets[2] = (unsigned)bench_random_below(random, OCTET_END);
    octets[3] = (unsigned)bench_random_below(random, OCTET_END);
    if (!keeps_network(octets)) {
        octets[0] =
            (unsigned)(INDICATOR_FIRST_OCTET + bench_random_below(random, INDICATOR_FIRST_OCTETS));
        octets[1] = (unsigned)bench_random_below(random, OCTET_END);
        octets[2] &= ~(unsigned)(INDICATOR_IPV4_BIT >> 8); /* of the third octet */
    }
    buf_add_format(buf, "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
}

static void ipv6_add(struct buf *buf, struct span text, struct bench_random *random)
{
    if (text.size < IPV6_DIGITS_MIN || text.data[0] == 'f' ||
        span_starts_with(text, SPAN("0000"))) {
        buf_add(buf, text);
        return;
    }
    static const char digits[] = "123456789abcdef";
    struct span first = span_slice(text, 0, IPV6_FIRST_SIZE);
    bool taken = span_equal(first, SPAN("2a05")) || span_equal(first, SPAN("2a0e"));
    buf_add(buf, taken ? SPAN("2a03") : first);
    for (size_t i = IPV6_FIRST_SIZE; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool changes = c != ':' && c != '0';
        buf_add_byte(buf, changes ? (uint8_t)digits[bench_random_below(random, 15)] : c); /* 1-f */
    }
}

static void name_add(struct buf *buf, struct span text, struct bench_random *random)
{
    ptrdiff_t dot = span_find_last(text, '.');
    if (dot <= 0) {
        shape_add(buf, text, random);
        return;
    }
    struct span last = span_from(text, (size_t)dot);
    if (span_equal(last, SPAN(".arpa")) && span_ends_with(text, SPAN(".in-addr.arpa"))) {
        dot -= (ptrdiff_t)SPAN(".in-addr").size;
        last = span_from(text, (size_t)dot);
    }
    shape_add(buf, span_slice(text, 0, (size_t)dot), random);
    uint8_t *end = &buf->data[buf->size - 1];
    if (is_lower(*end) || is_upper(*end)) {
        *end = (uint8_t)('n' + bench_random_below(random, LETTERS / 2)); /* see indicator.h */
    }
    buf_add(buf, last);
}

static void mail_add(struct buf *buf, struct span text, struct bench_random *random)
{
    ptrdiff_t at = span_find(text, '@');
    must(at != SPAN_NOT_FOUND);
    shape_add(buf, span_slice(text, 0, (size_t)at), random);
    buf_add_byte(buf, '@');
    name_add(buf, span_from(text, (size_t)at + 1), random);
}

static uint64_t text_hash(struct span text)
{
    static const struct hash_secret secret = { "the same in every run" };
    return hash_bytes(&secret, text);
}

void variant_add(struct buf *buf, enum slot slot, struct span original, struct variant variant)
{
    if (slot == SLOT_LITERAL) {
        buf_add(buf, original);
        return;
    }
    struct bench_random random = { bench_mix(variant.seed ^ text_hash(original)) };
    int64_t before_us = (int64_t)bench_random_below(&random, US_PER_S);
    switch (slot) {
    case SLOT_TIME_TEXT:
        time_text_add(buf, original, variant.time_us - before_us);
        break;
    case SLOT_TIME_EPOCH:
        time_epoch_add(buf, variant.time_us - before_us);
        break;
    case SLOT_DIGITS:
        digits_add(buf, original, &random);
        break;
    case SLOT_HEX:
        hex_add(buf, original, &random);
        break;
    case SLOT_IPV4:
        ipv4_add(buf, original, &random);
        break;
    case SLOT_IPV6:
        ipv6_add(buf, original, &random);
        break;
    case SLOT_NAME:
        name_add(buf, original, &random);
        break;
    case SLOT_MAIL:
        mail_add(buf, original, &random);
        break;
    default:
        shape_add(buf, original, &random);
        break;
    }
}
