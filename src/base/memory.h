// SPDX-License-Identifier: EUPL-1.2
/*
 * The only door to the heap. Everything that grows (arenas, buffers, tables) comes through here, so
 * that running out of memory is one path, and a test can make the Nth request fail.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/**
 * Memory of `size` bytes, all zero.
 *
 * size      in bytes; 0 gives a pointer that may only be freed
 *
 * Returns memory to give back with memory_free(), or NULL when there is none.
 */
MUST_USE
void *memory_new(size_t size);

/**
 * Memory for `count` things of `size` bytes, all zero; an overflow of the product counts as none.
 *
 * count     how many
 * size      of each, in bytes
 *
 * Returns memory to give back with memory_free(), or NULL when there is none.
 */
MUST_USE
void *memory_new_array(size_t count, size_t size);

/**
 * Make a block larger or smaller; it may move. New bytes are not cleared.
 *
 * block     from memory_new() or NULL; on failure it stays as it was
 * size      wanted, in bytes; at least 1
 *
 * Returns the block, or NULL when there is no memory.
 */
MUST_USE
void *memory_resize(void *block, size_t size);

/**
 * Give memory back.
 *
 * block     from memory_new(), memory_new_array() or memory_resize(); NULL does nothing
 */
void memory_free(void *block);

/**
 * From now on give freed memory back to the system at once, for a process that lives long and needs
 * much for a moment again and again. A large block costs a system call each time.
 */
void memory_give_back_early(void);

/**
 * For tests: let `count` further requests succeed in this thread, then fail all of them.
 *
 * count     requests that still succeed; UINT64_MAX turns the failing off again
 */
void memory_fail_after(uint64_t count);

/**
 * For tests: how many requests this thread has made since the last memory_fail_after().
 */
uint64_t memory_request_count(void);

#endif
