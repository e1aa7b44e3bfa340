// SPDX-License-Identifier: EUPL-1.2
#include "base/hash_inline.h"

#include "tests/testing.h"

/* A secret that is the same in every run: the answers below are kept in our own files. */
static struct hash_secret secret_from(uint64_t state)
{
    struct hash_secret secret;
    for (size_t i = 0; i < sizeof secret.bytes; i++) {
        secret.bytes[i] = (uint8_t)testing_random(&state);
    }
    return secret;
}

TEST(hash_depends_on_the_bytes_and_on_the_secret)
{
    struct hash_secret one = secret_from(1);
    struct hash_secret two = secret_from(2);

    assert_true(hash_bytes(&one, SPAN("example.org")) == hash_bytes(&one, SPAN("example.org")));
    assert_true(hash_bytes(&one, SPAN("example.org")) != hash_bytes(&one, SPAN("example.net")));
    assert_true(hash_bytes(&one, SPAN("example.org")) != hash_bytes(&two, SPAN("example.org")));
    assert_true(hash_bytes(&one, SPAN("")) != hash_bytes(&two, SPAN("")));
}

TEST(hash_of_an_empty_span_needs_no_pointer)
{
    struct hash_secret secret = secret_from(1);

    assert_true(hash_bytes(&secret, (struct span){ NULL, 0 }) == hash_bytes(&secret, SPAN("")));
}

TEST(hash_is_the_same_wherever_the_bytes_lie_and_wherever_it_is_worked_out)
{
    struct hash_secret secret = secret_from(3);
    uint8_t bytes[600];
    uint64_t random = 4;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)testing_random(&random);
    }
    for (size_t size = 0; size <= 500; size++) {
        uint8_t moved[600];
        size_t shift = 1 + size % 63;
        span_copy(moved + shift, sizeof moved - shift, span_make(bytes, size));
        assert_true(hash_bytes(&secret, span_make(bytes, size)) ==
                    hash_bytes(&secret, span_make(moved + shift, size)));
        assert_true(hash_bytes(&secret, span_make(bytes, size)) ==
                    hash_bytes_inline(&secret, span_make(bytes, size)));
    }
}

/* Index images hold hashes: another answer would need a new version of their format. */
TEST(hash_of_a_known_secret_never_changes)
{
    struct hash_secret secret = secret_from(1);
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }

    assert_true(hash_bytes(&secret, span_make(bytes, 4)) == 0xF2F73B10F13031B5u);
    assert_true(hash_bytes(&secret, span_make(bytes, 16)) == 0x1BA00A070F24A7CAu);
    assert_true(hash_bytes(&secret, span_make(bytes, 32)) == 0x2ECD2634080E212Fu);
    assert_true(hash_bytes(&secret, span_make(bytes, 200)) == 0x083A2261B9B2A153u);
    assert_true(hash_bytes(&secret, span_make(bytes, 300)) == 0x46E91D734F562DA9u);
}
