// SPDX-License-Identifier: EUPL-1.2
#include "policy/label_stix.h"

#include "policy/personal.h"

struct reading {
    struct op *op;
    struct json_value value;
    const struct stix_object *object;
    const struct policy_label_from *from;
};

/* What markings say, as they are read one after the other. */
struct marks {
    enum policy_tlp tlp;
    bool has_tlp;
    enum policy_pap pap;
    struct policy_statement *statements;
    size_t statement_count;
    struct policy_list *audiences;
    size_t audience_count;
    struct policy_list persons;
    bool has_persons;
    struct policy_list purposes;
};

/* ---- markings ---- */

static enum err marks_begin(struct op *op, size_t count_max, struct marks *ret)
{
    *ret = (struct marks){ .tlp = POLICY_TLP_CLEAR };
    ret->statements = op_alloc(op, count_max * sizeof *ret->statements);
    ret->audiences = op_alloc(op, count_max * sizeof *ret->audiences);
    return ret->statements == NULL || ret->audiences == NULL ? ERR_LIMIT : ERR_OK;
}

/* Of two lists that both must allow: those that are in both. */
static enum err narrow(struct op *op, struct policy_list *list, const struct policy_list *by)
{
    struct span *items = op_alloc(op, list->count * sizeof *items);
    size_t count = 0;
    if (items == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < list->count; i++) {
        bool both = false;
        for (size_t j = 0; j < by->count; j++) {
            both = both || span_equal(list->items[i], by->items[j]);
        }
        items[count] = list->items[i];
        count += both ? 1 : 0;
    }
    *list = (struct policy_list){ items, count };
    return ERR_OK;
}

static enum err marks_add_audience(struct op *op, const struct policy_definition *definition,
                                   struct marks *marks)
{
    if (definition->has_audience) {
        marks->audiences[marks->audience_count++] = definition->audience;
    }
    if (definition->persons.count > 0 && marks->has_persons) {
        TRY(narrow(op, &marks->persons, &definition->persons));
    } else if (definition->persons.count > 0) {
        marks->persons = definition->persons;
        marks->has_persons = true;
    }
    if (definition->purposes.count == 0) {
        return ERR_OK;
    }
    if (marks->purposes.count == 0) {
        marks->purposes = definition->purposes;
        return ERR_OK;
    }
    TRY(narrow(op, &marks->purposes, &definition->purposes));
    marks->tlp = marks->purposes.count == 0 ? POLICY_TLP_UNKNOWN : marks->tlp;
    marks->has_tlp = marks->has_tlp || marks->purposes.count == 0;
    return ERR_OK;
}

static enum err marks_add(const struct reading *reading, struct span id, struct marks *marks)
{
    struct policy_definition definition = { .kind = POLICY_DEFINITION_UNKNOWN };
    enum policy_tlp tlp = policy_tlp_from_marking(id);
    if (tlp != POLICY_TLP_UNKNOWN) {
        marks->tlp = policy_tlp_tighten(marks->tlp, tlp);
        marks->has_tlp = true;
        return ERR_OK;
    }
    TRY(reading->from->find(reading->op, reading->from->context, id, &definition));
    switch (definition.kind) {
    case POLICY_DEFINITION_PAP:
        marks->pap = policy_pap_tighten(marks->pap, definition.pap);
        return ERR_OK;
    case POLICY_DEFINITION_AUDIENCE:
        return marks_add_audience(reading->op, &definition, marks);
    case POLICY_DEFINITION_STATEMENT:
    case POLICY_DEFINITION_UNKNOWN:
        break;
    }
    marks->statements[marks->statement_count++] = (struct policy_statement){
        .id = id,
        .text = definition.text,
        .unknown = definition.kind == POLICY_DEFINITION_UNKNOWN,
    };
    return ERR_OK;
}

static void marks_to_label(const struct marks *marks, struct policy_label *label)
{
    label->tlp = marks->tlp;
    label->pap = marks->pap;
    label->statements = marks->statements;
    label->statement_count = marks->statement_count;
    label->audiences = marks->audiences;
    label->audience_count = marks->audience_count;
    label->persons = marks->persons;
    label->purposes = marks->purposes;
}

static enum err read_whole(const struct reading *reading, struct policy_label *label)
{
    struct marks marks;
    const struct stix_list *refs = &reading->object->marking_refs;
    TRY(marks_begin(reading->op, refs->count, &marks));
    for (size_t i = 0; i < refs->count; i++) {
        TRY(marks_add(reading, refs->items[i], &marks));
    }
    if (!marks.has_tlp) {
        marks.tlp = reading->from->otherwise;
    }
    marks_to_label(&marks, label);
    return ERR_OK;
}

