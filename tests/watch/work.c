// SPDX-License-Identifier: EUPL-1.2
#include "watch/work.h"

#include <stdio.h>
#include <strings.h>

#include "base/uuid.h"
#include "tests/watch/lane.h"

#define CONN(orig, resp)                                                                           \
    "{\"_path\":\"conn\",\"ts\":1795291200.0,\"uid\":\"C1\",\"id.orig_h\":\"" orig                 \
    "\",\"id.orig_p\":1,\"id.resp_h\":\"" resp "\",\"id.resp_p\":2}\n"
#define DNS(ts, orig, query)                                                                       \
    "{\"_path\":\"dns\",\"ts\":" ts ",\"uid\":\"C1\",\"id.orig_h\":\"" orig                        \
    "\",\"id.resp_h\":\"192.0.2.53\",\"query\":\"" query "\"}\n"

static struct match_image *image_of(struct lane *lane, const char *text)
{
    const struct lane_indicator one = { .text = text };
    return lane_image(lane, &one, 1);
}

TEST(line_that_meets_an_indicator_makes_a_fold_that_tells_all)
{
    struct lane lane;
    lane_begin(&lane);

    struct lane_result *result = lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON,
                                            DNS("1795291200.5", "10.0.0.5", "WWW.evil.example"),
                                            image_of(&lane, "evil.example"));

    assert_int_equal(result->fold_count, 1);
    const struct fold *fold = &result->folds[0];
    check_span(fold->value, "evil.example");
    check_span(fold->observed.at[0], "WWW.evil.example");
    check_span(fold->field, "dns.query");
    check_span(fold->inside, "10.0.0.5");
    check_span(fold->outside.at[0], "192.0.2.53");
    check_span(fold->sensor, "host");
    check_span(fold->source, "Feed");
    assert_true(fold->first_us == INT64_C(1795291200500000));
    assert_true(fold->start_us == INT64_C(1795291200000000));
    assert_int_equal(fold->count, 1);
    assert_int_equal(fold->evidence_count, 1);
    assert_false(fold->inside_assumed);
    lane_end(&lane);
}

#define CONN_TO(port)                                                                              \
    "{\"_path\":\"conn\",\"ts\":1795291200.0,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.5\","           \
    "\"id.orig_p\":1024,\"id.resp_h\":\"198.51.100.7\",\"id.resp_p\":" port "}\n"

/* Ends with their ports are values that few ask for: they are made for who does. */
TEST(address_with_a_port_is_met_at_that_port_alone)
{
    struct lane lane;
    lane_begin(&lane);

    struct lane_result *met =
        lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON, CONN_TO("443") CONN_TO("444") CONN_TO("443"),
                   image_of(&lane, "198.51.100.7:443"));
    struct lane_result *not_asked = lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON, CONN_TO("443"),
                                               image_of(&lane, "evil.example"));

    assert_int_equal(met->fold_count, 1);
    assert_int_equal(met->folds[0].count, 2);
    check_span(met->folds[0].value, "198.51.100.7:443");
    check_span(met->folds[0].field, "conn.id.resp_h");
    assert_int_equal(met->observations, 3 * 4);
    assert_int_equal(not_asked->observations, 2);
    lane_end(&lane);
}

TEST(a_bare_digest_is_met_by_fingerprints_and_certificates)
{
    struct lane lane;
    const struct lane_indicator list[] = {
        { .text = "e0fe397a5edfba9a6facc7c7b341f4eb" },
        { .text = "1a1a10b819f321b91b47d7dd73668406a15992db" },
    };
    lane_begin(&lane);

    struct lane_result *result =
        lane_watch(&lane, OBSERVE_FORMAT_EVE,
                   "{\"event_type\":\"tls\",\"timestamp\":\"2026-11-21T20:00:00Z\",\"src_ip\":"
                   "\"10.0.0.5\",\"dest_ip\":\"198.51.100.7\",\"tls\":{\"ja3\":{\"hash\":"
                   "\"e0fe397a5edfba9a6facc7c7b341f4eb\"},\"fingerprint\":"
                   "\"1a:1a:10:b8:19:f3:21:b9:1b:47:d7:dd:73:66:84:06:a1:59:92:db\"}}\n",
                   lane_image(&lane, list, 2));

    assert_int_equal(result->fold_count, 2);
    check_span(result->folds[0].field, "tls.ja3.hash");
    check_span(result->folds[1].field, "tls.fingerprint");
    lane_end(&lane);
}

