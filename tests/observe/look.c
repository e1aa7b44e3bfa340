// SPDX-License-Identifier: EUPL-1.2
/* Streams that no table knows. */
#include "tests/observe/observing.h"

static void begin(struct observing *o)
{
    observing_begin(o, OBSERVE_FORMAT_ZEEK_JSON, "");
}

TEST(addresses_and_urls_of_an_unknown_stream_are_known_by_themselves)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"brand_new\",\"id.orig_h\":\"192.0.2.3\",\"peer\":\"192.0.2.4:99\","
                   "\"deep\":{\"list\":[\"2001:db8::1\",7,null,\"word\",{\"x\":"
                   "\"https://a.example/p\"}]}}",
                   "brand_new.id.orig_h ipv4 192.0.2.3\n"
                   "brand_new.peer ipv4 192.0.2.4\n"
                   "brand_new.deep.list ipv6 2001:db8::1\n"
                   "brand_new.deep.list.x url a.example/p\n"
                   "brand_new.deep.list.x domain a.example\n");
    observing_end(&o);
}

TEST(names_digests_and_mail_addresses_need_a_name_that_promises_them)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"brand_new\",\"query\":\"a.example\",\"text\":\"b.example\","
                   "\"ServerName\":\"C.example\",\"file_md5\":\"cc85d7649546d3c0b1607f761b73fec2\","
                   "\"serial\":\"cc85d7649546d3c0b1607f761b73fec2\",\"mail_from\":"
                   "\"D <d@e.example>\",\"alg\":\"hmac-sha2@openssh.com\"}",
                   "brand_new.query domain a.example\n"
                   "brand_new.ServerName domain c.example\n"
                   "brand_new.file_md5 md5 cc85d7649546d3c0b1607f761b73fec2\n"
                   "brand_new.mail_from email d@e.example\n"
                   "brand_new.mail_from domain e.example\n");
    assert_int_equal(o.line.unfit, 0);
    assert_int_equal(o.line.refused, 0);
    check_observed(
        &o,
        "{\"_path\":\"brand_new\",\"user_agent\":\"curl/8\",\"filename\":\"C:\\\\A.EXE\","
        "\"ja3\":\"cc85d7649546d3c0b1607f761b73fec2\",\"src_asn\":\"AS64500\"}",
        "brand_new.user_agent user-agent curl/8\n"
        "brand_new.filename file-name a.exe\n"
        "brand_new.ja3 md5 cc85d7649546d3c0b1607f761b73fec2\n"
        "brand_new.ja3 ja3 cc85d7649546d3c0b1607f761b73fec2\n"
        "brand_new.src_asn asn AS64500\n");
    observing_end(&o);
}

TEST(what_is_no_name_is_none_whatever_the_field_is_called)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"brand_new\",\"host\":\"localhost\",\"domain\":\"1.5\",\"query\":"
                   "\"SELECT a.b FROM c.d\",\"hostname\":\"a b.example\",\"fqdn\":\".example\"}",
                   "");
    observing_end(&o);
}

TEST(numbers_of_versions_are_no_addresses)
{
    struct observing o;
    begin(&o);

    check_observed(&o,
                   "{\"_path\":\"brand_new\",\"version\":\"1.2.3.4\",\"attr_oid\":\"2.5.4.3\","
                   "\"password\":\"198.51.100.7\"}",
                   "");
    observing_end(&o);
}

/* What the field "indicator_type" says is not needed to know it. */
TEST(what_zeeks_own_intelligence_met_is_known_by_its_look)
{
    static const char *const cases[][2] = {
        { "198.51.100.7", "intel.seen.indicator ipv4 198.51.100.7\n" },
        { "198.51.100.7/32", "intel.seen.indicator ipv4 198.51.100.7\n" },
        { "evil.example", "intel.seen.indicator domain evil.example\n" },
        { "a@evil.example", "intel.seen.indicator email a@evil.example\n"
                            "intel.seen.indicator domain evil.example\n" },
        { "cc85d7649546d3c0b1607f761b73fec2",
          "intel.seen.indicator md5 cc85d7649546d3c0b1607f761b73fec2\n" },
        { "some words", "" },
    };
    struct observing o;
    struct buf line;
    begin(&o);
    buf_init(&line, RECORD_LINE_SIZE_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&line);
        buf_add_format(&line, "{\"_path\":\"intel\",\"seen.indicator\":\"%s\"}", cases[i][0]);
        assert_int_equal(observing_read(&o, buf_span(&line)), OBSERVE_FAULT_NONE);
        check_span(buf_span(&o.text), cases[i][1]);
    }
    buf_done(&line);
    observing_end(&o);
}

TEST(a_line_without_a_stream_is_looked_at)
{
    struct observing o;
    begin(&o);

    check_observed(&o, "{\"query\":\"a.example\",\"ts\":1.5}", "query domain a.example\n");
    observing_end(&o);
}

TEST(a_stream_without_rows_that_is_known_is_not_looked_at)
{
    struct observing o;
    begin(&o);

    check_observed(&o, "{\"_path\":\"weird\",\"addl\":\"198.51.100.7\"}", "");
    check_observed(&o,
                   "{\"_path\":\"modbus_detailed\",\"id.orig_h\":\"192.0.2.1\",\"source_h\":"
                   "\"192.0.2.1\"}",
                   "modbus_detailed.id.orig_h ipv4 192.0.2.1\n");
    observing_end(&o);
}

TEST(columns_of_an_unknown_stream_are_told_by_their_types)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_TSV, "");
    check_observed(&o, "#path\tbrand_new", "");
    check_observed(&o, "#fields\tts\tuid\tid.orig_h\twho\tseen\tnet\tcount\tquery\tnote", "");
    check_observed(&o, "#types\ttime\tstring\taddr\taddr\tset[addr]\tsubnet\tcount\tstring\tenum",
                   "");

    check_observed(&o,
                   "1.0\tC1\t192.0.2.1\t192.0.2.2\t192.0.2.3,2001:db8::3\t198.51.100.0/24\t5\t"
                   "a\\x2eexample\t198.51.100.9",
                   "brand_new.id.orig_h ipv4 192.0.2.1\n"
                   "brand_new.who ipv4 192.0.2.2\n"
                   "brand_new.seen ipv4 192.0.2.3\n"
                   "brand_new.seen ipv6 2001:db8::3\n"
                   "brand_new.query domain a.example\n");
    check_observed(&o, "1.0\tC1\t-\t-\t(empty)\t-\t-\t-\t-", "");
    observing_end(&o);
}

TEST(columns_without_types_are_told_by_their_look)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_TSV, "");
    check_observed(&o, "#fields\twho\twhat\thost", "");

    check_observed(&o, "192.0.2.2\thttp://a.example/\tb.example",
                   "who ipv4 192.0.2.2\n"
                   "what url a.example/\n"
                   "what domain a.example\n"
                   "host domain b.example\n");
    observing_end(&o);
}

TEST(more_fields_than_can_be_named_are_cut)
{
    struct observing o;
    struct buf line;
    begin(&o);
    buf_init(&line, RECORD_LINE_SIZE_MAX);
    buf_add(&line, SPAN("{\"_path\":\"brand_new\""));
    for (unsigned i = 0; i < 300; i++) {
        buf_add_format(&line, ",\"f%u\":\"192.0.2.1\"", i);
    }
    buf_add(&line, SPAN("}"));

    assert_int_equal(observing_read(&o, buf_span(&line)), OBSERVE_FAULT_NONE);

    assert_true(o.line.cut);
    assert_int_equal(o.line.count, 256);
    buf_done(&line);
    observing_end(&o);
}
