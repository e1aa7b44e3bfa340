// SPDX-License-Identifier: EUPL-1.2
/*
 * Files of a history that are damaged, cut short, gone, exchanged or of another day: nothing wrong
 * is told, what is lost has a name that outlives merges, forgetting and the next opening, and the
 * rest answers.
 *
 * LINIE_TEST_SEED repeats a run of the random test, LINIE_DAMAGE_ROUNDS says how long it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "history/history.h"
#include "os/disk_sim.h"
#include "tests/history/desk.h"
#include "tests/testing.h"

enum {
    SEED = 4712,
    SEEN = 40,
    SEEN_MANY = 1500, /* several blocks */
    ROUNDS_DEFAULT = 250,
    PATH_SIZE = 64,
    BLOCK_AT = 300, /* a byte in the first block of a segment */
};

#define FOLDER SPAN("history")
#define FIRST  SPAN("history/seg-000000000002")
#define SECOND SPAN("history/seg-000000000004")
#define WAL    SPAN("history/wal-000000000005")

/* ---- a history that is broken ---- */

static void begin(struct desk *desk, uint64_t seed)
{
    struct disk *disk;
    struct op op;
    testing_op_begin(&op);
    check_err(disk_sim_open(&op, seed, &disk), ERR_OK);
    op_end(&op);
    desk_begin(desk, disk, seed);
    check_err(desk_open(desk), ERR_OK);
}

static void end(struct desk *desk)
{
    if (desk->violation[0] != '\0') {
        print_error("%s\n", desk->violation);
        fail();
    }
    desk_end(desk);
}

static void commit(struct desk *desk)
{
    check_err(desk_commit(desk), ERR_OK);
    desk_acknowledge(desk);
}

static void segment_add(struct desk *desk, size_t count)
{
    check_err(desk_add(desk, count), ERR_OK);
    check_err(desk_flush(desk), ERR_OK);
}

/* Two segments and two commits behind them; closed. */
static void begin_some(struct desk *desk, uint64_t seed, size_t count)
{
    begin(desk, seed);
    segment_add(desk, count);
    segment_add(desk, SEEN);
    for (size_t i = 0; i < 2; i++) {
        check_err(desk_add(desk, SEEN), ERR_OK);
        commit(desk);
    }
    desk_die(desk);
    desk->damaged = true;
}

static struct op *op_anew(struct desk *desk)
{
    op_end(&desk->op);
    testing_op_begin(&desk->op);
    return &desk->op;
}

static struct span bytes_of(struct desk *desk, struct span path)
{
    struct span map;
    struct span bytes;
    check_err(disk_map(&desk->op, desk->disk, path, &map), ERR_OK);
    check_err(op_copy(&desk->op, map, &bytes), ERR_OK);
    disk_unmap(desk->disk, map);
    return bytes;
}

static void write_file(struct desk *desk, struct span path, struct span bytes)
{
    struct disk_file *file;
    check_err(disk_file_open(&desk->op, desk->disk, path, DISK_WRITE, &file), ERR_OK);
    check_err(disk_truncate(&desk->op, file, 0), ERR_OK);
    check_err(disk_write(&desk->op, file, 0, bytes), ERR_OK);
    disk_file_close(file);
}

static void flip(struct desk *desk, struct span path, uint64_t at)
{
    struct disk_file *file;
    uint8_t byte;
    size_t got;
    check_err(disk_file_open(&desk->op, desk->disk, path, DISK_WRITE, &file), ERR_OK);
    check_err(disk_read(&desk->op, file, at, &byte, 1, &got), ERR_OK);
    byte ^= 1;
    check_err(disk_write(&desk->op, file, at, span_make(&byte, 1)), ERR_OK);
    disk_file_close(file);
}

static void cut(struct desk *desk, struct span path, uint64_t size)
{
    struct disk_file *file;
    check_err(disk_file_open(&desk->op, desk->disk, path, DISK_WRITE, &file), ERR_OK);
    check_err(disk_truncate(&desk->op, file, size), ERR_OK);
    disk_file_close(file);
}

static void take_away(struct desk *desk, struct span path)
{
    check_err(disk_remove(&desk->op, desk->disk, path), ERR_OK);
}

