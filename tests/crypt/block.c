// SPDX-License-Identifier: EUPL-1.2
#include "crypt/block.h"

#include "tests/testing.h"

/* FIPS 197, appendix C.3. */
TEST(a_block_is_encrypted_as_the_standard_shows)
{
    static const uint8_t expected[CRYPT_BLOCK_SIZE] = {
        0x8e, 0xa2, 0xb7, 0xca, 0x51, 0x67, 0x45, 0xbf,
        0xea, 0xfc, 0x49, 0x90, 0x4b, 0x49, 0x60, 0x89,
    };
    uint8_t key[CRYPT_BLOCK_KEY_SIZE];
    uint8_t plain[CRYPT_BLOCK_SIZE];
    uint8_t block[CRYPT_BLOCK_SIZE];
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)(0x11 * i);
    }

    crypt_block_encrypt(key, plain, block);
    assert_memory_equal(block, expected, sizeof expected);

    crypt_block_decrypt(key, block, block);
    assert_memory_equal(block, plain, sizeof plain);
}
