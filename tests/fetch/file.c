// SPDX-License-Identifier: EUPL-1.2
#include <stdio.h>

#include "base/buf.h"
#include "base/time.h"
#include "fetch/carrier_file.h"
#include "os/disk_sim.h"
#include "tests/testing.h"

enum { SEEDS = 60, STEPS = 60, KEEP_ALL = 200, SIZE_MAX_SMALL = 400, TEXT_SIZE_MAX = 1 << 20 };

struct desk {
    struct op op;
    struct disk *disk;
    struct carrier_file_rules rules;
};

static void desk_begin(struct desk *desk, uint64_t seed)
{
    testing_op_begin(&desk->op);
    check_err(disk_sim_open(&desk->op, seed, &desk->disk), ERR_OK);
    desk->rules = (struct carrier_file_rules){
        .name = SPAN("hits"),
        .keep = KEEP_ALL,
        .sync = true,
        .made_us = TIME_US_NONE,
    };
}

static void desk_end(struct desk *desk)
{
    disk_close(desk->disk);
    op_end(&desk->op);
}

static enum err append(struct desk *desk, const char *lines)
{
    struct span rest = span_of(lines);
    enum err err = carrier_file_append(&desk->op, desk->disk, &desk->rules, &rest);
    assert_int_equal(err == ERR_OK, rest.size == 0);
    op_fault_clear(&desk->op);
    return err;
}

/* The content of a file; "-" where there is none. */
static struct span content(struct desk *desk, const char *name)
{
    struct span map;
    struct span copy;
    if (disk_map(&desk->op, desk->disk, span_of(name), &map) != ERR_OK) {
        op_fault_clear(&desk->op);
        return SPAN("-");
    }
    check_err(op_copy(&desk->op, map, &copy), ERR_OK);
    disk_unmap(desk->disk, map);
    return copy;
}

TEST(lines_are_appended_and_stay_after_a_power_loss)
{
    struct desk desk;
    desk_begin(&desk, 1);

    check_err(append(&desk, "one\n"), ERR_OK);
    check_err(append(&desk, "two\nthree\n"), ERR_OK);
    disk_sim_crash(desk.disk, 2);

    check_span(content(&desk, "hits"), "one\ntwo\nthree\n");
    desk_end(&desk);
}

TEST(file_is_rotated_before_it_is_too_large_and_the_oldest_goes)
{
    struct desk desk;
    desk_begin(&desk, 1);
    desk.rules.size_max = 8;
    desk.rules.keep = 2;

    check_err(append(&desk, "one\n"), ERR_OK);
    check_err(append(&desk, "two\n"), ERR_OK);
    check_err(append(&desk, "three\n"), ERR_OK);
    check_err(append(&desk, "longer than allowed\n"), ERR_OK);
    check_err(append(&desk, "five\n"), ERR_OK);

    check_span(content(&desk, "hits"), "five\n");
    check_span(content(&desk, "hits.1"), "longer than allowed\n");
    check_span(content(&desk, "hits.2"), "three\n");
    check_span(content(&desk, "hits.3"), "-");
    desk_end(&desk);
}

TEST(lines_of_one_delivery_are_parted_where_the_file_is_full)
{
    struct desk desk;
    desk_begin(&desk, 1);
    desk.rules.size_max = 8;
    check_err(append(&desk, "0\n"), ERR_OK);

    check_err(append(&desk, "one\ntwo\nlonger than allowed\n3\n4\n5\n6\n7\n"), ERR_OK);

    check_span(content(&desk, "hits.4"), "0\none\n");
    check_span(content(&desk, "hits.3"), "two\n");
    check_span(content(&desk, "hits.2"), "longer than allowed\n");
    check_span(content(&desk, "hits.1"), "3\n4\n5\n6\n");
    check_span(content(&desk, "hits"), "7\n");
    desk_end(&desk);
}

TEST(delivery_that_fails_on_its_way_goes_on_where_it_stopped)
{
    struct desk desk;
    desk_begin(&desk, 1);
    desk.rules.size_max = 8;
    struct span lines = SPAN("one\ntwo\nthree\n");
    disk_sim_capacity(desk.disk, 10);

    check_err(carrier_file_append(&desk.op, desk.disk, &desk.rules, &lines), ERR_FULL);
    op_fault_clear(&desk.op);
    check_span(lines, "three\n");
    disk_sim_capacity(desk.disk, UINT64_MAX);
    check_err(carrier_file_append(&desk.op, desk.disk, &desk.rules, &lines), ERR_OK);

    check_span(content(&desk, "hits.1"), "one\ntwo\n");
    check_span(content(&desk, "hits"), "three\n");
    desk_end(&desk);
}

TEST(file_is_rotated_when_it_is_old)
{
    struct desk desk;
    desk_begin(&desk, 1);
    desk.rules.age_max_us = 100;
    desk.rules.made_us = 1000;
    desk.rules.now_us = 1099;
    check_err(append(&desk, "one\n"), ERR_OK);
    check_err(append(&desk, "two\n"), ERR_OK);

    desk.rules.now_us = 1100;
    check_err(append(&desk, "three\n"), ERR_OK);

    check_span(content(&desk, "hits"), "three\n");
    check_span(content(&desk, "hits.1"), "one\ntwo\n");
    desk_end(&desk);
}

