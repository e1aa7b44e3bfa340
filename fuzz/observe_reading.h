// SPDX-License-Identifier: EUPL-1.2
/*
 * What must hold when a reader is fed any bytes, cut into lines: what the reference engine reads,
 * the fast one reads the same, every key is canonical, every span can be read, and evidence stays
 * within its bounds.
 */
#ifndef FUZZ_OBSERVE_READING_H
#define FUZZ_OBSERVE_READING_H

#include "base/must.h"
#include "base/text.h"
#include "observe/redact.h"
#include "tests/observe/sifting.h"

enum { READING_MEMORY_MAX = 64 * 1024 * 1024 };

/* Read every byte, so that the sanitizer sees a span that points where nothing is. */
static inline void reading_touch(struct span span)
{
    uint8_t all = 0;
    for (size_t i = 0; i < span.size; i++) {
        all |= span.data[i];
    }
    __asm__ volatile("" : : "r"(all)); /* nobody may leave the reading out */
}

/* The key's text, read again, gives the same kind and key. */
static inline void reading_check_canonical(const struct observation *seen)
{
    static struct value_buf again_buf;
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    /* Under a scheme of its own a URL keeps ports 80 and 443, which it may have from a log line
     * with such a scheme. */
    const struct value value = { .kind = seen->kind, .key = seen->key, .scheme = SPAN("x") };
    value_add_text(&text, &value);
    must(text.err == ERR_OK);
    struct value again;
    must(value_parse(seen->kind, buf_span(&text), &again_buf, &again) == ERR_OK);
    must(again.kind == seen->kind);
    must(span_equal(again.key, seen->key));
    buf_done(&text);
}

static inline void reading_check_line(const struct observe_line *line)
{
    must(line->count <= OBSERVE_OBSERVATION_COUNT_MAX);
    reading_touch(line->stream);
    reading_touch(line->time);
    reading_touch(line->originator);
    reading_touch(line->responder);
    reading_touch(line->sensor);
    reading_touch(line->uid);
    int64_t time_us = 0;
    (void)!observe_time(line, &time_us);
    for (size_t i = 0; i < line->count; i++) {
        const struct observation *seen = &line->observations[i];
        must(text_valid_size(seen->observed) == seen->observed.size);
        reading_check_canonical(seen);
        struct buf name;
        buf_init(&name, RECORD_LINE_SIZE_MAX);
        observe_field_add_name(&name, line, seen->field);
        must(name.err == ERR_OK);
        must(name.size > 0);
        buf_done(&name);
    }
}

/* Whether a number with a fraction or exponent stands outside strings: the reference engine writes
 * its digits anew ("1e2" is "100"), so that the two engines may see other text there. */
static inline bool reading_has_fraction(struct span line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.size; i++) {
        uint8_t byte = line.data[i];
        if (quoted && byte == '\\') {
            i++;
        } else if (byte == '"') {
            quoted = !quoted;
        } else if (!quoted && i > 0 && (byte == '.' || byte == 'e' || byte == 'E')) {
            uint8_t before = line.data[i - 1];
            if (before >= '0' && before <= '9') {
                return true;
            }
        }
    }
    return false;
}

static inline void reading_check_same(const struct observe_line *a, const struct observe_line *b)
{
    must(a->count == b->count);
    must(a->refused == b->refused);
    must(a->unfit == b->unfit);
    must(a->cut == b->cut);
    must(a->repaired == b->repaired);
    must(a->no_event == b->no_event);
    must(span_equal(a->stream, b->stream));
    must(span_equal(a->time, b->time));
    must(span_equal(a->originator, b->originator));
    must(span_equal(a->responder, b->responder));
    must(a->originator_port == b->originator_port);
    must(a->responder_port == b->responder_port);
    must(a->outcome == b->outcome);
    for (size_t i = 0; i < a->count; i++) {
        must(a->observations[i].kind == b->observations[i].kind);
        must(a->observations[i].field == b->observations[i].field);
        must(span_equal(a->observations[i].key, b->observations[i].key));
        must(span_equal(a->observations[i].observed, b->observations[i].observed));
    }
}

