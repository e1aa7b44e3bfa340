// SPDX-License-Identifier: EUPL-1.2
#include "observe/redact.h"

#include "base/text.h"
#include "tests/observe/observing.h"

enum { RULE_COUNT = 5 };

static struct observe_rule rule_list[RULE_COUNT];

static struct observe_rules rules(void)
{
    rule_list[0] = (struct observe_rule){ SPAN("http.user_agent"), OBSERVE_TRUNCATE, 4 };
    rule_list[1] = (struct observe_rule){ SPAN("password"), OBSERVE_DROP, 0 };
    rule_list[2] = (struct observe_rule){ SPAN("id.orig_h"), OBSERVE_HASH, 0 };
    rule_list[3] = (struct observe_rule){ SPAN("smtp.to"), OBSERVE_HASH, 0 };
    rule_list[4] = (struct observe_rule){ SPAN("email"), OBSERVE_DROP, 0 };
    struct observe_rules rules = { .rules = rule_list, .count = RULE_COUNT };
    memset(rules.secret, 0x0B, sizeof rules.secret);
    return rules;
}

static void check_redacted(struct observing *o, const char *line, const char *expected)
{
    struct buf evidence;
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    assert_int_equal(observing_read(o, span_of(line)), OBSERVE_FAULT_NONE);
    const struct observe_rules the_rules = rules();

    check_err(observe_redact(&o->op, o->reader, &o->line, &the_rules, &evidence), ERR_OK);

    check_span(buf_span(&evidence), expected);
    buf_done(&evidence);
}

TEST(what_no_rule_names_is_kept_byte_for_byte)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");
    const char *line = "{ \"_path\":\"conn\", \"ts\":1588205199.824370 ,\"x\":[1e5,{\"y\":\"\\u0041"
                       "\\\"\"},[]],\"z\":{},\"t\":true,\"n\":null}";

    check_redacted(&o, line, line);
    observing_end(&o);
}

TEST(json_values_are_shortened_hashed_and_dropped)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    check_redacted(&o,
                   "{\"_path\":\"http\",\"user_agent\":\"Mozilla/5.0\",\"password\":\"p\\\"w\"}",
                   "{\"_path\":\"http\",\"user_agent\":\"Mozi...\",\"password\":null}");
    check_redacted(&o, "{\"_path\":\"http\",\"user_agent\":\"ab\xC3\xA9\xC3\xA9\"}",
                   "{\"_path\":\"http\",\"user_agent\":\"ab\xC3\xA9...\"}");
    check_redacted(&o, "{\"_path\":\"http\",\"user_agent\":\"a\\\"b\"}",
                   "{\"_path\":\"http\",\"user_agent\":\"a\\\"b\"}");
    check_redacted(&o, "{\"_path\":\"http\",\"user_agent\":123456}",
                   "{\"_path\":\"http\",\"user_agent\":\"1234...\"}");
    check_redacted(&o, "{\"_path\":\"dns\",\"user_agent\":\"Mozilla/5.0\"}",
                   "{\"_path\":\"dns\",\"user_agent\":\"Mozilla/5.0\"}");
    observing_end(&o);
}

TEST(a_rule_is_not_dodged_by_another_writing_of_the_name)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    check_redacted(&o, "{\"_path\":\"ftp\",\"pass\\u0077ord\":\"secret\"}",
                   "{\"_path\":\"ftp\",\"pass\\u0077ord\":null}");
    check_redacted(&o, "{\"_path\":\"ftp\",\"a\":[{\"password\":[\"s\",{\"b\":1}]}]}",
                   "{\"_path\":\"ftp\",\"a\":[{\"password\":[null,{\"b\":null}]}]}");
    observing_end(&o);
}

