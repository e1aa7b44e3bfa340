// SPDX-License-Identifier: EUPL-1.2
#include "history/hunt_inner.h"

enum err hunt_ask(struct op *op, struct history *history, const struct policy_grant *grant,
                  const struct hunt_questions *questions, const struct hunt_options *options,
                  struct hunt_result *ret)
{
    struct history_stats stats;
    struct hunt_sources sources = { .rules = history_rules(history) };
    /* What was seen bears no label; that opens to the owner alone. */
    if (!policy_may_read(grant, POLICY_TLP_UNKNOWN)) {
        return op_fail(op, ERR_DENIED, "what was seen is the owner's, and this grant is not");
    }
    TRY(history_stats(op, history, &stats));
    TRY(history_segments(op, history, &sources.segments, &sources.count));
    TRY(hunt_segments(op, &sources, questions, options, ret));
    ret->missing = stats.damaged;
    return ERR_OK;
}
