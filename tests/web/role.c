// SPDX-License-Identifier: EUPL-1.2
/* The web role in its jail, asked over a real socket; the test is the store. */
#include "web/role.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/sandbox.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"
#include "web/listen.h"

enum { ANSWER_SIZE_MAX = 64 * 1024, WAIT_MS = 20000, ROLE_FAILED = 3 };

struct house {
    struct op op;
    struct scratch scratch;
    char address[300];
    struct channel web;
    pid_t pid;
};

__attribute__((noreturn)) static void role_main(struct channel *store, int listener)
{
    struct op op;
    int landlock = 0;
    const int keep[] = { store->fd, listener };
    testing_op_begin(&op);
    enum err err = sandbox_close_others(&op, keep, 2);
    if (err == ERR_OK) {
        err = sandbox_enter(&op, SANDBOX_WEB, NULL, 0, &landlock);
    }
    if (err == ERR_OK) {
        err = web_role_run(&op, store, listener);
    }
    _exit(err == ERR_ABSENT ? 0 : ROLE_FAILED);
}

static void role_begin(struct house *house, int listener)
{
    struct channel theirs;
    check_err(channel_pair(&house->op, &house->web, &theirs), ERR_OK);
    house->pid = fork();
    assert_true(house->pid >= 0);
    if (house->pid == 0) {
        role_main(&theirs, listener);
    }
    channel_done(&theirs);
}

/* The role ends by itself when the store goes. */
static void role_end(struct house *house)
{
    int status = 0;
    channel_done(&house->web);
    assert_int_equal(waitpid(house->pid, &status, 0), house->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int house_make(struct house *house)
{
    int listener = -1;
    testing_op_begin(&house->op);
    house->scratch = scratch_make();
    (void)snprintf(house->address, sizeof house->address, "unix:%s/web", house->scratch.path);
    check_err(web_listen(&house->op, span_of(house->address), &listener), ERR_OK);
    return listener;
}

static void house_begin(struct house *house)
{
    int listener = house_make(house);
    role_begin(house, listener);
    close(listener);
}

static void house_end(struct house *house)
{
    role_end(house);
    web_unlisten(span_of(house->address));
    scratch_remove(&house->scratch);
    op_end(&house->op);
}

static int visit(const struct house *house)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%.90s/web", house->scratch.path);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&to, sizeof to), 0);
    return fd;
}

/* Answers what the web asks as the store does, until something comes back on `fd` and it is closed.
 */
static const char *heard(struct house *house, int fd, const char *metrics)
{
    static char text[ANSWER_SIZE_MAX];
    size_t size = 0;
    for (;;) {
        struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
                                { .fd = house->web.fd, .events = POLLIN } };
        assert_true(poll(fds, 2, WAIT_MS) > 0);
        struct channel_message message;
        if (fds[1].revents != 0 &&
            channel_receive(&house->op, &house->web, false, &message) == ERR_OK) {
            assert_int_equal(message.type, WEB_MESSAGE_METRICS);
            check_err(channel_send(&house->op, &house->web, WEB_MESSAGE_TEXT, span_of(metrics),
                                   CHANNEL_NO_FILE),
                      ERR_OK);
        }
        ssize_t got = fds[0].revents == 0 ? 1 : read(fd, text + size, sizeof text - size - 1);
        if (got <= 0) {
            text[size] = '\0';
            close(fd);
            return text;
        }
        size += fds[0].revents == 0 ? 0 : (size_t)got;
    }
}

static const char *asked(struct house *house, const char *request)
{
    int fd = visit(house);
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    return heard(house, fd, "linie_lines_total 7\n");
}

#define END " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

TEST(web_gives_what_the_store_says_to_those_who_ask_for_metrics)
{
    struct house house;
    house_begin(&house);
    for (int i = 0; i < 3; i++) {
        const char *answer = asked(&house, "GET /metrics" END);

        assert_non_null(strstr(answer, "HTTP/1.1 200 "));
        assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4\r\n"));
        assert_non_null(strstr(answer, "\r\n\r\nlinie_lines_total 7\n"));
    }
    house_end(&house);
}

TEST(web_leaves_the_socket_to_the_next_process)
{
    struct house house;
    int listener = house_make(&house);
    for (int i = 0; i < 3; i++) {
        role_begin(&house, listener);
        assert_non_null(strstr(asked(&house, "GET /metrics" END), "HTTP/1.1 200 "));
        if (i < 2) {
            role_end(&house);
        }
    }
    close(listener);
    house_end(&house);
}

