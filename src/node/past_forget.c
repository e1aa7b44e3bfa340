// SPDX-License-Identifier: EUPL-1.2
#include "node/past_forget.h"

#include "base/must.h"
#include "format/json_writer.h"
#include "store/asked.h"

enum { CONTENT_SIZE_MAX = 4096, RULES_MAX = 1024 * 1024 };

/* ---- what the journal says ---- */

/* Rules that were not carried out so far, the oldest first. */
struct rules {
    struct buf entries; /* uint64_t each */
    struct span id;     /* of the one that is looked for; empty: of none */
    uint64_t found;     /* its entry */
    bool done;          /* and it was carried out */
};

static void entries_remove(struct rules *rules, uint64_t entry)
{
    uint64_t *at = (uint64_t *)(void *)rules->entries.data;
    size_t count = rules->entries.size / sizeof *at;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] != entry) {
            at[kept] = at[i];
            kept++;
        }
    }
    rules->entries.size = kept * sizeof *at;
}

static enum err rule_visit(void *context, const struct store_asked *asked)
{
    struct rules *rules = context;
    if (asked->about != 0) {
        entries_remove(rules, asked->about);
        rules->done = rules->done || asked->about == rules->found;
        return ERR_OK;
    }
    struct span id = json_string(json_member(asked->content, SPAN("id")));
    if (rules->id.size > 0 && span_equal(id, rules->id)) {
        rules->found = asked->entry;
    }
    buf_add(&rules->entries, span_make(&asked->entry, sizeof asked->entry));
    return rules->entries.err;
}

static enum err rules_walk(struct op *op, struct node *node, struct rules *rules)
{
    const struct policy_grant *grant = NULL;
    const struct store_asked_filter filter = { .acts = 1u << STORE_ASKED_FORGET,
                                               .since_us = TIME_US_NONE };
    TRY(policy_grant_owner(op, &grant));
    return store_asked_walk(op, node->store, grant, &filter, rule_visit, rules);
}

enum err past_forget_left(struct op *op, struct node *node, uint64_t *ret_entry)
{
    struct rules rules = { .found = 0 };
    buf_init(&rules.entries, RULES_MAX * sizeof *ret_entry);
    enum err err = rules_walk(op, node, &rules);
    if (err == ERR_OK) {
        const uint64_t *entries = (const uint64_t *)(const void *)rules.entries.data;
        *ret_entry = rules.entries.size > 0 ? entries[0] : 0;
    }
    buf_done(&rules.entries);
    return err;
}

/* ---- carrying out ---- */

static enum err done_keep(struct op *op, struct node *node, uint64_t entry,
                          const struct history_forgotten *gone)
{
    struct buf content;
    struct json_writer w;
    uint64_t behind = 0;
    buf_init(&content, CONTENT_SIZE_MAX);
    json_writer_init(&w, &content);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("about"), entry);
    json_member_u64(&w, SPAN("postings"), gone->postings);
    json_member_u64(&w, SPAN("sightings"), gone->count);
    if (gone->lost > 0) {
        json_member_u64(&w, SPAN("lost"), gone->lost);
    }
    json_end_object(&w);
    enum err err = store_asked_add(op, node->store, STORE_ASKED_FORGET, &content, &behind);
    buf_done(&content);
    return err;
}

/* The rule is dropped at last: where this is cut short, it is only found carried out already. */
static enum err carry_out(struct op *op, struct node *node, uint64_t entry,
                          const struct history_forget *forget, struct history_forgotten *ret)
{
    struct history_forgotten gone;
    TRY(history_forget(op, node->history, forget, &gone));
    TRY(done_keep(op, node, entry, &gone));
    TRY(history_forgetting_drop(op, node->history));
    *ret = gone;
    return ERR_OK;
}

enum err past_forget(struct op *op, struct node *node, const struct past_forget *rule,
                     uint64_t *ret_entry, struct history_forgotten *ret)
{
    must(node->writer && node->history != NULL);
    TRY(history_forgetting_keep(op, node->history, &rule->id, rule->forget));
    enum err err = store_asked_add(op, node->store, STORE_ASKED_FORGET, rule->content, ret_entry);
    if (err != ERR_OK) {
        enum err dropped = history_forgetting_drop(op, node->history);
        (void)dropped; /* the first fault is the one to tell; the next opening drops it */
        return err;
    }
    return carry_out(op, node, *ret_entry, rule->forget, ret);
}

enum err past_forget_finish(struct op *op, struct node *node)
{
    struct history_forgetting left;
    struct history_forgotten gone;
    struct rules rules = { .found = 0 };
    struct buf id;
    enum err err = history_forgetting_read(op, node->history, &left);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    TRY(err);
    buf_init(&rules.entries, RULES_MAX * sizeof rules.found);
    buf_init(&id, CONTENT_SIZE_MAX);
    uuid_add(&id, &left.id);
    rules.id = buf_span(&id);
    err = rules_walk(op, node, &rules);
    buf_done(&id);
    buf_done(&rules.entries);
    TRY(err);
    bool begun = rules.found != 0 && !rules.done; /* else nobody was told that it was */
    return begun ? carry_out(op, node, rules.found, &left.forget, &gone)
                 : history_forgetting_drop(op, node->history);
}
