// SPDX-License-Identifier: EUPL-1.2
#include "base/uuid.h"

#include "tests/testing.h"

#define UUID_TEXT "0123abcd-4567-89ef-0011-223344556677"

TEST(uuid_is_read_and_written_back)
{
    struct uuid uuid;
    struct buf buf;
    buf_init(&buf, UUID_TEXT_SIZE);

    check_err(uuid_parse(SPAN(UUID_TEXT), &uuid), ERR_OK);
    uuid_add(&buf, &uuid);

    assert_memory_equal(
        uuid.bytes, "\x01\x23\xab\xcd\x45\x67\x89\xef\x00\x11\x22\x33\x44\x55\x66\x77", UUID_SIZE);
    check_span(buf_span(&buf), UUID_TEXT);
    buf_done(&buf);
}

TEST(uuid_is_read_in_either_case)
{
    struct uuid lower;
    struct uuid upper;

    check_err(uuid_parse(SPAN(UUID_TEXT), &lower), ERR_OK);
    check_err(uuid_parse(SPAN("0123ABCD-4567-89EF-0011-223344556677"), &upper), ERR_OK);

    assert_true(uuid_equal(&lower, &upper));
    upper.bytes[15] ^= 1;
    assert_false(uuid_equal(&lower, &upper));
}

TEST(uuid_with_any_byte_changed_to_a_wrong_one_is_refused)
{
    for (size_t i = 0; i < UUID_TEXT_SIZE; i++) {
        uint8_t bytes[UUID_TEXT_SIZE];
        span_copy(bytes, sizeof bytes, SPAN(UUID_TEXT));
        bytes[i] = bytes[i] == '-' ? '0' : 'g';
        struct uuid uuid = { .bytes = { 42 } };
        check_err(uuid_parse(span_make(bytes, sizeof bytes), &uuid), ERR_FORMAT);
        assert_int_equal(uuid.bytes[0], 42);
    }
}

TEST(uuid_of_another_shape_is_refused)
{
    static const char *const wrong[] = {
        "",
        "0123abcd-4567-89ef-0011-22334455667",
        "0123abcd-4567-89ef-0011-2233445566778",
        "0123abcd4567-89ef-0011-223344556677-",
        "0123abcd-4567-89ef-00112-23344556677",
        "------------------------------------",
        "{123abcd-4567-89ef-0011-22334455667}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct uuid uuid;
        check_err(uuid_parse(span_of(wrong[i]), &uuid), ERR_FORMAT);
    }
}

TEST(hex_digit_knows_its_twenty_two_digits_only)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        static const char lower[] = "0123456789abcdef";
        static const char upper[] = "0123456789ABCDEF";
        int expected = -1;
        for (int i = 0; i < 16; i++) {
            if (byte == (unsigned char)lower[i] || byte == (unsigned char)upper[i]) {
                expected = i;
            }
        }
        assert_int_equal(hex_digit((uint8_t)byte), expected);
    }
}

TEST(hex_is_read_only_in_the_size_that_is_wanted)
{
    uint8_t bytes[2];

    check_err(hex_parse(SPAN("00fF"), bytes, 2), ERR_OK);
    assert_int_equal(bytes[1], 0xFF);
    check_err(hex_parse(SPAN("00f"), bytes, 2), ERR_FORMAT);
    check_err(hex_parse(SPAN("00f"), bytes, 1), ERR_FORMAT);
    check_err(hex_parse(SPAN("00ff00"), bytes, 2), ERR_FORMAT);
    check_err(hex_parse(SPAN("0x11"), bytes, 2), ERR_FORMAT);
    check_err(hex_parse((struct span){ NULL, 0 }, bytes, 0), ERR_OK);
}
