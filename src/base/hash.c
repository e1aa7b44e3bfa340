// SPDX-License-Identifier: EUPL-1.2
#include "base/hash_inline.h"

uint64_t hash_bytes(const struct hash_secret *secret, struct span span)
{
    return hash_bytes_inline(secret, span);
}
