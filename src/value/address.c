// SPDX-License-Identifier: EUPL-1.2
/*
 * Ranges of addresses (RFC 4632, RFC 4291 section 2.3), and addresses as text (RFC 5952).
 */
#include "base/must.h"
#include "base/uuid.h"
#include "value/internal.h"

enum {
    FAMILY_IPV4 = 4,
    FAMILY_IPV6 = 6,
    IPV4_BITS = 32,
    IPV6_BITS = 128,
    MAPPED_BITS = 96, /* an IPv4-mapped address is ::ffff:0:0/96 and 32 bits of IPv4 */
    MAPPED_SIZE = MAPPED_BITS / 8,
    PREFIX_DIGITS_MAX = 3,
    IPV6_GROUP_COUNT = 8,
};

/* A prefix length in decimal, without leading zeros. */
static bool prefix_read(struct span raw, unsigned prefix_max, unsigned *ret)
{
    uint64_t prefix = 0;
    bool leading_zero = raw.size > 1 && raw.data[0] == '0';
    if (raw.size > PREFIX_DIGITS_MAX || leading_zero || span_to_u64(raw, &prefix) != ERR_OK) {
        return false;
    }
    if (prefix > prefix_max) {
        return false;
    }
    *ret = (unsigned)prefix;
    return true;
}

/* "255.255.255.0" as a prefix length; ones must stand before zeros. */
static bool netmask_read(struct span raw, unsigned *ret)
{
    uint8_t bytes[VALUE_IPV4_SIZE];
    if (!value_ipv4_read(raw, bytes)) {
        return false;
    }
    uint32_t mask = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
                    (uint32_t)bytes[3];
    uint32_t hosts = ~mask;
    if ((hosts & (hosts + 1)) != 0) {
        return false;
    }
    *ret = (unsigned)__builtin_popcount(mask);
    return true;
}

static void mask_hosts(uint8_t *bytes, size_t size, unsigned prefix)
{
    for (size_t i = 0; i < size; i++) {
        unsigned kept = prefix > 8 * i ? prefix - 8 * (unsigned)i : 0;
        if (kept < 8) {
            bytes[i] &= (uint8_t)(0xFF00u >> kept);
        }
    }
}

/* The key of a range, or of the address where the range is one. */
static size_t cidr_key(uint8_t *bytes, size_t size, unsigned prefix, uint8_t *key)
{
    if (prefix == 8 * size) {
        span_copy(key, size, span_make(bytes, size));
        return size;
    }
    mask_hosts(bytes, size, prefix);
    key[0] = size == VALUE_IPV4_SIZE ? FAMILY_IPV4 : FAMILY_IPV6;
    key[1] = (uint8_t)prefix;
    span_copy(key + 2, size, span_make(bytes, size));
    return 2 + size;
}

size_t value_cidr_read(struct span raw, uint8_t *key)
{
    ptrdiff_t slash = span_find(raw, '/');
    if (slash == SPAN_NOT_FOUND) {
        return value_key_address(raw, key);
    }
    struct span address = span_slice(raw, 0, (size_t)slash);
    struct span length = span_from(raw, (size_t)slash + 1);
    uint8_t bytes[VALUE_IPV6_SIZE];
    unsigned prefix = 0;
    if (value_ipv4_read(address, bytes)) {
        if (!prefix_read(length, IPV4_BITS, &prefix) && !netmask_read(length, &prefix)) {
            return 0;
        }
        return cidr_key(bytes, VALUE_IPV4_SIZE, prefix, key);
    }
    if (!value_ipv6_read(address, bytes) || !prefix_read(length, IPV6_BITS, &prefix)) {
        return 0;
    }
    if (value_ipv6_is_mapped(bytes) && prefix >= MAPPED_BITS) {
        return cidr_key(bytes + MAPPED_SIZE, VALUE_IPV4_SIZE, prefix - MAPPED_BITS, key);
    }
    return cidr_key(bytes, VALUE_IPV6_SIZE, prefix, key);
}

