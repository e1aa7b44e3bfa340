// SPDX-License-Identifier: EUPL-1.2
/*
 * The work of the fetch role, in the process that is nothing else.
 */
#ifndef FETCH_ROLE_H
#define FETCH_ROLE_H

#include "fetch/message.h"

enum { FETCH_ROLE_MEMORY_MAX = 16 * 1024 * 1024 }; /* of its op: settings; events are not in it */

/**
 * Be the fetch role until the store goes. Closes every other descriptor, goes into its jail once
 * the settings have come, and starts a thread for each output. The threads do not end: the process
 * has to, when this returns. What was not acknowledged comes again.
 *
 * op        work in hand; its memory holds the settings
 * store     channel to the store, still the caller's
 *
 * Errors    ERR_ABSENT the store has gone: all is well; ERR_STALE a file or folder that the jail
 *           leaves open has another one in its place: start me again; ERR_FORMAT, ERR_LIMIT the
 *           store said something else than agreed; ERR_IO; ERR_UNSUPPORTED
 */
MUST_USE
enum err fetch_role_run(struct op *op, struct channel *store);

#endif
