// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files about STIX objects share; only this room includes it.
 */
#ifndef STORE_OBJECTS_INNER_H
#define STORE_OBJECTS_INNER_H

#include "policy/pap.h"
#include "stix/object.h"
#include "store/internal.h"

/* Of a row `o` of objects: whether a current version that is `newer` (">" or ">=") revokes it, of
 * its own source or of its creator (decision 0016). The two indexes make it two look-ups, however
 * many versions an id has. */
#define OBJECT_REVOCATION(newer)                                                                   \
    "(EXISTS (SELECT 1 FROM objects r WHERE r.stix_id = o.stix_id AND r.source = o.source"         \
    " AND r.revoked AND r.latest AND r.modified " newer " o.modified)"                             \
    " OR (o.created_by <> '' AND EXISTS (SELECT 1 FROM objects r WHERE r.stix_id = o.stix_id"      \
    " AND r.created_by = o.created_by AND r.revoked AND r.latest"                                  \
    " AND r.modified " newer " o.modified)))"

#define OBJECT_IS_REVOKED OBJECT_REVOCATION(">=")
#define OBJECT_IS_SETTLED                                                                          \
    OBJECT_REVOCATION(">") /* what contradicts it does not matter any more                         \
                            */

/* Of a row `o` and its value `v`: the verdict (value/judge.h), with what a person lets pass. */
#define OBJECT_VERDICT                                                                             \
    "unfit(v.kind, v.key, v.scope,"                                                                \
    " coalesce((SELECT even_if FROM meant m WHERE m.stix_id = o.stix_id), 0))"

/* Of a row `o`: whether it has a value that is fit; the first verdict on one that is not, or NULL.
 */
#define OBJECT_IS_FIT                                                                              \
    "EXISTS (SELECT 1 FROM pattern_values v WHERE v.object = o.id AND " OBJECT_VERDICT " = 0)"
#define OBJECT_UNFIT                                                                               \
    "(SELECT verdict FROM (SELECT " OBJECT_VERDICT " AS verdict FROM pattern_values v"             \
    "  WHERE v.object = o.id ORDER BY v.rowid) WHERE verdict > 0 LIMIT 1)"

/* Of a row `o`: the word of enum store_state, NULL where it is no indicator. Parameter ?1 is the
 * present time. */
#define OBJECT_STATE                                                                               \
    "CASE WHEN o.type <> 'indicator' THEN NULL WHEN NOT o.latest THEN 'superseded'"                \
    " WHEN o.removed THEN 'removed' WHEN " OBJECT_IS_REVOKED " THEN 'revoked'"                     \
    " WHEN NOT " OBJECT_IS_FIT " THEN 'unwatchable' WHEN o.valid_until <= ?1 THEN 'expired'"       \
    " ELSE 'watched' END"

/* Ids of the definitions of markings that come with an import and say nothing about who may read,
 * in byte order: the database does not have them yet. */
struct store_statements {
    struct span *ids;
    size_t count;
};

/* What an object says itself of who may read it and what may be done with it. */
struct store_label {
    enum policy_tlp tlp; /* CLEAR where it bears none */
    bool marked;         /* whether it bears one */
    enum policy_pap pap; /* of definitions that are in the database */
};

/**
 * An object's own label: the narrowest of all its markings, also of those of parts of it.
 *
 * op        work in hand
 * store     open
 * with      markings without a say that are being added beside it; may be NULL
 * object    read
 * ret       untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_object_label(struct op *op, struct store *store, const struct store_statements *with,
                            const struct stix_object *object, struct store_label *ret);

/**
 * Whether a marking definition says nothing about who may read: a statement, or PAP.
 *
 * name      as store_object_name() gives it
 */
bool store_object_is_silent_marking(struct span name);

/**
 * The name by which an object is kept: its `name`, or a marking definition's `definition_type`, or
 * "PAP:RED" of one that states a level of PAP.
 *
 * value     the object
 * object    the same, read
 *
 * Returns an empty span where there is none.
 */
struct span store_object_name(struct json_value value, const struct stix_object *object);

/**
 * Digest of what a JSON document says, whatever its white space, the order of its members, its
 * escapes and the writing of its numbers: sources that pass an object on often write it anew.
 *
 * op        work in hand
 * value     the document
 * ret       receives DIGEST_SHA256_SIZE bytes
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err store_object_content(struct op *op, struct json_value value, uint8_t *ret);

/**
 * Whether an object was taken out of use on this node, whichever source brings it.
 *
 * op        work in hand
 * store     open
 * id        of the object
 * ret       whether
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_object_is_removed(struct op *op, struct store *store, struct span id, bool *ret);

/* Of the SQL function unfit(kind, key, scope, even_if). */
enum { STORE_UNFIT_ARGUMENTS = 4 };

/**
 * Count the values of current versions that came after an entry and are not fit to be watched.
 *
 * op        work in hand
 * store     open
 * after     number of the entry
 * ret       VALUE_VERDICT_COUNT counts, zero before
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_objects_unfit(struct op *op, struct store *store, uint64_t after, uint64_t *ret);

/**
 * Write down that a person lets verdicts pass for indicators: for those of them that have a value
 * under such a verdict, in every version and from every source.
 *
 * op        work in hand
 * store     open for writing; all that was appended is committed
 * ids       of the indicators
 * count     how many
 * even_if   verdicts, a bit each
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_objects_mean(struct op *op, struct store *store, const struct span *ids,
                            size_t count, uint32_t even_if);

/**
 * Count how the versions of indicators stand that came after an entry, and the conflicts of the
 * objects that came after it.
 *
 * op        work in hand; ids live in its memory
 * store     open
 * after     number of the entry; 0: all
 * ret       untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_objects_tally(struct op *op, struct store *store, uint64_t after,
                             struct store_tally *ret);

#endif
