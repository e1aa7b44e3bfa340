// SPDX-License-Identifier: EUPL-1.2
#include "node/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "base/wire.h"
#include "crypt/digest.h"
#include "node/print.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/sandbox.h"

enum {
    COMMIT_EVERY_MS = 500,
    PROGRESS_EVERY_MS = 100,
    BATCH_FOLDS_MAX = 1000, /* a fold takes some 9 kB on its way into the journal (measured) */
    BATCH_MEMORY_MAX = 512 * 1024 * 1024,
    WATCH_MEMORY_MAX = 64 * 1024 * 1024,
    IMAGE_MEMORY_MAX = 0x7FFFFFFF, /* while an index is made; it is large where the sets are */
    HOST_NAME_SIZE = 256,
    WATCH_FAILED = 70,    /* exit code of a watch process that gave up; EX_SOFTWARE */
    FOLD_GRACE_HOURS = 1, /* a fold is closed this long after its hour, by the time of the lines */
};

/* Counted among the reasons of watch_count_name(). */
#define BROKEN_ARCHIVE SPAN("broken-archive")

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
    op_begin(&op, &nobody, WATCH_MEMORY_MAX);
    (void)signal(SIGINT, SIG_IGN); /* the store says when to stop */
    (void)signal(SIGTERM, SIG_IGN);
    /* It may be waiting for a pipe for ever: when the store goes, so does the watch. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != setup->store) {
        _exit(WATCH_FAILED);
    }
    enum err err = sandbox_close_others(&op, &store->fd, 1);
    if (err == ERR_OK) {
        err = sandbox_enter(&op, &landlock);
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

static enum err send(struct session *session, enum watch_message_type type, struct span body,
                     int file)
{
    return channel_send(session->op, &session->watch, (uint8_t)type, body, file);
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
        .latest_us = TIME_US_NONE,
        .started_us = os_monotonic_us(),
        .committed_us = os_monotonic_us(),
    };
    op_begin(&session->batch, &invocation->op->actor, BATCH_MEMORY_MAX);
    TRY(watch_start(session));
    TRY(node_open_store(session->op, session->node, true));
    TRY(remote_server_open(session->op, session->node, &session->server));
    return send_image(session);
}

/* ---- counting ---- */

static void batch_clear(struct session *session)
{
    arena_reset(&session->batch.arena);
    session->folds = NULL;
    session->fold_count = 0;
    session->whole_count = 0;
    session->fold_room = 0;
    /* The present input's state goes on into the next batch. */
    struct store_input present = { 0 };
    bool has_present = session->state != NULL;
    if (has_present) {
        present = *session->state;
    }
    session->input_count = has_present ? 1 : 0;
    session->inputs[0] = present;
    session->state = has_present ? &session->inputs[0] : NULL;
}

static void on_fold_opened(void *context, const struct fold *fold)
{
    struct session *session = context;
    session->totals.folds_opened++;
    session->options.on_fold(session, fold);
}

static enum err batch_commit(struct session *session, int64_t close_before_us)
{
    struct op work;
    const struct store_batch batch = {
        .inputs = session->inputs,
        .input_count = session->changed ? session->input_count : 0,
        .folds = session->folds,
        .fold_count = session->whole_count,
        .close_before_us = close_before_us,
    };
    op_begin(&work, &session->op->actor, BATCH_MEMORY_MAX);
    enum err err = ERR_OK;
    if (!session->options.again) {
        err = store_batch_add(&work, session->node->store, &batch, on_fold_opened, session);
    }
    if (err != ERR_OK) {
        err = op_fail(session->op, err, "%s", work.fault.text);
    }
    op_end(&work);
    TRY(err);
    batch_clear(session);
    session->changed = false;
    session->committed_us = os_monotonic_us();
    return ERR_OK;
}

static int64_t close_before(const struct session *session)
{
    return session->latest_us == TIME_US_NONE
               ? TIME_US_MIN
               : session->latest_us - FOLD_GRACE_HOURS * FOLD_HOUR_US;
}

