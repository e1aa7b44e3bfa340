// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"

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

void memory_fail_after(uint64_t count)
{
    requests_allowed = count;
    requests_made = 0;
}

uint64_t memory_request_count(void)
{
    return requests_made;
}
