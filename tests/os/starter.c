// SPDX-License-Identifier: EUPL-1.2
#include "os/starter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/sandbox.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum { WAIT_MS = 60000, NUMBER = 42, GIVEN = 7, BYTES_MAX = 256 };

/* ---- works ---- */

/* Says on the file that it was handed what it has open besides the standard three. */
static int tells_what_is_open(void *context, const int *files, size_t count)
{
    char text[BYTES_MAX] = "";
    size_t size = 0;
    (void)context;
    DIR *folder = count == 1 ? opendir("/proc/self/fd") : NULL;
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        uint64_t number = 0;
        (void)!span_to_u64(span_of(entry->d_name), &number);
        int fd = (int)number;
        bool own = entry->d_name[0] == '.' || fd <= STDERR_FILENO || fd == dirfd(folder);
        if (!own && fd == files[0]) {
            size += (size_t)snprintf(text + size, sizeof text - size, "the file ");
        } else if (!own) {
            size += (size_t)snprintf(text + size, sizeof text - size, "%d ", fd);
        }
    }
    return write(files[0], text, size) == (ssize_t)size ? 0 : 1;
}

static int gives_its_context(void *context, const int *files, size_t count)
{
    (void)files;
    (void)count;
    return *(const int *)context;
}

__attribute__((noreturn)) static int waits_for_ever(void *context, const int *files, size_t count)
{
    (void)context;
    if (count > 0) {
        char name[16] = "";
        (void)prctl(PR_GET_NAME, name, 0, 0, 0);
        (void)!write(files[0], name, strlen(name));
    }
    for (;;) {
        (void)pause();
    }
}

/* What a jailed store may not. */
static int runs_a_program(void *context, const int *files, size_t count)
{
    (void)context;
    (void)files;
    (void)count;
    execl("/bin/true", "true", (char *)NULL);
    return 1;
}

static int context = NUMBER;

enum { TELLS, GIVES, WAITS, RUNS, WORK_COUNT };

static const struct starter_work works[WORK_COUNT] = {
    [TELLS] = { .name = "tells", .run = tells_what_is_open },
    [GIVES] = { .name = "gives", .run = gives_its_context, .context = &context },
    [WAITS] = { .name = "waits", .run = waits_for_ever },
    [RUNS] = { .name = "runs", .run = runs_a_program },
};

/* ---- arranging ---- */

struct house {
    struct op op;
    struct starter starter;
};

static void house_begin(struct house *house)
{
    testing_op_begin(&house->op);
    context = NUMBER;
    check_err(starter_begin(&house->op, &house->starter, works, WORK_COUNT), ERR_OK);
}

static void house_end(struct house *house)
{
    starter_end(&house->starter);
    op_end(&house->op);
}

static pid_t start(struct house *house, size_t work, int file)
{
    pid_t pid = 0;
    check_err(starter_start(&house->op, &house->starter, work, &file, file >= 0 ? 1 : 0, &pid),
              ERR_OK);
    assert_true(pid > 0);
    return pid;
}

static int ended(struct house *house, pid_t pid)
{
    int status = 0;
    check_err(starter_wait(&house->op, &house->starter, pid, WAIT_MS, &status), ERR_OK);
    return status;
}

/* All that is written to a pipe until nobody holds its other end. */
static const char *heard(int fd)
{
    static char text[BYTES_MAX];
    size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && size < sizeof text - 1) {
        got = read(fd, text + size, sizeof text - 1 - size);
        size += got > 0 ? (size_t)got : 0;
    }
    text[size] = '\0';
    close(fd);
    return text;
}

/* ---- tests ---- */

TEST(starter_makes_a_process_that_holds_what_it_was_handed_and_nothing_else)
{
    struct house house;
    int pipe_ends[2];
    int before = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    house_begin(&house);
    int after = open("/dev/null", O_RDONLY);
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);

    pid_t pid = start(&house, TELLS, pipe_ends[1]);
    close(pipe_ends[1]);

    assert_string_equal(heard(pipe_ends[0]), "the file ");
    assert_true(WIFEXITED(ended(&house, pid)));
    close(before);
    close(after);
    house_end(&house);
}

TEST(starter_makes_processes_as_it_was_when_it_began)
{
    struct house house;
    house_begin(&house);
    context = 1; /* of the asking process, which may have been broken into */

    int status = ended(&house, start(&house, GIVES, CHANNEL_NO_FILE));

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), NUMBER);
    house_end(&house);
}

TEST(starter_tells_apart_what_ends_in_any_order)
{
    struct house house;
    int fds[2];
    house_begin(&house);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t waits = start(&house, WAITS, CHANNEL_NO_FILE);
    pid_t gives = start(&house, GIVES, CHANNEL_NO_FILE);
    pid_t tells = start(&house, TELLS, fds[1]);
    close(fds[1]);

    assert_true(WIFEXITED(ended(&house, tells)));
    check_err(starter_kill(&house.op, &house.starter, waits), ERR_OK);
    int status = ended(&house, waits);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(WEXITSTATUS(ended(&house, gives)), NUMBER);

    assert_int_equal(house.starter.child_count, 0);
    close(fds[0]);
    house_end(&house);
}

TEST(starter_names_what_it_makes)
{
    struct house house;
    int fds[2];
    house_begin(&house);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    char name[16] = "";
    pid_t pid = start(&house, WAITS, fds[1]);
    close(fds[1]);

    assert_int_equal(read(fds[0], name, sizeof name), 5);

    assert_string_equal(name, "waits");
    check_err(starter_kill(&house.op, &house.starter, pid), ERR_OK);
    (void)ended(&house, pid);
    close(fds[0]);
    house_end(&house);
}

