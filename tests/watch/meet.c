// SPDX-License-Identifier: EUPL-1.2
/*
 * What the second pass says of a line beside what it met: who called whom, what became of it, and
 * what the owner's allow lists say.
 */
#include "watch/meet.h"

#include "tests/watch/lane.h"

#define CONN(orig, resp)                                                                           \
    "{\"_path\":\"conn\",\"ts\":1795291200.0,\"uid\":\"C1\",\"id.orig_h\":\"" orig                 \
    "\",\"id.orig_p\":1,\"id.resp_h\":\"" resp "\",\"id.resp_p\":2}\n"
#define DNS(ts, orig, query, answer)                                                               \
    "{\"_path\":\"dns\",\"ts\":" ts ",\"uid\":\"C1\",\"id.orig_h\":\"" orig                        \
    "\",\"id.resp_h\":\"192.0.2.53\",\"query\":\"" query "\",\"answers\":[\"" answer "\"]}\n"
#define STATE(state)                                                                               \
    "{\"_path\":\"conn\",\"ts\":1795291200.0,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.5\","           \
    "\"id.resp_h\":\"198.51.100.7\",\"conn_state\":\"" state "\"}\n"
#define ALERT(action)                                                                              \
    "{\"timestamp\":\"2026-11-21T20:00:00.000000+0000\",\"event_type\":\"alert\",\"src_ip\":"      \
    "\"10.0.0.5\",\"dest_ip\":\"198.51.100.7\",\"alert\":{\"action\":\"" action "\"}}\n"
#define EARLY "1795291200.0"
#define NOON  "1795291300.0"

#define NOON_US INT64_C(1795291300000000)

static const struct fold *fold_of(struct lane *lane, enum observe_format format,
                                  const char *indicator, const char *lines)
{
    const struct lane_indicator list = { .text = indicator };
    struct lane_result *result = lane_watch(lane, format, lines, lane_image(lane, &list, 1));
    assert_int_equal(result->fold_count, 1);
    return &result->folds[0];
}

static const struct fold *only_fold(struct lane *lane, const char *indicator, const char *lines)
{
    return fold_of(lane, OBSERVE_FORMAT_ZEEK_JSON, indicator, lines);
}

static const struct fold *eve_fold(struct lane *lane, const char *indicator, const char *lines)
{
    return fold_of(lane, OBSERVE_FORMAT_EVE, indicator, lines);
}

TEST(line_says_who_called_whom)
{
    struct lane lane;
    lane_begin(&lane);

    const struct fold *out = only_fold(&lane, "198.51.100.7", CONN("10.0.0.5", "198.51.100.7"));
    const struct fold *in = only_fold(&lane, "198.51.100.7", CONN("198.51.100.7", "10.0.0.5"));
    const struct fold *within = only_fold(&lane, "10.0.0.6", CONN("10.0.0.5", "10.0.0.6"));
    const struct fold *strange =
        only_fold(&lane, "198.51.100.7", CONN("203.0.113.1", "198.51.100.7"));

    assert_int_equal(out->best.direction, RANK_OUTBOUND);
    assert_int_equal(in->best.direction, RANK_INBOUND);
    assert_int_equal(within->best.direction, RANK_INTERNAL);
    assert_int_equal(strange->best.direction, RANK_DIRECTION_UNKNOWN);
    assert_true(fold_rank(in) < fold_rank(out));
    lane_end(&lane);
}

TEST(fold_tells_the_best_outcome_of_its_lines_and_counts_those_that_were_denied)
{
    struct lane lane;
    lane_begin(&lane);

    const struct fold *denied = eve_fold(&lane, "198.51.100.7", ALERT("blocked") ALERT("blocked"));
    const struct fold *passed =
        eve_fold(&lane, "198.51.100.7", ALERT("blocked") ALERT("allowed") ALERT("blocked"));
    const struct fold *failed = only_fold(&lane, "198.51.100.7", STATE("S0"));
    const struct fold *done = only_fold(&lane, "198.51.100.7", STATE("S0") STATE("SF"));

    assert_int_equal(denied->best.outcome, RANK_DENIED);
    assert_int_equal(denied->denied, 2);
    assert_int_not_equal(passed->best.outcome, RANK_DENIED);
    assert_int_equal(passed->denied, 2);
    assert_int_equal(passed->count, 3);
    assert_true(fold_rank(denied) < fold_rank(passed));
    assert_int_equal(failed->best.outcome, RANK_FAILED);
    assert_int_equal(done->best.outcome, RANK_DONE);
    assert_int_equal(done->denied, 0);
    assert_true(fold_rank(failed) < fold_rank(done));
    lane_end(&lane);
}

