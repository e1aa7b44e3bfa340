// SPDX-License-Identifier: EUPL-1.2
/*
 * linie hits: what was found, folded; the folds of one value together.
 */
#include "node/node.h"
#include "node/print.h"

enum { LINE_SIZE_MAX = 256 * 1024, INSIDE_COLUMN = 18, EVIDENCE_MEMORY_MAX = 64 * 1024 * 1024 };

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

static void show_value(struct hits *hits, const struct fold *fold)
{
    struct invocation *invocation = hits->invocation;
    if (span_equal(buf_span(&hits->value), fold->value)) {
        return;
    }
    buf_clear(&hits->value);
    buf_add(&hits->value, fold->value);
    hits->values++;
    if (hits->values > 1) {
        fputc('\n', invocation->out);
    }
    print_styled(invocation, PRINT_ALARM, "%s", value_kind_name(fold->kind));
    fputc(' ', invocation->out);
    print_text(invocation, fold->value, 0);
    fputc('\n', invocation->out);
}

/* "14:02-14:58": within its hour; the date stands before it. */
static void show_when(const struct invocation *invocation, const struct fold *fold)
{
    enum { DATE_AND_MINUTE = 16, MINUTE_AT = 11 };
    struct buf first;
    struct buf last;
    buf_init(&first, 2 * TIME_TEXT_SIZE);
    buf_init(&last, 2 * TIME_TEXT_SIZE);
    time_add(&first, fold->first_us);
    time_add(&last, fold->last_us);
    if (first.size > DATE_AND_MINUTE && last.size > DATE_AND_MINUTE) {
        first.data[MINUTE_AT - 1] = ' ';
        fprintf(invocation->out, "  %.*s", DATE_AND_MINUTE, (const char *)first.data);
        fprintf(invocation->out, "-%.*s", DATE_AND_MINUTE - MINUTE_AT,
                (const char *)last.data + MINUTE_AT);
    }
    buf_done(&first);
    buf_done(&last);
}

static void show_further(const struct invocation *invocation, const struct fold_values *values)
{
    if (values->count > 1 || values->more) {
        fprintf(invocation->out, " (+%zu%s)", values->count - 1, values->more ? " or more" : "");
    }
}

static void show_fold(struct hits *hits, const struct fold *fold)
{
    struct invocation *invocation = hits->invocation;
    char count[32];
    show_when(invocation, fold);
    fputs("  ", invocation->out);
    print_text(invocation, fold->inside.size > 0 ? fold->inside : SPAN("-"), INSIDE_COLUMN);
    fprintf(invocation->out, "%8s x ", print_count(fold->count, count, sizeof count));
    print_text(invocation, fold->field, 0);
    fputc(' ', invocation->out);
    print_text(invocation, fold->observed.at[0], 0);
    show_further(invocation, &fold->observed);
    if (fold->outside.count > 0) {
        fputs(" with ", invocation->out);
        print_text(invocation, fold->outside.at[0], 0);
        show_further(invocation, &fold->outside);
    }
    fputs(" by ", invocation->out);
    print_text(invocation, fold->sensor, 0);
    fputs("; ", invocation->out);
    print_text(invocation, fold->source.size > 0 ? fold->source : SPAN("(own)"), 0);
    fprintf(invocation->out, ", TLP:%s", policy_tlp_name((enum policy_tlp)fold->tlp));
    fputs(fold->before_publication ? ", before publication" : "", invocation->out);
    fputs(fold->inside_assumed ? ", inside assumed" : "", invocation->out);
    fputs(fold->noisy ? ", noisy: further hosts counted together" : "", invocation->out);
    fputc('\n', invocation->out);
}

/* The lines kept of a fold; in JSON under "evidence". */
static enum err show_evidence(struct hits *hits, const struct fold *fold)
{
    struct op op;
    struct fold with = *fold;
    struct invocation *invocation = hits->invocation;
    op_begin(&op, &invocation->op->actor, EVIDENCE_MEMORY_MAX);
    enum err err = store_evidence_read(&op, invocation->node->store, hits->grant, &with);
    for (size_t i = 0; err == ERR_OK && i < with.evidence_count; i++) {
        fputs("      ", invocation->out);
        print_text(invocation, with.evidence[i], 0);
        fputc('\n', invocation->out);
    }
    if (err != ERR_OK) {
        err = op_fail(invocation->op, err, "%s", op.fault.text);
    }
    op_end(&op);
    return err;
}

static enum err json_evidence(struct hits *hits, const struct fold *fold)
{
    struct op op;
    struct fold with = *fold;
    struct invocation *invocation = hits->invocation;
    struct json_writer w;
    op_begin(&op, &invocation->op->actor, EVIDENCE_MEMORY_MAX);
    enum err err = store_evidence_read(&op, invocation->node->store, hits->grant, &with);
    if (err == ERR_OK) {
        hits->line.size--; /* the object's closing brace: it goes on */
        buf_add(&hits->line, SPAN(",\"evidence\":"));
        json_writer_init(&w, &hits->line);
        json_begin_array(&w);
        for (size_t i = 0; i < with.evidence_count; i++) {
            json_add_string(&w, with.evidence[i]);
        }
        json_end_array(&w);
        buf_add_byte(&hits->line, '}');
    } else {
        err = op_fail(invocation->op, err, "%s", op.fault.text);
    }
    op_end(&op);
    return err;
}

static enum err visit(void *context, const struct fold *fold)
{
    struct hits *hits = context;
    struct json_writer w;
    hits->folds++;
    hits->lines += fold->count;
    if (!hits->invocation->json) {
        show_value(hits, fold);
        show_fold(hits, fold);
        return hits->evidence ? show_evidence(hits, fold) : ERR_OK;
    }
    json_writer_init(&w, &hits->line);
    fold_json_add(&w, fold);
    if (hits->evidence) {
        TRY(json_evidence(hits, fold));
    }
    print_json(hits->invocation, &hits->line);
    return ERR_OK;
}

static enum err filter_read(struct invocation *invocation, struct store_hit_filter *ret)
{
    const char *kind = command_value(invocation, "kind");
    const char *indicator = command_value(invocation, "indicator");
    *ret = (struct store_hit_filter){ .indicator = span_of(indicator) };
    TRY(command_time(invocation, "since", &ret->since_us));
    if (kind != NULL && value_kind_from_name(span_of(kind), &ret->kind) != ERR_OK) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "--kind %s: not a kind: ipv4, ipv6, cidr, domain, url, md5, sha1, sha256 or "
                       "email",
                       kind);
    }
    bool by_value = indicator != NULL && !span_starts_with(span_of(indicator), SPAN("indicator--"));
    if (!by_value) {
        return ERR_OK;
    }
    /* A value in any writing finds its folds by its canonical text. */
    struct value_buf *bytes = op_alloc(invocation->op, sizeof *bytes);
    struct value value;
    enum value_scope scope;
    struct buf text;
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    if (value_recognise(span_of(indicator), bytes, &value, &scope) != ERR_OK) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "--indicator %s: neither an id nor a value of a known kind", indicator);
    }
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &value);
    enum err err = op_copy(invocation->op, buf_span(&text), &ret->indicator);
    buf_done(&text);
    return err;
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
    buf_done(&hits.line);
    buf_done(&hits.value);
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    if (!invocation->json) {
        fprintf(invocation->out, "%s%llu values met, %llu folds, %llu lines\n",
                hits.values > 0 ? "\n" : "", (unsigned long long)hits.values,
                (unsigned long long)hits.folds, (unsigned long long)hits.lines);
    }
    return hits.folds > 0 ? EXIT_FOUND : EXIT_DONE;
}
