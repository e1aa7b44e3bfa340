// SPDX-License-Identifier: EUPL-1.2
#include "os/space.h"

#include <errno.h>
#include <sys/statvfs.h>

enum err space_of(struct op *op, struct span path, struct space *ret)
{
    struct statvfs status;
    int got = -1;
    do {
        got = statvfs((const char *)path.data, &status);
    } while (got != 0 && errno == EINTR);
    if (got != 0) {
        return op_fail(op, ERR_IO, "%.*s: cannot tell how much room there is: %s", SPAN_FMT(path),
                       strerror(errno));
    }
    ret->size = (uint64_t)status.f_blocks * status.f_frsize;
    ret->free = (uint64_t)status.f_bavail * status.f_frsize;
    return ERR_OK;
}
