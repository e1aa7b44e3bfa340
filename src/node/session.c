// SPDX-License-Identifier: EUPL-1.2
#include "node/session.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/record.h"
#include "node/allowed.h"
#include "node/past.h"
#include "node/session_inner.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/service.h"

enum {
    PROGRESS_EVERY_MS = 100,
    IMAGE_MEMORY_MAX = 0x7FFFFFFF, /* while an index is made; it is large where the sets are */
    PATIENCE_S = 60,
    PATIENCE_FIRST_S = 5,
    ALIVE_SHARE = 4, /* of the time in which it must be heard of */
    OUTPUTS_END_WAIT_MS = 10 * 1000,
    OUTPUTS_STOPPED_WAIT_MS = 2 * 1000, /* somebody asked to stop, and waits */
};

enum err session_send(struct session *session, enum watch_message_type type, struct span body,
                      int file)
{
    enum err err = channel_post(session->op, &session->watch.channel, (uint8_t)type, body, file);
    session->watch_lost = session->watch_lost || err == ERR_ABSENT;
    return err;
}

/* Work with memory of its own came to its end: a run that lasts for weeks must not keep it. */
enum err session_scratch_end(struct session *session, enum err err)
{
    struct op *scratch = &session->scratch;
    if (err != ERR_OK) {
        err = op_fail(session->op, err, "%s", scratch->fault.text);
    }
    op_fault_clear(scratch);
    arena_reset(&scratch->arena);
    return err;
}

static enum err image_send(struct op *op, struct session *session, struct session_image *sent,
                           enum watch_message_type type, struct span path)
{
    struct span real;
    int fd = -1;
    if (span_equal(path, span_make(sent->path, sent->size))) {
        return ERR_OK;
    }
    must(path.size <= sizeof sent->path);
    TRY(disk_real_path(op, session->node->world_disk, path, &real));
    TRY(descriptor_open(op, AT_FDCWD, real, &fd));
    enum err err = channel_post(op, &session->watch.channel, (uint8_t)type, SPAN(""), fd);
    session->watch_lost = session->watch_lost || err == ERR_ABSENT;
    close(fd);
    TRY(err);
    span_copy(sent->path, sizeof sent->path, path);
    sent->size = path.size;
    return ERR_OK;
}

static enum err images_send(struct op *op, struct session *session)
{
    struct span path;
    TRY(node_allowed(op, session->node, &path));
    TRY(image_send(op, session, &session->allowed, WATCH_MESSAGE_ALLOWED, path));
    TRY(node_index(op, session->node, &path));
    return image_send(op, session, &session->image, WATCH_MESSAGE_IMAGE, path);
}

/* The memory for that goes back
 * each time: under a watch that runs for months, indicators are replaced many thousand times. */
enum err session_images_send(struct session *session)
{
    struct op work;
    op_begin(&work, &session->op->actor, IMAGE_MEMORY_MAX);
    enum err err = images_send(&work, session);
    if (err != ERR_OK) {
        err = op_fail(session->op, err, "%s", work.fault.text);
    }
    op_end(&work);
    return err;
}

/* ---- waiting ---- */

/* A caller may have changed the indicators. */
static enum err on_served(void *context)
{
    struct session *session = context;
    if (session->watch.pid == 0) {
        return ERR_OK;
    }
    session_look_again(session);
    return session_images_send(session);
}

static enum err on_callers(void *context, unsigned events)
{
    struct session *session = context;
    (void)events;
    return remote_server_serve(session->op, session->server);
}

static enum err server_start(struct session *session)
{
    const struct remote_listener listener = { .served = on_served, .context = session };
    TRY(remote_server_open(session->op, session->node, &listener, &session->server));
    session->server_entry = (struct loop_entry){
        .fd = remote_server_fd(session->server),
        .events = LOOP_IN,
        .ready = on_callers,
        .context = session,
    };
    return loop_add(session->op, session->loop, &session->server_entry);
}

