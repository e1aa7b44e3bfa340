// SPDX-License-Identifier: EUPL-1.2
/*
 * The fetch role's main thread: reads the store's messages, gives events to the couriers, and tells
 * the store what they say.
 */
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"
#include "fetch/courier.h"
#include "fetch/role.h"
#include "os/sandbox.h"

/* A path that the jail leaves open. The jail knows the file that was there when it was made: where
 * another one comes to bear the name, the role must be started anew to reach it. */
struct reached {
    struct sandbox_path path;
    bool there;
    dev_t device;
    ino_t inode;
};

struct role {
    struct op *op;
    struct channel *store;
    struct courier couriers[FETCH_OUTPUT_COUNT_MAX];
    size_t count;
    int wake; /* eventfd: a courier has a word */
    struct reached reached[SANDBOX_PATH_COUNT_MAX];
    size_t reached_count;
};

/* ---- what may be reached ---- */

/* What a resolver and a TLS client read. */
static const char *const system_paths[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/etc/ssl",
    "/etc/gnutls",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/run/systemd/resolve",
    "/dev/null",
    "/dev/urandom",
};

static void look(const struct reached *reached, bool *there, dev_t *device, ino_t *inode)
{
    struct stat status = { 0 };
    *there = stat((const char *)reached->path.path.data, &status) == 0;
    *device = status.st_dev;
    *inode = status.st_ino;
}

static bool is_reached(const struct role *role, struct span path, bool write)
{
    for (size_t i = 0; i < role->reached_count; i++) {
        const struct sandbox_path *reached = &role->reached[i].path;
        if (reached->write == write && span_equal(reached->path, path)) {
            return true;
        }
    }
    return false;
}

static enum err reach(struct role *role, struct span path, bool write)
{
    if (path.size == 0 || is_reached(role, path, write)) {
        return ERR_OK;
    }
    if (role->reached_count == SANDBOX_PATH_COUNT_MAX) {
        return op_fail(role->op, ERR_LIMIT, "the outputs name too many different files");
    }
    struct reached *reached = &role->reached[role->reached_count];
    reached->path = (struct sandbox_path){ .path = path, .write = write };
    look(reached, &reached->there, &reached->device, &reached->inode);
    role->reached_count++;
    return ERR_OK;
}

static enum err reach_output(struct role *role, const struct fetch_output *output)
{
    struct span folder = { NULL, 0 };
    if (output->kind == FETCH_FILE) {
        TRY(fetch_folder_of(role->op, output->path, &folder));
    }
    TRY(reach(role, folder, true));
    TRY(reach(role, output->ca_file, false));
    TRY(reach(role, output->cert_file, false));
    return reach(role, output->key_file, false);
}

static enum err jail(struct role *role)
{
    struct sandbox_path paths[SANDBOX_PATH_COUNT_MAX];
    int landlock = 0;
    for (size_t i = 0; i < sizeof system_paths / sizeof system_paths[0]; i++) {
        TRY(reach(role, span_of(system_paths[i]), false));
    }
    for (size_t i = 0; i < role->count; i++) {
        TRY(reach_output(role, &role->couriers[i].output));
    }
    for (size_t i = 0; i < role->reached_count; i++) {
        paths[i] = role->reached[i].path;
    }
    return sandbox_enter(role->op, SANDBOX_FETCH, paths, role->reached_count, &landlock);
}

/* Asked after a failure. */
static bool has_moved(const struct role *role)
{
    for (size_t i = 0; i < role->reached_count; i++) {
        const struct reached *reached = &role->reached[i];
        bool there = false;
        dev_t device = 0;
        ino_t inode = 0;
        look(reached, &there, &device, &inode);
        if (there && (!reached->there || device != reached->device || inode != reached->inode)) {
            return true;
        }
    }
    return false;
}

/* ---- to the store ---- */

