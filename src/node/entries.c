// SPDX-License-Identifier: EUPL-1.2
#include "node/entries.h"

struct walk {
    struct op *op;
    struct node *node;
    const struct entry_selection *selection;
    enum err (*visit)(void *context, const struct entry *entry);
    void *context;
};

bool entries_select_set(const struct entry_selection *selection, const struct store_set *set)
{
    bool by_set = selection->set.size == 0 || span_equal(selection->set, set->name);
    bool by_source = selection->source.data == NULL || span_equal(selection->source, set->source);
    return by_set && by_source;
}

static enum err member_visit(struct walk *walk, const struct store_set *set,
                             const struct pack_member *member)
{
    bool own_label = member->tlp != PACK_TLP_OF_SET;
    const struct entry entry = {
        .value = &member->value,
        .scope = member->scope,
        .tlp = own_label ? (enum policy_tlp)member->tlp : set->tlp,
        .set_tlp = set->tlp,
        .pap = set->pap,
        .confidence =
            member->confidence == PACK_CONFIDENCE_UNKNOWN ? set->confidence : member->confidence,
        .first_seen_us = member->first_seen_us,
        .valid_from_us = member->valid_from_us,
        .valid_until_us =
            member->valid_until_us == TIME_US_NONE ? set->valid_until_us : member->valid_until_us,
        .source_id = set->source_id,
        .source = set->source,
        .set = set->name,
        .verdict =
            value_judge(&walk->node->config->judging, set->even_if, &member->value, member->scope),
        .context = member->context,
        .set_context = set->context,
    };
    enum value_kind kind = walk->selection->kind;
    bool other_kind = kind != VALUE_NONE && kind != member->value.kind;
    return other_kind ? ERR_OK : walk->visit(walk->context, &entry);
}

static enum err set_walk(struct walk *walk, const struct policy_grant *grant,
                         const struct store_set *set)
{
    struct pack_reader reader;
    struct pack_member member;
    struct span map;
    TRY(store_set_read(walk->op, walk->node->store, grant, set, &reader, &map));
    enum err err = ERR_OK;
    while (err == ERR_OK && pack_next(&reader, &member)) {
        err = member_visit(walk, set, &member);
    }
    disk_unmap(walk->node->world_disk, map);
    if (err == ERR_OK && reader.err != ERR_OK) {
        err = op_fail(walk->op, reader.err, "the set %.*s is damaged: run 'linie rebuild'",
                      SPAN_FMT(set->name));
    }
    return err;
}

static enum err watched_visit(void *context, const struct store_watched *watched)
{
    struct walk *walk = context;
    const struct entry_selection *selection = walk->selection;
    bool selected =
        selection->set.size == 0 &&
        (selection->kind == VALUE_NONE || selection->kind == watched->value.kind) &&
        (selection->source.data == NULL || span_equal(selection->source, watched->source));
    if (!selected) {
        return ERR_OK;
    }
    struct buf id;
    buf_init(&id, STORE_NAME_SIZE_MAX);
    buf_add(&id, SPAN("indicator--"));
    uuid_add(&id, &watched->indicator);
    const struct entry entry = {
        .value = &watched->value,
        .scope = watched->scope,
        .tlp = watched->tlp,
        .pap = watched->pap,
        .confidence = watched->confidence,
        .first_seen_us = TIME_US_NONE,
        .valid_from_us = watched->valid_from_us,
        .valid_until_us = watched->valid_until_us,
        .id = buf_span(&id),
        .source_id = watched->source_id,
        .source = watched->source,
    };
    enum err err = walk->visit(walk->context, &entry);
    buf_done(&id);
    return err;
}

enum err entries_walk(struct op *op, struct node *node, const struct entry_selection *selection,
                      enum err (*visit)(void *context, const struct entry *entry), void *context)
{
    struct walk walk = {
        .op = op, .node = node, .selection = selection, .visit = visit, .context = context
    };
    const struct policy_grant *grant = NULL;
    struct store_set *sets = NULL;
    size_t count = 0;
    TRY(policy_grant_owner(op, &grant));
    TRY(store_sets(op, node->store, grant, &sets, &count));
    for (size_t i = 0; i < count; i++) {
        if (entries_select_set(selection, &sets[i])) {
            TRY(set_walk(&walk, grant, &sets[i]));
        }
    }
    return store_watched_walk(op, node->store, watched_visit, &walk);
}

enum err entry_id(struct op *op, const struct entry *entry, struct span *ret)
{
    if (entry->id.size > 0) {
        *ret = entry->id;
        return ERR_OK;
    }
    return store_member_id(op, entry->source_id, entry->set, entry->value, ret);
}
