// SPDX-License-Identifier: EUPL-1.2
#include "backup/catalog.h"

#include "base/memory.h"
#include "base/must.h"
#include "os/random.h"

enum {
    SLOT_COUNT_MIN = 256,
    WORLD_COUNT_MAX = 4096, /* they are kept in a list */
};

/* A few million files. */
#define CATALOG_SIZE_MAX ((size_t)1024 * 1024 * 1024)

void backup_catalog_init(struct backup_catalog *catalog)
{
    *catalog = (struct backup_catalog){ 0 };
    arena_init(&catalog->arena, CATALOG_SIZE_MAX);
    os_random(&catalog->secret, sizeof catalog->secret);
}

void backup_catalog_done(struct backup_catalog *catalog)
{
    arena_done(&catalog->arena);
    memory_free(catalog->slots);
    *catalog = (struct backup_catalog){ 0 };
}

/* The slot that holds a path, or the free one where it would go. */
static size_t slot_of(const struct backup_catalog *catalog, struct span path)
{
    must(catalog->used < catalog->slot_count);
    size_t mask = catalog->slot_count - 1;
    size_t at = (size_t)hash_bytes(&catalog->secret, path) & mask;
    while (catalog->slots[at] != NULL && !span_equal(catalog->slots[at]->path, path)) {
        at = (at + 1) & mask;
    }
    return at;
}

static enum err fail_full(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "out of memory for the list of files in a backup");
}

/* Keeps at least half of the slots free. */
static enum err slots_grow(struct op *op, struct backup_catalog *catalog)
{
    if (catalog->used < catalog->slot_count / 2) {
        return ERR_OK;
    }
    size_t count = catalog->slot_count == 0 ? SLOT_COUNT_MIN : catalog->slot_count * 2;
    struct backup_file **slots = memory_new_array(count, sizeof(struct backup_file *));
    if (slots == NULL) {
        return fail_full(op);
    }
    memory_free(catalog->slots);
    catalog->slots = slots;
    catalog->slot_count = count;
    for (struct backup_file *file = catalog->first; file != NULL; file = file->next) {
        slots[slot_of(catalog, file->path)] = file;
    }
    return ERR_OK;
}

struct backup_file *backup_catalog_find(const struct backup_catalog *catalog, struct span path)
{
    return catalog->slot_count == 0 ? NULL : catalog->slots[slot_of(catalog, path)];
}

enum err backup_catalog_file(struct op *op, struct backup_catalog *catalog, struct span path,
                             struct backup_file **ret)
{
    TRY(slots_grow(op, catalog));
    size_t at = slot_of(catalog, path);
    struct backup_file *file = catalog->slots[at];
    if (file != NULL) {
        *ret = file;
        return ERR_OK;
    }
    file = arena_alloc(&catalog->arena, sizeof *file);
    if (file == NULL || arena_copy(&catalog->arena, path, &file->path) != ERR_OK) {
        return fail_full(op);
    }
    catalog->slots[at] = file;
    catalog->used++;
    if (catalog->newest == NULL) {
        catalog->first = file;
    } else {
        catalog->newest->next = file;
    }
    catalog->newest = file;
    *ret = file;
    return ERR_OK;
}

enum err backup_catalog_world(struct op *op, struct backup_catalog *catalog, struct span folder,
                              struct backup_world **ret)
{
    size_t count = 0;
    struct backup_world **link = &catalog->worlds;
    while (*link != NULL && !span_equal((*link)->folder, folder)) {
        link = &(*link)->next;
        count++;
    }
    if (*link == NULL) {
        struct backup_world *world = arena_alloc(&catalog->arena, sizeof *world);
        if (count >= WORLD_COUNT_MAX || world == NULL ||
            arena_copy(&catalog->arena, folder, &world->folder) != ERR_OK) {
            return fail_full(op);
        }
        *link = world;
    }
    *ret = *link;
    return ERR_OK;
}

enum err backup_catalog_apply(struct op *op, struct backup_catalog *catalog,
                              const struct backup_record *record)
{
    if (record->kind == BACKUP_WORLD) {
        struct backup_world *world;
        TRY(backup_catalog_world(op, catalog, record->path, &world));
        world->last = record->last;
        span_copy(world->head, sizeof world->head, span_make(record->digest, sizeof world->head));
        return ERR_OK;
    }
    must(record->kind == BACKUP_FILE || record->kind == BACKUP_GONE);
    struct backup_file *file;
    TRY(backup_catalog_file(op, catalog, record->path, &file));
    file->there = record->kind == BACKUP_FILE;
    file->size = record->size;
    span_copy(file->digest, sizeof file->digest, span_make(record->digest, sizeof file->digest));
    return ERR_OK;
}

void backup_catalog_count(const struct backup_catalog *catalog, uint64_t *ret_files,
                          uint64_t *ret_worlds, uint64_t *ret_entries)
{
    *ret_files = 0;
    *ret_worlds = 0;
    *ret_entries = 0;
    for (const struct backup_file *file = catalog->first; file != NULL; file = file->next) {
        *ret_files += file->there ? 1 : 0;
    }
    for (const struct backup_world *world = catalog->worlds; world != NULL; world = world->next) {
        *ret_worlds += world->last > 0 ? 1 : 0;
        *ret_entries += world->last;
    }
}
