// SPDX-License-Identifier: EUPL-1.2
#include <stdio.h>

#include "format/record_page.h"
#include "tests/observe/observing.h"

static void begin(struct observing *o)
{
    observing_begin(o, OBSERVE_FORMAT_EVE, "");
}

TEST(every_event_gives_its_two_ends)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"timestamp\":\"2022-03-01T13:16:53.049022+0000\",\"flow_id\":161,"
                   "\"host\":\"north\",\"event_type\":\"flow\",\"src_ip\":\"192.0.2.6\","
                   "\"src_port\":5,\"dest_ip\":\"2001:0db8:0000:0000:0000:0000:0000:0009\","
                   "\"dest_port\":53,\"flow\":{\"src_ip\":\"203.0.113.1\"}}",
                   "src_ip ipv4 192.0.2.6\n"
                   "dest_ip ipv6 2001:db8::9\n");

    check_span(o.line.stream, "flow");
    check_span(o.line.sensor, "north");
    check_span(o.line.uid, "161");
    check_span(o.line.originator, "192.0.2.6");
    check_span(o.line.responder, "2001:0db8:0000:0000:0000:0000:0000:0009");
    int64_t time_us = 0;
    check_err(observe_time(&o.line, &time_us), ERR_OK);
    assert_int_equal(time_us, 1646140613049022);
    observing_end(&o);
}

TEST(dns_is_read_in_version_1)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"event_type\":\"dns\",\"dns\":{\"type\":\"query\",\"id\":1,"
                   "\"rrname\":\"A.example\",\"rrtype\":\"A\"}}",
                   "dns.rrname domain a.example\n");
    check_observed(&o,
                   "{\"event_type\":\"dns\",\"dns\":{\"type\":\"answer\",\"id\":1,\"rcode\":"
                   "\"NOERROR\",\"rrname\":\"a.example\",\"rrtype\":\"A\",\"ttl\":9,"
                   "\"rdata\":\"203.0.113.9\"}}",
                   "dns.rrname domain a.example\n"
                   "dns.rdata ipv4 203.0.113.9\n");
    observing_end(&o);
}

TEST(dns_is_read_in_version_2)
{
    struct observing o;
    begin(&o);

    check_observed(
        &o,
        "{\"event_type\":\"dns\",\"dns\":{\"version\":2,\"type\":\"answer\",\"rrname\":"
        "\"a.example\",\"answers\":[{\"rrname\":\"a.example\",\"rrtype\":\"CNAME\",\"rdata\":"
        "\"b.example\"},{\"rrname\":\"b.example\",\"rrtype\":\"A\",\"rdata\":\"203.0.113.9\"}],"
        "\"grouped\":{\"CNAME\":[\"b.example\"],\"A\":[\"203.0.113.9\"],\"AAAA\":[\"2001:db8::9\"],"
        "\"TXT\":[\"c.example\"],\"MX\":[\"mx.example.org\"],\"SRV\":[{\"name\":\"d.example\"}]}}}",
        "dns.rrname domain a.example\n"
        "dns.answers.rrname domain a.example\n"
        "dns.answers.rdata domain b.example\n"
        "dns.answers.rrname domain b.example\n"
        "dns.answers.rdata ipv4 203.0.113.9\n"
        "dns.grouped.CNAME domain b.example\n"
        "dns.grouped.A ipv4 203.0.113.9\n"
        "dns.grouped.AAAA ipv6 2001:db8::9\n"
        "dns.grouped.TXT domain c.example\n"
        "dns.grouped.MX domain mx.example.org\n"
        "dns.grouped.SRV.name domain d.example\n");
    check_observed(&o,
                   "{\"event_type\":\"alert\",\"dns\":{\"query\":[{\"type\":\"query\",\"rrname\":"
                   "\"a.example\"}],\"answer\":{\"rrname\":\"a.example\",\"answers\":[{\"rdata\":"
                   "\"203.0.113.9\"}]}}}",
                   "dns.query.rrname domain a.example\n"
                   "dns.answer.rrname domain a.example\n"
                   "dns.answer.answers.rdata ipv4 203.0.113.9\n");
    observing_end(&o);
}

TEST(dns_is_read_in_version_3)
{
    struct observing o;
    begin(&o);

    check_observed(
        &o,
        "{\"event_type\":\"dns\",\"dns\":{\"version\":3,\"type\":\"response\",\"queries\":"
        "[{\"rrname\":\"a.example\",\"rrtype\":\"SRV\"}],\"answers\":[{\"rrname\":\"a.example\","
        "\"srv\":{\"priority\":20,\"name\":\"b.example\"}},{\"rrname\":\"\",\"rdata\":\"text\"}],"
        "\"authorities\":[{\"rrname\":\"example.org\",\"soa\":{\"mname\":\"ns.example.org\","
        "\"rname\":\"post.example.org\"}}],\"additionals\":[{\"rrname\":\"b.example\",\"rdata\":"
        "\"2001:db8::9\"}]}}",
        "dns.queries.rrname domain a.example\n"
        "dns.answers.rrname domain a.example\n"
        "dns.answers.srv.name domain b.example\n"
        "dns.authorities.rrname domain example.org\n"
        "dns.authorities.soa.mname domain ns.example.org\n"
        "dns.authorities.soa.rname email post@example.org\n"
        "dns.authorities.soa.rname domain example.org\n"
        "dns.additionals.rrname domain b.example\n"
        "dns.additionals.rdata ipv6 2001:db8::9\n");
    observing_end(&o);
}

