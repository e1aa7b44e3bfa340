// SPDX-License-Identifier: EUPL-1.2
/*
 * The history in a backup: never behind the journal it comes with, also where both are written to
 * and segments are merged meanwhile; what merging removes, what forgetting does, and what was
 * damaged before.
 */
#include "history/history.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/format.h"
#include "history/record.h"
#include "os/disk_below.h"
#include "os/disk_ops.h"
#include "tests/backup/node.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum {
    SEED = 11,
    TEXT_SIZE = 64,
    PATH_SIZE = SCRATCH_PATH_SIZE + 32,
    VALUES = 40,       /* different ones */
    FLUSH_EVERY = 3,   /* commits to a segment */
    ROUNDS_MAX = 2000, /* of the writer: then it waits */
    BACKUPS = 6,
    BUDGET_US = 1000,
};

#define COMMIT_KIND "commit" /* whose payload is the number of a commit */

static const int64_t now_us = INT64_C(1700000000000000);

/* --- A history beside a node's journal --- */

struct desk {
    struct op op;
    struct disk *world;
    struct journal *journal;
    struct history_rules rules;
    struct history *history;
    struct history_record_writer *writer;
    uint64_t seen;
};

static void desk_open(struct desk *desk, struct disk *world, struct journal *journal,
                      uint64_t acknowledged)
{
    *desk = (struct desk){ .world = world, .journal = journal };
    testing_op_begin(&desk->op);
    history_rules_default(&desk->rules);
    const struct history_options options = { .write = true,
                                             .acknowledged = acknowledged,
                                             .rules = &desk->rules };
    check_err(history_open(&desk->op, world, SPAN("history"), &options, &desk->history, NULL),
              ERR_OK);
    check_err(history_record_writer_new(&desk->op, &desk->writer), ERR_OK);
}

static void desk_close(struct desk *desk)
{
    history_record_writer_free(desk->writer);
    history_close(desk->history);
    op_end(&desk->op);
}

static void entry_add(struct desk *desk, const char *kind, const char *payload)
{
    const struct journal_entry entry = { .kind = span_of(kind), .payload = span_of(payload) };
    uint64_t number;
    check_err(journal_append(&desk->op, desk->journal, &entry, &number), ERR_OK);
    check_err(journal_commit(&desk->op, desk->journal), ERR_OK);
}

/* One line was read: it is remembered, and then the journal says so. */
static void line_read(struct desk *desk)
{
    char text[TEXT_SIZE];
    struct buf record;
    uint64_t left_out;
    uint64_t number;
    const struct history_way way = { .sensor = SPAN("gate"), .field = SPAN("dns.rrname") };
    history_record_begin(desk->writer);
    snprintf(text, sizeof text, "n%" PRIu64 ".example", desk->seen % VALUES);
    const struct history_seen seen = { .kind = VALUE_DOMAIN,
                                       .key = span_of(text),
                                       .way = history_record_way(desk->writer, &way),
                                       .first_s = (uint32_t)(1600000000 + desk->seen),
                                       .last_s = (uint32_t)(1600000000 + desk->seen),
                                       .count = 1 };
    check_err(history_record_add(desk->writer, &seen), ERR_OK);
    buf_init(&record, HISTORY_RECORD_SIZE_MAX);
    history_record_end(desk->writer, &record, &left_out);
    check_err(history_add(&desk->op, desk->history, buf_span(&record)), ERR_OK);
    buf_done(&record);
    check_err(history_commit(&desk->op, desk->history, &number), ERR_OK);
    snprintf(text, sizeof text, "%" PRIu64, number);
    entry_add(desk, COMMIT_KIND, text);
    history_acknowledged(desk->history);
    desk->seen++;
}

static void lines_read(struct desk *desk, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        line_read(desk);
    }
    check_err(history_flush(&desk->op, desk->history), ERR_OK);
}

/* --- What was restored --- */

/* The number of the commit that the journal's last entry names. */
static uint64_t journal_commit_of(struct op *op, struct disk *world)
{
    const struct journal_options options = { .world = SPAN("real") };
    struct journal *journal;
    struct journal_header header;
    struct span payload;
    uint64_t cut;
    uint64_t number = 0;
    check_err(journal_open(op, world, &options, &journal, &cut), ERR_OK);
    check_err(journal_read(op, journal, journal_last(journal), &header, &payload), ERR_OK);
    if (span_equal(header.kind, span_of(COMMIT_KIND))) {
        check_err(span_to_u64(payload, &number), ERR_OK);
    }
    journal_close(journal);
    return number;
}

