// SPDX-License-Identifier: EUPL-1.2
/*
 * Looking up: go to the place where a value would lie, and read as far as the question reaches.
 * What meets what is as in match/find.c; where that takes more than comparing keys, as with URLs,
 * the values of the stretch in which all answers lie are put to the matcher itself.
 */
#include "base/must.h"
#include "history/hunt_inner.h"

enum {
    CIDR_HEAD_SIZE = 2,
    BYTE_BITS = 8,
    ADDRESS_SIZE_MAX = VALUE_IPV6_SIZE,
};

/* ---- points and stretches ---- */

/* The entry at a place, with all its pieces. */
static enum err point_ask(struct hunt *hunt, size_t item, const struct history_entry *place)
{
    struct history_entry entry;
    TRY(hunt_seek(hunt, place, SEGMENT_REACH_POINT));
    enum err err = hunt_read(hunt, hunt->cursor, &entry);
    while (err == ERR_OK && history_order_compare(&entry, place) == 0) {
        TRY(hunt_tell(hunt, item, &entry, MATCH_RUNG_EXACT));
        err = hunt_read(hunt, hunt->cursor, &entry);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

static bool is_of(const struct history_entry *entry, const struct history_entry *place)
{
    return entry->kind == place->kind && entry->form == place->form;
}

/* All names that lie behind a dot behind a name. */
static enum err below_ask(struct hunt *hunt, size_t item, const struct history_entry *place)
{
    uint8_t order[VALUE_DOMAIN_SIZE_MAX + 1];
    struct history_entry entry;
    span_copy(order, sizeof order, place->order);
    order[place->order.size] = '.';
    struct span begin = span_make(order, place->order.size + 1);
    struct history_entry first = *place;
    first.order = begin;
    TRY(hunt_seek(hunt, &first, SEGMENT_REACH_BEGIN));
    enum err err = hunt_read(hunt, hunt->cursor, &entry);
    while (err == ERR_OK && is_of(&entry, place) && span_starts_with(entry.order, begin)) {
        if (entry.order.size <= VALUE_DOMAIN_SIZE_MAX) {
            TRY(hunt_tell(hunt, item, &entry, MATCH_RUNG_SUBDOMAIN));
        }
        err = hunt_read(hunt, hunt->cursor, &entry);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* The first and the last address of a range. */
struct stretch {
    uint8_t first[ADDRESS_SIZE_MAX];
    uint8_t last[ADDRESS_SIZE_MAX];
    size_t size;
};

static struct stretch stretch_of(struct span range)
{
    struct stretch stretch = { .size = range.size - CIDR_HEAD_SIZE };
    unsigned prefix = range.data[1];
    for (size_t i = 0; i < stretch.size; i++) {
        unsigned before = (unsigned)i * BYTE_BITS; /* bits in the bytes before */
        unsigned fixed = prefix > before ? prefix - before : 0;
        unsigned host = fixed >= BYTE_BITS ? 0 : (unsigned)UINT8_MAX >> fixed;
        stretch.first[i] = range.data[CIDR_HEAD_SIZE + i];
        stretch.last[i] = (uint8_t)(stretch.first[i] | host);
    }
    return stretch;
}

static enum err stretch_ask(struct hunt *hunt, size_t item, const struct history_entry *place,
                            const struct stretch *stretch)
{
    struct history_entry entry;
    struct history_entry first = *place;
    first.order = span_make(stretch->first, stretch->size);
    TRY(hunt_seek(hunt, &first, SEGMENT_REACH_ALL));
    enum err err = hunt_read(hunt, hunt->cursor, &entry);
    while (err == ERR_OK && is_of(&entry, place) &&
           span_compare(entry.order, span_make(stretch->last, stretch->size)) <= 0) {
        if (entry.order.size == stretch->size) {
            TRY(hunt_tell(hunt, item, &entry, MATCH_RUNG_RANGE));
        }
        err = hunt_read(hunt, hunt->cursor, &entry);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* ---- whole values ---- */

static enum err item_ask(struct hunt *hunt, enum value_kind kind, size_t item)
{
    const struct hunt_question *question = hunt_item_question(hunt, item);
    uint8_t order[HISTORY_ORDER_SIZE_MAX];
    struct history_entry place = { .kind = kind, .form = HISTORY_WHOLE };
    if (question->value.kind == VALUE_CIDR) {
        const struct stretch stretch = stretch_of(question->value.key);
        return stretch_ask(hunt, item, &place, &stretch);
    }
    history_order(kind, HISTORY_WHOLE, question->value.key, order);
    place.order = span_make(order, question->value.key.size);
    if (question->scope != VALUE_SCOPE_SUBDOMAINS_ONLY) {
        TRY(point_ask(hunt, item, &place));
    }
    bool below =
        question->scope == VALUE_SCOPE_SUBDOMAINS || question->scope == VALUE_SCOPE_SUBDOMAINS_ONLY;
    return below ? below_ask(hunt, item, &place) : ERR_OK;
}

/* How all URLs begin that can meet one: with its host, in which nothing can be written in two ways,
 * and a slash. Empty where that is not how it begins. */
static struct span url_begin(struct span key)
{
    size_t size = 0;
    while (size < key.size && key.data[size] != '/' && key.data[size] != '?' &&
           key.data[size] != '%' && key.data[size] != '\\') {
        size++;
    }
    bool slash = size < key.size && key.data[size] == '/';
    return span_slice(key, 0, slash ? size + 1 : 0);
}

/* The URLs of a host. */
static enum err urls_ask(struct hunt *hunt, const struct hunt_run *run, struct span begin)
{
    const struct history_entry first = { .kind = VALUE_URL, .form = HISTORY_WHOLE, .order = begin };
    struct history_entry entry;
    TRY(hunt_seek(hunt, &first, SEGMENT_REACH_BEGIN));
    enum err err = hunt_read(hunt, hunt->cursor, &entry);
    while (err == ERR_OK && entry.kind == VALUE_URL && entry.form == HISTORY_WHOLE &&
           span_starts_with(entry.order, begin)) {
        TRY(hunt_match(hunt, run, &entry));
        err = hunt_read(hunt, hunt->cursor, &entry);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* Each host once: they come in order. */
static enum err urls_lookup(struct hunt *hunt, struct hunt_run *run, size_t count)
{
    struct span before = { 0 };
    for (size_t i = 0; i < count; i++) {
        if (url_begin(hunt_item_question(hunt, hunt->passing[i])->value.key).size == 0) {
            return hunt_scan_all(hunt, run);
        }
    }
    TRY(hunt_index_make(hunt, run));
    for (size_t i = 0; i < count; i++) {
        struct span begin = url_begin(hunt_item_question(hunt, hunt->passing[i])->value.key);
        if (!span_equal(begin, before)) {
            TRY(urls_ask(hunt, run, begin));
            before = begin;
        }
    }
    return ERR_OK;
}

enum err hunt_lookup(struct hunt *hunt, struct hunt_run *run, size_t count)
{
    if (run->kind == VALUE_URL) {
        return urls_lookup(hunt, run, count);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(item_ask(hunt, run->kind, hunt->passing[i]));
    }
    return ERR_OK;
}

/* ---- values that are not whole ---- */

/* The networks that a range shares addresses with. */
static enum err networks_ask(struct hunt *hunt, size_t item, const struct history_entry *place)
{
    const struct hunt_question *question = hunt_item_question(hunt, item);
    struct stretch stretch = stretch_of(question->value.key);
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
    struct history_kept kept;
    TRY(history_keep_value(hunt->rules, place->kind, span_make(stretch.first, stretch.size),
                           HISTORY_KEEP_TRUNCATED, bytes, &kept));
    span_copy(stretch.first, sizeof stretch.first, kept.key);
    return stretch_ask(hunt, item, place, &stretch);
}

static enum err kept_ask(struct hunt *hunt, size_t item, enum value_kind kind,
                         enum history_form form)
{
    const struct hunt_question *question = hunt_item_question(hunt, item);
    enum history_keep keep =
        form == HISTORY_TRUNCATED ? HISTORY_KEEP_TRUNCATED : HISTORY_KEEP_HASHED;
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
    uint8_t order[HISTORY_ORDER_SIZE_MAX];
    struct history_kept kept;
    if (history_keep_value(hunt->rules, kind, question->value.key, keep, bytes, &kept) != ERR_OK ||
        !segment_may_hold(hunt->segment, kind, form, kept.key)) {
        return ERR_OK;
    }
    history_order(kind, form, kept.key, order);
    const struct history_entry place = { .kind = kind,
                                         .form = form,
                                         .order = span_make(order, kept.key.size) };
    return point_ask(hunt, item, &place);
}

enum err hunt_lookup_form(struct hunt *hunt, const struct hunt_run *run, enum history_form form)
{
    for (size_t item = run->begin; item < run->end; item += hunt->items[item].same) {
        const struct hunt_question *question = hunt_item_question(hunt, item);
        bool below = question->scope == VALUE_SCOPE_SUBDOMAINS_ONLY;
        bool range = question->value.kind == VALUE_CIDR;
        const struct history_entry place = { .kind = run->kind, .form = form };
        if (hunt_is_pattern(question) || (form == HISTORY_HASHED && (below || range))) {
            continue;
        }
        TRY(range ? networks_ask(hunt, item, &place) : kept_ask(hunt, item, run->kind, form));
    }
    return ERR_OK;
}
