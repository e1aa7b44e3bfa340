// SPDX-License-Identifier: EUPL-1.2
/*
 * What is live, in memory: all records that were committed, counted together, under numbers of
 * hosts and ways of its own.
 */
#include "base/must.h"
#include "history/live_inner.h"

enum {
    ITEMS_EXPECTED = 1 << 10,
    SCRATCH_SIZE_MAX = 256 * 1024 * 1024, /* of a record with HISTORY_NAMES_MAX hosts and ways */
    LIST_SLACK = 64,                      /* bytes that an arena may lose to alignment in a list */
    LISTS = 4,
};

enum err live_table_init(struct live_table *table)
{
    const struct actor actor = { .name = SPAN("history") };
    op_begin(&table->scratch, &actor, SCRATCH_SIZE_MAX);
    table->oldest_s = UINT32_MAX;
    TRY(tally_init(&table->tally, ITEMS_EXPECTED));
    TRY(names_init(&table->hosts, &table->tally.secret));
    TRY(names_init(&table->ways, &table->tally.secret));
    return names_number(&table->hosts, SPAN("")) == 0 ? ERR_OK : ERR_LIMIT;
}

void live_table_done(struct live_table *table)
{
    tally_done(&table->tally);
    names_done(&table->hosts);
    names_done(&table->ways);
    op_end(&table->scratch);
}

static void scratch_reset(struct live_table *table)
{
    arena_reset(&table->scratch.arena);
    op_fault_clear(&table->scratch);
}

/* The fault of the scratch is that of the work in hand. */
static enum err scratch_fail(struct op *op, struct live_table *table, enum err err)
{
    (void)op_fail(op, err, "%s", table->scratch.fault.text);
    scratch_reset(table);
    return err;
}

static void names_need(const struct history_record *record, struct live_need *need)
{
    for (size_t i = 1; i < record->host_count; i++) {
        need->hosts_size += record->hosts[i].size;
    }
    for (size_t i = 0; i < record->way_count; i++) {
        const struct history_way *way = &record->ways[i];
        need->ways_size += NAMES_WAY_HEAD_SIZE + way->sensor.size + way->field.size;
    }
    need->hosts += record->host_count - 1;
    need->ways += record->way_count;
    size_t scratch_size = record->host_count * (sizeof *record->hosts + sizeof(uint32_t)) +
                          record->way_count * (sizeof *record->ways + sizeof(uint32_t)) +
                          (size_t)LISTS * LIST_SLACK;
    if (scratch_size > need->scratch_size) {
        need->scratch_size = scratch_size;
    }
}

enum err live_table_check(struct op *op, struct live_table *table, struct span record,
                          struct live_need *need)
{
    struct live_need grown = *need;
    struct history_record read;
    struct history_seen seen;
    scratch_reset(table);
    enum err err = history_record_read(&table->scratch, record, &read);
    if (err != ERR_OK) {
        return scratch_fail(op, table, err);
    }
    names_need(&read, &grown);
    err = history_record_next(&read, &seen);
    while (err == ERR_OK) {
        grown.items++;
        grown.items_size += tally_item_size(seen.key.size);
        err = history_record_next(&read, &seen);
    }
    if (err != ERR_ABSENT) {
        uint64_t number = read.seen_count - read.left;
        return op_fail(op, err, "what was seen, %llu of a record, is broken",
                       (unsigned long long)number);
    }
    *need = grown;
    return ERR_OK;
}

/* One piece of memory for the lists of any record to come. */
static enum err scratch_reserve(struct live_table *table, size_t size)
{
    if (size <= table->scratch_size) {
        return ERR_OK;
    }
    arena_done(&table->scratch.arena);
    table->scratch_size = 0;
    if (arena_alloc(&table->scratch.arena, size) == NULL) {
        return ERR_LIMIT;
    }
    table->scratch_size = size;
    return ERR_OK;
}

enum err live_table_reserve(struct op *op, struct live_table *table, const struct live_need *need)
{
    bool reserved = tally_reserve(&table->tally, need->items, need->items_size) == ERR_OK &&
                    names_reserve(&table->hosts, need->hosts, need->hosts_size) == ERR_OK &&
                    names_reserve(&table->ways, need->ways, need->ways_size) == ERR_OK &&
                    scratch_reserve(table, need->scratch_size) == ERR_OK;
    if (!reserved) {
        return op_fail(op, ERR_LIMIT, "no memory for what was seen in the last hour");
    }
    return ERR_OK;
}

/* The table's numbers for those of a record. */
static uint32_t *hosts_map(struct live_table *table, const struct history_record *record)
{
    uint32_t *map = op_alloc(&table->scratch, record->host_count * sizeof *map);
    must(map != NULL);
    for (size_t i = 0; i < record->host_count; i++) {
        map[i] = names_number(&table->hosts, record->hosts[i]);
        must(map[i] != NAMES_NONE);
    }
    return map;
}

static uint32_t *ways_map(struct live_table *table, const struct history_record *record)
{
    uint8_t bytes[NAMES_WAY_SIZE_MAX];
    uint32_t *map = op_alloc(&table->scratch, record->way_count * sizeof *map);
    must(map != NULL);
    for (size_t i = 0; i < record->way_count; i++) {
        map[i] = names_number(&table->ways, names_way_bytes(&record->ways[i], bytes));
        must(map[i] != NAMES_NONE);
    }
    return map;
}

static void seen_add(struct live_table *table, const struct history_seen *seen)
{
    uint32_t tag = tally_tag(&table->tally, seen);
    struct tally_item *item = tally_find(&table->tally, seen, tag);
    if (item != NULL) {
        tally_grow(item, seen);
    } else {
        enum err err = tally_add(&table->tally, seen, tag);
        must(err == ERR_OK); /* its room was reserved */
    }
    table->oldest_s = seen->first_s < table->oldest_s ? seen->first_s : table->oldest_s;
}

void live_table_add(struct live_table *table, struct span record)
{
    struct history_record read;
    struct history_seen seen;
    scratch_reset(table);
    enum err err = history_record_read(&table->scratch, record, &read);
    must(err == ERR_OK); /* as it was when it was checked */
    const uint32_t *hosts = hosts_map(table, &read);
    const uint32_t *ways = ways_map(table, &read);
    err = history_record_next(&read, &seen);
    while (err == ERR_OK) {
        seen.host = hosts[seen.host];
        seen.way = ways[seen.way];
        seen_add(table, &seen);
        err = history_record_next(&read, &seen);
    }
    must(err == ERR_ABSENT);
}
