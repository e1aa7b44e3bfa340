// SPDX-License-Identifier: EUPL-1.2
#include "stix/object.h"

#include "base/must.h"
#include "base/text.h"
#include "stix/id.h"
#include "stix/timestamp.h"

enum { SHOWN_SIZE_MAX = 64, SHOWN_TEXT_SIZE_MAX = 8 * SHOWN_SIZE_MAX };

/* Which times an object must have. */
enum class {
    CLASS_UNKNOWN = 0, /* of somebody else's making: any */
    CLASS_VERSIONED,   /* domain and relationship objects: created and modified */
    CLASS_MARKING,     /* created; a marking is never changed */
    CLASS_OBSERVABLE,  /* none */
};

struct type {
    const char *name;
    enum class class;
};

/* The objects of STIX 2.1, sections 3 to 7. */
static const struct type types[] = {
    { "attack-pattern", CLASS_VERSIONED },
    { "campaign", CLASS_VERSIONED },
    { "course-of-action", CLASS_VERSIONED },
    { "extension-definition", CLASS_VERSIONED },
    { "grouping", CLASS_VERSIONED },
    { "identity", CLASS_VERSIONED },
    { "incident", CLASS_VERSIONED },
    { "indicator", CLASS_VERSIONED },
    { "infrastructure", CLASS_VERSIONED },
    { "intrusion-set", CLASS_VERSIONED },
    { "language-content", CLASS_VERSIONED },
    { "location", CLASS_VERSIONED },
    { "malware", CLASS_VERSIONED },
    { "malware-analysis", CLASS_VERSIONED },
    { "note", CLASS_VERSIONED },
    { "observed-data", CLASS_VERSIONED },
    { "opinion", CLASS_VERSIONED },
    { "relationship", CLASS_VERSIONED },
    { "report", CLASS_VERSIONED },
    { "sighting", CLASS_VERSIONED },
    { "threat-actor", CLASS_VERSIONED },
    { "tool", CLASS_VERSIONED },
    { "vulnerability", CLASS_VERSIONED },
    { "marking-definition", CLASS_MARKING },
    { "artifact", CLASS_OBSERVABLE },
    { "autonomous-system", CLASS_OBSERVABLE },
    { "directory", CLASS_OBSERVABLE },
    { "domain-name", CLASS_OBSERVABLE },
    { "email-addr", CLASS_OBSERVABLE },
    { "email-message", CLASS_OBSERVABLE },
    { "file", CLASS_OBSERVABLE },
    { "ipv4-addr", CLASS_OBSERVABLE },
    { "ipv6-addr", CLASS_OBSERVABLE },
    { "mac-addr", CLASS_OBSERVABLE },
    { "mutex", CLASS_OBSERVABLE },
    { "network-traffic", CLASS_OBSERVABLE },
    { "process", CLASS_OBSERVABLE },
    { "software", CLASS_OBSERVABLE },
    { "url", CLASS_OBSERVABLE },
    { "user-account", CLASS_OBSERVABLE },
    { "windows-registry-key", CLASS_OBSERVABLE },
    { "x509-certificate", CLASS_OBSERVABLE },
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

static enum class class_of(struct span type) {
    for (size_t i = 0; i < TYPE_COUNT;
         i++){ if (span_equal(type, span_of(types[i].name))){ return types[i].class; }
}
return CLASS_UNKNOWN;
}

/* A fault of an object: "ID: property NAME: what". Whatever stands in place of the id is shown, cut
 * and made harmless. */
static enum err faulty(struct op *op, enum err err, struct span id, struct span property,
                       const char *what)
{
    struct buf shown;
    buf_init(&shown, 2 * SHOWN_TEXT_SIZE_MAX);
    text_add_printable(
        &shown, span_slice(id, 0, id.size < SHOWN_SIZE_MAX * 2 ? id.size : SHOWN_SIZE_MAX * 2));
    if (id.size == 0) {
        buf_add(&shown, SPAN("an object without id"));
    }
    buf_add(&shown, SPAN(": property "));
    text_add_printable(
        &shown,
        span_slice(property, 0, property.size < SHOWN_SIZE_MAX ? property.size : SHOWN_SIZE_MAX));
    (void)op_fail(op, err, "%.*s: %s", SPAN_FMT(buf_span(&shown)), what);
    buf_done(&shown);
    return err;
}

/* An object while it is read. */
struct reading {
    struct op *op;
    struct json_value value;
    struct span id;
};

static enum err fault_of(const struct reading *r, const char *property, const char *what)
{
    return faulty(r->op, ERR_FORMAT, r->id, span_of(property), what);
}

/* A property that is null counts as absent. */
static bool is_there(const struct reading *r, const char *property)
{
    return json_type(json_member(r->value, span_of(property))) != JSON_NULL;
}

/* A string; empty where the property is absent. */
static enum err read_string(const struct reading *r, const char *property, struct span *ret)
{
    if (!is_there(r, property)) {
        *ret = (struct span){ NULL, 0 };
        return ERR_OK;
    }
    struct json_value value = json_member(r->value, span_of(property));
    if (json_type(value) != JSON_STRING) {
        return fault_of(r, property, "it must be a string");
    }
    *ret = json_string(value);
    return ERR_OK;
}

static enum err read_required_string(const struct reading *r, const char *property,
                                     struct span *ret)
{
    struct span text = { NULL, 0 };
    TRY(read_string(r, property, &text));
    if (text.size == 0) {
        return fault_of(r, property, "it is required, and missing or empty");
    }
    *ret = text;
    return ERR_OK;
}

/* A timestamp; TIME_US_NONE where the property is absent. */
static enum err read_time(const struct reading *r, const char *property, int64_t *ret_us)
{
    struct span text = { NULL, 0 };
    TRY(read_string(r, property, &text));
    if (!is_there(r, property)) {
        *ret_us = TIME_US_NONE;
        return ERR_OK;
    }
    if (stix_timestamp_parse(text, ret_us) != ERR_OK) {
        return fault_of(r, property, "it must be a time in UTC, as 2026-11-21T20:34:05.000Z");
    }
    return ERR_OK;
}

static enum err read_required_time(const struct reading *r, const char *property, int64_t *ret_us)
{
    if (!is_there(r, property)) {
        return fault_of(r, property, "it is required, and missing");
    }
    return read_time(r, property, ret_us);
}

/* Whether a text is an id of this type. */
static bool is_id_of(struct span text, const char *type)
{
    struct stix_id id;
    return stix_id_parse(text, &id) == ERR_OK && span_equal(id.type, span_of(type));
}

static size_t element_count(struct json_value list)
{
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        count++;
    }
    return count;
}

