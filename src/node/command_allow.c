// SPDX-License-Identifier: EUPL-1.2
/*
 * linie allow list, show, remove.
 */
#include "node/allowed.h"
#include "node/flow.h"
#include "os/clock.h"

enum { LINE_SIZE_MAX = 64 * 1024, VALUE_COLUMN = 14, FACT_INDENT = 4 };

/* The lists that are there, in the memory of the invocation. */
struct lists {
    const struct policy_grant *grant;
    struct store_set *at;
    size_t count;
};

static enum err lists_read(struct invocation *invocation, struct lists *ret)
{
    TRY(policy_grant_owner(invocation->op, &ret->grant));
    return store_allow_lists(invocation->op, invocation->node->store, ret->grant, &ret->at,
                             &ret->count);
}

/* ---- list ---- */

static void text_member(struct json_writer *w, struct span key, struct span text)
{
    if (text.size > 0) {
        json_member_string(w, key, text);
    }
}

static void list_json(struct invocation *invocation, const struct store_set *list)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("list"), list->name);
    json_member_string(&w, SPAN("effect"), span_of(rank_effect_name(list->allow.effect)));
    json_member_string(&w, SPAN("below"), span_of(rank_effect_name(list->allow.effect_below)));
    json_member_u64(&w, SPAN("values"), list->count);
    json_member_time(&w, SPAN("updated"), list->updated_us);
    if (list->valid_until_us != TIME_US_NONE) {
        json_member_time(&w, SPAN("until"), list->valid_until_us);
    }
    text_member(&w, SPAN("indicator"), list->allow.indicator);
    text_member(&w, SPAN("inside"), list->allow.inside);
    text_member(&w, SPAN("reason"), list->allow.reason);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

static bool has_ended(const struct store_set *list)
{
    return list->valid_until_us != TIME_US_NONE && list->valid_until_us <= os_clock_us();
}

static void list_text(const struct invocation *invocation, const struct store_set *list)
{
    struct flow flow;
    char text[TIME_TEXT_SIZE];
    char number[64];
    flow_begin(&flow, invocation, 2);
    flow_value(&flow, "", list->name, ":");
    flow_words(&flow, "%s, %s",
               print_counted(list->count, "value", "values", number, sizeof number),
               list->allow.effect == RANK_SILENCED ? "silent" : "lowered");
    if (list->valid_until_us != TIME_US_NONE) {
        flow_after(&flow, ",");
        flow_words(&flow, "%s %s", has_ended(list) ? "ended" : "until",
                   print_second(list->valid_until_us, text, sizeof text));
    }
    flow_end(&flow);
    flow_begin(&flow, invocation, FACT_INDENT);
    flow_to(&flow, FACT_INDENT);
    if (list->allow.indicator.size > 0) {
        flow_value(&flow, "only of", list->allow.indicator, "");
    }
    if (list->allow.inside.size > 0) {
        flow_value(&flow, list->allow.indicator.size > 0 ? "at" : "only at", list->allow.inside,
                   "");
    }
    flow_break(&flow);
    flow_text(&flow, list->allow.reason);
    flow_end(&flow);
}

static void list_show(struct invocation *invocation, const struct store_set *list)
{
    if (invocation->json) {
        list_json(invocation, list);
    } else {
        list_text(invocation, list);
    }
}

int command_allow_list(struct invocation *invocation)
{
    struct lists lists;
    if (lists_read(invocation, &lists) != ERR_OK) {
        return command_fail(invocation);
    }
    for (size_t i = 0; i < lists.count; i++) {
        list_show(invocation, &lists.at[i]);
    }
    if (lists.count == 0 && !invocation->json) {
        fprintf(invocation->out, "no allow lists; 'linie allow add' makes them\n");
    }
    return EXIT_DONE;
}

/* ---- show ---- */

/* How a list writes what reaches further or less far than the bare value. */
static const char *scope_mark(const struct pack_member *member)
{
    if (member->value.kind != VALUE_DOMAIN) {
        return "";
    }
    switch (member->scope) {
    case VALUE_SCOPE_EXACT:
        return "=";
    case VALUE_SCOPE_SUBDOMAINS_ONLY:
        return ".";
    default:
        return "";
    }
}

