// SPDX-License-Identifier: EUPL-1.2
#include "history/names.h"

#include "base/hash_inline.h"
#include "base/memory.h"
#include "base/must.h"

enum { NAMES_EXPECTED = 256, NAMES_TEXT_SIZE_MAX = 1 << 30 };

enum err names_init(struct names *names, const struct hash_secret *secret)
{
    names->secret = secret;
    buf_init(&names->text, NAMES_TEXT_SIZE_MAX);
    return slots_init(&names->slots, NAMES_EXPECTED);
}

void names_done(struct names *names)
{
    slots_done(&names->slots);
    memory_free(names->items);
    buf_done(&names->text);
    *names = (struct names){ 0 };
}

void names_clear(struct names *names)
{
    slots_clear(&names->slots);
    buf_clear(&names->text);
}

/* The slot of a name, or the free one in which it belongs. */
static struct slot *name_slot(const struct names *names, struct span name, uint32_t tag)
{
    struct slot *slot = slots_first(&names->slots, tag);
    while (slots_holds(&names->slots, slot)) {
        if (slot->tag == tag &&
            span_equal(names_at(names, slots_number(&names->slots, slot)), name)) {
            break;
        }
        slot = slots_next(&names->slots, slot);
    }
    return slot;
}

static uint32_t name_tag(const struct names *names, struct span name)
{
    return (uint32_t)hash_bytes_inline(names->secret, name);
}

uint32_t names_find(const struct names *names, struct span name)
{
    const struct slot *slot = name_slot(names, name, name_tag(names, name));
    return slots_holds(&names->slots, slot) ? slots_number(&names->slots, slot) : NAMES_NONE;
}

/* Room for more items. */
static bool items_reserve(struct names *names, size_t count)
{
    size_t wanted = names->slots.count + count;
    if (wanted <= names->capacity) {
        return true;
    }
    size_t capacity = names->capacity == 0 ? NAMES_EXPECTED : 2 * names->capacity;
    capacity = capacity < wanted ? wanted : capacity;
    struct names_item *items = memory_resize(names->items, capacity * sizeof *items);
    if (items == NULL) {
        return false;
    }
    names->items = items;
    names->capacity = capacity;
    return true;
}

enum err names_reserve(struct names *names, size_t count, size_t size)
{
    if (count > HISTORY_NAMES_MAX - names->slots.count || !items_reserve(names, count)) {
        return ERR_LIMIT;
    }
    if (buf_reserve(&names->text, size) == NULL) {
        names->text.err = ERR_OK; /* what is there can be used on */
        return ERR_LIMIT;
    }
    return slots_reserve(&names->slots, count);
}

static uint32_t name_add(struct names *names, struct span name, uint32_t tag)
{
    must(name.size <= NAMES_WAY_SIZE_MAX);
    if (names_reserve(names, 1, name.size) != ERR_OK) {
        return NAMES_NONE;
    }
    size_t at = names->text.size;
    buf_add(&names->text, name);
    uint32_t number = names->slots.count;
    slots_put(&names->slots, name_slot(names, name, tag), tag, number);
    names->items[number] = (struct names_item){ (uint32_t)at, (uint32_t)name.size };
    return number;
}

uint32_t names_number(struct names *names, struct span name)
{
    uint32_t tag = name_tag(names, name);
    const struct slot *slot = name_slot(names, name, tag);
    if (slots_holds(&names->slots, slot)) {
        return slots_number(&names->slots, slot);
    }
    return name_add(names, name, tag);
}

size_t names_count(const struct names *names)
{
    return names->slots.count;
}

struct span names_at(const struct names *names, uint32_t number)
{
    const struct names_item *item = &names->items[number];
    return span_make(names->text.data + item->at, item->size);
}

struct span names_way_bytes(const struct history_way *way, uint8_t *target)
{
    must(way->sensor.size <= HISTORY_NAME_SIZE_MAX);
    must(way->field.size <= HISTORY_NAME_SIZE_MAX);
    unsigned flags = (unsigned)way->direction | (unsigned)way->outcome << NAMES_WAY_OUTCOME_SHIFT;
    flags |= way->assumed ? NAMES_WAY_ASSUMED : 0;
    flags |= way->answer ? NAMES_WAY_ANSWER : 0;
    target[0] = (uint8_t)flags;
    target[1] = (uint8_t)way->sensor.size;
    target[2] = (uint8_t)way->field.size;
    uint8_t *at = target + NAMES_WAY_HEAD_SIZE;
    span_copy(at, way->sensor.size, way->sensor);
    at += way->sensor.size;
    span_copy(at, way->field.size, way->field);
    at += way->field.size;
    return span_make(target, (size_t)(at - target));
}

struct history_way names_way(struct span bytes)
{
    unsigned flags = bytes.data[0];
    size_t sensor_size = bytes.data[1];
    struct span names = span_from(bytes, NAMES_WAY_HEAD_SIZE);
    return (struct history_way){
        .sensor = span_slice(names, 0, sensor_size),
        .field = span_from(names, sensor_size),
        .direction = (enum rank_direction)(flags & NAMES_WAY_RANK_MASK),
        .outcome = (enum rank_outcome)(flags >> NAMES_WAY_OUTCOME_SHIFT & NAMES_WAY_RANK_MASK),
        .assumed = (flags & NAMES_WAY_ASSUMED) != 0,
        .answer = (flags & NAMES_WAY_ANSWER) != 0,
    };
}
