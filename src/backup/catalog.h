// SPDX-License-Identifier: EUPL-1.2
/*
 * What a backup holds: files and worlds, found by their paths. It is made by reading the indexes of
 * the parts in order, and never kept in a file of its own.
 */
#ifndef BACKUP_CATALOG_H
#define BACKUP_CATALOG_H

#include "backup/format.h"
#include "base/hash.h"

struct backup_file {
    struct span path;
    bool there;    /* in the backup, after the parts that were read */
    bool seen;     /* writing: in the node too */
    bool changed;  /* writing: to be named in the index of the part being made */
    uint64_t size; /* of what the backup has */
    uint8_t digest[DIGEST_SHA256_SIZE]; /* of its content; zeros for journals */
    uint64_t filled;                    /* restoring: bytes come by so far, without a gap */
    struct backup_file *next;           /* in the order they were added */
};

struct backup_world {
    struct span folder; /* "real" or "exercises/ID" */
    bool seen;          /* as for files */
    bool changed;
    uint64_t last; /* number of the last entry in the backup; 0: not there */
    uint8_t head[DIGEST_SHA256_SIZE];
    struct backup_world *next;
};

struct backup_catalog {
    struct arena arena;
    struct hash_secret secret;
    struct backup_file **slots; /* open addressing; a power of two */
    size_t slot_count;
    size_t used;
    struct backup_file *first;
    struct backup_file *newest;
    struct backup_world *worlds;
};

/**
 * Begin an empty catalog.
 *
 * catalog   caller's memory
 */
void backup_catalog_init(struct backup_catalog *catalog);

/**
 * Give the memory back.
 *
 * catalog   begun
 */
void backup_catalog_done(struct backup_catalog *catalog);

/**
 * Find a file.
 *
 * catalog   begun
 * path      any bytes
 *
 * Returns NULL where it is not in the catalog. It stays where it is until backup_catalog_done().
 */
struct backup_file *backup_catalog_find(const struct backup_catalog *catalog, struct span path);

/**
 * Find a file, or add it as one that is not there.
 *
 * op        work in hand
 * catalog   begun
 * path      copied where it is new
 * ret       stays where it is until backup_catalog_done()
 *
 * Errors    ERR_LIMIT too many files
 */
MUST_USE
enum err backup_catalog_file(struct op *op, struct backup_catalog *catalog, struct span path,
                             struct backup_file **ret);

/**
 * Find a world, or add it as one that is not there.
 *
 * op        work in hand
 * catalog   begun
 * folder    copied where it is new
 * ret       stays where it is until backup_catalog_done()
 *
 * Errors    ERR_LIMIT too many worlds
 */
MUST_USE
enum err backup_catalog_world(struct op *op, struct backup_catalog *catalog, struct span folder,
                              struct backup_world **ret);

/**
 * Take notice of what an index says.
 *
 * op        work in hand
 * catalog   begun
 * record    from an index, any but BACKUP_END
 *
 * Errors    ERR_LIMIT too many files or worlds
 */
MUST_USE
enum err backup_catalog_apply(struct op *op, struct backup_catalog *catalog,
                              const struct backup_record *record);

/**
 * Count what is there.
 *
 * catalog      begun
 * ret_files    how many files
 * ret_worlds   how many worlds
 * ret_entries  how many journal entries in all worlds
 */
void backup_catalog_count(const struct backup_catalog *catalog, uint64_t *ret_files,
                          uint64_t *ret_worlds, uint64_t *ret_entries);

#endif
