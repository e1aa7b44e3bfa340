// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading hits: folds with how they are worked. Each takes a grant.
 */
#include "store/hit_work.h"
#include "store/internal.h"

enum { FOLD_MEMORY_MAX = 4 * 1024 * 1024, SHOWN_MAX = 4 };

/* What a row is read from; `v` is of all rows of one value. */
#define HIT_COLUMNS                                                                                \
    "f.id, f.value, f.kind, f.rank, f.list, f.last, f.state, f.assignee, f.state_time,"            \
    " f.state_actor, v.false_count, f.fold"

struct row {
    struct store_hit_head head;
    struct store_hit hit; /* without its fold */
    struct span text;
};

/* Spans are borrowed until the next row. */
static struct row row_read(struct db_query *q)
{
    struct row row = { .head.row = db_i64(q) };
    row.head.value = db_borrow(q);
    row.head.kind = (enum value_kind)db_i64(q);
    row.head.rank = (unsigned)db_i64(q);
    row.head.list = db_borrow(q);
    row.head.last_us = db_i64(q);
    row.head.state = (enum hit_state)db_i64(q);
    row.head.assignee = db_borrow(q);
    row.hit.row = row.head.row;
    row.hit.state = row.head.state;
    row.hit.assignee = row.head.assignee;
    row.hit.state_us = db_time(q);
    row.hit.state_by = db_borrow(q);
    uint64_t false_count = (uint64_t)db_i64(q);
    row.hit.false_others = false_count - (row.hit.state == HIT_FALSE ? 1 : 0);
    row.text = db_borrow(q);
    return row;
}

static enum err fold_parse(struct op *op, struct span text, struct fold *ret)
{
    struct json_value root;
    enum err err = json_parse(op, text, &root);
    if (err == ERR_OK) {
        err = fold_json_read(root, ret);
    }
    return err == ERR_OK
               ? ERR_OK
               : op_fail(op, ERR_CORRUPT, "the database holds a broken fold: run 'linie rebuild'");
}

/* ---- walking ---- */

/* What one walk over the hits looks for. */
struct walk {
    const struct policy_grant *grant;
    const struct store_hit_filter *filter;
    struct value_buf *bytes; /* a fold's value, while it is compared */
    enum err (*visit)(void *context, const struct store_hit *hit);
    void *context;
};

/* By canonical key, as the matcher compares: a text may bear a scheme, which no key does. */
static bool value_selected(const struct walk *walk, const struct store_hit_head *head)
{
    struct value value;
    const struct value *wanted = walk->filter->value;
    if (wanted == NULL) {
        return true;
    }
    return head->kind == wanted->kind &&
           value_parse(head->kind, head->value, walk->bytes, &value) == ERR_OK &&
           span_equal(value.key, wanted->key);
}

/* One row to the visitor, in memory of its own. */
static enum err row_visit(struct op *op, const struct walk *walk, const struct row *row)
{
    bool (*wanted)(void *context, const struct store_hit_head *head) = walk->filter->wanted;
    struct store_hit hit = row->hit;
    struct op work;
    if (!value_selected(walk, &row->head) ||
        (wanted != NULL && !wanted(walk->context, &row->head))) {
        return ERR_OK;
    }
    op_begin(&work, &op->actor, FOLD_MEMORY_MAX);
    enum err err = fold_parse(&work, row->text, &hit.fold);
    if (err != ERR_OK) {
        err = op_fail(op, err, "%s", work.fault.text);
    } else if (policy_may_read(walk->grant, (enum policy_tlp)hit.fold.tlp)) {
        err = walk->visit(walk->context, &hit);
    }
    op_end(&work);
    return err;
}

enum err store_hits_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                         const struct store_hit_filter *filter,
                         enum err (*visit)(void *context, const struct store_hit *hit),
                         void *context)
{
    const struct walk walk = {
        .grant = grant,
        .filter = filter,
        .bytes = op_alloc(op, sizeof *walk.bytes),
        .visit = visit,
        .context = context,
    };
    if (walk.bytes == NULL) {
        return ERR_LIMIT;
    }
    enum value_kind kind =
        filter->value != NULL && filter->kind == VALUE_NONE ? filter->value->kind : filter->kind;
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT " HIT_COLUMNS " FROM folds f JOIN (SELECT value, max(last) AS latest,"
                 "  sum(state = 2) AS false_count FROM folds GROUP BY value) v ON v.value = f.value"
                 " WHERE f.last >= ?1 AND (?2 = 0 OR f.kind = ?2)"
                 " AND (?3 = '' OR f.indicator = ?3)"
                 " ORDER BY v.latest DESC, f.value, f.start, f.length, f.inside, f.indicator");
    db_bind_i64(&q, filter->since_us);
    db_bind_i64(&q, kind);
    db_bind_text(&q, filter->indicator.data == NULL ? SPAN("") : filter->indicator);
    enum err err = ERR_OK;
    while (err == ERR_OK && db_next(&q)) {
        const struct row row = row_read(&q);
        err = row_visit(op, &walk, &row);
    }
    enum err ended = db_end(&q);
    return err != ERR_OK ? err : ended;
}

