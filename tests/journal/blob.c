// SPDX-License-Identifier: EUPL-1.2
#include "journal/blob.h"

#include "base/memory.h"
#include "os/disk_sim.h"
#include "tests/testing.h"

/* SHA-256 of "hello", from another program. */
#define HELLO_PATH "blobs/2c/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

enum { SIM_SEED = 1, LARGE_SIZE = 600 * 1000 };

struct desk {
    struct op op;
    struct disk *disk;
};

static struct desk desk_make(void)
{
    struct desk desk;
    testing_op_begin(&desk.op);
    check_err(disk_sim_open(&desk.op, SIM_SEED, &desk.disk), ERR_OK);
    uint64_t removed;
    check_err(blob_sweep(&desk.op, desk.disk, &removed), ERR_OK);
    assert_int_equal(removed, 0);
    return desk;
}

static void desk_done(struct desk *desk)
{
    disk_close(desk->disk);
    op_end(&desk->op);
}

static void check_blob(struct desk *desk, const uint8_t *digest, struct span bytes)
{
    struct span map;
    check_err(blob_map(&desk->op, desk->disk, digest, true, &map), ERR_OK);
    assert_true(span_equal(map, bytes));
    disk_unmap(desk->disk, map);
}

static size_t count_names(struct desk *desk, const char *folder)
{
    struct span *names;
    size_t count;
    check_err(disk_list(&desk->op, desk->disk, span_of(folder), &names, &count), ERR_OK);
    return count;
}

TEST(a_blob_is_kept_under_its_digest)
{
    struct desk desk = desk_make();
    uint8_t digest[DIGEST_SHA256_SIZE];
    check_err(blob_put(&desk.op, desk.disk, SPAN("hello"), digest), ERR_OK);

    struct span map;
    check_err(disk_map(&desk.op, desk.disk, SPAN(HELLO_PATH), &map), ERR_OK);
    check_span(map, "hello");
    disk_unmap(desk.disk, map);
    check_blob(&desk, digest, SPAN("hello"));
    assert_int_equal(count_names(&desk, "blobs"), 1);
    desk_done(&desk);
}

TEST(a_blob_that_is_there_is_not_written_again)
{
    struct desk desk = desk_make();
    uint8_t digest[DIGEST_SHA256_SIZE];
    check_err(blob_put(&desk.op, desk.disk, SPAN("hello"), digest), ERR_OK);
    disk_sim_capacity(desk.disk, 5); /* there is no room for a second */

    check_err(blob_put(&desk.op, desk.disk, SPAN("hello"), digest), ERR_OK);
    check_err(blob_put(&desk.op, desk.disk, SPAN("other"), digest), ERR_FULL);
    assert_int_equal(count_names(&desk, "blobs"), 1);
    desk_done(&desk);
}

/* Gives so many bytes in pieces of another size each time, then perhaps an error. */
struct trickle {
    size_t left;
    enum err end;
};

static enum err trickle_read(struct op *op, void *context, void *target, size_t size,
                             size_t *ret_read)
{
    struct trickle *trickle = context;
    size_t piece = trickle->left % 7919 + 1;
    piece = piece < size ? piece : size;
    piece = piece < trickle->left ? piece : trickle->left;
    if (piece == 0 && trickle->end != ERR_OK) {
        return op_fail(op, trickle->end, "the source dried up");
    }
    memset(target, 'x', piece);
    trickle->left -= piece;
    *ret_read = piece;
    return ERR_OK;
}

TEST(a_blob_from_a_source_is_the_same_as_one_from_memory)
{
    struct desk desk = desk_make();
    uint8_t *bytes = op_alloc(&desk.op, LARGE_SIZE);
    memset(bytes, 'x', LARGE_SIZE);
    struct trickle trickle = { .left = LARGE_SIZE };
    const struct blob_source source = { trickle_read, &trickle };

    uint8_t digest[DIGEST_SHA256_SIZE];
    uint8_t expected[DIGEST_SHA256_SIZE];
    uint64_t size;
    check_err(blob_put_source(&desk.op, desk.disk, &source, digest, &size), ERR_OK);

    digest_sha256(span_make(bytes, LARGE_SIZE), expected);
    assert_int_equal(size, LARGE_SIZE);
    assert_memory_equal(digest, expected, sizeof digest);
    check_blob(&desk, digest, span_make(bytes, LARGE_SIZE));
    trickle.left = LARGE_SIZE; /* once more: it is there */
    check_err(blob_put_source(&desk.op, desk.disk, &source, digest, &size), ERR_OK);
    assert_int_equal(count_names(&desk, "blobs"), 1);
    desk_done(&desk);
}

TEST(a_source_that_fails_leaves_nothing)
{
    struct desk desk = desk_make();
    struct trickle trickle = { .left = LARGE_SIZE, .end = ERR_TIMEOUT };
    const struct blob_source source = { trickle_read, &trickle };

    uint8_t digest[DIGEST_SHA256_SIZE];
    uint64_t size;
    check_err(blob_put_source(&desk.op, desk.disk, &source, digest, &size), ERR_TIMEOUT);
    assert_int_equal(count_names(&desk, "blobs"), 0);
    desk_done(&desk);
}

