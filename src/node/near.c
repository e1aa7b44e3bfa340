// SPDX-License-Identifier: EUPL-1.2
#include "node/near.h"

enum { WORD_SIZE_MAX = 64, LETTERS_FOR_A_SLIP = 4 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, row by row. */
static size_t edits(struct span a, struct span b)
{
    size_t row[WORD_SIZE_MAX + 1];
    for (size_t j = 0; j <= b.size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            size_t replaced = diagonal + (a.data[i - 1] == b.data[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = least(replaced, 1 + least(row[j - 1], row[j]));
        }
    }
    return row[b.size];
}

size_t near_edits(struct span typed, struct span known)
{
    if (typed.size > WORD_SIZE_MAX || known.size > WORD_SIZE_MAX) {
        return NEAR_NONE;
    }
    size_t count = edits(typed, known);
    return count <= 1 + typed.size / LETTERS_FOR_A_SLIP ? count : NEAR_NONE;
}
