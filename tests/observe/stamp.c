// SPDX-License-Identifier: EUPL-1.2
#include "observe/stamp.h"

#include <stdlib.h>

#include "os/clock.h"
#include "tests/testing.h"

/* 22 November 2026, noon. */
#define NOW 1795348800000000

/* A stamp of forms, parted by '|', and a zone; NULL leaves either as it is. */
static struct stamp stamp_of(struct op *op, const char *forms, const char *zone)
{
    struct stamp stamp = { .form_count = 0 };
    struct span rest = span_of(forms);
    struct span form = { NULL, 0 };
    while (forms != NULL && span_next(&rest, '|', &form)) {
        check_err(stamp_add_form(op, &stamp, form), ERR_OK);
    }
    if (zone != NULL) {
        check_err(stamp_set_zone(op, &stamp, span_of(zone)), ERR_OK);
    }
    return stamp;
}

static void check_stamp_at(const char *forms, const char *zone, const char *text,
                           const char *expected, int at)
{
    struct op op;
    testing_op_begin(&op);
    const struct stamp stamp = stamp_of(&op, forms, zone);
    int64_t time_us = 0;
    struct buf buf;
    buf_init(&buf, TIME_TEXT_SIZE);

    enum err err = stamp_read(&stamp, span_of(text), NOW, &time_us);

    if (err == ERR_OK) {
        time_add(&buf, time_us);
    } else {
        buf_add(&buf, SPAN("none"));
    }
    testing_check_span(buf_span(&buf), expected, __FILE__, at);
    buf_done(&buf);
    op_end(&op);
}

#define check_stamp(forms, zone, text, expected)                                                   \
    check_stamp_at(forms, zone, text, expected, __LINE__)

TEST(time_that_logs_commonly_write_needs_no_form)
{
    static const char *const texts[] = {
        "2026-11-21T20:34:05Z",
        "2026-11-21 20:34:05",
        "2026-11-21T21:34:05+01:00",
        "1795293245",
        "1795293245000",
        "1795293245000000",
        "1795293245000000000",
        "21/Nov/2026:20:34:05 +0000",
        "21/Nov/2026:21:34:05 +0100",
        "21-Nov-2026 20:34:05.000",
        "Nov 21 20:34:05",
        "Sat Nov 21 20:34:05 2026",
        "Nov 21 2026 20:34:05",
        "2026/11/21 20:34:05",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_stamp(NULL, NULL, texts[i], "2026-11-21T20:34:05.000Z");
    }
    check_stamp(NULL, NULL, "1795293245.779", "2026-11-21T20:34:05.779Z");
    check_stamp(NULL, NULL, "1795293245779.5", "2026-11-21T20:34:05.779500Z");
    check_stamp(NULL, NULL, "half past eight", "none");
    check_stamp(NULL, NULL, "", "none");
}

TEST(form_that_is_named_is_the_only_one)
{
    check_stamp("epoch", NULL, "1795293245.5", "2026-11-21T20:34:05.500Z");
    check_stamp("epoch", NULL, "2026-11-21T20:34:05Z", "none");
    check_stamp("epoch-ms", NULL, "1795293245500", "2026-11-21T20:34:05.500Z");
    check_stamp("epoch-us", NULL, "1795293245500000", "2026-11-21T20:34:05.500Z");
    check_stamp("epoch-ns", NULL, "1795293245500000000", "2026-11-21T20:34:05.500Z");
    check_stamp("epoch-ms", NULL, "17", "none");
    check_stamp("rfc3339", NULL, "1795293245", "none");
    check_stamp("common", NULL, "21/Nov/2026:20:34:05 +0000", "2026-11-21T20:34:05.000Z");
}

TEST(pattern_reads_what_it_says)
{
    check_stamp("%d.%m.%Y %H:%M:%S", NULL, "21.11.2026 20:34:05", "2026-11-21T20:34:05.000Z");
    check_stamp("%d.%m.%Y %H:%M:%S", NULL, "1.2.2026 3:04:05", "2026-02-01T03:04:05.000Z");
    check_stamp("%m/%d/%y %I:%M:%S %p", NULL, "11/21/26 8:34:05 PM", "2026-11-21T20:34:05.000Z");
    check_stamp("%m/%d/%y %I:%M:%S %p", NULL, "11/21/26 12:34:05 a.m.", "2026-11-21T00:34:05.000Z");
    check_stamp("%A, %d %B %Y %T %Z", NULL, "Saturday, 21 November 2026 20:34:05 UTC",
                "2026-11-21T20:34:05.000Z");
    check_stamp("%F %T,%f", NULL, "2026-11-21 20:34:05,25", "2026-11-21T20:34:05.250Z");
    check_stamp("%F %T", NULL, "2026-11-21 20:34:05,25", "2026-11-21T20:34:05.250Z");
    check_stamp("100%% %s", NULL, "100% 1795293245", "2026-11-21T20:34:05.000Z");
    check_stamp("%F %T%z", NULL, "2026-11-21 21:34:05+01", "2026-11-21T20:34:05.000Z");
}

