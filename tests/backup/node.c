// SPDX-License-Identifier: EUPL-1.2
#include "tests/backup/node.h"

#include <stdio.h>

#include "backup/format.h"
#include "crypt/secretstream.h"
#include "journal/blob.h"
#include "os/disk_below.h"
#include "tests/testing.h"

enum { PATH_SIZE = DISK_PATH_SIZE_MAX + 1, DEPTH_MAX = 8, RANDOM_PIECE = 8 };

static struct span random_bytes(struct backup_node *node, size_t size)
{
    uint8_t *bytes = op_alloc(&node->op, size + RANDOM_PIECE);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i += RANDOM_PIECE) {
        uint64_t word = testing_random(&node->random);
        span_copy(bytes + i, RANDOM_PIECE, span_make(&word, sizeof word));
    }
    return span_make(bytes, size);
}

static int64_t clock_us(void *context)
{
    (void)context;
    return INT64_C(1700000000000000);
}

void backup_node_put(struct disk *disk, const char *path, struct span bytes)
{
    struct op op;
    testing_op_begin(&op);
    check_err(disk_replace(&op, disk, span_of(path), bytes), ERR_OK);
    op_end(&op);
}

static void make_folder(struct backup_node *node, const char *path)
{
    check_err(disk_make_folder(&node->op, node->disk, span_of(path)), ERR_OK);
}

static void journal_begin(struct backup_node *node, struct disk *disk, const char *world,
                          struct journal **ret)
{
    const struct journal_options options = { .world = span_of(world),
                                             .write = true,
                                             .clock_us = clock_us,
                                             .segment_size = BACKUP_NODE_SEGMENT_SIZE };
    uint64_t number;
    check_err(journal_open(&node->op, disk, &options, ret, &number), ERR_OK);
    uint64_t removed;
    check_err(blob_sweep(&node->op, disk, &removed), ERR_OK);
}

static uint64_t entry_add(struct backup_node *node, struct journal *journal, struct span payload)
{
    const struct journal_entry entry = { .kind = SPAN("test"), .payload = payload };
    uint64_t number = 0;
    check_err(journal_append(&node->op, journal, &entry, &number), ERR_OK);
    check_err(journal_commit(&node->op, journal), ERR_OK);
    return number;
}

void backup_node_begin(struct backup_node *node, uint64_t seed)
{
    *node = (struct backup_node){ .random = seed };
    testing_op_begin(&node->op);
    check_err(disk_sim_open(&node->op, seed, &node->disk), ERR_OK);
    check_err(disk_sim_open(&node->op, seed + 1, &node->target), ERR_OK);
    backup_node_put(node->disk, "linie.conf", SPAN("[node]\nowner = Water Board\n"));
    backup_node_put(node->disk, "identity.json", SPAN("{\"type\":\"identity\"}"));
    make_folder(node, "keys");
    backup_node_put(node->disk, "keys/node.key", random_bytes(node, 64));
    backup_node_put(node->disk, "keys/empty.key", SPAN(""));
    make_folder(node, "real");
    check_err(disk_open_below(&node->op, node->disk, SPAN("real"), &node->real), ERR_OK);
    journal_begin(node, node->real, "real", &node->journal);
    (void)backup_node_append(node, 100);
    (void)backup_node_append(node, 100);
    (void)backup_node_blob(node, 1000);
}

void backup_node_end(struct backup_node *node)
{
    journal_close(node->journal);
    disk_close(node->real);
    disk_close(node->disk);
    disk_close(node->target);
    op_end(&node->op);
}

uint64_t backup_node_append(struct backup_node *node, size_t size)
{
    return entry_add(node, node->journal, random_bytes(node, size));
}

struct span backup_node_blob(struct backup_node *node, size_t size)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    check_err(blob_put(&node->op, node->real, random_bytes(node, size), digest), ERR_OK);
    struct buf path;
    buf_init(&path, PATH_SIZE);
    buf_add(&path, SPAN("real/blobs/"));
    buf_add_hex(&path, span_make(digest, 1));
    buf_add_byte(&path, '/');
    buf_add_hex(&path, span_make(digest, sizeof digest));
    struct span copy;
    check_err(op_copy(&node->op, buf_span(&path), &copy), ERR_OK);
    buf_done(&path);
    return copy;
}

void backup_node_erase(struct backup_node *node, uint64_t number)
{
    check_err(journal_erase(&node->op, node->journal, number, SPAN("a rule")), ERR_OK);
}

void backup_node_exercise(struct backup_node *node, const char *id)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "exercises/%s", id);
    make_folder(node, "exercises");
    make_folder(node, path);
    struct disk *disk;
    check_err(disk_open_below(&node->op, node->disk, span_of(path), &disk), ERR_OK);
    struct journal *journal;
    journal_begin(node, disk, id, &journal);
    (void)entry_add(node, journal, random_bytes(node, 50));
    uint8_t digest[DIGEST_SHA256_SIZE];
    check_err(blob_put(&node->op, disk, random_bytes(node, 50), digest), ERR_OK);
    journal_close(journal);
    disk_close(disk);
}

