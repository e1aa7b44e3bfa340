// SPDX-License-Identifier: EUPL-1.2
/*
 * Where lines come in: "udp://0.0.0.0:514", "tcp://[::]:601", "tls://192.0.2.1:6514",
 * "unix:///run/linie/eve.sock" (a stream), "unixgram:///run/linie/eve.sock".
 */
#ifndef INTAKE_ADDRESS_H
#define INTAKE_ADDRESS_H

#include "base/op.h"

enum intake_kind {
    INTAKE_NONE = 0,
    INTAKE_UDP,
    INTAKE_TCP,
    INTAKE_TLS,
    INTAKE_UNIX,
    INTAKE_UNIXGRAM,
    INTAKE_KIND_COUNT,
};

/**
 * Read an address as a configuration has it.
 *
 * op        work in hand
 * address   no names of hosts: who listens must not wait for a resolver
 * ret       what kind it is; untouched on error
 *
 * Errors    ERR_FORMAT it is none
 */
MUST_USE
enum err intake_address_check(struct op *op, struct span address, enum intake_kind *ret);

/**
 * Listen there, or open the socket to which datagrams come. A local socket is made with mode 0660,
 * and takes the place of one at which nobody listens any more.
 *
 * op        work in hand
 * address   checked
 * ret_fd    does not block; untouched on error
 *
 * Errors    ERR_FORMAT it is no address; ERR_EXISTS somebody listens there; ERR_DENIED; ERR_IO
 */
MUST_USE
enum err intake_listen(struct op *op, struct span address, int *ret_fd);

/**
 * Remove what intake_listen() made: the file of a local socket.
 *
 * address   as given there
 */
void intake_unlisten(struct span address);

#endif
