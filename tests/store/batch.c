// SPDX-License-Identifier: EUPL-1.2
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "crypt/digest.h"
#include "stix/object.h"
#include "tests/store/world.h"

#define INDICATOR       "indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"
#define OTHER_INDICATOR "indicator--e58beaa9-b626-559b-8daa-b9261b021a0b"

struct opened {
    size_t count;
};

static void on_opened(void *context, const struct fold *fold)
{
    struct opened *opened = context;
    (void)fold;
    opened->count++;
}

static struct store_input input_of(uint64_t inode, uint64_t position)
{
    struct store_input input = {
        .id = { .device = 7, .inode = inode, .made_us = world_hour_us(1) },
        .path = SPAN("conn.log"),
        .format = SPAN("zeek-json"),
        .sensor = SPAN("border"),
        .position = position,
        .lines = position / 10,
        .bytes_size = 5000,
    };
    mark_init(&input.mark);
    return input;
}

static struct store_status status_of(struct world *world)
{
    struct store_status status;
    check_err(store_status(&world->op, world->store, &status), ERR_OK);
    return status;
}

static struct fold with_evidence(int hour, const char *line)
{
    struct fold fold = world_fold(INDICATOR, "10.0.0.1", hour, "a");
    fold.evidence[0] = span_of(line);
    fold.evidence_count = 1;
    return fold;
}

struct sightings {
    struct world *world;
    size_t count;
    struct span ids[8];
    struct span texts[8];
};

static enum err sighting_visit(void *context, const struct store_object *object)
{
    struct sightings *sightings = context;
    assert_true(sightings->count < 8);
    sightings->ids[sightings->count] = object->id;
    check_err(store_object_read(&sightings->world->op, sightings->world->store,
                                sightings->world->grant, object,
                                &sightings->texts[sightings->count]),
              ERR_OK);
    sightings->count++;
    return ERR_OK;
}

static struct sightings sightings_of(struct world *world)
{
    struct sightings sightings = { .world = world };
    const struct store_object_filter filter = { .type = SPAN("sighting") };
    check_err(store_objects_walk(&world->op, world->store, world->grant, &filter, sighting_visit,
                                 &sightings),
              ERR_OK);
    return sightings;
}

/* ---- folds ---- */

TEST(batch_folds_by_indicator_inside_host_and_hour)
{
    struct world world;
    world_begin(&world);
    const struct fold folds[] = {
        world_fold(INDICATOR, "10.0.0.1", 20, "a"),
        world_fold(INDICATOR, "10.0.0.1", 20, "b"),
        world_fold(INDICATOR, "10.0.0.2", 20, "a"),
        world_fold(INDICATOR, "10.0.0.1", 21, "a"),
        world_fold(OTHER_INDICATOR, "10.0.0.1", 20, "a"),
        world_fold(INDICATOR, "", 20, "a"),
    };
    struct opened opened = { 0 };
    const struct store_batch batch = { .folds = folds, .fold_count = 6 };

    check_err(store_batch_add(&world.op, world.store, &batch, on_opened, &opened), ERR_OK);

    assert_int_equal(opened.count, 5);
    assert_int_equal(status_of(&world).folds, 5);
    assert_int_equal(status_of(&world).hits, 6);
    assert_int_equal(status_of(&world).folds_open, 5);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(batch_merges_later_lines_into_a_fold_and_keeps_what_the_first_line_said)
{
    struct world world;
    world_begin(&world);
    struct fold first = world_fold(INDICATOR, "10.0.0.1", 20, "a");
    struct fold later = world_fold(INDICATOR, "10.0.0.1", 20, "b");
    later.field = SPAN("http.host");
    later.sensor = SPAN("other");
    later.last_us += 5;
    later.count = 3;
    world_count(&world, &first, 1, TIME_US_MIN);

    world_count(&world, &later, 1, TIME_US_MIN);

    struct span hits = world_hits(&world);
    assert_true(span_find_span(hits, SPAN("\"observed\":\"a\",\"observed_count\":2")) >= 0);
    assert_true(span_find_span(hits, SPAN("\"field\":\"dns.query\"")) >= 0);
    assert_true(span_find_span(hits, SPAN("\"sensor\":\"border\"")) >= 0);
    assert_true(span_find_span(hits, SPAN("\"count\":4")) >= 0);
    world_check_rebuild(&world);
    world_end(&world);
}

enum { CUT_LINES = 200, CUT_HOSTS = 12, CUT_VALUES = 14, CUT_PIECE_MAX = 60 };

struct cut_lines {
    struct fold lines[CUT_LINES];
    char values[CUT_VALUES][16];
    char hosts[CUT_HOSTS][16];
};

static void cut_lines_make(struct cut_lines *cut, uint64_t *seed)
{
    for (int i = 0; i < CUT_HOSTS; i++) {
        snprintf(cut->hosts[i], sizeof cut->hosts[i], "10.0.0.%d", i);
    }
    for (int i = 0; i < CUT_VALUES; i++) {
        snprintf(cut->values[i], sizeof cut->values[i], "v%d", i);
    }
    for (size_t i = 0; i < CUT_LINES; i++) {
        struct fold *line = &cut->lines[i];
        *line = world_fold(testing_random(seed) % 3 == 0 ? INDICATOR : OTHER_INDICATOR,
                           cut->hosts[testing_random(seed) % CUT_HOSTS],
                           (int)(testing_random(seed) % 3),
                           cut->values[testing_random(seed) % CUT_VALUES]);
        line->first_us += (int64_t)i;
        line->last_us += (int64_t)i;
        if (testing_random(seed) % 2 == 0) {
            fold_values_add(&line->outside, span_of(cut->hosts[testing_random(seed) % CUT_HOSTS]));
        }
    }
}

/* As the watch does with a chunk: lines of one key become one fold, in the order of their first. */
static size_t piece_fold(const struct fold *lines, size_t count, struct fold *ret)
{
    size_t folds = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < folds && !fold_same_key(&ret[at], &lines[i])) {
            at++;
        }
        if (at < folds) {
            fold_merge(&ret[at], &lines[i]);
        } else {
            ret[folds] = lines[i];
            folds++;
        }
    }
    return folds;
}

