// SPDX-License-Identifier: EUPL-1.2
#include "format/blocks.h"

#include <string.h>

#include "base/buf.h"
#include "tests/testing.h"

struct fixture {
    struct op op;
    struct blocks blocks;
};

static enum err fixture_read(struct fixture *f, const char *text)
{
    testing_op_begin(&f->op);
    f->blocks = (struct blocks){ 0 };
    return blocks_read(&f->op, SPAN("f.txt"), span_of(text), &f->blocks);
}

static void check_read(const char *text, size_t block_count, size_t field_count)
{
    struct fixture f;
    check_err(fixture_read(&f, text), ERR_OK);
    assert_int_equal(f.blocks.block_count, block_count);
    assert_int_equal(f.blocks.field_count, field_count);
    op_end(&f.op);
}

/* Reading fails, and the fault begins so. */
static void check_fault(const char *text, enum err expected, const char *begins)
{
    struct fixture f;
    check_err(fixture_read(&f, text), expected);
    struct span fault = span_of(f.op.fault.text);
    struct span start =
        span_slice(fault, 0, fault.size < strlen(begins) ? fault.size : strlen(begins));
    check_span(start, begins);
    assert_int_equal(f.blocks.block_count, 0);
    op_end(&f.op);
}

/* A text with a long run of one byte in it; in the op's memory. */
static const char *with_run(struct op *op, const char *before, size_t count, const char *after)
{
    struct buf buf;
    buf_init(&buf, BLOCKS_TEXT_SIZE_MAX * 2);
    buf_add(&buf, span_of(before));
    for (size_t i = 0; i < count; i++) {
        buf_add_byte(&buf, 'x');
    }
    buf_add(&buf, span_of(after));
    check_err(buf.err, ERR_OK);
    uint8_t *text = op_alloc(op, buf.size + 1);
    assert_non_null(text);
    span_copy(text, buf.size, buf_span(&buf));
    buf_done(&buf);
    return (const char *)text;
}

TEST(blocks_have_their_fields_and_everything_its_line)
{
    struct fixture f;

    check_err(
        fixture_read(&f, "# what it is\n\n[party \"a.b-1\"]\nname = A = B\n[kind \"k\"]\nnote=x\n"),
        ERR_OK);

    assert_int_equal(f.blocks.block_count, 2);
    check_span(f.blocks.blocks[0].word, "party");
    check_span(f.blocks.blocks[0].id, "a.b-1");
    assert_int_equal(f.blocks.blocks[0].line, 3);
    assert_int_equal(f.blocks.blocks[0].field_count, 1);
    check_span(f.blocks.fields[0].key, "name");
    check_span(f.blocks.fields[0].value, "A = B");
    assert_int_equal(f.blocks.fields[0].line, 4);
    assert_int_equal(f.blocks.blocks[1].field_first, 1);
    assert_int_equal(f.blocks.fields[1].line, 6);
    op_end(&f.op);
}

TEST(blocks_values_go_on_in_lines_that_begin_with_white_space)
{
    struct fixture f;

    check_err(fixture_read(&f, "[kind \"k\"]\nname =  one,\n    two  \n\tthree\nnote = n\n"),
              ERR_OK);

    check_span(f.blocks.fields[0].value, "one, two three");
    check_span(f.blocks.fields[1].value, "n");
    assert_int_equal(f.blocks.fields[1].line, 5);
    op_end(&f.op);
}

TEST(blocks_are_read_with_line_ends_of_windows_and_without_the_last_one)
{
    struct fixture f;

    check_err(fixture_read(&f, "[kind \"k\"]\r\nname = K\r\nnote = last"), ERR_OK);

    check_span(f.blocks.fields[0].value, "K");
    check_span(f.blocks.fields[1].value, "last");
    op_end(&f.op);
}

TEST(blocks_of_an_empty_text_are_none)
{
    check_read("", 0, 0);
    check_read("\n\n# only a remark\n", 0, 0);
    check_read("[kind \"k\"]", 1, 0);
}

