// SPDX-License-Identifier: EUPL-1.2
/*
 * STIX objects: every version of every source, byte for byte, and the values by which indicators
 * are watched.
 */
#include <stdlib.h>

#include "base/must.h"
#include "base/text.h"
#include "crypt/digest.h"
#include "stix/object.h"
#include "stix/pattern_values.h"
#include "store/internal.h"

enum { REASON_SIZE_MAX = 512 };

/* ---- markings ---- */

/* Ids of the definitions that come with an import, in byte order: the database does not have them
 * yet. */
struct statements {
    struct span *ids;
    size_t count;
};

static int id_compare(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* A statement marking (a copyright notice) says nothing about who may read. That a definition is
 * one is known where it came before the objects that refer to it, or with them. */
static enum err is_statement(struct op *op, struct store *store, const struct statements *with,
                             struct span marking, bool *ret)
{
    bool comes_with = with != NULL && with->count > 0 &&
                      bsearch(&marking, with->ids, with->count, sizeof marking, id_compare) != NULL;
    if (comes_with) {
        *ret = true;
        return ERR_OK;
    }
    struct db_query q = db_query(op, &store->db,
                                 "SELECT 1 FROM objects WHERE stix_id = ?"
                                 " AND type = 'marking-definition' AND name = 'statement'");
    db_bind_text(&q, marking);
    *ret = db_next(&q);
    return db_end(&q);
}

static enum err tighten_by(struct op *op, struct store *store, const struct statements *with,
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

/* An object's own label: the narrowest of all its markings, also of those of parts of it. */
static enum err own_label(struct op *op, struct store *store, const struct statements *with,
                          const struct stix_object *object, enum policy_tlp *ret_tlp,
                          bool *ret_marked)
{
    *ret_tlp = POLICY_TLP_CLEAR;
    *ret_marked = false;
    TRY(tighten_by(op, store, with, &object->marking_refs, ret_tlp, ret_marked));
    return tighten_by(op, store, with, &object->granular_marking_refs, ret_tlp, ret_marked);
}

/* ---- adding ---- */

static struct span name_of(struct json_value value, const struct stix_object *object)
{
    bool marking = span_equal(object->type, SPAN("marking-definition"));
    struct span name =
        json_string(json_member(value, marking ? SPAN("definition_type") : SPAN("name")));
    return name.data == NULL ? SPAN("") : name;
}

/* What came under the same id, version and source before. */
struct before {
    bool known;    /* the very same bytes */
    bool conflict; /* other bytes */
};

/* Whether the very same bytes came from this source before, or others under the same version. Known
 * bytes are news where the local marking is narrower than what they have. */
static enum err known_before(struct op *op, struct store *store, const struct stix_object *object,
                             const struct store_objects_options *options, const uint8_t *digest,
                             struct before *ret)
{
    *ret = (struct before){ .known = false };
    struct db_query q = db_query(op, &store->db,
                                 "SELECT digest, tlp FROM objects"
                                 " WHERE stix_id = ? AND source = ? AND modified IS ?");
    db_bind_text(&q, object->id);
    db_bind_text(&q, options->source.data == NULL ? SPAN("") : options->source);
    db_bind_time(&q, object->modified_us);
    while (db_next(&q)) {
        bool same = span_equal(db_borrow(&q), span_make(digest, DIGEST_SHA256_SIZE));
        enum policy_tlp label = (enum policy_tlp)db_i64(&q);
        bool narrow = !options->has_local || policy_tlp_tighten(label, options->local) == label;
        ret->known = ret->known || (same && narrow);
        ret->conflict = ret->conflict || !same;
    }
    return db_end(&q);
}

/* What is being added. */
struct import {
    const struct store_objects_options *options;
    const struct store_object_add *objects;
    size_t count;
    struct imported *digests; /* of the objects, in their order */
    struct statements statements;
    struct store_objects_added added;
};

static enum err object_append(struct op *op, struct store *store, const struct import *import,
                              const struct stix_object *object, struct span bytes)
{
    const struct store_objects_options *options = import->options;
    enum policy_tlp own = POLICY_TLP_CLEAR;
    bool marked = false;
    TRY(own_label(op, store, &import->statements, object, &own, &marked));
    struct span marking = { NULL, 0 };
    bool definition = span_equal(object->type, SPAN("marking-definition"));
    if (options->has_local) {
        marking = span_of(policy_tlp_name(options->local));
    } else if (!marked && !definition) {
        marking = span_of(policy_tlp_name(options->otherwise));
    }
    const struct journal_entry entry = {
        .kind = SPAN("stix.object"), .source = options->source, .marking = marking, .payload = bytes
    };
    uint64_t number = 0;
    return journal_append(op, store->journal, &entry, &number);
}

/* An object's digest, and whether the import holds the same bytes before. */
struct imported {
    uint8_t digest[DIGEST_SHA256_SIZE];
    bool repeated;
};

static int imported_compare(const void *a, const void *b)
{
    const struct imported *const *left = a;
    const struct imported *const *right = b;
    int order = memcmp((*left)->digest, (*right)->digest, DIGEST_SHA256_SIZE);
    return order != 0 ? order : (*left > *right) - (*left < *right);
}

/* Feeds repeat objects within one bundle: only the first counts. */
static enum err digests_make(struct op *op, struct import *import)
{
    struct imported **sorted = op_alloc(op, (import->count + 1) * sizeof(struct imported *));
    import->digests = op_alloc(op, (import->count + 1) * sizeof *import->digests);
    import->statements.ids = op_alloc(op, (import->count + 1) * sizeof *import->statements.ids);
    if (sorted == NULL || import->digests == NULL || import->statements.ids == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < import->count; i++) {
        if (import->objects[i].bytes.size > STORE_OBJECT_SIZE_MAX) {
            return op_fail(op, ERR_LIMIT, "an object is larger than %d bytes",
                           STORE_OBJECT_SIZE_MAX);
        }
        digest_sha256(import->objects[i].bytes, import->digests[i].digest);
        sorted[i] = &import->digests[i];
    }
    qsort(sorted, import->count, sizeof(struct imported *), imported_compare);
    for (size_t i = 1; i < import->count; i++) {
        sorted[i]->repeated =
            memcmp(sorted[i]->digest, sorted[i - 1]->digest, DIGEST_SHA256_SIZE) == 0;
    }
    return ERR_OK;
}

/* One pass over the objects: the marking definitions, or all others. All are committed together, so
 * that the others learn of the definitions without the database. */
static enum err objects_pass(struct op *op, struct store *store, struct import *import,
                             bool definitions)
{
    struct statements statements = import->statements;
    for (size_t i = 0; i < import->count; i++) {
        struct json_value value;
        struct stix_object object;
        struct before before;
        TRY(json_parse(op, import->objects[i].bytes, &value));
        TRY(stix_object_read(op, value, &object));
        if (span_equal(object.type, SPAN("marking-definition")) != definitions) {
            continue;
        }
        if (definitions && span_equal(name_of(value, &object), SPAN("statement"))) {
            statements.ids[statements.count] = object.id;
            statements.count++;
        }
        TRY(known_before(op, store, &object, import->options, import->digests[i].digest, &before));
        if (before.known || import->digests[i].repeated) {
            import->added.known++;
            continue;
        }
        import->added.added++;
        import->added.conflicts += before.conflict ? 1 : 0;
        TRY(object_append(op, store, import, &object, import->objects[i].bytes));
    }
    qsort(statements.ids, statements.count, sizeof *statements.ids, id_compare);
    import->statements.count = statements.count;
    return ERR_OK;
}

static enum err watched_count(struct op *op, struct store *store, uint64_t after,
                              struct store_objects_added *added)
{
    struct db_query q = db_query(
        op, &store->db,
        "SELECT count(*), coalesce(sum(EXISTS (SELECT 1 FROM watched WHERE object = o.id)), 0)"
        " FROM objects o WHERE entry > ? AND type = 'indicator'");
    db_bind_i64(&q, (int64_t)after);
    while (db_next(&q)) {
        uint64_t indicators = (uint64_t)db_i64(&q);
        added->watched = (uint64_t)db_i64(&q);
        added->unwatched = indicators - added->watched;
    }
    return db_end(&q);
}

enum err store_objects_add(struct op *op, struct store *store,
                           const struct store_objects_options *options,
                           const struct store_object_add *objects, size_t count,
                           struct store_objects_added *ret)
{
    struct import import = { .options = options, .objects = objects, .count = count };
    uint64_t before = journal_last(store->journal);
    TRY(store_ready(op, store));
    TRY(store_name_check(op, options->source, 0));
    TRY(digests_make(op, &import));
    enum err err = objects_pass(op, store, &import, true);
    if (err == ERR_OK) {
        err = objects_pass(op, store, &import, false);
    }
    if (err == ERR_OK) {
        err = store_commit(op, store);
    }
    if (err != ERR_OK) {
        journal_drop(store->journal);
        return err;
    }
    TRY(watched_count(op, store, before, &import.added));
    *ret = import.added;
    return ERR_OK;
}

enum err store_object_remove(struct op *op, struct store *store, struct span id,
                             uint64_t *ret_removed)
{
    uint64_t versions = 0;
    TRY(store_ready(op, store));
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT count(*) FROM objects WHERE stix_id = ? AND type = 'indicator'"
                 " AND NOT removed");
    db_bind_text(&q, id);
    while (db_next(&q)) {
        versions = (uint64_t)db_i64(&q);
    }
    TRY(db_end(&q));
    if (versions == 0) {
        return op_fail(op, ERR_ABSENT, "there is no indicator %.*s", SPAN_FMT(id));
    }
    struct buf payload;
    struct json_writer w;
    buf_init(&payload, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &payload);
    json_begin_object(&w);
    json_member_string(&w, SPAN("id"), id);
    json_end_object(&w);
    enum err err = store_append(op, store, (struct journal_entry){ .kind = SPAN("object.remove") },
                                &payload, NULL);
    buf_done(&payload);
    TRY(err);
    TRY(store_commit(op, store));
    *ret_removed = versions;
    return ERR_OK;
}

/* ---- applying ---- */

enum err store_apply_object(struct op *op, struct store *store, const struct journal_header *header,
                            struct span payload)
{
    return store_object_keep(op, store, header, payload, -1);
}

enum err store_apply_object_remove(struct op *op, struct store *store,
                                   const struct journal_header *header, struct span payload)
{
    struct json_value root;
    TRY(json_parse(op, payload, &root));
    struct span id = json_string(json_member(root, SPAN("id")));
    TRY(store_indicators_changed(op, store, header->number));
    struct db_query q =
        db_query(op, &store->db,
                 "DELETE FROM watched WHERE object IN (SELECT id FROM objects WHERE stix_id = ?)");
    db_bind_text(&q, id);
    TRY(db_finish(&q));
    q = db_query(op, &store->db,
                 "UPDATE objects SET removed = 1, unwatched = '' WHERE stix_id = ?");
    db_bind_text(&q, id);
    TRY(db_finish(&q));
    q = db_query(op, &store->db, "INSERT OR IGNORE INTO removals (stix_id) VALUES (?)");
    db_bind_text(&q, id);
    return db_finish(&q);
}

/* Whether this is the newest version of the object from its source. */
static enum err is_latest(struct op *op, struct store *store, const struct stix_object *object,
                          struct span source, bool *ret)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT 1 FROM objects WHERE stix_id = ? AND source = ?"
                                 " AND coalesce(modified, 0) > coalesce(?, 0)");
    db_bind_text(&q, object->id);
    db_bind_text(&q, source);
    db_bind_time(&q, object->modified_us);
    *ret = !db_next(&q);
    return db_end(&q);
}

