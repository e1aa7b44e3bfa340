// SPDX-License-Identifier: EUPL-1.2
#include "journal/journal.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypt/digest.h"
#include "tests/journal/desk.h"

TEST(an_empty_journal_has_no_entries)
{
    struct desk desk = desk_make();
    desk_open(&desk);

    uint8_t head[JOURNAL_DIGEST_SIZE];
    const uint8_t zeros[JOURNAL_DIGEST_SIZE] = { 0 };
    struct journal_header header;
    journal_head(desk.journal, head);
    assert_int_equal(journal_last(desk.journal), 0);
    assert_memory_equal(head, zeros, sizeof head);
    check_err(journal_read(&desk.op, desk.journal, 1, &header, NULL), ERR_ABSENT);
    check_err(journal_read(&desk.op, desk.journal, 0, &header, NULL), ERR_ABSENT);
    desk_done(&desk);
}

TEST(an_entry_is_read_back_with_all_that_its_header_says)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk.op.actor.mandate = SPAN("Wbni art. 5");
    desk.op.actor.purpose = SPAN("test");
    const struct journal_entry entry = { .kind = SPAN("set.add"),
                                         .source = SPAN("a feed"),
                                         .marking = SPAN("TLP:AMBER"),
                                         .payload = SPAN("pay\0load") };
    uint64_t number;
    check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_OK);
    desk_commit(&desk);
    desk_close(&desk);
    desk_open(&desk);

    struct journal_header header;
    struct span payload;
    check_err(journal_read(&desk.op, desk.journal, 1, &header, &payload), ERR_OK);
    assert_int_equal(number, 1);
    assert_int_equal(header.number, 1);
    assert_int_equal(header.time_us, DESK_TIME_US);
    check_span(header.kind, "set.add");
    check_span(header.world, "real");
    check_span(header.actor, "tester");
    check_span(header.mandate, "Wbni art. 5");
    check_span(header.purpose, "test");
    check_span(header.source, "a feed");
    check_span(header.marking, "TLP:AMBER");
    assert_true(span_equal(payload, SPAN("pay\0load")));
    desk_done(&desk);
}

TEST(an_empty_payload_is_not_an_erased_one)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "");

    desk_check_payload(&desk, desk.journal, 1, "");
    desk_done(&desk);
}

TEST(each_header_holds_the_leaf_of_the_one_before)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    uint8_t head[JOURNAL_DIGEST_SIZE] = { 0 };
    for (uint64_t number = 1; number <= 5; number++) {
        desk_note(&desk, "x");
        struct journal_header header;
        check_err(journal_read(&desk.op, desk.journal, number, &header, NULL), ERR_OK);
        assert_memory_equal(header.previous, head, sizeof head);
        journal_head(desk.journal, head);
    }

    struct journal_check check = desk_check(&desk);
    assert_int_equal(check.faults, 0);
    assert_int_equal(check.entries, 5);
    assert_memory_equal(check.head, head, sizeof head);
    desk_done(&desk);
}

TEST(equal_payloads_have_different_digests)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "guess me");
    desk_note(&desk, "guess me");

    struct journal_header first;
    struct journal_header second;
    uint8_t unsalted[DIGEST_SHA256_SIZE];
    digest_sha256(SPAN("guess me"), unsalted);
    check_err(journal_read(&desk.op, desk.journal, 1, &first, NULL), ERR_OK);
    check_err(journal_read(&desk.op, desk.journal, 2, &second, NULL), ERR_OK);
    assert_memory_not_equal(first.payload_digest, second.payload_digest, JOURNAL_DIGEST_SIZE);
    assert_memory_not_equal(first.payload_digest, unsalted, JOURNAL_DIGEST_SIZE);
    desk_done(&desk);
}

TEST(what_was_not_committed_is_not_in_the_journal)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "kept");
    assert_int_equal(desk_append(&desk, "dropped"), 2);
    journal_drop(desk.journal);
    assert_int_equal(desk_append(&desk, "closed"), 2);
    assert_int_equal(journal_last(desk.journal), 1);
    desk_close(&desk);
    desk_open(&desk);

    assert_int_equal(journal_last(desk.journal), 1);
    desk_note(&desk, "second");
    desk_check_payload(&desk, desk.journal, 2, "second");
    check_err(journal_commit(&desk.op, desk.journal), ERR_OK); /* of nothing */
    desk_done(&desk);
}

