// SPDX-License-Identifier: EUPL-1.2
#include "store/asked.h"

#include <stdio.h>

#include "base/must.h"
#include "store/internal.h"

enum { ASKED_MEMORY_MAX = 256 * 1024 * 1024 };

/* What follows "history." in the kind of an entry. */
static const char *const names[STORE_ASKED_COUNT] = {
    [STORE_ASKED_HUNT] = "hunt",         [STORE_ASKED_REQUEST] = "request",
    [STORE_ASKED_APPROVAL] = "approval", [STORE_ASKED_EXPORT] = "export",
    [STORE_ASKED_FORGET] = "forget",     [STORE_ASKED_HOST] = "host",
    [STORE_ASKED_DENIED] = "denied",     [STORE_ASKED_LOSS] = "loss",
};

#define KIND_BEGINNING SPAN("history.")

const char *store_asked_name(enum store_asked_act act)
{
    must(act < STORE_ASKED_COUNT);
    return names[act];
}

static enum err act_of(struct span kind, enum store_asked_act *ret)
{
    for (int i = 0; i < STORE_ASKED_COUNT; i++) {
        if (span_starts_with(kind, KIND_BEGINNING) &&
            span_equal(span_from(kind, KIND_BEGINNING.size), span_of(names[i]))) {
            *ret = (enum store_asked_act)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

/* ---- writing ---- */

enum err store_asked_add(struct op *op, struct store *store, enum store_asked_act act,
                         const struct buf *content, uint64_t *ret_entry)
{
    char kind[sizeof "history.approval"];
    must(act < STORE_ASKED_COUNT);
    snprintf(kind, sizeof kind, "history.%s", names[act]);
    TRY(store_ready(op, store));
    TRY(store_append(op, store, (struct journal_entry){ .kind = span_of(kind) }, content,
                     ret_entry));
    return store_commit(op, store);
}

/* ---- applying ---- */

static uint64_t about_of(struct json_value content)
{
    int64_t about = json_integer(json_member(content, SPAN("about")), 0);
    return about > 0 ? (uint64_t)about : 0;
}

enum err store_apply_asked(struct op *op, struct store *store, const struct journal_header *header,
                           struct span payload)
{
    struct json_value root;
    enum store_asked_act act = STORE_ASKED_HUNT;
    TRY(json_parse(op, payload, &root));
    if (act_of(header->kind, &act) != ERR_OK) {
        return op_fail(op, ERR_UNSUPPORTED, "an entry of kind %.*s cannot be read",
                       SPAN_FMT(header->kind));
    }
    struct db_query q =
        db_query(op, &store->db, "INSERT INTO asked (entry, act, time, about) VALUES (?, ?, ?, ?)");
    db_bind_i64(&q, (int64_t)header->number);
    db_bind_i64(&q, act);
    db_bind_i64(&q, header->time_us);
    db_bind_i64(&q, (int64_t)about_of(root));
    return db_finish(&q);
}

/* ---- reading ---- */

/* It concerns the owner's people alone: who may read what is for nobody else may read this. */
static enum err grant_check(struct op *op, const struct policy_grant *grant)
{
    return policy_may_read(grant, POLICY_TLP_RED)
               ? ERR_OK
               : op_fail(op, ERR_DENIED, "who asked what is for the owner alone");
}

static enum err entry_read(struct op *op, struct store *store, uint64_t entry,
                           struct store_asked *ret)
{
    struct journal_header header;
    struct span payload;
    struct store_asked asked = { .entry = entry };
    TRY(journal_read(op, store->journal, entry, &header, &payload));
    if (act_of(header.kind, &asked.act) != ERR_OK) {
        return op_fail(op, ERR_ABSENT, "entry %llu of the journal is of kind %.*s",
                       (unsigned long long)entry, SPAN_FMT(header.kind));
    }
    TRY(json_parse(op, payload, &asked.content));
    asked.time_us = header.time_us;
    asked.actor = header.actor;
    asked.mandate = header.mandate;
    asked.purpose = header.purpose;
    asked.about = about_of(asked.content);
    *ret = asked;
    return ERR_OK;
}

enum err store_asked_read(struct op *op, struct store *store, const struct policy_grant *grant,
                          uint64_t entry, struct store_asked *ret)
{
    TRY(grant_check(op, grant));
    return entry_read(op, store, entry, ret);
}

/* Each in memory of its own. */
static enum err visit_entry(struct op *op, struct store *store, uint64_t entry,
                            enum err (*visit)(void *context, const struct store_asked *asked),
                            void *context)
{
    struct op own;
    struct store_asked asked;
    op_begin(&own, &op->actor, ASKED_MEMORY_MAX);
    enum err err = entry_read(&own, store, entry, &asked);
    if (err != ERR_OK) {
        err = op_fail(op, err, "%s", own.fault.text);
    } else {
        err = visit(context, &asked);
    }
    op_end(&own);
    return err;
}

enum err store_asked_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                          const struct store_asked_filter *filter,
                          enum err (*visit)(void *context, const struct store_asked *asked),
                          void *context)
{
    enum err err = ERR_OK;
    TRY(grant_check(op, grant));
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT entry FROM asked WHERE (?1 = 0 OR (1 << act) & ?1) AND (NOT ?2 OR about ="
                 " ?3) AND time >= ?4 ORDER BY entry");
    db_bind_i64(&q, filter->acts);
    db_bind_i64(&q, filter->by_about ? 1 : 0);
    db_bind_i64(&q, (int64_t)filter->about);
    db_bind_i64(&q, filter->since_us == TIME_US_NONE ? INT64_MIN : filter->since_us);
    while (err == ERR_OK && db_next(&q)) {
        uint64_t entry = (uint64_t)db_i64(&q);
        err = visit_entry(op, store, entry, visit, context);
    }
    enum err ended = db_end(&q);
    return err == ERR_OK ? ended : err;
}
