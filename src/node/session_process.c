// SPDX-License-Identifier: EUPL-1.2
/*
 * The watch process of a run: started, heard, started again where it breaks, and stopped.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "node/session_inner.h"
#include "os/clock.h"
#include "os/sandbox.h"

enum {
    HEARD_MAX = 64, /* messages of the watch, before others have their turn */
    HOST_NAME_SIZE = 256,
    WATCH_FAILED = 70,      /* exit code of a watch process that gave up; EX_SOFTWARE */
    RESTART_FIRST_MS = 250, /* where one breaks soon after it was started: doubled each time */
    RESTART_MOST_MS = 30 * 1000,
    RESTART_AGE_S = 60, /* who lived so long is started again at once */
};

struct watch_setup {
    struct watch_role_options role;
    struct observe_rules privacy;
    char host[HOST_NAME_SIZE];
    pid_t store;
};

static enum err setup_make(struct session *session, struct watch_setup *setup)
{
    struct node *node = session->node;
    TRY(node_privacy_secret(session->op, node, setup->privacy.secret));
    setup->privacy.rules = node->config->rules;
    setup->privacy.count = node->config->rule_count;
    setup->store = getpid();
    (void)gethostname(setup->host, sizeof setup->host - 1);
    setup->role = (struct watch_role_options){
        .jobs = session->options.jobs,
        .rules = {
            .inside = &node->config->inside,
            .privacy = &setup->privacy,
            .host_name = node->config->sensor.size > 0 ? node->config->sensor
                                                       : span_of(setup->host),
            .now_us = os_clock_us(),
            .fold_us = node->config->fold_minutes * FOLD_MINUTE_US,
            .engine = RECORD_ENGINE_FAST,
        },
    };
    return ERR_OK;
}

/* The child: everything but its end of the channel is given up before the first hostile byte. */
__attribute__((noreturn)) static void watch_main(struct channel *store,
                                                 const struct watch_setup *setup)
{
    const struct actor nobody = { .name = SPAN("watch") };
    struct op op;
    int landlock = 0;
    op_begin(&op, &nobody, SESSION_WATCH_MEMORY_MAX);
    (void)signal(SIGINT, SIG_IGN); /* the store says when to stop */
    (void)signal(SIGTERM, SIG_IGN);
    /* It may be waiting for a pipe for ever: when the store goes, so does the watch. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != setup->store) {
        _exit(WATCH_FAILED);
    }
    enum err err = sandbox_close_others(&op, &store->fd, 1);
    if (err == ERR_OK) {
        err = sandbox_enter(&op, SANDBOX_WATCH, NULL, 0, &landlock);
    }
    if (err == ERR_OK) {
        err = watch_role_run(&op, store, &setup->role);
    }
    if (err != ERR_OK && err != ERR_ABSENT) {
        fprintf(stderr, "linie watch: the watch process gave up: %s\n", op.fault.text);
    }
    _exit(err == ERR_OK ? EXIT_SUCCESS : WATCH_FAILED);
}

/* ---- what the watch says ---- */

static enum err hear(struct session *session)
{
    struct channel_message message;
    TRY(channel_receive(session->op, &session->watch, false, &message));
    if (message.file != CHANNEL_NO_FILE) {
        close(message.file); /* nothing of the kind was agreed: session_input_hear() has the say */
    }
    return session_input_hear(session, &message);
}

static enum err on_watch(void *context, unsigned events)
{
    struct session *session = context;
    enum err err = (events & LOOP_OUT) != 0 ? channel_flush(session->op, &session->watch) : ERR_OK;
    for (int i = 0; i < HEARD_MAX && err == ERR_OK; i++) {
        err = hear(session);
    }
    session->watch_lost = err == ERR_ABSENT || err == ERR_FORMAT;
    return err == ERR_AGAIN ? ERR_OK : err;
}

enum err session_watch_turn(struct session *session, int timeout_ms)
{
    TRY(op_check(session->op));
    struct pollfd said[] = {
        { .fd = session->watch.fd, .events = POLLIN },
        { .fd = outputs_fd(session->outputs), .events = POLLIN }, /* none: it is passed over */
    };
    said[0].events |= channel_waiting(&session->watch) > 0 ? POLLOUT : 0;
    if (poll(said, sizeof said / sizeof said[0], timeout_ms) < 0 && errno != EINTR) {
        return op_fail(session->op, ERR_IO, "cannot wait: %s", strerror(errno));
    }
    TRY(on_watch(session, LOOP_IN | LOOP_OUT));
    TRY(session_commit_when_due(session));
    outputs_pump(session->outputs);
    return ERR_OK;
}

static enum err process_start(struct session *session, struct watch_setup *setup)
{
    struct channel theirs;
    TRY(setup_make(session, setup));
    TRY(channel_pair(session->op, &session->watch, &theirs));
    fflush(session->invocation->out);
    fflush(session->invocation->err);
    session->pid = fork();
    if (session->pid == 0) {
        watch_main(&theirs, setup);
    }
    int saved = errno;
    channel_done(&theirs);
    if (session->pid < 0) {
        channel_done(&session->watch);
        return op_fail(session->op, ERR_IO, "cannot start the watch process: %s", strerror(saved));
    }
    session->has_watch = true;
    session->watch_started_us = os_monotonic_us();
    session->watch_entry = (struct loop_entry){
        .fd = session->watch.fd,
        .events = LOOP_IN,
        .ready = on_watch,
        .context = session,
    };
    return loop_add(session->op, session->loop, &session->watch_entry);
}

enum err session_watch_start(struct session *session)
{
    struct watch_setup *setup = memory_new(sizeof *setup);
    if (setup == NULL) {
        return op_fail(session->op, ERR_LIMIT, "out of memory for the watch process");
    }
    enum err err = process_start(session, setup);
    memory_free(setup);
    return err;
}

static bool watch_is_at_work(const struct session *session)
{
    for (size_t i = 0; i < session->input_count; i++) {
        if (session->inputs[i]->phase != SESSION_ENDED) {
            return true;
        }
    }
    return channel_waiting(&session->watch) > 0;
}

static void watch_ask_to_quit(struct session *session)
{
    struct op quiet;
    op_begin(&quiet, &session->op->actor, SESSION_WATCH_MEMORY_MAX);
    enum err err =
        channel_send(&quiet, &session->watch, WATCH_MESSAGE_QUIT, SPAN(""), CHANNEL_NO_FILE);
    (void)err; /* it may have gone already: its exit code tells */
    op_end(&quiet);
}

/* A watch in the middle of an input holds nothing that could be lost, and may take long to hear. */
enum err session_watch_stop(struct session *session)
{
    int status = 0;
    if (!session->has_watch) {
        return ERR_OK;
    }
    bool stopped = watch_is_at_work(session) && kill(session->pid, SIGKILL) == 0;
    if (!stopped) {
        watch_ask_to_quit(session);
    }
    loop_remove(session->loop, &session->watch_entry);
    channel_done(&session->watch);
    session->has_watch = false;
    while (waitpid(session->pid, &status, 0) < 0 && errno == EINTR) {
    }
    bool ended_well = WIFEXITED(status) &&
                      (WEXITSTATUS(status) == EXIT_SUCCESS || WEXITSTATUS(status) == WATCH_FAILED);
    bool by_us = stopped && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!ended_well && !by_us) {
        return op_fail(session->op, ERR_IO, "the watch process was ended by signal %d",
                       WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
    return ERR_OK;
}

/* ---- where it breaks ---- */

static void process_end(struct session *session, int *ret_status)
{
    loop_remove(session->loop, &session->watch_entry);
    channel_done(&session->watch);
    session->has_watch = false;
    (void)kill(session->pid, SIGKILL); /* it may have gone already */
    while (waitpid(session->pid, ret_status, 0) < 0 && errno == EINTR) {
    }
}

static void tell_broken(struct session *session, int status)
{
    char text[128];
    if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text,
                 "linie watch: the watch process was ended by signal %d: started again",
                 WTERMSIG(status));
    } else {
        snprintf(text, sizeof text, "linie watch: the watch process ended: started again");
    }
    session_tell_text(session, text);
}

