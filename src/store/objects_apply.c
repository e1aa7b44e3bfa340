// SPDX-License-Identifier: EUPL-1.2
/*
 * STIX objects out of the journal into the database. What a row says comes from its own bytes, but
 * for two things: `latest`, which the rows of its id and source decide, and `removed`, which the
 * last entry about its id decides. So it does not matter in which order rows came, nor which of
 * them were erased meanwhile. What depends on other sources and on the time (revocations,
 * conflicts, expiry) is not written down but looked up: see objects_read.c.
 */
#include "base/must.h"
#include "base/text.h"
#include "crypt/digest.h"
#include "stix/pattern_values.h"
#include "store/objects_inner.h"
#include "value/pattern.h"

enum { REASON_SIZE_MAX = 512 };

/* ---- what a pattern is watched by ---- */

/* Of an indicator; empty for other objects. */
struct pattern {
    struct value *values;
    enum value_scope *scopes; /* beside each value */
    size_t value_count;
    int64_t valid_from_us;
    int64_t valid_until_us;
    struct buf reason; /* why some or all of it is not watched */
};

/* A name with nothing but names below it: "%.example.org", which needs no search. */
static bool is_below_name(const struct stix_pattern_value *value, enum value_kind kind)
{
    return kind == VALUE_DOMAIN && value->comparison == STIX_PATTERN_LIKE &&
           span_starts_with(value->value, SPAN("%.")) &&
           span_find(span_from(value->value, 2), '%') == SPAN_NOT_FOUND &&
           span_find(value->value, '_') == SPAN_NOT_FOUND;
}

static enum value_scope scope_of(const struct stix_pattern_value *value, enum value_kind kind)
{
    if (is_below_name(value, kind)) {
        return VALUE_SCOPE_SUBDOMAINS_ONLY;
    }
    switch (value->comparison) {
    case STIX_PATTERN_LIKE:
        return VALUE_SCOPE_LIKE;
    case STIX_PATTERN_MATCHES:
        return VALUE_SCOPE_REGEX;
    default:
        return VALUE_SCOPE_EXACT; /* STIX's "=" is exact, also for names */
    }
}

static bool is_searched(enum value_scope scope)
{
    return scope == VALUE_SCOPE_LIKE || scope == VALUE_SCOPE_REGEX;
}

/* A pattern that compiles. Whether it is too wide is judged where it is looked up, as of any value.
 */
static enum err pattern_value(enum value_kind kind, enum value_scope scope, struct span text,
                              struct value *ret, struct buf *why)
{
    struct value_pattern *pattern = NULL;
    TRY(value_pattern_new(kind, scope, text, why, &pattern));
    value_pattern_free(pattern);
    *ret = (struct value){ .kind = kind, .key = text };
    return ERR_OK;
}

/* The canonical value. What is none is told in `reason`. */
static enum err value_read(const struct stix_pattern_value *from, enum value_scope scope,
                           enum value_kind kind, struct value_buf *bytes, struct value *ret,
                           struct buf *reason)
{
    struct buf why;
    struct span text = scope == VALUE_SCOPE_SUBDOMAINS_ONLY ? span_from(from->value, 2)
                                                            : from->value; /* without "%." */
    buf_init(&why, VALUE_PATTERN_REASON_SIZE_MAX);
    enum err err = is_searched(scope) ? pattern_value(kind, scope, text, ret, &why)
                                      : value_parse(kind, text, bytes, ret);
    if (err != ERR_OK) {
        buf_clear(reason);
        buf_add_format(reason, "byte %zu: ", from->offset);
        if (why.size > 0) {
            text_add_printable(reason, buf_span(&why));
        } else {
            buf_add_format(reason, "not a value of kind %s", value_kind_name(kind));
        }
    }
    buf_done(&why);
    return err;
}

