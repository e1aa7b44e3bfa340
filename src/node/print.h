// SPDX-License-Identifier: EUPL-1.2
/*
 * Showing things to people: text from outside is made harmless, numbers and sizes readable.
 */
#ifndef NODE_PRINT_H
#define NODE_PRINT_H

#include "format/json_writer.h"
#include "node/command.h"

enum print_style { PRINT_PLAIN, PRINT_BOLD, PRINT_DIM, PRINT_ALARM, PRINT_GOOD };

/**
 * Print text from outside, harmless to a terminal; padded with spaces to a width in columns.
 *
 * invocation  prints on its `out`
 * text        any bytes
 * width       0: no padding
 */
void print_text(const struct invocation *invocation, struct span text, size_t width);

/**
 * How many columns of a terminal harmless text takes: wide characters two, combining ones none.
 *
 * harmless  UTF-8 without control characters, as text_add_printable() gives it
 */
size_t print_columns(struct span harmless);

/**
 * Print as printf does, in a style where `out` shows colours.
 *
 * invocation  prints on its `out`
 * style       how
 * format      as for printf; its arguments must be harmless
 */
__attribute__((format(printf, 3, 4))) void print_styled(const struct invocation *invocation,
                                                        enum print_style style, const char *format,
                                                        ...);

/**
 * Print a time, or "-" where there is none.
 *
 * invocation  prints on its `out`
 * time_us     microseconds
 */
void print_time(const struct invocation *invocation, int64_t time_us);

/**
 * A size as people read it: "731 B", "12.4 MB".
 *
 * bytes     the size
 * text      receives it
 * size      room in text; 16 is enough
 */
const char *print_size(uint64_t bytes, char *text, size_t size);

/**
 * A time to the second, as people read it: "2026-11-21T20:34:05Z", or "-" where there is none.
 *
 * time_us   microseconds
 * text      receives it
 * size      room in text; TIME_TEXT_SIZE is enough
 */
const char *print_second(int64_t time_us, char *text, size_t size);

/**
 * A count with commas between groups of three digits: "1,234,567".
 *
 * count     the number
 * text      receives it; 32 bytes are enough
 * size      room in text
 */
const char *print_count(uint64_t count, char *text, size_t size);

/**
 * A count and what is counted: "1 line", "2,523 lines".
 *
 * count     the number
 * one       the word for one
 * many      the word for none and for more
 * text      receives it
 * size      room in text; 32 bytes more than the word has are enough
 */
const char *print_counted(uint64_t count, const char *one, const char *many, char *text,
                          size_t size);

/**
 * Print one JSON line that was written with a writer, and empty the buffer.
 *
 * invocation  prints on its `out`
 * line        begun by the caller
 */
void print_json(const struct invocation *invocation, struct buf *line);

#endif
