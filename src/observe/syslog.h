// SPDX-License-Identifier: EUPL-1.2
/*
 * The header of a line as syslog brings or writes it: when, which host, which program; and the
 * message behind it. Known are
 *
 *     <34>1 2026-11-21T20:34:05.003Z host app 123 ID47 [x@1 a="b"] message     RFC 5424
 *     <34>Nov 21 20:34:05 host app[123]: message                               RFC 3164
 *     Nov 21 20:34:05 host app[123]: message             files of syslogd; also without a host
 *     2026-11-21T20:34:05.003+01:00 host app[123]: message             files of rsyslog
 *     Sat Nov 21 20:34:05 2026 daemon.info app[123]: message           OpenWrt's logread
 *
 * A time alone makes no header where a log of another sort may begin so: RFC 3339 counts only with
 * an app and its colon, or behind "<34>".
 */
#ifndef OBSERVE_SYSLOG_H
#define OBSERVE_SYSLOG_H

#include "base/span.h"

struct syslog_line {
    struct span time;    /* as written; see stamp_syslog; empty where there is no header */
    struct span host;    /* empty where none is named */
    struct span program; /* without process id; empty where none is named */
    struct span message; /* the whole line where there is no header */
};

/**
 * Take the header off a line.
 *
 * line      any bytes
 * ret       borrows from the line
 *
 * Returns whether there was a header.
 */
bool syslog_read(struct span line, struct syslog_line *ret);

/**
 * The time that a line without a header begins with, as most programs write it, perhaps behind '[';
 * empty where it begins with something else. See stamp_syslog.
 *
 * line      any bytes
 */
struct span syslog_leading_time(struct span line);

/**
 * The JSON that a message is or carries ("@cee: {...}"); empty where it is none.
 *
 * message   of a line
 */
struct span syslog_json(struct span message);

#endif
