// SPDX-License-Identifier: EUPL-1.2
/*
 * The work on a history goes on in small steps, between which others add, commit, and ask: all is
 * there between any two of them, and after a process has ended at any of them.
 */
#include "history/history.h"

#include "tests/history/acts.h"

/* What a second process sees that opens it now. */
static void read_beside(struct desk *desk)
{
    struct op op;
    struct history *reader;
    const struct history_options options = { .acknowledged = desk->journal, .rules = &desk->rules };
    testing_op_begin(&op);
    check_err(history_open(&op, desk->disk, FOLDER, &options, &reader, NULL), ERR_OK);
    (void)desk_compare(desk, reader, false);
    history_close(reader);
    op_end(&op);
}

/* As much as makes it due. */
static void add_much(struct desk *desk)
{
    enum { VALUES_OF_A_RECORD = 60000, KEY_SIZE = 64 };
    uint8_t key[KEY_SIZE] = { 0 };
    uint64_t left_out;
    struct buf record;
    const struct history_way way = { .sensor = SPAN("much"), .field = SPAN("files.sha512") };
    buf_init(&record, HISTORY_RECORD_SIZE_MAX);
    history_record_begin(desk->writer);
    struct history_seen seen = { .kind = VALUE_SHA512,
                                 .key = span_make(key, sizeof key),
                                 .way = history_record_way(desk->writer, &way),
                                 .first_s = DESK_BASE_S,
                                 .last_s = DESK_BASE_S,
                                 .count = 1 };
    for (uint32_t i = 0; i < VALUES_OF_A_RECORD; i++) {
        uint64_t mixed = testing_random(&desk->random);
        span_copy(key, sizeof key, span_make(&mixed, sizeof mixed));
        check_err(history_record_add(desk->writer, &seen), ERR_OK);
    }
    history_record_end(desk->writer, &record, &left_out);
    check_err(history_add(&desk->op, desk->history, buf_span(&record)), ERR_OK);
    buf_done(&record);
}

TEST(commits_go_on_and_are_read_while_a_segment_is_made_of_what_is_live)
{
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    at(&desk, DESK_BASE_S + (uint64_t)DAYS_YEAR * HISTORY_DAY_S); /* its hour is long over */
    size_t steps = 0;
    while (stats_of(&desk).segments == 0) {
        check_err(desk_work(&desk, 0), ERR_OK);
        check_err(desk_add(&desk, 1), ERR_OK);
        (void)desk_compare(&desk, desk.history, false);
        commit(&desk);
        (void)desk_compare(&desk, desk.history, false);
        read_beside(&desk);
        steps++;
        assert_true(steps < STEPS_MAX);
    }

    assert_true(steps > 3); /* begun, written, carried over */
    assert_true(stats_of(&desk).live_count > 0);
    (void)desk_compare(&desk, desk.history, false);
    desk_die(&desk);
    check_err(desk_open(&desk), ERR_OK);
    assert_int_equal(desk.opened.dropped + desk.opened.removed, 0);
    (void)desk_compare(&desk, desk.history, false);
    end(&desk);
}

TEST(a_process_that_ends_in_any_step_of_that_leaves_all_to_the_next)
{
    struct desk desk;
    bool whole = false;
    for (size_t steps = 1; !whole; steps++) {
        begin(&desk);
        check_err(desk_open(&desk), ERR_OK);
        check_err(desk_add(&desk, SEEN), ERR_OK);
        commit(&desk);
        at(&desk, DESK_BASE_S + (uint64_t)DAYS_YEAR * HISTORY_DAY_S);
        for (size_t i = 0; i < steps; i++) {
            check_err(desk_work(&desk, 0), ERR_OK);
            check_err(desk_add(&desk, 1), ERR_OK);
            commit(&desk);
        }
        whole = stats_of(&desk).segments > 0;
        desk_die(&desk);
        disk_sim_crash(desk.disk, steps);

        check_err(desk_open(&desk), ERR_OK);

        (void)desk_compare(&desk, desk.history, false);
        check_err(desk_flush(&desk), ERR_OK);
        (void)desk_verify(&desk);
        assert_true(steps < STEPS_MAX);
        end(&desk);
    }
}

