// SPDX-License-Identifier: EUPL-1.2
#include "watch/message.h"

#include "tests/testing.h"

enum { MESSAGE_SIZE_MAX = 64 * 1024 };

static const struct mark a_mark = { 4096, { 1, 2 }, 100000, { 3, 4 } };
static const struct mark_line a_line = { 9, 30, { 5, 6 } };

TEST(messages_to_the_watch_come_back_as_they_were_sent)
{
    struct buf body;
    buf_init(&body, MESSAGE_SIZE_MAX);
    const struct watch_message_open open = { .input = 70000,
                                             .format = OBSERVE_FORMAT_EVE,
                                             .stream = SPAN("dns"),
                                             .sensor = SPAN("border"),
                                             .follow = true,
                                             .mark = a_mark };
    struct watch_message_open open_read;
    watch_message_add_open(&body, &open);
    check_err(watch_message_read_open(buf_span(&body), &open_read), ERR_OK);
    assert_int_equal(open_read.input, 70000);
    assert_int_equal(open_read.format, OBSERVE_FORMAT_EVE);
    check_span(open_read.stream, "dns");
    check_span(open_read.sensor, "border");
    assert_true(open_read.follow);
    assert_memory_equal(&open_read.mark, &a_mark, sizeof a_mark);

    const struct watch_message_start start = { .input = 3,
                                               .begin = { .position = 9,
                                                          .until = 12,
                                                          .line = a_line,
                                                          .last_counts = true,
                                                          .copy = true,
                                                          .copy_tail = { 7, 8 },
                                                          .header = SPAN("#fields\tts\n") } };
    struct watch_message_start start_read;
    buf_clear(&body);
    watch_message_add_start(&body, &start);
    check_err(watch_message_read_start(buf_span(&body), &start_read), ERR_OK);
    assert_int_equal(start_read.input, 3);
    assert_int_equal(start_read.begin.position, 9);
    assert_int_equal(start_read.begin.until, 12);
    assert_memory_equal(&start_read.begin.line, &a_line, sizeof a_line);
    assert_true(start_read.begin.last_counts);
    assert_true(start_read.begin.copy);
    assert_memory_equal(start_read.begin.copy_tail, start.begin.copy_tail, MARK_DIGEST_SIZE);
    check_span(start_read.begin.header, "#fields\tts\n");

    const struct watch_message_look look = { .input = 4, .last_counts = true };
    struct watch_message_look look_read;
    buf_clear(&body);
    watch_message_add_look(&body, &look);
    check_err(watch_message_read_look(buf_span(&body), &look_read), ERR_OK);
    assert_int_equal(look_read.input, 4);
    assert_true(look_read.last_counts);

    const struct watch_message_close close = { .input = 5 };
    struct watch_message_close close_read;
    buf_clear(&body);
    watch_message_add_close(&body, &close);
    check_err(watch_message_read_close(buf_span(&body), &close_read), ERR_OK);
    assert_int_equal(close_read.input, 5);
    buf_done(&body);
}

