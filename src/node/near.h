// SPDX-License-Identifier: EUPL-1.2
/*
 * What was probably meant by a word that is not known: a known one that differs by a slip or two.
 */
#ifndef NODE_NEAR_H
#define NODE_NEAR_H

#include "base/span.h"

#define NEAR_NONE SIZE_MAX

/**
 * How many letters must be changed, added or left out to come from one word to the other, or
 * NEAR_NONE where they have little in common: more than one letter, and one more for every four of
 * the typed word.
 *
 * typed     as it was typed
 * known     one of those that are known
 */
size_t near_edits(struct span typed, struct span known);

#endif
