// SPDX-License-Identifier: EUPL-1.2
/*
 * The events that one output has still to deliver: put in by the role's main thread, taken from the
 * front by the output's own. An event leaves only when it was delivered.
 *
 * A queue may condense: of events beyond a number only their count is kept, for an output that
 * tells no more than so many anyway (mail).
 */
#ifndef FETCH_QUEUE_H
#define FETCH_QUEUE_H

#include <pthread.h>

#include "fetch/message.h"

enum { FETCH_ID_SIZE_MAX = 64 };

/* An event, or several of which only the count is kept. */
struct fetch_item {
    struct fetch_item *next;
    uint32_t counts[FETCH_EVENT_TYPE_COUNT]; /* how many events it stands for */
    bool condensed;                          /* it has no text */
    size_t id_size;
    char id[FETCH_ID_SIZE_MAX];
    struct span text; /* lies behind this */
};

struct fetch_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct fetch_item *first;
    struct fetch_item *last;
    size_t count;
    size_t size;      /* bytes of all texts */
    size_t taken;     /* of the front: they are being delivered, and stay as they are */
    size_t texts_max; /* events beyond these are only counted; 0: all are kept */
    bool closed;      /* no more is to be delivered */
    bool flush;       /* what is being gathered goes now */
};

/**
 * Begin an empty queue.
 *
 * queue      caller's memory
 * texts_max  events beyond these are only counted; 0: all are kept
 */
void fetch_queue_init(struct fetch_queue *queue, size_t texts_max);

/**
 * Give its memory back; nobody may use it any more.
 *
 * queue     begun
 */
void fetch_queue_done(struct fetch_queue *queue);

/**
 * Put an event at the end.
 *
 * queue     begun
 * event     copied
 *
 * Errors    ERR_LIMIT no memory, or more than FETCH_EVENTS_SIZE_MAX
 */
MUST_USE
enum err fetch_queue_put(struct fetch_queue *queue, const struct fetch_event *event);

/**
 * Take from the front, without removing; wait for the first.
 *
 * queue      begun
 * items      receives them; they stay until fetch_queue_drop()
 * count_max  at most so many
 * size_max   at most so many bytes of text, but one item in any case
 *
 * Returns how many; 0 where the queue was closed.
 */
size_t fetch_queue_take(struct fetch_queue *queue, struct fetch_item **items, size_t count_max,
                        size_t size_max);

/**
 * Remove from the front what was delivered; what else was taken is free to be taken again.
 *
 * queue     begun
 * count     how many of those taken
 */
void fetch_queue_drop(struct fetch_queue *queue, size_t count);

/**
 * Wait a while.
 *
 * queue          begun
 * wait_ms        how long
 * ends_by_flush  a flush ends the waiting too, and is then used up
 *
 * Returns false where the queue was closed.
 */
bool fetch_queue_wait(struct fetch_queue *queue, uint32_t wait_ms, bool ends_by_flush);

/**
 * Let who waits go on: to flush, or for good.
 *
 * queue     begun
 */
void fetch_queue_flush(struct fetch_queue *queue);
void fetch_queue_close(struct fetch_queue *queue);

#endif
