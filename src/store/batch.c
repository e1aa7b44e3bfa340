// SPDX-License-Identifier: EUPL-1.2
/*
 * What the watch found, counted: input positions and folds in one journal entry, so that each line
 * counts once whatever happens in between.
 *
 * The batch is merged here, against what the database holds, and the journal gets the folds as they
 * then stand. Applying is plain replacement, today and in a rebuild years later: batch_apply.c.
 */
#include "base/must.h"
#include "crypt/digest.h"
#include "stix/id.h"
#include "store/internal.h"

enum { BATCH_FOLD_COUNT_MAX = 1 << 20 };

/* A fold of the world, as this batch changes it. */
struct pending {
    struct fold fold;
    bool opened;  /* by this batch */
    bool closing; /* by this batch */
    int64_t sighting_created_us;
    int64_t sighting_modified_us; /* of its last version; TIME_US_NONE where there is none yet */
    uint64_t count_before;        /* lines it had before this batch; 0: opened by it */
    unsigned rank_before;         /* its rank before this batch */
    size_t evidence_before;       /* of these, how many were kept */
    uint64_t back_count;          /* noisy: lines of hosts that this batch found looking back */
    uint32_t next;                /* in its bucket, plus 1 */
};

/* How many folds one indicator has in one span of time. */
struct span_count {
    struct span indicator;
    int64_t start_us;
    int64_t length_us;
    uint64_t folds;
    uint32_t next; /* in its bucket, plus 1 */
};

struct merge {
    struct op *op;
    struct store *store;
    bool looked_back; /* the batch's folds were found so */
    int64_t now_us;
    struct pending *list;
    size_t count;
    size_t room;
    uint32_t *buckets; /* first in each, plus 1 */
    size_t bucket_count;
    struct span_count *spans; /* as many as `room` */
    size_t span_count;
    uint32_t *span_buckets; /* as `buckets` */
};

/* ---- the database's folds ---- */

static enum err fold_parse(struct op *op, struct span text, struct fold *ret)
{
    struct json_value root;
    TRY(json_parse(op, text, &root));
    enum err err = fold_json_read(root, ret);
    return err == ERR_OK ? ERR_OK : op_fail(op, ERR_CORRUPT, "the database holds a broken fold");
}

static void bind_key(struct db_query *q, const struct fold *key)
{
    db_bind_text(q, key->indicator);
    db_bind_i64(q, key->start_us);
    db_bind_i64(q, key->length_us);
    db_bind_text(q, key->inside);
}

static enum err evidence_count(struct op *op, struct store *store, const struct fold *fold,
                               size_t *ret)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT coalesce(max(number) + 1, 0) FROM evidence"
                                 " WHERE indicator = ? AND start = ? AND length = ?"
                                 " AND inside = ?");
    bind_key(&q, fold);
    while (db_next(&q)) {
        *ret = (size_t)db_i64(&q);
    }
    return db_end(&q);
}

/* The fold with this key, if the world has one. A closed fold that counts again is open again. */
static enum err fold_load(struct merge *m, const struct fold *key, struct pending *ret,
                          bool *ret_found)
{
    struct span text = { NULL, 0 };
    struct db_query q = db_query(m->op, &m->store->db,
                                 "SELECT fold, sighting_created, sighting_modified FROM folds"
                                 " WHERE indicator = ? AND start = ? AND length = ?"
                                 " AND inside = ?");
    bind_key(&q, key);
    while (db_next(&q)) {
        text = db_text(&q);
        ret->sighting_created_us = db_i64(&q);
        ret->sighting_modified_us = db_i64(&q);
    }
    TRY(db_end(&q));
    *ret_found = text.size > 0;
    if (!*ret_found) {
        return ERR_OK;
    }
    TRY(fold_parse(m->op, text, &ret->fold));
    ret->count_before = ret->fold.count;
    ret->rank_before = fold_rank(&ret->fold);
    TRY(evidence_count(m->op, m->store, &ret->fold, &ret->evidence_before));
    ret->fold.evidence_count = ret->evidence_before; /* their number is needed, the lines are not */
    return ERR_OK;
}

/* ---- merging ---- */

static size_t span_bucket(const struct merge *m, const struct fold *key)
{
    uint64_t hash = hash_bytes(&m->store->secret, key->indicator);
    hash ^= (uint64_t)(key->start_us / FOLD_MINUTE_US) * 0x9E3779B97F4A7C15u;
    return (size_t)(hash >> 32) & (m->bucket_count - 1);
}

