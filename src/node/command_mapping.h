// SPDX-License-Identifier: EUPL-1.2
/*
 * What the commands of linie mapping share.
 */
#ifndef NODE_COMMAND_MAPPING_H
#define NODE_COMMAND_MAPPING_H

#include "node/command.h"
#include "observe/formats.h"

/**
 * The mappings of the node that stands there, if one does, and the ready ones.
 *
 * invocation  its node is opened; without one there is none afterwards
 * ret         lives as long as the invocation
 *
 * Errors      what opening a node gives, but not ERR_ABSENT; ERR_LIMIT
 */
MUST_USE
enum err mapping_formats(struct invocation *invocation, struct observe_formats **ret);

/**
 * Tell that there is no such mapping, with the name that was probably meant.
 *
 * invocation  receives the fault
 * formats     looked through for a near name
 * name        as typed
 *
 * Errors      ERR_ABSENT always
 */
MUST_USE
enum err mapping_unknown(struct invocation *invocation, const struct observe_formats *formats,
                         struct span name);

#endif
