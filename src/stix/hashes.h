// SPDX-License-Identifier: EUPL-1.2
/*
 * The names of hash algorithms (the vocabulary hash-algorithm-ov of STIX 2.1), in the spellings
 * seen: 'SHA-256', SHA256 and sha256 are one.
 */
#ifndef STIX_HASHES_H
#define STIX_HASHES_H

#include "base/span.h"

enum { STIX_HASH_STRENGTH_MAX = 4 };

struct stix_hash {
    const char *name;   /* of the vocabulary: "SHA-256" */
    const char *kind;   /* our word for it, "sha256"; NULL where hits on it cannot be found */
    size_t digit_count; /* hexadecimal digits; 0 where the hash is not written so */
    unsigned strength;  /* 1 .. STIX_HASH_STRENGTH_MAX, 0 without a kind: a larger one is harder to
                           make collide; but SHA-512, which sensors hardly log, is 1 */
};

/**
 * The algorithm of a name.
 *
 * name      in any case, with or without hyphens
 *
 * Returns a constant, or NULL for a name that is not known.
 */
const struct stix_hash *stix_hash_find(struct span name);

/**
 * Whether a text can be a hash of an algorithm: so many hexadecimal digits. For an algorithm that
 * is not written in digits any text can.
 *
 * hash      from stix_hash_find()
 * text      looked at
 */
bool stix_hash_is_possible(const struct stix_hash *hash, struct span text);

#endif
