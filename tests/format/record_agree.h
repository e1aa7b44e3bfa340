// SPDX-License-Identifier: EUPL-1.2
/*
 * What record.h promises of its two engines, as a check on any line; for tests and fuzz targets.
 * A promise that is broken ends the process.
 */
#ifndef TESTS_FORMAT_RECORD_AGREE_H
#define TESTS_FORMAT_RECORD_AGREE_H

#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/uuid.h"
#include "format/record_engine.h"

enum {
    AGREE_WAY_COUNT_MAX = 4,
    AGREE_TURN_COUNT = 3,        /* unknown, met once, remembered */
    AGREE_NUMBER_SIZE_SURE = 15, /* digits that fit 64 bits and a double for certain */
    AGREE_NUMBER_SIZE_MAX = 512,
};

static const char *const agree_paths[] = {
    "a",
    "b",
    "b/c",
    "a/a",
    "b/a/b",
    "c/c/c",
    "",
    "q/",
    "id.orig_h",
    "k\"ey",
    "\xC3\xA9",
    "seventeen_letters",
    "sixteen_letters_",
    "fourteen_letter",
    "a_key_that_is_longer_than_the_padding_which_stands_behind_every_line_that_is_read",
    "_path",
    "ts",
    "uid",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "id_orig_h",
    "id_resp_h",
    "query",
    "answers",
    "TTLs",
    "server_name",
    "subject",
    "cert_chain_fuids",
    "host",
    "uri",
    "certificate.subject",
    "san.dns",
    "timestamp",
    "event_type",
    "src_ip",
    "dest_ip",
    "dest_port",
    "dns/rrname",
    "dns/queries/rrname",
    "dns/answers/rdata",
    "dns/grouped/A",
    "http/hostname",
    "http/url",
    "tls/sni",
    "tls/subject",
    "fileinfo/sha256",
    "fileinfo/size",
    "alert/severity",
    "flow/alerted",
    "tls/ja3/hash",
    "smtp/rcpt_to",
};

enum { AGREE_PATH_COUNT = sizeof agree_paths / sizeof agree_paths[0] };

struct agree {
    struct op op;
    struct record_shape *shape;
    struct record_scanner *dom;
    struct record_fast *ways[AGREE_WAY_COUNT_MAX];
    size_t way_count;
    struct record_fast *alone; /* while another has a page */
    struct record expected;
    struct record got;
    size_t accepted; /* lines that the fast engine has read */
    size_t known;    /* readings of a line that was known by then */
    size_t alike;    /* lines that were told together with others */
    size_t repaired; /* of these, lines that the DOM engine refused */
};

static inline void agree_begin(struct agree *agree)
{
    struct record_path paths[AGREE_PATH_COUNT];
    for (size_t i = 0; i < AGREE_PATH_COUNT; i++) {
        paths[i] = (struct record_path){ agree_paths[i], (uint16_t)i };
    }
    memset(agree, 0, sizeof *agree);
    op_begin(&agree->op, &(struct actor){ .name = SPAN("tester") }, 1 << 20);
    must(record_shape_new(&agree->op, paths, AGREE_PATH_COUNT, &agree->shape) == ERR_OK);
    must(record_scanner_new(&agree->op, RECORD_ENGINE_DOM, agree->shape, &agree->dom) == ERR_OK);
    const struct record_index *index = record_index_at(0);
    must(record_fast_new(&agree->op, agree->shape, index, NULL, &agree->alone) == ERR_OK);
    while (index != NULL) {
        struct record_fast **way = &agree->ways[agree->way_count];
        const struct record_page_way *best = record_page_way();
        bool plain = best == NULL || agree->way_count > 0;
        must(record_fast_new(&agree->op, agree->shape, index, plain ? &record_page_scalar : best,
                             way) == ERR_OK);
        agree->way_count++;
        index = record_index_at(agree->way_count);
    }
}

static inline void agree_end(struct agree *agree)
{
    for (size_t i = 0; i < agree->way_count; i++) {
        record_fast_free(agree->ways[i]);
    }
    record_fast_free(agree->alone);
    record_scanner_free(agree->dom);
    record_shape_free(agree->shape);
    op_end(&agree->op);
}

