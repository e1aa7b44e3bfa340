// SPDX-License-Identifier: EUPL-1.2
#include "store/hit_work.h"

#include "base/must.h"
#include "base/text.h"
#include "store/internal.h"

enum { HISTORY_COUNT_MAX = 1000 };

/* ---- states and the moves between them ---- */

#define GO(state) (1u << HIT_##state)

/* From which states an act may be done, and where it leads; HIT_STATE_COUNT: nowhere. */
static const struct {
    const char *name;
    unsigned from;
    enum hit_state to;
} acts[HIT_ACT_COUNT] = {
    [HIT_ACT_NONE] = { "none", 0, HIT_STATE_COUNT },
    [HIT_ACT_ACKNOWLEDGE] = { "ack", GO(NEW) | GO(REOPENED), HIT_ACKNOWLEDGED },
    [HIT_ACT_FALSE] = { "false", GO(NEW) | GO(ACKNOWLEDGED) | GO(REOPENED), HIT_FALSE },
    [HIT_ACT_REOPEN] = { "reopen", GO(ACKNOWLEDGED) | GO(FALSE), HIT_REOPENED },
    [HIT_ACT_ASSIGN] = { "assign", GO(NEW) | GO(ACKNOWLEDGED) | GO(FALSE) | GO(REOPENED),
                         HIT_STATE_COUNT },
    [HIT_ACT_NOTE] = { "note", GO(NEW) | GO(ACKNOWLEDGED) | GO(FALSE) | GO(REOPENED),
                       HIT_STATE_COUNT },
};

static const char *const states[HIT_STATE_COUNT] = {
    [HIT_NEW] = "new",
    [HIT_ACKNOWLEDGED] = "acknowledged",
    [HIT_FALSE] = "false",
    [HIT_REOPENED] = "reopened",
};

const char *hit_state_name(enum hit_state state)
{
    must(state < HIT_STATE_COUNT);
    return states[state];
}

const char *hit_act_name(enum hit_act act)
{
    must(act < HIT_ACT_COUNT);
    return acts[act].name;
}

