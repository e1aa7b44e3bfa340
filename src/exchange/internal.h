// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of this room share: records of a CSV file, what its columns mean, and the reader.
 */
#ifndef EXCHANGE_INTERNAL_H
#define EXCHANGE_INTERNAL_H

#include "base/buf.h"
#include "exchange/exchange.h"
#include "format/json.h"
#include "format/json_writer.h"

enum {
    EXCHANGE_COLUMN_NONE = -1,
    EXCHANGE_NOTE_SIZE_MAX = 1024, /* of one thing that is said beside a value */
    EXCHANGE_TEXT_SIZE_MAX = 4 * EXCHANGE_LINE_SIZE_MAX,
};

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
    bool plain; /* its name says no more than "value" */
};

/* What columns may hold beside values. Those from ROLE_COMMENT on are kept as context. */
enum exchange_role {
    EXCHANGE_ROLE_NONE = 0,
    EXCHANGE_ROLE_VALUE,
    EXCHANGE_ROLE_OPEN, /* a value too, by a name that fits values of several kinds */
    EXCHANGE_ROLE_KIND,
    EXCHANGE_ROLE_SCOPE,
    EXCHANGE_ROLE_TO_IDS, /* MISP: whether it is for detection */
    EXCHANGE_ROLE_TLP,
    EXCHANGE_ROLE_CONFIDENCE,
    EXCHANGE_ROLE_VALID_FROM,
    EXCHANGE_ROLE_VALID_UNTIL,
    EXCHANGE_ROLE_FIRST_SEEN,
    EXCHANGE_ROLE_COMMENT,
    EXCHANGE_ROLE_UUID,
    EXCHANGE_ROLE_CATEGORY,
    EXCHANGE_ROLE_THREAT,
    EXCHANGE_ROLE_MALWARE,
    EXCHANGE_ROLE_TAGS,
    EXCHANGE_ROLE_ORIGIN, /* who says so */
    EXCHANGE_ROLE_REFERENCE,
    EXCHANGE_ROLE_COUNT,
};

/* What a header says. A number is that of a cell, or EXCHANGE_COLUMN_NONE. */
struct exchange_columns {
    uint8_t separator;
    size_t count; /* of all cells of the header */
    size_t known; /* of cells whose name is known */
    bool doubled; /* two cells say how far a value may be shared or used: none of them can win */
    int roles[EXCHANGE_ROLE_COUNT];
    size_t value_count;
    struct exchange_value_column values[EXCHANGE_CELL_COUNT_MAX];
};

/* The halves of a value of one of MISP's composite types that stand for something to watch. */
enum { EXCHANGE_PART_COUNT_MAX = 2 };

struct exchange_part {
    enum value_kind kind;
    int half;         /* 0: the whole; 1: before the bar; 2: behind it */
    bool alone;       /* a name does not stand for names below it */
    bool may_be_host; /* a URL that is written without path is a host */
};

/* A type of MISP's attributes. */
struct exchange_misp_type {
    size_t part_count; /* 0: nothing that is watched */
    struct exchange_part parts[EXCHANGE_PART_COUNT_MAX];
};

struct exchange_reader {
    struct op *op;
    enum exchange_format format;
    struct exchange_options options;
    struct span file;
    size_t at;     /* what is read next, in `file` */
    uint64_t line; /* its number, from 1 */
    uint64_t passed;
    struct exchange_about about;
    struct value_buf value_buf;
    struct buf text; /* what an item or refusal says and no bytes of the file do */
    struct buf context;
    struct json_writer context_writer;

    void *state; /* of a JSON document, in the op's memory */

    /* CSV: the record in hand, and what it says of all its values. Zeek uses the columns too. */
    struct exchange_columns columns;
    struct exchange_record record;
    bool record_open;
    bool record_told; /* it gave an item or a refusal */
    size_t column;    /* the next of columns.values */
    size_t part;      /* the next of a composite value */
    struct exchange_misp_type type;
    uint64_t record_line;    /* where it begins */
    size_t record_at;        /* where it begins, in `file` */
    struct exchange_item of; /* its attributes, without the value */

    /* Hosts file: the line in hand; `of` is what it says of all its names. */
    struct span names; /* of it, that are still to be read */
    bool names_local;  /* its first name is the machine's own */

    uint8_t scratch[EXCHANGE_LINE_SIZE_MAX];
};

/* ---- lines ---- */

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
 * Whether a line says nothing: blank, or a comment of its format ('#'; in lists also ';' and "//";
 * for ad blockers '!' and '[').
 *
 * format    of the file
 * line      the line
 */
bool exchange_line_is_comment(enum exchange_format format, struct span line);

/**
 * The first line of a text that says something.
 *
 * format    of the file
 * text      from its beginning; may be cut behind that line
 */
