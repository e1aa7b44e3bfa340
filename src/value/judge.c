// SPDX-License-Identifier: EUPL-1.2
#include "value/judge.h"

#include <libpsl.h>

#include "base/must.h"
#include "base/uuid.h"
#include "value/internal.h"

/* ---- words ---- */

static const struct {
    const char *name;
    const char *why;
} verdicts[VALUE_VERDICT_COUNT] = {
    [VALUE_FIT] = { "fit", "nothing speaks against it" },
    [VALUE_UNFIT_PUBLIC_SUFFIX] = { "public-suffix",
                                    "a public suffix: names below it belong to many owners" },
    [VALUE_UNFIT_WIDE_RANGE] = { "wide-range", "a range wider than [indicators] allows" },
    [VALUE_UNFIT_OWN_NETWORK] = { "own-network", "in a network of your own, or a private one" },
    [VALUE_UNFIT_SPECIAL] = { "special-address", "no address of a host" },
    [VALUE_UNFIT_DIGEST] = { "trivial-digest", "the digest of an empty file, or of none" },
    [VALUE_UNFIT_ALL] = { "matches-all", "a pattern that every value fits" },
    [VALUE_UNFIT_COMMON] = { "too-common", "what any client or file may be called" },
    [VALUE_UNFIT_PATTERN] = { "bad-pattern", "no regular expression that can be used" },
};

const char *value_verdict_name(enum value_verdict verdict)
{
    must(verdict < VALUE_VERDICT_COUNT);
    return verdicts[verdict].name;
}

const char *value_verdict_why(enum value_verdict verdict)
{
    must(verdict < VALUE_VERDICT_COUNT);
    return verdicts[verdict].why;
}

