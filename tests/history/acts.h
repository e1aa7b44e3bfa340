// SPDX-License-Identifier: EUPL-1.2
/*
 * What tests of a whole history do again and again, on a simulated disk.
 */
#ifndef TESTS_HISTORY_ACTS_H
#define TESTS_HISTORY_ACTS_H

#include "os/disk_sim.h"
#include "tests/history/desk.h"
#include "tests/testing.h"

enum {
    SEED = 4711,
    STEPS_MAX = 2000,
    DAYS_YEAR = 365,
    SEEN = 30,
};

#define FOLDER SPAN("history")

static inline void begin(struct desk *desk)
{
    struct disk *disk;
    struct op op;
    testing_op_begin(&op);
    check_err(disk_sim_open(&op, SEED, &disk), ERR_OK);
    op_end(&op);
    desk_begin(desk, disk, SEED);
}

static inline void end(struct desk *desk)
{
    if (desk->violation[0] != '\0') {
        print_error("%s\n", desk->violation);
        fail();
    }
    desk_end(desk);
}

static inline void at(struct desk *desk, uint64_t second)
{
    desk->now_us = (int64_t)second * 1000000;
}

static inline struct history_stats stats_of(struct desk *desk)
{
    struct history_stats stats;
    check_err(history_stats(&desk->op, desk->history, &stats), ERR_OK);
    return stats;
}

/* A segment of its own. */
static inline void segment_add(struct desk *desk, size_t count)
{
    check_err(desk_add(desk, count), ERR_OK);
    check_err(desk_flush(desk), ERR_OK);
}

static inline void commit(struct desk *desk)
{
    check_err(desk_commit(desk), ERR_OK);
    desk_acknowledge(desk);
}

#endif
