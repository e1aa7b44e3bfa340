// SPDX-License-Identifier: EUPL-1.2
/*
 * linie indicators list, show, remove, stats.
 */
#include "base/must.h"
#include "node/allowed.h"
#include "node/entries.h"
#include "node/fold_words.h"
#include "node/node.h"
#include "node/show_context.h"
#include "node/show_object.h"
#include "node/tally.h"
#include "os/clock.h"

enum { LINE_SIZE_MAX = 256 * 1024, LIST_COLUMN = 9, FACT_COLUMN = 15 };

static enum err selection_read(struct invocation *invocation, struct entry_selection *ret)
{
    const char *set = command_value(invocation, "set");
    const char *source = command_value(invocation, "source");
    *ret = (struct entry_selection){ .set = span_of(set), .source = span_of(source) };
    return command_kind(invocation, &ret->kind);
}

/* ---- showing one ---- */

/* How a list writes what reaches further or less far than the bare value. */
static const char *scope_mark(const struct value *value, enum value_scope scope)
{
    if (value->kind != VALUE_DOMAIN || scope == VALUE_SCOPE_SUBDOMAINS) {
        return "";
    }
    return scope == VALUE_SCOPE_EXACT ? "=" : ".";
}

/* "sha256 5e05...", at a column where several stand below each other. */
static void add_value(struct flow *flow, const struct entry *entry, size_t column)
{
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX + 1);
    buf_add(&text, span_of(scope_mark(entry->value, entry->scope)));
    value_add_text(&text, entry->value);
    flow_words(flow, "%s", value_kind_name(entry->value->kind));
    flow_to(flow, column);
    flow_value(flow, "", buf_span(&text), "");
    buf_done(&text);
}

static void add_source(struct flow *flow, struct span source, struct span set, const char *after)
{
    struct span shown = source.size > 0 ? source : SPAN("(own)");
    if (set.size == 0) {
        flow_value(flow, "", shown, after);
        return;
    }
    flow_value(flow, "", shown, " /");
    flow_value(flow, "", set, after);
}

/* `word`: what the allow lists say of it; NULL where nobody asked. */
static void entry_json(struct invocation *invocation, const struct entry *entry,
                       const struct allowed_word *word, struct buf *line)
{
    struct json_writer w;
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, entry->value);
    json_writer_init(&w, line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("indicator"), entry->id);
    json_member_string(&w, SPAN("value"), buf_span(&text));
    json_member_string(&w, SPAN("kind"), span_of(value_kind_name(entry->value->kind)));
    json_member_string(&w, SPAN("scope"), span_of(value_scope_name(entry->scope)));
    json_member_string(&w, SPAN("tlp"), span_of(policy_tlp_name(entry->tlp)));
    json_member_string(&w, SPAN("source"), entry->source);
    if (entry->set.size > 0) {
        json_member_string(&w, SPAN("set"), entry->set);
    }
    if (entry->confidence != PACK_CONFIDENCE_UNKNOWN) {
        json_member_u64(&w, SPAN("confidence"), entry->confidence);
    }
    if (entry->first_seen_us != TIME_US_NONE) {
        json_member_time(&w, SPAN("first_seen"), entry->first_seen_us);
    }
    if (entry->valid_from_us != TIME_US_NONE) {
        json_member_time(&w, SPAN("valid_from"), entry->valid_from_us);
    }
    if (entry->valid_until_us != TIME_US_NONE) {
        json_member_time(&w, SPAN("valid_until"), entry->valid_until_us);
    }
    if (word != NULL && word->effect != RANK_EFFECT_NONE) {
        json_member_string(&w, SPAN("allowed"), span_of(rank_effect_name(word->effect)));
        json_member_string(&w, SPAN("list"), word->list);
    }
    show_context_json(&w, entry);
    json_end_object(&w);
    print_json(invocation, line);
    buf_done(&text);
}

/* ---- walking over all ---- */

struct walk {
    struct invocation *invocation;
    const struct entry_selection *selection;
    struct buf line;
    struct op scratch; /* memory of one entry */
    enum err (*visit)(struct walk *walk, const struct entry *entry);
    void *context;
};

