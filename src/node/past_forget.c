// SPDX-License-Identifier: EUPL-1.2
#include "node/past_forget.h"

#include "base/must.h"
#include "format/json_writer.h"
#include "store/asked.h"

enum { CONTENT_SIZE_MAX = 4096 };

/* ---- what the journal says ---- */

/* Of the rules that were not carried out so far. */
struct rules {
    struct span id;  /* of the one that is looked for; empty: of none */
    uint64_t found;  /* its entry */
    uint64_t oldest; /* of all */
};

static enum err rule_visit(void *context, const struct store_asked *asked)
{
    struct rules *rules = context;
    struct span id = json_string(json_member(asked->content, SPAN("id")));
    if (rules->oldest == 0) {
        rules->oldest = asked->entry;
    }
    if (rules->id.size > 0 && span_equal(id, rules->id)) {
        rules->found = asked->entry;
    }
    return ERR_OK;
}

static enum err rules_walk(struct op *op, struct node *node, struct rules *rules)
{
    const struct policy_grant *grant = NULL;
    TRY(policy_grant_owner(op, &grant));
    return store_asked_unfinished(op, node->store, grant, rule_visit, rules);
}

enum err past_forget_left(struct op *op, struct node *node, uint64_t *ret_entry)
{
    struct rules rules = { .oldest = 0 };
    TRY(rules_walk(op, node, &rules));
    *ret_entry = rules.oldest;
    return ERR_OK;
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
    buf_init(&id, CONTENT_SIZE_MAX);
    uuid_add(&id, &left.id);
    rules.id = buf_span(&id);
    err = rules_walk(op, node, &rules);
    buf_done(&id);
    TRY(err);
    /* Where it is not found, nobody was told of it, or it was carried out. */
    return rules.found != 0 ? carry_out(op, node, rules.found, &left.forget, &gone)
                            : history_forgetting_drop(op, node->history);
}
