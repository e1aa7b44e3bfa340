// SPDX-License-Identifier: EUPL-1.2
#include "tests/observe/observing.h"

#include <zlib.h>

#include "base/text.h"

enum {
    TEXT_SIZE_MAX = 16 * 1024 * 1024,
    FILE_SIZE_MAX = 256 * 1024 * 1024,
    PIECE_SIZE = 64 * 1024,
    SIFT_TIMES = 4, /* before the second time a line's way of being built is not remembered */
};

void observing_begin(struct observing *o, enum observe_format format, const char *stream)
{
    *o = (struct observing){ 0 };
    testing_op_begin(&o->op);
    buf_init(&o->bytes, TEXT_SIZE_MAX);
    buf_init(&o->text, TEXT_SIZE_MAX);
    check_err(observe_reader_new(&o->op, RECORD_ENGINE_FAST, &o->reader), ERR_OK);
    check_err(observe_reader_new(&o->op, RECORD_ENGINE_DOM, &o->reference), ERR_OK);
    observe_reader_begin(o->reader, format, span_of(stream));
    observe_reader_begin(o->reference, format, span_of(stream));
    check_err(observe_reader_new(&o->op, RECORD_ENGINE_FAST, &o->sifting.reader), ERR_OK);
    check_err(observe_reader_new(&o->op, RECORD_ENGINE_FAST, &o->sifting.sifter), ERR_OK);
    observe_reader_begin(o->sifting.reader, format, span_of(stream));
    observe_reader_begin(o->sifting.sifter, format, span_of(stream));
    observing_want(o, OBSERVE_WANT_ALL & ~((uint32_t)1 << VALUE_IP_PORT));
}

void observing_want(struct observing *o, uint32_t kinds)
{
    observe_reader_want(o->reader, kinds);
    observe_reader_want(o->reference, kinds);
    observe_reader_want(o->sifting.reader, kinds);
    observe_reader_want(o->sifting.sifter, kinds);
}

void observing_end(struct observing *o)
{
    observe_reader_free(o->reader);
    observe_reader_free(o->reference);
    observe_reader_free(o->sifting.reader);
    observe_reader_free(o->sifting.sifter);
    buf_done(&o->bytes);
    buf_done(&o->text);
    op_end(&o->op);
}

void observing_add_text(struct buf *buf, const struct observe_line *line)
{
    for (size_t i = 0; i < line->count; i++) {
        const struct observation *seen = &line->observations[i];
        const struct value value = { .kind = seen->kind, .key = seen->key };
        observe_field_add_name(buf, line, seen->field);
        buf_add_byte(buf, ' ');
        buf_add(buf, span_of(value_kind_name(seen->kind)));
        buf_add_byte(buf, ' ');
        value_add_text(buf, &value);
        buf_add_byte(buf, '\n');
    }
}

/* The reference engine writes a number's digits anew, so that only its worth can be compared. */
static void check_same_time(const struct observe_line *a, const struct observe_line *b)
{
    int64_t a_us = 0;
    int64_t b_us = 0;
    assert_int_equal(observe_time(a, &a_us), observe_time(b, &b_us));
    assert_int_equal(a_us, b_us);
}

static void check_agree(struct observing *o, const struct observe_line *other)
{
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    observing_add_text(&text, other);
    assert_true(span_equal(buf_span(&text), buf_span(&o->text)));
    buf_done(&text);

    assert_true(span_equal(o->line.stream, other->stream));
    check_same_time(&o->line, other);
    assert_true(span_equal(o->line.originator, other->originator));
    assert_true(span_equal(o->line.responder, other->responder));
    assert_true(span_equal(o->line.sensor, other->sensor));
    assert_int_equal(o->line.originator_port, other->originator_port);
    assert_int_equal(o->line.responder_port, other->responder_port);
    assert_int_equal(o->line.outcome, other->outcome);
    assert_int_equal(o->line.time_is_number, other->time_is_number);
    assert_int_equal(o->line.refused, other->refused);
    assert_int_equal(o->line.unfit, other->unfit);
    assert_int_equal(o->line.cut, other->cut);
}

enum observe_fault observing_read(struct observing *o, struct span line)
{
    static const uint8_t padding[RECORD_PADDING_SIZE];
    buf_clear(&o->bytes);
    buf_add(&o->bytes, line);
    buf_add(&o->bytes, span_make(padding, sizeof padding));
    assert_int_equal(o->bytes.err, ERR_OK);
    struct span padded = span_make(o->bytes.data, line.size);
    o->bytes.data[line.size] = '\n'; /* as it stands in a log */

    struct observe_line other;
    enum observe_fault fault = observe_reader_line(o->reader, padded, &o->line);
    enum observe_fault other_fault = observe_reader_line(o->reference, padded, &other);
    buf_clear(&o->text);
    observing_add_text(&o->text, &o->line);

    assert_string_equal(observe_fault_name(fault), observe_fault_name(other_fault));
    check_agree(o, &other);
    for (uint32_t i = 0; i < SIFT_TIMES; i++) {
        sifting_line(&o->sifting, padded, i);
        sifting_end(&o->sifting);
        sifting_lines(&o->sifting, span_make(padded.data, line.size + 1));
        sifting_end(&o->sifting);
    }
    return fault;
}

void observing_check(struct observing *o, struct span line, const char *expected, const char *file,
                     int at)
{
    enum observe_fault fault = observing_read(o, line);
    if (fault != OBSERVE_FAULT_NONE) {
        print_error("fault %s\n", observe_fault_name(fault));
        _fail(file, at);
    }
    testing_check_span(buf_span(&o->text), expected, file, at);
}

void observing_check_fault(struct observing *o, struct span line, enum observe_fault expected,
                           const char *file, int at)
{
    enum observe_fault fault = observing_read(o, line);
    if (fault != expected || o->line.count != 0) {
        print_error("fault %s, expected %s\n", observe_fault_name(fault),
                    observe_fault_name(expected));
        _fail(file, at);
    }
}

struct span observing_gunzip(struct op *op, const char *path)
{
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        print_error("cannot open %s\n", path);
        fail();
    }
    struct buf all;
    buf_init(&all, FILE_SIZE_MAX);
    for (int got = 1; got > 0;) {
        uint8_t *room = buf_reserve(&all, PIECE_SIZE);
        assert_non_null(room);
        got = gzread(file, room, PIECE_SIZE);
        assert_true(got >= 0);
        all.size += (size_t)got;
    }
    gzclose(file);
    struct span copy;
    check_err(op_copy(op, buf_span(&all), &copy), ERR_OK);
    buf_done(&all);
    return copy;
}

bool observing_next_line(struct span *rest, struct span *ret)
{
    return span_next(rest, '\n', ret) && (ret->size > 0 || rest->data != NULL);
}
