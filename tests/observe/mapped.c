// SPDX-License-Identifier: EUPL-1.2
/*
 * Mappings of one's own, on lines of JSON, CSV and text; and what of these may be kept as evidence.
 */
#include "tests/observe/mapped.h"
#include "observe/look.h"

#include "observe/redact.h"

/* ---- JSON ---- */

TEST(paths_pass_through_objects_and_arrays)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\n"
                               "time = @timestamp\n"
                               "originator = client.ip\n"
                               "originator-port = client.port\n"
                               "responder = server\n"
                               "domain = dns.question.name\n"
                               "answer = dns.answers.data\n"
                               "sensor = \"host.name\"\n");

    check_mapped(&t,
                 "{\"@timestamp\":\"2026-11-21T20:34:05Z\",\"client\":{\"ip\":\"10.0.0.5\","
                 "\"port\":53124},\"server\":\"10.0.0.1:53\",\"dns\":{\"question\":{\"name\":"
                 "\"www.example.org\"},\"answers\":[{\"data\":\"cdn.example.net\"},{\"data\":"
                 "\"198.51.100.7\"}]},\"host.name\":\"ns1\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:53124 to 10.0.0.1:53 by ns1 in mine\n"
                 "client.ip ipv4 10.0.0.5\n"
                 "server ipv4 10.0.0.1\n"
                 "dns.question.name domain www.example.org\n"
                 "dns.answers.data domain cdn.example.net\n"
                 "dns.answers.data ipv4 198.51.100.7\n"
                 "client.ip ip-port 10.0.0.5:53124\n"
                 "server ip-port 10.0.0.1:53\n");
    mapped_test_end(&t);
}

TEST(first_of_several_fields_that_is_there_is_the_end)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\noriginator = a, b, c\n");

    check_mapped(&t, "{\"b\":\"10.0.0.5\",\"c\":\"10.0.0.6\",\"a\":\"-\"}",
                 "from 10.0.0.5 in mine\nb ipv4 10.0.0.5\nc ipv4 10.0.0.6\n");
    mapped_test_end(&t);
}

TEST(values_are_chosen_by_what_stands_beside_them)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\n"
                               "user-agent = props[Name=Agent].Value\n"
                               "address = props[Name=Peer].Value\n");

    check_mapped(&t,
                 "{\"props\":[{\"Name\":\"Agent\",\"Value\":\"evil 1.0\"},{\"Name\":\"Other\","
                 "\"Value\":\"x\"},{\"Name\":\"Peer\",\"Value\":\"198.51.100.7\"},{\"Name\":null,"
                 "\"Value\":\"y\"}]}",
                 "in mine\n"
                 "props.Value user-agent evil 1.0\n"
                 "props.Value ipv4 198.51.100.7\n");
    mapped_test_end(&t);
}

TEST(outcome_is_told_by_values_and_the_worst_counts)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\n"
                               "domain = q\n"
                               "done = status: 2*\n"
                               "failed = status: 4*\n"
                               "denied = status: 403\n"
                               "denied = blocked: true\n");

    check_mapped(&t, "{\"status\":200}", "was done in mine\n");
    check_mapped(&t, "{\"status\":\"404\"}", "was failed in mine\n");
    check_mapped(&t, "{\"status\":403}", "was denied in mine\n");
    check_mapped(&t, "{\"status\":200,\"blocked\":true}", "was denied in mine\n");
    check_mapped(&t, "{\"status\":200,\"blocked\":false}", "was done in mine\n");
    check_mapped(&t, "{\"status\":500}", "in mine\n");
    mapped_test_end(&t);
}

TEST(json_in_a_field_is_read_once)
{
    struct mapped_test t;
    mapped_test_begin_with(
        &t, "format = ndjson\njson = body\ndomain = body.q\noriginator = body.who\n");

    check_mapped(&t,
                 "{\"body\":\"{\\\"q\\\":\\\"www.example.org\\\",\\\"who\\\":\\\"10.0.0.5\\\"}\"}",
                 "from 10.0.0.5 in mine\nbody.q domain www.example.org\nbody.who ipv4 10.0.0.5\n");
    check_mapped(&t,
                 "{\"body\":[\"{\\\"q\\\":\\\"a.example\\\"}\",\"{\\\"q\\\":\\\"b.example\\\"}\"]}",
                 "in mine\nbody.q domain a.example\ncut\n");
    check_mapped(&t, "{\"body\":\"no json\"}", "in mine\n1 unfit\n");
    mapped_test_end(&t);
}

