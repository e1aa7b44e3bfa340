// SPDX-License-Identifier: EUPL-1.2
/*
 * A history as one thing: what becomes a segment when, what is merged, clocks that leap, disks that
 * are full, files that are damaged, and who reads while another writes.
 */
#include "history/history.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/memory.h"
#include "os/disk_sim.h"
#include "tests/history/acts.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum {
    BUDGET_US = 1,
    LATE_S = 600, /* after its hour, what is live becomes a segment */
};

/* Works until nothing is due; returns in how many steps. */
static size_t work_all(struct desk *desk)
{
    bool more = true;
    size_t steps = 0;
    while (more) {
        op_fault_clear(&desk->op);
        check_err(history_work(&desk->op, desk->history, desk->now_us, BUDGET_US, &more), ERR_OK);
        steps++;
        assert_true(steps < STEPS_MAX);
    }
    return steps;
}

static struct desk_seen seen_at(uint32_t value, uint64_t second)
{
    return (struct desk_seen){ .value = value,
                               .host = 1,
                               .first_s = (uint32_t)second,
                               .last_s = (uint32_t)second,
                               .count = 1 };
}

static void add_at(struct desk *desk, uint32_t value, uint64_t second)
{
    struct desk_seen seen = seen_at(value, second);
    check_err(desk_add_one(desk, &seen), ERR_OK);
}

/* ---- what is due ---- */

TEST(segments_of_about_one_size_become_one_in_steps)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < HISTORY_FAN - 1; i++) {
        segment_add(&desk, SEEN);
    }
    assert_int_equal(work_all(&desk), 1);
    assert_int_equal(stats_of(&desk).segments, HISTORY_FAN - 1);

    segment_add(&desk, SEEN);
    assert_true(work_all(&desk) >= 2);

    assert_int_equal(stats_of(&desk).segments, 1);
    (void)desk_compare(&desk, desk.history, false);
    (void)desk_verify(&desk);
    end(&desk);
}

TEST(commits_go_on_while_segments_are_merged)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < HISTORY_FAN; i++) {
        segment_add(&desk, SEEN);
    }
    check_err(desk_work(&desk, BUDGET_US), ERR_OK); /* begins */
    segment_add(&desk, SEEN);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    check_err(desk_work(&desk, INT64_MAX), ERR_OK);
    check_err(desk_work(&desk, INT64_MAX), ERR_OK);

    assert_int_equal(stats_of(&desk).segments, 2);
    (void)desk_compare(&desk, desk.history, false);
    (void)desk_verify(&desk);
    end(&desk);
}

TEST(a_merge_that_was_not_finished_leaves_nothing)
{
    struct desk desk;
    struct span *names;
    size_t count;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < HISTORY_FAN; i++) {
        segment_add(&desk, SEEN);
    }
    check_err(desk_work(&desk, BUDGET_US), ERR_OK);
    desk_die(&desk);

    check_err(disk_list(&desk.op, desk.disk, FOLDER, &names, &count), ERR_OK);
    assert_int_equal(count, HISTORY_FAN + 4); /* lock, manifest, copy, write-ahead file */
    (void)desk_verify(&desk);
    end(&desk);
}

TEST(what_is_live_becomes_a_segment_when_its_hour_is_over)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    add_at(&desk, 1, DESK_BASE_S + 5);
    commit(&desk);

    at(&desk, DESK_BASE_S + HISTORY_HOUR_S + LATE_S - 1);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).segments, 0);
    at(&desk, DESK_BASE_S + HISTORY_HOUR_S + LATE_S);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).segments, 1);
    assert_int_equal(stats_of(&desk).live_count, 0);

    add_at(&desk, 2, DESK_BASE_S - DAYS_YEAR * HISTORY_DAY_S); /* a year late */
    commit(&desk);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).segments, 1); /* once an hour */
    at(&desk, DESK_BASE_S + 2 * HISTORY_HOUR_S + LATE_S);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).segments, 2);
    (void)desk_verify(&desk);
    end(&desk);
}

