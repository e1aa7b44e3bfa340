// SPDX-License-Identifier: EUPL-1.2
#include "tests/observe/observing.h"

#define BIT(kind) ((uint32_t)1 << (kind))

#define JA4 "t13d1516h2_8daaf6152771_b186095e22b6"
#define MD5 "e0fe397a5edfba9a6facc7c7b341f4eb"

TEST(fingerprints_are_found_by_their_kind_and_as_bare_digests)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    check_observed(
        &o, "{\"_path\":\"ssl\",\"ja3\":\"" MD5 "\",\"ja3s\":\"" MD5 "\",\"ja4\":\"" JA4 "\"}",
        "ssl.ja3 md5 " MD5 "\n"
        "ssl.ja3 ja3 " MD5 "\n"
        "ssl.ja3s md5 " MD5 "\n"
        "ssl.ja3s ja3s " MD5 "\n"
        "ssl.ja4 ja4 " JA4 "\n");
    check_observed(&o,
                   "{\"_path\":\"ssh\",\"hassh\":\"" MD5 "\",\"hasshServer\":\"" MD5
                   "\",\"host_key\":\"79:f0:93:5b:02:a4:f4:ff:82:f4:76:ca:4b:dd:ef:25\","
                   "\"cipher_alg\":\"aes128-gcm@openssh.com\"}",
                   "ssh.hassh md5 " MD5 "\n"
                   "ssh.hassh hassh " MD5 "\n"
                   "ssh.hasshServer md5 " MD5 "\n"
                   "ssh.hasshServer hassh " MD5 "\n"
                   "ssh.host_key md5 79f0935b02a4f4ff82f476ca4bddef25\n");
    observing_end(&o);
}

TEST(a_fingerprint_that_is_none_says_nothing)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    check_observed(&o, "{\"_path\":\"ssl\",\"ja3\":\"none\",\"ja4\":\"t13d\",\"ja3s\":7}", "");
    assert_int_equal(o.line.refused, 0);
    assert_int_equal(o.line.unfit, 1); /* no log writes numbers there */
    check_observed(&o, "{\"_path\":\"ssh\",\"host_key\":\"SHA256:q83vEjRWeJCrze8SNFZ4kA\"}", "");
    assert_int_equal(o.line.refused, 0);
    observing_end(&o);
}

TEST(a_digest_of_sha1_is_no_ja3)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_EVE, "");

    check_observed(&o,
                   "{\"event_type\":\"tls\",\"tls\":{\"ja3\":{\"hash\":"
                   "\"1a1a10b819f321b91b47d7dd73668406a15992db\"}}}",
                   "tls.ja3.hash sha1 1a1a10b819f321b91b47d7dd73668406a15992db\n");
    observing_end(&o);
}

TEST(user_agents_are_as_they_stand_and_file_names_without_their_paths)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    check_observed(&o,
                   "{\"_path\":\"http\",\"host\":\"a.example\",\"uri\":\"/x\",\"user_agent\":"
                   "\" Evil/1.0 (X; Y)\",\"orig_filenames\":[\"A.EXE\",\"b.doc\"],"
                   "\"resp_filenames\":[\"c\\\\D.dll\"]}",
                   "http.host domain a.example\n"
                   "http.user_agent user-agent Evil/1.0 (X; Y)\n"
                   "http.orig_filenames file-name a.exe\n"
                   "http.orig_filenames file-name b.doc\n"
                   "http.resp_filenames file-name d.dll\n"
                   "http.uri url a.example/x\n");
    check_span(o.line.observations[1].observed, " Evil/1.0 (X; Y)");
    check_observed(&o,
                   "{\"_path\":\"smb_files\",\"path\":\"\\\\\\\\dc1.corp.example\\\\sysvol\","
                   "\"name\":\"corp\\\\Policies\\\\GPT.INI\",\"prev_name\":\"old\\\\\"}",
                   "smb_files.path domain dc1.corp.example\n"
                   "smb_files.name file-name gpt.ini\n");
    observing_end(&o);
}

