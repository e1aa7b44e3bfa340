// SPDX-License-Identifier: EUPL-1.2
/*
 * The narrow interface between log lines and those who read them: say once which fields are wanted
 * (a shape), then ask of each line what it holds. Behind it stand a scanner of our own (the hot
 * path) and one over simdjson's DOM (the reference); readers cannot tell which.
 *
 * What the two promise each other. Of every line that the DOM engine reads, the fast engine gives
 * the same fields: slot, type and bytes; of a number its digits as they stand, where the DOM, which
 * keeps none, gives others of the same value. Of the lines that the DOM engine refuses, the fast
 * engine refuses all but these:
 *   - a number or literal that is malformed, but made of the letters and signs that JSON's numbers
 *     and literals are made of, in the place of a value that is not wanted;
 *   - an escape that JSON does not have, or half a surrogate pair, in a string that is not wanted,
 * or in a key inside of an object that is not wanted;
 *   - a number beyond 64 bits or beyond a double, wanted or not.
 * Broken structure, raw control characters and what is not UTF-8 are refused wherever they stand.
 */
#ifndef FORMAT_RECORD_H
#define FORMAT_RECORD_H

#include "base/op.h"

enum {
    RECORD_FIELD_COUNT_MAX = 1024, /* wanted fields in one line; further ones are cut and said so */
    RECORD_DEPTH_MAX = 64,         /* objects and arrays inside each other */
    RECORD_LINE_SIZE_MAX = 1024 * 1024,
    RECORD_PADDING_SIZE = 64, /* readable bytes that must follow every line given to a scanner */
    RECORD_PATH_COUNT_MAX = 1024,
    RECORD_PAGE_LINE_COUNT_MAX = 1024,
    RECORD_ALIKE_COUNT_MAX = 64, /* so that a word has a bit for each */
};

enum record_type {
    RECORD_STRING,
    RECORD_NUMBER,
    RECORD_TRUE,
    RECORD_FALSE,
    RECORD_NULL,
};

/* Where a wanted field stands. Keys of nested objects are joined by '/': "dns/answers/rdata".
 * Arrays are passed through: each element counts as standing in the array's own place. A key that
 * holds a dot is written as it is: "id.orig_h". Several paths may lead to one slot. */
struct record_path {
    const char *path;
    uint16_t slot;
};

struct record_field {
    struct span value; /* unescaped bytes of a string; the digits of a number */
    uint16_t slot;
    uint8_t type; /* enum record_type */
};

/* What a line holds of what is wanted, in the order of the line. Behind the bytes of each string
 * RECORD_PADDING_SIZE more can be read. */
struct record {
    size_t count;
    bool cut; /* more than RECORD_FIELD_COUNT_MAX wanted fields: the rest is left out */
    struct record_field fields[RECORD_FIELD_COUNT_MAX];
};

struct record_memo;

/* Where a field's value begins, by number of the token; private to record*.c. */
struct record_place {
    uint16_t token;
    uint16_t slot;
};

/* A line that is built as an earlier one: where its fields stand is known, none was looked at. Good
 * until the scanner's next line. */
struct record_known {
    uint32_t number; /* of what the lines have in common, from 1 on; 0: the line was read */
    uint32_t age;    /* numbers say the same as long as this does */
    /* private to record*.c */
    const struct record_memo *memo;
    const struct record_place *places;
    const uint32_t *positions;
    const uint8_t *data;
};

/* A line of a page. */
struct record_page_line {
    const uint8_t *data; /* of what its places are counted from: bytes before the line */
    const uint16_t
        *positions; /* of its tokens, and of its end; private to record*.c, as the next */
    uint32_t token_count;
    uint16_t begin;
    uint16_t end;
    bool escapes; /* a backslash stands somewhere */
};

/* Some lines of a page that are built alike. Their fields have the numbers and types that they have
 * in the record of such a line; no string holds an escape or a byte above 0x7F. Good until the
 * scanner's next page, or next line. */
struct record_alike {
    uint32_t number; /* as of struct record_known */
    uint32_t age;
    uint32_t next; /* of the lines that come next, most likely; 0: none */
    size_t count;
    const struct record_page_line *lines[RECORD_ALIKE_COUNT_MAX];
    const struct record_place *places; /* private to record*.c */
};

/* Why a line could not be read; counted and shown under these names. */
enum record_fault {
    RECORD_FAULT_NONE = 0,
    RECORD_FAULT_SYNTAX,  /* not a JSON object */
    RECORD_FAULT_UTF8,    /* not UTF-8 */
    RECORD_FAULT_DEPTH,   /* deeper than RECORD_DEPTH_MAX */
    RECORD_FAULT_SIZE,    /* longer than RECORD_LINE_SIZE_MAX */
    RECORD_FAULT_CONTROL, /* NUL or another raw control character inside */
    RECORD_FAULT_COUNT,
};

struct record_shape;
struct record_scanner;

enum record_engine {
    RECORD_ENGINE_FAST, /* our own scanner */
    RECORD_ENGINE_DOM,  /* simdjson's DOM */
};

/**
 * Compile the wanted paths. A shape never changes and may be used by many threads.
 *
 * op        work in hand
 * paths     borrowed until record_shape_free(); at most RECORD_PATH_COUNT_MAX
 * count     how many
 * ret       to give back with record_shape_free(); untouched on error
 *
 * Errors    ERR_LIMIT too many paths, or no memory; ERR_EXISTS one path with two slots
 */
MUST_USE
enum err record_shape_new(struct op *op, const struct record_path *paths, size_t count,
                          struct record_shape **ret);

/**
 * Give a shape back.
 *
 * shape     NULL does nothing
 */
void record_shape_free(struct record_shape *shape);

