// SPDX-License-Identifier: EUPL-1.2
/*
 * linie history stats, compact, verify: how much is remembered, and putting it in order.
 */
#include "format/json_writer.h"
#include "node/flow.h"
#include "node/losses.h"
#include "node/past.h"
#include "node/past_forget.h"
#include "os/clock.h"

enum {
    LINE_SIZE_MAX = 64 * 1024,
    FACT_COLUMN = 14,
    CHECK_SHOWN_MAX = 1000,
};

static const char *moment(uint32_t second, char *text, size_t size)
{
    return print_second((int64_t)second * US_PER_S, text, size);
}

static void fact_begin(struct flow *flow, const struct invocation *invocation, const char *name)
{
    flow_begin(flow, invocation, FACT_COLUMN);
    flow_to(flow, 2);
    flow_words(flow, "%s", name);
    flow_to(flow, FACT_COLUMN);
}

/* ---- stats ---- */

static void show_size(const struct invocation *invocation, const struct history_stats *stats)
{
    char size[32];
    char segments[64];
    char live[64];
    char damaged[64];
    struct flow flow;
    fact_begin(&flow, invocation, "size");
    flow_words(&flow, "%s", print_size(stats->size, size, sizeof size));
    if (stats->facts.rows > 0) {
        flow_after(&flow, ",");
        flow_words(&flow, "%.1f bytes a row", (double)stats->size / (double)stats->facts.rows);
    }
    flow_after(&flow, ",");
    flow_words(&flow, "%s",
               print_counted(stats->segments, "segment", "segments", segments, sizeof segments));
    if (stats->live_count > 0) {
        flow_after(&flow, ",");
        flow_words(&flow, "%s not in one yet",
                   print_counted(stats->live_count, "posting", "postings", live, sizeof live));
    }
    if (stats->damaged > 0) {
        flow_after(&flow, ";");
        flow_words(&flow, "%s cannot be read ('linie history verify')",
                   print_counted(stats->damaged, "segment", "segments", damaged, sizeof damaged));
    }
    flow_end(&flow);
}

/* What is missing, in a sentence each. */
static enum err show_losses(struct invocation *invocation, const struct history_stats *stats)
{
    const struct history_loss *losses = NULL;
    struct flow flow;
    size_t count = 0;
    if (stats->losses + stats->losses_known == 0) {
        return ERR_OK;
    }
    TRY(history_losses(invocation->op, invocation->node->history, &losses, &count));
    for (size_t i = 0; i < count; i++) {
        char name[HISTORY_LOSS_NAME_SIZE];
        struct buf text;
        if (losses[i].known) {
            continue;
        }
        buf_init(&text, HISTORY_LOSS_TEXT_SIZE);
        history_loss_add_text(&text, &losses[i]);
        fact_begin(&flow, invocation, "lost");
        flow_words(&flow, "%s:", history_loss_name(&losses[i], name));
        flow_text(&flow, buf_span(&text));
        flow_end(&flow);
        buf_done(&text);
    }
    if (stats->losses_known > 0) {
        fact_begin(&flow, invocation, "lost");
        flow_words(&flow, "%zu more that is known ('linie history losses --all')",
                   stats->losses_known);
        flow_end(&flow);
    }
    return ERR_OK;
}

static void show_kinds(const struct invocation *invocation, const struct history_stats *stats)
{
    char count[32];
    bool any = false;
    struct flow flow;
    fact_begin(&flow, invocation, "values");
    for (unsigned kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        uint64_t values = stats->facts.kind_values[kind];
        if (values > 0) {
            flow_after(&flow, any ? "," : "");
            flow_words(&flow, "%s %s", print_count(values, count, sizeof count),
                       value_kind_name((enum value_kind)kind));
            any = true;
        }
    }
    flow_end(&flow);
}

static void show_reach(const struct invocation *invocation, const struct history_stats *stats)
{
    char first[TIME_TEXT_SIZE];
    char last[TIME_TEXT_SIZE];
    char rows[64];
    char lines[64];
    struct flow flow;
    fact_begin(&flow, invocation, "seen");
    flow_words(&flow, "%s to", moment(stats->facts.first_s, first, sizeof first));
    flow_words(&flow, "%s", moment(stats->facts.last_s, last, sizeof last));
    flow_end(&flow);
    fact_begin(&flow, invocation, "rows");
    flow_words(&flow, "%s, of", print_count(stats->facts.rows, rows, sizeof rows));
    flow_words(&flow, "%s",
               print_counted(stats->facts.count, "sighting", "sightings", lines, sizeof lines));
    flow_end(&flow);
}

static void add_days(struct flow *flow, uint32_t days, const char *after)
{
    char text[64];
    if (days == 0) {
        flow_words(flow, "for ever%s", after);
    } else {
        flow_words(flow, "for %s%s", print_counted(days, "day", "days", text, sizeof text), after);
    }
}