TEST(a_group_cut_at_any_byte_is_not_there_at_all)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    size_t begin = desk_file(&desk, DESK_SEGMENT).size;
    desk_append(&desk, "second");
    desk_append(&desk, "third");
    desk_commit(&desk);
    desk_close(&desk);
    struct span whole = desk_file(&desk, DESK_SEGMENT);

    for (size_t size = begin + 1; size < whole.size; size++) {
        desk_file_put(&desk, DESK_SEGMENT, span_slice(whole, 0, size));
        struct journal *reader = desk_reader(&desk);
        assert_int_equal(journal_last(reader), 1);
        journal_close(reader);
        assert_int_equal(desk_check(&desk).torn_size, size - begin);
        assert_int_equal(desk_check(&desk).faults, 0);

        desk_open(&desk);
        assert_int_equal(journal_last(desk.journal), 1);
        assert_int_equal(desk.cut, size - begin);
        assert_int_equal(desk_file(&desk, DESK_SEGMENT).size, begin);
        struct span aside = desk_file(&desk, "journal/torn-000000000002");
        assert_true(span_equal(aside, span_slice(whole, begin, size)));
        desk_close(&desk);
    }
    desk_done(&desk);
}

TEST(of_torn_tails_that_were_put_aside_the_newest_stay)
{
    enum {
        TEARS = JOURNAL_TORN_COUNT_MAX + 3,
        OTHERS = 2
    }; /* the segment, and what people put there */
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_file_put(&desk, "journal/torn-notes.txt", SPAN("mine"));
    for (int i = 0; i < TEARS; i++) {
        desk_note(&desk, "whole");
        desk_note(&desk, "torn");
        desk_close(&desk);
        struct span whole = desk_file(&desk, DESK_SEGMENT);
        desk_file_put(&desk, DESK_SEGMENT, span_slice(whole, 0, whole.size - 1));

        desk_open(&desk);
    }

    struct span *names;
    size_t count;
    check_err(disk_list(&desk.op, desk.disk, SPAN("journal"), &names, &count), ERR_OK);
    assert_int_equal(count, OTHERS + JOURNAL_TORN_COUNT_MAX);
    check_span(names[1], "torn-000000000005"); /* the first three are gone */
    check_span(names[count - 2], "torn-000000000012");
    check_span(names[count - 1], "torn-notes.txt");
    desk_close(&desk);
    desk_done(&desk);
}

TEST(the_check_notices_every_byte_that_changed)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    desk_append(&desk, "second, a little longer");
    desk_append(&desk, "third");
    desk_commit(&desk);
    check_err(journal_erase(&desk.op, desk.journal, 2, SPAN("a rule")), ERR_OK);
    desk_note(&desk, "last");
    desk_close(&desk);
    struct span whole = desk_file(&desk, DESK_SEGMENT);

    for (size_t offset = 0; offset < whole.size; offset++) {
        desk_file_flip(&desk, DESK_SEGMENT, offset);
        struct journal_check check;
        op_fault_clear(&desk.op);
        enum err err = journal_check(&desk.op, desk.disk, SPAN("real"), &check);
        if (err == ERR_OK) {
            assert_true(check.faults > 0 || check.torn_size > 0);
        } else {
            assert_true(offset < 64); /* the file's header: perhaps a newer version's */
        }
        desk_file_flip(&desk, DESK_SEGMENT, offset);
    }
    assert_int_equal(desk_check(&desk).faults, 0);
    desk_done(&desk);
}

