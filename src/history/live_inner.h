// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of live share: live.c (the write-ahead file), live_move.c (to a further one),
 * live_table.c (memory) and live_write.c (into a segment).
 */
#ifndef HISTORY_LIVE_INNER_H
#define HISTORY_LIVE_INNER_H

#include "history/live.h"
#include "history/names.h"
#include "history/tally.h"

/* How much memory records will need at most, once they are in a table. */
struct live_need {
    size_t items;
    size_t items_size;
    size_t hosts;
    size_t hosts_size;
    size_t ways;
    size_t ways_size;
    size_t scratch_size; /* the largest of one record */
};

/* What was committed, counted together; and what was checked and waits to be counted. */
struct live_table {
    struct tally tally;
    struct names hosts; /* number 0 is the empty name */
    struct names ways;
    uint32_t oldest_s;
    struct op scratch;     /* for the lists of a record */
    size_t scratch_size;   /* for which it has room in one piece */
    struct live_need need; /* of what was checked */
    uint32_t *hashes;      /* of its keys, in their order: a key is hashed once */
    size_t hash_count;
    size_t hash_room;
    size_t hash_next; /* of what is counted next */
};

/**
 * Check a record, and make room for it, so that it can be counted without fail. One that is refused
 * leaves nothing but memory.
 *
 * op        work in hand
 * table     begun
 * record    any bytes
 *
 * Errors    ERR_FORMAT no record; ERR_LIMIT no memory, or more than a table holds
 */
MUST_USE
enum err live_table_check(struct op *op, struct live_table *table, struct span record);

/**
 * Forget what was checked and not counted.
 *
 * table     begun
 */
void live_table_drop(struct live_table *table);

/**
 * Count a record. It cannot fail: what was synced is counted.
 *
 * table     begun
 * record    the next of those that were checked
 */
void live_table_add(struct live_table *table, struct span record);

struct live {
    struct live_table *table;
    struct live_table *older; /* set apart; NULL: nothing is */
    uint64_t older_last;      /* number of its last commit */
    uint64_t older_size;      /* of the file: behind that commit */
    struct disk_file *file;   /* NULL: only read */
    uint64_t size;            /* of the file: behind the last commit */
    uint64_t seed;
    uint64_t last;      /* number of the last commit; 0: none */
    struct buf waiting; /* room for a prefix, then records, each with its size */
    uint32_t waiting_count;
    bool lost;              /* to writing */
    struct disk_file *next; /* the further file; NULL: none was begun */
    uint64_t next_seed;
    uint64_t next_size;
    uint64_t moved; /* of the file: so far it was carried over */
};

/**
 * Make an empty table.
 *
 * Returns NULL where there is no memory; to be given back with live_table_free().
 */
struct live_table *live_table_new(void);

/**
 * Give a table back.
 *
 * table     NULL does nothing
 */
void live_table_free(struct live_table *table);

#endif
