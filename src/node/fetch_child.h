// SPDX-License-Identifier: EUPL-1.2
/*
 * The fetch process of a node, seen from the process that starts it.
 */
#ifndef NODE_FETCH_CHILD_H
#define NODE_FETCH_CHILD_H

#include <sys/types.h>

#include "fetch/message.h"

/* The program's only argument where it is to be the fetch process; the channel to the store is then
 * descriptor 3. Not for people. */
#define FETCH_CHILD_WORD "--role=fetch"

struct fetch_child {
    pid_t pid; /* 0: none runs */
    struct channel channel;
};

/**
 * Start the process: this program's own file anew, so that none of our memory is in it.
 *
 * op        work in hand
 * child     none runs
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err fetch_child_start(struct op *op, struct fetch_child *child);

/**
 * End the process: its channel is closed, at which it goes; if it does not within a moment, it is
 * killed.
 *
 * child      none runs any more when this returns
 * ret_moved  it had gone by itself, to be started anew at once; may be NULL
 */
void fetch_child_stop(struct fetch_child *child, bool *ret_moved);

/**
 * Be that process: called by main() for FETCH_CHILD_WORD. Does not return.
 */
__attribute__((noreturn)) void fetch_child_main(void);

#endif
