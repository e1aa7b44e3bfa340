// SPDX-License-Identifier: EUPL-1.2
#include "value/value.h"

#include "base/must.h"

static const char *const kind_names[VALUE_KIND_COUNT] = {
    [VALUE_NONE] = "none",
    [VALUE_IPV4] = "ipv4",
    [VALUE_IPV6] = "ipv6",
    [VALUE_CIDR] = "cidr",
    [VALUE_DOMAIN] = "domain",
    [VALUE_URL] = "url",
    [VALUE_MD5] = "md5",
    [VALUE_SHA1] = "sha1",
    [VALUE_SHA256] = "sha256",
    [VALUE_EMAIL] = "email",
    [VALUE_SHA512] = "sha512",
    [VALUE_IP_PORT] = "ip-port",
    [VALUE_JA3] = "ja3",
    [VALUE_JA3S] = "ja3s",
    [VALUE_JA4] = "ja4",
    [VALUE_HASSH] = "hassh",
    [VALUE_CERT_SHA1] = "cert-sha1",
    [VALUE_CERT_SHA256] = "cert-sha256",
    [VALUE_USER_AGENT] = "user-agent",
    [VALUE_FILE_NAME] = "file-name",
    [VALUE_ASN] = "asn",
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
    { "sha512", VALUE_SHA512 },
    { "ipport", VALUE_IP_PORT },
    { "ja3", VALUE_JA3 },
    { "ja3s", VALUE_JA3S },
    { "ja4", VALUE_JA4 },
    { "hassh", VALUE_HASSH },
    { "certsha1", VALUE_CERT_SHA1 },
    { "certsha256", VALUE_CERT_SHA256 },
    { "useragent", VALUE_USER_AGENT },
    { "filename", VALUE_FILE_NAME },
    { "asn", VALUE_ASN },
    { "autonomoussystem", VALUE_ASN },
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
    { "sha512hash", VALUE_SHA512 },
    { "hashsha512", VALUE_SHA512 },
    { "filehashsha512", VALUE_SHA512 },
    { "filesha512", VALUE_SHA512 },
    { "ja3md5", VALUE_JA3 },
    { "ja3fingerprint", VALUE_JA3 },
    { "ja3fingerprintmd5", VALUE_JA3 },
    { "ja3hash", VALUE_JA3 },
    { "ja3shash", VALUE_JA3S },
    { "ja4fingerprint", VALUE_JA4 },
    { "hasshmd5", VALUE_HASSH },
    { "hasshservermd5", VALUE_HASSH },
    { "hasshserver", VALUE_HASSH },
    { "certificatesha1", VALUE_CERT_SHA1 },
    { "certificatesha256", VALUE_CERT_SHA256 },
    { "x509fingerprintsha1", VALUE_CERT_SHA1 },
    { "x509fingerprintsha256", VALUE_CERT_SHA256 },
    { "sslfingerprint", VALUE_CERT_SHA1 },
    { "ua", VALUE_USER_AGENT },
    { "file", VALUE_FILE_NAME },
    { "ipdst|port", VALUE_IP_PORT },
    { "ipsrc|port", VALUE_IP_PORT },
    { "addressport", VALUE_IP_PORT },
    { "socket", VALUE_IP_PORT },
    { "as", VALUE_ASN },
    { "asnumber", VALUE_ASN },
    { "emailaddress", VALUE_EMAIL },
    { "emailsrc", VALUE_EMAIL },
    { "emaildst", VALUE_EMAIL },
    /* Zeek's intelligence framework */
    { "inteladdr", VALUE_IPV4 },
    { "intelsubnet", VALUE_CIDR },
    { "inteldomain", VALUE_DOMAIN },
    { "intelurl", VALUE_URL },
    { "intelemail", VALUE_EMAIL },
    { "intelcerthash", VALUE_CERT_SHA1 },
    { "intelfilename", VALUE_FILE_NAME },
    { "intelsoftware", VALUE_USER_AGENT },
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

static const char *const scope_names[VALUE_SCOPE_COUNT] = {
    [VALUE_SCOPE_EXACT] = "exact",
    [VALUE_SCOPE_SUBDOMAINS] = "subdomains",
    [VALUE_SCOPE_SUBDOMAINS_ONLY] = "subdomains-only",
    [VALUE_SCOPE_ANY_QUERY] = "any-query",
    [VALUE_SCOPE_PREFIX] = "prefix",
    [VALUE_SCOPE_CASELESS] = "caseless",
    [VALUE_SCOPE_LIKE] = "like",
    [VALUE_SCOPE_REGEX] = "regex",
};

const char *value_scope_name(enum value_scope scope)
{
    must(scope < VALUE_SCOPE_COUNT);
    return scope_names[scope];
}

enum err value_scope_from_name(struct span word, enum value_scope *ret)
{
    for (int i = 0; i < VALUE_SCOPE_COUNT; i++) {
        if (span_equal_nocase(word, span_of(scope_names[i]))) {
            *ret = (enum value_scope)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

bool value_scope_fits(enum value_kind kind, enum value_scope scope)
{
    switch (scope) {
    case VALUE_SCOPE_EXACT:
        return true;
    case VALUE_SCOPE_SUBDOMAINS:
    case VALUE_SCOPE_SUBDOMAINS_ONLY:
        return kind == VALUE_DOMAIN;
    case VALUE_SCOPE_ANY_QUERY:
    case VALUE_SCOPE_PREFIX:
    case VALUE_SCOPE_CASELESS:
        return kind == VALUE_URL;
    default:
        return kind == VALUE_URL || kind == VALUE_DOMAIN || kind == VALUE_USER_AGENT ||
               kind == VALUE_FILE_NAME;
    }
}
