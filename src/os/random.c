// SPDX-License-Identifier: EUPL-1.2
#include "os/random.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

#include "base/must.h"

void os_random(void *target, size_t size)
{
    uint8_t *bytes = target;
    size_t filled = 0;
    while (filled < size) {
        ssize_t got = getrandom(bytes + filled, size - filled, 0);
        if (got < 0) {
            must(errno == EINTR);
            continue;
        }
        filled += (size_t)got;
    }
}
