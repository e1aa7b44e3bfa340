// SPDX-License-Identifier: EUPL-1.2
/*
 * Random bytes for secrets: salts, keys, the secrets of hash tables.
 */
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include <stddef.h>

/**
 * Fill memory with random bytes fit for keys (getrandom). It cannot fail: a machine without random
 * bytes is no place to run, and the process ends.
 *
 * target    receives the bytes
 * size      how many
 */
void os_random(void *target, size_t size);

#endif
