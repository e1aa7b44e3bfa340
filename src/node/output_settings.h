// SPDX-License-Identifier: EUPL-1.2
/*
 * A configured output made ready for the fetch role: paths made whole, secrets read from their
 * files, folders made.
 */
#ifndef NODE_OUTPUT_SETTINGS_H
#define NODE_OUTPUT_SETTINGS_H

#include "node/node.h"

/**
 * Make an output ready.
 *
 * op        work in hand; texts live in its memory
 * node      open at least with NODE_FILES
 * output    of its configuration
 * ret       untouched on error
 *
 * Errors    ERR_DENIED a secret's file may be read by others, or the output's folder would open the
 *           node's own files to the fetch role; ERR_ABSENT a file is not there; ERR_FORMAT a secret
 *           cannot be used; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err output_settings_make(struct op *op, const struct node *node,
                              const struct config_output *output, struct fetch_output *ret);

#endif
