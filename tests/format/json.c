// SPDX-License-Identifier: EUPL-1.2
#include "format/json.h"

#include <glob.h>
#include <stdio.h>

#include "base/memory.h"
#include "format/inflate.h"
#include "format/json_locate.h"
#include "tests/format/json_echo.h"
#include "tests/testing.h"

enum { ECHO_SIZE_MAX = 1 << 28 };

static struct json_value parsed(struct op *op, const char *text)
{
    struct json_value root;
    check_err(json_parse(op, span_of(text), &root), ERR_OK);
    return root;
}

/* The document that `text` holds, written out into `buf`, which is begun here. */
static void echo(struct op *op, struct span text, struct buf *buf)
{
    struct json_value root;
    check_err(json_parse(op, text, &root), ERR_OK);
    struct json_writer w;
    buf_init(buf, ECHO_SIZE_MAX);
    json_writer_init(&w, buf);
    json_echo(&w, root);
    check_err(buf->err, ERR_OK);
}

TEST(number_that_fits_no_type_hides_no_string)
{
    struct op op;
    struct json_value root;
    struct span text = SPAN("{\"big\":-12345678901234567890123,\"huge\":[1e999,0.5,7],"
                            "\"s\":\"\\\"12345678901234567890123 1e999\"}");
    testing_op_begin(&op);

    check_err(json_parse(&op, text, &root), ERR_FORMAT);
    op_fault_clear(&op);
    check_err(json_parse_any_number(&op, text, &root), ERR_OK);
    check_span(json_string(json_member(root, SPAN("s"))), "\"12345678901234567890123 1e999");
    check_err(json_parse_any_number(&op, SPAN("{\"big\":12345678901234567890123"), &root),
              ERR_FORMAT);
    op_end(&op);
}

TEST(json_reads_values_of_every_type)
{
    struct op op;
    testing_op_begin(&op);

    struct json_value root = parsed(&op, "{\"n\":null,\"t\":true,\"f\":false,\"i\":-7,"
                                         "\"d\":0.5,\"s\":\"a\\u00e9\\n\",\"a\":[],\"o\":{}}");

    assert_int_equal(json_type(root), JSON_OBJECT);
    assert_int_equal(json_type(json_member(root, SPAN("n"))), JSON_NULL);
    assert_int_equal(json_type(json_member(root, SPAN("t"))), JSON_BOOL);
    assert_true(json_true(json_member(root, SPAN("t"))));
    assert_int_equal(json_type(json_member(root, SPAN("f"))), JSON_BOOL);
    assert_false(json_true(json_member(root, SPAN("f"))));
    assert_int_equal(json_type(json_member(root, SPAN("i"))), JSON_INTEGER);
    assert_int_equal(json_integer(json_member(root, SPAN("i")), 0), -7);
    assert_int_equal(json_type(json_member(root, SPAN("d"))), JSON_NUMBER);
    assert_true(json_number(json_member(root, SPAN("d")), 0) == 0.5);
    assert_int_equal(json_type(json_member(root, SPAN("s"))), JSON_STRING);
    check_span(json_string(json_member(root, SPAN("s"))), "a\xC3\xA9\n");
    assert_int_equal(json_type(json_member(root, SPAN("a"))), JSON_ARRAY);
    assert_int_equal(json_type(json_member(root, SPAN("o"))), JSON_OBJECT);
    op_end(&op);
}

TEST(json_values_of_another_type_give_nothing)
{
    struct op op;
    testing_op_begin(&op);

    struct json_value root = parsed(&op, "{\"s\":\"text\",\"i\":3,\"d\":1.5}");
    struct json_value absent = json_member(root, SPAN("x"));

    assert_int_equal(json_type(absent), JSON_NULL);
    assert_null(json_string(absent).data);
    assert_int_equal(json_integer(absent, 42), 42);
    assert_true(json_number(absent, 2.5) == 2.5);
    assert_false(json_true(absent));
    assert_null(json_member(absent, SPAN("y")).document);
    assert_null(json_member(json_member(root, SPAN("s")), SPAN("y")).document);
    assert_null(json_string(json_member(root, SPAN("i"))).data);
    assert_int_equal(json_integer(json_member(root, SPAN("d")), 42), 42);
    assert_true(json_number(json_member(root, SPAN("i")), 0) == 3);
    struct json_walk walk = json_walk_begin(json_member(root, SPAN("s")));
    assert_false(json_walk_next(&walk));
    walk = json_walk_begin(absent);
    assert_false(json_walk_next(&walk));
    op_end(&op);
}

