// SPDX-License-Identifier: EUPL-1.2
#include "tests/store/trial_work.h"

#include <stdio.h>

#include "base/must.h"
#include "store/notice.h"
#include "tests/store/trial_things.h"
#include "tests/testing.h"

enum { HITS_MAX = SHADOW_HOURS * (SHADOW_HOSTS + 1), NAME_SIZE = 32 };

/* ---- hits ---- */

static struct span assignee_name(struct op *op, uint8_t assignee)
{
    char text[NAME_SIZE];
    struct span name;
    if (assignee == 0) {
        return SPAN("");
    }
    int size = snprintf(text, sizeof text, "analyst %u", assignee);
    check_err(op_copy(op, span_make(text, (size_t)size), &name), ERR_OK);
    return name;
}

/* The hits of an indicator, and their folds in the shadow. */
struct chosen {
    struct trial *trial;
    struct op *op;
    size_t watched;
    size_t count_max;
    size_t count;
    int64_t rows[HITS_MAX];
    struct shadow_fold *folds[HITS_MAX];
};

static struct shadow_fold *fold_of(struct chosen *chosen, const struct fold *fold)
{
    int64_t hour = (fold->start_us - shadow_hour_us(0)) / SHADOW_HOUR_US;
    for (size_t host = 0; host <= SHADOW_HOSTS; host++) {
        if (hour >= 0 && hour < SHADOW_HOURS &&
            span_equal(fold->inside, thing_host(chosen->op, host))) {
            return &chosen->trial->maybe.folds[chosen->watched][hour][host];
        }
    }
    return NULL;
}

static enum err choose(void *context, const struct store_hit *hit)
{
    struct chosen *chosen = context;
    if (chosen->count < chosen->count_max) {
        struct shadow_fold *fold = fold_of(chosen, &hit->fold);
        if (fold == NULL) {
            trial_violate(chosen->trial, "a hit is worked that should not be there");
            return ERR_OK;
        }
        chosen->rows[chosen->count] = hit->row;
        chosen->folds[chosen->count] = fold;
        chosen->count++;
    }
    return ERR_OK;
}

/* Whether the act may be done with all of them; it is then, in the shadow. */
static bool shadow_change(struct chosen *chosen, enum hit_act act, uint8_t assignee)
{
    enum hit_state state = HIT_NEW;
    for (size_t i = 0; i < chosen->count; i++) {
        if (!hit_state_after(chosen->folds[i]->state, act, &state)) {
            return false;
        }
    }
    for (size_t i = 0; i < chosen->count; i++) {
        struct shadow_fold *fold = chosen->folds[i];
        must(hit_state_after(fold->state, act, &fold->state));
        fold->assignee = act == HIT_ACT_ASSIGN ? assignee : fold->assignee;
        fold->worked++;
    }
    chosen->trial->maybe.last++;
    return true;
}

