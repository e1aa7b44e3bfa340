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

#endif
