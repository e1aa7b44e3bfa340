// SPDX-License-Identifier: EUPL-1.2
#include "store/counts.h"

#include "base/must.h"
#include "store/internal.h"

/* The index "folds_counted" holds all that is asked for, so that no fold is read. */
static enum err ranks_count(struct op *op, struct store *store, struct store_counts *counts)
{
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT rank, state, count(*), sum(open), sum(count) FROM folds INDEXED BY"
                 " folds_counted GROUP BY rank, state");
    while (db_next(&q)) {
        const int64_t points = db_i64(&q);
        const enum hit_state state = (enum hit_state)db_i64(&q);
        const uint64_t folds = (uint64_t)db_i64(&q);
        const uint64_t open = (uint64_t)db_i64(&q);
        const uint64_t hits = (uint64_t)db_i64(&q);
        if (points < 0 || points > RANK_MAX || state >= HIT_STATE_COUNT) {
            q.err = ERR_CORRUPT;
            break;
        }
        struct store_count_rank *rank = &counts->ranks[rank_level_of((unsigned)points)];
        rank->folds += folds;
        rank->open += open;
        rank->untouched += hit_state_is_open(state) ? folds : 0;
        counts->hits += hits;
    }
    return db_end(&q);
}

static enum err inputs_count(struct op *op, struct store *store, struct store_counts *counts)
{
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT format, sensor, count(*), sum(lines), sum(observations), sum(position)"
                 " FROM inputs GROUP BY format, sensor ORDER BY format, sensor");
    while (counts->input_count < STORE_COUNT_ROWS_MAX && db_next(&q)) {
        struct store_count_inputs *inputs = &counts->inputs[counts->input_count];
        inputs->format = db_text(&q);
        inputs->sensor = db_text(&q);
        inputs->inputs = (uint64_t)db_i64(&q);
        inputs->lines = (uint64_t)db_i64(&q);
        inputs->observations = (uint64_t)db_i64(&q);
        inputs->bytes = (uint64_t)db_i64(&q);
        counts->input_count++;
    }
    return db_end(&q);
}

static enum err notices_count(struct op *op, struct store *store, struct store_counts *counts)
{
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT type, count(*) FROM notices WHERE open GROUP BY type ORDER BY type");
    while (counts->notice_count < STORE_COUNT_ROWS_MAX && db_next(&q)) {
        struct store_count_notices *notices = &counts->notices[counts->notice_count];
        notices->type = db_text(&q);
        notices->open = (uint64_t)db_i64(&q);
        counts->notice_count++;
    }
    return db_end(&q);
}

static enum err faults_count(struct op *op, struct store *store, struct store_counts *counts)
{
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT reason, sum(count) FROM input_faults GROUP BY reason ORDER BY reason");
    while (counts->fault_count < STORE_FAULT_COUNT_MAX && db_next(&q)) {
        counts->faults[counts->fault_count].reason = db_text(&q);
        counts->faults[counts->fault_count].count = (uint64_t)db_i64(&q);
        counts->fault_count++;
    }
    return db_end(&q);
}

static enum err applied_count(struct op *op, struct store *store, struct store_counts *counts)
{
    struct db_query q = db_query(op, &store->db, "SELECT value FROM meta WHERE key = 'applied'");
    while (db_next(&q)) {
        counts->applied = (uint64_t)db_i64(&q);
    }
    return db_end(&q);
}

enum err store_counts(struct op *op, struct store *store, struct store_counts *ret)
{
    struct store_counts counts = {
        .entries = journal_last(store->journal),
        .inputs = op_alloc(op, STORE_COUNT_ROWS_MAX * sizeof *counts.inputs),
        .notices = op_alloc(op, STORE_COUNT_ROWS_MAX * sizeof *counts.notices),
    };
    if (counts.inputs == NULL || counts.notices == NULL) {
        return ERR_LIMIT;
    }
    TRY(applied_count(op, store, &counts));
    TRY(ranks_count(op, store, &counts));
    TRY(inputs_count(op, store, &counts));
    TRY(notices_count(op, store, &counts));
    TRY(faults_count(op, store, &counts));
    *ret = counts;
    return ERR_OK;
}
