// SPDX-License-Identifier: EUPL-1.2
#include "base/arena.h"

#include <stdalign.h>

#include "base/memory.h"
#include "base/must.h"

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* bytes in data */
    alignas(max_align_t) uint8_t data[];
};

enum { CHUNK_SIZE_MIN = 16 * 1024, CHUNK_SIZE_GROWTH_MAX = 4 * 1024 * 1024 };

void arena_init(struct arena *arena, size_t size_max)
{
    *arena = (struct arena){ .size_max = size_max };
}

static size_t align_up(size_t size)
{
    size_t mask = alignof(max_align_t) - 1;
    return (size + mask) & ~mask;
}

/* Chunks double in size up to a bound, so that a large arena has few of them. */
static size_t chunk_size_next(const struct arena *arena, size_t need)
{
    size_t size = arena->total;
    if (size < CHUNK_SIZE_MIN) {
        size = CHUNK_SIZE_MIN;
    }
    if (size > CHUNK_SIZE_GROWTH_MAX) {
        size = CHUNK_SIZE_GROWTH_MAX;
    }
    return size < need ? need : size;
}

static struct arena_chunk *chunk_add(struct arena *arena, size_t need)
{
    size_t overhead = sizeof(struct arena_chunk);
    if (need > SIZE_MAX - overhead) {
        return NULL;
    }
    size_t room = arena->size_max - arena->total;
    size_t size = chunk_size_next(arena, need);
    if (size + overhead > room) {
        size = need; /* near the ceiling: take no more than is asked for */
    }
    if (size + overhead > room) {
        return NULL;
    }
    struct arena_chunk *chunk = memory_new(overhead + size);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->older = arena->chunks;
    chunk->size = size;
    arena->chunks = chunk;
    arena->used = 0;
    arena->total += overhead + size;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t need = align_up(size);
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - arena->used < need) {
        chunk = chunk_add(arena, need);
    }
    if (chunk == NULL) {
        return NULL;
    }
    uint8_t *block = chunk->data + arena->used;
    arena->used += need;
    must_dev(arena->used <= chunk->size);
    memset(block, 0, size);
    return block;
}

enum err arena_copy(struct arena *arena, struct span span, struct span *ret)
{
    if (span.size == SIZE_MAX) {
        return ERR_LIMIT;
    }
    uint8_t *block = arena_alloc(arena, span.size + 1);
    if (block == NULL) {
        return ERR_LIMIT;
    }
    span_copy(block, span.size, span);
    *ret = (struct span){ block, span.size };
    return ERR_OK;
}

static void chunks_free(struct arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct arena_chunk *older = chunk->older;
        memory_free(chunk);
        chunk = older;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *newest = arena->chunks;
    if (newest == NULL) {
        return;
    }
    chunks_free(newest->older);
    newest->older = NULL;
    arena->used = 0;
    arena->total = sizeof *newest + newest->size;
}

void arena_done(struct arena *arena)
{
    chunks_free(arena->chunks);
    arena_init(arena, arena->size_max);
}