TEST(damage_before_the_last_group_is_never_cut)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    size_t begin = desk_file(&desk, DESK_SEGMENT).size;
    desk_append(&desk, "second");
    desk_append(&desk, "third");
    desk_commit(&desk);
    size_t end = desk_file(&desk, DESK_SEGMENT).size;
    desk_note(&desk, "fourth");
    desk_close(&desk);
    struct span whole = desk_file(&desk, DESK_SEGMENT);

    size_t refused = 0;
    for (size_t offset = begin; offset < end; offset++) {
        desk_file_flip(&desk, DESK_SEGMENT, offset);
        enum err err = desk_try_open(&desk);
        if (err == ERR_OK) { /* a payload: found when it is read */
            assert_int_equal(journal_last(desk.journal), 4);
            assert_int_equal(desk.cut, 0);
            desk_close(&desk);
        } else {
            assert_int_equal(err, ERR_CORRUPT);
            refused++;
        }
        assert_int_equal(desk_file(&desk, DESK_SEGMENT).size, whole.size);
        desk_file_flip(&desk, DESK_SEGMENT, offset);
    }
    assert_true(refused > 300); /* all of two headers */
    desk_done(&desk);
}

TEST(a_torn_group_does_not_take_a_damaged_one_before_it_along)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "the first payload");
    desk_note(&desk, "the second payload");
    desk_close(&desk);
    struct span file = desk_file(&desk, DESK_SEGMENT);
    desk_file_flip(&desk, DESK_SEGMENT, (uint64_t)span_find_span(file, SPAN("the first payload")));
    desk_file_flip(&desk, DESK_SEGMENT, (uint64_t)span_find_span(file, SPAN("the second payload")));

    check_err(desk_try_open(&desk), ERR_CORRUPT);
    assert_int_equal(desk_file(&desk, DESK_SEGMENT).size, file.size);
    assert_int_equal(desk_check(&desk).faults, 2);
    desk_done(&desk);
}

TEST(a_damaged_payload_is_refused_and_the_others_are_read)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    desk_note(&desk, "the second payload");
    desk_note(&desk, "third");
    struct span file = desk_file(&desk, DESK_SEGMENT);
    ptrdiff_t at = span_find_span(file, SPAN("the second payload"));
    assert_true(at > 0);
    desk_file_flip(&desk, DESK_SEGMENT, (uint64_t)at);

    struct journal_header header;
    struct span payload;
    check_err(journal_read(&desk.op, desk.journal, 2, &header, &payload), ERR_CORRUPT);
    check_err(journal_read(&desk.op, desk.journal, 2, &header, NULL), ERR_OK);
    desk_check_payload(&desk, desk.journal, 1, "first");
    desk_check_payload(&desk, desk.journal, 3, "third");
    struct journal_check check = desk_check(&desk);
    assert_int_equal(check.faults, 1);
    assert_int_equal(check.first_fault, 2);
    assert_string_equal(check.first_fault_text,
                        "journal/000000000001.journal: entry 2: its payload is damaged");
    desk_done(&desk);
}

TEST(entries_behind_a_damaged_header_are_still_found)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    size_t begin = desk_file(&desk, DESK_SEGMENT).size;
    desk_note(&desk, "second");
    desk_note(&desk, "third");
    desk_file_flip(&desk, DESK_SEGMENT, begin + 60);

    struct journal_header header;
    struct span payload;
    check_err(journal_read(&desk.op, desk.journal, 2, &header, &payload), ERR_CORRUPT);
    desk_check_payload(&desk, desk.journal, 3, "third");
    struct journal_check check = desk_check(&desk);
    assert_int_equal(check.faults, 1);
    assert_int_equal(check.first_fault, 2);
    assert_int_equal(check.entries, 2);
    desk_done(&desk);
}

TEST(a_payload_that_looks_like_a_journal_confuses_nobody)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    desk_note(&desk, "second");
    struct span copy = desk_file(&desk, DESK_SEGMENT);
    struct desk other = desk_make(); /* whose numbers go on further */
    desk_open(&other);
    for (size_t i = 0; i < 9; i++) {
        desk_note(&other, "other");
    }
    struct span foreign = desk_file(&other, DESK_SEGMENT);
    const struct span payloads[] = { copy, foreign };
    for (size_t i = 0; i < 2; i++) {
        const struct journal_entry entry = { .kind = SPAN("file"), .payload = payloads[i] };
        uint64_t number;
        check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_OK);
    }
    desk_commit(&desk);
    desk_close(&desk);

    struct span whole = desk_file(&desk, DESK_SEGMENT);
    desk_file_put(&desk, DESK_SEGMENT, span_slice(whole, 0, whole.size - 1));
    desk_open(&desk);
    assert_int_equal(journal_last(desk.journal), 2);
    assert_true(desk.cut > copy.size + foreign.size);
    desk_done(&other);
    desk_done(&desk);
}

