// SPDX-License-Identifier: EUPL-1.2
#include "node/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"
#include "base/wire.h"
#include "node/node.h"
#include "os/channel.h"

enum {
    MESSAGE_IN = 1, /* the caller's files, in this order */
    MESSAGE_OUT,
    MESSAGE_ERR,
    MESSAGE_FOLDER,
    MESSAGE_GIVEN, /* a file opened for an argument, and the argument's index; any number of them */
    MESSAGE_RUN,   /* the arguments */
    MESSAGE_DONE,  /* the exit code */
    MESSAGE_TURN,  /* before all others: the caller is being served */
    ARGUMENTS_SIZE_MAX = 1024 * 1024,
    CALLER_WAIT_S = 10,
    CALLER_NAME_SIZE_MAX = 255,
    SERVED_MEMORY_MAX = 0x7FFFFFFF,
};

struct remote_server {
    int fd;
    struct node *node;
    struct sockaddr_un address;
    struct remote_listener listener;
    enum err served; /* of the listener, for the present caller */
};

static enum err socket_address(struct op *op, struct span world_path, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
    struct buf path;
    buf_init(&path, sizeof ret->sun_path - 1);
    buf_add(&path, world_path);
    buf_add(&path, SPAN("/linie.sock"));
    enum err err = path.err;
    span_copy(ret->sun_path, sizeof ret->sun_path, buf_span(&path));
    buf_done(&path);
    if (err != ERR_OK) {
        return op_fail(
            op, ERR_LIMIT,
            "the path of the node's folder is too long for a socket (107 bytes at most): "
            "use a shorter or relative path");
    }
    return ERR_OK;
}

static enum err world_path(struct invocation *invocation, struct span *ret)
{
    struct buf path;
    buf_init(&path, DISK_PATH_SIZE_MAX);
    buf_add(&path, invocation->node_dir);
    bool real = span_equal(invocation->world, SPAN("real"));
    buf_add(&path, real ? SPAN("/") : SPAN("/exercises/"));
    buf_add(&path, invocation->world);
    enum err err = op_copy(invocation->op, buf_span(&path), ret);
    buf_done(&path);
    return err;
}

/* ---- the caller ---- */

static enum err call_open(struct op *op, struct invocation *invocation, struct channel *ret)
{
    struct span path;
    struct sockaddr_un address;
    TRY(world_path(invocation, &path));
    TRY(socket_address(op, path, &address));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return op_fail(op, ERR_IO, "cannot make a socket: %s", strerror(errno));
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int saved = errno;
        close(fd);
        return op_fail(op, ERR_AGAIN,
                       "another linie is writing to this node and takes no work from others (%s): "
                       "try again when it has ended",
                       strerror(saved));
    }
    channel_init(ret, fd);
    return ERR_OK;
}

static void add_arguments(struct buf *body, const struct invocation *invocation)
{
    wire_add_bytes(body, span_of(invocation->command->name));
    wire_add_bytes(body, invocation->op->actor.name);
    wire_add_u8(body, invocation->json ? 1 : 0);
    wire_add_u8(body, invocation->terminal ? 1 : 0);
    wire_add_u8(body, invocation->colour ? 1 : 0);
    wire_add_u8(body, invocation->unicode ? 1 : 0);
    wire_add_u32(body, (uint32_t)invocation->width);
    wire_add_u32(body, (uint32_t)invocation->err_width);
    const struct command_option *options = invocation->command->options;
    for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
        wire_add_u8(body, invocation->values[i] != NULL ? 1 : 0);
        wire_add_bytes(body, span_of(invocation->values[i]));
    }
    wire_add_u32(body, (uint32_t)invocation->argument_count);
    for (size_t i = 0; i < invocation->argument_count; i++) {
        wire_add_bytes(body, span_of(invocation->arguments[i]));
    }
}

static enum err send_given(struct op *op, const struct invocation *invocation,
                           struct channel *channel)
{
    for (size_t i = 0; i < invocation->given_count; i++) {
        struct buf body;
        buf_init(&body, sizeof invocation->given[i].argument);
        wire_add_u32(&body, invocation->given[i].argument);
        enum err err =
            channel_send(op, channel, MESSAGE_GIVEN, buf_span(&body), invocation->given[i].file);
        buf_done(&body);
        TRY(err);
    }
    return ERR_OK;
}

