// SPDX-License-Identifier: EUPL-1.2
/*
 * The web role of a run: started where metrics are to be given, answered, started again where it
 * breaks. It reads what strangers ask, and may ask nothing but for the metrics. What goes wrong
 * with it is no fault of the run.
 */
#include <unistd.h>

#include "node/metrics.h"
#include "node/session_inner.h"
#include "os/clock.h"
#include "web/listen.h"
#include "web/message.h"

enum {
    WORK_MEMORY_MAX = 256 * 1024 * 1024,
    HEARD_MAX = 4, /* questions, before others have their turn */
    RESTART_PAUSE_MS = 1000,
    ADDRESS_SIZE_MAX = WEB_ADDRESS_SIZE_MAX + DISK_PATH_SIZE_MAX,
};

#define UNIX_PREFIX SPAN("unix:")

/* ---- the answer ---- */

static struct metrics_run run_of(const struct session *session)
{
    const struct roles *roles = session->node->roles;
    struct metrics_run run = {
        .started_us = session->begun_us,
        .line_us = session->line_us,
        .lines = session->totals.lines,
        .roles = { { .name = "store", .up = true } },
    };
    for (int i = 0; i < ROLE_COUNT; i++) {
        const enum role role = (enum role)i;
        run.roles[i + 1] = (struct metrics_role){ .name = role_name(role),
                                                  .up = role_is_up(roles, role),
                                                  .restarts = role_restarts(roles, role) };
    }
    return run;
}

static enum err answer(struct op *op, struct session *session)
{
    struct buf text;
    const struct metrics_run run = run_of(session);
    buf_init(&text, WEB_TEXT_SIZE_MAX);
    enum err err = metrics_add(op, session->node, &run, &session->web.kinds, &text);
    if (err == ERR_OK) {
        err = channel_post(op, &session->web.child.channel, WEB_MESSAGE_TEXT, buf_span(&text),
                           CHANNEL_NO_FILE);
    }
    buf_done(&text);
    return err;
}

/* Metrics that cannot be told now, of a full disk say, are not told: whoever asks sees that. */
static enum err hear(struct op *op, struct session *session)
{
    struct channel_message message;
    TRY(channel_receive(op, &session->web.child.channel, false, &message));
    if (message.file != CHANNEL_NO_FILE) {
        close(message.file);
    }
    if (message.type != WEB_MESSAGE_METRICS) {
        return ERR_FORMAT;
    }
    enum err err = answer(op, session);
    return err == ERR_ABSENT ? err : ERR_OK;
}

/* ---- the process ---- */

static void stop(struct session *session)
{
    struct session_web *web = &session->web;
    if (web->child.pid != 0) {
        loop_remove(session->loop, &web->entry);
        (void)role_stop(session->node->roles, &web->child, true);
    }
    web->start_us = os_monotonic_us() + (int64_t)RESTART_PAUSE_MS * US_PER_MS;
}

static enum err on_web(void *context, unsigned events)
{
    struct op op;
    struct session *session = context;
    struct channel *channel = &session->web.child.channel;
    op_begin(&op, &session->op->actor, WORK_MEMORY_MAX);
    enum err err = (events & LOOP_OUT) != 0 ? channel_flush(&op, channel) : ERR_OK;
    for (int i = 0; i < HEARD_MAX && err == ERR_OK; i++) {
        err = hear(&op, session);
    }
    if (err == ERR_OK || err == ERR_AGAIN) {
        bool sends = channel_waiting(channel) > 0;
        err = loop_change(&op, session->loop, &session->web.entry,
                          sends ? LOOP_IN | LOOP_OUT : LOOP_IN);
    }
    op_end(&op);
    if (err != ERR_OK) {
        stop(session);
    }
    return ERR_OK;
}

static enum err start(struct op *op, struct session *session)
{
    struct session_web *web = &session->web;
    TRY(role_start(op, session->node->roles, ROLE_WEB, web->listener, &web->child));
    web->entry = (struct loop_entry){
        .fd = web->child.channel.fd,
        .events = LOOP_IN,
        .ready = on_web,
        .context = session,
    };
    return loop_add(op, session->loop, &web->entry);
}

void session_web_turn(struct session *session)
{
    struct op op;
    const struct session_web *web = &session->web;
    if (!web->listens || web->child.pid != 0 || os_monotonic_us() < web->start_us) {
        return;
    }
    op_begin(&op, &session->op->actor, WORK_MEMORY_MAX);
    if (start(&op, session) != ERR_OK) {
        stop(session); /* it is tried again */
    }
    op_end(&op);
}

/* Relative paths of sockets begin at the node's folder. */
static enum err address_of(struct session *session, struct span *ret)
{
    struct buf text;
    const struct node *node = session->node;
    const struct span listen = node->config->metrics_listen;
    bool relative = span_starts_with(listen, UNIX_PREFIX) &&
                    !span_starts_with(span_from(listen, UNIX_PREFIX.size), SPAN("/"));
    buf_init(&text, ADDRESS_SIZE_MAX);
    if (relative) {
        buf_add(&text, UNIX_PREFIX);
        buf_add(&text, node->dir);
        buf_add(&text, SPAN("/"));
        buf_add(&text, span_from(listen, UNIX_PREFIX.size));
    } else {
        buf_add(&text, listen);
    }
    enum err err = op_copy(session->op, buf_span(&text), ret);
    buf_done(&text);
    return err;
}

/* A watch without metrics is better than none. */
void session_web_begin(struct session *session)
{
    struct op op;
    struct session_web *web = &session->web;
    web->listener = -1;
    if (!session->options.metrics || session->node->config->metrics_listen.size == 0) {
        return;
    }
    op_begin(&op, &session->op->actor, WORK_MEMORY_MAX);
    enum err err = address_of(session, &web->address);
    if (err == ERR_OK) {
        err = roles_listen(&op, session->node->roles, web->address, &web->listener);
    }
    web->listens = err == ERR_OK;
    if (err != ERR_OK) {
        op_fault_prefix(&op, "no metrics are given: ");
        session_tell_text(session, op.fault.text);
    }
    op_end(&op);
    session_web_turn(session);
}

void session_web_end(struct session *session)
{
    struct session_web *web = &session->web;
    if (!web->listens) {
        return;
    }
    stop(session);
    web->listens = false;
}
