// SPDX-License-Identifier: EUPL-1.2
/*
 * How much a hit matters: points from 0 to 100, and a word for them. The rules are one table in
 * rank.c; every rank can be told in words. Pure, as all of this room.
 */
#ifndef POLICY_RANK_H
#define POLICY_RANK_H

#include "base/buf.h"
#include "value/value.h"

/* Who opened the connection in which the indicator was met. */
enum rank_direction {
    RANK_DIRECTION_UNKNOWN = 0,
    RANK_OUTBOUND, /* an inside host, to outside */
    RANK_INBOUND,  /* somebody outside, to inside */
    RANK_INTERNAL, /* between two inside hosts */
    RANK_DIRECTION_COUNT,
};

/* What became of it. */
enum rank_outcome {
    RANK_OUTCOME_UNKNOWN = 0,
    RANK_DONE,   /* it was answered, or carried out */
    RANK_FAILED, /* nobody answered, or an error was the answer */
    RANK_DENIED, /* a firewall, proxy or filter stopped it */
    RANK_OUTCOME_COUNT,
};

/* How the observation met the indicator. */
enum rank_rung {
    RANK_RUNG_UNKNOWN = 0,
    RANK_EXACT,     /* the value itself */
    RANK_SUBDOMAIN, /* a name below it */
    RANK_RANGE,     /* an address inside it */
    RANK_DECODED,   /* a URL with its escapes undone */
    RANK_CASELESS,  /* a URL in letters of another case */
    RANK_ANY_QUERY, /* a URL, whatever its query */
    RANK_PREFIX,    /* a URL that begins so */
    RANK_PATTERN,   /* what a pattern describes */
    RANK_RUNG_COUNT,
};

/* What the owner's allow lists say of it. */
enum rank_effect {
    RANK_EFFECT_NONE = 0,
    RANK_LOWERED, /* many share the value: a content network, a hosting company */
    RANK_SILENCED,
    RANK_EFFECT_COUNT,
};

enum rank_level {
    RANK_SILENT = 0,
    RANK_LOW,
    RANK_MEDIUM,
    RANK_HIGH,
    RANK_CRITICAL,
    RANK_LEVEL_COUNT,
};

enum { RANK_MAX = 100, RANK_CONFIDENCE_UNKNOWN = 255, RANK_REASON_COUNT_MAX = 16 };

/* One line that met an indicator. */
struct rank_line {
    enum value_kind kind; /* of the indicator's value that it met */
    enum rank_direction direction;
    enum rank_outcome outcome;
    enum rank_rung rung;
    enum rank_effect effect;
    bool answer; /* the value stood in the answer to a question, not in what a host did */
};

/* All that a rank is made of. */
struct rank_facts {
    uint8_t confidence;      /* of the indicator: 0 .. 100, or RANK_CONFIDENCE_UNKNOWN */
    uint8_t sources;         /* how many name the value; 0 where nobody counted */
    bool before_publication; /* the event is older than the indicator */
    bool noisy;              /* so many hosts met it that they are counted together */
    struct rank_line line;   /* the one that matters most */
};

/* Why a rank is what it is: one rule that applied. */
struct rank_reason {
    int points; /* what it gave or took */
    const char *words;
};

/**
 * The word for a direction ("outbound", "inbound", "internal"), outcome ("done", "failed",
 * "denied"), rung ("exact", "subdomain", "range", "decoded", "caseless",
 * "any-query", "prefix", "pattern"), effect ("lower", "silent") or level ("silent", "low",
 * "medium", "high", "critical"); "unknown", and "none" of effects, for their zeros.
 *
 * direction, outcome, rung, effect, level  any value of the enum
 */
const char *rank_direction_name(enum rank_direction direction);
const char *rank_outcome_name(enum rank_outcome outcome);
const char *rank_rung_name(enum rank_rung rung);
const char *rank_effect_name(enum rank_effect effect);
const char *rank_level_name(enum rank_level level);

/**
 * The value of a word, as those functions write it.
 *
 * word      looked up
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err rank_direction_from_name(struct span word, enum rank_direction *ret);
MUST_USE
enum err rank_outcome_from_name(struct span word, enum rank_outcome *ret);
MUST_USE
enum err rank_rung_from_name(struct span word, enum rank_rung *ret);
MUST_USE
enum err rank_effect_from_name(struct span word, enum rank_effect *ret);
MUST_USE
enum err rank_level_from_name(struct span word, enum rank_level *ret);

/**
 * Points: 0 for what is silenced, else 1 to RANK_MAX.
 *
 * facts     of a hit
 */
unsigned rank_points(const struct rank_facts *facts);

/**
 * The level of some points.
 *
 * points    0 .. RANK_MAX
 */
enum rank_level rank_level_of(unsigned points);

/**
 * Which of two lines that met one indicator matters more. The order is total: it does not depend on
 * how lines were gathered.
 *
 * a, b      any two
 *
 * Returns more than 0 where it is `a`, less where it is `b`, 0 where they are equal.
 */
int rank_line_compare(const struct rank_line *a, const struct rank_line *b);

/**
 * The rules that applied, in the order of the table, for people.
 *
 * facts     of a hit
 * ret       receives at most RANK_REASON_COUNT_MAX of them
 *
 * Returns how many. Their points add up to the rank, unless it met its bounds or is silenced.
 */
size_t rank_reasons(const struct rank_facts *facts, struct rank_reason ret[RANK_REASON_COUNT_MAX]);

#endif
