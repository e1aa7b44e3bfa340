// SPDX-License-Identifier: EUPL-1.2
/*
 * What is known of an input: which one it is, how far it was read, and what was wrong with it.
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/wire.h"
#include "crypt/digest.h"
#include "node/session_inner.h"
#include "os/clock.h"
#include "os/descriptor.h"

void session_count_fault(struct store_input *state, struct span reason, uint64_t count)
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
        session_count_fault(state, span_of(watch_count_name(i)), counts[i]);
    }
}

/* A pipe cannot be known again: each run of one counts as an input of its own. One that is followed
 * is known by its name; a digest of it stands where the number of a file stands. */
static void identify_stream(struct session_input *input)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    input->device = 0;
    input->made_us = TIME_US_NONE;
    input->inode = (uint64_t)os_clock_us();
    if (input->how.follow) {
        digest_sha256(input->named.path, digest);
        struct wire_reader r = wire_reader_of(span_make(digest, sizeof digest));
        input->inode = wire_u64(&r) & INT64_MAX; /* the database's numbers have a sign */
    }
}

enum err session_input_identify(struct session_input *input, int fd)
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
    if (!input->regular) {
        identify_stream(input);
    }
    return ERR_OK;
}

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
enum err session_known_find(struct session_input *input)
{
    struct session *session = input->session;
    struct store_input *known = &input->known;
    mark_init(&known->mark);
    if (session->options.again || (!input->regular && !input->how.follow)) {
        return ERR_OK;
    }
    TRY(commit_if_gathered(input));
    enum err err = store_input_find(&session->scratch, session->node->store, input->device,
                                    input->inode, known);
    for (size_t i = 0; i < known->fault_count; i++) {
        known->faults[i].reason = word_keep(session, known->faults[i].reason);
    }
    bool rewritten_here = span_equal(known->path, input->named.path);
    known->path = rewritten_here ? input->named.path : SPAN("");
    known->format = word_keep(session, known->format);
    known->sensor = SPAN("");
    return session_scratch_end(session, err == ERR_ABSENT ? ERR_OK : err);
}

/* Few bytes say little: a file of which fewer than a mark covers were read must also have been made
 * at the same moment, where the file system tells. */
bool session_is_known(const struct session_input *input, const struct watch_message_begun *begun)
{
    const struct store_input *known = &input->known;
    if (!input->regular) {
        return known->id.number != 0;
    }
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
    session_tell(input->session, input->named.path,
                 "holds something else than was read before: read from its start");
}

/* It goes on where another one was read up to, whose bytes it holds. */
static void state_copy(struct session_input *input, const struct store_input *original)
{
    input->copy = true;
    input->state.position = original->position;
    input->state.mark = original->mark;
}

/* An input that nobody has read. */
static void state_new(struct session_input *input, const struct session_answer *answer)
{
    struct store_input *state = &input->state;
    *state = (struct store_input){ .id.number = 0 };
    mark_init(&state->mark);
    state->id.device = input->device;
    state->id.inode = input->inode;
    state->id.made_us = input->made_us;
    if (answer->copy_of != NULL) {
        state_copy(input, answer->copy_of);
    } else {
        rewritten_tell(input);
    }
}

/* What is known of an input when it begins: where an earlier run stopped, or that it is new. */
void session_state_begin(struct session_input *input, const struct watch_message_begun *begun,
                         const struct session_answer *answer)
{
    struct store_input *state = &input->state;
    const struct config *config = input->session->node->config;
    struct span format = observe_formats_name(&config->formats, begun->format);
    if (input->is_known) {
        *state = input->known;
        state->line = input->regular ? state->line : (struct mark_line){ 0 };
        forget_if_useless(state, format);
    } else {
        state_new(input, answer);
    }
    forget_fault(state, SESSION_BROKEN_ARCHIVE);
    bool nothing_new = input->regular && state->ended && state->line.waiting == 0 &&
                       state->bytes_size == input->size;
    state->ended = nothing_new;
    state->path = input->named.path;
    state->format = format;
    state->sensor = input->named.sensor;
    state->bytes_size = input->regular ? input->size : 0;
    input->counted = true;
}

/* The input was read on. Its first bytes become part of the mark as they are counted. */
void session_state_move(struct session_input *input, const struct watch_message_chunk *chunk)
{
    struct store_input *state = &input->state;
    if (chunk->first_s <= chunk->last_s && chunk->end > state->position && input->regular) {
        const struct store_stretch stretch = {
            .begin = state->position,
            .end = chunk->end,
            .first_s = chunk->first_s,
            .last_s = chunk->last_s,
        };
        store_input_add_stretch(state, &stretch);
    }
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