static void member_show(struct invocation *invocation, const struct store_set *list,
                        const struct pack_member *member)
{
    struct buf text;
    struct buf line;
    struct json_writer w;
    struct flow flow;
    const char *kind = value_kind_name(member->value.kind);
    char until[TIME_TEXT_SIZE];
    buf_init(&text, VALUE_TEXT_SIZE_MAX + 1);
    buf_init(&line, LINE_SIZE_MAX);
    if (invocation->json) {
        value_add_text(&text, &member->value);
        json_writer_init(&w, &line);
        json_begin_object(&w);
        json_member_string(&w, SPAN("list"), list->name);
        json_member_string(&w, SPAN("value"), buf_span(&text));
        json_member_string(&w, SPAN("kind"), span_of(kind));
        json_member_string(&w, SPAN("scope"), span_of(value_scope_name(member->scope)));
        if (member->valid_until_us != TIME_US_NONE) {
            json_member_time(&w, SPAN("until"), member->valid_until_us);
        }
        json_end_object(&w);
        print_json(invocation, &line);
    } else {
        buf_add(&text, span_of(scope_mark(member)));
        value_add_text(&text, &member->value);
        flow_begin(&flow, invocation, VALUE_COLUMN);
        flow_to(&flow, FACT_INDENT);
        flow_words(&flow, "%s", kind);
        flow_to(&flow, VALUE_COLUMN);
        flow_value(&flow, "", buf_span(&text), "");
        if (member->valid_until_us != TIME_US_NONE) {
            flow_words(&flow, "until %s",
                       print_second(member->valid_until_us, until, sizeof until));
        }
        flow_end(&flow);
    }
    buf_done(&text);
    buf_done(&line);
}

static enum err members_show(struct invocation *invocation, const struct lists *lists,
                             const struct store_set *list)
{
    struct pack_reader reader;
    struct pack_member member;
    struct span map;
    TRY(store_set_read(invocation->op, invocation->node->store, lists->grant, list, &reader, &map));
    while (pack_next(&reader, &member)) {
        member_show(invocation, list, &member);
    }
    disk_unmap(invocation->node->world_disk, map);
    return reader.err == ERR_OK ? ERR_OK
                                : op_fail(invocation->op, reader.err,
                                          "the allow list %.*s is damaged: run 'linie rebuild'",
                                          SPAN_FMT(list->name));
}

/* Where a value itself stands that no list allows everywhere. */
struct found {
    const struct store_set *list; /* NULL: nowhere */
    struct value value;           /* its key in the invocation's memory */
    enum value_scope scope;
    int64_t until_us;
};

static bool is_written_so(const struct pack_member *member, struct span text, struct buf *scratch)
{
    buf_clear(scratch);
    buf_add(scratch, span_of(scope_mark(member)));
    size_t mark = scratch->size;
    value_add_text(scratch, &member->value);
    return span_equal(buf_span(scratch), text) ||
           span_equal(span_from(buf_span(scratch), mark), text);
}

/* By its text, whatever kind it has: a digest may be a JA3, a domain the name of a file. */
static enum err find_in(struct invocation *invocation, const struct lists *lists,
                        const struct store_set *list, const struct value *value, struct span text,
                        struct found *ret)
{
    struct pack_reader reader;
    struct pack_member member;
    struct buf scratch;
    struct span map;
    enum err err = ERR_OK;
    TRY(store_set_read(invocation->op, invocation->node->store, lists->grant, list, &reader, &map));
    buf_init(&scratch, VALUE_TEXT_SIZE_MAX + 2);
    while (err == ERR_OK && ret->list == NULL && pack_next(&reader, &member)) {
        bool same = value != NULL && member.value.kind == value->kind &&
                    span_equal(member.value.key, value->key);
        if (same || is_written_so(&member, text, &scratch)) {
            *ret = (struct found){ .list = list,
                                   .value = member.value,
                                   .scope = member.scope,
                                   .until_us = member.valid_until_us };
            err = op_copy(invocation->op, member.value.key, &ret->value.key);
        }
    }
    buf_done(&scratch);
    disk_unmap(invocation->node->world_disk, map);
    return err;
}

/* In the first list that has it, of those named by --list; `value` may be NULL. */
static enum err find(struct invocation *invocation, const struct lists *lists, struct span name,
                     const struct value *value, const char *text, struct found *ret)
{
    *ret = (struct found){ .list = NULL };
    for (size_t i = 0; i < lists->count && ret->list == NULL; i++) {
        if (name.size == 0 || span_equal(lists->at[i].name, name)) {
            TRY(find_in(invocation, lists, &lists->at[i], value, span_of(text), ret));
        }
    }
    return ERR_OK;
}

