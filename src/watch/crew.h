// SPDX-License-Identifier: EUPL-1.2
/*
 * The threads that work on chunks. Chunks are handed out and taken back in the same order, so that
 * the result does not depend on how many threads there are. With one job there is no thread: the
 * work is done when the chunk is taken back.
 */
#ifndef WATCH_CREW_H
#define WATCH_CREW_H

#include "watch/work.h"

/* A chunk on its way through the crew. */
struct watch_slot {
    struct watch_chunk *chunk;
    struct watch_result result;
    const struct watch_source *source;
    struct watch_images images;
    void *tag; /* the owner's, as the next: given back with the slot */
    void *allow_tag;
    void *input;
    enum err err;
};

/* Who is told that a slot can be taken: called by any of the threads. */
struct watch_crew_listener {
    void (*done)(void *context); /* NULL: nobody */
    void *context;
};

struct watch_crew;

/**
 * Start a crew.
 *
 * op        work in hand
 * rules     borrowed until watch_crew_free()
 * jobs      1 .. WATCH_JOBS_MAX
 * listener  copied
 * ret       to give back with watch_crew_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory or no threads
 */
MUST_USE
enum err watch_crew_new(struct op *op, const struct watch_rules *rules, unsigned jobs,
                        const struct watch_crew_listener *listener, struct watch_crew **ret);

/**
 * Stop the threads and give all back; chunks that are still out are dropped.
 *
 * crew      NULL does nothing
 */
void watch_crew_free(struct watch_crew *crew);

/**
 * A free slot, to be filled and handed out with watch_crew_give(); NULL where all are out.
 *
 * crew      started
 */
struct watch_slot *watch_crew_free_slot(struct watch_crew *crew);

/**
 * Hand out the slot that watch_crew_free_slot() gave.
 *
 * crew      started
 */
void watch_crew_give(struct watch_crew *crew);

/**
 * Take back the oldest slot that is out, when its work is done. It is free again with
 * watch_crew_release().
 *
 * crew      started
 * wait      for its work to be done; else come back at once
 *
 * Returns NULL where none is out, or, without `wait`, none that is done.
 */
struct watch_slot *watch_crew_take(struct watch_crew *crew, bool wait);

/**
 * Free the slot that watch_crew_take() gave.
 *
 * crew      started
 */
void watch_crew_release(struct watch_crew *crew);

#endif
