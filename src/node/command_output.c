// SPDX-License-Identifier: EUPL-1.2
/*
 * linie output list, test, replay.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "crypt/random_uuid.h"
#include "fetch/message.h"
#include "node/flow.h"
#include "node/output_settings.h"
#include "node/output_view.h"
#include "node/outputs.h"
#include "node/roles.h"
#include "os/clock.h"

enum {
    LINE_SIZE_MAX = 64 * 1024,
    INDENT = 4,
    TEST_WAIT_S = 60, /* longer than any carrier waits */
    TEST_STEP_MS = 200,
    HOST_NAME_SIZE = 256,
    COUNT_SIZE = 64,
};

static const struct config_output *output_named(struct invocation *invocation)
{
    struct node *node = invocation->node;
    struct span name = span_of(invocation->argument_count == 1 ? invocation->arguments[0] : "");
    for (size_t i = 0; i < node->config->output_count; i++) {
        if (span_equal(node->config->outputs[i].to.name, name)) {
            return &node->config->outputs[i];
        }
    }
    if (invocation->argument_count != 1) {
        (void)op_fail(invocation->op, ERR_FORMAT, "name one output; 'linie output list' has them");
    } else {
        (void)op_fail(
            invocation->op, ERR_ABSENT,
            "linie.conf has no [output \"%.*s\"]; 'linie output list' has those there are",
            SPAN_FMT(name));
    }
    return NULL;
}

static void done_json(struct invocation *invocation, const struct config_output *config,
                      struct span key, uint64_t count)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("output"), config->to.name);
    json_member_u64(&w, key, count);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

/* ---- list ---- */

static void list_text(const struct invocation *invocation, const struct output_view *view)
{
    const struct config_output *config = view->config;
    struct flow flow;
    flow_begin(&flow, invocation, INDENT);
    flow_value(&flow, "", config->to.name, ":");
    flow_words(&flow, "%s,", fetch_kind_name(config->to.kind));
    flow_value(&flow, "", output_view_target(config), ",");
    flow_words(&flow, "%s, up to TLP:%s", output_format_name(config->format),
               policy_tlp_name(config->tlp_max));
    flow_end(&flow);
    output_view_words(invocation, view, INDENT);
}

static void list_json(struct invocation *invocation, const struct output_view *view)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    output_view_json(&w, view);
    print_json(invocation, &line);
    buf_done(&line);
}

int command_output_list(struct invocation *invocation)
{
    struct output_view *views = NULL;
    size_t count = 0;
    if (output_views_read(invocation->op, invocation->node, &views, &count) != ERR_OK) {
        return command_fail(invocation);
    }
    for (size_t i = 0; i < count; i++) {
        if (invocation->json) {
            list_json(invocation, &views[i]);
        } else {
            list_text(invocation, &views[i]);
        }
    }
    if (count == 0 && !invocation->json) {
        fprintf(invocation->out,
                "There are no outputs: linie.conf(5) says how to configure some.\n");
    }
    return EXIT_DONE;
}

/* ---- test ---- */

static void test_format(struct buf *text, const struct invocation *invocation,
                        const struct config_output *config, const struct uuid *id)
{
    char host[HOST_NAME_SIZE] = "";
    (void)gethostname(host, sizeof host - 1);
    const struct store_notice notice = {
        .type = OUTPUT_NOTICE_TEST,
        .subject = config->to.name,
        .text = SPAN("a test of this output: nothing was found"),
        .time_us = os_clock_us(),
        .tlp = POLICY_TLP_CLEAR,
    };
    const struct store_event event = {
        .id = *id,
        .type = STORE_EVENT_NOTICE,
        .time_us = notice.time_us,
        .tlp = notice.tlp,
        .notice = &notice,
    };
    const struct output_node teller = {
        .identity = store_identity(invocation->node->store),
        .world = invocation->node->world,
        .host = span_of(host),
        .facility = config->facility,
    };
    output_add(text, config->format, &teller, &event);
}

static enum err post(struct op *op, struct role_child *child, enum fetch_message_type type,
                     struct buf *body)
{
    enum err err = body->err == ERR_OK ? channel_post(op, &child->channel, (uint8_t)type,
                                                      buf_span(body), CHANNEL_NO_FILE)
                                       : op_fail(op, ERR_LIMIT, "out of memory");
    buf_clear(body);
    return err;
}

static enum err test_send(struct invocation *invocation, struct role_child *child,
                          const struct config_output *config, struct buf *body)
{
    struct op *op = invocation->op;
    struct fetch_output settings;
    struct buf text;
    struct buf id_text;
    const struct uuid id = uuid_random();
    TRY(output_settings_make(op, invocation->node, config, &settings));
    fetch_message_add_output(body, &settings);
    TRY(post(op, child, FETCH_MESSAGE_OUTPUT, body));
    TRY(post(op, child, FETCH_MESSAGE_START, body));
    buf_init(&text, OUTPUT_SIZE_MAX);
    buf_init(&id_text, UUID_TEXT_SIZE);
    uuid_add(&id_text, &id);
    test_format(&text, invocation, config, &id);
    const struct fetch_event event = {
        .type = FETCH_EVENT_NOTICE,
        .id = buf_span(&id_text),
        .text = buf_span(&text),
    };
    fetch_message_add_event(body, &event);
    enum err err = post(op, child, FETCH_MESSAGE_EVENTS, body);
    buf_done(&text);
    buf_done(&id_text);
    TRY(err);
    return post(op, child, FETCH_MESSAGE_FLUSH, body);
}

