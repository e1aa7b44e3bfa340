// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of this room share: records of a CSV file, what its columns mean, and the reader.
 */
#ifndef EXCHANGE_INTERNAL_H
#define EXCHANGE_INTERNAL_H

#include "exchange/exchange.h"

enum { EXCHANGE_COLUMN_NONE = -1 };

/* One record (RFC 4180) as it was read. Cells borrow from the file, or from `scratch` where quotes
 * had to be undone; they are as written, not trimmed. */
struct exchange_record {
    uint8_t *scratch; /* given by the caller, as the next */
    size_t size_max;  /* room there: no record is longer than this */
    size_t size;      /* bytes of the file that it takes, its line end included */
    size_t line_count;
    size_t cell_count;
    struct span cells[EXCHANGE_CELL_COUNT_MAX];
};

/* A column that holds values; VALUE_NONE where its name leaves the kind open. */
struct exchange_value_column {
    int cell;
    enum value_kind kind;
};

/* What a header says. A number is that of a cell, or EXCHANGE_COLUMN_NONE. */
struct exchange_columns {
    uint8_t separator;
    size_t count; /* of all cells of the header */
    size_t known; /* of cells whose name is known */
    int kind;
    int tlp;
    int confidence;
    int valid_from;
    int valid_until;
    int first_seen;
    int comment;
    size_t value_count;
    struct exchange_value_column values[EXCHANGE_CELL_COUNT_MAX];
};

struct exchange_reader {
    enum exchange_format format;
    struct span file;
    size_t at;     /* what is read next, in `file` */
    uint64_t line; /* its number, from 1 */
    struct value_buf value_buf;

    /* CSV only: the record in hand, and what it says of all its values. */
    struct exchange_columns columns;
    struct exchange_record record;
    bool record_open;
    bool record_told;        /* it gave an item or a refusal */
    size_t column;           /* the next of columns.values */
    uint64_t record_line;    /* where it begins */
    size_t record_at;        /* where it begins, in `file` */
    struct exchange_item of; /* its attributes, without the value */
    uint8_t scratch[EXCHANGE_LINE_SIZE_MAX];
};

/**
 * Cut the physical line at the start of `rest`.
 *
 * rest      the file from there on
 * ret_size  bytes of the line, its line end included
 *
 * Returns the line without LF or CRLF.
 */
struct span exchange_line(struct span rest, size_t *ret_size);

/**
 * Whether a CSV or list line says nothing: blank, or a comment ('#'; in lists also ';' and "//").
 *
 * format    of the file
 * line      the line
 */
bool exchange_line_is_comment(enum exchange_format format, struct span line);

/**
 * Read the record at the start of `rest`. A quoted cell may hold line ends.
 *
 * rest       the file from there on, not empty
 * separator  between cells
 * record     scratch and size_max given; receives the record. On error size and line_count tell
 * what to pass over, so that reading goes on with the next line, and there are no cells
 *
 * Errors    ERR_FORMAT broken quotes, or more than EXCHANGE_CELL_COUNT_MAX cells; ERR_LIMIT a line
 *           longer than size_max
 */
MUST_USE
enum err exchange_record_read(struct span rest, uint8_t separator, struct exchange_record *record);

/**
 * Find the header of a CSV file.
 *
 * file      from its beginning; may be cut behind the header
 * record    scratch and size_max given; used on the way
 * ret       what the header says; untouched on error
 * ret_at    where the data begins; untouched on error
 *
 * Errors    ERR_ABSENT no line that names a column for the value
 */
MUST_USE
enum err exchange_columns_find(struct span file, struct exchange_record *record,
                               struct exchange_columns *ret, size_t *ret_at);

/**
 * The next indicator or refusal of a CSV file; see exchange_next().
 *
 * reader     of a CSV file
 * ret_item   written where ERR_OK is returned
 * ret_fault  written where ERR_FORMAT is returned
 *
 * Errors    ERR_ABSENT the end; ERR_FORMAT refused
 */
MUST_USE
enum err exchange_csv_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                           struct exchange_fault *ret_fault);

/**
 * The next indicator or refusal of a plain list; see exchange_next().
 *
 * reader     of a list
 * ret_item   written where ERR_OK is returned
 * ret_fault  written where ERR_FORMAT is returned
 *
 * Errors    ERR_ABSENT the end; ERR_FORMAT refused
 */
MUST_USE
enum err exchange_list_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                            struct exchange_fault *ret_fault);

/**
 * Tell a refusal.
 *
 * refusal    why; not EXCHANGE_REFUSAL_NONE
 * line       from 1
 * at         of the line's start in the file
 * text       the line or cell; cut here
 * ret_fault  receives it
 *
 * Errors    ERR_FORMAT always, so that one may write `return exchange_refuse(...)`
 */
MUST_USE
enum err exchange_refuse(enum exchange_refusal refusal, uint64_t line, size_t at, struct span text,
                         struct exchange_fault *ret_fault);

/**
 * An item that states nothing.
 *
 * line      from 1
 */
struct exchange_item exchange_item_empty(uint64_t line);

#endif
