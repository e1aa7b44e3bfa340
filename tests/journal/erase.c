// SPDX-License-Identifier: EUPL-1.2
/*
 * Erasing by rule: the payload is gone, the proof stays, and nothing else passes for it.
 */
#include "tests/journal/desk.h"

enum { SALT_AND_MARK_SIZE = 16 };

TEST(an_erased_payload_is_gone_and_its_header_stays)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    desk_note(&desk, "somebody's name");
    desk_note(&desk, "third");
    struct journal_header before;
    check_err(journal_read(&desk.op, desk.journal, 2, &before, NULL), ERR_OK);
    assert_true(span_find_span(desk_file(&desk, DESK_SEGMENT), SPAN("somebody")) > 0);

    check_err(journal_erase(&desk.op, desk.journal, 2, SPAN("retention: 90 days")), ERR_OK);

    struct journal_header after;
    struct span payload;
    desk_check_payload(&desk, desk.journal, 2, NULL);
    check_err(journal_read(&desk.op, desk.journal, 2, &after, &payload), ERR_OK);
    assert_memory_equal(before.payload_digest, after.payload_digest, JOURNAL_DIGEST_SIZE);
    assert_memory_equal(before.previous, after.previous, JOURNAL_DIGEST_SIZE);
    assert_int_equal(span_find_span(desk_file(&desk, DESK_SEGMENT), SPAN("somebody")),
                     SPAN_NOT_FOUND);
    check_err(journal_read(&desk.op, desk.journal, 4, &after, &payload), ERR_OK);
    check_span(after.kind, "erase");
    assert_true(span_ends_with(payload, SPAN("retention: 90 days")));
    struct journal_check check = desk_check(&desk);
    assert_int_equal(check.faults, 0);
    assert_int_equal(check.erased, 1);
    assert_int_equal(check.entries, 4);
    desk_check_payload(&desk, desk.journal, 1, "first");
    desk_check_payload(&desk, desk.journal, 3, "third");
    desk_done(&desk);
}

TEST(an_erasure_stays_after_opening_again_and_in_another_segment)
{
    struct desk desk = desk_make();
    desk.segment_size = 100;
    desk_open(&desk);
    for (size_t i = 0; i < 5; i++) {
        desk_note(&desk, "one group a segment");
    }
    check_err(journal_erase(&desk.op, desk.journal, 2, SPAN("a rule")), ERR_OK);
    check_err(journal_erase(&desk.op, desk.journal, 1, SPAN("a rule")), ERR_OK);
    desk_close(&desk);
    desk_open(&desk);

    desk_check_payload(&desk, desk.journal, 1, NULL);
    desk_check_payload(&desk, desk.journal, 2, NULL);
    desk_check_payload(&desk, desk.journal, 3, "one group a segment");
    assert_int_equal(desk_check(&desk).erased, 2);
    assert_int_equal(desk_check(&desk).faults, 0);
    desk_done(&desk);
}

TEST(an_erasure_that_may_not_be_is_refused)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    check_err(journal_erase(&desk.op, desk.journal, 1, SPAN("a rule")), ERR_OK);

    check_err(journal_erase(&desk.op, desk.journal, 1, SPAN("a rule")), ERR_EXISTS);
    check_err(journal_erase(&desk.op, desk.journal, 2, SPAN("a rule")), ERR_DENIED);
    check_err(journal_erase(&desk.op, desk.journal, 3, SPAN("a rule")), ERR_ABSENT);
    check_err(journal_erase(&desk.op, desk.journal, 0, SPAN("a rule")), ERR_ABSENT);
    desk_note(&desk, "third");
    uint8_t rule[JOURNAL_TEXT_SIZE_MAX + 1];
    memset(rule, 'r', sizeof rule);
    check_err(journal_erase(&desk.op, desk.journal, 3, span_make(rule, sizeof rule)), ERR_LIMIT);
    assert_int_equal(journal_last(desk.journal), 3);
    check_err(journal_erase(&desk.op, desk.journal, 3, span_make(rule, sizeof rule - 1)), ERR_OK);
    desk_done(&desk);
}

TEST(gathered_entries_are_committed_with_an_erasure)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    desk_append(&desk, "gathered");

    check_err(journal_erase(&desk.op, desk.journal, 1, SPAN("a rule")), ERR_OK);

    assert_int_equal(journal_last(desk.journal), 3);
    desk_check_payload(&desk, desk.journal, 2, "gathered");
    desk_done(&desk);
}

/* Writes over the body of the entry whose payload is "secret payload". */
static void forge(struct desk *desk, struct span salt, struct span payload)
{
    struct span file = desk_file(desk, DESK_SEGMENT);
    ptrdiff_t at = span_find_span(file, SPAN("secret payload"));
    assert_true(at > 0);
    struct disk_file *target;
    check_err(disk_file_open(&desk->op, desk->disk, SPAN(DESK_SEGMENT), DISK_WRITE, &target),
              ERR_OK);
    check_err(disk_write(&desk->op, target, (uint64_t)at - SALT_AND_MARK_SIZE, salt), ERR_OK);
    check_err(disk_write(&desk->op, target, (uint64_t)at, payload), ERR_OK);
    disk_file_close(target);
}

