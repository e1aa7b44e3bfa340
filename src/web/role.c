// SPDX-License-Identifier: EUPL-1.2
/*
 * libmicrohttpd answers in one thread of its own; this one talks to the store. A request waits for
 * the store's answer, one at a time: whoever asks for metrics twice at once waits twice.
 *
 * The library's own time limit counts idle time, so that a client which sends a byte now and then
 * would live for ever, and where it has its limit of connections, others wait until one has gone.
 * So each connection has a deadline of its own here, and where there are too many, the oldest that
 * has not asked yet goes at once.
 */
#include "web/role.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/time.h"
#include "os/clock.h"

enum {
    METHOD_NOT_ALLOWED = 405,
    IDLE_SECONDS = 5,
    WATCH_EVERY_MS = 500,
    REQUEST_SIZE_MAX = 4096,
    /* Of the library: those included that were sent away, and of which it has not heard yet. */
    CONNECTION_COUNT_MAX = 4 * WEB_CONNECTION_COUNT_MAX,
};

/* One question at a time: the thread of the server asks, the thread of the channel answers. */
struct desk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool asked;    /* somebody waits for an answer */
    bool sent;     /* the store was asked */
    bool answered; /* the answer is in `text` */
    struct buf text;
    int wake[2]; /* a pipe: wakes who waits for the channel */
};

/* A connection, until it is closed or was sent away. */
struct visitor {
    int fd; /* NO_VISITOR: none */
    int64_t begun_us;
    int64_t deadline_us;
    bool asked; /* its request has come whole */
};

enum { NO_VISITOR = -1 };

struct web {
    struct desk desk;
    pthread_mutex_t visitors_lock;
    struct visitor visitors[WEB_CONNECTION_COUNT_MAX];
};

/* ---- the server's thread ---- */

/* The store's answer, or false where none came in time. */
static bool desk_ask(struct desk *desk, struct buf *ret)
{
    struct timespec until;
    bool answered = false;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WEB_ANSWER_SECONDS_MAX;
    pthread_mutex_lock(&desk->lock);
    desk->asked = true;
    desk->answered = false;
    (void)!write(desk->wake[1], "", 1);
    while (!desk->answered && pthread_cond_timedwait(&desk->changed, &desk->lock, &until) == 0) {
    }
    answered = desk->answered;
    if (answered) {
        buf_add(ret, buf_span(&desk->text));
    }
    desk->asked = false;
    pthread_mutex_unlock(&desk->lock);
    return answered && ret->err == ERR_OK;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, struct span text,
                              const char *type)
{
    /* The library takes the bytes over only as a copy: it does not write to them. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        text.size, (void *)(uintptr_t)text.data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == METHOD_NOT_ALLOWED) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result answer_metrics(struct web *web, struct MHD_Connection *connection)
{
    struct buf text;
    buf_init(&text, WEB_TEXT_SIZE_MAX);
    enum MHD_Result queued =
        desk_ask(&web->desk, &text)
            ? answer(connection, MHD_HTTP_OK, buf_span(&text), "text/plain; version=0.0.4")
            : answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, SPAN("the store gives no answer\n"),
                     "text/plain");
    buf_done(&text);
    return queued;
}

/* ---- visitors ---- */

static struct visitor *visitor_find(struct web *web, int fd)
{
    for (size_t i = 0; i < WEB_CONNECTION_COUNT_MAX; i++) {
        if (web->visitors[i].fd == fd) {
            return &web->visitors[i];
        }
    }
    return NULL;
}

/* The server's thread sees the end, and closes it. */
static void visitor_send_away(struct visitor *visitor)
{
    (void)shutdown(visitor->fd, SHUT_RDWR);
    visitor->fd = NO_VISITOR;
}

/* A place for one more: a free one, or that of the oldest who has not asked yet, or of the oldest.
 */
static struct visitor *visitor_place(struct web *web)
{
    struct visitor *place = visitor_find(web, NO_VISITOR);
    struct visitor *oldest = &web->visitors[0];
    for (size_t i = 1; i < WEB_CONNECTION_COUNT_MAX; i++) {
        struct visitor *visitor = &web->visitors[i];
        bool older = visitor->asked == oldest->asked && visitor->begun_us < oldest->begun_us;
        if (older || (oldest->asked && !visitor->asked)) {
            oldest = visitor;
        }
    }
    if (place == NULL) {
        visitor_send_away(oldest);
        place = oldest;
    }
    return place;
}

static void visitor_begin(struct web *web, int fd)
{
    int64_t now_us = os_monotonic_us();
    pthread_mutex_lock(&web->visitors_lock);
    *visitor_place(web) = (struct visitor){
        .fd = fd,
        .begun_us = now_us,
        .deadline_us = now_us + (int64_t)WEB_REQUEST_SECONDS_MAX * US_PER_S,
    };
    pthread_mutex_unlock(&web->visitors_lock);
}

/* Its request has come whole: from now on it is to take the answer. */
static void visitor_asked(struct web *web, int fd)
{
    pthread_mutex_lock(&web->visitors_lock);
    struct visitor *visitor = visitor_find(web, fd);
    if (visitor != NULL && !visitor->asked) {
        visitor->asked = true;
        visitor->deadline_us = os_monotonic_us() + (int64_t)WEB_READ_SECONDS_MAX * US_PER_S;
    }
    pthread_mutex_unlock(&web->visitors_lock);
}

/* The library closes it after this: until then its number stands for nobody else. */
static void visitor_end(struct web *web, int fd)
{
    pthread_mutex_lock(&web->visitors_lock);
    struct visitor *visitor = visitor_find(web, fd);
    if (visitor != NULL) {
        visitor->fd = NO_VISITOR;
    }
    pthread_mutex_unlock(&web->visitors_lock);
}

static int fd_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    must(info != NULL);
    return info->connect_fd;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)state;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        visitor_begin(context, fd_of(connection));
    } else {
        visitor_end(context, fd_of(connection));
    }
}

