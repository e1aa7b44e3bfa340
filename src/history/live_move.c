// SPDX-License-Identifier: EUPL-1.2
/*
 * From one write-ahead file to the next. While a segment is made of the older part of what is live,
 * commits go on into the file that has that part too, so that there is always one file that holds
 * all that is in no segment. At last the commits behind the older part are carried over into a file
 * of their own, under the seed of that file.
 */
#include "base/memory.h"
#include "base/must.h"
#include "history/live_frame.h"
#include "history/live_inner.h"

enum {
    COUNT_AT = 4, /* of a frame's prefix */
    SIZE_AT = 8,
    MOVE_SIZE = 4 * 1024 * 1024, /* carried over at once, to the end of a commit */
};

enum err live_split(struct op *op, struct live *live)
{
    must(live->older == NULL);
    must(live->waiting_count == 0);
    struct live_table *table = live_table_new();
    if (table == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for what was seen in the last hour");
    }
    live->older = live->table;
    live->older_last = live->last;
    live->older_size = live->size;
    live->table = table;
    return ERR_OK;
}

uint64_t live_older_last(const struct live *live)
{
    return live->older == NULL ? 0 : live->older_last;
}

uint64_t live_newer_size(const struct live *live)
{
    return live->size - (live->older == NULL ? 0 : live->older_size);
}

enum err live_move_begin(struct op *op, struct live *live, struct disk *disk, struct span path,
                         const struct live_options *options)
{
    const struct live_header header = { options->history, options->number };
    uint8_t bytes[LIVE_HEADER_SIZE];
    must(live->older != NULL);
    must(live->next == NULL);
    TRY(disk_file_open(op, disk, path, DISK_CREATE_NEW, &live->next));
    live_header_write(bytes, &header);
    live->next_seed = options->seed;
    live->next_size = sizeof bytes;
    live->moved = live->older_size;
    enum err err = disk_write(op, live->next, 0, span_make(bytes, sizeof bytes));
    if (err != ERR_OK) {
        live_move_drop(live);
    }
    return err;
}

static enum err fail_back(struct op *op)
{
    return op_fail(op, ERR_IO, "the write-ahead file of the history cannot be read back");
}

/* What was written there, of which nobody but the disk had a say since. */
static enum err read_back(struct op *op, const struct live *live, uint64_t offset, size_t size,
                          struct buf *ret)
{
    size_t got = 0;
    uint8_t *target = buf_reserve(ret, size);
    if (target == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a write-ahead file of the history");
    }
    TRY(disk_read(op, live->file, offset, target, size, &got));
    ret->size += got;
    return got == size ? ERR_OK : fail_back(op);
}

/* The frame at which carrying over stands. */
static enum err frame_read(struct op *op, const struct live *live, struct buf *ret)
{
    struct live_frame frame;
    size_t end = 0;
    TRY(read_back(op, live, live->moved, LIVE_PREFIX_SIZE, ret));
    struct wire_reader r = wire_reader_of(span_from(buf_span(ret), SIZE_AT));
    uint64_t size = wire_u64(&r);
    uint64_t left = live->size - live->moved - LIVE_PREFIX_SIZE;
    if (size > LIVE_FRAME_SIZE_MAX || size > left) {
        return fail_back(op);
    }
    uint64_t whole = (size + LIVE_ALIGNMENT - 1) / LIVE_ALIGNMENT * LIVE_ALIGNMENT;
    TRY(read_back(op, live, live->moved + LIVE_PREFIX_SIZE, (size_t)whole, ret));
    bool sound = live_frame_at(buf_span(ret), 0, live->seed, &frame, &end) == LIVE_FRAME_SOUND;
    return sound && end == ret->size ? ERR_OK : fail_back(op);
}

static enum err frame_move(struct op *op, struct live *live, struct buf *bytes)
{
    TRY(frame_read(op, live, bytes));
    struct wire_reader r = wire_reader_of(span_from(buf_span(bytes), COUNT_AT));
    uint32_t count = wire_u32(&r);
    uint64_t size = wire_u64(&r);
    uint64_t number = wire_u64(&r);
    uint64_t whole = bytes->size;
    bytes->size = LIVE_PREFIX_SIZE + (size_t)size;
    live_frame_finish(bytes, number, count, live->next_seed);
    must(bytes->err == ERR_OK && bytes->size == whole);
    TRY(disk_write(op, live->next, live->next_size, buf_span(bytes)));
    live->next_size += whole;
    live->moved += whole;
    return ERR_OK;
}

/* So many that it comes to an end, whoever commits in between. */
static enum err frames_move(struct op *op, struct live *live)
{
    struct buf bytes;
    uint64_t end = live->moved + MOVE_SIZE;
    enum err err = ERR_OK;
    buf_init(&bytes, LIVE_PREFIX_SIZE + LIVE_FRAME_SIZE_MAX + LIVE_ALIGNMENT);
    while (err == ERR_OK && live->moved < live->size && live->moved < end) {
        buf_clear(&bytes);
        err = frame_move(op, live, &bytes);
    }
    buf_done(&bytes);
    return err;
}

enum err live_move_step(struct op *op, struct live *live, bool *ret_done)
{
    must(live->next != NULL);
    TRY(frames_move(op, live));
    if (live->moved == live->size) {
        TRY(disk_sync(op, live->next));
    }
    *ret_done = live->moved == live->size;
    return ERR_OK;
}

void live_move_end(struct live *live)
{
    must(live->next != NULL && live->moved == live->size);
    disk_file_close(live->file);
    live_table_free(live->older);
    live->older = NULL;
    live->file = live->next;
    live->next = NULL;
    live->seed = live->next_seed;
    live->last = live->size == live->older_size ? 0 : live->last; /* as if it was opened */
    live->size = live->next_size;
    live->lost = false; /* that was the other file */
}

void live_move_drop(struct live *live)
{
    disk_file_close(live->next);
    live->next = NULL;
}
