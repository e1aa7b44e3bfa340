// SPDX-License-Identifier: EUPL-1.2
/*
 * Indicators into an index, and a value against it.
 *
 * The index is an *image*: one file, immutable, mapped and used as it lies. It is made anew from
 * all indicators (a second for a million), put in place by a rename, and a running watch changes
 * over between two batches of lines. See docs/format/index-image.md.
 *
 * The hot path is in two steps. Most values are in no list: a batch of keys is hashed, the lines of
 * the filter and then of the table are prefetched, and only what a 32-bit tag lets through is
 * called a candidate. For the lines of candidates match_find() compares whole keys.
 */
#ifndef MATCH_MATCH_H
#define MATCH_MATCH_H

#include "base/hash.h"
#include "base/op.h"
#include "base/time.h"
#include "base/uuid.h"
#include "value/value.h"

enum {
    MATCH_ORIGIN_COUNT_MAX = 65535,
    MATCH_INDICATOR_COUNT_MAX = 200 * 1000 * 1000,
    MATCH_FOUND_COUNT_MAX = 1024, /* indicators of one value; further ones are cut and said so */
    MATCH_BATCH_SIZE = 256,       /* probes in flight */
    MATCH_BATCH_NEAR_SIZE = 256,  /* and IPv4 addresses that a range may cover */
    MATCH_BATCH_IPV4S_MAX = 256,  /* in one call */
    MATCH_BATCH_CANDIDATES_MAX = 4 * MATCH_BATCH_SIZE, /* that one call may add */
    MATCH_ORIGIN_TEXT_SIZE_MAX = 65536,                /* each of an origin's three names */
    MATCH_PATTERN_COUNT_MAX = 1000, /* indicators that are patterns: they compile in seconds then */
    MATCH_PATTERN_TEXT_SIZE_MAX = 128 * 1024, /* of all of them together */
};

/* Where indicators come from: a packed set of a source, or the STIX objects of a source. */
struct match_origin {
    struct span source_id; /* "identity--..." of the source */
    struct span source;    /* its name */
    struct span set;       /* name of the packed set; empty for STIX objects */
};

struct match_indicator {
    struct value value;
    enum value_scope scope;
    uint8_t tlp;        /* enum policy_tlp, as a number: match/ does not judge it */
    uint8_t confidence; /* 0 .. 100; 255 where none was stated */
    uint16_t origin;    /* number given by match_builder_origin() */
    bool has_uuid;      /* STIX object: its own id; a packed set's member has none here */
    struct uuid uuid;
    int64_t valid_from_us;  /* TIME_US_NONE where none is stated */
    int64_t valid_until_us; /* TIME_US_NONE where none is stated */
};

struct match_builder;
struct match_image;

/* How an observation met an indicator. URLs count without scheme and fragment on every rung, since
 * logs do not tell them. The numbers are written into folds: they stay. */
enum match_rung {
    MATCH_RUNG_EXACT = 0, /* the value itself */
    MATCH_RUNG_SUBDOMAIN, /* a name below it */
    MATCH_RUNG_RANGE,     /* an address inside it */
    MATCH_RUNG_DECODED,   /* the URL, but that in one of the two writings escapes are undone */
    MATCH_RUNG_CASELESS,  /* the URL in other letters, of an indicator that asks for it */
    MATCH_RUNG_ANY_QUERY, /* the URL with a query, of an indicator that asks for it */
    MATCH_RUNG_PREFIX,    /* a URL that begins so */
    MATCH_RUNG_PATTERN,   /* a value that fits the pattern */
    MATCH_RUNG_COUNT,
};

struct match_found {
    uint32_t indicator; /* number in this image; match_indicator_at() tells more */
    enum match_rung rung;
};

/**
 * The word for a rung: "exact", "subdomain", "range", "decoded", "caseless", "any-query", "prefix",
 * "pattern".
 *
 * rung      any below MATCH_RUNG_COUNT
 */
const char *match_rung_name(enum match_rung rung);

/**
 * Begin an image.
 *
 * op          work in hand
 * secret      random, new for every image; copied
 * count_hint  about how many indicators will come; may be 0
 * ret         to give back with match_builder_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err match_builder_new(struct op *op, const struct hash_secret *secret, size_t count_hint,
                           struct match_builder **ret);

/**
 * Give a builder back.
 *
 * builder   NULL does nothing
 */
void match_builder_free(struct match_builder *builder);

/**
 * Name an origin; indicators then refer to it by number.
 *
 * builder     made by match_builder_new()
 * origin      copied
 * ret_number  untouched on error
 *
 * Errors    ERR_LIMIT more than MATCH_ORIGIN_COUNT_MAX, a name longer than
 *           MATCH_ORIGIN_TEXT_SIZE_MAX, or no memory
 */
MUST_USE
enum err match_builder_origin(struct match_builder *builder, const struct match_origin *origin,
                              uint16_t *ret_number);

/**
 * Add one indicator. The same value from another origin is another indicator.
 *
 * A refused indicator leaves nothing behind. After ERR_LIMIT the builder takes no more, and
 * match_builder_finish() makes the image of those it has.
 *
 * builder    made by match_builder_new()
 * indicator  copied; its origin must have been named
 *
 * Errors    ERR_FORMAT the key is not of its kind's and scope's shape, or a pattern that does not
 *           compile; ERR_FULL it is a pattern, and there are MATCH_PATTERN_COUNT_MAX or
 *           MATCH_PATTERN_TEXT_SIZE_MAX already: others are still taken; ERR_LIMIT too many, or no
 *           memory
 */
MUST_USE
enum err match_builder_add(struct match_builder *builder, const struct match_indicator *indicator);

