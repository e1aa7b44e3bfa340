// SPDX-License-Identifier: EUPL-1.2
// links: history match policy crypt value format os base
/*
 * A write-ahead file from hostile bytes, in two ways, by the first byte:
 *
 *   raw     the bytes are the file
 *   forged  the bytes are what frames hold, which are sound one by one
 *
 * What must hold: who reads and who writes see the same; what opened can be committed to, and after
 * that is opened with as much, and that commit.
 */
#include "base/must.h"
#include "history/live.h"
#include "history/live_frame.h"
#include "os/disk_sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 256 * 1024 * 1024, SEED = 99, FRAME_BYTES_MAX = 1024 * 1024, LAST = 100 };

#define FILE_PATH SPAN("wal-1")

struct bench {
    struct op op;
    struct disk *disk;
};

static enum err file_open(struct bench *bench, bool write, struct live **ret,
                          struct live_opened *ret_opened)
{
    const struct live_options options = { .write = write, .last = LAST, .number = 1, .seed = SEED };
    op_fault_clear(&bench->op);
    return live_open(&bench->op, bench->disk, FILE_PATH, &options, ret, ret_opened);
}

static void file_put(struct bench *bench, struct span bytes)
{
    struct disk_file *file;
    must(disk_file_open(&bench->op, bench->disk, FILE_PATH, DISK_WRITE, &file) == ERR_OK);
    must(disk_write(&bench->op, file, 0, bytes) == ERR_OK);
    disk_file_close(file);
}

/* Takes bytes: a size, and so many; each piece is a record of a frame, sound or not. */
static void frames_forge(struct span input, struct buf *file)
{
    const struct live_header header = { .number = 1 };
    uint8_t bytes[LIVE_HEADER_SIZE];
    uint64_t number = 0;
    live_header_write(bytes, &header);
    buf_add(file, span_make(bytes, sizeof bytes));
    while (input.size > 1 && file->err == ERR_OK) {
        struct buf frame;
        static const uint8_t prefix[LIVE_PREFIX_SIZE];
        size_t size = input.data[0];
        size = size < input.size - 1 ? size : input.size - 1;
        buf_init(&frame, FRAME_BYTES_MAX);
        buf_add(&frame, span_make(prefix, sizeof prefix));
        wire_add_bytes(&frame, span_slice(input, 1, 1 + size));
        number += 1 + size % 2;
        live_frame_finish(&frame, number, 1, SEED);
        buf_add(file, buf_span(&frame));
        buf_done(&frame);
        input = span_from(input, 1 + size);
    }
}

/* A record of one thing seen at one host. */
static struct span record_small(void)
{
    return SPAN("\1\0\1\0\1\1sf\0\1\1\4abcd\0\0\0\0\1");
}

static void writing_works(struct bench *bench, struct live *live)
{
    struct live_opened opened;
    struct live *again;
    uint64_t count = live_count(live);
    must(live_add(&bench->op, live, record_small()) == ERR_OK);
    must(live_commit(&bench->op, live, LAST) == ERR_OK);
    uint64_t after = live_count(live);
    must(after == count || after == count + 1);
    live_close(live);
    must(file_open(bench, false, &again, &opened) == ERR_OK);
    must(opened.last == LAST);
    must(opened.cut == 0);
    must(live_count(again) == after);
    live_close(again);
}

static void file_try(struct bench *bench)
{
    struct live *reader;
    struct live *writer;
    struct live_opened read = { 0 };
    struct live_opened written = { 0 };
    enum err reading = file_open(bench, false, &reader, &read);
    enum err writing = file_open(bench, true, &writer, &written);
    must(reading == writing);
    if (reading != ERR_OK) {
        must(reading == ERR_CORRUPT || reading == ERR_UNSUPPORTED);
        return;
    }
    must(read.last == written.last);
    must(read.cut == written.cut);
    must(read.damaged == written.damaged);
    must(live_count(reader) == live_count(writer));
    must(live_size(reader) == live_size(writer));
    live_close(reader);
    if (written.last < LAST) {
        writing_works(bench, writer);
    } else {
        live_close(writer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    struct bench bench;
    struct buf file;
    if (size == 0) {
        return 0;
    }
    struct span input = span_make(data + 1, size - 1);
    op_begin(&bench.op, &actor, MEMORY_MAX);
    must(disk_sim_open(&bench.op, SEED, &bench.disk) == ERR_OK);
    buf_init(&file, FRAME_BYTES_MAX);
    if (data[0] % 2 == 0) {
        file_put(&bench, input);
    } else {
        frames_forge(input, &file);
        file_put(&bench, buf_span(&file));
    }
    file_try(&bench);
    buf_done(&file);
    disk_close(bench.disk);
    op_end(&bench.op);
    return 0;
}
