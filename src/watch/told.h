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
    bool no_time;  /* the line has none: it is that of reading */
    bool odd_time; /* it cannot be (told_time_fits()): likewise */
    enum rank_outcome outcome;
    uint8_t inside_bytes[TOLD_ADDRESS_SIZE];
};

/* What lines are read by, as far as it matters here. */
struct told_rules {
    const struct inside *inside;
    struct span sensor;    /* configured for the input; may be empty */
    struct span host_name; /* the sensor, where neither configuration nor line names one */
    int64_t now_us;        /* the time of lines without one */
    bool past; /* they were read before: those without one are of no time that is known */
};

/**
 * Whether a line can be of the time that it says: not before 1990, when nothing wrote such logs,
 * nor more than a day after it was read. Who has lost his clock writes 1970; one such line must not
 * make all that is known seem to begin there, nor what is remembered seem older than it is. A line
 * that comes a year late is as good as any.
 *
 * time_us   as the line says
 * now_us    when it was read; before 1990 this clock is no measure either, and nothing is too late
 */
bool told_time_fits(int64_t time_us, int64_t now_us);

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
