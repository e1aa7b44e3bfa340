// SPDX-License-Identifier: EUPL-1.2
#include "history/answer.h"

#include <stdlib.h>

#include "base/must.h"
#include "os/random.h"

enum {
    SLOTS_MIN = 64,    /* of a table */
    PARTS_MIN = 16,    /* of a list */
    PAGE_DAYS = 512,   /* that are counted side by side */
    DAYS_PAST = 49711, /* from 1970 to 2106 */
    PAGES = (DAYS_PAST + PAGE_DAYS - 1) / PAGE_DAYS,
    BAR_DAYS = 0, /* what is known to the day */
    BAR_MONTHS,   /* what is known to the month */
    BAR_COUNT,
    TEXT_SIZE_MAX = VALUE_TEXT_SIZE_MAX + 2 * HISTORY_ORDER_SIZE_MAX, /* as hexadecimal digits */
};

/* Open addressing. What has no room in the list is known by its hash alone. */
struct slot {
    uint64_t hash;
    uint32_t part; /* number + 1; 0: an empty slot */
};

#define NO_ROOM UINT32_MAX

/* A list of parts, and the table by which a part is found. */
struct list {
    struct answer_part *at;
    size_t count;
    size_t room;
    size_t max;
    struct slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t used;
    uint64_t more;
};

struct day_page {
    uint64_t counts[PAGE_DAYS];
};

struct answer_maker {
    struct op *op;
    struct hash_secret secret;
    struct answer answer;
    struct list values;
    struct list hosts;
    struct list sensors;
    struct list fields;
    struct day_page *bars[BAR_COUNT][PAGES];
};

enum err answer_begin(struct op *op, struct answer_maker **ret)
{
    struct answer_maker *maker = op_alloc(op, sizeof *maker);
    if (maker == NULL) {
        return ERR_LIMIT;
    }
    maker->op = op;
    maker->answer.first_s = UINT32_MAX;
    maker->values.max = ANSWER_VALUES_MAX;
    maker->hosts.max = ANSWER_NAMES_MAX;
    maker->sensors.max = ANSWER_NAMES_MAX;
    maker->fields.max = ANSWER_NAMES_MAX;
    os_random(maker->secret.bytes, sizeof maker->secret.bytes);
    *ret = maker;
    return ERR_OK;
}