static bool is_there(struct desk *desk, struct span path)
{
    struct disk_file *file;
    enum err err = disk_file_open(op_anew(desk), desk->disk, path, DISK_READ, &file);
    if (err == ERR_OK) {
        disk_file_close(file);
    }
    return err == ERR_OK;
}

/* ---- what is told ---- */

static size_t losses_of(struct desk *desk, const struct history_loss **ret)
{
    size_t count = 0;
    check_err(history_losses(op_anew(desk), desk->history, ret, &count), ERR_OK);
    return count;
}

/* The one that is told, by its name. */
static struct history_loss only_loss(struct desk *desk, const char *name)
{
    char text[HISTORY_LOSS_NAME_SIZE];
    const struct history_loss *losses;
    assert_int_equal(losses_of(desk, &losses), 1);
    assert_string_equal(history_loss_name(&losses[0], text), name);
    return losses[0];
}

static void fault_drop(void *context, const char *text)
{
    (void)context;
    (void)text;
}

static uint64_t faults_of(struct desk *desk)
{
    uint64_t faults = 0;
    check_err(history_check(op_anew(desk), desk->history, fault_drop, NULL, &faults), ERR_OK);
    return faults;
}

static bool is_whole(struct desk *desk)
{
    assert_true(desk_compare(desk, desk->history, true));
    return desk->less == 0;
}

static void open_again(struct desk *desk)
{
    desk_die(desk);
    check_err(desk_open(desk), ERR_OK);
}

static size_t segments_of(struct desk *desk)
{
    struct history_stats stats;
    check_err(history_stats(op_anew(desk), desk->history, &stats), ERR_OK);
    return stats.segments;
}

/* ---- segments ---- */

TEST(segment_with_a_damaged_block_is_not_merged_and_nothing_else_of_it_is_lost)
{
    struct desk desk;
    begin_some(&desk, SEED, SEEN_MANY);
    flip(&desk, FIRST, BLOCK_AT);
    check_err(desk_open(&desk), ERR_OK);
    assert_false(is_whole(&desk));
    uint64_t less = desk.less;

    check_err(desk_compact(&desk), ERR_OK);

    struct history_loss loss = only_loss(&desk, "seg-2");
    assert_int_equal(loss.of, HISTORY_LOSS_BLOCKS);
    assert_int_equal(loss.count, 1);
    assert_false(loss.gone);
    assert_true(loss.found_s > 0);
    assert_int_equal(segments_of(&desk), 2);
    open_again(&desk);
    (void)only_loss(&desk, "seg-2");
    assert_true(faults_of(&desk) > 0);
    assert_false(is_whole(&desk));
    assert_int_equal(desk.less, less);
    end(&desk);
}

TEST(segment_that_is_put_back_is_whole_again)
{
    struct desk desk;
    begin_some(&desk, SEED, SEEN_MANY);
    flip(&desk, FIRST, BLOCK_AT);
    check_err(desk_open(&desk), ERR_OK);
    check_err(desk_compact(&desk), ERR_OK);
    desk_die(&desk);
    flip(&desk, FIRST, BLOCK_AT);

    check_err(desk_open(&desk), ERR_OK);

    assert_true(is_whole(&desk));
    assert_int_equal(faults_of(&desk), 1); /* that somebody has to end the notice */
    check_err(history_loss_know(op_anew(&desk), desk.history, SPAN("seg-2")), ERR_OK);
    check_err(desk_compact(&desk), ERR_OK);
    assert_int_equal(segments_of(&desk), 1);
    assert_int_equal(faults_of(&desk), 0);
    assert_true(is_whole(&desk));
    end(&desk);
}

TEST(loss_that_is_known_is_not_told_and_its_blocks_go_when_segments_are_merged)
{
    struct desk desk;
    begin_some(&desk, SEED, SEEN_MANY);
    flip(&desk, FIRST, BLOCK_AT);
    check_err(desk_open(&desk), ERR_OK);
    check_err(desk_compact(&desk), ERR_OK);

    check_err(history_loss_know(op_anew(&desk), desk.history, SPAN("seg-2")), ERR_OK);
    check_err(desk_compact(&desk), ERR_OK);

    assert_int_equal(segments_of(&desk), 1);
    struct history_loss loss = only_loss(&desk, "seg-2");
    assert_true(loss.known);
    assert_true(loss.gone);
    assert_int_equal(faults_of(&desk), 0);
    check_err(history_loss_know(op_anew(&desk), desk.history, SPAN("seg-2")), ERR_ABSENT);
    open_again(&desk);
    assert_true(only_loss(&desk, "seg-2").known);
    end(&desk);
}