/* Whether the object was taken out of use on this node, whichever source brings it. */
static enum err is_removed(struct op *op, struct store *store, struct span id, bool *ret)
{
    struct db_query q = db_query(op, &store->db, "SELECT 1 FROM removals WHERE stix_id = ?");
    db_bind_text(&q, id);
    *ret = db_next(&q);
    return db_end(&q);
}

static enum err older_retire(struct op *op, struct store *store, struct span id, struct span source)
{
    struct db_query q = db_query(op, &store->db,
                                 "DELETE FROM watched WHERE object IN"
                                 " (SELECT id FROM objects WHERE stix_id = ? AND source = ?)");
    db_bind_text(&q, id);
    db_bind_text(&q, source);
    TRY(db_finish(&q));
    q = db_query(op, &store->db,
                 "UPDATE objects SET latest = 0, unwatched = '' WHERE stix_id = ? AND source = ?");
    db_bind_text(&q, id);
    db_bind_text(&q, source);
    return db_finish(&q);
}

/* The indicator whose values are being watched. */
struct watch_row {
    int64_t id;
    const struct stix_object *object;
    const struct stix_indicator *indicator;
};

static enum err watched_insert(struct op *op, struct store *store, const struct watch_row *row,
                               const struct value *value)
{
    struct db_query q =
        db_query(op, &store->db,
                 "INSERT INTO watched (object, kind, key, scheme, scope, confidence,"
                 " valid_from, valid_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    db_bind_i64(&q, row->id);
    db_bind_i64(&q, value->kind);
    db_bind_blob(&q, value->key);
    db_bind_text(&q, value->scheme.data == NULL ? SPAN("") : value->scheme);
    db_bind_i64(&q, VALUE_SCOPE_EXACT); /* STIX's "=" is exact, also for names */
    db_bind_i64(&q, row->object->confidence == STIX_CONFIDENCE_NONE ? PACK_CONFIDENCE_UNKNOWN
                                                                    : row->object->confidence);
    db_bind_time(&q, row->indicator->valid_from_us);
    db_bind_time(&q, row->indicator->valid_until_us);
    return db_finish(&q);
}

/* The values that a pattern is watched by; `reason` receives why some or all of it is not. */
static enum err watch_values(struct op *op, struct store *store, const struct watch_row *row,
                             const struct stix_pattern_values *values, struct buf *reason)
{
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < values->count; i++) {
        enum value_kind kind = VALUE_NONE;
        struct value value;
        enum err err = value_kind_from_name(span_of(values->list[i].kind), &kind);
        must(err == ERR_OK); /* stix/ and value/ agree on the words; a test says so */
        bool address = kind == VALUE_IPV4 || kind == VALUE_IPV6;
        if (address && span_find(values->list[i].value, '/') != SPAN_NOT_FOUND) {
            kind = VALUE_CIDR; /* STIX writes ranges as values of addresses too */
        }
        if (value_parse(kind, values->list[i].value, bytes, &value) != ERR_OK) {
            buf_clear(reason);
            buf_add_format(reason, "byte %zu: not a value of kind %s", values->list[i].offset,
                           value_kind_name(kind));
            continue;
        }
        TRY(watched_insert(op, store, row, &value));
    }
    return ERR_OK;
}

