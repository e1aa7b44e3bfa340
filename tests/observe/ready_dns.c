// SPDX-License-Identifier: EUPL-1.2
/*
 * The ready mappings on lines of our own making, as the programs write them. What they say was
 * worked out by hand.
 */
#include "tests/observe/mapped.h"

TEST(dnsmasq_queries_and_replies_are_read)
{
    struct mapped_test t;
    mapped_test_begin(&t, "dnsmasq");

    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: query[A] www.example.org from 192.168.1.5",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in dnsmasq\n"
                 "domain domain www.example.org\n"
                 "originator ipv4 192.168.1.5\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 router dnsmasq[411]: query[type=65] www.example.org from 20"
                 "01:db8::5",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::5 by router in dnsmasq\n"
                 "domain domain www.example.org\n"
                 "originator ipv6 2001:db8::5\n");
    check_mapped(&t, "Nov 21 20:34:05 router dnsmasq[411]: forwarded www.example.org to 9.9.9.9#53",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by router in dnsmasq\n"
                 "domain domain www.example.org\n"
                 "address ipv4 9.9.9.9\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: reply www.example.org is <CNAME>",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in dnsmasq\n"
                 "domain domain www.example.org\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: reply cdn.example.net is 198.51.100.7",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in dnsmasq\n"
                 "domain domain cdn.example.net\n"
                 "answer ipv4 198.51.100.7\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: reply www.example.org is NXDOMAIN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in dnsmasq\n"
                 "domain domain www.example.org\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: cached-stale a.example is 2001:db8::7",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in dnsmasq\n"
                 "domain domain a.example\n"
                 "answer ipv6 2001:db8::7\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: validation result is SECURE",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in dnsmasq\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: gravity blocked ads.example.org is 0.0.0.0",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "was denied in dnsmasq\n"
                 "domain domain ads.example.org\n"
                 "answer ipv4 0.0.0.0\n");
    mapped_test_end(&t);
}

TEST(dnsmasq_with_log_queries_extra_tells_who_asked)
{
    struct mapped_test t;
    mapped_test_begin(&t, "dnsmasq");

    check_mapped(&t,
                 "Nov 21 20:34:05 dnsmasq[411]: 45 192.168.1.5/38912 query[A] www.example.org"
                 " from 192.168.1.5",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5:38912 in dnsmasq\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 192.168.1.5:38912\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 dnsmasq[411]: 45 192.168.1.5/38912 reply www.example.org is"
                 " 198.51.100.7",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5:38912 in dnsmasq\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain www.example.org\n"
                 "answer ipv4 198.51.100.7\n"
                 "originator ip-port 192.168.1.5:38912\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 dnsmasq[411]: 45 192.168.1.5/38912 exactly denied ads.examp"
                 "le.org is NODATA",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5:38912 was denied in dnsmasq\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain ads.example.org\n"
                 "originator ip-port 192.168.1.5:38912\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 dnsmasq-dhcp[411]: DHCPACK(br0) 192.168.1.100 aa:bb:cc:dd:e"
                 "e:ff laptop",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in dnsmasq-dhcp\n"
                 "text ipv4 192.168.1.100\n");
    mapped_test_end(&t);
}

