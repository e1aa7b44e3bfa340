// SPDX-License-Identifier: EUPL-1.2
#include "format/json.h"

#include <inttypes.h>

#include "base/memory.h"
#include "base/must.h"
#include "format/json_locate.h"
#include "format/simdjson_shim.h"

/* A copy of simdjson's tape; simdjson_shim.h tells its words. */
struct json_document {
    const uint64_t *words;
    size_t count;
    struct span strings;
};

enum { TYPE_SHIFT = 56, ROOT_POSITION = 1, STRING_SIZE_BYTES = 4 };

static uint8_t word_type(const struct json_document *document, size_t position)
{
    must_dev(position < document->count);
    return (uint8_t)(document->words[position] >> TYPE_SHIFT);
}

static uint64_t word_payload(const struct json_document *document, size_t position)
{
    return document->words[position] & (((uint64_t)1 << TYPE_SHIFT) - 1);
}

/* Position just behind the value at `position`. */
static size_t position_after(const struct json_document *document, size_t position)
{
    switch (word_type(document, position)) {
    case '{':
    case '[':
        return (uint32_t)word_payload(document, position);
    case 'l':
    case 'u':
    case 'd':
        return position + 2;
    default:
        return position + 1;
    }
}

static struct span string_at(const uint8_t *strings, uint64_t offset)
{
    uint32_t size;
    span_copy(&size, sizeof size, span_make(strings + offset, STRING_SIZE_BYTES));
    return span_make(strings + offset + STRING_SIZE_BYTES, size);
}

/* The strings stand in the order of the tape, so the last one tells how far they go. */
static size_t strings_size(const struct simdjson_tape *tape)
{
    const struct json_document view = { .words = tape->words, .count = tape->count };
    size_t size = 0;
    size_t position = ROOT_POSITION;
    while (position + 1 < view.count) {
        uint8_t type = word_type(&view, position);
        if (type == '"') {
            uint64_t offset = word_payload(&view, position);
            size = offset + STRING_SIZE_BYTES + string_at(tape->strings, offset).size;
        }
        bool opens = type == '{' || type == '[';
        position = opens ? position + 1 : position_after(&view, position);
    }
    return size;
}

MUST_USE
static enum err tape_keep(struct op *op, const struct simdjson_tape *tape, struct json_value *ret)
{
    struct json_document *document = op_alloc(op, sizeof *document);
    uint64_t *words = op_alloc(op, tape->count * sizeof *words);
    if (document == NULL || words == NULL) {
        return ERR_LIMIT;
    }
    size_t words_size = tape->count * sizeof *words;
    span_copy(words, words_size, span_make(tape->words, words_size));
    TRY(op_copy(op, span_make(tape->strings, strings_size(tape)), &document->strings));
    document->words = words;
    document->count = tape->count;
    *ret = (struct json_value){ document, ROOT_POSITION };
    return ERR_OK;
}

/* `offset` is where `text` begins in what the caller gave. */
static enum err tell_flaw(struct op *op, struct span text, size_t offset)
{
    struct json_flaw flaw;
    if (!json_locate(text, &flaw)) {
        return op_fail(op, ERR_FORMAT, "not readable as JSON");
    }
    return op_fail(op, flaw.err, "not readable as JSON: %s (line %zu, byte %zu)", flaw.what,
                   flaw.line, offset + flaw.offset);
}

/* `text` is followed by SIMDJSON_PADDING_SIZE zero bytes. */
MUST_USE
static enum err parse_padded(struct op *op, struct span text, size_t offset, struct json_value *ret)
{
    struct simdjson_parser *parser = simdjson_parser_new(JSON_SIZE_MAX, JSON_DEPTH_MAX);
    if (parser == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for reading JSON");
    }
    struct simdjson_tape tape;
    enum simdjson_fault fault = simdjson_parse(parser, text.data, text.size, &tape);
    enum err err = ERR_OK;
    if (fault == SIMDJSON_FAULT_NONE) {
        err = tape_keep(op, &tape, ret);
    } else if (fault == SIMDJSON_FAULT_MEMORY) {
        err = op_fail(op, ERR_LIMIT, "out of memory for reading %zu bytes of JSON", text.size);
    } else {
        err = tell_flaw(op, text, offset);
    }
    simdjson_parser_free(parser);
    return err;
}

enum err json_parse(struct op *op, struct span text, struct json_value *ret)
{
    struct span mark = SPAN("\xEF\xBB\xBF");
    size_t offset = span_starts_with(text, mark) ? mark.size : 0;
    struct span document = span_from(text, offset);
    if (document.size > JSON_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "JSON document of %zu bytes: at most %d can be read",
                       text.size, JSON_SIZE_MAX);
    }
    uint8_t *padded = memory_new(document.size + SIMDJSON_PADDING_SIZE);
    if (padded == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for reading %zu bytes of JSON", text.size);
    }
    span_copy(padded, document.size, document);
    enum err err = parse_padded(op, span_make(padded, document.size), offset, ret);
    memory_free(padded);
    return err;
}

