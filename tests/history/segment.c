// SPDX-License-Identifier: EUPL-1.2
#include "history/segment_inner.h"

#include "base/memory.h"
#include "os/disk_sim.h"
#include "tests/history/world.h"
#include "tests/testing.h"

enum { OP_MEMORY_MAX = 512 * 1024 * 1024 };

static const struct hash_secret secret = { .bytes = { 3, 1, 4, 1, 5, 9, 2, 6 } };

static void large_op_begin(struct op *op)
{
    static const struct actor actor = { .name = { (const uint8_t *)"tester", 6 } };
    op_begin(op, &actor, OP_MEMORY_MAX);
}

/* ---- comparing ---- */

/* From an entry of the world on, the cursor gives all of it. */
static void check_rest(struct op *op, struct segment_cursor *cursor, const struct world *world,
                       size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        assert_true(world_entry_is_next(op, cursor, &world->entries[i]));
    }
}

static void check_end(struct op *op, struct segment_cursor *cursor)
{
    struct history_entry none;
    check_err(segment_cursor_next(op, cursor, &none), ERR_ABSENT);
    check_err(segment_cursor_next(op, cursor, &none), ERR_ABSENT);
}

static struct segment *open_written(struct op *op, const struct segment_writer *writer)
{
    struct segment *segment;
    check_err(segment_open(op, segment_writer_bytes(writer), &secret, &segment), ERR_OK);
    return segment;
}

static struct span key_of(const struct history_entry *entry, uint8_t *key)
{
    history_order(entry->kind, entry->form, entry->order, key);
    return span_make(key, entry->order.size);
}

/* ---- round trips ---- */

TEST(a_segment_gives_back_all_that_was_written)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 20000);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct segment *segment = open_written(&op, writer);
    struct segment_cursor *cursor;

    check_err(segment_cursor_new(&op, segment, &cursor), ERR_OK);
    check_rest(&op, cursor, &world, 0, world.count);
    check_end(&op, cursor);

    segment_cursor_free(cursor);
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

TEST(a_segment_on_disk_is_the_one_in_memory)
{
    struct op op;
    large_op_begin(&op);
    struct disk *disk;
    struct disk_file *file;
    struct span map;
    struct world world;
    struct segment_facts facts;
    check_err(disk_sim_open(&op, 1, &disk), ERR_OK);
    check_err(disk_file_open(&op, disk, SPAN("segment"), DISK_CREATE_NEW, &file), ERR_OK);
    world_make(&world, &op, testing_seed(), 20000);
    struct segment_writer *in_memory = world_write(&world, &secret, NULL, NULL);

    struct segment_writer *on_disk = world_write(&world, &secret, file, &facts);
    disk_file_close(file);
    check_err(disk_sync_folder(&op, disk, SPAN("")), ERR_OK);
    disk_sim_crash(disk, 7);

    check_err(disk_map(&op, disk, SPAN("segment"), &map), ERR_OK);
    assert_true(span_equal(map, segment_writer_bytes(in_memory)));
    assert_int_equal(facts.size, map.size);
    disk_unmap(disk, map);
    disk_close(disk);
    segment_writer_free(in_memory);
    segment_writer_free(on_disk);
    op_end(&op);
}

