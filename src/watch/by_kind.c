// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path: every line passes here. Budget: 10 ns beyond finding its end (bench/watch_bench.c).
 */
#include "watch/by_kind.h"

#include <endian.h>

#include "base/must.h"

enum {
    WORD_SIZE = 8,
    KIND_SHIFT = 58, /* of a hash, so that BY_KIND_COUNT are left */
    ZEEK_KIND_AT = sizeof "{\"_path\":\"" - 1,
};

_Static_assert(BY_KIND_COUNT == 1 << (64 - KIND_SHIFT), "hashes are cut to kinds");

/* Eight bytes as a number, whatever their alignment: memcpy, since it compiles to one load. */
static inline uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

static inline uint8_t kind_of_word(uint64_t word)
{
    const uint64_t mix = 0x9E3779B97F4A7C15u; /* odd, bits well spread: 2^64 / golden ratio */
    return (uint8_t)(word * mix >> KIND_SHIFT);
}

/* Suricata writes the type behind numbers of any length: looking for it costs as much as it saves
 * (measured). */
static inline uint8_t kind_of(enum observe_format format, struct span line)
{
    bool told = format == OBSERVE_FORMAT_ZEEK_JSON && line.size >= ZEEK_KIND_AT + WORD_SIZE;
    return told ? kind_of_word(word_at(line.data + ZEEK_KIND_AT)) : 0;
}

void by_kind_fill(struct by_kind *lines, enum observe_format format, struct span *rest)
{
    uint16_t begins[BY_KIND_COUNT + 1] = { 0 };
    size_t count = 0;
    while (count < BY_KIND_LINE_COUNT_MAX && rest->size > 0) {
        const uint8_t *end = memchr(rest->data, '\n', rest->size);
        must(end != NULL);
        struct span line = span_make(rest->data, (size_t)(end - rest->data));
        uint8_t kind = kind_of(format, line);
        lines->lines[count] = line;
        lines->kinds[count] = kind;
        begins[kind + 1]++;
        count++;
        *rest = span_from(*rest, line.size + 1);
    }
    lines->count = count;
    for (size_t kind = 0; kind < BY_KIND_COUNT; kind++) {
        begins[kind + 1] = (uint16_t)(begins[kind + 1] + begins[kind]);
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t *place = &begins[lines->kinds[i]];
        lines->order[*place] = (uint16_t)i;
        (*place)++;
    }
}