static enum err indicator_watch(struct op *op, struct store *store, int64_t row,
                                struct json_value value, const struct stix_object *object,
                                struct buf *reason)
{
    struct stix_indicator indicator;
    struct stix_pattern pattern;
    struct stix_pattern_values values;
    enum err err = stix_indicator_read(op, value, object, &indicator);
    if (err == ERR_OK && !span_equal(indicator.pattern_type, SPAN("stix"))) {
        buf_add(reason, SPAN("the pattern is not in STIX's own language but "));
        text_add_printable(
            reason,
            span_slice(indicator.pattern_type, 0,
                       indicator.pattern_type.size < 64 ? indicator.pattern_type.size : 64));
        return ERR_OK;
    }
    if (err == ERR_OK) {
        err = stix_pattern_parse(op, indicator.pattern, &pattern);
    }
    if (err == ERR_OK) {
        err = stix_pattern_values(op, &pattern, &values);
    }
    if (err == ERR_OK && values.partial) {
        buf_add(reason, SPAN("in part: "));
        buf_add(reason, values.reason);
    }
    if (err == ERR_OK) {
        const struct watch_row watched = { row, object, &indicator };
        return watch_values(op, store, &watched, &values, reason);
    }
    if (span_starts_with(span_of(op->fault.text), SPAN("out of memory"))) {
        return err; /* not the pattern's fault: what is derived must not depend on it */
    }
    /* Kept all the same, and said why it is not watched. */
    buf_add(reason, span_of(op->fault.text));
    op_fault_clear(op);
    return ERR_OK;
}