TEST(an_empty_segment_is_one)
{
    struct op op;
    large_op_begin(&op);
    struct world world = { .op = &op };
    struct segment_facts facts;
    struct segment_writer *writer = world_write(&world, &secret, NULL, &facts);
    struct segment *segment = open_written(&op, writer);
    struct segment_cursor *cursor;
    size_t count;

    check_err(segment_cursor_new(&op, segment, &cursor), ERR_OK);
    check_end(&op, cursor);
    segment_cursor_seek(cursor, VALUE_DOMAIN, HISTORY_WHOLE, SPAN("gro.elpmaxe"));
    check_end(&op, cursor);
    assert_int_equal(facts.values, 0);
    assert_int_equal(facts.first_s, UINT32_MAX);
    assert_false(segment_may_hold(segment, VALUE_DOMAIN, HISTORY_WHOLE, SPAN("example.org")));
    assert_int_equal(segment_hosts(segment, &count)[0].size, 0);

    segment_cursor_free(cursor);
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

TEST(names_come_back_by_their_numbers)
{
    struct op op;
    large_op_begin(&op);
    struct world world = { .op = &op };
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct segment *segment = open_written(&op, writer);
    size_t host_count;
    size_t way_count;
    char name[WORLD_NAME_SIZE];

    const struct span *hosts = segment_hosts(segment, &host_count);
    const struct history_way *ways = segment_ways(segment, &way_count);

    assert_int_equal(host_count, WORLD_HOSTS);
    assert_int_equal(way_count, WORLD_WAYS);
    for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
        assert_true(span_equal(hosts[i], world_host(i, name)));
    }
    for (uint32_t i = 0; i < WORLD_WAYS; i++) {
        const struct history_way way = world_way(i, name);
        assert_true(span_equal(ways[i].sensor, way.sensor));
        assert_true(span_equal(ways[i].field, way.field));
        assert_int_equal(ways[i].direction, way.direction);
        assert_int_equal(ways[i].outcome, way.outcome);
        assert_int_equal(ways[i].assumed, way.assumed);
        assert_int_equal(ways[i].answer, way.answer);
    }
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

/* ---- seeking ---- */

TEST(a_cursor_finds_every_value_and_what_follows_it)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 5000);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct segment *segment = open_written(&op, writer);
    struct segment_cursor *cursor;
    check_err(segment_cursor_new(&op, segment, &cursor), ERR_OK);

    for (size_t n = 0; n < 2 * world.count; n++) {
        size_t i = n < world.count ? n : world_random(&world, world.count);
        const struct history_entry *entry = &world.entries[i];
        segment_cursor_seek(cursor, entry->kind, entry->form, entry->order);
        check_rest(&op, cursor, &world, i, i + 2 < world.count ? i + 2 : world.count);
    }

    segment_cursor_free(cursor);
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

/* Where an entry would stand in the world. */
static size_t place_in(const struct world *world, const struct history_entry *entry)
{
    size_t i = 0;
    while (i < world->count && history_order_compare(&world->entries[i], entry) < 0) {
        i++;
    }
    return i;
}

TEST(a_cursor_stands_behind_what_is_not_there)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    struct world others;
    uint64_t seed = testing_seed();
    world_make(&world, &op, seed, 5000);
    world_make(&others, &op, seed + 1, 2000);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct segment *segment = open_written(&op, writer);
    struct segment_cursor *cursor;
    check_err(segment_cursor_new(&op, segment, &cursor), ERR_OK);

    for (size_t n = 0; n < others.count; n++) {
        const struct history_entry *entry = &others.entries[n];
        struct history_entry asked = *entry;
        asked.order.size = world_random(&others, entry->order.size + 1); /* mostly a beginning */
        size_t i = place_in(&world, &asked);
        segment_cursor_seek(cursor, asked.kind, asked.form, asked.order);
        if (i == world.count) {
            check_end(&op, cursor);
        } else {
            check_rest(&op, cursor, &world, i, i + 1);
        }
    }
    segment_cursor_seek(cursor, VALUE_ASN, HISTORY_WHOLE, SPAN(""));
    check_end(&op, cursor);

    segment_cursor_free(cursor);
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

/* What is asked for ends where it may, whatever lies behind it. */
TEST(a_cursor_ends_where_what_is_wanted_ends)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    struct world others;
    uint64_t seed = testing_seed();
    world_make(&world, &op, seed, 3000);
    world_make(&others, &op, seed + 1, 1000);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct segment *segment = open_written(&op, writer);
    struct segment_cursor *cursor;
    check_err(segment_cursor_new(&op, segment, &cursor), ERR_OK);

    for (size_t n = 0; n < others.count; n++) {
        const bool there = n % 2 == 0;
        struct history_entry asked = there ? world.entries[n] : others.entries[n];
        size_t i = place_in(&world, &asked);
        bool point = n % 3 == 0;
        asked.order.size -= point ? 0 : world_random(&others, asked.order.size + 1);
        size_t begin = place_in(&world, &asked);
        segment_cursor_seek(cursor, asked.kind, asked.form, asked.order);
        segment_cursor_limit(cursor, point ? SEGMENT_REACH_POINT : SEGMENT_REACH_BEGIN);
        size_t end = begin;
        while (end < world.count && world.entries[end].kind == asked.kind &&
               world.entries[end].form == asked.form &&
               span_starts_with(world.entries[end].order, asked.order) &&
               (!point || world.entries[end].order.size == asked.order.size)) {
            end++;
        }
        assert_true(!there || (begin <= i && i < end));
        check_rest(&op, cursor, &world, begin, end);
        check_end(&op, cursor);
    }

    segment_cursor_free(cursor);
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