TEST(line_counts_once_in_a_fold_whichever_of_its_fields_met)
{
    struct lane lane;
    lane_begin(&lane);

    struct lane_result *result = lane_watch(
        &lane, OBSERVE_FORMAT_ZEEK_JSON, CONN("10.0.0.5", "10.0.0.6") CONN("10.0.0.5", "10.0.0.7"),
        image_of(&lane, "10.0.0.0/24"));

    assert_int_equal(result->fold_count, 1);
    assert_int_equal(result->folds[0].count, 2);
    assert_int_equal(result->folds[0].observed.count, 3);
    lane_end(&lane);
}

/* A list may hold a name with those below it and the name alone: one id, so one fold. */
TEST(line_counts_once_where_one_list_holds_a_name_in_several_scopes)
{
    struct lane lane;
    const struct lane_indicator list[] = { { .text = "evil.example" },
                                           { .text = "=evil.example" },
                                           { .text = ".evil.example" },
                                           { .text = "evil.example", .uuid = 7 },
                                           { .text = "http://evil.example/", .uuid = 7 } };
    lane_begin(&lane);

    struct lane_result *result =
        lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON, DNS("1795291200.5", "10.0.0.5", "evil.example"),
                   lane_image(&lane, list, 5));

    assert_int_equal(result->fold_count, 2);
    assert_int_equal(result->folds[0].count, 1);
    assert_int_equal(result->folds[1].count, 1);
    lane_end(&lane);
}

TEST(validity_is_judged_by_the_time_of_the_event)
{
    struct lane lane;
    const int64_t noon_us = INT64_C(1795262400000000);
    const struct lane_indicator list[] = {
        { .text = "past.example", .valid_until_us = noon_us },
        { .text = "future.example", .valid_from_us = noon_us },
    };
    lane_begin(&lane);
    struct match_image *image = lane_image(&lane, list, 2);

    struct lane_result *before = lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON,
                                            DNS("1795262399.9", "10.0.0.5", "past.example")
                                                DNS("1795262399.9", "10.0.0.5", "future.example"),
                                            image);
    struct lane_result *after = lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON,
                                           DNS("1795262400.0", "10.0.0.5", "past.example")
                                               DNS("1795262400.0", "10.0.0.5", "future.example"),
                                           image);

    assert_int_equal(before->fold_count, 2);
    assert_false(before->folds[0].before_publication);
    assert_true(before->folds[1].before_publication);
    assert_int_equal(after->fold_count, 1);
    check_span(after->folds[0].value, "future.example");
    assert_false(after->folds[0].before_publication);
    lane_end(&lane);
}

TEST(line_without_a_time_is_counted_at_the_time_of_reading_and_said)
{
    struct lane lane;
    lane_begin(&lane);

    struct lane_result *result =
        lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON,
                   "{\"_path\":\"dns\",\"query\":\"evil.example\",\"id.orig_h\":\"10.0.0.5\"}\n",
                   image_of(&lane, "evil.example"));

    assert_int_equal(result->fold_count, 1);
    assert_true(result->folds[0].first_us == lane_rules()->now_us);
    assert_int_equal(result->counts[WATCH_COUNT_NO_TIME], 1);
    lane_end(&lane);
}

