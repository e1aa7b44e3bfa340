// SPDX-License-Identifier: EUPL-1.2
/*
 * Values as files write them, and what they say beside them.
 */
#include "base/must.h"
#include "exchange/internal.h"

/* ---- values ---- */

/* These mean what they say: nothing in them is undone. */
static bool is_free_text(enum value_kind kind)
{
    return kind == VALUE_USER_AGENT || kind == VALUE_FILE_NAME;
}

static enum err value_read(struct exchange_reader *reader, enum value_kind kind, struct span text,
                           struct exchange_item *item)
{
    if (kind == VALUE_NONE) {
        return value_recognise(text, &reader->value_buf, &item->value, &item->scope);
    }
    if (is_free_text(kind)) {
        item->scope = VALUE_SCOPE_EXACT;
        return value_parse(kind, text, &reader->value_buf, &item->value);
    }
    return value_recognise_as(kind, text, &reader->value_buf, &item->value, &item->scope);
}

enum exchange_refusal exchange_value_read(struct exchange_reader *reader, enum value_kind kind,
                                          struct span text, struct exchange_item *item)
{
    enum err err = value_read(reader, kind, text, item);
    if (err == ERR_LIMIT) {
        return EXCHANGE_REFUSAL_SIZE;
    }
    if (err != ERR_OK) {
        return kind == VALUE_NONE ? EXCHANGE_REFUSAL_KIND : EXCHANGE_REFUSAL_VALUE;
    }
    return EXCHANGE_REFUSAL_NONE;
}

static enum exchange_refusal pattern_read(struct exchange_reader *reader, enum value_kind kind,
                                          enum value_scope scope, struct span text,
                                          struct exchange_item *item)
{
    if (kind == VALUE_NONE || !value_scope_fits(kind, scope)) {
        return EXCHANGE_REFUSAL_SCOPE;
    }
    item->scope = scope;
    return value_recognise_scoped(kind, scope, text, &reader->value_buf, &item->value, NULL) ==
                   ERR_OK
               ? EXCHANGE_REFUSAL_NONE
               : EXCHANGE_REFUSAL_PATTERN;
}

enum exchange_refusal exchange_scoped_read(struct exchange_reader *reader, enum value_kind kind,
                                           enum value_scope scope, struct span text,
                                           struct exchange_item *item)
{
    if (scope == VALUE_SCOPE_LIKE || scope == VALUE_SCOPE_REGEX) {
        return pattern_read(reader, kind, scope, text, item);
    }
    if (!is_free_text(kind) && value_recognise_scoped(kind, scope, text, &reader->value_buf,
                                                      &item->value, NULL) == ERR_OK) {
        item->scope = scope;
        return EXCHANGE_REFUSAL_NONE;
    }
    /* Whether it is the value or the scope that is wrong, reading it without a scope tells. */
    enum exchange_refusal refusal = exchange_value_read(reader, kind, text, item);
    bool exact = is_free_text(kind) && scope == VALUE_SCOPE_EXACT;
    return refusal != EXCHANGE_REFUSAL_NONE || exact ? refusal : EXCHANGE_REFUSAL_SCOPE;
}

void exchange_mean_alone(struct exchange_item *item)
{
    if (item->scope == VALUE_SCOPE_SUBDOMAINS) {
        item->scope = VALUE_SCOPE_EXACT;
    }
}

/* ---- labels ---- */

int exchange_tlp_rank(struct span word)
{
    static const struct {
        const char *label;
        int rank;
    } labels[] = { { "clear", 1 }, { "white", 1 },        { "green", 2 },
                   { "amber", 3 }, { "amber+strict", 4 }, { "red", 5 } };
    struct span prefix = SPAN("TLP:");
    struct span label = span_starts_with_nocase(word, prefix) ? span_from(word, prefix.size) : word;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (span_equal_nocase(label, span_of(labels[i].label))) {
            return labels[i].rank;
        }
    }
    return 0;
}

/* ---- context ---- */

void exchange_context_begin(struct exchange_reader *reader)
{
    buf_clear(&reader->context);
    json_writer_init(&reader->context_writer, &reader->context);
    json_begin_object(&reader->context_writer);
}

/* Cut so that no character is torn. */
static struct span note_cut(struct span text)
{
    if (text.size <= EXCHANGE_NOTE_SIZE_MAX) {
        return text;
    }
    size_t size = EXCHANGE_NOTE_SIZE_MAX;
    while (size > 0 && (text.data[size] & 0xC0) == 0x80) { /* continues a character, RFC 3629 */
        size--;
    }
    return span_slice(text, 0, size);
}

/* Whether there is room for what has been written, with brackets still to come. What has not is
 * taken back. */
static bool written_fits(struct exchange_reader *reader, const struct json_writer *before,
                         size_t size_before)
{
    const size_t brackets = 2;
    struct buf *context = &reader->context;
    if (context->err == ERR_OK && context->size + brackets <= EXCHANGE_CONTEXT_SIZE_MAX) {
        return true;
    }
    context->err = ERR_OK;
    context->size = size_before;
    reader->context_writer = *before;
    return false;
}

void exchange_context_add(struct exchange_reader *reader, const char *key, struct span text)
{
    if (text.size == 0) {
        return;
    }
    const struct json_writer before = reader->context_writer;
    size_t size_before = reader->context.size;
    json_member_string(&reader->context_writer, span_of(key), note_cut(text));
    (void)written_fits(reader, &before, size_before);
}

void exchange_context_add_list(struct exchange_reader *reader, const char *key,
                               const struct span *words, size_t count)
{
    const struct json_writer before = reader->context_writer;
    size_t size_before = reader->context.size;
    if (count == 0) {
        return;
    }
    json_key(&reader->context_writer, span_of(key));
    json_begin_array(&reader->context_writer);
    if (!written_fits(reader, &before, size_before)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct json_writer inner = reader->context_writer;
        size_t inner_size = reader->context.size;
        json_add_string(&reader->context_writer, note_cut(words[i]));
        if (!written_fits(reader, &inner, inner_size)) {
            break;
        }
    }
    json_end_array(&reader->context_writer);
}

struct span exchange_context_end(struct exchange_reader *reader)
{
    json_end_object(&reader->context_writer);
    struct span context = buf_span(&reader->context);
    must(context.size <= EXCHANGE_CONTEXT_SIZE_MAX);
    bool any = reader->context.err == ERR_OK && context.size > sizeof "{}" - 1;
    return any ? context : (struct span){ NULL, 0 };
}
