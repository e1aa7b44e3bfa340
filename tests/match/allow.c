// SPDX-License-Identifier: EUPL-1.2
#include "match/allow.h"

#include "tests/match/world.h"

/* Effects, as numbers: what they mean is not this room's business. */
enum { NONE = 0, LOWER = 1, SILENT = 2 };

#define NOON_US INT64_C(1795262400000000)
#define ID      "indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"
#define OTHER   "indicator--e58beaa9-b626-559b-8daa-b9261b021a0b"

/* One list of an image of allowed values. */
struct listed {
    const char *name;
    const char *inside; /* NULL: all hosts */
    const char *text;   /* as a plain list writes it */
    uint8_t effect;
    uint8_t below;
    const char *indicator;  /* id of the only one; NULL: all */
    int64_t valid_until_us; /* 0: for ever */
};

static void add(struct world *world, const struct listed *listed)
{
    struct value_buf *bytes = op_alloc(&world->op, sizeof *bytes);
    struct match_allow_entry entry = {
        .effect = listed->effect,
        .effect_below = listed->below,
        .one_indicator = listed->indicator != NULL,
        .valid_until_us = listed->valid_until_us == 0 ? TIME_US_NONE : listed->valid_until_us,
    };
    const struct match_allow_list list = { .name = span_of(listed->name),
                                           .inside = span_of(listed->inside) };
    check_err(match_allow_list(world->builder, &list, &entry.list), ERR_OK);
    check_err(value_recognise(span_of(listed->text), bytes, &entry.value, &entry.scope), ERR_OK);
    if (listed->indicator != NULL) {
        check_err(uuid_parse(span_from(span_of(listed->indicator), strlen("indicator--")),
                             &entry.indicator),
                  ERR_OK);
    }
    check_err(match_allow_add(world->builder, &entry), ERR_OK);
}

static void allow(struct world *world, const struct listed *lists, size_t count)
{
    world_begin(world);
    for (size_t i = 0; i < count; i++) {
        add(world, &lists[i]);
    }
    world_open(world);
}

/* A hit of `indicator` (as a list writes it) by what was observed; NULL: the same. */
struct question {
    const char *indicator;
    const char *observed;
    const char *inside;
    const char *id;
    int64_t time_us;
};

static struct match_allow_answer ask(struct world *world, const struct question *question)
{
    struct value_buf *bytes = op_alloc(&world->op, 2 * sizeof *bytes);
    struct value indicator;
    struct value observed = { .kind = VALUE_NONE };
    enum value_scope scope;
    check_err(value_recognise(span_of(question->indicator), &bytes[0], &indicator, &scope), ERR_OK);
    if (question->observed != NULL) {
        check_err(value_recognise(span_of(question->observed), &bytes[1], &observed, &scope),
                  ERR_OK);
    }
    const struct match_allow_hit hit = {
        .indicator = &indicator,
        .observed_kind = observed.kind,
        .observed = observed.key,
        .indicator_id = span_of(question->id == NULL ? ID : question->id),
        .inside = span_of(question->inside == NULL ? "10.0.0.5" : question->inside),
        .time_us = question->time_us == 0 ? NOON_US : question->time_us,
    };
    return match_allow_ask(world->image, world->found, &hit);
}

static unsigned effect_on(struct world *world, const char *indicator, const char *observed)
{
    const struct question question = { .indicator = indicator, .observed = observed };
    return ask(world, &question).effect;
}

TEST(allow_list_says_nothing_of_values_that_are_not_on_it)
{
    struct world world;
    const struct listed list = { .name = "cdn", .text = "cdn.example", .effect = SILENT };
    allow(&world, &list, 1);

    const struct question question = { .indicator = "evil.example", .observed = "evil.example" };
    struct match_allow_answer answer = ask(&world, &question);

    assert_int_equal(answer.effect, NONE);
    assert_int_equal(answer.list.size, 0);
    world_end(&world);
}

TEST(allow_list_covers_a_name_and_has_an_effect_of_its_own_on_names_below)
{
    struct world world;
    const struct listed lists[] = {
        { .name = "top", .text = "host.example", .effect = SILENT, .below = LOWER },
        { .name = "own", .text = "ours.example", .effect = SILENT, .below = SILENT },
        { .name = "exact", .text = "=just.example", .effect = SILENT, .below = SILENT },
    };
    allow(&world, lists, 3);

    assert_int_equal(effect_on(&world, "host.example", "host.example"), SILENT);
    assert_int_equal(effect_on(&world, "evil.host.example", "evil.host.example"), LOWER);
    assert_int_equal(effect_on(&world, "www.ours.example", "www.ours.example"), SILENT);
    assert_int_equal(effect_on(&world, "just.example", "just.example"), SILENT);
    assert_int_equal(effect_on(&world, "www.just.example", "www.just.example"), NONE);
    assert_int_equal(effect_on(&world, "nothost.example", "nothost.example"), NONE);
    world_end(&world);
}

/* An indicator for a whole domain, of which one name is known to be good. */
TEST(allow_list_is_asked_for_what_was_observed_as_well)
{
    struct world world;
    const struct listed lists[] = {
        { .name = "good", .text = "good.evil.example", .effect = SILENT, .below = SILENT },
        { .name = "ours", .text = "192.0.2.1", .effect = SILENT, .below = SILENT },
    };
    allow(&world, lists, 2);

    assert_int_equal(effect_on(&world, "evil.example", "good.evil.example"), SILENT);
    assert_int_equal(effect_on(&world, "evil.example", "www.evil.example"), NONE);
    assert_int_equal(effect_on(&world, "192.0.2.0/24", "192.0.2.1"), SILENT);
    assert_int_equal(effect_on(&world, "192.0.2.0/24", "192.0.2.2"), NONE);
    world_end(&world);
}