TEST(forgetting_leaves_damaged_blocks_out_and_says_so_for_good)
{
    struct desk desk;
    struct history_forgotten gone;
    begin_some(&desk, SEED, SEEN_MANY);
    flip(&desk, FIRST, BLOCK_AT);
    check_err(desk_open(&desk), ERR_OK);
    const struct history_forget forget = { .since_s = DESK_BASE_S, .until_s = UINT32_MAX };

    check_err(history_forget(op_anew(&desk), desk.history, &forget, &gone), ERR_OK);

    assert_false(is_there(&desk, FIRST));
    struct history_loss loss = only_loss(&desk, "seg-2");
    assert_true(loss.gone);
    assert_int_equal(loss.of, HISTORY_LOSS_BLOCKS);
    open_again(&desk);
    assert_int_equal(faults_of(&desk), 1);
    assert_false(only_loss(&desk, "seg-2").known);
    end(&desk);
}

TEST(forgetting_leaves_a_damaged_block_of_another_kind_where_it_is)
{
    struct desk desk;
    struct history_forgotten gone;
    begin_some(&desk, SEED, SEEN_MANY);
    flip(&desk, FIRST, BLOCK_AT); /* addresses come first */
    check_err(desk_open(&desk), ERR_OK);
    const struct history_forget forget = { .kind = VALUE_DOMAIN,
                                           .host = SPAN("10.99.99.99"),
                                           .until_s = UINT32_MAX };

    check_err(history_forget(op_anew(&desk), desk.history, &forget, &gone), ERR_OK);

    assert_int_equal(gone.postings, 0);
    assert_false(only_loss(&desk, "seg-2").gone);
    assert_true(is_there(&desk, FIRST));
    end(&desk);
}

TEST(segment_that_cannot_be_read_and_goes_with_what_is_forgotten_is_told_for_good)
{
    struct desk desk;
    struct history_forgotten gone;
    begin_some(&desk, SEED, SEEN);
    cut(&desk, FIRST, 100);
    check_err(desk_open(&desk), ERR_OK);
    assert_false(only_loss(&desk, "seg-2").gone);
    const struct history_forget forget = { .since_s = DESK_BASE_S, .until_s = UINT32_MAX };

    check_err(history_forget(op_anew(&desk), desk.history, &forget, &gone), ERR_OK);

    assert_false(is_there(&desk, FIRST));
    assert_true(only_loss(&desk, "seg-2").gone);
    assert_int_equal(faults_of(&desk), 1);
    check_err(history_loss_know(op_anew(&desk), desk.history, SPAN("seg-2")), ERR_OK);
    assert_int_equal(faults_of(&desk), 0);
    end(&desk);
}

TEST(segment_that_is_gone_is_told_until_somebody_knows)
{
    struct desk desk;
    begin_some(&desk, SEED, SEEN);
    take_away(&desk, FIRST);
    check_err(desk_open(&desk), ERR_OK);
    struct history_loss loss = only_loss(&desk, "seg-2");
    assert_true(history_loss_touches(&loss, HISTORY_LOSS_KINDS_ALL, DESK_BASE_S, UINT32_MAX));
    assert_false(history_loss_touches(&loss, HISTORY_LOSS_KINDS_ALL, 0, DESK_BASE_S - 1));
    assert_false(history_loss_touches(&loss, UINT64_C(1) << VALUE_SHA512, 0, UINT32_MAX));
    check_err(desk_compact(&desk), ERR_OK);
    (void)only_loss(&desk, "seg-2");

    check_err(history_loss_know(op_anew(&desk), desk.history, SPAN("seg-2")), ERR_OK);

    loss = only_loss(&desk, "seg-2");
    assert_false(history_loss_touches(&loss, HISTORY_LOSS_KINDS_ALL, 0, UINT32_MAX));
    open_again(&desk);
    assert_int_equal(faults_of(&desk), 0);
    end(&desk);
}