static enum err row_insert(struct op *op, struct store *store, const struct store_object *row,
                           struct span bytes, int64_t *ret_row)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    digest_sha256(bytes, digest);
    struct db_query q = db_query(op, &store->db,
                                 "INSERT INTO objects (stix_id, type, name, source, tlp, created, "
                                 "modified, revoked, removed,"
                                 " latest, digest, entry, part) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                 "?, ?, ?, ?) RETURNING id");
    db_bind_text(&q, row->id);
    db_bind_text(&q, row->type);
    db_bind_text(&q, row->name);
    db_bind_text(&q, row->source);
    db_bind_i64(&q, row->tlp);
    db_bind_time(&q, row->created_us);
    db_bind_time(&q, row->modified_us);
    db_bind_i64(&q, row->revoked ? 1 : 0);
    db_bind_i64(&q, row->removed ? 1 : 0);
    db_bind_i64(&q, row->latest ? 1 : 0);
    db_bind_blob(&q, span_make(digest, sizeof digest));
    db_bind_i64(&q, (int64_t)row->entry);
    db_bind_i64(&q, row->part);
    while (db_next(&q)) {
        *ret_row = db_i64(&q);
    }
    return db_end(&q);
}

static enum err unwatched_write(struct op *op, struct store *store, int64_t row,
                                const struct buf *reason)
{
    struct db_query q = db_query(op, &store->db, "UPDATE objects SET unwatched = ? WHERE id = ?");
    db_bind_text(&q, buf_span(reason));
    db_bind_i64(&q, row);
    return db_finish(&q);
}

