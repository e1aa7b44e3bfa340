// SPDX-License-Identifier: EUPL-1.2
#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16, SOCKET_MODE = 0660, PORT_MAX = 65535 };

#define UNIX_PREFIX "unix:"

union socket_address {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

static enum err fail(struct op *op, struct span address)
{
    enum err err = errno == EADDRINUSE ? ERR_EXISTS : ERR_IO;
    return op_fail(op, err, "cannot listen on %.*s: %s", SPAN_FMT(address), strerror(errno));
}

/* "127.0.0.1" or "[::1]", and the port; `host` has room for the longest address. */
static enum err host_read(struct op *op, struct span address, char *host, size_t host_size,
                          uint16_t *ret_port)
{
    uint64_t port = 0;
    ptrdiff_t colon = span_find_last(address, ':');
    struct span name = colon == SPAN_NOT_FOUND ? address : span_slice(address, 0, (size_t)colon);
    bool counted = colon != SPAN_NOT_FOUND &&
                   span_to_u64(span_from(address, (size_t)colon + 1), &port) == ERR_OK &&
                   port > 0 && port <= PORT_MAX;
    if (name.size > 2 && name.data[0] == '[' && name.data[name.size - 1] == ']') {
        name = span_slice(name, 1, name.size - 1);
    }
    if (!counted || name.size >= host_size) {
        return op_fail(op, ERR_FORMAT, "%.*s: not \"unix:/path\" nor \"127.0.0.1:PORT\"",
                       SPAN_FMT(address));
    }
    span_copy(host, host_size, name);
    host[name.size] = '\0';
    *ret_port = (uint16_t)port;
    return ERR_OK;
}

static bool is_loopback(const union socket_address *to)
{
    if (to->any.sa_family == AF_INET) {
        return ntohl(to->ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return IN6_IS_ADDR_LOOPBACK(&to->ipv6.sin6_addr) != 0;
}

static enum err loopback_read(struct op *op, struct span address, union socket_address *to,
                              socklen_t *ret_size)
{
    char host[INET6_ADDRSTRLEN];
    uint16_t port = 0;
    TRY(host_read(op, address, host, sizeof host, &port));
    if (inet_pton(AF_INET, host, &to->ipv4.sin_addr) == 1) {
        to->ipv4.sin_family = AF_INET;
        to->ipv4.sin_port = htons(port);
        *ret_size = sizeof to->ipv4;
    } else if (inet_pton(AF_INET6, host, &to->ipv6.sin6_addr) == 1) {
        to->ipv6.sin6_family = AF_INET6;
        to->ipv6.sin6_port = htons(port);
        *ret_size = sizeof to->ipv6;
    } else {
        return op_fail(op, ERR_FORMAT, "%.*s: not \"unix:/path\" nor \"127.0.0.1:PORT\"",
                       SPAN_FMT(address));
    }
    if (!is_loopback(to)) {
        return op_fail(op, ERR_DENIED, "%.*s: plain HTTP is for loopback only", SPAN_FMT(address));
    }
    return ERR_OK;
}

static enum err path_read(struct op *op, struct span address, union socket_address *to,
                          socklen_t *ret_size)
{
    struct span path = span_from(address, sizeof UNIX_PREFIX - 1);
    if (path.size == 0 || path.size >= sizeof to->local.sun_path) {
        return op_fail(op, ERR_FORMAT, "%.*s: the path of a socket has 1 to %zu bytes",
                       SPAN_FMT(address), sizeof to->local.sun_path - 1);
    }
    to->local.sun_family = AF_UNIX;
    span_copy(to->local.sun_path, sizeof to->local.sun_path, path);
    *ret_size = sizeof to->local;
    return ERR_OK;
}

/* A socket that nobody listens on is what an earlier life left behind. */
static void stale_remove(const union socket_address *to, socklen_t size)
{
    struct stat status;
    if (lstat(to->local.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool stale = fd >= 0 && connect(fd, &to->any, size) != 0 && errno == ECONNREFUSED;
    if (fd >= 0) {
        close(fd);
    }
    if (stale) {
        (void)unlink(to->local.sun_path);
    }
}

static enum err listen_at(struct op *op, struct span address, const union socket_address *to,
                          socklen_t size, int *ret_fd)
{
    const int on = 1;
    int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(op, address);
    }
    bool local = to->any.sa_family == AF_UNIX;
    /* The mode is set before anybody can connect. */
    bool bound = (local || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0) &&
                 bind(fd, &to->any, size) == 0 &&
                 (!local || chmod(to->local.sun_path, SOCKET_MODE) == 0) &&
                 listen(fd, BACKLOG) == 0;
    if (!bound) {
        enum err err = fail(op, address);
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

static enum err address_read(struct op *op, struct span address, union socket_address *to,
                             socklen_t *ret_size)
{
    return span_starts_with(address, SPAN(UNIX_PREFIX)) ? path_read(op, address, to, ret_size)
                                                        : loopback_read(op, address, to, ret_size);
}

enum err web_address_check(struct op *op, struct span address)
{
    union socket_address to = { .any.sa_family = AF_UNSPEC };
    socklen_t size = 0;
    return address_read(op, address, &to, &size);
}

enum err web_listen(struct op *op, struct span address, int *ret_fd)
{
    union socket_address to = { .any.sa_family = AF_UNSPEC };
    socklen_t size = 0;
    TRY(address_read(op, address, &to, &size));
    if (to.any.sa_family == AF_UNIX) {
        stale_remove(&to, size);
    }
    return listen_at(op, address, &to, size, ret_fd);
}

void web_unlisten(struct span address)
{
    union socket_address to = { .any.sa_family = AF_UNSPEC };
    struct span path = span_from(address, sizeof UNIX_PREFIX - 1);
    if (span_starts_with(address, SPAN(UNIX_PREFIX)) && path.size < sizeof to.local.sun_path) {
        span_copy(to.local.sun_path, sizeof to.local.sun_path, path);
        (void)unlink(to.local.sun_path);
    }
}
