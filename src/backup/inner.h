// SPDX-License-Identifier: EUPL-1.2
/*
 * A part being made; shared by backup.c, part.c, files.c and world.c, and by
 * nobody else.
 */
#ifndef BACKUP_INNER_H
#define BACKUP_INNER_H

#include "backup/backup.h"
#include "backup/chain.h"

/* What the name of a part ends with until it is whole, and that of any file just being replaced. */
#define BACKUP_NEW_ENDING SPAN(".new")

/* A path in a node, perhaps longer than a backup keeps. */
struct backup_path {
    uint8_t text[BACKUP_PATH_SIZE_MAX + DISK_NAME_SIZE_MAX + 2];
    size_t size;
};

struct backup_maker {
    struct disk *node;
    struct disk *target;
    struct backup_chain chain; /* its catalog: what the older parts hold, and then what this adds */
    struct disk_file *file;
    struct backup_header header;
    uint8_t header_bytes[BACKUP_HEADER_SIZE];
    struct backup_section data;
    uint8_t *piece;   /* BACKUP_DATA_SIZE_MAX bytes, for copying */
    uint64_t bytes;   /* of files, in this part */
    uint64_t entries; /* of journals, in this part */
    uint64_t remains; /* see struct backup_summary */
};

/**
 * Write bytes of a file into the part.
 *
 * op        work in hand
 * maker     with a part begun
 * path      of the file, as the backup knows it
 * offset    in the file
 * bytes     1 .. BACKUP_DATA_SIZE_MAX
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err backup_data_add(struct op *op, struct backup_maker *maker, struct span path,
                         uint64_t offset, struct span bytes);

/**
 * Begin a part under a temporary name.
 *
 * op        work in hand
 * maker     with its header and, where that is encrypted, its key
 *
 * Errors    ERR_FULL; ERR_IO; ERR_DENIED; ERR_LIMIT
 */
MUST_USE
enum err backup_part_begin(struct op *op, struct backup_maker *maker);

/**
 * End a part with all that is changed in the catalog, and give it its name. When this returns
 * ERR_OK it is durable.
 *
 * op        work in hand
 * maker     with a part begun
 * ret_size  of the part
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err backup_part_finish(struct op *op, struct backup_maker *maker, uint64_t *ret_size);

/**
 * Close a part, and remove it where it was not finished.
 *
 * op        work in hand
 * maker     with a part begun, or not even that
 * finished  whether it was finished
 */
void backup_part_tidy(struct op *op, struct backup_maker *maker, bool finished);

/**
 * Join a folder and a name.
 *
 * folder    at most BACKUP_PATH_SIZE_MAX bytes
 * name      at most DISK_NAME_SIZE_MAX bytes
 */
struct backup_path backup_path_join(struct span folder, struct span name);

/**
 * A joined path.
 *
 * path      borrowed
 */
struct span backup_path_span(const struct backup_path *path);

/**
 * What lies in a folder of the node; nothing where there is no such folder.
 *
 * op         work in hand; the list lives in its memory
 * node       the node's folder
 * folder     path
 * ret        array of names
 * ret_count  how many
 *
 * Errors     ERR_IO; ERR_DENIED; ERR_LIMIT
 */
MUST_USE
enum err backup_names(struct op *op, struct disk *node, struct span folder, struct span **ret,
                      size_t *ret_count);

/**
 * Copy a small file into the part, where it is new or changed.
 *
 * op        work in hand
 * maker     with a part begun
 * path      of the file
 *
 * Errors    ERR_ABSENT; ERR_LIMIT too large; ERR_FULL; ERR_IO; ERR_DENIED
 */
MUST_USE
enum err backup_small_add(struct op *op, struct backup_maker *maker, struct span path);

/**
 * As backup_small_add(), for a file that may be absent.
 *
 * op        work in hand
 * maker     with a part begun
 * path      of the file
 *
 * Errors    ERR_LIMIT too large; ERR_FULL; ERR_IO; ERR_DENIED
 */
MUST_USE
enum err backup_small_add_softly(struct op *op, struct backup_maker *maker, struct span path);

/**
 * Copy the files in keys/ into the part, where they are new or changed.
 *
 * op        work in hand
 * maker     with a part begun
 *
 * Errors    ERR_UNSUPPORTED a name cannot be kept; ERR_LIMIT; ERR_FULL; ERR_IO; ERR_DENIED
 */
MUST_USE
enum err backup_keys_add(struct op *op, struct backup_maker *maker);

/**
 * Copy the blobs of a world into the part, where they are new.
 *
 * op        work in hand
 * maker     with a part begun
 * world     its folder
 *
 * Errors    ERR_CORRUPT a blob is damaged; ERR_LIMIT; ERR_FULL; ERR_IO; ERR_DENIED
 */
MUST_USE
enum err backup_blobs_add(struct op *op, struct backup_maker *maker, struct span world);

/* A history before the number of the last entry was taken. */
struct backup_history {
    bool there;
    uint64_t generation; /* of its manifest */
    uint64_t wal_number; /* of its write-ahead file */
};

/**
 * Copy the segments of a world's history into the part, where they are new.
 *
 * op        work in hand
 * maker     with a part begun
 * world     its folder
 * ret       what was found
 *
 * Errors    ERR_CORRUPT both copies of its manifest are damaged; ERR_UNSUPPORTED; ERR_FULL; ERR_IO;
 *           ERR_LIMIT; ERR_DENIED; ERR_CANCELLED
 */
MUST_USE
enum err backup_history_begin(struct op *op, struct backup_maker *maker, struct span world,
                              struct backup_history *ret);

/**
 * Copy the rest of it, once the number of the last entry has been taken: manifest and write-ahead
 * file.
 *
 * op         work in hand
 * maker      with a part begun
 * world      its folder
 * before     as backup_history_begin() found it
 * ret_whole  whether it holds all that the journal knows up to that entry; else begin again
 *
 * Errors     those of backup_history_begin(): ERR_CORRUPT; ERR_UNSUPPORTED; ERR_FULL; ERR_IO;
 *            ERR_LIMIT; ERR_DENIED; ERR_CANCELLED
 */
MUST_USE
enum err backup_history_finish(struct op *op, struct backup_maker *maker, struct span world,
                               const struct backup_history *before, bool *ret_whole);

/**
 * Copy what is new of a world into the part. Nothing is, where its journal has no entry yet.
 *
 * op        work in hand
 * maker     with a part begun
 * folder    "real" or "exercises/ID"
 *
 * Errors    those of backup_write(): ERR_AGAIN; ERR_CONFLICT; ERR_CORRUPT; ERR_UNSUPPORTED;
 *           ERR_ABSENT it was removed meanwhile; ERR_FULL; ERR_IO; ERR_LIMIT; ERR_DENIED
 */
MUST_USE
enum err backup_world_add(struct op *op, struct backup_maker *maker, struct span folder);

/**
 * What tells a node from all others: made from the first entry of its journal.
 *
 * op        work in hand
 * node      the node's folder
 * ret       receives BACKUP_ID_SIZE bytes
 *
 * Errors    ERR_ABSENT its journal has no entry yet; ERR_CORRUPT; ERR_IO; ERR_LIMIT; ERR_DENIED;
 *           ERR_CONFLICT; ERR_UNSUPPORTED
 */
MUST_USE
enum err backup_node_mark(struct op *op, struct disk *node, uint8_t *ret);

#endif