TEST(line_says_by_which_rung_it_met)
{
    struct lane lane;
    lane_begin(&lane);

    const struct fold *exact =
        only_fold(&lane, "evil.example", DNS(NOON, "10.0.0.5", "evil.example", ""));
    const struct fold *below =
        only_fold(&lane, "evil.example", DNS(NOON, "10.0.0.5", "www.evil.example", ""));
    const struct fold *range =
        only_fold(&lane, "198.51.100.0/24", CONN("10.0.0.5", "198.51.100.7"));

    assert_int_equal(exact->best.rung, RANK_EXACT);
    assert_int_equal(below->best.rung, RANK_SUBDOMAIN);
    assert_int_equal(range->best.rung, RANK_RANGE);
    assert_int_equal(range->best.kind, VALUE_CIDR);
    assert_int_equal(exact->confidence, RANK_CONFIDENCE_UNKNOWN);
    lane_end(&lane);
}

#define HTTP(host, uri)                                                                            \
    "{\"_path\":\"http\",\"ts\":" NOON ",\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.5\","               \
    "\"id.resp_h\":\"192.0.2.80\",\"host\":\"" host "\",\"uri\":\"" uri "\"}\n"

TEST(line_says_by_which_rung_of_its_url_it_met)
{
    struct lane lane;
    lane_begin(&lane);

    const struct fold *exact =
        only_fold(&lane, "http://evil.example/a?b", HTTP("evil.example", "/a?b"));
    const struct fold *decoded =
        only_fold(&lane, "http://evil.example/a%5Bb", HTTP("evil.example", "/a[b"));
    const struct fold *any_query =
        only_fold(&lane, "http://evil.example/a?*", HTTP("evil.example", "/a?id=7"));
    const struct fold *prefix =
        only_fold(&lane, "http://evil.example/a/*", HTTP("evil.example", "/a/b/c"));

    assert_int_equal(exact->best.rung, RANK_EXACT);
    assert_int_equal(decoded->best.rung, RANK_DECODED);
    assert_int_equal(any_query->best.rung, RANK_ANY_QUERY);
    assert_int_equal(prefix->best.rung, RANK_PREFIX);
    lane_end(&lane);
}

TEST(value_that_only_stood_in_an_answer_is_marked_so)
{
    struct lane lane;
    lane_begin(&lane);

    const struct fold *answered =
        only_fold(&lane, "198.51.100.7", DNS(NOON, "10.0.0.5", "www.example.org", "198.51.100.7"));
    const struct fold *asked =
        only_fold(&lane, "evil.example", DNS(NOON, "10.0.0.5", "evil.example", "198.51.100.7"));
    const struct fold *both =
        only_fold(&lane, "evil.example", DNS(NOON, "10.0.0.5", "evil.example", "www.evil.example"));

    assert_true(answered->best.answer);
    assert_false(asked->best.answer);
    assert_false(both->best.answer);
    assert_int_equal(both->count, 1);
    lane_end(&lane);
}

TEST(sources_that_name_one_value_are_counted_each_once)
{
    struct lane lane;
    const struct lane_indicator list[] = {
        { .text = "evil.example" },
        { .text = "evil.example", .source = "CSIRT" },
        { .text = "=evil.example", .source = "CSIRT", .uuid = 3 },
        { .text = "evil.example", .source = "ISAC" },
        { .text = "evil.example", .source = "Old", .valid_until_us = NOON_US },
        { .text = "other.example", .source = "Another" },
    };
    lane_begin(&lane);
    struct match_image *image = lane_image(&lane, list, sizeof list / sizeof list[0]);

    struct lane_result *early = lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON,
                                           DNS(EARLY, "10.0.0.5", "evil.example", "-"), image);
    struct lane_result *late = lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON,
                                          DNS(NOON, "10.0.0.5", "evil.example", "-"), image);

    assert_int_equal(early->fold_count, 5);
    assert_int_equal(early->folds[0].sources, 4);
    assert_int_equal(late->fold_count, 4);
    for (size_t i = 0; i < late->fold_count; i++) {
        assert_int_equal(late->folds[i].sources, 3);
    }
    lane_end(&lane);
}

