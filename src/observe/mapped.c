// SPDX-License-Identifier: EUPL-1.2
#include "observe/mapped.h"

#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"
#include "observe/gather_value.h"
#include "observe/reader.h"

enum { TIME_SIZE_MAX = 256 };

/* ---- made ready ---- */

static void mapped_free(struct mapped *mapped)
{
    if (mapped == NULL) {
        return;
    }
    for (size_t i = 0; i < MAPPING_DOCUMENT_COUNT_MAX; i++) {
        record_scanner_free(mapped->scanners[i]);
        record_shape_free(mapped->shapes[i]);
    }
    memory_free(mapped->column_names);
    memory_free(mapped->column_fields);
    buf_done(&mapped->header);
    memory_free(mapped);
}

enum err mapped_reader_new(struct op *op, enum record_engine engine,
                           const struct observe_formats *formats, struct mapped_reader **ret)
{
    struct mapped_reader *reader = memory_new(sizeof *reader);
    if (reader == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for a log reader");
    }
    reader->engine = engine;
    reader->formats = formats;
    csv_init(&reader->csv);
    buf_init(&reader->repaired, RECORD_LINE_SIZE_MAX + RECORD_PADDING_SIZE);
    buf_init(&reader->time, TIME_SIZE_MAX);
    *ret = reader;
    return ERR_OK;
}

void mapped_reader_free(struct mapped_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    while (reader->first != NULL) {
        struct mapped *next = reader->first->next;
        mapped_free(reader->first);
        reader->first = next;
    }
    csv_done(&reader->csv);
    buf_done(&reader->repaired);
    buf_done(&reader->time);
    memory_free(reader);
}

/* A scanner for what is wanted of one document; a slot is the number of a field. */
static enum err prepare_document(struct op *op, enum record_engine engine, struct mapped *mapped,
                                 size_t document)
{
    const struct observe_mapping *mapping = mapped->mapping;
    struct record_path paths[MAPPING_FIELD_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < mapping->field_count; i++) {
        const struct mapping_field *field = &mapping->fields[i];
        if (field->document == document) {
            paths[count] =
                (struct record_path){ .path = (const char *)field->key.data, .slot = (uint16_t)i };
            count++;
        }
    }
    if (count == 0) {
        return ERR_OK;
    }
    TRY(record_shape_new(op, paths, count, &mapped->shapes[document]));
    return record_scanner_new(op, engine, mapped->shapes[document], &mapped->scanners[document]);
}

static enum err mapped_fill(struct op *op, enum record_engine engine, struct mapped *mapped)
{
    const struct observe_mapping *mapping = mapped->mapping;
    size_t first = mapping->format == MAPPING_NDJSON ? 0 : 1;
    for (size_t i = first; i < mapping->document_count; i++) {
        TRY(prepare_document(op, engine, mapped, i));
    }
    if (mapping->format != MAPPING_CSV) {
        return ERR_OK;
    }
    mapped->column_names = memory_new_array(CSV_COLUMN_COUNT_MAX, sizeof *mapped->column_names);
    mapped->column_fields = memory_new_array(CSV_COLUMN_COUNT_MAX, sizeof *mapped->column_fields);
    if (mapped->column_names == NULL || mapped->column_fields == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for the columns of a log");
    }
    return ERR_OK;
}

static struct mapped *mapped_find(const struct mapped_reader *reader,
                                  const struct observe_mapping *mapping)
{
    struct mapped *mapped = reader->first;
    while (mapped != NULL && mapped->mapping != mapping) {
        mapped = mapped->next;
    }
    return mapped;
}

static enum err prepare_one(struct op *op, struct mapped_reader *reader,
                            const struct observe_mapping *mapping)
{
    if (mapped_find(reader, mapping) != NULL) {
        return ERR_OK;
    }
    struct mapped *mapped = memory_new(sizeof *mapped);
    if (mapped == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for a log reader");
    }
    mapped->mapping = mapping;
    buf_init(&mapped->header, OBSERVE_HEADER_SIZE_MAX);
    enum err err = mapped_fill(op, reader->engine, mapped);
    if (err != ERR_OK) {
        mapped_free(mapped);
        return err;
    }
    mapped->next = reader->first;
    reader->first = mapped;
    return ERR_OK;
}

