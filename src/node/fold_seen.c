// SPDX-License-Identifier: EUPL-1.2
#include "node/fold_seen.h"

#include "base/memory.h"

enum { ROOM_FIRST = 1024 };

#define FNV_PRIME 0x100000001B3u

/* FNV-1a. Two folds of one hash among half a million are as likely as a broken memory, and then one
 * is not shown, but counted. */
static uint64_t hash_add(uint64_t hash, struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        hash = (hash ^ bytes.data[i]) * FNV_PRIME;
    }
    return (hash ^ 0xFF) * FNV_PRIME; /* so that the parts do not run into each other */
}

static uint64_t hash_add_number(uint64_t hash, int64_t number)
{
    for (unsigned shift = 0; shift < 64; shift += 8) { /* bits */
        hash = (hash ^ ((uint64_t)number >> shift & 0xFF)) * FNV_PRIME;
    }
    return hash;
}

/* Of what makes a fold the one it is; never 0. */
static uint64_t fold_hash(const struct fold *fold)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV's offset */
    hash = hash_add(hash, fold->indicator);
    hash = hash_add(hash, fold->inside);
    hash = hash_add_number(hash, fold->start_us);
    hash = hash_add_number(hash, fold->length_us);
    return hash == 0 ? 1 : hash;
}

/* The place of a hash, or the free one where it belongs. */
static uint64_t *place_of(const struct fold_seen *seen, uint64_t hash)
{
    size_t at = (size_t)(hash >> 32) & (seen->room - 1); /* the half that FNV mixes best */
    while (seen->hashes[at] != 0 && seen->hashes[at] != hash) {
        at = (at + 1) & (seen->room - 1);
    }
    return &seen->hashes[at];
}

/* Room for one more; false where there is none. */
static bool grow(struct fold_seen *seen)
{
    if (seen->count == FOLD_SEEN_COUNT_MAX) {
        return false;
    }
    if (seen->count < seen->room / 2) {
        return true;
    }
    struct fold_seen larger = { .room = seen->room == 0 ? ROOM_FIRST : 2 * seen->room,
                                .count = seen->count };
    larger.hashes = memory_new_array(larger.room, sizeof *larger.hashes);
    if (larger.hashes == NULL) {
        return false;
    }
    for (size_t i = 0; i < seen->room; i++) {
        if (seen->hashes[i] != 0) {
            *place_of(&larger, seen->hashes[i]) = seen->hashes[i];
        }
    }
    memory_free(seen->hashes);
    *seen = larger;
    return true;
}

bool fold_seen_note(struct fold_seen *seen, const struct fold *fold)
{
    uint64_t hash = fold_hash(fold);
    if (seen->room > 0 && *place_of(seen, hash) == hash) {
        return true;
    }
    if (grow(seen)) {
        *place_of(seen, hash) = hash;
        seen->count++;
    }
    return false;
}

void fold_seen_done(struct fold_seen *seen)
{
    memory_free(seen->hashes);
    *seen = (struct fold_seen){ 0 };
}
