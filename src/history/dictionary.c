// SPDX-License-Identifier: EUPL-1.2
#include "history/dictionary.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/wire.h"

enum {
    TEXTS_MAX = DICTIONARY_GATHERED, /* of one byte each */
    SECTION_SIZE_MAX = DICTIONARIES_MAX * (DICTIONARY_SIZE_MAX + 16),
    CONTENT_SIZE = DICTIONARY_GATHERED / DICTIONARY_PIECE_EVERY,
    TEXT_SIZE_USUAL = 4096,
};

static void *memory_take(void *unused, size_t size)
{
    (void)unused;
    return memory_new(size);
}

static void memory_give(void *unused, void *block)
{
    (void)unused;
    memory_free(block);
}

static const ZSTD_customMem own_memory = { memory_take, memory_give, NULL };

/* ---- writing ---- */

void dictionary_writer_begin(struct dictionary_writer *writer, int level)
{
    *writer = (struct dictionary_writer){ .level = level, .kind = VALUE_KIND_COUNT };
    buf_init(&writer->text, (size_t)2 * DICTIONARY_GATHERED);
    buf_init(&writer->sizes, TEXTS_MAX * sizeof(size_t));
    buf_init(&writer->made, SECTION_SIZE_MAX);
}

void dictionary_writer_done(struct dictionary_writer *writer)
{
    (void)ZSTD_freeCDict(writer->now); /* NULL does nothing */
    writer->now = NULL;
    buf_done(&writer->text);
    buf_done(&writer->sizes);
    buf_done(&writer->made);
}

static bool has_words(enum value_kind kind, enum history_form form)
{
    return form != HISTORY_HASHED &&
           (kind == VALUE_DOMAIN || kind == VALUE_URL || kind == VALUE_EMAIL ||
            kind == VALUE_USER_AGENT || kind == VALUE_FILE_NAME);
}

static void turn(struct dictionary_writer *writer, enum value_kind kind, enum history_form form)
{
    (void)ZSTD_freeCDict(writer->now);
    writer->now = NULL;
    writer->kind = kind;
    writer->form = form;
    writer->tried = !has_words(kind, form);
    buf_clear(&writer->text);
    buf_clear(&writer->sizes);
}

/* Pieces of what was gathered, from all of it. */
static size_t content_gather(const struct dictionary_writer *writer, uint8_t *content)
{
    size_t size = 0;
    for (size_t at = 0; at + DICTIONARY_PIECE_SIZE <= writer->text.size &&
                        size + DICTIONARY_PIECE_SIZE <= CONTENT_SIZE;
         at += (size_t)DICTIONARY_PIECE_SIZE * DICTIONARY_PIECE_EVERY) {
        span_copy(content + size, CONTENT_SIZE - size,
                  span_make(writer->text.data + at, DICTIONARY_PIECE_SIZE));
        size += DICTIONARY_PIECE_SIZE;
    }
    return size;
}

/* How often what comes is told by the texts that were gathered. Empty where Zstandard finds nothing
 * to learn in them, as in what is random. */
static struct span dictionary_make(struct dictionary_writer *writer, uint8_t *bytes)
{
    uint8_t content[CONTENT_SIZE];
    const ZDICT_params_t parameters = { .compressionLevel = writer->level };
    const size_t count = writer->sizes.size / sizeof(size_t);
    size_t *sizes = memory_new_array(count, sizeof *sizes);
    if (sizes == NULL) {
        return span_make(bytes, 0);
    }
    span_copy(sizes, count * sizeof *sizes, buf_span(&writer->sizes));
    size_t content_size = content_gather(writer, content);
    size_t size = ZDICT_finalizeDictionary(bytes, DICTIONARY_SIZE_MAX, content, content_size,
                                           writer->text.data, sizes, (unsigned)count, parameters);
    memory_free(sizes);
    return span_make(bytes, ZDICT_isError(size) ? 0 : size);
}

/* The section names it only when it can be used. */
static void dictionary_try(struct dictionary_writer *writer)
{
    uint8_t bytes[DICTIONARY_SIZE_MAX];
    struct span made = dictionary_make(writer, bytes);
    const ZSTD_compressionParameters parameters =
        ZSTD_getCParams(writer->level, TEXT_SIZE_USUAL, made.size);
    if (made.size > 0) {
        writer->now = ZSTD_createCDict_advanced(made.data, made.size, ZSTD_dlm_byCopy,
                                                ZSTD_dct_fullDict, parameters, own_memory);
    }
    if (writer->now == NULL) {
        return;
    }
    wire_add_u8(&writer->made, (uint8_t)writer->kind);
    wire_add_u8(&writer->made, (uint8_t)writer->form);
    wire_add_u32(&writer->made, (uint32_t)made.size);
    buf_add(&writer->made, made);
}

static void gather(struct dictionary_writer *writer, struct span text)
{
    buf_add(&writer->text, text);
    buf_add(&writer->sizes, span_make(&text.size, sizeof text.size));
    if (writer->text.err != ERR_OK || writer->sizes.err != ERR_OK) {
        writer->tried = true;
    } else if (writer->text.size >= DICTIONARY_GATHERED) {
        dictionary_try(writer);
        writer->tried = true;
    }
}

const struct ZSTD_CDict_s *dictionary_for(struct dictionary_writer *writer, enum value_kind kind,
                                          enum history_form form, struct span text)
{
    if (writer->kind != kind || writer->form != form) {
        turn(writer, kind, form);
    }
    const struct ZSTD_CDict_s *now = writer->now;
    if (!writer->tried) {
        gather(writer, text);
    }
    return now;
}

/* ---- reading ---- */

static enum err dictionary_read(struct wire_reader *r, struct dictionaries *ret)
{
    size_t kind = wire_u8(r);
    size_t form = wire_u8(r);
    struct span bytes = wire_bytes(r, DICTIONARY_SIZE_MAX);
    if (r->err != ERR_OK || kind >= VALUE_KIND_COUNT || form >= HISTORY_FORM_COUNT ||
        ret->of[kind][form] != NULL || ZDICT_getDictID(bytes.data, bytes.size) == 0) {
        return ERR_FORMAT;
    }
    ret->of[kind][form] = ZSTD_createDDict_advanced(bytes.data, bytes.size, ZSTD_dlm_byRef,
                                                    ZSTD_dct_auto, own_memory);
    return ret->of[kind][form] == NULL ? ERR_FORMAT : ERR_OK;
}

enum err dictionaries_read(struct span bytes, struct dictionaries *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    enum err err = ERR_OK;
    *ret = (struct dictionaries){ 0 };
    while (err == ERR_OK && r.rest.size > 0) {
        err = dictionary_read(&r, ret);
    }
    if (err != ERR_OK) {
        dictionaries_done(ret);
    }
    return err;
}

void dictionaries_done(struct dictionaries *dictionaries)
{
    for (size_t kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        for (size_t form = 0; form < HISTORY_FORM_COUNT; form++) {
            (void)ZSTD_freeDDict(dictionaries->of[kind][form]); /* NULL does nothing */
        }
    }
    *dictionaries = (struct dictionaries){ 0 };
}
