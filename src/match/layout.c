// SPDX-License-Identifier: EUPL-1.2
#include "match/layout.h"

enum {
    CIDR_HEAD_SIZE = 2, /* family and prefix length stand before the address */
    CIDR_FAMILY_IPV4 = 4,
    CIDR_FAMILY_IPV6 = 6,
    BITS_PER_BYTE = 8,
};

struct size_limits {
    size_t min;
    size_t max;
};

static const struct size_limits key_limits[VALUE_KIND_COUNT] = {
    [VALUE_IPV4] = { VALUE_IPV4_SIZE, VALUE_IPV4_SIZE },
    [VALUE_IPV6] = { VALUE_IPV6_SIZE, VALUE_IPV6_SIZE },
    [VALUE_CIDR] = { VALUE_CIDR_IPV4_SIZE, VALUE_CIDR_IPV6_SIZE },
    [VALUE_DOMAIN] = { 1, VALUE_DOMAIN_SIZE_MAX },
    [VALUE_URL] = { 1, VALUE_URL_SIZE_MAX },
    [VALUE_MD5] = { VALUE_MD5_SIZE, VALUE_MD5_SIZE },
    [VALUE_SHA1] = { VALUE_SHA1_SIZE, VALUE_SHA1_SIZE },
    [VALUE_SHA256] = { VALUE_SHA256_SIZE, VALUE_SHA256_SIZE },
    [VALUE_EMAIL] = { 1, VALUE_EMAIL_SIZE_MAX },
    [VALUE_SHA512] = { VALUE_SHA512_SIZE, VALUE_SHA512_SIZE },
    [VALUE_IP_PORT] = { VALUE_IPV4_PORT_SIZE, VALUE_IPV6_PORT_SIZE },
    [VALUE_JA3] = { VALUE_MD5_SIZE, VALUE_MD5_SIZE },
    [VALUE_JA3S] = { VALUE_MD5_SIZE, VALUE_MD5_SIZE },
    [VALUE_JA4] = { VALUE_JA4_SIZE, VALUE_JA4_SIZE },
    [VALUE_HASSH] = { VALUE_MD5_SIZE, VALUE_MD5_SIZE },
    [VALUE_CERT_SHA1] = { VALUE_SHA1_SIZE, VALUE_SHA1_SIZE },
    [VALUE_CERT_SHA256] = { VALUE_SHA256_SIZE, VALUE_SHA256_SIZE },
    [VALUE_USER_AGENT] = { 1, VALUE_USER_AGENT_SIZE_MAX },
    [VALUE_FILE_NAME] = { 1, VALUE_FILE_NAME_SIZE_MAX },
    [VALUE_ASN] = { VALUE_ASN_SIZE, VALUE_ASN_SIZE },
};

static bool cidr_fits(struct span key)
{
    size_t size = key.size - CIDR_HEAD_SIZE;
    bool is_ipv4 = key.data[0] == CIDR_FAMILY_IPV4 && size == VALUE_IPV4_SIZE;
    bool is_ipv6 = key.data[0] == CIDR_FAMILY_IPV6 && size == VALUE_IPV6_SIZE;
    if (!is_ipv4 && !is_ipv6) {
        return false;
    }
    unsigned prefix = key.data[1];
    if (prefix > size * BITS_PER_BYTE) {
        return false;
    }
    const uint8_t *address = key.data + CIDR_HEAD_SIZE;
    for (unsigned bit = prefix; bit < size * BITS_PER_BYTE; bit++) {
        if ((address[bit / BITS_PER_BYTE] << (bit % BITS_PER_BYTE) & 0x80) != 0) { /* top bit */
            return false;
        }
    }
    return true;
}

bool match_key_fits(unsigned kind, struct span key)
{
    if (kind == VALUE_NONE || kind >= VALUE_KIND_COUNT) {
        return false;
    }
    if (key.size < key_limits[kind].min || key.size > key_limits[kind].max) {
        return false;
    }
    bool odd = kind == VALUE_IP_PORT && key.size != VALUE_IPV4_PORT_SIZE &&
               key.size != VALUE_IPV6_PORT_SIZE;
    return !odd && (kind != VALUE_CIDR || cidr_fits(key));
}

bool match_indicator_fits(unsigned kind, unsigned scope, struct span key)
{
    if (kind == VALUE_NONE || kind >= VALUE_KIND_COUNT || scope >= VALUE_SCOPE_COUNT ||
        !value_scope_fits(kind, scope)) {
        return false;
    }
    if (match_way_of(kind, scope) == MATCH_WAY_PATTERN) {
        return key.size > 0 && key.size <= VALUE_PATTERN_SIZE_MAX;
    }
    return match_key_fits(kind, key) && (scope != VALUE_SCOPE_PREFIX || value_url_prefix_fits(key));
}
