// SPDX-License-Identifier: EUPL-1.2
/*
 * What the two sides of a record's bytes share: record.c writes, record_read.c reads.
 */
#ifndef HISTORY_RECORD_INNER_H
#define HISTORY_RECORD_INNER_H

#include "history/seen.h"

enum {
    RECORD_VERSION = 1,
    RECORD_FORM_SHIFT = 6, /* kind and form are one byte */
    RECORD_KIND_MASK = (1 << RECORD_FORM_SHIFT) - 1,
};

_Static_assert(VALUE_KIND_COUNT <= 1 << RECORD_FORM_SHIFT, "a kind has six bits");

#endif
