// SPDX-License-Identifier: EUPL-1.2
/*
 * What must not harm: power loss at any moment, damage anywhere, missing parts, writers in between,
 * and parts made by somebody hostile.
 */
#include "tests/backup/node.h"

#include <stdio.h>

#include "backup/format.h"
#include "backup/section.h"
#include "base/memory.h"
#include "os/disk_ops.h"
#include "tests/testing.h"

enum { SEED = 11, CHANCES = 30 };

static const char *const part_1 = "part-000001.linie-backup";
static const char *const part_2 = "part-000002.linie-backup";
static const char *const part_3 = "part-000003.linie-backup";

/* A restore fails with this error and leaves nothing. */
static void check_refused(struct disk *source, const struct backup_options *options,
                          enum err expected)
{
    struct disk *restored = backup_empty_disk();
    check_err(backup_restore_do(source, restored, options), expected);
    struct op op;
    testing_op_begin(&op);
    struct span *names;
    size_t count;
    check_err(disk_list(&op, restored, SPAN(""), &names, &count), ERR_OK);
    assert_int_equal(count, 0);
    op_end(&op);
    disk_close(restored);
}

/* --- Power loss --- */

/* A node with a backup of one part, and something new. */
static void node_with_news(struct backup_node *node, uint64_t seed,
                           const struct backup_options *options)
{
    backup_node_begin(node, seed);
    check_err(backup_do(node, options, NULL), ERR_OK);
    (void)backup_node_append(node, 700);
    (void)backup_node_blob(node, 700);
}

/* Stops the backup at a change of its disk; false where it came to its end. */
static bool stopped_backup(uint64_t at, bool full, uint64_t seed)
{
    struct backup_node node;
    struct backup_options options = backup_plain();
    node_with_news(&node, seed, &options);
    struct disk *before = backup_empty_disk();
    check_err(backup_restore_do(node.target, before, &options), ERR_OK);
    options.full = full;
    disk_sim_fail_change(node.target, at, DISK_SIM_FAULT_STOP);
    enum err err = backup_do(&node, &options, NULL);
    if (err == ERR_OK) {
        disk_close(before);
        backup_node_end(&node);
        return false;
    }
    disk_sim_crash(node.target, seed);

    struct disk *after = backup_empty_disk();
    check_err(backup_restore_do(node.target, after, &options), ERR_OK);
    assert_true(backup_same(before, after) || backup_same(node.disk, after));
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    backup_node_check_restored(&node, &options);
    struct backup_summary summary;
    check_err(backup_do(&node, &options, &summary), ERR_OK);
    assert_int_equal(backup_file_count(node.target, false), summary.parts + 1); /* and the lock */
    disk_close(after);
    disk_close(before);
    backup_node_end(&node);
    return true;
}

TEST(backup_cut_short_anywhere_leaves_the_earlier_one_or_the_new_one)
{
    uint64_t seed = testing_seed();
    for (size_t full = 0; full < 2; full++) {
        uint64_t at = 0;
        while (stopped_backup(at, full == 1, seed + at)) {
            at++;
        }
        assert_true(at > 5);
    }
}

TEST(backup_onto_a_full_disk_leaves_the_earlier_one)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    node_with_news(&node, SEED, &options);
    (void)backup_node_blob(&node, 100 * 1000);
    struct span part;
    assert_true(backup_file_read(&node.op, node.target, part_1, &part));
    disk_sim_capacity(node.target, part.size + 1000);

    check_err(backup_do(&node, &options, NULL), ERR_FULL);

    assert_int_equal(backup_file_count(node.target, false), 2); /* the part and the lock */
    disk_sim_capacity(node.target, UINT64_MAX);
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    backup_node_check_restored(&node, &options);
    backup_node_end(&node);
}

/* Loses the power at a change of the restored disk; false where the restore came to its end. */
static bool stopped_restore(struct backup_node *node, uint64_t at, uint64_t seed)
{
    const struct backup_options options = backup_plain();
    struct disk *restored = backup_empty_disk();
    disk_sim_fail_change(restored, at, DISK_SIM_FAULT_STOP);
    enum err err = backup_restore_do(node->target, restored, &options);
    disk_sim_crash(restored, seed);
    struct op op;
    struct span config;
    testing_op_begin(&op);
    if (backup_file_read(&op, restored, "linie.conf", &config)) {
        /* Of a rename, the new name may survive and the old one too. */
        enum err removed = disk_remove(&op, restored, SPAN("linie.conf.restoring"));
        assert_true(removed == ERR_OK || removed == ERR_ABSENT);
        assert_true(backup_same(node->disk, restored));
    } else {
        assert_int_not_equal(err, ERR_OK);
    }
    op_end(&op);
    disk_close(restored);
    return err != ERR_OK;
}

