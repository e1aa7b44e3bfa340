// SPDX-License-Identifier: EUPL-1.2
/*
 * What the store and the fetch role say to each other. The fetch role reads what strangers answer,
 * so the store checks every bound of what it says. An output's events are delivered in the order in
 * which they were sent, so that a count says which.
 *
 *     store                        fetch
 *     OUTPUT*, START       -->              settings in order; then it goes into its jail
 *     EVENTS               -->              for any outputs
 *                          <--     DONE     an output has delivered so many more
 *                          <--     FAILED   it has not; it tries again by itself
 *     FLUSH                -->              what is being gathered (mail) goes now
 */
#ifndef FETCH_MESSAGE_H
#define FETCH_MESSAGE_H

#include "base/wire.h"
#include "fetch/fetch.h"
#include "os/channel.h"

enum fetch_message_type {
    FETCH_MESSAGE_OUTPUT = 1,
    FETCH_MESSAGE_START,
    FETCH_MESSAGE_EVENTS,
    FETCH_MESSAGE_FLUSH,
    FETCH_MESSAGE_DONE,
    FETCH_MESSAGE_FAILED,
};

/* What a mail counts by. */
enum fetch_event_type {
    FETCH_EVENT_HIT = 0,
    FETCH_EVENT_UPDATE, /* of a hit that was told before */
    FETCH_EVENT_NOTICE,
    FETCH_EVENT_TYPE_COUNT,
};

/* One event for one output. */
struct fetch_event {
    uint16_t output; /* index, in the order of the OUTPUT messages */
    enum fetch_event_type type;
    struct span id;   /* of the event, as text */
    struct span text; /* as the output wants it, without a line end */
};

struct fetch_message_done {
    uint16_t output;
    uint32_t count; /* events delivered since the last such message */
};

struct fetch_message_failed {
    uint16_t output;
    uint32_t retry_ms; /* when it is tried again, from now */
    struct span text;  /* why; at most FAULT_TEXT_SIZE bytes */
};

/**
 * Append the body of a message. Of FETCH_MESSAGE_EVENTS a body holds one event after another.
 *
 * buf       receives the body
 * output    written
 * event     written
 * message   written
 */
void fetch_message_add_output(struct buf *buf, const struct fetch_output *output);
void fetch_message_add_event(struct buf *buf, const struct fetch_event *event);
void fetch_message_add_done(struct buf *buf, const struct fetch_message_done *message);
void fetch_message_add_failed(struct buf *buf, const struct fetch_message_failed *message);

/**
 * Read settings; texts are copied into the op's memory, NUL-terminated.
 *
 * op        work in hand
 * body      of a FETCH_MESSAGE_OUTPUT
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT no such message; ERR_LIMIT no memory
 */
MUST_USE
enum err fetch_message_read_output(struct op *op, struct span body, struct fetch_output *ret);

/**
 * Read the next event of a body.
 *
 * r         reader over the body of a FETCH_MESSAGE_EVENTS; its err tells of broken bytes
 * ret       borrows from the body
 */
void fetch_message_read_event(struct wire_reader *r, struct fetch_event *ret);

/**
 * Read the body of a message; spans are borrowed from it.
 *
 * body      of a message of that type
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT no such message
 */
MUST_USE
enum err fetch_message_read_done(struct span body, struct fetch_message_done *ret);
MUST_USE
enum err fetch_message_read_failed(struct span body, struct fetch_message_failed *ret);

#endif
