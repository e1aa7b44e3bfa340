// SPDX-License-Identifier: EUPL-1.2
#include "os/clock.h"

#include <time.h>

#include "base/must.h"
#include "base/time.h"

enum { NS_PER_US = 1000 };

static int64_t clock_read_us(clockid_t id)
{
    struct timespec now;
    int result = clock_gettime(id, &now);
    must(result == 0); /* both clocks exist on every Linux */
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

int64_t os_clock_us(void)
{
    return clock_read_us(CLOCK_REALTIME);
}

int64_t os_monotonic_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}
