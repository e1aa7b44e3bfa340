// SPDX-License-Identifier: EUPL-1.2
/*
 * One pass over a line of TSV: where its columns end, and whether it holds bytes that need care.
 */
#ifndef OBSERVE_TSV_CUT_H
#define OBSERVE_TSV_CUT_H

#include "base/span.h"

enum { TSV_COLUMN_COUNT_MAX = 1024 };

struct tsv_cut {
    size_t count; /* columns; TSV_COLUMN_COUNT_MAX + 1 where there are more */
    bool escaped; /* there is a backslash */
    bool odd;     /* there is a NUL, or a byte beyond ASCII */
    uint32_t ends[TSV_COLUMN_COUNT_MAX + 1]; /* offset of the byte behind each column */
};

/**
 * Cut a line into columns.
 *
 * line       RECORD_PADDING_SIZE readable bytes follow it; less than 4 GiB
 * separator  stands between columns
 * ret        filled as far as it says
 */
void tsv_cut(struct span line, uint8_t separator, struct tsv_cut *ret);

/**
 * One column of a line.
 *
 * line      as it was cut
 * cut       of the line
 * number    of a column that it has
 */
static inline struct span tsv_cut_column(struct span line, const struct tsv_cut *cut, size_t number)
{
    size_t begin = number == 0 ? 0 : (size_t)cut->ends[number - 1] + 1;
    return span_slice(line, begin, cut->ends[number]);
}

/**
 * The same, byte by byte: where the processor has no SSE2, and to test the other.
 *
 * line       less than 4 GiB
 * separator  stands between columns
 * ret        filled as far as it says
 */
void tsv_cut_scalar(struct span line, uint8_t separator, struct tsv_cut *ret);

#endif
