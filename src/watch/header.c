// SPDX-License-Identifier: EUPL-1.2
#include "watch/header.h"

#include "base/must.h"
#include "observe/formats.h"
#include "observe/tsv.h"

/* In the order in which a reader needs them: a separator resets all, types belong to fields. */
enum header_line {
    LINE_SEPARATOR = 0,
    LINE_SET_SEPARATOR,
    LINE_EMPTY,
    LINE_UNSET,
    LINE_PATH,
    LINE_FIELDS,
    LINE_TYPES,
};

#define BYTE_ORDER_MARK SPAN("\xEF\xBB\xBF")

static const char *const words[WATCH_HEADER_LINE_COUNT] = {
    [LINE_SEPARATOR] = "#separator", [LINE_SET_SEPARATOR] = "#set_separator",
    [LINE_EMPTY] = "#empty_field",   [LINE_UNSET] = "#unset_field",
    [LINE_PATH] = "#path",           [LINE_FIELDS] = "#fields",
    [LINE_TYPES] = "#types",
};

void watch_header_init(struct watch_header *header)
{
    for (size_t i = 0; i < WATCH_HEADER_LINE_COUNT; i++) {
        header->lines[i].size = 0;
        header->lines[i].bytes = i < LINE_FIELDS ? header->words[i] : header->fields;
    }
    header->lines[LINE_TYPES].bytes = header->types;
}

static struct span without_mark(struct span line)
{
    return span_starts_with(line, BYTE_ORDER_MARK) ? span_from(line, BYTE_ORDER_MARK.size) : line;
}

static struct span without_return(struct span line)
{
    bool has = line.size > 0 && line.data[line.size - 1] == '\r';
    return has ? span_slice(line, 0, line.size - 1) : line;
}

bool watch_header_is_line(struct span line)
{
    struct span text = without_mark(line);
    return text.size > 0 && text.data[0] == '#';
}

/* A longer word is cut, as the reader of the line does; columns that are too many for it are none.
 */
static void line_keep(struct watch_header *header, enum header_line kind, struct span line)
{
    size_t room = kind < LINE_FIELDS ? WATCH_HEADER_WORD_SIZE_MAX : OBSERVE_HEADER_SIZE_MAX;
    struct watch_header_line *kept = &header->lines[kind];
    kept->size = 0;
    if (kind >= LINE_FIELDS && line.size > room) {
        return;
    }
    kept->size = line.size < room ? line.size : room;
    span_copy(kept->bytes, room, span_slice(line, 0, kept->size));
}

/* What stands behind the first word of each line: a space after "#separator" itself, as it says
 * what separates, else what that line said. */
static int separator_of(const struct watch_header *header, enum header_line kind)
{
    const struct watch_header_line *line = &header->lines[LINE_SEPARATOR];
    if (kind == LINE_SEPARATOR) {
        return ' ';
    }
    const size_t skipped = sizeof "#separator " - 1;
    struct span text = span_make(line->bytes, line->size);
    int separator = text.size > skipped ? tsv_separator_alone(span_from(text, skipped)) : -1;
    return separator < 0 ? '\t' : separator;
}

/* Whether a line is one of a kind, and not a comment that begins alike ("#fields of interest"). */
static bool line_is(const struct watch_header *header, enum header_line kind, struct span line)
{
    struct span word = span_of(words[kind]);
    return span_starts_with(line, word) &&
           (line.size == word.size || line.data[word.size] == separator_of(header, kind));
}

static void line_learn(struct watch_header *header, struct span line)
{
    for (size_t i = 0; i < WATCH_HEADER_LINE_COUNT; i++) {
        if (!line_is(header, (enum header_line)i, line)) {
            continue;
        }
        if (i == LINE_SEPARATOR) {
            watch_header_init(header);
        }
        if (i == LINE_FIELDS) {
            header->lines[LINE_TYPES].size = 0;
        }
        line_keep(header, (enum header_line)i, line);
    }
}

/* The columns of W3C's format stand in the place of Zeek's: no log has both. */
static void w3c_learn(struct watch_header *header, struct span line)
{
    if (span_starts_with_nocase(line, SPAN("#Fields:"))) {
        line_keep(header, LINE_FIELDS, line);
    }
}

bool watch_header_has_columns(const struct watch_header *header)
{
    return header->lines[LINE_FIELDS].size > 0;
}

void watch_header_learn_first(struct watch_header *header, struct span lines)
{
    struct span rest = lines;
    struct span line = { NULL, 0 };
    while (span_next(&rest, '\n', &line) && rest.data != NULL) {
        line = without_return(without_mark(line));
        if (span_trim(line).size > 0 && !observe_is_above_header(line)) {
            line_keep(header, LINE_FIELDS, line);
            return;
        }
    }
}

void watch_header_learn(struct watch_header *header, struct span lines)
{
    struct span rest = lines;
    struct span line = { NULL, 0 };
    while (span_next(&rest, '\n', &line)) {
        if (watch_header_is_line(line)) {
            line_learn(header, without_return(without_mark(line)));
            w3c_learn(header, without_return(without_mark(line)));
        }
    }
}

size_t watch_header_write(const struct watch_header *header, uint8_t *bytes)
{
    size_t size = 0;
    for (size_t i = 0; i < WATCH_HEADER_LINE_COUNT; i++) {
        const struct watch_header_line *line = &header->lines[i];
        if (line->size > 0) {
            span_copy(bytes + size, WATCH_HEADER_SIZE_MAX - size,
                      span_make(line->bytes, line->size));
            bytes[size + line->size] = '\n';
            size += line->size + 1;
        }
    }
    must(size <= WATCH_HEADER_SIZE_MAX);
    return size;
}
