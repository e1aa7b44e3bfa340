// SPDX-License-Identifier: EUPL-1.2
#include "os/starter.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "base/time.h"
#include "base/wire.h"
#include "os/clock.h"
#include "os/sandbox.h"

/* What the two say to each other.
 *
 *     asks                      starter
 *     FILE (file)*, START  -->            the index of a work
 *                          <--  STARTED   the number of the process
 *                          <--  FAILED    why there is none
 *     KILL                 -->            the number of a process
 *                          <--  ENDED     the number of a process, and its status */
enum message_type {
    MESSAGE_FILE = 1,
    MESSAGE_START,
    MESSAGE_KILL,
    MESSAGE_STARTED,
    MESSAGE_FAILED,
    MESSAGE_ENDED,
};

enum { MEMORY_MAX = 1024 * 1024, EXIT_FAILED = 70 /* EX_SOFTWARE */, BODY_SIZE_MAX = 256 };

void starter_name_process(const char *name)
{
    (void)prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* ---- the starter's own process ---- */

struct own {
    struct op op;
    struct channel asks;
    const struct starter_work *works;
    size_t work_count;
    int signals; /* signalfd: a process has ended */
    sigset_t mask_before;
    size_t file_count;
    int files[STARTER_FILE_COUNT_MAX];
    size_t child_count;
    pid_t children[STARTER_CHILD_COUNT_MAX];
};

static enum err tell(struct own *own, enum message_type type, struct buf *body)
{
    enum err err = body->err;
    if (err == ERR_OK) {
        err = channel_send(&own->op, &own->asks, (uint8_t)type, buf_span(body), CHANNEL_NO_FILE);
    }
    buf_done(body);
    return err;
}

static enum err tell_started(struct own *own, pid_t pid)
{
    struct buf body;
    buf_init(&body, BODY_SIZE_MAX);
    wire_add_u32(&body, (uint32_t)pid);
    return tell(own, MESSAGE_STARTED, &body);
}

static enum err tell_failed(struct own *own, enum err why, const char *text)
{
    struct buf body;
    buf_init(&body, BODY_SIZE_MAX);
    wire_add_u8(&body, (uint8_t)why);
    wire_add_bytes(&body, span_of(text));
    return tell(own, MESSAGE_FAILED, &body);
}

static enum err tell_ended(struct own *own, pid_t pid, int status)
{
    struct buf body;
    buf_init(&body, BODY_SIZE_MAX);
    wire_add_u32(&body, (uint32_t)pid);
    wire_add_u32(&body, (uint32_t)status);
    return tell(own, MESSAGE_ENDED, &body);
}

static void files_close(struct own *own)
{
    for (size_t i = 0; i < own->file_count; i++) {
        close(own->files[i]);
    }
    own->file_count = 0;
}

/* A process that was made: it dies with the starter, and holds what it was handed. */
__attribute__((noreturn)) static void child_main(struct own *own, const struct starter_work *work,
                                                 pid_t starter)
{
    bool ready = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == starter &&
                 sigprocmask(SIG_SETMASK, &own->mask_before, NULL) == 0 &&
                 sandbox_close_others(&own->op, own->files, own->file_count) == ERR_OK;
    starter_name_process(work->name);
    _exit(ready ? work->run(work->context, own->files, own->file_count) : EXIT_FAILED);
}

static enum err on_start(struct own *own, struct span body)
{
    struct wire_reader r = wire_reader_of(body);
    const uint32_t work = wire_u32(&r);
    if (r.err != ERR_OK || work >= own->work_count) {
        return tell_failed(own, ERR_FORMAT, "there is no such work");
    }
    if (own->child_count == STARTER_CHILD_COUNT_MAX) {
        return tell_failed(own, ERR_LIMIT, "too many processes");
    }
    const pid_t starter = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        child_main(own, &own->works[work], starter);
    }
    if (pid < 0) {
        return tell_failed(own, ERR_IO, strerror(errno));
    }
    own->children[own->child_count] = pid;
    own->child_count++;
    return tell_started(own, pid);
}

/* Only what was made here is killed: a number alone would let the asking process end any other. */
static void on_kill(const struct own *own, struct span body)
{
    struct wire_reader r = wire_reader_of(body);
    const uint32_t pid = wire_u32(&r);
    for (size_t i = 0; r.err == ERR_OK && i < own->child_count; i++) {
        if ((uint32_t)own->children[i] == pid) {
            (void)kill(own->children[i], SIGKILL);
        }
    }
}

static enum err on_file(struct own *own, int file)
{
    if (file == CHANNEL_NO_FILE || own->file_count == STARTER_FILE_COUNT_MAX) {
        return ERR_FORMAT;
    }
    own->files[own->file_count] = file;
    own->file_count++;
    return ERR_OK;
}

