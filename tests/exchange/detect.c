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
        { "#fields\tindicator\tsource\nexample.org\tx\n", "", EXCHANGE_FORMAT_CSV },
        { "# domain\nexample.org # why\n", "", EXCHANGE_FORMAT_LIST },
        { "{\"type\":\"bundle\"", "", EXCHANGE_FORMAT_STIX },
        { "\xEF\xBB\xBF \n {", "", EXCHANGE_FORMAT_STIX },
    };

    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(format_of_other_programs_is_told_by_what_only_they_write)
{
    static const struct row rows[] = {
        { "#fields\tindicator\tindicator_type\nexample.org\tIntel::DOMAIN\n", "",
          EXCHANGE_FORMAT_ZEEK_INTEL },
        { "#separator \\x09\n#fields\tmeta.source\tindicator\tindicator_type\n", "",
          EXCHANGE_FORMAT_ZEEK_INTEL },
        { "# a hosts file\n127.0.0.1 localhost\n0.0.0.0 evil.example\n", "",
          EXCHANGE_FORMAT_HOSTS },
        { "0.0.0.0\tevil.example\n", "", EXCHANGE_FORMAT_HOSTS },
        { "[Adblock Plus 2.0]\n! Title: x\n||evil.example^\n", "", EXCHANGE_FORMAT_ADBLOCK },
        { "! Title: x\n||evil.example^\n", "", EXCHANGE_FORMAT_ADBLOCK },
        { "198.51.100.7,1,101\n", "", EXCHANGE_FORMAT_SURICATA_IPREP },
        { "# categories\n198.51.100.0/24, 6, 88\n", "rep.csv", EXCHANGE_FORMAT_SURICATA_IPREP },
        { "198.51.100.7,1,128\n", "", EXCHANGE_FORMAT_LIST },
        { "f41fc1180af994f04b40a750ec1898d4,200\n", "", EXCHANGE_FORMAT_SURICATA_DATAREP },
        { "ZXhhbXBsZS5vcmc=,200\n", "", EXCHANGE_FORMAT_SURICATA_DATAREP },
        { "ZXhhbXBsZS5vcmc=\nd3d3LmV4YW1wbGUubmV0\n", "", EXCHANGE_FORMAT_SURICATA_DATASET },
        { "f41fc1180af994f04b40a750ec1898d4\n", "", EXCHANGE_FORMAT_LIST },
        { "word\n", "", EXCHANGE_FORMAT_LIST },
        { "{\"Event\":{\"info\":\"x\",\"list\":[]}}", "", EXCHANGE_FORMAT_MISP },
        { "{\"response\":[", "", EXCHANGE_FORMAT_MISP },
        { "[{\"Event\":{", "", EXCHANGE_FORMAT_MISP },
        { "[\n {\"Event\":{", "events.json", EXCHANGE_FORMAT_MISP },
        { "{\"Attribute\":[{\"type\":", "", EXCHANGE_FORMAT_MISP },
        { "{\"description\":\"a \\\"list\\\": x\",\"list\":[", "", EXCHANGE_FORMAT_WARNINGLIST },
        { "{\"type\":\"bundle\",\"objects\":[{\"list\":1}]}", "", EXCHANGE_FORMAT_STIX },
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
        enum exchange_format found = EXCHANGE_FORMAT_AUTO;
        assert_non_null(exchange_place_name(format));
        check_err(exchange_format_from_name(span_of(exchange_format_name(format)), &found),
                  format == EXCHANGE_FORMAT_AUTO ? ERR_ABSENT : ERR_OK);
        assert_int_equal(found, format);
    }
    for (enum exchange_refusal refusal = 0; refusal < EXCHANGE_REFUSAL_COUNT; refusal++) {
        assert_non_null(exchange_refusal_name(refusal));
    }
}
