// SPDX-License-Identifier: EUPL-1.2
/*
 * One value of a known kind: text to key, key to text.
 */
#include "value/value.h"

#include "base/must.h"
#include "value/internal.h"

enum { IP_PORT_TEXT_SIZE_MAX = VALUE_ADDRESS_TEXT_SIZE_MAX + sizeof "[]:65535" - 1 };

static const size_t raw_size_max[VALUE_KIND_COUNT] = {
    [VALUE_IPV4] = VALUE_ADDRESS_TEXT_SIZE_MAX,
    [VALUE_IPV6] = VALUE_ADDRESS_TEXT_SIZE_MAX,
    [VALUE_CIDR] = VALUE_ADDRESS_TEXT_SIZE_MAX,
    [VALUE_DOMAIN] = VALUE_DOMAIN_SIZE_MAX,
    [VALUE_URL] = VALUE_TEXT_SIZE_MAX,
    [VALUE_MD5] = 3 * VALUE_MD5_SIZE - 1,
    [VALUE_SHA1] = 3 * VALUE_SHA1_SIZE - 1,
    [VALUE_SHA256] = 3 * VALUE_SHA256_SIZE - 1,
    [VALUE_EMAIL] = VALUE_EMAIL_SIZE_MAX,
    [VALUE_SHA512] = 3 * VALUE_SHA512_SIZE - 1,
    [VALUE_IP_PORT] = IP_PORT_TEXT_SIZE_MAX,
    [VALUE_JA3] = 3 * VALUE_MD5_SIZE - 1,
    [VALUE_JA3S] = 3 * VALUE_MD5_SIZE - 1,
    [VALUE_JA4] = VALUE_JA4_SIZE,
    [VALUE_HASSH] = 3 * VALUE_MD5_SIZE - 1,
    [VALUE_CERT_SHA1] = 3 * VALUE_SHA1_SIZE - 1,
    [VALUE_CERT_SHA256] = 3 * VALUE_SHA256_SIZE - 1,
    [VALUE_USER_AGENT] = VALUE_USER_AGENT_SIZE_MAX,
    [VALUE_FILE_NAME] = VALUE_FILE_NAME_SIZE_MAX,
    [VALUE_ASN] = sizeof "AS4294967295" - 1,
};

/* Which of the two errors a text deserves that is no value of its kind. */
static enum err refusal(enum value_kind kind, struct span raw)
{
    return raw.size > raw_size_max[kind] ? ERR_LIMIT : ERR_FORMAT;
}

static enum value_kind address_kind(size_t key_size)
{
    switch (key_size) {
    case VALUE_IPV4_SIZE:
        return VALUE_IPV4;
    case VALUE_IPV6_SIZE:
        return VALUE_IPV6;
    default:
        return VALUE_CIDR;
    }
}

static void lower_scheme(struct span scheme, uint8_t *ret)
{
    for (size_t i = 0; i < scheme.size; i++) {
        uint8_t byte = scheme.data[i];
        ret[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
    }
}

static enum err url_parse(struct span raw, struct value_buf *buf, struct value *ret)
{
    size_t size = 0;
    struct span scheme;
    TRY(value_url_read(raw, buf->key, &size, &scheme));
    lower_scheme(scheme, buf->scheme);
    *ret = (struct value){
        .kind = VALUE_URL,
        .key = span_make(buf->key, size),
        .scheme = span_make(buf->scheme, scheme.size),
    };
    return ERR_OK;
}

enum err value_parse(enum value_kind kind, struct span raw, struct value_buf *buf,
                     struct value *ret)
{
    must(kind > VALUE_NONE);
    must(kind < VALUE_KIND_COUNT);
    size_t size = 0;
    enum value_kind found = kind;
    switch (kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
        size = value_key_address(raw, buf->key);
        found = address_kind(size);
        break;
    case VALUE_CIDR:
        size = value_cidr_read(raw, buf->key);
        found = address_kind(size);
        break;
    case VALUE_DOMAIN:
        size = value_key_domain(raw, buf->key);
        break;
    case VALUE_URL:
        return url_parse(raw, buf, ret);
    case VALUE_EMAIL:
        size = value_key_email(raw, buf->key);
        break;
    case VALUE_IP_PORT:
        size = value_ip_port_read(raw, buf->key);
        break;
    case VALUE_JA3:
    case VALUE_JA3S:
    case VALUE_HASSH:
    case VALUE_CERT_SHA1:
    case VALUE_CERT_SHA256:
        size = value_key_fingerprint(kind, raw, buf->key);
        break;
    case VALUE_JA4:
        size = value_key_ja4(raw, buf->key);
        break;
    case VALUE_USER_AGENT:
        size = value_key_user_agent(raw, buf->key);
        break;
    case VALUE_FILE_NAME:
        size = value_key_file_name(raw, buf->key);
        break;
    case VALUE_ASN:
        size = value_key_asn(raw, buf->key);
        break;
    default:
        size = value_key_digest(raw, buf->key, &found);
        size = found == kind ? size : 0;
        break;
    }
    if (size == 0) {
        return refusal(kind, raw);
    }
    *ret = (struct value){ .kind = found, .key = span_make(buf->key, size) };
    return ERR_OK;
}

static void add_address(struct buf *buf, struct span address)
{
    uint8_t text[VALUE_ADDRESS_TEXT_SIZE_MAX];
    buf_add(buf, span_make(text, value_address_write(address, text)));
}

static void add_ip_port(struct buf *buf, struct span key)
{
    bool brackets = key.size == VALUE_IPV6_PORT_SIZE;
    buf_add(buf, brackets ? SPAN("[") : SPAN(""));
    add_address(buf, span_from(key, 2));
    buf_add(buf, brackets ? SPAN("]:") : SPAN(":"));
    buf_add_u64(buf, (uint64_t)key.data[0] << 8 | key.data[1]);
}

static uint64_t asn_number(struct span key)
{
    uint64_t number = 0;
    for (size_t i = 0; i < key.size; i++) {
        number = number << 8 | key.data[i];
    }
    return number;
}

void value_add_text(struct buf *buf, const struct value *value)
{
    switch (value->kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
        add_address(buf, value->key);
        break;
    case VALUE_CIDR:
        must(value->key.size > 2);
        add_address(buf, span_from(value->key, 2));
        buf_add_byte(buf, '/');
        buf_add_u64(buf, value->key.data[1]);
        break;
    case VALUE_URL:
        if (value->scheme.size > 0) {
            buf_add(buf, value->scheme);
            buf_add(buf, SPAN("://"));
        }
        buf_add(buf, value->key);
        break;
    case VALUE_IP_PORT:
        must(value->key.size == VALUE_IPV4_PORT_SIZE || value->key.size == VALUE_IPV6_PORT_SIZE);
        add_ip_port(buf, value->key);
        break;
    case VALUE_ASN:
        must(value->key.size == VALUE_ASN_SIZE);
        buf_add(buf, SPAN("AS"));
        buf_add_u64(buf, asn_number(value->key));
        break;
    case VALUE_MD5:
    case VALUE_SHA1:
    case VALUE_SHA256:
    case VALUE_SHA512:
    case VALUE_JA3:
    case VALUE_JA3S:
    case VALUE_HASSH:
    case VALUE_CERT_SHA1:
    case VALUE_CERT_SHA256:
        buf_add_hex(buf, value->key);
        break;
    default:
        buf_add(buf, value->key);
        break;
    }
}
