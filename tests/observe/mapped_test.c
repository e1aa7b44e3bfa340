// SPDX-License-Identifier: EUPL-1.2
#include "tests/observe/mapped.h"

#include <stdlib.h>

#include "observe/mapping.h"
#include "os/clock.h"

enum { TEXT_SIZE_MAX = 16 * 1024 * 1024 };

enum err mapped_test_make(struct op *op, const char *lines, const struct observe_mapping **ret)
{
    struct mapping_draft *draft = NULL;
    TRY(mapping_begin(op, SPAN("mine"), &draft));
    struct span rest = span_of(lines);
    struct span line = { NULL, 0 };
    while (span_next(&rest, '\n', &line)) {
        ptrdiff_t equals = span_find(line, '=');
        if (equals == SPAN_NOT_FOUND) {
            continue;
        }
        struct span key = span_trim(span_slice(line, 0, (size_t)equals));
        TRY(mapping_set(op, draft, key, span_trim(span_from(line, (size_t)equals + 1))));
    }
    return mapping_end(op, draft, ret);
}

static void begin(struct mapped_test *t)
{
    *t = (struct mapped_test){ .text = { 0 } };
    assert_int_equal(setenv("TZ", "UTC0", 1), 0);
    os_zone_read();
    testing_op_begin(&t->op);
    buf_init(&t->bytes, TEXT_SIZE_MAX);
    buf_init(&t->text, TEXT_SIZE_MAX);
    check_err(time_parse(SPAN("2026-11-22T12:00:00Z"), &t->now_us), ERR_OK);
    check_err(observe_reader_new(&t->op, RECORD_ENGINE_FAST, &t->reader), ERR_OK);
    check_err(observe_reader_new(&t->op, RECORD_ENGINE_DOM, &t->reference), ERR_OK);
}

static void begin_reading(struct mapped_test *t, const char *name)
{
    struct observe_reader *readers[] = { t->reader, t->reference };
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    check_err(observe_formats_find(&t->formats, span_of(name), &format), ERR_OK);
    for (size_t i = 0; i < 2; i++) {
        check_err(observe_reader_prepare(&t->op, readers[i], &t->formats, format), ERR_OK);
        observe_reader_set_now(readers[i], t->now_us);
        observe_reader_begin(readers[i], format, SPAN(""));
    }
}

void mapped_test_begin(struct mapped_test *t, const char *name)
{
    begin(t);
    check_err(observe_formats_add_ready(&t->op, &t->formats), ERR_OK);
    begin_reading(t, name);
}

void mapped_test_begin_with(struct mapped_test *t, const char *lines)
{
    const struct observe_mapping *mapping = NULL;
    begin(t);
    enum err err = mapped_test_make(&t->op, lines, &mapping);
    if (err != ERR_OK) {
        print_error("%s\n", t->op.fault.text);
    }
    check_err(err, ERR_OK);
    check_err(observe_formats_add(&t->op, &t->formats, mapping), ERR_OK);
    check_err(observe_formats_add_ready(&t->op, &t->formats), ERR_OK);
    begin_reading(t, "mine");
}

void mapped_test_end(struct mapped_test *t)
{
    observe_reader_free(t->reader);
    observe_reader_free(t->reference);
    buf_done(&t->bytes);
    buf_done(&t->text);
    op_end(&t->op);
}

static void add_end(struct buf *buf, const char *word, struct span address, unsigned port)
{
    if (address.size == 0) {
        return;
    }
    buf_add_format(buf, "%s%s %.*s", buf->size > 0 && buf->data[buf->size - 1] != '\n' ? " " : "",
                   word, SPAN_FMT(address));
    if (port != 0) {
        buf_add_format(buf, ":%u", port);
    }
}

static void add_context(struct buf *buf, const struct observe_line *line)
{
    size_t begin = buf->size;
    add_end(buf, "from", line->originator, line->originator_port);
    add_end(buf, "to", line->responder, line->responder_port);
    if (line->outcome != OBSERVE_OUTCOME_UNKNOWN) {
        add_end(buf, "was", span_of(observe_outcome_name(line->outcome)), 0);
    }
    add_end(buf, "by", line->sensor, 0);
    add_end(buf, "in", line->stream, 0);
    buf_add(buf, buf->size > begin ? SPAN("\n") : SPAN(""));
}

static void add_line(struct buf *buf, const struct observe_line *line)
{
    int64_t time_us = 0;
    if (line->no_event) {
        buf_add(buf, SPAN("nothing\n"));
        return;
    }
    enum err err = observe_time(line, &time_us);
    if (err == ERR_OK) {
        buf_add(buf, SPAN("time "));
        time_add(buf, time_us);
        buf_add_byte(buf, '\n');
    } else if (err == ERR_FORMAT) {
        buf_add_format(buf, "bad time %.*s\n", SPAN_FMT(line->time));
    }
    add_context(buf, line);
    for (size_t i = 0; i < line->count; i++) {
        const struct observation *seen = &line->observations[i];
        const struct value value = { .kind = seen->kind, .key = seen->key };
        observe_field_add_name(buf, line, seen->field);
        buf_add_format(buf, " %s ", value_kind_name(seen->kind));
        value_add_text(buf, &value);
        buf_add_byte(buf, '\n');
    }
    if (line->refused > 0) {
        buf_add_format(buf, "%u bad\n", line->refused);
    }
    if (line->unfit > 0) {
        buf_add_format(buf, "%u unfit\n", line->unfit);
    }
    buf_add(buf, line->cut ? SPAN("cut\n") : SPAN(""));
    buf_add(buf, line->repaired ? SPAN("repaired\n") : SPAN(""));
}

enum observe_fault mapped_test_read(struct mapped_test *t, struct span line)
{
    static const uint8_t padding[RECORD_PADDING_SIZE];
    struct observe_line other;
    struct buf text;
    buf_clear(&t->bytes);
    buf_add(&t->bytes, line);
    buf_add(&t->bytes, span_make(padding, sizeof padding));
    struct span padded = span_make(t->bytes.data, line.size);
    buf_init(&text, TEXT_SIZE_MAX);

    enum observe_fault fault = observe_reader_line(t->reader, padded, &t->line);
    enum observe_fault fault_other = observe_reader_line(t->reference, padded, &other);
    buf_clear(&t->text);
    add_line(&t->text, &t->line);
    add_line(&text, &other);

    assert_int_equal(fault, fault_other);
    assert_true(span_equal(buf_span(&text), buf_span(&t->text)));
    buf_done(&text);
    return fault;
}

void mapped_test_check(struct mapped_test *t, struct span line, const char *expected,
                       const char *file, int at)
{
    enum observe_fault fault = mapped_test_read(t, line);
    if (fault != OBSERVE_FAULT_NONE) {
        print_error("fault %s of %.*s\n", observe_fault_name(fault), SPAN_FMT(line));
        _fail(file, at);
    }
    testing_check_span(buf_span(&t->text), expected, file, at);
}