/* What it was at work on is opened anew. Whoever is told may give inputs back, and so change the
 * list. */
static enum err inputs_lost(struct session *session)
{
    size_t i = 0;
    while (i < session->input_count) {
        struct session_input *input = session->inputs[i];
        i++;
        if (input->phase != SESSION_ENDED) {
            input->phase = SESSION_ENDED;
            input->err = ERR_ABSENT;
            if (input->how.stirred != NULL) {
                TRY(input->how.stirred(input));
            }
            i = 0;
        }
    }
    return ERR_OK;
}

/* A line that breaks every process that reads it must not take all the time of the machine. */
static enum err restart_pause(struct session *session)
{
    int64_t age_us = os_monotonic_us() - session->watch_started_us;
    if (age_us >= (int64_t)RESTART_AGE_S * US_PER_S) {
        session->restart_pause_ms = 0;
        return ERR_OK;
    }
    uint32_t pause_ms = session->restart_pause_ms;
    pause_ms = pause_ms == 0 ? RESTART_FIRST_MS : 2 * pause_ms;
    session->restart_pause_ms = pause_ms < RESTART_MOST_MS ? pause_ms : RESTART_MOST_MS;
    int64_t until_us = os_monotonic_us() + (int64_t)session->restart_pause_ms * US_PER_MS;
    while (os_monotonic_us() < until_us) {
        TRY(session_wait(session, (int)session->restart_pause_ms));
    }
    return ERR_OK;
}

enum err session_watch_restart(struct session *session)
{
    int status = 0;
    op_fault_clear(session->op);
    session->watch_lost = false;
    process_end(session, &status);
    tell_broken(session, status);
    session_on_folds_end(session, false);
    TRY(restart_pause(session));
    TRY(session_watch_start(session));
    session->image.size = 0;
    session->allowed.size = 0;
    TRY(session_images_send(session));
    return inputs_lost(session);
}