/* Canonical values in the op's memory. Those that are none are left out, and told in `reason`. */
static enum err values_parse(struct op *op, const struct stix_pattern_values *values,
                             struct pattern *ret)
{
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    ret->values = op_alloc(op, values->count * sizeof *ret->values);
    ret->scopes = op_alloc(op, values->count * sizeof *ret->scopes);
    if (bytes == NULL || ret->values == NULL || ret->scopes == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < values->count; i++) {
        const struct stix_pattern_value *from = &values->list[i];
        enum value_kind kind = VALUE_NONE;
        struct value value;
        enum err err = value_kind_from_name(span_of(from->kind), &kind);
        must(err == ERR_OK); /* stix/ and value/ agree on the words; a test says so */
        bool address = kind == VALUE_IPV4 || kind == VALUE_IPV6;
        if (address && span_find(from->value, '/') != SPAN_NOT_FOUND) {
            kind = VALUE_CIDR; /* STIX writes ranges as values of addresses too */
        }
        enum value_scope scope = scope_of(from, kind);
        err = value_read(from, scope, kind, bytes, &value, &ret->reason);
        if (err == ERR_LIMIT && is_searched(scope)) {
            return op_fail(op, ERR_LIMIT, "out of memory for a pattern");
        }
        if (err != ERR_OK) {
            continue;
        }
        TRY(op_copy(op, value.key, &value.key));
        TRY(op_copy(op, value.scheme, &value.scheme));
        ret->values[ret->value_count] = value;
        ret->scopes[ret->value_count] = scope;
        ret->value_count++;
    }
    return ERR_OK;
}

static void tell_language(struct buf *reason, struct span pattern_type)
{
    enum { SHOWN_MAX = 64 };
    size_t size = pattern_type.size < SHOWN_MAX ? pattern_type.size : SHOWN_MAX;
    buf_add(reason, SPAN("the pattern is not in STIX's own language but "));
    text_add_printable(reason, span_slice(pattern_type, 0, size));
}

static enum err values_find(struct op *op, struct span text, struct pattern *ret)
{
    struct stix_pattern parsed;
    struct stix_pattern_values values;
    TRY(stix_pattern_parse(op, text, &parsed));
    TRY(stix_pattern_values(op, &parsed, &values));
    if (values.partial) {
        buf_add(&ret->reason, values.reason);
    }
    return values_parse(op, &values, ret);
}

/* What an indicator is watched by. One that cannot be is kept all the same, and said why. */
static enum err pattern_read(struct op *op, struct json_value value,
                             const struct stix_object *object, struct pattern *ret)
{
    struct stix_indicator indicator;
    enum err err = stix_indicator_read(op, value, object, &indicator);
    if (err == ERR_OK) {
        ret->valid_from_us = indicator.valid_from_us;
        ret->valid_until_us = indicator.valid_until_us;
    }
    if (err == ERR_OK && !span_equal(indicator.pattern_type, SPAN("stix"))) {
        tell_language(&ret->reason, indicator.pattern_type);
        return ERR_OK;
    }
    if (err == ERR_OK) {
        err = values_find(op, indicator.pattern, ret);
    }
    if (err == ERR_OK || span_starts_with(span_of(op->fault.text), SPAN("out of memory"))) {
        return err; /* not the pattern's fault: what is derived must not depend on it */
    }
    ret->value_count = 0;
    buf_add(&ret->reason, span_of(op->fault.text));
    op_fault_clear(op);
    return ERR_OK;
}

static enum err pattern_insert(struct op *op, struct store *store, int64_t row,
                               const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->value_count; i++) {
        const struct value *value = &pattern->values[i];
        struct db_query q = db_query(op, &store->db,
                                     "INSERT INTO pattern_values (object, kind, key, scheme, scope)"
                                     " VALUES (?, ?, ?, ?, ?)");
        db_bind_i64(&q, row);
        db_bind_i64(&q, value->kind);
        db_bind_blob(&q, value->key);
        db_bind_text(&q, value->scheme.data == NULL ? SPAN("") : value->scheme);
        db_bind_i64(&q, pattern->scopes[i]);
        TRY(db_finish(&q));
    }
    return ERR_OK;
}

/* ---- an object's row ---- */

/* A version that comes. Its id, its times and so on are those of `object`. */
struct row {
    const struct stix_object *object;
    struct span name;
    struct span source;
    enum policy_tlp tlp;
    enum policy_pap pap;
    bool removed;
    bool latest;
    struct pattern pattern;
    uint8_t digest[DIGEST_SHA256_SIZE];
    uint8_t content[DIGEST_SHA256_SIZE];
    uint64_t entry;
    int64_t part;
};

/* Whether no newer version came from the same source. Where there is one, there is a current one.
 * What has no `modified` has no versions, and nothing of it is ever newer. */
