// SPDX-License-Identifier: EUPL-1.2
#include "node/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "node/allowed.h"
#include "node/session_inner.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/sandbox.h"

enum {
    PROGRESS_EVERY_MS = 100,
    HEARD_MAX = 64,                /* messages of the watch, before others have their turn */
    IMAGE_MEMORY_MAX = 0x7FFFFFFF, /* while an index is made; it is large where the sets are */
    HOST_NAME_SIZE = 256,
    OUTPUTS_END_WAIT_MS = 10 * 1000,
    OUTPUTS_STOPPED_WAIT_MS = 2 * 1000, /* somebody asked to stop, and waits */
    WATCH_FAILED = 70,                  /* exit code of a watch process that gave up; EX_SOFTWARE */
};

/* ---- the watch process ---- */

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
    return err == ERR_AGAIN ? ERR_OK : err;
}

/* Started before the store is opened, so that it never holds a descriptor of the journal. */
static enum err watch_start(struct session *session)
{
    struct channel theirs;
    struct watch_setup *setup = op_alloc(session->op, sizeof *setup);
    if (setup == NULL) {
        return ERR_LIMIT;
    }
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
    session->watch_entry = (struct loop_entry){
        .fd = session->watch.fd,
        .events = LOOP_IN,
        .ready = on_watch,
        .context = session,
    };
    return loop_add(session->op, session->loop, &session->watch_entry);
}

enum err session_send(struct session *session, enum watch_message_type type, struct span body,
                      int file)
{
    return channel_post(session->op, &session->watch, (uint8_t)type, body, file);
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
    enum err err = channel_send(op, &session->watch, (uint8_t)type, SPAN(""), fd);
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

/* Give the watch the images that are right now, unless it has them. The memory for that goes back
 * each time: under a watch that runs for months, indicators are replaced many thousand times. */
static enum err send_images(struct session *session)
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
    return session->has_watch ? send_images(session) : ERR_OK;
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

enum err session_wait(struct session *session)
{
    bool sends = channel_waiting(&session->watch) > 0;
    TRY(op_check(session->op));
    session->options.on_wait(session);
    TRY(loop_change(session->op, session->loop, &session->watch_entry,
                    sends ? LOOP_IN | LOOP_OUT : LOOP_IN));
    TRY(loop_wait(session->op, session->loop, PROGRESS_EVERY_MS));
    TRY(session_commit_when_due(session)); /* also where the watch waits for a pipe */
    TRY(outputs_turn(session));
    return session_close_when_due(session);
}

enum err session_begin(struct session *session, struct invocation *invocation,
                       const struct session_options *options)
{
    *session = (struct session){
        .invocation = invocation,
        .op = invocation->op,
        .node = invocation->node,
        .options = *options,
        .started_us = os_monotonic_us(),
        .committed_us = os_monotonic_us(),
        .closed_us = os_monotonic_us(),
    };
    op_begin(&session->batch, &invocation->op->actor, SESSION_BATCH_MEMORY_MAX);
    op_begin(&session->scratch, &invocation->op->actor, SESSION_BATCH_MEMORY_MAX);
    TRY(loop_new(session->op, &session->loop));
    TRY(watch_start(session));
    memory_give_back_early(); /* of the store: the watch has started */
    TRY(node_open_store(session->op, session->node, true));
    TRY(server_start(session));
    if (!session->options.again) {
        TRY(outputs_open(session->op, session->node, &session->outputs));
        session->node->outputs = session->outputs;
    }
    return send_images(session);
}

/* ---- the end ---- */

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
static enum err watch_stop(struct session *session)
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
    session_on_folds_end(session, false);
    if (session->node->store != NULL && session->server != NULL) {
        err = session_commit(session);
    }
    bool faultless = err == ERR_OK && session->op->fault.err == ERR_OK;
    if (faultless && session->server != NULL) {
        err = session_close_at_end(session);
    }
    const atomic_bool *cancel = session->op->cancel;
    bool was_stopped = cancel != NULL && atomic_load(cancel);
    if (err == ERR_CANCELLED) { /* the next run closes them */
        op_fault_clear(session->op);
        err = ERR_OK;
    }
    enum err stopped = watch_stop(session);
    callers_finish(session);
    if (session->server != NULL) {
        loop_remove(session->loop, &session->server_entry);
    }
    outputs_forget(session);
    outputs_close(session->outputs, was_stopped ? OUTPUTS_STOPPED_WAIT_MS : OUTPUTS_END_WAIT_MS);
    session->outputs = NULL;
    session->node->outputs = NULL;
    remote_server_close(session->server);
    session->server = NULL;
    session_inputs_free(session);
    loop_free(session->loop);
    op_end(&session->batch);
    op_end(&session->scratch);
    fold_seen_done(&session->shown);
    return err != ERR_OK ? err : stopped;
}
