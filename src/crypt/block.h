// SPDX-License-Identifier: EUPL-1.2
/*
 * One block of AES-256 (FIPS 197): sixteen bytes into sixteen other bytes, and back for who has the
 * key. Equal blocks become equal blocks: it makes pseudonyms, and is no way to hide a text.
 */
#ifndef CRYPT_BLOCK_H
#define CRYPT_BLOCK_H

#include <stdint.h>

enum { CRYPT_BLOCK_SIZE = 16, CRYPT_BLOCK_KEY_SIZE = 32 };

/**
 * Encrypt a block.
 *
 * key       CRYPT_BLOCK_KEY_SIZE bytes
 * block     CRYPT_BLOCK_SIZE bytes
 * ret       receives as many; may be the same
 */
void crypt_block_encrypt(const uint8_t *key, const uint8_t *block, uint8_t *ret);

/**
 * Decrypt a block.
 *
 * key       CRYPT_BLOCK_KEY_SIZE bytes
 * block     CRYPT_BLOCK_SIZE bytes
 * ret       receives as many; may be the same
 */
void crypt_block_decrypt(const uint8_t *key, const uint8_t *block, uint8_t *ret);

#endif
