// SPDX-License-Identifier: EUPL-1.2
/*
 * A section of a backup's part: records, cut into blocks that are compressed and, where there is a
 * key, sealed. A section is written once from its begin to its end, and read in the same way;
 * memory is that of a few blocks.
 */
#ifndef BACKUP_SECTION_H
#define BACKUP_SECTION_H

#include "backup/format.h"
#include "os/disk.h"

enum backup_section_kind {
    BACKUP_SECTION_DATA = 'D',
    BACKUP_SECTION_INDEX = 'I',
};

/* Of which part a section is, and where it lies. */
struct backup_place {
    struct disk_file *file;             /* borrowed */
    struct span name;                   /* of the file, for people; borrowed */
    const uint8_t *header;              /* of the part, BACKUP_HEADER_SIZE bytes; borrowed */
    const struct secretstream_key *key; /* borrowed; NULL: not encrypted */
    enum backup_section_kind kind;
    uint64_t offset;       /* where the section begins */
    uint64_t size;         /* for reading */
    const uint8_t *digest; /* for reading: what it must be; borrowed */
};

/* What zstd needs to work. */
struct backup_codec;

struct backup_section {
    struct backup_place place;
    uint8_t context[DIGEST_SHA256_SIZE + 1]; /* ties each block to its part and section */
    uint64_t at;                             /* where the next byte goes or comes from */
    struct digest_sha256 digest;
    struct secretstream stream;
    struct backup_codec *codec;
    struct buf records; /* of the present block */
    struct buf packed;  /* the block, compressed */
    struct buf sealed;  /* the block, as it lies in the file */
    struct span rest;   /* reading: records not given yet */
    bool last;          /* reading: the present block is the last one */
};

/**
 * Begin to write a section.
 *
 * op        work in hand
 * place     its size and digest are not looked at; copied
 * ret       to be ended with backup_section_done(), also after an error
 *
 * Errors    ERR_LIMIT no memory; ERR_FULL; ERR_IO
 */
MUST_USE
enum err backup_section_write(struct op *op, const struct backup_place *place,
                              struct backup_section *ret);

/**
 * Append a record.
 *
 * op        work in hand
 * section   being written
 * record    copied; within the limits of the format
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err backup_section_add(struct op *op, struct backup_section *section,
                            const struct backup_record *record);

/**
 * Write what is left; the section is then whole, though not synced.
 *
 * op          work in hand
 * section     being written
 * ret_size    of the section in the file
 * ret_digest  receives DIGEST_SHA256_SIZE bytes
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err backup_section_finish(struct op *op, struct backup_section *section, uint64_t *ret_size,
                               uint8_t *ret_digest);

/**
 * Begin to read a section.
 *
 * op        work in hand
 * place     copied
 * ret       to be ended with backup_section_done(), also after an error
 *
 * Errors    ERR_CORRUPT cut short; ERR_LIMIT no memory; ERR_IO
 */
MUST_USE
enum err backup_section_read(struct op *op, const struct backup_place *place,
                             struct backup_section *ret);

/**
 * The next record. After the last one the section's size and digest are checked: what was given
 * before is to be believed only then.
 *
 * op        work in hand
 * section   being read
 * ret       borrowed until the next call; untouched where there is none
 * ret_more  whether there was one
 *
 * Errors    ERR_CORRUPT damaged, or made with another key; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err backup_section_next(struct op *op, struct backup_section *section,
                             struct backup_record *ret, bool *ret_more);

/**
 * Give memory back and overwrite what is secret. The file stays open.
 *
 * section   begun, or zeroed
 */
void backup_section_done(struct backup_section *section);

#endif