TEST(allow_list_of_ranges_covers_addresses_and_ranges_that_lie_in_them_whole)
{
    struct world world;
    const struct listed lists[] = {
        { .name = "cloud", .text = "198.51.100.0/24", .effect = LOWER, .below = LOWER },
        { .name = "cloud6", .text = "2001:db8::/32", .effect = LOWER, .below = LOWER },
    };
    allow(&world, lists, 2);

    assert_int_equal(effect_on(&world, "198.51.100.7", "198.51.100.7"), LOWER);
    assert_int_equal(effect_on(&world, "198.51.100.7:443", NULL), LOWER);
    assert_int_equal(effect_on(&world, "198.51.100.0/25", NULL), LOWER);
    assert_int_equal(effect_on(&world, "198.51.100.128/25", NULL), LOWER);
    assert_int_equal(effect_on(&world, "198.51.100.0/24", NULL), LOWER);
    assert_int_equal(effect_on(&world, "198.51.100.0/23", NULL), NONE);
    assert_int_equal(effect_on(&world, "198.51.101.0/24", NULL), NONE);
    assert_int_equal(effect_on(&world, "2001:db8:1::/48", NULL), LOWER);
    assert_int_equal(effect_on(&world, "2001:d00::/24", NULL), NONE);
    world_end(&world);
}

/* Shared hosts are allowed, and evil pages lie on them: a URL that names its path is its own. */
TEST(allow_list_of_names_covers_a_url_only_where_it_names_no_path)
{
    struct world world;
    const struct listed lists[] = {
        { .name = "top", .text = "docs.example", .effect = SILENT, .below = SILENT },
        { .name = "address", .text = "198.51.100.7", .effect = SILENT, .below = SILENT },
        { .name = "address6", .text = "2001:db8::7", .effect = SILENT, .below = SILENT },
        { .name = "page", .text = "http://page.example/a", .effect = SILENT, .below = SILENT },
    };
    allow(&world, lists, 4);

    assert_int_equal(effect_on(&world, "http://docs.example/", NULL), SILENT);
    assert_int_equal(effect_on(&world, "https://docs.example:8443/", NULL), SILENT);
    assert_int_equal(effect_on(&world, "http://docs.example/forms/evil", NULL), NONE);
    assert_int_equal(effect_on(&world, "http://docs.example/?id=evil", NULL), NONE);
    assert_int_equal(effect_on(&world, "http://198.51.100.7/", NULL), SILENT);
    assert_int_equal(effect_on(&world, "http://[2001:db8::7]:8080/", NULL), SILENT);
    assert_int_equal(effect_on(&world, "http://[2001:db8::7]/", NULL), SILENT);
    assert_int_equal(effect_on(&world, "http://198.51.100.7/evil", NULL), NONE);
    assert_int_equal(effect_on(&world, "http://page.example/a", NULL), SILENT);
    assert_int_equal(effect_on(&world, "http://page.example/b", NULL), NONE);
    world_end(&world);
}

TEST(allow_entry_ends_with_its_time_which_is_that_of_the_line)
{
    struct world world;
    const struct listed list = {
        .name = "month", .text = "evil.example", .effect = SILENT, .valid_until_us = NOON_US
    };
    const struct question before = { .indicator = "evil.example", .time_us = NOON_US - 1 };
    const struct question after = { .indicator = "evil.example", .time_us = NOON_US };
    allow(&world, &list, 1);

    assert_int_equal(ask(&world, &before).effect, SILENT);
    assert_int_equal(ask(&world, &after).effect, NONE);
    world_end(&world);
}

TEST(allow_entry_may_speak_of_one_host_and_of_one_indicator_alone)
{
    struct world world;
    const struct listed lists[] = {
        { .name = "one host", .inside = "10.0.0.5", .text = "a.example", .effect = SILENT },
        { .name = "one indicator", .text = "b.example", .effect = SILENT, .indicator = ID },
        { .name = "both",
          .inside = "10.0.0.5",
          .text = "c.example",
          .effect = SILENT,
          .indicator = ID },
    };
    const struct {
        struct question question;
        unsigned effect;
    } rows[] = {
        { { .indicator = "a.example" }, SILENT },
        { { .indicator = "a.example", .inside = "10.0.0.6" }, NONE },
        { { .indicator = "a.example", .inside = "" }, NONE },
        { { .indicator = "a.example", .id = OTHER }, SILENT },
        { { .indicator = "b.example" }, SILENT },
        { { .indicator = "b.example", .inside = "10.0.0.6" }, SILENT },
        { { .indicator = "b.example", .id = OTHER }, NONE },
        { { .indicator = "b.example", .id = "" }, NONE },
        { { .indicator = "c.example" }, SILENT },
        { { .indicator = "c.example", .id = OTHER }, NONE },
        { { .indicator = "c.example", .inside = "10.0.0.6" }, NONE },
    };
    allow(&world, lists, 3);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ask(&world, &rows[i].question).effect, rows[i].effect);
    }
    world_end(&world);
}

TEST(allow_list_with_the_largest_effect_is_the_one_that_is_named)
{
    struct world world;
    const struct listed lists[] = {
        { .name = "cloud", .text = "198.51.100.0/24", .effect = LOWER },
        { .name = "resolver", .text = "198.51.100.53", .effect = SILENT },
        { .name = "another", .text = "198.51.100.0/25", .effect = LOWER },
    };
    const struct question question = { .indicator = "198.51.100.53" };
    allow(&world, lists, 3);

    struct match_allow_answer answer = ask(&world, &question);

    assert_int_equal(answer.effect, SILENT);
    check_span(answer.list, "resolver");
    world_end(&world);
}
