// SPDX-License-Identifier: EUPL-1.2
#include "node/show_context.h"

#include "format/json.h"
#include "node/flow.h"

enum { CONTEXT_MEMORY_MAX = 1024 * 1024 };

/* The words for what is said; others are shown under their own key. */
struct name {
    const char *key;
    const char *word;
};

static const struct name of_member[] = {
    { "uuid", "attribute" },
    { "event", "event id" },
    { "info", "event" },
    { NULL, NULL },
};

static const struct name of_set[] = {
    { "info", "event" },      { "uuid", "event id" },
    { "date", "dated" },      { "threat_level", "threat level" },
    { "tags", "event tags" }, { NULL, NULL },
};

static void fact_word(struct flow *flow, const struct name *names, struct span key)
{
    for (size_t i = 0; names[i].key != NULL; i++) {
        if (span_equal(key, span_of(names[i].key))) {
            flow_words(flow, "%s", names[i].word);
            return;
        }
    }
    flow_text(flow, key);
}

static void fact_value(struct flow *flow, struct json_value value)
{
    struct json_walk walk = json_walk_begin(value);
    if (json_type(value) != JSON_ARRAY) {
        flow_text(flow, json_string(value));
        return;
    }
    for (bool any = false; json_walk_next(&walk); any = true) {
        flow_after(flow, any ? "," : "");
        flow_value(flow, "", json_string(walk.value), "");
    }
}

static void show_facts(const struct invocation *invocation, struct json_value object,
                       const struct name *names, size_t column)
{
    struct json_walk walk = json_walk_begin(object);
    while (json_walk_next(&walk)) {
        struct flow flow;
        flow_begin(&flow, invocation, column);
        flow_to(&flow, 2);
        fact_word(&flow, names, walk.key);
        flow_to(&flow, column);
        fact_value(&flow, walk.value);
        flow_end(&flow);
    }
}

/* A context that cannot be read is none: it is a help, not a promise. */
static struct json_value parsed(struct op *op, struct span text)
{
    struct json_value value;
    bool read = text.size > 0 && json_parse(op, text, &value) == ERR_OK;
    return read ? value : (struct json_value){ NULL, 0 };
}

void show_context(const struct invocation *invocation, const struct entry *entry, size_t column)
{
    struct op op;
    op_begin(&op, &invocation->op->actor, CONTEXT_MEMORY_MAX);
    show_facts(invocation, parsed(&op, entry->set_context), of_set, column);
    struct json_walk walk = json_walk_begin(parsed(&op, entry->context));
    while (json_walk_next(&walk)) {
        show_facts(invocation, walk.value, of_member, column);
    }
    op_end(&op);
}

void show_context_json(struct json_writer *w, const struct entry *entry)
{
    if (entry->verdict != VALUE_FIT) {
        json_member_string(w, SPAN("unfit"), span_of(value_verdict_name(entry->verdict)));
    }
    if (entry->context.size > 0) {
        json_key(w, SPAN("context"));
        json_add_raw(w, entry->context);
    }
    if (entry->set_context.size > 0) {
        json_key(w, SPAN("set_context"));
        json_add_raw(w, entry->set_context);
    }
}
