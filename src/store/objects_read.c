// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading STIX objects: their versions, how each stands, who revoked what, and what is watched.
 * Decision 0016 has the rules.
 */
#include "stix/id.h"
#include "store/objects_inner.h"

/* ---- states ---- */

static const char *const state_names[STORE_STATE_COUNT] = {
    [STORE_STATE_NONE] = "",
    [STORE_STATE_SUPERSEDED] = "superseded",
    [STORE_STATE_REMOVED] = "removed",
    [STORE_STATE_REVOKED] = "revoked",
    [STORE_STATE_UNWATCHABLE] = "unwatchable",
    [STORE_STATE_EXPIRED] = "expired",
    [STORE_STATE_WATCHED] = "watched",
};

const char *store_state_name(enum store_state state)
{
    return (size_t)state < STORE_STATE_COUNT ? state_names[state] : "";
}

static enum store_state state_of_name(struct span name)
{
    for (size_t i = 0; i < STORE_STATE_COUNT; i++) {
        if (span_equal(name, span_of(state_names[i]))) {
            return (enum store_state)i;
        }
    }
    must_fail("OBJECT_STATE and enum store_state have the same words", __FILE__, __LINE__);
}

/* ---- versions ---- */

/* Whether another current version of the same id and `modified` says something else, and no later
 * revocation settled it. The index gives content in its order, so that two look-ups tell. */
#define OBJECT_DIFFERS                                                                             \
    "(o.latest AND o.part = -1 AND (EXISTS (SELECT 1 FROM objects c WHERE c.stix_id = o.stix_id"   \
    "  AND c.modified IS o.modified AND c.content < o.content AND c.latest AND c.part = -1)"       \
    " OR EXISTS (SELECT 1 FROM objects c WHERE c.stix_id = o.stix_id"                              \
    "  AND c.modified IS o.modified AND c.content > o.content AND c.latest AND c.part = -1))"      \
    " AND NOT " OBJECT_IS_SETTLED ")"

static struct store_object version_read(struct db_query *q)
{
    struct store_object object = { 0 };
    object.id = db_text(q);
    object.type = db_text(q);
    object.name = db_text(q);
    object.source = db_text(q);
    object.created_by = db_text(q);
    object.tlp = (enum policy_tlp)db_i64(q);
    object.created_us = db_time(q);
    object.modified_us = db_time(q);
    object.valid_until_us = db_time(q);
    object.revoked = db_i64(q) != 0;
    object.removed = db_i64(q) != 0;
    object.latest = db_i64(q) != 0;
    object.differs = db_i64(q) != 0;
    object.state = state_of_name(db_borrow(q));
    object.unwatched = db_text(q);
    object.unfit = (enum value_verdict)db_i64(q);
    object.entry = (uint64_t)db_i64(q);
    object.part = db_i64(q);
    return object;
}

static void filter_bind(struct db_query *q, const struct store_object_filter *filter)
{
    const struct value *value = filter->value;
    if (filter->id.size > 0) {
        db_bind_text(q, filter->id);
        db_bind_text(q, filter->id);
    } else {
        db_bind_text(q, SPAN(""));
        db_bind_blob(q, SPAN("\x7f")); /* a blob comes behind every text */
    }
    db_bind_text(q, filter->type.data == NULL ? SPAN("") : filter->type);
    db_bind_i64(q, filter->latest_only ? 1 : 0);
    db_bind_i64(q, value == NULL ? VALUE_NONE : value->kind);
    db_bind_blob(q, value == NULL ? SPAN("") : value->key);
}

