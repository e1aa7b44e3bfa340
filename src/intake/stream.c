// SPDX-License-Identifier: EUPL-1.2
/*
 * Connections: what comes over them is cut into messages.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "intake/role_inner.h"
#include "os/clock.h"

enum {
    ACCEPTS_PER_TURN = 16,
    READS_PER_TURN = 16,
    AGREE_WITHIN_S = 10,
    SILENT_LEAST_S = 60, /* who was silent for so long makes room for others where there is none */
    STREAM_SIZE_MAX = INTAKE_MESSAGE_SIZE_MAX + INTAKE_COUNT_DIGITS_MAX + 1 + INTAKE_READ_SIZE,
};

static void stream_free(struct intake_stream *stream)
{
    struct intake_role *role = stream->from->role;
    loop_remove(role->loop, &stream->entry);
    intake_tls_end(stream->session);
    close(stream->fd);
    buf_done(&stream->bytes);
    for (size_t i = 0; i < role->stream_count; i++) {
        if (role->streams[i] == stream) {
            role->stream_count--;
            role->streams[i] = role->streams[role->stream_count];
        }
    }
    memory_free(stream);
}

/* ---- reading ---- */

static enum err read_plain(struct intake_stream *stream, uint8_t *bytes, size_t room, size_t *ret)
{
    ssize_t got = recv(stream->fd, bytes, room, 0);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_IO;
    }
    *ret = (size_t)got;
    return ERR_OK;
}

static enum err read_some(struct intake_stream *stream)
{
    size_t got = 0;
    struct intake_role *role = stream->from->role;
    TRY(stream->session != NULL
            ? intake_tls_read(stream->session, role->bytes, sizeof role->bytes, &got)
            : read_plain(stream, role->bytes, sizeof role->bytes, &got));
    stream->heard_us = os_monotonic_us();
    stream->ended = got == 0;
    buf_add(&stream->bytes, span_make(role->bytes, got));
    return stream->bytes.err == ERR_OK ? ERR_OK
                                       : op_fail(role->op, ERR_LIMIT, "out of memory for lines");
}

/* What is left is moved to the front: it is at most one message. */
static enum err keep_rest(struct intake_stream *stream, struct span rest)
{
    struct span copy;
    struct op *op = stream->from->role->op;
    if (rest.size == stream->bytes.size) {
        return ERR_OK;
    }
    enum err err = op_copy(op, rest, &copy);
    buf_done(&stream->bytes); /* many connections are silent for long: they hold no memory */
    if (err == ERR_OK && copy.size > 0) {
        buf_add(&stream->bytes, copy);
    }
    arena_reset(&op->arena);
    return err;
}

static enum err take_messages(struct intake_stream *stream)
{
    struct span message;
    struct intake_from *from = stream->from;
    struct span rest = buf_span(&stream->bytes);
    uint64_t cut_before = stream->frame.cut;
    enum err err = ERR_OK;
    while (err == ERR_OK && !from->held) {
        err = intake_frame_next(&stream->frame, &rest, stream->ended, &message);
        if (err == ERR_OK) {
            err = intake_from_take(from, message);
        }
        if (err == ERR_OK && from->lines.size - from->sent >= INTAKE_QUEUE_HIGH) {
            err = intake_from_flush(from);
        }
    }
    from->counts.cut += stream->frame.cut - cut_before;
    TRY(keep_rest(stream, rest));
    return err == ERR_AGAIN ? ERR_OK : err;
}

/* Whether a connection is over that ends with this error of its own. */
static bool is_over(struct intake_stream *stream, enum err err)
{
    if (err == ERR_FORMAT || err == ERR_IO) {
        stream->from->counts.broken++;
        return true;
    }
    return false;
}

/* ERR_OK: there may be more at once. ERR_AGAIN, ERR_FULL: it waits. Others: it has ended, or the
 * role does. */
static enum err stream_turn(struct intake_stream *stream)
{
    TRY(take_messages(stream));
    for (int i = 0; i < READS_PER_TURN && !stream->from->held; i++) {
        if (stream->ended) {
            return ERR_ABSENT;
        }
        TRY(read_some(stream));
        TRY(take_messages(stream));
    }
    return ERR_OK;
}

/* Nothing is waited for while the source is held. A connection that is gone would be told again and
 * again: it leaves the loop. */