enum err value_verdict_from_name(struct span word, enum value_verdict *ret)
{
    for (int i = VALUE_FIT + 1; i < VALUE_UNFIT_PATTERN; i++) {
        if (span_equal(word, span_of(verdicts[i].name))) {
            *ret = (enum value_verdict)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

struct value_rules value_rules_default(void)
{
    return (struct value_rules){
        .widest_ipv4 = VALUE_WIDEST_IPV4_DEFAULT,
        .widest_ipv6 = VALUE_WIDEST_IPV6_DEFAULT,
    };
}

/* One call of value_judge(). */
struct judging {
    const struct value_rules *rules;
    uint32_t even_if;
};

static bool passes(const struct judging *judging, enum value_verdict verdict)
{
    return (judging->even_if & 1u << verdict) != 0;
}

/* ---- addresses ---- */

/* RFC 1918, 6598, 3927 and 4193, and IPv6's link-local (RFC 4291): whoever the node's owner is,
 * hosts in these are near it. */
static const struct value_network private_networks[] = {
    { { 10 }, 4, 8 },           { { 172, 16 }, 4, 12 },  { { 192, 168 }, 4, 16 },
    { { 100, 64 }, 4, 10 },     { { 169, 254 }, 4, 16 }, { { 0xFC }, 16, 7 },
    { { 0xFE, 0x80 }, 16, 10 },
};

/* From IANA's registries of special-purpose addresses (RFC 6890), without what is for documentation
 * and what stands for an address of somebody (6to4, Teredo, NAT64); with multicast (RFC 5771,
 * 4291).
 */
static const struct value_network special_networks[] = {
    { { 0 }, 4, 8 },                           /* this network; unspecified */
    { { 127 }, 4, 8 },                         /* loopback */
    { { 192, 0, 0 }, 4, 24 },                  /* protocol assignments */
    { { 198, 18 }, 4, 15 },                    /* benchmarks */
    { { 224 }, 4, 4 },                         /* multicast */
    { { 240 }, 4, 4 },                         /* reserved; broadcast */
    { { 0 }, 16, 127 },                        /* unspecified, loopback */
    { { 0x01 }, 16, 64 },                      /* discard */
    { { 0x20, 0x01, 0, 0x02 }, 16, 48 },       /* benchmarks */
    { { 0x20, 0x01, 0, 0x10 }, 16, 28 },       /* ORCHID */
    { { 0x20, 0x01, 0, 0x20 }, 16, 28 },       /* ORCHIDv2 */
    { { 0, 0x64, 0xFF, 0x9B, 0, 1 }, 16, 48 }, /* local translation */
    { { 0x5F }, 16, 16 },                      /* segment routing */
    { { 0xFF }, 16, 8 },                       /* multicast */
};

enum {
    PRIVATE_COUNT = sizeof private_networks / sizeof private_networks[0],
    SPECIAL_COUNT = sizeof special_networks / sizeof special_networks[0],
    BYTE_BITS = 8,
};

/* Whether two networks have an address in common: the shorter prefix is the beginning of the other.
 */
static bool networks_meet(const struct value_network *a, const struct value_network *b)
{
    unsigned bits = a->prefix < b->prefix ? a->prefix : b->prefix;
    size_t whole = bits / BYTE_BITS;
    unsigned rest = bits % BYTE_BITS;
    if (a->size != b->size || memcmp(a->address, b->address, whole) != 0) {
        return false;
    }
    return rest == 0 || (a->address[whole] ^ b->address[whole]) >> (BYTE_BITS - rest) == 0;
}

static bool meets_any(const struct value_network *network, const struct value_network *list,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (networks_meet(network, &list[i])) {
            return true;
        }
    }
    return false;
}

static struct value_network network_of(struct span address, unsigned prefix)
{
    struct value_network network = { .size = (uint8_t)address.size, .prefix = (uint8_t)prefix };
    span_copy(network.address, sizeof network.address, address);
    return network;
}

static enum value_verdict judge_network(const struct judging *judging,
                                        const struct value_network *network)
{
    const struct value_rules *rules = judging->rules;
    bool four = network->size == VALUE_IPV4_SIZE;
    if (network->prefix < (four ? rules->widest_ipv4 : rules->widest_ipv6) &&
        !passes(judging, VALUE_UNFIT_WIDE_RANGE)) {
        return VALUE_UNFIT_WIDE_RANGE;
    }
    bool own = meets_any(network, rules->own, rules->own_count) ||
               meets_any(network, private_networks, PRIVATE_COUNT);
    if (own && !passes(judging, VALUE_UNFIT_OWN_NETWORK)) {
        return VALUE_UNFIT_OWN_NETWORK;
    }
    if (meets_any(network, special_networks, SPECIAL_COUNT) &&
        !passes(judging, VALUE_UNFIT_SPECIAL)) {
        return VALUE_UNFIT_SPECIAL;
    }
    return VALUE_FIT;
}

static enum value_verdict judge_address(const struct judging *judging, struct span address)
{
    const struct value_network host = network_of(address, (unsigned)address.size * BYTE_BITS);
    return judge_network(judging, &host);
}

static enum value_verdict judge_range(const struct judging *judging, struct span key)
{
    must(key.size == VALUE_CIDR_IPV4_SIZE || key.size == VALUE_CIDR_IPV6_SIZE);
    const struct value_network network = network_of(span_from(key, 2), key.data[1]);
    return judge_network(judging, &network);
}

/* The host of a URL may be an address: "127.0.0.1/x" is no page of anybody's. */
static enum value_verdict judge_url(const struct judging *judging, struct span key)
{
    uint8_t address[VALUE_IPV6_SIZE];
    ptrdiff_t slash = span_find(key, '/');
    struct span host = slash == SPAN_NOT_FOUND ? key : span_slice(key, 0, (size_t)slash);
    ptrdiff_t colon = span_find_last(host, ':');
    bool port = colon != SPAN_NOT_FOUND && !span_ends_with(host, SPAN("]"));
    host = port ? span_slice(host, 0, (size_t)colon) : host;
    size_t size = value_key_address(host, address);
    return size == 0 ? VALUE_FIT : judge_address(judging, span_make(address, size));
}

/* IANA's registry of special-purpose numbers (RFC 7249), without those for documentation. */
static enum value_verdict judge_asn(const struct judging *judging, struct span key)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } special[] = {
        { 0, 0 },                   /* RFC 7607 */
        { 23456, 23456 },           /* AS_TRANS, RFC 6793 */
        { 64512, 65535 },           /* private use, RFC 6996; reserved, RFC 7300 */
        { 4200000000, 4294967295 }, /* the same */
    };
    must(key.size == VALUE_ASN_SIZE);
    uint32_t number = (uint32_t)key.data[0] << 24 | (uint32_t)key.data[1] << 16 |
                      (uint32_t)key.data[2] << 8 | key.data[3];
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (number >= special[i].first && number <= special[i].last &&
            !passes(judging, VALUE_UNFIT_SPECIAL)) {
            return VALUE_UNFIT_SPECIAL;
        }
    }
    return VALUE_FIT;
}