TEST(another_world_and_a_newer_version_are_refused)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    desk_close(&desk);
    const struct journal_options options = { .world = SPAN("exercise-7"), .write = true };
    struct journal *journal;
    uint64_t cut;
    struct journal_check check;

    check_err(journal_open(&desk.op, desk.disk, &options, &journal, &cut), ERR_CONFLICT);
    check_err(journal_check(&desk.op, desk.disk, SPAN("exercise-7"), &check), ERR_CONFLICT);
    struct disk_file *file;
    check_err(disk_file_open(&desk.op, desk.disk, SPAN(DESK_SEGMENT), DISK_WRITE, &file), ERR_OK);
    check_err(disk_write(&desk.op, file, 8, SPAN("\2")), ERR_OK); /* the version */
    disk_file_close(file);
    check_err(desk_try_open(&desk), ERR_UNSUPPORTED);
    check_err(journal_check(&desk.op, desk.disk, SPAN("real"), &check), ERR_UNSUPPORTED);
    desk_done(&desk);
}

TEST(too_much_is_refused_and_leaves_what_was_gathered)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_append(&desk, "good");
    size_t size = JOURNAL_PAYLOAD_SIZE_MAX + 1;
    struct span large = span_make(op_alloc(&desk.op, size), size);
    struct journal_entry entry = { .kind = SPAN("note"), .payload = large };
    uint64_t number = 0;

    check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_LIMIT);
    entry.payload = SPAN("");
    entry.source = span_slice(large, 0, JOURNAL_TEXT_SIZE_MAX + 1);
    check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_LIMIT);
    entry.source = span_slice(large, 0, JOURNAL_TEXT_SIZE_MAX);
    check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_OK);
    entry.payload = span_slice(large, 0, JOURNAL_PAYLOAD_SIZE_MAX);
    check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_OK);
    check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_LIMIT);
    entry = (struct journal_entry){ .kind = SPAN("erase") };
    check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_DENIED);
    desk_commit(&desk);

    assert_int_equal(journal_last(desk.journal), 3);
    desk_check_payload(&desk, desk.journal, 1, "good");
    desk_done(&desk);
}

/* Walks over everything, and appends as it goes. */
struct stroll {
    struct desk *desk;
    uint64_t seen;
    uint64_t stop_at;
    bool append;
};

static enum err stroll_visit(void *context, const struct journal_header *header,
                             struct span payload)
{
    struct stroll *stroll = context;
    assert_true(payload.size > 0);
    stroll->seen++;
    if (stroll->append) {
        desk_note(stroll->desk, "written while walking");
    }
    return header->number == stroll->stop_at ? ERR_STALE : ERR_OK;
}

TEST(a_walk_begins_where_it_is_told_and_ends_where_it_began_to)
{
    struct desk desk = desk_make();
    desk.segment_size = 600;
    desk_open(&desk);
    for (size_t i = 0; i < 20; i++) {
        desk_note(&desk, "some payload");
    }

    struct stroll stroll = { .desk = &desk };
    check_err(journal_walk(&desk.op, desk.journal, 7, stroll_visit, &stroll), ERR_OK);
    assert_int_equal(stroll.seen, 14);
    stroll = (struct stroll){ .desk = &desk, .stop_at = 12 };
    check_err(journal_walk(&desk.op, desk.journal, 10, stroll_visit, &stroll), ERR_STALE);
    assert_int_equal(stroll.seen, 3);
    stroll = (struct stroll){ .desk = &desk };
    check_err(journal_walk(&desk.op, desk.journal, 21, stroll_visit, &stroll), ERR_OK);
    assert_int_equal(stroll.seen, 0);
    stroll = (struct stroll){ .desk = &desk, .append = true };
    check_err(journal_walk(&desk.op, desk.journal, 1, stroll_visit, &stroll), ERR_OK);
    assert_int_equal(stroll.seen, 20);
    assert_int_equal(journal_last(desk.journal), 40);
    desk_done(&desk);
}

