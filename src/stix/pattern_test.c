// SPDX-License-Identifier: EUPL-1.2
/*
 * What stands within the brackets of an observation: tests of properties, joined by AND and OR.
 */
#include "base/must.h"
#include "stix/hashes.h"
#include "stix/pattern_parser.h"

/* A step that is a name: bare, or quoted as a string. */
static enum err parse_key(struct pattern_parser *p, struct stix_pattern_step **ret)
{
    if (p->token.kind != PATTERN_TOKEN_NAME && !pattern_looks_at(p, STIX_PATTERN_STRING)) {
        return pattern_unexpected(p, "the name of a property (in quotes, where it has a hyphen)");
    }
    struct stix_pattern_step *step = pattern_part_new(p, sizeof *step);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    step->kind = STIX_PATTERN_KEY;
    if (p->token.kind == PATTERN_TOKEN_NAME) {
        step->key = p->token.text;
    } else {
        TRY(pattern_unescape(p, p->token.content, &step->key));
    }
    *ret = step;
    return pattern_advance(p);
}

/* A step into a list; the '[' is looked at. */
static enum err parse_index(struct pattern_parser *p, struct stix_pattern_step **ret)
{
    TRY(pattern_advance(p));
    struct stix_pattern_step *step = pattern_part_new(p, sizeof *step);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    if (p->token.kind == PATTERN_TOKEN_STAR) {
        step->kind = STIX_PATTERN_ANY;
    } else if (pattern_looks_at(p, STIX_PATTERN_INTEGER)) {
        step->kind = STIX_PATTERN_INDEX;
        TRY(pattern_integer_read(p, &step->index));
    } else {
        return pattern_unexpected(p, "a number or * within [ ]");
    }
    TRY(pattern_advance(p));
    TRY(pattern_take(p, PATTERN_TOKEN_BRACKET_CLOSE, "] behind the index"));
    *ret = step;
    return ERR_OK;
}

static bool looks_at_step(const struct pattern_parser *p)
{
    return p->token.kind == PATTERN_TOKEN_POINT || p->token.kind == PATTERN_TOKEN_BRACKET_OPEN;
}

/* type:key followed by steps */
static enum err parse_path(struct pattern_parser *p, struct stix_pattern_node *test)
{
    if (p->token.kind != PATTERN_TOKEN_NAME && p->token.kind != PATTERN_TOKEN_HYPHEN_NAME) {
        return pattern_unexpected(p, "the type of an object, as in file:name");
    }
    test->object_type = p->token.text;
    TRY(pattern_advance(p));
    TRY(pattern_take(p, PATTERN_TOKEN_COLON, ": behind the type of the object"));
    struct stix_pattern_step *last = NULL;
    TRY(parse_key(p, &last));
    must(last != NULL);
    test->path = last;
    while (looks_at_step(p)) {
        struct stix_pattern_step *step = NULL;
        if (p->token.kind == PATTERN_TOKEN_POINT) {
            TRY(pattern_advance(p));
            TRY(parse_key(p, &step));
        } else {
            TRY(parse_index(p, &step));
        }
        must(step != NULL);
        last->next = step;
        last = step;
    }
    return ERR_OK;
}

struct comparison_word {
    enum pattern_token_kind word;
    enum stix_pattern_comparison comparison;
};

static const struct comparison_word comparison_words[] = {
    { PATTERN_TOKEN_EQUAL, STIX_PATTERN_EQUAL },
    { PATTERN_TOKEN_UNEQUAL, STIX_PATTERN_UNEQUAL },
    { PATTERN_TOKEN_LESS, STIX_PATTERN_LESS },
    { PATTERN_TOKEN_LESS_EQUAL, STIX_PATTERN_LESS_EQUAL },
    { PATTERN_TOKEN_GREATER, STIX_PATTERN_GREATER },
    { PATTERN_TOKEN_GREATER_EQUAL, STIX_PATTERN_GREATER_EQUAL },
    { PATTERN_TOKEN_IN, STIX_PATTERN_IN },
    { PATTERN_TOKEN_LIKE, STIX_PATTERN_LIKE },
    { PATTERN_TOKEN_MATCHES, STIX_PATTERN_MATCHES },
    { PATTERN_TOKEN_ISSUBSET, STIX_PATTERN_ISSUBSET },
    { PATTERN_TOKEN_ISSUPERSET, STIX_PATTERN_ISSUPERSET },
};

enum { COMPARISON_WORD_COUNT = sizeof comparison_words / sizeof comparison_words[0] };

static enum err parse_comparison(struct pattern_parser *p, struct stix_pattern_node *test)
{
    if (p->token.kind == PATTERN_TOKEN_NOT) {
        test->negated = true;
        TRY(pattern_advance(p));
    }
    for (size_t i = 0; i < COMPARISON_WORD_COUNT; i++) {
        if (comparison_words[i].word == p->token.kind) {
            test->comparison = comparison_words[i].comparison;
            return pattern_advance(p);
        }
    }
    return pattern_unexpected(p, "a comparison (=, !=, <, <=, >, >=, IN, LIKE, MATCHES, ISSUBSET, "
                                 "ISSUPERSET)");
}