static size_t bucket_of(const struct merge *m, const struct fold *key)
{
    uint64_t hash = hash_bytes(&m->store->secret, key->inside);
    return (span_bucket(m, key) ^ (size_t)(hash >> 32)) & (m->bucket_count - 1);
}

static enum err span_count_load(struct merge *m, const struct fold *key, uint64_t *ret)
{
    struct db_query q = db_query(m->op, &m->store->db,
                                 "SELECT count(*) FROM folds"
                                 " WHERE indicator = ? AND start = ? AND length = ?");
    db_bind_text(&q, key->indicator);
    db_bind_i64(&q, key->start_us);
    db_bind_i64(&q, key->length_us);
    while (db_next(&q)) {
        *ret = (uint64_t)db_i64(&q);
    }
    return db_end(&q);
}

static bool is_of(const struct span_count *span, const struct fold *key)
{
    return span->start_us == key->start_us && span->length_us == key->length_us &&
           span_equal(span->indicator, key->indicator);
}

/* How many folds an indicator has in a span of time, those that this batch opened included. */
static enum err span_count_find(struct merge *m, const struct fold *key, struct span_count **ret)
{
    size_t bucket = span_bucket(m, key);
    for (uint32_t at = m->span_buckets[bucket]; at != 0; at = m->spans[at - 1].next) {
        if (is_of(&m->spans[at - 1], key)) {
            *ret = &m->spans[at - 1];
            return ERR_OK;
        }
    }
    must(m->span_count < m->room);
    struct span_count *span = &m->spans[m->span_count];
    span->indicator = key->indicator;
    span->start_us = key->start_us;
    span->length_us = key->length_us;
    span->next = m->span_buckets[bucket];
    TRY(span_count_load(m, key, &span->folds));
    m->span_count++;
    m->span_buckets[bucket] = (uint32_t)m->span_count;
    *ret = span;
    return ERR_OK;
}

static struct pending *pending_find(struct merge *m, const struct fold *key)
{
    uint32_t at = m->buckets[bucket_of(m, key)];
    while (at != 0) {
        struct pending *pending = &m->list[at - 1];
        if (fold_same_key(&pending->fold, key)) {
            return pending;
        }
        at = pending->next;
    }
    return NULL;
}

static struct pending *pending_add(struct merge *m, const struct pending *add)
{
    must(m->count < m->room);
    size_t bucket = bucket_of(m, &add->fold);
    struct pending *pending = &m->list[m->count];
    *pending = *add;
    pending->next = m->buckets[bucket];
    m->count++;
    m->buckets[bucket] = (uint32_t)m->count;
    return pending;
}

/* The fold that gathers hosts beyond the rate: no host of its own. */
static struct fold noisy_of(const struct fold *fold)
{
    struct fold noisy = *fold;
    fold_make_noisy(&noisy);
    return noisy;
}

/* Merge, and say whether that changed the fold. */
static bool merge_one(const struct merge *m, struct pending *pending, const struct fold *fold)
{
    struct fold found = *fold;
    if (!m->looked_back) {
        fold_merge(&pending->fold, fold);
        return true;
    }
    if (pending->fold.noisy) { /* its hosts come one by one */
        pending->back_count += fold->count;
        found.count = pending->back_count;
    }
    return fold_merge_back(&pending->fold, &found);
}

/* What looking back found again, and nothing more, is not written again. */
static enum err merge_into(struct merge *m, const struct fold *fold, bool *ret_done)
{
    struct pending loaded = { 0 };
    struct pending *pending = pending_find(m, fold);
    *ret_done = true;
    if (pending != NULL) {
        (void)merge_one(m, pending, fold);
        return ERR_OK;
    }
    TRY(fold_load(m, fold, &loaded, ret_done));
    if (*ret_done && (merge_one(m, &loaded, fold) || loaded.fold.noisy)) {
        (void)pending_add(m, &loaded);
    }
    return ERR_OK;
}

static void open_fold(struct merge *m, const struct fold *fold)
{
    struct pending opened = {
        .fold = *fold,
        .opened = true,
        .back_count = fold->count,
        .sighting_created_us = m->now_us,
        .sighting_modified_us = TIME_US_NONE,
    };
    opened.fold.looked_back = m->looked_back;
    (void)pending_add(m, &opened);
}

