// SPDX-License-Identifier: EUPL-1.2
/*
 * Inputs that a mapping reads: wherever a run begins, it knows the columns, and each line counts
 * once.
 */
#include <stdlib.h>
#include <unistd.h>

#include "os/clock.h"
#include "tests/watch/lane.h"

#define CSV_HEADER            "date,time,action,protocol,src-ip,dst-ip\n"
#define CSV(second, from, to) "2026-11-21,20:34:" second ",DROP,TCP," from "," to "\n"
#define W3C_HEADER            "#Version: 1.5\n#Fields: date time action src-ip dst-ip tcpflags\n\n"
#define W3C(second, from, to) "2026-11-21 20:34:" second " DROP " from " " to " -\n"
#define TEXT(second, from, name)                                                                   \
    "Nov 21 20:34:" second " dnsmasq[1]: query[A] " name " from " from "\n"

static enum observe_format format_of(const char *name)
{
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    check_err(observe_formats_find(lane_rules()->formats, span_of(name), &format), ERR_OK);
    return format;
}

static void utc(void)
{
    assert_int_equal(setenv("TZ", "UTC0", 1), 0);
    os_zone_read();
}

static struct match_image *image_of(struct lane *lane, const char *text)
{
    const struct lane_indicator one = { .text = text };
    return lane_image(lane, &one, 1);
}

TEST(lines_of_a_mapping_give_folds)
{
    struct lane lane;
    utc();
    lane_begin(&lane);
    const char *text =
        W3C_HEADER W3C("05", "10.0.0.5", "198.51.100.7") W3C("06", "10.0.0.5", "198.51.100.8");

    struct lane_result *result =
        lane_watch(&lane, format_of("windows-firewall"), text, image_of(&lane, "198.51.100.7"));

    assert_int_equal(result->lines, 2);
    assert_int_equal(result->fold_count, 1);
    check_span(result->folds[0].field, "dst-ip");
    check_span(result->folds[0].inside, "10.0.0.5");
    lane_end(&lane);
}

/* A run sees the beginning of a file, the next one all of it. */
static void check_growing(struct lane *lane, const struct match_image *image,
                          const struct watch_source *source, const char *text, size_t begun)
{
    struct lane_result *whole = lane_work(lane, lane_file(lane, span_of(text)), source, image, 0);
    struct lane_result *first =
        lane_work(lane, lane_file(lane, span_make(text, begun)), source, image, 0);
    const struct watch_begin begin = { .position = first->end, .line = first->line };

    struct lane_result *second =
        lane_work_on(lane, lane_file(lane, span_of(text)), source, image, &begin);

    for (size_t i = 0; i < second->fold_count; i++) {
        lane_merge(lane, first, &second->folds[i]);
    }
    assert_int_equal(first->lines + second->lines, whole->lines);
    assert_true(span_equal(lane_folds(lane, first), lane_folds(lane, whole)));
    for (unsigned i = 0; i < WATCH_COUNT_COUNT; i++) {
        assert_int_equal(first->counts[i] + second->counts[i], whole->counts[i]);
    }
}

TEST(run_that_goes_on_knows_the_columns_and_counts_each_line_once)
{
    static const struct {
        const char *format;
        const char *text;
    } logs[] = {
        { "windows-firewall-csv",
          CSV_HEADER CSV("05", "10.0.0.5", "198.51.100.7") CSV("06", "10.0.0.6", "198.51.100.7")
              CSV("07", "10.0.0.7", "198.51.100.7") },
        { "windows-firewall",
          W3C_HEADER W3C("05", "10.0.0.5", "198.51.100.7")
              W3C("06", "10.0.0.6", "198.51.100.7") "#Fields: date time src-ip dst-ip\n"
                                                    "2026-11-21 20:34:07 10.0.0.7 198.51.100.7\n" },
        { "dnsmasq", TEXT("05", "10.0.0.5", "a.example") TEXT("06", "198.51.100.7", "b.example")
                         TEXT("07", "10.0.0.7", "c.example") },
    };
    utc();
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct lane lane;
        lane_begin(&lane);
        const struct watch_source source = { .format = format_of(logs[i].format) };
        struct match_image *image = image_of(&lane, "198.51.100.7");
        for (size_t begun = 1; begun < strlen(logs[i].text); begun++) {
            check_growing(&lane, image, &source, logs[i].text, begun);
        }
        lane_end(&lane);
    }
}

TEST(header_without_its_line_end_is_no_line_however_often_it_is_seen)
{
    struct lane lane;
    utc();
    lane_begin(&lane);
    const struct watch_source source = { .format = format_of("windows-firewall-csv") };
    struct match_image *image = image_of(&lane, "198.51.100.7");
    struct span half = SPAN("date,time,action,protocol,src-ip,dst-ip");
    const char *whole = CSV_HEADER CSV("05", "10.0.0.5", "198.51.100.7");
    struct watch_begin begin = { .position = 0 };
    uint64_t lines = 0;
    for (int run = 0; run < 3; run++) {
        struct lane_result *seen =
            lane_work_on(&lane, lane_file(&lane, half), &source, image, &begin);
        begin = (struct watch_begin){ .position = seen->end, .line = seen->line };
        lines += seen->lines;
    }

    struct lane_result *result =
        lane_work_on(&lane, lane_file(&lane, span_of(whole)), &source, image, &begin);

    assert_int_equal(lines + result->lines, 1);
    assert_int_equal(result->fold_count, 1);
    lane_end(&lane);
}

/* Each chunk is worked on by itself: the columns go with it. */
TEST(every_chunk_of_a_large_log_knows_the_columns)
{
    struct lane lane;
    struct buf text;
    utc();
    lane_begin(&lane);
    buf_init(&text, LANE_SIZE_MAX);
    buf_add(&text, SPAN(CSV_HEADER));
    while (text.size < 3 * (size_t)WATCH_CHUNK_SIZE) {
        buf_add(&text, SPAN(CSV("05", "10.0.0.5", "198.51.100.7")));
    }
    const uint64_t lines =
        (text.size - strlen(CSV_HEADER)) / strlen(CSV("05", "10.0.0.5", "198.51.100.7"));
    const struct watch_source source = { .format = format_of("windows-firewall-csv") };
    for (int sort = 0; sort < LANE_SORT_COUNT; sort++) {
        int fd = lane_open(&lane, (enum lane_sort)sort, buf_span(&text), 1);

        struct lane_result *result =
            lane_work(&lane, fd, &source, image_of(&lane, "198.51.100.7"), 0);

        assert_int_equal(result->lines, lines);
        assert_int_equal(result->folds[0].count, lines);
    }
    buf_done(&text);
    lane_end(&lane);
}
