// SPDX-License-Identifier: EUPL-1.2
#include "os/disk_below.h"

#include "os/disk_sim.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

/* A file's whole content, through a disk. */
static void check_content(struct op *op, struct disk *disk, const char *path, const char *expected)
{
    struct span map;
    check_err(disk_map(op, disk, span_of(path), &map), ERR_OK);
    check_span(map, expected);
    disk_unmap(disk, map);
}

static void use_below(struct op *op, struct disk *disk)
{
    struct disk *below;
    check_err(disk_make_folder(op, disk, SPAN("world")), ERR_OK);
    check_err(disk_open_below(op, disk, SPAN("world"), &below), ERR_OK);

    check_err(disk_make_folder(op, below, SPAN("journal")), ERR_OK);
    check_err(disk_replace(op, below, SPAN("journal/a"), SPAN("one")), ERR_OK);
    check_err(disk_rename(op, below, SPAN("journal/a"), SPAN("b")), ERR_OK);
    check_err(disk_sync_folder(op, below, SPAN("")), ERR_OK);
    struct span *names;
    size_t count;
    check_err(disk_list(op, below, SPAN(""), &names, &count), ERR_OK);

    check_content(op, disk, "world/b", "one");
    check_content(op, below, "b", "one");
    assert_int_equal(count, 2);
    check_span(names[0], "b");
    check_span(names[1], "journal");
    check_err(disk_remove(op, below, SPAN("b")), ERR_OK);
    check_err(disk_remove(op, below, SPAN("journal")), ERR_OK);
    check_err(disk_list(op, below, SPAN(""), &names, &count), ERR_OK);
    assert_int_equal(count, 0);
    disk_close(below);
}

TEST(disk_below_is_a_folder_of_the_disk_above)
{
    struct scratch scratch = scratch_make();
    struct op op;
    testing_op_begin(&op);
    struct disk *real = scratch_disk(&op, &scratch);
    struct disk *simulated;
    check_err(disk_sim_open(&op, 1, &simulated), ERR_OK);

    use_below(&op, real);
    use_below(&op, simulated);

    disk_close(simulated);
    disk_close(real);
    op_end(&op);
    scratch_remove(&scratch);
}

TEST(disk_below_cannot_reach_what_lies_beside_it)
{
    struct op op;
    testing_op_begin(&op);
    struct disk *disk;
    struct disk *below;
    struct disk_file *file;
    check_err(disk_sim_open(&op, 1, &disk), ERR_OK);
    check_err(disk_make_folder(&op, disk, SPAN("world")), ERR_OK);
    check_err(disk_replace(&op, disk, SPAN("secret"), SPAN("x")), ERR_OK);
    check_err(disk_open_below(&op, disk, SPAN("world"), &below), ERR_OK);

    check_err(disk_file_open(&op, below, SPAN("../secret"), DISK_READ, &file), ERR_DENIED);
    check_err(disk_rename(&op, below, SPAN("../secret"), SPAN("x")), ERR_DENIED);

    disk_close(below);
    disk_close(disk);
    op_end(&op);
}

TEST(disk_below_tells_the_real_path)
{
    struct scratch scratch = scratch_make();
    struct op op;
    testing_op_begin(&op);
    struct disk *disk = scratch_disk(&op, &scratch);
    struct disk *below;
    struct span a;
    struct span b;
    check_err(disk_open_below(&op, disk, SPAN("world"), &below), ERR_OK);

    check_err(disk_real_path(&op, disk, SPAN("world/x"), &a), ERR_OK);
    check_err(disk_real_path(&op, below, SPAN("x"), &b), ERR_OK);

    assert_true(span_equal(a, b));
    disk_close(below);
    disk_close(disk);
    op_end(&op);
    scratch_remove(&scratch);
}

TEST(folder_is_removed_only_when_it_is_empty)
{
    struct scratch scratch = scratch_make();
    struct op op;
    testing_op_begin(&op);
    struct disk *disk = scratch_disk(&op, &scratch);
    check_err(disk_make_folder(&op, disk, SPAN("a")), ERR_OK);
    check_err(disk_replace(&op, disk, SPAN("a/x"), SPAN("x")), ERR_OK);

    check_err(disk_remove(&op, disk, SPAN("a")), ERR_IO);
    check_content(&op, disk, "a/x", "x");
    check_err(disk_remove(&op, disk, SPAN("a/x")), ERR_OK);
    check_err(disk_remove(&op, disk, SPAN("a")), ERR_OK);

    check_err(disk_remove(&op, disk, SPAN("a")), ERR_ABSENT);
    disk_close(disk);
    op_end(&op);
    scratch_remove(&scratch);
}
