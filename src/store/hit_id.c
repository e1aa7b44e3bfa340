// SPDX-License-Identifier: EUPL-1.2
#include "store/hit_id.h"

#include "crypt/digest.h"

enum { CHAR_BITS = 5, CHAR_MASK = 31, TYPED_CHARS_MIN = 4, NAME_SIZE_MAX = 8 * FOLD_TEXT_SIZE_MAX };

/* Crockford's base 32: digits and capitals without I, L, O and U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void key_digest(const struct fold *fold, uint8_t digest[DIGEST_SHA256_SIZE])
{
    struct buf name;
    struct json_writer w;
    buf_init(&name, NAME_SIZE_MAX);
    json_writer_init(&w, &name);
    json_begin_array(&w);
    json_add_string(&w, SPAN("hit"));
    json_add_string(&w, fold->indicator);
    json_add_string(&w, fold->inside);
    json_add_time(&w, fold->start_us);
    json_add_u64(&w, (uint64_t)(fold->length_us / FOLD_MINUTE_US));
    json_end_array(&w);
    digest_sha256(buf_span(&name), digest);
    buf_done(&name);
}

void hit_id_of(const struct fold *fold, char ret[HIT_ID_SIZE])
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    uint64_t bits = 0;
    key_digest(fold, digest);
    for (size_t i = 0; i < sizeof bits; i++) {
        bits = bits << 8 | digest[i];
    }
    ret[0] = 'H';
    ret[1] = '-';
    for (size_t i = 0; i < HIT_ID_CHAR_COUNT; i++) {
        unsigned shift = (unsigned)(64 - CHAR_BITS * (i + 1)); /* from the top */
        ret[HIT_ID_PREFIX_SIZE + i] = alphabet[bits >> shift & CHAR_MASK];
    }
    ret[HIT_ID_SIZE - 1] = '\0';
}

/* The character of the alphabet that was meant; 0 for none. */
static char char_meant(uint8_t typed)
{
    char c = (char)(typed >= 'a' && typed <= 'z' ? typed - 'a' + 'A' : typed);
    if (c == 'O') {
        return '0';
    }
    if (c == 'I' || c == 'L') {
        return '1';
    }
    for (size_t i = 0; i + 1 < sizeof alphabet; i++) {
        if (alphabet[i] == c) {
            return c;
        }
    }
    return '\0';
}

enum err hit_id_parse(struct span text, char ret[HIT_ID_SIZE])
{
    char id[HIT_ID_SIZE] = "H-";
    size_t size = HIT_ID_PREFIX_SIZE;
    bool prefixed = span_starts_with_nocase(text, SPAN("H-"));
    struct span rest = prefixed ? span_from(text, HIT_ID_PREFIX_SIZE) : text;
    if (rest.size < TYPED_CHARS_MIN || rest.size > HIT_ID_CHAR_COUNT) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < rest.size; i++) {
        id[size] = char_meant(rest.data[i]);
        if (id[size] == '\0') {
            return ERR_FORMAT;
        }
        size++;
    }
    id[size] = '\0';
    span_copy(ret, HIT_ID_SIZE, span_make(id, size + 1));
    return ERR_OK;
}
