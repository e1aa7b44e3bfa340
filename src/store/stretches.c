// SPDX-License-Identifier: EUPL-1.2
/*
 * Where in an input lines of some time are: a sparse index, so that the lines of a hit can be read
 * again without reading all of a log.
 */
#include "store/internal.h"

void store_input_add_stretch(struct store_input *input, const struct store_stretch *stretch)
{
    size_t count = input->stretch_count;
    struct store_stretch *last = count == 0 ? NULL : &input->stretches[count - 1];
    bool follows = last != NULL && last->end == stretch->begin;
    bool small = follows && stretch->end - last->begin <= STORE_STRETCH_SIZE;
    if (last != NULL && (small || count == STORE_STRETCH_COUNT_MAX)) {
        last->end = stretch->end;
        last->first_s = stretch->first_s < last->first_s ? stretch->first_s : last->first_s;
        last->last_s = stretch->last_s > last->last_s ? stretch->last_s : last->last_s;
        return;
    }
    input->stretches[count] = *stretch;
    input->stretch_count++;
}

void store_input_stretches_counted(struct store_input *input)
{
    if (input->stretch_count > 1) {
        input->stretches[0] = input->stretches[input->stretch_count - 1];
        input->stretch_count = 1;
    }
}

/* All that a query finds; it ends it. */
static enum err stretches_take(struct op *op, struct db_query *q, struct store_stretch **ret,
                               size_t *ret_count)
{
    struct buf list;
    struct span kept;
    buf_init(&list, SIZE_MAX / 2);
    while (db_next(q)) {
        struct store_stretch stretch = { .begin = (uint64_t)db_i64(q) };
        stretch.end = (uint64_t)db_i64(q);
        stretch.first_s = (uint32_t)db_i64(q);
        stretch.last_s = (uint32_t)db_i64(q);
        buf_add(&list, span_make(&stretch, sizeof stretch));
    }
    enum err err = db_end(q);
    if (err == ERR_OK) {
        err = list.err == ERR_OK ? op_copy(op, buf_span(&list), &kept) : ERR_LIMIT;
    }
    if (err == ERR_OK) {
        *ret = (struct store_stretch *)(void *)(uintptr_t)kept.data;
        *ret_count = kept.size / sizeof **ret;
    }
    buf_done(&list);
    return err;
}

enum err store_stretches(struct op *op, struct store *store, uint64_t number,
                         const struct store_stretch *span, struct store_stretch **ret,
                         size_t *ret_count)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT begin, end, first, last FROM stretches"
                                 " WHERE input = ? AND first <= ? AND last >= ? ORDER BY begin");
    db_bind_i64(&q, (int64_t)number);
    db_bind_i64(&q, span->last_s);
    db_bind_i64(&q, span->first_s);
    return stretches_take(op, &q, ret, ret_count);
}

enum err store_remembered(struct op *op, struct store *store, const struct store_input *input,
                          struct store_stretch **ret, size_t *ret_count)
{
    struct buf mark;
    buf_init(&mark, MARK_WIRE_SIZE_MAX);
    mark_wire_add(&mark, &input->mark);
    must(mark.err == ERR_OK);
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT begin, end, first, last FROM stretches JOIN inputs ON input = number"
                 " WHERE number = ?1 OR substr(mark, 1, ?2) = ?3 ORDER BY begin");
    db_bind_i64(&q, (int64_t)input->id.number);
    db_bind_i64(&q, MARK_WIRE_HEAD_SIZE);
    db_bind_blob(&q, span_make(mark.data, MARK_WIRE_HEAD_SIZE));
    enum err err = stretches_take(op, &q, ret, ret_count);
    buf_done(&mark);
    return err;
}

void store_stretches_write(struct json_writer *w, const struct store_input *input)
{
    if (input->stretch_count == 0) {
        return;
    }
    json_key(w, SPAN("stretches"));
    json_begin_array(w);
    for (size_t i = 0; i < input->stretch_count; i++) {
        const struct store_stretch *stretch = &input->stretches[i];
        json_begin_array(w);
        json_add_u64(w, stretch->begin);
        json_add_u64(w, stretch->end);
        json_add_u64(w, stretch->first_s);
        json_add_u64(w, stretch->last_s);
        json_end_array(w);
    }
    json_end_array(w);
}

enum err store_stretches_apply(struct op *op, struct store *store, struct json_value input)
{
    enum { NUMBERS = 4 };
    int64_t number = json_integer(json_member(input, SPAN("number")), 0);
    struct json_walk walk = json_walk_begin(json_member(input, SPAN("stretches")));
    while (json_walk_next(&walk)) {
        struct db_query q = db_query(op, &store->db,
                                     "INSERT OR REPLACE INTO stretches"
                                     " (input, begin, end, first, last) VALUES (?, ?, ?, ?, ?)");
        db_bind_i64(&q, number);
        struct json_walk numbers = json_walk_begin(walk.value);
        for (int i = 0; i < NUMBERS; i++) {
            db_bind_i64(&q, json_walk_next(&numbers) ? json_integer(numbers.value, 0) : 0);
        }
        TRY(db_finish(&q));
    }
    return ERR_OK;
}