/* Whether lines of text may be handed to it: it says by what they are known. */
static bool may_be_handed(const struct observe_mapping *mapping)
{
    bool text = mapping->format == MAPPING_TEXT && mapping->programs.count > 0;
    bool json = mapping->format == MAPPING_NDJSON && mapping->marks_count > 0;
    return text || json;
}

enum err mapped_prepare(struct op *op, struct mapped_reader *reader, enum observe_format format)
{
    const struct observe_mapping *mapping = observe_formats_mapping(reader->formats, format);
    must(mapping != NULL);
    TRY(prepare_one(op, reader, mapping));
    for (size_t i = 0; mapping->dispatches && i < reader->formats->count; i++) {
        if (may_be_handed(reader->formats->mappings[i])) {
            TRY(prepare_one(op, reader, reader->formats->mappings[i]));
        }
    }
    return ERR_OK;
}

void mapped_begin(struct mapped_reader *reader, enum observe_format format)
{
    reader->begun = mapped_find(reader, observe_formats_mapping(reader->formats, format));
    must(reader->begun != NULL);
    if (reader->begun->mapping->format == MAPPING_CSV) {
        mapped_csv_reset(reader->begun);
    }
}

struct span mapped_field_name(const struct observe_mapping *mapping, uint16_t field)
{
    if (field == FIELD_PROSE) {
        return SPAN("text");
    }
    must((size_t)field - FIELD_MAPPED_FIRST < mapping->field_count);
    return mapping->fields[field - FIELD_MAPPED_FIRST].name;
}

/* ---- fields ---- */

static bool case_fits(const struct mapping_case *one, struct span value)
{
    if (one->begins) {
        return span_starts_with_nocase(value, one->value);
    }
    return span_equal_nocase(value, one->value);
}

/* Of several that fit the worse counts. */
static void take_cases(struct mapped_reader *mr, const struct mapping_field *field,
                       struct span value)
{
    const struct mapping_case *cases = mr->at->mapping->cases;
    for (size_t i = field->case_first; i < field->case_first + field->case_count; i++) {
        if (case_fits(&cases[i], value)) {
            mr->outcome = cases[i].outcome > mr->outcome ? cases[i].outcome : mr->outcome;
        }
    }
}

/* JSON that is the text of a field. What was read of an earlier one lives in the same memory, so
 * that a second one in the line is not read. */
static void take_document(struct observe_reader *reader, uint16_t document, struct span value)
{
    struct mapped_reader *mr = reader->mapped;
    struct record_scanner *scanner = mr->at->scanners[document];
    uint16_t bit = (uint16_t)(1u << document);
    if (scanner == NULL) {
        return;
    }
    if ((mr->documents_seen & bit) != 0) {
        reader->gather.line->cut = true;
        return;
    }
    mr->documents_seen |= bit;
    if (record_scan(scanner, value, &mr->inner) != RECORD_FAULT_NONE) {
        reader->gather.line->unfit++;
        prose_gather(&mr->prose, &reader->gather, value); /* what is in it is still seen */
        return;
    }
    reader->gather.line->cut = reader->gather.line->cut || mr->inner.cut;
    for (size_t i = 0; i < mr->inner.count; i++) {
        const struct record_field *inner = &mr->inner.fields[i];
        mapped_take(reader, inner->slot, inner->value, (enum record_type)inner->type);
    }
    if (mr->at->mapping->rest_is_text) {
        mapped_rest(reader, document, value);
    }
}

static struct span value_text(struct span value, enum record_type type)
{
    if (type == RECORD_TRUE) {
        return SPAN("true");
    }
    return type == RECORD_FALSE ? SPAN("false") : value;
}

