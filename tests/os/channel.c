// SPDX-License-Identifier: EUPL-1.2
#include "os/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/testing.h"

enum { LARGE = 1024 * 1024, MESSAGES = 50, TYPE = 7 };

static struct channel a;
static struct channel b;

static void begin(struct op *op)
{
    testing_op_begin(op);
    check_err(channel_pair(op, &a, &b), ERR_OK);
}

static void end(struct op *op)
{
    channel_done(&a);
    channel_done(&b);
    op_end(op);
}

/* More is posted than the socket holds, and nobody reads yet. */
TEST(posted_messages_wait_in_memory_and_arrive_whole_in_order_with_their_files)
{
    struct op op;
    begin(&op);
    uint8_t *bytes = op_alloc(&op, LARGE);
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (uint8_t i = 0; i < MESSAGES; i++) {
        bytes[0] = i;
        bool with_file = i % 3 == 0;
        size_t size = i % 2 == 0 ? 1 : LARGE / 10;
        check_err(
            channel_post(&op, &a, TYPE, span_make(bytes, size), with_file ? file : CHANNEL_NO_FILE),
            ERR_OK);
    }
    assert_true(channel_waiting(&a) > 0);

    for (uint8_t i = 0; i < MESSAGES; i++) {
        struct channel_message message;
        enum err err = ERR_AGAIN;
        while (err == ERR_AGAIN) {
            check_err(channel_flush(&op, &a), ERR_OK);
            err = channel_receive(&op, &b, false, &message);
        }
        check_err(err, ERR_OK);
        assert_int_equal(message.type, TYPE);
        assert_int_equal(message.body.data[0], i);
        assert_int_equal(message.body.size, i % 2 == 0 ? 1 : LARGE / 10);
        assert_int_equal(message.file != CHANNEL_NO_FILE, i % 3 == 0);
        if (message.file != CHANNEL_NO_FILE) {
            close(message.file);
        }
    }

    assert_int_equal(channel_waiting(&a), 0);
    close(file);
    end(&op);
}

TEST(post_to_one_who_has_gone_says_so)
{
    struct op op;
    begin(&op);
    uint8_t *bytes = op_alloc(&op, LARGE);
    check_err(channel_post(&op, &a, TYPE, span_make(bytes, LARGE), CHANNEL_NO_FILE), ERR_OK);
    channel_done(&b);

    check_err(channel_flush(&op, &a), ERR_ABSENT);

    channel_init(&b, -1);
    end(&op);
}

TEST(message_that_is_too_large_is_not_posted)
{
    struct op op;
    begin(&op);
    const struct span huge = span_make("", CHANNEL_MESSAGE_SIZE_MAX + (size_t)1);

    check_err(channel_post(&op, &a, TYPE, huge, CHANNEL_NO_FILE), ERR_LIMIT);

    assert_int_equal(channel_waiting(&a), 0);
    end(&op);
}
