// SPDX-License-Identifier: EUPL-1.2
#include "os/descriptor.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/os/scratch.h"
#include "tests/testing.h"

enum { PIPE_SIZE = 16 * 1024 }; /* a pipe holds as much before anybody reads */

/* A pipe that gives so many bytes, and ends. */
static int pipe_of(size_t size)
{
    static uint8_t bytes[PIPE_SIZE];
    int ends[2];
    assert_true(size <= sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 31);
    }
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, size), size);
    close(ends[1]);
    return ends[0];
}

TEST(all_that_a_pipe_gives_is_kept_once_and_can_be_mapped)
{
    static const size_t sizes[] = { 0, 1, 100, PIPE_SIZE };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct op op;
        struct span map;
        int kept = -1;
        int fd = pipe_of(sizes[i]);
        testing_op_begin(&op);

        check_err(descriptor_keep(&op, fd, PIPE_SIZE, &kept), ERR_OK);
        assert_int_equal(op.arena.total, 0);
        check_err(descriptor_map(&op, kept, &map), ERR_OK);

        assert_int_equal(map.size, sizes[i]);
        for (size_t at = 0; at < map.size; at++) {
            assert_int_equal(map.data[at], (uint8_t)(at * 31));
        }
        descriptor_unmap(map);
        close(kept);
        close(fd);
        op_end(&op);
    }
}

TEST(input_that_is_larger_than_allowed_is_not_kept)
{
    struct op op;
    int kept = -1;
    int fd = pipe_of(101);
    testing_op_begin(&op);

    check_err(descriptor_keep(&op, fd, 100, &kept), ERR_LIMIT);

    assert_int_equal(kept, -1);
    assert_true(span_find_span(span_of(op.fault.text), SPAN("larger than 100 bytes")) >= 0);
    close(fd);
    op_end(&op);
}

TEST(descriptor_that_cannot_be_read_is_told)
{
    struct op op;
    int ends[2];
    int kept = -1;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    testing_op_begin(&op);

    check_err(descriptor_keep(&op, ends[1], PIPE_SIZE, &kept), ERR_IO);

    close(ends[1]);
    op_end(&op);
}

TEST(small_input_is_read_into_the_ops_memory)
{
    struct op op;
    struct span bytes;
    testing_op_begin(&op);

    int fd = pipe_of(32);
    check_err(descriptor_read_all(&op, fd, 32, &bytes), ERR_OK);
    close(fd);
    assert_int_equal(bytes.size, 32);

    fd = pipe_of(33);
    check_err(descriptor_read_all(&op, fd, 32, &bytes), ERR_LIMIT);
    close(fd);
    op_end(&op);
}

static int file_of(const struct scratch *scratch, const char *name, const char *text)
{
    char path[SCRATCH_PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", scratch->path, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

TEST(bytes_are_put_into_a_file_that_can_be_mapped)
{
    static const char *const texts[] = { "", "x", "some bytes" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct op op;
        struct span map;
        int fd = -1;
        testing_op_begin(&op);

        check_err(descriptor_of_bytes(&op, span_of(texts[i]), &fd), ERR_OK);
        check_err(descriptor_map(&op, fd, &map), ERR_OK);

        check_span(map, texts[i]);
        descriptor_unmap(map);
        close(fd);
        op_end(&op);
    }
}

TEST(bytes_at_a_place_are_read_without_moving_where_reading_goes_on)
{
    struct op op;
    struct scratch scratch = scratch_make();
    uint8_t bytes[8];
    size_t got = 0;
    testing_op_begin(&op);
    int fd = file_of(&scratch, "file", "0123456789");
    assert_int_equal(lseek(fd, 3, SEEK_SET), 3);

    check_err(descriptor_read_at(&op, fd, 5, bytes, 3, &got), ERR_OK);
    check_span(span_make(bytes, got), "567");
    check_err(descriptor_read_at(&op, fd, 8, bytes, sizeof bytes, &got), ERR_OK);
    check_span(span_make(bytes, got), "89");
    check_err(descriptor_read_at(&op, fd, 100, bytes, sizeof bytes, &got), ERR_OK);
    assert_int_equal(got, 0);

    assert_int_equal(lseek(fd, 0, SEEK_CUR), 3);
    close(fd);
    check_err(descriptor_read_at(&op, fd, 0, bytes, 1, &got), ERR_IO);
    scratch_remove(&scratch);
    op_end(&op);
}

/* Where the file system does not tell, it says so each time. */
TEST(moment_at_which_a_file_was_made_stays_when_it_is_written_to)
{
    struct scratch scratch = scratch_make();
    int fd = file_of(&scratch, "file", "first");
    int64_t made_us = descriptor_made_us(fd);

    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(write(fd, "second", 6), 6);

    assert_true(descriptor_made_us(fd) == made_us);
    assert_true(made_us == TIME_US_NONE || made_us > 0);
    close(fd);
    scratch_remove(&scratch);
}
