// SPDX-License-Identifier: EUPL-1.2
#include "tests/observe/observing.h"

static void begin(struct observing *o)
{
    observing_begin(o, OBSERVE_FORMAT_ZEEK_TSV, "");
}

static void header(struct observing *o, const char *path, const char *fields, const char *types)
{
    struct buf line;
    buf_init(&line, OBSERVE_HEADER_SIZE_MAX);
    check_observed(o, "#separator \\x09", "");
    check_observed(o, "#set_separator\t,", "");
    check_observed(o, "#empty_field\t(empty)", "");
    check_observed(o, "#unset_field\t-", "");
    buf_add_format(&line, "#path\t%s", path);
    assert_int_equal(observing_read(o, buf_span(&line)), OBSERVE_FAULT_NONE);
    check_observed(o, "#open\t2026-11-21-20-00-00", "");
    buf_clear(&line);
    buf_add_format(&line, "#fields\t%s", fields);
    assert_int_equal(observing_read(o, buf_span(&line)), OBSERVE_FAULT_NONE);
    buf_clear(&line);
    buf_add_format(&line, "#types\t%s", types);
    assert_int_equal(observing_read(o, buf_span(&line)), OBSERVE_FAULT_NONE);
    assert_true(o->line.no_event);
    buf_done(&line);
}

static void dns_header(struct observing *o)
{
    header(o, "dns", "ts\tuid\tid.orig_h\tid.resp_h\tquery\tanswers",
           "time\tstring\taddr\taddr\tstring\tvector[string]");
}

TEST(columns_are_read_as_the_header_says)
{
    struct observing o;
    begin(&o);
    dns_header(&o);

    check_observed(&o,
                   "1521911720.865716\tCqK\t192.0.2.1\t192.0.2.53\tA.example\t"
                   "b.example,203.0.113.9,TXT 3 abc",
                   "dns.id.orig_h ipv4 192.0.2.1\n"
                   "dns.id.resp_h ipv4 192.0.2.53\n"
                   "dns.query domain a.example\n"
                   "dns.answers domain b.example\n"
                   "dns.answers ipv4 203.0.113.9\n");

    assert_false(o.line.no_event);
    check_span(o.line.stream, "dns");
    check_span(o.line.originator, "192.0.2.1");
    check_span(o.line.uid, "CqK");
    int64_t time_us = 0;
    check_err(observe_time(&o.line, &time_us), ERR_OK);
    assert_int_equal(time_us, 1521911720865716);
    observing_end(&o);
}

TEST(unset_and_empty_fields_are_absent)
{
    struct observing o;
    begin(&o);
    dns_header(&o);

    check_observed(&o, "1.0\t-\t-\t192.0.2.53\t-\t(empty)", "dns.id.resp_h ipv4 192.0.2.53\n");
    assert_int_equal(o.line.refused, 0);
    assert_int_equal(o.line.originator.size, 0);
    check_observed(&o, "1.0\t\t\t\t\t", "");
    assert_int_equal(o.line.refused, 0);
    observing_end(&o);
}

TEST(the_words_for_unset_and_empty_come_from_the_header)
{
    struct observing o;
    begin(&o);
    check_observed(&o, "#unset_field\tNULL", "");
    check_observed(&o, "#empty_field\tNONE", "");
    check_observed(&o, "#path\tconn", "");
    check_observed(&o, "#fields\tid.orig_h\tid.resp_h", "");

    check_observed(&o, "NULL\tNONE", "");
    assert_int_equal(o.line.refused, 0);
    observing_end(&o);
}

TEST(another_separator_may_be_named)
{
    struct observing o;
    begin(&o);
    check_observed(&o, "#separator |", "");
    check_observed(&o, "#set_separator|;", "");
    check_observed(&o, "#path|files", "");
    check_observed(&o, "#fields|tx_hosts|rx_hosts|md5", "");

    check_observed(&o, "192.0.2.1;192.0.2.2|192.0.2.3|-",
                   "files.tx_hosts ipv4 192.0.2.1\n"
                   "files.tx_hosts ipv4 192.0.2.2\n"
                   "files.rx_hosts ipv4 192.0.2.3\n");
    check_span(o.line.responder, "192.0.2.1");
    observing_end(&o);
}

