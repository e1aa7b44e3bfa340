// SPDX-License-Identifier: EUPL-1.2
/*
 * Who may read an object, as it says itself.
 */
#include <stdlib.h>

#include "store/objects_inner.h"

static int id_compare(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* A statement marking (a copyright notice) says nothing about who may read. That a definition is
 * one is known where it came before the objects that refer to it, or with them. Where two sources
 * define one marking differently, the statement is not believed. */
static enum err is_statement(struct op *op, struct store *store,
                             const struct store_statements *with, struct span marking, bool *ret)
{
    bool comes_with = with != NULL && with->count > 0 &&
                      bsearch(&marking, with->ids, with->count, sizeof marking, id_compare) != NULL;
    if (comes_with) {
        *ret = true;
        return ERR_OK;
    }
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT 1 WHERE (SELECT min(name) FROM objects"
                 "  WHERE stix_id = ?1 AND type = 'marking-definition') = 'statement'"
                 " AND (SELECT max(name) FROM objects"
                 "  WHERE stix_id = ?1 AND type = 'marking-definition') = 'statement'");
    db_bind_text(&q, marking);
    *ret = db_next(&q);
    return db_end(&q);
}

static enum err tighten_by(struct op *op, struct store *store, const struct store_statements *with,
                           const struct stix_list *markings, enum policy_tlp *tlp, bool *marked)
{
    for (size_t i = 0; i < markings->count; i++) {
        enum policy_tlp label = policy_tlp_from_marking(markings->items[i]);
        bool statement = false;
        if (label == POLICY_TLP_UNKNOWN) {
            TRY(is_statement(op, store, with, markings->items[i], &statement));
        }
        if (!statement) {
            *tlp = policy_tlp_tighten(*tlp, label);
            *marked = true;
        }
    }
    return ERR_OK;
}

enum err store_object_label(struct op *op, struct store *store, const struct store_statements *with,
                            const struct stix_object *object, enum policy_tlp *ret_tlp,
                            bool *ret_marked)
{
    *ret_tlp = POLICY_TLP_CLEAR;
    *ret_marked = false;
    TRY(tighten_by(op, store, with, &object->marking_refs, ret_tlp, ret_marked));
    return tighten_by(op, store, with, &object->granular_marking_refs, ret_tlp, ret_marked);
}

struct span store_object_name(struct json_value value, const struct stix_object *object)
{
    bool marking = span_equal(object->type, SPAN("marking-definition"));
    struct span name =
        json_string(json_member(value, marking ? SPAN("definition_type") : SPAN("name")));
    return name.data == NULL ? SPAN("") : name;
}
