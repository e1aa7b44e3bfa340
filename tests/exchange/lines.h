// SPDX-License-Identifier: EUPL-1.2
/*
 * A file told line by line, so that a test is the file and what is told of it.
 */
#ifndef TESTS_EXCHANGE_LINES_H
#define TESTS_EXCHANGE_LINES_H

#include "exchange/exchange.h"
#include "tests/testing.h"

/* Reads the file and tells each item as "LINE: kind text" with what is stated behind it, in braces
 * what goes along (of lists and tables that is only told where a test asks for it), each refusal as
 * "LINE@BYTE! reason \"text\"", and a file that cannot be opened as "! error", one a line. Valid
 * until the next call. */
const char *lines_told(enum exchange_format format, struct span file);

/* As lines_told(), with options, and with what goes along. */
const char *lines_told_with(enum exchange_format format, const struct exchange_options *options,
                            struct span file);

/* The file is told as said; both are shown. */
void check_lines_with(enum exchange_format format, const struct exchange_options *options,
                      const char *file, const char *told);
void check_lines(enum exchange_format format, const char *file, const char *told);

#endif
