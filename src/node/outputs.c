// SPDX-License-Identifier: EUPL-1.2
#include "node/outputs.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "node/output_filter.h"
#include "node/output_settings.h"
#include "node/outputs_inner.h"
#include "os/clock.h"

enum {
    WORK_MEMORY_MAX = 0x7FFFFFFF, /* of one pump; an entry may be large */
    WINDOW_COUNT = 512,           /* events that an output has not acknowledged */
    WINDOW_COUNT_MAIL = 16384,    /* a mail counts what it does not tell */
    SAVE_EVERY_MS = 1000,
    LOOK_AGAIN_MS = 5000,
    CLOSE_STEP_MS = 50,
    FAILURES_WAITED_FOR = 3, /* an output that failed so often in a row is left to the next run */
};

/* ---- telling what goes wrong ---- */

void outputs_fail(struct outputs *outputs, struct outputs_each *each, const char *why)
{
    const int64_t now_us = os_clock_us();
    struct output_state *state = each->state;
    each->failures++;
    state->failure_us = now_us;
    state->failing_us = state->failing_us == TIME_US_NONE ? now_us : state->failing_us;
    snprintf(state->fault, sizeof state->fault, "%s", why);
    outputs->changed = true;
}

static void notice_add(struct op *op, struct outputs *outputs, const struct outputs_each *each,
                       const char *text)
{
    const bool failing = each->state->failing_us != TIME_US_NONE;
    const struct store_notice notice = {
        .type = failing ? SPAN("output-failed") : SPAN("output-works"),
        .ends = failing ? SPAN("") : SPAN("output-failed"),
        .subject = each->config->to.name,
        .text = span_of(text),
        .time_us = failing ? each->state->failing_us : os_clock_us(),
        .tlp = POLICY_TLP_CLEAR, /* it names an output and a fault, nothing of others */
        .stays = failing,
    };
    enum err err = store_notice_add(op, outputs->node->store, &notice, NULL);
    if (err == ERR_OK) {
        each->state->told = failing;
        outputs->changed = true;
    }
    op_fault_clear(op); /* a full disk, say: it is tried again */
}

/* Whoever has to know that an output fails hears it by the others, and by 'linie status'. */
static void notices(struct op *op, struct outputs *outputs)
{
    const int64_t now_us = os_clock_us();
    for (size_t i = 0; i < outputs->count; i++) {
        struct outputs_each *each = &outputs->list[i];
        const struct output_state *state = each->state;
        bool failing = state->failing_us != TIME_US_NONE &&
                       now_us - state->failing_us >= (int64_t)each->config->alarm_s * US_PER_S;
        if (failing && !state->told) {
            notice_add(op, outputs, each, state->fault);
        } else if (state->told && state->failing_us == TIME_US_NONE) {
            notice_add(op, outputs, each, "events get through again");
        }
    }
}

/* ---- cursors ---- */

static void states_keep(struct op *op, struct outputs *outputs)
{
    enum err err = output_states_write(op, outputs->node->world_disk, &outputs->states);
    outputs->changed = err != ERR_OK; /* it is tried again: until then more is told twice */
    outputs->saved_us = os_monotonic_us();
    op_fault_clear(op);
}

static void states_keep_when_due(struct op *op, struct outputs *outputs)
{
    int64_t age_us = os_monotonic_us() - outputs->saved_us;
    if (outputs->changed && age_us >= (int64_t)SAVE_EVERY_MS * US_PER_MS) {
        states_keep(op, outputs);
    }
}

void outputs_cursor_move(struct outputs *outputs, struct outputs_each *each, struct store_cursor to)
{
    struct store_cursor *at = &each->state->cursor;
    if (at->entry != to.entry || at->part != to.part) {
        *at = to;
        outputs->changed = true;
    }
}

/* ---- the pump ---- */

/* A secret's file that was missing may have come: with a new process the output begins to work. */
static void look_again(struct outputs *outputs)
{
    bool mended = false;
    if (os_monotonic_us() < outputs->look_us) {
        return;
    }
    outputs->look_us = os_monotonic_us() + (int64_t)LOOK_AGAIN_MS * US_PER_MS;
    for (size_t i = 0; i < outputs->count; i++) {
        struct op op;
        struct fetch_output settings;
        const struct outputs_each *each = &outputs->list[i];
        op_begin(&op, &outputs->op.actor, OUTPUTS_MEMORY_MAX);
        mended = mended || (!each->ready && output_settings_make(&op, outputs->node, each->config,
                                                                 &settings) == ERR_OK);
        op_end(&op);
    }
    if (mended) {
        outputs_child_lost(outputs);
        outputs->start_us = os_monotonic_us();
    }
}

