// SPDX-License-Identifier: EUPL-1.2
#include "policy/label_text.h"

/* ---- writing ---- */

static void write_strings(struct json_writer *w, const struct policy_list *list)
{
    json_begin_array(w);
    for (size_t i = 0; i < list->count; i++) {
        json_add_string(w, list->items[i]);
    }
    json_end_array(w);
}

static void write_list(struct json_writer *w, struct span key, const struct policy_list *list)
{
    if (list->count > 0) {
        json_key(w, key);
        write_strings(w, list);
    }
}

static void write_audiences(struct json_writer *w, const struct policy_label *label)
{
    if (label->audience_count == 0) {
        return;
    }
    json_key(w, SPAN("audiences"));
    json_begin_array(w);
    for (size_t i = 0; i < label->audience_count; i++) {
        write_strings(w, &label->audiences[i]);
    }
    json_end_array(w);
}

static void write_statements(struct json_writer *w, const struct policy_label *label)
{
    if (label->statement_count == 0) {
        return;
    }
    json_key(w, SPAN("statements"));
    json_begin_array(w);
    for (size_t i = 0; i < label->statement_count; i++) {
        const struct policy_statement *statement = &label->statements[i];
        json_begin_object(w);
        json_member_string(w, SPAN("id"), statement->id);
        if (statement->unknown) {
            json_member_bool(w, SPAN("unknown"), true);
        } else {
            json_member_string(w, SPAN("text"), statement->text);
        }
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_personal(struct json_writer *w, struct span key, unsigned personal)
{
    if (personal == 0) {
        return;
    }
    json_key(w, key);
    json_begin_array(w);
    for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
        if ((personal >> i & 1) != 0) {
            json_add_string(w, span_of(policy_personal_name((enum policy_personal)i)));
        }
    }
    json_end_array(w);
}

/* What a label says of itself; parts have no parts. */
static void write_members(struct json_writer *w, const struct policy_label *label)
{
    json_member_string(w, SPAN("tlp"), span_of(policy_tlp_name(label->tlp)));
    if (label->pap != POLICY_PAP_UNSTATED) {
        json_member_string(w, SPAN("pap"), span_of(policy_pap_name(label->pap)));
    }
    json_member_string(w, SPAN("data"), span_of(policy_data_name(label->data)));
    if (label->world.size > 0) {
        json_member_string(w, SPAN("world"), label->world);
    }
    write_list(w, SPAN("classes"), &label->classes);
    write_audiences(w, label);
    write_list(w, SPAN("persons"), &label->persons);
    write_list(w, SPAN("purposes"), &label->purposes);
    write_list(w, SPAN("sources"), &label->sources);
    write_statements(w, label);
    write_personal(w, SPAN("personal"), label->personal);
    write_personal(w, SPAN("personal-fixed"), label->personal_fixed);
}

static void write_parts(struct json_writer *w, const struct policy_label *label)
{
    if (label->part_count == 0) {
        return;
    }
    json_key(w, SPAN("parts"));
    json_begin_array(w);
    for (size_t i = 0; i < label->part_count; i++) {
        json_begin_object(w);
        write_members(w, &label->parts[i].label);
        write_list(w, SPAN("selectors"), &label->parts[i].selectors);
        json_member_bool(w, SPAN("fixed"), label->parts[i].fixed);
        json_end_object(w);
    }
    json_end_array(w);
}

void policy_label_write(struct json_writer *w, const struct policy_label *label)
{
    json_begin_object(w);
    write_members(w, label);
    write_parts(w, label);
    if (label->origin_count > 0) {
        json_key(w, SPAN("origins"));
        json_begin_array(w);
        for (size_t i = 0; i < label->origin_count; i++) {
            json_begin_object(w);
            write_members(w, &label->origins[i]);
            write_parts(w, &label->origins[i]);
            json_end_object(w);
        }
        json_end_array(w);
    }
    json_end_object(w);
}

/* ---- reading ---- */

static size_t count_of(struct json_value list)
{
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        count++;
    }
    return count;
}

static enum err read_list(struct op *op, struct json_value value, struct policy_list *ret)
{
    struct span *items = op_alloc(op, count_of(value) * sizeof *items);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    *ret = (struct policy_list){ .items = items };
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        items[ret->count] = json_string(walk.value);
        if (items[ret->count++].data == NULL) {
            return ERR_FORMAT;
        }
    }
    return ERR_OK;
}

