// SPDX-License-Identifier: EUPL-1.2
#include "base/buf.h"

#include "base/memory.h"
#include "tests/testing.h"

enum { CEILING = 4096 };

TEST(buf_takes_bytes_numbers_hex_and_formats)
{
    struct buf buf;
    buf_init(&buf, CEILING);

    buf_add(&buf, SPAN("a"));
    buf_add_byte(&buf, 'b');
    buf_add_u64(&buf, 0);
    buf_add_u64(&buf, UINT64_MAX);
    buf_add_hex(&buf, SPAN("\x00\xff\x1a"));
    buf_add_format(&buf, "<%d %s>", -5, "x");
    buf_add(&buf, (struct span){ NULL, 0 });

    assert_int_equal(buf.err, ERR_OK);
    check_span(buf_span(&buf), "ab01844674407370955161500ff1a<-5 x>");
    buf_done(&buf);
}

TEST(buf_of_nothing_is_an_empty_span)
{
    struct buf buf;
    buf_init(&buf, CEILING);

    assert_int_equal(buf_span(&buf).size, 0);

    buf_done(&buf);
    buf_done(NULL);
}

TEST(buf_may_be_filled_to_its_ceiling_and_no_byte_more)
{
    struct buf buf;
    buf_init(&buf, CEILING);

    for (size_t i = 0; i < CEILING; i++) {
        buf_add_byte(&buf, 'x');
    }
    assert_int_equal(buf.err, ERR_OK);
    assert_int_equal(buf.size, CEILING);
    assert_true(buf.capacity <= CEILING);
    buf_add_byte(&buf, 'x');

    assert_int_equal(buf.err, ERR_LIMIT);
    assert_int_equal(buf.size, CEILING);
    buf_done(&buf);
}

TEST(buf_takes_a_formatted_text_that_just_fits)
{
    struct buf buf;
    buf_init(&buf, 5);

    buf_add_format(&buf, "%s", "12345");

    assert_int_equal(buf.err, ERR_OK);
    check_span(buf_span(&buf), "12345");
    buf_add_format(&buf, "%s", "");
    assert_int_equal(buf.err, ERR_OK);
    buf_add_format(&buf, "%s", "6");
    assert_int_equal(buf.err, ERR_LIMIT);
    check_span(buf_span(&buf), "12345");
    buf_done(&buf);
}

TEST(buf_does_nothing_after_its_first_failure_until_cleared)
{
    struct buf buf;
    buf_init(&buf, 4);

    buf_add(&buf, SPAN("ab"));
    buf_add(&buf, SPAN("too long"));
    buf_add(&buf, SPAN("c"));
    buf_add_format(&buf, "c");
    assert_null(buf_reserve(&buf, 0));
    check_span(buf_span(&buf), "ab");
    assert_int_equal(buf.err, ERR_LIMIT);

    buf_clear(&buf);
    buf_add(&buf, SPAN("abcd"));
    assert_int_equal(buf.err, ERR_OK);
    check_span(buf_span(&buf), "abcd");
    buf_done(&buf);
}

TEST(buf_of_ceiling_0_takes_nothing_but_nothing)
{
    struct buf buf;
    buf_init(&buf, 0);

    buf_add(&buf, SPAN(""));
    assert_int_equal(buf.err, ERR_OK);
    buf_add_byte(&buf, 1);
    assert_int_equal(buf.err, ERR_LIMIT);

    buf_done(&buf);
}

TEST(buf_refuses_sizes_that_would_overflow)
{
    struct buf buf;
    buf_init(&buf, SIZE_MAX);
    buf_add_byte(&buf, 1);

    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_int_equal(buf.err, ERR_LIMIT);

    buf_done(&buf);
}

TEST(buf_keeps_what_it_has_when_memory_runs_out)
{
    struct buf buf;
    buf_init(&buf, CEILING);
    buf_add(&buf, SPAN("kept"));

    memory_fail_after(0);
    for (size_t i = 0; i < CEILING - 4; i++) {
        buf_add_byte(&buf, 'x');
    }
    memory_fail_after(UINT64_MAX);

    assert_int_equal(buf.err, ERR_LIMIT);
    assert_true(span_starts_with(buf_span(&buf), SPAN("kept")));
    buf_done(&buf);
    assert_int_equal(buf.err, ERR_OK);
    assert_int_equal(buf.size_max, CEILING);
}

TEST(buf_agrees_with_a_plain_array_under_random_writes)
{
    static uint8_t shadow[CEILING];
    uint64_t random = testing_seed();
    struct buf buf;
    buf_init(&buf, CEILING);
    size_t size = 0;

    for (size_t round = 0; round < 2000; round++) {
        size_t more = (size_t)(testing_random(&random) % 64);
        uint8_t fill = (uint8_t)testing_random(&random);
        uint8_t piece[64];
        memset(piece, fill, sizeof piece);
        buf_add(&buf, span_make(piece, more));
        if (more > CEILING - size) {
            assert_int_equal(buf.err, ERR_LIMIT);
            assert_true(span_equal(buf_span(&buf), span_make(shadow, size)));
            buf_clear(&buf);
            size = 0;
            continue;
        }
        memset(shadow + size, fill, more);
        size += more;
        assert_int_equal(buf.err, ERR_OK);
        assert_true(span_equal(buf_span(&buf), span_make(shadow, size)));
    }
    buf_done(&buf);
}