/* Memory for a list of `count` texts. */
static enum err new_items(const struct reading *r, const char *property, size_t count,
                          struct span **ret)
{
    if (count > STIX_LIST_COUNT_MAX) {
        return faulty(r->op, ERR_LIMIT, r->id, span_of(property), "it has too many entries");
    }
    *ret = op_alloc(r->op, count * sizeof **ret);
    return *ret == NULL ? ERR_LIMIT : ERR_OK;
}

/* A list of strings; empty where the property is absent. */
static enum err read_list(const struct reading *r, const char *property, struct stix_list *ret)
{
    *ret = (struct stix_list){ .count = 0 };
    struct json_value list = json_member(r->value, span_of(property));
    if (!is_there(r, property)) {
        return ERR_OK;
    }
    if (json_type(list) != JSON_ARRAY) {
        return fault_of(r, property, "it must be a list");
    }
    struct span *items = NULL;
    TRY(new_items(r, property, element_count(list), &items));
    must(items != NULL);
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        if (json_type(walk.value) != JSON_STRING) {
            return fault_of(r, property, "each entry of the list must be a string");
        }
        items[count] = json_string(walk.value);
        count++;
    }
    *ret = (struct stix_list){ .items = items, .count = count };
    return ERR_OK;
}

static enum err check_markings(const struct reading *r, const char *property,
                               const struct stix_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!is_id_of(list->items[i], "marking-definition")) {
            return fault_of(r, property, "each entry must be the id of a marking-definition");
        }
    }
    return ERR_OK;
}

