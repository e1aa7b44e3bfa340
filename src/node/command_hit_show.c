// SPDX-License-Identifier: EUPL-1.2
/*
 * linie hits show: all that is known of a hit, why it ranks as it does, and what was done with it.
 */
#include "node/allowed.h"
#include "node/fold_words.h"
#include "node/hit_list.h"
#include "node/hit_words.h"

enum {
    LINE_SIZE_MAX = 256 * 1024 * 1024,
    FACT_COLUMN = 14,
    HISTORY_INDENT = 6,
    POINTS_COLUMN = 18,
    OF_VALUE_MAX = 10, /* hits of one value that people see whole */
};

struct showing {
    struct invocation *invocation;
    const struct store_hit *hit;
    struct json_writer w; /* for programs */
};

/* ---- for people ---- */

static void fact_begin(struct flow *flow, const struct invocation *invocation, const char *name)
{
    flow_begin(flow, invocation, FACT_COLUMN);
    flow_to(flow, 2);
    flow_words(flow, "%s", name);
    flow_to(flow, FACT_COLUMN);
}

static void show_values(const struct invocation *invocation, const char *name,
                        const struct fold_values *values)
{
    struct flow flow;
    if (values->count == 0) {
        return;
    }
    fact_begin(&flow, invocation, name);
    for (size_t i = 0; i < values->count; i++) {
        flow_value(&flow, "", values->at[i], i + 1 < values->count || values->more ? "," : "");
    }
    if (values->more) {
        flow_words(&flow, "and more");
    }
    flow_end(&flow);
}

static void show_head(const struct invocation *invocation, const struct store_hit *hit)
{
    struct flow flow;
    char id[HIT_ID_SIZE];
    unsigned rank = fold_rank(&hit->fold);
    hit_id_of(&hit->fold, id);
    flow_begin(&flow, invocation, 2);
    flow_words(&flow, "%s:", id);
    flow_styled(&flow, rank_level_of(rank) >= RANK_HIGH ? PRINT_ALARM : PRINT_BOLD,
                rank_level_name(rank_level_of(rank)));
    flow_words(&flow, "(%u), %s", rank, hit_state_name(hit->state));
    if (hit->assignee.size > 0) {
        flow_after(&flow, ",");
        flow_value(&flow, "for", hit->assignee, "");
    }
    flow_end(&flow);
}

static void show_when(const struct invocation *invocation, const struct fold *fold)
{
    struct flow flow;
    char first[TIME_TEXT_SIZE];
    char last[TIME_TEXT_SIZE];
    char lines[64];
    fact_begin(&flow, invocation, "when");
    flow_words(&flow, "%s", print_second(fold->first_us, first, sizeof first));
    flow_words(&flow, "to %s,", print_second(fold->last_us, last, sizeof last));
    flow_words(&flow, "%s", print_counted(fold->count, "line", "lines", lines, sizeof lines));
    flow_end(&flow);
}

static void show_host(const struct invocation *invocation, const struct fold *fold)
{
    struct flow flow;
    fact_begin(&flow, invocation, "inside");
    flow_value(&flow, "", fold_words_inside(fold), ",");
    fold_words_way(&flow, fold);
    flow_value(&flow, "by", fold->sensor, "");
    flow_end(&flow);
}

static void show_facts(const struct invocation *invocation, const struct fold *fold)
{
    struct flow flow;
    fact_begin(&flow, invocation, value_kind_name(fold->kind));
    flow_value(&flow, "", fold->value, "");
    flow_end(&flow);
    show_when(invocation, fold);
    show_host(invocation, fold);
    show_values(invocation, "outside", &fold->outside);
    show_values(invocation, "observed", &fold->observed);
    fact_begin(&flow, invocation, "field");
    flow_value(&flow, "", fold->field, "");
    flow_end(&flow);
    fact_begin(&flow, invocation, "source");
    fold_words_source(&flow, fold);
    flow_end(&flow);
    fact_begin(&flow, invocation, "indicator");
    flow_value(&flow, "", fold->indicator, "");
    flow_end(&flow);
    if (fold->best.effect != RANK_EFFECT_NONE) {
        fact_begin(&flow, invocation, "allowed");
        fold_words_allowed(&flow, fold);
        flow_end(&flow);
    }
}

