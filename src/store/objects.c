// SPDX-License-Identifier: EUPL-1.2
/*
 * STIX objects into the journal: every version of every source, byte for byte; indicators taken out
 * of use, and put back.
 */
#include <stdlib.h>

#include "crypt/digest.h"
#include "store/objects_inner.h"

/* ---- adding ---- */

/* Whether the very same bytes came from this source before. They are news where the local marking
 * is narrower than what they have. */
static enum err known_before(struct op *op, struct store *store,
                             const struct store_objects_options *options, const uint8_t *digest,
                             bool *ret)
{
    bool known = false;
    struct db_query q =
        db_query(op, &store->db, "SELECT tlp FROM objects WHERE digest = ? AND +source = ?");
    db_bind_blob(&q, span_make(digest, DIGEST_SHA256_SIZE));
    db_bind_text(&q, options->source.data == NULL ? SPAN("") : options->source);
    while (!known && db_next(&q)) {
        enum policy_tlp label = (enum policy_tlp)db_i64(&q);
        known = !options->has_local || policy_tlp_tighten(label, options->local) == label;
    }
    *ret = known;
    return db_end(&q);
}

/* What is being added. */
struct import {
    const struct store_objects_options *options;
    const struct store_object_add *objects;
    size_t count;
    struct imported *digests;           /* of the objects, in their order */
    struct store_statements statements; /* none, as long as they are gathered */
    size_t statement_count;
    struct span *removed_ids; /* indicators that are to be put back, as they come */
    size_t removed_count;
    struct span *indicators; /* ids, as they come */
    size_t indicator_count;
    struct store_objects_added added;
};

static enum err object_append(struct op *op, struct store *store, const struct import *import,
                              const struct stix_object *object, struct span bytes)
{
    const struct store_objects_options *options = import->options;
    struct store_label label;
    TRY(store_object_label(op, store, &import->statements, object, &label));
    struct span marking = { NULL, 0 };
    bool definition = span_equal(object->type, SPAN("marking-definition"));
    if (options->has_local) {
        marking = span_of(policy_tlp_name(options->local));
    } else if (!label.marked && !definition) {
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
static enum err import_prepare(struct op *op, struct import *import)
{
    struct imported **sorted = op_alloc(op, (import->count + 1) * sizeof(struct imported *));
    import->digests = op_alloc(op, (import->count + 1) * sizeof *import->digests);
    import->statements.ids = op_alloc(op, (import->count + 1) * sizeof *import->statements.ids);
    import->removed_ids = op_alloc(op, (import->count + 1) * sizeof *import->removed_ids);
    import->indicators = op_alloc(op, (import->count + 1) * sizeof *import->indicators);
    if (sorted == NULL || import->digests == NULL || import->statements.ids == NULL ||
        import->removed_ids == NULL || import->indicators == NULL) {
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

/* A person who adds an indicator that was removed wants it back, also where its bytes are known. */
static enum err removed_note(struct op *op, struct store *store, struct import *import,
                             const struct stix_object *object)
{
    bool removed = false;
    if (!import->options->put_back || object->revoked) {
        return ERR_OK;
    }
    TRY(store_object_is_removed(op, store, object->id, &removed));
    if (removed) {
        import->removed_ids[import->removed_count] = object->id;
        import->removed_count++;
    }
    return ERR_OK;
}

/* One object of a pass over them all: the marking definitions, or all others. */
static enum err object_pass(struct op *op, struct store *store, struct import *import, size_t at,
                            bool definitions)
{
    struct json_value value;
    struct stix_object object;
    bool known = false;
    TRY(json_parse(op, import->objects[at].bytes, &value));
    TRY(stix_object_read(op, value, &object));
    if (span_equal(object.type, SPAN("marking-definition")) != definitions) {
        return ERR_OK;
    }
    if (definitions && store_object_is_silent_marking(store_object_name(value, &object))) {
        import->statements.ids[import->statement_count] = object.id;
        import->statement_count++;
    }
    if (span_equal(object.type, SPAN("indicator"))) {
        import->indicators[import->indicator_count] = object.id;
        import->indicator_count++;
    }
    TRY(removed_note(op, store, import, &object));
    TRY(known_before(op, store, import->options, import->digests[at].digest, &known));
    if (known || import->digests[at].repeated) {
        import->added.known++;
        return ERR_OK;
    }
    import->added.added++;
    return object_append(op, store, import, &object, import->objects[at].bytes);
}

static int id_compare(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* All are committed together, so that the others learn of the definitions without the database. */
static enum err objects_append(struct op *op, struct store *store, struct import *import)
{
    struct store_statements *statements = &import->statements;
    for (size_t i = 0; i < import->count; i++) {
        TRY(object_pass(op, store, import, i, true));
    }
    qsort(statements->ids, import->statement_count, sizeof *statements->ids, id_compare);
    statements->count = import->statement_count;
    for (size_t i = 0; i < import->count; i++) {
        TRY(object_pass(op, store, import, i, false));
    }
    return ERR_OK;
}

/* An entry about an object as a whole, in all its versions. */
static enum err id_append(struct op *op, struct store *store, struct span kind, struct span id)
{
    struct buf payload;
    struct json_writer w;
    buf_init(&payload, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &payload);
    json_begin_object(&w);
    json_member_string(&w, SPAN("id"), id);
    json_end_object(&w);
    enum err err = store_append(op, store, (struct journal_entry){ .kind = kind }, &payload, NULL);
    buf_done(&payload);
    return err;
}

/* Several versions of an object are put back by one entry. */
static enum err put_back_append(struct op *op, struct store *store, struct import *import)
{
    struct span *ids = import->removed_ids;
    qsort(ids, import->removed_count, sizeof *ids, id_compare);
    for (size_t i = 0; i < import->removed_count; i++) {
        if (i > 0 && span_equal(ids[i], ids[i - 1])) {
            continue;
        }
        TRY(id_append(op, store, SPAN("object.put_back"), ids[i]));
        import->added.put_back++;
    }
    return ERR_OK;
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
    TRY(import_prepare(op, &import));
    enum err err = objects_append(op, store, &import);
    if (err == ERR_OK) {
        err = put_back_append(op, store, &import);
    }
    if (err == ERR_OK) {
        err = store_commit(op, store);
    }
    if (err != ERR_OK) {
        journal_drop(store->journal);
        return err;
    }
    TRY(store_objects_mean(op, store, import.indicators, import.indicator_count, options->even_if));
    TRY(store_objects_unfit(op, store, before, import.added.unfit));
    TRY(store_objects_tally(op, store, before, &import.added.tally));
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
    TRY(id_append(op, store, SPAN("object.remove"), id));
    TRY(store_commit(op, store));
    *ret_removed = versions;
    return ERR_OK;
}