static void pump(struct op *op, struct outputs *outputs)
{
    if (outputs->child.pid == 0 && os_monotonic_us() >= outputs->start_us) {
        outputs_child_start(op, outputs);
    }
    if (outputs->child.pid != 0) {
        outputs_child_hear(op, outputs);
    }
    enum err err = ERR_OK;
    if (outputs->child.pid != 0) {
        err = channel_flush(op, &outputs->child.channel);
    }
    if (err == ERR_OK && outputs->child.pid != 0) {
        err = outputs_send(op, outputs);
    }
    op_fault_clear(op);
    if (err != ERR_OK && err != ERR_AGAIN) {
        outputs_child_lost(outputs);
    }
}

void outputs_pump(struct outputs *outputs)
{
    struct op op;
    if (outputs == NULL) {
        return;
    }
    op_begin(&op, &outputs->op.actor, WORK_MEMORY_MAX);
    look_again(outputs);
    pump(&op, outputs);
    notices(&op, outputs);
    states_keep_when_due(&op, outputs);
    op_end(&op);
}

int outputs_fd(const struct outputs *outputs)
{
    return outputs == NULL || outputs->child.pid == 0 ? OUTPUTS_NO_FD : outputs->child.channel.fd;
}

/* ---- beginning ---- */

static bool is_of_world(const struct node *node, const struct config_output *config)
{
    return config->exercises || span_equal(node->world, SPAN("real"));
}

static enum err state_make(struct outputs *outputs, struct outputs_each *each,
                           struct output_states *earlier)
{
    const struct store_cursor end = store_events_end(outputs->node->store);
    const struct store_cursor start = { .entry = 0 };
    struct output_state *state = &outputs->states.list[outputs->states.count];
    const struct output_state *known = output_state_find(earlier, each->config->to.name);
    if (known != NULL) {
        *state = *known;
    } else {
        output_state_begin(each->config->to.name, each->config->from_start ? start : end, state);
        outputs->changed = true;
    }
    if (state->cursor.entry > end.entry) { /* the node was restored, and is younger */
        state->cursor = end;
    }
    outputs->states.count++;
    each->state = state;
    each->next = state->cursor;
    return ERR_OK;
}

static enum err each_make(struct outputs *outputs, const struct config_output *config,
                          struct output_states *earlier)
{
    struct outputs_each *each = &outputs->list[outputs->count];
    each->config = config;
    each->window_room = config->to.kind == FETCH_MAIL ? WINDOW_COUNT_MAIL : WINDOW_COUNT;
    each->window = op_alloc(&outputs->op, each->window_room * sizeof *each->window);
    if (each->window == NULL) {
        return ERR_LIMIT;
    }
    TRY(policy_grant_output(&outputs->op, config->to.name, config->tlp_max, &each->grant));
    TRY(state_make(outputs, each, earlier));
    outputs->count++;
    return ERR_OK;
}

static enum err outputs_make(struct outputs *outputs)
{
    const struct config *config = outputs->node->config;
    struct output_states *earlier = op_alloc(&outputs->op, sizeof *earlier);
    outputs->list = op_alloc(&outputs->op, config->output_count * sizeof *outputs->list);
    if (earlier == NULL || outputs->list == NULL) {
        return ERR_LIMIT;
    }
    TRY(output_states_read(&outputs->op, outputs->node->world_disk, earlier));
    for (size_t i = 0; i < config->output_count; i++) {
        if (is_of_world(outputs->node, &config->outputs[i])) {
            TRY(each_make(outputs, &config->outputs[i], earlier));
        }
    }
    return ERR_OK;
}

static void outputs_free(struct outputs *outputs)
{
    (void)role_stop(outputs->node->roles, &outputs->child, false);
    op_end(&outputs->op);
    memory_free(outputs);
}

static struct outputs *outputs_new(const struct op *op, struct node *node)
{
    struct outputs *outputs = memory_new(sizeof *outputs);
    if (outputs == NULL) {
        return NULL;
    }
    op_begin(&outputs->op, &op->actor, OUTPUTS_MEMORY_MAX);
    outputs->node = node;
    outputs->start_again_ms = OUTPUTS_START_AGAIN_FIRST_MS;
    (void)gethostname(outputs->host, sizeof outputs->host - 1);
    outputs->teller = (struct output_node){
        .identity = store_identity(node->store),
        .world = node->world,
        .host = span_of(outputs->host),
    };
    return outputs;
}

