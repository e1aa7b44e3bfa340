// SPDX-License-Identifier: EUPL-1.2
/*
 * The manifest: what is written is read, one damaged place costs nothing, and what is no manifest
 * is refused.
 */
#include "history/manifest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "base/wire.h"
#include "os/disk_sim.h"
#include "tests/testing.h"

enum { SEED = 4711, SEGMENTS = 20, LOSSES = 5 };

#define FILE_PATH SPAN("manifest")

struct desk {
    struct op op;
    struct disk *disk;
    struct manifest_segment segments[SEGMENTS];
    struct history_loss losses[LOSSES];
    struct manifest manifest;
};

static void desk_begin(struct desk *desk)
{
    *desk = (struct desk){ 0 };
    testing_op_begin(&desk->op);
    check_err(disk_sim_open(&desk->op, SEED, &desk->disk), ERR_OK);
    desk->manifest = (struct manifest){
        .history = { { 1, 2, 3 } },
        .secret = { { 4, 5, 6 } },
        .generation = 77,
        .next_number = 1000,
        .through = 55,
        .wal_number = 999,
        .clock_s = 1700000000,
        .segment_count = SEGMENTS,
        .segments = desk->segments,
        .loss_count = LOSSES,
        .losses = desk->losses,
    };
    for (uint32_t i = 0; i < LOSSES; i++) {
        desk->losses[i] = (struct history_loss){
            .of = (enum history_loss_of)(i % HISTORY_LOSS_OF_COUNT),
            .file = 300 + i,
            .count = 310 + i,
            .kinds = UINT64_C(1) << (40 + i),
            .first_s = 320 + i,
            .last_s = 330 + i,
            .found_s = 340 + i,
            .gone = i % 2 == 0,
            .known = i % 3 == 0,
        };
    }
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        struct manifest_segment *segment = &desk->segments[i];
        segment->number = i + 1;
        segment->made_s = 1600000000 + i;
        segment->mark = UINT64_C(0xFEDCBA9876543210) + i;
        segment->facts = (struct segment_facts){
            .values = 10 + i,
            .rows = 20 + i,
            .postings = 30 + i,
            .count = 40 + i,
            .first_s = 50 + i,
            .last_s = 60 + i,
            .size = 70 + i,
            .blocks = 80 + i,
            .filter_keys = 90 + i,
            .kind_values = { [VALUE_DOMAIN] = 100 + i, [VALUE_ASN] = 200 + i },
        };
    }
}

static void desk_end(struct desk *desk)
{
    disk_close(desk->disk);
    op_end(&desk->op);
}

static struct span file_bytes(struct desk *desk)
{
    struct span map;
    struct span copy;
    check_err(disk_map(&desk->op, desk->disk, FILE_PATH, &map), ERR_OK);
    check_err(op_copy(&desk->op, map, &copy), ERR_OK);
    disk_unmap(desk->disk, map);
    return copy;
}

static enum err read_bytes(struct desk *desk, struct span bytes, struct manifest *ret)
{
    check_err(disk_replace(&desk->op, desk->disk, FILE_PATH, bytes), ERR_OK);
    op_fault_clear(&desk->op);
    return manifest_read(&desk->op, desk->disk, FILE_PATH, ret);
}

static void check_same(const struct manifest *a, const struct manifest *b)
{
    assert_true(uuid_equal(&a->history, &b->history));
    assert_memory_equal(&a->secret, &b->secret, sizeof a->secret);
    assert_int_equal(a->generation, b->generation);
    assert_int_equal(a->next_number, b->next_number);
    assert_int_equal(a->through, b->through);
    assert_int_equal(a->wal_number, b->wal_number);
    assert_int_equal(a->clock_s, b->clock_s);
    assert_int_equal(a->segment_count, b->segment_count);
    for (size_t i = 0; i < a->segment_count; i++) {
        assert_int_equal(a->segments[i].number, b->segments[i].number);
        assert_int_equal(a->segments[i].made_s, b->segments[i].made_s);
        assert_int_equal(a->segments[i].mark, b->segments[i].mark);
        assert_memory_equal(&a->segments[i].facts, &b->segments[i].facts,
                            sizeof a->segments[i].facts);
    }
    assert_int_equal(a->loss_count, b->loss_count);
    for (size_t i = 0; i < a->loss_count; i++) {
        assert_int_equal(a->losses[i].of, b->losses[i].of);
        assert_int_equal(a->losses[i].file, b->losses[i].file);
        assert_int_equal(a->losses[i].count, b->losses[i].count);
        assert_int_equal(a->losses[i].kinds, b->losses[i].kinds);
        assert_int_equal(a->losses[i].first_s, b->losses[i].first_s);
        assert_int_equal(a->losses[i].last_s, b->losses[i].last_s);
        assert_int_equal(a->losses[i].found_s, b->losses[i].found_s);
        assert_int_equal(a->losses[i].gone, b->losses[i].gone);
        assert_int_equal(a->losses[i].known, b->losses[i].known);
    }
}

