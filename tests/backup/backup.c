// SPDX-License-Identifier: EUPL-1.2
/*
 * What a backup keeps, what its later parts hold, and who may read it.
 */
#include "tests/backup/node.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/format.h"
#include "crypt/secretstream.h"
#include "journal/blob.h"
#include "os/disk_below.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum {
    SEED = 7,
    MEBIBYTE = 1024 * 1024,
    WRITER_ROUNDS_MAX = 1000, /* on a quick disk the backups would never be done with more */
};

static const char *const part_1 = "part-000001.linie-backup";
static const char *const part_2 = "part-000002.linie-backup";
static const char *const part_3 = "part-000003.linie-backup";

static void backup_ok(struct backup_node *node, const struct backup_options *options,
                      struct backup_summary *ret)
{
    check_err(backup_do(node, options, ret), ERR_OK);
}

static bool part_is_there(struct backup_node *node, const char *name)
{
    struct span bytes;
    return backup_file_read(&node->op, node->target, name, &bytes);
}

/* Whether any file in the backup's folder holds some bytes as they are. */
static bool target_holds(struct backup_node *node, struct span bytes)
{
    struct span *names;
    size_t count;
    check_err(disk_list(&node->op, node->target, SPAN(""), &names, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        struct span content;
        assert_true(
            backup_file_read(&node->op, node->target, (const char *)names[i].data, &content));
        if (span_find_span(content, bytes) != SPAN_NOT_FOUND) {
            return true;
        }
    }
    return false;
}

TEST(restored_node_is_the_same_byte_for_byte)
{
    struct backup_node node;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    for (size_t i = 0; i < 20; i++) {
        (void)backup_node_append(&node, 500); /* some segments */
    }
    (void)backup_node_append(&node, 3 * MEBIBYTE);
    (void)backup_node_blob(&node, 2 * MEBIBYTE + 1);
    (void)backup_node_blob(&node, MEBIBYTE);
    (void)backup_node_blob(&node, 0);
    backup_node_exercise(&node, "flood-2026");

    backup_ok(&node, &options, &summary);

    backup_node_check_restored(&node, &options);
    assert_true(summary.written);
    assert_true(summary.full);
    assert_false(summary.encrypted);
    assert_int_equal(summary.number, 1);
    assert_int_equal(summary.parts, 1);
    assert_int_equal(summary.worlds, 2);
    assert_int_equal(summary.entries, 24);
    assert_int_equal(summary.new_entries, 24);
    assert_int_equal(summary.files, backup_file_count(node.disk, true));
    assert_int_equal(summary.new_files, summary.files);
    assert_int_equal(summary.remains, 0);
    check_err(backup_check_do(node.target, &options), ERR_OK);
    backup_node_end(&node);
}

TEST(backup_leaves_out_what_is_derived_or_unfinished)
{
    static const char *const left_out[] = {
        "real/linie.db",    "real/lock",           "real/index/x.image",
        "real/sets/1.pack", "real/blobs/new-0123", "real/journal/torn-000000000003",
        "linie.sock",       "keys/node.key.new",   "keys/.node.key.swp",
        "keys/node.key~",
    };
    struct backup_node node;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    check_err(disk_make_folder(&node.op, node.disk, SPAN("real/index")), ERR_OK);
    check_err(disk_make_folder(&node.op, node.disk, SPAN("real/sets")), ERR_OK);
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        backup_node_put(node.disk, left_out[i], SPAN("derived"));
    }

    backup_ok(&node, &options, NULL);

    backup_node_check_restored(&node, &options);
    assert_false(target_holds(&node, SPAN("derived")));
    backup_node_end(&node);
}

TEST(later_part_holds_only_what_is_new)
{
    struct backup_node node;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    (void)backup_node_append(&node, 100 * 1000);
    (void)backup_node_blob(&node, 100 * 1000);
    backup_ok(&node, &options, NULL);
    (void)backup_node_append(&node, 1000);
    (void)backup_node_blob(&node, 1000);
    backup_node_put(node.disk, "linie.conf", SPAN("[node]\n"));

    backup_ok(&node, &options, &summary);

    assert_false(summary.full);
    assert_int_equal(summary.number, 2);
    assert_int_equal(summary.parts, 2);
    assert_int_equal(summary.new_entries, 1);
    assert_int_equal(summary.new_files, 3); /* a segment, a blob, the configuration */
    assert_in_range(summary.new_size, 2000, 4000);
    backup_node_check_restored(&node, &options);
    backup_node_end(&node);
}