static void tree_remove(struct op *op, struct disk *disk, const char *folder, int depth)
{
    assert_true(depth < DEPTH_MAX);
    struct span *names;
    size_t count;
    check_err(disk_list(op, disk, span_of(folder), &names, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%.*s", folder, SPAN_FMT(names[i]));
        if (disk_remove(op, disk, span_of(path)) != ERR_OK) {
            op_fault_clear(op);
            tree_remove(op, disk, path, depth + 1);
        }
    }
    check_err(disk_remove(op, disk, span_of(folder)), ERR_OK);
}

void backup_node_remove(struct backup_node *node, const char *folder)
{
    tree_remove(&node->op, node->disk, folder, 0);
}

struct backup_options backup_plain(void)
{
    return (struct backup_options){ .clock_us = clock_us };
}

struct backup_options backup_sealed(const char *key)
{
    struct backup_options options = backup_plain();
    options.key = span_of(key);
    options.key_ops = SECRETSTREAM_OPS_MIN;
    options.key_memory = SECRETSTREAM_MEMORY_MIN;
    return options;
}

enum err backup_do(struct backup_node *node, const struct backup_options *options,
                   struct backup_summary *ret)
{
    struct op op;
    struct backup_summary summary = { 0 };
    testing_op_begin(&op);
    enum err err = backup_write(&op, node->disk, node->target, options, &summary);
    assert_int_equal(op.fault.err, err);
    op_end(&op);
    if (ret != NULL) {
        *ret = summary;
    }
    return err;
}

enum err backup_check_do(struct disk *source, const struct backup_options *options)
{
    struct op op;
    struct backup_summary summary;
    testing_op_begin(&op);
    enum err err = backup_check(&op, source, options, &summary);
    assert_int_equal(op.fault.err, err);
    op_end(&op);
    return err;
}

enum err backup_restore_do(struct disk *source, struct disk *target,
                           const struct backup_options *options)
{
    struct op op;
    struct backup_summary summary;
    testing_op_begin(&op);
    enum err err = backup_restore(&op, source, target, options, &summary);
    assert_int_equal(op.fault.err, err);
    op_end(&op);
    return err;
}

struct disk *backup_empty_disk(void)
{
    struct op op;
    struct disk *disk;
    testing_op_begin(&op);
    check_err(disk_sim_open(&op, 1, &disk), ERR_OK);
    op_end(&op);
    return disk;
}

bool backup_file_read(struct op *op, struct disk *disk, const char *path, struct span *ret)
{
    struct span map;
    enum err err = disk_map(op, disk, span_of(path), &map);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return false;
    }
    check_err(err, ERR_OK);
    check_err(op_copy(op, map, ret), ERR_OK);
    disk_unmap(disk, map);
    return true;
}

/* Calls `visit` with the path of every file below a folder. */
static void tree_walk(struct op *op, struct disk *disk, const char *folder, int depth,
                      void (*visit)(void *context, const char *path), void *context)
{
    assert_true(depth < DEPTH_MAX);
    struct span *names;
    size_t count;
    check_err(disk_list(op, disk, span_of(folder), &names, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s%s%.*s", folder, folder[0] == '\0' ? "" : "/",
                 SPAN_FMT(names[i]));
        struct span *below;
        size_t below_count;
        if (disk_list(op, disk, span_of(path), &below, &below_count) == ERR_OK) {
            tree_walk(op, disk, path, depth + 1, visit, context);
        } else {
            op_fault_clear(op);
            visit(context, path);
        }
    }
}

struct counting {
    bool kept_only;
    size_t count;
};

static void count_visit(void *context, const char *path)
{
    struct counting *counting = context;
    bool kept = backup_path_kind(span_of(path), NULL) != BACKUP_PATH_OTHER;
    counting->count += kept || !counting->kept_only ? 1 : 0;
}

size_t backup_file_count(struct disk *disk, bool kept_only)
{
    struct op op;
    struct counting counting = { .kept_only = kept_only };
    testing_op_begin(&op);
    tree_walk(&op, disk, "", 0, count_visit, &counting);
    op_end(&op);
    return counting.count;
}

struct comparing {
    struct op *op;
    struct disk *node;
    struct disk *restored;
    bool same;
};

static void compare_visit(void *context, const char *path)
{
    struct comparing *comparing = context;
    struct span a = { NULL, 0 };
    struct span b = { NULL, 0 };
    if (backup_path_kind(span_of(path), NULL) == BACKUP_PATH_OTHER) {
        return;
    }
    (void)backup_file_read(comparing->op, comparing->node, path, &a);
    bool there = backup_file_read(comparing->op, comparing->restored, path, &b);
    comparing->same = comparing->same && there && span_equal(a, b);
}

bool backup_same(struct disk *node, struct disk *restored)
{
    struct op op;
    struct comparing comparing = { .op = &op, .node = node, .restored = restored, .same = true };
    testing_op_begin(&op);
    tree_walk(&op, node, "", 0, compare_visit, &comparing);
    op_end(&op);
    return comparing.same && backup_file_count(node, true) == backup_file_count(restored, false);
}

void backup_node_check_restored(struct backup_node *node, const struct backup_options *options)
{
    struct disk *restored = backup_empty_disk();
    check_err(backup_restore_do(node->target, restored, options), ERR_OK);
    assert_true(backup_same(node->disk, restored));
    disk_close(restored);
}

struct copying {
    struct op *op;
    struct disk *from;
    struct disk *to;
};

static void copy_visit(void *context, const char *path)
{
    struct copying *copying = context;
    struct span bytes;
    assert_true(backup_file_read(copying->op, copying->from, path, &bytes));
    backup_node_put(copying->to, path, bytes);
}

struct disk *backup_parts_copy(struct disk *source)
{
    struct op op;
    struct disk *copy = backup_empty_disk();
    testing_op_begin(&op);
    struct copying copying = { .op = &op, .from = source, .to = copy };
    tree_walk(&op, source, "", 0, copy_visit, &copying);
    op_end(&op);
    return copy;
}
