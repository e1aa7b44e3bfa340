// SPDX-License-Identifier: EUPL-1.2
/*
 * Bytes that only the holder of a key can read, and nobody else can change unseen: a stream of
 * sealed pieces (libsodium's secretstream, XChaCha20-Poly1305). Pieces cannot be left out, repeated
 * or put in another order, and the last one says that it is the last.
 *
 * The key is made from a secret of any quality by Argon2id (RFC 9106), so that guessing is dear.
 */
#ifndef CRYPT_SECRETSTREAM_H
#define CRYPT_SECRETSTREAM_H

#include <sodium.h>

#include "base/op.h"

enum {
    SECRETSTREAM_KEY_SIZE = crypto_secretstream_xchacha20poly1305_KEYBYTES,
    SECRETSTREAM_START_SIZE = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    SECRETSTREAM_OVERHEAD = crypto_secretstream_xchacha20poly1305_ABYTES, /* of each piece */
    SECRETSTREAM_SALT_SIZE = crypto_pwhash_SALTBYTES,
};

/* How dear guessing is. A stranger's file may ask for no more than the MAX values. */
#define SECRETSTREAM_OPS_DEFAULT    UINT64_C(3)                    /* libsodium's "moderate" */
#define SECRETSTREAM_MEMORY_DEFAULT (UINT64_C(256) * 1024 * 1024)  /* libsodium's "moderate" */
#define SECRETSTREAM_OPS_MAX        UINT64_C(16)                   /* some ten seconds */
#define SECRETSTREAM_MEMORY_MAX     (UINT64_C(1024) * 1024 * 1024) /* libsodium's "sensitive" */
#define SECRETSTREAM_OPS_MIN        ((uint64_t)crypto_pwhash_OPSLIMIT_MIN)
#define SECRETSTREAM_MEMORY_MIN     ((uint64_t)crypto_pwhash_MEMLIMIT_MIN)

struct secretstream_key {
    uint8_t bytes[SECRETSTREAM_KEY_SIZE];
};

/* What a key is derived with, beside the secret: no secret itself. */
struct secretstream_cost {
    uint64_t ops;    /* passes: SECRETSTREAM_OPS_MIN .. SECRETSTREAM_OPS_MAX */
    uint64_t memory; /* bytes: SECRETSTREAM_MEMORY_MIN .. SECRETSTREAM_MEMORY_MAX */
    uint8_t salt[SECRETSTREAM_SALT_SIZE];
};

struct secretstream {
    crypto_secretstream_xchacha20poly1305_state state;
};

/**
 * Make a key from a secret (Argon2id, version 1.3). It takes time and memory on purpose.
 *
 * op        work in hand
 * secret    any bytes, not empty
 * cost      what it may take, and the salt
 * ret       the key, to be wiped with secretstream_key_wipe(); untouched on error
 *
 * Errors    ERR_LIMIT the cost is outside the bounds above, or the machine lacks the memory
 */
MUST_USE
enum err secretstream_key_derive(struct op *op, struct span secret,
                                 const struct secretstream_cost *cost,
                                 struct secretstream_key *ret);

/**
 * Overwrite a key.
 *
 * key       wiped
 */
void secretstream_key_wipe(struct secretstream_key *key);

/**
 * Begin to seal.
 *
 * stream     caller's memory, to be wiped with secretstream_wipe()
 * key        of the stream
 * ret_start  receives SECRETSTREAM_START_SIZE bytes, which the one who opens needs; no secret
 */
void secretstream_seal_begin(struct secretstream *stream, const struct secretstream_key *key,
                             uint8_t *ret_start);

/**
 * Seal one piece.
 *
 * stream    begun
 * piece     sealed
 * context   goes into the proof but not into the result: the one who opens must name the same
 * last      whether it is the last one
 * target    receives piece.size + SECRETSTREAM_OVERHEAD bytes
 */
void secretstream_seal(struct secretstream *stream, struct span piece, struct span context,
                       bool last, uint8_t *target);

/**
 * Begin to open.
 *
 * stream    caller's memory, to be wiped with secretstream_wipe()
 * key       of the stream
 * start     SECRETSTREAM_START_SIZE bytes that sealing gave
 *
 * Errors    ERR_FORMAT this cannot be a stream's start
 */
MUST_USE
enum err secretstream_open_begin(struct secretstream *stream, const struct secretstream_key *key,
                                 const uint8_t *start);

/**
 * Open the next piece.
 *
 * stream    begun
 * sealed    at least SECRETSTREAM_OVERHEAD bytes, else ERR_FORMAT
 * context   as it was named when sealing
 * target    receives sealed.size - SECRETSTREAM_OVERHEAD bytes
 * ret_last  whether it is the last one; untouched on error
 *
 * Errors    ERR_FORMAT another key, another context, or changed on the way
 */
MUST_USE
enum err secretstream_open(struct secretstream *stream, struct span sealed, struct span context,
                           uint8_t *target, bool *ret_last);

/**
 * Overwrite a stream's state.
 *
 * stream    begun, or zeroed
 */
void secretstream_wipe(struct secretstream *stream);

#endif