TEST(a_hash_is_the_same_for_the_same_value_in_every_writing)
{
    /* HMAC-SHA-256 with 32 bytes 0x0B over "192.0.2.1", from an independent program. */
    const char *hash = "hash:16e3b86dce5cdd72d147132c38e1dd06";
    struct observing o;
    struct buf expected;
    buf_init(&expected, OBSERVE_EVIDENCE_SIZE_MAX);
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");

    buf_add_format(&expected, "{\"_path\":\"conn\",\"id.orig_h\":\"%s\"}%c", hash, 0);
    check_redacted(&o, "{\"_path\":\"conn\",\"id.orig_h\":\"192.0.2.1\"}",
                   (const char *)expected.data);
    buf_clear(&expected);
    buf_add_format(&expected, "{\"_path\":\"conn\",\"id_orig_h\":\"%s\"}%c", hash, 0);
    check_redacted(&o, "{\"_path\":\"conn\",\"id_orig_h\":\"192.0.2.\\u0031\"}",
                   (const char *)expected.data);
    buf_clear(&expected);
    buf_add_format(&expected, "{\"_path\":\"conn\",\"id\":{\"orig_h\":\"%s\"}}%c", hash, 0);
    check_redacted(&o, "{\"_path\":\"conn\",\"id\":{\"orig_h\":\"192.0.2.1\"}}",
                   (const char *)expected.data);
    observing_end(&o);

    observing_begin(&o, OBSERVE_FORMAT_ZEEK_TSV, "");
    check_observed(&o, "#path\tconn", "");
    check_observed(&o, "#fields\tid.orig_h\tx", "");
    buf_clear(&expected);
    buf_add_format(&expected, "%s\ty%c", hash, 0);
    check_redacted(&o, "192.0.2.\\x31\ty", (const char *)expected.data);
    observing_end(&o);
    buf_done(&expected);
}

TEST(suricata_events_are_treated_by_their_paths)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_EVE, "");

    check_redacted(
        &o,
        "{\"event_type\":\"smtp\",\"email\":{\"from\":\"a@b.example\",\"to\":[\"c\",\"d\"]},"
        "\"http\":{\"user_agent\":\"Mozilla\"}}",
        "{\"event_type\":\"smtp\",\"email\":{\"from\":null,\"to\":[null,null]},"
        "\"http\":{\"user_agent\":\"Mozi...\"}}");
    observing_end(&o);
}

TEST(tsv_columns_are_treated_by_their_names)
{
    struct observing o;
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_TSV, "");
    check_observed(&o, "#path\tsmtp", "");
    check_observed(&o, "#fields\tts\tpassword\tto\tsubject", "");
    check_observed(&o, "#types\ttime\tstring\tset[string]\tstring", "");

    check_redacted(&o, "1.5\tsecret\t-\ta,b\\x09", "1.5\t-\t-\ta,b\\x09");
    check_redacted(
        &o, "1.5\t-\tc,192.0.2.1\tx",
        "1.5\t-\thash:faf8cae024b4e7eb0b34b99837d9d2b0,hash:16e3b86dce5cdd72d147132c38e1dd06\tx");
    check_redacted(&o, "1.5\t-\t(empty)\t-", "1.5\t-\t(empty)\t-");
    observing_end(&o);
}

/* One event in both of Zeek's writings, under one rule. */
struct both {
    const char *field; /* the rule */
    enum observe_treatment treatment;
    uint32_t keep_size;
    const char *json; /* what is kept of it in JSON */
    const char *tsv;
};

static void check_kept(enum observe_format format, const struct observe_rules *the_rules,
                       const char *line, const char *expected)
{
    struct observing o;
    struct buf evidence;
    observing_begin(&o, format, "");
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    if (format == OBSERVE_FORMAT_ZEEK_TSV) {
        check_observed(&o, "#path\thttp", "");
        check_observed(&o, "#fields\tuid\tid.orig_h\tusername\ttags\tinfo.user.name", "");
        check_observed(&o, "#types\tstring\taddr\tstring\tset[string]\tstring", "");
    }
    assert_int_equal(observing_read(&o, span_of(line)), OBSERVE_FAULT_NONE);

    check_err(observe_redact(&o.op, o.reader, &o.line, the_rules, &evidence), ERR_OK);

    check_span(buf_span(&evidence), expected);
    buf_done(&evidence);
    observing_end(&o);
}

