// SPDX-License-Identifier: EUPL-1.2
/*
 * Our own scanner, in steps that each have a file: find the tokens (record_index.h), read the
 * fields as in an earlier line of the same skeleton (record_memo.h), and where there was none, walk
 * over the tokens (record_walk.h).
 *
 * Budget: 120 ns for a line of 500 bytes with 40 wanted paths, and less than half of what
 * simdjson's DOM alone takes; measured by bench/record_bench.c.
 */
#include "base/memory.h"
#include "format/record_engine.h"
#include "format/record_utf8.h"

enum {
    TOKEN_COUNT_MAX = RECORD_LINE_SIZE_MAX + RECORD_INDEX_SLACK,
    TEXT_SIZE_MAX = RECORD_LINE_SIZE_MAX + RECORD_PADDING_SIZE,
};

/* Go on only where nothing is wrong. */
#define TRY_FAULT(call)                                                                            \
    do {                                                                                           \
        enum record_fault fault_ = (call);                                                         \
        if (fault_ != RECORD_FAULT_NONE) {                                                         \
            return fault_;                                                                         \
        }                                                                                          \
    } while (0)

struct record_fast {
    const struct record_shape *shape;
    const struct record_index *index;
    struct record_tokens tokens;
    uint8_t *text;
    struct record_trace trace;
    struct record_memory memory;
    const struct record_page_way *pages; /* NULL: lines are scanned one by one */
    struct record_page *page;            /* NULL until it is asked for */
};

enum err record_fast_new(struct op *op, const struct record_shape *shape,
                         const struct record_index *index, const struct record_page_way *pages,
                         struct record_fast **ret)
{
    struct record_fast *fast = memory_new(sizeof *fast);
    if (fast == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for a record scanner");
    }
    fast->shape = shape;
    fast->index = index;
    fast->pages = pages;
    /* Room for the worst line; what no line needs is never touched, and so never resident. */
    fast->tokens.positions = memory_new_array(TOKEN_COUNT_MAX, sizeof *fast->tokens.positions);
    fast->tokens.classes = memory_new(TOKEN_COUNT_MAX);
    fast->text = memory_new(TEXT_SIZE_MAX);
    bool remembers = record_memory_init(&fast->memory);
    if (!remembers || fast->tokens.positions == NULL || fast->tokens.classes == NULL ||
        fast->text == NULL) {
        record_fast_free(fast);
        return op_fail(op, ERR_LIMIT, "no memory for the tokens of a record scanner");
    }
    *ret = fast;
    return ERR_OK;
}

void record_fast_free(struct record_fast *fast)
{
    if (fast == NULL) {
        return;
    }
    record_page_free(fast->page);
    record_memory_done(&fast->memory);
    memory_free(fast->text);
    memory_free(fast->tokens.classes);
    memory_free(fast->tokens.positions);
    memory_free(fast);
}

static enum record_fault line_index(struct record_fast *fast, struct span line)
{
    enum record_fault fault = fast->index->run(line, &fast->tokens);
    if (fault != RECORD_FAULT_NONE) {
        return fault;
    }
    bool valid = !fast->tokens.non_ascii || record_utf8_valid(line);
    return valid ? RECORD_FAULT_NONE : RECORD_FAULT_UTF8;
}

static enum record_fault line_walk(struct record_fast *fast, struct record_source *source,
                                   uint32_t hash, struct record *ret)
{
    enum record_fault fault = record_walk(source, fast->shape->root, &fast->trace, ret);
    if (fault == RECORD_FAULT_NONE) {
        record_memo_learn(&fast->memory, source, hash, &fast->trace, ret);
    }
    return fault;
}

enum record_fault record_fast_scan(struct record_fast *fast, struct span line, struct record *ret)
{
    TRY_FAULT(line_index(fast, line));
    struct record_source source = { .line = line, .tokens = &fast->tokens, .text = fast->text };
    uint32_t hash = record_memo_hash(&fast->tokens);
    const struct record_memo *memo = record_memo_find(&fast->memory, &source, hash);
    return memo != NULL ? record_memo_read(memo, &source, ret)
                        : line_walk(fast, &source, hash, ret);
}

enum record_fault record_fast_scan_known(struct record_fast *fast, struct span line,
                                         struct record *ret, struct record_known *known)
{
    TRY_FAULT(line_index(fast, line));
    struct record_source source = { .line = line, .tokens = &fast->tokens, .text = fast->text };
    uint32_t hash = record_memo_hash(&fast->tokens);
    const struct record_memo *memo = record_memo_find(&fast->memory, &source, hash);
    if (memo == NULL) {
        return line_walk(fast, &source, hash, ret);
    }
    if (fast->page != NULL) {
        record_page_learn(fast->page, &fast->memory, memo);
    }
    if (fast->tokens.escapes) { /* its strings may have to be unescaped, which takes room */
        return record_memo_read(memo, &source, ret);
    }
    return record_memo_know(&fast->memory, memo, &source, known);
}

void record_fast_known_read(struct record_fast *fast, const struct record_known *known,
                            struct record *ret)
{
    struct span line = span_make(known->data, fast->tokens.positions[fast->tokens.count]);
    struct record_source source = { .line = line, .tokens = &fast->tokens, .text = fast->text };
    must(record_memo_read(known->memo, &source, ret) == RECORD_FAULT_NONE); /* it was looked at */
}

/* Where there is no memory for a page, lines are scanned one by one. */
size_t record_fast_page_begin(struct record_fast *fast, struct span rest)
{
    if (fast->page == NULL && fast->pages != NULL) {
        fast->page = record_page_new(fast->pages);
    }
    return fast->page != NULL ? record_page_read(fast->page, &fast->memory, rest) : 0;
}

bool record_fast_page_next(struct record_fast *fast, struct record_alike *ret)
{
    return record_page_next_alike(fast->page, &fast->memory, ret);
}

void record_fast_page_refuse(struct record_fast *fast, const struct record_page_line *line)
{
    record_page_leave(fast->page, line);
}

bool record_fast_page_other(struct record_fast *fast, struct span *ret_line)
{
    struct record_page *page = fast->page;
    if (page->other_count == 0) {
        return false;
    }
    page->other_count--;
    const struct record_page_line *line = page->others[page->other_count];
    *ret_line = span_make(line->data + line->begin, (size_t)(line->end - line->begin));
    return true;
}
