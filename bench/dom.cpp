// SPDX-License-Identifier: EUPL-1.2
#include "bench/dom.h"

#include <cstring>
#include <new>

#include <simdjson.h>

struct dom {
    simdjson::dom::parser parser;
};

struct dom *dom_new(void)
{
    struct dom *dom = new (std::nothrow) struct dom();
#ifdef SIMDJSON_THREADS_ENABLED
    if (dom != nullptr) {
        dom->parser.threaded = false; // one core against one core
    }
#endif
    return dom;
}

void dom_free(struct dom *dom)
{
    delete dom;
}

uint64_t dom_parse_many(struct dom *dom, const uint8_t *data, size_t size, size_t batch)
{
    simdjson::dom::document_stream stream;
    if (dom->parser.parse_many(data, size, batch).get(stream) != simdjson::SUCCESS) {
        return 0;
    }
    uint64_t count = 0;
    for (auto document : stream) {
        if (document.error() != simdjson::SUCCESS) {
            return 0;
        }
        count++;
    }
    return count;
}

uint64_t dom_parse_lines(struct dom *dom, const uint8_t *data, size_t size)
{
    uint64_t count = 0;
    size_t at = 0;
    while (at < size) {
        const void *found = memchr(data + at, '\n', size - at);
        size_t end = found == nullptr ? size : (size_t)((const uint8_t *)found - data);
        // false: the bytes are padded and need not be copied
        if (dom->parser.parse(data + at, end - at, false).error() != simdjson::SUCCESS) {
            return 0;
        }
        count++;
        at = end + 1;
    }
    return count;
}