TEST(what_waits_or_is_not_acknowledged_does_not_become_a_segment)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    at(&desk, DESK_BASE_S + DAYS_YEAR * (uint64_t)HISTORY_DAY_S);
    add_at(&desk, 1, DESK_BASE_S);
    (void)work_all(&desk);
    check_err(history_flush(&desk.op, desk.history), ERR_CONFLICT);
    check_err(desk_commit(&desk), ERR_OK);
    (void)work_all(&desk);
    op_fault_clear(&desk.op);
    check_err(history_flush(&desk.op, desk.history), ERR_CONFLICT);
    assert_int_equal(stats_of(&desk).segments, 0);

    desk_acknowledge(&desk);
    (void)work_all(&desk);

    assert_int_equal(stats_of(&desk).segments, 1);
    (void)desk_verify(&desk);
    end(&desk);
}

/* ---- rules and the clock ---- */

TEST(hours_become_days_and_days_months_and_nothing_is_lost)
{
    struct desk desk;
    begin(&desk);
    desk.rules.hour_days = 10;
    desk.rules.day_days = 100;
    desk.by_month = true;
    desk.hours = 24 * 60;
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < 5; i++) {
        segment_add(&desk, SEEN * 10);
    }
    uint64_t rows = stats_of(&desk).facts.rows;

    uint64_t end_s = DESK_BASE_S + 60 * (uint64_t)HISTORY_DAY_S;
    at(&desk, end_s);
    check_err(desk_compact(&desk), ERR_OK);
    (void)desk_compare(&desk, desk.history, false);
    uint64_t by_day = stats_of(&desk).facts.rows;
    at(&desk, end_s + 300 * (uint64_t)HISTORY_DAY_S);
    check_err(desk_compact(&desk), ERR_OK);

    assert_true(by_day < rows);
    assert_true(stats_of(&desk).facts.rows < by_day);
    (void)desk_verify(&desk);
    end(&desk);
}

/* Value 1 is an address, value 3 a domain: it is kept for so many days. */
static void kept_begin(struct desk *desk, uint32_t days)
{
    begin(desk);
    desk->rules.days[VALUE_DOMAIN] = days;
    check_err(desk_open(desk), ERR_OK);
    add_at(desk, 1, DESK_BASE_S);
    add_at(desk, 3, DESK_BASE_S);
    check_err(desk_flush(desk), ERR_OK);
}

static uint64_t days_later(uint64_t days)
{
    return DESK_BASE_S + days * HISTORY_DAY_S;
}

TEST(what_has_been_kept_long_enough_goes_without_being_asked)
{
    struct desk desk;
    kept_begin(&desk, 30);
    at(&desk, days_later(1));
    (void)work_all(&desk);
    for (uint64_t day = 2; day < 40; day++) {
        at(&desk, days_later(day));
        (void)work_all(&desk);
        bool kept = stats_of(&desk).facts.kind_values[VALUE_DOMAIN] == 1;
        assert_true(day > 30 || kept);
        assert_true(day < 36 || !kept);
    }
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_IPV4], 1);
    end(&desk);
}

TEST(what_is_past_its_age_stays_for_a_slack_at_most_and_goes_at_once_where_somebody_asks_for_it)
{
    struct desk desk;
    begin(&desk);
    desk.rules.days[VALUE_DOMAIN] = 30;
    check_err(desk_open(&desk), ERR_OK);
    for (uint64_t day = 0; day < 3; day++) {
        add_at(&desk, 3, days_later(day));
    }
    check_err(desk_flush(&desk), ERR_OK);
    at(&desk, days_later(30));
    (void)work_all(&desk);
    at(&desk, days_later(30) + 1);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).facts.rows, 2);

    at(&desk, days_later(31) + 1);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).facts.rows, 2);
    check_err(desk_compact(&desk), ERR_OK);
    assert_int_equal(stats_of(&desk).facts.rows, 1);
    check_err(desk_compact(&desk), ERR_OK); /* nothing is due, and it ends */
    assert_int_equal(stats_of(&desk).facts.rows, 1);
    end(&desk);
}

