// SPDX-License-Identifier: EUPL-1.2
/*
 * The watch process of a run: started, heard, started again where it breaks, and stopped.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/session_inner.h"
#include "os/clock.h"

enum {
    HEARD_MAX = 64,         /* messages of the watch, before others have their turn */
    RESTART_FIRST_MS = 250, /* where one breaks soon after it was started: doubled each time */
    RESTART_MOST_MS = 30 * 1000,
    RESTART_AGE_S = 60, /* who lived so long is started again at once */
};

/* ---- what the watch says ---- */

static enum err hear(struct session *session)
{
    struct channel_message message;
    TRY(channel_receive(session->op, &session->watch.channel, false, &message));
    if (message.file != CHANNEL_NO_FILE) {
        close(message.file); /* nothing of the kind was agreed: session_input_hear() has the say */
    }
    return session_input_hear(session, &message);
}

static enum err on_watch(void *context, unsigned events)
{
    struct session *session = context;
    if (session->watch_lost) { /* who had the turn then could not start another one */
        return op_fail(session->op, ERR_ABSENT, "the watch process has gone");
    }
    enum err err =
        (events & LOOP_OUT) != 0 ? channel_flush(session->op, &session->watch.channel) : ERR_OK;
    for (int i = 0; i < HEARD_MAX && err == ERR_OK && !session_history_overrun(session); i++) {
        err = hear(session);
    }
    session->watch_lost = err == ERR_ABSENT || err == ERR_FORMAT;
    return err == ERR_AGAIN ? ERR_OK : err;
}

enum err session_watch_turn(struct session *session, int timeout_ms)
{
    TRY(op_check(session->op));
    struct pollfd said[] = {
        { .fd = session->watch.channel.fd, .events = POLLIN },
        { .fd = outputs_fd(session->outputs), .events = POLLIN }, /* none: it is passed over */
    };
    said[0].events |= channel_waiting(&session->watch.channel) > 0 ? POLLOUT : 0;
    if (poll(said, sizeof said / sizeof said[0], timeout_ms) < 0 && errno != EINTR) {
        return op_fail(session->op, ERR_IO, "cannot wait: %s", strerror(errno));
    }
    TRY(on_watch(session, LOOP_IN | LOOP_OUT));
    TRY(session_commit_when_due(session));
    if (session_history_overrun(session)) { /* else the watch would not be heard for ever */
        TRY(session_history_turn(session));
    }
    outputs_pump(session->outputs);
    return ERR_OK;
}

enum err session_watch_start(struct session *session)
{
    fflush(session->invocation->out);
    fflush(session->invocation->err);
    int setup = -1;
    const struct role_watch_how how = {
        .jobs = session->options.jobs,
        .remembers = !session->options.again,
    };
    TRY(role_watch_setup(session->op, session->node, &how, &setup));
    enum err err =
        role_start(session->op, session->node->roles, ROLE_WATCH, setup, &session->watch);
    close(setup);
    TRY(err);
    session->watch_started_us = os_monotonic_us();
    session->watch_entry = (struct loop_entry){
        .fd = session->watch.channel.fd,
        .events = LOOP_IN,
        .ready = on_watch,
        .context = session,
    };
    return loop_add(session->op, session->loop, &session->watch_entry);
}

static bool watch_is_at_work(const struct session *session)
{
    for (size_t i = 0; i < session->input_count; i++) {
        if (session->inputs[i]->phase != SESSION_ENDED) {
            return true;
        }
    }
    return channel_waiting(&session->watch.channel) > 0;
}

static void watch_ask_to_quit(struct session *session)
{
    struct op quiet;
    op_begin(&quiet, &session->op->actor, SESSION_WATCH_MEMORY_MAX);
    enum err err = channel_send(&quiet, &session->watch.channel, WATCH_MESSAGE_QUIT, SPAN(""),
                                CHANNEL_NO_FILE);
    (void)err; /* it may have gone already: its exit code tells */
    op_end(&quiet);
}

/* A watch in the middle of an input holds nothing that could be lost, and may take long to hear. */
enum err session_watch_stop(struct session *session)
{
    if (session->watch.pid == 0) {
        return ERR_OK;
    }
    bool at_once = watch_is_at_work(session);
    if (!at_once) {
        watch_ask_to_quit(session);
    }
    loop_remove(session->loop, &session->watch_entry);
    const struct role_end end = role_stop(session->node->roles, &session->watch, at_once);
    if (WIFSIGNALED(end.status) && !end.killed) {
        return op_fail(session->op, ERR_IO, "the watch process was ended by signal %d",
                       WTERMSIG(end.status));
    }
    return ERR_OK;
}

/* ---- where it breaks ---- */

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
    op_fault_clear(session->op);
    session->watch_lost = false;
    loop_remove(session->loop, &session->watch_entry);
    const struct role_end end = role_stop(session->node->roles, &session->watch, true);
    tell_broken(session, end.status);
    TRY(session_on_chunk_end(session, false));
    TRY(restart_pause(session));
    TRY(session_watch_start(session));
    session->image.size = 0;
    session->allowed.size = 0;
    TRY(session_images_send(session));
    return inputs_lost(session);
}