static enum err merge_fold(struct merge *m, const struct fold *fold)
{
    bool done = false;
    struct span_count *span = NULL;
    if (fold->observed.count == 0) { /* what is in the journal must be read again for ever */
        return op_fail(m->op, ERR_FORMAT, "a hit does not say what was observed");
    }
    TRY(merge_into(m, fold, &done));
    if (done) {
        return ERR_OK;
    }
    TRY(span_count_find(m, fold, &span));
    if (span->folds < m->store->fold_hosts_max) {
        span->folds++;
        open_fold(m, fold);
        return ERR_OK;
    }
    struct fold noisy = noisy_of(fold);
    TRY(merge_into(m, &noisy, &done));
    if (!done) {
        open_fold(m, &noisy);
    }
    return ERR_OK;
}

static enum err merge_begin(struct op *op, struct store *store, size_t room, struct merge *ret)
{
    struct merge m = { .op = op, .store = store, .now_us = store->clock_us(store->clock_context) };
    m.room = room;
    m.bucket_count = 64;
    while (m.bucket_count < m.room) {
        m.bucket_count *= 2;
    }
    m.list = op_alloc(op, (m.room + 1) * sizeof *m.list);
    m.buckets = op_alloc(op, m.bucket_count * sizeof *m.buckets);
    m.spans = op_alloc(op, (m.room + 1) * sizeof *m.spans);
    m.span_buckets = op_alloc(op, m.bucket_count * sizeof *m.span_buckets);
    if (m.list == NULL || m.buckets == NULL || m.spans == NULL || m.span_buckets == NULL) {
        return ERR_LIMIT;
    }
    *ret = m;
    return ERR_OK;
}

/* ---- writing the entries ---- */

static void write_input(struct json_writer *w, const struct store_input *input)
{
    json_begin_object(w);
    json_member_u64(w, SPAN("number"), input->id.number);
    json_member_i64(w, SPAN("device"), (int64_t)input->id.device);
    json_member_i64(w, SPAN("inode"), (int64_t)input->id.inode);
    if (input->id.made_us != TIME_US_NONE) {
        json_member_i64(w, SPAN("made_us"), input->id.made_us);
    }
    json_member_string(w, SPAN("path"), input->path);
    json_member_string(w, SPAN("format"), input->format);
    json_member_string(w, SPAN("sensor"), input->sensor);
    json_member_u64(w, SPAN("position"), input->position);
    json_member_u64(w, SPAN("lines"), input->lines);
    json_member_u64(w, SPAN("observations"), input->observations);
    json_member_u64(w, SPAN("size"), input->bytes_size);
    json_member_bool(w, SPAN("ended"), input->ended);
    mark_json_add(w, &input->mark, &input->line);
    store_stretches_write(w, input);
    json_key(w, SPAN("faults"));
    json_begin_object(w);
    for (size_t i = 0; i < input->fault_count; i++) {
        json_member_u64(w, input->faults[i].reason, input->faults[i].count);
    }
    json_end_object(w);
    json_end_object(w);
}

static bool has_new_sighting(const struct pending *pending)
{
    return pending->opened || pending->closing;
}

/* STIX 2.1, section 3.6: a new version's `modified` is later than that of every earlier one, also
 * where the clock went back. */
static void sightings_stamp(struct merge *m)
{
    for (size_t i = 0; i < m->count; i++) {
        struct pending *pending = &m->list[i];
        int64_t earliest_us = pending->sighting_modified_us == TIME_US_NONE
                                  ? pending->sighting_created_us
                                  : pending->sighting_modified_us + US_PER_MS;
        if (has_new_sighting(pending)) {
            pending->sighting_modified_us = m->now_us > earliest_us ? m->now_us : earliest_us;
        }
    }
}

/* The name from which a sighting's id is made holds the node's salt: an id must not let a partner
 * find the inside host by trying all addresses. */
static struct uuid sighting_uuid(const struct store *store, const struct fold *fold)
{
    struct buf name;
    struct json_writer w;
    buf_init(&name, 8 * FOLD_TEXT_SIZE_MAX);
    json_writer_init(&w, &name);
    json_begin_array(&w);
    json_add_string(&w, SPAN("sighting"));
    json_add_string(&w, span_make(store->world, store->world_size));
    json_add_string(&w, fold->indicator);
    json_add_string(&w, fold->inside);
    json_add_time(&w, fold->start_us);
    json_add_u64(&w, (uint64_t)(fold->length_us / FOLD_MINUTE_US));
    json_end_array(&w);
    buf_add(&name, span_make(store->salt, sizeof store->salt));
    const struct uuid uuid = uuid_v5(&STIX_MEMBER_NAMESPACE, buf_span(&name));
    buf_done(&name);
    return uuid;
}

/* STIX 2.1, section 5.3 (Sighting). STIX times have millisecond precision or better; a version's
 * `modified` is never before its `created`. */
