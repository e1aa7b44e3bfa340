// SPDX-License-Identifier: EUPL-1.2
/*
 * The watch's side of the conversation, in a thread of its own; the test speaks for the store.
 */
#include "watch/role.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/wire.h"
#include "tests/watch/lane.h"

#define LINE(query)                                                                                \
    "{\"_path\":\"dns\",\"ts\":1795291200.5,\"id.orig_h\":\"10.0.0.5\",\"query\":\"" query "\"}\n"

struct role_thread {
    pthread_t thread;
    struct channel store; /* the watch's end */
    struct channel watch; /* the test's end */
    struct watch_role_options options;
    enum err err; /* what the role returned */
};

static void *role_main(void *argument)
{
    struct role_thread *role = argument;
    struct op op;
    testing_op_begin(&op);
    role->err = watch_role_run(&op, &role->store, &role->options);
    op_end(&op);
    channel_done(&role->store);
    return NULL;
}

static void role_begin(struct lane *lane, struct role_thread *role, unsigned jobs)
{
    *role = (struct role_thread){ .options = { .rules = *lane_rules(), .jobs = jobs } };
    check_err(channel_pair(&lane->op, &role->store, &role->watch), ERR_OK);
    assert_int_equal(pthread_create(&role->thread, NULL, role_main, role), 0);
}

static void say(struct lane *lane, struct role_thread *role, enum watch_message_type type,
                struct span body, int file)
{
    check_err(channel_send(&lane->op, &role->watch, (uint8_t)type, body, file), ERR_OK);
}

static enum err role_end(struct role_thread *role)
{
    channel_done(&role->watch);
    assert_int_equal(pthread_join(role->thread, NULL), 0);
    return role->err;
}

static void say_image(struct lane *lane, struct role_thread *role, const char *const *names,
                      size_t count)
{
    struct lane_indicator list[8];
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct lane_indicator){ .text = names[i] };
    }
    int file = lane_file(lane, lane_image_bytes(lane, list, count));
    say(lane, role, WATCH_MESSAGE_IMAGE, SPAN(""), file);
    close(file);
}

static void say_allowed(struct lane *lane, struct role_thread *role,
                        const struct lane_allowed *allowed, size_t count)
{
    int file = lane_file(lane, lane_allow_bytes(lane, allowed, count));
    say(lane, role, WATCH_MESSAGE_ALLOWED, SPAN(""), file);
    close(file);
}

static void say_open_as(struct lane *lane, struct role_thread *role, uint32_t input, bool follow,
                        int file)
{
    struct buf body;
    buf_init(&body, 1024);
    struct watch_message_open open = { .input = input,
                                       .format = OBSERVE_FORMAT_AUTO,
                                       .follow = follow };
    mark_init(&open.mark);
    watch_message_add_open(&body, &open);
    say(lane, role, WATCH_MESSAGE_OPEN, buf_span(&body), file);
    buf_done(&body);
}

static void say_open(struct lane *lane, struct role_thread *role, int file)
{
    say_open_as(lane, role, 1, false, file);
}

