// SPDX-License-Identifier: EUPL-1.2
/*
 * What lines tell beside their values, for those that are remembered. Private to sift*.c.
 */
#ifndef OBSERVE_SIFT_TELL_H
#define OBSERVE_SIFT_TELL_H

#include "observe/sift.h"

/**
 * Put a recipe's fields that tell of the line in the order in which they are asked.
 *
 * recipe    has all of them
 */
void sift_tell_order(struct sift_recipe *recipe);

/**
 * What a known line tells.
 *
 * gather    to note with
 * recipe    of the line
 * known     the line
 * ret       receives it
 */
void sift_tell_known(struct gather *gather, const struct sift_recipe *recipe,
                     const struct record_known *known, struct observe_context *ret);

/**
 * What lines that are built alike tell.
 *
 * gather    to note with
 * recipe    of the lines
 * lines     which
 * ret       receives it, of each line
 */
void sift_tell_alike(struct gather *gather, const struct sift_recipe *recipe,
                     const struct sift_lines *lines, struct observe_context *ret);

/**
 * What a line of TSV tells.
 *
 * gather    to note with
 * recipe    for the header in force
 * line      without escapes
 * cut       of the line
 * ret       receives it
 */
void sift_tell_tsv(struct gather *gather, const struct sift_recipe *recipe, struct span line,
                   const struct tsv_cut *cut, struct observe_context *ret);

#endif
