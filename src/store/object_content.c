// SPDX-License-Identifier: EUPL-1.2
/*
 * A digest of what a JSON document says. Every value goes in as a letter for its type and then its
 * bytes, so that no two documents give the same stream; the members of an object go in the order of
 * their keys.
 */
#include <stdlib.h>

#include "base/wire.h"
#include "crypt/digest.h"
#include "store/objects_inner.h"

enum { NUMBER_SIZE = 9 }; /* a letter and 64 bits */

/* Up to here every whole number is a double of its own (IEEE 754). */
#define WHOLE_NUMBER_MAX 9007199254740992.0

struct member {
    struct span key;
    struct json_value value;
    size_t place;
};

static void add_number(struct digest_sha256 *digest, char letter, uint64_t number)
{
    uint8_t bytes[NUMBER_SIZE] = { (uint8_t)letter };
    enum { BYTE_BITS = 8 };
    for (size_t i = 1; i < NUMBER_SIZE; i++) {
        bytes[i] = (uint8_t)(number >> (BYTE_BITS * (i - 1)));
    }
    digest_sha256_add(digest, span_make(bytes, sizeof bytes));
}

static void add_text(struct digest_sha256 *digest, char letter, struct span text)
{
    add_number(digest, letter, text.size);
    digest_sha256_add(digest, text);
}

/* 2e3 and 2000.0 are 2000. */
static void add_double(struct digest_sha256 *digest, double number)
{
    union {
        double number;
        uint64_t bits;
    } as = { .number = number };
    bool small = number >= -WHOLE_NUMBER_MAX && number <= WHOLE_NUMBER_MAX;
    if (small && number == (double)(int64_t)number) {
        add_number(digest, 'i', (uint64_t)(int64_t)number);
    } else {
        add_number(digest, 'd', as.bits);
    }
}

/* Of a key that is written twice the first comes first, as everywhere. */
static int member_compare(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    int order = span_compare(left->key, right->key);
    return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

static size_t elements_count(struct json_value value)
{
    size_t count = 0;
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        count++;
    }
    return count;
}

static enum err add_value(struct op *op, struct digest_sha256 *digest, struct json_value value);

static enum err add_object(struct op *op, struct digest_sha256 *digest, struct json_value value)
{
    size_t count = elements_count(value);
    struct member *members = op_alloc(op, (count + 1) * sizeof *members);
    if (members == NULL) {
        return ERR_LIMIT;
    }
    struct json_walk walk = json_walk_begin(value);
    for (size_t i = 0; json_walk_next(&walk); i++) {
        members[i] = (struct member){ .key = walk.key, .value = walk.value, .place = i };
    }
    qsort(members, count, sizeof *members, member_compare);
    add_number(digest, 'o', count);
    for (size_t i = 0; i < count; i++) {
        add_text(digest, 'k', members[i].key);
        TRY(add_value(op, digest, members[i].value));
    }
    return ERR_OK;
}

static enum err add_array(struct op *op, struct digest_sha256 *digest, struct json_value value)
{
    struct json_walk walk = json_walk_begin(value);
    add_number(digest, 'a', elements_count(value));
    while (json_walk_next(&walk)) {
        TRY(add_value(op, digest, walk.value));
    }
    return ERR_OK;
}

/* Documents are at most JSON_DEPTH_MAX deep. */
static enum err add_value(struct op *op, struct digest_sha256 *digest, struct json_value value)
{
    switch (json_type(value)) {
    case JSON_OBJECT:
        return add_object(op, digest, value);
    case JSON_ARRAY:
        return add_array(op, digest, value);
    case JSON_STRING:
        add_text(digest, 's', json_string(value));
        return ERR_OK;
    case JSON_INTEGER:
        add_number(digest, 'i', (uint64_t)json_integer(value, 0));
        return ERR_OK;
    case JSON_NUMBER:
        add_double(digest, json_number(value, 0));
        return ERR_OK;
    case JSON_BOOL:
        add_number(digest, 'b', json_true(value) ? 1 : 0);
        return ERR_OK;
    case JSON_NULL:
    default:
        add_number(digest, 'n', 0);
        return ERR_OK;
    }
}

enum err store_object_content(struct op *op, struct json_value value, uint8_t *ret)
{
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    TRY(add_value(op, &digest, value));
    digest_sha256_done(&digest, ret);
    return ERR_OK;
}
