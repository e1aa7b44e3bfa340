// SPDX-License-Identifier: EUPL-1.2
#include "observe/formats.h"

#include "observe/mapping.h"
#include "tests/observe/mapped.h"

/* 22 November 2026, noon. */
#define NOW 1795348800000000

static void formats_begin(struct op *op, struct observe_formats *formats)
{
    testing_op_begin(op);
    *formats = (struct observe_formats){ .count = 0 };
    check_err(observe_formats_add_ready(op, formats), ERR_OK);
}

static void check_detected_at(const char *start, const char *expected, int at)
{
    struct op op;
    struct observe_formats formats;
    formats_begin(&op, &formats);

    enum observe_format format = observe_formats_detect(&formats, span_of(start), false, NOW);

    testing_check_span(observe_formats_name(&formats, format), expected, __FILE__, at);
    op_end(&op);
}

#define check_detected(start, expected) check_detected_at(start, expected, __LINE__)

TEST(ready_mappings_are_made_found_and_shown)
{
    struct op op;
    struct observe_formats formats;
    formats_begin(&op, &formats);
    size_t count = 0;
    for (struct span name = observe_ready_name(0); name.size > 0;
         name = observe_ready_name(count)) {
        enum observe_format format = OBSERVE_FORMAT_AUTO;
        struct span text = { NULL, 0 };

        check_err(observe_formats_find(&formats, name, &format), ERR_OK);
        check_err(observe_ready_text(name, &text), ERR_OK);

        assert_true(span_equal(observe_formats_name(&formats, format), name));
        assert_true(span_starts_with(text, SPAN("[mapping \"")));
        assert_true(span_find_span(text, SPAN("format = ")) != SPAN_NOT_FOUND);
        count++;
    }
    assert_int_equal(count, formats.count);
    assert_true(count >= 14);
    op_end(&op);
}

TEST(format_has_its_names_and_numbers_hold_for_a_run)
{
    struct op op;
    struct observe_formats formats;
    formats_begin(&op, &formats);
    enum observe_format squid = OBSERVE_FORMAT_AUTO;
    enum observe_format eve = OBSERVE_FORMAT_AUTO;
    enum observe_format pfsense = OBSERVE_FORMAT_AUTO;
    enum observe_format none = OBSERVE_FORMAT_AUTO;

    check_err(observe_formats_find(&formats, SPAN("squid"), &squid), ERR_OK);
    check_err(observe_formats_find(&formats, SPAN("suricata"), &eve), ERR_OK);
    check_err(observe_formats_find(&formats, SPAN("pfsense"), &pfsense), ERR_OK);
    check_err(observe_formats_find(&formats, SPAN("pcap"), &none), ERR_ABSENT);

    assert_int_equal(eve, OBSERVE_FORMAT_EVE);
    check_span(observe_formats_name(&formats, squid), "squid");
    check_span(observe_formats_name(&formats, pfsense), "filterlog");
    assert_int_equal(observe_formats_name(&formats, OBSERVE_FORMAT_LAST).size, 0);
    assert_int_equal(observe_formats_name(NULL, squid).size, 0);
    op_end(&op);
}

TEST(own_mapping_goes_before_the_ready_one_of_its_name)
{
    struct op op;
    struct observe_formats formats = { .count = 0 };
    struct mapping_draft *draft = NULL;
    const struct observe_mapping *mapping = NULL;
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    testing_op_begin(&op);
    check_err(mapping_begin(&op, SPAN("squid"), &draft), ERR_OK);
    check_err(mapping_set(&op, draft, SPAN("format"), SPAN("text")), ERR_OK);
    check_err(mapping_end(&op, draft, &mapping), ERR_OK);
    check_err(observe_formats_add(&op, &formats, mapping), ERR_OK);
    check_err(observe_formats_add_ready(&op, &formats), ERR_OK);

    check_err(observe_formats_find(&formats, SPAN("squid"), &format), ERR_OK);

    assert_ptr_equal(observe_formats_mapping(&formats, format), mapping);
    op_end(&op);
}