/* A copy on the heap that ends with its padding, so that a sanitizer sees what is read behind it.
 */
static inline struct span agree_copy(struct span text, uint8_t padding)
{
    uint8_t *bytes = memory_new(text.size + RECORD_PADDING_SIZE);
    must(bytes != NULL);
    span_copy(bytes, text.size, text);
    memset(bytes + text.size, padding, RECORD_PADDING_SIZE);
    return span_make(bytes, text.size);
}

static inline void agree_free(struct span copy)
{
    memory_free((void *)(uintptr_t)copy.data);
}

static inline double agree_number(struct span text)
{
    char copy[AGREE_NUMBER_SIZE_MAX + 1] = { 0 };
    must(text.size <= AGREE_NUMBER_SIZE_MAX);
    span_copy(copy, AGREE_NUMBER_SIZE_MAX, text);
    return strtod(copy, NULL);
}

static inline void agree_same(const struct record *a, const struct record *b, bool numbers)
{
    must(a->count == b->count);
    must(a->cut == b->cut);
    for (size_t i = 0; i < a->count; i++) {
        const struct record_field *field = &a->fields[i];
        const struct record_field *other = &b->fields[i];
        must(field->slot == other->slot);
        must(field->type == other->type);
        if (field->type != RECORD_NUMBER) {
            must(span_equal(field->value, other->value));
        } else if (numbers && field->value.size <= AGREE_NUMBER_SIZE_MAX) {
            must(agree_number(field->value) == agree_number(other->value));
        }
    }
}

/* Of a line that is known, each field alone is what it is in the record. */
static inline void agree_known(struct agree *agree, struct record_fast *way, struct span line,
                               enum record_fault fault)
{
    struct record_known known = { 0 };
    agree->got.count = 0;
    agree->got.cut = false;
    must(record_fast_scan_known(way, line, &agree->got, &known) == fault);
    if (fault != RECORD_FAULT_NONE) {
        return;
    }
    for (size_t i = 0; known.number != 0 && i < agree->expected.count; i++) {
        const struct record_field *field = &agree->expected.fields[i];
        if (field->type == RECORD_STRING) {
            must(span_equal(record_known_string(&known, i), field->value));
        } else if (field->type == RECORD_NUMBER) {
            must(span_equal(record_known_number(&known, i), field->value));
        }
    }
    if (known.number != 0) {
        agree->known++;
        record_fast_known_read(way, &known, &agree->got);
    }
    agree_same(&agree->expected, &agree->got, true);
}

/* A line is read the same in every way of computing, however often it was met before and whatever
 * stands behind it. Fields of the last reading are left in `agree->expected`. */
static inline enum record_fault agree_fast(struct agree *agree, struct span line)
{
    static const uint8_t paddings[AGREE_TURN_COUNT] = { '"', '}', 0 };
    enum record_fault fault = record_fast_scan(agree->ways[0], line, &agree->expected);
    for (size_t way = 0; way < agree->way_count; way++) {
        for (size_t turn = 0; turn < AGREE_TURN_COUNT; turn++) {
            struct span copy = agree_copy(line, paddings[turn]);
            agree->got.count = 0;
            agree->got.cut = false;
            must(record_fast_scan(agree->ways[way], copy, &agree->got) == fault);
            if (fault == RECORD_FAULT_NONE) {
                agree_same(&agree->expected, &agree->got, true);
            }
            agree_known(agree, agree->ways[way], copy, fault);
            agree_free(copy);
        }
    }
    return fault;
}

