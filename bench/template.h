// SPDX-License-Identifier: EUPL-1.2
/*
 * A real log line, taken apart: what stays, what varies, and where a hit may be planted. Knows of
 * the logs in ../shared/data only what a reader of them knows: which key or column holds what.
 */
#ifndef BENCH_TEMPLATE_H
#define BENCH_TEMPLATE_H

#include "bench/variant.h"

enum {
    TEMPLATE_PIECE_COUNT_MAX = 2048,
    TEMPLATE_COLUMN_COUNT_MAX = 128,
    TEMPLATE_NONE = UINT16_MAX,
};

struct piece {
    struct span text; /* as in the real line */
    uint8_t slot;     /* enum slot */
    bool planted_in;  /* a hit may stand here: Linie promises to look at this field */
};

struct template
{
    struct piece *pieces;
    uint16_t count;
    uint16_t planted_count; /* pieces in which a hit may stand; a URL's two are one */
    uint16_t url_host;      /* pieces that make a URL together, or TEMPLATE_NONE */
    uint16_t url_target;
};

/* Columns of a TSV file. */
struct columns {
    size_t count;
    struct span names[TEMPLATE_COLUMN_COUNT_MAX];
    bool lists[TEMPLATE_COLUMN_COUNT_MAX];
};

/**
 * Take a line of JSON apart.
 *
 * op        holds the pieces
 * line      borrowed for as long as the template
 * ret       the parts
 */
void template_from_json(struct op *op, struct span line, struct template *ret);

/**
 * Read "#fields" or "#types" of a TSV header.
 *
 * columns   filled
 * line      of the header; any other one changes nothing
 */
void template_columns(struct columns *columns, struct span line);

/**
 * Take a line of TSV apart.
 *
 * op        holds the pieces
 * columns   of its file
 * line      borrowed for as long as the template
 * ret       the parts
 */
void template_from_tsv(struct op *op, const struct columns *columns, struct span line,
                       struct template *ret);

#endif