/* The rules become others while the history is closed. */
static void rules_change(struct desk *desk)
{
    desk_close(desk);
    desk->rules.keep[VALUE_DOMAIN] = HISTORY_KEEP_NOT;
    check_err(desk_open(desk), ERR_OK);
}

TEST(rules_that_changed_reach_a_segment_and_what_was_live_without_being_asked)
{
    struct desk desk;
    kept_begin(&desk, 0);
    at(&desk, days_later(1));
    (void)work_all(&desk);
    add_at(&desk, 3, DESK_BASE_S);
    rules_change(&desk);
    uint64_t generation = stats_of(&desk).generation;
    at(&desk, days_later(2));
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_DOMAIN], 0);
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_IPV4], 1);
    assert_true(stats_of(&desk).generation > generation);

    generation = stats_of(&desk).generation;
    desk_close(&desk);
    check_err(desk_open(&desk), ERR_OK);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).generation, generation); /* once is enough */
    end(&desk);
}

TEST(rules_that_changed_reach_segments_that_are_too_large_to_be_merged)
{
    struct desk desk;
    kept_begin(&desk, 0);
    add_at(&desk, 3, days_later(1));
    check_err(desk_flush(&desk), ERR_OK);
    desk.merge_keys_max = 1;
    rules_change(&desk);
    at(&desk, days_later(2));
    check_err(desk_compact(&desk), ERR_OK);
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_DOMAIN], 0);
    end(&desk);
}

TEST(a_clock_that_leaps_ahead_makes_nothing_go_until_it_is_confirmed)
{
    struct desk desk;
    kept_begin(&desk, 30);
    at(&desk, days_later(0));
    (void)work_all(&desk);

    at(&desk, days_later(4000)); /* wrong, for a while */
    (void)work_all(&desk);
    at(&desk, days_later(4000) + HISTORY_HOUR_S);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_DOMAIN], 1);
    at(&desk, days_later(1));
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_DOMAIN], 1);
    (void)desk_verify(&desk);
    check_err(desk_open(&desk), ERR_OK);

    at(&desk, days_later(50)); /* the node was off; now there are lines of today */
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_DOMAIN], 1);
    add_at(&desk, 4, days_later(50));
    check_err(desk_flush(&desk), ERR_OK);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_DOMAIN], 0);
    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_IPV4], 2);
    end(&desk);
}

TEST(a_clock_that_leaps_ahead_and_goes_on_for_a_day_is_believed)
{
    struct desk desk;
    kept_begin(&desk, 30);
    at(&desk, days_later(0));
    (void)work_all(&desk);
    for (uint64_t hour = 0; hour <= 24; hour++) {
        at(&desk, days_later(100) + hour * HISTORY_HOUR_S);
        (void)work_all(&desk);
        assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_DOMAIN], hour < 24);
    }
    end(&desk);
}

TEST(what_claims_to_be_of_the_future_confirms_no_clock)
{
    struct desk desk;
    kept_begin(&desk, 30);
    at(&desk, days_later(0));
    (void)work_all(&desk);
    add_at(&desk, 4, days_later(5000));
    check_err(desk_flush(&desk), ERR_OK);

    at(&desk, days_later(4000)); /* wrong, for a while */
    (void)work_all(&desk);

    assert_int_equal(stats_of(&desk).facts.kind_values[VALUE_DOMAIN], 1);
    end(&desk);
}

