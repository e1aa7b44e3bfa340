// SPDX-License-Identifier: EUPL-1.2
#include "base/op.h"

#include "base/memory.h"
#include "tests/testing.h"

TEST(op_keeps_the_first_fault_and_returns_each_error)
{
    struct op op;
    testing_op_begin(&op);

    check_err(op_fail(&op, ERR_FORMAT, "line %d: %s", 3, "no colon"), ERR_FORMAT);
    check_err(op_fail(&op, ERR_IO, "later"), ERR_IO);

    assert_int_equal(op.fault.err, ERR_FORMAT);
    assert_string_equal(op.fault.text, "line 3: no colon");
    op_end(&op);
}

TEST(op_fault_gathers_words_before_its_text)
{
    struct op op;
    testing_op_begin(&op);

    op_fault_prefix(&op, "ignored without a fault: ");
    assert_string_equal(op.fault.text, "");
    (void)op_fail(&op, ERR_FORMAT, "no colon");
    op_fault_prefix(&op, "line %d: ", 3);
    op_fault_prefix(&op, "%s: ", "list.csv");

    assert_string_equal(op.fault.text, "list.csv: line 3: no colon");
    op_end(&op);
}

TEST(op_fault_text_is_cut_at_its_size_and_always_ends)
{
    struct op op;
    testing_op_begin(&op);
    char longer[2 * FAULT_TEXT_SIZE];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';

    (void)op_fail(&op, ERR_FORMAT, "%s", longer);
    assert_int_equal(strlen(op.fault.text), FAULT_TEXT_SIZE - 1);
    op_fault_prefix(&op, "file: ");
    assert_int_equal(strlen(op.fault.text), FAULT_TEXT_SIZE - 1);
    assert_true(span_starts_with(span_of(op.fault.text), SPAN("file: xxx")));
    op_fault_prefix(&op, "%s", longer);
    assert_int_equal(strlen(op.fault.text), FAULT_TEXT_SIZE - 1);

    op_end(&op);
}

TEST(op_fault_text_stays_well_formed_where_it_is_cut)
{
    struct op op;
    testing_op_begin(&op);
    char longer[FAULT_TEXT_SIZE + 64];
    for (size_t i = 0; i + 2 < sizeof longer; i += 2) {
        longer[i] = '\xc3';
        longer[i + 1] = '\xa9';
        longer[i + 2] = '\0';
    }

    (void)op_fail(&op, ERR_FORMAT, "%s", longer);
    size_t size = strlen(op.fault.text);
    assert_int_equal((uint8_t)op.fault.text[size - 1], 0xA9);
    op_fault_prefix(&op, "x");
    size = strlen(op.fault.text);
    assert_int_equal((uint8_t)op.fault.text[size - 1], 0xA9);

    op_end(&op);
}

TEST(op_forgets_a_fault_that_was_cleared)
{
    struct op op;
    testing_op_begin(&op);

    (void)op_fail(&op, ERR_FORMAT, "one");
    op_fault_clear(&op);
    assert_int_equal(op.fault.err, ERR_OK);
    (void)op_fail(&op, ERR_IO, "two");

    assert_int_equal(op.fault.err, ERR_IO);
    assert_string_equal(op.fault.text, "two");
    op_end(&op);
}

TEST(op_tells_when_its_memory_is_used_up)
{
    const struct actor actor = { .name = SPAN("tester") };
    struct op op;
    op_begin(&op, &actor, 4096);
    struct span copy = SPAN("untouched");

    assert_non_null(op_alloc(&op, 100));
    assert_null(op_alloc(&op, 8192));
    assert_int_equal(op.fault.err, ERR_LIMIT);
    assert_non_null(strstr(op.fault.text, "4096 bytes"));
    op_fault_clear(&op);
    static const uint8_t large[8192];
    check_err(op_copy(&op, span_make(large, sizeof large), &copy), ERR_LIMIT);
    assert_int_equal(op.fault.err, ERR_LIMIT);

    check_span(copy, "untouched");
    op_end(&op);
}

TEST(op_tells_when_the_machine_has_no_memory)
{
    struct op op;
    testing_op_begin(&op);

    memory_fail_after(0);
    void *block = op_alloc(&op, 1);
    memory_fail_after(UINT64_MAX);

    assert_null(block);
    assert_int_equal(op.fault.err, ERR_LIMIT);
    op_end(&op);
}

TEST(op_copies_bytes_that_outlive_their_source)
{
    struct op op;
    testing_op_begin(&op);
    char source[] = "text";
    struct span copy;

    check_err(op_copy(&op, span_of(source), &copy), ERR_OK);
    source[0] = 'X';

    check_span(copy, "text");
    op_end(&op);
}

TEST(op_stops_when_asked)
{
    struct op op;
    testing_op_begin(&op);
    atomic_bool cancel = false;

    check_err(op_check(&op), ERR_OK);
    op.cancel = &cancel;
    check_err(op_check(&op), ERR_OK);
    atomic_store(&cancel, true);
    check_err(op_check(&op), ERR_CANCELLED);

    assert_int_equal(op.fault.err, ERR_CANCELLED);
    op_end(&op);
}

TEST(every_error_has_a_name_of_its_own)
{
    for (unsigned a = 0; a <= ERR_CANCELLED; a++) {
        assert_string_not_equal(err_name((enum err)a), "unknown");
        for (unsigned b = 0; b < a; b++) {
            assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
        }
    }
    assert_string_equal(err_name((enum err)(ERR_CANCELLED + 1)), "unknown");
    assert_string_equal(err_name((enum err)1000), "unknown");
}