static void say_start_as(struct lane *lane, struct role_thread *role, uint32_t input,
                         uint64_t position)
{
    struct buf body;
    const struct watch_message_start start = { .input = input, .begin = { .position = position } };
    buf_init(&body, 256);
    watch_message_add_start(&body, &start);
    say(lane, role, WATCH_MESSAGE_START, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
}

static void say_start(struct lane *lane, struct role_thread *role, uint64_t position)
{
    say_start_as(lane, role, 1, position);
}

static void say_close(struct lane *lane, struct role_thread *role, uint32_t input)
{
    struct buf body;
    const struct watch_message_close close = { .input = input };
    buf_init(&body, 16);
    watch_message_add_close(&body, &close);
    say(lane, role, WATCH_MESSAGE_CLOSE, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
}

static void say_look(struct lane *lane, struct role_thread *role, uint32_t input, bool last_counts)
{
    struct buf body;
    const struct watch_message_look look = { .input = input, .last_counts = last_counts };
    buf_init(&body, 16);
    watch_message_add_look(&body, &look);
    say(lane, role, WATCH_MESSAGE_LOOK, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
}

static struct channel_message hear(struct lane *lane, struct role_thread *role)
{
    struct channel_message message;
    check_err(channel_receive(&lane->op, &role->watch, true, &message), ERR_OK);
    return message;
}

/* What was told up to the next chunk, or the end (for now). */
struct heard {
    uint32_t input;
    uint64_t folds;
    uint64_t silent; /* lines */
    uint64_t lines;
    bool rests;
    bool ended;
    struct watch_message_ended end;
};

static struct heard hear_chunk(struct lane *lane, struct role_thread *role)
{
    struct heard heard = { .folds = 0 };
    for (;;) {
        struct channel_message message = hear(lane, role);
        struct wire_reader r = wire_reader_of(message.body);
        struct watch_message_chunk chunk;
        struct watch_message_rests rests;
        switch (message.type) {
        case WATCH_MESSAGE_FOLDS:
            (void)wire_u32(&r);
            while (r.rest.size > 0) {
                struct fold fold;
                fold_wire_read(&r, lane_rules()->fold_us, &fold);
                assert_int_equal(r.err, ERR_OK);
                heard.folds += fold.count;
                heard.silent += fold.silent;
            }
            break;
        case WATCH_MESSAGE_CHUNK:
            check_err(watch_message_read_chunk(message.body, &chunk), ERR_OK);
            heard.input = chunk.input;
            heard.lines = chunk.lines;
            return heard;
        case WATCH_MESSAGE_RESTS:
            check_err(watch_message_read_rests(message.body, &rests), ERR_OK);
            heard.input = rests.input;
            heard.rests = true;
            return heard;
        default:
            assert_int_equal(message.type, WATCH_MESSAGE_ENDED);
            check_err(watch_message_read_ended(message.body, &heard.end), ERR_OK);
            heard.input = heard.end.input;
            heard.ended = true;
            return heard;
        }
    }
}

static struct heard hear_all(struct lane *lane, struct role_thread *role)
{
    struct heard all = { .folds = 0 };
    while (!all.ended) {
        struct heard heard = hear_chunk(lane, role);
        all.folds += heard.folds;
        all.lines += heard.lines;
        all.ended = heard.ended;
        all.end = heard.end;
    }
    return all;
}

static void write_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static const char *const one_name[] = { "old.example" };
static const char *const two_names[] = { "old.example", "new.example" };

TEST(watch_reads_inputs_one_after_the_other_until_it_is_told_to_quit)
{
    struct lane lane;
    struct role_thread role;
    lane_begin(&lane);
    role_begin(&lane, &role, 2);
    say_image(&lane, &role, one_name, 1);
    for (int i = 0; i < 3; i++) {
        int file = lane_file(&lane, SPAN(LINE("old.example") LINE("other.example")));
        struct watch_message_begun begun;
        say_open(&lane, &role, file);
        close(file);
        struct channel_message message = hear(&lane, &role);
        assert_int_equal(message.type, WATCH_MESSAGE_BEGUN);
        check_err(watch_message_read_begun(message.body, &begun), ERR_OK);
        assert_int_equal(begun.format, OBSERVE_FORMAT_ZEEK_JSON);
        if (i == 1) {
            say_close(&lane, &role, 1);
            continue;
        }
        say_start(&lane, &role, 0);

        struct heard heard = hear_all(&lane, &role);

        assert_int_equal(heard.folds, 1);
        assert_int_equal(heard.lines, 2);
        assert_int_equal(heard.end.err, ERR_OK);
    }
    say(&lane, &role, WATCH_MESSAGE_QUIT, SPAN(""), CHANNEL_NO_FILE);
    assert_int_equal(role_end(&role), ERR_OK);
    lane_end(&lane);
}

TEST(indicator_that_comes_while_a_pipe_is_read_is_found_in_all_later_lines)
{
    for (unsigned jobs = 1; jobs <= 3; jobs += 2) {
        struct lane lane;
        struct role_thread role;
        int ends[2];
        lane_begin(&lane);
        role_begin(&lane, &role, jobs);
        assert_int_equal(pipe(ends), 0);
        say_image(&lane, &role, one_name, 1);
        say_open(&lane, &role, ends[0]);
        close(ends[0]);
        write_text(ends[1], LINE("new.example") LINE("old.example"));
        assert_int_equal(hear(&lane, &role).type, WATCH_MESSAGE_BEGUN);
        say_start(&lane, &role, 0);
        struct heard before = hear_chunk(&lane, &role);

        /* The watch waits for the pipe now; the image is there before the line is written. */
        say_image(&lane, &role, two_names, 2);
        write_text(ends[1], LINE("new.example") LINE("old.example"));
        struct heard after = hear_chunk(&lane, &role);
        close(ends[1]);
        struct heard end = hear_chunk(&lane, &role);

        assert_int_equal(before.folds, 1);
        assert_int_equal(before.lines, 2);
        assert_int_equal(after.folds, 2);
        assert_int_equal(after.lines, 2);
        assert_true(end.ended);
        assert_int_equal(role_end(&role), ERR_ABSENT);
        lane_end(&lane);
    }
}

TEST(what_is_allowed_while_a_pipe_is_read_is_silent_in_all_later_lines)
{
    static const struct lane_allowed nothing[1] = { { 0 } };
    static const struct lane_allowed old = { .text = "old.example",
                                             .list = "well known",
                                             .effect = RANK_SILENCED };
    for (unsigned jobs = 1; jobs <= 3; jobs += 2) {
        struct lane lane;
        struct role_thread role;
        int ends[2];
        lane_begin(&lane);
        role_begin(&lane, &role, jobs);
        assert_int_equal(pipe(ends), 0);
        say_image(&lane, &role, two_names, 2);
        say_allowed(&lane, &role, nothing, 0);
        say_open(&lane, &role, ends[0]);
        close(ends[0]);
        write_text(ends[1], LINE("new.example") LINE("old.example"));
        assert_int_equal(hear(&lane, &role).type, WATCH_MESSAGE_BEGUN);
        say_start(&lane, &role, 0);
        struct heard before = hear_chunk(&lane, &role);
        say_allowed(&lane, &role, &old, 1);
        write_text(ends[1], LINE("new.example") LINE("old.example"));
        struct heard after = hear_chunk(&lane, &role);
        close(ends[1]);

        assert_int_equal(before.folds, 2);
        assert_int_equal(before.silent, 0);
        assert_int_equal(after.folds, 2);
        assert_int_equal(after.silent, 1);
        assert_true(hear_chunk(&lane, &role).ended);
        assert_int_equal(role_end(&role), ERR_ABSENT);
        lane_end(&lane);
    }
}

/* Images come one after the other while a file of many chunks is read: none of its lines is lost,
 * none is counted twice, and what both images hold is found in every line. */
TEST(image_is_replaced_between_chunks_without_a_gap)
{
    enum { LINES = 60000, IMAGES = 25 };
    struct lane lane;
    struct role_thread role;
    struct buf text;
    lane_begin(&lane);
    buf_init(&text, LANE_SIZE_MAX);
    for (int i = 0; i < LINES; i++) {
        buf_add(&text, SPAN(LINE("old.example")));
    }
    role_begin(&lane, &role, 3);
    say_image(&lane, &role, one_name, 1);
    int file = lane_file(&lane, buf_span(&text));
    say_open(&lane, &role, file);
    close(file);
    assert_int_equal(hear(&lane, &role).type, WATCH_MESSAGE_BEGUN);
    say_start(&lane, &role, 0);
    for (int i = 0; i < IMAGES; i++) {
        say_image(&lane, &role, two_names, 1 + (size_t)(i % 2));
    }

    struct heard heard = hear_all(&lane, &role);

    assert_int_equal(heard.lines, LINES);
    assert_int_equal(heard.folds, LINES);
    assert_int_equal(heard.end.err, ERR_OK);
    say(&lane, &role, WATCH_MESSAGE_QUIT, SPAN(""), CHANNEL_NO_FILE);
    assert_int_equal(role_end(&role), ERR_OK);
    buf_done(&text);
    lane_end(&lane);
}

TEST(watch_goes_on_where_it_is_told_to)
{
    struct lane lane;
    struct role_thread role;
    lane_begin(&lane);
    role_begin(&lane, &role, 1);
    say_image(&lane, &role, one_name, 1);
    int file =
        lane_file(&lane, SPAN(LINE("old.example") LINE("old.example") LINE("other.example")));
    say_open(&lane, &role, file);
    close(file);
    assert_int_equal(hear(&lane, &role).type, WATCH_MESSAGE_BEGUN);
    say_start(&lane, &role, sizeof LINE("old.example") - 1);

    struct heard heard = hear_all(&lane, &role);

    assert_int_equal(heard.lines, 2);
    assert_int_equal(heard.folds, 1);
    assert_int_equal(role_end(&role), ERR_ABSENT);
    lane_end(&lane);
}

TEST(watch_says_why_an_input_was_not_read_to_its_end_and_reads_the_next)
{
    struct lane lane;
    struct role_thread role;
    lane_begin(&lane);
    role_begin(&lane, &role, 2);
    say_image(&lane, &role, one_name, 1);
    struct span packed = lane_gzip(&lane, SPAN(LINE("old.example")));
    for (int i = 0; i < 2; i++) {
        int file = lane_file(&lane, i == 0 ? span_slice(packed, 0, packed.size - 4) : packed);
        say_open(&lane, &role, file);
        close(file);
        assert_int_equal(hear(&lane, &role).type, WATCH_MESSAGE_BEGUN);
        say_start(&lane, &role, 0);

        struct heard heard = hear_all(&lane, &role);

        assert_int_equal(heard.lines, 1);
        assert_int_equal(heard.end.err, ERR_OK);
        assert_int_equal(heard.end.fault.size > 0, i == 0);
    }
    assert_int_equal(role_end(&role), ERR_ABSENT);
    lane_end(&lane);
}

TEST(watch_ends_where_its_image_is_damaged_or_the_store_speaks_of_something_else)
{
    struct lane lane;
    struct role_thread role;
    lane_begin(&lane);
    const struct lane_indicator list[] = { { .text = "old.example" } };
    struct span image = lane_image_bytes(&lane, list, 1);
    role_begin(&lane, &role, 1);
    int file = lane_file(&lane, span_slice(image, 0, image.size / 2));
    say(&lane, &role, WATCH_MESSAGE_IMAGE, SPAN(""), file);
    close(file);
    struct channel_message message;
    check_err(channel_receive(&lane.op, &role.watch, true, &message), ERR_ABSENT);
    op_fault_clear(&lane.op);
    assert_int_equal(role_end(&role), ERR_CORRUPT);

    role_begin(&lane, &role, 1);
    say(&lane, &role, WATCH_MESSAGE_CHUNK, SPAN("what?"), CHANNEL_NO_FILE);
    check_err(channel_receive(&lane.op, &role.watch, true, &message), ERR_ABSENT);
    op_fault_clear(&lane.op);
    assert_int_equal(role_end(&role), ERR_FORMAT);
    lane_end(&lane);
}

/* ---- many inputs at once ---- */

static struct span many_lines(struct lane *lane, size_t count)
{
    struct buf text;
    struct span copy;
    buf_init(&text, LANE_SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_add(&text, SPAN(LINE("old.example")));
    }
    check_err(op_copy(&lane->op, buf_span(&text), &copy), ERR_OK);
    buf_done(&text);
    return copy;
}

static void begin_input(struct lane *lane, struct role_thread *role, uint32_t input, bool follow,
                        int file)
{
    say_open_as(lane, role, input, follow, file);
    assert_int_equal(hear(lane, role).type, WATCH_MESSAGE_BEGUN);
    say_start_as(lane, role, input, 0);
}

/* Two large files and a pipe: what comes through the pipe does not wait until the files are read.
 */
TEST(inputs_that_are_open_at_once_take_turns)
{
    for (unsigned jobs = 1; jobs <= 3; jobs += 2) {
        enum { LINES = 100000 };
        struct lane lane;
        struct role_thread role;
        int ends[2];
        uint64_t lines[4] = { 0 };
        bool pipe_in_between = false;
        lane_begin(&lane);
        role_begin(&lane, &role, jobs);
        say_image(&lane, &role, one_name, 1);
        assert_int_equal(pipe(ends), 0);
        write_text(ends[1], LINE("old.example"));
        begin_input(&lane, &role, 3, false, ends[0]);
        struct heard heard = hear_chunk(&lane, &role);
        assert_int_equal(heard.input, 3);
        struct span text = many_lines(&lane, LINES);
        for (uint32_t input = 1; input <= 2; input++) {
            int file = lane_file(&lane, text);
            say_open_as(&lane, &role, input, false, file);
            close(file);
        }
        for (int i = 0; i < 2; i++) {
            struct channel_message message = hear(&lane, &role);
            struct watch_message_begun begun;
            check_err(watch_message_read_begun(message.body, &begun), ERR_OK);
            say_start_as(&lane, &role, begun.input, 0);
        }
        write_text(ends[1], LINE("old.example"));

        for (int ended = 0; ended < 2;) {
            heard = hear_chunk(&lane, &role);
            lines[heard.input] += heard.lines;
            ended += heard.ended ? 1 : 0;
            bool both_unread = lines[1] < LINES && lines[2] < LINES;
            pipe_in_between = pipe_in_between || (heard.input == 3 && both_unread);
        }

        assert_int_equal(lines[1], LINES);
        assert_int_equal(lines[2], LINES);
        assert_true(pipe_in_between);
        say(&lane, &role, WATCH_MESSAGE_QUIT, SPAN(""), CHANNEL_NO_FILE);
        assert_int_equal(role_end(&role), ERR_OK);
        close(ends[0]);
        close(ends[1]); /* not before: it would be told of its end, and nobody would hear */
        lane_end(&lane);
    }
}

TEST(file_that_is_followed_rests_at_its_end_and_is_read_on_when_asked)
{
    struct lane lane;
    struct role_thread role;
    lane_begin(&lane);
    role_begin(&lane, &role, 2);
    say_image(&lane, &role, one_name, 1);
    int file = lane_file(&lane, SPAN(LINE("old.example")));
    begin_input(&lane, &role, 7, true, file);
    assert_int_equal(hear_chunk(&lane, &role).lines, 1);
    assert_true(hear_chunk(&lane, &role).rests);

    say_look(&lane, &role, 7, false); /* nothing new */
    assert_true(hear_chunk(&lane, &role).rests);
    assert_int_equal(pwrite(file, LINE("old.example"), 20, sizeof LINE("old.example") - 1), 20);
    say_look(&lane, &role, 7, false); /* half a line, which waits */
    assert_int_equal(hear_chunk(&lane, &role).lines, 0);
    assert_true(hear_chunk(&lane, &role).rests);
    say_look(&lane, &role, 7, true); /* which is not waited for any more */
    assert_int_equal(hear_chunk(&lane, &role).lines, 1);
    assert_true(hear_chunk(&lane, &role).rests);
    assert_int_equal(ftruncate(file, 0), 0);
    say_look(&lane, &role, 7, false);
    struct heard heard = hear_chunk(&lane, &role);

    assert_true(heard.ended);
    assert_int_equal(heard.end.err, ERR_STALE);
    close(file);
    assert_int_equal(role_end(&role), ERR_ABSENT);
    lane_end(&lane);
}

TEST(input_that_is_closed_while_it_is_read_is_told_of_no_more)
{
    struct lane lane;
    struct role_thread role;
    lane_begin(&lane);
    role_begin(&lane, &role, 2);
    say_image(&lane, &role, one_name, 1);
    int large = lane_file(&lane, many_lines(&lane, 300000));
    begin_input(&lane, &role, 1, false, large);
    close(large);
    (void)hear_chunk(&lane, &role);
    say_close(&lane, &role, 1);
    int small = lane_file(&lane, SPAN(LINE("old.example")));
    say_open_as(&lane, &role, 2, false, small);
    close(small);

    struct channel_message message = hear(&lane, &role);
    while (message.type != WATCH_MESSAGE_BEGUN) { /* what was on its way */
        assert_int_not_equal(message.type, WATCH_MESSAGE_ENDED);
        message = hear(&lane, &role);
    }
    say_start_as(&lane, &role, 2, 0);
    struct heard heard = hear_chunk(&lane, &role);

    assert_int_equal(heard.input, 2);
    assert_int_equal(heard.lines, 1);
    assert_true(hear_chunk(&lane, &role).ended);
    assert_int_equal(role_end(&role), ERR_ABSENT);
    lane_end(&lane);
}

TEST(inputs_beyond_the_limit_are_refused_and_the_others_are_read)
{
    struct lane lane;
    struct role_thread role;
    lane_begin(&lane);
    role_begin(&lane, &role, 1);
    say_image(&lane, &role, one_name, 1);
    int file = lane_file(&lane, SPAN(LINE("old.example")));
    for (uint32_t input = 1; input <= WATCH_INPUT_COUNT_MAX; input++) {
        say_open_as(&lane, &role, input, true, file);
        assert_int_equal(hear(&lane, &role).type, WATCH_MESSAGE_BEGUN);
    }

    say_open_as(&lane, &role, WATCH_INPUT_COUNT_MAX + 1, true, file);
    struct heard heard = hear_chunk(&lane, &role);
    assert_true(heard.ended);
    assert_int_equal(heard.end.err, ERR_LIMIT);
    say_close(&lane, &role, 1);
    say_open_as(&lane, &role, WATCH_INPUT_COUNT_MAX + 2, true, file);

    assert_int_equal(hear(&lane, &role).type, WATCH_MESSAGE_BEGUN);
    close(file);
    assert_int_equal(role_end(&role), ERR_ABSENT);
    lane_end(&lane);
}
