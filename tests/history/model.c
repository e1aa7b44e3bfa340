// SPDX-License-Identifier: EUPL-1.2
/*
 * A history beside a naive list: adding, committing, dropping, making segments, merging,
 * compacting, forgetting, ending and opening again, in any order; after each the two hold the same.
 */
#include <inttypes.h>

#include "os/disk_sim.h"
#include "tests/history/desk.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum { LIVES = 12, ACTS = 250, ACTS_REAL = 60, SEEN_PER_RECORD = 40, BUDGET_US = 200 };

static enum err act(struct desk *desk)
{
    enum err err = ERR_OK;
    switch (desk_choose(desk, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        return desk_add(desk, 1 + desk_choose(desk, SEEN_PER_RECORD));
    case 4:
    case 5:
        err = desk_commit(desk);
        if (err == ERR_OK && desk_choose(desk, 4) > 0) {
            desk_acknowledge(desk);
        }
        return err;
    case 6:
        desk_drop(desk);
        return ERR_OK;
    case 7:
    case 8:
    case 9:
        return desk_flush(desk);
    case 10:
    case 11:
    case 12:
        desk->now_us += (int64_t)desk_choose(desk, HISTORY_HOUR_S) * 1000000;
        return desk_work(desk, BUDGET_US);
    case 13:
        return desk_choose(desk, 4) == 0 ? desk_compact(desk) : ERR_OK;
    case 14:
        return desk_choose(desk, 4) == 0 ? desk_forget(desk) : ERR_OK;
    default:
        desk_die(desk);
        return desk_open(desk);
    }
}

static void live(struct desk *desk, size_t acts)
{
    check_err(desk_open(desk), ERR_OK);
    for (size_t i = 0; i < acts && desk->violation[0] == '\0'; i++) {
        check_err(act(desk), ERR_OK);
        (void)desk_compare(desk, desk->history, false);
    }
    if (desk->violation[0] == '\0') {
        (void)desk_verify(desk);
    }
}

TEST(a_history_holds_what_a_list_holds)
{
    uint64_t seed = testing_seed();
    for (uint64_t i = 0; i < LIVES; i++) {
        struct desk desk;
        struct disk *disk;
        struct op op;
        testing_op_begin(&op);
        check_err(disk_sim_open(&op, seed + i, &disk), ERR_OK);
        desk_begin(&desk, disk, seed + i);
        live(&desk, ACTS);
        if (desk.violation[0] != '\0') {
            print_error("seed %" PRIu64 ": %s\n", seed + i, desk.violation);
            fail();
        }
        desk_end(&desk);
        op_end(&op);
    }
}

TEST(a_history_on_a_real_disk_holds_what_a_list_holds)
{
    uint64_t seed = testing_seed();
    struct scratch scratch = scratch_make();
    struct desk desk;
    struct op op;
    testing_op_begin(&op);
    desk_begin(&desk, scratch_disk(&op, &scratch), seed);

    live(&desk, ACTS_REAL);

    if (desk.violation[0] != '\0') {
        print_error("seed %" PRIu64 ": %s\n", seed, desk.violation);
        fail();
    }
    desk_end(&desk);
    op_end(&op);
    scratch_remove(&scratch);
}
