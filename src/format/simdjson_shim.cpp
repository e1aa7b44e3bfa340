// SPDX-License-Identifier: EUPL-1.2
#include "format/simdjson_shim.h"

#include <new>

#include <simdjson.h>

static_assert(SIMDJSON_PADDING_SIZE >= simdjson::SIMDJSON_PADDING, "too little padding");

struct simdjson_parser {
    simdjson::dom::parser dom;
    size_t size_max;
    size_t depth_max;
};

simdjson_parser *simdjson_parser_new(size_t size_max, size_t depth_max)
{
    simdjson_parser *parser = new (std::nothrow) simdjson_parser();
    if (parser != nullptr) {
        parser->size_max = size_max;
        parser->depth_max = depth_max + 1; // simdjson counts the root as one level
    }
    return parser;
}

void simdjson_parser_free(simdjson_parser *parser)
{
    delete parser;
}

/* What to hold for a document of `need` bytes. Growing doubles, so that lines which are each a
 * little longer than the last do not cost a new allocation each. */
static size_t capacity_next(size_t held, size_t need, size_t size_max)
{
    if (held >= need) {
        return held;
    }
    size_t capacity = held > size_max / 2 ? size_max : held * 2;
    return capacity < need ? need : capacity;
}

static simdjson::error_code reserve(simdjson_parser *parser, size_t size)
{
    size_t need = size;
    if (need < simdjson::dom::MINIMAL_DOCUMENT_CAPACITY) {
        need = simdjson::dom::MINIMAL_DOCUMENT_CAPACITY;
    }
    size_t held = parser->dom.capacity();
    bool depth_held =
        parser->dom.max_depth() == parser->depth_max; // a failed allocation can lose it
    if (held >= need && parser->dom.doc.capacity() >= need && depth_held) {
        return simdjson::SUCCESS;
    }
    size_t capacity = capacity_next(held, need, parser->size_max);
    simdjson::error_code error = parser->dom.allocate(capacity, parser->depth_max);
    if (error != simdjson::SUCCESS) {
        return error;
    }
    return parser->dom.doc.allocate(capacity);
}

static enum simdjson_fault fault_of(simdjson::error_code error)
{
    switch (error) {
    case simdjson::SUCCESS:
        return SIMDJSON_FAULT_NONE;
    case simdjson::UTF8_ERROR:
        return SIMDJSON_FAULT_UTF8;
    case simdjson::DEPTH_ERROR:
        return SIMDJSON_FAULT_DEPTH;
    case simdjson::UNESCAPED_CHARS:
        return SIMDJSON_FAULT_CONTROL;
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE:
        return SIMDJSON_FAULT_NUMBER;
    case simdjson::CAPACITY:
        return SIMDJSON_FAULT_CAPACITY;
    case simdjson::MEMALLOC:
        return SIMDJSON_FAULT_MEMORY;
    default:
        return SIMDJSON_FAULT_SYNTAX;
    }
}

enum simdjson_fault simdjson_parse(simdjson_parser *parser, const uint8_t *data, size_t size,
                                   simdjson_tape *ret)
{
    if (size > parser->size_max) {
        return SIMDJSON_FAULT_CAPACITY;
    }
    simdjson::error_code error = reserve(parser, size);
    if (error == simdjson::SUCCESS) {
        error = parser->dom.parse(data, size, false).error(); // false: do not copy the input
    }
    if (error != simdjson::SUCCESS) {
        return fault_of(error);
    }

    const uint64_t payload_mask = 0x00FFFFFFFFFFFFFF;
    ret->words = parser->dom.doc.tape.get();
    ret->count = (size_t)(ret->words[0] & payload_mask);
    ret->strings = parser->dom.doc.string_buf.get();
    return SIMDJSON_FAULT_NONE;
}
