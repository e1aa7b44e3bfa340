// SPDX-License-Identifier: EUPL-1.2
/*
 * What the two halves of the pattern parser share (pattern_parse.c: outside the brackets,
 * pattern_test.c: inside): one token of sight, faults, parts of the tree, chains, literals. Used by
 * them only.
 */
#ifndef STIX_PATTERN_PARSER_H
#define STIX_PATTERN_PARSER_H

#include "stix/pattern_token.h"

struct pattern_parser {
    struct op *op;
    struct span text;
    size_t at;                  /* behind the token */
    struct pattern_token token; /* looked at, not yet taken */
    size_t depth;               /* open parentheses */
    size_t node_count;
    size_t literal_count;
};

/* Links of a chain: which word joins them, which node they make, how one of them is read. */
struct pattern_chain {
    enum pattern_token_kind word;
    enum stix_pattern_node_kind kind;
    enum err (*operand)(struct pattern_parser *p, struct stix_pattern_node **ret);
};

/**
 * Go on to the next token.
 *
 * p         parser
 *
 * Errors    ERR_FORMAT what follows is no token
 */
MUST_USE
enum err pattern_advance(struct pattern_parser *p);

/**
 * The fault for a token that does not fit: where, what was expected, what stands there (cut, and
 * harmless to a terminal).
 *
 * p         parser
 * expected  words for people
 *
 * Errors    ERR_FORMAT always
 */
MUST_USE
enum err pattern_unexpected(struct pattern_parser *p, const char *expected);

/**
 * Step over a token of one kind.
 *
 * p         parser
 * kind      that must be looked at
 * expected  words for people
 *
 * Errors    ERR_FORMAT another token is looked at, or what follows is none
 */
MUST_USE
enum err pattern_take(struct pattern_parser *p, enum pattern_token_kind kind, const char *expected);

/**
 * Count one node, step or literal, and give memory for it.
 *
 * p         parser
 * size      in bytes
 *
 * Returns NULL, with the fault told as ERR_LIMIT, when there are too many or no memory.
 */
MUST_USE
void *pattern_part_new(struct pattern_parser *p, size_t size);

/**
 * A node at the token that is looked at.
 *
 * p         parser
 * kind      of the node
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT as pattern_part_new()
 */
MUST_USE
enum err pattern_node_new(struct pattern_parser *p, enum stix_pattern_node_kind kind,
                          struct stix_pattern_node **ret);

/**
 * Step over the "(" that is looked at.
 *
 * p         parser
 *
 * Errors    ERR_LIMIT too many are open; ERR_FORMAT what follows is no token
 */
MUST_USE
enum err pattern_parenthesis_open(struct pattern_parser *p);

/**
 * Step over the ")" that must be looked at.
 *
 * p         parser
 * expected  words for people
 *
 * Errors    ERR_FORMAT another token is looked at, or what follows is none
 */
MUST_USE
enum err pattern_parenthesis_close(struct pattern_parser *p, const char *expected);

/**
 * Read operands joined by one word. A single one stands for itself.
 *
 * p         parser
 * chain     which word, which node, how an operand is read
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT, ERR_FORMAT as the operand's, and as pattern_node_new()
 */
MUST_USE
enum err pattern_chain_parse(struct pattern_parser *p, const struct pattern_chain *chain,
                             struct stix_pattern_node **ret);

/**
 * The text of a string: its content with \' and \\ resolved.
 *
 * p         parser
 * content   of a string that was read as a token
 * ret       in the op's memory; untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err pattern_unescape(struct pattern_parser *p, struct span content, struct span *ret);

/**
 * Whether a literal of one kind is looked at.
 *
 * p         parser
 * kind      of the literal
 */
bool pattern_looks_at(const struct pattern_parser *p, enum stix_pattern_literal_kind kind);

/**
 * The number of the integer that is looked at.
 *
 * p         parser
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT it does not fit into 64 bits
 */
MUST_USE
enum err pattern_integer_read(struct pattern_parser *p, int64_t *ret);

/**
 * Step over the literal that is looked at.
 *
 * p         parser
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT as pattern_part_new() and pattern_integer_read(); ERR_FORMAT what follows is
 * no token
 */
MUST_USE
enum err pattern_literal_take(struct pattern_parser *p, struct stix_pattern_literal **ret);

/**
 * Read the inside of an observation: tests joined by AND and OR. In pattern_test.c.
 *
 * p         parser
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT not a test; ERR_LIMIT too large by one of the limits
 */
MUST_USE
enum err pattern_tests_parse(struct pattern_parser *p, struct stix_pattern_node **ret);

#endif