TEST(a_walk_stops_when_it_is_asked_to)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "x");
    atomic_bool cancel = true;
    desk.op.cancel = &cancel;

    struct stroll stroll = { .desk = &desk };
    struct journal_check check;
    check_err(journal_walk(&desk.op, desk.journal, 1, stroll_visit, &stroll), ERR_CANCELLED);
    check_err(journal_check(&desk.op, desk.disk, SPAN("real"), &check), ERR_CANCELLED);
    desk.op.cancel = NULL;
    desk_done(&desk);
}

TEST(entries_are_found_in_any_order_across_many_segments)
{
    enum { COUNT = 400, READS = 2000 };
    struct desk desk = desk_make();
    desk.segment_size = 4096;
    desk_open(&desk);
    for (size_t i = 0; i < COUNT; i++) {
        char text[32];
        snprintf(text, sizeof text, "payload %zu", i + 1);
        desk_append(&desk, text);
        if (i % 3 == 0) {
            desk_commit(&desk);
        }
    }
    desk_commit(&desk);
    struct span *names;
    size_t count;
    check_err(disk_list(&desk.op, desk.disk, SPAN("journal"), &names, &count), ERR_OK);
    assert_true(count > 16);

    uint64_t random = testing_seed();
    for (size_t i = 0; i < READS; i++) {
        uint64_t number = 1 + testing_random(&random) % COUNT;
        char text[32];
        snprintf(text, sizeof text, "payload %" PRIu64, number);
        desk_check_payload(&desk, desk.journal, number, text);
    }
    desk_close(&desk);
    desk_open(&desk);
    assert_int_equal(journal_last(desk.journal), COUNT);
    desk_done(&desk);
}

TEST(a_missing_segment_is_noticed)
{
    struct desk desk = desk_make();
    desk.segment_size = 100;
    desk_open(&desk);
    for (size_t i = 0; i < 6; i++) {
        desk_note(&desk, "one group a segment");
    }
    desk_close(&desk);
    struct span third = desk_file(&desk, "journal/000000000003.journal");
    check_err(disk_remove(&desk.op, desk.disk, SPAN("journal/000000000003.journal")), ERR_OK);

    desk_open(&desk);
    struct journal_header header;
    check_err(journal_read(&desk.op, desk.journal, 3, &header, NULL), ERR_CORRUPT);
    desk_check_payload(&desk, desk.journal, 4, "one group a segment");
    struct stroll stroll = { .desk = &desk };
    check_err(journal_walk(&desk.op, desk.journal, 1, stroll_visit, &stroll), ERR_CORRUPT);
    assert_int_equal(desk_check(&desk).faults, 1);
    assert_int_equal(desk_check(&desk).first_fault, 3);
    desk_close(&desk);

    desk_file_put(&desk, "journal/000000000003.journal", third);
    assert_int_equal(desk_check(&desk).faults, 0);
    check_err(disk_remove(&desk.op, desk.disk, SPAN(DESK_SEGMENT)), ERR_OK);
    check_err(desk_try_open(&desk), ERR_CORRUPT);
    assert_int_equal(desk_check(&desk).first_fault, 1);
    desk_done(&desk);
}

TEST(entries_that_changed_places_break_the_chain)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "aa");
    size_t second = desk_file(&desk, DESK_SEGMENT).size;
    desk_note(&desk, "bb");
    size_t third = desk_file(&desk, DESK_SEGMENT).size;
    desk_note(&desk, "cc");
    desk_close(&desk);
    struct span file = desk_file(&desk, DESK_SEGMENT);
    struct disk_file *target;
    check_err(disk_file_open(&desk.op, desk.disk, SPAN(DESK_SEGMENT), DISK_WRITE, &target), ERR_OK);
    check_err(disk_write(&desk.op, target, second, span_slice(file, third, file.size)), ERR_OK);
    check_err(disk_write(&desk.op, target, third, span_slice(file, second, third)), ERR_OK);
    disk_file_close(target);

    assert_true(desk_check(&desk).faults >= 2);
    check_err(desk_try_open(&desk), ERR_CORRUPT);
    desk_done(&desk);
}

