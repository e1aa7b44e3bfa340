// SPDX-License-Identifier: EUPL-1.2
/*
 * Short byte strings, each with a number: hosts and ways of a record, and of what is live.
 */
#ifndef HISTORY_NAMES_H
#define HISTORY_NAMES_H

#include "base/hash.h"
#include "history/seen.h"
#include "history/slots.h"

#define NAMES_NONE UINT32_MAX /* no number */

enum {
    NAMES_WAY_HEAD_SIZE = 3,     /* of a way as bytes: flags, sizes of both names */
    NAMES_WAY_OUTCOME_SHIFT = 3, /* flags: direction, outcome, assumed, answer */
    NAMES_WAY_RANK_MASK = 7,
    NAMES_WAY_ASSUMED = 0x40,
    NAMES_WAY_ANSWER = 0x80,
    NAMES_WAY_SIZE_MAX = NAMES_WAY_HEAD_SIZE + 2 * HISTORY_NAME_SIZE_MAX,
};

struct names_item {
    uint32_t at; /* in `text` */
    uint32_t size;
};

struct names {
    const struct hash_secret *secret; /* borrowed */
    struct slots slots;
    struct names_item *items;
    size_t capacity; /* of items */
    struct buf text;
};

/**
 * Begin without names.
 *
 * names     zeroed
 * secret    of the table; borrowed until names_done()
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err names_init(struct names *names, const struct hash_secret *secret);

/**
 * Give the memory back.
 *
 * names     zeroed or begun
 */
void names_done(struct names *names);

/**
 * Forget all names; the memory is kept.
 *
 * names     begun
 */
void names_clear(struct names *names);

/**
 * The number of a name that is there.
 *
 * names     begun
 * name      any bytes
 *
 * Returns NAMES_NONE where it is not.
 */
uint32_t names_find(const struct names *names, struct span name);

/**
 * Make room, so that as many names can be added without fail.
 *
 * names     begun
 * count     of names to come
 * size      bytes of all of them
 *
 * Errors    ERR_LIMIT no memory, or more than HISTORY_NAMES_MAX
 */
MUST_USE
enum err names_reserve(struct names *names, size_t count, size_t size);

/**
 * The number of a name; it is added where it is not there.
 *
 * names     begun
 * name      at most NAMES_WAY_SIZE_MAX bytes; copied
 *
 * Returns NAMES_NONE where there are HISTORY_NAMES_MAX, or no memory.
 */
uint32_t names_number(struct names *names, struct span name);

/**
 * How many there are.
 *
 * names     begun
 */
size_t names_count(const struct names *names);

/**
 * A name.
 *
 * names     begun
 * number    of it; the span lives until one is added
 */
struct span names_at(const struct names *names, uint32_t number);

/**
 * A way as the bytes of a name.
 *
 * way       its names have at most HISTORY_NAME_SIZE_MAX bytes
 * target    receives at most NAMES_WAY_SIZE_MAX bytes
 */
struct span names_way_bytes(const struct history_way *way, uint8_t *target);

/**
 * A way of its bytes.
 *
 * bytes     made by names_way_bytes(); borrowed
 */
struct history_way names_way(struct span bytes);

#endif
