// SPDX-License-Identifier: EUPL-1.2
/*
 * The write-ahead file: what was committed is there again, what was not is not, and a commit that
 * the journal does not know is dropped; whatever the disk does.
 */
#include "history/live.h"

#include <inttypes.h>

#include "base/memory.h"
#include "history/live_frame.h"
#include "history/live_inner.h"
#include "os/disk_sim.h"
#include "tests/testing.h"

enum { BASE_S = 1700000000, SEED = 4711, COMMITS_MAX = 64, SEEDS = 400 };

#define FILE_PATH SPAN("wal-1")

/* A disk with one file, what makes records, and what each commit brought. */
struct desk {
    struct op op;
    struct disk *disk;
    struct live *live;
    struct live_opened opened;
    struct history_record_writer *writer;
    struct buf record;
    uint64_t random;
    uint64_t damage_told;
};

static const struct uuid history = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

static void on_damage(void *context, const char *text)
{
    struct desk *desk = context;
    assert_non_null(strstr(text, "wal-1"));
    desk->damage_told++;
}

static struct live_options options_of(struct desk *desk, bool write, uint64_t last)
{
    return (struct live_options){ .write = write,
                                  .last = last,
                                  .history = history,
                                  .number = 1,
                                  .seed = SEED,
                                  .on_damage = on_damage,
                                  .context = desk };
}

static enum err desk_open(struct desk *desk, bool write, uint64_t last)
{
    const struct live_options options = options_of(desk, write, last);
    op_fault_clear(&desk->op);
    desk->damage_told = 0;
    enum err err =
        live_open(&desk->op, desk->disk, FILE_PATH, &options, &desk->live, &desk->opened);
    desk->live = err == ERR_OK ? desk->live : NULL;
    return err;
}

static void desk_close(struct desk *desk)
{
    live_close(desk->live);
    desk->live = NULL;
}

static void desk_begin(struct desk *desk, uint64_t seed)
{
    *desk = (struct desk){ .random = seed };
    testing_op_begin(&desk->op);
    check_err(disk_sim_open(&desk->op, seed, &desk->disk), ERR_OK);
    check_err(history_record_writer_new(&desk->op, &desk->writer), ERR_OK);
    buf_init(&desk->record, HISTORY_RECORD_SIZE_MAX);
}

static void desk_end(struct desk *desk)
{
    desk_close(desk);
    history_record_writer_free(desk->writer);
    buf_done(&desk->record);
    disk_close(desk->disk);
    op_end(&desk->op);
}

/* A record with one thing that is seen in no other, `count` times, and one that is seen in all. */
static struct span record_of(struct desk *desk, uint64_t tag)
{
    struct history_record_writer *writer = desk->writer;
    const struct history_way way = { .sensor = SPAN("s"), .field = SPAN("dns.query") };
    uint64_t left_out;
    struct history_seen seen = { .kind = VALUE_DOMAIN,
                                 .key = SPAN("everywhere.example"),
                                 .first_s = BASE_S,
                                 .last_s = BASE_S,
                                 .count = 1 };
    history_record_begin(writer);
    seen.host = history_record_host(writer, SPAN("192.0.2.7"));
    seen.way = history_record_way(writer, &way);
    check_err(history_record_add(writer, &seen), ERR_OK);
    seen.kind = VALUE_SHA512;
    uint8_t key[VALUE_SHA512_SIZE] = { 0 };
    span_copy(key, sizeof key, span_make(&tag, sizeof tag));
    seen.key = span_make(key, sizeof key);
    seen.count = tag;
    check_err(history_record_add(writer, &seen), ERR_OK);
    buf_clear(&desk->record);
    history_record_end(writer, &desk->record, &left_out);
    return buf_span(&desk->record);
}

/* Names of one domain, in two hours, at two hosts; in no order. */
static struct span record_mixed(struct desk *desk)
{
    struct history_record_writer *writer = desk->writer;
    const struct history_way way = { .sensor = SPAN("s"), .field = SPAN("dns.query") };
    uint64_t left_out;
    history_record_begin(writer);
    uint32_t hosts[] = { history_record_host(writer, SPAN("2001:db8::7")),
                         history_record_host(writer, SPAN("192.0.2.7")) };
    struct history_seen seen = { .kind = VALUE_DOMAIN,
                                 .way = history_record_way(writer, &way),
                                 .count = 1 };
    for (uint32_t i = 0; i < 4; i++) {
        seen.key = i == 1 ? SPAN("example.org") : SPAN("www.example.org");
        seen.host = hosts[i / 2 % 2];
        seen.first_s = BASE_S + (i == 0 ? HISTORY_HOUR_S : i);
        seen.host = i == 3 ? hosts[0] : seen.host;
        seen.last_s = seen.first_s;
        check_err(history_record_add(writer, &seen), ERR_OK);
    }
    buf_clear(&desk->record);
    history_record_end(writer, &desk->record, &left_out);
    return buf_span(&desk->record);
}