TEST(json_in_a_field_that_is_none_is_looked_through_as_text)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\njson = data\noriginator = data.ip\n");

    check_mapped(&t, "{\"data\":\"{\\\"ip\\\":\\\"198.51.100.7\\\"\"}",
                 "in mine\n"
                 "data ipv4 198.51.100.7\n"
                 "1 unfit\n");
    mapped_test_end(&t);
}

TEST(rest_of_json_is_looked_through_but_what_has_a_use)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\nrest = text\noriginator = src\nsensor = host\n"
                               "answer = a.b\n");

    check_mapped(&t,
                 "{\"src\":\"10.0.0.5\",\"host\":\"evil.example.org\",\"a\":{\"b\":\"word\","
                 "\"c\":[\"see http:\\/\\/example.net\\/x\",{\"d\":\"198.51.100.7\"}]},"
                 "\"a.b\":\"198.51.100.8\",\"ja3\":\"0123456789abcdef0123456789abcdef\","
                 "\"version\":\"10.0.19041.1\",\"\":\"198.51.100.9\",\"n\":7}",
                 "from 10.0.0.5 by evil.example.org in mine\n"
                 "src ipv4 10.0.0.5\n"
                 "host domain evil.example.org\n"
                 "a.c url example.net/x\n"
                 "a.c domain example.net\n"
                 "a.c.d ipv4 198.51.100.7\n"
                 "a.b ipv4 198.51.100.8\n"
                 "ja3 md5 0123456789abcdef0123456789abcdef\n"
                 "ja3 ja3 0123456789abcdef0123456789abcdef\n"
                 "text ipv4 198.51.100.9\n");
    mapped_test_end(&t);
}

TEST(rest_of_columns_and_of_json_in_them_is_looked_through)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = csv\njson = data\nrest = text\noriginator = src\n"
                               "domain = data.name\n");

    check_mapped(&t, "src,note,data", "nothing\n");
    check_mapped(&t,
                 "10.0.0.5,mail from a@example.net,\"{\"\"name\"\":\"\"www.example.org\"\","
                 "\"\"more\"\":{\"\"to\"\":\"\"198.51.100.7\"\"}}\"",
                 "from 10.0.0.5 in mine\n"
                 "src ipv4 10.0.0.5\n"
                 "data.name domain www.example.org\n"
                 "data.more.to ipv4 198.51.100.7\n"
                 "note email a@example.net\n"
                 "note domain example.net\n");
    mapped_test_end(&t);
}

TEST(line_with_more_places_of_values_than_are_kept_says_so)
{
    struct mapped_test t;
    struct buf line;
    buf_init(&line, 65536);
    mapped_test_begin_with(&t, "format = ndjson\nrest = text\noriginator = src\n");
    for (unsigned i = 0; i < LOOK_NAME_COUNT_MAX + 1; i++) {
        buf_add_format(&line, "%s\"k%u\":\"198.51.100.7\"", i == 0 ? "{" : ",", i);
    }
    buf_add(&line, SPAN("}"));

    assert_int_equal(mapped_test_read(&t, buf_span(&line)), OBSERVE_FAULT_NONE);

    assert_true(t.line.cut);
    assert_int_equal(t.line.count, LOOK_NAME_COUNT_MAX);
    buf_done(&line);
    mapped_test_end(&t);
}

TEST(white_space_around_values_does_not_count)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\noriginator = a\ndomain = b\nuser-agent = c\n");

    check_mapped(&t, "{\"a\":\" 10.0.0.5 \",\"b\":\"\\ta.example\\n\",\"c\":\" x \"}",
                 "from 10.0.0.5 in mine\n"
                 "a ipv4 10.0.0.5\n"
                 "b domain a.example\n"
                 "c user-agent x\n");
    check_mapped(&t, "{\"a\":\" \",\"b\":\"  \"}", "in mine\n");
    mapped_test_end(&t);
}

