// SPDX-License-Identifier: EUPL-1.2
#include "watch/crew.h"

#include <pthread.h>

#include "base/memory.h"
#include "base/must.h"

/* A ring of slots. `given`, `started` and `taken` only grow; a slot is at its number modulo the
 * count.
 *
 *     taken <= started <= given <= taken + slot_count
 */
struct watch_crew {
    pthread_mutex_t lock; /* guards the counters, `done` and `stop` */
    pthread_cond_t work;  /* a slot was given, or the crew stops */
    pthread_cond_t done_changed;
    uint64_t given;
    uint64_t started;
    uint64_t taken;
    bool stop;
    struct watch_crew_listener listener;
    unsigned jobs;
    unsigned threads; /* running; 0 with one job */
    pthread_t *thread_ids;
    struct watch_work **works; /* one a job */
    size_t slot_count;
    struct watch_slot *slots;
    bool *done;
    unsigned next_worker; /* numbers the threads as they start */
};

static struct watch_slot *slot_at(struct watch_crew *crew, uint64_t number)
{
    return &crew->slots[number % crew->slot_count];
}

static void slot_work(struct watch_work *work, struct watch_slot *slot)
{
    slot->err = watch_work_run(work, slot->source, &slot->images, slot->chunk, &slot->result);
}

static void *thread_main(void *argument)
{
    struct watch_crew *crew = argument;
    pthread_mutex_lock(&crew->lock);
    struct watch_work *work = crew->works[crew->next_worker];
    crew->next_worker++;
    for (;;) {
        while (!crew->stop && crew->started == crew->given) {
            pthread_cond_wait(&crew->work, &crew->lock);
        }
        if (crew->stop) {
            break;
        }
        uint64_t number = crew->started;
        crew->started++;
        pthread_mutex_unlock(&crew->lock);
        slot_work(work, slot_at(crew, number));
        pthread_mutex_lock(&crew->lock);
        crew->done[number % crew->slot_count] = true;
        pthread_cond_signal(&crew->done_changed);
        if (crew->listener.done != NULL) {
            crew->listener.done(crew->listener.context);
        }
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static enum err slots_make(struct op *op, struct watch_crew *crew)
{
    crew->slots = memory_new_array(crew->slot_count, sizeof *crew->slots);
    crew->done = memory_new_array(crew->slot_count, sizeof *crew->done);
    crew->works = memory_new_array(crew->jobs, sizeof *crew->works);
    crew->thread_ids = memory_new_array(crew->jobs, sizeof *crew->thread_ids);
    if (crew->slots == NULL || crew->done == NULL || crew->works == NULL ||
        crew->thread_ids == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the watch");
    }
    for (size_t i = 0; i < crew->slot_count; i++) {
        watch_result_init(&crew->slots[i].result);
        TRY(watch_chunk_new(op, &crew->slots[i].chunk));
    }
    return ERR_OK;
}

static enum err threads_start(struct op *op, struct watch_crew *crew)
{
    while (crew->jobs > 1 && crew->threads < crew->jobs) {
        if (pthread_create(&crew->thread_ids[crew->threads], NULL, thread_main, crew) != 0) {
            return op_fail(op, ERR_LIMIT, "cannot start a thread: use fewer with --jobs");
        }
        crew->threads++;
    }
    return ERR_OK;
}

enum err watch_crew_new(struct op *op, const struct watch_rules *rules, unsigned jobs,
                        const struct watch_crew_listener *listener, struct watch_crew **ret)
{
    struct watch_crew *crew = memory_new(sizeof *crew);
    if (crew == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the watch");
    }
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->work, NULL);
    pthread_cond_init(&crew->done_changed, NULL);
    crew->jobs = jobs;
    crew->listener = *listener;
    crew->slot_count = jobs == 1 ? 1 : 2 * (size_t)jobs;
    enum err err = slots_make(op, crew);
    for (unsigned i = 0; i < jobs && err == ERR_OK; i++) {
        err = watch_work_new(op, rules, &crew->works[i]);
    }
    if (err == ERR_OK) {
        err = threads_start(op, crew);
    }
    if (err != ERR_OK) {
        watch_crew_free(crew);
        return err;
    }
    *ret = crew;
    return ERR_OK;
}

static void threads_stop(struct watch_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->stop = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->threads; i++) {
        pthread_join(crew->thread_ids[i], NULL);
    }
}

void watch_crew_free(struct watch_crew *crew)
{
    if (crew == NULL) {
        return;
    }
    threads_stop(crew);
    for (size_t i = 0; crew->slots != NULL && i < crew->slot_count; i++) {
        watch_result_done(&crew->slots[i].result);
        watch_chunk_free(crew->slots[i].chunk);
    }
    for (unsigned i = 0; crew->works != NULL && i < crew->jobs; i++) {
        watch_work_free(crew->works[i]);
    }
    memory_free(crew->slots);
    memory_free(crew->done);
    memory_free(crew->works);
    memory_free(crew->thread_ids);
    pthread_mutex_destroy(&crew->lock);
    pthread_cond_destroy(&crew->work);
    pthread_cond_destroy(&crew->done_changed);
    memory_free(crew);
}

/* `given` and `taken` are written by the owner's thread only, which may read them without the lock.
 */
struct watch_slot *watch_crew_free_slot(struct watch_crew *crew)
{
    return crew->given - crew->taken == crew->slot_count ? NULL : slot_at(crew, crew->given);
}

void watch_crew_give(struct watch_crew *crew)
{
    must(crew->given - crew->taken < crew->slot_count);
    pthread_mutex_lock(&crew->lock);
    crew->done[crew->given % crew->slot_count] = false;
    crew->given++;
    pthread_cond_signal(&crew->work);
    pthread_mutex_unlock(&crew->lock);
}

struct watch_slot *watch_crew_take(struct watch_crew *crew, bool wait)
{
    if (crew->taken == crew->given) {
        return NULL;
    }
    struct watch_slot *slot = slot_at(crew, crew->taken);
    if (crew->threads == 0) {
        slot_work(crew->works[0], slot);
        return slot;
    }
    pthread_mutex_lock(&crew->lock);
    bool done = crew->done[crew->taken % crew->slot_count];
    while (wait && !done) {
        pthread_cond_wait(&crew->done_changed, &crew->lock);
        done = crew->done[crew->taken % crew->slot_count];
    }
    pthread_mutex_unlock(&crew->lock);
    return done ? slot : NULL;
}

void watch_crew_release(struct watch_crew *crew)
{
    must(crew->taken < crew->given);
    pthread_mutex_lock(&crew->lock);
    crew->taken++;
    pthread_mutex_unlock(&crew->lock);
}