TEST(backup_of_an_unchanged_node_writes_nothing)
{
    struct backup_node node;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    backup_ok(&node, &options, NULL);

    backup_ok(&node, &options, &summary);

    assert_false(summary.written);
    assert_int_equal(summary.number, 1);
    assert_int_equal(summary.parts, 1);
    assert_int_equal(summary.entries, 2);
    assert_int_equal(summary.new_bytes, 0);
    assert_int_equal(backup_file_count(node.target, false), 2); /* the part and the lock */
    backup_node_end(&node);
}

TEST(removed_exercise_and_removed_key_are_gone_after_restoring)
{
    struct backup_node node;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    backup_node_exercise(&node, "storm");
    backup_node_exercise(&node, "storm-2");
    backup_ok(&node, &options, NULL);
    backup_node_remove(&node, "exercises/storm");
    check_err(disk_remove(&node.op, node.disk, SPAN("keys/node.key")), ERR_OK);

    backup_ok(&node, &options, &summary);

    assert_int_equal(summary.worlds, 2);
    assert_int_equal(summary.remains, 3); /* a segment, a blob and a key stay in part 1 */
    backup_node_check_restored(&node, &options);

    backup_node_exercise(&node, "storm"); /* another one of the same name */
    backup_ok(&node, &options, &summary);

    assert_int_equal(summary.worlds, 3);
    assert_int_equal(summary.remains, 3);
    backup_node_check_restored(&node, &options);
    backup_node_end(&node);
}

TEST(exercise_without_an_entry_waits_for_the_next_backup)
{
    struct backup_node node;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    check_err(disk_make_folder(&node.op, node.disk, SPAN("exercises")), ERR_OK);
    check_err(disk_make_folder(&node.op, node.disk, SPAN("exercises/new")), ERR_OK);

    backup_ok(&node, &options, &summary);

    assert_int_equal(summary.worlds, 1);
    backup_node_check_restored(&node, &options);
    backup_node_end(&node);
}

TEST(erasure_is_carried_and_said_until_a_full_backup)
{
    struct backup_node node;
    struct backup_summary summary;
    struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    uint64_t number = backup_node_append(&node, 1000);
    struct journal_header header;
    struct span payload;
    check_err(journal_read(&node.op, node.journal, number, &header, &payload), ERR_OK);
    struct span secret = span_slice(payload, 100, 900);
    (void)backup_node_append(&node, 1000);
    backup_ok(&node, &options, NULL);
    assert_true(target_holds(&node, secret));
    backup_node_erase(&node, number);

    backup_ok(&node, &options, &summary);

    assert_int_equal(summary.remains, 1);
    backup_node_check_restored(&node, &options);
    assert_true(target_holds(&node, secret)); /* which is why it is said */

    (void)backup_node_append(&node, 10);
    backup_ok(&node, &options, &summary);
    assert_int_equal(summary.remains, 1);

    options.full = true;
    backup_ok(&node, &options, &summary);

    assert_int_equal(summary.remains, 0);
    assert_int_equal(summary.parts, 1);
    assert_false(target_holds(&node, secret));
    backup_node_check_restored(&node, &options);
    backup_node_end(&node);
}

TEST(erasure_that_is_the_last_entry_leaves_nothing_in_a_full_backup)
{
    struct backup_node node;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    uint64_t number = backup_node_append(&node, 1000);
    struct journal_header header;
    struct span payload;
    check_err(journal_read(&node.op, node.journal, number, &header, &payload), ERR_OK);
    struct span journal;
    assert_true(
        backup_file_read(&node.op, node.disk, "real/journal/000000000001.journal", &journal));
    backup_node_erase(&node, number);

    /* As if its writer had died before overwriting: the bytes are there still. */
    ptrdiff_t at = span_find_span(journal, payload);
    assert_true(at > 0);
    struct disk_file *file;
    check_err(disk_file_open(&node.op, node.disk, SPAN("real/journal/000000000001.journal"),
                             DISK_WRITE, &file),
              ERR_OK);
    check_err(disk_write(&node.op, file, (uint64_t)at, payload), ERR_OK);
    disk_file_close(file);

    backup_ok(&node, &options, &summary);

    assert_int_equal(summary.remains, 0);
    assert_false(target_holds(&node, span_slice(payload, 100, 900)));
    struct disk *restored = backup_empty_disk();
    check_err(backup_restore_do(node.target, restored, &options), ERR_OK);
    disk_close(restored);
    backup_node_end(&node);
}

