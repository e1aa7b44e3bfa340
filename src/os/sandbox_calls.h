// SPDX-License-Identifier: EUPL-1.2
/*
 * Which system calls a role may make; part of sandbox.h.
 */
#ifndef OS_SANDBOX_CALLS_H
#define OS_SANDBOX_CALLS_H

#include "os/sandbox.h"

/**
 * Let only the calls of a role through from here on. Privileges must have been given up.
 *
 * op        work in hand
 * role      whose calls
 *
 * Errors    ERR_IO the filter could not be put in force; ERR_LIMIT no memory
 */
MUST_USE
enum err sandbox_calls_enter(struct op *op, enum sandbox_role role);

#endif
