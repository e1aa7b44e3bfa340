// SPDX-License-Identifier: EUPL-1.2
#include "watch/remember.h"

#include <stdio.h>

#include "history/record.h"
#include "tests/watch/lane.h"

#define DNS(ts, orig, query)                                                                       \
    "{\"_path\":\"dns\",\"ts\":\"" ts "\",\"uid\":\"C1\",\"id.orig_h\":\"" orig                    \
    "\",\"id.resp_h\":\"192.0.2.53\",\"query\":\"" query "\"}\n"
#define NOON  "2026-11-21T12:00:00.100000Z"
#define LATER "2026-11-21T12:00:07.900000Z"
#define NEXT  "2026-11-21T13:00:00.000000Z"

/* What is remembered of a text, a line each, in the order of the record:
 * "KIND VALUE HOST FIELD SENSOR COUNT FIRST-LAST", times in seconds of the day. */
struct memory {
    struct lane lane;
    struct history_rules rules;
    struct watch_rules watch;
    struct buf text;
    uint64_t odd_times; /* of the last lines */
    uint64_t not_remembered;
};

static void memory_begin(struct memory *memory)
{
    lane_begin(&memory->lane);
    history_rules_default(&memory->rules);
    memory->watch = *lane_rules();
    memory->watch.history = &memory->rules;
    buf_init(&memory->text, LANE_SIZE_MAX);
}

static void memory_end(struct memory *memory)
{
    buf_done(&memory->text);
    lane_end(&memory->lane);
}

static void tell(struct memory *memory, const struct history_record *record,
                 const struct history_seen *seen)
{
    enum { DAY_S = 86400 };
    const struct value value = { .kind = seen->kind, .key = seen->key };
    const struct history_way *way = &record->ways[seen->way];
    buf_add_format(&memory->text, "%s ", value_kind_name(seen->kind));
    if (seen->form == HISTORY_WHOLE) {
        value_add_text(&memory->text, &value);
    } else {
        buf_add_format(&memory->text, "(%zu bytes)", seen->key.size);
    }
    buf_add_format(&memory->text, " %.*s %.*s %.*s %llu %u-%u%s\n",
                   SPAN_FMT(record->hosts[seen->host]), SPAN_FMT(way->field), SPAN_FMT(way->sensor),
                   (unsigned long long)seen->count, seen->first_s % DAY_S, seen->last_s % DAY_S,
                   way->answer ? " answer" : "");
}

static const char *remembered(struct memory *memory, enum observe_format format, const char *text)
{
    struct lane *lane = &memory->lane;
    const struct lane_indicator one = { .text = "nothing.example" };
    const struct watch_source source = { .format = format };
    const struct watch_images images = { .indicators = lane_image(lane, &one, 1) };
    struct watch_work *work = NULL;
    struct watch_result result;
    struct watch_input *input = lane_input(lane, lane_file(lane, span_of(text)));
    check_err(watch_work_new(&lane->op, &memory->watch, &work), ERR_OK);
    watch_result_init(&result);
    buf_clear(&memory->text);
    const struct watch_begin begin = { .position = 0 };
    check_err(lane_seek(lane, input, format, &begin), ERR_OK);
    while (lane_next(lane, input, lane->chunk) == ERR_OK) {
        struct history_record record;
        struct history_seen seen;
        check_err(watch_work_run(work, &source, &images, lane->chunk, &result), ERR_OK);
        memory->odd_times = result.counts[WATCH_COUNT_ODD_TIME];
        memory->not_remembered = result.counts[WATCH_COUNT_NOT_REMEMBERED];
        if (result.seen.size == 0) {
            continue;
        }
        check_err(history_record_read(&lane->op, result.seen, &record), ERR_OK);
        while (history_record_next(&record, &seen) == ERR_OK) {
            tell(memory, &record, &seen);
        }
    }
    op_fault_clear(&lane->op);
    watch_input_close(input);
    watch_result_done(&result);
    watch_work_free(work);
    buf_add_byte(&memory->text, '\0');
    return (const char *)memory->text.data;
}