/* Two who ask and one who adds, between any two steps. */
struct beside {
    struct desk *desk;
    size_t turns;
    size_t stop_at; /* 0: never */
};

static enum err turn_beside(struct op *op, void *context)
{
    struct beside *beside = context;
    struct desk *desk = beside->desk;
    beside->turns++;
    assert_true(history_is_between(desk->history));
    if (beside->turns == beside->stop_at) {
        return op_fail(op, ERR_CANCELLED, "stopped");
    }
    struct op own = desk->op; /* the desk takes a fresh one for each act */
    testing_op_begin(&desk->op);
    (void)desk_compare(desk, desk->history, false);
    check_err(desk_add(desk, 1), ERR_OK);
    if (beside->turns % 2 == 0 || history_wants_quiet(desk->history)) {
        commit(desk);
        check_err(history_split(&desk->op, desk->history, desk->now_us), ERR_OK);
        check_err(desk_work(desk, 0), ERR_OK);
    }
    (void)desk_compare(desk, desk->history, false);
    read_beside(desk);
    op_end(&desk->op);
    desk->op = own;
    return ERR_OK;
}

TEST(who_asks_and_adds_while_all_is_compacted_has_his_turn_between_the_steps)
{
    struct desk desk;
    struct beside beside = { .desk = &desk };
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < 4; i++) {
        segment_add(&desk, SEEN);
    }
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    at(&desk, DESK_BASE_S + (uint64_t)DAYS_YEAR * HISTORY_DAY_S);
    uint64_t before = stats_of(&desk).facts.count;
    history_between(desk.history, turn_beside, &beside);

    check_err(history_compact(&desk.op, desk.history, desk.now_us), ERR_OK);

    history_between(desk.history, NULL, NULL);
    assert_true(beside.turns > 4);
    assert_false(history_is_between(desk.history));
    assert_true(stats_of(&desk).facts.count > before); /* what came meanwhile is there too */
    assert_true(stats_of(&desk).segments <= 1 + beside.turns / 2);
    (void)desk_compare(&desk, desk.history, false);
    desk_die(&desk);
    check_err(desk_open(&desk), ERR_OK);
    (void)desk_compare(&desk, desk.history, false);
    end(&desk);
}

TEST(who_has_his_turn_may_stop_it_at_any_step)
{
    struct desk desk;
    enum err err = ERR_CANCELLED;
    for (size_t stop_at = 1; err == ERR_CANCELLED; stop_at++) {
        struct beside beside = { .desk = &desk, .stop_at = stop_at };
        begin(&desk);
        check_err(desk_open(&desk), ERR_OK);
        segment_add(&desk, SEEN);
        segment_add(&desk, SEEN);
        check_err(desk_add(&desk, SEEN), ERR_OK);
        commit(&desk);
        history_between(desk.history, turn_beside, &beside);

        err = history_compact(&desk.op, desk.history, desk.now_us);

        assert_true(err == ERR_OK || err == ERR_CANCELLED);
        op_fault_clear(&desk.op);
        history_between(desk.history, NULL, NULL);
        commit(&desk);
        (void)desk_compare(&desk, desk.history, false);
        check_err(desk_compact(&desk), ERR_OK);
        (void)desk_verify(&desk);
        assert_true(stop_at < STEPS_MAX);
        end(&desk);
    }
}

/* What must be so between any two steps of a long merge. */
struct constant {
    struct desk *desk;
    uint64_t count;
    size_t turns;
};

static enum err turn_constant(struct op *op, void *context)
{
    struct constant *constant = context;
    struct history_stats stats;
    constant->turns++;
    TRY(history_stats(op, constant->desk->history, &stats));
    assert_int_equal(stats.facts.count, constant->count);
    return ERR_OK;
}

TEST(steps_of_a_large_merge_are_many_and_all_is_there_between_them)
{
    struct desk desk;
    struct constant constant = { .desk = &desk };
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < 4; i++) {
        add_much(&desk);
        commit(&desk);
        check_err(history_flush(&desk.op, desk.history), ERR_OK);
    }
    constant.count = stats_of(&desk).facts.count;
    history_between(desk.history, turn_constant, &constant);

    check_err(history_compact(&desk.op, desk.history, desk.now_us), ERR_OK);

    assert_true(constant.turns > 10); /* 20 MB are written */
    assert_int_equal(stats_of(&desk).segments, 1);
    assert_int_equal(stats_of(&desk).facts.count, constant.count);
    end(&desk);
}