TEST(messages_of_the_watch_come_back_as_they_were_sent)
{
    struct buf body;
    buf_init(&body, MESSAGE_SIZE_MAX);
    const struct watch_message_begun begun = {
        .input = 6, .format = OBSERVE_FORMAT_ZEEK_TSV, .known = true, .start = SPAN("#separator")
    };
    struct watch_message_begun begun_read;
    watch_message_add_begun(&body, &begun);
    check_err(watch_message_read_begun(buf_span(&body), &begun_read), ERR_OK);
    assert_int_equal(begun_read.input, 6);
    assert_int_equal(begun_read.format, OBSERVE_FORMAT_ZEEK_TSV);
    assert_true(begun_read.known);
    check_span(begun_read.start, "#separator");

    struct watch_message_folds folds;
    buf_clear(&body);
    watch_message_begin_folds(&body, 7);
    buf_add(&body, SPAN("folds"));
    check_err(watch_message_read_folds(buf_span(&body), &folds), ERR_OK);
    assert_int_equal(folds.input, 7);
    check_span(folds.folds, "folds");

    struct watch_message_chunk chunk = { .input = 8, .end = 9, .lines = 3, .bytes_read = 7 };
    struct watch_message_chunk chunk_read;
    chunk.line = a_line;
    chunk.mark = a_mark;
    chunk.observations = 4;
    chunk.candidates = 5;
    chunk.counts[WATCH_COUNT_COUNT - 1] = 8;
    buf_clear(&body);
    watch_message_add_chunk(&body, &chunk);
    check_err(watch_message_read_chunk(buf_span(&body), &chunk_read), ERR_OK);
    assert_int_equal(chunk_read.input, 8);
    assert_int_equal(chunk_read.end, 9);
    assert_memory_equal(&chunk_read.line, &a_line, sizeof a_line);
    assert_memory_equal(&chunk_read.mark, &a_mark, sizeof a_mark);
    assert_int_equal(chunk_read.lines, 3);
    assert_int_equal(chunk_read.observations, 4);
    assert_int_equal(chunk_read.candidates, 5);
    assert_memory_equal(chunk_read.counts, chunk.counts, sizeof chunk.counts);
    assert_int_equal(chunk_read.bytes_read, 7);

    const struct watch_message_rests rests = { .input = 9, .size = 12, .header = SPAN("#path\n") };
    struct watch_message_rests rests_read;
    buf_clear(&body);
    watch_message_add_rests(&body, &rests);
    check_err(watch_message_read_rests(buf_span(&body), &rests_read), ERR_OK);
    assert_int_equal(rests_read.input, 9);
    assert_int_equal(rests_read.size, 12);
    check_span(rests_read.header, "#path\n");

    const struct watch_message_ended ended = { .input = 1, .err = ERR_IO, .fault = SPAN("why") };
    struct watch_message_ended ended_read;
    buf_clear(&body);
    watch_message_add_ended(&body, &ended);
    check_err(watch_message_read_ended(buf_span(&body), &ended_read), ERR_OK);
    assert_int_equal(ended_read.input, 1);
    assert_int_equal(ended_read.err, ERR_IO);
    check_span(ended_read.fault, "why");
    buf_done(&body);
}

TEST(message_that_is_cut_or_too_long_is_refused)
{
    struct buf body;
    buf_init(&body, MESSAGE_SIZE_MAX);
    const struct watch_message_chunk chunk = { .end = 1 };
    struct watch_message_chunk read;
    watch_message_add_chunk(&body, &chunk);
    for (size_t size = 0; size < body.size; size++) {
        check_err(watch_message_read_chunk(span_slice(buf_span(&body), 0, size), &read),
                  ERR_FORMAT);
    }
    buf_add_byte(&body, 0);

    check_err(watch_message_read_chunk(buf_span(&body), &read), ERR_FORMAT);
    buf_done(&body);
}

TEST(message_with_a_number_that_means_nothing_is_refused)
{
    struct watch_message_ended ended;
    struct watch_message_open open;
    struct watch_message_begun begun;
    const uint8_t unknown_err[] = { 1, 0, 0, 0, ERR_CANCELLED + 1, 0, 0, 0, 0 };
    const uint8_t unknown_format[] = { 1, 0, 0, 0, OBSERVE_FORMAT_COUNT, 0, 0, 0, 0, 0, 0, 0, 0 };

    check_err(watch_message_read_ended(span_make(unknown_err, sizeof unknown_err), &ended),
              ERR_FORMAT);
    check_err(watch_message_read_open(span_make(unknown_format, sizeof unknown_format), &open),
              ERR_FORMAT);
    check_err(watch_message_read_begun(span_make(unknown_format, 9), &begun), ERR_FORMAT);
    const uint8_t unknown_flag[] = { 1, 0, 0, 0, 1, 2, 0, 0, 0, 0 };
    check_err(watch_message_read_begun(span_make(unknown_flag, sizeof unknown_flag), &begun),
              ERR_FORMAT);
}

/* The watch reads hostile bytes: what it says must not lead the next run before an input's start.
 */
TEST(message_of_a_line_that_begins_before_its_input_is_refused)
{
    struct buf body;
    struct watch_message_chunk chunk = { .end = 8, .line = a_line };
    struct watch_message_chunk chunk_read;
    const struct watch_message_start start = { .begin = { .position = 8, .line = a_line } };
    struct watch_message_start start_read;
    buf_init(&body, MESSAGE_SIZE_MAX);
    mark_init(&chunk.mark);

    watch_message_add_chunk(&body, &chunk);
    check_err(watch_message_read_chunk(buf_span(&body), &chunk_read), ERR_FORMAT);
    buf_clear(&body);
    watch_message_add_start(&body, &start);
    check_err(watch_message_read_start(buf_span(&body), &start_read), ERR_FORMAT);

    buf_clear(&body);
    chunk.end = 9;
    chunk.mark.head_size = MARK_SIZE + 1;
    watch_message_add_chunk(&body, &chunk);
    check_err(watch_message_read_chunk(buf_span(&body), &chunk_read), ERR_FORMAT);
    buf_done(&body);
}
