// SPDX-License-Identifier: EUPL-1.2
/*
 * What the watch found, counted: input positions and folds in one journal entry, so that each line
 * counts once whatever happens in between.
 *
 * The batch is merged here, against what the database holds, and the journal gets the folds as they
 * then stand. Applying is plain replacement, today and in a rebuild years later.
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
    size_t evidence_before;       /* lines it had before this batch */
    uint32_t next;                /* in its bucket, plus 1 */
};

/* How many folds one indicator has in one hour. */
struct hour_count {
    struct span indicator;
    int64_t hour_us;
    uint64_t folds;
    uint32_t next; /* in its bucket, plus 1 */
};

struct merge {
    struct op *op;
    struct store *store;
    int64_t now_us;
    struct pending *list;
    size_t count;
    size_t room;
    uint32_t *buckets; /* first in each, plus 1 */
    size_t bucket_count;
    struct hour_count *hours; /* as many as `room` */
    size_t hours_count;
    uint32_t *hour_buckets; /* as `buckets` */
};

/* ---- the database's folds ---- */

static enum err fold_parse(struct op *op, struct span text, struct fold *ret)
{
    struct json_value root;
    TRY(json_parse(op, text, &root));
    enum err err = fold_json_read(root, ret);
    return err == ERR_OK ? ERR_OK : op_fail(op, ERR_CORRUPT, "the database holds a broken fold");
}

static enum err evidence_count(struct op *op, struct store *store, const struct fold *fold,
                               size_t *ret)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT coalesce(max(number) + 1, 0) FROM evidence"
                                 " WHERE indicator = ? AND hour = ? AND inside = ?");
    db_bind_text(&q, fold->indicator);
    db_bind_i64(&q, fold->hour_us);
    db_bind_text(&q, fold->inside);
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
                                 " WHERE indicator = ? AND hour = ? AND inside = ?");
    db_bind_text(&q, key->indicator);
    db_bind_i64(&q, key->hour_us);
    db_bind_text(&q, key->inside);
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
    TRY(evidence_count(m->op, m->store, &ret->fold, &ret->evidence_before));
    ret->fold.evidence_count = ret->evidence_before; /* their number is needed, the lines are not */
    return ERR_OK;
}

/* ---- merging ---- */

static size_t hour_bucket(const struct merge *m, const struct fold *key)
{
    uint64_t hash = hash_bytes(&m->store->secret, key->indicator);
    hash ^= (uint64_t)(key->hour_us / FOLD_HOUR_US) * 0x9E3779B97F4A7C15u;
    return (size_t)(hash >> 32) & (m->bucket_count - 1);
}

static size_t bucket_of(const struct merge *m, const struct fold *key)
{
    uint64_t hash = hash_bytes(&m->store->secret, key->inside);
    return (hour_bucket(m, key) ^ (size_t)(hash >> 32)) & (m->bucket_count - 1);
}

static enum err hour_count_load(struct merge *m, const struct fold *key, uint64_t *ret)
{
    struct db_query q = db_query(m->op, &m->store->db,
                                 "SELECT count(*) FROM folds WHERE indicator = ? AND hour = ?");
    db_bind_text(&q, key->indicator);
    db_bind_i64(&q, key->hour_us);
    while (db_next(&q)) {
        *ret = (uint64_t)db_i64(&q);
    }
    return db_end(&q);
}