TEST(empty_file_is_not_rotated)
{
    struct desk desk;
    desk_begin(&desk, 1);
    desk.rules.size_max = 2;

    check_err(append(&desk, "longer than allowed\n"), ERR_OK);

    check_span(content(&desk, "hits.1"), "-");
    desk_end(&desk);
}

TEST(torn_line_is_ended)
{
    struct desk desk;
    desk_begin(&desk, 1);
    struct disk_file *file = NULL;
    check_err(disk_file_open(&desk.op, desk.disk, SPAN("hits"), DISK_WRITE, &file), ERR_OK);
    check_err(disk_write(&desk.op, file, 0, SPAN("to")), ERR_OK);
    disk_file_close(file);

    check_err(append(&desk, "whole\n"), ERR_OK);

    check_span(content(&desk, "hits"), "to\nwhole\n");
    desk_end(&desk);
}

TEST(full_disk_leaves_the_file_as_it_was)
{
    struct desk desk;
    desk_begin(&desk, 1);
    check_err(append(&desk, "one\n"), ERR_OK);
    disk_sim_capacity(desk.disk, 8);

    check_err(append(&desk, "two, which is longer\n"), ERR_FULL);
    check_span(content(&desk, "hits"), "one\n");

    disk_sim_capacity(desk.disk, UINT64_MAX);
    check_err(append(&desk, "two, which is longer\n"), ERR_OK);
    check_span(content(&desk, "hits"), "one\ntwo, which is longer\n");
    desk_end(&desk);
}

/* Another process (a test of the output) holds the file for good. */
TEST(file_that_stays_locked_is_given_up)
{
    struct desk desk;
    desk_begin(&desk, 1);
    struct disk_file *held = NULL;
    check_err(disk_file_open(&desk.op, desk.disk, SPAN("hits"), DISK_WRITE, &held), ERR_OK);
    check_err(disk_lock(&desk.op, held), ERR_OK);

    check_err(append(&desk, "one\n"), ERR_TIMEOUT);

    disk_file_close(held);
    check_err(append(&desk, "one\n"), ERR_OK);
    desk_end(&desk);
}

/* All that lies in the files, the oldest first. */
static void gather(struct desk *desk, struct buf *all)
{
    for (int number = KEEP_ALL; number >= 0; number--) {
        char name[32];
        snprintf(name, sizeof name, number > 0 ? "hits.%d" : "hits", number);
        struct span text = content(desk, name);
        if (!span_equal(text, SPAN("-"))) {
            buf_add(all, text);
            buf_add(all, SPAN("\n")); /* a torn end is no line */
        }
    }
    assert_int_equal(all->err, ERR_OK);
}

/* Every acknowledged line is there whole, and first ones stand in their order. */
static void check_all(struct desk *desk, unsigned acknowledged)
{
    struct buf all;
    buf_init(&all, TEXT_SIZE_MAX);
    buf_add_byte(&all, '\n');
    gather(desk, &all);
    size_t from = 0;
    for (unsigned i = 0; i < acknowledged; i++) {
        char line[64];
        snprintf(line, sizeof line, "\nline %u of a file of lines\n", i);
        ptrdiff_t at = span_find_span(span_from(buf_span(&all), from), span_of(line));
        if (at < 0) {
            fail_msg("line %u of %u is not there", i, acknowledged);
        }
        from += (size_t)at; /* the line end before it may be that behind the line before */
    }
    buf_done(&all);
}

static void fault_choose(struct desk *desk, uint64_t *random)
{
    static const enum disk_sim_fault faults[] = { DISK_SIM_FAULT_IO, DISK_SIM_FAULT_FULL,
                                                  DISK_SIM_FAULT_STOP };
    if (testing_random(random) % 3 == 0) {
        enum disk_sim_fault fault = faults[testing_random(random) % 3];
        disk_sim_fail_change(desk->disk, testing_random(random) % 8, fault);
    }
}

/* A kill or a power loss may follow anything. */
static void accident_choose(struct desk *desk, uint64_t *random)
{
    disk_sim_fail_change(desk->disk, 0, DISK_SIM_FAULT_NONE);
    if (testing_random(random) % 4 == 0) {
        disk_sim_crash(desk->disk, testing_random(random));
    } else {
        disk_sim_restart(desk->disk);
    }
}

TEST(no_acknowledged_line_is_lost_by_faults_kills_and_power_losses)
{
    uint64_t random = testing_seed();
    for (int seed = 0; seed < SEEDS; seed++) {
        struct desk desk;
        unsigned acknowledged = 0;
        desk_begin(&desk, testing_random(&random));
        desk.rules.size_max = SIZE_MAX_SMALL;
        for (int step = 0; step < STEPS; step++) {
            char line[64];
            snprintf(line, sizeof line, "line %u of a file of lines\n", acknowledged);
            fault_choose(&desk, &random);
            acknowledged += append(&desk, line) == ERR_OK ? 1 : 0;
            accident_choose(&desk, &random);
        }
        check_all(&desk, acknowledged);
        assert_true(acknowledged > 0);
        desk_end(&desk);
    }
}