static void show_reasons(const struct invocation *invocation, const struct fold *fold)
{
    const struct rank_facts facts = fold_facts(fold);
    struct rank_reason reasons[RANK_REASON_COUNT_MAX];
    size_t count = rank_reasons(&facts, reasons);
    for (size_t i = 0; i < count; i++) {
        struct flow flow;
        flow_begin(&flow, invocation, POINTS_COLUMN + 2);
        flow_to(&flow, 2);
        flow_words(&flow, "%s", i == 0 ? "rank" : "");
        flow_to(&flow, FACT_COLUMN);
        flow_words(&flow, "%+d", reasons[i].points);
        flow_to(&flow, POINTS_COLUMN);
        flow_words(&flow, "%s", reasons[i].words);
        flow_end(&flow);
    }
}

static enum err event_text(void *context, const struct store_hit_event *event)
{
    const struct showing *showing = context;
    const struct store_hit_change *change = &event->change;
    struct flow flow;
    char time[TIME_TEXT_SIZE];
    flow_begin(&flow, showing->invocation, HISTORY_INDENT);
    flow_to(&flow, 2);
    flow_words(&flow, "%s", print_second(event->time_us, time, sizeof time));
    flow_value(&flow, "", event->actor, ":");
    flow_words(&flow, "%s", hit_act_name(change->act));
    if (change->act == HIT_ACT_ASSIGN) {
        flow_value(&flow, "to", change->assignee.size > 0 ? change->assignee : SPAN("nobody"), "");
    }
    if (change->list.size > 0) {
        flow_after(&flow, ",");
        flow_value(&flow, "allow list", change->list, "");
    }
    if (change->text.size > 0) {
        flow_after(&flow, ":");
        flow_text(&flow, change->text);
    }
    flow_end(&flow);
    return ERR_OK;
}

static void show_false_others(const struct invocation *invocation, const struct store_hit *hit)
{
    char text[64];
    struct flow flow;
    if (hit->false_others == 0) {
        return;
    }
    flow_begin(&flow, invocation, 2);
    flow_to(&flow, 2);
    flow_words(
        &flow, "%s of this value called false",
        print_counted(hit->false_others, "other hit was", "other hits were", text, sizeof text));
    flow_end(&flow);
}

static enum err show_text(struct op *op, struct showing *showing, const struct policy_grant *grant)
{
    struct invocation *invocation = showing->invocation;
    const struct store_hit *hit = showing->hit;
    show_head(invocation, hit);
    show_facts(invocation, &hit->fold);
    show_reasons(invocation, &hit->fold);
    show_false_others(invocation, hit);
    TRY(store_hit_history(op, invocation->node->store, grant, &hit->fold, event_text, showing));
    hit_words_evidence(invocation, &hit->fold, 2);
    return ERR_OK;
}

/* ---- for programs ---- */

static void write_reasons(struct json_writer *w, const struct fold *fold)
{
    const struct rank_facts facts = fold_facts(fold);
    struct rank_reason reasons[RANK_REASON_COUNT_MAX];
    size_t count = rank_reasons(&facts, reasons);
    json_key(w, SPAN("reasons"));
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_member_i64(w, SPAN("points"), reasons[i].points);
        json_member_string(w, SPAN("why"), span_of(reasons[i].words));
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_text(struct json_writer *w, struct span key, struct span text)
{
    if (text.size > 0) {
        json_member_string(w, key, text);
    }
}

static enum err event_json(void *context, const struct store_hit_event *event)
{
    struct showing *showing = context;
    const struct store_hit_change *change = &event->change;
    struct json_writer *w = &showing->w;
    json_begin_object(w);
    json_member_time(w, SPAN("time"), event->time_us);
    json_member_string(w, SPAN("actor"), event->actor);
    json_member_string(w, SPAN("act"), span_of(hit_act_name(change->act)));
    write_text(w, SPAN("text"), change->text);
    write_text(w, SPAN("assignee"), change->assignee);
    write_text(w, SPAN("list"), change->list);
    json_member_u64(w, SPAN("entry"), event->entry);
    json_end_object(w);
    return ERR_OK;
}

static enum err show_json(struct op *op, struct showing *showing, const struct policy_grant *grant)
{
    struct invocation *invocation = showing->invocation;
    const struct fold *fold = &showing->hit->fold;
    struct json_writer *w = &showing->w;
    struct buf line;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(w, &line);
    json_begin_object(w);
    hit_words_members(w, showing->hit);
    write_reasons(w, fold);
    json_key(w, SPAN("history"));
    json_begin_array(w);
    enum err err = store_hit_history(op, invocation->node->store, grant, fold, event_json, showing);
    json_end_array(w);
    hit_words_evidence_members(w, fold);
    json_end_object(w);
    if (err == ERR_OK && line.err != ERR_OK) {
        err = op_fail(op, line.err, "so much was done with it that one JSON object cannot hold it");
    }
    if (err == ERR_OK) {
        print_json(invocation, &line);
    }
    buf_done(&line);
    return err;
}

/* ---- the command ---- */

/* Those of one command line. */
struct shower {
    struct invocation *invocation;
    const struct policy_grant *grant;
    struct allowed *allowed;
    uint64_t shown;
};

static enum err show_one(struct op *op, struct shower *shower, struct store_hit *hit)
{
    struct invocation *invocation = shower->invocation;
    fputs(shower->shown > 0 && !invocation->json ? "\n" : "", invocation->out);
    shower->shown++;
    TRY(store_evidence_read(op, invocation->node->store, shower->grant, &hit->fold));
    allowed_apply(shower->allowed, &hit->fold);
    struct showing showing = { .invocation = invocation, .hit = hit };
    return invocation->json ? show_json(op, &showing, shower->grant)
                            : show_text(op, &showing, shower->grant);
}

static enum err show_row(struct op *op, struct shower *shower, const struct hit_item *item)
{
    struct store_hit hit;
    TRY(store_hit_reread(op, shower->invocation->node->store, shower->grant, item->row,
                         item->false_others, &hit));
    return show_one(op, shower, &hit);
}

/* Each in memory of its own. */
static enum err show_rows(struct shower *shower, const struct hit_item *items, size_t count)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct op op;
        op_begin(&op, &shower->invocation->op->actor, LINE_SIZE_MAX);
        err = show_row(&op, shower, &items[i]);
        if (err != ERR_OK) {
            err = op_fail(shower->invocation->op, err, "%s", op.fault.text);
        }
        op_end(&op);
    }
    return err;
}

