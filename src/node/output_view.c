// SPDX-License-Identifier: EUPL-1.2
#include "node/output_view.h"

#include "node/flow.h"

enum { TEXT_SIZE = 64 };

struct span output_view_target(const struct config_output *config)
{
    return config->to.url.size > 0 ? config->to.url : config->to.path;
}

static enum err view_make(struct op *op, struct node *node, struct output_states *states,
                          struct output_view *view)
{
    const struct output_state *state = output_state_find(states, view->config->to.name);
    view->oldest_us = TIME_US_NONE;
    if (state == NULL) {
        const struct store_cursor start = { .entry = 0 };
        output_state_begin(view->config->to.name, start, &view->state);
        return ERR_OK;
    }
    view->begun = true;
    view->state = *state;
    return store_events_behind(op, node->store, state->cursor, &view->behind, &view->oldest_us);
}

enum err output_views_read(struct op *op, struct node *node, struct output_view **ret,
                           size_t *ret_count)
{
    const struct config *config = node->config;
    struct output_states *states = op_alloc(op, sizeof *states);
    struct output_view *views = op_alloc(op, (config->output_count + 1) * sizeof *views);
    size_t count = 0;
    if (states == NULL || views == NULL) {
        return ERR_LIMIT;
    }
    TRY(output_states_read(op, node->world_disk, states));
    for (size_t i = 0; i < config->output_count; i++) {
        if (config->outputs[i].exercises || span_equal(node->world, SPAN("real"))) {
            views[count].config = &config->outputs[i];
            TRY(view_make(op, node, states, &views[count]));
            count++;
        }
    }
    *ret = views;
    *ret_count = count;
    return ERR_OK;
}

/* ---- for people ---- */

static void words_state(struct flow *flow, const struct output_view *view)
{
    char text[TEXT_SIZE];
    char time[TIME_TEXT_SIZE];
    const struct output_state *state = &view->state;
    if (!view->begun) {
        flow_words(flow, "not begun: 'linie watch' sends");
        return;
    }
    flow_words(flow, "%s delivered,",
               print_counted(state->delivered, "event", "events", text, sizeof text));
    if (state->success_us != TIME_US_NONE) {
        flow_words(flow, "the last %s,", print_second(state->success_us, time, sizeof time));
    }
    flow_words(flow, "%s behind", print_count(view->behind, text, sizeof text));
    if (view->behind > 0) {
        flow_words(flow, "(the oldest of %s)", print_second(view->oldest_us, time, sizeof time));
    }
}

void output_view_words(const struct invocation *invocation, const struct output_view *view,
                       size_t indent)
{
    char time[TIME_TEXT_SIZE];
    struct flow flow;
    const struct output_state *state = &view->state;
    flow_begin(&flow, invocation, indent);
    flow_to(&flow, indent);
    words_state(&flow, view);
    if (state->fault[0] != '\0') {
        flow_after(&flow, ";");
        flow_styled(&flow, PRINT_ALARM, "fails");
        flow_words(&flow, "since %s:", print_second(state->failing_us, time, sizeof time));
        flow_text(&flow, span_of(state->fault));
    }
    flow_end(&flow);
}

/* ---- as JSON ---- */

static void json_time(struct json_writer *w, struct span key, int64_t time_us)
{
    if (time_us != TIME_US_NONE) {
        json_member_time(w, key, time_us);
    }
}

void output_view_json(struct json_writer *w, const struct output_view *view)
{
    const struct output_state *state = &view->state;
    const struct config_output *config = view->config;
    json_begin_object(w);
    json_member_string(w, SPAN("output"), config->to.name);
    json_member_string(w, SPAN("kind"), span_of(fetch_kind_name(config->to.kind)));
    json_member_string(w, SPAN("format"), span_of(output_format_name(config->format)));
    json_member_string(w, SPAN("to"), output_view_target(config));
    json_member_string(w, SPAN("tlp"), span_of(policy_tlp_name(config->tlp_max)));
    json_member_bool(w, SPAN("begun"), view->begun);
    json_member_u64(w, SPAN("delivered"), state->delivered);
    json_member_u64(w, SPAN("behind"), view->behind);
    json_time(w, SPAN("oldest"), view->oldest_us);
    json_time(w, SPAN("success"), state->success_us);
    json_time(w, SPAN("failing"), state->failing_us);
    json_time(w, SPAN("failure"), state->failure_us);
    if (state->fault[0] != '\0') {
        json_member_string(w, SPAN("fault"), span_of(state->fault));
    }
    json_end_object(w);
}
