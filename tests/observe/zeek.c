// SPDX-License-Identifier: EUPL-1.2
#include "tests/observe/observing.h"

#include "base/memory.h"

static void begin(struct observing *o)
{
    observing_begin(o, OBSERVE_FORMAT_ZEEK_JSON, "");
}

TEST(a_connection_gives_both_its_ends)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"conn\",\"ts\":1588205199.824370,\"uid\":\"Cvf4\","
                   "\"id.orig_h\":\"192.0.2.6\",\"id.orig_p\":54243,\"id.resp_h\":\"2001:DB8::1\","
                   "\"id.resp_p\":53,\"proto\":\"udp\"}",
                   "conn.id.orig_h ipv4 192.0.2.6\n"
                   "conn.id.resp_h ipv6 2001:db8::1\n");

    check_span(o.line.stream, "conn");
    check_span(o.line.originator, "192.0.2.6");
    check_span(o.line.responder, "2001:DB8::1");
    check_span(o.line.uid, "Cvf4");
    assert_true(o.line.time_is_number);
    int64_t time_us = 0;
    check_err(observe_time(&o.line, &time_us), ERR_OK);
    assert_int_equal(time_us, 1588205199824370);
    observing_end(&o);
}

TEST(names_with_underscores_mean_the_same)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"@stream\":\"conn\",\"@system\":\"north.example\",\"ts\":1.5,"
                   "\"id_orig_h\":\"192.0.2.6\",\"id_resp_h\":\"198.51.100.7\"}",
                   "conn.id.orig_h ipv4 192.0.2.6\n"
                   "conn.id.resp_h ipv4 198.51.100.7\n");
    check_span(o.line.sensor, "north.example");
    check_observed(&o,
                   "{\"@stream\":\"x509\",\"certificate_subject\":\"CN=www.example.org,O=X\","
                   "\"certificate_issuer\":\"CN=ca.example.org\",\"san_dns\":[\"a.example\"]}",
                   "x509.certificate.subject domain www.example.org\n"
                   "x509.certificate.issuer domain ca.example.org\n"
                   "x509.san.dns domain a.example\n");
    observing_end(&o);
}

TEST(nested_names_mean_the_same)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"ssl\",\"id\":{\"orig_h\":\"192.0.2.6\",\"orig_p\":1,"
                   "\"resp_h\":\"198.51.100.7\",\"resp_p\":443},\"server_name\":\"x.example\"}",
                   "ssl.id.orig_h ipv4 192.0.2.6\n"
                   "ssl.id.resp_h ipv4 198.51.100.7\n"
                   "ssl.server_name domain x.example\n");
    check_span(o.line.responder, "198.51.100.7");
    observing_end(&o);
}

TEST(dns_gives_the_query_and_answers_that_are_values)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"dns\",\"query\":\"WWW.Example.ORG\",\"answers\":"
                   "[\"edge.example.net\",\"203.0.113.9\",\"2001:db8::9\",\"TXT 7 v=spf1 -all\","
                   "\"word\",\"-\",\"edge.example.net\"],\"TTLs\":[1.0]}",
                   "dns.query domain www.example.org\n"
                   "dns.answers domain edge.example.net\n"
                   "dns.answers ipv4 203.0.113.9\n"
                   "dns.answers ipv6 2001:db8::9\n"
                   "dns.answers domain edge.example.net\n");
    assert_int_equal(o.line.refused, 0);
    assert_int_equal(o.line.unfit, 0);
    check_observed(&o, "{\"_path\":\"dns\",\"query\":\"9.113.0.203.in-addr.arpa\"}",
                   "dns.query domain 9.113.0.203.in-addr.arpa\n");
    check_observed(&o, "{\"_path\":\"dns\",\"query\":\"not a name\"}", "");
    assert_int_equal(o.line.unfit, 1);
    observing_end(&o);
}

TEST(an_http_request_gives_its_host_and_its_url)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_h\":\"203.0.113.9\",\"id.resp_p\":80,"
                   "\"method\":\"GET\",\"host\":\"Evil.example\",\"uri\":\"/a/B?c=1\","
                   "\"referrer\":\"http://portal.example/start\"}",
                   "http.id.resp_h ipv4 203.0.113.9\n"
                   "http.host domain evil.example\n"
                   "http.referrer url portal.example/start\n"
                   "http.referrer domain portal.example\n"
                   "http.uri url evil.example/a/B?c=1\n");
    check_span(o.line.observations[4].observed, "evil.example/a/B?c=1");
    check_span(o.line.observations[2].observed, "http://portal.example/start");
    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_p\":8080,\"host\":\"evil.example\","
                   "\"uri\":\"/x\"}",
                   "http.host domain evil.example\n"
                   "http.uri url evil.example:8080/x\n");
    observing_end(&o);
}