TEST(full_backup_replaces_the_parts_before_it)
{
    struct backup_node node;
    struct backup_summary summary;
    struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    backup_ok(&node, &options, NULL);
    (void)backup_node_append(&node, 10);
    backup_ok(&node, &options, NULL);

    options.full = true;
    backup_ok(&node, &options, &summary);

    assert_true(summary.full);
    assert_int_equal(summary.number, 3);
    assert_int_equal(summary.parts, 1);
    assert_false(part_is_there(&node, part_1));
    assert_false(part_is_there(&node, part_2));
    backup_node_check_restored(&node, &options);

    options.full = false;
    (void)backup_node_append(&node, 10);
    backup_ok(&node, &options, &summary);

    assert_int_equal(summary.number, 4);
    assert_int_equal(summary.parts, 2);
    backup_node_check_restored(&node, &options);
    backup_node_end(&node);
}

/* --- Keys --- */

TEST(encrypted_backup_opens_with_its_key_only)
{
    struct backup_node node;
    struct backup_summary summary;
    struct backup_options options = backup_sealed("correct horse battery staple\n");
    backup_node_begin(&node, SEED);
    backup_ok(&node, &options, &summary);
    (void)backup_node_append(&node, 1000);
    backup_ok(&node, &options, &summary);
    assert_true(summary.encrypted);
    assert_int_equal(summary.number, 2);

    const struct backup_options typed = backup_sealed("correct horse battery staple");
    const struct backup_options wrong = backup_sealed("correct horse battery stable");
    const struct backup_options none = backup_plain();
    const struct backup_options empty = backup_sealed("\r\n");
    backup_node_check_restored(&node, &options);
    backup_node_check_restored(&node, &typed);
    struct disk *restored = backup_empty_disk();
    check_err(backup_restore_do(node.target, restored, &wrong), ERR_DENIED);
    check_err(backup_restore_do(node.target, restored, &none), ERR_DENIED);
    check_err(backup_restore_do(node.target, restored, &empty), ERR_FORMAT);
    check_err(backup_check_do(node.target, &wrong), ERR_DENIED);
    assert_int_equal(backup_file_count(restored, false), 0);
    (void)backup_node_append(&node, 1000);
    check_err(backup_do(&node, &wrong, NULL), ERR_DENIED);
    check_err(backup_do(&node, &none, NULL), ERR_DENIED);
    assert_false(part_is_there(&node, part_3));

    disk_close(restored);
    backup_node_end(&node);
}

TEST(encrypted_backup_shows_no_content_and_no_name)
{
    struct backup_node node;
    const struct backup_options options = backup_sealed("key");
    backup_node_begin(&node, SEED);

    backup_ok(&node, &options, NULL);

    assert_false(target_holds(&node, SPAN("Water Board")));
    assert_false(target_holds(&node, SPAN("linie.conf")));
    assert_false(target_holds(&node, SPAN("journal")));
    backup_node_end(&node);
}

TEST(key_for_a_backup_that_is_not_encrypted_is_refused)
{
    struct backup_node node;
    struct backup_summary summary;
    const struct backup_options plain = backup_plain();
    struct backup_options sealed = backup_sealed("key");
    backup_node_begin(&node, SEED);
    backup_ok(&node, &plain, NULL);

    check_err(backup_check_do(node.target, &sealed), ERR_CONFLICT);
    check_err(backup_do(&node, &sealed, NULL), ERR_CONFLICT);

    sealed.full = true;
    backup_ok(&node, &sealed, &summary);
    assert_true(summary.encrypted);
    assert_false(target_holds(&node, SPAN("linie.conf")));
    backup_node_check_restored(&node, &sealed);
    backup_node_end(&node);
}

TEST(full_backup_takes_a_new_key_without_the_old_one)
{
    struct backup_node node;
    struct backup_options first = backup_sealed("first");
    struct backup_options second = backup_sealed("second");
    backup_node_begin(&node, SEED);
    backup_ok(&node, &first, NULL);

    second.full = true;
    backup_ok(&node, &second, NULL);

    backup_node_check_restored(&node, &second);
    check_err(backup_check_do(node.target, &first), ERR_DENIED);
    backup_node_end(&node);
}

/* --- Whose backup --- */

TEST(backup_of_another_node_is_never_replaced)
{
    struct backup_node node;
    struct backup_node other;
    struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    backup_node_begin(&other, SEED);
    backup_ok(&node, &options, NULL);

    struct disk *own = other.target;
    other.target = node.target;
    check_err(backup_do(&other, &options, NULL), ERR_CONFLICT);
    options.full = true;
    check_err(backup_do(&other, &options, NULL), ERR_CONFLICT);
    other.target = own;

    backup_node_check_restored(&node, &options);
    backup_node_end(&other);
    backup_node_end(&node);
}

