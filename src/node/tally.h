// SPDX-License-Identifier: EUPL-1.2
/*
 * How STIX indicators stand, told in the same words wherever it is told: after an import, in the
 * status, in the statistics.
 */
#ifndef NODE_TALLY_H
#define NODE_TALLY_H

#include "node/flow.h"
#include "store/store.h"

/**
 * Whether there is nothing to tell: no version of an indicator, and no conflict.
 *
 * tally     of the store
 */
bool tally_is_empty(const struct store_tally *tally);

/**
 * Add a tally in words: "5 watched (1 in part), 1 expired, 3 not watched (2 revoked, 1
 * unwatchable)". What there is none of is left out, but for the watched.
 *
 * flow      begun
 * tally     of the store
 */
void tally_words(struct flow *flow, const struct store_tally *tally);

/**
 * Add which objects are in conflict: "2 in conflict: ID, ID". Adds nothing where none is.
 *
 * flow      begun, and not empty
 * before    mark put close behind what was added last
 * tally     of the store
 */
void tally_words_conflicts(struct flow *flow, const char *before, const struct store_tally *tally);

/**
 * Write a tally as members of the present object: "watched", "partial", "expired", "unwatched",
 * each state that makes this up, "conflicts" and "conflict_ids".
 *
 * w         writer, inside an object
 * tally     of the store
 */
void tally_json(struct json_writer *w, const struct store_tally *tally);

#endif
