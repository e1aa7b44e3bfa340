// SPDX-License-Identifier: EUPL-1.2
#include "policy/book.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"
#include "policy/book_inner.h"

/* ---- faults ---- */

enum err book_fault(const struct policy_book *book, struct span file, unsigned line, enum err err,
                    const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char text[FAULT_TEXT_SIZE];
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return op_fail(book->op, err, "%.*s: line %u: %s", SPAN_FMT(file), line, text);
}

/* ---- blocks, as they stand in the files ---- */

struct gathering {
    struct policy_book *book;
    const struct book_file *files;
    const struct blocks *texts; /* one a file */
    size_t file_count;
};

static enum err field_begin(const struct gathering *g, const struct book_block *block,
                            const struct blocks_field *text, struct book_field *ret)
{
    const struct book_rule *rule = book_rule_find(block->word, text->key);
    if (rule == NULL) {
        return book_fault(g->book, block->file, text->line, ERR_FORMAT,
                          "a %s has no \"%.*s\"; see linie-parties(5)",
                          policy_word_name(block->word), SPAN_FMT(text->key));
    }
    *ret = (struct book_field){ .key = rule->key, .line = text->line, .text = text->value };
    if (ret->text.size == 0) {
        return book_fault(g->book, block->file, text->line, ERR_FORMAT, "%.*s: is empty",
                          SPAN_FMT(text->key));
    }
    return ERR_OK;
}

static int field_compare(const void *a, const void *b)
{
    const struct book_field *one = a;
    const struct book_field *other = b;
    if (one->key != other->key) {
        return one->key < other->key ? -1 : 1;
    }
    return one->line < other->line ? -1 : one->line > other->line;
}

static enum err check_twice(const struct gathering *g, const struct book_block *block)
{
    for (size_t i = 1; i < block->field_count; i++) {
        const struct book_field *field = &block->fields[i];
        struct span key = span_of(policy_key_name(field->key));
        bool twice = field->key == block->fields[i - 1].key;
        if (twice && (book_rule_find(block->word, key)->flags & FIELD_REPEATS) == 0) {
            return book_fault(g->book, block->file, field->line, ERR_FORMAT,
                              "%.*s: stands twice in this block", SPAN_FMT(key));
        }
    }
    return ERR_OK;
}

static enum err read_days(const struct gathering *g, struct book_block *block)
{
    static const enum book_key keys[] = { BOOK_KEY_VALID_FROM, BOOK_KEY_VALID_TO };
    int32_t *const days[] = { &block->from_day, &block->to_day };
    block->from_day = INT32_MIN;
    block->to_day = INT32_MAX;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct book_field *field = policy_block_field(block, keys[i]);
        if (field != NULL && book_day_read(field->text, days[i]) != ERR_OK) {
            return book_fault(g->book, block->file, field->line, ERR_FORMAT,
                              "%s: \"%.*s\" is not a day such as 2026-01-31",
                              policy_key_name(keys[i]), SPAN_FMT(field->text));
        }
    }
    if (block->from_day > block->to_day) {
        return book_fault(g->book, block->file, block->line, ERR_FORMAT,
                          "ends before it begins: valid-to is earlier than valid-from");
    }
    return ERR_OK;
}

static enum err block_begin(const struct gathering *g, size_t file, const struct blocks_block *text,
                            struct book_block *block)
{
    *block = (struct book_block){
        .id = text->id,
        .file = g->files[file].name,
        .line = text->line,
    };
    if (book_word_from_name(text->word, &block->word) != ERR_OK) {
        return book_fault(g->book, block->file, block->line, ERR_FORMAT,
                          "there are no blocks [%.*s]; see linie-parties(5)", SPAN_FMT(text->word));
    }
    struct book_field *fields = op_alloc(g->book->op, text->field_count * sizeof *fields);
    if (fields == NULL) {
        return ERR_LIMIT;
    }
    const struct blocks_field *from = g->texts[file].fields + text->field_first;
    for (size_t i = 0; i < text->field_count; i++) {
        TRY(field_begin(g, block, &from[i], &fields[i]));
    }
    qsort(fields, text->field_count, sizeof *fields, field_compare);
    block->fields = fields;
    block->field_count = text->field_count;
    TRY(check_twice(g, block));
    enum book_key missing = book_rule_missing(block);
    if (missing != BOOK_KEY_COUNT) {
        return book_fault(g->book, block->file, block->line, ERR_FORMAT, "%s \"%.*s\" has no %s",
                          policy_word_name(block->word), SPAN_FMT(block->id),
                          policy_key_name(missing));
    }
    return read_days(g, block);
}

