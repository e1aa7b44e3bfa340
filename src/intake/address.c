// SPDX-License-Identifier: EUPL-1.2
#include "intake/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 64,
    SOCKET_MODE = 0660,
    PORT_MAX = 65535,
    /* Bytes that the kernel keeps of datagrams while the watch is busy; where it may not have so
     * much, net.core.rmem_max of it. */
    KERNEL_QUEUE_SIZE = 8 * 1024 * 1024,
};

#define FORMS                                                                                      \
    "not an address such as udp://0.0.0.0:514, tcp://[::]:601, tls://192.0.2.1:6514, "             \
    "unix:///run/linie/eve.sock or unixgram:///run/linie/eve.sock"

union socket_address {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

struct place {
    enum intake_kind kind;
    union socket_address to;
    socklen_t size;
};

static const struct {
    const char *prefix;
    enum intake_kind kind;
} kinds[] = {
    { "udp://", INTAKE_UDP },   { "tcp://", INTAKE_TCP },           { "tls://", INTAKE_TLS },
    { "unix://", INTAKE_UNIX }, { "unixgram://", INTAKE_UNIXGRAM },
};

static enum err refuse(struct op *op)
{
    return op_fail(op, ERR_FORMAT, FORMS);
}

static enum err path_read(struct op *op, struct span path, struct place *place)
{
    struct sockaddr_un *local = &place->to.local;
    if (path.size < 2 || path.size >= sizeof local->sun_path || path.data[0] != '/') {
        return op_fail(op, ERR_FORMAT,
                       "the path of a socket begins with '/' and has at most %zu bytes",
                       sizeof local->sun_path - 1);
    }
    local->sun_family = AF_UNIX;
    span_copy(local->sun_path, sizeof local->sun_path, path);
    place->size = sizeof *local;
    return ERR_OK;
}

static enum err host_read(struct op *op, struct span text, struct place *place)
{
    char host[INET6_ADDRSTRLEN];
    uint64_t port = 0;
    ptrdiff_t colon = span_find_last(text, ':');
    struct span name = colon == SPAN_NOT_FOUND ? text : span_slice(text, 0, (size_t)colon);
    bool counted = colon != SPAN_NOT_FOUND &&
                   span_to_u64(span_from(text, (size_t)colon + 1), &port) == ERR_OK && port > 0 &&
                   port <= PORT_MAX;
    bool bracketed = name.size > 2 && name.data[0] == '[' && name.data[name.size - 1] == ']';
    name = bracketed ? span_slice(name, 1, name.size - 1) : name;
    if (!counted || name.size >= sizeof host) {
        return refuse(op);
    }
    span_copy(host, sizeof host, name);
    host[name.size] = '\0';
    if (!bracketed && inet_pton(AF_INET, host, &place->to.ipv4.sin_addr) == 1) {
        place->to.ipv4.sin_family = AF_INET;
        place->to.ipv4.sin_port = htons((uint16_t)port);
        place->size = sizeof place->to.ipv4;
        return ERR_OK;
    }
    if (bracketed && inet_pton(AF_INET6, host, &place->to.ipv6.sin6_addr) == 1) {
        place->to.ipv6.sin6_family = AF_INET6;
        place->to.ipv6.sin6_port = htons((uint16_t)port);
        place->size = sizeof place->to.ipv6;
        return ERR_OK;
    }
    return refuse(op);
}

static enum err place_read(struct op *op, struct span address, struct place *place)
{
    *place = (struct place){ .kind = INTAKE_NONE };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct span prefix = span_of(kinds[i].prefix);
        if (span_starts_with(address, prefix)) {
            place->kind = kinds[i].kind;
            bool local = place->kind == INTAKE_UNIX || place->kind == INTAKE_UNIXGRAM;
            struct span rest = span_from(address, prefix.size);
            return local ? path_read(op, rest, place) : host_read(op, rest, place);
        }
    }
    return refuse(op);
}

enum err intake_address_check(struct op *op, struct span address, enum intake_kind *ret)
{
    struct place place;
    TRY(place_read(op, address, &place));
    *ret = place.kind;
    return ERR_OK;
}

static bool is_datagram(const struct place *place)
{
    return place->kind == INTAKE_UDP || place->kind == INTAKE_UNIXGRAM;
}

/* A socket that nobody listens on is what an earlier life left behind. */
static void stale_remove(const struct place *place)
{
    struct stat status;
    const char *path = place->to.local.sun_path;
    if (place->to.any.sa_family != AF_UNIX || lstat(path, &status) != 0 ||
        !S_ISSOCK(status.st_mode)) {
        return;
    }
    int type = is_datagram(place) ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool stale = fd >= 0 && connect(fd, &place->to.any, place->size) != 0 && errno == ECONNREFUSED;
    if (fd >= 0) {
        close(fd);
    }
    if (stale) {
        (void)unlink(path);
    }
}

static bool options_set(const struct place *place, int fd)
{
    const int on = 1;
    const int size = KERNEL_QUEUE_SIZE;
    int family = place->to.any.sa_family;
    if (is_datagram(place) && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    if (family == AF_UNIX) {
        return true;
    }
    /* [::] is IPv6 alone, so that 0.0.0.0 may stand beside it. */
    bool alone =
        family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
    return alone &&
           (is_datagram(place) || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
}

static enum err fail(struct op *op, struct span address)
{
    enum err err = ERR_IO;
    if (errno == EADDRINUSE) {
        err = ERR_EXISTS;
    } else if (errno == EACCES || errno == EPERM) {
        err = ERR_DENIED;
    }
    return op_fail(op, err, "cannot listen on %.*s: %s", SPAN_FMT(address), strerror(errno));
}

enum err intake_listen(struct op *op, struct span address, int *ret_fd)
{
    struct place place;
    TRY(place_read(op, address, &place));
    stale_remove(&place);
    int type = is_datagram(&place) ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(place.to.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(op, address);
    }
    bool local = place.to.any.sa_family == AF_UNIX;
    /* The mode is set before anybody can connect. */
    bool open = options_set(&place, fd) && bind(fd, &place.to.any, place.size) == 0 &&
                (!local || chmod(place.to.local.sun_path, SOCKET_MODE) == 0) &&
                (is_datagram(&place) || listen(fd, BACKLOG) == 0);
    if (!open) {
        enum err err = fail(op, address);
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

void intake_unlisten(struct span address)
{
    struct op op;
    struct place place;
    const struct actor nobody = { .name = SPAN("intake") };
    enum { MEMORY_MAX = 4096 };
    op_begin(&op, &nobody, MEMORY_MAX);
    if (place_read(&op, address, &place) == ERR_OK && place.to.any.sa_family == AF_UNIX) {
        (void)unlink(place.to.local.sun_path);
    }
    op_end(&op);
}
