// SPDX-License-Identifier: EUPL-1.2
#include "policy/policy.h"

#include "tests/testing.h"

enum { GRANT_SIZE_MAX = 256 };

#define OTHER_MARKING "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168"

static enum policy_tlp from_name(const char *word)
{
    enum policy_tlp tlp = POLICY_TLP_COUNT;
    check_err(policy_tlp_from_name(span_of(word), &tlp), ERR_OK);
    return tlp;
}

TEST(tlp_names_are_read_back)
{
    for (unsigned i = 0; i < POLICY_TLP_COUNT; i++) {
        assert_int_equal(from_name(policy_tlp_name((enum policy_tlp)i)), i);
    }
}

TEST(tlp_names_are_read_in_any_case_with_and_without_their_prefix)
{
    assert_int_equal(from_name("red"), POLICY_TLP_RED);
    assert_int_equal(from_name("TLP:GREEN"), POLICY_TLP_GREEN);
    assert_int_equal(from_name("tlp:Amber+Strict"), POLICY_TLP_AMBER_STRICT);
    assert_int_equal(from_name("amber"), POLICY_TLP_AMBER);
    assert_int_equal(from_name("tlp:white"), POLICY_TLP_CLEAR);
}

TEST(tlp_name_that_is_none_is_absent)
{
    static const char *const words[] = { "",   "TLP:",         "TLP:TLP:RED", "REDD",
                                         "RE", "AMBER STRICT", "RED " };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        enum policy_tlp tlp = POLICY_TLP_GREEN;

        check_err(policy_tlp_from_name(span_of(words[i]), &tlp), ERR_ABSENT);
        assert_int_equal(tlp, POLICY_TLP_GREEN);
    }
}

