// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"
#include "tests/store/world.h"

#define STATEMENT_ID "marking-definition--33333333-3333-4333-8333-333333333333"
#define STATEMENT                                                                                  \
    "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" STATEMENT_ID "\","       \
    "\"created\":\"2026-11-01T00:00:00.000Z\",\"definition_type\":\"statement\","                  \
    "\"definition\":{\"statement\":\"Copyright\"}}"
#define MARKED(id)   ",\"object_marking_refs\":[\"" id "\"]"
#define TLP2_AMBER   "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define SIMPLE       "[domain-name:value = 'evil.example']"
#define OTHER_SIMPLE "[domain-name:value = 'other.example']"

static struct store_objects_added add(struct world *world, const char *source, const char *object)
{
    const char *const objects[] = { object, NULL };
    return world_add_objects(world, source, objects);
}

static struct store_objects_added add_marked(struct world *world, const char *object,
                                             enum policy_tlp local)
{
    const struct store_object_add one = { .bytes = span_of(object) };
    const struct store_objects_options options = {
        .source = SPAN("Feed"),
        .has_local = true,
        .local = local,
    };
    struct store_objects_added added;
    check_err(store_objects_add(&world->op, world->store, &options, &one, 1, &added), ERR_OK);
    return added;
}

static struct store_object latest_indicator(struct world *world)
{
    const struct store_object_filter filter = { .type = SPAN("indicator"), .latest_only = true };
    return world_object(world, &filter);
}

static enum err count_visit(void *context, const struct store_object *object)
{
    size_t *count = context;
    (void)object;
    (*count)++;
    return ERR_OK;
}

static size_t count_of(struct world *world, const struct policy_grant *grant)
{
    const struct store_object_filter filter = { .type = SPAN("indicator") };
    size_t count = 0;
    check_err(store_objects_walk(&world->op, world->store, grant, &filter, count_visit, &count),
              ERR_OK);
    return count;
}

TEST(object_comes_back_byte_for_byte)
{
    struct world world;
    struct span bytes;
    world_begin(&world);
    /* White space, an odd order, escapes, unknown members: nothing of it is touched. */
    const char *object =
        "{ \"id\" : \"indicator--22222222-2222-4222-8222-000000000001\",\n\t\"type\":\"indicator\","
        "\"x_more\":[1.0,2e3,\"\\u00e4\\/\"], \"spec_version\":\"2.1\",\r\n"
        "\"created\":\"2026-11-01T00:00:00.000Z\",\"modified\":\"2026-11-01T00:00:00.000Z\","
        "\"pattern_type\":\"stix\",\"valid_from\":\"2026-11-01T00:00:00Z\","
        "\"pattern\":\"[domain-name:value = 'evil.example']\"}";
    (void)add(&world, "Feed", object);
    world_reopen(&world);

    struct store_object found = latest_indicator(&world);
    check_err(store_object_read(&world.op, world.store, world.grant, &found, &bytes), ERR_OK);

    check_span(bytes, object);
    world_end(&world);
}

TEST(object_that_came_before_is_known_and_not_kept_again)
{
    struct world world;
    world_begin(&world);
    const char *object = world_indicator(&world, 1, "02", SIMPLE, "");
    const char *const twice[] = { object, object, NULL };

    struct store_objects_added first = world_add_objects(&world, "Feed", twice);
    uint64_t entries = journal_last(store_journal(world.store));
    struct store_objects_added second = add(&world, "Feed", object);

    assert_int_equal(first.added, 1);
    assert_int_equal(first.known, 1);
    assert_int_equal(first.tally.count[STORE_STATE_WATCHED], 1);
    assert_int_equal(second.added, 0);
    assert_int_equal(second.known, 1);
    assert_int_equal(journal_last(store_journal(world.store)), entries);
    world_end(&world);
}

TEST(object_of_the_same_version_with_other_bytes_is_a_conflict_and_both_are_kept)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", SIMPLE, ""));

    struct store_objects_added added =
        add(&world, "Feed", world_indicator(&world, 1, "02", OTHER_SIMPLE, ""));

    assert_int_equal(added.added, 1);
    assert_int_equal(added.tally.conflicts, 1);
    assert_int_equal(count_of(&world, world.grant), 2);
    check_span(world_watched(&world), "evil.example other.example");
    world_check_rebuild(&world);
    check_span(world_watched(&world), "evil.example other.example");
    world_end(&world);
}

TEST(object_of_a_newer_version_retires_the_values_of_the_older)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", SIMPLE, ""));
    (void)add(&world, "Feed", world_indicator(&world, 1, "05", OTHER_SIMPLE, ""));
    (void)add(&world, "Feed",
              world_indicator(&world, 1, "03", "[url:value = 'http://x.example/']", ""));

    check_span(world_watched(&world), "other.example");

    assert_int_equal(count_of(&world, world.grant), 3);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(object_that_is_revoked_is_never_watched)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", SIMPLE, ""));
    struct store_objects_added added =
        add(&world, "Feed", world_indicator(&world, 1, "03", SIMPLE, ",\"revoked\":true"));

    assert_int_equal(added.tally.count[STORE_STATE_WATCHED], 0);
    check_span(world_watched(&world), "");
    assert_true(latest_indicator(&world).revoked);
    world_end(&world);
}

