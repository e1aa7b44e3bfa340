// SPDX-License-Identifier: EUPL-1.2
/*
 * linie hits: what was found, folded; the folds of one value together, those that matter first.
 * People see the few that somebody is to look at, and how many lie behind.
 */
#include "node/fold_words.h"
#include "node/hit_list.h"
#include "node/hit_words.h"
#include "os/person.h"

enum {
    LINE_SIZE_MAX = 256 * 1024,
    HIT_MEMORY_MAX = 64 * 1024 * 1024,
    WHEN_COLUMN = 13,   /* behind "  H-7K3F9Q2M " */
    INSIDE_COLUMN = 36, /* behind "2026-11-21 20:34-20:59 " */
    COUNT_COLUMN = 52,  /* behind an IPv4 address */
    COUNT_WIDTH = 7,
    FURTHER_INDENT = 6,
    GROUPS_SHOWN_MAX = 12, /* on a screen in the night; --all shows all */
    HITS_SHOWN_MAX = 3,    /* of one value */
};

struct hits {
    struct invocation *invocation;
    const struct policy_grant *grant;
    struct allowed *allowed;
    struct hit_wish wish;
    struct hit_list list;
    struct buf line;
    uint64_t folds; /* in the list */
    bool evidence;
    bool all; /* neither groups nor their hits are cut */
    bool whole_groups;
};

/* ---- for people ---- */

static void show_value(const struct hits *hits, const struct hit_group *group,
                       const struct fold *fold)
{
    struct flow flow;
    flow_begin(&flow, hits->invocation, 2);
    flow_styled(&flow, rank_level_of(group->rank) >= RANK_HIGH ? PRINT_ALARM : PRINT_BOLD,
                rank_level_name(rank_level_of(group->rank)));
    flow_words(&flow, "%s", value_kind_name(fold->kind));
    flow_value(&flow, "", fold->value, "");
    flow_end(&flow);
}

/* "2026-11-18 14:02-14:58": a fold lies within its hour; within one minute that is told once. */
static void add_when(struct flow *flow, const struct fold *fold)
{
    enum { DAY_SIZE = sizeof "2026-11-21" - 1, MINUTE_SIZE = sizeof "20:34" - 1 };
    char first[TIME_TEXT_SIZE];
    char last[TIME_TEXT_SIZE];
    print_second(fold->first_us, first, sizeof first);
    print_second(fold->last_us, last, sizeof last);
    if (strlen(first) <= DAY_SIZE + MINUTE_SIZE || strlen(last) <= DAY_SIZE + MINUTE_SIZE) {
        flow_words(flow, "(no time)");
        return;
    }
    const char *first_minute = first + DAY_SIZE + 1;
    const char *last_minute = last + DAY_SIZE + 1;
    bool longer = strncmp(first_minute, last_minute, MINUTE_SIZE) != 0;
    flow_words(flow, "%.*s %.*s%s%.*s", DAY_SIZE, first, MINUTE_SIZE, first_minute,
               longer ? "-" : "", longer ? MINUTE_SIZE : 0, last_minute);
}

static void show_level(struct flow *flow, const struct hit_group *group, const struct fold *fold)
{
    enum rank_level level = rank_level_of(fold_rank(fold));
    if (level != rank_level_of(group->rank)) {
        flow_words(flow, "%s,", rank_level_name(level));
    }
}

static enum err show_hit(struct op *op, const struct hits *hits, const struct hit_group *group,
                         const struct store_hit *hit)
{
    const struct fold *fold = &hit->fold;
    struct flow flow;
    char id[HIT_ID_SHOWN_SIZE + 1];
    char count[32];
    hit_words_id(fold, id);
    flow_begin(&flow, hits->invocation, FURTHER_INDENT);
    flow_to(&flow, 2);
    flow_words(&flow, "%s", id);
    flow_to(&flow, WHEN_COLUMN);
    add_when(&flow, fold);
    flow_to(&flow, INSIDE_COLUMN);
    flow_value(&flow, "", fold_words_inside(fold), "");
    print_count(fold->count, count, sizeof count);
    flow_to(&flow, COUNT_COLUMN + COUNT_WIDTH - strlen(count));
    flow_words(&flow, "%s x", count);
    TRY(fold_words_observed(op, &flow, "", fold));
    if (fold->outside.count > 0) {
        flow_value(&flow, "with", fold->outside.at[0], "");
        fold_words_further(&flow, &fold->outside);
    }
    flow_after(&flow, ",");
    show_level(&flow, group, fold);
    fold_words_way(&flow, fold);
    flow_value(&flow, "by", fold->sensor, ";");
    fold_words_source(&flow, fold);
    hit_words_standing(&flow, hit);
    if (fold->best.effect != RANK_EFFECT_NONE) {
        flow_after(&flow, ",");
        fold_words_allowed(&flow, fold);
    }
    flow_end(&flow);
    return ERR_OK;
}

/* ---- the list ---- */