TEST(values_that_are_none_are_counted)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\noriginator = a\nmd5 = b\ndomain = c\nurl = d\n");

    check_mapped(&t, "{\"a\":\"nobody\",\"b\":\"nothing\",\"c\":\"no name\",\"d\":17}",
                 "in mine\n1 bad\n3 unfit\n");
    check_mapped(&t, "{\"c\":\".\"}", "in mine\n"); /* the root of DNS */
    check_mapped(&t, "{\"a\":\"unknown\"}", "in mine\n");
    check_mapped(&t, "{\"a\":\"unix:\"}", "in mine\n");
    check_mapped(&t, "{\"a\":\"/var/run/socket\"}", "in mine\n");
    check_mapped(&t, "{\"a\":\"10.0.0.0/24\"}", "in mine\n1 unfit\n");
    check_mapped(&t, "{\"a\":\"\",\"b\":\"-\",\"c\":null,\"d\":\"(empty)\"}", "in mine\n");
    mapped_test_end(&t);
}

TEST(array_of_one_object_a_line_is_read)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\ndomain = q\n");

    check_mapped(&t, "[{\"q\":\"a.example\"},", "in mine\nq domain a.example\n");
    check_mapped(&t, "  {\"q\":\"b.example\"} ,", "in mine\nq domain b.example\n");
    check_mapped(&t, "{\"q\":\"c.example\"}]", "in mine\nq domain c.example\n");
    check_mapped(&t, "[", "nothing\n");
    check_mapped(&t, " ],", "nothing\n");
    check_mapped_fault(&t, "[{\"q\":\"a.example\"},{\"q\":\"b.example\"}]", OBSERVE_FAULT_SYNTAX);
    check_mapped_fault(&t, "[1,2]", OBSERVE_FAULT_SYNTAX);
    mapped_test_end(&t);
}

TEST(paths_pass_through_lists_of_objects)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\noriginator = a.b[*].c\ndomain = d[].e, f.g\n");

    check_mapped(&t,
                 "{\"a\":{\"b\":[{\"c\":\"10.0.0.5\"},{\"x\":1},{\"c\":[\"10.0.0.6\",null]}]},"
                 "\"d\":[{\"e\":\"a.example\"},[{\"e\":\"b.example\"}],7,null],\"f\":[[]]}",
                 "from 10.0.0.5 in mine\n"
                 "a.b.c ipv4 10.0.0.5\n"
                 "a.b.c ipv4 10.0.0.6\n"
                 "d.e domain a.example\n"
                 "d.e domain b.example\n");
    mapped_test_end(&t);
}

TEST(line_that_is_no_json_is_a_fault)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = ndjson\ndomain = q\n");

    check_mapped_fault(&t, "q = 1", OBSERVE_FAULT_SYNTAX);
    check_mapped_fault(&t, "{\"q\":", OBSERVE_FAULT_SYNTAX);
    check_mapped(&t, "{\"q\":\"a\xFF.example\"}", "in mine\n1 unfit\nrepaired\n");
    mapped_test_end(&t);
}

/* ---- CSV ---- */

TEST(columns_are_known_by_the_header)
{
    struct mapped_test t;
    mapped_test_begin_with(&t,
                           "format = csv\ntime = When\noriginator = Source IP\ndomain = name\n");

    check_mapped(&t, "when,Source IP,\"name\",x", "nothing\n");
    check_mapped(&t, "2026-11-21 20:34:05,10.0.0.5,\"www.example.org\",y",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5 in mine\n"
                 "Source IP ipv4 10.0.0.5\n"
                 "name domain www.example.org\n");
    check_mapped(&t, "when,Source IP,\"name\",x", "nothing\n"); /* logs put behind each other */
    check_mapped_fault(&t, "a,b,c", OBSERVE_FAULT_COLUMNS);
    check_mapped_fault(&t, "a,b,\"c,d", OBSERVE_FAULT_COLUMNS);
    mapped_test_end(&t);
}

TEST(line_of_a_type_or_separator_may_stand_above_the_header)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = csv\noriginator = ip\n");

    check_mapped(&t, "#TYPE System.Management.Automation.PSCustomObject", "nothing\n");
    check_mapped(&t, "sep=,", "nothing\n");
    check_mapped(&t, "name,ip", "nothing\n");
    check_mapped(&t, "sep=,10.0.0.5", "from 10.0.0.5 in mine\nip ipv4 10.0.0.5\n");
    mapped_test_end(&t);
}