TEST(every_value_of_a_line_is_remembered_with_host_field_sensor_and_second)
{
    struct memory memory;
    memory_begin(&memory);

    const char *text =
        remembered(&memory, OBSERVE_FORMAT_ZEEK_JSON, DNS(NOON, "10.0.0.5", "WWW.evil.example"));

    assert_string_equal(text, "ipv4 10.0.0.5 10.0.0.5 dns.id.orig_h host 1 43200-43200\n"
                              "ipv4 192.0.2.53 10.0.0.5 dns.id.resp_h host 1 43200-43200\n"
                              "domain www.evil.example 10.0.0.5 dns.query host 1 43200-43200\n");
    memory_end(&memory);
}

TEST(lines_of_one_hour_are_one_sighting_and_those_of_the_next_another)
{
    struct memory memory;
    memory_begin(&memory);

    const char *text =
        remembered(&memory, OBSERVE_FORMAT_ZEEK_JSON,
                   DNS(LATER, "10.0.0.5", "evil.example") DNS(NOON, "10.0.0.5", "evil.example")
                       DNS(NEXT, "10.0.0.5", "evil.example") DNS(NOON, "10.0.0.6", "evil.example"));

    assert_non_null(strstr(text, "domain evil.example 10.0.0.5 dns.query host 2 43200-43207\n"));
    assert_non_null(strstr(text, "domain evil.example 10.0.0.5 dns.query host 1 46800-46800\n"));
    assert_non_null(strstr(text, "domain evil.example 10.0.0.6 dns.query host 1 43200-43200\n"));
    memory_end(&memory);
}

TEST(line_counts_once_for_a_value_that_stands_in_several_of_its_fields)
{
    struct memory memory;
    memory_begin(&memory);

    const char *text = remembered(
        &memory, OBSERVE_FORMAT_ZEEK_JSON,
        "{\"_path\":\"dns\",\"ts\":\"" NOON "\",\"id.orig_h\":\"10.0.0.5\",\"id.resp_h\":"
        "\"192.0.2.53\",\"query\":\"evil.example\",\"answers\":[\"evil.example\",\"198.51.100.7\","
        "\"198.51.100.7\"]}\n");

    assert_null(strstr(text, "domain evil.example 10.0.0.5 dns.answers"));
    assert_non_null(strstr(text, "ipv4 198.51.100.7 10.0.0.5 dns.answers host 1 43200-43200 "
                                 "answer\n"));
    memory_end(&memory);
}

/* Each connection has another one: history would hold little else. */
TEST(port_of_a_server_is_remembered_and_that_of_a_client_is_not)
{
    struct memory memory;
    memory_begin(&memory);

    const char *text = remembered(&memory, OBSERVE_FORMAT_ZEEK_JSON,
                                  "{\"_path\":\"conn\",\"ts\":\"" NOON
                                  "\",\"id.orig_h\":\"10.0.0.5\",\"id.orig_p\":40123,"
                                  "\"id.resp_h\":\"198.51.100.7\",\"id.resp_p\":443}\n");

    assert_non_null(strstr(text, "ip-port 198.51.100.7:443"));
    assert_null(strstr(text, "40123"));
    memory_end(&memory);
}

TEST(rules_say_what_is_kept_of_each_kind)
{
    struct memory memory;
    memory_begin(&memory);
    memory.rules.keep[VALUE_IPV4] = HISTORY_KEEP_NOT;
    memory.rules.keep[VALUE_DOMAIN] = HISTORY_KEEP_HASHED;
    memory.rules.hash_secret_known = true;

    const char *text =
        remembered(&memory, OBSERVE_FORMAT_ZEEK_JSON, DNS(NOON, "10.0.0.5", "evil.example"));

    assert_string_equal(text, "domain (16 bytes) 10.0.0.5 dns.query host 1 43200-43200\n");
    memory_end(&memory);
}