enum err trial_hits_change(struct trial *trial, struct op *op)
{
    struct store_hit hits[HITS_MAX];
    struct chosen chosen = { .trial = trial, .op = op };
    const struct policy_grant *grant;
    enum hit_act act = (enum hit_act)(1 + trial_choose(trial, HIT_ACT_COUNT - 1));
    uint8_t assignee = (uint8_t)trial_choose(trial, 3);
    chosen.watched = trial_choose(trial, SHADOW_WATCHED);
    chosen.count_max = trial_choose(trial, 2) == 0 ? 1 : HITS_MAX;
    const struct store_hit_filter filter = {
        .since_us = TIME_US_NONE,
        .indicator = thing_watched_id(op, chosen.watched),
    };
    TRY(policy_grant_owner(op, &grant));
    TRY(store_hits_walk(op, trial->store, grant, &filter, choose, &chosen));
    for (size_t i = 0; i < chosen.count; i++) {
        TRY(store_hit_read(op, trial->store, grant, chosen.rows[i], &hits[i]));
    }
    if (chosen.count == 0) {
        return ERR_OK;
    }
    const struct store_hit_change change = {
        .act = act,
        .text = SPAN("looked at"),
        .assignee = act == HIT_ACT_ASSIGN ? assignee_name(op, assignee) : SPAN(""),
    };
    bool may = shadow_change(&chosen, act, assignee);
    enum err err = store_hits_change(op, trial->store, &change, hits, chosen.count);
    if (!may && err == ERR_CONFLICT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    if (!may && err == ERR_OK) {
        trial_violate(trial, "a hit was changed that may not be");
    }
    return err;
}

static enum err count_event(void *context, const struct store_hit_event *event)
{
    size_t *count = context;
    (void)event;
    (*count)++;
    return ERR_OK;
}

void trial_hit_compare(struct trial *trial, struct op *op, const struct policy_grant *grant,
                       const struct store_hit *hit, const struct shadow_fold *expected)
{
    size_t events = 0;
    bool same = hit->state == expected->state &&
                span_equal(hit->assignee, assignee_name(op, expected->assignee));
    if (!same) {
        trial_violate(trial, "a hit is %s: should be %s, of analyst %u", hit_state_name(hit->state),
                      hit_state_name(expected->state), expected->assignee);
    }
    enum err err = store_hit_history(op, trial->store, grant, &hit->fold, count_event, &events);
    if (err != ERR_OK || events != expected->worked) {
        trial_violate(trial, "a hit was worked %zu times: should be %zu (%s)", events,
                      expected->worked, op->fault.text);
    }
}

/* ---- notices ---- */

static struct span subject_name(size_t subject)
{
    static const char *const names[SHADOW_SUBJECTS] = { "border-1", "border-2" };
    return span_of(names[subject]);
}

static struct span notice_text(struct op *op, uint64_t number)
{
    char text[NAME_SIZE];
    struct span copy;
    int size = snprintf(text, sizeof text, "notice %llu", (unsigned long long)number);
    check_err(op_copy(op, span_make(text, (size_t)size), &copy), ERR_OK);
    return copy;
}

enum err trial_notice_add(struct trial *trial, struct op *op)
{
    struct shadow *maybe = &trial->maybe;
    size_t subject = trial_choose(trial, SHADOW_SUBJECTS);
    bool heard = trial_choose(trial, 2) == 0;
    maybe->last++;
    maybe->notices++;
    maybe->silent[subject] = heard ? 0 : maybe->notices;
    const struct store_notice notice = {
        .type = heard ? SPAN("heard") : SPAN("silence"),
        .subject = subject_name(subject),
        .text = notice_text(op, maybe->notices),
        .ends = heard ? SPAN("silence") : SPAN(""),
        .time_us = shadow_hour_us(1),
        .tlp = POLICY_TLP_AMBER,
        .stays = !heard,
    };
    return store_notice_add(op, trial->store, &notice, NULL);
}

struct notices {
    struct trial *trial;
    struct op *op;
    size_t all;
    size_t open;
};

static enum err notice_visit(void *context, const struct store_notice *notice)
{
    struct notices *notices = context;
    const struct shadow *sure = &notices->trial->sure;
    notices->all++;
    if (!span_equal(notice->text, notice_text(notices->op, notices->all))) {
        trial_violate(notices->trial, "notice %zu is \"%.*s\"", notices->all,
                      SPAN_FMT(notice->text));
    }
    bool open = false;
    for (size_t i = 0; i < SHADOW_SUBJECTS; i++) {
        open = open ||
               (span_equal(notice->subject, subject_name(i)) && sure->silent[i] == notices->all);
    }
    if (notice->open != open) {
        trial_violate(notices->trial, "notice %zu is %sopen", notices->all, open ? "not " : "");
    }
    return ERR_OK;
}

void trial_notices_compare(struct trial *trial, struct op *op, const struct policy_grant *grant)
{
    const struct store_notice_filter all = { .open_only = false };
    struct notices notices = { .trial = trial, .op = op };
    enum err err = store_notices_walk(op, trial->store, grant, &all, notice_visit, &notices);
    if (err != ERR_OK || notices.all != trial->sure.notices) {
        trial_violate(trial, "there are %zu notices: should be %zu (%s)", notices.all,
                      (size_t)trial->sure.notices, op->fault.text);
    }
}
