// SPDX-License-Identifier: EUPL-1.2
/*
 * For tests of readers: lines in, observations out as text, one a line:
 *
 *     dns.query domain www.example.org
 *
 * Each line is read with both scanner engines, and sifted, and all must say the same.
 */
#ifndef TESTS_OBSERVE_OBSERVING_H
#define TESTS_OBSERVE_OBSERVING_H

#include "observe/observe.h"
#include "tests/observe/sifting.h"
#include "tests/testing.h"

struct observing {
    struct op op;
    struct observe_reader *reader;    /* reads with the fast engine */
    struct observe_reader *reference; /* reads with simdjson's DOM */
    struct sifting sifting;           /* with two readers more */
    struct observe_line line;         /* what the reader said of the line last read */
    struct buf bytes;                 /* that line, with padding */
    struct buf text;                  /* its observations */
};

/* Begin reading; end with observing_end(). Told are all kinds of value but addresses with ports,
 * which would double the lines of most expectations. */
void observing_begin(struct observing *o, enum observe_format format, const char *stream);

/* Say which kinds are told, as observe_reader_want(). */
void observing_want(struct observing *o, uint32_t kinds);
void observing_end(struct observing *o);

/* Read one line with both engines and check that they agree. */
enum observe_fault observing_read(struct observing *o, struct span line);

/* Read one line without fault, and compare its observations with the expected text. */
#define check_observed(o, line, expected)                                                          \
    observing_check((o), span_of(line), (expected), __FILE__, __LINE__)
void observing_check(struct observing *o, struct span line, const char *expected, const char *file,
                     int at);

/* A line gives this fault and no observation. */
#define check_fault(o, line, expected)                                                             \
    observing_check_fault((o), (line), (expected), __FILE__, __LINE__)
void observing_check_fault(struct observing *o, struct span line, enum observe_fault expected,
                           const char *file, int at);

/* Append a line's observations as text. */
void observing_add_text(struct buf *buf, const struct observe_line *line);

/* All bytes of a gzip file, in memory of the op. */
struct span observing_gunzip(struct op *op, const char *path);

/* Cut the next line off, without its line end. */
bool observing_next_line(struct span *rest, struct span *ret);

#endif
