// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of this room share; nobody else includes it.
 */
#ifndef OUTPUT_INNER_H
#define OUTPUT_INNER_H

#include "output/output.h"
#include "store/hit_id.h"

/* How grave an event is; the numbers are syslog's (RFC 5424, section 6.2.1). */
enum output_severity {
    OUTPUT_CRITICAL = 2,
    OUTPUT_ERROR = 3,
    OUTPUT_WARNING = 4,
    OUTPUT_NOTE = 5,
    OUTPUT_INFORMATION = 6,
};

/**
 * Whether an event is there for the sake of a test: nothing was found.
 *
 * event     any
 */
bool output_is_test(const struct store_event *event);

/**
 * How grave an event is.
 *
 * event     any
 */
enum output_severity output_severity_of(const struct store_event *event);

/**
 * As much of a value as is kept in formats that are no JSON, cut between two characters.
 *
 * value     any bytes
 */
struct span output_value_cut(struct span value);

/**
 * Append the time of an event to the second, or "-" where there is none.
 *
 * buf       receives the text
 * time_us   microseconds
 */
void output_add_second(struct buf *buf, int64_t time_us);

/**
 * Append an event as a sentence for people, harmless to a terminal.
 *
 * buf       receives the text
 * node      who tells: what happens in an exercise is marked as that
 * event     told
 * defanged  write addresses, names and URLs so that no program makes a link of them
 */
void output_add_words(struct buf *buf, const struct output_node *node,
                      const struct store_event *event, bool defanged);

/**
 * Append an event in one format: see output_add().
 *
 * buf       receives the text
 * node      who tells
 * event     told
 */
void output_add_json(struct buf *buf, const struct output_node *node,
                     const struct store_event *event);
void output_add_rfc5424(struct buf *buf, const struct output_node *node,
                        const struct store_event *event);
void output_add_local(struct buf *buf, const struct output_node *node,
                      const struct store_event *event);
void output_add_eve(struct buf *buf, const struct output_node *node,
                    const struct store_event *event);

#endif
