// SPDX-License-Identifier: EUPL-1.2
// links: exchange value base
/*
 * A CSV file is read to its end, in order; cells that we write are read back as they were.
 */
#include "base/must.h"
#include "exchange/internal.h"

enum { MEMORY_MAX = 1 << 20, CELLS_SIZE_MAX = 1 << 17, CELL_END = 0xFF };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t count_lines(struct span file)
{
    uint64_t count = 1;
    for (size_t i = 0; i < file.size; i++) {
        count += file.data[i] == '\n' ? 1 : 0;
    }
    return count;
}

static void check_file(struct op *op, struct span file)
{
    struct exchange_reader *reader = NULL;
    if (exchange_open(op, EXCHANGE_FORMAT_CSV, file, &reader) != ERR_OK) {
        must(op->fault.text[0] != 0);
        return;
    }
    must(exchange_detect(file, SPAN("")) != EXCHANGE_FORMAT_AUTO);
    uint64_t line = 1;
    uint64_t line_max = count_lines(file);
    struct exchange_item item;
    struct exchange_fault fault;
    enum err err = exchange_next(reader, &item, &fault);
    while (err != ERR_ABSENT) {
        uint64_t told = err == ERR_OK ? item.line : fault.line;
        must(told >= line && told <= line_max);
        must(err == ERR_OK || fault.byte < file.size);
        must(err != ERR_OK || item.confidence <= 100 ||
             item.confidence == EXCHANGE_CONFIDENCE_NONE);
        line = told;
        err = exchange_next(reader, &item, &fault);
    }
}

static bool cell_next(struct span *rest, struct span *ret)
{
    return span_next(rest, CELL_END, ret);
}

/* The input as cells, in one record. */
static void check_cells(struct span input)
{
    static struct buf buf = { .size_max = CELLS_SIZE_MAX };
    static uint8_t scratch[EXCHANGE_LINE_SIZE_MAX];
    static struct exchange_record record = { .scratch = scratch, .size_max = sizeof scratch };
    buf_clear(&buf);
    struct span rest = input;
    struct span cell = { NULL, 0 };
    size_t count = 0;
    while (cell_next(&rest, &cell)) {
        buf_add(&buf, count == 0 ? span_of("") : SPAN(","));
        exchange_csv_add_cell(&buf, cell);
        count++;
    }
    buf_add(&buf, SPAN("\r\n"));
    if (buf.err != ERR_OK || buf.size > sizeof scratch || count > EXCHANGE_CELL_COUNT_MAX) {
        return;
    }
    must(exchange_record_read(buf_span(&buf), ',', &record) == ERR_OK);
    must(record.size == buf.size);
    must(record.cell_count == count);
    rest = input;
    for (size_t i = 0; i < count; i++) {
        must(cell_next(&rest, &cell));
        must(span_equal(record.cells[i], cell));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    check_file(&op, span_make(data, size));
    if (size > 0) {
        check_cells(span_make(data, size));
    }
    op_end(&op);
    return 0;
}