static bool is_over(int64_t until_us)
{
    return until_us != TIME_US_NONE && until_us <= os_clock_us();
}

/* Why what stands on a list is not allowed everywhere. */
static void found_words(struct flow *flow, const struct found *found)
{
    const struct store_allow *allow = &found->list->allow;
    flow_words(flow, "on list");
    flow_value(flow, "", found->list->name, ",");
    if (has_ended(found->list) || is_over(found->until_us)) {
        flow_words(flow, "which has ended for it");
    } else if (allow->indicator.size > 0 || allow->inside.size > 0) {
        flow_words(flow, "only");
        if (allow->indicator.size > 0) {
            flow_value(flow, "of", allow->indicator, "");
        }
        if (allow->inside.size > 0) {
            flow_value(flow, "at", allow->inside, "");
        }
    } else if (found->scope == VALUE_SCOPE_SUBDOMAINS_ONLY) {
        flow_words(flow, "the names below it only");
    } else {
        flow_words(flow, "as %s", value_kind_name(found->value.kind));
    }
}

static void word_show(struct invocation *invocation, const char *text,
                      const struct allowed_word *word, const struct found *found)
{
    struct buf line;
    struct json_writer w;
    struct flow flow;
    if (!invocation->json) {
        flow_begin(&flow, invocation, 2);
        flow_value(&flow, "", span_of(text), ":");
        if (word->effect == RANK_EFFECT_NONE && found->list != NULL) {
            found_words(&flow, found);
        } else if (word->effect == RANK_EFFECT_NONE) {
            flow_words(&flow, "on no list");
        } else {
            flow_words(&flow, "%s, on list", word->effect == RANK_SILENCED ? "silent" : "lowered");
            flow_value(&flow, "", word->list, "");
        }
        flow_end(&flow);
        return;
    }
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("value"), span_of(text));
    json_member_string(&w, SPAN("effect"), span_of(rank_effect_name(word->effect)));
    text_member(&w, SPAN("list"), found->list != NULL ? found->list->name : word->list);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

/* What the lists say of hits of a value. */
static enum err value_show(struct invocation *invocation, const struct lists *lists,
                           const char *text)
{
    struct value_buf *bytes = op_alloc(invocation->op, sizeof *bytes);
    struct allowed *allowed = NULL;
    struct allowed_word word = { .effect = RANK_EFFECT_NONE };
    struct found found = { .list = NULL };
    struct value value;
    enum value_scope scope;
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    bool known = value_recognise(span_of(text), bytes, &value, &scope) == ERR_OK;
    TRY(allowed_open(invocation->op, invocation->node, &allowed));
    if (known) {
        word = allowed_indicator(allowed, &value, SPAN(""), os_clock_us());
    }
    enum err err = word.effect == RANK_EFFECT_NONE
                       ? find(invocation, lists, SPAN(""), known ? &value : NULL, text, &found)
                       : ERR_OK;
    if (err == ERR_OK && !known && found.list == NULL) {
        err = op_fail(invocation->op, ERR_ABSENT,
                      "%s: neither a list that is there nor a value of a known kind", text);
    }
    if (err == ERR_OK) {
        word_show(invocation, text, &word, &found);
    }
    allowed_close(allowed);
    return err;
}

static enum err show(struct invocation *invocation, const struct lists *lists, const char *text)
{
    bool found = false;
    for (size_t i = 0; i < lists->count; i++) {
        if (span_equal(lists->at[i].name, span_of(text))) {
            list_show(invocation, &lists->at[i]);
            TRY(members_show(invocation, lists, &lists->at[i]));
            found = true;
        }
    }
    return found ? ERR_OK : value_show(invocation, lists, text);
}

int command_allow_show(struct invocation *invocation)
{
    struct lists lists;
    int code = EXIT_DONE;
    if (invocation->argument_count == 0) {
        (void)op_fail(invocation->op, ERR_FORMAT, "name a list or a value");
        return command_fail(invocation);
    }
    if (lists_read(invocation, &lists) != ERR_OK) {
        return command_fail(invocation);
    }
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (show(invocation, &lists, invocation->arguments[i]) != ERR_OK) {
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
        }
    }
    return code;
}

