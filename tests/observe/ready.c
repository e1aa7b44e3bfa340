// SPDX-License-Identifier: EUPL-1.2
/*
 * The ready mappings on lines of our own making, as the programs write them. What they say was
 * worked out by hand.
 */
#include "tests/observe/mapped.h"

TEST(squid_writes_its_own_format_and_those_of_web_servers)
{
    struct mapped_test t;
    mapped_test_begin(&t, "squid");

    check_mapped(&t,
                 "1795293245.779    180 192.168.0.224 TCP_MISS/200 411 GET http://www.example"
                 ".org/a?b=1 - HIER_DIRECT/198.51.100.7 text/html",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 to 198.51.100.7 in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "responder ipv4 198.51.100.7\n"
                 "http-target url www.example.org/a?b=1\n"
                 "http-target domain www.example.org\n");
    check_mapped(&t,
                 "1795293245.779     23 192.168.0.224 TCP_TUNNEL/200 5411 CONNECT mail.exampl"
                 "e.org:443 john HIER_DIRECT/2001:db8::7 -",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 to 2001:db8::7 in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "responder ipv6 2001:db8::7\n"
                 "http-target url mail.example.org/\n"
                 "http-target domain mail.example.org\n");
    check_mapped(&t,
                 "1795293245.779      0 192.168.0.224 TCP_DENIED/403 3811 GET http://ads.exam"
                 "ple.net/ - HIER_NONE/- text/html",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 was denied in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "http-target url ads.example.net/\n"
                 "http-target domain ads.example.net\n");
    check_mapped(&t,
                 "192.168.0.224 - john [21/Nov/2026:20:34:05 +0100] \"GET http://www.example.o"
                 "rg/a HTTP/1.1\" 200 411 TCP_MISS:HIER_DIRECT",
                 "time 2026-11-21T19:34:05.000Z\n"
                 "from 192.168.0.224 in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "http-target url www.example.org/a\n"
                 "http-target domain www.example.org\n");
    check_mapped(&t,
                 "192.168.0.224 - - [21/Nov/2026:20:34:05 +0100] \"GET http://www.example.org/"
                 "a HTTP/1.1\" 503 411 \"http://search.example/?q=x\" \"Mozilla/5.0 (X11; Linux"
                 ")\" TCP_MISS:HIER_DIRECT",
                 "time 2026-11-21T19:34:05.000Z\n"
                 "from 192.168.0.224 was failed in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "referrer url search.example/?q=x\n"
                 "referrer domain search.example\n"
                 "user-agent user-agent Mozilla/5.0 (X11; Linux)\n"
                 "http-target url www.example.org/a\n"
                 "http-target domain www.example.org\n");
    mapped_test_end(&t);
}

TEST(web_servers_write_common_combined_and_vhost_combined)
{
    struct mapped_test t;
    mapped_test_begin(&t, "nginx");

    check_mapped(&t,
                 "203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET /login?a=b HTTP/1.1\" 200 "
                 "612",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was done in nginx\n"
                 "originator ipv4 203.0.113.9\n");
    check_mapped(&t,
                 "203.0.113.9 - john smith [21/Nov/2026:20:34:05 +0000] \"GET /x HTTP/1.1\" 403"
                 " 612 \"http://www.example.net/\" \"curl/7.88 (\\\"x\\\")\"",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was denied in nginx\n"
                 "originator ipv4 203.0.113.9\n"
                 "referrer url www.example.net/\n"
                 "referrer domain www.example.net\n"
                 "user-agent user-agent curl/7.88 (\\\"x\\\")\n");
    check_mapped(&t,
                 "www.example.org:443 203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"POST /a/b"
                 " HTTP/2.0\" 500 612 \"-\" \"evil agent\"",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was failed in nginx\n"
                 "http-host domain www.example.org\n"
                 "originator ipv4 203.0.113.9\n"
                 "user-agent user-agent evil agent\n"
                 "http-request url www.example.org/a/b\n");
    check_mapped(&t,
                 "2001:db8::9 - - [21/Nov/2026:20:34:05 +0000] \"\\x16\\x03\\x01\" 400 0 \"-\" "
                 "\"-\"",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::9 was failed in nginx\n"
                 "originator ipv6 2001:db8::9\n");
    check_mapped(&t,
                 "203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET http://open.example.net/p"
                 " HTTP/1.1\" 404 612 \"-\" \"x\" \"198.51.100.7, 10.0.0.1\"",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was failed in nginx\n"
                 "originator ipv4 203.0.113.9\n"
                 "user-agent user-agent x\n"
                 "forwarded ipv4 198.51.100.7\n"
                 "forwarded ipv4 10.0.0.1\n"
                 "http-request url open.example.net/p\n"
                 "http-request domain open.example.net\n");
    check_mapped(&t, "203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"-\" 408 0 \"-\" \"-\"",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was failed in nginx\n"
                 "originator ipv4 203.0.113.9\n");
    mapped_test_end(&t);
}