TEST(unbound_queries_and_replies_are_read)
{
    struct mapped_test t;
    mapped_test_begin(&t, "unbound");

    check_mapped(&t, "[1795293245] unbound[411:0] info: 192.168.1.5 www.example.org. A IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in unbound\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain www.example.org\n");
    check_mapped(&t,
                 "[1795293245] unbound[411:0] info: 192.168.1.5 www.example.org. A IN NOERROR"
                 " 0.296568 0 57",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 was done in unbound\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain www.example.org\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 router unbound[411]: [411:0] info: 192.168.1.5 www.example."
                 "org. AAAA IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 by router in unbound\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain www.example.org\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 router unbound: [411:1] reply: 2001:db8::5 www.example.org."
                 " AAAA IN NXDOMAIN 0.01 1 57",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::5 was failed by router in unbound\n"
                 "originator ipv6 2001:db8::5\n"
                 "domain domain www.example.org\n");
    check_mapped(&t, "Nov 21 20:34:05 unbound[411:0] info: 192.168.1.5 www.example.org. AAAA IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in unbound\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain www.example.org\n");
    check_mapped(&t,
                 "2026-11-21T20:34:05.123Z unbound[411:0] info: 192.168.1.5 www.example.org. "
                 "AAAA IN SERVFAIL 0.0 0 1",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 192.168.1.5 was failed in unbound\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain www.example.org\n");
    check_mapped(&t,
                 "[1795293245] unbound[411:0] info: generate keytag query _ta-4f66-9728. NULL"
                 " IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in unbound\n");
    mapped_test_end(&t);
}

TEST(unbound_tells_what_its_policies_did)
{
    struct mapped_test t;
    mapped_test_begin(&t, "unbound");

    check_mapped(
        &t,
        "[1795293245] unbound[411:0] info: rpz: applied [feed] *.example.org. rpz-nxdomain "
        "10.0.0.5@53124 www.example.org. A IN",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 10.0.0.5:53124 was denied in unbound\n"
        "originator ipv4 10.0.0.5\n"
        "domain domain www.example.org\n"
        "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 ns1 unbound[411]: [411:0] info: rpz: applied example.org. "
                 "rpz-passthru 2001:db8::5@53124 www.example.org. AAAA IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::5:53124 by ns1 in unbound\n"
                 "originator ipv6 2001:db8::5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port [2001:db8::5]:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 unbound[411:0] info: example.org. always_nxdomain "
                 "10.0.0.5@53124 www.example.org. A IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 was denied in unbound\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    mapped_test_end(&t);
}

TEST(bind_queries_are_read_from_a_file_and_by_syslog)
{
    struct mapped_test t;
    mapped_test_begin(&t, "bind");

    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 queries: info: client @0x7f8a4c0012c8 10.0.0.5#531"
                 "24 (www.example.org): query: www.example.org IN A +E(0)K (10.0.0.1)",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 in bind\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 client 10.0.0.5#53124 (www.example.org): query: ww"
                 "w.example.org IN A + (10.0.0.1)",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 in bind\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 queries: client 10.0.0.5#53124: view internal: que"
                 "ry: www.example.org IN A +",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 in bind\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "2026-11-21T20:34:05.123Z queries: info: client @0x7f8a4c0012c8 2001:db8::5#"
                 "53124 (www.example.org): view internal: query: www.example.org IN TYPE65 -E"
                 "(0)TDCV (2001:db8::1) [ECS 10.0.0.0/24/0]",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 2001:db8::5:53124 to 2001:db8::1 in bind\n"
                 "originator ipv6 2001:db8::5\n"
                 "domain domain www.example.org\n"
                 "responder ipv6 2001:db8::1\n"
                 "originator ip-port [2001:db8::5]:53124\n");
    check_mapped(&t,
                 "2026-11-21T20:34:05.123Z client @0x7f8a4c0012c8 2001:db8::5#53124 (www.exam"
                 "ple.org): query: www.example.org IN A +",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 2001:db8::5:53124 in bind\n"
                 "originator ipv6 2001:db8::5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port [2001:db8::5]:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 ns1 named[411]: client @0x7f8a4c0012c8 10.0.0.5#53124 (www."
                 "example.org): query: www.example.org IN A +E(0)K (10.0.0.1)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 by ns1 in named\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 ns1 named[411]: queries: info: client @0x7f8a4c0012c8 10.0."
                 "0.5#53124 (www.example.org): query: www.example.org IN A +E(0)K (10.0.0.1)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 by ns1 in named\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    mapped_test_end(&t);
}

TEST(bind_tells_who_was_denied)
{
    struct mapped_test t;
    mapped_test_begin(&t, "bind");

    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 security: info: client @0x7f8a4c0012c8 203.0.113.9"
                 "#53124 (www.example.org): query (cache) 'www.example.org/A/IN' denied",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 203.0.113.9:53124 was denied in bind\n"
                 "originator ipv4 203.0.113.9\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 203.0.113.9:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 ns1 named[411]: client @0x7f8a4c0012c8 203.0.113.9#53124 (w"
                 "ww.example.org): query (cache) 'www.example.org/A/IN' denied (allow-query-c"
                 "ache did not match)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:53124 was denied by ns1 in named\n"
                 "originator ipv4 203.0.113.9\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 203.0.113.9:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 lame-servers: info: lame server resolving 'www.exa"
                 "mple.net' (in 'example.net'?): 198.51.100.7#53",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "in bind\n"
                 "text domain www.example.net\n"
                 "text domain example.net\n"
                 "text ipv4 198.51.100.7\n");
    mapped_test_end(&t);
}

TEST(bind_tells_what_its_policies_did)
{
    struct mapped_test t;
    mapped_test_begin(&t, "bind");

    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 rpz: info: client @0x7f8a4c0012c8 10.0.0.5#53124 "
                 "(www.example.org): rpz QNAME NXDOMAIN rewrite www.example.org/A/IN via "
                 "www.example.org.rpz.example.net",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 was denied in bind\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 ns1 named[411]: client 10.0.0.5#53124 (www.example.org): rpz QNAME "
        "PASSTHRU rewrite www.example.org via www.example.org.rpz.example.net",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 10.0.0.5:53124 by ns1 in named\n"
        "originator ipv4 10.0.0.5\n"
        "domain domain www.example.org\n"
        "originator ip-port 10.0.0.5:53124\n");
    mapped_test_end(&t);
}

