// SPDX-License-Identifier: EUPL-1.2
/*
 * What is live, in memory: all records that were committed, counted together, under numbers of
 * hosts and ways of its own.
 */
#include "base/memory.h"
#include "base/must.h"
#include "history/live_inner.h"
#include "history/record_inner.h"

enum {
    ITEMS_EXPECTED = 1 << 10,
    SCRATCH_SIZE_MAX = 256 * 1024 * 1024, /* of a record with HISTORY_NAMES_MAX hosts and ways */
    LIST_SLACK = 64,                      /* bytes that an arena may lose to alignment in a list */
    LISTS = 4,
    AHEAD = 32,            /* things that are looked for at once: see things_count() */
    HASHES_KEPT = 1 << 18, /* room for so many stays: 1 MiB */
};

struct live_table *live_table_new(void)
{
    const struct actor actor = { .name = SPAN("history") };
    struct live_table *table = memory_new(sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    op_begin(&table->scratch, &actor, SCRATCH_SIZE_MAX);
    table->oldest_s = UINT32_MAX;
    bool made = tally_init(&table->tally, ITEMS_EXPECTED) == ERR_OK &&
                names_init(&table->hosts, &table->tally.secret) == ERR_OK &&
                names_init(&table->ways, &table->tally.secret) == ERR_OK &&
                names_number(&table->hosts, SPAN("")) == 0;
    if (!made) {
        live_table_free(table);
        return NULL;
    }
    return table;
}

void live_table_free(struct live_table *table)
{
    if (table == NULL) {
        return;
    }
    tally_done(&table->tally);
    names_done(&table->hosts);
    names_done(&table->ways);
    memory_free(table->hashes);
    op_end(&table->scratch);
    memory_free(table);
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

static bool hashes_reserve(struct live_table *table, size_t count)
{
    size_t wanted = table->hash_count + count;
    if (wanted <= table->hash_room) {
        return true;
    }
    size_t room = 2 * table->hash_room > wanted ? 2 * table->hash_room : wanted;
    uint32_t *hashes = memory_resize(table->hashes, room * sizeof *hashes);
    if (hashes == NULL) {
        return false;
    }
    table->hashes = hashes;
    table->hash_room = room;
    return true;
}

static enum err fail_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "no memory for what was seen in the last hour");
}

/* Read all that was seen in a record; hashes of keys go behind those that are there. */
static enum err things_check(struct op *op, struct live_table *table, struct history_record *read,
                             struct live_need *need)
{
    struct history_seen seen;
    uint32_t *hash = table->hashes + table->hash_count;
    enum err err = history_record_next(read, &seen);
    while (err == ERR_OK) {
        need->items++;
        need->items_size += tally_item_size(seen.key.size);
        *hash = tally_key_hash(&table->tally, seen.key);
        hash++;
        err = history_record_next(read, &seen);
    }
    if (err != ERR_ABSENT) {
        uint64_t number = read->seen_count - read->left;
        return op_fail(op, err, "what was seen, %llu of a record, is broken",
                       (unsigned long long)number);
    }
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

static enum err table_reserve(struct op *op, struct live_table *table, const struct live_need *need)
{
    bool reserved = tally_reserve(&table->tally, need->items, need->items_size) == ERR_OK &&
                    names_reserve(&table->hosts, need->hosts, need->hosts_size) == ERR_OK &&
                    names_reserve(&table->ways, need->ways, need->ways_size) == ERR_OK &&
                    scratch_reserve(table, need->scratch_size) == ERR_OK;
    return reserved ? ERR_OK : fail_memory(op);
}

enum err live_table_check(struct op *op, struct live_table *table, struct span record)
{
    struct live_need need = table->need;
    struct history_record read;
    scratch_reset(table);
    enum err err = record_read_known(&table->scratch, record, &table->hosts, &read);
    if (err != ERR_OK) {
        return scratch_fail(op, table, err);
    }
    names_need(&read, &need);
    if (!hashes_reserve(table, (size_t)read.seen_count)) {
        return fail_memory(op);
    }
    TRY(things_check(op, table, &read, &need));
    TRY(table_reserve(op, table, &need));
    table->hash_count += (size_t)read.seen_count;
    table->need = need;
    return ERR_OK;
}

void live_table_drop(struct live_table *table)
{
    table->need = (struct live_need){ 0 };
    table->hash_count = 0;
    table->hash_next = 0;
    if (table->hash_room > HASHES_KEPT) {
        memory_free(table->hashes);
        table->hashes = NULL;
        table->hash_room = 0;
    }
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

/* Something seen, under the table's numbers, on its way to its item. */
struct coming {
    struct history_seen seen;
    uint32_t tag;
};

static size_t some_take(struct live_table *table, struct history_record *read,
                        const uint32_t *hosts, const uint32_t *ways, struct coming *ret)
{
    size_t count = 0;
    while (count < AHEAD && record_next_checked(read, &ret[count].seen)) {
        struct history_seen *seen = &ret[count].seen;
        seen->host = hosts[seen->host];
        seen->way = ways[seen->way];
        ret[count].tag = tally_tag_of(&table->tally, seen, table->hashes[table->hash_next]);
        tally_slot_ahead(&table->tally, ret[count].tag);
        table->hash_next++;
        count++;
    }
    return count;
}

static void seen_add(struct live_table *table, const struct history_seen *seen, uint32_t tag)
{
    struct tally_item *item = tally_find(&table->tally, seen, tag);
    if (item != NULL) {
        tally_grow(item, seen);
    } else {
        enum err err = tally_add(&table->tally, seen, tag);
        must(err == ERR_OK); /* its room was reserved */
    }
    table->oldest_s = seen->first_s < table->oldest_s ? seen->first_s : table->oldest_s;
}

/* The table is larger than the caches: some are looked for at once, so that the memory is waited
 * for once, not for each of them. */
static void things_count(struct live_table *table, struct history_record *read,
                         const uint32_t *hosts, const uint32_t *ways)
{
    struct coming coming[AHEAD];
    size_t count = some_take(table, read, hosts, ways, coming);
    while (count > 0) {
        for (size_t i = 0; i < count; i++) {
            tally_item_ahead(&table->tally, coming[i].tag);
        }
        for (size_t i = 0; i < count; i++) {
            seen_add(table, &coming[i].seen, coming[i].tag);
        }
        count = some_take(table, read, hosts, ways, coming);
    }
}

void live_table_add(struct live_table *table, struct span record)
{
    struct history_record read;
    scratch_reset(table);
    enum err err = record_read_known(&table->scratch, record, &table->hosts, &read);
    must(err == ERR_OK); /* as it was when it was checked */
    const uint32_t *hosts = hosts_map(table, &read);
    const uint32_t *ways = ways_map(table, &read);
    must(table->hash_count - table->hash_next >= read.seen_count);
    things_count(table, &read, hosts, ways);
}
