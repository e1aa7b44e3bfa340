// SPDX-License-Identifier: EUPL-1.2
/*
 * Files that a command line names: regular files, pipes, standard input ("-"). Pipes are read to
 * their ends by the caller's own process, before the node is opened, so that nobody else has to
 * wait for them; files that only the caller can name (/dev/fd/63) are opened there too.
 */
#ifndef NODE_ARGUMENT_H
#define NODE_ARGUMENT_H

#include "node/command.h"

/* A file that is open. */
struct argument_file {
    struct span bytes;
    bool mapped;
    int file; /* to be closed; -1: somebody else does */
};

/**
 * The gathering of commands whose arguments are files: reads pipes and standard input to their
 * ends.
 *
 * invocation  parsed; its node is not open
 *
 * Errors    ERR_LIMIT too large, or too many; ERR_IO
 */
MUST_USE
enum err argument_gather(struct invocation *invocation);

/**
 * Under which name a file is told: "stdin" for standard input.
 *
 * invocation  parsed
 * argument    its index
 */
struct span argument_name(const struct invocation *invocation, size_t argument);

/**
 * Whether an argument names a file: one that is there, or is called as only files are ("x.json").
 *
 * invocation  parsed
 * argument    its index
 */
bool argument_is_file(const struct invocation *invocation, size_t argument);

/**
 * Open a file and have its bytes.
 *
 * op          work in hand; faults but those of opening do not name the file
 * invocation  parsed and gathered
 * argument    its index
 * ret         to give back with argument_close(); untouched on error
 *
 * Errors    ERR_FORMAT it is a folder; ERR_ABSENT; ERR_DENIED; ERR_LIMIT too large; ERR_IO
 */
MUST_USE
enum err argument_open(struct op *op, const struct invocation *invocation, size_t argument,
                       struct argument_file *ret);

/**
 * Close it; its bytes are gone.
 *
 * file      open
 */
void argument_close(struct argument_file *file);

#endif