TEST(what_is_written_is_read)
{
    struct desk desk;
    struct manifest read;
    desk_begin(&desk);
    check_err(manifest_read(&desk.op, desk.disk, FILE_PATH, &read), ERR_ABSENT);

    check_err(manifest_write(&desk.op, desk.disk, FILE_PATH, &desk.manifest), ERR_OK);
    check_err(manifest_read(&desk.op, desk.disk, FILE_PATH, &read), ERR_OK);
    check_same(&desk.manifest, &read);
    assert_false(read.damaged);

    desk.manifest.segment_count = 0;
    desk.manifest.loss_count = 0;
    check_err(manifest_write(&desk.op, desk.disk, FILE_PATH, &desk.manifest), ERR_OK);
    check_err(manifest_read(&desk.op, desk.disk, FILE_PATH, &read), ERR_OK);
    check_same(&desk.manifest, &read);
    desk_end(&desk);
}

/* The file as a program before marks of rules wrote it, of the first copy of one that has them. */
static void without_marks(struct span whole, struct buf *file)
{
    const size_t fixed = 8 + 16 + sizeof(struct hash_secret) + 3 * 8 + 2 * 4;
    const size_t before = 8 + 4; /* number and time */
    const size_t behind = 4 * 8 + 2 * 4 + 3 * 8 + 4 + VALUE_KIND_COUNT * 8;
    struct wire_reader r = wire_reader_of(whole);
    buf_add(file, wire_take(&r, 8));
    assert_int_equal(wire_u32(&r), 3);
    wire_add_u32(file, 2);
    size_t size = wire_u32(&r);
    wire_add_u32(file, (uint32_t)(size - SEGMENTS * sizeof(uint64_t)));
    r = wire_reader_of(wire_take(&r, size));
    buf_add(file, wire_take(&r, fixed));
    for (size_t i = 0; i < SEGMENTS; i++) {
        buf_add(file, wire_take(&r, before));
        (void)wire_u64(&r);
        buf_add(file, wire_take(&r, behind));
    }
    buf_add(file, r.rest);
    wire_add_u64(file, XXH3_64bits(file->data, file->size));
    for (size_t left = file->size; left > 0; left--) {
        buf_add_byte(file, 0); /* the second copy is none */
    }
    check_err(r.err, ERR_OK);
    check_err(file->err, ERR_OK);
}

TEST(manifest_of_a_program_that_knew_no_marks_is_read_as_one_whose_marks_are_not_known)
{
    struct desk desk;
    struct manifest read;
    struct buf file;
    desk_begin(&desk);
    check_err(manifest_write(&desk.op, desk.disk, FILE_PATH, &desk.manifest), ERR_OK);
    buf_init(&file, MANIFEST_SIZE_MAX);
    without_marks(file_bytes(&desk), &file);
    check_err(read_bytes(&desk, buf_span(&file), &read), ERR_OK);
    for (size_t i = 0; i < SEGMENTS; i++) {
        desk.segments[i].mark = 0;
    }
    check_same(&desk.manifest, &read);
    buf_done(&file);
    desk_end(&desk);
}

TEST(a_flipped_bit_is_told_and_costs_nothing)
{
    struct desk desk;
    struct manifest read;
    desk_begin(&desk);
    check_err(manifest_write(&desk.op, desk.disk, FILE_PATH, &desk.manifest), ERR_OK);
    struct span whole = file_bytes(&desk);
    uint8_t *changed = memory_new(whole.size);
    assert_non_null(changed);

    size_t told = 0;
    for (size_t bit = 0; bit < whole.size * 8; bit += 307) {
        span_copy(changed, whole.size, whole);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check_err(read_bytes(&desk, span_make(changed, whole.size), &read), ERR_OK);
        check_same(&desk.manifest, &read);
        told += read.damaged;
    }

    assert_true(told > whole.size * 8 / 307 / 2); /* the others were in the zeros behind a copy */
    memory_free(changed);
    desk_end(&desk);
}

TEST(what_is_no_manifest_is_refused)
{
    struct desk desk;
    struct manifest read;
    desk_begin(&desk);
    check_err(manifest_write(&desk.op, desk.disk, FILE_PATH, &desk.manifest), ERR_OK);
    struct span whole = file_bytes(&desk);

    for (size_t size = 0; size < whole.size; size += 13) {
        struct manifest kept = { .generation = 1 };
        enum err err = read_bytes(&desk, span_slice(whole, 0, size), &kept);
        if (err == ERR_OK) { /* the first copy is whole */
            check_same(&desk.manifest, &kept);
            assert_true(kept.damaged);
        } else {
            check_err(err, ERR_CORRUPT);
            assert_int_equal(kept.generation, 1);
        }
    }
    uint8_t *newer = memory_new(whole.size);
    assert_non_null(newer);
    span_copy(newer, whole.size, whole);
    newer[0] ^= 1;
    newer[whole.size / 2] ^= 1;
    check_err(read_bytes(&desk, span_make(newer, whole.size), &read), ERR_CORRUPT);
    memory_free(newer);
    desk_end(&desk);
}

TEST(numbers_that_contradict_each_other_are_refused)
{
    struct desk desk;
    struct manifest read;
    desk_begin(&desk);
    desk.segments[3].number = desk.manifest.next_number;
    check_err(manifest_write(&desk.op, desk.disk, FILE_PATH, &desk.manifest), ERR_OK);
    check_err(manifest_read(&desk.op, desk.disk, FILE_PATH, &read), ERR_CORRUPT);

    desk.segments[3].number = 4;
    desk.manifest.wal_number = 0;
    op_fault_clear(&desk.op);
    check_err(manifest_write(&desk.op, desk.disk, FILE_PATH, &desk.manifest), ERR_OK);
    check_err(manifest_read(&desk.op, desk.disk, FILE_PATH, &read), ERR_CORRUPT);
    desk_end(&desk);
}
