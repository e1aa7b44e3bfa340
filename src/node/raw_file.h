// SPDX-License-Identifier: EUPL-1.2
/*
 * For raw.c: where a file is that was read once. Logs are renamed as they rotate; the file itself
 * is known by its inode.
 */
#ifndef NODE_RAW_FILE_H
#define NODE_RAW_FILE_H

#include "node/command.h"
#include "node/node.h"

enum { RAW_PATH_SIZE = 4096 };

struct raw_file {
    char path[RAW_PATH_SIZE];
    char shown[RAW_PATH_SIZE]; /* as people know it */
};

/**
 * Find a file.
 *
 * invocation  relative paths are looked for in its folder, then in the node's
 * node        open
 * input       as it was counted
 * ret         untouched where it is not found
 *
 * Returns whether it is there, under its name or another one in the same folder.
 */
bool raw_file_find(const struct invocation *invocation, const struct node *node,
                   const struct store_input *input, struct raw_file *ret);

/**
 * Open a file that was found.
 *
 * op        work in hand
 * file      found
 * ret_fd    to be closed by the caller; untouched on error
 *
 * Errors    as descriptor_open(): ERR_ABSENT; ERR_DENIED; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err raw_file_open(struct op *op, const struct raw_file *file, int *ret_fd);

#endif
