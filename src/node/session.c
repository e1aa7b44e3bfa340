// SPDX-License-Identifier: EUPL-1.2
#include "node/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "node/session_inner.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/sandbox.h"

enum {
    PROGRESS_EVERY_MS = 100,
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
    return ERR_OK;
}

enum err session_send(struct session *session, enum watch_message_type type, struct span body,
                      int file)
{
    return channel_send(session->op, &session->watch, (uint8_t)type, body, file);
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

static enum err image_send(struct op *op, struct session *session)
{
    struct span path;
    struct span real;
    int fd = -1;
    TRY(node_index(op, session->node, &path));
    if (span_equal(path, span_make(session->image, session->image_size))) {
        return ERR_OK;
    }
    must(path.size <= sizeof session->image);
    TRY(disk_real_path(op, session->node->world_disk, path, &real));
    TRY(descriptor_open(op, AT_FDCWD, real, &fd));
    enum err err = channel_send(op, &session->watch, WATCH_MESSAGE_IMAGE, SPAN(""), fd);
    close(fd);
    TRY(err);
    span_copy(session->image, sizeof session->image, path);
    session->image_size = path.size;
    return ERR_OK;
}

/* Give the watch the index that is right now, unless it has it. The memory for that goes back each
 * time: under a watch that runs for months, indicators are replaced many thousand times. */
static enum err send_image(struct session *session)
{
    struct op work;
    op_begin(&work, &session->op->actor, IMAGE_MEMORY_MAX);
    enum err err = image_send(&work, session);
    if (err != ERR_OK) {
        err = op_fail(session->op, err, "%s", work.fault.text);
    }
    op_end(&work);
    return err;
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
    TRY(watch_start(session));
    memory_give_back_early(); /* of the store: the watch has started */
    TRY(node_open_store(session->op, session->node, true));
    TRY(remote_server_open(session->op, session->node, &session->server));
    if (!session->options.again) {
        TRY(outputs_open(session->op, session->node, &session->outputs));
        session->node->outputs = session->outputs;
    }
    return send_image(session);
}

/* ---- waiting ---- */

static enum err serve_callers(struct session *session)
{
    TRY(remote_server_serve(session->op, session->server));
    return send_image(session); /* a caller may have changed the indicators */
}

/* Wait for the watch; serve callers and show progress meanwhile. */
enum err session_wait(struct session *session, struct channel_message *ret)
{
    for (;;) {
        TRY(op_check(session->op));
        session->options.on_wait(session);
        enum err err = channel_receive(session->op, &session->watch, false, ret);
        if (err != ERR_AGAIN) {
            return err;
        }
        struct pollfd fds[] = {
            { .fd = session->watch.fd, .events = POLLIN },
            { .fd = remote_server_fd(session->server), .events = POLLIN },
            { .fd = outputs_fd(session->outputs), .events = POLLIN },
        };
        int ready = poll(fds, sizeof fds / sizeof fds[0], PROGRESS_EVERY_MS);
        if (ready < 0 && errno != EINTR) {
            return op_fail(session->op, ERR_IO, "cannot wait: %s", strerror(errno));
        }
        if (ready > 0 && fds[1].revents != 0) {
            TRY(serve_callers(session));
        }
        TRY(session_commit_when_due(session)); /* also where the watch waits for a pipe */
        outputs_pump(session->outputs);
        TRY(session_close_when_due(session));
    }
}

/* A named pipe that nobody writes to yet must not keep callers waiting. */
enum err session_wait_for_writer(struct session *session, int fd)
{
    for (;;) {
        TRY(op_check(session->op));
        session->options.on_wait(session);
        struct pollfd fds[] = {
            { .fd = fd, .events = POLLIN },
            { .fd = remote_server_fd(session->server), .events = POLLIN },
            { .fd = outputs_fd(session->outputs), .events = POLLIN },
        };
        int ready = poll(fds, sizeof fds / sizeof fds[0], PROGRESS_EVERY_MS);
        if (ready < 0 && errno != EINTR) {
            return op_fail(session->op, ERR_IO, "cannot wait: %s", strerror(errno));
        }
        if (ready > 0 && fds[0].revents != 0) {
            return ERR_OK;
        }
        if (ready > 0 && fds[1].revents != 0) {
            TRY(serve_callers(session));
        }
        TRY(session_commit_when_due(session));
        outputs_pump(session->outputs);
    }
}

/* ---- the end ---- */

static void watch_ask_to_quit(struct session *session)
{
    struct op quiet;
    op_begin(&quiet, &session->op->actor, SESSION_WATCH_MEMORY_MAX);
    enum err err =
        channel_send(&quiet, &session->watch, WATCH_MESSAGE_QUIT, SPAN(""), CHANNEL_NO_FILE);
    (void)err; /* it may have gone already: its exit code tells */
    op_end(&quiet);
}

/* A watch in the middle of an input may be waiting for a pipe; it holds nothing that could be lost.
 */
static enum err watch_stop(struct session *session)
{
    int status = 0;
    if (!session->has_watch) {
        return ERR_OK;
    }
    bool stopped = session->reading && kill(session->pid, SIGKILL) == 0;
    if (!stopped) {
        watch_ask_to_quit(session);
    }
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
    session->state = NULL;
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
    outputs_close(session->outputs, was_stopped ? OUTPUTS_STOPPED_WAIT_MS : OUTPUTS_END_WAIT_MS);
    session->outputs = NULL;
    session->node->outputs = NULL;
    remote_server_close(session->server);
    session->server = NULL;
    op_end(&session->batch);
    op_end(&session->scratch);
    fold_seen_done(&session->shown);
    return err != ERR_OK ? err : stopped;
}
