// SPDX-License-Identifier: EUPL-1.2
/*
 * linie hits ack, false, note, assign, reopen: what people do with hits. A hit is named by its own
 * name, or together with all others of a value or indicator that it can be done with.
 */
#include "node/false_alarm.h"
#include "node/fold_seen.h"
#include "node/hit_list.h"
#include "node/hit_words.h"
#include "node/node.h"

enum { WORK_MEMORY_MAX = 0x7FFFFFFF, HITS_SIZE_MAX = 512 * 1024 * 1024 };

/* One act upon the hits that were named. */
struct work {
    struct invocation *invocation;
    const struct policy_grant *grant;
    struct store_hit_change change;
    struct buf hits;       /* struct store_hit: of their folds only keys and values are kept */
    struct fold_seen seen; /* each is acted upon once, however often it is named */
    uint64_t refused;
};

static struct store_hit *hits_of(const struct work *work, size_t *ret_count)
{
    *ret_count = work->hits.size / sizeof(struct store_hit);
    return (struct store_hit *)(void *)work->hits.data;
}

/* ---- which hits ---- */

/* What is needed of a hit later, in the invocation's memory. */
static enum err keep(struct work *work, const struct store_hit *hit)
{
    struct op *op = work->invocation->op;
    struct store_hit kept = {
        .state = hit->state,
        .fold = { .start_us = hit->fold.start_us,
                  .length_us = hit->fold.length_us,
                  .kind = hit->fold.kind,
                  .tlp = hit->fold.tlp },
    };
    if (fold_seen_note(&work->seen, &hit->fold)) {
        return ERR_OK;
    }
    TRY(op_copy(op, hit->fold.indicator, &kept.fold.indicator));
    TRY(op_copy(op, hit->fold.inside, &kept.fold.inside));
    TRY(op_copy(op, hit->fold.value, &kept.fold.value));
    buf_add(&work->hits, span_make(&kept, sizeof kept));
    return work->hits.err == ERR_OK ? ERR_OK : op_fail(op, ERR_LIMIT, "too many hits at once");
}

/* Of a value's hits those count with which this can be done. */
static bool wanted(void *context, const struct store_hit_head *head)
{
    const struct work *work = context;
    enum hit_state after;
    return hit_state_after(head->state, work->change.act, &after);
}

static enum err visit(void *context, const struct store_hit *hit)
{
    return keep(context, hit);
}

static enum err of_value(struct work *work, const char *text)
{
    struct op *op = work->invocation->op;
    struct store_hit_filter filter = { .since_us = TIME_US_NONE, .wanted = wanted };
    size_t before = work->hits.size;
    enum err err = hit_filter_name(op, text, &filter);
    if (err == ERR_FORMAT) {
        return op_fail(op, err, "%s: neither the name of a hit (H-...) nor a value", text);
    }
    TRY(err);
    TRY(store_hits_walk(op, work->invocation->node->store, work->grant, &filter, visit, work));
    return work->hits.size > before
               ? ERR_OK
               : op_fail(op, ERR_ABSENT, "%s has no hits with which that can be done", text);
}

static enum err of_name(struct work *work, struct span id)
{
    struct op *op = work->invocation->op;
    struct store_hit hit;
    enum hit_state after;
    TRY(store_hit_find(op, work->invocation->node->store, work->grant, id, &hit));
    if (!hit_state_after(hit.state, work->change.act, &after)) {
        char shown[HIT_ID_SHOWN_SIZE + 1];
        hit_words_id(&hit.fold, shown);
        return op_fail(op, ERR_CONFLICT, "%s is %s%s", shown, hit_state_name(hit.state),
                       hit.state == HIT_FALSE ? ": 'linie hits reopen' takes that back" : "");
    }
    return keep(work, &hit);
}

static enum err find(struct work *work, const char *text)
{
    char id[HIT_ID_SIZE];
    bool named = hit_id_parse(span_of(text), id) == ERR_OK;
    return named ? of_name(work, span_of(id)) : of_value(work, text);
}

static void find_all(struct work *work)
{
    struct invocation *invocation = work->invocation;
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (find(work, invocation->arguments[i]) != ERR_OK) {
            (void)command_fail(invocation);
            op_fault_clear(invocation->op);
            work->refused++;
        }
    }
}

/* ---- doing it ---- */

