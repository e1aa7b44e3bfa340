// SPDX-License-Identifier: EUPL-1.2
// links: policy stix format os base
/*
 * Files of parties from hostile bytes, parted by lines "%%". What must hold: a fault names one of
 * the files and a line of it; what reads as a book reads as the same book with the files in another
 * order; each block's days are days, and no two of one id share one.
 */
#include "base/must.h"
#include "policy/book.h"
#include "policy/day.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 256 * 1024 * 1024, FILE_COUNT_MAX = 8, DAY = 20000 };

struct input {
    struct book_file files[FILE_COUNT_MAX];
    size_t count;
};

static void cut(struct span rest, struct input *input)
{
    static const char *const names[FILE_COUNT_MAX] = { "0", "1", "2", "3", "4", "5", "6", "7" };
    struct span parting = SPAN("\n%%\n");
    bool more = true;
    while (more && input->count < FILE_COUNT_MAX) {
        size_t end = 0;
        while (end < rest.size && !span_starts_with(span_from(rest, end), parting)) {
            end++;
        }
        input->files[input->count] = (struct book_file){
            .name = span_of(names[input->count]),
            .text = span_slice(rest, 0, end),
        };
        input->count++;
        more = end < rest.size;
        rest = more ? span_from(rest, end + parting.size) : rest;
    }
}

static size_t line_count(struct span text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == '\n' ? 1 : 0;
    }
    return count;
}

/* "3: line 12: ..." */
static void check_fault(const struct op *op, const struct input *input)
{
    struct span text = span_of(op->fault.text);
    size_t line = 0;
    size_t at = 1 + sizeof ": line " - 1;
    must(text.size > at && text.data[0] >= '0' && text.data[0] < '0' + (int)input->count);
    must(span_starts_with(span_from(text, 1), SPAN(": line ")));
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9') {
        line = line * 10 + (text.data[at] - (size_t)'0');
        at++;
    }
    must(line >= 1 && line <= line_count(input->files[text.data[0] - '0'].text));
    must(span_starts_with(span_from(text, at), SPAN(": ")) && text.size > at + 2);
}

static void check_days(const struct book_block *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct book_block *next = &blocks[i + 1];
        must(blocks[i].from_day <= blocks[i].to_day);
        if (i + 1 < count && next->word == blocks[i].word && next->name == blocks[i].name) {
            must(blocks[i].to_day < next->from_day);
        }
    }
}

static void check_same_block(const struct book_block *a, const struct book_block *b)
{
    must(a->word == b->word && a->name == b->name && span_equal(a->id, b->id));
    must(span_equal(a->file, b->file) && a->line == b->line);
    must(a->from_day == b->from_day && a->to_day == b->to_day);
    must(a->field_count == b->field_count);
    for (size_t i = 0; i < a->field_count; i++) {
        const struct book_field *one = &a->fields[i];
        const struct book_field *other = &b->fields[i];
        must(one->key == other->key && one->line == other->line && one->count == other->count);
        must(span_equal(one->text, other->text));
        for (size_t j = 0; j < one->count; j++) {
            must(one->items[j].kind == other->items[j].kind);
            must(one->items[j].name == other->items[j].name);
            must(one->items[j].number == other->items[j].number);
            must(one->items[j].from_day == other->items[j].from_day);
            must(one->items[j].to_day == other->items[j].to_day);
        }
    }
}

static void check_same(const struct policy_book *a, const struct policy_book *b)
{
    size_t count = 0;
    size_t other_count = 0;
    const struct book_block *blocks = policy_book_blocks(a, &count);
    const struct book_block *others = policy_book_blocks(b, &other_count);
    must(count == other_count);
    check_days(blocks, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t name = 0;
        check_same_block(&blocks[i], &others[i]);
        must(policy_book_find(a, blocks[i].word, blocks[i].id, &name) == ERR_OK);
        must(name == blocks[i].name);
        must(policy_book_block_on(a, blocks[i].word, name, blocks[i].from_day) == &blocks[i]);
        must(policy_book_block_on(a, blocks[i].word, name, blocks[i].to_day) == &blocks[i]);
    }
}

/* Whoever is the holder, a day can be made. */
static void check_day(struct op *op, const struct policy_book *book)
{
    for (uint32_t i = 0; i < policy_book_name_count(book, BOOK_PARTY) && i < 2; i++) {
        const struct policy_day *day = NULL;
        enum err err = policy_day_make(op, book, policy_book_id(book, BOOK_PARTY, i), DAY, &day);
        must(err == ERR_OK || err == ERR_LIMIT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    const struct policy_book *book = NULL;
    const struct policy_book *again = NULL;
    struct input input = { .count = 0 };
    struct input turned = { .count = 0 };
    struct op op;
    cut(span_make(data, size), &input);
    for (size_t i = input.count; i > 0; i--) {
        turned.files[turned.count++] = input.files[i - 1];
    }
    op_begin(&op, &actor, MEMORY_MAX);
    enum err err = policy_book_read(&op, input.files, input.count, &book);
    must(err == ERR_OK || err == ERR_FORMAT || err == ERR_LIMIT);
    if (err == ERR_FORMAT) {
        check_fault(&op, &input);
        must(book == NULL);
    }
    if (err == ERR_OK) {
        must(policy_book_read(&op, turned.files, turned.count, &again) == ERR_OK);
        check_same(book, again);
        check_day(&op, book);
    }
    op_end(&op);
    return 0;
}