static void write_sighting(struct json_writer *w, const struct merge *m,
                           const struct pending *pending)
{
    const struct fold *fold = &pending->fold;
    const struct uuid uuid = sighting_uuid(m->store, fold);
    struct buf id;
    buf_init(&id, STIX_ID_SIZE_MAX);
    stix_id_add(&id, SPAN("sighting"), &uuid);
    json_begin_object(w);
    json_member_string(w, SPAN("type"), SPAN("sighting"));
    json_member_string(w, SPAN("spec_version"), SPAN("2.1"));
    json_member_string(w, SPAN("id"), buf_span(&id));
    json_member_string(w, SPAN("created_by_ref"), store_identity(m->store));
    json_member_time(w, SPAN("created"), pending->sighting_created_us);
    json_member_time(w, SPAN("modified"), pending->sighting_modified_us);
    json_member_time(w, SPAN("first_seen"), fold->first_us);
    json_member_time(w, SPAN("last_seen"), fold->last_us);
    json_member_u64(w, SPAN("count"), fold->count > 999999999 ? 999999999 : fold->count);
    json_member_string(w, SPAN("sighting_of_ref"), fold->indicator);
    json_key(w, SPAN("where_sighted_refs"));
    json_begin_array(w);
    json_add_string(w, store_identity(m->store));
    json_end_array(w);
    if (fold->tlp < POLICY_TLP_UNKNOWN) {
        json_key(w, SPAN("object_marking_refs"));
        json_begin_array(w);
        json_add_string(w, span_of(policy_tlp_marking((enum policy_tlp)fold->tlp)));
        json_end_array(w);
    }
    json_end_object(w);
    buf_done(&id);
}

static void write_fold(struct json_writer *w, const struct pending *pending)
{
    json_begin_object(w);
    json_key(w, SPAN("fold"));
    fold_json_add(w, &pending->fold);
    json_member_bool(w, SPAN("open"), !pending->closing);
    json_member_u64(w, SPAN("count_before"), pending->count_before);
    json_member_u64(w, SPAN("rank_before"), pending->rank_before);
    json_member_time(w, SPAN("sighting_created"), pending->sighting_created_us);
    json_member_time(w, SPAN("sighting_modified"), pending->sighting_modified_us);
    json_end_object(w);
}

static void write_batch(struct json_writer *w, const struct merge *m,
                        const struct store_batch *batch)
{
    json_begin_object(w);
    if (batch->history > 0) {
        json_member_u64(w, SPAN("history"), batch->history);
    }
    json_key(w, SPAN("inputs"));
    json_begin_array(w);
    for (size_t i = 0; i < batch->input_count; i++) {
        write_input(w, &batch->inputs[i]);
    }
    json_end_array(w);
    json_key(w, SPAN("folds"));
    json_begin_array(w);
    for (size_t i = 0; i < m->count; i++) {
        write_fold(w, &m->list[i]);
    }
    json_end_array(w);
    json_key(w, SPAN("sightings"));
    json_begin_array(w);
    for (size_t i = 0; i < m->count; i++) {
        if (has_new_sighting(&m->list[i])) {
            write_sighting(w, m, &m->list[i]);
        }
    }
    json_end_array(w);
    json_end_object(w);
}

/* The lines that this batch added; `number` is a line's place among its fold's. */
static size_t write_evidence(struct json_writer *w, const struct merge *m)
{
    size_t lines = 0;
    json_begin_array(w);
    for (size_t i = 0; i < m->count; i++) {
        const struct pending *pending = &m->list[i];
        const struct fold *fold = &pending->fold;
        for (size_t at = pending->evidence_before; at < fold->evidence_count; at++) {
            json_begin_object(w);
            json_member_string(w, SPAN("indicator"), fold->indicator);
            json_member_time(w, SPAN("start"), fold->start_us);
            json_member_u64(w, SPAN("minutes"), (uint64_t)(fold->length_us / FOLD_MINUTE_US));
            json_member_string(w, SPAN("inside"), fold->inside);
            json_member_u64(w, SPAN("number"), at);
            json_member_string(w, SPAN("line"), fold->evidence[at]);
            json_end_object(w);
            lines++;
        }
    }
    json_end_array(w);
    return lines;
}

static enum err append_entries(struct merge *m, const struct store_batch *batch)
{
    struct buf payload;
    struct json_writer w;
    buf_init(&payload, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &payload);
    size_t lines = write_evidence(&w, m);
    enum err err = ERR_OK;
    if (lines > 0) {
        err =
            store_append(m->op, m->store, (struct journal_entry){ .kind = SPAN("watch.evidence") },
                         &payload, NULL);
    }
    if (err == ERR_OK) {
        buf_clear(&payload);
        json_writer_init(&w, &payload);
        write_batch(&w, m, batch);
        err = store_append(m->op, m->store, (struct journal_entry){ .kind = SPAN("watch.batch") },
                           &payload, NULL);
    }
    buf_done(&payload);
    return err;
}

