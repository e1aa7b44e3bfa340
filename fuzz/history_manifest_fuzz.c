// SPDX-License-Identifier: EUPL-1.2
// links: history match policy crypt value format os base
/*
 * A manifest from hostile bytes, in two ways, by the first byte: the bytes are the file; or they
 * are the body of a copy whose checksum is right. What must hold: what is read, written anew, is
 * read as the same.
 */
#include <xxhash.h>

#include "base/must.h"
#include "base/wire.h"
#include "history/manifest.h"
#include "os/disk_sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 256 * 1024 * 1024, SEED = 99, VERSION = 3 };

#define FILE_PATH SPAN("manifest")

static void body_forge(struct span body, uint32_t version, struct buf *file)
{
    buf_add(file, SPAN("LINIEMAN"));
    wire_add_u32(file, version);
    wire_add_u32(file, (uint32_t)body.size);
    buf_add(file, body);
    must(file->err == ERR_OK);
    wire_add_u64(file, XXH3_64bits(file->data, file->size));
    size_t half = file->size;
    for (size_t i = 0; i < half; i++) {
        buf_add_byte(file, 0); /* the second copy is none */
    }
}

static void check_same(const struct manifest *a, const struct manifest *b)
{
    must(uuid_equal(&a->history, &b->history));
    must(memcmp(&a->secret, &b->secret, sizeof a->secret) == 0);
    must(a->generation == b->generation);
    must(a->next_number == b->next_number);
    must(a->through == b->through);
    must(a->wal_number == b->wal_number);
    must(a->clock_s == b->clock_s);
    must(a->segment_count == b->segment_count);
    for (size_t i = 0; i < a->segment_count; i++) {
        must(a->segments[i].number == b->segments[i].number);
        must(a->segments[i].mark == b->segments[i].mark);
        must(a->segments[i].number > 0);
        must(a->segments[i].number < a->next_number);
        must(memcmp(&a->segments[i].facts, &b->segments[i].facts, sizeof a->segments[i].facts) ==
             0);
    }
    must(a->loss_count == b->loss_count);
    must(a->loss_count <= HISTORY_LOSS_COUNT_MAX);
    for (size_t i = 0; i < a->loss_count; i++) {
        must(a->losses[i].of == b->losses[i].of);
        must(a->losses[i].of < HISTORY_LOSS_OF_COUNT);
        must(a->losses[i].count == b->losses[i].count);
        must(a->losses[i].gone == b->losses[i].gone);
        must(a->losses[i].known == b->losses[i].known);
    }
}

static void manifest_try(struct op *op, struct disk *disk)
{
    struct manifest manifest;
    struct manifest again;
    enum err err = manifest_read(op, disk, FILE_PATH, &manifest);
    if (err != ERR_OK) {
        must(err == ERR_CORRUPT || err == ERR_UNSUPPORTED || err == ERR_LIMIT);
        must(op->fault.text[0] != '\0');
        return;
    }
    must(manifest_write(op, disk, FILE_PATH, &manifest) == ERR_OK);
    must(manifest_read(op, disk, FILE_PATH, &again) == ERR_OK);
    must(!again.damaged);
    check_same(&manifest, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    struct disk *disk;
    struct buf file;
    struct op op;
    if (size == 0) {
        return 0;
    }
    op_begin(&op, &actor, MEMORY_MAX);
    must(disk_sim_open(&op, SEED, &disk) == ERR_OK);
    buf_init(&file, MANIFEST_SIZE_MAX);
    struct span input = span_make(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        buf_add(&file, input);
    } else {
        body_forge(input, 1 + data[0] / 2 % VERSION, &file);
    }
    must(disk_replace(&op, disk, FILE_PATH, buf_span(&file)) == ERR_OK);
    manifest_try(&op, disk);
    buf_done(&file);
    disk_close(disk);
    op_end(&op);
    return 0;
}
