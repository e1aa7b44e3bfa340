// SPDX-License-Identifier: EUPL-1.2
#include "watch/crew.h"

#include <stdio.h>

#include "tests/watch/lane.h"

enum { LINE_COUNT = 30000, PADDING = 300, JOBS_MAX = 5 };

/* A log of several chunks; one line in thirty meets something. */
static struct span log_of(struct lane *lane, uint64_t *seed)
{
    struct buf text;
    struct span copy;
    buf_init(&text, LANE_SIZE_MAX);
    for (int i = 0; i < LINE_COUNT; i++) {
        unsigned resp = (unsigned)(testing_random(seed) % 256);
        buf_add_format(&text,
                       "{\"_path\":\"conn\",\"ts\":%d.5,\"id.orig_h\":\"10.0.0.%u\","
                       "\"id.resp_h\":\"198.51.100.%u\",\"padding\":\"%0*d\"}\n",
                       1795291200 + i, (unsigned)(testing_random(seed) % 9), resp, PADDING, 0);
    }
    check_err(op_copy(&lane->op, buf_span(&text), &copy), ERR_OK);
    buf_done(&text);
    return copy;
}

static void slot_add(struct buf *told, const struct watch_slot *slot)
{
    const struct watch_result *result = &slot->result;
    assert_int_equal(slot->err, ERR_OK);
    wire_add_u64(told, result->end);
    wire_add_u64(told, result->lines);
    wire_add_u64(told, result->observations);
    mark_line_wire_add(told, &result->line);
    for (size_t i = 0; i < result->fold_count; i++) {
        fold_wire_add(told, result->folds[i]);
    }
}

static const struct watch_begin from_start = { .position = 0 };
static const struct watch_crew_listener nobody = { .done = NULL };

/* All that a crew tells of an input, in the order in which it is told. */
static struct span told_by(struct lane *lane, unsigned jobs, struct span log,
                           const struct match_image *image)
{
    const struct watch_source source = { .format = OBSERVE_FORMAT_ZEEK_JSON };
    struct watch_crew *crew = NULL;
    struct watch_input *input = lane_input(lane, lane_file(lane, log));
    struct buf told;
    struct span copy;
    bool ended = false;
    buf_init(&told, LANE_SIZE_MAX);
    check_err(watch_crew_new(&lane->op, lane_rules(), jobs, &nobody, &crew), ERR_OK);
    check_err(lane_seek(lane, input, OBSERVE_FORMAT_ZEEK_JSON, &from_start), ERR_OK);
    for (;;) {
        struct watch_slot *slot = watch_crew_free_slot(crew);
        while (slot != NULL && !ended) {
            ended = watch_input_next(&lane->op, input, slot->chunk) == ERR_ABSENT;
            if (!ended) {
                slot->source = &source;
                slot->images.indicators = image;
                watch_crew_give(crew);
            }
            slot = watch_crew_free_slot(crew);
        }
        slot = watch_crew_take(crew, true);
        if (slot == NULL) {
            break;
        }
        slot_add(&told, slot);
        watch_crew_release(crew);
    }
    watch_crew_free(crew);
    watch_input_close(input);
    check_err(op_copy(&lane->op, buf_span(&told), &copy), ERR_OK);
    buf_done(&told);
    return copy;
}

TEST(number_of_jobs_changes_nothing_in_the_result)
{
    struct lane lane;
    uint64_t seed = testing_seed();
    const struct lane_indicator list[] = { { .text = "198.51.100.7" },
                                           { .text = "198.51.100.16/29" },
                                           { .text = "10.0.0.3", .uuid = 5 } };
    lane_begin(&lane);
    struct match_image *image = lane_image(&lane, list, 3);
    struct span log = log_of(&lane, &seed);
    struct span alone = told_by(&lane, 1, log, image);
    assert_true(alone.size > 1000);

    for (unsigned jobs = 2; jobs <= JOBS_MAX; jobs++) {
        assert_true(span_equal(told_by(&lane, jobs, log, image), alone));
    }
    lane_end(&lane);
}

TEST(crew_that_is_given_up_in_the_middle_stops)
{
    struct lane lane;
    uint64_t seed = testing_seed();
    const struct lane_indicator list[] = { { .text = "198.51.100.7" } };
    const struct watch_source source = { .format = OBSERVE_FORMAT_ZEEK_JSON };
    lane_begin(&lane);
    struct match_image *image = lane_image(&lane, list, 1);
    struct span log = log_of(&lane, &seed);
    for (unsigned jobs = 1; jobs <= JOBS_MAX; jobs++) {
        struct watch_crew *crew = NULL;
        struct watch_input *input = lane_input(&lane, lane_file(&lane, log));
        check_err(watch_crew_new(&lane.op, lane_rules(), jobs, &nobody, &crew), ERR_OK);
        check_err(lane_seek(&lane, input, OBSERVE_FORMAT_ZEEK_JSON, &from_start), ERR_OK);
        for (struct watch_slot *slot = watch_crew_free_slot(crew); slot != NULL;
             slot = watch_crew_free_slot(crew)) {
            check_err(watch_input_next(&lane.op, input, slot->chunk), ERR_OK);
            slot->source = &source;
            slot->images.indicators = image;
            watch_crew_give(crew);
        }

        watch_crew_free(crew);

        watch_input_close(input);
    }
    lane_end(&lane);
}
