// SPDX-License-Identifier: EUPL-1.2
#include "history/seen.h"

#include <string.h>

#include "base/must.h"
#include "base/time.h"

void history_order(enum value_kind kind, enum history_form form, struct span key, uint8_t *ret)
{
    bool backwards = kind == VALUE_DOMAIN && form != HISTORY_HASHED;
    must(key.size <= HISTORY_ORDER_SIZE_MAX);
    for (size_t i = 0; i < key.size; i++) {
        ret[i] = key.data[backwards ? key.size - 1 - i : i];
    }
}

int history_order_compare(const struct history_entry *a, const struct history_entry *b)
{
    if (a->kind != b->kind) {
        return (int)a->kind - (int)b->kind;
    }
    if (a->form != b->form) {
        return (int)a->form - (int)b->form;
    }
    size_t size = a->order.size < b->order.size ? a->order.size : b->order.size;
    int difference = size == 0 ? 0 : memcmp(a->order.data, b->order.data, size);
    if (difference != 0) {
        return difference;
    }
    return (a->order.size > b->order.size) - (a->order.size < b->order.size);
}

/* The first second of the month that lies `later` months after that of a second. */
static uint64_t month_start(uint32_t second, int64_t later)
{
    struct time_civil civil = time_to_civil((int64_t)second * US_PER_S);
    int64_t months = civil.year * 12 + civil.month - 1 + later;
    const struct time_civil first = { .year = months / 12, .month = months % 12 + 1, .day = 1 };
    int64_t start_us = 0;
    enum err err = time_from_civil(&first, &start_us);
    must(err == ERR_OK); /* the years from 1970 to 2106 are all there */
    return (uint64_t)(start_us / US_PER_S);
}

uint32_t history_span_start(enum history_width width, uint32_t second)
{
    switch (width) {
    case HISTORY_HOUR:
        return second - second % HISTORY_HOUR_S;
    case HISTORY_DAY:
        return second - second % HISTORY_DAY_S;
    case HISTORY_MONTH:
    case HISTORY_WIDTH_COUNT:
        break;
    }
    return (uint32_t)month_start(second, 0);
}

uint32_t history_span_end(enum history_width width, uint32_t start_s)
{
    uint64_t end = (uint64_t)start_s + (width == HISTORY_HOUR ? HISTORY_HOUR_S : HISTORY_DAY_S);
    if (width == HISTORY_MONTH) {
        end = month_start(start_s, 1);
    }
    return end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
}
