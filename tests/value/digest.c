// SPDX-License-Identifier: EUPL-1.2
#include "tests/value/told.h"

#define MD5_TEXT    "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1_TEXT   "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_TEXT "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA512_TEXT                                                                                \
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"                             \
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

TEST(digests_are_told_by_their_length)
{
    uint8_t key[VALUE_KEY_SIZE_MAX];
    enum value_kind kind = VALUE_NONE;

    assert_int_equal(value_key_digest(SPAN(MD5_TEXT), key, &kind), VALUE_MD5_SIZE);
    assert_int_equal(kind, VALUE_MD5);
    assert_int_equal(value_key_digest(SPAN(SHA1_TEXT), key, &kind), VALUE_SHA1_SIZE);
    assert_int_equal(kind, VALUE_SHA1);
    assert_int_equal(value_key_digest(SPAN(SHA256_TEXT), key, &kind), VALUE_SHA256_SIZE);
    assert_int_equal(kind, VALUE_SHA256);
    assert_int_equal(value_key_digest(SPAN(SHA512_TEXT), key, &kind), VALUE_SHA512_SIZE);
    assert_int_equal(kind, VALUE_SHA512);
}

TEST(digests_are_read_in_either_case_and_with_colons)
{
    static const struct told_row rows[] = {
        { SHA1_TEXT, "sha1 " SHA1_TEXT },
        { "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "sha1 " SHA1_TEXT },
        { "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09", "sha1 " SHA1_TEXT },
    };

    check_told(VALUE_SHA1, rows, sizeof rows / sizeof rows[0]);
    assert_string_equal(told(VALUE_MD5, SPAN(MD5_TEXT)), "md5 " MD5_TEXT);
    assert_string_equal(told(VALUE_SHA256, SPAN(SHA256_TEXT)), "sha256 " SHA256_TEXT);
    assert_string_equal(told(VALUE_SHA512, SPAN(SHA512_TEXT)), "sha512 " SHA512_TEXT);
}

TEST(digests_with_one_wrong_byte_are_refused)
{
    static const char *const texts[] = {
        SHA256_TEXT,
        "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct span text = span_of(texts[i]);
        for (size_t at = 0; at < text.size; at++) {
            uint8_t wrong[128];
            uint8_t key[VALUE_KEY_SIZE_MAX];
            enum value_kind kind = VALUE_NONE;
            span_copy(wrong, sizeof wrong, text);
            wrong[at] = 'g';

            assert_int_equal(value_key_digest(span_make(wrong, text.size), key, &kind), 0);

            assert_int_equal(kind, VALUE_NONE);
        }
    }
}

TEST(digests_of_another_kind_or_length_are_refused)
{
    assert_string_equal(told(VALUE_MD5, SPAN(SHA1_TEXT)), "format");
    assert_string_equal(told(VALUE_SHA256, SPAN(SHA1_TEXT)), "format");
    assert_string_equal(told(VALUE_SHA256, SPAN(SHA512_TEXT)), "limit");
    assert_string_equal(told(VALUE_SHA512, SPAN(SHA256_TEXT)), "format");
    assert_string_equal(told(VALUE_MD5, SPAN(SHA256_TEXT)), "limit");
    assert_string_equal(told(VALUE_MD5, SPAN(MD5_TEXT "0")), "format");
    assert_string_equal(told(VALUE_MD5, SPAN("")), "format");
    assert_string_equal(told(VALUE_SHA1, SPAN(" " SHA1_TEXT)), "format");
}