/* "email hash, url truncate, email for 90 days" */
static void show_kept(const struct invocation *invocation, const struct history_rules *rules)
{
    bool any = false;
    struct flow flow;
    fact_begin(&flow, invocation, "kept");
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        const char *name = value_kind_name((enum value_kind)kind);
        if (kind == VALUE_CIDR) {
            continue;
        }
        if (rules->keep[kind] != HISTORY_KEEP) {
            flow_after(&flow, any ? "," : "");
            flow_words(&flow, "%s: %s", name, history_keep_name(rules->keep[kind]));
            any = true;
        }
        if (rules->days[kind] > 0) {
            flow_after(&flow, any ? "," : "");
            flow_words(&flow, "%s", name);
            add_days(&flow, rules->days[kind], "");
            any = true;
        }
    }
    if (!any) {
        flow_words(&flow, "every kind, whole, for ever");
    }
    flow_end(&flow);
}

static void show_rules(const struct invocation *invocation, uint64_t left)
{
    const struct config_history *config = &invocation->node->config->history;
    char size[32];
    struct flow flow;
    if (!config->remember) {
        fact_begin(&flow, invocation, "remember");
        flow_words(&flow, "no: nothing more is added");
        flow_end(&flow);
    }
    show_kept(invocation, &config->rules);
    fact_begin(&flow, invocation, "hours");
    add_days(&flow, config->rules.hour_days, config->rules.hour_days > 0 ? ", then days" : "");
    if (config->rules.hour_days > 0) {
        add_days(&flow, config->rules.day_days, config->rules.day_days > 0 ? ", then months" : "");
    }
    flow_end(&flow);
    if (left != 0) {
        fact_begin(&flow, invocation, "forgetting");
        flow_words(&flow,
                   "by the rule of journal entry %llu is not finished: 'linie history compact' "
                   "goes on",
                   (unsigned long long)left);
        flow_end(&flow);
    }
    if (config->rules.size_max > 0) {
        fact_begin(&flow, invocation, "at most");
        flow_words(&flow, "%s", print_size(config->rules.size_max, size, sizeof size));
        flow_end(&flow);
    }
    fact_begin(&flow, invocation, "inside hosts");
    flow_words(&flow, config->host_key.size > 0 ? "pseudonyms" : "as they are");
    flow_end(&flow);
}

static void stats_rules_json(struct json_writer *w, const struct config_history *config)
{
    json_key(w, SPAN("kept"));
    json_begin_object(w);
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        enum history_keep keep = config->rules.keep[kind];
        uint32_t days = config->rules.days[kind];
        if (keep != HISTORY_KEEP || days > 0) {
            json_key(w, span_of(value_kind_name((enum value_kind)kind)));
            json_begin_object(w);
            json_member_string(w, SPAN("keep"), span_of(history_keep_name(keep)));
            json_member_u64(w, SPAN("days"), days);
            json_end_object(w);
        }
    }
    json_end_object(w);
    json_member_bool(w, SPAN("remember"), config->remember);
    json_member_u64(w, SPAN("hours_days"), config->rules.hour_days);
    json_member_u64(w, SPAN("days_days"), config->rules.day_days);
    json_member_u64(w, SPAN("size_max"), config->rules.size_max);
    json_member_bool(w, SPAN("pseudonyms"), config->host_key.size > 0);
}

static void stats_json(struct invocation *invocation, const struct history_stats *stats,
                       uint64_t left)
{
    const struct segment_facts *facts = &stats->facts;
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("rows"), facts->rows);
    json_member_u64(&w, SPAN("entries"), facts->values);
    json_member_u64(&w, SPAN("postings"), facts->postings);
    json_member_u64(&w, SPAN("sightings"), facts->count);
    if (facts->rows > 0) {
        json_member_time(&w, SPAN("first"), (int64_t)facts->first_s * US_PER_S);
        json_member_time(&w, SPAN("last"), (int64_t)facts->last_s * US_PER_S);
    }
    json_member_u64(&w, SPAN("size"), stats->size);
    json_member_u64(&w, SPAN("segments"), stats->segments);
    json_member_u64(&w, SPAN("damaged"), stats->damaged);
    json_member_u64(&w, SPAN("losses"), stats->losses);
    json_member_u64(&w, SPAN("losses_known"), stats->losses_known);
    json_member_u64(&w, SPAN("live_postings"), stats->live_count);
    json_key(&w, SPAN("kinds"));
    json_begin_object(&w);
    for (unsigned kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        if (facts->kind_values[kind] > 0) {
            json_member_u64(&w, span_of(value_kind_name((enum value_kind)kind)),
                            facts->kind_values[kind]);
        }
    }
    json_end_object(&w);
    stats_rules_json(&w, &invocation->node->config->history);
    if (left != 0) {
        json_member_u64(&w, SPAN("forgetting_left"), left);
    }
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