/* Batches are cut between chunks only, so that positions and folds fit together. */
static enum err batch_commit_when_due(struct session *session)
{
    if (!session->changed || session->fold_count != session->whole_count) {
        return ERR_OK;
    }
    int64_t age_us = os_monotonic_us() - session->committed_us;
    bool due = age_us >= (int64_t)COMMIT_EVERY_MS * US_PER_MS ||
               session->fold_count >= BATCH_FOLDS_MAX ||
               session->input_count == SESSION_BATCH_INPUTS_MAX;
    return due ? batch_commit(session, close_before(session)) : ERR_OK;
}

static enum err fold_keep(struct session *session, const struct fold *fold)
{
    if (session->fold_count == session->fold_room) {
        size_t room = session->fold_room == 0 ? 256 : 2 * session->fold_room;
        struct fold *folds = op_alloc(&session->batch, room * sizeof *folds);
        if (folds == NULL) {
            return op_fail(session->op, ERR_LIMIT, "out of memory for what was found");
        }
        span_copy(folds, room * sizeof *folds,
                  span_make(session->folds, session->fold_count * sizeof *folds));
        session->folds = folds;
        session->fold_room = room;
    }
    session->folds[session->fold_count] = *fold;
    session->fold_count++;
    session->totals.hits += fold->count;
    return ERR_OK;
}

static enum err on_folds(struct session *session, struct span body)
{
    struct span copy; /* the message goes, the batch stays */
    if (arena_copy(&session->batch.arena, body, &copy) != ERR_OK) {
        return op_fail(session->op, ERR_LIMIT, "out of memory for what was found");
    }
    struct wire_reader r = wire_reader_of(copy);
    while (r.rest.size > 0) {
        struct fold fold;
        fold_wire_read(&r, &fold);
        if (r.err != ERR_OK) {
            return op_fail(session->op, ERR_FORMAT, "the watch process sent what is no fold");
        }
        TRY(fold_keep(session, &fold));
        if (session->options.again) {
            on_fold_opened(session, &fold);
        }
    }
    return ERR_OK;
}

static void count_fault(struct store_input *state, struct span reason, uint64_t count)
{
    size_t at = 0;
    while (at < state->fault_count && !span_equal(state->faults[at].reason, reason)) {
        at++;
    }
    if (count == 0 || at == STORE_FAULT_COUNT_MAX) {
        return;
    }
    if (at == state->fault_count) {
        state->faults[at] = (struct store_fault_count){ .reason = reason };
        state->fault_count++;
    }
    state->faults[at].count += count;
}

static void count_faults(struct store_input *state, const uint64_t *counts)
{
    for (unsigned i = 0; i < WATCH_COUNT_COUNT; i++) {
        count_fault(state, span_of(watch_count_name(i)), counts[i]);
    }
}

static enum err on_chunk(struct session *session, struct span body)
{
    struct watch_message_chunk chunk;
    struct session_totals *totals = &session->totals;
    if (watch_message_read_chunk(body, &chunk) != ERR_OK) {
        return op_fail(session->op, ERR_FORMAT, "the watch process sent what is no chunk");
    }
    totals->lines += chunk.lines;
    totals->observations += chunk.observations;
    for (unsigned i = 0; i < WATCH_COUNT_COUNT; i++) {
        totals->counts[i] += chunk.counts[i];
    }
    session->whole_count = session->fold_count;
    session->changed = true;
    session->waiting = chunk.waiting;
    session->input_bytes = chunk.bytes_read;
    if (chunk.latest_us > session->latest_us) {
        session->latest_us = chunk.latest_us;
    }
    struct store_input *state = session->state;
    if (state != NULL) {
        state->position = chunk.end;
        state->lines += chunk.lines;
        state->observations += chunk.observations;
        count_faults(state, chunk.counts);
    }
    return batch_commit_when_due(session);
}

