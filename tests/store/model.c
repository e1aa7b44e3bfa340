// SPDX-License-Identifier: EUPL-1.2
/*
 * Random histories of a world beside a shadow that is too simple to be wrong: lists of values and
 * of versions. After every history the world is what the shadow says, and what a rebuild makes.
 */
#include <stdio.h>

#include "tests/store/world.h"

enum {
    ROUNDS = 6,
    STEPS = 60,
    VALUE_COUNT = 12,
    SET_COUNT = 4,
    OBJECT_COUNT = 5,
    SOURCE_COUNT = 2,
    VERSION_COUNT_MAX = 400,
    DAYS = 8,
    CREATOR_COUNT = 3,
    HOST_COUNT = 3,
    HOUR_COUNT = 3,
};

#define INDICATOR "indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"

static const char *const sources[SOURCE_COUNT] = { "Feed A", "Feed B" };

/* One version of an object of one source, in the order in which they came. */
struct version {
    unsigned object;
    unsigned source;
    unsigned day;     /* of its `modified` */
    unsigned pattern; /* number in the value's name; makes the bytes differ */
    unsigned creator; /* 0: none is named */
    bool revoked;
    bool erased;
    uint64_t entry;
};

struct shadow {
    bool members[SET_COUNT][VALUE_COUNT];
    struct version versions[VERSION_COUNT_MAX];
    size_t version_count;
    bool removed[OBJECT_COUNT];
    uint64_t counts[HOST_COUNT][HOUR_COUNT];
};

static unsigned pick(uint64_t *seed, unsigned below)
{
    return (unsigned)(testing_random(seed) % below);
}

/* ---- packed sets: number 0 and 1 are of one source, 2 and 3 of the other ---- */

static const char *set_name(unsigned set)
{
    static const char *const names[SET_COUNT] = { "a", "b", "c", "d" };
    return names[set];
}

static void values_add(struct world *world, struct shadow *shadow, uint64_t *seed)
{
    struct buf text;
    unsigned set = pick(seed, SET_COUNT);
    unsigned count = 1 + pick(seed, VALUE_COUNT);
    uint64_t fresh = 0;
    uint64_t members = 0;
    buf_init(&text, 64 * 1024);
    for (unsigned i = 0; i < count; i++) {
        unsigned value = pick(seed, VALUE_COUNT);
        fresh += shadow->members[set][value] ? 0 : 1;
        shadow->members[set][value] = true;
        buf_add_format(&text, "%sv%u.example", i == 0 ? "" : " ", value);
    }
    for (unsigned i = 0; i < VALUE_COUNT; i++) {
        members += shadow->members[set][i] ? 1 : 0;
    }
    buf_add_byte(&text, '\0');
    const struct world_list list = {
        .source = sources[set / 2],
        .set = set_name(set),
        .values = (const char *)text.data,
        .tlp = (enum policy_tlp)pick(seed, POLICY_TLP_RED),
    };

    struct store_set_added added = world_add_list(world, &list);

    assert_int_equal(added.fresh, fresh);
    assert_int_equal(added.count, members);
    buf_done(&text);
}