static enum err walk_visit(void *context, const struct entry *entry)
{
    struct walk *walk = context;
    return walk->visit(walk, entry);
}

static enum err walk_run(struct walk *walk)
{
    buf_init(&walk->line, LINE_SIZE_MAX);
    op_begin(&walk->scratch, &walk->invocation->op->actor, LINE_SIZE_MAX);
    enum err err = entries_walk(walk->invocation->op, walk->invocation->node, walk->selection,
                                walk_visit, walk);
    op_end(&walk->scratch);
    buf_done(&walk->line);
    return err;
}

static enum err entry_with_id(struct walk *walk, const struct entry *entry, struct entry *ret)
{
    *ret = *entry;
    arena_reset(&walk->scratch.arena);
    return entry_id(&walk->scratch, entry, &ret->id);
}

/* ---- list ---- */

/* What stands above the indicators that are listed now. */
struct heading {
    bool shown;
    struct buf source;
    struct buf set;
};

static void list_heading(const struct walk *walk, const struct entry *entry)
{
    struct heading *heading = walk->context;
    struct flow flow;
    if (heading->shown && span_equal(buf_span(&heading->source), entry->source) &&
        span_equal(buf_span(&heading->set), entry->set)) {
        return;
    }
    fputs(heading->shown ? "\n" : "", walk->invocation->out);
    buf_clear(&heading->source);
    buf_add(&heading->source, entry->source);
    buf_clear(&heading->set);
    buf_add(&heading->set, entry->set);
    heading->shown = true;
    flow_begin(&flow, walk->invocation, 2);
    add_source(&flow, entry->source, entry->set, entry->set.size > 0 ? "," : "");
    if (entry->set.size > 0) {
        flow_words(&flow, "TLP:%s", policy_tlp_name(entry->set_tlp));
    }
    flow_end(&flow);
}

static enum err list_visit(struct walk *walk, const struct entry *entry)
{
    struct entry shown;
    struct flow flow;
    if (walk->invocation->json) {
        TRY(entry_with_id(walk, entry, &shown));
        entry_json(walk->invocation, &shown, NULL, &walk->line);
        return ERR_OK;
    }
    list_heading(walk, entry);
    flow_begin(&flow, walk->invocation, LIST_COLUMN);
    flow_to(&flow, 2);
    add_value(&flow, entry, LIST_COLUMN);
    if (entry->set.size == 0 || entry->tlp != entry->set_tlp) {
        flow_words(&flow, "TLP:%s", policy_tlp_name(entry->tlp));
    }
    if (entry->verdict != VALUE_FIT) {
        flow_words(&flow, "not watched: %s", value_verdict_name(entry->verdict));
    }
    flow_end(&flow);
    return ERR_OK;
}

int command_indicators_list(struct invocation *invocation)
{
    struct entry_selection selection;
    struct heading heading = { .shown = false };
    struct walk walk = {
        .invocation = invocation, .selection = &selection, .visit = list_visit, .context = &heading
    };
    buf_init(&heading.source, STORE_NAME_SIZE_MAX);
    buf_init(&heading.set, STORE_NAME_SIZE_MAX);
    enum err err = selection_read(invocation, &selection);
    if (err == ERR_OK) {
        err = walk_run(&walk);
    }
    buf_done(&heading.source);
    buf_done(&heading.set);
    return err == ERR_OK ? EXIT_DONE : command_fail(invocation);
}

/* ---- show ---- */

/* What is looked for: an id, or a value in any writing. */
struct wanted {
    struct span id;
    struct value value; /* kind VALUE_NONE: only the id counts */
    struct value_buf bytes;
    const struct allowed *allowed; /* NULL: nobody asks what the allow lists say */
    uint64_t found;
};

