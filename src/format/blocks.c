// SPDX-License-Identifier: EUPL-1.2
#include "format/blocks.h"

#include <stdio.h>

#include "base/text.h"

struct reading {
    struct op *op;
    struct span name;
    unsigned line;
    struct blocks_block *blocks; /* as many as the text has lines that begin with "[" */
    size_t block_count;
    struct blocks_field *fields; /* as many as it has other lines */
    size_t field_count;
    uint8_t *joined; /* the last field's value, where it has more lines than one */
    size_t joined_room;
};

__attribute__((format(printf, 3, 4))) static enum err fault(struct reading *reading, enum err err,
                                                            const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char text[FAULT_TEXT_SIZE];
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return op_fail(reading->op, err, "%.*s: line %u: %s", SPAN_FMT(reading->name), reading->line,
                   text);
}

static bool is_word_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
}

static bool is_word(struct span span)
{
    for (size_t i = 0; i < span.size; i++) {
        if (!is_word_byte(span.data[i])) {
            return false;
        }
    }
    return span.size > 0 && span.size <= BLOCKS_ID_SIZE_MAX;
}

bool blocks_id_is_valid(struct span id)
{
    for (size_t i = 0; i < id.size; i++) {
        if (!is_word_byte(id.data[i]) && id.data[i] != '.') {
            return false;
        }
    }
    return id.size > 0 && id.size <= BLOCKS_ID_SIZE_MAX;
}

/* [word "id"] */
static enum err block_begin(struct reading *reading, struct span line)
{
    struct span inner = span_trim(line);
    if (inner.data[inner.size - 1] != ']') {
        return fault(reading, ERR_FORMAT, "a line that begins with [ ends with ]");
    }
    inner = span_trim(span_slice(inner, 1, inner.size - 1));
    ptrdiff_t quote = span_find(inner, '"');
    bool quoted = quote > 0 && inner.size >= (size_t)quote + 2 && inner.data[inner.size - 1] == '"';
    if (!quoted) {
        return fault(reading, ERR_FORMAT, "expected [word \"id\"]");
    }
    struct span word = span_trim(span_slice(inner, 0, (size_t)quote));
    struct span id = span_slice(inner, (size_t)quote + 1, inner.size - 1);
    if (!is_word(word) || !blocks_id_is_valid(id)) {
        return fault(reading, ERR_FORMAT,
                     "words are made of a-z, 0-9 and -, ids of 1 to %d of a-z, 0-9, . and -",
                     BLOCKS_ID_SIZE_MAX);
    }
    reading->blocks[reading->block_count++] = (struct blocks_block){
        .word = word,
        .id = id,
        .line = reading->line,
        .field_first = reading->field_count,
    };
    return ERR_OK;
}

static enum err field_add(struct reading *reading, struct span line)
{
    ptrdiff_t equals = span_find(line, '=');
    if (equals < 0) {
        return fault(reading, ERR_FORMAT, "expected [word \"id\"] or key = value");
    }
    struct span key = span_trim(span_slice(line, 0, (size_t)equals));
    struct span value = span_trim(span_from(line, (size_t)equals + 1));
    if (!is_word(key)) {
        return fault(reading, ERR_FORMAT, "keys are made of a-z, 0-9 and -");
    }
    if (reading->block_count == 0) {
        return fault(reading, ERR_FORMAT, "a key stands before the first [word \"id\"]");
    }
    reading->fields[reading->field_count++] = (struct blocks_field){
        .key = key,
        .value = value,
        .line = reading->line,
    };
    reading->blocks[reading->block_count - 1].field_count++;
    return ERR_OK;
}

/* Room grows by doubling, so that a value of many short lines costs no more than its size. */
static enum err joined_reserve(struct reading *reading, struct span value, size_t size)
{
    bool own = reading->joined != NULL && value.data == reading->joined;
    if (own && size <= reading->joined_room) {
        return ERR_OK;
    }
    size_t room = 2 * size;
    uint8_t *joined = op_alloc(reading->op, room);
    if (joined == NULL) {
        return ERR_LIMIT;
    }
    span_copy(joined, room, value);
    reading->joined = joined;
    reading->joined_room = room;
    return ERR_OK;
}