TEST(packet_filter_of_pfsense_and_opnsense_tells_ends_and_action)
{
    struct mapped_test t;
    mapped_test_begin(&t, "filterlog");

    check_mapped(&t,
                 "Nov 21 20:34:05 fw filterlog[411]: 5,,,1000000103,em0,match,block,in,4,0x0,"
                 ",64,12345,0,DF,6,tcp,60,203.0.113.9,192.0.2.10,51234,22,0,S,1234567,,64240,"
                 ",mss;nop",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:51234 to 192.0.2.10:22 was denied by fw in filterlog\n"
                 "originator ipv4 203.0.113.9\n"
                 "responder ipv4 192.0.2.10\n"
                 "originator ip-port 203.0.113.9:51234\n"
                 "responder ip-port 192.0.2.10:22\n");
    check_mapped(&t,
                 "<134>Nov 21 20:34:05 filterlog: 5,,,1000000103,em0,match,pass,out,4,0x0,,64"
                 ",0,0,DF,17,udp,78,10.0.2.15,9.9.9.9,54321,53,58",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.2.15:54321 to 9.9.9.9:53 was done in filterlog\n"
                 "originator ipv4 10.0.2.15\n"
                 "responder ipv4 9.9.9.9\n"
                 "originator ip-port 10.0.2.15:54321\n"
                 "responder ip-port 9.9.9.9:53\n");
    check_mapped(
        &t,
        "<134>1 2026-11-21T20:34:05.123456+01:00 fw.example filterlog 411 - [meta se"
        "quenceId=\"1\"] 90,,,fae559338f65e11c53669fc3642c93c2,igb0,match,block,in,6,0"
        "x00,0xb0a4f,1,tcp,6,40,2001:db8::9,2001:db8:1::10,51234,443,0,S,1,,1,,",
        "time 2026-11-21T19:34:05.123456Z\n"
        "from 2001:db8::9:51234 to 2001:db8:1::10:443 was denied by fw.example in filterlog\n"
        "originator ipv6 2001:db8::9\n"
        "responder ipv6 2001:db8:1::10\n"
        "originator ip-port [2001:db8::9]:51234\n"
        "responder ip-port [2001:db8:1::10]:443\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 fw filterlog[411]: 90,,,fae5,igb0,match,block,in,6,0x00,0xb"
                 "0a4f,1,UDP,17,40,2001:db8::9,2001:db8:1::10,51234,443,9",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::9:51234 to 2001:db8:1::10:443 was denied by fw in filterlog\n"
                 "originator ipv6 2001:db8::9\n"
                 "responder ipv6 2001:db8:1::10\n"
                 "originator ip-port [2001:db8::9]:51234\n"
                 "responder ip-port [2001:db8:1::10]:443\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 fw filterlog[411]: 5,,,1000000103,em0,match,block,in,4,0x0,"
                 ",64,0,0,none,1,icmp,84,203.0.113.9,192.0.2.10,request,12345,1",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 to 192.0.2.10 was denied by fw in filterlog\n"
                 "originator ipv4 203.0.113.9\n"
                 "responder ipv4 192.0.2.10\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 fw filterlog[411]: 5,,,1000000103,em0,match,block,in,6,0x00"
                 ",0x00000,1,ICMPv6,58,76,fe80::1,ff02::16,",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from fe80::1 to ff02::16 was denied by fw in filterlog\n"
                 "originator ipv6 fe80::1\n"
                 "responder ipv6 ff02::16\n");
    mapped_test_end(&t);
}

