// SPDX-License-Identifier: EUPL-1.2
#include "crypt/block.h"

#include <nettle/aes.h>
#include <sodium.h>

_Static_assert((int)CRYPT_BLOCK_SIZE == (int)AES_BLOCK_SIZE, "a block of AES");
_Static_assert((int)CRYPT_BLOCK_KEY_SIZE == (int)AES256_KEY_SIZE, "a key of AES-256");

void crypt_block_encrypt(const uint8_t *key, const uint8_t *block, uint8_t *ret)
{
    struct aes256_ctx context;
    aes256_set_encrypt_key(&context, key);
    aes256_encrypt(&context, CRYPT_BLOCK_SIZE, ret, block);
    sodium_memzero(&context, sizeof context);
}

void crypt_block_decrypt(const uint8_t *key, const uint8_t *block, uint8_t *ret)
{
    struct aes256_ctx context;
    aes256_set_decrypt_key(&context, key);
    aes256_decrypt(&context, CRYPT_BLOCK_SIZE, ret, block);
    sodium_memzero(&context, sizeof context);
}
