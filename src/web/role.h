// SPDX-License-Identifier: EUPL-1.2
/*
 * The work of the web role, in the process that is nothing else.
 */
#ifndef WEB_ROLE_H
#define WEB_ROLE_H

#include "web/message.h"

enum {
    WEB_ROLE_MEMORY_MAX = 16 * 1024 * 1024,
    WEB_CONNECTION_COUNT_MAX = 16, /* a further one takes the place of the oldest */
    WEB_REQUEST_SECONDS_MAX = 10,  /* from the beginning to the end of its header */
    WEB_READ_SECONDS_MAX = 30,     /* from there until its answer is taken */
    WEB_ANSWER_SECONDS_MAX = 5,    /* that the store may take; then 503 */
};

/**
 * Be the web role until the store goes: GET /metrics gives the node's metrics in the text format of
 * Prometheus (version 0.0.4), all else 404 or 405; one request a connection. Who says nothing, or
 * half of what he wants, keeps nobody else waiting. The caller has entered the jail.
 *
 * op        work in hand
 * store     channel to the store, still the caller's
 * listener  a socket that listens, not blocking; still the caller's
 *
 * Errors    ERR_ABSENT the store has gone: all is well; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err web_role_run(struct op *op, struct channel *store, int listener);

#endif
