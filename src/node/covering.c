// SPDX-License-Identifier: EUPL-1.2
#include "node/covering.h"

#include "node/image.h"
#include "os/random.h"

/* ---- noting ---- */

static enum err begin(struct covering *covering, struct op *op)
{
    struct hash_secret secret;
    const struct match_origin nobody = { .source_id = SPAN("") };
    uint16_t origin = 0;
    os_random(secret.bytes, sizeof secret.bytes);
    TRY(match_builder_new(op, &secret, 0, &covering->builder));
    return match_builder_origin(covering->builder, &nobody, &origin);
}

enum err covering_note(struct covering *covering, struct op *op, const struct value *value,
                       enum value_scope scope)
{
    bool names = value->kind == VALUE_DOMAIN && scope != VALUE_SCOPE_EXACT;
    if (value->kind != VALUE_CIDR && !names) {
        return ERR_OK;
    }
    if (covering->builder == NULL) {
        TRY(begin(covering, op));
    }
    const struct match_indicator indicator = {
        .value = *value,
        .scope = scope,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = TIME_US_NONE,
    };
    covering->noted++;
    return match_builder_add(covering->builder, &indicator);
}

void covering_done(struct covering *covering)
{
    match_builder_free(covering->builder);
    *covering = (struct covering){ .noted = 0 };
}

/* ---- finding ---- */

struct finding {
    struct op *op;
    struct node *node;
    const struct policy_grant *grant;
    int64_t now_us;
    struct match_image *image;
    struct match_found *found;
    uint8_t *met; /* a byte for each indicator: it is counted once */
    struct covering_cases *cases;
};

static enum err value_text(struct op *op, const struct value *value, struct span *ret)
{
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, value);
    enum err err = op_copy(op, buf_span(&text), ret);
    buf_done(&text);
    return err;
}

static enum err case_add(struct finding *finding, const struct value *indicator,
                         const struct value *allowed, struct span list)
{
    struct covering_cases *cases = finding->cases;
    cases->count++;
    if (cases->count > COVERING_SHOWN_MAX) {
        return ERR_OK;
    }
    struct covering_case *first = &cases->first[cases->count - 1];
    TRY(value_text(finding->op, indicator, &first->indicator));
    TRY(value_text(finding->op, allowed, &first->allowed));
    return op_copy(finding->op, list, &first->list);
}

/* Several sources may name one value. */
static bool is_again(const struct finding *finding, size_t index, const struct value *value)
{
    for (size_t i = 0; i < index; i++) {
        struct match_indicator other;
        match_indicator_at(finding->image, finding->found[i].indicator, &other);
        if (other.value.kind == value->kind && span_equal(other.value.key, value->key)) {
            return true;
        }
    }
    return false;
}

static enum err ask(struct finding *finding, const struct value *allowed, enum value_kind kind,
                    struct span key, struct span list)
{
    bool cut = false; /* of a thousand ranges that cover one address, the first are enough */
    size_t count = match_find(finding->image, kind, key, finding->found, &cut);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = finding->found[i].indicator;
        struct match_indicator indicator;
        if (finding->met[number] != 0) {
            continue;
        }
        finding->met[number] = 1;
        match_indicator_at(finding->image, number, &indicator);
        if (!is_again(finding, i, &indicator.value)) {
            TRY(case_add(finding, &indicator.value, allowed, list));
        }
    }
    return ERR_OK;
}

/* A range that is noted and not silent covers all of a list's range, or nothing of it: the first
 * address tells which. */
static enum err member_ask(struct finding *finding, const struct value *allowed, struct span list)
{
    enum { HEAD_SIZE = 2 }; /* family and prefix length: see value/value.h */
    struct span first;
    switch (allowed->kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_DOMAIN:
        return ask(finding, allowed, allowed->kind, allowed->key, list);
    case VALUE_CIDR:
        first = span_from(allowed->key, HEAD_SIZE);
        return ask(finding, allowed, first.size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6, first,
                   list);
    default:
        return ERR_OK;
    }
}

static enum err list_ask(struct finding *finding, const struct store_set *list)
{
    struct pack_reader reader;
    struct pack_member member;
    struct span map;
    TRY(store_set_read(finding->op, finding->node->store, finding->grant, list, &reader, &map));
    enum err err = ERR_OK;
    while (err == ERR_OK && pack_next(&reader, &member)) {
        bool ended =
            member.valid_until_us != TIME_US_NONE && member.valid_until_us <= finding->now_us;
        err = ended ? ERR_OK : member_ask(finding, &member.value, list->name);
    }
    disk_unmap(finding->node->world_disk, map);
    return err == ERR_OK ? reader.err : err;
}

static enum err lists_ask(struct finding *finding)
{
    struct store_set *lists = NULL;
    size_t count = 0;
    TRY(policy_grant_owner(finding->op, &finding->grant));
    TRY(store_allow_lists(finding->op, finding->node->store, finding->grant, &lists, &count));
    for (size_t i = 0; i < count; i++) {
        const struct store_allow *allow = &lists[i].allow;
        bool of_all = allow->indicator.size == 0 && allow->inside.size == 0;
        if (of_all && allow->effect == RANK_SILENCED) {
            TRY(list_ask(finding, &lists[i]));
        }
    }
    return ERR_OK;
}

static enum err image_ask(struct finding *finding, size_t noted, struct span bytes)
{
    finding->found = op_alloc(finding->op, MATCH_FOUND_COUNT_MAX * sizeof *finding->found);
    finding->met = op_alloc(finding->op, noted);
    if (finding->found == NULL || finding->met == NULL) {
        return ERR_LIMIT;
    }
    TRY(match_image_open(finding->op, bytes, &finding->image));
    enum err err = lists_ask(finding);
    match_image_close(finding->image);
    return err;
}

enum err covering_find(struct covering *covering, struct op *op, struct node *node, int64_t now_us,
                       struct covering_cases *ret)
{
    struct covering_cases cases = { .count = 0 };
    struct finding finding = { .op = op, .node = node, .now_us = now_us, .cases = &cases };
    struct buf bytes;
    if (covering->builder == NULL) {
        *ret = cases;
        return ERR_OK;
    }
    buf_init(&bytes, (size_t)1 << IMAGE_SIZE_MAX_BITS);
    enum err err = match_builder_finish(covering->builder, &bytes);
    if (err == ERR_OK) {
        err = image_ask(&finding, covering->noted, buf_span(&bytes));
    }
    buf_done(&bytes);
    TRY(err);
    *ret = cases;
    return ERR_OK;
}
