// SPDX-License-Identifier: EUPL-1.2
/*
 * Indicator files of other people, as views: bytes to indicators. Converts only; what is kept, what
 * is fit to be watched and who may see it is decided elsewhere.
 *
 * A file is read as a stream of items through exchange_next(). What a file holds that is no
 * indicator is counted by reason with its place, never fatal, never silent.
 */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "base/time.h"
#include "value/value.h"

enum {
    EXCHANGE_LINE_SIZE_MAX = 64 * 1024,
    EXCHANGE_CELL_COUNT_MAX = 256,
    EXCHANGE_FILE_SIZE_MAX = 2147483647, /* larger lists are to be split */
    EXCHANGE_FAULT_TEXT_SIZE_MAX = 256,  /* as much of a refused line as is shown */
    EXCHANGE_CONTEXT_SIZE_MAX = 2048,    /* of what a file says beside a value */
    EXCHANGE_CONFIDENCE_NONE = 255,
};

enum exchange_format {
    EXCHANGE_FORMAT_AUTO = 0,
    EXCHANGE_FORMAT_LIST,             /* one value a line; '#', ';' and "//" begin a comment line */
    EXCHANGE_FORMAT_CSV,              /* RFC 4180 with a header line; separator ',', ';' or tab */
    EXCHANGE_FORMAT_STIX,             /* a STIX 2.1 bundle: read with stix/, not here */
    EXCHANGE_FORMAT_HOSTS,            /* hosts(5): "0.0.0.0 name ..." */
    EXCHANGE_FORMAT_ADBLOCK,          /* "||name^" */
    EXCHANGE_FORMAT_ZEEK_INTEL,       /* Zeek's intelligence framework */
    EXCHANGE_FORMAT_SURICATA_DATASET, /* a value a line; strings in base64 */
    EXCHANGE_FORMAT_SURICATA_DATAREP, /* "value,reputation" */
    EXCHANGE_FORMAT_SURICATA_IPREP,   /* "address,category,score" */
    EXCHANGE_FORMAT_SURICATA_JSON,    /* a dataset of JSON objects: one a line, or an array */
    EXCHANGE_FORMAT_MISP,             /* events, as MISP exports and feeds have them */
    EXCHANGE_FORMAT_WARNINGLIST,      /* of MISP: values that must not alert */
    EXCHANGE_FORMAT_COUNT,
};

/* Why a line is no indicator; counted and shown under these names. */
enum exchange_refusal {
    EXCHANGE_REFUSAL_NONE = 0,
    EXCHANGE_REFUSAL_KIND,      /* no kind fits */
    EXCHANGE_REFUSAL_VALUE,     /* the kind is named, the value is not of it */
    EXCHANGE_REFUSAL_SIZE,      /* a line or cell longer than allowed */
    EXCHANGE_REFUSAL_TIME,      /* a time that cannot be read */
    EXCHANGE_REFUSAL_TLP,       /* a TLP word that does not exist */
    EXCHANGE_REFUSAL_NUMBER,    /* a confidence or score outside its bounds */
    EXCHANGE_REFUSAL_CELLS,     /* no value, more cells than the header, or broken quotes */
    EXCHANGE_REFUSAL_UNWATCHED, /* a kind that the format knows, and nobody here can watch for */
    EXCHANGE_REFUSAL_SCOPE,     /* no scope, or none that fits the kind */
    EXCHANGE_REFUSAL_PATTERN,   /* a pattern that is none, too costly, or that anything fits */
    EXCHANGE_REFUSAL_CONDITION, /* holds only where the format's own program decides */
    EXCHANGE_REFUSAL_ENCODING,  /* not base64, or not JSON */
    EXCHANGE_REFUSAL_COUNT,
};

/* What a file does not say of itself. Zeros: nothing is stated. */
struct exchange_options {
    enum value_kind kind;   /* of all values; VALUE_NONE: told by each, or by its column */
    struct span value_key;  /* Suricata JSON: the member that holds the value */
    struct span array_key;  /* Suricata JSON: path to the array, keys with points between */
    struct span categories; /* Suricata iprep: the categories file's content */
    struct span category;   /* Suricata iprep: names or numbers with '+' between; empty: all */
};

/* What one line says. Times are TIME_US_NONE, spans are empty and confidence 255 where nothing is
 * stated. Spans are borrowed until the next call. */
struct exchange_item {
    struct value value;
    enum value_scope scope;
    uint8_t confidence; /* 0 .. 100, or 255 */
    struct span tlp;    /* the word as written; a label that nobody knows is one of nobody */
    struct span pap;    /* the word of a PAP label, as written */
    int64_t valid_from_us;
    int64_t valid_until_us;
    int64_t first_seen_us;
    struct span comment;
    struct span context; /* JSON object of all else that is said; see docs/format/pack.md */
    uint64_t line;       /* from 1; of a JSON document the number of the entry */
    uint64_t byte;       /* of the line's start in the file, from 0; of a JSON document 0 */
    uint64_t group;      /* number of the MISP event, from 1; else 0 */
};

