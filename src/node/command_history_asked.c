// SPDX-License-Identifier: EUPL-1.2
/*
 * linie history asked, requests, approve, host: who asked what, and what a second person has to
 * see.
 */
#include <unistd.h>

#include "base/text.h"
#include "history/rules.h"
#include "node/asking.h"
#include "node/flow.h"
#include "node/past_held.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/person.h"

enum { LINE_SIZE_MAX = 64 * 1024 * 1024, VALUES_SHOWN_MAX = 8, INDENT = 6 };

/* ---- showing ---- */

static const char *act_words(enum store_asked_act act)
{
    static const char *const words[STORE_ASKED_COUNT] = {
        [STORE_ASKED_HUNT] = "asked for",
        [STORE_ASKED_REQUEST] = "wants to ask for",
        [STORE_ASKED_APPROVAL] = "approved",
        [STORE_ASKED_EXPORT] = "exported",
        [STORE_ASKED_FORGET] = "forgot",
        [STORE_ASKED_HOST] = "asked for the address behind",
        [STORE_ASKED_LOSS] = "acknowledged that the history lost",
        [STORE_ASKED_DENIED] = "was refused",
    };
    return words[act];
}

static void add_values(struct flow *flow, struct json_value content)
{
    struct json_walk walk = json_walk_begin(json_member(content, SPAN("values")));
    uint64_t count = 0;
    char more[32];
    if (json_true(json_member(content, SPAN("all")))) {
        flow_words(flow, "everything");
    }
    while (json_walk_next(&walk)) {
        count++;
        if (count > VALUES_SHOWN_MAX) {
            continue;
        }
        flow_after(flow, count > 1 ? "," : "");
        flow_value(flow, "", json_string(json_member(walk.value, SPAN("value"))), "");
    }
    if (count > VALUES_SHOWN_MAX) {
        flow_words(flow, "and %s more", print_count(count - VALUES_SHOWN_MAX, more, sizeof more));
    }
}

static void add_member(struct flow *flow, const char *before, struct json_value content,
                       struct span key)
{
    struct span text = json_string(json_member(content, key));
    if (text.size > 0) {
        flow_value(flow, before, text, "");
    }
}

/* A rule names kinds, hosts and times; of the value itself nothing is known any more. */
static void add_rule(struct flow *flow, const struct store_asked *asked)
{
    struct json_value value = json_member(asked->content, SPAN("value"));
    int64_t postings = json_integer(json_member(asked->content, SPAN("postings")), 0);
    int64_t count = json_integer(json_member(asked->content, SPAN("sightings")), postings);
    char text[64];
    if (asked->about != 0) {
        flow_words(flow, "%s by the rule of entry %llu",
                   print_counted(count < 0 ? 0 : (uint64_t)count, "sighting", "sightings", text,
                                 sizeof text),
                   (unsigned long long)asked->about);
        return;
    }
    add_member(flow, "a value of kind", value, SPAN("kind"));
    add_member(flow, "kind", asked->content, SPAN("kind"));
    if (json_type(json_member(asked->content, SPAN("host"))) == JSON_OBJECT) {
        flow_words(flow, "one inside host");
    }
}

static void add_losses(struct flow *flow, struct json_value content)
{
    struct json_walk walk = json_walk_begin(json_member(content, SPAN("losses")));
    bool any = false;
    while (json_walk_next(&walk)) {
        flow_after(flow, any ? "," : "");
        flow_value(flow, "", json_string(json_member(walk.value, SPAN("loss"))), "");
        any = true;
    }
}

/* What waits for looking back was brought by somebody, and looked for by who approved it. */
static const char *words_of(const struct store_asked *asked)
{
    bool back = span_equal(json_string(json_member(asked->content, SPAN("act"))), PAST_HELD_ACT);
    if (!back) {
        return act_words(asked->act);
    }
    return asked->act == STORE_ASKED_REQUEST ? "wants to look back for" : "looked back";
}