TEST(segments_that_were_exchanged_are_not_taken_for_each_other)
{
    struct desk desk;
    const struct history_loss *losses;
    begin_some(&desk, SEED, SEEN_MANY);
    struct span first = bytes_of(&desk, FIRST);
    struct span second = bytes_of(&desk, SECOND);
    write_file(&desk, FIRST, second);
    write_file(&desk, SECOND, first);

    check_err(desk_open(&desk), ERR_OK);

    assert_int_equal(losses_of(&desk, &losses), 2);
    assert_true(losses[0].kinds == HISTORY_LOSS_KINDS_ALL);
    assert_false(is_whole(&desk));
    struct history_forgotten gone;
    const struct history_forget forget = { .kind = VALUE_SHA512,
                                           .until_s = UINT32_MAX }; /* there is none */
    check_err(history_forget(op_anew(&desk), desk.history, &forget, &gone), ERR_OK);
    assert_false(is_there(&desk, FIRST)); /* who knows what it held */
    end(&desk);
}

/* ---- the manifest ---- */

TEST(manifest_that_is_gone_is_made_anew_of_its_copy)
{
    struct desk desk;
    begin_some(&desk, SEED, SEEN_MANY);
    take_away(&desk, SPAN("history/manifest"));
    assert_true(desk_read(&desk)); /* who reads finds all, too */
    assert_int_equal(desk.less, 0);

    check_err(desk_open(&desk), ERR_OK);

    assert_true(desk.opened.mended);
    assert_true(is_whole(&desk));
    desk.damaged = false;
    assert_true(desk_verify(&desk));
    assert_false(desk.opened.mended);
    end(&desk);
}

TEST(manifest_of_another_day_is_not_believed)
{
    struct desk desk;
    begin(&desk, SEED);
    segment_add(&desk, SEEN);
    struct op op;
    testing_op_begin(&op);
    struct span bytes;
    check_err(op_copy(&op, bytes_of(&desk, SPAN("history/manifest")), &bytes), ERR_OK);
    segment_add(&desk, SEEN);
    desk_die(&desk);
    write_file(&desk, SPAN("history/manifest"), bytes);
    op_end(&op);
    desk.damaged = true;

    check_err(desk_open(&desk), ERR_OK);

    assert_true(desk.opened.mended);
    assert_true(is_whole(&desk));
    end(&desk);
}

/* A power loss may take what was written to the copy last. */
TEST(copy_that_is_older_than_the_manifest_was_leads_to_all_segments)
{
    struct desk desk;
    struct op op;
    struct span bytes;
    begin(&desk, SEED);
    testing_op_begin(&op);
    for (size_t i = 0; i < HISTORY_FAN - 1; i++) {
        segment_add(&desk, SEEN);
    }
    check_err(op_copy(&op, bytes_of(&desk, SPAN("history/manifest.copy")), &bytes), ERR_OK);
    segment_add(&desk, SEEN);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    desk_die(&desk);
    write_file(&desk, SPAN("history/manifest.copy"), bytes);
    take_away(&desk, SPAN("history/manifest"));
    op_end(&op);
    desk.damaged = true;

    check_err(desk_open(&desk), ERR_OK);

    assert_true(desk.opened.mended);
    assert_true(is_whole(&desk));
    assert_int_equal(faults_of(&desk), 0);
    end(&desk);
}

TEST(history_without_manifest_and_copy_is_not_one_to_be_made)
{
    struct desk desk;
    struct history *history;
    begin_some(&desk, SEED, SEEN);
    take_away(&desk, SPAN("history/manifest"));
    flip(&desk, SPAN("history/manifest.copy"), 100);
    cut(&desk, SPAN("history/manifest.copy"), 200);

    check_err(desk_open(&desk), ERR_CORRUPT);
    const struct history_options options = { .rules = &desk.rules };
    check_err(history_open(op_anew(&desk), desk.disk, FOLDER, &options, &history, NULL),
              ERR_CORRUPT);

    desk_end(&desk);
}

TEST(write_ahead_file_without_a_manifest_is_not_written_over)
{
    struct desk desk;
    begin(&desk, SEED);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    desk_die(&desk);
    take_away(&desk, SPAN("history/manifest"));
    take_away(&desk, SPAN("history/manifest.copy"));

    check_err(desk_open(&desk), ERR_CORRUPT);

    desk_end(&desk);
}