TEST(after_a_failed_commit_the_journal_is_read_only_until_opened_again)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    desk_append(&desk, "lost");
    disk_sim_fail_change(desk.disk, 1, DISK_SIM_FAULT_IO); /* the sync */

    const struct journal_entry entry = { .kind = SPAN("note") };
    uint64_t number;
    check_err(journal_commit(&desk.op, desk.journal), ERR_IO);
    assert_false(journal_in_doubt(desk.journal));
    op_fault_clear(&desk.op);
    check_err(journal_append(&desk.op, desk.journal, &entry, &number), ERR_IO);
    check_err(journal_commit(&desk.op, desk.journal), ERR_IO);
    check_err(journal_erase(&desk.op, desk.journal, 1, SPAN("a rule")), ERR_IO);
    assert_int_equal(journal_last(desk.journal), 1);
    desk_check_payload(&desk, desk.journal, 1, "first");
    desk_close(&desk);

    desk_open(&desk);
    assert_int_equal(desk.cut, 0);
    desk_note(&desk, "second");
    desk_check_payload(&desk, desk.journal, 2, "second");
    desk_done(&desk);
}

TEST(a_full_disk_stops_a_commit_and_room_lets_it_go_on)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    size_t size = desk_file(&desk, DESK_SEGMENT).size;
    disk_sim_capacity(desk.disk, size + 100);
    desk_append(&desk, "more than a hundred bytes, with its header");

    check_err(journal_commit(&desk.op, desk.journal), ERR_FULL);
    assert_false(journal_in_doubt(desk.journal));
    assert_int_equal(desk_file(&desk, DESK_SEGMENT).size, size);
    desk_close(&desk);
    desk_open(&desk); /* still full, and yet it can be opened */
    assert_int_equal(journal_last(desk.journal), 1);
    disk_sim_capacity(desk.disk, UINT64_MAX);
    desk_note(&desk, "second");
    assert_int_equal(desk_check(&desk).faults, 0);
    desk_done(&desk);
}

TEST(a_reader_takes_notice_of_what_a_writer_commits)
{
    struct desk desk = desk_make();
    struct journal *reader = desk_reader(&desk); /* there is no journal yet */
    assert_int_equal(journal_last(reader), 0);
    check_err(journal_refresh(&desk.op, reader), ERR_OK);
    desk.segment_size = 600;
    desk_open(&desk);
    uint8_t head[JOURNAL_DIGEST_SIZE];
    uint8_t head_read[JOURNAL_DIGEST_SIZE];
    for (uint64_t number = 1; number <= 20; number++) {
        desk_note(&desk, "news");
        if (number % 3 != 0) {
            continue;
        }
        check_err(journal_refresh(&desk.op, reader), ERR_OK);
        assert_int_equal(journal_last(reader), number);
        desk_check_payload(&desk, reader, number, "news");
        journal_head(desk.journal, head);
        journal_head(reader, head_read);
        assert_memory_equal(head, head_read, sizeof head);
    }
    journal_close(reader);
    desk_done(&desk);
}

TEST(a_reader_passes_over_a_group_that_is_being_written)
{
    struct desk desk = desk_make();
    desk_open(&desk);
    desk_note(&desk, "first");
    size_t begin = desk_file(&desk, DESK_SEGMENT).size;
    desk_note(&desk, "second");
    desk_close(&desk);
    struct span whole = desk_file(&desk, DESK_SEGMENT);
    desk_file_put(&desk, DESK_SEGMENT, span_slice(whole, 0, begin));
    struct journal *reader = desk_reader(&desk);

    for (size_t size = begin; size <= whole.size; size++) {
        desk_file_put(&desk, DESK_SEGMENT, span_slice(whole, 0, size));
        check_err(journal_refresh(&desk.op, reader), ERR_OK);
        assert_int_equal(journal_last(reader), size == whole.size ? 2 : 1);
        assert_int_equal(desk_file(&desk, DESK_SEGMENT).size, size);
    }
    journal_close(reader);
    desk_done(&desk);
}
