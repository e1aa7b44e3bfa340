// SPDX-License-Identifier: EUPL-1.2
// links: observe crypt value format os base
/*
 * Lines read by the ready mappings. What must hold for any bytes is in observe_reading.h; and what
 * is told of a line to detect its format holds for one that is read so.
 *
 * The first byte of the input chooses the mapping; the rest is a log.
 */
#include "fuzz/observe_reading.h"
#include "observe/formats.h"
#include "observe/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: the op lives as long as the program. */
static struct observe_formats *formats_of_all(void)
{
    static struct op op;
    static struct observe_formats formats;
    const struct actor actor = { .name = SPAN("fuzz") };
    if (formats.count == 0) {
        op_begin(&op, &actor, READING_MEMORY_MAX);
        must(observe_formats_add_ready(&op, &formats) == ERR_OK);
    }
    return &formats;
}

static struct observe_reader *reader_of(struct op *op, enum record_engine engine,
                                        struct observe_reader **kept, enum observe_format format)
{
    if (*kept == NULL) {
        must(observe_reader_new(op, engine, kept) == ERR_OK);
    }
    must(observe_reader_prepare(op, *kept, formats_of_all(), format) == ERR_OK);
    observe_reader_set_now(*kept, INT64_C(1795348800000000)); /* 2026-11-22T12:00:00Z */
    observe_reader_begin(*kept, format, SPAN(""));
    return *kept;
}

static void check_line(struct op *op, struct observe_reader *fast, struct observe_reader *dom,
                       struct span line)
{
    struct observe_line by_fast;
    struct observe_line by_dom;
    enum observe_fault fault = observe_reader_line(fast, line, &by_fast);
    enum observe_fault fault_dom = observe_reader_line(dom, line, &by_dom);
    must(fault == OBSERVE_FAULT_NONE || by_fast.count == 0);
    reading_check_line(&by_fast);
    /* The fast engine reads some lines that are not JSON to the letter; see format/record.h. Text
     * that carries such a line is then read as JSON by one, as text by the other. Which of several
     * faults a scanner names is its own affair. */
    bool json = span_find(line, '{') != SPAN_NOT_FOUND;
    must(json || (fault == OBSERVE_FAULT_NONE) == (fault_dom == OBSERVE_FAULT_NONE));
    if (!json) {
        reading_check_same(&by_fast, &by_dom);
    }
    must(by_fast.outcome < OBSERVE_OUTCOME_COUNT);
    reading_check_evidence(op, fast, &by_fast);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct observe_reader *fast;
    static struct observe_reader *dom;
    static const uint8_t padding[RECORD_PADDING_SIZE];
    const struct actor actor = { .name = SPAN("fuzz") };
    const struct observe_formats *formats = formats_of_all();
    struct op op;
    struct buf padded;
    if (size == 0) {
        return 0;
    }
    size_t number = data[0] % formats->count;
    enum observe_format format = (enum observe_format)(OBSERVE_FORMAT_MAPPED_FIRST + number);
    struct span rest = span_make(data + 1, size - 1);
    struct span line = { NULL, 0 };
    op_begin(&op, &actor, READING_MEMORY_MAX);
    buf_init(&padded, SIZE_MAX / 2);
    (void)observe_formats_detect(formats, rest, false, 0);

    struct observe_reader *one = reader_of(&op, RECORD_ENGINE_FAST, &fast, format);
    struct observe_reader *other = reader_of(&op, RECORD_ENGINE_DOM, &dom, format);
    while (rest.size > 0 && span_next(&rest, '\n', &line)) {
        buf_clear(&padded);
        buf_add(&padded, line);
        buf_add(&padded, span_make(padding, sizeof padding));
        must(padded.err == ERR_OK);
        check_line(&op, one, other, span_make(padded.data, line.size));
    }
    buf_done(&padded);
    op_end(&op);
    return 0;
}
