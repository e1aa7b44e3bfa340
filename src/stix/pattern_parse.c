// SPDX-License-Identifier: EUPL-1.2
/*
 * A parser by recursive descent: one function for each rule of the grammar. Here is what stands
 * outside the brackets; pattern_test.c has the inside. Only parentheses make it call itself, so
 * their limit bounds the stack.
 */
#include "base/must.h"
#include "base/text.h"
#include "base/time.h"
#include "stix/pattern_parser.h"

enum { FRACTION_DIGITS = 6 };

static enum err parse_followedby(struct pattern_parser *p, struct stix_pattern_node **ret);

static enum err take_literal_of(struct pattern_parser *p, enum stix_pattern_literal_kind kind,
                                const char *expected, struct stix_pattern_literal **ret)
{
    if (!pattern_looks_at(p, kind)) {
        return pattern_unexpected(p, expected);
    }
    return pattern_literal_take(p, ret);
}

/* A positive number of seconds, perhaps with a fraction, as microseconds. */
static enum err read_seconds(struct pattern_parser *p, const struct stix_pattern_literal *literal,
                             int64_t *ret)
{
    struct span whole = literal->text;
    struct span fraction = { NULL, 0 };
    ptrdiff_t point = span_find(whole, '.');
    if (point != SPAN_NOT_FOUND) {
        fraction = span_from(whole, (size_t)point + 1);
        whole = span_slice(whole, 0, (size_t)point);
    }
    if (whole.size > 0 && whole.data[0] == '+') {
        whole = span_from(whole, 1);
    }
    uint64_t seconds = 0;
    enum err err = whole.size == 0 ? ERR_OK : span_to_u64(whole, &seconds);
    if (err == ERR_FORMAT) {
        return ERR_FORMAT; /* the minus sign */
    }
    if (err != ERR_OK || seconds > TIME_US_MAX / US_PER_S) {
        return op_fail(p->op, ERR_LIMIT, "pattern, byte %zu: WITHIN takes at most %lld seconds",
                       literal->offset, (long long)(TIME_US_MAX / US_PER_S));
    }
    int64_t us = (int64_t)seconds * US_PER_S;
    int64_t unit = US_PER_S / 10;
    for (size_t i = 0; i < fraction.size && i < FRACTION_DIGITS; i++) {
        us += (fraction.data[i] - '0') * unit;
        unit /= 10;
    }
    *ret = us;
    return us > 0 ? ERR_OK : ERR_FORMAT;
}

static enum err parse_within(struct pattern_parser *p, struct stix_pattern_node *node)
{
    static const char expected[] = "a number of seconds greater than 0 behind WITHIN";
    TRY(pattern_take(p, PATTERN_TOKEN_WITHIN, "WITHIN"));
    if (!pattern_looks_at(p, STIX_PATTERN_INTEGER) && !pattern_looks_at(p, STIX_PATTERN_NUMBER)) {
        return pattern_unexpected(p, expected);
    }
    struct stix_pattern_literal *literal = NULL;
    TRY(pattern_literal_take(p, &literal));
    must(literal != NULL);
    enum err err = read_seconds(p, literal, &literal->value);
    if (err == ERR_FORMAT) {
        return op_fail(p->op, ERR_FORMAT, "pattern, byte %zu: expected %s", literal->offset,
                       expected);
    }
    TRY(err);
    node->literals = literal;
    return pattern_take(p, PATTERN_TOKEN_SECONDS, "SECONDS, the only unit of WITHIN");
}

static enum err parse_repeats(struct pattern_parser *p, struct stix_pattern_node *node)
{
    static const char expected[] = "a whole number greater than 0 behind REPEATS";
    TRY(pattern_take(p, PATTERN_TOKEN_REPEATS, "REPEATS"));
    struct stix_pattern_literal *literal = NULL;
    TRY(take_literal_of(p, STIX_PATTERN_INTEGER, expected, &literal));
    must(literal != NULL);
    if (literal->value < 1) {
        return op_fail(p->op, ERR_FORMAT, "pattern, byte %zu: expected %s", literal->offset,
                       expected);
    }
    node->literals = literal;
    return pattern_take(p, PATTERN_TOKEN_TIMES, "TIMES behind the number");
}

static enum err parse_start_stop(struct pattern_parser *p, struct stix_pattern_node *node)
{
    TRY(pattern_take(p, PATTERN_TOKEN_START, "START"));
    struct stix_pattern_literal *start = NULL;
    TRY(take_literal_of(p, STIX_PATTERN_TIMESTAMP, "a time, t'..', behind START", &start));
    TRY(pattern_take(p, PATTERN_TOKEN_STOP, "STOP behind the time of START"));
    struct stix_pattern_literal *stop = NULL;
    TRY(take_literal_of(p, STIX_PATTERN_TIMESTAMP, "a time, t'..', behind STOP", &stop));
    must(start != NULL);
    must(stop != NULL);
    if (stop->value <= start->value) {
        return op_fail(p->op, ERR_FORMAT, "pattern, byte %zu: expected a STOP later than its START",
                       stop->offset);
    }
    start->next = stop;
    node->literals = start;
    return ERR_OK;
}

struct qualifier {
    enum pattern_token_kind word;
    enum stix_pattern_node_kind kind;
    enum err (*parse)(struct pattern_parser *p, struct stix_pattern_node *node);
};

static const struct qualifier qualifiers[] = {
    { PATTERN_TOKEN_WITHIN, STIX_PATTERN_WITHIN, parse_within },
    { PATTERN_TOKEN_REPEATS, STIX_PATTERN_REPEATS, parse_repeats },
    { PATTERN_TOKEN_START, STIX_PATTERN_START_STOP, parse_start_stop },
};

