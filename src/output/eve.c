// SPDX-License-Identifier: EUPL-1.2
/*
 * An event as an alert in eve.json of Suricata, so that what reads alerts there reads ours. Only
 * keys are used that Suricata's own schema (etc/schema.json) knows, which allows no others: what it
 * has no place for stands among the alert's tags.
 */
#include <stdio.h>

#include "output/inner.h"

enum {
    EVE_GID = 5424,       /* generator: keeps our numbers apart from those of rules, which have 1 */
    EVE_SID_NOTICE = 1,   /* signature_id of notices */
    EVE_SID_KINDS = 1000, /* signature_id of hits: this plus the number of the indicator's kind */
    SEVERITY_HIGH = 1,    /* Suricata's own: 1 is the gravest */
    SEVERITY_MIDDLE = 2,
    SEVERITY_LOW = 3,
    TAG_SIZE_MAX = 8 * 1024,
};

static void add_tag(struct json_writer *w, const char *name, struct span value)
{
    struct buf tag;
    if (value.size == 0) {
        return;
    }
    buf_init(&tag, TAG_SIZE_MAX);
    buf_add_format(&tag, "%s:", name);
    buf_add(&tag, output_value_cut(value));
    json_add_string(w, buf_span(&tag));
    buf_done(&tag);
}

static void add_tag_u64(struct json_writer *w, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    add_tag(w, name, span_of(text));
}

static void add_rank_tags(struct json_writer *w, const struct fold *fold)
{
    char id[HIT_ID_SIZE];
    const unsigned rank = fold_rank(fold);
    hit_id_of(fold, id);
    add_tag(w, "hit", span_of(id));
    add_tag_u64(w, "rank", rank);
    add_tag(w, "level", span_of(rank_level_name(rank_level_of(rank))));
    add_tag(w, "direction", span_of(rank_direction_name(fold->best.direction)));
    add_tag(w, "outcome", span_of(rank_outcome_name(fold->best.outcome)));
}

static void add_fold_tags(struct json_writer *w, const struct fold *fold)
{
    add_rank_tags(w, fold);
    add_tag(w, "indicator", fold->indicator);
    add_tag(w, "kind", span_of(value_kind_name(fold->kind)));
    add_tag(w, "value", fold->value);
    add_tag(w, "observed", fold->observed.count > 0 ? fold->observed.at[0] : SPAN(""));
    add_tag(w, "field", fold->field);
    add_tag(w, "sensor", fold->sensor);
    add_tag_u64(w, "count", fold->count);
    add_tag(w, "tlp", span_of(policy_tlp_name((enum policy_tlp)fold->tlp)));
    add_tag(w, "source", fold->source);
    if (fold->noisy) {
        json_add_string(w, SPAN("noisy"));
    }
    if (fold->before_publication) {
        json_add_string(w, SPAN("before_publication"));
    }
    if (fold->looked_back) {
        json_add_string(w, SPAN("looked_back"));
    }
}

static void add_notice_tags(struct json_writer *w, const struct store_notice *notice)
{
    add_tag(w, "type", notice->type);
    add_tag(w, "subject", notice->subject);
    add_tag(w, "text", notice->text);
    add_tag(w, "tlp", span_of(policy_tlp_name(notice->tlp)));
}

static void add_metadata(struct json_writer *w, const struct output_node *node,
                         const struct store_event *event)
{
    struct buf id;
    buf_init(&id, UUID_TEXT_SIZE);
    uuid_add(&id, &event->id);
    json_key(w, SPAN("metadata"));
    json_begin_object(w);
    json_key(w, SPAN("tag"));
    json_begin_array(w);
    json_add_string(w, SPAN("linie"));
    add_tag(w, "event", span_of(output_event_word(event)));
    add_tag(w, "event_id", buf_span(&id));
    add_tag_u64(w, "entry", event->at.entry);
    add_tag(w, "node", node->identity);
    add_tag(w, "world", node->world);
    if (event->fold == NULL) {
        add_notice_tags(w, event->notice);
    } else {
        add_fold_tags(w, event->fold);
    }
    json_end_array(w);
    json_end_object(w);
    buf_done(&id);
}

