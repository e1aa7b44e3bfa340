// SPDX-License-Identifier: EUPL-1.2
#include "stix/pattern_values.h"

#include "tests/testing.h"

#define MD5_A    "0123456789abcdef0123456789abcdef"
#define MD5_B    "0123456789abcdef0123456789abcdee"
#define SHA1_A   "0123456789abcdef0123456789abcdef01234567"
#define SHA256_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA512_A SHA256_A SHA256_A

static enum err values_of(struct op *op, const char *text, struct stix_pattern_values *ret)
{
    struct stix_pattern pattern;
    check_err(stix_pattern_parse(op, span_of(text), &pattern), ERR_OK);
    return stix_pattern_values(op, &pattern, ret);
}

/* All of a pattern is watched, as "kind=value" joined by spaces. */
static void check_values(const char *text, const char *expected)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern_values values;
    struct buf buf;
    buf_init(&buf, 4096);

    check_err(values_of(&op, text, &values), ERR_OK);

    for (size_t i = 0; i < values.count; i++) {
        const char *kind = values.list[i].kind;
        buf_add_format(&buf, "%s%s=%.*s", i == 0 ? "" : " ", kind, SPAN_FMT(values.list[i].value));
    }
    check_span(buf_span(&buf), expected);
    assert_false(values.partial);
    assert_int_equal(values.reason.size, 0);
    buf_done(&buf);
    op_end(&op);
}

/* Nothing of a pattern is watched, and the user is told why. */
static void check_unwatched(const char *text, const char *reason)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern_values values = { .count = 7 };

    check_err(values_of(&op, text, &values), ERR_UNSUPPORTED);

    if (span_find_span(span_of(op.fault.text), span_of(reason)) == SPAN_NOT_FOUND) {
        print_error("expected \"%s\" in: %s\n", reason, op.fault.text);
        fail();
    }
    assert_int_equal(values.count, 7);
    op_end(&op);
}

TEST(values_of_each_kind_are_found)
{
    check_values("[ipv4-addr:value = '192.0.2.1']", "ipv4-addr=192.0.2.1");
    check_values("[ipv6-addr:value = '2001:db8::1']", "ipv6-addr=2001:db8::1");
    check_values("[ipv4-addr:value = '192.0.2.0/24']", "cidr=192.0.2.0/24");
    check_values("[ipv6-addr:value = '2001:db8::/32']", "cidr=2001:db8::/32");
    check_values("[domain-name:value = 'mail.example']", "domain-name=mail.example");
    check_values("[url:value = 'http://a.example/x?y']", "url=http://a.example/x?y");
    check_values("[email-addr:value = 'a@b.example']", "email-addr=a@b.example");
    check_values("[email-message:from_ref.value = 'a@b.example']", "email-addr=a@b.example");
    check_values("[email-message:sender_ref.value = 'a@b.example']", "email-addr=a@b.example");
}

TEST(values_of_hashes_are_found_in_every_spelling_of_their_names)
{
    check_values("[file:hashes.MD5 = '" MD5_A "']", "md5=" MD5_A);
    check_values("[file:hashes.'MD5' = '" MD5_A "']", "md5=" MD5_A);
    check_values("[file:hashes.md5 = '" MD5_A "']", "md5=" MD5_A);
    check_values("[file:hashes.'SHA-1' = '" SHA1_A "']", "sha1=" SHA1_A);
    check_values("[file:hashes.SHA1 = '" SHA1_A "']", "sha1=" SHA1_A);
    check_values("[file:hashes.'SHA-256' = '" SHA256_A "']", "sha256=" SHA256_A);
    check_values("[file:hashes.SHA256 = '" SHA256_A "']", "sha256=" SHA256_A);
    check_values("[artifact:hashes.'SHA-256' = '" SHA256_A "']", "sha256=" SHA256_A);
    check_values("[x509-certificate:hashes.'SHA-1' = '" SHA1_A "']", "cert-sha1=" SHA1_A);
    check_values("[x509-certificate:hashes.SHA256 = '" SHA256_A "']", "cert-sha256=" SHA256_A);
    check_values("[x509-certificate:hashes.MD5 = '" MD5_A "']", "md5=" MD5_A);
    check_values("[file:hashes.'SHA-512' = '" SHA512_A "']", "sha512=" SHA512_A);
}

