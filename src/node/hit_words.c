// SPDX-License-Identifier: EUPL-1.2
#include "node/hit_words.h"

void hit_words_id(const struct fold *fold, char ret[HIT_ID_SHOWN_SIZE + 1])
{
    char id[HIT_ID_SIZE];
    hit_id_of(fold, id);
    span_copy(ret, HIT_ID_SHOWN_SIZE + 1, span_make(id, HIT_ID_SHOWN_SIZE));
    ret[HIT_ID_SHOWN_SIZE] = '\0';
}

void hit_words_standing(struct flow *flow, const struct store_hit *hit)
{
    char number[64];
    if (hit->state != HIT_NEW) {
        flow_after(flow, ",");
        flow_words(flow, "%s", hit_state_name(hit->state));
        flow_value(flow, "by", hit->state_by, "");
    }
    if (hit->assignee.size > 0) {
        flow_after(flow, ",");
        flow_value(flow, "for", hit->assignee, "");
    }
    if (hit->false_others > 0) {
        flow_after(flow, ",");
        flow_words(
            flow, "%s of this value called false",
            print_counted(hit->false_others, "other hit", "other hits", number, sizeof number));
    }
}

void hit_words_members(struct json_writer *w, const struct store_hit *hit)
{
    fold_json_members(w, &hit->fold);
    json_member_string(w, SPAN("state"), span_of(hit_state_name(hit->state)));
    if (hit->state_us != TIME_US_NONE) {
        json_member_time(w, SPAN("state_time"), hit->state_us);
        json_member_string(w, SPAN("state_by"), hit->state_by);
    }
    if (hit->assignee.size > 0) {
        json_member_string(w, SPAN("assignee"), hit->assignee);
    }
    if (hit->false_others > 0) {
        json_member_u64(w, SPAN("false_others"), hit->false_others);
    }
}

void hit_words_evidence(const struct invocation *invocation, const struct fold *fold, int indent)
{
    FILE *out = invocation->out;
    for (size_t i = 0; i < fold->evidence_count; i++) {
        uint64_t entry = fold->evidence_entries[i];
        if (i == 0 || entry != fold->evidence_entries[i - 1]) {
            fprintf(out, "%*sjournal entry %llu:\n", indent, "", (unsigned long long)entry);
        }
        fprintf(out, "%*s", indent + 2, "");
        print_text(invocation, fold->evidence[i], 0);
        fputc('\n', out);
    }
}

void hit_words_evidence_members(struct json_writer *w, const struct fold *fold)
{
    json_key(w, SPAN("evidence"));
    json_begin_array(w);
    for (size_t i = 0; i < fold->evidence_count; i++) {
        json_add_string(w, fold->evidence[i]);
    }
    json_end_array(w);
    json_key(w, SPAN("evidence_entries"));
    json_begin_array(w);
    for (size_t i = 0; i < fold->evidence_count; i++) {
        json_add_u64(w, fold->evidence_entries[i]);
    }
    json_end_array(w);
}