static enum err on_asked(struct own *own)
{
    struct channel_message message;
    enum err err = channel_receive(&own->op, &own->asks, true, &message);
    TRY(err);
    if (message.type == MESSAGE_FILE) {
        err = on_file(own, message.file);
        message.file = err == ERR_OK ? CHANNEL_NO_FILE : message.file;
    } else if (message.type == MESSAGE_START) {
        err = on_start(own, message.body);
        files_close(own);
    } else if (message.type == MESSAGE_KILL) {
        on_kill(own, message.body);
    } else {
        err = ERR_FORMAT;
    }
    if (message.file != CHANNEL_NO_FILE) {
        close(message.file);
    }
    return err;
}

static void child_forget(struct own *own, pid_t pid)
{
    for (size_t i = 0; i < own->child_count; i++) {
        if (own->children[i] == pid) {
            own->children[i] = own->children[own->child_count - 1];
            own->child_count--;
            return;
        }
    }
}

static enum err on_ended(struct own *own)
{
    struct signalfd_siginfo info;
    ssize_t got = read(own->signals, &info, sizeof info);
    (void)got; /* many signals may have become one: all that ended are asked for */
    for (;;) {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0) {
            return ERR_OK;
        }
        child_forget(own, pid);
        TRY(tell_ended(own, pid, status));
    }
}

static enum err serve(struct own *own)
{
    for (;;) {
        struct pollfd fds[] = {
            { .fd = own->asks.fd, .events = POLLIN },
            { .fd = own->signals, .events = POLLIN },
        };
        if (poll(fds, sizeof fds / sizeof fds[0], -1) < 0 && errno != EINTR) {
            return ERR_IO;
        }
        if (fds[1].revents != 0) {
            TRY(on_ended(own));
        }
        if (fds[0].revents != 0) {
            TRY(on_asked(own));
        }
    }
}

/* Signals that end the asking process may come to the whole group; that one says when it is over.
 */
static bool signals_take(struct own *own)
{
    sigset_t ours;
    sigset_t ended;
    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGINT);
    (void)sigaddset(&ours, SIGTERM);
    (void)sigaddset(&ours, SIGHUP);
    (void)sigaddset(&ours, SIGCHLD);
    (void)sigemptyset(&ended);
    (void)sigaddset(&ended, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &ours, &own->mask_before) != 0) {
        return false;
    }
    own->signals = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
    return own->signals >= 0;
}

__attribute__((noreturn)) static void own_main(struct channel *asks,
                                               const struct starter_work *works, size_t count,
                                               pid_t asking)
{
    const struct actor nobody = { .name = SPAN("starter") };
    static struct own own;
    own = (struct own){ .asks = *asks, .works = works, .work_count = count };
    op_begin(&own.op, &nobody, MEMORY_MAX);
    bool ready = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == asking &&
                 prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                 sandbox_close_others(&own.op, &own.asks.fd, 1) == ERR_OK && signals_take(&own);
    starter_name_process("starter");
    enum err err = ready ? serve(&own) : ERR_IO;
    _exit(err == ERR_ABSENT ? EXIT_SUCCESS : EXIT_FAILED);
}

/* ---- who asks ---- */

enum err starter_begin(struct op *op, struct starter *starter, const struct starter_work *works,
                       size_t count)
{
    struct channel theirs;
    must(count >= 1);
    must(count <= STARTER_WORK_COUNT_MAX);
    *starter = (struct starter){ .pid = 0 };
    TRY(channel_pair(op, &starter->channel, &theirs));
    const pid_t asking = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        own_main(&theirs, works, count, asking);
    }
    int saved = errno;
    channel_done(&theirs);
    if (pid < 0) {
        channel_done(&starter->channel);
        return op_fail(op, ERR_IO, "cannot start a process: %s", strerror(saved));
    }
    starter->pid = pid;
    return ERR_OK;
}

static struct starter_child *child_of(struct starter *starter, pid_t pid)
{
    for (size_t i = 0; i < starter->child_count; i++) {
        if (starter->children[i].pid == pid) {
            return &starter->children[i];
        }
    }
    return NULL;
}

static enum err strange(struct op *op)
{
    return op_fail(op, ERR_IO, "the starter said what is not agreed");
}

static enum err hear_ended(struct op *op, struct starter *starter, struct span body)
{
    struct wire_reader r = wire_reader_of(body);
    struct starter_child *child = child_of(starter, (pid_t)wire_u32(&r));
    const int status = (int)wire_u32(&r);
    if (r.err != ERR_OK || child == NULL) {
        return strange(op);
    }
    child->ended = true;
    child->status = status;
    return ERR_OK;
}

