// SPDX-License-Identifier: EUPL-1.2
#include "store/fold.h"

#include <stdio.h>

#include "policy/policy.h"
#include "store/hit_id.h"
#include "tests/testing.h"

enum { WIRE_SIZE_MAX = 1024 * 1024 };

#define HOUR_20_US INT64_C(1795291200000000) /* 2026-11-21T20:00:00Z */
#define HOUR_US    (FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US)

static struct fold some_fold(const char *observed)
{
    struct fold fold = {
        .indicator = SPAN("indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"),
        .inside = SPAN("10.0.0.5"),
        .start_us = HOUR_20_US,
        .length_us = HOUR_US,
        .value = SPAN("evil.example"),
        .source = SPAN("Feed"),
        .kind = VALUE_DOMAIN,
        .tlp = POLICY_TLP_AMBER,
        .confidence = RANK_CONFIDENCE_UNKNOWN,
        .best = { .kind = VALUE_DOMAIN, .direction = RANK_OUTBOUND, .rung = RANK_EXACT },
        .sensor = SPAN("border"),
        .field = SPAN("dns.query"),
        .first_us = HOUR_20_US + 1,
        .last_us = HOUR_20_US + 2,
        .count = 1,
    };
    fold_values_add(&fold.observed, span_of(observed));
    return fold;
}

static struct span wire_of(struct op *op, const struct fold *fold)
{
    struct buf bytes;
    struct span copy;
    buf_init(&bytes, WIRE_SIZE_MAX);
    fold_wire_add(&bytes, fold);
    check_err(op_copy(op, buf_span(&bytes), &copy), ERR_OK);
    buf_done(&bytes);
    return copy;
}

static struct span json_of(struct op *op, const struct fold *fold)
{
    struct buf text;
    struct json_writer w;
    struct span copy;
    buf_init(&text, WIRE_SIZE_MAX);
    json_writer_init(&w, &text);
    fold_json_add(&w, fold);
    check_err(op_copy(op, buf_span(&text), &copy), ERR_OK);
    buf_done(&text);
    return copy;
}

/* All that a rank is made of is known. */
static void lower(struct fold *fold)
{
    fold->count = 7;
    fold->confidence = 85;
    fold->sources = 3;
    fold->denied = 2;
    fold->silent = 1;
    fold->list = SPAN("cdn \xC3\xA4");
    fold->best = (struct rank_line){ .kind = VALUE_URL,
                                     .direction = RANK_INBOUND,
                                     .outcome = RANK_DONE,
                                     .rung = RANK_SUBDOMAIN,
                                     .effect = RANK_LOWERED,
                                     .answer = true };
}

TEST(fold_keeps_the_first_value_and_eight_further_ones_then_says_more)
{
    char texts[12][8];
    struct fold fold = some_fold("v0");
    for (int i = 1; i < 9; i++) {
        snprintf(texts[i], sizeof texts[i], "v%d", i);
        fold_values_add(&fold.observed, span_of(texts[i]));
    }
    assert_int_equal(fold.observed.count, 9);
    assert_false(fold.observed.more);

    fold_values_add(&fold.observed, SPAN("v3"));
    assert_false(fold.observed.more);
    fold_values_add(&fold.observed, SPAN("v9"));

    assert_int_equal(fold.observed.count, 9);
    assert_true(fold.observed.more);
    check_span(fold.observed.at[0], "v0");
}

TEST(fold_cuts_a_long_value_between_two_characters)
{
    struct fold_values values = { .count = 0 };
    static uint8_t text[FOLD_TEXT_SIZE_MAX + 10];
    for (size_t i = 0; i + 1 < sizeof text; i += 2) {
        text[i] = 0xC3; /* U+00E4, in two bytes */
        text[i + 1] = 0xA4;
    }

    fold_values_add(&values, span_make(text, sizeof text));
    struct span cut = fold_text_cut(span_make(text, sizeof text - 1));

    assert_int_equal(values.at[0].size, FOLD_TEXT_SIZE_MAX);
    assert_int_equal(cut.size, FOLD_TEXT_SIZE_MAX);
    text[0] = 'a'; /* now the limit lies within a character */
    text[1] = 'b';
    text[2] = 'c';
    for (size_t i = 3; i + 1 < sizeof text; i += 2) {
        text[i] = 0xC3;
        text[i + 1] = 0xA4;
    }
    cut = fold_text_cut(span_make(text, sizeof text - 1));
    assert_int_equal(cut.size, FOLD_TEXT_SIZE_MAX - 1);
}