/* ---- very many postings ---- */

TEST(a_value_that_everybody_asks_for_comes_in_pieces)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 100);
    for (size_t i = 0; i < world.count; i += 7) {
        world_rows(&world, &world.entries[i], 30, 3000);
    }
    struct segment_facts facts;
    struct segment_writer *writer = world_write(&world, &secret, NULL, &facts);
    struct segment *segment = open_written(&op, writer);
    struct segment_cursor *cursor;
    check_err(segment_cursor_new(&op, segment, &cursor), ERR_OK);

    check_rest(&op, cursor, &world, 0, world.count);
    check_end(&op, cursor);
    for (size_t i = 0; i < world.count; i++) {
        const struct history_entry *entry = &world.entries[i];
        segment_cursor_seek(cursor, entry->kind, entry->form, entry->order);
        check_rest(&op, cursor, &world, i, i + 1);
    }
    assert_int_equal(facts.values, world.count);

    segment_cursor_free(cursor);
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

/* ---- facts ---- */

static struct segment_facts facts_of(const struct world *world)
{
    struct segment_facts facts = { .values = world->count, .first_s = UINT32_MAX };
    for (size_t i = 0; i < world->count; i++) {
        const struct history_entry *entry = &world->entries[i];
        facts.kind_values[entry->kind]++;
        facts.rows += entry->row_count;
        for (size_t k = 0; k < entry->row_count; k++) {
            facts.postings += entry->rows[k].posting_count;
            for (size_t p = 0; p < entry->rows[k].posting_count; p++) {
                const struct history_posting *posting = &entry->rows[k].postings[p];
                facts.count += posting->count;
                facts.first_s = posting->first_s < facts.first_s ? posting->first_s : facts.first_s;
                facts.last_s = posting->last_s > facts.last_s ? posting->last_s : facts.last_s;
            }
        }
    }
    return facts;
}

static void check_facts(const struct segment_facts *got, const struct segment_facts *expected)
{
    assert_int_equal(got->values, expected->values);
    assert_int_equal(got->rows, expected->rows);
    assert_int_equal(got->postings, expected->postings);
    assert_int_equal(got->count, expected->count);
    assert_int_equal(got->first_s, expected->first_s);
    assert_int_equal(got->last_s, expected->last_s);
    assert_memory_equal(got->kind_values, expected->kind_values, sizeof got->kind_values);
}

TEST(a_segment_knows_what_it_holds)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 3000);
    world_rows(&world, &world.entries[world.count / 2], 10, 3000);
    const struct segment_facts expected = facts_of(&world);
    struct segment_facts written;

    struct segment_writer *writer = world_write(&world, &secret, NULL, &written);
    struct segment *segment = open_written(&op, writer);

    check_facts(&written, &expected);
    check_facts(segment_facts(segment), &expected);
    assert_int_equal(written.size, segment_writer_bytes(writer).size);
    assert_memory_equal(&written, segment_facts(segment), sizeof written);
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

/* ---- the filter ---- */

TEST(what_is_there_passes_the_filter_and_so_does_every_name_above)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 10000);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct segment *segment = open_written(&op, writer);
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];

    for (size_t i = 0; i < world.count; i++) {
        const struct history_entry *entry = &world.entries[i];
        struct span key = key_of(entry, bytes);
        assert_true(segment_may_hold(segment, entry->kind, entry->form, key));
        bool name = entry->kind == VALUE_DOMAIN && entry->form != HISTORY_HASHED;
        for (ptrdiff_t dot = span_find(key, '.'); name && dot >= 0; dot = span_find(key, '.')) {
            key = span_from(key, (size_t)dot + 1);
            assert_true(segment_may_hold(segment, VALUE_DOMAIN, entry->form, key));
        }
    }
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

