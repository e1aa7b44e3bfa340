// SPDX-License-Identifier: EUPL-1.2
/*
 * What a run found is gathered and counted in batches; folds are closed when nothing more is
 * expected of them.
 */
#include "base/must.h"
#include "node/selftest.h"
#include "node/session_inner.h"
#include "os/clock.h"

enum {
    COMMIT_EVERY_MS = 500,
    FOLLOW_EVERY_MS = 1000,    /* when following: lines of sockets, which nobody sends again */
    POSITIONS_EVERY_MS = 5000, /* likewise: places in files, which can be read again */
    URGENT_LEAST_MS = 20,      /* between two commits, where there are new hits */
    URGENT_MOST_MS = 80,
    URGENT_COST_SHARE = 4, /* a commit that takes long is followed by a pause so much longer */
    BATCH_FOLDS_MAX = 256, /* a fold takes some 7 kB on its way into the journal (docs/BENCH.md) */
    BATCH_INPUTS_MAX = 256,
    BATCH_REMEMBER_SIZE_MAX = 4 * 1024 * 1024,
    CLOSE_EVERY_S = 60, /* folds are looked through for those that may be closed */
};

/* When nothing more is expected of a fold (decision 0018): its time ended so long ago, and so long
 * no line came to it; at the end of a run that only read old logs, its time ended a day ago. */
#define FOLD_QUIET_US ((int64_t)3600 * US_PER_S)
#define FOLD_OLD_US   ((int64_t)24 * 3600 * US_PER_S)

static void batch_clear(struct session *session)
{
    arena_reset(&session->batch.arena);
    session->folds = NULL;
    session->fold_count = 0;
    session->whole_count = 0;
    session->fold_room = 0;
    session->remember_size = 0;
    for (size_t i = 0; i < session->input_count; i++) {
        session->inputs[i]->changed = false;
    }
    session->changed_count = 0;
    session->urgent = false;
    session->live_changed = false;
    session->changed_us = 0;
}

static void gathered(struct session *session)
{
    if (session->changed_us == 0) {
        session->changed_us = os_monotonic_us();
    }
}

bool session_is_whole(const struct session *session)
{
    return session->fold_count == session->whole_count;
}

void session_input_changed(struct session_input *input)
{
    if (input->counted && !input->changed) {
        input->changed = true;
        input->session->changed_count++;
        gathered(input->session);
    }
}

static void on_fold_opened(void *context, const struct fold *fold)
{
    struct session *session = context;
    if (fold_rank(fold) == 0) {
        session->totals.folds_silent++;
        return;
    }
    session->totals.folds_opened++;
    session->options.on_fold(session, fold);
}

/* The inputs as they stand now; the store gives a number to those that are new. */
static enum err count_all(struct op *op, struct session *session)
{
    struct store_input *inputs = op_alloc(op, session->changed_count * sizeof *inputs);
    struct store_batch batch = {
        .inputs = inputs,
        .folds = session->folds,
        .fold_count = session->whole_count,
    };
    if (inputs == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < session->input_count; i++) {
        if (session->inputs[i]->changed) {
            inputs[batch.input_count] = session->inputs[i]->state;
            batch.input_count++;
        }
    }
    if (session->remember_size > 0) {
        TRY(history_commit(op, session->node->history, &batch.history));
    }
    TRY(store_batch_add(op, session->node->store, &batch, on_fold_opened, session));
    if (session->remember_size > 0) {
        history_acknowledged(session->node->history);
        /* Only now is nothing on its way: what is live may be set apart. */
        TRY(history_split(op, session->node->history, os_clock_us()));
    }
    size_t at = 0;
    for (size_t i = 0; i < session->input_count; i++) {
        if (session->inputs[i]->changed) {
            session->inputs[i]->state.id.number = inputs[at].id.number;
            store_input_stretches_counted(&session->inputs[i]->state);
            at++;
        }
    }
    return ERR_OK;
}

enum err session_commit(struct session *session)
{
    struct op work;
    int64_t begun_us = os_monotonic_us();
    must(session_is_whole(session));
    op_begin(&work, &session->op->actor, SESSION_BATCH_MEMORY_MAX);
    enum err err = session->options.again ? ERR_OK : count_all(&work, session);
    if (err != ERR_OK) {
        err = op_fail(session->op, err, "%s", work.fault.text);
    }
    op_end(&work);
    TRY(err);
    batch_clear(session);
    session_inputs_sweep(session);
    session->committed_us = os_monotonic_us();
    session->commit_cost_us = session->committed_us - begun_us;
    outputs_pump(session->outputs);
    return ERR_OK;
}

/* Lines without hits may wait: after a kill they are read again, and a commit for each costs room.
 * A hit may not; but where there are many, commits must not take all the time. */
static int64_t delay_us(const struct session *session)
{
    int64_t least_us = (int64_t)URGENT_LEAST_MS * US_PER_MS;
    int64_t most_us = (int64_t)URGENT_MOST_MS * US_PER_MS;
    int64_t share_us = URGENT_COST_SHARE * session->commit_cost_us;
    if (!session->options.follow) {
        return (int64_t)COMMIT_EVERY_MS * US_PER_MS;
    }
    if (session->urgent) {
        share_us = share_us > least_us ? share_us : least_us;
        return share_us < most_us ? share_us : most_us;
    }
    bool may_wait = session->fold_count == 0 && !session->live_changed;
    return (int64_t)(may_wait ? POSITIONS_EVERY_MS : FOLLOW_EVERY_MS) * US_PER_MS;
}

