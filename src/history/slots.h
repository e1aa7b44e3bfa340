// SPDX-License-Identifier: EUPL-1.2
/*
 * The slots of a hash table whose items lie elsewhere: each slot holds a part of the hash and a
 * number that tells where its item lies. Emptying the table costs nothing: numbers are written on
 * from a base that rises, and a slot with one below the base is free. At most half of the slots are
 * used.
 *
 *     for (struct slot *slot = slots_first(slots, tag); slots_holds(slots, slot);
 *          slot = slots_next(slots, slot)) {
 *         if (slot->tag == tag && ... the item of slots_number(slots, slot) is the one ...)
 *     }
 *
 * Tags come from a hash under a secret: nobody who writes log lines can make walks long.
 */
#ifndef HISTORY_SLOTS_H
#define HISTORY_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SLOTS_ITEM_COUNT_MAX = 1 << 26, SLOTS_NUMBER_MAX = 1 << 28 };

struct slot {
    uint32_t tag;
    uint32_t number; /* and the base; below the base: free */
};

struct slots {
    struct slot *at;
    uint32_t mask;  /* slots - 1 */
    uint32_t base;  /* at least 1 */
    uint32_t end;   /* no number that is in is as large, without the base */
    uint32_t count; /* items that are in */
};

/**
 * Make room for some items.
 *
 * slots     zeroed
 * count     of items that are expected
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err slots_init(struct slots *slots, size_t count);

/**
 * Give the memory back.
 *
 * slots     zeroed or begun
 */
void slots_done(struct slots *slots);

/**
 * Take all items out.
 *
 * slots     begun
 */
void slots_clear(struct slots *slots);

/**
 * Make room for more items, so that as many slots_put() follow without growing.
 *
 * slots     begun; untouched on error
 * count     of items to come; with those that are in at most SLOTS_ITEM_COUNT_MAX
 *
 * Errors    ERR_LIMIT no memory, or too many
 */
MUST_USE
enum err slots_reserve(struct slots *slots, size_t count);

/**
 * Where the walk of a tag begins.
 *
 * slots     begun
 * tag       of an item
 */
static inline struct slot *slots_first(const struct slots *slots, uint32_t tag)
{
    return &slots->at[tag & slots->mask];
}

/**
 * The next slot of a walk.
 *
 * slots     begun
 * slot      of it
 */
static inline struct slot *slots_next(const struct slots *slots, const struct slot *slot)
{
    return &slots->at[(uint32_t)(slot - slots->at + 1) & slots->mask];
}

/**
 * Whether a slot holds an item; where not, the walk ends.
 *
 * slots     begun
 * slot      of it
 */
static inline bool slots_holds(const struct slots *slots, const struct slot *slot)
{
    return slot->number >= slots->base;
}

/**
 * The number of a slot's item.
 *
 * slots     begun
 * slot      holds one
 */
static inline uint32_t slots_number(const struct slots *slots, const struct slot *slot)
{
    return slot->number - slots->base;
}

/**
 * Put an item where a walk has ended.
 *
 * slots     has room: slots_reserve()
 * slot      free
 * tag       of the item
 * number    of it: greater than those that are in, less than SLOTS_NUMBER_MAX
 */
static inline void slots_put(struct slots *slots, struct slot *slot, uint32_t tag, uint32_t number)
{
    *slot = (struct slot){ .tag = tag, .number = slots->base + number };
    slots->end = number + 1;
    slots->count++;
}

/**
 * Whether slots_put() has room for one more.
 *
 * slots     begun
 */
static inline bool slots_has_room(const struct slots *slots)
{
    return slots->count < (slots->mask + 1) / 2;
}

#endif