void mapped_take(struct observe_reader *reader, uint16_t number, struct span value,
                 enum record_type type)
{
    struct mapped_reader *mr = reader->mapped;
    const struct observe_mapping *mapping = mr->at->mapping;
    const struct mapping_field *field = &mapping->fields[number];
    value = value_text(value, type);
    if (field->selects) {
        mr->selecting[number] = type == RECORD_NULL ? (struct span){ NULL, 0 } : value;
    }
    if (type == RECORD_NULL || gather_says_nothing(value)) {
        return;
    }
    take_cases(mr, field, value);
    if (field->holds != 0 && type == RECORD_STRING) {
        reader->gather.field = (uint16_t)(FIELD_MAPPED_FIRST + number);
        take_document(reader, field->holds, value);
    }
    for (size_t i = field->use_first; i < field->use_first + field->use_count; i++) {
        const struct mapping_use *use = &mapping->uses[i];
        bool chosen =
            use->select == MAPPING_NONE || span_equal(mr->selecting[use->select], use->selected);
        if (chosen) {
            reader->gather.field = (uint16_t)(FIELD_MAPPED_FIRST + number);
            mapped_use(mr, &reader->gather, use, value, type);
        }
    }
}

/* ---- a line's begin and end ---- */

static void fields_begin(struct observe_reader *reader, struct mapped *mapped,
                         struct observe_line *ret)
{
    struct mapped_reader *mr = reader->mapped;
    const struct observe_mapping *mapping = mapped->mapping;
    mr->at = mapped;
    mr->laid_out = false;
    mr->time_count = 0;
    mr->outcome = OBSERVE_OUTCOME_UNKNOWN;
    mr->documents_seen = 0;
    for (size_t i = 0; i < mapping->field_count; i++) {
        if (mapping->fields[i].selects) {
            mr->selecting[i] = (struct span){ NULL, 0 };
        }
    }
    ret->mapping = mapping;
    ret->now_us = reader->now_us;
    look_begin(&reader->look);
    gather_begin(&reader->gather, ret, true);
}

/* Where nothing tells the host, a path alone makes no URL; that is how most servers log. Squid
 * writes "error:invalid-request" where there was no target. */
static void drop_lone_path(struct gather *gather)
{
    struct span target = gather_noted(gather, ROLE_HTTP_TARGET);
    bool path = target.size > 0 && (target.data[0] == '/' || target.data[0] == '*');
    bool host = gather_is_noted(gather, ROLE_HTTP_HOST) || gather_is_noted(gather, ROLE_RESPONDER);
    bool none = span_starts_with(target, SPAN("error:"));
    if (none || (path && !host)) {
        gather->notes.noted &= ~((uint32_t)1 << ROLE_HTTP_TARGET);
    }
}

static void join_time(struct mapped_reader *mr, struct gather *gather)
{
    if (mr->time_count == 0 || !gather_is_noted(gather, ROLE_TIME)) {
        return;
    }
    buf_clear(&mr->time);
    buf_add(&mr->time, gather_noted(gather, ROLE_TIME));
    for (size_t i = 0; i < mr->time_count; i++) {
        buf_add_byte(&mr->time, ' ');
        buf_add(&mr->time, mr->times[i]);
    }
    if (mr->time.err == ERR_OK) {
        gather->notes.places[ROLE_TIME] = buf_span(&mr->time);
    }
}

bool mapped_names_program(const struct observe_mapping *mapping, struct span program)
{
    const struct mapping_words *programs = &mapping->programs;
    for (size_t i = 0; i < programs->count; i++) {
        struct span word = programs->words[i];
        bool begins = word.size > 0 && word.data[word.size - 1] == '*';
        bool fits = begins ? span_starts_with_nocase(program, span_slice(word, 0, word.size - 1))
                           : span_equal_nocase(program, word);
        if (fits) {
            return true;
        }
    }
    return false;
}