TEST(more_than_can_be_put_in_order_is_told)
{
    struct desk desk;
    bool more = true;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    at(&desk, DESK_BASE_S);
    assert_int_equal(history_pressure(desk.history, desk.now_us), HISTORY_EASY);
    for (size_t i = 0; i < 3; i++) {
        enum history_pressure before = i < 2 ? HISTORY_EASY : HISTORY_PRESSED;
        assert_int_equal(history_pressure(desk.history, desk.now_us), before);
        add_much(&desk);
        commit(&desk);
        check_err(history_split(&desk.op, desk.history, desk.now_us), ERR_OK);
    }
    assert_int_equal(history_pressure(desk.history, desk.now_us), HISTORY_OVERRUN);

    size_t steps = 0;
    while (history_pressure(desk.history, desk.now_us) != HISTORY_EASY) {
        check_err(history_work(&desk.op, desk.history, desk.now_us, 0, &more), ERR_OK);
        steps++;
    }

    assert_true(steps > 100); /* small ones: some of 8,192 values, or a piece of a file */
    assert_int_equal(stats_of(&desk).segments, 1);
    end(&desk);
}

/* ---- memory ---- */

static uint64_t keys_of_largest(struct desk *desk)
{
    const struct segment *const *segments;
    size_t count = 0;
    uint64_t most = 0;
    check_err(history_segments(&desk->op, desk->history, &segments, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        uint64_t keys = segment_facts(segments[i])->filter_keys;
        most = keys > most ? keys : most;
    }
    return most;
}

TEST(what_would_take_too_much_memory_together_is_not_merged)
{
    enum { SEGMENTS = 12 };
    struct desk desk;
    begin(&desk);
    check_err(desk_open(&desk), ERR_OK);
    for (size_t i = 0; i < SEGMENTS; i++) {
        segment_add(&desk, SEEN);
    }
    uint64_t least = keys_of_largest(&desk);
    desk_close(&desk);
    desk.merge_keys_max = 4 * least;
    check_err(desk_open(&desk), ERR_OK);
    bool more = true;
    while (more) { /* fewer than HISTORY_FAN, where these are as much as may be */
        check_err(history_work(&desk.op, desk.history, desk.now_us, INT64_MAX, &more), ERR_OK);
    }
    size_t segments = stats_of(&desk).segments;
    assert_true(segments > 1 && segments < SEGMENTS);
    assert_true(keys_of_largest(&desk) <= desk.merge_keys_max);

    desk.merge_keys_max = 1; /* nothing is merged with another one then */
    (void)desk_verify(&desk);
    check_err(desk_open(&desk), ERR_OK);
    check_err(desk_compact(&desk), ERR_OK);
    assert_int_equal(stats_of(&desk).segments, segments);
    desk.merge_keys_max = 2 * least;
    (void)desk_verify(&desk);
    check_err(desk_open(&desk), ERR_OK);
    check_err(desk_compact(&desk), ERR_OK);

    assert_true(stats_of(&desk).segments < segments);
    assert_true(keys_of_largest(&desk) <= desk.merge_keys_max);
    (void)desk_compare(&desk, desk.history, false);
    end(&desk);
}

/* ---- faults ---- */

/* Some segments, and something that is live. */
static void begin_with_much(struct desk *desk)
{
    begin(desk);
    check_err(desk_open(desk), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        segment_add(desk, SEEN);
    }
    check_err(desk_add(desk, SEEN), ERR_OK);
    commit(desk);
    desk->now_us += (int64_t)DAYS_YEAR * HISTORY_DAY_S * 1000000;
}

static enum err turn_asking(struct op *op, void *context)
{
    struct beside *beside = context;
    struct desk *desk = beside->desk;
    struct op own = desk->op;
    (void)op;
    beside->turns++;
    testing_op_begin(&desk->op);
    (void)desk_compare(desk, desk->history, false);
    op_end(&desk->op);
    desk->op = own;
    return ERR_OK;
}

TEST(a_disk_that_is_full_at_any_byte_of_a_compaction_costs_nothing)
{
    struct desk desk;
    enum err err = ERR_FULL;
    for (uint64_t room = 0; err == ERR_FULL; room += 150) { /* bytes */
        struct beside beside = { .desk = &desk };
        begin_with_much(&desk);
        uint64_t seen = stats_of(&desk).facts.count;
        disk_sim_capacity(desk.disk, stats_of(&desk).size + room);
        history_between(desk.history, turn_asking, &beside);

        err = history_compact(&desk.op, desk.history, desk.now_us);

        assert_true(err == ERR_OK || err == ERR_FULL);
        history_between(desk.history, NULL, NULL);
        (void)desk_compare(&desk, desk.history, false);
        assert_int_equal(stats_of(&desk).facts.count, seen);
        disk_sim_capacity(desk.disk, UINT64_MAX);
        check_err(desk_add(&desk, 1), ERR_OK);
        check_err(desk_compact(&desk), ERR_OK);
        assert_int_equal(stats_of(&desk).segments, 1);
        (void)desk_verify(&desk);
        end(&desk);
    }
}

/* Who adds does not know that the disk is about to fail. */
static enum err turn_failing(struct op *op, void *context)
{
    struct beside *beside = context;
    struct desk *desk = beside->desk;
    struct op own = desk->op;
    beside->turns++;
    testing_op_begin(&desk->op);
    enum err err = desk_add(desk, 1);
    err = err == ERR_OK ? desk_commit(desk) : err;
    if (err == ERR_OK) {
        desk_acknowledge(desk);
        err = history_split(&desk->op, desk->history, desk->now_us);
    }
    err = err == ERR_OK ? desk_work(desk, 0) : err;
    op_end(&desk->op);
    desk->op = own;
    return err == ERR_OK ? ERR_OK : op_fail(op, err, "the disk fails");
}

/* A compaction in which the disk fails after some changes; whether it came so far. */
static bool compact_failing(struct desk *desk, uint64_t change, enum disk_sim_fault fault)
{
    struct beside beside = { .desk = desk };
    history_between(desk->history, turn_failing, &beside);
    uint64_t before = disk_sim_change_count(desk->disk);
    disk_sim_fail_change(desk->disk, change, fault);
    enum err err = history_compact(&desk->op, desk->history, desk->now_us);
    disk_sim_fail_change(desk->disk, UINT64_MAX, DISK_SIM_FAULT_NONE);
    history_between(desk->history, NULL, NULL);
    op_fault_clear(&desk->op);
    assert_true(err == ERR_OK || err == ERR_IO || err == ERR_FULL);
    return disk_sim_change_count(desk->disk) - before > change;
}

TEST(a_process_that_is_killed_at_any_change_of_a_compaction_leaves_all_to_the_next)
{
    struct desk desk;
    bool failed = true;
    for (uint64_t change = 0; failed; change++) {
        begin_with_much(&desk);

        failed = compact_failing(&desk, change, DISK_SIM_FAULT_STOP);

        desk_die(&desk);
        if (change % 3 == 0) { /* some without a power loss */
            disk_sim_restart(desk.disk);
        } else {
            disk_sim_crash(desk.disk, change);
        }
        assert_true(desk_verify(&desk));
        check_err(desk_open(&desk), ERR_OK);
        check_err(desk_compact(&desk), ERR_OK);
        assert_true(desk_verify(&desk));
        assert_true(change < STEPS_MAX);
        end(&desk);
    }
}

TEST(a_disk_that_fails_once_at_any_change_of_a_compaction_costs_nothing)
{
    static const enum disk_sim_fault faults[] = { DISK_SIM_FAULT_IO, DISK_SIM_FAULT_FULL };
    struct desk desk;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        bool failed = true;
        for (uint64_t change = 0; failed; change++) {
            begin_with_much(&desk);

            failed = compact_failing(&desk, change, faults[i]);

            assert_true(desk_verify(&desk));
            check_err(desk_open(&desk), ERR_OK);
            check_err(desk_compact(&desk), ERR_OK);
            assert_true(desk_verify(&desk));
            assert_true(change < STEPS_MAX);
            end(&desk);
        }
    }
}
