// SPDX-License-Identifier: EUPL-1.2
/*
 * Time is UTC in microseconds since 1970-01-01T00:00:00Z, signed. Leap seconds are not counted
 * (POSIX); ":60" is read as the first moment of the next minute.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/buf.h"

enum { US_PER_MS = 1000, US_PER_S = 1000000 };

/* Years 0001 to 9999: what RFC 3339 can write. */
#define TIME_US_MIN  (-62135596800000000)
#define TIME_US_MAX  253402300799999999
#define TIME_US_NONE INT64_MIN /* no time is known */

enum { TIME_TEXT_SIZE = sizeof "9999-12-31T23:59:59.999999Z" };

/**
 * Read a timestamp: RFC 3339 (STIX 2.1), and the two forms of it seen in logs: an offset without
 * colon (Suricata's "+0000") and a space for the "T". A date alone is its first moment. Digits
 * beyond microseconds are dropped. Without an offset the time is taken as UTC.
 *
 * span      the whole text
 * ret_us    microseconds; untouched on error
 *
 * Errors    ERR_FORMAT not a timestamp, or a date that does not exist
 */
MUST_USE
enum err time_parse(struct span span, int64_t *ret_us);

/**
 * Read seconds since 1970 with an optional fraction: "1521911720.865716". Digits beyond
 * microseconds are rounded to the nearest.
 *
 * span      the whole text
 * ret_us    microseconds; untouched on error
 *
 * Errors    ERR_FORMAT not a number; ERR_LIMIT outside TIME_US_MIN .. TIME_US_MAX
 */
MUST_USE
enum err time_parse_epoch(struct span span, int64_t *ret_us);

/* A time as a calendar and a clock show it, of whatever zone. */
struct time_civil {
    int64_t year;
    int64_t month; /* 1 .. 12 */
    int64_t day;   /* 1 .. 31 */
    int64_t hour;
    int64_t minute;
    int64_t second; /* 0 .. 60 */
    int64_t us;     /* 0 .. 999999 */
};

/**
 * The time of a calendar and clock that show UTC.
 *
 * civil     any numbers
 * ret_us    microseconds; untouched on error
 *
 * Errors    ERR_FORMAT there is no such date or hour, or its year is not of 0001 to 9999
 */
MUST_USE
enum err time_from_civil(const struct time_civil *civil, int64_t *ret_us);

/**
 * What a calendar and clock that show UTC say.
 *
 * time_us   TIME_US_MIN .. TIME_US_MAX
 */
struct time_civil time_to_civil(int64_t time_us);

/**
 * Append a timestamp as RFC 3339 in UTC: "2026-11-21T20:34:05.000001Z". The fraction has three
 * digits where that is exact (the form STIX prefers), else six.
 *
 * buf       receives the text
 * time_us   TIME_US_MIN .. TIME_US_MAX; anything else appends nothing
 */
void time_add(struct buf *buf, int64_t time_us);

/**
 * The start of the period of `period_us` in which a time lies, also before 1970.
 *
 * time_us    any time
 * period_us  greater than 0
 */
int64_t time_floor(int64_t time_us, int64_t period_us);

#endif
