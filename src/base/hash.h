// SPDX-License-Identifier: EUPL-1.2
/*
 * Hashing for tables: fast, keyed, not for signing. The key is a secret of 192 random bytes, so
 * that nobody who can write a log line or an indicator can make the tables slow (algorithm: XXH3,
 * 64 bit, with secret; the result for a given secret never changes, so it may be kept in our own
 * files).
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/span.h"

enum { HASH_SECRET_SIZE = 192 };

struct hash_secret {
    uint8_t bytes[HASH_SECRET_SIZE];
};

/**
 * Hash of bytes under a secret.
 *
 * secret    random; see os_random()
 * span      hashed; any size
 */
uint64_t hash_bytes(const struct hash_secret *secret, struct span span);

#endif
