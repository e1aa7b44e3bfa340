// SPDX-License-Identifier: EUPL-1.2
/*
 * The parts of a backup as they lie in its folder. Those that belong together are a generation: its
 * first part holds everything, each later one what was new. Every part names the digest of the part
 * before it. Only the newest generation counts; older parts are what a new generation has not yet
 * removed.
 */
#ifndef BACKUP_CHAIN_H
#define BACKUP_CHAIN_H

#include "backup/catalog.h"
#include "backup/section.h"

struct backup_part {
    uint8_t header_bytes[BACKUP_HEADER_SIZE];
    struct backup_header header;
    struct backup_footer footer;
    uint64_t size; /* of the file */
};

struct backup_chain {
    struct disk *disk; /* the backup's folder; borrowed */
    uint64_t *numbers; /* of all parts in the folder, ascending; in the op's memory */
    size_t number_count;
    struct backup_part *parts; /* of the generation, in order; in the op's memory */
    size_t part_count;         /* 0: there is no backup */
    struct secretstream_key key;
    struct backup_catalog catalog;
    uint64_t remains; /* see struct backup_summary */
};

/**
 * Find the parts in a folder; nothing of them is read.
 *
 * op        work in hand
 * disk      the backup's folder; borrowed until backup_chain_done()
 * ret       to be ended with backup_chain_done(), also after an error
 *
 * Errors    ERR_IO; ERR_DENIED; ERR_LIMIT
 */
MUST_USE
enum err backup_chain_list(struct op *op, struct disk *disk, struct backup_chain *ret);

/**
 * Read the header of the newest part.
 *
 * op        work in hand
 * chain     listed, not empty
 * ret       untouched on error
 *
 * Errors    ERR_CORRUPT damaged; ERR_UNSUPPORTED a newer version; ERR_IO; ERR_DENIED
 */
MUST_USE
enum err backup_chain_newest(struct op *op, const struct backup_chain *chain,
                             struct backup_header *ret);

/**
 * Read the newest generation: headers, footers and indexes are checked, and the catalog is made of
 * them. The data sections are not read.
 *
 * op        work in hand
 * chain     listed
 * secret    what the key is derived from; data is NULL where none was given
 *
 * Errors    ERR_CORRUPT damaged, or a part is missing; ERR_CONFLICT a part of another backup, or
 *           a key for a backup that is not encrypted; ERR_DENIED no key, or the wrong one;
 *           ERR_UNSUPPORTED a newer version; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err backup_chain_read(struct op *op, struct backup_chain *chain, struct span secret);

/**
 * Visit the records of the data section of a part. What was visited is to be believed only when
 * this returns ERR_OK.
 *
 * op        work in hand
 * chain     read
 * index     which of chain->parts
 * visit     called for each record, which is borrowed until it returns; any error ends the walk
 * context   handed to `visit`
 *
 * Errors    ERR_CORRUPT damaged; ERR_IO; ERR_LIMIT; ERR_CANCELLED; or what `visit` returned
 */
MUST_USE
enum err backup_chain_walk(struct op *op, const struct backup_chain *chain, size_t index,
                           enum err (*visit)(struct op *op, void *context,
                                             const struct backup_record *record),
                           void *context);

/**
 * What a key is derived from: the content of a key file without line ends at its end, so that a
 * passphrase is the same whether an editor put one there or not.
 *
 * op        work in hand
 * key       content of the key file
 * ret       borrowed from `key`; data is NULL where there is no key
 *
 * Errors    ERR_FORMAT there is a key file and it is empty
 */
MUST_USE
enum err backup_secret_of(struct op *op, struct span key, struct span *ret);

/**
 * Give memory back and overwrite the key.
 *
 * chain     listed, or zeroed
 */
void backup_chain_done(struct backup_chain *chain);

#endif