static enum err test_answer(struct op *op, struct role_child *child,
                            const struct channel_message *message)
{
    struct fetch_message_failed failed;
    if (message->type == FETCH_MESSAGE_DONE) {
        return ERR_OK;
    }
    if (message->type != FETCH_MESSAGE_FAILED ||
        fetch_message_read_failed(message->body, &failed) != ERR_OK) {
        return op_fail(op, ERR_FORMAT, "process %d answered what is no answer", (int)child->pid);
    }
    return op_fail(op, ERR_IO, "%.*s", SPAN_FMT(failed.text));
}

static enum err test_wait(struct op *op, struct role_child *child)
{
    const int64_t end_us = os_monotonic_us() + (int64_t)TEST_WAIT_S * US_PER_S;
    struct channel_message message;
    enum err err = ERR_AGAIN;
    while (err == ERR_AGAIN && os_monotonic_us() < end_us) {
        struct pollfd said = { .fd = child->channel.fd, .events = POLLIN };
        TRY(channel_flush(op, &child->channel));
        (void)poll(&said, 1, TEST_STEP_MS);
        err = channel_receive(op, &child->channel, false, &message);
    }
    if (err == ERR_AGAIN) {
        return op_fail(op, ERR_TIMEOUT, "no answer within %d s", TEST_WAIT_S);
    }
    TRY(err);
    return test_answer(op, child, &message);
}

static enum err test(struct invocation *invocation, const struct config_output *config)
{
    struct role_child child = { .pid = 0 };
    struct buf body;
    TRY(roles_begin(invocation->op, &invocation->roles));
    enum err err =
        role_start(invocation->op, invocation->roles, ROLE_FETCH, CHANNEL_NO_FILE, &child);
    buf_init(&body, CHANNEL_MESSAGE_SIZE_MAX);
    if (err == ERR_OK) {
        err = test_send(invocation, &child, config, &body);
    }
    if (err == ERR_OK) {
        err = test_wait(invocation->op, &child);
    }
    buf_done(&body);
    (void)role_stop(invocation->roles, &child, false);
    return err;
}

int command_output_test(struct invocation *invocation)
{
    const struct config_output *config = output_named(invocation);
    if (config == NULL || test(invocation, config) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        done_json(invocation, config, SPAN("delivered"), 1);
        return EXIT_DONE;
    }
    struct flow flow;
    flow_begin(&flow, invocation, INDENT);
    flow_value(&flow, "", config->to.name, ":");
    flow_words(&flow, "a test event was delivered to");
    flow_value(&flow, "", output_view_target(config), "");
    flow_end(&flow);
    return EXIT_DONE;
}

/* ---- replay ---- */

static enum err replay_kept(struct op *op, struct node *node, struct span name,
                            struct store_cursor cursor)
{
    struct output_states *states = op_alloc(op, sizeof *states);
    if (states == NULL) {
        return ERR_LIMIT;
    }
    TRY(output_states_read(op, node->world_disk, states));
    struct output_state *state = output_state_find(states, name);
    if (state == NULL && states->count < CONFIG_OUTPUT_COUNT_MAX) {
        state = &states->list[states->count];
        output_state_begin(name, cursor, state);
        states->count++;
    }
    if (state == NULL) {
        return op_fail(op, ERR_LIMIT, "outputs.json holds too many outputs");
    }
    state->cursor = cursor;
    return output_states_write(op, node->world_disk, states);
}

static enum err replay(struct invocation *invocation, const struct config_output *config,
                       uint64_t *ret_behind)
{
    struct op *op = invocation->op;
    struct node *node = invocation->node;
    struct store_cursor cursor;
    int64_t since_us = TIME_US_NONE;
    int64_t oldest_us = TIME_US_NONE;
    TRY(command_time(invocation, "since", &since_us));
    if (since_us == TIME_US_NONE) {
        return op_fail(op, ERR_FORMAT, "--since TIME says from when on events are sent again");
    }
    TRY(store_events_since(op, node->store, since_us, &cursor));
    TRY(store_events_behind(op, node->store, cursor, ret_behind, &oldest_us));
    return node->outputs != NULL ? outputs_replay(op, node->outputs, config->to.name, cursor)
                                 : replay_kept(op, node, config->to.name, cursor);
}

int command_output_replay(struct invocation *invocation)
{
    char text[COUNT_SIZE];
    uint64_t behind = 0;
    const struct config_output *config = output_named(invocation);
    if (config == NULL || replay(invocation, config, &behind) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        done_json(invocation, config, SPAN("behind"), behind);
        return EXIT_DONE;
    }
    struct flow flow;
    flow_begin(&flow, invocation, INDENT);
    flow_value(&flow, "", config->to.name, ":");
    flow_words(&flow, "%s of the journal %s again, as far as they are for it",
               print_counted(behind, "event", "events", text, sizeof text),
               invocation->node->outputs != NULL ? "go out" : "go out with the next 'linie watch'");
    flow_end(&flow);
    return EXIT_DONE;
}
