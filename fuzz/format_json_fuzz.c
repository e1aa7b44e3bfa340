// SPDX-License-Identifier: EUPL-1.2
// links: format base
/*
 * Whole JSON documents. What must hold for any bytes:
 * - simdjson and the locator of flaws agree on whether it is a document, and the fault says where;
 * - a document that is written out and read again is the same document;
 * - the spans of an array's elements hold the same values as the elements.
 */
#include "base/must.h"
#include "format/json_locate.h"
#include "tests/format/json_echo.h"

enum {
    TEXT_SIZE_MAX = 64 * 1024,
    MEMORY_MAX = 1 << 30,
    ECHO_SIZE_MAX = 64 * 1024 * 1024,
    ECHO_DEPTH_MAX = JSON_WRITER_DEPTH_MAX - 1,
    KEY_COUNT_MAX = 8, /* whose spans are looked at */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool deeper_than(struct json_value value, size_t depth_max)
{
    struct json_walk walk = json_walk_begin(value);
    if (walk.end == 0) {
        return false;
    }
    if (depth_max == 0) {
        return true;
    }
    while (json_walk_next(&walk)) {
        if (deeper_than(walk.value, depth_max - 1)) {
            return true;
        }
    }
    return false;
}

/* The text of a value; `buf` is begun here. */
static void echo_begin(struct buf *buf, struct json_value value)
{
    struct json_writer w;
    buf_init(buf, ECHO_SIZE_MAX);
    json_writer_init(&w, buf);
    json_echo(&w, value);
    must(buf->err == ERR_OK);
}

/* `text` reads as the same value. */
static void check_same(struct op *op, struct json_value value, struct span text)
{
    struct json_value other;
    must(json_parse(op, text, &other) == ERR_OK);
    struct buf expected;
    struct buf got;
    echo_begin(&expected, value);
    echo_begin(&got, other);
    must(span_equal(buf_span(&expected), buf_span(&got)));
    buf_done(&expected);
    buf_done(&got);
}

static void check_round_trip(struct op *op, struct json_value root)
{
    struct buf text;
    echo_begin(&text, root);
    check_same(op, root, buf_span(&text));
    buf_done(&text);
}

static void check_spans(struct op *op, struct span text, struct json_value root, struct span key)
{
    struct json_value array = json_member(root, key);
    struct span *spans = NULL;
    size_t count = 0;
    enum err err = json_array_spans(op, text, key, &spans, &count);
    if (json_type(array) != JSON_ARRAY) {
        must(err == ERR_ABSENT);
        return;
    }
    must(err == ERR_OK);
    struct json_walk walk = json_walk_begin(array);
    size_t index = 0;
    while (json_walk_next(&walk)) {
        must(index < count);
        must(spans[index].data >= text.data);
        must(spans[index].data + spans[index].size <= text.data + text.size);
        check_same(op, walk.value, spans[index]);
        index++;
    }
    must(index == count);
}

static void check_document(struct op *op, struct span text, struct json_value root)
{
    if (deeper_than(root, ECHO_DEPTH_MAX)) {
        return;
    }
    check_round_trip(op, root);
    struct json_walk walk = json_walk_begin(root);
    for (int i = 0; i < KEY_COUNT_MAX && json_walk_next(&walk); i++) {
        check_spans(op, text, root, walk.key);
    }
}

static void check_flaw(struct op *op, struct span text, enum err err)
{
    struct span mark = SPAN("\xEF\xBB\xBF");
    struct span document = span_from(text, span_starts_with(text, mark) ? mark.size : 0);
    struct span padded;
    must(op_copy(op, document, &padded) == ERR_OK); /* a NUL follows, as json_locate() wants */
    struct json_flaw flaw = { .err = ERR_OK };
    must(json_locate(padded, &flaw) == (err != ERR_OK));
    must(flaw.err == err);
    must(flaw.offset <= padded.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_SIZE_MAX) {
        return 0;
    }
    struct span text = span_make(data, size);
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    struct json_value root;
    enum err err = json_parse(&op, text, &root);
    check_flaw(&op, text, err);
    if (err == ERR_OK) {
        check_document(&op, text, root);
    } else {
        struct span *spans;
        size_t count;
        (void)!json_array_spans(&op, text, SPAN("a"), &spans, &count); /* stays in bounds */
    }
    op_end(&op);
    return 0;
}
