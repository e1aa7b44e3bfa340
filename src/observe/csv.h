// SPDX-License-Identifier: EUPL-1.2
/*
 * One line of CSV to columns (RFC 4180, with any delimiter and any quote). A record is one line:
 * who quotes line ends writes no log that can be read line by line.
 */
#ifndef OBSERVE_CSV_H
#define OBSERVE_CSV_H

#include "base/buf.h"

enum { CSV_COLUMN_COUNT_MAX = 1024 };

struct csv_rule {
    uint8_t delimiter; /* ' ': any white space, one delimiter or many */
    uint8_t quote;     /* 0: there are no quotes */
};

struct csv_column {
    struct span value; /* without quotes, doubled ones made single; trimmed where not quoted */
    struct span raw;   /* as it stands in the line, quotes and all */
};

struct csv {
    size_t count; /* columns of the line at hand */
    struct csv_column columns[CSV_COLUMN_COUNT_MAX];
    struct buf unquoted; /* values that do not stand in the line as they are meant */
};

/**
 * Begin without a line.
 *
 * csv       caller's memory; end it with csv_done()
 */
void csv_init(struct csv *csv);

/**
 * Give memory back.
 *
 * csv       begun with csv_init()
 */
void csv_done(struct csv *csv);

/**
 * Cut a line into columns.
 *
 * csv       receives them; they live until the next call
 * rule      what stands between and around values
 * line      without its line end; padding bytes that follow it follow every value, too
 * padding   how many
 *
 * Errors    ERR_FORMAT a quote that is not closed, or text behind one that is; ERR_LIMIT more than
 *           CSV_COLUMN_COUNT_MAX columns, or no memory
 */
MUST_USE
enum err csv_cut(struct csv *csv, const struct csv_rule *rule, struct span line, size_t padding);

/**
 * Append a value as a column, quoted where it must be.
 *
 * buf       receives it
 * rule      what stands between and around values
 * value     any bytes
 */
void csv_add(struct buf *buf, const struct csv_rule *rule, struct span value);

#endif