TEST(line_of_a_time_that_cannot_be_is_counted_at_the_time_of_reading_and_said)
{
    struct lane lane;
    lane_begin(&lane);

    struct lane_result *result = lane_watch(
        &lane, OBSERVE_FORMAT_ZEEK_JSON,
        DNS("3.5", "10.0.0.5", "evil.example") DNS("4262304000", "10.0.0.5", "evil.example")
            DNS("1763726400", "10.0.0.5", "evil.example"), /* a year late */
        image_of(&lane, "evil.example"));

    assert_int_equal(result->fold_count, 2);
    assert_int_equal(result->counts[WATCH_COUNT_ODD_TIME], 2);
    assert_int_equal(result->counts[WATCH_COUNT_NO_TIME], 0);
    lane_end(&lane);
}

TEST(line_that_cannot_be_read_is_counted_by_reason_and_reading_goes_on)
{
    struct lane lane;
    lane_begin(&lane);
    struct lane_result *result = lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON,
                                            "{\"_path\":\"dns\", no json\n"
                                            "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"
                                            "\n" DNS("1795291200.5", "10.0.0.5", "evil.example"),
                                            image_of(&lane, "evil.example"));

    assert_int_equal(result->fold_count, 1);
    assert_int_equal(result->lines, 3); /* a blank line is none */
    uint64_t faults = 0;
    for (unsigned i = 0; i < OBSERVE_FAULT_COUNT; i++) {
        faults += result->counts[i];
    }
    assert_int_equal(faults, 2);
    lane_end(&lane);
}

TEST(every_count_has_a_name_of_its_own)
{
    for (unsigned i = 1; i < WATCH_COUNT_COUNT; i++) {
        assert_true(strlen(watch_count_name(i)) > 0);
        for (unsigned other = 1; other < i; other++) {
            assert_string_not_equal(watch_count_name(i), watch_count_name(other));
        }
    }
}

/* What a hostile log says must fit between the processes and into the journal. */
TEST(texts_of_a_log_are_cut_and_repaired_before_they_are_told)
{
    struct lane lane;
    struct buf text;
    lane_begin(&lane);
    buf_init(&text, LANE_SIZE_MAX);
    buf_add(&text, SPAN("{\"timestamp\":\"2026-11-21T20:00:00Z\",\"event_type\":\"http\","
                        "\"src_ip\":\"10.0.0.5\",\"dest_ip\":\"198.51.100.7\",\"host\":\""));
    for (int i = 0; i < 100000; i++) {
        buf_add_byte(&text, (uint8_t)(i % 2 == 0 ? 0xFF : 'x'));
    }
    buf_add(&text, SPAN("\",\"http\":{\"hostname\":\"evil.example\",\"url\":\"/"));
    for (int i = 0; i < 7000; i++) {
        buf_add_byte(&text, 'y');
    }
    buf_add(&text, SPAN("\"}}\n"));
    const struct watch_source source = { .format = OBSERVE_FORMAT_EVE };

    struct lane_result *result = lane_work(&lane, lane_file(&lane, buf_span(&text)), &source,
                                           image_of(&lane, "198.51.100.7"), 0);

    assert_int_equal(result->fold_count, 1); /* it went over the wire: see lane_merge() */
    assert_true(result->folds[0].sensor.size > 0);
    assert_true(result->folds[0].sensor.size <= FOLD_TEXT_SIZE_MAX);
    assert_true(result->folds[0].evidence[0].size <= FOLD_EVIDENCE_SIZE_MAX);
    buf_done(&text);
    lane_end(&lane);
}

