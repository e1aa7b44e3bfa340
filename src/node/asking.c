// SPDX-License-Identifier: EUPL-1.2
#include "node/asking.h"

#include "base/text.h"
#include "format/json_writer.h"
#include "node/flow.h"
#include "node/persons.h"
#include "os/clock.h"

enum {
    CONTENT_SIZE_MAX = 40 * 1024 * 1024,
    TEXT_SIZE_MAX = JOURNAL_TEXT_SIZE_MAX,
    DENIED_MEMORY_MAX = 64 * 1024 * 1024,
};

/* ---- purpose and mandate ---- */

static enum err text_check(struct op *op, const char *what, struct span text)
{
    if (text.size > TEXT_SIZE_MAX || text_valid_size(text) != text.size) {
        return op_fail(op, ERR_FORMAT, "--%s: longer than %d bytes, or not UTF-8", what,
                       TEXT_SIZE_MAX);
    }
    return ERR_OK;
}

enum err asking_purpose(struct invocation *invocation)
{
    struct op *op = invocation->op;
    struct span purpose = span_trim(span_of(command_value(invocation, "purpose")));
    struct span mandate = span_trim(span_of(command_value(invocation, "mandate")));
    struct span configured = invocation->node->config->history.mandate;
    if (purpose.size == 0) {
        return op_fail(op, ERR_FORMAT,
                       "--purpose TEXT is needed: what this is asked for, such as \"case 17, "
                       "phishing of 20 November\"; it is kept in the journal");
    }
    if (mandate.size == 0 && configured.size == 0) {
        return op_fail(op, ERR_FORMAT,
                       "--mandate TEXT is needed: the law or order under which this is asked; "
                       "'mandate' in section [history] of linie.conf sets one for all");
    }
    TRY(text_check(op, "purpose", purpose));
    TRY(text_check(op, "mandate", mandate));
    op->actor.purpose = purpose;
    op->actor.mandate = mandate.size > 0 ? mandate : configured;
    return ERR_OK;
}

/* ---- the names of requests ---- */

const char *asking_id(uint64_t entry, char ret[ASKING_ID_SIZE])
{
    snprintf(ret, ASKING_ID_SIZE, "R-%llu", (unsigned long long)entry);
    return ret;
}

enum err asking_id_read(struct op *op, struct span text, uint64_t *ret)
{
    struct span number = span_starts_with_nocase(text, SPAN("R-")) ? span_from(text, 2) : text;
    if (span_to_u64(number, ret) != ERR_OK || *ret == 0) {
        return op_fail(op, ERR_FORMAT,
                       "%.*s: not the name of a request, such as R-1042: 'linie history requests' "
                       "lists them",
                       SPAN_FMT(text));
    }
    return ERR_OK;
}

/* ---- how a request stands ---- */

struct state_walk {
    struct op *op;
    struct asking_state state;
};

static enum err state_visit(void *context, const struct store_asked *asked)
{
    struct state_walk *walk = context;
    if (asked->act == STORE_ASKED_APPROVAL && walk->state.approval == 0) {
        walk->state.approval = asked->entry;
        walk->state.approved_us = asked->time_us;
        return op_copy(walk->op, asked->actor, &walk->state.approver);
    }
    if (asked->act == STORE_ASKED_HUNT || asked->act == STORE_ASKED_EXPORT) {
        walk->state.used = asked->entry;
    }
    return ERR_OK;
}

enum err asking_state(struct op *op, struct store *store, const struct policy_grant *grant,
                      uint64_t request, struct asking_state *ret)
{
    struct state_walk walk = { .op = op };
    const struct store_asked_filter filter = { .about = request,
                                               .by_about = true,
                                               .since_us = TIME_US_NONE };
    TRY(store_asked_walk(op, store, grant, &filter, state_visit, &walk));
    *ret = walk.state;
    return ERR_OK;
}

/* ---- an approved request ---- */

static enum err request_is_ours(struct op *op, const struct store_asked *request,
                                enum store_asked_act act)
{
    char id[ASKING_ID_SIZE];
    struct span asks = json_string(json_member(request->content, SPAN("act")));
    asking_id(request->entry, id);
    if (request->act != STORE_ASKED_REQUEST) {
        return op_fail(op, ERR_ABSENT, "there is no request %s", id);
    }
    if (!span_equal(request->actor, op->actor.name)) {
        return op_fail(op, ERR_DENIED, "%s is a request of %.*s: only who asked is answered", id,
                       SPAN_FMT(request->actor));
    }
    return span_equal(asks, span_of(store_asked_name(act)))
               ? ERR_OK
               : op_fail(op, ERR_DENIED,
                         "%s asks for something else: 'linie history requests' tells", id);
}