static void add_what(struct flow *flow, const struct store_asked *asked)
{
    char id[ASKING_ID_SIZE];
    flow_words(flow, "%s", words_of(asked));
    if (asked->act == STORE_ASKED_FORGET) {
        add_rule(flow, asked);
    } else if (asked->act == STORE_ASKED_LOSS) {
        add_losses(flow, asked->content);
    } else if (asked->act == STORE_ASKED_HOST) {
        flow_value(flow, "", json_string(json_member(asked->content, SPAN("pseudonym"))), "");
    } else if (asked->act == STORE_ASKED_DENIED) {
        add_member(flow, "", asked->content, SPAN("act"));
    } else {
        add_values(flow, asked->content);
    }
    add_member(flow, "since", asked->content, SPAN("since"));
    add_member(flow, "until", asked->content, SPAN("until"));
    add_member(flow, "by sensor", asked->content, SPAN("sensor"));
    if (json_true(json_member(asked->content, SPAN("show")))) {
        flow_words(flow, "with lines of logs");
    }
    if (asked->act == STORE_ASKED_REQUEST) {
        flow_words(flow, "(%s)", asking_id(asked->entry, id));
    } else if (asked->about != 0 && asked->act != STORE_ASKED_FORGET) {
        bool by = asked->act == STORE_ASKED_HUNT || asked->act == STORE_ASKED_EXPORT;
        flow_words(flow, "%s%s", by ? "by request " : "", asking_id(asked->about, id));
    }
}

static void add_why(struct flow *flow, const struct store_asked *asked)
{
    struct span reason = json_string(json_member(asked->content, SPAN("reason")));
    struct span why = json_string(json_member(asked->content, SPAN("why")));
    if (why.size > 0) {
        flow_after(flow, ":");
        flow_text(flow, why);
    }
    if (asked->purpose.size > 0) {
        flow_after(flow, ";");
        flow_words(flow, "purpose:");
        flow_text(flow, asked->purpose);
    }
    if (asked->mandate.size > 0) {
        flow_after(flow, ";");
        flow_words(flow, "mandate:");
        flow_text(flow, asked->mandate);
    }
    if (reason.size > 0) {
        flow_after(flow, ";");
        flow_words(flow, "reason:");
        flow_text(flow, reason);
    }
}

static void show_asked(const struct invocation *invocation, const struct store_asked *asked,
                       const char *state)
{
    char time[TIME_TEXT_SIZE];
    struct flow flow;
    flow_begin(&flow, invocation, INDENT);
    flow_words(&flow, "%llu", (unsigned long long)asked->entry);
    flow_words(&flow, "%s", print_second(asked->time_us, time, sizeof time));
    flow_value(&flow, "", asked->actor, "");
    add_what(&flow, asked);
    add_why(&flow, asked);
    if (state[0] != '\0') {
        flow_after(&flow, ";");
        flow_words(&flow, "%s", state);
    }
    flow_end(&flow);
}

/* ---- as JSON: what the journal has ---- */

static void add_value_json(struct json_writer *w, struct json_value value);

static void add_object_json(struct json_writer *w, struct json_value value)
{
    struct json_walk walk = json_walk_begin(value);
    json_begin_object(w);
    while (json_walk_next(&walk)) {
        json_key(w, walk.key);
        add_value_json(w, walk.value);
    }
    json_end_object(w);
}

static void add_array_json(struct json_writer *w, struct json_value value)
{
    struct json_walk walk = json_walk_begin(value);
    json_begin_array(w);
    while (json_walk_next(&walk)) {
        add_value_json(w, walk.value);
    }
    json_end_array(w);
}

/* Our own entries: three levels deep at most. */
// NOLINTNEXTLINE(misc-no-recursion)
static void add_value_json(struct json_writer *w, struct json_value value)
{
    switch (json_type(value)) {
    case JSON_OBJECT:
        add_object_json(w, value);
        break;
    case JSON_ARRAY:
        add_array_json(w, value);
        break;
    case JSON_STRING:
        json_add_string(w, json_string(value));
        break;
    case JSON_BOOL:
        json_add_bool(w, json_true(value));
        break;
    default:
        json_add_i64(w, json_integer(value, 0));
        break;
    }
}

