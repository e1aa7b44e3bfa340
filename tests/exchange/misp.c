// SPDX-License-Identifier: EUPL-1.2
#include <stdio.h>

#include "format/json.h"
#include "tests/exchange/lines.h"

#define check_misp(file, told)      check_lines(EXCHANGE_FORMAT_MISP, (file), (told))
#define check_misp_with(file, told) check_lines_with(EXCHANGE_FORMAT_MISP, NULL, (file), (told))

/* An event with these attributes. */
#define EVENT(attributes)                                                                          \
    "{\"Event\":{\"uuid\":\"11111111-1111-4111-8111-111111111111\",\"info\":\"A case\","           \
    "\"date\":\"2026-11-18\",\"Attribute\":[" attributes "]}}"
#define IDS(type, value) "{\"type\":\"" type "\",\"value\":\"" value "\",\"to_ids\":true}"

struct attribute {
    const char *type;
    const char *value;
};

/* An event with these attributes, all meant for detection. */
static const char *event_of(const struct attribute *rows, size_t count)
{
    static char text[4096];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%s" IDS("%s", "%s"),
                                 i == 0 ? "{\"Event\":{\"Attribute\":[" : ",", rows[i].type,
                                 rows[i].value);
    }
    (void)snprintf(text + size, sizeof text - size, "]}}");
    return text;
}

#define EVENT_OF(rows) event_of((rows), sizeof(rows) / sizeof((rows)[0]))

TEST(misp_attributes_for_detection_are_indicators)
{
    static const struct attribute rows[] = {
        { "ip-dst", "198.51.100.7" },           { "domain", "example.org" },
        { "hostname", "www.example.org" },      { "url", "http://example.org/a" },
        { "email-src", "someone@example.org" }, { "AS", "AS64500" },
        { "user-agent", "Evil/1.0" },
    };

    check_misp(EVENT_OF(rows), "1: ipv4 198.51.100.7\n"
                               "2: domain example.org and below\n"
                               "3: domain www.example.org\n"
                               "4: url http://example.org/a\n"
                               "5: email someone@example.org\n"
                               "6: asn AS64500\n"
                               "7: user-agent Evil/1.0\n");
}

TEST(misp_hostname_with_a_star_does_not_mean_the_name_itself)
{
    static const struct attribute rows[] = {
        { "hostname", "*.example.org" },
        { "hostname|port", "*.example.net|443" },
        { "hostname", "=www.example.org" },
    };

    check_misp(EVENT_OF(rows), "1: domain example.org below\n"
                               "2: domain example.net below\n"
                               "3: domain www.example.org\n");
}

TEST(misp_composite_attributes_give_what_can_be_watched_of_them)
{
    static const struct attribute rows[] = {
        { "domain|ip", "example.org|198.51.100.7" },
        { "filename|md5", "a|b.exe|f41fc1180af994f04b40a750ec1898d4" },
        { "ip-dst|port", "198.51.100.7|443" },
        { "hostname|port", "www.example.org|8443" },
        { "malware-sample", "x.zip|f41fc1180af994f04b40a750ec1898d4" },
        { "filename|sha1", "f41fc1180af994f04b40a750ec1898d4" },
    };

    check_misp(EVENT_OF(rows),
               "1: domain example.org and below\n"
               "1: ipv4 198.51.100.7\n"
               "2: md5 f41fc1180af994f04b40a750ec1898d4\n"
               "3: ip-port 198.51.100.7:443\n"
               "4: domain www.example.org\n"
               "5: md5 f41fc1180af994f04b40a750ec1898d4\n"
               "6@0! bad value \"filename|sha1: f41fc1180af994f04b40a750ec1898d4\"\n");
}

