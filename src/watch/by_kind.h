// SPDX-License-Identifier: EUPL-1.2
/*
 * Lines put in the order of their kinds. In one combined log any kind of line may follow any other,
 * and a processor that guesses wrongly what comes next loses more time than a line's tokens take.
 * So some hundred lines are taken together, and read kind by kind. What a kind is may be told
 * roughly: lines of one kind that are told apart, or of two that are not, cost time and nothing
 * else. Where the processor can read JSON by the page (observe_sift_page()), that does it better.
 */
#ifndef WATCH_BY_KIND_H
#define WATCH_BY_KIND_H

#include "observe/observe.h"

enum {
    BY_KIND_LINE_COUNT_MAX = 256,
    BY_KIND_COUNT = 64, /* a power of two */
};

struct by_kind {
    size_t count;
    struct span lines[BY_KIND_LINE_COUNT_MAX];
    uint8_t kinds[BY_KIND_LINE_COUNT_MAX];
    uint16_t order[BY_KIND_LINE_COUNT_MAX]; /* numbers of lines, kind by kind */
};

/**
 * Cut lines off, as many as there is room for, and put them in order. Lines of one kind stay in
 * theirs.
 *
 * lines     overwritten; those with a number in `order` are there
 * format    of the lines
 * rest      whole lines, each with its end; shortened by those that were cut off.
 *           RECORD_PADDING_SIZE readable bytes follow
 */
void by_kind_fill(struct by_kind *lines, enum observe_format format, struct span *rest);

#endif