static enum err wanted_read(struct invocation *invocation, const char *text, struct wanted **ret)
{
    struct wanted *wanted = op_alloc(invocation->op, sizeof *wanted);
    enum value_scope scope;
    if (wanted == NULL) {
        return ERR_LIMIT;
    }
    wanted->id = span_of(text);
    bool is_id = span_starts_with(wanted->id, SPAN("indicator--"));
    if (!is_id &&
        value_recognise(span_of(text), &wanted->bytes, &wanted->value, &scope) != ERR_OK) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "%s: neither an id (\"indicator--...\") nor a value of a known kind", text);
    }
    *ret = wanted;
    return ERR_OK;
}

static bool is_wanted(const struct wanted *wanted, const struct entry *entry)
{
    if (wanted->value.kind == VALUE_NONE) {
        return span_equal(wanted->id, entry->id);
    }
    /* The scheme of a URL does not count, as it does not in matching. */
    return entry->value->kind == wanted->value.kind &&
           span_equal(entry->value->key, wanted->value.key);
}

static void fact_begin(struct flow *flow, const struct invocation *invocation, const char *name)
{
    flow_begin(flow, invocation, FACT_COLUMN);
    flow_to(flow, 2);
    flow_words(flow, "%s", name);
    flow_to(flow, FACT_COLUMN);
}

static void show_times(const struct invocation *invocation, const struct entry *entry)
{
    const struct {
        const char *name;
        int64_t time_us;
    } times[] = { { "first seen", entry->first_seen_us },
                  { "valid from", entry->valid_from_us },
                  { "valid until", entry->valid_until_us } };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct flow flow;
        char text[TIME_TEXT_SIZE];
        if (times[i].time_us != TIME_US_NONE) {
            fact_begin(&flow, invocation, times[i].name);
            flow_words(&flow, "%s", print_second(times[i].time_us, text, sizeof text));
            flow_end(&flow);
        }
    }
}

static void show_entry(const struct invocation *invocation, const struct entry *entry,
                       const struct allowed_word *word)
{
    struct flow flow;
    flow_begin(&flow, invocation, 2);
    add_value(&flow, entry, 0);
    flow_end(&flow);
    fact_begin(&flow, invocation, "source");
    add_source(&flow, entry->source, entry->set, ",");
    flow_words(&flow, "TLP:%s", policy_tlp_name(entry->tlp));
    flow_end(&flow);
    if (entry->verdict != VALUE_FIT) {
        fact_begin(&flow, invocation, "not watched");
        flow_words(&flow, "%s: %s", value_verdict_name(entry->verdict),
                   value_verdict_why(entry->verdict));
        flow_end(&flow);
    }
    if (word->effect != RANK_EFFECT_NONE) {
        fact_begin(&flow, invocation, "hits are");
        fold_words_effect(&flow, word->effect, word->list);
        flow_end(&flow);
    }
    fact_begin(&flow, invocation, "id");
    flow_value(&flow, "", entry->id, "");
    flow_end(&flow);
    if (entry->confidence != PACK_CONFIDENCE_UNKNOWN) {
        fact_begin(&flow, invocation, "confidence");
        flow_words(&flow, "%u", (unsigned)entry->confidence);
        flow_end(&flow);
    }
    show_times(invocation, entry);
    show_context(invocation, entry, FACT_COLUMN);
}

/* Count an entry where it is the one that is looked for; it is then told with its id. */
static enum err wanted_meet(struct walk *walk, const struct entry *entry, struct entry *ret,
                            bool *ret_met)
{
    struct wanted *wanted = walk->context;
    bool by_value = wanted->value.kind != VALUE_NONE;
    *ret_met = false;
    if (by_value && !is_wanted(wanted, entry)) {
        return ERR_OK; /* cheaper than making its id */
    }
    TRY(entry_with_id(walk, entry, ret));
    *ret_met = is_wanted(wanted, ret);
    wanted->found += *ret_met ? 1 : 0;
    return ERR_OK;
}

static enum err count_visit(struct walk *walk, const struct entry *entry)
{
    struct entry met;
    bool is_met = false;
    return wanted_meet(walk, entry, &met, &is_met);
}

