// SPDX-License-Identifier: EUPL-1.2
/*
 * What an indicator of an image says of the folds that it makes: shared by looking on and looking
 * back.
 */
#ifndef WATCH_DESCRIBE_H
#define WATCH_DESCRIBE_H

#include "match/match.h"
#include "store/fold.h"

/**
 * The id of an indicator: a STIX object's own, or that of a member of a packed set.
 *
 * op         work in hand; the text lives in its memory
 * image      open
 * indicator  of the image
 * ret        "indicator--..."; untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err describe_id(struct op *op, const struct match_image *image,
                     const struct match_indicator *indicator, struct span *ret);

/**
 * Write into a new fold what its indicator says: id, value, kind, source, label, confidence.
 *
 * op         work in hand; texts live in its memory
 * image      open
 * indicator  of the image
 * fold       changed
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err describe_fold(struct op *op, const struct match_image *image,
                       const struct match_indicator *indicator, struct fold *fold);

/**
 * Text from a log, fit to be kept and shown: UTF-8, no longer than a fold may hold.
 *
 * op        work in hand; the text lives in its memory
 * text      any bytes
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err describe_text(struct op *op, struct span text, struct span *ret);

/**
 * Whether an indicator says anything of an event: validity is judged by the time of the event
 * (decision 0008).
 *
 * indicator  of an image
 * time_us    of the event
 */
bool describe_is_valid(const struct match_indicator *indicator, int64_t time_us);

/**
 * How many sources name a value: of the indicators that it met and that are valid.
 *
 * image     open
 * found     what match_find() gave for the value
 * count     how many
 * time_us   of the event
 */
uint8_t describe_sources(const struct match_image *image, const struct match_found *found,
                         size_t count, int64_t time_us);

/**
 * A rung in the words of ranks.
 *
 * rung      any
 */
enum rank_rung describe_rung(enum match_rung rung);

#endif
