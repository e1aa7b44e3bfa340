// SPDX-License-Identifier: EUPL-1.2
/*
 * The watch as a process of its own: it reads hostile bytes, so it is handed open files, has given
 * up everything else, and can only tell the store what it found.
 */
#ifndef WATCH_ROLE_H
#define WATCH_ROLE_H

#include "watch/message.h"

enum { WATCH_JOBS_MAX = 64 };

struct watch_role_options {
    struct watch_rules rules;
    unsigned jobs; /* threads that work on chunks: 1 .. WATCH_JOBS_MAX */
};

/**
 * Serve the store's requests until it says QUIT or goes away.
 *
 * op        work in hand
 * store     connected to the store
 * options   borrowed until return
 *
 * Errors    ERR_ABSENT the store has gone; ERR_FORMAT it said something else than agreed;
 * ERR_LIMIT; ERR_CORRUPT the image is damaged; ERR_IO
 */
MUST_USE
enum err watch_role_run(struct op *op, struct channel *store,
                        const struct watch_role_options *options);

#endif
