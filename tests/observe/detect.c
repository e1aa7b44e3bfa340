// SPDX-License-Identifier: EUPL-1.2
#include "observe/observe.h"
#include "tests/testing.h"

static void check_detected(const char *start, enum observe_format expected)
{
    assert_string_equal(observe_format_name(observe_detect(span_of(start))),
                        observe_format_name(expected));
}

TEST(a_format_is_told_by_its_first_bytes)
{
    check_detected("#separator \\x09\n#set_separator\t,\n", OBSERVE_FORMAT_ZEEK_TSV);
    check_detected("#fields\tts\tuid\n", OBSERVE_FORMAT_ZEEK_TSV);
    check_detected("{\"_path\":\"dns\",\"ts\":1}\n", OBSERVE_FORMAT_ZEEK_JSON);
    check_detected("{\"ts\":1588205199.8,\"uid\":\"C\",\"id.orig_h\":\"192",
                   OBSERVE_FORMAT_ZEEK_JSON);
    check_detected("\xEF\xBB\xBF\r\n{\"@stream\":\"conn\"}", OBSERVE_FORMAT_ZEEK_JSON);
    check_detected("{\"timestamp\":\"2022\",\"flow_id\":1,\"event_type\":\"dns\"}",
                   OBSERVE_FORMAT_EVE);
}

TEST(a_word_inside_a_value_does_not_tell_the_format)
{
    check_detected("{\"_path\":\"syslog\",\"message\":\"{\\\"event_type\\\":1}\"}",
                   OBSERVE_FORMAT_ZEEK_JSON);
}

TEST(logger_of_a_program_that_calls_the_time_as_zeek_does_is_none)
{
    check_detected("{\"level\":\"info\",\"ts\":1795293245.5,\"logger\":\"http\",\"msg\":\"x\"}",
                   OBSERVE_FORMAT_AUTO);
    check_detected("{\"ts\":1795293245.5,\"level\":\"Reporter::INFO\",\"message\":\"x\"}",
                   OBSERVE_FORMAT_ZEEK_JSON);
    check_detected("{\"ts\":1795293245.5,\"note\":\"Scan::Port_Scan\",\"msg\":\"x\"}",
                   OBSERVE_FORMAT_ZEEK_JSON);
}

TEST(what_is_none_of_the_formats_is_not_guessed)
{
    check_detected("", OBSERVE_FORMAT_AUTO);
    check_detected("198.51.100.7\nexample.org\n", OBSERVE_FORMAT_AUTO);
    check_detected("# a list\nexample.org\n", OBSERVE_FORMAT_AUTO);
    check_detected("{\"type\":\"bundle\"}", OBSERVE_FORMAT_AUTO);
}

TEST(the_words_for_formats_are_read_back)
{
    for (int i = 0; i < OBSERVE_FORMAT_COUNT; i++) {
        enum observe_format format = OBSERVE_FORMAT_COUNT;

        check_err(
            observe_format_from_name(span_of(observe_format_name((enum observe_format)i)), &format),
            ERR_OK);
        assert_int_equal(format, i);
    }
    enum observe_format format = OBSERVE_FORMAT_COUNT;
    check_err(observe_format_from_name(SPAN("suricata"), &format), ERR_OK);
    assert_int_equal(format, OBSERVE_FORMAT_EVE);
    check_err(observe_format_from_name(SPAN("pcap"), &format), ERR_ABSENT);
}

TEST(a_file_name_tells_its_stream)
{
    static const char *const cases[][2] = {
        { "SENSOR_dns_0.json", "dns" },
        { "x_smb_files_20261121_3.ndjson.gz", "smb_files" },
        { "modbus_detailed.log", "modbus_detailed" },
        { "dns.log", "dns" },
        { "/var/log/zeek/current/conn.log", "conn" },
        { "NASHUA_dns.log.gz", "dns" },
        { "NASHUA_smb_files.log.gz", "smb_files" },
        { "NASHUA_files.log", "files" },
        { "dns.10:00:00-11:00:00.log", "dns" },
        { "http.2026-11-21-20-00-00.log.gz", "http" },
        { "dns_20261121.ndjson.zst", "dns" },
        { "known_services.ndjson.gz", "known_services" },
        { "logs/2026/x509.json", "x509" },
        { "ssl", "ssl" },
        { "eve.json", "" },
        { "combined.log.gz", "" },
        { "mydns.log", "" },
        { "dnsx.log", "" },
        { "-", "" },
        { "", "" },
        { "dir.log/", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_span(observe_stream_from_path(span_of(cases[i][0])), cases[i][1]);
    }
}

TEST(every_fault_has_a_name)
{
    for (int i = 0; i < OBSERVE_FAULT_COUNT; i++) {
        assert_non_null(observe_fault_name((enum observe_fault)i));
    }
}
