// SPDX-License-Identifier: EUPL-1.2
#include "node/false_alarm.h"

#include <stdlib.h>

#include "base/must.h"
#include "node/allowed.h"
#include "node/hit_words.h"
#include "os/clock.h"
#include "os/random.h"

enum {
    LISTS_AT_ONCE_MAX = 1000,
    NAME_SIZE = 64,
    ALARM_MEMORY_MAX = 64 * 1024 * 1024,
    PACK_BYTES_MAX = 64 * 1024
};

#define DAYS_DEFAULT 30
#define DAY_US       ((int64_t)86400 * US_PER_S)

/* ---- options ---- */

static enum err scope_read(struct invocation *invocation, enum false_alarm_scope *ret)
{
    static const char *const words[FALSE_ALARM_SCOPE_COUNT] = {
        [FALSE_ALARM_HOST] = "host",
        [FALSE_ALARM_INDICATOR] = "indicator",
        [FALSE_ALARM_VALUE] = "value",
    };
    const char *text = command_value(invocation, "scope");
    *ret = FALSE_ALARM_HOST;
    for (int i = 0; text != NULL && i < FALSE_ALARM_SCOPE_COUNT; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret = (enum false_alarm_scope)i;
            return ERR_OK;
        }
    }
    return text == NULL ? ERR_OK
                        : op_fail(invocation->op, ERR_FORMAT,
                                  "--scope %s: not a scope: host, indicator or value", text);
}

enum err false_alarm_options_read(struct invocation *invocation, struct false_alarm_options *ret)
{
    struct false_alarm_options options;
    bool allows = command_value(invocation, "allow") != NULL;
    bool more =
        command_value(invocation, "scope") != NULL || command_value(invocation, "until") != NULL;
    if (more && !allows) {
        return op_fail(invocation->op, ERR_FORMAT, "--scope and --until go with --allow");
    }
    TRY(scope_read(invocation, &options.scope));
    TRY(command_until(invocation, "until", &options.until_us));
    if (options.until_us == TIME_US_NONE) {
        options.until_us = os_clock_us() + DAYS_DEFAULT * DAY_US;
    }
    *ret = options;
    return ERR_OK;
}

/* ---- making ---- */

/* By what a list speaks of, the widest first: hits that come to one list follow each other. */
static int hit_order(const void *a, const void *b)
{
    const struct fold *left = &((const struct store_hit *)a)->fold;
    const struct fold *right = &((const struct store_hit *)b)->fold;
    if (left->kind != right->kind) {
        return left->kind < right->kind ? -1 : 1;
    }
    int by_value = span_compare(left->value, right->value);
    int by_indicator = span_compare(left->indicator, right->indicator);
    if (by_value != 0) {
        return by_value;
    }
    return by_indicator != 0 ? by_indicator : span_compare(left->inside, right->inside);
}

static bool same_list(enum false_alarm_scope scope, const struct fold *a, const struct fold *b)
{
    bool value = a->kind == b->kind && span_equal(a->value, b->value);
    bool indicator = scope == FALSE_ALARM_VALUE || span_equal(a->indicator, b->indicator);
    bool inside = scope != FALSE_ALARM_HOST || span_equal(a->inside, b->inside);
    return value && indicator && inside;
}

/* How many of the hits, from the first one on, come to one list. */
static size_t run_of(enum false_alarm_scope scope, const struct store_hit *hits, size_t count)
{
    size_t i = 1;
    while (i < count && same_list(scope, &hits[0].fold, &hits[i].fold)) {
        i++;
    }
    return i;
}

/* The pack of the one value. */
static enum err pack_make(struct op *op, const struct fold *fold, int64_t until_us, struct buf *ret)
{
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    struct pack_writer *writer = NULL;
    struct hash_secret secret;
    uint64_t count = 0;
    struct pack_member member = {
        .scope = VALUE_SCOPE_EXACT,
        .confidence = PACK_CONFIDENCE_UNKNOWN,
        .tlp = PACK_TLP_OF_SET,
        .first_seen_us = TIME_US_NONE,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = until_us,
    };
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    if (value_parse(fold->kind, fold->value, bytes, &member.value) != ERR_OK) {
        return op_fail(op, ERR_FORMAT,
                       "%.*s cannot be allowed by its value: it is a pattern; remove the indicator "
                       "instead, or allow what it met ('linie allow add')",
                       SPAN_FMT(fold->value));
    }
    os_random(secret.bytes, sizeof secret.bytes);
    TRY(pack_writer_new(op, &secret, &writer));
    enum err err = pack_writer_add(op, writer, &member, NULL);
    if (err == ERR_OK) {
        err = pack_writer_finish(op, writer, ret, &count);
    }
    pack_writer_free(writer);
    return err;
}