static enum err label_of(struct op *op, struct store *store, const struct stix_object *object,
                         struct span local, enum policy_tlp *ret)
{
    bool marked = false;
    enum policy_tlp label = POLICY_TLP_UNKNOWN;
    TRY(own_label(op, store, NULL, object, ret, &marked));
    if (local.size > 0) {
        if (policy_tlp_from_name(local, &label) != ERR_OK) {
            label = POLICY_TLP_UNKNOWN;
        }
        *ret = policy_tlp_tighten(*ret, label);
    } else if (!marked && !span_equal(object->type, SPAN("marking-definition"))) {
        *ret = POLICY_TLP_UNKNOWN; /* nobody said who may read it */
    }
    return ERR_OK;
}

/* Watch a row's indicator, and note where it is not watched, or in part only. */
static enum err row_watch(struct op *op, struct store *store, int64_t row, struct json_value value,
                          const struct stix_object *object)
{
    struct buf reason;
    buf_init(&reason, REASON_SIZE_MAX);
    enum err err = indicator_watch(op, store, row, value, object, &reason);
    if (err == ERR_OK && reason.size > 0) {
        err = unwatched_write(op, store, row, &reason);
    }
    buf_done(&reason);
    return err;
}

enum err store_object_keep(struct op *op, struct store *store, const struct journal_header *header,
                           struct span bytes, int64_t part)
{
    struct json_value value;
    struct stix_object object;
    struct store_object row = { .entry = header->number, .part = part };
    int64_t row_id = 0;
    TRY(json_parse(op, bytes, &value));
    TRY(stix_object_read(op, value, &object));
    row.id = object.id;
    row.type = object.type;
    row.name = name_of(value, &object);
    row.source = header->source.data == NULL ? SPAN("") : header->source;
    row.created_us = object.created_us;
    row.modified_us = object.modified_us;
    row.revoked = object.revoked;
    TRY(label_of(op, store, &object, header->marking, &row.tlp));
    TRY(is_latest(op, store, &object, row.source, &row.latest));
    TRY(is_removed(op, store, row.id, &row.removed));
    if (row.latest) {
        TRY(older_retire(op, store, row.id, row.source));
    }
    TRY(row_insert(op, store, &row, bytes, &row_id));
    if (span_equal(row.type, SPAN("indicator"))) {
        TRY(store_indicators_changed(op, store, header->number));
    }
    bool watch =
        row.latest && !row.revoked && !row.removed && span_equal(row.type, SPAN("indicator"));
    return watch ? row_watch(op, store, row_id, value, &object) : ERR_OK;
}

/* ---- forgetting ---- */

/* A version that counts again, since the one after it was erased. */
struct heir {
    int64_t row;
    uint64_t entry;
    bool found;
    bool watch; /* an indicator in use */
};

static enum err heir_find(struct op *op, struct store *store, struct span id, struct span source,
                          struct heir *ret)
{
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT id, entry, type = 'indicator' AND NOT revoked AND NOT removed"
                 " FROM objects WHERE stix_id = ? AND source = ? AND part = -1"
                 " ORDER BY coalesce(modified, 0) DESC, entry DESC LIMIT 1");
    db_bind_text(&q, id);
    db_bind_text(&q, source);
    while (db_next(&q)) {
        ret->row = db_i64(&q);
        ret->entry = (uint64_t)db_i64(&q);
        ret->watch = db_i64(&q) != 0;
        ret->found = true;
    }
    return db_end(&q);
}

