// SPDX-License-Identifier: EUPL-1.2
/*
 * A parsed document written out again, for tests and fuzz targets that compare documents by their
 * text.
 */
#ifndef TESTS_FORMAT_JSON_ECHO_H
#define TESTS_FORMAT_JSON_ECHO_H

#include <stdio.h>

#include "format/json.h"
#include "format/json_writer.h"

static void json_echo(struct json_writer *w, struct json_value value);

static inline void json_echo_inside(struct json_writer *w, struct json_value container)
{
    struct json_walk walk = json_walk_begin(container);
    while (json_walk_next(&walk)) {
        if (json_type(container) == JSON_OBJECT) {
            json_key(w, walk.key);
        }
        json_echo(w, walk.value);
    }
}

/* 17 digits hold every double; the exponent keeps it from being read as an integer. */
static inline void json_echo_number(struct json_writer *w, double number)
{
    char text[40];
    int size = snprintf(text, sizeof text, "%.17e", number);
    json_add_raw(w, span_make(text, (size_t)size));
}

/* At most JSON_WRITER_DEPTH_MAX - 1 levels deep. */
static inline void json_echo(struct json_writer *w, struct json_value value)
{
    switch (json_type(value)) {
    case JSON_NULL:
        json_add_null(w);
        break;
    case JSON_BOOL:
        json_add_bool(w, json_true(value));
        break;
    case JSON_INTEGER:
        json_add_i64(w, json_integer(value, 0));
        break;
    case JSON_NUMBER:
        json_echo_number(w, json_number(value, 0));
        break;
    case JSON_STRING:
        json_add_string(w, json_string(value));
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        json_echo_inside(w, value);
        json_end_array(w);
        break;
    case JSON_OBJECT:
        json_begin_object(w);
        json_echo_inside(w, value);
        json_end_object(w);
        break;
    }
}

#endif