/* Opens a restored disk as a node. */
static void node_of(struct backup_node *node, struct disk *restored, struct disk *target)
{
    const struct journal_options options = { .world = SPAN("real"), .write = true };
    uint64_t cut;
    *node = (struct backup_node){ .disk = restored, .target = target };
    testing_op_begin(&node->op);
    check_err(disk_open_below(&node->op, restored, SPAN("real"), &node->real), ERR_OK);
    check_err(journal_open(&node->op, node->real, &options, &node->journal, &cut), ERR_OK);
    assert_int_equal(cut, 0);
}

TEST(other_past_of_the_same_node_is_told_from_its_future)
{
    struct backup_node node;
    struct backup_node again;
    struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    backup_ok(&node, &options, NULL);
    struct disk *restored = backup_empty_disk();
    check_err(backup_restore_do(node.target, restored, &options), ERR_OK);
    (void)backup_node_append(&node, 10);
    backup_ok(&node, &options, NULL);
    node_of(&again, restored, node.target);

    check_err(backup_do(&again, &options, NULL), ERR_CONFLICT); /* behind the backup */
    (void)backup_node_append(&again, 10);
    check_err(backup_do(&again, &options, NULL), ERR_CONFLICT); /* beside it */
    (void)backup_node_append(&again, 10);
    check_err(backup_do(&again, &options, NULL), ERR_CONFLICT); /* longer, and beside it */
    options.full = true;
    check_err(backup_do(&again, &options, NULL), ERR_OK);

    backup_node_check_restored(&again, &options);
    again.target = backup_empty_disk(); /* the other one is closed by `node` */
    backup_node_end(&again);
    backup_node_end(&node);
}

TEST(second_backup_at_the_same_time_is_refused)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    struct disk_file *lock;
    check_err(disk_file_open(&node.op, node.target, SPAN("lock"), DISK_WRITE, &lock), ERR_OK);
    check_err(disk_lock(&node.op, lock), ERR_OK);

    check_err(backup_do(&node, &options, NULL), ERR_AGAIN);

    disk_file_close(lock);
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    backup_node_end(&node);
}

TEST(folder_that_is_no_node_is_not_backed_up)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    check_err(disk_remove(&node.op, node.disk, SPAN("linie.conf")), ERR_OK);

    check_err(backup_do(&node, &options, NULL), ERR_ABSENT);

    assert_int_equal(backup_file_count(node.target, false), 1); /* the lock */
    check_err(backup_check_do(node.target, &options), ERR_ABSENT);
    backup_node_end(&node);
}

TEST(damaged_node_is_not_backed_up)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    struct span blob = backup_node_blob(&node, 100);
    backup_node_put(node.disk, (const char *)blob.data, SPAN("rotten"));
    check_err(backup_do(&node, &options, NULL), ERR_CORRUPT);
    check_err(disk_remove(&node.op, node.disk, blob), ERR_OK);
    backup_ok(&node, &options, NULL);

    check_err(disk_remove(&node.op, node.disk, SPAN("real/journal/000000000001.journal")), ERR_OK);
    check_err(backup_do(&node, &options, NULL), ERR_ABSENT);

    check_err(backup_check_do(node.target, &options), ERR_OK);
    backup_node_end(&node);
}

/* --- Random acts --- */

static void random_act(struct backup_node *node, uint64_t *random)
{
    switch (testing_random(random) % 8) {
    case 0:
    case 1:
    case 2:
        (void)backup_node_append(node, (size_t)(testing_random(random) % 3000));
        break;
    case 3:
        (void)backup_node_blob(node, (size_t)(testing_random(random) % 3000));
        break;
    case 4: {
        uint64_t number = 1 + testing_random(random) % journal_last(node->journal);
        enum err err = journal_erase(&node->op, node->journal, number, SPAN("a rule"));
        assert_true(err == ERR_OK || err == ERR_EXISTS || err == ERR_DENIED);
        op_fault_clear(&node->op);
        break;
    }
    case 5: {
        char text[32];
        int size = snprintf(text, sizeof text, "%u", (unsigned)(testing_random(random) % 100000));
        backup_node_put(node->disk, "linie.conf", span_make(text, (size_t)size));
        break;
    }
    case 6: {
        char id[32];
        snprintf(id, sizeof id, "exercise-%u", (unsigned)(testing_random(random) % 1000000));
        backup_node_exercise(node, id);
        break;
    }
    default:
        if (testing_random(random) % 2 == 0) {
            backup_node_put(node->disk, "keys/other.key", SPAN("other"));
        } else {
            enum err err = disk_remove(&node->op, node->disk, SPAN("keys/other.key"));
            assert_true(err == ERR_OK || err == ERR_ABSENT);
            op_fault_clear(&node->op);
        }
    }
}

