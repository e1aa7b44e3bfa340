// SPDX-License-Identifier: EUPL-1.2
#include "policy/rank.h"

#include "tests/testing.h"

static struct rank_facts facts_of(enum value_kind kind, enum rank_direction direction,
                                  enum rank_outcome outcome)
{
    return (struct rank_facts){
        .confidence = RANK_CONFIDENCE_UNKNOWN,
        .sources = 1,
        .line = { .kind = kind, .direction = direction, .outcome = outcome, .rung = RANK_EXACT },
    };
}

static unsigned points_of(enum value_kind kind, enum rank_direction direction,
                          enum rank_outcome outcome)
{
    const struct rank_facts facts = facts_of(kind, direction, outcome);
    return rank_points(&facts);
}

/* Any facts at all, from a number. */
static struct rank_facts some_facts(uint64_t *seed)
{
    return (struct rank_facts){
        .confidence =
            (uint8_t)(testing_random(seed) % 102 == 101 ? RANK_CONFIDENCE_UNKNOWN
                                                        : testing_random(seed) % (RANK_MAX + 1)),
        .sources = (uint8_t)(testing_random(seed) % 6),
        .before_publication = testing_random(seed) % 2 == 0,
        .noisy = testing_random(seed) % 4 == 0,
        .line = { .kind = (enum value_kind)(1 + testing_random(seed) % (VALUE_KIND_COUNT - 1)),
                  .direction = (enum rank_direction)(testing_random(seed) % RANK_DIRECTION_COUNT),
                  .outcome = (enum rank_outcome)(testing_random(seed) % RANK_OUTCOME_COUNT),
                  .rung = (enum rank_rung)(testing_random(seed) % RANK_RUNG_COUNT),
                  .effect = (enum rank_effect)(testing_random(seed) % RANK_EFFECT_COUNT),
                  .answer = testing_random(seed) % 8 == 0 },
    };
}

static const enum value_kind addresses[] = { VALUE_IPV4, VALUE_IPV6, VALUE_CIDR, VALUE_IP_PORT };

TEST(rank_of_an_inside_host_that_called_out_is_above_any_scan_from_outside)
{
    for (size_t a = 0; a < sizeof addresses / sizeof addresses[0]; a++) {
        unsigned called_out = points_of(addresses[a], RANK_OUTBOUND, RANK_DONE);
        for (size_t b = 0; b < sizeof addresses / sizeof addresses[0]; b++) {
            for (int outcome = 0; outcome < RANK_OUTCOME_COUNT; outcome++) {
                struct rank_facts scan =
                    facts_of(addresses[b], RANK_INBOUND, (enum rank_outcome)outcome);
                scan.confidence = RANK_MAX; /* however sure its sources are, */
                scan.sources = UINT8_MAX;   /* and however many */

                assert_true(rank_points(&scan) < called_out);
                assert_int_equal(rank_level_of(rank_points(&scan)), RANK_LOW);
            }
        }
    }
}

TEST(rank_of_what_was_denied_is_below_what_was_done_whatever_else_is_known)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < 20000; round++) {
        struct rank_facts done = some_facts(&seed);
        done.line.effect = RANK_EFFECT_NONE;
        done.line.outcome = RANK_DONE;
        struct rank_facts denied = done;
        denied.line.outcome = RANK_DENIED;
        unsigned of_done = rank_points(&done);

        assert_true(rank_points(&denied) < of_done || of_done == 1);
    }
}

TEST(rank_of_a_call_that_was_denied_is_below_any_call_of_such_a_value_that_was_answered)
{
    for (int kind = 1; kind < VALUE_KIND_COUNT; kind++) {
        struct rank_facts denied = facts_of((enum value_kind)kind, RANK_OUTBOUND, RANK_DENIED);
        struct rank_facts done = facts_of((enum value_kind)kind, RANK_OUTBOUND, RANK_DONE);
        denied.confidence = RANK_MAX;
        denied.sources = UINT8_MAX;

        assert_true(rank_points(&denied) < rank_points(&done));
    }
}

TEST(rank_is_lowered_for_what_many_share_and_nothing_for_what_is_silenced)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < 20000; round++) {
        struct rank_facts facts = some_facts(&seed);
        facts.line.effect = RANK_EFFECT_NONE;
        unsigned points = rank_points(&facts);
        facts.line.effect = RANK_LOWERED;
        unsigned lowered = rank_points(&facts);
        facts.line.effect = RANK_SILENCED;

        assert_in_range(points, 1, RANK_MAX);
        assert_true(lowered < points || points == 1);
        assert_in_range(lowered, 1, RANK_MAX);
        assert_int_equal(rank_points(&facts), 0);
        assert_int_equal(rank_level_of(rank_points(&facts)), RANK_SILENT);
    }
}