TEST(values_at_the_ends_of_traffic_take_their_kind_from_their_look)
{
    check_values("[network-traffic:dst_ref.value = '192.0.2.1']", "ipv4-addr=192.0.2.1");
    check_values("[network-traffic:src_ref.value = '2001:db8::1']", "ipv6-addr=2001:db8::1");
    check_values("[network-traffic:src_ref.value = '192.0.2.0/24']", "cidr=192.0.2.0/24");
    check_values("[network-traffic:dst_ref.value = 'a.example']", "domain-name=a.example");
    check_values("[network-traffic:dst_ref.value = '1.2.3.example']", "domain-name=1.2.3.example");
}

TEST(values_at_the_ends_of_traffic_keep_their_end)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern_values values;

    check_err(values_of(&op,
                        "[network-traffic:dst_ref.value = '192.0.2.1' OR "
                        "network-traffic:src_ref.value = '192.0.2.1' OR "
                        "ipv4-addr:value = '192.0.2.1']",
                        &values),
              ERR_OK);

    assert_int_equal(values.count, 3);
    assert_int_equal(values.list[0].end, STIX_PATTERN_END_DESTINATION);
    assert_int_equal(values.list[1].end, STIX_PATTERN_END_SOURCE);
    assert_int_equal(values.list[2].end, STIX_PATTERN_END_ANY);
    op_end(&op);
}

TEST(values_beside_the_type_of_their_end_are_found)
{
    check_values("[network-traffic:dst_ref.type = 'domain-name' AND "
                 "network-traffic:dst_ref.value = 'a.example']",
                 "domain-name=a.example");
    check_values("[network-traffic:src_ref.value = '192.0.2.1' AND "
                 "network-traffic:src_ref.type = 'ipv4-addr']",
                 "ipv4-addr=192.0.2.1");
    check_unwatched("[network-traffic:src_ref.type = 'domain-name' AND "
                    "network-traffic:dst_ref.value = 'a.example']",
                    "AND of tests");
    check_unwatched("[network-traffic:dst_ref.type = 'ipv4-addr' AND "
                    "network-traffic:dst_ref.value = 'a.example']",
                    "AND of tests");
}

TEST(values_beside_a_port_are_addresses_with_a_port)
{
    check_values("[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]",
                 "ip-port=192.0.2.1|443");
    check_values(
        "[network-traffic:src_port = 53 AND network-traffic:src_ref.value = '2001:db8::1']",
        "ip-port=2001:db8::1|53");
    check_values("[network-traffic:dst_ref.type = 'ipv4-addr' AND "
                 "(network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 5) "
                 "AND network-traffic:protocols[*] = 'tcp']",
                 "ip-port=192.0.2.1|5");
    check_unwatched("[network-traffic:dst_ref.value = '192.0.2.1' AND "
                    "network-traffic:src_port = 443]",
                    "AND of tests");
    check_unwatched("[network-traffic:dst_ref.value = 'a.example' AND "
                    "network-traffic:dst_port = 443]",
                    "AND of tests");
    check_unwatched("[network-traffic:dst_ref.value = '192.0.2.0/24' AND "
                    "network-traffic:dst_port = 443]",
                    "AND of tests");
    check_unwatched("[network-traffic:dst_ref.value = '192.0.2.1' AND "
                    "network-traffic:dst_port = 0]",
                    "AND of tests");
    check_unwatched("[network-traffic:dst_ref.value = '192.0.2.1' AND "
                    "network-traffic:dst_port > 443]",
                    "AND of tests");
    check_unwatched("[network-traffic:dst_ref.value = '192.0.2.1' AND "
                    "network-traffic:dst_port = 1 AND network-traffic:dst_port = 2]",
                    "AND of tests");
    check_unwatched("[network-traffic:dst_ref.value = '192.0.2.1' AND "
                    "network-traffic:protocols[*] = 'tcp']",
                    "AND of tests");
    check_unwatched("[network-traffic:dst_port = 443]", "property network-traffic:dst_port");
}