TEST(json_walks_members_and_elements_in_order)
{
    struct op op;
    testing_op_begin(&op);

    struct json_value root = parsed(&op, "{\"a\":[1,[2,{\"x\":3}],4.0,\"five\"],\"b\":6}");
    struct json_walk members = json_walk_begin(root);
    assert_true(json_walk_next(&members));
    check_span(members.key, "a");
    struct json_walk elements = json_walk_begin(members.value);

    assert_true(json_walk_next(&elements));
    assert_int_equal(json_integer(elements.value, 0), 1);
    assert_int_equal(elements.key.size, 0);
    assert_true(json_walk_next(&elements));
    assert_int_equal(json_type(elements.value), JSON_ARRAY);
    assert_true(json_walk_next(&elements));
    assert_true(json_number(elements.value, 0) == 4);
    assert_true(json_walk_next(&elements));
    check_span(json_string(elements.value), "five");
    assert_false(json_walk_next(&elements));
    assert_false(json_walk_next(&elements));
    assert_true(json_walk_next(&members));
    check_span(members.key, "b");
    assert_int_equal(json_integer(members.value, 0), 6);
    assert_false(json_walk_next(&members));
    op_end(&op);
}

TEST(json_gives_the_first_of_equal_keys)
{
    struct op op;
    testing_op_begin(&op);

    struct json_value root = parsed(&op, "{\"a\":1,\"b\":2,\"a\":3,\"\\u0061\":4}");

    assert_int_equal(json_integer(json_member(root, SPAN("a")), 0), 1);
    op_end(&op);
}

TEST(json_reads_the_ends_of_the_number_range)
{
    struct op op;
    testing_op_begin(&op);

    struct json_value root = parsed(&op, "[-9223372036854775808,9223372036854775807,"
                                         "9223372036854775808,18446744073709551615,1.7e308]");
    struct json_walk walk = json_walk_begin(root);

    assert_true(json_walk_next(&walk));
    assert_true(json_integer(walk.value, 0) == INT64_MIN);
    assert_true(json_walk_next(&walk));
    assert_true(json_integer(walk.value, 0) == INT64_MAX);
    assert_true(json_walk_next(&walk));
    assert_int_equal(json_type(walk.value), JSON_NUMBER);
    assert_int_equal(json_integer(walk.value, 5), 5);
    assert_true(json_number(walk.value, 0) == 9223372036854775808.0);
    assert_true(json_walk_next(&walk));
    assert_true(json_number(walk.value, 0) == 18446744073709551615.0);
    assert_true(json_walk_next(&walk));
    assert_true(json_number(walk.value, 0) == 1.7e308);
    op_end(&op);
}

TEST(json_keeps_nul_characters_inside_strings)
{
    struct op op;
    testing_op_begin(&op);

    struct span string = json_string(parsed(&op, "\"a\\u0000b\""));

    assert_true(span_equal(string, SPAN("a\0b")));
    op_end(&op);
}

TEST(json_steps_over_a_byte_order_mark)
{
    struct op op;
    testing_op_begin(&op);
    struct span text = SPAN("\xEF\xBB\xBF{\"a\":[1,22]}");

    struct json_value root;
    check_err(json_parse(&op, text, &root), ERR_OK);
    struct span *spans;
    size_t count;
    check_err(json_array_spans(&op, text, SPAN("a"), &spans, &count), ERR_OK);

    assert_int_equal(json_type(root), JSON_OBJECT);
    assert_int_equal(count, 2);
    check_span(spans[1], "22");
    op_end(&op);
}

struct flawed {
    const char *text;
    enum err err;
    const char *fault;
};