TEST(object_of_two_sources_stands_side_by_side)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed A", world_indicator(&world, 1, "02", SIMPLE, ""));
    struct store_objects_added added =
        add(&world, "Feed B", world_indicator(&world, 1, "03", OTHER_SIMPLE, ""));

    assert_int_equal(added.tally.conflicts, 0);
    assert_int_equal(count_of(&world, world.grant), 2);
    check_span(world_watched(&world), "evil.example other.example");
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(local_marking_tightens_an_objects_own_and_never_loosens_it)
{
    struct world world;
    world_begin(&world);
    const char *amber = world_indicator(&world, 1, "02", SIMPLE, MARKED(TLP2_AMBER));

    (void)add_marked(&world, amber, POLICY_TLP_CLEAR);
    assert_int_equal(latest_indicator(&world).tlp, POLICY_TLP_AMBER);
    struct store_objects_added again = add_marked(&world, amber, POLICY_TLP_RED);
    assert_int_equal(latest_indicator(&world).tlp, POLICY_TLP_RED);
    struct store_objects_added looser = add_marked(&world, amber, POLICY_TLP_GREEN);

    assert_int_equal(again.added, 1);
    assert_int_equal(again.tally.conflicts, 0);
    assert_int_equal(looser.known, 1);
    assert_int_equal(latest_indicator(&world).tlp, POLICY_TLP_RED);
    check_span(world_watched(&world), "evil.example");
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(object_without_marking_gets_the_label_of_what_bears_none)
{
    struct world world;
    world_begin(&world);

    (void)add(&world, "Feed", world_indicator(&world, 1, "02", SIMPLE, ""));

    assert_int_equal(latest_indicator(&world).tlp, POLICY_TLP_GREEN);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(statement_marking_does_not_restrict_but_an_unknown_one_does)
{
    struct world world;
    world_begin(&world);
    const char *const objects[] = {
        world_indicator(&world, 1, "02", SIMPLE, MARKED(STATEMENT_ID)),
        STATEMENT,
        NULL,
    };
    (void)world_add_objects(&world, "Feed", objects);
    assert_int_equal(latest_indicator(&world).tlp, POLICY_TLP_GREEN);

    (void)add(&world, "Feed",
              world_indicator(&world, 1, "03", SIMPLE,
                              MARKED("marking-definition--44444444-4444-4444-8444-444444444444")));

    assert_int_equal(latest_indicator(&world).tlp, POLICY_TLP_UNKNOWN);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(indicator_that_is_not_watched_says_why)
{
    struct world world;
    world_begin(&world);
    struct store_objects_added added =
        add(&world, "Feed",
            world_indicator(&world, 1, "02", "[file:size > 100 AND process:pid = 7]", ""));
    assert_int_equal(store_tally_unwatched(&added.tally), 1);
    assert_int_equal(added.tally.count[STORE_STATE_WATCHED], 0);
    assert_true(latest_indicator(&world).unwatched.size > 0);

    added = add(&world, "Feed", world_indicator(&world, 1, "03", "[domain-name:value = ", ""));
    assert_int_equal(store_tally_unwatched(&added.tally), 1);
    assert_true(span_find_span(latest_indicator(&world).unwatched, SPAN("byte")) >= 0);

    added = add(&world, "Feed", world_indicator(&world, 1, "04", SIMPLE, ""));
    assert_int_equal(added.tally.count[STORE_STATE_WATCHED], 1);
    assert_int_equal(latest_indicator(&world).unwatched.size, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(indicator_in_another_language_is_kept_and_not_watched)
{
    struct world world;
    world_begin(&world);
    const char *yara =
        "{\"type\":\"indicator\",\"spec_version\":\"2.1\","
        "\"id\":\"indicator--22222222-2222-4222-8222-000000000009\","
        "\"created\":\"2026-11-01T00:00:00.000Z\",\"modified\":\"2026-11-01T00:00:00.000Z\","
        "\"pattern_type\":\"yara\",\"valid_from\":\"2026-11-01T00:00:00Z\","
        "\"pattern\":\"rule x { condition: true }\"}";

    struct store_objects_added added = add(&world, "Feed", yara);

    assert_int_equal(store_tally_unwatched(&added.tally), 1);
    assert_true(span_find_span(latest_indicator(&world).unwatched, SPAN("yara")) >= 0);
    world_end(&world);
}

TEST(indicator_that_was_removed_stays_out_of_use_until_a_person_adds_it)
{
    struct world world;
    uint64_t removed = 0;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", SIMPLE, ""));
    struct store_object found = latest_indicator(&world);

    check_err(store_object_remove(&world.op, world.store, found.id, &removed), ERR_OK);
    assert_int_equal(removed, 1);
    check_span(world_watched(&world), "");
    (void)add(&world, "Feed", world_indicator(&world, 1, "03", SIMPLE, ""));
    (void)add(&world, "Feed B", world_indicator(&world, 1, "03", SIMPLE, ""));

    check_span(world_watched(&world), "");
    world_check_rebuild(&world);
    check_err(store_object_remove(&world.op, world.store, SPAN("indicator--x"), &removed),
              ERR_ABSENT);
    world_end(&world);
}

TEST(object_that_breaks_the_standard_leaves_none_of_its_import)
{
    struct world world;
    struct store_objects_added added;
    world_begin(&world);
    const struct store_objects_options options = { .source = SPAN("Feed") };
    const struct store_object_add objects[] = {
        { .bytes = SPAN(STATEMENT) },
        { .bytes = span_of(world_indicator(&world, 1, "02", SIMPLE, "")) },
        { .bytes = SPAN("{\"type\":\"indicator\",\"id\":\"nothing\"}") },
    };
    uint64_t before = journal_last(store_journal(world.store));

    check_err(store_objects_add(&world.op, world.store, &options, objects, 3, &added), ERR_FORMAT);

    assert_int_equal(journal_last(store_journal(world.store)), before);
    assert_int_equal(count_of(&world, world.grant), 0);
    world_end(&world);
}

TEST(object_that_was_erased_gives_way_to_the_version_before_it)
{
    struct world world;
    struct span bytes;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", SIMPLE, ""));
    (void)add(&world, "Feed", world_indicator(&world, 1, "03", OTHER_SIMPLE, ""));
    struct store_object newest = latest_indicator(&world);

    check_err(store_erase(&world.op, world.store, newest.entry, SPAN("request 7")), ERR_OK);

    check_span(world_watched(&world), "evil.example");
    assert_int_equal(count_of(&world, world.grant), 1);
    world_check_rebuild(&world);
    check_span(world_watched(&world), "evil.example");
    check_err(store_object_read(&world.op, world.store, world.grant, &newest, &bytes), ERR_ABSENT);
    world_end(&world);
}

TEST(marking_definition_cannot_be_erased)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed", STATEMENT);
    const struct store_object_filter filter = { .type = SPAN("marking-definition") };
    struct store_object found = world_object(&world, &filter);

    check_err(store_erase(&world.op, world.store, found.entry, SPAN("rule")), ERR_UNSUPPORTED);

    world_end(&world);
}

TEST(object_cannot_be_read_with_a_grant_that_is_none)
{
    struct world world;
    struct span bytes;
    static const uint64_t zeros[16];
    const struct policy_grant *forged = (const struct policy_grant *)zeros;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", SIMPLE, ""));
    struct store_object found = latest_indicator(&world);

    assert_int_equal(count_of(&world, forged), 0);
    check_err(store_object_read(&world.op, world.store, forged, &found, &bytes), ERR_DENIED);

    world_end(&world);
}

/* A pattern of so many parts that reading it takes memory again and again. */
static const char *long_pattern(struct buf *text)
{
    enum { PARTS = 900 };
    buf_init(text, 1024 * 1024);
    buf_add(text, SPAN("[domain-name:value = 'evil.example'"));
    for (int i = 1; i < PARTS; i++) {
        buf_add(text, SPAN(" OR domain-name:value = 'evil.example'"));
    }
    buf_add(text, SPAN("]"));
    buf_add_byte(text, '\0');
    return (const char *)text->data;
}

static enum err add_with_memory(struct world *world, const char *object, uint64_t allowed)
{
    struct op work;
    struct store_objects_added told;
    const struct store_object_add one = { .bytes = span_of(object) };
    const struct store_objects_options options = { .source = SPAN("Feed") };
    testing_op_begin(&work);
    memory_fail_after(allowed);
    enum err err = store_objects_add(&work, world->store, &options, &one, 1, &told);
    memory_fail_after(UINT64_MAX);
    op_end(&work);
    return err;
}

/* What is derived must not depend on the memory that was free when an entry was applied: every
 * request fails in turn, each for an object of its own. */
TEST(object_is_not_taken_for_unwatchable_where_memory_was_lacking)
{
    struct world world;
    struct buf pattern;
    struct store_status status;
    enum err err = ERR_LIMIT;
    world_begin(&world);
    const char *text = long_pattern(&pattern);
    uint64_t before = journal_last(store_journal(world.store));
    for (unsigned allowed = 0; err != ERR_OK; allowed++) {
        err = add_with_memory(&world, world_indicator(&world, allowed, "02", text, ""), allowed);
        assert_true(err == ERR_OK || err == ERR_LIMIT);
    }

    uint64_t kept = journal_last(store_journal(world.store)) - before;
    check_err(store_status(&world.op, world.store, &status), ERR_OK);
    assert_true(kept > 1); /* some had reached the journal when memory ran out */
    assert_int_equal(status.stix.count[STORE_STATE_WATCHED], kept);
    assert_int_equal(store_tally_unwatched(&status.stix), 0);
    world_check_rebuild(&world);
    buf_done(&pattern);
    world_end(&world);
}
