// SPDX-License-Identifier: EUPL-1.2
#include "os/service.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/span.h"

/* An address that begins with '@' is of the abstract name space: unix(7) writes a NUL there. */
static bool address_make(struct sockaddr_un *address, socklen_t *ret_size)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct span name = path == NULL ? SPAN("") : span_of(path);
    bool fits = name.size > 1 && name.size < sizeof address->sun_path &&
                (name.data[0] == '/' || name.data[0] == '@');
    if (!fits) {
        return false;
    }
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    span_copy(address->sun_path, sizeof address->sun_path, name);
    if (name.data[0] == '@') {
        address->sun_path[0] = '\0';
    }
    *ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name.size);
    return true;
}

bool service_tell(const char *state)
{
    struct sockaddr_un address;
    socklen_t size = 0;
    struct span text = span_of(state);
    if (!address_make(&address, &size)) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    ssize_t sent = sendto(fd, text.data, text.size, MSG_NOSIGNAL,
                          (const struct sockaddr *)(const void *)&address, size);
    close(fd);
    return sent == (ssize_t)text.size;
}

/* $WATCHDOG_PID may name another process, that inherited the environment. */
int64_t service_watchdog_us(void)
{
    uint64_t time_us = 0;
    uint64_t pid = 0;
    const char *limit = getenv("WATCHDOG_USEC");
    const char *whom = getenv("WATCHDOG_PID");
    if (limit == NULL || span_to_u64(span_of(limit), &time_us) != ERR_OK ||
        time_us > INT64_MAX / 2) {
        return 0;
    }
    bool other =
        whom != NULL && (span_to_u64(span_of(whom), &pid) != ERR_OK || pid != (uint64_t)getpid());
    return other ? 0 : (int64_t)time_us;
}