TEST(misp_fingerprints_are_told_by_type_and_by_the_objects_relation)
{
    check_misp("{\"Event\":{\"Object\":[{\"name\":\"ja3s\",\"Attribute\":["
               "{\"type\":\"ja3-fingerprint-md5\",\"object_relation\":\"ja3-fingerprint-md5\","
               "\"value\":\"f41fc1180af994f04b40a750ec1898d4\",\"to_ids\":true},"
               "{\"type\":\"ja3-fingerprint-md5\",\"object_relation\":\"ja3s-fingerprint-md5\","
               "\"value\":\"f41fc1180af994f04b40a750ec1898d4\",\"to_ids\":true},"
               "{\"type\":\"text\",\"object_relation\":\"ja4\","
               "\"value\":\"t13d1516h2_8daaf6152771_b186095e22b6\",\"to_ids\":true},"
               "{\"type\":\"x509-fingerprint-sha1\",\"object_relation\":\"x\","
               "\"value\":\"adc83b19e793491b1c6ea0fd8b46cd9f32e592fc\",\"to_ids\":true}]}]}}",
               "1: ja3 f41fc1180af994f04b40a750ec1898d4\n"
               "2: ja3s f41fc1180af994f04b40a750ec1898d4\n"
               "3: ja4 t13d1516h2_8daaf6152771_b186095e22b6\n"
               "4: cert-sha1 adc83b19e793491b1c6ea0fd8b46cd9f32e592fc\n");
}

TEST(misp_attributes_that_are_not_meant_or_deleted_are_passed_over)
{
    check_misp("{\"Event\":{\"Attribute\":["
               "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":false},"
               "{\"type\":\"domain\",\"value\":\"b.example\"},"
               "{\"type\":\"domain\",\"value\":\"c.example\",\"to_ids\":true,\"deleted\":true},"
               "{\"type\":\"domain\",\"value\":\"d.example\",\"to_ids\":\"1\",\"deleted\":\"0\"}],"
               "\"ShadowAttribute\":[{\"type\":\"domain\",\"value\":\"e.example\","
               "\"to_ids\":true}],"
               "\"Object\":[{\"name\":\"x\",\"deleted\":true,\"Attribute\":["
               "{\"type\":\"domain\",\"value\":\"f.example\",\"to_ids\":true}]}]}}",
               "4: domain d.example and below\n"
               "4 passed\n");
}

TEST(misp_types_that_nobody_can_watch_for_are_refused_with_their_name)
{
    static const struct attribute rows[] = {
        { "yara", "rule x {}" }, { "domain", "no name" },     { "url", "107.183.86" },
        { "uri", "/gate.php" },  { "domain", "example.org" },
    };
    check_misp(EVENT_OF(rows), "1@0! not watched \"yara: rule x {}\"\n"
                               "2@0! bad value \"domain: no name\"\n"
                               "3@0! bad value \"url: 107.183.86\"\n"
                               "4@0! bad value \"uri: /gate.php\"\n"
                               "5: domain example.org and below\n");
}

TEST(misp_url_that_is_a_host_is_that_host)
{
    static const struct attribute rows[] = {
        { "url", "evil.example" },
        { "url", "198.51.100.7" },
        { "url", "hxxp://evil[.]example/a" },
    };
    check_misp(EVENT_OF(rows), "1: domain evil.example\n"
                               "2: ipv4 198.51.100.7\n"
                               "3: url http://evil.example/a\n");
}

TEST(misp_label_is_the_strictest_of_attribute_and_event)
{
    check_misp("{\"Event\":{\"Tag\":[{\"name\":\"tlp:green\"},{\"name\":\"PAP:AMBER\"},"
               "{\"name\":\"misp:confidence-level=\\\"usually-confident\\\"\"}],\"Attribute\":["
               "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true},"
               "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,\"Tag\":["
               "{\"name\":\"tlp:white\"},{\"name\":\"PAP:RED\"},"
               "{\"name\":\"misp:confidence-level=\\\"rarely-confident\\\"\"}]},"
               "{\"type\":\"domain\",\"value\":\"c.example\",\"to_ids\":true,\"Tag\":["
               "{\"name\":\"tlp:red\"}]},"
               "{\"type\":\"domain\",\"value\":\"d.example\",\"to_ids\":true,\"Tag\":["
               "{\"name\":\"tlp:ex:chr\"}]}]}}",
               "1: domain a.example and below tlp=tlp:green confidence=75 pap=AMBER\n"
               "2: domain b.example and below tlp=tlp:green confidence=25 pap=RED\n"
               "3: domain c.example and below tlp=tlp:red confidence=75 pap=AMBER\n"
               "4: domain d.example and below tlp=tlp:ex:chr confidence=75 pap=AMBER\n");
}

#define TAGGED(name, tags) "{\"type\":\"domain\",\"value\":\"" name "\",\"to_ids\":true," tags "}"

