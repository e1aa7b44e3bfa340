// SPDX-License-Identifier: EUPL-1.2
/*
 * hash_bytes() for hot files, where a call costs as much as the hash of a short key.
 */
#ifndef BASE_HASH_INLINE_H
#define BASE_HASH_INLINE_H

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/**
 * As hash_bytes().
 *
 * secret    random; see os_random()
 * span      hashed; any size
 */
static inline uint64_t hash_bytes_inline(const struct hash_secret *secret, struct span span)
{
    return XXH3_64bits_withSecret(span.data, span.size, secret->bytes, sizeof secret->bytes);
}

#endif