TEST(formats_are_detected_where_every_line_fits)
{
    check_detected("{\"event_type\":\"dns\"}\n", "eve");
    check_detected("#separator \\x09\n", "zeek-tsv");
    check_detected("1795293245.779    180 10.0.0.5 TCP_MISS/200 411 GET http://a.example/ - "
                   "HIER_DIRECT/198.51.100.7 text/html\n",
                   "squid");
    check_detected("203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET / HTTP/1.1\" 200 612\n",
                   "nginx");
    check_detected("Nov 21 20:34:05 dnsmasq[1]: query[A] a.example from 10.0.0.5\n"
                   "Nov 21 20:34:05 dnsmasq[1]: reply a.example is 198.51.100.7\n",
                   "dnsmasq");
    check_detected("21-Nov-2026 20:34:05.123 client @0x7f8a 10.0.0.5#53124 (a.example): query: "
                   "a.example IN A +E(0)K (10.0.0.1)\n",
                   "bind");
    check_detected("2026. 11. 21. 20:34:05 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 10.0.0.5        "
                   "8d3a   Q [0001   D   NOERROR] A      (1)a(7)example(0)\n",
                   "windows-dns");
    check_detected("[1795293245] unbound[1:0] info: 10.0.0.5 a.example. A IN\n", "unbound");
    check_detected(
        "#Version: 1.5\n#Fields: date time action protocol src-ip dst-ip src-port "
        "dst-port size tcpflags\n\n2026-11-21 20:34:05 DROP TCP 10.0.0.1 10.0.0.2 1 2 0 -\n",
        "windows-firewall");
    check_detected(
        "Nov 21 20:34:05 fw filterlog[1]: 5,,,100,em0,match,block,in,4,0x0,,64,0,0,DF,17,"
        "udp,78,10.0.0.1,10.0.0.2,1,2,58\n",
        "filterlog");
    check_detected(
        "{\"CreationTime\":\"2026-11-21T20:34:05\",\"Operation\":\"X\",\"RecordType\":15,"
        "\"Workload\":\"Exchange\"}\n",
        "microsoft-365");
    check_detected("RecordId,CreationDate,AuditData\n1,2,{}\n", "microsoft-365-csv");
    check_detected("#TYPE X\r\n\"RecordId\",\"CreationDate\",\"AuditData\"\r\n",
                   "microsoft-365-csv");
    check_detected("{\"CreationDate\":\"1\",\"AuditData\":\"{}\"}\n", "microsoft-365-json");
    check_detected("{\"__REALTIME_TIMESTAMP\":\"1\",\"MESSAGE\":\"x\"}\n", "journal");
    check_detected("{\"@timestamp\":\"x\",\"winlog\":{\"event_id\":\"4624\"}}\n", "windows-events");
    check_detected("{\"EventID\":5157,\"Channel\":\"Security\"}\n", "windows-events");
    check_detected("{\"date\":\"2026-11-21\",\"action\":\"DROP\",\"src-ip\":\"10.0.0.1\",\"dst-"
                   "ip\":\"::1\"}\n",
                   "windows-firewall-json");
}

TEST(what_fits_nothing_is_text)
{
    check_detected("nobody - - [21/Nov/2026:20:34:05 +0000] \"GET / HTTP/1.1\" 200 612\n", "text");
    check_detected("203.0.113.9 - - [yesterday] \"GET / HTTP/1.1\" 200 612\n", "text");
    check_detected("Nov 21 20:34:05 h1 sshd[1]: Failed password from 203.0.113.9\n", "text");
    check_detected("a,b\n1,2\n", "text");
    check_detected("{\"what\":\"ever\"}\n", "text");
    check_detected("caf\xE9 198.51.100.7\n", "text");
    check_detected("# a comment alone\n", "text");
    check_detected("without a line end", "text");
}

