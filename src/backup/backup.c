// SPDX-License-Identifier: EUPL-1.2
#include "backup/backup.h"

#include "backup/inner.h"
#include "os/clock.h"
#include "os/random.h"

#define LOCK_NAME SPAN("lock")

/* --- What goes into a part --- */

static enum err worlds_add(struct op *op, struct backup_maker *maker)
{
    TRY(backup_world_add(op, maker, SPAN("real")));
    struct span *names;
    size_t count;
    TRY(backup_names(op, maker->node, SPAN("exercises"), &names, &count));
    for (size_t i = 0; i < count; i++) {
        struct backup_path folder = backup_path_join(SPAN("exercises"), names[i]);
        if (backup_path_is_world(backup_path_span(&folder))) {
            TRY(backup_world_add(op, maker, backup_path_span(&folder)));
        }
    }
    return ERR_OK;
}

/* --- What is no longer there --- */

static void worlds_settle(struct backup_maker *maker)
{
    for (struct backup_world *world = maker->chain.catalog.worlds; world != NULL;
         world = world->next) {
        if (world->last > 0 && !world->seen) {
            world->last = 0;
            world->changed = true;
            memset(world->head, 0, sizeof world->head);
        }
    }
}

/* A journal never loses a file; only a whole exercise goes. */
static enum err gone_check(struct op *op, struct backup_maker *maker,
                           const struct backup_file *file)
{
    size_t size = 0;
    if (backup_path_kind(file->path, &size) != BACKUP_PATH_JOURNAL) {
        return ERR_OK;
    }
    struct backup_world *world;
    TRY(backup_catalog_world(op, &maker->chain.catalog, span_slice(file->path, 0, size), &world));
    if (world->last > 0) {
        return op_fail(op, ERR_CORRUPT, "the node lacks %.*s, which the backup has: restore it",
                       SPAN_FMT(file->path));
    }
    return ERR_OK;
}

/* Files of a history come and go with every merge, and what they held stays: it remains in older
 * parts only where it was forgotten, which the journal tells. */
static enum err gone_is_merged(struct op *op, struct backup_maker *maker,
                               const struct backup_file *file, bool *ret)
{
    size_t size = 0;
    struct backup_world *world;
    if (backup_path_kind(file->path, &size) == BACKUP_PATH_HISTORY) {
        TRY(backup_catalog_world(op, &maker->chain.catalog, span_slice(file->path, 0, size),
                                 &world));
        *ret = world->last > 0;
    }
    return ERR_OK;
}

static enum err gone_settle(struct op *op, struct backup_maker *maker)
{
    worlds_settle(maker);
    for (struct backup_file *file = maker->chain.catalog.first; file != NULL; file = file->next) {
        if (!file->there || file->seen) {
            continue;
        }
        TRY(gone_check(op, maker, file));
        bool merged = false;
        TRY(gone_is_merged(op, maker, file, &merged));
        file->there = false;
        file->changed = true;
        file->size = 0;
        memset(file->digest, 0, sizeof file->digest);
        maker->remains += merged ? 0 : 1;
    }
    return ERR_OK;
}

static uint64_t changed_count(const struct backup_maker *maker)
{
    uint64_t count = 0;
    const struct backup_catalog *catalog = &maker->chain.catalog;
    for (const struct backup_file *file = catalog->first; file != NULL; file = file->next) {
        count += file->changed ? 1 : 0;
    }
    for (const struct backup_world *world = catalog->worlds; world != NULL; world = world->next) {
        count += world->changed ? 1 : 0;
    }
    return count;
}

/* --- The folder of the backup --- */