TEST(tlp_markings_of_2_0_are_read_back)
{
    for (unsigned i = 0; i < POLICY_TLP_UNKNOWN; i++) {
        const char *id = policy_tlp_marking((enum policy_tlp)i);
        assert_int_equal(policy_tlp_from_marking(span_of(id)), i);
    }
    assert_string_equal(policy_tlp_marking(POLICY_TLP_CLEAR),
                        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487");
    assert_string_equal(policy_tlp_marking(POLICY_TLP_GREEN),
                        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb");
    assert_string_equal(policy_tlp_marking(POLICY_TLP_AMBER),
                        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421");
    assert_string_equal(policy_tlp_marking(POLICY_TLP_AMBER_STRICT),
                        "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003");
    assert_string_equal(policy_tlp_marking(POLICY_TLP_RED),
                        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1");
}

TEST(tlp_markings_of_1_0_are_known)
{
    assert_int_equal(
        policy_tlp_from_marking(SPAN("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9")),
        POLICY_TLP_CLEAR);
    assert_int_equal(
        policy_tlp_from_marking(SPAN("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da")),
        POLICY_TLP_GREEN);
    assert_int_equal(
        policy_tlp_from_marking(SPAN("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82")),
        POLICY_TLP_AMBER);
    assert_int_equal(
        policy_tlp_from_marking(SPAN("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed")),
        POLICY_TLP_RED);
}

TEST(tlp_marking_of_somebody_else_is_unknown)
{
    assert_int_equal(policy_tlp_from_marking(SPAN(OTHER_MARKING)), POLICY_TLP_UNKNOWN);
    assert_int_equal(policy_tlp_from_marking(SPAN("")), POLICY_TLP_UNKNOWN);
    assert_int_equal(policy_tlp_from_marking(SPAN("TLP:CLEAR")), POLICY_TLP_UNKNOWN);
}

TEST(tlp_tighten_takes_the_narrower_and_never_loosens)
{
    for (unsigned a = 0; a < POLICY_TLP_COUNT; a++) {
        for (unsigned b = 0; b < POLICY_TLP_COUNT; b++) {
            unsigned both = policy_tlp_tighten((enum policy_tlp)a, (enum policy_tlp)b);

            assert_int_equal(both, a > b ? a : b);
        }
    }
    assert_int_equal(policy_tlp_tighten(POLICY_TLP_CLEAR, POLICY_TLP_COUNT), POLICY_TLP_UNKNOWN);
    assert_int_equal(policy_tlp_tighten((enum policy_tlp) - 1, POLICY_TLP_CLEAR),
                     POLICY_TLP_UNKNOWN);
}

static struct span marking(enum policy_tlp tlp)
{
    return span_of(policy_tlp_marking(tlp));
}

TEST(tlp_of_an_object_is_the_narrowest_of_its_markings)
{
    const struct span refs[] = { marking(POLICY_TLP_GREEN), marking(POLICY_TLP_AMBER_STRICT),
                                 marking(POLICY_TLP_CLEAR) };
    const struct stix_object object = { .marking_refs = { refs, 3 } };

    assert_int_equal(policy_tlp_of_object(&object, POLICY_TLP_RED), POLICY_TLP_AMBER_STRICT);
}

TEST(tlp_of_an_object_with_a_marking_not_known_is_unknown)
{
    const struct span refs[] = { marking(POLICY_TLP_CLEAR), SPAN(OTHER_MARKING) };
    const struct stix_object object = { .marking_refs = { refs, 2 } };

    assert_int_equal(policy_tlp_of_object(&object, POLICY_TLP_CLEAR), POLICY_TLP_UNKNOWN);
}

TEST(tlp_of_an_object_without_marking_is_that_of_its_source)
{
    const struct stix_object object = { .marking_refs = { NULL, 0 } };

    assert_int_equal(policy_tlp_of_object(&object, POLICY_TLP_AMBER), POLICY_TLP_AMBER);
}

TEST(tlp_of_an_object_is_narrowed_by_the_markings_of_its_parts)
{
    const struct span whole[] = { marking(POLICY_TLP_GREEN) };
    const struct span part[] = { marking(POLICY_TLP_RED) };
    const struct span wide_part[] = { marking(POLICY_TLP_CLEAR) };
    const struct stix_object narrowed = { .marking_refs = { whole, 1 },
                                          .granular_marking_refs = { part, 1 } };
    const struct stix_object bare = { .granular_marking_refs = { wide_part, 1 } };

    assert_int_equal(policy_tlp_of_object(&narrowed, POLICY_TLP_CLEAR), POLICY_TLP_RED);
    assert_int_equal(policy_tlp_of_object(&bare, POLICY_TLP_AMBER), POLICY_TLP_AMBER);
}

TEST(owner_reads_everything_in_the_owners_node)
{
    struct op op;
    testing_op_begin(&op);
    const struct policy_grant *grant = NULL;

    check_err(policy_grant_owner(&op, &grant), ERR_OK);

    for (unsigned i = 0; i < POLICY_TLP_COUNT; i++) {
        assert_true(policy_may_read(grant, (enum policy_tlp)i));
    }
    op_end(&op);
}

TEST(owner_must_have_a_name)
{
    const struct actor nobody = { .name = SPAN("") };
    struct op op;
    op_begin(&op, &nobody, 4096);
    const struct policy_grant *grant = NULL;

    check_err(policy_grant_owner(&op, &grant), ERR_DENIED);

    assert_null(grant);
    assert_int_equal(op.fault.err, ERR_DENIED);
    op_end(&op);
}

TEST(grant_without_memory_is_not_made)
{
    const struct actor actor = { .name = SPAN("tester") };
    struct op op;
    op_begin(&op, &actor, 0);
    const struct policy_grant *grant = NULL;

    check_err(policy_grant_owner(&op, &grant), ERR_LIMIT);

    assert_null(grant);
    op_end(&op);
}

TEST(what_is_no_grant_opens_nothing)
{
    _Alignas(max_align_t) uint8_t zeros[GRANT_SIZE_MAX] = { 0 };
    _Alignas(max_align_t) uint8_t ones[GRANT_SIZE_MAX];
    for (size_t i = 0; i < sizeof ones; i++) {
        ones[i] = 0xFF;
    }
    for (unsigned i = 0; i < POLICY_TLP_COUNT; i++) {
        assert_false(policy_may_read(NULL, (enum policy_tlp)i));
        assert_false(
            policy_may_read((const struct policy_grant *)(const void *)zeros, (enum policy_tlp)i));
        assert_false(
            policy_may_read((const struct policy_grant *)(const void *)ones, (enum policy_tlp)i));
    }
}

TEST(copy_of_a_grant_opens_nothing)
{
    enum { GRANT_SIZE = 40 };
    struct op op;
    testing_op_begin(&op);
    const struct policy_grant *grant = NULL;
    check_err(policy_grant_owner(&op, &grant), ERR_OK);
    _Alignas(max_align_t) uint8_t copy[GRANT_SIZE];
    span_copy(copy, sizeof copy, span_make(grant, sizeof copy));

    assert_false(
        policy_may_read((const struct policy_grant *)(const void *)copy, POLICY_TLP_CLEAR));
    assert_true(policy_may_read(grant, POLICY_TLP_CLEAR));
    op_end(&op);
}

TEST(label_that_does_not_exist_opens_nothing)
{
    struct op op;
    testing_op_begin(&op);
    const struct policy_grant *grant = NULL;
    check_err(policy_grant_owner(&op, &grant), ERR_OK);

    assert_false(policy_may_read(grant, POLICY_TLP_COUNT));
    assert_false(policy_may_read(grant, (enum policy_tlp) - 1));
    op_end(&op);
}

static void check_explained(const struct policy_grant *grant, enum policy_tlp tlp, const char *text)
{
    struct buf buf;
    buf_init(&buf, 1024);
    policy_explain(grant, tlp, &buf);
    check_span(buf_span(&buf), text);
    buf_done(&buf);
}

TEST(explanation_says_what_the_gate_answers)
{
    struct op op;
    testing_op_begin(&op);
    const struct policy_grant *grant = NULL;
    check_err(policy_grant_owner(&op, &grant), ERR_OK);

    check_explained(grant, POLICY_TLP_RED,
                    "Allowed: tester acts for the owner of this node, who reads all that is in it, "
                    "TLP:RED too.");
    check_explained(NULL, POLICY_TLP_CLEAR, "Refused: no valid grant was shown.");
    check_explained(grant, POLICY_TLP_COUNT, "Refused: the object bears no label that exists.");
    op_end(&op);
}

TEST(explanation_shows_a_hostile_name_harmless)
{
    const struct actor actor = { .name = SPAN("a\x1B[2J") };
    struct op op;
    op_begin(&op, &actor, 4096);
    const struct policy_grant *grant = NULL;
    struct buf buf;
    buf_init(&buf, 1024);
    check_err(policy_grant_owner(&op, &grant), ERR_OK);

    policy_explain(grant, POLICY_TLP_CLEAR, &buf);

    assert_int_equal(span_find(buf_span(&buf), 0x1B), SPAN_NOT_FOUND);
    buf_done(&buf);
    op_end(&op);
}

static const struct policy_grant *output_grant(struct op *op, enum policy_tlp tlp_max)
{
    const struct policy_grant *grant = NULL;
    check_err(policy_grant_output(op, SPAN("siem"), tlp_max, &grant), ERR_OK);
    return grant;
}

TEST(output_gets_labels_up_to_its_own_and_never_what_is_unknown)
{
    struct op op;
    testing_op_begin(&op);

    for (int max = POLICY_TLP_CLEAR; max <= POLICY_TLP_UNKNOWN; max++) {
        const struct policy_grant *grant = output_grant(&op, (enum policy_tlp)max);
        for (int tlp = POLICY_TLP_CLEAR; tlp <= POLICY_TLP_RED; tlp++) {
            assert_int_equal(policy_may_read(grant, (enum policy_tlp)tlp), tlp <= max);
        }
        assert_false(policy_may_read(grant, POLICY_TLP_UNKNOWN));
        assert_false(policy_may_read(grant, POLICY_TLP_COUNT));
    }
    assert_false(policy_may_read(output_grant(&op, POLICY_TLP_COUNT), POLICY_TLP_CLEAR));
    op_end(&op);
}

TEST(explanation_of_an_output_names_both_labels)
{
    struct op op;
    testing_op_begin(&op);

    check_explained(output_grant(&op, POLICY_TLP_GREEN), POLICY_TLP_AMBER,
                    "Refused: the output \"siem\" may get what is up to TLP:GREEN, and this is "
                    "TLP:AMBER.");
    check_explained(output_grant(&op, POLICY_TLP_GREEN), POLICY_TLP_CLEAR,
                    "Allowed: the output \"siem\" may get what is up to TLP:GREEN, and this is "
                    "TLP:CLEAR.");
    op_end(&op);
}
