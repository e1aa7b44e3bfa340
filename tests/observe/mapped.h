// SPDX-License-Identifier: EUPL-1.2
/*
 * For tests of mappings: a line of a log in, what it says out as text,
 *
 *     time 2026-11-21T20:34:05.000Z
 *     from 10.0.0.5:1025 to 192.0.2.53:53 denied by ns1 in named
 *     domain domain www.example.org
 *
 * with a line for the context where there is any, and one for each observation: its field, its
 * kind, its value.
 */
#ifndef TESTS_OBSERVE_MAPPED_H
#define TESTS_OBSERVE_MAPPED_H

#include "observe/formats.h"
#include "observe/observe.h"
#include "tests/testing.h"

struct mapped_test {
    struct op op;
    struct observe_formats formats;
    struct observe_reader *reader;
    struct observe_reader *reference; /* with the other scanner of JSON */
    struct observe_line line;         /* what was last read */
    struct buf bytes;                 /* that line, with padding */
    struct buf text;                  /* what it said */
    int64_t now_us;
};

/* Begin with all ready mappings, reading the one of a name. It is 22 November 2026, in UTC. */
void mapped_test_begin(struct mapped_test *t, const char *name);

/* Begin with a mapping of the test's own, "mine": lines of "key = value". */
void mapped_test_begin_with(struct mapped_test *t, const char *lines);

void mapped_test_end(struct mapped_test *t);

/* Read a line with both readers and check that they agree. */
enum observe_fault mapped_test_read(struct mapped_test *t, struct span line);

/* A line says this. */
#define check_mapped(t, line, expected)                                                            \
    mapped_test_check((t), span_of(line), (expected), __FILE__, __LINE__)
void mapped_test_check(struct mapped_test *t, struct span line, const char *expected,
                       const char *file, int at);

/* A line cannot be read, for this reason. */
#define check_mapped_fault(t, line, expected)                                                      \
    assert_string_equal(observe_fault_name(mapped_test_read((t), span_of(line))),                  \
                        observe_fault_name(expected))

/* Make a mapping "mine" of lines of "key = value"; the fault, where there is one, is the op's. */
enum err mapped_test_make(struct op *op, const char *lines, const struct observe_mapping **ret);

#endif