TEST(journal_of_systemd_carries_messages_in_json)
{
    struct mapped_test t;
    mapped_test_begin(&t, "journal");

    check_mapped(&t,
                 "{\"__REALTIME_TIMESTAMP\":\"1795293245123456\",\"_HOSTNAME\":\"h1\",\"SYSLOG_"
                 "IDENTIFIER\":\"sshd\",\"MESSAGE\":\"Failed password for root from 203.0.113.9"
                 " port 4711 ssh2\"}",
                 "time 2026-11-21T20:34:05.123456Z\n"
                 "by h1 in sshd\n"
                 "MESSAGE ipv4 203.0.113.9\n");
    mapped_test_end(&t);
}

TEST(text_is_read_with_the_header_of_syslog_in_any_of_its_forms)
{
    struct mapped_test t;
    mapped_test_begin(&t, "text");

    check_mapped(&t,
                 "<38>Nov 21 20:34:05 h1 sshd[411]: Failed password for invalid user x from 2"
                 "03.0.113.9 port 4711 ssh2",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by h1 in sshd\n"
                 "text ipv4 203.0.113.9\n");
    check_mapped(&t,
                 "<165>1 2026-11-21T20:34:05.003Z h1 app 411 ID47 [ex@1 a=\"b]\\\" c\"] peer 20"
                 "3.0.113.9",
                 "time 2026-11-21T20:34:05.003Z\n"
                 "by h1 in app\n"
                 "text ipv4 203.0.113.9\n");
    check_mapped(&t, "Nov  1 20:34:05 h1 app: of this month, x.example.org",
                 "time 2026-11-01T20:34:05.000Z\n"
                 "by h1 in app\n"
                 "text domain x.example.org\n");
    check_mapped(&t, "Dec 30 20:34:05 h1 app: of last year, x.example.org",
                 "time 2025-12-30T20:34:05.000Z\n"
                 "by h1 in app\n"
                 "text domain x.example.org\n");
    check_mapped(&t, "Sat Nov 21 20:34:05 2026 daemon.info app[411]: x.example.org",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in app\n"
                 "text domain x.example.org\n");
    check_mapped(&t, "2026-11-21T20:34:05.003+01:00 h1 app[411]: x.example.org",
                 "time 2026-11-21T19:34:05.003Z\n"
                 "by h1 in app\n"
                 "text domain x.example.org\n");
    check_mapped(&t, "just text with evil.example.org in it",
                 "in text\n"
                 "text domain evil.example.org\n");
    check_mapped(&t, "<13>no time at all x.example.org",
                 "in text\n"
                 "text domain x.example.org\n");
    mapped_test_end(&t);
}

