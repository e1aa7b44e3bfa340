// SPDX-License-Identifier: EUPL-1.2
/*
 * One input of a run, from being opened to being given back, and what the watch says of it.
 */
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "node/print.h"
#include "node/session_inner.h"
#include "os/clock.h"
#include "os/descriptor.h"

enum { WAIT_MS = 100 /* so often progress is shown */ };

static enum err strange(struct session *session, const char *what)
{
    return op_fail(session->op, ERR_FORMAT, "the watch process sent what is no %s", what);
}

/* ---- telling people ---- */

void session_tell_text(struct session *session, const char *text)
{
    struct invocation on_err = *session->invocation;
    if (session->invocation->progress) {
        fputs("\r\033[K", on_err.err);
    }
    on_err.out = on_err.err;
    print_text(&on_err, span_of(text), 0);
    fputc('\n', on_err.err);
}

void session_tell(struct session *session, struct span path, const char *what)
{
    struct buf text;
    buf_init(&text, DISK_PATH_SIZE_MAX + 4 * FAULT_TEXT_SIZE);
    buf_add(&text, span_equal(path, SPAN("-")) ? SPAN("stdin") : path);
    buf_add_format(&text, ": %s", what);
    buf_add_byte(&text, '\0');
    session_tell_text(session, text.err == ERR_OK ? (const char *)text.data : what);
    buf_done(&text);
}

static void tell(const struct session_input *input, const char *what)
{
    session_tell(input->session, input->named.path, what);
}

/* ---- what the watch says ---- */

/* An owner is called last: it may give the input back. */
static enum err stir(struct session_input *input)
{
    return input->how.stirred == NULL ? ERR_OK : input->how.stirred(input);
}

static enum err drop(struct session_input *input, const char *why)
{
    input->counted = false;
    if (why != NULL) {
        tell(input, why);
    }
    TRY(session_say_close(input));
    return stir(input);
}