/* The markings among the granular ones; others of them only name a language. */
static enum err read_granular_markings(const struct reading *r, struct stix_list *ret)
{
    static const char property[] = "granular_markings";
    *ret = (struct stix_list){ .count = 0 };
    struct json_value list = json_member(r->value, span_of(property));
    if (!is_there(r, property)) {
        return ERR_OK;
    }
    if (json_type(list) != JSON_ARRAY) {
        return fault_of(r, property, "it must be a list");
    }
    struct span *items = NULL;
    TRY(new_items(r, property, element_count(list), &items));
    must(items != NULL);
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        struct json_value marking = json_member(walk.value, SPAN("marking_ref"));
        if (json_type(marking) == JSON_STRING) {
            items[count] = json_string(marking);
            count++;
        } else if (json_type(walk.value) != JSON_OBJECT || json_type(marking) != JSON_NULL) {
            return fault_of(r, property, "each entry must be an object with marking_ref or lang");
        }
    }
    *ret = (struct stix_list){ .items = items, .count = count };
    return check_markings(r, property, ret);
}

/* type and id, which must agree */
static enum err read_identity(struct reading *r, struct stix_object *object)
{
    struct span id = json_string(json_member(r->value, SPAN("id")));
    r->id = id; /* also a broken one helps to find the object */
    TRY(read_required_string(r, "id", &object->id));
    TRY(read_required_string(r, "type", &object->type));
    struct stix_id parsed;
    if (stix_id_parse(object->id, &parsed) != ERR_OK) {
        return fault_of(r, "id", "it must be TYPE--UUID in lower case");
    }
    if (!span_equal(parsed.type, object->type)) {
        return fault_of(r, "id", "the type before its -- is not the object's type");
    }
    if (span_equal(object->type, SPAN("bundle"))) {
        return fault_of(r, "type", "a bundle cannot lie in a bundle");
    }
    return ERR_OK;
}

static enum err read_spec_version(const struct reading *r, enum class class,
                                  struct stix_object *object)
{
    TRY(read_string(r, "spec_version", &object->spec_version));
    if (!is_there(r, "spec_version")) {
        object->spec_version = class == CLASS_OBSERVABLE ? SPAN("2.1") : SPAN("2.0");
        return ERR_OK;
    }
    if (!span_equal(object->spec_version, SPAN("2.1")) &&
        !span_equal(object->spec_version, SPAN("2.0"))) {
        return faulty(r->op, ERR_UNSUPPORTED, r->id, SPAN("spec_version"),
                      "only STIX 2.1 and 2.0 are read");
    }
    return ERR_OK;
}

static enum err read_times(const struct reading *r, enum class class, struct stix_object *object)
{
    if (class == CLASS_VERSIONED) {
        TRY(read_required_time(r, "created", &object->created_us));
        TRY(read_required_time(r, "modified", &object->modified_us));
    } else {
        TRY(read_time(r, "created", &object->created_us));
        TRY(read_time(r, "modified", &object->modified_us));
    }
    if (class == CLASS_MARKING && object->created_us == TIME_US_NONE) {
        return fault_of(r, "created", "it is required, and missing");
    }
    /* TIME_US_NONE is the earliest of all times. */
    if (object->modified_us != TIME_US_NONE && object->modified_us < object->created_us) {
        return fault_of(r, "modified", "it is before created");
    }
    return read_string(r, "modified", &object->modified);
}

static enum err read_confidence(const struct reading *r, int *ret)
{
    *ret = STIX_CONFIDENCE_NONE;
    if (!is_there(r, "confidence")) {
        return ERR_OK;
    }
    int64_t confidence = json_integer(json_member(r->value, SPAN("confidence")), -1);
    if (confidence < 0 || confidence > STIX_CONFIDENCE_MAX) {
        return fault_of(r, "confidence", "it must be a whole number from 0 to 100");
    }
    *ret = (int)confidence;
    return ERR_OK;
}

