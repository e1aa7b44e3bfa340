// SPDX-License-Identifier: EUPL-1.2
/*
 * Open files that were handed over, not opened by path.
 */
#ifndef OS_DESCRIPTOR_H
#define OS_DESCRIPTOR_H

#include "base/op.h"
#include "base/time.h"

/**
 * Open a file for reading. Whatever is there is opened, and nothing is waited for: a named pipe is
 * open before anybody writes to it, and gives its end until then. Poll it before reading.
 *
 * op        work in hand
 * folder    where a relative path starts: an open folder, or AT_FDCWD
 * path      of the file
 * ret_fd    to be closed by the caller; untouched on error
 *
 * Errors    ERR_ABSENT; ERR_DENIED; ERR_IO
 */
MUST_USE
enum err descriptor_open(struct op *op, int folder, struct span path, int *ret_fd);

/**
 * Use a whole open file as it lies, read-only. The mapping stays when the descriptor is closed.
 *
 * op        work in hand
 * fd        a regular file, still the caller's
 * ret       the bytes; give back with descriptor_unmap()
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err descriptor_map(struct op *op, int fd, struct span *ret);

/**
 * Stop using a mapped file.
 *
 * map       from descriptor_map(); the empty span does nothing
 */
void descriptor_unmap(struct span map);

/**
 * Read all that a descriptor gives (a pipe, standard input). A named pipe without a writer is
 * waited for.
 *
 * op        work in hand; the bytes live in its memory, followed by a NUL that is not part of them
 * fd        open for reading, still the caller's
 * size_max  more is refused
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT more than size_max, or no memory; ERR_IO
 */
MUST_USE
enum err descriptor_read_all(struct op *op, int fd, size_t size_max, struct span *ret);

/**
 * Keep all that a descriptor gives in a file of memory, that can be mapped and handed on. It may
 * wait for long.
 *
 * op        work in hand
 * fd        open for reading, still the caller's
 * size_max  more is refused
 * ret_fd    a regular file without a name, to be closed by the caller; untouched on error
 *
 * Errors    ERR_LIMIT more than size_max, or no memory; ERR_IO
 */
MUST_USE
enum err descriptor_keep(struct op *op, int fd, uint64_t size_max, int *ret_fd);

/**
 * Put bytes into a file of memory, that can be handed on and mapped.
 *
 * op        work in hand
 * bytes     written
 * ret_fd    a regular file without a name, to be closed by the caller; untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err descriptor_of_bytes(struct op *op, struct span bytes, int *ret_fd);

/**
 * Read bytes at a place of a file, without moving where reading goes on.
 *
 * op        work in hand
 * fd        a regular file, still the caller's
 * offset    of the first byte
 * bytes     receives them
 * size      how many are wanted
 * ret_read  how many there were: fewer at the end of the file
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err descriptor_read_at(struct op *op, int fd, uint64_t offset, void *bytes, size_t size,
                            size_t *ret_read);

/**
 * When a file was made (statx(2), birth time).
 *
 * fd        open, still the caller's
 *
 * Returns TIME_US_NONE where the file system does not tell.
 */
int64_t descriptor_made_us(int fd);

#endif