/* Whether a tag is there, once. */
static bool tag_is_there(const struct desk *desk, uint64_t tag)
{
    const struct tally *tally = &desk->live->table->tally;
    uint64_t found = 0;
    for (size_t at = 0; at < tally->size; at = tally_next(tally, at)) {
        const struct tally_item *item = tally_at(tally, at);
        if (item->kind == VALUE_SHA512 && memcmp(item->key, &tag, sizeof tag) == 0) {
            assert_int_equal(item->count, tag);
            check_span(names_at(&desk->live->table->hosts, item->host), "192.0.2.7");
            found++;
        }
    }
    assert_true(found <= 1);
    return found == 1;
}

/* How often that was seen which is in each record. */
static uint64_t everywhere_count(const struct desk *desk)
{
    const struct tally *tally = &desk->live->table->tally;
    for (size_t at = 0; at < tally->size; at = tally_next(tally, at)) {
        if (tally_at(tally, at)->kind == VALUE_DOMAIN) {
            return tally_at(tally, at)->count;
        }
    }
    return 0;
}

static enum err commit_one(struct desk *desk, uint64_t number)
{
    TRY(live_add(&desk->op, desk->live, record_of(desk, number)));
    return live_commit(&desk->op, desk->live, number);
}

static void commit_to(struct desk *desk, uint64_t last)
{
    for (uint64_t number = 1; number <= last; number++) {
        check_err(commit_one(desk, number), ERR_OK);
    }
}

static void check_tags(const struct desk *desk, uint64_t last)
{
    for (uint64_t number = 1; number <= last + 3; number++) {
        assert_true(tag_is_there(desk, number) == (number <= last));
    }
    assert_int_equal(everywhere_count(desk), last);
}

/* ---- files ---- */

static struct span file_bytes(struct desk *desk)
{
    struct span map;
    struct span copy;
    check_err(disk_map(&desk->op, desk->disk, FILE_PATH, &map), ERR_OK);
    check_err(op_copy(&desk->op, map, &copy), ERR_OK);
    disk_unmap(desk->disk, map);
    return copy;
}

static void file_put(struct desk *desk, struct span bytes)
{
    struct disk_file *file;
    check_err(disk_file_open(&desk->op, desk->disk, FILE_PATH, DISK_WRITE, &file), ERR_OK);
    check_err(disk_truncate(&desk->op, file, 0), ERR_OK);
    check_err(disk_write(&desk->op, file, 0, bytes), ERR_OK);
    disk_file_close(file);
}

/* ---- what holds ---- */

TEST(what_was_committed_is_there_when_it_is_opened_again)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    assert_int_equal(live_oldest_s(desk.live), UINT32_MAX);
    commit_to(&desk, 5);
    check_tags(&desk, 5);
    assert_int_equal(live_count(desk.live), 6);
    assert_int_equal(live_oldest_s(desk.live), BASE_S);
    uint64_t size = live_size(desk.live);
    desk_close(&desk);

    check_err(desk_open(&desk, false, UINT64_MAX), ERR_OK);

    check_tags(&desk, 5);
    assert_int_equal(desk.opened.last, 5);
    assert_int_equal(desk.opened.cut + desk.opened.dropped + desk.opened.damaged, 0);
    assert_int_equal(live_size(desk.live), size);
    assert_int_equal(file_bytes(&desk).size, size);
    desk_end(&desk);
}

TEST(what_waits_counts_only_when_it_is_committed_and_is_forgotten_when_it_is_dropped)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    commit_to(&desk, 1);

    check_err(live_add(&desk.op, desk.live, record_of(&desk, 2)), ERR_OK);
    assert_true(live_waiting(desk.live) > 0);
    check_tags(&desk, 1);
    live_drop(desk.live);
    assert_int_equal(live_waiting(desk.live), 0);
    check_err(live_commit(&desk.op, desk.live, 2), ERR_OK);

    check_tags(&desk, 1);
    desk_close(&desk);
    check_err(desk_open(&desk, false, UINT64_MAX), ERR_OK);
    check_tags(&desk, 1);
    desk_end(&desk);
}

