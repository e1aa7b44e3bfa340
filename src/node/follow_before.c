// SPDX-License-Identifier: EUPL-1.2
/*
 * What a run leaves to the one that follows when the configuration is read again: which inputs it
 * has read, so that the summary of both counts each once.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "node/follow_inner.h"

struct follow_before_file {
    uint64_t key;
    bool read;
    bool told;
};

struct inode_key {
    uint64_t device;
    uint64_t inode;
};

/* Files are known by device and inode, all else by its path. */
static uint64_t key_of(const struct hash_secret *secret, const struct follow_file *file)
{
    const struct inode_key key = { .device = file->device, .inode = file->inode };
    struct span path = span_of((const char *)file->path);
    return hash_bytes(secret, file->sort == INPUT_FILE ? span_make(&key, sizeof key) : path);
}

static int compare(const void *a, const void *b)
{
    const struct follow_before_file *first = a;
    const struct follow_before_file *second = b;
    return first->key < second->key ? -1 : first->key > second->key;
}

static void add(struct follow_before *before, const struct follow_file *file)
{
    bool read = file->read || (file->input != NULL && file->input->read);
    bool told = file->told || file->told_before;
    if (read || told) {
        before->list[before->count] = (struct follow_before_file){
            .key = key_of(&before->secret, file),
            .read = read,
            .told = told,
        };
        before->count++;
    }
}

void follow_before_make(const struct follow *follow, struct follow_before *ret)
{
    size_t room = follow->by_inode.count + follow->by_path.count;
    struct follow_before before = { .secret = follow->secret };
    before.list = memory_new_array(room + 1, sizeof *before.list);
    if (before.list == NULL) {
        return; /* what is read on is counted as another input */
    }
    for (size_t i = 0; i < follow->by_inode.room; i++) {
        for (const struct follow_file *at = follow->by_inode.buckets[i]; at != NULL;
             at = at->inode_next) {
            add(&before, at);
        }
    }
    for (size_t i = 0; i < follow->by_path.room; i++) {
        for (const struct follow_file *at = follow->by_path.buckets[i]; at != NULL;
             at = at->path_next) {
            if (!at->listed) {
                add(&before, at);
            }
        }
    }
    qsort(before.list, before.count, sizeof *before.list, compare);
    follow_before_done(ret);
    *ret = before;
}

void follow_before_find(const struct follow_before *before, struct follow_file *file)
{
    if (before->count == 0) {
        return;
    }
    const struct follow_before_file wanted = { .key = key_of(&before->secret, file) };
    const struct follow_before_file *found =
        bsearch(&wanted, before->list, before->count, sizeof wanted, compare);
    if (found != NULL) {
        file->read = found->read;
        file->told_before = found->told;
    }
}

void follow_before_done(struct follow_before *before)
{
    memory_free(before->list);
    *before = (struct follow_before){ .count = 0 };
}
