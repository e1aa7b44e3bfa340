// SPDX-License-Identifier: EUPL-1.2
/*
 * Signatures that anybody can make and check with minisign (https://jedisct1.github.io/minisign/,
 * "Signature format"): Ed25519 over the bytes, or over their BLAKE2b-512, by a key of 32 bytes.
 */
#ifndef CRYPT_MINISIGN_H
#define CRYPT_MINISIGN_H

#include "base/op.h"

enum {
    MINISIGN_KEY_TEXT_SIZE = 56,        /* of a public key: "RW" and 54 characters of base64 */
    MINISIGN_TEXT_SIZE_MAX = 16 * 1024, /* of a signature's file */
};

/**
 * Whether a text is a public key.
 *
 * key       as minisign -G shows it, without its comment
 */
bool minisign_key_is_valid(struct span key);

/**
 * Check a signature: the bytes are those that the key's holder signed, and so is the trusted
 * comment.
 *
 * op         work in hand
 * key        public key, as text
 * bytes      what was signed
 * signature  a signature's file: four lines
 *
 * Errors    ERR_FORMAT key or signature cannot be read; ERR_DENIED it is not a signature of this
 * key under these bytes; ERR_LIMIT the signature's file is too large
 */
MUST_USE
enum err minisign_check(struct op *op, struct span key, struct span bytes, struct span signature);

#endif