/* Each line that the journal knows is remembered once, and no other. */
static uint64_t restored_check(struct disk *node)
{
    struct op op;
    struct disk *world;
    struct history *history;
    struct history_rules rules;
    struct history_opened opened;
    struct history_stats stats;
    testing_op_begin(&op);
    check_err(disk_open_below(&op, node, SPAN("real"), &world), ERR_OK);
    uint64_t known = journal_commit_of(&op, world);
    history_rules_default(&rules);
    const struct history_options options = { .write = true,
                                             .acknowledged = known,
                                             .rules = &rules };
    check_err(history_open(&op, world, SPAN("history"), &options, &history, &opened), ERR_OK);
    assert_false(opened.made);
    assert_false(opened.behind);
    assert_false(opened.ahead);
    assert_int_equal(opened.damaged, 0);
    check_err(history_stats(&op, history, &stats), ERR_OK);
    assert_int_equal(stats.facts.count, known);
    history_close(history);
    disk_close(world);
    op_end(&op);
    return known;
}

static void restore(struct disk *source, struct disk *target, struct backup_summary *ret)
{
    struct op op;
    const struct backup_options options = backup_plain();
    testing_op_begin(&op);
    check_err(backup_restore(&op, source, target, &options, ret), ERR_OK);
    op_end(&op);
}

/* Backs up, restores, and gives what was told. */
static void copy_check(struct backup_node *node, struct backup_summary *ret)
{
    const struct backup_options options = backup_plain();
    struct disk *restored = backup_empty_disk();
    struct backup_summary summary;
    check_err(backup_do(node, &options, ret), ERR_OK);
    restore(node->target, restored, &summary);
    assert_int_equal(summary.history_faults, 0);
    (void)restored_check(restored);
    disk_close(restored);
}

/* --- On a simulated disk --- */

struct fixture {
    struct backup_node node;
    struct desk desk;
};

static void begin(struct fixture *fixture)
{
    backup_node_begin(&fixture->node, SEED);
    desk_open(&fixture->desk, fixture->node.real, fixture->node.journal, 0);
}

static void end(struct fixture *fixture)
{
    desk_close(&fixture->desk);
    backup_node_end(&fixture->node);
}

TEST(history_is_restored_with_what_is_live)
{
    struct fixture it;
    struct backup_summary summary;
    begin(&it);
    lines_read(&it.desk, 5);
    line_read(&it.desk); /* in the write-ahead file alone */

    copy_check(&it.node, &summary);

    assert_true(summary.written);
    const struct backup_options options = backup_plain();
    check_err(backup_do(&it.node, &options, &summary), ERR_OK);
    assert_false(summary.written); /* nothing new */
    end(&it);
}

TEST(merged_segments_leave_the_backup_without_a_word)
{
    struct fixture it;
    struct backup_summary summary;
    begin(&it);
    lines_read(&it.desk, 5);
    lines_read(&it.desk, 5);
    copy_check(&it.node, &summary);
    uint64_t files = summary.files;
    check_err(history_compact(&it.desk.op, it.desk.history, now_us), ERR_OK);
    line_read(&it.desk);

    copy_check(&it.node, &summary);

    assert_true(summary.written);
    assert_int_equal(summary.files, files - 1); /* two segments became one */
    assert_int_equal(summary.remains, 0);
    end(&it);
}

TEST(what_was_forgotten_is_told_to_lie_in_older_parts)
{
    struct fixture it;
    struct backup_summary summary;
    struct backup_options options = backup_plain();
    struct history_forgotten forgotten;
    begin(&it);
    lines_read(&it.desk, VALUES);
    check_err(backup_do(&it.node, &options, &summary), ERR_OK);
    entry_add(&it.desk, "history.forget", "{\"reason\":\"\\\"about\\\":\"}"); /* the rule */
    const struct history_forget forget = { .kind = VALUE_DOMAIN, .until_s = UINT32_MAX };
    check_err(history_forget(&it.desk.op, it.desk.history, &forget, &forgotten), ERR_OK);
    assert_int_equal(forgotten.postings, VALUES);
    entry_add(&it.desk, "history.forget", "{\"about\":45,\"postings\":40}");

    check_err(backup_do(&it.node, &options, &summary), ERR_OK);
    assert_int_equal(summary.remains, 1);

    options.full = true;
    check_err(backup_do(&it.node, &options, &summary), ERR_OK);
    assert_int_equal(summary.remains, 0);
    end(&it);
}

/* --- A writer in between --- */

/* A disk that lets the node go on when one of its files is opened. */
struct spy {
    struct disk base;
    struct fixture *it;
    uint64_t opens;
    uint64_t strike; /* at which opening */
    bool merges;
};

