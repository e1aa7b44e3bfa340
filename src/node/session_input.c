// SPDX-License-Identifier: EUPL-1.2
/*
 * One input of a run: whether it is known, where reading goes on, and what the watch says of it.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/print.h"
#include "node/session_inner.h"
#include "os/clock.h"
#include "os/descriptor.h"

/* Counted among the reasons of watch_count_name(). */
#define BROKEN_ARCHIVE SPAN("broken-archive")

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

/* The present input was read on. Its first bytes become part of the mark as they are counted. */
static void state_move(struct session *session, const struct watch_message_chunk *chunk)
{
    struct store_input *state = session->state;
    state->position = chunk->end;
    state->lines += chunk->lines;
    state->observations += chunk->observations;
    state->line = chunk->line;
    count_faults(state, chunk->counts);
    uint32_t head_size = state->mark.head_size;
    uint8_t head[MARK_DIGEST_SIZE];
    span_copy(head, sizeof head, span_make(state->mark.head, sizeof head));
    state->mark = chunk->mark;
    size_t counted =
        state->position < session->start_size ? (size_t)state->position : session->start_size;
    if (counted > head_size) {
        mark_set_head(&state->mark, span_make(session->start, counted));
    } else {
        state->mark.head_size = head_size;
        span_copy(state->mark.head, sizeof state->mark.head, span_make(head, sizeof head));
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
    session->waiting = chunk.line.waiting;
    session->input_bytes = chunk.bytes_read;
    if (session->state != NULL) {
        state_move(session, &chunk);
    }
    return session_commit_when_due(session);
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
        .mark = session->known.mark,
    };
    buf_init(&body, 4 * WATCH_TEXT_SIZE_MAX);
    watch_message_add_open(&body, &open);
    enum err err = body.err == ERR_OK
                       ? session_send(session, WATCH_MESSAGE_OPEN, buf_span(&body), fd)
                       : op_fail(session->op, ERR_LIMIT, "a name is too long");
    buf_done(&body);
    return err;
}

static enum err send_start(struct session *session, const struct store_input *state)
{
    enum { START_SIZE_MAX = 128 };
    struct buf body;
    const struct watch_begin begin = {
        .position = state->position,
        .line = state->line,
        .last_counts = session->options.again, /* nothing is counted: what is there is looked at */
    };
    buf_init(&body, START_SIZE_MAX);
    watch_message_add_start(&body, &begin);
    enum err err =
        body.err == ERR_OK
            ? session_send(session, WATCH_MESSAGE_START, buf_span(&body), CHANNEL_NO_FILE)
            : op_fail(session->op, ERR_LIMIT, "out of memory for a message");
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
            return session_commit(session);
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
        mark_init(&state->mark);
    }
}

/* A word that lives as long as the run: those of this version do, others are kept once. */
static struct span word_keep(struct session *session, struct span word)
{
    for (unsigned i = 0; i < WATCH_COUNT_COUNT; i++) {
        if (span_equal(word, span_of(watch_count_name(i)))) {
            return span_of(watch_count_name(i));
        }
    }
    for (size_t i = 0; i < session->word_count; i++) {
        if (span_equal(word, session->words[i])) {
            return session->words[i];
        }
    }
    struct span copy = SPAN("other");
    bool room = session->word_count < SESSION_WORD_COUNT_MAX;
    if (room && arena_copy(&session->op->arena, word, &copy) == ERR_OK) {
        session->words[session->word_count] = copy;
        session->word_count++;
    }
    return copy;
}

/* What was last read from a file; its mark goes to the watch, which tells whether it fits. */
static enum err known_find(struct session *session, const struct stat *status)
{
    struct store_input *known = &session->known;
    *known = (struct store_input){ .id.number = 0 };
    mark_init(&known->mark);
    if (!S_ISREG(status->st_mode) || session->options.again) {
        return ERR_OK;
    }
    TRY(commit_if_gathered(session, status));
    enum err err = store_input_find(&session->scratch, session->node->store, status->st_dev,
                                    status->st_ino, known);
    for (size_t i = 0; i < known->fault_count; i++) {
        known->faults[i].reason = word_keep(session, known->faults[i].reason);
    }
    bool rewritten_here = span_equal(known->path, session->input->path);
    known->path = rewritten_here ? session->input->path : SPAN("");
    known->format = word_keep(session, known->format);
    known->sensor = SPAN("");
    return session_scratch_end(session, err == ERR_ABSENT ? ERR_OK : err);
}

