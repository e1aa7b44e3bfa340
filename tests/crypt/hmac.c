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
