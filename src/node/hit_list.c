// SPDX-License-Identifier: EUPL-1.2
#include "node/hit_list.h"

#include <stdlib.h>

enum { LIST_SIZE_MAX = 1024 * 1024 * 1024 };

/* A walk over all hits that fit, of which some are taken. */
struct gathering {
    const struct allowed *allowed;
    const struct hit_wish *wish;
    struct hit_list *list;
    struct buf value; /* of the present group: a value's hits follow each other */
    enum value_kind kind;
    uint32_t group_count;
    uint32_t order;
};

/* What can be told of a hit before it is read whole: most are silent, or dealt with. */
static bool wanted(void *context, const struct store_hit_head *head)
{
    struct gathering *g = context;
    const struct hit_wish *wish = g->wish;
    if ((wish->states & 1u << head->state) == 0) {
        g->list->states[head->state]++;
        return false;
    }
    if (wish->assignee.size > 0 && !span_equal(wish->assignee, head->assignee)) {
        *(head->assignee.size > 0 ? &g->list->others : &g->list->unassigned) += 1;
        return false;
    }
    bool silent = head->rank == 0 && allowed_has(g->allowed, head->list) &&
                  allowed_silences(g->allowed, head->kind, head->value, head->last_us);
    if (silent && wish->level_min > RANK_SILENT) {
        g->list->levels[RANK_SILENT]++;
        return false;
    }
    return true;
}

/* Values of two kinds may have one text. */
static uint32_t group_of(struct gathering *g, const struct fold *fold)
{
    bool same =
        g->group_count > 0 && g->kind == fold->kind && span_equal(buf_span(&g->value), fold->value);
    if (!same) {
        g->group_count++;
        g->kind = fold->kind;
        buf_clear(&g->value);
        buf_add(&g->value, fold->value);
    }
    return g->group_count - 1;
}

static enum err visit(void *context, const struct store_hit *hit)
{
    struct gathering *g = context;
    struct fold fold = hit->fold;
    allowed_apply(g->allowed, &fold);
    unsigned rank = fold_rank(&fold);
    enum rank_level level = rank_level_of(rank);
    if (level < g->wish->level_min) {
        g->list->levels[level]++;
        return ERR_OK;
    }
    const struct hit_item item = {
        .row = hit->row,
        .false_others = hit->false_others,
        .group = group_of(g, &fold),
        .order = g->order,
        .rank = (uint8_t)rank,
    };
    g->order++;
    g->list->lines += fold.count;
    buf_add(&g->list->items, span_make(&item, sizeof item));
    return g->list->items.err;
}

/* ---- order ---- */

static int ascending(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int item_order(const void *a, const void *b)
{
    const struct hit_item *left = a;
    const struct hit_item *right = b;
    int by_group = ascending(left->group, right->group);
    int by_rank = ascending(right->rank, left->rank);
    if (by_group != 0) {
        return by_group;
    }
    return by_rank != 0 ? by_rank : ascending(left->order, right->order);
}

/* The store tells the value with the latest line first. */
static int group_order(const void *a, const void *b)
{
    const struct hit_group *left = a;
    const struct hit_group *right = b;
    int by_rank = ascending(right->rank, left->rank);
    return by_rank != 0 ? by_rank : ascending(left->order, right->order);
}

static struct hit_item *items_of(const struct hit_list *list, size_t *ret_count)
{
    *ret_count = list->items.size / sizeof(struct hit_item);
    return (struct hit_item *)(void *)list->items.data;
}

static enum err list_order(struct hit_list *list)
{
    size_t count = 0;
    struct hit_item *items = items_of(list, &count);
    if (count > 0) {
        qsort(items, count, sizeof *items, item_order);
    }
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && items[end].group == items[i].group) {
            end++;
        }
        const struct hit_group group = {
            .first = i, .count = end - i, .rank = items[i].rank, .order = items[i].group
        };
        buf_add(&list->groups, span_make(&group, sizeof group));
        i = end;
    }
    if (count > 0 && list->groups.err == ERR_OK) {
        qsort(list->groups.data, list->groups.size / sizeof(struct hit_group),
              sizeof(struct hit_group), group_order);
    }
    return list->groups.err;
}

/* ---- the list ---- */

enum err hit_filter_name(struct op *op, const char *text, struct store_hit_filter *filter)
{
    enum value_scope scope;
    if (span_starts_with(span_of(text), SPAN("indicator--"))) {
        filter->indicator = span_of(text);
        return ERR_OK;
    }
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    struct value *value = op_alloc(op, sizeof *value);
    if (bytes == NULL || value == NULL) {
        return ERR_LIMIT;
    }
    TRY(value_recognise(span_of(text), bytes, value, &scope));
    filter->value = value;
    return ERR_OK;
}

enum err hit_list_gather(struct op *op, struct node *node, const struct policy_grant *grant,
                         const struct allowed *allowed, const struct hit_wish *wish,
                         struct hit_list *ret)
{
    struct gathering g = { .allowed = allowed, .wish = wish, .list = ret };
    struct store_hit_filter filter = wish->filter;
    filter.wanted = wanted;
    *ret = (struct hit_list){ .lines = 0 };
    buf_init(&ret->items, LIST_SIZE_MAX);
    buf_init(&ret->groups, LIST_SIZE_MAX);
    buf_init(&g.value, VALUE_TEXT_SIZE_MAX);
    enum err err = store_hits_walk(op, node->store, grant, &filter, visit, &g);
    buf_done(&g.value);
    if (err == ERR_OK) {
        err = list_order(ret);
    }
    if (err == ERR_LIMIT && op->fault.err == ERR_OK) {
        err = op_fail(op, err, "too many hits to order: ask for fewer (--since, --kind)");
    }
    return err;
}

void hit_list_done(struct hit_list *list)
{
    buf_done(&list->items);
    buf_done(&list->groups);
}

const struct hit_group *hit_list_groups(const struct hit_list *list, size_t *ret_count)
{
    *ret_count = list->groups.size / sizeof(struct hit_group);
    return (const struct hit_group *)(const void *)list->groups.data;
}

const struct hit_item *hit_list_items(const struct hit_list *list, const struct hit_group *group)
{
    size_t count = 0;
    const struct hit_item *items = items_of(list, &count);
    return &items[group->first];
}
