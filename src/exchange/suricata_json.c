// SPDX-License-Identifier: EUPL-1.2
/*
 * Suricata's datasets of JSON objects (user guide 8.0, "dataset with json"): one object a line
 * ("jsonline"), or a document with an array of them ("json"). The rule that uses them names the
 * member that holds the value, and the path to the array; here the options do. What else an object
 * says goes along as context.
 */
#include <stdio.h>

#include "exchange/internal.h"

enum { DOCUMENT_MEMORY_MAX = 16 * 1024 * 1024, MEMBER_COUNT_MAX = 64, NAME_SIZE_MAX = 64 };

struct dataset {
    bool lines;
    struct json_walk elements;
    struct json_value element;
};

/* ---- one object ---- */

/* A value below an object by a path: keys with points between. */
static struct json_value value_at(struct json_value value, struct span path)
{
    struct span rest = path;
    struct span key = { NULL, 0 };
    while (rest.size > 0 && span_next(&rest, '.', &key)) {
        value = json_member(value, key);
    }
    return value;
}

/* Scalars beside the value; what is nested deeper is in the file, which is kept as it came. */
static void add_members(struct exchange_reader *reader, struct json_value object)
{
    struct json_walk walk = json_walk_begin(object);
    for (int i = 0; i < MEMBER_COUNT_MAX && json_walk_next(&walk); i++) {
        char name[NAME_SIZE_MAX];
        bool usable = walk.key.size > 0 && walk.key.size < sizeof name &&
                      span_find(walk.key, 0) == SPAN_NOT_FOUND;
        if (!usable || span_equal(walk.key, reader->options.value_key)) {
            continue;
        }
        span_copy(name, sizeof name, walk.key);
        name[walk.key.size] = '\0';
        if (json_type(walk.value) == JSON_INTEGER) {
            char digits[32];
            snprintf(digits, sizeof digits, "%lld", (long long)json_integer(walk.value, 0));
            exchange_context_add(reader, name, span_of(digits));
        } else {
            exchange_context_add(reader, name, json_string(walk.value));
        }
    }
}

static enum exchange_refusal object_read(struct exchange_reader *reader, struct json_value object,
                                         struct exchange_item *item)
{
    struct span text = json_string(value_at(object, reader->options.value_key));
    if (text.data == NULL) {
        return EXCHANGE_REFUSAL_CELLS;
    }
    exchange_context_begin(reader);
    add_members(reader, object);
    item->context = exchange_context_end(reader);
    enum exchange_refusal refusal = exchange_value_read(reader, reader->options.kind, text, item);
    item->scope = VALUE_SCOPE_EXACT; /* Suricata compares whole buffers */
    return refusal;
}

/* ---- lines ---- */

/* Each line has memory of its own, which its item no longer needs: key and context are copies. */
enum exchange_refusal exchange_json_line(struct exchange_reader *reader, struct span line,
                                         struct exchange_item *item)
{
    struct op scratch;
    struct json_value object;
    op_begin(&scratch, &reader->op->actor, DOCUMENT_MEMORY_MAX);
    enum exchange_refusal refusal = EXCHANGE_REFUSAL_ENCODING;
    if (json_parse(&scratch, line, &object) == ERR_OK && json_type(object) == JSON_OBJECT) {
        refusal = object_read(reader, object, item);
    }
    op_end(&scratch);
    return refusal;
}

/* ---- documents ---- */

/* One object a line: the first line is whole, and another object follows it. */
static bool is_lines(struct op *op, struct span file)
{
    struct op scratch;
    struct json_value value;
    size_t size = 0;
    struct span line = exchange_line(file, &size);
    struct span rest = span_trim(span_from(file, size));
    if (line.size > EXCHANGE_LINE_SIZE_MAX || (rest.size > 0 && rest.data[0] != '{')) {
        return false;
    }
    op_begin(&scratch, &op->actor, DOCUMENT_MEMORY_MAX);
    bool whole = json_parse(&scratch, line, &value) == ERR_OK && json_type(value) == JSON_OBJECT;
    op_end(&scratch);
    return whole;
}

enum err exchange_json_open(struct op *op, struct exchange_reader *reader)
{
    struct json_value root;
    struct dataset *dataset = op_alloc(op, sizeof *dataset);
    struct span file = span_from(reader->file, reader->at);
    if (dataset == NULL) {
        return ERR_LIMIT;
    }
    if (reader->options.value_key.size == 0) {
        return op_fail(op, ERR_FORMAT,
                       "a dataset of JSON objects: name the member that holds the value, as in "
                       "--format suricata-json:value=ip");
    }
    *dataset = (struct dataset){ .lines = false };
    reader->state = dataset;
    dataset->lines = reader->options.array_key.size == 0 && is_lines(op, file);
    if (dataset->lines) {
        return ERR_OK;
    }
    TRY(json_parse(op, file, &root));
    struct json_value array = value_at(root, reader->options.array_key);
    if (json_type(array) != JSON_ARRAY) {
        return op_fail(op, ERR_FORMAT,
                       "there is no array at \"%.*s\": name it, as in "
                       "--format suricata-json:value=host,array=response.threats",
                       SPAN_FMT(reader->options.array_key));
    }
    dataset->elements = json_walk_begin(array);
    reader->line = 0;
    return ERR_OK;
}

enum err exchange_json_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                            struct exchange_fault *ret_fault)
{
    struct dataset *dataset = reader->state;
    if (dataset->lines) {
        return exchange_lines_next(reader, ret_item, ret_fault);
    }
    if (!json_walk_next(&dataset->elements)) {
        return ERR_ABSENT;
    }
    reader->line++;
    struct exchange_item item = exchange_item_empty(reader->line, 0);
    enum exchange_refusal refusal = object_read(reader, dataset->elements.value, &item);
    if (refusal != EXCHANGE_REFUSAL_NONE) {
        struct span text =
            json_string(value_at(dataset->elements.value, reader->options.value_key));
        return exchange_refuse(refusal, reader->line, 0, text, ret_fault);
    }
    *ret_item = item;
    return ERR_OK;
}
