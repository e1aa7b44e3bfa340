// SPDX-License-Identifier: EUPL-1.2
#include "node/config_mapping.h"

#include <ini.h>
#include <stdio.h>

#include "base/text.h"
#include "node/near.h"
#include "observe/mapping.h"

bool config_section_name(struct span section, struct span word, struct span *ret_name)
{
    if (!span_starts_with(section, word) || section.size == word.size) {
        return false;
    }
    struct span name = span_trim(span_from(section, word.size));
    bool quoted = name.size >= 2 && name.data[0] == '"' && name.data[name.size - 1] == '"';
    if (!quoted) {
        return false;
    }
    *ret_name = span_slice(name, 1, name.size - 1);
    return true;
}

/* ---- reading ---- */

/* A mapping while its lines come; a section may come again. */
struct section {
    struct span name;
    struct mapping_draft *draft;
};

struct reading {
    struct op *op;
    size_t count;
    struct section sections[OBSERVE_MAPPING_COUNT_MAX];
    bool failed;
};

static enum err section_find(struct reading *reading, struct span name, struct section **ret)
{
    for (size_t i = 0; i < reading->count; i++) {
        if (span_equal(reading->sections[i].name, name)) {
            *ret = &reading->sections[i];
            return ERR_OK;
        }
    }
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    if (observe_format_from_name(name, &format) == ERR_OK) {
        return op_fail(reading->op, ERR_FORMAT,
                       "\"%.*s\" is read without a mapping, and none may be called so",
                       SPAN_FMT(name));
    }
    if (reading->count == OBSERVE_MAPPING_COUNT_MAX) {
        return op_fail(reading->op, ERR_LIMIT, "more than %d mappings", OBSERVE_MAPPING_COUNT_MAX);
    }
    struct section *section = &reading->sections[reading->count];
    TRY(op_copy(reading->op, name, &section->name));
    TRY(mapping_begin(reading->op, section->name, &section->draft));
    reading->count++;
    *ret = section;
    return ERR_OK;
}

/* The key that was probably meant; NULL where none is near. */
static const char *key_near(struct span name)
{
    const char *nearest = NULL;
    size_t edits_least = NEAR_NONE;
    const char *key = mapping_key_name(0);
    for (size_t i = 0; key != NULL; i++, key = mapping_key_name(i)) {
        size_t edits = near_edits(name, span_of(key));
        if (edits < edits_least) {
            edits_least = edits;
            nearest = key;
        }
    }
    return nearest;
}

static enum err tell_unknown(struct op *op, struct span key)
{
    struct buf text;
    buf_init(&text, FAULT_TEXT_SIZE);
    text_add_printable(&text, key);
    const char *meant = key_near(key);
    enum err err =
        meant != NULL
            ? op_fail(op, ERR_FORMAT, "unknown key \"%.*s\" of a mapping; did you mean \"%s\"?",
                      SPAN_FMT(buf_span(&text)), meant)
            : op_fail(op, ERR_FORMAT,
                      "unknown key \"%.*s\" of a mapping; linie-mapping(1) lists all keys",
                      SPAN_FMT(buf_span(&text)));
    buf_done(&text);
    return err;
}

static enum err pair_set(struct reading *reading, struct span name, struct span key,
                         struct span value)
{
    struct section *section = NULL;
    TRY(section_find(reading, name, &section));
    enum err err = mapping_set(reading->op, section->draft, key, value);
    return err == ERR_ABSENT ? tell_unknown(reading->op, key) : err;
}

static int on_pair(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    struct span name = { NULL, 0 };
    bool mapping = config_section_name(span_of(section), SPAN("mapping"), &name);
    if (reading->failed || key == NULL || !mapping) {
        return 1; /* the first fault is told; other sections are others' */
    }
    reading->failed = pair_set(reading, name, span_of(key), span_of(value)) != ERR_OK;
    return reading->failed ? 0 : 1;
}

/* The line on which the section of a mapping begins, from 1 on. */
static int section_line(struct span text, struct span name)
{
    struct span section = { NULL, 0 };
    if (config_mapping_text(text, name, &section) != ERR_OK) {
        return 1;
    }
    struct span rest = span_slice(text, 0, (size_t)(section.data - text.data));
    struct span line = { NULL, 0 };
    int count = 0;
    while (span_next(&rest, '\n', &line)) {
        count++;
    }
    return count;
}

static enum err tell_taken(struct op *op, const struct observe_mapping *mapping, struct span word,
                           struct span other)
{
    return op_fail(op, ERR_FORMAT, "mapping \"%.*s\": \"%.*s\" names the format \"%.*s\" already",
                   SPAN_FMT(mapping->name), SPAN_FMT(word), SPAN_FMT(other));
}

