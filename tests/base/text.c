// SPDX-License-Identifier: EUPL-1.2
#include "base/text.h"

#include "tests/testing.h"

enum { CODE_POINT_MAX = 0x10FFFF, BUF_SIZE_MAX = 4096 };

static bool is_surrogate(uint32_t code_point)
{
    return code_point >= 0xD800 && code_point <= 0xDFFF;
}

/* The slow reference: RFC 3629 read literally. Size of the sequence at the start, or 0. */
static size_t reference_sequence(struct span span)
{
    uint8_t lead = span.data[0];
    size_t size = lead < 0x80       ? 1
                  : lead >> 5 == 6  ? 2
                  : lead >> 4 == 14 ? 3
                  : lead >> 3 == 30 ? 4
                                    : 0;
    if (size == 0 || size > span.size) {
        return 0;
    }
    uint32_t code_point = size == 1 ? lead : lead & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if (span.data[i] >> 6 != 2) {
            return 0;
        }
        code_point = code_point << 6 | (span.data[i] & 0x3F);
    }
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    bool refused =
        code_point < smallest[size] || code_point > CODE_POINT_MAX || is_surrogate(code_point);
    return refused ? 0 : size;
}

static size_t reference_valid_size(struct span span)
{
    size_t at = 0;
    while (at < span.size) {
        size_t size = reference_sequence(span_from(span, at));
        if (size == 0) {
            break;
        }
        at += size;
    }
    return at;
}

static void check_printable(struct span raw, const char *expected)
{
    struct buf buf;
    buf_init(&buf, BUF_SIZE_MAX);
    text_add_printable(&buf, raw);
    check_span(buf_span(&buf), expected);
    buf_done(&buf);
}

static void check_repaired(struct span raw, const char *expected)
{
    struct buf buf;
    buf_init(&buf, BUF_SIZE_MAX);
    text_add_repaired(&buf, raw);
    check_span(buf_span(&buf), expected);
    buf_done(&buf);
}

TEST(text_of_every_code_point_is_valid_and_what_it_was)
{
    struct buf buf;
    buf_init(&buf, 16);

    for (uint32_t code_point = 0; code_point <= CODE_POINT_MAX; code_point++) {
        buf_clear(&buf);
        text_add_code_point(&buf, code_point);
        size_t size = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
        if (is_surrogate(code_point)) {
            check_span(buf_span(&buf), "\xef\xbf\xbd");
            continue;
        }
        assert_int_equal(buf.size, size);
        assert_int_equal(text_valid_size(buf_span(&buf)), size);
        assert_int_equal(reference_sequence(buf_span(&buf)), size);
    }
    buf_done(&buf);
}

TEST(text_beyond_unicode_becomes_the_replacement)
{
    struct buf buf;
    buf_init(&buf, 16);

    text_add_code_point(&buf, CODE_POINT_MAX + 1);
    text_add_code_point(&buf, UINT32_MAX);

    check_span(buf_span(&buf), "\xef\xbf\xbd\xef\xbf\xbd");
    buf_done(&buf);
}

TEST(text_accepts_the_first_and_last_of_each_size)
{
    static const char *const good[] = {
        "\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",     "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(text_valid_size(span_of(good[i])), strlen(good[i]));
    }
}

TEST(text_refuses_overlong_forms_surrogates_and_stray_bytes)
{
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
        "\xc3",
        "\xc3(",
        "\xe2\x82",
        "\xe2(\xac",
        "\xf0\x9f\x8c",
        "\xf8\x88\x80\x80\x80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(text_valid_size(span_of(bad[i])), 0);
    }
}

TEST(text_validity_agrees_with_the_reference_for_all_pairs_of_bytes)
{
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            uint8_t bytes[] = { (uint8_t)first, (uint8_t)second, 0x80, 0x80, 'x' };
            struct span span = span_make(bytes, sizeof bytes);
            assert_int_equal(text_valid_size(span), reference_valid_size(span));
        }
    }
}

TEST(text_validity_agrees_with_the_reference_for_random_bytes)
{
    static const uint8_t telling[] = { 'a',  'b',  0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                       0xC1, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF };
    uint64_t random = testing_seed();

    for (size_t round = 0; round < 50000; round++) {
        uint8_t bytes[40];
        size_t size = (size_t)(testing_random(&random) % (sizeof bytes + 1));
        bool mostly_ascii = testing_random(&random) % 2 == 0;
        for (size_t i = 0; i < size; i++) {
            size_t pick = (size_t)(testing_random(&random) % sizeof telling);
            bytes[i] = mostly_ascii && testing_random(&random) % 16 != 0 ? 'a' : telling[pick];
        }
        struct span span = span_make(bytes, size);
        assert_int_equal(text_valid_size(span), reference_valid_size(span));
        bool ascii = true;
        for (size_t i = 0; i < size; i++) {
            ascii = ascii && bytes[i] < 0x80;
        }
        assert_int_equal(text_is_ascii(span), ascii);
    }
}

TEST(text_repaired_replaces_each_bad_byte_and_nothing_else)
{
    check_repaired(SPAN("plain \xc3\xa9"), "plain \xc3\xa9");
    check_repaired(SPAN("a\xff"), "a\xef\xbf\xbd");
    check_repaired(SPAN("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");
    check_repaired(SPAN("\xed\xa0\x80z"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    check_repaired((struct span){ NULL, 0 }, "");
}

TEST(text_repaired_keeps_nul)
{
    struct buf buf;
    buf_init(&buf, BUF_SIZE_MAX);

    text_add_repaired(&buf, SPAN("a\0b"));

    assert_int_equal(buf.size, 3);
    buf_done(&buf);
}

TEST(text_printable_shows_controls_and_sends_none)
{
    check_printable(SPAN("plain \xc3\xa9 \xf0\x9f\x8c\x8a"), "plain \xc3\xa9 \xf0\x9f\x8c\x8a");
    check_printable(SPAN("\x1b[31mred"), "\\x1b[31mred");
    check_printable(SPAN("a\0b\t\r\n"), "a\\x00b\\x09\\x0d\\x0a");
    check_printable(SPAN("\x7f"), "\\x7f");
    check_printable(SPAN("\xc2\x9b"
                         "31m"),
                    "\\x9b31m");
    check_printable(SPAN("\xc2\xa0"), "\xc2\xa0");
    check_printable(SPAN("\xff"), "\xef\xbf\xbd");
}

TEST(text_printable_names_bidirectional_controls)
{
    static const uint32_t controls[] = { 0x061C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C,
                                         0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069 };
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        struct buf raw;
        struct buf shown;
        buf_init(&raw, 16);
        buf_init(&shown, 64);
        text_add_code_point(&raw, controls[i]);
        text_add_printable(&shown, buf_span(&raw));
        struct buf expected;
        buf_init(&expected, 64);
        buf_add_format(&expected, "\\u{%04x}", (unsigned)controls[i]);
        assert_true(span_equal(buf_span(&shown), buf_span(&expected)));
        buf_done(&raw);
        buf_done(&shown);
        buf_done(&expected);
    }
}
