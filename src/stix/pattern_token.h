// SPDX-License-Identifier: EUPL-1.2
/*
 * The words of the pattern language. Used by the parser only (and by pattern_print.c, which must
 * not print a keyword as a name).
 */
#ifndef STIX_PATTERN_TOKEN_H
#define STIX_PATTERN_TOKEN_H

#include "stix/pattern.h"

/* Keywords are written in capitals (true and false in small letters), and are never names. LAST is
 * reserved by the grammar and used by nothing. */
#define PATTERN_KEYWORDS(X)                                                                        \
    X(AND)                                                                                         \
    X(OR)                                                                                          \
    X(NOT)                                                                                         \
    X(FOLLOWEDBY)                                                                                  \
    X(LIKE)                                                                                        \
    X(MATCHES)                                                                                     \
    X(ISSUPERSET)                                                                                  \
    X(ISSUBSET)                                                                                    \
    X(EXISTS)                                                                                      \
    X(LAST)                                                                                        \
    X(IN)                                                                                          \
    X(START)                                                                                       \
    X(STOP)                                                                                        \
    X(SECONDS)                                                                                     \
    X(WITHIN)                                                                                      \
    X(REPEATS)                                                                                     \
    X(TIMES)

enum pattern_token_kind {
    PATTERN_TOKEN_END = 0,
    PATTERN_TOKEN_BRACKET_OPEN,
    PATTERN_TOKEN_BRACKET_CLOSE,
    PATTERN_TOKEN_PAREN_OPEN,
    PATTERN_TOKEN_PAREN_CLOSE,
    PATTERN_TOKEN_COLON,
    PATTERN_TOKEN_POINT,
    PATTERN_TOKEN_COMMA,
    PATTERN_TOKEN_STAR,
    PATTERN_TOKEN_EQUAL,
    PATTERN_TOKEN_UNEQUAL,
    PATTERN_TOKEN_LESS,
    PATTERN_TOKEN_LESS_EQUAL,
    PATTERN_TOKEN_GREATER,
    PATTERN_TOKEN_GREATER_EQUAL,
    PATTERN_TOKEN_NAME,        /* letters, digits and '_' */
    PATTERN_TOKEN_HYPHEN_NAME, /* with a '-' too: for object types only */
    PATTERN_TOKEN_LITERAL,
#define X(word) PATTERN_TOKEN_##word,
    PATTERN_KEYWORDS(X)
#undef X
};

struct pattern_token {
    enum pattern_token_kind kind;
    size_t offset;    /* where it begins */
    struct span text; /* as it stands */
    enum stix_pattern_literal_kind literal;
    struct span content; /* of a literal: between its quotes, or all of a number or bool */
};

/**
 * Read the token that begins at or after a place, past white space and comments.
 *
 * op        work in hand
 * text      the whole pattern
 * at        in: where to look; out: behind the token
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT what stands there begins no token
 */
MUST_USE
enum err pattern_token_next(struct op *op, struct span text, size_t *at, struct pattern_token *ret);

/**
 * Whether a key can be printed without quotes: letters, digits and '_', no keyword.
 *
 * key       any text
 */
bool pattern_token_is_name(struct span key);

#endif