#define USER_AGENT "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"

TEST(values_of_names_and_numbers_are_found)
{
    check_values("[file:name = 'Invoice.exe']", "file-name=Invoice.exe");
    check_values("[autonomous-system:number = 64500]", "asn=64500");
    check_values("[" USER_AGENT " = 'evil/1']", "user-agent=evil/1");
    check_values("[" USER_AGENT "[*] = 'evil/1' OR " USER_AGENT "[0] = 'evil/2']",
                 "user-agent=evil/1 user-agent=evil/2");
    check_unwatched("[" USER_AGENT ".x = 'evil/1']", "property network-traffic:extensions");
    check_unwatched("[autonomous-system:number = 'AS64500']", "a value that is not a number");
    check_unwatched("[autonomous-system:number > 64500]", "> (byte 1)");
}

TEST(values_that_are_patterns_are_found_and_say_so)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern_values values;

    check_err(values_of(&op,
                        "[url:value LIKE 'http://%/a' OR domain-name:value MATCHES '^[a-z]+$' OR "
                        "file:name MATCHES 'x\\\\.exe' OR " USER_AGENT " LIKE 'evil%' OR "
                        "url:value = 'http://a%/']",
                        &values),
              ERR_OK);

    assert_int_equal(values.count, 5);
    assert_false(values.partial);
    assert_int_equal(values.list[0].comparison, STIX_PATTERN_LIKE);
    assert_int_equal(values.list[1].comparison, STIX_PATTERN_MATCHES);
    check_span(values.list[2].value, "x\\.exe");
    assert_string_equal(values.list[3].kind, "user-agent");
    assert_int_equal(values.list[4].comparison, STIX_PATTERN_EQUAL);
    op_end(&op);
}

TEST(values_that_are_patterns_of_what_has_none_are_not_watched)
{
    check_unwatched("[ipv4-addr:value LIKE '192.0.2.%']", "LIKE (byte 1)");
    check_unwatched("[email-addr:value MATCHES 'a']", "MATCHES (byte 1)");
    check_unwatched("[url:value NOT LIKE 'a%']", "NOT LIKE (byte 1)");
    check_unwatched("[network-traffic:dst_ref.value LIKE 'a%']", "LIKE (byte 1)");
}

TEST(values_joined_by_or_are_all_found_in_order)
{
    check_values("[ipv4-addr:value = '192.0.2.1' OR (url:value = 'http://a.example/' OR "
                 "domain-name:value = 'a.example')] OR ([file:hashes.MD5 = '" MD5_A "'])",
                 "ipv4-addr=192.0.2.1 url=http://a.example/ domain-name=a.example md5=" MD5_A);
}

TEST(values_of_a_set_are_all_found)
{
    check_values("[domain-name:value IN ('a.example', 'b.example')]",
                 "domain-name=a.example domain-name=b.example");
    check_unwatched("[domain-name:value IN ()]", "empty set (byte 1)");
    check_unwatched("[domain-name:value NOT IN ('a.example')]", "NOT IN (byte 1)");
}

