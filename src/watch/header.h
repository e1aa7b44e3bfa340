// SPDX-License-Identifier: EUPL-1.2
/*
 * The header lines of a log that are in force at a place in it: of Zeek's TSV, of W3C's format
 * ("#Fields:"), or the first line of CSV. A file may hold several headers (logs are concatenated),
 * and whoever begins to read at a later chunk needs the one above it.
 */
#ifndef WATCH_HEADER_H
#define WATCH_HEADER_H

#include "observe/observe.h"

enum {
    WATCH_HEADER_WORD_SIZE_MAX =
        128, /* "#path", "#separator", ...: more of them is not looked at */
    WATCH_HEADER_LINE_COUNT = 7,
    WATCH_HEADER_SIZE_MAX =
        2 * OBSERVE_HEADER_SIZE_MAX + WATCH_HEADER_LINE_COUNT * (WATCH_HEADER_WORD_SIZE_MAX + 1),
};

/* One kind of header line: the last one that was seen. */
struct watch_header_line {
    size_t size; /* 0: none */
    uint8_t *bytes;
};

struct watch_header {
    struct watch_header_line lines[WATCH_HEADER_LINE_COUNT];
    uint8_t words[WATCH_HEADER_LINE_COUNT - 2][WATCH_HEADER_WORD_SIZE_MAX];
    uint8_t fields[OBSERVE_HEADER_SIZE_MAX];
    uint8_t types[OBSERVE_HEADER_SIZE_MAX];
};

/**
 * Begin without any header line.
 *
 * header    caller's memory; large
 */
void watch_header_init(struct watch_header *header);

/**
 * Take notice of all header lines among some lines.
 *
 * header    begun with watch_header_init()
 * lines     whole lines
 */
void watch_header_learn(struct watch_header *header, struct span lines);

/**
 * Whether a line that names columns was seen.
 *
 * header    begun with watch_header_init()
 */
bool watch_header_has_columns(const struct watch_header *header);

/**
 * Take notice of the first line that is not blank, where that one names the columns (CSV); see also
 * observe_is_above_header().
 *
 * header    begun with watch_header_init()
 * lines     the first ones; where they hold no line end, none is taken notice of
 */
void watch_header_learn_first(struct watch_header *header, struct span lines);

/**
 * Write the header lines in force, each with its line end, so that a reader that is given them
 * stands where one stands that has read everything.
 *
 * header    begun with watch_header_init()
 * bytes     receives at most WATCH_HEADER_SIZE_MAX bytes
 *
 * Returns how many bytes.
 */
size_t watch_header_write(const struct watch_header *header, uint8_t *bytes);

/**
 * Whether a line is a header line: it begins with '#', perhaps behind a byte order mark.
 *
 * line      looked at
 */
bool watch_header_is_line(struct span line);

#endif