static bool set_find(struct world *world, unsigned set, struct store_set *ret)
{
    struct store_set *sets = NULL;
    size_t count = 0;
    check_err(store_sets(&world->op, world->store, world->grant, &sets, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        if (span_equal(sets[i].name, span_of(set_name(set)))) {
            *ret = sets[i];
            return true;
        }
    }
    return false;
}

static void values_remove(struct world *world, struct shadow *shadow, uint64_t *seed)
{
    struct store_set set;
    unsigned number = pick(seed, SET_COUNT);
    bool whole = pick(seed, 4) == 0;
    unsigned value_number = pick(seed, VALUE_COUNT);
    char name[32];
    struct value value;
    enum value_scope scope;
    struct value_buf *bytes = op_alloc(&world->op, sizeof *bytes);
    uint64_t removed = 0;
    uint64_t expected = 0;
    if (!set_find(world, number, &set)) {
        return;
    }
    for (unsigned i = 0; i < VALUE_COUNT; i++) {
        if (whole || i == value_number) {
            expected += shadow->members[number][i] ? 1 : 0;
            shadow->members[number][i] = false;
        }
    }
    snprintf(name, sizeof name, "v%u.example", value_number);
    check_err(value_recognise(span_of(name), bytes, &value, &scope), ERR_OK);

    enum err err =
        store_set_remove(&world->op, world->store, &set, whole ? NULL : &value, 1, &removed);

    check_err(err, whole || expected > 0 ? ERR_OK : ERR_ABSENT);
    op_fault_clear(&world->op);
    assert_int_equal(removed, expected);
}

static bool names_hold(struct span names, const char *name)
{
    struct span piece;
    while (span_next(&names, ' ', &piece)) {
        if (span_equal(piece, span_of(name))) {
            return true;
        }
    }
    return false;
}

static void check_sets(struct world *world, const struct shadow *shadow)
{
    for (unsigned set = 0; set < SET_COUNT; set++) {
        struct store_set found;
        uint64_t expected = 0;
        bool there = set_find(world, set, &found);
        for (unsigned i = 0; i < VALUE_COUNT; i++) {
            char name[32];
            snprintf(name, sizeof name, "v%u.example", i);
            expected += shadow->members[set][i] ? 1 : 0;
            if (there) {
                struct span members = world_members(world, set_name(set));
                assert_int_equal(names_hold(members, name), shadow->members[set][i]);
            }
        }
        assert_int_equal(there ? found.count : 0, expected);
    }
}

/* ---- objects ---- */

static bool same_content(const struct version *a, const struct version *b)
{
    return a->object == b->object && a->day == b->day && a->pattern == b->pattern &&
           a->creator == b->creator && a->revoked == b->revoked;
}

/* Whether no newer version of the same source is there. */
static bool is_current(const struct shadow *shadow, const struct version *version)
{
    for (size_t i = 0; i < shadow->version_count; i++) {
        const struct version *other = &shadow->versions[i];
        if (!other->erased && other->object == version->object &&
            other->source == version->source && other->day > version->day) {
            return false;
        }
    }
    return !version->erased;
}

/* Whether a current version revokes another, by whom it may be: of `days` later at least. */
static bool is_revoked(const struct shadow *shadow, const struct version *version, unsigned days,
                       bool by_anybody)
{
    for (size_t i = 0; i < shadow->version_count; i++) {
        const struct version *other = &shadow->versions[i];
        bool may = by_anybody || other->source == version->source ||
                   (other->creator != 0 && other->creator == version->creator);
        if (may && other->object == version->object && other->revoked &&
            other->day >= version->day + days && is_current(shadow, other)) {
            return true;
        }
    }
    return false;
}

static enum store_state state_of(const struct shadow *shadow, const struct version *version)
{
    if (!is_current(shadow, version)) {
        return STORE_STATE_SUPERSEDED;
    }
    if (shadow->removed[version->object]) {
        return STORE_STATE_REMOVED;
    }
    return is_revoked(shadow, version, 0, false) ? STORE_STATE_REVOKED : STORE_STATE_WATCHED;
}

/* Whether two say different things at the same time, and no later revocation settled it. */
static bool differ(const struct shadow *shadow, const struct version *a, const struct version *b)
{
    return a->object == b->object && a->day == b->day && !same_content(a, b) &&
           is_current(shadow, a) && is_current(shadow, b) && !is_revoked(shadow, a, 1, false) &&
           !is_revoked(shadow, b, 1, false);
}

static bool is_in_conflict(const struct shadow *shadow, unsigned object)
{
    bool conflict = false;
    for (size_t i = 0; i < shadow->version_count; i++) {
        const struct version *version = &shadow->versions[i];
        bool contested = is_current(shadow, version) && is_revoked(shadow, version, 0, true) &&
                         !is_revoked(shadow, version, 0, false);
        conflict = conflict || (contested && version->object == object);
        for (size_t at = 0; at < i; at++) {
            conflict = conflict || (version->object == object &&
                                    differ(shadow, version, &shadow->versions[at]));
        }
    }
    return conflict && !shadow->removed[object];
}

static const char *version_text(struct world *world, const struct version *version)
{
    char day[8];
    char pattern[64];
    char creator[96] = "";
    char more[128];
    snprintf(day, sizeof day, "%02u", version->day);
    snprintf(pattern, sizeof pattern, "[domain-name:value = 'p%u-%u.example']", version->object,
             version->pattern);
    if (version->creator != 0) {
        snprintf(creator, sizeof creator,
                 ",\"created_by_ref\":\"identity--11111111-1111-4111-8111-%012u\"",
                 version->creator);
    }
    snprintf(more, sizeof more, "%s%s", creator, version->revoked ? ",\"revoked\":true" : "");
    return world_indicator(world, version->object, day, pattern, more);
}

static bool is_known(const struct shadow *shadow, const struct version *version)
{
    for (size_t i = 0; i < shadow->version_count; i++) {
        const struct version *other = &shadow->versions[i];
        if (!other->erased && other->source == version->source && same_content(other, version)) {
            return true;
        }
    }
    return false;
}

static void object_add(struct world *world, struct shadow *shadow, uint64_t *seed)
{
    struct version version = {
        .object = pick(seed, OBJECT_COUNT),
        .source = pick(seed, SOURCE_COUNT),
        .day = 1 + pick(seed, DAYS),
        .pattern = pick(seed, 3),
        .creator = pick(seed, CREATOR_COUNT),
        .revoked = pick(seed, 8) == 0,
    };
    bool known = is_known(shadow, &version);
    bool by_hand = pick(seed, 2) == 0;
    bool put_back = by_hand && shadow->removed[version.object] && !version.revoked;
    const struct store_object_add object = { .bytes = span_of(version_text(world, &version)) };
    const struct store_objects_options options = {
        .source = span_of(sources[version.source]),
        .otherwise = POLICY_TLP_GREEN,
        .put_back = by_hand,
    };
    struct store_objects_added added;

    check_err(store_objects_add(&world->op, world->store, &options, &object, 1, &added), ERR_OK);

    assert_int_equal(added.known, known ? 1 : 0);
    assert_int_equal(added.added, known ? 0 : 1);
    assert_int_equal(added.put_back, put_back ? 1 : 0);
    shadow->removed[version.object] = shadow->removed[version.object] && !put_back;
    if (known) {
        assert_int_equal(added.tally.conflicts, 0);
        return;
    }
    version.entry = journal_last(store_journal(world->store)) - (put_back ? 1 : 0);
    assert_true(shadow->version_count < VERSION_COUNT_MAX);
    shadow->versions[shadow->version_count] = version;
    shadow->version_count++;
    assert_int_equal(added.tally.conflicts, is_in_conflict(shadow, version.object) ? 1 : 0);
    assert_int_equal(added.tally.count[state_of(shadow, &version)], 1);
}

static void object_remove(struct world *world, struct shadow *shadow, uint64_t *seed)
{
    char id[64];
    unsigned object = pick(seed, OBJECT_COUNT);
    uint64_t removed = 0;
    uint64_t expected = 0;
    for (size_t i = 0; i < shadow->version_count; i++) {
        const struct version *version = &shadow->versions[i];
        expected += version->object == object && !version->erased ? 1 : 0;
    }
    expected = shadow->removed[object] ? 0 : expected;
    snprintf(id, sizeof id, "indicator--22222222-2222-4222-8222-%012u", object);

    enum err err = store_object_remove(&world->op, world->store, span_of(id), &removed);

    check_err(err, expected == 0 ? ERR_ABSENT : ERR_OK);
    op_fault_clear(&world->op);
    assert_int_equal(removed, expected);
    shadow->removed[object] = shadow->removed[object] || expected > 0;
}

static void object_erase(struct world *world, struct shadow *shadow, uint64_t *seed)
{
    if (shadow->version_count == 0) {
        return;
    }
    struct version *version = &shadow->versions[pick(seed, (unsigned)shadow->version_count)];

    enum err err = store_erase(&world->op, world->store, version->entry, SPAN("a rule"));

    check_err(err, version->erased ? ERR_EXISTS : ERR_OK);
    op_fault_clear(&world->op);
    version->erased = true;
}

/* Whether some version of an object names a value and is watched. */
static bool is_watched(const struct shadow *shadow, unsigned object, unsigned pattern)
{
    for (size_t i = 0; i < shadow->version_count; i++) {
        const struct version *version = &shadow->versions[i];
        if (!version->erased && version->object == object && version->pattern == pattern &&
            state_of(shadow, version) == STORE_STATE_WATCHED) {
            return true;
        }
    }
    return false;
}

/* Each value that is to be watched is, once, and no other. */
static void check_watched(struct world *world, const struct shadow *shadow)
{
    struct span watched = world_watched(world);
    for (unsigned object = 0; object < OBJECT_COUNT; object++) {
        for (unsigned pattern = 0; pattern < 3; pattern++) {
            char name[32];
            size_t found = 0;
            struct span rest = watched;
            struct span piece;
            snprintf(name, sizeof name, "p%u-%u.example", object, pattern);
            while (span_next(&rest, ' ', &piece)) {
                found += span_equal(piece, span_of(name)) ? 1 : 0;
            }
            assert_int_equal(found, is_watched(shadow, object, pattern) ? 1 : 0);
        }
    }
}

static void check_tally(struct world *world, const struct shadow *shadow)
{
    struct store_status status;
    uint64_t expected[STORE_STATE_COUNT] = { 0 };
    uint64_t conflicts = 0;
    for (size_t i = 0; i < shadow->version_count; i++) {
        if (!shadow->versions[i].erased) {
            expected[state_of(shadow, &shadow->versions[i])]++;
        }
    }
    for (unsigned object = 0; object < OBJECT_COUNT; object++) {
        conflicts += is_in_conflict(shadow, object) ? 1 : 0;
    }
    check_err(store_status(&world->op, world->store, &status), ERR_OK);
    assert_int_equal(status.stix.conflicts, conflicts);
    for (size_t i = 0; i < STORE_STATE_COUNT; i++) {
        assert_int_equal(status.stix.count[i], expected[i]);
    }
}

/* ---- counting ---- */

static const char *host_name(unsigned host)
{
    static const char *const names[HOST_COUNT] = { "10.0.0.1", "10.0.0.2", "2001:db8::1" };
    return names[host];
}

static void lines_count(struct world *world, struct shadow *shadow, uint64_t *seed)
{
    struct fold folds[10];
    size_t count = pick(seed, 10);
    for (size_t i = 0; i < count; i++) {
        unsigned host = pick(seed, HOST_COUNT);
        unsigned hour = pick(seed, HOUR_COUNT);
        folds[i] = world_fold(INDICATOR, host_name(host), (int)hour, "evil.example");
        folds[i].count = 1 + pick(seed, 5);
        folds[i].evidence_count = pick(seed, 2);
        folds[i].evidence[0] = SPAN("a line");
        shadow->counts[host][hour] += folds[i].count;
    }
    world_count(world, folds, count, pick(seed, 2) == 0 ? TIME_US_MIN : world_hour_us(2));
}

struct counts {
    const struct shadow *shadow;
    size_t folds;
};

static enum err count_visit(void *context, const struct store_hit *hit)
{
    struct counts *counts = context;
    const struct fold *fold = &hit->fold;
    for (unsigned host = 0; host < HOST_COUNT; host++) {
        for (unsigned hour = 0; hour < HOUR_COUNT; hour++) {
            bool same = span_equal(fold->inside, span_of(host_name(host))) &&
                        fold->start_us == world_hour_us((int)hour);
            if (same) {
                assert_int_equal(fold->count, counts->shadow->counts[host][hour]);
                counts->folds++;
            }
        }
    }
    return ERR_OK;
}

static void check_counts(struct world *world, const struct shadow *shadow)
{
    struct counts counts = { .shadow = shadow };
    const struct store_hit_filter all = { .since_us = TIME_US_NONE };
    size_t expected = 0;
    for (unsigned host = 0; host < HOST_COUNT; host++) {
        for (unsigned hour = 0; hour < HOUR_COUNT; hour++) {
            expected += shadow->counts[host][hour] > 0 ? 1 : 0;
        }
    }
    check_err(store_hits_walk(&world->op, world->store, world->grant, &all, count_visit, &counts),
              ERR_OK);
    assert_int_equal(counts.folds, expected);
}

/* Evidence goes by rule, at random. */
static void evidence_erase(struct world *world, uint64_t *seed)
{
    struct journal *journal = store_journal(world->store);
    struct journal_header header;
    struct span payload;
    uint64_t number = 1 + testing_random(seed) % journal_last(journal);
    check_err(journal_read(&world->op, journal, number, &header, &payload), ERR_OK);
    if (span_equal(header.kind, SPAN("watch.evidence")) && payload.data != NULL) {
        check_err(store_erase(&world->op, world->store, number, SPAN("a rule")), ERR_OK);
    }
}

static void step(struct world *world, struct shadow *shadow, uint64_t *seed)
{
    world->now_us += (int64_t)pick(seed, 100) * US_PER_S;
    switch (pick(seed, 10)) {
    case 0:
    case 1:
        values_add(world, shadow, seed);
        break;
    case 2:
        values_remove(world, shadow, seed);
        break;
    case 3:
    case 4:
    case 5:
        object_add(world, shadow, seed);
        break;
    case 6:
        if (pick(seed, 3) == 0) {
            object_remove(world, shadow, seed);
        }
        break;
    case 7:
        object_erase(world, shadow, seed);
        break;
    case 8:
        lines_count(world, shadow, seed);
        break;
    default:
        evidence_erase(world, seed);
        break;
    }
}

static void check_all(struct world *world, const struct shadow *shadow)
{
    check_sets(world, shadow);
    check_watched(world, shadow);
    check_tally(world, shadow);
    check_counts(world, shadow);
}

TEST(world_is_what_its_history_says_and_what_a_rebuild_makes)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < ROUNDS; round++) {
        struct world world;
        struct shadow shadow = { .version_count = 0 };
        world_begin(&world);
        for (int i = 0; i < STEPS; i++) {
            step(&world, &shadow, &seed);
            if (pick(&seed, 20) == 0) {
                world_reopen(&world);
            }
        }

        check_all(&world, &shadow);
        world_check_rebuild(&world);
        check_all(&world, &shadow);
        world_reopen(&world);
        check_all(&world, &shadow);

        world_end(&world);
    }
}
