// SPDX-License-Identifier: EUPL-1.2
/*
 * Unix sockets, of lines or datagrams; the socket of a local syslog daemon; syslog by UDP (RFC
 * 5426: one datagram a message). On a Unix socket an event counts as delivered when the other side
 * has read it. UDP tells nobody what it loses, but for a port where nobody listens.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "fetch/carrier.h"
#include "fetch/drain.h"
#include "fetch/place.h"
#include "os/clock.h"

enum {
    NO_SOCKET = -1,
    RESOLVED_FOR_S = 60, /* a name may come to stand for another machine */
};

struct socket_state {
    const struct fetch_output *output;
    int fd;
    bool stream;  /* events are lines */
    bool network; /* UDP */
    int64_t connected_us;
};

static void disconnect(struct socket_state *state)
{
    if (state->fd != NO_SOCKET) {
        close(state->fd);
    }
    state->fd = NO_SOCKET;
}

static void socket_end(void *state)
{
    disconnect(state);
    memory_free(state);
}

static enum err socket_begin(struct op *op, const struct fetch_output *output, void **ret)
{
    struct socket_state *state = memory_new(sizeof *state);
    if (state == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    state->output = output;
    state->fd = NO_SOCKET;
    *ret = state;
    return ERR_OK;
}

/* ---- connecting ---- */

/* No send() may hang: a receiver that does not read is told like one that is not there. */
static void waits_limit(int fd)
{
    const struct timeval wait = { .tv_sec = CARRIER_WAIT_S };
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

static enum err unix_connect(struct op *op, struct socket_state *state, struct span path, int type)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (path.size >= sizeof address.sun_path) {
        return op_fail(op, ERR_LIMIT, "the path of a Unix socket has at most %zu bytes",
                       sizeof address.sun_path - 1);
    }
    span_copy(address.sun_path, sizeof address.sun_path, path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return op_fail(op, ERR_IO, "cannot make a socket: %s", strerror(errno));
    }
    waits_limit(fd);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int saved = errno;
        close(fd);
        return op_fail(op, saved == ENOENT ? ERR_ABSENT : ERR_IO, "cannot connect to %.*s: %s",
                       SPAN_FMT(path), strerror(saved));
    }
    state->fd = fd;
    state->stream = type == SOCK_STREAM;
    return ERR_OK;
}

/* The local daemon's socket is of datagrams nearly everywhere; of a stream with some. */
static enum err local_connect(struct op *op, struct socket_state *state, struct span path)
{
    struct op first;
    op_begin(&first, &op->actor, CARRIER_MEMORY_MAX);
    enum err err = unix_connect(&first, state, path, SOCK_DGRAM);
    op_end(&first);
    return err == ERR_OK ? ERR_OK : unix_connect(op, state, path, SOCK_STREAM);
}

static int addresses_connect(const struct addrinfo *found)
{
    int fd = NO_SOCKET;
    for (const struct addrinfo *at = found; at != NULL && fd == NO_SOCKET; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            int saved = errno;
            close(fd);
            errno = saved;
            fd = NO_SOCKET;
        }
    }
    return fd;
}

static enum err udp_connect(struct op *op, struct socket_state *state, const struct place *place)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
    const char *port = place->port.size > 0 ? (const char *)place->port.data : "514"; /* RFC 5426 */
    struct addrinfo *found = NULL;
    int code = getaddrinfo((const char *)place->host.data, port, &hints, &found);
    if (code != 0) {
        return op_fail(op, ERR_ABSENT, "%.*s: %s", SPAN_FMT(place->host), gai_strerror(code));
    }
    int fd = addresses_connect(found);
    int saved = errno;
    freeaddrinfo(found);
    if (fd < 0) {
        return op_fail(op, ERR_IO, "cannot reach %.*s: %s", SPAN_FMT(place->host), strerror(saved));
    }
    waits_limit(fd);
    state->fd = fd;
    state->network = true;
    return ERR_OK;
}

static enum err connect_to(struct op *op, struct socket_state *state)
{
    const struct fetch_output *output = state->output;
    struct place place;
    state->connected_us = os_monotonic_us();
    if (output->kind == FETCH_UNIX) {
        return unix_connect(op, state, output->path, output->datagram ? SOCK_DGRAM : SOCK_STREAM);
    }
    TRY(place_parse(op, output->url, &place));
    return place.path.size > 0 ? local_connect(op, state, place.path)
                               : udp_connect(op, state, &place);
}

/* A stream whose other side has gone says so; what it might say else is nobody's concern. */
static bool is_usable(const struct socket_state *state)
{
    struct pollfd end = { .fd = state->fd, .events = POLLRDHUP };
    int64_t age_us = os_monotonic_us() - state->connected_us;
    bool stale = state->network && age_us > (int64_t)RESOLVED_FOR_S * US_PER_S;
    return state->fd != NO_SOCKET && !stale && poll(&end, 1, 0) == 0;
}

/* ---- sending ---- */

static enum err send_all(struct op *op, const struct socket_state *state, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t sent = send(state->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            bool late = errno == EAGAIN || errno == EWOULDBLOCK;
            return op_fail(op, late ? ERR_TIMEOUT : ERR_IO, "cannot send: %s",
                           late ? "the receiver does not read" : strerror(errno));
        }
        bytes = span_from(bytes, (size_t)sent);
    }
    return ERR_OK;
}

static enum err item_send(struct op *op, const struct socket_state *state,
                          const struct fetch_item *item)
{
    if (!state->stream) {
        return send_all(op, state, item->text);
    }
    struct buf line;
    buf_init(&line, FETCH_EVENT_SIZE_MAX + 1);
    buf_add(&line, item->text);
    buf_add_byte(&line, '\n');
    enum err err = line.err == ERR_OK ? send_all(op, state, buf_span(&line))
                                      : op_fail(op, ERR_LIMIT, "out of memory");
    buf_done(&line);
    return err;
}

static enum err items_send(struct op *op, struct socket_state *state,
                           struct fetch_item *const *items, size_t count)
{
    if (!is_usable(state)) {
        disconnect(state);
        TRY(connect_to(op, state));
    }
    for (size_t i = 0; i < count; i++) {
        TRY(item_send(op, state, items[i]));
    }
    return drain_wait(op, state->fd);
}

static enum err socket_deliver(struct op *op, void *state, struct fetch_item *const *items,
                               size_t count, size_t *ret_done)
{
    enum err err = items_send(op, state, items, count);
    if (err != ERR_OK) {
        disconnect(state);
    }
    *ret_done = err == ERR_OK ? count : 0;
    return err;
}

const struct carrier carrier_socket = { socket_begin, socket_deliver, socket_end };
