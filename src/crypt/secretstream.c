// SPDX-License-Identifier: EUPL-1.2
#include "crypt/secretstream.h"

#include <inttypes.h>

/* Safe to call as often as one likes; without it libsodium chooses slower code. */
static void sodium_ready(void)
{
    int result = sodium_init();
    must(result >= 0);
}

static bool within(uint64_t value, uint64_t low, uint64_t high)
{
    return value >= low && value <= high;
}

enum err secretstream_key_derive(struct op *op, struct span secret,
                                 const struct secretstream_cost *cost, struct secretstream_key *ret)
{
    must(secret.size > 0);
    if (!within(cost->ops, SECRETSTREAM_OPS_MIN, SECRETSTREAM_OPS_MAX) ||
        !within(cost->memory, SECRETSTREAM_MEMORY_MIN, SECRETSTREAM_MEMORY_MAX)) {
        return op_fail(op, ERR_LIMIT,
                       "deriving the key would take %" PRIu64 " passes over %" PRIu64
                       " bytes: at most %" PRIu64 " over %" PRIu64,
                       cost->ops, cost->memory, SECRETSTREAM_OPS_MAX, SECRETSTREAM_MEMORY_MAX);
    }
    sodium_ready();
    struct secretstream_key key;
    int result =
        crypto_pwhash(key.bytes, sizeof key.bytes, (const char *)secret.data, secret.size,
                      cost->salt, cost->ops, (size_t)cost->memory, crypto_pwhash_ALG_ARGON2ID13);
    if (result != 0) {
        return op_fail(op, ERR_LIMIT,
                       "deriving the key takes %" PRIu64 " bytes of memory, which "
                       "this machine does not give",
                       cost->memory);
    }
    *ret = key;
    secretstream_key_wipe(&key);
    return ERR_OK;
}

void secretstream_key_wipe(struct secretstream_key *key)
{
    sodium_memzero(key, sizeof *key);
}

void secretstream_seal_begin(struct secretstream *stream, const struct secretstream_key *key,
                             uint8_t *ret_start)
{
    sodium_ready();
    int result =
        crypto_secretstream_xchacha20poly1305_init_push(&stream->state, ret_start, key->bytes);
    must(result == 0);
}

void secretstream_seal(struct secretstream *stream, struct span piece, struct span context,
                       bool last, uint8_t *target)
{
    uint8_t tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                       : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
    int result = crypto_secretstream_xchacha20poly1305_push(
        &stream->state, target, NULL, piece.data, piece.size, context.data, context.size, tag);
    must(result == 0);
}

enum err secretstream_open_begin(struct secretstream *stream, const struct secretstream_key *key,
                                 const uint8_t *start)
{
    sodium_ready();
    int result = crypto_secretstream_xchacha20poly1305_init_pull(&stream->state, start, key->bytes);
    return result == 0 ? ERR_OK : ERR_FORMAT;
}

enum err secretstream_open(struct secretstream *stream, struct span sealed, struct span context,
                           uint8_t *target, bool *ret_last)
{
    if (sealed.size < SECRETSTREAM_OVERHEAD) {
        return ERR_FORMAT;
    }
    uint8_t tag = 0;
    int result = crypto_secretstream_xchacha20poly1305_pull(
        &stream->state, target, NULL, &tag, sealed.data, sealed.size, context.data, context.size);
    if (result != 0) {
        return ERR_FORMAT;
    }
    *ret_last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    return ERR_OK;
}

void secretstream_wipe(struct secretstream *stream)
{
    sodium_memzero(stream, sizeof *stream);
}
