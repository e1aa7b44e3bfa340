// SPDX-License-Identifier: EUPL-1.2
/*
 * A part being made; shared by backup.c and backup_world.c, and by nobody else.
 */
#ifndef STORE_BACKUP_INNER_H
#define STORE_BACKUP_INNER_H

#include "store/backup.h"
#include "store/backup_chain.h"

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
 * Copy what is new of a world into the part.
 *
 * op        work in hand
 * maker     with a part begun
 * folder    "real" or "exercises/ID"
 *
 * Errors    those of backup_write()
 *           ERR_ABSENT its journal has no entry yet
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
