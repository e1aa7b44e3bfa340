// SPDX-License-Identifier: EUPL-1.2
#include "base/wire.h"

#include "tests/testing.h"

enum { CEILING = 64 * 1024 };

TEST(wire_numbers_are_little_endian)
{
    struct buf buf;
    buf_init(&buf, CEILING);

    wire_add_u8(&buf, 0x01);
    wire_add_u16(&buf, 0x0203);
    wire_add_u32(&buf, 0x04050607);
    wire_add_u64(&buf, 0x08090A0B0C0D0E0F);
    wire_add_i64(&buf, -2);

    struct buf hex;
    buf_init(&hex, CEILING);
    buf_add_hex(&hex, buf_span(&buf));
    check_span(buf_span(&hex), "01"
                               "0302"
                               "07060504"
                               "0f0e0d0c0b0a0908"
                               "feffffffffffffff");
    buf_done(&buf);
    buf_done(&hex);
}

TEST(wire_reads_back_what_was_written)
{
    struct buf buf;
    buf_init(&buf, CEILING);
    wire_add_u8(&buf, UINT8_MAX);
    wire_add_u16(&buf, UINT16_MAX);
    wire_add_u32(&buf, UINT32_MAX);
    wire_add_u64(&buf, UINT64_MAX);
    wire_add_i64(&buf, INT64_MIN);
    wire_add_bytes(&buf, SPAN("text"));
    wire_add_bytes(&buf, (struct span){ NULL, 0 });

    struct wire_reader r = wire_reader_of(buf_span(&buf));
    assert_int_equal(wire_u8(&r), UINT8_MAX);
    assert_int_equal(wire_u16(&r), UINT16_MAX);
    assert_int_equal(wire_u32(&r), UINT32_MAX);
    assert_true(wire_u64(&r) == UINT64_MAX);
    assert_true(wire_i64(&r) == INT64_MIN);
    check_span(wire_bytes(&r, 4), "text");
    check_span(wire_bytes(&r, 0), "");

    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.rest.size, 0);
    buf_done(&buf);
}

TEST(wire_reader_gives_zeros_and_moves_nothing_after_a_failure)
{
    struct wire_reader r = wire_reader_of(SPAN("\x01\x02\x03"));

    assert_int_equal(wire_u32(&r), 0);
    assert_int_equal(r.err, ERR_FORMAT);
    assert_int_equal(wire_u8(&r), 0);
    assert_int_equal(wire_take(&r, 1).size, 0);
    assert_null(wire_take(&r, 0).data);

    assert_int_equal(r.rest.size, 3);
}

TEST(wire_message_is_refused_when_cut_at_any_byte)
{
    struct buf buf;
    buf_init(&buf, CEILING);
    wire_add_u16(&buf, 7);
    wire_add_bytes(&buf, SPAN("abc"));
    wire_add_u64(&buf, 9);

    for (size_t size = 0; size < buf.size; size++) {
        struct wire_reader r = wire_reader_of(span_slice(buf_span(&buf), 0, size));
        (void)wire_u16(&r);
        (void)wire_bytes(&r, 16);
        (void)wire_u64(&r);
        assert_int_equal(r.err, ERR_FORMAT);
    }
    buf_done(&buf);
}

TEST(wire_bytes_larger_than_allowed_or_than_there_are_fail)
{
    struct wire_reader allowed = wire_reader_of(SPAN("\x03\x00\x00\x00"
                                                     "abc"));
    struct wire_reader there = wire_reader_of(SPAN("\xff\xff\xff\xff"
                                                   "abc"));

    assert_int_equal(wire_bytes(&allowed, 2).size, 0);
    assert_int_equal(allowed.err, ERR_FORMAT);
    assert_int_equal(wire_bytes(&there, SIZE_MAX).size, 0);
    assert_int_equal(there.err, ERR_FORMAT);
}

TEST(wire_writer_does_nothing_beyond_its_ceiling)
{
    struct buf buf;
    buf_init(&buf, 6);

    wire_add_u32(&buf, 1);
    wire_add_u32(&buf, 2);
    wire_add_u8(&buf, 3);

    assert_int_equal(buf.err, ERR_LIMIT);
    assert_int_equal(buf.size, 4);
    buf_done(&buf);
}

TEST(wire_writer_keeps_an_error_when_a_span_is_too_large)
{
    struct buf buf;
    buf_init(&buf, CEILING);
    static const uint8_t byte = 0;

    wire_add_bytes(&buf, span_make(&byte, (size_t)UINT32_MAX + 1)); /* refused before it is read */

    assert_int_equal(buf.err, ERR_LIMIT);
    assert_int_equal(buf.size, 0);
    buf_done(&buf);
}