/* A line that was refused. */
struct exchange_fault {
    enum exchange_refusal refusal;
    uint64_t line;    /* as in an item */
    uint64_t byte;    /* as in an item */
    struct span text; /* the line or cell, cut to what is shown; borrowed until the next call */
};

/* What a MISP event or warninglist says of itself; of other formats all is empty. Spans live as
 * long as the reader. */
struct exchange_about {
    uint64_t group;          /* number of the event, as in its items; 0: there is none */
    uint64_t passed_before;  /* exchange_passed() when the event began */
    struct span id;          /* UUID of the event */
    struct span name;        /* of the warninglist; the event's info */
    struct span description; /* of the warninglist */
    struct span type;        /* of the warninglist: "cidr", "hostname", "string", ... */
    struct span category;    /* of the warninglist: "false_positive" or "known" */
    struct span version;     /* of the warninglist, as a number */
    struct span tlp;         /* of the event, as in an item */
    struct span pap;         /* of the event, as in an item */
    struct span context;     /* JSON object of what is said of the event */
};

struct exchange_reader;

/**
 * Tell an indicator file's format by its start and name.
 *
 * start     first bytes of the file
 * name      of the file; may be empty; ".gz" and ".zst" at its end are passed over
 *
 * Returns never EXCHANGE_FORMAT_AUTO; a plain list is what fits nothing else.
 */
enum exchange_format exchange_detect(struct span start, struct span name);

/**
 * The word for a format: "list", "csv", "zeek-intel", ...
 *
 * format    any value of the enum
 */
const char *exchange_format_name(enum exchange_format format);

/**
 * The format of a word.
 *
 * word      as exchange_format_name() writes it
 * ret       never EXCHANGE_FORMAT_AUTO; untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err exchange_format_from_name(struct span word, enum exchange_format *ret);

/**
 * What the `line` of an item or fault counts: "line", or "entry" of a JSON document.
 *
 * format    any value of the enum
 */
const char *exchange_place_name(enum exchange_format format);

/**
 * The name of a refusal, as it is counted and shown.
 *
 * refusal   any value of the enum
 */
const char *exchange_refusal_name(enum exchange_refusal refusal);

/**
 * Read a whole indicator file from memory (a map or a buffer).
 *
 * A CSV header is the first line, or the last '#' line before the first one where that fits better
 * ("# first_seen,ioc,..."). Names count in any case, without '-', '_' and spaces. One column
 * holds the value ("value", "indicator", "ioc", "observable", ...) and another may name its kind
 * ("type", "kind", ...); or columns are named for a kind ("ip", "domain", "hash", ...). Where
 * several columns hold values, each cell that is not empty is one indicator.
 *
 * op        work in hand; the reader lives in its memory, and JSON documents do
 * format    any but EXCHANGE_FORMAT_AUTO and EXCHANGE_FORMAT_STIX
 * options   what the file does not say; borrowed while the reader is used; NULL: nothing
 * file      borrowed while the reader is used; a UTF-8 BOM is skipped
 * ret       to give back with exchange_close(); untouched on error
 *
 * Errors    ERR_FORMAT a header without a column for the value (the text names the known ones), a
 *           file in UTF-16, no JSON or not of this format, or an option that the format needs and
 *           nobody gave; ERR_LIMIT too large, or no memory
 */
MUST_USE
enum err exchange_open(struct op *op, enum exchange_format format,
                       const struct exchange_options *options, struct span file,
                       struct exchange_reader **ret);

/**
 * End reading.
 *
 * reader    NULL does nothing
 */
void exchange_close(struct exchange_reader *reader);

/**
 * The next indicator or refusal.
 *
 * reader     opened with exchange_open()
 * ret_item   written where ERR_OK is returned
 * ret_fault  written where ERR_FORMAT is returned
 *
 * Errors    ERR_ABSENT the end; ERR_FORMAT this line is refused, the next call goes on behind it;
 *           ERR_LIMIT no memory
 */
MUST_USE
enum err exchange_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                       struct exchange_fault *ret_fault);

/**
 * How many entries were passed over because the file itself says that they are no indicators: MISP
 * attributes that are not for detection or deleted, categories that were not asked for, a hosts
 * file's own lines.
 *
 * reader    open
 */
uint64_t exchange_passed(const struct exchange_reader *reader);

/**
 * What the warninglist says of itself, or the MISP event that the last item or refusal is of.
 *
 * reader    open
 */
const struct exchange_about *exchange_about(const struct exchange_reader *reader);

/**
 * Append one cell as RFC 4180 wants it: quoted where it holds a separator, a quote or a line end. A
 * cell that a spreadsheet would take for a formula (=, +, -, @) gets a leading apostrophe, which
 * the reader takes off again.
 *
 * buf       receives the cell
 * cell      any text
 */
void exchange_csv_add_cell(struct buf *buf, struct span cell);

#endif
