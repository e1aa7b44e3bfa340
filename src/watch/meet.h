// SPDX-License-Identifier: EUPL-1.2
/*
 * The second pass: a line that may have met something is looked at in full. Its values are compared
 * whole, validity is judged, inside and outside are told apart, and what was met becomes folds.
 */
#ifndef WATCH_MEET_H
#define WATCH_MEET_H

#include "watch/told.h"
#include "watch/work.h"

struct watch_meet;

/**
 * Make what one thread needs for the second pass.
 *
 * op        work in hand
 * rules     borrowed until watch_meet_free()
 * reader    borrowed until then; the first pass reads with it too
 * ret       to give back with watch_meet_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err watch_meet_new(struct op *op, const struct watch_rules *rules,
                        struct observe_reader *reader, struct watch_meet **ret);

/**
 * Give it back.
 *
 * meet      NULL does nothing
 */
void watch_meet_free(struct watch_meet *meet);

/**
 * Begin a chunk.
 *
 * meet      of this thread
 * told      by what its lines are read; copied
 * images    borrowed until then
 * result    receives the folds; borrowed until then
 */
void watch_meet_begin(struct watch_meet *meet, const struct told_rules *told,
                      const struct watch_images *images, struct watch_result *result);

/**
 * Look at a line that the first pass read without fault, and count it in the folds that it meets.
 *
 * meet      begun
 * text      the line, without its end
 * number    of the line in the input, from 1; grows from call to call
 * counted   an earlier run counted it: folds that it meets will not count this number again
 *
 * Errors    ERR_LIMIT no memory for the folds
 */
MUST_USE
enum err watch_meet_line(struct watch_meet *meet, struct span text, uint64_t number, bool counted);

/**
 * End a chunk: folds for which there is nothing to tell leave the result.
 *
 * meet      begun
 */
void watch_meet_end(struct watch_meet *meet);

#endif