TEST(a_clock_that_goes_back_costs_nothing)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    at(&desk, days_later(100));
    segment_add(&desk, SEEN);
    (void)work_all(&desk);
    at(&desk, 0);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    (void)work_all(&desk);
    desk.now_us = INT64_MIN;
    (void)work_all(&desk);
    desk.now_us = INT64_MAX;
    (void)work_all(&desk);
    (void)desk_compare(&desk, desk.history, false);
    (void)desk_verify(&desk);
    end(&desk);
}

TEST(the_oldest_go_first_where_all_is_too_large)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    desk.hours = 24 * 30;
    for (size_t i = 0; i < 6; i++) {
        segment_add(&desk, SEEN * 20);
    }
    struct history_stats before = stats_of(&desk);
    desk.rules.size_max = before.facts.size / 2;

    (void)work_all(&desk);

    struct history_stats after = stats_of(&desk);
    assert_true(after.facts.size <= desk.rules.size_max);
    assert_true(after.facts.size > 0);
    assert_true(after.facts.first_s > before.facts.first_s);
    assert_int_equal(after.facts.last_s, before.facts.last_s);
    assert_int_equal(work_all(&desk), 1);
    end(&desk);
}

/* ---- forgetting ---- */

TEST(a_segment_that_cannot_be_read_goes_with_what_is_forgotten)
{
    struct desk desk;
    struct disk_file *file;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    add_at(&desk, 1, DESK_BASE_S);
    check_err(desk_flush(&desk), ERR_OK);
    add_at(&desk, 2, DESK_BASE_S + 10 * HISTORY_HOUR_S);
    check_err(desk_flush(&desk), ERR_OK);
    desk_die(&desk);
    check_err(
        disk_file_open(&desk.op, desk.disk, SPAN("history/seg-000000000002"), DISK_WRITE, &file),
        ERR_OK);
    check_err(disk_truncate(&desk.op, file, 10), ERR_OK);
    disk_file_close(file);

    (void)desk_open(&desk);
    assert_int_equal(desk.opened.damaged, 1);
    desk.violation[0] = '\0';
    struct history_stats stats = stats_of(&desk);
    assert_int_equal(stats.damaged, 1);
    assert_int_equal(stats.facts.postings, 1);
    const struct history_forget forget = { .since_s = DESK_BASE_S,
                                           .until_s = DESK_BASE_S + HISTORY_HOUR_S };
    struct history_forgotten gone;
    check_err(history_forget(&desk.op, desk.history, &forget, &gone), ERR_OK);

    stats = stats_of(&desk);
    assert_int_equal(stats.damaged, 0);
    assert_int_equal(stats.segments, 1);
    check_err(
        disk_file_open(&desk.op, desk.disk, SPAN("history/seg-000000000002"), DISK_READ, &file),
        ERR_ABSENT);
    end(&desk);
}

TEST(a_rule_that_is_being_carried_out_waits_until_it_is)
{
    struct desk desk;
    struct history_forgetting read;
    const struct uuid id = { { 1, 2, 3 } };
    const struct value value = { .kind = VALUE_DOMAIN, .key = SPAN("example.org") };
    const struct history_forget forget = { .value = &value,
                                           .scope = VALUE_SCOPE_SUBDOMAINS,
                                           .host = SPAN("10.0.0.1"),
                                           .since_s = 7,
                                           .until_s = UINT32_MAX };
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    check_err(history_forgetting_read(&desk.op, desk.history, &read), ERR_ABSENT);
    op_fault_clear(&desk.op);
    check_err(history_forgetting_keep(&desk.op, desk.history, &id, &forget), ERR_OK);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("history/forgetting.new"), SPAN("half")),
              ERR_OK);
    desk_die(&desk);

    check_err(desk_open(&desk), ERR_OK);
    check_err(history_forgetting_read(&desk.op, desk.history, &read), ERR_OK);
    assert_true(uuid_equal(&read.id, &id));
    assert_true(span_equal(read.forget.value->key, value.key));
    assert_int_equal(read.forget.value->kind, VALUE_DOMAIN);
    assert_int_equal(read.forget.scope, VALUE_SCOPE_SUBDOMAINS);
    assert_true(span_equal(read.forget.host, forget.host));
    assert_int_equal(read.forget.since_s, 7);
    assert_int_equal(read.forget.kind, VALUE_NONE);
    struct span map;
    check_err(disk_map(&desk.op, desk.disk, SPAN("history/forgetting.new"), &map), ERR_ABSENT);
    op_fault_clear(&desk.op);
    check_err(history_forgetting_drop(&desk.op, desk.history), ERR_OK);
    check_err(history_forgetting_read(&desk.op, desk.history, &read), ERR_ABSENT);
    op_fault_clear(&desk.op);
    end(&desk);
}