static enum err hit_json(struct hits *hits, const struct store_hit *hit)
{
    struct json_writer w;
    json_writer_init(&w, &hits->line);
    json_begin_object(&w);
    hit_words_members(&w, hit);
    if (hits->evidence) {
        hit_words_evidence_members(&w, &hit->fold);
    }
    json_end_object(&w);
    print_json(hits->invocation, &hits->line);
    return ERR_OK;
}

static enum err hit_show(struct op *op, struct hits *hits, const struct hit_group *group,
                         size_t index)
{
    struct store_hit hit;
    struct node *node = hits->invocation->node;
    const struct hit_item *item = &hit_list_items(&hits->list, group)[index];
    TRY(store_hit_reread(op, node->store, hits->grant, item->row, item->false_others, &hit));
    allowed_apply(hits->allowed, &hit.fold);
    if (hits->evidence) {
        TRY(store_evidence_read(op, node->store, hits->grant, &hit.fold));
    }
    if (hits->invocation->json) {
        return hit_json(hits, &hit);
    }
    if (index == 0) {
        show_value(hits, group, &hit.fold);
    }
    TRY(show_hit(op, hits, group, &hit));
    if (hits->evidence) {
        hit_words_evidence(hits->invocation, &hit.fold, FURTHER_INDENT);
    }
    return ERR_OK;
}

/* Each hit in memory of its own. */
static enum err hit_show_alone(struct hits *hits, const struct hit_group *group, size_t index)
{
    struct op op;
    op_begin(&op, &hits->invocation->op->actor, HIT_MEMORY_MAX);
    enum err err = hit_show(&op, hits, group, index);
    if (err != ERR_OK) {
        err = op_fail(hits->invocation->op, err, "%s", op.fault.text);
    }
    op_end(&op);
    return err;
}

/* What of a group is shown: programs see all, people the few that matter first. */
static size_t shown_of(const struct hits *hits, size_t index, const struct hit_group *group)
{
    if (hits->all || hits->invocation->json) {
        return group->count;
    }
    if (index >= GROUPS_SHOWN_MAX) {
        return 0;
    }
    bool cut = group->count > HITS_SHOWN_MAX && !hits->whole_groups;
    return cut ? HITS_SHOWN_MAX : group->count;
}

static void leave_behind(struct hits *hits, const struct hit_group *group, size_t shown)
{
    const struct hit_item *items = hit_list_items(&hits->list, group);
    for (size_t i = shown; i < group->count; i++) {
        hits->list.levels[rank_level_of(items[i].rank)]++;
    }
}

static enum err show_list(struct hits *hits)
{
    size_t count = 0;
    const struct hit_group *groups = hit_list_groups(&hits->list, &count);
    for (size_t i = 0; i < count; i++) {
        size_t shown = shown_of(hits, i, &groups[i]);
        if (i > 0 && shown > 0 && !hits->invocation->json) {
            fputc('\n', hits->invocation->out);
        }
        for (size_t at = 0; at < shown; at++) {
            TRY(hit_show_alone(hits, &groups[i], at));
        }
        leave_behind(hits, &groups[i], shown);
        hits->folds += groups[i].count;
    }
    return ERR_OK;
}

/* ---- what lies behind ---- */

static void add_behind(struct flow *flow, uint64_t count, const char *word, bool *any)
{
    char number[32];
    if (count > 0) {
        flow_after(flow, *any ? "," : "");
        flow_words(flow, "%s %s", print_count(count, number, sizeof number), word);
        *any = true;
    }
}

/* "and 1,214 more: 900 silent, 200 low, 114 acknowledged" */
static void show_behind(const struct hits *hits)
{
    const struct hit_list *list = &hits->list;
    struct flow flow;
    char number[32];
    uint64_t behind = list->others + list->unassigned;
    bool any = false;
    for (int i = 0; i < HIT_STATE_COUNT; i++) {
        behind += list->states[i];
    }
    for (int i = 0; i < RANK_LEVEL_COUNT; i++) {
        behind += list->levels[i];
    }
    if (behind == 0) {
        return;
    }
    flow_begin(&flow, hits->invocation, 2);
    flow_words(&flow, "%s%s more:", hits->folds > 0 ? "and " : "",
               print_count(behind, number, sizeof number));
    for (int i = RANK_LEVEL_COUNT - 1; i >= 0; i--) {
        add_behind(&flow, list->levels[i], rank_level_name((enum rank_level)i), &any);
    }
    for (int i = 0; i < HIT_STATE_COUNT; i++) {
        add_behind(&flow, list->states[i], hit_state_name((enum hit_state)i), &any);
    }
    add_behind(&flow, list->others, "of others", &any);
    add_behind(&flow, list->unassigned, "that nobody has", &any);
    flow_words(&flow, "('linie hits --all' shows them)");
    flow_end(&flow);
}

