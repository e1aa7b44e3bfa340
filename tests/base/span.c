// SPDX-License-Identifier: EUPL-1.2
#include "base/span.h"

#include "tests/testing.h"

static const struct span nothing = { NULL, 0 };

TEST(span_of_a_null_string_is_empty)
{
    assert_int_equal(span_of(NULL).size, 0);
    assert_null(span_of(NULL).data);
    assert_int_equal(span_of("").size, 0);
}

TEST(span_macro_counts_bytes_and_keeps_nul)
{
    struct span span = SPAN("a\0b");

    assert_int_equal(span.size, 3);
    assert_int_equal(span.data[1], 0);
}

TEST(spans_are_equal_by_size_and_bytes)
{
    assert_true(span_equal(SPAN("abc"), SPAN("abc")));
    assert_false(span_equal(SPAN("abc"), SPAN("abd")));
    assert_false(span_equal(SPAN("abc"), SPAN("ab")));
    assert_true(span_equal(nothing, SPAN("")));
}

TEST(spans_are_ordered_by_unsigned_bytes_and_shorter_first)
{
    assert_true(span_compare(SPAN("a"), SPAN("b")) < 0);
    assert_true(span_compare(SPAN("\xff"), SPAN("a")) > 0);
    assert_true(span_compare(SPAN("a"), SPAN("aa")) < 0);
    assert_int_equal(span_compare(SPAN("aa"), SPAN("aa")), 0);
    assert_int_equal(span_compare(nothing, SPAN("")), 0);
    assert_true(span_compare(nothing, SPAN("a")) < 0);
}

TEST(spans_without_case_fold_ascii_letters_only)
{
    assert_true(span_equal_nocase(SPAN("AbZ-9"), SPAN("aBz-9")));
    assert_false(span_equal_nocase(SPAN("@"), SPAN("`")));
    assert_false(span_equal_nocase(SPAN("["), SPAN("{")));
    assert_false(span_equal_nocase(SPAN("\xc4"), SPAN("\xe4")));
    assert_false(span_equal_nocase(SPAN("ab"), SPAN("abc")));
}

TEST(span_begins_and_ends_with_its_parts)
{
    assert_true(span_starts_with(SPAN("example.org"), SPAN("example")));
    assert_true(span_starts_with(SPAN("x"), nothing));
    assert_false(span_starts_with(SPAN("ex"), SPAN("exa")));
    assert_true(span_starts_with_nocase(SPAN("HTTP/1.1"), SPAN("http")));
    assert_false(span_starts_with_nocase(SPAN("HT"), SPAN("http")));
    assert_true(span_ends_with(SPAN("example.org"), SPAN(".org")));
    assert_true(span_ends_with(nothing, nothing));
    assert_false(span_ends_with(SPAN("org"), SPAN(".org")));
}

TEST(span_find_gives_first_and_last_place)
{
    struct span span = SPAN("a.b.c");

    assert_int_equal(span_find(span, '.'), 1);
    assert_int_equal(span_find_last(span, '.'), 3);
    assert_int_equal(span_find(span, 'x'), SPAN_NOT_FOUND);
    assert_int_equal(span_find(nothing, 'x'), SPAN_NOT_FOUND);
    assert_int_equal(span_find_last(nothing, 'x'), SPAN_NOT_FOUND);
}

TEST(span_find_span_finds_the_first_and_the_empty_one_at_0)
{
    assert_int_equal(span_find_span(SPAN("ababc"), SPAN("abc")), 2);
    assert_int_equal(span_find_span(SPAN("ab"), SPAN("abc")), SPAN_NOT_FOUND);
    assert_int_equal(span_find_span(SPAN("ab"), nothing), 0);
    assert_int_equal(span_find_span(nothing, nothing), 0);
    assert_int_equal(span_find_span(nothing, SPAN("a")), SPAN_NOT_FOUND);
}

TEST(span_slice_takes_any_part_down_to_none)
{
    struct span span = SPAN("abcdef");

    check_span(span_slice(span, 1, 4), "bcd");
    check_span(span_slice(span, 6, 6), "");
    check_span(span_from(span, 4), "ef");
    check_span(span_slice(nothing, 0, 0), "");
}

TEST(span_trim_takes_white_space_off_both_ends_only)
{
    check_span(span_trim(SPAN(" \t a b\r\n")), "a b");
    check_span(span_trim(SPAN(" \r\n")), "");
    check_span(span_trim(nothing), "");
    check_span(span_trim(SPAN("\v")), "\v");
}

TEST(span_next_gives_every_piece_also_the_empty_ones)
{
    struct span rest = SPAN(",a,,b,");
    const char *const expected[] = { "", "a", "", "b", "" };

    for (size_t i = 0; i < 5; i++) {
        struct span piece;
        assert_true(span_next(&rest, ',', &piece));
        check_span(piece, expected[i]);
    }
    struct span untouched = SPAN("untouched");
    assert_false(span_next(&rest, ',', &untouched));
    check_span(untouched, "untouched");
}

TEST(span_next_gives_one_empty_piece_of_an_empty_text)
{
    struct span rest = SPAN("");
    struct span piece;

    assert_true(span_next(&rest, ',', &piece));
    assert_int_equal(piece.size, 0);
    assert_false(span_next(&rest, ',', &piece));
}

TEST(span_to_u64_reads_up_to_the_largest_number)
{
    uint64_t number = 0;

    check_err(span_to_u64(SPAN("18446744073709551615"), &number), ERR_OK);
    assert_true(number == UINT64_MAX);
    check_err(span_to_u64(SPAN("0007"), &number), ERR_OK);
    assert_int_equal(number, 7);
}

TEST(span_to_u64_refuses_what_is_no_number_and_leaves_the_result_alone)
{
    const char *const wrong[] = { "", "-1", "+1", " 1", "1 ", "0x1", "1.0", "\xb9" };
    uint64_t number = 42;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check_err(span_to_u64(span_of(wrong[i]), &number), ERR_FORMAT);
    }
    check_err(span_to_u64(SPAN("18446744073709551616"), &number), ERR_LIMIT);
    check_err(span_to_u64(SPAN("99999999999999999999999999"), &number), ERR_LIMIT);
    assert_int_equal(number, 42);
}

TEST(span_to_u64_refuses_a_letter_behind_a_number_that_is_too_large)
{
    uint64_t number = 42;

    check_err(span_to_u64(SPAN("99999999999999999999999999x"), &number), ERR_FORMAT);
}

TEST(span_copy_copies_and_takes_an_empty_span)
{
    uint8_t bytes[4] = { 9, 9, 9, 9 };

    span_copy(bytes, sizeof bytes, SPAN("abc"));
    span_copy(bytes, 0, nothing);

    assert_memory_equal(bytes, "abc\t", 4);
}
