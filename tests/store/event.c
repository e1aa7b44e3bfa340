// SPDX-License-Identifier: EUPL-1.2
#include "store/event.h"

#include "tests/store/world.h"

enum { TEXT_SIZE_MAX = 1024 * 1024, MANY = 1000 };

#define INDICATOR "indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"
#define OTHER     "indicator--d58beaa9-b626-559b-8daa-b9261b021a0c"

/* What a walk told: "type value count; ". */
struct told {
    struct buf text;
    struct buf ids;
    size_t count;
    size_t enough; /* stop after so many; 0: never */
};

static void told_begin(struct told *told)
{
    *told = (struct told){ .count = 0 };
    buf_init(&told->text, TEXT_SIZE_MAX);
    buf_init(&told->ids, TEXT_SIZE_MAX);
}

static void told_end(struct told *told)
{
    buf_done(&told->text);
    buf_done(&told->ids);
}

static enum err tell(void *context, const struct store_event *event)
{
    struct told *told = context;
    if (told->enough > 0 && told->count == told->enough) {
        return ERR_AGAIN;
    }
    buf_add_format(&told->text, "%s ", store_event_type_name(event->type));
    if (event->fold != NULL) {
        buf_add_format(&told->text, "%.*s %llu<%llu; ", SPAN_FMT(event->fold->inside),
                       (unsigned long long)event->count_before,
                       (unsigned long long)event->fold->count);
    } else {
        buf_add_format(&told->text, "%.*s; ", SPAN_FMT(event->notice->subject));
    }
    uuid_add(&told->ids, &event->id);
    buf_add_byte(&told->ids, ' ');
    told->count++;
    return ERR_OK;
}

static struct store_cursor walk(struct world *world, struct store_cursor from, uint64_t count_max,
                                struct told *told)
{
    struct store_events events = {
        .grant = world->grant,
        .cursor = from,
        .count_max = count_max,
        .visit = tell,
        .context = told,
    };
    check_err(store_events_walk(&world->op, world->store, &events), ERR_OK);
    return events.cursor;
}

static const struct store_cursor start = { .entry = 0 };

static void count_one(struct world *world, const char *host)
{
    const struct fold fold = world_fold(INDICATOR, host, 18, "a.example");
    world_count(world, &fold, 1, TIME_US_MIN);
}

static void notice_add(struct world *world, const char *subject)
{
    const struct store_notice notice = {
        .type = SPAN("silence"),
        .subject = span_of(subject),
        .text = SPAN("nothing came"),
        .time_us = world->now_us,
        .tlp = POLICY_TLP_CLEAR,
        .stays = true,
    };
    check_err(store_notice_add(&world->op, world->store, &notice, NULL), ERR_OK);
}

/* A fold that opens and grows, another that opens, a notice; then both folds are closed. */
static void fill(struct world *world)
{
    const struct fold both[] = {
        world_fold(INDICATOR, "10.0.0.1", 18, "a.example"),
        world_fold(INDICATOR, "10.0.0.2", 18, "a.example"),
    };
    count_one(world, "10.0.0.1");
    world_count(world, both, 2, TIME_US_MIN);
    notice_add(world, "border");
    world_close(world, world_hour_us(19), TIME_US_MAX);
}

#define FILLED                                                                                     \
    "opened 10.0.0.1 0<1; grown 10.0.0.1 1<2; opened 10.0.0.2 0<1; notice border; "                \
    "closed 10.0.0.1 2<2; closed 10.0.0.2 1<1; "

TEST(events_are_told_in_the_order_of_the_journal)
{
    struct world world;
    struct told told;
    world_begin(&world);
    told_begin(&told);
    fill(&world);

    struct store_cursor end = walk(&world, start, MANY, &told);

    check_span(buf_span(&told.text), FILLED);
    assert_int_equal(end.entry, store_events_end(world.store).entry);
    assert_int_equal(walk(&world, end, MANY, &told).entry, end.entry);
    assert_int_equal(told.count, 6);
    told_end(&told);
    world_end(&world);
}

TEST(events_are_the_same_read_one_by_one_and_after_a_rebuild)
{
    struct world world;
    struct told whole;
    struct told pieces;
    world_begin(&world);
    told_begin(&whole);
    told_begin(&pieces);
    fill(&world);
    (void)walk(&world, start, MANY, &whole);

    world_check_rebuild(&world);
    world_reopen(&world);
    struct store_cursor at = start;
    for (size_t i = 0; i < whole.count; i++) {
        at = walk(&world, at, 1, &pieces);
    }

    check_span(buf_span(&pieces.text), FILLED);
    assert_true(span_equal(buf_span(&pieces.ids), buf_span(&whole.ids)));
    told_end(&whole);
    told_end(&pieces);
    world_end(&world);
}

