// SPDX-License-Identifier: EUPL-1.2
#include "node/input_list.h"

#include <stdlib.h>

enum {
    NUMBER_DIGITS_MAX = 4, /* of "x.log.17" */
    DATE_DIGITS_MIN = 8,   /* of "x.log-20261122" */
};

/* ---- names ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct span without_archive(struct span path)
{
    static const char *const ends[] = { ".gz", ".zst", ".xz", ".bz2", ".lz4" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (span_ends_with(path, span_of(ends[i]))) {
            return span_slice(path, 0, path.size - strlen(ends[i]));
        }
    }
    return path;
}

/* "x.log.1", but no address: before the dot stands a letter. */
static struct span without_number(struct span path)
{
    size_t at = path.size;
    while (at > 0 && is_digit(path.data[at - 1])) {
        at--;
    }
    size_t digits = path.size - at;
    bool numbered = digits > 0 && digits <= NUMBER_DIGITS_MAX && at > 1 &&
                    path.data[at - 1] == '.' && is_letter(path.data[at - 2]);
    return numbered ? span_slice(path, 0, at - 1) : path;
}

/* "x.log-20261122", "x.log.2026-11-22-13": a year of this century, behind a letter. */
static struct span without_date(struct span path)
{
    size_t at = path.size;
    size_t digits = 0;
    while (at > 0 && (is_digit(path.data[at - 1]) ||
                      span_find(SPAN("-_.:T"), path.data[at - 1]) != SPAN_NOT_FOUND)) {
        at--;
        digits += is_digit(path.data[at]) ? 1 : 0;
    }
    bool dated = digits >= DATE_DIGITS_MIN && at > 0 && is_letter(path.data[at - 1]) &&
                 span_starts_with(span_from(path, at + 1), SPAN("20"));
    return dated ? span_slice(path, 0, at) : path;
}

struct span input_log_path(struct span path)
{
    struct span bare = without_archive(path);
    struct span log = without_number(bare);
    return without_date(log.size < bare.size ? log : bare);
}

/* ---- putting together ---- */

struct place {
    struct span log;
    const struct store_input *input;
};

static int compare_spans(struct span a, struct span b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Of one log as they were given: the store has an order of its own. */
static int compare(const void *a, const void *b)
{
    const struct place *first = a;
    const struct place *second = b;
    int order = compare_spans(first->log, second->log);
    order = order != 0 ? order : compare_spans(first->input->format, second->input->format);
    return order != 0 ? order : (first->input > second->input) - (first->input < second->input);
}

static void add_faults(struct store_input *sum, const struct store_input *input)
{
    for (size_t i = 0; i < input->fault_count; i++) {
        size_t at = 0;
        while (at < sum->fault_count &&
               !span_equal(sum->faults[at].reason, input->faults[i].reason)) {
            at++;
        }
        if (at < sum->fault_count) {
            sum->faults[at].count += input->faults[i].count;
        } else if (at < STORE_FAULT_COUNT_MAX) {
            sum->faults[at] = input->faults[i];
            sum->fault_count++;
        }
    }
}

/* Streams have no device; standard input has an end. */
static bool has_no_end(const struct store_input *input)
{
    return input->id.device == 0 && !span_equal(input->path, SPAN("-"));
}

static void add(struct input_log *log, const struct place *place)
{
    const struct store_input *input = place->input;
    bool endless = has_no_end(input);
    log->sum.lines += input->lines;
    log->sum.line.waiting += input->line.waiting;
    add_faults(&log->sum, input);
    log->unended += input->ended || endless ? 0 : 1;
    log->has_no_end = endless;
    log->files++;
}

static bool is_same_log(const struct input_log *log, const struct place *place)
{
    return span_equal(log->sum.path, place->log) &&
           span_equal(log->sum.format, place->input->format);
}

enum err input_list_make(struct op *op, const struct store_input *inputs, size_t count,
                         struct input_log **ret, size_t *ret_count)
{
    struct place *places = op_alloc(op, (count + 1) * sizeof *places);
    struct input_log *logs = op_alloc(op, (count + 1) * sizeof *logs);
    size_t log_count = 0;
    if (places == NULL || logs == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        bool file = !has_no_end(&inputs[i]);
        places[i].log = file ? input_log_path(inputs[i].path) : inputs[i].path;
        places[i].input = &inputs[i];
    }
    qsort(places, count, sizeof *places, compare);
    for (size_t i = 0; i < count; i++) {
        if (log_count == 0 || !is_same_log(&logs[log_count - 1], &places[i])) {
            logs[log_count] = (struct input_log){
                .sum = { .path = places[i].log, .format = places[i].input->format },
            };
            log_count++;
        }
        add(&logs[log_count - 1], &places[i]);
    }
    /* What stands alone keeps its name, whatever it looks like. */
    for (size_t i = 0, at = 0; i < log_count; i++) {
        logs[i].sum.path = logs[i].files == 1 ? places[at].input->path : logs[i].sum.path;
        at += logs[i].files;
    }
    *ret = logs;
    *ret_count = log_count;
    return ERR_OK;
}
