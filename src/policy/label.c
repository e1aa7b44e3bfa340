// SPDX-License-Identifier: EUPL-1.2
#include "policy/label.h"

static bool list_has(const struct policy_list *list, struct span item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (span_equal(list->items[i], item)) {
            return true;
        }
    }
    return false;
}

/* The items of both lists, or only those that both have; each once, in their order. */
static enum err list_join(struct op *op, const struct policy_list *a, const struct policy_list *b,
                          bool common, struct policy_list *ret)
{
    struct span *items = op_alloc(op, (a->count + b->count) * sizeof *items);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    struct policy_list joined = { .items = items };
    for (size_t i = 0; i < a->count; i++) {
        if ((!common || list_has(b, a->items[i])) && !list_has(&joined, a->items[i])) {
            items[joined.count++] = a->items[i];
        }
    }
    for (size_t i = 0; !common && i < b->count; i++) {
        if (!list_has(&joined, b->items[i])) {
            items[joined.count++] = b->items[i];
        }
    }
    if (joined.count > POLICY_LIST_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "a label with more than %d of one thing",
                       POLICY_LIST_COUNT_MAX);
    }
    *ret = joined;
    return ERR_OK;
}

/* Those whom all RED labels name. */
static enum err join_persons(struct op *op, const struct policy_label *a,
                             const struct policy_label *b, struct policy_label *ret)
{
    bool a_red = a->tlp == POLICY_TLP_RED;
    bool b_red = b->tlp == POLICY_TLP_RED;
    if (a_red != b_red) {
        ret->persons = a_red ? a->persons : b->persons;
        return ERR_OK;
    }
    return list_join(op, &a->persons, &b->persons, true, &ret->persons);
}

static enum err join_purposes(struct op *op, const struct policy_label *a,
                              const struct policy_label *b, struct policy_label *ret)
{
    if (a->purposes.count == 0 || b->purposes.count == 0) {
        ret->purposes = a->purposes.count > 0 ? a->purposes : b->purposes;
        return ERR_OK;
    }
    TRY(list_join(op, &a->purposes, &b->purposes, true, &ret->purposes));
    if (ret->purposes.count == 0) {
        ret->tlp = POLICY_TLP_UNKNOWN; /* for nothing at all */
    }
    return ERR_OK;
}

static enum err join_audiences(struct op *op, const struct policy_label *a,
                               const struct policy_label *b, struct policy_label *ret)
{
    size_t count = a->audience_count + b->audience_count;
    struct policy_list *audiences = op_alloc(op, count * sizeof *audiences);
    if (audiences == NULL) {
        return ERR_LIMIT;
    }
    if (count > POLICY_LIST_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "a label with more than %d audiences", POLICY_LIST_COUNT_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        bool first = i < a->audience_count;
        audiences[i] = first ? a->audiences[i] : b->audiences[i - a->audience_count];
    }
    ret->audiences = audiences;
    ret->audience_count = count;
    return ERR_OK;
}

static bool has_statement(const struct policy_statement *statements, size_t count,
                          const struct policy_statement *one)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal(statements[i].id, one->id) && span_equal(statements[i].text, one->text) &&
            statements[i].unknown == one->unknown) {
            return true;
        }
    }
    return false;
}

static enum err join_statements(struct op *op, const struct policy_label *a,
                                const struct policy_label *b, struct policy_label *ret)
{
    size_t count = 0;
    struct policy_statement *statements =
        op_alloc(op, (a->statement_count + b->statement_count) * sizeof *statements);
    if (statements == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < a->statement_count + b->statement_count; i++) {
        const struct policy_statement *one =
            i < a->statement_count ? &a->statements[i] : &b->statements[i - a->statement_count];
        if (!has_statement(statements, count, one)) {
            statements[count++] = *one;
        }
    }
    if (count > POLICY_LIST_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "a label with more than %d statements",
                       POLICY_LIST_COUNT_MAX);
    }
    ret->statements = statements;
    ret->statement_count = count;
    return ERR_OK;
}

/* Two labels without regard to their parts. */
static enum err join(struct op *op, const struct policy_label *a, const struct policy_label *b,
                     struct policy_label *ret)
{
    struct policy_label joined = *a;
    joined.tlp = policy_tlp_tighten(a->tlp, b->tlp);
    joined.pap = policy_pap_tighten(a->pap, b->pap);
    joined.personal |= b->personal;
    joined.personal_fixed |= b->personal_fixed;
    TRY(list_join(op, &a->classes, &b->classes, false, &joined.classes));
    TRY(list_join(op, &a->sources, &b->sources, false, &joined.sources));
    TRY(join_statements(op, a, b, &joined));
    TRY(join_persons(op, a, b, &joined));
    TRY(join_purposes(op, a, b, &joined));
    TRY(join_audiences(op, a, b, &joined));
    if (!span_equal(a->world, b->world)) {
        joined.tlp = POLICY_TLP_UNKNOWN;
    }
    *ret = joined;
    return ERR_OK;
}

/* What an object says as a whole and in its parts, as one. */
static enum err flatten(struct op *op, const struct policy_label *label, struct policy_label *ret)
{
    struct policy_label whole = *label;
    whole.parts = NULL;
    whole.part_count = 0;
    for (size_t i = 0; i < label->part_count; i++) {
        struct policy_label part = label->parts[i].label;
        part.world = label->world;
        TRY(join(op, &whole, &part, &whole));
    }
    *ret = whole;
    return ERR_OK;
}

enum err policy_label_combine(struct op *op, const struct policy_label *a,
                              const struct policy_label *b, struct policy_label *ret)
{
    struct policy_label one;
    struct policy_label other;
    TRY(flatten(op, a, &one));
    TRY(flatten(op, b, &other));
    return join(op, &one, &other, ret);
}
