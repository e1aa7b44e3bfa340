// SPDX-License-Identifier: EUPL-1.2
/*
 * Looking back: indicators that are new are put to all that was seen, and what they would have met
 * becomes the folds that looking on would have made, but for evidence and the other ends of
 * connections, which history does not hold.
 */
#ifndef WATCH_BACK_H
#define WATCH_BACK_H

#include "base/hash.h"
#include "history/hunt.h"
#include "store/fold.h"

enum {
    BACK_FOLDS_MAX = 100 * 1000,   /* of one look; indicators with further ones are left for more */
    BACK_FOLDS_OF_ONE = 25 * 1000, /* of one indicator; lines of further ones are only counted */
    BACK_FEW = BACK_FOLDS_MAX / BACK_FOLDS_OF_ONE, /* indicators for which there always is room */
    BACK_ASKED_MAX = 64 * 1000 * 1000,
};

/* Which indicators were put to the history before: hashes of what they are, sorted. */
struct back_asked {
    const struct hash_secret *secret;
    size_t count;
    const uint64_t *hashes; /* 8-byte aligned */
};

struct back_options {
    const struct match_image *indicators;
    const struct match_image *allowed; /* NULL: nothing is */
    struct back_asked before;          /* these are not asked for again */
    size_t asked_max;                  /* indicators; 0: all. The others are left */
    struct span skip;                  /* id of an indicator that nobody asks for; may be empty */
    /* Whether one that was not asked for before is asked for now. NULL: all are. Those that are not
     * count as asked for all the same. Another result than ERR_OK ends the look with it. */
    enum err (*wants)(void *context, const struct match_indicator *indicator, bool *ret);
    int64_t fold_us;
    size_t fold_hosts_max; /* of one indicator in the time of a fold; the others are one fold */
    /* Called for each fold, by time, the oldest first. The fold lives until the look's end. */
    enum err (*on_fold)(void *context, const struct fold *fold);
    void *context;
};

struct back_result {
    uint64_t asked;   /* indicators that were put to the history, but for those that are left */
    uint64_t left;    /* indicators for whose folds there was no room: nothing of them is told */
    uint64_t folds;   /* that were told */
    uint64_t noisy;   /* indicators with more folds than one may have */
    uint64_t cut;     /* lines of further folds of theirs */
    uint64_t damaged; /* blocks of the history that could not be read */
    uint64_t missing; /* losses of the history that may have been in it */
    struct span now;  /* hashes of the indicators of the image, sorted, but for those that are left:
                       * for the next `before` */
    size_t unwanted_count;
    const uint64_t *unwanted; /* hashes of those that were not wanted, among these */
};

/**
 * Look back.
 *
 * op        work in hand; folds and result live in its memory
 * history   open
 * grant     of the owner
 * options   borrowed until return
 * ret       untouched on error
 *
 * Errors    those of hunt_ask(); or what on_fold returned
 */
MUST_USE
enum err back_look(struct op *op, struct history *history, const struct policy_grant *grant,
                   const struct back_options *options, struct back_result *ret);

#endif