/* An agreement is what its parties signed: the whole file. */
static enum err check_alone(const struct gathering *g, size_t file, const struct book_block *first)
{
    size_t count = g->texts[file].block_count;
    for (size_t i = 0; i < count; i++) {
        if (first[i].word == BOOK_AGREEMENT && count > 1) {
            return book_fault(g->book, first[i].file, first[i].line, ERR_FORMAT,
                              "an agreement stands alone in its file: that is what is signed");
        }
    }
    return ERR_OK;
}

static enum err gather_blocks(struct gathering *g)
{
    struct policy_book *book = g->book;
    struct blocks *texts = op_alloc(book->op, g->file_count * sizeof *texts);
    if (texts == NULL) {
        return ERR_LIMIT;
    }
    size_t count = 0;
    for (size_t i = 0; i < g->file_count; i++) {
        TRY(blocks_read(book->op, g->files[i].name, g->files[i].text, &texts[i]));
        count += texts[i].block_count;
    }
    g->texts = texts;
    book->blocks = op_alloc(book->op, count * sizeof *book->blocks);
    if (book->blocks == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < g->file_count; i++) {
        struct book_block *first = &book->blocks[book->block_count];
        for (size_t j = 0; j < texts[i].block_count; j++) {
            TRY(block_begin(g, i, &texts[i].blocks[j], &book->blocks[book->block_count]));
            book->block_count++;
        }
        TRY(check_alone(g, i, first));
    }
    return ERR_OK;
}

/* ---- names ---- */

static int block_compare(const void *a, const void *b)
{
    const struct book_block *one = a;
    const struct book_block *other = b;
    if (one->word != other->word) {
        return one->word < other->word ? -1 : 1;
    }
    int order = span_compare(one->id, other->id);
    if (order != 0) {
        return order;
    }
    return one->from_day < other->from_day ? -1 : one->from_day > other->from_day;
}

static bool same_name(const struct book_block *a, const struct book_block *b)
{
    return a->word == b->word && span_equal(a->id, b->id);
}

static enum err check_overlap(const struct policy_book *book, const struct book_block *one,
                              const struct book_block *next)
{
    if (next->from_day > one->to_day) {
        return ERR_OK;
    }
    return book_fault(book, next->file, next->line, ERR_FORMAT,
                      "%s \"%.*s\" is there already, on days that are the same: %.*s, line %u",
                      policy_word_name(next->word), SPAN_FMT(next->id), SPAN_FMT(one->file),
                      one->line);
}

static enum err gather_names(struct policy_book *book)
{
    qsort(book->blocks, book->block_count, sizeof *book->blocks, block_compare);
    book->names = op_alloc(book->op, book->block_count * sizeof *book->names);
    if (book->names == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < book->block_count; i++) {
        struct book_block *block = &book->blocks[i];
        if (i > 0 && same_name(block, block - 1)) {
            TRY(check_overlap(book, block - 1, block));
        } else {
            book->names[book->name_count++] = (struct book_name){
                .word = block->word,
                .id = block->id,
                .block_first = (uint32_t)i,
            };
            book->first[block->word + 1]++;
        }
        book->names[book->name_count - 1].block_count++;
    }
    for (size_t word = 0; word < BOOK_WORD_COUNT; word++) {
        if (book->first[word + 1] > BOOK_NAME_COUNT_MAX) {
            return op_fail(book->op, ERR_LIMIT, "more than %d blocks [%s]", BOOK_NAME_COUNT_MAX,
                           policy_word_name((enum book_word)word));
        }
        book->first[word + 1] += book->first[word];
    }
    for (size_t i = 0; i < book->name_count; i++) {
        for (size_t j = 0; j < book->names[i].block_count; j++) {
            book->blocks[book->names[i].block_first + j].name =
                (uint32_t)i - book->first[book->names[i].word];
        }
    }
    return ERR_OK;
}

/* ---- values ---- */

/* Whose values name levels can be read once the levels are known. */
static bool is_level_list(const struct book_block *block, const struct book_field *field)
{
    return block->word == BOOK_CLASSIFICATION && field->key == BOOK_KEY_LEVEL;
}