TEST(restore_cut_short_anywhere_never_looks_like_a_node)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    uint64_t seed = testing_seed();
    node_with_news(&node, SEED, &options);
    backup_node_exercise(&node, "storm");
    check_err(backup_do(&node, &options, NULL), ERR_OK);

    uint64_t at = 0;
    while (stopped_restore(&node, at, seed + at)) {
        at++;
    }
    assert_true(at > 20);
    for (uint64_t i = 0; i < CHANCES; i++) { /* the power goes when all is done */
        assert_false(stopped_restore(&node, at, seed + at + i));
    }

    backup_node_end(&node);
}

TEST(restore_goes_into_an_empty_folder_only)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    node_with_news(&node, SEED, &options);
    struct disk *target = backup_empty_disk();
    backup_node_put(target, "notes.txt", SPAN("mine"));

    check_err(backup_restore_do(node.target, target, &options), ERR_EXISTS);

    assert_int_equal(backup_file_count(target, false), 1);
    disk_close(target);
    backup_node_end(&node);
}

TEST(restore_that_fails_to_write_removes_what_it_made)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    node_with_news(&node, SEED, &options);
    uint64_t at = 0;
    enum err err = ERR_FULL;
    while (err != ERR_OK) {
        struct disk *target = backup_empty_disk();
        disk_sim_fail_change(target, at, DISK_SIM_FAULT_FULL);
        err = backup_restore_do(node.target, target, &options);
        bool last = backup_file_count(target, false) > 0;

        assert_true(err == ERR_FULL || err == ERR_OK);
        assert_int_equal(last, err == ERR_OK);
        disk_close(target);
        at++;
    }
    assert_true(at > 10);
    backup_node_end(&node);
}

TEST(running_out_of_memory_harms_no_backup)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    node_with_news(&node, SEED, &options);
    enum err err = ERR_LIMIT;
    for (uint64_t count = 0; err != ERR_OK; count++) {
        struct op op;
        struct backup_summary summary;
        testing_op_begin(&op);
        memory_fail_after(count);
        err = backup_write(&op, node.disk, node.target, &options, &summary);
        memory_fail_after(UINT64_MAX);
        op_end(&op);
        if (err != ERR_OK) {
            check_err(err, ERR_LIMIT);
            check_err(backup_check_do(node.target, &options), ERR_OK);
        }
    }
    backup_node_check_restored(&node, &options);
    backup_node_end(&node);
}

/* --- Damage --- */

static void flip_each_byte(struct backup_node *node, const char *name,
                           const struct backup_options *options, uint64_t *random)
{
    struct span bytes;
    assert_true(backup_file_read(&node->op, node->target, name, &bytes));
    for (size_t i = 0; i < bytes.size; i++) {
        struct op op;
        testing_op_begin(&op);
        struct span changed;
        check_err(op_copy(&op, bytes, &changed), ERR_OK);
        uint8_t bit = (uint8_t)(1u << (testing_random(random) % 8));
        ((uint8_t *)(uintptr_t)changed.data)[i] ^= bit;
        backup_node_put(node->target, name, changed);

        enum err err = backup_check_do(node->target, options);

        assert_int_not_equal(err, ERR_OK);
        assert_int_not_equal(err, ERR_DENIED); /* damage is not taken for a wrong key */
        op_end(&op);
    }
    backup_node_put(node->target, name, bytes);
    check_err(backup_check_do(node->target, options), ERR_OK);
}

TEST(flipped_bit_anywhere_is_detected)
{
    uint64_t random = testing_seed();
    for (size_t run = 0; run < 2; run++) {
        struct backup_node node;
        const struct backup_options options = run == 0 ? backup_plain() : backup_sealed("key");
        backup_node_begin(&node, SEED);
        check_err(backup_do(&node, &options, NULL), ERR_OK);
        (void)backup_node_append(&node, 50);
        check_err(backup_do(&node, &options, NULL), ERR_OK);

        flip_each_byte(&node, part_1, &options, &random);
        flip_each_byte(&node, part_2, &options, &random);

        backup_node_end(&node);
    }
}

