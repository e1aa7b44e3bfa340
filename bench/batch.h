// SPDX-License-Identifier: EUPL-1.2
/*
 * Values that are made up for a history, in the order of segments: domains of few words under the
 * usual endings, one in four without a label below, one in four with one that a machine made;
 * addresses, drawn evenly; URLs; digests.
 */
#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include "bench/bench.h"
#include "history/seen.h"

enum {
    BATCH_KEY_SIZE_MAX = 200,
    BATCH_PARTS = 15,      /* of the domains: an ending each, as they stand in the order */
    BATCH_BELOW = 1000,    /* names below BATCH_DOMAIN, where they are wanted */
    BATCH_RANGE = 12000,   /* addresses in BATCH_NETWORK, likewise */
    BATCH_NETWORK = 50962, /* 199.18.0.0/16 */
};

#define BATCH_DOMAIN "many-below.com"

/* Values of one part of the order. */
struct batch {
    enum value_kind kind;
    bool planted; /* with names below BATCH_DOMAIN, and addresses in BATCH_NETWORK */
    size_t count;
    struct buf text;
    struct span *keys; /* in the order of segments, sorted; some may come twice */
};

/**
 * How many percent of all domains a part of them has.
 *
 * part      below BATCH_PARTS
 */
unsigned batch_share(size_t part);

/**
 * Append a domain.
 *
 * random    what it is made of
 * text      receives it
 * part      below BATCH_PARTS: its ending
 */
void batch_domain_add(struct bench_random *random, struct buf *text, size_t part);

/**
 * Append a URL.
 *
 * random    what it is made of
 * text      receives it
 */
void batch_url_add(struct bench_random *random, struct buf *text);

/**
 * Append bytes.
 *
 * random    what they are made of
 * text      receives them
 * size      so many
 */
void batch_bytes_add(struct bench_random *random, struct buf *text, size_t size);

/**
 * Make values.
 *
 * random    what they are made of
 * batch     its kind is known, its text begun
 * count     so many, and planted ones
 * part      of domains below BATCH_PARTS; of others 0
 */
void batch_make(struct bench_random *random, struct batch *batch, size_t count, size_t part);

/**
 * Give the keys back; the text is kept for the next ones.
 *
 * batch     made
 */
void batch_clear(struct batch *batch);

#endif
