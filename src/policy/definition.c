// SPDX-License-Identifier: EUPL-1.2
/*
 * What marking-definitions say (STIX 2.1, section 7.2.1), with PAP as platforms write it.
 */
#include "policy/label_stix.h"

static size_t count_of(struct json_value list)
{
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        count++;
    }
    return count;
}

/* The strings of a list; what is none of them is an empty one, which names nobody. */
static enum err read_list(struct op *op, struct json_value value, struct policy_list *ret)
{
    struct span *items = op_alloc(op, count_of(value) * sizeof *items);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    *ret = (struct policy_list){ .items = items };
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        struct span item = json_string(walk.value);
        items[ret->count++] = item.data == NULL ? SPAN("") : item;
    }
    return ERR_OK;
}

static enum err read_audience(struct op *op, struct json_value extension,
                              struct policy_definition *ret)
{
    struct json_value audience = json_member(extension, SPAN("audience"));
    ret->kind = POLICY_DEFINITION_AUDIENCE;
    ret->has_audience = json_type(audience) != JSON_NULL;
    TRY(read_list(op, audience, &ret->audience));
    TRY(read_list(op, json_member(extension, SPAN("persons")), &ret->persons));
    return read_list(op, json_member(extension, SPAN("purposes")), &ret->purposes);
}

/* PAP has no definition in STIX. Platforms write definition_type "pap" (in either case) with the
 * level in `definition`, or a `name` "PAP:RED". */
static bool read_pap(struct json_value value, struct policy_definition *ret)
{
    static const struct span prefix = { (const uint8_t *)"PAP:", 4 };
    struct span level = json_string(json_member(value, SPAN("name")));
    struct span type = json_string(json_member(value, SPAN("definition_type")));
    bool is_pap = span_starts_with_nocase(level, prefix);
    struct json_walk walk = json_walk_begin(json_member(value, SPAN("definition")));
    while (!is_pap && json_walk_next(&walk)) {
        struct span text = json_string(walk.value);
        is_pap = span_starts_with_nocase(text, prefix) || span_equal_nocase(walk.key, SPAN("pap"));
        level = is_pap ? text : level;
    }
    if (!is_pap && !span_equal_nocase(type, SPAN("pap"))) {
        return false;
    }
    ret->kind = POLICY_DEFINITION_PAP;
    if (policy_pap_from_name(level, &ret->pap) != ERR_OK) {
        ret->pap = POLICY_PAP_UNKNOWN;
    }
    return true;
}

enum err policy_definition_read(struct op *op, struct json_value value,
                                struct policy_definition *ret)
{
    struct policy_definition definition = { .kind = POLICY_DEFINITION_UNKNOWN };
    struct json_value extensions = json_member(value, SPAN("extensions"));
    struct json_value audience = json_member(extensions, SPAN(POLICY_AUDIENCE_EXTENSION));
    struct json_value words = json_member(value, SPAN("definition"));
    struct span type = json_string(json_member(value, SPAN("definition_type")));
    struct span text = json_string(json_member(words, SPAN("statement")));
    if (json_type(audience) == JSON_OBJECT) {
        TRY(read_audience(op, audience, &definition));
    } else if (!read_pap(value, &definition) && span_equal(type, SPAN("statement")) &&
               text.data != NULL && json_type(extensions) == JSON_NULL) {
        definition.kind = POLICY_DEFINITION_STATEMENT;
        definition.text = text;
    }
    *ret = definition;
    return ERR_OK;
}
