// SPDX-License-Identifier: EUPL-1.2
// links: format os base
/*
 * Text in blocks from hostile bytes. What must hold: each block has its fields, in the order of
 * lines; ids and values are what the header promises; what is read, written anew, is read as the
 * same; a fault names the file and a line that there is.
 */
#include "base/buf.h"
#include "base/must.h"
#include "base/text.h"
#include "format/blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 64 * 1024 * 1024, TEXT_SIZE_MAX = 4 * BLOCKS_TEXT_SIZE_MAX };

#define FILE_NAME "a/file.txt"

static void check_fault(const struct op *op, enum err err, size_t line_count)
{
    const struct span before = SPAN(FILE_NAME ": line ");
    struct span text = span_of(op->fault.text);
    size_t line = 0;
    size_t at = before.size;
    must(err == ERR_FORMAT || err == ERR_LIMIT);
    must(span_starts_with(text, SPAN(FILE_NAME ": ")));
    if (err == ERR_LIMIT && !span_starts_with(text, before)) {
        return; /* of the text as a whole */
    }
    must(span_starts_with(text, before));
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9') {
        line = line * 10 + (text.data[at] - (size_t)'0');
        at++;
    }
    must(line >= 1 && line <= line_count);
    must(span_starts_with(span_from(text, at), SPAN(": ")));
}

static void check_value(struct span value)
{
    must(value.size <= BLOCKS_VALUE_SIZE_MAX);
    must(span_trim(value).size == value.size);
    must(text_valid_size(value) == value.size);
    for (size_t i = 0; i < value.size; i++) {
        must(value.data[i] >= ' ' || value.data[i] == '\t');
    }
}

static void check_blocks(const struct blocks *blocks, size_t line_count)
{
    size_t field = 0;
    unsigned line = 0;
    for (size_t i = 0; i < blocks->block_count; i++) {
        const struct blocks_block *block = &blocks->blocks[i];
        must(blocks_id_is_valid(block->id) && block->word.size > 0);
        must(block->line > line && block->line <= line_count);
        must(block->field_first == field);
        line = block->line;
        for (size_t j = 0; j < block->field_count; j++, field++) {
            must(blocks->fields[field].line > line && blocks->fields[field].line <= line_count);
            must(blocks->fields[field].key.size > 0);
            check_value(blocks->fields[field].value);
            line = blocks->fields[field].line;
        }
    }
    must(field == blocks->field_count);
}

/* False where a line would be too long: a value of several lines is written as one. */
static bool write_again(const struct blocks *blocks, struct buf *buf)
{
    for (size_t i = 0; i < blocks->block_count; i++) {
        const struct blocks_block *block = &blocks->blocks[i];
        buf_add_byte(buf, '[');
        buf_add(buf, block->word);
        buf_add(buf, SPAN(" \""));
        buf_add(buf, block->id);
        buf_add(buf, SPAN("\"]\n"));
        for (size_t j = 0; j < block->field_count; j++) {
            const struct blocks_field *field = &blocks->fields[block->field_first + j];
            if (field->key.size + field->value.size + 3 > BLOCKS_LINE_SIZE_MAX) {
                return false;
            }
            buf_add(buf, field->key);
            buf_add(buf, SPAN(" = "));
            buf_add(buf, field->value);
            buf_add_byte(buf, '\n');
        }
    }
    return buf->err == ERR_OK && buf->size <= BLOCKS_TEXT_SIZE_MAX;
}

static void check_same(const struct blocks *a, const struct blocks *b)
{
    must(a->block_count == b->block_count && a->field_count == b->field_count);
    for (size_t i = 0; i < a->block_count; i++) {
        must(span_equal(a->blocks[i].word, b->blocks[i].word));
        must(span_equal(a->blocks[i].id, b->blocks[i].id));
        must(a->blocks[i].field_count == b->blocks[i].field_count);
    }
    for (size_t i = 0; i < a->field_count; i++) {
        must(span_equal(a->fields[i].key, b->fields[i].key));
        must(span_equal(a->fields[i].value, b->fields[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    struct blocks blocks;
    struct blocks again;
    struct buf buf;
    struct op op;
    size_t line_count = 1;
    for (size_t i = 0; i < size; i++) {
        line_count += data[i] == '\n' ? 1 : 0;
    }
    op_begin(&op, &actor, MEMORY_MAX);
    buf_init(&buf, TEXT_SIZE_MAX);
    enum err err = blocks_read(&op, SPAN(FILE_NAME), span_make(data, size), &blocks);
    if (err != ERR_OK) {
        check_fault(&op, err, line_count);
    } else {
        check_blocks(&blocks, line_count);
        if (write_again(&blocks, &buf)) {
            must(blocks_read(&op, SPAN("again"), buf_span(&buf), &again) == ERR_OK);
            check_same(&blocks, &again);
        }
    }
    buf_done(&buf);
    op_end(&op);
    return 0;
}