TEST(blocks_faults_name_file_and_line)
{
    check_fault("\nname = x\n", ERR_FORMAT, "f.txt: line 2: ");
    check_fault("[kind \"k\"]\nname = x\nno sign\n", ERR_FORMAT, "f.txt: line 3: ");
    check_fault("[kind \"k\"]\n = x\n", ERR_FORMAT, "f.txt: line 2: ");
    check_fault("  indented = x\n", ERR_FORMAT, "f.txt: line 1: ");
    check_fault("[kind \"k\"]\n  goes on with nothing\n", ERR_FORMAT, "f.txt: line 2: ");
}

TEST(blocks_heads_are_a_word_and_an_id_in_quotes)
{
    check_fault("[kind]\n", ERR_FORMAT, "f.txt: line 1: ");
    check_fault("[kind k]\n", ERR_FORMAT, "f.txt: line 1: ");
    check_fault("[kind \"k\"\n", ERR_FORMAT, "f.txt: line 1: ");
    check_fault("[kind \"k\"] more\n", ERR_FORMAT, "f.txt: line 1: ");
    check_fault("[kind \"\"]\n", ERR_FORMAT, "f.txt: line 1: ");
    check_fault("[kind \"K\"]\n", ERR_FORMAT, "f.txt: line 1: ");
    check_fault("[\"k\"]\n", ERR_FORMAT, "f.txt: line 1: ");
}

TEST(blocks_with_what_is_not_utf8_or_cannot_be_seen_are_refused)
{
    check_fault("[kind \"k\"]\nname = a\xff\n", ERR_FORMAT, "f.txt: line 2: ");
    check_fault("[kind \"k\"]\nname = a\xc3\n", ERR_FORMAT, "f.txt: line 2: ");
    check_fault("# \x1b[2J\n", ERR_FORMAT, "f.txt: line 1: ");
    check_read("[kind \"k\"]\nname = caf\xc3\xa9\n", 1, 1);
}

TEST(blocks_have_limits_of_text_line_and_value)
{
    struct op op;
    testing_op_begin(&op);
    const char *head = "[kind \"k\"]\nname = ";
    size_t fits = BLOCKS_LINE_SIZE_MAX - strlen("name = ");

    check_read(with_run(&op, head, fits, "\n"), 1, 1);
    check_fault(with_run(&op, head, fits + 1, "\n"), ERR_LIMIT, "f.txt: line 2: ");
    check_fault(with_run(&op, "# ", BLOCKS_TEXT_SIZE_MAX, "\n"), ERR_LIMIT, "f.txt: ");

    const char *text = with_run(&op, head, fits, "");
    for (size_t i = 0; i < BLOCKS_VALUE_SIZE_MAX / BLOCKS_LINE_SIZE_MAX; i++) {
        text = with_run(&op, text, 0, "\n ");
        text = with_run(&op, text, BLOCKS_LINE_SIZE_MAX - 1, "");
    }
    check_fault(text, ERR_LIMIT, "f.txt: line ");
    op_end(&op);
}

TEST(blocks_ids_are_short_and_of_few_characters)
{
    struct op op;
    testing_op_begin(&op);

    assert_true(blocks_id_is_valid(SPAN("ncsc-nl")));
    assert_true(blocks_id_is_valid(SPAN("0.9")));
    assert_true(blocks_id_is_valid(span_of(with_run(&op, "", BLOCKS_ID_SIZE_MAX, ""))));
    assert_false(blocks_id_is_valid(span_of(with_run(&op, "", BLOCKS_ID_SIZE_MAX + 1, ""))));
    assert_false(blocks_id_is_valid(SPAN("")));
    assert_false(blocks_id_is_valid(SPAN("NCSC")));
    assert_false(blocks_id_is_valid(SPAN("a b")));
    assert_false(blocks_id_is_valid(SPAN("group:a")));
    op_end(&op);
}
