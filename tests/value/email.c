// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"
#include "tests/value/told.h"

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

TEST(emails_lose_their_case_and_what_stands_around_them)
{
    static const struct told_row rows[] = {
        { "someone@example.org", "email someone@example.org" },
        { "Some.One+Tag@Example.ORG.", "email some.one+tag@example.org" },
        { "<someone@example.org>", "email someone@example.org" },
        { "Some One <someone@example.org>", "email someone@example.org" },
        { "\"One, Some\" <someone@example.org>", "email someone@example.org" },
        { "\"<x@example.net>\" <someone@example.org>", "email someone@example.org" },
        { "mailto:someone@example.org", "email someone@example.org" },
        { "MAILTO:someone@example.org?subject=a@b", "email someone@example.org" },
        { "<mailto:someone@example.org>", "email someone@example.org" },
        { "root@localhost", "email root@localhost" },
        { "a..b.@example.org", "email a..b.@example.org" },
        { "x@b\303\274cher.example", "email x@xn--bcher-kva.example" },
        { "\303\274@example.org", "email \303\274@example.org" },
    };

    check_told(VALUE_EMAIL, ROWS(rows));
}

TEST(emails_lose_comments_and_what_stands_behind_their_brackets)
{
    static const struct told_row rows[] = {
        { "m1@example.org (Evil Corp)", "email m1@example.org" },
        { "Evil Corp <m2@example.org> (comment)", "email m2@example.org" },
        { "(Evil (very) \\) evil) m4@example.org", "email m4@example.org" },
        { "Evil (a <b@c.example>) <m5@example.org>", "email m5@example.org" },
        { "m6 (x) @ (y) example.org", "email m6@example.org" },
        { "< m7(x)@example.org >", "email m7@example.org" },
        { "Evil <m8@example.org> and more", "email m8@example.org" },
        { "\"a(b)c\"@example.org", "email \"a(b)c\"@example.org" },
        { "\"Evil (\" <m9@example.org>", "email m9@example.org" },
        { "5\" (1 <m10@example.org>", "email m10@example.org" },
        { "mailto:m11@example.org?subject=(<a>", "email m11@example.org" },
        { "a(x)b@example.org", "format" },
        { "a b(x)@example.org", "format" },
        { "m@example.org (x", "format" },
        { "m@example.org (x\\)", "format" },
        { "m@example.org x)", "format" },
        { "(m@example.org)", "format" },
        { "()", "format" },
        { "(x) <>", "format" },
    };

    check_told(VALUE_EMAIL, ROWS(rows));
}

TEST(emails_are_found_behind_brackets_that_never_close_in_one_walk)
{
    enum { OPEN_SIZE = 1 << 20 };
    struct span end = SPAN(" <m@example.org>");
    uint8_t *text = memory_new(OPEN_SIZE + end.size);
    uint8_t key[VALUE_KEY_SIZE_MAX];
    assert_non_null(text);
    for (size_t i = 0; i < OPEN_SIZE; i++) {
        text[i] = i % 2 == 0 ? '(' : '"';
    }
    text[OPEN_SIZE - 1] = '(';
    span_copy(text + OPEN_SIZE, end.size, end);

    size_t size = value_key_email(span_make(text, OPEN_SIZE + end.size), key);

    assert_int_equal(size, sizeof "m@example.org" - 1);
    memory_free(text);
}

TEST(emails_keep_quotes_only_where_they_are_needed)
{
    static const struct told_row rows[] = {
        { "\"some one\"@example.org", "email \"some one\"@example.org" },
        { "\"Someone\"@example.org", "email someone@example.org" },
        { "\"a@b\"@example.org", "email \"a@b\"@example.org" },
        { "\"a\\\"b\\\\c\\d\"@example.org", "email \"a\\\"b\\\\cd\"@example.org" },
        { "\"\"@example.org", "email \"\"@example.org" },
    };

    check_told(VALUE_EMAIL, ROWS(rows));
}

TEST(emails_may_name_an_address_instead_of_a_domain)
{
    static const struct told_row rows[] = {
        { "x@[198.51.100.7]", "email x@[198.51.100.7]" },
        { "x@[IPv6:2001:DB8:0::7]", "email x@[ipv6:2001:db8::7]" },
        { "x@[IPv6:::ffff:198.51.100.7]", "email x@[198.51.100.7]" },
        { "x@198.51.100.7", "format" },
        { "x@[198.51.100.256]", "format" },
        { "x@[[2001:db8::7]]", "format" },
        { "x@[]", "format" },
        { "x@[tag:text]", "format" },
    };

    check_told(VALUE_EMAIL, ROWS(rows));
}

TEST(emails_that_are_broken_are_refused)
{
    static const struct told_row rows[] = {
        { "", "format" },
        { "@", "format" },
        { "someone", "format" },
        { "someone@", "format" },
        { "@example.org", "format" },
        { "some one@example.org", "format" },
        { "a@b@example.org", "format" },
        { "a@example.org, b@example.org", "format" },
        { "someone@exa mple.org", "format" },
        { "\"some@example.org", "format" },
        { "\"some\"one@example.org", "format" },
        { "\"some\\", "format" },
        { "\"a\nb\"@example.org", "format" },
        { "\377@example.org", "format" },
        { "<>", "format" },
        { ">", "format" },
        { "mailto:", "format" },
        { "a:b@example.org", "format" },
    };

    check_told(VALUE_EMAIL, ROWS(rows));
    assert_string_equal(told(VALUE_EMAIL, SPAN("a\0b@example.org")), "format");
}

TEST(emails_have_local_parts_of_at_most_64_bytes)
{
    uint8_t text[400];
    memset(text, 'a', sizeof text);
    uint8_t key[VALUE_KEY_SIZE_MAX];
    span_copy(text + 64, sizeof text - 64, SPAN("@example.org"));

    assert_int_equal(value_key_email(span_make(text, 76), key), 76);

    span_copy(text + 64, sizeof text - 64, SPAN("a@example.org"));
    assert_int_equal(value_key_email(span_make(text, 77), key), 0);
    assert_string_equal(told(VALUE_EMAIL, span_make(text, sizeof text)), "limit");
}