/* "2026-11-21T20:34:05.123Z queries: info: ..." in a file of BIND's looks as if a program "queries"
 * wrote it; but a line that names no host, and is built as the mapping says, is of its program. */
static bool is_program(const struct mapped_reader *mr, const struct syslog_line *header)
{
    const struct observe_mapping *mapping = mr->at->mapping;
    return header->host.size > 0 || !mr->laid_out || mapping->programs.count == 0 ||
           mapped_names_program(mapping, header->program);
}

/* What a header of syslog says stands where the message says nothing. */
static void fields_end(struct observe_reader *reader, const struct syslog_line *header,
                       struct observe_line *ret)
{
    struct mapped_reader *mr = reader->mapped;
    struct gather *gather = &reader->gather;
    join_time(mr, gather);
    drop_lone_path(gather);
    gather_end(gather);
    mapped_target_end(gather);
    ret->outcome = (enum observe_outcome)mr->outcome;
    ret->stamp = &mr->at->mapping->stamp;
    ret->stream = gather_noted(gather, ROLE_STREAM);
    if (header != NULL && ret->time.size == 0) {
        ret->time = header->time;
        ret->stamp = &stamp_syslog;
    }
    if (header != NULL && ret->sensor.size == 0) {
        ret->sensor = header->host;
    }
    if (header != NULL && ret->stream.size == 0 && is_program(mr, header)) {
        ret->stream = header->program;
    }
    if (ret->stream.size == 0) {
        ret->stream = mr->at->mapping->name;
    }
}

/* ---- JSON ---- */

static enum observe_fault fault_of(enum record_fault fault)
{
    switch (fault) {
    case RECORD_FAULT_NONE:
        return OBSERVE_FAULT_NONE;
    case RECORD_FAULT_UTF8:
        return OBSERVE_FAULT_UTF8;
    case RECORD_FAULT_DEPTH:
        return OBSERVE_FAULT_DEPTH;
    case RECORD_FAULT_SIZE:
        return OBSERVE_FAULT_SIZE;
    case RECORD_FAULT_CONTROL:
        return OBSERVE_FAULT_CONTROL;
    case RECORD_FAULT_SYNTAX:
    case RECORD_FAULT_COUNT:
        break;
    }
    return OBSERVE_FAULT_SYNTAX;
}

/* A line of an array that has one object a line, without what belongs to the array. */
static struct span without_array(struct span line)
{
    line = span_trim(line);
    if (line.size > 0 && line.data[0] == '[') {
        line = span_trim(span_from(line, 1));
    }
    while (line.size > 0 && strchr("],", line.data[line.size - 1]) != NULL) {
        line = span_trim(span_slice(line, 0, line.size - 1));
    }
    return line;
}

static enum observe_fault json_line(struct observe_reader *reader, struct mapped *mapped,
                                    struct span line, const struct syslog_line *header,
                                    struct observe_line *ret)
{
    struct record_scanner *scanner = mapped->scanners[0];
    must(scanner != NULL);
    enum record_fault fault = record_scan(scanner, line, &reader->record);
    if (fault == RECORD_FAULT_SYNTAX) {
        struct span object = without_array(line);
        if (object.size == 0) {
            ret->no_event = true;
            return OBSERVE_FAULT_NONE;
        }
        line = object;
        fault = record_scan(scanner, line, &reader->record);
    }
    bool repaired = ret->repaired;
    if (fault != RECORD_FAULT_NONE && observe_reader_repair(reader, line, &line)) {
        fault = record_scan(scanner, line, &reader->record);
        repaired = true;
    }
    if (fault != RECORD_FAULT_NONE) {
        return fault_of(fault);
    }
    fields_begin(reader, mapped, ret);
    for (size_t i = 0; i < reader->record.count; i++) {
        const struct record_field *field = &reader->record.fields[i];
        mapped_take(reader, field->slot, field->value, (enum record_type)field->type);
    }
    if (mapped->mapping->rest_is_text) {
        mapped_rest(reader, 0, line);
    }
    fields_end(reader, header, ret);
    ret->cut = ret->cut || reader->record.cut;
    ret->repaired = repaired;
    reader->text = line;
    return OBSERVE_FAULT_NONE;
}

