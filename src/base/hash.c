// SPDX-License-Identifier: EUPL-1.2
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const struct hash_secret *secret, struct span span)
{
    return XXH3_64bits_withSecret(span.data, span.size, secret->bytes, sizeof secret->bytes);
}
