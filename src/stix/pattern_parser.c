// SPDX-License-Identifier: EUPL-1.2
#include "stix/pattern_parser.h"

#include "base/must.h"
#include "base/text.h"
#include "stix/timestamp.h"

enum { FOUND_SIZE_MAX = 24, FOUND_TEXT_SIZE_MAX = 256 };

enum err pattern_advance(struct pattern_parser *p)
{
    return pattern_token_next(p->op, p->text, &p->at, &p->token);
}

enum err pattern_unexpected(struct pattern_parser *p, const char *expected)
{
    if (p->token.kind == PATTERN_TOKEN_END) {
        return op_fail(p->op, ERR_FORMAT, "pattern, byte %zu: expected %s, found its end",
                       p->token.offset, expected);
    }
    struct span found = p->token.text;
    if (found.size > FOUND_SIZE_MAX) {
        found = span_slice(found, 0, FOUND_SIZE_MAX);
    }
    struct buf shown;
    buf_init(&shown, FOUND_TEXT_SIZE_MAX);
    text_add_printable(&shown, found);
    enum err err = op_fail(p->op, ERR_FORMAT, "pattern, byte %zu: expected %s, found %.*s",
                           p->token.offset, expected, SPAN_FMT(buf_span(&shown)));
    buf_done(&shown);
    return err;
}

enum err pattern_take(struct pattern_parser *p, enum pattern_token_kind kind, const char *expected)
{
    if (p->token.kind != kind) {
        return pattern_unexpected(p, expected);
    }
    return pattern_advance(p);
}

void *pattern_part_new(struct pattern_parser *p, size_t size)
{
    p->node_count++;
    if (p->node_count > STIX_PATTERN_NODE_COUNT_MAX) {
        (void)op_fail(p->op, ERR_LIMIT, "pattern, byte %zu: it has more than %d parts",
                      p->token.offset, STIX_PATTERN_NODE_COUNT_MAX);
        return NULL;
    }
    return op_alloc(p->op, size);
}

enum err pattern_node_new(struct pattern_parser *p, enum stix_pattern_node_kind kind,
                          struct stix_pattern_node **ret)
{
    struct stix_pattern_node *node = pattern_part_new(p, sizeof *node);
    if (node == NULL) {
        return ERR_LIMIT;
    }
    node->kind = kind;
    node->offset = p->token.offset;
    *ret = node;
    return ERR_OK;
}

enum err pattern_parenthesis_open(struct pattern_parser *p)
{
    p->depth++;
    if (p->depth > STIX_PATTERN_DEPTH_MAX) {
        return op_fail(p->op, ERR_LIMIT, "pattern, byte %zu: more than %d parentheses are open",
                       p->token.offset, STIX_PATTERN_DEPTH_MAX);
    }
    return pattern_advance(p);
}

enum err pattern_parenthesis_close(struct pattern_parser *p, const char *expected)
{
    must(p->depth > 0);
    p->depth--;
    return pattern_take(p, PATTERN_TOKEN_PAREN_CLOSE, expected);
}

enum err pattern_chain_parse(struct pattern_parser *p, const struct pattern_chain *chain,
                             struct stix_pattern_node **ret)
{
    struct stix_pattern_node *first = NULL;
    TRY(chain->operand(p, &first));
    if (p->token.kind != chain->word) {
        *ret = first;
        return ERR_OK;
    }

    struct stix_pattern_node *parent = NULL;
    TRY(pattern_node_new(p, chain->kind, &parent));
    parent->first = first;
    struct stix_pattern_node *last = first;
    while (p->token.kind == chain->word) {
        TRY(pattern_advance(p));
        struct stix_pattern_node *child = NULL;
        TRY(chain->operand(p, &child));
        last->next = child;
        last = child;
    }
    *ret = parent;
    return ERR_OK;
}

enum err pattern_unescape(struct pattern_parser *p, struct span content, struct span *ret)
{
    if (span_find(content, '\\') == SPAN_NOT_FOUND) {
        *ret = content;
        return ERR_OK;
    }
    uint8_t *plain = op_alloc(p->op, content.size);
    if (plain == NULL) {
        return ERR_LIMIT;
    }
    size_t size = 0;
    for (size_t i = 0; i < content.size; i++) {
        if (content.data[i] == '\\') {
            i++; /* the token was checked: one of the two follows */
        }
        plain[size] = content.data[i];
        size++;
    }
    *ret = span_make(plain, size);
    return ERR_OK;
}

bool pattern_looks_at(const struct pattern_parser *p, enum stix_pattern_literal_kind kind)
{
    return p->token.kind == PATTERN_TOKEN_LITERAL && p->token.literal == kind;
}

enum err pattern_integer_read(struct pattern_parser *p, int64_t *ret)
{
    struct span digits = p->token.content;
    bool negative = digits.data[0] == '-';
    if (negative || digits.data[0] == '+') {
        digits = span_from(digits, 1);
    }
    uint64_t size = 0;
    enum err err = span_to_u64(digits, &size);
    if (err != ERR_OK || size > INT64_MAX) {
        return op_fail(p->op, ERR_LIMIT, "pattern, byte %zu: the number is larger than 64 bits",
                       p->token.offset);
    }
    *ret = negative ? -(int64_t)size : (int64_t)size;
    return ERR_OK;
}

static enum err read_value(struct pattern_parser *p, struct stix_pattern_literal *literal)
{
    switch (literal->kind) {
    case STIX_PATTERN_STRING:
        return pattern_unescape(p, p->token.content, &literal->text);
    case STIX_PATTERN_INTEGER:
        return pattern_integer_read(p, &literal->value);
    case STIX_PATTERN_BOOL:
        literal->value = span_equal(literal->text, SPAN("true"));
        return ERR_OK;
    case STIX_PATTERN_TIMESTAMP:
        return stix_timestamp_parse(literal->text, &literal->value);
    case STIX_PATTERN_NUMBER:
    case STIX_PATTERN_HEX:
    case STIX_PATTERN_BINARY:
        return ERR_OK;
    }
    must(false);
    return ERR_OK;
}

enum err pattern_literal_take(struct pattern_parser *p, struct stix_pattern_literal **ret)
{
    must(p->token.kind == PATTERN_TOKEN_LITERAL);
    struct stix_pattern_literal *literal = pattern_part_new(p, sizeof *literal);
    if (literal == NULL) {
        return ERR_LIMIT;
    }
    literal->kind = p->token.literal;
    literal->text = p->token.content;
    literal->offset = p->token.offset;
    TRY(read_value(p, literal));
    p->literal_count++;
    TRY(pattern_advance(p));
    *ret = literal;
    return ERR_OK;
}
