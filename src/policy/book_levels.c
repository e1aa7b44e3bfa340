// SPDX-License-Identifier: EUPL-1.2
/*
 * Levels of classification, as schemes spell them.
 */
#include "policy/book_inner.h"

/* The next word of a text, parted by white space. */
static bool next_word(struct span *rest, struct span *ret)
{
    struct span text = span_trim(*rest);
    size_t end = 0;
    while (end < text.size && text.data[end] != ' ' && text.data[end] != '\t') {
        end++;
    }
    *ret = span_slice(text, 0, end);
    *rest = span_from(text, end);
    return end > 0;
}

static bool spelled_alike(struct span a, struct span b)
{
    struct span one;
    struct span other;
    for (;;) {
        bool more = next_word(&a, &one);
        if (next_word(&b, &other) != more) {
            return false;
        }
        if (!more) {
            return true;
        }
        if (!span_equal_nocase(one, other)) {
            return false;
        }
    }
}

static bool has_spelling(struct span names, struct span name)
{
    struct span each;
    while (span_next(&names, '|', &each)) {
        if (spelled_alike(each, name)) {
            return true;
        }
    }
    return false;
}

bool book_level_is_spelled(const struct book_level *level, struct span text)
{
    return has_spelling(level->names, text);
}

static enum err find_level(const struct policy_book *book, uint32_t scheme, struct span name,
                           uint32_t *ret)
{
    for (size_t i = 0; i < book->level_count; i++) {
        if (book->levels[i].scheme == scheme && has_spelling(book->levels[i].names, name)) {
            *ret = (uint32_t)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

enum err policy_book_level(const struct policy_book *book, struct span scheme, struct span level,
                           uint32_t *ret)
{
    uint32_t name = 0;
    TRY(policy_book_find(book, BOOK_CLASSIFICATION, scheme, &name));
    return find_level(book, name, level, ret);
}

static enum err level_add(struct policy_book *book, const struct book_block *block,
                          const struct book_field *field, uint32_t rank)
{
    struct span names = field->text;
    struct span each;
    while (span_next(&names, '|', &each)) {
        uint32_t other = 0;
        bool empty = span_trim(each).size == 0;
        if (empty || find_level(book, block->name, each, &other) == ERR_OK) {
            return book_fault(book, block->file, field->line, ERR_FORMAT,
                              empty ? "level: a spelling is empty"
                                    : "level: another level of this scheme is spelled so");
        }
    }
    if (book->level_count == BOOK_LEVEL_COUNT_MAX) {
        return book_fault(book, block->file, field->line, ERR_LIMIT,
                          "more than %d levels of classification", BOOK_LEVEL_COUNT_MAX);
    }
    book->levels[book->level_count++] = (struct book_level){
        .scheme = block->name,
        .rank = rank,
        .names = field->text,
    };
    return ERR_OK;
}

enum err book_levels_gather(struct policy_book *book)
{
    for (size_t i = 0; i < book->block_count; i++) {
        const struct book_block *block = &book->blocks[i];
        if (block->word != BOOK_CLASSIFICATION) {
            continue;
        }
        if (i > 0 && block[-1].word == block->word && block[-1].name == block->name) {
            return book_fault(book, block->file, block->line, ERR_FORMAT,
                              "a scheme of classification has one block, for all days");
        }
        if (block->from_day != INT32_MIN || block->to_day != INT32_MAX) {
            return book_fault(book, block->file, block->line, ERR_FORMAT,
                              "a scheme of classification is there on all days");
        }
        uint32_t rank = 0;
        for (size_t j = 0; j < block->field_count; j++) {
            if (block->fields[j].key == BOOK_KEY_LEVEL) {
                TRY(level_add(book, block, &block->fields[j], rank));
                rank++;
            }
        }
    }
    return ERR_OK;
}
