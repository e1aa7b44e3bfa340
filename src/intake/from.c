// SPDX-License-Identifier: EUPL-1.2
/*
 * One source: its socket, and the lines that wait for room in its pipe. While they wait, nothing is
 * read: a sender of a stream is held back by that, and of datagrams the kernel keeps as many as its
 * queue holds, and counts those that it drops.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "intake/role_inner.h"

enum {
    DATAGRAMS_PER_TURN = 256,
    DATAGRAM_SIZE_MAX = INTAKE_READ_SIZE, /* UDP has at most 65,507 bytes; a longer one of a local
                                           * socket is cut */
};

static bool is_stream(enum intake_kind kind)
{
    return kind == INTAKE_TCP || kind == INTAKE_TLS || kind == INTAKE_UNIX;
}

/* A line end inside a message would make two lines of it. */
static void add_line(struct buf *lines, struct span line)
{
    struct span rest = line;
    struct span piece;
    bool first = true;
    while (span_next(&rest, '\n', &piece)) {
        if (!first) {
            buf_add_byte(lines, ' ');
        }
        first = false;
        buf_add(lines, piece);
    }
    buf_add_byte(lines, '\n');
}

enum err intake_from_take(struct intake_from *from, struct span message)
{
    struct span line = intake_line(message);
    if (line.size == 0) {
        return ERR_OK; /* some senders say nothing to show that they live */
    }
    from->counts.messages++;
    add_line(&from->lines, line);
    return from->lines.err == ERR_OK
               ? ERR_OK
               : op_fail(from->role->op, ERR_LIMIT, "out of memory for lines");
}

/* ---- the pipe ---- */

static enum err wait_for_room(struct intake_from *from, bool wait);

/* Who was held is let go only here, and all who were with it. */
static enum err on_room(void *context, unsigned events)
{
    struct intake_from *from = context;
    struct intake_role *role = from->role;
    (void)events;
    TRY(intake_from_flush(from));
    if (!from->held || from->lines.size > 0) {
        return ERR_OK;
    }
    from->held = false;
    TRY(wait_for_room(from, false));
    TRY(loop_change(role->op, role->loop, &from->entry, LOOP_IN));
    return intake_streams_resume(from);
}

static enum err wait_for_room(struct intake_from *from, bool wait)
{
    struct intake_role *role = from->role;
    if (wait == from->pipe_waited) {
        return ERR_OK;
    }
    from->pipe_waited = wait;
    if (!wait) {
        loop_remove(role->loop, &from->pipe_entry);
        return ERR_OK;
    }
    from->pipe_entry = (struct loop_entry){
        .fd = from->pipe,
        .events = LOOP_OUT,
        .ready = on_room,
        .context = from,
    };
    return loop_add(role->op, role->loop, &from->pipe_entry);
}

static enum err send_some(struct intake_from *from)
{
    struct span rest = span_from(buf_span(&from->lines), from->sent);
    while (rest.size > 0) {
        ssize_t sent = write(from->pipe, rest.data, rest.size);
        if (sent < 0 && errno == EAGAIN) {
            return ERR_OK;
        }
        if (sent < 0 && errno != EINTR) {
            return op_fail(from->role->op, errno == EPIPE ? ERR_ABSENT : ERR_IO,
                           "cannot hand lines on: %s", strerror(errno));
        }
        from->sent += sent < 0 ? 0 : (size_t)sent;
        rest = span_from(buf_span(&from->lines), from->sent);
    }
    buf_clear(&from->lines);
    from->sent = 0;
    return ERR_OK;
}

enum err intake_from_flush(struct intake_from *from)
{
    struct intake_role *role = from->role;
    TRY(send_some(from));
    size_t waiting = from->lines.size - from->sent;
    if (waiting >= INTAKE_QUEUE_HIGH && !from->held) {
        from->held = true;
        TRY(loop_change(role->op, role->loop, &from->entry, 0));
    }
    return wait_for_room(from, waiting > 0 || from->held);
}

/* ---- datagrams ---- */

static enum err on_datagrams(struct intake_from *from)
{
    struct intake_role *role = from->role;
    for (int i = 0; i < DATAGRAMS_PER_TURN && !from->held; i++) {
        ssize_t got = recv(from->fd, role->bytes, DATAGRAM_SIZE_MAX, MSG_TRUNC);
        if (got < 0) {
            break; /* none now; or one that was damaged, which the kernel has dropped */
        }
        size_t size = (size_t)got < sizeof role->bytes ? (size_t)got : sizeof role->bytes;
        from->counts.cut += (size_t)got > size ? 1 : 0;
        TRY(intake_from_take(from, span_make(role->bytes, size)));
        if (from->lines.size - from->sent >= INTAKE_QUEUE_HIGH) {
            TRY(intake_from_flush(from));
        }
    }
    return intake_from_flush(from);
}

static enum err on_socket(void *context, unsigned events)
{
    struct intake_from *from = context;
    (void)events;
    return is_stream(from->kind) ? intake_streams_accept(from) : on_datagrams(from);
}

enum err intake_from_begin(struct intake_from *from)
{
    struct intake_role *role = from->role;
    enum { LINES_SIZE_MAX = INTAKE_QUEUE_HIGH + 4 * INTAKE_MESSAGE_SIZE_MAX };
    buf_init(&from->lines, LINES_SIZE_MAX);
    buf_add_byte(&from->lines, '\n'); /* whoever was here before may have left half a line */
    from->entry = (struct loop_entry){
        .fd = from->fd,
        .events = LOOP_IN,
        .ready = on_socket,
        .context = from,
    };
    TRY(loop_add(role->op, role->loop, &from->entry));
    return intake_from_flush(from);
}
