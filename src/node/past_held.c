// SPDX-License-Identifier: EUPL-1.2
#include "node/past_held.h"

#include "format/json_writer.h"
#include "node/past.h"

enum {
    VALUES_MAX = 100 * 1000, /* of one request */
    CONTENT_SIZE_MAX = 40 * 1024 * 1024,
};

static enum err request_keep(struct op *op, struct store *store, const struct questions *some,
                             uint64_t *ret_entry)
{
    struct buf content;
    struct json_writer w;
    buf_init(&content, CONTENT_SIZE_MAX);
    json_writer_init(&w, &content);
    json_begin_object(&w);
    json_member_string(&w, SPAN("act"), PAST_HELD_ACT);
    questions_write(&w, some);
    json_end_object(&w);
    enum err err =
        content.err == ERR_OK
            ? store_asked_add(op, store, STORE_ASKED_REQUEST, &content, ret_entry)
            : op_fail(op, ERR_LIMIT, "too many values of persons to be written into the journal");
    buf_done(&content);
    return err;
}

enum err past_held_keep(struct op *op, struct store *store, const struct questions *held,
                        uint64_t *ret_first, uint64_t *ret_count)
{
    const size_t size_max = (size_t)VALUES_MAX * sizeof(struct hunt_question);
    uint64_t count = 0;
    for (size_t at = 0; at < held->list.size; at += size_max) {
        size_t left = held->list.size - at;
        struct questions some = *held; /* borrowed: never given back */
        uint64_t entry = 0;
        some.list.data = held->list.data + at;
        some.list.size = left < size_max ? left : size_max;
        TRY(request_keep(op, store, &some, &entry));
        *ret_first = count == 0 ? entry : *ret_first;
        count++;
    }
    *ret_count = count;
    return ERR_OK;
}

bool past_held_is(const struct store_asked *request)
{
    return request->act == STORE_ASKED_REQUEST &&
           span_equal(json_string(json_member(request->content, SPAN("act"))), PAST_HELD_ACT);
}

/* ---- who brought what ---- */

struct brought {
    struct op *op;
    struct span actor;
    struct questions named; /* by the request that is to be approved */
    bool own;
};

static enum err compare(struct brought *brought, const struct questions *theirs)
{
    const struct hunt_questions all = questions_of(theirs);
    for (size_t i = 0; i < all.count && !brought->own; i++) {
        TRY(questions_have(&brought->named, &all.at[i], &brought->own));
    }
    return ERR_OK;
}

static enum err brought_visit(void *context, const struct store_asked *asked)
{
    struct brought *brought = context;
    struct questions theirs;
    if (brought->own || !past_held_is(asked) || !span_equal(asked->actor, brought->actor)) {
        return ERR_OK;
    }
    enum err err = questions_read(&theirs, brought->op, asked->content);
    err = err == ERR_OK ? compare(brought, &theirs) : err;
    questions_done(&theirs);
    return err;
}

enum err past_held_brought(struct op *op, struct store *store, const struct policy_grant *grant,
                           const struct store_asked *request, struct span actor, bool *ret)
{
    struct brought brought = { .op = op, .actor = actor };
    const struct store_asked_filter filter = { .acts = 1u << STORE_ASKED_REQUEST,
                                               .since_us = TIME_US_NONE };
    enum err err = questions_read(&brought.named, op, request->content);
    if (err == ERR_OK) {
        err = store_asked_walk(op, store, grant, &filter, brought_visit, &brought);
    }
    questions_done(&brought.named);
    TRY(err);
    *ret = brought.own;
    return ERR_OK;
}

/* ---- once it is approved ---- */

static enum err done_keep(struct op *op, struct store *store, uint64_t request, uint64_t folds)
{
    struct buf content;
    struct json_writer w;
    uint64_t entry = 0;
    buf_init(&content, CONTENT_SIZE_MAX);
    json_writer_init(&w, &content);
    json_begin_object(&w);
    json_member_string(&w, SPAN("act"), PAST_HELD_ACT);
    json_member_u64(&w, SPAN("about"), request);
    json_member_u64(&w, SPAN("hits"), folds);
    json_end_object(&w);
    enum err err = store_asked_add(op, store, STORE_ASKED_HUNT, &content, &entry);
    buf_done(&content);
    return err;
}

static enum err look(struct op *op, struct node *node, struct questions *approved,
                     struct past_look *ret)
{
    bool opened = node->history == NULL;
    if (opened) {
        TRY(past_open(op, node, true));
    }
    enum err err = past_look_approved(op, node, approved, ret);
    if (opened) {
        past_close(node);
    }
    return err;
}

enum err past_held_release(struct op *op, struct node *node, const struct store_asked *request,
                           struct past_look *ret)
{
    struct questions approved;
    struct past_look looked = { .asked = 0 };
    enum err err = questions_read(&approved, op, request->content);
    if (err == ERR_OK) {
        err = look(op, node, &approved, &looked);
    }
    questions_done(&approved);
    TRY(err);
    TRY(done_keep(op, node->store, request->entry, looked.folds));
    *ret = looked;
    return ERR_OK;
}
