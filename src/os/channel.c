// SPDX-License-Identifier: EUPL-1.2
#include "os/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/wire.h"

/* A message on the wire: size of the body (4 bytes, little-endian), type (1 byte), body. */
enum { HEADER_SIZE = 5, READ_SIZE = 64 * 1024 };

/* A message that waits to be sent. */
struct channel_outgoing {
    struct channel_outgoing *next;
    int file; /* a descriptor of its own, until the first bytes have gone; CHANNEL_NO_FILE */
    size_t sent;
    struct buf bytes;
};

void channel_init(struct channel *channel, int fd)
{
    *channel = (struct channel){ .fd = fd, .file = CHANNEL_NO_FILE };
    buf_init(&channel->incoming, HEADER_SIZE + CHANNEL_MESSAGE_SIZE_MAX + READ_SIZE);
}

static void outgoing_free(struct channel_outgoing *outgoing)
{
    if (outgoing->file != CHANNEL_NO_FILE) {
        close(outgoing->file);
    }
    buf_done(&outgoing->bytes);
    memory_free(outgoing);
}

void channel_done(struct channel *channel)
{
    while (channel->first != NULL) {
        struct channel_outgoing *outgoing = channel->first;
        channel->first = outgoing->next;
        outgoing_free(outgoing);
    }
    channel->last = NULL;
    channel->waiting = 0;
    if (channel->fd >= 0) {
        close(channel->fd);
    }
    if (channel->file != CHANNEL_NO_FILE) {
        close(channel->file);
    }
    buf_done(&channel->incoming);
    channel->fd = -1;
    channel->file = CHANNEL_NO_FILE;
}

enum err channel_pair(struct op *op, struct channel *ret_a, struct channel *ret_b)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        return op_fail(op, ERR_IO, "cannot make a socket pair: %s", strerror(errno));
    }
    channel_init(ret_a, fds[0]);
    channel_init(ret_b, fds[1]);
    return ERR_OK;
}

static enum err fail(struct op *op, const char *what)
{
    if (errno == EPIPE || errno == ECONNRESET) {
        return op_fail(op, ERR_ABSENT, "the other process has gone");
    }
    return op_fail(op, ERR_IO, "cannot %s the other process: %s", what, strerror(errno));
}

/* Room for one file descriptor beside the bytes. */
union control {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int))];
};

static enum err send_some(struct op *op, struct channel *channel, struct span *rest, int file,
                          int flags)
{
    union control control = { 0 };
    struct iovec iov = { .iov_base = (void *)rest->data, .iov_len = rest->size };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (file != CHANNEL_NO_FILE) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof file);
        span_copy(CMSG_DATA(header), sizeof file, span_make(&file, sizeof file));
    }
    ssize_t sent = sendmsg(channel->fd, &message, MSG_NOSIGNAL | flags);
    bool full = (flags & MSG_DONTWAIT) != 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (sent < 0 && (errno == EINTR || full)) {
        return ERR_AGAIN;
    }
    if (sent < 0) {
        return fail(op, "write to");
    }
    *rest = span_from(*rest, (size_t)sent);
    return ERR_OK;
}

/* The buffer gets the message and room for no more: many may wait. */
static enum err message_write(struct op *op, struct buf *bytes, uint8_t type, struct span body)
{
    must(type != 0);
    if (body.size > CHANNEL_MESSAGE_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a message of %zu bytes is too large", body.size);
    }
    buf_init(bytes, HEADER_SIZE + body.size);
    wire_add_u32(bytes, (uint32_t)body.size);
    wire_add_u8(bytes, type);
    buf_add(bytes, body);
    return bytes->err == ERR_OK ? ERR_OK : op_fail(op, ERR_LIMIT, "out of memory");
}

enum err channel_send(struct op *op, struct channel *channel, uint8_t type, struct span body,
                      int file)
{
    struct buf bytes;
    must(channel->first == NULL);
    buf_init(&bytes, 0);
    enum err err = message_write(op, &bytes, type, body);
    struct span rest = buf_span(&bytes);
    while (err == ERR_OK && rest.size > 0) {
        size_t before = rest.size;
        err = send_some(op, channel, &rest, file, 0);
        if (rest.size < before) {
            file = CHANNEL_NO_FILE; /* it went with the first bytes */
        }
        if (err == ERR_AGAIN) {
            err = ERR_OK;
        }
    }
    buf_done(&bytes);
    return err;
}

