// SPDX-License-Identifier: EUPL-1.2
/*
 * The two engines behind record.h. Private to record*.c.
 */
#ifndef FORMAT_RECORD_ENGINE_H
#define FORMAT_RECORD_ENGINE_H

#include "format/record_index.h"
#include "format/record_page.h"
#include "format/record_shape.h"

struct record_fast;
struct record_dom;

/**
 * Our own scanner.
 *
 * op        work in hand
 * shape     borrowed until record_fast_free()
 * index     the way to compute the first step; see record_index_at()
 * pages     the way to read many lines at once; see record_page_way(). NULL: they are not
 * ret       to give back with record_fast_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err record_fast_new(struct op *op, const struct record_shape *shape,
                         const struct record_index *index, const struct record_page_way *pages,
                         struct record_fast **ret);

/**
 * Give it back.
 *
 * fast      NULL does nothing
 */
void record_fast_free(struct record_fast *fast);

/**
 * As record_scan(); `ret` is empty when it begins, and of no meaning on a fault.
 *
 * fast      made by record_fast_new()
 * line      at most RECORD_LINE_SIZE_MAX bytes, and the padding
 * ret       receives the fields
 */
MUST_USE
enum record_fault record_fast_scan(struct record_fast *fast, struct span line, struct record *ret);

/**
 * As record_scan_known(); `ret` and `known` are empty when it begins, and of no meaning on a fault.
 *
 * fast      made by record_fast_new()
 * line      at most RECORD_LINE_SIZE_MAX bytes, and the padding
 * ret       receives the fields of a line that is not known
 * known     receives what is known
 */
MUST_USE
enum record_fault record_fast_scan_known(struct record_fast *fast, struct span line,
                                         struct record *ret, struct record_known *known);

/**
 * As record_known_read().
 *
 * fast      that knows the line
 * known     with a number
 * ret       receives the fields
 */
void record_fast_known_read(struct record_fast *fast, const struct record_known *known,
                            struct record *ret);

/**
 * As record_page_begin().
 *
 * fast      made by record_fast_new()
 * rest      lines, and the padding
 *
 * Returns how many bytes were read.
 */
size_t record_fast_page_begin(struct record_fast *fast, struct span rest);

/**
 * As record_page_next().
 *
 * fast      has begun a page
 * ret       receives the lines
 *
 * Returns false where there are no more.
 */
bool record_fast_page_next(struct record_fast *fast, struct record_alike *ret);

/**
 * As record_page_refuse().
 *
 * fast      told the line
 * line      one of them
 */
void record_fast_page_refuse(struct record_fast *fast, const struct record_page_line *line);

/**
 * As record_page_other().
 *
 * fast      told all lines that are alike
 * ret_line  the line
 *
 * Returns false where there are no more.
 */
bool record_fast_page_other(struct record_fast *fast, struct span *ret_line);

/**
 * simdjson's DOM.
 *
 * op        work in hand
 * shape     borrowed until record_dom_free()
 * ret       to give back with record_dom_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err record_dom_new(struct op *op, const struct record_shape *shape, struct record_dom **ret);

/**
 * Give it back.
 *
 * dom       NULL does nothing
 */
void record_dom_free(struct record_dom *dom);

/**
 * As record_scan(); `ret` is empty when it begins, and of no meaning on a fault.
 *
 * dom       made by record_dom_new()
 * line      at most RECORD_LINE_SIZE_MAX bytes, and the padding
 * ret       receives the fields
 */
MUST_USE
enum record_fault record_dom_scan(struct record_dom *dom, struct span line, struct record *ret);

#endif
