// SPDX-License-Identifier: EUPL-1.2
/*
 * Indicator files of other people, as views: bytes to indicators. Converts only; what is kept and
 * who may see it is decided elsewhere.
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
    EXCHANGE_CONFIDENCE_NONE = 255,
};

enum exchange_format {
    EXCHANGE_FORMAT_AUTO = 0,
    EXCHANGE_FORMAT_LIST, /* one value a line; '#', ';' and "//" begin a comment line */
    EXCHANGE_FORMAT_CSV,  /* RFC 4180 with a header line; separator ',', ';' or tab */
    EXCHANGE_FORMAT_STIX, /* a STIX 2.1 bundle: read with stix/, not here */
    EXCHANGE_FORMAT_COUNT,
};

/* Why a line is no indicator; counted and shown under these names. */
enum exchange_refusal {
    EXCHANGE_REFUSAL_NONE = 0,
    EXCHANGE_REFUSAL_KIND,   /* no kind fits */
    EXCHANGE_REFUSAL_VALUE,  /* the kind is named, the value is not of it */
    EXCHANGE_REFUSAL_SIZE,   /* a line or cell longer than allowed */
    EXCHANGE_REFUSAL_TIME,   /* a time that cannot be read */
    EXCHANGE_REFUSAL_TLP,    /* a TLP word that does not exist */
    EXCHANGE_REFUSAL_NUMBER, /* a confidence outside 0 .. 100 */
    EXCHANGE_REFUSAL_CELLS,  /* CSV: no value, more cells than the header, or broken quotes */
    EXCHANGE_REFUSAL_COUNT,
};

/* What one line says. Times are TIME_US_NONE, tlp is empty and confidence 255 where not stated. */
struct exchange_item {
    struct value value; /* borrows from the reader; until the next call */
    enum value_scope scope;
    uint8_t confidence; /* 0 .. 100, or 255 */
    struct span tlp;    /* the word as written, known to be one; empty if none */
    int64_t valid_from_us;
    int64_t valid_until_us;
    int64_t first_seen_us;
    struct span comment; /* empty if none */
    uint64_t line;       /* from 1 */
};

/* A line that was refused. */
struct exchange_fault {
    enum exchange_refusal refusal;
    uint64_t line;    /* from 1 */
    uint64_t byte;    /* of the line's start in the file, from 0 */
    struct span text; /* the line or cell, cut to what is shown; borrowed until the next call */
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
 * The word for a format: "list", "csv", "stix".
 *
 * format    any value of the enum
 */
const char *exchange_format_name(enum exchange_format format);

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
 * ("# first_seen,ioc,..." and Zeek's "#fields"). Names count in any case, without '-', '_' and
 * spaces. One column holds the value ("value", "indicator", "ioc", "observable", ...) and another
 * may name its kind ("type", "kind", ...); or columns are named for a kind ("ip", "domain", "md5",
 * ...), and each cell that is not empty is one indicator.
 *
 * op        work in hand; the reader lives in its memory
 * format    EXCHANGE_FORMAT_LIST or EXCHANGE_FORMAT_CSV
 * file      borrowed while the reader is used; a UTF-8 BOM is skipped
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT a CSV header without a column for the value (the text names the known ones),
 *           or a file in UTF-16; ERR_LIMIT too large, or no memory
 */
MUST_USE
enum err exchange_open(struct op *op, enum exchange_format format, struct span file,
                       struct exchange_reader **ret);

/**
 * The next indicator or refusal.
 *
 * reader     opened with exchange_open()
 * ret_item   written where ERR_OK is returned
 * ret_fault  written where ERR_FORMAT is returned
 *
 * Errors    ERR_ABSENT the end; ERR_FORMAT this line is refused, the next call goes on behind it
 */
MUST_USE
enum err exchange_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                       struct exchange_fault *ret_fault);

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