TEST(part_cut_short_or_lengthened_is_detected)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    struct span bytes;
    assert_true(backup_file_read(&node.op, node.target, part_1, &bytes));

    for (size_t size = 0; size < bytes.size; size += 7) {
        backup_node_put(node.target, part_1, span_slice(bytes, 0, size));
        check_err(backup_check_do(node.target, &options), ERR_CORRUPT);
    }
    struct span longer = { op_alloc(&node.op, bytes.size + 1), bytes.size + 1 };
    span_copy((uint8_t *)(uintptr_t)longer.data, longer.size, bytes);
    backup_node_put(node.target, part_1, longer);
    check_refused(node.target, &options, ERR_CORRUPT);
    backup_node_end(&node);
}

/* A backup of three parts. */
static void node_with_parts(struct backup_node *node, uint64_t seed)
{
    const struct backup_options options = backup_plain();
    node_with_news(node, seed, &options);
    check_err(backup_do(node, &options, NULL), ERR_OK);
    (void)backup_node_append(node, 700);
    check_err(backup_do(node, &options, NULL), ERR_OK);
}

TEST(missing_part_is_named)
{
    static const char *const names[] = { "part-000001.linie-backup", "part-000002.linie-backup" };
    struct backup_node node;
    const struct backup_options options = backup_plain();
    node_with_parts(&node, SEED);
    for (size_t i = 0; i < 2; i++) {
        struct disk *copy = backup_parts_copy(node.target);
        check_err(disk_remove(&node.op, copy, span_of(names[i])), ERR_OK);
        struct op op;
        struct backup_summary summary;
        testing_op_begin(&op);

        check_err(backup_check(&op, copy, &options, &summary), ERR_CORRUPT);

        assert_non_null(strstr(op.fault.text, names[i]));
        op_end(&op);
        check_refused(copy, &options, ERR_CORRUPT);
        disk_close(copy);
    }
    backup_node_end(&node);
}

TEST(backup_without_its_newest_part_is_the_earlier_backup)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    node_with_parts(&node, SEED);

    check_err(disk_remove(&node.op, node.target, span_of(part_3)), ERR_OK);

    check_err(backup_check_do(node.target, &options), ERR_OK);
    backup_node_end(&node);
}

TEST(part_of_another_backup_or_out_of_its_place_is_refused)
{
    struct backup_node node;
    struct backup_node other;
    struct backup_options options = backup_plain();
    node_with_parts(&node, SEED);
    node_with_parts(&other, SEED);
    struct span own;
    struct span strange;
    assert_true(backup_file_read(&node.op, node.target, part_2, &own));
    assert_true(backup_file_read(&node.op, other.target, part_2, &strange));

    backup_node_put(node.target, part_2, strange);
    check_refused(node.target, &options, ERR_CONFLICT);
    backup_node_put(node.target, part_2, own);
    backup_node_put(node.target, part_3, own);
    check_refused(node.target, &options, ERR_CONFLICT);

    backup_node_end(&other);
    backup_node_end(&node);
}

TEST(part_of_a_newer_version_is_left_alone)
{
    struct backup_node node;
    struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    struct span bytes;
    assert_true(backup_file_read(&node.op, node.target, part_1, &bytes));
    ((uint8_t *)(uintptr_t)bytes.data)[8] = BACKUP_VERSION + 1;
    backup_node_put(node.target, part_1, bytes);

    check_refused(node.target, &options, ERR_UNSUPPORTED);
    check_err(backup_do(&node, &options, NULL), ERR_UNSUPPORTED);
    options.full = true;
    check_err(backup_do(&node, &options, NULL), ERR_UNSUPPORTED);

    backup_node_end(&node);
}

/* --- A writer in between --- */

/* A disk that lets the node write when its files are opened. Files belong to the disk behind. */
struct spy {
    struct disk base;
    struct backup_node *node;
    uint64_t opens;
    uint64_t strike; /* at which opening */
    uint64_t target; /* what is erased then */
};

static enum err spy_file_open(struct op *op, struct disk *disk, struct span path,
                              enum disk_mode mode, struct disk_file **ret)
{
    struct spy *spy = (struct spy *)disk;
    enum err err = disk_file_open(op, spy->node->disk, path, mode, ret);
    bool strikes = spy->opens == spy->strike;
    spy->opens++;
    if (strikes) {
        (void)backup_node_blob(spy->node, 300);
        (void)backup_node_append(spy->node, 300);
        backup_node_erase(spy->node, spy->target);
        (void)backup_node_append(spy->node, 5000);
    }
    return err;
}

