// SPDX-License-Identifier: EUPL-1.2
/*
 * The work of the intake role, in the process that is nothing else: what comes to the sockets that
 * it was handed goes, line by line, into a pipe for each.
 */
#ifndef INTAKE_ROLE_H
#define INTAKE_ROLE_H

#include "intake/message.h"
#include "os/channel.h"

enum { INTAKE_ROLE_MEMORY_MAX = 64 * 1024 * 1024 }; /* of its op */

/**
 * Be the intake role until the store goes. Closes every other descriptor, and goes into its jail
 * before the first byte from outside is read.
 *
 * op        work in hand
 * store     channel to the store, still the caller's
 *
 * Errors    ERR_ABSENT the store has gone: all is well; ERR_FORMAT the store said something else
 *           than agreed, or a certificate or key is none; ERR_LIMIT; ERR_IO
 */
MUST_USE
enum err intake_role_run(struct op *op, struct channel *store);

#endif