/* The entries reach the journal together, and are applied. */
static enum err count_all(struct merge *m, const struct store_batch *batch)
{
    sightings_stamp(m);
    enum err err = append_entries(m, batch);
    if (err != ERR_OK) {
        journal_drop(m->store->journal);
        return err;
    }
    return store_commit(m->op, m->store);
}

/* An input that is counted for the first time gets the next number. */
static enum err number_inputs(struct op *op, struct store *store, const struct store_batch *batch)
{
    uint64_t last = 0;
    struct db_query q = db_query(op, &store->db, "SELECT coalesce(max(number), 0) FROM inputs");
    while (db_next(&q)) {
        last = (uint64_t)db_i64(&q);
    }
    TRY(db_end(&q));
    for (size_t i = 0; i < batch->input_count; i++) {
        uint64_t *number = &batch->inputs[i].id.number;
        last = *number > last ? *number : last;
    }
    for (size_t i = 0; i < batch->input_count; i++) {
        if (batch->inputs[i].id.number == 0) {
            last++;
            batch->inputs[i].id.number = last;
        }
    }
    return ERR_OK;
}

/* A fold that was silent, and is no more, is as new. */
static bool is_news(const struct pending *pending)
{
    return pending->opened || (pending->rank_before == 0 && fold_rank(&pending->fold) > 0);
}

enum err store_batch_add(struct op *op, struct store *store, const struct store_batch *batch,
                         void (*opened)(void *context, const struct fold *fold), void *context)
{
    struct merge m;
    if (batch->fold_count > BATCH_FOLD_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "a batch of the watch holds too many folds");
    }
    TRY(store_ready(op, store));
    if (batch->fold_count == 0 && batch->input_count == 0 && batch->history == 0) {
        return ERR_OK;
    }
    TRY(number_inputs(op, store, batch));
    TRY(merge_begin(op, store, batch->fold_count, &m));
    m.looked_back = batch->looked_back;
    for (size_t i = 0; i < batch->fold_count; i++) {
        TRY(merge_fold(&m, &batch->folds[i]));
    }
    if (m.count > 0 || batch->input_count > 0 || batch->history > 0) {
        TRY(count_all(&m, batch));
    }
    for (size_t i = 0; i < m.count; i++) {
        if (opened != NULL && is_news(&m.list[i])) {
            opened(context, &m.list[i].fold);
        }
    }
    return ERR_OK;
}

/* ---- closing ---- */

static enum err closing_load(struct merge *m, struct db_query *q)
{
    struct pending closing = { .closing = true };
    TRY(fold_parse(m->op, db_text(q), &closing.fold));
    closing.count_before = closing.fold.count;
    closing.rank_before = fold_rank(&closing.fold);
    closing.sighting_created_us = db_i64(q);
    closing.sighting_modified_us = db_i64(q);
    TRY(evidence_count(m->op, m->store, &closing.fold, &closing.evidence_before));
    closing.fold.evidence_count = closing.evidence_before;
    (void)pending_add(m, &closing);
    return ERR_OK;
}

enum err store_folds_close(struct op *op, struct store *store, int64_t ended_before_us,
                           int64_t quiet_before_us, size_t *ret_closed)
{
    struct merge m;
    const struct store_batch nothing = { .input_count = 0 };
    TRY(store_ready(op, store));
    TRY(merge_begin(op, store, STORE_CLOSE_COUNT_MAX, &m));
    struct db_query q = db_query(op, &store->db,
                                 "SELECT fold, sighting_created, sighting_modified FROM folds"
                                 " WHERE open AND start + length <= ? AND changed < ?"
                                 " ORDER BY start + length, id LIMIT ?");
    db_bind_i64(&q, ended_before_us);
    db_bind_i64(&q, quiet_before_us);
    db_bind_i64(&q, STORE_CLOSE_COUNT_MAX);
    enum err err = ERR_OK;
    while (err == ERR_OK && db_next(&q)) {
        err = closing_load(&m, &q);
    }
    enum err ended = db_end(&q);
    TRY(err);
    TRY(ended);
    if (m.count > 0) {
        TRY(count_all(&m, &nothing));
    }
    *ret_closed = m.count;
    return ERR_OK;
}
