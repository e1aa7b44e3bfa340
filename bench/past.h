// SPDX-License-Identifier: EUPL-1.2
/*
 * A past that is made up: a history of so many rows, and questions to it of which is known what
 * they must find.
 */
#ifndef BENCH_PAST_H
#define BENCH_PAST_H

#include "bench/batch.h"
#include "history/segment.h"

enum {
    PAST_HOSTS = 10000,
    PAST_WAYS = 24,
    PAST_HOURS = 90 * 24,
    PAST_FIRST_HOUR = 489600,
    PAST_SEGMENTS = 8,
    PAST_QUESTIONS = 10000,
    PAST_HIT_EVERY = 100, /* questions: one of them has an answer */
};

struct past_options {
    uint64_t rows;     /* about so many */
    bool even;         /* segments of one size, which are due to become one; else as merging leaves
                        * them, one large, some of an eighth of it, some of an eighth of those */
    const char *table; /* a file for all rows as text; NULL: none */
};

/**
 * Make a history in the folder "history" of a folder, and the file "questions" beside it: a line
 * for each, with tabs: whether it has an answer, kind, scope, key in hexadecimal, text.
 *
 * root      a folder that is there, and empty
 * options   borrowed
 */
void past_make(const char *root, const struct past_options *options);

#endif