TEST(several_records_of_one_commit_come_and_go_together)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    for (uint64_t tag = 1; tag <= 3; tag++) {
        check_err(live_add(&desk.op, desk.live, record_of(&desk, tag)), ERR_OK);
    }
    check_err(live_commit(&desk.op, desk.live, 7), ERR_OK);
    check_tags(&desk, 3);
    desk_close(&desk);
    struct span whole = file_bytes(&desk);

    check_err(desk_open(&desk, true, 6), ERR_OK);
    check_tags(&desk, 0);
    assert_int_equal(desk.opened.dropped, 1);
    desk_close(&desk);
    file_put(&desk, span_slice(whole, 0, whole.size - 1));
    check_err(desk_open(&desk, true, 7), ERR_OK);
    check_tags(&desk, 0);
    desk_end(&desk);
}

TEST(commits_that_the_journal_does_not_know_are_dropped_and_their_numbers_used_again)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    commit_to(&desk, 5);
    desk_close(&desk);

    check_err(desk_open(&desk, true, 3), ERR_OK);
    assert_int_equal(desk.opened.last, 3);
    assert_int_equal(desk.opened.dropped, 2);
    assert_true(desk.opened.cut > 0);
    check_tags(&desk, 3);
    check_err(commit_one(&desk, 4), ERR_OK);
    desk_close(&desk);

    check_err(desk_open(&desk, false, UINT64_MAX), ERR_OK);
    check_tags(&desk, 4);
    assert_int_equal(desk.opened.cut, 0);
    desk_end(&desk);
}

TEST(a_torn_tail_is_cut_at_any_byte)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    commit_to(&desk, 2);
    size_t two = (size_t)live_size(desk.live);
    check_err(commit_one(&desk, 3), ERR_OK);
    desk_close(&desk);
    struct span whole = file_bytes(&desk);

    for (size_t size = two; size < whole.size; size++) {
        file_put(&desk, span_slice(whole, 0, size));
        check_err(desk_open(&desk, size % 2 == 0, 2), ERR_OK);
        check_tags(&desk, 2);
        assert_int_equal(desk.opened.cut, size - two);
        assert_int_equal(desk.opened.damaged, 0);
        desk_close(&desk);
        assert_int_equal(file_bytes(&desk).size, size % 2 == 0 ? two : size);
    }
    desk_end(&desk);
}

TEST(a_file_that_was_only_begun_is_made_anew)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    desk_close(&desk);
    struct span whole = file_bytes(&desk);
    assert_int_equal(whole.size, LIVE_HEADER_SIZE);

    for (size_t size = 0; size < whole.size; size++) {
        file_put(&desk, span_slice(whole, 0, size));
        check_err(desk_open(&desk, false, 0), ERR_OK);
        desk_close(&desk);
        check_err(desk_open(&desk, true, 0), ERR_OK);
        commit_to(&desk, 1);
        desk_close(&desk);
        check_err(desk_open(&desk, false, 1), ERR_OK);
        check_tags(&desk, 1);
        desk_close(&desk);
    }
    desk_end(&desk);
}

TEST(a_flipped_bit_is_told_and_costs_one_commit)
{
    enum { LAST = 4 };
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    commit_to(&desk, LAST - 1);
    size_t before_last = (size_t)live_size(desk.live);
    check_err(commit_one(&desk, LAST), ERR_OK);
    desk_close(&desk);
    struct span whole = file_bytes(&desk);
    uint8_t *changed = memory_new(whole.size);
    assert_non_null(changed);

    for (size_t bit = 0; bit < whole.size * 8; bit += 3) {
        span_copy(changed, whole.size, whole);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        file_put(&desk, span_make(changed, whole.size));
        enum err err = desk_open(&desk, bit % 2 == 0, LAST);
        check_err(err, ERR_OK);
        uint64_t there = 0;
        for (uint64_t tag = 1; tag <= LAST; tag++) {
            there += tag_is_there(&desk, tag);
        }
        assert_true(there >= LAST - 1);
        bool in_last = bit / 8 >= before_last;
        assert_true(there == LAST || desk.opened.damaged > 0 || in_last);
        assert_true(bit / 8 >= LIVE_HEADER_SIZE || desk.opened.damaged == 1);
        assert_int_equal(desk.damage_told, desk.opened.damaged);
        if (bit % 2 == 0) {
            check_err(commit_one(&desk, LAST + 1), ERR_OK);
            desk_close(&desk);
            check_err(desk_open(&desk, false, LAST + 1), ERR_OK);
            assert_true(tag_is_there(&desk, LAST + 1));
            assert_int_equal(everywhere_count(&desk), there + 1);
        }
        desk_close(&desk);
    }
    memory_free(changed);
    desk_end(&desk);
}