/* How many folds an indicator has in an hour, those that this batch opened included. */
static enum err hour_count_find(struct merge *m, const struct fold *key, struct hour_count **ret)
{
    size_t bucket = hour_bucket(m, key);
    for (uint32_t at = m->hour_buckets[bucket]; at != 0; at = m->hours[at - 1].next) {
        struct hour_count *hour = &m->hours[at - 1];
        if (hour->hour_us == key->hour_us && span_equal(hour->indicator, key->indicator)) {
            *ret = hour;
            return ERR_OK;
        }
    }
    must(m->hours_count < m->room);
    struct hour_count *hour = &m->hours[m->hours_count];
    hour->indicator = key->indicator;
    hour->hour_us = key->hour_us;
    hour->next = m->hour_buckets[bucket];
    TRY(hour_count_load(m, key, &hour->folds));
    m->hours_count++;
    m->hour_buckets[bucket] = (uint32_t)m->hours_count;
    *ret = hour;
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

static enum err merge_into(struct merge *m, const struct fold *fold, bool *ret_done)
{
    struct pending *pending = pending_find(m, fold);
    if (pending == NULL) {
        struct pending loaded = { 0 };
        bool found = false;
        TRY(fold_load(m, fold, &loaded, &found));
        if (!found) {
            *ret_done = false;
            return ERR_OK;
        }
        pending = pending_add(m, &loaded);
    }
    fold_merge(&pending->fold, fold);
    *ret_done = true;
    return ERR_OK;
}

static void open_fold(struct merge *m, const struct fold *fold)
{
    const struct pending opened = {
        .fold = *fold,
        .opened = true,
        .sighting_created_us = m->now_us,
        .sighting_modified_us = TIME_US_NONE,
    };
    (void)pending_add(m, &opened);
}

static enum err merge_fold(struct merge *m, const struct fold *fold)
{
    bool done = false;
    struct hour_count *hour = NULL;
    TRY(merge_into(m, fold, &done));
    if (done) {
        return ERR_OK;
    }
    TRY(hour_count_find(m, fold, &hour));
    if (hour->folds < m->store->fold_hosts_max) {
        hour->folds++;
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

/* Open folds whose hour lies far enough back; those of this batch are found in the list. */
static enum err close_folds(struct merge *m, int64_t close_before_us)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->list[i].fold.hour_us + FOLD_HOUR_US <= close_before_us) {
            m->list[i].closing = true;
        }
    }
    struct db_query q = db_query(m->op, &m->store->db,
                                 "SELECT fold, sighting_created, sighting_modified FROM folds"
                                 " WHERE open AND hour <= ? ORDER BY indicator, hour, inside");
    db_bind_i64(&q, close_before_us < TIME_US_MIN + FOLD_HOUR_US ? TIME_US_MIN
                                                                 : close_before_us - FOLD_HOUR_US);
    enum err err = ERR_OK;
    while (err == ERR_OK && m->count < m->room && db_next(&q)) {
        struct pending closing = { .closing = true };
        err = fold_parse(m->op, db_text(&q), &closing.fold);
        closing.sighting_created_us = db_i64(&q);
        closing.sighting_modified_us = db_i64(&q);
        if (err == ERR_OK) {
            err = evidence_count(m->op, m->store, &closing.fold, &closing.evidence_before);
            closing.fold.evidence_count = closing.evidence_before;
        }
        if (err == ERR_OK && pending_find(m, &closing.fold) == NULL) {
            (void)pending_add(m, &closing);
        }
    }
    enum err ended = db_end(&q);
    return err != ERR_OK ? err : ended;
}

static enum err open_count(struct op *op, struct store *store, size_t *ret)
{
    struct db_query q = db_query(op, &store->db, "SELECT count(*) FROM folds WHERE open");
    while (db_next(&q)) {
        *ret = (size_t)db_i64(&q);
    }
    return db_end(&q);
}

static enum err merge_begin(struct op *op, struct store *store, const struct store_batch *batch,
                            struct merge *ret)
{
    size_t open = 0;
    TRY(open_count(op, store, &open));
    struct merge m = { .op = op, .store = store, .now_us = store->clock_us(store->clock_context) };
    m.room = batch->fold_count + open;
    m.bucket_count = 64;
    while (m.bucket_count < m.room) {
        m.bucket_count *= 2;
    }
    m.list = op_alloc(op, (m.room + 1) * sizeof *m.list);
    m.buckets = op_alloc(op, m.bucket_count * sizeof *m.buckets);
    m.hours = op_alloc(op, (m.room + 1) * sizeof *m.hours);
    m.hour_buckets = op_alloc(op, m.bucket_count * sizeof *m.hour_buckets);
    if (m.list == NULL || m.buckets == NULL || m.hours == NULL || m.hour_buckets == NULL) {
        return ERR_LIMIT;
    }
    *ret = m;
    return ERR_OK;
}

/* ---- writing the entries ---- */