enum err store_objects_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                            const struct store_object_filter *filter,
                            enum err (*visit)(void *context, const struct store_object *object),
                            void *context)
{
    struct db_query q = db_query(
        op, &store->db,
        "SELECT stix_id, type, name, source, created_by, tlp, created, modified, valid_until,"
        " revoked, removed, latest, " OBJECT_DIFFERS ", " OBJECT_STATE ", unwatched,"
        " coalesce(" OBJECT_UNFIT ", 0), entry, part"
        " FROM objects o WHERE stix_id >= ?2 AND stix_id <= ?3 AND (?4 = '' OR type = ?4)"
        " AND (NOT ?5 OR latest) AND (?6 = 0 OR id IN (SELECT object FROM pattern_values"
        "  WHERE kind = ?6 AND key = ?7)) ORDER BY stix_id, source, modified, entry");
    db_bind_i64(&q, store->clock_us(store->clock_context));
    filter_bind(&q, filter);
    enum err err = ERR_OK;
    while (err == ERR_OK && db_next(&q)) {
        struct store_object object = version_read(&q);
        if (q.err == ERR_OK && policy_may_read(grant, object.tlp)) {
            err = visit(context, &object);
        }
    }
    enum err ended = db_end(&q);
    return err != ERR_OK ? err : ended;
}

enum err store_object_read(struct op *op, struct store *store, const struct policy_grant *grant,
                           const struct store_object *object, struct span *ret)
{
    struct journal_header header;
    struct span payload;
    if (!policy_may_read(grant, object->tlp)) {
        return op_fail(op, ERR_DENIED, "the object may not be read under this grant");
    }
    TRY(journal_read(op, store->journal, object->entry, &header, &payload));
    if (payload.data == NULL) {
        return op_fail(op, ERR_ABSENT, "the object was erased by rule");
    }
    if (object->part < 0) {
        *ret = payload;
        return ERR_OK;
    }
    struct span *parts = NULL;
    size_t count = 0;
    TRY(json_array_spans(op, payload, SPAN("sightings"), &parts, &count));
    if ((uint64_t)object->part >= count) {
        return op_fail(op, ERR_CORRUPT, "entry %llu does not hold the object",
                       (unsigned long long)object->entry);
    }
    *ret = parts[object->part];
    return ERR_OK;
}

/* ---- revocations ---- */

/* The earliest, of equally early ones the first that came: in the order of an index, so that one
 * look-up tells. */
#define REVOCATION_COLUMNS "SELECT modified, created_by, source, entry, tlp FROM objects"
#define REVOCATION_ORDER   " AND revoked AND latest AND modified >= ? ORDER BY modified, id LIMIT 1"

/* A revocation as the database has it. */
struct claim {
    bool found;
    enum policy_tlp tlp;
    struct store_revocation revocation;
};

static enum err claim_read(struct db_query *q, int64_t modified_us, struct claim *claim)
{
    db_bind_time(q, modified_us);
    while (db_next(q)) {
        claim->found = true;
        claim->revocation.since_us = db_time(q);
        claim->revocation.created_by = db_text(q);
        claim->revocation.source = db_text(q);
        claim->revocation.entry = (uint64_t)db_i64(q);
        claim->tlp = (enum policy_tlp)db_i64(q);
    }
    return db_end(q);
}

/* By its own source, else by its creator. */
static enum err claim_that_counts(struct op *op, struct store *store,
                                  const struct store_object *object, struct claim *claim)
{
    struct db_query q = db_query(
        op, &store->db, REVOCATION_COLUMNS " WHERE stix_id = ? AND source = ?" REVOCATION_ORDER);
    db_bind_text(&q, object->id);
    db_bind_text(&q, object->source.data == NULL ? SPAN("") : object->source);
    TRY(claim_read(&q, object->modified_us, claim));
    if (claim->found || object->created_by.size == 0) {
        return ERR_OK;
    }
    q = db_query(op, &store->db,
                 REVOCATION_COLUMNS " WHERE stix_id = ? AND created_by = ?" REVOCATION_ORDER);
    db_bind_text(&q, object->id);
    db_bind_text(&q, object->created_by);
    return claim_read(&q, object->modified_us, claim);
}

static enum err claim_of_anybody(struct op *op, struct store *store,
                                 const struct store_object *object, struct claim *claim)
{
    struct db_query q =
        db_query(op, &store->db, REVOCATION_COLUMNS " WHERE stix_id = ?" REVOCATION_ORDER);
    db_bind_text(&q, object->id);
    return claim_read(&q, object->modified_us, claim);
}

