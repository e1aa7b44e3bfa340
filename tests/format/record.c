// SPDX-License-Identifier: EUPL-1.2
#include "tests/testing.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/text.h"
#include "format/inflate.h"
#include "format/record_memo.h"
#include "format/record_utf8.h"
#include "tests/format/record_agree.h"

enum {
    LINE_SIZE_MAX = 2 * RECORD_LINE_SIZE_MAX,
    RANDOM_LINE_COUNT = 20000,
    INDEX_LINE_COUNT = 3000,
    SKELETON_COUNT = 4000,
    READ_SIZE = 1 << 20,
};

/* A scanner of each kind over a few paths, and a line for them to read. */
struct bench {
    struct op op;
    struct record_shape *shape;
    struct record_scanner *scanner[2]; /* by enum record_engine */
    struct record record;
};

static void tokens_begin(struct record_tokens *tokens)
{
    *tokens = (struct record_tokens){ 0 };
    tokens->positions = memory_new_array(LINE_SIZE_MAX, sizeof *tokens->positions);
    tokens->classes = memory_new(LINE_SIZE_MAX);
    assert_non_null(tokens->positions);
    assert_non_null(tokens->classes);
}

static void tokens_end(struct record_tokens *tokens)
{
    memory_free(tokens->positions);
    memory_free(tokens->classes);
}

static const struct record_path bench_paths[] = {
    { "a", 0 }, { "b/c", 1 }, { "d", 2 }, { "id.orig_h", 3 }, { "id_orig_h", 3 }, { "b/e/f", 4 },
};

static void bench_begin(struct bench *bench)
{
    testing_op_begin(&bench->op);
    check_err(record_shape_new(&bench->op, bench_paths, sizeof bench_paths / sizeof bench_paths[0],
                               &bench->shape),
              ERR_OK);
    for (int i = 0; i < 2; i++) {
        check_err(
            record_scanner_new(&bench->op, (enum record_engine)i, bench->shape, &bench->scanner[i]),
            ERR_OK);
    }
}

static void bench_end(struct bench *bench)
{
    record_scanner_free(bench->scanner[RECORD_ENGINE_FAST]);
    record_scanner_free(bench->scanner[RECORD_ENGINE_DOM]);
    record_shape_free(bench->shape);
    op_end(&bench->op);
}

static enum record_fault scan(struct bench *bench, enum record_engine engine, struct span line)
{
    struct span copy = agree_copy(line, '"');
    static uint8_t *kept; /* the fields point into the copy: it lives until the next one */
    memory_free(kept);
    kept = (uint8_t *)(uintptr_t)copy.data;
    return record_scan(bench->scanner[engine], copy, &bench->record);
}

/* The fields of a line as text: "slot:value slot:value ...", or the fault's name. */
static const char *fields(struct bench *bench, enum record_engine engine, struct span line)
{
    static struct buf buf;
    enum record_fault fault = scan(bench, engine, line);
    buf_done(&buf);
    buf_init(&buf, LINE_SIZE_MAX);
    if (fault != RECORD_FAULT_NONE) {
        assert_int_equal(bench->record.count, 0);
        return record_fault_name(fault);
    }
    for (size_t i = 0; i < bench->record.count; i++) {
        const struct record_field *field = &bench->record.fields[i];
        buf_add_format(&buf, "%s%d:", i == 0 ? "" : " ", field->slot);
        buf_add(&buf, field->value);
    }
    buf_add_byte(&buf, 0);
    return (const char *)buf_span(&buf).data;
}

/* Both engines say the same of a line, the fast one also when it has met it before. */
static void check_fields(const char *line, const char *expected)
{
    struct bench bench;
    bench_begin(&bench);

    assert_string_equal(fields(&bench, RECORD_ENGINE_DOM, span_of(line)), expected);
    for (int turn = 0; turn < AGREE_TURN_COUNT; turn++) {
        assert_string_equal(fields(&bench, RECORD_ENGINE_FAST, span_of(line)), expected);
    }

    bench_end(&bench);
}

TEST(record_gives_the_wanted_fields_in_the_order_of_the_line)
{
    check_fields("{\"d\":\"x\",\"z\":1,\"a\":\"y\"}", "2:x 0:y");
    check_fields("{\"id.orig_h\":\"192.0.2.1\"}", "3:192.0.2.1");
    check_fields("{\"id_orig_h\":\"192.0.2.1\"}", "3:192.0.2.1");
    check_fields("{}", "");
    check_fields("{\"z\":{}}", "");
}

TEST(record_goes_into_objects_by_path)
{
    check_fields("{\"b\":{\"c\":\"x\",\"e\":{\"f\":7}},\"c\":\"no\"}", "1:x 4:7");
    check_fields("{\"b\":{\"a\":\"no\"},\"b/c\":\"no\",\"z\":{\"a\":\"no\"}}", "");
}

TEST(record_passes_through_arrays)
{
    check_fields("{\"a\":[\"x\",[\"y\",[]],\"z\"]}", "0:x 0:y 0:z");
    check_fields("{\"b\":[{\"c\":1},{\"c\":[2,3]},4]}", "1:1 1:2 1:3");
}

