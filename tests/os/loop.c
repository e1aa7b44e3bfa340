// SPDX-License-Identifier: EUPL-1.2
#include "os/loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/testing.h"

enum { LONG_MS = 60 * 1000 /* a test that waits so long has failed */ };

/* A pipe in a loop, and what its callback was told. */
struct seen {
    struct loop *loop;
    struct loop_entry entry;
    int writer;
    unsigned calls;
    unsigned events;
    struct seen *removes; /* taken out of the loop by the callback */
    enum err err;         /* what the callback returns */
};

static enum err on_ready(void *context, unsigned events)
{
    struct seen *seen = context;
    seen->calls++;
    seen->events = events;
    if (seen->removes != NULL) {
        loop_remove(seen->loop, &seen->removes->entry);
    }
    return seen->err;
}

static void seen_begin(struct op *op, struct loop *loop, struct seen *seen)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    *seen = (struct seen){ .loop = loop, .writer = ends[1] };
    seen->entry =
        (struct loop_entry){ .fd = ends[0], .events = LOOP_IN, .ready = on_ready, .context = seen };
    check_err(loop_add(op, loop, &seen->entry), ERR_OK);
}

static void seen_end(struct seen *seen)
{
    loop_remove(seen->loop, &seen->entry);
    close(seen->entry.fd);
    close(seen->writer);
}

TEST(loop_calls_for_what_happened_and_for_nothing_else)
{
    struct op op;
    struct loop *loop = NULL;
    struct seen a;
    struct seen b;
    testing_op_begin(&op);
    check_err(loop_new(&op, &loop), ERR_OK);
    seen_begin(&op, loop, &a);
    seen_begin(&op, loop, &b);

    check_err(loop_wait(&op, loop, 0), ERR_OK);
    assert_int_equal(a.calls + b.calls, 0);
    assert_int_equal(write(b.writer, "x", 1), 1);
    check_err(loop_wait(&op, loop, LONG_MS), ERR_OK);
    assert_int_equal(a.calls, 0);
    assert_int_equal(b.calls, 1);
    assert_int_equal(b.events, LOOP_IN);

    check_err(loop_change(&op, loop, &b.entry, 0), ERR_OK);
    check_err(loop_wait(&op, loop, 0), ERR_OK);
    assert_int_equal(b.calls, 1);
    check_err(loop_change(&op, loop, &b.entry, LOOP_IN), ERR_OK);
    check_err(loop_wait(&op, loop, LONG_MS), ERR_OK);
    assert_int_equal(b.calls, 2);

    seen_end(&a);
    seen_end(&b);
    loop_free(loop);
    op_end(&op);
}

TEST(loop_tells_that_the_other_side_has_gone)
{
    struct op op;
    struct loop *loop = NULL;
    struct seen a;
    testing_op_begin(&op);
    check_err(loop_new(&op, &loop), ERR_OK);
    seen_begin(&op, loop, &a);
    close(a.writer);

    check_err(loop_wait(&op, loop, LONG_MS), ERR_OK);

    assert_int_equal(a.calls, 1);
    assert_true((a.events & LOOP_GONE) != 0);
    a.writer = dup(a.entry.fd);
    seen_end(&a);
    loop_free(loop);
    op_end(&op);
}

/* Both have something; whichever is called first takes the other one out. */
TEST(callback_may_remove_an_entry_that_waits_to_be_called)
{
    struct op op;
    struct loop *loop = NULL;
    struct seen a;
    struct seen b;
    testing_op_begin(&op);
    check_err(loop_new(&op, &loop), ERR_OK);
    seen_begin(&op, loop, &a);
    seen_begin(&op, loop, &b);
    a.removes = &b;
    b.removes = &a;
    assert_int_equal(write(a.writer, "x", 1), 1);
    assert_int_equal(write(b.writer, "x", 1), 1);

    check_err(loop_wait(&op, loop, LONG_MS), ERR_OK);

    assert_int_equal(a.calls + b.calls, 1);
    seen_end(&a);
    seen_end(&b);
    loop_free(loop);
    op_end(&op);
}

TEST(error_of_a_callback_ends_the_wait)
{
    struct op op;
    struct loop *loop = NULL;
    struct seen a;
    testing_op_begin(&op);
    check_err(loop_new(&op, &loop), ERR_OK);
    seen_begin(&op, loop, &a);
    a.err = ERR_CANCELLED;
    assert_int_equal(write(a.writer, "x", 1), 1);

    check_err(loop_wait(&op, loop, LONG_MS), ERR_CANCELLED);

    seen_end(&a);
    loop_free(loop);
    op_end(&op);
}

static void *wake_main(void *argument)
{
    loop_wake(argument);
    return NULL;
}

TEST(loop_is_woken_by_another_thread_and_by_a_wake_that_came_before)
{
    struct op op;
    struct loop *loop = NULL;
    pthread_t thread;
    testing_op_begin(&op);
    check_err(loop_new(&op, &loop), ERR_OK);
    loop_wake(loop);
    loop_wake(loop);

    check_err(loop_wait(&op, loop, -1), ERR_OK);
    assert_int_equal(pthread_create(&thread, NULL, wake_main, loop), 0);
    check_err(loop_wait(&op, loop, -1), ERR_OK);

    assert_int_equal(pthread_join(thread, NULL), 0);
    loop_free(loop);
    op_end(&op);
}

TEST(regular_file_cannot_be_waited_for)
{
    struct op op;
    struct loop *loop = NULL;
    struct seen a = { .calls = 0 };
    testing_op_begin(&op);
    check_err(loop_new(&op, &loop), ERR_OK);
    a.entry.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    check_err(loop_add(&op, loop, &a.entry), ERR_UNSUPPORTED);

    loop_remove(loop, &a.entry);
    close(a.entry.fd);
    loop_free(loop);
    op_end(&op);
}