/* ---- requests ---- */

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_size, void **state)
{
    struct web *web = context;
    (void)version;
    (void)body;
    (void)state;
    visitor_asked(web, fd_of(connection));
    if (*body_size > 0) {
        return MHD_NO; /* nothing here takes a body */
    }
    bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, "HEAD") == 0;
    if (strcmp(url, "/metrics") != 0) {
        return answer(connection, MHD_HTTP_NOT_FOUND, SPAN("there is /metrics\n"), "text/plain");
    }
    if (!get) {
        return answer(connection, METHOD_NOT_ALLOWED, SPAN("GET or HEAD\n"), "text/plain");
    }
    return answer_metrics(web, connection);
}

/* ---- this thread ---- */

/* Who has not asked in time, or does not take what he asked for. */
static void visitors_hurry(struct web *web)
{
    int64_t now_us = os_monotonic_us();
    pthread_mutex_lock(&web->visitors_lock);
    for (size_t i = 0; i < WEB_CONNECTION_COUNT_MAX; i++) {
        struct visitor *visitor = &web->visitors[i];
        if (visitor->fd != NO_VISITOR && now_us > visitor->deadline_us) {
            visitor_send_away(visitor);
        }
    }
    pthread_mutex_unlock(&web->visitors_lock);
}

static bool desk_has_question(struct desk *desk)
{
    uint8_t bytes[64];
    (void)!read(desk->wake[0], bytes, sizeof bytes);
    pthread_mutex_lock(&desk->lock);
    bool fresh = desk->asked && !desk->sent;
    desk->sent = desk->sent || fresh;
    pthread_mutex_unlock(&desk->lock);
    return fresh;
}

static void desk_answer(struct desk *desk, struct span text)
{
    pthread_mutex_lock(&desk->lock);
    desk->sent = false;
    buf_clear(&desk->text);
    buf_add(&desk->text, text);
    desk->answered = desk->text.err == ERR_OK;
    pthread_cond_signal(&desk->changed);
    pthread_mutex_unlock(&desk->lock);
}

static enum err from_store(struct op *op, struct web *web, struct channel *store)
{
    for (;;) {
        struct channel_message message;
        enum err err = channel_receive(op, store, false, &message);
        if (err != ERR_OK) {
            return err == ERR_AGAIN ? ERR_OK : err;
        }
        if (message.type == WEB_MESSAGE_TEXT) {
            desk_answer(&web->desk, message.body);
        }
    }
}

static enum err serve(struct op *op, struct web *web, struct channel *store)
{
    for (;;) {
        struct pollfd fds[] = {
            { .fd = store->fd, .events = POLLIN },
            { .fd = web->desk.wake[0], .events = POLLIN },
        };
        int ready = poll(fds, sizeof fds / sizeof fds[0], WATCH_EVERY_MS);
        if (ready < 0 && errno != EINTR) {
            return op_fail(op, ERR_IO, "cannot wait: %s", strerror(errno));
        }
        visitors_hurry(web);
        if (ready > 0 && fds[1].revents != 0 && desk_has_question(&web->desk)) {
            TRY(channel_send(op, store, WEB_MESSAGE_METRICS, SPAN(""), CHANNEL_NO_FILE));
        }
        if (ready > 0 && fds[0].revents != 0) {
            TRY(from_store(op, web, store));
        }
    }
}

static enum err web_begin(struct op *op, struct web *web)
{
    buf_init(&web->desk.text, WEB_TEXT_SIZE_MAX);
    for (size_t i = 0; i < WEB_CONNECTION_COUNT_MAX; i++) {
        web->visitors[i].fd = NO_VISITOR;
    }
    if (pipe2(web->desk.wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        return op_fail(op, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    }
    must(pthread_mutex_init(&web->desk.lock, NULL) == 0);
    must(pthread_mutex_init(&web->visitors_lock, NULL) == 0);
    must(pthread_cond_init(&web->desk.changed, NULL) == 0);
    return ERR_OK;
}

static void web_end(struct web *web)
{
    close(web->desk.wake[0]);
    close(web->desk.wake[1]);
    pthread_mutex_destroy(&web->desk.lock);
    pthread_mutex_destroy(&web->visitors_lock);
    pthread_cond_destroy(&web->desk.changed);
    buf_done(&web->desk.text);
}

enum err web_role_run(struct op *op, struct channel *store, int listener)
{
    struct web *web = memory_new(sizeof *web);
    if (web == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the web role");
    }
    enum err err = web_begin(op, web);
    if (err != ERR_OK) {
        memory_free(web);
        return err;
    }
    /* With MHD_USE_ITC it can let go of the socket; else it would shut it down for all who have it.
     */
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_request, web,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTION_COUNT_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_SIZE_MAX, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, web, MHD_OPTION_END);
    if (daemon == NULL) {
        err = op_fail(op, ERR_IO, "the web role cannot serve: %s", strerror(errno));
    } else {
        err = serve(op, web, store);
        (void)MHD_quiesce_daemon(daemon); /* the socket is the caller's */
        MHD_stop_daemon(daemon);
    }
    web_end(web);
    memory_free(web);
    return err;
}