static enum err list_make(struct op *op, struct store *store,
                          const struct false_alarm_options *options, struct span reason,
                          const struct fold *fold, struct span name)
{
    struct store_set_added added;
    struct buf pack;
    buf_init(&pack, PACK_BYTES_MAX);
    enum err err = pack_make(op, fold, options->until_us, &pack);
    const bool of_value = options->scope == FALSE_ALARM_VALUE;
    const bool of_host = options->scope == FALSE_ALARM_HOST;
    const struct store_set_add add = {
        .purpose = STORE_TO_ALLOW,
        .allow = { .effect = RANK_SILENCED,
                   .effect_below = RANK_SILENCED,
                   .indicator = of_value ? SPAN("") : fold->indicator,
                   .inside = of_host ? fold->inside : SPAN(""),
                   .reason = reason },
        .set = name,
        .file_name = name,
        .file = fold->value,
        .pack = buf_span(&pack),
        .tlp = (enum policy_tlp)fold->tlp,
        .confidence = PACK_CONFIDENCE_UNKNOWN,
        .valid_until_us = options->until_us,
    };
    if (err == ERR_OK) {
        err = store_set_add(op, store, &add, &added);
    }
    buf_done(&pack);
    return err;
}

static enum err list_of(struct invocation *invocation, const struct false_alarm_options *options,
                        struct span reason, const struct fold *fold, struct span *ret_name)
{
    char id[HIT_ID_SHOWN_SIZE + 1];
    char name[NAME_SIZE];
    struct op op;
    hit_words_id(fold, id);
    snprintf(name, sizeof name, "false %s", id);
    op_begin(&op, &invocation->op->actor, ALARM_MEMORY_MAX);
    enum err err = list_make(&op, invocation->node->store, options, reason, fold, span_of(name));
    if (err != ERR_OK) {
        err = op_fail(invocation->op, err, "%s", op.fault.text);
    }
    op_end(&op);
    return err == ERR_OK ? op_copy(invocation->op, span_of(name), ret_name) : err;
}

/* An inside host that is not known, or stands for many, cannot be told from others. */
static enum err scope_check(struct invocation *invocation,
                            const struct false_alarm_options *options, const struct fold *fold)
{
    bool of_nobody = fold->inside.size == 0 || span_equal(fold->inside, FOLD_INSIDE_MANY);
    if (options->scope != FALSE_ALARM_HOST || !of_nobody) {
        return ERR_OK;
    }
    char id[HIT_ID_SHOWN_SIZE + 1];
    hit_words_id(fold, id);
    return op_fail(invocation->op, ERR_FORMAT,
                   "%s is of no single inside host: allow it with --scope indicator", id);
}

/* Before the first list is made: all can be, and they are not too many. */
static enum err lists_check(struct invocation *invocation,
                            const struct false_alarm_options *options, const struct store_hit *hits,
                            size_t count)
{
    size_t lists = 0;
    for (size_t i = 0; i < count; i += run_of(options->scope, &hits[i], count - i)) {
        TRY(scope_check(invocation, options, &hits[i].fold));
        lists++;
    }
    if (lists > LISTS_AT_ONCE_MAX) {
        return op_fail(invocation->op, ERR_LIMIT,
                       "these would be %zu allow lists, more than %d at once: take a wider --scope",
                       lists, LISTS_AT_ONCE_MAX);
    }
    return allowed_room(invocation->op, invocation->node);
}

enum err false_alarm_allow(struct invocation *invocation, const struct false_alarm_options *options,
                           const struct store_hit_change *change, struct store_hit *hits,
                           size_t count)
{
    struct span image;
    must(count > 0);
    qsort(hits, count, sizeof *hits, hit_order);
    TRY(lists_check(invocation, options, hits, count));
    for (size_t i = 0; i < count;) {
        struct store_hit_change named = *change;
        size_t run = run_of(options->scope, &hits[i], count - i);
        TRY(list_of(invocation, options, change->text, &hits[i].fold, &named.list));
        TRY(store_hits_change(invocation->op, invocation->node->store, &named, &hits[i], run));
        i += run;
    }
    return node_allowed(invocation->op, invocation->node, &image);
}

/* ---- taking back ---- */

static enum err last_list(void *context, const struct store_hit_event *event)
{
    struct span *list = context;
    if (event->change.act == HIT_ACT_FALSE) {
        *list = event->change.list;
    }
    return ERR_OK;
}

static enum err list_remove(struct invocation *invocation, const struct policy_grant *grant,
                            struct span name)
{
    struct op *op = invocation->op;
    struct store_set *lists = NULL;
    size_t count = 0;
    uint64_t removed = 0;
    TRY(store_allow_lists(op, invocation->node->store, grant, &lists, &count));
    for (size_t i = 0; i < count; i++) {
        if (span_equal(lists[i].name, name)) {
            TRY(store_set_remove(op, invocation->node->store, &lists[i], NULL, 0, &removed));
        }
    }
    return ERR_OK;
}

enum err false_alarm_take_back(struct invocation *invocation, const struct policy_grant *grant,
                               const struct store_hit *hits, size_t count)
{
    struct span image;
    for (size_t i = 0; i < count; i++) {
        struct span list = SPAN("");
        if (hits[i].state != HIT_FALSE) {
            continue;
        }
        TRY(store_hit_history(invocation->op, invocation->node->store, grant, &hits[i].fold,
                              last_list, &list));
        if (list.size > 0) {
            TRY(list_remove(invocation, grant, list));
        }
    }
    return node_allowed(invocation->op, invocation->node, &image);
}
