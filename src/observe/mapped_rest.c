// SPDX-License-Identifier: EUPL-1.2
/*
 * What a mapping does not name ("rest = text"): all other strings of a line are looked at by their
 * names, and looked through as text. JSON is parsed a second time for it, by simdjson's DOM.
 */
#include "format/json.h"
#include "observe/mapped.h"
#include "observe/reader.h"

struct rest_walk {
    struct observe_reader *reader;
    const struct observe_mapping *mapping;
    uint16_t document;
    struct span prefix; /* name of the field that holds the document */
};

bool mapped_has_use(const struct observe_mapping *mapping, uint16_t number)
{
    if (number == MAPPING_NONE) {
        return false;
    }
    const struct mapping_field *field = &mapping->fields[number];
    for (size_t i = field->use_first; i < field->use_first + field->use_count; i++) {
        const struct mapping_use *use = &mapping->uses[i];
        if (use->field_class != CLASS_NONE && use->select == MAPPING_NONE) {
            return true;
        }
    }
    return field->holds != 0;
}

/* Whether the values of a key, '/' between its steps, were handed over. */
static bool is_used(const struct rest_walk *walk, struct span key)
{
    const struct observe_mapping *mapping = walk->mapping;
    for (size_t i = 0; i < mapping->field_count; i++) {
        if (mapping->fields[i].document == walk->document &&
            span_equal(mapping->fields[i].key, key)) {
            return mapped_has_use(mapping, (uint16_t)i);
        }
    }
    return false;
}

/* Two texts with a byte between, in the line's memory, padded; empty where there is no room, which
 * the op remembers as its fault. */
static struct span joined(struct op *op, struct span first, uint8_t between, struct span second)
{
    size_t mark = first.size > 0 && second.size > 0 ? 1 : 0;
    size_t size = first.size + mark + second.size;
    uint8_t *bytes = op_alloc(op, size + VALUE_PADDING_SIZE);
    if (bytes == NULL) {
        return SPAN("");
    }
    span_copy(bytes, size, first);
    if (mark > 0) {
        bytes[first.size] = between;
    }
    span_copy(bytes + first.size + mark, size - first.size - mark, second);
    return span_make(bytes, size);
}

/* As hits and the privacy rule have it: with dots. */
static struct span name_of(struct op *op, struct span prefix, struct span key)
{
    struct span name = joined(op, prefix, '.', key);
    uint8_t *dotted = op_alloc(op, name.size + 1);
    if (dotted == NULL) {
        return SPAN("");
    }
    for (size_t i = 0; i < name.size; i++) {
        dotted[i] = name.data[i] == '/' ? '.' : name.data[i];
    }
    return span_make(dotted, name.size);
}

static void string_look(const struct rest_walk *walk, struct span key, struct span value)
{
    struct observe_reader *reader = walk->reader;
    struct op *op = &reader->look.op;
    if (is_used(walk, key) || gather_says_nothing(value)) {
        return;
    }
    struct span name = name_of(op, walk->prefix, key);
    struct span padded = joined(op, value, 0, SPAN(""));
    look_text(&reader->look, &reader->gather, &reader->mapped->prose, name, padded);
}

static void value_look(const struct rest_walk *walk, struct span key, struct json_value value)
{
    struct json_walk below = json_walk_begin(value);
    bool object = json_type(value) == JSON_OBJECT;
    if (json_type(value) == JSON_STRING) {
        string_look(walk, key, json_string(value));
        return;
    }
    while (walk->reader->look.op.fault.err == ERR_OK && json_walk_next(&below)) {
        struct span inner = object ? joined(&walk->reader->look.op, key, '/', below.key) : key;
        value_look(walk, inner, below.value);
    }
}

static struct span name_of_document(const struct observe_mapping *mapping, uint16_t document)
{
    for (size_t i = 0; document != 0 && i < mapping->field_count; i++) {
        if (mapping->fields[i].holds == document) {
            return mapping->fields[i].name;
        }
    }
    return SPAN("");
}

void mapped_rest(struct observe_reader *reader, uint16_t document, struct span json)
{
    const struct observe_mapping *mapping = reader->mapped->at->mapping;
    const struct rest_walk walk = { reader, mapping, document,
                                    name_of_document(mapping, document) };
    struct json_value root;
    if (json_parse_any_number(&reader->look.op, json, &root) == ERR_OK) {
        value_look(&walk, SPAN(""), root);
    }
    if (reader->look.op.fault.err != ERR_OK) {
        reader->gather.line->cut = true; /* no memory */
    }
}

void mapped_rest_column(struct observe_reader *reader, struct span name, struct span value)
{
    look_text(&reader->look, &reader->gather, &reader->mapped->prose, name, value);
}
