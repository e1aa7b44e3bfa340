// SPDX-License-Identifier: EUPL-1.2
#include "os/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/must.h"
#include "base/time.h"

enum { NS_PER_US = 1000 };

static int64_t clock_read_us(clockid_t id)
{
    struct timespec now;
    int result = clock_gettime(id, &now);
    must(result == 0); /* these clocks exist on every Linux */
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

int64_t os_cpu_us(void)
{
    return clock_read_us(CLOCK_THREAD_CPUTIME_ID);
}

/* Where $TZ is not set, the C library asks at every call whether the file is still the same one. */
void os_zone_read(void)
{
    (void)setenv("TZ", ":/etc/localtime", 0);
    tzset();
}

int64_t os_zone_to_utc_us(int64_t civil_us)
{
    enum { YEAR_FIRST = 1900 };
    const struct time_civil civil = time_to_civil(civil_us);
    struct tm broken = {
        .tm_year = (int)civil.year - YEAR_FIRST,
        .tm_mon = (int)civil.month - 1,
        .tm_mday = (int)civil.day,
        .tm_hour = (int)civil.hour,
        .tm_min = (int)civil.minute,
        .tm_sec = (int)civil.second,
        .tm_wday = -1, /* stays so where it cannot be told */
        .tm_isdst = -1,
    };
    time_t seconds = mktime(&broken);
    return broken.tm_wday < 0 ? civil_us : (int64_t)seconds * US_PER_S + civil.us;
}