TEST(an_http_request_without_host_went_to_the_responder)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_h\":\"203.0.113.9\",\"id.resp_p\":80,"
                   "\"uri\":\"/x\"}",
                   "http.id.resp_h ipv4 203.0.113.9\n"
                   "http.uri url 203.0.113.9/x\n"
                   "http.uri ipv4 203.0.113.9\n");
    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_h\":\"2001:db8::9\",\"id.resp_p\":80,"
                   "\"uri\":\"/x\"}",
                   "http.id.resp_h ipv6 2001:db8::9\n"
                   "http.uri url [2001:db8::9]/x\n"
                   "http.uri ipv6 2001:db8::9\n");
    observing_end(&o);
}

TEST(a_connect_request_gives_where_it_wants_to_go)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":3128,"
                   "\"method\":\"CONNECT\",\"host\":\"evil.example:443\","
                   "\"uri\":\"evil.example:443\"}",
                   "http.id.resp_h ipv4 192.0.2.1\n"
                   "http.host domain evil.example\n"
                   "http.uri url evil.example/\n");
    observing_end(&o);
}

TEST(a_request_through_a_proxy_gives_the_absolute_url)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":3128,"
                   "\"uri\":\"http://evil.example/p\"}",
                   "http.id.resp_h ipv4 192.0.2.1\n"
                   "http.uri url evil.example/p\n"
                   "http.uri domain evil.example\n");
    observing_end(&o);
}

TEST(a_request_goes_where_its_target_says_whatever_the_host_header_says)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":3128,"
                   "\"host\":\"www.example\",\"uri\":\"http://evil.example/p\"}",
                   "http.id.resp_h ipv4 192.0.2.1\n"
                   "http.host domain www.example\n"
                   "http.uri url evil.example/p\n"
                   "http.uri domain evil.example\n");
    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":3128,"
                   "\"method\":\"CONNECT\",\"host\":\"www.example\","
                   "\"uri\":\"evil.example:443\"}",
                   "http.id.resp_h ipv4 192.0.2.1\n"
                   "http.host domain www.example\n"
                   "http.uri url evil.example/\n"
                   "http.uri domain evil.example\n");
    check_observed(&o,
                   "{\"_path\":\"http\",\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":3128,"
                   "\"host\":\"Evil.example\",\"uri\":\"http://evil.example/p\"}",
                   "http.id.resp_h ipv4 192.0.2.1\n"
                   "http.host domain evil.example\n"
                   "http.uri url evil.example/p\n");
    observing_end(&o);
}

TEST(tls_gives_name_fingerprints_and_who_the_certificate_names)
{
    struct observing o;
    begin(&o);

    check_observed(
        &o,
        "{\"_path\":\"ssl\",\"server_name\":\"192.0.2.9\",\"cert_chain_fps\":"
        "[\"b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\"],"
        "\"client_cert_chain_fps\":[],"
        "\"resp_certificate_sha1\":\"D9105746EA023ECDC6A47E7B4D026D5308525B8C\","
        "\"subject\":\"emailAddress=Post@Group.example,CN=*.group.example,O=Group\\\\, Inc,C=NL\","
        "\"issuer\":\"CN=Some Authority,O=group.example\",\"ja3\":"
        "\"e0fe397a5edfba9a6facc7c7b341f4eb\"}",
        "ssl.server_name ipv4 192.0.2.9\n"
        "ssl.cert_chain_fps sha256 "
        "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n"
        "ssl.cert_chain_fps cert-sha256 "
        "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n"
        "ssl.resp_certificate_sha1 sha1 d9105746ea023ecdc6a47e7b4d026d5308525b8c\n"
        "ssl.resp_certificate_sha1 cert-sha1 d9105746ea023ecdc6a47e7b4d026d5308525b8c\n"
        "ssl.subject email post@group.example\n"
        "ssl.subject domain group.example\n"
        "ssl.subject domain group.example\n"
        "ssl.ja3 md5 e0fe397a5edfba9a6facc7c7b341f4eb\n"
        "ssl.ja3 ja3 e0fe397a5edfba9a6facc7c7b341f4eb\n");
    assert_int_equal(o.line.refused, 0);
    observing_end(&o);
}