/* The same lines in the same order, in one batch and in batches cut at random places, with few and
 * with many hosts an hour allowed: the folds are the same. */
TEST(folds_do_not_depend_on_how_the_lines_are_cut_into_batches)
{
    static struct cut_lines cut;
    static struct fold folds[CUT_LINES];
    const uint32_t hosts_max[] = { 1, 2, 7 };
    uint64_t seed = testing_seed();
    for (int round = 0; round < 6; round++) {
        struct world worlds[2];
        struct span results[2];
        cut_lines_make(&cut, &seed);
        for (size_t w = 0; w < 2; w++) {
            world_begin(&worlds[w]);
            worlds[w].fold_hosts_max = hosts_max[round % 3];
            world_reopen(&worlds[w]);
            for (size_t at = 0; at < CUT_LINES;) {
                size_t size =
                    w == 0 ? CUT_LINES : 1 + (size_t)(testing_random(&seed) % CUT_PIECE_MAX);
                size = size > CUT_LINES - at ? CUT_LINES - at : size;
                size_t count = piece_fold(cut.lines + at, size, folds);
                world_count(&worlds[w], folds, count, w == 0 ? TIME_US_MIN : world_hour_us(1));
                at += size;
            }
            results[w] = world_hits(&worlds[w]);
        }

        assert_true(span_equal(results[0], results[1]));

        world_check_rebuild(&worlds[1]);
        world_end(&worlds[0]);
        world_end(&worlds[1]);
    }
}

