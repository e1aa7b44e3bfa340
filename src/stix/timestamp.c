// SPDX-License-Identifier: EUPL-1.2
#include "stix/timestamp.h"

/* The shortest form, and where its letters stand. */
enum { SIZE_MIN = sizeof "2016-01-20T12:31:12Z" - 1, LETTER_T_AT = 10, POINT_AT = 19 };

enum err stix_timestamp_parse(struct span span, int64_t *ret_us)
{
    if (span.size < SIZE_MIN || span.data[LETTER_T_AT] != 'T') {
        return ERR_FORMAT;
    }
    if (span.data[span.size - 1] != 'Z') {
        return ERR_FORMAT;
    }
    /* Where the fraction is absent, the final Z stands in the point's place. */
    if (span.size > SIZE_MIN && span.data[POINT_AT] != '.') {
        return ERR_FORMAT;
    }
    return time_parse(span, ret_us);
}