static enum err call(struct op *op, struct invocation *invocation, struct channel *channel,
                     int *ret_code)
{
    const int files[] = { invocation->in, fileno(invocation->out), fileno(invocation->err),
                          invocation->folder };
    const struct span nothing = { NULL, 0 };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        TRY(channel_send(op, channel, (uint8_t)(MESSAGE_IN + i), nothing, files[i]));
    }
    TRY(send_given(op, invocation, channel));
    struct buf body;
    buf_init(&body, ARGUMENTS_SIZE_MAX);
    add_arguments(&body, invocation);
    enum err err = body.err == ERR_OK
                       ? channel_send(op, channel, MESSAGE_RUN, buf_span(&body), CHANNEL_NO_FILE)
                       : op_fail(op, ERR_LIMIT, "the arguments are too long");
    buf_done(&body);
    TRY(err);
    struct channel_message answer;
    TRY(channel_receive(op, channel, true, &answer));
    struct wire_reader r = wire_reader_of(answer.body);
    *ret_code = wire_u8(&r);
    if (answer.type != MESSAGE_DONE || r.err != ERR_OK) {
        return op_fail(op, ERR_FORMAT, "the other linie answered what is no answer");
    }
    return ERR_OK;
}

/* Who is turned away as the other process ends has asked for nothing yet: it may be asked for again
 * elsewhere. */
static enum err await_turn(struct op *op, struct channel *channel)
{
    struct channel_message message;
    enum err err = channel_receive(op, channel, true, &message);
    if (err == ERR_ABSENT || err == ERR_IO) {
        return op_fail(op, ERR_AGAIN,
                       "the linie that was writing to this node has just ended: try "
                       "again");
    }
    TRY(err);
    return message.type == MESSAGE_TURN
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "the other linie answered what is no answer");
}

enum err remote_run(struct invocation *invocation, int *ret_code)
{
    struct op *op = invocation->op;
    struct channel channel;
    TRY(call_open(op, invocation, &channel));
    fflush(invocation->out);
    enum err err = await_turn(op, &channel);
    if (err == ERR_OK) {
        err = call(op, invocation, &channel, ret_code);
        err = err == ERR_AGAIN ? ERR_IO : err;
    }
    channel_done(&channel);
    return err;
}

/* ---- the server ---- */

enum err remote_server_open(struct op *op, struct node *node,
                            const struct remote_listener *listener, struct remote_server **ret)
{
    must(node->writer);
    struct remote_server *server = memory_new(sizeof *server);
    if (server == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    server->node = node;
    server->listener = *listener;
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    enum err err = socket_address(op, node->world_path, &server->address);
    if (err == ERR_OK) {
        /* We hold the world's lock: a socket that is there was left by a process that died. */
        unlink(server->address.sun_path);
        mode_t mask = umask(0177);
        bool bound = server->fd >= 0 &&
                     bind(server->fd, (const struct sockaddr *)&server->address,
                          sizeof server->address) == 0 &&
                     listen(server->fd, SOMAXCONN) == 0;
        int saved = errno;
        umask(mask);
        if (!bound) {
            err = op_fail(op, ERR_IO, "cannot listen at %s: %s", server->address.sun_path,
                          strerror(saved));
        }
    }
    if (err != ERR_OK) {
        remote_server_close(server);
        return err;
    }
    *ret = server;
    return ERR_OK;
}

void remote_server_close(struct remote_server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->fd >= 0) {
        unlink(server->address.sun_path);
        close(server->fd);
    }
    memory_free(server);
}

int remote_server_fd(const struct remote_server *server)
{
    return server->fd;
}

/* What a caller sent: its files, and its name by the kernel's word. */
struct caller {
    int files[MESSAGE_FOLDER]; /* by message type, minus 1 */
    size_t given_count;
    struct command_given given[COMMAND_GIVEN_COUNT_MAX];
    char name[256];
};

static enum err caller_name(struct op *op, int fd, struct caller *caller)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return op_fail(op, ERR_IO, "cannot tell who calls: %s", strerror(errno));
    }
    if (peer.uid != geteuid() && peer.uid != 0) {
        return op_fail(op, ERR_DENIED, "a caller with user id %u was refused", (unsigned)peer.uid);
    }
    const struct passwd *user = getpwuid(peer.uid);
    snprintf(caller->name, sizeof caller->name, "%s", user == NULL ? "root" : user->pw_name);
    return ERR_OK;
}

