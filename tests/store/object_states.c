// SPDX-License-Identifier: EUPL-1.2
/* How versions of indicators stand beside each other: conflicts, revocations, what is put back, and
 * that the counts say the same (decision 0016). */
#include <stdio.h>

#include "tests/store/world.h"

#define CREATOR    ",\"created_by_ref\":\"identity--11111111-1111-4111-8111-11111111aaaa\""
#define CREATOR_ID "identity--11111111-1111-4111-8111-11111111aaaa"
#define STRANGER   ",\"created_by_ref\":\"identity--11111111-1111-4111-8111-11111111bbbb\""
#define REVOKED    ",\"revoked\":true"
#define EVIL       "[domain-name:value = 'evil.example']"
#define OTHER      "[domain-name:value = 'other.example']"
#define COMPLEX    "[file:size > 100]"
#define PARTIAL    "[file:size > 100 OR domain-name:value = 'part.example']"

static struct store_objects_added add(struct world *world, const char *source, const char *object)
{
    const char *const objects[] = { object, NULL };
    return world_add_objects(world, source, objects);
}

/* As a person adds it: what was removed is put back. */
static struct store_objects_added add_by_hand(struct world *world, const char *source,
                                              const char *const *objects)
{
    enum { COUNT_MAX = 8 };
    struct store_object_add adds[COUNT_MAX];
    struct store_objects_added added;
    size_t count = 0;
    const struct store_objects_options options = { .source = span_of(source),
                                                   .otherwise = POLICY_TLP_GREEN,
                                                   .put_back = true };
    for (; objects[count] != NULL; count++) {
        assert_true(count < COUNT_MAX);
        adds[count].bytes = span_of(objects[count]);
    }
    check_err(store_objects_add(&world->op, world->store, &options, adds, count, &added), ERR_OK);
    return added;
}

static const char *id_of(struct world *world, unsigned number)
{
    struct span copy;
    char id[64];
    snprintf(id, sizeof id, "indicator--22222222-2222-4222-8222-%012u", number);
    check_err(op_copy(&world->op, span_of(id), &copy), ERR_OK);
    return (const char *)copy.data;
}

static struct store_tally tally_of(struct world *world)
{
    struct store_status status;
    check_err(store_status(&world->op, world->store, &status), ERR_OK);
    return status.stix;
}

/* All versions of an id, by source and version. */
struct versions {
    struct span id;
    size_t count;
    struct store_object list[8];
};

static enum err versions_visit(void *context, const struct store_object *object)
{
    struct versions *versions = context;
    assert_true(versions->count < sizeof versions->list / sizeof versions->list[0]);
    assert_true(span_equal(object->id, versions->id));
    versions->list[versions->count] = *object;
    versions->count++;
    return ERR_OK;
}

static struct versions versions_of(struct world *world, unsigned number)
{
    struct versions versions = { .id = span_of(id_of(world, number)) };
    const struct store_object_filter filter = { .id = versions.id };
    check_err(store_objects_walk(&world->op, world->store, world->grant, &filter, versions_visit,
                                 &versions),
              ERR_OK);
    return versions;
}

static void check_state(const struct store_object *object, enum store_state state)
{
    assert_string_equal(store_state_name(object->state), store_state_name(state));
}

static void check_bytes(struct world *world, const struct store_object *object, const char *bytes)
{
    struct span found;
    check_err(store_object_read(&world->op, world->store, world->grant, object, &found), ERR_OK);
    check_span(found, bytes);
}

static void remove_id(struct world *world, unsigned number, uint64_t versions)
{
    uint64_t removed = 0;
    struct span id = span_of(id_of(world, number));
    check_err(store_object_remove(&world->op, world->store, id, &removed), ERR_OK);
    assert_int_equal(removed, versions);
}

/* ---- conflicts ---- */