static struct desk desk_with_secret(void)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "secret payload");
    desk_note(&desk, "another");
    check_err(journal_erase(&desk.op, desk.journal, 2, SPAN("a rule")), ERR_OK); /* entry 3 */
    desk_note(&desk, "last");
    return desk;
}

static void check_refused(struct desk *desk)
{
    struct journal_header header;
    struct span payload;
    check_err(journal_read(&desk->op, desk->journal, 1, &header, &payload), ERR_CORRUPT);
    struct journal_check check = desk_check(desk);
    assert_int_equal(check.faults, 1);
    assert_int_equal(check.first_fault, 1);
}

TEST(zeros_without_a_mark_are_damage)
{
    struct desk desk = desk_with_secret();
    forge(&desk, SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    check_refused(&desk);
    desk_done(&desk);
}

TEST(a_mark_that_names_no_erasure_of_this_entry_is_damage)
{
    static const char *const marks[] = {
        "\0ERASED\n\3\0\0\0\0\0\0\0",   /* erases entry 2 */
        "\0ERASED\n\4\0\0\0\0\0\0\0",   /* erases nothing */
        "\0ERASED\n\1\0\0\0\0\0\0\0",   /* itself */
        "\0ERASED\n\x63\0\0\0\0\0\0\0", /* not there */
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct desk desk = desk_with_secret();
        forge(&desk, span_make(marks[i], SALT_AND_MARK_SIZE), SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
        check_refused(&desk);
        desk_done(&desk);
    }
}

TEST(an_erased_payload_that_comes_back_is_noticed)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "secret payload");
    struct span before = desk_file(&desk, DESK_SEGMENT);
    check_err(journal_erase(&desk.op, desk.journal, 1, SPAN("a rule")), ERR_OK);
    desk_note(&desk, "third");
    struct disk_file *file;
    check_err(disk_file_open(&desk.op, desk.disk, SPAN(DESK_SEGMENT), DISK_WRITE, &file), ERR_OK);
    check_err(disk_write(&desk.op, file, 0, before), ERR_OK);
    disk_file_close(file);

    struct journal_check check = desk_check(&desk);
    assert_int_equal(check.faults, 1);
    assert_int_equal(check.first_fault, 2); /* the entry that says it is erased */
    desk_done(&desk);
}

TEST(an_erasure_cut_short_is_hidden_at_once_and_finished_by_the_next_open)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "secret payload");
    desk_note(&desk, "second");
    disk_sim_fail_change(desk.disk, 2, DISK_SIM_FAULT_IO); /* write, sync, then the mark */

    check_err(journal_erase(&desk.op, desk.journal, 1, SPAN("a rule")), ERR_IO);
    assert_int_equal(journal_last(desk.journal), 3);
    assert_true(span_find_span(desk_file(&desk, DESK_SEGMENT), SPAN("secret")) > 0);
    struct journal *reader = desk_reader(&desk);
    desk_check_payload(&desk, reader, 1, NULL);
    journal_close(reader);
    assert_int_equal(desk_check(&desk).faults, 0);
    desk_close(&desk);
    desk_open(&desk);

    assert_int_equal(span_find_span(desk_file(&desk, DESK_SEGMENT), SPAN("secret")),
                     SPAN_NOT_FOUND);
    desk_check_payload(&desk, desk.journal, 1, NULL);
    desk_note(&desk, "fourth");
    assert_int_equal(desk_check(&desk).faults, 0);
    desk_done(&desk);
}

TEST(a_reader_that_is_behind_sees_that_an_entry_was_erased)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "secret payload");
    desk_note(&desk, "second");
    struct journal *reader = desk_reader(&desk);
    desk_check_payload(&desk, reader, 1, "secret payload");

    check_err(journal_erase(&desk.op, desk.journal, 1, SPAN("a rule")), ERR_OK);

    desk_check_payload(&desk, reader, 1, NULL);
    assert_int_equal(journal_last(reader), 2);
    check_err(journal_refresh(&desk.op, reader), ERR_OK);
    desk_check_payload(&desk, reader, 1, NULL);
    journal_close(reader);
    desk_done(&desk);
}

/* Erases the entry behind the one it is shown. */
static enum err erase_next(void *context, const struct journal_header *header, struct span payload)
{
    struct desk *desk = context;
    assert_true((payload.data == NULL) == (header->number == 2));
    if (header->number == 1) {
        check_err(journal_erase(&desk->op, desk->journal, 2, SPAN("a rule")), ERR_OK);
        desk_note(desk, "so that the erasure is not the last entry");
    }
    return ERR_OK;
}

TEST(a_walk_does_not_show_what_was_erased_on_the_way)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    desk_note(&desk, "secret payload");
    desk_note(&desk, "third");

    check_err(journal_walk(&desk.op, desk.journal, 1, erase_next, &desk), ERR_OK);
    desk_done(&desk);
}
