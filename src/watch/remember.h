// SPDX-License-Identifier: EUPL-1.2
/*
 * What the lines of a chunk hold becomes a record for the history. A line counts once for a value,
 * in the first of its fields that holds it.
 */
#ifndef WATCH_REMEMBER_H
#define WATCH_REMEMBER_H

#include "watch/told.h"
#include "watch/work.h"

struct watch_remember;

/**
 * Make what one thread needs to remember.
 *
 * op        work in hand
 * rules     borrowed until watch_remember_free()
 * ret       to give back with watch_remember_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err watch_remember_new(struct op *op, const struct history_rules *rules,
                            struct watch_remember **ret);

/**
 * Give it back.
 *
 * remember  NULL does nothing
 */
void watch_remember_free(struct watch_remember *remember);

/**
 * The kinds of value that are remembered, as bits; see observe_reader_want().
 *
 * remember  NULL: none
 */
uint32_t watch_remember_kinds(const struct watch_remember *remember);

/**
 * Begin a chunk.
 *
 * remember  NULL does nothing
 * told      by what its lines are read; copied
 */
void watch_remember_begin(struct watch_remember *remember, const struct told_rules *told);

/**
 * Remember what lines hold that were sifted: all that waited is counted when the last of it was
 * taken, so no other line may come in between.
 *
 * remember  begun; NULL does nothing
 * sifted    as taken, one after the other, of a reader that remembers watch_remember_kinds()
 */
void watch_remember_sifted(struct watch_remember *remember, const struct observe_sifted *sifted);

/**
 * Remember what a line holds that was read in full.
 *
 * remember  begun; NULL does nothing
 * line      without fault
 */
void watch_remember_line(struct watch_remember *remember, const struct observe_line *line);

/**
 * The next line is one of which an earlier run remembered the beginning: what that held is not
 * remembered again.
 *
 * remember  begun; NULL does nothing
 * line      its beginning
 */
void watch_remember_half(struct watch_remember *remember, const struct observe_line *line);

/**
 * End a chunk.
 *
 * remember  begun; NULL does nothing
 * result    of the chunk: receives the record, in its memory
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err watch_remember_end(struct watch_remember *remember, struct watch_result *result);

#endif