TEST(file_that_http_brought_is_told_without_the_escapes_of_its_path_too)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_EVE, "");

    check_observed(&o,
                   "{\"event_type\":\"fileinfo\",\"app_proto\":\"http\",\"fileinfo\":{"
                   "\"filename\":\"/a/Evil%27SQLi\"}}",
                   "fileinfo.filename file-name evil%27sqli\n"
                   "fileinfo.filename file-name evil'sqli\n");
    check_span(o.line.observations[1].observed, "/a/Evil%27SQLi");
    check_observed(&o, "{\"event_type\":\"alert\",\"files\":[{\"filename\":\"/a%20b%2Fc.exe\"}]}",
                   "files.filename file-name a%20b%2fc.exe\n"
                   "files.filename file-name c.exe\n");
    check_observed(&o, "{\"event_type\":\"fileinfo\",\"fileinfo\":{\"filename\":\"/100%.txt\"}}",
                   "fileinfo.filename file-name 100%.txt\n");
    check_observed(&o, "{\"event_type\":\"fileinfo\",\"fileinfo\":{\"filename\":\"/a%FF%00\"}}",
                   "fileinfo.filename file-name a%ff%00\n");
    check_observed(&o, "{\"event_type\":\"fileinfo\",\"fileinfo\":{\"filename\":\"a%27b\"}}",
                   "fileinfo.filename file-name a%27b\n"); /* of mail: no path */
    check_observed(&o, "{\"event_type\":\"fileinfo\",\"fileinfo\":{\"filename\":\"/%41%2\"}}",
                   "fileinfo.filename file-name %41%2\nfileinfo.filename file-name a%2\n");
    observing_end(&o);
}

TEST(as_numbers_are_read_as_numbers_and_as_text)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    check_observed(&o, "{\"_path\":\"conn\",\"orig_asn\":64500,\"resp_asn\":\"AS64501\"}",
                   "conn.orig_asn asn AS64500\n"
                   "conn.resp_asn asn AS64501\n");
    check_observed(&o, "{\"_path\":\"conn\",\"orig_asn\":0,\"resp_asn\":99999999999}", "");
    assert_int_equal(o.line.unfit, 0);
    check_observed(&o, "{\"_path\":\"conn\",\"orig_asn\":true}", "");
    assert_int_equal(o.line.unfit, 1);
    observing_end(&o);
}

TEST(both_ends_are_told_with_their_ports_where_that_is_wanted)
{
    struct observing o;
    const char *line = "{\"_path\":\"conn\",\"id.orig_h\":\"192.0.2.6\",\"id.orig_p\":54243,"
                       "\"id.resp_h\":\"2001:db8::1\",\"id.resp_p\":443,\"proto\":\"tcp\"}";
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    check_observed(&o, line,
                   "conn.id.orig_h ipv4 192.0.2.6\n"
                   "conn.id.resp_h ipv6 2001:db8::1\n");
    observing_want(&o, BIT(VALUE_IP_PORT));
    check_observed(&o, line,
                   "conn.id.orig_h ipv4 192.0.2.6\n"
                   "conn.id.resp_h ipv6 2001:db8::1\n"
                   "conn.id.orig_h ip-port 192.0.2.6:54243\n"
                   "conn.id.resp_h ip-port [2001:db8::1]:443\n");
    check_span(o.line.observations[3].observed, "2001:db8::1");
    assert_int_equal(o.line.originator_port, 54243);
    assert_int_equal(o.line.responder_port, 443);
    observing_end(&o);
}

TEST(an_end_without_a_port_is_told_without_one)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_EVE, "");
    observing_want(&o, BIT(VALUE_IP_PORT));

    check_observed(&o,
                   "{\"event_type\":\"alert\",\"src_ip\":\"192.0.2.6\",\"dest_ip\":\"192.0.2.7\","
                   "\"dest_port\":0}",
                   "src_ip ipv4 192.0.2.6\n"
                   "dest_ip ipv4 192.0.2.7\n");
    check_observed(&o,
                   "{\"event_type\":\"flow\",\"src_port\":70000,\"src_ip\":\"192.0.2.6\","
                   "\"dest_ip\":\"none\",\"dest_port\":53}",
                   "src_ip ipv4 192.0.2.6\n");
    assert_int_equal(o.line.refused, 1);
    observing_end(&o);
}

