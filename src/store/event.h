// SPDX-License-Identifier: EUPL-1.2
/*
 * Events: what the journal has to tell the world outside, in its order: a fold was opened, has
 * grown, was closed; a notice was written. They are read from the journal itself, entry by entry;
 * there is no second queue. A reader keeps a cursor, and what it has not got yet is simply what
 * lies behind that.
 *
 * Each event has an id that is the same whenever and wherever it is read again, so that a receiver
 * who is told twice can tell.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/notice.h"

enum store_event_type {
    STORE_EVENT_OPENED = 0, /* an indicator was met anew */
    STORE_EVENT_GROWN,      /* further lines came to a fold */
    STORE_EVENT_CLOSED, /* nothing more is expected of a fold: it is told with its final count */
    STORE_EVENT_NOTICE,
    STORE_EVENT_COUNT,
};

/* Where an event stands, and where a reader goes on: at that very event. The parts of an entry are
 * counted from 0. */
struct store_cursor {
    uint64_t entry;
    uint64_t part;
};

struct store_event {
    struct store_cursor at;
    struct uuid id;
    enum store_event_type type;
    int64_t time_us;                   /* when it was written into the journal */
    enum policy_tlp tlp;               /* label by which the gate is asked */
    const struct fold *fold;           /* as it then stood; NULL for a notice */
    uint64_t count_before;             /* lines that the fold had before */
    unsigned rank_before;              /* and its rank, as it was judged then; 0: it was silent */
    const struct store_notice *notice; /* NULL for a fold */
};

/* A walk over events. */
struct store_events {
    const struct policy_grant *grant; /* what may not be read under it is passed over */
    struct store_cursor cursor;       /* in: where to begin; out: where to go on */
    uint64_t count_max;               /* events to look at, at most; those passed over count */
    /* Called for each; borrowed until it returns. ERR_AGAIN: the walk ends well, before this event.
     * Any other error ends it with that. */
    enum err (*visit)(void *context, const struct store_event *event);
    void *context;
};

/**
 * The word for a type, as it is shown: "opened", "grown", "closed", "notice".
 *
 * type      any value of the enum
 */
const char *store_event_type_name(enum store_event_type type);

/**
 * The place behind all that was told so far.
 *
 * store     open
 */
struct store_cursor store_events_end(const struct store *store);

/**
 * The place of the first event that was written at or after a moment; the end where there is none.
 *
 * op        work in hand
 * store     open
 * time_us   by the node's clock
 * ret       untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_events_since(struct op *op, struct store *store, int64_t time_us,
                            struct store_cursor *ret);

/**
 * Visit events in their order.
 *
 * op        work in hand
 * store     open
 * events    its cursor moves behind every event that was visited or passed over, also on failure
 *
 * Errors    ERR_CORRUPT; ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err store_events_walk(struct op *op, struct store *store, struct store_events *events);

/**
 * How much lies behind a cursor, whatever a grant lets pass.
 *
 * op             work in hand
 * store          open
 * cursor         where a reader goes on
 * ret_count      events
 * ret_oldest_us  when the first of them was written; TIME_US_NONE where there is none
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_events_behind(struct op *op, struct store *store, struct store_cursor cursor,
                             uint64_t *ret_count, int64_t *ret_oldest_us);

#endif
