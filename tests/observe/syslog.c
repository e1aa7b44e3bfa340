// SPDX-License-Identifier: EUPL-1.2
#include "observe/syslog.h"
#include "observe/stamp.h"

#include "base/buf.h"
#include "tests/testing.h"

/* "time|host|program|message", or "-" where there is no header. */
static void check_header_at(const char *line, const char *expected, int at)
{
    struct syslog_line header;
    struct buf text;
    buf_init(&text, 4096);

    bool found = syslog_read(span_of(line), &header);

    if (found) {
        buf_add_format(&text, "%.*s|%.*s|%.*s|%.*s", SPAN_FMT(header.time), SPAN_FMT(header.host),
                       SPAN_FMT(header.program), SPAN_FMT(header.message));
    } else {
        check_span(header.message, line);
        buf_add(&text, SPAN("-"));
    }
    testing_check_span(buf_span(&text), expected, __FILE__, at);
    buf_done(&text);
}

#define check_header(line, expected) check_header_at(line, expected, __LINE__)

TEST(header_of_rfc_5424_is_taken_off)
{
    check_header("<34>1 2026-11-21T20:34:05.003Z h1 su - ID47 - message here",
                 "2026-11-21T20:34:05.003Z|h1|su|message here");
    check_header(
        "<165>1 2026-11-21T20:34:05.003+01:00 h1 app 411 - [x@1 a=\"b\" c=\"]\\\"\"][y@1] m",
        "2026-11-21T20:34:05.003+01:00|h1|app|m");
    check_header("<165>1 - - - - - - \xEF\xBB\xBFm", "|||m");
    check_header("<165>1 2026-11-21T20:34:05Z h1 app 411 ID - ", "2026-11-21T20:34:05Z|h1|app|");
}

TEST(header_of_rfc_5424_that_breaks_off_is_none)
{
    check_header("<165>1 2026-11-21T20:34:05Z h1 app 411 ID [x@1 a=\"b", "-");
    check_header("<165>1 yesterday h1 app 411 ID - m", "-");
}

TEST(header_of_rfc_3164_is_taken_off_with_and_without_host)
{
    check_header("<34>Nov 21 20:34:05 h1 su[411]: message here",
                 "Nov 21 20:34:05|h1|su|message here");
    check_header("Nov  1 20:34:05 h1 postfix/smtpd[411]: m", "Nov  1 20:34:05|h1|postfix/smtpd|m");
    check_header("Nov 21 20:34:05 dnsmasq[411]: m", "Nov 21 20:34:05||dnsmasq|m");
    check_header("<134>Nov 21 20:34:05 filterlog: 5,,", "Nov 21 20:34:05||filterlog|5,,");
    check_header("Nov 21 20:34:05 unbound[411:0] info: m", "Nov 21 20:34:05||unbound|info: m");
    check_header("Nov 21 20:34:05.123 h1 kernel: m", "Nov 21 20:34:05.123|h1|kernel|m");
    check_header("Nov 21 2026 20:34:05: %ASA-4-106023: Deny",
                 "Nov 21 2026 20:34:05||%ASA-4-106023|Deny");
    check_header("Nov 21 20:34:05 h1 last message repeated 2 times",
                 "Nov 21 20:34:05|h1||last message repeated 2 times");
    check_header("Nov 21 20:34:05 fe80::1 app: m", "Nov 21 20:34:05|fe80::1|app|m");
}

TEST(header_with_a_time_of_rfc_3339_needs_a_program)
{
    check_header("2026-11-21T20:34:05.003+01:00 h1 app[411]: m",
                 "2026-11-21T20:34:05.003+01:00|h1|app|m");
    check_header("2026-11-21T20:34:05 dnsmasq[411]: m", "2026-11-21T20:34:05||dnsmasq|m");
    check_header("2026-11-21T20:34:05Z GET /index 200", "-");
    check_header("2026-11-21 20:34:05 h1 app: m", "-");
}

TEST(header_of_openwrt_is_taken_off)
{
    check_header("Sat Nov 21 20:34:05 2026 daemon.info dnsmasq[411]: m",
                 "Sat Nov 21 20:34:05 2026||dnsmasq|m");
    check_header("Sat Nov 21 20:34:05 2026 was a Saturday", "-");
}

TEST(priority_without_a_time_has_no_host)
{
    check_header("<13>app: m", "||app|m");
    check_header("<13>just a message", "|||just a message");
}

TEST(line_that_only_looks_like_a_header_is_a_message)
{
    static const char *const lines[] = {
        "",
        "<",
        "<>",
        "<x>m",
        "<1234567>m",
        "message",
        "Now 21 is not a time",
        "Nov 21",
        "Nov 21 20:34",
        "[1795293245] unbound[1:0] info: m",
        "203.0.113.9 - - [21/Nov/2026]",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        check_header(lines[i], "-");
    }
}

TEST(json_in_a_message_is_found_behind_its_cookie)
{
    check_span(syslog_json(SPAN("{\"a\":1}")), "{\"a\":1}");
    check_span(syslog_json(SPAN("@cee: {\"a\":1}")), "{\"a\":1}");
    check_span(syslog_json(SPAN("cee@:{\"a\":1}")), "{\"a\":1}");
    assert_int_equal(syslog_json(SPAN("a {\"a\":1}")).size, 0);
    assert_int_equal(syslog_json(SPAN("{")).size, 0);
}

static void check_leading_at(const char *line, const char *expected, int at)
{
    struct span time = syslog_leading_time(span_of(line));

    testing_check_span(time, expected, __FILE__, at);
    if (time.size > 0) {
        int64_t time_us = 0;
        check_err(stamp_read(&stamp_syslog, time, 0, &time_us), ERR_OK);
    }
}

#define check_leading(line, expected) check_leading_at(line, expected, __LINE__)

TEST(time_that_a_line_begins_with_is_found_where_there_is_no_header)
{
    check_leading("2026-11-21T20:34:05.123Z stdout F text", "2026-11-21T20:34:05.123Z");
    check_leading("2026-11-21 20:34:05+01:00 text", "2026-11-21 20:34:05+01:00");
    check_leading("2026-11-21 20:34:05,123 INFO text", "2026-11-21 20:34:05");
    check_leading("[2026-11-21 20:34:05] text", "2026-11-21 20:34:05");
    check_leading("2026/11/21 20:34:05 [error] text", "2026/11/21 20:34:05");
    check_leading("  21/Nov/2026:20:34:05 +0000 text", "21/Nov/2026:20:34:05 +0000");
    check_leading("21-Nov-2026 20:34:05.123 text", "21-Nov-2026 20:34:05.123");
    check_leading("[1795293245] text", "1795293245");
    check_leading("1795293245.779 text", "1795293245.779");
    check_leading("1795293245779 text", "1795293245779");
}

TEST(line_that_begins_with_something_else_has_no_leading_time)
{
    check_leading("", "");
    check_leading("[", "");
    check_leading("2026-11-21", "");
    check_leading("2026-11-21 text", "");
    check_leading("17952932451 text", "");
    check_leading("1795293245", "");
    check_leading("text 2026-11-21T20:34:05Z", "");
}