/* ---- remove ---- */

/* A value out of every list that was named, or a whole list (NULL). */
static enum err remove_one(struct invocation *invocation, const struct lists *lists,
                           const struct value *value, uint64_t *removed)
{
    struct span name = span_of(command_value(invocation, "list"));
    for (size_t i = 0; i < lists->count; i++) {
        uint64_t gone = 0;
        if (name.size > 0 && !span_equal(lists->at[i].name, name)) {
            continue;
        }
        enum err err = store_set_remove(invocation->op, invocation->node->store, &lists->at[i],
                                        value, value == NULL ? 0 : 1, &gone);
        if (err == ERR_ABSENT) {
            op_fault_clear(invocation->op);
            err = ERR_OK;
        }
        TRY(err);
        *removed += gone;
    }
    return ERR_OK;
}

/* What is said where nothing went: a list that was named is not all lists. */
static enum err remove_failed(struct invocation *invocation, const struct lists *lists,
                              const struct value *value, const char *text)
{
    struct found elsewhere;
    const char *name = command_value(invocation, "list");
    struct op *op = invocation->op;
    TRY(find(invocation, lists, SPAN(""), value, text, &elsewhere));
    if (name != NULL && elsewhere.list != NULL) {
        return op_fail(op, ERR_ABSENT, "%s is not on list %s, but on %.*s", text, name,
                       SPAN_FMT(elsewhere.list->name));
    }
    if (value == NULL) {
        return op_fail(op, ERR_FORMAT, "%s: not a value; a whole list is removed with --list %s",
                       text, text);
    }
    return op_fail(op, ERR_ABSENT, "%s itself is on no list: see 'linie allow show %s'", text,
                   text);
}

/* By its key, as lists may write it otherwise; then by its text, as it may be of another kind than
 * it looks. */
static enum err remove_value(struct invocation *invocation, const struct lists *lists,
                             const char *text, uint64_t *removed)
{
    struct value_buf *bytes = op_alloc(invocation->op, sizeof *bytes);
    struct span name = span_of(command_value(invocation, "list"));
    struct found found = { .list = NULL };
    struct value value;
    enum value_scope scope;
    uint64_t gone = 0;
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    bool known = value_recognise(span_of(text), bytes, &value, &scope) == ERR_OK;
    if (known) {
        TRY(remove_one(invocation, lists, &value, &gone));
    }
    struct lists now = { .count = 0 }; /* they change with each value that goes */
    if (gone == 0) {
        TRY(lists_read(invocation, &now));
        TRY(find(invocation, &now, name, NULL, text, &found));
    }
    if (found.list != NULL) {
        TRY(remove_one(invocation, lists, &found.value, &gone));
    }
    *removed += gone;
    return gone > 0 ? ERR_OK : remove_failed(invocation, &now, known ? &value : NULL, text);
}

static int remove_all(struct invocation *invocation, const struct lists *lists, uint64_t *removed)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (remove_value(invocation, lists, invocation->arguments[i], removed) != ERR_OK) {
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
        }
    }
    if (invocation->argument_count > 0) {
        return code;
    }
    if (remove_one(invocation, lists, NULL, removed) != ERR_OK) {
        return command_fail(invocation);
    }
    if (*removed == 0) {
        (void)op_fail(invocation->op, ERR_ABSENT, "there is no allow list %s",
                      command_value(invocation, "list"));
        return command_fail(invocation);
    }
    return EXIT_DONE;
}

int command_allow_remove(struct invocation *invocation)
{
    struct lists lists;
    struct span image;
    uint64_t removed = 0;
    char number[32];
    if (invocation->argument_count == 0 && command_value(invocation, "list") == NULL) {
        (void)op_fail(invocation->op, ERR_FORMAT, "name values, or a whole list with --list");
        return command_fail(invocation);
    }
    if (lists_read(invocation, &lists) != ERR_OK) {
        return command_fail(invocation);
    }
    int code = remove_all(invocation, &lists, &removed);
    if (node_allowed(invocation->op, invocation->node, &image) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        fprintf(invocation->out, "{\"removed\":%llu}\n", (unsigned long long)removed);
    } else {
        fprintf(invocation->out, "%s removed\n", print_count(removed, number, sizeof number));
    }
    return code;
}
