// SPDX-License-Identifier: EUPL-1.2
#include "exchange/exchange.h"
#include "tests/testing.h"

struct row {
    const char *start;
    const char *name;
    enum exchange_format format;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum exchange_format got = exchange_detect(span_of(rows[i].start), span_of(rows[i].name));
        if (got != rows[i].format) {
            print_error("\"%s\" in \"%s\" is taken for %s\n", rows[i].start, rows[i].name,
                        exchange_format_name(got));
            fail();
        }
    }
}

TEST(format_is_told_by_what_a_file_holds)
{
    static const struct row rows[] = {
        { "example.org\n198.51.100.7\n", "", EXCHANGE_FORMAT_LIST },
        { "# a comment\n\nexample.org\n", "", EXCHANGE_FORMAT_LIST },
        { "; value,type\nexample.org\n", "", EXCHANGE_FORMAT_LIST },
        { "example.org,example.net\n", "", EXCHANGE_FORMAT_LIST },
        { "", "", EXCHANGE_FORMAT_LIST },
        { "value,type\nexample.org,domain\n", "", EXCHANGE_FORMAT_CSV },
        { "\xEF\xBB\xBFvalue;type\r\n", "", EXCHANGE_FORMAT_CSV },
        { "md5\tsha256\n", "", EXCHANGE_FORMAT_CSV },
        { "indicator\n", "", EXCHANGE_FORMAT_CSV },
        { "# \"first_seen\",\"ioc\"\n\"2026-01-01\",\"example.org\"\n", "", EXCHANGE_FORMAT_CSV },
        { "#fields\tindicator\tindicator_type\nexample.org\tIntel::DOMAIN\n", "",
          EXCHANGE_FORMAT_CSV },
        { "# domain\nexample.org # why\n", "", EXCHANGE_FORMAT_LIST },
        { "{\"type\":\"bundle\"", "", EXCHANGE_FORMAT_STIX },
        { "\xEF\xBB\xBF \n {", "", EXCHANGE_FORMAT_STIX },
    };

    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(format_is_told_by_a_name_where_the_content_does_not)
{
    static const struct row rows[] = {
        { "a,b\nexample.org,x\n", "feed.csv", EXCHANGE_FORMAT_CSV },
        { "a\tb\n", "feed.TSV.gz", EXCHANGE_FORMAT_CSV },
        { "a,b\nexample.org,x\n", "feed.txt", EXCHANGE_FORMAT_LIST },
        { "example.org\nexample.net\n", "feed.csv", EXCHANGE_FORMAT_LIST },
        { "[", "bundle.json", EXCHANGE_FORMAT_STIX },
        { "", "bundle.json.zst", EXCHANGE_FORMAT_STIX },
        { "value,type\n", "feed.txt", EXCHANGE_FORMAT_CSV },
    };

    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(format_of_a_start_without_a_line_end_is_told_too)
{
    static uint8_t start[100000];
    memset(start, 'a', sizeof start);

    assert_int_equal(exchange_detect(span_make(start, sizeof start), SPAN("")),
                     EXCHANGE_FORMAT_LIST);
    memset(start, '"', sizeof start);
    assert_int_equal(exchange_detect(span_make(start, sizeof start), SPAN("")),
                     EXCHANGE_FORMAT_LIST);
}

TEST(names_of_formats_and_refusals_are_all_there)
{
    for (enum exchange_format format = 0; format < EXCHANGE_FORMAT_COUNT; format++) {
        assert_non_null(exchange_format_name(format));
    }
    for (enum exchange_refusal refusal = 0; refusal < EXCHANGE_REFUSAL_COUNT; refusal++) {
        assert_non_null(exchange_refusal_name(refusal));
    }
}
