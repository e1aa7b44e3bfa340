// SPDX-License-Identifier: EUPL-1.2
/*
 * Pattern trees: back to text, and compared. Both call themselves as deep as the tree is high,
 * which the parser has bounded.
 */
#include "base/must.h"
#include "stix/pattern_token.h"

static const char *const comparison_names[] = {
    [STIX_PATTERN_EQUAL] = "=",
    [STIX_PATTERN_UNEQUAL] = "!=",
    [STIX_PATTERN_LESS] = "<",
    [STIX_PATTERN_LESS_EQUAL] = "<=",
    [STIX_PATTERN_GREATER] = ">",
    [STIX_PATTERN_GREATER_EQUAL] = ">=",
    [STIX_PATTERN_IN] = "IN",
    [STIX_PATTERN_LIKE] = "LIKE",
    [STIX_PATTERN_MATCHES] = "MATCHES",
    [STIX_PATTERN_ISSUBSET] = "ISSUBSET",
    [STIX_PATTERN_ISSUPERSET] = "ISSUPERSET",
    [STIX_PATTERN_EXISTS] = "EXISTS",
};

const char *stix_pattern_comparison_name(enum stix_pattern_comparison comparison)
{
    must((size_t)comparison < sizeof comparison_names / sizeof comparison_names[0]);
    return comparison_names[comparison];
}

static void print_node(struct buf *buf, const struct stix_pattern_node *node);

static void print_text(struct buf *buf, const char *text)
{
    buf_add(buf, span_of(text));
}

static void print_string(struct buf *buf, struct span text)
{
    buf_add_byte(buf, '\'');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\'' || text.data[i] == '\\') {
            buf_add_byte(buf, '\\');
        }
        buf_add_byte(buf, text.data[i]);
    }
    buf_add_byte(buf, '\'');
}

static void print_prefixed(struct buf *buf, uint8_t prefix, struct span text)
{
    buf_add_byte(buf, prefix);
    buf_add_byte(buf, '\'');
    buf_add(buf, text);
    buf_add_byte(buf, '\'');
}

static void print_literal(struct buf *buf, const struct stix_pattern_literal *literal)
{
    switch (literal->kind) {
    case STIX_PATTERN_STRING:
        print_string(buf, literal->text);
        break;
    case STIX_PATTERN_INTEGER:
    case STIX_PATTERN_NUMBER:
    case STIX_PATTERN_BOOL:
        buf_add(buf, literal->text);
        break;
    case STIX_PATTERN_HEX:
        print_prefixed(buf, 'h', literal->text);
        break;
    case STIX_PATTERN_BINARY:
        print_prefixed(buf, 'b', literal->text);
        break;
    case STIX_PATTERN_TIMESTAMP:
        print_prefixed(buf, 't', literal->text);
        break;
    }
}

static void print_key(struct buf *buf, struct span key)
{
    if (pattern_token_is_name(key)) {
        buf_add(buf, key);
    } else {
        print_string(buf, key);
    }
}

static void print_step(struct buf *buf, const struct stix_pattern_step *step)
{
    switch (step->kind) {
    case STIX_PATTERN_KEY:
        buf_add_byte(buf, '.');
        print_key(buf, step->key);
        break;
    case STIX_PATTERN_INDEX:
        buf_add_format(buf, "[%lld]", (long long)step->index);
        break;
    case STIX_PATTERN_ANY:
        print_text(buf, "[*]");
        break;
    }
}

void stix_pattern_print_path(struct buf *buf, const struct stix_pattern_node *test)
{
    must(test->kind == STIX_PATTERN_TEST);
    buf_add(buf, test->object_type);
    buf_add_byte(buf, ':');
    print_key(buf, test->path->key);
    for (const struct stix_pattern_step *step = test->path->next; step != NULL; step = step->next) {
        print_step(buf, step);
    }
}

static void print_set(struct buf *buf, const struct stix_pattern_literal *literals)
{
    buf_add_byte(buf, '(');
    for (const struct stix_pattern_literal *i = literals; i != NULL; i = i->next) {
        print_literal(buf, i);
        if (i->next != NULL) {
            print_text(buf, ", ");
        }
    }
    buf_add_byte(buf, ')');
}

static void print_test(struct buf *buf, const struct stix_pattern_node *test)
{
    const char *negation = test->negated ? "NOT " : "";
    const char *name = stix_pattern_comparison_name(test->comparison);
    if (test->comparison == STIX_PATTERN_EXISTS) {
        buf_add_format(buf, "%s%s ", negation, name);
        stix_pattern_print_path(buf, test);
        return;
    }
    stix_pattern_print_path(buf, test);
    buf_add_format(buf, " %s%s ", negation, name);
    if (test->comparison == STIX_PATTERN_IN) {
        print_set(buf, test->literals);
    } else {
        print_literal(buf, test->literals);
    }
}

/* How tight a node binds; a child that binds no tighter than its parent needs parentheses. */
static const int tightness[] = {
    [STIX_PATTERN_FOLLOWEDBY] = 0,  [STIX_PATTERN_OR] = 1,      [STIX_PATTERN_AND] = 2,
    [STIX_PATTERN_WITHIN] = 3,      [STIX_PATTERN_REPEATS] = 3, [STIX_PATTERN_START_STOP] = 3,
    [STIX_PATTERN_OBSERVATION] = 4, [STIX_PATTERN_TEST_OR] = 1, [STIX_PATTERN_TEST_AND] = 2,
    [STIX_PATTERN_TEST] = 4,
};

