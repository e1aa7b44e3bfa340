// SPDX-License-Identifier: EUPL-1.2
#include "history/hunt_inner.h"

uint64_t hunt_kinds(const struct hunt_questions *questions)
{
    const uint64_t addresses = UINT64_C(1) << VALUE_IPV4 | UINT64_C(1) << VALUE_IPV6;
    uint64_t kinds = 0;
    for (size_t i = 0; i < questions->count; i++) {
        enum value_kind kind = questions->at[i].value.kind;
        kinds |= kind == VALUE_CIDR ? addresses : UINT64_C(1) << kind;
    }
    return kinds;
}

enum err hunt_ask(struct op *op, struct history *history, const struct policy_grant *grant,
                  const struct hunt_questions *questions, const struct hunt_options *options,
                  struct hunt_result *ret)
{
    const struct history_loss *losses = NULL;
    size_t loss_count = 0;
    struct hunt_sources sources = { .rules = history_rules(history) };
    /* What was seen bears no label; that opens to the owner alone. */
    if (!policy_may_read(grant, POLICY_TLP_UNKNOWN)) {
        return op_fail(op, ERR_DENIED, "what was seen is the owner's, and this grant is not");
    }
    TRY(history_losses(op, history, &losses, &loss_count));
    TRY(history_segments(op, history, &sources.segments, &sources.count));
    TRY(hunt_segments(op, &sources, questions, options, ret));
    uint64_t kinds = loss_count > 0 ? hunt_kinds(questions) : 0;
    for (size_t i = 0; i < loss_count; i++) {
        ret->missing +=
            history_loss_touches(&losses[i], kinds, options->since_s, options->until_s) ? 1 : 0;
    }
    return ERR_OK;
}
