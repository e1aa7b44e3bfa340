// SPDX-License-Identifier: EUPL-1.2
#include "policy/personal.h"

enum { DEPTH_MAX = 32 };

/* ---- what can be taken out ---- */

struct property_row {
    const char *type;
    const char *properties[8]; /* required, or what the object is; ended by NULL */
};

/* STIX 2.1, section 3.2: of every object. Markings are what says so. */
static const char *const common[] = { "type",
                                      "spec_version",
                                      "id",
                                      "created",
                                      "modified",
                                      "extensions",
                                      "defanged",
                                      "object_marking_refs",
                                      "granular_markings",
                                      "revoked",
                                      NULL };

/* STIX 2.1, sections 4 and 5: the properties that are required. */
static const struct property_row rows[] = {
    { "attack-pattern", { "name" } },
    { "campaign", { "name" } },
    { "course-of-action", { "name" } },
    { "grouping", { "context", "object_refs" } },
    { "identity", { "name" } },
    { "incident", { "name" } },
    { "indicator", { "pattern", "pattern_type", "pattern_version", "valid_from", "valid_until" } },
    { "infrastructure", { "name" } },
    { "intrusion-set", { "name" } },
    { "location", { "region", "country", "latitude", "longitude" } },
    { "malware", { "is_family", "name" } },
    { "malware-analysis", { "product", "result", "analysis_sco_refs" } },
    { "note", { "content", "object_refs" } },
    { "observed-data",
      { "first_observed", "last_observed", "number_observed", "object_refs", "objects" } },
    { "opinion", { "opinion", "object_refs" } },
    { "relationship", { "relationship_type", "source_ref", "target_ref" } },
    { "report", { "name", "published", "object_refs" } },
    { "sighting", { "sighting_of_ref" } },
    { "threat-actor", { "name" } },
    { "tool", { "name" } },
    { "vulnerability", { "name" } },
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static bool is_among(const char *const *names, struct span name)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (span_equal(name, span_of(names[i]))) {
            return true;
        }
    }
    return false;
}

bool policy_property_is_optional(struct span type, struct span property)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (span_equal(type, span_of(rows[i].type))) {
            return !is_among(common, property) && !is_among(rows[i].properties, property);
        }
    }
    return false;
}

/* ---- mail addresses in text ---- */

static bool is_local_byte(uint8_t byte)
{
    static const struct span marks = { (const uint8_t *)"!#$%&'*+-/=?^_`{|}~.", 20 };
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte >= 0x80 || /* RFC 6531 */
           span_find(marks, byte) >= 0;
}

static bool is_domain_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte >= 0x80;
}

bool policy_mail_address_find(struct span text, struct span *ret)
{
    for (size_t at = 0; at < text.size; at++) {
        size_t begin = at;
        size_t end = at + 1;
        if (text.data[at] != '@') {
            continue;
        }
        while (begin > 0 && is_local_byte(text.data[begin - 1])) {
            begin--;
        }
        while (end < text.size && is_domain_byte(text.data[end])) {
            end++;
        }
        while (end > at + 1 && (text.data[end - 1] == '.' || text.data[end - 1] == '-')) {
            end--;
        }
        bool dotted = span_find(span_slice(text, at + 1, end), '.') > 0;
        if (begin < at && dotted) {
            *ret = span_slice(text, begin, end);
            return true;
        }
    }
    return false;
}

/* ---- places ---- */

#define BIT(personal) (1U << (personal))

struct place_row {
    const char *type;
    const char *property;
    enum policy_personal personal;
    bool fixed;
};

static const struct place_row places[] = {
    { "email-addr", "value", POLICY_PERSONAL_MAIL_ADDRESS, true },
    { "email-addr", "display_name", POLICY_PERSONAL_PERSON_NAME, true },
    { "user-account", "user_id", POLICY_PERSONAL_USER_NAME, true },
    { "user-account", "account_login", POLICY_PERSONAL_USER_NAME, true },
    { "user-account", "display_name", POLICY_PERSONAL_PERSON_NAME, true },
    { "identity", "contact_information", POLICY_PERSONAL_TELEPHONE, false },
};

enum { PLACE_COUNT = sizeof places / sizeof places[0] };

/* What a pattern compares. */
static const struct {
    const char *path;
    enum policy_personal personal;
} paths[] = {
    { "email-addr:", POLICY_PERSONAL_MAIL_ADDRESS },
    { "email-message:", POLICY_PERSONAL_MAIL_ADDRESS },
    { "user-account:", POLICY_PERSONAL_USER_NAME },
};

static void add(struct policy_personal_found *found, enum policy_personal personal, bool fixed)
{
    found->personal |= BIT(personal);
    found->fixed |= fixed ? BIT(personal) : 0;
}

static void find_places(struct json_value value, struct span type,
                        struct policy_personal_found *found)
{
    for (size_t i = 0; i < PLACE_COUNT; i++) {
        struct json_value property = json_member(value, span_of(places[i].property));
        if (span_equal(type, span_of(places[i].type)) && json_type(property) != JSON_NULL) {
            add(found, places[i].personal, places[i].fixed);
        }
    }
    struct span class = json_string(json_member(value, SPAN("identity_class")));
    if (span_equal(type, SPAN("identity")) && span_equal(class, SPAN("individual"))) {
        add(found, POLICY_PERSONAL_PERSON_NAME, true);
    }
}

static void find_in_pattern(struct json_value value, struct policy_personal_found *found)
{
    struct span pattern = json_string(json_member(value, SPAN("pattern")));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (span_find_span(pattern, span_of(paths[i].path)) >= 0) {
            add(found, paths[i].personal, true);
        }
    }
}

/* A mail address in any text below a value; what lies deeper than anything sane counts as one. */
static bool has_mail_address(struct json_value value, unsigned depth)
{
    struct span text = json_string(value);
    struct span address;
    if (text.data != NULL) {
        return policy_mail_address_find(text, &address);
    }
    if (depth == DEPTH_MAX) {
        return true;
    }
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        if (has_mail_address(walk.value, depth + 1)) {
            return true;
        }
    }
    return false;
}

static void find_in_text(struct json_value value, struct span type,
                         struct policy_personal_found *found)
{
    struct json_walk walk = json_walk_begin(value);
    while (json_walk_next(&walk)) {
        if (has_mail_address(walk.value, 0)) {
            add(found, POLICY_PERSONAL_MAIL_ADDRESS, !policy_property_is_optional(type, walk.key));
        }
    }
}

struct policy_personal_found policy_personal_find(
    struct json_value value, bool (*is_inside)(void *context, struct span address), void *context)
{
    struct policy_personal_found found = { 0 };
    struct span type = json_string(json_member(value, SPAN("type")));
    bool address = span_equal(type, SPAN("ipv4-addr")) || span_equal(type, SPAN("ipv6-addr"));
    find_places(value, type, &found);
    find_in_pattern(value, &found);
    find_in_text(value, type, &found);
    if (address && is_inside != NULL &&
        is_inside(context, json_string(json_member(value, SPAN("value"))))) {
        add(&found, POLICY_PERSONAL_HOST_ADDRESS, true);
    }
    return found;
}