TEST(lines_that_mostly_fit_a_layout_are_of_that_mapping)
{
#define FITS "203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET / HTTP/1.1\" 200 612\n"
    check_detected(FITS FITS "x\n", "nginx");
    check_detected(FITS "x\n", "text");
#undef FITS
#define FITS                                                                                       \
    "2026-11-21T20:34:05.123Z queries: info: client @0x7f8a 10.0.0.5#53124: query: a.example IN "  \
    "A +\n"
    check_detected(FITS FITS "2026-11-21T20:34:05.123Z general: info: running\n", "bind");
    check_detected(FITS FITS FITS "2026-11-21T20:34:05.123Z named: info: running\n", "bind");
#undef FITS
}

TEST(lines_of_several_programs_are_text_even_where_most_are_of_one)
{
#define FITS "Nov 21 20:34:05 h1 dnsmasq[1]: query[A] a.example from 10.0.0.5\n"
    check_detected(FITS FITS, "dnsmasq");
    check_detected(FITS FITS "Nov 21 20:34:05 mx postfix/smtpd[1]: connect from a.example[::1]\n",
                   "text");
#undef FITS
}

TEST(text_may_begin_before_lines_of_a_known_format)
{
    check_detected("a banner\n{\"event_type\":\"dns\"}\n", "text");
    check_detected("\n{\"event_type\":\"dns\"}\na line\n", "eve");
    check_detected("a banner\n{\"_path\":\"dns\"", "text");
}

TEST(what_is_no_text_is_of_no_format)
{
    struct op op;
    struct observe_formats formats;
    formats_begin(&op, &formats);
    static const char utf16[] = "\xFF\xFE\x61\x00\n\x00";
    static const char packets[] = "\xD4\xC3\xB2\xA1\x02\x00\x04\x00\n";
    struct span starts[] = { span_make(utf16, sizeof utf16 - 1),
                             span_make(packets, sizeof packets - 1),
                             SPAN("\x01\x02\x03 and so on\n"), SPAN("\n\n"), SPAN("") };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        assert_int_equal(observe_formats_detect(&formats, starts[i], false, NOW),
                         OBSERVE_FORMAT_AUTO);
    }
    op_end(&op);
}

TEST(nothing_is_called_text_before_there_is_a_whole_line)
{
    struct op op;
    struct observe_formats formats;
    enum observe_format text = OBSERVE_FORMAT_AUTO;
    formats_begin(&op, &formats);
    check_err(observe_formats_find(&formats, SPAN("text"), &text), ERR_OK);
    static const struct {
        const char *start;
        bool told;
    } starts[] = {
        { "half a li", false },
        { "#Software: a firewall\n", false },
        { "\n\n#Software: a firewall\nhalf", false },
        { "a line\nhalf", true },
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        enum observe_format format =
            observe_formats_detect(&formats, span_of(starts[i].start), true, NOW);

        assert_int_equal(format, starts[i].told ? text : OBSERVE_FORMAT_AUTO);
    }
    op_end(&op);
}

TEST(last_line_counts_only_where_it_is_whole)
{
    check_detected(
        "203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET / HTTP/1.1\" 200 612\n203.0.1",
        "nginx");
    check_detected("203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET / HTTP/1.1\" 200 612",
                   "nginx");
}

TEST(headers_of_a_format_are_told)
{
    struct op op;
    struct observe_formats formats;
    formats_begin(&op, &formats);
    static const struct {
        const char *name;
        enum observe_header header;
        bool half_lines;
    } expected[] = {
        { "zeek-tsv", OBSERVE_HEADER_MARKED, false },
        { "eve", OBSERVE_HEADER_NONE, true },
        { "windows-firewall", OBSERVE_HEADER_MARKED, false },
        { "microsoft-365-csv", OBSERVE_HEADER_FIRST, false },
        { "microsoft-365", OBSERVE_HEADER_NONE, true },
        { "text", OBSERVE_HEADER_NONE, false },
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        enum observe_format format = OBSERVE_FORMAT_AUTO;
        check_err(observe_formats_find(&formats, span_of(expected[i].name), &format), ERR_OK);

        assert_int_equal(observe_formats_header(&formats, format), expected[i].header);
        assert_int_equal(observe_formats_tell_half_lines(&formats, format), expected[i].half_lines);
    }
    op_end(&op);
}