TEST(web_knows_nothing_else)
{
    struct house house;
    house_begin(&house);
    assert_non_null(strstr(asked(&house, "GET /" END), " 404 "));
    assert_non_null(strstr(asked(&house, "GET /metrics/../etc/passwd" END), " 404 "));
    assert_non_null(strstr(asked(&house, "DELETE /metrics" END), " 405 "));
    assert_null(strstr(asked(&house, "nonsense\r\n\r\n"), " 200 "));
    house_end(&house);
}

TEST(web_turns_away_what_is_too_large_or_too_many_and_goes_on)
{
    static char large[64 * 1024];
    struct house house;
    int fds[2 * WEB_CONNECTION_COUNT_MAX];
    house_begin(&house);
    (void)snprintf(large, sizeof large, "GET /%040000d" END, 1);
    assert_null(strstr(asked(&house, large), " 200 "));

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        fds[i] = visit(&house);
    }
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        close(fds[i]);
    }

    assert_non_null(strstr(asked(&house, "GET /metrics" END), " 200 "));
    house_end(&house);
}

static bool is_open(int fd)
{
    char byte = 0;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Those who were sent away are the ones that came first; the latest are still waited for, so it was
 * not their time that ran out. */
TEST(web_answers_at_once_however_many_have_asked_half)
{
    enum { HALF_COUNT = 60, ROUND_COUNT = 3 };
    static const char half[] = "GET /metrics HTTP/1.1\r\nHost: ";
    struct house house;
    house_begin(&house);
    for (int round = 0; round < ROUND_COUNT; round++) {
        int fds[HALF_COUNT];
        for (size_t i = 0; i < HALF_COUNT; i++) {
            fds[i] = visit(&house);
            ssize_t sent = send(fds[i], half, sizeof half - 1, MSG_NOSIGNAL);
            assert_true(sent == sizeof half - 1 || sent < 0); /* it may be sent away by then */
        }

        assert_non_null(strstr(asked(&house, "GET /metrics" END), " 200 "));

        assert_false(is_open(fds[0]));
        assert_true(is_open(fds[HALF_COUNT - 1]));
        for (size_t i = 0; i < HALF_COUNT; i++) {
            close(fds[i]);
        }
    }
    house_end(&house);
}

/* Of a connection that stays open after its answer nobody would know when it is to end. */
TEST(web_ends_a_connection_with_its_answer)
{
    struct house house;
    house_begin(&house);
    const char *answer = asked(&house, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /m");
    assert_non_null(strstr(answer, " 200 "));
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    house_end(&house);
}

TEST(web_listens_only_where_nobody_else_can_reach)
{
    struct op op;
    int fd = -1;
    testing_op_begin(&op);
    check_err(web_listen(&op, SPAN("0.0.0.0:9417"), &fd), ERR_DENIED);
    op_fault_clear(&op);
    check_err(web_listen(&op, SPAN("[2001:db8::1]:9417"), &fd), ERR_DENIED);
    op_fault_clear(&op);
    static const char *const wrong[] = {
        "", "9417", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "localhost:9417", "unix:",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check_err(web_listen(&op, span_of(wrong[i]), &fd), ERR_FORMAT);
        op_fault_clear(&op);
        check_err(web_address_check(&op, span_of(wrong[i])), ERR_FORMAT);
        op_fault_clear(&op);
    }
    op_end(&op);
}

TEST(web_replaces_a_socket_that_was_left_behind_and_not_one_that_is_used)
{
    struct op op;
    int first = -1;
    int second = -1;
    char address[300];
    struct stat status;
    testing_op_begin(&op);
    const struct scratch scratch = scratch_make();
    (void)snprintf(address, sizeof address, "unix:%s/web", scratch.path);
    check_err(web_listen(&op, span_of(address), &first), ERR_OK);
    assert_int_equal(stat(address + sizeof "unix:" - 1, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    check_err(web_listen(&op, span_of(address), &second), ERR_EXISTS);
    op_fault_clear(&op);
    close(first);
    check_err(web_listen(&op, span_of(address), &second), ERR_OK);
    close(second);
    web_unlisten(span_of(address));
    assert_int_equal(stat(address + sizeof "unix:" - 1, &status), -1);
    scratch_remove(&scratch);
    op_end(&op);
}