TEST(fold_merges_counts_times_values_and_at_most_three_lines_of_evidence)
{
    struct fold fold = some_fold("a");
    struct fold later = some_fold("b");
    later.field = SPAN("http.host");
    later.first_us = HOUR_20_US;
    later.last_us = HOUR_20_US + 50;
    later.count = 4;
    later.evidence_count = 2;
    later.evidence[0] = SPAN("line 1");
    later.evidence[1] = SPAN("line 2");
    fold_values_add(&later.outside, SPAN("192.0.2.1"));

    fold_merge(&fold, &later);
    fold_merge(&fold, &later);

    assert_int_equal(fold.count, 9);
    assert_true(fold.first_us == HOUR_20_US);
    assert_true(fold.last_us == HOUR_20_US + 50);
    check_span(fold.field, "dns.query");
    check_span(fold.observed.at[0], "a");
    check_span(fold.observed.at[1], "b");
    check_span(fold.outside.at[0], "192.0.2.1");
    assert_int_equal(fold.evidence_count, 3);
    check_span(fold.evidence[2], "line 1");
}

TEST(fold_comes_back_from_the_pipe_as_it_was_sent)
{
    struct op op;
    struct fold read;
    testing_op_begin(&op);
    struct fold fold = some_fold("a");
    fold_values_add(&fold.observed, SPAN("b"));
    fold_values_add(&fold.outside, SPAN("192.0.2.1"));
    fold.observed.more = true;
    fold.inside_assumed = true;
    fold.before_publication = true;
    fold.evidence_count = 1;
    fold.evidence[0] = SPAN("{\"a\":1}");
    lower(&fold);
    struct span wire = wire_of(&op, &fold);
    struct wire_reader r = wire_reader_of(wire);

    fold_wire_read(&r, HOUR_US, &read);

    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.rest.size, 0);
    assert_true(span_equal(wire, wire_of(&op, &read)));
    assert_true(fold_same_key(&fold, &read));
    op_end(&op);
}

TEST(fold_that_is_cut_anywhere_in_the_pipe_is_refused)
{
    struct op op;
    testing_op_begin(&op);
    struct fold fold = some_fold("a");
    struct span wire = wire_of(&op, &fold);
    for (size_t size = 0; size < wire.size; size++) {
        struct fold read;
        struct wire_reader r = wire_reader_of(span_slice(wire, 0, size));

        fold_wire_read(&r, HOUR_US, &read);

        assert_int_not_equal(r.err, ERR_OK);
    }
    op_end(&op);
}

/* What is written into the journal stays there for ever: what could not be read again must not come
 * so far, whatever the process that reads hostile bytes sends. */
TEST(fold_that_the_journal_could_not_hold_is_refused_from_the_pipe)
{
    struct op op;
    testing_op_begin(&op);
    struct fold folds[18];
    const size_t count = sizeof folds / sizeof folds[0];
    for (size_t i = 0; i < count; i++) {
        folds[i] = some_fold("a");
    }
    folds[0].first_us = INT64_MAX;
    folds[0].last_us = INT64_MAX;
    folds[0].start_us = time_floor(INT64_MAX, HOUR_US);
    folds[1].start_us += 1;
    folds[2].count = UINT64_MAX;
    folds[3].count = 0;
    folds[4].noisy = true;
    folds[5].inside = FOLD_INSIDE_MANY;
    folds[6].last_us = folds[6].first_us - 1;
    folds[7].indicator = SPAN("");
    folds[8].best.kind = VALUE_NONE;
    folds[9].best.kind = VALUE_KIND_COUNT;
    folds[10].best.direction = RANK_DIRECTION_COUNT;
    folds[11].best.outcome = RANK_OUTCOME_COUNT;
    folds[12].best.rung = RANK_RUNG_COUNT;
    folds[13].best.effect = RANK_LOWERED; /* without a list */
    folds[14].list = SPAN("cdn");         /* without an effect */
    folds[15].denied = 2;                 /* of one line */
    folds[16].silent = 1;                 /* and yet not silent */
    folds[17].confidence = RANK_MAX + 1;
    for (size_t i = 0; i < count; i++) {
        struct fold read;
        struct wire_reader r = wire_reader_of(wire_of(&op, &folds[i]));

        fold_wire_read(&r, HOUR_US, &read);

        assert_int_equal(r.err, ERR_FORMAT);
    }
    op_end(&op);
}

