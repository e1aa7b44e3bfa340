// SPDX-License-Identifier: EUPL-1.2
#include "observe/csv.h"

#include "tests/testing.h"

static const struct csv_rule commas = { ',', '"' };

/* Values with '|' between. */
static void check_cut_at(const struct csv_rule *rule, const char *line, const char *expected,
                         int at)
{
    struct csv csv;
    struct buf text;
    csv_init(&csv);
    buf_init(&text, 4096);

    enum err err = csv_cut(&csv, rule, span_of(line), 0);

    for (size_t i = 0; err == ERR_OK && i < csv.count; i++) {
        buf_add_format(&text, "%s%.*s", i > 0 ? "|" : "", SPAN_FMT(csv.columns[i].value));
    }
    buf_add(&text, err == ERR_OK ? SPAN("") : SPAN("broken"));
    testing_check_span(buf_span(&text), expected, __FILE__, at);
    buf_done(&text);
    csv_done(&csv);
}

#define check_cut(rule, line, expected) check_cut_at(rule, line, expected, __LINE__)

TEST(columns_are_cut_at_delimiters_that_stand_in_no_quotes)
{
    check_cut(&commas, "a,b,c", "a|b|c");
    check_cut(&commas, "a,\"b,c\",d", "a|b,c|d");
    check_cut(&commas, "\"say \"\"no\"\"\",x", "say \"no\"|x");
    check_cut(&commas, "\"\"\"\"", "\"");
    check_cut(&commas, ",,", "||");
    check_cut(&commas, "a,", "a|");
    check_cut(&commas, "\"\"", "");
    check_cut(&commas, " a , \"b \" ", "a|b ");
    check_cut(&commas, "a \"b\", c", "a \"b\"|c");
}

TEST(quote_that_is_not_closed_or_goes_on_is_no_csv)
{
    check_cut(&commas, "a,\"b", "broken");
    check_cut(&commas, "a,\"b\"c", "broken");
    check_cut(&commas, "\"a\"\"", "broken");
}

TEST(delimiter_and_quote_may_be_others)
{
    const struct csv_rule semicolons = { ';', '\'' };
    const struct csv_rule tabs = { '\t', 0 };
    const struct csv_rule spaces = { ' ', 0 };

    check_cut(&semicolons, "a;'b;c';\"d\"", "a|b;c|\"d\"");
    check_cut(&tabs, "a\t\"b\t c ", "a|\"b|c");
    check_cut(&spaces, "  a  b\tc ", "a|b|c");
}

TEST(line_of_too_many_columns_is_refused)
{
    struct csv csv;
    struct buf line;
    csv_init(&csv);
    buf_init(&line, 4096);
    for (int i = 0; i < CSV_COLUMN_COUNT_MAX; i++) {
        buf_add_byte(&line, ',');
    }

    check_err(csv_cut(&csv, &commas, buf_span(&line), 0), ERR_LIMIT);

    buf_done(&line);
    csv_done(&csv);
}

TEST(values_that_were_written_are_read_back)
{
    static const struct csv_rule rules[] = {
        { ',', '"' }, { ';', '\'' }, { ' ', '"' }, { '\t', '"' }
    };
    static const char bytes[] = "ab ,;'\"\t.1";
    uint64_t random = testing_seed();
    for (int round = 0; round < 5000; round++) {
        enum { COUNT_MAX = 8, VALUE_MAX = 8 };
        const struct csv_rule *rule = &rules[testing_random(&random) % 4];
        uint8_t values[COUNT_MAX][VALUE_MAX];
        size_t sizes[COUNT_MAX];
        size_t count = 1 + testing_random(&random) % COUNT_MAX;
        struct csv csv;
        struct buf line;
        csv_init(&csv);
        buf_init(&line, 4096);
        for (size_t i = 0; i < count; i++) {
            sizes[i] = testing_random(&random) % VALUE_MAX;
            for (size_t k = 0; k < sizes[i]; k++) {
                values[i][k] = (uint8_t)bytes[testing_random(&random) % (sizeof bytes - 1)];
            }
            if (i > 0) {
                buf_add_byte(&line, rule->delimiter);
            }
            csv_add(&line, rule, span_make(values[i], sizes[i]));
        }

        check_err(csv_cut(&csv, rule, buf_span(&line), 0), ERR_OK);

        assert_int_equal(csv.count, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(span_equal(csv.columns[i].value, span_make(values[i], sizes[i])));
        }
        buf_done(&line);
        csv_done(&csv);
    }
}
