// SPDX-License-Identifier: EUPL-1.2
/*
 * Things seen, counted together: a table by value, hour, host and way. The record that the watch
 * makes is one, what is live is another. tally_find() and tally_grow() are hot: see record.c.
 *
 * Items lie one after the other, each with its key, in one piece of memory, so that looking one up
 * touches a slot and an item and nothing else; and forgetting all of them costs nothing.
 */
#ifndef HISTORY_TALLY_H
#define HISTORY_TALLY_H

#include "base/hash_inline.h"
#include "history/seen.h"
#include "history/slots.h"

enum { TALLY_UNIT = 8, TALLY_SIZE_MAX = 1 << 30 };

_Static_assert(TALLY_SIZE_MAX / TALLY_UNIT < SLOTS_NUMBER_MAX, "a slot can name each place");

/* Something seen, as struct history_seen. */
struct tally_item {
    uint64_t count;
    uint32_t first_s;
    uint32_t last_s;
    uint32_t host;
    uint32_t way;
    uint16_t key_size;
    uint8_t kind;
    uint8_t form;
    uint8_t key[];
};

struct tally {
    struct hash_secret secret; /* random: nobody knows which values meet in the table */
    uint64_t mix[2];           /* the same, for what stands beside the key */
    struct slots slots;
    uint8_t *bytes; /* of the items, each at a multiple of TALLY_UNIT */
    size_t size;
    size_t capacity;
};

/**
 * Begin with nothing.
 *
 * tally     zeroed
 * items     about so many are expected
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err tally_init(struct tally *tally, size_t items);

/**
 * Give the memory back.
 *
 * tally     zeroed or begun
 */
void tally_done(struct tally *tally);

/**
 * Forget all items; the memory is kept.
 *
 * tally     begun
 */
void tally_clear(struct tally *tally);

/**
 * How much memory an item takes.
 *
 * key_size  of its key
 */
static inline size_t tally_item_size(size_t key_size)
{
    size_t size = offsetof(struct tally_item, key) + key_size;
    return (size + TALLY_UNIT - 1) / TALLY_UNIT * TALLY_UNIT;
}

/**
 * Make room, so that as many items can be added without fail.
 *
 * tally     begun
 * items     to come
 * size      sum of their tally_item_size()
 *
 * Errors    ERR_LIMIT no memory, or more than TALLY_SIZE_MAX
 */
MUST_USE
enum err tally_reserve(struct tally *tally, size_t items, size_t size);

/**
 * Add an item that is not there.
 *
 * tally     begun
 * seen      its key is copied
 * tag       tally_tag() of it
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err tally_add(struct tally *tally, const struct history_seen *seen, uint32_t tag);

/**
 * The item at a place.
 *
 * tally     begun
 * at        0, or what tally_next() gave; less than tally->size
 */
static inline struct tally_item *tally_at(const struct tally *tally, size_t at)
{
    return (struct tally_item *)__builtin_assume_aligned(tally->bytes + at, TALLY_UNIT);
}

/**
 * The place behind an item: of the next, or tally->size.
 *
 * tally     begun
 * at        of the item
 */
static inline size_t tally_next(const struct tally *tally, size_t at)
{
    return at + tally_item_size(tally_at(tally, at)->key_size);
}

/**
 * Two halves of a product of 128 bits: each bit of both numbers reaches each bit of the result.
 *
 * a, b      any numbers
 */
static inline uint64_t tally_fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = a;
    product *= b;
    return (uint64_t)product ^ (uint64_t)(product >> 64); /* its upper half */
}

/**
 * The part of a tag that comes of the key alone: the dear one.
 *
 * tally     begun
 * key       looked at
 */
static inline uint32_t tally_key_hash(const struct tally *tally, struct span key)
{
    return (uint32_t)hash_bytes_inline(&tally->secret, key);
}

/**
 * The tag of something seen, of whose key the hash is known.
 *
 * tally     begun
 * seen      looked at, but for its key
 * key_hash  tally_key_hash() of its key
 */
static inline uint32_t tally_tag_of(const struct tally *tally, const struct history_seen *seen,
                                    uint32_t key_hash)
{
    uint64_t what = (uint64_t)seen->kind << 8 | (uint64_t)seen->form << 16 | /* a byte each */
                    (uint64_t)seen->way << 32;                               /* the upper half */
    uint64_t where = (uint64_t)seen->host << 32 | seen->first_s / HISTORY_HOUR_S;
    return key_hash ^ (uint32_t)tally_fold(what ^ tally->mix[0], where ^ tally->mix[1]);
}

/**
 * The tag of something seen.
 *
 * tally     begun
 * seen      looked at
 */
static inline uint32_t tally_tag(const struct tally *tally, const struct history_seen *seen)
{
    return tally_tag_of(tally, seen, tally_key_hash(tally, seen->key));
}

/**
 * Ask for the memory in which the slot of a tag lies; tally_item_ahead() then for that of its item.
 * Who looks for many things at once waits for the memory once.
 *
 * tally     begun
 * tag       of what will be looked for
 */
static inline void tally_slot_ahead(const struct tally *tally, uint32_t tag)
{
    __builtin_prefetch(slots_first(&tally->slots, tag));
}

/**
 * Ask for the memory in which the item of a tag lies, where it is found at once.
 *
 * tally     begun
 * tag       of what will be looked for
 */
static inline void tally_item_ahead(const struct tally *tally, uint32_t tag)
{
    enum { LINE_SIZE = 64 }; /* an item with its key often lies in two */
    const struct slots *slots = &tally->slots;
    const struct slot *slot = slots_first(slots, tag);
    if (slots_holds(slots, slot)) {
        const uint8_t *item = tally->bytes + (size_t)slots_number(slots, slot) * TALLY_UNIT;
        __builtin_prefetch(item);
        __builtin_prefetch(item + LINE_SIZE);
    }
}

/**
 * The item of what was seen, or NULL.
 *
 * tally     begun
 * seen      looked for: value, hour of first_s, host and way
 * tag       tally_tag() of it
 */
static inline struct tally_item *tally_find(const struct tally *tally,
                                            const struct history_seen *seen, uint32_t tag)
{
    uint32_t start_s = seen->first_s - seen->first_s % HISTORY_HOUR_S;
    const struct slots *slots = &tally->slots;
    for (const struct slot *slot = slots_first(slots, tag); slots_holds(slots, slot);
         slot = slots_next(slots, slot)) {
        if (slot->tag != tag) {
            continue;
        }
        struct tally_item *item = tally_at(tally, (size_t)slots_number(slots, slot) * TALLY_UNIT);
        bool same = item->key_size == seen->key.size && item->kind == seen->kind &&
                    item->form == seen->form && item->host == seen->host &&
                    item->way == seen->way && item->first_s - start_s < HISTORY_HOUR_S;
        if (same && memcmp(item->key, seen->key.data, seen->key.size) == 0) {
            return item;
        }
    }
    return NULL;
}

/**
 * Count what was seen to its item.
 *
 * item      tally_find() gave it
 * seen      the same value, host and way, within the same hour
 */
static inline void tally_grow(struct tally_item *item, const struct history_seen *seen)
{
    item->first_s = seen->first_s < item->first_s ? seen->first_s : item->first_s;
    item->last_s = seen->last_s > item->last_s ? seen->last_s : item->last_s;
    if (__builtin_add_overflow(item->count, seen->count, &item->count)) {
        item->count = UINT64_MAX;
    }
}

#endif
