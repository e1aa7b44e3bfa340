// SPDX-License-Identifier: EUPL-1.2
#include "store/counts.h"

#include "store/notice.h"
#include "tests/store/world.h"

#define INDICATOR "indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"

static struct store_counts counts_of(struct world *world)
{
    struct store_counts counts;
    check_err(store_counts(&world->op, world->store, &counts), ERR_OK);
    return counts;
}

static void read_some(struct world *world, uint64_t inode, struct span format, uint64_t lines)
{
    struct store_input input = {
        .id = { .device = 7, .inode = inode, .made_us = world_hour_us(1) },
        .path = SPAN("some.log"),
        .format = format,
        .sensor = SPAN("border"),
        .position = lines * 10,
        .lines = lines,
        .observations = lines * 3,
    };
    mark_init(&input.mark);
    input.faults[0].reason = SPAN("not-json");
    input.faults[0].count = 2;
    input.fault_count = 1;
    const struct store_batch batch = { .inputs = &input, .input_count = 1 };
    check_err(store_batch_add(&world->op, world->store, &batch, NULL, NULL), ERR_OK);
}

/* As 'linie hits' would rank it. */
static enum rank_level level_of(const struct fold *fold)
{
    return rank_level_of(fold_rank(fold));
}

TEST(counts_of_a_new_world_are_zero)
{
    struct world world;
    world_begin(&world);

    const struct store_counts counts = counts_of(&world);

    assert_int_equal(counts.hits, 0);
    assert_int_equal(counts.input_count, 0);
    assert_int_equal(counts.notice_count, 0);
    assert_int_equal(counts.fault_count, 0);
    assert_true(counts.entries > 0);
    assert_int_equal(counts.applied, counts.entries);
    for (int i = 0; i < RANK_LEVEL_COUNT; i++) {
        assert_int_equal(counts.ranks[i].folds, 0);
    }
    world_end(&world);
}

TEST(counts_put_folds_under_their_rank_and_tell_who_was_looked_at)
{
    struct world world;
    world_begin(&world);
    struct fold folds[] = {
        world_fold(INDICATOR, "10.0.0.5", 20, "evil.example"),
        world_fold(INDICATOR, "10.0.0.6", 20, "evil.example"),
        world_fold(INDICATOR, "10.0.0.7", 20, "evil.example"),
    };
    folds[1].best.direction = RANK_OUTBOUND;
    folds[1].best.outcome = RANK_DONE;
    folds[2].best.effect = RANK_SILENCED;
    folds[2].silent = folds[2].count;
    folds[2].list = SPAN("a list");
    const enum rank_level plain = level_of(&folds[0]);
    const enum rank_level raised = level_of(&folds[1]);
    assert_int_equal(level_of(&folds[2]), RANK_SILENT);
    world_count(&world, folds, 3, TIME_US_MIN);
    struct store_hit hit;
    char id[HIT_ID_SIZE];
    const struct store_hit_change change = { .act = HIT_ACT_ACKNOWLEDGE, .text = SPAN("seen") };
    hit_id_of(&folds[2], id);
    check_err(store_hit_find(&world.op, world.store, world.grant, span_of(id), &hit), ERR_OK);
    check_err(store_hits_change(&world.op, world.store, &change, &hit, 1), ERR_OK);

    const struct store_counts counts = counts_of(&world);

    assert_int_equal(counts.hits, 3);
    assert_int_equal(counts.ranks[RANK_SILENT].folds, 1);
    assert_int_equal(counts.ranks[RANK_SILENT].open, 1);
    assert_int_equal(counts.ranks[RANK_SILENT].untouched, 0);
    assert_int_equal(counts.ranks[plain].folds, plain == raised ? 2 : 1);
    assert_int_equal(counts.ranks[raised].untouched, plain == raised ? 2 : 1);

    world_close(&world, TIME_US_MAX, TIME_US_MAX);
    assert_int_equal(counts_of(&world).ranks[raised].open, 0);
    world_end(&world);
}

TEST(counts_put_inputs_of_a_format_and_sensor_together)
{
    struct world world;
    world_begin(&world);
    read_some(&world, 1, SPAN("eve"), 10);
    read_some(&world, 2, SPAN("eve"), 5);
    read_some(&world, 3, SPAN("zeek-json"), 1);

    const struct store_counts counts = counts_of(&world);

    assert_int_equal(counts.input_count, 2);
    check_span(counts.inputs[0].format, "eve");
    check_span(counts.inputs[0].sensor, "border");
    assert_int_equal(counts.inputs[0].inputs, 2);
    assert_int_equal(counts.inputs[0].lines, 15);
    assert_int_equal(counts.inputs[0].observations, 45);
    assert_int_equal(counts.inputs[0].bytes, 150);
    check_span(counts.inputs[1].format, "zeek-json");
    assert_int_equal(counts.fault_count, 1);
    check_span(counts.faults[0].reason, "not-json");
    assert_int_equal(counts.faults[0].count, 6);
    world_end(&world);
}

TEST(counts_tell_open_notices_by_type)
{
    struct world world;
    world_begin(&world);
    static const char *const subjects[] = { "border", "mail" };
    for (size_t i = 0; i < 2; i++) {
        const struct store_notice notice = {
            .type = SPAN("silence"),
            .subject = span_of(subjects[i]),
            .text = SPAN("nothing came"),
            .time_us = world.now_us,
            .tlp = POLICY_TLP_CLEAR,
            .stays = true,
        };
        check_err(store_notice_add(&world.op, world.store, &notice, NULL), ERR_OK);
    }

    const struct store_counts counts = counts_of(&world);

    assert_int_equal(counts.notice_count, 1);
    check_span(counts.notices[0].type, "silence");
    assert_int_equal(counts.notices[0].open, 2);
    world_end(&world);
}
