// SPDX-License-Identifier: EUPL-1.2
#include "history/slots.h"

#include <string.h>

#include "base/memory.h"
#include "base/must.h"

enum { SLOT_COUNT_MIN = 64 };

/* Slots for so many items: a power of two, at least twice as many. */
static size_t slot_count_for(size_t items)
{
    size_t count = SLOT_COUNT_MIN;
    while (count < 2 * items) {
        count *= 2;
    }
    return count;
}

enum err slots_init(struct slots *slots, size_t count)
{
    must(count <= SLOTS_ITEM_COUNT_MAX);
    size_t wanted = slot_count_for(count);
    slots->at = memory_new_array(wanted, sizeof *slots->at);
    if (slots->at == NULL) {
        return ERR_LIMIT;
    }
    slots->mask = (uint32_t)(wanted - 1);
    slots->base = 1;
    slots->end = 0;
    slots->count = 0;
    return ERR_OK;
}

void slots_done(struct slots *slots)
{
    memory_free(slots->at);
    *slots = (struct slots){ 0 };
}

void slots_clear(struct slots *slots)
{
    slots->base += slots->end;
    slots->end = 0;
    slots->count = 0;
    if (slots->base > UINT32_MAX - SLOTS_NUMBER_MAX) { /* seldom */
        memset(slots->at, 0, ((size_t)slots->mask + 1) * sizeof *slots->at);
        slots->base = 1;
    }
}

enum err slots_reserve(struct slots *slots, size_t count)
{
    if (count > SLOTS_ITEM_COUNT_MAX - slots->count) {
        return ERR_LIMIT;
    }
    size_t wanted = slot_count_for(slots->count + count);
    if (wanted <= (size_t)slots->mask + 1) {
        return ERR_OK;
    }
    struct slots grown = *slots;
    grown.mask = (uint32_t)(wanted - 1);
    grown.at = memory_new_array(wanted, sizeof *grown.at);
    if (grown.at == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i <= slots->mask; i++) {
        const struct slot *slot = &slots->at[i];
        if (!slots_holds(slots, slot)) {
            continue;
        }
        struct slot *target = slots_first(&grown, slot->tag);
        while (slots_holds(&grown, target)) {
            target = slots_next(&grown, target);
        }
        *target = *slot;
    }
    memory_free(slots->at);
    *slots = grown;
    return ERR_OK;
}
