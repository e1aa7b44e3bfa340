// SPDX-License-Identifier: EUPL-1.2
/*
 * The fetch process of a run: starting it, hearing what it has delivered, losing it.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/must.h"
#include "node/output_settings.h"
#include "node/outputs_inner.h"
#include "os/clock.h"

enum { START_AGAIN_MAX_MS = 60 * 1000 };

/* ---- what was sent ---- */

static void window_drop(struct outputs *outputs, struct outputs_each *each, uint32_t count)
{
    struct store_cursor after = each->state->cursor;
    must(count <= each->window_count);
    for (uint32_t i = 0; i < count; i++) {
        const struct outputs_sent *sent = &each->window[each->window_first];
        after = sent->after;
        each->window_size -= sent->size;
        each->window_first = (each->window_first + 1) % each->window_room;
        each->window_count--;
    }
    outputs_cursor_move(outputs, each, each->window_count == 0 ? each->next : after);
}

static void window_forget(struct outputs_each *each)
{
    each->window_first = 0;
    each->window_count = 0;
    each->window_size = 0;
    each->next = each->state->cursor;
}

/* ---- the process ---- */

void outputs_child_lost(struct outputs *outputs)
{
    const bool moved = role_stop(outputs->node->roles, &outputs->child, false).moved;
    for (size_t i = 0; i < outputs->count; i++) {
        window_forget(&outputs->list[i]);
    }
    uint32_t wait_ms = moved ? 0 : outputs->start_again_ms;
    bool doubled = wait_ms < START_AGAIN_MAX_MS / 2;
    outputs->start_again_ms = doubled && wait_ms > 0 ? 2 * wait_ms : outputs->start_again_ms;
    outputs->start_us = os_monotonic_us() + (int64_t)wait_ms * US_PER_MS;
}

/* A secret's file or a folder may have come meanwhile: settings are made anew with each process. */
static void settings_make(struct outputs *outputs, struct outputs_each *each)
{
    struct op op;
    op_begin(&op, &outputs->op.actor, OUTPUTS_MEMORY_MAX);
    struct fetch_output settings;
    enum err err = output_settings_make(&op, outputs->node, each->config, &settings);
    if (err == ERR_OK) {
        struct buf body;
        buf_init(&body, CHANNEL_MESSAGE_SIZE_MAX);
        fetch_message_add_output(&body, &settings);
        err = body.err == ERR_OK ? channel_post(&op, &outputs->child.channel, FETCH_MESSAGE_OUTPUT,
                                                buf_span(&body), CHANNEL_NO_FILE)
                                 : op_fail(&op, ERR_LIMIT, "out of memory");
        buf_done(&body);
    }
    each->ready = err == ERR_OK;
    if (err != ERR_OK) {
        outputs_fail(outputs, each, op.fault.text);
    }
    op_end(&op);
}

void outputs_child_start(struct op *op, struct outputs *outputs)
{
    uint16_t index = 0;
    if (role_start(op, outputs->node->roles, ROLE_FETCH, CHANNEL_NO_FILE, &outputs->child) !=
        ERR_OK) {
        op_fault_clear(op);
        outputs->start_us = os_monotonic_us() + (int64_t)START_AGAIN_MAX_MS * US_PER_MS;
        return;
    }
    for (size_t i = 0; i < outputs->count; i++) {
        struct outputs_each *each = &outputs->list[i];
        settings_make(outputs, each);
        each->index = index;
        index = (uint16_t)(index + (each->ready ? 1 : 0));
    }
    if (channel_post(op, &outputs->child.channel, FETCH_MESSAGE_START, SPAN(""), CHANNEL_NO_FILE) !=
        ERR_OK) {
        op_fault_clear(op);
        outputs_child_lost(outputs);
    }
}

static struct outputs_each *each_of(struct outputs *outputs, uint16_t index)
{
    for (size_t i = 0; i < outputs->count; i++) {
        if (outputs->list[i].ready && outputs->list[i].index == index) {
            return &outputs->list[i];
        }
    }
    return NULL;
}

static enum err on_done(struct outputs *outputs, struct span body)
{
    struct fetch_message_done done;
    TRY(fetch_message_read_done(body, &done));
    struct outputs_each *each = each_of(outputs, done.output);
    if (each == NULL || done.count > each->window_count) {
        return ERR_FORMAT;
    }
    window_drop(outputs, each, done.count);
    each->state->delivered += done.count;
    each->state->success_us = os_clock_us();
    each->state->failing_us = TIME_US_NONE;
    each->state->fault[0] = '\0';
    each->failures = 0;
    outputs->start_again_ms = OUTPUTS_START_AGAIN_FIRST_MS;
    outputs->changed = true;
    return ERR_OK;
}

static enum err on_failed(struct outputs *outputs, struct span body)
{
    struct fetch_message_failed failed;
    char text[FAULT_TEXT_SIZE];
    TRY(fetch_message_read_failed(body, &failed));
    struct outputs_each *each = each_of(outputs, failed.output);
    if (each == NULL) {
        return ERR_FORMAT;
    }
    snprintf(text, sizeof text, "%.*s", SPAN_FMT(failed.text));
    outputs_fail(outputs, each, text);
    return ERR_OK;
}

static enum err child_hear_one(struct op *op, struct outputs *outputs)
{
    struct channel_message message;
    TRY(channel_receive(op, &outputs->child.channel, false, &message));
    if (message.file != CHANNEL_NO_FILE) {
        close(message.file);
    }
    if (message.type == FETCH_MESSAGE_DONE) {
        return on_done(outputs, message.body);
    }
    return message.type == FETCH_MESSAGE_FAILED ? on_failed(outputs, message.body) : ERR_FORMAT;
}

void outputs_child_hear(struct op *op, struct outputs *outputs)
{
    enum err err = ERR_OK;
    while (err == ERR_OK && outputs->child.pid != 0) {
        err = child_hear_one(op, outputs);
    }
    op_fault_clear(op);
    if (err != ERR_OK && err != ERR_AGAIN) {
        outputs_child_lost(outputs);
    }
}