TEST(record_takes_no_object_for_a_field)
{
    check_fields("{\"a\":{\"a\":1},\"d\":[{\"d\":1}],\"b\":2}", "");
}

TEST(record_gives_each_of_equal_keys)
{
    check_fields("{\"a\":1,\"a\":2,\"b\":{\"c\":3},\"b\":{\"c\":4}}", "0:1 0:2 1:3 1:4");
}

TEST(record_tells_the_types_apart)
{
    struct bench bench;
    const uint8_t types[] = { RECORD_STRING, RECORD_NUMBER, RECORD_TRUE, RECORD_FALSE,
                              RECORD_NULL };
    bench_begin(&bench);
    for (int engine = 0; engine < 2; engine++) {
        assert_int_equal(
            scan(&bench, (enum record_engine)engine, SPAN("{\"a\":[\"1\",1,true,false,null]}")),
            RECORD_FAULT_NONE);
        assert_int_equal(bench.record.count, sizeof types);
        for (size_t i = 0; i < sizeof types; i++) {
            assert_int_equal(bench.record.fields[i].type, types[i]);
        }
    }

    bench_end(&bench);
}

TEST(record_unescapes_strings)
{
    check_fields("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\tx\"}", "0:\"\\/\b\f\n\r\tx");
    check_fields("{\"a\":\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"}",
                 "0:A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    check_fields("{\"a\":\"\\\\\",\"d\":\"\\\\\\\"\"}", "0:\\ 2:\\\"");
}

TEST(record_knows_a_key_that_is_escaped)
{
    check_fields("{\"\\u0061\":1,\"\\u0062\":{\"\\u0063\":\"\\u0064\"},\"\\\\a\":2}", "0:1 1:d");
}

TEST(record_refuses_bad_escapes_where_it_looks)
{
    check_fields("{\"a\":\"\\x\"}", "syntax");
    check_fields("{\"a\":\"\\u12G4\"}", "syntax");
    check_fields("{\"a\":\"\\ud800\"}", "syntax");
    check_fields("{\"a\":\"\\ud800\\u0041\"}", "syntax");
    check_fields("{\"a\":\"\\udc00\"}", "syntax");
    check_fields("{\"a\":\"\\u00\"}", "syntax");
    check_fields("{\"\\q\":1}", "syntax");
}

TEST(record_allows_white_space_between_tokens)
{
    check_fields(" \t{ \"a\" : \"x\" ,\r\n \"b\" :{ \"c\":12  } , \"d\" : [ true , null ] } ",
                 "0:x 1:12 2:true 2:null");
}

TEST(record_keeps_the_digits_of_a_number)
{
    struct bench bench;
    const char *const kept[] = { "0",   "-0",    "12345678", "1234567890",           "-1",   "0.10",
                                 "1e5", "1E+05", "-2.5e-3",  "18446744073709551616", "1e999" };
    bench_begin(&bench);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        char line[64];
        char expected[64];
        snprintf(line, sizeof line, "{\"a\":%s}", kept[i]);
        snprintf(expected, sizeof expected, "0:%s", kept[i]);
        assert_string_equal(fields(&bench, RECORD_ENGINE_FAST, span_of(line)), expected);
    }

    bench_end(&bench);
}

TEST(record_refuses_malformed_numbers_and_literals_where_it_looks)
{
    const char *const bad[] = { "01",  "-",     "-01",  "1.",  "1e",        "1e+",
                                "00",  "1-1",   "1.e1", "+1",  "tru",       "truee",
                                "nul", "falsE", ".5",   "1 2", "123456789-" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        snprintf(line, sizeof line, "{\"a\":%s}", bad[i]);
        check_fields(line, "syntax");
    }
}

TEST(record_refuses_broken_structure_wherever_it_is)
{
    const char *const bad[] = {
        "",
        " ",
        "x",
        "1",
        "\"a\"",
        "[]",
        "[{\"a\":1}]",
        "null",
        "{",
        "}",
        "{}}",
        "{}{}",
        "{} x",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\":1 \"d\":2}",
        "{\"z\":[1,]}",
        "{\"z\":[1 2]}",
        "{\"z\":[}",
        "{\"z\":{]}",
        "{\"z\":[1}}",
        "{\"z\":{\"y\"}}",
        "{\"z\":{\"y\":1,}}",
        "{\"z\":{1:2}}",
        "{1:2}",
        "{\"a\":\"x}",
        "{\"a\":\"x\\\"}",
        "{\"z\":x}",
        "{\"z\":\"a\"b}",
        "{\"z\":'a'}",
        "{\"z\":\\\"a\"}",
        "{\"a\":1}\\",
        "{\"z\":[[[]]}",
        "{\"a\"::1}",
        "{\"a\":1,,\"d\":2}",
        "{:1}",
        "{\"z\":1:2}",
        "{\"z\":\xC3\xA9}",
        "{\"z\":\xDB\xB0]}",
        "\xEF\xBB\xBF{}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_fields(bad[i], "syntax");
    }
}