static enum err spy_list(struct op *op, struct disk *disk, struct span path,
                         struct span **ret_names, size_t *ret_count)
{
    return disk_list(op, ((struct spy *)disk)->node->disk, path, ret_names, ret_count);
}

static const struct disk_ops spy_ops = { .file_open = spy_file_open, .list = spy_list };

/* Backs up while something is written and erased at one opening of a file; false where there were
 * fewer openings. */
static bool struck_backup(uint64_t strike, bool later, uint64_t target)
{
    struct backup_node node;
    const struct backup_options options = backup_plain();
    backup_node_begin(&node, SEED);
    (void)backup_node_append(&node, 3000);
    (void)backup_node_append(&node, 3000);
    if (later) {
        check_err(backup_do(&node, &options, NULL), ERR_OK);
        (void)backup_node_append(&node, 100);
    }
    struct spy spy = { .base.ops = &spy_ops, .node = &node, .strike = strike, .target = target };
    struct op op;
    struct backup_summary summary;
    testing_op_begin(&op);
    check_err(backup_write(&op, &spy.base, node.target, &options, &summary), ERR_OK);
    op_end(&op);

    struct disk *restored = backup_empty_disk();
    check_err(backup_restore_do(node.target, restored, &options), ERR_OK);
    disk_close(restored);
    check_err(backup_do(&node, &options, NULL), ERR_OK);
    backup_node_check_restored(&node, &options);
    backup_node_end(&node);
    return spy.opens > strike;
}

TEST(erasing_in_the_middle_of_a_backup_is_carried_whole)
{
    for (uint64_t run = 0; run < 4; run++) {
        uint64_t strike = 0;
        uint64_t target = run / 2 == 0 ? 2 : 4;
        while (struck_backup(strike, run % 2 == 1, target)) {
            strike++;
        }
        assert_true(strike > 5);
    }
}

/* --- Hostile parts --- */

/* Writes a part that is sound in all but its records. */
static void part_forge(struct disk *target, const struct backup_record *data, size_t data_count,
                       const struct backup_record *index, size_t index_count)
{
    struct op op;
    testing_op_begin(&op);
    const struct backup_header header = {
        .version = BACKUP_VERSION, .number = 1, .first = 1, .generation = { 1 }
    };
    uint8_t bytes[BACKUP_HEADER_SIZE];
    backup_header_write(bytes, &header);
    struct disk_file *file;
    check_err(disk_file_open(&op, target, span_of(part_1), DISK_CREATE_NEW, &file), ERR_OK);
    check_err(disk_write(&op, file, 0, span_make(bytes, sizeof bytes)), ERR_OK);

    struct backup_footer footer = { 0 };
    struct backup_place place = { .file = file,
                                  .name = span_of(part_1),
                                  .header = bytes,
                                  .kind = BACKUP_SECTION_DATA,
                                  .offset = BACKUP_HEADER_SIZE };
    struct backup_section section;
    check_err(backup_section_write(&op, &place, &section), ERR_OK);
    for (size_t i = 0; i < data_count; i++) {
        check_err(backup_section_add(&op, &section, &data[i]), ERR_OK);
    }
    check_err(backup_section_finish(&op, &section, &footer.data_size, footer.data_digest), ERR_OK);
    backup_section_done(&section);
    place.kind = BACKUP_SECTION_INDEX;
    place.offset += footer.data_size;
    check_err(backup_section_write(&op, &place, &section), ERR_OK);
    for (size_t i = 0; i < index_count; i++) {
        check_err(backup_section_add(&op, &section, &index[i]), ERR_OK);
    }
    check_err(backup_section_finish(&op, &section, &footer.index_size, footer.index_digest),
              ERR_OK);
    backup_section_done(&section);
    backup_footer_seal(bytes, &footer);
    uint8_t end[BACKUP_FOOTER_SIZE];
    backup_footer_write(end, &footer);
    check_err(disk_write(&op, file, place.offset + footer.index_size, span_make(end, sizeof end)),
              ERR_OK);
    disk_file_close(file);
    op_end(&op);
}

/* Forges a part with some records beside those that every backup has; its restore must be refused
 * for the reason given. */