static enum err spy_file_open(struct op *op, struct disk *disk, struct span path,
                              enum disk_mode mode, struct disk_file **ret)
{
    struct spy *spy = (struct spy *)disk;
    bool strikes = spy->opens == spy->strike;
    spy->opens++;
    if (strikes) {
        struct desk *desk = &spy->it->desk;
        line_read(desk);
        lines_read(desk, 2);
        if (spy->merges) {
            check_err(history_compact(&desk->op, desk->history, now_us), ERR_OK);
        }
        line_read(desk);
    }
    return disk_file_open(op, spy->it->node.disk, path, mode, ret);
}

static enum err spy_list(struct op *op, struct disk *disk, struct span path,
                         struct span **ret_names, size_t *ret_count)
{
    return disk_list(op, ((struct spy *)disk)->it->node.disk, path, ret_names, ret_count);
}

static const struct disk_ops spy_ops = { .file_open = spy_file_open, .list = spy_list };

/* Backs up while lines are read, and perhaps segments merged, at one opening of a file; false where
 * there were fewer openings. */
static bool struck_backup(uint64_t strike, bool merges)
{
    struct fixture it;
    struct op op;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    begin(&it);
    lines_read(&it.desk, 3);
    lines_read(&it.desk, 3);
    line_read(&it.desk);
    struct spy spy = { .base.ops = &spy_ops, .it = &it, .strike = strike, .merges = merges };
    testing_op_begin(&op);
    check_err(backup_write(&op, &spy.base, it.node.target, &options, &summary), ERR_OK);
    op_end(&op);

    struct disk *restored = backup_empty_disk();
    restore(it.node.target, restored, &summary);
    assert_int_equal(summary.history_faults, 0);
    assert_true(restored_check(restored) >= 7);
    disk_close(restored);
    copy_check(&it.node, &summary);
    end(&it);
    return spy.opens > strike;
}

TEST(history_is_what_the_journal_knows_whenever_the_node_goes_on)
{
    for (unsigned merges = 0; merges < 2; merges++) {
        uint64_t strike = 0;
        while (struck_backup(strike, merges == 1)) {
            strike++;
        }
        assert_true(strike > 5);
    }
}

/* --- Damage --- */

