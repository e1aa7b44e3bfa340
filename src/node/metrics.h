// SPDX-License-Identifier: EUPL-1.2
/*
 * How a node is, in the text format of Prometheus: counts only, and names that its owner gave
 * (formats, sensors, outputs). Nothing of what was found, and nothing that others shared. The
 * families are in docs/format/metrics.md.
 */
#ifndef NODE_METRICS_H
#define NODE_METRICS_H

#include "base/time.h"
#include "node/node.h"

enum { METRICS_SIZE_MAX = 1024 * 1024, METRICS_ROLE_COUNT = 5, METRICS_PATH_SIZE = 64 };

struct metrics_role {
    const char *name;
    bool up;
    uint64_t restarts;
};

/* What only the process knows that has the node open for writing. */
struct metrics_run {
    int64_t started_us; /* by the clock */
    int64_t line_us;    /* when the newest line came; TIME_US_NONE: none came yet */
    uint64_t lines;     /* of this run */
    struct metrics_role roles[METRICS_ROLE_COUNT];
};

/* How many indicators of each kind are watched, as counted last: a large index is read whole for
 * that. All zero in the beginning. */
struct metrics_kinds {
    size_t path_size;
    char path[METRICS_PATH_SIZE]; /* of the index */
    uint32_t counts[VALUE_KIND_COUNT];
};

/**
 * Append all metrics of a node.
 *
 * op        work in hand
 * node      open, its store too
 * run       NULL where nobody watches
 * kinds     kept by the caller from one call to the next
 * text      receives them; METRICS_SIZE_MAX bytes are enough
 *
 * Errors    ERR_IO; ERR_LIMIT; ERR_CORRUPT
 */
MUST_USE
enum err metrics_add(struct op *op, struct node *node, const struct metrics_run *run,
                     struct metrics_kinds *kinds, struct buf *text);

#endif
