// SPDX-License-Identifier: EUPL-1.2
/*
 * Fingerprints, names and numbers: the kinds that are read as they stand.
 */
#include "base/uuid.h"
#include "value/internal.h"

enum {
    PORT_MAX = 65535,
    JA4_HEAD_SIZE = 10, /* "t13d1516h2" */
    JA4_HASH_SIZE = 12,
    ASDOT_PART_MAX = 65535, /* RFC 5396 section 2 */
};

size_t value_key_fingerprint(enum value_kind kind, struct span raw, uint8_t *key)
{
    enum value_kind wanted = VALUE_MD5;
    if (kind == VALUE_CERT_SHA1) {
        wanted = VALUE_SHA1;
    } else if (kind == VALUE_CERT_SHA256) {
        wanted = VALUE_SHA256;
    }
    enum value_kind found = VALUE_NONE;
    size_t size = value_key_digest(raw, key, &found);
    return found == wanted ? size : 0;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter_or_digit(uint8_t byte)
{
    return is_digit(byte) || (lower(byte) >= 'a' && lower(byte) <= 'z');
}

static bool is_hex(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (hex_digit(text.data[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* "t13d1516h2": transport, version, whether a name was asked for, how many ciphers and extensions,
 * first and last letter of the first ALPN value. */
static bool ja4_head_fits(const uint8_t *head)
{
    bool transport = head[0] == 't' || head[0] == 'q' || head[0] == 'd';
    bool version = (is_digit(head[1]) || head[1] == 's' || head[1] == 'd') && is_digit(head[2]);
    bool name = head[3] == 'd' || head[3] == 'i';
    bool counts = is_digit(head[4]) && is_digit(head[5]) && is_digit(head[6]) && is_digit(head[7]);
    bool alpn = is_letter_or_digit(head[8]) && is_letter_or_digit(head[9]);
    return transport && version && name && counts && alpn;
}

size_t value_key_ja4(struct span raw, uint8_t *key)
{
    if (raw.size != VALUE_JA4_SIZE) {
        return 0;
    }
    for (size_t i = 0; i < raw.size; i++) {
        key[i] = lower(raw.data[i]);
    }
    const size_t first = JA4_HEAD_SIZE + 1;
    const size_t second = first + JA4_HASH_SIZE + 1;
    bool joints = key[JA4_HEAD_SIZE] == '_' && key[first + JA4_HASH_SIZE] == '_';
    bool fits = joints && ja4_head_fits(key) && is_hex(span_make(key + first, JA4_HASH_SIZE)) &&
                is_hex(span_make(key + second, JA4_HASH_SIZE));
    return fits ? raw.size : 0;
}

size_t value_key_user_agent(struct span raw, uint8_t *key)
{
    struct span text = span_trim(raw);
    if (text.size > VALUE_USER_AGENT_SIZE_MAX) {
        return 0;
    }
    span_copy(key, VALUE_USER_AGENT_SIZE_MAX, text);
    return text.size;
}

size_t value_key_file_name(struct span raw, uint8_t *key)
{
    size_t begin = raw.size;
    while (begin > 0 && raw.data[begin - 1] != '/' && raw.data[begin - 1] != '\\') {
        begin--;
    }
    struct span name = span_trim(span_from(raw, begin));
    if (name.size > VALUE_FILE_NAME_SIZE_MAX) {
        return 0;
    }
    for (size_t i = 0; i < name.size; i++) {
        key[i] = lower(name.data[i]);
    }
    return name.size;
}

/* "64500", or "1.10", which is 1 * 65536 + 10. */
static bool asn_read(struct span digits, uint64_t *ret)
{
    ptrdiff_t dot = span_find(digits, '.');
    if (dot == SPAN_NOT_FOUND) {
        return span_to_u64(digits, ret) == ERR_OK && *ret <= UINT32_MAX;
    }
    uint64_t high = 0;
    uint64_t low = 0;
    bool read = span_to_u64(span_slice(digits, 0, (size_t)dot), &high) == ERR_OK &&
                span_to_u64(span_from(digits, (size_t)dot + 1), &low) == ERR_OK;
    *ret = high << 16 | low;
    return read && high <= ASDOT_PART_MAX && low <= ASDOT_PART_MAX;
}

size_t value_key_asn(struct span raw, uint8_t *key)
{
    struct span digits = span_trim(raw);
    if (digits.size > 2 && span_equal_nocase(span_slice(digits, 0, 2), SPAN("AS"))) {
        digits = span_trim(span_from(digits, 2));
    }
    uint64_t number = 0;
    if (!asn_read(digits, &number)) {
        return 0;
    }
    for (size_t i = 0; i < VALUE_ASN_SIZE; i++) {
        key[i] = (uint8_t)(number >> 8 * (VALUE_ASN_SIZE - 1 - i));
    }
    return VALUE_ASN_SIZE;
}

size_t value_key_ip_port(struct span address, unsigned port, uint8_t *key)
{
    key[0] = (uint8_t)(port >> 8);
    key[1] = (uint8_t)port;
    span_copy(key + 2, VALUE_IPV6_SIZE, address);
    return 2 + address.size;
}

size_t value_ip_port_read(struct span raw, uint8_t *key)
{
    uint8_t address[VALUE_IPV6_SIZE];
    uint64_t port = 0;
    ptrdiff_t joint = span_find_last(raw, '|');
    if (joint == SPAN_NOT_FOUND) {
        joint = span_find_last(raw, ':');
    }
    if (joint == SPAN_NOT_FOUND) {
        return 0;
    }
    struct span host = span_slice(raw, 0, (size_t)joint);
    bool bare = span_find(host, ':') != SPAN_NOT_FOUND && host.data[0] != '[';
    if (bare && raw.data[joint] == ':') {
        return 0; /* an IPv6 address without brackets: its last group is no port */
    }
    size_t size = value_key_address(host, address);
    bool has_port = span_to_u64(span_from(raw, (size_t)joint + 1), &port) == ERR_OK;
    if (size == 0 || !has_port || port == 0 || port > PORT_MAX) {
        return 0;
    }
    return value_key_ip_port(span_make(address, size), (unsigned)port, key);
}