enum err command_indicators_have(struct invocation *invocation, const char *text, bool *ret)
{
    const struct entry_selection all = { .kind = VALUE_NONE };
    struct walk walk = { .invocation = invocation, .selection = &all, .visit = count_visit };
    struct wanted *wanted = NULL;
    TRY(wanted_read(invocation, text, &wanted));
    walk.context = wanted;
    TRY(walk_run(&walk));
    *ret = wanted->found > 0;
    return ERR_OK;
}

static enum err show_visit(struct walk *walk, const struct entry *entry)
{
    struct entry shown;
    bool met = false;
    TRY(wanted_meet(walk, entry, &shown, &met));
    if (!met) {
        return ERR_OK;
    }
    const struct wanted *wanted = walk->context;
    const struct allowed_word word =
        allowed_indicator(wanted->allowed, shown.value, shown.id, os_clock_us());
    if (walk->invocation->json) {
        entry_json(walk->invocation, &shown, &word, &walk->line);
        return ERR_OK;
    }
    show_entry(walk->invocation, &shown, &word);
    return ERR_OK;
}

static enum err show(struct invocation *invocation, const struct allowed *allowed, const char *text)
{
    const struct entry_selection all = { .kind = VALUE_NONE };
    struct walk walk = { .invocation = invocation, .selection = &all, .visit = show_visit };
    struct wanted *wanted = NULL;
    TRY(wanted_read(invocation, text, &wanted));
    bool by_id = wanted->value.kind == VALUE_NONE;
    wanted->allowed = allowed;
    walk.context = wanted;
    if (by_id) {
        TRY(show_object_versions(invocation, wanted->id, &wanted->found));
    }
    if (wanted->found == 0) {
        TRY(walk_run(&walk));
    }
    if (!by_id) {
        TRY(show_object_unwatched(invocation, &wanted->value, &wanted->found));
    }
    if (wanted->found == 0) {
        return op_fail(invocation->op, ERR_ABSENT, "%s is no indicator of this node", text);
    }
    return ERR_OK;
}

int command_indicators_show(struct invocation *invocation)
{
    int code = EXIT_DONE;
    struct allowed *allowed = NULL;
    if (invocation->argument_count == 0) {
        (void)op_fail(invocation->op, ERR_FORMAT, "name an id or a value");
        return command_fail(invocation);
    }
    if (allowed_open(invocation->op, invocation->node, &allowed) != ERR_OK) {
        return command_fail(invocation);
    }
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (show(invocation, allowed, invocation->arguments[i]) != ERR_OK) {
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
        }
    }
    allowed_close(allowed);
    return code;
}

/* ---- remove ---- */

/* Out of every set that was selected and holds it. */
static enum err remove_from_sets(struct invocation *invocation,
                                 const struct entry_selection *selection, const struct value *value,
                                 uint64_t *removed)
{
    const struct policy_grant *grant = NULL;
    struct store_set *sets = NULL;
    size_t count = 0;
    struct store *store = invocation->node->store;
    TRY(policy_grant_owner(invocation->op, &grant));
    TRY(store_sets(invocation->op, store, grant, &sets, &count));
    for (size_t i = 0; i < count; i++) {
        uint64_t gone = 0;
        if (!entries_select_set(selection, &sets[i])) {
            continue;
        }
        enum err err =
            store_set_remove(invocation->op, store, &sets[i], value, value == NULL ? 0 : 1, &gone);
        if (err == ERR_ABSENT) {
            op_fault_clear(invocation->op);
            err = ERR_OK;
        }
        TRY(err);
        *removed += gone;
    }
    return ERR_OK;
}

/* The member that has an id gives its value. */
static enum err find_visit(struct walk *walk, const struct entry *entry)
{
    struct wanted *wanted = walk->context;
    struct entry shown;
    TRY(entry_with_id(walk, entry, &shown));
    if (!is_wanted(wanted, &shown) || shown.set.size == 0 || wanted->found > 0) {
        return ERR_OK;
    }
    wanted->found++;
    wanted->value.key = span_make(wanted->bytes.key, shown.value->key.size);
    wanted->value.scheme = span_make(wanted->bytes.scheme, shown.value->scheme.size);
    span_copy(wanted->bytes.key, sizeof wanted->bytes.key, shown.value->key);
    span_copy(wanted->bytes.scheme, sizeof wanted->bytes.scheme, shown.value->scheme);
    wanted->value.kind = shown.value->kind;
    return ERR_OK;
}

