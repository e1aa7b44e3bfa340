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

/* Ends the query too. */
static enum err visit_entries(struct op *op, struct store *store, struct db_query *q,
                              enum err (*visit)(void *context, const struct store_asked *asked),
                              void *context)
{
    enum err err = ERR_OK;
    while (err == ERR_OK && db_next(q)) {
        uint64_t entry = (uint64_t)db_i64(q);
        err = visit_entry(op, store, entry, visit, context);
    }
    enum err ended = db_end(q);
    return err == ERR_OK ? ended : err;
}

/* Two statements: one that left open whether there is an `about` could not use its index, and would
 * read the whole table for each request in a list of them. */
static struct db_query query_of(struct op *op, struct store *store,
                                const struct store_asked_filter *filter)
{
    struct db_query q =
        filter->by_about
            ? db_query(
                  op, &store->db,
                  "SELECT entry FROM asked INDEXED BY asked_about WHERE (?1 = 0 OR"
                  " (1 << act) & ?1) AND time >= ?2 AND about > 0 AND about = ?3 ORDER BY entry")
            : db_query(op, &store->db,
                       "SELECT entry FROM asked WHERE (?1 = 0 OR (1 << act) & ?1) AND time >= ?2"
                       " ORDER BY entry");
    db_bind_i64(&q, filter->acts);
    db_bind_i64(&q, filter->since_us == TIME_US_NONE ? INT64_MIN : filter->since_us);
    if (filter->by_about) {
        db_bind_i64(&q, (int64_t)filter->about);
    }
    return q;
}

enum err store_asked_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                          const struct store_asked_filter *filter,
                          enum err (*visit)(void *context, const struct store_asked *asked),
                          void *context)
{
    TRY(grant_check(op, grant));
    struct db_query q = query_of(op, store, filter);
    return visit_entries(op, store, &q, visit, context);
}

/* ---- rules by which was forgotten ---- */

/* The number of the act stands in the statements, so that the index asked_rules serves them. */
_Static_assert(STORE_ASKED_FORGET == 4, "as the schema and the statements below have it");

enum err store_asked_forgot(struct op *op, struct store *store, const struct policy_grant *grant,
                            bool *ret)
{
    bool forgot = false;
    TRY(grant_check(op, grant));
    struct db_query q = db_query(
        op, &store->db,
        "SELECT entry FROM asked INDEXED BY asked_rules WHERE act = 4 AND about = 0 LIMIT 1");
    while (db_next(&q)) {
        forgot = true;
    }
    TRY(db_end(&q));
    *ret = forgot;
    return ERR_OK;
}

enum err store_asked_unfinished(struct op *op, struct store *store,
                                const struct policy_grant *grant,
                                enum err (*visit)(void *context, const struct store_asked *asked),
                                void *context)
{
    TRY(grant_check(op, grant));
    struct db_query q = db_query(
        op, &store->db,
        "SELECT entry FROM asked AS rule INDEXED BY asked_rules WHERE act = 4 AND about = 0 AND NOT"
        " EXISTS (SELECT 1 FROM asked INDEXED BY asked_about WHERE about > 0 AND about = rule.entry"
        " AND act = 4) ORDER BY entry");
    return visit_entries(op, store, &q, visit, context);
}