TEST(record_refuses_control_characters_in_strings_and_nul_everywhere)
{
    struct bench bench;
    bench_begin(&bench);
    for (int engine = 0; engine < 2; engine++) {
        enum record_engine e = (enum record_engine)engine;
        assert_int_equal(scan(&bench, e, SPAN("{\"a\":\"\x01\"}")), RECORD_FAULT_CONTROL);
        assert_int_equal(scan(&bench, e, SPAN("{\"z\":\"tab\there\"}")), RECORD_FAULT_CONTROL);
        assert_int_equal(scan(&bench, e, SPAN("{\"z\":\"\0\"}")), RECORD_FAULT_CONTROL);
        assert_int_not_equal(scan(&bench, e, SPAN("{\"z\":1\0}")), RECORD_FAULT_NONE);
        assert_int_not_equal(scan(&bench, e, SPAN("{\"z\":1}\0")), RECORD_FAULT_NONE);
        assert_int_not_equal(scan(&bench, e, SPAN("{\"z\":1,\x1F\"a\":1}")), RECORD_FAULT_NONE);
    }
    assert_int_equal(scan(&bench, RECORD_ENGINE_FAST, SPAN("{\"z\":1}\0")), RECORD_FAULT_CONTROL);

    bench_end(&bench);
}

TEST(record_refuses_what_is_not_utf8_wherever_it_is)
{
    check_fields("{\"a\":\"\xC3\xA9\xE2\x82\xAC\"}", "0:\xC3\xA9\xE2\x82\xAC");
    check_fields("{\"a\":\"\xFF\"}", "utf8");
    check_fields("{\"z\":\"\xC3\"}", "utf8");
    check_fields("{\"z\":\"\xED\xA0\x80\"}", "utf8");
    check_fields("{\"\xC0\x80\":1}", "utf8");
}

/* A line of so many arrays in each other: {"a":[[[...]]]}. */
static void nested(struct buf *buf, size_t depth, const char *inside)
{
    buf_clear(buf);
    buf_add(buf, SPAN("{\"a\":"));
    for (size_t i = 1; i < depth; i++) {
        buf_add_byte(buf, '[');
    }
    buf_add(buf, span_of(inside));
    for (size_t i = 1; i < depth; i++) {
        buf_add_byte(buf, ']');
    }
    buf_add_byte(buf, '}');
}

TEST(record_goes_down_to_its_depth_and_no_further)
{
    struct bench bench;
    struct buf line;
    bench_begin(&bench);
    buf_init(&line, LINE_SIZE_MAX);
    for (int engine = 0; engine < 2; engine++) {
        enum record_engine e = (enum record_engine)engine;
        nested(&line, RECORD_DEPTH_MAX, "7");
        assert_string_equal(fields(&bench, e, buf_span(&line)), "0:7");
        nested(&line, RECORD_DEPTH_MAX, "");
        assert_string_equal(fields(&bench, e, buf_span(&line)), "");
        nested(&line, RECORD_DEPTH_MAX, "[]");
        assert_string_equal(fields(&bench, e, buf_span(&line)), "depth");
        nested(&line, RECORD_DEPTH_MAX + 1, "7");
        assert_string_equal(fields(&bench, e, buf_span(&line)), "depth");
        nested(&line, RECORD_LINE_SIZE_MAX / 4, "{}");
        assert_string_equal(fields(&bench, e, buf_span(&line)), "depth");
    }

    buf_done(&line);
    bench_end(&bench);
}

TEST(record_reads_a_line_of_the_largest_size_and_no_larger)
{
    struct bench bench;
    struct buf line;
    bench_begin(&bench);
    buf_init(&line, LINE_SIZE_MAX);
    buf_add(&line, SPAN("{\"z\":\""));
    while (line.size < RECORD_LINE_SIZE_MAX - 2) {
        buf_add(&line, SPAN("\\n"));
    }
    buf_add(&line, SPAN("\"}"));
    for (int engine = 0; engine < 2; engine++) {
        assert_string_equal(fields(&bench, (enum record_engine)engine, buf_span(&line)), "");
    }

    buf_add_byte(&line, ' ');
    for (int engine = 0; engine < 2; engine++) {
        assert_string_equal(fields(&bench, (enum record_engine)engine, buf_span(&line)), "size");
    }

    buf_done(&line);
    bench_end(&bench);
}

TEST(record_unescapes_a_line_that_is_all_escapes)
{
    struct bench bench;
    struct buf line;
    bench_begin(&bench);
    buf_init(&line, LINE_SIZE_MAX);
    buf_add(&line, SPAN("{\"\\u0061\":\""));
    while (line.size < RECORD_LINE_SIZE_MAX - 8) {
        buf_add(&line, SPAN("\\u0041"));
    }
    buf_add(&line, SPAN("\"}"));
    size_t around = sizeof "{'\\u0061':''}" - 1;
    size_t expected = (line.size - around) / (sizeof "\\u0041" - 1);

    assert_int_equal(scan(&bench, RECORD_ENGINE_FAST, buf_span(&line)), RECORD_FAULT_NONE);
    assert_int_equal(bench.record.count, 1);
    assert_int_equal(bench.record.fields[0].value.size, expected);

    buf_done(&line);
    bench_end(&bench);
}

