// SPDX-License-Identifier: EUPL-1.2
/*
 * Real processes, really killed: a child writes to a journal on the real disk and tells through a
 * pipe what was acknowledged; it is killed at a moment that its own progress decides. This proves
 * nothing about syncs (the system keeps what a dead process wrote), but about all the rest of
 * stopping anywhere.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/journal.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum { KILLS = 20, ACKNOWLEDGED_MAX = 60, GROUP_MAX = 5, PADDING_MAX = 3000 };

static void payload_make(uint64_t number, char *text, size_t size)
{
    size_t padding = (size_t)(number * 7919 % PADDING_MAX);
    int written = snprintf(text, size, "entry %" PRIu64 " %0*d", number, (int)padding, 0);
    assert_true(written > 0);
}

static enum err journal_begin(struct op *op, struct disk *disk, bool write, struct journal **ret)
{
    const struct journal_options options = { .world = SPAN("real"),
                                             .write = write,
                                             .segment_size = 20000 };
    uint64_t cut;
    return journal_open(op, disk, &options, ret, &cut);
}

/* Gathers and commits until killed; each acknowledged number goes into the pipe, and each erased
 * one, with the highest bit set. */
__attribute__((noreturn)) static void child_write(const struct scratch *scratch, int pipe)
{
    struct op op;
    testing_op_begin(&op);
    struct disk *disk = scratch_disk(&op, scratch);
    struct journal *journal;
    if (journal_begin(&op, disk, true, &journal) != ERR_OK) {
        _exit(1);
    }
    for (uint64_t round = 0;; round++) {
        uint64_t number = 0;
        for (uint64_t i = 0; i <= round % GROUP_MAX; i++) {
            char text[PADDING_MAX + 64];
            payload_make(journal_last(journal) + i + 1, text, sizeof text);
            const struct journal_entry entry = { .kind = SPAN("note"), .payload = span_of(text) };
            if (journal_append(&op, journal, &entry, &number) != ERR_OK) {
                _exit(1);
            }
        }
        if (journal_commit(&op, journal) != ERR_OK ||
            write(pipe, &number, sizeof number) != sizeof number) {
            _exit(1);
        }
        if (round % 4 == 3) {
            enum err err = journal_erase(&op, journal, number, SPAN("a rule"));
            uint64_t erased = number | (UINT64_C(1) << 63);
            if (err != ERR_OK || write(pipe, &erased, sizeof erased) != sizeof erased) {
                _exit(1);
            }
        }
    }
}

/* What the children told. */
struct told {
    uint64_t acknowledged;
    uint64_t erased[KILLS * ACKNOWLEDGED_MAX];
    size_t erased_count;
};

static void told_take(struct told *told, uint64_t word)
{
    const uint64_t erased_bit = UINT64_C(1) << 63;
    assert_true(told->erased_count < KILLS * ACKNOWLEDGED_MAX);
    if ((word & erased_bit) != 0) {
        told->erased[told->erased_count] = word & ~erased_bit;
        told->erased_count++;
        told->acknowledged = (word & ~erased_bit) + 1; /* the entry that erases */
    } else {
        told->acknowledged = word;
    }
}

/* A reader beside the living writer sees at least what was acknowledged, and is never confused by
 * what is just being written, begun or erased. */
static void reader_follow(struct op *op, struct journal *reader, const struct told *told)
{
    check_err(journal_refresh(op, reader), ERR_OK);
    uint64_t last = journal_last(reader);
    assert_true(last >= told->acknowledged);
    for (uint64_t number = last > GROUP_MAX ? last - GROUP_MAX : 1; number <= last; number++) {
        struct journal_header header;
        struct span payload;
        check_err(journal_read(op, reader, number, &header, &payload), ERR_OK);
    }
}

/* Lets a child live until it has acknowledged so much, then kills it and takes its last words. */
static void child_live_and_die(const struct scratch *scratch, struct journal *reader, size_t words,
                               struct told *told)
{
    struct op op;
    testing_op_begin(&op);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        child_write(scratch, ends[1]);
    }
    close(ends[1]);
    uint64_t word;
    for (size_t i = 0; i < words; i++) {
        assert_int_equal(read(ends[0], &word, sizeof word), sizeof word);
        told_take(told, word);
        reader_follow(&op, reader, told);
    }
    kill(child, SIGKILL);
    while (read(ends[0], &word, sizeof word) == sizeof word) {
        told_take(told, word);
    }
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    op_end(&op);
}

static enum err visit(void *context, const struct journal_header *header, struct span payload)
{
    uint64_t *entries = context;
    (*entries)++;
    assert_int_equal(header->number, *entries);
    if (span_equal(header->kind, SPAN("note")) && payload.data != NULL) {
        char text[PADDING_MAX + 64];
        payload_make(header->number, text, sizeof text);
        assert_true(span_equal(payload, span_of(text)));
    }
    return ERR_OK;
}

static void journal_verify(struct op *op, struct disk *disk, const struct told *told)
{
    struct journal *journal;
    check_err(journal_begin(op, disk, true, &journal), ERR_OK);
    assert_true(journal_last(journal) >= told->acknowledged);
    uint64_t entries = 0;
    check_err(journal_walk(op, journal, 1, visit, &entries), ERR_OK);
    assert_int_equal(entries, journal_last(journal));
    for (size_t i = 0; i < told->erased_count; i++) {
        struct journal_header header;
        struct span payload;
        check_err(journal_read(op, journal, told->erased[i], &header, &payload), ERR_OK);
        assert_null(payload.data);
    }
    journal_close(journal);
    struct journal_check check;
    check_err(journal_check(op, disk, SPAN("real"), &check), ERR_OK);
    assert_int_equal(check.faults, 0);
    assert_int_equal(check.entries, entries);
}

TEST(a_killed_writer_loses_nothing_that_it_acknowledged)
{
    struct op op;
    testing_op_begin(&op);
    struct scratch scratch = scratch_make();
    struct disk *disk = scratch_disk(&op, &scratch);
    uint64_t random = testing_seed();
    static struct told told;
    for (size_t i = 0; i < KILLS; i++) {
        struct journal *reader;
        check_err(journal_begin(&op, disk, false, &reader), ERR_OK);
        size_t words = (size_t)(testing_random(&random) % ACKNOWLEDGED_MAX);
        child_live_and_die(&scratch, reader, words, &told);
        journal_close(reader);
        journal_verify(&op, disk, &told);
    }
    assert_true(told.acknowledged > 0);
    disk_close(disk);
    scratch_remove(&scratch);
    op_end(&op);
}
