// SPDX-License-Identifier: EUPL-1.2
#include "tests/testing.h"
#include "value/value.h"

TEST(kind_names_are_read_back)
{
    for (enum value_kind kind = VALUE_IPV4; kind < VALUE_KIND_COUNT; kind++) {
        enum value_kind back = VALUE_NONE;

        check_err(value_kind_from_name(span_of(value_kind_name(kind)), &back), ERR_OK);

        assert_int_equal(back, kind);
    }
}

TEST(kind_words_of_other_programs_are_known)
{
    static const struct {
        const char *word;
        enum value_kind kind;
    } rows[] = {
        { "ipv4-addr", VALUE_IPV4 },
        { "ipv6-addr", VALUE_IPV6 },
        { "domain-name", VALUE_DOMAIN },
        { "SHA-256", VALUE_SHA256 },
        { "SHA-1", VALUE_SHA1 },
        { "FileHash-MD5", VALUE_MD5 },
        { "email-addr", VALUE_EMAIL },
        { "FQDN", VALUE_DOMAIN },
        { "hostname", VALUE_DOMAIN },
        { "ip-dst", VALUE_IPV4 },
        { "Intel::ADDR", VALUE_IPV4 },
        { "Intel::SUBNET", VALUE_CIDR },
        { "sha256_hash", VALUE_SHA256 },
        { "IP Address", VALUE_IPV4 },
        { "ip-dst|port", VALUE_IP_PORT },
        { "ip:port", VALUE_IP_PORT },
        { "FileHash-SHA512", VALUE_SHA512 },
        { "ja3-fingerprint-md5", VALUE_JA3 },
        { "JA3S", VALUE_JA3S },
        { "hassh-md5", VALUE_HASSH },
        { "x509-fingerprint-sha256", VALUE_CERT_SHA256 },
        { "Intel::CERT_HASH", VALUE_CERT_SHA1 },
        { "user-agent", VALUE_USER_AGENT },
        { "filename", VALUE_FILE_NAME },
        { "Intel::FILE_NAME", VALUE_FILE_NAME },
        { "AS", VALUE_ASN },
        { "autonomous-system", VALUE_ASN },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum value_kind kind = VALUE_NONE;

        check_err(value_kind_from_name(span_of(rows[i].word), &kind), ERR_OK);

        assert_int_equal(kind, rows[i].kind);
    }
}

TEST(kind_words_that_mean_something_else_are_absent)
{
    static const char *const words[] = {
        "",
        "none",
        "hash",
        "ja5",
        "filename|md5",
        "domain|ip",
        "user agents of my neighbour",
        "a word that is longer than any word of the whole table is",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        enum value_kind kind = VALUE_NONE;

        check_err(value_kind_from_name(span_of(words[i]), &kind), ERR_ABSENT);

        assert_int_equal(kind, VALUE_NONE);
    }
}

TEST(scope_names_are_read_back)
{
    for (enum value_scope scope = VALUE_SCOPE_EXACT; scope < VALUE_SCOPE_COUNT; scope++) {
        enum value_scope back = VALUE_SCOPE_COUNT;

        check_err(value_scope_from_name(span_of(value_scope_name(scope)), &back), ERR_OK);

        assert_int_equal(back, scope);
    }
}

TEST(scope_words_that_are_none_are_absent)
{
    static const char *const words[] = { "", "exac", "exactly", "sub domains", "*" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        enum value_scope scope = VALUE_SCOPE_COUNT;

        check_err(value_scope_from_name(span_of(words[i]), &scope), ERR_ABSENT);

        assert_int_equal(scope, VALUE_SCOPE_COUNT);
    }
}

/* One letter a scope, in the order of the enum: "e" exact, "s" subdomains, "o" subdomains only,
 * "q" any query, "p" prefix, "c" caseless, "l" like, "r" regex. */
static const char *scopes_of(enum value_kind kind)
{
    static const char letters[] = "esoqpclr";
    static char text[VALUE_SCOPE_COUNT + 1];
    size_t size = 0;
    for (enum value_scope scope = VALUE_SCOPE_EXACT; scope < VALUE_SCOPE_COUNT; scope++) {
        if (value_scope_fits(kind, scope)) {
            text[size] = letters[scope];
            size++;
        }
    }
    text[size] = 0;
    return text;
}

TEST(scopes_fit_the_kinds_that_have_them)
{
    for (enum value_kind kind = VALUE_IPV4; kind < VALUE_KIND_COUNT; kind++) {
        switch (kind) {
        case VALUE_DOMAIN:
            assert_string_equal(scopes_of(kind), "esolr");
            break;
        case VALUE_URL:
            assert_string_equal(scopes_of(kind), "eqpclr");
            break;
        case VALUE_USER_AGENT:
        case VALUE_FILE_NAME:
            assert_string_equal(scopes_of(kind), "elr");
            break;
        default:
            assert_string_equal(scopes_of(kind), "e");
            break;
        }
    }
}