static enum err request_is_approved(struct op *op, struct store *store,
                                    const struct policy_grant *grant, uint64_t request)
{
    char id[ASKING_ID_SIZE];
    struct asking_state state;
    asking_id(request, id);
    TRY(asking_state(op, store, grant, request, &state));
    if (state.used != 0) {
        return op_fail(op, ERR_DENIED,
                       "%s was answered already, and is answered once: ask anew without --request",
                       id);
    }
    if (state.approval == 0) {
        return op_fail(op, ERR_DENIED,
                       "%s is not approved yet: another user does it with 'linie history approve "
                       "%s'",
                       id, id);
    }
    int64_t age_us = os_clock_us() - state.approved_us;
    return age_us <= (int64_t)ASKING_APPROVAL_HOURS * 3600 * US_PER_S
               ? ERR_OK
               : op_fail(op, ERR_DENIED,
                         "%s was approved more than %d hours ago: ask anew without --request", id,
                         ASKING_APPROVAL_HOURS);
}

static uint32_t second_of(struct json_value content, struct span key, uint32_t otherwise)
{
    int64_t time_us = 0;
    if (time_parse(json_string(json_member(content, key)), &time_us) != ERR_OK) {
        return otherwise;
    }
    return (uint32_t)(time_us / US_PER_S);
}

/* What was approved is what is asked, whatever stands on the command line: where something does, it
 * has to be the same. */
static enum err request_take(struct asking *asking, const char *text, bool again)
{
    struct invocation *invocation = asking->invocation;
    struct op *op = invocation->op;
    struct store *store = invocation->node->store;
    struct store_asked request;
    struct questions typed = asking->questions;
    TRY(asking_id_read(op, span_of(text), &asking->request));
    TRY(store_asked_read(op, store, asking->grant, asking->request, &request));
    TRY(request_is_ours(op, &request, asking->act));
    if (!again) {
        TRY(request_is_approved(op, store, asking->grant, asking->request));
    }
    TRY(op_copy(op, request.purpose, &op->actor.purpose));
    TRY(op_copy(op, request.mandate, &op->actor.mandate));
    asking->all = json_true(json_member(request.content, SPAN("all")));
    asking->since_s = second_of(request.content, SPAN("since"), 0);
    asking->until_s = second_of(request.content, SPAN("until"), UINT32_MAX);
    asking->sensor = json_string(json_member(request.content, SPAN("sensor")));
    bool lines = json_true(json_member(request.content, SPAN("show")));
    enum err err = questions_read(&asking->questions, op, request.content);
    bool same = invocation->argument_count == 0 || questions_equal(&typed, &asking->questions);
    questions_done(&typed);
    TRY(err);
    if (!asking->show && lines) { /* else the approval would be used up without them */
        return op_fail(op, ERR_DENIED, "%s asks for lines: name --show as well", text);
    }
    if (asking->show && !lines) {
        return op_fail(op, ERR_DENIED, "%s does not ask for lines: ask anew with --show", text);
    }
    return same ? ERR_OK
                : op_fail(op, ERR_DENIED,
                          "%s asks for other values: leave them out, the request has them", text);
}

/* ---- what is asked ---- */

static enum err second_read(struct invocation *invocation, const char *name, uint32_t otherwise,
                            uint32_t *ret)
{
    int64_t time_us = TIME_US_NONE;
    TRY(command_time(invocation, name, &time_us));
    if (time_us == TIME_US_NONE) {
        *ret = otherwise;
        return ERR_OK;
    }
    int64_t second = time_us / US_PER_S;
    if (time_us < 0 || second > UINT32_MAX) {
        return op_fail(invocation->op, ERR_FORMAT, "--%s %s: history reaches from 1970 to 2106",
                       name, command_value(invocation, name));
    }
    *ret = (uint32_t)second;
    return ERR_OK;
}

static enum err limits_read(struct asking *asking)
{
    struct invocation *invocation = asking->invocation;
    TRY(second_read(invocation, "since", 0, &asking->since_s));
    TRY(second_read(invocation, "until", UINT32_MAX, &asking->until_s));
    asking->sensor = span_of(command_value(invocation, "sensor"));
    return asking->since_s <= asking->until_s
               ? ERR_OK
               : op_fail(invocation->op, ERR_FORMAT, "--since is later than --until");
}

/* Whether something of it is of persons, so that a second one has to look at it. A line of a log
 * tells more than was asked for. */
static bool needs_second(const struct asking *asking)
{
    const struct config_history *config = &asking->invocation->node->config->history;
    const struct hunt_questions all = questions_of(&asking->questions);
    bool needs = (asking->all || asking->show) && config->second_person != 0;
    for (size_t i = 0; i < all.count; i++) {
        needs = needs || persons_asks(config, &all.at[i]);
    }
    return needs;
}

static void write_second(struct json_writer *w, struct span key, uint32_t second)
{
    if (second != 0 && second != UINT32_MAX) {
        json_member_time(w, key, (int64_t)second * US_PER_S);
    }
}