/* Zeek logs type and code of ICMP where ports stand. */
TEST(icmp_has_no_ports)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");
    observing_want(&o, BIT(VALUE_IP_PORT));

    check_observed(&o,
                   "{\"_path\":\"conn\",\"id.orig_h\":\"192.0.2.6\",\"id.orig_p\":8,\"id.resp_h\":"
                   "\"192.0.2.7\",\"id.resp_p\":3,\"proto\":\"icmp\"}",
                   "conn.id.orig_h ipv4 192.0.2.6\n"
                   "conn.id.resp_h ipv4 192.0.2.7\n");
    assert_int_equal(o.line.responder_port, 0);
    observing_end(&o);
}

TEST(ports_stand_in_columns_too)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_TSV, "");
    observing_want(&o, BIT(VALUE_IP_PORT));
    check_observed(&o, "#path\tconn", "");
    check_observed(&o, "#fields\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto", "");
    check_observed(&o, "#types\taddr\tport\taddr\tport\tenum", "");

    check_observed(&o, "192.0.2.6\t1024\t192.0.2.7\t80\ttcp",
                   "conn.id.orig_h ipv4 192.0.2.6\n"
                   "conn.id.resp_h ipv4 192.0.2.7\n"
                   "conn.id.orig_h ip-port 192.0.2.6:1024\n"
                   "conn.id.resp_h ip-port 192.0.2.7:80\n");
    observing_end(&o);
}

TEST(a_host_that_is_an_address_with_a_port_is_told_with_it)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");
    observing_want(&o, BIT(VALUE_IP_PORT));

    check_observed(&o, "{\"_path\":\"http\",\"host\":\"198.51.100.7:8080\",\"uri\":\"/x\"}",
                   "http.host ipv4 198.51.100.7\n"
                   "http.host ip-port 198.51.100.7:8080\n"
                   "http.uri url 198.51.100.7:8080/x\n");
    check_observed(&o, "{\"_path\":\"http\",\"host\":\"[2001:db8::7]:81\",\"uri\":\"/x\"}",
                   "http.host ipv6 2001:db8::7\n"
                   "http.host ip-port [2001:db8::7]:81\n"
                   "http.uri url [2001:db8::7]:81/x\n");
    observing_end(&o);
}

TEST(what_nobody_wants_is_not_told)
{
    struct observing o;
    const char *line = "{\"_path\":\"ssl\",\"ja3\":\"" MD5 "\",\"ja4\":\"" JA4
                       "\",\"server_name\":\"a.example\",\"orig_asn\":64500,\"cert_chain_fps\":"
                       "[\"b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\"]}";
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    observing_want(&o, 0);
    check_observed(&o, line,
                   "ssl.server_name domain a.example\n"
                   "ssl.cert_chain_fps sha256 "
                   "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n");
    observing_want(&o, BIT(VALUE_JA3));
    check_observed(&o, line,
                   "ssl.ja3 md5 " MD5 "\n"
                   "ssl.ja3 ja3 " MD5 "\n"
                   "ssl.server_name domain a.example\n"
                   "ssl.cert_chain_fps sha256 "
                   "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n");
    observing_want(&o, BIT(VALUE_MD5) | BIT(VALUE_ASN));
    check_observed(&o, line,
                   "ssl.ja3 md5 " MD5 "\n"
                   "ssl.server_name domain a.example\n"
                   "ssl.orig_asn asn AS64500\n"
                   "ssl.cert_chain_fps sha256 "
                   "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe\n");
    observing_end(&o);
}

TEST(the_ends_of_a_flow_go_before_those_of_its_packet)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_EVE, "");

    check_observed(&o,
                   "{\"event_type\":\"alert\",\"src_ip\":\"203.0.113.9\",\"src_port\":80,"
                   "\"dest_ip\":\"192.0.2.6\",\"dest_port\":51234,\"flow\":{\"src_ip\":"
                   "\"192.0.2.6\",\"dest_ip\":\"203.0.113.9\",\"src_port\":51234,\"dest_port\":"
                   "80}}",
                   "src_ip ipv4 203.0.113.9\n"
                   "dest_ip ipv4 192.0.2.6\n");
    check_span(o.line.originator, "192.0.2.6");
    check_span(o.line.responder, "203.0.113.9");
    assert_int_equal(o.line.originator_port, 51234);
    assert_int_equal(o.line.responder_port, 80);
    observing_end(&o);
}
