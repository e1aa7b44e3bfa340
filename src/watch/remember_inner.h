// SPDX-License-Identifier: EUPL-1.2
/*
 * What remembering works with. Private to remember*.c: remember_line.c knows when, where and in
 * which way something was seen, remember.c what.
 */
#ifndef WATCH_REMEMBER_INNER_H
#define WATCH_REMEMBER_INNER_H

#include "base/hash_inline.h"
#include "history/record.h"
#include "watch/remember.h"

enum {
    REMEMBER_WAY_COUNT = 512,   /* found by number; a power of two */
    REMEMBER_ENDS_COUNT = 256,  /* likewise */
    REMEMBER_PAIR_COUNT = 1024, /* likewise */
    REMEMBER_END_SIZE_MAX = 40, /* of an address; longer ones are not found by number */
    REMEMBER_HOST_COUNT = 2048, /* likewise */
    REMEMBER_DAY_SIZE = 10,     /* "2026-11-22" */
    REMEMBER_LINE_COUNT_MAX = OBSERVE_CONTEXT_COUNT_MAX,
    REMEMBER_STEP_COUNT = 16, /* lines whose waits for memory overlap */
    REMEMBER_VALUE_NONE = -1,
};

/* A way that was met lately, by what it is made of. */
struct remember_way {
    uint64_t manner;
    uint32_t field;
    uint32_t number;
    uint32_t age; /* see struct watch_remember */
};

/* An IPv4 address that was met lately. */
struct remember_host {
    uint32_t address;
    uint32_t number; /* in this record; HISTORY_RECORD_NONE: not asked for */
    uint32_t age;
    bool inside;
};

/* A network of IPv4 that is inside. */
struct remember_network {
    uint32_t address;
    uint32_t mask;
};

/* Two ends of a line, and what they make of it in this record. */
struct remember_ends {
    uint32_t host;
    uint32_t age;
    uint8_t originator_size;
    uint8_t responder_size;
    uint8_t direction;
    bool assumed;
    uint8_t originator[REMEMBER_END_SIZE_MAX];
    uint8_t responder[REMEMBER_END_SIZE_MAX];
};

/* What a pair is found by. */
struct remember_pair_key {
    uint64_t manner; /* of the lines, and which of their ends is which */
    uint64_t ends;   /* both addresses */
    uint64_t rest;   /* hour, and port of the server */
};

/* Lines of one hour that tell the same but for their seconds and values: both ends are IPv4
 * addresses, or one is and there is no other. */
struct remember_pair {
    struct remember_pair_key key;
    uint32_t count; /* 0: nothing of it is to be put into the record */
    uint32_t age;
    uint32_t first_s;
    uint32_t last_s;
    uint32_t host;
    uint32_t ways[2]; /* of each end, as the next */
    uint16_t port;
    bool has[2];
    uint8_t server; /* which end that port belongs to; the other is the client */
    uint8_t first;  /* which end stands first */
    uint8_t direction;
    bool assumed;
};

/* The pair of a line. */
struct remember_pair_line {
    struct remember_pair_key key;
    uint16_t place;
};

/* The day of the last time that was read. */
struct remember_day {
    bool known;
    uint32_t start_s;
    uint8_t text[REMEMBER_DAY_SIZE];
};

/* All of a way but its field, as it was last. */
struct remember_manner {
    uint64_t hash; /* 0: none */
    uint64_t rest; /* what is no text of it */
    const struct observe_mapping *mapping;
    uint8_t stream_size;
    uint8_t sensor_size;
    uint8_t stream[OBSERVE_STREAM_SIZE_MAX];
    uint8_t sensor[HISTORY_NAME_SIZE_MAX];
};

/* A line whose values are at hand. */
struct remember_line {
    const struct observe_context *context;
    const struct observe_line *read; /* NULL where the line was sifted */
    uint64_t manner;                 /* of the line; with its direction that of its ways */
    uint32_t second;
    uint32_t host;
    int32_t latest; /* of its values; the others follow from there */
    uint32_t count;
    enum rank_direction direction;
    bool assumed;
    bool timed;  /* else history does not reach so far */
    bool apart;  /* one of its values is one of its ends: those are values like any other */
    bool paired; /* it can be counted as one of a pair */
};

