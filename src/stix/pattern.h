// SPDX-License-Identifier: EUPL-1.2
/*
 * The pattern language of STIX 2.1 (section 9): text to tree and back.
 *
 *     [file:hashes.'SHA-256' = 'aec0...' OR file:name LIKE 'a%'] FOLLOWEDBY [url:value = 'b']
 * WITHIN 5 SECONDS
 *
 * A pattern joins observations, in brackets, by AND, OR and FOLLOWEDBY; an observation joins tests
 * of properties by AND and OR. AND binds tighter than OR, OR tighter than FOLLOWEDBY; a qualifier
 * binds tightest. Chains of one operator are one node with many children; parentheses leave no
 * trace but the shape of the tree.
 */
#ifndef STIX_PATTERN_H
#define STIX_PATTERN_H

#include "base/buf.h"
#include "base/op.h"

enum {
    STIX_PATTERN_SIZE_MAX = 64 * 1024,    /* bytes of text */
    STIX_PATTERN_DEPTH_MAX = 32,          /* parentheses in parentheses */
    STIX_PATTERN_NODE_COUNT_MAX = 4096,   /* nodes, steps of paths and literals together */
    STIX_PATTERN_QUALIFIER_COUNT_MAX = 8, /* on one expression */
};

enum stix_pattern_node_kind {
    /* Between observations. */
    STIX_PATTERN_FOLLOWEDBY = 0, /* two or more children, in order */
    STIX_PATTERN_OR,             /* two or more children */
    STIX_PATTERN_AND,            /* two or more children */
    STIX_PATTERN_WITHIN,         /* one child; literal: a duration in microseconds */
    STIX_PATTERN_REPEATS,        /* one child; literal: a count, at least 1 */
    STIX_PATTERN_START_STOP,     /* one child; two literals: times, the second later */
    STIX_PATTERN_OBSERVATION,    /* [ one child ] */
    /* Within an observation. */
    STIX_PATTERN_TEST_OR,  /* two or more children */
    STIX_PATTERN_TEST_AND, /* two or more children */
    STIX_PATTERN_TEST,     /* a path, a comparison, and what it is compared with */
};

enum stix_pattern_comparison {
    STIX_PATTERN_EQUAL = 0, /* also written "==" */
    STIX_PATTERN_UNEQUAL,   /* also written "<>" */
    STIX_PATTERN_LESS,
    STIX_PATTERN_LESS_EQUAL,
    STIX_PATTERN_GREATER,
    STIX_PATTERN_GREATER_EQUAL,
    STIX_PATTERN_IN,
    STIX_PATTERN_LIKE,
    STIX_PATTERN_MATCHES,
    STIX_PATTERN_ISSUBSET,
    STIX_PATTERN_ISSUPERSET,
    STIX_PATTERN_EXISTS, /* without literal */
};

enum stix_pattern_literal_kind {
    STIX_PATTERN_STRING = 0,
    STIX_PATTERN_INTEGER,
    STIX_PATTERN_NUMBER, /* with a point */
    STIX_PATTERN_BOOL,
    STIX_PATTERN_HEX,
    STIX_PATTERN_BINARY, /* base64 */
    STIX_PATTERN_TIMESTAMP,
};

struct stix_pattern_literal {
    enum stix_pattern_literal_kind kind;
    struct span text; /* a string without quotes and escapes; others as written, without h'..' */
    int64_t value;    /* INTEGER: itself; BOOL: 0 or 1; TIMESTAMP, and NUMBER or INTEGER of
                         WITHIN: microseconds; else 0 */
    size_t offset;    /* byte of the pattern where it begins */
    const struct stix_pattern_literal *next;
};

enum stix_pattern_step_kind {
    STIX_PATTERN_KEY = 0, /* .name or .'quoted-name' */
    STIX_PATTERN_INDEX,   /* [3] */
    STIX_PATTERN_ANY,     /* [*] */
};

struct stix_pattern_step {
    enum stix_pattern_step_kind kind;
    struct span key; /* KEY: the name without quotes and escapes */
    int64_t index;   /* INDEX */
    const struct stix_pattern_step *next;
};

struct stix_pattern_node {
    enum stix_pattern_node_kind kind;
    size_t offset; /* byte of the pattern: of the operator, the qualifier, the '[' or the path */
    const struct stix_pattern_node *first; /* child */
    const struct stix_pattern_node *next;  /* with the same parent */
    const struct stix_pattern_literal *literals;

    /* Of a TEST only. */
    enum stix_pattern_comparison comparison;
    bool negated;                         /* NOT stands before the comparison */
    struct span object_type;              /* before the ':' */
    const struct stix_pattern_step *path; /* after it; the first step is a KEY */
};

struct stix_pattern {
    struct span text; /* the op's copy */
    const struct stix_pattern_node *root;
    size_t literal_count; /* in the whole tree */
};

/**
 * Read a pattern, by the grammar of section 9 and these rules beside it: an observation has each
 * kind of qualifier once; REPEATS and WITHIN are greater than 0; STOP is later than START; times
 * exist; what is compared with a hash of a known algorithm can be one.
 *
 * op        work in hand; the tree and a copy of the text live in its memory
 * text      the pattern; not needed after the call
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT not a pattern (the fault names the byte, counted from 0, and what was
 *           expected there); ERR_LIMIT too large by one of the limits above, or no memory
 */
MUST_USE
enum err stix_pattern_parse(struct op *op, struct span text, struct stix_pattern *ret);

/**
 * Append a pattern in its plain form: single spaces, "=" and "!=" for their other spellings, no
 * comments, no parentheses that change nothing. Reading it again gives an equal tree.
 *
 * buf       receives the text
 * pattern   from stix_pattern_parse()
 */
void stix_pattern_print(struct buf *buf, const struct stix_pattern *pattern);

/**
 * Append the path of a test: "file:hashes.'SHA-256'".
 *
 * buf       receives the text
 * test      a node of kind STIX_PATTERN_TEST
 */
void stix_pattern_print_path(struct buf *buf, const struct stix_pattern_node *test);

/**
 * Whether two patterns are the same tree; offsets do not count.
 *
 * a, b      from stix_pattern_parse()
 */
bool stix_pattern_equal(const struct stix_pattern *a, const struct stix_pattern *b);

/**
 * The sign or word of a comparison: "=", "LIKE", ...
 *
 * comparison  any value of the enum
 */
const char *stix_pattern_comparison_name(enum stix_pattern_comparison comparison);

#endif
