// SPDX-License-Identifier: EUPL-1.2
/*
 * One and the same life, again and again, with another operation failing each time: every change of
 * the disk, every read, every request for memory.
 */
#include <inttypes.h>

#include "base/memory.h"
#include "tests/journal/drill.h"
#include "tests/testing.h"

enum {
    ACTS = 40,
    LIFE_SEED = 11, /* a life with commits, erasures, blobs and several segments */
    STEPS_MAX = 20000,
    MEMORY_STRIDE = 3, /* requests for memory are many, and much alike */
};

static void check_verdict(struct drill *drill, bool passes, const char *what, uint64_t step)
{
    if (!passes) {
        print_error("%s %" PRIu64 ": %s\n", what, step, drill->violation);
        fail();
    }
}

static void live(struct drill *drill)
{
    if (drill_open(drill) == ERR_OK) {
        enum err err = drill_act(drill, ACTS);
        assert_true(err == ERR_OK || err == ERR_IO || err == ERR_FULL || err == ERR_LIMIT);
    }
}

/* Whether the fault was reached. */
static bool life_with_change_failing(uint64_t step, enum disk_sim_fault fault, bool power_loss)
{
    static struct drill drill;
    drill_begin(&drill, LIFE_SEED);
    disk_sim_fail_change(drill.disk, step, fault);
    live(&drill);
    bool reached = disk_sim_change_count(drill.disk) > step;
    if (power_loss) {
        drill_power_loss(&drill);
    } else {
        drill_kill(&drill);
    }
    check_verdict(&drill, drill_verify(&drill), "change", step);
    drill_power_loss(&drill);
    check_verdict(&drill, drill_verify(&drill), "power loss after change", step);
    drill_end(&drill);
    return reached;
}

static void fail_each_change(enum disk_sim_fault fault)
{
    uint64_t step = 0;
    while (life_with_change_failing(step, fault, false) &&
           life_with_change_failing(step, fault, true)) {
        step++;
        assert_true(step < STEPS_MAX);
    }
    assert_true(step > ACTS); /* or the life was too dull to prove anything */
}

TEST(a_disk_that_fails_at_any_change_loses_nothing_acknowledged)
{
    fail_each_change(DISK_SIM_FAULT_IO);
}

TEST(a_disk_that_is_full_at_any_change_loses_nothing_acknowledged)
{
    fail_each_change(DISK_SIM_FAULT_FULL);
}

TEST(a_process_killed_at_any_change_loses_nothing_acknowledged)
{
    fail_each_change(DISK_SIM_FAULT_STOP);
}

TEST(a_disk_that_fails_at_any_read_loses_nothing_acknowledged)
{
    static struct drill drill;
    bool reached = true;
    uint64_t step = 0;
    while (reached) {
        drill_begin(&drill, LIFE_SEED);
        disk_sim_fail_read(drill.disk, step);
        live(&drill);
        reached = disk_sim_read_count(drill.disk) > step;
        drill_kill(&drill);
        check_verdict(&drill, drill_verify(&drill), "read", step);
        drill_end(&drill);
        step++;
        assert_true(step < STEPS_MAX);
    }
    assert_true(step > ACTS);
}

TEST(running_out_of_memory_at_any_request_loses_nothing_acknowledged)
{
    static struct drill drill;
    bool reached = true;
    uint64_t step = 0;
    while (reached) {
        drill_begin(&drill, LIFE_SEED);
        memory_fail_after(step);
        live(&drill);
        reached = memory_request_count() > step;
        memory_fail_after(UINT64_MAX);
        drill_close(&drill);
        check_verdict(&drill, drill_verify(&drill), "request", step);
        drill_power_loss(&drill);
        check_verdict(&drill, drill_verify(&drill), "power loss after request", step);
        drill_end(&drill);
        step += MEMORY_STRIDE;
        assert_true(step < STEPS_MAX);
    }
    assert_true(step > ACTS);
}
