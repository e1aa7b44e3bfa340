// SPDX-License-Identifier: EUPL-1.2
/*
 * Second step of the fast record scanner: go through a line's tokens, see that they follow each
 * other as RFC 8259 says, and read what is wanted. Private to record*.c.
 */
#ifndef FORMAT_RECORD_WALK_H
#define FORMAT_RECORD_WALK_H

#include "format/record_shape.h"
#include "format/record_value.h"

enum { RECORD_TRACE_KEY_COUNT_MAX = 512 };

/* Which tokens a walk looked at closely: what has to be the same in another line of the same
 * skeleton for the walk to go the same way (record_memo.h). */
struct record_trace {
    size_t key_count; /* may run past the maximum: then the keys are not all here */
    uint32_t keys[RECORD_TRACE_KEY_COUNT_MAX]; /* tokens of the keys that were looked up */
    uint32_t fields[RECORD_FIELD_COUNT_MAX];   /* tokens of the fields, in the record's order */
};

/**
 * Walk over a line.
 *
 * source     a line and its tokens
 * root       where the line's object stands in the shape
 * ret_trace  what was looked at; of no meaning on a fault
 * ret        receives the fields
 *
 * Returns why the line could not be read.
 */
MUST_USE
enum record_fault record_walk(struct record_source *source, const struct record_node *root,
                              struct record_trace *ret_trace, struct record *ret);

#endif