/* It is heard in session_wait(): here it only wakes the loop. */
static enum err on_outputs(void *context, unsigned events)
{
    (void)context;
    (void)events;
    return ERR_OK;
}

static void outputs_forget(struct session *session)
{
    if (session->outputs_waited) {
        loop_remove(session->loop, &session->outputs_entry);
        session->outputs_waited = false;
    }
}

/* Let the outputs do what they can now; the fetch process may be another one after that, which has
 * another descriptor. */
static enum err outputs_turn(struct session *session)
{
    outputs_pump(session->outputs);
    int fd = outputs_fd(session->outputs);
    if (session->outputs_waited && session->outputs_entry.fd == fd) {
        return ERR_OK;
    }
    outputs_forget(session);
    if (fd == OUTPUTS_NO_FD) {
        return ERR_OK;
    }
    session->outputs_entry = (struct loop_entry){
        .fd = fd,
        .events = LOOP_IN,
        .ready = on_outputs,
        .context = session,
    };
    TRY(loop_add(session->op, session->loop, &session->outputs_entry));
    session->outputs_waited = true;
    return ERR_OK;
}

static int shorter_ms(int64_t left_us, int timeout_ms)
{
    int64_t left_ms = left_us <= 0 ? 0 : (left_us + US_PER_MS - 1) / US_PER_MS;
    return left_ms < timeout_ms ? (int)left_ms : timeout_ms;
}

/* The service manager ends a process that it does not hear of, and starts it again. */
void session_tell_alive(struct session *session)
{
    int64_t now_us = os_monotonic_us();
    int64_t limit_us = service_watchdog_us();
    if (limit_us > 0 && now_us - session->alive_told_us >= limit_us / ALIVE_SHARE) {
        session->alive_told_us = now_us;
        (void)service_tell("WATCHDOG=1");
    }
}

static enum err watch_await(struct session *session)
{
    if (session->watch.pid == 0) {
        return ERR_OK;
    }
    unsigned events = session_history_overrun(session) ? 0 : LOOP_IN;
    events |= channel_waiting(&session->watch.channel) > 0 ? LOOP_OUT : 0;
    return loop_change(session->op, session->loop, &session->watch_entry, events);
}

enum err session_wait(struct session *session, int timeout_ms)
{
    TRY(op_check(session->op));
    session->options.on_wait(session);
    session_tell_alive(session);
    TRY(watch_await(session));
    int64_t commit_us = session_commit_due_us(session);
    int64_t history_us = session_history_due_us(session);
    int64_t left_us = (commit_us < history_us ? commit_us : history_us) - os_monotonic_us();
    timeout_ms = timeout_ms < PROGRESS_EVERY_MS ? timeout_ms : PROGRESS_EVERY_MS;
    TRY(loop_wait(session->op, session->loop, shorter_ms(left_us, timeout_ms)));
    TRY(session_commit_when_due(session)); /* also where nothing comes any more */
    TRY(outputs_turn(session));
    session_web_turn(session);
    TRY(session_history_turn(session));
    return session_close_when_due(session);
}

/* Between two runs of one command another command may have taken the lock; and a run that begins
 * may find one that is about to end, such as one whose writer was killed under it. */
static enum err store_open_for_run(struct session *session)
{
    struct op *op = session->op;
    int64_t patience_s = session->options.patient ? PATIENCE_S : PATIENCE_FIRST_S;
    int64_t until_us = os_monotonic_us() + patience_s * US_PER_S;
    enum err err = node_open_store(op, session->node, true);
    while (err == ERR_AGAIN && os_monotonic_us() < until_us) {
        op_fault_clear(op);
        TRY(loop_wait(op, session->loop, PROGRESS_EVERY_MS));
        TRY(op_check(op));
        err = node_open_store(op, session->node, true);
    }
    return err;
}