static enum err read_fields(const struct policy_book *book, bool levels)
{
    for (size_t i = 0; i < book->block_count; i++) {
        struct book_block *block = &book->blocks[i];
        for (size_t j = 0; j < block->field_count; j++) {
            /* They were made by block_begin() above, and are constant for all others. */
            struct book_field *field = (struct book_field *)&block->fields[j];
            if (is_level_list(block, field) == levels) {
                struct span key = span_of(policy_key_name(field->key));
                TRY(book_items_read(book, book_rule_find(block->word, key), block, field));
            }
        }
    }
    return ERR_OK;
}

/* ---- signatures ---- */

static const struct book_file *file_of(const struct gathering *g, struct span name)
{
    for (size_t i = 0; i < g->file_count; i++) {
        if (span_equal(g->files[i].name, name)) {
            return &g->files[i];
        }
    }
    return NULL;
}

static void note_signers(const struct gathering *g)
{
    for (size_t i = 0; i < g->book->block_count; i++) {
        struct book_block *block = &g->book->blocks[i];
        if (block->word == BOOK_AGREEMENT) {
            const struct book_file *file = file_of(g, block->file);
            block->signer_keys = file->signer_keys;
            block->signer_key_count = file->signer_key_count;
        }
    }
}

/* ---- the whole ---- */

static enum err check_files(struct op *op, const struct book_file *files, size_t file_count)
{
    if (file_count > BOOK_FILE_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "more than %d files of parties", BOOK_FILE_COUNT_MAX);
    }
    for (size_t i = 0; i < file_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (span_equal(files[i].name, files[j].name)) {
                return op_fail(op, ERR_FORMAT, "%.*s: two files have this name",
                               SPAN_FMT(files[i].name));
            }
        }
    }
    return ERR_OK;
}

enum err policy_book_read(struct op *op, const struct book_file *files, size_t file_count,
                          const struct policy_book **ret)
{
    TRY(check_files(op, files, file_count));
    struct policy_book *book = op_alloc(op, sizeof *book);
    if (book == NULL) {
        return ERR_LIMIT;
    }
    book->op = op;
    struct gathering g = { .book = book, .files = files, .file_count = file_count };
    TRY(gather_blocks(&g));
    TRY(gather_names(book));
    TRY(read_fields(book, true));
    TRY(book_levels_gather(book));
    TRY(read_fields(book, false));
    TRY(book_groups_check(book));
    TRY(book_check(book));
    note_signers(&g);
    book->op = NULL;
    *ret = book;
    return ERR_OK;
}

/* ---- looking things up ---- */

const struct book_block *policy_book_blocks(const struct policy_book *book, size_t *ret_count)
{
    *ret_count = book->block_count;
    return book->blocks;
}

size_t policy_book_name_count(const struct policy_book *book, enum book_word word)
{
    must((unsigned)word < BOOK_WORD_COUNT);
    return book->first[word + 1] - book->first[word];
}

enum err policy_book_find(const struct policy_book *book, enum book_word word, struct span id,
                          uint32_t *ret)
{
    uint32_t low = book->first[word];
    uint32_t high = book->first[word + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = span_compare(book->names[middle].id, id);
        if (order == 0) {
            *ret = middle - book->first[word];
            return ERR_OK;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return ERR_ABSENT;
}

static const struct book_name *name_at(const struct policy_book *book, enum book_word word,
                                       uint32_t name)
{
    must(name < policy_book_name_count(book, word));
    return &book->names[book->first[word] + name];
}

const struct book_block *policy_book_block_on(const struct policy_book *book, enum book_word word,
                                              uint32_t name, int32_t day)
{
    const struct book_name *at = name_at(book, word, name);
    for (uint32_t i = 0; i < at->block_count; i++) {
        const struct book_block *block = &book->blocks[at->block_first + i];
        if (day >= block->from_day && day <= block->to_day) {
            return block;
        }
    }
    return NULL;
}

struct span policy_book_id(const struct policy_book *book, enum book_word word, uint32_t name)
{
    return name_at(book, word, name)->id;
}

const struct book_field *policy_block_field(const struct book_block *block, enum book_key key)
{
    for (size_t i = 0; i < block->field_count; i++) {
        if (block->fields[i].key == key) {
            return &block->fields[i];
        }
    }
    return NULL;
}

struct span policy_block_text(const struct book_block *block, enum book_key key)
{
    const struct book_field *field = policy_block_field(block, key);
    return field == NULL ? SPAN("") : field->text;
}