TEST(http_gives_the_url_with_the_port_the_client_wrote)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"event_type\":\"http\",\"src_port\":40000,\"dest_port\":8081,\"http\":{"
                   "\"hostname\":\"a.example\",\"http_port\":8080,\"url\":\"/x\","
                   "\"http_refer\":\"http://b.example/\",\"redirect\":\"next/page\","
                   "\"xff\":\"203.0.113.1, 203.0.113.2\"}}",
                   "http.hostname domain a.example\n"
                   "http.http_refer url b.example/\n"
                   "http.http_refer domain b.example\n"
                   "http.xff ipv4 203.0.113.1\n"
                   "http.xff ipv4 203.0.113.2\n"
                   "http.url url a.example:8080/x\n");
    check_observed(
        &o,
        "{\"event_type\":\"http\",\"src_port\":40000,\"dest_port\":8081,\"http\":{"
        "\"hostname\":\"a.example\",\"url\":\"/x\",\"redirect\":\"https://c.example/y\"}}",
        "http.hostname domain a.example\n"
        "http.redirect url c.example/y\n"
        "http.redirect domain c.example\n"
        "http.url url a.example:8081/x\n");
    observing_end(&o);
}

TEST(a_file_from_a_server_has_the_url_with_the_servers_port)
{
    struct observing o;
    begin(&o);

    check_observed(
        &o,
        "{\"event_type\":\"fileinfo\",\"src_ip\":\"203.0.113.9\",\"src_port\":80,\"dest_ip\":"
        "\"192.0.2.6\",\"dest_port\":51234,\"http\":{\"hostname\":\"a.example\",\"url\":\"/x\"},"
        "\"fileinfo\":{\"filename\":\"/x\",\"md5\":\"b4251d86e9a5a28334b692cae3e91d08\",\"sha256\":"
        "\"2404a130f082f6df87cbdda4b4a78927818c4408d59ff829f6ea2edcad68506d\"}}",
        "src_ip ipv4 203.0.113.9\n"
        "dest_ip ipv4 192.0.2.6\n"
        "http.hostname domain a.example\n"
        "fileinfo.filename file-name x\n"
        "fileinfo.md5 md5 b4251d86e9a5a28334b692cae3e91d08\n"
        "fileinfo.sha256 sha256 "
        "2404a130f082f6df87cbdda4b4a78927818c4408d59ff829f6ea2edcad68506d\n"
        "http.url url a.example/x\n");
    observing_end(&o);
}

TEST(tls_gives_name_fingerprint_and_subject)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"event_type\":\"tls\",\"tls\":{\"sni\":\"A.example\",\"subject\":"
                   "\"C=US, O=Group, Inc., CN=www.a.example\",\"issuerdn\":\"C=US, CN=Big CA\","
                   "\"fingerprint\":"
                   "\"cc:aa:48:48:66:46:0e:91:53:2c:9c:7c:23:2a:b1:74:4d:29:9d:33\","
                   "\"subjectaltname\":[\"*.a.example\",\"192.0.2.8\"],\"chain\":[\"MIIB\"],"
                   "\"ja3\":{\"hash\":\"cee46fdd039bfaea42cc1a96e2288bed\"}}}",
                   "tls.sni domain a.example\n"
                   "tls.subject domain www.a.example\n"
                   "tls.fingerprint sha1 ccaa484866460e91532c9c7c232ab1744d299d33\n"
                   "tls.fingerprint cert-sha1 ccaa484866460e91532c9c7c232ab1744d299d33\n"
                   "tls.subjectaltname domain a.example\n"
                   "tls.subjectaltname ipv4 192.0.2.8\n"
                   "tls.ja3.hash md5 cee46fdd039bfaea42cc1a96e2288bed\n"
                   "tls.ja3.hash ja3 cee46fdd039bfaea42cc1a96e2288bed\n");
    check_observed(&o, "{\"event_type\":\"quic\",\"quic\":{\"sni\":\"q.example\"}}",
                   "quic.sni domain q.example\n");
    observing_end(&o);
}

