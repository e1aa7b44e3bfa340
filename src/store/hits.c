// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading what the watch left: inputs, folds, evidence, counts. Each takes a grant.
 */
#include "base/must.h"
#include "store/objects_inner.h"

/* ---- inputs ---- */

#define INPUT_COLUMNS                                                                              \
    "number, device, inode, made, path, format, sensor, position, lines, observations, size,"      \
    " ended, mark"

static struct store_input input_read(struct db_query *q)
{
    struct store_input input = { 0 };
    input.id.number = (uint64_t)db_i64(q);
    input.id.device = (uint64_t)db_i64(q);
    input.id.inode = (uint64_t)db_i64(q);
    input.id.made_us = db_time(q);
    input.path = db_text(q);
    input.format = db_text(q);
    input.sensor = db_text(q);
    input.position = (uint64_t)db_i64(q);
    input.lines = (uint64_t)db_i64(q);
    input.observations = (uint64_t)db_i64(q);
    input.bytes_size = (uint64_t)db_i64(q);
    input.ended = db_i64(q) != 0;
    struct wire_reader r = wire_reader_of(db_borrow(q));
    mark_wire_read(&r, &input.mark);
    mark_line_wire_read(&r, &input.line);
    q->err = q->err == ERR_OK && r.err != ERR_OK ? ERR_CORRUPT : q->err;
    return input;
}

static enum err faults_read(struct db_query *q, struct store_fault_count *faults, size_t *ret_count)
{
    size_t count = 0;
    while (count < STORE_FAULT_COUNT_MAX && db_next(q)) {
        faults[count].reason = db_text(q);
        faults[count].count = (uint64_t)db_i64(q);
        count++;
    }
    *ret_count = count;
    return db_end(q);
}

static enum err input_faults(struct op *op, struct store *store, struct store_input *input)
{
    struct db_query q = db_query(
        op, &store->db, "SELECT reason, count FROM input_faults WHERE input = ? ORDER BY reason");
    db_bind_i64(&q, (int64_t)input->id.number);
    return faults_read(&q, input->faults, &input->fault_count);
}

enum err store_input_find(struct op *op, struct store *store, uint64_t device, uint64_t inode,
                          struct store_input *ret)
{
    struct store_input found = { 0 };
    struct db_query q = db_query(op, &store->db,
                                 "SELECT " INPUT_COLUMNS " FROM inputs"
                                 " WHERE device = ? AND inode = ? ORDER BY number DESC LIMIT 1");
    db_bind_i64(&q, (int64_t)device);
    db_bind_i64(&q, (int64_t)inode);
    while (db_next(&q)) {
        found = input_read(&q);
    }
    TRY(db_end(&q));
    if (found.id.number == 0) {
        return ERR_ABSENT;
    }
    TRY(input_faults(op, store, &found));
    *ret = found;
    return ERR_OK;
}

static enum err rows_count(struct op *op, struct store *store, const char *sql, uint64_t *ret)
{
    struct db_query q = db_query(op, &store->db, sql);
    while (db_next(&q)) {
        *ret = (uint64_t)db_i64(&q);
    }
    return db_end(&q);
}

enum err store_inputs(struct op *op, struct store *store, struct store_input **ret,
                      size_t *ret_count)
{
    uint64_t room = 0;
    TRY(rows_count(op, store, "SELECT count(*) FROM inputs", &room));
    struct store_input *inputs = op_alloc(op, (room + 1) * sizeof *inputs);
    if (inputs == NULL) {
        return ERR_LIMIT;
    }
    size_t count = 0;
    struct db_query q =
        db_query(op, &store->db, "SELECT " INPUT_COLUMNS " FROM inputs ORDER BY path, number");
    while (count < room && db_next(&q)) {
        inputs[count] = input_read(&q);
        count++;
    }
    TRY(db_end(&q));
    for (size_t i = 0; i < count; i++) {
        TRY(input_faults(op, store, &inputs[i]));
    }
    *ret = inputs;
    *ret_count = count;
    return ERR_OK;
}

/* ---- evidence ---- */