TEST(delimiter_at_the_end_makes_no_column)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = csv\noriginator = ip\n");

    check_mapped(&t, "ip,name,", "nothing\n");
    check_mapped(&t, "10.0.0.5,x", "from 10.0.0.5 in mine\nip ipv4 10.0.0.5\n");
    check_mapped(&t, "10.0.0.5,x,,", "from 10.0.0.5 in mine\nip ipv4 10.0.0.5\n");
    check_mapped_fault(&t, "10.0.0.5", OBSERVE_FAULT_COLUMNS);
    check_mapped_fault(&t, "10.0.0.5,x,,y", OBSERVE_FAULT_COLUMNS);
    mapped_test_end(&t);
}

TEST(record_of_several_lines_is_looked_through_where_all_fields_are)
{
    const struct observe_rules rules = { .count = 0 };
    struct mapped_test t;
    struct buf evidence;
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    mapped_test_begin_with(&t, "format = csv\nrest = text\noriginator = ip\n");

    check_mapped(&t, "ip,message", "nothing\n");
    check_mapped(&t, "10.0.0.5,\"from", "in mine\ntext ipv4 10.0.0.5\n1 unfit\n");
    check_mapped(&t, "to 198.51.100.7\"", "in mine\ntext ipv4 198.51.100.7\n1 unfit\n");
    assert_true(t.line.as_prose);
    /* which of its columns these were is not known, nor what the privacy rule says of them */
    check_err(observe_redact(&t.op, t.reader, &t.line, &rules, &evidence), ERR_ABSENT);
    check_mapped(&t, "10.0.0.6,x", "from 10.0.0.6 in mine\nip ipv4 10.0.0.6\n");
    buf_done(&evidence);
    mapped_test_end(&t);
}

TEST(header_without_any_of_the_columns_reads_nothing)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = csv\noriginator = client\n");

    check_mapped(&t, "time,name", "nothing\n");
    check_mapped_fault(&t, "1,www.example.org", OBSERVE_FAULT_HEADER);
    mapped_test_end(&t);
}

TEST(columns_may_be_named_or_counted_where_there_is_no_header)
{
    struct mapped_test t;
    mapped_test_begin_with(
        &t, "format = csv\ndelimiter = semicolon\ncolumns = time, -, originator\ndomain = 4\n");

    check_mapped(&t, "1795293245;x;10.0.0.5;www.example.org;more",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5 in mine\n"
                 "originator ipv4 10.0.0.5\n"
                 "4 domain www.example.org\n");
    check_mapped(
        &t, "1795293245;x;10.0.0.5",
        "time 2026-11-21T20:34:05.000Z\nfrom 10.0.0.5 in mine\noriginator ipv4 10.0.0.5\n");
    mapped_test_end(&t);
}

TEST(w3c_fields_may_change_in_the_log)
{
    struct mapped_test t;
    mapped_test_begin_with(&t,
                           "format = csv\nheader = w3c\ndelimiter = space\ntime = date + time\n"
                           "originator = c-ip\nhttp-host = cs-host\nhttp-target = cs-uri-stem\n");

    check_mapped_fault(&t, "2026-11-21 20:34:05 10.0.0.5", OBSERVE_FAULT_HEADER);
    check_mapped(&t, "#Fields: date time c-ip cs-host cs-uri-stem", "nothing\n");
    check_mapped(&t, "2026-11-21 20:34:05 10.0.0.5 www.example.org /a",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5 in mine\n"
                 "c-ip ipv4 10.0.0.5\n"
                 "cs-host domain www.example.org\n"
                 "cs-uri-stem url www.example.org/a\n");
    check_mapped(&t, "#Fields: c-ip date time", "nothing\n");
    check_mapped(&t, "10.0.0.6 2026-11-21 20:34:06",
                 "time 2026-11-21T20:34:06.000Z\nfrom 10.0.0.6 in mine\nc-ip ipv4 10.0.0.6\n");
    mapped_test_end(&t);
}

TEST(broken_bytes_in_csv_and_text_are_replaced)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = csv\ndelimiter = tab\ncolumns = address, user-agent\n");

    check_mapped(&t,
                 "10.0.0.5\tA\xFF"
                 "b",
                 "in mine\naddress ipv4 10.0.0.5\nuser-agent user-agent A?b\nrepaired\n");
    mapped_test_end(&t);
}

