// SPDX-License-Identifier: EUPL-1.2
#include "store/hit_work.h"

#include <stdio.h>

#include "tests/store/world.h"

#define INDICATOR "indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"

/* The hit of an inside host. */
static struct store_hit hit_of(struct world *world, const char *inside)
{
    const struct fold fold = world_fold(INDICATOR, inside, 20, "evil.example");
    char id[HIT_ID_SIZE];
    struct store_hit hit;
    hit_id_of(&fold, id);
    check_err(store_hit_find(&world->op, world->store, world->grant, span_of(id), &hit), ERR_OK);
    return hit;
}

static void found(struct world *world, const char *const *hosts, size_t count)
{
    struct fold folds[8];
    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++) {
        folds[i] = world_fold(INDICATOR, hosts[i], 20, "evil.example");
    }
    world_count(world, folds, count, TIME_US_MIN);
}

static const char *const one_host[] = { "10.0.0.5" };
static const char *const two_hosts[] = { "10.0.0.5", "10.0.0.6" };

static enum err act(struct world *world, enum hit_act act, const char *text,
                    const struct store_hit *hit)
{
    const struct store_hit_change change = { .act = act, .text = span_of(text) };
    enum err err = store_hits_change(&world->op, world->store, &change, hit, 1);
    op_fault_clear(&world->op);
    return err;
}

TEST(hit_is_new_until_somebody_touches_it)
{
    struct world world;
    world_begin(&world);
    found(&world, one_host, 1);

    const struct store_hit hit = hit_of(&world, "10.0.0.5");

    assert_int_equal(hit.state, HIT_NEW);
    assert_true(hit.state_us == TIME_US_NONE);
    assert_int_equal(hit.state_by.size, 0);
    assert_int_equal(hit.assignee.size, 0);
    check_span(hit.fold.value, "evil.example");
    world_end(&world);
}

