// SPDX-License-Identifier: EUPL-1.2
#include "store/asked.h"

#include <stdio.h>
#include <string.h>

#include "store/internal.h"
#include "tests/store/world.h"

enum {
    TEXT_SIZE_MAX = 64 * 1024,
    MANY = 300,
    STEPS_MAX = 100, /* of SQLite's machine, for one row; a look at each of MANY takes thousands */
};

static uint64_t add(struct world *world, enum store_asked_act act, uint64_t about)
{
    struct buf content;
    uint64_t entry = 0;
    buf_init(&content, TEXT_SIZE_MAX);
    buf_add_format(&content, "{\"about\":%llu}", (unsigned long long)about);
    check_err(store_asked_add(&world->op, world->store, act, &content, &entry), ERR_OK);
    buf_done(&content);
    return entry;
}

struct told {
    struct buf text; /* "act entry about; " each */
    int count;
};

static enum err tell(void *context, const struct store_asked *asked)
{
    struct told *told = context;
    told->count++;
    buf_add_format(&told->text, "%s %llu %llu; ", store_asked_name(asked->act),
                   (unsigned long long)asked->entry, (unsigned long long)asked->about);
    return told->text.err;
}

static void check_told(struct told *told, const char *expected)
{
    check_span(buf_span(&told->text), expected);
    buf_done(&told->text);
}

static void check_about(struct world *world, uint64_t about, const char *expected)
{
    struct told told = { .count = 0 };
    const struct store_asked_filter filter = { .about = about,
                                               .by_about = true,
                                               .since_us = TIME_US_NONE };
    buf_init(&told.text, TEXT_SIZE_MAX);
    check_err(store_asked_walk(&world->op, world->store, world->grant, &filter, tell, &told),
              ERR_OK);
    check_told(&told, expected);
}

static void check_unfinished(struct world *world, const char *expected)
{
    struct told told = { .count = 0 };
    buf_init(&told.text, TEXT_SIZE_MAX);
    check_err(store_asked_unfinished(&world->op, world->store, world->grant, tell, &told), ERR_OK);
    check_told(&told, expected);
}

static bool forgot(struct world *world)
{
    bool ret = false;
    check_err(store_asked_forgot(&world->op, world->store, world->grant, &ret), ERR_OK);
    return ret;
}

/* How much work was done of what is asked of the table, since it was asked for last. */
static int steps(struct world *world)
{
    struct db *db = &world->store->db;
    int sum = 0;
    for (size_t i = 0; i < db->count; i++) {
        if (strstr(db->statements[i].sql, "FROM asked") != NULL) {
            sum += sqlite3_stmt_status(db->statements[i].statement, SQLITE_STMTSTATUS_VM_STEP, 1);
        }
    }
    return sum;
}

TEST(what_is_about_a_request_is_found_without_reading_what_else_was_asked)
{
    struct world world;
    char expected[128];
    world_begin(&world);
    uint64_t request = add(&world, STORE_ASKED_REQUEST, 0);
    for (int i = 0; i < MANY; i++) {
        uint64_t other = add(&world, STORE_ASKED_REQUEST, 0);
        (void)add(&world, STORE_ASKED_APPROVAL, other);
    }
    uint64_t approval = add(&world, STORE_ASKED_APPROVAL, request);
    (void)steps(&world);

    snprintf(expected, sizeof expected, "approval %llu %llu; ", (unsigned long long)approval,
             (unsigned long long)request);
    check_about(&world, request, expected);

    int taken = steps(&world);
    assert_in_range(taken, 1, STEPS_MAX);
    check_about(&world, approval, ""); /* nothing is about it */
    check_about(&world, 0, "");
    world_end(&world);
}

TEST(hunt_learns_whether_something_was_forgotten_from_one_row)
{
    struct world world;
    world_begin(&world);
    for (int i = 0; i < MANY; i++) {
        (void)add(&world, STORE_ASKED_HUNT, 0);
    }
    (void)steps(&world);
    assert_false(forgot(&world));
    assert_in_range(steps(&world), 1, STEPS_MAX);

    for (int i = 0; i < MANY; i++) {
        (void)add(&world, STORE_ASKED_FORGET, add(&world, STORE_ASKED_FORGET, 0));
    }
    (void)steps(&world);
    assert_true(forgot(&world));
    assert_in_range(steps(&world), 1, STEPS_MAX);
    world_end(&world);
}

TEST(unfinished_rules_are_those_that_nothing_is_said_about)
{
    struct world world;
    char expected[128];
    world_begin(&world);
    uint64_t first = add(&world, STORE_ASKED_FORGET, 0);
    uint64_t second = add(&world, STORE_ASKED_FORGET, 0);
    uint64_t third = add(&world, STORE_ASKED_FORGET, 0);
    (void)add(&world, STORE_ASKED_HUNT, 0);
    (void)add(&world, STORE_ASKED_DENIED, third); /* which says nothing of how much was forgotten */

    (void)add(&world, STORE_ASKED_FORGET, second);
    snprintf(expected, sizeof expected, "forget %llu 0; forget %llu 0; ", (unsigned long long)first,
             (unsigned long long)third);
    check_unfinished(&world, expected);

    (void)add(&world, STORE_ASKED_FORGET, first);
    (void)add(&world, STORE_ASKED_FORGET, third);
    check_unfinished(&world, "");
    world_end(&world);
}
