// SPDX-License-Identifier: EUPL-1.2
/*
 * What a line tells beside its values: when, at which inside host, by which sensor. Hits and
 * history hold the same of it, so that looking back finds what looking on would have found.
 */
#ifndef WATCH_TOLD_H
#define WATCH_TOLD_H

#include "observe/observe.h"
#include "watch/inside.h"

enum { TOLD_ADDRESS_SIZE = 64 }; /* the longest address has 39 characters */

struct told {
    const struct observe_line *line;
    struct inside_ends ends;
    struct span inside; /* canonical text of ends.inside; empty where that is no address */
    struct span sensor;
    int64_t time_us;
    bool no_time; /* the line has none: it is that of reading */
    enum rank_outcome outcome;
    uint8_t inside_bytes[TOLD_ADDRESS_SIZE];
};

/* What lines are read by, as far as it matters here. */
struct told_rules {
    const struct inside *inside;
    struct span sensor;    /* configured for the input; may be empty */
    struct span host_name; /* the sensor, where neither configuration nor line names one */
    int64_t now_us;        /* the time of lines without one */
};

/**
 * What a line tells.
 *
 * rules     borrowed as long as the answer is used
 * line      without fault; borrowed likewise
 * ret       receives it; must not be copied, for `inside` lies in it
 */
void told_of(const struct told_rules *rules, const struct observe_line *line, struct told *ret);

/**
 * Only where it happened: `ends` and `inside` of told_of().
 *
 * rules, line, ret  as for told_of()
 */
void told_ends(const struct told_rules *rules, const struct observe_line *line, struct told *ret);

/**
 * Only by whom it was seen and what became of it: `line`, `sensor` and `outcome` of told_of().
 *
 * rules, line, ret  as for told_of()
 */
void told_way(const struct told_rules *rules, const struct observe_line *line, struct told *ret);

/**
 * Whether a field holds an answer to a question: what a name stands for, where nobody need have
 * gone.
 *
 * line      without fault
 * field     of one of its observations
 */
bool told_is_answer(const struct observe_line *line, uint16_t field);

#endif