TEST(values_of_ranges_are_found)
{
    check_values("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "cidr=192.0.2.0/24");
    check_values("[ipv6-addr:value ISSUBSET '2001:db8::/32']", "cidr=2001:db8::/32");
    check_values("[network-traffic:dst_ref.value ISSUBSET '192.0.2.0/24']", "cidr=192.0.2.0/24");
    check_values("[ipv4-addr:value ISSUBSET '192.0.2.1']", "ipv4-addr=192.0.2.1");
    check_unwatched("[network-traffic:dst_ref.value ISSUBSET 'a.example']",
                    "ISSUBSET of what is not an address (byte 1)");
    check_unwatched("[url:value ISSUBSET '192.0.2.0/24']", "ISSUBSET of what is not an address");
    check_unwatched("[ipv4-addr:value ISSUPERSET '192.0.2.0/24']", "ISSUPERSET (byte 1)");
    check_unwatched("[ipv4-addr:value NOT ISSUBSET '192.0.2.0/24']", "NOT ISSUBSET (byte 1)");
}

TEST(values_are_given_without_escapes)
{
    check_values("[url:value = 'http://a.example/it\\'s\\\\']", "url=http://a.example/it's\\");
}

TEST(values_point_to_their_byte)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern_values values;

    check_err(values_of(&op, "[url:value IN ('a', 'b')]", &values), ERR_OK);

    assert_int_equal(values.list[0].offset, 15);
    assert_int_equal(values.list[1].offset, 20);
    op_end(&op);
}

static void check_strongest(const char *text, const char *kind)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern_values values;

    check_err(values_of(&op, text, &values), ERR_OK);

    assert_int_equal(values.count, 1);
    assert_string_equal(values.list[0].kind, kind);
    assert_true(values.list[0].strongest_of_and);
    assert_false(values.partial);
    op_end(&op);
}

TEST(values_of_several_hashes_of_one_file_are_the_strongest)
{
    check_strongest("[file:hashes.MD5 = '" MD5_A "' AND file:hashes.'SHA-256' = '" SHA256_A "']",
                    "sha256");
    check_strongest("[file:hashes.'SHA-1' = '" SHA1_A "' AND file:hashes.MD5 = '" MD5_A "']",
                    "sha1");
    check_strongest("[(file:hashes.'SHA-256' = '" SHA256_A "' AND file:hashes.MD5 = '" MD5_A
                    "') AND file:hashes.'SHA-1' = '" SHA1_A "']",
                    "sha256");
    check_strongest("[file:hashes.'SHA-512' = '" SHA512_A "' AND file:hashes.MD5 = '" MD5_A "']",
                    "md5");
    check_strongest("[file:hashes.MD5 = '" MD5_A "' AND file:hashes.md5 = '" MD5_A "']", "md5");
}

TEST(values_of_one_test_are_not_marked_as_standing_for_others)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern_values values;

    check_err(values_of(&op, "[file:hashes.MD5 = '" MD5_A "']", &values), ERR_OK);

    assert_false(values.list[0].strongest_of_and);
    op_end(&op);
}

TEST(values_of_hashes_with_anything_else_are_not_watched)
{
    const char *and_tests = "AND of tests, none of which decides alone";
    check_unwatched("[file:hashes.MD5 = '" MD5_A "' AND file:name = 'x']", and_tests);
    check_unwatched("[file:hashes.MD5 = '" MD5_A "' AND file:hashes.MD5 = '" MD5_B "']", and_tests);
    check_unwatched("[file:hashes.MD5 = '" MD5_A "' AND artifact:hashes.'SHA-1' = '" SHA1_A "']",
                    and_tests);
    check_unwatched("[file:hashes.MD5 = '" MD5_A "' AND file:hashes.'SHA-1' != '" SHA1_A "']",
                    and_tests);
    check_unwatched("[file:hashes.MD5 = '" MD5_A "' AND (file:hashes.'SHA-1' = '" SHA1_A
                    "' OR file:hashes.MD5 = '" MD5_B "')]",
                    and_tests);
    check_unwatched("[file:hashes.MD5 = '" MD5_A "'] AND [file:hashes.'SHA-1' = '" SHA1_A "']",
                    "AND of observations");
}

