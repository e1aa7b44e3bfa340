// SPDX-License-Identifier: EUPL-1.2
/*
 * How much there is of everything, for whoever watches the node itself: cheap enough to be asked
 * every few seconds, and nothing of what was found or of whom others warned is in it.
 */
#ifndef STORE_COUNTS_H
#define STORE_COUNTS_H

#include "store/hit_work.h"
#include "store/store.h"

/* Folds of one level of rank, as they were found. */
struct store_count_rank {
    uint64_t folds;
    uint64_t open;      /* further lines are expected */
    uint64_t untouched; /* new or reopened: somebody is still to look at them */
};

/* All inputs of one format and sensor: files come and go, these stay. */
struct store_count_inputs {
    struct span format;
    struct span sensor;
    uint64_t inputs;
    uint64_t lines;
    uint64_t observations;
    uint64_t bytes; /* decompressed */
};

struct store_count_notices {
    struct span type;
    uint64_t open;
};

enum { STORE_COUNT_ROWS_MAX = 256 /* of inputs, and of notices; further ones are left out */ };

struct store_counts {
    uint64_t entries;
    uint64_t applied;
    uint64_t hits; /* lines that met an indicator, per fold */
    struct store_count_rank ranks[RANK_LEVEL_COUNT];
    size_t input_count;
    struct store_count_inputs *inputs;
    size_t notice_count;
    struct store_count_notices *notices;
    size_t fault_count;
    struct store_fault_count faults[STORE_FAULT_COUNT_MAX];
};

/**
 * Count what there is.
 *
 * op        work in hand; texts and lists live in its memory
 * store     open
 * ret       untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_counts(struct op *op, struct store *store, struct store_counts *ret);

#endif