TEST(hit_moves_between_its_states_as_the_table_says)
{
    static const struct {
        enum hit_state from;
        enum hit_act act;
        enum hit_state to; /* HIT_STATE_COUNT: refused */
    } rows[] = {
        { HIT_NEW, HIT_ACT_ACKNOWLEDGE, HIT_ACKNOWLEDGED },
        { HIT_NEW, HIT_ACT_FALSE, HIT_FALSE },
        { HIT_NEW, HIT_ACT_REOPEN, HIT_STATE_COUNT },
        { HIT_NEW, HIT_ACT_NOTE, HIT_NEW },
        { HIT_NEW, HIT_ACT_ASSIGN, HIT_NEW },
        { HIT_ACKNOWLEDGED, HIT_ACT_ACKNOWLEDGE, HIT_STATE_COUNT },
        { HIT_ACKNOWLEDGED, HIT_ACT_FALSE, HIT_FALSE },
        { HIT_ACKNOWLEDGED, HIT_ACT_REOPEN, HIT_REOPENED },
        { HIT_FALSE, HIT_ACT_ACKNOWLEDGE, HIT_STATE_COUNT },
        { HIT_FALSE, HIT_ACT_FALSE, HIT_STATE_COUNT },
        { HIT_FALSE, HIT_ACT_REOPEN, HIT_REOPENED },
        { HIT_FALSE, HIT_ACT_NOTE, HIT_FALSE },
        { HIT_REOPENED, HIT_ACT_ACKNOWLEDGE, HIT_ACKNOWLEDGED },
        { HIT_REOPENED, HIT_ACT_FALSE, HIT_FALSE },
        { HIT_REOPENED, HIT_ACT_REOPEN, HIT_STATE_COUNT },
        { HIT_REOPENED, HIT_ACT_ASSIGN, HIT_REOPENED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum hit_state to = HIT_STATE_COUNT;
        bool may = hit_state_after(rows[i].from, rows[i].act, &to);

        assert_int_equal(may, rows[i].to != HIT_STATE_COUNT);
        assert_int_equal(to, rows[i].to);
    }
    assert_true(hit_state_is_open(HIT_NEW));
    assert_true(hit_state_is_open(HIT_REOPENED));
    assert_false(hit_state_is_open(HIT_ACKNOWLEDGED));
    assert_false(hit_state_is_open(HIT_FALSE));
}

TEST(hit_that_is_acted_upon_says_who_did_it_and_when)
{
    struct world world;
    world_begin(&world);
    found(&world, two_hosts, 2);
    const struct store_hit hit = hit_of(&world, "10.0.0.5");
    world.now_us = world_hour_us(22);

    check_err(act(&world, HIT_ACT_ACKNOWLEDGE, "looking", &hit), ERR_OK);

    const struct store_hit after = hit_of(&world, "10.0.0.5");
    assert_int_equal(after.state, HIT_ACKNOWLEDGED);
    assert_true(after.state_us == world_hour_us(22));
    check_span(after.state_by, "tester");
    assert_int_equal(hit_of(&world, "10.0.0.6").state, HIT_NEW);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(hit_that_may_not_be_acted_upon_so_is_refused_and_nothing_is_written)
{
    struct world world;
    world_begin(&world);
    found(&world, two_hosts, 2);
    struct store_hit hits[] = { hit_of(&world, "10.0.0.5"), hit_of(&world, "10.0.0.6") };
    struct store_hit strange = hits[0];
    strange.fold.inside = SPAN("10.9.9.9");
    check_err(act(&world, HIT_ACT_ACKNOWLEDGE, "", &hits[1]), ERR_OK);
    uint64_t entries = journal_last(store_journal(world.store));
    const struct store_hit_change change = { .act = HIT_ACT_ACKNOWLEDGE };

    check_err(store_hits_change(&world.op, world.store, &change, hits, 2), ERR_CONFLICT);
    op_fault_clear(&world.op);
    check_err(act(&world, HIT_ACT_ACKNOWLEDGE, "", &hits[1]), ERR_CONFLICT);
    check_err(act(&world, HIT_ACT_REOPEN, "", &hits[0]), ERR_CONFLICT);
    check_err(act(&world, HIT_ACT_NOTE, "?", &strange), ERR_ABSENT);
    check_err(act(&world, HIT_ACT_NOTE, "\xFF\xFE", &hits[0]), ERR_FORMAT);

    assert_int_equal(journal_last(store_journal(world.store)), entries);
    assert_int_equal(hit_of(&world, "10.0.0.5").state, HIT_NEW);
    world_end(&world);
}

TEST(hit_keeps_its_state_when_lines_come_to_it)
{
    struct world world;
    world_begin(&world);
    found(&world, one_host, 1);
    const struct store_hit hit = hit_of(&world, "10.0.0.5");
    const struct store_hit_change assign = { .act = HIT_ACT_ASSIGN, .assignee = SPAN("anna") };
    check_err(act(&world, HIT_ACT_FALSE, "our own scanner", &hit), ERR_OK);
    check_err(store_hits_change(&world.op, world.store, &assign, &hit, 1), ERR_OK);

    found(&world, one_host, 1);
    world_close(&world, TIME_US_MAX, TIME_US_MAX);

    const struct store_hit after = hit_of(&world, "10.0.0.5");
    assert_int_equal(after.fold.count, 2);
    assert_int_equal(after.state, HIT_FALSE);
    check_span(after.assignee, "anna");
    world_check_rebuild(&world);
    world_reopen(&world);
    assert_int_equal(hit_of(&world, "10.0.0.5").state, HIT_FALSE);
    world_end(&world);
}

static enum err history_visit(void *context, const struct store_hit_event *event)
{
    struct buf *text = context;
    buf_add_format(text, "%s by %.*s: %.*s%.*s%.*s;", hit_act_name(event->change.act),
                   SPAN_FMT(event->actor), SPAN_FMT(event->change.text),
                   SPAN_FMT(event->change.assignee), SPAN_FMT(event->change.list));
    return ERR_OK;
}

TEST(hit_tells_all_that_was_done_with_it)
{
    enum { TEXT_SIZE_MAX = 4096 };
    struct world world;
    struct buf text;
    world_begin(&world);
    buf_init(&text, TEXT_SIZE_MAX);
    found(&world, two_hosts, 2);
    const struct store_hit hits[] = { hit_of(&world, "10.0.0.5"), hit_of(&world, "10.0.0.6") };
    const struct store_hit_change assign = { .act = HIT_ACT_ASSIGN, .assignee = SPAN("anna") };
    const struct store_hit_change false_alarm = { .act = HIT_ACT_FALSE,
                                                  .text = SPAN("a test"),
                                                  .list = SPAN("false H-1") };
    check_err(store_hits_change(&world.op, world.store, &assign, hits, 2), ERR_OK);
    check_err(act(&world, HIT_ACT_NOTE, "asked the \"owner\"\n", &hits[0]), ERR_OK);
    check_err(store_hits_change(&world.op, world.store, &false_alarm, hits, 1), ERR_OK);
    check_err(act(&world, HIT_ACT_REOPEN, "no test", &hits[0]), ERR_OK);

    check_err(
        store_hit_history(&world.op, world.store, world.grant, &hits[0].fold, history_visit, &text),
        ERR_OK);

    check_span(buf_span(&text), "assign by tester: anna;note by tester: asked the \"owner\"\n;"
                                "false by tester: a testfalse H-1;reopen by tester: no test;");
    buf_clear(&text);
    check_err(
        store_hit_history(&world.op, world.store, world.grant, &hits[1].fold, history_visit, &text),
        ERR_OK);
    check_span(buf_span(&text), "assign by tester: anna;");
    buf_done(&text);
    world_end(&world);
}

TEST(hit_says_how_many_others_of_its_value_were_called_false)
{
    struct world world;
    static const char *const hosts[] = { "10.0.0.5", "10.0.0.6", "10.0.0.7" };
    world_begin(&world);
    found(&world, hosts, 3);
    const struct store_hit hits[] = { hit_of(&world, "10.0.0.5"), hit_of(&world, "10.0.0.6") };
    check_err(act(&world, HIT_ACT_FALSE, "x", &hits[0]), ERR_OK);
    check_err(act(&world, HIT_ACT_FALSE, "x", &hits[1]), ERR_OK);

    assert_int_equal(hit_of(&world, "10.0.0.7").false_others, 2);
    assert_int_equal(hit_of(&world, "10.0.0.5").false_others, 1);
    check_err(act(&world, HIT_ACT_REOPEN, "x", &hits[0]), ERR_OK);
    assert_int_equal(hit_of(&world, "10.0.0.7").false_others, 1);
    world_end(&world);
}

/* What is told of the others is not counted once more for each: many hits of one value are read in
 * a time that grows as they do. */
TEST(hit_of_a_walk_is_read_again_with_what_the_walk_told_of_the_others)
{
    struct world world;
    struct store_hit hit;
    static const char *const hosts[] = { "10.0.0.5", "10.0.0.6" };
    world_begin(&world);
    found(&world, hosts, 2);
    const struct store_hit first = hit_of(&world, "10.0.0.5");
    check_err(act(&world, HIT_ACT_FALSE, "x", &first), ERR_OK);

    check_err(store_hit_reread(&world.op, world.store, world.grant, first.row, 7, &hit), ERR_OK);

    assert_int_equal(hit.state, HIT_FALSE);
    assert_int_equal(hit.false_others, 7);
    check_span(hit.fold.inside, "10.0.0.5");
    check_err(store_hit_reread(&world.op, world.store, world.grant, 12345, 0, &hit), ERR_ABSENT);
    world_end(&world);
}

struct seen {
    size_t count;
    size_t heads;
    bool only_new;
};

static bool head_wanted(void *context, const struct store_hit_head *head)
{
    struct seen *seen = context;
    seen->heads++;
    check_span(head->value, "evil.example");
    assert_int_equal(head->kind, VALUE_DOMAIN);
    assert_in_range(head->rank, 1, RANK_MAX);
    return !seen->only_new || head->state == HIT_NEW;
}

static enum err seen_visit(void *context, const struct store_hit *hit)
{
    struct seen *seen = context;
    seen->count++;
    assert_true(!seen->only_new || hit->state == HIT_NEW);
    return ERR_OK;
}

TEST(hits_that_nobody_wants_are_not_read)
{
    struct world world;
    struct seen seen = { .only_new = true };
    const struct store_hit_filter filter = { .since_us = TIME_US_NONE, .wanted = head_wanted };
    world_begin(&world);
    found(&world, two_hosts, 2);
    const struct store_hit hit = hit_of(&world, "10.0.0.5");
    check_err(act(&world, HIT_ACT_ACKNOWLEDGE, "", &hit), ERR_OK);

    check_err(store_hits_walk(&world.op, world.store, world.grant, &filter, seen_visit, &seen),
              ERR_OK);

    assert_int_equal(seen.heads, 2);
    assert_int_equal(seen.count, 1);
    world_end(&world);
}

TEST(hit_is_found_by_the_beginning_of_its_name_where_that_is_its_own)
{
    enum { HOSTS = 64 };
    struct world world;
    struct fold folds[HOSTS];
    char hosts[HOSTS][16];
    char id[HIT_ID_SIZE];
    struct store_hit hit;
    world_begin(&world);
    for (int i = 0; i < HOSTS; i++) {
        snprintf(hosts[i], sizeof hosts[i], "10.0.1.%d", i);
        folds[i] = world_fold(INDICATOR, hosts[i], 20, "evil.example");
    }
    world_count(&world, folds, HOSTS, TIME_US_MIN);
    hit_id_of(&folds[7], id);

    check_err(store_hit_find(&world.op, world.store, world.grant,
                             span_slice(span_of(id), 0, HIT_ID_SHOWN_SIZE), &hit),
              ERR_OK);
    check_span(hit.fold.inside, "10.0.1.7");
    check_err(store_hit_find(&world.op, world.store, world.grant, SPAN("H-"), &hit), ERR_CONFLICT);
    assert_non_null(strstr(world.op.fault.text, "..."));
    op_fault_clear(&world.op);
    check_err(store_hit_find(&world.op, world.store, world.grant, SPAN("H-0000"), &hit),
              ERR_ABSENT);
    op_fault_clear(&world.op);
    check_err(store_hit_read(&world.op, world.store, world.grant, 12345, &hit), ERR_ABSENT);
    op_fault_clear(&world.op);
    world_end(&world);
}

struct told {
    size_t count;
    unsigned ranks[8];
};

static void on_opened(void *context, const struct fold *fold)
{
    struct told *told = context;
    told->ranks[told->count] = fold_rank(fold);
    told->count++;
}

/* Who is told of hits as they come must hear of it when a silent one is silent no more. */
TEST(fold_that_is_silent_no_more_is_told_as_new)
{
    struct world world;
    struct told told = { .count = 0 };
    struct fold loud = world_fold(INDICATOR, "10.0.0.5", 20, "evil.example");
    struct fold silent = loud;
    silent.best.effect = RANK_SILENCED;
    silent.list = SPAN("cdn");
    silent.silent = 1;
    const struct fold *const in_turn[] = { &silent, &silent, &loud, &loud, &silent };
    world_begin(&world);

    for (size_t i = 0; i < sizeof in_turn / sizeof in_turn[0]; i++) {
        const struct store_batch batch = { .folds = in_turn[i], .fold_count = 1 };
        check_err(store_batch_add(&world.op, world.store, &batch, on_opened, &told), ERR_OK);
    }

    assert_int_equal(told.count, 2);
    assert_int_equal(told.ranks[0], 0);
    assert_in_range(told.ranks[1], 1, RANK_MAX);
    const struct store_hit hit = hit_of(&world, "10.0.0.5");
    assert_int_equal(hit.fold.silent, 3);
    assert_int_equal(hit.fold.count, 5);
    world_check_rebuild(&world);
    world_end(&world);
}

/* ---- allow lists ---- */

static struct store_set_added allow_until(struct world *world, const char *name, const char *value,
                                          const struct store_allow *allow, int64_t until_us)
{
    enum { PACK_BYTES_MAX = 64 * 1024 };
    const struct hash_secret secret = { { 1 } };
    struct value_buf *bytes = op_alloc(&world->op, sizeof *bytes);
    struct pack_member member = {
        .confidence = PACK_CONFIDENCE_UNKNOWN,
        .tlp = PACK_TLP_OF_SET,
        .first_seen_us = TIME_US_NONE,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = until_us,
    };
    struct pack_writer *writer = NULL;
    struct store_set_added added;
    struct buf pack;
    uint64_t count = 0;
    check_err(value_recognise(span_of(value), bytes, &member.value, &member.scope), ERR_OK);
    check_err(pack_writer_new(&world->op, &secret, &writer), ERR_OK);
    check_err(pack_writer_add(&world->op, writer, &member, NULL), ERR_OK);
    buf_init(&pack, PACK_BYTES_MAX);
    check_err(pack_writer_finish(&world->op, writer, &pack, &count), ERR_OK);
    pack_writer_free(writer);
    const struct store_set_add add = {
        .purpose = STORE_TO_ALLOW,
        .allow = *allow,
        .set = span_of(name),
        .file_name = SPAN("list.txt"),
        .file = span_of(value),
        .pack = buf_span(&pack),
        .tlp = POLICY_TLP_GREEN,
        .confidence = PACK_CONFIDENCE_UNKNOWN,
        .valid_until_us = until_us,
    };
    check_err(store_set_add(&world->op, world->store, &add, &added), ERR_OK);
    buf_done(&pack);
    return added;
}

static struct store_set_added allow(struct world *world, const char *name, const char *value,
                                    const struct store_allow *allow)
{
    return allow_until(world, name, value, allow, TIME_US_NONE);
}

static const struct store_allow silent = {
    .effect = RANK_SILENCED,
    .effect_below = RANK_LOWERED,
    .indicator = { (const uint8_t *)INDICATOR, sizeof INDICATOR - 1 },
    .inside = { (const uint8_t *)"10.0.0.5", 8 },
    .reason = { (const uint8_t *)"well known", 10 },
};

TEST(allow_list_is_kept_with_its_effect_and_of_whom_it_speaks)
{
    struct world world;
    struct store_set *lists = NULL;
    size_t count = 0;
    world_begin(&world);
    allow(&world, "cdn", "cdn.example", &silent);
    allow(&world, "cdn", "other.example", &silent);
    allow(&world, "another", "198.51.100.0/24",
          &(const struct store_allow){ .effect = RANK_LOWERED, .effect_below = RANK_LOWERED });

    check_err(store_allow_lists(&world.op, world.store, world.grant, &lists, &count), ERR_OK);

    assert_int_equal(count, 2);
    check_span(lists[1].name, "cdn");
    assert_int_equal(lists[1].purpose, STORE_TO_ALLOW);
    assert_int_equal(lists[1].count, 2);
    assert_int_equal(lists[1].allow.effect, RANK_SILENCED);
    assert_int_equal(lists[1].allow.effect_below, RANK_LOWERED);
    check_span(lists[1].allow.indicator, INDICATOR);
    check_span(lists[1].allow.inside, "10.0.0.5");
    check_span(lists[1].allow.reason, "well known");
    assert_int_equal(lists[0].allow.effect, RANK_LOWERED);
    assert_int_equal(lists[0].allow.inside.size, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(allow_list_has_an_end_where_all_its_values_have_the_same)
{
    enum { END = 1000 };
    static const struct {
        int64_t until_us;
        int64_t expected;
    } adds[] = { { END, END }, { END, END }, { 2 * END, TIME_US_NONE }, { END, TIME_US_NONE } };
    struct world world;
    world_begin(&world);
    for (size_t i = 0; i < sizeof adds / sizeof adds[0]; i++) {
        char value[32];
        struct store_set *lists = NULL;
        size_t count = 0;
        snprintf(value, sizeof value, "good-%zu.example", i);

        allow_until(&world, "known", value, &silent, adds[i].until_us * US_PER_S);

        check_err(store_allow_lists(&world.op, world.store, world.grant, &lists, &count), ERR_OK);
        assert_int_equal(lists[0].count, i + 1);
        assert_int_equal(lists[0].valid_until_us, adds[i].expected == TIME_US_NONE
                                                      ? TIME_US_NONE
                                                      : adds[i].expected * US_PER_S);
    }
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(allow_list_is_gone_when_its_last_value_is_removed)
{
    struct world world;
    struct store_set *lists = NULL;
    struct value_buf bytes;
    struct value value;
    enum value_scope scope;
    size_t count = 0;
    world_begin(&world);
    allow(&world, "known", "a.example", &silent);
    allow(&world, "known", "b.example", &silent);
    for (size_t left = 2; left > 0; left--) {
        uint64_t removed = 0;
        check_err(store_allow_lists(&world.op, world.store, world.grant, &lists, &count), ERR_OK);
        assert_int_equal(count, 1);
        assert_int_equal(lists[0].count, left);
        check_err(value_recognise(left == 2 ? SPAN("a.example") : SPAN("b.example"), &bytes, &value,
                                  &scope),
                  ERR_OK);

        check_err(store_set_remove(&world.op, world.store, &lists[0], &value, 1, &removed), ERR_OK);

        assert_int_equal(removed, 1);
    }
    check_err(store_allow_lists(&world.op, world.store, world.grant, &lists, &count), ERR_OK);
    assert_int_equal(count, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

/* A list of indicators and an allow list may bear one name: neither touches the other. */
TEST(allow_list_is_apart_from_a_list_of_indicators_of_the_same_name)
{
    struct world world;
    struct store_set *lists = NULL;
    size_t count = 0;
    uint64_t indicators = 0;
    uint64_t allowed = 0;
    uint64_t removed = 0;
    const struct world_list list = { .set = "c2", .values = "evil.example bad.example" };
    world_begin(&world);
    world_add_list(&world, &list);
    check_err(store_indicators_version(&world.op, world.store, &indicators), ERR_OK);
    allow(&world, "c2", "good.example", &silent);
    check_err(store_allowed_version(&world.op, world.store, &allowed), ERR_OK);

    uint64_t unchanged = 0;
    check_err(store_indicators_version(&world.op, world.store, &unchanged), ERR_OK);
    assert_int_equal(unchanged, indicators);
    assert_true(allowed > indicators);
    check_span(world_members(&world, "c2"), "bad.example evil.example");
    check_err(store_allow_lists(&world.op, world.store, world.grant, &lists, &count), ERR_OK);
    assert_int_equal(count, 1);
    check_err(store_set_remove(&world.op, world.store, &lists[0], NULL, 0, &removed), ERR_OK);

    assert_int_equal(removed, 1);
    check_span(world_members(&world, "c2"), "bad.example evil.example");
    check_err(store_allow_lists(&world.op, world.store, world.grant, &lists, &count), ERR_OK);
    assert_int_equal(count, 0);
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(status_counts_allow_lists_apart)
{
    struct world world;
    struct store_status status;
    const struct world_list list = { .set = "c2", .values = "evil.example bad.example" };
    world_begin(&world);
    world_add_list(&world, &list);
    allow(&world, "known", "good.example", &silent);

    check_err(store_status(&world.op, world.store, &status), ERR_OK);

    assert_int_equal(status.sets, 1);
    assert_int_equal(status.set_members, 2);
    assert_int_equal(status.allow_lists, 1);
    assert_int_equal(status.allow_members, 1);
    world_end(&world);
}

/* Random acts on random hits, against a shadow; and then all is made anew from the journal. */
TEST(states_of_hits_follow_from_the_journal)
{
    enum { HOSTS = 5, ROUNDS = 120 };
    static const char *const hosts[HOSTS] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4",
                                              "10.0.0.5" };
    uint64_t seed = testing_seed();
    enum hit_state shadow[HOSTS] = { HIT_NEW };
    struct world world;
    world_begin(&world);
    found(&world, hosts, HOSTS);
    for (int round = 0; round < ROUNDS; round++) {
        size_t host = testing_random(&seed) % HOSTS;
        enum hit_act acts = (enum hit_act)(1 + testing_random(&seed) % (HIT_ACT_COUNT - 1));
        const struct store_hit hit = hit_of(&world, hosts[host]);
        bool may = hit_state_after(shadow[host], acts, &shadow[host]);

        check_err(act(&world, acts, "why", &hit), may ? ERR_OK : ERR_CONFLICT);
        if (testing_random(&seed) % 4 == 0) {
            found(&world, hosts, HOSTS);
        }
        assert_int_equal(hit_of(&world, hosts[host]).state, shadow[host]);
        arena_reset(&world.op.arena);
        check_err(policy_grant_owner(&world.op, &world.grant), ERR_OK);
    }
    world_check_rebuild(&world);
    for (size_t i = 0; i < HOSTS; i++) {
        assert_int_equal(hit_of(&world, hosts[i]).state, shadow[i]);
    }
    world_end(&world);
}