/* ( a, b, c ), perhaps empty */
static enum err parse_set(struct pattern_parser *p, struct stix_pattern_node *test)
{
    TRY(pattern_take(p, PATTERN_TOKEN_PAREN_OPEN, "( behind IN"));
    struct stix_pattern_literal *last = NULL;
    bool more = p->token.kind != PATTERN_TOKEN_PAREN_CLOSE;
    while (more) {
        if (p->token.kind != PATTERN_TOKEN_LITERAL) {
            return pattern_unexpected(p, "a value of the set");
        }
        struct stix_pattern_literal *literal = NULL;
        TRY(pattern_literal_take(p, &literal));
        if (last == NULL) {
            test->literals = literal;
        } else {
            last->next = literal;
        }
        last = literal;
        more = p->token.kind == PATTERN_TOKEN_COMMA;
        if (more) {
            TRY(pattern_advance(p));
        }
    }
    return pattern_take(p, PATTERN_TOKEN_PAREN_CLOSE, ", or ) behind a value of the set");
}

static enum err parse_operand(struct pattern_parser *p, struct stix_pattern_node *test)
{
    if (test->comparison == STIX_PATTERN_IN) {
        return parse_set(p, test);
    }
    if (test->comparison > STIX_PATTERN_IN && !pattern_looks_at(p, STIX_PATTERN_STRING)) {
        return pattern_unexpected(p, "a string in single quotes");
    }
    bool order =
        test->comparison >= STIX_PATTERN_LESS && test->comparison <= STIX_PATTERN_GREATER_EQUAL;
    if (order && pattern_looks_at(p, STIX_PATTERN_BOOL)) {
        return pattern_unexpected(p, "a value that has an order");
    }
    if (p->token.kind != PATTERN_TOKEN_LITERAL) {
        return pattern_unexpected(p, "a value (text stands in single quotes)");
    }
    struct stix_pattern_literal *literal = NULL;
    TRY(pattern_literal_take(p, &literal));
    test->literals = literal;
    return ERR_OK;
}

/* The algorithm of a path that ends in hashes.NAME; NULL for any other. */
static const struct stix_hash *hash_of_path(const struct stix_pattern_step *path)
{
    for (const struct stix_pattern_step *step = path; step->next != NULL; step = step->next) {
        const struct stix_pattern_step *name = step->next;
        bool last = name->next == NULL && name->kind == STIX_PATTERN_KEY;
        if (last && step->kind == STIX_PATTERN_KEY && span_equal(step->key, SPAN("hashes"))) {
            return stix_hash_find(name->key);
        }
    }
    return NULL;
}

/* What can never be equal to a hash is a slip of the pen that would watch nothing, in silence. */
static enum err check_hash(struct pattern_parser *p, const struct stix_pattern_node *test)
{
    const struct stix_hash *hash = hash_of_path(test->path);
    bool whole = test->comparison == STIX_PATTERN_EQUAL ||
                 test->comparison == STIX_PATTERN_UNEQUAL || test->comparison == STIX_PATTERN_IN;
    if (hash == NULL || !whole) {
        return ERR_OK;
    }
    for (const struct stix_pattern_literal *i = test->literals; i != NULL; i = i->next) {
        if (i->kind == STIX_PATTERN_STRING && !stix_hash_is_possible(hash, i->text)) {
            return op_fail(p->op, ERR_FORMAT,
                           "pattern, byte %zu: expected a hash by %s, of %zu hexadecimal digits",
                           i->offset, hash->name, hash->digit_count);
        }
    }
    return ERR_OK;
}

/* EXISTS path; the word is looked at. */
static enum err parse_exists(struct pattern_parser *p, struct stix_pattern_node *test)
{
    test->comparison = STIX_PATTERN_EXISTS;
    TRY(pattern_take(p, PATTERN_TOKEN_EXISTS, "EXISTS behind NOT, or the type of an object"));
    return parse_path(p, test);
}

static enum err parse_test(struct pattern_parser *p, struct stix_pattern_node **ret)
{
    if (p->token.kind == PATTERN_TOKEN_PAREN_OPEN) {
        TRY(pattern_parenthesis_open(p));
        TRY(pattern_tests_parse(p, ret));
        return pattern_parenthesis_close(p, "AND, OR or ) behind a test");
    }
    struct stix_pattern_node *test = NULL;
    TRY(pattern_node_new(p, STIX_PATTERN_TEST, &test));
    if (p->token.kind == PATTERN_TOKEN_NOT) {
        test->negated = true;
        TRY(pattern_advance(p));
        TRY(parse_exists(p, test));
    } else if (p->token.kind == PATTERN_TOKEN_EXISTS) {
        TRY(parse_exists(p, test));
    } else {
        TRY(parse_path(p, test));
        TRY(parse_comparison(p, test));
        TRY(parse_operand(p, test));
        TRY(check_hash(p, test));
    }
    *ret = test;
    return ERR_OK;
}

static enum err parse_test_and(struct pattern_parser *p, struct stix_pattern_node **ret)
{
    static const struct pattern_chain chain = { PATTERN_TOKEN_AND, STIX_PATTERN_TEST_AND,
                                                parse_test };
    return pattern_chain_parse(p, &chain, ret);
}

enum err pattern_tests_parse(struct pattern_parser *p, struct stix_pattern_node **ret)
{
    static const struct pattern_chain chain = { PATTERN_TOKEN_OR, STIX_PATTERN_TEST_OR,
                                                parse_test_and };
    return pattern_chain_parse(p, &chain, ret);
}