static enum err caller_files(struct op *op, struct channel *channel, struct caller *caller)
{
    for (int i = 0; i < MESSAGE_FOLDER; i++) {
        struct channel_message message;
        TRY(channel_receive(op, channel, true, &message));
        caller->files[i] = message.file;
        if (message.type != MESSAGE_IN + i || message.file == CHANNEL_NO_FILE) {
            return op_fail(op, ERR_FORMAT, "a caller said something else than agreed");
        }
    }
    return ERR_OK;
}

/* Files that were opened for arguments; the message behind them is the caller's next word. */
static enum err caller_given(struct op *op, struct channel *channel, struct caller *caller,
                             struct channel_message *ret_next)
{
    TRY(channel_receive(op, channel, true, ret_next));
    while (ret_next->type == MESSAGE_GIVEN) {
        struct wire_reader r = wire_reader_of(ret_next->body);
        const struct command_given given = { .argument = wire_u32(&r), .file = ret_next->file };
        bool agreed = r.err == ERR_OK && given.file != CHANNEL_NO_FILE;
        if (!agreed || caller->given_count == COMMAND_GIVEN_COUNT_MAX) {
            if (given.file != CHANNEL_NO_FILE) {
                close(given.file);
            }
            return op_fail(op, ERR_FORMAT, "a caller said something else than agreed");
        }
        caller->given[caller->given_count] = given;
        caller->given_count++;
        TRY(channel_receive(op, channel, true, ret_next));
    }
    return ERR_OK;
}

static enum err text_argument(struct op *op, struct wire_reader *r, const char **ret)
{
    struct span text = wire_bytes(r, ARGUMENTS_SIZE_MAX);
    struct span copy;
    TRY(op_copy(op, text, &copy));
    *ret = (const char *)copy.data;
    return ERR_OK;
}

