// SPDX-License-Identifier: EUPL-1.2
/*
 * Lines read by a mapping: from JSON, CSV and text to the fields that it names, and from these to
 * observations. Private to this room.
 */
#ifndef OBSERVE_MAPPED_H
#define OBSERVE_MAPPED_H

#include "observe/formats.h"
#include "observe/gather.h"
#include "observe/mapping.h"
#include "observe/prose.h"
#include "observe/syslog.h"

/* Field of values that were found in a text as a whole. */
enum { FIELD_PROSE = FIELD_MAPPED_FIRST + MAPPING_FIELD_COUNT_MAX };

enum { MAPPED_TIME_COUNT_MAX = 4 };

/* What a reader holds for one mapping. */
struct mapped {
    const struct observe_mapping *mapping;
    struct record_shape *shapes[MAPPING_DOCUMENT_COUNT_MAX]; /* by document; NULL: nothing wanted */
    struct record_scanner *scanners[MAPPING_DOCUMENT_COUNT_MAX];
    /* CSV: the columns in force */
    bool has_header;
    bool any_mapped; /* at least one column is a field */
    size_t column_count;
    struct span *column_names;
    uint16_t *column_fields; /* MAPPING_NONE: of no field */
    struct buf header;       /* the line that names them */
    struct mapped *next;
};

struct mapped_reader {
    enum record_engine engine;
    const struct observe_formats *formats;
    struct mapped *first; /* all that were made ready */
    struct mapped *begun;
    struct csv csv;
    struct prose prose;
    struct record inner; /* of JSON in a field */
    struct buf repaired; /* a line with its broken bytes replaced */
    struct buf time;     /* put together, where it is several fields */

    /* of the line at hand */
    struct mapped *at; /* that reads it */
    struct layout_found found;
    bool laid_out;     /* it fits a layout; else it was read as prose */
    size_t time_count; /* parts of the time behind the first */
    struct span times[MAPPED_TIME_COUNT_MAX];
    uint8_t outcome;
    uint16_t documents_seen;                        /* bits */
    struct span selecting[MAPPING_FIELD_COUNT_MAX]; /* by field: of those that choose others */
};

/**
 * What a reader needs for mappings.
 *
 * op        work in hand
 * engine    which scanner reads JSON
 * formats   outlive it
 * ret       to give back with mapped_reader_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err mapped_reader_new(struct op *op, enum record_engine engine,
                           const struct observe_formats *formats, struct mapped_reader **ret);

/**
 * Give it back.
 *
 * reader    NULL does nothing
 */
void mapped_reader_free(struct mapped_reader *reader);

/**
 * Make the mapping of a format ready, and those that lines of it may be handed to.
 *
 * op        work in hand
 * reader    made by mapped_reader_new()
 * format    of a mapping
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err mapped_prepare(struct op *op, struct mapped_reader *reader, enum observe_format format);

/**
 * Begin an input, or a piece of one.
 *
 * reader    made ready for the format
 * format    of a mapping
 */
void mapped_begin(struct mapped_reader *reader, enum observe_format format);

/**
 * Read one line; see observe_reader_line().
 *
 * reader    begun, the line too
 * line      not blank
 * ret       as for observe_reader_line()
 *
 * Returns why the line could not be read.
 */
MUST_USE
enum observe_fault mapped_line(struct observe_reader *reader, struct span line,
                               struct observe_line *ret);

/**
 * Read one line of CSV.
 *
 * reader    begun, the line too
 * line      UTF-8
 * ret       as for observe_reader_line()
 *
 * Returns why the line could not be read.
 */
MUST_USE
enum observe_fault mapped_csv_line(struct observe_reader *reader, struct span line,
                                   struct observe_line *ret);

/**
 * Set the columns of CSV that the configuration names.
 *
 * mapped    of CSV
 */
void mapped_csv_reset(struct mapped *mapped);

/**
 * Hand over one field.
 *
 * reader    the line was begun
 * number    of a field of the mapping that reads it
 * value     padded; must live until the line has been used
 * type      of JSON; RECORD_STRING for all others
 */
void mapped_take(struct observe_reader *reader, uint16_t number, struct span value,
                 enum record_type type);

/**
 * Hand over what one use of a field asks for.
 *
 * mapped    the line was begun
 * gather    the line was begun, at the field
 * use       of the field
 * value     not empty; as for mapped_take()
 * type      as for mapped_take()
 */
void mapped_use(struct mapped_reader *mapped, struct gather *gather, const struct mapping_use *use,
                struct span value, enum record_type type);

/**
 * Add the address and port that a request's target names itself, as one to a proxy does: "CONNECT
 * 198.51.100.7:4443".
 *
 * gather    the line's fields were handed over
 */
void mapped_target_end(struct gather *gather);

/**
 * Look for values in the strings of JSON whose fields have no use in the line's mapping.
 *
 * reader    the line was begun, its fields handed over
 * document  0: the line itself; else one that stands in a field of it
 * json      one JSON object
 */
void mapped_rest(struct observe_reader *reader, uint16_t document, struct span json);

/**
 * Whether values are seen in a field by what the mapping says of it.
 *
 * mapping   of the line
 * number    of a field of the mapping; MAPPING_NONE has no use
 */
bool mapped_has_use(const struct observe_mapping *mapping, uint16_t number);

/**
 * Look for values in a column that has no use in its mapping.
 *
 * reader    the line was begun
 * name      of the column; may be empty
 * value     padded; must live until the line has been used
 */
void mapped_rest_column(struct observe_reader *reader, struct span name, struct span value);

/**
 * Whether all keys of one of the lists by which a mapping of JSON is detected stand in a line;
 * where it takes any object, that is none.
 *
 * mapping   one that names no such keys is never detected
 * json      one object
 */
bool mapped_has_marks(const struct observe_mapping *mapping, struct span json);

/**
 * Whether a mapping reads the lines of a program: a word that ends with '*' need only begin so.
 *
 * mapping   any
 * program   as the header of syslog names it
 */
bool mapped_names_program(const struct observe_mapping *mapping, struct span program);

/**
 * The name of a field that a mapping has.
 *
 * mapping   that the line was read by
 * field     of an observation, FIELD_MAPPED_FIRST or more
 */
struct span mapped_field_name(const struct observe_mapping *mapping, uint16_t field);

#endif