static void print_enclosed(struct buf *buf, const struct stix_pattern_node *node, bool enclosed)
{
    if (enclosed) {
        buf_add_byte(buf, '(');
    }
    print_node(buf, node);
    if (enclosed) {
        buf_add_byte(buf, ')');
    }
}

static void print_chain(struct buf *buf, const struct stix_pattern_node *node, const char *word)
{
    for (const struct stix_pattern_node *i = node->first; i != NULL; i = i->next) {
        print_enclosed(buf, i, tightness[i->kind] <= tightness[node->kind]);
        if (i->next != NULL) {
            print_text(buf, word);
        }
    }
}

static bool is_qualifier(const struct stix_pattern_node *node)
{
    return tightness[node->kind] == tightness[STIX_PATTERN_WITHIN];
}

/* What a row of qualifiers stands behind. An observation is put in parentheses where one of the row
 * comes twice: behind a bracket that is not allowed. */
static void print_qualified(struct buf *buf, const struct stix_pattern_node *row)
{
    unsigned seen = 0;
    bool twice = false;
    const struct stix_pattern_node *base = row;
    for (; is_qualifier(base); base = base->first) {
        unsigned bit = 1u << base->kind;
        twice = twice || (seen & bit) != 0;
        seen |= bit;
    }
    print_enclosed(buf, base, twice || base->kind != STIX_PATTERN_OBSERVATION);
}

/* The qualifiers of a row, innermost first. */
static void print_row(struct buf *buf, const struct stix_pattern_node *node)
{
    if (!is_qualifier(node)) {
        return;
    }
    print_row(buf, node->first);
    switch (node->kind) {
    case STIX_PATTERN_WITHIN:
        print_text(buf, " WITHIN ");
        print_literal(buf, node->literals);
        print_text(buf, " SECONDS");
        break;
    case STIX_PATTERN_REPEATS:
        print_text(buf, " REPEATS ");
        print_literal(buf, node->literals);
        print_text(buf, " TIMES");
        break;
    default:
        print_text(buf, " START ");
        print_literal(buf, node->literals);
        print_text(buf, " STOP ");
        print_literal(buf, node->literals->next);
        break;
    }
}

static void print_node(struct buf *buf, const struct stix_pattern_node *node)
{
    switch (node->kind) {
    case STIX_PATTERN_FOLLOWEDBY:
        print_chain(buf, node, " FOLLOWEDBY ");
        break;
    case STIX_PATTERN_OR:
    case STIX_PATTERN_TEST_OR:
        print_chain(buf, node, " OR ");
        break;
    case STIX_PATTERN_AND:
    case STIX_PATTERN_TEST_AND:
        print_chain(buf, node, " AND ");
        break;
    case STIX_PATTERN_WITHIN:
    case STIX_PATTERN_REPEATS:
    case STIX_PATTERN_START_STOP:
        print_qualified(buf, node);
        print_row(buf, node);
        break;
    case STIX_PATTERN_OBSERVATION:
        buf_add_byte(buf, '[');
        print_node(buf, node->first);
        buf_add_byte(buf, ']');
        break;
    case STIX_PATTERN_TEST:
        print_test(buf, node);
        break;
    }
}

void stix_pattern_print(struct buf *buf, const struct stix_pattern *pattern)
{
    print_node(buf, pattern->root);
}

static bool literals_equal(const struct stix_pattern_literal *a,
                           const struct stix_pattern_literal *b)
{
    while (a != NULL && b != NULL) {
        if (a->kind != b->kind || a->value != b->value || !span_equal(a->text, b->text)) {
            return false;
        }
        a = a->next;
        b = b->next;
    }
    return a == NULL && b == NULL;
}

static bool paths_equal(const struct stix_pattern_step *a, const struct stix_pattern_step *b)
{
    while (a != NULL && b != NULL) {
        if (a->kind != b->kind || a->index != b->index || !span_equal(a->key, b->key)) {
            return false;
        }
        a = a->next;
        b = b->next;
    }
    return a == NULL && b == NULL;
}

static bool nodes_equal(const struct stix_pattern_node *a, const struct stix_pattern_node *b)
{
    if (a->kind != b->kind || a->comparison != b->comparison || a->negated != b->negated) {
        return false;
    }
    if (!span_equal(a->object_type, b->object_type) || !paths_equal(a->path, b->path) ||
        !literals_equal(a->literals, b->literals)) {
        return false;
    }
    const struct stix_pattern_node *child_a = a->first;
    const struct stix_pattern_node *child_b = b->first;
    while (child_a != NULL && child_b != NULL) {
        if (!nodes_equal(child_a, child_b)) {
            return false;
        }
        child_a = child_a->next;
        child_b = child_b->next;
    }
    return child_a == NULL && child_b == NULL;
}

bool stix_pattern_equal(const struct stix_pattern *a, const struct stix_pattern *b)
{
    return nodes_equal(a->root, b->root);
}