TEST(observed_value_that_is_longer_than_a_fold_keeps_is_told_cut)
{
    struct lane lane;
    struct buf text;
    struct buf url;
    lane_begin(&lane);
    buf_init(&text, LANE_SIZE_MAX);
    buf_init(&url, LANE_SIZE_MAX);
    buf_add(&url, SPAN("http://evil.example/"));
    for (int i = 0; i < 5000; i++) {
        buf_add_byte(&url, 'y');
    }
    buf_add_byte(&url, '\0');
    buf_add_format(&text,
                   "{\"_path\":\"http\",\"ts\":1795291200.0,\"id.orig_h\":\"10.0.0.5\","
                   "\"id.resp_h\":\"198.51.100.7\",\"host\":\"evil.example\",\"uri\":\"%s\"}\n",
                   (const char *)url.data + sizeof "http://evil.example" - 1);
    buf_add_byte(&text, '\0');

    struct lane_result *result =
        lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON, (const char *)text.data,
                   image_of(&lane, (const char *)url.data));

    assert_int_equal(result->fold_count, 1);
    assert_int_equal(result->folds[0].observed.at[0].size, FOLD_TEXT_SIZE_MAX);
    assert_int_equal(result->folds[0].value.size, url.size - 1);
    buf_done(&text);
    buf_done(&url);
    lane_end(&lane);
}

#define TSV_HEADER                                                                                 \
    "#separator \\x09\n#set_separator\t,\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n"

TEST(columns_of_tsv_change_where_the_header_changes)
{
    struct lane lane;
    lane_begin(&lane);
    const char *text = TSV_HEADER "1795291200.5\t10.0.0.5\tevil.example\n"
                                  "#close\t2026\n"
                                  "#separator \\x09\n#path\tdns\n#fields\tquery\tts\tid.orig_h\n"
                                  "other.example\t1795291201.5\t10.0.0.6\n"
                                  "evil.example\t1795291201.5\t10.0.0.7\n";

    struct lane_result *result =
        lane_watch(&lane, OBSERVE_FORMAT_ZEEK_TSV, text, image_of(&lane, "evil.example"));

    assert_int_equal(result->lines, 3);
    assert_int_equal(result->fold_count, 2);
    check_span(result->folds[0].inside, "10.0.0.5");
    check_span(result->folds[1].inside, "10.0.0.7");
    assert_true(result->folds[1].first_us == INT64_C(1795291201500000));
    lane_end(&lane);
}

/* ---- beside a slow matcher that knows nothing of keys, hashes and images ---- */

#define FIRST_LINE_US INT64_C(1795258800000000) /* 2026-11-21T11:00:00Z */

enum { WORLD_LINES = 4000, WORLD_INDICATORS = 60 };

/* One line, as the slow matcher sees it: what it wrote, not what a reader understood. */
struct slow_line {
    unsigned inside;  /* last byte of 10.0.0.x */
    unsigned outside; /* last byte of 198.51.100.x */
    char name[64];    /* of the query or host; empty: none */
    char uri[64];     /* empty: no request */
    int64_t time_us;
};

struct slow_indicator {
    enum { SLOW_ADDRESS, SLOW_RANGE, SLOW_NAME, SLOW_EXACT, SLOW_BELOW, SLOW_URL } sort;
    unsigned number; /* last byte of the address, or of the range's first */
    unsigned bits;
    char name[64];
    char uri[64];
    int64_t valid_until_us;
    char text[160];
};

static bool ends_with(const char *text, const char *end)
{
    size_t text_size = strlen(text);
    size_t end_size = strlen(end);
    return text_size >= end_size && strcasecmp(text + text_size - end_size, end) == 0;
}

static bool is_below(const char *name, const char *above)
{
    char dotted[80];
    snprintf(dotted, sizeof dotted, ".%s", above);
    return ends_with(name, dotted);
}

static bool slow_match(const struct slow_indicator *indicator, const struct slow_line *line)
{
    if (indicator->valid_until_us != 0 && line->time_us >= indicator->valid_until_us) {
        return false;
    }
    switch (indicator->sort) {
    case SLOW_ADDRESS:
        return line->outside == indicator->number;
    case SLOW_RANGE:
        return line->outside >> (8 - indicator->bits) == indicator->number >> (8 - indicator->bits);
    case SLOW_NAME:
        return strcasecmp(line->name, indicator->name) == 0 ||
               is_below(line->name, indicator->name);
    case SLOW_EXACT:
        return strcasecmp(line->name, indicator->name) == 0;
    case SLOW_BELOW:
        return is_below(line->name, indicator->name);
    default:
        return line->uri[0] != '\0' && strcasecmp(line->name, indicator->name) == 0 &&
               strcmp(line->uri, indicator->uri) == 0;
    }
}

