// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: a walk over the text of a regular expression, which tells quantifiers and
 * groups from the same bytes in classes, quotes and escapes.
 */
#ifndef VALUE_PATTERN_SCAN_H
#define VALUE_PATTERN_SCAN_H

#include "value/pattern.h"

enum pattern_piece_kind {
    PATTERN_PIECE_PLAIN = 0, /* anything else: one byte, an escape, a class, a comment, a quote */
    PATTERN_PIECE_REPEAT,    /* "{n}", "{n,}", "{n,m}" */
    PATTERN_PIECE_VERB,      /* "(*": controls of the search */
    PATTERN_PIECE_CALLOUT,   /* "(?C" */
    PATTERN_PIECE_EXTENDED,  /* "(?x": white space and comments that mean nothing */
};

struct pattern_piece {
    enum pattern_piece_kind kind;
    struct span text;
    uint64_t repeat_min;
    uint64_t repeat_max; /* UINT64_MAX where there is none */
};

/**
 * Take the next piece.
 *
 * rest      in: what is left; out: what is left after the piece
 * ret       receives it
 *
 * Returns false at the end.
 */
bool value_pattern_scan(struct span *rest, struct pattern_piece *ret);

#endif