TEST(a_rule_whose_bytes_were_changed_is_none)
{
    struct desk desk;
    struct history_forgetting read;
    struct span map;
    struct buf bytes;
    const struct uuid id = { { 1 } };
    const struct history_forget forget = { .kind = VALUE_EMAIL, .until_s = UINT32_MAX };
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    check_err(history_forgetting_keep(&desk.op, desk.history, &id, &forget), ERR_OK);
    check_err(disk_map(&desk.op, desk.disk, SPAN("history/forgetting"), &map), ERR_OK);
    buf_init(&bytes, map.size);
    buf_add(&bytes, map);
    disk_unmap(desk.disk, map);

    for (size_t i = 0; i <= bytes.size; i++) {
        struct span cut = span_slice(buf_span(&bytes), 0, i == bytes.size ? i - 1 : i);
        bytes.data[i % bytes.size] ^= 0x40;
        struct span changed = i % 2 == 0 ? buf_span(&bytes) : cut;
        check_err(disk_replace(&desk.op, desk.disk, SPAN("history/forgetting"), changed), ERR_OK);
        enum err err = history_forgetting_read(&desk.op, desk.history, &read);
        assert_true(err == ERR_CORRUPT || err == ERR_UNSUPPORTED);
        op_fault_clear(&desk.op);
        bytes.data[i % bytes.size] ^= 0x40;
    }
    buf_done(&bytes);
    end(&desk);
}

/* ---- disks ---- */

TEST(a_full_disk_stops_a_merge_and_costs_nothing)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < HISTORY_FAN; i++) {
        segment_add(&desk, SEEN * 10);
    }
    disk_sim_capacity(desk.disk, stats_of(&desk).size + 600);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).segments, HISTORY_FAN);
    (void)desk_compare(&desk, desk.history, false);

    disk_sim_capacity(desk.disk, UINT64_MAX);
    desk.now_us += 59 * INT64_C(1000000);
    assert_int_equal(work_all(&desk), 1);
    assert_int_equal(stats_of(&desk).segments, HISTORY_FAN);
    desk.now_us += 2 * INT64_C(1000000);
    (void)work_all(&desk);
    assert_int_equal(stats_of(&desk).segments, 1);
    (void)desk_verify(&desk);
    end(&desk);
}

/* ---- opening ---- */

TEST(one_writes_and_who_comes_second_is_told)
{
    struct desk desk;
    struct history *second;
    begin(&desk);
    const struct history_options options = { .write = true, .rules = &desk.rules };
    const struct history_options reading = { .rules = &desk.rules };
    check_err(history_open(&desk.op, desk.disk, FOLDER, &reading, &second, NULL), ERR_ABSENT);
    check_err(desk_open(&desk), ERR_OK);
    assert_true(desk.opened.made);

    check_err(history_open(&desk.op, desk.disk, FOLDER, &options, &second, NULL), ERR_AGAIN);

    (void)desk_verify(&desk);
    assert_false(desk.opened.made);
    end(&desk);
}