TEST(two_contents_of_one_version_within_one_import_are_kept_watched_and_counted)
{
    struct world world;
    world_begin(&world);
    const char *const objects[] = { world_indicator(&world, 1, "02", EVIL, ""),
                                    world_indicator(&world, 1, "02", OTHER, ""), NULL };

    struct store_objects_added added = world_add_objects(&world, "Feed", objects);

    struct versions versions = versions_of(&world, 1);
    assert_int_equal(added.added, 2);
    assert_int_equal(added.tally.conflicts, 1);
    check_span(added.tally.conflict_ids[0], id_of(&world, 1));
    assert_int_equal(added.tally.count[STORE_STATE_WATCHED], 2);
    check_span(world_watched(&world), "evil.example other.example");
    assert_int_equal(versions.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(versions.list[i].differs);
        assert_true(versions.list[i].latest);
        check_bytes(&world, &versions.list[i], objects[i]);
    }
    world_check_rebuild(&world);
    assert_int_equal(tally_of(&world).conflicts, 1);
    world_end(&world);
}

TEST(two_contents_of_one_version_from_two_sources_are_a_conflict)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed A", world_indicator(&world, 1, "02", EVIL, ""));
    (void)add(&world, "Feed A", world_indicator(&world, 2, "02", EVIL, ""));

    struct store_objects_added added =
        add(&world, "Feed B", world_indicator(&world, 1, "02", OTHER, ""));
    struct store_objects_added peace =
        add(&world, "Feed B", world_indicator(&world, 2, "02", EVIL, ""));

    assert_int_equal(added.tally.conflicts, 1);
    assert_int_equal(peace.tally.conflicts, 0);
    assert_int_equal(tally_of(&world).conflicts, 1);
    assert_false(versions_of(&world, 2).list[0].differs);
    check_span(world_watched(&world), "evil.example evil.example other.example");
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(newer_version_of_one_source_retires_both_contents_and_ends_the_conflict)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", EVIL, ""));
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", OTHER, ""));

    (void)add(&world, "Feed",
              world_indicator(&world, 1, "03", "[domain-name:value = 'new.example']", ""));

    struct store_tally tally = tally_of(&world);
    assert_int_equal(tally.conflicts, 0);
    assert_int_equal(tally.count[STORE_STATE_SUPERSEDED], 2);
    check_span(world_watched(&world), "new.example");
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(erasing_the_newest_version_brings_back_all_contents_of_the_one_before)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", EVIL, ""));
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", OTHER, ""));
    (void)add(&world, "Feed", world_indicator(&world, 1, "03", COMPLEX, ""));
    struct versions versions = versions_of(&world, 1);

    check_err(store_erase(&world.op, world.store, versions.list[2].entry, SPAN("rule")), ERR_OK);

    check_span(world_watched(&world), "evil.example other.example");
    assert_int_equal(tally_of(&world).conflicts, 1);
    world_check_rebuild(&world);
    world_end(&world);
}

/* The very same bytes under a narrower label take the place of those before, also when both come
 * back. */
TEST(erasing_the_newest_version_brings_back_the_narrowest_label_alone)
{
    struct world world;
    world_begin(&world);
    const struct store_object_add object = { .bytes = span_of(
                                                 world_indicator(&world, 1, "02", EVIL, "")) };
    const struct store_objects_options narrow = { .source = SPAN("Feed"),
                                                  .has_local = true,
                                                  .local = POLICY_TLP_RED };
    struct store_objects_added added;
    (void)add(&world, "Feed", (const char *)object.bytes.data);
    check_err(store_objects_add(&world.op, world.store, &narrow, &object, 1, &added), ERR_OK);
    (void)add(&world, "Feed", world_indicator(&world, 1, "03", OTHER, ""));
    uint64_t newest = versions_of(&world, 1).list[2].entry;

    check_err(store_erase(&world.op, world.store, newest, SPAN("rule")), ERR_OK);

    struct versions versions = versions_of(&world, 1);
    check_state(&versions.list[0], STORE_STATE_SUPERSEDED);
    check_state(&versions.list[1], STORE_STATE_WATCHED);
    assert_int_equal(versions.list[1].tlp, POLICY_TLP_RED);
    world_check_rebuild(&world);
    world_end(&world);
}