enum err outputs_open(struct op *op, struct node *node, struct outputs **ret)
{
    must(node->writer);
    struct outputs *outputs = outputs_new(op, node);
    if (outputs == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    enum err err = outputs_make(outputs);
    if (err != ERR_OK) {
        err = op_fail(op, err, "%s", outputs->op.fault.text);
    }
    if (err != ERR_OK || outputs->count == 0) {
        outputs_free(outputs);
        outputs = NULL;
    }
    TRY(err);
    *ret = outputs;
    return ERR_OK;
}

void outputs_prepare(const struct op *op, const struct node *node,
                     void (*tell)(void *context, const char *text), void *context)
{
    char text[FAULT_TEXT_SIZE];
    const struct config *config = node->config;
    for (size_t i = 0; i < config->output_count; i++) {
        struct op work;
        struct fetch_output settings;
        const struct config_output *output = &config->outputs[i];
        op_begin(&work, &op->actor, OUTPUTS_MEMORY_MAX);
        if (is_of_world(node, output) &&
            output_settings_make(&work, node, output, &settings) != ERR_OK) {
            snprintf(text, sizeof text, "output \"%.*s\" waits: %.400s", SPAN_FMT(output->to.name),
                     work.fault.text);
            tell(context, text);
        }
        op_end(&work);
    }
}

/* ---- ending ---- */

/* Whether there is something to wait for. */
static bool has_work(struct op *op, struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const struct outputs_each *each = &outputs->list[i];
        uint64_t behind = 0;
        int64_t oldest_us = TIME_US_NONE;
        bool works = each->ready && each->failures < FAILURES_WAITED_FOR;
        if (works &&
            store_events_behind(op, outputs->node->store, each->state->cursor, &behind,
                                &oldest_us) == ERR_OK &&
            behind > 0) {
            return true;
        }
    }
    return false;
}

static void child_flush(struct op *op, struct outputs *outputs)
{
    if (outputs->child.pid != 0 && channel_post(op, &outputs->child.channel, FETCH_MESSAGE_FLUSH,
                                                SPAN(""), CHANNEL_NO_FILE) != ERR_OK) {
        op_fault_clear(op);
        outputs_child_lost(outputs);
    }
}

void outputs_close(struct outputs *outputs, unsigned wait_ms)
{
    struct op op;
    if (outputs == NULL) {
        return;
    }
    const int64_t end_us = os_monotonic_us() + (int64_t)wait_ms * US_PER_MS;
    op_begin(&op, &outputs->op.actor, WORK_MEMORY_MAX);
    outputs_pump(outputs);
    while (has_work(&op, outputs) && os_monotonic_us() < end_us) {
        struct pollfd said = { .fd = outputs_fd(outputs), .events = POLLIN };
        child_flush(&op, outputs);
        (void)poll(&said, 1, CLOSE_STEP_MS);
        outputs_pump(outputs);
    }
    if (outputs->changed) {
        states_keep(&op, outputs);
    }
    op_end(&op);
    outputs_free(outputs);
}

/* ---- how far one is ---- */

size_t outputs_count(const struct outputs *outputs)
{
    return outputs == NULL ? 0 : outputs->count;
}

struct span outputs_name(const struct outputs *outputs, size_t index)
{
    must(index < outputs->count);
    return outputs->list[index].config->to.name;
}

enum outputs_reach outputs_reached(const struct outputs *outputs, size_t index,
                                   const struct store_event *event, const char **ret_fault)
{
    must(index < outputs->count);
    const struct outputs_each *each = &outputs->list[index];
    const struct store_cursor at = each->state->cursor;
    *ret_fault = each->state->fault;
    if (!policy_may_read(each->grant, event->tlp) || !output_filter_passes(each->config, event)) {
        return OUTPUTS_PASSED_OVER;
    }
    bool behind =
        at.entry < event->at.entry || (at.entry == event->at.entry && at.part <= event->at.part);
    if (behind) {
        return each->failures > 0 || !each->ready ? OUTPUTS_FAILS : OUTPUTS_ON_ITS_WAY;
    }
    return OUTPUTS_DELIVERED;
}

void outputs_flush(struct outputs *outputs)
{
    struct op op;
    if (outputs == NULL) {
        return;
    }
    op_begin(&op, &outputs->op.actor, WORK_MEMORY_MAX);
    child_flush(&op, outputs);
    op_end(&op);
}

/* ---- going on elsewhere ---- */

enum err outputs_replay(struct op *op, struct outputs *outputs, struct span name,
                        struct store_cursor cursor)
{
    struct output_state *state = output_state_find(&outputs->states, name);
    if (state == NULL) {
        return op_fail(op, ERR_ABSENT, "there is no output %.*s in this world", SPAN_FMT(name));
    }
    state->cursor = cursor;
    TRY(output_states_write(op, outputs->node->world_disk, &outputs->states));
    outputs_child_lost(
        outputs); /* what it holds for this output is not to be acknowledged any more */
    outputs->start_us = os_monotonic_us();
    return ERR_OK;
}
