// SPDX-License-Identifier: EUPL-1.2
/*
 * Why the gate answers as it does, for people (docs/GATE.md, "Why"). What is told is what mattered:
 * of a "no" each rule that says no, of all else what carries the answer.
 */
#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "policy/decide.h"

enum { POLICY_CAUSE_COUNT_MAX = 256 };

/* One rule that mattered. */
struct policy_cause {
    enum policy_rule rule;
    bool refuses;
    struct span text;                       /* a sentence */
    const struct book_block *const *blocks; /* of the book, that it rests on */
    size_t block_count;
    struct span opens; /* of a refusal: who or what can open it; empty: nobody */
};

struct policy_causes {
    struct policy_cause *items;
    size_t count;
};

/**
 * Explain a decision.
 *
 * op         work in hand; what is returned lives in its memory
 * recipient  made for a day
 * bound      a label, made for the same day
 * time_us    when the object was last changed; TIME_US_NONE: not known
 * ret        in the order of the rules; untouched on error
 *
 * Errors    ERR_LIMIT more than POLICY_CAUSE_COUNT_MAX, or no memory
 */
MUST_USE
enum err policy_explain_decision(struct op *op, const struct policy_recipient *recipient,
                                 const struct policy_bound *bound, int64_t time_us,
                                 struct policy_causes *ret);

/**
 * What a rule is about, in two or three words: "TLP", "mandates".
 *
 * rule      any of the enum
 */
const char *policy_rule_name(enum policy_rule rule);

#endif