static void random_name(uint64_t *seed, char *ret, size_t size)
{
    static const char *const labels[] = { "a", "b", "www", "Evil", "cdn" };
    static const char *const tops[] = { "one.example", "two.example", "three.test" };
    int used = 0;
    for (uint64_t i = testing_random(seed) % 3; i > 0; i--) {
        used += snprintf(ret + used, size - (size_t)used, "%s.", labels[testing_random(seed) % 5]);
    }
    snprintf(ret + used, size - (size_t)used, "%s", tops[testing_random(seed) % 3]);
}

static void random_uri(uint64_t *seed, char *ret, size_t size)
{
    snprintf(ret, size, "/p%d/x?q=%d", (int)(testing_random(seed) % 3),
             (int)(testing_random(seed) % 3));
}

static struct slow_indicator random_indicator(uint64_t *seed)
{
    struct slow_indicator indicator = { .sort = testing_random(seed) % 6 };
    const int64_t noon_us = INT64_C(1795262400000000);
    indicator.number = (unsigned)(testing_random(seed) % 64);
    indicator.bits = 2 + (unsigned)(testing_random(seed) % 6);
    random_name(seed, indicator.name, sizeof indicator.name);
    random_uri(seed, indicator.uri, sizeof indicator.uri);
    indicator.valid_until_us = testing_random(seed) % 4 == 0 ? noon_us : 0;
    unsigned first = indicator.number & (0xFFu << (8 - indicator.bits));
    switch (indicator.sort) {
    case SLOW_ADDRESS:
        snprintf(indicator.text, sizeof indicator.text, "198.51.100.%u", indicator.number);
        break;
    case SLOW_RANGE:
        snprintf(indicator.text, sizeof indicator.text, "198.51.100.%u/%u", first,
                 24 + indicator.bits);
        break;
    case SLOW_URL:
        snprintf(indicator.text, sizeof indicator.text, "http://%s%s", indicator.name,
                 indicator.uri);
        break;
    default:
        snprintf(indicator.text, sizeof indicator.text, "%s%s",
                 indicator.sort == SLOW_NAME ? "" : (indicator.sort == SLOW_EXACT ? "=" : "."),
                 indicator.name);
        break;
    }
    return indicator;
}

static struct slow_line random_line(uint64_t *seed, size_t number)
{
    struct slow_line line = { .inside = (unsigned)(testing_random(seed) % 4),
                              .outside = (unsigned)(testing_random(seed) % 256) };
    if (testing_random(seed) % 3 > 0) {
        random_name(seed, line.name, sizeof line.name);
        if (testing_random(seed) % 2 == 0) {
            random_uri(seed, line.uri, sizeof line.uri);
        }
    }
    line.time_us = FIRST_LINE_US + (int64_t)number * 2 * US_PER_S; /* from 11:00 on */
    return line;
}

/* Padded, so that the lines fill several chunks. */
static void line_write(struct buf *text, const struct slow_line *line)
{
    buf_add_format(text,
                   "{\"_path\":\"%s\",\"ts\":%lld.000000,\"uid\":\"C\",\"id.orig_h\":\"10.0.0.%u\","
                   "\"id.resp_h\":\"198.51.100.%u\",\"padding\":\"%0800d\"",
                   line->uri[0] != '\0' ? "http" : (line->name[0] != '\0' ? "dns" : "conn"),
                   (long long)(line->time_us / US_PER_S), line->inside, line->outside, 0);
    if (line->uri[0] != '\0') {
        buf_add_format(text, ",\"host\":\"%s\",\"uri\":\"%s\"", line->name, line->uri);
    } else if (line->name[0] != '\0') {
        buf_add_format(text, ",\"query\":\"%s\"", line->name);
    }
    buf_add(text, SPAN("}\n"));
}

