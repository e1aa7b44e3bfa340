// SPDX-License-Identifier: EUPL-1.2
#include "fetch/drain.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/time.h"
#include "fetch/carrier.h"
#include "os/clock.h"

enum {
    STEP_FIRST_MS = 1,
    STEP_MAX_MS = 50,
    SETTLE_MS = 200, /* of what many events wait together: a batch has up to 512 */
};

static enum err left(struct op *op, int fd, int *ret)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    if (error == 0 && ioctl(fd, SIOCOUTQ, ret) != 0) {
        error = errno;
    }
    return error == 0 ? ERR_OK : op_fail(op, ERR_IO, "the connection broke: %s", strerror(error));
}

/* One that has closed its end while bytes are left will not read them any more. */
static bool is_gone(int fd, int wait_ms)
{
    struct pollfd end = { .fd = fd, .events = POLLRDHUP };
    return poll(&end, 1, wait_ms) > 0;
}

enum err drain_wait(struct op *op, int fd)
{
    const int64_t end_us = os_monotonic_us() + (int64_t)CARRIER_WAIT_S * US_PER_S;
    int step_ms = STEP_FIRST_MS;
    int bytes = 0;
    for (;;) {
        TRY(left(op, fd, &bytes));
        if (bytes == 0) {
            return ERR_OK;
        }
        if (os_monotonic_us() > end_us) {
            return op_fail(op, ERR_TIMEOUT, "the receiver does not take what was sent");
        }
        if (is_gone(fd, step_ms)) {
            return op_fail(op, ERR_IO, "the receiver closed the connection");
        }
        step_ms = step_ms * 2 < STEP_MAX_MS ? step_ms * 2 : STEP_MAX_MS;
    }
}

bool drain_speaks(int fd)
{
    struct pollfd end = { .fd = fd, .events = POLLIN | POLLRDHUP };
    return poll(&end, 1, SETTLE_MS) > 0;
}
