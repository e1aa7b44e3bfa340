// SPDX-License-Identifier: EUPL-1.2
#include "node/follow.h"

#include "base/memory.h"
#include "node/follow_inner.h"
#include "os/clock.h"
#include "os/random.h"
#include "os/service.h"

enum {
    SCAN_COST_SHARE = 10, /* looking through takes at most one part in so many of the time */
};

static enum err on_changes(void *context, unsigned events)
{
    (void)events;
    return follow_hear_changes(context);
}

/* Without the kernel's word, what lies there is looked through now and then. */
static enum err changes_begin(struct follow *follow)
{
    struct session *session = follow->session;
    if (changes_new(&session->scratch, &follow->changes) != ERR_OK) {
        return session_scratch_end(session, ERR_OK);
    }
    follow->changes_entry = (struct loop_entry){
        .fd = changes_fd(follow->changes),
        .events = LOOP_IN,
        .ready = on_changes,
        .context = follow,
    };
    return loop_add(session->op, session->loop, &follow->changes_entry);
}

/* Whoever is in a table, open, or waits to be opened. */
static void files_free(struct follow *follow)
{
    while (follow->open_count > 0) { /* the session still has what was told of them */
        follow->open_count--;
        follow->open[follow->open_count]->input = NULL;
    }
    for (struct follow_file *at = follow->queue_first; at != NULL; at = at->queue_next) {
        at->queued = false;
    }
    for (size_t i = 0; i < follow->by_inode.room; i++) {
        while (follow->by_inode.buckets[i] != NULL) {
            follow_file_free(follow->by_inode.buckets[i]);
        }
    }
    for (size_t i = 0; i < follow->by_path.room; i++) {
        while (follow->by_path.buckets[i] != NULL) {
            follow_file_free(follow->by_path.buckets[i]);
        }
    }
}

static void follow_end(struct follow *follow)
{
    if (follow == NULL) {
        return;
    }
    follow_intakes_end(follow);
    files_free(follow);
    follow_copies_free(follow);
    for (size_t i = 0; i < follow->folder_count; i++) {
        memory_free(follow->folders[i].path);
    }
    if (follow->changes != NULL) {
        loop_remove(follow->session->loop, &follow->changes_entry);
    }
    changes_free(follow->changes);
    memory_free(follow->folders);
    memory_free(follow->by_path.buckets);
    memory_free(follow->by_inode.buckets);
    memory_free(follow->sources);
    memory_free(follow);
}

static enum err follow_begin(struct session *session, const struct follow_options *options,
                             struct follow **ret)
{
    struct follow *follow = memory_new(sizeof *follow);
    struct follow_state *sources = memory_new_array(options->count, sizeof *sources);
    if (follow == NULL || sources == NULL) {
        memory_free(follow);
        memory_free(sources);
        return op_fail(session->op, ERR_LIMIT, "out of memory for files");
    }
    const struct config *config = session->node->config;
    follow->session = session;
    follow->folder = options->folder;
    follow->intakes = options->intakes;
    follow->before = options->before;
    follow->sources = sources;
    follow->source_count = options->count;
    for (size_t i = 0; i < options->count; i++) {
        sources[i].from = options->sources[i];
    }
    follow->settle_us = (int64_t)config->settle_s * US_PER_S;
    follow->poll_us = (int64_t)config->poll_s * US_PER_S;
    follow->scan_wanted = true;
    os_random(&follow->secret, sizeof follow->secret);
    enum err err = changes_begin(follow);
    if (err == ERR_OK) {
        err = follow_copies_load(follow);
    }
    if (err == ERR_OK) {
        err = follow_silence_begin(follow);
    }
    if (err != ERR_OK) {
        follow_end(follow);
        return err;
    }
    *ret = follow;
    return ERR_OK;
}

static int64_t scan_due_us(const struct follow *follow)
{
    int64_t least_us = (int64_t)FOLLOW_SCAN_LEAST_MS * US_PER_MS;
    int64_t share_us = SCAN_COST_SHARE * follow->scan_cost_us;
    int64_t pause_us = follow->scan_wanted ? least_us : follow->poll_us;
    return follow->scanned_us + (pause_us > share_us ? pause_us : share_us);
}

static enum err follow_turn(struct follow *follow, int *ret_ms)
{
    int64_t now_us = os_monotonic_us();
    bool first = follow->scan == 0;
    if ((first || scan_due_us(follow) <= now_us) && session_is_whole(follow->session)) {
        TRY(follow_scan(follow));
    }
    TRY(follow_intakes_turn(follow));
    TRY(follow_silence_turn(follow));
    TRY(follow_files_turn(follow, ret_ms));
    int64_t left_ms = (scan_due_us(follow) - os_monotonic_us()) / US_PER_MS + 1;
    if (left_ms < *ret_ms) {
        *ret_ms = left_ms < 0 ? 0 : (int)left_ms;
    }
    return ERR_OK;
}

/* Standard input alone has an end. */
static bool is_over(const struct follow *follow)
{
    const struct follow_file *only = follow_find_path(follow, SPAN("-"));
    return follow->source_count == 1 && only != NULL && only->input == NULL && !only->queued &&
           span_equal(follow->sources[0].from.named.path, SPAN("-"));
}

static enum err step(struct follow *follow)
{
    int wait_ms = 0;
    TRY(follow_turn(follow, &wait_ms));
    if (is_over(follow)) {
        return ERR_ABSENT;
    }
    return session_wait(follow->session, wait_ms);
}

/* ERR_STALE: the configuration has changed. */
static enum err run(struct follow *follow, const struct follow_options *options)
{
    bool ready = false;
    enum err err = ERR_OK;
    struct session *session = follow->session;
    while (err == ERR_OK) {
        err = step(follow);
        if (err == ERR_OK && !ready) {
            ready = true;
            (void)service_tell("READY=1\nSTATUS=following its inputs");
        }
        if (err != ERR_OK && session->watch_lost) {
            err = session_watch_restart(session);
        }
        if (err == ERR_OK && session_is_whole(session) && options->reload(options->context)) {
            err = ERR_STALE;
        }
    }
    return err;
}

enum err follow_run(struct session *session, const struct follow_options *options)
{
    struct follow *follow = NULL;
    TRY(follow_begin(session, options, &follow));
    enum err err = run(follow, options);
    if (err == ERR_STALE || err == ERR_CANCELLED) {
        enum err rest = follow_intakes_rest(follow, err == ERR_STALE);
        err = rest == ERR_OK ? err : rest;
    }
    if (err == ERR_STALE) {
        follow_before_make(follow, options->before);
    }
    (void)service_tell(err == ERR_STALE ? "RELOADING=1" : "STOPPING=1");
    follow_end(follow);
    return err;
}