static enum err remove_by_id(struct invocation *invocation, struct wanted *wanted,
                             const struct entry_selection *selection, uint64_t *removed)
{
    struct walk walk = {
        .invocation = invocation, .selection = selection, .visit = find_visit, .context = wanted
    };
    enum err err =
        store_object_remove(invocation->op, invocation->node->store, wanted->id, removed);
    if (err != ERR_ABSENT) {
        return err;
    }
    op_fault_clear(invocation->op);
    TRY(walk_run(&walk));
    return wanted->found == 0 ? ERR_OK
                              : remove_from_sets(invocation, selection, &wanted->value, removed);
}

static enum err remove_one(struct invocation *invocation, const struct entry_selection *selection,
                           const char *text, uint64_t *removed)
{
    struct wanted *wanted = NULL;
    uint64_t gone = 0;
    TRY(wanted_read(invocation, text, &wanted));
    if (wanted->value.kind == VALUE_NONE) {
        TRY(remove_by_id(invocation, wanted, selection, &gone));
    } else {
        TRY(remove_from_sets(invocation, selection, &wanted->value, &gone));
    }
    if (gone == 0) {
        return op_fail(invocation->op, ERR_ABSENT,
                       "%s is in no set that was named (a value of a STIX object is removed by the "
                       "object's id: see 'linie indicators show %s')",
                       text, text);
    }
    *removed += gone;
    return ERR_OK;
}

int command_indicators_remove(struct invocation *invocation)
{
    const char *set = command_value(invocation, "set");
    const char *source = command_value(invocation, "source");
    const struct entry_selection selection = { .set = span_of(set), .source = span_of(source) };
    uint64_t removed = 0;
    int code = EXIT_DONE;
    struct span index;
    char number[32];
    if (invocation->argument_count == 0 && set == NULL) {
        (void)op_fail(invocation->op, ERR_FORMAT, "name ids or values, or a whole set with --set");
        return command_fail(invocation);
    }
    if (invocation->argument_count == 0 &&
        (remove_from_sets(invocation, &selection, NULL, &removed) != ERR_OK || removed == 0)) {
        (void)op_fail(invocation->op, ERR_ABSENT, "there is no set %s", set);
        return command_fail(invocation);
    }
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (remove_one(invocation, &selection, invocation->arguments[i], &removed) != ERR_OK) {
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
        }
    }
    if (node_index(invocation->op, invocation->node, &index) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        fprintf(invocation->out, "{\"removed\":%llu}\n", (unsigned long long)removed);
    } else {
        fprintf(invocation->out, "%s removed\n", print_count(removed, number, sizeof number));
    }
    return code;
}

/* ---- stats ---- */

struct stats {
    const struct store_tally *stix;
    uint64_t kinds[VALUE_KIND_COUNT];
    uint64_t tlp[POLICY_TLP_COUNT];
    uint64_t total;
};

static enum err stats_visit(struct walk *walk, const struct entry *entry)
{
    struct stats *stats = walk->context;
    stats->kinds[entry->value->kind]++;
    stats->tlp[entry->tlp]++;
    stats->total++;
    return ERR_OK;
}

