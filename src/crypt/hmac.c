// SPDX-License-Identifier: EUPL-1.2
#include "crypt/hmac.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <sodium.h>

#include "base/must.h"

_Static_assert((int)CRYPT_HMAC_SIZE == (int)SHA256_DIGEST_SIZE, "a digest of SHA-256");

void crypt_hmac(struct span key, struct span first, struct span second, uint8_t *ret)
{
    struct hmac_sha256_ctx context;
    hmac_sha256_set_key(&context, key.size, key.data);
    hmac_sha256_update(&context, first.size, first.data);
    hmac_sha256_update(&context, second.size, second.data);
    hmac_sha256_digest(&context, CRYPT_HMAC_SIZE, ret);
    sodium_memzero(&context, sizeof context);
}

void crypt_hmac_base64(struct span key, struct span first, struct span second, char *ret)
{
    uint8_t digest[CRYPT_HMAC_SIZE];
    must(BASE64_ENCODE_RAW_LENGTH(sizeof digest) == CRYPT_HMAC_BASE64_SIZE - 1);
    crypt_hmac(key, first, second, digest);
    base64_encode_raw(ret, sizeof digest, digest);
    ret[CRYPT_HMAC_BASE64_SIZE - 1] = '\0';
}

enum err crypt_base64_read(struct span text, uint8_t *bytes, size_t room, size_t *ret_size)
{
    struct base64_decode_ctx context;
    size_t size = room;
    if (room < BASE64_DECODE_LENGTH(text.size)) {
        return ERR_LIMIT;
    }
    base64_decode_init(&context);
    if (base64_decode_update(&context, &size, bytes, text.size, (const char *)text.data) != 1 ||
        base64_decode_final(&context) != 1) {
        return ERR_FORMAT;
    }
    *ret_size = size;
    return ERR_OK;
}