/**
 * A scanner for one thread and one shape.
 *
 * op        work in hand
 * engine    which implementation
 * shape     borrowed until record_scanner_free()
 * ret       to give back with record_scanner_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err record_scanner_new(struct op *op, enum record_engine engine,
                            const struct record_shape *shape, struct record_scanner **ret);

/**
 * Give a scanner back.
 *
 * scanner   NULL does nothing
 */
void record_scanner_free(struct record_scanner *scanner);

/**
 * Read one line that holds one JSON object.
 *
 * Fields that are not wanted are stepped over; an object or array in the place of a wanted field is
 * not a field. Equal keys each give a field. A number too large for any type is still its digits.
 * Time is in proportion to the line's size, whatever the line holds.
 *
 * scanner    made by record_scanner_new()
 * line       without its line end; RECORD_PADDING_SIZE readable bytes (of any content) follow it
 * ret        receives the fields; their spans point into `line` or into the scanner, and live until
 *            the next call or the end of the line, whichever is first
 *
 * Returns why the line could not be read; `ret` then holds no fields.
 */
MUST_USE
enum record_fault record_scan(struct record_scanner *scanner, struct span line, struct record *ret);

/**
 * As record_scan(), but of a line that is built as an earlier one nothing is read yet: who knows
 * which of its fields he needs asks for those alone.
 *
 * scanner   made by record_scanner_new()
 * line      as for record_scan()
 * ret       as for record_scan(), where `known` has no number; else empty
 * known     its fields have the numbers and types that they have in the record which record_scan()
 *           would give; those that are no strings have been found to be well formed
 *
 * Returns why the line could not be read; `known` then has no number.
 */
MUST_USE
enum record_fault record_scan_known(struct record_scanner *scanner, struct span line,
                                    struct record *ret, struct record_known *known);

/**
 * The bytes of one string of a known line; no string of it holds an escape.
 *
 * known     with a number
 * field     number of a field that is a RECORD_STRING
 */
static inline struct span record_known_string(const struct record_known *known, size_t field)
{
    size_t token = known->places[field].token;
    size_t begin = (size_t)known->positions[token] + 1;
    size_t end = (size_t)known->positions[token + 1] - 1;
    while (known->data[end] != '"') { /* white space before the next token */
        end--;
    }
    return span_make(known->data + begin, end - begin);
}

/**
 * The digits of one number of a known line.
 *
 * known     with a number
 * field     number of a field that is a RECORD_NUMBER
 */
static inline struct span record_known_number(const struct record_known *known, size_t field)
{
    size_t token = known->places[field].token;
    size_t begin = known->positions[token];
    size_t end = known->positions[token + 1];
    while (known->data[end - 1] <= ' ') { /* white space before the next token */
        end--;
    }
    return span_make(known->data + begin, end - begin);
}

/**
 * The bytes of one string of a line of those that are alike.
 *
 * alike     holds lines
 * line      which of them
 * field     number of a field that is a RECORD_STRING
 */
static inline struct span record_alike_string(const struct record_alike *alike, size_t line,
                                              size_t field)
{
    const uint16_t *positions = alike->lines[line]->positions + alike->places[field].token;
    const uint8_t *data = alike->lines[line]->data;
    size_t begin = (size_t)positions[0] + 1;
    size_t end = (size_t)positions[1] - 1;
    while (data[end] != '"') { /* white space before the next token */
        end--;
    }
    return span_make(data + begin, end - begin);
}

/**
 * The digits of one number of a line of those that are alike.
 *
 * alike     holds lines
 * line      which of them
 * field     number of a field that is a RECORD_NUMBER
 */
static inline struct span record_alike_number(const struct record_alike *alike, size_t line,
                                              size_t field)
{
    const uint16_t *positions = alike->lines[line]->positions + alike->places[field].token;
    const uint8_t *data = alike->lines[line]->data;
    size_t begin = positions[0];
    size_t end = positions[1];
    while (data[end - 1] <= ' ') { /* white space before the next token */
        end--;
    }
    return span_make(data + begin, end - begin);
}

/**
 * Read whole lines together, where this machine and the scanner can: then those that are built as
 * earlier ones take half the time.
 *
 * scanner   made by record_scanner_new()
 * rest      lines; RECORD_PADDING_SIZE readable bytes (of any content) follow it
 *
 * Returns how many bytes the lines take that were read, with their ends; 0 where none were, since
 * it cannot be done, or the first of them is too long.
 */
size_t record_page_begin(struct record_scanner *scanner, struct span rest);

/**
 * Some lines of the page that are built alike: call until it returns false.
 *
 * scanner   has begun a page, and seen no line since
 * ret       receives them
 *
 * Returns false where there are no more.
 */
bool record_page_next(struct record_scanner *scanner, struct record_alike *ret);

/**
 * Leave a line of those that are alike to be scanned by itself.
 *
 * scanner   told the line
 * line      one of them
 */
void record_page_refuse(struct record_scanner *scanner, const struct record_page_line *line);

/**
 * One of the lines of a page that are to be scanned one by one: call until it returns false. The
 * scanner may see other lines meanwhile.
 *
 * scanner   told all lines that are alike
 * ret_line  the line, without its end
 *
 * Returns false where there are no more.
 */
bool record_page_other(struct record_scanner *scanner, struct span *ret_line);

/**
 * Read a known line after all.
 *
 * scanner   that knows the line, and has seen no other since
 * known     with a number
 * ret       as for record_scan()
 */
void record_known_read(struct record_scanner *scanner, const struct record_known *known,
                       struct record *ret);

/**
 * The name of a fault, as it is counted and shown: "syntax", "utf8", ...
 *
 * fault     any value of the enum
 */
const char *record_fault_name(enum record_fault fault);

#endif
