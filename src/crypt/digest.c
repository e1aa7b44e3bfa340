// SPDX-License-Identifier: EUPL-1.2
#include "crypt/digest.h"

#include <nettle/sha1.h>

void digest_sha256_init(struct digest_sha256 *digest)
{
    sha256_init(&digest->context);
}

void digest_sha256_add(struct digest_sha256 *digest, struct span span)
{
    sha256_update(&digest->context, span.size, span.data);
}

void digest_sha256_done(struct digest_sha256 *digest, uint8_t *ret)
{
    sha256_digest(&digest->context, DIGEST_SHA256_SIZE, ret);
}

void digest_sha256(struct span span, uint8_t *ret)
{
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    digest_sha256_add(&digest, span);
    digest_sha256_done(&digest, ret);
}

struct uuid uuid_v5(const struct uuid *space, struct span name)
{
    struct sha1_ctx context;
    sha1_init(&context);
    sha1_update(&context, UUID_SIZE, space->bytes);
    sha1_update(&context, name.size, name.data);
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1_digest(&context, sizeof digest, digest);

    struct uuid uuid;
    span_copy(uuid.bytes, sizeof uuid.bytes, span_make(digest, UUID_SIZE));
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0F) | 0x50); /* version 5 */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3F) | 0x80); /* the variant of RFC 4122 */
    return uuid;
}