enum err hit_state_from_name(struct span word, enum hit_state *ret)
{
    for (int i = 0; i < HIT_STATE_COUNT; i++) {
        if (span_equal(word, span_of(states[i]))) {
            *ret = (enum hit_state)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

static enum err act_from_name(struct span word, enum hit_act *ret)
{
    for (int i = 1; i < HIT_ACT_COUNT; i++) {
        if (span_equal(word, span_of(acts[i].name))) {
            *ret = (enum hit_act)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

bool hit_state_after(enum hit_state state, enum hit_act act, enum hit_state *ret)
{
    must(state < HIT_STATE_COUNT);
    must(act < HIT_ACT_COUNT);
    if ((acts[act].from & 1u << state) == 0) {
        return false;
    }
    *ret = acts[act].to == HIT_STATE_COUNT ? state : acts[act].to;
    return true;
}

bool hit_state_is_open(enum hit_state state)
{
    return state == HIT_NEW || state == HIT_REOPENED;
}

/* ---- writing ---- */

static enum err text_check(struct op *op, struct span text)
{
    if (text.size > STORE_REASON_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "what is written of a hit has at most %d bytes",
                       STORE_REASON_SIZE_MAX);
    }
    return text_valid_size(text) == text.size
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "what is written of a hit is to be UTF-8");
}

static void bind_key(struct db_query *q, const struct fold *fold)
{
    db_bind_text(q, fold->indicator);
    db_bind_i64(q, fold->start_us);
    db_bind_i64(q, fold->length_us);
    db_bind_text(q, fold->inside);
}

/* As it stands now, not as the caller once read it. */
static enum err move_check(struct op *op, struct store *store, enum hit_act act,
                           const struct fold *fold)
{
    char id[HIT_ID_SIZE];
    enum hit_state state = HIT_STATE_COUNT;
    enum hit_state after;
    hit_id_of(fold, id);
    struct db_query q = db_query(op, &store->db,
                                 "SELECT state FROM folds WHERE indicator = ? AND start = ?"
                                 " AND length = ? AND inside = ?");
    bind_key(&q, fold);
    while (db_next(&q)) {
        state = (enum hit_state)db_i64(&q);
    }
    TRY(db_end(&q));
    if (state >= HIT_STATE_COUNT) {
        return op_fail(op, ERR_ABSENT, "there is no hit %s", id);
    }
    return hit_state_after(state, act, &after)
               ? ERR_OK
               : op_fail(op, ERR_CONFLICT, "%s is %s", id, hit_state_name(state));
}

static void write_text(struct json_writer *w, struct span key, struct span text)
{
    if (text.size > 0) {
        json_member_string(w, key, text);
    }
}

static void write_change(struct json_writer *w, const struct store_hit_change *change,
                         const struct store_hit *hits, size_t count)
{
    json_begin_object(w);
    json_member_string(w, SPAN("act"), span_of(hit_act_name(change->act)));
    write_text(w, SPAN("text"), change->text);
    if (change->act == HIT_ACT_ASSIGN) {
        json_member_string(w, SPAN("assignee"), change->assignee);
    }
    write_text(w, SPAN("list"), change->list);
    json_key(w, SPAN("hits"));
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        const struct fold *fold = &hits[i].fold;
        json_begin_object(w);
        json_member_string(w, SPAN("indicator"), fold->indicator);
        json_member_time(w, SPAN("start"), fold->start_us);
        json_member_u64(w, SPAN("minutes"), (uint64_t)(fold->length_us / FOLD_MINUTE_US));
        json_member_string(w, SPAN("inside"), fold->inside);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

enum err store_hits_change(struct op *op, struct store *store,
                           const struct store_hit_change *change, const struct store_hit *hits,
                           size_t count)
{
    struct buf payload;
    struct json_writer w;
    must(change->act != HIT_ACT_NONE);
    if (count > HIT_CHANGE_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "more than %d hits at once", HIT_CHANGE_COUNT_MAX);
    }
    TRY(text_check(op, change->text));
    TRY(text_check(op, change->assignee));
    TRY(store_ready(op, store));
    for (size_t i = 0; i < count; i++) {
        TRY(move_check(op, store, change->act, &hits[i].fold));
    }
    buf_init(&payload, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &payload);
    write_change(&w, change, hits, count);
    enum err err = store_append(op, store, (struct journal_entry){ .kind = SPAN("hit.change") },
                                &payload, NULL);
    buf_done(&payload);
    TRY(err);
    return store_commit(op, store);
}

/* ---- applying ---- */

static struct span text_read(struct json_value root, struct span key)
{
    struct span text = json_string(json_member(root, key));
    return text.data == NULL ? SPAN("") : text;
}

/* An act of a newer version that is not known here changes no state; the history has it. */
static void change_read(struct json_value root, struct store_hit_change *ret)
{
    *ret = (struct store_hit_change){
        .text = text_read(root, SPAN("text")),
        .assignee = text_read(root, SPAN("assignee")),
        .list = text_read(root, SPAN("list")),
    };
    (void)!act_from_name(text_read(root, SPAN("act")), &ret->act);
}

static enum err key_read(struct json_value value, struct fold *ret)
{
    ret->indicator = text_read(value, SPAN("indicator"));
    ret->inside = text_read(value, SPAN("inside"));
    ret->length_us = json_integer(json_member(value, SPAN("minutes")), 0) * FOLD_MINUTE_US;
    return time_parse(json_string(json_member(value, SPAN("start"))), &ret->start_us);
}

static enum err note_history(struct op *op, struct store *store, uint64_t entry,
                             const struct fold *fold)
{
    struct db_query q = db_query(op, &store->db,
                                 "INSERT OR IGNORE INTO hit_changes (indicator, start, length,"
                                 " inside, entry) VALUES (?, ?, ?, ?, ?)");
    bind_key(&q, fold);
    db_bind_i64(&q, (int64_t)entry);
    return db_finish(&q);
}

static enum err set_state(struct op *op, struct store *store, const struct journal_header *header,
                          enum hit_state state, const struct fold *fold)
{
    struct db_query q =
        db_query(op, &store->db,
                 "UPDATE folds SET state = ?, state_time = ?, state_actor = ?"
                 " WHERE indicator = ? AND start = ? AND length = ? AND inside = ?");
    db_bind_i64(&q, state);
    db_bind_i64(&q, header->time_us);
    db_bind_text(&q, header->actor);
    bind_key(&q, fold);
    return db_finish(&q);
}

static enum err set_assignee(struct op *op, struct store *store, struct span assignee,
                             const struct fold *fold)
{
    struct db_query q =
        db_query(op, &store->db,
                 "UPDATE folds SET assignee = ?"
                 " WHERE indicator = ? AND start = ? AND length = ? AND inside = ?");
    db_bind_text(&q, assignee);
    bind_key(&q, fold);
    return db_finish(&q);
}

enum err store_apply_hit_change(struct op *op, struct store *store,
                                const struct journal_header *header, struct span payload)
{
    struct json_value root;
    struct store_hit_change change;
    TRY(json_parse(op, payload, &root));
    change_read(root, &change);
    enum hit_state to = acts[change.act].to;
    struct json_walk walk = json_walk_begin(json_member(root, SPAN("hits")));
    while (json_walk_next(&walk)) {
        struct fold fold = { 0 };
        TRY(key_read(walk.value, &fold));
        TRY(note_history(op, store, header->number, &fold));
        if (to != HIT_STATE_COUNT) {
            TRY(set_state(op, store, header, to, &fold));
        }
        if (change.act == HIT_ACT_ASSIGN) {
            TRY(set_assignee(op, store, change.assignee, &fold));
        }
    }
    return ERR_OK;
}

/* ---- history ---- */

static enum err event_read(struct op *op, struct store *store, uint64_t entry,
                           struct store_hit_event *ret)
{
    struct journal_header header;
    struct span payload;
    struct json_value root;
    TRY(journal_read(op, store->journal, entry, &header, &payload));
    TRY(json_parse(op, payload, &root));
    *ret = (struct store_hit_event){ .entry = entry,
                                     .time_us = header.time_us,
                                     .actor = header.actor };
    change_read(root, &ret->change);
    return ERR_OK;
}

enum err store_hit_history(struct op *op, struct store *store, const struct policy_grant *grant,
                           const struct fold *fold,
                           enum err (*visit)(void *context, const struct store_hit_event *event),
                           void *context)
{
    uint64_t *entries = op_alloc(op, HISTORY_COUNT_MAX * sizeof *entries);
    size_t count = 0;
    if (entries == NULL) {
        return ERR_LIMIT;
    }
    if (!policy_may_read(grant, (enum policy_tlp)fold->tlp)) {
        return op_fail(op, ERR_DENIED, "the hit may not be read under this grant");
    }
    struct db_query q = db_query(op, &store->db,
                                 "SELECT entry FROM (SELECT entry FROM hit_changes"
                                 "  WHERE indicator = ? AND start = ? AND length = ?"
                                 "  AND inside = ? ORDER BY entry DESC LIMIT ?) ORDER BY entry");
    bind_key(&q, fold);
    db_bind_i64(&q, HISTORY_COUNT_MAX);
    while (count < HISTORY_COUNT_MAX && db_next(&q)) {
        entries[count] = (uint64_t)db_i64(&q);
        count++;
    }
    TRY(db_end(&q));
    for (size_t i = 0; i < count; i++) {
        struct store_hit_event event;
        TRY(event_read(op, store, entries[i], &event));
        TRY(visit(context, &event));
    }
    return ERR_OK;
}
