// SPDX-License-Identifier: EUPL-1.2
/*
 * A backup leaves out what is derived: a restored node makes the same of its journal again, and
 * goes on from there.
 */
#include <stdio.h>

#include "backup/backup.h"
#include "os/disk_below.h"
#include "store/store.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum { PACK_TEXT_MAX = 4096, PATH_SIZE = SCRATCH_PATH_SIZE + 16 };

static const char identity[] =
    "{\"type\":\"identity\",\"spec_version\":\"2.1\","
    "\"id\":\"identity--11111111-1111-4111-8111-111111111111\","
    "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\","
    "\"name\":\"Water Board\",\"identity_class\":\"organization\"}";

/* A folder of the scratch, with the folder of its world, as a disk. */
static struct disk *node_folder(struct op *op, const struct scratch *scratch, const char *name,
                                bool with_world)
{
    char path[PATH_SIZE];
    struct disk *root = scratch_disk(op, scratch);
    struct disk *disk;
    check_err(disk_make_folder(op, root, span_of(name)), ERR_OK);
    disk_close(root);
    snprintf(path, sizeof path, "%s/%s", scratch->path, name);
    check_err(disk_open_real(op, span_of(path), &disk), ERR_OK);
    if (with_world) {
        check_err(disk_make_folder(op, disk, SPAN("real")), ERR_OK);
    }
    return disk;
}

static void set_add(struct op *op, struct store *store, struct span value)
{
    const struct hash_secret secret = { { 1, 2, 3 } };
    struct value_buf bytes;
    struct pack_writer *writer;
    struct pack_member member = { .confidence = PACK_CONFIDENCE_UNKNOWN,
                                  .tlp = PACK_TLP_OF_SET,
                                  .first_seen_us = TIME_US_NONE,
                                  .valid_from_us = TIME_US_NONE,
                                  .valid_until_us = TIME_US_NONE };
    check_err(pack_writer_new(op, &secret, &writer), ERR_OK);
    check_err(value_recognise(value, &bytes, &member.value, &member.scope), ERR_OK);
    check_err(pack_writer_add(op, writer, &member, NULL), ERR_OK);
    struct buf pack;
    uint64_t count;
    buf_init(&pack, PACK_TEXT_MAX);
    check_err(pack_writer_finish(op, writer, &pack, &count), ERR_OK);
    const struct store_set_add add = { .source = SPAN("feed"),
                                       .set = SPAN("set"),
                                       .file_name = SPAN("list.txt"),
                                       .file = value,
                                       .pack = buf_span(&pack),
                                       .confidence = PACK_CONFIDENCE_UNKNOWN,
                                       .valid_until_us = TIME_US_NONE };
    struct store_set_added added;
    check_err(store_set_add(op, store, &add, &added), ERR_OK);
    buf_done(&pack);
    pack_writer_free(writer);
}

TEST(restored_node_derives_the_same_and_goes_on)
{
    struct scratch scratch = scratch_make();
    struct op op;
    testing_op_begin(&op);
    struct disk *disk = node_folder(&op, &scratch, "node", true);
    struct disk *target = node_folder(&op, &scratch, "backup", false);
    struct disk *restored = node_folder(&op, &scratch, "restored", false);
    const struct store_options options = { .world = SPAN("real"), .write = true };
    struct disk *world;
    struct store *store;
    uint8_t before[JOURNAL_DIGEST_SIZE];
    uint8_t after[JOURNAL_DIGEST_SIZE];
    check_err(disk_replace(&op, disk, SPAN("linie.conf"), SPAN("x")), ERR_OK);
    check_err(disk_open_below(&op, disk, SPAN("real"), &world), ERR_OK);
    check_err(store_create(&op, world, &options, span_of(identity)), ERR_OK);
    check_err(store_open(&op, world, &options, &store, NULL), ERR_OK);
    set_add(&op, store, SPAN("evil.example"));
    set_add(&op, store, SPAN("192.0.2.7"));
    check_err(store_derived_digest(&op, store, before), ERR_OK);

    const struct backup_options plain = { 0 };
    struct backup_summary summary;
    check_err(backup_write(&op, disk, target, &plain, &summary), ERR_OK); /* it is still open */
    check_err(backup_restore(&op, target, restored, &plain, &summary), ERR_OK);
    store_close(store);
    disk_close(world);

    check_err(disk_open_below(&op, restored, SPAN("real"), &world), ERR_OK);
    check_err(store_open(&op, world, &options, &store, NULL), ERR_OK);
    check_err(store_derived_digest(&op, store, after), ERR_OK);
    assert_memory_equal(before, after, sizeof before);
    set_add(&op, store, SPAN("198.51.100.9"));
    store_close(store);
    disk_close(world);
    check_err(backup_write(&op, restored, target, &plain, &summary), ERR_OK);
    assert_int_equal(summary.number, 2);

    disk_close(restored);
    disk_close(target);
    disk_close(disk);
    op_end(&op);
    scratch_remove(&scratch);
}
