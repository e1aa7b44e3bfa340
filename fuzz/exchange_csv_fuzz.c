// SPDX-License-Identifier: EUPL-1.2
// links: exchange value format base
/*
 * A CSV file is read to its end, in order; cells that we write are read back as they were.
 */
#include "exchange/internal.h"
#include "fuzz/exchange_reading.h"

enum { MEMORY_MAX = 1 << 20, CELLS_SIZE_MAX = 1 << 17, CELL_END = 0xFF };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_file(struct op *op, struct span file)
{
    const struct exchange_options options = { .kind = VALUE_NONE };
    reading_check(op, EXCHANGE_FORMAT_CSV, &options, file);
    must(exchange_detect(file, SPAN("")) != EXCHANGE_FORMAT_AUTO);
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
