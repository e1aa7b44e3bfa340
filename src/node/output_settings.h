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

/**
 * Read a file with certificates or a key, as it lies.
 *
 * op        work in hand; it lives in its memory
 * node      open at least with NODE_FILES
 * path      relative ones begin at the node's folder; empty: nothing is read
 * secret    nobody but its owner may be able to use it
 * ret       untouched where nothing is read, and on error
 *
 * Errors    ERR_DENIED it can be used by others; ERR_ABSENT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err output_settings_pem(struct op *op, const struct node *node, struct span path, bool secret,
                             struct span *ret);

#endif
