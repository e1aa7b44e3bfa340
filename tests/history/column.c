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

/* A column, and the codes that it is read with. */
struct written {
    struct column_codes codes;
    struct column_tables tables;
    struct buf buf;
    struct span bytes;
};

static struct written written;

static void tables_make(void)
{
    struct buf buf;
    buf_init(&buf, BYTES_MAX);
    column_codes_add(&buf, &written.codes);
    column_tables_done(&written.tables);
    check_err(column_tables_read(buf_span(&buf), &written.tables), ERR_OK);
    buf_done(&buf);
}

/* The second of two columns alike: codes are made of what came before too. */
static struct span column_of(enum column column, size_t count)
{
    const struct column_values wanted = { column, count, values };
    buf_done(&written.buf);
    buf_init(&written.buf, BYTES_MAX);
    column_add(&written.buf, &written.codes, &wanted);
    buf_clear(&written.buf);
    column_add(&written.buf, &written.codes, &wanted);
    check_err(written.buf.err, ERR_OK);
    size_t size = written.buf.size;
    buf_add(&written.buf, span_make(values, COLUMN_PADDING)); /* may move them */
    written.bytes = span_make(written.buf.data, size);
    tables_make();
    return written.bytes;
}

static void written_begin(void)
{
    written.codes = (struct column_codes){ 0 };
}

static void written_done(void)
{
    buf_done(&written.buf);
    column_tables_done(&written.tables);
}

static void check_column(enum column column, size_t count)
{
    struct wire_reader r = wire_reader_of(column_of(column, count));

    column_read(&r, &written.tables, column, got, count);

    check_err(r.err, ERR_OK);
    assert_int_equal(r.rest.size, 0);
    assert_memory_equal(got, values, count * sizeof values[0]);
}

TEST(a_column_gives_back_its_numbers)
{
    uint64_t state = testing_seed();
    written_begin();
    for (size_t i = 0; i < SHAPES; i++) {
        size_t count = shape(&state);
        if (i % 20 == 0) {
            column_codes_turn(&written.codes);
        }
        check_column((enum column)(testing_random(&state) % COLUMN_COUNT), count);
    }
    written_done();
}

/* As times, names and counts mostly are: many times so few bits, some times more. */
TEST(columns_in_which_little_comes_often_are_read_back_and_coded)
{
    uint64_t state = testing_seed();
    written_begin();
    for (size_t i = 0; i < SHAPES; i++) {
        enum column column = i % 2 == 0 ? COLUMN_WAYS : COLUMN_COUNTS;
        for (size_t k = 0; k < 1000; k++) {
            unsigned bits = (unsigned)__builtin_ctzll(testing_random(&state) | 1U << 31) / 2;
            values[k] = (uint32_t)(testing_random(&state) & (((uint64_t)1 << 2 * bits) - 1));
        }
        check_column(column, 1000);
        assert_true(written.bytes.data[0] >= 2);
        assert_true(written.bytes.size < 400);
    }
    written_done();
}

TEST(equal_numbers_take_two_bytes_and_none_take_none)
{
    written_begin();
    for (size_t i = 0; i < COLUMN_COUNT_MAX; i++) {
        values[i] = 100;
    }

    assert_int_equal(column_of(COLUMN_HOSTS, COLUMN_COUNT_MAX).size, 2);
    assert_int_equal(column_of(COLUMN_HOSTS, 0).size, 0);

    written_done();
}

TEST(one_large_number_does_not_widen_a_column)
{
    written_begin();
    for (size_t i = 0; i < 1000; i++) {
        values[i] = (uint32_t)(i % 2);
    }
    values[500] = UINT32_MAX;

    assert_true(column_of(COLUMN_COUNTS, 1000).size < 250);

    written_done();
}

TEST(a_segment_has_few_codes_for_one_column)
{
    uint64_t state = testing_seed();
    written_begin();
    for (size_t i = 0; i < SHAPES; i++) {
        unsigned bits = (unsigned)(i % 30);
        for (size_t k = 0; k < 1000; k++) {
            values[k] = testing_random(&state) % 8 == 0 ? 1U << bits : bits % 8;
        }
        column_codes_turn(&written.codes);
        check_column(COLUMN_FIRSTS, 1000);
    }

    assert_int_equal(written.codes.counts[COLUMN_FIRSTS], CODE_TOGETHER_MAX);
    written_done();
}

TEST(a_column_that_is_cut_is_refused)
{
    uint64_t state = testing_seed();
    size_t count = 300;
    for (unsigned plain = 0; plain < 2; plain++) {
        written_begin();
        for (size_t i = 0; i < count; i++) {
            values[i] =
                (uint32_t)(testing_random(&state) % (plain == 0 && i % 10 != 0 ? 2 : UINT32_MAX));
        }
        struct span bytes = column_of(COLUMN_FIRSTS, count);
        assert_true((bytes.data[0] == 1) == (plain == 1));

        for (size_t size = 0; size < bytes.size; size++) {
            uint8_t *copy = memory_new(size + COLUMN_PADDING);
            span_copy(copy, size, span_slice(bytes, 0, size));
            struct wire_reader r = wire_reader_of(span_make(copy, size));
            column_read(&r, &written.tables, COLUMN_FIRSTS, got, count);
            check_err(r.err, ERR_FORMAT);
            memory_free(copy);
        }
        written_done();
    }
}

static enum err read_column(const uint8_t *bytes, size_t size, size_t count)
{
    static const struct column_tables none;
    struct wire_reader r = wire_reader_of(span_make(bytes, size));
    column_read(&r, &none, COLUMN_HOSTS, got, count);
    return r.err;
}

TEST(a_column_that_says_what_cannot_be_is_refused)
{
    static const uint8_t wide[40] = { 1, 33, 0 };
    static const uint8_t high_base[40] = { 1, 0, 0xff, 0xff, 0xff, 0xff, 0x1f };
    static const uint8_t high_same[40] = { 0, 0xff, 0xff, 0xff, 0xff, 0x1f };
    static const uint8_t no_code[40] = { 2 };
    static const uint8_t good[40] = { 1, 3, 7 };

    check_err(read_column(wide, 30, 4), ERR_FORMAT);
    check_err(read_column(high_base, 30, 4), ERR_FORMAT);
    check_err(read_column(high_same, 30, 4), ERR_FORMAT);
    check_err(read_column(no_code, 30, 4), ERR_FORMAT);
    check_err(read_column(good, 30, 4), ERR_OK);
}

TEST(codes_that_are_cut_or_too_many_are_refused)
{
    struct column_tables tables;
    struct buf buf;
    written_begin();
    for (size_t i = 0; i < 1000; i++) {
        values[i] = (uint32_t)(i * i % 7);
    }
    (void)column_of(COLUMN_WAYS, 1000);
    buf_init(&buf, BYTES_MAX);
    column_codes_add(&buf, &written.codes);
    assert_int_equal(written.codes.counts[COLUMN_WAYS], 1);

    for (size_t size = 0; size < buf.size; size++) {
        check_err(column_tables_read(span_slice(buf_span(&buf), 0, size), &tables), ERR_FORMAT);
    }
    buf.data[0] = CODE_TOGETHER_MAX + 1;
    check_err(column_tables_read(buf_span(&buf), &tables), ERR_FORMAT);
    buf.data[0] = 0;
    buf_add_byte(&buf, 0);
    check_err(column_tables_read(buf_span(&buf), &tables), ERR_FORMAT);

    buf_done(&buf);
    written_done();
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
