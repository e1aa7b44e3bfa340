// SPDX-License-Identifier: EUPL-1.2
#include "crypt/minisign.h"

#include <sodium.h>

enum {
    ALGORITHM_SIZE = 2,
    ID_SIZE = 8,
    LINE_COUNT = 4,
};

/* What base64 holds, in a public key and in the second line of a signature. */
struct key {
    uint8_t algorithm[ALGORITHM_SIZE]; /* "Ed" */
    uint8_t id[ID_SIZE];
    uint8_t bytes[crypto_sign_PUBLICKEYBYTES];
};

struct signature {
    uint8_t algorithm[ALGORITHM_SIZE]; /* "Ed": of the bytes; "ED": of their BLAKE2b-512 */
    uint8_t id[ID_SIZE];
    uint8_t bytes[crypto_sign_BYTES];
};

static bool base64_read(struct span text, void *target, size_t size)
{
    size_t got = 0;
    return sodium_base642bin(target, size, (const char *)text.data, text.size, NULL, &got, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           got == size;
}

static bool key_read(struct span text, struct key *ret)
{
    return text.size == MINISIGN_KEY_TEXT_SIZE && base64_read(text, ret, sizeof *ret) &&
           ret->algorithm[0] == 'E' && ret->algorithm[1] == 'd';
}

bool minisign_key_is_valid(struct span key)
{
    struct key read;
    return key_read(key, &read);
}

/* The four lines of a signature's file, without their ends. */
static bool lines_cut(struct span text, struct span lines[LINE_COUNT])
{
    for (size_t i = 0; i < LINE_COUNT; i++) {
        if (!span_next(&text, '\n', &lines[i])) {
            return false;
        }
        if (lines[i].size > 0 && lines[i].data[lines[i].size - 1] == '\r') {
            lines[i].size--;
        }
    }
    return span_trim(text).size == 0;
}

/* Whether the signature is of the bytes. */
static bool bytes_check(const struct key *key, const struct signature *signature, struct span bytes)
{
    uint8_t digest[crypto_generichash_BYTES_MAX];
    if (signature->algorithm[0] != 'E') {
        return false;
    }
    if (signature->algorithm[1] == 'd') {
        return crypto_sign_verify_detached(signature->bytes, bytes.data, bytes.size, key->bytes) ==
               0;
    }
    crypto_generichash(digest, sizeof digest, bytes.data, bytes.size, NULL, 0);
    return signature->algorithm[1] == 'D' &&
           crypto_sign_verify_detached(signature->bytes, digest, sizeof digest, key->bytes) == 0;
}

/* Whether the second signature is of the first one and the trusted comment. */
static enum err comment_check(struct op *op, const struct key *key,
                              const struct signature *signature, struct span comment,
                              const uint8_t *global)
{
    size_t size = sizeof signature->bytes + comment.size;
    uint8_t *both = op_alloc(op, size);
    if (both == NULL) {
        return ERR_LIMIT;
    }
    span_copy(both, size, span_make(signature->bytes, sizeof signature->bytes));
    span_copy(both + sizeof signature->bytes, comment.size, comment);
    return crypto_sign_verify_detached(global, both, size, key->bytes) == 0 ? ERR_OK : ERR_DENIED;
}

enum err minisign_check(struct op *op, struct span key_text, struct span bytes,
                        struct span signature_text)
{
    static const char trusted[] = "trusted comment: ";
    struct key key;
    struct signature signature;
    uint8_t global[crypto_sign_BYTES];
    struct span lines[LINE_COUNT];
    if (sodium_init() < 0) {
        return op_fail(op, ERR_LIMIT, "libsodium cannot begin");
    }
    if (signature_text.size > MINISIGN_TEXT_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a signature of more than %d bytes", MINISIGN_TEXT_SIZE_MAX);
    }
    if (!key_read(key_text, &key)) {
        return op_fail(op, ERR_FORMAT, "not a public key of minisign");
    }
    bool readable = lines_cut(signature_text, lines) &&
                    base64_read(lines[1], &signature, sizeof signature) &&
                    span_starts_with(lines[2], span_of(trusted)) &&
                    base64_read(lines[3], global, sizeof global);
    if (!readable) {
        return op_fail(op, ERR_FORMAT, "not a signature of minisign");
    }
    bool same_key = span_equal(span_make(key.id, ID_SIZE), span_make(signature.id, ID_SIZE));
    struct span comment = span_from(lines[2], sizeof trusted - 1);
    enum err err = same_key && bytes_check(&key, &signature, bytes)
                       ? comment_check(op, &key, &signature, comment, global)
                       : ERR_DENIED;
    return err == ERR_DENIED
               ? op_fail(op, ERR_DENIED, "not a signature of this key under these bytes")
               : err;
}