/* Relays write objects anew: white space, order, escapes and the writing of numbers say nothing. */
TEST(same_content_in_another_writing_is_no_conflict)
{
    static const char *const writings[] = {
        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"confidence\":20,"
        "\"id\":\"indicator--22222222-2222-4222-8222-000000000001\",\"x\":{\"a\":[1,2],\"b\":null},"
        "\"created\":\"2026-11-01T00:00:00.000Z\",\"modified\":\"2026-11-02T00:00:00.000Z\","
        "\"pattern_type\":\"stix\",\"valid_from\":\"2026-11-01T00:00:00Z\",\"name\":\"a/\\u00e4\","
        "\"pattern\":\"[domain-name:value = 'evil.example']\"}",
        "{\"x\": {\"b\":null, \"a\": [1, 2.0]},\n"
        "\"pattern\":\"[domain-name:value = 'evil.example']\",\"name\":\"a\\/\xc3\xa4\","
        "\"valid_from\":\"2026-11-01T00:00:00Z\",\"pattern_type\":\"stix\",\"confidence\":20,"
        "\"modified\":\"2026-11-02T00:00:00.000Z\",\"created\":\"2026-11-01T00:00:00.000Z\","
        "\"id\":\"indicator--22222222-2222-4222-8222-000000000001\",\"spec_version\":\"2.1\","
        "\"type\":\"indicator\"}",
    };
    struct world world;
    world_begin(&world);

    (void)add(&world, "Feed A", writings[0]);
    struct store_objects_added added = add(&world, "Feed B", writings[1]);

    assert_int_equal(added.added, 1);
    assert_int_equal(added.tally.conflicts, 0);
    check_bytes(&world, &versions_of(&world, 1).list[1], writings[1]);
    check_span(world_watched(&world), "evil.example");
    world_end(&world);
}

/* Each pair differs in what it says, though little in its bytes. */
TEST(content_that_differs_anywhere_is_a_conflict)
{
    static const char *const pairs[][2] = {
        { ",\"x\":[1,2]", ",\"x\":[2,1]" },
        { ",\"x\":[[1],2]", ",\"x\":[[1,2]]" },
        { ",\"x\":1", ",\"x\":1.5" },
        { ",\"x\":1", ",\"x\":\"1\"" },
        { ",\"x\":true", ",\"x\":false" },
        { ",\"x\":null", "" },
        { ",\"x\":{\"a\":1}", ",\"x\":{\"b\":1}" },
        { ",\"x\":{}", ",\"x\":[]" },
        { ",\"x\":\"ab\",\"y\":\"\"", ",\"x\":\"a\",\"y\":\"b\"" },
    };
    struct world world;
    world_begin(&world);
    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        (void)add(&world, "Feed A", world_indicator(&world, i, "02", EVIL, pairs[i][0]));

        struct store_objects_added added =
            add(&world, "Feed B", world_indicator(&world, i, "02", EVIL, pairs[i][1]));

        assert_int_equal(added.tally.conflicts, 1);
    }
    world_end(&world);
}

static enum err watched_keep(void *context, const struct store_watched *watched)
{
    struct store_watched *ret = context;
    assert_int_equal(ret->value.kind, VALUE_NONE); /* the only one */
    *ret = *watched;
    return ERR_OK;
}