TEST(the_file_of_another_history_or_of_a_newer_version_is_refused)
{
    struct desk desk;
    struct live *live;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    desk_close(&desk);

    struct live_options options = options_of(&desk, true, 0);
    options.number = 2;
    check_err(live_open(&desk.op, desk.disk, FILE_PATH, &options, &live, NULL), ERR_CORRUPT);
    options = options_of(&desk, true, 0);
    options.history.bytes[0] ^= 1;
    check_err(live_open(&desk.op, desk.disk, FILE_PATH, &options, &live, NULL), ERR_CORRUPT);
    options.write = false;
    check_err(live_open(&desk.op, desk.disk, SPAN("wal-2"), &options, &live, NULL), ERR_ABSENT);
    desk_end(&desk);
}

TEST(what_is_no_record_is_refused_and_leaves_nothing)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    check_err(live_add(&desk.op, desk.live, record_of(&desk, 1)), ERR_OK);

    struct span whole = record_of(&desk, 2);
    for (size_t size = 0; size < whole.size; size++) {
        op_fault_clear(&desk.op);
        check_err(live_add(&desk.op, desk.live, span_slice(whole, 0, size)), ERR_FORMAT);
        assert_true(desk.op.fault.text[0] != '\0');
    }
    check_err(live_commit(&desk.op, desk.live, 1), ERR_OK);

    check_tags(&desk, 1);
    desk_end(&desk);
}

TEST(a_record_that_is_refused_leaves_those_before_and_behind_it_as_they_are)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    for (uint64_t tag = 1; tag <= 3; tag++) {
        struct span whole = record_of(&desk, tag);
        check_err(live_add(&desk.op, desk.live, span_slice(whole, 0, whole.size - 1)), ERR_FORMAT);
        check_err(live_add(&desk.op, desk.live, whole), ERR_OK);
    }
    check_err(live_add(&desk.op, desk.live, SPAN("\1\1\7bad.bad")), ERR_FORMAT);
    check_err(live_commit(&desk.op, desk.live, 1), ERR_OK);

    check_tags(&desk, 3);
    assert_int_equal(live_count(desk.live), 4);
    assert_int_equal(names_count(&desk.live->table->hosts), 2); /* one of them is none */
    check_err(live_add(&desk.op, desk.live, record_of(&desk, 2)), ERR_OK);
    check_err(live_commit(&desk.op, desk.live, 2), ERR_OK);
    assert_int_equal(live_count(desk.live), 4); /* it was found again, and grew */
    assert_int_equal(everywhere_count(&desk), 4);
    desk_end(&desk);
}

TEST(what_is_live_becomes_a_segment_in_order)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    commit_to(&desk, 3);
    check_err(live_add(&desk.op, desk.live, record_mixed(&desk)), ERR_OK);
    check_err(live_commit(&desk.op, desk.live, 4), ERR_OK);
    static const struct hash_secret secret = { { 7 } };
    const struct segment_options options = { .secret = &secret, .level = SEGMENT_LEVEL_FAST };
    struct live_writing *writing;
    bool done = false;
    struct segment *segment;
    struct segment_cursor *cursor;
    struct history_entry entry;
    check_err(live_writing_new(&desk.op, desk.live, false, NULL, &options, &writing), ERR_OK);
    while (!done) {
        check_err(live_writing_step(&desk.op, writing, 0, &done), ERR_OK);
    }
    struct span bytes = segment_writer_bytes(live_writing_writer(writing));
    check_err(segment_open(&desk.op, bytes, &secret, &segment), ERR_OK);
    check_err(segment_cursor_new(&desk.op, segment, &cursor), ERR_OK);

    check_err(segment_cursor_next(&desk.op, cursor, &entry), ERR_OK);
    check_span(entry.order, "elpmaxe.erehwyreve");
    assert_int_equal(entry.rows[0].postings[0].count, 3);
    check_err(segment_cursor_next(&desk.op, cursor, &entry), ERR_OK);
    check_span(entry.order, "gro.elpmaxe"); /* backwards: before the names below it */
    check_err(segment_cursor_next(&desk.op, cursor, &entry), ERR_OK);
    check_span(entry.order, "gro.elpmaxe.www");
    assert_int_equal(entry.row_count, 2);
    assert_int_equal(entry.rows[0].start_s, BASE_S - BASE_S % HISTORY_HOUR_S);
    assert_int_equal(entry.rows[0].posting_count, 2);
    assert_int_equal(entry.rows[1].start_s, BASE_S - BASE_S % HISTORY_HOUR_S + HISTORY_HOUR_S);
    assert_int_equal(entry.rows[1].posting_count, 1);
    size_t names;
    check_span(segment_hosts(segment, &names)[entry.rows[1].postings[0].host], "2001:db8::7");
    check_span(segment_ways(segment, &names)[entry.rows[1].postings[0].way].field, "dns.query");
    for (uint64_t tag = 1; tag <= 3; tag++) {
        check_err(segment_cursor_next(&desk.op, cursor, &entry), ERR_OK);
        assert_int_equal(entry.kind, VALUE_SHA512);
        assert_int_equal(entry.order.data[0], tag);
    }
    check_err(segment_cursor_next(&desk.op, cursor, &entry), ERR_ABSENT);
    assert_int_equal(segment_facts(segment)->postings, live_count(desk.live));
    assert_true(segment_may_hold(segment, VALUE_DOMAIN, HISTORY_WHOLE, SPAN("www.example.org")));
    segment_cursor_free(cursor);
    segment_close(segment);
    live_writing_free(writing);
    desk_end(&desk);
}