TEST(the_filter_lets_few_strangers_pass)
{
    enum { STRANGERS = 100000 };
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 20000);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct segment *segment = open_written(&op, writer);
    size_t passed = 0;
    struct segment_asked asked;

    for (size_t i = 0; i < STRANGERS; i++) {
        char name[64];
        int size = snprintf(name, sizeof name, "stranger-%zu.example.info", i);
        struct span key = span_make(name, (size_t)size);
        segment_asked_make(segment, VALUE_DOMAIN, HISTORY_WHOLE, key, &asked);
        segment_may_hold_ahead(segment, &asked);
        bool holds = segment_may_hold_asked(segment, &asked);
        assert_true(holds == segment_may_hold(segment, VALUE_DOMAIN, HISTORY_WHOLE, key));
        passed += holds ? 1 : 0;
    }

    assert_true(passed < STRANGERS / 150);
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

TEST(keys_of_several_segments_are_counted_once)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    struct world other;
    uint64_t seed = testing_seed();
    world_make(&world, &op, seed, 10000);
    world_make(&other, &op, seed + 1, 10000);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct segment_writer *other_writer = world_write(&other, &secret, NULL, NULL);
    struct segment *segment = open_written(&op, writer);
    struct segment *other_segment = open_written(&op, other_writer);
    const struct segment *same[] = { segment, segment, segment };
    const struct segment *both[] = { segment, other_segment };
    uint64_t keys = segment_facts(segment)->filter_keys;

    uint64_t of_same = segment_filter_keys_together(same, 3);
    uint64_t of_both = segment_filter_keys_together(both, 2);

    assert_true(of_same > keys * 7 / 10);
    assert_true(of_same < keys * 13 / 10);
    assert_true(of_both > of_same);
    segment_close(segment);
    segment_close(other_segment);
    segment_writer_free(writer);
    segment_writer_free(other_writer);
    op_end(&op);
}

/* A segment of one value, seen once. */
static struct segment_writer *write_one(struct op *op, enum value_kind kind, struct span order)
{
    static const struct history_posting posting = { 0, 0, WORLD_START_S, WORLD_START_S, 1 };
    static const struct history_row row = { WORLD_START_S, HISTORY_HOUR, 1, &posting };
    static struct history_entry entry;
    entry = (struct history_entry){ kind, HISTORY_WHOLE, order, 1, &row };
    struct world world = { .op = op, .count = 1, .entries = &entry };
    return world_write(&world, &secret, NULL, NULL);
}

TEST(a_url_passes_in_each_of_its_forms)
{
    static const char *const same[] = {
        "example.org/Login%2ephp?id=1", "example.org/Login.php?id=1", "example.org/login.PHP?ID=1",
        "example.org/Login.php",        "example.org/login.php",
    };
    struct op op;
    large_op_begin(&op);
    struct segment_writer *writer = write_one(&op, VALUE_URL, SPAN("example.org/Login%2ephp?id=1"));
    struct segment *segment = open_written(&op, writer);

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_true(segment_may_hold(segment, VALUE_URL, HISTORY_WHOLE, span_of(same[i])));
    }
    assert_false(segment_may_hold(segment, VALUE_URL, HISTORY_WHOLE, SPAN("example.org/other")));
    segment_close(segment);
    segment_writer_free(writer);
    op_end(&op);
}

TEST(the_filter_of_another_history_is_refused)
{
    struct op op;
    large_op_begin(&op);
    const struct hash_secret other = { .bytes = { 1 } };
    struct segment_writer *writer = write_one(&op, VALUE_DOMAIN, SPAN("gro.elpmaxe"));
    struct segment *segment = NULL;

    check_err(segment_open(&op, segment_writer_bytes(writer), &other, &segment), ERR_CORRUPT);

    segment_writer_free(writer);
    op_end(&op);
}

/* ---- damage ---- */

/* All entries that can be read, in order; at most one fault for each block. Returns how many
 * faults there were. */
