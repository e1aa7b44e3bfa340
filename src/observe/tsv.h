// SPDX-License-Identifier: EUPL-1.2
/*
 * Zeek's TSV: header lines that begin with '#' say how the lines after them are to be read; they
 * may stand anywhere in a file, since rotated files are often put behind each other. Bytes that
 * would disturb the format stand as "\xNN" in values (Zeek: logging framework, ASCII writer).
 */
#ifndef OBSERVE_TSV_H
#define OBSERVE_TSV_H

#include "observe/look.h"
#include "observe/tsv_cut.h"

enum { TSV_WORD_SIZE_MAX = 32 }; /* "(empty)", "-" */

enum tsv_shape {
    TSV_SHAPE_UNKNOWN = 0, /* the header has no "#types" */
    TSV_SHAPE_SINGLE,
    TSV_SHAPE_LIST, /* a set or vector: values with set separators between them */
};

struct tsv_column {
    uint16_t slot; /* PLAN_SLOT_NONE: not wanted */
    uint8_t shape;
    bool textual;        /* its type may hold values: addr, subnet, string, or there is no type */
    uint32_t name_begin; /* in `names` */
    uint32_t name_end;
};

struct tsv {
    uint8_t separator;
    uint8_t set_separator[TSV_WORD_SIZE_MAX];
    size_t set_separator_size;
    uint8_t empty[TSV_WORD_SIZE_MAX];
    size_t empty_size;
    uint8_t unset[TSV_WORD_SIZE_MAX];
    size_t unset_size;
    uint8_t path[OBSERVE_STREAM_SIZE_MAX];
    size_t path_size;
    struct buf names;    /* the "#fields" line's values, for those who need the columns' names */
    size_t column_count; /* 0: no "#fields" line was read */
    struct tsv_column *columns;
    size_t wanted_count;
    uint16_t *wanted;     /* numbers of the columns that have a slot */
    struct tsv_cut cut;   /* of the line at hand */
    struct buf unescaped; /* values of the present line that held escapes */
};

/**
 * Begin without a header.
 *
 * tsv       caller's memory; give it back with tsv_done()
 * arena     holds the columns; outlives it
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err tsv_init(struct tsv *tsv, struct arena *arena);

/**
 * Give memory back.
 *
 * tsv       begun with tsv_init(), or all zero
 */
void tsv_done(struct tsv *tsv);

/**
 * The separator that a "#separator" line names, as it is or escaped; -1 where that is none.
 *
 * value     all that stands behind "#separator "
 */
int tsv_separator_alone(struct span value);

/**
 * Forget the header.
 *
 * tsv       begun with tsv_init()
 */
void tsv_reset(struct tsv *tsv);

/**
 * Take in a header line.
 *
 * tsv       begun with tsv_init()
 * plan      whose names are looked for among the columns
 * line      begins with '#'
 *
 * Returns OBSERVE_FAULT_HEADER where it cannot be understood; columns are then unknown.
 */
MUST_USE
enum observe_fault tsv_header(struct tsv *tsv, const struct observe_plan *plan, struct span line);

/**
 * Whether a column holds lists. Without "#types" it is read as one where a comma cannot be part of
 * its values.
 *
 * column    of a header
 * meaning   of its slot
 */
bool tsv_column_is_list(const struct tsv_column *column, struct observe_meaning meaning);

/**
 * Whether the words for "nothing" are those that Zeek writes where nobody configured others.
 *
 * tsv       begun with tsv_init()
 */
bool tsv_has_usual_words(const struct tsv *tsv);

/**
 * Read a line of values.
 *
 * tsv       with a header, and the line cut by tsv_cut()
 * meanings  of the slots in the line's stream
 * line      without CR; valid UTF-8
 * gather    begun; receives the fields
 *
 * Returns OBSERVE_FAULT_HEADER without columns, OBSERVE_FAULT_COLUMNS where their number differs.
 */
MUST_USE
enum observe_fault tsv_line(struct tsv *tsv, const struct observe_meaning *meanings,
                            struct span line, struct gather *gather);

/**
 * Cut the first element off a list.
 *
 * tsv          with the header in force
 * rest         in: what is left; out: what is left after the element
 * ret_element  the element, perhaps empty
 *
 * Returns false, and leaves ret_element alone, when nothing was left: rest->data is NULL.
 */
bool tsv_list_next(const struct tsv *tsv, struct span *rest, struct span *ret_element);

/**
 * Look at the columns of a line that no row stands for; see look.h.
 *
 * tsv       has read the line
 * meanings  of the slots in every stream
 * line      the line
 * look      the line was begun
 * gather    receives the values
 */
void tsv_look(struct tsv *tsv, const struct observe_meaning *meanings, struct span line,
              struct look *look, struct gather *gather);

/**
 * Append a value with its escapes undone: "\xNN" is that byte, "\\" a backslash; any other
 * backslash stays as it is. What does not become text (UTF-8 without control characters) is left as
 * it was written, which is how Zeek's JSON shows such bytes too.
 *
 * buf       receives the bytes
 * value     as the log wrote it
 */
void tsv_add_unescaped(struct buf *buf, struct span value);

#endif
