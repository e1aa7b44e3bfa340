// SPDX-License-Identifier: EUPL-1.2
#include "observe/tsv_cut.h"

#include "format/record.h"
#include "tests/testing.h"

enum { LINE_SIZE_MAX = 4096, ROUND_COUNT = 20000 };

static void check_same(struct span line, uint8_t separator)
{
    static struct tsv_cut fast;
    static struct tsv_cut scalar;

    tsv_cut(line, separator, &fast);
    tsv_cut_scalar(line, separator, &scalar);

    assert_int_equal(fast.count, scalar.count);
    assert_int_equal(fast.escaped, scalar.escaped);
    assert_int_equal(fast.odd, scalar.odd);
    assert_memory_equal(fast.ends, scalar.ends, fast.count * sizeof fast.ends[0]);
}

TEST(columns_end_where_separators_stand)
{
    static struct tsv_cut cut;
    static const uint8_t line[sizeof "ab\t\tc\t" + RECORD_PADDING_SIZE] = "ab\t\tc\t";

    tsv_cut(span_make(line, 6), '\t', &cut);

    assert_int_equal(cut.count, 4);
    assert_int_equal(cut.ends[0], 2);
    assert_int_equal(cut.ends[1], 3);
    assert_int_equal(cut.ends[2], 5);
    assert_int_equal(cut.ends[3], 6);
    assert_false(cut.odd);
    assert_false(cut.escaped);
}

TEST(what_lies_behind_a_line_does_not_count)
{
    static struct tsv_cut cut;
    static const uint8_t line[] =
        "a\tb\t\\\xFF\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t"
        "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t";

    tsv_cut(span_make(line, 3), '\t', &cut);

    assert_int_equal(cut.count, 2);
    assert_false(cut.odd);
    assert_false(cut.escaped);
}

TEST(both_ways_to_cut_a_line_agree)
{
    static uint8_t line[LINE_SIZE_MAX + RECORD_PADDING_SIZE];
    static const uint8_t alphabet[] = { '\t', 'a', '\\', 0, 0xC3, ',', 0x7F, 0x80 };
    uint64_t state = testing_seed();
    for (int round = 0; round < ROUND_COUNT; round++) {
        size_t size = testing_random(&state) % (round % 100 == 0 ? LINE_SIZE_MAX : 100);
        size_t letters = 1 + testing_random(&state) % sizeof alphabet;
        for (size_t i = 0; i < size + RECORD_PADDING_SIZE; i++) {
            line[i] = alphabet[testing_random(&state) % letters];
        }

        check_same(span_make(line, size), alphabet[testing_random(&state) % sizeof alphabet]);
    }
}