static size_t read_damaged(struct op *op, const struct segment *segment, const struct world *world)
{
    struct segment_cursor *cursor;
    struct history_entry piece;
    size_t faults = 0;
    size_t i = 0;
    check_err(segment_cursor_new(op, segment, &cursor), ERR_OK);
    for (;;) {
        enum err err = segment_cursor_next(op, cursor, &piece);
        if (err == ERR_ABSENT) {
            break;
        }
        if (err == ERR_CORRUPT) {
            op_fault_clear(op);
            faults++;
            continue;
        }
        assert_int_equal(err, ERR_OK);
        while (i < world->count && history_order_compare(&world->entries[i], &piece) < 0) {
            assert_true(faults > 0);
            i++;
        }
        assert_true(i < world->count);
        struct world_progress progress = { 0, 0 };
        assert_true(world_piece_is(&piece, &world->entries[i], &progress));
        i++;
    }
    assert_true(i == world->count || faults > 0);
    segment_cursor_free(cursor);
    return faults;
}

TEST(a_flipped_bit_anywhere_is_named_or_harmless)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 150);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct span bytes = segment_writer_bytes(writer);
    uint8_t *copy = memory_new(bytes.size);
    uint8_t key[HISTORY_ORDER_SIZE_MAX];
    span_copy(copy, bytes.size, bytes);
    size_t refused = 0;
    size_t named = 0;

    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t bit = (uint8_t)(1u << world_random(&world, 8));
        struct segment *segment;
        copy[i] ^= bit;
        enum err err = segment_open(&op, span_make(copy, bytes.size), &secret, &segment);
        if (err == ERR_OK) {
            named += read_damaged(&op, segment, &world);
            for (size_t n = 0; n < world.count; n += 10) {
                const struct history_entry *entry = &world.entries[n];
                assert_true(
                    segment_may_hold(segment, entry->kind, entry->form, key_of(entry, key)));
            }
            segment_close(segment);
        } else {
            assert_true(err == ERR_CORRUPT || err == ERR_UNSUPPORTED);
            op_fault_clear(&op);
            refused++;
        }
        copy[i] ^= bit;
    }

    assert_true(refused > 0);
    assert_true(named > 0);
    memory_free(copy);
    segment_writer_free(writer);
    op_end(&op);
}

TEST(a_segment_cut_at_any_byte_is_refused)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 100);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct span bytes = segment_writer_bytes(writer);

    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *copy = memory_new(size + 1);
        struct segment *segment;
        span_copy(copy, size, span_slice(bytes, 0, size));
        check_err(segment_open(&op, span_make(copy, size), &secret, &segment), ERR_CORRUPT);
        op_fault_clear(&op);
        memory_free(copy);
    }
    segment_writer_free(writer);
    op_end(&op);
}

TEST(a_damaged_block_is_named_once_and_the_rest_still_answers)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 5000);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct span bytes = segment_writer_bytes(writer);
    uint8_t *copy = memory_new(bytes.size);
    span_copy(copy, bytes.size, bytes);
    copy[100] ^= 1; /* in the first block */
    struct segment *segment;
    struct segment_cursor *cursor;
    struct history_entry piece;
    check_err(segment_open(&op, span_make(copy, bytes.size), &secret, &segment), ERR_OK);
    check_err(segment_cursor_new(&op, segment, &cursor), ERR_OK);

    check_err(segment_cursor_next(&op, cursor, &piece), ERR_CORRUPT);

    check_span(span_of(op.fault.text),
               "block 0 at byte 16, from ipv4 on, is damaged (its checksum does not fit)");
    op_fault_clear(&op);
    assert_int_equal(read_damaged(&op, segment, &world), 1);
    segment_cursor_free(cursor);
    segment_close(segment);
    memory_free(copy);
    segment_writer_free(writer);
    op_end(&op);
}

TEST(a_damaged_filter_is_told_and_hides_nothing)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 300);
    struct segment_writer *writer = world_write(&world, &secret, NULL, NULL);
    struct span bytes = segment_writer_bytes(writer);
    uint8_t *copy = memory_new(bytes.size);
    span_copy(copy, bytes.size, bytes);
    struct segment *segment;
    bool damaged = false;
    for (size_t i = bytes.size; i > 0 && !damaged; i -= 16) {
        copy[i - 1] ^= 4;
        if (segment_open(&op, span_make(copy, bytes.size), &secret, &segment) == ERR_OK) {
            damaged = segment_check(&op, segment) == ERR_CORRUPT;
            if (damaged) {
                break;
            }
            segment_close(segment);
        }
        op_fault_clear(&op);
        copy[i - 1] ^= 4;
    }

    assert_true(damaged);
    assert_true(
        segment_may_hold(segment, VALUE_DOMAIN, HISTORY_WHOLE, SPAN("stranger.example.org")));
    segment_close(segment);
    memory_free(copy);
    segment_writer_free(writer);
    op_end(&op);
}

