// SPDX-License-Identifier: EUPL-1.2
/*
 * The places that the lines of a mapping name. In JSON: keys with dots between,
 *
 *     dns.question.name       arrays on the way are passed through
 *     answers[*].data         the same, as some write it; also "answers[].data"
 *     "id.orig_h"             a key with a dot in it, in quotes
 *     Props[Name=Agent].Value of the elements of an array, those whose Name is Agent; their Name
 *                             stands before what is asked for
 *
 * In CSV and in layouts: a name as it is, in quotes where it holds a comma. Private to mapping*.c.
 */
#ifndef OBSERVE_MAPPING_PATH_H
#define OBSERVE_MAPPING_PATH_H

#include "base/op.h"

/* One place. Spans live in the op's memory. */
struct mapping_path {
    struct span name;     /* with dots, without quotes and choices */
    struct span key;      /* JSON: with '/' between steps; else as name */
    struct span select;   /* JSON: key of what chooses, empty where nothing does */
    struct span selected; /* what it must hold */
};

/**
 * Cut the first item off a list: up to a comma that stands in no quotes or brackets.
 *
 * rest      in: what is left; out: what is left behind it
 * separator  the byte between items
 * ret       trimmed
 *
 * Returns false where nothing was left.
 */
bool mapping_item_next(struct span *rest, uint8_t separator, struct span *ret);

/**
 * Read a path of JSON.
 *
 * op        work in hand
 * text      one item
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT told as a fault; ERR_LIMIT no memory
 */
MUST_USE
enum err mapping_path_read(struct op *op, struct span text, struct mapping_path *ret);

/**
 * A name, or value, without the quotes around it.
 *
 * text      as written
 */
struct span mapping_without_quotes(struct span text);

#endif