TEST(json_that_nobody_knows_is_read_by_the_names_that_are_in_common_use)
{
    struct mapped_test t;
    mapped_test_begin(&t, "text");

    check_mapped(&t,
                 "{\"@timestamp\":\"2026-11-21T20:34:05.123Z\",\"source\":{\"ip\":\"10.0.0.5\","
                 "\"port\":50123},\"destination\":{\"ip\":\"198.51.100.7\",\"port\":443},"
                 "\"event\":{\"action\":\"denied\",\"dataset\":\"fw.log\"},"
                 "\"host\":{\"name\":\"fw1\"},\"message\":\"to evil.example.org\"}",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:50123 to 198.51.100.7:443 was denied by fw1 in fw.log\n"
                 "source.ip ipv4 10.0.0.5\n"
                 "destination.ip ipv4 198.51.100.7\n"
                 "message domain evil.example.org\n"
                 "source.ip ip-port 10.0.0.5:50123\n"
                 "destination.ip ip-port 198.51.100.7:443\n");
    check_mapped(&t,
                 "{\"@timestamp\":\"2026-11-21T20:34:05.123Z\",\"source.ip\":\"10.0.0.5\","
                 "\"event.outcome\":\"failure\"}",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5 was failed in json\n"
                 "source.ip ipv4 10.0.0.5\n");
    check_mapped(
        &t,
        "{\"level\":\"info\",\"ts\":1795293245.5,\"request\":{\"remote_ip\":\"198.51.100.7\","
        "\"remote_port\":\"50123\",\"host\":\"www.example.org\",\"uri\":\"/a?b=c\",\"headers\":{"
        "\"User-Agent\":[\"evil/1.0\"],\"Referer\":[\"http://example.net/x\"]}},\"status\":200}",
        "time 2026-11-21T20:34:05.500Z\n"
        "from 198.51.100.7:50123 in json\n"
        "request.remote_ip ipv4 198.51.100.7\n"
        "request.host domain www.example.org\n"
        "request.headers.User-Agent user-agent evil/1.0\n"
        "request.headers.Referer url example.net/x\n"
        "request.headers.Referer domain example.net\n"
        "request.remote_ip ip-port 198.51.100.7:50123\n"
        "request.uri url www.example.org/a?b=c\n");
    check_mapped(&t,
                 "{\"log\":\"2026-11-21 20:34:06 login of john@example.org from 198.51.100.7\\n\","
                 "\"stream\":\"stdout\",\"time\":\"2026-11-21T20:34:05.5Z\"}",
                 "time 2026-11-21T20:34:05.500Z\n"
                 "in json\n"
                 "log email john@example.org\n"
                 "log domain example.org\n"
                 "log ipv4 198.51.100.7\n");
    mapped_test_end(&t);
}

TEST(text_without_a_header_has_the_time_that_it_begins_with)
{
    struct mapped_test t;
    mapped_test_begin(&t, "text");

    check_mapped(&t, "2026-11-21 20:34:05,123 WARN c.e.Login - failed for 198.51.100.7",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in text\n"
                 "text ipv4 198.51.100.7\n");
    check_mapped(&t, "[21/Nov/2026:20:34:05 +0100] evil.example.org",
                 "time 2026-11-21T19:34:05.000Z\n"
                 "in text\n"
                 "text domain evil.example.org\n");
    check_mapped(&t, "2026-11-21T20:34:05.123456789Z stdout F GET http://example.net/x",
                 "time 2026-11-21T20:34:05.123456Z\n"
                 "in text\n"
                 "text url example.net/x\n"
                 "text domain example.net\n");
    mapped_test_end(&t);
}

TEST(messages_of_known_programs_and_json_in_messages_are_handed_on)
{
    struct mapped_test t;
    mapped_test_begin(&t, "text");

    check_mapped(&t,
                 "Nov 21 20:34:05 h1 named[411]: client @0x7f8a4c0012c8 10.0.0.5#53124 (www.e"
                 "xample.org): query: www.example.org IN A +E(0)K (10.0.0.1)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 by h1 in named\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 h1 postfix/smtpd[411]: connect from mail.example.net[198.51"
                 ".100.7]",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7 by h1 in postfix/smtpd\n"
                 "client domain mail.example.net\n"
                 "originator ipv4 198.51.100.7\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 h1 suricata[1]: {\"timestamp\":\"2026-11-21T20:34:06.000000+0"
                 "000\",\"event_type\":\"dns\",\"src_ip\":\"10.0.0.5\",\"src_port\":53124,\"des"
                 "t_ip\":\"10.0.0.1\",\"dest_port\":53,\"proto\":\"UDP\",\"dns\":{\"type\":\"qu"
                 "ery\",\"rrname\":\"evil.example.org\"}}",
                 "time 2026-11-21T20:34:06.000Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1:53 by h1 in dns\n"
                 "src_ip ipv4 10.0.0.5\n"
                 "dest_ip ipv4 10.0.0.1\n"
                 "dns.rrname domain evil.example.org\n"
                 "src_ip ip-port 10.0.0.5:53124\n"
                 "dest_ip ip-port 10.0.0.1:53\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 h1 zeek: @cee: {\"_path\":\"dns\",\"ts\":1795293245.5,\"id.or"
                 "ig_h\":\"10.0.0.5\",\"query\":\"evil.example.org\"}",
                 "time 2026-11-21T20:34:05.500Z\n"
                 "from 10.0.0.5 by h1 in dns\n"
                 "dns.id.orig_h ipv4 10.0.0.5\n"
                 "dns.query domain evil.example.org\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 h1 m365: {\"CreationTime\":\"2026-11-21T20:34:05\",\"Operatio"
                 "n\":\"X\",\"RecordType\":15,\"Workload\":\"Exchange\",\"ClientIP\":\"198.51.1"
                 "00.7\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7 by h1 in Exchange\n"
                 "ClientIP ipv4 198.51.100.7\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 h1 other: {\"src\":\"10.0.0.5\",\"host\":\"evil.example.org\""
                 "}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by h1 in other\n"
                 "src ipv4 10.0.0.5\n"
                 "host domain evil.example.org\n");
    check_mapped(&t, "Nov 21 20:34:05 h1 other: {\"event_type\":\"dns\",\"src_ip\":\"10.0.0.5\",",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by h1 in other\n"
                 "text ipv4 10.0.0.5\n");
    mapped_test_end(&t);
}

