// SPDX-License-Identifier: EUPL-1.2
#include "node/allowed.h"

#include <stdio.h>

#include "base/memory.h"
#include "node/image.h"
#include "os/random.h"

enum { NAME_SIZE = 32 };

/* ---- the image ---- */

static enum err entry_of(struct op *op, const struct store_set *set, uint16_t list,
                         const struct pack_member *member, struct match_allow_entry *ret)
{
    const struct span prefix = SPAN("indicator--");
    const struct store_allow *allow = &set->allow;
    *ret = (struct match_allow_entry){
        .value = member->value,
        .scope = member->scope,
        .list = list,
        .effect = (uint8_t)allow->effect,
        .effect_below = (uint8_t)allow->effect_below,
        .one_indicator = allow->indicator.size > 0,
        .valid_until_us =
            member->valid_until_us == TIME_US_NONE ? set->valid_until_us : member->valid_until_us,
    };
    if (ret->one_indicator &&
        (!span_starts_with(allow->indicator, prefix) ||
         uuid_parse(span_from(allow->indicator, prefix.size), &ret->indicator) != ERR_OK)) {
        return op_fail(op, ERR_CORRUPT, "the allow list %.*s names no indicator: remove it",
                       SPAN_FMT(set->name));
    }
    return ERR_OK;
}

/* A pattern too many is left out: rather a hit too many. */
static enum err entry_add(struct op *op, struct match_builder *builder,
                          const struct match_allow_entry *entry)
{
    enum err err = match_allow_add(builder, entry);
    if (err == ERR_FULL || err == ERR_FORMAT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    return err;
}

static enum err list_add(struct op *op, struct node *node, const struct policy_grant *grant,
                         const struct store_set *set, struct match_builder *builder)
{
    struct pack_reader reader;
    struct pack_member member;
    struct span map;
    uint16_t number = 0;
    const struct match_allow_list list = { .name = set->name, .inside = set->allow.inside };
    TRY(match_allow_list(builder, &list, &number));
    TRY(store_set_read(op, node->store, grant, set, &reader, &map));
    enum err err = ERR_OK;
    while (err == ERR_OK && pack_next(&reader, &member)) {
        struct match_allow_entry entry;
        err = entry_of(op, set, number, &member, &entry);
        if (err == ERR_OK) {
            err = entry_add(op, builder, &entry);
        }
    }
    disk_unmap(node->world_disk, map);
    if (err == ERR_OK && reader.err != ERR_OK) {
        err = op_fail(op, reader.err, "the allow list %.*s is damaged: run 'linie rebuild'",
                      SPAN_FMT(set->name));
    }
    return err;
}

static enum err image_make(struct op *op, struct node *node, struct buf *ret)
{
    const struct policy_grant *grant = NULL;
    struct store_set *sets = NULL;
    size_t count = 0;
    size_t members = 0;
    struct hash_secret secret;
    struct match_builder *builder = NULL;
    TRY(policy_grant_owner(op, &grant));
    TRY(store_allow_lists(op, node->store, grant, &sets, &count));
    for (size_t i = 0; i < count; i++) {
        members += sets[i].count;
    }
    os_random(secret.bytes, sizeof secret.bytes);
    TRY(match_builder_new(op, &secret, members, &builder));
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = list_add(op, node, grant, &sets[i], builder);
    }
    if (err == ERR_OK) {
        err = match_builder_finish(builder, ret);
    }
    match_builder_free(builder);
    return err;
}

static const struct image_sort sort = { .suffix = { (const uint8_t *)".allowed", 8 },
                                        .make = image_make };

static struct span name_of(uint64_t version, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%012llu", (unsigned long long)version);
    return span_of(name);
}

enum err node_allowed(struct op *op, struct node *node, struct span *ret_path)
{
    uint64_t version = 0;
    TRY(store_allowed_version(op, node->store, &version));
    if (version == 0) {
        *ret_path = SPAN("");
        return ERR_OK;
    }
    char name[NAME_SIZE];
    return image_ensure(op, node, &sort, name_of(version, name), ret_path);
}