TEST(value_of_several_versions_is_watched_once_as_long_as_any_of_them_is_valid)
{
    struct world world;
    struct store_watched watched = { .confidence = 0 };
    int64_t until_us = 0;
    world_begin(&world);
    (void)add(&world, "Feed A",
              world_indicator(&world, 1, "02", EVIL,
                              ",\"valid_until\":\"2026-12-01T00:00:00Z\",\"confidence\":70"));
    (void)add(&world, "Feed B",
              world_indicator(&world, 1, "02", EVIL, ",\"valid_until\":\"2027-01-01T00:00:00Z\""));

    check_err(store_watched_walk(&world.op, world.store, watched_keep, &watched), ERR_OK);

    check_err(time_parse(SPAN("2027-01-01T00:00:00Z"), &until_us), ERR_OK);
    assert_int_equal(watched.valid_until_us, until_us);
    assert_int_equal(watched.confidence, 70);

    (void)add(&world, "Feed C", world_indicator(&world, 1, "02", EVIL, ""));
    watched = (struct store_watched){ .confidence = 0 };
    check_err(store_watched_walk(&world.op, world.store, watched_keep, &watched), ERR_OK);
    assert_int_equal(watched.valid_until_us, TIME_US_NONE);
    world_end(&world);
}

/* ---- revocations ---- */

TEST(revocation_by_its_creator_silences_an_indicator_of_another_source)
{
    struct world world;
    struct store_revocation revocation;
    world_begin(&world);
    (void)add(&world, "Feed A", world_indicator(&world, 1, "02", EVIL, CREATOR));
    assert_int_equal(tally_of(&world).count[STORE_STATE_WATCHED], 1);

    (void)add(&world, "Feed B", world_indicator(&world, 1, "03", OTHER, CREATOR REVOKED));

    struct versions versions = versions_of(&world, 1);
    check_span(world_watched(&world), "");
    check_state(&versions.list[0], STORE_STATE_REVOKED);
    check_state(&versions.list[1], STORE_STATE_REVOKED);
    check_err(store_object_revocation(&world.op, world.store, world.grant, &versions.list[0],
                                      &revocation),
              ERR_OK);
    assert_true(revocation.counts);
    assert_int_equal(revocation.since_us, versions.list[1].modified_us);
    assert_int_equal(revocation.entry, versions.list[1].entry);
    check_span(revocation.source, "Feed B");
    check_span(revocation.created_by, CREATOR_ID);
    assert_int_equal(tally_of(&world).count[STORE_STATE_REVOKED], 2);
    assert_int_equal(tally_of(&world).conflicts, 0);
    world_check_rebuild(&world);
    check_span(world_watched(&world), "");
    world_end(&world);
}