/* ---- disks and memory that fail ---- */

TEST(a_full_disk_leaves_what_waits_waiting)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    commit_to(&desk, 2);
    uint64_t size = live_size(desk.live);

    check_err(live_add(&desk.op, desk.live, record_of(&desk, 3)), ERR_OK);
    for (uint64_t room = 0; room < 60; room += 20) {
        disk_sim_capacity(desk.disk, size + room);
        check_err(live_commit(&desk.op, desk.live, 3), ERR_FULL);
        check_tags(&desk, 2);
        assert_int_equal(file_bytes(&desk).size, size);
    }
    disk_sim_capacity(desk.disk, UINT64_MAX);
    op_fault_clear(&desk.op);
    check_err(live_commit(&desk.op, desk.live, 3), ERR_OK);

    check_tags(&desk, 3);
    desk_close(&desk);
    check_err(desk_open(&desk, false, 3), ERR_OK);
    check_tags(&desk, 3);
    desk_end(&desk);
}

TEST(after_a_failed_sync_nothing_is_added_until_it_is_opened_again)
{
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    commit_to(&desk, 2);

    check_err(live_add(&desk.op, desk.live, record_of(&desk, 3)), ERR_OK);
    disk_sim_fail_change(desk.disk, 1, DISK_SIM_FAULT_FULL); /* the write goes, the sync does not */
    check_err(live_commit(&desk.op, desk.live, 3), ERR_IO);
    check_err(live_add(&desk.op, desk.live, record_of(&desk, 3)), ERR_IO);
    check_err(live_commit(&desk.op, desk.live, 3), ERR_IO);
    check_tags(&desk, 2);
    desk_close(&desk);

    check_err(desk_open(&desk, true, 2), ERR_OK);
    check_tags(&desk, 2);
    check_err(commit_one(&desk, 3), ERR_OK);
    check_tags(&desk, 3);
    desk_end(&desk);
}

TEST(too_much_that_waits_or_was_committed_is_refused)
{
    enum { KEY = 8000, PER_RECORD = 1000 };
    static uint8_t key[KEY];
    struct desk desk;
    desk_begin(&desk, SEED);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    const struct history_way way = { .sensor = SPAN("s"), .field = SPAN("http.uri") };
    uint32_t number = 0;
    uint64_t commit = 0;
    enum err err = ERR_OK;
    while (err == ERR_OK) {
        history_record_begin(desk.writer);
        uint32_t way_number = history_record_way(desk.writer, &way);
        for (size_t i = 0; i < PER_RECORD; i++) {
            number++;
            span_copy(key, sizeof key, span_make(&number, sizeof number));
            struct history_seen seen = { .kind = VALUE_URL,
                                         .key = span_make(key, sizeof key),
                                         .way = way_number,
                                         .first_s = BASE_S,
                                         .last_s = BASE_S,
                                         .count = 1 };
            check_err(history_record_add(desk.writer, &seen), ERR_OK);
        }
        uint64_t left_out;
        buf_clear(&desk.record);
        history_record_end(desk.writer, &desk.record, &left_out);
        err = live_add(&desk.op, desk.live, buf_span(&desk.record));
        if (err == ERR_LIMIT && live_size(desk.live) + live_waiting(desk.live) + desk.record.size <=
                                    LIVE_FILE_SIZE_MAX) {
            commit++;
            op_fault_clear(&desk.op);
            err = live_commit(&desk.op, desk.live, commit);
        }
    }

    check_err(err, ERR_LIMIT);
    assert_true(commit >= 1);
    assert_true(live_size(desk.live) <= LIVE_FILE_SIZE_MAX);
    desk_end(&desk);
}

