// SPDX-License-Identifier: EUPL-1.2
/* Values of STIX indicators that are not fit to be watched: kept, said why, let pass by a person.
 */
#include <stdio.h>

#include "tests/store/world.h"

#define EVIL  "[domain-name:value = 'evil.example']"
#define OWN   "[ipv4-addr:value = '10.1.2.3']"
#define MIXED "[ipv4-addr:value = '198.51.100.7' OR domain-name:value = 'com']"

static struct store_objects_added add(struct world *world, const char *object, uint32_t even_if)
{
    struct store_objects_added added;
    const struct store_object_add objects[] = { { .bytes = span_of(object) } };
    const struct store_objects_options options = {
        .source = SPAN("Feed"), .otherwise = POLICY_TLP_GREEN, .put_back = true, .even_if = even_if
    };
    check_err(store_objects_add(&world->op, world->store, &options, objects, 1, &added), ERR_OK);
    return added;
}

static struct store_object only(struct world *world)
{
    const struct store_object_filter filter = { .type = SPAN("indicator") };
    return world_object(world, &filter);
}

TEST(unfit_value_is_kept_not_watched_and_said_why)
{
    struct world world;
    world_begin(&world);
    const char *object = world_indicator(&world, 1, "02", OWN, "");

    struct store_objects_added added = add(&world, object, 0);

    assert_int_equal(added.added, 1);
    assert_int_equal(added.unfit[VALUE_UNFIT_OWN_NETWORK], 1);
    assert_int_equal(added.tally.count[STORE_STATE_UNWATCHABLE], 1);
    check_span(world_watched(&world), "");
    const struct store_object kept = only(&world);
    assert_int_equal(kept.state, STORE_STATE_UNWATCHABLE);
    assert_int_equal(kept.unfit, VALUE_UNFIT_OWN_NETWORK);
    struct span bytes;
    check_err(store_object_read(&world.op, world.store, world.grant, &kept, &bytes), ERR_OK);
    check_span(bytes, object);
    world_end(&world);
}

TEST(pattern_with_an_unfit_value_is_watched_in_part)
{
    struct world world;
    world_begin(&world);

    struct store_objects_added added = add(&world, world_indicator(&world, 1, "02", MIXED, ""), 0);

    assert_int_equal(added.unfit[VALUE_UNFIT_PUBLIC_SUFFIX], 1);
    assert_int_equal(added.tally.count[STORE_STATE_WATCHED], 1);
    assert_int_equal(added.tally.partial, 1);
    check_span(world_watched(&world), "198.51.100.7");
    assert_int_equal(only(&world).unfit, VALUE_UNFIT_PUBLIC_SUFFIX);
    world_end(&world);
}

TEST(what_a_person_means_is_watched_and_stays_so_after_a_rebuild)
{
    struct world world;
    world_begin(&world);
    const char *object = world_indicator(&world, 1, "02", OWN, "");
    (void)add(&world, object, 0);
    check_span(world_watched(&world), "");

    struct store_objects_added added = add(&world, object, 1u << VALUE_UNFIT_OWN_NETWORK);

    assert_int_equal(added.known, 1);
    check_span(world_watched(&world), "10.1.2.3");
    assert_int_equal(only(&world).state, STORE_STATE_WATCHED);
    assert_int_equal(only(&world).unfit, VALUE_FIT);
    world_check_rebuild(&world);
    world_reopen(&world);
    check_span(world_watched(&world), "10.1.2.3");
    /* Also in the versions still to come. */
    (void)add(&world, world_indicator(&world, 1, "03", "[ipv4-addr:value = '10.9.9.9']", ""), 0);
    check_span(world_watched(&world), "10.9.9.9");
    world_end(&world);
}

TEST(letting_pass_is_only_written_down_where_it_changes_something)
{
    struct world world;
    world_begin(&world);
    uint64_t before = journal_last(store_journal(world.store));

    (void)add(&world, world_indicator(&world, 1, "02", EVIL, ""), 1u << VALUE_UNFIT_OWN_NETWORK);
    assert_int_equal(journal_last(store_journal(world.store)), before + 1);
    (void)add(&world, world_indicator(&world, 2, "02", OWN, ""), 1u << VALUE_UNFIT_PUBLIC_SUFFIX);
    assert_int_equal(journal_last(store_journal(world.store)), before + 2);
    (void)add(&world, world_indicator(&world, 3, "02", OWN, ""), 1u << VALUE_UNFIT_OWN_NETWORK);
    assert_int_equal(journal_last(store_journal(world.store)), before + 4);

    check_span(world_watched(&world), "10.1.2.3 evil.example");
    world_end(&world);
}

TEST(verdicts_follow_the_configuration_at_the_next_opening)
{
    static struct value_rules rules;
    struct world world;
    world_begin(&world);
    (void)add(&world, world_indicator(&world, 1, "02", "[ipv4-addr:value = '203.0.113.5']", ""), 0);
    check_span(world_watched(&world), "203.0.113.5");
    rules = value_rules_default();
    rules.own[0] = (struct value_network){ { 203, 0, 113 }, 4, 24 };
    rules.own_count = 1;

    world.rules = &rules;
    world_reopen(&world);

    check_span(world_watched(&world), "");
    assert_int_equal(only(&world).unfit, VALUE_UNFIT_OWN_NETWORK);
    world.rules = NULL;
    world_reopen(&world);
    check_span(world_watched(&world), "203.0.113.5");
    world_end(&world);
}