TEST(what_a_proxy_was_asked_for_keeps_its_port)
{
    struct mapped_test t;
    mapped_test_begin(&t, "squid");

    check_mapped(&t,
                 "1795293245.779     23 192.168.0.224 TCP_TUNNEL/200 5411 CONNECT 203.0.113.5:4443 "
                 "john HIER_DIRECT/203.0.113.5 -",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 to 203.0.113.5 in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "responder ipv4 203.0.113.5\n"
                 "http-target url 203.0.113.5:4443/\n"
                 "http-target ipv4 203.0.113.5\n"
                 "http-target ip-port 203.0.113.5:4443\n");
    check_mapped(&t,
                 "1795293245.779     23 192.168.0.224 TCP_TUNNEL/200 5411 CONNECT 203.0.113.5:443 "
                 "- HIER_DIRECT/203.0.113.5 -",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 to 203.0.113.5 in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "responder ipv4 203.0.113.5\n"
                 "http-target url 203.0.113.5/\n"
                 "http-target ipv4 203.0.113.5\n"
                 "http-target ip-port 203.0.113.5:443\n");
    check_mapped(&t,
                 "1795293245.779     23 192.168.0.224 TCP_TUNNEL/200 5411 CONNECT "
                 "[2001:db8::5]:4443 - HIER_DIRECT/2001:db8::5 -",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 to 2001:db8::5 in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "responder ipv6 2001:db8::5\n"
                 "http-target url [2001:db8::5]:4443/\n"
                 "http-target ipv6 2001:db8::5\n"
                 "http-target ip-port [2001:db8::5]:4443\n");
    check_mapped(&t,
                 "1795293245.779     23 192.168.0.224 TCP_DENIED/403 5411 CONNECT "
                 "mail.example.org:8443 - HIER_NONE/- -",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 was denied in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "http-target url mail.example.org:8443/\n"
                 "http-target domain mail.example.org\n");
    check_mapped(&t,
                 "1795293245.779     23 192.168.0.224 TCP_MISS/200 5411 GET "
                 "http://203.0.113.5:8080/a - HIER_DIRECT/203.0.113.5 -",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 to 203.0.113.5 in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "responder ipv4 203.0.113.5\n"
                 "http-target url 203.0.113.5:8080/a\n"
                 "http-target ipv4 203.0.113.5\n"
                 "http-target ip-port 203.0.113.5:8080\n");
    check_mapped(&t,
                 "1795293245.779     23 192.168.0.224 TCP_MISS/200 5411 GET http://203.0.113.5/a - "
                 "HIER_DIRECT/203.0.113.5 -",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 to 203.0.113.5 in squid\n"
                 "originator ipv4 192.168.0.224\n"
                 "responder ipv4 203.0.113.5\n"
                 "http-target url 203.0.113.5/a\n"
                 "http-target ipv4 203.0.113.5\n"
                 "http-target ip-port 203.0.113.5:80\n");
    mapped_test_end(&t);
}

