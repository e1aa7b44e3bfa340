// SPDX-License-Identifier: EUPL-1.2
#include "fuzz/output_reading.h"
#include "output/output.h"
#include "store/hit_id.h"
#include "tests/testing.h"

#define MOMENT_US INT64_C(1795293245000001) /* 2026-11-21T20:34:05.000001Z */
#define INDICATOR "indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"
#define IDENTITY  "identity--11111111-1111-4111-8111-111111111111"
#define EVENT_ID  "01020304-0506-0708-090a-0b0c0d0e0f10"

static const struct output_node node = {
    .identity = { (const uint8_t *)IDENTITY, sizeof IDENTITY - 1 },
    .world = { (const uint8_t *)"real", 4 },
    .host = { (const uint8_t *)"node-1", 6 },
    .facility = OUTPUT_FACILITY_DEFAULT,
};

/* One event of each test, with what it points to. */
struct told {
    struct fold fold;
    struct store_notice notice;
    struct store_event event;
    struct buf text;
};

static void told_begin(struct told *told)
{
    *told = (struct told){
        .event = {
            .at = { .entry = 12, .part = 0 },
            .id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
            .time_us = MOMENT_US,
        },
    };
    buf_init(&told->text, OUTPUT_SIZE_MAX);
}

static void told_hit(struct told *told)
{
    told_begin(told);
    told->fold = (struct fold){
        .indicator = SPAN(INDICATOR),
        .inside = SPAN("10.0.0.5"),
        .start_us = time_floor(MOMENT_US, FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US),
        .length_us = FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US,
        .value = SPAN("evil.example"),
        .source = SPAN("National CSIRT"),
        .kind = VALUE_DOMAIN,
        .tlp = POLICY_TLP_GREEN,
        .sensor = SPAN("border-1"),
        .field = SPAN("dns.query"),
        .first_us = MOMENT_US,
        .last_us = MOMENT_US,
        .count = 1,
        .confidence = RANK_CONFIDENCE_UNKNOWN,
        .best = { .kind = VALUE_DOMAIN, .direction = RANK_OUTBOUND, .outcome = RANK_DENIED },
    };
    fold_values_add(&told->fold.observed, SPAN("www.evil.example"));
    fold_values_add(&told->fold.outside, SPAN("198.51.100.7"));
    told->event.type = STORE_EVENT_OPENED;
    told->event.tlp = POLICY_TLP_GREEN;
    told->event.fold = &told->fold;
}

static void told_notice(struct told *told, struct span type)
{
    told_begin(told);
    told->notice = (struct store_notice){
        .type = type,
        .subject = SPAN("border"),
        .text = SPAN("nothing came for 10 minutes"),
        .time_us = MOMENT_US,
        .tlp = POLICY_TLP_CLEAR,
        .stays = true,
    };
    told->event.type = STORE_EVENT_NOTICE;
    told->event.notice = &told->notice;
}

static struct span as(struct told *told, enum output_format format)
{
    buf_clear(&told->text);
    output_add(&told->text, format, &node, &told->event);
    assert_int_equal(told->text.err, ERR_OK);
    return buf_span(&told->text);
}

/* Syslog's severity of each level, and Suricata's. */
static const struct {
    int syslog;
    int eve;
} severities[RANK_LEVEL_COUNT] = {
    [RANK_SILENT] = { 6, 3 }, [RANK_LOW] = { 5, 3 },      [RANK_MEDIUM] = { 4, 2 },
    [RANK_HIGH] = { 3, 1 },   [RANK_CRITICAL] = { 2, 1 },
};

static void add_token(struct buf *buf, const struct told *told, struct span token)
{
    const unsigned rank = fold_rank(&told->fold);
    const enum rank_level level = rank_level_of(rank);
    char id[HIT_ID_SIZE];
    hit_id_of(&told->fold, id);
    if (span_equal(token, SPAN("hit"))) {
        buf_add(buf, span_of(id));
    } else if (span_equal(token, SPAN("short"))) {
        buf_add(buf, span_make(id, HIT_ID_SHOWN_SIZE));
    } else if (span_equal(token, SPAN("rank"))) {
        buf_add_u64(buf, rank);
    } else if (span_equal(token, SPAN("level"))) {
        buf_add(buf, span_of(rank_level_name(level)));
    } else if (span_equal(token, SPAN("priority"))) {
        buf_add_u64(buf, (uint64_t)(8 * OUTPUT_FACILITY_DEFAULT + severities[level].syslog));
    } else {
        assert_true(span_equal(token, SPAN("severity")));
        buf_add_u64(buf, (uint64_t)severities[level].eve);
    }
}