/* What the slow matcher counted of one indicator, host and hour. */
struct slow_fold {
    uint64_t count;
    int64_t first_us;
    int64_t last_us;
};

enum { WORLD_HOURS = 4, WORLD_HOSTS = 4 };

static struct slow_fold slow_folds[WORLD_INDICATORS][WORLD_HOSTS][WORLD_HOURS];

static void slow_count(size_t indicator, const struct slow_line *line)
{
    size_t hour = (size_t)((line->time_us - FIRST_LINE_US) / lane_rules()->fold_us);
    struct slow_fold *fold = &slow_folds[indicator][line->inside][hour];
    fold->first_us = fold->count == 0 ? line->time_us : fold->first_us;
    fold->last_us = line->time_us;
    fold->count++;
}

static void check_world(const struct lane_result *result)
{
    size_t expected = 0;
    for (size_t i = 0; i < WORLD_INDICATORS; i++) {
        for (size_t host = 0; host < WORLD_HOSTS; host++) {
            for (size_t hour = 0; hour < WORLD_HOURS; hour++) {
                expected += slow_folds[i][host][hour].count > 0 ? 1 : 0;
            }
        }
    }
    assert_int_equal(result->fold_count, expected);
    for (size_t at = 0; at < result->fold_count; at++) {
        const struct fold *fold = &result->folds[at];
        uint8_t number[2]; /* the id's first bytes: see lane_image_bytes() */
        const size_t prefix = sizeof "indicator--" - 1;
        check_err(hex_parse(span_slice(fold->indicator, prefix, prefix + 4), number, 2), ERR_OK);
        size_t indicator = (size_t)number[0] * 256 + number[1] - 1;
        size_t host = (size_t)(fold->inside.data[fold->inside.size - 1] - '0');
        size_t hour = (size_t)((fold->start_us - FIRST_LINE_US) / lane_rules()->fold_us);
        const struct slow_fold *slow = &slow_folds[indicator][host][hour];

        assert_int_equal(fold->count, slow->count);
        assert_true(fold->first_us == slow->first_us);
        assert_true(fold->last_us == slow->last_us);
    }
}

/* Lines at random, written as a log and given to the slow matcher one by one. */
static void random_log(uint64_t *seed, const struct slow_indicator *indicators, struct buf *text)
{
    for (size_t at = 0; at < WORLD_LINES; at++) {
        struct slow_line line = random_line(seed, at);
        line_write(text, &line);
        for (size_t i = 0; i < WORLD_INDICATORS; i++) {
            if (slow_match(&indicators[i], &line)) {
                slow_count(i, &line);
            }
        }
    }
}

TEST(folds_are_those_of_a_slow_matcher)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < 3; round++) {
        struct lane lane;
        struct buf text;
        struct slow_indicator indicators[WORLD_INDICATORS];
        struct lane_indicator list[WORLD_INDICATORS];
        lane_begin(&lane);
        buf_init(&text, LANE_SIZE_MAX);
        memset(slow_folds, 0, sizeof slow_folds);
        for (size_t i = 0; i < WORLD_INDICATORS; i++) {
            indicators[i] = random_indicator(&seed);
            list[i] = (struct lane_indicator){ .text = indicators[i].text,
                                               .uuid = (unsigned)i + 1,
                                               .valid_until_us = indicators[i].valid_until_us };
        }
        random_log(&seed, indicators, &text);
        const struct watch_source source = { .format = OBSERVE_FORMAT_ZEEK_JSON };

        struct lane_result *result = lane_work(&lane, lane_file(&lane, buf_span(&text)), &source,
                                               lane_image(&lane, list, WORLD_INDICATORS), 0);

        assert_int_equal(result->lines, WORLD_LINES);
        check_world(result);
        buf_done(&text);
        lane_end(&lane);
    }
}
