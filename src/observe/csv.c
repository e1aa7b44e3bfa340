// SPDX-License-Identifier: EUPL-1.2
#include "observe/csv.h"

#include "base/must.h"

void csv_init(struct csv *csv)
{
    csv->count = 0;
    buf_init(&csv->unquoted, SIZE_MAX / 2);
}

void csv_done(struct csv *csv)
{
    buf_done(&csv->unquoted);
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_delimiter(const struct csv_rule *rule, uint8_t byte)
{
    return byte == rule->delimiter || (rule->delimiter == ' ' && byte == '\t');
}

/* White space around values, but not where it is what stands between them. */
static size_t space_end(const struct csv_rule *rule, struct span line, size_t at)
{
    while (at < line.size && is_space(line.data[at]) && !is_delimiter(rule, line.data[at])) {
        at++;
    }
    return at;
}

/* The column whose opening quote is there; gives the place behind its closing one, 0 where there is
 * none. */
static size_t quoted_end(struct csv *csv, const struct csv_rule *rule, struct span line, size_t at,
                         struct span *ret_value)
{
    size_t begin = at + 1;
    size_t kept = csv->unquoted.size;
    bool doubled = false;
    for (size_t i = begin; i < line.size; i++) {
        if (line.data[i] != rule->quote) {
            continue;
        }
        bool twice = i + 1 < line.size && line.data[i + 1] == rule->quote;
        struct span piece = span_slice(line, begin, i);
        if (twice || doubled) {
            buf_add(&csv->unquoted, piece);
        }
        if (!twice) {
            *ret_value = doubled ? span_from(buf_span(&csv->unquoted), kept) : piece;
            return i + 1;
        }
        doubled = true;
        begin = i + 1; /* the second of the two is part of the value */
        i++;
    }
    return 0;
}

static size_t plain_end(const struct csv_rule *rule, struct span line, size_t at,
                        struct span *ret_value)
{
    size_t end = at;
    while (end < line.size && !is_delimiter(rule, line.data[end])) {
        end++;
    }
    *ret_value = span_trim(span_slice(line, at, end));
    return end;
}

static enum err column_next(struct csv *csv, const struct csv_rule *rule, struct span line,
                            size_t *at)
{
    size_t begin = space_end(rule, line, *at);
    bool quoted = rule->quote != 0 && begin < line.size && line.data[begin] == rule->quote;
    struct span value = { NULL, 0 };
    size_t end =
        quoted ? quoted_end(csv, rule, line, begin, &value) : plain_end(rule, line, begin, &value);
    size_t behind = space_end(rule, line, end);
    if (quoted && (end == 0 || (behind < line.size && !is_delimiter(rule, line.data[behind])))) {
        return ERR_FORMAT;
    }
    if (csv->count == CSV_COLUMN_COUNT_MAX) {
        return ERR_LIMIT;
    }
    csv->columns[csv->count] =
        (struct csv_column){ .value = value, .raw = span_slice(line, begin, end) };
    csv->count++;
    *at = behind;
    return ERR_OK;
}

/* Over one delimiter, or, where white space is one, all of it. */
static size_t delimiter_end(const struct csv_rule *rule, struct span line, size_t at)
{
    at++;
    while (rule->delimiter == ' ' && at < line.size && is_delimiter(rule, line.data[at])) {
        at++;
    }
    return at;
}

enum err csv_cut(struct csv *csv, const struct csv_rule *rule, struct span line, size_t padding)
{
    size_t at = 0;
    csv->count = 0;
    /* All values fit, so that those already there do not move, and behind the last is padding. */
    buf_clear(&csv->unquoted);
    if (rule->quote != 0 && span_find(line, rule->quote) != SPAN_NOT_FOUND &&
        buf_reserve(&csv->unquoted, line.size + padding) == NULL) {
        return ERR_LIMIT;
    }
    if (rule->delimiter == ' ') {
        line = span_trim(line);
    }
    for (;;) {
        TRY(column_next(csv, rule, line, &at));
        if (at >= line.size) {
            return ERR_OK;
        }
        at = delimiter_end(rule, line, at);
    }
}

void csv_add(struct buf *buf, const struct csv_rule *rule, struct span value)
{
    bool plain = rule->quote == 0;
    if (!plain) {
        bool needs = value.size == 0;
        for (size_t i = 0; i < value.size; i++) {
            uint8_t byte = value.data[i];
            needs = needs || byte == rule->quote || is_delimiter(rule, byte) || is_space(byte);
        }
        plain = !needs;
    }
    if (plain) {
        buf_add(buf, value);
        return;
    }
    buf_add_byte(buf, rule->quote);
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] == rule->quote) {
            buf_add_byte(buf, rule->quote);
        }
        buf_add_byte(buf, value.data[i]);
    }
    buf_add_byte(buf, rule->quote);
}