TEST(record_cuts_fields_beyond_its_room_and_says_so)
{
    struct bench bench;
    struct buf line;
    bench_begin(&bench);
    buf_init(&line, LINE_SIZE_MAX);
    buf_add(&line, SPAN("{\"a\":[0"));
    for (int i = 1; i < RECORD_FIELD_COUNT_MAX; i++) {
        buf_add(&line, SPAN(",1"));
    }
    size_t full = line.size;
    buf_add(&line, SPAN("]}"));
    for (int turn = 0; turn < 2 * AGREE_TURN_COUNT; turn++) {
        assert_int_equal(scan(&bench, (enum record_engine)(turn % 2), buf_span(&line)), 0);
        assert_int_equal(bench.record.count, RECORD_FIELD_COUNT_MAX);
        assert_false(bench.record.cut);
    }

    line.size = full;
    buf_add(&line, SPAN(",2,3],\"d\":4}"));
    for (int turn = 0; turn < 2 * AGREE_TURN_COUNT; turn++) {
        assert_int_equal(scan(&bench, (enum record_engine)(turn % 2), buf_span(&line)), 0);
        assert_int_equal(bench.record.count, RECORD_FIELD_COUNT_MAX);
        assert_true(bench.record.cut);
    }

    buf_done(&line);
    bench_end(&bench);
}

/* What is remembered of a line must not be taken for a line that only looks like it. */
TEST(record_sees_a_key_change_in_lines_that_are_otherwise_the_same)
{
    struct bench bench;
    const char *const same[] = { "{\"a\":\"x\",\"q\":\"y\"}", "{\"q\":\"x\",\"d\":\"y\"}",
                                 "{\"d\":\"x\",\"a\":\"y\"}", "{\"a\\\"\":\"x\",\"d\":\"y\"}",
                                 "{\"\\u0061\":\"x\",\"ab\":\"y\"}" };
    const char *const expected[] = { "0:x", "2:y", "2:x 0:y", "2:y", "0:x" };
    bench_begin(&bench);
    for (int turn = 0; turn < 5 * AGREE_TURN_COUNT; turn++) {
        for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
            const char *got = fields(&bench, RECORD_ENGINE_FAST, span_of(same[i]));
            assert_string_equal(got, expected[i]);
        }
    }

    bench_end(&bench);
}

TEST(record_remembers_keys_of_any_size_up_to_their_last_byte)
{
    struct bench bench;
    struct buf line;
    bench_begin(&bench);
    buf_init(&line, LINE_SIZE_MAX);
    for (size_t size = 1; size < 100; size++) { /* beyond the padding */
        for (int turn = 0; turn < AGREE_TURN_COUNT + 1; turn++) {
            bool other = turn == AGREE_TURN_COUNT;
            buf_clear(&line);
            buf_add_format(&line, "{\"%0*d%s\":{},\"%s\":1}", (int)size, 0, "", other ? "d" : "a");
            assert_string_equal(fields(&bench, RECORD_ENGINE_FAST, buf_span(&line)),
                                other ? "2:1" : "0:1");
            buf_clear(&line);
            buf_add_format(&line, "{\"%0*d\":1,\"a%s\":2}", (int)size, 0, other ? "x" : "");
            assert_string_equal(fields(&bench, RECORD_ENGINE_FAST, buf_span(&line)),
                                other ? "" : "0:2");
        }
    }

    buf_done(&line);
    bench_end(&bench);
}

/* Hashes of skeletons may be equal by chance or by design: what counts is the skeleton. */
TEST(record_memo_is_not_found_for_another_skeleton_of_the_same_hash)
{
    enum { HASH = 7 };
    struct agree agree;
    struct record_memory memory;
    struct record_tokens tokens;
    static struct record_trace trace;
    struct span line = agree_copy(SPAN("{\"a\":\"x\",\"z\":1}"), 0);
    struct span other = agree_copy(SPAN("{\"a\":1,\"z\":\"x\"}"), 0);
    struct record_source source = { .line = line, .tokens = &tokens };
    agree_begin(&agree);
    assert_true(record_memory_init(&memory));
    tokens_begin(&tokens);
    assert_int_equal(record_index_at(0)->run(line, &tokens), RECORD_FAULT_NONE);
    assert_int_equal(record_walk(&source, agree.shape->root, &trace, &agree.got), 0);
    record_memo_learn(&memory, &source, HASH, &trace, &agree.got);
    record_memo_learn(&memory, &source, HASH, &trace, &agree.got);

    assert_non_null(record_memo_find(&memory, &source, HASH));
    source.line = other;
    assert_int_equal(record_index_at(0)->run(other, &tokens), RECORD_FAULT_NONE);
    assert_null(record_memo_find(&memory, &source, HASH));

    tokens_end(&tokens);
    record_memory_done(&memory);
    agree_end(&agree);
    agree_free(line);
    agree_free(other);
}