static enum err hear_answer(struct op *op, struct starter *starter,
                            const struct channel_message *message, pid_t *ret_pid)
{
    struct wire_reader r = wire_reader_of(message->body);
    if (message->type == MESSAGE_FAILED) {
        const enum err why = (enum err)wire_u8(&r);
        const struct span text = wire_bytes(&r, BODY_SIZE_MAX);
        return op_fail(op, why == ERR_LIMIT ? ERR_LIMIT : ERR_IO, "cannot start a process: %.*s",
                       SPAN_FMT(text));
    }
    const pid_t pid = (pid_t)wire_u32(&r);
    if (message->type != MESSAGE_STARTED || r.err != ERR_OK ||
        starter->child_count == STARTER_CHILD_COUNT_MAX) {
        return strange(op);
    }
    starter->children[starter->child_count] = (struct starter_child){ .pid = pid };
    starter->child_count++;
    *ret_pid = pid;
    return ERR_OK;
}

/* The answer comes at once; that others have ended may be told before it. */
static enum err ask(struct op *op, struct starter *starter, size_t work, const int *files,
                    size_t count, pid_t *ret_pid)
{
    struct buf body;
    struct channel_message message;
    for (size_t i = 0; i < count; i++) {
        TRY(channel_send(op, &starter->channel, MESSAGE_FILE, SPAN(""), files[i]));
    }
    buf_init(&body, BODY_SIZE_MAX);
    wire_add_u32(&body, (uint32_t)work);
    enum err err = body.err == ERR_OK ? channel_send(op, &starter->channel, MESSAGE_START,
                                                     buf_span(&body), CHANNEL_NO_FILE)
                                      : op_fail(op, ERR_LIMIT, "out of memory");
    buf_done(&body);
    TRY(err);
    TRY(channel_receive(op, &starter->channel, true, &message));
    while (message.type == MESSAGE_ENDED) {
        TRY(hear_ended(op, starter, message.body));
        TRY(channel_receive(op, &starter->channel, true, &message));
    }
    return hear_answer(op, starter, &message, ret_pid);
}

enum err starter_start(struct op *op, struct starter *starter, size_t work, const int *files,
                       size_t count, pid_t *ret_pid)
{
    struct op own; /* an answer is always taken, also when somebody has asked to stop */
    must(count <= STARTER_FILE_COUNT_MAX);
    if (starter->pid == 0 || starter->child_count == STARTER_CHILD_COUNT_MAX) {
        return starter->pid == 0 ? op_fail(op, ERR_ABSENT, "there is no starter")
                                 : op_fail(op, ERR_LIMIT, "too many processes");
    }
    op_begin(&own, &op->actor, MEMORY_MAX);
    enum err err = ask(&own, starter, work, files, count, ret_pid);
    if (err != ERR_OK) {
        err = op_fail(op, err, "%s", own.fault.text);
    }
    op_end(&own);
    return err;
}

static enum err hear_for(struct op *op, struct starter *starter, int64_t end_us)
{
    struct channel_message message;
    int64_t left_ms = (end_us - os_monotonic_us() + US_PER_MS - 1) / US_PER_MS;
    struct pollfd said = { .fd = starter->channel.fd, .events = POLLIN };
    if (poll(&said, 1, left_ms > 0 ? (int)left_ms : 0) < 0 && errno != EINTR) {
        return op_fail(op, ERR_IO, "cannot wait: %s", strerror(errno));
    }
    enum err err = channel_receive(op, &starter->channel, false, &message);
    if (err == ERR_AGAIN) {
        return ERR_OK;
    }
    TRY(err);
    return message.type == MESSAGE_ENDED ? hear_ended(op, starter, message.body) : strange(op);
}

enum err starter_wait(struct op *op, struct starter *starter, pid_t pid, unsigned timeout_ms,
                      int *ret_status)
{
    const int64_t end_us = os_monotonic_us() + (int64_t)timeout_ms * US_PER_MS;
    struct starter_child *child = child_of(starter, pid);
    must(child != NULL);
    while (!child->ended) {
        bool late = os_monotonic_us() > end_us;
        TRY(hear_for(op, starter, end_us));
        if (late && !child->ended) {
            return op_fail(op, ERR_TIMEOUT, "process %d still runs", (int)pid);
        }
    }
    *ret_status = child->status;
    *child = starter->children[starter->child_count - 1];
    starter->child_count--;
    return ERR_OK;
}

enum err starter_kill(struct op *op, struct starter *starter, pid_t pid)
{
    struct buf body;
    buf_init(&body, BODY_SIZE_MAX);
    wire_add_u32(&body, (uint32_t)pid);
    enum err err = body.err == ERR_OK ? channel_send(op, &starter->channel, MESSAGE_KILL,
                                                     buf_span(&body), CHANNEL_NO_FILE)
                                      : op_fail(op, ERR_LIMIT, "out of memory");
    buf_done(&body);
    return err;
}

void starter_end(struct starter *starter)
{
    if (starter->pid == 0) {
        return;
    }
    channel_done(&starter->channel); /* at this it goes */
    while (waitpid(starter->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    *starter = (struct starter){ .pid = 0 };
}