TEST(without_memory_a_commit_is_whole_or_not_at_all)
{
    struct desk desk;
    for (uint64_t after = 0; after < 60; after++) {
        desk_begin(&desk, SEED);
        memory_fail_after(after);
        enum err opened = desk_open(&desk, true, 0);
        memory_fail_after(UINT64_MAX);
        if (opened != ERR_OK) {
            check_err(opened, ERR_LIMIT);
            desk_end(&desk);
            continue;
        }
        uint64_t last = 0;
        struct span record;
        for (uint64_t number = 1; number <= 3; number++) {
            record = record_of(&desk, number);
            memory_fail_after(after);
            enum err err = live_add(&desk.op, desk.live, record);
            err = err == ERR_OK ? live_commit(&desk.op, desk.live, number) : err;
            memory_fail_after(UINT64_MAX);
            if (err != ERR_OK) {
                break;
            }
            last = number;
        }
        check_tags(&desk, last);
        desk_close(&desk);
        check_err(desk_open(&desk, true, last), ERR_OK);
        check_tags(&desk, last);
        desk_end(&desk);
    }
}

/* ---- crashes ---- */

/* Commits, with a fault somewhere, and a power loss at the end; `noted` follows as the journal
 * does: it learns of a commit after that. Returns whether what is there then is what it says. */
static bool life_passes(uint64_t seed, bool (*ignored)(void *, const struct disk_sim_sync *))
{
    static const enum disk_sim_fault faults[] = { DISK_SIM_FAULT_STOP, DISK_SIM_FAULT_IO,
                                                  DISK_SIM_FAULT_FULL, DISK_SIM_FAULT_NONE };
    struct desk desk;
    uint64_t noted = 0;
    bool passes = true;
    desk_begin(&desk, seed);
    check_err(desk_open(&desk, true, 0), ERR_OK);
    check_err(disk_sync_folder(&desk.op, desk.disk, SPAN("")), ERR_OK);
    desk_close(&desk);
    for (size_t round = 0; round < 6 && passes; round++) {
        disk_sim_ignore_sync(desk.disk, ignored, NULL);
        disk_sim_fail_change(desk.disk, testing_random(&desk.random) % 20,
                             faults[testing_random(&desk.random) % 4]);
        enum err err = desk_open(&desk, true, noted);
        for (size_t i = 0; i < 6 && err == ERR_OK; i++) {
            err = commit_one(&desk, noted + 1);
            noted += err == ERR_OK && i < 5 ? 1 : 0; /* the last one the journal does not learn */
        }
        desk_close(&desk);
        if (testing_random(&desk.random) % 3 == 0) {
            disk_sim_restart(desk.disk);
        } else {
            disk_sim_crash(desk.disk, testing_random(&desk.random));
        }
        err = desk_open(&desk, testing_random(&desk.random) % 2 == 0, noted);
        passes = err == ERR_OK && desk.opened.last == noted && desk.opened.damaged == 0;
        for (uint64_t tag = 1; passes && tag <= noted + 3; tag++) {
            passes = tag_is_there(&desk, tag) == (tag <= noted);
        }
        desk_close(&desk);
    }
    desk_end(&desk);
    return passes;
}

TEST(each_commit_that_the_journal_knows_survives_and_no_other_does)
{
    uint64_t seed = testing_seed();
    for (uint64_t i = 0; i < SEEDS; i++) {
        if (!life_passes(seed + i, NULL)) {
            print_error("seed %" PRIu64 "\n", seed + i);
            fail();
        }
    }
}

static bool all_syncs_ignored(void *context, const struct disk_sim_sync *sync)
{
    (void)context;
    return !sync->folder;
}

TEST(a_commit_without_its_sync_is_missed)
{
    uint64_t seed = testing_seed();
    uint64_t passed = 0;
    while (passed < SEEDS && life_passes(seed + passed, all_syncs_ignored)) {
        passed++;
    }
    assert_true(passed < SEEDS);
}
