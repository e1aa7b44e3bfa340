// SPDX-License-Identifier: EUPL-1.2
/*
 * What became of what a line tells, for those who rank: a connection that nobody answered weighs
 * less than one that was made.
 */
#ifndef OBSERVE_OUTCOME_H
#define OBSERVE_OUTCOME_H

#include "observe/gather.h"

/**
 * The outcome that a line's fields tell. Where several tell one, a control that stopped it goes
 * before failure, and failure before success.
 *
 * gather    all fields of the line were handed over
 */
enum observe_outcome observe_outcome_of(const struct gather *gather);

/**
 * The outcome that one field tells.
 *
 * role      of the field; one that tells no outcome gives OBSERVE_OUTCOME_UNKNOWN
 * text      of it; empty where it says nothing
 */
enum observe_outcome observe_outcome_of_field(enum field_role role, struct span text);

#endif
