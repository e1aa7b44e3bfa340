// SPDX-License-Identifier: EUPL-1.2
#include "fetch/queue.h"

#include <errno.h>
#include <time.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/time.h"

static void lock(struct fetch_queue *queue)
{
    must(pthread_mutex_lock(&queue->mutex) == 0);
}

static void unlock(struct fetch_queue *queue)
{
    must(pthread_mutex_unlock(&queue->mutex) == 0);
}

void fetch_queue_init(struct fetch_queue *queue, size_t texts_max)
{
    pthread_condattr_t steady;
    *queue = (struct fetch_queue){ .texts_max = texts_max };
    must(pthread_mutex_init(&queue->mutex, NULL) == 0);
    must(pthread_condattr_init(&steady) == 0);
    must(pthread_condattr_setclock(&steady, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(&queue->changed, &steady) == 0);
    (void)pthread_condattr_destroy(&steady);
}

static void first_remove(struct fetch_queue *queue)
{
    struct fetch_item *item = queue->first;
    queue->first = item->next;
    queue->last = queue->first == NULL ? NULL : queue->last;
    queue->count--;
    queue->size -= item->text.size;
    memory_free(item);
}

void fetch_queue_done(struct fetch_queue *queue)
{
    while (queue->first != NULL) {
        first_remove(queue);
    }
    (void)pthread_cond_destroy(&queue->changed);
    (void)pthread_mutex_destroy(&queue->mutex);
}

/* ---- putting ---- */

static struct fetch_item *item_new(const struct fetch_event *event, bool condensed)
{
    size_t text_size = condensed ? 0 : event->text.size;
    struct fetch_item *item = memory_new(sizeof *item + text_size);
    if (item == NULL) {
        return NULL;
    }
    uint8_t *text = (uint8_t *)(item + 1);
    span_copy(text, text_size, span_slice(event->text, 0, text_size));
    item->text = span_make(text, text_size);
    item->condensed = condensed;
    item->id_size = event->id.size < sizeof item->id ? event->id.size : sizeof item->id;
    span_copy(item->id, sizeof item->id, span_slice(event->id, 0, item->id_size));
    return item;
}

static void item_count(struct fetch_item *item, const struct fetch_event *event)
{
    item->counts[event->type]++;
}

static enum err put_new(struct fetch_queue *queue, const struct fetch_event *event, bool condensed)
{
    if (!condensed && queue->size + event->text.size > FETCH_EVENTS_SIZE_MAX) {
        return ERR_LIMIT;
    }
    struct fetch_item *item = item_new(event, condensed);
    if (item == NULL) {
        return ERR_LIMIT;
    }
    item_count(item, event);
    if (queue->last == NULL) {
        queue->first = item;
    } else {
        queue->last->next = item;
    }
    queue->last = item;
    queue->count++;
    queue->size += item->text.size;
    return ERR_OK;
}

enum err fetch_queue_put(struct fetch_queue *queue, const struct fetch_event *event)
{
    enum err err = ERR_OK;
    lock(queue);
    bool full = queue->count >= queue->taken + queue->texts_max ||
                queue->size + event->text.size > FETCH_EVENTS_SIZE_MAX;
    bool condensed = queue->texts_max > 0 && full;
    bool joins = condensed && queue->count > queue->taken && queue->last->condensed;
    if (joins) {
        item_count(queue->last, event);
    } else {
        err = put_new(queue, event, condensed);
    }
    must(pthread_cond_broadcast(&queue->changed) == 0);
    unlock(queue);
    return err;
}

/* ---- taking ---- */

size_t fetch_queue_take(struct fetch_queue *queue, struct fetch_item **items, size_t count_max,
                        size_t size_max)
{
    size_t count = 0;
    size_t size = 0;
    lock(queue);
    while (queue->first == NULL && !queue->closed) {
        must(pthread_cond_wait(&queue->changed, &queue->mutex) == 0);
    }
    struct fetch_item *item = queue->closed ? NULL : queue->first;
    while (item != NULL && count < count_max &&
           (count == 0 || size + item->text.size <= size_max)) {
        items[count] = item;
        size += item->text.size;
        count++;
        item = item->next;
    }
    queue->taken = count;
    unlock(queue);
    return count;
}

void fetch_queue_drop(struct fetch_queue *queue, size_t count)
{
    lock(queue);
    must(count <= queue->taken);
    for (size_t i = 0; i < count; i++) {
        first_remove(queue);
    }
    queue->taken = 0;
    unlock(queue);
}

/* ---- waiting ---- */

static struct timespec moment_after(uint32_t wait_ms)
{
    enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000, MS_PER_S = 1000 };
    struct timespec moment;
    must(clock_gettime(CLOCK_MONOTONIC, &moment) == 0);
    moment.tv_sec += wait_ms / MS_PER_S;
    moment.tv_nsec += (long)(wait_ms % MS_PER_S) * NS_PER_MS;
    if (moment.tv_nsec >= NS_PER_S) {
        moment.tv_nsec -= NS_PER_S;
        moment.tv_sec++;
    }
    return moment;
}

bool fetch_queue_wait(struct fetch_queue *queue, uint32_t wait_ms, bool ends_by_flush)
{
    const struct timespec end = moment_after(wait_ms);
    int waited = 0;
    lock(queue);
    while (waited != ETIMEDOUT && !queue->closed && !(ends_by_flush && queue->flush)) {
        waited = pthread_cond_timedwait(&queue->changed, &queue->mutex, &end);
        must(waited == 0 || waited == ETIMEDOUT);
    }
    if (ends_by_flush) {
        queue->flush = false;
    }
    bool open = !queue->closed;
    unlock(queue);
    return open;
}

void fetch_queue_flush(struct fetch_queue *queue)
{
    lock(queue);
    queue->flush = true;
    must(pthread_cond_broadcast(&queue->changed) == 0);
    unlock(queue);
}

void fetch_queue_close(struct fetch_queue *queue)
{
    lock(queue);
    queue->closed = true;
    must(pthread_cond_broadcast(&queue->changed) == 0);
    unlock(queue);
}
