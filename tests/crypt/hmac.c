// SPDX-License-Identifier: EUPL-1.2
#include "crypt/hmac.h"

#include "tests/testing.h"

/* RFC 4231, test cases 2 and 6; the digests as base64. */
TEST(keyed_digests_are_those_of_the_rfc)
{
    enum { KEY_SIZE = 131 };
    char text[CRYPT_HMAC_BASE64_SIZE];
    uint8_t key[KEY_SIZE];
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = 0xAA;
    }

    crypt_hmac_base64(SPAN("Jefe"), SPAN("what do ya want "), SPAN("for nothing?"), text);
    check_span(span_of(text), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");

    crypt_hmac_base64(span_make(key, sizeof key),
                      SPAN("Test Using Larger Than Block-Size Key - Hash Key First"), SPAN(""),
                      text);
    check_span(span_of(text), "YOQxWR7gtn8Niiaqy/W3f44LxiE3KMUUBUYEDw7jf1Q=");
}

/* RFC 4231, test cases 1 and 7. */
TEST(keyed_digests_are_those_of_the_rfc_as_bytes_too)
{
    enum { SHORT_KEY_SIZE = 20, LONG_KEY_SIZE = 131 };
    static const uint8_t first[CRYPT_HMAC_SIZE] = {
        0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf,
        0xce, 0xaf, 0x0b, 0xf1, 0x2b, 0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83,
        0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7,
    };
    static const uint8_t last[CRYPT_HMAC_SIZE] = {
        0x9b, 0x09, 0xff, 0xa7, 0x1b, 0x94, 0x2f, 0xcb, 0x27, 0x63, 0x5f,
        0xbc, 0xd5, 0xb0, 0xe9, 0x44, 0xbf, 0xdc, 0x63, 0x64, 0x4f, 0x07,
        0x13, 0x93, 0x8a, 0x7f, 0x51, 0x53, 0x5c, 0x3a, 0x35, 0xe2,
    };
    uint8_t short_key[SHORT_KEY_SIZE];
    uint8_t long_key[LONG_KEY_SIZE];
    uint8_t digest[CRYPT_HMAC_SIZE];
    memset(short_key, 0x0b, sizeof short_key);
    memset(long_key, 0xaa, sizeof long_key);

    crypt_hmac(span_make(short_key, sizeof short_key), SPAN("Hi "), SPAN("There"), digest);
    assert_memory_equal(digest, first, sizeof first);

    crypt_hmac(
        span_make(long_key, sizeof long_key),
        SPAN("This is a test using a larger than block-size key and a larger than block-size "
             "data. "),
        SPAN("The key needs to be hashed before being used by the HMAC algorithm."), digest);
    assert_memory_equal(digest, last, sizeof last);
}

TEST(base64_is_read_and_what_is_none_is_refused)
{
    uint8_t bytes[64];
    size_t size = 0;

    check_err(crypt_base64_read(SPAN("aGVsbG8="), bytes, sizeof bytes, &size), ERR_OK);
    check_span(span_make(bytes, size), "hello");
    check_err(crypt_base64_read(SPAN("aGVsbG8"), bytes, sizeof bytes, &size), ERR_FORMAT);
    check_err(crypt_base64_read(SPAN("aGV*bG8="), bytes, sizeof bytes, &size), ERR_FORMAT);
    check_err(crypt_base64_read(SPAN("aGVsbG8="), bytes, 3, &size), ERR_LIMIT);
}