enum err store_object_revocation(struct op *op, struct store *store,
                                 const struct policy_grant *grant,
                                 const struct store_object *object, struct store_revocation *ret)
{
    struct claim claim = { .found = false };
    TRY(claim_that_counts(op, store, object, &claim));
    bool counts = claim.found;
    if (!counts) {
        TRY(claim_of_anybody(op, store, object, &claim));
    }
    if (!claim.found) {
        return ERR_ABSENT;
    }
    if (!policy_may_read(grant, claim.tlp)) {
        return op_fail(op, ERR_DENIED, "the revocation may not be read under this grant");
    }
    *ret = claim.revocation;
    ret->counts = counts;
    return ERR_OK;
}

/* ---- counting ---- */

uint64_t store_tally_unwatched(const struct store_tally *tally)
{
    return tally->count[STORE_STATE_SUPERSEDED] + tally->count[STORE_STATE_REMOVED] +
           tally->count[STORE_STATE_REVOKED] + tally->count[STORE_STATE_UNWATCHABLE];
}

static enum err states_count(struct op *op, struct store *store, uint64_t after,
                             struct store_tally *tally)
{
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT state, partial, count(*) FROM (SELECT " OBJECT_STATE " AS state,"
                 "  o.unwatched <> '' OR " OBJECT_UNFIT " IS NOT NULL AS partial FROM objects o"
                 "  WHERE o.entry > ?2 AND +o.type = 'indicator') GROUP BY state, partial");
    db_bind_i64(&q, store->clock_us(store->clock_context));
    db_bind_i64(&q, (int64_t)after);
    while (db_next(&q)) {
        enum store_state state = state_of_name(db_borrow(&q));
        bool partial = db_i64(&q) != 0;
        uint64_t count = (uint64_t)db_i64(&q);
        bool in_use = state == STORE_STATE_WATCHED || state == STORE_STATE_EXPIRED;
        tally->count[state] += count;
        tally->partial += partial && in_use ? count : 0;
    }
    return db_end(&q);
}

/* Current versions of which somebody says that they are revoked who may not say so. */
#define CONTESTED_IDS                                                                              \
    "SELECT o.stix_id FROM objects o WHERE o.stix_id IN"                                           \
    " (SELECT stix_id FROM objects WHERE revoked AND latest)"                                      \
    " AND o.latest AND o.part = -1 AND NOT o.removed AND o.type = 'indicator'"                     \
    " AND NOT " OBJECT_IS_REVOKED " AND EXISTS (SELECT 1 FROM objects r"                           \
    "  WHERE r.stix_id = o.stix_id AND r.revoked AND "                                             \
    "r.latest AND r.modified >= o.modified)"

/* Ids of which current versions of one `modified` differ, unless a later revocation settled it. */
#define DIFFERING                                                                                  \
    " AND o.latest AND o.part = -1 AND NOT o.removed AND NOT " OBJECT_IS_SETTLED                   \
    " GROUP BY o.stix_id, o.modified HAVING min(o.content) <> max(o.content)"

/* All conflicts; or those of ids of which something came after an entry. */
static struct db_query conflicts_query(struct op *op, struct store *store, uint64_t after)
{
    if (after == 0) {
        return db_query(op, &store->db,
                        "SELECT o.stix_id FROM objects o WHERE true" DIFFERING
                        " UNION " CONTESTED_IDS " ORDER BY 1");
    }
    struct db_query q =
        db_query(op, &store->db,
                 "WITH fresh (stix_id) AS (SELECT DISTINCT stix_id FROM objects WHERE entry > ?1"
                 "  AND part = -1)"
                 " SELECT o.stix_id FROM fresh CROSS JOIN objects o ON o.stix_id = fresh.stix_id"
                 " WHERE true" DIFFERING " UNION " CONTESTED_IDS
                 " AND o.stix_id IN (SELECT stix_id FROM fresh) ORDER BY 1");
    db_bind_i64(&q, (int64_t)after);
    return q;
}

static enum err conflicts_count(struct op *op, struct store *store, uint64_t after,
                                struct store_tally *tally)
{
    struct db_query q = conflicts_query(op, store, after);
    while (db_next(&q)) {
        if (tally->conflicts < STORE_CONFLICT_IDS_MAX) {
            tally->conflict_ids[tally->conflicts] = db_text(&q);
        }
        tally->conflicts++;
    }
    return db_end(&q);
}