/* ---- text ---- */

TEST(names_in_a_line_that_are_keys_mean_these)
{
    struct mapped_test t;
    mapped_test_begin_with(&t,
                           "format = text\n"
                           "line = %{time} %{originator} %{} %{url} \"%{user-agent...}\" %{what}\n"
                           "denied = what: stopped\n");

    check_mapped(&t, "1795293245 10.0.0.5 GET http://www.example.org/a \"evil 1.0\" stopped",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5 was denied in mine\n"
                 "originator ipv4 10.0.0.5\n"
                 "url url www.example.org/a\n"
                 "url domain www.example.org\n"
                 "user-agent user-agent evil 1.0\n");
    mapped_test_end(&t);
}

TEST(name_that_is_used_otherwise_is_not_taken_for_the_key)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = text\nline = %{url} %{x}\nfile-name = url\ndomain = x\n");

    check_mapped(&t, "/a/b.exe www.example.org",
                 "in mine\nurl file-name b.exe\nx domain www.example.org\n");
    mapped_test_end(&t);
}

TEST(name_that_tells_the_outcome_is_still_the_key)
{
    struct mapped_test t;
    mapped_test_begin_with(
        &t, "format = text\nline = %{originator} %{domain}\ndenied = domain: evil*\n");

    check_mapped(&t, "10.0.0.5 evil.example",
                 "from 10.0.0.5 was denied in mine\n"
                 "originator ipv4 10.0.0.5\n"
                 "domain domain evil.example\n");
    mapped_test_end(&t);
}

TEST(line_that_fits_no_layout_is_text_a_fault_or_nothing)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = text\nline = a %{domain}\n");
    check_mapped(&t, "b www.example.org", "in mine\ntext domain www.example.org\n");
    assert_true(t.line.as_prose);
    mapped_test_end(&t);

    mapped_test_begin_with(&t, "format = text\nline = a %{domain}\notherwise = fault\n");
    check_mapped_fault(&t, "b www.example.org", OBSERVE_FAULT_LAYOUT);
    mapped_test_end(&t);

    mapped_test_begin_with(&t, "format = text\nline = a %{domain}\notherwise = nothing\n");
    check_mapped(&t, "b www.example.org", "in mine\n");
    mapped_test_end(&t);
}

TEST(own_mapping_gets_the_lines_of_its_program)
{
    struct mapped_test t;
    mapped_test_begin_with(
        &t, "format = text\ndispatch = yes\nprogram = door*\nline = open %{originator}\n");

    check_mapped(&t, "Nov 21 20:34:05 h1 doorman[1]: open 10.0.0.5",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5 by h1 in doorman\n"
                 "originator ipv4 10.0.0.5\n");
    mapped_test_end(&t);
}

/* ---- evidence ---- */

static void check_evidence_at(struct mapped_test *t, const char *line, const char *expected, int at)
{
    const struct observe_rule list[] = {
        { SPAN("user"), OBSERVE_DROP, 0 },
        { SPAN("agent"), OBSERVE_TRUNCATE, 4 },
        { SPAN("Full_Name"), OBSERVE_DROP, 0 },
        { SPAN("note"), OBSERVE_HASH, 0 },
    };
    const struct observe_rules rules = { .rules = list, .count = sizeof list / sizeof list[0] };
    struct buf evidence;
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    assert_int_equal(mapped_test_read(t, span_of(line)), OBSERVE_FAULT_NONE);

    check_err(observe_redact(&t->op, t->reader, &t->line, &rules, &evidence), ERR_OK);

    testing_check_span(buf_span(&evidence), expected, __FILE__, at);
    buf_done(&evidence);
}

#define check_evidence(t, line, expected) check_evidence_at(t, line, expected, __LINE__)

TEST(privacy_rule_holds_for_columns_by_their_names)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = csv\noriginator = ip\n");
    check_mapped(&t, "ip,user,agent,Full Name,x", "nothing\n");

    check_evidence(&t, "10.0.0.5,john,\"Mozilla, 5\",\"John, Doe\", y",
                   "10.0.0.5,\"\",Mozi...,\"\", y");
    check_evidence(&t, "10.0.0.5, john ,x,\"\",\"a,b\"", "10.0.0.5, \"\",x,\"\",\"a,b\"");
    mapped_test_end(&t);
}

