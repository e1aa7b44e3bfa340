// SPDX-License-Identifier: EUPL-1.2
#include "base/time.h"

#include <stdio.h>
#include <time.h>

#include "tests/testing.h"

static const int64_t day_us = (int64_t)86400 * US_PER_S;

static void check_parse(const char *text, int64_t expected_us)
{
    int64_t time_us = 0;
    check_err(time_parse(span_of(text), &time_us), ERR_OK);
    if (time_us != expected_us) {
        print_error("%s: got %lld, expected %lld\n", text, (long long)time_us,
                    (long long)expected_us);
    }
    assert_true(time_us == expected_us);
}

static void check_epoch(const char *text, int64_t expected_us)
{
    int64_t time_us = 0;
    check_err(time_parse_epoch(span_of(text), &time_us), ERR_OK);
    if (time_us != expected_us) {
        print_error("%s: got %lld, expected %lld\n", text, (long long)time_us,
                    (long long)expected_us);
    }
    assert_true(time_us == expected_us);
}

static void check_text(int64_t time_us, const char *expected)
{
    struct buf buf;
    buf_init(&buf, TIME_TEXT_SIZE);
    time_add(&buf, time_us);
    check_span(buf_span(&buf), expected);
    buf_done(&buf);
}

TEST(time_reads_the_examples_of_rfc_3339)
{
    check_parse("1985-04-12T23:20:50.52Z", 482196050520000);
    check_parse("1996-12-19T16:39:57-08:00", 851042397000000);
    check_parse("1990-12-31T23:59:60Z", 662688000000000);
    check_parse("1990-12-31T15:59:60-08:00", 662688000000000);
    check_parse("1937-01-01T12:00:27.87+00:20", -1041337172130000);
}

TEST(time_reads_the_forms_that_logs_use)
{
    check_parse("2018-03-24T17:15:20.600725+0000", 1521911720600725);
    check_parse("2018-03-24 17:15:20", 1521911720000000);
    check_parse("2018-03-24t17:15:20z", 1521911720000000);
    check_parse("2018-03-24T17:15:20,5Z", 1521911720500000);
    check_parse("2018-03-24", 1521849600000000);
    check_parse("2018-03-24T18:15:20+0100", 1521911720000000);
    check_parse("2018-03-24T17:15:20-00:00", 1521911720000000);
}

TEST(time_drops_digits_beyond_microseconds)
{
    check_parse("1970-01-01T00:00:00.1234569Z", 123456);
    check_parse("1970-01-01T00:00:00.000000999999999999999999999Z", 0);
    check_parse("1969-12-31T23:59:59.9999999Z", -1);
}

TEST(time_refuses_what_is_no_time_and_leaves_the_result_alone)
{
    static const char *const wrong[] = {
        "",
        "2018",
        "2018-3-24",
        "18-03-24",
        "2018-02-29",
        "1900-02-29",
        "2018-13-01",
        "2018-00-01",
        "2018-01-00",
        "2018-04-31",
        "0000-01-01",
        "2018-03-24T",
        "2018-03-24T17",
        "2018-03-24T17:15",
        "2018-03-24T24:00:00Z",
        "2018-03-24T23:60:00Z",
        "2018-03-24T23:59:61Z",
        "2018-03-24T17:15:20.Z",
        "2018-03-24T17:15:20Z ",
        " 2018-03-24T17:15:20Z",
        "2018-03-24T17:15:20ZZ",
        "2018-03-24T17:15:20+24:00",
        "2018-03-24T17:15:20+01:60",
        "2018-03-24T17:15:20+1",
        "2018-03-24T17:15:20+01",
        "2018-03-24T17:15:20-",
        "2018-03-24T17:15:20 +01:00",
        "2018-03-24T-1:15:20Z",
        "+018-03-24T17:15:20Z",
        "2018/03/24 17:15:20",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t time_us = 42;
        enum err err = time_parse(span_of(wrong[i]), &time_us);
        if (err != ERR_FORMAT) {
            print_error("accepted: \"%s\"\n", wrong[i]);
        }
        assert_int_equal(err, ERR_FORMAT);
        assert_int_equal(time_us, 42);
    }
}

