// SPDX-License-Identifier: EUPL-1.2
/*
 * A carrier brings events to one kind of receiver. It works in a thread of its own and may block,
 * but never for ever: every wait has an end. After a failure it is called again with the same
 * events, and begins with a new connection.
 */
#ifndef FETCH_CARRIER_H
#define FETCH_CARRIER_H

#include "fetch/queue.h"

enum {
    CARRIER_WAIT_S = 30,                   /* for a receiver to take what was sent, or to answer */
    CARRIER_CONNECT_S = 15,                /* for a connection */
    CARRIER_MEMORY_MAX = 32 * 1024 * 1024, /* of one delivery */
};

struct carrier {
    /**
     * Make ready; nothing is connected yet.
     *
     * op        work in hand
     * output    borrowed until end()
     * ret       to be handed to the other two; given back with end()
     *
     * Errors    ERR_LIMIT no memory; ERR_IO
     */
    enum err (*begin)(struct op *op, const struct fetch_output *output, void **ret);

    /**
     * Deliver events in their order.
     *
     * op        memory for this delivery alone
     * state     from begin()
     * items     in order
     * count     at least 1
     * ret_done  how many the receiver has, from the front; also told on failure
     *
     * Errors    the receiver has not got all: the text says why, for the owner of the node
     */
    enum err (*deliver)(struct op *op, void *state, struct fetch_item *const *items, size_t count,
                        size_t *ret_done);

    /**
     * Give everything back.
     *
     * state     from begin()
     */
    void (*end)(void *state);
};

/* One for each kind of receiver; which one an output needs, carrier_for() knows. */
extern const struct carrier carrier_file;   /* a file, through os/disk.h */
extern const struct carrier carrier_socket; /* Unix sockets; syslog by UDP */
extern const struct carrier carrier_stream; /* syslog by TCP and TLS */
extern const struct carrier carrier_web;    /* webhooks */
extern const struct carrier carrier_mail;   /* mail */

/**
 * The carrier of an output.
 *
 * output    passed by fetch_output_check()
 */
const struct carrier *carrier_for(const struct fetch_output *output);

#endif
