// SPDX-License-Identifier: EUPL-1.2
#include "history/column.h"

#include "base/memory.h"
#include "tests/testing.h"

enum { BYTES_MAX = 64 * 1024, SHAPES = 200 };

static uint32_t values[COLUMN_COUNT_MAX];
static uint32_t got[COLUMN_COUNT_MAX];

/* Numbers of a random shape: how many, of how many bits, above what, and how many stand out. */
static size_t shape(uint64_t *state)
{
    size_t count = testing_random(state) % COLUMN_COUNT_MAX;
    unsigned bits = (unsigned)(testing_random(state) % 33);
    uint32_t base = (uint32_t)(testing_random(state) >> testing_random(state) % 64);
    unsigned seldom = 1 + (unsigned)(testing_random(state) % 50);
    for (size_t i = 0; i < count; i++) {
        values[i] = base + (uint32_t)(testing_random(state) & (((uint64_t)1 << bits) - 1));
        if (testing_random(state) % seldom == 0) {
            values[i] = (uint32_t)testing_random(state);
        }
    }
    return count;
}

static struct span column_of(struct buf *buf, size_t count)
{
    buf_init(buf, BYTES_MAX);
    column_add(buf, values, count);
    assert_int_equal(buf->err, ERR_OK);
    struct span bytes = buf_span(buf);
    buf_add(buf, span_make(values, COLUMN_PADDING)); /* may move them */
    return span_make(buf->data, bytes.size);
}

TEST(a_column_gives_back_its_numbers)
{
    uint64_t state = testing_seed();
    for (size_t i = 0; i < SHAPES; i++) {
        size_t count = shape(&state);
        struct buf buf;
        struct wire_reader r = wire_reader_of(column_of(&buf, count));

        column_read(&r, got, count);

        assert_int_equal(r.err, ERR_OK);
        assert_int_equal(r.rest.size, 0);
        assert_memory_equal(got, values, count * sizeof values[0]);
        buf_done(&buf);
    }
}

TEST(equal_numbers_take_three_bytes)
{
    struct buf buf;
    for (size_t i = 0; i < COLUMN_COUNT_MAX; i++) {
        values[i] = 100;
    }

    assert_int_equal(column_of(&buf, COLUMN_COUNT_MAX).size, 3);

    buf_done(&buf);
}

TEST(one_large_number_does_not_widen_a_column)
{
    struct buf buf;
    for (size_t i = 0; i < 1000; i++) {
        values[i] = (uint32_t)(i % 2);
    }
    values[500] = UINT32_MAX;

    assert_true(column_of(&buf, 1000).size < 140);

    buf_done(&buf);
}

TEST(a_column_that_is_cut_is_refused)
{
    uint64_t state = testing_seed();
    struct buf buf;
    size_t count = 300;
    for (size_t i = 0; i < count; i++) {
        values[i] = (uint32_t)(testing_random(&state) % (i % 10 == 0 ? UINT32_MAX : 100));
    }
    struct span bytes = column_of(&buf, count);

    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *copy = memory_new(size + COLUMN_PADDING);
        span_copy(copy, size, span_slice(bytes, 0, size));
        struct wire_reader r = wire_reader_of(span_make(copy, size));
        column_read(&r, got, count);
        assert_int_equal(r.err, ERR_FORMAT);
        memory_free(copy);
    }

    buf_done(&buf);
}

static enum err read_column(const uint8_t *bytes, size_t size, size_t count)
{
    struct wire_reader r = wire_reader_of(span_make(bytes, size));
    column_read(&r, got, count);
    return r.err;
}

TEST(a_column_that_says_what_cannot_be_is_refused)
{
    static const uint8_t wide[40] = { 33, 0, 0 };
    static const uint8_t high_base[40] = { 0, 0xff, 0xff, 0xff, 0xff, 0x1f, 0 };
    static const uint8_t many_exceptions[40] = { 0, 0, 5, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 };
    static const uint8_t exception_outside[40] = { 0, 0, 1, 4, 1 };
    static const uint8_t exception_behind[40] = { 0, 0, 2, 3, 1, 0, 1 };
    static const uint8_t good[40] = { 0, 0, 2, 2, 1, 0, 1 };

    check_err(read_column(wide, 30, 4), ERR_FORMAT);
    check_err(read_column(high_base, 30, 4), ERR_FORMAT);
    check_err(read_column(many_exceptions, 30, 4), ERR_FORMAT);
    check_err(read_column(exception_outside, 30, 4), ERR_FORMAT);
    check_err(read_column(exception_behind, 30, 4), ERR_FORMAT);
    check_err(read_column(good, 30, 4), ERR_OK);
}

TEST(a_varint_of_any_size_is_read_back)
{
    for (unsigned bits = 0; bits <= 64; bits++) {
        uint64_t value = bits == 64 ? UINT64_MAX : (uint64_t)1 << bits;
        struct buf buf;
        buf_init(&buf, VARINT_SIZE_MAX);
        column_varint_add(&buf, value);
        struct wire_reader r = wire_reader_of(buf_span(&buf));

        assert_true(varint_take(&r) == value);

        assert_int_equal(r.err, ERR_OK);
        assert_int_equal(r.rest.size, 0);
        buf_done(&buf);
    }
}

TEST(a_varint_without_end_is_refused)
{
    static const uint8_t bytes[] = {
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0
    };
    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct wire_reader r = wire_reader_of(span_make(bytes, size));
        (void)varint_take(&r);
        assert_int_equal(r.err, ERR_FORMAT);
    }
}
