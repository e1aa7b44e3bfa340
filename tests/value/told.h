// SPDX-License-Identifier: EUPL-1.2
/*
 * A value as one short text, so that a test is a table of what is written and what is told. Each
 * call also checks what must hold of any value at all.
 */
#ifndef TESTS_VALUE_TOLD_H
#define TESTS_VALUE_TOLD_H

#include "tests/testing.h"
#include "value/value.h"

/* "ipv4 198.51.100.7", or the name of the error. Checks on the way that the hot function gives the
 * same key, that the canonical text gives the same value again, and that an error leaves `ret`
 * alone. Valid until the next call. */
const char *told(enum value_kind kind, struct span raw);

/* As told(), of value_recognise(): "domain example.org", with " and below" or " below" where that
 * is the scope. */
const char *told_line(struct span raw);

/* As told_line(), of value_recognise_as(). */
const char *told_cell(enum value_kind kind, struct span raw);

struct told_row {
    const char *raw;
    const char *told;
};

/* Each row's raw text is told as the row says. */
void check_told(enum value_kind kind, const struct told_row *rows, size_t count);

#endif
