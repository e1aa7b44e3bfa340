// SPDX-License-Identifier: EUPL-1.2
/*
 * Writing metrics in the text format of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Families are written whole, one
 * after the other, each with its help and type; values of labels that are not UTF-8 are repaired,
 * and escaped. A name that the format does not allow is a broken invariant: names are literals.
 *
 *     exposition_family(&x, "linie_input_lines_total", EXPOSITION_COUNTER, "Lines read.");
 *     exposition_label(&x, "format", SPAN("eve"));
 *     exposition_u64(&x, 7);
 */
#ifndef FORMAT_EXPOSITION_H
#define FORMAT_EXPOSITION_H

#include "base/buf.h"

enum exposition_type {
    EXPOSITION_GAUGE = 0,
    EXPOSITION_COUNTER, /* its name ends in "_total" */
};

struct exposition {
    struct buf *buf;
    const char *family; /* NULL before the first one */
    size_t label_count; /* of the sample that is being written */
};

/**
 * Begin writing at the end of a buffer.
 *
 * exposition  caller's memory
 * buf         receives the text; its error is sticky
 */
void exposition_init(struct exposition *exposition, struct buf *buf);

/**
 * Begin a family. One without samples is allowed.
 *
 * exposition  between samples
 * name        a literal; letters, digits and underscores; each family once
 * type        what its samples are
 * help        one sentence; a literal
 */
void exposition_family(struct exposition *exposition, const char *name, enum exposition_type type,
                       const char *help);

/**
 * Add a label to the next sample. No two samples of a family have the same labels.
 *
 * exposition  in a family
 * name        a literal; letters, digits and underscores
 * value       any bytes
 */
void exposition_label(struct exposition *exposition, const char *name, struct span value);

/**
 * End a sample with its value: a number, or a moment in seconds since 1970.
 *
 * exposition  in a family
 * value       of the sample
 * time_us     of the sample; not TIME_US_NONE
 */
void exposition_u64(struct exposition *exposition, uint64_t value);
void exposition_time(struct exposition *exposition, int64_t time_us);

#endif