TEST(rank_rises_with_sources_and_with_their_confidence)
{
    struct rank_facts facts = facts_of(VALUE_DOMAIN, RANK_OUTBOUND, RANK_DONE);
    unsigned alone = rank_points(&facts);
    facts.sources = 2;
    unsigned two = rank_points(&facts);
    facts.sources = 3;
    unsigned three = rank_points(&facts);
    facts.confidence = 90;
    unsigned sure = rank_points(&facts);
    facts.confidence = 10;
    unsigned doubtful = rank_points(&facts);

    assert_true(alone < two);
    assert_true(two < three);
    assert_true(three < sure);
    assert_true(doubtful < three);
    assert_int_equal(rank_level_of(sure), RANK_CRITICAL);
}

TEST(rank_of_a_name_that_only_stood_in_an_answer_is_below_one_that_was_asked_for)
{
    struct rank_facts asked = facts_of(VALUE_DOMAIN, RANK_OUTBOUND, RANK_DONE);
    struct rank_facts answered = asked;
    answered.line.answer = true;

    assert_true(rank_points(&answered) < rank_points(&asked));
}

TEST(rank_says_all_its_reasons_and_they_add_up)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < 20000; round++) {
        struct rank_facts facts = some_facts(&seed);
        struct rank_reason reasons[RANK_REASON_COUNT_MAX];

        size_t count = rank_reasons(&facts, reasons);

        int sum = 0;
        for (size_t i = 0; i < count; i++) {
            assert_true(strlen(reasons[i].words) > 0);
            sum += reasons[i].points;
        }
        int points = (int)rank_points(&facts);
        if (facts.line.effect == RANK_SILENCED) {
            assert_int_equal(points, 0);
        } else {
            assert_int_equal(points, sum < 1 ? 1 : sum > RANK_MAX ? RANK_MAX : sum);
        }
    }
}

TEST(rank_order_of_lines_is_total)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < 20000; round++) {
        const struct rank_line a = some_facts(&seed).line;
        const struct rank_line b = some_facts(&seed).line;
        const struct rank_line c = some_facts(&seed).line;
        int ab = rank_line_compare(&a, &b);
        int bc = rank_line_compare(&b, &c);

        assert_int_equal(rank_line_compare(&a, &a), 0);
        assert_int_equal(ab, -rank_line_compare(&b, &a));
        if (ab > 0 && bc > 0) {
            assert_true(rank_line_compare(&a, &c) > 0);
        }
        if (ab == 0) {
            assert_int_equal(rank_line_compare(&a, &c), bc);
        }
    }
}

TEST(rank_line_that_is_silenced_is_below_all_others)
{
    const struct rank_line silenced = {
        .kind = VALUE_SHA256,
        .direction = RANK_OUTBOUND,
        .outcome = RANK_DONE,
        .effect = RANK_SILENCED,
    };
    const struct rank_line scan = {
        .kind = VALUE_ASN,
        .direction = RANK_INBOUND,
        .outcome = RANK_DENIED,
    };

    assert_true(rank_line_compare(&silenced, &scan) < 0);
}

TEST(rank_words_are_read_as_they_are_written)
{
    for (int i = 0; i < RANK_DIRECTION_COUNT; i++) {
        enum rank_direction direction = RANK_DIRECTION_COUNT;
        struct span word = span_of(rank_direction_name((enum rank_direction)i));
        check_err(rank_direction_from_name(word, &direction), ERR_OK);
        assert_int_equal(direction, i);
    }
    for (int i = 0; i < RANK_OUTCOME_COUNT; i++) {
        enum rank_outcome outcome = RANK_OUTCOME_COUNT;
        struct span word = span_of(rank_outcome_name((enum rank_outcome)i));
        check_err(rank_outcome_from_name(word, &outcome), ERR_OK);
        assert_int_equal(outcome, i);
    }
    for (int i = 0; i < RANK_RUNG_COUNT; i++) {
        enum rank_rung rung = RANK_RUNG_COUNT;
        check_err(rank_rung_from_name(span_of(rank_rung_name((enum rank_rung)i)), &rung), ERR_OK);
        assert_int_equal(rung, i);
    }
    for (int i = 0; i < RANK_EFFECT_COUNT; i++) {
        enum rank_effect effect = RANK_EFFECT_COUNT;
        struct span word = span_of(rank_effect_name((enum rank_effect)i));
        check_err(rank_effect_from_name(word, &effect), ERR_OK);
        assert_int_equal(effect, i);
    }
    for (int i = 0; i < RANK_LEVEL_COUNT; i++) {
        enum rank_level level = RANK_LEVEL_COUNT;
        struct span word = span_of(rank_level_name((enum rank_level)i));
        check_err(rank_level_from_name(word, &level), ERR_OK);
        assert_int_equal(level, i);
    }

    enum rank_level level = RANK_HIGH;
    check_err(rank_level_from_name(SPAN("loud"), &level), ERR_ABSENT);
    assert_int_equal(level, RANK_HIGH);
}