TEST(a_certificate_gives_all_names_it_stands_for)
{
    struct observing o;
    begin(&o);

    check_observed(
        &o,
        "{\"_path\":\"x509\",\"fingerprint\":"
        "\"b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\","
        "\"certificate.subject\":\"/C=NL/O=X/CN=198.51.100.7\",\"san.dns\":[\"*.a.example\","
        "\"b.example\",\"Snozberry\"],\"san.ip\":[\"203.0.113.9\"],"
        "\"san.email\":[\"post@c.example\"],\"san.uri\":[\"https://d.example/e\"]}",
        "x509.fingerprint sha256 b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n"
        "x509.fingerprint cert-sha256 "
        "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n"
        "x509.certificate.subject ipv4 198.51.100.7\n"
        "x509.san.dns domain a.example\n"
        "x509.san.dns domain b.example\n"
        "x509.san.dns domain snozberry\n"
        "x509.san.ip ipv4 203.0.113.9\n"
        "x509.san.email email post@c.example\n"
        "x509.san.email domain c.example\n"
        "x509.san.uri url d.example/e\n"
        "x509.san.uri domain d.example\n");
    check_span(o.line.observations[3].observed, "*.a.example");
    observing_end(&o);
}

TEST(a_file_without_connection_has_its_receiver_as_originator)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"files\",\"tx_hosts\":[\"203.0.113.9\",\"203.0.113.10\"],"
                   "\"rx_hosts\":[\"192.0.2.6\"],\"md5\":\"cc85d7649546d3c0b1607f761b73fec2\","
                   "\"sha1\":\"1a1a10b819f321b91b47d7dd73668406a15992db\"}",
                   "files.tx_hosts ipv4 203.0.113.9\n"
                   "files.tx_hosts ipv4 203.0.113.10\n"
                   "files.rx_hosts ipv4 192.0.2.6\n"
                   "files.md5 md5 cc85d7649546d3c0b1607f761b73fec2\n"
                   "files.sha1 sha1 1a1a10b819f321b91b47d7dd73668406a15992db\n"
                   "files.sha1 cert-sha1 1a1a10b819f321b91b47d7dd73668406a15992db\n");
    check_span(o.line.originator, "192.0.2.6");
    check_span(o.line.responder, "203.0.113.9");
    check_observed(&o,
                   "{\"_path\":\"files\",\"id.orig_h\":\"192.0.2.1\",\"id.resp_h\":\"192.0.2.2\","
                   "\"tx_hosts\":[\"203.0.113.9\"]}",
                   "files.id.orig_h ipv4 192.0.2.1\n"
                   "files.id.resp_h ipv4 192.0.2.2\n"
                   "files.tx_hosts ipv4 203.0.113.9\n");
    check_span(o.line.originator, "192.0.2.1");
    observing_end(&o);
}

TEST(mail_gives_addresses_and_their_domains)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"smtp\",\"helo\":\"mail.example.org\",\"mailfrom\":\"<>\","
                   "\"rcptto\":[\"<A@one.example>\"],\"from\":\"\\\"Last, First\\\" "
                   "<b@two.example>\",\"to\":[\"c@three.example, D <d@four.example>\"],"
                   "\"x_originating_ip\":\"192.0.2.77\",\"path\":[\"192.0.2.1\",\"192.0.2.2\"],"
                   "\"subject\":\"CN=not.a.name\"}",
                   "smtp.helo domain mail.example.org\n"
                   "smtp.rcptto email a@one.example\n"
                   "smtp.rcptto domain one.example\n"
                   "smtp.from email b@two.example\n"
                   "smtp.from domain two.example\n"
                   "smtp.to email c@three.example\n"
                   "smtp.to domain three.example\n"
                   "smtp.to email d@four.example\n"
                   "smtp.to domain four.example\n"
                   "smtp.x_originating_ip ipv4 192.0.2.77\n"
                   "smtp.path ipv4 192.0.2.1\n"
                   "smtp.path ipv4 192.0.2.2\n");
    assert_int_equal(o.line.unfit, 0);
    observing_end(&o);
}

TEST(mail_gives_addresses_with_comments_around_them)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"smtp\",\"from\":\"m1@one.example (Evil, Inc; (x))\","
                   "\"to\":[\"(Evil) m2@two.example, Evil <m3@three.example> (y)\"],"
                   "\"reply_to\":\"\\\"(\\\" <m4@four.example>\"}",
                   "smtp.from email m1@one.example\n"
                   "smtp.from domain one.example\n"
                   "smtp.to email m2@two.example\n"
                   "smtp.to domain two.example\n"
                   "smtp.to email m3@three.example\n"
                   "smtp.to domain three.example\n"
                   "smtp.reply_to email m4@four.example\n"
                   "smtp.reply_to domain four.example\n");
    assert_int_equal(o.line.unfit, 0);

    /* A comment without an end hides none of those that follow. */
    check_observed(&o, "{\"_path\":\"smtp\",\"from\":\"x ( y, m1@one.example\"}",
                   "smtp.from email m1@one.example\n"
                   "smtp.from domain one.example\n");
    observing_end(&o);
}

