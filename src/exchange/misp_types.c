// SPDX-License-Identifier: EUPL-1.2
/*
 * The types of MISP's attributes (MISP core format, and PyMISP's describeTypes) that stand for
 * something a log can hold. How far a name reaches is MISP's own reading, as in its exports for
 * Snort and Suricata: a domain stands for the names below it too, a hostname for itself.
 *
 * Of "filename|sha256" only the digest is watched: half the world has a file of that name.
 */
#include "exchange/internal.h"

enum { WHOLE = 0, BEFORE = 1, BEHIND = 2 };

static const struct {
    const char *name;
    struct exchange_part parts[EXCHANGE_PART_COUNT_MAX];
} types[] = {
    { "ip-src", { { .kind = VALUE_IPV4 } } },
    { "ip-dst", { { .kind = VALUE_IPV4 } } },
    { "ip-src|port", { { .kind = VALUE_IP_PORT } } },
    { "ip-dst|port", { { .kind = VALUE_IP_PORT } } },
    { "domain", { { .kind = VALUE_DOMAIN } } },
    { "hostname", { { .kind = VALUE_DOMAIN, .alone = true } } },
    { "hostname|port", { { .kind = VALUE_DOMAIN, .half = BEFORE, .alone = true } } },
    { "domain|ip",
      { { .kind = VALUE_DOMAIN, .half = BEFORE }, { .kind = VALUE_IPV4, .half = BEHIND } } },
    { "url", { { .kind = VALUE_URL, .may_be_host = true } } },
    { "uri", { { .kind = VALUE_URL } } },
    { "email", { { .kind = VALUE_EMAIL } } },
    { "email-src", { { .kind = VALUE_EMAIL } } },
    { "email-dst", { { .kind = VALUE_EMAIL } } },
    { "email-reply-to", { { .kind = VALUE_EMAIL } } },
    { "dns-soa-email", { { .kind = VALUE_EMAIL } } },
    { "md5", { { .kind = VALUE_MD5 } } },
    { "sha1", { { .kind = VALUE_SHA1 } } },
    { "sha256", { { .kind = VALUE_SHA256 } } },
    { "sha512", { { .kind = VALUE_SHA512 } } },
    { "filename", { { .kind = VALUE_FILE_NAME } } },
    { "email-attachment", { { .kind = VALUE_FILE_NAME } } },
    { "filename|md5", { { .kind = VALUE_MD5, .half = BEHIND } } },
    { "filename|sha1", { { .kind = VALUE_SHA1, .half = BEHIND } } },
    { "filename|sha256", { { .kind = VALUE_SHA256, .half = BEHIND } } },
    { "filename|sha512", { { .kind = VALUE_SHA512, .half = BEHIND } } },
    { "malware-sample", { { .kind = VALUE_MD5, .half = BEHIND } } },
    { "ja3-fingerprint-md5", { { .kind = VALUE_JA3 } } },
    { "hassh-md5", { { .kind = VALUE_HASSH } } },
    { "hasshserver-md5", { { .kind = VALUE_HASSH } } },
    { "x509-fingerprint-sha1", { { .kind = VALUE_CERT_SHA1 } } },
    { "x509-fingerprint-sha256", { { .kind = VALUE_CERT_SHA256 } } },
    { "user-agent", { { .kind = VALUE_USER_AGENT } } },
    { "AS", { { .kind = VALUE_ASN } } },
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

/* Fingerprints that have no type of their own: the object's template says what they are. */
static enum value_kind kind_of_relation(struct span relation)
{
    static const struct {
        const char *relation;
        enum value_kind kind;
    } relations[] = {
        { "ja3s-fingerprint-md5", VALUE_JA3S },
        { "ja4", VALUE_JA4 },
        { "ja4-fingerprint", VALUE_JA4 },
    };
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++) {
        if (span_equal(relation, span_of(relations[i].relation))) {
            return relations[i].kind;
        }
    }
    return VALUE_NONE;
}

enum err exchange_misp_type_find(struct span type, struct span relation,
                                 struct exchange_misp_type *ret)
{
    enum value_kind kind = kind_of_relation(relation);
    if (kind != VALUE_NONE) {
        *ret = (struct exchange_misp_type){ .part_count = 1, .parts = { { .kind = kind } } };
        return ERR_OK;
    }
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (!span_equal(type, span_of(types[i].name))) {
            continue;
        }
        struct exchange_misp_type found = { .part_count = 0 };
        while (found.part_count < EXCHANGE_PART_COUNT_MAX &&
               types[i].parts[found.part_count].kind != VALUE_NONE) {
            found.parts[found.part_count] = types[i].parts[found.part_count];
            found.part_count++;
        }
        *ret = found;
        return ERR_OK;
    }
    return ERR_ABSENT;
}

/* Names of files may hold a bar, what stands behind them does not. */
static bool half_take(int half, struct span *text)
{
    if (half == WHOLE) {
        return true;
    }
    ptrdiff_t bar = span_find_last(*text, '|');
    if (bar == SPAN_NOT_FOUND) {
        return false;
    }
    *text = half == BEFORE ? span_slice(*text, 0, (size_t)bar) : span_from(*text, (size_t)bar + 1);
    return true;
}

/* "evil.example" typed as a URL: there is no path that a request could be compared with. */
static bool is_host(struct span text)
{
    return span_find(text, '/') == SPAN_NOT_FOUND && span_find(text, '?') == SPAN_NOT_FOUND;
}

enum exchange_refusal exchange_part_read(struct exchange_reader *reader,
                                         const struct exchange_part *part, struct span text,
                                         struct exchange_item *item)
{
    if (!half_take(part->half, &text)) {
        return EXCHANGE_REFUSAL_VALUE;
    }
    bool host = part->may_be_host && is_host(text);
    enum exchange_refusal refusal =
        exchange_value_read(reader, host ? VALUE_NONE : part->kind, span_trim(text), item);
    if (host && refusal == EXCHANGE_REFUSAL_KIND) {
        refusal = EXCHANGE_REFUSAL_VALUE;
    }
    if (part->alone || host) {
        exchange_mean_alone(item);
    }
    return refusal;
}
