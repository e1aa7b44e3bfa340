// SPDX-License-Identifier: EUPL-1.2
/*
 * Which folds a run has shown that keeps nothing ('linie watch --again'), so that each is shown
 * once. Only the hashes of their keys are kept, and no more than FOLD_SEEN_COUNT_MAX: of a run that
 * finds more, a fold may be shown again.
 */
#ifndef NODE_FOLD_SEEN_H
#define NODE_FOLD_SEEN_H

#include "store/fold.h"

enum { FOLD_SEEN_COUNT_MAX = 512 * 1024 };

/* Begins all zero. */
struct fold_seen {
    uint64_t *hashes; /* 0: free */
    size_t room;      /* a power of two; at most half is used */
    size_t count;
};

/**
 * Note a fold.
 *
 * seen      all zero, or used
 * fold      any
 *
 * Returns whether it was noted before.
 */
bool fold_seen_note(struct fold_seen *seen, const struct fold *fold);

/**
 * Give memory back.
 *
 * seen      all zero, or used
 */
void fold_seen_done(struct fold_seen *seen);

#endif
