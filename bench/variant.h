// SPDX-License-Identifier: EUPL-1.2
/*
 * Values that vary: for each value of a real line another one of the same shape. It follows from
 * the record's number and the value it stands for, so that the JSON and the TSV writing of one
 * record hold the same values, and a value that stands twice in a line does so again.
 */
#ifndef BENCH_VARIANT_H
#define BENCH_VARIANT_H

#include "base/buf.h"
#include "bench/bench.h"

/* What may stand at a place of a line. */
enum slot {
    SLOT_LITERAL = 0, /* stays */
    SLOT_TIME_TEXT,   /* "2018-03-24T17:15:20.865717", whatever follows stays */
    SLOT_TIME_EPOCH,  /* "1521911720.865717" */
    SLOT_SHAPE,       /* letters become letters, digits digits, hexadecimal stays so */
    SLOT_DIGITS,      /* a number of the same length; 65535 at most where it has five digits */
    SLOT_HEX,         /* a digest in hexadecimal */
    SLOT_IPV4,
    SLOT_IPV6,
    SLOT_NAME,   /* a domain name; its last label stays */
    SLOT_MAIL,   /* local part, '@', name */
    SLOT_TARGET, /* path and query of a URL */
};

enum { VARIANT_TIME_TEXT_SIZE = sizeof "2018-03-24T17:15:20.865717" - 1 };

/* The record a value is made for. */
struct variant {
    uint64_t seed;   /* of the run, mixed with the record's number */
    int64_t time_us; /* when it happened */
};

/**
 * Append another value of the same shape.
 *
 * buf       receives the text
 * slot      what `original` is
 * original  as the real line has it
 * variant   for which record
 */
void variant_add(struct buf *buf, enum slot slot, struct span original, struct variant variant);

/**
 * Whether a text is an IPv4 address that hits are planted in and values vary in: four numbers.
 *
 * text      a whole value
 */
bool variant_is_ipv4(struct span text);

/**
 * Whether a text is an IPv6 address of some length; not one that ends with an IPv4 address.
 *
 * text      a whole value
 */
bool variant_is_ipv6(struct span text);

/**
 * Whether a text is a domain name of two labels or more.
 *
 * text      a whole value
 */
bool variant_is_name(struct span text);

#endif