static void segment_path(struct fixture *it, char *ret)
{
    struct span *names;
    size_t count;
    ret[0] = '\0';
    check_err(disk_list(&it->node.op, it->node.disk, SPAN("real/history"), &names, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        if (span_starts_with(names[i], SPAN("seg-"))) {
            snprintf(ret, TEXT_SIZE, "real/history/%.*s", SPAN_FMT(names[i]));
        }
    }
    assert_true(ret[0] != '\0');
}

TEST(damage_of_the_history_is_copied_and_told_and_the_rest_restored)
{
    struct fixture it;
    char path[TEXT_SIZE];
    struct span bytes;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    begin(&it);
    lines_read(&it.desk, 5);
    segment_path(&it, path);
    assert_true(backup_file_read(&it.node.op, it.node.disk, path, &bytes));
    ((uint8_t *)(uintptr_t)bytes.data)[30] ^= 1; /* of a block */
    backup_node_put(it.node.disk, path, bytes);
    check_err(backup_do(&it.node, &options, NULL), ERR_OK);

    struct disk *restored = backup_empty_disk();
    restore(it.node.target, restored, &summary);

    assert_true(summary.history_faults > 0);
    assert_true(backup_same(it.node.disk, restored));
    disk_close(restored);
    end(&it);
}

TEST(segment_that_was_lost_before_does_not_keep_the_rest_from_being_copied)
{
    struct fixture it;
    char path[TEXT_SIZE];
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    begin(&it);
    lines_read(&it.desk, 5);
    segment_path(&it, path);
    lines_read(&it.desk, 5);
    check_err(disk_remove(&it.node.op, it.node.disk, span_of(path)), ERR_OK);

    check_err(backup_do(&it.node, &options, NULL), ERR_OK);

    struct disk *restored = backup_empty_disk();
    restore(it.node.target, restored, &summary);
    assert_int_equal(summary.history_faults, 1);
    disk_close(restored);
    end(&it);
}

/* --- Backups that know no history --- */

/* Makes a part one of version 1, which differed in nothing but its number. */
static void part_make_older(struct backup_node *node, const char *name)
{
    struct span bytes;
    struct backup_header header;
    struct backup_footer footer;
    assert_true(backup_file_read(&node->op, node->target, name, &bytes));
    uint8_t *at = (uint8_t *)(uintptr_t)bytes.data;
    size_t end = bytes.size - BACKUP_FOOTER_SIZE;
    check_err(backup_header_read(bytes, &header), ERR_OK);
    assert_int_equal(header.version, BACKUP_VERSION);
    header.version = 1;
    backup_header_write(at, &header);
    check_err(backup_footer_read(span_from(bytes, end), &footer), ERR_OK);
    backup_footer_seal(at, &footer);
    backup_footer_write(at + end, &footer);
    backup_node_put(node->target, name, bytes);
}

TEST(backup_of_version_1_is_restored_and_gets_the_history_with_its_next_part)
{
    struct backup_node node;
    struct desk desk;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    part_make_older(&node, "part-000001.linie-backup");
    backup_node_check_restored(&node, &options);

    desk_open(&desk, node.real, node.journal, 0);
    lines_read(&desk, 5);
    copy_check(&node, &summary);

    assert_int_equal(summary.number, 2);
    desk_close(&desk);
    backup_node_end(&node);
}

/* --- Beside a process that writes and merges --- */

static void writer_run(const char *path)
{
    struct op op;
    struct disk *world;
    struct desk desk;
    struct journal *journal;
    uint64_t cut;
    assert_int_equal(prctl(PR_SET_PDEATHSIG, SIGKILL), 0); /* where the test fails before killing */
    testing_op_begin(&op);
    check_err(disk_open_real(&op, span_of(path), &world), ERR_OK);
    const struct journal_options options = { .world = SPAN("real"), .write = true };
    check_err(journal_open(&op, world, &options, &journal, &cut), ERR_OK);
    desk_open(&desk, world, journal, 0);
    for (size_t i = 0; i < ROUNDS_MAX; i++) {
        bool more;
        lines_read(&desk, 1 + i % FLUSH_EVERY);
        check_err(history_work(&desk.op, desk.history, now_us, BUDGET_US, &more), ERR_OK);
        line_read(&desk);
        op_end(&desk.op);
        testing_op_begin(&desk.op);
    }
    for (;;) { /* until it is killed */
        (void)pause();
    }
}

static struct disk *folder_make(struct op *op, const struct scratch *scratch, const char *name)
{
    char path[PATH_SIZE];
    struct disk *disk;
    struct disk *root = scratch_disk(op, scratch);
    check_err(disk_make_folder(op, root, span_of(name)), ERR_OK);
    disk_close(root);
    snprintf(path, sizeof path, "%s/%s", scratch->path, name);
    check_err(disk_open_real(op, span_of(path), &disk), ERR_OK);
    return disk;
}

/* A node on the real disk: what a simulated one restores to. */
static void real_node_make(struct disk *disk)
{
    struct backup_node node;
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    restore(node.target, disk, &summary);
    backup_node_end(&node);
}

/* The backup is taken while the writer is somewhere in its rounds; the first may come before it has
 * begun. */
static uint64_t backup_beside(struct op *op, const struct scratch *scratch, struct disk *disk,
                              struct disk *target, size_t number)
{
    char name[TEXT_SIZE];
    uint64_t known = 0;
    struct backup_node node = { .disk = disk, .target = target };
    struct backup_summary summary;
    const struct backup_options options = backup_plain();
    check_err(backup_do(&node, &options, &summary), ERR_OK);
    snprintf(name, sizeof name, "restored-%zu", number);
    struct disk *restored = folder_make(op, scratch, name);
    restore(target, restored, &summary);
    assert_int_equal(summary.history_faults, 0);
    struct span manifest;
    if (backup_file_read(op, restored, "real/history/manifest", &manifest)) {
        known = restored_check(restored);
    }
    disk_close(restored);
    return known;
}

TEST(history_in_a_backup_made_while_both_are_written_to_is_what_its_journal_knows)
{
    struct scratch scratch = scratch_make();
    struct op op;
    char path[PATH_SIZE];
    uint64_t known = 0;
    testing_op_begin(&op);
    struct disk *disk = folder_make(&op, &scratch, "node");
    struct disk *target = folder_make(&op, &scratch, "backup");
    real_node_make(disk);
    snprintf(path, sizeof path, "%s/node/real", scratch.path);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        writer_run(path);
        _exit(1);
    }

    size_t number = 0;
    while (number < BACKUPS || known == 0) {
        uint64_t now = backup_beside(&op, &scratch, disk, target, number);
        assert_true(now >= known);
        known = now;
        number++;
    }

    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    assert_true(backup_beside(&op, &scratch, disk, target, number) >= known);
    disk_close(target);
    disk_close(disk);
    op_end(&op);
    scratch_remove(&scratch);
}