TEST(privacy_rule_holds_for_names_in_a_line_of_text)
{
    struct mapped_test t;
    mapped_test_begin_with(
        &t, "format = text\nline = %{originator} - %{user} \"%{agent...}\"%[ %{note}%]\n");

    check_evidence(&t, "10.0.0.5 - john \"Mozilla/5\"", "10.0.0.5 - - \"Mozi...\"");
    check_evidence(&t, "Nov 21 20:34:05 h1 app: 10.0.0.5 - john \"Moz\" secret",
                   "Nov 21 20:34:05 h1 app: 10.0.0.5 - - \"Moz\" "
                   "hash:1810e8d341b9e61e88895fba0b1aa2bd");
    mapped_test_end(&t);
}

TEST(privacy_rule_holds_inside_of_json_in_a_field)
{
    struct mapped_test t;
    mapped_test_begin_with(&t, "format = csv\njson = data\noriginator = data.ip\n");
    check_mapped(&t, "id,data", "nothing\n");
    check_evidence(&t, "1,\"{\"\"ip\"\":\"\"10.0.0.5\"\",\"\"user\"\":\"\"john\"\"}\"",
                   "1,\"{\"\"ip\"\":\"\"10.0.0.5\"\",\"\"user\"\":null}\"");
    mapped_test_end(&t);

    mapped_test_begin_with(&t, "format = ndjson\njson = data\noriginator = data.ip\n");
    check_evidence(
        &t, "{\"data\":\"{\\\"ip\\\":\\\"10.0.0.5\\\",\\\"user\\\":\\\"john\\\"}\",\"user\":\"x\"}",
        "{\"data\":\"{\\\"ip\\\":\\\"10.0.0.5\\\",\\\"user\\\":null}\",\"user\":null}");
    mapped_test_end(&t);
}

TEST(privacy_rule_holds_in_json_that_text_carries)
{
    struct mapped_test t;
    mapped_test_begin(&t, "text");

    check_evidence(&t, "Nov 21 20:34:05 h1 suricata: {\"event_type\":\"http\",\"user\":\"john\"}",
                   "Nov 21 20:34:05 h1 suricata: {\"event_type\":\"http\",\"user\":null}");
    check_evidence(&t, "Nov 21 20:34:05 h1 app: user john from 10.0.0.5",
                   "Nov 21 20:34:05 h1 app: user john from 10.0.0.5");
    mapped_test_end(&t);
}

TEST(rule_for_text_is_one_for_all_of_a_message)
{
    const struct observe_rule list[] = { { SPAN("text"), OBSERVE_DROP, 0 } };
    const struct observe_rules rules = { .rules = list, .count = 1 };
    struct mapped_test t;
    struct buf evidence;
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    mapped_test_begin(&t, "text");
    assert_int_equal(mapped_test_read(&t, SPAN("Nov 21 20:34:05 h1 app: john from 10.0.0.5")),
                     OBSERVE_FAULT_NONE);

    check_err(observe_redact(&t.op, t.reader, &t.line, &rules, &evidence), ERR_OK);

    check_span(buf_span(&evidence), "Nov 21 20:34:05 h1 app: -");
    buf_done(&evidence);
    mapped_test_end(&t);
}

TEST(long_line_of_text_is_cut_and_says_so)
{
    struct mapped_test t;
    struct buf line;
    struct buf evidence;
    const struct observe_rules rules = { .count = 0 };
    buf_init(&line, 65536);
    buf_init(&evidence, OBSERVE_EVIDENCE_SIZE_MAX);
    while (line.size < 10000) {
        buf_add(&line, SPAN("10.0.0.5 "));
    }
    mapped_test_begin(&t, "text");
    assert_int_equal(mapped_test_read(&t, buf_span(&line)), OBSERVE_FAULT_NONE);

    check_err(observe_redact(&t.op, t.reader, &t.line, &rules, &evidence), ERR_OK);

    assert_int_equal(evidence.size, OBSERVE_EVIDENCE_SIZE_MAX);
    assert_true(span_ends_with(buf_span(&evidence), SPAN("...[cut]")));
    buf_done(&evidence);
    buf_done(&line);
    mapped_test_end(&t);
}