/* ---- text ---- */

static struct mapped *mapped_of_program(const struct mapped_reader *mr, struct span program)
{
    const struct observe_formats *formats = mr->formats;
    for (size_t i = 0; program.size > 0 && i < formats->count; i++) {
        if (mapped_names_program(formats->mappings[i], program)) {
            return mapped_find(mr, formats->mappings[i]);
        }
    }
    return NULL;
}

static bool has_key(struct span json, struct span key)
{
    for (struct span rest = json; rest.size > key.size + 1;) {
        ptrdiff_t at = span_find_span(rest, key);
        if (at == SPAN_NOT_FOUND) {
            return false;
        }
        struct span behind = span_from(rest, (size_t)at + key.size);
        if (at > 0 && rest.data[at - 1] == '"' && span_starts_with(behind, SPAN("\""))) {
            return true;
        }
        rest = behind;
    }
    return false;
}

static bool has_keys(struct span json, const struct mapping_words *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (!has_key(json, keys->words[i])) {
            return false;
        }
    }
    return keys->count > 0 && !mapping_words_are_yes(keys);
}

static bool takes_any(const struct observe_mapping *mapping)
{
    bool any = false;
    for (size_t i = 0; i < mapping->marks_count; i++) {
        any = any || mapping_words_are_yes(&mapping->marks[i]);
    }
    return any;
}

bool mapped_has_marks(const struct observe_mapping *mapping, struct span json)
{
    for (size_t i = 0; i < mapping->marks_count; i++) {
        if (has_keys(json, &mapping->marks[i])) {
            return true;
        }
    }
    return false;
}

/* Who takes any object comes last. */
static struct mapped *mapped_of_json(const struct mapped_reader *mr, struct span json)
{
    const struct observe_mapping *other = NULL;
    for (size_t i = 0; i < mr->formats->count; i++) {
        const struct observe_mapping *mapping = mr->formats->mappings[i];
        if (mapping->format == MAPPING_NDJSON && mapped_has_marks(mapping, json)) {
            return mapped_find(mr, mapping);
        }
        bool any = mapping->format == MAPPING_NDJSON && takes_any(mapping);
        other = any && other == NULL ? mapping : other;
    }
    return other == NULL ? NULL : mapped_find(mr, other);
}

/* JSON that a message carries, where somebody can read it. */
static bool hand_on(struct observe_reader *reader, struct span line,
                    const struct syslog_line *header, struct observe_line *ret)
{
    struct span json = syslog_json(header->message);
    if (json.size == 0) {
        return false;
    }
    enum observe_fault fault = OBSERVE_FAULT_SYNTAX;
    enum observe_format format = observe_detect_json(json);
    struct mapped *mapped = mapped_of_json(reader->mapped, json);
    if (format != OBSERVE_FORMAT_AUTO) {
        bool repaired = ret->repaired;
        fault = observe_reader_json(reader, format, json, ret);
        ret->repaired = ret->repaired || repaired;
        ret->sensor = ret->sensor.size > 0 ? ret->sensor : header->host;
    } else if (mapped != NULL) {
        fault = json_line(reader, mapped, json, header, ret);
    }
    if (fault != OBSERVE_FAULT_NONE) {
        bool repaired = ret->repaired;
        reader->as = reader->format;
        *ret = (struct observe_line){ .repaired = repaired };
        return false;
    }
    reader->head = span_slice(line, 0, (size_t)(json.data - line.data));
    return true;
}