static inline void reading_check_evidence(struct op *op, const struct observe_reader *reader,
                                          const struct observe_line *line)
{
    const struct observe_rule list[] = {
        { SPAN("id.orig_h"), OBSERVE_HASH, 0 },
        { SPAN("host"), OBSERVE_TRUNCATE, 3 },
        { SPAN("query"), OBSERVE_DROP, 0 },
    };
    const struct observe_rules rules = { .rules = list, .count = sizeof list / sizeof list[0] };
    struct buf evidence;
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    enum err err = observe_redact(op, reader, line, &rules, &evidence);
    must(err == ERR_OK || evidence.size == 0);
    must(text_valid_size(buf_span(&evidence)) == evidence.size);
    buf_done(&evidence);
}

/* Sift an input until the way its lines are built is known. */
static inline void reading_sift(struct op *op, enum observe_format format, struct span input)
{
    static struct sifting sifting;
    static const uint8_t padding[RECORD_PADDING_SIZE];
    if (sifting.reader == NULL) {
        must(observe_reader_new(op, RECORD_ENGINE_FAST, &sifting.reader) == ERR_OK);
        must(observe_reader_new(op, RECORD_ENGINE_FAST, &sifting.sifter) == ERR_OK);
    }
    struct buf padded;
    buf_init(&padded, SIZE_MAX / 2);
    buf_add(&padded, input);
    buf_add_byte(&padded, '\n');
    buf_add(&padded, span_make(padding, sizeof padding));
    must(padded.err == ERR_OK);
    for (size_t round = 0; round < 3; round++) { /* a third round knows all lines */
        struct span rest = span_make(padded.data, input.size);
        struct span line;
        uint32_t mark = 0;
        observe_reader_begin(sifting.reader, format, SPAN("http"));
        observe_reader_begin(sifting.sifter, format, SPAN("http"));
        while (rest.size > 0 && span_next(&rest, '\n', &line)) {
            sifting_line(&sifting, line, mark);
            mark++;
        }
        sifting_end(&sifting);
        observe_reader_begin(sifting.reader, format, SPAN("http"));
        observe_reader_begin(sifting.sifter, format, SPAN("http"));
        sifting_lines(&sifting, span_make(padded.data, input.size + 1));
        sifting_end(&sifting);
    }
    buf_done(&padded);
}

/* Feed an input to two readers, line by line. */
static inline void reading_run(enum observe_format format, const uint8_t *data, size_t size)
{
    static struct observe_reader *fast;
    static struct observe_reader *dom;
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, READING_MEMORY_MAX);
    if (fast == NULL) {
        must(observe_reader_new(&op, RECORD_ENGINE_FAST, &fast) == ERR_OK);
        must(observe_reader_new(&op, RECORD_ENGINE_DOM, &dom) == ERR_OK);
    }
    observe_reader_begin(fast, format, SPAN("http"));
    observe_reader_begin(dom, format, SPAN("http"));

    struct buf padded;
    buf_init(&padded, SIZE_MAX / 2);
    static const uint8_t padding[RECORD_PADDING_SIZE];
    struct span rest = span_make(data, size);
    struct span line;
    while (size > 0 && span_next(&rest, '\n', &line)) {
        buf_clear(&padded);
        buf_add(&padded, line);
        buf_add(&padded, span_make(padding, sizeof padding));
        must(padded.err == ERR_OK);
        struct span text = span_make(padded.data, line.size);
        struct observe_line by_fast;
        struct observe_line by_dom;
        enum observe_fault fault = observe_reader_line(fast, text, &by_fast);
        enum observe_fault fault_dom = observe_reader_line(dom, text, &by_dom);
        must(fault == OBSERVE_FAULT_NONE || by_fast.count == 0);
        reading_check_line(&by_fast);
        /* The fast engine steps over what nobody wants without judging it, and so reads some lines
         * that are not JSON to the letter; all that are, it must read. */
        must(fault_dom != OBSERVE_FAULT_NONE || fault == OBSERVE_FAULT_NONE);
        if (fault_dom == OBSERVE_FAULT_NONE && !reading_has_fraction(line)) {
            reading_check_same(&by_fast, &by_dom);
        }
        reading_check_evidence(&op, fast, &by_fast);
    }
    buf_done(&padded);
    reading_sift(&op, format, span_make(data, size));
    op_end(&op);
}

#endif
