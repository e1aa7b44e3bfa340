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
        { "ipv4-addr", VALUE_IPV4 },     { "ipv6-addr", VALUE_IPV6 },
        { "domain-name", VALUE_DOMAIN }, { "SHA-256", VALUE_SHA256 },
        { "SHA-1", VALUE_SHA1 },         { "FileHash-MD5", VALUE_MD5 },
        { "email-addr", VALUE_EMAIL },   { "FQDN", VALUE_DOMAIN },
        { "hostname", VALUE_DOMAIN },    { "ip-dst", VALUE_IPV4 },
        { "Intel::ADDR", VALUE_IPV4 },   { "Intel::SUBNET", VALUE_CIDR },
        { "sha256_hash", VALUE_SHA256 }, { "IP Address", VALUE_IPV4 },
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
        "",     "none", "ip:port",  "ip-dst|port",
        "hash", "ja3",  "filename", "a word that is longer than any word of the whole table is",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        enum value_kind kind = VALUE_NONE;

        check_err(value_kind_from_name(span_of(words[i]), &kind), ERR_ABSENT);

        assert_int_equal(kind, VALUE_NONE);
    }
}
