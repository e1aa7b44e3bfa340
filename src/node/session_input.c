// SPDX-License-Identifier: EUPL-1.2
/*
 * One input of a run: whether it is known, where reading goes on, and what the watch says of it.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
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

/* The input was read on. Its first bytes become part of the mark as they are counted. */
static void state_move(struct session_input *input, const struct watch_message_chunk *chunk)
{
    struct store_input *state = &input->state;
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
        state->position < input->start_size ? (size_t)state->position : input->start_size;
    if (counted > head_size) {
        mark_set_head(&state->mark, span_make(input->start, counted));
    } else {
        state->mark.head_size = head_size;
        span_copy(state->mark.head, sizeof state->mark.head, span_make(head, sizeof head));
    }
}

static enum err strange(struct session *session, const char *what)
{
    return op_fail(session->op, ERR_FORMAT, "the watch process sent what is no %s", what);
}

/* ---- telling people ---- */

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

static void tell(const struct session_input *input, const char *what)
{
    struct buf text;
    buf_init(&text, DISK_PATH_SIZE_MAX + 4 * FAULT_TEXT_SIZE);
    bool standard_input = span_equal(input->named->path, SPAN("-"));
    buf_add(&text, standard_input ? SPAN("stdin") : input->named->path);
    buf_add_format(&text, ": %s", what);
    buf_add_byte(&text, '\0');
    tell_text(input->session, text.err == ERR_OK ? (const char *)text.data : what);
    buf_done(&text);
}

/* ---- requests ---- */

static enum err send_open(struct session_input *input, int fd)
{
    struct buf body;
    struct session *session = input->session;
    const struct watch_message_open open = {
        .input = input->number,
        .format = input->named->format,
        .stream = observe_stream_from_path(input->named->path),
        .sensor = input->named->sensor,
        .mark = input->known.mark,
    };
    buf_init(&body, 4 * WATCH_TEXT_SIZE_MAX);
    watch_message_add_open(&body, &open);
    enum err err = body.err == ERR_OK
                       ? session_send(session, WATCH_MESSAGE_OPEN, buf_span(&body), fd)
                       : op_fail(session->op, ERR_LIMIT, "a name is too long");
    buf_done(&body);
    return err;
}

static enum err send_start(struct session_input *input, const struct store_input *state)
{
    enum { START_SIZE_MAX = 256 };
    struct buf body;
    struct session *session = input->session;
    const struct watch_message_start start = {
        .input = input->number,
        .begin = {
            .position = state->position,
            .line = state->line,
            /* Where nothing is counted, what is there is looked at. */
            .last_counts = session->options.again,
        },
    };
    buf_init(&body, START_SIZE_MAX);
    watch_message_add_start(&body, &start);
    enum err err =
        body.err == ERR_OK
            ? session_send(session, WATCH_MESSAGE_START, buf_span(&body), CHANNEL_NO_FILE)
            : op_fail(session->op, ERR_LIMIT, "out of memory for a message");
    buf_done(&body);
    input->phase = SESSION_READS;
    session->totals.inputs++;
    return err;
}