TEST(history_that_is_gone_and_that_the_journal_knows_is_no_empty_one)
{
    struct desk desk;
    struct history *history;
    begin(&desk, SEED);
    segment_add(&desk, SEEN);
    desk_die(&desk);
    struct span *names;
    size_t count;
    check_err(disk_list(op_anew(&desk), desk.disk, FOLDER, &names, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "history/%.*s", SPAN_FMT(names[i]));
        take_away(&desk, span_of(path));
    }
    desk.damaged = true;
    const struct history_options options = { .acknowledged = desk.journal, .rules = &desk.rules };
    check_err(history_open(op_anew(&desk), desk.disk, FOLDER, &options, &history, NULL),
              ERR_CORRUPT);

    (void)desk_open(&desk);
    desk.violation[0] = '\0'; /* it was made anew */

    assert_true(only_loss(&desk, "commit-1").gone);
    segment_add(&desk, SEEN);
    open_again(&desk);
    (void)only_loss(&desk, "commit-1");
    assert_int_equal(faults_of(&desk), 1);
    end(&desk);
}

/* ---- the write-ahead file ---- */

TEST(damage_in_the_middle_of_a_write_ahead_file_is_told_until_somebody_knows)
{
    struct desk desk;
    begin_some(&desk, SEED, SEEN);
    flip(&desk, WAL, 200); /* of two frames the first */
    check_err(desk_open(&desk), ERR_OK);
    assert_false(is_whole(&desk));
    (void)only_loss(&desk, "wal-5");
    open_again(&desk);
    (void)only_loss(&desk, "wal-5");

    check_err(desk_flush(&desk), ERR_OK);
    open_again(&desk);

    assert_true(only_loss(&desk, "wal-5").gone);
    assert_int_equal(faults_of(&desk), 1);
    check_err(history_loss_know(op_anew(&desk), desk.history, SPAN("wal-5")), ERR_OK);
    assert_int_equal(faults_of(&desk), 0);
    end(&desk);
}

TEST(damage_of_the_last_commit_is_no_torn_tail_where_the_journal_knows_it)
{
    struct desk desk;
    begin_some(&desk, SEED, SEEN);
    struct span bytes = bytes_of(&desk, WAL);
    flip(&desk, WAL, bytes.size - 20);

    check_err(desk_open(&desk), ERR_OK);

    assert_true(desk.opened.behind);
    assert_int_equal(only_loss(&desk, "commit-4").count, 1);
    check_err(desk_add(&desk, SEEN), ERR_OK);
    commit(&desk);
    open_again(&desk);
    assert_false(desk.opened.behind);
    (void)only_loss(&desk, "commit-4");
    assert_int_equal(faults_of(&desk), 1);
    end(&desk);
}

TEST(what_is_live_beside_a_lost_commit_is_forgotten_too)
{
    struct desk desk;
    struct history_forgotten gone;
    begin_some(&desk, SEED, SEEN);
    struct span bytes = bytes_of(&desk, WAL);
    flip(&desk, WAL, bytes.size - 20);
    check_err(desk_open(&desk), ERR_OK);
    const struct history_forget forget = { .since_s = DESK_BASE_S, .until_s = UINT32_MAX };

    check_err(history_forget(op_anew(&desk), desk.history, &forget, &gone), ERR_OK);

    assert_int_equal(segments_of(&desk), 0);
    struct history_stats stats;
    check_err(history_stats(op_anew(&desk), desk.history, &stats), ERR_OK);
    assert_int_equal(stats.facts.postings, 0);
    end(&desk);
}

