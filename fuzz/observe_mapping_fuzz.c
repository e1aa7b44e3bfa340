// SPDX-License-Identifier: EUPL-1.2
// links: observe crypt value format os base
/*
 * A mapping of any lines, and a log read by it. A mapping is refused with a reason, or read by:
 * what is found in a line then stands in it, and is the same each time.
 *
 * The mapping is what stands before the first empty line, the log what stands behind it.
 */
#include "fuzz/observe_reading.h"
#include "observe/formats.h"
#include "observe/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err mapping_make(struct op *op, struct span lines, const struct observe_mapping **ret)
{
    struct mapping_draft *draft = NULL;
    struct span rest = lines;
    struct span line = { NULL, 0 };
    TRY(mapping_begin(op, SPAN("mine"), &draft));
    while (rest.size > 0 && span_next(&rest, '\n', &line)) {
        ptrdiff_t equals = span_find(line, '=');
        if (equals == SPAN_NOT_FOUND) {
            continue;
        }
        struct span key = span_trim(span_slice(line, 0, (size_t)equals));
        struct span value = span_trim(span_from(line, (size_t)equals + 1));
        enum err err = mapping_set(op, draft, key, value);
        must(err == ERR_OK || err == ERR_ABSENT || op->fault.err == err);
        TRY(err);
    }
    enum err err = mapping_end(op, draft, ret);
    must(err == ERR_OK || op->fault.err == err);
    return err;
}

/* Captures stand in the line one behind the other, and again where it is looked at again. */
static void check_layouts(const struct observe_mapping *mapping, struct span line)
{
    for (size_t i = 0; i < mapping->layout_count; i++) {
        struct layout_found found;
        struct layout_found again;
        bool fits = layout_fits(&mapping->layouts[i], line, &found);
        must(fits == layout_fits(&mapping->layouts[i], line, &again));
        const uint8_t *at = line.data;
        for (size_t k = 0; fits && k < found.count; k++) {
            struct span text = found.captures[k].text;
            must(text.size == 0 || text.data >= at);
            must(text.size == 0 || text.data + text.size <= line.data + line.size);
            must(found.captures[k].name < mapping->field_count);
            must(span_equal(text, again.captures[k].text));
            at = text.size == 0 ? at : text.data + text.size;
        }
    }
}

static void read_log(struct op *op, const struct observe_mapping *mapping, struct span log)
{
    static const uint8_t padding[RECORD_PADDING_SIZE];
    struct observe_formats formats = { .count = 0 };
    struct observe_reader *reader = NULL;
    struct buf padded;
    struct span rest = log;
    struct span line = { NULL, 0 };
    must(observe_formats_add(op, &formats, mapping) == ERR_OK);
    must(observe_reader_new(op, RECORD_ENGINE_FAST, &reader) == ERR_OK);
    if (observe_reader_prepare(op, reader, &formats, OBSERVE_FORMAT_MAPPED_FIRST) != ERR_OK) {
        observe_reader_free(reader);
        return;
    }
    observe_reader_begin(reader, OBSERVE_FORMAT_MAPPED_FIRST, SPAN(""));
    buf_init(&padded, SIZE_MAX / 2);
    while (rest.size > 0 && span_next(&rest, '\n', &line)) {
        struct observe_line read;
        buf_clear(&padded);
        buf_add(&padded, line);
        buf_add(&padded, span_make(padding, sizeof padding));
        must(padded.err == ERR_OK);
        check_layouts(mapping, line);
        enum observe_fault fault =
            observe_reader_line(reader, span_make(padded.data, line.size), &read);
        must(fault == OBSERVE_FAULT_NONE || read.count == 0);
        reading_check_line(&read);
        reading_check_evidence(op, reader, &read);
    }
    buf_done(&padded);
    observe_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    const struct observe_mapping *mapping = NULL;
    struct op op;
    struct span input = span_make(data, size);
    ptrdiff_t end = span_find_span(input, SPAN("\n\n"));
    struct span lines = end == SPAN_NOT_FOUND ? input : span_slice(input, 0, (size_t)end);
    struct span log = end == SPAN_NOT_FOUND ? SPAN("") : span_from(input, (size_t)end + 2);
    op_begin(&op, &actor, READING_MEMORY_MAX);
    if (mapping_make(&op, lines, &mapping) == ERR_OK) {
        read_log(&op, mapping, log);
    }
    op_end(&op);
    return 0;
}