TEST(squid_tells_of_requests_without_a_target)
{
    struct mapped_test t;
    mapped_test_begin(&t, "squid");

    check_mapped(&t,
                 "1795293245.779      0 192.168.0.224 NONE/400 3811 GET error:invalid-request - "
                 "HIER_NONE/- text/html",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 in squid\n"
                 "originator ipv4 192.168.0.224\n");
    check_mapped(&t,
                 "1795293245.779      0 192.168.0.224 NONE_NONE/000 0 - "
                 "error:transaction-end-before-headers - HIER_NONE/- -",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 in squid\n"
                 "originator ipv4 192.168.0.224\n");
    check_mapped(&t,
                 "1795293245.779      0 192.168.0.224 NONE_NONE/400 3811 NONE "
                 "error:invalid-request - HIER_NONE/- text/html",
                 "time 2026-11-21T20:34:05.779Z\n"
                 "from 192.168.0.224 in squid\n"
                 "originator ipv4 192.168.0.224\n");
    check_mapped(&t,
                 "192.168.0.224 - - [21/Nov/2026:20:34:05 +0100] \"NONE error:invalid-request "
                 "HTTP/1.1\" 400 411 NONE_NONE:HIER_NONE",
                 "time 2026-11-21T19:34:05.000Z\n"
                 "from 192.168.0.224 in squid\n"
                 "originator ipv4 192.168.0.224\n");
    mapped_test_end(&t);
}

TEST(filterlog_of_opnsense_tells_of_packets_without_ports)
{
    struct mapped_test t;
    mapped_test_begin(&t, "filterlog");

    check_mapped(
        &t,
        "<134>1 2026-11-21T20:34:05+01:00 fw.example filterlog 411 - [meta sequenceId=\"1\"] "
        "90,,,fae559338f65e11c53669fc3642c93c2,igb0,match,block,in,6,0x00,0xb0a4f,1,icmp6,58,40,"
        "2001:db8::9,2001:db8:1::10,datalength=40",
        "time 2026-11-21T19:34:05.000Z\n"
        "from 2001:db8::9 to 2001:db8:1::10 was denied by fw.example in filterlog\n"
        "originator ipv6 2001:db8::9\n"
        "responder ipv6 2001:db8:1::10\n");
    check_mapped(
        &t,
        "<134>1 2026-11-21T20:34:05+01:00 fw.example filterlog 411 - [meta sequenceId=\"1\"] "
        "90,,,fae5,igb0,match,pass,in,6,0x00,0x00000,255,ipv6-icmp,58,32,fe80::1,ff02::1,"
        "datalength=32",
        "time 2026-11-21T19:34:05.000Z\n"
        "from fe80::1 to ff02::1 was done by fw.example in filterlog\n"
        "originator ipv6 fe80::1\n"
        "responder ipv6 ff02::1\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 fw filterlog[411]: "
                 "90,,,fae5,igb0,match,block,in,6,0x00,0x00000,1,Options,0,36,fe80::1,ff02::16,HBH,"
                 "RTALERT,0x0000,",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from fe80::1 to ff02::16 was denied by fw in filterlog\n"
                 "originator ipv6 fe80::1\n"
                 "responder ipv6 ff02::16\n");
    mapped_test_end(&t);
}

TEST(web_servers_may_write_more_behind_the_usual)
{
    struct mapped_test t;
    mapped_test_begin(&t, "nginx");

    check_mapped(&t,
                 "203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET / HTTP/1.1\" 200 612 \"-\" "
                 "\"x\" 0.001 0.002",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was done in nginx\n"
                 "originator ipv4 203.0.113.9\n"
                 "user-agent user-agent x\n");
    check_mapped(&t,
                 "203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET / HTTP/1.1\" 200 612 \"-\" "
                 "\"x\" \"198.51.100.7\" rt=0.1 ua=\"10.0.0.9:8080\"",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was done in nginx\n"
                 "originator ipv4 203.0.113.9\n"
                 "user-agent user-agent x\n"
                 "forwarded ipv4 198.51.100.7\n"
                 "text ipv4 10.0.0.9\n"
                 "text ip-port 10.0.0.9:8080\n");
    check_mapped(&t, "203.0.113.9 - - [21/Nov/2026:20:34:05 +0000] \"GET / HTTP/1.1\" 502 612 0.5",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was failed in nginx\n"
                 "originator ipv4 203.0.113.9\n");
    mapped_test_end(&t);
}
