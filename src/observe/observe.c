// SPDX-License-Identifier: EUPL-1.2
#include "observe/observe.h"

#include "base/must.h"
#include "base/time.h"
#include "observe/field.h"
#include "observe/mapped.h"
#include "observe/reader.h"

const char *observe_format_name(enum observe_format format)
{
    static const char *const names[] = {
        [OBSERVE_FORMAT_AUTO] = "auto",
        [OBSERVE_FORMAT_ZEEK_JSON] = "zeek-json",
        [OBSERVE_FORMAT_ZEEK_TSV] = "zeek-tsv",
        [OBSERVE_FORMAT_EVE] = "eve",
    };
    must(format < OBSERVE_FORMAT_COUNT);
    return names[format];
}

enum err observe_format_from_name(struct span word, enum observe_format *ret)
{
    for (size_t i = 0; i < OBSERVE_FORMAT_COUNT; i++) {
        enum observe_format format = (enum observe_format)i;
        if (span_equal(word, span_of(observe_format_name(format)))) {
            *ret = format;
            return ERR_OK;
        }
    }
    if (span_equal(word, SPAN("suricata")) || span_equal(word, SPAN("suricata-eve"))) {
        *ret = OBSERVE_FORMAT_EVE;
        return ERR_OK;
    }
    return ERR_ABSENT;
}

const char *observe_fault_name(enum observe_fault fault)
{
    static const char *const names[OBSERVE_FAULT_COUNT] = {
        [OBSERVE_FAULT_NONE] = "none",       [OBSERVE_FAULT_SYNTAX] = "syntax",
        [OBSERVE_FAULT_UTF8] = "utf8",       [OBSERVE_FAULT_DEPTH] = "depth",
        [OBSERVE_FAULT_SIZE] = "size",       [OBSERVE_FAULT_CONTROL] = "control",
        [OBSERVE_FAULT_COLUMNS] = "columns", [OBSERVE_FAULT_HEADER] = "header",
        [OBSERVE_FAULT_EVENT] = "event",     [OBSERVE_FAULT_LAYOUT] = "layout",
    };
    must(fault < OBSERVE_FAULT_COUNT);
    return names[fault];
}

static bool holds_any(struct span text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_find_span(text, span_of(words[i])) != SPAN_NOT_FOUND) {
            return true;
        }
    }
    return false;
}

/* "ts" is also how the loggers of many programs call the time; these have a level and a message. */
static bool is_of_program(struct span line)
{
    static const char *const level[] = { "\"level\"" };
    static const char *const others[] = { "\"msg\"", "\"logger\"", "\"request\"" };
    return holds_any(line, level, sizeof level / sizeof level[0]) &&
           holds_any(line, others, sizeof others / sizeof others[0]);
}

/* Keys that tell one format's lines from the other's. Inside a string their quotes would be
 * escaped, so that they cannot stand in a value. */
enum observe_format observe_detect_json(struct span line)
{
    static const char *const eve[] = { "\"event_type\"" };
    static const char *const zeek[] = {
        "\"_path\"", "\"@stream\"", "\"id.orig_h\"", "\"id_orig_h\"", "\"uid\"",
    };
    static const char *const perhaps_zeek[] = { "\"ts\"" };
    if (holds_any(line, eve, sizeof eve / sizeof eve[0])) {
        return OBSERVE_FORMAT_EVE;
    }
    if (holds_any(line, zeek, sizeof zeek / sizeof zeek[0])) {
        return OBSERVE_FORMAT_ZEEK_JSON;
    }
    bool perhaps = holds_any(line, perhaps_zeek, sizeof perhaps_zeek / sizeof perhaps_zeek[0]);
    return perhaps && !is_of_program(line) ? OBSERVE_FORMAT_ZEEK_JSON : OBSERVE_FORMAT_AUTO;
}

static enum observe_format detect_header(struct span line)
{
    static const char *const words[] = { "#separator", "#fields", "#path", "#set_separator" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_starts_with(line, span_of(words[i]))) {
            return OBSERVE_FORMAT_ZEEK_TSV;
        }
    }
    return OBSERVE_FORMAT_AUTO;
}

enum observe_format observe_detect(struct span start)
{
    struct span rest = start;
    if (span_starts_with(rest, SPAN("\xEF\xBB\xBF"))) { /* UTF-8's byte order mark */
        rest = span_from(rest, 3);
    }
    struct span line = { NULL, 0 };
    while (span_next(&rest, '\n', &line)) {
        line = span_trim(line);
        enum observe_format format = OBSERVE_FORMAT_AUTO;
        if (span_starts_with(line, SPAN("{"))) {
            format = observe_detect_json(line);
        } else if (span_starts_with(line, SPAN("#"))) {
            format = detect_header(line);
        }
        if (format != OBSERVE_FORMAT_AUTO) {
            return format;
        }
    }
    return OBSERVE_FORMAT_AUTO;
}

/* Milliseconds as seconds: the point moves, "1521911720865.716" is read as "1521911720.865716". */
static enum err time_parse_milliseconds(struct span text, int64_t *ret_us)
{
    enum { DIGITS = 13, SECOND_DIGITS = 10, TEXT_SIZE_MAX = 32 };
    char shifted[TEXT_SIZE_MAX + 1];
    ptrdiff_t dot = span_find(text, '.');
    size_t whole = dot == SPAN_NOT_FOUND ? text.size : (size_t)dot;
    if (whole != DIGITS || text.size > TEXT_SIZE_MAX) {
        return ERR_LIMIT;
    }
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (i == SECOND_DIGITS) {
            shifted[size] = '.';
            size++;
        }
        if (i != DIGITS) { /* where the old dot stands */
            shifted[size] = (char)text.data[i];
            size++;
        }
    }
    return time_parse_epoch(span_make(shifted, size), ret_us);
}

static enum err time_parse_number(struct span text, int64_t *ret_us)
{
    enum err err = time_parse_epoch(text, ret_us);
    return err == ERR_LIMIT ? time_parse_milliseconds(text, ret_us) : err;
}

enum err observe_time(const struct observe_line *line, int64_t *ret_us)
{
    if (line->time.size == 0) {
        return ERR_ABSENT;
    }
    if (line->stamp != NULL) {
        return stamp_read(line->stamp, line->time, line->now_us, ret_us);
    }
    /* A number may be written as a string, and a TSV log may hold RFC 3339. */
    int64_t time_us = 0;
    bool number = line->time_is_number;
    enum err err =
        number ? time_parse_number(line->time, &time_us) : time_parse(line->time, &time_us);
    if (err != ERR_OK) {
        err = number ? time_parse(line->time, &time_us) : time_parse_number(line->time, &time_us);
    }
    if (err != ERR_OK) {
        return ERR_FORMAT;
    }
    *ret_us = time_us;
    return ERR_OK;
}

void observe_field_add_name(struct buf *buf, const struct observe_line *line, uint16_t field)
{
    if (field >= FIELD_MAPPED_FIRST) {
        buf_add(buf, mapped_field_name(line->mapping, field));
        return;
    }
    bool eve = field >= FIELD_EVE_FIRST && field < FIELD_LOOKED_FIRST;
    if (!eve && line->mapping == NULL && line->stream.size > 0) {
        buf_add(buf, line->stream);
        buf_add_byte(buf, '.');
    }
    if (field >= FIELD_LOOKED_FIRST) {
        buf_add(buf, line->looked[field - FIELD_LOOKED_FIRST]);
    } else {
        buf_add(buf, span_of(observe_field_row(field)->name));
    }
}
