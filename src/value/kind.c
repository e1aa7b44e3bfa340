// SPDX-License-Identifier: EUPL-1.2
#include "value/value.h"

#include "base/must.h"

static const char *const kind_names[VALUE_KIND_COUNT] = {
    [VALUE_NONE] = "none",   [VALUE_IPV4] = "ipv4",     [VALUE_IPV6] = "ipv6",
    [VALUE_CIDR] = "cidr",   [VALUE_DOMAIN] = "domain", [VALUE_URL] = "url",
    [VALUE_MD5] = "md5",     [VALUE_SHA1] = "sha1",     [VALUE_SHA256] = "sha256",
    [VALUE_EMAIL] = "email",
};

const char *value_kind_name(enum value_kind kind)
{
    must(kind < VALUE_KIND_COUNT);
    return kind_names[kind];
}

/* The field's words in lower case, without '-', '_', '.', ' ' and ':'. An address is VALUE_IPV4
 * where the word leaves the family open: the two families read each other's text. */
static const struct {
    const char *word;
    enum value_kind kind;
} kind_words[] = {
    /* our own, and STIX 2.1's object types */
    { "ipv4", VALUE_IPV4 },
    { "ipv6", VALUE_IPV6 },
    { "cidr", VALUE_CIDR },
    { "domain", VALUE_DOMAIN },
    { "url", VALUE_URL },
    { "md5", VALUE_MD5 },
    { "sha1", VALUE_SHA1 },
    { "sha256", VALUE_SHA256 },
    { "email", VALUE_EMAIL },
    { "ipv4addr", VALUE_IPV4 },
    { "ipv6addr", VALUE_IPV6 },
    { "domainname", VALUE_DOMAIN },
    { "emailaddr", VALUE_EMAIL },
    /* spreadsheets and threat platforms */
    { "ip", VALUE_IPV4 },
    { "ip4", VALUE_IPV4 },
    { "ip6", VALUE_IPV6 },
    { "ipaddr", VALUE_IPV4 },
    { "ipaddress", VALUE_IPV4 },
    { "ipv4address", VALUE_IPV4 },
    { "ipv6address", VALUE_IPV6 },
    { "ipsrc", VALUE_IPV4 },
    { "ipdst", VALUE_IPV4 },
    { "srcip", VALUE_IPV4 },
    { "dstip", VALUE_IPV4 },
    { "ipv4cidr", VALUE_CIDR },
    { "ipv6cidr", VALUE_CIDR },
    { "ipcidr", VALUE_CIDR },
    { "iprange", VALUE_CIDR },
    { "subnet", VALUE_CIDR },
    { "network", VALUE_CIDR },
    { "netblock", VALUE_CIDR },
    { "fqdn", VALUE_DOMAIN },
    { "host", VALUE_DOMAIN },
    { "hostname", VALUE_DOMAIN },
    { "domains", VALUE_DOMAIN },
    { "uri", VALUE_URL },
    { "urls", VALUE_URL },
    { "md5hash", VALUE_MD5 },
    { "sha1hash", VALUE_SHA1 },
    { "sha256hash", VALUE_SHA256 },
    { "hashmd5", VALUE_MD5 },
    { "hashsha1", VALUE_SHA1 },
    { "hashsha256", VALUE_SHA256 },
    { "filehashmd5", VALUE_MD5 },
    { "filehashsha1", VALUE_SHA1 },
    { "filehashsha256", VALUE_SHA256 },
    { "filemd5", VALUE_MD5 },
    { "filesha1", VALUE_SHA1 },
    { "filesha256", VALUE_SHA256 },
    { "emailaddress", VALUE_EMAIL },
    { "emailsrc", VALUE_EMAIL },
    { "emaildst", VALUE_EMAIL },
    /* Zeek's intelligence framework */
    { "inteladdr", VALUE_IPV4 },
    { "intelsubnet", VALUE_CIDR },
    { "inteldomain", VALUE_DOMAIN },
    { "intelurl", VALUE_URL },
    { "intelemail", VALUE_EMAIL },
};

enum { KIND_WORD_COUNT = sizeof kind_words / sizeof kind_words[0], KIND_WORD_SIZE_MAX = 32 };

static bool is_joint(uint8_t byte)
{
    return byte == '-' || byte == '_' || byte == '.' || byte == ' ' || byte == ':';
}

enum err value_kind_from_name(struct span word, enum value_kind *ret)
{
    uint8_t letters[KIND_WORD_SIZE_MAX];
    size_t size = 0;
    for (size_t i = 0; i < word.size; i++) {
        if (is_joint(word.data[i])) {
            continue;
        }
        if (size == sizeof letters) {
            return ERR_ABSENT;
        }
        letters[size] = word.data[i];
        size++;
    }
    for (size_t i = 0; i < KIND_WORD_COUNT; i++) {
        if (span_equal_nocase(span_make(letters, size), span_of(kind_words[i].word))) {
            *ret = kind_words[i].kind;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}