TEST(a_journal_that_knows_more_or_less_is_told)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    segment_add(&desk, SEEN);
    segment_add(&desk, SEEN);
    desk_close(&desk);

    desk.journal = 1;
    check_err(desk_open(&desk), ERR_OK);
    assert_true(desk.opened.ahead);
    assert_false(desk.opened.behind);
    desk_close(&desk);
    desk.journal = 9;
    check_err(desk_open(&desk), ERR_OK);
    assert_true(desk.opened.behind);
    uint64_t number;
    add_at(&desk, 1, DESK_BASE_S);
    check_err(history_commit(&desk.op, desk.history, &number), ERR_OK);
    assert_int_equal(number, 10);
    desk.violation[0] = '\0';
    end(&desk);
}

TEST(a_write_ahead_file_that_is_gone_is_made_and_its_name_is_durable)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    segment_add(&desk, SEEN);
    desk_die(&desk);
    check_err(disk_remove(&desk.op, desk.disk, SPAN("history/wal-000000000003")), ERR_OK);
    check_err(disk_sync_folder(&desk.op, desk.disk, FOLDER), ERR_OK);

    check_err(desk_open(&desk), ERR_OK);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    desk_die(&desk);
    disk_sim_crash(desk.disk, 0); /* nothing survives that was not synced */

    (void)desk_verify(&desk);
    end(&desk);
}

/* ---- damage ---- */

struct told {
    uint64_t count;
    const char *file;
};

static void on_fault(void *context, const char *text)
{
    struct told *told = context;
    assert_non_null(strstr(text, told->file));
    told->count++;
}

/* Opens to read what one flipped bit is in; whatever it holds is in the shadow, and where something
 * is missing, the check names the file. */
static void damaged_read(struct desk *desk, struct told *told)
{
    struct history *history;
    uint64_t faults;
    op_end(&desk->op);
    testing_op_begin(&desk->op);
    const struct history_options options = { .acknowledged = desk->journal, .rules = &desk->rules };
    told->count = 0;
    check_err(history_open(&desk->op, desk->disk, FOLDER, &options, &history, NULL), ERR_OK);
    check_err(history_check(&desk->op, history, on_fault, told, &faults), ERR_OK);
    assert_int_equal(faults, told->count);
    if (faults == 0) {
        assert_true(desk_compare(desk, history, true));
    } else {
        const struct segment *const *segments;
        size_t count;
        check_err(history_segments(&desk->op, history, &segments, &count), ERR_OK);
        assert_true(count >= 2); /* of three */
    }
    history_close(history);
}

static void file_flip(struct desk *desk, struct span path, uint64_t bit)
{
    struct disk_file *file;
    uint8_t byte;
    size_t got;
    check_err(disk_file_open(&desk->op, desk->disk, path, DISK_WRITE, &file), ERR_OK);
    check_err(disk_read(&desk->op, file, bit / 8, &byte, 1, &got), ERR_OK);
    byte = (uint8_t)(byte ^ 1u << bit % 8);
    check_err(disk_write(&desk->op, file, bit / 8, span_make(&byte, 1)), ERR_OK);
    disk_file_close(file);
}

TEST(a_flipped_bit_in_any_file_is_named_and_the_rest_answers)
{
    enum { FLIPS = 60 };
    static const char *const files[] = { "history/manifest", "history/seg-000000000002",
                                         "history/seg-000000000004", "history/wal-000000000005" };
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    segment_add(&desk, SEEN);
    segment_add(&desk, SEEN);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    desk_die(&desk);

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct told told = { .file = files[i] };
        struct span map;
        struct span path = span_of(files[i]);
        check_err(disk_map(&desk.op, desk.disk, path, &map), ERR_OK);
        uint64_t bits = (uint64_t)map.size * 8;
        disk_unmap(desk.disk, map);
        size_t found = 0;
        for (uint64_t k = 0; k < FLIPS; k++) {
            uint64_t bit = bits * k / FLIPS + k % 8;
            file_flip(&desk, path, bit);
            damaged_read(&desk, &told);
            found += told.count > 0;
            file_flip(&desk, path, bit);
        }
        assert_true(found > FLIPS / 8); /* others are zeros between parts */
    }
    (void)desk_verify(&desk);
    end(&desk);
}