static void asked_json(struct invocation *invocation, const struct store_asked *asked,
                       const char *state)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("entry"), asked->entry);
    json_member_time(&w, SPAN("time"), asked->time_us);
    json_member_string(&w, SPAN("act"), span_of(store_asked_name(asked->act)));
    json_member_string(&w, SPAN("actor"), asked->actor);
    json_member_string(&w, SPAN("purpose"), asked->purpose);
    json_member_string(&w, SPAN("mandate"), asked->mandate);
    if (state[0] != '\0') {
        json_member_string(&w, SPAN("state"), span_of(state));
    }
    json_key(&w, SPAN("content"));
    add_value_json(&w, asked->content);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

/* ---- asked ---- */

struct listing {
    struct invocation *invocation;
    const struct policy_grant *grant;
    bool all; /* requests: those that were dealt with too */
    uint64_t count;
};

static enum err show(struct listing *listing, const struct store_asked *asked, const char *state)
{
    listing->count++;
    if (listing->invocation->json) {
        asked_json(listing->invocation, asked, state);
    } else {
        show_asked(listing->invocation, asked, state);
    }
    return ERR_OK;
}

static enum err done_visit(void *context, const struct store_asked *asked)
{
    bool *done = context;
    (void)asked;
    *done = true;
    return ERR_OK;
}

/* A rule that was cut short is told so. */
static enum err asked_visit(void *context, const struct store_asked *asked)
{
    struct listing *listing = context;
    struct invocation *invocation = listing->invocation;
    const struct store_asked_filter filter = { .acts = 1u << STORE_ASKED_FORGET,
                                               .about = asked->entry,
                                               .by_about = true,
                                               .since_us = TIME_US_NONE };
    bool done = asked->act != STORE_ASKED_FORGET || asked->about != 0;
    if (!done) {
        TRY(store_asked_walk(invocation->op, invocation->node->store, listing->grant, &filter,
                             done_visit, &done));
    }
    return show(listing, asked, done ? "" : "unfinished");
}

static enum err list_asked(struct listing *listing)
{
    struct invocation *invocation = listing->invocation;
    struct store_asked_filter filter = { .acts = 0 };
    TRY(command_time(invocation, "since", &filter.since_us));
    TRY(policy_grant_owner(invocation->op, &listing->grant));
    return store_asked_walk(invocation->op, invocation->node->store, listing->grant, &filter,
                            asked_visit, listing);
}

int command_history_asked(struct invocation *invocation)
{
    struct listing listing = { .invocation = invocation };
    if (list_asked(&listing) != ERR_OK) {
        return command_fail(invocation);
    }
    if (listing.count == 0 && !invocation->json) {
        fputs("nobody has asked anything\n", invocation->out);
    }
    return EXIT_DONE;
}

/* ---- requests ---- */

static const char *state_word(const struct asking_state *state)
{
    if (state->used != 0) {
        return "answered";
    }
    if (state->approval == 0) {
        return "waits";
    }
    int64_t age_us = os_clock_us() - state->approved_us;
    return age_us > (int64_t)ASKING_APPROVAL_HOURS * 3600 * US_PER_S ? "lapsed" : "approved";
}

static enum err request_visit(void *context, const struct store_asked *asked)
{
    struct listing *listing = context;
    struct invocation *invocation = listing->invocation;
    struct asking_state state;
    TRY(asking_state(invocation->op, invocation->node->store, listing->grant, asked->entry,
                     &state));
    const char *word = state_word(&state);
    bool open = strcmp(word, "waits") == 0 || strcmp(word, "approved") == 0;
    return open || listing->all ? show(listing, asked, word) : ERR_OK;
}

static enum err list_requests(struct listing *listing)
{
    struct invocation *invocation = listing->invocation;
    const struct store_asked_filter filter = {
        .acts = 1u << STORE_ASKED_REQUEST,
        .since_us = TIME_US_NONE,
    };
    listing->all = command_value(invocation, "all") != NULL;
    TRY(policy_grant_owner(invocation->op, &listing->grant));
    return store_asked_walk(invocation->op, invocation->node->store, listing->grant, &filter,
                            request_visit, listing);
}

int command_history_requests(struct invocation *invocation)
{
    struct listing listing = { .invocation = invocation };
    if (list_requests(&listing) != ERR_OK) {
        return command_fail(invocation);
    }
    if (listing.count == 0 && !invocation->json) {
        fputs("no request waits\n", invocation->out);
    }
    return EXIT_DONE;
}

