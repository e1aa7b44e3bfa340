// SPDX-License-Identifier: EUPL-1.2
/*
 * The data type "timestamp" of STIX 2.1: RFC 3339 in UTC, written with 'T' and 'Z' and nothing
 * else. base/time.h reads more forms, which are right in logs and wrong here.
 */
#ifndef STIX_TIMESTAMP_H
#define STIX_TIMESTAMP_H

#include "base/time.h"

/**
 * Read "2016-01-20T12:31:12.123Z". Digits beyond microseconds are dropped.
 *
 * span      the whole text
 * ret_us    microseconds; untouched on error
 *
 * Errors    ERR_FORMAT another form, or a date that does not exist
 */
MUST_USE
enum err stix_timestamp_parse(struct span span, int64_t *ret_us);

#endif