static void show_total(const struct hits *hits)
{
    char values[64];
    char folds[64];
    char lines[64];
    size_t groups = 0;
    (void)hit_list_groups(&hits->list, &groups);
    fputs(groups > 0 ? "\n" : "", hits->invocation->out);
    show_behind(hits);
    fprintf(hits->invocation->out, "%s met, %s, %s%s\n",
            print_counted(groups, "value", "values", values, sizeof values),
            print_counted(hits->folds, "fold", "folds", folds, sizeof folds),
            print_counted(hits->list.lines, "line", "lines", lines, sizeof lines),
            groups > 0 ? " (times are UTC)" : "");
}

/* ---- the command ---- */

static enum err filter_read(struct invocation *invocation, struct store_hit_filter *ret)
{
    const char *indicator = command_value(invocation, "indicator");
    *ret = (struct store_hit_filter){ .since_us = TIME_US_NONE };
    TRY(command_time(invocation, "since", &ret->since_us));
    TRY(command_kind(invocation, &ret->kind));
    enum err err = indicator == NULL ? ERR_OK : hit_filter_name(invocation->op, indicator, ret);
    return err != ERR_FORMAT
               ? err
               : op_fail(invocation->op, err,
                         "--indicator %s: neither an id nor a value of a known kind", indicator);
}

static enum err level_read(struct hits *hits)
{
    const char *text = command_value(hits->invocation, "rank");
    hits->wish.level_min = hits->all ? RANK_SILENT : RANK_LOW;
    if (text != NULL && rank_level_from_name(span_of(text), &hits->wish.level_min) != ERR_OK) {
        return op_fail(hits->invocation->op, ERR_FORMAT,
                       "--rank %s: not a rank: critical, high, medium, low or silent", text);
    }
    return ERR_OK;
}

/* What is assigned to a user is shown to who is perhaps somebody else, too: it is no secret. */
static struct span plain_name(struct span name)
{
    const struct span mark = SPAN(OS_PERSON_UNPROVEN);
    return span_ends_with(name, mark) ? span_slice(name, 0, name.size - mark.size) : name;
}

/* Who asks for a state, or for what is theirs, sees silent hits of that too. */
static enum err states_read(struct hits *hits)
{
    const unsigned open = 1u << HIT_NEW | 1u << HIT_REOPENED;
    const char *text = command_value(hits->invocation, "state");
    const bool mine = command_value(hits->invocation, "mine") != NULL;
    enum hit_state state = HIT_NEW;
    hits->wish.states = hits->all ? (1u << HIT_STATE_COUNT) - 1 : open;
    if (mine) {
        hits->wish.assignee = plain_name(hits->invocation->op->actor.name);
        hits->wish.states |= 1u << HIT_ACKNOWLEDGED;
    }
    if (text == NULL) {
        return ERR_OK;
    }
    if (hit_state_from_name(span_of(text), &state) != ERR_OK) {
        return op_fail(hits->invocation->op, ERR_FORMAT,
                       "--state %s: not a state: new, acknowledged, false or reopened", text);
    }
    hits->wish.states = 1u << state;
    if (state != HIT_NEW && command_value(hits->invocation, "rank") == NULL) {
        hits->wish.level_min = RANK_SILENT;
    }
    return ERR_OK;
}

static enum err wish_read(struct hits *hits)
{
    struct invocation *invocation = hits->invocation;
    hits->evidence = command_value(invocation, "evidence") != NULL;
    hits->all = command_value(invocation, "all") != NULL;
    hits->whole_groups = command_value(invocation, "indicator") != NULL;
    TRY(filter_read(invocation, &hits->wish.filter));
    TRY(level_read(hits));
    return states_read(hits);
}

/* No hit of what nobody watches for says nothing. */
static enum err tell_unwatched(struct invocation *invocation)
{
    const char *indicator = command_value(invocation, "indicator");
    bool watched = true;
    if (indicator != NULL) {
        TRY(command_indicators_have(invocation, indicator, &watched));
    }
    if (!watched) {
        fprintf(invocation->err, "linie hits: %s is not watched on this node now\n", indicator);
    }
    return ERR_OK;
}

static enum err run(struct hits *hits)
{
    struct op *op = hits->invocation->op;
    struct node *node = hits->invocation->node;
    TRY(wish_read(hits));
    TRY(policy_grant_owner(op, &hits->grant));
    TRY(allowed_open(op, node, &hits->allowed));
    TRY(hit_list_gather(op, node, hits->grant, hits->allowed, &hits->wish, &hits->list));
    TRY(show_list(hits));
    return hits->folds == 0 ? tell_unwatched(hits->invocation) : ERR_OK;
}

int command_hits(struct invocation *invocation)
{
    struct hits hits = { .invocation = invocation };
    buf_init(&hits.line, LINE_SIZE_MAX);
    enum err err = run(&hits);
    if (err == ERR_OK && !invocation->json) {
        show_total(&hits);
    }
    hit_list_done(&hits.list);
    allowed_close(hits.allowed);
    buf_done(&hits.line);
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    return hits.folds > 0 ? EXIT_FOUND : EXIT_DONE;
}