TEST(revocation_silences_also_what_comes_after_it)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed B", world_indicator(&world, 1, "03", OTHER, CREATOR REVOKED));

    struct store_objects_added older =
        add(&world, "Feed A", world_indicator(&world, 1, "02", EVIL, CREATOR));
    struct store_objects_added equal =
        add(&world, "Feed C", world_indicator(&world, 1, "03", EVIL, CREATOR));
    check_span(world_watched(&world), "");
    struct store_objects_added newer =
        add(&world, "Feed D", world_indicator(&world, 1, "04", EVIL, CREATOR));

    assert_int_equal(older.tally.count[STORE_STATE_REVOKED], 1);
    assert_int_equal(equal.tally.count[STORE_STATE_REVOKED], 1);
    assert_int_equal(newer.tally.count[STORE_STATE_WATCHED], 1);
    check_span(world_watched(&world), "evil.example");
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(revocation_by_somebody_else_is_a_conflict_and_silences_nothing)
{
    static const char *const creators[][2] = {
        { CREATOR, STRANGER }, { CREATOR, "" }, { "", STRANGER }, { "", "" }
    };
    struct world world;
    struct store_revocation revocation;
    world_begin(&world);
    for (unsigned i = 0; i < sizeof creators / sizeof creators[0]; i++) {
        (void)add(&world, "Feed A", world_indicator(&world, i, "02", EVIL, creators[i][0]));
        char more[160];
        snprintf(more, sizeof more, "%s%s", creators[i][1], REVOKED);

        struct store_objects_added added =
            add(&world, "Feed B", world_indicator(&world, i, "03", EVIL, more));

        struct versions versions = versions_of(&world, i);
        assert_int_equal(added.tally.conflicts, 1);
        assert_int_equal(tally_of(&world).conflicts, i + 1);
        check_state(&versions.list[0], STORE_STATE_WATCHED);
        check_state(&versions.list[1], STORE_STATE_REVOKED);
        check_err(store_object_revocation(&world.op, world.store, world.grant, &versions.list[0],
                                          &revocation),
                  ERR_OK);
        assert_false(revocation.counts);
        assert_int_equal(revocation.entry, versions.list[1].entry);
    }
    check_span(world_watched(&world), "evil.example evil.example evil.example evil.example");
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(revocation_of_an_older_version_leaves_a_newer_one_alone)
{
    struct world world;
    struct store_revocation revocation;
    world_begin(&world);
    (void)add(&world, "Feed B", world_indicator(&world, 1, "03", EVIL, CREATOR REVOKED));
    (void)add(&world, "Feed A", world_indicator(&world, 1, "04", EVIL, CREATOR));

    struct versions versions = versions_of(&world, 1);
    check_span(world_watched(&world), "evil.example");
    check_err(store_object_revocation(&world.op, world.store, world.grant, &versions.list[0],
                                      &revocation),
              ERR_ABSENT);
    assert_int_equal(tally_of(&world).conflicts, 0);
    world_end(&world);
}

TEST(revocation_that_its_source_took_back_or_that_was_erased_silences_nothing)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed A", world_indicator(&world, 1, "02", EVIL, CREATOR));
    (void)add(&world, "Feed A", world_indicator(&world, 2, "02", OTHER, CREATOR));
    (void)add(&world, "Feed B", world_indicator(&world, 1, "03", COMPLEX, CREATOR REVOKED));
    (void)add(&world, "Feed B", world_indicator(&world, 2, "03", COMPLEX, CREATOR REVOKED));
    check_span(world_watched(&world), "");

    (void)add(&world, "Feed B", world_indicator(&world, 1, "04", COMPLEX, CREATOR));
    check_span(world_watched(&world), "evil.example");
    uint64_t entry = versions_of(&world, 2).list[1].entry;
    check_err(store_erase(&world.op, world.store, entry, SPAN("it was a lie")), ERR_OK);

    check_span(world_watched(&world), "evil.example other.example");
    world_check_rebuild(&world);
    check_span(world_watched(&world), "evil.example other.example");
    world_end(&world);
}

TEST(revocation_that_came_first_is_the_one_that_is_told)
{
    struct world world;
    struct store_revocation revocation;
    world_begin(&world);
    (void)add(&world, "Feed A", world_indicator(&world, 1, "02", EVIL, CREATOR));
    (void)add(&world, "Feed C", world_indicator(&world, 1, "05", EVIL, CREATOR REVOKED));
    (void)add(&world, "Feed B", world_indicator(&world, 1, "03", EVIL, CREATOR REVOKED));

    struct versions versions = versions_of(&world, 1);
    check_err(store_object_revocation(&world.op, world.store, world.grant, &versions.list[0],
                                      &revocation),
              ERR_OK);

    check_span(revocation.source, "Feed B");
    assert_int_equal(revocation.since_us, versions.list[1].modified_us);

    (void)add(&world, "Feed A", world_indicator(&world, 1, "02", EVIL, CREATOR REVOKED));
    check_err(store_object_revocation(&world.op, world.store, world.grant, &versions.list[0],
                                      &revocation),
              ERR_OK);
    check_span(revocation.source, "Feed A");
    world_end(&world);
}

