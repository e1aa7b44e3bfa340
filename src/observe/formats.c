// SPDX-License-Identifier: EUPL-1.2
#include "observe/formats.h"

#include "base/must.h"
#include "observe/gather_value.h"
#include "observe/mapped.h"
#include "observe/reader.h"

enum { DETECT_LINE_COUNT_MAX = 16 };

/* ---- the list ---- */

enum err observe_formats_add(struct op *op, struct observe_formats *formats,
                             const struct observe_mapping *mapping)
{
    for (size_t i = 0; i < formats->count; i++) {
        if (span_equal(formats->mappings[i]->name, mapping->name)) {
            return ERR_EXISTS;
        }
    }
    if (formats->count == OBSERVE_MAPPING_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "more than %d mappings, the ready ones included",
                       OBSERVE_MAPPING_COUNT_MAX);
    }
    formats->mappings[formats->count] = mapping;
    formats->count++;
    return ERR_OK;
}

enum err observe_formats_add_ready(struct op *op, struct observe_formats *formats)
{
    struct span name = observe_ready_name(0);
    for (size_t i = 0; name.size > 0; i++, name = observe_ready_name(i)) {
        const struct observe_mapping *mapping = NULL;
        TRY(observe_ready_mapping(op, name, &mapping));
        enum err err = observe_formats_add(op, formats, mapping);
        if (err != ERR_EXISTS) {
            TRY(err);
        }
    }
    return ERR_OK;
}

const struct observe_mapping *observe_formats_mapping(const struct observe_formats *formats,
                                                      enum observe_format format)
{
    size_t number = (size_t)format - OBSERVE_FORMAT_MAPPED_FIRST;
    bool mapped = formats != NULL && format >= OBSERVE_FORMAT_MAPPED_FIRST;
    return mapped && number < formats->count ? formats->mappings[number] : NULL;
}

struct span observe_formats_name(const struct observe_formats *formats, enum observe_format format)
{
    if (format < OBSERVE_FORMAT_COUNT) {
        return span_of(observe_format_name(format));
    }
    const struct observe_mapping *mapping = observe_formats_mapping(formats, format);
    return mapping == NULL ? (struct span){ NULL, 0 } : mapping->name;
}