TEST(restored_node_is_the_same_after_random_acts_and_backups)
{
    uint64_t random = testing_seed();
    for (size_t run = 0; run < 8; run++) {
        struct backup_node node;
        struct backup_options options = run % 2 == 0 ? backup_plain() : backup_sealed("key");
        backup_node_begin(&node, testing_random(&random));
        for (size_t i = 0; i < 12; i++) {
            size_t acts = (size_t)(testing_random(&random) % 6);
            for (size_t j = 0; j < acts; j++) {
                random_act(&node, &random);
            }
            options.full = testing_random(&random) % 6 == 0;
            check_err(backup_do(&node, &options, NULL), ERR_OK);
            backup_node_check_restored(&node, &options);
        }
        backup_node_end(&node);
    }
}

/* --- On the real disk, through processes --- */

static void writer_run(const char *path)
{
    struct op op;
    assert_int_equal(prctl(PR_SET_PDEATHSIG, SIGKILL), 0); /* where the test fails before killing */
    testing_op_begin(&op);
    struct disk *disk;
    check_err(disk_open_real(&op, span_of(path), &disk), ERR_OK);
    struct backup_node node = { .disk = disk, .random = SEED };
    testing_op_begin(&node.op);
    check_err(disk_open_below(&op, disk, SPAN("real"), &node.real), ERR_OK);
    const struct journal_options options = { .world = SPAN("real"),
                                             .write = true,
                                             .segment_size = 64 * 1024 };
    uint64_t cut;
    check_err(journal_open(&node.op, node.real, &options, &node.journal, &cut), ERR_OK);
    uint64_t erased = 2;
    for (size_t i = 0; i < WRITER_ROUNDS_MAX; i++) {
        (void)backup_node_append(&node, 2000);
        (void)backup_node_blob(&node, 500);
        (void)backup_node_append(&node, 20);
        erased++;
        enum err err = journal_erase(&node.op, node.journal, erased, SPAN("a rule"));
        assert_true(err == ERR_OK || err == ERR_DENIED);
        op_end(&node.op);
        testing_op_begin(&node.op);
    }
    for (;;) { /* until it is killed */
        (void)pause();
    }
}

static void real_node_make(struct op *op, const char *path)
{
    struct backup_node node;
    backup_node_begin(&node, SEED);
    struct backup_options options = backup_plain();
    backup_ok(&node, &options, NULL);
    struct disk *disk;
    check_err(disk_open_real(op, span_of(path), &disk), ERR_OK);
    check_err(backup_restore_do(node.target, disk, &options), ERR_OK);
    disk_close(disk);
    backup_node_end(&node);
}

static void folder_make(struct op *op, const struct scratch *scratch, const char *name,
                        struct disk **ret)
{
    char path[SCRATCH_PATH_SIZE + 32];
    struct disk *root = scratch_disk(op, scratch);
    check_err(disk_make_folder(op, root, span_of(name)), ERR_OK);
    disk_close(root);
    snprintf(path, sizeof path, "%s/%s", scratch->path, name);
    check_err(disk_open_real(op, span_of(path), ret), ERR_OK);
}

TEST(backups_made_while_a_process_writes_and_erases_restore_whole)
{
    struct scratch scratch = scratch_make();
    struct op op;
    testing_op_begin(&op);
    struct disk *disk;
    struct disk *target;
    folder_make(&op, &scratch, "node", &disk);
    folder_make(&op, &scratch, "backup", &target);
    char path[SCRATCH_PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/node", scratch.path);
    real_node_make(&op, path);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        writer_run(path);
        _exit(1);
    }

    const struct backup_options options = backup_plain();
    uint64_t entries = 0;
    for (size_t i = 0; i < 4; i++) {
        struct backup_node node = { .disk = disk, .target = target };
        struct backup_summary summary;
        check_err(backup_do(&node, &options, &summary), ERR_OK);
        assert_true(summary.entries >= entries);
        entries = summary.entries;
        char name[32];
        snprintf(name, sizeof name, "restored-%zu", i);
        struct disk *restored;
        folder_make(&op, &scratch, name, &restored);
        check_err(backup_restore_do(target, restored, &options), ERR_OK);
        disk_close(restored);
    }
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);

    struct backup_node node = { .disk = disk, .target = target };
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    struct disk *restored;
    folder_make(&op, &scratch, "last", &restored);
    check_err(backup_restore_do(target, restored, &options), ERR_OK);
    disk_close(restored);
    disk_close(target);
    disk_close(disk);
    op_end(&op);
    scratch_remove(&scratch);
}