/* Memos share the pieces of their keys, of which there is only so much room. */
TEST(record_reads_on_when_its_memory_of_keys_is_full)
{
    struct bench bench;
    struct buf line;
    bench_begin(&bench);
    buf_init(&line, LINE_SIZE_MAX);
    for (size_t i = 0; i < 2 * (size_t)RECORD_PIECE_COUNT_MAX; i++) {
        for (int turn = 0; turn < AGREE_TURN_COUNT; turn++) {
            buf_clear(&line);
            buf_add_format(&line, "{\"key-%zu\":0,\"a\":%zu,\"z\":[1", i, i);
            for (size_t bit = 1; bit < SKELETON_COUNT; bit *= 2) {
                buf_add(&line, (i & bit) != 0 ? SPAN(",\"\"") : SPAN(",2"));
            }
            buf_add(&line, SPAN("]}"));
            char expected[16];
            snprintf(expected, sizeof expected, "0:%zu", i);
            assert_string_equal(fields(&bench, RECORD_ENGINE_FAST, buf_span(&line)), expected);
        }
    }

    buf_done(&line);
    bench_end(&bench);
}

TEST(record_reads_on_when_its_memory_of_lines_is_full)
{
    struct bench bench;
    struct buf line;
    bench_begin(&bench);
    buf_init(&line, LINE_SIZE_MAX);
    for (size_t i = 0; i < SKELETON_COUNT; i++) {
        for (int turn = 0; turn < AGREE_TURN_COUNT; turn++) {
            buf_clear(&line);
            buf_add(&line, SPAN("{\"z\":[1"));
            for (size_t bit = 1; bit < SKELETON_COUNT; bit *= 2) {
                buf_add(&line, (i & bit) != 0 ? SPAN(",[1,\"2\",3,null]") : SPAN(",[1,2,3]"));
            }
            buf_add_format(&line, "],\"a\":%zu}", i);
            char expected[16];
            snprintf(expected, sizeof expected, "0:%zu", i);
            assert_string_equal(fields(&bench, RECORD_ENGINE_FAST, buf_span(&line)), expected);
        }
    }

    buf_done(&line);
    bench_end(&bench);
}

TEST(record_overlooks_only_what_it_may)
{
    struct bench bench;
    bench_begin(&bench);
    const char *const overlooked[] = { "{\"z\":01,\"a\":1}", "{\"z\":\"\\x\",\"a\":1}",
                                       "{\"z\":\"\\ud800\",\"a\":1}", "{\"z\":tru,\"a\":1}",
                                       "{\"z\":{\"\\q\":1},\"a\":1}" };
    for (size_t i = 0; i < sizeof overlooked / sizeof overlooked[0]; i++) {
        struct span line = span_of(overlooked[i]);
        assert_string_equal(fields(&bench, RECORD_ENGINE_DOM, line), "syntax");
        assert_string_equal(fields(&bench, RECORD_ENGINE_FAST, line), "0:1");
    }

    bench_end(&bench);
}

TEST(record_shape_refuses_too_many_paths_and_a_path_with_two_slots)
{
    struct op op;
    static struct record_path paths[RECORD_PATH_COUNT_MAX + 1];
    const struct record_path twice[] = { { "a/b", 1 }, { "a", 2 }, { "a/b", 3 } };
    const struct record_path again[] = { { "a/b", 1 }, { "a", 1 }, { "a/b", 1 } };
    struct record_shape *shape = NULL;
    for (size_t i = 0; i <= RECORD_PATH_COUNT_MAX; i++) {
        paths[i] = (struct record_path){ "a", 0 };
    }
    testing_op_begin(&op);

    check_err(record_shape_new(&op, paths, RECORD_PATH_COUNT_MAX + 1, &shape), ERR_LIMIT);
    check_err(record_shape_new(&op, twice, 3, &shape), ERR_EXISTS);
    assert_null(shape);
    check_err(record_shape_new(&op, again, 3, &shape), ERR_OK);
    record_shape_free(shape);
    check_err(record_shape_new(&op, paths, RECORD_PATH_COUNT_MAX, &shape), ERR_OK);

    record_shape_free(shape);
    record_shape_free(NULL);
    record_scanner_free(NULL);
    op_end(&op);
}

TEST(record_finds_each_of_many_keys)
{
    struct op op;
    static char names[RECORD_PATH_COUNT_MAX][24];
    static struct record_path paths[RECORD_PATH_COUNT_MAX];
    static struct record record;
    struct record_shape *shape = NULL;
    struct record_scanner *scanner = NULL;
    struct buf line;
    testing_op_begin(&op);
    buf_init(&line, LINE_SIZE_MAX);
    for (size_t i = 0; i < RECORD_PATH_COUNT_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%.*s%zu", (int)(i % 12), "a_long_name_", i);
        paths[i] = (struct record_path){ names[i], (uint16_t)i };
        buf_add_format(&line, "%s\"%s\":%zu,\"not_%s\":1", i == 0 ? "{" : ",", names[i], i,
                       names[i]);
    }
    buf_add_byte(&line, '}');
    check_err(record_shape_new(&op, paths, RECORD_PATH_COUNT_MAX, &shape), ERR_OK);
    check_err(record_scanner_new(&op, RECORD_ENGINE_FAST, shape, &scanner), ERR_OK);
    struct span copy = agree_copy(buf_span(&line), 0);

    assert_int_equal(record_scan(scanner, copy, &record), RECORD_FAULT_NONE);

    assert_int_equal(record.count, RECORD_PATH_COUNT_MAX);
    for (size_t i = 0; i < record.count; i++) {
        assert_int_equal(record.fields[i].slot, i);
    }
    agree_free(copy);
    record_scanner_free(scanner);
    record_shape_free(shape);
    buf_done(&line);
    op_end(&op);
}