static void tell_output(void *context, const char *text)
{
    struct session *session = context;
    char line[2 * FAULT_TEXT_SIZE];
    snprintf(line, sizeof line, "linie watch: %s", text);
    session_tell_text(session, line);
}

enum err session_begin(struct session *session, struct invocation *invocation,
                       const struct session_options *options)
{
    *session = (struct session){
        .invocation = invocation,
        .op = invocation->op,
        .node = invocation->node,
        .options = *options,
        .begun_us = os_clock_us(),
        .started_us = os_monotonic_us(),
        .line_us = TIME_US_NONE,
        .committed_us = os_monotonic_us(),
        .closed_us = os_monotonic_us(),
    };
    op_begin(&session->batch, &invocation->op->actor, SESSION_BATCH_MEMORY_MAX);
    op_begin(&session->scratch, &invocation->op->actor, SESSION_BATCH_MEMORY_MAX);
    buf_init(&session->seen, HISTORY_RECORD_SIZE_MAX);
    TRY(loop_new(session->op, &session->loop));
    session->node->roles = invocation->roles;
    TRY(session_watch_start(session));
    memory_give_back_early(); /* of the store: the watch has started */
    if (session->node->store == NULL) {
        TRY(store_open_for_run(session));
    }
    session->node->session = session;
    TRY(session_history_begin(session));
    TRY(server_start(session));
    session_web_begin(session);
    if (!session->options.again) {
        outputs_prepare(session->op, session->node, tell_output, session);
    }
    /* Before anything comes from outside. */
    TRY(roles_jail_store(session->op, invocation->roles, session->node));
    if (!session->options.again) {
        TRY(outputs_open(session->op, session->node, &session->outputs));
        session->node->outputs = session->outputs;
    }
    TRY(session_images_send(session));
    return session_look_back(session);
}

/* ---- the end ---- */

/* With an op of its own: the fault of the run, if it has one, is still to be told. */
static void callers_finish(struct session *session)
{
    struct op op;
    if (session->server == NULL) {
        return;
    }
    op_begin(&op, &session->op->actor, SESSION_WATCH_MEMORY_MAX);
    enum err err = remote_server_finish(&op, session->server);
    (void)err; /* who was not served sees the connection end */
    op_end(&op);
}

enum err session_end(struct session *session)
{
    enum err err = ERR_OK;
    enum err dropped = session_on_chunk_end(session, false);
    must(dropped == ERR_OK);
    if (session->node->store != NULL && session->server != NULL) {
        err = session_commit(session);
    }
    bool faultless = err == ERR_OK && session->op->fault.err == ERR_OK;
    if (faultless && session->look_us != 0) {
        err = session_look_back(session);
    }
    if (faultless && !session->goes_on && session->server != NULL) {
        err = session_close_at_end(session);
    }
    const atomic_bool *cancel = session->op->cancel;
    bool was_stopped = session->goes_on || (cancel != NULL && atomic_load(cancel));
    if (err == ERR_CANCELLED) { /* the next run closes them */
        op_fault_clear(session->op);
        err = ERR_OK;
    }
    enum err stopped = session_watch_stop(session);
    callers_finish(session);
    if (session->server != NULL) {
        loop_remove(session->loop, &session->server_entry);
    }
    session_web_end(session);
    outputs_forget(session);
    outputs_close(session->outputs, was_stopped ? OUTPUTS_STOPPED_WAIT_MS : OUTPUTS_END_WAIT_MS);
    session->outputs = NULL;
    session->node->outputs = NULL;
    session->node->session = NULL;
    session->node->roles = NULL;
    remote_server_close(session->server);
    session->server = NULL;
    session_inputs_free(session);
    loop_free(session->loop);
    past_close(session->node);
    buf_done(&session->seen);
    op_end(&session->batch);
    op_end(&session->scratch);
    fold_seen_done(&session->shown);
    return err != ERR_OK ? err : stopped;
}
