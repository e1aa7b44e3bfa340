// SPDX-License-Identifier: EUPL-1.2
#include "base/must.h"
#include "history/merge_inner.h"

void merge_fate_init(struct merge_fate *fate, const struct merge_options *options)
{
    const struct history_rules *rules = options->rules;
    fate->rules = rules;
    fate->forget = options->forget;
    fate->month = (struct merge_place){ .start_s = 0 };
    fate->month_end_s = 0;
    for (int kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        uint32_t keep_s = history_days_ago(options->now_s, rules->days[kind]);
        fate->keep_s[kind] = keep_s > options->oldest_s ? keep_s : options->oldest_s;
    }
    fate->day_s =
        history_span_start(HISTORY_DAY, history_days_ago(options->now_s, rules->hour_days));
    fate->month_s =
        history_span_start(HISTORY_MONTH, history_days_ago(options->now_s, rules->day_days));
    if (fate->forget != NULL) {
        taking_init(&fate->taking, rules, fate->forget);
    }
}

bool merge_fate_drops(const struct merge_fate *fate, enum value_kind kind)
{
    return fate->rules->keep[kind] == HISTORY_KEEP_NOT;
}

bool merge_fate_changes(const struct merge_fate *fate, enum value_kind kind, enum history_form *ret)
{
    switch (fate->rules->keep[kind]) {
    case HISTORY_KEEP_TRUNCATED:
        *ret = HISTORY_TRUNCATED;
        return true;
    case HISTORY_KEEP_HASHED:
        /* Without a secret nothing can be hashed; what is there waits until there is one. */
        *ret = fate->rules->hash_secret_known ? HISTORY_HASHED : *ret;
        return fate->rules->hash_secret_known;
    default:
        return false;
    }
}

/* ---- where rows go ---- */

struct merge_place merge_fate_place(struct merge_fate *fate, const struct history_row *row)
{
    if (row->start_s < fate->month_s) {
        bool known = row->start_s >= fate->month.start_s && row->start_s < fate->month_end_s;
        if (!known) {
            fate->month.width = HISTORY_MONTH;
            fate->month.start_s = history_span_start(HISTORY_MONTH, row->start_s);
            fate->month_end_s = history_span_end(HISTORY_MONTH, row->start_s);
        }
        return fate->month;
    }
    if (row->width == HISTORY_HOUR && row->start_s < fate->day_s) {
        return (struct merge_place){ .start_s = history_span_start(HISTORY_DAY, row->start_s),
                                     .width = HISTORY_DAY };
    }
    return (struct merge_place){ .start_s = row->start_s, .width = row->width };
}