TEST(elements_of_lists_may_have_more_than_one_character_between_them)
{
    static const char *const separators[][2] = {
        { "#set_separator\t, ", "192.0.2.1, 192.0.2.2" },
        { "#set_separator\t||", "192.0.2.1||192.0.2.2" },
        { "#set_separator\t\\x2c\\x20", "192.0.2.1, 192.0.2.2" },
        { "#set_separator\t\\x3b", "192.0.2.1;192.0.2.2" },
        { "#set_separator\t\xC2\xB7", "192.0.2.1\xC2\xB7"
                                      "192.0.2.2" },
        { "#set_separator\t", "192.0.2.1,192.0.2.2" }, /* says nothing: as it is by default */
    };
    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++) {
        struct observing o;
        begin(&o);
        check_observed(&o, separators[i][0], "");
        check_observed(&o, "#path\tfiles", "");
        check_observed(&o, "#fields\ttx_hosts", "");
        check_observed(&o, "#types\tset[addr]", "");

        check_observed(&o, separators[i][1],
                       "files.tx_hosts ipv4 192.0.2.1\n"
                       "files.tx_hosts ipv4 192.0.2.2\n");
        observing_end(&o);
    }
}

TEST(without_types_lists_are_told_by_what_their_fields_hold)
{
    struct observing o;
    begin(&o);
    check_observed(&o, "#path\thttp", "");
    check_observed(&o, "#fields\thost\turi\tresp_filenames\tuser_agent\tproxied", "");

    check_observed(&o, "a.example\t/x,y\tA.exe,b.doc\tBot, the\tX -> 192.0.2.1,Y -> 192.0.2.2",
                   "http.host domain a.example\n"
                   "http.resp_filenames file-name a.exe\n"
                   "http.resp_filenames file-name b.doc\n"
                   "http.user_agent user-agent Bot, the\n"
                   "http.proxied ipv4 192.0.2.1\n"
                   "http.proxied ipv4 192.0.2.2\n"
                   "http.uri url a.example/x,y\n");
    check_observed(&o, "#path\tssl", "");
    check_observed(&o, "#fields\tcert_chain_fps", "");
    check_observed(&o,
                   "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe,"
                   "2404a130f082f6df87cbdda4b4a78927818c4408d59ff829f6ea2edcad68506d",
                   "ssl.cert_chain_fps sha256 "
                   "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n"
                   "ssl.cert_chain_fps cert-sha256 "
                   "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n"
                   "ssl.cert_chain_fps sha256 "
                   "2404a130f082f6df87cbdda4b4a78927818c4408d59ff829f6ea2edcad68506d\n"
                   "ssl.cert_chain_fps cert-sha256 "
                   "2404a130f082f6df87cbdda4b4a78927818c4408d59ff829f6ea2edcad68506d\n");
    observing_end(&o);
}

TEST(escapes_stand_for_their_bytes)
{
    struct observing o;
    begin(&o);
    header(&o, "x509", "certificate.subject\tsan.dns\tsan.uri",
           "string\tvector[string]\tvector[string]");

    check_observed(
        &o, "CN=a\\x2eexample,O=X\\\\, Inc\tb.example,c\\x2Eexample\thttp://d.example/x\\x2cy",
        "x509.certificate.subject domain a.example\n"
        "x509.san.dns domain b.example\n"
        "x509.san.dns domain c.example\n"
        "x509.san.uri url d.example/x,y\n"
        "x509.san.uri domain d.example\n");
    check_span(o.line.observations[2].observed, "c.example");
    observing_end(&o);
}

TEST(an_address_that_was_escaped_is_read)
{
    struct observing o;
    begin(&o);
    header(&o, "conn", "id.resp_h\tid.orig_h", "addr\taddr");

    check_observed(&o, "198.51.100.\\x37\t198.51.100.\\x38",
                   "conn.id.resp_h ipv4 198.51.100.7\n"
                   "conn.id.orig_h ipv4 198.51.100.8\n");
    observing_end(&o);
}

TEST(an_escape_that_is_no_text_stays_as_it_was_written)
{
    struct observing o;
    begin(&o);
    header(&o, "http", "host\turi", "string\tstring");

    check_observed(&o, "a.example\t/\\xff\\x00",
                   "http.host domain a.example\n"
                   "http.uri url a.example/\\xff\\x00\n");
    observing_end(&o);
}

TEST(a_column_that_is_no_list_keeps_its_commas)
{
    struct observing o;
    begin(&o);
    header(&o, "http", "host\turi", "string\tstring");

    check_observed(&o, "a.example\t/x,y,z",
                   "http.host domain a.example\n"
                   "http.uri url a.example/x,y,z\n");
    observing_end(&o);
}