TEST(starter_is_waited_for_no_longer_than_asked)
{
    struct house house;
    int status = GIVEN;
    house_begin(&house);
    pid_t pid = start(&house, WAITS, CHANNEL_NO_FILE);

    check_err(starter_wait(&house.op, &house.starter, pid, 1, &status), ERR_TIMEOUT);

    assert_int_equal(status, GIVEN);
    op_fault_clear(&house.op);
    house_end(&house);
}

TEST(starter_refuses_a_process_too_many_and_goes_on)
{
    struct house house;
    pid_t pids[STARTER_CHILD_COUNT_MAX];
    pid_t one_more = 0;
    house_begin(&house);
    for (size_t i = 0; i < STARTER_CHILD_COUNT_MAX; i++) {
        pids[i] = start(&house, WAITS, CHANNEL_NO_FILE);
    }

    check_err(starter_start(&house.op, &house.starter, WAITS, NULL, 0, &one_more), ERR_LIMIT);
    op_fault_clear(&house.op);
    check_err(starter_kill(&house.op, &house.starter, pids[3]), ERR_OK);
    (void)ended(&house, pids[3]);

    assert_int_equal(WEXITSTATUS(ended(&house, start(&house, GIVES, CHANNEL_NO_FILE))), NUMBER);
    house_end(&house);
}

TEST(starter_does_no_work_that_it_was_not_given)
{
    struct house house;
    pid_t pid = 0;
    house_begin(&house);

    check_err(starter_start(&house.op, &house.starter, WORK_COUNT, NULL, 0, &pid), ERR_IO);
    op_fault_clear(&house.op);

    assert_int_equal(WEXITSTATUS(ended(&house, start(&house, GIVES, CHANNEL_NO_FILE))), NUMBER);
    house_end(&house);
}

TEST(starter_kills_nothing_that_it_did_not_make)
{
    struct house house;
    house_begin(&house);
    pid_t stranger = fork();
    assert_true(stranger >= 0);
    if (stranger == 0) {
        (void)waits_for_ever(NULL, NULL, 0);
    }

    check_err(starter_kill(&house.op, &house.starter, stranger), ERR_OK);
    (void)ended(&house, start(&house, GIVES, CHANNEL_NO_FILE)); /* it has heard that by now */

    assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
    assert_int_equal(kill(stranger, SIGKILL), 0);
    assert_int_equal(waitpid(stranger, NULL, 0), stranger);
    house_end(&house);
}

/* The end of a pipe that every process of a house holds: it is closed when all have gone. */
static void make_and_wait(int held)
{
    struct house house;
    house_begin(&house);
    (void)start(&house, WAITS, held);
    (void)start(&house, WAITS, held);
    for (;;) {
        (void)pause();
    }
}

TEST(starter_goes_with_all_that_it_made_when_who_asked_is_killed)
{
    int fds[2];
    char names[sizeof "waitswaits"] = "";
    size_t size = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        make_and_wait(fds[1]);
    }
    close(fds[1]);
    while (size < sizeof names - 1) { /* both are at work */
        ssize_t got = read(fds[0], names + size, sizeof names - 1 - size);
        assert_true(got > 0);
        size += (size_t)got;
    }

    assert_int_equal(kill(pid, SIGKILL), 0);

    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_string_equal(heard(fds[0]), "");
}

TEST(starter_that_has_gone_is_told)
{
    struct house house;
    int status = 0;
    pid_t other = 0;
    house_begin(&house);
    pid_t pid = start(&house, WAITS, CHANNEL_NO_FILE);
    assert_int_equal(kill(house.starter.pid, SIGKILL), 0);

    check_err(starter_wait(&house.op, &house.starter, pid, WAIT_MS, &status), ERR_ABSENT);
    op_fault_clear(&house.op);
    check_err(starter_start(&house.op, &house.starter, GIVES, NULL, 0, &other), ERR_ABSENT);

    house_end(&house);
}

__attribute__((noreturn)) static void asks_from_its_jail(void)
{
    struct house house;
    int landlock = 0;
    int status = 0;
    pid_t pid = 0;
    house_begin(&house);
    bool jailed = sandbox_enter(&house.op, SANDBOX_STORE, NULL, 0, &landlock) == ERR_OK;
    bool walled = open("/tmp/linie-starter-test", O_WRONLY | O_CREAT, 0600) < 0 || landlock == 0;
    bool ran = starter_start(&house.op, &house.starter, RUNS, NULL, 0, &pid) == ERR_OK &&
               starter_wait(&house.op, &house.starter, pid, WAIT_MS, &status) == ERR_OK;
    bool free_of_it = ran && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    house_end(&house);
    _exit(jailed && walled && free_of_it ? 0 : 1);
}

TEST(starter_makes_processes_outside_of_the_jail_of_who_asks)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        asks_from_its_jail();
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

TEST(starter_leaves_no_process_and_no_descriptor_behind)
{
    int next = dup(STDERR_FILENO);
    close(next);
    for (int i = 0; i < 20; i++) {
        struct house house;
        house_begin(&house);
        (void)ended(&house, start(&house, GIVES, CHANNEL_NO_FILE));
        house_end(&house);
    }

    int fd = dup(STDERR_FILENO);
    close(fd);

    assert_int_equal(fd, next);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}
