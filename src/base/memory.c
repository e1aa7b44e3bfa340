// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

static _Thread_local uint64_t requests_allowed = UINT64_MAX;
static _Thread_local uint64_t requests_made;

static bool request_allowed(void)
{
    requests_made++;
    return requests_made <= requests_allowed;
}

void *memory_new(size_t size)
{
    return memory_new_array(size == 0 ? 1 : size, 1);
}

void *memory_new_array(size_t count, size_t size)
{
    if (!request_allowed()) {
        return NULL;
    }
    return calloc(count, size);
}

void *memory_resize(void *block, size_t size)
{
    if (!request_allowed()) {
        return NULL;
    }
    return realloc(block, size);
}

void memory_free(void *block)
{
    free(block);
}

/* By default glibc lets the size from which blocks are mapped on their own grow to 32 MiB, and so
 * keeps in the heap whatever the largest batch once took. Fixed, the store of a watch with many
 * hits stays at 6 MB instead of 10 (docs/BENCH.md). */
void memory_give_back_early(void)
{
    enum { MAPPED_FROM = 128 * 1024, TRIMMED_FROM = 256 * 1024 };
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    (void)mallopt(M_TRIM_THRESHOLD, TRIMMED_FROM);
}

void memory_fail_after(uint64_t count)
{
    requests_allowed = count;
    requests_made = 0;
}

uint64_t memory_request_count(void)
{
    return requests_made;
}
