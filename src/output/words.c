// SPDX-License-Identifier: EUPL-1.2
/*
 * An event as a sentence: "10.0.0.5 met domain evil.example in dns.query ...". Defanged, it is fit
 * for mail: no program makes a link of what somebody might open.
 */
#include "base/text.h"
#include "output/inner.h"

struct words {
    struct buf *buf;
    bool defanged;
};

/* As lists of indicators are written, so that `linie indicators add` reads it back. */
static void add_defanged(struct buf *buf, struct span value)
{
    if (span_starts_with_nocase(value, SPAN("http"))) {
        buf_add(buf, SPAN("hxxp"));
        value = span_from(value, 4); /* "http" */
    }
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] == '.') {
            buf_add(buf, SPAN("[.]"));
        } else if (value.data[i] == '@') {
            buf_add(buf, SPAN("[at]"));
        } else {
            buf_add_byte(buf, value.data[i]);
        }
    }
}

static void add_value(const struct words *words, const char *before, struct span value)
{
    struct buf raw;
    buf_init(&raw, 4 * OUTPUT_VALUE_SIZE_MAX);
    if (words->defanged) {
        add_defanged(&raw, output_value_cut(value));
    } else {
        buf_add(&raw, output_value_cut(value));
    }
    buf_add(words->buf, span_of(before));
    text_add_printable(words->buf, buf_span(&raw));
    buf_done(&raw);
}

/* Names of fields, sensors and sources: nobody opens those. */
static void add_name(const struct words *words, const char *before, struct span name)
{
    buf_add(words->buf, span_of(before));
    text_add_printable(words->buf, output_value_cut(name));
}

static void add_seen(const struct words *words, const struct fold *fold)
{
    add_name(words, " in ", fold->field);
    if (!span_equal(fold->observed.at[0], fold->value)) {
        add_value(words, " as ", fold->observed.at[0]);
    }
    if (fold->outside.count > 0 && !span_equal(fold->outside.at[0], fold->value)) {
        add_value(words, ", other end ", fold->outside.at[0]);
    }
    if (fold->sensor.size > 0) {
        add_name(words, ", sensor ", fold->sensor);
    }
}

static void add_course(const struct words *words, const struct fold *fold)
{
    if (fold->best.direction != RANK_DIRECTION_UNKNOWN) {
        buf_add_format(words->buf, ", %s", rank_direction_name(fold->best.direction));
    }
    if (fold->best.outcome != RANK_OUTCOME_UNKNOWN) {
        buf_add_format(words->buf, ", %s", rank_outcome_name(fold->best.outcome));
    }
    if (fold->list.size > 0) {
        add_name(words, ", allow list ", fold->list);
    }
}

static void add_count(const struct words *words, const struct fold *fold)
{
    buf_add(words->buf, SPAN("; "));
    buf_add_u64(words->buf, fold->count);
    buf_add(words->buf, fold->count == 1 ? SPAN(" line, ") : SPAN(" lines, from "));
    output_add_second(words->buf, fold->first_us);
    if (fold->count > 1) {
        buf_add(words->buf, SPAN(" to "));
        output_add_second(words->buf, fold->last_us);
    }
}

static void add_source(const struct words *words, const struct fold *fold)
{
    buf_add(words->buf, SPAN("; source "));
    if (fold->source.size > 0) {
        add_name(words, "", fold->source);
    } else {
        buf_add(words->buf, SPAN("(own)"));
    }
    buf_add_format(words->buf, ", TLP:%s", policy_tlp_name((enum policy_tlp)fold->tlp));
    if (fold->looked_back) {
        buf_add(words->buf, SPAN(", found looking back"));
    }
    if (fold->before_publication) {
        buf_add(words->buf, SPAN(", before publication"));
    }
    if (fold->inside_assumed) {
        buf_add(words->buf, SPAN(", inside assumed"));
    }
}

static void add_fold(const struct words *words, const struct store_event *event)
{
    const struct fold *fold = event->fold;
    char id[HIT_ID_SIZE];
    hit_id_of(fold, id);
    buf_add_format(words->buf, "%.*s (%s): ", (int)HIT_ID_SHOWN_SIZE, id,
                   rank_level_name(rank_level_of(fold_rank(fold))));
    if (fold->noisy) {
        buf_add(words->buf, SPAN("many hosts"));
    } else if (fold->inside.size == 0) {
        buf_add(words->buf, SPAN("an unknown host"));
    } else {
        add_value(words, "", fold->inside);
    }
    buf_add_format(words->buf, " met %s ", value_kind_name(fold->kind));
    add_value(words, "", fold->value);
    add_seen(words, fold);
    add_course(words, fold);
    add_count(words, fold);
    add_source(words, fold);
}

static void add_notice(const struct words *words, const struct store_notice *notice)
{
    add_name(words, "", notice->type);
    add_name(words, ": ", notice->subject);
    add_name(words, ": ", notice->text);
    buf_add(words->buf, SPAN(" ("));
    output_add_second(words->buf, notice->time_us);
    buf_add(words->buf, SPAN(")"));
}

void output_add_words(struct buf *buf, const struct output_node *node,
                      const struct store_event *event, bool defanged)
{
    static const char *const begins[STORE_EVENT_COUNT] = { "HIT ", "GROWN ", "CLOSED ", "NOTICE " };
    const struct words words = { .buf = buf, .defanged = defanged };
    if (!span_equal(node->world, SPAN("real"))) {
        add_name(&words, "EXERCISE ", node->world);
        buf_add(buf, SPAN(": "));
    }
    if (event->notice == NULL) {
        buf_add(buf, span_of(begins[event->type]));
        add_fold(&words, event);
    } else {
        buf_add(buf, output_is_test(event) ? SPAN("TEST ") : SPAN("NOTICE "));
        add_notice(&words, event->notice);
    }
}