static enum err read_audiences(struct op *op, struct json_value value, struct policy_label *ret)
{
    struct policy_list *audiences = op_alloc(op, count_of(value) * sizeof *audiences);
    if (audiences == NULL) {
        return ERR_LIMIT;
    }
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        TRY(read_list(op, walk.value, &audiences[ret->audience_count++]));
    }
    ret->audiences = audiences;
    return ERR_OK;
}

static enum err read_statements(struct op *op, struct json_value value, struct policy_label *ret)
{
    struct policy_statement *statements = op_alloc(op, count_of(value) * sizeof *statements);
    if (statements == NULL) {
        return ERR_LIMIT;
    }
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        statements[ret->statement_count++] = (struct policy_statement){
            .id = json_string(json_member(walk.value, SPAN("id"))),
            .text = json_string(json_member(walk.value, SPAN("text"))),
            .unknown = json_true(json_member(walk.value, SPAN("unknown"))),
        };
    }
    ret->statements = statements;
    return ERR_OK;
}

static enum err read_personal(struct json_value value, unsigned *ret)
{
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        enum policy_personal personal = POLICY_PERSONAL_COUNT;
        TRY(policy_personal_from_name(json_string(walk.value), &personal) == ERR_OK ? ERR_OK
                                                                                    : ERR_FORMAT);
        *ret |= 1U << personal;
    }
    return ERR_OK;
}

static enum err read_words(struct json_value value, struct policy_label *ret)
{
    struct span pap = json_string(json_member(value, SPAN("pap")));
    bool known =
        policy_tlp_from_name(json_string(json_member(value, SPAN("tlp"))), &ret->tlp) == ERR_OK &&
        policy_data_from_name(json_string(json_member(value, SPAN("data"))), &ret->data) == ERR_OK;
    if (pap.size > 0 && policy_pap_from_name(pap, &ret->pap) != ERR_OK) {
        ret->pap = POLICY_PAP_UNKNOWN;
    }
    return known ? ERR_OK : ERR_FORMAT;
}

static enum err read_members(struct op *op, struct json_value value, struct policy_label *ret)
{
    *ret = (struct policy_label){ .world = json_string(json_member(value, SPAN("world"))) };
    TRY(read_words(value, ret));
    TRY(read_list(op, json_member(value, SPAN("classes")), &ret->classes));
    TRY(read_audiences(op, json_member(value, SPAN("audiences")), ret));
    TRY(read_list(op, json_member(value, SPAN("persons")), &ret->persons));
    TRY(read_list(op, json_member(value, SPAN("purposes")), &ret->purposes));
    TRY(read_list(op, json_member(value, SPAN("sources")), &ret->sources));
    TRY(read_statements(op, json_member(value, SPAN("statements")), ret));
    TRY(read_personal(json_member(value, SPAN("personal")), &ret->personal));
    return read_personal(json_member(value, SPAN("personal-fixed")), &ret->personal_fixed);
}

static enum err read_parts(struct op *op, struct json_value list, struct policy_label *ret)
{
    struct policy_part *parts = op_alloc(op, count_of(list) * sizeof *parts);
    if (parts == NULL) {
        return ERR_LIMIT;
    }
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        struct policy_part *part = &parts[ret->part_count++];
        TRY(read_members(op, walk.value, &part->label));
        TRY(read_list(op, json_member(walk.value, SPAN("selectors")), &part->selectors));
        part->fixed = json_true(json_member(walk.value, SPAN("fixed")));
    }
    ret->parts = parts;
    return ERR_OK;
}

static enum err read_origins(struct op *op, struct json_value list, struct policy_label *ret)
{
    struct policy_label *origins = op_alloc(op, count_of(list) * sizeof *origins);
    if (origins == NULL) {
        return ERR_LIMIT;
    }
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        struct policy_label *origin = &origins[ret->origin_count++];
        TRY(read_members(op, walk.value, origin));
        TRY(read_parts(op, json_member(walk.value, SPAN("parts")), origin));
    }
    ret->origins = origins;
    return ERR_OK;
}

enum err policy_label_read(struct op *op, struct json_value value, struct policy_label *ret)
{
    struct policy_label label;
    TRY(read_members(op, value, &label));
    TRY(read_parts(op, json_member(value, SPAN("parts")), &label));
    TRY(read_origins(op, json_member(value, SPAN("origins")), &label));
    *ret = label;
    return ERR_OK;
}