TEST(hit_that_an_allow_list_silences_is_counted_and_silent)
{
    struct lane lane;
    const struct lane_allowed lists[] = {
        { .text = "known.example", .list = "well known", .effect = RANK_SILENCED },
        { .text = "198.51.100.0/24", .list = "cloud", .effect = RANK_LOWERED },
    };
    lane_begin(&lane);
    lane_allow(&lane, lists, 2);

    const struct fold *silent =
        only_fold(&lane, "known.example", DNS(NOON, "10.0.0.5", "www.known.example", ""));
    const struct fold *lowered = only_fold(&lane, "198.51.100.7", CONN("10.0.0.5", "198.51.100.7"));
    const struct fold *loud =
        only_fold(&lane, "evil.example", DNS(NOON, "10.0.0.5", "evil.example", ""));

    assert_int_equal(fold_rank(silent), 0);
    assert_int_equal(silent->count, 1);
    assert_int_equal(silent->silent, 1);
    check_span(silent->list, "well known");
    assert_int_equal(lowered->best.effect, RANK_LOWERED);
    assert_int_equal(lowered->silent, 0);
    check_span(lowered->list, "cloud");
    assert_int_equal(loud->best.effect, RANK_EFFECT_NONE);
    assert_int_equal(loud->list.size, 0);
    assert_true(fold_rank(lowered) < fold_rank(loud));
    lane_end(&lane);
}

TEST(fold_is_loud_as_soon_as_one_of_its_lines_is)
{
    struct lane lane;
    const struct lane_allowed good = { .text = "good.evil.example",
                                       .list = "good",
                                       .effect = RANK_SILENCED };
    lane_begin(&lane);
    lane_allow(&lane, &good, 1);

    const struct fold *fold = only_fold(&lane, "evil.example",
                                        DNS(NOON, "10.0.0.5", "good.evil.example", "")
                                            DNS(NOON, "10.0.0.5", "evil.example", "")
                                                DNS(NOON, "10.0.0.5", "good.evil.example", ""));

    assert_int_equal(fold->count, 3);
    assert_int_equal(fold->silent, 2);
    assert_in_range(fold_rank(fold), 1, RANK_MAX);
    assert_int_equal(fold->list.size, 0);
    lane_end(&lane);
}

/* Whichever of a line's fields comes first. */
TEST(line_is_silent_only_where_all_is_that_it_met)
{
    struct lane lane;
    const struct lane_allowed good = { .text = "good.evil.example",
                                       .list = "good",
                                       .effect = RANK_SILENCED };
    lane_begin(&lane);
    lane_allow(&lane, &good, 1);

    const struct fold *first = only_fold(
        &lane, "evil.example", DNS(NOON, "10.0.0.5", "good.evil.example", "bad.evil.example"));
    const struct fold *last = only_fold(
        &lane, "evil.example", DNS(NOON, "10.0.0.5", "bad.evil.example", "good.evil.example"));
    const struct fold *silent = only_fold(
        &lane, "evil.example", DNS(NOON, "10.0.0.5", "good.evil.example", "good.evil.example"));

    assert_int_equal(first->silent, 0);
    assert_true(fold_rank(first) > 0);
    assert_int_equal(last->silent, 0);
    assert_true(fold_rank(last) > 0);
    assert_int_equal(silent->silent, 1);
    assert_int_equal(silent->count, 1);
    assert_int_equal(fold_rank(silent), 0);
    lane_end(&lane);
}

TEST(allow_entry_that_has_ended_when_the_event_happened_silences_nothing)
{
    struct lane lane;
    const struct lane_allowed month = {
        .text = "evil.example", .list = "false", .effect = RANK_SILENCED, .valid_until_us = NOON_US
    };
    lane_begin(&lane);
    lane_allow(&lane, &month, 1);

    const struct fold *before =
        only_fold(&lane, "evil.example", DNS(EARLY, "10.0.0.5", "evil.example", ""));
    const struct fold *after =
        only_fold(&lane, "evil.example", DNS(NOON, "10.0.0.5", "evil.example", ""));

    assert_int_equal(fold_rank(before), 0);
    assert_true(fold_rank(after) > 0);
    lane_end(&lane);
}

/* However a log writes the host's address. */
TEST(allow_entry_for_one_host_is_silent_for_that_host_alone)
{
    struct lane lane;
    const struct lane_allowed host = {
        .text = "evil.example", .list = "false", .effect = RANK_SILENCED, .inside = "10.0.0.5"
    };
    lane_begin(&lane);
    lane_allow(&lane, &host, 1);

    const struct fold *here =
        only_fold(&lane, "evil.example", DNS(NOON, "::ffff:10.0.0.5", "evil.example", ""));
    const struct fold *there =
        only_fold(&lane, "evil.example", DNS(NOON, "10.0.0.6", "evil.example", ""));

    check_span(here->inside, "10.0.0.5");
    assert_int_equal(fold_rank(here), 0);
    assert_true(fold_rank(there) > 0);
    lane_end(&lane);
}