TEST(json_tells_line_and_byte_of_a_flaw)
{
    static const struct flawed cases[] = {
        { "", ERR_FORMAT, "the text ends too early (line 1, byte 0)" },
        { " \n", ERR_FORMAT, "the text ends too early (line 2, byte 2)" },
        { "{\"a\":1,\n\"b\" 2}", ERR_FORMAT, "a colon is expected after a key (line 2, byte 12)" },
        { "{\"a\":1,}", ERR_FORMAT, "a key in quotes is expected (line 1, byte 7)" },
        { "[1 2]", ERR_FORMAT, "a comma or ] is expected (line 1, byte 3)" },
        { "[1}", ERR_FORMAT, "a comma or ] is expected (line 1, byte 2)" },
        { "{\"a\":[1,2}", ERR_FORMAT, "a comma or ] is expected (line 1, byte 9)" },
        { "[1,2", ERR_FORMAT, "a comma or ] is expected (line 1, byte 4)" },
        { "[tru]", ERR_FORMAT, "a value is expected (line 1, byte 1)" },
        { "[1,]", ERR_FORMAT, "a value is expected (line 1, byte 3)" },
        { "[\"abc", ERR_FORMAT, "the text ends inside a string (line 1, byte 5)" },
        { "[\"a\tb\"]", ERR_FORMAT,
          "a control character in a string (it must be escaped) (line 1, byte 3)" },
        { "[\"\\x\"]", ERR_FORMAT, "an unknown escape in a string (line 1, byte 3)" },
        { "[\"\\u12\"]", ERR_FORMAT,
          "\\u in a string needs four hexadecimal digits (line 1, byte 6)" },
        { "[\"\\ud800\"]", ERR_FORMAT, "half a surrogate pair in a string (line 1, byte 8)" },
        { "[\"\\udc00\"]", ERR_FORMAT, "half a surrogate pair in a string (line 1, byte 8)" },
        { "[\"\\ud800\\u0041\"]", ERR_FORMAT,
          "half a surrogate pair in a string (line 1, byte 14)" },
        { "[\"a\xFF\"]", ERR_FORMAT, "a byte that is not UTF-8 (line 1, byte 3)" },
        { "[1, \"a\xED\xA0\x80\"]", ERR_FORMAT, "a byte that is not UTF-8 (line 1, byte 6)" },
        { "[x \"\xFF\"]", ERR_FORMAT, "a value is expected (line 1, byte 1)" },
        { "[01]", ERR_FORMAT, "a comma or ] is expected (line 1, byte 2)" },
        { "[-]", ERR_FORMAT, "a digit is missing in a number (line 1, byte 2)" },
        { "[1.]", ERR_FORMAT, "a digit is missing in a number (line 1, byte 3)" },
        { "[1e+]", ERR_FORMAT, "a digit is missing in a number (line 1, byte 4)" },
        { "[18446744073709551616]", ERR_FORMAT, "a number does not fit 64 bits (line 1, byte 1)" },
        { "[-9223372036854775809]", ERR_FORMAT, "a number does not fit 64 bits (line 1, byte 1)" },
        { "[0,1e309]", ERR_FORMAT, "a number is too large (line 1, byte 3)" },
        { "{} {}", ERR_FORMAT, "something follows the document (line 1, byte 3)" },
        { "\xEF\xBB\xBF[1,]", ERR_FORMAT, "a value is expected (line 1, byte 6)" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct op op;
        testing_op_begin(&op);
        struct json_value root = { NULL, 7 };

        check_err(json_parse(&op, span_of(cases[i].text), &root), cases[i].err);

        char expected[FAULT_TEXT_SIZE];
        snprintf(expected, sizeof expected, "not readable as JSON: %s", cases[i].fault);
        assert_string_equal(op.fault.text, expected);
        assert_int_equal(root.position, 7);
        op_end(&op);
    }
}

static struct span nested(struct op *op, size_t depth)
{
    uint8_t *text = op_alloc(op, depth * 2 + 1);
    assert_non_null(text);
    memset(text, '[', depth);
    text[depth] = '1';
    memset(text + depth + 1, ']', depth);
    return span_make(text, depth * 2 + 1);
}

TEST(json_refuses_what_is_deeper_than_its_limit)
{
    struct op op;
    testing_op_begin(&op);
    struct json_value root;

    check_err(json_parse(&op, nested(&op, JSON_DEPTH_MAX), &root), ERR_OK);
    check_err(json_parse(&op, nested(&op, JSON_DEPTH_MAX + 1), &root), ERR_LIMIT);
    assert_non_null(strstr(op.fault.text, "byte 128"));
    check_err(json_parse(&op, nested(&op, 1000000), &root), ERR_LIMIT);
    op_end(&op);
}

static const char sample[] =
    "{ \"type\": \"bundle\", \"objects\": [ {\"id\":\"a--1\", \"x\":[1.5e3,-2,true,null]},\r\n"
    " \"str]ing\\\"}\", {}, [ ], -12.5 , {\"k\":{\"k\":\"\\ud83d\\ude00 \xC3\xA9\"}}], \"z\": "
    "false }";

static struct span sample_text(void)
{
    return span_make(sample, sizeof sample - 1);
}

TEST(json_is_refused_when_cut_at_any_byte)
{
    struct span text = sample_text();
    for (size_t size = 0; size < text.size; size++) {
        struct op op;
        testing_op_begin(&op);
        struct json_value root;

        check_err(json_parse(&op, span_slice(text, 0, size), &root), ERR_FORMAT);

        assert_non_null(strstr(op.fault.text, "byte"));
        op_end(&op);
    }
}

/* Random damage: simdjson and the locator must always agree on whether it is a document. */
TEST(json_always_finds_the_flaw_in_what_is_refused)
{
    static const char bytes[] = "{}[]:,\"\\/0123456789-+.eEtrufalsn \n\t\x01\xC3\xA9\xFF";
    uint64_t random = testing_seed();
    for (int round = 0; round < 20000; round++) {
        char text[sizeof sample];
        span_copy(text, sizeof text, span_make(sample, sizeof sample));
        size_t changes = 1 + testing_random(&random) % 3;
        for (size_t i = 0; i < changes; i++) {
            text[testing_random(&random) % (sizeof text - 1)] =
                bytes[testing_random(&random) % (sizeof bytes - 1)];
        }
        struct op op;
        testing_op_begin(&op);
        struct json_value root;

        enum err err = json_parse(&op, span_make(text, sizeof text - 1), &root);

        struct json_flaw flaw;
        assert_int_equal(json_locate(span_make(text, sizeof text - 1), &flaw), err != ERR_OK);
        op_end(&op);
    }
}

TEST(json_without_memory_is_refused_and_loses_none)
{
    struct op op;
    testing_op_begin(&op);
    memory_fail_after(UINT64_MAX);
    struct json_value root;
    struct span *spans;
    size_t count;
    check_err(json_parse(&op, sample_text(), &root), ERR_OK);
    check_err(json_array_spans(&op, sample_text(), SPAN("objects"), &spans, &count), ERR_OK);
    uint64_t requests = memory_request_count();
    op_end(&op);

    for (uint64_t allowed = 0; allowed < requests; allowed++) {
        testing_op_begin(&op);
        memory_fail_after(allowed);
        enum err err = json_parse(&op, sample_text(), &root);
        if (err == ERR_OK) {
            err = json_array_spans(&op, sample_text(), SPAN("objects"), &spans, &count);
        }
        memory_fail_after(UINT64_MAX);

        check_err(err, ERR_LIMIT);
        check_err(op.fault.err, ERR_LIMIT);
        op_end(&op);
    }
}

TEST(json_array_spans_are_the_exact_bytes_of_each_element)
{
    struct op op;
    testing_op_begin(&op);
    struct span *spans;
    size_t count;

    check_err(json_array_spans(&op, sample_text(), SPAN("objects"), &spans, &count), ERR_OK);

    assert_int_equal(count, 6);
    check_span(spans[0], "{\"id\":\"a--1\", \"x\":[1.5e3,-2,true,null]}");
    check_span(spans[1], "\"str]ing\\\"}\"");
    check_span(spans[2], "{}");
    check_span(spans[3], "[ ]");
    check_span(spans[4], "-12.5");
    check_span(spans[5], "{\"k\":{\"k\":\"\\ud83d\\ude00 \xC3\xA9\"}}");
    assert_ptr_equal(spans[0].data, (const uint8_t *)strchr(sample, '[') + 2);
    op_end(&op);
}

static enum err spans_count(struct op *op, const char *text, const char *key, size_t *ret_count)
{
    struct span *spans;
    return json_array_spans(op, span_of(text), span_of(key), &spans, ret_count);
}

TEST(json_array_spans_take_the_first_member_of_that_name)
{
    struct op op;
    testing_op_begin(&op);
    size_t count;

    check_err(spans_count(&op, "{\"a\":[1,2],\"a\":[3]}", "a", &count), ERR_OK);
    assert_int_equal(count, 2);
    check_err(spans_count(&op, "{\"x\":{\"a\":[9]},\"a\":[1]}", "a", &count), ERR_OK);
    assert_int_equal(count, 1);
    check_err(spans_count(&op, "{\"\\u0061\\n\\ud83d\\ude00\\\"\":[1,2,3],\"a\":[3]}",
                          "a\n\xF0\x9F\x98\x80\"", &count),
              ERR_OK);
    assert_int_equal(count, 3);
    check_err(spans_count(&op, " { \"a\" : [ ] } ", "a", &count), ERR_OK);
    assert_int_equal(count, 0);
    op_end(&op);
}

TEST(json_array_spans_are_absent_where_there_is_no_such_array)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "1",
        "\"a\"",
        "{\"b\":[1]}",
        "{\"a\":1}",
        "{\"a\":{\"a\":[1]}}",
        "[[\"a\"]]",
        "{\"a\":1,\"a\":[1]}",
        "{\"\\\\u0061\":[1]}",
    };
    struct op op;
    testing_op_begin(&op);
    size_t count = 77;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_err(spans_count(&op, texts[i], "a", &count), ERR_ABSENT);
    }
    assert_int_equal(count, 77);
    op_end(&op);
}