static inline bool agree_is_digit(struct span text, size_t at)
{
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

/* A number that simdjson reads for certain; those with an exponent or many digits are not sure. */
static inline bool agree_number_sure(struct span text)
{
    size_t at = text.data[0] == '-' ? 1 : 0;
    bool zero = at < text.size && text.data[at] == '0';
    bool whole = agree_is_digit(text, at);
    if (text.size > AGREE_NUMBER_SIZE_SURE || !whole || (zero && agree_is_digit(text, at + 1))) {
        return false;
    }
    while (agree_is_digit(text, at)) {
        at++;
    }
    if (at < text.size && text.data[at] == '.' && agree_is_digit(text, at + 1)) {
        at++;
        while (agree_is_digit(text, at)) {
            at++;
        }
    }
    return at == text.size;
}

/* What stands for a number or literal becomes a sure one. */
static inline size_t agree_repair_scalar(uint8_t *text, size_t size)
{
    size_t end = 0;
    while (end < size && (record_class_of[text[end]] & RECORD_CLASS_SCALAR_BIT) != 0) {
        end++;
    }
    struct span scalar = span_make(text, end);
    bool literal = span_equal(scalar, SPAN("true")) || span_equal(scalar, SPAN("false")) ||
                   span_equal(scalar, SPAN("null"));
    bool begins = record_class_of[text[0]] != RECORD_CLASS_TAIL;
    if (begins && !literal && !agree_number_sure(scalar)) {
        memset(text, ' ', end);
        text[0] = '0';
    }
    return end;
}

static inline bool agree_unit(const uint8_t *text, size_t size, unsigned long *ret)
{
    uint8_t bytes[2];
    if (size < 6 || text[0] != '\\' || text[1] != 'u') { /* \uXXXX */
        return false;
    }
    if (hex_parse(span_make(text + 2, 2 * sizeof bytes), bytes, sizeof bytes) != ERR_OK) {
        return false;
    }
    *ret = (unsigned long)bytes[0] << 8 | bytes[1];
    return true;
}

/* Size of the escape at the start of `text`; 0 where JSON has none such. */
static inline size_t agree_escape(const uint8_t *text, size_t size)
{
    unsigned long unit = 0;
    unsigned long low = 0;
    if (size >= 2 && text[1] != '\0' && strchr("\"\\/bfnrt", text[1]) != NULL) {
        return 2;
    }
    if (!agree_unit(text, size, &unit) || (unit >= 0xDC00 && unit <= 0xDFFF)) {
        return 0;
    }
    if (unit < 0xD800 || unit > 0xDFFF) {
        return 6; /* \uXXXX */
    }
    bool pair = agree_unit(text + 6, size - 6, &low) && low >= 0xDC00 && low <= 0xDFFF;
    return pair ? 12 : 0; /* two of them */
}

static inline size_t agree_repair_string(uint8_t *text, size_t size)
{
    size_t at = 1;
    while (at < size && text[at] != '"') {
        size_t escape = text[at] == '\\' ? agree_escape(text + at, size - at) : 1;
        if (escape == 0) {
            text[at] = 'x';
            escape = 1;
        }
        at += escape;
    }
    return at + 1;
}

/* Takes from a line what the fast engine may overlook in values that are not wanted. */
static inline void agree_repair(uint8_t *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        if (text[at] == '"') {
            at += agree_repair_string(text + at, size - at);
        } else if ((record_class_of[text[at]] & RECORD_CLASS_SCALAR_BIT) != 0) {
            at += agree_repair_scalar(text + at, size - at);
        } else {
            at++;
        }
    }
}

/* The tokens of a text are the same in every way of computing. */
static inline void agree_sheets(struct span text)
{
    const struct record_page_way *const ways[] = { &record_page_scalar, record_page_way() };
    struct record_sheet sheets[2] = { 0 };
    size_t count = ways[1] != NULL && text.size <= RECORD_SHEET_SIZE_MAX ? 2 : 0;
    for (size_t i = 0; i < count; i++) {
        size_t room = text.size + RECORD_INDEX_SLACK;
        sheets[i].positions = memory_new_array(room, sizeof *sheets[i].positions);
        sheets[i].classes = memory_new(room);
        must(sheets[i].positions != NULL && sheets[i].classes != NULL);
        ways[i]->tokens(text, &sheets[i]);
    }
    if (count > 0) {
        size_t tokens = sheets[0].count;
        must(sheets[1].count == tokens);
        must(sheets[1].broken == sheets[0].broken && sheets[1].any_odd == sheets[0].any_odd);
        must(memcmp(sheets[0].odd, sheets[1].odd, sizeof sheets[0].odd) == 0);
        must(memcmp(sheets[0].classes, sheets[1].classes, tokens) == 0);
        must(memcmp(sheets[0].positions, sheets[1].positions,
                    tokens * sizeof *sheets[0].positions) == 0);
    }
    for (size_t i = 0; i < count; i++) {
        memory_free(sheets[i].positions);
        memory_free(sheets[i].classes);
    }
}

