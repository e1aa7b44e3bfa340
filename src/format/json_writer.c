// SPDX-License-Identifier: EUPL-1.2
#include "format/json_writer.h"

#include "base/must.h"
#include "base/text.h"
#include "base/time.h"

void json_writer_init(struct json_writer *w, struct buf *buf)
{
    *w = (struct json_writer){ .buf = buf, .first = { true } };
}

/* What stands before a value: nothing behind a key, else a comma where one is due. */
static void value_begin(struct json_writer *w)
{
    if (w->object[w->depth]) {
        must(w->key_written);
        w->key_written = false;
        return;
    }
    if (!w->first[w->depth]) {
        must(w->depth > 0); /* one writer writes one value */
        buf_add_byte(w->buf, ',');
    }
    w->first[w->depth] = false;
}

static void container_begin(struct json_writer *w, bool object)
{
    value_begin(w);
    must(w->depth + 1 < JSON_WRITER_DEPTH_MAX);
    w->depth++;
    w->first[w->depth] = true;
    w->object[w->depth] = object;
    buf_add_byte(w->buf, object ? '{' : '[');
}

static void container_end(struct json_writer *w, bool object)
{
    must(w->depth > 0);
    must(w->object[w->depth] == object);
    must(!w->key_written);
    w->depth--;
    buf_add_byte(w->buf, object ? '}' : ']');
}

void json_begin_object(struct json_writer *w)
{
    container_begin(w, true);
}

void json_end_object(struct json_writer *w)
{
    container_end(w, true);
}

void json_begin_array(struct json_writer *w)
{
    container_begin(w, false);
}

void json_end_array(struct json_writer *w)
{
    container_end(w, false);
}

/* Eight bytes at once: the result is not 0 where one of them is below 0x20, a quote or a backslash.
 * Subtracting borrows into a byte's top bit where it was smaller; a borrow from the byte before can
 * only add a false alarm above a true one. */
static uint64_t escape_alarms(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    const uint64_t tops = 0x8080808080808080;
    uint64_t quote = word ^ (ones * '"');
    uint64_t backslash = word ^ (ones * '\\');
    uint64_t below_space = (word - ones * ' ') & ~word;
    uint64_t is_quote = (quote - ones) & ~quote;
    uint64_t is_backslash = (backslash - ones) & ~backslash;
    return (below_space | is_quote | is_backslash) & tops;
}

static bool needs_escape(uint8_t byte)
{
    return byte < ' ' || byte == '"' || byte == '\\';
}

/* How many bytes at the start of `text` can stand in a string as they are. */
static size_t plain_size(struct span text)
{
    size_t at = 0;
    while (at + sizeof(uint64_t) <= text.size) {
        uint64_t word;
        span_copy(&word, sizeof word, span_make(text.data + at, sizeof word));
        if (escape_alarms(word) != 0) {
            break;
        }
        at += sizeof word;
    }
    while (at < text.size && !needs_escape(text.data[at])) {
        at++;
    }
    return at;
}

static void add_escape(struct buf *buf, uint8_t byte)
{
    switch (byte) {
    case '"':
        buf_add(buf, SPAN("\\\""));
        break;
    case '\\':
        buf_add(buf, SPAN("\\\\"));
        break;
    case '\b':
        buf_add(buf, SPAN("\\b"));
        break;
    case '\f':
        buf_add(buf, SPAN("\\f"));
        break;
    case '\n':
        buf_add(buf, SPAN("\\n"));
        break;
    case '\r':
        buf_add(buf, SPAN("\\r"));
        break;
    case '\t':
        buf_add(buf, SPAN("\\t"));
        break;
    default:
        buf_add(buf, SPAN("\\u00"));
        buf_add_hex(buf, span_make(&byte, 1));
        break;
    }
}

static void add_escaped(struct buf *buf, struct span text)
{
    size_t at = 0;
    while (at < text.size) {
        size_t plain = plain_size(span_from(text, at));
        buf_add(buf, span_slice(text, at, at + plain));
        at += plain;
        if (at < text.size) {
            add_escape(buf, text.data[at]);
            at++;
        }
    }
}

/* Any bytes as a string. Each piece of well-formed text is looked at once, so the cost is linear
 * however broken the bytes are. */
static void add_string(struct buf *buf, struct span text)
{
    enum { REPLACEMENT = 0xFFFD };
    buf_add_byte(buf, '"');
    size_t at = 0;
    while (at < text.size) {
        size_t valid = text_valid_size(span_from(text, at));
        add_escaped(buf, span_slice(text, at, at + valid));
        at += valid;
        if (at < text.size) {
            text_add_code_point(buf, REPLACEMENT);
            at++;
        }
    }
    buf_add_byte(buf, '"');
}

void json_key(struct json_writer *w, struct span key)
{
    must(w->object[w->depth]);
    must(!w->key_written);
    if (!w->first[w->depth]) {
        buf_add_byte(w->buf, ',');
    }
    w->first[w->depth] = false;
    w->key_written = true;
    add_string(w->buf, key);
    buf_add_byte(w->buf, ':');
}

void json_add_string(struct json_writer *w, struct span value)
{
    value_begin(w);
    add_string(w->buf, value);
}

void json_add_u64(struct json_writer *w, uint64_t value)
{
    value_begin(w);
    buf_add_u64(w->buf, value);
}

void json_add_i64(struct json_writer *w, int64_t value)
{
    value_begin(w);
    if (value >= 0) {
        buf_add_u64(w->buf, (uint64_t)value);
        return;
    }
    buf_add_byte(w->buf, '-');
    buf_add_u64(w->buf, 0 - (uint64_t)value); /* INT64_MIN has no positive twin */
}

void json_add_bool(struct json_writer *w, bool value)
{
    value_begin(w);
    buf_add(w->buf, value ? SPAN("true") : SPAN("false"));
}

void json_add_null(struct json_writer *w)
{
    value_begin(w);
    buf_add(w->buf, SPAN("null"));
}

void json_add_raw(struct json_writer *w, struct span json)
{
    must(json.size > 0);
    value_begin(w);
    buf_add(w->buf, json);
}

void json_add_time(struct json_writer *w, int64_t time_us)
{
    if (time_us < TIME_US_MIN || time_us > TIME_US_MAX) { /* TIME_US_NONE is one of these */
        json_add_null(w);
        return;
    }
    value_begin(w);
    buf_add_byte(w->buf, '"');
    time_add(w->buf, time_us);
    buf_add_byte(w->buf, '"');
}

void json_member_string(struct json_writer *w, struct span key, struct span value)
{
    json_key(w, key);
    json_add_string(w, value);
}

void json_member_u64(struct json_writer *w, struct span key, uint64_t value)
{
    json_key(w, key);
    json_add_u64(w, value);
}

void json_member_i64(struct json_writer *w, struct span key, int64_t value)
{
    json_key(w, key);
    json_add_i64(w, value);
}

void json_member_bool(struct json_writer *w, struct span key, bool value)
{
    json_key(w, key);
    json_add_bool(w, value);
}

void json_member_time(struct json_writer *w, struct span key, int64_t time_us)
{
    json_key(w, key);
    json_add_time(w, time_us);
}
