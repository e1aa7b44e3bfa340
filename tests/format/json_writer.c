// SPDX-License-Identifier: EUPL-1.2
#include "format/json_writer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "format/json.h"
#include "tests/testing.h"

enum { TEXT_SIZE_MAX = 1 << 20 };

/* A writer over a buffer of its own; `done` gives the text back and checks it. */
struct fixture {
    struct buf buf;
    struct json_writer w;
};

static void fixture_begin(struct fixture *f)
{
    buf_init(&f->buf, TEXT_SIZE_MAX);
    json_writer_init(&f->w, &f->buf);
}

static void fixture_done(struct fixture *f, const char *expected)
{
    check_err(f->buf.err, ERR_OK);
    check_span(buf_span(&f->buf), expected);
    buf_done(&f->buf);
}

TEST(json_writer_puts_commas_and_colons)
{
    struct fixture f;
    fixture_begin(&f);

    json_begin_object(&f.w);
    json_key(&f.w, SPAN("a"));
    json_begin_array(&f.w);
    json_add_u64(&f.w, UINT64_MAX);
    json_add_i64(&f.w, INT64_MIN);
    json_add_i64(&f.w, 0);
    json_begin_object(&f.w);
    json_end_object(&f.w);
    json_begin_array(&f.w);
    json_end_array(&f.w);
    json_add_bool(&f.w, true);
    json_add_null(&f.w);
    json_add_raw(&f.w, SPAN("1.5"));
    json_end_array(&f.w);
    json_member_bool(&f.w, SPAN("b"), false);
    json_member_u64(&f.w, SPAN("c"), 3);
    json_member_i64(&f.w, SPAN("d"), -4);
    json_member_string(&f.w, SPAN("e"), SPAN("text"));
    json_end_object(&f.w);

    fixture_done(&f, "{\"a\":[18446744073709551615,-9223372036854775808,0,{},[],true,null,1.5],"
                     "\"b\":false,\"c\":3,\"d\":-4,\"e\":\"text\"}");
}

TEST(json_writer_writes_a_single_value)
{
    struct fixture f;
    fixture_begin(&f);

    json_add_string(&f.w, SPAN(""));

    fixture_done(&f, "\"\"");
}

TEST(json_writer_writes_times_and_null_where_there_is_none)
{
    struct fixture f;
    fixture_begin(&f);

    json_begin_array(&f.w);
    json_add_time(&f.w, 0);
    json_add_time(&f.w, 1500000);
    json_add_time(&f.w, TIME_US_NONE);
    json_add_time(&f.w, INT64_MAX);
    json_end_array(&f.w);

    fixture_done(&f, "[\"1970-01-01T00:00:00.000Z\",\"1970-01-01T00:00:01.500Z\",null,null]");
}

TEST(json_writer_writes_a_time_as_member)
{
    struct fixture f;
    fixture_begin(&f);

    json_begin_object(&f.w);
    json_member_time(&f.w, SPAN("t"), 0);
    json_end_object(&f.w);

    fixture_done(&f, "{\"t\":\"1970-01-01T00:00:00.000Z\"}");
}