static enum err shape_and_scanner(struct op *op, struct span line)
{
    struct record_shape *shape = NULL;
    struct record_scanner *scanner = NULL;
    static struct record record;
    enum err err = record_shape_new(op, bench_paths, 3, &shape); /* the first three */
    if (err == ERR_OK) {
        err = record_scanner_new(op, RECORD_ENGINE_FAST, shape, &scanner);
    }
    for (int turn = 0; turn < AGREE_TURN_COUNT && err == ERR_OK; turn++) {
        assert_int_equal(record_scan(scanner, line, &record), RECORD_FAULT_NONE);
        assert_int_equal(record.count, 2); /* a, b/c */
    }
    record_scanner_free(scanner);
    record_shape_free(shape);
    return err;
}

TEST(record_without_memory_says_so_or_reads_all_the_same)
{
    struct op op;
    testing_op_begin(&op);
    struct span line = agree_copy(SPAN("{\"a\":1,\"b\":{\"c\":2}}"), 0);
    memory_fail_after(UINT64_MAX);
    check_err(shape_and_scanner(&op, line), ERR_OK);
    uint64_t count = memory_request_count();
    assert_true(count > 1);

    for (uint64_t i = 0; i < count; i++) {
        bool last = i + 1 == count; /* the memory of lines: one can do without it */
        memory_fail_after(i);
        enum err err = shape_and_scanner(&op, line);
        memory_fail_after(UINT64_MAX);
        check_err(err, last ? ERR_OK : ERR_LIMIT);
        op_fault_clear(&op);
    }

    agree_free(line);
    op_end(&op);
}

TEST(record_names_every_fault)
{
    for (int fault = 0; fault < RECORD_FAULT_COUNT; fault++) {
        const char *name = record_fault_name((enum record_fault)fault);
        assert_string_not_equal(name, "unknown");
    }
    assert_string_equal(record_fault_name(RECORD_FAULT_COUNT), "unknown");
}

/* Random lines. */

static const char *const words[] = {
    "a",
    "b",
    "c",
    "d",
    "q",
    "id.orig_h",
    "k\\\"ey",
    "\\u0061",
    "\xC3\xA9",
    "",
    "q/",
    "dns",
    "answers",
    "sixteen_letters_",
    "seventeen_letters",
    "fourteen_letter",
    "\\ud83d\\ude00",
    "x\\\\",
    "a_key_that_is_longer_than_the_padding_which_stands_behind_every_line_that_is_read",
};
static const char *const scalars[] = {
    "0", "-1", "65535", "12345678", "123456789", "0.5", "1e3", "true", "false", "null", "-0",
};
static const char *const spaces[] = { "", "", "", "", "", " ", "  ", "\t", "\r" };

static const char *pick(uint64_t *state, const char *const *from, size_t count)
{
    return from[testing_random(state) % count];
}

#define PICK(state, from) span_of(pick((state), (from), sizeof(from) / sizeof(from)[0]))

static void random_string(struct buf *buf, uint64_t *state)
{
    buf_add_byte(buf, '"');
    for (uint64_t i = testing_random(state) % 3; i > 0; i--) { /* seldom more than a word */
        buf_add(buf, PICK(state, words));
    }
    buf_add_byte(buf, '"');
}

static void random_value(struct buf *buf, uint64_t *state, int depth)
{
    uint64_t choice = testing_random(state) % (depth > 0 ? 8 : 6); /* of them two are nested */
    if (choice < 3) {
        random_string(buf, state);
    } else if (choice < 6) {
        buf_add(buf, PICK(state, scalars));
    } else {
        bool object = choice == 6;
        buf_add_byte(buf, object ? '{' : '[');
        for (uint64_t i = testing_random(state) % 5, n = i; i > 0; i--) { /* members */
            buf_add(buf, i == n ? SPAN("") : SPAN(","));
            buf_add(buf, PICK(state, spaces));
            if (object) {
                buf_add_format(buf, "\"%s\"", pick(state, words, sizeof words / sizeof words[0]));
                buf_add(buf, PICK(state, spaces));
                buf_add_byte(buf, ':');
            }
            random_value(buf, state, depth - 1);
            buf_add(buf, PICK(state, spaces));
        }
        buf_add_byte(buf, object ? '}' : ']');
    }
}

static void random_line(struct buf *buf, uint64_t *state)
{
    buf_clear(buf);
    buf_add(buf, SPAN("{"));
    for (uint64_t i = testing_random(state) % 12, n = i; i > 0; i--) { /* members */
        buf_add(buf, i == n ? SPAN("") : SPAN(","));
        buf_add_format(buf, "\"%s\":", pick(state, words, sizeof words / sizeof words[0]));
        random_value(buf, state, 3); /* levels */
    }
    buf_add(buf, SPAN("}"));
}