static enum err tell_done(struct role *role, const struct courier *courier,
                          const struct courier_word *word)
{
    enum { SIZE_MAX_DONE = 64 };
    struct buf body;
    const struct fetch_message_done done = {
        .output = courier->index,
        .count = word->count,
    };
    buf_init(&body, SIZE_MAX_DONE);
    fetch_message_add_done(&body, &done);
    enum err err =
        channel_send(role->op, role->store, FETCH_MESSAGE_DONE, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
    return err;
}

static enum err tell_failed(struct role *role, const struct courier *courier,
                            const struct courier_word *word)
{
    struct buf body;
    const struct fetch_message_failed failed = {
        .output = courier->index,
        .retry_ms = word->retry_ms,
        .text = span_of(word->text),
    };
    buf_init(&body, 2 * FAULT_TEXT_SIZE);
    fetch_message_add_failed(&body, &failed);
    enum err err =
        channel_send(role->op, role->store, FETCH_MESSAGE_FAILED, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
    return err;
}

static enum err listen_all(struct role *role, bool *ret_moved)
{
    bool failed = false;
    for (size_t i = 0; i < role->count; i++) {
        struct courier_word word;
        if (!courier_listen(&role->couriers[i], &word)) {
            continue;
        }
        if (word.done) {
            TRY(tell_done(role, &role->couriers[i], &word));
        }
        if (word.failed) {
            TRY(tell_failed(role, &role->couriers[i], &word));
            failed = true;
        }
    }
    *ret_moved = failed && has_moved(role);
    return ERR_OK;
}

/* Called by the couriers' threads. */
static void speak(void *context, struct courier *courier)
{
    const struct role *role = context;
    const uint64_t one = 1;
    (void)courier;
    must(write(role->wake, &one, sizeof one) == (ssize_t)sizeof one);
}

/* ---- from the store ---- */

static enum err on_output(struct role *role, struct span body)
{
    if (role->count == FETCH_OUTPUT_COUNT_MAX) {
        return op_fail(role->op, ERR_FORMAT, "the store named too many outputs");
    }
    struct courier *courier = &role->couriers[role->count];
    courier->index = (uint16_t)role->count;
    courier->speak = speak;
    courier->context = role;
    TRY(fetch_message_read_output(role->op, body, &courier->output));
    TRY(fetch_output_check(role->op, &courier->output));
    role->count++;
    return ERR_OK;
}

static enum err on_start(struct role *role)
{
    TRY(jail(role));
    for (size_t i = 0; i < role->count; i++) {
        TRY(courier_start(role->op, &role->couriers[i]));
    }
    return ERR_OK;
}

static enum err on_events(struct role *role, struct span body)
{
    struct wire_reader r = wire_reader_of(body);
    while (r.rest.size > 0) {
        struct fetch_event event;
        fetch_message_read_event(&r, &event);
        if (r.err != ERR_OK || event.output >= role->count) {
            return op_fail(role->op, ERR_FORMAT, "the store sent what is no event");
        }
        if (fetch_queue_put(&role->couriers[event.output].queue, &event) != ERR_OK) {
            return op_fail(role->op, ERR_LIMIT, "the store sent more than is to be held");
        }
    }
    return ERR_OK;
}

static enum err on_message(struct role *role, const struct channel_message *message)
{
    bool started = role->count > 0 && role->couriers[0].started;
    if (message->file != CHANNEL_NO_FILE) {
        close(message->file);
    }
    if (message->type == FETCH_MESSAGE_OUTPUT && !started) {
        return on_output(role, message->body);
    }
    if (message->type == FETCH_MESSAGE_START && !started) {
        return on_start(role);
    }
    if (message->type == FETCH_MESSAGE_EVENTS && started) {
        return on_events(role, message->body);
    }
    if (message->type == FETCH_MESSAGE_FLUSH && started) {
        for (size_t i = 0; i < role->count; i++) {
            fetch_queue_flush(&role->couriers[i].queue);
        }
        return ERR_OK;
    }
    return op_fail(role->op, ERR_FORMAT, "the store said something else than agreed");
}

/* ---- life ---- */

static enum err hear_store(struct role *role)
{
    for (;;) {
        struct channel_message message;
        enum err err = channel_receive(role->op, role->store, false, &message);
        if (err == ERR_AGAIN) {
            op_fault_clear(role->op);
            return ERR_OK;
        }
        TRY(err);
        TRY(on_message(role, &message));
    }
}

static enum err live(struct role *role, bool *ret_moved)
{
    while (!*ret_moved) {
        struct pollfd fds[] = {
            { .fd = role->store->fd, .events = POLLIN },
            { .fd = role->wake, .events = POLLIN },
        };
        uint64_t woken = 0;
        TRY(hear_store(role));
        if (poll(fds, sizeof fds / sizeof fds[0], -1) < 0 && errno != EINTR) {
            return op_fail(role->op, ERR_IO, "cannot wait: %s", strerror(errno));
        }
        if (fds[1].revents != 0 && read(role->wake, &woken, sizeof woken) > 0) {
            TRY(listen_all(role, ret_moved));
        }
    }
    return ERR_OK;
}

static enum err prepare(struct role *role)
{
    (void)signal(SIGINT, SIG_IGN); /* the store says when to stop: it goes */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    TRY(sandbox_close_others(role->op, &role->store->fd, 1));
    role->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (role->wake < 0) {
        return op_fail(role->op, ERR_IO, "cannot make an eventfd: %s", strerror(errno));
    }
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
               ? ERR_OK
               : op_fail(role->op, ERR_UNSUPPORTED, "libcurl cannot be used");
}

enum err fetch_role_run(struct op *op, struct channel *store)
{
    bool moved = false;
    struct role *role = op_alloc(op, sizeof *role);
    if (role == NULL) {
        return ERR_LIMIT;
    }
    role->op = op;
    role->store = store;
    TRY(prepare(role));
    TRY(live(role, &moved));
    return op_fail(op, ERR_STALE, "what may be reached has moved");
}