/* People see the few that matter first, and how many there are. */
static enum err show_group(struct shower *shower, const struct hit_list *list,
                           const struct hit_group *group, const char *text)
{
    const struct invocation *invocation = shower->invocation;
    bool cut = group->count > OF_VALUE_MAX && !invocation->json;
    size_t shown = cut ? OF_VALUE_MAX : group->count;
    TRY(show_rows(shower, hit_list_items(list, group), shown));
    if (cut) {
        fprintf(invocation->out, "\nand %zu more: 'linie hits --all --indicator %s' shows them\n",
                group->count - shown, text);
    }
    return ERR_OK;
}

static enum err show_named(struct shower *shower, const char *text)
{
    struct hit_list list = { .lines = 0 };
    struct invocation *invocation = shower->invocation;
    struct op *op = invocation->op;
    struct hit_wish wish = { .filter = { .since_us = TIME_US_NONE },
                             .level_min = RANK_SILENT,
                             .states = (1u << HIT_STATE_COUNT) - 1 };
    enum err err = hit_filter_name(op, text, &wish.filter);
    if (err == ERR_FORMAT) {
        return op_fail(op, err,
                       "%s: neither the name of a hit, as 'linie hits' shows it (H-7K3F9Q2M), nor "
                       "a value",
                       text);
    }
    TRY(err);
    err = hit_list_gather(op, invocation->node, shower->grant, shower->allowed, &wish, &list);
    size_t count = 0;
    const struct hit_group *groups = err == ERR_OK ? hit_list_groups(&list, &count) : NULL;
    if (err == ERR_OK && count == 0) {
        err = op_fail(op, ERR_ABSENT, "%s has no hits", text);
    }
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = show_group(shower, &list, &groups[i], text);
    }
    hit_list_done(&list);
    return err;
}

static enum err show(struct shower *shower, const char *text)
{
    struct op *op = shower->invocation->op;
    struct store_hit hit;
    char id[HIT_ID_SIZE];
    if (hit_id_parse(span_of(text), id) != ERR_OK) {
        return show_named(shower, text);
    }
    TRY(store_hit_find(op, shower->invocation->node->store, shower->grant, span_of(id), &hit));
    return show_one(op, shower, &hit);
}

static int show_all(struct shower *shower)
{
    int code = EXIT_DONE;
    struct invocation *invocation = shower->invocation;
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (show(shower, invocation->arguments[i]) != ERR_OK) {
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
        }
    }
    return code;
}

int command_hits_show(struct invocation *invocation)
{
    struct shower shower = { .invocation = invocation };
    if (invocation->argument_count == 0) {
        (void)op_fail(invocation->op, ERR_FORMAT,
                      "name hits (H-...), or a value or indicator for its hits");
        return command_fail(invocation);
    }
    if (policy_grant_owner(invocation->op, &shower.grant) != ERR_OK ||
        allowed_open(invocation->op, invocation->node, &shower.allowed) != ERR_OK) {
        return command_fail(invocation);
    }
    int code = show_all(&shower);
    allowed_close(shower.allowed);
    return code;
}
