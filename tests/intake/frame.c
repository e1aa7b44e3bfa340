// SPDX-License-Identifier: EUPL-1.2
#include "intake/frame.h"

#include <stdio.h>

#include "base/buf.h"
#include "tests/testing.h"

enum { LONG = INTAKE_MESSAGE_SIZE_MAX + 1000, PIECES = 300 };

/* All messages of a stream that comes in one piece, each behind a '|'. */
static struct span messages_of(struct buf *all, bool counts, struct span stream, bool ended)
{
    struct intake_frame frame = { .counts = counts };
    struct span message;
    buf_clear(all);
    while (intake_frame_next(&frame, &stream, ended, &message) == ERR_OK) {
        buf_add_byte(all, '|');
        buf_add(all, message);
    }
    return buf_span(all);
}

static void check_messages(bool counts, const char *stream, bool ended, const char *expected)
{
    struct buf all;
    buf_init(&all, LONG);
    check_span(messages_of(&all, counts, span_of(stream), ended), expected);
    buf_done(&all);
}

TEST(frame_takes_messages_by_line_end_and_by_count_as_they_come)
{
    check_messages(true, "<1>a\n5 <2>bc<3>d\n6 <4>\ne\n", false, "|<1>a|<2>bc|<3>d|<4>\ne\n");
}

TEST(frame_knows_a_line_that_begins_with_a_number_from_a_count)
{
    check_messages(true, "2026-11-22 a\n12 b\n0 <1>\n12345678 <1>\n", false,
                   "|2026-11-22 a|12 b|0 <1>|12345678 <1>");
}

TEST(frame_of_a_stream_without_counts_takes_lines_only)
{
    check_messages(false, "5 <2>bc\nx\n", false, "|5 <2>bc|x");
}

TEST(frame_waits_for_what_is_not_whole_and_takes_it_at_the_end)
{
    check_messages(true, "a\n9 <1>half", false, "|a");
    check_messages(true, "a\n9 <1>half", true, "|a|<1>half");
    check_messages(true, "a\nhalf", false, "|a");
    check_messages(true, "a\nhalf", true, "|a|half");
    check_messages(true, "a\n12", false, "|a");
    check_messages(true, "a\n12", true, "|a|12");
    check_messages(true, "", true, "");
}

TEST(frame_cuts_a_message_that_is_too_long_and_goes_on_behind_it)
{
    struct buf stream;
    struct intake_frame frame = { .counts = true };
    struct span message;
    buf_init(&stream, 4 * LONG);
    buf_add_format(&stream, "%d <1>", LONG);
    for (int i = 0; i < LONG - 3; i++) {
        buf_add_byte(&stream, 'x');
    }
    buf_add(&stream, SPAN("<2>b\n"));
    for (int i = 0; i < LONG; i++) {
        buf_add_byte(&stream, 'y');
    }
    buf_add(&stream, SPAN("\nc\n"));
    struct span rest = buf_span(&stream);

    check_err(intake_frame_next(&frame, &rest, false, &message), ERR_OK);
    assert_int_equal(message.size, INTAKE_MESSAGE_SIZE_MAX);
    check_err(intake_frame_next(&frame, &rest, false, &message), ERR_OK);
    check_span(message, "<2>b");
    check_err(intake_frame_next(&frame, &rest, false, &message), ERR_OK);
    assert_int_equal(message.size, INTAKE_MESSAGE_SIZE_MAX);
    check_err(intake_frame_next(&frame, &rest, false, &message), ERR_OK);
    check_span(message, "c");
    assert_int_equal(frame.cut, 2);
    buf_done(&stream);
}

/* One of the forms that senders use. */
static void stream_add(struct buf *stream, struct buf *expected, uint64_t *state)
{
    char text[64];
    snprintf(text, sizeof text, "<13>m%llu", (unsigned long long)(testing_random(state) % 100000));
    buf_add_byte(expected, '|');
    buf_add(expected, span_of(text));
    if (testing_random(state) % 2 == 0) {
        buf_add_format(stream, "%zu %s", span_of(text).size, text);
    } else {
        buf_add_format(stream, "%s\n", text);
    }
}

/* What is left of a piece is put before the next one, as the role does. */
TEST(frame_gives_the_same_messages_however_the_stream_is_cut)
{
    uint64_t state = testing_seed();
    struct buf stream;
    struct buf expected;
    struct buf got;
    struct buf waiting;
    buf_init(&stream, LONG);
    buf_init(&expected, LONG);
    buf_init(&got, LONG);
    buf_init(&waiting, LONG);
    for (int i = 0; i < PIECES; i++) {
        stream_add(&stream, &expected, &state);
    }
    struct intake_frame frame = { .counts = true };
    struct span rest = buf_span(&stream);

    while (rest.size > 0) {
        size_t size = 1 + testing_random(&state) % 40;
        size = size < rest.size ? size : rest.size;
        buf_add(&waiting, span_slice(rest, 0, size));
        rest = span_from(rest, size);
        struct span message;
        struct span piece = buf_span(&waiting);
        while (intake_frame_next(&frame, &piece, rest.size == 0, &message) == ERR_OK) {
            buf_add_byte(&got, '|');
            buf_add(&got, message);
        }
        struct buf left;
        buf_init(&left, LONG);
        buf_add(&left, piece);
        buf_clear(&waiting);
        buf_add(&waiting, buf_span(&left));
        buf_done(&left);
    }

    assert_true(span_equal(buf_span(&got), buf_span(&expected)));
    buf_done(&stream);
    buf_done(&expected);
    buf_done(&got);
    buf_done(&waiting);
}

TEST(line_is_the_json_behind_a_header_of_syslog)
{
    check_span(intake_line(SPAN("<13>1 2026-11-22T00:00:00Z h a 1 m - {\"a\":1}\n")), "{\"a\":1}");
    check_span(intake_line(SPAN("<13>1 - - - - - [a b=\"] {\\\"\"][c] \xEF\xBB\xBF{\"a\":1}")),
               "{\"a\":1}");
    check_span(intake_line(SPAN("<13>Nov 22 00:00:00 h suricata[1]: {\"a\":1}")), "{\"a\":1}");
    check_span(intake_line(SPAN("<13>Nov 22 00:00:00 h t: @cee: {\"a\":1}")), "{\"a\":1}");
    check_span(intake_line(SPAN("<13>{\"a\":1}")), "<13>{\"a\":1}");
    check_span(intake_line(SPAN("@cee: {\"a\":1}\0")), "{\"a\":1}");
    check_span(intake_line(SPAN(" {\"a\":1}\r\n")), "{\"a\":1}");
}

TEST(line_of_text_keeps_its_header_for_who_reads_it)
{
    check_span(intake_line(SPAN("<13>Nov 22 00:00:00 h sshd: no {brace} here\n")),
               "<13>Nov 22 00:00:00 h sshd: no {brace} here");
    check_span(intake_line(SPAN("<13>1 - - - - - [a b=\"{\"] text")),
               "<13>1 - - - - - [a b=\"{\"] text");
    check_span(intake_line(SPAN("<13>1 - - {\"a\":1}")), "<13>1 - - {\"a\":1}");
    check_span(intake_line(SPAN("plain")), "plain");
    check_span(intake_line(SPAN("\n \0\r")), "");
    check_span(intake_line(SPAN("")), "");
    check_span(intake_line(SPAN("<")), "<");
}
