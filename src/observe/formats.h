// SPDX-License-Identifier: EUPL-1.2
/*
 * All formats that a run knows: those that this room has readers for, and mappings, the
 * configuration's own before the ready ones. The number of a format holds for a run, its name for
 * ever. Made before the watch process starts, which inherits it.
 */
#ifndef OBSERVE_FORMATS_H
#define OBSERVE_FORMATS_H

#include "observe/observe.h"

struct observe_mapping;

struct observe_formats {
    size_t count;
    const struct observe_mapping *mappings[OBSERVE_MAPPING_COUNT_MAX];
};

/* Lines of a file that say how the others are to be read. */
enum observe_header {
    OBSERVE_HEADER_NONE = 0,
    OBSERVE_HEADER_MARKED, /* those that begin with '#', wherever they stand */
    OBSERVE_HEADER_FIRST,  /* the first line */
};

/**
 * Add a mapping; one with its name that is there already stays.
 *
 * op        work in hand
 * formats   all zero, or added to
 * mapping   outlives them
 *
 * Errors    ERR_LIMIT more than OBSERVE_MAPPING_COUNT_MAX; ERR_EXISTS there is one with that name,
 *           not told
 */
MUST_USE
enum err observe_formats_add(struct op *op, struct observe_formats *formats,
                             const struct observe_mapping *mapping);

/**
 * Add the ready mappings whose names are still free.
 *
 * op        work in hand; holds them
 * formats   all zero, or added to
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err observe_formats_add_ready(struct op *op, struct observe_formats *formats);

/**
 * The name of a format; empty where no format has that number.
 *
 * formats   NULL: none but those of observe_format_name()
 * format    any number
 */
struct span observe_formats_name(const struct observe_formats *formats, enum observe_format format);

/**
 * The mapping of a format; NULL where it has none.
 *
 * formats   NULL: none
 * format    any number
 */
const struct observe_mapping *observe_formats_mapping(const struct observe_formats *formats,
                                                      enum observe_format format);

/**
 * The format of a word.
 *
 * formats   NULL: none but those of observe_format_from_name()
 * word      "auto", "eve", ..., or the name of a mapping
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err observe_formats_find(const struct observe_formats *formats, struct span word,
                              enum observe_format *ret);

/**
 * Tell an input's format by its first bytes: that of a reader of this room; a mapping that says by
 * what it is told ("detect") and that every whole line fits; one of text that most lines fit; and
 * else "text", which reads any text.
 *
 * formats   NULL: none but those of observe_detect()
 * start     as for observe_detect()
 * more      may come of it: that it is any text is not said before there is a whole line that is no
 *           comment
 * now_us    for times without a year
 *
 * Returns OBSERVE_FORMAT_AUTO where it is no text, or not enough is there.
 */
enum observe_format observe_formats_detect(const struct observe_formats *formats, struct span start,
                                           bool more, int64_t now_us);

/**
 * Which lines of a format are headers.
 *
 * formats   NULL: no mappings
 * format    not OBSERVE_FORMAT_AUTO
 */
enum observe_header observe_formats_header(const struct observe_formats *formats,
                                           enum observe_format format);

/**
 * Whether the beginning of a line can be told from a whole line: of JSON it can.
 *
 * formats   NULL: no mappings
 * format    not OBSERVE_FORMAT_AUTO
 */
bool observe_formats_tell_half_lines(const struct observe_formats *formats,
                                     enum observe_format format);

/**
 * Whether a line may stand above the one that names the columns of CSV: "#TYPE ..." of Windows
 * PowerShell's Export-Csv, "sep=;" of spreadsheets.
 *
 * line      without a byte order mark
 */
bool observe_is_above_header(struct span line);

/* ---- the ready mappings ---- */

/**
 * The name of a ready mapping, in the order in which they are kept.
 *
 * number    0 ..
 *
 * Returns the empty span behind the last.
 */
struct span observe_ready_name(size_t number);

/**
 * The own name of a ready mapping.
 *
 * word      its own name, or one of its others
 * ret       lives for ever; untouched on error
 *
 * Errors    ERR_ABSENT there is none
 */
MUST_USE
enum err observe_ready_find(struct span word, struct span *ret);

/**
 * A ready mapping as the configuration would write it, with its comments.
 *
 * name      its own, or one of its others
 * ret       lives for ever; untouched on error
 *
 * Errors    ERR_ABSENT there is none
 */
MUST_USE
enum err observe_ready_text(struct span name, struct span *ret);

/**
 * Make a ready mapping.
 *
 * op        work in hand; holds the mapping
 * name      its own, or one of its others
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT there is none; ERR_LIMIT no memory
 */
MUST_USE
enum err observe_ready_mapping(struct op *op, struct span name, const struct observe_mapping **ret);

#endif