TEST(the_same_name_means_another_thing_in_another_stream)
{
    struct observing o;
    begin(&o);

    check_observed(&o, "{\"_path\":\"known_hosts\",\"host\":\"192.0.2.3\"}",
                   "known_hosts.host ipv4 192.0.2.3\n");
    check_observed(&o, "{\"_path\":\"http\",\"host\":\"a.example\"}",
                   "http.host domain a.example\n");
    check_observed(&o, "{\"_path\":\"smb_files\",\"path\":\"192.0.2.3\",\"host\":\"b.example\"}",
                   "");
    assert_int_equal(o.line.refused, 0);
    observing_end(&o);
}

/* The reader remembers streams by little of their names: that known_hosts and known_certs have all
 * of it in common must not matter. */
TEST(streams_are_told_apart_whatever_was_read_before)
{
    struct observing o;
    begin(&o);

    for (int i = 0; i < 3; i++) {
        check_observed(&o, "{\"_path\":\"known_hosts\",\"host\":\"192.0.2.3\"}",
                       "known_hosts.host ipv4 192.0.2.3\n");
        check_observed(&o, "{\"_path\":\"known_certs\",\"host\":\"192.0.2.3\"}",
                       "known_certs.host ipv4 192.0.2.3\n");
        check_observed(&o, "{\"_path\":\"known_cards\",\"host\":\"192.0.2.3:7\"}",
                       "known_cards.host ipv4 192.0.2.3\n");
        check_observed(&o, "{\"_path\":\"http\",\"host\":\"a.example\"}",
                       "http.host domain a.example\n");
        check_observed(&o, "{\"_path\":\"a_stream_with_quite_a_long_name\",\"host\":\"a.example\"}",
                       "a_stream_with_quite_a_long_name.host domain a.example\n");
    }
    observing_end(&o);
}

TEST(an_address_that_was_escaped_is_read)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"conn\",\"id.orig_h\":\"198.51.100.\\u0037\","
                   "\"id.resp_h\":\"\\u0031.2.3.4\"}",
                   "conn.id.orig_h ipv4 198.51.100.7\n"
                   "conn.id.resp_h ipv4 1.2.3.4\n");
    observing_end(&o);
}

TEST(a_stream_without_values_gives_its_ends)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"weird\",\"id.orig_h\":\"192.0.2.3\",\"id.resp_h\":"
                   "\"192.0.2.4\",\"query\":\"a.example\"}",
                   "weird.id.orig_h ipv4 192.0.2.3\n"
                   "weird.id.resp_h ipv4 192.0.2.4\n");
    check_observed(&o, "{\"id.orig_h\":\"192.0.2.3\"}", "id.orig_h ipv4 192.0.2.3\n");
    observing_end(&o);
}

TEST(the_stream_comes_from_the_line_before_the_file)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "dns");

    check_observed(&o, "{\"query\":\"a.example\"}", "dns.query domain a.example\n");
    check_observed(&o, "{\"query\":\"a.example\",\"_path\":\"conn\"}", "");
    check_span(o.line.stream, "conn");
    check_observed(&o, "{\"query\":\"b.example\"}", "dns.query domain b.example\n");
    observing_end(&o);
}

TEST(an_address_that_is_none_is_refused_and_counted)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"files\",\"id.orig_h\":\"192.0.2.300\",\"md5\":\"xyz\","
                   "\"sha1\":null,\"sha256\":\"-\"}",
                   "");
    assert_int_equal(o.line.refused, 2);
    assert_int_equal(o.line.unfit, 0);
    observing_end(&o);
}

