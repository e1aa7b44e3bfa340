// SPDX-License-Identifier: EUPL-1.2
/*
 * What the simulated disk keeps and loses: the crash tests are worth no more than this.
 */
#include "os/disk_sim.h"

#include "base/memory.h"
#include "tests/testing.h"

enum { SEEDS = 200, SECTOR = DISK_SIM_SECTOR_SIZE, SECTORS = 4 };

struct desk {
    struct op op;
    struct disk *disk;
};

static struct desk desk_make(uint64_t seed)
{
    struct desk desk;
    testing_op_begin(&desk.op);
    check_err(disk_sim_open(&desk.op, seed, &desk.disk), ERR_OK);
    return desk;
}

static void desk_done(struct desk *desk)
{
    disk_close(desk->disk);
    op_end(&desk->op);
}

static struct disk_file *desk_open(struct desk *desk, const char *path)
{
    struct disk_file *file;
    check_err(disk_file_open(&desk->op, desk->disk, span_of(path), DISK_WRITE, &file), ERR_OK);
    return file;
}

static bool desk_has(struct desk *desk, const char *path)
{
    struct span map;
    enum err err = disk_map(&desk->op, desk->disk, span_of(path), &map);
    if (err == ERR_OK) {
        disk_unmap(desk->disk, map);
    }
    op_fault_clear(&desk->op);
    return err == ERR_OK;
}

TEST(what_was_synced_survives_every_power_loss)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct desk desk = desk_make(seed);
        struct disk_file *file = desk_open(&desk, "a");
        check_err(disk_write(&desk.op, file, 0, SPAN("kept bytes")), ERR_OK);
        check_err(disk_sync(&desk.op, file), ERR_OK);
        check_err(disk_sync_folder(&desk.op, desk.disk, SPAN("")), ERR_OK);
        disk_file_close(file);

        disk_sim_crash(desk.disk, seed);

        struct span map;
        check_err(disk_map(&desk.op, desk.disk, SPAN("a"), &map), ERR_OK);
        check_span(map, "kept bytes");
        disk_unmap(desk.disk, map);
        desk_done(&desk);
    }
}

/* Counts how often each outcome of a chance was seen: never one of them alone. */
struct outcomes {
    size_t lost;
    size_t kept;
};

static void outcome(struct outcomes *outcomes, bool kept)
{
    if (kept) {
        outcomes->kept++;
    } else {
        outcomes->lost++;
    }
}

static void check_both(const struct outcomes *outcomes)
{
    assert_true(outcomes->lost > 0);
    assert_true(outcomes->kept > 0);
}

TEST(a_name_without_a_folder_sync_may_vanish)
{
    struct outcomes outcomes = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct desk desk = desk_make(seed);
        struct disk_file *file = desk_open(&desk, "a");
        check_err(disk_sync(&desk.op, file), ERR_OK);
        disk_file_close(file);
        disk_sim_crash(desk.disk, seed);
        outcome(&outcomes, desk_has(&desk, "a"));
        desk_done(&desk);
    }
    check_both(&outcomes);
}

TEST(a_rename_and_a_removal_without_a_folder_sync_may_be_undone)
{
    struct outcomes old_names = { 0 };
    struct outcomes new_names = { 0 };
    struct outcomes removed = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct desk desk = desk_make(seed);
        disk_file_close(desk_open(&desk, "a"));
        disk_file_close(desk_open(&desk, "c"));
        check_err(disk_sync_folder(&desk.op, desk.disk, SPAN("")), ERR_OK);
        check_err(disk_rename(&desk.op, desk.disk, SPAN("a"), SPAN("b")), ERR_OK);
        check_err(disk_remove(&desk.op, desk.disk, SPAN("c")), ERR_OK);
        disk_sim_crash(desk.disk, seed);
        outcome(&old_names, desk_has(&desk, "a"));
        outcome(&new_names, desk_has(&desk, "b"));
        outcome(&removed, desk_has(&desk, "c"));
        desk_done(&desk);
    }
    check_both(&old_names);
    check_both(&new_names);
    check_both(&removed);
}

