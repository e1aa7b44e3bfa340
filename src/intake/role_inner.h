// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of the role share; nobody else includes it.
 */
#ifndef INTAKE_ROLE_INNER_H
#define INTAKE_ROLE_INNER_H

#include "intake/frame.h"
#include "intake/role.h"
#include "intake/tls.h"
#include "os/loop.h"

enum {
    INTAKE_STREAM_COUNT_MAX = 512,  /* connections of the process */
    INTAKE_QUEUE_HIGH = 256 * 1024, /* lines of a source that wait for room in its pipe: at this
                                     * many bytes the source is held back */
    INTAKE_READ_SIZE = 64 * 1024,
};

struct intake_role;
struct intake_stream;

struct intake_from {
    struct intake_role *role;
    enum intake_kind kind;
    struct intake_tls *tls;
    int fd;
    int pipe;
    struct loop_entry entry;      /* of the socket */
    struct loop_entry pipe_entry; /* in the loop while lines wait */
    bool pipe_waited;
    bool held;        /* nothing is read until there is room in the pipe */
    struct buf lines; /* that wait for room */
    size_t sent;      /* of these, bytes that are in the pipe */
    struct intake_counts counts;
    uint32_t lost_told;
};

/* A connection. */
struct intake_stream {
    struct intake_from *from;
    int fd;
    struct intake_tls_session *session; /* NULL: plain */
    struct loop_entry entry;
    struct intake_frame frame;
    struct buf bytes; /* that came and are no whole message yet */
    bool ended;
    bool outside; /* not in the loop: it has gone, and the source is held */
    int64_t begun_us;
    int64_t heard_us;
};

struct intake_role {
    struct op *op;
    struct channel *store;
    struct loop *loop;
    struct loop_entry store_entry;
    size_t from_count;
    struct intake_from from[INTAKE_SOURCE_COUNT_MAX];
    size_t stream_count;
    struct intake_stream *streams[INTAKE_STREAM_COUNT_MAX];
    int64_t told_us;
    uint8_t bytes[INTAKE_READ_SIZE];
};

/* ---- a source ---- */

/**
 * Wait for what comes to a source, from now on.
 *
 * from      its socket and pipe are there
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err intake_from_begin(struct intake_from *from);

/**
 * A message came: its line is put behind those that wait.
 *
 * from      not held
 * message   of any bytes
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err intake_from_take(struct intake_from *from, struct span message);

/**
 * Put what waits into the pipe, as far as there is room; where too much is left, the source is held
 * until all of it has gone.
 *
 * from      begun
 *
 * Errors    ERR_ABSENT nobody reads the pipe any more; ERR_IO
 */
MUST_USE
enum err intake_from_flush(struct intake_from *from);

/* ---- connections ---- */

/**
 * Take those who connect.
 *
 * from      its socket listens
 *
 * Errors    ERR_LIMIT no memory; ERR_IO
 */
MUST_USE
enum err intake_streams_accept(struct intake_from *from);

/**
 * Go on with the connections of a source that was held.
 *
 * from      not held
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err intake_streams_resume(struct intake_from *from);

/**
 * End connections that do not agree on TLS in time.
 *
 * role      at work
 * now_us    by os_monotonic_us()
 */
void intake_streams_sweep(struct intake_role *role, int64_t now_us);

/**
 * End all connections.
 *
 * role      ends
 */
void intake_streams_end(struct intake_role *role);

#endif
