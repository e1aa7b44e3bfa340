// SPDX-License-Identifier: EUPL-1.2
// links: stix format base
/*
 * Patterns from any bytes. A pattern that is read is printed and read again as an equal tree, and
 * its print is its own print. What is refused has told why. Each value that is to be watched is a
 * literal of the pattern, and what is not watched has a reason.
 */
#include "base/must.h"
#include "stix/pattern_values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MEMORY_MAX = 16 * 1024 * 1024,
    /* Printing adds blanks: what is read below this size prints below STIX_PATTERN_SIZE_MAX. */
    TEXT_SIZE_MAX = STIX_PATTERN_SIZE_MAX / 8,
};

static void check_refusal(const struct op *op, enum err err)
{
    must(err == ERR_FORMAT || err == ERR_LIMIT);
    must(op->fault.err == err);
    must(op->fault.text[0] != '\0');
}

static void check_values(struct op *op, const struct stix_pattern *pattern)
{
    struct stix_pattern_values values;
    enum err err = stix_pattern_values(op, pattern, &values);
    if (err != ERR_OK) {
        must(err == ERR_UNSUPPORTED);
        must(op->fault.err == err);
        return;
    }
    must(values.count > 0);
    must(values.count <= pattern->literal_count);
    must(values.partial == (values.reason.size > 0));
    size_t before = 0;
    for (size_t i = 0; i < values.count; i++) {
        must(values.list[i].kind != NULL);
        must(values.list[i].offset > before);
        must(pattern->text.data[values.list[i].offset] == '\'');
        before = values.list[i].offset;
    }
}

static void check_round_trip(struct op *op, const struct stix_pattern *pattern)
{
    struct buf printed;
    struct buf again;
    struct stix_pattern second;
    buf_init(&printed, STIX_PATTERN_SIZE_MAX);
    buf_init(&again, STIX_PATTERN_SIZE_MAX);
    stix_pattern_print(&printed, pattern);
    must(printed.err == ERR_OK);
    must(stix_pattern_parse(op, buf_span(&printed), &second) == ERR_OK);
    must(stix_pattern_equal(pattern, &second));
    stix_pattern_print(&again, &second);
    must(span_equal(buf_span(&printed), buf_span(&again)));
    buf_done(&printed);
    buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    struct span text = span_make(data, size < TEXT_SIZE_MAX ? size : TEXT_SIZE_MAX);
    struct stix_pattern pattern;
    enum err err = stix_pattern_parse(&op, text, &pattern);
    if (err == ERR_OK) {
        check_round_trip(&op, &pattern);
        check_values(&op, &pattern);
    } else {
        check_refusal(&op, err);
    }
    op_end(&op);
    return 0;
}
