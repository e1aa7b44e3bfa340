// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of a run's outputs share; nobody else includes it.
 */
#ifndef NODE_OUTPUTS_INNER_H
#define NODE_OUTPUTS_INNER_H

#include "fetch/message.h"
#include "node/outputs.h"
#include "node/roles.h"

enum {
    OUTPUTS_MEMORY_MAX = 16 * 1024 * 1024, /* settings and grants, for the whole run */
    OUTPUTS_START_AGAIN_FIRST_MS = 250,
    OUTPUTS_HOST_NAME_SIZE = 256,
};

/* An event that was sent and not acknowledged. */
struct outputs_sent {
    struct store_cursor after; /* the place behind it */
    uint32_t size;
};

struct outputs_each {
    const struct config_output *config;
    struct fetch_output settings;
    unsigned failures; /* of this run, since an event was last delivered */
    bool ready;        /* the settings can be used */
    uint16_t index;    /* by which the fetch process knows it */
    const struct policy_grant *grant;
    struct output_state *state;
    struct store_cursor next;    /* what is read next */
    struct outputs_sent *window; /* a ring */
    size_t window_room;
    size_t window_first;
    size_t window_count;
    size_t window_size; /* bytes */
};

struct outputs {
    struct op op; /* memory for the whole run */
    struct node *node;
    struct output_node teller;
    char host[OUTPUTS_HOST_NAME_SIZE];
    struct output_states states;
    struct outputs_each *list;
    size_t count;
    struct role_child child;
    uint32_t start_again_ms;
    int64_t start_us; /* steady time from which the process may be started */
    int64_t look_us;  /* when outputs that could not be made ready are looked at again */
    bool changed;     /* of the states, since they were kept */
    int64_t saved_us;
};

/**
 * Note that an output fails.
 *
 * outputs   open
 * each      of these
 * why       one sentence
 */
void outputs_fail(struct outputs *outputs, struct outputs_each *each, const char *why);

/**
 * Note that an output has come to a place.
 *
 * outputs   open
 * each      of these
 * to        all before it was delivered, or is not for this output
 */
void outputs_cursor_move(struct outputs *outputs, struct outputs_each *each,
                         struct store_cursor to);

/**
 * Start the fetch process and tell it what each output is. One that cannot be made ready is noted
 * as failing; where the process cannot be started, that is tried again later.
 *
 * op        work in hand; it is left without a fault
 * outputs   open; no process runs
 */
void outputs_child_start(struct op *op, struct outputs *outputs);

/**
 * End the fetch process: what it had not acknowledged is to be sent again. It is started anew
 * later.
 *
 * outputs   open
 */
void outputs_child_lost(struct outputs *outputs);

/**
 * Hear all that the fetch process has to say now.
 *
 * op        work in hand; it is left without a fault
 * outputs   open
 */
void outputs_child_hear(struct op *op, struct outputs *outputs);

/**
 * Send what is new, to each output as far as it has room.
 *
 * op        work in hand
 * outputs   open; the process runs
 *
 * Errors    ERR_ABSENT, ERR_IO, ERR_LIMIT the process cannot be spoken to any more
 */
MUST_USE
enum err outputs_send(struct op *op, struct outputs *outputs);

#endif
