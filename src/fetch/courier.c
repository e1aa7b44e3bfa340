// SPDX-License-Identifier: EUPL-1.2
#include "fetch/courier.h"

#include <stdio.h>

#include "base/must.h"
#include "base/time.h"
#include "os/clock.h"

enum { BATCH_SIZE_MAX = 1024 * 1024, MS_PER_S = 1000 };

/* ---- words ---- */

static void say_done(struct courier *courier, uint32_t count)
{
    must(pthread_mutex_lock(&courier->mutex) == 0);
    courier->word.done = true;
    courier->word.failed = false;
    courier->word.count += count;
    must(pthread_mutex_unlock(&courier->mutex) == 0);
    courier->speak(courier->context, courier);
}

static void say_failed(struct courier *courier, const char *text, uint32_t retry_ms)
{
    must(pthread_mutex_lock(&courier->mutex) == 0);
    courier->word.failed = true;
    courier->word.retry_ms = retry_ms;
    snprintf(courier->word.text, sizeof courier->word.text, "%s", text);
    must(pthread_mutex_unlock(&courier->mutex) == 0);
    courier->speak(courier->context, courier);
}

bool courier_listen(struct courier *courier, struct courier_word *ret)
{
    must(pthread_mutex_lock(&courier->mutex) == 0);
    *ret = courier->word;
    courier->word.done = false;
    courier->word.failed = false;
    courier->word.count = 0;
    must(pthread_mutex_unlock(&courier->mutex) == 0);
    return ret->done || ret->failed;
}

/* ---- work ---- */

struct run {
    struct courier *courier;
    const struct carrier *carrier;
    void *state;
    uint32_t retry_ms; /* after the next failure */
    int64_t mailed_us; /* steady time of the last mail */
};

static uint32_t events_of(struct fetch_item *const *items, size_t count)
{
    uint32_t events = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t type = 0; type < FETCH_EVENT_TYPE_COUNT; type++) {
            events += items[i]->counts[type];
        }
    }
    return events;
}

static enum err carry(struct run *run, struct op *op, struct fetch_item *const *items, size_t count,
                      size_t *ret_done)
{
    if (run->state == NULL) {
        TRY(run->carrier->begin(op, &run->courier->output, &run->state));
    }
    return run->carrier->deliver(op, run->state, items, count, ret_done);
}

/* Returns false where the courier is to stop. */
static bool after_failure(struct run *run, const struct op *op)
{
    uint32_t retry_ms = run->retry_ms;
    bool doubled = retry_ms < COURIER_RETRY_MAX_MS / 2;
    run->retry_ms = doubled ? 2 * retry_ms : COURIER_RETRY_MAX_MS;
    say_failed(run->courier, op->fault.text, retry_ms);
    return fetch_queue_wait(&run->courier->queue, retry_ms, false);
}

static bool deliver(struct run *run, struct fetch_item *const *items, size_t count)
{
    static const struct actor actor = { .name = { (const uint8_t *)"fetch", 5 } };
    struct op op;
    size_t done = 0;
    bool goes_on = true;
    op_begin(&op, &actor, CARRIER_MEMORY_MAX);
    enum err err = carry(run, &op, items, count, &done);
    must(err != ERR_OK || done == count);
    if (done > 0) {
        say_done(run->courier, events_of(items, done));
    }
    fetch_queue_drop(&run->courier->queue, done);
    if (err == ERR_OK) {
        run->retry_ms = COURIER_RETRY_FIRST_MS;
        run->mailed_us = os_monotonic_us();
    } else {
        goes_on = after_failure(run, &op);
    }
    op_end(&op);
    return goes_on;
}

/* Mail gathers: for a moment after the first event, and until enough time has gone since the last
 * mail. */
static bool gather(struct run *run)
{
    const struct fetch_output *output = &run->courier->output;
    int64_t every_ms = (int64_t)output->every_s * MS_PER_S;
    int64_t wait_ms = every_ms < COURIER_GATHER_MAX_MS ? every_ms : COURIER_GATHER_MAX_MS;
    int64_t since_ms = (os_monotonic_us() - run->mailed_us) / US_PER_MS;
    if (run->mailed_us != 0 && every_ms - since_ms > wait_ms) {
        wait_ms = every_ms - since_ms;
    }
    return fetch_queue_wait(&run->courier->queue, (uint32_t)wait_ms, true);
}

static size_t batch_max_of(const struct fetch_output *output)
{
    switch (output->kind) {
    case FETCH_WEBHOOK:
        return output->batch_max;
    case FETCH_MAIL:
        return output->batch_max + 1; /* and what was only counted */
    default:
        return FETCH_BATCH_COUNT_MAX;
    }
}

/* The next events to deliver, in `items`; 0 where the courier is to stop. */
static size_t batch_take(struct run *run, struct fetch_item **items)
{
    const struct fetch_output *output = &run->courier->output;
    struct fetch_queue *queue = &run->courier->queue;
    bool gathers = output->kind == FETCH_MAIL;
    size_t count_max = batch_max_of(output);
    size_t size_max = gathers ? FETCH_EVENTS_SIZE_MAX : BATCH_SIZE_MAX;
    must(count_max >= 1);
    must(count_max <= FETCH_BATCH_COUNT_MAX);
    size_t count = fetch_queue_take(queue, items, count_max, size_max);
    if (count > 0 && gathers && run->retry_ms == COURIER_RETRY_FIRST_MS) {
        fetch_queue_drop(queue, 0); /* more may come to them meanwhile */
        count = gather(run) ? fetch_queue_take(queue, items, count_max, size_max) : 0;
    }
    return count;
}

static void work(struct run *run)
{
    struct fetch_item *items[FETCH_BATCH_COUNT_MAX];
    bool goes_on = true;
    while (goes_on) {
        size_t count = batch_take(run, items);
        goes_on = count > 0 && deliver(run, items, count);
    }
}

static void *courier_main(void *context)
{
    struct courier *courier = context;
    struct run run = {
        .courier = courier,
        .carrier = carrier_for(&courier->output),
        .retry_ms = COURIER_RETRY_FIRST_MS,
    };
    work(&run);
    if (run.state != NULL) {
        run.carrier->end(run.state);
    }
    return NULL;
}

/* ---- life ---- */

enum err courier_start(struct op *op, struct courier *courier)
{
    bool mail = courier->output.kind == FETCH_MAIL;
    fetch_queue_init(&courier->queue, mail ? courier->output.batch_max : 0);
    must(pthread_mutex_init(&courier->mutex, NULL) == 0);
    courier->started = pthread_create(&courier->thread, NULL, courier_main, courier) == 0;
    if (!courier->started) {
        fetch_queue_done(&courier->queue);
        return op_fail(op, ERR_LIMIT, "cannot start a thread");
    }
    return ERR_OK;
}

void courier_stop(struct courier *courier)
{
    if (!courier->started) {
        return;
    }
    fetch_queue_close(&courier->queue);
    must(pthread_join(courier->thread, NULL) == 0);
    fetch_queue_done(&courier->queue);
    (void)pthread_mutex_destroy(&courier->mutex);
    courier->started = false;
}