static enum err stream_wait(struct intake_stream *stream, enum err err, unsigned events)
{
    struct intake_role *role = stream->from->role;
    unsigned wanted = LOOP_IN;
    if (stream->from->held) {
        wanted = 0;
    } else if (err == ERR_OK) {
        wanted = LOOP_IN | LOOP_OUT; /* what GnuTLS or we hold already, nobody would tell of */
    } else if (err == ERR_FULL) {
        wanted = LOOP_OUT;
    }
    if (wanted == 0 && (events & LOOP_GONE) != 0) {
        loop_remove(role->loop, &stream->entry);
        stream->outside = true;
        return ERR_OK;
    }
    return loop_change(role->op, role->loop, &stream->entry, wanted);
}

static enum err on_stream(void *context, unsigned events)
{
    struct intake_stream *stream = context;
    struct intake_from *from = stream->from;
    struct intake_role *role = from->role;
    enum err err = stream_turn(stream);
    if (err == ERR_LIMIT && role->op->fault.err != ERR_OK) {
        return err;
    }
    TRY(intake_from_flush(from));
    if (err == ERR_ABSENT || is_over(stream, err)) {
        stream_free(stream);
        return ERR_OK;
    }
    return stream_wait(stream, err, events);
}

/* Each has its turn as soon as the loop comes to it: there is nearly always room to write. */
enum err intake_streams_resume(struct intake_from *from)
{
    struct intake_role *role = from->role;
    for (size_t i = 0; i < role->stream_count; i++) {
        struct intake_stream *stream = role->streams[i];
        if (stream->from != from) {
            continue;
        }
        if (stream->outside) {
            stream->outside = false;
            stream->entry.events = LOOP_IN | LOOP_OUT;
            TRY(loop_add(role->op, role->loop, &stream->entry));
        } else {
            TRY(loop_change(role->op, role->loop, &stream->entry, LOOP_IN | LOOP_OUT));
        }
    }
    return ERR_OK;
}

/* ---- coming and going ---- */

/* The one that was silent for longest, if that is long enough. */
static void make_room(struct intake_role *role)
{
    struct intake_stream *oldest = NULL;
    for (size_t i = 0; i < role->stream_count; i++) {
        if (oldest == NULL || role->streams[i]->heard_us < oldest->heard_us) {
            oldest = role->streams[i];
        }
    }
    int64_t least_us = (int64_t)SILENT_LEAST_S * US_PER_S;
    if (oldest != NULL && os_monotonic_us() - oldest->heard_us >= least_us) {
        stream_free(oldest);
    }
}

static enum err stream_new(struct intake_from *from, int fd)
{
    const int on = 1;
    struct intake_role *role = from->role;
    struct intake_stream *stream = memory_new(sizeof *stream);
    if (stream == NULL ||
        (from->tls != NULL && intake_tls_begin(from->tls, fd, &stream->session) != ERR_OK)) {
        memory_free(stream);
        close(fd);
        return op_fail(role->op, ERR_LIMIT, "out of memory for a connection");
    }
    /* A sender whose machine went down is noticed. Local sockets know no such thing. */
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    stream->from = from;
    stream->fd = fd;
    stream->frame.counts = from->kind != INTAKE_UNIX;
    stream->begun_us = os_monotonic_us();
    stream->heard_us = stream->begun_us;
    buf_init(&stream->bytes, STREAM_SIZE_MAX);
    stream->entry = (struct loop_entry){
        .fd = fd,
        .events = from->held ? 0 : LOOP_IN,
        .ready = on_stream,
        .context = stream,
    };
    role->streams[role->stream_count] = stream;
    role->stream_count++;
    enum err err = loop_add(role->op, role->loop, &stream->entry);
    if (err != ERR_OK) {
        stream_free(stream);
    }
    return err;
}

enum err intake_streams_accept(struct intake_from *from)
{
    struct intake_role *role = from->role;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd = accept4(from->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return ERR_OK; /* none now; or it has gone already; or there are no descriptors */
        }
        if (role->stream_count == INTAKE_STREAM_COUNT_MAX) {
            make_room(role);
        }
        if (role->stream_count == INTAKE_STREAM_COUNT_MAX) {
            from->counts.refused++;
            close(fd);
        } else {
            TRY(stream_new(from, fd));
        }
    }
    return ERR_OK;
}

void intake_streams_sweep(struct intake_role *role, int64_t now_us)
{
    for (size_t i = role->stream_count; i > 0; i--) { /* the last one takes a free place */
        struct intake_stream *stream = role->streams[i - 1];
        bool late = stream->session != NULL && !intake_tls_is_agreed(stream->session) &&
                    now_us - stream->begun_us >= (int64_t)AGREE_WITHIN_S * US_PER_S;
        if (late) {
            stream->from->counts.broken++;
            stream_free(stream);
        }
    }
}

void intake_streams_end(struct intake_role *role)
{
    while (role->stream_count > 0) {
        stream_free(role->streams[role->stream_count - 1]);
    }
}