/* A mapping's own name goes before what others are also called. */
enum err observe_formats_find(const struct observe_formats *formats, struct span word,
                              enum observe_format *ret)
{
    size_t count = formats == NULL ? 0 : formats->count;
    for (size_t i = 0; i < count; i++) {
        if (span_equal(formats->mappings[i]->name, word)) {
            *ret = (enum observe_format)(OBSERVE_FORMAT_MAPPED_FIRST + i);
            return ERR_OK;
        }
    }
    if (observe_format_from_name(word, ret) == ERR_OK) {
        return ERR_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (mapping_is_named(formats->mappings[i], word)) {
            *ret = (enum observe_format)(OBSERVE_FORMAT_MAPPED_FIRST + i);
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

enum observe_header observe_formats_header(const struct observe_formats *formats,
                                           enum observe_format format)
{
    const struct observe_mapping *mapping = observe_formats_mapping(formats, format);
    if (mapping == NULL) {
        return format == OBSERVE_FORMAT_ZEEK_TSV ? OBSERVE_HEADER_MARKED : OBSERVE_HEADER_NONE;
    }
    if (mapping->format != MAPPING_CSV || mapping->header == MAPPING_HEADER_NONE) {
        return OBSERVE_HEADER_NONE;
    }
    return mapping->header == MAPPING_HEADER_W3C ? OBSERVE_HEADER_MARKED : OBSERVE_HEADER_FIRST;
}

bool observe_is_above_header(struct span line)
{
    enum { SEPARATOR_LINE_SIZE = sizeof "sep=;" - 1 };
    struct span text = span_trim(line);
    bool separator =
        text.size == SEPARATOR_LINE_SIZE && span_starts_with_nocase(text, SPAN("sep="));
    return separator || span_starts_with(text, SPAN("#TYPE "));
}

bool observe_formats_tell_half_lines(const struct observe_formats *formats,
                                     enum observe_format format)
{
    const struct observe_mapping *mapping = observe_formats_mapping(formats, format);
    return mapping == NULL ? format != OBSERVE_FORMAT_ZEEK_TSV : mapping->format == MAPPING_NDJSON;
}

/* ---- detection ---- */

/* What a file of another sort holds and text does not: NUL, and many control characters. */
static bool is_text(struct span start)
{
    enum { CONTROL_SHARE = 16 }; /* one in so many: terminals' colours, and what is broken */
    size_t controls = 0;
    for (size_t i = 0; i < start.size; i++) {
        uint8_t byte = start.data[i];
        bool usual = byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
        if (byte == 0) {
            return false;
        }
        controls += (byte < ' ' && !usual) || byte == 0x7F ? 1 : 0; /* DEL */
    }
    return controls * CONTROL_SHARE <= start.size;
}

/* The first lines, each whole; one that has no end only where there is no other. */
struct lines {
    size_t count;
    struct span lines[DETECT_LINE_COUNT_MAX];
};

static void lines_of(struct span start, struct lines *ret)
{
    struct span rest = start;
    struct span line = { NULL, 0 };
    if (span_starts_with(rest, SPAN("\xEF\xBB\xBF"))) { /* UTF-8's byte order mark */
        rest = span_from(rest, 3);
    }
    ret->count = 0;
    while (ret->count < DETECT_LINE_COUNT_MAX && span_next(&rest, '\n', &line)) {
        bool whole = rest.data != NULL || ret->count == 0;
        line = span_trim(line);
        if (whole && line.size > 0) {
            ret->lines[ret->count] = line;
            ret->count++;
        }
    }
}

/* What a layout found is what its names say: an end is an address; the parts of the time are told
 * to `time`. */
static bool capture_speaks(const struct observe_mapping *mapping,
                           const struct layout_capture *capture, struct buf *time)
{
    const struct mapping_field *field = &mapping->fields[capture->name];
    for (size_t i = field->use_first; i < field->use_first + field->use_count; i++) {
        uint8_t key[VALUE_KEY_SIZE_MAX];
        uint8_t role = mapping->uses[i].role;
        if (role == ROLE_ORIGINATOR &&
            value_key_address(gather_without_port(capture->text), key) == 0) {
            return false;
        }
        if (role == ROLE_TIME || role == MAPPING_ROLE_TIME_MORE) {
            buf_add(time, time->size > 0 ? SPAN(" ") : SPAN(""));
            buf_add(time, capture->text);
        }
    }
    return true;
}

static bool captures_speak(const struct observe_mapping *mapping, const struct layout_found *found,
                           int64_t now_us)
{
    enum { TIME_SIZE_MAX = 256 };
    struct buf time;
    int64_t time_us = 0;
    bool all = true;
    buf_init(&time, TIME_SIZE_MAX);
    for (size_t i = 0; i < found->count && all; i++) {
        all = capture_speaks(mapping, &found->captures[i], &time);
    }
    if (all && (time.size > 0 || time.err != ERR_OK)) {
        all = stamp_read(&mapping->stamp, buf_span(&time), now_us, &time_us) == ERR_OK;
    }
    buf_done(&time);
    return all;
}

static bool line_is_laid_out(const struct observe_mapping *mapping, struct span line,
                             int64_t now_us)
{
    struct layout_found found;
    struct syslog_line header;
    (void)syslog_read(line, &header);
    for (size_t i = 0; i < mapping->layout_count; i++) {
        bool fits = layout_fits(&mapping->layouts[i], header.message, &found) ||
                    layout_fits(&mapping->layouts[i], line, &found);
        if (fits && captures_speak(mapping, &found, now_us)) {
            return true;
        }
    }
    return false;
}

static bool has_columns(const struct csv *csv, const struct mapping_words *names)
{
    for (size_t i = 0; i < names->count; i++) {
        bool there = false;
        for (size_t k = 0; k < csv->count && !there; k++) {
            there = span_equal_nocase(csv->columns[k].value, names->words[i]);
        }
        if (!there) {
            return false;
        }
    }
    return names->count > 0;
}

/* Whether a line names all columns by which a mapping of CSV is detected. */
static bool line_has_columns(const struct observe_mapping *mapping, struct span line)
{
    struct csv csv;
    bool all = false;
    csv_init(&csv);
    if (csv_cut(&csv, &mapping->csv, line, 0) != ERR_OK) {
        csv.count = 0;
    }
    for (size_t i = 0; i < mapping->marks_count && !all; i++) {
        all = has_columns(&csv, &mapping->marks[i]);
    }
    csv_done(&csv);
    return all;
}

static bool header_fits(const struct observe_mapping *mapping, const struct lines *lines)
{
    if (lines->count == 0) {
        return false;
    }
    if (mapping->header == MAPPING_HEADER_FIRST) {
        size_t first = lines->count > 1 && observe_is_above_header(lines->lines[0]) ? 1 : 0;
        return line_has_columns(mapping, lines->lines[first]);
    }
    for (size_t i = 0; mapping->header == MAPPING_HEADER_W3C && i < lines->count; i++) {
        if (span_starts_with_nocase(lines->lines[i], SPAN("#Fields:"))) {
            return line_has_columns(mapping, lines->lines[i]);
        }
    }
    return false;
}

/* How many of the lines fit. */
static size_t lines_that_fit(const struct observe_mapping *mapping, const struct lines *lines,
                             int64_t now_us)
{
    size_t count = 0;
    if (mapping->format == MAPPING_CSV) {
        return header_fits(mapping, lines) ? lines->count : 0;
    }
    for (size_t i = 0; i < lines->count; i++) {
        bool fits = mapping->format == MAPPING_TEXT
                        ? line_is_laid_out(mapping, lines->lines[i], now_us)
                        : mapped_has_marks(mapping, lines->lines[i]);
        count += fits ? 1 : 0;
    }
    return count;
}

/* The number of the mapping that reads any text; OBSERVE_FORMAT_AUTO where there is none. */
static enum observe_format format_text(const struct observe_formats *formats)
{
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    bool there = observe_formats_find(formats, SPAN("text"), &format) == ERR_OK;
    const struct observe_mapping *mapping = observe_formats_mapping(formats, format);
    bool text = there && mapping != NULL && mapping->format == MAPPING_TEXT;
    return text ? format : OBSERVE_FORMAT_AUTO;
}

/* Whether a line has a program's name. What looks like one in a line that names no host may also be
 * the category of a log's lines ("queries: info: ..."), where no mapping knows such a program. */
static bool is_of_program(const struct observe_formats *formats, const struct syslog_line *header)
{
    bool named = header->host.size > 0;
    for (size_t i = 0; i < formats->count && !named; i++) {
        named = mapped_names_program(formats->mappings[i], header->program);
    }
    return header->program.size > 0 && named;
}

/* Most of the lines are laid out so; the others lose nothing, they are looked through. Lines with a
 * program's name are left to who reads those by their program. */
static bool most_fit(const struct observe_formats *formats, const struct observe_mapping *mapping,
                     const struct lines *lines, int64_t now_us)
{
    size_t count = 0;
    bool may = mapping->marks_count > 0 && mapping->format == MAPPING_TEXT &&
               mapping->otherwise == MAPPING_AS_PROSE;
    for (size_t i = 0; may && i < lines->count; i++) {
        struct syslog_line header;
        (void)syslog_read(lines->lines[i], &header);
        bool fits =
            !is_of_program(formats, &header) && line_is_laid_out(mapping, lines->lines[i], now_us);
        count += fits ? 1 : 0;
    }
    return count * 2 > lines->count;
}

/* Whether there is a whole line that is neither blank nor a comment. */
static bool has_whole_line(struct span start)
{
    struct span rest = start;
    struct span line = { NULL, 0 };
    while (span_next(&rest, '\n', &line) && rest.data != NULL) {
        line = span_trim(line);
        if (line.size > 0 && line.data[0] != '#') {
            return true;
        }
    }
    return false;
}

enum observe_format observe_formats_detect(const struct observe_formats *formats, struct span start,
                                           bool more, int64_t now_us)
{
    struct lines lines;
    enum observe_format known = observe_detect(start);
    lines_of(start, &lines);
    if (formats == NULL || lines.count == 0) {
        return known;
    }
    bool json = known == OBSERVE_FORMAT_ZEEK_JSON || known == OBSERVE_FORMAT_EVE;
    bool among_others = json && !span_starts_with(lines.lines[0], SPAN("{"));
    if (known != OBSERVE_FORMAT_AUTO && !among_others) {
        return known;
    }
    for (size_t i = 0; i < formats->count; i++) {
        const struct observe_mapping *mapping = formats->mappings[i];
        bool may_be_told = mapping->marks_count > 0;
        if (may_be_told && lines_that_fit(mapping, &lines, now_us) == lines.count) {
            return (enum observe_format)(OBSERVE_FORMAT_MAPPED_FIRST + i);
        }
    }
    if (!is_text(start) || (more && !has_whole_line(start))) {
        return OBSERVE_FORMAT_AUTO;
    }
    for (size_t i = 0; i < formats->count; i++) {
        if (most_fit(formats, formats->mappings[i], &lines, now_us)) {
            return (enum observe_format)(OBSERVE_FORMAT_MAPPED_FIRST + i);
        }
    }
    return format_text(formats);
}
