// SPDX-License-Identifier: EUPL-1.2
/*
 * The reference engine: simdjson reads the whole line, and the tape it leaves is walked once from
 * front to back. What the fast engine must say of a line is what this one says.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/memory.h"
#include "format/record_engine.h"
#include "format/simdjson_shim.h"

enum {
    PAYLOAD_BIT_COUNT = 56,
    STRING_SIZE_SIZE = 4,
    NUMBER_SIZE_MAX = 32, /* "-2.2250738585072014e-308" and a NUL, with room to spare */
    TEXT_SIZE_MAX = RECORD_FIELD_COUNT_MAX * NUMBER_SIZE_MAX,
};

struct frame {
    const struct record_node *node; /* NULL: nothing in it is wanted */
    bool object;
};

struct record_dom {
    const struct record_shape *shape;
    struct simdjson_parser *parser;
    char text[TEXT_SIZE_MAX]; /* the numbers of a line, written out again */
};

struct walk {
    struct record_dom *dom;
    struct record *record;
    struct simdjson_tape tape;
    size_t at; /* next word of the tape */
    size_t text_used;
    size_t depth;
    struct frame frames[RECORD_DEPTH_MAX];
};

enum err record_dom_new(struct op *op, const struct record_shape *shape, struct record_dom **ret)
{
    struct record_dom *dom = memory_new(sizeof *dom);
    if (dom == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for a record scanner");
    }
    dom->shape = shape;
    dom->parser = simdjson_parser_new(RECORD_LINE_SIZE_MAX, RECORD_DEPTH_MAX);
    if (dom->parser == NULL) {
        record_dom_free(dom);
        return op_fail(op, ERR_LIMIT, "no memory for a parser");
    }
    *ret = dom;
    return ERR_OK;
}

void record_dom_free(struct record_dom *dom)
{
    if (dom == NULL) {
        return;
    }
    simdjson_parser_free(dom->parser);
    memory_free(dom);
}

static enum record_fault fault_of(enum simdjson_fault fault)
{
    switch (fault) {
    case SIMDJSON_FAULT_NONE:
        return RECORD_FAULT_NONE;
    case SIMDJSON_FAULT_UTF8:
        return RECORD_FAULT_UTF8;
    case SIMDJSON_FAULT_DEPTH:
        return RECORD_FAULT_DEPTH;
    case SIMDJSON_FAULT_CONTROL:
        return RECORD_FAULT_CONTROL;
    case SIMDJSON_FAULT_CAPACITY:
    case SIMDJSON_FAULT_MEMORY:
        return RECORD_FAULT_SIZE;
    default:
        return RECORD_FAULT_SYNTAX;
    }
}

static char type_at(const struct walk *walk)
{
    return (char)(walk->tape.words[walk->at] >> PAYLOAD_BIT_COUNT);
}

static struct span string_at(const struct walk *walk)
{
    uint64_t offset = walk->tape.words[walk->at] & (((uint64_t)1 << PAYLOAD_BIT_COUNT) - 1);
    const uint8_t *text = walk->tape.strings + offset;
    uint32_t size = 0;
    span_copy(&size, sizeof size, span_make(text, STRING_SIZE_SIZE));
    return span_make(text + STRING_SIZE_SIZE, size);
}

/* A number written out again: the tape keeps no digits. */
static struct span number_at(struct walk *walk)
{
    char *text = walk->dom->text + walk->text_used;
    uint64_t word = walk->tape.words[walk->at + 1];
    int size = 0;
    if (type_at(walk) == 'd') {
        double value = 0;
        span_copy(&value, sizeof value, span_make(&word, sizeof word));
        size = snprintf(text, NUMBER_SIZE_MAX, "%.17g", value); /* 17: enough for any double */
    } else if (type_at(walk) == 'u') {
        size = snprintf(text, NUMBER_SIZE_MAX, "%" PRIu64, word);
    } else {
        size = snprintf(text, NUMBER_SIZE_MAX, "%" PRId64, (int64_t)word);
    }
    walk->text_used += (size_t)size;
    return span_make(text, (size_t)size);
}

static struct record_field field_at(struct walk *walk)
{
    switch (type_at(walk)) {
    case '"':
        return (struct record_field){ .type = RECORD_STRING, .value = string_at(walk) };
    case 't':
        return (struct record_field){ .type = RECORD_TRUE, .value = SPAN("true") };
    case 'f':
        return (struct record_field){ .type = RECORD_FALSE, .value = SPAN("false") };
    case 'n':
        return (struct record_field){ .type = RECORD_NULL, .value = SPAN("null") };
    default:
        return (struct record_field){ .type = RECORD_NUMBER, .value = number_at(walk) };
    }
}

static void scalar_step(struct walk *walk, const struct record_node *node)
{
    if (node != NULL && node->slot != RECORD_SLOT_NONE) {
        struct record *record = walk->record;
        if (record->count == RECORD_FIELD_COUNT_MAX) {
            record->cut = true;
        } else {
            record->fields[record->count] = field_at(walk);
            record->fields[record->count].slot = (uint16_t)node->slot;
            record->count++;
        }
    }
    char type = type_at(walk);
    walk->at += type == 'l' || type == 'u' || type == 'd' ? 2 : 1;
}

/* Where the next value stands: an object's key leads there, an array is passed through. */
static const struct record_node *node_next(struct walk *walk)
{
    if (walk->depth == 0) {
        return walk->dom->shape->root;
    }
    const struct frame *frame = &walk->frames[walk->depth - 1];
    if (!frame->object) {
        return frame->node;
    }
    struct span key = string_at(walk);
    walk->at++;
    return frame->node == NULL ? NULL : record_node_child(frame->node, key);
}

static enum record_fault step(struct walk *walk)
{
    char type = type_at(walk);
    if (type == '}' || type == ']') {
        walk->depth--;
        walk->at++;
        return RECORD_FAULT_NONE;
    }
    const struct record_node *node = node_next(walk);
    type = type_at(walk);
    if (type != '{' && type != '[') {
        scalar_step(walk, node);
        return RECORD_FAULT_NONE;
    }
    if (walk->depth == RECORD_DEPTH_MAX) { /* simdjson lets an empty one stand one deeper */
        return RECORD_FAULT_DEPTH;
    }
    walk->frames[walk->depth] = (struct frame){ .node = node, .object = type == '{' };
    walk->depth++;
    walk->at++;
    return RECORD_FAULT_NONE;
}

enum record_fault record_dom_scan(struct record_dom *dom, struct span line, struct record *ret)
{
    struct walk walk; /* the frames are written before they are read */
    walk.dom = dom;
    walk.record = ret;
    walk.at = 1; /* behind the first 'r' */
    walk.text_used = 0;
    walk.depth = 0;
    enum record_fault fault =
        fault_of(simdjson_parse(dom->parser, line.data, line.size, &walk.tape));
    if (fault != RECORD_FAULT_NONE) {
        return fault;
    }
    if (type_at(&walk) != '{') {
        return RECORD_FAULT_SYNTAX;
    }
    do {
        fault = step(&walk);
    } while (fault == RECORD_FAULT_NONE && walk.depth > 0);
    return fault;
}
