// SPDX-License-Identifier: EUPL-1.2
/*
 * What people are told of a fold, in the words that hits and watch share.
 */
#ifndef NODE_FOLD_WORDS_H
#define NODE_FOLD_WORDS_H

#include "node/flow.h"
#include "store/fold.h"

/**
 * The host inside, or what stands for it.
 *
 * fold      any
 */
struct span fold_words_inside(const struct fold *fold);

/**
 * Add in which field the indicator was met, and what stood there, where that was not the value
 * itself in another writing.
 *
 * op        its memory is used
 * flow      begun
 * before    stands before the field: "in", or nothing
 * fold      any
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err fold_words_observed(struct op *op, struct flow *flow, const char *before,
                             const struct fold *fold);

/**
 * Add how many further values there were, where there were some.
 *
 * flow      begun
 * values    of a fold
 */
void fold_words_further(struct flow *flow, const struct fold_values *values);

/**
 * Add who called whom and what became of it: "outbound, done, 3 of 12 lines denied"; nothing where
 * nothing is known.
 *
 * flow      begun, and not empty; a comma stands close behind what is added
 * fold      any
 */
void fold_words_way(struct flow *flow, const struct fold *fold);

/**
 * Add which allow list silences or lowers it, where one does.
 *
 * flow      begun
 * fold      any
 */
void fold_words_allowed(struct flow *flow, const struct fold *fold);

/**
 * Add what an allow list does, and which: "silent: on list NAME".
 *
 * flow      begun
 * effect    not RANK_EFFECT_NONE
 * list      its name
 */
void fold_words_effect(struct flow *flow, enum rank_effect effect, struct span list);

/**
 * Add whose information it is, who may know it, and the marks of the fold.
 *
 * flow      begun
 * fold      any
 */
void fold_words_source(struct flow *flow, const struct fold *fold);

#endif
