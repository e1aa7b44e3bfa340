// SPDX-License-Identifier: EUPL-1.2
/*
 * Lines of CSV, and those that name their columns.
 */
#include "base/must.h"
#include "observe/mapped.h"
#include "observe/reader.h"

#define W3C_FIELDS SPAN("#Fields:")

static uint16_t field_of(const struct observe_mapping *mapping, struct span name)
{
    for (size_t i = 0; i < mapping->field_count; i++) {
        const struct mapping_field *field = &mapping->fields[i];
        if (field->document == 0 && span_equal_nocase(field->name, name)) {
            return (uint16_t)i;
        }
    }
    return MAPPING_NONE;
}

/* A column may also be asked for by its number, from 1 on. */
static uint16_t field_of_number(const struct observe_mapping *mapping, size_t column)
{
    for (size_t i = 0; i < mapping->field_count; i++) {
        uint64_t number = 0;
        if (mapping->fields[i].document == 0 &&
            span_to_u64(mapping->fields[i].name, &number) == ERR_OK && number == column + 1) {
            return (uint16_t)i;
        }
    }
    return MAPPING_NONE;
}

static void column_set(struct mapped *mapped, size_t column, struct span name)
{
    uint16_t field = field_of(mapped->mapping, name);
    if (field == MAPPING_NONE) {
        field = field_of_number(mapped->mapping, column);
    }
    mapped->column_names[column] = name;
    mapped->column_fields[column] = field;
    mapped->any_mapped = mapped->any_mapped || field != MAPPING_NONE;
}

/* How many columns the configuration knows, by name or number. */
static size_t columns_wanted(const struct observe_mapping *mapping)
{
    size_t count = mapping->column_count;
    for (size_t i = 0; i < mapping->field_count; i++) {
        uint64_t number = 0;
        bool numbered = mapping->fields[i].document == 0 &&
                        span_to_u64(mapping->fields[i].name, &number) == ERR_OK &&
                        number <= CSV_COLUMN_COUNT_MAX;
        count = numbered && number > count ? (size_t)number : count;
    }
    return count;
}

void mapped_csv_reset(struct mapped *mapped)
{
    const struct observe_mapping *mapping = mapped->mapping;
    if (mapping->header == MAPPING_HEADER_NONE && mapped->has_header) {
        return; /* nothing in a log changes them */
    }
    mapped->any_mapped = false;
    mapped->has_header = mapping->header == MAPPING_HEADER_NONE;
    mapped->column_count = mapped->has_header ? columns_wanted(mapping) : 0;
    for (size_t i = 0; i < mapped->column_count; i++) {
        struct span nameless = { NULL, 0 };
        column_set(mapped, i, i < mapping->column_count ? mapping->columns[i] : nameless);
    }
}

/* The columns of a header; its text is kept, and names them. */
static enum observe_fault header_learn(struct observe_reader *reader, struct span names)
{
    struct mapped_reader *mr = reader->mapped;
    struct mapped *mapped = mr->begun;
    mapped->any_mapped = false;
    mapped->column_count = 0;
    mapped->has_header = true;
    buf_clear(&mapped->header);
    buf_add(&mapped->header, names);
    if (mapped->header.err != ERR_OK ||
        csv_cut(&mr->csv, &mapped->mapping->csv, buf_span(&mapped->header), 0) != ERR_OK) {
        return OBSERVE_FAULT_HEADER;
    }
    mapped->column_count = mr->csv.count;
    for (size_t i = 0; i < mr->csv.count; i++) {
        struct csv_column *column = &mr->csv.columns[i];
        struct span name = column->value;
        bool rewritten = name.size > 0 && (name.data < mapped->header.data ||
                                           name.data >= mapped->header.data + mapped->header.size);
        column_set(mapped, i, rewritten ? column->raw : name); /* a doubled quote in a name */
    }
    return OBSERVE_FAULT_NONE;
}

static bool is_w3c(const struct mapped *mapped)
{
    return mapped->mapping->header == MAPPING_HEADER_W3C;
}

/* Whether the line is one that says what columns there are; the same one again is, too, where logs
 * were put behind each other. */
static bool is_header(const struct mapped *mapped, struct span line)
{
    if (is_w3c(mapped)) {
        return line.data[0] == '#';
    }
    bool wanted = mapped->mapping->header == MAPPING_HEADER_FIRST;
    return wanted && (!mapped->has_header || span_equal(line, buf_span(&mapped->header)));
}

static enum observe_fault header_read(struct observe_reader *reader, struct span line)
{
    if (!is_w3c(reader->mapped->begun)) {
        return header_learn(reader, line);
    }
    if (!span_starts_with_nocase(line, W3C_FIELDS)) {
        return OBSERVE_FAULT_NONE; /* "#Version", "#Software", "#Date" */
    }
    return header_learn(reader, span_trim(span_from(line, W3C_FIELDS.size)));
}

/* Whether a line has the columns of its header; some exports end one of the two with a delimiter.
 */
static bool has_columns(const struct mapped *mapped, const struct csv *csv)
{
    for (size_t i = csv->count; i < mapped->column_count; i++) {
        if (mapped->column_names[i].size > 0) {
            return false;
        }
    }
    for (size_t i = mapped->column_count; i < csv->count; i++) {
        if (csv->columns[i].value.size > 0) {
            return false;
        }
    }
    return true;
}

/* A line that is none of CSV, such as a part of a record whose text has ends of lines in it: where
 * all fields are looked through, so is that. */
static enum observe_fault no_columns(struct observe_reader *reader, const struct mapped *mapped,
                                     struct span line, struct observe_line *ret)
{
    if (!mapped->mapping->rest_is_text) {
        return OBSERVE_FAULT_COLUMNS;
    }
    ret->as_prose = true;
    ret->unfit++;
    reader->gather.field = FIELD_PROSE;
    prose_gather(&reader->mapped->prose, &reader->gather, line);
    return OBSERVE_FAULT_NONE;
}

enum observe_fault mapped_csv_line(struct observe_reader *reader, struct span line,
                                   struct observe_line *ret)
{
    struct mapped_reader *mr = reader->mapped;
    struct mapped *mapped = mr->begun;
    if (is_header(mapped, line)) {
        bool above = !is_w3c(mapped) && observe_is_above_header(line);
        ret->no_event = true;
        return above ? OBSERVE_FAULT_NONE : header_read(reader, line);
    }
    if (!mapped->has_header || (!mapped->any_mapped && !mapped->mapping->rest_is_text)) {
        return OBSERVE_FAULT_HEADER;
    }
    if (csv_cut(&mr->csv, &mapped->mapping->csv, line, RECORD_PADDING_SIZE) != ERR_OK) {
        return no_columns(reader, mapped, line, ret);
    }
    bool counted = mapped->mapping->header == MAPPING_HEADER_FIRST;
    if (counted && !has_columns(mapped, &mr->csv)) {
        return no_columns(reader, mapped, line, ret);
    }
    for (size_t i = 0; i < mr->csv.count && i < mapped->column_count; i++) {
        if (mapped->column_fields[i] != MAPPING_NONE) {
            mapped_take(reader, mapped->column_fields[i], mr->csv.columns[i].value, RECORD_STRING);
        }
    }
    for (size_t i = 0; mapped->mapping->rest_is_text && i < mr->csv.count; i++) {
        bool named = i < mapped->column_count;
        if (!named || !mapped_has_use(mapped->mapping, mapped->column_fields[i])) {
            struct span name = named ? mapped->column_names[i] : SPAN("");
            mapped_rest_column(reader, name, mr->csv.columns[i].value);
        }
    }
    return OBSERVE_FAULT_NONE;
}