/* What a mapping is called must name no other one; but its own name may be one of the other names
 * of a ready mapping, which it goes before. */
static enum err names_check(struct op *op, const struct observe_formats *formats,
                            const struct observe_mapping *mapping)
{
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    if (observe_formats_find(formats, mapping->name, &format) == ERR_OK) {
        return tell_taken(op, mapping, mapping->name, observe_formats_name(formats, format));
    }
    for (size_t i = 0; i < mapping->aliases.count; i++) {
        struct span word = mapping->aliases.words[i];
        struct span ready = { NULL, 0 };
        if (observe_formats_find(formats, word, &format) == ERR_OK) {
            return tell_taken(op, mapping, word, observe_formats_name(formats, format));
        }
        if (observe_ready_find(word, &ready) == ERR_OK && !span_equal(ready, mapping->name)) {
            return tell_taken(op, mapping, word, ready);
        }
    }
    return ERR_OK;
}

/* A mapping whose lines have all come. */
static enum err section_end(struct op *op, const struct section *section,
                            struct observe_formats *formats)
{
    const struct observe_mapping *mapping = NULL;
    TRY(mapping_end(op, section->draft, &mapping));
    TRY(names_check(op, formats, mapping));
    return observe_formats_add(op, formats, mapping);
}

enum err config_mappings_read(struct op *op, struct span name, struct span text,
                              struct observe_formats *formats)
{
    struct reading reading = { .op = op };
    int line = ini_parse_string((const char *)text.data, on_pair, &reading);
    if (reading.failed) {
        op_fault_prefix(op, "%.*s: line %d: ", SPAN_FMT(name), line);
        return op->fault.err;
    }
    for (size_t i = 0; i < reading.count; i++) {
        enum err err = section_end(op, &reading.sections[i], formats);
        if (err != ERR_OK) {
            op_fault_prefix(op, "%.*s: line %d: ", SPAN_FMT(name),
                            section_line(text, reading.sections[i].name));
            return err;
        }
    }
    return ERR_OK; /* lines that are no pairs at all are told by config_read() */
}

/* ---- words ---- */

bool config_format_is_known(const struct observe_formats *formats, struct span word)
{
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    struct span text = { NULL, 0 };
    return observe_formats_find(formats, word, &format) == ERR_OK ||
           observe_ready_text(word, &text) == ERR_OK;
}

static void nearer(struct span word, struct span name, size_t *edits_least, struct span *nearest)
{
    size_t edits = near_edits(word, name);
    if (edits < *edits_least) {
        *edits_least = edits;
        *nearest = name;
    }
}

struct span config_format_near(const struct observe_formats *formats, struct span word)
{
    struct span nearest = { NULL, 0 };
    size_t edits_least = NEAR_NONE;
    for (int i = 0; i < OBSERVE_FORMAT_COUNT; i++) {
        struct span name = span_of(observe_format_name((enum observe_format)i));
        nearer(word, name, &edits_least, &nearest);
    }
    for (size_t i = 0; i < formats->count; i++) {
        nearer(word, formats->mappings[i]->name, &edits_least, &nearest);
    }
    struct span ready = observe_ready_name(0);
    for (size_t i = 0; ready.size > 0; i++, ready = observe_ready_name(i)) {
        nearer(word, ready, &edits_least, &nearest);
    }
    return nearest;
}

void config_format_refuse(struct buf *buf, const struct observe_formats *formats, struct span word)
{
    struct span near = config_format_near(formats, word);
    buf_add(buf, SPAN("not a format: auto, zeek-json, zeek-tsv, eve, text, or another mapping's "
                      "name ('linie mapping list')"));
    if (near.size > 0) {
        buf_add_format(buf, "; did you mean \"%.*s\"?", SPAN_FMT(near));
    }
}

/* ---- as it is written ---- */

enum err config_mapping_text(struct span text, struct span name, struct span *ret)
{
    struct span rest = text;
    struct span line = { NULL, 0 };
    const uint8_t *begin = NULL;
    while (span_next(&rest, '\n', &line)) {
        struct span heading = span_trim(line);
        struct span own = { NULL, 0 };
        if (heading.size < 2 || heading.data[0] != '[') {
            continue;
        }
        if (begin != NULL) {
            *ret = span_trim(span_make(begin, (size_t)(line.data - begin)));
            return ERR_OK;
        }
        ptrdiff_t end = span_find(heading, ']');
        bool mapping =
            end != SPAN_NOT_FOUND &&
            config_section_name(span_slice(heading, 1, (size_t)end), SPAN("mapping"), &own);
        begin = mapping && span_equal(own, name) ? line.data : NULL;
    }
    if (begin == NULL) {
        return ERR_ABSENT;
    }
    *ret = span_trim(span_make(begin, (size_t)(text.data + text.size - begin)));
    return ERR_OK;
}
