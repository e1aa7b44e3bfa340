// SPDX-License-Identifier: EUPL-1.2
/*
 * A C door to simdjson's DOM, and nothing more: bytes go in, simdjson's own "tape" comes out. The
 * tape is walked in C (json.c, record_dom.c). Rules of this door:
 *
 * - a parser belongs to one thread at a time, and its tape lives until its next parse;
 * - simdjson takes its memory from C++'s operator new, past base/memory.h; when there is none, that
 *   is an error like any other. No exception is thrown or can pass (built without them);
 * - simdjson refuses a whole document for one number that fits neither 64 bits nor a double
 *   (SIMDJSON_FAULT_NUMBER), and for a byte order mark (SIMDJSON_FAULT_SYNTAX).
 *
 * The tape is a row of 64-bit words. The top byte of a word is its type, the low 56 bits its
 * payload:
 *
 *     'r'       first and last word of a document; payload of the first: how many words there are,
 *               itself and the last included
 *     '{' '['   payload, low 32 bits: position just behind the matching end; next 24 bits: how many
 *               members or elements, where 0xFFFFFF means that many or more
 *     '}' ']'   payload: position of the matching begin
 *     '"'       payload: offset in the string buffer, where 4 bytes (native order) say the size,
 * then come the unescaped bytes (which may hold NUL), then one NUL 'l' 'u'   the next word is the
 * number itself, int64_t or uint64_t ('u' only where 'l' is too small) 'd'       the next word
 * holds the bits of a double 't' 'f' 'n'   true, false, null
 *
 * In an object, keys (as '"') and values take turns. Strings stand in the string buffer in the
 * order in which they stand on the tape.
 */
#ifndef FORMAT_SIMDJSON_SHIM_H
#define FORMAT_SIMDJSON_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Readable bytes, of any content, that must follow what is parsed. */
enum { SIMDJSON_PADDING_SIZE = 64 };

enum simdjson_fault {
    SIMDJSON_FAULT_NONE = 0,
    SIMDJSON_FAULT_SYNTAX,   /* not JSON, in a way that has no name below */
    SIMDJSON_FAULT_UTF8,     /* not UTF-8 */
    SIMDJSON_FAULT_DEPTH,    /* deeper than the parser allows */
    SIMDJSON_FAULT_CONTROL,  /* a raw control character inside a string */
    SIMDJSON_FAULT_NUMBER,   /* a number that is malformed, or beyond 64 bits or a double */
    SIMDJSON_FAULT_CAPACITY, /* larger than the parser allows */
    SIMDJSON_FAULT_MEMORY,   /* no memory */
};

struct simdjson_parser;

/* What was parsed; borrowed from the parser until it parses again or is freed. */
struct simdjson_tape {
    const uint64_t *words;
    size_t count; /* words, both 'r' included */
    const uint8_t *strings;
};

/**
 * A parser. It takes memory as documents ask for it: about 14 bytes for each byte of the largest
 * (most of it untouched, and so not resident, where a document is mostly strings).
 *
 * size_max   largest document in bytes; below 4 GiB
 * depth_max  objects and arrays inside each other. An empty one may stand one deeper: simdjson does
 *            not count it
 *
 * Returns NULL when there is no memory; else to give back with simdjson_parser_free().
 */
struct simdjson_parser *simdjson_parser_new(size_t size_max, size_t depth_max);

/**
 * Give a parser back.
 *
 * parser    NULL does nothing
 */
void simdjson_parser_free(struct simdjson_parser *parser);

/**
 * Parse one document. The former tape is gone, whatever comes of it.
 *
 * parser    of this thread
 * data      SIMDJSON_PADDING_SIZE readable bytes follow it; borrowed until return
 * size      in bytes
 * ret       the tape; untouched on a fault
 *
 * Returns why it could not be parsed; when several things are wrong, any one of them.
 */
enum simdjson_fault simdjson_parse(struct simdjson_parser *parser, const uint8_t *data, size_t size,
                                   struct simdjson_tape *ret);

#ifdef __cplusplus
}
#endif

#endif
