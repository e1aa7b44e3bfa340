// SPDX-License-Identifier: EUPL-1.2
#include "os/changes.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/os/scratch.h"
#include "tests/testing.h"

static struct changes *changes;
static struct scratch scratch;
static int folder;

static void begin(struct op *op)
{
    testing_op_begin(op);
    scratch = scratch_make();
    check_err(changes_new(op, &changes), ERR_OK);
    folder = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
}

static void end(struct op *op)
{
    changes_free(changes);
    close(folder);
    scratch_remove(&scratch);
    op_end(op);
}

static void write_file(const char *name, const char *text)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void check_next(struct op *op, enum changes_kind kind, int number, const char *name)
{
    struct changes_event event;
    check_err(changes_next(op, changes, &event), ERR_OK);
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.folder, number);
    check_span(event.name, name);
}

TEST(what_happens_in_a_folder_is_told_with_the_name_of_the_file)
{
    struct op op;
    struct changes_event event;
    int number = CHANGES_NONE;
    int again = CHANGES_NONE;
    begin(&op);
    check_err(changes_watch(&op, changes, folder, &number), ERR_OK);
    check_err(changes_watch(&op, changes, folder, &again), ERR_OK);
    assert_int_equal(number, again);
    check_err(changes_next(&op, changes, &event), ERR_AGAIN);

    write_file("a.log", "one");
    assert_int_equal(renameat(folder, "a.log", folder, "b.log"), 0);
    assert_int_equal(unlinkat(folder, "b.log", 0), 0);

    check_next(&op, CHANGES_LISTED, number, "a.log");
    check_next(&op, CHANGES_WRITTEN, number, "a.log");
    check_err(changes_next(&op, changes, &event), ERR_OK);
    assert_int_equal(event.kind, CHANGES_LEFT);
    assert_int_not_equal(event.move, 0);
    uint32_t move = event.move;
    check_err(changes_next(&op, changes, &event), ERR_OK);
    assert_int_equal(event.kind, CHANGES_CAME);
    assert_int_equal(event.move, move);
    check_span(event.name, "b.log");
    check_next(&op, CHANGES_LISTED, number, "b.log");
    check_err(changes_next(&op, changes, &event), ERR_AGAIN);
    end(&op);
}

TEST(folder_that_goes_says_so)
{
    struct op op;
    int number = CHANGES_NONE;
    begin(&op);
    assert_int_equal(mkdirat(folder, "below", 0700), 0);
    int below = openat(folder, "below", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check_err(changes_watch(&op, changes, below, &number), ERR_OK);
    close(below);
    assert_int_equal(unlinkat(folder, "below", AT_REMOVEDIR), 0);

    check_next(&op, CHANGES_GONE, number, "");
    end(&op);
}

TEST(folder_that_is_renamed_has_gone_from_where_it_was)
{
    struct op op;
    int number = CHANGES_NONE;
    begin(&op);
    assert_int_equal(mkdirat(folder, "below", 0700), 0);
    int below = openat(folder, "below", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check_err(changes_watch(&op, changes, below, &number), ERR_OK);
    close(below);
    assert_int_equal(renameat(folder, "below", folder, "elsewhere"), 0);

    check_next(&op, CHANGES_GONE, number, "");
    end(&op);
}

TEST(folder_that_is_looked_at_no_more_tells_nothing)
{
    struct op op;
    struct changes_event event;
    int number = CHANGES_NONE;
    begin(&op);
    check_err(changes_watch(&op, changes, folder, &number), ERR_OK);
    changes_forget(changes, number);
    write_file("a.log", "one");

    check_next(&op, CHANGES_GONE, number, "");
    check_err(changes_next(&op, changes, &event), ERR_AGAIN);
    end(&op);
}

TEST(file_is_no_folder_to_look_at)
{
    struct op op;
    int number = CHANGES_NONE;
    begin(&op);
    write_file("a.log", "one");
    int file = openat(folder, "a.log", O_RDONLY | O_CLOEXEC);

    check_err(changes_watch(&op, changes, file, &number), ERR_UNSUPPORTED);

    close(file);
    end(&op);
}
