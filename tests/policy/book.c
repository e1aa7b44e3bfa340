// SPDX-License-Identifier: EUPL-1.2
#include "policy/book.h"

#include "tests/testing.h"

enum { TEXT_SIZE_MAX = 256 };

/* In each test the file "base", with what others refer to, and the file "it", with what is tested.
 */
#define BASE                                                                                       \
    "[kind \"k\"]\nname = K\n[act \"share\"]\nname = S\n[act \"receive\"]\nname = R\n"             \
    "[purpose \"d\"]\nname = D\ndefensive = yes\n[party \"p\"]\nname = P\nkind = k\n"              \
    "[party \"q\"]\nname = Q\nkind = k\n[group \"g\"]\nname = G\nmember = p\n"                     \
    "[classification \"c\"]\nname = C\nlevel = LOW | L\nlevel = VERY HIGH\n"
#define PARTY   "[party \"x\"]\nname = X\nkind = k\n"
#define MANDATE "[mandate \"m\"]\nwho = p\nact = share\ntitle = T.\n"
#define AGREEMENT                                                                                  \
    "[agreement \"a\"]\nname = A\nparties = p, q\nacts = share\ndata = any\npurpose = d\n"         \
    "valid-from = 2024-01-01\n"

static enum err read_files(struct op *op, const char *one, const char *other,
                           const struct policy_book **ret)
{
    const struct book_file files[] = {
        { .name = SPAN("base"), .text = span_of(one) },
        { .name = SPAN("it"), .text = span_of(other) },
    };
    return policy_book_read(op, files, 2, ret);
}

static void check_read(const char *text)
{
    struct op op;
    const struct policy_book *book = NULL;
    testing_op_begin(&op);
    check_err(read_files(&op, BASE, text, &book), ERR_OK);
    assert_non_null(book);
    op_end(&op);
}

/* The file "it" has a fault in a line. */
static void check_fault(const char *text, unsigned line)
{
    struct op op;
    struct buf begins;
    const struct policy_book *book = NULL;
    testing_op_begin(&op);
    buf_init(&begins, TEXT_SIZE_MAX);
    buf_add_format(&begins, "it: line %u: ", line);

    enum err err = read_files(&op, BASE, text, &book);

    check_err(err, ERR_FORMAT);
    struct span fault = span_of(op.fault.text);
    if (!span_starts_with(fault, buf_span(&begins)) || fault.size == begins.size) {
        fail_msg("expected a fault in line %u, got \"%s\" of:\n%s", line, op.fault.text, text);
    }
    assert_null(book);
    buf_done(&begins);
    op_end(&op);
}

TEST(book_of_no_files_is_an_empty_book)
{
    struct op op;
    const struct policy_book *book = NULL;
    size_t count = 1;
    testing_op_begin(&op);

    check_err(policy_book_read(&op, NULL, 0, &book), ERR_OK);

    policy_book_blocks(book, &count);
    assert_int_equal(count, 0);
    op_end(&op);
}

TEST(book_blocks_are_found_by_id_and_day)
{
    struct op op;
    const struct policy_book *book = NULL;
    uint32_t name = 0;
    testing_op_begin(&op);
    check_err(read_files(&op, BASE,
                         "[party \"x\"]\nname = Now\nkind = k\nvalid-from = 1970-01-11\n"
                         "[party \"x\"]\nname = Then\nkind = k\nvalid-to = 1970-01-10\n",
                         &book),
              ERR_OK);
    check_err(policy_book_find(book, BOOK_PARTY, SPAN("x"), &name), ERR_OK);

    const struct book_block *then = policy_book_block_on(book, BOOK_PARTY, name, 9);
    const struct book_block *now = policy_book_block_on(book, BOOK_PARTY, name, 10);

    check_span(policy_block_text(then, BOOK_KEY_NAME), "Then");
    check_span(policy_block_text(now, BOOK_KEY_NAME), "Now");
    check_span(now->file, "it");
    assert_int_equal(now->line, 1);
    check_err(policy_book_find(book, BOOK_PARTY, SPAN("y"), &name), ERR_ABSENT);
    check_err(policy_book_find(book, BOOK_KIND, SPAN("x"), &name), ERR_ABSENT);
    op_end(&op);
}

