// SPDX-License-Identifier: EUPL-1.2
#include "base/must.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/time.h"
#include "tests/testing.h"

enum { SAID_SIZE_MAX = 4096 };

/* Runs `act` in a process of its own; says how that ended and what it wrote to stderr. */
static int run_apart(void (*act)(void), char *said)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(ends[1]);
    size_t size = 0;
    ssize_t got = 0;
    do {
        got = read(ends[0], said + size, SAID_SIZE_MAX - 1 - size);
        size += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    said[size] = '\0';
    close(ends[0]);
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child);
    return status;
}

static void check_dies(void (*act)(void), const char *condition)
{
    char said[SAID_SIZE_MAX];
    int status = run_apart(act, said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(said, "broken invariant: "));
    assert_non_null(strstr(said, condition));
}

static void break_one(void)
{
    int count = 3;
    must(count == 4);
}

static void keep_all(void)
{
    must(1 == 1);
    must_dev(1 == 1);
}

static void slice_beyond(void)
{
    (void)span_slice(SPAN("abc"), 2, 4);
}

static void slice_backwards(void)
{
    (void)span_slice(SPAN("abc"), 2, 1);
}

static void copy_too_much(void)
{
    char room[2];
    span_copy(room, sizeof room, SPAN("abc"));
}

static void floor_of_no_period(void)
{
    (void)time_floor(1, 0);
}

static void fail_with_ok(void)
{
    struct op op;
    testing_op_begin(&op);
    (void)op_fail(&op, ERR_OK, "no");
}

TEST(must_ends_the_process_and_says_where)
{
    check_dies(break_one, "count == 4 (");
    check_dies(break_one, "must.c:");
}

TEST(must_lets_what_holds_pass)
{
    char said[SAID_SIZE_MAX];

    assert_int_equal(run_apart(keep_all, said), 0);
    assert_string_equal(said, "");
}

TEST(span_outside_its_bounds_ends_the_process)
{
    check_dies(slice_beyond, "end <= span.size");
    check_dies(slice_backwards, "begin <= end");
    check_dies(copy_too_much, "span.size <= target_size");
}

TEST(wrong_use_of_time_and_op_ends_the_process)
{
    check_dies(floor_of_no_period, "period_us > 0");
    check_dies(fail_with_ok, "err != ERR_OK");
}
