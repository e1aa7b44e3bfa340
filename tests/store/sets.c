// SPDX-License-Identifier: EUPL-1.2
#include "tests/store/world.h"

static const struct world_list three = {
    .source = "National CSIRT",
    .set = "c2",
    .values = "evil.example 198.51.100.7 hxxp://bad[.]example/x",
    .tlp = POLICY_TLP_GREEN,
};

#define THREE_AS_TEXT "198.51.100.7 evil.example http://bad.example/x"

static struct value value_of(struct world *world, const char *text)
{
    struct value value;
    enum value_scope scope;
    struct value_buf *bytes = op_alloc(&world->op, sizeof *bytes);
    check_err(value_recognise(span_of(text), bytes, &value, &scope), ERR_OK);
    return value;
}

TEST(set_members_survive_reopening_and_a_rebuild)
{
    struct world world;
    world_begin(&world);
    (void)world_add_list(&world, &three);
    check_span(world_members(&world, "c2"), THREE_AS_TEXT);

    world_reopen(&world);
    check_span(world_members(&world, "c2"), THREE_AS_TEXT);
    world_check_rebuild(&world);

    check_span(world_members(&world, "c2"), THREE_AS_TEXT);
    world_end(&world);
}

TEST(set_counts_only_what_is_new_and_keeps_the_first_seen_of_what_is_not)
{
    struct world world;
    world_begin(&world);
    struct world_list list = { .source = "Feed", .set = "c2", .values = "a.example b.example" };
    list.first_seen_us = 1000;
    struct store_set_added first = world_add_list(&world, &list);
    list.values = "b.example c.example";
    list.first_seen_us = 5000;

    struct store_set_added second = world_add_list(&world, &list);

    assert_int_equal(first.fresh, 2);
    assert_int_equal(second.fresh, 1);
    assert_int_equal(second.count, 3);
    struct store_set set = world_set(&world, "c2");
    struct pack_reader reader;
    struct pack_member member;
    struct span map;
    check_err(store_set_read(&world.op, world.store, world.grant, &set, &reader, &map), ERR_OK);
    while (pack_next(&reader, &member)) {
        bool fresh = span_equal(member.value.key, SPAN("c.example"));
        assert_true(member.first_seen_us == (fresh ? 5000 : 1000));
    }
    disk_unmap(world.disk, map);
    world_end(&world);
}