TEST(revocation_settles_the_conflict_of_the_versions_before_it)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed A", world_indicator(&world, 1, "02", EVIL, CREATOR));
    (void)add(&world, "Feed B", world_indicator(&world, 1, "02", OTHER, CREATOR));
    assert_int_equal(tally_of(&world).conflicts, 1);

    (void)add(&world, "Feed C", world_indicator(&world, 1, "03", EVIL, CREATOR REVOKED));

    assert_int_equal(tally_of(&world).conflicts, 0);
    assert_false(versions_of(&world, 1).list[0].differs);
    check_span(world_watched(&world), "");
    world_end(&world);
}

TEST(revocation_of_the_same_version_silences_and_is_a_conflict)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", EVIL, ""));

    struct store_objects_added added =
        add(&world, "Feed", world_indicator(&world, 1, "02", EVIL, REVOKED));

    check_span(world_watched(&world), "");
    check_state(&versions_of(&world, 1).list[0], STORE_STATE_REVOKED);
    assert_true(versions_of(&world, 1).list[0].differs);
    assert_int_equal(added.tally.conflicts, 1);
    world_end(&world);
}

/* ---- out of use, and back ---- */

TEST(removed_indicator_is_put_back_by_whoever_adds_it_again)
{
    struct world world;
    world_begin(&world);
    const char *const once[] = { world_indicator(&world, 1, "02", EVIL, ""), NULL };
    (void)add(&world, "Feed", once[0]);
    remove_id(&world, 1, 1);
    uint64_t entries = journal_last(store_journal(world.store));

    struct store_objects_added fed = add(&world, "Feed", once[0]);
    check_span(world_watched(&world), "");
    struct store_objects_added added = add_by_hand(&world, "Feed", once);

    assert_int_equal(fed.put_back, 0);
    assert_int_equal(added.put_back, 1);
    assert_int_equal(added.known, 1);
    assert_int_equal(journal_last(store_journal(world.store)), entries + 1);
    check_span(world_watched(&world), "evil.example");
    world_check_rebuild(&world);
    check_span(world_watched(&world), "evil.example");
    assert_int_equal(add_by_hand(&world, "Feed", once).put_back, 0);
    world_end(&world);
}

TEST(removed_indicator_is_put_back_once_in_all_its_versions)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed A", world_indicator(&world, 1, "02", EVIL, ""));
    (void)add(&world, "Feed B", world_indicator(&world, 1, "03", OTHER, ""));
    remove_id(&world, 1, 2);
    const char *const twice[] = {
        world_indicator(&world, 1, "02", EVIL, ""),
        world_indicator(&world, 1, "04", "[domain-name:value = 'new.example']", ""), NULL
    };

    struct store_objects_added added = add_by_hand(&world, "Feed A", twice);

    assert_int_equal(added.put_back, 1);
    assert_int_equal(added.added, 1);
    check_span(world_watched(&world), "new.example other.example");
    remove_id(&world, 1, 3);
    check_span(world_watched(&world), "");
    world_check_rebuild(&world);
    check_span(world_watched(&world), "");
    world_end(&world);
}

TEST(removed_indicator_is_not_put_back_by_its_revocation)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", EVIL, ""));
    remove_id(&world, 1, 1);
    const char *const revoked[] = { world_indicator(&world, 1, "03", EVIL, REVOKED), NULL };

    struct store_objects_added added = add_by_hand(&world, "Feed", revoked);

    assert_int_equal(added.put_back, 0);
    assert_int_equal(added.tally.count[STORE_STATE_REMOVED], 1);
    world_end(&world);
}

/* ---- counting ---- */

