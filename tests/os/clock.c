// SPDX-License-Identifier: EUPL-1.2
#include "os/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "tests/testing.h"

static int64_t time_of(const char *text)
{
    int64_t time_us = 0;
    check_err(time_parse(span_of(text), &time_us), ERR_OK);
    return time_us;
}

/* Rules of a zone that need no file of zones: one hour ahead, summer time as in the Netherlands. */
static void zone_set(const char *rules)
{
    assert_int_equal(setenv("TZ", rules, 1), 0);
    os_zone_read();
}

TEST(clock_on_the_wall_is_read_with_the_zone_and_its_summer_time)
{
    zone_set("CET-1CEST,M3.5.0,M10.5.0/3");

    assert_true(os_zone_to_utc_us(time_of("2026-11-21T20:34:05.25Z")) ==
                time_of("2026-11-21T19:34:05.25Z"));
    assert_true(os_zone_to_utc_us(time_of("2026-07-21T20:34:05Z")) ==
                time_of("2026-07-21T18:34:05Z"));
}

TEST(hour_that_comes_twice_is_one_of_the_two)
{
    zone_set("CET-1CEST,M3.5.0,M10.5.0/3");

    int64_t utc_us = os_zone_to_utc_us(time_of("2026-10-25T02:30:00Z"));

    assert_true(utc_us == time_of("2026-10-25T00:30:00Z") ||
                utc_us == time_of("2026-10-25T01:30:00Z"));
}

TEST(machine_in_utc_changes_nothing)
{
    zone_set("UTC0");

    assert_true(os_zone_to_utc_us(time_of("2026-10-25T02:30:00.000007Z")) ==
                time_of("2026-10-25T02:30:00.000007Z"));
}

TEST(time_of_the_processor_goes_on_with_work_and_not_with_waiting)
{
    struct timespec nothing = { .tv_nsec = 20 * 1000 * 1000 }; /* 20 ms */
    int64_t begun_us = os_cpu_us();
    int64_t wall_us = os_monotonic_us();

    assert_int_equal(nanosleep(&nothing, NULL), 0);
    assert_true(os_cpu_us() - begun_us < os_monotonic_us() - wall_us);
    while (os_cpu_us() - begun_us < 1000) {
        assert_true(os_cpu_us() >= begun_us);
    }
}

TEST(zone_is_known_also_to_who_looks_at_no_file)
{
    assert_int_equal(unsetenv("TZ"), 0);

    os_zone_read();

    assert_string_equal(getenv("TZ"), ":/etc/localtime");
    assert_true(os_zone_to_utc_us(0) % (900 * (int64_t)US_PER_S) ==
                0); /* zones differ by quarters */
}