TEST(inside_host_is_a_pseudonym_where_the_owner_wants_it)
{
    struct memory memory;
    memory_begin(&memory);
    memory.rules.host_secret_known = true;

    const char *text =
        remembered(&memory, OBSERVE_FORMAT_ZEEK_JSON,
                   DNS(NOON, "10.0.0.5", "evil.example") DNS(LATER, "10.0.0.5", "evil.example"));

    assert_null(strstr(text, "10.0.0.5")); /* neither as host nor as a value */
    assert_non_null(strstr(text, "ipv4 192.0.2.53 host-"));
    assert_non_null(strstr(text, "domain evil.example host-"));
    assert_non_null(strstr(text, "dns.query host 2 43200-43207\n"));
    memory_end(&memory);
}

/* Of the same second they are told by their text; however they are written they must agree. */
TEST(times_are_read_however_they_are_written)
{
    struct memory memory;
    memory_begin(&memory);
    memory.rules.keep[VALUE_IPV4] = HISTORY_KEEP_NOT;
    static const char *const others[] = {
        "2026-11-21T12:00:00.1Z",           "2026-11-21T12:00:00Z",
        "2026-11-21T14:00:00.123456+02:00", "2026-11-21T12:00:00.123456+0000",
        "2026-11-21T12:00:00.99999Z",       "2026-11-21T12:00:00.100000Z",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char lines[1024];
        snprintf(lines, sizeof lines, "%s%s%s", DNS(NOON, "10.0.0.5", "evil.example"),
                 DNS("@", "10.0.0.5", "evil.example"), DNS(NOON, "10.0.0.5", "evil.example"));
        char *at = strchr(lines, '@');
        char rest[512];
        snprintf(rest, sizeof rest, "%s", at + 1);
        snprintf(at, sizeof lines - (size_t)(at - lines), "%s%s", others[i], rest);

        assert_string_equal(remembered(&memory, OBSERVE_FORMAT_ZEEK_JSON, lines),
                            "domain evil.example 10.0.0.5 dns.query host 3 43200-43200\n");
    }
    memory_end(&memory);
}

/* The clock of the run shows 2026-11-21T20:00:00Z. */
TEST(time_that_cannot_be_is_that_of_reading_and_counted_and_a_year_late_is_as_written)
{
    static const struct {
        const char *time;
        uint64_t odd;
        const char *second; /* of its day */
    } cases[] = {
        { "1965-01-01T00:00:00Z", 1, "72000-72000" }, { "1970-01-01T00:00:07Z", 1, "72000-72000" },
        { "1989-12-31T23:59:59Z", 1, "72000-72000" }, { "1990-01-01T00:00:01Z", 0, "1-1" },
        { "2025-11-21T00:00:02Z", 0, "2-2" },         { "2026-11-22T20:00:00Z", 0, "72000-72000" },
        { "2026-11-22T20:00:01Z", 1, "72000-72000" }, { "2105-01-01T00:00:03Z", 1, "72000-72000" },
        { "2200-01-01T00:00:03Z", 1, "72000-72000" },
    };
    struct memory memory;
    memory_begin(&memory);
    memory.rules.keep[VALUE_IPV4] = HISTORY_KEEP_NOT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[512];
        char expected[128];
        const char *dns = DNS("@", "10.0.0.5", "evil.example");
        const char *at = strchr(dns, '@');
        snprintf(line, sizeof line, "%.*s%s%s", (int)(at - dns), dns, cases[i].time, at + 1);
        snprintf(expected, sizeof expected, "domain evil.example 10.0.0.5 dns.query host 1 %s\n",
                 cases[i].second);

        assert_string_equal(remembered(&memory, OBSERVE_FORMAT_ZEEK_JSON, line), expected);

        assert_int_equal(memory.odd_times, cases[i].odd);
        assert_int_equal(memory.not_remembered, 0);
    }
    memory_end(&memory);
}

TEST(clock_that_was_lost_itself_is_no_measure_of_what_is_too_late)
{
    const int64_t second = 1000000;
    assert_true(told_time_fits(INT64_C(1795291200) * second, 60 * second));
    assert_false(told_time_fits(60 * second, 60 * second));
}