/* What a hit is told as. How much it matters is not this room's business: `rank`, `level`,
 * `priority` and `severity` between backquotes stand for what follows from that. */
static void check_hit(struct told *told, enum output_format format, const char *expected)
{
    struct buf text;
    struct span rest = span_of(expected);
    struct span piece;
    buf_init(&text, OUTPUT_SIZE_MAX);
    for (size_t i = 0; span_next(&rest, '`', &piece); i++) {
        if (i % 2 == 0) {
            buf_add(&text, piece);
        } else {
            add_token(&text, told, piece);
        }
    }
    buf_add_byte(&text, '\0');
    check_span(as(told, format), (const char *)text.data);
    buf_done(&text);
}

TEST(hit_as_json_is_the_fold_with_its_event_around_it)
{
    struct told told;
    struct buf fold;
    struct json_writer w;
    told_hit(&told);
    told.event.count_before = 3;
    told.event.rank_before = 40;
    buf_init(&fold, OUTPUT_SIZE_MAX);
    json_writer_init(&w, &fold);
    fold_json_add(&w, &told.fold);

    struct span text = as(&told, OUTPUT_JSON);

    static const char around[] = "{\"event\":\"opened\",\"event_id\":\"" EVENT_ID
                                 "\",\"entry\":12,\"told\":\"2026-11-21T20:34:05.000001Z\","
                                 "\"node\":\"" IDENTITY "\",\"world\":\"real\","
                                 "\"count_before\":3,\"rank_before\":40,";
    assert_true(span_starts_with(text, span_of(around)));
    assert_true(span_equal(span_from(text, sizeof around - 1), span_from(buf_span(&fold), 1)));
    buf_done(&fold);
    buf_done(&told.text);
}

TEST(notice_as_json_says_what_the_node_tells)
{
    struct told told;
    told_notice(&told, SPAN("silence"));

    check_span(as(&told, OUTPUT_JSON),
               "{\"event\":\"notice\",\"event_id\":\"" EVENT_ID "\",\"entry\":12,"
               "\"told\":\"2026-11-21T20:34:05.000001Z\",\"node\":\"" IDENTITY "\","
               "\"world\":\"real\",\"type\":\"silence\",\"subject\":\"border\","
               "\"text\":\"nothing came for 10 minutes\",\"time\":\"2026-11-21T20:34:05.000001Z\","
               "\"tlp\":\"CLEAR\",\"stays\":true}");
    buf_done(&told.text);
}

TEST(hit_as_syslog_is_as_rfc_5424_has_it)
{
    struct told told;
    told_hit(&told);

    check_hit(&told, OUTPUT_RFC5424,
              "<`priority`>1 2026-11-21T20:34:05.000001Z node-1 linie - opened [linie@32473"
              " event=\"opened\" event_id=\"" EVENT_ID "\" entry=\"12\" node=\"" IDENTITY "\""
              " world=\"real\" hit=\"`hit`\" rank=\"`rank`\" level=\"`level`\""
              " direction=\"outbound\" outcome=\"denied\" indicator=\"" INDICATOR
              "\" value=\"evil.example\" kind=\"domain\""
              " observed=\"www.evil.example\" field=\"dns.query\" inside=\"10.0.0.5\""
              " outside=\"198.51.100.7\" sensor=\"border-1\" first=\"2026-11-21T20:34:05.000001Z\""
              " last=\"2026-11-21T20:34:05.000001Z\" count=\"1\" tlp=\"GREEN\""
              " source=\"National CSIRT\"] HIT `short` (`level`): 10.0.0.5 met domain evil.example"
              " in dns.query as www.evil.example, other end 198.51.100.7, sensor border-1,"
              " outbound, denied; 1 line,"
              " 2026-11-21T20:34:05Z; source National CSIRT, TLP:GREEN");
    buf_done(&told.text);
}

