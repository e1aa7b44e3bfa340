// SPDX-License-Identifier: EUPL-1.2
/*
 * The lines themselves: what was asked of the history is looked for once more in the logs that are
 * still there, in those stretches of them that hold the hours of the answer. A watch process of its
 * own reads them, in its jail, and what it gives follows the privacy rule.
 */
#ifndef NODE_RAW_H
#define NODE_RAW_H

#include "history/hunt.h"
#include "node/command.h"
#include "node/node.h"

/* Hours, since 1970, of which lines are looked for: a bit each. */
struct raw_hours {
    size_t count;
    uint8_t *bits;
    uint32_t first_s; /* of the first hour; UINT32_MAX: there is none */
    uint32_t last_s;  /* of the last second of the last one */
};

/**
 * No hours.
 *
 * op        work in hand: the hours live in its memory
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err raw_hours_begin(struct op *op, struct raw_hours *ret);

/**
 * Add the hours in which lines of a posting may be.
 *
 * hours     begun
 * first_s   of the posting
 * last_s    of the posting, not before that
 */
void raw_hours_add(struct raw_hours *hours, uint32_t first_s, uint32_t last_s);

/* A line that was found. */
struct raw_line {
    size_t question;  /* number of it */
    struct span path; /* of the file as it is called now */
    uint64_t from;    /* byte of the decompressed file at which the piece begins that holds it */
    struct span text;
    struct span inside; /* the inside host */
};

struct raw_look {
    const struct hunt_questions *questions;
    const bool *wanted; /* by question: lines of it are looked for */
    const struct raw_hours *hours;
    uint32_t since_s;
    uint32_t until_s;
    struct span sensor; /* empty: any */
    uint64_t count_max; /* lines of each question */
    void (*on_line)(void *context, const struct raw_line *line);
    /* A file that held such lines can not be read again, and why. */
    void (*on_gone)(void *context, struct span path, const char *why);
    void *context;
};

/**
 * Look for the lines.
 *
 * op          work in hand
 * invocation  its roles have begun; relative paths are looked for in its folder, and in the node's
 * node        with its store open
 * look        borrowed until return
 *
 * Errors    ERR_IO; ERR_LIMIT; ERR_CANCELLED; ERR_FORMAT the watch process said what is not agreed
 */
MUST_USE
enum err raw_run(struct op *op, const struct invocation *invocation, struct node *node,
                 const struct raw_look *look);

#endif