struct span exchange_line_first(enum exchange_format format, struct span text);

/**
 * The next indicator or refusal of a file that has one a line; see exchange_next().
 *
 * reader     of any line format but CSV
 * ret_item   written where ERR_OK is returned
 * ret_fault  written where ERR_FORMAT is returned
 *
 * Errors    ERR_ABSENT the end; ERR_FORMAT refused
 */
MUST_USE
enum err exchange_lines_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                             struct exchange_fault *ret_fault);

/**
 * The next name or refusal of a hosts file, whose lines may hold several names; see
 * exchange_next().
 *
 * reader     of a hosts file
 * ret_item   written where ERR_OK is returned
 * ret_fault  written where ERR_FORMAT is returned
 *
 * Errors    ERR_ABSENT the end; ERR_FORMAT refused: a line, or one name of it
 */
MUST_USE
enum err exchange_hosts_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                             struct exchange_fault *ret_fault);

/**
 * Take the next line that says something.
 *
 * reader     of any line format but CSV
 * ret_item   an item that states nothing but its place
 * ret_line   the line, of at most EXCHANGE_LINE_SIZE_MAX bytes
 * ret_fault  written where ERR_FORMAT is returned
 *
 * Errors    ERR_ABSENT the end; ERR_FORMAT the line is too long
 */
MUST_USE
enum err exchange_line_take(struct exchange_reader *reader, struct exchange_item *ret_item,
                            struct span *ret_line, struct exchange_fault *ret_fault);

/**
 * Read what one line says, of a list, ad blocker's list, Suricata dataset, reputation
 * list, IP reputation list, line of JSON, or Zeek intelligence file. A line that says of itself
 * that it is no indicator leaves the item without a kind, and is counted as passed.
 *
 * reader    of that format
 * line      says something, and has at most EXCHANGE_LINE_SIZE_MAX bytes
 * item      stating nothing; receives value, scope and all else
 *
 * Returns why it is refused, or EXCHANGE_REFUSAL_NONE.
 */
enum exchange_refusal exchange_list_line(struct exchange_reader *reader, struct span line,
                                         struct exchange_item *item);
enum exchange_refusal exchange_adblock_line(struct exchange_reader *reader, struct span line,
                                            struct exchange_item *item);
enum exchange_refusal exchange_dataset_line(struct exchange_reader *reader, struct span line,
                                            struct exchange_item *item);
enum exchange_refusal exchange_datarep_line(struct exchange_reader *reader, struct span line,
                                            struct exchange_item *item);
enum exchange_refusal exchange_iprep_line(struct exchange_reader *reader, struct span line,
                                          struct exchange_item *item);
enum exchange_refusal exchange_json_line(struct exchange_reader *reader, struct span line,
                                         struct exchange_item *item);
enum exchange_refusal exchange_zeek_line(struct exchange_reader *reader, struct span line,
                                         struct exchange_item *item);

/**
 * Whether a first line can only be one of Suricata's reputation lists, or of a dataset of strings,
 * so that no header is to be expected.
 *
 * line      the first that says something
 */
bool exchange_line_is_iprep(struct span line);
bool exchange_line_is_datarep(struct span line);
bool exchange_line_is_base64_text(struct span line);

/* ---- values ---- */

/**
 * Read a value, defanged or not.
 *
 * reader    its value_buf receives the bytes
 * kind      VALUE_NONE: recognised
 * text      as written
 * item      receives value and scope
 *
 * Returns why it is refused, or EXCHANGE_REFUSAL_NONE.
 */
enum exchange_refusal exchange_value_read(struct exchange_reader *reader, enum value_kind kind,
                                          struct span text, struct exchange_item *item);

/**
 * Read a value whose scope is named beside it; a pattern is kept as it is written.
 *
 * reader    its value_buf receives the bytes
 * kind      VALUE_NONE: recognised
 * scope     that is named
 * text      as written
 * item      receives value and scope
 *
 * Returns why it is refused, or EXCHANGE_REFUSAL_NONE.
 */
enum exchange_refusal exchange_scoped_read(struct exchange_reader *reader, enum value_kind kind,
                                           enum value_scope scope, struct span text,
                                           struct exchange_item *item);

/**
 * Read one half of a value that MISP typed.
 *
 * reader    its value_buf receives the bytes
 * part      what is wanted
 * text      the whole value, as written
 * item      receives value and scope
 *
 * Returns why it is refused, or EXCHANGE_REFUSAL_NONE.
 */
enum exchange_refusal exchange_part_read(struct exchange_reader *reader,
                                         const struct exchange_part *part, struct span text,
                                         struct exchange_item *item);

/**
 * A name that its format means alone does not stand for names below it. Where somebody wrote a star
 * before it all the same, those below it are meant, and not the name itself.
 *
 * item      read; only the scope of a name changes
 */