int64_t session_commit_due_us(const struct session *session)
{
    if (session->changed_us == 0) {
        return INT64_MAX;
    }
    bool much = session->whole_count >= BATCH_FOLDS_MAX ||
                session->changed_count >= BATCH_INPUTS_MAX ||
                session->remember_size >= BATCH_REMEMBER_SIZE_MAX;
    if (much) {
        return 0;
    }
    bool since_commit = session->urgent || !session->options.follow;
    return (since_commit ? session->committed_us : session->changed_us) + delay_us(session);
}

/* Batches are cut between chunks only, so that positions and folds fit together. */
enum err session_commit_when_due(struct session *session)
{
    bool due = session_commit_due_us(session) <= os_monotonic_us();
    return due && session_is_whole(session) ? session_commit(session) : ERR_OK;
}

/* Some folds at a time, so that memory stays flat however many there are. */
static enum err folds_close(struct session *session, int64_t ended_before_us,
                            int64_t quiet_before_us)
{
    size_t closed = STORE_CLOSE_COUNT_MAX;
    while (closed == STORE_CLOSE_COUNT_MAX) {
        TRY(op_check(session->op));
        TRY(session_scratch_end(session,
                                store_folds_close(&session->scratch, session->node->store,
                                                  ended_before_us, quiet_before_us, &closed)));
    }
    return ERR_OK;
}

enum err session_close_when_due(struct session *session)
{
    int64_t age_us = os_monotonic_us() - session->closed_us;
    if (age_us < (int64_t)CLOSE_EVERY_S * US_PER_S || session->options.again) {
        return ERR_OK;
    }
    session->closed_us = os_monotonic_us();
    int64_t before_us = os_clock_us() - FOLD_QUIET_US;
    return folds_close(session, before_us, before_us);
}

/* Those of old logs are closed at once: no run may come for a long time. */
enum err session_close_at_end(struct session *session)
{
    int64_t now_us = os_clock_us();
    if (session->options.again) {
        return ERR_OK;
    }
    TRY(folds_close(session, now_us - FOLD_QUIET_US, now_us - FOLD_QUIET_US));
    return folds_close(session, now_us - FOLD_OLD_US, TIME_US_MAX);
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
    session->totals.silent += fold->silent;
    return ERR_OK;
}

/* When following, a fold of which nobody has heard is counted at once; which ones that are need not
 * be known for ever. */
static bool fold_is_seen(struct session *session, const struct fold *fold)
{
    if (session->options.follow && session->shown.count == FOLD_SEEN_COUNT_MAX) {
        fold_seen_done(&session->shown);
    }
    bool asks = session->options.follow || session->options.again;
    return asks && fold_seen_note(&session->shown, fold);
}

enum err session_on_seen(struct session *session, struct span record)
{
    if (session->node->history == NULL) {
        return op_fail(session->op, ERR_FORMAT, "the watch process remembers unasked");
    }
    buf_clear(&session->seen);
    buf_add(&session->seen, record);
    return session->seen.err == ERR_OK
               ? ERR_OK
               : op_fail(session->op, ERR_LIMIT, "out of memory for what was seen");
}

/* What the chunk holds is to be remembered with its lines. */
static enum err remember(struct session *session, bool counts)
{
    struct span record = buf_span(&session->seen);
    enum err err = ERR_OK;
    if (counts && record.size > 0) {
        session->remember_size += record.size;
        err = session_scratch_end(session,
                                  history_add(&session->scratch, session->node->history, record));
    }
    buf_clear(&session->seen);
    return err;
}

enum err session_on_chunk_end(struct session *session, bool counts)
{
    if (counts && session->fold_count > session->whole_count) {
        session->whole_count = session->fold_count;
        gathered(session);
    } else {
        session->fold_count = session->whole_count;
    }
    return remember(session, counts);
}

enum err session_on_folds(struct session *session, uint32_t input, struct span body)
{
    struct span copy; /* the message goes, the batch stays */
    if (!session_is_whole(session) && session->folds_input != input) {
        return op_fail(session->op, ERR_FORMAT, "the watch process mixed two chunks");
    }
    session->folds_input = input;
    if (arena_copy(&session->batch.arena, body, &copy) != ERR_OK) {
        return op_fail(session->op, ERR_LIMIT, "out of memory for what was found");
    }
    struct wire_reader r = wire_reader_of(copy);
    while (r.rest.size > 0) {
        struct fold fold;
        fold_wire_read(&r, session->node->config->fold_minutes * FOLD_MINUTE_US, &fold);
        if (r.err != ERR_OK) {
            return op_fail(session->op, ERR_FORMAT, "the watch process sent what is no fold");
        }
        if (selftest_is_fold(&fold)) {
            continue; /* somebody asks for that name: it is nobody's */
        }
        TRY(fold_keep(session, &fold));
        bool loud = fold_rank(&fold) > 0;
        bool seen = loud && fold_is_seen(session, &fold);
        if (session->options.again && loud && !seen) {
            on_fold_opened(session, &fold);
        }
        session->urgent = session->urgent || (loud && !seen);
    }
    return ERR_OK;
}
