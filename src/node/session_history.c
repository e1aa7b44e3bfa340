// SPDX-License-Identifier: EUPL-1.2
/*
 * The history during a run: work on it takes its share of a processor and no more, in slices, so
 * that neither lines nor callers wait for it. Where more is seen than it can put in order within
 * its share, it takes what it needs; and at last lines wait.
 */
#include "node/asking.h"
#include "node/losses.h"
#include "node/past.h"
#include "node/print.h"
#include "node/session_inner.h"
#include "os/clock.h"

enum {
    SLICE_US = 5 * US_PER_MS,     /* of work, before others have their turn */
    IDLE_US = US_PER_S,           /* between two looks where nothing was to be done */
    LOOK_AGAIN_US = 3 * US_PER_S, /* by then no line is on its way that older indicators met */
    PERCENT = 100,
};

static void tell_opened(struct session *session, const struct history_opened *opened)
{
    char text[FAULT_TEXT_SIZE];
    if (opened->behind) {
        session_tell_text(session,
                          "linie: the history has lost what the journal says it holds: some lines "
                          "that were read are not remembered");
    }
    if (opened->ahead) {
        session_tell_text(session,
                          "linie: the history holds more than the journal knows: lines that are "
                          "read again count twice in it");
    }
    if (opened->mended) {
        session_tell_text(session,
                          "linie: the manifest of the history was gone, damaged or an older one, "
                          "and was made anew of its copy and the segments that are there");
    }
    if (opened->dropped > 0) {
        snprintf(text, sizeof text,
                 "linie: %llu commits of the history were cut short and left out: their lines are "
                 "read again",
                 (unsigned long long)opened->dropped);
        session_tell_text(session, text);
    }
}

/* What work on the history finds damaged is in a notice, and so reaches outputs. */
static enum err tell_losses(struct session *session, bool always)
{
    if (!always && !history_losses_changed(session->node->history)) {
        return ERR_OK;
    }
    return session_scratch_end(session, losses_notice(&session->scratch, session->node));
}

enum err session_history_begin(struct session *session)
{
    if (session->options.again) {
        return ERR_OK;
    }
    TRY(past_open(session->op, session->node, true));
    if (session->node->history == NULL) {
        return ERR_OK;
    }
    tell_opened(session, &session->node->history_opened);
    if (session->node->forgetting_left) {
        session_tell_text(session, "linie: something that was to be forgotten is not yet: "
                                   "'linie history compact' goes on with it, and says why");
    }
    return tell_losses(session, true);
}

void session_look_again(struct session *session)
{
    session->look_us = os_monotonic_us() + LOOK_AGAIN_US;
}

static void on_found(void *context, const struct fold *fold)
{
    struct session *session = context;
    session->totals.folds_opened++;
    session->options.on_fold(session, fold);
}

/* Not all of what was seen was looked at, or not for all indicators. */
void session_tell_look(struct session *session, const struct past_look *look)
{
    char text[FAULT_TEXT_SIZE];
    if (past_look_text(look, text, sizeof text)) {
        session_tell_text(session, text);
    }
    if (past_look_room_text(look, text, sizeof text)) {
        session_tell_text(session, text);
    }
    if (look->held > 0) {
        char id[ASKING_ID_SIZE];
        char held[64];
        asking_id(look->request, id);
        snprintf(text, sizeof text,
                 "linie: looking back: %s held until another user approves with "
                 "'linie history approve %s'%s",
                 print_counted(look->held, "indicator of persons is", "indicators of persons are",
                               held, sizeof held),
                 id, look->requests > 1 ? " and those behind it ('linie history requests')" : "");
        session_tell_text(session, text);
    }
}

enum err session_look_back(struct session *session)
{
    struct past_look look;
    const struct past_teller teller = { .on_fold = on_found, .context = session };
    session->look_us = 0;
    if (session->node->history == NULL) {
        return ERR_OK;
    }
    TRY(past_look_back(session->op, session->node, PAST_NEW, &teller, &look));
    session_tell_look(session, &look);
    if (look.folds > 0) {
        outputs_pump(session->outputs);
    }
    return ERR_OK;
}

/* A slice takes its share of one processor's time, as the kernel counts it: on a busy machine a
 * slice is worth less, and the next one comes sooner. Where the disk is slow it takes little of
 * that; still others have at least as long their turn as it took. */
static int64_t next_us(const struct session *session, int64_t begun_us, int64_t cpu_us)
{
    int64_t now_us = os_monotonic_us();
    int64_t shared_us = begun_us + cpu_us * PERCENT / session->node->config->history.share;
    int64_t even_us = now_us + (now_us - begun_us);
    bool pressed = history_pressure(session->node->history, os_clock_us()) != HISTORY_EASY;
    if (pressed) {
        return now_us;
    }
    return shared_us > even_us ? shared_us : even_us;
}

static enum err slice(struct session *session)
{
    bool more = false;
    int64_t begun_us = os_monotonic_us();
    int64_t cpu_us = os_cpu_us();
    TRY(session_scratch_end(session, history_work(&session->scratch, session->node->history,
                                                  os_clock_us(), SLICE_US, &more)));
    TRY(tell_losses(session, false));
    session->history_turn_us =
        more ? next_us(session, begun_us, os_cpu_us() - cpu_us) : os_monotonic_us() + IDLE_US;
    return ERR_OK;
}

enum err session_history_turn(struct session *session)
{
    if (session->look_us != 0 && os_monotonic_us() >= session->look_us) {
        TRY(session_look_back(session));
    }
    if (session->node->history == NULL || os_monotonic_us() < session->history_turn_us) {
        return ERR_OK;
    }
    return slice(session);
}

int64_t session_history_due_us(const struct session *session)
{
    return session->node->history == NULL ? INT64_MAX : session->history_turn_us;
}

bool session_history_overrun(const struct session *session)
{
    const struct history *history = session->node->history;
    return history != NULL && history_pressure(history, os_clock_us()) == HISTORY_OVERRUN;
}

enum err session_settle(struct session *session, bool *ret_settled)
{
    *ret_settled = session_is_whole(session);
    return *ret_settled ? session_commit(session) : ERR_OK;
}

static enum err meanwhile(struct session *session)
{
    bool settled = false;
    session_tell_alive(session);
    if (session->watch.pid != 0 && !session->watch_lost) {
        enum err err = session_watch_turn(session, 0);
        if (err != ERR_OK && !session->watch_lost) {
            return err;
        }
        op_fault_clear(session->op);
    }
    if (history_wants_quiet(session->node->history)) {
        TRY(session_settle(session, &settled));
    }
    return remote_server_serve_next(session->op, session->server);
}

enum err session_meanwhile(struct op *op, struct session *session)
{
    enum err err = meanwhile(session);
    if (err != ERR_OK && session->op != op) { /* the run meets it again, where it is its own */
        err = op_fail(op, err, "%s", session->op->fault.text);
        op_fault_clear(session->op);
    }
    return err;
}