/* ---- approve ---- */

static bool is_overseer(const struct config_history *config, struct span name)
{
    struct span rest = config->overseers;
    struct span word;
    while (span_next(&rest, ' ', &word)) {
        if (span_equal(span_trim(word), name)) {
            return true;
        }
    }
    return false;
}

static bool is_unproven(struct span name)
{
    return span_ends_with(name, SPAN(OS_PERSON_UNPROVEN));
}

static enum err may_approve(struct invocation *invocation, const struct store_asked *request,
                            const struct asking_state *state)
{
    struct op *op = invocation->op;
    char id[ASKING_ID_SIZE];
    asking_id(request->entry, id);
    if (request->act != STORE_ASKED_REQUEST) {
        return op_fail(op, ERR_ABSENT, "there is no request %s", id);
    }
    if (is_unproven(request->actor) || is_unproven(op->actor.name)) {
        return op_fail(op, ERR_DENIED,
                       "who asks or who approves %s is in a user namespace, and may be anybody",
                       id);
    }
    if (span_equal(request->actor, op->actor.name)) {
        return op_fail(op, ERR_DENIED, "%s is your own request: another user has to approve it",
                       id);
    }
    if (is_overseer(&invocation->node->config->history, op->actor.name)) {
        return op_fail(op, ERR_DENIED, "an overseer (linie.conf, [history]) approves nothing");
    }
    bool cut_short = past_held_is(request) && state->used == 0;
    if (state->approval != 0 && !cut_short) {
        return op_fail(op, ERR_CONFLICT, "%s was approved already, by %.*s", id,
                       SPAN_FMT(state->approver));
    }
    return ERR_OK;
}

static enum err may_release(struct invocation *invocation, const struct policy_grant *grant,
                            const struct store_asked *request)
{
    struct op *op = invocation->op;
    bool own = false;
    if (past_held_is(request)) {
        TRY(past_held_brought(op, invocation->node->store, grant, request, op->actor.name, &own));
    }
    return own ? op_fail(op, ERR_DENIED,
                         "you brought one of these indicators yourself: another user has to "
                         "approve it")
               : ERR_OK;
}

static enum err approval_keep(struct op *op, struct store *store, uint64_t request)
{
    struct buf content;
    struct json_writer w;
    buf_init(&content, LINE_SIZE_MAX);
    json_writer_init(&w, &content);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("about"), request);
    json_end_object(&w);
    enum err err = store_asked_add(op, store, STORE_ASKED_APPROVAL, &content, NULL);
    buf_done(&content);
    return err;
}

struct approving {
    uint64_t request;
    bool released; /* it was for looking back, and that was done */
    struct past_look look;
};

static enum err approve(struct invocation *invocation, struct approving *approving)
{
    struct op *op = invocation->op;
    struct store *store = invocation->node->store;
    const struct policy_grant *grant = NULL;
    struct store_asked request;
    struct asking_state state;
    if (invocation->argument_count != 1) {
        return op_fail(op, ERR_FORMAT,
                       "name one request, such as R-1042: 'linie history requests' lists them");
    }
    TRY(asking_id_read(op, span_of(invocation->arguments[0]), &approving->request));
    TRY(policy_grant_owner(op, &grant));
    TRY(store_asked_read(op, store, grant, approving->request, &request));
    TRY(asking_state(op, store, grant, approving->request, &state));
    TRY(may_approve(invocation, &request, &state));
    TRY(may_release(invocation, grant, &request));
    if (state.approval == 0) {
        TRY(approval_keep(op, store, approving->request));
    }
    approving->released = past_held_is(&request);
    return approving->released ? past_held_release(op, invocation->node, &request, &approving->look)
                               : ERR_OK;
}