/* A value of such a line. */
struct remember_value {
    uint64_t hash;      /* of its key */
    const uint8_t *key; /* NULL: `own` */
    uint16_t key_size;
    uint16_t field;
    uint16_t line;
    uint16_t order; /* see struct observe_place */
    uint8_t kind;
    bool left; /* it counts elsewhere, or not at all */
    uint8_t own[VALUE_IPV6_PORT_SIZE];
    int32_t earlier; /* of the same line */
};

struct watch_remember {
    const struct history_rules *rules;
    uint32_t kinds;
    struct history_record_writer *writer;
    const struct hash_secret *secret; /* of the writer */
    uint32_t age; /* of what was met lately: what is older has numbers of another record */
    struct told_rules told_rules;
    size_t network_count; /* of those of told_rules.inside, the IPv4 ones */
    struct remember_network networks[INSIDE_NETWORK_COUNT_MAX];
    uint64_t left_out;
    uint64_t odd_times; /* lines whose time cannot be */
    uint32_t first_s;   /* of the chunk's lines; UINT32_MAX: none yet */
    uint32_t last_s;
    /* What was met lately, and its number in the record. */
    struct remember_way ways[REMEMBER_WAY_COUNT];
    struct remember_host hosts[REMEMBER_HOST_COUNT];
    struct remember_ends ends[REMEMBER_ENDS_COUNT];
    struct remember_day day;
    struct remember_manner manner;
    struct remember_pair pairs[REMEMBER_PAIR_COUNT];
    size_t pair_count; /* of the places that are in use */
    uint16_t pairs_used[REMEMBER_PAIR_COUNT];
    /* Lines whose values wait to be counted. */
    size_t line_count;
    struct remember_line lines[REMEMBER_LINE_COUNT_MAX];
    struct remember_pair_line pair_lines[REMEMBER_STEP_COUNT]; /* of those that are counted next */
    size_t value_count;
    size_t value_room;
    struct remember_value *values;
    struct arena keys; /* of values that were taken before the last ones */
    size_t half_count; /* of the line's beginning, which was remembered before */
    uint64_t half[OBSERVE_OBSERVATION_COUNT_MAX];
    uint8_t kept[HISTORY_ORDER_SIZE_MAX];
};

/**
 * When a line happened, and in which manner.
 *
 * remember  begun
 * line      its context is set, and the line that was read in full; the rest is written
 */
void remember_line_read(struct watch_remember *remember, struct remember_line *line);

/**
 * Where it happened: its host and direction.
 *
 * remember  begun
 * line      read
 */
void remember_ends_find(struct watch_remember *remember, struct remember_line *line);

/**
 * As remember_ends_find(), where all ends of the line are IPv4 addresses.
 *
 * remember  begun
 * line      read, and not in full
 * ends      originator and responder; no address: not logged
 */
void remember_ends_find_ipv4(struct watch_remember *remember, struct remember_line *line,
                             const struct observe_end *const ends[2]);

/**
 * Ask for the memory that remember_ends_find_ipv4() will need.
 *
 * remember  begun
 * address   of an end
 */
void remember_host_ahead(struct watch_remember *remember, uint32_t address);

/**
 * The number of a way in the record.
 *
 * remember  begun
 * line      read, its ends found
 * field     of one of its values
 */
uint32_t remember_way_find(struct watch_remember *remember, const struct remember_line *line,
                           uint16_t field);

/**
 * Find the pair as one of which a line can be counted, and ask for the memory that it needs.
 *
 * remember  begun
 * line      read, and not in full
 * ret       receives it
 *
 * Returns false where it is to be counted otherwise.
 */
bool remember_pair_begin(struct watch_remember *remember, const struct remember_line *line,
                         struct remember_pair_line *ret);

/**
 * Count a line's ends, and find where it happened.
 *
 * remember  begun
 * line      of which remember_pair_begin() returned true
 * at        what it told
 */
void remember_pair_add(struct watch_remember *remember, struct remember_line *line,
                       const struct remember_pair_line *at);

/**
 * Put all pairs into the record.
 *
 * remember  begun
 */
void remember_pairs_end(struct watch_remember *remember);

/**
 * Put a value into the record, in the form in which it is kept; what must not stand there is left.
 *
 * remember  begun
 * own       as for veil_hides_key()
 * kind      of the value
 * key       of the value
 * seen      all but kind, form and key, which are written
 */
void remember_key_add(struct watch_remember *remember, struct span own, enum value_kind kind,
                      struct span key, struct history_seen *seen);

#endif
