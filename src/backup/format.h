// SPDX-License-Identifier: EUPL-1.2
/*
 * The bytes of a backup's parts, to values and back; no input, no output. docs/format/backup.md
 * says the same for those who write their own reader.
 *
 *   part    = header, data section, index section, footer
 *   section = blocks of records, compressed, sealed where the backup is encrypted
 *
 * A part may have been in strangers' hands: whatever these functions give out is within the limits,
 * and names only what can be in a node's folder.
 */
#ifndef BACKUP_FORMAT_H
#define BACKUP_FORMAT_H

#include "crypt/digest.h"
#include "crypt/secretstream.h"

enum {
    BACKUP_VERSION = 2, /* since the history is in it; of the bytes nothing else has changed */
    BACKUP_ID_SIZE = 16,
    BACKUP_HEADER_SIZE = 160,
    BACKUP_FOOTER_SIZE = 120,
    BACKUP_ENCRYPTED = 1, /* flag of a header */
    BACKUP_PATH_SIZE_MAX = 192,
    BACKUP_WORLD_SIZE_MAX = 64, /* an exercise's id */
    BACKUP_KEY_NAME_SIZE_MAX = 100,
    BACKUP_DATA_SIZE_MAX = 1024 * 1024, /* of one record */
    /* Of a block before compression: a data record of the largest size fits in. */
    BACKUP_BLOCK_SIZE_MAX = BACKUP_DATA_SIZE_MAX + 1024,
    BACKUP_PART_NAME_SIZE = 32,
};

/* Six digits: what the name of a part can say. */
#define BACKUP_NUMBER_MAX UINT64_C(999999)

/* The start of every part. In an encrypted backup it can be read without the key. */
struct backup_header {
    uint32_t version; /* 1 .. BACKUP_VERSION */
    bool encrypted;
    uint8_t generation[BACKUP_ID_SIZE];   /* random; the same in all parts that belong together */
    uint8_t node[BACKUP_ID_SIZE];         /* made from the first entry of the node's journal */
    uint8_t part[BACKUP_ID_SIZE];         /* random */
    uint64_t number;                      /* as in the file's name */
    uint64_t first;                       /* number of the generation's first part */
    int64_t time_us;                      /* when the part was begun */
    uint8_t previous[DIGEST_SHA256_SIZE]; /* digest of the part before; zeros in the first */
    struct secretstream_cost cost;        /* all zero where not encrypted */
};

/* The end of every part. */
struct backup_footer {
    uint64_t data_size;
    uint64_t index_size;
    uint8_t data_digest[DIGEST_SHA256_SIZE]; /* SHA-256 of the section as it lies in the file */
    uint8_t index_digest[DIGEST_SHA256_SIZE];
    uint8_t digest[DIGEST_SHA256_SIZE]; /* of the part: header, and footer before this field */
};

enum backup_record_kind {
    BACKUP_DATA = 1, /* bytes of a file; the only kind in a data section */
    BACKUP_FILE,     /* what a file is after this part */
    BACKUP_GONE,     /* a file that is no longer there */
    BACKUP_WORLD,    /* how far a world's journal goes */
    BACKUP_END,      /* the last record of an index: what there is after this part */
};

struct backup_record {
    enum backup_record_kind kind;
    struct span path;                   /* all but BACKUP_END; of a world: its folder */
    uint64_t offset;                    /* BACKUP_DATA */
    struct span bytes;                  /* BACKUP_DATA */
    uint64_t size;                      /* BACKUP_FILE */
    uint8_t digest[DIGEST_SHA256_SIZE]; /* BACKUP_FILE; BACKUP_WORLD: head of the chain */
    uint64_t last;                      /* BACKUP_WORLD: last entry; 0: the world is gone */
    uint64_t files;                     /* BACKUP_END */
    uint64_t worlds;                    /* BACKUP_END */
    uint64_t remains;                   /* BACKUP_END: see struct backup_summary */
};

/* What a path of a backup is. There are no others. */
enum backup_path_kind {
    BACKUP_PATH_OTHER,   /* nothing that a backup may hold */
    BACKUP_PATH_SMALL,   /* linie.conf, identity.json, keys/NAME */
    BACKUP_PATH_JOURNAL, /* WORLD/journal/DIGITS.journal */
    BACKUP_PATH_BLOB,    /* WORLD/blobs/ab/abcd... */
    BACKUP_PATH_HISTORY, /* WORLD/history/manifest, seg-DIGITS, wal-DIGITS */
};

/**
 * What a path is, and that it is one a backup may hold: never absolute, never with "..".
 *
 * path       any bytes
 * ret_world  length of the world's folder at its start, 0 for BACKUP_PATH_SMALL; may be NULL
 */
enum backup_path_kind backup_path_kind(struct span path, size_t *ret_world);

/**
 * Whether a path is a world's folder: "real" or "exercises/ID".
 *
 * path      any bytes
 */
bool backup_path_is_world(struct span path);

/**
 * The name of a part's file.
 *
 * number    1 .. BACKUP_NUMBER_MAX
 * ret_name  receives BACKUP_PART_NAME_SIZE bytes, NUL-terminated
 */
void backup_part_name(uint64_t number, char *ret_name);

/**
 * Whether a file's name is a part's.
 *
 * name        any bytes
 * ret_number  its number; untouched where it is none
 */
bool backup_part_number(struct span name, uint64_t *ret_number);

/**
 * Write a header.
 *
 * target    receives BACKUP_HEADER_SIZE bytes
 * header    written
 */
void backup_header_write(uint8_t *target, const struct backup_header *header);

/**
 * Read a header.
 *
 * bytes     as many as there are; only the first BACKUP_HEADER_SIZE are looked at
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT no part of a backup, cut short or damaged; ERR_UNSUPPORTED a newer version
 */
MUST_USE
enum err backup_header_read(struct span bytes, struct backup_header *ret);

/**
 * Compute the digest of a part from its header and what its footer says of its sections.
 *
 * header    BACKUP_HEADER_SIZE bytes, as they lie
 * footer    its digest is filled in
 */
void backup_footer_seal(const uint8_t *header, struct backup_footer *footer);

/**
 * Write a footer.
 *
 * target    receives BACKUP_FOOTER_SIZE bytes
 * footer    written
 */
void backup_footer_write(uint8_t *target, const struct backup_footer *footer);

/**
 * Read a footer; its digest is not checked: see backup_footer_seal().
 *
 * bytes     exactly BACKUP_FOOTER_SIZE bytes, else ERR_FORMAT
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT this is none
 */
MUST_USE
enum err backup_footer_read(struct span bytes, struct backup_footer *ret);

/**
 * Size of a record that backup_record_add() writes.
 *
 * record    of any kind
 */
size_t backup_record_size(const struct backup_record *record);

/**
 * Append a record.
 *
 * buf       receives backup_record_size() bytes
 * record    within the limits
 */
void backup_record_add(struct buf *buf, const struct backup_record *record);

/**
 * Cut the first record off.
 *
 * rest      in: records, not empty; out: what is behind the first
 * ret       borrowed from `rest`; its path is one that a backup may hold; untouched on error
 *
 * Errors    ERR_FORMAT damaged, or a path that no backup holds
 */
MUST_USE
enum err backup_record_next(struct span *rest, struct backup_record *ret);

#endif
