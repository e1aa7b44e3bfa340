// SPDX-License-Identifier: EUPL-1.2
/*
 * What the two sides of a record's bytes share: record.c writes, record_read.c reads; and reading
 * as only what is live does it, which reads each record twice and has most names already.
 */
#ifndef HISTORY_RECORD_INNER_H
#define HISTORY_RECORD_INNER_H

#include "history/names.h"
#include "history/record.h"

enum {
    RECORD_VERSION = 1,
    RECORD_FORM_SHIFT = 6, /* kind and form are one byte */
    RECORD_KIND_MASK = (1 << RECORD_FORM_SHIFT) - 1,
};

_Static_assert(VALUE_KIND_COUNT <= 1 << RECORD_FORM_SHIFT, "a kind has six bits");

/**
 * As history_record_read(); names of hosts that are known were checked once and for all.
 *
 * op        work in hand; the lists live in its memory
 * bytes     of the record; borrowed as long as it is read
 * known     names of hosts that fit; NULL: none is known
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT broken, or a bound is not kept; ERR_LIMIT no memory
 */
MUST_USE
enum err record_read_known(struct op *op, struct span bytes, const struct names *known,
                           struct history_record *ret);

/**
 * As history_record_next(), of a record that was read to its end before: only what would read
 * beyond its bytes is checked.
 *
 * record    begun to be read
 * ret       untouched where there is none
 *
 * Returns false at the end.
 */
bool record_next_checked(struct history_record *record, struct history_seen *ret);

#endif