/* Put a byte that matters in the place of another, or leave one out. */
static void change(struct buf *buf, uint64_t *state)
{
    static const char bytes[] = "\"\\{}[]:,0-.eutfn \t\x01\x80\xC3x";
    size_t at = testing_random(state) % buf->size;
    if (testing_random(state) % 4 == 0) { /* one of four is left out */
        memmove(buf->data + at, buf->data + at + 1, buf->size - at - 1);
        buf->size--;
    } else {
        buf->data[at] = (uint8_t)bytes[testing_random(state) % sizeof bytes];
    }
}

TEST(record_engines_agree_on_random_lines_and_on_broken_ones)
{
    struct agree agree;
    struct buf line;
    uint64_t state = testing_seed();
    agree_begin(&agree);
    buf_init(&line, LINE_SIZE_MAX);
    for (int i = 0; i < RANDOM_LINE_COUNT; i++) {
        random_line(&line, &state);
        agree_check(&agree, buf_span(&line));
        assert_int_equal(agree.accepted, 1);
        for (int changes = 0; changes < 3 && line.size > 0; changes++) { /* each on top */
            change(&line, &state);
            agree_check(&agree, buf_span(&line));
        }
        agree.accepted = 0;
    }
    assert_true(agree.repaired > 0);

    buf_done(&line);
    agree_end(&agree);
}

/* Each line a few times, sound and broken ones between each other. */
TEST(lines_that_are_read_together_say_what_each_says_alone)
{
    enum { PAGE_COUNT = 60, LINE_COUNT = 30, TEXT_SIZE = 1024 * 1024 };
    struct agree agree;
    struct buf line;
    struct buf text;
    uint64_t state = testing_seed();
    agree_begin(&agree);
    buf_init(&line, LINE_SIZE_MAX);
    buf_init(&text, TEXT_SIZE);
    for (int page = 0; page < PAGE_COUNT; page++) {
        buf_clear(&text);
        for (int i = 0; i < LINE_COUNT; i++) {
            random_line(&line, &state);
            for (int times = 0; times < 4; times++) {
                buf_add(&text, buf_span(&line));
                buf_add_byte(&text, '\n');
            }
            if (testing_random(&state) % 8 == 0 && line.size > 0) {
                change(&line, &state);
                buf_add(&text, buf_span(&line));
                buf_add_byte(&text, '\n');
            }
        }
        assert_int_equal(text.err, ERR_OK);
        agree_pages(&agree, buf_span(&text));
    }
    print_message("# %zu readings of lines together\n", agree.alike);
    assert_true(agree.alike > PAGE_COUNT);

    buf_done(&text);
    buf_done(&line);
    agree_end(&agree);
}

/* A quote that has no other must not take the next line for a string. */
TEST(a_line_that_ends_inside_a_string_does_no_harm_to_its_neighbours)
{
    struct agree agree;
    agree_begin(&agree);

    agree_pages(&agree, SPAN("{\"a\":\"x\"}\n{\"a\":\"x\"}\n{\"a\":\"y\"}"));
    assert_true(agree.alike > 0);
    agree.alike = 0;
    agree_pages(&agree, SPAN("{\"a\":\"x\"}\n{\"a\":\"x\n\"}\n{\"a\":\"y\"}"));
    agree_pages(&agree, SPAN("{\"a\":\"x\"}\n{\"a\":\"x\\\n{\"a\":\"y\"}"));
    assert_int_equal(agree.alike, 0);
    agree_pages(&agree, SPAN("{\"a\":\"x\"}\n{\"a\":1\x8A}\n{\"a\":\"y\"}"));

    agree_end(&agree);
}

/* A page begins anew where a line is longer than what is read together. */
TEST(lines_too_long_to_be_read_together_are_left_to_be_read_alone)
{
    enum { LONG_SIZE = 2 * RECORD_SHEET_SIZE_MAX };
    struct agree agree;
    struct buf text;
    agree_begin(&agree);
    buf_init(&text, 2 * LONG_SIZE);
    buf_add(&text, SPAN("{\"a\":\"x\"}\n{\"a\":\"y\"}\n{\"b\":\""));
    for (size_t i = 0; i < LONG_SIZE; i++) {
        buf_add_byte(&text, 'z');
    }
    buf_add(&text, SPAN("\"}\n{\"a\":\"x\"}\n"));
    assert_int_equal(text.err, ERR_OK);

    struct span whole = agree_copy(buf_span(&text), 0);
    size_t size = record_fast_page_begin(agree.ways[0], whole);
    assert_int_equal(size, strlen("{\"a\":\"x\"}\n{\"a\":\"y\"}\n"));
    assert_int_equal(record_fast_page_begin(agree.ways[0], span_from(whole, size)), 0);

    agree_free(whole);
    buf_done(&text);
    agree_end(&agree);
}

