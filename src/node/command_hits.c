// SPDX-License-Identifier: EUPL-1.2
/*
 * linie hits: what was found, folded; the folds of one value together.
 */
#include "node/fold_words.h"
#include "node/node.h"
#include "store/hit_work.h"

enum {
    LINE_SIZE_MAX = 256 * 1024,
    FOLD_MEMORY_MAX = 64 * 1024 * 1024,
    INSIDE_COLUMN = 25, /* behind "  2026-11-21 20:34-20:59 " */
    COUNT_COLUMN = 41,  /* behind an IPv4 address */
    COUNT_WIDTH = 7,
    FURTHER_INDENT = 6,
    EVIDENCE_INDENT = 8,
};

struct hits {
    struct invocation *invocation;
    const struct policy_grant *grant;
    struct buf line;
    struct buf value; /* of the group being shown */
    uint64_t folds;
    uint64_t values;
    uint64_t lines;
    bool evidence;
};

/* ---- for people ---- */

static void show_value(struct hits *hits, const struct fold *fold)
{
    struct flow flow;
    if (span_equal(buf_span(&hits->value), fold->value)) {
        return;
    }
    buf_clear(&hits->value);
    buf_add(&hits->value, fold->value);
    hits->values++;
    if (hits->values > 1) {
        fputc('\n', hits->invocation->out);
    }
    flow_begin(&flow, hits->invocation, 2);
    flow_styled(&flow, PRINT_ALARM, value_kind_name(fold->kind));
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

static enum err show_fold(struct op *op, struct hits *hits, const struct fold *fold)
{
    struct flow flow;
    char count[32];
    flow_begin(&flow, hits->invocation, FURTHER_INDENT);
    flow_to(&flow, 2);
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
    flow_value(&flow, "by", fold->sensor, ";");
    fold_words_source(&flow, fold);
    flow_end(&flow);
    return ERR_OK;
}

/* Each line kept of a fold stands by itself, below the journal entry that can be erased. */
static void show_evidence(const struct hits *hits, const struct fold *fold)
{
    FILE *out = hits->invocation->out;
    for (size_t i = 0; i < fold->evidence_count; i++) {
        uint64_t entry = fold->evidence_entries[i];
        if (i == 0 || entry != fold->evidence_entries[i - 1]) {
            fprintf(out, "%*sjournal entry %llu:\n", FURTHER_INDENT, "", (unsigned long long)entry);
        }
        fprintf(out, "%*s", EVIDENCE_INDENT, "");
        print_text(hits->invocation, fold->evidence[i], 0);
        fputc('\n', out);
    }
}

/* ---- for programs ---- */

static void json_evidence(struct hits *hits, const struct fold *fold)
{
    struct json_writer w;
    hits->line.size--; /* the object's closing brace: it goes on */
    buf_add(&hits->line, SPAN(",\"evidence\":"));
    json_writer_init(&w, &hits->line);
    json_begin_array(&w);
    for (size_t i = 0; i < fold->evidence_count; i++) {
        json_add_string(&w, fold->evidence[i]);
    }
    json_end_array(&w);
    buf_add(&hits->line, SPAN(",\"evidence_entries\":"));
    json_writer_init(&w, &hits->line);
    json_begin_array(&w);
    for (size_t i = 0; i < fold->evidence_count; i++) {
        json_add_u64(&w, fold->evidence_entries[i]);
    }
    json_end_array(&w);
    buf_add_byte(&hits->line, '}');
}

/* ---- the walk ---- */

static enum err show(struct op *op, struct hits *hits, const struct fold *fold)
{
    struct json_writer w;
    if (!hits->invocation->json) {
        show_value(hits, fold);
        TRY(show_fold(op, hits, fold));
        if (hits->evidence) {
            show_evidence(hits, fold);
        }
        return ERR_OK;
    }
    json_writer_init(&w, &hits->line);
    fold_json_add(&w, fold);
    if (hits->evidence) {
        json_evidence(hits, fold);
    }
    print_json(hits->invocation, &hits->line);
    return ERR_OK;
}

static enum err visit(void *context, const struct store_hit *hit)
{
    struct hits *hits = context;
    const struct fold *fold = &hit->fold;
    struct invocation *invocation = hits->invocation;
    struct op op;
    struct fold with = *fold;
    hits->folds++;
    hits->lines += fold->count;
    op_begin(&op, &invocation->op->actor, FOLD_MEMORY_MAX);
    enum err err = ERR_OK;
    if (hits->evidence) {
        err = store_evidence_read(&op, invocation->node->store, hits->grant, &with);
    }
    if (err == ERR_OK) {
        err = show(&op, hits, &with);
    }
    if (err != ERR_OK) {
        err = op_fail(invocation->op, err, "%s", op.fault.text);
    }
    op_end(&op);
    return err;
}

static void show_total(const struct hits *hits)
{
    char values[64];
    char folds[64];
    char lines[64];
    fprintf(hits->invocation->out, "%s%s met, %s, %s%s\n", hits->values > 0 ? "\n" : "",
            print_counted(hits->values, "value", "values", values, sizeof values),
            print_counted(hits->folds, "fold", "folds", folds, sizeof folds),
            print_counted(hits->lines, "line", "lines", lines, sizeof lines),
            hits->values > 0 ? " (times are UTC)" : "");
}

/* ---- the command ---- */

static enum err filter_read(struct invocation *invocation, struct store_hit_filter *ret)
{
    const char *kind = command_value(invocation, "kind");
    const char *indicator = command_value(invocation, "indicator");
    *ret = (struct store_hit_filter){ .since_us = TIME_US_NONE };
    TRY(command_time(invocation, "since", &ret->since_us));
    if (kind != NULL && value_kind_from_name(span_of(kind), &ret->kind) != ERR_OK) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "--kind %s: not a kind: ipv4, ipv6, cidr, domain, url, md5, sha1, sha256 or "
                       "email",
                       kind);
    }
    bool by_value = indicator != NULL && !span_starts_with(span_of(indicator), SPAN("indicator--"));
    if (!by_value) {
        ret->indicator = span_of(indicator);
        return ERR_OK;
    }
    struct value_buf *bytes = op_alloc(invocation->op, sizeof *bytes);
    struct value *value = op_alloc(invocation->op, sizeof *value);
    enum value_scope scope;
    if (bytes == NULL || value == NULL) {
        return ERR_LIMIT;
    }
    if (value_recognise(span_of(indicator), bytes, value, &scope) != ERR_OK) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "--indicator %s: neither an id nor a value of a known kind", indicator);
    }
    ret->value = value;
    return ERR_OK;
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

int command_hits(struct invocation *invocation)
{
    struct hits hits = { .invocation = invocation };
    struct store_hit_filter filter;
    buf_init(&hits.line, LINE_SIZE_MAX);
    buf_init(&hits.value, VALUE_TEXT_SIZE_MAX);
    hits.evidence = command_value(invocation, "evidence") != NULL;
    enum err err = filter_read(invocation, &filter);
    if (err == ERR_OK) {
        err = policy_grant_owner(invocation->op, &hits.grant);
    }
    if (err == ERR_OK) {
        err = store_hits_walk(invocation->op, invocation->node->store, hits.grant, &filter, visit,
                              &hits);
    }
    if (err == ERR_OK && hits.folds == 0) {
        err = tell_unwatched(invocation);
    }
    buf_done(&hits.line);
    buf_done(&hits.value);
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    if (!invocation->json) {
        show_total(&hits);
    }
    return hits.folds > 0 ? EXIT_FOUND : EXIT_DONE;
}
