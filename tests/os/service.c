// SPDX-License-Identifier: EUPL-1.2
#include "os/service.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/testing.h"

/* A manager's socket: bound to a name of the abstract space that nobody else has. */
static int manager_begin(char *name, size_t size)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    snprintf(name, size, "@linie-test-%d", (int)getpid());
    span_copy(address.sun_path + 1, sizeof address.sun_path - 1, span_of(name + 1));
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + span_of(name).size);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, length), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

TEST(service_tells_its_manager_what_it_is_told_to)
{
    char name[64];
    char heard[64] = { 0 };
    int fd = manager_begin(name, sizeof name);

    bool told = service_tell("READY=1\nSTATUS=at work");

    assert_true(told);
    assert_int_equal(recv(fd, heard, sizeof heard - 1, 0), 22);
    assert_string_equal(heard, "READY=1\nSTATUS=at work");
    close(fd);
}

TEST(service_without_a_manager_or_with_one_that_has_gone_tells_nobody)
{
    char name[64];

    unsetenv("NOTIFY_SOCKET");
    assert_false(service_tell("READY=1"));
    close(manager_begin(name, sizeof name));
    assert_false(service_tell("READY=1"));
    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    assert_false(service_tell("READY=1"));
    assert_int_equal(setenv("NOTIFY_SOCKET", "", 1), 0);
    assert_false(service_tell("READY=1"));
}

TEST(service_is_watched_only_where_the_manager_means_this_process)
{
    char pid[32];
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");

    assert_int_equal(service_watchdog_us(), 0);
    setenv("WATCHDOG_USEC", "120000000", 1);
    assert_int_equal(service_watchdog_us(), 120000000);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(service_watchdog_us(), 120000000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(service_watchdog_us(), 0);
    unsetenv("WATCHDOG_PID");
    setenv("WATCHDOG_USEC", "soon", 1);
    assert_int_equal(service_watchdog_us(), 0);
    setenv("WATCHDOG_USEC", "18446744073709551615", 1);
    assert_int_equal(service_watchdog_us(), 0);
}
