// SPDX-License-Identifier: EUPL-1.2
/*
 * Messages between two processes of a node, over a stream socket: a type, bytes, and perhaps an
 * open file. A message is read whole or not at all.
 */
#ifndef OS_CHANNEL_H
#define OS_CHANNEL_H

#include "base/buf.h"
#include "base/op.h"

enum { CHANNEL_MESSAGE_SIZE_MAX = 16 * 1024 * 1024, CHANNEL_NO_FILE = -1 };

struct channel_outgoing;

struct channel {
    int fd;
    struct channel_outgoing *first; /* messages that wait to be sent */
    struct channel_outgoing *last;
    size_t waiting;      /* bytes of them */
    struct buf incoming; /* bytes of a message that is not whole yet */
    size_t consumed;     /* of `incoming`, by the message given last */
    int file;            /* that came with the bytes being gathered, or CHANNEL_NO_FILE */
};

struct channel_message {
    uint8_t type;
    struct span body; /* until the next read */
    int file;         /* open, now the caller's to close; CHANNEL_NO_FILE where none came */
};

/**
 * Use one end of a stream socket.
 *
 * channel   caller's memory
 * fd        taken: closed by channel_done()
 */
void channel_init(struct channel *channel, int fd);

/**
 * Close the socket and give memory back.
 *
 * channel   used with channel_init()
 */
void channel_done(struct channel *channel);

/**
 * Make two connected channels, to be parted by a fork.
 *
 * op        work in hand
 * ret_a     one end
 * ret_b     the other end
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err channel_pair(struct op *op, struct channel *ret_a, struct channel *ret_b);

/**
 * Send one message; waits where the other side is slow.
 *
 * op        work in hand
 * channel   used with channel_init()
 * type      any but 0
 * body      at most CHANNEL_MESSAGE_SIZE_MAX
 * file      sent along, still the caller's; CHANNEL_NO_FILE for none
 *
 * Errors    ERR_ABSENT the other side has gone; ERR_LIMIT too large; ERR_IO
 */
MUST_USE
enum err channel_send(struct op *op, struct channel *channel, uint8_t type, struct span body,
                      int file);

/**
 * Send one message without waiting: what the other side has no room for now waits in memory, behind
 * what waits already, until channel_flush(). Whoever posts looks at channel_waiting() and holds
 * back. Not to be mixed with channel_send() while something waits.
 *
 * op        work in hand
 * channel   used with channel_init()
 * type      any but 0
 * body      at most CHANNEL_MESSAGE_SIZE_MAX; copied
 * file      sent along, still the caller's; CHANNEL_NO_FILE for none
 *
 * Errors    ERR_ABSENT the other side has gone; ERR_LIMIT too large, or no memory; ERR_IO
 */
MUST_USE
enum err channel_post(struct op *op, struct channel *channel, uint8_t type, struct span body,
                      int file);

/**
 * Send what waits, as far as the other side has room.
 *
 * op        work in hand
 * channel   used with channel_init()
 *
 * Errors    ERR_ABSENT the other side has gone; ERR_IO
 */
MUST_USE
enum err channel_flush(struct op *op, struct channel *channel);

/**
 * How many bytes wait to be sent: where there are any, channel_flush() is to be called when the
 * descriptor has room.
 *
 * channel   used with channel_init()
 */
size_t channel_waiting(const struct channel *channel);

/**
 * Read the next message.
 *
 * op        work in hand
 * channel   used with channel_init()
 * wait      wait for one; else come back at once
 * ret       untouched on error
 *
 * Errors    ERR_AGAIN none is there now (only without `wait`); ERR_ABSENT the other side has gone;
 *           ERR_FORMAT what came is no message; ERR_LIMIT no memory; ERR_IO
 */
MUST_USE
enum err channel_receive(struct op *op, struct channel *channel, bool wait,
                         struct channel_message *ret);

#endif
