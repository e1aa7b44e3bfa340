// SPDX-License-Identifier: EUPL-1.2
/*
 * A self-test: a marked line goes through the whole street of a run, beside all that the run does,
 * and each step is timed. Nothing of it is counted; one notice in the journal tells of it, and that
 * is what outputs get.
 */
#ifndef NODE_SESSION_SELFTEST_H
#define NODE_SESSION_SELFTEST_H

#include "node/selftest.h"
#include "node/session.h"

enum selftest_step {
    SELFTEST_INDEX = 0, /* the watch has the index that is right now */
    SELFTEST_READ,      /* it took the line, and knows its format */
    SELFTEST_MATCH,     /* the line met the indicator of the test */
    SELFTEST_FOLD,      /* its fold is what it must be, and came whole */
    SELFTEST_JOURNAL,   /* a notice is durable */
    SELFTEST_STEP_COUNT,
};

struct selftest_output {
    struct span name;
    enum outputs_reach reach;
    int64_t time_us; /* from the journal to the receiver; where it was delivered */
    char fault[FAULT_TEXT_SIZE];
};

struct selftest_report {
    char mark[SELFTEST_MARK_SIZE];
    size_t step_count; /* that were taken; all, where the street is whole */
    int64_t steps_us[SELFTEST_STEP_COUNT];
    uint64_t entry; /* of the notice; 0: none was written */
    size_t output_count;
    struct selftest_output outputs[CONFIG_OUTPUT_COUNT_MAX];
};

/**
 * The word for a step: "index", "read", "match", "fold", "journal".
 *
 * step      any of the enum
 */
const char *selftest_step_name(enum selftest_step step);

/**
 * Take a test. Outputs are waited for, but not for long.
 *
 * op        work in hand
 * session   begun, with outputs; not one that counts nothing
 * ret       filled in as far as the test came, also on error
 *
 * Errors    ERR_TIMEOUT a step took too long; ERR_FORMAT what came is not what was sent;
 * ERR_ABSENT the watch process has gone; ERR_FULL; ERR_IO; ERR_LIMIT; ERR_CANCELLED
 */
MUST_USE
enum err session_selftest(struct op *op, struct session *session, struct selftest_report *ret);

#endif