static enum err is_latest(struct op *op, struct store *store, const struct row *row, bool *ret)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT 1 FROM objects WHERE stix_id = ? AND source = ?"
                                 " AND latest = 1 AND modified > ?");
    db_bind_text(&q, row->object->id);
    db_bind_text(&q, row->source);
    db_bind_time(&q, row->object->modified_us);
    *ret = !db_next(&q);
    return db_end(&q);
}

/* A current version retires the older ones of its source; and the very same bytes under a wider
 * label, which it stands for. Others of the same `modified` stay: nobody knows which is right. */
static enum err older_retire(struct op *op, struct store *store, const struct row *row)
{
    struct db_query q = db_query(op, &store->db,
                                 "UPDATE objects SET latest = 0 WHERE stix_id = ? AND source = ?"
                                 " AND latest = 1 AND modified < ?");
    db_bind_text(&q, row->object->id);
    db_bind_text(&q, row->source);
    db_bind_time(&q, row->object->modified_us);
    TRY(db_finish(&q));
    q = db_query(op, &store->db,
                 "UPDATE objects SET latest = 0 WHERE digest = ? AND +source = ? AND +latest");
    db_bind_blob(&q, span_make(row->digest, sizeof row->digest));
    db_bind_text(&q, row->source);
    return db_finish(&q);
}

static void pattern_bind(struct db_query *q, const struct row *row)
{
    int confidence = row->object->confidence;
    db_bind_i64(q, confidence == STIX_CONFIDENCE_NONE ? PACK_CONFIDENCE_UNKNOWN : confidence);
    db_bind_time(q, row->pattern.valid_from_us);
    db_bind_time(q, row->pattern.valid_until_us);
    db_bind_i64(q, (int64_t)row->pattern.value_count);
    db_bind_text(q, row->pattern.reason.size == 0 ? SPAN("") : buf_span(&row->pattern.reason));
}

static enum err row_insert(struct op *op, struct store *store, const struct row *row,
                           int64_t *ret_row)
{
    const struct stix_object *object = row->object;
    struct span created_by = object->created_by_ref;
    struct db_query q = db_query(
        op, &store->db,
        "INSERT INTO objects (stix_id, type, name, source, created_by, tlp, pap, created, modified,"
        " revoked, removed, latest, confidence, valid_from, valid_until, value_count, unwatched,"
        " digest, content, entry, part) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " ?, ?, ?, ?) RETURNING id");
    db_bind_text(&q, object->id);
    db_bind_text(&q, object->type);
    db_bind_text(&q, row->name);
    db_bind_text(&q, row->source);
    db_bind_text(&q, created_by.data == NULL ? SPAN("") : created_by);
    db_bind_i64(&q, row->tlp);
    db_bind_i64(&q, row->pap);
    db_bind_time(&q, object->created_us);
    db_bind_time(&q, object->modified_us);
    db_bind_i64(&q, object->revoked ? 1 : 0);
    db_bind_i64(&q, row->removed ? 1 : 0);
    db_bind_i64(&q, row->latest ? 1 : 0);
    pattern_bind(&q, row);
    db_bind_blob(&q, span_make(row->digest, sizeof row->digest));
    db_bind_blob(&q, span_make(row->content, sizeof row->content));
    db_bind_i64(&q, (int64_t)row->entry);
    db_bind_i64(&q, row->part);
    while (db_next(&q)) {
        *ret_row = db_i64(&q);
    }
    return db_end(&q);
}

static enum err label_of(struct op *op, struct store *store, const struct stix_object *object,
                         struct span local, struct row *row)
{
    struct store_label own;
    enum policy_tlp label = POLICY_TLP_UNKNOWN;
    TRY(store_object_label(op, store, NULL, object, &own));
    row->tlp = own.tlp;
    row->pap = own.pap;
    if (local.size > 0) {
        if (policy_tlp_from_name(local, &label) != ERR_OK) {
            label = POLICY_TLP_UNKNOWN;
        }
        row->tlp = policy_tlp_tighten(row->tlp, label);
    } else if (!own.marked && !span_equal(object->type, SPAN("marking-definition"))) {
        row->tlp = POLICY_TLP_UNKNOWN; /* nobody said who may read it */
    }
    return ERR_OK;
}