/* ---- waiting ---- */

static enum err serve_callers(struct session *session)
{
    TRY(remote_server_serve(session->op, session->server));
    return send_image(session); /* a caller may have changed the indicators */
}

/* Wait for the watch; serve callers and show progress meanwhile. */
static enum err wait_for_watch(struct session *session, struct channel_message *ret)
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
        };
        int ready = poll(fds, sizeof fds / sizeof fds[0], PROGRESS_EVERY_MS);
        if (ready < 0 && errno != EINTR) {
            return op_fail(session->op, ERR_IO, "cannot wait: %s", strerror(errno));
        }
        if (ready > 0 && fds[1].revents != 0) {
            TRY(serve_callers(session));
        }
        TRY(batch_commit_when_due(session)); /* also where the watch waits for a pipe */
    }
}

/* A named pipe that nobody writes to yet must not keep callers waiting. */
static enum err wait_for_writer(struct session *session, int fd)
{
    for (;;) {
        TRY(op_check(session->op));
        session->options.on_wait(session);
        struct pollfd fds[] = {
            { .fd = fd, .events = POLLIN },
            { .fd = remote_server_fd(session->server), .events = POLLIN },
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
        TRY(batch_commit_when_due(session));
    }
}

/* ---- one input ---- */

static void tell_text(struct session *session, const char *text)
{
    struct invocation on_err = *session->invocation;
    if (session->invocation->progress) {
        fputs("\r\033[K", on_err.err);
    }
    on_err.out = on_err.err;
    print_text(&on_err, span_of(text), 0);
    fputc('\n', on_err.err);
}

static void tell(struct session *session, const char *what)
{
    struct buf text;
    buf_init(&text, DISK_PATH_SIZE_MAX + 4 * FAULT_TEXT_SIZE);
    bool standard_input = span_equal(session->input->path, SPAN("-"));
    buf_add(&text, standard_input ? SPAN("stdin") : session->input->path);
    buf_add_format(&text, ": %s", what);
    buf_add_byte(&text, '\0');
    tell_text(session, text.err == ERR_OK ? (const char *)text.data : what);
    buf_done(&text);
}

static enum err send_open(struct session *session, int fd)
{
    struct buf body;
    const struct input_named *input = session->input;
    const struct watch_message_open open = {
        .format = input->format,
        .stream = observe_stream_from_path(input->path),
        .sensor = input->sensor,
    };
    buf_init(&body, 4 * WATCH_TEXT_SIZE_MAX);
    watch_message_add_open(&body, &open);
    enum err err = body.err == ERR_OK ? send(session, WATCH_MESSAGE_OPEN, buf_span(&body), fd)
                                      : op_fail(session->op, ERR_LIMIT, "a name is too long");
    buf_done(&body);
    return err;
}

static enum err send_start(struct session *session, uint64_t position)
{
    struct buf body;
    buf_init(&body, sizeof position);
    wire_add_u64(&body, position);
    enum err err = send(session, WATCH_MESSAGE_START, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
    return err;
}

/* A file that is named twice, or has two names: what was read of it a moment ago may still be
 * gathering in the batch, and must be known before it is begun again. */
static enum err commit_if_gathered(struct session *session, const struct stat *status)
{
    for (size_t i = 0; i < session->input_count; i++) {
        const struct store_input_id *id = &session->inputs[i].id;
        if (id->device == status->st_dev && id->inode == status->st_ino) {
            return batch_commit(session, close_before(session));
        }
    }
    return ERR_OK;
}

/* What was wrong with the file as it was then; it is looked at anew. */
static void forget_fault(struct store_input *state, struct span reason)
{
    for (size_t i = 0; i < state->fault_count; i++) {
        if (span_equal(state->faults[i].reason, reason)) {
            state->fault_count--;
            state->faults[i] = state->faults[state->fault_count];
            return;
        }
    }
}

/* An input of which nothing could be used was perhaps read in a wrong format: it begins anew, and
 * nothing is counted twice by that. */
static void forget_if_useless(struct store_input *state, struct span format)
{
    bool useless = state->position > 0 && state->observations == 0;
    if (useless && !span_equal(state->format, format)) {
        *state = (struct store_input){ .id = state->id };
    }
}

/* What is known of an input when it begins: where an earlier run stopped, or that it is new. */
static enum err state_begin(struct session *session, const struct stat *status,
                            const struct watch_message_begun *begun)
{
    struct store_input state = { 0 };
    bool regular = S_ISREG(status->st_mode);
    enum err err = ERR_ABSENT;
    TRY(commit_if_gathered(session, status));
    if (regular) {
        err = store_input_find(session->op, session->node->store, status->st_dev, status->st_ino,
                               begun->start, &state);
    }
    if (err != ERR_OK && err != ERR_ABSENT) {
        return err;
    }
    if (err == ERR_ABSENT) {
        state.id.digest_size = (uint32_t)begun->start.size;
        digest_sha256(begun->start, state.id.digest);
        state.id.device = regular ? status->st_dev : 0;
        /* A pipe cannot be known again: each run of one counts as an input of its own. */
        state.id.inode = regular ? status->st_ino : (uint64_t)os_clock_us();
    }
    forget_if_useless(&state, span_of(observe_format_name(begun->format)));
    forget_fault(&state, BROKEN_ARCHIVE);
    bool nothing_new = regular && state.ended && state.bytes_size == (uint64_t)status->st_size;
    state.ended = nothing_new;
    state.path = session->input->path;
    state.format = span_of(observe_format_name(begun->format));
    state.sensor = session->input->sensor;
    state.bytes_size = regular ? (uint64_t)status->st_size : 0;
    session->state = &session->inputs[session->input_count];
    *session->state = state;
    session->input_count++;
    return ERR_OK;
}

static enum err drop(struct session *session, const char *why)
{
    session->state = NULL;
    if (why != NULL) {
        tell(session, why);
    }
    return send(session, WATCH_MESSAGE_DROP, SPAN(""), CHANNEL_NO_FILE);
}

static enum err on_begun(struct session *session, const struct stat *status,
                         const struct watch_message_begun *begun, bool *ret_reading)
{
    char text[128];
    *ret_reading = false;
    if (begun->start.size == 0) {
        return drop(session, NULL); /* an empty file */
    }
    if (begun->format == OBSERVE_FORMAT_AUTO) {
        session->totals.inputs_strange++;
        return drop(session, "not read: its format is not known (--format names it)");
    }
    if (session->options.again) {
        *ret_reading = true;
        session->totals.inputs++;
        return send_start(session, 0);
    }
    TRY(state_begin(session, status, begun));
    if (session->state->ended) {
        session->totals.inputs_known++;
        session->input_count--;
        char lines[64];
        snprintf(text, sizeof text, "skipped: read before, %s",
                 print_counted(session->state->lines, "line", "lines", lines, sizeof lines));
        return drop(session, session->options.quiet ? NULL : text);
    }
    if (session->state->position > 0) {
        snprintf(text, sizeof text, "goes on at byte %llu",
                 (unsigned long long)session->state->position);
        tell(session, text);
    }
    *ret_reading = true;
    session->totals.inputs++;
    return send_start(session, session->state->position);
}

static enum err on_ended(struct session *session, struct span body)
{
    struct watch_message_ended ended;
    char text[FAULT_TEXT_SIZE];
    if (watch_message_read_ended(body, &ended) != ERR_OK) {
        return op_fail(session->op, ERR_FORMAT, "the watch process sent what is no end");
    }
    if (session->state != NULL) {
        session->state->ended = ended.err == ERR_OK;
        session->changed = true;
    }
    if (ended.fault.size > 0) {
        if (session->state != NULL) {
            count_fault(session->state, BROKEN_ARCHIVE, ended.err == ERR_OK ? 1 : 0);
        }
        snprintf(text, sizeof text, "%s: %.*s",
                 ended.err == ERR_OK ? "read as far as it goes" : "not read to its end",
                 SPAN_FMT(ended.fault));
        tell(session, text);
        session->totals.inputs_failed++;
    }
    if (ended.err == ERR_OK && session->waiting > 0) {
        snprintf(text, sizeof text, "its last line has no end yet: %llu %s left for the next run",
                 (unsigned long long)session->waiting,
                 session->waiting == 1 ? "byte is" : "bytes are");
        tell(session, text);
    }
    session->fold_count = session->whole_count; /* of a chunk that failed, nothing counts */
    session->state = NULL;                      /* it stays in the batch */
    return ERR_OK;
}

/* Until the watch says that the input has ended. */
static enum err read_through(struct session *session, const struct stat *status)
{
    bool reading = true;
    while (reading) {
        struct channel_message message;
        struct watch_message_begun begun;
        TRY(wait_for_watch(session, &message));
        switch (message.type) {
        case WATCH_MESSAGE_BEGUN:
            if (watch_message_read_begun(message.body, &begun) != ERR_OK) {
                return op_fail(session->op, ERR_FORMAT, "the watch process sent what is no input");
            }
            TRY(on_begun(session, status, &begun, &reading));
            break;
        case WATCH_MESSAGE_FOLDS:
            TRY(on_folds(session, message.body));
            break;
        case WATCH_MESSAGE_CHUNK:
            TRY(on_chunk(session, message.body));
            break;
        case WATCH_MESSAGE_ENDED:
            TRY(on_ended(session, message.body));
            reading = false;
            break;
        default:
            return op_fail(session->op, ERR_FORMAT, "the watch process said what is not agreed");
        }
    }
    return ERR_OK;
}

enum err session_read(struct session *session, int folder, const struct input_named *input)
{
    struct stat status;
    int fd = session->invocation->in;
    bool standard_input = span_equal(input->path, SPAN("-"));
    session->input = input;
    session->state = NULL;
    session->input_bytes = 0;
    session->waiting = 0;
    if (!standard_input && descriptor_open(session->op, folder, input->path, &fd) != ERR_OK) {
        tell_text(session, session->op->fault.text); /* it names the path */
        op_fault_clear(session->op);
        session->totals.inputs_failed++;
        return ERR_OK;
    }
    enum err err = ERR_OK;
    if (fstat(fd, &status) != 0) {
        err = op_fail(session->op, ERR_IO, "cannot look at an input: %s", strerror(errno));
    }
    if (err == ERR_OK && S_ISFIFO(status.st_mode)) {
        err = wait_for_writer(session, fd);
    }
    if (err == ERR_OK) {
        err = send_open(session, fd);
    }
    if (!standard_input) {
        close(fd);
    }
    TRY(err);
    session->reading = true;
    TRY(read_through(session, &status));
    session->reading = false;
    session->bytes_done += session->input_bytes;
    session->totals.bytes += session->input_bytes;
    return batch_commit_when_due(session);
}

/* ---- the end ---- */

static void watch_ask_to_quit(struct session *session)
{
    struct op quiet;
    op_begin(&quiet, &session->op->actor, WATCH_MEMORY_MAX);
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
    op_begin(&op, &session->op->actor, WATCH_MEMORY_MAX);
    enum err err = remote_server_finish(&op, session->server);
    (void)err; /* who was not served sees the connection end */
    op_end(&op);
}

enum err session_end(struct session *session)
{
    enum err err = ERR_OK;
    session->state = NULL;
    if (session->node->store != NULL && session->server != NULL) {
        err = batch_commit(session, TIME_US_MAX);
    }
    enum err stopped = watch_stop(session);
    callers_finish(session);
    remote_server_close(session->server);
    session->server = NULL;
    op_end(&session->batch);
    return err != ERR_OK ? err : stopped;
}
