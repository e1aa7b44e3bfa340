// SPDX-License-Identifier: EUPL-1.2
#include "history/code.h"

#include "tests/testing.h"

enum { BYTES_MAX = 1024, NUMBERS = 2000, ROUNDS = 60, SHARP_MAX = 6 };

static struct code_counts counts;
static struct code_table table;

/* Some numbers of few bits or many, and each power of two. */
static size_t numbers_make(uint64_t *state, uint32_t *numbers)
{
    unsigned usual = (unsigned)(testing_random(state) % 33);
    for (size_t i = 0; i < NUMBERS; i++) {
        unsigned bits = testing_random(state) % 10 == 0 ? 32 : usual;
        numbers[i] = (uint32_t)(testing_random(state) & (((uint64_t)1 << bits) - 1));
    }
    for (size_t i = 0; i < 32; i++) {
        numbers[3 * i] = (uint32_t)1 << i;
        numbers[3 * i + 1] = ((uint32_t)1 << i) - 1;
    }
    numbers[NUMBERS - 1] = UINT32_MAX;
    return NUMBERS;
}

/* As it is read back from its bytes. */
static enum err table_of(const struct code *code, unsigned sharp)
{
    struct buf buf;
    buf_init(&buf, BYTES_MAX);
    code_add(&buf, code);
    struct wire_reader r = wire_reader_of(buf_span(&buf));
    code_read(&r, sharp, &table);
    assert_true(r.err != ERR_OK || r.rest.size == 0);
    buf_done(&buf);
    return r.err;
}

static uint64_t word_of(const struct code *code, uint32_t value, unsigned sharp, unsigned *ret_bits)
{
    struct code_class class = code_class_of(value, sharp);
    if (code->sizes[class.number] == 0) {
        class = (struct code_class){ CODE_ESCAPE, CODE_NUMBER_BITS };
    }
    unsigned size = code->sizes[class.number];
    uint64_t rest = value & (((uint64_t)1 << class.rest_bits) - 1);
    *ret_bits = size + class.rest_bits;
    return rest << size | code->bits[class.number];
}

TEST(a_code_gives_back_every_number_and_costs_what_it_says)
{
    static uint32_t numbers[NUMBERS];
    uint64_t state = testing_seed();
    for (unsigned round = 0; round < ROUNDS; round++) {
        const unsigned sharp = 1 + round % SHARP_MAX;
        struct code code;
        size_t count = numbers_make(&state, numbers);
        size_t known = round % 2 == 0 ? count : count / 4; /* others may be escaped */
        counts = (struct code_counts){ 0 };
        for (size_t i = 0; i < known; i++) {
            counts.of[code_class_of(numbers[i], sharp).number]++;
        }
        uint64_t cost = 0;

        code_make(&counts, sharp, &code);

        check_err(table_of(&code, sharp), ERR_OK);
        for (size_t i = 0; i < count; i++) {
            unsigned bits;
            uint32_t got;
            uint64_t word = word_of(&code, numbers[i], sharp, &bits);
            uint64_t noise = bits == 64 ? 0 : testing_random(&state) << bits;
            assert_int_equal(code_take(&table, word | noise, sharp, &got), bits);
            assert_int_equal(got, numbers[i]);
            cost += i < known ? bits : 0;
        }
        assert_true(code_cost(&code, &counts, sharp) == cost);
    }
}

TEST(what_comes_often_takes_few_bits)
{
    struct code code;
    counts = (struct code_counts){ 0 };
    counts.of[3] = 900;
    counts.of[9] = 50;
    counts.of[100] = 1;

    code_make(&counts, 3, &code);

    assert_int_equal(code.sizes[3], 1);
    assert_true(code.sizes[9] > 1);
    assert_true(code.sizes[100] > code.sizes[9]);
    assert_true(code.sizes[101] > 0); /* near to what came */
    assert_true(code.sizes[CODE_ESCAPE] > 0);
    assert_int_equal(code.sizes[200], 0);
}

TEST(no_code_is_longer_than_the_table_is_wide)
{
    struct code code;
    counts = (struct code_counts){ 0 };
    uint32_t before = 1;
    uint32_t now = 1;
    for (size_t i = 0; i < CODE_CLASSES; i += 6) { /* numbers that make the deepest tree */
        counts.of[i] = now;
        uint32_t next = now < UINT32_MAX / 4 ? before + now : now;
        before = now;
        now = next;
    }

    code_make(&counts, 3, &code);

    for (size_t i = 0; i < CODE_CLASSES; i++) {
        assert_true(code.sizes[i] <= CODE_BITS_MAX);
    }
    check_err(table_of(&code, 3), ERR_OK);
}

TEST(a_code_of_nothing_is_one)
{
    struct code code;
    counts = (struct code_counts){ 0 };

    code_make(&counts, 3, &code);

    check_err(table_of(&code, 3), ERR_OK);
}

static enum err read_code(const uint8_t *bytes, size_t size)
{
    struct wire_reader r = wire_reader_of(span_make(bytes, size));
    code_read(&r, 3, &table);
    return r.err;
}

TEST(a_code_that_says_what_cannot_be_is_refused)
{
    static const uint8_t good[] = { 2, 0x22, 0x01 };  /* sizes 2, 2, and 1 of the escape */
    static const uint8_t gap[] = { 2, 0x32, 0x01 };   /* bits without a meaning */
    static const uint8_t twice[] = { 2, 0x12, 0x01 }; /* bits with two */
    static const uint8_t none[] = { 2, 0x00, 0x00 };
    static const uint8_t large[] = { 2, 0xb2, 0x01 }; /* a size of 11 bits */
    static const uint8_t no_escape[] = { 2, 0x11, 0x00 };
    uint8_t high[1 + 121] = { 241 }; /* class 240 would be a number of 33 bits */
    high[1 + 120] = 0x11;

    check_err(read_code(good, sizeof good), ERR_OK);
    check_err(read_code(no_escape, sizeof no_escape), ERR_OK);
    check_err(read_code(gap, sizeof gap), ERR_FORMAT);
    check_err(read_code(twice, sizeof twice), ERR_FORMAT);
    check_err(read_code(none, sizeof none), ERR_FORMAT);
    check_err(read_code(large, sizeof large), ERR_FORMAT);
    check_err(read_code(high, sizeof high), ERR_FORMAT);
    check_err(read_code(good, 2), ERR_FORMAT);
    check_err(read_code(good, 0), ERR_FORMAT);
}