static void tell_approved(const struct invocation *invocation, const struct approving *approving)
{
    char id[ASKING_ID_SIZE];
    char found[64];
    asking_id(approving->request, id);
    if (invocation->json && approving->released) {
        fprintf(invocation->out, "{\"approved\":\"%s\",\"hits\":%llu}\n", id,
                (unsigned long long)approving->look.folds);
    } else if (invocation->json) {
        fprintf(invocation->out, "{\"approved\":\"%s\"}\n", id);
    } else if (approving->released) {
        fprintf(invocation->out, "%s is approved, and looked back for: %s%s\n", id,
                print_counted(approving->look.folds, "hit", "hits", found, sizeof found),
                approving->look.folds > 0 ? " (linie hits)" : "");
    } else {
        fprintf(invocation->out, "%s is approved: who asked is answered once, within %d hours\n",
                id, ASKING_APPROVAL_HOURS);
    }
}

int command_history_approve(struct invocation *invocation)
{
    struct approving approving = { .request = 0 };
    char text[FAULT_TEXT_SIZE];
    enum err err = approve(invocation, &approving);
    asking_keep_denied(invocation->op, invocation->node->store, err, STORE_ASKED_APPROVAL,
                       approving.request);
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    tell_approved(invocation, &approving);
    if (approving.released && past_look_room_text(&approving.look, text, sizeof text)) {
        fprintf(invocation->err, "%s\n", text);
    }
    if (approving.released && past_look_text(&approving.look, text, sizeof text)) {
        fprintf(invocation->err, "linie history approve: %s\n", text);
        return EXIT_REFUSALS;
    }
    return EXIT_DONE;
}

/* ---- host ---- */

static enum err key_read(struct invocation *invocation, uint8_t *ret)
{
    struct op *op = invocation->op;
    const char *path = command_value(invocation, "key");
    struct span map;
    int fd = -1;
    if (path == NULL) {
        return op_fail(op, ERR_FORMAT,
                       "--key FILE is needed: the key under which inside hosts are pseudonyms");
    }
    TRY(descriptor_open(op, invocation->folder, span_of(path), &fd));
    enum err err = descriptor_map(op, fd, &map);
    close(fd);
    TRY(err);
    err = hex_parse(span_trim(map), ret, HISTORY_SECRET_SIZE);
    descriptor_unmap(map);
    return err == ERR_OK
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "%s is not a key of %d bytes, in hexadecimal digits", path,
                         HISTORY_SECRET_SIZE);
}

/* It is in the journal before anybody sees the address. */
static enum err host_keep(struct invocation *invocation)
{
    struct buf content;
    struct json_writer w;
    buf_init(&content, LINE_SIZE_MAX);
    json_writer_init(&w, &content);
    json_begin_object(&w);
    json_member_string(&w, SPAN("pseudonym"), span_of(invocation->arguments[0]));
    json_end_object(&w);
    enum err err =
        store_asked_add(invocation->op, invocation->node->store, STORE_ASKED_HOST, &content, NULL);
    buf_done(&content);
    return err;
}

static enum err host(struct invocation *invocation, struct buf *address)
{
    struct op *op = invocation->op;
    uint8_t secret[HISTORY_SECRET_SIZE];
    if (invocation->argument_count != 1 ||
        !span_starts_with(span_of(invocation->arguments[0]), SPAN("host-"))) {
        return op_fail(op, ERR_FORMAT, "name one pseudonym (host-...), as 'linie hunt' shows it");
    }
    TRY(asking_purpose(invocation));
    TRY(key_read(invocation, secret));
    TRY(host_keep(invocation));
    enum err err = history_host_reveal(secret, span_of(invocation->arguments[0]), address);
    return err == ERR_OK
               ? ERR_OK
               : op_fail(op, err, "%s was not made under that key", invocation->arguments[0]);
}

int command_history_host(struct invocation *invocation)
{
    struct buf address;
    buf_init(&address, VALUE_TEXT_SIZE_MAX);
    enum err err = host(invocation, &address);
    if (err == ERR_OK && invocation->json) {
        fprintf(invocation->out, "{\"host\":\"%.*s\"}\n", SPAN_FMT(buf_span(&address)));
    } else if (err == ERR_OK) {
        fprintf(invocation->out, "%.*s\n", SPAN_FMT(buf_span(&address)));
    }
    buf_done(&address);
    return err == ERR_OK ? EXIT_DONE : command_fail(invocation);
}
