// SPDX-License-Identifier: EUPL-1.2
#include "node/show_object.h"

#include "node/flow.h"
#include "node/node.h"

enum { VERSION_MEMORY_MAX = 256 * 1024 * 1024, LINE_SIZE_MAX = 256 * 1024 };

/* A walk over versions. */
struct showing {
    struct invocation *invocation;
    const struct policy_grant *grant;
    bool whole;        /* with their bytes, and all of them: else those that are not watched */
    struct op version; /* memory of the present one */
    uint64_t *found;
};

static enum err revocation_find(struct showing *showing, const struct store_object *object,
                                struct store_revocation *ret, bool *ret_found)
{
    if (!object->latest) {
        *ret_found = false;
        return ERR_OK;
    }
    enum err err = store_object_revocation(&showing->version, showing->invocation->node->store,
                                           showing->grant, object, ret);
    *ret_found = err == ERR_OK;
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* ---- for people ---- */

static struct span source_of(struct span source)
{
    return source.size > 0 ? source : SPAN("(own)");
}

/* Why a version is not watched, or in part: what its pattern asks for, and what values it names. */
static void reason_words(struct flow *flow, const struct store_object *object)
{
    flow_text(flow, object->unwatched);
    if (object->unfit != VALUE_FIT) {
        flow_after(flow, object->unwatched.size > 0 ? ";" : "");
        flow_words(flow, "a value is %s: %s", value_verdict_name(object->unfit),
                   value_verdict_why(object->unfit));
    }
}

static void state_words(struct flow *flow, const struct store_object *object)
{
    bool whole = object->unwatched.size == 0 && object->unfit == VALUE_FIT;
    char time[TIME_TEXT_SIZE];
    switch (object->state) {
    case STORE_STATE_WATCHED:
        flow_words(flow, whole ? "watched" : "watched in part, without:");
        reason_words(flow, object);
        break;
    case STORE_STATE_EXPIRED:
        flow_words(flow, "expired: watched for events before %s",
                   print_second(object->valid_until_us, time, sizeof time));
        break;
    case STORE_STATE_SUPERSEDED:
        flow_words(flow, "not watched: superseded by a later version from the same source");
        break;
    case STORE_STATE_REMOVED:
        flow_words(flow, "not watched: removed on this node; to put it back, add it again");
        break;
    case STORE_STATE_UNWATCHABLE:
        flow_words(flow, "not watched: unwatchable:");
        reason_words(flow, object);
        break;
    default:
        flow_words(flow, "not watched: %s", store_state_name(object->state));
        break;
    }
}

static void revocation_words(struct flow *flow, const struct store_revocation *revocation)
{
    char time[TIME_TEXT_SIZE];
    struct span by = revocation->created_by.size > 0 ? revocation->created_by : SPAN("its source");
    flow_words(flow,
               revocation->counts ? "revoked since %s" : "in conflict: called revoked since %s",
               print_second(revocation->since_us, time, sizeof time));
    flow_value(flow, "by", by, ",");
    flow_value(flow, "in what came from", source_of(revocation->source), "");
    flow_words(flow, "(journal entry %llu)%s", (unsigned long long)revocation->entry,
               revocation->counts ? "" : ", who is not its creator: this does not count");
}

static void version_text(const struct invocation *invocation, const struct store_object *object,
                         const struct store_revocation *revocation)
{
    char time[TIME_TEXT_SIZE];
    struct flow flow;
    flow_begin(&flow, invocation, 2);
    flow_value(&flow, "", object->id, "");
    flow_value(&flow, "from", source_of(object->source), ",");
    flow_words(&flow, "TLP:%s, modified %s, journal entry %llu", policy_tlp_name(object->tlp),
               print_second(object->modified_us, time, sizeof time),
               (unsigned long long)object->entry);
    flow_break(&flow);
    state_words(&flow, object);
    if (revocation != NULL) {
        flow_break(&flow);
        revocation_words(&flow, revocation);
    }
    if (object->differs) {
        flow_break(&flow);
        flow_words(&flow,
                   "in conflict: another version has the same time, and says something else");
    }
    flow_end(&flow);
}

/* ---- for programs ---- */

static void revocation_json(struct json_writer *w, const struct store_revocation *revocation)
{
    json_key(w, SPAN("revocation"));
    json_begin_object(w);
    json_member_bool(w, SPAN("counts"), revocation->counts);
    json_member_time(w, SPAN("since"), revocation->since_us);
    json_member_string(w, SPAN("created_by"), revocation->created_by);
    json_member_string(w, SPAN("source"), revocation->source);
    json_member_u64(w, SPAN("entry"), revocation->entry);
    json_end_object(w);
}

/* Line ends stand between tokens only: the object says the same on one line. */
static struct span one_line(struct op *op, struct span bytes)
{
    uint8_t *line = op_alloc(op, bytes.size);
    for (size_t i = 0; line != NULL && i < bytes.size; i++) {
        bool line_end = bytes.data[i] == '\n' || bytes.data[i] == '\r';
        line[i] = line_end ? ' ' : bytes.data[i];
    }
    return span_make(line, line == NULL ? 0 : bytes.size);
}

static void version_json(struct showing *showing, const struct store_object *object,
                         const struct store_revocation *revocation, struct span bytes)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX + bytes.size);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("indicator"), object->id);
    json_member_string(&w, SPAN("source"), object->source);
    json_member_string(&w, SPAN("tlp"), span_of(policy_tlp_name(object->tlp)));
    json_member_time(&w, SPAN("modified"), object->modified_us);
    json_member_u64(&w, SPAN("entry"), object->entry);
    json_member_string(&w, SPAN("state"), span_of(store_state_name(object->state)));
    json_member_string(&w, SPAN("reason"), object->unwatched);
    if (object->unfit != VALUE_FIT) {
        json_member_string(&w, SPAN("unfit"), span_of(value_verdict_name(object->unfit)));
    }
    json_member_bool(&w, SPAN("differs"), object->differs);
    if (revocation != NULL) {
        revocation_json(&w, revocation);
    }
    if (bytes.size > 0) {
        json_key(&w, SPAN("object"));
        json_add_raw(&w, one_line(&showing->version, bytes));
    }
    json_end_object(&w);
    print_json(showing->invocation, &line);
    buf_done(&line);
}

