// SPDX-License-Identifier: EUPL-1.2
/*
 * One output's thread: takes events from its queue, has them carried, says how far it has come, and
 * tries again after a failure, later and later.
 */
#ifndef FETCH_COURIER_H
#define FETCH_COURIER_H

#include "fetch/carrier.h"

enum {
    COURIER_RETRY_FIRST_MS = 250,
    COURIER_RETRY_MAX_MS = 300 * 1000,
    COURIER_GATHER_MAX_MS = 10 * 1000, /* a mail waits so long for more to tell, at most */
};

/* What a courier has to say, until the role's main thread says it to the store. Later words replace
 * earlier ones. */
struct courier_word {
    bool done;
    bool failed;
    uint32_t count; /* delivered since the last word */
    uint32_t retry_ms;
    char text[FAULT_TEXT_SIZE]; /* why it failed */
};

struct courier {
    uint16_t index;
    struct fetch_output output;
    struct fetch_queue queue;
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex; /* of `word` */
    struct courier_word word;
    void (*speak)(void *context, struct courier *courier); /* there is a word; any thread */
    void *context;
};

/**
 * Start an output's thread.
 *
 * op        work in hand
 * courier   index, output, speak and context are filled in; stays where it is until courier_stop()
 *
 * Errors    ERR_LIMIT no thread can be made
 */
MUST_USE
enum err courier_start(struct op *op, struct courier *courier);

/**
 * Stop a thread that waits, and wait for its end. One that is in the middle of a delivery ends it
 * first.
 *
 * courier   started, or all zero
 */
void courier_stop(struct courier *courier);

/**
 * Take what a courier has to say.
 *
 * courier   started
 * ret       its word; it then has none
 *
 * Returns false where it has none.
 */
bool courier_listen(struct courier *courier, struct courier_word *ret);

#endif
