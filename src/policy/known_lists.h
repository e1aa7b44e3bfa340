// SPDX-License-Identifier: EUPL-1.2
/*
 * What well-known lists of values that should not alert are taken for. The table is in
 * known_lists.c.
 */
#ifndef POLICY_KNOWN_LISTS_H
#define POLICY_KNOWN_LISTS_H

#include "policy/rank.h"

/**
 * What a list of MISP's warninglists does to hits. Lists of those whom many share (clouds, content
 * networks, hosting and VPN companies, free mail) only lower their rank, since evil lives there as
 * well; all others silence, since what they hold is never evil by itself.
 *
 * name      of the list, as it says itself
 * category  of the list: "false_positive", "known" or empty
 */
enum rank_effect rank_effect_of_list(struct span name, struct span category);

#endif
