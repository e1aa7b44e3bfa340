// SPDX-License-Identifier: EUPL-1.2
#include "store/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/world.h"

#define INDICATOR "indicator--d58beaa9-b626-559b-8daa-b9261b021a0b"

static const struct world_list list = {
    .source = "Feed",
    .set = "c2",
    .values = "a.example b.example 198.51.100.7",
    .tlp = POLICY_TLP_GREEN,
};

/* Something of everything that is derived. */
static void fill(struct world *world)
{
    const char *const objects[] = {
        world_indicator(world, 1, "02", "[domain-name:value = 'evil.example']", ""), NULL
    };
    struct fold fold = world_fold(INDICATOR, "10.0.0.1", 20, "a.example");
    fold.evidence[0] = SPAN("line");
    fold.evidence_count = 1;
    (void)world_add_list(world, &list);
    struct world_list more = list;
    more.values = "c.example";
    (void)world_add_list(world, &more);
    (void)world_add_objects(world, "Feed", objects);
    world_count(world, &fold, 1, TIME_US_MIN);
}

static struct span path_of(struct world *world, const char *name)
{
    struct buf path;
    struct span copy;
    buf_init(&path, DISK_PATH_SIZE_MAX);
    buf_add_format(&path, "%s/%s", world->scratch.path, name);
    check_err(op_copy(&world->op, buf_span(&path), &copy), ERR_OK);
    buf_done(&path);
    return copy;
}

