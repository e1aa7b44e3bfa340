// SPDX-License-Identifier: EUPL-1.2
/*
 * How a log writes its times: one of the forms that are known by a word, or a pattern as
 * strptime(3) has it; and in which zone, where the text does not say.
 *
 *     rfc3339     2026-11-21T20:34:05.123Z, also with a space for the "T", and without an offset
 *     epoch       seconds since 1970, with or without a fraction; epoch-ms, epoch-us, epoch-ns
 *     common      21/Nov/2026:20:34:05 +0100
 *     syslog      Nov 21 20:34:05: the year is the one that makes it nearest before now
 *     auto        any of these, and "21-Nov-2026 20:34:05", "Sat Nov 21 20:34:05 2026",
 *                 "2026/11/21 20:34:05"; a whole number is taken by its count of digits
 *
 * Patterns: %Y %y %m %d %e %b %B %h %a %A %H %I %M %S %p %z %Z %f %s %T %F %%; a space stands for
 * any white space or none. Numbers may lack leading zeros. %S takes a fraction that follows, but
 * where %f is to do so. Names of months are English, in any case.
 */
#ifndef OBSERVE_STAMP_H
#define OBSERVE_STAMP_H

#include "base/op.h"
#include "base/time.h"

enum { STAMP_FORM_COUNT_MAX = 16, STAMP_PATTERN_SIZE_MAX = 64 };

enum stamp_kind {
    STAMP_AUTO = 0,
    STAMP_RFC3339,
    STAMP_EPOCH,
    STAMP_EPOCH_MS,
    STAMP_EPOCH_US,
    STAMP_EPOCH_NS,
    STAMP_PATTERN,
    STAMP_KIND_COUNT,
};

struct stamp_form {
    enum stamp_kind kind;
    struct span pattern; /* STAMP_PATTERN */
};

enum stamp_zone { STAMP_UTC = 0, STAMP_LOCAL, STAMP_OFFSET };

struct stamp {
    size_t form_count;                             /* 0: as STAMP_AUTO */
    struct stamp_form forms[STAMP_FORM_COUNT_MAX]; /* the first that fits counts */
    enum stamp_zone zone; /* of times that name none; STAMP_LOCAL: the machine's */
    int64_t offset_s;     /* STAMP_OFFSET: ahead of UTC */
};

/* Times as the header of syslog has them: of the machine's zone where they name none. */
extern const struct stamp stamp_syslog;

/**
 * Add a way to write times.
 *
 * op        work in hand; a pattern is kept in its memory
 * stamp     changed
 * text      a word or a pattern, as above
 *
 * Errors    ERR_FORMAT neither, told as a fault; ERR_LIMIT more than STAMP_FORM_COUNT_MAX
 */
MUST_USE
enum err stamp_add_form(struct op *op, struct stamp *stamp, struct span text);

/**
 * Set the zone of times that name none.
 *
 * op        work in hand
 * stamp     changed
 * text      "UTC", "local", or "+01:00"
 *
 * Errors    ERR_FORMAT none of these, told as a fault
 */
MUST_USE
enum err stamp_set_zone(struct op *op, struct stamp *stamp, struct span text);

/**
 * Read a time.
 *
 * stamp     how it may be written
 * text      the whole of it
 * now_us    for times without a year
 * ret_us    untouched on error
 *
 * Errors    ERR_FORMAT it is written in none of these ways
 */
MUST_USE
enum err stamp_read(const struct stamp *stamp, struct span text, int64_t now_us, int64_t *ret_us);

#endif
