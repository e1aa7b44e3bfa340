// SPDX-License-Identifier: EUPL-1.2
/*
 * Files that are followed, found by path and by device and inode.
 */
#include "base/memory.h"
#include "base/must.h"
#include "node/follow_inner.h"

enum { ROOM_FIRST = 64 };

struct inode_key {
    uint64_t device;
    uint64_t inode;
};

static size_t path_hash(const struct follow *follow, struct span path)
{
    return (size_t)hash_bytes(&follow->secret, path);
}

static size_t inode_hash(const struct follow *follow, uint64_t device, uint64_t inode)
{
    const struct inode_key key = { .device = device, .inode = inode };
    return (size_t)hash_bytes(&follow->secret, span_make(&key, sizeof key));
}

static struct span path_of(const struct follow_file *file)
{
    return span_of((const char *)file->path);
}

/* Twice as many buckets, where there are more files than that; NULL where there is no need. */
static enum err grow(struct op *op, const struct follow_table *table, struct follow_table *ret,
                     bool *ret_grown)
{
    *ret_grown = false;
    if (table->count < table->room) {
        return ERR_OK;
    }
    struct follow_table larger = { .room = table->room == 0 ? ROOM_FIRST : 2 * table->room };
    larger.buckets = memory_new_array(larger.room, sizeof(struct follow_file *));
    if (larger.buckets == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for files");
    }
    *ret = larger;
    *ret_grown = true;
    return ERR_OK;
}

static void path_link(const struct follow *follow, struct follow_table *table,
                      struct follow_file *file)
{
    struct follow_file **bucket =
        &table->buckets[path_hash(follow, path_of(file)) & (table->room - 1)];
    file->path_next = *bucket;
    *bucket = file;
    table->count++;
}

static void inode_link(const struct follow *follow, struct follow_table *table,
                       struct follow_file *file)
{
    struct follow_file **bucket =
        &table->buckets[inode_hash(follow, file->device, file->inode) & (table->room - 1)];
    file->inode_next = *bucket;
    *bucket = file;
    table->count++;
}

enum err follow_put_path(struct follow *follow, struct follow_file *file)
{
    struct follow_table larger;
    struct follow_table *table = &follow->by_path;
    bool grown = false;
    TRY(grow(follow->session->op, table, &larger, &grown));
    for (size_t i = 0; grown && i < table->room; i++) {
        struct follow_file *next = NULL;
        for (struct follow_file *at = table->buckets[i]; at != NULL; at = next) {
            next = at->path_next;
            path_link(follow, &larger, at);
        }
    }
    if (grown) {
        memory_free(table->buckets);
        *table = larger;
    }
    path_link(follow, table, file);
    return ERR_OK;
}

enum err follow_put_inode(struct follow *follow, struct follow_file *file)
{
    struct follow_table larger;
    struct follow_table *table = &follow->by_inode;
    bool grown = false;
    TRY(grow(follow->session->op, table, &larger, &grown));
    for (size_t i = 0; grown && i < table->room; i++) {
        struct follow_file *next = NULL;
        for (struct follow_file *at = table->buckets[i]; at != NULL; at = next) {
            next = at->inode_next;
            inode_link(follow, &larger, at);
        }
    }
    if (grown) {
        memory_free(table->buckets);
        *table = larger;
    }
    inode_link(follow, table, file);
    return ERR_OK;
}

struct follow_file *follow_find_path(const struct follow *follow, struct span path)
{
    const struct follow_table *table = &follow->by_path;
    if (table->room == 0) {
        return NULL;
    }
    struct follow_file *at = table->buckets[path_hash(follow, path) & (table->room - 1)];
    while (at != NULL && !span_equal(path_of(at), path)) {
        at = at->path_next;
    }
    return at;
}

struct follow_file *follow_find_inode(const struct follow *follow, uint64_t device, uint64_t inode)
{
    const struct follow_table *table = &follow->by_inode;
    if (table->room == 0) {
        return NULL;
    }
    struct follow_file *at = table->buckets[inode_hash(follow, device, inode) & (table->room - 1)];
    while (at != NULL && (at->device != device || at->inode != inode)) {
        at = at->inode_next;
    }
    return at;
}

void follow_take_path(struct follow *follow, struct follow_file *file)
{
    struct follow_table *table = &follow->by_path;
    struct follow_file **at = &table->buckets[path_hash(follow, path_of(file)) & (table->room - 1)];
    while (*at != file) {
        must(*at != NULL);
        at = &(*at)->path_next;
    }
    *at = file->path_next;
    table->count--;
}

void follow_take_inode(struct follow *follow, struct follow_file *file)
{
    struct follow_table *table = &follow->by_inode;
    struct follow_file **at =
        &table->buckets[inode_hash(follow, file->device, file->inode) & (table->room - 1)];
    while (*at != file) {
        must(*at != NULL);
        at = &(*at)->inode_next;
    }
    *at = file->inode_next;
    table->count--;
}