/* ---- both ---- */

static enum err version_show(struct showing *showing, const struct store_object *object)
{
    struct invocation *invocation = showing->invocation;
    struct span bytes = { NULL, 0 };
    struct store_revocation revocation;
    bool revoked = false;
    TRY(revocation_find(showing, object, &revocation, &revoked));
    if (showing->whole) {
        TRY(store_object_read(&showing->version, invocation->node->store, showing->grant, object,
                              &bytes));
    }
    if (invocation->json) {
        version_json(showing, object, revoked ? &revocation : NULL, bytes);
        return ERR_OK;
    }
    version_text(invocation, object, revoked ? &revocation : NULL);
    if (showing->whole) {
        fwrite(bytes.data, 1, bytes.size, invocation->out);
        fputc('\n', invocation->out);
    }
    return ERR_OK;
}

static enum err version_visit(void *context, const struct store_object *object)
{
    struct showing *showing = context;
    bool in_use = object->state == STORE_STATE_WATCHED || object->state == STORE_STATE_EXPIRED;
    if (in_use && !showing->whole) {
        return ERR_OK;
    }
    (*showing->found)++;
    op_begin(&showing->version, &showing->invocation->op->actor, VERSION_MEMORY_MAX);
    enum err err = version_show(showing, object);
    if (err != ERR_OK) {
        (void)op_fail(showing->invocation->op, err, "%s", showing->version.fault.text);
    }
    op_end(&showing->version);
    return err;
}

static enum err versions_walk(struct showing *showing, const struct store_object_filter *filter)
{
    struct op *op = showing->invocation->op;
    TRY(policy_grant_owner(op, &showing->grant));
    return store_objects_walk(op, showing->invocation->node->store, showing->grant, filter,
                              version_visit, showing);
}

enum err show_object_versions(struct invocation *invocation, struct span id, uint64_t *found)
{
    const struct store_object_filter filter = { .id = id };
    struct showing showing = { .invocation = invocation, .whole = true, .found = found };
    return versions_walk(&showing, &filter);
}

enum err show_object_unwatched(struct invocation *invocation, const struct value *value,
                               uint64_t *found)
{
    const struct store_object_filter filter = { .value = value };
    struct showing showing = { .invocation = invocation, .found = found };
    return versions_walk(&showing, &filter);
}
