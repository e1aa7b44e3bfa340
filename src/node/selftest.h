// SPDX-License-Identifier: EUPL-1.2
/*
 * What goes through the street in a self-test, and how it is known again. The indicator of the test
 * is in every index, and in nothing else: no list shows it, no export and no partner gets it. What
 * meets it is never counted as a hit.
 */
#ifndef NODE_SELFTEST_H
#define NODE_SELFTEST_H

#include "match/match.h"
#include "store/fold.h"

enum { SELFTEST_LINE_SIZE_MAX = 1024, SELFTEST_MARK_SIZE = 17 /* with a NUL */ };

/* A name that nobody can own (RFC 6761, section 6.4), and below which every test has one of its
 * own. */
#define SELFTEST_DOMAIN "linie-selftest.invalid"

/**
 * Add the indicator of the test to an index that is being made.
 *
 * builder   not finished
 * source    identity id of the node
 *
 * Errors    those of match_builder_add()
 */
MUST_USE
enum err selftest_index(struct match_builder *builder, struct span source);

/**
 * Whether a fold is one of the indicator of the test.
 *
 * fold      any
 */
bool selftest_is_fold(const struct fold *fold);

/**
 * Make the mark of one test: no other has it.
 *
 * ret       receives SELFTEST_MARK_SIZE - 1 letters and digits, and a NUL
 */
void selftest_mark(char *ret);

/**
 * Append the line of a test, as Zeek's dns.log has lines.
 *
 * line      receives it
 * mark      of the test
 * time_us   of the line
 */
void selftest_line(struct buf *line, const char *mark, int64_t time_us);

/**
 * Whether a fold is what the line of a test must give.
 *
 * fold      of the indicator of the test
 * mark      of the test
 */
bool selftest_fits(const struct fold *fold, const char *mark);

#endif
