// SPDX-License-Identifier: EUPL-1.2
/*
 * Whole JSON documents (bundles, journal payloads, configuration of others), read with simdjson's
 * DOM. Log lines have their own, narrower door: format/record.h.
 *
 * A value is a position in a parsed document, passed by value; reading it never fails, it only
 * turns out to be of another type. Everything lives in the op's memory.
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "base/op.h"

enum {
    JSON_DEPTH_MAX = 128,              /* objects and arrays inside each other */
    JSON_SIZE_MAX = 512 * 1024 * 1024, /* of a document; large bundles of today have 50 MB */
};

enum json_type {
    JSON_NULL = 0, /* also what an absent member is */
    JSON_BOOL,
    JSON_INTEGER, /* fits int64_t */
    JSON_NUMBER,  /* anything else that is a number */
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_document;

struct json_value {
    const struct json_document *document; /* NULL: an absent value, of type JSON_NULL */
    size_t position;
};

/* A walk over the elements of an array or the members of an object. */
struct json_walk {
    struct json_value value; /* the present element's or member's value */
    struct span key;         /* the present member's key; empty in an array */
    size_t next;             /* private */
    size_t end;              /* private */
    bool object;             /* private */
};

/**
 * Read a document. It must be one JSON value (RFC 8259) in UTF-8; a byte order mark is stepped
 * over. A fault's text names line and byte. Numbers that fit neither 64 bits nor a double are
 * refused.
 *
 * op        work in hand; a copy of all strings lives in its memory
 * text      the document; not needed after the call
 * ret       its root; untouched on error
 *
 * Errors    ERR_FORMAT not JSON (the text tells why); ERR_LIMIT too deep, too large, or no memory
 */
MUST_USE
enum err json_parse(struct op *op, struct span text, struct json_value *ret);

/**
 * As json_parse(), for whoever is after the strings: where the document holds a number that fits no
 * type (RFC 8259, section 6, sets no bound), long numbers and those with an exponent read as 0.
 *
 * op        work in hand; a copy of all strings lives in its memory
 * text      the document; not needed after the call
 * ret       its root; untouched on error
 *
 * Errors    as json_parse()
 */
MUST_USE
enum err json_parse_any_number(struct op *op, struct span text, struct json_value *ret);

/**
 * The type of a value.
 *
 * value     any, also an absent one
 */
enum json_type json_type(struct json_value value);

/**
 * A member of an object by its key; the first where a key is repeated; absent where there is none
 * or `object` is no object.
 *
 * object    any value
 * key       looked up
 */
struct json_value json_member(struct json_value object, struct span key);

/**
 * The bytes of a string; data is NULL for any other type.
 *
 * value     any
 */
struct span json_string(struct json_value value);

/**
 * The number of a JSON_INTEGER, else `otherwise`.
 *
 * value      any
 * otherwise  returned for any other type
 */
int64_t json_integer(struct json_value value, int64_t otherwise);

/**
 * The number of a JSON_INTEGER or JSON_NUMBER, else `otherwise`.
 *
 * value      any
 * otherwise  returned for any other type
 */
double json_number(struct json_value value, double otherwise);

/**
 * Whether a value is the JSON literal true.
 *
 * value     any
 */
bool json_true(struct json_value value);

/**
 * Begin a walk over an array or object; over anything else it ends at once.
 *
 * value     any
 */
struct json_walk json_walk_begin(struct json_value value);

/**
 * Go to the next element or member.
 *
 * walk      begun with json_walk_begin()
 *
 * Returns false when there is none.
 */
bool json_walk_next(struct json_walk *walk);

/**
 * Where a value of a document's array stands in the text it was read from: the exact bytes of each
 * element of the array that is the member `key` of the root object. For keeping objects byte for
 * byte.
 *
 * op         work in hand; the list lives in its memory
 * text       the document, already read by json_parse() without error
 * key        of the array ("objects")
 * ret_spans  pieces of `text`
 * ret_count  how many
 *
 * Errors    ERR_ABSENT the root has no such array; ERR_LIMIT no memory
 */
MUST_USE
enum err json_array_spans(struct op *op, struct span text, struct span key, struct span **ret_spans,
                          size_t *ret_count);

#endif
