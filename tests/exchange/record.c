// SPDX-License-Identifier: EUPL-1.2
/*
 * Cells as we write them and as we read them back.
 */
#include "exchange/internal.h"
#include "tests/testing.h"

static struct exchange_record record;
static uint8_t scratch[EXCHANGE_LINE_SIZE_MAX];

static void check_cell(const char *cell, const char *written)
{
    struct buf buf;
    buf_init(&buf, EXCHANGE_LINE_SIZE_MAX);

    exchange_csv_add_cell(&buf, span_of(cell));

    check_span(buf_span(&buf), written);
    buf_done(&buf);
}

TEST(cells_are_quoted_only_where_they_must)
{
    check_cell("", "");
    check_cell("example.org", "example.org");
    check_cell("a b", "a b");
    check_cell("a,b", "\"a,b\"");
    check_cell("a;b", "\"a;b\"");
    check_cell("a\tb", "\"a\tb\"");
    check_cell("a\nb", "\"a\nb\"");
    check_cell("a\rb", "\"a\rb\"");
    check_cell("\"", "\"\"\"\"");
    check_cell("a\"b\"", "\"a\"\"b\"\"\"");
    check_cell(" a", "\" a\"");
    check_cell("#a", "\"#a\"");
}

TEST(cells_that_a_spreadsheet_would_run_get_an_apostrophe)
{
    check_cell("=1+1", "'=1+1");
    check_cell("+1", "'+1");
    check_cell("-1", "'-1");
    check_cell("@a", "'@a");
    check_cell("'=a", "''=a");
    check_cell("'a", "'a");
    check_cell("=a,\"b\"", "\"'=a,\"\"b\"\"\"");
    check_cell("a=b", "a=b");
}

TEST(records_may_end_in_any_way)
{
    static const char *const files[] = { "a,b",         "a,b\n",           "a,b\r\n",
                                         "\"a\",\"b\"", "\"a\",\"b\"\r\n", " \"a\" , \"b\" \n" };
    record.scratch = scratch;
    record.size_max = sizeof scratch;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct span file = span_of(files[i]);

        check_err(exchange_record_read(file, ',', &record), ERR_OK);

        assert_int_equal(record.size, file.size);
        assert_int_equal(record.cell_count, 2);
        check_span(record.cells[0], "a");
        check_span(record.cells[1], "b");
    }
}

/* A cell of bytes that matter to CSV. */
static size_t random_cell(uint64_t *state, uint8_t *cell, size_t size_max)
{
    static const char bytes[] = "aab,;\t\"\"\r\n '=+-@#\xC3\xBC";
    size_t size = testing_random(state) % size_max;
    for (size_t i = 0; i < size; i++) {
        cell[i] = (uint8_t)bytes[testing_random(state) % sizeof bytes]; /* the NUL too */
    }
    return size;
}

TEST(cells_are_read_back_as_they_were_written)
{
    enum { COUNT = 50000, CELL_COUNT = 4, CELL_SIZE = 12 };
    uint64_t state = testing_seed();
    record.scratch = scratch;
    record.size_max = sizeof scratch;
    struct buf buf;
    buf_init(&buf, EXCHANGE_LINE_SIZE_MAX);
    for (size_t i = 0; i < COUNT; i++) {
        static const char separators[] = ",;\t";
        uint8_t separator = (uint8_t)separators[i % (sizeof separators - 1)];
        uint8_t cells[CELL_COUNT][CELL_SIZE];
        size_t sizes[CELL_COUNT];
        buf_clear(&buf);
        for (size_t at = 0; at < CELL_COUNT; at++) {
            sizes[at] = random_cell(&state, cells[at], CELL_SIZE);
            exchange_csv_add_cell(&buf, span_make(cells[at], sizes[at]));
            buf_add_byte(&buf, at + 1 < CELL_COUNT ? separator : '\n');
        }

        check_err(exchange_record_read(buf_span(&buf), separator, &record), ERR_OK);

        assert_int_equal(record.size, buf.size);
        assert_int_equal(record.cell_count, CELL_COUNT);
        for (size_t at = 0; at < CELL_COUNT; at++) {
            assert_true(span_equal(record.cells[at], span_make(cells[at], sizes[at])));
        }
    }
    buf_done(&buf);
}
