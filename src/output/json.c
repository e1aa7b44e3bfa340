// SPDX-License-Identifier: EUPL-1.2
/*
 * An event as one JSON object: docs/format/outputs.md.
 */
#include "output/inner.h"

static void notice_members(struct json_writer *w, const struct store_notice *notice)
{
    json_member_string(w, SPAN("type"), notice->type);
    json_member_string(w, SPAN("subject"), notice->subject);
    json_member_string(w, SPAN("text"), notice->text);
    json_member_time(w, SPAN("time"), notice->time_us);
    json_member_string(w, SPAN("tlp"), span_of(policy_tlp_name(notice->tlp)));
    json_member_bool(w, SPAN("stays"), notice->stays);
    if (notice->ends.size > 0) {
        json_member_string(w, SPAN("ends"), notice->ends);
    }
}

void output_add_json(struct buf *buf, const struct output_node *node,
                     const struct store_event *event)
{
    struct json_writer w;
    struct buf id;
    buf_init(&id, UUID_TEXT_SIZE);
    uuid_add(&id, &event->id);
    json_writer_init(&w, buf);
    json_begin_object(&w);
    json_member_string(&w, SPAN("event"), span_of(output_event_word(event)));
    json_member_string(&w, SPAN("event_id"), buf_span(&id));
    json_member_u64(&w, SPAN("entry"), event->at.entry);
    json_member_time(&w, SPAN("told"), event->time_us);
    json_member_string(&w, SPAN("node"), node->identity);
    json_member_string(&w, SPAN("world"), node->world);
    if (event->notice != NULL) {
        notice_members(&w, event->notice);
    } else {
        json_member_u64(&w, SPAN("count_before"), event->count_before);
        json_member_u64(&w, SPAN("rank_before"), event->rank_before);
        fold_json_members(&w, event->fold);
    }
    json_end_object(&w);
    buf_done(&id);
}