static enum err read_revoked(const struct reading *r, bool *ret)
{
    *ret = false;
    if (!is_there(r, "revoked")) {
        return ERR_OK;
    }
    struct json_value value = json_member(r->value, SPAN("revoked"));
    if (json_type(value) != JSON_BOOL) {
        return fault_of(r, "revoked", "it must be true or false");
    }
    *ret = json_true(value);
    return ERR_OK;
}

static enum err read_created_by(const struct reading *r, struct span *ret)
{
    TRY(read_string(r, "created_by_ref", ret));
    if (is_there(r, "created_by_ref") && !is_id_of(*ret, "identity")) {
        return fault_of(r, "created_by_ref", "it must be the id of an identity");
    }
    return ERR_OK;
}

enum err stix_object_read(struct op *op, struct json_value value, struct stix_object *ret)
{
    if (json_type(value) != JSON_OBJECT) {
        return op_fail(op, ERR_FORMAT, "a STIX object must be a JSON object");
    }
    TRY(stix_object_check_keys(op, value));
    struct reading r = { .op = op, .value = value };
    struct stix_object object = { .confidence = STIX_CONFIDENCE_NONE };
    TRY(read_identity(&r, &object));
    const enum class class = class_of(object.type);
    TRY(read_spec_version(&r, class, &object));
    TRY(read_times(&r, class, &object));
    TRY(read_created_by(&r, &object.created_by_ref));
    TRY(read_revoked(&r, &object.revoked));
    TRY(read_confidence(&r, &object.confidence));
    TRY(read_string(&r, "lang", &object.lang));
    TRY(read_list(&r, "labels", &object.labels));
    TRY(read_list(&r, "object_marking_refs", &object.marking_refs));
    TRY(check_markings(&r, "object_marking_refs", &object.marking_refs));
    TRY(read_granular_markings(&r, &object.granular_marking_refs));
    *ret = object;
    return ERR_OK;
}

/* Required since 2.1; a 2.0 indicator is always in the STIX language. */
static enum err read_pattern_type(const struct reading *r, const struct stix_object *object,
                                  struct span *ret)
{
    bool implied = span_equal(object->spec_version, SPAN("2.0"));
    if (implied && !is_there(r, "pattern_type")) {
        *ret = SPAN("stix");
        return ERR_OK;
    }
    return read_required_string(r, "pattern_type", ret);
}

enum err stix_indicator_read(struct op *op, struct json_value value,
                             const struct stix_object *object, struct stix_indicator *ret)
{
    must(span_equal(object->type, SPAN("indicator")));
    const struct reading r = { .op = op, .value = value, .id = object->id };
    struct stix_indicator indicator = { .valid_until_us = TIME_US_NONE };
    TRY(read_string(&r, "name", &indicator.name));
    TRY(read_required_string(&r, "pattern", &indicator.pattern));
    TRY(read_pattern_type(&r, object, &indicator.pattern_type));
    TRY(read_required_time(&r, "valid_from", &indicator.valid_from_us));
    TRY(read_time(&r, "valid_until", &indicator.valid_until_us));
    if (indicator.valid_until_us != TIME_US_NONE &&
        indicator.valid_until_us <= indicator.valid_from_us) {
        return fault_of(&r, "valid_until", "it must be later than valid_from");
    }
    TRY(read_list(&r, "indicator_types", &indicator.indicator_types));
    *ret = indicator;
    return ERR_OK;
}

enum err stix_object_check_keys(struct op *op, struct json_value value)
{
    struct span keys[STIX_KEY_COUNT_MAX];
    struct span id = json_string(json_member(value, SPAN("id")));
    size_t count = 0;
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        if (count == STIX_KEY_COUNT_MAX) {
            return faulty(op, ERR_LIMIT, id, walk.key, "the object has too many properties");
        }
        for (size_t i = 0; i < count; i++) {
            if (span_equal(keys[i], walk.key)) {
                return faulty(op, ERR_FORMAT, id, walk.key, "it is written twice");
            }
        }
        keys[count] = walk.key;
        count++;
    }
    return ERR_OK;
}
