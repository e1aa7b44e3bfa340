// SPDX-License-Identifier: EUPL-1.2
/*
 * What batch.c wrote into the journal, applied to the database: plain replacement.
 */
#include "store/hit_id.h"
#include "store/internal.h"

/* A mark as the database keeps it: the bytes of the pipe. */
static enum err input_mark(struct op *op, struct json_value input, struct buf *ret,
                           uint64_t *ret_waiting)
{
    struct mark mark;
    struct mark_line line;
    if (mark_json_read(input, &mark, &line) != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "an input's mark cannot be read");
    }
    mark_wire_add(ret, &mark);
    mark_line_wire_add(ret, &line);
    *ret_waiting = line.waiting;
    return ret->err == ERR_OK ? ERR_OK : op_fail(op, ERR_LIMIT, "out of memory");
}

static enum err input_write(struct op *op, struct store *store, struct json_value input,
                            struct span mark, uint64_t waiting)
{
    static const char *const numbers[] = { "position", "lines", "observations", "size" };
    struct db_query q = db_query(
        op, &store->db,
        "INSERT INTO inputs (number, device, inode, made, path, format, sensor, position, lines,"
        " observations, size, ended, waiting, mark)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (number) DO UPDATE SET path = excluded.path, format = excluded.format,"
        " sensor = excluded.sensor, position = excluded.position, lines = excluded.lines,"
        " observations = excluded.observations, size = excluded.size, ended = excluded.ended,"
        " waiting = excluded.waiting, mark = excluded.mark");
    db_bind_i64(&q, json_integer(json_member(input, SPAN("number")), 0));
    db_bind_i64(&q, json_integer(json_member(input, SPAN("device")), 0));
    db_bind_i64(&q, json_integer(json_member(input, SPAN("inode")), 0));
    db_bind_time(&q, json_integer(json_member(input, SPAN("made_us")), TIME_US_NONE));
    db_bind_text(&q, json_string(json_member(input, SPAN("path"))));
    db_bind_text(&q, json_string(json_member(input, SPAN("format"))));
    db_bind_text(&q, json_string(json_member(input, SPAN("sensor"))));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        db_bind_i64(&q, json_integer(json_member(input, span_of(numbers[i])), 0));
    }
    db_bind_i64(&q, json_true(json_member(input, SPAN("ended"))) ? 1 : 0);
    db_bind_i64(&q, (int64_t)waiting);
    db_bind_blob(&q, mark);
    return db_finish(&q);
}

static enum err input_row(struct op *op, struct store *store, struct json_value input)
{
    struct buf mark;
    uint64_t waiting = 0;
    buf_init(&mark, MARK_WIRE_SIZE_MAX);
    enum err err = input_mark(op, input, &mark, &waiting);
    if (err == ERR_OK) {
        err = input_write(op, store, input, buf_span(&mark), waiting);
    }
    buf_done(&mark);
    return err;
}

static enum err apply_input(struct op *op, struct store *store, const struct json_value input)
{
    int64_t number = json_integer(json_member(input, SPAN("number")), 0);
    TRY(input_row(op, store, input));
    TRY(store_stretches_apply(op, store, input));
    struct db_query old = db_query(op, &store->db, "DELETE FROM input_faults WHERE input = ?");
    db_bind_i64(&old, number);
    TRY(db_finish(&old));
    struct json_walk walk = json_walk_begin(json_member(input, SPAN("faults")));
    while (json_walk_next(&walk)) {
        struct db_query q =
            db_query(op, &store->db,
                     "INSERT OR REPLACE INTO input_faults (input, reason, count) VALUES (?, ?, ?)");
        db_bind_i64(&q, number);
        db_bind_text(&q, walk.key);
        db_bind_i64(&q, json_integer(walk.value, 0));
        TRY(db_finish(&q));
    }
    return ERR_OK;
}

/* A fold of an entry, and what the entry says of it. */
struct fold_entry {
    struct fold fold;
    bool open;
    int64_t changed_us;
    int64_t sighting_created_us;
    int64_t sighting_modified_us;
};

