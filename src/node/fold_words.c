// SPDX-License-Identifier: EUPL-1.2
#include "node/fold_words.h"

#include "policy/policy.h"

enum { MARK_COUNT_MAX = 4 };

struct span fold_words_inside(const struct fold *fold)
{
    if (fold->noisy) {
        return SPAN("many hosts");
    }
    return fold->inside.size > 0 ? fold->inside : SPAN("-");
}

/* A digest with colons, an address in brackets, a URL without scheme: the value is known already.
 */
static enum err is_value_itself(struct op *op, const struct fold *fold, bool *ret)
{
    struct value_buf *bytes = op_alloc(op, 2 * sizeof *bytes);
    struct value value;
    struct value observed;
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    struct span seen = fold->observed.at[0];
    *ret = value_parse(fold->kind, fold->value, &bytes[0], &value) == ERR_OK &&
           value_parse(fold->kind, seen, &bytes[1], &observed) == ERR_OK &&
           span_equal(value.key, observed.key);
    return ERR_OK;
}

enum err fold_words_observed(struct op *op, struct flow *flow, const char *before,
                             const struct fold *fold)
{
    bool same = false;
    TRY(is_value_itself(op, fold, &same));
    flow_value(flow, before, fold->field, "");
    if (!same || fold->observed.count > 1 || fold->observed.more) {
        flow_value(flow, "as", fold->observed.at[0], "");
        fold_words_further(flow, &fold->observed);
    }
    return ERR_OK;
}

void fold_words_further(struct flow *flow, const struct fold_values *values)
{
    if (values->count > 1 || values->more) {
        flow_words(flow, "(+%zu%s)", values->count - 1, values->more ? " or more" : "");
    }
}

void fold_words_source(struct flow *flow, const struct fold *fold)
{
    const char *marks[MARK_COUNT_MAX];
    size_t count = 0;
    if (fold->before_publication) {
        marks[count] = "before publication";
        count++;
    }
    if (fold->inside_assumed) {
        marks[count] = "inside assumed";
        count++;
    }
    if (fold->looked_back) {
        marks[count] = "found looking back";
        count++;
    }
    if (fold->noisy) {
        marks[count] = "noisy: further hosts are counted together";
        count++;
    }
    flow_value(flow, "", fold->source.size > 0 ? fold->source : SPAN("(own)"), ",");
    flow_words(flow, "TLP:%s%s", policy_tlp_name((enum policy_tlp)fold->tlp), count > 0 ? "," : "");
    for (size_t i = 0; i < count; i++) {
        flow_value(flow, "", span_of(marks[i]), i + 1 < count ? "," : "");
    }
}

void fold_words_way(struct flow *flow, const struct fold *fold)
{
    char denied[32];
    char count[32];
    if (fold->best.direction != RANK_DIRECTION_UNKNOWN) {
        flow_words(flow, "%s,", rank_direction_name(fold->best.direction));
    }
    if (fold->best.outcome != RANK_OUTCOME_UNKNOWN) {
        flow_words(flow, "%s,", rank_outcome_name(fold->best.outcome));
    }
    if (fold->best.answer) {
        flow_words(flow, "in an answer only,");
    }
    if (fold->denied > 0 && fold->denied < fold->count) {
        flow_words(flow, "%s of %s lines denied,", print_count(fold->denied, denied, sizeof denied),
                   print_count(fold->count, count, sizeof count));
    }
}

void fold_words_allowed(struct flow *flow, const struct fold *fold)
{
    if (fold->best.effect != RANK_EFFECT_NONE) {
        fold_words_effect(flow, fold->best.effect, fold->list);
    }
}

void fold_words_effect(struct flow *flow, enum rank_effect effect, struct span list)
{
    flow_words(flow, "%s: on list", effect == RANK_SILENCED ? "silent" : "lowered");
    flow_value(flow, "", list, "");
}
