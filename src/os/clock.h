// SPDX-License-Identifier: EUPL-1.2
/*
 * The machine's clocks. Whoever writes a time down takes it as a parameter or through a function
 * pointer, so that tests can make the clock jump; these are what stands behind it in a real node.
 */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdint.h>

/**
 * The time of day: microseconds since 1970-01-01T00:00:00Z (base/time.h). It may jump either way.
 */
int64_t os_clock_us(void);

/**
 * Microseconds since some moment before the program's start. It never goes back, and says nothing
 * about the time of day.
 */
int64_t os_monotonic_us(void);

/**
 * Microseconds of CPU that this thread has used, in the program and in the kernel for it.
 */
int64_t os_cpu_us(void);

/**
 * Read the machine's time zone ($TZ, else /etc/localtime), once: later no file is looked at, so
 * that also who may open none knows it. To be called before there are threads.
 */
void os_zone_read(void);

/**
 * When a clock on the wall here shows a time: the machine's zone, with its summer time. Of an hour
 * that comes twice it is one of the two.
 *
 * civil_us  what it shows, as if it were UTC; TIME_US_MIN .. TIME_US_MAX
 *
 * Returns microseconds of UTC; `civil_us` itself where the zone says nothing of that time.
 */
int64_t os_zone_to_utc_us(int64_t civil_us);

#endif