static enum err leave(struct session_input *input)
{
    input->was_left = true;
    return drop(input, NULL);
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

static enum err begin_counted(struct session_input *input, const struct watch_message_begun *begun,
                              const struct session_answer *answer)
{
    char text[128];
    bool follow = input->how.follow;
    input->start_size = begun->start.size;
    span_copy(input->start, sizeof input->start, begun->start);
    if (!input->counted) {
        session_state_begin(input, begun, answer);
    }
    if (input->state.ended && !follow) {
        return skip(input);
    }
    if (input->state.position > 0 && !follow) {
        snprintf(text, sizeof text, "goes on at byte %llu",
                 (unsigned long long)input->state.position);
        tell(input, text);
    }
    if (follow && input->regular) {
        input->bytes_read = input->state.position; /* what was read before is not read now */
    }
    return session_say_start(input, &input->state);
}

static enum err on_begun(struct session_input *input, const struct watch_message_begun *begun)
{
    struct session_answer answer = { .leave = false };
    struct session *session = input->session;
    if (input->phase != SESSION_ASKS) {
        return strange(session, "answer");
    }
    if (begun->format != OBSERVE_FORMAT_AUTO &&
        observe_formats_name(&input->session->node->config->formats, begun->format).size == 0) {
        return strange(input->session, "format");
    }
    input->is_known = session_is_known(input, begun);
    if (input->how.begun != NULL) {
        TRY(input->how.begun(input, begun, &answer));
    }
    if (answer.leave) {
        return leave(input);
    }
    if (begun->start.size == 0) {
        return drop(input, NULL); /* an empty file */
    }
    if (begun->format == OBSERVE_FORMAT_AUTO) {
        session->totals.inputs_strange++;
        return drop(input, "not read: its format is not known (--format names it)");
    }
    if (session->options.fill) {
        return session_fill_begin(
            input, observe_formats_name(&session->node->config->formats, begun->format));
    }
    if (session->options.again || input->how.aside) {
        return session_say_start(input, &input->known);
    }
    return begin_counted(input, begun, &answer);
}

static enum err on_chunk(struct session_input *input, const struct watch_message_chunk *chunk)
{
    struct session *session = input->session;
    struct session_totals *totals = &session->totals;
    bool mixed = !session_is_whole(session) && session->folds_input != input->number;
    if (input->phase != SESSION_READS || mixed) {
        return strange(session, "chunk");
    }
    TRY(session_on_chunk_end(session, !input->how.aside));
    if (input->how.aside) {
        return ERR_OK;
    }
    totals->lines += chunk->lines;
    session->line_us = chunk->lines > 0 ? os_clock_us() : session->line_us;
    totals->observations += chunk->observations;
    if (!session->options.fill &&
        chunk->bytes_read > input->bytes_read) { /* else bytes that waited were read again */
        totals->bytes += chunk->bytes_read - input->bytes_read;
    }
    for (unsigned i = 0; i < WATCH_COUNT_COUNT; i++) {
        totals->counts[i] += chunk->counts[i];
        input->unread += i < OBSERVE_FAULT_COUNT ? chunk->counts[i] : 0;
    }
    input->lines += chunk->lines;
    if (chunk->lines > 0) {
        session_input_read(input);
    }
    if (input->how.heard != NULL) {
        input->how.heard(input, chunk->lines);
    }
    session->live_changed = session->live_changed || !input->regular;
    input->waiting = chunk->line.waiting;
    input->bytes_read = chunk->bytes_read;
    if (session->options.fill) {
        session_fill_move(input, chunk);
    } else if (input->counted) {
        session_state_move(input, chunk);
        session_input_changed(input);
    }
    return session_commit_when_due(session);
}

static void tell_fault(struct session_input *input, const struct watch_message_ended *ended)
{
    char text[FAULT_TEXT_SIZE];
    bool broken = ended->err == ERR_OK;
    if (input->counted && !input->session->options.fill) {
        session_count_fault(&input->state, SESSION_BROKEN_ARCHIVE, broken ? 1 : 0);
    }
    input->session->totals.broken_archives += broken ? 1 : 0;
    snprintf(text, sizeof text, "%s: %.*s",
             ended->err == ERR_OK ? "read as far as it goes" : "not read to its end",
             SPAN_FMT(ended->fault));
    tell(input, text);
    input->session->totals.inputs_failed++;
}

/* Of a log that was read from its start: a line that is torn may well be all that is new. */
static void tell_unread(struct session_input *input)
{
    bool from_start = input->state.lines == input->lines || !input->counted;
    if (from_start && input->lines > 0 && input->unread >= input->lines) {
        input->session->totals.inputs_unread++;
        tell(input, "none of its lines could be read (--format names what they are)");
    }
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
    if (input->phase != SESSION_ASKS && input->phase != SESSION_READS) {
        return strange(input->session, "end");
    }
    input->phase = SESSION_ENDED;
    input->err = ended->err;
    bool rewritten = input->how.follow && (ended->err == ERR_STALE || ended->err == ERR_CONFLICT);
    if (rewritten) { /* its owner opens it anew, and it is looked at closely */
        return stir(input);
    }
    if (input->copy) { /* of an archive no place in the file is known: its first bytes must do */
        mark_set_tail(&input->state.mark, 0, SPAN(""));
    }
    if (input->counted && !input->session->options.fill) {
        input->state.ended = ended->err == ERR_OK;
        session_input_changed(input);
    }
    if (ended->fault.size > 0) {
        tell_fault(input, ended);
    }
    if (ended->err == ERR_OK && !input->how.follow) {
        tell_unread(input);
    }
    if (ended->err == ERR_OK && input->waiting > 0 && !input->how.follow) {
        tell_waiting(input);
    }
    return stir(input);
}

static enum err keep_header(struct session_input *input, struct span header)
{
    input->header_size = 0;
    if (header.size == 0 || header.size > SESSION_HEADER_SIZE_MAX) {
        return ERR_OK; /* without it, the file is read from its start when it is opened again */
    }
    uint8_t *kept = memory_resize(input->header, header.size);
    if (kept == NULL) {
        return op_fail(input->session->op, ERR_LIMIT, "out of memory for an input");
    }
    input->header = kept;
    input->header_size = header.size;
    span_copy(kept, header.size, header);
    return ERR_OK;
}

/* What holds nothing new is kept as well, where that was not known: a copy. */
static enum err on_rests(struct session_input *input, const struct watch_message_rests *rests)
{
    struct store_input *state = &input->state;
    if (input->phase != SESSION_READS || !input->how.follow) {
        return strange(input->session, "rest");
    }
    input->phase = SESSION_RESTS;
    TRY(keep_header(input, rests->header));
    if (!state->ended || state->bytes_size != rests->size) {
        state->ended = true;
        state->bytes_size = rests->size;
        session_input_changed(input);
    }
    return stir(input);
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

/* Whatever the line of a self-test met, nothing was found. */
static enum err set_aside(struct session_input *input, struct span folds)
{
    struct wire_reader r = wire_reader_of(folds);
    while (r.rest.size > 0) {
        struct fold fold;
        fold_wire_read(&r, input->session->node->config->fold_minutes * FOLD_MINUTE_US, &fold);
        if (r.err != ERR_OK) {
            return strange(input->session, "fold");
        }
        input->how.found(input, &fold);
    }
    return ERR_OK;
}

static enum err hear_folds(struct session *session, struct span body)
{
    struct watch_message_folds folds;
    if (watch_message_read_folds(body, &folds) != ERR_OK) {
        return strange(session, "fold");
    }
    if (session->options.fill) {
        return ERR_OK; /* they were counted when the lines were read */
    }
    struct session_input *input = input_find(session, folds.input);
    if (input != NULL && input->how.aside) {
        return set_aside(input, folds.folds);
    }
    return session_on_folds(session, folds.input, folds.folds);
}

static enum err hear_seen(struct session *session, struct span body)
{
    struct watch_message_seen seen;
    if (watch_message_read_seen(body, &seen) != ERR_OK) {
        return strange(session, "value");
    }
    return session_on_seen(session, seen.record);
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
        return session_on_chunk_end(session, false);
    }
    return on_chunk(input, &chunk);
}

static enum err hear_ended(struct session *session, struct span body)
{
    struct watch_message_ended ended;
    if (watch_message_read_ended(body, &ended) != ERR_OK) {
        return strange(session, "end");
    }
    TRY(session_on_chunk_end(session, false)); /* of a chunk that failed, nothing counts */
    struct session_input *input = input_find(session, ended.input);
    return input == NULL ? ERR_OK : on_ended(input, &ended);
}

static enum err hear_rests(struct session *session, struct span body)
{
    struct watch_message_rests rests;
    if (watch_message_read_rests(body, &rests) != ERR_OK || !session_is_whole(session)) {
        return strange(session, "rest");
    }
    struct session_input *input = input_find(session, rests.input);
    return input == NULL ? ERR_OK : on_rests(input, &rests);
}

enum err session_input_hear(struct session *session, const struct channel_message *message)
{
    switch (message->type) {
    case WATCH_MESSAGE_BEGUN:
        return hear_begun(session, message->body);
    case WATCH_MESSAGE_FOLDS:
        return hear_folds(session, message->body);
    case WATCH_MESSAGE_SEEN:
        return hear_seen(session, message->body);
    case WATCH_MESSAGE_CHUNK:
        return hear_chunk(session, message->body);
    case WATCH_MESSAGE_RESTS:
        return hear_rests(session, message->body);
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

void session_input_read(struct session_input *input)
{
    bool counted = input->read || input->how.seen;
    input->read = true;
    input->session->totals.inputs += counted ? 0 : 1;
}

/* As if its first bytes were there: its format is known without them. */
void session_input_fault(struct session_input *input, struct span reason, uint64_t count)
{
    const struct watch_message_begun begun = { .format = input->named.format };
    const struct session_answer answer = { .leave = false };
    must(input->phase != SESSION_ENDED);
    if (count == 0) {
        return;
    }
    if (!input->counted) {
        must(begun.format != OBSERVE_FORMAT_AUTO);
        input->is_known = session_is_known(input, &begun);
        session_state_begin(input, &begun, &answer);
    }
    session_count_fault(&input->state, reason, count);
    session_input_changed(input);
}

enum err session_input_rename(struct session_input *input, struct span path)
{
    uint8_t *copy = memory_resize(input->path, path.size + 1);
    if (copy == NULL) {
        return op_fail(input->session->op, ERR_LIMIT, "out of memory for an input");
    }
    span_copy(copy, path.size, path);
    copy[path.size] = '\0';
    input->path = copy;
    input->named.path = span_make(copy, path.size);
    input->state.path = input->named.path;
    input->known.path = SPAN("");
    return ERR_OK;
}

static void input_free(struct session_input *input)
{
    memory_free(input->path);
    memory_free(input->header);
    memory_free(input);
}

static enum err input_new(struct session *session, const struct input_named *named,
                          const struct session_how *how, struct session_input **ret)
{
    struct session_input *input = memory_new(sizeof *input);
    if (input == NULL) {
        return op_fail(session->op, ERR_LIMIT, "out of memory for an input");
    }
    session->input_last++;
    input->session = session;
    input->named = *named;
    input->how = *how;
    input->number = session->input_last;
    input->phase = SESSION_ENDED;
    enum err err = session_input_rename(input, named->path);
    if (err == ERR_OK) {
        err = list_add(session, input);
    }
    if (err != ERR_OK) {
        input_free(input);
        return err;
    }
    *ret = input;
    return ERR_OK;
}

static enum err hand_over(struct session_input *input, int fd)
{
    TRY(session_input_identify(input, fd));
    TRY(session_known_find(input));
    input->phase = SESSION_ASKS;
    return session_say_open(input, fd);
}

enum err session_input_open(struct session *session, const struct input_named *named,
                            const struct session_how *how, int fd, struct session_input **ret)
{
    struct session_input *input = NULL;
    TRY(input_new(session, named, how, &input));
    enum err err = hand_over(input, fd);
    if (err != ERR_OK) {
        input->phase = SESSION_ENDED;
        input->released = true;
        return err;
    }
    *ret = input;
    return ERR_OK;
}

enum err session_input_release(struct session_input *input)
{
    struct session *session = input->session;
    enum err err = ERR_OK;
    input->released = true;
    if (input->phase != SESSION_ENDED) {
        err = session_say_close(input);
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
            input_free(input);
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
        input_free(session->inputs[i]);
    }
    memory_free(session->inputs);
    session->inputs = NULL;
    session->input_count = 0;
}

/* ---- one after the other ---- */

static enum err read_through(struct session_input *input)
{
    while (input->phase != SESSION_ENDED) {
        TRY(session_wait(input->session, WAIT_MS));
    }
    return ERR_OK;
}

enum err session_read(struct session *session, int folder, const struct input_named *named)
{
    struct session_input *input = NULL;
    const struct session_how how = { .follow = false };
    int fd = session->invocation->in;
    bool standard_input = span_equal(named->path, SPAN("-"));
    if (!standard_input && descriptor_open(&session->scratch, folder, named->path, &fd) != ERR_OK) {
        session_tell_text(session, session->scratch.fault.text); /* it names the path */
        session->totals.inputs_failed++;
        return session_scratch_end(session, ERR_OK);
    }
    enum err err = session_input_open(session, named, &how, fd, &input);
    if (!standard_input) {
        close(fd);
    }
    TRY(err);
    TRY(read_through(input));
    TRY(session_input_release(input));
    return session_commit_when_due(session);
}
