// SPDX-License-Identifier: EUPL-1.2
#include "node/role_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "base/time.h"
#include "fetch/role.h"
#include "intake/role.h"

enum {
    CHANNEL_FD = 3,
    EXIT_MOVED = 75,  /* EX_TEMPFAIL */
    EXIT_FAILED = 70, /* EX_SOFTWARE */
    STOP_STEPS = 100,
    STOP_STEP_MS = 10,
    ENVIRONMENT_MAX = 8,
    WORD_SIZE = 32,
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
__attribute__((noreturn)) static void child_exec(int fd, pid_t store, char *word,
                                                 char **environment)
{
    char name[] = "linie";
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

enum err role_child_start(struct op *op, struct role_child *child, const char *word)
{
    struct channel theirs;
    char *environment[ENVIRONMENT_MAX];
    char copy[WORD_SIZE];
    must(child->pid == 0);
    TRY(channel_pair(op, &child->channel, &theirs));
    environment_make(environment);
    snprintf(copy, sizeof copy, "%s", word);
    const pid_t store = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        child_exec(theirs.fd, store, copy, environment);
    }
    int saved = errno;
    channel_done(&theirs);
    if (pid < 0) {
        channel_done(&child->channel);
        return op_fail(op, ERR_IO, "cannot start a process (%s): %s", word, strerror(saved));
    }
    child->pid = pid;
    return ERR_OK;
}

void role_child_stop(struct role_child *child, bool *ret_moved)
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

/* How it ended; the process with it. */
__attribute__((noreturn)) static void end(const struct op *op, const char *who, enum err err)
{
    if (err == ERR_STALE) {
        _exit(EXIT_MOVED);
    }
    if (err != ERR_ABSENT) {
        fprintf(stderr, "linie: the %s process gave up: %s\n", who, op->fault.text);
        _exit(EXIT_FAILED);
    }
    _exit(EXIT_SUCCESS);
}

void role_child_main(const char *word)
{
    bool fetches = strcmp(word, ROLE_CHILD_FETCH) == 0;
    if (!fetches && strcmp(word, ROLE_CHILD_INTAKE) != 0) {
        return;
    }
    const char *who = fetches ? "fetch" : "intake";
    const struct actor nobody = { .name = span_of(who) };
    struct op op;
    struct channel store;
    op_begin(&op, &nobody, fetches ? FETCH_ROLE_MEMORY_MAX : INTAKE_ROLE_MEMORY_MAX);
    channel_init(&store, CHANNEL_FD);
    end(&op, who, fetches ? fetch_role_run(&op, &store) : intake_role_run(&op, &store));
}
