// SPDX-License-Identifier: EUPL-1.2
/*
 * What every disk promises, tried on the real one and on the simulated one alike.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/disk_sim.h"
#include "os/random.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum { SIM_SEED = 1, PATH_TEXT_SIZE = 512 };

static void on_both_disks(void (*run)(struct op *op, struct disk *disk))
{
    struct op op;
    testing_op_begin(&op);
    struct scratch scratch = scratch_make();
    struct disk *real = scratch_disk(&op, &scratch);
    run(&op, real);
    disk_close(real);
    scratch_remove(&scratch);

    op_fault_clear(&op);
    struct disk *sim;
    check_err(disk_sim_open(&op, SIM_SEED, &sim), ERR_OK);
    run(&op, sim);
    disk_close(sim);
    op_end(&op);
}

static struct disk_file *file_with(struct op *op, struct disk *disk, const char *path,
                                   const char *text)
{
    struct disk_file *file;
    check_err(disk_file_open(op, disk, span_of(path), DISK_WRITE, &file), ERR_OK);
    check_err(disk_truncate(op, file, 0), ERR_OK);
    check_err(disk_write(op, file, 0, span_of(text)), ERR_OK);
    return file;
}

static void put_file(struct op *op, struct disk *disk, const char *path, const char *text)
{
    disk_file_close(file_with(op, disk, path, text));
}

static void check_file(struct op *op, struct disk *disk, const char *path, const char *text)
{
    struct span map;
    check_err(disk_map(op, disk, span_of(path), &map), ERR_OK);
    check_span(map, text);
    disk_unmap(disk, map);
}

static void run_read_back(struct op *op, struct disk *disk)
{
    struct disk_file *file = file_with(op, disk, "a", "hello");
    check_err(disk_write(op, file, 8, SPAN("end")), ERR_OK);

    uint8_t bytes[16];
    size_t got;
    uint64_t size;
    check_err(disk_read(op, file, 2, bytes, sizeof bytes, &got), ERR_OK);
    check_err(disk_size(op, file, &size), ERR_OK);

    assert_int_equal(got, 9);
    assert_memory_equal(bytes, "llo\0\0\0end", 9);
    assert_int_equal(size, 11);
    check_err(disk_read(op, file, 11, bytes, sizeof bytes, &got), ERR_OK);
    assert_int_equal(got, 0);
    check_err(disk_sync(op, file), ERR_OK);
    disk_file_close(file);
}

TEST(disk_reads_back_what_was_written_with_zeros_in_holes)
{
    on_both_disks(run_read_back);
}

static void run_truncate(struct op *op, struct disk *disk)
{
    struct disk_file *file = file_with(op, disk, "a", "hello");
    check_err(disk_truncate(op, file, 2), ERR_OK);
    check_err(disk_truncate(op, file, 4), ERR_OK);

    uint8_t bytes[8];
    size_t got;
    check_err(disk_read(op, file, 0, bytes, sizeof bytes, &got), ERR_OK);

    assert_int_equal(got, 4);
    assert_memory_equal(bytes, "he\0\0", 4);
    disk_file_close(file);
}

TEST(disk_truncate_cuts_and_lengthens_with_zeros)
{
    on_both_disks(run_truncate);
}

static void run_modes(struct op *op, struct disk *disk)
{
    struct disk_file *file;
    check_err(disk_file_open(op, disk, SPAN("a"), DISK_READ, &file), ERR_ABSENT);
    check_err(disk_file_open(op, disk, SPAN("a"), DISK_CREATE_NEW, &file), ERR_OK);
    disk_file_close(file);
    check_err(disk_file_open(op, disk, SPAN("a"), DISK_CREATE_NEW, &file), ERR_EXISTS);
    check_err(disk_file_open(op, disk, SPAN("a"), DISK_READ, &file), ERR_OK);
    disk_file_close(file);
    check_err(disk_file_open(op, disk, SPAN("none/a"), DISK_WRITE, &file), ERR_ABSENT);
}

TEST(disk_open_keeps_to_its_mode)
{
    on_both_disks(run_modes);
}

static void run_paths(struct op *op, struct disk *disk)
{
    static const char *const refused[] = { "", "/a", "a/", "..", "a/../b", "./a", "a//b", "a/.." };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct disk_file *file;
        check_err(disk_file_open(op, disk, span_of(refused[i]), DISK_WRITE, &file), ERR_DENIED);
        check_err(disk_remove(op, disk, span_of(refused[i])), ERR_DENIED);
        check_err(disk_rename(op, disk, span_of(refused[i]), SPAN("b")), ERR_DENIED);
        check_err(disk_replace(op, disk, span_of(refused[i]), SPAN("b")), ERR_DENIED);
    }
    check_err(disk_remove(op, disk, SPAN("a\0b")), ERR_DENIED);
    uint8_t *longest = op_alloc(op, DISK_PATH_SIZE_MAX + 1);
    memset(longest, 'a', DISK_PATH_SIZE_MAX + 1);
    check_err(disk_remove(op, disk, span_make(longest, DISK_PATH_SIZE_MAX + 1)), ERR_LIMIT);
    check_err(disk_remove(op, disk, span_make(longest, DISK_NAME_SIZE_MAX + 1)), ERR_DENIED);
}

TEST(disk_refuses_paths_that_leave_its_root)
{
    on_both_disks(run_paths);
}

static void run_names(struct op *op, struct disk *disk)
{
    check_err(disk_make_folder(op, disk, SPAN("box")), ERR_OK);
    check_err(disk_make_folder(op, disk, SPAN("box")), ERR_OK);
    put_file(op, disk, "box/b", "1");
    put_file(op, disk, "box/c", "2");
    put_file(op, disk, "box/a", "3");
    check_err(disk_rename(op, disk, SPAN("box/c"), SPAN("box/b")), ERR_OK);
    check_err(disk_rename(op, disk, SPAN("box/c"), SPAN("box/d")), ERR_ABSENT);
    check_err(disk_sync_folder(op, disk, SPAN("box")), ERR_OK);
    check_err(disk_sync_folder(op, disk, SPAN("")), ERR_OK);

    struct span *names;
    size_t count;
    check_err(disk_list(op, disk, SPAN("box"), &names, &count), ERR_OK);

    assert_int_equal(count, 2);
    check_span(names[0], "a");
    check_span(names[1], "b");
    check_file(op, disk, "box/b", "2");
    check_err(disk_remove(op, disk, SPAN("box/a")), ERR_OK);
    check_err(disk_remove(op, disk, SPAN("box/a")), ERR_ABSENT);
    check_err(disk_list(op, disk, SPAN("box/none"), &names, &count), ERR_ABSENT);
    check_err(disk_list(op, disk, SPAN(""), &names, &count), ERR_OK);
    assert_int_equal(count, 1);
    check_err(disk_remove(op, disk, SPAN("box")), ERR_IO);
    check_err(disk_remove(op, disk, SPAN("box/b")), ERR_OK);
    check_err(disk_remove(op, disk, SPAN("box")), ERR_OK);
    check_err(disk_list(op, disk, SPAN("box"), &names, &count), ERR_ABSENT);
}

TEST(disk_lists_renames_and_removes_names)
{
    on_both_disks(run_names);
}

static void run_lock(struct op *op, struct disk *disk)
{
    struct disk_file *mine;
    struct disk_file *other;
    check_err(disk_file_open(op, disk, SPAN("lock"), DISK_WRITE, &mine), ERR_OK);
    check_err(disk_file_open(op, disk, SPAN("lock"), DISK_WRITE, &other), ERR_OK);

    check_err(disk_lock(op, mine), ERR_OK);
    check_err(disk_lock(op, other), ERR_AGAIN);
    disk_file_close(mine);
    check_err(disk_lock(op, other), ERR_OK);
    disk_file_close(other);
}

TEST(disk_lock_is_held_by_one_and_goes_with_its_file)
{
    on_both_disks(run_lock);
}

static void run_map(struct op *op, struct disk *disk)
{
    put_file(op, disk, "image", "old");
    struct span map;
    check_err(disk_map(op, disk, SPAN("image"), &map), ERR_OK);
    assert_int_equal((uintptr_t)map.data % 64, 0);

    check_err(disk_replace(op, disk, SPAN("image"), SPAN("new and longer")), ERR_OK);

    check_span(map, "old");
    disk_unmap(disk, map);
    check_file(op, disk, "image", "new and longer");
    check_err(disk_replace(op, disk, SPAN("image"), SPAN("")), ERR_OK);
    check_err(disk_map(op, disk, SPAN("image"), &map), ERR_OK);
    assert_int_equal(map.size, 0);
    disk_unmap(disk, map);
    struct span *names;
    size_t count;
    check_err(disk_list(op, disk, SPAN(""), &names, &count), ERR_OK);
    assert_int_equal(count, 1);
}

static void run_map_use(struct op *op, struct disk *disk)
{
    uint8_t bytes[10000];
    struct span map;
    memset(bytes, 'x', sizeof bytes);
    check_err(disk_replace(op, disk, SPAN("image"), span_make(bytes, sizeof bytes)), ERR_OK);
    check_err(disk_map(op, disk, SPAN("image"), &map), ERR_OK);

    disk_map_use(disk, map, DISK_USE_SCATTERED);
    disk_map_use(disk, span_slice(map, 4097, 4098), DISK_USE_SOON);
    disk_map_use(disk, span_slice(map, 9999, 9999), DISK_USE_SOON);

    assert_true(span_equal(map, span_make(bytes, sizeof bytes)));
    disk_unmap(disk, map);
}

TEST(disk_map_reads_the_same_however_it_is_used)
{
    on_both_disks(run_map_use);
}

TEST(disk_map_stays_while_the_file_is_replaced)
{
    on_both_disks(run_map);
}

TEST(disk_real_makes_private_files_and_folders)
{
    struct op op;
    testing_op_begin(&op);
    struct scratch scratch = scratch_make();
    struct disk *disk = scratch_disk(&op, &scratch);
    check_err(disk_make_folder(&op, disk, SPAN("box")), ERR_OK);
    put_file(&op, disk, "box/a", "secret");

    struct span path;
    struct stat status;
    check_err(disk_real_path(&op, disk, SPAN("box/a"), &path), ERR_OK);
    assert_int_equal(stat((const char *)path.data, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    check_err(disk_real_path(&op, disk, SPAN("box"), &path), ERR_OK);
    assert_int_equal(stat((const char *)path.data, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);

    disk_close(disk);
    scratch_remove(&scratch);
    op_end(&op);
}

TEST(disk_real_follows_no_symbolic_link)
{
    struct op op;
    testing_op_begin(&op);
    struct scratch scratch = scratch_make();
    struct disk *disk = scratch_disk(&op, &scratch);
    char link[PATH_TEXT_SIZE];
    snprintf(link, sizeof link, "%s/link", scratch.path);
    assert_int_equal(symlink("/", link), 0);
    snprintf(link, sizeof link, "%s/file", scratch.path);
    assert_int_equal(symlink("/etc/passwd", link), 0);

    struct disk_file *file;
    struct span *names;
    size_t count;
    assert_int_not_equal(disk_file_open(&op, disk, SPAN("file"), DISK_READ, &file), ERR_OK);
    assert_int_not_equal(disk_file_open(&op, disk, SPAN("link/etc/passwd"), DISK_READ, &file),
                         ERR_OK);
    assert_int_not_equal(disk_list(&op, disk, SPAN("link"), &names, &count), ERR_OK);

    disk_close(disk);
    scratch_remove(&scratch);
    op_end(&op);
}

TEST(disk_real_says_the_full_path_and_the_reason)
{
    struct op op;
    testing_op_begin(&op);
    struct scratch scratch = scratch_make();
    struct disk *disk = scratch_disk(&op, &scratch);

    struct disk_file *file;
    check_err(disk_file_open(&op, disk, SPAN("none"), DISK_READ, &file), ERR_ABSENT);

    char expected[PATH_TEXT_SIZE];
    snprintf(expected, sizeof expected, "cannot open %s/none: No such file or directory",
             scratch.path);
    assert_string_equal(op.fault.text, expected);
    disk_close(disk);
    scratch_remove(&scratch);
    op_end(&op);
}

TEST(disk_real_refuses_a_root_that_is_no_folder)
{
    struct op op;
    testing_op_begin(&op);

    struct disk *disk;
    check_err(disk_open_real(&op, SPAN("/nowhere/at/all"), &disk), ERR_ABSENT);
    check_err(disk_open_real(&op, SPAN(""), &disk), ERR_ABSENT);
    check_err(disk_open_real(&op, SPAN("/tmp\0x"), &disk), ERR_ABSENT);
    op_end(&op);
}

TEST(disk_real_lock_is_seen_by_other_processes)
{
    struct op op;
    testing_op_begin(&op);
    struct scratch scratch = scratch_make();
    struct disk *disk = scratch_disk(&op, &scratch);
    struct disk_file *mine;
    check_err(disk_file_open(&op, disk, SPAN("lock"), DISK_WRITE, &mine), ERR_OK);
    check_err(disk_lock(&op, mine), ERR_OK);

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct disk_file *other;
        bool refused = disk_file_open(&op, disk, SPAN("lock"), DISK_WRITE, &other) == ERR_OK &&
                       disk_lock(&op, other) == ERR_AGAIN;
        _exit(refused ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);

    disk_file_close(mine);
    disk_close(disk);
    scratch_remove(&scratch);
    op_end(&op);
}

TEST(disk_real_tells_a_full_disk)
{
    struct op op;
    testing_op_begin(&op);
    struct disk *disk;
    if (access("/dev/full", W_OK) != 0) {
        testing_skip("there is no /dev/full");
    }
    check_err(disk_open_real(&op, SPAN("/dev"), &disk), ERR_OK);
    struct disk_file *file;
    check_err(disk_file_open(&op, disk, SPAN("full"), DISK_WRITE, &file), ERR_OK);

    check_err(disk_write(&op, file, 0, SPAN("x")), ERR_FULL);
    disk_file_close(file);
    disk_close(disk);
    op_end(&op);
}

TEST(clock_and_random_give_what_they_say)
{
    const int64_t us_2020 = INT64_C(1577836800000000);
    assert_true(os_clock_us() > us_2020);
    int64_t before = os_monotonic_us();
    assert_true(os_monotonic_us() >= before);

    uint8_t a[600] = { 0 };
    uint8_t b[600] = { 0 };
    os_random(a, sizeof a);
    os_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a + 500, b + 500, 100);
}