enum json_type json_type(struct json_value value)
{
    if (value.document == NULL) {
        return JSON_NULL;
    }
    switch (word_type(value.document, value.position)) {
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'l':
        return JSON_INTEGER;
    case 'u':
    case 'd':
        return JSON_NUMBER;
    case '"':
        return JSON_STRING;
    case '[':
        return JSON_ARRAY;
    case '{':
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

struct json_value json_member(struct json_value object, struct span key)
{
    if (json_type(object) == JSON_OBJECT) {
        struct json_walk walk = json_walk_begin(object);
        while (json_walk_next(&walk)) {
            if (span_equal(walk.key, key)) {
                return walk.value;
            }
        }
    }
    return (struct json_value){ NULL, 0 };
}

struct span json_string(struct json_value value)
{
    if (json_type(value) != JSON_STRING) {
        return (struct span){ NULL, 0 };
    }
    return string_at(value.document->strings.data, word_payload(value.document, value.position));
}

int64_t json_integer(struct json_value value, int64_t otherwise)
{
    if (json_type(value) != JSON_INTEGER) {
        return otherwise;
    }
    return (int64_t)value.document->words[value.position + 1];
}

static double double_of_bits(uint64_t bits)
{
    double number;
    span_copy(&number, sizeof number, span_make(&bits, sizeof bits));
    return number;
}

double json_number(struct json_value value, double otherwise)
{
    enum json_type type = json_type(value);
    if (type != JSON_INTEGER && type != JSON_NUMBER) {
        return otherwise;
    }
    uint64_t bits = value.document->words[value.position + 1];
    switch (word_type(value.document, value.position)) {
    case 'l':
        return (double)(int64_t)bits;
    case 'u':
        return (double)bits;
    default:
        return double_of_bits(bits);
    }
}

bool json_true(struct json_value value)
{
    return value.document != NULL && word_type(value.document, value.position) == 't';
}

struct json_walk json_walk_begin(struct json_value value)
{
    enum json_type type = json_type(value);
    if (type != JSON_ARRAY && type != JSON_OBJECT) {
        return (struct json_walk){ .next = 0, .end = 0 };
    }
    return (struct json_walk){
        .value = { value.document, value.position },
        .next = value.position + 1,
        .end = position_after(value.document, value.position) - 1, /* its closing bracket */
        .object = type == JSON_OBJECT,
    };
}

bool json_walk_next(struct json_walk *walk)
{
    if (walk->next >= walk->end) {
        return false;
    }
    const struct json_document *document = walk->value.document;
    if (walk->object) {
        walk->key = json_string((struct json_value){ document, walk->next });
        walk->next++;
    }
    walk->value = (struct json_value){ document, walk->next };
    walk->next = position_after(document, walk->next);
    return true;
}

/* ---- numbers that fit no type ---- */

enum { NUMBER_SIZE_SAFE = 15 }; /* digits that always fit */

static bool is_of_number(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' ||
           byte == 'e' || byte == 'E';
}

static size_t number_size(const uint8_t *bytes, size_t size, bool *ret_safe)
{
    size_t end = 0;
    bool exponent = false;
    while (end < size && is_of_number(bytes[end])) {
        exponent = exponent || bytes[end] == 'e' || bytes[end] == 'E';
        end++;
    }
    *ret_safe = !exponent && end <= NUMBER_SIZE_SAFE;
    return end;
}

/* Writes 0 over each number that may fit no type; what is in strings stays. */
static void numbers_blank(uint8_t *bytes, size_t size)
{
    bool inside = false;
    for (size_t i = 0; i < size;) {
        bool safe = true;
        size_t step = inside && bytes[i] == '\\' ? 2 : 1;
        inside = bytes[i] == '"' ? !inside : inside;
        if (!inside && (bytes[i] == '-' || (bytes[i] >= '0' && bytes[i] <= '9'))) {
            step = number_size(bytes + i, size - i, &safe);
        }
        if (!safe) {
            memset(bytes + i, ' ', step);
            bytes[i] = '0';
        }
        i += step;
    }
}

enum err json_parse_any_number(struct op *op, struct span text, struct json_value *ret)
{
    enum err err = json_parse(op, text, ret);
    if (err != ERR_FORMAT) {
        return err;
    }
    op_fault_clear(op);
    uint8_t *bytes = op_alloc(op, text.size);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    span_copy(bytes, text.size, text);
    numbers_blank(bytes, text.size);
    return json_parse(op, span_make(bytes, text.size), ret);
}
