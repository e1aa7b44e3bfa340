// SPDX-License-Identifier: EUPL-1.2
/* What people do with hits, and what the node tells of itself: acts of a trial. */
#ifndef TESTS_STORE_TRIAL_WORK_H
#define TESTS_STORE_TRIAL_WORK_H

#include "tests/store/trial.h"

/* Acts upon one or all hits of an indicator. Nothing is changed where there is none, or where one
 * stands so that it may not be. */
enum err trial_hits_change(struct trial *trial, struct op *op);

/* A source falls silent, or is heard again. */
enum err trial_notice_add(struct trial *trial, struct op *op);

/* Compares how a hit is worked with what was acknowledged. */
void trial_hit_compare(struct trial *trial, struct op *op, const struct policy_grant *grant,
                       const struct store_hit *hit, const struct shadow_fold *expected);

/* Compares the notices with what was acknowledged. */
void trial_notices_compare(struct trial *trial, struct op *op, const struct policy_grant *grant);

#endif
