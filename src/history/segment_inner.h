// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: how a segment lies in its file (docs/format/history.md), and its names.
 * Numbers are little-endian, as on every machine that this is built for.
 */
#ifndef HISTORY_SEGMENT_INNER_H
#define HISTORY_SEGMENT_INNER_H

#include "history/block.h"
#include "history/filter.h"
#include "history/names.h"
#include "history/segment.h"

#define SEGMENT_MAGIC "LINIESEG"

enum {
    SEGMENT_MAGIC_SIZE = 8,
    SEGMENT_VERSION = 2,
    SEGMENT_HEAD_SIZE = 16,
    SEGMENT_ALIGNMENT = 64, /* of sections */
    SEGMENT_KINDS = 32,     /* room in the trailer */
};

enum segment_section {
    SEGMENT_BLOCKS = 0,
    SEGMENT_CODES,
    SEGMENT_DICTIONARIES,
    SEGMENT_HOSTS,
    SEGMENT_WAYS,
    SEGMENT_INDEX,
    SEGMENT_SEPARATORS,
    SEGMENT_SKETCH,
    SEGMENT_FILTER_SUMS,
    SEGMENT_FILTER,
    SEGMENT_SECTION_COUNT,
};

struct segment_place {
    uint64_t offset;
    uint64_t size;
    uint64_t checksum; /* XXH3, 64 bit; 0 of blocks and filter, which have their own */
};

struct segment_trailer {
    uint8_t magic[SEGMENT_MAGIC_SIZE];
    uint32_t version;
    uint32_t size; /* of this */
    uint64_t total_size;
    uint64_t secret_mark; /* tells whose filter it is */
    struct segment_place sections[SEGMENT_SECTION_COUNT];
    uint64_t values;
    uint64_t rows;
    uint64_t postings;
    uint64_t count;
    uint64_t blocks;
    uint64_t filter_keys;
    uint32_t first_s;
    uint32_t last_s;
    uint64_t kind_values[SEGMENT_KINDS];
    uint64_t checksum; /* of all before it */
};

/* Where a block lies, and a place in the order that is behind all entries of the block before, and
 * not behind its own first entry. */
struct segment_index {
    uint64_t offset; /* in the file */
    uint64_t text;   /* where the place's bytes begin among the separators */
    uint32_t size;
    uint16_t text_size;
    uint8_t kind;
    uint8_t form;
};

_Static_assert(sizeof(struct segment_index) == 24, "it lies so in files");
_Static_assert(sizeof(struct segment_trailer) == SEGMENT_MAGIC_SIZE + 24 +
                                                     SEGMENT_SECTION_COUNT * 24 + 56 +
                                                     SEGMENT_KINDS * 8 + 8,
               "it lies so in files");
_Static_assert((int)VALUE_KIND_COUNT <= (int)SEGMENT_KINDS, "each kind has a count");

/**
 * What tells whether a secret is that of a segment.
 *
 * secret    of a history
 */
uint64_t segment_secret_mark(const struct hash_secret *secret);

/* ---- names ---- */

/**
 * Append the section of hosts.
 *
 * buf       receives it
 * hosts     by number
 */
void segment_hosts_add(struct buf *buf, const struct names *hosts);

/**
 * Append the section of ways.
 *
 * buf       receives it
 * ways      by number, each as names_way_bytes() makes it
 */
void segment_ways_add(struct buf *buf, const struct names *ways);

/**
 * Read the hosts of a section.
 *
 * bytes      of the section; borrowed by the names
 * ret        to give back with memory_free(); untouched on error
 * ret_count  how many; the first is empty
 *
 * Errors    ERR_FORMAT; ERR_LIMIT no memory
 */
MUST_USE
enum err segment_hosts_read(struct span bytes, struct span **ret, size_t *ret_count);

/**
 * Read the ways of a section.
 *
 * bytes      of the section; borrowed by the names
 * ret        to give back with memory_free(); untouched on error
 * ret_count  how many
 *
 * Errors    ERR_FORMAT; ERR_LIMIT no memory
 */
MUST_USE
enum err segment_ways_read(struct span bytes, struct history_way **ret, size_t *ret_count);

/* ---- an open segment ---- */

struct segment {
    struct span bytes;
    struct disk *disk; /* to be told what will be read; may be NULL */
    struct hash_secret secret;
    struct segment_facts facts;
    size_t block_count;
    const struct segment_index *index;
    const uint8_t *separators;
    struct column_tables tables; /* codes of its blocks */
    struct dictionaries dictionaries;
    struct filter filter;
    struct span sketch; /* hashes, 8 bytes each, rising */
    size_t host_count;
    struct span *hosts;
    size_t way_count;
    struct history_way *ways;
};

/**
 * The place from which on a block's entries lie.
 *
 * segment   open
 * block     number of it
 */
struct history_entry segment_block_place(const struct segment *segment, size_t block);

#endif
