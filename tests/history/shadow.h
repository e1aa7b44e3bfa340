// SPDX-License-Identifier: EUPL-1.2
/*
 * A naive list of postings, to be compared with what segments hold: written into a segment in
 * memory, and read from one.
 */
#ifndef TESTS_HISTORY_SHADOW_H
#define TESTS_HISTORY_SHADOW_H

#include "history/segment.h"
#include "tests/testing.h"

enum { SHADOW_KEY_SIZE_MAX = 320, SHADOW_NAME_SIZE_MAX = 64, SHADOW_WAYS = 5 };

struct shadow_posting {
    enum value_kind kind;
    enum history_form form;
    size_t key_size; /* canonical */
    uint8_t key[SHADOW_KEY_SIZE_MAX];
    uint32_t start_s;
    enum history_width width;
    char host[SHADOW_NAME_SIZE_MAX];
    size_t way; /* one of shadow_ways */
    uint32_t first_s;
    uint32_t last_s;
    uint64_t count;
};

struct shadow {
    size_t count;
    size_t room;
    struct shadow_posting *at;
};

struct shadow_segment {
    struct segment_writer *writer; /* holds the bytes */
    struct segment *segment;
};

extern const struct history_way shadow_ways[SHADOW_WAYS];

/* The same secret in every run of one test. */
struct hash_secret shadow_secret(void);

/* Add a copy. */
void shadow_add(struct shadow *shadow, const struct shadow_posting *posting);
void shadow_done(struct shadow *shadow);

/* Put it into the order of segments, equal host and way of one row of one value as one. */
void shadow_combine(struct shadow *shadow);

/* Write it into a segment in memory, and open that. It is combined. */
void shadow_write(struct op *op, const struct shadow *shadow, struct shadow_segment *ret);
void shadow_segment_done(struct shadow_segment *segment);

/* Add all that a segment holds; combined afterwards, to undo pieces and the order of numbers. Ends
 * the test where its entries, rows or postings are in no order. */
void shadow_read(struct op *op, const struct segment *segment, struct shadow *shadow);

/* Ends the test where two lists differ, and shows where. Both are combined. */
void shadow_compare(const struct shadow *got, const struct shadow *expected);

#endif