static void write_content(struct json_writer *w, const struct asking *asking)
{
    json_begin_object(w);
    if (asking->waits) {
        json_member_string(w, SPAN("act"), span_of(store_asked_name(asking->act)));
    }
    if (asking->request != 0) {
        json_member_u64(w, SPAN("about"), asking->request);
    }
    if (asking->all) {
        json_member_bool(w, SPAN("all"), true);
    } else {
        questions_write(w, &asking->questions);
    }
    write_second(w, SPAN("since"), asking->since_s);
    write_second(w, SPAN("until"), asking->until_s);
    if (asking->sensor.size > 0) {
        json_member_string(w, SPAN("sensor"), asking->sensor);
    }
    if (asking->show) {
        json_member_bool(w, SPAN("show"), true);
    }
    json_end_object(w);
}

static enum err keep(struct asking *asking)
{
    struct op *op = asking->invocation->op;
    struct buf content;
    struct json_writer w;
    buf_init(&content, CONTENT_SIZE_MAX);
    json_writer_init(&w, &content);
    write_content(&w, asking);
    enum err err =
        content.err == ERR_OK
            ? store_asked_add(op, asking->invocation->node->store,
                              asking->waits ? STORE_ASKED_REQUEST : asking->act, &content,
                              &asking->entry)
            : op_fail(op, ERR_LIMIT, "too many values to be written down: ask for some at a time");
    buf_done(&content);
    op_fault_prefix(op, "nothing is answered that cannot be written into the journal: ");
    return err;
}

static enum err values_read(struct asking *asking)
{
    struct invocation *invocation = asking->invocation;
    if (invocation->argument_count == 0 && asking->act == STORE_ASKED_HUNT) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "name values, files, or ids of indicators or hits, or '-' for standard "
                       "input");
    }
    asking->all = invocation->argument_count == 0;
    return ERR_OK;
}

static enum err take(struct asking *asking, bool again)
{
    struct invocation *invocation = asking->invocation;
    const char *request = command_value(invocation, "request");
    TRY(policy_grant_owner(invocation->op, &asking->grant));
    if (request == NULL) {
        TRY(values_read(asking));
        TRY(asking_purpose(invocation));
    }
    TRY(limits_read(asking));
    asking->show = asking->act == STORE_ASKED_HUNT && command_value(invocation, "show") != NULL;
    TRY(questions_gather(&asking->questions, invocation->op, invocation));
    return request == NULL ? ERR_OK : request_take(asking, request, again);
}

void asking_keep_denied(struct op *op, struct store *store, enum err err, enum store_asked_act act,
                        uint64_t request)
{
    struct op own;
    struct buf content;
    struct json_writer w;
    uint64_t entry = 0;
    if (err != ERR_DENIED) {
        return;
    }
    buf_init(&content, CONTENT_SIZE_MAX);
    json_writer_init(&w, &content);
    json_begin_object(&w);
    json_member_string(&w, SPAN("act"), span_of(store_asked_name(act)));
    if (request != 0) {
        json_member_u64(&w, SPAN("about"), request);
    }
    json_member_string(&w, SPAN("why"), span_of(op->fault.text));
    json_end_object(&w);
    op_begin(&own, &op->actor, DENIED_MEMORY_MAX);
    enum err kept = store_asked_add(&own, store, STORE_ASKED_DENIED, &content, &entry);
    (void)kept; /* the act fails anyway */
    op_end(&own);
    buf_done(&content);
}

enum err asking_begin(struct asking *asking)
{
    const struct invocation *invocation = asking->invocation;
    enum err err = take(asking, false);
    asking_keep_denied(invocation->op, invocation->node->store, err, asking->act, asking->request);
    TRY(err);
    asking->waits = asking->request == 0 && needs_second(asking);
    return keep(asking);
}

enum err asking_again(struct asking *asking)
{
    return take(asking, true);
}

void asking_done(struct asking *asking)
{
    questions_done(&asking->questions);
}

void asking_tell_waits(const struct asking *asking)
{
    enum { INDENT = 2 };
    char id[ASKING_ID_SIZE];
    struct invocation on_err = *asking->invocation;
    struct flow flow;
    on_err.out = asking->invocation->err;
    on_err.width = asking->invocation->err_width;
    asking_id(asking->entry, id);
    flow_begin(&flow, &on_err, INDENT);
    flow_words(&flow,
               "linie %s: this is of persons, and needs a second one: it was written down as "
               "request %s and is not answered yet. Another user approves it with 'linie history "
               "approve %s'; within %d hours of that 'linie %s --request %s%s' is answered, once.",
               on_err.command->name, id, id, ASKING_APPROVAL_HOURS, on_err.command->name, id,
               asking->show ? " --show" : "");
    flow_end(&flow);
}
