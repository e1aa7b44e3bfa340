// SPDX-License-Identifier: EUPL-1.2
#include "history/answer.h"

#include <stdio.h>

#include "tests/testing.h"

enum { DAY = HISTORY_DAY_S, NOON = 20000 * HISTORY_DAY_S + HISTORY_DAY_S / 2 };

#define NAME(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct span hosts[] = { NAME(""), NAME("10.0.0.1"), NAME("10.0.0.2") };
static const struct history_way ways[] = {
    { .sensor = NAME("zeek"), .field = NAME("dns.query") },
    { .sensor = NAME("suricata"), .field = NAME("dns.query") },
};

/* What was found of a domain: one row with one posting. */
static enum err add(struct answer_maker *maker, const char *name, enum history_width width,
                    const struct history_posting *posting)
{
    const struct history_row row = {
        .start_s = history_span_start(width, posting->first_s),
        .width = width,
        .posting_count = 1,
        .postings = posting,
    };
    const struct hunt_found found = {
        .kind = VALUE_DOMAIN,
        .form = HISTORY_WHOLE,
        .key = span_of(name),
        .rung = MATCH_RUNG_SUBDOMAIN,
        .row_count = 1,
        .rows = &row,
        .hosts = hosts,
        .ways = ways,
    };
    return answer_add(maker, &found);
}

TEST(an_answer_without_anything_found_counts_nothing)
{
    struct op op;
    struct answer_maker *maker;
    struct answer answer;
    testing_op_begin(&op);

    check_err(answer_begin(&op, &maker), ERR_OK);
    check_err(answer_end(maker, &answer), ERR_OK);

    assert_int_equal(answer.count, 0);
    assert_int_equal(answer.day_count, 0);
    assert_int_equal(answer.values.count, 0);
    assert_int_equal(answer.hosts.count, 0);
    assert_false(answer.uncertain);
    op_end(&op);
}

TEST(an_answer_sums_by_value_host_sensor_field_and_day)
{
    struct op op;
    struct answer_maker *maker;
    struct answer answer;
    testing_op_begin(&op);
    check_err(answer_begin(&op, &maker), ERR_OK);

    check_err(add(maker, "a.example.org", HISTORY_HOUR,
                  &(struct history_posting){ 1, 0, NOON, NOON + 10, 5 }),
              ERR_OK);
    check_err(add(maker, "b.example.org", HISTORY_HOUR,
                  &(struct history_posting){ 2, 0, NOON + 20, NOON + 30, 7 }),
              ERR_OK);
    check_err(add(maker, "a.example.org", HISTORY_DAY,
                  &(struct history_posting){ 2, 1, NOON - DAY, NOON - DAY + 1, 1 }),
              ERR_OK);
    check_err(answer_end(maker, &answer), ERR_OK);

    assert_int_equal(answer.count, 13);
    assert_int_equal(answer.first_s, NOON - DAY);
    assert_int_equal(answer.last_s, NOON + 30);
    assert_int_equal(answer.values.count, 2);
    check_span(answer.values.at[0].name, "b.example.org");
    assert_int_equal(answer.values.at[0].count, 7);
    check_span(answer.values.at[1].name, "a.example.org");
    assert_int_equal(answer.values.at[1].count, 6);
    assert_int_equal(answer.values.at[1].first_s, NOON - DAY);
    assert_int_equal(answer.values.at[1].last_s, NOON + 10);
    assert_int_equal(answer.values.at[1].rung, MATCH_RUNG_SUBDOMAIN);
    assert_int_equal(answer.hosts.count, 2);
    check_span(answer.hosts.at[0].name, "10.0.0.2");
    assert_int_equal(answer.hosts.at[0].count, 8);
    assert_int_equal(answer.sensors.count, 2);
    check_span(answer.sensors.at[0].name, "zeek");
    assert_int_equal(answer.fields.count, 1);
    assert_int_equal(answer.day_count, 2);
    assert_int_equal(answer.days[0].start_s, NOON - NOON % DAY - DAY);
    assert_int_equal(answer.days[0].count, 1);
    assert_int_equal(answer.days[1].count, 12);
    op_end(&op);
}

TEST(what_is_kept_by_the_month_counts_on_its_first_day_and_says_so)
{
    struct op op;
    struct answer_maker *maker;
    struct answer answer;
    uint32_t first = history_span_start(HISTORY_MONTH, NOON);
    testing_op_begin(&op);
    check_err(answer_begin(&op, &maker), ERR_OK);

    check_err(
        add(maker, "example.org", HISTORY_MONTH, &(struct history_posting){ 1, 0, NOON, NOON, 5 }),
        ERR_OK);
    check_err(
        add(maker, "example.org", HISTORY_DAY, &(struct history_posting){ 1, 0, first, first, 2 }),
        ERR_OK);
    check_err(answer_end(maker, &answer), ERR_OK);

    assert_int_equal(answer.day_count, 2);
    assert_int_equal(answer.days[0].start_s, first);
    assert_false(answer.days[0].month);
    assert_int_equal(answer.days[0].count, 2);
    assert_int_equal(answer.days[1].start_s, first);
    assert_true(answer.days[1].month);
    assert_int_equal(answer.days[1].count, 5);
    op_end(&op);
}