/* What is told of a line among others is what is read of it alone. */
static inline void agree_alike(struct agree *agree, const struct record_alike *alike, size_t at)
{
    const struct record_page_line *told = alike->lines[at];
    struct span line = span_make(told->data + told->begin, (size_t)(told->end - told->begin));
    struct span copy = agree_copy(line, ' ');
    agree->expected.count = 0;
    agree->expected.cut = false;
    must(record_fast_scan(agree->alone, copy, &agree->expected) == RECORD_FAULT_NONE);
    for (size_t i = 0; i < agree->expected.count; i++) {
        const struct record_field *field = &agree->expected.fields[i];
        must(alike->places[i].slot == field->slot);
        if (field->type == RECORD_STRING) {
            must(span_equal(record_alike_string(alike, at, i), field->value));
        } else if (field->type == RECORD_NUMBER) {
            must(span_equal(record_alike_number(alike, at, i), field->value));
        }
    }
    agree_free(copy);
    agree->alike++;
}

/* Lines read together: each is told once, among others or for itself. */
static inline void agree_page(struct agree *agree, struct record_fast *way, struct span text)
{
    struct record_alike alike;
    struct span line;
    size_t told = 0;
    size_t size = record_fast_page_begin(way, text);
    must(size > 0 || memchr(text.data, '\n', text.size) == NULL ||
         (size_t)span_find(text, '\n') >= RECORD_SHEET_SIZE_MAX);
    while (size > 0 && record_fast_page_next(way, &alike)) {
        for (size_t i = 0; i < alike.count; i++) {
            told += (size_t)(alike.lines[i]->end - alike.lines[i]->begin) + 1;
            agree_alike(agree, &alike, i);
        }
    }
    while (size > 0 && record_fast_page_other(way, &line)) {
        struct record_known known = { 0 };
        must(line.data[line.size] == '\n');
        told += line.size + 1;
        agree->got.count = 0;
        (void)!record_fast_scan_known(way, line, &agree->got, &known); /* learns */
    }
    must(told == size);
    if (size > 0 && size < text.size) {
        agree_page(agree, way, span_from(text, size));
    }
}

/* The whole promise, for lines that are read together. */
static inline void agree_pages(struct agree *agree, struct span lines)
{
    uint8_t *bytes = memory_new(lines.size + 1 + RECORD_PADDING_SIZE);
    must(bytes != NULL);
    span_copy(bytes, lines.size, lines);
    bytes[lines.size] = '\n';
    agree_sheets(span_make(bytes, lines.size + 1));
    for (size_t way = 0; way < agree->way_count; way++) {
        for (size_t turn = 0; turn < AGREE_TURN_COUNT; turn++) {
            agree_page(agree, agree->ways[way], span_make(bytes, lines.size + 1));
        }
    }
    memory_free(bytes);
}

/* The whole promise, for one line. */
static inline void agree_check(struct agree *agree, struct span text)
{
    struct span line = agree_copy(text, ' ');
    struct span repaired = agree_copy(text, ' ');
    agree->expected.count = 0;
    agree->expected.cut = false;
    enum record_fault fast = agree_fast(agree, line);
    enum record_fault dom = record_scan(agree->dom, line, &agree->got);
    if (dom == RECORD_FAULT_NONE) {
        must(fast == RECORD_FAULT_NONE);
        agree_same(&agree->expected, &agree->got, true);
    } else if (fast == RECORD_FAULT_NONE) {
        agree_repair((uint8_t *)(uintptr_t)repaired.data, repaired.size);
        must(record_scan(agree->dom, repaired, &agree->got) == RECORD_FAULT_NONE);
        agree_same(&agree->expected, &agree->got, false);
        agree->repaired++;
    }
    agree->accepted += fast == RECORD_FAULT_NONE;
    agree_free(repaired);
    agree_free(line);
}

#endif
