// SPDX-License-Identifier: EUPL-1.2
#include "policy/pap.h"

#include "tests/testing.h"

TEST(pap_names_of_levels_are_read_back_and_those_of_none_are_not)
{
    for (unsigned i = 0; i < POLICY_PAP_COUNT; i++) {
        enum policy_pap pap = POLICY_PAP_COUNT;
        bool level = i >= POLICY_PAP_CLEAR && i <= POLICY_PAP_RED;

        enum err err = policy_pap_from_name(span_of(policy_pap_name((enum policy_pap)i)), &pap);

        check_err(err, level ? ERR_OK : ERR_ABSENT);
        assert_int_equal(pap, level ? i : POLICY_PAP_COUNT);
    }
}

TEST(pap_names_are_read_in_any_case_with_and_without_their_prefix)
{
    enum policy_pap pap = POLICY_PAP_UNKNOWN;
    check_err(policy_pap_from_name(SPAN("pap:amber"), &pap), ERR_OK);
    assert_int_equal(pap, POLICY_PAP_AMBER);
    check_err(policy_pap_from_name(SPAN("White"), &pap), ERR_OK);
    assert_int_equal(pap, POLICY_PAP_CLEAR);
    check_err(policy_pap_from_name(SPAN("TLP:RED"), &pap), ERR_ABSENT);
    check_err(policy_pap_from_name(SPAN(""), &pap), ERR_ABSENT);
}

TEST(pap_of_two_levels_the_narrower_counts_and_what_is_stated_over_what_is_not)
{
    assert_int_equal(policy_pap_tighten(POLICY_PAP_GREEN, POLICY_PAP_RED), POLICY_PAP_RED);
    assert_int_equal(policy_pap_tighten(POLICY_PAP_UNSTATED, POLICY_PAP_CLEAR), POLICY_PAP_CLEAR);
    assert_int_equal(policy_pap_tighten(POLICY_PAP_RED, POLICY_PAP_UNKNOWN), POLICY_PAP_UNKNOWN);
    assert_int_equal(policy_pap_tighten(POLICY_PAP_RED, (enum policy_pap)99), POLICY_PAP_UNKNOWN);
}

TEST(pap_lets_block_only_what_is_known_to_be_allowed)
{
    for (unsigned i = 0; i < POLICY_PAP_COUNT; i++) {
        enum policy_pap pap = (enum policy_pap)i;
        bool free = pap == POLICY_PAP_CLEAR || pap == POLICY_PAP_GREEN;
        bool unstated = pap == POLICY_PAP_UNSTATED;

        assert_true(policy_pap_allows(pap, POLICY_PAP_RED, POLICY_ACT_DETECT));
        assert_int_equal(policy_pap_allows(pap, POLICY_PAP_RED, POLICY_ACT_BLOCK), free);
        assert_int_equal(policy_pap_allows(pap, POLICY_PAP_GREEN, POLICY_ACT_BLOCK),
                         free || unstated);
        assert_int_equal(policy_pap_allows(pap, POLICY_PAP_UNSTATED, POLICY_ACT_BLOCK), free);
    }
    assert_false(policy_pap_allows((enum policy_pap)99, POLICY_PAP_CLEAR, POLICY_ACT_BLOCK));
}
