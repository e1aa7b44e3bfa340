// SPDX-License-Identifier: EUPL-1.2
/*
 * simdjson's DOM alone, as its own users call it: the yardstick for `make bench`.
 */
#ifndef BENCH_DOM_H
#define BENCH_DOM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dom;

/**
 * A parser.
 *
 * Returns NULL when there is no memory.
 */
struct dom *dom_new(void);

/**
 * Give it back.
 *
 * dom       NULL does nothing
 */
void dom_free(struct dom *dom);

/**
 * Parse all documents with parse_many(), in this thread alone.
 *
 * dom       parser
 * data      lines; 64 readable bytes follow them
 * size      in bytes
 * batch     bytes that simdjson indexes at a time
 *
 * Returns how many documents there are, or 0 where one is refused.
 */
uint64_t dom_parse_many(struct dom *dom, const uint8_t *data, size_t size, size_t batch);

/**
 * Parse each line with a call of its own.
 *
 * dom       parser
 * data      lines; 64 readable bytes follow them
 * size      in bytes
 *
 * Returns how many documents there are, or 0 where one is refused.
 */
uint64_t dom_parse_lines(struct dom *dom, const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