static enum err heir_watch(struct op *op, struct store *store, const struct heir *heir)
{
    struct journal_header header;
    struct span payload;
    struct json_value value;
    struct stix_object object;
    TRY(journal_read(op, store->journal, heir->entry, &header, &payload));
    if (payload.data == NULL) {
        return ERR_OK; /* erased too: the entry that says so is still to be applied */
    }
    TRY(json_parse(op, payload, &value));
    TRY(stix_object_read(op, value, &object));
    return row_watch(op, store, heir->row, value, &object);
}

static enum err heir_enter(struct op *op, struct store *store, struct span id, struct span source)
{
    struct heir heir = { .found = false };
    TRY(heir_find(op, store, id, source, &heir));
    if (!heir.found) {
        return ERR_OK;
    }
    struct db_query q = db_query(op, &store->db, "UPDATE objects SET latest = 1 WHERE id = ?");
    db_bind_i64(&q, heir.row);
    TRY(db_finish(&q));
    return heir.watch ? heir_watch(op, store, &heir) : ERR_OK;
}

enum err store_object_forget(struct op *op, struct store *store, uint64_t entry)
{
    struct span id = { NULL, 0 };
    struct span source = { NULL, 0 };
    bool latest = false;
    struct db_query q = db_query(op, &store->db,
                                 "DELETE FROM objects WHERE entry = ? AND part = -1"
                                 " RETURNING stix_id, source, latest");
    db_bind_i64(&q, (int64_t)entry);
    while (db_next(&q)) {
        id = db_text(&q);
        source = db_text(&q);
        latest = db_i64(&q) != 0;
    }
    TRY(db_end(&q));
    return latest ? heir_enter(op, store, id, source.data == NULL ? SPAN("") : source) : ERR_OK;
}

/* ---- reading ---- */

enum err store_objects_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                            const struct store_object_filter *filter,
                            enum err (*visit)(void *context, const struct store_object *object),
                            void *context)
{
    struct db_query q = db_query(
        op, &store->db,
        "SELECT stix_id, type, name, source, tlp, created, modified, revoked, removed, latest,"
        " unwatched, entry, part FROM objects WHERE (?1 = '' OR stix_id = ?1)"
        " AND (?2 = '' OR type = ?2) AND (NOT ?3 OR latest) ORDER BY stix_id, source, modified, "
        "entry");
    db_bind_text(&q, filter->id.data == NULL ? SPAN("") : filter->id);
    db_bind_text(&q, filter->type.data == NULL ? SPAN("") : filter->type);
    db_bind_i64(&q, filter->latest_only ? 1 : 0);
    enum err err = ERR_OK;
    while (err == ERR_OK && db_next(&q)) {
        struct store_object object = { 0 };
        object.id = db_text(&q);
        object.type = db_text(&q);
        object.name = db_text(&q);
        object.source = db_text(&q);
        object.tlp = (enum policy_tlp)db_i64(&q);
        object.created_us = db_time(&q);
        object.modified_us = db_time(&q);
        object.revoked = db_i64(&q) != 0;
        object.removed = db_i64(&q) != 0;
        object.latest = db_i64(&q) != 0;
        object.unwatched = db_text(&q);
        object.entry = (uint64_t)db_i64(&q);
        object.part = db_i64(&q);
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

enum err store_watched_walk(struct op *op, struct store *store,
                            enum err (*visit)(void *context, const struct store_watched *watched),
                            void *context)
{
    /* An object that several sources gave is watched once: of equal ones the narrowest label
     * counts. */
    struct db_query q = db_query(
        op, &store->db,
        "SELECT o.stix_id, o.source, max(o.tlp), w.kind, w.key, w.scheme, w.scope, w.confidence,"
        " w.valid_from, w.valid_until FROM watched w JOIN objects o ON o.id = w.object"
        " GROUP BY o.stix_id, w.kind, w.key, w.scheme, w.scope ORDER BY min(o.entry), w.kind, "
        "w.key");
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