void exchange_mean_alone(struct exchange_item *item);

/**
 * What a type of MISP's attributes stands for.
 *
 * type      "ip-dst", "filename|sha256", ...
 * relation  of an attribute of an object ("ja3s-fingerprint-md5"); may be empty
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT a type that nobody here can watch for, or none at all
 */
MUST_USE
enum err exchange_misp_type_find(struct span type, struct span relation,
                                 struct exchange_misp_type *ret);

/**
 * Read a TLP label: of TLP 2.0 (FIRST, 2022), or TLP 1.0's WHITE; with or without "TLP:".
 *
 * word      looked up
 *
 * Returns how strict it is, from 1 for CLEAR to 5 for RED; 0 for anything else.
 */
int exchange_tlp_rank(struct span word);

/* ---- what is said beside a value ---- */

/**
 * Begin the context of an item.
 *
 * reader    its context becomes empty
 */
void exchange_context_begin(struct exchange_reader *reader);

/**
 * Add what is said beside a value; nothing where it is empty. It is cut at EXCHANGE_NOTE_SIZE_MAX,
 * and left out where the context would exceed EXCHANGE_CONTEXT_SIZE_MAX.
 *
 * reader    begun
 * key       of the member, lower case
 * text      any bytes
 */
void exchange_context_add(struct exchange_reader *reader, const char *key, struct span text);

/**
 * Add a list of words, such as tags, in the same way; those that find no room are left out.
 *
 * reader    begun
 * key       of the member
 * words     how many there are
 * count     of them
 */
void exchange_context_add_list(struct exchange_reader *reader, const char *key,
                               const struct span *words, size_t count);

/**
 * The context that was gathered, as a JSON object; empty where nothing is said.
 *
 * reader    begun; borrowed until the next exchange_context_begin()
 */
struct span exchange_context_end(struct exchange_reader *reader);

/* ---- CSV ---- */

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
 * Cut a line at its separators: a record without quotes.
 *
 * line       without its line end
 * separator  between cells
 * record     receives the cells, and nothing else
 *
 * Returns false where there are more than EXCHANGE_CELL_COUNT_MAX.
 */
bool exchange_record_split(struct span line, uint8_t separator, struct exchange_record *record);

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
 * What the cells of a header say.
 *
 * header     its cells
 * separator  between them
 * ret        receives it
 */
void exchange_columns_read(const struct exchange_record *header, uint8_t separator,
                           struct exchange_columns *ret);

/**
 * A cell by its role; empty where there is no such column, or where it says nothing.
 *
 * reader    its record and columns
 * role      any
 */
struct span exchange_cell(const struct exchange_reader *reader, enum exchange_role role);

/**
 * Gather what the cells of a record say beside its values: comment and context.
 *
 * reader    its record and columns
 * item      receives both
 */
void exchange_cells_context(struct exchange_reader *reader, struct exchange_item *item);

/**
 * Begin reading: find the header, or parse the document. The next call of exchange_next() gives the
 * first item.
 *
 * op        work in hand
 * reader    file and options are set
 *
 * Errors    ERR_FORMAT no such file, for the reason told; ERR_LIMIT no memory, or too large
 */
MUST_USE
enum err exchange_csv_open(struct op *op, struct exchange_reader *reader);
MUST_USE
enum err exchange_zeek_open(struct op *op, struct exchange_reader *reader);
MUST_USE
enum err exchange_dataset_open(struct op *op, struct exchange_reader *reader);
MUST_USE
enum err exchange_iprep_open(struct op *op, struct exchange_reader *reader);
MUST_USE
enum err exchange_json_open(struct op *op, struct exchange_reader *reader);
MUST_USE
enum err exchange_misp_open(struct op *op, struct exchange_reader *reader);
MUST_USE
enum err exchange_warninglist_open(struct op *op, struct exchange_reader *reader);

/**
 * The next indicator or refusal; see exchange_next().
 *
 * reader     of that format
 * ret_item   written where ERR_OK is returned
 * ret_fault  written where ERR_FORMAT is returned
 *
 * Errors    ERR_ABSENT the end; ERR_FORMAT refused; ERR_LIMIT no memory
 */
MUST_USE
enum err exchange_csv_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                           struct exchange_fault *ret_fault);
MUST_USE
enum err exchange_json_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                            struct exchange_fault *ret_fault);
MUST_USE
enum err exchange_misp_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                            struct exchange_fault *ret_fault);
MUST_USE
enum err exchange_warninglist_next(struct exchange_reader *reader, struct exchange_item *ret_item,
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
 * at        of the line's start in the file
 */
struct exchange_item exchange_item_empty(uint64_t line, size_t at);

#endif
