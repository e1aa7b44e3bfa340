// SPDX-License-Identifier: EUPL-1.2
#include "history/tally.h"

#include "base/memory.h"
#include "base/must.h"
#include "os/random.h"

enum { KEY_SIZE_EXPECTED = 20 };

enum err tally_init(struct tally *tally, size_t items)
{
    os_random(&tally->secret, sizeof tally->secret);
    os_random(tally->mix, sizeof tally->mix);
    tally->capacity = items * tally_item_size(KEY_SIZE_EXPECTED);
    tally->bytes = memory_new(tally->capacity);
    if (tally->bytes == NULL || slots_init(&tally->slots, items) != ERR_OK) {
        tally_done(tally);
        return ERR_LIMIT;
    }
    return ERR_OK;
}

void tally_done(struct tally *tally)
{
    slots_done(&tally->slots);
    memory_free(tally->bytes);
    *tally = (struct tally){ 0 };
}

void tally_clear(struct tally *tally)
{
    slots_clear(&tally->slots);
    tally->size = 0;
}

static enum err bytes_reserve(struct tally *tally, size_t size)
{
    if (size > TALLY_SIZE_MAX - tally->size) {
        return ERR_LIMIT;
    }
    size_t wanted = tally->size + size;
    if (wanted <= tally->capacity) {
        return ERR_OK;
    }
    size_t capacity = 2 * tally->capacity;
    capacity = capacity < wanted ? wanted : capacity;
    uint8_t *bytes = memory_resize(tally->bytes, capacity);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    tally->bytes = bytes;
    tally->capacity = capacity;
    return ERR_OK;
}

enum err tally_reserve(struct tally *tally, size_t items, size_t size)
{
    TRY(bytes_reserve(tally, size));
    return slots_reserve(&tally->slots, items);
}

enum err tally_add(struct tally *tally, const struct history_seen *seen, uint32_t tag)
{
    size_t size = tally_item_size(seen->key.size);
    must(seen->key.size <= UINT16_MAX);
    if (tally->capacity - tally->size < size || !slots_has_room(&tally->slots)) {
        TRY(tally_reserve(tally, 1, size));
    }
    struct slot *slot = slots_first(&tally->slots, tag);
    while (slots_holds(&tally->slots, slot)) {
        slot = slots_next(&tally->slots, slot);
    }
    slots_put(&tally->slots, slot, tag, (uint32_t)(tally->size / TALLY_UNIT));
    struct tally_item *item = tally_at(tally, tally->size);
    *item = (struct tally_item){
        .count = seen->count,
        .first_s = seen->first_s,
        .last_s = seen->last_s,
        .host = seen->host,
        .way = seen->way,
        .key_size = (uint16_t)seen->key.size,
        .kind = (uint8_t)seen->kind,
        .form = (uint8_t)seen->form,
    };
    span_copy(item->key, seen->key.size, seen->key);
    tally->size += size;
    return ERR_OK;
}
