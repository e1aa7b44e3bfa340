// SPDX-License-Identifier: EUPL-1.2
/*
 * Which values of STIX indicators are fit to be watched. The verdict depends on the node's
 * configuration, so it is not written down but looked up, as revocations are: SQL asks
 * value_judge() by the function unfit(kind, key, scope, even_if). What a person lets pass all the
 * same is written down, in the journal.
 */
#include "base/must.h"
#include "store/objects_inner.h"

/* ---- words ---- */

void store_write_even_if(struct json_writer *w, uint32_t even_if)
{
    if (even_if == 0) {
        return;
    }
    json_key(w, SPAN("even_if"));
    json_begin_array(w);
    for (int i = VALUE_FIT + 1; i < VALUE_VERDICT_COUNT; i++) {
        if ((even_if & 1u << i) != 0) {
            json_add_string(w, span_of(value_verdict_name((enum value_verdict)i)));
        }
    }
    json_end_array(w);
}

uint32_t store_read_even_if(struct json_value root)
{
    uint32_t even_if = 0;
    struct json_walk walk = json_walk_begin(json_member(root, SPAN("even_if")));
    while (json_walk_next(&walk)) {
        enum value_verdict verdict = VALUE_FIT;
        if (value_verdict_from_name(json_string(walk.value), &verdict) == ERR_OK) {
            even_if |= 1u << verdict;
        }
    }
    return even_if;
}

/* ---- judging ---- */

static void unfit(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    const struct store *store = sqlite3_user_data(context);
    must(count == STORE_UNFIT_ARGUMENTS);
    const struct value value = {
        .kind = (enum value_kind)sqlite3_value_int(arguments[0]),
        .key =
            span_make(sqlite3_value_blob(arguments[1]), (size_t)sqlite3_value_bytes(arguments[1])),
    };
    enum value_scope scope = (enum value_scope)sqlite3_value_int(arguments[2]);
    /* Rows are checked when they are made; a damaged database must not reach further. */
    bool sound = value.kind > VALUE_NONE && value.kind < VALUE_KIND_COUNT && value.key.size > 0 &&
                 scope < VALUE_SCOPE_COUNT;
    if (!sound) {
        sqlite3_result_error(context, "a value that is none", -1);
        return;
    }
    uint32_t even_if = (uint32_t)sqlite3_value_int64(arguments[3]);
    sqlite3_result_int(context, (int)value_judge(&store->rules, even_if, &value, scope));
}

enum err store_judge_register(struct op *op, struct store *store)
{
    int code =
        sqlite3_create_function_v2(store->db.handle, "unfit", STORE_UNFIT_ARGUMENTS,
                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, store, unfit, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_OK : op_fail(op, ERR_LIMIT, "out of memory for the database");
}

enum err store_objects_unfit(struct op *op, struct store *store, uint64_t after, uint64_t *ret)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT " OBJECT_VERDICT " AS verdict, count(*)"
                                 " FROM objects o JOIN pattern_values v ON v.object = o.id"
                                 " WHERE o.entry > ? AND o.latest AND verdict > 0 GROUP BY 1");
    db_bind_i64(&q, (int64_t)after);
    while (db_next(&q)) {
        int64_t verdict = db_i64(&q);
        must(verdict >= 0 && verdict < VALUE_VERDICT_COUNT);
        ret[verdict] = (uint64_t)db_i64(&q);
    }
    return db_end(&q);
}

/* ---- what a person means ---- */

/* Whether a value of an indicator is unfit in a way that is to be let pass. */
static enum err is_affected(struct op *op, struct store *store, struct span id, uint32_t even_if,
                            bool *ret)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT 1 FROM objects o JOIN pattern_values v ON v.object = o.id"
                                 " WHERE o.stix_id = ? AND (1 << " OBJECT_VERDICT ") & ? <> 0");
    db_bind_text(&q, id);
    db_bind_i64(&q, even_if);
    *ret = db_next(&q);
    return db_end(&q);
}

static enum err even_if_append(struct op *op, struct store *store, struct span id, uint32_t even_if)
{
    struct buf payload;
    struct json_writer w;
    buf_init(&payload, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &payload);
    json_begin_object(&w);
    json_member_string(&w, SPAN("id"), id);
    store_write_even_if(&w, even_if);
    json_end_object(&w);
    enum err err = store_append(op, store, (struct journal_entry){ .kind = SPAN("object.even_if") },
                                &payload, NULL);
    buf_done(&payload);
    return err;
}

enum err store_objects_mean(struct op *op, struct store *store, const struct span *ids,
                            size_t count, uint32_t even_if)
{
    bool any = false;
    for (size_t i = 0; even_if != 0 && i < count; i++) {
        bool affected = false;
        TRY(is_affected(op, store, ids[i], even_if, &affected));
        if (affected) {
            TRY(even_if_append(op, store, ids[i], even_if));
            any = true;
        }
    }
    return any ? store_commit(op, store) : ERR_OK;
}

enum err store_apply_object_even_if(struct op *op, struct store *store,
                                    const struct journal_header *header, struct span payload)
{
    struct json_value root;
    TRY(json_parse(op, payload, &root));
    TRY(store_indicators_changed(op, store, header->number));
    struct db_query q = db_query(op, &store->db,
                                 "INSERT INTO meant (stix_id, even_if) VALUES (?, ?)"
                                 " ON CONFLICT (stix_id) DO UPDATE"
                                 " SET even_if = even_if | excluded.even_if");
    db_bind_text(&q, json_string(json_member(root, SPAN("id"))));
    db_bind_i64(&q, store_read_even_if(root));
    return db_finish(&q);
}