TEST(counts_of_an_import_and_of_the_status_are_the_same)
{
    struct world world;
    world_begin(&world);
    const char *const objects[] = {
        world_indicator(&world, 1, "02", EVIL, ""),
        world_indicator(&world, 1, "03", OTHER, ""),
        world_indicator(&world, 2, "02", EVIL, REVOKED),
        world_indicator(&world, 3, "02", COMPLEX, ""),
        world_indicator(&world, 4, "02", PARTIAL, ""),
        world_indicator(&world, 5, "02", EVIL, ",\"valid_until\":\"2026-11-01T12:00:00Z\""),
        world_indicator(&world, 6, "02", EVIL, ""),
        world_indicator(&world, 6, "02", OTHER, ""),
        NULL,
    };

    struct store_objects_added added = world_add_objects(&world, "Feed", objects);
    struct store_tally all = tally_of(&world);

    assert_int_equal(added.tally.count[STORE_STATE_WATCHED], 4);
    assert_int_equal(added.tally.count[STORE_STATE_SUPERSEDED], 1);
    assert_int_equal(added.tally.count[STORE_STATE_REVOKED], 1);
    assert_int_equal(added.tally.count[STORE_STATE_UNWATCHABLE], 1);
    assert_int_equal(added.tally.count[STORE_STATE_EXPIRED], 1);
    assert_int_equal(added.tally.partial, 1);
    assert_int_equal(added.tally.conflicts, 1);
    assert_int_equal(store_tally_unwatched(&added.tally), 3);
    assert_memory_equal(&all.count, &added.tally.count, sizeof all.count);
    assert_int_equal(all.partial, added.tally.partial);
    assert_int_equal(all.conflicts, added.tally.conflicts);

    remove_id(&world, 6, 2);
    all = tally_of(&world);
    assert_int_equal(all.count[STORE_STATE_REMOVED], 2);
    assert_int_equal(all.count[STORE_STATE_WATCHED], 2);
    assert_int_equal(all.conflicts, 0);
    world_end(&world);
}

TEST(expired_indicator_is_still_watched_for_what_happened_before)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed",
              world_indicator(&world, 1, "02", EVIL, ",\"valid_until\":\"2030-01-01T00:00:00Z\""));
    assert_int_equal(tally_of(&world).count[STORE_STATE_WATCHED], 1);

    check_err(time_parse(SPAN("2030-01-01T00:00:00Z"), &world.now_us), ERR_OK);

    assert_int_equal(tally_of(&world).count[STORE_STATE_WATCHED], 0);
    assert_int_equal(tally_of(&world).count[STORE_STATE_EXPIRED], 1);
    check_span(world_watched(&world), "evil.example");
    world_end(&world);
}

TEST(versions_are_found_by_a_value_of_their_pattern)
{
    struct world world;
    struct value_buf bytes;
    struct value value;
    enum value_scope scope;
    world_begin(&world);
    (void)add(&world, "Feed", world_indicator(&world, 1, "02", EVIL, REVOKED));
    (void)add(&world, "Feed", world_indicator(&world, 2, "02", OTHER, ""));
    check_err(value_recognise(SPAN("evil.example"), &bytes, &value, &scope), ERR_OK);
    const struct store_object_filter filter = { .value = &value };

    struct store_object found = world_object(&world, &filter);

    check_span(found.id, id_of(&world, 1));
    check_state(&found, STORE_STATE_REVOKED);
    world_end(&world);
}

/* ---- markings ---- */

#define DEFINITION_ID "marking-definition--33333333-3333-4333-8333-333333333333"
#define DEFINITION(type)                                                                           \
    "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" DEFINITION_ID "\","      \
    "\"created\":\"2026-11-01T00:00:00.000Z\",\"definition_type\":\"" type "\","                   \
    "\"definition\":{\"" type "\":\"x\"}}"

/* Whoever could call a marking of others a mere statement would open what it closes. */
TEST(marking_that_two_sources_define_differently_is_no_statement)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, "Feed A", DEFINITION("statement"));
    (void)add(&world, "Feed B", DEFINITION("x-secret"));

    (void)add(
        &world, "Feed A",
        world_indicator(&world, 1, "02", EVIL, ",\"object_marking_refs\":[\"" DEFINITION_ID "\"]"));

    assert_int_equal(versions_of(&world, 1).list[0].tlp, POLICY_TLP_UNKNOWN);
    assert_int_equal(tally_of(&world).conflicts, 1);
    world_check_rebuild(&world);
    world_end(&world);
}