enum err store_objects_tally(struct op *op, struct store *store, uint64_t after,
                             struct store_tally *ret)
{
    struct store_tally tally = { .partial = 0 };
    TRY(states_count(op, store, after, &tally));
    TRY(conflicts_count(op, store, after, &tally));
    *ret = tally;
    return ERR_OK;
}

/* ---- what is watched ---- */

/* The id of a source's identity, made anew only where the source is another than before. */
struct source_known {
    uint8_t name[STORE_NAME_SIZE_MAX];
    size_t name_size;
    struct span id;
};

static enum err source_id_of(struct op *op, struct store *store, struct span source,
                             struct source_known *known, struct span *ret)
{
    bool same =
        known->id.data != NULL && span_equal(source, span_make(known->name, known->name_size));
    if (!same) {
        TRY(store_source_identity(op, store, source, &known->id));
        span_copy(known->name, sizeof known->name, source);
        known->name_size = source.size;
    }
    *ret = known->id;
    return ERR_OK;
}

static enum err watched_row(struct op *op, struct store *store, struct db_query *q,
                            struct source_known *known, struct store_watched *ret)
{
    struct span id = db_borrow(q);
    ret->source = db_borrow(q);
    ret->tlp = (enum policy_tlp)db_i64(q);
    ret->pap = (enum policy_pap)db_i64(q);
    ret->value.kind = (enum value_kind)db_i64(q);
    ret->value.key = db_borrow(q);
    ret->value.scheme = db_borrow(q);
    ret->scope = (enum value_scope)db_i64(q);
    ret->confidence = (uint8_t)db_i64(q);
    ret->valid_from_us = db_time(q);
    ret->valid_until_us = db_time(q);
    const size_t prefix = sizeof "indicator--" - 1;
    if (id.size < prefix || uuid_parse(span_from(id, prefix), &ret->indicator) != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "the database holds a broken indicator id");
    }
    return source_id_of(op, store, ret->source, known, &ret->source_id);
}

/* Versions of one id that name the same value are watched as one: under the narrowest label, valid
 * as long as any of them, told under the source whose label counts. `told` is that one's entry; its
 * label stands above it in the number, so that the narrowest comes out. */
#define TOLD_BITS "48"

enum err store_watched_walk(struct op *op, struct store *store,
                            enum err (*visit)(void *context, const struct store_watched *watched),
                            void *context)
{
    struct db_query q = db_query(
        op, &store->db,
        "SELECT w.stix_id, t.source, w.tlp, w.pap, w.kind, w.key, w.scheme, w.scope, w.confidence,"
        " w.valid_from, w.valid_until FROM (SELECT o.stix_id, v.kind, v.key, v.scheme, v.scope,"
        "  max(o.tlp) AS tlp, max(o.pap) AS pap, coalesce(max(nullif(o.confidence, 255)), 255) AS "
        "confidence,"
        "  min(o.valid_from) AS valid_from, CASE WHEN count(o.valid_until) = count(*)"
        "   THEN max(o.valid_until) END AS valid_until, min(o.entry) AS first,"
        "  min(((15 - o.tlp) << " TOLD_BITS ") | o.entry) & ((1 << " TOLD_BITS ") - 1) AS told"
        "  FROM pattern_values v JOIN objects o ON o.id = v.object"
        "  WHERE o.latest AND NOT o.removed AND NOT " OBJECT_IS_REVOKED " AND " OBJECT_VERDICT
        " = 0"
        "  GROUP BY o.stix_id, v.kind, v.key, v.scheme, v.scope) w"
        " JOIN objects t ON t.entry = w.told AND t.part = -1"
        " ORDER BY w.first, w.kind, w.key, w.scheme, w.scope, w.stix_id");
    struct source_known known = { .name_size = 0 };
    enum err err = ERR_OK;
    while (err == ERR_OK && db_next(&q)) {
        struct store_watched watched = { 0 };
        err = watched_row(op, store, &q, &known, &watched);
        if (err == ERR_OK) {
            err = visit(context, &watched);
        }
    }
    enum err ended = db_end(&q);
    return err != ERR_OK ? err : ended;
}