TEST(equal_counts_are_in_the_order_of_names)
{
    static const char *const names[] = { "c.example", "a.example", "b.example" };
    struct op op;
    struct answer_maker *maker;
    struct answer answer;
    testing_op_begin(&op);
    check_err(answer_begin(&op, &maker), ERR_OK);

    for (size_t i = 0; i < 3; i++) {
        check_err(
            add(maker, names[i], HISTORY_HOUR, &(struct history_posting){ 1, 0, NOON, NOON, 5 }),
            ERR_OK);
    }
    check_err(answer_end(maker, &answer), ERR_OK);

    check_span(answer.values.at[0].name, "a.example");
    check_span(answer.values.at[1].name, "b.example");
    check_span(answer.values.at[2].name, "c.example");
    op_end(&op);
}

TEST(values_without_room_are_counted_once_each_and_their_lines_are_in_the_sums)
{
    enum { VALUES = ANSWER_VALUES_MAX + 500 };
    struct op op;
    struct answer_maker *maker;
    struct answer answer;
    testing_op_begin(&op);
    check_err(answer_begin(&op, &maker), ERR_OK);

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < VALUES; i++) {
            char name[32];
            (void)snprintf(name, sizeof name, "%d.example", i);
            check_err(
                add(maker, name, HISTORY_HOUR, &(struct history_posting){ 1, 0, NOON, NOON, 3 }),
                ERR_OK);
        }
    }
    check_err(answer_end(maker, &answer), ERR_OK);

    assert_int_equal(answer.values.count, ANSWER_VALUES_MAX);
    assert_int_equal(answer.values.more, 500);
    assert_int_equal(answer.values.at[0].count, 6);
    assert_int_equal(answer.count, 6 * VALUES);
    op_end(&op);
}

TEST(counts_that_are_too_large_to_add_stay_at_the_largest)
{
    struct op op;
    struct answer_maker *maker;
    struct answer answer;
    testing_op_begin(&op);
    check_err(answer_begin(&op, &maker), ERR_OK);

    for (int i = 0; i < 2; i++) {
        check_err(add(maker, "example.org", HISTORY_HOUR,
                      &(struct history_posting){ 1, 0, NOON, NOON, UINT64_MAX - 1 }),
                  ERR_OK);
    }
    check_err(answer_end(maker, &answer), ERR_OK);

    assert_true(answer.count == UINT64_MAX);
    assert_true(answer.days[0].count == UINT64_MAX);
    assert_true(answer.hosts.at[0].count == UINT64_MAX);
    op_end(&op);
}

TEST(what_is_truncated_makes_an_answer_uncertain_and_a_hash_does_not)
{
    static const uint8_t key[HISTORY_HASH_SIZE] = { 0xAB };
    const struct history_posting posting = { 0, 0, NOON, NOON, 1 };
    const struct history_row row = { .start_s = NOON, .posting_count = 1, .postings = &posting };
    struct hunt_found found = {
        .kind = VALUE_EMAIL,
        .form = HISTORY_HASHED,
        .key = span_make(key, sizeof key),
        .row_count = 1,
        .rows = &row,
        .hosts = hosts,
        .ways = ways,
    };
    struct op op;
    struct answer_maker *maker;
    struct answer answer;
    testing_op_begin(&op);

    check_err(answer_begin(&op, &maker), ERR_OK);
    check_err(answer_add(maker, &found), ERR_OK);
    check_err(answer_end(maker, &answer), ERR_OK);
    assert_false(answer.uncertain);
    check_span(answer.values.at[0].name, "ab000000000000000000000000000000");

    found.form = HISTORY_TRUNCATED;
    found.key = SPAN("@example.org");
    check_err(answer_begin(&op, &maker), ERR_OK);
    check_err(answer_add(maker, &found), ERR_OK);
    check_err(answer_end(maker, &answer), ERR_OK);
    assert_true(answer.uncertain);
    check_span(answer.values.at[0].name, "@example.org");
    op_end(&op);
}

TEST(an_answer_that_finds_no_memory_says_so)
{
    struct op op;
    struct answer_maker *maker;
    enum err err = ERR_OK;
    const struct actor actor = { .name = SPAN("tester") };
    op_begin(&op, &actor, 64 * 1024);
    check_err(answer_begin(&op, &maker), ERR_OK);

    for (int i = 0; err == ERR_OK && i < 10000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%d.example", i);
        err = add(maker, name, HISTORY_HOUR, &(struct history_posting){ 1, 0, NOON, NOON, 3 });
    }

    check_err(err, ERR_LIMIT);
    op_end(&op);
}
