// SPDX-License-Identifier: EUPL-1.2
/*
 * What sifting promises, checked: of any lines it tells the values that reading each line in full
 * tells, each under its line's mark, and of lines that it lets wait nothing else was to be told.
 */
#ifndef TESTS_OBSERVE_SIFTING_H
#define TESTS_OBSERVE_SIFTING_H

#include <endian.h>

#include "base/must.h"
#include "observe/observe.h"

/* Values as a sum in which their order does not count. */
struct sifting_sum {
    uint64_t values;
    uint64_t count;
    uint64_t refused;
    uint64_t unfit;
    uint64_t faults; /* a sum, too */
    uint64_t lines;
};

struct sifting {
    struct observe_reader *reader; /* reads each line in full */
    struct observe_reader *sifter;
    struct sifting_sum by_reader;
    struct sifting_sum by_sifter;
    size_t waited;   /* lines whose values waited, sifted one by one */
    size_t together; /* and sifted together */
};

/* FNV-1a. */
static inline uint64_t sifting_hash(uint64_t hash, struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        hash = (hash ^ bytes.data[i]) * 0x100000001B3u; /* prime */
    }
    return hash;
}

static inline void sifting_add(struct sifting_sum *sum, const struct observation *seen,
                               uint32_t mark)
{
    /* Of an IPv4 address the field is not told. */
    uint32_t field = seen->kind == VALUE_IPV4 ? 0 : seen->field;
    uint32_t rest[] = { (uint32_t)seen->kind, field, mark };
    uint64_t hash = sifting_hash(0xCBF29CE484222325u, seen->key); /* FNV's offset */
    sum->values += sifting_hash(hash, span_make((const uint8_t *)rest, sizeof rest));
    sum->count++;
}

static inline void sifting_add_line(struct sifting_sum *sum, const struct observe_line *line,
                                    uint32_t mark)
{
    for (size_t i = 0; i < line->count; i++) {
        sifting_add(sum, &line->observations[i], mark);
    }
    sum->refused += line->refused;
    sum->unfit += line->unfit;
}

static inline void sifting_take(struct sifting *s)
{
    struct observe_sifted sifted;
    while (observe_sift_take(s->sifter, &sifted)) {
        for (size_t i = 0; i < sifted.count; i++) {
            sifting_add(&s->by_sifter, &sifted.observations[i], sifted.marks[i]);
        }
        for (size_t i = 0; i < sifted.ipv4_count; i++) {
            uint32_t key = htobe32(sifted.ipv4[i]);
            struct observation seen = { .kind = VALUE_IPV4,
                                        .key = span_make((const uint8_t *)&key, sizeof key) };
            sifting_add(&s->by_sifter, &seen, sifted.ipv4_marks[i]);
        }
        s->by_sifter.refused += sifted.refused;
        s->by_sifter.unfit += sifted.unfit;
    }
}

/* A line must stay where it is until sifting_end(). */
static inline void sifting_line(struct sifting *s, struct span text, uint32_t mark)
{
    struct observe_line read;
    struct observe_line sifted;
    bool waits = true;
    enum observe_fault fault = observe_reader_line(s->reader, text, &read);
    enum observe_fault fault_sifted = observe_sift_line(s->sifter, text, mark, &waits, &sifted);
    must(fault == fault_sifted);
    sifting_add_line(&s->by_reader, &read, mark);
    if (waits) {
        must(!read.cut && !read.repaired && !read.no_event && read.stream.size > 0);
        s->waited++;
    } else {
        must(read.cut == sifted.cut && read.repaired == sifted.repaired);
        must(read.no_event == sifted.no_event && span_equal(read.stream, sifted.stream));
        sifting_add_line(&s->by_sifter, &sifted, mark);
    }
    if (observe_sift_full(s->sifter)) {
        sifting_take(s);
    }
}

/* What a line says beside its values: nothing, where it waits. */
static inline void sifting_add_rest(struct sifting_sum *sum, const struct observe_line *line,
                                    enum observe_fault fault, uint32_t mark)
{
    const uint32_t told[] = { mark, (uint32_t)fault, line->cut, line->repaired, line->no_event };
    bool plain = fault == OBSERVE_FAULT_NONE && !line->cut && !line->repaired && !line->no_event;
    struct span bytes = span_make((const uint8_t *)told, sizeof told);
    sum->faults += plain ? 0 : sifting_hash(0xCBF29CE484222325u, bytes); /* FNV's offset */
    sifting_add_line(sum, line, mark);
    sum->lines++;
}

static inline void sifting_alone(struct sifting *s, struct span text, uint32_t mark)
{
    struct observe_line line = { 0 };
    bool waits = false;
    enum observe_fault fault = observe_sift_line(s->sifter, text, mark, &waits, &line);
    if (waits) {
        line = (struct observe_line){ 0 };
        s->waited++;
    }
    sifting_add_rest(&s->by_sifter, &line, fault, mark);
    if (observe_sift_full(s->sifter)) {
        sifting_take(s);
    }
}

/* Lines that are sifted together, and those of them that are not; returns the bytes they take. */
static inline size_t sifting_page(struct sifting *s, struct span rest, const uint8_t *base)
{
    size_t size = observe_sift_page(s->sifter, rest, base);
    bool more = size > 0;
    struct span line;
    while (more) {
        size_t waiting = 0;
        more = observe_sift_page_next(s->sifter, &waiting);
        s->together += waiting;
        s->by_sifter.lines += waiting;
        if (more || observe_sift_full(s->sifter)) {
            sifting_take(s);
        }
    }
    while (size > 0 && observe_sift_page_other(s->sifter, &line)) {
        must(line.data >= rest.data && line.data + line.size < rest.data + size);
        sifting_alone(s, line, (uint32_t)(line.data - base));
    }
    return size;
}

/* Lines together, each with its end; the padding follows them. They must stay where they are until
 * sifting_end(). */
static inline void sifting_lines(struct sifting *s, struct span lines)
{
    struct span line;
    struct span rest = lines;
    while (rest.size > 0 && span_next(&rest, '\n', &line)) {
        struct observe_line read;
        enum observe_fault fault = observe_reader_line(s->reader, line, &read);
        sifting_add_rest(&s->by_reader, &read, fault, (uint32_t)(line.data - lines.data));
    }
    rest = lines;
    while (rest.size > 0) {
        size_t size = sifting_page(s, rest, lines.data);
        rest = span_from(rest, size);
        if (size == 0 && span_next(&rest, '\n', &line)) {
            sifting_alone(s, line, (uint32_t)(line.data - lines.data));
        }
    }
}

static inline void sifting_end(struct sifting *s)
{
    sifting_take(s);
    must(s->by_reader.count == s->by_sifter.count);
    must(s->by_reader.values == s->by_sifter.values);
    must(s->by_reader.refused == s->by_sifter.refused);
    must(s->by_reader.unfit == s->by_sifter.unfit);
    must(s->by_reader.faults == s->by_sifter.faults);
    must(s->by_reader.lines == s->by_sifter.lines);
}

#endif