TEST(event_before_which_a_visitor_stops_is_the_next_one)
{
    struct world world;
    struct told told;
    world_begin(&world);
    told_begin(&told);
    fill(&world);

    struct store_cursor at = start;
    for (told.enough = 1; told.enough <= 6; told.enough++) {
        at = walk(&world, at, MANY, &told);
    }

    check_span(buf_span(&told.text), FILLED);
    told_end(&told);
    world_end(&world);
}

TEST(two_readers_at_different_places_do_not_disturb_each_other)
{
    struct world world;
    struct told first;
    struct told second;
    world_begin(&world);
    told_begin(&first);
    told_begin(&second);
    fill(&world);

    struct store_cursor at = walk(&world, start, 2, &first);
    struct store_cursor behind = start;
    for (int i = 0; i < MANY && (first.count < 6 || second.count < 6); i++) {
        behind = walk(&world, behind, 1, &second);
        at = walk(&world, at, 1, &first);
    }

    check_span(buf_span(&first.text), FILLED);
    check_span(buf_span(&second.text), FILLED);
    told_end(&first);
    told_end(&second);
    world_end(&world);
}

TEST(what_lies_behind_a_cursor_is_counted)
{
    struct world world;
    struct told told;
    uint64_t count = 0;
    int64_t oldest_us = 0;
    world_begin(&world);
    told_begin(&told);
    fill(&world);

    struct store_cursor at = start;
    for (uint64_t left = 6; left > 0; left--) {
        check_err(store_events_behind(&world.op, world.store, at, &count, &oldest_us), ERR_OK);
        assert_int_equal(count, left);
        assert_int_equal(oldest_us, world.now_us);
        at = walk(&world, at, 1, &told);
    }

    check_err(store_events_behind(&world.op, world.store, at, &count, &oldest_us), ERR_OK);
    assert_int_equal(count, 0);
    assert_true(oldest_us == TIME_US_NONE);
    told_end(&told);
    world_end(&world);
}

TEST(events_since_a_moment_begin_at_the_first_entry_of_it)
{
    struct world world;
    struct told told;
    struct store_cursor at = start;
    world_begin(&world);
    told_begin(&told);
    count_one(&world, "10.0.0.1");
    world.now_us += WORLD_HOUR_US;
    count_one(&world, "10.0.0.2");

    check_err(store_events_since(&world.op, world.store, world.now_us, &at), ERR_OK);
    (void)walk(&world, at, MANY, &told);
    check_span(buf_span(&told.text), "opened 10.0.0.2 0<1; ");

    check_err(store_events_since(&world.op, world.store, world.now_us + 1, &at), ERR_OK);
    assert_int_equal(at.entry, store_events_end(world.store).entry);
    told_end(&told);
    world_end(&world);
}

TEST(event_that_the_grant_does_not_open_is_passed_over)
{
    struct world world;
    struct told told;
    struct fold amber = world_fold(INDICATOR, "10.0.0.1", 18, "a.example");
    struct fold green = world_fold(OTHER, "10.0.0.2", 18, "a.example");
    struct fold unknown = world_fold(OTHER, "10.0.0.3", 18, "a.example");
    world_begin(&world);
    told_begin(&told);
    amber.tlp = POLICY_TLP_AMBER;
    green.tlp = POLICY_TLP_GREEN;
    unknown.tlp = POLICY_TLP_UNKNOWN;
    const struct fold folds[] = { amber, green, unknown };
    world_count(&world, folds, 3, TIME_US_MIN);
    check_err(policy_grant_output(&world.op, SPAN("siem"), POLICY_TLP_GREEN, &world.grant), ERR_OK);

    struct store_cursor end = walk(&world, start, MANY, &told);

    check_span(buf_span(&told.text), "opened 10.0.0.2 0<1; ");
    assert_int_equal(end.entry, store_events_end(world.store).entry);
    world.grant = NULL;
    (void)walk(&world, start, MANY, &told);
    assert_int_equal(told.count, 1);
    told_end(&told);
    world_end(&world);
}

/* A node that was restored goes another way: its entries have the same numbers. */
TEST(ids_of_events_of_two_pasts_differ)
{
    struct told told[2];
    for (size_t i = 0; i < 2; i++) {
        struct world world;
        world_begin(&world);
        told_begin(&told[i]);
        fill(&world);
        (void)walk(&world, start, MANY, &told[i]);
        world_end(&world);
    }

    check_span(buf_span(&told[1].text), FILLED);
    for (size_t at = 0; at < told[0].ids.size; at += UUID_TEXT_SIZE + 1) {
        struct span id = span_slice(buf_span(&told[0].ids), at, at + UUID_TEXT_SIZE);
        assert_int_equal(span_find_span(buf_span(&told[1].ids), id), SPAN_NOT_FOUND);
    }
    told_end(&told[0]);
    told_end(&told[1]);
}
