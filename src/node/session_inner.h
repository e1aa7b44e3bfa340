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

/**
 * Say something to the watch process.
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
 * Wait for the watch; serve callers, count and show progress meanwhile.
 *
 * session   begun
 * ret       what the watch said; its body is borrowed until the next call
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_ABSENT the watch has gone; ERR_IO; others:
 *           the run cannot go on
 */
MUST_USE
enum err session_wait(struct session *session, struct channel_message *ret);

/**
 * Wait until a pipe has something to give; serve callers and show progress meanwhile.
 *
 * session   begun
 * fd        of the pipe
 *
 * Errors    as session_wait()
 */
MUST_USE
enum err session_wait_for_writer(struct session *session, int fd);

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

/**
 * Count what gathered.
 *
 * session   begun; every chunk that was told is whole
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
 * body      of the message; not trusted
 *
 * Errors    ERR_FORMAT it holds what is no fold; ERR_LIMIT
 */
MUST_USE
enum err session_on_folds(struct session *session, struct span body);

#endif