int command_history_stats(struct invocation *invocation)
{
    struct history_stats stats = { .facts = { .first_s = UINT32_MAX } };
    uint64_t left = 0;
    enum err err = past_reading(invocation->op, invocation->node);
    if (err == ERR_OK && invocation->node->history != NULL) {
        err = history_stats(invocation->op, invocation->node->history, &stats);
    }
    if (err == ERR_OK) {
        err = past_forget_left(invocation->op, invocation->node, &left);
    }
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        stats_json(invocation, &stats, left);
        return EXIT_DONE;
    }
    if (stats.facts.rows > 0) {
        show_reach(invocation, &stats);
        show_kinds(invocation, &stats);
        show_size(invocation, &stats);
    } else {
        fputs(stats.losses > 0 ? "nothing of what was remembered can be read\n"
                               : "nothing was remembered so far\n",
              invocation->out);
    }
    if (show_losses(invocation, &stats) != ERR_OK) {
        return command_fail(invocation);
    }
    show_rules(invocation, left);
    return EXIT_DONE;
}

/* ---- compact ---- */

static void progress(const struct invocation *invocation, const struct history_stats *stats)
{
    char size[32];
    if (invocation->progress) {
        fprintf(invocation->err, "\r\033[K%zu segments, %s", stats->segments,
                print_size(stats->size, size, sizeof size));
        fflush(invocation->err);
    }
}

static void progress_end(const struct invocation *invocation)
{
    if (invocation->progress) {
        fputs("\r\033[K", invocation->err);
    }
}

static enum err compact_all(struct invocation *invocation)
{
    struct op *op = invocation->op;
    struct node *node = invocation->node;
    struct past_meanwhile meanwhile;
    past_meanwhile_begin(op, node, invocation->roles, &meanwhile);
    enum err err = past_forget_finish(op, node);
    err = err == ERR_OK ? history_compact(op, node->history, os_clock_us()) : err;
    past_meanwhile_end(&meanwhile);
    return err;
}

static enum err compact(struct invocation *invocation, struct history_stats *ret_before,
                        struct history_stats *ret_after)
{
    struct op *op = invocation->op;
    struct node *node = invocation->node;
    TRY(past_changing(op, node));
    TRY(past_settle(op, node));
    TRY(history_stats(op, node->history, ret_before));
    progress(invocation, ret_before);
    TRY(compact_all(invocation));
    TRY(losses_notice(op, node));
    return history_stats(op, node->history, ret_after);
}

int command_history_compact(struct invocation *invocation)
{
    struct history_stats before;
    struct history_stats after;
    char count[64];
    char was[32];
    char is[32];
    enum err err = compact(invocation, &before, &after);
    progress_end(invocation);
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        fprintf(invocation->out,
                "{\"segments_before\":%zu,\"segments\":%zu,\"size_before\":%llu,\"size\":%llu,"
                "\"rows_before\":%llu,\"rows\":%llu,\"losses\":%zu}\n",
                before.segments, after.segments, (unsigned long long)before.size,
                (unsigned long long)after.size, (unsigned long long)before.facts.rows,
                (unsigned long long)after.facts.rows, after.losses);
    } else {
        fprintf(invocation->out, "%s, %s; before %zu, %s\n",
                print_counted(after.segments, "segment", "segments", count, sizeof count),
                print_size(after.size, is, sizeof is), before.segments,
                print_size(before.size, was, sizeof was));
    }
    if (after.losses > 0) {
        fprintf(invocation->err,
                "linie history compact: %s of the history nobody acknowledged; what is damaged "
                "is left as it is: see 'linie history losses'\n",
                print_counted(after.losses, "loss", "losses", count, sizeof count));
    }
    return EXIT_DONE;
}

/* ---- verify ---- */

struct verifying {
    struct invocation *invocation;
    uint64_t told;
};

static void on_fault(void *context, const char *text)
{
    struct verifying *verifying = context;
    struct invocation *invocation = verifying->invocation;
    verifying->told++;
    if (verifying->told > CHECK_SHOWN_MAX) {
        return;
    }
    if (!invocation->json) {
        print_text(invocation, span_of(text), 0);
        fputc('\n', invocation->out);
        return;
    }
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("fault"), span_of(text));
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

int command_history_verify(struct invocation *invocation)
{
    struct verifying verifying = { .invocation = invocation };
    struct history_stats stats = { .segments = 0 };
    struct node *node = invocation->node;
    uint64_t faults = 0;
    char text[64];
    enum err err = past_reading(invocation->op, node);
    if (err == ERR_OK && node->history != NULL) {
        err = history_stats(invocation->op, node->history, &stats);
    }
    if (err == ERR_OK && node->history != NULL) {
        err = history_check(invocation->op, node->history, on_fault, &verifying, &faults);
    }
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        fprintf(invocation->out, "{\"segments\":%zu,\"rows\":%llu,\"faults\":%llu}\n",
                stats.segments, (unsigned long long)stats.facts.rows, (unsigned long long)faults);
    } else if (faults == 0) {
        fprintf(invocation->out, "the history is whole: %s\n",
                print_counted(stats.facts.rows, "row", "rows", text, sizeof text));
    } else {
        fprintf(invocation->out, "%s: what stands there is not in answers, all else is\n",
                print_counted(faults, "fault", "faults", text, sizeof text));
    }
    return faults == 0 ? EXIT_DONE : EXIT_FOUND;
}
