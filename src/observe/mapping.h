// SPDX-License-Identifier: EUPL-1.2
/*
 * A mapping says of a log that no table here knows what stands in it: where each value is, and what
 * it means. It is written in the configuration,
 *
 *     [mapping "door-dns"]
 *     format = ndjson
 *     time = ts
 *     originator = client.ip
 *     domain = dns.question.name
 *     denied = action: block, drop
 *
 * and the ready ones are kept in the same writing (ready.conf). linie.conf(5) tells all keys. A
 * mapping never changes once it is made, and may be used by many threads.
 */
#ifndef OBSERVE_MAPPING_H
#define OBSERVE_MAPPING_H

#include "observe/csv.h"
#include "observe/field.h"
#include "observe/layout.h"
#include "observe/stamp.h"

enum {
    MAPPING_NAME_SIZE_MAX = 48,
    MAPPING_FIELD_COUNT_MAX = 256,
    MAPPING_USE_COUNT_MAX = 512,
    MAPPING_CASE_COUNT_MAX = 256,
    MAPPING_LAYOUT_COUNT_MAX = 64,
    MAPPING_DOCUMENT_COUNT_MAX = 5, /* the line's own, and JSON in fields of it */
    MAPPING_COLUMN_COUNT_MAX = 256, /* that are named in the configuration */
    MAPPING_WORD_COUNT_MAX = 32,    /* programs, other names, marks by which it is detected */
    MAPPING_MARKS_COUNT_MAX = 8,
    MAPPING_NONE = UINT16_MAX,
};

/* Field numbers of observations: fields of the line's mapping from here on. */
enum { FIELD_MAPPED_FIRST = 0xC000 };

enum mapping_format { MAPPING_UNSET = 0, MAPPING_NDJSON, MAPPING_CSV, MAPPING_TEXT };

/* Which line names the columns of CSV. */
enum mapping_header {
    MAPPING_HEADER_FIRST = 0, /* the first one */
    MAPPING_HEADER_NONE,      /* none: the configuration does, or they are counted */
    MAPPING_HEADER_W3C,       /* "#Fields: ...", which may come again (W3C Extended Log Format) */
};

/* What becomes of a line of text that fits no layout. */
enum mapping_otherwise {
    MAPPING_AS_PROSE = 0, /* values are looked for in all of it */
    MAPPING_AS_FAULT,     /* counted as one that could not be read */
    MAPPING_AS_NOTHING,   /* stepped over */
};

/* What a value is, beyond the classes of field.h. */
enum mapping_class {
    MAPPING_CLASS_FIRST = 128,
    MAPPING_CLASS_PROSE = MAPPING_CLASS_FIRST, /* values are looked for in it; see prose.h */
    MAPPING_CLASS_REQUEST,                     /* "GET /a HTTP/1.1": the target of a request */
    MAPPING_CLASS_COUNTED, /* "(3)www(7)example(3)org(0)", as Windows' DNS server writes names */
    MAPPING_CLASS_END,     /* one end of a connection: address or name, perhaps with a port */
};

/* A role beyond those of field.h. */
enum { MAPPING_ROLE_TIME_MORE = 128 }; /* a part of the time behind the first */

/* One thing that a field is used for. */
struct mapping_use {
    uint16_t field;
    uint8_t role;        /* enum field_role, or MAPPING_ROLE_TIME_MORE */
    uint8_t field_class; /* enum field_class, or enum mapping_class */
    uint16_t select;     /* field that must hold `selected`; MAPPING_NONE: always */
    struct span selected;
};

/* A value of a field that tells the outcome. */
struct mapping_case {
    uint16_t field;
    uint8_t outcome; /* enum observe_outcome */
    bool begins;     /* the value need only begin so */
    struct span value;
};

/* A place in a line: a path in JSON, a column, a name in layouts. */
struct mapping_field {
    struct span name; /* as hits and the privacy rule have it */
    struct span key;  /* in its document: a path with '/' between steps; else as `name` */
    uint16_t document;
    uint16_t holds;   /* number of the JSON document that its text is; 0: none */
    bool selects;     /* others are chosen by what it holds */
    size_t use_first; /* its uses, and cases, stand behind each other */
    size_t use_count;
    size_t case_first;
    size_t case_count;
};

struct mapping_words {
    size_t count;
    struct span words[MAPPING_WORD_COUNT_MAX];
};

struct observe_mapping {
    struct span name;
    struct mapping_words aliases;
    struct span summary;
    enum mapping_format format;

    struct csv_rule csv;
    enum mapping_header header;
    size_t column_count; /* named in the configuration */
    struct span *columns;

    size_t layout_count;
    struct layout *layouts;
    enum mapping_otherwise otherwise;
    bool dispatches; /* lines of programs that another mapping names are read by that one */
    struct mapping_words programs;
    size_t marks_count;                                  /* 0: it is never detected */
    struct mapping_words marks[MAPPING_MARKS_COUNT_MAX]; /* all of one: keys, columns, or "yes" */
    bool rest_is_text; /* values are looked for in fields that have no use, too */

    struct stamp stamp;
    size_t field_count;
    struct mapping_field *fields;
    size_t use_count;
    struct mapping_use *uses;
    size_t case_count;
    struct mapping_case *cases;
    size_t document_count; /* document 0 is the line itself */
};

struct mapping_draft;

/**
 * Begin a mapping.
 *
 * op        work in hand; holds the mapping
 * name      of it: letters, digits, '-', '_' and '.'
 * ret       to go on with; its memory is the op's
 *
 * Errors    ERR_FORMAT no fit name, told as a fault; ERR_LIMIT no memory
 */
MUST_USE
enum err mapping_begin(struct op *op, struct span name, struct mapping_draft **ret);

/**
 * Say one thing of a mapping: a line of the configuration.
 *
 * op        work in hand
 * draft     begun
 * key       "format", "time", "domain", ...
 * value     as written
 *
 * Errors    ERR_ABSENT there is no such key, not told; ERR_FORMAT, ERR_LIMIT told as a fault
 */
MUST_USE
enum err mapping_set(struct op *op, struct mapping_draft *draft, struct span key,
                     struct span value);

/**
 * End a mapping.
 *
 * op        work in hand
 * draft     begun
 * ret       lives as long as the op; untouched on error
 *
 * Errors    ERR_FORMAT something is missing, or does not go together: told as a fault; ERR_LIMIT
 */
MUST_USE
enum err mapping_end(struct op *op, struct mapping_draft *draft,
                     const struct observe_mapping **ret);

/**
 * The name of a key, by its number, for those who look for one that is near; NULL behind the last.
 *
 * number    0 ..
 */
const char *mapping_key_name(size_t number);

/**
 * Whether a mapping has a name.
 *
 * mapping   made by mapping_end()
 * name      its own, or one of its others
 */
bool mapping_is_named(const struct observe_mapping *mapping, struct span name);

/**
 * Whether a word stands among some, in letters of either case.
 *
 * words     looked through
 * word      looked for
 */
bool mapping_words_have(const struct mapping_words *words, struct span word);

/**
 * Whether "detect" says only that it may be, not by what: of JSON any object.
 *
 * words     of one line with "detect"
 */
bool mapping_words_are_yes(const struct mapping_words *words);

#endif