TEST(a_header_may_come_again_with_other_columns)
{
    struct observing o;
    begin(&o);
    dns_header(&o);
    check_observed(&o, "1.0\t-\t-\t-\ta.example\t-", "dns.query domain a.example\n");
    check_observed(&o, "#close\t2026-11-21-21-00-00", "");

    header(&o, "conn", "ts\tid.resp_h", "time\taddr");
    check_observed(&o, "2.0\t192.0.2.1", "conn.id.resp_h ipv4 192.0.2.1\n");
    check_fault(&o, SPAN("1.0\t-\t-\t-\ta.example\t-"), OBSERVE_FAULT_COLUMNS);
    observing_end(&o);
}

TEST(a_line_with_other_columns_is_a_fault)
{
    struct observing o;
    begin(&o);
    dns_header(&o);

    check_fault(&o, SPAN("1.0\t-\t192.0.2.1\t-\ta.example"), OBSERVE_FAULT_COLUMNS);
    check_fault(&o, SPAN("1.0\t-\t192.0.2.1\t-\ta.example\t-\t-"), OBSERVE_FAULT_COLUMNS);
    observing_end(&o);
}

TEST(a_line_before_the_header_is_a_fault)
{
    struct observing o;
    begin(&o);

    check_fault(&o, SPAN("1.0\t192.0.2.1"), OBSERVE_FAULT_HEADER);
    check_fault(&o, SPAN("#separator nonsense"), OBSERVE_FAULT_HEADER);
    check_fault(&o, SPAN("#fields\t"), OBSERVE_FAULT_HEADER);
    check_fault(&o, SPAN("1.0\t192.0.2.1"), OBSERVE_FAULT_HEADER);
    observing_end(&o);
}

TEST(a_header_with_too_many_columns_is_refused)
{
    struct observing o;
    begin(&o);
    struct buf line;
    buf_init(&line, OBSERVE_HEADER_SIZE_MAX);
    buf_add(&line, SPAN("#fields"));
    for (int i = 0; i < 2000; i++) {
        buf_add(&line, SPAN("\tquery"));
    }

    check_fault(&o, buf_span(&line), OBSERVE_FAULT_HEADER);
    check_fault(&o, SPAN("a.example"), OBSERVE_FAULT_HEADER);
    buf_done(&line);
    observing_end(&o);
}

TEST(the_stream_comes_from_the_header_before_the_file)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_TSV, "dns");
    check_observed(&o, "#fields\tquery", "");
    check_observed(&o, "a.example", "dns.query domain a.example\n");

    check_observed(&o, "#path\tweird", "");
    check_observed(&o, "a.example", "");
    check_span(o.line.stream, "weird");
    observing_end(&o);
}

TEST(line_ends_of_windows_are_taken_off)
{
    struct observing o;
    begin(&o);
    check_observed(&o, "#separator \\x09\r", "");
    check_observed(&o, "#path\tconn\r", "");
    check_observed(&o, "#fields\tts\tid.orig_h\r", "");

    check_observed(&o, "1.0\t192.0.2.1\r", "conn.id.orig_h ipv4 192.0.2.1\n");
    observing_end(&o);
}

TEST(broken_bytes_in_a_column_are_replaced)
{
    struct observing o;
    begin(&o);
    header(&o, "http", "host\tuser_agent", "string\tstring");

    check_observed(&o, "a.example\t\xFF\xFE",
                   "http.host domain a.example\n"
                   "http.user_agent user-agent ??\n");
    assert_true(o.line.repaired);
    assert_int_equal(observing_read(&o, SPAN("b.example\tx\0y")), OBSERVE_FAULT_NONE);
    assert_true(o.line.repaired);
    assert_int_equal(o.line.count, 2);
    observing_end(&o);
}

TEST(a_new_input_forgets_the_header_of_the_last)
{
    struct observing o;
    begin(&o);
    dns_header(&o);

    observe_reader_begin(o.reader, OBSERVE_FORMAT_ZEEK_TSV, SPAN(""));
    observe_reader_begin(o.reference, OBSERVE_FORMAT_ZEEK_TSV, SPAN(""));
    check_fault(&o, SPAN("1.0\t-\t-\t-\ta.example\t-"), OBSERVE_FAULT_HEADER);
    observing_end(&o);
}
