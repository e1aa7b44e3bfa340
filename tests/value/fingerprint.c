// SPDX-License-Identifier: EUPL-1.2
/* Fingerprints, user agents, file names and AS numbers. */
#include "tests/value/told.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define MD5_TEXT    "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1_TEXT   "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_TEXT "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define JA4_TEXT    "t13d1516h2_8daaf6152771_b186095e22b6"

TEST(fingerprints_are_digests_of_their_own_kinds)
{
    assert_string_equal(told(VALUE_JA3, SPAN(MD5_TEXT)), "ja3 " MD5_TEXT);
    assert_string_equal(told(VALUE_JA3S, SPAN(MD5_TEXT)), "ja3s " MD5_TEXT);
    assert_string_equal(told(VALUE_HASSH, SPAN("D41D8CD98F00B204E9800998ECF8427E")),
                        "hassh " MD5_TEXT);
    assert_string_equal(told(VALUE_CERT_SHA256, SPAN(SHA256_TEXT)), "cert-sha256 " SHA256_TEXT);
    assert_string_equal(
        told(VALUE_CERT_SHA1, SPAN("DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09")),
        "cert-sha1 " SHA1_TEXT);
}

TEST(fingerprints_of_another_length_are_refused)
{
    assert_string_equal(told(VALUE_JA3, SPAN(SHA1_TEXT)), "format");
    assert_string_equal(told(VALUE_CERT_SHA1, SPAN(MD5_TEXT)), "format");
    assert_string_equal(told(VALUE_CERT_SHA256, SPAN(SHA1_TEXT)), "format");
    assert_string_equal(told(VALUE_HASSH, SPAN(SHA256_TEXT)), "limit");
    assert_string_equal(told(VALUE_JA3S, SPAN("")), "format");
}

TEST(ja4_is_read_in_either_case_and_checked_part_by_part)
{
    static const struct told_row rows[] = {
        { JA4_TEXT, "ja4 " JA4_TEXT },
        { "T13D1516H2_8DAAF6152771_B186095E22B6", "ja4 " JA4_TEXT },
        { "q13i0310h3_55b375c5d22e_cd85d2d88918", "ja4 q13i0310h3_55b375c5d22e_cd85d2d88918" },
        { "ts2d010000_55b375c5d22e_000000000000", "ja4 ts2d010000_55b375c5d22e_000000000000" },
        { "x13d1516h2_8daaf6152771_b186095e22b6", "format" },
        { "t1xd1516h2_8daaf6152771_b186095e22b6", "format" },
        { "t13x1516h2_8daaf6152771_b186095e22b6", "format" },
        { "t13d15a6h2_8daaf6152771_b186095e22b6", "format" },
        { "t13d1516h2-8daaf6152771_b186095e22b6", "format" },
        { "t13d1516h2_8daaf615277g_b186095e22b6", "format" },
        { "t13d1516h2_8daaf6152771_b186095e22b", "format" },
        { "t13d1516\n2_8daaf6152771_b186095e22b6", "format" },
        { "", "format" },
    };

    check_told(VALUE_JA4, rows, COUNT(rows));
    assert_string_equal(told(VALUE_JA4, SPAN(JA4_TEXT "0")), "limit");
}

TEST(user_agents_are_kept_as_they_are_but_for_white_space_around_them)
{
    static const struct told_row rows[] = {
        { "Mozilla/4.0 (compatible; MSIE 6.0)", "user-agent Mozilla/4.0 (compatible; MSIE 6.0)" },
        { "  curl/7.88\t", "user-agent curl/7.88" },
        { "two  spaces", "user-agent two  spaces" },
        { "", "format" },
        { " \t ", "format" },
    };

    check_told(VALUE_USER_AGENT, rows, COUNT(rows));
}

TEST(file_names_are_the_last_part_of_a_path_in_lower_case)
{
    static const struct told_row rows[] = {
        { "Invoice.EXE", "file-name invoice.exe" },
        { "C:\\Users\\Public\\Invoice.exe", "file-name invoice.exe" },
        { "\\\\server\\share\\a b.doc", "file-name a b.doc" },
        { "/tmp/.hidden", "file-name .hidden" },
        { "/tmp\\mixed/Way.sh", "file-name way.sh" },
        { "\303\234BER.TXT", "file-name \303\234ber.txt" },
        { "a ", "file-name a" },
        { "/tmp/", "format" },
        { "\\", "format" },
        { "/ ", "format" },
        { "", "format" },
    };

    check_told(VALUE_FILE_NAME, rows, COUNT(rows));
}

TEST(texts_longer_than_their_kind_allows_are_told_so)
{
    static uint8_t text[VALUE_USER_AGENT_SIZE_MAX + 1];
    memset(text, 'a', sizeof text);

    assert_string_equal(told(VALUE_USER_AGENT, span_make(text, sizeof text)), "limit");
    assert_string_equal(told(VALUE_FILE_NAME, span_make(text, VALUE_FILE_NAME_SIZE_MAX + 1)),
                        "limit");
    text[8] = '/';
    uint8_t key[VALUE_KEY_SIZE_MAX];
    size_t size = value_key_file_name(span_make(text, 9 + VALUE_FILE_NAME_SIZE_MAX),
                                      key); /* a path so long */
    assert_int_equal(size, VALUE_FILE_NAME_SIZE_MAX);
}

TEST(numbers_of_autonomous_systems_are_read_in_each_writing)
{
    static const struct told_row rows[] = {
        { "64500", "asn AS64500" },
        { "AS64500", "asn AS64500" },
        { "as64500", "asn AS64500" },
        { "AS 64500", "asn AS64500" },
        { "AS1.10", "asn AS65546" },
        { "1.10", "asn AS65546" },
        { "0", "asn AS0" },
        { "AS4294967295", "asn AS4294967295" },
        { "65535.65535", "asn AS4294967295" },
        { "4294967296", "format" },
        { "65536.1", "format" },
        { "1.65536", "format" },
        { "1.2.3", "format" },
        { "AS", "format" },
        { "ASN64500", "format" },
        { "-1", "format" },
        { "", "format" },
    };

    check_told(VALUE_ASN, rows, COUNT(rows));
}