/* The same for every hit of one indicator of one source: who counts alerts counts by this. */
static void add_signature(struct json_writer *w, const struct store_event *event)
{
    struct buf text;
    buf_init(&text, TAG_SIZE_MAX);
    if (event->fold == NULL) {
        buf_add(&text, SPAN("LINIE notice: "));
        buf_add(&text, event->notice->type);
        buf_add_byte(&text, ' ');
        buf_add(&text, output_value_cut(event->notice->subject));
    } else {
        buf_add_format(&text, "LINIE %s ", value_kind_name(event->fold->kind));
        buf_add(&text, output_value_cut(event->fold->value));
        if (event->fold->source.size > 0) {
            buf_add(&text, SPAN(" ("));
            buf_add(&text, output_value_cut(event->fold->source));
            buf_add_byte(&text, ')');
        }
    }
    json_member_string(w, SPAN("signature"), buf_span(&text));
    buf_done(&text);
}

static uint64_t severity_of(const struct store_event *event)
{
    switch (output_severity_of(event)) {
    case OUTPUT_CRITICAL:
    case OUTPUT_ERROR:
        return SEVERITY_HIGH;
    case OUTPUT_WARNING:
        return SEVERITY_MIDDLE;
    case OUTPUT_NOTE:
    case OUTPUT_INFORMATION:
        return SEVERITY_LOW;
    }
    return SEVERITY_LOW;
}

static void add_alert(struct json_writer *w, const struct output_node *node,
                      const struct store_event *event)
{
    bool notice = event->fold == NULL;
    json_key(w, SPAN("alert"));
    json_begin_object(w);
    json_member_string(w, SPAN("action"), SPAN("allowed")); /* Linie stops nothing */
    json_member_u64(w, SPAN("gid"), EVE_GID);
    json_member_u64(w, SPAN("signature_id"),
                    notice ? EVE_SID_NOTICE : EVE_SID_KINDS + (uint64_t)event->fold->kind);
    json_member_u64(w, SPAN("rev"), 1);
    add_signature(w, event);
    json_member_string(w, SPAN("category"),
                       notice ? SPAN("Notice of the node") : SPAN("Shared indicator met"));
    json_member_u64(w, SPAN("severity"), severity_of(event));
    add_metadata(w, node, event);
    json_end_object(w);
}

/* Suricata writes "2026-11-21T20:34:05.000001+0000". */
static void add_timestamp(struct json_writer *w, int64_t time_us)
{
    enum { SECOND_SIZE = sizeof "9999-12-31T23:59:59" - 1 };
    struct buf second;
    struct buf text;
    buf_init(&second, 2 * TIME_TEXT_SIZE);
    buf_init(&text, 2 * TIME_TEXT_SIZE);
    bool fits = time_us >= TIME_US_MIN && time_us <= TIME_US_MAX;
    int64_t begin_us = fits ? time_floor(time_us, US_PER_S) : 0;
    time_add(&second, begin_us);
    buf_add(&text, span_slice(buf_span(&second), 0, SECOND_SIZE));
    buf_add_format(&text, ".%06lld+0000", fits ? (long long)(time_us - begin_us) : 0);
    json_member_string(w, SPAN("timestamp"), buf_span(&text));
    buf_done(&second);
    buf_done(&text);
}

static void add_address(struct json_writer *w, struct span key, struct span text)
{
    uint8_t address[VALUE_IPV6_SIZE];
    if (text.size <= OUTPUT_VALUE_SIZE_MAX && value_key_address(text, address) > 0) {
        json_member_string(w, key, text);
    }
}

/* Suricata's source is who sent the packet that the alert is of: who opened the connection, as far
 * as anybody knows. */
static void add_ends(struct json_writer *w, const struct fold *fold)
{
    const struct span outside = fold->outside.count > 0 ? fold->outside.at[0] : SPAN("");
    const bool inbound = fold->best.direction == RANK_INBOUND;
    add_address(w, SPAN("src_ip"), inbound ? outside : fold->inside);
    add_address(w, SPAN("dest_ip"), inbound ? fold->inside : outside);
}

void output_add_eve(struct buf *buf, const struct output_node *node,
                    const struct store_event *event)
{
    struct json_writer w;
    const struct fold *fold = event->fold;
    json_writer_init(&w, buf);
    json_begin_object(&w);
    if (fold == NULL) {
        add_timestamp(&w, event->time_us);
    } else {
        add_timestamp(&w, event->type == STORE_EVENT_OPENED ? fold->first_us : fold->last_us);
    }
    json_member_string(&w, SPAN("event_type"), SPAN("alert"));
    if (fold != NULL) {
        add_ends(&w, fold);
    }
    add_alert(&w, node, event);
    json_end_object(&w);
}