TEST(hit_for_a_local_daemon_has_neither_time_nor_host)
{
    struct told told;
    told_hit(&told);
    told.fold.count = 3;
    told.event.type = STORE_EVENT_CLOSED;

    check_hit(&told, OUTPUT_LOCAL,
              "<133>linie: CLOSED `short` (`level`): 10.0.0.5 met domain evil.example in "
              "dns.query as www.evil.example, other end 198.51.100.7, sensor border-1, outbound, "
              "denied; 3 lines, from "
              "2026-11-21T20:34:05Z to 2026-11-21T20:34:05Z; source National CSIRT, TLP:GREEN "
              "[event " EVENT_ID "]");
    buf_done(&told.text);
}

TEST(hit_for_people_is_defanged)
{
    struct told told;
    told_hit(&told);
    told.fold.value = SPAN("http://evil.example/a@b");
    told.fold.kind = VALUE_URL;

    check_hit(&told, OUTPUT_TEXT,
              "HIT `short` (`level`): 10[.]0[.]0[.]5 met url hxxp://evil[.]example/a[at]b in "
              "dns.query as "
              "www[.]evil[.]example, other end 198[.]51[.]100[.]7, sensor border-1, outbound, "
              "denied; 1 line, "
              "2026-11-21T20:34:05Z; source National CSIRT, TLP:GREEN");
    buf_done(&told.text);
}

TEST(hit_as_eve_is_an_alert)
{
    struct told told;
    told_hit(&told);

    check_hit(
        &told, OUTPUT_EVE,
        "{\"timestamp\":\"2026-11-21T20:34:05.000001+0000\",\"event_type\":\"alert\","
        "\"src_ip\":\"10.0.0.5\",\"dest_ip\":\"198.51.100.7\",\"alert\":{\"action\":\"allowed\","
        "\"gid\":5424,\"signature_id\":1004,\"rev\":1,"
        "\"signature\":\"LINIE domain evil.example (National CSIRT)\","
        "\"category\":\"Shared indicator "
        "met\",\"severity\":`severity`,\"metadata\":{\"tag\":[\"linie\","
        "\"event:opened\",\"event_id:" EVENT_ID "\",\"entry:12\",\"node:" IDENTITY "\","
        "\"world:real\",\"hit:`hit`\",\"rank:`rank`\",\"level:`level`\","
        "\"direction:outbound\",\"outcome:denied\",\"indicator:" INDICATOR
        "\",\"kind:domain\",\"value:evil.example\","
        "\"observed:www.evil.example\",\"field:dns.query\",\"sensor:border-1\",\"count:1\","
        "\"tlp:GREEN\",\"source:National CSIRT\"]}}}");
    buf_done(&told.text);
}

TEST(ends_of_an_alert_are_in_the_order_of_who_called)
{
    struct told told;
    told_hit(&told);
    told.fold.best.direction = RANK_INBOUND;

    struct span text = as(&told, OUTPUT_EVE);

    static const char ends[] = "\"src_ip\":\"198.51.100.7\",\"dest_ip\":\"10.0.0.5\"";
    assert_true(span_find_span(text, span_of(ends)) >= 0);
    buf_done(&told.text);
}

TEST(end_that_is_no_address_is_left_out_of_an_alert)
{
    struct told told;
    told_hit(&told);
    told.fold.inside = SPAN("*");
    told.fold.outside.at[0] = SPAN("1.2.3.4\",\"x\":\"");

    struct span text = as(&told, OUTPUT_EVE);

    assert_int_equal(span_find_span(text, SPAN("src_ip")), SPAN_NOT_FOUND);
    assert_int_equal(span_find_span(text, SPAN("dest_ip")), SPAN_NOT_FOUND);
    buf_done(&told.text);
}

TEST(hostile_values_come_back_from_syslog_as_they_were_shown)
{
    static const char hostile[] = "a\"b\\c]d\n<1>1 - - - - - -\r\x1B[2J [x y=\"z\"]";
    static struct reading_message message;
    struct told told;
    told_hit(&told);
    told.fold.value = span_of(hostile);
    told.fold.source = SPAN("B\xC3\xBCrger \xFF");

    assert_true(reading_syslog(as(&told, OUTPUT_RFC5424), &message));

    check_span(reading_param_value(&message, "value"),
               "a\"b\\c]d\\x0a<1>1 - - - - - -\\x0d\\x1b[2J [x y=\"z\"]");
    check_span(reading_param_value(&message, "source"), "B\xC3\xBCrger \xEF\xBF\xBD");
    check_span(message.sd_id, "linie@32473");
    assert_true(message.has_mark);
    buf_done(&told.text);
}

