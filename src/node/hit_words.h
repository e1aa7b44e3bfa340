// SPDX-License-Identifier: EUPL-1.2
/*
 * What is told of a hit beside its fold: how it stands, and its history. The JSON's keys are in
 * docs/format/hits.md.
 */
#ifndef NODE_HIT_WORDS_H
#define NODE_HIT_WORDS_H

#include "node/flow.h"
#include "store/hit_work.h"

/**
 * As much of a hit's name as people are shown.
 *
 * fold      any
 * ret       receives it, with a NUL behind it
 */
void hit_words_id(const struct fold *fold, char ret[HIT_ID_SHOWN_SIZE + 1]);

/**
 * Add how a hit stands, where somebody has touched it or its value: "acknowledged by anna", "for
 * bert", "3 others of it were false alarms".
 *
 * flow      begun, and not empty
 * hit       any
 */
void hit_words_standing(struct flow *flow, const struct store_hit *hit);

/**
 * Write a hit as the members of a JSON object that is begun.
 *
 * w         writer, in an object
 * hit       any
 */
void hit_words_members(struct json_writer *w, const struct store_hit *hit);

/**
 * Show the lines that were kept of a fold, each by itself, below the journal entry that holds it
 * and can be erased.
 *
 * invocation  shows on its `out`
 * fold        with its evidence read
 * indent      of the entries, in columns
 */
void hit_words_evidence(const struct invocation *invocation, const struct fold *fold, int indent);

/**
 * Write the lines that were kept as members of a JSON object that is begun.
 *
 * w         writer, in an object
 * fold      with its evidence read
 */
void hit_words_evidence_members(struct json_writer *w, const struct fold *fold);

#endif