enum { QUALIFIER_COUNT = sizeof qualifiers / sizeof qualifiers[0] };

static const struct qualifier *looked_at_qualifier(const struct pattern_parser *p)
{
    for (size_t i = 0; i < QUALIFIER_COUNT; i++) {
        if (qualifiers[i].word == p->token.kind) {
            return &qualifiers[i];
        }
    }
    return NULL;
}

static bool is_qualifier(const struct stix_pattern_node *node)
{
    return node->kind >= STIX_PATTERN_WITHIN && node->kind <= STIX_PATTERN_START_STOP;
}

/* How many qualifiers an expression bears, those within its parentheses included: the limit bounds
 * the height of the tree. */
static size_t qualifier_count(const struct stix_pattern_node *node)
{
    size_t count = 0;
    for (; is_qualifier(node); node = node->first) {
        count++;
    }
    return count;
}

/* Whether an expression bears a qualifier of this kind, written behind the same bracket. */
static bool bears(const struct stix_pattern_node *node, const struct stix_pattern_node *bare,
                  enum stix_pattern_node_kind kind)
{
    for (; node != bare; node = node->first) {
        if (node->kind == kind) {
            return true;
        }
    }
    return false;
}

/* The qualifiers behind an expression. Behind a bracket each kind stands once; behind a parenthesis
 * it may come again, as the published validator has it. */
static enum err parse_qualifiers(struct pattern_parser *p, struct stix_pattern_node *bare,
                                 bool bracket, struct stix_pattern_node **ret)
{
    struct stix_pattern_node *expression = bare;
    const struct qualifier *qualifier = looked_at_qualifier(p);
    while (qualifier != NULL) {
        if (bracket && bears(expression, bare, qualifier->kind)) {
            return pattern_unexpected(p, "no second qualifier of one kind behind one observation");
        }
        if (qualifier_count(expression) >= STIX_PATTERN_QUALIFIER_COUNT_MAX) {
            return op_fail(p->op, ERR_LIMIT, "pattern, byte %zu: more than %d qualifiers",
                           p->token.offset, STIX_PATTERN_QUALIFIER_COUNT_MAX);
        }
        struct stix_pattern_node *node = NULL;
        TRY(pattern_node_new(p, qualifier->kind, &node));
        node->first = expression;
        TRY(qualifier->parse(p, node));
        expression = node;
        qualifier = looked_at_qualifier(p);
    }
    *ret = expression;
    return ERR_OK;
}

static enum err parse_bracket(struct pattern_parser *p, struct stix_pattern_node **ret)
{
    struct stix_pattern_node *node = NULL;
    TRY(pattern_node_new(p, STIX_PATTERN_OBSERVATION, &node));
    TRY(pattern_take(p, PATTERN_TOKEN_BRACKET_OPEN, "[ before an observation"));
    struct stix_pattern_node *tests = NULL;
    TRY(pattern_tests_parse(p, &tests));
    node->first = tests;
    TRY(pattern_take(p, PATTERN_TOKEN_BRACKET_CLOSE, "AND, OR or ] behind a test"));
    *ret = node;
    return ERR_OK;
}

static enum err parse_observation(struct pattern_parser *p, struct stix_pattern_node **ret)
{
    bool bracket = p->token.kind != PATTERN_TOKEN_PAREN_OPEN;
    struct stix_pattern_node *bare = NULL;
    if (bracket) {
        TRY(parse_bracket(p, &bare));
    } else {
        TRY(pattern_parenthesis_open(p));
        TRY(parse_followedby(p, &bare));
        TRY(pattern_parenthesis_close(
            p, "AND, OR, FOLLOWEDBY, a qualifier or ) behind an observation"));
    }
    return parse_qualifiers(p, bare, bracket, ret);
}

static enum err parse_and(struct pattern_parser *p, struct stix_pattern_node **ret)
{
    static const struct pattern_chain chain = { PATTERN_TOKEN_AND, STIX_PATTERN_AND,
                                                parse_observation };
    return pattern_chain_parse(p, &chain, ret);
}

static enum err parse_or(struct pattern_parser *p, struct stix_pattern_node **ret)
{
    static const struct pattern_chain chain = { PATTERN_TOKEN_OR, STIX_PATTERN_OR, parse_and };
    return pattern_chain_parse(p, &chain, ret);
}

static enum err parse_followedby(struct pattern_parser *p, struct stix_pattern_node **ret)
{
    static const struct pattern_chain chain = { PATTERN_TOKEN_FOLLOWEDBY, STIX_PATTERN_FOLLOWEDBY,
                                                parse_or };
    return pattern_chain_parse(p, &chain, ret);
}

static enum err check_text(struct op *op, struct span text)
{
    if (text.size > STIX_PATTERN_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "pattern: it has %zu bytes, more than %d", text.size,
                       STIX_PATTERN_SIZE_MAX);
    }
    size_t valid = text_valid_size(text);
    if (valid < text.size) {
        return op_fail(op, ERR_FORMAT, "pattern, byte %zu: this is not UTF-8", valid);
    }
    return ERR_OK;
}

enum err stix_pattern_parse(struct op *op, struct span text, struct stix_pattern *ret)
{
    TRY(check_text(op, text));
    struct pattern_parser p = { .op = op };
    TRY(op_copy(op, text, &p.text));
    TRY(pattern_advance(&p));

    struct stix_pattern_node *root = NULL;
    TRY(parse_followedby(&p, &root));
    if (p.token.kind != PATTERN_TOKEN_END) {
        return pattern_unexpected(&p, "AND, OR, FOLLOWEDBY, a qualifier or the end");
    }

    must(p.depth == 0);
    *ret = (struct stix_pattern){ .text = p.text, .root = root, .literal_count = p.literal_count };
    return ERR_OK;
}