static void check_forged(const struct backup_record *data, const struct backup_record *index,
                         const char *reason)
{
    const struct backup_record data_all[] = {
        { .kind = BACKUP_DATA, .path = SPAN("linie.conf"), .bytes = SPAN("x") },
        *data,
    };
    const struct backup_record index_all[] = {
        { .kind = BACKUP_FILE, .path = SPAN("linie.conf"), .size = 1 },
        { .kind = BACKUP_WORLD, .path = SPAN("real"), .last = 1 },
        *index,
        { .kind = BACKUP_END, .files = 2, .worlds = 1 },
    };
    struct disk *source = backup_empty_disk();
    const struct backup_options options = backup_plain();
    part_forge(source, data_all, 2, index_all, 4);
    check_refused(source, &options, ERR_CORRUPT);
    struct op op;
    struct backup_summary summary;
    struct disk *restored = backup_empty_disk();
    testing_op_begin(&op);
    check_err(backup_restore(&op, source, restored, &options, &summary), ERR_CORRUPT);
    if (strstr(op.fault.text, reason) == NULL) {
        print_error("refused, but with: %s\n", op.fault.text);
        fail();
    }
    op_end(&op);
    disk_close(restored);
    disk_close(source);
}

TEST(forged_paths_are_refused)
{
    static const char *const paths[] = {
        "../outside",
        "/etc/passwd",
        "keys/../../outside",
        "keys/..",
        "keys/.hidden",
        "keys/",
        "",
        "keys/a/b",
        "real",
        "real/linie.db",
        "real/lock",
        "real/journal/../../../x",
        "real/blobs/x",
        "real/journal/1.journal",
        "exercises/../journal/000000000001.journal",
        "linie.conf/x",
        "exercises/A/journal/000000000001.journal",
        "real/journal/000000000001.journal/x",
        "real/blobs/ab/cd00000000000000000000000000000000000000000000000000000000000000",
        "linie.conf.restoring",
        "index",
        "keys/a\nb",
        "keys/a\x1b[31m",
    };
    const struct backup_record index = { .kind = BACKUP_FILE, .path = SPAN("keys/a"), .size = 1 };
    const struct backup_record data = { .kind = BACKUP_DATA,
                                        .path = SPAN("keys/a"),
                                        .bytes = SPAN("x") };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct backup_record forged = data;
        forged.path = span_of(paths[i]);
        check_forged(&forged, &index, "names what no backup holds");
        forged = index;
        forged.path = span_of(paths[i]);
        check_forged(&data, &forged, "names what no backup holds");
    }
}

TEST(forged_sizes_and_places_are_refused)
{
    const struct backup_record index = { .kind = BACKUP_FILE, .path = SPAN("keys/a"), .size = 10 };
    struct backup_record data = { .kind = BACKUP_DATA, .path = SPAN("keys/a"), .bytes = SPAN("x") };

    check_forged(&data, &index, "lacks bytes of keys/a, from byte 1"); /* fewer than it says */
    data.offset = UINT64_MAX;
    check_forged(&data, &index, "lacks bytes of keys/a, from byte 0"); /* far away */
    data.offset = 1;
    data.bytes = SPAN("123456789");
    check_forged(&data, &index, "lacks bytes of keys/a, from byte 0"); /* with a gap */
    data.bytes = SPAN("x");
    data.offset = 0;
    data.path = SPAN("keys/b");
    check_forged(&data, &index, "no index names it");

    struct backup_record huge = index;
    huge.size = UINT64_MAX;
    data.path = SPAN("keys/a");
    check_forged(&data, &huge, "lacks bytes of keys/a, from byte 1");
    const struct backup_record unknown = { .kind = BACKUP_FILE,
                                           .path = SPAN("exercises/a/journal/000000000001.journal"),
                                           .size = 1 };
    data.path = unknown.path;
    check_forged(&data, &unknown, "but not that world");
}

TEST(forged_journal_is_refused)
{
    const struct backup_record index = { .kind = BACKUP_FILE,
                                         .path = SPAN("real/journal/000000000001.journal"),
                                         .size = 9 };
    const struct backup_record data = { .kind = BACKUP_DATA,
                                        .path = SPAN("real/journal/000000000001.journal"),
                                        .bytes = SPAN("nonsense!") };

    check_forged(&data, &index, "does not end where the backup says");
}

TEST(forged_index_that_does_not_end_or_count_is_refused)
{
    const struct backup_record data = { .kind = BACKUP_DATA,
                                        .path = SPAN("keys/a"),
                                        .bytes = SPAN("x") };
    const struct backup_record end = { .kind = BACKUP_END, .files = 1, .worlds = 1 };
    const struct backup_record gone = { .kind = BACKUP_GONE, .path = SPAN("linie.conf") };

    check_forged(&data, &end, "does not end as it should"); /* something behind the end */
    check_forged(&data, &gone, "does not count");           /* fewer files than counted */
}