TEST(pattern_refuses_what_is_not_all_of_it)
{
    check_stamp("%F %T", NULL, "2026-11-21 20:34:05 x", "none");
    check_stamp("%F %T", NULL, "2026-11-21 20:34", "none");
    check_stamp("%F %T", NULL, "2026-02-29 20:34:05", "none");
    check_stamp("%d.%m.%Y %T", NULL, "21.11.26 20:34:05", "none");
    check_stamp("%F %I:%M %p", NULL, "2026-11-21 13:34 PM", "none");
    check_stamp("%d %b %H:%M", NULL, "21 Nox 20:34", "none");
}

TEST(first_of_several_forms_that_fits_counts)
{
    const char *forms = "%m/%d/%Y %I:%M:%S %p|%d/%m/%Y %H:%M:%S";

    check_stamp(forms, NULL, "3/4/2026 8:34:05 PM", "2026-03-04T20:34:05.000Z");
    check_stamp(forms, NULL, "3/4/2026 20:34:05", "2026-04-03T20:34:05.000Z");
}

TEST(zone_holds_for_times_that_name_none)
{
    check_stamp(NULL, "+02:00", "2026-11-21 22:34:05", "2026-11-21T20:34:05.000Z");
    check_stamp(NULL, "-0130", "2026-11-21 19:04:05", "2026-11-21T20:34:05.000Z");
    check_stamp(NULL, "+02:00", "2026-11-21T20:34:05Z", "2026-11-21T20:34:05.000Z");
    check_stamp(NULL, "+02:00", "1795293245", "2026-11-21T20:34:05.000Z");
    check_stamp(NULL, "UTC", "2026-11-21 20:34:05", "2026-11-21T20:34:05.000Z");
}

TEST(local_zone_is_that_of_the_machine_with_its_summer_time)
{
    assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    os_zone_read();

    check_stamp(NULL, "local", "2026-11-21 21:34:05", "2026-11-21T20:34:05.000Z");
    check_stamp(NULL, "local", "2026-07-21 22:34:05", "2026-07-21T20:34:05.000Z");

    assert_int_equal(setenv("TZ", "UTC0", 1), 0);
    os_zone_read();
}

TEST(time_without_a_year_is_the_last_one_before_now)
{
    check_stamp(NULL, NULL, "Nov 22 11:59:59", "2026-11-22T11:59:59.000Z");
    check_stamp(NULL, NULL, "Nov 23 11:00:00",
                "2026-11-23T11:00:00.000Z"); /* a clock that is ahead */
    check_stamp(NULL, NULL, "Nov 24 11:00:00", "2025-11-24T11:00:00.000Z");
    check_stamp(NULL, NULL, "Dec 31 23:59:59", "2025-12-31T23:59:59.000Z");
    check_stamp(NULL, NULL, "Jan  1 00:00:00", "2026-01-01T00:00:00.000Z");
    check_stamp(NULL, NULL, "Feb 29 00:00:00", "2024-02-29T00:00:00.000Z");
    check_stamp(NULL, NULL, "Feb 30 00:00:00", "none");
}

TEST(form_or_zone_that_means_nothing_is_refused)
{
    static const char *const forms[] = { "",       "epok",   "%Y", "%H:%M", "%Q %d %H:%M",
                                         "%d %M%", "rfc822", "%d" };
    static const char *const zones[] = { "", "CET", "+25:00", "1", "Europe/Amsterdam" };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct op op;
        struct stamp stamp = { .form_count = 0 };
        testing_op_begin(&op);

        check_err(stamp_add_form(&op, &stamp, span_of(forms[i])), ERR_FORMAT);

        assert_int_equal(stamp.form_count, 0);
        op_end(&op);
    }
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct op op;
        struct stamp stamp = { .form_count = 0 };
        testing_op_begin(&op);

        check_err(stamp_set_zone(&op, &stamp, span_of(zones[i])), ERR_FORMAT);

        op_end(&op);
    }
}