TEST(misp_tags_are_read_in_every_form_and_what_cannot_be_read_is_shared_with_nobody)
{
    static const struct {
        const char *attribute;
        const char *label;
    } rows[] = {
        { TAGGED("a.example", "\"Tag\":{\"name\":\"tlp:red\"}"), "tlp:red" },
        { TAGGED("a.example", "\"Tag\":[\"tlp:red\"]"), "tlp:red" },
        { TAGGED("a.example", "\"Tag\":\"tlp:red\""), "tlp:red" },
        { TAGGED("a.example", "\"Tag\":[{\"name\":\" tlp:red \"}]"), "tlp:red" },
        { TAGGED("a.example", "\"Tag\":[]"), "tlp:clear" },
        { TAGGED("a.example", "\"Tag\":null"), "tlp:clear" },
        { TAGGED("a.example", "\"Tag\":[],\"Tag\":[]"), "unreadable pap=unreadable" },
        { TAGGED("a.example", "\"Tag\":[{\"name\":\"tlp:clear\"}],\"Tag\":[{\"name\":\"x\"}]"),
          "unreadable pap=unreadable" },
        { TAGGED("a.example", "\"Tag\":[{\"name\":\"tlp:clear\",\"name\":\"tlp:red\"}]"),
          "unreadable pap=unreadable" },
        { TAGGED("a.example", "\"Tag\":[{\"name\":5}]"), "unreadable pap=unreadable" },
        { TAGGED("a.example", "\"Tag\":[{\"name\":\"tlp:red\"},7]"), "unreadable pap=unreadable" },
        { TAGGED("a.example", "\"Tag\":7"), "unreadable pap=unreadable" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char file[512];
        char expected[128];
        (void)snprintf(file, sizeof file,
                       "{\"Event\":{\"Tag\":[{\"name\":\"tlp:clear\"}],\"Attribute\":[%s]}}",
                       rows[i].attribute);
        (void)snprintf(expected, sizeof expected, "1: domain a.example and below tlp=%s\n",
                       rows[i].label);
        check_misp(file, expected);
    }
}

TEST(misp_distribution_narrows_and_never_widens)
{
    check_misp("{\"Event\":{\"distribution\":\"3\",\"Tag\":[{\"name\":\"tlp:clear\"}],"
               "\"Attribute\":["
               "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,"
               "\"distribution\":\"5\"},"
               "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,\"distribution\":0},"
               "{\"type\":\"domain\",\"value\":\"c.example\",\"to_ids\":true,"
               "\"distribution\":\"4\"}]}}",
               "1: domain a.example and below tlp=tlp:clear\n"
               "2: domain b.example and below tlp=AMBER+STRICT\n"
               "3: domain c.example and below tlp=AMBER+STRICT\n");
    check_misp("{\"Event\":{\"distribution\":\"0\",\"Attribute\":["
               "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true},"
               "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,\"Tag\":["
               "{\"name\":\"tlp:red\"}]}]}}",
               "1: domain a.example and below tlp=AMBER+STRICT\n"
               "2: domain b.example and below tlp=tlp:red\n");
}

TEST(misp_answer_of_a_search_bears_the_labels_of_its_events_and_objects)
{
    check_misp(
        "{\"response\":{\"Attribute\":["
        "{\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,\"distribution\":\"5\","
        "\"Tag\":[{\"name\":\"tlp:clear\"}],\"Event\":{\"distribution\":\"0\"}},"
        "{\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,\"distribution\":\"5\","
        "\"Event\":{\"distribution\":\"3\"},\"Object\":{\"distribution\":\"4\"}},"
        "{\"type\":\"domain\",\"value\":\"c.example\",\"to_ids\":true,\"distribution\":\"5\","
        "\"Event\":{\"distribution\":\"3\",\"Tag\":[{\"name\":\"tlp:red\"}]}},"
        "{\"type\":\"domain\",\"value\":\"d.example\",\"to_ids\":true,\"distribution\":\"5\","
        "\"Tag\":[{\"name\":\"tlp:green\"}],\"Event\":{\"distribution\":\"3\"}}]}}",
        "1: domain a.example and below tlp=AMBER+STRICT\n"
        "2: domain b.example and below tlp=AMBER+STRICT\n"
        "3: domain c.example and below tlp=tlp:red\n"
        "4: domain d.example and below tlp=tlp:green\n");
}

TEST(misp_attribute_keeps_what_leads_back_to_it)
{
    check_misp_with("{\"Event\":{\"Object\":[{\"name\":\"file\",\"Attribute\":["
                    "{\"type\":\"sha1\",\"value\":\"adc83b19e793491b1c6ea0fd8b46cd9f32e592fc\","
                    "\"to_ids\":true,\"uuid\":\"22222222-2222-4222-8222-222222222222\","
                    "\"category\":\"Payload delivery\",\"comment\":\"the \\\"dropper\\\"\","
                    "\"first_seen\":\"2026-11-01T00:00:00.000000+00:00\","
                    "\"Tag\":[{\"name\":\"kill-chain:Delivery\"}]}]}]}}",
                    "1: sha1 adc83b19e793491b1c6ea0fd8b46cd9f32e592fc seen=2026-11-01T00:00:00.000Z"
                    " {\"uuid\":\"22222222-2222-4222-8222-222222222222\","
                    "\"category\":\"Payload delivery\",\"type\":\"sha1\",\"object\":\"file\","
                    "\"comment\":\"the \\\"dropper\\\"\",\"tags\":[\"kill-chain:Delivery\"]}\n");
}

TEST(misp_events_come_in_wrappers_lists_and_answers_of_searches)
{
    static const char *const files[] = {
        EVENT(IDS("domain", "a.example")),
        "[" EVENT(IDS("domain", "a.example")) "]",
        "{\"response\":[" EVENT(IDS("domain", "a.example")) "]}",
        "{\"response\":" EVENT(IDS("domain", "a.example")) "}",
        "{\"Attribute\":[" IDS("domain", "a.example") "],\"info\":\"x\"}",
        "{\"response\":{\"Attribute\":[" IDS("domain", "a.example") "]}}",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        check_misp(files[i], "1: domain a.example and below\n");
    }
    check_misp("{\"response\":[" EVENT(IDS("domain", "a.example")) "," EVENT("") "," EVENT(
                   IDS("domain", "b.example")) "]}",
               "1: domain a.example and below\n2: domain b.example and below\n");
    check_misp("[]", "");
}

#define OBJECT(attributes)                                                                         \
    "{\"name\":\"file\",\"distribution\":\"5\",\"Attribute\":[" attributes "]}"

TEST(misp_objects_come_in_answers_of_searches)
{
    static const char *const files[] = {
        "{\"response\":[{\"Object\":" OBJECT(IDS("domain", "a.example")) "},{\"Object\":" OBJECT(
            IDS("domain", "b.example")) "}]}",
        "{\"response\":{\"Object\":[{\"Object\":" OBJECT(
            IDS("domain", "a.example")) "},{\"Object\":" OBJECT(IDS("domain", "b.example")) "}]}}",
        "{\"response\":{\"Object\":[" OBJECT(IDS("domain", "a.example")) "," OBJECT(
            IDS("domain", "b.example")) "]}}",
        "{\"Object\":" OBJECT(IDS("domain", "a.example") "," IDS("domain", "b.example")) "}",
        "{\"response\":{\"Object\":" OBJECT(
            IDS("domain", "a.example") "," IDS("domain", "b.example")) "}}",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        check_misp(files[i], "1: domain a.example and below\n2: domain b.example and below\n");
    }
    check_misp("{\"response\":[{\"Object\":" OBJECT("") "}," EVENT("") "]}", "! format\n");
}

TEST(misp_objects_bear_the_label_of_the_event_that_is_told_beside_them)
{
    check_misp_with(
        "{\"response\":[{\"Object\":{\"distribution\":\"5\",\"name\":\"file\","
        "\"Event\":{\"uuid\":\"u\",\"distribution\":\"0\"},\"Attribute\":[" IDS(
            "domain",
            "a.example") "]}},"
                         "{\"Event\":{\"info\":\"x\",\"Tag\":[{\"name\":\"tlp:red\"}]},"
                         "\"Object\":{\"Tag\":[{\"name\":\"tlp:green\"}],\"Attribute\":[" IDS(
                             "domain",
                             "b.example") "]}},"
                                          "{\"Object\":{\"deleted\":true,\"Attribute\":[" IDS(
                                              "domain", "c.example") "]}}]}",
        "1: domain a.example and below tlp=AMBER+STRICT "
        "{\"type\":\"domain\",\"object\":\"file\",\"event\":\"u\"}\n"
        "2: domain b.example and below tlp=tlp:red "
        "{\"type\":\"domain\",\"info\":\"x\"}\n"
        "1 passed\n");
}

TEST(misp_items_say_of_which_event_they_are)
{
    static const char file[] =
        "[" EVENT(IDS("domain", "a.example")) ","
                                              "{\"Event\":{\"uuid\":\"33333333-3333-4333-8333-"
                                              "333333333333\",\"info\":\"Other\","
                                              "\"threat_level_id\":\"1\",\"Orgc\":{\"name\":"
                                              "\"CSIRT\"},\"Tag\":[{\"name\":\"tlp:red\"}],"
                                              "\"Attribute\":[" IDS("domain", "b.example") "]}}]";
    struct op op;
    struct exchange_reader *reader = NULL;
    struct exchange_item item;
    struct exchange_fault fault;
    testing_op_begin(&op);
    check_err(exchange_open(&op, EXCHANGE_FORMAT_MISP, NULL, span_of(file), &reader), ERR_OK);

    check_err(exchange_next(reader, &item, &fault), ERR_OK);
    assert_int_equal(item.group, 1);
    assert_int_equal(exchange_about(reader)->group, 1);
    check_span(exchange_about(reader)->name, "A case");

    check_err(exchange_next(reader, &item, &fault), ERR_OK);
    assert_int_equal(item.group, 2);
    assert_int_equal(exchange_about(reader)->group, 2);
    check_span(exchange_about(reader)->id, "33333333-3333-4333-8333-333333333333");
    check_span(exchange_about(reader)->tlp, "tlp:red");
    check_span(exchange_about(reader)->context,
               "{\"uuid\":\"33333333-3333-4333-8333-333333333333\",\"info\":\"Other\","
               "\"creator\":\"CSIRT\",\"threat_level\":\"high\",\"tags\":[\"tlp:red\"]}");
    check_err(exchange_next(reader, &item, &fault), ERR_ABSENT);
    exchange_close(reader);
    op_end(&op);
}

TEST(misp_context_is_cut_where_it_is_too_long)
{
    static char file[64 * 1024];
    struct op op;
    struct exchange_reader *reader = NULL;
    struct exchange_item item;
    struct exchange_fault fault;
    struct json_value context;
    struct buf text;
    buf_init(&text, sizeof file);
    buf_add(&text, SPAN("{\"Event\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"a.example\","
                        "\"to_ids\":true,\"comment\":\""));
    for (int i = 0; i < 2000; i++) {
        buf_add(&text, SPAN("\xC3\xA9"));
    }
    buf_add(&text, SPAN("\",\"Tag\":["));
    for (int i = 0; i < 200; i++) {
        buf_add_format(&text, "%s{\"name\":\"a tag of some length, number %d\"}", i == 0 ? "" : ",",
                       i);
    }
    buf_add(&text, SPAN("]}]}}"));
    testing_op_begin(&op);

    check_err(exchange_open(&op, EXCHANGE_FORMAT_MISP, NULL, buf_span(&text), &reader), ERR_OK);
    check_err(exchange_next(reader, &item, &fault), ERR_OK);

    assert_true(item.context.size <= EXCHANGE_CONTEXT_SIZE_MAX);
    check_err(json_parse(&op, item.context, &context), ERR_OK);
    assert_int_equal(json_string(json_member(context, SPAN("comment"))).size, 1024);
    struct json_walk tags = json_walk_begin(json_member(context, SPAN("tags")));
    assert_true(json_walk_next(&tags));
    check_span(json_string(tags.value), "a tag of some length, number 0");
    exchange_close(reader);
    buf_done(&text);
    op_end(&op);
}

TEST(misp_documents_that_hold_no_events_are_refused)
{
    check_misp("{}", "! format\n");
    check_misp("{\"11111111-1111-4111-8111-111111111111\":{\"info\":\"x\",\"Orgc\":{}}}",
               "! format\n");
    check_misp("[{\"a\":1}]", "! format\n");
    check_misp("{\"Event\":", "! format\n");
    check_misp("5", "! format\n");
}
