// SPDX-License-Identifier: EUPL-1.2
/*
 * Who may read an object, as it says itself.
 */
#include <stdlib.h>

#include "store/objects_inner.h"

#define PAP_PREFIX "PAP:"

static int id_compare(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* Whether a definition's name is that of a marking which says nothing about who may read: a
 * statement (a copyright notice), or PAP, which says what may be done. */
static bool name_is_silent(struct span name, enum policy_pap *pap)
{
    enum policy_pap level = POLICY_PAP_UNKNOWN;
    if (span_equal(name, SPAN("statement"))) {
        return true;
    }
    if (!span_starts_with(name, SPAN(PAP_PREFIX))) {
        return false;
    }
    if (policy_pap_from_name(name, &level) != ERR_OK) {
        level = POLICY_PAP_UNKNOWN;
    }
    *pap = policy_pap_tighten(*pap, level);
    return true;
}

/* What a definition is, is known where it came before the objects that refer to it, or with them.
 * Where two sources define one marking differently, only what says nothing in both is believed. */
static enum err is_silent(struct op *op, struct store *store, const struct store_statements *with,
                          struct span marking, enum policy_pap *pap, bool *ret)
{
    bool comes_with = with != NULL && with->count > 0 &&
                      bsearch(&marking, with->ids, with->count, sizeof marking, id_compare) != NULL;
    if (comes_with) {
        *ret = true;
        return ERR_OK;
    }
    struct db_query q = db_query(op, &store->db,
                                 "SELECT DISTINCT name FROM objects WHERE stix_id = ?"
                                 " AND type = 'marking-definition'");
    db_bind_text(&q, marking);
    size_t silent = 0;
    size_t count = 0;
    while (db_next(&q)) {
        silent += name_is_silent(db_borrow(&q), pap) ? 1 : 0;
        count++;
    }
    *ret = count > 0 && silent == count;
    return db_end(&q);
}

static enum err tighten_by(struct op *op, struct store *store, const struct store_statements *with,
                           const struct stix_list *markings, struct store_label *label)
{
    for (size_t i = 0; i < markings->count; i++) {
        enum policy_tlp tlp = policy_tlp_from_marking(markings->items[i]);
        bool silent = false;
        if (tlp == POLICY_TLP_UNKNOWN) {
            TRY(is_silent(op, store, with, markings->items[i], &label->pap, &silent));
        }
        if (!silent) {
            label->tlp = policy_tlp_tighten(label->tlp, tlp);
            label->marked = true;
        }
    }
    return ERR_OK;
}

enum err store_object_label(struct op *op, struct store *store, const struct store_statements *with,
                            const struct stix_object *object, struct store_label *ret)
{
    *ret = (struct store_label){ .tlp = POLICY_TLP_CLEAR };
    TRY(tighten_by(op, store, with, &object->marking_refs, ret));
    return tighten_by(op, store, with, &object->granular_marking_refs, ret);
}

bool store_object_is_silent_marking(struct span name)
{
    enum policy_pap pap = POLICY_PAP_UNSTATED;
    return name_is_silent(name, &pap);
}

/* PAP has no definition of its own in STIX. What platforms write: `definition_type` "pap" (in
 * letters of either case) with the level in `definition`, or a `name` "PAP:RED". */
static struct span pap_name(struct json_value value)
{
    struct span name = json_string(json_member(value, SPAN("name")));
    if (span_starts_with_nocase(name, SPAN(PAP_PREFIX))) {
        return name;
    }
    struct json_value definition = json_member(value, SPAN("definition"));
    struct json_walk walk = json_walk_begin(definition);
    while (json_walk_next(&walk)) {
        struct span level = json_string(walk.value);
        if (span_starts_with_nocase(level, SPAN(PAP_PREFIX)) ||
            span_equal_nocase(walk.key, SPAN("pap"))) {
            return level;
        }
    }
    return SPAN("");
}

static struct span definition_name(struct json_value value)
{
    static const char *const names[] = {
        [POLICY_PAP_CLEAR] = PAP_PREFIX "CLEAR",     [POLICY_PAP_GREEN] = PAP_PREFIX "GREEN",
        [POLICY_PAP_AMBER] = PAP_PREFIX "AMBER",     [POLICY_PAP_RED] = PAP_PREFIX "RED",
        [POLICY_PAP_UNKNOWN] = PAP_PREFIX "UNKNOWN",
    };
    struct span type = json_string(json_member(value, SPAN("definition_type")));
    struct span level = pap_name(value);
    if (level.size == 0 && !span_equal_nocase(type, SPAN("pap"))) {
        return type;
    }
    enum policy_pap pap = POLICY_PAP_UNKNOWN;
    if (policy_pap_from_name(level, &pap) != ERR_OK) {
        pap = POLICY_PAP_UNKNOWN;
    }
    return span_of(names[pap]);
}

struct span store_object_name(struct json_value value, const struct stix_object *object)
{
    bool marking = span_equal(object->type, SPAN("marking-definition"));
    struct span name =
        marking ? definition_name(value) : json_string(json_member(value, SPAN("name")));
    return name.data == NULL ? SPAN("") : name;
}