/* ---- parts ---- */

/* "description", "external_references.[0].url": STIX 2.1, section 7.2.3.1. */
static bool selector_is_optional(struct span type, struct span selector)
{
    ptrdiff_t dot = span_find(selector, '.');
    struct span property = dot < 0 ? selector : span_slice(selector, 0, (size_t)dot);
    return policy_property_is_optional(type, property);
}

static enum err read_selectors(const struct reading *reading, struct json_value list,
                               struct policy_part *part)
{
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        count++;
    }
    struct span *items = op_alloc(reading->op, count * sizeof *items);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    part->selectors = (struct policy_list){ .items = items };
    part->fixed = count == 0;
    walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        struct span selector = json_string(walk.value);
        items[part->selectors.count++] = selector.data == NULL ? SPAN("") : selector;
        part->fixed = part->fixed || !selector_is_optional(reading->object->type, selector);
    }
    return ERR_OK;
}

static enum err read_part(const struct reading *reading, struct json_value marking, struct span id,
                          const struct policy_label *whole, struct policy_part *part)
{
    struct marks marks;
    *part = (struct policy_part){ .label = { .data = whole->data } };
    TRY(marks_begin(reading->op, 1, &marks));
    TRY(marks_add(reading, id, &marks));
    marks_to_label(&marks, &part->label);
    return read_selectors(reading, json_member(marking, SPAN("selectors")), part);
}

/* Who was hit can be left out of a sighting. */
static enum err read_victims(const struct reading *reading, struct policy_part *parts,
                             size_t *count)
{
    struct json_value refs = json_member(reading->value, SPAN("where_sighted_refs"));
    bool sighting = span_equal(reading->object->type, SPAN("sighting"));
    if (!sighting || json_type(refs) == JSON_NULL) {
        return ERR_OK;
    }
    struct span *selector = op_alloc(reading->op, sizeof *selector);
    if (selector == NULL) {
        return ERR_LIMIT;
    }
    *selector = SPAN("where_sighted_refs");
    parts[(*count)++] = (struct policy_part){
        .label = { .tlp = POLICY_TLP_CLEAR, .data = POLICY_DATA_VICTIM },
        .selectors = { selector, 1 },
    };
    return ERR_OK;
}

/* More parts than a label holds: what they say, the whole says, and nobody knows of which. */
static enum err read_parts(const struct reading *reading, struct policy_label *label)
{
    struct policy_part *parts = op_alloc(reading->op, POLICY_PART_COUNT_MAX * sizeof *parts);
    if (parts == NULL) {
        return ERR_LIMIT;
    }
    size_t count = 0;
    TRY(read_victims(reading, parts, &count));
    struct json_walk walk = json_walk_begin(json_member(reading->value, SPAN("granular_markings")));
    while (json_walk_next(&walk)) {
        struct span id = json_string(json_member(walk.value, SPAN("marking_ref")));
        bool language =
            id.data == NULL && json_string(json_member(walk.value, SPAN("lang"))).size > 0;
        if (language) {
            continue; /* which language a part is in: nothing to do with who reads it */
        }
        if (count == POLICY_PART_COUNT_MAX) {
            label->tlp = POLICY_TLP_UNKNOWN;
            break;
        }
        TRY(read_part(reading, walk.value, id.data == NULL ? SPAN("") : id, label,
                      &parts[count++]));
    }
    label->parts = parts;
    label->part_count = count;
    return ERR_OK;
}

/* ---- the label ---- */

static enum err read_sources(const struct reading *reading, struct policy_label *label)
{
    struct span *source = op_alloc(reading->op, sizeof *source);
    if (source == NULL) {
        return ERR_LIMIT;
    }
    bool says = reading->object->created_by_ref.size > 0;
    *source = says ? reading->object->created_by_ref : reading->from->source;
    label->sources = (struct policy_list){ source, source->size > 0 ? 1 : 0 };
    return ERR_OK;
}

enum err policy_label_of(struct op *op, struct json_value value, const struct stix_object *object,
                         const struct policy_label_from *from, struct policy_label *ret)
{
    const struct reading reading = { op, value, object, from };
    struct policy_personal_found found =
        policy_personal_find(value, from->is_inside, from->context);
    struct span relationship = json_string(json_member(value, SPAN("relationship_type")));
    struct policy_label label = {
        .data = policy_data_of_type(object->type, relationship),
        .personal = found.personal,
        .personal_fixed = found.fixed,
        .world = from->world,
    };
    TRY(read_whole(&reading, &label));
    TRY(read_sources(&reading, &label));
    TRY(read_parts(&reading, &label));
    *ret = label;
    return ERR_OK;
}