/* ---- names ---- */

/* No suffix of the list has more labels than this: the longest of 2026 has seven, by a wildcard. */
enum { SUFFIX_LABELS_MAX = 8 };

static size_t label_count(struct span name)
{
    size_t count = 1;
    for (size_t i = 0; i < name.size; i++) {
        count += name.data[i] == '.' ? 1 : 0;
    }
    return count;
}

/* `types` is a union of PSL_TYPE_*. */
static bool is_suffix(struct span name, int types)
{
    char text[VALUE_DOMAIN_SIZE_MAX + 1];
    if (name.size == 0 || name.size > VALUE_DOMAIN_SIZE_MAX ||
        label_count(name) > SUFFIX_LABELS_MAX || span_find(name, 0) != SPAN_NOT_FOUND) {
        return false;
    }
    span_copy(text, sizeof text, name);
    text[name.size] = '\0';
    return psl_is_public_suffix2(psl_builtin(), text, types) != 0;
}

static enum value_verdict judge_domain(const struct judging *judging, struct span name,
                                       enum value_scope scope)
{
    /* A name alone may stand in no list at all ("localhost"); what stands for names below it may
     * not, since a top label that is not known belongs to somebody all the same. */
    bool alone = scope == VALUE_SCOPE_EXACT;
    int types = alone ? PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE : PSL_TYPE_ANY;
    bool suffix = is_suffix(name, types);
    return suffix && !passes(judging, VALUE_UNFIT_PUBLIC_SUFFIX) ? VALUE_UNFIT_PUBLIC_SUFFIX
                                                                 : VALUE_FIT;
}

/* ---- digests ---- */

/* MD5, SHA-1, SHA-256 and SHA-512 of: nothing, LF, CR LF, a zero byte, a space. */
static const char *const trivial_digests[] = {
    "d41d8cd98f00b204e9800998ecf8427e",
    "68b329da9893e34099c7d8ad5cb9c940",
    "81051bcc2cf1bedf378224b0a93e2877",
    "93b885adfe0da089cdf634904fd59f71",
    "7215ee9c7d9dc229d2921a40e899ec5f",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc",
    "ba8ab5a0280b953aa97435ff8946cbcbb2755a27",
    "5ba93c9db0cff93f52b521d7420e43f6eda2784f",
    "b858cb282617fb0956d960215c8e84d1ccf909c6",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
    "7eb70257593da06f682a3ddda54a9d260d4fc514f645237f5ca74b08f8da61a6",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    "be688838ca8686e5c90689bf2ab585cef1137c999b48c70b92f67a5c34dc1569"
    "7b5d11c982ed6d71be1e1e7f7b4e0733884aa97c3f7a339a8ed03577cf74be09",
    "1b302a2f1e624a5fb5ad94ddc4e5f8bfd74d26fa37512d0e5face303d8c40eee"
    "0d0ffa3649f5da43f439914d128166cb6c4774a7caa3b174d7535451eb697b5d",
    "b8244d028981d693af7b456af8efa4cad63d282e19ff14942c246e50d9351d22"
    "704a802a71c3580b6370de4ceb293c324a8423342557d4e5c38438f0e36910ee",
    "f90ddd77e400dfe6a3fcf479b00b1ee29e7015c5bb8cd70f5f15b4886cc33927"
    "5ff553fc8a053f8ddc7324f45168cffaf81f8c3ac93996f6536eef38e5e40768",
};

