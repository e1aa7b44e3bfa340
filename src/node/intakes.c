// SPDX-License-Identifier: EUPL-1.2
#include "node/intakes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "crypt/digest.h"
#include "intake/tls.h"
#include "node/output_settings.h"
#include "node/roles.h"
#include "os/clock.h"

enum {
    LAST_WORD_MS = 1000,     /* that a process is given to tell the rest of what it counted */
    PIPE_SIZE = 1024 * 1024, /* where the system gives so much (pipe(7)) */
    MEMORY_MAX = 16 * 1024 * 1024,
    START_AGAIN_FIRST_MS = 250,
    START_AGAIN_MOST_MS = 30 * 1000,
    LIVED_S = 60, /* who lived so long is started again at once */
};

/* One socket. What the configuration said of it lives in memory of its own. */
struct socket {
    struct op texts;
    struct span address;
    struct intake_source source;
    uint8_t digest[DIGEST_SHA256_SIZE]; /* of certificate, key and authorities */
    int fd;
    int pipe[2];                /* the end that is read, and the one that is written */
    uint32_t lost;              /* as it was told last */
    struct intakes_counts news; /* heard, and not taken yet */
};

struct intakes {
    struct roles *roles;
    struct actor actor;
    size_t count;
    struct socket *sockets[INTAKE_SOURCE_COUNT_MAX];
    struct role_child child;
    int64_t start_us;   /* not to be started before */
    int64_t started_us; /* when it was started last */
    uint32_t pause_ms;
};

/* ---- one socket ---- */

static void socket_free(struct socket *socket)
{
    if (socket == NULL) {
        return;
    }
    if (socket->fd >= 0) {
        intake_unlisten(socket->address);
        close(socket->fd);
    }
    for (int i = 0; i < 2; i++) {
        if (socket->pipe[i] >= 0) {
            close(socket->pipe[i]);
        }
    }
    op_end(&socket->texts);
    memory_free(socket);
}

static void digest_make(const struct intake_source *source, uint8_t *ret)
{
    struct buf all;
    buf_init(&all, 4 * INTAKE_PEM_SIZE_MAX);
    wire_add_bytes(&all, source->certificate);
    wire_add_bytes(&all, source->key);
    wire_add_bytes(&all, source->authorities);
    digest_sha256(buf_span(&all), ret);
    buf_done(&all);
}

