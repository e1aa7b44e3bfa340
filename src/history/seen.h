// SPDX-License-Identifier: EUPL-1.2
/*
 * The words of this room. A value was *seen*: at an inside host, in a *way* (by which sensor, in
 * which field, in which direction), first and last at some second, so many times. A *row* gathers
 * this for one value and one span of time; each host and way in it is a *posting*.
 *
 * Times are in seconds since 1970, UTC, which fit 32 bits until 2106; what happened outside of that
 * is not remembered, and counted.
 */
#ifndef HISTORY_SEEN_H
#define HISTORY_SEEN_H

#include "policy/rank.h"
#include "value/value.h"

enum {
    HISTORY_HOUR_S = 3600,
    HISTORY_DAY_S = 24 * HISTORY_HOUR_S,
    HISTORY_NAME_SIZE_MAX = 255, /* of a sensor, a field, a host */
    HISTORY_NAMES_MAX = 1 << 20, /* hosts, or ways, in one record or segment */
    HISTORY_ORDER_SIZE_MAX = VALUE_KEY_SIZE_MAX,
};

/* The span of time of a row. The numbers are written into segments: they stay. */
enum history_width {
    HISTORY_HOUR = 0,
    HISTORY_DAY,
    HISTORY_MONTH, /* of the calendar */
    HISTORY_WIDTH_COUNT,
};

/* What is kept of a value. The numbers are written into segments: they stay. */
enum history_form {
    HISTORY_WHOLE = 0,
    HISTORY_TRUNCATED, /* a network, a registered domain, a URL without query ...; see rules.h */
    HISTORY_HASHED,    /* its keyed hash */
    HISTORY_FORM_COUNT,
};

/* In which way something was seen. */
struct history_way {
    struct span sensor;
    struct span field;             /* "dns.query"; see observe_field_add_name() */
    enum rank_direction direction; /* of the line in which it stood */
    enum rank_outcome outcome;     /* what became of what the line tells */
    bool assumed;                  /* neither end was inside: the originator counts as it */
    bool answer;                   /* it stood in the answer to a question */
};

/* One value, at one host, in one way, within one hour. */
struct history_seen {
    enum value_kind kind;
    enum history_form form;
    struct span key; /* canonical (value/value.h), or what rules made of it */
    uint32_t host;   /* number among the hosts of a record; 0 is the empty name: none */
    uint32_t way;    /* number among its ways, from 0 */
    uint32_t first_s;
    uint32_t last_s; /* within the same hour as first_s */
    uint64_t count;  /* lines; at least 1 */
};

/* As history_seen, within a row. */
struct history_posting {
    uint32_t host; /* numbers of a segment */
    uint32_t way;
    uint32_t first_s;
    uint32_t last_s;
    uint64_t count;
};

struct history_row {
    uint32_t start_s; /* of its span of time */
    enum history_width width;
    size_t posting_count;
    const struct history_posting *postings; /* by (host, way), each pair once */
};

/* A value, and rows of it, by (start_s, width). A value with very many is told in several pieces,
 * one after the other; then a row, too, may go on in the next piece. */
struct history_entry {
    enum value_kind kind;
    enum history_form form;
    struct span order; /* its key in the order of segments */
    size_t row_count;
    const struct history_row *rows;
};

/**
 * The key of a value in the order of segments: a domain from its end to its beginning, so that the
 * names below it follow it; of other kinds the key as it is. Done twice it is the key again.
 *
 * kind      of the value
 * form      what of it is kept; a hash is left as it is
 * key       at most HISTORY_ORDER_SIZE_MAX bytes
 * ret       receives as many bytes
 */
void history_order(enum value_kind kind, enum history_form form, struct span key, uint8_t *ret);

/**
 * Compare two places in the order of segments: by kind, form, and then byte by byte, the shorter
 * one first.
 *
 * a, b      any two entries; only kind, form and order are looked at
 *
 * Returns less than, equal to or greater than 0.
 */
int history_order_compare(const struct history_entry *a, const struct history_entry *b);

/**
 * Where the span of time begins that a second lies in.
 *
 * width     of the span
 * second    since 1970
 */
uint32_t history_span_start(enum history_width width, uint32_t second);

/**
 * The first second behind a span of time; UINT32_MAX where that is beyond what can be written.
 *
 * width     of the span
 * start_s   of the span
 */
uint32_t history_span_end(enum history_width width, uint32_t start_s);

#endif