TEST(indicator_above_the_rate_keeps_counting_and_makes_one_more_fold)
{
    struct world world;
    char hosts[20][16];
    struct fold lines[20];
    world_begin(&world);
    world.fold_hosts_max = 5;
    world_reopen(&world);
    for (size_t i = 0; i < 20; i++) {
        snprintf(hosts[i], sizeof hosts[i], "10.0.0.%zu", i);
        lines[i] = world_fold(INDICATOR, hosts[i], 20, "a");
    }

    world_count(&world, lines, 20, TIME_US_MIN);
    world_count(&world, lines, 20, TIME_US_MIN);

    assert_int_equal(status_of(&world).folds, 6);
    assert_int_equal(status_of(&world).noisy, 1);
    assert_int_equal(status_of(&world).hits, 40);
    struct span hits = world_hits(&world);
    assert_true(span_find_span(hits, SPAN("\"inside\":\"*\"")) >= 0);
    assert_true(span_find_span(hits, SPAN("\"count\":30")) >= 0);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(stretches_of_an_input_tell_where_lines_of_a_time_are)
{
    struct world world;
    struct store_stretch *found = NULL;
    size_t count = 0;
    world_begin(&world);
    struct store_input input = input_of(3, 5 << 20);
    struct store_batch batch = { .inputs = &input, .input_count = 1 };
    for (uint32_t i = 0; i < 40; i++) { /* of 128 KiB and ten seconds each */
        const struct store_stretch stretch = { .begin = i << 17,
                                               .end = (i + 1) << 17,
                                               .first_s = 1000 + 10 * i,
                                               .last_s = 1009 + 10 * i };
        store_input_add_stretch(&input, &stretch);
        if (i % 9 == 5) {
            check_err(store_batch_add(&world.op, world.store, &batch, NULL, NULL), ERR_OK);
            store_input_stretches_counted(&input);
        }
    }
    check_err(store_batch_add(&world.op, world.store, &batch, NULL, NULL), ERR_OK);

    const struct store_stretch asked = { .first_s = 1105, .last_s = 1105 };
    const struct store_stretch all = { .first_s = 0, .last_s = UINT32_MAX };
    const struct store_stretch never = { .first_s = 0, .last_s = 999 };
    check_err(store_stretches(&world.op, world.store, 1, &asked, &found, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].begin, 8 << 17);
    assert_int_equal(found[0].end, 16 << 17);
    check_err(store_stretches(&world.op, world.store, 1, &all, &found, &count), ERR_OK);
    assert_int_equal(count, 5);
    check_err(store_stretches(&world.op, world.store, 1, &never, &found, &count), ERR_OK);
    assert_int_equal(count, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

/* ---- sightings ---- */

static struct stix_object sighting_parse(struct world *world, struct span text,
                                         struct json_value *ret)
{
    struct stix_object object;
    check_err(json_parse(&world->op, text, ret), ERR_OK);
    check_err(stix_object_read(&world->op, *ret, &object), ERR_OK);
    return object;
}

static void count_back(struct world *world, const struct fold *folds, size_t count,
                       struct opened *opened)
{
    const struct store_batch batch = { .folds = folds, .fold_count = count, .looked_back = true };
    check_err(store_batch_add(&world->op, world->store, &batch, on_opened, opened), ERR_OK);
}

/* History holds every line, also those that looking on counted already. */
TEST(what_is_found_looking_back_counts_once_however_often_it_is_looked_for)
{
    struct world world;
    world_begin(&world);
    struct fold found = world_fold(INDICATOR, "10.0.0.1", 20, "a");
    found.count = 7;
    struct opened opened = { 0 };

    count_back(&world, &found, 1, &opened);
    uint64_t entries = journal_last(store_journal(world.store));
    count_back(&world, &found, 1, &opened);

    assert_int_equal(opened.count, 1);
    assert_int_equal(status_of(&world).hits, 7);
    assert_int_equal(journal_last(store_journal(world.store)), entries);
    assert_true(span_find_span(world_hits(&world), SPAN("\"looked_back\":true")) >= 0);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(looking_back_adds_to_a_fold_only_what_it_does_not_count_already)
{
    struct world world;
    world_begin(&world);
    struct fold live = world_fold(INDICATOR, "10.0.0.1", 20, "a");
    struct fold found = live;
    live.count = 2;
    found.count = 5; /* three lines came before the indicator */
    found.first_us -= 100 * INT64_C(1000000);
    struct opened opened = { 0 };
    world_count(&world, &live, 1, TIME_US_MIN);

    count_back(&world, &found, 1, &opened);
    world_count(&world, &live, 1, TIME_US_MIN);

    assert_int_equal(opened.count, 0);
    assert_int_equal(status_of(&world).hits, 7);
    assert_true(span_find_span(world_hits(&world), SPAN("\"looked_back\"")) < 0);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(hosts_beyond_the_rate_are_found_looking_back_once_too)
{
    enum { HOSTS = 150 };
    struct world world;
    struct fold folds[HOSTS];
    char hosts[HOSTS][16];
    struct opened opened = { 0 };
    world_begin(&world);
    for (size_t i = 0; i < HOSTS; i++) {
        snprintf(hosts[i], sizeof hosts[i], "10.0.0.%zu", i);
        folds[i] = world_fold(INDICATOR, hosts[i], 20, "a");
    }

    count_back(&world, folds, HOSTS, &opened);
    uint64_t hits = status_of(&world).hits;
    count_back(&world, folds, HOSTS, &opened);

    assert_int_equal(hits, HOSTS);
    assert_int_equal(status_of(&world).hits, HOSTS);
    assert_true(opened.count < HOSTS);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(batch_tells_the_last_commit_of_the_history_that_holds_its_lines)
{
    struct world world;
    world_begin(&world);
    uint64_t number = 0;
    const struct store_batch batch = { .history = 41 };

    check_err(store_batch_add(&world.op, world.store, &batch, NULL, NULL), ERR_OK);

    check_err(store_history_commit(&world.op, world.store, &number), ERR_OK);
    assert_int_equal(number, 41);
    world_check_rebuild(&world);
    check_err(store_history_commit(&world.op, world.store, &number), ERR_OK);
    assert_int_equal(number, 41);
    world_end(&world);
}

TEST(sighting_is_written_when_a_fold_opens_and_when_it_closes)
{
    struct world world;
    struct json_value value;
    world_begin(&world);
    struct fold fold = world_fold(INDICATOR, "10.0.0.1", 20, "a");
    world_count(&world, &fold, 1, TIME_US_MIN);
    assert_int_equal(sightings_of(&world).count, 1);
    world_count(&world, &fold, 1, TIME_US_MIN);
    assert_int_equal(sightings_of(&world).count, 1);

    world_count(&world, NULL, 0, world_hour_us(21));

    struct sightings sightings = sightings_of(&world);
    assert_int_equal(sightings.count, 2);
    assert_true(span_equal(sightings.ids[0], sightings.ids[1]));
    struct stix_object opened = sighting_parse(&world, sightings.texts[0], &value);
    check_span(opened.type, "sighting");
    check_span(opened.spec_version, "2.1");
    check_span(opened.created_by_ref, WORLD_IDENTITY);
    check_span(json_string(json_member(value, SPAN("sighting_of_ref"))), INDICATOR);
    assert_int_equal(json_integer(json_member(value, SPAN("count")), 0), 1);
    assert_int_equal(policy_tlp_of_object(&opened, POLICY_TLP_RED), POLICY_TLP_GREEN);
    struct stix_object closed = sighting_parse(&world, sightings.texts[1], &value);
    assert_int_equal(json_integer(json_member(value, SPAN("count")), 0), 2);
    assert_true(closed.created_us == opened.created_us);
    assert_true(closed.modified_us > opened.modified_us);
    assert_int_equal(status_of(&world).folds_open, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(fold_that_was_closed_opens_again_and_its_sighting_stays_one_object)
{
    struct world world;
    struct json_value value;
    world_begin(&world);
    struct fold fold = world_fold(INDICATOR, "10.0.0.1", 20, "a");
    world_count(&world, &fold, 1, TIME_US_MAX);
    assert_int_equal(status_of(&world).folds_open, 0);
    world.now_us -= 5 * WORLD_HOUR_US; /* a clock that was put back */

    world_count(&world, &fold, 1, TIME_US_MIN);
    assert_int_equal(status_of(&world).folds_open, 1);
    world_count(&world, NULL, 0, TIME_US_MAX);

    struct sightings sightings = sightings_of(&world);
    assert_int_equal(sightings.count, 3); /* opened, closed, closed once more */
    assert_true(span_equal(sightings.ids[0], sightings.ids[2]));
    struct stix_object first = sighting_parse(&world, sightings.texts[1], &value);
    struct stix_object second = sighting_parse(&world, sightings.texts[2], &value);
    assert_true(second.modified_us > first.modified_us);
    assert_int_equal(json_integer(json_member(value, SPAN("count")), 0), 2);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(fold_is_closed_only_when_its_time_has_ended)
{
    struct world world;
    world_begin(&world);
    struct fold folds[] = { world_fold(INDICATOR, "10.0.0.1", 3, "a"),
                            world_fold(INDICATOR, "10.0.0.1", 4, "a") };
    folds[1].length_us = 15 * FOLD_MINUTE_US;
    world_count(&world, folds, 2, TIME_US_MIN);

    world_close(&world, world_hour_us(4) - 1, TIME_US_MAX);
    assert_int_equal(status_of(&world).folds_open, 2);
    world_close(&world, world_hour_us(4), TIME_US_MAX);
    assert_int_equal(status_of(&world).folds_open, 1);
    world_close(&world, world_hour_us(4) + folds[1].length_us - 1, TIME_US_MAX);
    assert_int_equal(status_of(&world).folds_open, 1);
    world_close(&world, world_hour_us(4) + folds[1].length_us, TIME_US_MAX);

    assert_int_equal(status_of(&world).folds_open, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

/* Late lines that come in small pieces must not make a version of the sighting each. */
TEST(fold_to_which_lines_still_come_is_not_closed)
{
    struct world world;
    world_begin(&world);
    struct fold fold = world_fold(INDICATOR, "10.0.0.1", 3, "a");
    for (int i = 0; i < 10; i++) {
        world.now_us += 5 * FOLD_MINUTE_US;
        world_count(&world, &fold, 1, TIME_US_MIN);
        world_close(&world, world.now_us, world.now_us - WORLD_HOUR_US);
    }
    assert_int_equal(status_of(&world).folds_open, 1);
    assert_int_equal(sightings_of(&world).count, 1);
    world_reopen(&world);
    world.now_us += WORLD_HOUR_US;
    world_close(&world, world.now_us, world.now_us - WORLD_HOUR_US);
    assert_int_equal(status_of(&world).folds_open, 1);

    world.now_us += 1;
    world_close(&world, world.now_us, world.now_us - WORLD_HOUR_US);

    assert_int_equal(status_of(&world).folds_open, 0);
    assert_int_equal(sightings_of(&world).count, 2);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(folds_are_closed_a_bounded_number_at_a_time)
{
    enum { MANY = STORE_CLOSE_COUNT_MAX + 10 };
    static struct fold folds[MANY];
    static char hosts[MANY][16];
    struct world world;
    size_t closed = 0;
    world_begin(&world);
    world.fold_hosts_max = MANY;
    world_reopen(&world);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(hosts[i], sizeof hosts[i], "10.0.%zu.%zu", i / 256, i % 256);
        folds[i] = world_fold(INDICATOR, hosts[i], 3, "a");
    }
    world_count(&world, folds, MANY, TIME_US_MIN);

    check_err(store_folds_close(&world.op, world.store, TIME_US_MAX, TIME_US_MAX, &closed), ERR_OK);
    assert_int_equal(closed, STORE_CLOSE_COUNT_MAX);
    assert_int_equal(status_of(&world).folds_open, 10);
    check_err(store_folds_close(&world.op, world.store, TIME_US_MAX, TIME_US_MAX, &closed), ERR_OK);
    assert_int_equal(closed, 10);
    check_err(store_folds_close(&world.op, world.store, TIME_US_MAX, TIME_US_MAX, &closed), ERR_OK);

    assert_int_equal(closed, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

/* The configured length was changed while a fold was open. */
TEST(folds_of_different_lengths_stand_side_by_side)
{
    struct world world;
    world_begin(&world);
    struct fold hour = with_evidence(20, "of the hour");
    struct fold quarter = with_evidence(20, "of the quarter");
    quarter.length_us = 15 * FOLD_MINUTE_US;
    world_count(&world, &hour, 1, TIME_US_MIN);
    world_count(&world, &quarter, 1, TIME_US_MIN);
    world_count(&world, &quarter, 1, TIME_US_MIN);

    struct span hits = world_hits(&world);
    assert_int_equal(status_of(&world).folds, 2);
    assert_true(span_find_span(hits, SPAN("\"minutes\":60,")) >= 0);
    assert_true(span_find_span(hits, SPAN("\"minutes\":15,")) >= 0);
    struct sightings sightings = sightings_of(&world);
    assert_int_equal(sightings.count, 2);
    assert_false(span_equal(sightings.ids[0], sightings.ids[1]));
    check_err(store_evidence_read(&world.op, world.store, world.grant, &hour), ERR_OK);
    assert_int_equal(hour.evidence_count, 1);
    check_span(hour.evidence[0], "of the hour");
    check_err(store_evidence_read(&world.op, world.store, world.grant, &quarter), ERR_OK);
    assert_int_equal(quarter.evidence_count, 2);
    check_span(quarter.evidence[0], "of the quarter");
    world_check_rebuild(&world);
    world_end(&world);
}

/* ---- evidence ---- */

static struct fold evidence_of(struct world *world)
{
    struct fold fold = world_fold(INDICATOR, "10.0.0.1", 20, "a");
    check_err(store_evidence_read(&world->op, world->store, world->grant, &fold), ERR_OK);
    return fold;
}

/* The last entry of a kind. */
static uint64_t entry_of(struct world *world, const char *kind)
{
    struct journal *journal = store_journal(world->store);
    for (uint64_t number = journal_last(journal); number > 0; number--) {
        struct journal_header header;
        check_err(journal_read(&world->op, journal, number, &header, NULL), ERR_OK);
        if (span_equal(header.kind, span_of(kind))) {
            return number;
        }
    }
    return 0;
}

TEST(evidence_is_the_first_three_lines_of_a_fold)
{
    struct world world;
    world_begin(&world);
    const char *const lines[] = { "one", "two", "three", "four" };
    for (size_t i = 0; i < 4; i++) {
        struct fold fold = with_evidence(20, lines[i]);
        world_count(&world, &fold, 1, TIME_US_MIN);
    }

    struct fold found = evidence_of(&world);

    assert_int_equal(found.evidence_count, 3);
    check_span(found.evidence[0], "one");
    check_span(found.evidence[2], "three");
    world_check_rebuild(&world);
    assert_int_equal(evidence_of(&world).evidence_count, 3);
    world_end(&world);
}

TEST(evidence_can_be_erased_and_what_was_counted_stays)
{
    struct world world;
    world_begin(&world);
    struct fold fold = with_evidence(20, "SECRET-ONE");
    world_count(&world, &fold, 1, TIME_US_MIN);
    fold = with_evidence(20, "two");
    uint64_t entry = entry_of(&world, "watch.evidence");
    world_count(&world, &fold, 1, TIME_US_MIN);

    check_err(store_erase(&world.op, world.store, entry, SPAN("retention: 30 days")), ERR_OK);

    struct fold found = evidence_of(&world);
    assert_int_equal(found.evidence_count, 1);
    check_span(found.evidence[0], "two");
    assert_int_equal(status_of(&world).hits, 2);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(evidence_that_was_erased_makes_no_room_over_what_is_left)
{
    struct world world;
    world_begin(&world);
    struct fold fold = with_evidence(20, "one");
    world_count(&world, &fold, 1, TIME_US_MIN);
    uint64_t entry = entry_of(&world, "watch.evidence");
    fold = with_evidence(20, "two");
    world_count(&world, &fold, 1, TIME_US_MIN);
    check_err(store_erase(&world.op, world.store, entry, SPAN("rule")), ERR_OK);

    fold = with_evidence(20, "three");
    world_count(&world, &fold, 1, TIME_US_MIN);
    fold = with_evidence(20, "four");
    world_count(&world, &fold, 1, TIME_US_MIN);

    struct fold found = evidence_of(&world);
    assert_int_equal(found.evidence_count, 2);
    check_span(found.evidence[0], "two");
    check_span(found.evidence[1], "three");
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(counted_batches_cannot_be_erased)
{
    struct world world;
    world_begin(&world);
    struct fold fold = world_fold(INDICATOR, "10.0.0.1", 20, "a");
    world_count(&world, &fold, 1, TIME_US_MIN);

    check_err(store_erase(&world.op, world.store, entry_of(&world, "watch.batch"), SPAN("rule")),
              ERR_UNSUPPORTED);

    world_end(&world);
}

/* ---- inputs ---- */

static void count_input(struct world *world, struct store_input *input)
{
    const struct store_batch batch = { .inputs = input, .input_count = 1 };
    check_err(store_batch_add(&world->op, world->store, &batch, NULL, NULL), ERR_OK);
}

TEST(input_is_found_by_its_file_with_all_that_was_told_of_it)
{
    struct world world;
    struct store_input found;
    world_begin(&world);
    struct store_input input = input_of(UINT64_MAX - 5, 100);
    mark_set_head(&input.mark, SPAN("first bytes"));
    mark_set_tail(&input.mark, 10, SPAN("last bytes"));
    input.line = (struct mark_line){ .taken = 7, .waiting = 30, .waiting_digest = { 1, 2, 3 } };
    input.fault_count = 2;
    input.faults[0] = (struct store_fault_count){ SPAN("syntax"), 3 };
    input.faults[1] = (struct store_fault_count){ SPAN("utf8"), 1 };
    count_input(&world, &input);
    world_reopen(&world);

    check_err(store_input_find(&world.op, world.store, 7, UINT64_MAX - 5, &found), ERR_OK);

    assert_int_equal(found.id.number, 1);
    assert_true(found.id.made_us == world_hour_us(1));
    assert_int_equal(found.position, 100);
    assert_int_equal(found.lines, 10);
    assert_memory_equal(&found.mark, &input.mark, sizeof found.mark);
    assert_memory_equal(&found.line, &input.line, sizeof found.line);
    assert_int_equal(found.fault_count, 2);
    check_span(found.faults[0].reason, "syntax");
    assert_int_equal(found.faults[0].count, 3);
    check_err(store_input_find(&world.op, world.store, 7, 1, &found), ERR_ABSENT);
    check_err(store_input_find(&world.op, world.store, 8, UINT64_MAX - 5, &found), ERR_ABSENT);
    world_check_rebuild(&world);
    world_end(&world);
}

/* A file that was rewritten in its place. */
TEST(input_that_takes_the_place_of_another_is_found_and_both_stay_counted)
{
    struct world world;
    struct store_input found;
    world_begin(&world);
    struct store_input first = input_of(1, 100);
    struct store_input second = input_of(1, 40);
    struct store_input other = input_of(2, 60);
    second.id.made_us = TIME_US_NONE;
    second.line.waiting = 12;
    first.line.waiting = 5;
    count_input(&world, &first);
    count_input(&world, &second);
    count_input(&world, &other);

    first.position += 10; /* what an earlier batch still had to tell */
    count_input(&world, &first);

    check_err(store_input_find(&world.op, world.store, 7, 1, &found), ERR_OK);
    assert_int_equal(found.id.number, second.id.number);
    assert_int_equal(found.position, 40);
    assert_true(found.id.made_us == TIME_US_NONE);
    assert_int_equal(first.id.number, 1);
    assert_int_equal(other.id.number, 3);
    assert_int_equal(status_of(&world).inputs, 3);
    assert_int_equal(status_of(&world).lines, 20);
    assert_int_equal(status_of(&world).waiting, 12); /* the other half line is gone */
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(input_is_told_with_the_faults_it_has_now)
{
    struct world world;
    struct store_input found;
    world_begin(&world);
    struct store_input input = input_of(1, 100);
    input.fault_count = 1;
    input.faults[0] = (struct store_fault_count){ SPAN("broken-archive"), 1 };
    const struct store_batch batch = { .inputs = &input, .input_count = 1 };
    check_err(store_batch_add(&world.op, world.store, &batch, NULL, NULL), ERR_OK);
    input.faults[0] = (struct store_fault_count){ SPAN("syntax"), 2 };

    check_err(store_batch_add(&world.op, world.store, &batch, NULL, NULL), ERR_OK);

    check_err(store_input_find(&world.op, world.store, 7, 1, &found), ERR_OK);
    assert_int_equal(found.fault_count, 1);
    check_span(found.faults[0].reason, "syntax");
    assert_int_equal(found.faults[0].count, 2);
    world_check_rebuild(&world);
    world_end(&world);
}

/* ---- what fails counts nothing ---- */

/* Every request for memory fails in turn. What is told as failed is not there, unless it had
 * reached the journal: then it is there whole. */
TEST(batch_that_fails_for_memory_counts_nothing_or_all)
{
    struct world world;
    world_begin(&world);
    struct store_input input = input_of(1, 0);
    uint64_t counted = 0;
    bool done = false;
    for (uint64_t allowed = 0; !done; allowed++) {
        struct op work;
        char host[16]; /* a new fold each time, so that there is evidence to keep */
        snprintf(host, sizeof host, "10.0.1.%u", (unsigned)(allowed % 256));
        struct fold fold = with_evidence(20, "line");
        fold.inside = span_of(host);
        input.position = (counted + 1) * 10;
        const struct store_batch batch = {
            .inputs = &input,
            .input_count = 1,
            .folds = &fold,
            .fold_count = 1,
        };
        uint64_t before = journal_last(store_journal(world.store));
        testing_op_begin(&work);

        memory_fail_after(allowed);
        enum err err = store_batch_add(&work, world.store, &batch, NULL, NULL);
        memory_fail_after(UINT64_MAX);

        op_end(&work);
        done = err == ERR_OK;
        assert_true(done || err == ERR_LIMIT);
        uint64_t written = journal_last(store_journal(world.store)) - before;
        assert_true(written == 0 || written == 2); /* evidence and batch, together */
        counted += written / 2;
        world_count(&world, NULL, 0, TIME_US_MIN); /* catches up, if need be */
        assert_int_equal(status_of(&world).hits, counted);
        struct store_input found = { .position = 0 };
        enum err seen = store_input_find(&world.op, world.store, 7, 1, &found);
        assert_int_equal(seen, counted == 0 ? ERR_ABSENT : ERR_OK);
        assert_int_equal(found.position, counted * 10);
    }
    world_check_rebuild(&world);
    world_end(&world);
}

/* Files may not grow beyond a size: what a full disk is like, for this process alone. */
static void files_may_grow_to(rlim_t size)
{
    struct rlimit limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static rlim_t size_of(struct world *world, const char *name)
{
    char path[SCRATCH_PATH_SIZE + 128];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", world->scratch.path, name);
    assert_int_equal(stat(path, &status), 0);
    return (rlim_t)status.st_size;
}

static rlim_t journal_size(struct world *world)
{
    struct span *names = NULL;
    size_t count = 0;
    char path[128];
    check_err(disk_list(&world->op, world->disk, SPAN("journal"), &names, &count), ERR_OK);
    assert_int_equal(count, 1);
    snprintf(path, sizeof path, "journal/%.*s", SPAN_FMT(names[0]));
    return size_of(world, path);
}

static enum err count_one(struct world *world, const struct fold *fold)
{
    struct op work;
    const struct store_batch batch = { .folds = fold, .fold_count = 1 };
    testing_op_begin(&work);
    enum err err = store_batch_add(&work, world->store, &batch, NULL, NULL);
    op_end(&work);
    return err;
}

TEST(batch_for_which_the_journal_has_no_room_counts_nothing)
{
    struct world world;
    world_begin(&world);
    struct fold fold = with_evidence(20, "line");
    assert_int_equal(count_one(&world, &fold), ERR_OK);

    files_may_grow_to(journal_size(&world) + 10);
    enum err err = count_one(&world, &fold);
    files_may_grow_to(RLIM_INFINITY);

    assert_int_not_equal(err, ERR_OK);
    world_reopen(&world);
    assert_int_equal(status_of(&world).hits, 1);
    assert_int_equal(count_one(&world, &fold), ERR_OK);
    assert_int_equal(status_of(&world).hits, 2);
    world_check_rebuild(&world);
    world_end(&world);
}

/* The journal has it: it is said to have failed, and the next batch builds upon it all the same. */
TEST(batch_for_which_only_the_database_has_no_room_counts_once)
{
    struct world world;
    world_begin(&world);
    struct fold fold = with_evidence(20, "line");
    assert_int_equal(count_one(&world, &fold), ERR_OK);
    rlim_t room = journal_size(&world) + 4096;
    assert_true(size_of(&world, "linie.db-wal") > room);

    files_may_grow_to(room);
    enum err first = count_one(&world, &fold);
    enum err second = count_one(&world, &fold);
    files_may_grow_to(RLIM_INFINITY);

    assert_int_not_equal(first, ERR_OK);
    assert_int_not_equal(second, ERR_OK);
    assert_int_equal(count_one(&world, &fold), ERR_OK);
    assert_int_equal(status_of(&world).hits, 3);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(hits_cannot_be_read_with_a_grant_that_is_none)
{
    struct world world;
    static const uint64_t zeros[16];
    const struct policy_grant *owner = NULL;
    world_begin(&world);
    struct fold fold = with_evidence(20, "line");
    world_count(&world, &fold, 1, TIME_US_MIN);
    owner = world.grant;
    world.grant = (const struct policy_grant *)zeros;

    assert_int_equal(world_hits(&world).size, 0);
    check_err(store_evidence_read(&world.op, world.store, world.grant, &fold), ERR_DENIED);

    world.grant = owner;
    assert_true(world_hits(&world).size > 0);
    world_end(&world);
}