/* Of whatever kind: an empty JA3 string has the MD5 of nothing too. */
static bool is_trivial(struct span digest)
{
    size_t same = 1;
    while (same < digest.size && digest.data[same] == digest.data[0]) {
        same++;
    }
    if (same == digest.size && (digest.data[0] == 0 || digest.data[0] == UINT8_MAX)) {
        return true;
    }
    for (size_t i = 0; i < sizeof trivial_digests / sizeof trivial_digests[0]; i++) {
        uint8_t bytes[VALUE_SHA512_SIZE];
        if (hex_parse(span_of(trivial_digests[i]), bytes, digest.size) == ERR_OK &&
            memcmp(bytes, digest.data, digest.size) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- words ---- */

/* What has neither letter nor digit names nothing ("-", "..."), and these begin nearly every user
 * agent that there is. */
static bool is_common(struct span text)
{
    static const char *const words[] = { "Mozilla", "Mozilla/4.0", "Mozilla/5.0" };
    bool names = false;
    for (size_t i = 0; i < text.size && !names; i++) {
        uint8_t byte = text.data[i];
        uint8_t letter = byte | 0x20;
        names = (letter >= 'a' && letter <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80;
    }
    for (size_t i = 0; names && i < sizeof words / sizeof words[0]; i++) {
        names = !span_equal(text, span_of(words[i]));
    }
    return !names;
}

/* ---- all kinds ---- */

static enum value_verdict judge_pattern(const struct judging *judging, const struct value *value,
                                        enum value_scope scope)
{
    enum value_verdict verdict = value_pattern_judge(value->kind, scope, value->key);
    if (verdict != VALUE_FIT) {
        return passes(judging, verdict) ? VALUE_FIT : verdict;
    }
    /* "%.com" is ".com" written in another way. */
    struct span below = SPAN("%.");
    bool names = value->kind == VALUE_DOMAIN && scope == VALUE_SCOPE_LIKE &&
                 span_starts_with(value->key, below);
    return names ? judge_domain(judging, span_from(value->key, below.size),
                                VALUE_SCOPE_SUBDOMAINS_ONLY)
                 : VALUE_FIT;
}

enum value_verdict value_judge(const struct value_rules *rules, uint32_t even_if,
                               const struct value *value, enum value_scope scope)
{
    const struct judging of = { .rules = rules, .even_if = even_if };
    const struct judging *judging = &of;
    if (scope == VALUE_SCOPE_LIKE || scope == VALUE_SCOPE_REGEX) {
        return judge_pattern(judging, value, scope);
    }
    switch (value->kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
        return judge_address(judging, value->key);
    case VALUE_IP_PORT:
        return judge_address(judging, span_from(value->key, 2));
    case VALUE_CIDR:
        return judge_range(judging, value->key);
    case VALUE_DOMAIN:
        return judge_domain(judging, value->key, scope);
    case VALUE_URL:
        return judge_url(judging, value->key);
    case VALUE_ASN:
        return judge_asn(judging, value->key);
    case VALUE_MD5:
    case VALUE_SHA1:
    case VALUE_SHA256:
    case VALUE_SHA512:
    case VALUE_JA3:
    case VALUE_JA3S:
    case VALUE_HASSH:
    case VALUE_CERT_SHA1:
    case VALUE_CERT_SHA256:
        return is_trivial(value->key) && !passes(judging, VALUE_UNFIT_DIGEST) ? VALUE_UNFIT_DIGEST
                                                                              : VALUE_FIT;
    case VALUE_USER_AGENT:
    case VALUE_FILE_NAME:
        return is_common(value->key) && !passes(judging, VALUE_UNFIT_COMMON) ? VALUE_UNFIT_COMMON
                                                                             : VALUE_FIT;
    default:
        return VALUE_FIT;
    }
}
