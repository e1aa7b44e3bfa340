// SPDX-License-Identifier: EUPL-1.2
/*
 * Made-up indicators. The text of the number'th one of a kind follows from the two numbers alone,
 * so that those who plant hits need no list, and no two are equal.
 *
 * What is planted must be all that is found. So indicators keep to one half of what the generator
 * writes, and everything else in the logs to the other:
 *   - IPv4 addresses and ranges have bit 12 set, other public addresses have it clear; single
 *     addresses have bit 13 clear, ranges set;
 *   - IPv6 addresses begin with 2a05, ranges with 2a0e, others never with either;
 *   - the name below the public suffix ends with a letter from a to m, of others from n to z.
 */
#ifndef BENCH_INDICATOR_H
#define BENCH_INDICATOR_H

#include "bench/bench.h"
#include "value/value.h"

enum {
    INDICATOR_COUNT_MAX = 10 * 1000 * 1000,
    INDICATOR_IPV4_BIT = 1 << 12,
    INDICATOR_RANGE_BIT = 1 << 13,
    INDICATOR_FIRST_OCTET = 32, /* public addresses begin with 32 .. 95 */
    INDICATOR_FIRST_OCTETS = 64,
};

/* One of a list: the number'th of its kind. */
struct indicator {
    enum value_kind kind;
    uint64_t number;
};

/**
 * What stands at a place of the list: of a hundred neighbours 45 are domains, 25 IPv4 and 5 IPv6
 * addresses, 2 ranges, 10 URLs, 10 SHA-256, 1 MD5, 1 SHA-1 and 1 a mail address.
 *
 * place     from 0
 */
struct indicator indicator_at(uint64_t place);

/**
 * How many of a kind there are.
 *
 * kind      any
 * count     length of the list
 */
uint64_t indicator_count(enum value_kind kind, uint64_t count);

/**
 * Append an indicator as a list has it.
 *
 * buf        receives the text
 * indicator  of the list
 */
void indicator_add_text(struct buf *buf, struct indicator indicator);

/**
 * Append what a log would hold of it: every second time a name below the domain, an address of the
 * range, else the value itself. Of a URL only the host: see indicator_add_target().
 *
 * buf        receives the text
 * indicator  of the list
 * random     chooses
 */
void indicator_add_seen(struct buf *buf, struct indicator indicator, struct bench_random *random);

/**
 * Append the path and query of a URL.
 *
 * buf        receives the text
 * indicator  a VALUE_URL
 */
void indicator_add_target(struct buf *buf, struct indicator indicator);

#endif
