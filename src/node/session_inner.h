// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of a session share; nobody else includes it.
 */
#ifndef NODE_SESSION_INNER_H
#define NODE_SESSION_INNER_H

#include "node/session.h"

enum {
    SESSION_BATCH_MEMORY_MAX = 512 * 1024 * 1024,
    SESSION_WATCH_MEMORY_MAX = 64 * 1024 * 1024,
};

enum session_phase {
    SESSION_ASKS,  /* the watch looks at its first bytes */
    SESSION_READS, /* the watch is at work on it */
    SESSION_RESTS, /* it is followed, and at its end for now */
    SESSION_ENDED, /* nothing more comes of it */
};

/* One input: what is known of it, and what the watch has told. */
struct session_input {
    struct session *session;
    uint32_t number; /* in messages; never used twice */
    enum session_phase phase;
    const struct input_named *named;
    /* of the file */
    bool regular;
    uint64_t device;
    uint64_t inode;
    uint64_t size;   /* when it was opened */
    int64_t made_us; /* when the file was made */
    /* as the store knows it */
    bool counted; /* `state` is to be kept */
    bool changed; /* ... and is not kept as it is now */
    struct store_input state;
    struct store_input known; /* what was last read from this file; number 0: nothing */
    size_t start_size;        /* its first bytes */
    uint8_t start[WATCH_START_SIZE];
    uint64_t bytes_read;
    uint64_t waiting; /* bytes of its last line, which has no end yet */
    bool released;    /* its owner has done with it: it goes when it is counted */
};

/* ---- the process ---- */

/**
 * Say something to the watch process; it is sent as soon as there is room.
 *
 * session   begun
 * type      what is said
 * body      of the message
 * file      goes with it, still the caller's; or CHANNEL_NO_FILE
 *
 * Errors    ERR_ABSENT it has gone; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_send(struct session *session, enum watch_message_type type, struct span body,
                      int file);

/**
 * Wait for the watch and everybody else until something happens; serve callers, count and show
 * progress meanwhile.
 *
 * session   begun
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_ABSENT the watch has gone; ERR_IO; others:
 *           the run cannot go on
 */
MUST_USE
enum err session_wait(struct session *session);

/**
 * End work that was done in session->scratch: its memory goes back, its fault is the run's. A run
 * that lasts for weeks must not keep either.
 *
 * session   begun
 * err       how the work ended
 *
 * Errors    ERR_IO, or whatever `err` is
 */
MUST_USE
enum err session_scratch_end(struct session *session, enum err err);

/* ---- one input ---- */

/**
 * Hand an open file to the watch.
 *
 * session   begun; session_is_whole()
 * named     how it is called; borrowed until session_input_release()
 * fd        still the caller's
 * ret       until session_input_release(); untouched on error
 *
 * Errors    ERR_LIMIT no memory; ERR_ABSENT the watch has gone; ERR_IO
 */
MUST_USE
enum err session_input_open(struct session *session, const struct input_named *named, int fd,
                            struct session_input **ret);

/**
 * Do with an input what must be done when nobody needs it any more: the watch closes it where it
 * has not ended; it is given back when all of it is counted.
 *
 * input     from session_input_open()
 *
 * Errors    ERR_ABSENT the watch has gone; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_input_release(struct session_input *input);

/**
 * Take what the watch says of an input.
 *
 * session   begun
 * message   not trusted
 *
 * Errors    ERR_FORMAT it is none of what was agreed; those of session_commit()
 */
MUST_USE
enum err session_input_hear(struct session *session, const struct channel_message *message);

/**
 * Give back inputs that were released and are counted.
 *
 * session   begun
 */
void session_inputs_sweep(struct session *session);

/**
 * Give back all inputs.
 *
 * session   begun
 */
void session_inputs_free(struct session *session);

/* ---- what is counted ---- */

/**
 * Whether all chunks of which folds were told were told whole: only then may be counted, and may
 * an input be opened.
 *
 * session   begun
 */
bool session_is_whole(const struct session *session);

/**
 * Count what gathered.
 *
 * session   begun; session_is_whole()
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT: nothing was counted
 */
MUST_USE
enum err session_commit(struct session *session);

/**
 * Count what gathered, where it is much or old.
 *
 * session   begun
 *
 * Errors    as session_commit()
 */
MUST_USE
enum err session_commit_when_due(struct session *session);

/**
 * Close the folds of which nothing more is expected, once in a while.
 *
 * session   begun
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_close_when_due(struct session *session);

/**
 * Close the folds of which nothing more is expected, and those of old logs.
 *
 * session   begun; all was counted
 *
 * Errors    as session_close_when_due()
 */
MUST_USE
enum err session_close_at_end(struct session *session);

/**
 * Gather the folds of a message from the watch.
 *
 * session   begun
 * input     whose they are
 * body      the folds; not trusted
 *
 * Errors    ERR_FORMAT it holds what is no fold, or the chunk of other folds was not told;
 * ERR_LIMIT
 */
MUST_USE
enum err session_on_folds(struct session *session, uint32_t input, struct span body);

/**
 * The chunk whose folds gathered was told whole, or counts for nothing.
 *
 * session   begun
 * counts    whether its folds count
 */
void session_on_folds_end(struct session *session, bool counts);

/**
 * An input has something to be counted.
 *
 * input     its state is to be kept
 */
void session_input_changed(struct session_input *input);

#endif