static void write_input(struct json_writer *w, const struct store_input *input)
{
    struct buf digest;
    buf_init(&digest, 2 * sizeof input->id.digest);
    buf_add_hex(&digest, span_make(input->id.digest, sizeof input->id.digest));
    json_begin_object(w);
    json_member_i64(w, SPAN("device"), (int64_t)input->id.device);
    json_member_i64(w, SPAN("inode"), (int64_t)input->id.inode);
    json_member_u64(w, SPAN("digest_size"), input->id.digest_size);
    json_member_string(w, SPAN("digest"), buf_span(&digest));
    json_member_string(w, SPAN("path"), input->path);
    json_member_string(w, SPAN("format"), input->format);
    json_member_string(w, SPAN("sensor"), input->sensor);
    json_member_u64(w, SPAN("position"), input->position);
    json_member_u64(w, SPAN("lines"), input->lines);
    json_member_u64(w, SPAN("observations"), input->observations);
    json_member_u64(w, SPAN("size"), input->bytes_size);
    json_member_bool(w, SPAN("ended"), input->ended);
    json_key(w, SPAN("faults"));
    json_begin_object(w);
    for (size_t i = 0; i < input->fault_count; i++) {
        json_member_u64(w, input->faults[i].reason, input->faults[i].count);
    }
    json_end_object(w);
    json_end_object(w);
    buf_done(&digest);
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
    json_add_time(&w, fold->hour_us);
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
    json_member_time(w, SPAN("sighting_created"), pending->sighting_created_us);
    json_member_time(w, SPAN("sighting_modified"), pending->sighting_modified_us);
    json_end_object(w);
}

static void write_batch(struct json_writer *w, const struct merge *m,
                        const struct store_batch *batch)
{
    json_begin_object(w);
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
            json_member_time(w, SPAN("hour"), fold->hour_us);
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

static enum err merge_batch(struct merge *m, const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->fold_count; i++) {
        TRY(merge_fold(m, &batch->folds[i]));
    }
    TRY(close_folds(m, batch->close_before_us));
    sightings_stamp(m);
    return ERR_OK;
}

enum err store_batch_add(struct op *op, struct store *store, const struct store_batch *batch,
                         void (*opened)(void *context, const struct fold *fold), void *context)
{
    struct merge m;
    if (batch->fold_count > BATCH_FOLD_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "a batch of the watch holds too many folds");
    }
    TRY(store_ready(op, store));
    TRY(merge_begin(op, store, batch, &m));
    TRY(merge_batch(&m, batch));
    if (m.count == 0 && batch->input_count == 0) {
        return ERR_OK;
    }
    enum err err = append_entries(&m, batch);
    if (err != ERR_OK) {
        journal_drop(store->journal);
        return err;
    }
    TRY(store_commit(op, store));
    for (size_t i = 0; i < m.count; i++) {
        if (m.list[i].opened && opened != NULL) {
            opened(context, &m.list[i].fold);
        }
    }
    return ERR_OK;
}

/* ---- applying ---- */

static enum err input_row(struct op *op, struct store *store, const struct json_value input,
                          int64_t *ret_id)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    TRY(hex_parse(json_string(json_member(input, SPAN("digest"))), digest, sizeof digest));
    static const char *const numbers[] = { "position", "lines", "observations", "size" };
    struct db_query q = db_query(
        op, &store->db,
        "INSERT INTO inputs (device, inode, digest_size, digest, path, format, sensor, position,"
        " lines, observations, size, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (device, inode, digest_size, digest) DO UPDATE SET path = excluded.path,"
        " format = excluded.format, sensor = excluded.sensor, position = excluded.position,"
        " lines = excluded.lines, observations = excluded.observations, size = excluded.size,"
        " ended = excluded.ended RETURNING id");
    db_bind_i64(&q, json_integer(json_member(input, SPAN("device")), 0));
    db_bind_i64(&q, json_integer(json_member(input, SPAN("inode")), 0));
    db_bind_i64(&q, json_integer(json_member(input, SPAN("digest_size")), 0));
    db_bind_blob(&q, span_make(digest, sizeof digest));
    db_bind_text(&q, json_string(json_member(input, SPAN("path"))));
    db_bind_text(&q, json_string(json_member(input, SPAN("format"))));
    db_bind_text(&q, json_string(json_member(input, SPAN("sensor"))));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        db_bind_i64(&q, json_integer(json_member(input, span_of(numbers[i])), 0));
    }
    db_bind_i64(&q, json_true(json_member(input, SPAN("ended"))) ? 1 : 0);
    while (db_next(&q)) {
        *ret_id = db_i64(&q);
    }
    return db_end(&q);
}