/* Few bytes say little: a file of which fewer than a mark covers were read must also have been made
 * at the same moment, where the file system tells. */
static bool is_known(const struct session *session, const struct watch_message_begun *begun)
{
    const struct store_input *known = &session->known;
    bool made_then = known->id.made_us == session->made_us || known->id.made_us == TIME_US_NONE ||
                     session->made_us == TIME_US_NONE;
    return known->id.number != 0 && begun->known && (made_then || known->position >= MARK_SIZE);
}

/* The file stands where one stood that was read, and holds something else: truncated and written
 * anew (copytruncate), or a file that was made in the place of one that is gone. */
static void rewritten_tell(struct session *session)
{
    if (session->known.position == 0 || session->known.path.size == 0) {
        return;
    }
    session->totals.inputs_rewritten++;
    tell(session, "holds something else than was read before: read from its start");
}

/* What is known of an input when it begins: where an earlier run stopped, or that it is new. */
static void state_begin(struct session *session, const struct stat *status,
                        const struct watch_message_begun *begun)
{
    struct store_input state = { .id.number = 0 };
    struct span format = span_of(observe_format_name(begun->format));
    bool regular = S_ISREG(status->st_mode);
    if (is_known(session, begun)) {
        state = session->known;
    } else {
        mark_init(&state.mark);
        state.id.device = regular ? status->st_dev : 0;
        /* A pipe cannot be known again: each run of one counts as an input of its own. */
        state.id.inode = regular ? status->st_ino : (uint64_t)os_clock_us();
        state.id.made_us = session->made_us;
        rewritten_tell(session);
    }
    forget_if_useless(&state, format);
    forget_fault(&state, BROKEN_ARCHIVE);
    bool nothing_new = regular && state.ended && state.line.waiting == 0 &&
                       state.bytes_size == (uint64_t)status->st_size;
    state.ended = nothing_new;
    state.path = session->input->path;
    state.format = format;
    state.sensor = session->input->sensor;
    state.bytes_size = regular ? (uint64_t)status->st_size : 0;
    session->state = &session->inputs[session->input_count];
    *session->state = state;
    session->input_count++;
}

static enum err drop(struct session *session, const char *why)
{
    session->state = NULL;
    if (why != NULL) {
        tell(session, why);
    }
    return session_send(session, WATCH_MESSAGE_DROP, SPAN(""), CHANNEL_NO_FILE);
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
        return send_start(session, &session->known);
    }
    session->start_size = begun->start.size;
    span_copy(session->start, sizeof session->start, begun->start);
    state_begin(session, status, begun);
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
    return send_start(session, session->state);
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
        session->totals.inputs_waiting++;
        session->totals.waiting += session->waiting;
        snprintf(text, sizeof text,
                 "its last line has no end yet: %llu %s left for the next run, which counts it as "
                 "it is if nothing is added",
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
        TRY(session_wait(session, &message));
        switch (message.type) {
        case WATCH_MESSAGE_BEGUN:
            if (watch_message_read_begun(message.body, &begun) != ERR_OK) {
                return op_fail(session->op, ERR_FORMAT, "the watch process sent what is no input");
            }
            TRY(on_begun(session, status, &begun, &reading));
            break;
        case WATCH_MESSAGE_FOLDS:
            TRY(session_on_folds(session, message.body));
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

static enum err input_begin(struct session *session, int fd, struct stat *ret_status)
{
    if (fstat(fd, ret_status) != 0) {
        return op_fail(session->op, ERR_IO, "cannot look at an input: %s", strerror(errno));
    }
    if (S_ISFIFO(ret_status->st_mode)) {
        TRY(session_wait_for_writer(session, fd));
    }
    session->made_us = descriptor_made_us(fd);
    TRY(known_find(session, ret_status));
    return send_open(session, fd);
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
    if (!standard_input && descriptor_open(&session->scratch, folder, input->path, &fd) != ERR_OK) {
        tell_text(session, session->scratch.fault.text); /* it names the path */
        session->totals.inputs_failed++;
        return session_scratch_end(session, ERR_OK);
    }
    enum err err = input_begin(session, fd, &status);
    if (!standard_input) {
        close(fd);
    }
    TRY(err);
    session->reading = true;
    TRY(read_through(session, &status));
    session->reading = false;
    session->bytes_done += session->input_bytes;
    session->totals.bytes += session->input_bytes;
    return session_commit_when_due(session);
}
