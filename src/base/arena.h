// SPDX-License-Identifier: EUPL-1.2
/*
 * Memory that goes back in one step. An arena has a ceiling stated at its start; what does not fit
 * is refused, and the one who asked fails with ERR_LIMIT.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/span.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* newest first */
    size_t used;                /* bytes handed out of the newest chunk */
    size_t total;               /* bytes of all chunks */
    size_t size_max;            /* ceiling for total */
};

/**
 * Begin an empty arena; no memory is taken yet.
 *
 * arena     caller's memory
 * size_max  most bytes it may ever hold, its own overhead included
 */
void arena_init(struct arena *arena, size_t size_max);

/**
 * `size` bytes, all zero, aligned for anything, until arena_reset() or arena_done().
 *
 * arena     begun with arena_init()
 * size      in bytes; 0 gives a valid pointer to nothing
 *
 * Returns NULL when the ceiling or the machine's memory is reached.
 */
MUST_USE
void *arena_alloc(struct arena *arena, size_t size);

/**
 * A copy of `span` in the arena, followed by a NUL that is not part of the span.
 *
 * arena     begun with arena_init()
 * span      copied
 * ret       the copy; untouched on error
 *
 * Errors    ERR_LIMIT no room
 */
MUST_USE
enum err arena_copy(struct arena *arena, struct span span, struct span *ret);

/**
 * Forget all that was handed out, and keep one chunk for use again.
 *
 * arena     begun with arena_init()
 */
void arena_reset(struct arena *arena);

/**
 * Give all memory back. The arena is then as after arena_init().
 *
 * arena     begun with arena_init()
 */
void arena_done(struct arena *arena);

#endif