static enum err send_close(struct session_input *input)
{
    struct buf body;
    const struct watch_message_close close = { .input = input->number };
    buf_init(&body, sizeof close);
    watch_message_add_close(&body, &close);
    enum err err =
        session_send(input->session, WATCH_MESSAGE_CLOSE, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
    input->phase = SESSION_ENDED;
    return err;
}

/* ---- what is known of it ---- */

/* A file that is named twice, or has two names: what was read of it a moment ago may still be
 * gathering in the batch, and must be known before it is begun again. */
static enum err commit_if_gathered(const struct session_input *input)
{
    struct session *session = input->session;
    for (size_t i = 0; i < session->input_count; i++) {
        const struct session_input *other = session->inputs[i];
        const struct store_input_id *id = &other->state.id;
        if (other->changed && id->device == input->device && id->inode == input->inode) {
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
static enum err known_find(struct session_input *input)
{
    struct session *session = input->session;
    struct store_input *known = &input->known;
    mark_init(&known->mark);
    if (!input->regular || session->options.again) {
        return ERR_OK;
    }
    TRY(commit_if_gathered(input));
    enum err err = store_input_find(&session->scratch, session->node->store, input->device,
                                    input->inode, known);
    for (size_t i = 0; i < known->fault_count; i++) {
        known->faults[i].reason = word_keep(session, known->faults[i].reason);
    }
    bool rewritten_here = span_equal(known->path, input->named->path);
    known->path = rewritten_here ? input->named->path : SPAN("");
    known->format = word_keep(session, known->format);
    known->sensor = SPAN("");
    return session_scratch_end(session, err == ERR_ABSENT ? ERR_OK : err);
}

/* Few bytes say little: a file of which fewer than a mark covers were read must also have been made
 * at the same moment, where the file system tells. */
static bool is_known(const struct session_input *input, const struct watch_message_begun *begun)
{
    const struct store_input *known = &input->known;
    bool made_then = known->id.made_us == input->made_us || known->id.made_us == TIME_US_NONE ||
                     input->made_us == TIME_US_NONE;
    return known->id.number != 0 && begun->known && (made_then || known->position >= MARK_SIZE);
}

/* The file stands where one stood that was read, and holds something else: truncated and written
 * anew (copytruncate), or a file that was made in the place of one that is gone. */
static void rewritten_tell(struct session_input *input)
{
    if (input->known.position == 0 || input->known.path.size == 0) {
        return;
    }
    input->session->totals.inputs_rewritten++;
    tell(input, "holds something else than was read before: read from its start");
}

/* What is known of an input when it begins: where an earlier run stopped, or that it is new. */
static void state_begin(struct session_input *input, const struct watch_message_begun *begun)
{
    struct store_input state = { .id.number = 0 };
    struct span format = span_of(observe_format_name(begun->format));
    if (is_known(input, begun)) {
        state = input->known;
    } else {
        mark_init(&state.mark);
        state.id.device = input->regular ? input->device : 0;
        /* A pipe cannot be known again: each run of one counts as an input of its own. */
        state.id.inode = input->regular ? input->inode : (uint64_t)os_clock_us();
        state.id.made_us = input->made_us;
        rewritten_tell(input);
    }
    forget_if_useless(&state, format);
    forget_fault(&state, BROKEN_ARCHIVE);
    bool nothing_new =
        input->regular && state.ended && state.line.waiting == 0 && state.bytes_size == input->size;
    state.ended = nothing_new;
    state.path = input->named->path;
    state.format = format;
    state.sensor = input->named->sensor;
    state.bytes_size = input->regular ? input->size : 0;
    input->state = state;
    input->counted = true;
}

/* ---- what the watch says ---- */

static enum err drop(struct session_input *input, const char *why)
{
    input->counted = false;
    if (why != NULL) {
        tell(input, why);
    }
    return send_close(input);
}

static enum err skip(struct session_input *input)
{
    char lines[64];
    char text[128];
    struct session *session = input->session;
    session->totals.inputs_known++;
    snprintf(text, sizeof text, "skipped: read before, %s",
             print_counted(input->state.lines, "line", "lines", lines, sizeof lines));
    return drop(input, session->options.quiet ? NULL : text);
}

static enum err on_begun(struct session_input *input, const struct watch_message_begun *begun)
{
    char text[128];
    struct session *session = input->session;
    if (input->phase != SESSION_ASKS) {
        return strange(session, "answer");
    }
    if (begun->start.size == 0) {
        return drop(input, NULL); /* an empty file */
    }
    if (begun->format == OBSERVE_FORMAT_AUTO) {
        session->totals.inputs_strange++;
        return drop(input, "not read: its format is not known (--format names it)");
    }
    if (session->options.again) {
        return send_start(input, &input->known);
    }
    input->start_size = begun->start.size;
    span_copy(input->start, sizeof input->start, begun->start);
    state_begin(input, begun);
    if (input->state.ended) {
        return skip(input);
    }
    if (input->state.position > 0) {
        snprintf(text, sizeof text, "goes on at byte %llu",
                 (unsigned long long)input->state.position);
        tell(input, text);
    }
    return send_start(input, &input->state);
}

static enum err on_chunk(struct session_input *input, const struct watch_message_chunk *chunk)
{
    struct session *session = input->session;
    struct session_totals *totals = &session->totals;
    bool mixed = !session_is_whole(session) && session->folds_input != input->number;
    if (input->phase != SESSION_READS || mixed || chunk->bytes_read < input->bytes_read) {
        return strange(session, "chunk");
    }
    session_on_folds_end(session, true);
    totals->lines += chunk->lines;
    totals->observations += chunk->observations;
    totals->bytes += chunk->bytes_read - input->bytes_read;
    for (unsigned i = 0; i < WATCH_COUNT_COUNT; i++) {
        totals->counts[i] += chunk->counts[i];
    }
    input->waiting = chunk->line.waiting;
    input->bytes_read = chunk->bytes_read;
    if (input->counted) {
        state_move(input, chunk);
        session_input_changed(input);
    }
    return session_commit_when_due(session);
}

static void tell_fault(struct session_input *input, const struct watch_message_ended *ended)
{
    char text[FAULT_TEXT_SIZE];
    if (input->counted) {
        count_fault(&input->state, BROKEN_ARCHIVE, ended->err == ERR_OK ? 1 : 0);
    }
    snprintf(text, sizeof text, "%s: %.*s",
             ended->err == ERR_OK ? "read as far as it goes" : "not read to its end",
             SPAN_FMT(ended->fault));
    tell(input, text);
    input->session->totals.inputs_failed++;
}

static void tell_waiting(struct session_input *input)
{
    char text[FAULT_TEXT_SIZE];
    struct session_totals *totals = &input->session->totals;
    totals->inputs_waiting++;
    totals->waiting += input->waiting;
    snprintf(text, sizeof text,
             "its last line has no end yet: %llu %s left for the next run, which counts it as it "
             "is if nothing is added",
             (unsigned long long)input->waiting, input->waiting == 1 ? "byte is" : "bytes are");
    tell(input, text);
}

static enum err on_ended(struct session_input *input, const struct watch_message_ended *ended)
{
    if (input->phase == SESSION_ENDED) {
        return strange(input->session, "end");
    }
    input->phase = SESSION_ENDED;
    if (input->counted) {
        input->state.ended = ended->err == ERR_OK;
        session_input_changed(input);
    }
    if (ended->fault.size > 0) {
        tell_fault(input, ended);
    }
    if (ended->err == ERR_OK && input->waiting > 0) {
        tell_waiting(input);
    }
    return ERR_OK;
}

/* The input of a message. None, where it was closed and the watch could not know yet. */
static struct session_input *input_find(const struct session *session, uint32_t number)
{
    for (size_t i = 0; i < session->input_count; i++) {
        if (session->inputs[i]->number == number) {
            return session->inputs[i]->phase == SESSION_ENDED ? NULL : session->inputs[i];
        }
    }
    return NULL;
}

static enum err hear_folds(struct session *session, struct span body)
{
    struct watch_message_folds folds;
    if (watch_message_read_folds(body, &folds) != ERR_OK) {
        return strange(session, "fold");
    }
    return session_on_folds(session, folds.input, folds.folds);
}

static enum err hear_begun(struct session *session, struct span body)
{
    struct watch_message_begun begun;
    if (watch_message_read_begun(body, &begun) != ERR_OK) {
        return strange(session, "input");
    }
    struct session_input *input = input_find(session, begun.input);
    return input == NULL ? ERR_OK : on_begun(input, &begun);
}

static enum err hear_chunk(struct session *session, struct span body)
{
    struct watch_message_chunk chunk;
    if (watch_message_read_chunk(body, &chunk) != ERR_OK) {
        return strange(session, "chunk");
    }
    struct session_input *input = input_find(session, chunk.input);
    if (input == NULL) {
        session_on_folds_end(session, false);
        return ERR_OK;
    }
    return on_chunk(input, &chunk);
}

static enum err hear_ended(struct session *session, struct span body)
{
    struct watch_message_ended ended;
    if (watch_message_read_ended(body, &ended) != ERR_OK) {
        return strange(session, "end");
    }
    session_on_folds_end(session, false); /* of a chunk that failed, nothing counts */
    struct session_input *input = input_find(session, ended.input);
    return input == NULL ? ERR_OK : on_ended(input, &ended);
}

enum err session_input_hear(struct session *session, const struct channel_message *message)
{
    switch (message->type) {
    case WATCH_MESSAGE_BEGUN:
        return hear_begun(session, message->body);
    case WATCH_MESSAGE_FOLDS:
        return hear_folds(session, message->body);
    case WATCH_MESSAGE_CHUNK:
        return hear_chunk(session, message->body);
    case WATCH_MESSAGE_ENDED:
        return hear_ended(session, message->body);
    default:
        return op_fail(session->op, ERR_FORMAT, "the watch process said what is not agreed");
    }
}

/* ---- made and given back ---- */

static enum err list_add(struct session *session, struct session_input *input)
{
    if (session->input_count == session->input_room) {
        size_t room = session->input_room == 0 ? 64 : 2 * session->input_room;
        struct session_input **larger = memory_resize(session->inputs, room * sizeof *larger);
        if (larger == NULL) {
            return op_fail(session->op, ERR_LIMIT, "out of memory for an input");
        }
        session->inputs = larger;
        session->input_room = room;
    }
    session->inputs[session->input_count] = input;
    session->input_count++;
    return ERR_OK;
}

static enum err input_look(struct session_input *input, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return op_fail(input->session->op, ERR_IO, "cannot look at an input: %s", strerror(errno));
    }
    input->regular = S_ISREG(status.st_mode);
    input->device = status.st_dev;
    input->inode = status.st_ino;
    input->size = (uint64_t)status.st_size;
    input->made_us = descriptor_made_us(fd);
    return ERR_OK;
}

enum err session_input_open(struct session *session, const struct input_named *named, int fd,
                            struct session_input **ret)
{
    struct session_input *input = memory_new(sizeof *input);
    if (input == NULL) {
        return op_fail(session->op, ERR_LIMIT, "out of memory for an input");
    }
    session->input_last++;
    input->session = session;
    input->named = named;
    input->number = session->input_last;
    enum err err = list_add(session, input);
    if (err != ERR_OK) {
        memory_free(input);
        return err;
    }
    input->phase = SESSION_ENDED;
    input->released = true; /* until it is the caller's */
    TRY(input_look(input, fd));
    TRY(known_find(input));
    input->phase = SESSION_ASKS;
    input->released = false;
    TRY(send_open(input, fd));
    *ret = input;
    return ERR_OK;
}

enum err session_input_release(struct session_input *input)
{
    struct session *session = input->session;
    enum err err = ERR_OK;
    input->released = true;
    if (input->phase != SESSION_ENDED) {
        err = send_close(input);
    }
    session_inputs_sweep(session);
    return err;
}

void session_inputs_sweep(struct session *session)
{
    size_t kept = 0;
    for (size_t i = 0; i < session->input_count; i++) {
        struct session_input *input = session->inputs[i];
        if (input->released && !input->changed) {
            memory_free(input);
        } else {
            session->inputs[kept] = input;
            kept++;
        }
    }
    session->input_count = kept;
}

void session_inputs_free(struct session *session)
{
    for (size_t i = 0; i < session->input_count; i++) {
        memory_free(session->inputs[i]);
    }
    memory_free(session->inputs);
    session->inputs = NULL;
    session->input_count = 0;
}

/* ---- one after the other ---- */

static enum err read_through(struct session_input *input)
{
    while (input->phase != SESSION_ENDED) {
        TRY(session_wait(input->session));
    }
    return ERR_OK;
}

enum err session_read(struct session *session, int folder, const struct input_named *named)
{
    struct session_input *input = NULL;
    int fd = session->invocation->in;
    bool standard_input = span_equal(named->path, SPAN("-"));
    if (!standard_input && descriptor_open(&session->scratch, folder, named->path, &fd) != ERR_OK) {
        tell_text(session, session->scratch.fault.text); /* it names the path */
        session->totals.inputs_failed++;
        return session_scratch_end(session, ERR_OK);
    }
    enum err err = session_input_open(session, named, fd, &input);
    if (!standard_input) {
        close(fd);
    }
    TRY(err);
    TRY(read_through(input));
    TRY(session_input_release(input));
    return session_commit_when_due(session);
}
