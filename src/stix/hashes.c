// SPDX-License-Identifier: EUPL-1.2
#include "stix/hashes.h"

#include "base/uuid.h"

static const struct stix_hash hashes[] = {
    { .name = "MD5", .kind = "md5", .digit_count = 32, .strength = 2 },
    { .name = "SHA-1", .kind = "sha1", .digit_count = 40, .strength = 3 },
    { .name = "SHA-256", .kind = "sha256", .digit_count = 64, .strength = 4 },
    { .name = "RIPEMD-160", .digit_count = 40 },
    { .name = "SHA-224", .digit_count = 56 },
    { .name = "SHA-384", .digit_count = 96 },
    { .name = "SHA-512", .kind = "sha512", .digit_count = 128, .strength = 1 },
    { .name = "SHA3-224", .digit_count = 56 },
    { .name = "SHA3-256", .digit_count = 64 },
    { .name = "SHA3-384", .digit_count = 96 },
    { .name = "SHA3-512", .digit_count = 128 },
    { .name = "WHIRLPOOL", .digit_count = 128 },
    { .name = "SSDEEP" },
    { .name = "TLSH" },
};

enum { HASH_COUNT = sizeof hashes / sizeof hashes[0] };

enum { NAME_END = -1 };

/* The next byte of a name that counts, in capitals; NAME_END behind the last. */
static int next_letter(struct span *rest)
{
    while (rest->size > 0) {
        uint8_t byte = rest->data[0];
        *rest = span_from(*rest, 1);
        if (byte != '-') {
            return byte >= 'a' && byte <= 'z' ? byte - 'a' + 'A' : byte;
        }
    }
    return NAME_END;
}

static bool names_agree(struct span a, struct span b)
{
    int letter_a = 0;
    int letter_b = 0;
    do {
        letter_a = next_letter(&a);
        letter_b = next_letter(&b);
    } while (letter_a == letter_b && letter_a != NAME_END);
    return letter_a == letter_b;
}

const struct stix_hash *stix_hash_find(struct span name)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (names_agree(name, span_of(hashes[i].name))) {
            return &hashes[i];
        }
    }
    return NULL;
}

bool stix_hash_is_possible(const struct stix_hash *hash, struct span text)
{
    if (hash->digit_count == 0) {
        return true;
    }
    if (text.size != hash->digit_count) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (hex_digit(text.data[i]) < 0) {
            return false;
        }
    }
    return true;
}