TEST(fold_comes_back_from_json_as_it_was_written)
{
    struct op op;
    struct json_value root;
    struct fold read;
    testing_op_begin(&op);
    struct fold fold = some_fold("a");
    fold_values_add(&fold.observed, SPAN("b\xC3\xA4\"\\"));
    fold_values_add(&fold.outside, SPAN("192.0.2.1"));
    fold.outside.more = true;
    fold.inside = SPAN("");
    fold.before_publication = true;
    fold.noisy = true;
    lower(&fold);
    struct span json = json_of(&op, &fold);

    check_err(json_parse(&op, json, &root), ERR_OK);
    check_err(fold_json_read(root, &read), ERR_OK);

    assert_true(span_equal(json, json_of(&op, &read)));
    op_end(&op);
}

/* Journals of older versions say nothing of ranks. */
TEST(fold_of_an_older_entry_is_read_and_has_a_rank)
{
    struct op op;
    struct json_value root;
    struct fold read;
    testing_op_begin(&op);
    const struct span json =
        SPAN("{\"indicator\":\"indicator--d58beaa9-b626-559b-8daa-b9261b021a0b\","
             "\"value\":\"evil.example\",\"kind\":\"domain\",\"observed\":\"evil.example\","
             "\"observed_count\":1,\"field\":\"dns.query\",\"inside\":\"10.0.0.5\","
             "\"outside\":null,\"outside_count\":0,\"sensor\":\"border\","
             "\"start\":\"2026-11-21T20:00:00.000Z\",\"minutes\":60,"
             "\"first\":\"2026-11-21T20:00:01.000Z\",\"last\":\"2026-11-21T20:00:02.000Z\","
             "\"count\":2,\"tlp\":\"AMBER\",\"source\":\"Feed\"}");

    check_err(json_parse(&op, json, &root), ERR_OK);
    check_err(fold_json_read(root, &read), ERR_OK);

    assert_int_equal(read.best.kind, VALUE_DOMAIN);
    assert_int_equal(read.best.direction, RANK_DIRECTION_UNKNOWN);
    assert_int_equal(read.confidence, RANK_CONFIDENCE_UNKNOWN);
    assert_int_equal(read.silent, 0);
    assert_in_range(fold_rank(&read), 1, RANK_MAX);
    op_end(&op);
}

/* A newer version may write words that this one does not know: they are passed over. */
TEST(fold_with_words_of_a_newer_version_is_read)
{
    struct op op;
    struct json_value root;
    struct fold read;
    testing_op_begin(&op);
    const struct span json =
        SPAN("{\"indicator\":\"indicator--d58beaa9-b626-559b-8daa-b9261b021a0b\","
             "\"value\":\"evil.example\",\"kind\":\"domain\",\"observed\":\"evil.example\","
             "\"start\":\"2026-11-21T20:00:00.000Z\",\"minutes\":60,"
             "\"first\":\"2026-11-21T20:00:01.000Z\",\"last\":\"2026-11-21T20:00:02.000Z\","
             "\"count\":2,\"direction\":\"sideways\",\"outcome\":\"postponed\",\"rung\":\"near\","
             "\"allowed\":\"perhaps\",\"denied\":-1,\"silent\":3,\"confidence\":900}");

    check_err(json_parse(&op, json, &root), ERR_OK);
    check_err(fold_json_read(root, &read), ERR_OK);

    assert_int_equal(read.best.direction, RANK_DIRECTION_UNKNOWN);
    assert_int_equal(read.best.outcome, RANK_OUTCOME_UNKNOWN);
    assert_int_equal(read.best.effect, RANK_EFFECT_NONE);
    assert_int_equal(read.denied, 0);
    assert_int_equal(read.silent, 0);
    assert_int_equal(read.confidence, RANK_CONFIDENCE_UNKNOWN);
    op_end(&op);
}