static enum err apply_input(struct op *op, struct store *store, const struct json_value input)
{
    int64_t id = 0;
    TRY(input_row(op, store, input, &id));
    struct db_query old = db_query(op, &store->db, "DELETE FROM input_faults WHERE input = ?");
    db_bind_i64(&old, id);
    TRY(db_finish(&old));
    struct db_query none = db_query(op, &store->db, "DELETE FROM input_faults WHERE input = ?");
    db_bind_i64(&none, id);
    TRY(db_finish(&none));
    struct json_walk walk = json_walk_begin(json_member(input, SPAN("faults")));
    while (json_walk_next(&walk)) {
        struct db_query q =
            db_query(op, &store->db,
                     "INSERT OR REPLACE INTO input_faults (input, reason, count) VALUES (?, ?, ?)");
        db_bind_i64(&q, id);
        db_bind_text(&q, walk.key);
        db_bind_i64(&q, json_integer(walk.value, 0));
        TRY(db_finish(&q));
    }
    return ERR_OK;
}

static enum err apply_fold(struct op *op, struct store *store, struct json_value entry)
{
    struct fold fold;
    int64_t sighting_created_us = 0;
    int64_t sighting_modified_us = 0;
    TRY(fold_json_read(json_member(entry, SPAN("fold")), &fold));
    TRY(time_parse(json_string(json_member(entry, SPAN("sighting_created"))),
                   &sighting_created_us));
    TRY(time_parse(json_string(json_member(entry, SPAN("sighting_modified"))),
                   &sighting_modified_us));
    struct buf text;
    struct json_writer w;
    buf_init(&text, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &text);
    fold_json_add(&w, &fold);
    struct db_query q = db_query(
        op, &store->db,
        "INSERT INTO folds (indicator, inside, hour, value, kind, last, count, tlp, noisy, open,"
        " sighting_created, sighting_modified, fold)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (indicator, hour, inside) DO UPDATE SET last = excluded.last,"
        " count = excluded.count, open = excluded.open,"
        " sighting_modified = excluded.sighting_modified, fold = excluded.fold");
    db_bind_text(&q, fold.indicator);
    db_bind_text(&q, fold.inside);
    db_bind_i64(&q, fold.hour_us);
    db_bind_text(&q, fold.value);
    db_bind_i64(&q, fold.kind);
    db_bind_i64(&q, fold.last_us);
    db_bind_i64(&q, (int64_t)fold.count);
    db_bind_i64(&q, fold.tlp);
    db_bind_i64(&q, fold.noisy ? 1 : 0);
    db_bind_i64(&q, json_true(json_member(entry, SPAN("open"))) ? 1 : 0);
    db_bind_i64(&q, sighting_created_us);
    db_bind_i64(&q, sighting_modified_us);
    db_bind_text(&q, buf_span(&text));
    enum err err = text.err == ERR_OK ? db_finish(&q) : db_end(&q);
    err = text.err == ERR_OK ? err : op_fail(op, ERR_LIMIT, "a fold is too large");
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
    walk = json_walk_begin(json_member(root, SPAN("folds")));
    while (json_walk_next(&walk)) {
        TRY(apply_fold(op, store, walk.value));
    }
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
        int64_t hour_us = 0;
        TRY(time_parse(json_string(json_member(walk.value, SPAN("hour"))), &hour_us));
        struct db_query q = db_query(
            op, &store->db,
            "INSERT OR REPLACE INTO evidence (indicator, hour, inside, number, entry, part)"
            " VALUES (?, ?, ?, ?, ?, ?)");
        db_bind_text(&q, json_string(json_member(walk.value, SPAN("indicator"))));
        db_bind_i64(&q, hour_us);
        db_bind_text(&q, json_string(json_member(walk.value, SPAN("inside"))));
        db_bind_i64(&q, json_integer(json_member(walk.value, SPAN("number")), 0));
        db_bind_i64(&q, (int64_t)header->number);
        db_bind_i64(&q, part);
        TRY(db_finish(&q));
        part++;
    }
    return ERR_OK;
}