/* The first layout that fits the message, or the line as a whole. */
static bool lay_out(struct mapped_reader *mr, const struct observe_mapping *mapping,
                    struct span message, struct span line)
{
    for (size_t i = 0; i < mapping->layout_count; i++) {
        if (layout_fits(&mapping->layouts[i], message, &mr->found)) {
            return true;
        }
    }
    for (size_t i = 0; message.size < line.size && i < mapping->layout_count; i++) {
        if (layout_fits(&mapping->layouts[i], line, &mr->found)) {
            return true;
        }
    }
    return false;
}

static enum observe_fault text_line(struct observe_reader *reader, struct span line,
                                    struct observe_line *ret)
{
    struct mapped_reader *mr = reader->mapped;
    struct mapped *mapped = mr->begun;
    struct syslog_line header;
    (void)syslog_read(line, &header);
    if (mapped->mapping->dispatches) {
        if (hand_on(reader, line, &header, ret)) {
            return OBSERVE_FAULT_NONE;
        }
        struct mapped *other = mapped_of_program(mr, header.program);
        mapped = other == NULL ? mapped : other;
    }
    fields_begin(reader, mapped, ret);
    mr->laid_out = lay_out(mr, mapped->mapping, header.message, line);
    if (mr->laid_out) {
        for (size_t i = 0; i < mr->found.count; i++) {
            const struct layout_capture *capture = &mr->found.captures[i];
            mapped_take(reader, capture->name, capture->text, RECORD_STRING);
        }
    } else if (mapped->mapping->otherwise == MAPPING_AS_FAULT) {
        return OBSERVE_FAULT_LAYOUT;
    } else if (mapped->mapping->otherwise == MAPPING_AS_PROSE) {
        ret->as_prose = true;
        reader->gather.field = FIELD_PROSE;
        prose_gather(&mr->prose, &reader->gather, header.message);
        header.time = header.time.size > 0 ? header.time : syslog_leading_time(line);
    }
    fields_end(reader, &header, ret);
    reader->text = line;
    reader->head = span_slice(line, 0, (size_t)(header.message.data - line.data));
    return OBSERVE_FAULT_NONE;
}

/* ---- any line ---- */

/* A copy in which '?' stands for each byte that is not UTF-8, and a space for each NUL. */
static bool repair(struct mapped_reader *mr, struct span line, struct span *ret)
{
    buf_clear(&mr->repaired);
    uint8_t *copy = buf_reserve(&mr->repaired, line.size + RECORD_PADDING_SIZE);
    if (copy == NULL) {
        return false;
    }
    span_copy(copy, line.size, line);
    for (size_t i = 0; i < line.size; i++) {
        copy[i] = copy[i] == 0 ? ' ' : copy[i];
    }
    struct span repaired = span_make(copy, line.size);
    for (size_t at = text_valid_size(repaired); at < line.size;) {
        copy[at] = '?';
        at++;
        at += text_valid_size(span_from(repaired, at));
    }
    *ret = repaired;
    return true;
}

enum observe_fault mapped_line(struct observe_reader *reader, struct span line,
                               struct observe_line *ret)
{
    struct mapped_reader *mr = reader->mapped;
    enum mapping_format format = mr->begun->mapping->format;
    reader->as = reader->format;
    if (format == MAPPING_NDJSON) {
        return json_line(reader, mr->begun, line, NULL, ret);
    }
    bool broken = span_find(line, 0) != SPAN_NOT_FOUND || text_valid_size(line) < line.size;
    if (broken && !repair(mr, line, &line)) {
        return OBSERVE_FAULT_UTF8;
    }
    ret->repaired = broken;
    if (format == MAPPING_TEXT) {
        return text_line(reader, line, ret);
    }
    fields_begin(reader, mr->begun, ret);
    enum observe_fault fault = mapped_csv_line(reader, line, ret);
    if (fault == OBSERVE_FAULT_NONE && !ret->no_event) {
        fields_end(reader, NULL, ret);
        reader->text = ret->as_prose ? (struct span){ NULL, 0 } : line; /* no rule fits it */
    }
    return fault;
}
