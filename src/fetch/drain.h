// SPDX-License-Identifier: EUPL-1.2
/*
 * Sockets of receivers that never answer: what they have taken is told by the system alone.
 */
#ifndef FETCH_DRAIN_H
#define FETCH_DRAIN_H

#include "base/op.h"

/**
 * Wait until the other side has taken all that was sent: of a Unix socket until it was read, of TCP
 * until the other machine has it (SIOCOUTQ, see unix(7) and tcp(7)).
 *
 * op        work in hand
 * fd        a connected socket
 *
 * Errors    ERR_TIMEOUT not within CARRIER_WAIT_S; ERR_IO the connection broke
 */
MUST_USE
enum err drain_wait(struct op *op, int fd);

/**
 * Wait a moment for a receiver that hangs up: one that ends, or does not like what it got, does so
 * soon after its machine has taken the bytes.
 *
 * fd        a connected socket
 *
 * Returns true where it has something to say: its end, mostly.
 */
bool drain_speaks(int fd);

#endif
