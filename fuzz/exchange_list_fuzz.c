// SPDX-License-Identifier: EUPL-1.2
// links: exchange value format base
/*
 * Every line of a list is a comment, or gives exactly one item or refusal, in order.
 */
#include "base/must.h"
#include "exchange/exchange.h"

enum { MEMORY_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool says_nothing(struct span line)
{
    struct span text = span_trim(line);
    return text.size == 0 || text.data[0] == '#' || text.data[0] == ';' ||
           span_starts_with(text, SPAN("//"));
}

/* The next line tells itself: its number, and for a refusal its place. */
static void check_line(struct exchange_reader *reader, uint64_t number, size_t at)
{
    struct exchange_item item;
    struct exchange_fault fault;
    enum err err = exchange_next(reader, &item, &fault);
    if (err == ERR_OK) {
        must(item.line == number);
        must(item.value.kind != VALUE_NONE);
        must(item.value.key.size > 0);
        return;
    }
    must(err == ERR_FORMAT);
    must(fault.line == number);
    must(fault.byte == at);
    must(fault.refusal != EXCHANGE_REFUSAL_NONE);
}

static void check_file(struct exchange_reader *reader, struct span file)
{
    struct exchange_item item;
    struct exchange_fault fault;
    struct span bom = SPAN("\xEF\xBB\xBF");
    struct span rest = span_starts_with(file, bom) ? span_from(file, bom.size) : file;
    struct span line = { NULL, 0 };
    uint64_t number = 0;
    while (rest.size > 0 && span_next(&rest, '\n', &line)) {
        number++;
        if (!says_nothing(line)) {
            check_line(reader, number, (size_t)(line.data - file.data));
        }
    }
    must(exchange_next(reader, &item, &fault) == ERR_ABSENT);
    must(exchange_next(reader, &item, &fault) == ERR_ABSENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    struct span file = span_make(data, size);
    struct exchange_reader *reader = NULL;
    if (exchange_open(&op, EXCHANGE_FORMAT_LIST, NULL, file, &reader) == ERR_OK) {
        check_file(reader, file);
        exchange_close(reader);
    }
    must(exchange_detect(file, SPAN("")) != EXCHANGE_FORMAT_AUTO);
    op_end(&op);
    return 0;
}