static void stats_json(struct invocation *invocation, const struct stats *stats,
                       const struct store_set *sets, size_t count)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, (count + 1) * LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("indicators"), stats->total);
    json_key(&w, SPAN("kinds"));
    json_begin_object(&w);
    for (int i = 1; i < VALUE_KIND_COUNT; i++) {
        json_member_u64(&w, span_of(value_kind_name((enum value_kind)i)), stats->kinds[i]);
    }
    json_end_object(&w);
    json_key(&w, SPAN("tlp"));
    json_begin_object(&w);
    for (int i = 0; i < POLICY_TLP_COUNT; i++) {
        json_member_u64(&w, span_of(policy_tlp_name((enum policy_tlp)i)), stats->tlp[i]);
    }
    json_end_object(&w);
    json_key(&w, SPAN("sets"));
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&w);
        json_member_string(&w, SPAN("source"), sets[i].source);
        json_member_string(&w, SPAN("set"), sets[i].name);
        json_member_string(&w, SPAN("tlp"), span_of(policy_tlp_name(sets[i].tlp)));
        json_member_u64(&w, SPAN("members"), sets[i].count);
        json_member_time(&w, SPAN("updated"), sets[i].updated_us);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_key(&w, SPAN("stix"));
    json_begin_object(&w);
    tally_json(&w, stats->stix);
    json_end_object(&w);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

enum { STATS_COLUMN = 15, STATS_WIDTH = 13 };

static void stats_row(struct flow *flow, const struct invocation *invocation, uint64_t count)
{
    char number[32];
    flow_begin(flow, invocation, STATS_COLUMN + 2);
    print_count(count, number, sizeof number);
    flow_to(flow, STATS_WIDTH - (strlen(number) < STATS_WIDTH ? strlen(number) : STATS_WIDTH));
    flow_words(flow, "%s", number);
    flow_to(flow, STATS_COLUMN);
}

static void stats_text(struct invocation *invocation, const struct stats *stats,
                       const struct store_set *sets, size_t count)
{
    struct flow flow;
    uint64_t of_stix = stats->total;
    stats_row(&flow, invocation, stats->total);
    flow_words(&flow, "%s", stats->total == 1 ? "indicator" : "indicators");
    flow_end(&flow);
    for (int i = 1; i < VALUE_KIND_COUNT; i++) {
        if (stats->kinds[i] > 0) {
            stats_row(&flow, invocation, stats->kinds[i]);
            flow_to(&flow, STATS_COLUMN + 2);
            flow_words(&flow, "%s", value_kind_name((enum value_kind)i));
            flow_end(&flow);
        }
    }
    for (size_t i = 0; i < count; i++) {
        char updated[TIME_TEXT_SIZE];
        of_stix -= sets[i].count < of_stix ? sets[i].count : of_stix;
        stats_row(&flow, invocation, sets[i].count);
        add_source(&flow, sets[i].source, sets[i].name, ",");
        flow_words(&flow, "TLP:%s,", policy_tlp_name(sets[i].tlp));
        print_second(sets[i].updated_us, updated, sizeof updated);
        flow_value(&flow, "updated", span_of(updated), "");
        flow_end(&flow);
    }
    if (of_stix > 0) {
        stats_row(&flow, invocation, of_stix);
        flow_words(&flow, "in the patterns of STIX objects");
        flow_end(&flow);
    }
    if (!tally_is_empty(stats->stix)) {
        flow_begin(&flow, invocation, STATS_COLUMN + 2);
        flow_to(&flow, STATS_COLUMN);
        flow_words(&flow, "STIX:");
        tally_words(&flow, stats->stix);
        tally_words_conflicts(&flow, ";", stats->stix);
        flow_end(&flow);
    }
}

int command_indicators_stats(struct invocation *invocation)
{
    const struct entry_selection all = { .kind = VALUE_NONE };
    struct store_status status;
    struct stats stats = { .stix = &status.stix };
    struct walk walk = {
        .invocation = invocation, .selection = &all, .visit = stats_visit, .context = &stats
    };
    const struct policy_grant *grant = NULL;
    struct store_set *sets = NULL;
    size_t count = 0;
    if (walk_run(&walk) != ERR_OK || policy_grant_owner(invocation->op, &grant) != ERR_OK ||
        store_sets(invocation->op, invocation->node->store, grant, &sets, &count) != ERR_OK ||
        store_status(invocation->op, invocation->node->store, &status) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        stats_json(invocation, &stats, sets, count);
    } else {
        stats_text(invocation, &stats, sets, count);
    }
    return EXIT_DONE;
}