TEST(a_write_without_a_sync_is_torn_at_sectors)
{
    struct outcomes sectors[SECTORS] = { 0 };
    struct outcomes grown = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct desk desk = desk_make(seed);
        struct disk_file *file = desk_open(&desk, "a");
        uint8_t bytes[SECTORS * SECTOR];
        memset(bytes, 'o', sizeof bytes);
        check_err(disk_write(&desk.op, file, 0, span_make(bytes, sizeof bytes)), ERR_OK);
        check_err(disk_sync(&desk.op, file), ERR_OK);
        check_err(disk_sync_folder(&desk.op, desk.disk, SPAN("")), ERR_OK);
        memset(bytes, 'n', sizeof bytes);
        check_err(disk_write(&desk.op, file, 0, span_make(bytes, sizeof bytes)), ERR_OK);
        check_err(disk_write(&desk.op, file, sizeof bytes, SPAN("more")), ERR_OK);
        disk_file_close(file);

        disk_sim_crash(desk.disk, seed);

        struct span map;
        check_err(disk_map(&desk.op, desk.disk, SPAN("a"), &map), ERR_OK);
        outcome(&grown, map.size > sizeof bytes);
        for (size_t i = 0; i < SECTORS; i++) {
            const uint8_t *sector = map.data + i * SECTOR;
            assert_memory_equal(sector, sector + 1, SECTOR - 1); /* all old or all new */
            outcome(&sectors[i], sector[0] == 'n');
        }
        disk_unmap(desk.disk, map);
        desk_done(&desk);
    }
    for (size_t i = 0; i < SECTORS; i++) {
        check_both(&sectors[i]);
    }
    check_both(&grown);
}

TEST(a_failed_sync_is_not_made_good_by_a_later_one)
{
    struct outcomes outcomes = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct desk desk = desk_make(seed);
        struct disk_file *file = desk_open(&desk, "a");
        check_err(disk_sync_folder(&desk.op, desk.disk, SPAN("")), ERR_OK);
        check_err(disk_write(&desk.op, file, 0, SPAN("x")), ERR_OK);
        disk_sim_fail_change(desk.disk, 0, DISK_SIM_FAULT_IO);
        check_err(disk_sync(&desk.op, file), ERR_IO);
        op_fault_clear(&desk.op);
        check_err(disk_sync(&desk.op, file), ERR_OK);
        disk_file_close(file);
        disk_sim_crash(desk.disk, seed);
        struct span map;
        check_err(disk_map(&desk.op, desk.disk, SPAN("a"), &map), ERR_OK);
        outcome(&outcomes, span_equal(map, SPAN("x")));
        disk_unmap(desk.disk, map);
        desk_done(&desk);
    }
    check_both(&outcomes);
}

TEST(a_stopped_process_does_nothing_until_it_is_started_again)
{
    struct desk desk = desk_make(1);
    struct disk_file *file = desk_open(&desk, "a");
    check_err(disk_write(&desk.op, file, 0, SPAN("before")), ERR_OK);
    disk_sim_fail_change(desk.disk, 0, DISK_SIM_FAULT_STOP);

    check_err(disk_sync(&desk.op, file), ERR_IO);
    check_err(disk_write(&desk.op, file, 0, SPAN("x")), ERR_IO);
    uint64_t size;
    check_err(disk_size(&desk.op, file, &size), ERR_IO);
    disk_sim_restart(desk.disk);
    check_err(disk_size(&desk.op, file, &size), ERR_IO); /* open files died with the process */
    disk_file_close(file);

    struct span map;
    check_err(disk_map(&desk.op, desk.disk, SPAN("a"), &map), ERR_OK);
    check_span(map, "before");
    disk_unmap(desk.disk, map);
    desk_done(&desk);
}

TEST(a_full_disk_takes_a_part_and_then_refuses)
{
    struct desk desk = desk_make(1);
    struct disk_file *file = desk_open(&desk, "a");
    disk_sim_capacity(desk.disk, 4);
    check_err(disk_write(&desk.op, file, 0, SPAN("1234")), ERR_OK);

    check_err(disk_write(&desk.op, file, 4, SPAN("5")), ERR_FULL);
    check_err(disk_write(&desk.op, file, 0, SPAN("4321")), ERR_OK); /* in place costs nothing */
    check_err(disk_truncate(&desk.op, file, 0), ERR_OK);
    check_err(disk_write(&desk.op, file, 0, SPAN("56")), ERR_OK);
    disk_file_close(file);
    desk_done(&desk);
}

TEST(one_change_or_one_read_fails_where_it_was_asked_for)
{
    struct desk desk = desk_make(1);
    struct disk_file *file = desk_open(&desk, "a");
    disk_sim_fail_change(desk.disk, 1, DISK_SIM_FAULT_FULL);
    check_err(disk_write(&desk.op, file, 0, SPAN("1")), ERR_OK);
    check_err(disk_write(&desk.op, file, 0, SPAN("2")), ERR_FULL);
    check_err(disk_write(&desk.op, file, 0, SPAN("3")), ERR_OK);

    uint64_t size;
    disk_sim_fail_read(desk.disk, 1);
    check_err(disk_size(&desk.op, file, &size), ERR_OK);
    check_err(disk_size(&desk.op, file, &size), ERR_IO);
    check_err(disk_size(&desk.op, file, &size), ERR_OK);
    disk_file_close(file);
    desk_done(&desk);
}