TEST(time_is_refused_when_cut_anywhere_but_after_the_date_or_the_seconds)
{
    const struct span whole = SPAN("2018-03-24T17:15:20.600725+00:00");
    int64_t time_us = 0;

    for (size_t size = 0; size < whole.size; size++) {
        bool is_time = size == 10 || size == 19 || (size > 20 && size <= 26) || size == 0;
        enum err err = time_parse(span_slice(whole, 0, size), &time_us);
        assert_int_equal(err, is_time && size > 0 ? ERR_OK : ERR_FORMAT);
    }
}

TEST(time_reads_and_writes_its_first_and_last_moment)
{
    check_parse("0001-01-01T00:00:00Z", TIME_US_MIN);
    check_parse("9999-12-31T23:59:59.999999Z", TIME_US_MAX);
    check_text(TIME_US_MIN, "0001-01-01T00:00:00.000Z");
    check_text(TIME_US_MAX, "9999-12-31T23:59:59.999999Z");
    check_text(TIME_US_MIN - 1, "");
    check_text(TIME_US_MAX + 1, "");
    check_text(TIME_US_NONE, "");
}

TEST(time_is_written_with_three_digits_where_exact_else_six)
{
    check_text(0, "1970-01-01T00:00:00.000Z");
    check_text(1000, "1970-01-01T00:00:00.001Z");
    check_text(1, "1970-01-01T00:00:00.000001Z");
    check_text(-1, "1969-12-31T23:59:59.999999Z");
    check_text(-1000, "1969-12-31T23:59:59.999Z");
    check_text(951782400000000, "2000-02-29T00:00:00.000Z");
}

/* The C library's calendar is the reference; it is asked for its broken-down form only. */
static void check_day(int64_t days)
{
    time_t seconds = (time_t)(days * 86400);
    struct tm calendar;
    assert_non_null(gmtime_r(&seconds, &calendar));
    char expected[64];
    snprintf(expected, sizeof expected, "%04d-%02d-%02dT12:34:56.789012Z",
             (calendar.tm_year + 1900) % 10000, calendar.tm_mon + 1, calendar.tm_mday);
    int64_t time_us = days * day_us + (int64_t)45296789012;
    check_text(time_us, expected);
    check_parse(expected, time_us);
}

TEST(every_day_of_ten_thousand_years_is_written_and_read_back)
{
    int64_t first = TIME_US_MIN / day_us;
    int64_t last = TIME_US_MAX / day_us;

    for (int64_t days = first; days <= last; days += 17) { /* 17 meets every month and leap rule */
        check_day(days);
    }
    for (int64_t days = first; days < first + 800; days++) {
        check_day(days);
    }
    for (int64_t days = last - 800; days <= last; days++) {
        check_day(days);
    }
}

TEST(random_moments_are_written_and_read_back)
{
    uint64_t random = testing_seed();
    uint64_t range = (uint64_t)TIME_US_MAX - (uint64_t)TIME_US_MIN + 1;

    for (size_t i = 0; i < 20000; i++) {
        int64_t time_us = TIME_US_MIN + (int64_t)(testing_random(&random) % range);
        struct buf buf;
        buf_init(&buf, TIME_TEXT_SIZE);
        time_add(&buf, time_us);
        int64_t again_us = 0;
        check_err(time_parse(buf_span(&buf), &again_us), ERR_OK);
        assert_true(again_us == time_us);
        buf_done(&buf);
    }
}

TEST(epoch_reads_seconds_with_and_without_a_fraction)
{
    check_epoch("0", 0);
    check_epoch("1521911720", 1521911720000000);
    check_epoch("1521911720.865716", 1521911720865716);
    check_epoch("1521911720.8", 1521911720800000);
    check_epoch("-1.5", -1500000);
    check_epoch("-0.000001", -1);
    check_epoch("0001.0", 1000000);
}