TEST(syslog_message_of_ascii_has_no_byte_order_mark)
{
    static struct reading_message message;
    struct told told;
    told_notice(&told, SPAN("silence"));

    assert_true(reading_syslog(as(&told, OUTPUT_RFC5424), &message));

    assert_false(message.has_mark);
    check_span(message.message, "NOTICE silence: border: nothing came for 10 minutes "
                                "(2026-11-21T20:34:05Z)");
    check_span(message.msgid, "notice");
    buf_done(&told.text);
}

TEST(test_of_an_output_is_marked_in_every_format)
{
    struct told told;
    told_notice(&told, OUTPUT_NOTICE_TEST);
    static const struct {
        enum output_format format;
        const char *mark;
    } marks[] = {
        { OUTPUT_JSON, "{\"event\":\"test\"," }, { OUTPUT_RFC5424, " event=\"test\"" },
        { OUTPUT_LOCAL, "linie: TEST " },        { OUTPUT_EVE, "\"event:test\"" },
        { OUTPUT_TEXT, "TEST test: border" },
    };

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct span text = as(&told, marks[i].format);
        assert_true(span_find_span(text, span_of(marks[i].mark)) >= 0);
    }
    buf_done(&told.text);
}

TEST(hit_found_looking_back_is_marked_in_every_format_and_no_other_is)
{
    static const char *const marks[OUTPUT_FORMAT_COUNT] = {
        [OUTPUT_JSON] = "\"looked_back\":true",
        [OUTPUT_RFC5424] = " looked_back=\"true\"",
        [OUTPUT_LOCAL] = "TLP:GREEN, found looking back",
        [OUTPUT_EVE] = ",\"looked_back\"",
        [OUTPUT_TEXT] = "TLP:GREEN, found looking back",
    };
    struct told told;
    told_hit(&told);

    for (unsigned format = 0; format < OUTPUT_FORMAT_COUNT; format++) {
        told.fold.looked_back = true;
        struct span text = as(&told, (enum output_format)format);
        assert_true(span_find_span(text, span_of(marks[format])) >= 0);
        told.fold.looked_back = false;
        text = as(&told, (enum output_format)format);
        assert_true(span_find_span(text, SPAN("look")) < 0);
    }
    buf_done(&told.text);
}

TEST(event_of_an_exercise_is_marked_in_every_format)
{
    struct told told;
    struct output_node exercise = node;
    exercise.world = SPAN("flood-2026");
    told_hit(&told);

    for (unsigned format = 0; format < OUTPUT_FORMAT_COUNT; format++) {
        buf_clear(&told.text);
        output_add(&told.text, (enum output_format)format, &exercise, &told.event);
        assert_true(span_find_span(buf_span(&told.text), SPAN("flood-2026")) >= 0);
    }
    check_span(span_slice(buf_span(&told.text), 0, sizeof "EXERCISE flood-2026: HIT " - 1),
               "EXERCISE flood-2026: HIT ");
    buf_done(&told.text);
}

TEST(event_of_the_largest_values_fits_in_every_format)
{
    struct told told;
    static uint8_t worst[FOLD_TEXT_SIZE_MAX];
    told_hit(&told);
    for (size_t i = 0; i < sizeof worst; i++) {
        worst[i] = i % 2 == 0 ? '"' : 0x01;
    }
    struct span long_text = span_make(worst, sizeof worst);
    told.fold.value = told.fold.source = told.fold.sensor = told.fold.field = long_text;
    told.fold.inside = long_text;
    told.fold.observed.count = told.fold.outside.count = FOLD_VALUE_COUNT_MAX;
    for (size_t i = 0; i < FOLD_VALUE_COUNT_MAX; i++) {
        told.fold.observed.at[i] = told.fold.outside.at[i] = long_text;
    }

    for (unsigned format = 0; format < OUTPUT_FORMAT_COUNT; format++) {
        assert_true(as(&told, (enum output_format)format).size > 0);
    }
    buf_done(&told.text);
}

TEST(formats_are_known_by_their_names)
{
    enum output_format format = OUTPUT_JSON;
    for (unsigned i = 0; i < OUTPUT_FORMAT_COUNT; i++) {
        const char *name = output_format_name((enum output_format)i);
        check_err(output_format_from_name(span_of(name), &format), ERR_OK);
        assert_int_equal(format, i);
    }
    check_err(output_format_from_name(SPAN("xml"), &format), ERR_ABSENT);
}
