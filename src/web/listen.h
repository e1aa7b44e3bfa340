// SPDX-License-Identifier: EUPL-1.2
/*
 * The socket that the web role is handed. Plain HTTP goes over nothing but a local socket or
 * loopback.
 */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include "base/op.h"

enum { WEB_ADDRESS_SIZE_MAX = 256 };

/**
 * Whether an address is one that web_listen() would try.
 *
 * op        work in hand
 * address   as there
 *
 * Errors    ERR_FORMAT no such address; ERR_DENIED an address that others can reach
 */
MUST_USE
enum err web_address_check(struct op *op, struct span address);

/**
 * Listen where a configuration says.
 *
 * op        work in hand
 * address   "unix:/path" (made with mode 0660; one that nobody listens on any more is replaced), or
 *           "127.0.0.1:9417", "[::1]:9417"
 * ret_fd    listens, not blocking; untouched on error
 *
 * Errors    ERR_FORMAT no such address; ERR_DENIED an address that others can reach; ERR_EXISTS
 *           somebody listens there; ERR_IO
 */
MUST_USE
enum err web_listen(struct op *op, struct span address, int *ret_fd);

/**
 * Remove what web_listen() made: the file of a local socket.
 *
 * address   as given there
 */
void web_unlisten(struct span address);

#endif
