// SPDX-License-Identifier: EUPL-1.2
/*
 * Remembering what was read before anything was remembered. The stretches of an input say which of
 * its bytes are; what lies between them is read again, for the history alone: nothing is counted,
 * and the place up to which the input was read stays. The batch that names the commit of the
 * history has the new stretches too, so that after a kill, or when it is done twice, each line is
 * remembered once.
 */
#include <stdio.h>

#include "node/past.h"
#include "node/print.h"
#include "node/session_inner.h"

/* Bytes that are not remembered. */
struct gap {
    uint64_t begin;
    uint64_t end;
};

/* The first gap from a place on; false: there is none. Stretches come by place. */
static bool gap_find(const struct store_stretch *stretches, size_t count, struct gap all,
                     struct gap *ret)
{
    uint64_t at = all.begin;
    size_t i = 0;
    while (i < count && stretches[i].begin <= at) {
        at = stretches[i].end > at ? stretches[i].end : at;
        i++;
    }
    *ret = (struct gap){ .begin = at, .end = all.end };
    if (i < count && stretches[i].begin < all.end) {
        ret->end = stretches[i].begin;
    }
    return ret->begin < ret->end;
}

static enum err next_gap(struct session_input *input, struct gap *ret, bool *ret_found)
{
    struct session *session = input->session;
    const struct store_input *known = &input->known;
    struct store_stretch *stretches = NULL;
    size_t count = 0;
    const struct gap all = {
        .begin = session->fill_from,
        .end = known->position - known->line.taken, /* the end of a line */
    };
    enum err err =
        store_remembered(&session->scratch, session->node->store, known, &stretches, &count);
    *ret_found = err == ERR_OK && gap_find(stretches, count, all, ret);
    return session_scratch_end(session, err);
}

static enum err start(struct session_input *input, struct span format, const struct gap *gap)
{
    struct session *session = input->session;
    const struct store_input from = { .position = gap->begin };
    input->state = input->known;
    input->state.path = input->named.path;
    input->state.sensor = input->named.sensor;
    input->state.format = format;
    input->counted = true;
    input->how.seen = session->fill_from > 0; /* the input counts once */
    input->fill_at = gap->begin;
    input->fill_end = gap->end;
    session->fill_from = gap->end;
    session->fill_more = true;
    return session_say_start(input, &from);
}

static enum err nothing(struct session_input *input, const char *why)
{
    if (why != NULL && !input->session->options.quiet) {
        session_tell(input->session, input->named.path, why);
    }
    return session_say_close(input);
}

enum err session_fill_begin(struct session_input *input, struct span format)
{
    struct gap gap;
    bool found = false;
    struct session *session = input->session;
    if (!input->is_known) {
        session->totals.inputs_new++;
        return nothing(input, "not read so far: 'linie watch' reads and remembers it");
    }
    TRY(next_gap(input, &gap, &found));
    if (found) {
        return start(input, format, &gap);
    }
    if (session->fill_from > 0) {
        return nothing(input, NULL);
    }
    session->totals.inputs_known++;
    return nothing(input, "remembered already");
}

void session_fill_move(struct session_input *input, const struct watch_message_chunk *chunk)
{
    if (chunk->first_s <= chunk->last_s && chunk->end > input->fill_at) {
        const struct store_stretch stretch = {
            .begin = input->fill_at,
            .end = chunk->end,
            .first_s = chunk->first_s,
            .last_s = chunk->last_s,
        };
        store_input_add_stretch(&input->state, &stretch);
        session_input_changed(input);
    }
    input->session->totals.bytes += chunk->end - input->fill_at;
    input->fill_at = chunk->end;
}

enum err session_fill(struct session *session, int folder, const struct input_named *named)
{
    session->fill_from = 0;
    do {
        session->fill_more = false;
        TRY(session_read(session, folder, named));
    } while (session->fill_more);
    return ERR_OK;
}

static void on_found(void *context, const struct fold *fold)
{
    struct session *session = context;
    session->totals.folds_opened++;
    session->options.on_fold(session, fold);
}

enum err session_fill_look_back(struct session *session)
{
    struct past_look look;
    const struct past_teller teller = { .on_fold = on_found, .context = session };
    TRY(session_commit(session));
    TRY(past_look_back(session->op, session->node, PAST_ALL, &teller, &look));
    session_tell_look(session, &look);
    return ERR_OK;
}