/* Removes what an interrupted backup left. */
static enum err leftovers_remove(struct op *op, struct disk *target)
{
    struct span *names;
    size_t count;
    TRY(disk_list(op, target, SPAN(""), &names, &count));
    for (size_t i = 0; i < count; i++) {
        struct span name = names[i];
        uint64_t number;
        if (span_ends_with(name, BACKUP_NEW_ENDING) &&
            backup_part_number(span_slice(name, 0, name.size - BACKUP_NEW_ENDING.size), &number)) {
            TRY(disk_remove(op, target, name));
        }
    }
    return ERR_OK;
}

/* Removes parts of older generations. What a power loss leaves of them is not looked at when
 * reading, and removed by the next backup. */
static enum err older_remove(struct op *op, struct disk *target, const struct backup_chain *chain,
                             uint64_t first)
{
    bool removed = false;
    for (size_t i = 0; i < chain->number_count; i++) {
        if (chain->numbers[i] < first) {
            char name[BACKUP_PART_NAME_SIZE];
            backup_part_name(chain->numbers[i], name);
            TRY(disk_remove(op, target, span_of(name)));
            removed = true;
        }
    }
    return removed ? disk_sync_folder(op, target, SPAN("")) : ERR_OK;
}

/* The folder must not hold the backup of another node, not even for a full one. */
static enum err owner_check(struct op *op, const struct backup_maker *maker)
{
    struct backup_header newest;
    TRY(backup_chain_newest(op, &maker->chain, &newest));
    if (memcmp(newest.node, maker->header.node, BACKUP_ID_SIZE) != 0) {
        return op_fail(op, ERR_CONFLICT,
                       "the folder holds the backup of another node: use a folder of its own");
    }
    return ERR_OK;
}

/* --- The header --- */

static enum err header_first(struct op *op, struct backup_maker *maker,
                             const struct backup_options *options, struct span secret)
{
    struct backup_header *header = &maker->header;
    header->encrypted = secret.data != NULL;
    header->first = header->number;
    os_random(header->generation, sizeof header->generation);
    if (!header->encrypted) {
        return ERR_OK;
    }
    header->cost.ops = options->key_ops == 0 ? SECRETSTREAM_OPS_DEFAULT : options->key_ops;
    header->cost.memory =
        options->key_memory == 0 ? SECRETSTREAM_MEMORY_DEFAULT : options->key_memory;
    os_random(header->cost.salt, sizeof header->cost.salt);
    return secretstream_key_derive(op, secret, &header->cost, &maker->chain.key);
}

static void header_next(struct backup_maker *maker)
{
    const struct backup_part *newest = &maker->chain.parts[maker->chain.part_count - 1];
    struct backup_header *header = &maker->header;
    header->encrypted = newest->header.encrypted;
    header->first = newest->header.first;
    header->cost = newest->header.cost;
    span_copy(header->generation, sizeof header->generation,
              span_make(newest->header.generation, BACKUP_ID_SIZE));
    span_copy(header->previous, sizeof header->previous,
              span_make(newest->footer.digest, DIGEST_SHA256_SIZE));
    maker->remains = maker->chain.remains;
}

static enum err header_make(struct op *op, struct backup_maker *maker,
                            const struct backup_options *options)
{
    struct backup_chain *chain = &maker->chain;
    struct span secret;
    TRY(backup_secret_of(op, options->key, &secret));
    uint64_t newest = chain->number_count == 0 ? 0 : chain->numbers[chain->number_count - 1];
    if (newest >= BACKUP_NUMBER_MAX) {
        return op_fail(op, ERR_LIMIT, "the backup has reached part %llu: begin another folder",
                       (unsigned long long)newest);
    }
    TRY(backup_node_mark(op, maker->node, maker->header.node));
    os_random(maker->header.part, sizeof maker->header.part);
    maker->header.version = BACKUP_VERSION;
    maker->header.number = newest + 1;
    maker->header.time_us =
        options->clock_us == NULL ? os_clock_us() : options->clock_us(options->clock_context);
    if (newest > 0) {
        TRY(owner_check(op, maker));
    }
    if (newest == 0 || options->full) {
        return header_first(op, maker, options, secret);
    }
    TRY(backup_chain_read(op, chain, secret));
    header_next(maker);
    return ERR_OK;
}