TEST(epoch_rounds_to_the_nearest_microsecond)
{
    check_epoch("1.0000004", 1000000);
    check_epoch("1.0000005", 1000001);
    check_epoch("1.00000049999", 1000000);
    check_epoch("1521911720.8657159805", 1521911720865716);
    check_epoch("1.9999999", 2000000);
    check_epoch("-1.9999999", -2000000);
}

TEST(epoch_refuses_what_is_no_number)
{
    static const char *const wrong[] = { "",    "-",     ".5",   "1.",   "1.5.5", "1e9",  "+1",
                                         " 1",  "1 ",    "0x10", "1.-5", "--1",   "1.5s", "nan",
                                         "inf", "1,5,5", "-.5",  "1.5 ", "-a" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t time_us = 42;
        check_err(time_parse_epoch(span_of(wrong[i]), &time_us), ERR_FORMAT);
        assert_int_equal(time_us, 42);
    }
}

TEST(epoch_refuses_a_comma_for_the_point)
{
    int64_t time_us = 42;

    check_err(time_parse_epoch(SPAN("1,5"), &time_us), ERR_FORMAT);
}

TEST(epoch_is_bounded_by_what_can_be_written)
{
    int64_t time_us = 42;

    check_epoch("-62135596800", TIME_US_MIN);
    check_epoch("253402300799.999999", TIME_US_MAX);
    check_err(time_parse_epoch(SPAN("253402300800"), &time_us), ERR_LIMIT);
    check_err(time_parse_epoch(SPAN("253402300799.9999995"), &time_us), ERR_LIMIT);
    check_err(time_parse_epoch(SPAN("-62135596800.000001"), &time_us), ERR_LIMIT);
    check_err(time_parse_epoch(SPAN("99999999999999999999999999999999"), &time_us), ERR_LIMIT);
    assert_int_equal(time_us, 42);
}

TEST(time_floor_goes_down_also_before_1970)
{
    const int64_t hour_us = (int64_t)3600 * US_PER_S;

    assert_true(time_floor(0, hour_us) == 0);
    assert_true(time_floor(hour_us - 1, hour_us) == 0);
    assert_true(time_floor(hour_us, hour_us) == hour_us);
    assert_true(time_floor(-1, hour_us) == -hour_us);
    assert_true(time_floor(-hour_us, hour_us) == -hour_us);
    assert_true(time_floor(TIME_US_MIN + 5, day_us) == TIME_US_MIN);
}

TEST(time_of_a_calendar_and_clock_is_that_of_its_text)
{
    uint64_t random = testing_seed();
    for (int i = 0; i < 10000; i++) {
        int64_t time_us = TIME_US_MIN + (int64_t)(testing_random(&random) %
                                                  (uint64_t)(TIME_US_MAX - TIME_US_MIN));
        int64_t again_us = 0;

        struct time_civil civil = time_to_civil(time_us);

        check_err(time_from_civil(&civil, &again_us), ERR_OK);
        assert_true(again_us == time_us);
    }
}

TEST(date_or_hour_that_does_not_exist_is_no_time)
{
    static const struct time_civil wrong[] = {
        { 0, 1, 1, 0, 0, 0, 0 },
        { 10000, 1, 1, 0, 0, 0, 0 },
        { 2026, 0, 1, 0, 0, 0, 0 },
        { 2026, 13, 1, 0, 0, 0, 0 },
        { 2026, 2, 29, 0, 0, 0, 0 },
        { 2026, 11, 0, 0, 0, 0, 0 },
        { 2026, 11, 21, 24, 0, 0, 0 },
        { 2026, 11, 21, 0, 60, 0, 0 },
        { 2026, 11, 21, 0, 0, 61, 0 },
        { 2026, 11, 21, -1, 0, 0, 0 },
        { 2026, 11, 21, 0, 0, 0, US_PER_S },
        { 9999, 12, 31, 23, 59, 60, 0 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t time_us = 7;

        check_err(time_from_civil(&wrong[i], &time_us), ERR_FORMAT);

        assert_int_equal(time_us, 7);
    }
}