#define HASH_ADDRESS "hash:16e3b86dce5cdd72d147132c38e1dd06" /* of "192.0.2.1", as above */
#define JSON_OF(address, user, tags, name)                                                         \
    "{\"_path\":\"http\",\"uid\":\"C1\",\"id.orig_h\":" address ",\"username\":" user              \
    ",\"tags\":[" tags "],\"info.user.name\":" name "}"

TEST(json_and_tsv_of_one_event_keep_the_same)
{
    static const char json[] = JSON_OF("\"192.0.2.1\"", "\"ann e\"", "\"x,y\",\"z\"", "\"Ann\"");
    static const char tsv[] = "C1\t192.0.2.1\tann e\tx\\x2cy,z\tAnn";
    static const struct both table[] = {
        { "cookie", OBSERVE_DROP, 0, json, tsv },
        { "username", OBSERVE_DROP, 0, JSON_OF("\"192.0.2.1\"", "null", "\"x,y\",\"z\"", "\"Ann\""),
          "C1\t192.0.2.1\t-\tx\\x2cy,z\tAnn" },
        { "http.username", OBSERVE_TRUNCATE, 3,
          JSON_OF("\"192.0.2.1\"", "\"ann...\"", "\"x,y\",\"z\"", "\"Ann\""),
          "C1\t192.0.2.1\tann...\tx\\x2cy,z\tAnn" },
        { "ftp.username", OBSERVE_DROP, 0, json, tsv },
        { "tags", OBSERVE_DROP, 0, JSON_OF("\"192.0.2.1\"", "\"ann e\"", "null,null", "\"Ann\""),
          "C1\t192.0.2.1\tann e\t-,-\tAnn" },
        { "orig_h", OBSERVE_HASH, 0,
          JSON_OF("\"" HASH_ADDRESS "\"", "\"ann e\"", "\"x,y\",\"z\"", "\"Ann\""),
          "C1\t" HASH_ADDRESS "\tann e\tx\\x2cy,z\tAnn" },
        /* what lies in "id" and in "user" falls under their rules, in this writing too */
        { "id", OBSERVE_HASH, 0,
          JSON_OF("\"" HASH_ADDRESS "\"", "\"ann e\"", "\"x,y\",\"z\"", "\"Ann\""),
          "C1\t" HASH_ADDRESS "\tann e\tx\\x2cy,z\tAnn" },
        { "user", OBSERVE_DROP, 0, JSON_OF("\"192.0.2.1\"", "\"ann e\"", "\"x,y\",\"z\"", "null"),
          "C1\t192.0.2.1\tann e\tx\\x2cy,z\t-" },
        { "http.info", OBSERVE_DROP, 0,
          JSON_OF("\"192.0.2.1\"", "\"ann e\"", "\"x,y\",\"z\"", "null"),
          "C1\t192.0.2.1\tann e\tx\\x2cy,z\t-" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct observe_rule rule = { span_of(table[i].field), table[i].treatment,
                                           table[i].keep_size };
        struct observe_rules the_rules = { .rules = &rule, .count = 1 };
        memset(the_rules.secret, 0x0B, sizeof the_rules.secret);

        check_kept(OBSERVE_FORMAT_ZEEK_JSON, &the_rules, json, table[i].json);
        check_kept(OBSERVE_FORMAT_ZEEK_TSV, &the_rules, tsv, table[i].tsv);
    }
}

/* What the rules of a fresh node drop. */
static void check_dropped(const char *line, const char *expected)
{
    const struct observe_rule rules_of_init[] = { { SPAN("password"), OBSERVE_DROP, 0 },
                                                  { SPAN("cookie"), OBSERVE_DROP, 0 },
                                                  { SPAN("authorization"), OBSERVE_DROP, 0 } };
    const struct observe_rules the_rules = { .rules = rules_of_init, .count = 3 };

    check_kept(OBSERVE_FORMAT_EVE, &the_rules, line, expected);
}

#define HEADERS(side, list) "{\"event_type\":\"http\",\"http\":{\"" side "\":[" list "]}}"

TEST(what_a_header_is_called_is_judged_where_name_and_value_stand_apart)
{
    check_dropped(HEADERS("request_headers",
                          "{\"name\":\"Host\",\"value\":\"a\"},{\"name\":\"Cookie\",\"value\":"
                          "\"id=1\"},{\"name\":\"Proxy-Authorization\",\"value\":\"Basic eA==\"}"),
                  HEADERS("request_headers",
                          "{\"name\":\"Host\",\"value\":\"a\"},{\"name\":\"Cookie\",\"value\":"
                          "null},{\"name\":\"Proxy-Authorization\",\"value\":null}"));
    check_dropped(HEADERS("response_headers",
                          "{\"name\":\"set-c\\u006fokie\",\"value\":\"id=1\"},{\"value\":\"x\"}"),
                  HEADERS("response_headers",
                          "{\"name\":\"set-c\\u006fokie\",\"value\":null},{\"value\":\"x\"}"));
}

TEST(name_of_a_value_may_stand_behind_it)
{
    check_dropped(HEADERS("request_headers",
                          "{\"value\":\"SECRET\",\"name\":\"cookie\"},{\"x\":[{\"a\":[1]}],"
                          "\"value\":[{\"b\":\"}\"},\"c\"],\"y\":{},\"Name\":\"Set-Cookie\"}"),
                  HEADERS("request_headers",
                          "{\"value\":null,\"name\":\"cookie\"},{\"x\":[{\"a\":[1]}],"
                          "\"value\":[{\"b\":null},null],\"y\":{},\"Name\":\"Set-Cookie\"}"));
    check_dropped("{\"event_type\":\"ftp\",\"ftp\":{\"command_data\":\"s\",\"command\":\"PASS\"}}",
                  "{\"event_type\":\"ftp\",\"ftp\":{\"command_data\":null,\"command\":\"PASS\"}}");
    check_dropped(
        HEADERS("request_headers", "{\"value\":\"a\",\"name\":\"Host\"},{\"value\":\"b\",\"n\":1}"),
        HEADERS("request_headers",
                "{\"value\":\"a\",\"name\":\"Host\"},{\"value\":\"b\",\"n\":1}"));
}

TEST(rule_holds_for_a_name_in_any_case)
{
    check_dropped("{\"event_type\":\"http\",\"http\":{\"Password\":\"s\",\"COOKIE\":{\"a\":\"s\"},"
                  "\"passwords\":\"n\"}}",
                  "{\"event_type\":\"http\",\"http\":{\"Password\":null,\"COOKIE\":{\"a\":null},"
                  "\"passwords\":\"n\"}}");
}

TEST(the_argument_of_a_command_that_tells_a_password_is_one)
{
    check_dropped("{\"event_type\":\"ftp\",\"ftp\":{\"command\":\"PASS\",\"command_data\":\"s\"}}",
                  "{\"event_type\":\"ftp\",\"ftp\":{\"command\":\"PASS\",\"command_data\":null}}");
    check_dropped("{\"event_type\":\"pop3\",\"pop3\":{\"request\":{\"command\":\"pass\",\"args\":"
                  "[\"s\",\"t\"]}}}",
                  "{\"event_type\":\"pop3\",\"pop3\":{\"request\":{\"command\":\"pass\",\"args\":"
                  "[null,null]}}}");
    check_dropped("{\"event_type\":\"ftp\",\"ftp\":{\"command\":\"USER\",\"command_data\":\"s\"}}",
                  "{\"event_type\":\"ftp\",\"ftp\":{\"command\":\"USER\",\"command_data\":\"s\"}}");
}

TEST(fields_that_no_table_knows_fall_under_rules_by_the_names_that_hits_show)
{
    const struct observe_rule rule = { SPAN("brand_new.deep.peer"), OBSERVE_DROP, 0 };
    const struct observe_rules the_rules = { .rules = &rule, .count = 1 };

    check_kept(OBSERVE_FORMAT_ZEEK_JSON, &the_rules,
               "{\"_path\":\"brand_new\",\"deep\":{\"peer\":[\"192.0.2.1\"]}}",
               "{\"_path\":\"brand_new\",\"deep\":{\"peer\":[null]}}");
}

TEST(a_rule_for_a_member_goes_before_that_for_what_it_lies_in)
{
    const struct observe_rule list[] = { { SPAN("id"), OBSERVE_DROP, 0 },
                                         { SPAN("id.orig_h"), OBSERVE_KEEP, 0 } };
    const struct observe_rules the_rules = { .rules = list, .count = 2 };

    check_kept(OBSERVE_FORMAT_ZEEK_JSON, &the_rules,
               "{\"_path\":\"http\",\"id\":{\"orig_h\":\"192.0.2.1\",\"orig_p\":1}}",
               "{\"_path\":\"http\",\"id\":{\"orig_h\":\"192.0.2.1\",\"orig_p\":null}}");
    check_kept(OBSERVE_FORMAT_ZEEK_JSON, &the_rules,
               "{\"_path\":\"http\",\"id.orig_h\":\"192.0.2.1\",\"id.orig_p\":1}",
               "{\"_path\":\"http\",\"id.orig_h\":\"192.0.2.1\",\"id.orig_p\":null}");
    check_kept(OBSERVE_FORMAT_ZEEK_TSV, &the_rules, "C1\t192.0.2.1\t-\t-\t-",
               "C1\t192.0.2.1\t-\t-\t-");
}

TEST(a_long_line_is_cut_between_characters_and_says_so)
{
    struct observing o;
    struct buf line;
    struct buf evidence;
    buf_init(&line, RECORD_LINE_SIZE_MAX);
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    observing_begin(&o, OBSERVE_FORMAT_EVE, "");
    buf_add(&line, SPAN("{\"event_type\":\"dns\",\"x\":\""));
    for (int i = 0; i < 5000; i++) {
        buf_add(&line, SPAN("\xE2\x82\xAC"));
    }
    buf_add(&line, SPAN("\",\"password\":\"secret\"}"));
    assert_int_equal(observing_read(&o, buf_span(&line)), OBSERVE_FAULT_NONE);
    const struct observe_rules the_rules = rules();

    check_err(observe_redact(&o.op, o.reader, &o.line, &the_rules, &evidence), ERR_OK);

    assert_true(evidence.size <= OBSERVE_EVIDENCE_SIZE_MAX);
    assert_true(evidence.size > OBSERVE_EVIDENCE_SIZE_MAX - 4);
    assert_true(span_ends_with(buf_span(&evidence), SPAN("...[cut]")));
    assert_int_equal(text_valid_size(buf_span(&evidence)), evidence.size);
    buf_done(&line);
    buf_done(&evidence);
    observing_end(&o);
}

TEST(a_line_that_was_no_event_gives_no_evidence)
{
    struct observing o;
    struct buf evidence;
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");
    const struct observe_rules the_rules = rules();

    check_fault(&o, SPAN("{\"password\":\"x\""), OBSERVE_FAULT_SYNTAX);

    check_err(observe_redact(&o.op, o.reader, &o.line, &the_rules, &evidence), ERR_ABSENT);
    assert_int_equal(evidence.size, 0);
    buf_done(&evidence);
    observing_end(&o);
}

TEST(a_name_too_long_to_be_judged_gives_no_evidence)
{
    struct observing o;
    struct buf line;
    struct buf evidence;
    buf_init(&line, RECORD_LINE_SIZE_MAX);
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    observing_begin(&o, OBSERVE_FORMAT_ZEEK_JSON, "");
    buf_add(&line, SPAN("{\"_path\":\"ftp\",\""));
    for (int i = 0; i < 2000; i++) {
        buf_add(&line, SPAN("k"));
    }
    buf_add(&line, SPAN("\":{\"password\":\"secret\"}}"));
    assert_int_equal(observing_read(&o, buf_span(&line)), OBSERVE_FAULT_NONE);
    const struct observe_rules the_rules = rules();

    check_err(observe_redact(&o.op, o.reader, &o.line, &the_rules, &evidence), ERR_LIMIT);

    assert_int_equal(evidence.size, 0);
    buf_done(&line);
    buf_done(&evidence);
    observing_end(&o);
}