/* --- All together --- */

static void summary_fill(const struct backup_maker *maker, bool written, uint64_t size,
                         struct backup_summary *ret)
{
    const struct backup_chain *chain = &maker->chain;
    const struct backup_header *header = &maker->header;
    const struct backup_header *shown =
        written ? header : &chain->parts[chain->part_count - 1].header;
    *ret = (struct backup_summary){ .written = written,
                                    .full = written && header->first == header->number,
                                    .encrypted = header->encrypted,
                                    .number = shown->number,
                                    .time_us = shown->time_us,
                                    .parts = chain->part_count + (written ? 1 : 0),
                                    .size = size,
                                    .remains = maker->remains };
    for (size_t i = 0; i < chain->part_count; i++) {
        ret->size += chain->parts[i].size;
    }
    backup_catalog_count(&chain->catalog, &ret->files, &ret->worlds, &ret->entries);
    if (!written) {
        return;
    }
    ret->new_bytes = maker->bytes;
    ret->new_size = size;
    ret->new_entries = maker->entries;
    for (const struct backup_file *file = chain->catalog.first; file != NULL; file = file->next) {
        ret->new_files += file->changed && file->there ? 1 : 0;
    }
}

static enum err contents_add(struct op *op, struct backup_maker *maker)
{
    TRY(backup_small_add(op, maker, SPAN("linie.conf")));
    TRY(backup_small_add_softly(op, maker, SPAN("identity.json")));
    TRY(backup_keys_add(op, maker));
    TRY(worlds_add(op, maker));
    return gone_settle(op, maker);
}

/* Makes the part, or finds that none is needed. */
static enum err part_make(struct op *op, struct backup_maker *maker, bool *ret_written,
                          uint64_t *ret_size)
{
    TRY(backup_part_begin(op, maker));
    TRY(contents_add(op, maker));
    *ret_written = changed_count(maker) > 0;
    return *ret_written ? backup_part_finish(op, maker, ret_size) : ERR_OK;
}

static enum err write_locked(struct op *op, struct backup_maker *maker,
                             const struct backup_options *options, struct backup_summary *ret)
{
    TRY(leftovers_remove(op, maker->target));
    TRY(backup_chain_list(op, maker->target, &maker->chain));
    TRY(header_make(op, maker, options));

    bool written = false;
    uint64_t size = 0;
    enum err err = part_make(op, maker, &written, &size);
    backup_part_tidy(op, maker, err == ERR_OK && written);
    TRY(err);

    err = older_remove(op, maker->target, &maker->chain, maker->header.first);
    if (err != ERR_OK) {
        op_fault_prefix(op, "the backup is complete, but an older part stays: ");
        return err;
    }
    summary_fill(maker, written, size, ret);
    return ERR_OK;
}

static enum err lock_take(struct op *op, struct disk *target, struct disk_file **ret)
{
    struct disk_file *lock;
    TRY(disk_file_open(op, target, LOCK_NAME, DISK_WRITE, &lock));
    enum err err = disk_lock(op, lock);
    if (err == ERR_AGAIN) {
        op_fault_clear(op);
        err = op_fail(op, err, "another backup into this folder is running: wait for its end");
    }
    if (err != ERR_OK) {
        disk_file_close(lock);
        return err;
    }
    *ret = lock;
    return ERR_OK;
}

enum err backup_write(struct op *op, struct disk *node, struct disk *target,
                      const struct backup_options *options, struct backup_summary *ret)
{
    struct disk_file *lock;
    TRY(lock_take(op, target, &lock));
    struct backup_maker maker = { .node = node, .target = target };
    enum err err = write_locked(op, &maker, options, ret);
    backup_chain_done(&maker.chain);
    disk_file_close(lock);
    return err;
}