/* A replacement of a whole file, with the power lost at every step of it. */
static bool replace_is_whole(uint64_t seed, bool (*ignored)(void *, const struct disk_sim_sync *))
{
    struct desk desk = desk_make(seed);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("a"), SPAN("old")), ERR_OK);
    disk_sim_ignore_sync(desk.disk, ignored, NULL);
    uint64_t step = seed % 6; /* create, cut, write, sync, rename, sync the folder */
    disk_sim_fail_change(desk.disk, step, DISK_SIM_FAULT_STOP);
    enum err err = disk_replace(&desk.op, desk.disk, SPAN("a"), SPAN("new bytes"));
    op_fault_clear(&desk.op);

    disk_sim_crash(desk.disk, seed);

    struct span map = { NULL, 0 };
    bool there = disk_map(&desk.op, desk.disk, SPAN("a"), &map) == ERR_OK;
    bool is_new = span_equal(map, SPAN("new bytes"));
    bool is_old = span_equal(map, SPAN("old"));
    disk_unmap(desk.disk, map);
    desk_done(&desk);
    return there && (is_new || (is_old && err != ERR_OK));
}

static bool no_sync(void *context, const struct disk_sim_sync *sync)
{
    (void)context;
    return !sync->folder;
}

static bool no_folder_sync(void *context, const struct disk_sim_sync *sync)
{
    (void)context;
    return sync->folder;
}

static bool replace_with_no_fault(uint64_t seed,
                                  bool (*ignored)(void *, const struct disk_sim_sync *))
{
    struct desk desk = desk_make(seed);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("a"), SPAN("old")), ERR_OK);
    disk_sim_ignore_sync(desk.disk, ignored, NULL);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("a"), SPAN("new bytes")), ERR_OK);
    disk_sim_crash(desk.disk, seed);
    struct span map = { NULL, 0 };
    check_err(disk_map(&desk.op, desk.disk, SPAN("a"), &map), ERR_OK);
    bool is_new = span_equal(map, SPAN("new bytes"));
    disk_unmap(desk.disk, map);
    desk_done(&desk);
    return is_new;
}

TEST(a_replaced_file_holds_all_of_the_old_or_all_of_the_new)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        assert_true(replace_is_whole(seed, NULL));
        assert_true(replace_with_no_fault(seed, NULL));
    }
}

TEST(a_replacement_without_one_of_its_syncs_would_be_noticed)
{
    struct outcomes data = { 0 };
    struct outcomes names = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        outcome(&data, replace_is_whole(seed, no_sync));
        outcome(&names, replace_with_no_fault(seed, no_folder_sync));
    }
    assert_true(data.lost > 0);
    assert_true(names.lost > 0);
}

TEST(a_replacement_that_fails_leaves_one_of_the_two_and_no_litter)
{
    for (uint64_t step = 0; step < 6; step++) {
        struct desk desk = desk_make(step);
        check_err(disk_replace(&desk.op, desk.disk, SPAN("a"), SPAN("old")), ERR_OK);
        disk_sim_fail_change(desk.disk, step, DISK_SIM_FAULT_IO);
        check_err(disk_replace(&desk.op, desk.disk, SPAN("a"), SPAN("new")), ERR_IO);

        struct span *names;
        size_t count;
        check_err(disk_list(&desk.op, desk.disk, SPAN(""), &names, &count), ERR_OK);
        assert_int_equal(count, 1);
        struct span map;
        check_err(disk_map(&desk.op, desk.disk, SPAN("a"), &map), ERR_OK);
        check_span(map, step < 5 ? "old" : "new");
        disk_unmap(desk.disk, map);
        desk_done(&desk);
    }
}

TEST(the_simulated_disk_survives_failing_allocations)
{
    struct desk desk = desk_make(1);
    for (uint64_t allowed = 0; allowed < 40; allowed++) {
        memory_fail_after(allowed);
        enum err err = disk_replace(&desk.op, desk.disk, SPAN("a"), SPAN("some bytes"));
        memory_fail_after(UINT64_MAX);
        assert_true(err == ERR_OK || err == ERR_LIMIT);
        op_fault_clear(&desk.op);
    }
    check_err(disk_replace(&desk.op, desk.disk, SPAN("a"), SPAN("some bytes")), ERR_OK);
    assert_true(desk_has(&desk, "a"));
    desk_done(&desk);
}