TEST(mail_events_give_addresses_urls_and_hosts)
{
    struct observing o;
    begin(&o);

    check_observed(
        &o,
        "{\"event_type\":\"smtp\",\"smtp\":{\"helo\":\"[192.0.2.5]\",\"mail_from\":"
        "\"<a@one.example>\",\"rcpt_to\":[\"<b@two.example>\"]},\"email\":{\"from\":"
        "\"\\\"A\\\" <a@one.example>\",\"to\":[\"c@three.example\"],\"cc\":[\"d@four.example\"],"
        "\"url\":[\"five.example/path\"]}}",
        "smtp.helo ipv4 192.0.2.5\n"
        "smtp.mail_from email a@one.example\n"
        "smtp.mail_from domain one.example\n"
        "smtp.rcpt_to email b@two.example\n"
        "smtp.rcpt_to domain two.example\n"
        "email.from email a@one.example\n"
        "email.from domain one.example\n"
        "email.to email c@three.example\n"
        "email.to domain three.example\n"
        "email.cc email d@four.example\n"
        "email.cc domain four.example\n"
        "email.url url five.example/path\n"
        "email.url domain five.example\n");
    observing_end(&o);
}

TEST(a_line_without_event_type_is_no_event)
{
    struct observing o;
    begin(&o);

    check_fault(&o, SPAN("{\"_path\":\"dns\",\"id.orig_h\":\"192.0.2.1\"}"), OBSERVE_FAULT_EVENT);
    check_fault(&o, SPAN("{\"event_type\":7,\"src_ip\":\"192.0.2.1\"}"), OBSERVE_FAULT_EVENT);
    check_fault(&o, SPAN("[]"), OBSERVE_FAULT_SYNTAX);
    observing_end(&o);
}

TEST(broken_utf8_in_an_event_is_repaired)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"event_type\":\"http\",\"http\":{\"hostname\":\"a.example\",\"url\":\"/x\","
                   "\"http_user_agent\":\"\xE2\x82\"}}",
                   "http.hostname domain a.example\n"
                   "http.http_user_agent user-agent ??\n"
                   "http.url url a.example/x\n");
    assert_true(o.line.repaired);
    observing_end(&o);
}

/* More of them than there is room for, of kinds that wait in different ways. */
TEST(lines_that_are_sifted_together_are_taken_as_often_as_there_is_room)
{
    enum { LINES = 3000, TEXT_SIZE_MAX = 1024 * 1024 };
    struct observing o;
    struct buf text;
    begin(&o);
    buf_init(&text, TEXT_SIZE_MAX);
    for (unsigned i = 0; i < LINES; i++) {
        switch (i % 3) {
        case 0:
            buf_add_format(&text,
                           "{\"event_type\":\"http\",\"src_ip\":\"192.0.2.%u\",\"http\":{"
                           "\"hostname\":\"h%u.example\",\"url\":\"/%u\"}}\n",
                           i % 250, i, i);
            break;
        case 1:
            buf_add_format(&text,
                           "{\"event_type\":\"dns\",\"src_ip\":\"2001:db8::%x\",\"dns\":{"
                           "\"type\":\"answer\",\"rrname\":\"%u.example\"}}\n",
                           i, i);
            break;
        default:
            buf_add_format(&text, "{\"event_type\":\"flow\",\"dest_ip\":\"198.51.%u.%u\"}%s\n",
                           i % 256, i % 250, i % 300 == 2 ? "broken" : "");
            break;
        }
    }
    size_t size = text.size;
    for (size_t i = 0; i < RECORD_PADDING_SIZE; i++) {
        buf_add_byte(&text, '"');
    }
    assert_int_equal(text.err, ERR_OK);

    for (int round = 0; round < 4; round++) {
        sifting_lines(&o.sifting, span_make(text.data, size));
        sifting_end(&o.sifting);
    }

    size_t broken = LINES / 300;
    assert_true(o.sifting.together > 2 * (LINES - broken) || record_page_way() == NULL);
    buf_done(&text);
    observing_end(&o);
}

/* Some tens of them wait, and need more room for keys than there is. */
TEST(long_answers_are_sifted_one_by_one_where_there_is_no_room_for_many)
{
    enum { LINES = 300, LONG_SIZE = 3500, LINE_SIZE = 4096 };
    struct observing o;
    begin(&o);
    uint8_t *text = op_alloc(&o.op, (size_t)LINES * LINE_SIZE);
    assert_non_null(text);

    for (uint32_t i = 0; i < LINES; i++) {
        static const char pattern[] = "{\"event_type\":\"dns\",\"src_ip\":\"192.0.2.%u\",\"dns\":{"
                                      "\"type\":\"answer\",\"rrname\":\"a.example\",\"rdata\":\""
                                      "%0*u.%u.b.example\"}}";
        char *line = (char *)text + (size_t)i * LINE_SIZE;
        bool is_long = i % 8 != 0; /* the others are short */
        int size = snprintf(line, LINE_SIZE, pattern, i % 250, is_long ? LONG_SIZE : 1, 0, i);
        assert_in_range(size, 1, LINE_SIZE - RECORD_PADDING_SIZE);
        sifting_line(&o.sifting, span_make((const uint8_t *)line, (size_t)size), i);
    }
    sifting_end(&o.sifting);

    assert_in_range(o.sifting.waited, LINES - 10, LINES); /* until the first few are known */
    assert_int_equal(o.sifting.by_sifter.count, 3 * LINES);
    observing_end(&o);
}