/* Runs SQL on the database behind the store's back. */
static void tamper(struct world *world, const char *sql)
{
    sqlite3 *handle = NULL;
    struct span path = path_of(world, "linie.db");
    assert_int_equal(sqlite3_open((const char *)path.data, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void file_write(struct world *world, const char *name, off_t at, const char *bytes)
{
    struct span path = path_of(world, name);
    int fd = open((const char *)path.data, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, strlen(bytes), at), (ssize_t)strlen(bytes));
    close(fd);
}

static void file_remove(struct world *world, const char *name)
{
    struct span path = path_of(world, name);
    assert_int_equal(unlink((const char *)path.data), 0);
}

TEST(world_is_made_once)
{
    struct world world;
    world_begin(&world);
    store_close(world.store);
    world.store = NULL;
    const struct store_options options = { .world = SPAN("real"), .write = true };
    const struct span identity = SPAN("{\"type\":\"identity\",\"id\":\"identity--x\"}");

    check_err(store_create(&world.op, world.disk, &options, identity), ERR_EXISTS);

    world_end(&world);
}

TEST(world_knows_its_owner_and_its_journal_begins_with_it)
{
    struct world world;
    struct journal_header header;
    world_begin(&world);
    world_reopen(&world);

    check_span(store_identity(world.store), WORLD_IDENTITY);
    check_err(journal_read(&world.op, store_journal(world.store), 1, &header, NULL), ERR_OK);
    check_span(header.kind, "node.init");
    check_span(header.world, "real");
    check_span(header.actor, "tester");
    check_err(journal_read(&world.op, store_journal(world.store), 2, &header, NULL), ERR_OK);
    check_span(header.kind, "stix.object");
    world_end(&world);
}

TEST(world_of_another_name_is_refused)
{
    struct world world;
    struct store *other = NULL;
    world_begin(&world);
    store_close(world.store);
    world.store = NULL;

    check_err(world_open(&world, "spring-exercise", true, &other), ERR_CONFLICT);
    op_fault_clear(&world.op);
    check_err(world_open(&world, "spring-exercise", false, &other), ERR_CONFLICT);

    world_end(&world);
}

/* A lock belongs to a process: another one asks. */
TEST(world_has_one_writer_and_readers_beside_it)
{
    struct world world;
    world_begin(&world);
    fill(&world);
    pid_t child = fork();
    if (child == 0) {
        struct store *second = NULL;
        enum err written = world_open(&world, "real", true, &second);
        op_fault_clear(&world.op);
        enum err read = world_open(&world, "real", false, &second);
        _exit(written == ERR_AGAIN && read == ERR_OK ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    world_end(&world);
}

TEST(reader_sees_what_the_writer_counted_since)
{
    struct world world;
    struct store *reader = NULL;
    struct store_status status;
    world_begin(&world);
    check_err(world_open(&world, "real", false, &reader), ERR_OK);
    fill(&world);

    check_err(store_status(&world.op, reader, &status), ERR_OK);

    assert_int_equal(status.hits, 1);
    assert_int_equal(status.set_members, 4);
    store_close(reader);
    world_end(&world);
}

TEST(database_of_another_version_is_made_anew_at_open)
{
    struct world world;
    world_begin(&world);
    fill(&world);
    struct span before = world_digest(&world);
    store_close(world.store);
    tamper(&world, "PRAGMA user_version = 0; DROP TABLE folds;");

    check_err(world_open(&world, "real", true, &world.store), ERR_OK);

    assert_true(world.opened.rebuilt);
    assert_true(span_equal(before, world_digest(&world)));
    world_end(&world);
}

TEST(database_that_is_being_made_is_no_readers_until_a_writer_ends_it)
{
    static const char *const cut_short[] = {
        "INSERT INTO meta VALUES ('making', 1); UPDATE meta SET value = 1 WHERE key = 'applied';"
        "DELETE FROM sets; DELETE FROM pattern_values; DELETE FROM objects; DELETE FROM removals;"
        "DELETE FROM inputs; DELETE FROM input_faults; DELETE FROM folds; DELETE FROM evidence;",
        "PRAGMA user_version = 0", /* its maker came to nothing */
    };
    for (size_t i = 0; i < sizeof cut_short / sizeof cut_short[0]; i++) {
        struct world world;
        struct store *reader = NULL;
        world_begin(&world);
        fill(&world);
        struct span before = world_digest(&world);
        store_close(world.store);
        tamper(&world, cut_short[i]);

        check_err(world_open(&world, "real", false, &reader), ERR_STALE);

        check_err(world_open(&world, "real", true, &world.store), ERR_OK);
        assert_true(span_equal(before, world_digest(&world)));
        check_err(world_open(&world, "real", false, &reader), ERR_OK);
        store_close(reader);
        world_end(&world);
    }
}

TEST(database_of_a_newer_version_is_refused)
{
    struct world world;
    struct store *store = NULL;
    world_begin(&world);
    store_close(world.store);
    world.store = NULL;
    tamper(&world, "PRAGMA user_version = 1000000");

    check_err(world_open(&world, "real", true, &store), ERR_UNSUPPORTED);

    world_end(&world);
}

TEST(database_that_is_damaged_or_gone_is_made_anew_at_open)
{
    const char *const damage[] = { "no SQLite file", "gone", "a page in the middle", "its sets" };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct world world;
        world_begin(&world);
        fill(&world);
        struct span before = world_digest(&world);
        store_close(world.store);
        switch (i) {
        case 0:
            file_write(&world, "linie.db", 0, "this is no database at all, but text");
            break;
        case 1:
            file_remove(&world, "linie.db");
            break;
        case 2:
            tamper(&world, "PRAGMA writable_schema = ON;"
                           "UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'meta';");
            break;
        default:
            tamper(&world, "DELETE FROM meta WHERE key = 'salt'");
            break;
        }

        check_err(world_open(&world, "real", true, &world.store), ERR_OK);

        print_message("# %s\n", damage[i]);
        assert_true(world.opened.rebuilt);
        assert_true(span_equal(before, world_digest(&world)));
        world_end(&world);
    }
}

/* As after a power loss between the journal's commit and the database's. */
TEST(database_that_is_behind_the_journal_catches_up_at_open)
{
    struct world world;
    world_begin(&world);
    fill(&world);
    store_close(world.store);
    struct span path = path_of(&world, "linie.db");
    struct span kept = testing_file(&world.op, (const char *)path.data);
    check_err(world_open(&world, "real", true, &world.store), ERR_OK);
    struct world_list more = list;
    more.values = "d.example";
    (void)world_add_list(&world, &more);
    struct fold fold = world_fold(INDICATOR, "10.0.0.1", 20, "b.example");
    world_count(&world, &fold, 1, TIME_US_MAX);
    struct span before = world_digest(&world);
    store_close(world.store);
    int fd = open((const char *)path.data, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, kept.data, kept.size), (ssize_t)kept.size);
    close(fd);

    check_err(world_open(&world, "real", true, &world.store), ERR_OK);

    assert_true(world.opened.entries_applied >= 2);
    assert_true(span_equal(before, world_digest(&world)));
    world_end(&world);
}

TEST(packed_set_that_is_gone_is_made_anew_at_open)
{
    struct world world;
    world_begin(&world);
    fill(&world);
    struct span before = world_digest(&world);
    struct span *names = NULL;
    size_t count = 0;
    check_err(disk_list(&world.op, world.disk, SPAN("sets"), &names, &count), ERR_OK);
    assert_int_equal(count, 1);
    struct buf name;
    buf_init(&name, DISK_PATH_SIZE_MAX);
    buf_add_format(&name, "sets/%.*s", SPAN_FMT(names[0]));
    check_err(disk_remove(&world.op, world.disk, buf_span(&name)), ERR_OK);
    buf_done(&name);

    world_reopen(&world);

    assert_true(span_equal(before, world_digest(&world)));
    world_end(&world);
}

TEST(database_ahead_of_its_journal_is_refused)
{
    struct world world;
    struct store *store = NULL;
    world_begin(&world);
    fill(&world);
    store_close(world.store);
    world.store = NULL;
    tamper(&world, "UPDATE meta SET value = 1000 WHERE key = 'applied'");

    check_err(world_open(&world, "real", true, &store), ERR_CONFLICT);

    world_end(&world);
}

TEST(files_of_a_world_are_for_their_owner_alone)
{
    struct world world;
    world_begin(&world);
    fill(&world);
    const char *const names[] = { "lock", "journal", "sets", "blobs" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct stat status;
        struct span path = path_of(&world, names[i]);
        assert_int_equal(stat((const char *)path.data, &status), 0);

        assert_int_equal(status.st_mode & 0077, 0);
    }
    world_end(&world);
}

TEST(journal_entry_whose_content_cannot_be_read_is_refused_with_its_number_and_why)
{
    struct world world;
    struct store *store = NULL;
    uint64_t number = 0;
    world_begin(&world);
    const struct journal_entry entry = {
        .kind = SPAN("watch.batch"),
        .payload = SPAN("{\"folds\":[{\"fold\":{}}]}"),
    };
    struct journal *journal = store_journal(world.store);
    check_err(journal_append(&world.op, journal, &entry, &number), ERR_OK);
    check_err(journal_commit(&world.op, journal), ERR_OK);
    store_close(world.store);
    world.store = NULL;

    assert_int_not_equal(world_open(&world, "real", true, &store), ERR_OK);

    assert_non_null(strstr(world.op.fault.text, ": its content cannot be read"));
    world_end(&world);
}

TEST(journal_entry_of_a_kind_that_is_not_known_is_refused_clearly)
{
    struct world world;
    struct store *store = NULL;
    uint64_t number = 0;
    world_begin(&world);
    const struct journal_entry entry = { .kind = SPAN("future.kind"), .payload = SPAN("{}") };
    struct journal *journal = store_journal(world.store);
    check_err(journal_append(&world.op, journal, &entry, &number), ERR_OK);
    check_err(journal_commit(&world.op, journal), ERR_OK);
    store_close(world.store);
    world.store = NULL;

    check_err(world_open(&world, "real", true, &store), ERR_UNSUPPORTED);

    assert_non_null(strstr(world.op.fault.text, "future.kind"));
    world_end(&world);
}
