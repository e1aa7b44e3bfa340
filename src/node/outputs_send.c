// SPDX-License-Identifier: EUPL-1.2
/*
 * What is new, to the fetch process: read behind each output's cursor, filtered, formatted.
 */
#include "base/must.h"
#include "node/output_filter.h"
#include "node/outputs_inner.h"

enum {
    WINDOW_SIZE = 2 * 1024 * 1024, /* of texts that an output has not acknowledged */
    LOOK_COUNT_MAX = 1024,         /* events that are looked at, before others have their turn */
    MESSAGE_SIZE = 256 * 1024,     /* events go in messages of about this size */
    WAITING_MAX = 1024 * 1024,     /* bytes that wait for the fetch process to read them */
};

struct filling {
    struct outputs *outputs;
    struct outputs_each *each;
    struct buf *body; /* of the message that gathers */
    struct buf *text;
};

static bool window_has_room(const struct outputs_each *each)
{
    bool mail = each->config->to.kind == FETCH_MAIL;
    return each->window_count < each->window_room && (mail || each->window_size < WINDOW_SIZE);
}

static void window_put(struct outputs_each *each, struct store_cursor after, size_t size)
{
    size_t at = (each->window_first + each->window_count) % each->window_room;
    each->window[at] = (struct outputs_sent){ .after = after, .size = (uint32_t)size };
    each->window_count++;
    each->window_size += size;
}

static enum fetch_event_type type_of(const struct config_output *config,
                                     const struct store_event *event)
{
    if (event->type == STORE_EVENT_NOTICE) {
        return FETCH_EVENT_NOTICE;
    }
    return output_filter_was_told(config, event) ? FETCH_EVENT_UPDATE : FETCH_EVENT_HIT;
}

static enum err event_send(void *context, const struct store_event *event)
{
    const struct filling *filling = context;
    struct outputs_each *each = filling->each;
    if (!output_filter_passes(each->config, event)) {
        return ERR_OK;
    }
    if (!window_has_room(each) || filling->body->size >= MESSAGE_SIZE) {
        return ERR_AGAIN;
    }
    struct buf id;
    buf_init(&id, UUID_TEXT_SIZE);
    uuid_add(&id, &event->id);
    buf_clear(filling->text);
    struct output_node teller = filling->outputs->teller;
    teller.facility = each->config->facility;
    output_add(filling->text, each->config->format, &teller, event);
    const struct fetch_event out = {
        .output = each->index,
        .type = type_of(each->config, event),
        .id = buf_span(&id),
        .text = buf_span(filling->text),
    };
    fetch_message_add_event(filling->body, &out);
    buf_done(&id);
    if (filling->text->err != ERR_OK || filling->body->err != ERR_OK) {
        return ERR_LIMIT;
    }
    const struct store_cursor after = { .entry = event->at.entry, .part = event->at.part + 1 };
    window_put(each, after, out.text.size);
    return ERR_OK;
}

/* What is new for one output, as far as there is room. Returns false where nothing more can be done
 * for it now. */
static bool each_fill(struct op *op, struct filling *filling)
{
    struct outputs_each *each = filling->each;
    const struct store_cursor before = each->next;
    struct store_events events = {
        .grant = each->grant,
        .cursor = each->next,
        .count_max = LOOK_COUNT_MAX,
        .visit = event_send,
        .context = filling,
    };
    enum err err = store_events_walk(op, filling->outputs->node->store, &events);
    each->next = events.cursor;
    if (each->window_count == 0) {
        outputs_cursor_move(filling->outputs, each, each->next);
    }
    if (err != ERR_OK) {
        outputs_fail(filling->outputs, each, op->fault.text);
        op_fault_clear(op);
        return false;
    }
    return each->next.entry != before.entry || each->next.part != before.part;
}

static enum err body_send(struct op *op, struct outputs *outputs, struct buf *body)
{
    enum err err = ERR_OK;
    if (body->size > 0) {
        err = channel_post(op, &outputs->child.channel, FETCH_MESSAGE_EVENTS, buf_span(body),
                           CHANNEL_NO_FILE);
    }
    buf_clear(body);
    return err;
}

enum err outputs_send(struct op *op, struct outputs *outputs)
{
    struct buf body;
    struct buf text;
    enum err err = ERR_OK;
    buf_init(&body, CHANNEL_MESSAGE_SIZE_MAX);
    buf_init(&text, OUTPUT_SIZE_MAX);
    for (size_t i = 0; err == ERR_OK && i < outputs->count; i++) {
        struct filling filling = {
            .outputs = outputs,
            .each = &outputs->list[i],
            .body = &body,
            .text = &text,
        };
        bool more = filling.each->ready;
        while (err == ERR_OK && more && channel_waiting(&outputs->child.channel) < WAITING_MAX) {
            more = each_fill(op, &filling);
            err = body_send(op, outputs, &body);
        }
    }
    buf_done(&body);
    buf_done(&text);
    return err;
}