/* ---- one ---- */

/* The spans of a row outlive it. */
static enum err row_keep(struct op *op, const struct policy_grant *grant, const struct row *row,
                         struct store_hit *ret)
{
    struct store_hit hit = row->hit;
    struct span text = { NULL, 0 };
    TRY(op_copy(op, row->hit.assignee, &hit.assignee));
    TRY(op_copy(op, row->hit.state_by, &hit.state_by));
    TRY(op_copy(op, row->text, &text));
    TRY(fold_parse(op, text, &hit.fold));
    if (!policy_may_read(grant, (enum policy_tlp)hit.fold.tlp)) {
        return op_fail(op, ERR_DENIED, "the hit may not be read under this grant");
    }
    *ret = hit;
    return ERR_OK;
}

/* The one row of a question, which is ended. */
static enum err one_keep(struct op *op, const struct policy_grant *grant, struct db_query *q,
                         struct store_hit *ret)
{
    bool found = false;
    enum err err = ERR_OK;
    while (err == ERR_OK && db_next(q)) {
        const struct row read = row_read(q);
        err = row_keep(op, grant, &read, ret);
        found = true;
    }
    enum err ended = db_end(q);
    TRY(err);
    TRY(ended);
    return found ? ERR_OK : op_fail(op, ERR_ABSENT, "there is no such hit");
}

enum err store_hit_read(struct op *op, struct store *store, const struct policy_grant *grant,
                        int64_t row, struct store_hit *ret)
{
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT " HIT_COLUMNS " FROM folds f JOIN (SELECT sum(state = 2) AS false_count"
                 "  FROM folds WHERE value = (SELECT value FROM folds WHERE id = ?1)) v"
                 " WHERE f.id = ?1");
    db_bind_i64(&q, row);
    return one_keep(op, grant, &q, ret);
}

enum err store_hit_reread(struct op *op, struct store *store, const struct policy_grant *grant,
                          int64_t row, uint64_t false_others, struct store_hit *ret)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT " HIT_COLUMNS " FROM folds f"
                                 " JOIN (SELECT 0 AS false_count) v WHERE f.id = ?1");
    db_bind_i64(&q, row);
    TRY(one_keep(op, grant, &q, ret));
    ret->false_others = false_others;
    return ERR_OK;
}

/* The rows whose names begin so, as far as they are told. */
struct named {
    size_t count;
    int64_t rows[SHOWN_MAX];
    struct span names[SHOWN_MAX];
};

static enum err names_read(struct op *op, struct store *store, struct span id, struct named *ret)
{
    *ret = (struct named){ .count = 0 };
    /* '~' comes behind every character of a name. */
    struct db_query q = db_query(op, &store->db,
                                 "SELECT id, hit FROM folds WHERE hit >= ?1 AND hit < ?1 || '~'"
                                 " ORDER BY hit, id LIMIT ?2");
    db_bind_text(&q, id);
    db_bind_i64(&q, SHOWN_MAX);
    while (ret->count < SHOWN_MAX && db_next(&q)) {
        ret->rows[ret->count] = db_i64(&q);
        ret->names[ret->count] = db_text(&q);
        ret->count++;
    }
    return db_end(&q);
}

static enum err tell_several(struct op *op, struct span id, const struct named *named)
{
    enum { TEXT_SIZE_MAX = 256 };
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    for (size_t i = 0; i < named->count; i++) {
        buf_add(&text, i == 0 ? SPAN("") : SPAN(", "));
        buf_add(&text, named->names[i]);
    }
    enum err err = op_fail(op, ERR_CONFLICT, "%.*s fits several hits: %.*s%s", SPAN_FMT(id),
                           SPAN_FMT(buf_span(&text)), named->count == SHOWN_MAX ? ", ..." : "");
    buf_done(&text);
    return err;
}

enum err store_hit_find(struct op *op, struct store *store, const struct policy_grant *grant,
                        struct span id, struct store_hit *ret)
{
    struct named named;
    TRY(names_read(op, store, id, &named));
    if (named.count == 0) {
        return op_fail(op, ERR_ABSENT, "there is no hit %.*s", SPAN_FMT(id));
    }
    return named.count == 1 ? store_hit_read(op, store, grant, named.rows[0], ret)
                            : tell_several(op, id, &named);
}