static enum err pipe_make(struct op *op, struct socket *socket)
{
    if (pipe2(socket->pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
        socket->pipe[0] = -1;
        socket->pipe[1] = -1;
        return op_fail(op, ERR_LIMIT, "cannot make a pipe: %s", strerror(errno));
    }
    (void)fcntl(socket->pipe[1], F_SETPIPE_SZ, PIPE_SIZE); /* else it has 64 KiB */
    return ERR_OK;
}

/* Told now, and not by a process that breaks. */
static enum err certificate_check(struct op *op, const struct intake_source *source)
{
    struct intake_tls *tls = NULL;
    enum err err = intake_tls_new(op, source, &tls);
    intake_tls_free(tls);
    return err;
}

/* What the configuration says, read; nothing is opened yet. */
static enum err socket_read(struct op *op, const struct node *node,
                            const struct config_input *input, struct socket *socket)
{
    struct intake_source *source = &socket->source;
    TRY(intake_address_check(op, input->listen, &source->kind));
    TRY(op_copy(&socket->texts, input->listen, &socket->address));
    TRY(output_settings_pem(&socket->texts, node, input->cert_file, false, &source->certificate));
    TRY(output_settings_pem(&socket->texts, node, input->key_file, true, &source->key));
    TRY(output_settings_pem(&socket->texts, node, input->ca_file, false, &source->authorities));
    digest_make(source, socket->digest);
    return source->kind == INTAKE_TLS ? certificate_check(&socket->texts, source) : ERR_OK;
}

static enum err socket_new(struct op *op, const struct node *node, const struct config_input *input,
                           struct socket **ret)
{
    struct socket *socket = memory_new(sizeof *socket);
    if (socket == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a socket");
    }
    socket->fd = -1;
    socket->pipe[0] = -1;
    socket->pipe[1] = -1;
    op_begin(&socket->texts, &op->actor, MEMORY_MAX);
    enum err err = socket_read(op, node, input, socket);
    if (err != ERR_OK && op->fault.err == ERR_OK) {
        err =
            op_fail(op, err, "input \"%.*s\": %s", SPAN_FMT(input->name), socket->texts.fault.text);
    }
    if (err != ERR_OK) {
        socket_free(socket);
        return err;
    }
    *ret = socket;
    return ERR_OK;
}

static enum err socket_open(struct op *op, struct socket *socket)
{
    TRY(intake_listen(op, socket->address, &socket->fd));
    return pipe_make(op, socket);
}

/* ---- all of them ---- */

static struct socket *find(const struct intakes *intakes, struct span address)
{
    for (size_t i = 0; i < intakes->count; i++) {
        if (span_equal(intakes->sockets[i]->address, address)) {
            return intakes->sockets[i];
        }
    }
    return NULL;
}

/* ---- what it tells ---- */

static enum err hear_one(struct op *op, struct intakes *intakes)
{
    struct channel_message message;
    struct intake_counts counts;
    TRY(channel_receive(op, &intakes->child.channel, false, &message));
    if (message.file != CHANNEL_NO_FILE) {
        close(message.file);
        return ERR_FORMAT;
    }
    if (message.type != INTAKE_MESSAGE_COUNTS ||
        intake_message_read_counts(message.body, &counts) != ERR_OK ||
        counts.source >= intakes->count) {
        return ERR_FORMAT;
    }
    struct socket *socket = intakes->sockets[counts.source];
    socket->news.lost += counts.lost - socket->lost; /* it may have begun again at 0 */
    socket->news.cut += counts.cut;
    socket->news.refused += counts.refused;
    socket->news.broken += counts.broken;
    socket->lost = counts.lost;
    return ERR_OK;
}

/* It sees that nobody speaks to it any more, tells what it has not told, and ends. */
static void hear_rest(struct op *op, struct intakes *intakes)
{
    enum err err = ERR_OK;
    struct pollfd said = { .fd = intakes->child.channel.fd, .events = POLLIN };
    int64_t until_us = os_monotonic_us() + (int64_t)LAST_WORD_MS * US_PER_MS;
    (void)shutdown(said.fd, SHUT_WR);
    while (err == ERR_OK || (err == ERR_AGAIN && os_monotonic_us() < until_us)) {
        if (err == ERR_AGAIN) {
            (void)poll(&said, 1, LAST_WORD_MS);
        }
        err = hear_one(op, intakes);
    }
}

void intakes_stop(struct intakes *intakes)
{
    struct op op;
    if (intakes == NULL || intakes->child.pid == 0) {
        return;
    }
    op_begin(&op, &intakes->actor, MEMORY_MAX);
    hear_rest(&op, intakes);
    op_end(&op);
    (void)role_stop(intakes->roles, &intakes->child, false);
    intakes->start_us = 0;
}

/* ---- begun and ended ---- */

enum err intakes_new(struct op *op, struct roles *roles, struct intakes **ret)
{
    struct intakes *intakes = memory_new(sizeof *intakes);
    if (intakes == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for sockets");
    }
    intakes->roles = roles;
    intakes->actor = op->actor;
    *ret = intakes;
    return ERR_OK;
}

void intakes_free(struct intakes *intakes)
{
    if (intakes == NULL) {
        return;
    }
    intakes_stop(intakes);
    for (size_t i = 0; i < intakes->count; i++) {
        socket_free(intakes->sockets[i]);
    }
    memory_free(intakes);
}

/* Those that are new, opened; those that stay give the new ones their descriptors only when nothing
 * can fail any more. */
struct change {
    size_t count;
    struct socket *sockets[INTAKE_SOURCE_COUNT_MAX];
    struct socket *kept[INTAKE_SOURCE_COUNT_MAX]; /* at the same place: the one it takes over */
    bool differs;
};

static enum err change_add(struct op *op, struct intakes *intakes, const struct node *node,
                           const struct config_input *input, struct change *change)
{
    struct socket *socket = NULL;
    TRY(socket_new(op, node, input, &socket));
    struct socket *kept = find(intakes, input->listen);
    change->sockets[change->count] = socket;
    change->kept[change->count] = kept;
    change->count++;
    bool same = kept != NULL && span_equal(span_make(kept->digest, sizeof kept->digest),
                                           span_make(socket->digest, sizeof socket->digest));
    change->differs = change->differs || !same;
    return kept == NULL ? socket_open(op, socket) : ERR_OK;
}

static void take_over(struct socket *socket, struct socket *kept)
{
    socket->fd = kept->fd;
    socket->pipe[0] = kept->pipe[0];
    socket->pipe[1] = kept->pipe[1];
    socket->lost = kept->lost;
    socket->news = kept->news;
    kept->fd = -1;
    kept->pipe[0] = -1;
    kept->pipe[1] = -1;
}

/* The process tells of its sockets by their order, so it ends before that changes. */
static void change_make(struct intakes *intakes, const struct change *change)
{
    if (change->differs || intakes->count != change->count) {
        intakes_stop(intakes);
    }
    for (size_t i = 0; i < change->count; i++) {
        if (change->kept[i] != NULL) {
            take_over(change->sockets[i], change->kept[i]);
        }
    }
    for (size_t i = 0; i < intakes->count; i++) {
        socket_free(intakes->sockets[i]);
    }
    span_copy(intakes->sockets, sizeof intakes->sockets,
              span_make(change->sockets, change->count * sizeof change->sockets[0]));
    intakes->count = change->count;
}

enum err intakes_apply(struct op *op, struct intakes *intakes, const struct node *node)
{
    struct change change = { .count = 0 };
    const struct config *config = node->config;
    enum err err = ERR_OK;
    for (size_t i = 0; i < config->input_count && err == ERR_OK; i++) {
        if (config->inputs[i].listen.size > 0) {
            err = change_add(op, intakes, node, &config->inputs[i], &change);
        }
    }
    if (err == ERR_OK) {
        change_make(intakes, &change);
        return ERR_OK;
    }
    for (size_t i = 0; i < change.count; i++) {
        socket_free(change.sockets[i]);
    }
    return err;
}

int intakes_pipe(const struct intakes *intakes, struct span address)
{
    const struct socket *socket = intakes == NULL ? NULL : find(intakes, address);
    return socket == NULL ? INTAKES_NO_FD : socket->pipe[0];
}

int intakes_fd(const struct intakes *intakes)
{
    return intakes == NULL || intakes->child.pid == 0 ? INTAKES_NO_FD : intakes->child.channel.fd;
}

/* ---- the process ---- */

static enum err send_source(struct op *op, struct channel *channel, const struct socket *socket)
{
    struct buf body;
    buf_init(&body, 4 * INTAKE_PEM_SIZE_MAX);
    intake_message_add_source(&body, &socket->source);
    enum err err = body.err == ERR_OK ? channel_post(op, channel, INTAKE_MESSAGE_SOURCE,
                                                     buf_span(&body), socket->fd)
                                      : op_fail(op, ERR_LIMIT, "out of memory for a message");
    buf_done(&body);
    TRY(err);
    return channel_post(op, channel, INTAKE_MESSAGE_PIPE, SPAN(""), socket->pipe[1]);
}

static enum err child_start(struct op *op, struct intakes *intakes)
{
    TRY(role_start(op, intakes->roles, ROLE_INTAKE, CHANNEL_NO_FILE, &intakes->child));
    intakes->started_us = os_monotonic_us();
    for (size_t i = 0; i < intakes->count; i++) {
        TRY(send_source(op, &intakes->child.channel, intakes->sockets[i]));
    }
    return channel_post(op, &intakes->child.channel, INTAKE_MESSAGE_START, SPAN(""),
                        CHANNEL_NO_FILE);
}

/* It is started again, with longer and longer pauses where it breaks soon. Its sockets stay open
 * meanwhile: what comes waits in them. */
static void child_lost(struct intakes *intakes)
{
    int64_t now_us = os_monotonic_us();
    (void)role_stop(intakes->roles, &intakes->child, false);
    if (now_us - intakes->started_us >= (int64_t)LIVED_S * US_PER_S) {
        intakes->pause_ms = 0;
    } else {
        uint32_t longer_ms = intakes->pause_ms == 0 ? START_AGAIN_FIRST_MS : 2 * intakes->pause_ms;
        intakes->pause_ms = longer_ms < START_AGAIN_MOST_MS ? longer_ms : START_AGAIN_MOST_MS;
    }
    intakes->start_us = now_us + (int64_t)intakes->pause_ms * US_PER_MS;
}

void intakes_pump(struct intakes *intakes)
{
    struct op op;
    if (intakes == NULL || intakes->count == 0) {
        return;
    }
    op_begin(&op, &intakes->actor, MEMORY_MAX);
    enum err err = ERR_AGAIN;
    if (intakes->child.pid != 0) {
        err = channel_flush(&op, &intakes->child.channel);
        while (err == ERR_OK) {
            err = hear_one(&op, intakes);
        }
    } else if (os_monotonic_us() >= intakes->start_us) {
        err = child_start(&op, intakes);
        err = err == ERR_OK ? ERR_AGAIN : err;
    }
    if (err != ERR_AGAIN) {
        child_lost(intakes);
    }
    op_end(&op);
}

struct intakes_counts intakes_take(struct intakes *intakes, struct span address)
{
    struct intakes_counts news = { .lost = 0 };
    struct socket *socket = intakes == NULL ? NULL : find(intakes, address);
    if (socket != NULL) {
        news = socket->news;
        socket->news = (struct intakes_counts){ .lost = 0 };
    }
    return news;
}