TEST(set_gives_up_values_in_any_writing_and_then_the_whole_of_itself)
{
    struct world world;
    uint64_t removed = 0;
    world_begin(&world);
    (void)world_add_list(&world, &three);
    struct store_set set = world_set(&world, "c2");
    const struct value values[] = { value_of(&world, "https://BAD.example/x"),
                                    value_of(&world, "nowhere.example") };

    check_err(store_set_remove(&world.op, world.store, &set, values, 2, &removed), ERR_OK);
    assert_int_equal(removed, 1);
    check_span(world_members(&world, "c2"), "198.51.100.7 evil.example");
    world_check_rebuild(&world);
    check_err(store_set_remove(&world.op, world.store, &set, NULL, 0, &removed), ERR_OK);

    assert_int_equal(removed, 2);
    struct store_set *sets = NULL;
    size_t count = 0;
    check_err(store_sets(&world.op, world.store, world.grant, &sets, &count), ERR_OK);
    assert_int_equal(count, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(set_that_was_emptied_can_be_removed_and_filled_again)
{
    struct world world;
    uint64_t removed = 0;
    world_begin(&world);
    struct world_list list = { .source = "Feed", .set = "c2", .values = "a.example" };
    (void)world_add_list(&world, &list);
    struct store_set set = world_set(&world, "c2");
    const struct value value = value_of(&world, "a.example");

    check_err(store_set_remove(&world.op, world.store, &set, &value, 1, &removed), ERR_OK);
    check_span(world_members(&world, "c2"), "");
    assert_int_equal(world_add_list(&world, &list).fresh, 1);
    check_err(store_set_remove(&world.op, world.store, &set, &value, 1, &removed), ERR_OK);
    check_err(store_set_remove(&world.op, world.store, &set, NULL, 0, &removed), ERR_OK);

    assert_int_equal(removed, 0);
    check_err(store_set_remove(&world.op, world.store, &set, NULL, 0, &removed), ERR_ABSENT);
    world_end(&world);
}

TEST(set_writes_nothing_for_values_that_are_no_members)
{
    struct world world;
    uint64_t removed = 0;
    world_begin(&world);
    (void)world_add_list(&world, &three);
    struct store_set set = world_set(&world, "c2");
    const struct value value = value_of(&world, "nowhere.example");
    uint64_t before = journal_last(store_journal(world.store));

    check_err(store_set_remove(&world.op, world.store, &set, &value, 1, &removed), ERR_ABSENT);

    assert_int_equal(journal_last(store_journal(world.store)), before);
    world_end(&world);
}

TEST(set_label_is_narrowed_by_a_later_addition_and_never_widened)
{
    struct world world;
    world_begin(&world);
    struct world_list list = three;
    list.tlp = POLICY_TLP_AMBER;
    assert_int_equal(world_add_list(&world, &list).tlp, POLICY_TLP_AMBER);
    list.tlp = POLICY_TLP_CLEAR;

    assert_int_equal(world_add_list(&world, &list).tlp, POLICY_TLP_AMBER);
    list.tlp = POLICY_TLP_RED;
    assert_int_equal(world_add_list(&world, &list).tlp, POLICY_TLP_RED);

    assert_int_equal(world_set(&world, "c2").tlp, POLICY_TLP_RED);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(set_of_one_name_from_two_sources_is_two_sets)
{
    struct world world;
    world_begin(&world);
    (void)world_add_list(&world, &three);
    struct world_list other = { .source = "Feed", .set = "c2", .values = "a.example" };

    assert_int_equal(world_add_list(&world, &other).fresh, 1);

    struct store_set *sets = NULL;
    size_t count = 0;
    check_err(store_sets(&world.op, world.store, world.grant, &sets, &count), ERR_OK);
    assert_int_equal(count, 2);
    check_span(sets[0].source, "Feed");
    assert_int_equal(sets[0].count, 1);
    assert_int_equal(sets[1].count, 3);
    world_end(&world);
}

TEST(set_without_a_source_is_the_owners)
{
    struct world world;
    world_begin(&world);
    const struct world_list own = { .set = "mine", .values = "a.example" };

    (void)world_add_list(&world, &own);

    struct store_set set = world_set(&world, "mine");
    assert_int_equal(set.source.size, 0);
    check_span(set.source_id, WORLD_IDENTITY);
    world_end(&world);
}

/* Decision 0007: the id is made of source, set, kind and canonical value; nothing of the node. */
TEST(two_nodes_with_the_same_feed_make_the_same_indicator_ids)
{
    struct world a;
    struct world b;
    world_begin(&a);
    world_begin(&b);
    struct span ids[2];
    struct world *worlds[] = { &a, &b };
    for (size_t i = 0; i < 2; i++) {
        struct span source;
        const struct value value = value_of(worlds[i], i == 0 ? "EVIL.example" : "evil[.]example.");
        check_err(store_source_identity(&worlds[i]->op, worlds[i]->store, SPAN("Feed"), &source),
                  ERR_OK);
        check_err(store_member_id(&worlds[i]->op, source, SPAN("c2"), &value, &ids[i]), ERR_OK);
    }

    assert_true(span_equal(ids[0], ids[1]));
    /* UUIDv5 (RFC 4122) of ["identity--...","c2","domain","evil.example"], made with Python's uuid;
     * the source's own is that of ["identity","Feed"]. */
    check_span(ids[0], "indicator--d39154e6-2906-5ece-9059-bb39a7439b13");
    struct span other;
    struct span source;
    const struct value value = value_of(&a, "evil.example");
    check_err(store_source_identity(&a.op, a.store, SPAN("Feed 2"), &source), ERR_OK);
    check_err(store_member_id(&a.op, source, SPAN("c2"), &value, &other), ERR_OK);
    assert_false(span_equal(ids[0], other));
    world_end(&a);
    world_end(&b);
}

TEST(set_and_source_names_that_cannot_be_kept_are_refused)
{
    struct world world;
    struct store_set_added added;
    world_begin(&world);
    struct store_set_add add = { .set = SPAN(""), .source = SPAN("Feed") };
    uint64_t before = journal_last(store_journal(world.store));

    check_err(store_set_add(&world.op, world.store, &add, &added), ERR_LIMIT);
    op_fault_clear(&world.op);
    add.set = SPAN("\xFF\xFE");
    check_err(store_set_add(&world.op, world.store, &add, &added), ERR_FORMAT);

    assert_int_equal(journal_last(store_journal(world.store)), before);
    world_end(&world);
}

TEST(set_files_that_no_set_refers_to_are_removed)
{
    struct world world;
    world_begin(&world);
    struct world_list list = three;
    for (int i = 0; i < 5; i++) {
        list.values = i % 2 == 0 ? "a.example b.example" : "c.example d.example";
        (void)world_add_list(&world, &list);
    }
    struct span *names = NULL;
    size_t count = 0;

    check_err(disk_list(&world.op, world.disk, SPAN("sets"), &names, &count), ERR_OK);

    assert_int_equal(count, 1);
    world_end(&world);
}

TEST(set_cannot_be_read_with_a_grant_that_is_none)
{
    struct world world;
    world_begin(&world);
    (void)world_add_list(&world, &three);
    struct store_set set = world_set(&world, "c2");
    static const uint64_t zeros[16];
    const struct policy_grant *forged = (const struct policy_grant *)zeros;
    struct store_set *sets = NULL;
    struct pack_reader reader;
    struct span map;
    size_t count = 1;

    check_err(store_sets(&world.op, world.store, forged, &sets, &count), ERR_OK);
    assert_int_equal(count, 0);
    check_err(store_set_read(&world.op, world.store, forged, &set, &reader, &map), ERR_DENIED);

    world_end(&world);
}

TEST(set_that_is_added_again_as_it_is_writes_nothing)
{
    struct world world;
    world_begin(&world);
    struct world_list list = three;
    list.context = "{\"info\":\"a case\"}";
    list.even_if = 1u << VALUE_UNFIT_OWN_NETWORK;
    (void)world_add_list(&world, &list);
    uint64_t entries = journal_last(store_journal(world.store));

    struct store_set_added again = world_add_list(&world, &list);

    assert_int_equal(again.fresh, 0);
    assert_int_equal(again.count, 3);
    assert_int_equal(again.tlp, POLICY_TLP_GREEN);
    assert_int_equal(journal_last(store_journal(world.store)), entries);

    list.tlp = POLICY_TLP_RED; /* says something new */
    assert_int_equal(world_add_list(&world, &list).tlp, POLICY_TLP_RED);
    assert_int_equal(journal_last(store_journal(world.store)), entries + 1);
    world_end(&world);
}

TEST(set_keeps_what_a_person_lets_pass_and_what_its_feed_says_of_it)
{
    struct world world;
    world_begin(&world);
    struct world_list list = three;
    list.context = "{\"info\":\"a \\\"case\\\"\"}";
    list.even_if = 1u << VALUE_UNFIT_OWN_NETWORK;
    (void)world_add_list(&world, &list);
    list.values = "other.example";
    list.context = NULL;
    list.even_if = 1u << VALUE_UNFIT_PUBLIC_SUFFIX;
    (void)world_add_list(&world, &list);

    struct store_set set = world_set(&world, "c2");
    assert_int_equal(set.even_if, 1u << VALUE_UNFIT_OWN_NETWORK | 1u << VALUE_UNFIT_PUBLIC_SUFFIX);
    check_span(set.context, "{\"info\":\"a \\\"case\\\"\"}");
    world_check_rebuild(&world);
    set = world_set(&world, "c2");
    check_span(set.context, "{\"info\":\"a \\\"case\\\"\"}");

    list.context = "{\"info\":\"newer\"}";
    (void)world_add_list(&world, &list);
    check_span(world_set(&world, "c2").context, "{\"info\":\"newer\"}");
    world_end(&world);
}
