// SPDX-License-Identifier: EUPL-1.2
/*
 * A small node on a simulated disk, and a folder for its backup on another.
 */
#ifndef TESTS_BACKUP_NODE_H
#define TESTS_BACKUP_NODE_H

#include "backup/backup.h"
#include "journal/journal.h"
#include "os/disk_sim.h"

enum { BACKUP_NODE_SEGMENT_SIZE = 4096 };

struct backup_node {
    struct op op;
    struct disk *disk;
    struct disk *target;
    struct disk *real;       /* below `disk` */
    struct journal *journal; /* of the world "real", open for writing */
    uint64_t random;
};

/* A node with a configuration, an identity, two keys, two entries and a blob. */
void backup_node_begin(struct backup_node *node, uint64_t seed);
void backup_node_end(struct backup_node *node);

/* Commits an entry with a payload of random bytes; gives its number. */
uint64_t backup_node_append(struct backup_node *node, size_t size);

/* Keeps a blob of random bytes; gives its path in the node. */
struct span backup_node_blob(struct backup_node *node, size_t size);

void backup_node_erase(struct backup_node *node, uint64_t number);

/* Replaces a small file. */
void backup_node_put(struct disk *disk, const char *path, struct span bytes);

/* Makes an exercise with one entry and a blob. */
void backup_node_exercise(struct backup_node *node, const char *id);

/* Removes a folder with all that is in it. */
void backup_node_remove(struct backup_node *node, const char *folder);

/* Options without a key; and with a key that is cheap to derive. */
struct backup_options backup_plain(void);
struct backup_options backup_sealed(const char *key);

/* Each in an op of its own. */
enum err backup_do(struct backup_node *node, const struct backup_options *options,
                   struct backup_summary *ret);
enum err backup_check_do(struct disk *source, const struct backup_options *options);
enum err backup_restore_do(struct disk *source, struct disk *target,
                           const struct backup_options *options);

/* An empty simulated disk, to be closed by the test. */
struct disk *backup_empty_disk(void);

/* All bytes of a file; false where there is none. The bytes live in the op's memory. */
bool backup_file_read(struct op *op, struct disk *disk, const char *path, struct span *ret);

/* How many files lie on a disk, and how many of those a backup keeps. */
size_t backup_file_count(struct disk *disk, bool kept_only);

/* Whether a restored disk has the files that a backup keeps of a node, byte for byte, and no
 * others. */
bool backup_same(struct disk *node, struct disk *restored);

/* Restores and compares with the node as it is now. */
void backup_node_check_restored(struct backup_node *node, const struct backup_options *options);

/* Copies all files of one disk's root folder to an empty disk: another place for a backup. */
struct disk *backup_parts_copy(struct disk *source);

#endif
