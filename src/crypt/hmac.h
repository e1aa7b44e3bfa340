// SPDX-License-Identifier: EUPL-1.2
/*
 * Keyed digests (RFC 2104) by nettle, and keys that are written as base64 (RFC 4648).
 */
#ifndef CRYPT_HMAC_H
#define CRYPT_HMAC_H

#include "base/span.h"

enum {
    CRYPT_HMAC_SIZE = 32,
    CRYPT_HMAC_BASE64_SIZE = 45, /* as base64 (RFC 4648), and a NUL */
};

/**
 * HMAC-SHA256 of two pieces, one behind the other.
 *
 * key       secret, of any size
 * first     hashed
 * second    hashed behind it
 * ret       receives CRYPT_HMAC_SIZE bytes
 */
void crypt_hmac(struct span key, struct span first, struct span second, uint8_t *ret);

/**
 * HMAC-SHA256 of two pieces, one behind the other, as base64 text.
 *
 * key       secret, of any size
 * first     hashed
 * second    hashed behind it
 * ret       receives CRYPT_HMAC_BASE64_SIZE bytes, NUL-terminated
 */
void crypt_hmac_base64(struct span key, struct span first, struct span second, char *ret);

/**
 * Read base64.
 *
 * text      with its padding; white space in it is passed over
 * bytes     receives what it stands for; may be partly written on error
 * room      in bytes
 * ret_size  how many there are; untouched on error
 *
 * Errors    ERR_FORMAT no base64; ERR_LIMIT no room
 */
MUST_USE
enum err crypt_base64_read(struct span text, uint8_t *bytes, size_t room, size_t *ret_size);

#endif
