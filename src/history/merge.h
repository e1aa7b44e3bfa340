// SPDX-License-Identifier: EUPL-1.2
/*
 * Several segments into one, by the rules of the day: rows of one value and span of time become
 * one, old hours become days, old days months, what is to go is left out. Hours become days when
 * all of their day is old enough, and whatever there is of a month becomes that month when all of
 * it is; first and last keep their seconds. Whole values of a kind that is to be truncated or
 * hashed by now are, and addresses of hosts become pseudonyms where they are to be. A merge is done
 * in pieces, so that whoever does it can do other things in between.
 */
#ifndef HISTORY_MERGE_H
#define HISTORY_MERGE_H

#include "history/history.h"

struct merge;

struct merge_options {
    const struct history_rules *rules;   /* borrowed */
    uint32_t now_s;                      /* ages are counted from here */
    uint32_t oldest_s;                   /* what lies wholly before goes: for the size; 0: none */
    const struct history_forget *forget; /* what else goes; NULL: nothing */
    struct segment_options segment;      /* of the new one; filter_keys_max is worked out here */
    size_t gather_size_max; /* bytes for values whose form changes: what is more takes a further
                             * pass; 0: 64 MiB */
};

struct merge_result {
    struct segment_facts facts;
    uint64_t postings_gone;      /* by rules and by `forget` */
    uint64_t postings_forgotten; /* of them by `forget` */
    uint64_t count_forgotten;    /* the sightings of these */
    uint64_t damaged;            /* blocks that could not be read, and are not in it */
};

/**
 * Begin a merge.
 *
 * op        work in hand
 * segments  open, borrowed until merge_free()
 * count     of segments; at least 1
 * file      empty, open for writing; NULL: into memory
 * options   copied
 * ret       to give back with merge_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err merge_new(struct op *op, const struct segment *const *segments, size_t count,
                   struct disk_file *file, const struct merge_options *options, struct merge **ret);

/**
 * Give a merge back, done or not.
 *
 * merge     NULL does nothing
 */
void merge_free(struct merge *merge);

/**
 * Go on merging.
 *
 * op         work in hand
 * merge      not done
 * budget_us  about so long it may take; INT64_MAX: to the end
 * ret_done   whether all is written and synced; then comes merge_finish()
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err merge_step(struct op *op, struct merge *merge, int64_t budget_us, bool *ret_done);

/**
 * How many blocks of a source could not be read so far.
 *
 * merge      begun
 * source     its place among the segments
 * ret_kinds  a bit (1 << kind) for each kind of their values
 */
uint64_t merge_damage(const struct merge *merge, size_t source, uint64_t *ret_kinds);

/**
 * How the merge ended.
 *
 * op        work in hand
 * merge     done
 * ret       untouched on error
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err merge_finish(struct op *op, struct merge *merge, struct merge_result *ret);

/**
 * The bytes of what was merged into memory; lives as long as the merge.
 *
 * merge     finished, without a file
 */
struct span merge_bytes(const struct merge *merge);

#endif