TEST(book_levels_are_known_in_any_case_and_spelling)
{
    struct op op;
    const struct policy_book *book = NULL;
    uint32_t low = 0;
    uint32_t high = 0;
    testing_op_begin(&op);
    check_err(read_files(&op, BASE, "", &book), ERR_OK);

    check_err(policy_book_level(book, SPAN("c"), SPAN("l"), &low), ERR_OK);
    check_err(policy_book_level(book, SPAN("c"), SPAN(" very\t HIGH"), &high), ERR_OK);

    assert_true(low < high);
    check_err(policy_book_level(book, SPAN("c"), SPAN("VERYHIGH"), &high), ERR_ABSENT);
    check_err(policy_book_level(book, SPAN("d"), SPAN("LOW"), &high), ERR_ABSENT);
    op_end(&op);
}

TEST(book_with_an_unknown_word_or_key_is_refused)
{
    check_fault("\n[ship \"s\"]\nname = S\n", 2);
    check_fault("[kind \"x\"]\nname = X\nkind = k\n", 3);
    check_fault("[kind \"x\"]\nname = X\ncolour = green\n", 3);
}

TEST(book_with_a_key_that_is_missing_or_there_twice_is_refused)
{
    check_fault("[party \"x\"]\nname = X\n", 1);
    check_fault("[party \"x\"]\nkind = k\n", 1);
    check_fault(PARTY "name = Y\n", 4);
    check_fault("[group \"x\"]\nmember = p\n", 1);
    check_fault("[person \"x\"]\nname = X\n", 1);
    check_fault(MANDATE, 1);
    check_fault(MANDATE "effect = consent\n", 1);
    check_read(MANDATE "effect = consent\nby = the owner\n");
    check_fault("[privacy \"x\"]\ndata = any\n", 1);
    check_fault("[retention \"x\"]\ndata = indicator\n", 1);
    check_fault("[classification \"x\"]\nlevel = X\n", 1);
}

TEST(book_with_an_id_that_nothing_defines_is_refused)
{
    check_fault("[party \"x\"]\nname = X\nkind = none\n", 3);
    check_fault(PARTY "organisation = none\n", 4);
    check_fault(PARTY "clients = none\n", 4);
    check_fault(PARTY "clearance = c:NONE\n", 4);
    check_fault(PARTY "clearance = none:LOW\n", 4);
    check_fault("[person \"x\"]\nname = X\nof = none\n", 3);
    check_fault("[group \"x\"]\nname = X\nmember = none\n", 3);
    check_fault("[group \"x\"]\nname = X\nmember = group:none\n", 3);
    check_fault(MANDATE "effect = allow\npurpose = none\n", 6);
    check_fault(MANDATE "effect = allow\nwith = kind:none\n", 6);
    check_fault(AGREEMENT "valid-to = 2025-01-01\nclass = c:NONE\n", 9);
}

TEST(book_with_a_wrong_value_is_refused)
{
    check_fault(PARTY "country = Holland\n", 4);
    check_fault(PARTY "identity = identity--1\n", 4);
    check_fault(PARTY "status = certain\n", 4);
    check_fault(MANDATE "effect = maybe\n", 5);
    check_fault(MANDATE "effect = allow\ndata = indicator, names\n", 6);
    check_fault(MANDATE "effect = allow\ndata = indicator,, victim\n", 6);
    check_fault("[purpose \"x\"]\nname = X\ndefensive = 1\n", 3);
    check_fault("[privacy \"x\"]\ndata = indicator\ndo = keep\n", 2);
    check_fault("[privacy \"x\"]\ndata = any\ndo = forget\n", 3);
    check_fault("[retention \"x\"]\ndata = indicator\ndays = 0\n", 3);
    check_fault("[marking \"x\"]\ndefinition = X\nmeans = nothing\n", 2);
    check_fault(AGREEMENT "valid-to = 2025-01-01\ntlp = RED\n", 9);
}

TEST(book_with_a_day_that_is_none_is_refused)
{
    check_fault(PARTY "valid-from = 2023-02-29\n", 4);
    check_fault(PARTY "valid-from = 2024-2-1\n", 4);
    check_fault(PARTY "valid-to = never\n", 4);
    check_fault(PARTY "valid-from = 2024-01-02\nvalid-to = 2024-01-01\n", 1);
    check_fault("[group \"x\"]\nname = X\nmember = p from 2024-13-01\n", 3);
    check_fault("[group \"x\"]\nname = X\nmember = p from 2024-01-02 to 2024-01-01\n", 3);
    check_read(PARTY "valid-from = 2024-02-29\nvalid-to = 2024-02-29\n");
}

TEST(book_with_two_blocks_of_one_id_on_one_day_is_refused)
{
    check_fault(PARTY PARTY, 4);
    check_fault(PARTY "valid-to = 2020-01-01\n" PARTY "valid-from = 2020-01-01\n", 5);
    check_fault(PARTY PARTY "valid-from = 2020-01-01\n", 4);
    check_read(PARTY "valid-to = 2020-01-01\n" PARTY "valid-from = 2020-01-02\n");
}