/* ---- what may fail ---- */

/* Write and read a small world; every fault is told. */
static enum err write_and_read(struct op *op, const struct world *world)
{
    const struct segment_options options = { .secret = &secret, .level = SEGMENT_LEVEL_FAST };
    struct segment_writer *writer = NULL;
    struct segment *segment = NULL;
    struct segment_cursor *cursor = NULL;
    struct history_entry entry;
    enum err err = segment_writer_new(op, NULL, &options, &writer);
    err = err == ERR_OK ? world_write_to(op, world, writer, NULL) : err;
    if (err == ERR_OK) {
        err = segment_open(op, segment_writer_bytes(writer), &secret, &segment);
    }
    err = err == ERR_OK ? segment_cursor_new(op, segment, &cursor) : err;
    while (err == ERR_OK) {
        err = segment_cursor_next(op, cursor, &entry);
    }
    segment_cursor_free(cursor);
    segment_close(segment);
    segment_writer_free(writer);
    return err;
}

TEST(without_memory_nothing_is_half_done)
{
    struct op op;
    large_op_begin(&op);
    struct world world;
    world_make(&world, &op, testing_seed(), 2000);
    uint64_t requests = 0;
    enum err err = ERR_LIMIT;

    while (err == ERR_LIMIT) {
        memory_fail_after(requests);
        err = write_and_read(&op, &world);
        memory_fail_after(UINT64_MAX);
        assert_true(err == ERR_LIMIT || err == ERR_ABSENT);
        assert_true(err == ERR_ABSENT || op.fault.err == ERR_LIMIT);
        op_fault_clear(&op);
        requests++;
    }

    assert_true(requests > 10);
    op_end(&op);
}

TEST(a_full_disk_is_told_and_the_writer_can_be_given_back)
{
    struct op op;
    large_op_begin(&op);
    struct disk *disk;
    struct disk_file *file;
    struct segment_writer *writer;
    struct world world;
    const struct segment_options options = { .secret = &secret, .level = SEGMENT_LEVEL_FAST };
    world_make(&world, &op, testing_seed(), 20000);
    check_err(disk_sim_open(&op, 1, &disk), ERR_OK);
    disk_sim_capacity(disk, 300 * 1024);
    check_err(disk_file_open(&op, disk, SPAN("segment"), DISK_CREATE_NEW, &file), ERR_OK);
    check_err(segment_writer_new(&op, file, &options, &writer), ERR_OK);

    check_err(world_write_to(&op, &world, writer, NULL), ERR_FULL);

    segment_writer_free(writer);
    disk_file_close(file);
    disk_close(disk);
    op_end(&op);
}

TEST(a_segment_of_a_newer_or_an_older_program_is_told_as_such)
{
    struct op op;
    large_op_begin(&op);
    struct segment_writer *writer = write_one(&op, VALUE_DOMAIN, SPAN("gro.elpmaxe"));
    struct span bytes = segment_writer_bytes(writer);
    struct segment *segment;
    uint8_t *copy = memory_new(bytes.size);
    span_copy(copy, bytes.size, bytes);
    const uint8_t versions[] = { 1, SEGMENT_VERSION + 1 };
    copy[8] = 9; /* the version in the head */
    check_err(segment_open(&op, span_make(copy, bytes.size), &secret, &segment), ERR_CORRUPT);
    op_fault_clear(&op);
    copy[bytes.size - 1] ^= 1; /* and a trailer of which this one knows nothing */

    for (size_t i = 0; i < sizeof versions; i++) {
        copy[8] = versions[i]; /* in the head */
        check_err(segment_open(&op, span_make(copy, bytes.size), &secret, &segment),
                  ERR_UNSUPPORTED);
        assert_non_null(strstr(op.fault.text, i == 0 ? "move the folder history away" : "newer"));
        op_fault_clear(&op);
    }

    memory_free(copy);
    segment_writer_free(writer);
    op_end(&op);
}
