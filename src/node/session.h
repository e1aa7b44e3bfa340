// SPDX-License-Identifier: EUPL-1.2
/*
 * A run of the watch, from the store's side: the watch process is started and given up to its jail,
 * inputs are handed to it one by one, and what it tells is counted in batches. Other commands are
 * served in between.
 */
#ifndef NODE_SESSION_H
#define NODE_SESSION_H

#include <sys/types.h>

#include "node/command.h"
#include "node/inputs.h"
#include "node/node.h"
#include "node/remote.h"
#include "os/channel.h"
#include "watch/role.h"

enum { SESSION_BATCH_INPUTS_MAX = 256, SESSION_IMAGE_PATH_SIZE = 64 };

/* What a run did, for the summary. */
struct session_totals {
    uint64_t inputs;         /* read, at least in part */
    uint64_t inputs_known;   /* skipped: nothing new in them */
    uint64_t inputs_strange; /* no known format */
    uint64_t inputs_failed;  /* could not be opened or read to their end */
    uint64_t lines;
    uint64_t observations;
    uint64_t bytes; /* of files, as they lie on the disk */
    uint64_t hits;  /* lines that met an indicator, per fold */
    uint64_t folds_opened;
    uint64_t counts[WATCH_COUNT_COUNT];
};

struct session;

struct session_options {
    bool again; /* read from the start, count nothing */
    bool quiet;
    unsigned jobs;
    /* Called for every fold that a batch opened, and some times a second while the run waits. */
    void (*on_fold)(struct session *session, const struct fold *fold);
    void (*on_wait)(struct session *session);
};

struct session {
    struct invocation *invocation;
    struct op *op;
    struct node *node;
    struct session_options options;
    struct session_totals totals;
    struct channel watch;
    pid_t pid;
    bool has_watch;
    struct remote_server *server;
    char image[SESSION_IMAGE_PATH_SIZE]; /* path of the index in use; empty: none yet */
    size_t image_size;
    int64_t started_us;
    int64_t shown_us;    /* when progress was last shown */
    uint64_t total_size; /* of all inputs */
    /* the batch that gathers */
    struct op batch; /* memory of its folds */
    struct fold *folds;
    size_t fold_count;
    size_t whole_count; /* of these, how many are of chunks that were told whole */
    size_t fold_room;
    struct store_input inputs[SESSION_BATCH_INPUTS_MAX];
    size_t input_count;
    bool changed; /* there is something to commit */
    int64_t committed_us;
    int64_t latest_us; /* latest time of a line that met something */
    /* the present input */
    const struct input_named *input;
    struct store_input *state; /* in `inputs`; NULL where nothing is counted */
    uint64_t input_bytes;
    uint64_t waiting;    /* bytes of its last line, which has no end yet */
    bool reading;        /* the watch is at work on it */
    uint64_t bytes_done; /* of earlier inputs */
};

/**
 * Start: the watch process first, then the store is opened for writing.
 *
 * session     caller's memory
 * invocation  its node was opened with NODE_FILES
 * options     copied
 *
 * Errors    ERR_AGAIN another process writes to this node; ERR_IO; those of store_open()
 */
MUST_USE
enum err session_begin(struct session *session, struct invocation *invocation,
                       const struct session_options *options);

/**
 * Read one input to its end.
 *
 * session   begun
 * folder    where a relative path starts: an open folder
 * input     borrowed until return
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_IO or others: the run cannot go on. An input
 * that cannot be read is told and counted, and is no error
 */
MUST_USE
enum err session_read(struct session *session, int folder, const struct input_named *input);

/**
 * End: what gathered is counted, open folds are closed, the watch process ends.
 *
 * session   begun, also where it failed
 *
 * Errors    ERR_IO; ERR_FULL: what was not counted is read again by the next run
 */
MUST_USE
enum err session_end(struct session *session);

#endif
