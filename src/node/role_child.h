// SPDX-License-Identifier: EUPL-1.2
/*
 * The processes of a node that are this program started anew, so that none of its memory is in
 * them: fetch, which connects outwards, and intake, to which others connect. Seen from the process
 * that starts them.
 */
#ifndef NODE_ROLE_CHILD_H
#define NODE_ROLE_CHILD_H

#include <sys/types.h>

#include "os/channel.h"

/* The program's only argument where it is to be such a process; the channel to the store is then
 * descriptor 3. Not for people. */
#define ROLE_CHILD_FETCH  "--role=fetch"
#define ROLE_CHILD_INTAKE "--role=intake"

struct role_child {
    pid_t pid; /* 0: none runs */
    struct channel channel;
};

/**
 * Start the process: this program's own file anew, so that none of our memory is in it.
 *
 * op        work in hand
 * child     none runs
 * word      which: ROLE_CHILD_FETCH, ROLE_CHILD_INTAKE
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err role_child_start(struct op *op, struct role_child *child, const char *word);

/**
 * End the process: its channel is closed, at which it goes; if it does not within a moment, it is
 * killed.
 *
 * child      none runs any more when this returns
 * ret_moved  it had gone by itself, to be started anew at once; may be NULL
 */
void role_child_stop(struct role_child *child, bool *ret_moved);

/**
 * Be such a process: called by main(). It does not return where it is one.
 *
 * word      the program's only argument; where it is none of the words above, nothing is done
 */
void role_child_main(const char *word);

#endif