TEST(values_reasons_name_the_construct_and_its_byte)
{
    check_unwatched("[domain-name:value = 'a.example' AND domain-name:value = 'b.example']",
                    "AND of tests, none of which decides alone (byte 33)");
    check_unwatched("[url:value = 'a'] AND [url:value = 'b']", "AND of observations (byte 18)");
    check_unwatched("[url:value = 'a'] FOLLOWEDBY [url:value = 'b']", "FOLLOWEDBY (byte 18)");
    check_unwatched("[url:value = 'a'] REPEATS 2 TIMES", "qualifier REPEATS (byte 18)");
    check_unwatched("[url:value = 'a'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'",
                    "qualifier START STOP (byte 18)");
    check_unwatched("[url:value != 'a']", "!= (byte 1)");
    check_unwatched("[url:value NOT = 'a']", "NOT = (byte 1)");
    check_unwatched("[EXISTS url:value]", "EXISTS (byte 1)");
    check_unwatched("[process:pid = 1]", "object type process (byte 1)");
    check_unwatched("[file:size = 5]", "property file:size (byte 1)");
    check_unwatched("[file:hashes.'SHA3-512' = '" SHA512_A "']", "property file:hashes.'SHA3-512'");
    check_unwatched("[file:hashes.MD5.x = 'x']", "property file:hashes.MD5.x");
    check_unwatched("[file:hashes[0] = 'x']", "property file:hashes[0]");
    check_unwatched("[file:hashes = 'x']", "property file:hashes (byte 1)");
    check_unwatched("[domain-name:resolves_to_refs[*].value = '192.0.2.1']",
                    "property domain-name:resolves_to_refs[*].value");
    check_unwatched("[ipv4-addr:value.x = '192.0.2.1']", "property ipv4-addr:value.x");
    check_unwatched("[ipv4-addr:value = 5]", "a value that is not a string (byte 19)");
}

TEST(values_within_a_time_are_watched_since_one_observation_is_always_within)
{
    check_values("([url:value = 'a'] OR [url:value = 'b']) WITHIN 5 SECONDS", "url=a url=b");
    check_unwatched("([url:value = 'a'] AND [url:value = 'b']) WITHIN 5 SECONDS",
                    "AND of observations (byte 19)");
}

TEST(values_of_a_pattern_that_is_partly_watched_come_with_the_first_reason)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern_values values;

    check_err(values_of(&op,
                        "[file:size = 5 OR url:value = 'a'] OR [url:value > 'b'] OR "
                        "[domain-name:value IN ('a.example', 5)]",
                        &values),
              ERR_OK);

    assert_int_equal(values.count, 2);
    check_span(values.list[0].value, "a");
    check_span(values.list[1].value, "a.example");
    assert_true(values.partial);
    check_span(values.reason, "property file:size (byte 1)");
    op_end(&op);
}

TEST(values_reasons_are_short_and_harmless_whatever_the_pattern)
{
    struct op op;
    testing_op_begin(&op);
    struct buf buf;
    buf_init(&buf, STIX_PATTERN_SIZE_MAX);
    buf_add(&buf, SPAN("[url:value = 'a' OR file:'"));
    for (size_t i = 0; i < 20000; i++) {
        buf_add(&buf, SPAN("\x1B["));
    }
    buf_add(&buf, SPAN("' = 1]"));
    struct stix_pattern pattern;
    struct stix_pattern_values values;
    check_err(stix_pattern_parse(&op, buf_span(&buf), &pattern), ERR_OK);

    check_err(stix_pattern_values(&op, &pattern, &values), ERR_OK);

    assert_true(values.partial);
    assert_true(values.reason.size > 10);
    assert_true(values.reason.size < 500);
    assert_int_equal(span_find(values.reason, 0x1B), SPAN_NOT_FOUND);
    buf_done(&buf);
    op_end(&op);
}