/* A line that goes on with the value above. */
static enum err field_go_on(struct reading *reading, struct span more)
{
    if (reading->block_count == 0 || reading->blocks[reading->block_count - 1].field_count == 0) {
        return fault(reading, ERR_FORMAT,
                     "begins with white space, and there is no value above to go on with");
    }
    struct blocks_field *field = &reading->fields[reading->field_count - 1];
    size_t before = field->value.size;
    size_t size = before + 1 + more.size;
    if (size > BLOCKS_VALUE_SIZE_MAX) {
        return fault(reading, ERR_LIMIT, "the value is longer than %d bytes",
                     BLOCKS_VALUE_SIZE_MAX);
    }
    if (before == 0) {
        field->value = more;
        return ERR_OK;
    }
    TRY(joined_reserve(reading, field->value, size));
    reading->joined[before] = ' ';
    span_copy(reading->joined + before + 1, more.size, more);
    field->value = span_make(reading->joined, size);
    return ERR_OK;
}

static enum err check_bytes(struct reading *reading, struct span line)
{
    if (line.size > BLOCKS_LINE_SIZE_MAX) {
        return fault(reading, ERR_LIMIT, "longer than %d bytes", BLOCKS_LINE_SIZE_MAX);
    }
    if (text_valid_size(line) != line.size) {
        return fault(reading, ERR_FORMAT, "not UTF-8 from byte %zu on", text_valid_size(line) + 1);
    }
    for (size_t i = 0; i < line.size; i++) {
        if ((line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] == 0x7f /* DEL */) {
            return fault(reading, ERR_FORMAT, "byte %zu is a control character", i + 1);
        }
    }
    return ERR_OK;
}

static enum err line_read(struct reading *reading, struct span line)
{
    if (line.size > 0 && line.data[line.size - 1] == '\r') {
        line.size--;
    }
    TRY(check_bytes(reading, line));
    struct span text = span_trim(line);
    if (text.size == 0 || line.data[0] == '#') {
        return ERR_OK;
    }
    if (line.data[0] == ' ' || line.data[0] == '\t') {
        return field_go_on(reading, text);
    }
    return line.data[0] == '[' ? block_begin(reading, line) : field_add(reading, line);
}

/* Room for what there can be at most. */
static enum err make_room(struct reading *reading, struct span text)
{
    size_t block_max = 0;
    size_t line_count = 0;
    struct span line;
    while (span_next(&text, '\n', &line)) {
        block_max += line.size > 0 && line.data[0] == '[' ? 1 : 0;
        line_count++;
    }
    reading->blocks = op_alloc(reading->op, block_max * sizeof *reading->blocks);
    reading->fields = op_alloc(reading->op, (line_count - block_max) * sizeof *reading->fields);
    return reading->blocks == NULL || reading->fields == NULL ? ERR_LIMIT : ERR_OK;
}

enum err blocks_read(struct op *op, struct span name, struct span text, struct blocks *ret)
{
    static const struct span byte_order_mark = { (const uint8_t *)"\xef\xbb\xbf", 3 };
    struct reading reading = { .op = op, .name = name };
    if (text.size > BLOCKS_TEXT_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "%.*s: larger than %d bytes", SPAN_FMT(name),
                       BLOCKS_TEXT_SIZE_MAX);
    }
    if (span_starts_with(text, byte_order_mark)) {
        text = span_from(text, byte_order_mark.size);
    }
    TRY(make_room(&reading, text));
    struct span line;
    while (span_next(&text, '\n', &line)) {
        reading.line++;
        TRY(line_read(&reading, line));
    }
    *ret = (struct blocks){
        .blocks = reading.blocks,
        .block_count = reading.block_count,
        .fields = reading.fields,
        .field_count = reading.field_count,
    };
    return ERR_OK;
}