/* ---- who reads while another writes ---- */

TEST(who_reads_goes_on_with_what_was_there_when_he_opened)
{
    struct desk desk;
    struct history *reader;
    struct history_stats before;
    struct history_stats after;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    segment_add(&desk, SEEN);
    segment_add(&desk, SEEN);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    const struct history_options options = { .acknowledged = desk.journal, .rules = &desk.rules };
    check_err(history_open(&desk.op, desk.disk, FOLDER, &options, &reader, NULL), ERR_OK);
    struct op op;
    testing_op_begin(&op);
    check_err(history_stats(&op, reader, &before), ERR_OK);

    check_err(desk_compact(&desk), ERR_OK);
    assert_int_equal(stats_of(&desk).segments, 1);
    (void)desk_compare(&desk, reader, true);
    check_err(desk_forget(&desk), ERR_OK);
    check_err(history_stats(&op, reader, &after), ERR_OK);

    assert_memory_equal(&before, &after, sizeof before);
    history_close(reader);
    op_end(&op);
    (void)desk_verify(&desk);
    end(&desk);
}

struct readers {
    struct desk *desk;
    atomic_bool stop;
    atomic_uint_fast64_t least; /* lines that every reader must see */
    atomic_uint_fast64_t most;
    atomic_uint_fast64_t opened;
    atomic_bool failed;
};

/* Opens again and again: the sum of all lines is between what was there before and after. */
static void *reader_run(void *context)
{
    struct readers *readers = context;
    const struct history_options options = { .acknowledged = UINT64_MAX,
                                             .rules = &readers->desk->rules };
    while (!atomic_load(&readers->stop)) {
        struct history *history;
        struct history_stats stats;
        struct op op;
        testing_op_begin(&op);
        uint64_t least = atomic_load(&readers->least);
        enum err err = history_open(&op, readers->desk->disk, FOLDER, &options, &history, NULL);
        if (err == ERR_OK) {
            err = history_stats(&op, history, &stats);
            history_close(history);
        }
        uint64_t most = atomic_load(&readers->most);
        if (err != ERR_OK || stats.facts.count < least || stats.facts.count > most ||
            stats.damaged > 0) {
            print_error("%s: %s\n", err_name(err), op.fault.text);
            atomic_store(&readers->failed, true);
        }
        atomic_fetch_add(&readers->opened, 1);
        op_end(&op);
    }
    return NULL;
}

static uint64_t lines_told(const struct desk *desk)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < desk->seen_count; i++) {
        sum += desk->seen[i].count;
    }
    return sum;
}

TEST(readers_open_while_a_writer_commits_flushes_and_compacts)
{
    enum { READERS = 2, ROUNDS = 60 };
    struct scratch scratch = scratch_make();
    struct desk desk;
    struct op op;
    pthread_t threads[READERS];
    testing_op_begin(&op);
    desk_begin(&desk, scratch_disk(&op, &scratch), SEED);
    struct readers readers = { .desk = &desk };
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, reader_run, &readers), 0);
    }
    size_t round = 0;
    while (round < ROUNDS || atomic_load(&readers.opened) < 2 * READERS) {
        if (round < ROUNDS) {
            check_err(desk_add(&desk, SEEN), ERR_OK);
            atomic_store(&readers.most, lines_told(&desk));
            commit(&desk);
            atomic_store(&readers.least, lines_told(&desk));
        }
        check_err(round % 3 == 2 ? desk_compact(&desk) : desk_flush(&desk), ERR_OK);
        round++;
    }
    atomic_store(&readers.stop, true);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_false(atomic_load(&readers.failed));
    (void)desk_verify(&desk);
    end(&desk);
    op_end(&op);
    scratch_remove(&scratch);
}
