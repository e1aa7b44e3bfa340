// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: what tells of nearly every value that is not in a segment that it is not.
 *
 * A Bloom filter in lines of 64 bytes, one for each line of a processor's cache: a key's hash
 * chooses a line, and one bit in each of its eight words (after Putze, Sanders and Singler,
 * "Cache-, Hash- and Space-Efficient Bloom Filters", 2007). Lines lie in pages of 4 KiB, each with
 * a checksum of its own, which is looked at when the page is first used: a damaged page says of
 * everything that it may be there.
 */
#ifndef HISTORY_FILTER_H
#define HISTORY_FILTER_H

#include <stdatomic.h>

#include "base/hash.h"
#include "base/op.h"
#include "history/seen.h"

enum {
    FILTER_BITS_PER_KEY = 12, /* one stranger in some 250 is let through */
    FILTER_LINE_SIZE = 64,
    FILTER_PAGE_SIZE = 4096,
    FILTER_LINES_MAX = 1 << 28,      /* 16 GiB */
    FILTER_KEYS_PER_VALUE_MAX = 128, /* labels of a name */
};

/* The keys under which one value is told to a filter, or asked for. */
struct filter_keys {
    size_t count;
    uint64_t hashes[FILTER_KEYS_PER_VALUE_MAX];
};

/**
 * What a filter is told of a value: itself; of a domain each domain above it too; of a URL instead
 * of itself its plain form in lower case, and that without its query where it has one.
 *
 * secret        of the history
 * kind          of the value
 * form          what of it is kept
 * key           of the value (canonical)
 * known         of a domain: so many bytes at its end were told before, for the value before; else
 *               0
 * ret           receives the hashes
 */
void filter_keys_told(const struct hash_secret *secret, enum value_kind kind,
                      enum history_form form, struct span key, size_t known,
                      struct filter_keys *ret);

/**
 * How many hashes filter_keys_told() gives at most, of a value of which nothing is known.
 *
 * kind      of the value
 * form      what of it is kept
 * key       of the value (canonical)
 */
size_t filter_keys_count(enum value_kind kind, enum history_form form, struct span key);

/**
 * What a filter is asked for: if any of them is there, the value or something below it may be.
 *
 * secret    of the history
 * kind      of the value
 * form      what of it is kept
 * key       of the value (canonical)
 * ret       receives one hash or two
 */
void filter_keys_asked(const struct hash_secret *secret, enum value_kind kind,
                       enum history_form form, struct span key, struct filter_keys *ret);

/* ---- how many ---- */

enum { FILTER_SKETCH_COUNT_MAX = 512 };

/* The least of the hashes that a filter was told: of so many, the greatest says how many there are
 * (Bar-Yossef and others, "Counting Distinct Elements in a Data Stream", 2002), within some 5 %;
 * of fewer, they are all. Those of several filters together tell how large one in their place must
 * be. */
struct filter_sketch {
    size_t count;
    uint64_t least[FILTER_SKETCH_COUNT_MAX]; /* rising */
};

/**
 * Count a hash.
 *
 * sketch    all zero before the first
 * hash      counted once, however often it comes
 */
void filter_sketch_add(struct filter_sketch *sketch, uint64_t hash);

/**
 * About how many different hashes were counted.
 *
 * sketch    any
 */
uint64_t filter_sketch_estimate(const struct filter_sketch *sketch);

/* ---- writing ---- */

struct filter_writer {
    uint64_t keys_max;   /* about so many will come */
    uint64_t key_count;  /* so many came */
    struct buf waiting;  /* their hashes, until it is known that they are too many to wait */
    size_t waiting_at;   /* so many bytes of them are in lines */
    uint64_t line_count; /* 0: they wait */
    uint64_t *lines;
    struct filter_sketch sketch;
};

/**
 * Begin a filter.
 *
 * writer    caller's memory; to be given back with filter_writer_done()
 * keys_max  about so many keys will come
 */
void filter_writer_begin(struct filter_writer *writer, uint64_t keys_max);

/**
 * Give its memory back.
 *
 * writer    begun
 */
void filter_writer_done(struct filter_writer *writer);

/**
 * Add a key.
 *
 * op        work in hand
 * writer    begun
 * hash      of the key
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err filter_writer_add(struct op *op, struct filter_writer *writer, uint64_t hash);

/**
 * End it. A filter that few keys came to is as large as they need.
 *
 * op        work in hand
 * writer    begun
 * ret       its bytes; live as long as the writer
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err filter_writer_end(struct op *op, struct filter_writer *writer, struct span *ret);

/**
 * Append the checksums of all pages.
 *
 * buf       receives 8 bytes for each
 * filter    its bytes
 */
void filter_sums_add(struct buf *buf, struct span filter);

/* ---- reading ---- */

struct filter {
    const uint8_t *lines;
    uint64_t line_count;
    const uint8_t *sums;      /* of pages */
    _Atomic uint8_t *checked; /* of each page: enum page_state; in filter.c */
};

/**
 * Use a filter.
 *
 * bytes     its lines; borrowed
 * sums      checksums of its pages, checked; borrowed
 * ret       to be given back with filter_close(); untouched on error
 *
 * Errors    ERR_FORMAT the sizes are those of no filter; ERR_LIMIT no memory
 */
MUST_USE
enum err filter_open(struct span bytes, struct span sums, struct filter *ret);

/**
 * Stop using it.
 *
 * filter    open, or all zero
 */
void filter_close(struct filter *filter);

/**
 * Whether a key may be there. Any number of threads may ask.
 *
 * filter    open
 * hash      of the key
 */
bool filter_has(const struct filter *filter, uint64_t hash);

/**
 * Ask for the memory that filter_has() will look at.
 *
 * filter    open
 * hash      of the key
 */
void filter_ahead(const struct filter *filter, uint64_t hash);

/**
 * The first page that is damaged, or UINT64_MAX.
 *
 * filter    open
 */
uint64_t filter_damaged(const struct filter *filter);

#endif