static enum err outgoing_new(struct op *op, int file, struct channel_outgoing **ret)
{
    struct channel_outgoing *outgoing = memory_new(sizeof *outgoing);
    if (outgoing == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    buf_init(&outgoing->bytes, 0);
    outgoing->file = CHANNEL_NO_FILE;
    if (file != CHANNEL_NO_FILE) {
        outgoing->file = fcntl(file, F_DUPFD_CLOEXEC, 0);
    }
    if (file != CHANNEL_NO_FILE && outgoing->file < 0) {
        outgoing->file = CHANNEL_NO_FILE;
        outgoing_free(outgoing);
        return op_fail(op, ERR_LIMIT, "cannot keep a file open: %s", strerror(errno));
    }
    *ret = outgoing;
    return ERR_OK;
}

enum err channel_post(struct op *op, struct channel *channel, uint8_t type, struct span body,
                      int file)
{
    struct channel_outgoing *outgoing = NULL;
    TRY(outgoing_new(op, file, &outgoing));
    enum err err = message_write(op, &outgoing->bytes, type, body);
    if (err != ERR_OK) {
        outgoing_free(outgoing);
        return err;
    }
    if (channel->first == NULL) {
        channel->first = outgoing;
    } else {
        channel->last->next = outgoing;
    }
    channel->last = outgoing;
    channel->waiting += outgoing->bytes.size;
    return channel_flush(op, channel);
}

/* One message, as far as there is room. */
static enum err outgoing_send(struct op *op, struct channel *channel,
                              struct channel_outgoing *outgoing)
{
    struct span rest = span_from(buf_span(&outgoing->bytes), outgoing->sent);
    while (rest.size > 0) {
        size_t before = rest.size;
        TRY(send_some(op, channel, &rest, outgoing->file, MSG_DONTWAIT));
        outgoing->sent += before - rest.size;
        channel->waiting -= before - rest.size;
        if (outgoing->file != CHANNEL_NO_FILE) {
            close(outgoing->file); /* it went with the first bytes */
            outgoing->file = CHANNEL_NO_FILE;
        }
    }
    return ERR_OK;
}

enum err channel_flush(struct op *op, struct channel *channel)
{
    while (channel->first != NULL) {
        struct channel_outgoing *outgoing = channel->first;
        enum err err = outgoing_send(op, channel, outgoing);
        if (err == ERR_AGAIN) {
            return ERR_OK;
        }
        TRY(err);
        channel->first = outgoing->next;
        outgoing_free(outgoing);
    }
    channel->last = NULL;
    return ERR_OK;
}

size_t channel_waiting(const struct channel *channel)
{
    return channel->waiting;
}

static void take_file(struct channel *channel, struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR(message, header)) {
        bool is_file = header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
                       header->cmsg_len == CMSG_LEN(sizeof(int));
        if (!is_file) {
            continue;
        }
        int file = CHANNEL_NO_FILE;
        span_copy(&file, sizeof file, span_make(CMSG_DATA(header), sizeof file));
        if (channel->file != CHANNEL_NO_FILE) {
            close(channel->file);
        }
        channel->file = file;
    }
}

/* Bytes that go beyond a message's end may bring the next message's file; so no more is read than
 * the message still needs. */
static enum err receive_some(struct op *op, struct channel *channel, size_t wanted, bool wait)
{
    uint8_t *room = buf_reserve(&channel->incoming, wanted);
    if (room == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a message");
    }
    union control control = { 0 };
    struct iovec iov = { .iov_base = room, .iov_len = wanted };
    struct msghdr message = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t got = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return ERR_AGAIN;
    }
    if (got < 0 && errno == EINTR) {
        return wait ? op_check(op) : ERR_AGAIN;
    }
    if (got < 0) {
        return fail(op, "read from");
    }
    take_file(channel, &message);
    if (got == 0) {
        return op_fail(op, ERR_ABSENT, "the other process has gone");
    }
    channel->incoming.size += (size_t)got;
    return ERR_OK;
}

static void drop_consumed(struct channel *channel)
{
    must(channel->consumed == 0 || channel->consumed == channel->incoming.size);
    if (channel->consumed > 0) {
        buf_clear(&channel->incoming);
        channel->consumed = 0;
    }
}

enum err channel_receive(struct op *op, struct channel *channel, bool wait,
                         struct channel_message *ret)
{
    drop_consumed(channel);
    for (;;) {
        size_t have = channel->incoming.size;
        size_t need = HEADER_SIZE;
        uint8_t type = 0;
        if (have >= HEADER_SIZE) {
            struct wire_reader r = wire_reader_of(buf_span(&channel->incoming));
            size_t body_size = wire_u32(&r);
            type = wire_u8(&r);
            if (type == 0 || body_size > CHANNEL_MESSAGE_SIZE_MAX) {
                return op_fail(op, ERR_FORMAT, "the other process sent what is no message");
            }
            need += body_size;
        }
        if (have >= HEADER_SIZE && have == need) {
            channel->consumed = need;
            ret->type = type;
            ret->body = span_from(buf_span(&channel->incoming), HEADER_SIZE);
            ret->file = channel->file;
            channel->file = CHANNEL_NO_FILE;
            return ERR_OK;
        }
        TRY(receive_some(op, channel, need - have, wait));
    }
}