TEST(windows_dns_debug_log_is_read_in_the_writings_of_several_languages)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-dns");

    check_mapped(&t,
                 "11/21/2026 8:34:05 PM 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5    "
                 " 8d3a   Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "11/21/2026 8:34:05 PM 0E5C PACKET  000000BB4C1B2F20 UDP Snd 192.168.1.5    "
                 " 8d3a R Q [8085 A DR  NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "21/11/2026 20:34:05 0E5C PACKET  000000BB4C1B2F20 UDP Snd 9.9.9.9         8"
                 "d3a   Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "to 9.9.9.9 in windows-dns\n"
                 "responder ipv4 9.9.9.9\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "21-11-2026 20:34:05 0E5C PACKET  000000BB4C1B2F20 TCP Rcv 2001:db8::9     8"
                 "d3a R Q [8081   DR NXDOMAIN] AAAA   (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "to 2001:db8::9 in windows-dns\n"
                 "responder ipv6 2001:db8::9\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "21.11.2026 20:34:05 0E5C PACKET  000000BB4C1B2F20 TCP Rcv 2001:db8::9     8"
                 "d3a   Q [8081   DR NXDOMAIN] SOA   (0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::9 in windows-dns\n"
                 "originator ipv6 2001:db8::9\n");
    check_mapped(&t,
                 "21.11.2026 20:34:05 0E5C PACKET  000000BB4C1B2F20 TCP Rcv 2001:db8::9     8"
                 "d3a   Q [8081   DR NXDOMAIN] SOA   (9)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::9 in windows-dns\n"
                 "originator ipv6 2001:db8::9\n"
                 "1 unfit\n");
    mapped_test_end(&t);
}

TEST(windows_dns_events_are_read_as_json_and_csv)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-dns-events");

    check_mapped(&t,
                 "{\"TimeCreated\":\"2026-11-21T20:34:05.123Z\",\"Computer\":\"dc1\",\"EventDat"
                 "a\":{\"TCP\":\"0\",\"InterfaceIP\":\"10.0.0.1\",\"Source\":\"10.0.0.5\",\"RD"
                 "\":\"1\",\"QNAME\":\"www.example.org.\",\"QTYPE\":\"1\",\"Port\":\"53124\"}}",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 by dc1 in windows-dns-events\n"
                 "EventData.Source ipv4 10.0.0.5\n"
                 "EventData.QNAME domain www.example.org\n"
                 "EventData.Source ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "{\"@timestamp\":\"2026-11-21T20:34:05.123Z\",\"winlog\":{\"computer_name\":\""
                 "dc1\",\"event_data\":{\"InterfaceIP\":\"10.0.0.1\",\"Destination\":\"10.0.0.5"
                 "\",\"QNAME\":\"www.example.org.\",\"QTYPE\":\"1\",\"Port\":\"53124\",\"RCODE"
                 "\":\"0\"}}}",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 by dc1 in windows-dns-events\n"
                 "winlog.event_data.Destination ipv4 10.0.0.5\n"
                 "winlog.event_data.QNAME domain www.example.org\n"
                 "winlog.event_data.Destination ip-port 10.0.0.5:53124\n");
    mapped_test_end(&t);
}

