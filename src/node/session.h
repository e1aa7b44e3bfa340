// SPDX-License-Identifier: EUPL-1.2
/*
 * A run of the watch, from the store's side: the watch process is started and given up to its jail,
 * inputs are handed to it, and what it tells is counted in batches. Other commands are served in
 * between. One event loop waits for all of them; others may add what they wait for.
 */
#ifndef NODE_SESSION_H
#define NODE_SESSION_H

#include "node/command.h"
#include "node/fold_seen.h"
#include "node/inputs.h"
#include "node/metrics.h"
#include "node/node.h"
#include "node/outputs.h"
#include "node/remote.h"
#include "node/roles.h"
#include "os/channel.h"
#include "os/loop.h"
#include "watch/role.h"

enum { SESSION_IMAGE_PATH_SIZE = 64, SESSION_WORD_COUNT_MAX = 64 };

/* Counted among the reasons of watch_count_name(). */
#define SESSION_BROKEN_ARCHIVE SPAN("broken-archive")

/* What a run did, for the summary. */
struct session_totals {
    uint64_t inputs;           /* read, at least in part */
    uint64_t inputs_known;     /* skipped: nothing new in them */
    uint64_t inputs_strange;   /* no known format */
    uint64_t inputs_new;       /* filling: that nobody has read */
    uint64_t inputs_failed;    /* could not be opened or read to their end */
    uint64_t inputs_unread;    /* not one of their lines could be read */
    uint64_t inputs_rewritten; /* hold something else than before: read from their start */
    uint64_t inputs_waiting;   /* whose last line has no end yet */
    uint64_t waiting;          /* bytes of such lines, which no run has counted yet */
    uint64_t lines;
    uint64_t observations;
    uint64_t bytes;  /* of files, as they lie on the disk */
    uint64_t hits;   /* lines that met an indicator, per fold */
    uint64_t silent; /* of these, what an allow list silenced */
    uint64_t folds_opened;
    uint64_t folds_silent; /* opened, and told nobody */
    uint64_t counts[WATCH_COUNT_COUNT];
    uint64_t broken_archives;
};

/* An image that the watch has: its path; empty: none yet. */
struct session_image {
    size_t size;
    char path[SESSION_IMAGE_PATH_SIZE];
};

struct session;
struct session_input;

struct session_options {
    bool again;  /* read from the start, count nothing */
    bool fill;   /* read what was read before, to remember of it what is not; count nothing */
    bool follow; /* the run lasts until somebody stops it; hits are counted at once */
    bool quiet;
    bool patient; /* who writes to the node now is waited for long, and not only to end */
    bool metrics; /* are given to who asks, where that is configured */
    unsigned jobs;
    /* Called for every fold that a batch opened, and some times a second while the run waits. */
    void (*on_fold)(struct session *session, const struct fold *fold);
    void (*on_wait)(struct session *session);
};

/* The web role. */
struct session_web {
    bool listens;
    int listener;
    struct span address;
    struct role_child child;
    struct loop_entry entry;
    int64_t start_us; /* steady time from which it may be started */
    struct metrics_kinds kinds;
};

struct session {
    struct invocation *invocation;
    struct op *op;
    struct node *node;
    struct session_options options;
    struct session_totals totals;
    struct loop *loop;
    struct role_child watch;
    struct loop_entry watch_entry;
    bool watch_lost; /* it has gone, or said what is not agreed */
    int64_t watch_started_us;
    uint32_t restart_pause_ms; /* before the last one was started; 0: there was none */
    int64_t alive_told_us;     /* when the service manager last heard of this process */
    struct remote_server *server;
    struct loop_entry server_entry;
    struct outputs *outputs; /* NULL: nothing is sent */
    struct loop_entry outputs_entry;
    bool outputs_waited; /* the entry is in the loop */
    struct session_web web;
    int64_t line_us;              /* when the newest line came; TIME_US_NONE: none came yet */
    struct session_image image;   /* of the indicators, as the watch has it */
    struct session_image allowed; /* of what is allowed */
    struct op scratch;            /* memory for one input */
    size_t word_count;            /* of the database, for as long as the run lasts */
    struct span words[SESSION_WORD_COUNT_MAX];
    bool goes_on;     /* another run follows at once */
    int64_t begun_us; /* by the clock */
    int64_t started_us;
    int64_t shown_us;    /* when progress was last shown */
    uint64_t total_size; /* of all inputs */
    /* inputs: open ones, and those that ended but are not counted yet */
    struct session_input **inputs;
    size_t input_count;
    size_t input_room;
    uint32_t input_last; /* number of the one that was opened last */
    /* the batch that gathers */
    struct op batch; /* memory of its folds */
    struct fold *folds;
    size_t fold_count;
    size_t whole_count;   /* of these, how many are of chunks that were told whole */
    uint32_t folds_input; /* whose folds are not whole yet */
    size_t fold_room;
    size_t changed_count;    /* inputs that have something to be counted */
    struct buf seen;         /* of the chunk that is being told: what is to be remembered of it */
    uint64_t remember_size;  /* bytes of what is remembered with the batch */
    int64_t look_us;         /* steady time to look back again; 0: nothing is new */
    uint64_t fill_from;      /* filling: what is not remembered is looked for from here on */
    bool fill_more;          /* perhaps there is more of this input */
    int64_t history_turn_us; /* steady time from which on work on the history goes on */
    struct fold_seen shown; /* where nothing is counted; when following: that were counted before */
    bool live_changed;      /* lines of a socket gathered */
    bool urgent;            /* a fold gathered that is perhaps new: somebody waits for it */
    int64_t changed_us;     /* when the first of what gathered came; 0: nothing has gathered */
    int64_t committed_us;
    int64_t commit_cost_us; /* how long the last commit took */
    int64_t closed_us;      /* when folds were last closed */
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
 * Remember what was read before of an input and is not remembered, piece by piece.
 *
 * session   begun, to fill
 * folder    relative paths begin there
 * named     the input
 *
 * Errors    as session_read()
 */
MUST_USE
enum err session_fill(struct session *session, int folder, const struct input_named *named);

/**
 * Put all indicators to what is remembered now: those that came after lines were read have not met
 * these yet.
 *
 * session   begun, to fill
 *
 * Errors    those of past_look_back() and session_commit()
 */
MUST_USE
enum err session_fill_look_back(struct session *session);

/**
 * End: what gathered is counted, folds of which nothing more is expected are closed (unless
 * somebody asked to stop: the next run does it), the watch process ends.
 *
 * session   begun, also where it failed
 *
 * Errors    ERR_IO; ERR_FULL: what was not counted is read again by the next run
 */
MUST_USE
enum err session_end(struct session *session);

/**
 * Count what gathered now, so that the history holds all lines that were read, where no input is in
 * the middle of being told of.
 *
 * session      begun
 * ret_settled  false: some lines are on their way still
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT: nothing was counted
 */
MUST_USE
enum err session_settle(struct session *session, bool *ret_settled);

/**
 * Take what the watch says, count it, and serve a caller, without waiting: between two steps of
 * work for a caller that takes long. A watch process that has gone is started again later.
 *
 * op        work in hand
 * session   begun
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_meanwhile(struct op *op, struct session *session);

#endif