TEST(time_is_read_in_all_its_writings)
{
    static const struct {
        const char *line;
        int64_t time_us;
    } cases[] = {
        { "{\"ts\":1521911720.865716}", 1521911720865716 },
        { "{\"ts\":\"2018-03-24T17:15:20.865716Z\"}", 1521911720865716 },
        { "{\"ts\":\"1521911720.865716\"}", 1521911720865716 },
        { "{\"ts\":1521911720865.716}", 1521911720865716 },
        { "{\"ts\":1521911720865}", 1521911720865000 },
        { "{\"_write_ts\":\"2018-03-24T17:15:20.865716Z\",\"ts\":7}", 7000000 },
        { "{\"_write_ts\":\"2018-03-24T17:15:20.865716Z\"}", 1521911720865716 },
        { "{\"_write_ts\":1521911720.865716}", 1521911720865716 },
    };
    struct observing o;
    begin(&o);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_observed(&o, cases[i].line, "");

        int64_t time_us = 0;
        check_err(observe_time(&o.line, &time_us), ERR_OK);
        assert_int_equal(time_us, cases[i].time_us);
    }

    int64_t untouched = 42;
    check_observed(&o, "{\"uid\":\"C1\"}", "");
    check_err(observe_time(&o.line, &untouched), ERR_ABSENT);
    check_observed(&o, "{\"ts\":\"yesterday\"}", "");
    check_err(observe_time(&o.line, &untouched), ERR_FORMAT);
    assert_int_equal(untouched, 42);
    observing_end(&o);
}

TEST(a_broken_byte_is_replaced_and_the_rest_is_read)
{
    struct observing o;
    begin(&o);

    check_observed(&o, "{\"_path\":\"dns\",\"x\":\"\xFF\xC3\",\"query\":\"a.example\"}",
                   "dns.query domain a.example\n");
    assert_true(o.line.repaired);
    assert_int_equal(
        observing_read(&o, SPAN("\0\0{\"_path\":\"dns\",\0\"query\":\"a.exam\0ple\"}")),
        OBSERVE_FAULT_NONE);
    assert_true(o.line.repaired);
    assert_int_equal(o.line.unfit, 1);
    check_observed(&o, "{\"_path\":\"dns\",\"query\":\"b.example\"}",
                   "dns.query domain b.example\n");
    assert_false(o.line.repaired);
    observing_end(&o);
}

TEST(a_byte_order_mark_and_a_carriage_return_are_skipped)
{
    struct observing o;
    begin(&o);

    check_observed(&o, "\xEF\xBB\xBF{\"_path\":\"dns\",\"query\":\"a.example\"}\r",
                   "dns.query domain a.example\n");
    check_observed(&o, "\xEF\xBB\xBF\r", "");
    assert_true(o.line.no_event);
    observing_end(&o);
}

TEST(what_is_no_event_has_a_fault_with_a_name)
{
    static uint8_t large[RECORD_LINE_SIZE_MAX + 1];
    struct observing o;
    begin(&o);
    memset(large, ' ', sizeof large);

    check_fault(&o, SPAN("2026-11-21 hello"), OBSERVE_FAULT_SYNTAX);
    check_fault(&o, SPAN("{\"_path\":\"dns\",\"query\":\"a.example\""), OBSERVE_FAULT_SYNTAX);
    check_fault(&o, SPAN("\0\0\0\0"), OBSERVE_FAULT_CONTROL);
    check_fault(&o, span_make(large, sizeof large), OBSERVE_FAULT_SIZE);
    check_observed(&o, "  \t", "");
    assert_true(o.line.no_event);
    observing_end(&o);
}

TEST(a_line_with_too_many_values_is_cut_and_says_so)
{
    struct observing o;
    begin(&o);
    struct buf line;
    buf_init(&line, RECORD_LINE_SIZE_MAX);
    buf_add(&line, SPAN("{\"_path\":\"x509\",\"certificate.subject\":\""));
    for (size_t i = 0; i < 3000; i++) {
        buf_add_format(&line, "CN=n%zu.example,", i);
    }
    buf_add(&line, SPAN("\"}"));

    assert_int_equal(observing_read(&o, buf_span(&line)), OBSERVE_FAULT_NONE);

    assert_true(o.line.cut);
    assert_int_equal(o.line.count, OBSERVE_OBSERVATION_COUNT_MAX);
    check_observed(&o, "{\"_path\":\"dns\",\"query\":\"a.example\"}",
                   "dns.query domain a.example\n");
    assert_false(o.line.cut);
    buf_done(&line);
    observing_end(&o);
}

TEST(a_reader_without_memory_fails_cleanly)
{
    struct op op;
    struct observe_reader *reader = NULL;
    for (uint64_t count = 0; reader == NULL; count++) {
        testing_op_begin(&op);
        memory_fail_after(count);
        enum err err = observe_reader_new(&op, RECORD_ENGINE_FAST, &reader);
        memory_fail_after(UINT64_MAX);
        if (err != ERR_OK) {
            assert_int_equal(err, ERR_LIMIT);
            assert_null(reader);
            assert_int_equal(op.fault.err, ERR_LIMIT);
        }
        op_end(&op);
    }
    observe_reader_free(reader);
}