TEST(write_ahead_file_that_is_gone_leaves_the_segments_to_answer)
{
    struct desk desk;
    struct history *history;
    const struct history_loss *losses;
    size_t count;
    begin_some(&desk, SEED, SEEN);
    take_away(&desk, WAL);
    const struct history_options options = { .acknowledged = desk.journal, .rules = &desk.rules };

    check_err(history_open(op_anew(&desk), desk.disk, FOLDER, &options, &history, NULL), ERR_OK);

    assert_true(desk_compare(&desk, history, true));
    assert_true(desk.less > 0);
    check_err(history_losses(op_anew(&desk), history, &losses, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(losses[0].count, 2);
    history_close(history);
    check_err(desk_open(&desk), ERR_OK);
    (void)only_loss(&desk, "commit-4");
    end(&desk);
}

TEST(write_ahead_file_of_another_history_is_kept_aside_until_somebody_knows)
{
    struct desk desk;
    uint8_t strange[200] = "LINIEWAL";
    begin_some(&desk, SEED, SEEN);
    struct span bytes = bytes_of(&desk, WAL);
    write_file(&desk, SPAN("history/other"), bytes);
    write_file(&desk, WAL, span_make(strange, sizeof strange));

    check_err(desk_open(&desk), ERR_OK);

    const struct history_loss *losses;
    assert_true(losses_of(&desk, &losses) >= 1);
    assert_true(faults_of(&desk) >= 1);
    end(&desk);
}

/* ---- anything ---- */

/* A file of the history, by chance; a path of it in the op's memory. */
static struct span any_file(struct desk *desk)
{
    char path[PATH_SIZE];
    struct span *names;
    struct span ret;
    size_t count;
    check_err(disk_list(&desk->op, desk->disk, FOLDER, &names, &count), ERR_OK);
    struct span name = names[desk_choose(desk, count)];
    (void)snprintf(path, sizeof path, "history/%.*s", SPAN_FMT(name));
    check_err(op_copy(&desk->op, span_of(path), &ret), ERR_OK);
    return ret;
}

static void break_something(struct desk *desk)
{
    struct span path = any_file(desk);
    struct span other = any_file(desk);
    struct span bytes = bytes_of(desk, path);
    switch (desk_choose(desk, 6)) {
    case 0:
        take_away(desk, path);
        break;
    case 1:
        cut(desk, path, desk_choose(desk, bytes.size + 1));
        break;
    case 2:
        write_file(desk, other, bytes); /* a copy of one where another was */
        break;
    default:
        if (bytes.size > 0) {
            flip(desk, path, desk_choose(desk, bytes.size));
        }
        break;
    }
}

/* Whatever became of the files: nothing is there that was not told, and where something is missing,
 * that is told; a history that cannot be opened says so. */
static void check_told(struct desk *desk, bool lost)
{
    const struct history_loss *losses;
    size_t told = losses_of(desk, &losses);
    if (!desk_compare(desk, desk->history, true)) {
        print_error("%s\n", desk->violation);
        fail();
    }
    if (desk->less > 0 || lost) {
        assert_true(told > 0 || desk->blocks > 0);
        assert_true(faults_of(desk) > 0);
    }
}

static void act(struct desk *desk)
{
    switch (desk_choose(desk, 4)) {
    case 0:
        check_err(desk_compact(desk), ERR_OK);
        break;
    case 1:
        segment_add(desk, SEEN);
        break;
    case 2:
        check_err(desk_forget(desk), ERR_OK);
        break;
    default:
        break;
    }
}

static void life(uint64_t seed)
{
    struct desk desk;
    begin_some(&desk, seed, SEEN);
    break_something(&desk);
    if (desk_choose(&desk, 2) == 0) {
        break_something(&desk);
    }
    enum err err = desk_open(&desk);
    desk.violation[0] = '\0'; /* all of it gone: it was made anew */
    if (err == ERR_OK) {
        check_told(&desk, false);
        bool lost = desk.less > 0;
        act(&desk);
        check_told(&desk, false);
        open_again(&desk);
        check_told(&desk, lost);
    } else {
        assert_true(err == ERR_CORRUPT || err == ERR_UNSUPPORTED); /* perhaps two bits did that */
    }
    end(&desk);
}

TEST(whatever_is_broken_nothing_wrong_is_told_and_what_is_missing_is_named)
{
    const char *rounds_given = getenv("LINIE_DAMAGE_ROUNDS");
    uint64_t rounds = ROUNDS_DEFAULT;
    uint64_t seed = testing_seed();
    if (rounds_given != NULL && span_to_u64(span_of(rounds_given), &rounds) != ERR_OK) {
        rounds = ROUNDS_DEFAULT;
    }
    for (uint64_t i = 0; i < rounds; i++) {
        life(seed + i);
    }
}