static void check_tokens(struct span line, const struct record_index *way,
                         struct record_tokens *expected, struct record_tokens *got)
{
    const struct record_index *best = record_index_at(0);
    enum record_fault fault = way->run(line, got);
    assert_int_equal(best->run(line, expected), fault);
    if (fault != RECORD_FAULT_NONE) {
        return;
    }
    assert_int_equal(expected->count, got->count);
    assert_int_equal(expected->escapes, got->escapes);
    assert_int_equal(expected->non_ascii, got->non_ascii);
    assert_memory_equal(expected->positions, got->positions,
                        (got->count + 1) * sizeof *got->positions);
    assert_memory_equal(expected->classes, got->classes, got->count + RECORD_INDEX_ZERO_COUNT);
}

/* Any bytes at all, of any size around that of a block. */
TEST(record_index_finds_the_same_tokens_in_every_way)
{
    static const char bytes[] =
        "\"\"\"\\\\{}[]:,,0123-+.eEtruefalsn  \t\n\r\x01\x80\xC3\xDB\xB0xyz";
    struct record_tokens expected;
    struct record_tokens got;
    uint64_t state = testing_seed();
    uint8_t text[300]; /* a few blocks */
    tokens_begin(&expected);
    tokens_begin(&got);
    for (int i = 0; i < INDEX_LINE_COUNT; i++) {
        size_t size = testing_random(&state) % sizeof text;
        size_t variety = 3 + testing_random(&state) % (sizeof bytes - 3); /* at least the quotes */
        for (size_t at = 0; at < size; at++) {
            text[at] = (uint8_t)bytes[testing_random(&state) % variety];
        }
        struct span line = agree_copy(span_make(text, size), '"');
        for (size_t rank = 1; record_index_at(rank) != NULL; rank++) {
            check_tokens(line, record_index_at(rank), &expected, &got);
        }
        agree_free(line);
    }

    tokens_end(&expected);
    tokens_end(&got);
}

/* `sequence` behind so many bytes of ASCII, with `behind` behind it, is UTF-8 or not, as text.h
 * says. */
static void check_utf8(struct span sequence, size_t before, const char *behind)
{
    uint8_t text[128 + RECORD_PADDING_SIZE]; /* a few blocks */
    memset(text, 'x', sizeof text);
    span_copy(text + before, sizeof text - before, sequence);
    size_t end = before + sequence.size;
    span_copy(text + end, sizeof text - end, span_of(behind));
    struct span line = span_make(text, end + strlen(behind));
    assert_int_equal(record_utf8_valid(line), text_valid_size(line) == line.size);
}

TEST(record_utf8_is_what_text_says_it_is)
{
    static const uint8_t marks[] = { 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
                                     0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
                                     0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFF };
    const size_t count = sizeof marks;
    for (size_t i = 0; i < count * count * count * count; i++) {
        const uint8_t sequence[] = { marks[i % count], marks[i / count % count],
                                     marks[i / count / count % count],
                                     marks[i / count / count / count] };
        check_utf8(span_make(sequence, sizeof sequence), i % 40,
                   i % 3 == 0 ? "" : "x"); /* places */
    }
    for (size_t before = 0; before < 100; before++) { /* over the ends of blocks */
        const char *const good[] = { "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                     "\xF4\x8F\xBF\xBF" };
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
            for (size_t size = 1; size <= strlen(good[i]); size++) {
                check_utf8(span_make(good[i], size), before, "");
                check_utf8(span_make(good[i], size), before, good[i]);
            }
        }
    }
}

static void check_lines(struct agree *agree, struct span rest)
{
    struct span line;
    while (span_next(&rest, '\n', &line)) {
        if (line.size > 0) {
            agree_check(agree, line);
            assert_int_equal(agree->repaired, 0);
        }
    }
}

/* The first megabyte of a compressed log. */
static void check_file(struct agree *agree, const char *name)
{
    struct op op;
    char path[1024];
    testing_op_begin(&op);
    snprintf(path, sizeof path, "%s/%s", testing_data_dir(), name);
    struct span packed = testing_file(&op, path);
    struct inflate *stream = NULL;
    struct inflate_output output = { .capacity = READ_SIZE };
    output.data = op_alloc(&op, READ_SIZE);
    assert_non_null(output.data);
    check_err(inflate_new(&op, INFLATE_GZIP, &stream), ERR_OK);
    check_err(inflate_run(&op, stream, &packed, &output), ERR_OK);
    struct span text = span_make(output.data, output.size);
    ptrdiff_t end = span_find_last(text, '\n');
    assert_true(end > 0);

    check_lines(agree, span_slice(text, 0, (size_t)end));
    agree_pages(agree, span_slice(text, 0, (size_t)end));

    inflate_free(stream);
    op_end(&op);
}

TEST(record_engines_agree_on_real_logs)
{
    struct agree agree;
    if (testing_data_dir() == NULL) {
        testing_skip("no real data here");
    }
    agree_begin(&agree);

    check_file(&agree, "captures/expected-eve.ndjson.gz");
    check_file(&agree, "logs/zeek-json/dns.ndjson.gz");
    check_file(&agree, "logs/zeek-json/x509.ndjson.gz");
    check_file(&agree, "logs/apt29-day1/combined.log.gz");
    assert_true(agree.accepted > 1000); /* lines */
    assert_true(agree.known > 1000);    /* readings */
    assert_true(agree.alike > 1000);    /* also readings */

    agree_end(&agree);
}