TEST(fold_is_silent_only_while_all_its_lines_are)
{
    struct fold fold = some_fold("a");
    struct fold silent = some_fold("a");
    silent.best.effect = RANK_SILENCED;
    silent.best.direction = RANK_OUTBOUND;
    silent.list = SPAN("cdn");
    silent.silent = 1;
    struct fold both = silent;

    fold_merge(&both, &silent);
    assert_int_equal(fold_rank(&both), 0);
    fold_merge(&both, &fold);
    fold_merge(&fold, &silent);

    assert_in_range(fold_rank(&both), 1, RANK_MAX);
    assert_int_equal(both.silent, 2);
    assert_int_equal(both.list.size, 0);
    assert_int_equal(fold.silent, 1);
    assert_int_equal(fold_rank(&fold), fold_rank(&both));
}

TEST(fold_takes_the_line_that_matters_most_in_whatever_order_they_come)
{
    struct fold scan = some_fold("a");
    struct fold call = some_fold("a");
    scan.best.direction = RANK_INBOUND;
    scan.best.outcome = RANK_DENIED;
    scan.denied = 1;
    call.best.outcome = RANK_DONE;
    call.sources = 3;
    struct fold first = scan;
    struct fold last = call;

    fold_merge(&first, &call);
    fold_merge(&last, &scan);

    struct op op;
    testing_op_begin(&op);
    assert_true(span_equal(json_of(&op, &first), json_of(&op, &last)));
    assert_int_equal(first.best.outcome, RANK_DONE);
    assert_int_equal(first.denied, 1);
    assert_int_equal(first.sources, 3);
    op_end(&op);
}

TEST(hit_id_depends_on_the_key_of_the_fold_alone)
{
    struct fold fold = some_fold("a");
    struct fold grown = some_fold("b");
    struct fold others[4] = { fold, fold, fold, fold };
    char id[HIT_ID_SIZE];
    char again[HIT_ID_SIZE];
    grown.count = 99;
    grown.value = SPAN("other.example");
    others[0].inside = SPAN("10.0.0.6");
    others[1].start_us += HOUR_US;
    others[2].length_us = HOUR_US / 2;
    others[3].indicator = SPAN("indicator--e58beaa9-b626-559b-8daa-b9261b021a0b");

    hit_id_of(&fold, id);
    hit_id_of(&grown, again);

    assert_string_equal(id, again);
    for (size_t i = 0; i < 4; i++) {
        hit_id_of(&others[i], again);
        assert_string_not_equal(id, again);
    }
}

/* As docs/format/hits.md has it, worked out by another program. */
TEST(hit_id_is_what_the_format_says)
{
    const struct fold fold = some_fold("a");
    char id[HIT_ID_SIZE];

    hit_id_of(&fold, id);

    assert_string_equal(id, "H-Q6SB48HY42FR");
}

TEST(hit_id_is_read_as_people_type_it)
{
    char id[HIT_ID_SIZE] = "";
    const char *const fit[] = { "H-7K0F11M", "h-7kofilm", "7K0Fi1m", "7kOf1Lm", "H-7koFIlM" };
    const char *const unfit[] = { "",         "H-",     "H-7K3",           "7k3",         "H-7K3U9",
                                  "H-7K3F 9", "H_7K3F", "H-0123456789ABC", "evil.example" };
    for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++) {
        check_err(hit_id_parse(span_of(fit[i]), id), ERR_OK);
        assert_string_equal(id, "H-7K0F11M");
    }
    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
        check_err(hit_id_parse(span_of(unfit[i]), id), ERR_FORMAT);
    }
}

TEST(fold_that_gathers_many_hosts_does_not_depend_on_which_came_together)
{
    struct fold together = some_fold("a");
    struct fold apart = some_fold("a");
    fold_values_add(&together.observed, SPAN("d"));
    fold_values_add(&together.outside, SPAN("192.0.2.9"));
    together.evidence_count = 1;
    struct fold both = some_fold("b");
    struct fold b = some_fold("b");
    struct fold c = some_fold("c");
    fold_values_add(&both.observed, SPAN("c"));
    fold_values_add(&both.outside, SPAN("192.0.2.1"));
    fold_values_add(&c.outside, SPAN("192.0.2.1"));
    both.count = 2;

    fold_make_noisy(&together);
    fold_make_noisy(&apart);
    fold_merge(&together, &both);
    fold_merge(&apart, &c);
    fold_merge(&apart, &b);

    struct op op;
    testing_op_begin(&op);
    assert_true(span_equal(json_of(&op, &together), json_of(&op, &apart)));
    assert_true(together.observed.more);
    assert_true(together.outside.more);
    assert_int_equal(together.evidence_count, 0);
    op_end(&op);
}