static size_t ipv4_write(const uint8_t *bytes, uint8_t *text)
{
    size_t size = 0;
    for (size_t i = 0; i < VALUE_IPV4_SIZE; i++) {
        unsigned octet = bytes[i];
        if (i > 0) {
            text[size] = '.';
            size++;
        }
        if (octet >= 100) {
            text[size] = (uint8_t)('0' + octet / 100);
            size++;
        }
        if (octet >= 10) {
            text[size] = (uint8_t)('0' + octet / 10 % 10);
            size++;
        }
        text[size] = (uint8_t)('0' + octet % 10);
        size++;
    }
    return size;
}

/* A group without its leading zeros. */
static size_t group_write(unsigned group, uint8_t *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = 0;
    for (unsigned shift = 16; shift > 0; shift -= 4) {
        unsigned rest = group >> (shift - 4);
        if (rest > 0 || shift == 4) {
            text[size] = (uint8_t)digits[rest & 0x0F];
            size++;
        }
    }
    return size;
}

struct run {
    size_t begin;
    size_t size;
};

/* The groups that "::" stands for: the longest run of zeros, the first of equal ones, never one
 * group alone (RFC 5952 section 4.2). */
static struct run zeros_longest(const unsigned *groups)
{
    struct run longest = { IPV6_GROUP_COUNT, 0 };
    struct run run = { 0, 0 };
    for (size_t i = 0; i < IPV6_GROUP_COUNT; i++) {
        if (groups[i] != 0) {
            run = (struct run){ i + 1, 0 };
            continue;
        }
        run.size++;
        if (run.size > longest.size && run.size > 1) {
            longest = run;
        }
    }
    return longest;
}

static size_t ipv6_write(const uint8_t *bytes, uint8_t *text)
{
    unsigned groups[IPV6_GROUP_COUNT];
    for (size_t i = 0; i < IPV6_GROUP_COUNT; i++) {
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    }
    struct run zeros = zeros_longest(groups);
    size_t size = 0;
    size_t i = 0;
    while (i < IPV6_GROUP_COUNT) {
        if (i == zeros.begin) {
            text[size] = ':';
            text[size + 1] = ':';
            size += 2;
            i += zeros.size;
            continue;
        }
        if (i > 0 && i != zeros.begin + zeros.size) {
            text[size] = ':';
            size++;
        }
        size += group_write(groups[i], text + size);
        i++;
    }
    return size;
}

size_t value_address_write(struct span address, uint8_t *text)
{
    if (address.size == VALUE_IPV4_SIZE) {
        return ipv4_write(address.data, text);
    }
    must(address.size == VALUE_IPV6_SIZE);
    return ipv6_write(address.data, text);
}

/* ---- names for reverse lookups ---- */

static size_t reverse_ipv4(struct span numbers, uint8_t *key)
{
    uint8_t turned[VALUE_KEY_SIZE_MAX];
    if (value_key_address(numbers, turned) != VALUE_IPV4_SIZE) {
        return 0;
    }
    for (size_t i = 0; i < VALUE_IPV4_SIZE; i++) {
        key[i] = turned[VALUE_IPV4_SIZE - 1 - i];
    }
    return VALUE_IPV4_SIZE;
}

/* A digit for each four bits, the last ones first, with dots between. */
static size_t reverse_ipv6(struct span digits, uint8_t *key)
{
    enum { DIGITS = 2 * VALUE_IPV6_SIZE };
    uint8_t text[DIGITS];
    if (digits.size != 2 * DIGITS - 1) {
        return 0;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        if (i > 0 && digits.data[2 * i - 1] != '.') {
            return 0;
        }
        text[DIGITS - 1 - i] = digits.data[2 * i];
    }
    return hex_parse(span_make(text, DIGITS), key, VALUE_IPV6_SIZE) == ERR_OK ? VALUE_IPV6_SIZE : 0;
}

size_t value_key_reverse(struct span name, uint8_t *key)
{
    const struct span four = SPAN(".in-addr.arpa");
    const struct span six = SPAN(".ip6.arpa");
    if (span_ends_with(name, four)) {
        return reverse_ipv4(span_slice(name, 0, name.size - four.size), key);
    }
    return span_ends_with(name, six) ? reverse_ipv6(span_slice(name, 0, name.size - six.size), key)
                                     : 0;
}
