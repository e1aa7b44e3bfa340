// SPDX-License-Identifier: EUPL-1.2
/*
 * Digests (nettle, which uses the processor's SHA instructions).
 */
#ifndef CRYPT_DIGEST_H
#define CRYPT_DIGEST_H

#include <nettle/sha2.h>

#include "base/span.h"
#include "base/uuid.h"

enum { DIGEST_SHA256_SIZE = 32 };

struct digest_sha256 {
    struct sha256_ctx context;
};

/**
 * Begin a SHA-256 over pieces.
 *
 * digest    caller's memory
 */
void digest_sha256_init(struct digest_sha256 *digest);

/**
 * Add a piece.
 *
 * digest    begun
 * span      hashed
 */
void digest_sha256_add(struct digest_sha256 *digest, struct span span);

/**
 * End it.
 *
 * digest    begun; afterwards as after digest_sha256_init()
 * ret       receives DIGEST_SHA256_SIZE bytes
 */
void digest_sha256_done(struct digest_sha256 *digest, uint8_t *ret);

/**
 * SHA-256 of one span.
 *
 * span      hashed
 * ret       receives DIGEST_SHA256_SIZE bytes
 */
void digest_sha256(struct span span, uint8_t *ret);

/**
 * A name-based UUID, version 5 (RFC 4122, section 4.3): the same name always gives the same UUID.
 *
 * space     namespace
 * name      any bytes
 */
struct uuid uuid_v5(const struct uuid *space, struct span name);

#endif