TEST(book_with_a_group_that_holds_itself_is_refused)
{
    check_fault("[group \"x\"]\nname = X\nmember = p\nmember = group:x\n", 4);
    check_fault("[group \"x\"]\nname = X\nmember = group:y to 2000-01-01\n"
                "[group \"y\"]\nname = Y\nmember = group:x from 2001-01-01\n",
                6);
    check_read("[group \"x\"]\nname = X\nmember = group:g\nmember = group:y\n"
               "[group \"y\"]\nname = Y\nmember = group:g\n");
}

TEST(book_with_a_scheme_that_does_not_hold_on_all_days_is_refused)
{
    check_fault("[classification \"x\"]\nname = X\nlevel = A\nvalid-to = 2020-01-01\n", 1);
    check_fault("[classification \"x\"]\nname = X\nlevel = A\nlevel = B | a\n", 4);
}

TEST(book_with_an_identity_that_two_have_is_refused)
{
    check_fault(PARTY "identity = identity--5abf3502-6dd3-4cf5-8d75-a90ef860c3e2\n"
                      "[party \"y\"]\nname = Y\nkind = k\n"
                      "identity = identity--5abf3502-6dd3-4cf5-8d75-a90ef860c3e2\n",
                8);
}

TEST(book_with_a_definition_that_two_markings_explain_is_refused)
{
    check_fault("[marking \"x\"]\nmeans = nobody\n"
                "definition = marking-definition--5abf3502-6dd3-4cf5-8d75-a90ef860c3e2\n"
                "[marking \"y\"]\nmeans = nothing\n"
                "definition = marking-definition--5abf3502-6dd3-4cf5-8d75-a90ef860c3e2\n",
                6);
}

TEST(book_with_two_clearances_of_one_scheme_is_refused)
{
    check_fault(PARTY "clearance = c:LOW\nclearance = c:VERY HIGH\n", 5);
    check_read(PARTY "clearance = c:VERY HIGH\n");
}

TEST(book_agreements_stand_alone_and_have_an_end)
{
    check_read(AGREEMENT "valid-to = 2025-01-01\n");
    check_fault(AGREEMENT, 1);
    check_fault(AGREEMENT "valid-to = 2025-01-01\n" PARTY, 1);
    check_fault("[agreement \"a\"]\nname = A\nparties = p\nacts = share\ndata = any\npurpose = d\n"
                "valid-from = 2024-01-01\nvalid-to = 2025-01-01\n",
                3);
}

TEST(book_says_what_there_may_be_only_once)
{
    check_fault("[purpose \"x\"]\nname = X\ndefault = yes\n[purpose \"y\"]\nname = Y\n"
                "default = yes\n",
                4);
    check_fault("[decider \"x\"]\nact = any\nrole = X\n[decider \"y\"]\nact = any\nrole = Y\n", 4);
    check_read("[decider \"x\"]\nact = any\nrole = X\nvalid-to = 2024-12-31\n[decider \"y\"]\n"
               "act = any\nrole = Y\nvalid-from = 2025-01-01\n");
    check_fault("[exclusion \"x\"]\ntitle = T\nroles = one\n", 3);
}

TEST(book_does_not_depend_on_the_order_of_files)
{
    struct op op;
    const struct policy_book *one = NULL;
    const struct policy_book *other = NULL;
    size_t count = 0;
    size_t other_count = 0;
    const struct book_file files[] = {
        { .name = SPAN("1"), .text = SPAN(BASE) },
        { .name = SPAN("2"), .text = SPAN(PARTY) },
        { .name = SPAN("3"), .text = SPAN(MANDATE "effect = allow\n") },
    };
    const struct book_file turned[] = { files[2], files[1], files[0] };
    testing_op_begin(&op);

    check_err(policy_book_read(&op, files, 3, &one), ERR_OK);
    check_err(policy_book_read(&op, turned, 3, &other), ERR_OK);

    const struct book_block *blocks = policy_book_blocks(one, &count);
    const struct book_block *others = policy_book_blocks(other, &other_count);
    assert_int_equal(count, other_count);
    for (size_t i = 0; i < count; i++) {
        assert_true(blocks[i].word == others[i].word && blocks[i].line == others[i].line);
        assert_true(span_equal(blocks[i].id, others[i].id));
        assert_true(span_equal(blocks[i].file, others[i].file));
    }
    op_end(&op);
}