static enum err row_keep(struct op *op, struct store *store, const struct row *row)
{
    int64_t id = 0;
    if (row->latest) {
        TRY(older_retire(op, store, row));
    }
    TRY(row_insert(op, store, row, &id));
    if (!span_equal(row->object->type, SPAN("indicator"))) {
        return ERR_OK;
    }
    TRY(pattern_insert(op, store, id, &row->pattern));
    return store_indicators_changed(op, store, row->entry);
}

enum err store_object_keep(struct op *op, struct store *store, const struct journal_header *header,
                           struct span bytes, int64_t part)
{
    struct json_value value;
    struct stix_object object;
    struct row row = {
        .object = &object,
        .source = header->source.data == NULL ? SPAN("") : header->source,
        .pattern = { .valid_from_us = TIME_US_NONE, .valid_until_us = TIME_US_NONE },
        .entry = header->number,
        .part = part,
    };
    TRY(json_parse(op, bytes, &value));
    TRY(stix_object_read(op, value, &object));
    row.name = store_object_name(value, &object);
    digest_sha256(bytes, row.digest);
    TRY(store_object_content(op, value, row.content));
    TRY(label_of(op, store, &object, header->marking, &row));
    TRY(is_latest(op, store, &row, &row.latest));
    TRY(store_object_is_removed(op, store, object.id, &row.removed));
    buf_init(&row.pattern.reason, REASON_SIZE_MAX);
    enum err err = ERR_OK;
    if (span_equal(object.type, SPAN("indicator"))) {
        err = pattern_read(op, value, &object, &row.pattern);
    }
    if (err == ERR_OK) {
        err = row_keep(op, store, &row);
    }
    buf_done(&row.pattern.reason);
    return err;
}

enum err store_apply_object(struct op *op, struct store *store, const struct journal_header *header,
                            struct span payload)
{
    return store_object_keep(op, store, header, payload, -1);
}

/* ---- taking out of use, and putting back ---- */

enum err store_object_is_removed(struct op *op, struct store *store, struct span id, bool *ret)
{
    struct db_query q = db_query(op, &store->db, "SELECT 1 FROM removals WHERE stix_id = ?");
    db_bind_text(&q, id);
    *ret = db_next(&q);
    return db_end(&q);
}

/* `note` keeps or forgets that the id is out of use. */
static enum err removed_set(struct op *op, struct store *store, struct span id, bool removed,
                            const char *note)
{
    struct db_query q = db_query(op, &store->db, note);
    db_bind_text(&q, id);
    TRY(db_finish(&q));
    q = db_query(op, &store->db, "UPDATE objects SET removed = ? WHERE stix_id = ?");
    db_bind_i64(&q, removed ? 1 : 0);
    db_bind_text(&q, id);
    return db_finish(&q);
}

enum err store_apply_object_remove(struct op *op, struct store *store,
                                   const struct journal_header *header, struct span payload)
{
    struct json_value root;
    TRY(json_parse(op, payload, &root));
    TRY(store_indicators_changed(op, store, header->number));
    return removed_set(op, store, json_string(json_member(root, SPAN("id"))), true,
                       "INSERT OR IGNORE INTO removals (stix_id) VALUES (?)");
}

enum err store_apply_object_put_back(struct op *op, struct store *store,
                                     const struct journal_header *header, struct span payload)
{
    struct json_value root;
    TRY(json_parse(op, payload, &root));
    TRY(store_indicators_changed(op, store, header->number));
    return removed_set(op, store, json_string(json_member(root, SPAN("id"))), false,
                       "DELETE FROM removals WHERE stix_id = ?");
}

/* ---- forgetting ---- */

/* What a version had retired is current again: the newest of those that are left, of equal bytes
 * the one that came last. */
static enum err heirs_enter(struct op *op, struct store *store, struct span id, struct span source)
{
    struct db_query q = db_query(
        op, &store->db,
        "UPDATE objects SET latest = 1 WHERE stix_id = ?1 AND source = ?2 AND (modified IS NULL"
        "  OR modified = (SELECT max(modified) FROM objects WHERE stix_id = ?1 AND source = ?2))"
        " AND NOT EXISTS (SELECT 1 FROM objects t WHERE t.digest = objects.digest"
        "  AND +t.source = ?2 AND t.entry > objects.entry)");
    db_bind_text(&q, id);
    db_bind_text(&q, source);
    return db_finish(&q);
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
    return latest ? heirs_enter(op, store, id, source.data == NULL ? SPAN("") : source) : ERR_OK;
}