enum err allowed_room(struct op *op, struct node *node)
{
    struct store_status status;
    TRY(store_status(op, node->store, &status));
    return status.allow_lists < ALLOWED_LIST_COUNT_MAX
               ? ERR_OK
               : op_fail(op, ERR_FULL,
                         "there are %llu allow lists already: remove those that have ended "
                         "('linie allow list')",
                         (unsigned long long)status.allow_lists);
}

/* ---- asking ---- */

struct allowed {
    struct node *node;
    struct match_image *image; /* NULL: nothing was ever allowed */
    struct span map;           /* of the file that a writer left */
    struct buf made;           /* or made here */
    struct match_found *found;
    struct value_buf *bytes; /* of a fold's values, two at a time */
    size_t list_count;
    struct span *lists; /* names */
    bool names_indicators;
};

/* The image that a writer left, if it is whole. */
static enum err image_map(struct op *op, struct allowed *allowed, uint64_t version)
{
    char name[NAME_SIZE];
    struct span path;
    TRY(image_path(op, &sort, name_of(version, name), &path));
    TRY(disk_map(op, allowed->node->world_disk, path, &allowed->map));
    return match_image_open(op, allowed->map, &allowed->image);
}

static enum err image_open(struct op *op, struct allowed *allowed)
{
    uint64_t version = 0;
    TRY(store_allowed_version(op, allowed->node->store, &version));
    if (version == 0 || image_map(op, allowed, version) == ERR_OK) {
        return ERR_OK;
    }
    op_fault_clear(op);
    TRY(image_make(op, allowed->node, &allowed->made));
    return match_image_open(op, buf_span(&allowed->made), &allowed->image);
}

static enum err lists_read(struct op *op, struct allowed *allowed)
{
    const struct policy_grant *grant = NULL;
    struct store_set *sets = NULL;
    size_t count = 0;
    TRY(policy_grant_owner(op, &grant));
    TRY(store_allow_lists(op, allowed->node->store, grant, &sets, &count));
    allowed->lists = op_alloc(op, (count + 1) * sizeof *allowed->lists);
    if (allowed->lists == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        const struct store_allow *allow = &sets[i].allow;
        allowed->lists[i] = sets[i].name;
        allowed->names_indicators =
            allowed->names_indicators || (allow->indicator.size > 0 && allow->inside.size == 0);
    }
    allowed->list_count = count;
    return ERR_OK;
}

enum err allowed_open(struct op *op, struct node *node, struct allowed **ret)
{
    struct allowed *allowed = op_alloc(op, sizeof *allowed);
    if (allowed == NULL) {
        return ERR_LIMIT;
    }
    *allowed = (struct allowed){ .node = node };
    buf_init(&allowed->made, (size_t)1 << IMAGE_SIZE_MAX_BITS);
    allowed->found = op_alloc(op, MATCH_FOUND_COUNT_MAX * sizeof *allowed->found);
    allowed->bytes = op_alloc(op, 2 * sizeof *allowed->bytes);
    enum err err = allowed->found == NULL || allowed->bytes == NULL ? ERR_LIMIT : ERR_OK;
    if (err == ERR_OK) {
        err = lists_read(op, allowed);
    }
    if (err == ERR_OK) {
        err = image_open(op, allowed);
    }
    if (err != ERR_OK) {
        allowed_close(allowed);
        return err;
    }
    *ret = allowed;
    return ERR_OK;
}

void allowed_close(struct allowed *allowed)
{
    if (allowed == NULL) {
        return;
    }
    match_image_close(allowed->image);
    disk_unmap(allowed->node->world_disk, allowed->map);
    buf_done(&allowed->made);
}