/**
 * Finish: lay the image out in memory. The builder is then empty: it has no origins either, and
 * keeps its secret. On error it is as it was. The same calls under the same secret give the same
 * bytes.
 *
 * builder   made by match_builder_new()
 * ret       the bytes of the image, to give back with buf_done(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err match_builder_finish(struct match_builder *builder, struct buf *ret);

/**
 * Use an image's bytes. Every offset in it is checked here, so that a damaged file is refused and
 * never read beyond its end. Patterns are compiled here, which takes a millisecond each.
 *
 * op        work in hand
 * bytes     borrowed until match_image_close(); 8-byte aligned (a buffer is), and quickest where
 *           64-byte aligned (a map is)
 * ret       untouched on error
 *
 * Errors    ERR_CORRUPT damaged; ERR_UNSUPPORTED made by a newer version; ERR_LIMIT no memory
 */
MUST_USE
enum err match_image_open(struct op *op, struct span bytes, struct match_image **ret);

/**
 * Check an image as match_image_open() does, but for the patterns, which are not compiled.
 *
 * op        work in hand
 * bytes     as for match_image_open()
 *
 * Errors    as match_image_open()
 */
MUST_USE
enum err match_image_check(struct op *op, struct span bytes);

/**
 * How many indicators of each kind an image holds. It is checked as match_image_check() does.
 *
 * op        work in hand
 * bytes     as for match_image_open()
 * ret       VALUE_KIND_COUNT numbers; untouched on error
 *
 * Errors    as match_image_open()
 */
MUST_USE
enum err match_image_counts(struct op *op, struct span bytes, uint32_t *ret);

/**
 * Stop using an image.
 *
 * image     NULL does nothing
 */
void match_image_close(struct match_image *image);

/**
 * How many indicators of a kind an image holds; VALUE_NONE counts all.
 *
 * image     open
 * kind      any
 */
size_t match_image_count(const struct match_image *image, enum value_kind kind);

/**
 * An indicator by its number; the spans of `ret` point into the image.
 *
 * image     open
 * number    below match_image_count(image, VALUE_NONE)
 * ret       receives it
 */
void match_indicator_at(const struct match_image *image, uint32_t number,
                        struct match_indicator *ret);

/**
 * An origin by its number; the spans of `ret` point into the image.
 *
 * image     open
 * number    of an indicator's origin
 * ret       receives it
 */
void match_origin_at(const struct match_image *image, uint16_t number, struct match_origin *ret);

/**
 * All indicators that an observed value meets, by comparing whole keys: the value itself, every
 * domain above a domain that asks for subdomains, every range that covers an address, every rung of
 * a URL, every pattern that it fits.
 *
 * image     open
 * kind      of the observed value; never VALUE_CIDR
 * key       its canonical key
 * found     receives at most MATCH_FOUND_COUNT_MAX, each indicator once, patterns last
 * ret_cut   set to true where there were more, or a pattern took too long to tell (see
 *           value/pattern.h); else left alone
 *
 * Returns how many; always in the same order for the same image.
 */
size_t match_find(const struct match_image *image, enum value_kind kind, struct span key,
                  struct match_found *found, bool *ret_cut);

/* Probes in flight; one per thread. A probe carries a mark of the caller's (the line's number). */
struct match_probe {
    uint64_t hash;
    uint32_t mark;
    uint32_t reach; /* whether the value itself is asked for, or one above it; see match/layout.h */
};

/* An IPv4 address of which is to be seen whether a range covers it. */
struct match_near {
    uint32_t address;
    uint32_t mark;
};
struct match_scratch;

struct match_batch {
    const struct match_image *image;
    struct match_scratch *scratch; /* borrowed from the image from the first pattern to the flush */
    size_t count;
    struct match_probe probes[MATCH_BATCH_SIZE];
    size_t near_count;
    struct match_near near[MATCH_BATCH_NEAR_SIZE];
    size_t candidate_count;
    size_t candidate_max;
    uint32_t *candidates; /* marks, in no order; they may repeat */
};

/**
 * Begin probing.
 *
 * batch          caller's memory
 * image          open; borrowed until the batch is begun again
 * candidates     receives marks; borrowed
 * candidate_max  room there; at least MATCH_BATCH_CANDIDATES_MAX more than the caller lets gather
 */
void match_batch_begin(struct match_batch *batch, const struct match_image *image,
                       uint32_t *candidates, size_t candidate_max);

/**
 * Put one observed value to the index; the answer comes as candidates, at the latest with
 * match_batch_flush(). Costs no cache miss: memory is only asked for. Where the image has patterns
 * of that kind the value is scanned at once.
 *
 * batch     begun with match_batch_begin()
 * kind      of the observed value; never VALUE_CIDR
 * key       its canonical key
 * mark      given back where the value may be in the index
 */
void match_batch_add(struct match_batch *batch, enum value_kind kind, struct span key,
                     uint32_t mark);

/**
 * As match_batch_add(), for many IPv4 addresses.
 *
 * batch      begun with match_batch_begin()
 * addresses  as numbers
 * marks      of each
 * count      at most MATCH_BATCH_IPV4S_MAX
 */
void match_batch_add_ipv4s(struct match_batch *batch, const uint32_t *addresses,
                           const uint32_t *marks, size_t count);

/**
 * Answer all probes in flight, and give back what was borrowed of the image: after the last value
 * this must be called. A mark is a candidate wherever match_find() would find something, and almost
 * never elsewhere, but for patterns that are only looked at roughly here.
 *
 * batch     begun with match_batch_begin()
 */
void match_batch_flush(struct match_batch *batch);

#endif