static enum err fold_row(struct op *op, struct store *store, const struct fold_entry *entry,
                         struct span text)
{
    const struct fold *fold = &entry->fold;
    struct db_query q = db_query(
        op, &store->db,
        "INSERT INTO folds (indicator, inside, start, length, value, kind, last, count, tlp, noisy,"
        " open, changed, sighting_created, sighting_modified, fold, hit, rank, list)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (indicator, start, length, inside) DO UPDATE SET last = excluded.last,"
        " count = excluded.count, open = excluded.open, changed = excluded.changed,"
        " sighting_modified = excluded.sighting_modified, fold = excluded.fold,"
        " rank = excluded.rank, list = excluded.list");
    char id[HIT_ID_SIZE];
    hit_id_of(fold, id);
    db_bind_text(&q, fold->indicator);
    db_bind_text(&q, fold->inside);
    db_bind_i64(&q, fold->start_us);
    db_bind_i64(&q, fold->length_us);
    db_bind_text(&q, fold->value);
    db_bind_i64(&q, fold->kind);
    db_bind_i64(&q, fold->last_us);
    db_bind_i64(&q, (int64_t)fold->count);
    db_bind_i64(&q, fold->tlp);
    db_bind_i64(&q, fold->noisy ? 1 : 0);
    db_bind_i64(&q, entry->open ? 1 : 0);
    db_bind_i64(&q, entry->changed_us);
    db_bind_i64(&q, entry->sighting_created_us);
    db_bind_i64(&q, entry->sighting_modified_us);
    db_bind_text(&q, text);
    db_bind_text(&q, span_of(id));
    db_bind_i64(&q, fold_rank(fold));
    db_bind_text(&q, fold->list);
    return db_finish(&q);
}

static enum err apply_fold(struct op *op, struct store *store, const struct journal_header *header,
                           struct json_value value)
{
    struct fold_entry entry = { .changed_us = header->time_us };
    TRY(fold_json_read(json_member(value, SPAN("fold")), &entry.fold));
    TRY(time_parse(json_string(json_member(value, SPAN("sighting_created"))),
                   &entry.sighting_created_us));
    TRY(time_parse(json_string(json_member(value, SPAN("sighting_modified"))),
                   &entry.sighting_modified_us));
    entry.open = json_true(json_member(value, SPAN("open")));
    struct buf text;
    struct json_writer w;
    buf_init(&text, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &text);
    fold_json_add(&w, &entry.fold);
    enum err err = text.err == ERR_OK ? fold_row(op, store, &entry, buf_span(&text))
                                      : op_fail(op, ERR_LIMIT, "a fold is too large");
    buf_done(&text);
    return err;
}

static enum err apply_sightings(struct op *op, struct store *store,
                                const struct journal_header *header, struct span payload)
{
    struct span *sightings = NULL;
    size_t count = 0;
    TRY(json_array_spans(op, payload, SPAN("sightings"), &sightings, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(store_object_keep(op, store, header, sightings[i], (int64_t)i));
    }
    return ERR_OK;
}

enum err store_apply_batch(struct op *op, struct store *store, const struct journal_header *header,
                           struct span payload)
{
    struct json_value root;
    TRY(json_parse(op, payload, &root));
    struct json_walk walk = json_walk_begin(json_member(root, SPAN("inputs")));
    while (json_walk_next(&walk)) {
        TRY(apply_input(op, store, walk.value));
    }
    uint64_t history = (uint64_t)json_integer(json_member(root, SPAN("history")), 0);
    if (history > 0) {
        TRY(store_history_known(op, store, history));
    }
    uint64_t folds = 0;
    walk = json_walk_begin(json_member(root, SPAN("folds")));
    while (json_walk_next(&walk)) {
        TRY(apply_fold(op, store, header, walk.value));
        folds++;
    }
    TRY(store_event_entry_note(op, store, header, folds));
    return apply_sightings(op, store, header, payload);
}

enum err store_apply_evidence(struct op *op, struct store *store,
                              const struct journal_header *header, struct span payload)
{
    struct json_value root;
    TRY(json_parse(op, payload, &root));
    struct json_walk walk = json_walk_begin(root);
    int64_t part = 0;
    while (json_walk_next(&walk)) {
        int64_t start_us = 0;
        TRY(time_parse(json_string(json_member(walk.value, SPAN("start"))), &start_us));
        struct db_query q = db_query(op, &store->db,
                                     "INSERT OR REPLACE INTO evidence (indicator, start, length, "
                                     "inside, number, entry, part)"
                                     " VALUES (?, ?, ?, ?, ?, ?, ?)");
        db_bind_text(&q, json_string(json_member(walk.value, SPAN("indicator"))));
        db_bind_i64(&q, start_us);
        db_bind_i64(&q, json_integer(json_member(walk.value, SPAN("minutes")), 0) * FOLD_MINUTE_US);
        db_bind_text(&q, json_string(json_member(walk.value, SPAN("inside"))));
        db_bind_i64(&q, json_integer(json_member(walk.value, SPAN("number")), 0));
        db_bind_i64(&q, (int64_t)header->number);
        db_bind_i64(&q, part);
        TRY(db_finish(&q));
        part++;
    }
    return ERR_OK;
}
