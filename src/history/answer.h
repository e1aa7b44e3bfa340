// SPDX-License-Identifier: EUPL-1.2
/*
 * What was found for one question, for people: first and last, how often, which values, hosts,
 * sensors and fields, and how much on which day. Memory is bounded; what there is no room for is
 * counted.
 */
#ifndef HISTORY_ANSWER_H
#define HISTORY_ANSWER_H

#include "history/hunt.h"

enum {
    ANSWER_VALUES_MAX = 10000, /* told one by one */
    ANSWER_NAMES_MAX = 10000,  /* hosts; sensors; fields */
    ANSWER_MORE_MAX = 1 << 20, /* of values, hosts ... that are told apart, with and without room */
    ANSWER_DAYS_MAX = 36600,   /* a century: the last ones */
};

/* A value, host, sensor or field, and how much of what was found is its. */
struct answer_part {
    struct span name;     /* of a value its canonical text */
    enum value_kind kind; /* of a value */
    enum history_form form;
    enum match_rung rung; /* of a value */
    uint32_t first_s;
    uint32_t last_s;
    uint64_t count; /* lines */
};

struct answer_parts {
    size_t count;
    struct answer_part *at; /* by count, the most first; of equal ones by name */
    uint64_t more;          /* for which there was no room: exact up to ANSWER_MORE_MAX in all */
};

struct answer_day {
    uint32_t start_s; /* of a month its first day */
    uint64_t count;
    bool month; /* it is spread over a month: on which day is not known any more */
};

struct answer {
    uint64_t count; /* lines; 0: it was never seen */
    uint32_t first_s;
    uint32_t last_s;
    bool uncertain; /* something of it is kept truncated, as other values are that begin so */
    struct answer_parts values;
    struct answer_parts hosts;
    struct answer_parts sensors;
    struct answer_parts fields;
    size_t day_count;
    struct answer_day *days; /* by time, a month behind its first day; only those with lines */
};

struct answer_maker;

/**
 * Begin an answer to one question.
 *
 * op        work in hand: all lives in its memory
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err answer_begin(struct op *op, struct answer_maker **ret);

/**
 * Add what was found.
 *
 * maker     begun
 * found     copied as far as needed
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err answer_add(struct answer_maker *maker, const struct hunt_found *found);

/**
 * The answer.
 *
 * maker     all was added
 * ret       lives as long as the op with which it was begun; untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err answer_end(struct answer_maker *maker, struct answer *ret);

#endif
