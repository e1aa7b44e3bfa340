// SPDX-License-Identifier: EUPL-1.2
/*
 * The sockets at which lines come in, and the intake process that reads them. They outlive the
 * reading of a changed configuration: what stays as it was is not closed for a moment, and whoever
 * is connected stays so as long as no socket changes.
 */
#ifndef NODE_INTAKES_H
#define NODE_INTAKES_H

#include "intake/message.h"
#include "node/node.h"

enum { INTAKES_NO_FD = -1 };

struct intakes;

/* What went wrong at a socket. */
struct intakes_counts {
    uint64_t lost;    /* datagrams for which there was no room */
    uint64_t cut;     /* messages that were too long */
    uint64_t refused; /* connections: there were too many */
    uint64_t broken;  /* connections that ended by a fault */
};

/**
 * Begin without a socket.
 *
 * op        work in hand
 * roles     starts the process; borrowed until intakes_free()
 * ret       to give back with intakes_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err intakes_new(struct op *op, struct roles *roles, struct intakes **ret);

/**
 * Close all sockets, end the process.
 *
 * intakes   NULL does nothing
 */
void intakes_free(struct intakes *intakes);

/**
 * Have the sockets that a configuration names, and no others. Where one cannot be had, all is left
 * as it was.
 *
 * op        work in hand
 * intakes   begun
 * node      with its configuration; borrowed until return
 *
 * Errors    ERR_EXISTS somebody listens there; ERR_DENIED; ERR_FORMAT a certificate or key is
 *           none; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err intakes_apply(struct op *op, struct intakes *intakes, const struct node *node);

/**
 * The pipe with the lines that come to an address.
 *
 * intakes   begun
 * address   as configured
 *
 * Returns a descriptor that stays theirs; INTAKES_NO_FD where there is none.
 */
int intakes_pipe(const struct intakes *intakes, struct span address);

/**
 * Do what can be done now: start the process where it does not run, hear it. To be called when the
 * descriptor has something to say, and some times a second.
 *
 * intakes   begun; NULL does nothing
 */
void intakes_pump(struct intakes *intakes);

/**
 * End the process; what it counted and had not told yet is heard before. The sockets stay.
 * intakes_pump() starts it again.
 *
 * intakes   begun; NULL does nothing
 */
void intakes_stop(struct intakes *intakes);

/**
 * What happened at an address since this was asked last. It is kept until it is asked for, also
 * while the configuration changes.
 *
 * intakes   begun; NULL gives zeros, as does an address without a socket
 * address   as configured
 */
struct intakes_counts intakes_take(struct intakes *intakes, struct span address);

/**
 * The descriptor that is readable when intakes_pump() has something to hear. It may be another one
 * after each call of that.
 *
 * intakes   NULL gives INTAKES_NO_FD, as does a time in which no process runs
 */
int intakes_fd(const struct intakes *intakes);

#endif