TEST(json_writer_escapes_what_must_be_and_nothing_else)
{
    struct fixture f;
    fixture_begin(&f);

    json_add_string(&f.w, SPAN("\"\\/\b\f\n\r\t\x01\x1F\x7F' <\xC3\xA9>"));

    fixture_done(&f, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F' <\xC3\xA9>\"");
}

TEST(json_writer_escapes_keys_too)
{
    struct fixture f;
    fixture_begin(&f);

    json_begin_object(&f.w);
    json_member_u64(&f.w, SPAN("a\"b\xFF"), 1);
    json_end_object(&f.w);

    fixture_done(&f, "{\"a\\\"b\xEF\xBF\xBD\":1}");
}

TEST(json_writer_repairs_what_is_not_utf8)
{
    struct fixture f;
    fixture_begin(&f);

    json_add_string(&f.w, SPAN("a\xFF\n\xC3(\xED\xA0\x80\xF0\x9F\x98"));

    fixture_done(&f, "\"a\xEF\xBF\xBD\\n\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

/* Every byte at every place among plain ones: the search by words must miss none. */
TEST(json_writer_finds_a_byte_to_escape_at_any_place)
{
    struct op op;
    testing_op_begin(&op);
    for (unsigned byte = 0; byte < 0x80; byte++) {
        for (size_t at = 0; at < 24; at++) {
            struct fixture f;
            fixture_begin(&f);
            uint8_t text[24];
            memset(text, at % 2 == 0 ? '#' : '!', sizeof text); /* neighbours of the quote */
            text[at] = (uint8_t)byte;

            json_add_string(&f.w, span_make(text, sizeof text));

            struct json_value value;
            check_err(json_parse(&op, buf_span(&f.buf), &value), ERR_OK);
            assert_true(span_equal(json_string(value), span_make(text, sizeof text)));
            bool escaped = byte < ' ' || byte == '"' || byte == '\\';
            assert_int_equal(f.buf.size > sizeof text + 2, escaped);
            buf_done(&f.buf);
        }
    }
    op_end(&op);
}

TEST(json_writer_keeps_random_bytes_as_repaired_text)
{
    uint64_t random = testing_seed();
    for (int round = 0; round < 2000; round++) {
        struct op op;
        testing_op_begin(&op);
        uint8_t bytes[64];
        size_t size = testing_random(&random) % sizeof bytes;
        bool text_only = testing_random(&random) % 2 == 0;
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)(testing_random(&random) & (text_only ? 0x7F : 0xFF));
        }
        struct buf repaired;
        buf_init(&repaired, TEXT_SIZE_MAX);
        text_add_repaired(&repaired, span_make(bytes, size));
        struct fixture f;
        fixture_begin(&f);

        json_add_string(&f.w, span_make(bytes, size));

        struct json_value value;
        check_err(json_parse(&op, buf_span(&f.buf), &value), ERR_OK);
        assert_true(span_equal(json_string(value), buf_span(&repaired)));
        buf_done(&repaired);
        buf_done(&f.buf);
        op_end(&op);
    }
}

TEST(json_writer_leaves_the_lack_of_room_to_the_buffer)
{
    struct buf buf;
    buf_init(&buf, 16);
    struct json_writer w;
    json_writer_init(&w, &buf);

    json_begin_array(&w);
    json_add_string(&w, SPAN("longer than the buffer may be"));
    json_end_array(&w);

    check_err(buf.err, ERR_LIMIT);
    assert_true(buf.size <= 16);
    buf_done(&buf);
}

/* Whether a misuse ends the process as a broken invariant does. */
static bool ends_process(void (*misuse)(struct json_writer *w))
{
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        signal(SIGABRT, SIG_DFL);
        struct fixture f;
        fixture_begin(&f);
        misuse(&f.w);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void value_without_key(struct json_writer *w)
{
    json_begin_object(w);
    json_add_null(w);
}

static void key_in_array(struct json_writer *w)
{
    json_begin_array(w);
    json_key(w, SPAN("a"));
}

static void key_at_top(struct json_writer *w)
{
    json_key(w, SPAN("a"));
}

static void key_after_key(struct json_writer *w)
{
    json_begin_object(w);
    json_key(w, SPAN("a"));
    json_key(w, SPAN("b"));
}

static void end_after_key(struct json_writer *w)
{
    json_begin_object(w);
    json_key(w, SPAN("a"));
    json_end_object(w);
}

static void end_of_another_kind(struct json_writer *w)
{
    json_begin_object(w);
    json_end_array(w);
}

static void end_at_top(struct json_writer *w)
{
    json_end_object(w);
}

static void second_value(struct json_writer *w)
{
    json_add_null(w);
    json_add_null(w);
}

static void too_deep(struct json_writer *w)
{
    for (int i = 0; i < JSON_WRITER_DEPTH_MAX; i++) {
        json_begin_array(w);
    }
}

static void as_deep_as_allowed(struct json_writer *w)
{
    for (int i = 0; i < JSON_WRITER_DEPTH_MAX - 1; i++) {
        json_begin_array(w);
    }
}

TEST(json_writer_ends_the_process_on_misuse)
{
    assert_true(ends_process(value_without_key));
    assert_true(ends_process(key_in_array));
    assert_true(ends_process(key_at_top));
    assert_true(ends_process(key_after_key));
    assert_true(ends_process(end_after_key));
    assert_true(ends_process(end_of_another_kind));
    assert_true(ends_process(end_at_top));
    assert_true(ends_process(second_value));
    assert_true(ends_process(too_deep));
    assert_false(ends_process(as_deep_as_allowed));
}
