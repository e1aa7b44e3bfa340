// SPDX-License-Identifier: EUPL-1.2
/*
 * Writing JSON. Values are written in order; commas and colons come by themselves. Strings that are
 * not UTF-8 are repaired (U+FFFD). A misuse (a value where a key belongs, nesting beyond
 * JSON_WRITER_DEPTH_MAX, a second value behind the first) is a broken invariant: for one value a
 * line, init the writer anew for each.
 *
 *     json_begin_object(&w);
 *     json_key(&w, SPAN("kind"));
 *     json_add_string(&w, kind);
 *     json_end_object(&w);
 */
#ifndef FORMAT_JSON_WRITER_H
#define FORMAT_JSON_WRITER_H

#include "base/buf.h"

enum { JSON_WRITER_DEPTH_MAX = 32 }; /* the top level counts as one */

struct json_writer {
    struct buf *buf;
    size_t depth;
    bool key_written;                  /* a value must follow */
    bool first[JSON_WRITER_DEPTH_MAX]; /* nothing written yet at this depth */
    bool object[JSON_WRITER_DEPTH_MAX];
};

/**
 * Begin writing at the end of a buffer.
 *
 * w         caller's memory
 * buf       receives the text; borrowed; its err tells of a lack of room
 */
void json_writer_init(struct json_writer *w, struct buf *buf);

/**
 * Begin or end an object or array.
 *
 * w         writer
 */
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);

/**
 * A member's key; its value must follow.
 *
 * w         writer, inside an object
 * key       any text
 */
void json_key(struct json_writer *w, struct span key);

/**
 * A value.
 *
 * w         writer
 * value     written
 */
void json_add_string(struct json_writer *w, struct span value);
void json_add_u64(struct json_writer *w, uint64_t value);
void json_add_i64(struct json_writer *w, int64_t value);
void json_add_bool(struct json_writer *w, bool value);
void json_add_null(struct json_writer *w);

/**
 * A value that is JSON already; written as it is.
 *
 * w         writer
 * json      one well-formed value
 */
void json_add_raw(struct json_writer *w, struct span json);

/**
 * A timestamp as a string (RFC 3339, see time_add()), or null where it is TIME_US_NONE or has no
 * such form.
 *
 * w         writer
 * time_us   microseconds
 */
void json_add_time(struct json_writer *w, int64_t time_us);

/**
 * A member in one call: key and value.
 *
 * w         writer, inside an object
 * key       any text
 * value     written
 * time_us   written as json_add_time() does
 */
void json_member_string(struct json_writer *w, struct span key, struct span value);
void json_member_u64(struct json_writer *w, struct span key, uint64_t value);
void json_member_i64(struct json_writer *w, struct span key, int64_t value);
void json_member_bool(struct json_writer *w, struct span key, bool value);
void json_member_time(struct json_writer *w, struct span key, int64_t time_us);

#endif