static struct allowed_word ask(const struct allowed *allowed, const struct match_allow_hit *hit)
{
    struct allowed_word nothing = { .effect = RANK_EFFECT_NONE, .list = SPAN("") };
    if (allowed->image == NULL) {
        return nothing;
    }
    struct match_allow_answer answer = match_allow_ask(allowed->image, allowed->found, hit);
    if (answer.effect == RANK_EFFECT_NONE || answer.effect >= RANK_EFFECT_COUNT) {
        return nothing;
    }
    return (struct allowed_word){ .effect = (enum rank_effect)answer.effect, .list = answer.list };
}

struct allowed_word allowed_indicator(const struct allowed *allowed, const struct value *value,
                                      struct span id, int64_t time_us)
{
    const struct match_allow_hit hit = { .indicator = value,
                                         .indicator_id = id,
                                         .time_us = time_us };
    return ask(allowed, &hit);
}

bool allowed_is_empty(const struct allowed *allowed)
{
    return allowed->list_count == 0;
}

bool allowed_names_indicators(const struct allowed *allowed)
{
    return allowed->names_indicators;
}

bool allowed_has(const struct allowed *allowed, struct span list)
{
    for (size_t i = 0; i < allowed->list_count; i++) {
        if (list.size > 0 && span_equal(allowed->lists[i], list)) {
            return true;
        }
    }
    return false;
}

bool allowed_silences(const struct allowed *allowed, enum value_kind kind, struct span text,
                      int64_t time_us)
{
    struct value value;
    return value_parse(kind, text, &allowed->bytes[0], &value) == ERR_OK &&
           allowed_indicator(allowed, &value, SPAN(""), time_us).effect == RANK_SILENCED;
}

/* What the lists say of a fold now, and whether it kept all that this rests upon. */
struct fold_word {
    struct allowed_word word;
    bool sure;
};

/* A value that was observed, where its text tells what it was. */
static bool observed_read(const struct allowed *allowed, const struct fold *fold, size_t index,
                          struct value *ret)
{
    enum value_scope scope;
    if (fold->observed.more ||
        value_recognise(fold->observed.at[index], &allowed->bytes[1], ret, &scope) != ERR_OK) {
        return false;
    }
    bool in_range =
        fold->kind == VALUE_CIDR && (ret->kind == VALUE_IPV4 || ret->kind == VALUE_IPV6);
    return ret->kind != VALUE_CIDR && (ret->kind == fold->kind || in_range);
}

/* Of all that was observed, the least that the lists say. */
static struct fold_word fold_word(const struct allowed *allowed, const struct fold *fold)
{
    struct value value;
    struct value observed;
    const struct allowed_word nothing = { .effect = RANK_EFFECT_NONE, .list = SPAN("") };
    struct fold_word told = { .word = { .effect = RANK_EFFECT_COUNT, .list = SPAN("") } };
    told.sure = fold->best.kind == fold->kind && !span_equal(fold->inside, FOLD_INSIDE_MANY);
    if (fold->observed.count == 0 ||
        value_parse(fold->kind, fold->value, &allowed->bytes[0], &value) != ERR_OK) {
        return (struct fold_word){ .word = nothing, .sure = false };
    }
    for (size_t i = 0; i < fold->observed.count; i++) {
        bool known = observed_read(allowed, fold, i, &observed);
        const struct match_allow_hit hit = {
            .indicator = &value,
            .observed_kind = known ? observed.kind : VALUE_NONE,
            .observed = known ? observed.key : SPAN(""),
            .indicator_id = fold->indicator,
            .inside = fold->inside,
            .time_us = fold->last_us,
        };
        struct allowed_word word = ask(allowed, &hit);
        told.word = word.effect < told.word.effect ? word : told.word;
        told.sure = told.sure && known;
    }
    return told;
}

void allowed_apply(const struct allowed *allowed, struct fold *fold)
{
    struct fold_word now = fold_word(allowed, fold);
    if (now.sure || (fold->best.effect != RANK_EFFECT_NONE && !allowed_has(allowed, fold->list))) {
        fold->best.effect = RANK_EFFECT_NONE;
        fold->list = SPAN("");
    }
    if (now.word.effect > fold->best.effect) {
        fold->best.effect = now.word.effect;
        fold->list = now.word.list;
    }
}