TEST(windows_dns_events_exported_as_csv_are_read)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-dns-csv");

    check_mapped(&t, "TimeCreated,MachineName,Source,Destination,QNAME,QTYPE,Port", "nothing\n");
    check_mapped(&t, "11/21/2026 8:34:05 PM,dc1,,10.0.0.5,www.example.org.,1,53124",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 by dc1 in windows-dns-csv\n"
                 "Destination ipv4 10.0.0.5\n"
                 "QNAME domain www.example.org\n"
                 "Destination ip-port 10.0.0.5:53124\n");
    check_mapped(&t, "2026-11-21 20:34:05,dc1,10.0.0.6,,\"www.example.net\",1,53124",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.6:53124 by dc1 in windows-dns-csv\n"
                 "Source ipv4 10.0.0.6\n"
                 "QNAME domain www.example.net\n"
                 "Source ip-port 10.0.0.6:53124\n");
    mapped_test_end(&t);
}

TEST(unbound_tells_which_trigger_of_a_policy_was_met)
{
    struct mapped_test t;
    mapped_test_begin(&t, "unbound");

    check_mapped(&t,
                 "[1795293245] unbound[411:0] info: rpz: applied [my feed] nsip 198.51.100.7/32 "
                 "rpz-drop 10.0.0.5@53124 www.example.org. A IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 was denied in unbound\n"
                 "text ipv4 198.51.100.7\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 ns1 unbound[411]: [411:0] info: rpz: applied nsdname "
                 "ns.example.net. rpz-nxdomain 10.0.0.5@53124 www.example.org. A IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 was denied by ns1 in unbound\n"
                 "text domain ns.example.net\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "[1795293245] unbound[411:0] info: rpz: applied [feed] clientip 10.0.0.0/8 "
                 "rpz-passthru 10.0.0.5@53124 www.example.org. A IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 in unbound\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "[1795293245] unbound[411:0] info: rpz: applied [feed] 198.51.100.0/24 rpz-drop "
                 "10.0.0.5@53124 www.example.org. A IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 was denied in unbound\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "[1795293245] unbound[411:0] info: rpz: applied [feed] example.org. rpz-nodata  "
                 "www.example.org. A IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "was denied in unbound\n"
                 "domain domain www.example.org\n");
    check_mapped(&t,
                 "[1795293245] unbound[411:0] info: 198.51.100.0/24 inform 10.0.0.5@53124 "
                 "www.example.org. A IN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 in unbound\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    mapped_test_end(&t);
}

TEST(bind_writes_keys_and_other_classes)
{
    struct mapped_test t;
    mapped_test_begin(&t, "bind");

    check_mapped(
        &t,
        "21-Nov-2026 20:34:05.123 queries: info: client @0x7f8a4c0012c8 10.0.0.5#53124/key foo "
        "(www.example.org): query: www.example.org IN A +SE(0)K (10.0.0.1)",
        "time 2026-11-21T20:34:05.123Z\n"
        "from 10.0.0.5:53124 to 10.0.0.1 in bind\n"
        "originator ipv4 10.0.0.5\n"
        "domain domain www.example.org\n"
        "responder ipv4 10.0.0.1\n"
        "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 client @0x7f8a4c0012c8 10.0.0.5#53124/key foo.example "
                 "(www.example.org): view internal: query: www.example.org IN A +SE(0)K (10.0.0.1)",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 in bind\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 queries: info: client @0x7f8a4c0012c8 10.0.0.5#53124 "
                 "(version.bind): query: version.bind CH TXT + (10.0.0.1)",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 in bind\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain version.bind\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 ns1 named[411]: client @0x7f8a4c0012c8 10.0.0.5#53124/key foo "
                 "(www.example.org): query: www.example.org IN A +SE(0)K (10.0.0.1)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 by ns1 in named\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 ns1 named[411]: client @0x7f8a4c0012c8 10.0.0.5#53124 "
                 "(version.bind): query: version.bind CH TXT +E(0) (10.0.0.1)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1 by ns1 in named\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain version.bind\n"
                 "responder ipv4 10.0.0.1\n"
                 "originator ip-port 10.0.0.5:53124\n");
    mapped_test_end(&t);
}

TEST(bind_tells_which_queries_failed)
{
    struct mapped_test t;
    mapped_test_begin(&t, "bind");

    check_mapped(
        &t,
        "21-Nov-2026 20:34:05.123 query-errors: info: client @0x7f8a4c0012c8 10.0.0.5#53124 "
        "(www.example.org): query failed (SERVFAIL) for www.example.org/IN/A at query.c:5871",
        "time 2026-11-21T20:34:05.123Z\n"
        "from 10.0.0.5:53124 was failed in bind\n"
        "originator ipv4 10.0.0.5\n"
        "domain domain www.example.org\n"
        "originator ip-port 10.0.0.5:53124\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 ns1 named[411]: client @0x7f8a4c0012c8 10.0.0.5#53124 (www.example.org): "
        "view internal: query failed (REFUSED) for www.example.org/IN/A at query.c:5871",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 10.0.0.5:53124 was failed by ns1 in named\n"
        "originator ipv4 10.0.0.5\n"
        "domain domain www.example.org\n"
        "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "2026-11-21T20:34:05.123Z security: info: client @0x7f8a4c0012c8 "
                 "203.0.113.9#53124 (www.example.org): query (cache) 'www.example.org/A/IN' denied "
                 "(allow-query-cache did not match)",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 203.0.113.9:53124 was denied in bind\n"
                 "originator ipv4 203.0.113.9\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 203.0.113.9:53124\n");
    mapped_test_end(&t);
}

TEST(bind_tells_of_denials_whatever_its_times_look_like)
{
    struct mapped_test t;
    mapped_test_begin(&t, "bind");

    check_mapped(&t,
                 "2026-11-21T20:34:05.123 rpz: info: client @0x7f8a4c0012c8 10.0.0.5#53124 "
                 "(www.example.org): rpz QNAME NXDOMAIN rewrite www.example.org/A/IN via "
                 "www.example.org.rpz.example.net",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 was denied in bind\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "2026-11-21T20:34:05.123 security: info: client @0x7f8a4c0012c8 203.0.113.9#53124 "
                 "(www.example.org): query 'www.example.org/A/IN' denied",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 203.0.113.9:53124 was denied in bind\n"
                 "originator ipv4 203.0.113.9\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 203.0.113.9:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 update-security: error: client @0x7f8a4c0012c8 "
                 "203.0.113.9#53124: update 'example.org/IN' denied",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 203.0.113.9:53124 was denied in bind\n"
                 "originator ipv4 203.0.113.9\n"
                 "domain domain example.org\n"
                 "originator ip-port 203.0.113.9:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 xfer-out: error: client @0x7f8a4c0012c8 "
                 "203.0.113.9#53124 (example.org): zone transfer 'example.org/AXFR/IN' denied",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 203.0.113.9:53124 was denied in bind\n"
                 "originator ipv4 203.0.113.9\n"
                 "domain domain example.org\n"
                 "originator ip-port 203.0.113.9:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 rpz: info: client @0x7f8a4c0012c8 10.0.0.5#53124/key "
                 "foo (www.example.org): rpz IP NXDOMAIN rewrite www.example.org/A/IN via "
                 "32.7.100.51.198.rpz-ip.rpz.example.net",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from 10.0.0.5:53124 was denied in bind\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain www.example.org\n"
                 "originator ip-port 10.0.0.5:53124\n");
    check_mapped(&t,
                 "21-Nov-2026 20:34:05.123 rpz: info: client @0x7f8a4c0012c8 10.0.0.5#53124 "
                 "(www.example.org): disabled rpz QNAME NXDOMAIN rewrite www.example.org/A/IN via "
                 "www.example.org.rpz.example.net",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "in bind\n"
                 "text ipv4 10.0.0.5\n"
                 "text domain www.example.org\n"
                 "text domain www.example.org\n"
                 "text domain www.example.org.rpz.example.net\n");
    mapped_test_end(&t);
}

TEST(dnsmasq_tells_of_special_domains_and_lists_that_are_files_of_hosts)
{
    struct mapped_test t;
    mapped_test_begin(&t, "dnsmasq");

    check_mapped(&t,
                 "Nov 21 20:34:05 dnsmasq[411]: special domain use-application-dns.net is NXDOMAIN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "was denied in dnsmasq\n"
                 "domain domain use-application-dns.net\n");
    check_mapped(
        &t, "Nov 21 20:34:05 dnsmasq[411]: /etc/pihole/gravity.list ads.example.org is 192.168.1.2",
        "time 2026-11-21T20:34:05.000Z\n"
        "was denied in dnsmasq\n"
        "domain domain ads.example.org\n"
        "answer ipv4 192.168.1.2\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 dnsmasq[411]: /etc/pihole/black.list ads.example.net is 0.0.0.0",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "was denied in dnsmasq\n"
                 "domain domain ads.example.net\n"
                 "answer ipv4 0.0.0.0\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: /etc/pihole/local.list pi.hole is 192.168.1.2",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in dnsmasq\n"
                 "domain domain pi.hole\n"
                 "answer ipv4 192.168.1.2\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: /etc/hosts nas.example is 192.168.1.3",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "in dnsmasq\n"
                 "domain domain nas.example\n"
                 "answer ipv4 192.168.1.3\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 dnsmasq[411]: 45 192.168.1.5/38912 special domain "
                 "mask.icloud.com is NXDOMAIN",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5:38912 was denied in dnsmasq\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain mask.icloud.com\n"
                 "originator ip-port 192.168.1.5:38912\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 dnsmasq[411]: 45 192.168.1.5/38912 /etc/pihole/gravity.list "
                 "ads.example.org is 0.0.0.0",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5:38912 was denied in dnsmasq\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain ads.example.org\n"
                 "answer ipv4 0.0.0.0\n"
                 "originator ip-port 192.168.1.5:38912\n");
    check_mapped(&t, "Nov 21 20:34:05 dnsmasq[411]: reply error is SERVFAIL",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "was failed in dnsmasq\n");
    mapped_test_end(&t);
}

TEST(windows_dns_debug_log_loses_no_name_by_the_writing_of_its_time)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-dns");

    check_mapped(&t,
                 "21/11/2026 8:34:05 PM 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     8d3a "
                 "  Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "2026/11/21 20:34:05 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     8d3a   "
                 "Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "2026-11-21 8:34:05 PM 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     8d3a "
                 "  Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "2026/11/21 08:34:05 PM 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     "
                 "8d3a   Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "21.11.2026 20.34.05 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     8d3a   "
                 "Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "20261121 20:34:05 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     8d3a   Q "
                 "[0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "2026. 11. 21. 20:34:05 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     "
                 "8d3a   Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "21/11/2026 8:34:05 p. m. 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     "
                 "8d3a   Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    check_mapped(&t,
                 "11/21/26 8:34:05 PM 0E5C PACKET  000000BB4C1B2F20 UDP Rcv 192.168.1.5     8d3a   "
                 "Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
                 "bad time 11/21/26 8:34:05 PM\n"
                 "from 192.168.1.5 in windows-dns\n"
                 "originator ipv4 192.168.1.5\n"
                 "counted-domain domain www.example.org\n");
    mapped_test_end(&t);
}

TEST(dnsmasq_in_the_foreground_writes_its_name_alone)
{
    struct mapped_test t;
    mapped_test_begin(&t, "dnsmasq");

    check_mapped(&t, "dnsmasq: query[A] www.example.org from 10.0.0.5",
                 "from 10.0.0.5 in dnsmasq\n"
                 "domain domain www.example.org\n"
                 "originator ipv4 10.0.0.5\n");
    check_mapped(&t, "dnsmasq: gravity blocked ads.example.org is 0.0.0.0",
                 "was denied in dnsmasq\n"
                 "domain domain ads.example.org\n"
                 "answer ipv4 0.0.0.0\n");
    check_mapped(&t, "dnsmasq: 45 192.168.1.5/38912 reply www.example.org is 198.51.100.7",
                 "from 192.168.1.5:38912 in dnsmasq\n"
                 "originator ipv4 192.168.1.5\n"
                 "domain domain www.example.org\n"
                 "answer ipv4 198.51.100.7\n"
                 "originator ip-port 192.168.1.5:38912\n");
    mapped_test_end(&t);
}