static const struct command *command_named(struct span name)
{
    const struct command *commands = command_table();
    for (size_t i = 0; commands[i].name != NULL; i++) {
        if (commands[i].access == COMMAND_WRITES && span_equal(name, span_of(commands[i].name))) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Several persons may be one user, by sudo, and the caller's process knows which of them it works
 * for. Whoever can call may write the journal as well: the word is as good as the caller's. */
static enum err person_read(struct op *op, struct wire_reader *r)
{
    struct span name = wire_bytes(r, CALLER_NAME_SIZE_MAX);
    if (r->err != ERR_OK || name.size == 0 || text_valid_size(name) != name.size) {
        return op_fail(op, ERR_FORMAT, "a caller did not say who calls");
    }
    return op_copy(op, name, &op->actor.name);
}

static enum err arguments_read(struct op *op, struct wire_reader *r, struct invocation *ret)
{
    ret->command = command_named(wire_bytes(r, ARGUMENTS_SIZE_MAX));
    if (ret->command == NULL) {
        return op_fail(op, ERR_UNSUPPORTED, "a caller asked for what cannot be done for others");
    }
    TRY(person_read(op, r));
    ret->json = wire_u8(r) != 0;
    ret->terminal = wire_u8(r) != 0;
    ret->colour = wire_u8(r) != 0;
    ret->unicode = wire_u8(r) != 0;
    ret->width = wire_u32(r);
    ret->err_width = wire_u32(r);
    const struct command_option *options = ret->command->options;
    for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
        bool given = wire_u8(r) != 0;
        const char *value = NULL;
        TRY(text_argument(op, r, &value));
        ret->values[i] = given ? value : NULL;
    }
    ret->argument_count = wire_u32(r);
    if (ret->argument_count > COMMAND_ARGUMENT_COUNT_MAX) {
        return op_fail(op, ERR_FORMAT, "a caller sent too many arguments");
    }
    for (size_t i = 0; i < ret->argument_count; i++) {
        TRY(text_argument(op, r, &ret->arguments[i]));
    }
    return r->err == ERR_OK ? ERR_OK : op_fail(op, ERR_FORMAT, "a caller sent broken arguments");
}

static int run_for(struct op *op, struct remote_server *server, struct caller *caller,
                   struct invocation *invocation)
{
    invocation->op = op;
    invocation->node = server->node;
    invocation->node_dir = server->node->dir;
    invocation->world = server->node->world;
    invocation->in = caller->files[0];
    invocation->given_count = caller->given_count;
    span_copy(invocation->given, sizeof invocation->given,
              span_make(caller->given, caller->given_count * sizeof *caller->given));
    invocation->folder = caller->files[3];
    invocation->out = fdopen(dup(caller->files[1]), "w");
    invocation->err = fdopen(dup(caller->files[2]), "w");
    int code = EXIT_TROUBLE;
    if (invocation->out != NULL && invocation->err != NULL) {
        code = invocation->command->run(invocation);
    }
    if (invocation->out != NULL && fclose(invocation->out) != 0) {
        code = EXIT_TROUBLE;
    }
    if (invocation->err != NULL) {
        (void)fclose(invocation->err); /* what it lost cannot be told there */
    }
    return code;
}

static enum err serve_caller(struct op *op, struct remote_server *server, struct channel *channel,
                             struct caller *caller)
{
    struct channel_message message;
    struct invocation *invocation = op_alloc(op, sizeof *invocation);
    if (invocation == NULL) {
        return ERR_LIMIT;
    }
    TRY(channel_send(op, channel, MESSAGE_TURN, SPAN(""), CHANNEL_NO_FILE));
    TRY(caller_files(op, channel, caller));
    TRY(caller_given(op, channel, caller, &message));
    if (message.type != MESSAGE_RUN) {
        return op_fail(op, ERR_FORMAT, "a caller said something else than agreed");
    }
    struct wire_reader r = wire_reader_of(message.body);
    TRY(arguments_read(op, &r, invocation));
    uint8_t code = (uint8_t)run_for(op, server, caller, invocation);
    op_fault_clear(op);
    const struct remote_listener *listener = &server->listener;
    server->served = listener->served == NULL ? ERR_OK : listener->served(listener->context);
    return channel_send(op, channel, MESSAGE_DONE, span_make(&code, sizeof code), CHANNEL_NO_FILE);
}

/* A caller who connects and says nothing must not hold the node up. */
static void limit_waiting(int fd)
{
    const struct timeval wait = { .tv_sec = CALLER_WAIT_S };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

enum err remote_server_serve(struct op *op, struct remote_server *server)
{
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        bool gone = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
        return gone ? ERR_OK : op_fail(op, ERR_IO, "cannot accept: %s", strerror(errno));
    }
    struct caller caller = { .files = { CHANNEL_NO_FILE, CHANNEL_NO_FILE, CHANNEL_NO_FILE,
                                        CHANNEL_NO_FILE } };
    struct channel channel;
    struct op served;
    channel_init(&channel, fd);
    limit_waiting(fd);
    server->served = ERR_OK;
    if (caller_name(op, fd, &caller) == ERR_OK) {
        const struct actor actor = { .name = span_of(caller.name) };
        op_begin(&served, &actor, SERVED_MEMORY_MAX);
        enum err err = serve_caller(&served, server, &channel, &caller);
        (void)err; /* it concerns this caller only, who sees the connection end */
        op_end(&served);
    }
    if (server->served == ERR_OK) {
        op_fault_clear(op);
    }
    for (int i = 0; i < MESSAGE_FOLDER; i++) {
        if (caller.files[i] != CHANNEL_NO_FILE) {
            close(caller.files[i]);
        }
    }
    for (size_t i = 0; i < caller.given_count; i++) {
        close(caller.given[i].file);
    }
    channel_done(&channel);
    return server->served;
}

static bool somebody_waits(const struct remote_server *server)
{
    struct pollfd arrivals = { .fd = server->fd, .events = POLLIN };
    return poll(&arrivals, 1, 0) > 0;
}

enum err remote_server_serve_next(struct op *op, struct remote_server *server)
{
    return somebody_waits(server) ? remote_server_serve(op, server) : ERR_OK;
}

enum err remote_server_finish(struct op *op, struct remote_server *server)
{
    unlink(server->address.sun_path);
    while (somebody_waits(server)) {
        TRY(remote_server_serve(op, server));
    }
    return ERR_OK;
}
