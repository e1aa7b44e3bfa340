// SPDX-License-Identifier: EUPL-1.2
#include "node/tally.h"

enum { COUNT_TEXT_SIZE = 32 };

/* What is not watched, in the order in which it is told. */
static const enum store_state unwatched[] = {
    STORE_STATE_REVOKED,
    STORE_STATE_REMOVED,
    STORE_STATE_SUPERSEDED,
    STORE_STATE_UNWATCHABLE,
};

enum { UNWATCHED_COUNT = sizeof unwatched / sizeof unwatched[0] };

bool tally_is_empty(const struct store_tally *tally)
{
    return tally->count[STORE_STATE_WATCHED] + tally->count[STORE_STATE_EXPIRED] +
               store_tally_unwatched(tally) + tally->conflicts ==
           0;
}

static void state_words(struct flow *flow, uint64_t count, const char *before, const char *word,
                        const char *after)
{
    char text[COUNT_TEXT_SIZE];
    flow_words(flow, "%s%s %s%s", before, print_count(count, text, sizeof text), word, after);
}

/* "3 not watched (2 revoked, 1 unwatchable)" */
static void unwatched_words(struct flow *flow, const struct store_tally *tally)
{
    uint64_t rest = store_tally_unwatched(tally);
    flow_after(flow, ",");
    state_words(flow, rest, "", "not watched", "");
    const char *before = "(";
    for (size_t i = 0; i < UNWATCHED_COUNT; i++) {
        uint64_t count = tally->count[unwatched[i]];
        rest -= count;
        if (count > 0) {
            state_words(flow, count, before, store_state_name(unwatched[i]), rest > 0 ? "," : ")");
            before = "";
        }
    }
}

void tally_words(struct flow *flow, const struct store_tally *tally)
{
    state_words(flow, tally->count[STORE_STATE_WATCHED], "", "watched", "");
    if (tally->partial > 0) {
        state_words(flow, tally->partial, "(", "in part", ")");
    }
    if (tally->count[STORE_STATE_EXPIRED] > 0) {
        flow_after(flow, ",");
        state_words(flow, tally->count[STORE_STATE_EXPIRED], "", "expired", "");
    }
    if (store_tally_unwatched(tally) > 0) {
        unwatched_words(flow, tally);
    }
}

static size_t shown_count(const struct store_tally *tally)
{
    return tally->conflicts < STORE_CONFLICT_IDS_MAX ? (size_t)tally->conflicts
                                                     : STORE_CONFLICT_IDS_MAX;
}

void tally_words_conflicts(struct flow *flow, const char *before, const struct store_tally *tally)
{
    size_t shown = shown_count(tally);
    if (shown == 0) {
        return;
    }
    flow_after(flow, before);
    state_words(flow, tally->conflicts, "", "in conflict:", "");
    for (size_t i = 0; i < shown; i++) {
        bool more = i + 1 < shown || tally->conflicts > shown;
        flow_value(flow, "", tally->conflict_ids[i], more ? "," : "");
    }
    flow_words(flow, "%s", tally->conflicts > shown ? "..." : "");
}

void tally_json(struct json_writer *w, const struct store_tally *tally)
{
    const enum store_state in_use[] = { STORE_STATE_WATCHED, STORE_STATE_EXPIRED };
    for (size_t i = 0; i < sizeof in_use / sizeof in_use[0]; i++) {
        json_member_u64(w, span_of(store_state_name(in_use[i])), tally->count[in_use[i]]);
    }
    json_member_u64(w, SPAN("partial"), tally->partial);
    json_member_u64(w, SPAN("unwatched"), store_tally_unwatched(tally));
    for (size_t i = 0; i < UNWATCHED_COUNT; i++) {
        json_member_u64(w, span_of(store_state_name(unwatched[i])), tally->count[unwatched[i]]);
    }
    json_member_u64(w, SPAN("conflicts"), tally->conflicts);
    json_key(w, SPAN("conflict_ids"));
    json_begin_array(w);
    for (size_t i = 0; i < shown_count(tally); i++) {
        json_add_string(w, tally->conflict_ids[i]);
    }
    json_end_array(w);
}