static enum err evidence_line(struct op *op, struct store *store, uint64_t entry, int64_t part,
                              struct fold *fold)
{
    struct journal_header header;
    struct span payload;
    struct json_value root;
    TRY(journal_read(op, store->journal, entry, &header, &payload));
    if (payload.data == NULL) {
        return ERR_OK; /* erased by rule */
    }
    TRY(json_parse(op, payload, &root));
    struct json_walk walk = json_walk_begin(root);
    for (int64_t at = 0; json_walk_next(&walk); at++) {
        if (at == part && fold->evidence_count < FOLD_EVIDENCE_COUNT_MAX) {
            fold->evidence[fold->evidence_count] =
                json_string(json_member(walk.value, SPAN("line")));
            fold->evidence_entries[fold->evidence_count] = entry;
            fold->evidence_count++;
        }
    }
    return ERR_OK;
}

enum err store_evidence_read(struct op *op, struct store *store, const struct policy_grant *grant,
                             struct fold *fold)
{
    if (!policy_may_read(grant, (enum policy_tlp)fold->tlp)) {
        return op_fail(op, ERR_DENIED, "the fold may not be read under this grant");
    }
    uint64_t entries[FOLD_EVIDENCE_COUNT_MAX];
    int64_t parts[FOLD_EVIDENCE_COUNT_MAX];
    size_t count = 0;
    struct db_query q = db_query(op, &store->db,
                                 "SELECT entry, part FROM evidence WHERE indicator = ?"
                                 " AND start = ? AND length = ? AND inside = ? ORDER BY number");
    db_bind_text(&q, fold->indicator);
    db_bind_i64(&q, fold->start_us);
    db_bind_i64(&q, fold->length_us);
    db_bind_text(&q, fold->inside);
    while (count < FOLD_EVIDENCE_COUNT_MAX && db_next(&q)) {
        entries[count] = (uint64_t)db_i64(&q);
        parts[count] = db_i64(&q);
        count++;
    }
    TRY(db_end(&q));
    fold->evidence_count = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(evidence_line(op, store, entries[i], parts[i], fold));
    }
    return ERR_OK;
}

/* ---- status ---- */

enum err store_status(struct op *op, struct store *store, struct store_status *ret)
{
    struct store_status status = { 0 };
    const struct {
        const char *sql;
        uint64_t *count;
    } counts[] = {
        { "SELECT value FROM meta WHERE key = 'applied'", &status.applied },
        { "SELECT count(*) FROM sets WHERE purpose = 0", &status.sets },
        { "SELECT coalesce(sum(count), 0) FROM sets WHERE purpose = 0", &status.set_members },
        { "SELECT count(*) FROM sets WHERE purpose = 1", &status.allow_lists },
        { "SELECT coalesce(sum(count), 0) FROM sets WHERE purpose = 1", &status.allow_members },
        { "SELECT count(*) FROM objects", &status.objects },
        { "SELECT count(*) FROM inputs", &status.inputs },
        { "SELECT coalesce(sum(lines), 0) FROM inputs", &status.lines },
        { "SELECT coalesce(sum(observations), 0) FROM inputs", &status.observations },
        { "SELECT coalesce(sum(waiting), 0) FROM inputs WHERE number IN"
          " (SELECT max(number) FROM inputs GROUP BY device, inode)",
          &status.waiting },
        { "SELECT count(*) FROM folds", &status.folds },
        { "SELECT count(*) FROM folds WHERE open", &status.folds_open },
        { "SELECT count(DISTINCT indicator) FROM folds WHERE noisy", &status.noisy },
        { "SELECT coalesce(sum(count), 0) FROM folds", &status.hits },
        { "SELECT count(*) FROM notices WHERE open", &status.notices_open },
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        TRY(rows_count(op, store, counts[i].sql, counts[i].count));
    }
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT reason, sum(count) FROM input_faults GROUP BY reason ORDER BY reason");
    TRY(faults_read(&q, status.faults, &status.fault_count));
    TRY(store_objects_tally(op, store, 0, &status.stix));
    status.entries = journal_last(store->journal);
    journal_head(store->journal, status.head);
    *ret = status;
    return ERR_OK;
}
