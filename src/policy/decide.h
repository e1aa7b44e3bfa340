// SPDX-License-Identifier: EUPL-1.2
/*
 * The decision: whole, reduced or no (docs/GATE.md). One function for all who read.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "policy/day.h"

/* The rules of GATE.md, by their numbers there. */
enum policy_rule {
    POLICY_RULE_WORLD = 1,
    POLICY_RULE_KNOWN,
    POLICY_RULE_PURPOSE,
    POLICY_RULE_TLP,
    POLICY_RULE_CLASSIFICATION,
    POLICY_RULE_AUDIENCE,
    POLICY_RULE_MANDATES,
    POLICY_RULE_STATEMENTS,
    POLICY_RULE_RETENTION,
    POLICY_RULE_PRIVACY,
    POLICY_RULE_PARTS,
    POLICY_RULE_ORIGINS,
    POLICY_RULE_COUNT,
};

enum policy_answer {
    POLICY_NO = 0,
    POLICY_REDUCED,
    POLICY_WHOLE,
};

/* What becomes of personal data, from the mildest on. */
enum policy_treatment {
    POLICY_KEEP = 0,
    POLICY_TRUNCATE,
    POLICY_PSEUDONYMISE,
    POLICY_LEAVE_OUT,
    POLICY_TREATMENT_COUNT,
};

struct policy_verdict {
    enum policy_answer answer;
    uint64_t parts_out; /* of REDUCED: bit i: the i-th part of the label is left out */
    enum policy_treatment
        personal[POLICY_PERSONAL_COUNT]; /* of REDUCED: of what is in the object */
};

/**
 * Decide.
 *
 * recipient  made for a day
 * bound      a label, made for the same day
 * time_us    when the object was last changed; TIME_US_NONE: not known, and then as old as can be
 * ret        the answer; POLICY_NO where the two are not of one day
 */
void policy_decide(const struct policy_recipient *recipient, const struct policy_bound *bound,
                   int64_t time_us, struct policy_verdict *ret);

/**
 * All rules that say no: bit n stands for rule n.
 *
 * recipient  made for a day
 * bound      a label, made for the same day
 * time_us    when the object was last changed, as above
 *
 * Returns 0 where the answer is not POLICY_NO.
 */
unsigned policy_refusals(const struct policy_recipient *recipient, const struct policy_bound *bound,
                         int64_t time_us);

#endif