TEST(json_array_spans_stay_in_bounds_when_the_text_is_cut)
{
    struct op op;
    testing_op_begin(&op);
    for (size_t size = 0; size < sizeof sample - 1; size++) {
        uint8_t *cut = memory_new(size); /* the sanitizer watches its end */
        assert_non_null(cut);
        span_copy(cut, size, span_make(sample, size));
        struct span *spans;
        size_t count;

        enum err err = json_array_spans(&op, span_make(cut, size), SPAN("objects"), &spans, &count);

        assert_true(err == ERR_OK || err == ERR_ABSENT);
        memory_free(cut);
    }
    op_end(&op);
}

/* The decompressed content of a .gz file, in memory of the op. */
static struct span unpacked(struct op *op, const char *path)
{
    enum { UNPACKED_SIZE_MAX = 32 * 1024 * 1024 };
    struct span input = testing_file(op, path);
    struct inflate *stream;
    check_err(inflate_new(op, inflate_detect(input), &stream), ERR_OK);
    struct inflate_output output = { op_alloc(op, UNPACKED_SIZE_MAX), UNPACKED_SIZE_MAX, 0 };
    assert_non_null(output.data);
    check_err(inflate_run(op, stream, &input, &output), ERR_OK);
    assert_true(output.size < output.capacity);
    check_err(inflate_end(op, stream), ERR_OK);
    inflate_free(stream);
    return span_make(output.data, output.size);
}

