// SPDX-License-Identifier: EUPL-1.2
/*
 * Records of a CSV file (RFC 4180), and cells as we write them.
 *
 * Two things are read that the RFC does not know, because they are common: spaces before an opening
 * and behind a closing quote, and a quote inside a cell that does not begin with one.
 */
#include "exchange/internal.h"

/* A record as it is read; `at` moves over `window`, which no record may leave. */
struct cursor {
    struct span window;
    size_t at;
    bool at_end; /* the window's end is the file's end */
    size_t scratch_used;
};

static bool starts_formula(struct span cell)
{
    return cell.size > 0 && memchr("=+-@", cell.data[0], 4) != NULL;
}

/* The cell behind its leading apostrophes. */
static struct span without_apostrophes(struct span cell)
{
    size_t begin = 0;
    while (begin < cell.size && cell.data[begin] == '\'') {
        begin++;
    }
    return span_from(cell, begin);
}

/* Takes off the apostrophe that keeps a spreadsheet from seeing a formula. */
static struct span formula_reveal(struct span cell)
{
    bool marked = cell.size > 0 && cell.data[0] == '\'';
    return marked && starts_formula(without_apostrophes(cell)) ? span_from(cell, 1) : cell;
}

static bool cell_add(struct exchange_record *record, struct span cell)
{
    if (record->cell_count == EXCHANGE_CELL_COUNT_MAX) {
        return false;
    }
    record->cells[record->cell_count] = formula_reveal(cell);
    record->cell_count++;
    return true;
}

/* Most lines hold no quotes and are cut at their separators. */
static bool line_split(struct span line, uint8_t separator, struct exchange_record *record)
{
    struct span rest = line;
    struct span cell = { NULL, 0 };
    while (span_next(&rest, separator, &cell)) {
        if (!cell_add(record, cell)) {
            return false;
        }
    }
    return true;
}

static uint8_t peek(const struct cursor *c)
{
    return c->at < c->window.size ? c->window.data[c->at] : 0;
}

static void skip_spaces(struct cursor *c)
{
    while (peek(c) == ' ') {
        c->at++;
    }
}

/* Reads from behind the opening quote to behind the closing one. */
static bool quoted_read(struct cursor *c, struct exchange_record *record, struct span *ret)
{
    uint8_t *begin = record->scratch + c->scratch_used;
    size_t size = 0;
    for (;;) {
        struct span rest = span_from(c->window, c->at);
        ptrdiff_t quote = span_find(rest, '"');
        if (quote == SPAN_NOT_FOUND) {
            return false;
        }
        struct span piece = span_slice(rest, 0, (size_t)quote);
        span_copy(begin + size, record->size_max - c->scratch_used - size, piece);
        size += piece.size;
        c->at += piece.size + 1;
        if (peek(c) != '"') {
            break;
        }
        begin[size] = '"'; /* two quotes are one */
        size++;
        c->at++;
    }
    c->scratch_used += size;
    *ret = span_make(begin, size);
    return true;
}

static struct span plain_read(struct cursor *c, uint8_t separator)
{
    size_t begin = c->at;
    while (c->at < c->window.size && peek(c) != separator && peek(c) != '\n') {
        c->at++;
    }
    struct span cell = span_slice(c->window, begin, c->at);
    bool ends_line = c->at == c->window.size || peek(c) == '\n';
    bool carriage_return = ends_line && span_ends_with(cell, SPAN("\r"));
    return carriage_return ? span_slice(cell, 0, cell.size - 1) : cell;
}

static bool cell_read(struct cursor *c, uint8_t separator, struct exchange_record *record)
{
    size_t begin = c->at;
    skip_spaces(c);
    if (peek(c) != '"') {
        c->at = begin;
        return cell_add(record, plain_read(c, separator));
    }
    c->at++;
    struct span cell = { NULL, 0 };
    if (!quoted_read(c, record, &cell)) {
        return false;
    }
    skip_spaces(c);
    if (peek(c) == '\r') {
        c->at++;
    }
    bool ends = c->at == c->window.size || peek(c) == separator || peek(c) == '\n';
    return ends && cell_add(record, cell);
}

/* Reads a record in which there are quotes; false where they are broken. */
static bool quotes_read(struct cursor *c, uint8_t separator, struct exchange_record *record)
{
    for (;;) {
        if (!cell_read(c, separator, record)) {
            return false;
        }
        if (c->at == c->window.size) {
            return c->at_end;
        }
        bool more = peek(c) == separator;
        c->at++;
        if (!more) {
            return true;
        }
    }
}

bool exchange_record_split(struct span line, uint8_t separator, struct exchange_record *record)
{
    struct span rest = line;
    struct span cell = { NULL, 0 };
    record->cell_count = 0;
    while (span_next(&rest, separator, &cell)) {
        if (record->cell_count == EXCHANGE_CELL_COUNT_MAX) {
            return false;
        }
        record->cells[record->cell_count] = cell;
        record->cell_count++;
    }
    return true;
}

static size_t count_lines(struct span text)
{
    size_t count = 0;
    while (text.size > 0) {
        size_t size = 0;
        (void)exchange_line(text, &size);
        text = span_from(text, size);
        count++;
    }
    return count;
}

/* The record takes one line, for better or worse. */
static enum err take_line(struct exchange_record *record, size_t size, enum err err)
{
    record->size = size;
    record->line_count = 1;
    record->cell_count = err == ERR_OK ? record->cell_count : 0;
    return err;
}

enum err exchange_record_read(struct span rest, uint8_t separator, struct exchange_record *record)
{
    size_t line_size = 0;
    struct span line = exchange_line(rest, &line_size);
    record->cell_count = 0;
    if (line.size > record->size_max) {
        return take_line(record, line_size, ERR_LIMIT);
    }
    if (span_find(line, '"') == SPAN_NOT_FOUND) {
        bool fits = line_split(line, separator, record);
        return take_line(record, line_size, fits ? ERR_OK : ERR_FORMAT);
    }
    bool at_end = rest.size <= record->size_max;
    struct cursor c = {
        .window = at_end ? rest : span_slice(rest, 0, record->size_max),
        .at_end = at_end,
    };
    if (!quotes_read(&c, separator, record)) {
        return take_line(record, line_size, ERR_FORMAT); /* the next line may be well again */
    }
    record->size = c.at;
    record->line_count = count_lines(span_slice(rest, 0, c.at));
    return ERR_OK;
}

static bool needs_quotes(struct span cell)
{
    static const char marks[] = ",;\t\"\r\n";
    for (size_t i = 0; i < sizeof marks - 1; i++) {
        if (span_find(cell, (uint8_t)marks[i]) != SPAN_NOT_FOUND) {
            return true;
        }
    }
    bool spaces = span_starts_with(cell, SPAN(" ")) || span_ends_with(cell, SPAN(" "));
    return spaces || span_starts_with(cell, SPAN("#")); /* else a first cell would be a comment */
}

void exchange_csv_add_cell(struct buf *buf, struct span cell)
{
    bool quotes = needs_quotes(cell);
    if (quotes) {
        buf_add_byte(buf, '"');
    }
    if (starts_formula(without_apostrophes(cell))) {
        buf_add_byte(buf, '\'');
    }
    struct span rest = cell;
    struct span piece = { NULL, 0 };
    while (span_next(&rest, '"', &piece)) {
        buf_add(buf, piece);
        if (rest.data != NULL) {
            buf_add(buf, SPAN("\"\""));
        }
    }
    if (quotes) {
        buf_add_byte(buf, '"');
    }
}