static uint64_t added(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* ---- lists ---- */

static void slot_put(struct slot *slots, size_t slot_count, struct slot slot)
{
    size_t at = slot.hash & (slot_count - 1);
    while (slots[at].part != 0) {
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = slot;
}

/* Room for one more in the table; where there is none, no more is told apart. */
static bool table_grow(struct op *op, struct list *list)
{
    if (list->used == ANSWER_MORE_MAX) {
        return false;
    }
    if (list->used < list->slot_count / 2) {
        return true;
    }
    size_t slot_count = list->slot_count == 0 ? SLOTS_MIN : 2 * list->slot_count;
    struct slot *slots = arena_alloc(&op->arena, slot_count * sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < list->slot_count; i++) {
        if (list->slots[i].part != 0) {
            slot_put(slots, slot_count, list->slots[i]);
        }
    }
    list->slots = slots;
    list->slot_count = slot_count;
    return true;
}

static bool is_part(const struct answer_part *part, const struct answer_part *wanted)
{
    return part->kind == wanted->kind && part->form == wanted->form &&
           span_equal(part->name, wanted->name);
}

/* The slot of a part; NULL where it is not known. */
static struct slot *list_find(const struct list *list, uint64_t hash,
                              const struct answer_part *wanted)
{
    size_t at = hash & (list->slot_count - 1);
    while (list->slot_count > 0 && list->slots[at].part != 0) {
        struct slot *slot = &list->slots[at];
        if (slot->hash == hash &&
            (slot->part == NO_ROOM || is_part(&list->at[slot->part - 1], wanted))) {
            return slot;
        }
        at = (at + 1) & (list->slot_count - 1);
    }
    return NULL;
}

static enum err list_grow(struct op *op, struct list *list)
{
    if (list->count < list->room) {
        return ERR_OK;
    }
    size_t room = list->room == 0 ? PARTS_MIN : 2 * list->room;
    struct answer_part *at = op_alloc(op, room * sizeof *at);
    if (at == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < list->count; i++) {
        at[i] = list->at[i];
    }
    list->at = at;
    list->room = room;
    return ERR_OK;
}

/* A new part, or what is there of it; NULL where there is no room for it. */
static enum err list_part(struct answer_maker *maker, struct list *list,
                          const struct answer_part *wanted, struct answer_part **ret)
{
    struct op *op = maker->op;
    const uint64_t spread = 0x9E3779B97F4A7C15u; /* kinds and forms fall far from each other */
    uint64_t what = (uint64_t)wanted->kind * HISTORY_FORM_COUNT + (uint64_t)wanted->form;
    uint64_t hash = hash_bytes(&maker->secret, wanted->name) ^ what * spread;
    struct slot *slot = list_find(list, hash, wanted);
    if (slot != NULL) {
        *ret = slot->part == NO_ROOM ? NULL : &list->at[slot->part - 1];
        return ERR_OK;
    }
    *ret = NULL;
    bool fits = list->count < list->max;
    if (!table_grow(op, list)) {
        return fits ? op_fail(op, ERR_LIMIT, "no memory for the answer") : ERR_OK;
    }
    struct slot put = { .hash = hash, .part = NO_ROOM };
    if (fits) {
        TRY(list_grow(op, list));
        struct answer_part *part = &list->at[list->count];
        *part = *wanted;
        TRY(op_copy(op, wanted->name, &part->name));
        part->first_s = UINT32_MAX;
        list->count++;
        put.part = (uint32_t)list->count;
        *ret = part;
    } else {
        list->more++;
    }
    slot_put(list->slots, list->slot_count, put);
    list->used++;
    return ERR_OK;
}

static void part_add(struct answer_part *part, const struct history_posting *posting)
{
    if (part == NULL) {
        return;
    }
    part->first_s = posting->first_s < part->first_s ? posting->first_s : part->first_s;
    part->last_s = posting->last_s > part->last_s ? posting->last_s : part->last_s;
    part->count = added(part->count, posting->count);
}

static enum err name_add(struct answer_maker *maker, struct list *list, struct span name,
                         const struct history_posting *posting)
{
    const struct answer_part wanted = { .name = name };
    struct answer_part *part = NULL;
    TRY(list_part(maker, list, &wanted, &part));
    part_add(part, posting);
    return ERR_OK;
}

/* ---- days ---- */

static enum err day_add(struct answer_maker *maker, const struct history_row *row, uint64_t count)
{
    bool month = row->width == HISTORY_MONTH;
    size_t day = row->start_s / HISTORY_DAY_S;
    struct day_page **page = &maker->bars[month ? BAR_MONTHS : BAR_DAYS][day / PAGE_DAYS];
    if (*page == NULL) {
        *page = op_alloc(maker->op, sizeof **page);
    }
    if (*page == NULL) {
        return ERR_LIMIT;
    }
    uint64_t *at = &(*page)->counts[day % PAGE_DAYS];
    *at = added(*at, count);
    return ERR_OK;
}

static uint64_t day_count(const struct answer_maker *maker, int bar, size_t day)
{
    const struct day_page *page = maker->bars[bar][day / PAGE_DAYS];
    return page == NULL ? 0 : page->counts[day % PAGE_DAYS];
}

/* ---- what was found ---- */

static enum err row_add(struct answer_maker *maker, const struct hunt_found *found,
                        const struct history_row *row, struct answer_part *value)
{
    struct answer *answer = &maker->answer;
    uint64_t count = 0;
    for (size_t i = 0; i < row->posting_count; i++) {
        const struct history_posting *posting = &row->postings[i];
        const struct history_way *way = &found->ways[posting->way];
        TRY(name_add(maker, &maker->hosts, found->hosts[posting->host], posting));
        TRY(name_add(maker, &maker->sensors, way->sensor, posting));
        TRY(name_add(maker, &maker->fields, way->field, posting));
        part_add(value, posting);
        answer->first_s = posting->first_s < answer->first_s ? posting->first_s : answer->first_s;
        answer->last_s = posting->last_s > answer->last_s ? posting->last_s : answer->last_s;
        count = added(count, posting->count);
    }
    answer->count = added(answer->count, count);
    return day_add(maker, row, count);
}

enum err answer_add(struct answer_maker *maker, const struct hunt_found *found)
{
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    history_kept_add_text(&text, found->kind, found->form, found->key);
    enum err err = text.err;
    struct answer_part *value = NULL;
    const struct answer_part wanted = {
        .name = buf_span(&text), .kind = found->kind, .form = found->form, .rung = found->rung
    };
    if (err == ERR_OK) {
        err = list_part(maker, &maker->values, &wanted, &value);
    }
    buf_done(&text);
    for (size_t i = 0; err == ERR_OK && i < found->row_count; i++) {
        err = row_add(maker, found, &found->rows[i], value);
    }
    if (found->form == HISTORY_TRUNCATED) {
        maker->answer.uncertain = true;
    }
    return err;
}

/* ---- the answer ---- */

static int compare_parts(const void *a, const void *b)
{
    const struct answer_part *left = a;
    const struct answer_part *right = b;
    if (left->count != right->count) {
        return left->count < right->count ? 1 : -1;
    }
    int difference = span_compare(left->name, right->name);
    if (difference != 0) {
        return difference;
    }
    if (left->kind != right->kind) {
        return (int)left->kind - (int)right->kind;
    }
    return (int)left->form - (int)right->form;
}

static struct answer_parts parts_of(struct list *list)
{
    if (list->count > 1) {
        qsort(list->at, list->count, sizeof *list->at, compare_parts);
    }
    struct answer_parts parts = { .count = list->count, .at = list->at, .more = list->more };
    list->slots = NULL; /* its numbers are no longer those of the parts */
    list->slot_count = 0;
    return parts;
}

/* Every day or month with lines, or how many there are where `ret` is NULL. */
static size_t days_list(const struct answer_maker *maker, size_t skip, struct answer_day *ret)
{
    size_t count = 0;
    for (size_t day = 0; day < DAYS_PAST; day++) {
        for (int bar = 0; bar < BAR_COUNT; bar++) {
            uint64_t lines = day_count(maker, bar, day);
            if (lines == 0) {
                continue;
            }
            if (ret != NULL && count >= skip) {
                ret[count - skip] = (struct answer_day){ .start_s = (uint32_t)day * HISTORY_DAY_S,
                                                         .count = lines,
                                                         .month = bar == BAR_MONTHS };
            }
            count++;
        }
    }
    return count;
}

enum err answer_end(struct answer_maker *maker, struct answer *ret)
{
    size_t all = days_list(maker, 0, NULL);
    size_t skip = all > ANSWER_DAYS_MAX ? all - ANSWER_DAYS_MAX : 0;
    struct answer *answer = &maker->answer;
    answer->days = op_alloc(maker->op, (all - skip) * sizeof *answer->days);
    if (answer->days == NULL) {
        return ERR_LIMIT;
    }
    answer->day_count = all - skip;
    (void)days_list(maker, skip, answer->days);
    answer->values = parts_of(&maker->values);
    answer->hosts = parts_of(&maker->hosts);
    answer->sensors = parts_of(&maker->sensors);
    answer->fields = parts_of(&maker->fields);
    *ret = *answer;
    return ERR_OK;
}
