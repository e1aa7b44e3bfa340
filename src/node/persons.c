// SPDX-License-Identifier: EUPL-1.2
#include "node/persons.h"

#define BIT(kind) (1u << (kind))

_Static_assert(VALUE_KIND_COUNT <= 32, "kinds are bits of a number");

/* Digests of one size are remembered as all that they may be digests of. */
enum {
    MD5S = BIT(VALUE_MD5) | BIT(VALUE_JA3) | BIT(VALUE_JA3S) | BIT(VALUE_HASSH),
    SHA1S = BIT(VALUE_SHA1) | BIT(VALUE_CERT_SHA1),
    SHA256S = BIT(VALUE_SHA256) | BIT(VALUE_CERT_SHA256),
    ADDRESSES = BIT(VALUE_IPV4) | BIT(VALUE_IPV6),
};

/* A URL may name somebody, and one that reaches further than itself meets such as do. */
static bool may_hold_mail(const struct hunt_question *question)
{
    struct span key = question->value.key;
    bool further = question->scope != VALUE_SCOPE_EXACT && question->scope != VALUE_SCOPE_CASELESS;
    return further || span_find(key, '@') != SPAN_NOT_FOUND ||
           span_find_span(key, SPAN("%40")) != SPAN_NOT_FOUND;
}

/* The kinds of which an answer would tell values, as bits. */
static uint32_t told_kinds(const struct hunt_question *question)
{
    uint32_t own = BIT(question->value.kind);
    switch (question->value.kind) {
    case VALUE_CIDR:
        return ADDRESSES;
    case VALUE_IP_PORT:
        return own | ADDRESSES;
    case VALUE_URL:
        own |= may_hold_mail(question) ? BIT(VALUE_EMAIL) : 0;
        return own | ADDRESSES | BIT(VALUE_DOMAIN);
    case VALUE_EMAIL:
        return own | BIT(VALUE_DOMAIN);
    case VALUE_MD5:
    case VALUE_JA3:
    case VALUE_JA3S:
    case VALUE_HASSH:
        return MD5S;
    case VALUE_SHA1:
    case VALUE_CERT_SHA1:
        return SHA1S;
    case VALUE_SHA256:
    case VALUE_CERT_SHA256:
        return SHA256S;
    default:
        return own;
    }
}

bool persons_asks(const struct config_history *config, const struct hunt_question *question)
{
    return (told_kinds(question) & config->second_person) != 0;
}