static void check_echo_is_stable(struct op *op, struct span text)
{
    struct buf first;
    struct buf second;
    echo(op, text, &first);
    echo(op, buf_span(&first), &second);
    assert_true(span_equal(buf_span(&first), buf_span(&second)));
    buf_done(&first);
    buf_done(&second);
}

/* Each element's own bytes hold the same value as the element in the whole document. */
static void check_spans(struct op *op, struct span text)
{
    struct json_value root;
    check_err(json_parse(op, text, &root), ERR_OK);
    struct span *spans;
    size_t count;
    check_err(json_array_spans(op, text, SPAN("objects"), &spans, &count), ERR_OK);
    struct json_walk walk = json_walk_begin(json_member(root, SPAN("objects")));
    size_t index = 0;
    while (json_walk_next(&walk)) {
        assert_true(index < count);
        struct buf whole;
        struct buf alone;
        struct json_writer w;
        buf_init(&whole, ECHO_SIZE_MAX);
        json_writer_init(&w, &whole);
        json_echo(&w, walk.value);
        echo(op, spans[index], &alone);
        assert_true(span_equal(buf_span(&whole), buf_span(&alone)));
        buf_done(&whole);
        buf_done(&alone);
        index++;
    }
    assert_int_equal(index, count);
    assert_true(count > 0);
}

static void check_files(const char *pattern)
{
    const char *dir = testing_data_dir();
    if (dir == NULL) {
        testing_skip("no real data");
    }
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir, pattern);
    glob_t files;
    assert_int_equal(glob(path, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct op op;
        testing_op_begin(&op);
        struct span text = unpacked(&op, files.gl_pathv[i]);
        check_echo_is_stable(&op, text);
        check_spans(&op, text);
        op_end(&op);
    }
    globfree(&files);
}

TEST(json_keeps_real_bundles_through_parse_and_write)
{
    check_files("stix/*.json.gz");
}

TEST(json_keeps_bundles_of_many_shapes_through_parse_and_write)
{
    check_files("stix/idioms/*.json");
}