TEST(an_empty_blob_is_a_blob)
{
    struct desk desk = desk_make();
    uint8_t digest[DIGEST_SHA256_SIZE];
    check_err(blob_put(&desk.op, desk.disk, SPAN(""), digest), ERR_OK);
    check_blob(&desk, digest, SPAN(""));
    desk_done(&desk);
}

TEST(an_absent_or_damaged_blob_is_refused)
{
    struct desk desk = desk_make();
    uint8_t digest[DIGEST_SHA256_SIZE];
    struct span map;
    digest_sha256(SPAN("hello"), digest);
    check_err(blob_map(&desk.op, desk.disk, digest, true, &map), ERR_ABSENT);
    op_fault_clear(&desk.op);
    check_err(blob_put(&desk.op, desk.disk, SPAN("hello"), digest), ERR_OK);
    struct disk_file *file;
    check_err(disk_file_open(&desk.op, desk.disk, SPAN(HELLO_PATH), DISK_WRITE, &file), ERR_OK);
    check_err(disk_write(&desk.op, file, 0, SPAN("j")), ERR_OK);
    disk_file_close(file);

    check_err(blob_map(&desk.op, desk.disk, digest, true, &map), ERR_CORRUPT);
    check_err(blob_map(&desk.op, desk.disk, digest, false, &map), ERR_OK);
    disk_unmap(desk.disk, map);
    desk_done(&desk);
}

TEST(the_check_counts_blobs_strangers_and_faults)
{
    struct desk desk = desk_make();
    struct blob_check check;
    check_err(blob_check(&desk.op, desk.disk, &check), ERR_OK);
    assert_int_equal(check.count, 0);
    uint8_t digest[DIGEST_SHA256_SIZE];
    check_err(blob_put(&desk.op, desk.disk, SPAN("hello"), digest), ERR_OK);
    check_err(blob_put(&desk.op, desk.disk, SPAN("other blob"), digest), ERR_OK);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("blobs/2c/readme"), SPAN("?")), ERR_OK);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("blobs/notes"), SPAN("?")), ERR_OK);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("blobs/new-1"), SPAN("?")), ERR_OK);

    check_err(blob_check(&desk.op, desk.disk, &check), ERR_OK);
    assert_int_equal(check.count, 2);
    assert_int_equal(check.bytes, 15);
    assert_int_equal(check.strange, 2);
    assert_int_equal(check.faults, 0);

    check_err(disk_replace(&desk.op, desk.disk, SPAN(HELLO_PATH), SPAN("hallo")), ERR_OK);
    check_err(blob_check(&desk.op, desk.disk, &check), ERR_OK);
    assert_int_equal(check.faults, 1);
    assert_string_equal(check.first_fault_text,
                        HELLO_PATH " is damaged; restore the file from a backup");
    desk_done(&desk);
}

TEST(the_sweep_removes_what_was_never_finished_and_nothing_else)
{
    struct desk desk = desk_make();
    uint8_t digest[DIGEST_SHA256_SIZE];
    check_err(blob_put(&desk.op, desk.disk, SPAN("hello"), digest), ERR_OK);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("blobs/new-1"), SPAN("?")), ERR_OK);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("blobs/new-2"), SPAN("?")), ERR_OK);
    check_err(disk_replace(&desk.op, desk.disk, SPAN("blobs/notes"), SPAN("?")), ERR_OK);

    uint64_t removed;
    check_err(blob_sweep(&desk.op, desk.disk, &removed), ERR_OK);

    assert_int_equal(removed, 2);
    assert_int_equal(count_names(&desk, "blobs"), 2);
    check_blob(&desk, digest, SPAN("hello"));
    desk_done(&desk);
}

/* Putting two blobs while something fails: afterwards a blob is there whole or not at all. */
static void put_and_check(struct desk *desk, enum err *ret_err)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    *ret_err = blob_put(&desk->op, desk->disk, SPAN("hello"), digest);
    memory_fail_after(UINT64_MAX);
    disk_sim_restart(desk->disk);
    op_fault_clear(&desk->op);
    struct blob_check check;
    check_err(blob_check(&desk->op, desk->disk, &check), ERR_OK);
    assert_int_equal(check.faults, 0);
    if (*ret_err == ERR_OK) {
        check_blob(desk, digest, SPAN("hello"));
    }
    uint64_t removed;
    check_err(blob_sweep(&desk->op, desk->disk, &removed), ERR_OK);
    check_err(blob_put(&desk->op, desk->disk, SPAN("hello"), digest), ERR_OK);
    check_blob(desk, digest, SPAN("hello"));
}

TEST(a_failure_at_any_step_leaves_a_whole_blob_or_none)
{
    static const enum disk_sim_fault faults[] = { DISK_SIM_FAULT_IO, DISK_SIM_FAULT_FULL,
                                                  DISK_SIM_FAULT_STOP };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        enum err err = ERR_IO;
        for (uint64_t step = 0; err != ERR_OK; step++) {
            struct desk desk = desk_make();
            disk_sim_fail_change(desk.disk, step, faults[i]);
            put_and_check(&desk, &err);
            desk_done(&desk);
        }
    }
}

TEST(running_out_of_memory_leaves_a_whole_blob_or_none)
{
    enum err err = ERR_LIMIT;
    for (uint64_t step = 0; err != ERR_OK; step++) {
        struct desk desk = desk_make();
        memory_fail_after(step);
        put_and_check(&desk, &err);
        desk_done(&desk);
    }
}