static void tell(const struct work *work, size_t count)
{
    static const char *const words[HIT_ACT_COUNT] = {
        [HIT_ACT_NONE] = "",
        [HIT_ACT_ACKNOWLEDGE] = "acknowledged",
        [HIT_ACT_FALSE] = "called a false alarm",
        [HIT_ACT_REOPEN] = "open again",
        [HIT_ACT_ASSIGN] = "assigned",
        [HIT_ACT_NOTE] = "noted",
    };
    char text[64];
    FILE *out = work->invocation->out;
    if (work->invocation->json) {
        fprintf(out, "{\"act\":\"%s\",\"hits\":%zu,\"refused\":%llu}\n",
                hit_act_name(work->change.act), count, (unsigned long long)work->refused);
    } else {
        fprintf(out, "%s %s\n", print_counted(count, "hit", "hits", text, sizeof text),
                words[work->change.act]);
    }
}

static enum err run(struct work *work, const struct false_alarm_options *alarm, size_t *ret_count)
{
    struct invocation *invocation = work->invocation;
    TRY(policy_grant_owner(invocation->op, &work->grant));
    find_all(work);
    struct store_hit *hits = hits_of(work, ret_count);
    if (*ret_count == 0) {
        return ERR_OK;
    }
    if (alarm != NULL) {
        return false_alarm_allow(invocation, alarm, &work->change, hits, *ret_count);
    }
    if (work->change.act == HIT_ACT_REOPEN) {
        TRY(false_alarm_take_back(invocation, work->grant, hits, *ret_count));
    }
    return store_hits_change(invocation->op, invocation->node->store, &work->change, hits,
                             *ret_count);
}

static int act(struct invocation *invocation, const struct store_hit_change *change,
               const struct false_alarm_options *alarm)
{
    struct work work = { .invocation = invocation, .change = *change };
    size_t count = 0;
    if (invocation->argument_count == 0) {
        (void)op_fail(invocation->op, ERR_FORMAT,
                      "name hits (H-...), or a value or indicator for all its hits");
        return command_fail(invocation);
    }
    buf_init(&work.hits, HITS_SIZE_MAX);
    enum err err = run(&work, alarm, &count);
    buf_done(&work.hits);
    fold_seen_done(&work.seen);
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    if (count == 0) {
        return EXIT_TROUBLE;
    }
    tell(&work, count);
    return work.refused > 0 ? EXIT_REFUSALS : EXIT_DONE;
}

/* ---- the commands ---- */

static enum err needed(struct invocation *invocation, const char *name, const char *why,
                       struct span *ret)
{
    const char *text = command_value(invocation, name);
    if (text == NULL || text[0] == '\0') {
        return op_fail(invocation->op, ERR_FORMAT, "--%s TEXT is needed: %s", name, why);
    }
    *ret = span_of(text);
    return ERR_OK;
}

int command_hits_ack(struct invocation *invocation)
{
    const struct store_hit_change change = {
        .act = HIT_ACT_ACKNOWLEDGE,
        .text = span_of(command_value(invocation, "note")),
    };
    return act(invocation, &change, NULL);
}

int command_hits_note(struct invocation *invocation)
{
    struct store_hit_change change = { .act = HIT_ACT_NOTE };
    if (needed(invocation, "text", "what is to be kept with the hit", &change.text) != ERR_OK) {
        return command_fail(invocation);
    }
    return act(invocation, &change, NULL);
}

int command_hits_assign(struct invocation *invocation)
{
    const char *to = command_value(invocation, "to");
    if (to == NULL) {
        (void)op_fail(invocation->op, ERR_FORMAT,
                      "--to NAME is needed: who sees to it; \"\" for nobody any more");
        return command_fail(invocation);
    }
    const struct store_hit_change change = {
        .act = HIT_ACT_ASSIGN,
        .assignee = span_of(to),
        .text = span_of(command_value(invocation, "note")),
    };
    return act(invocation, &change, NULL);
}

int command_hits_reopen(struct invocation *invocation)
{
    struct store_hit_change change = { .act = HIT_ACT_REOPEN };
    if (needed(invocation, "reason", "why it is to be looked at again", &change.text) != ERR_OK) {
        return command_fail(invocation);
    }
    return act(invocation, &change, NULL);
}

int command_hits_false(struct invocation *invocation)
{
    struct store_hit_change change = { .act = HIT_ACT_FALSE };
    struct false_alarm_options alarm;
    bool allows = command_value(invocation, "allow") != NULL;
    if (needed(invocation, "reason", "why it was a false alarm", &change.text) != ERR_OK ||
        false_alarm_options_read(invocation, &alarm) != ERR_OK) {
        return command_fail(invocation);
    }
    return act(invocation, &change, allows ? &alarm : NULL);
}
