// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: the indicators of an image that are patterns, compiled when it is opened.
 *
 * A value is put to all patterns of its kind at once by one automaton (vectorscan), which says of
 * nearly all values that they fit none. It is made of the patterns' relaxed forms and only asked to
 * miss nothing; what it lets through is decided pattern by pattern (value/pattern.h). Where the
 * automaton does not take a pattern, or does not run on this processor, its patterns are decided
 * for every value.
 */
#ifndef MATCH_PATTERNS_H
#define MATCH_PATTERNS_H

#include "match/image.h"

struct match_patterns;
struct match_scratch;

/**
 * Compile the patterns of an image that is being opened.
 *
 * op        work in hand
 * image     its entries fit; borrowed
 * numbers   of its indicators that are patterns, rising; borrowed
 * count     how many, at most MATCH_PATTERN_COUNT_MAX
 * ret       to give back with match_patterns_free(); untouched on error
 *
 * Errors    ERR_CORRUPT an indicator that is no pattern, or whose pattern is none; ERR_LIMIT no
 *           memory
 */
MUST_USE
enum err match_patterns_new(struct op *op, const struct match_image *image, const uint32_t *numbers,
                            uint32_t count, struct match_patterns **ret);

/**
 * Give patterns back, with all scratch memory, also what was not given back.
 *
 * patterns  NULL does nothing
 */
void match_patterns_free(struct match_patterns *patterns);

/**
 * Whether there are patterns of a kind.
 *
 * patterns  compiled
 * kind      any
 */
bool match_patterns_have(const struct match_patterns *patterns, enum value_kind kind);

/**
 * Memory that one thread scans with.
 *
 * patterns  compiled; any thread may ask
 *
 * Returns NULL where there is no memory.
 */
struct match_scratch *match_scratch_take(struct match_patterns *patterns);

/**
 * Give scratch memory back, for any thread.
 *
 * patterns  that it came from
 * scratch   NULL does nothing
 */
void match_scratch_give(struct match_patterns *patterns, struct match_scratch *scratch);

/**
 * Whether a value may fit some pattern.
 *
 * patterns  compiled
 * scratch   of this thread; NULL where there is none, and then it may
 * kind      of the value
 * key       its canonical key
 */
bool match_patterns_may_meet(const struct match_patterns *patterns, struct match_scratch *scratch,
                             enum value_kind kind, struct span key);

/**
 * The indicators whose patterns a value fits.
 *
 * patterns  compiled
 * kind      of the value
 * key       its canonical key
 * numbers   receives their numbers, rising; room for MATCH_PATTERN_COUNT_MAX
 * ret_cut   set to true where patterns took too long to tell; else left alone
 *
 * Returns how many.
 */
size_t match_patterns_find(struct match_patterns *patterns, enum value_kind kind, struct span key,
                           uint32_t *numbers, bool *ret_cut);

#endif
