// SPDX-License-Identifier: EUPL-1.2
#include "node/fetch_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "base/time.h"
#include "fetch/role.h"

enum {
    CHANNEL_FD = 3,
    EXIT_MOVED = 75,  /* EX_TEMPFAIL */
    EXIT_FAILED = 70, /* EX_SOFTWARE */
    STOP_STEPS = 100,
    STOP_STEP_MS = 10,
    ENVIRONMENT_MAX = 8,
};

#define PROGRAM "/proc/self/exe"

/* What the sanitizers of test builds are told; nothing else of the environment reaches the process,
 * so that no proxy and no key log comes in by it. */
static void environment_make(char **ret)
{
    static const char *const kept[] = { "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=" };
    size_t count = 0;
    for (char **at = environ; *at != NULL && count + 1 < ENVIRONMENT_MAX; at++) {
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
            if (span_starts_with(span_of(*at), span_of(kept[i])) && count + 1 < ENVIRONMENT_MAX) {
                ret[count] = *at;
                count++;
            }
        }
    }
    ret[count] = NULL;
}

/* Between fork and exec: nothing but system calls. */
__attribute__((noreturn)) static void child_exec(int fd, pid_t store, char **environment)
{
    char name[] = "linie";
    char word[] = FETCH_CHILD_WORD;
    char *const arguments[] = { name, word, NULL };
    /* When the store goes, however, so does this. */
    bool ready = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == store;
    if (ready && fd == CHANNEL_FD) {
        ready = fcntl(fd, F_SETFD, 0) == 0;
    } else {
        ready = ready && dup2(fd, CHANNEL_FD) == CHANNEL_FD;
    }
    if (ready) {
        (void)execve(PROGRAM, arguments, environment);
    }
    _exit(EXIT_FAILED);
}

enum err fetch_child_start(struct op *op, struct fetch_child *child)
{
    struct channel theirs;
    char *environment[ENVIRONMENT_MAX];
    must(child->pid == 0);
    TRY(channel_pair(op, &child->channel, &theirs));
    environment_make(environment);
    const pid_t store = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        child_exec(theirs.fd, store, environment);
    }
    int saved = errno;
    channel_done(&theirs);
    if (pid < 0) {
        channel_done(&child->channel);
        return op_fail(op, ERR_IO, "cannot start the fetch process: %s", strerror(saved));
    }
    child->pid = pid;
    return ERR_OK;
}

void fetch_child_stop(struct fetch_child *child, bool *ret_moved)
{
    int status = 0;
    pid_t ended = 0;
    if (child->pid == 0) {
        return;
    }
    channel_done(&child->channel);
    for (int i = 0; i < STOP_STEPS && ended == 0; i++) {
        ended = waitpid(child->pid, &status, WNOHANG);
        if (ended == 0) {
            usleep(STOP_STEP_MS * US_PER_MS);
        }
    }
    if (ended == 0) {
        (void)kill(child->pid, SIGKILL);
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    child->pid = 0;
    if (ret_moved != NULL) {
        *ret_moved = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_MOVED;
    }
}

void fetch_child_main(void)
{
    const struct actor nobody = { .name = SPAN("fetch") };
    struct op op;
    struct channel store;
    op_begin(&op, &nobody, FETCH_ROLE_MEMORY_MAX);
    channel_init(&store, CHANNEL_FD);
    enum err err = fetch_role_run(&op, &store);
    if (err == ERR_STALE) {
        _exit(EXIT_MOVED);
    }
    if (err != ERR_ABSENT) {
        fprintf(stderr, "linie: the fetch process gave up: %s\n", op.fault.text);
        _exit(EXIT_FAILED);
    }
    _exit(EXIT_SUCCESS);
}
