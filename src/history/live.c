// SPDX-License-Identifier: EUPL-1.2
/*
 * The write-ahead file. A commit is: make room in memory, write one frame, sync, count. What can
 * fail comes before the sync, so that what was synced is counted, and what was not, is not.
 */
#include "history/live.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/live_frame.h"
#include "history/live_inner.h"

enum { RECORD_HEAD_SIZE = 4 }; /* its size */

static enum err fail_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "out of memory for what was seen in the last hour");
}

/* ---- reading ---- */

/* A file that is being opened. */
struct opening {
    struct live *live;
    struct span path;
    const struct live_options *options;
    struct span bytes;
    struct live_opened opened;
    size_t kept; /* bytes up to which it is as it should be */
};

__attribute__((format(printf, 2, 3))) static void damage(struct opening *opening,
                                                         const char *format, ...)
{
    char text[FAULT_TEXT_SIZE];
    opening->opened.damaged++;
    if (opening->options->on_damage == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    opening->options->on_damage(opening->options->context, text);
}

/* The whole file; it is read, not mapped, since its writer may cut it. */
static enum err file_read(struct op *op, struct disk_file *file, struct span *ret)
{
    uint64_t size;
    size_t got;
    TRY(disk_size(op, file, &size));
    if (size > (uint64_t)LIVE_FILE_SIZE_MAX + 2 * LIVE_FRAME_SIZE_MAX) {
        return op_fail(op, ERR_CORRUPT, "a write-ahead file has %" PRIu64 " bytes, more than any",
                       size);
    }
    uint8_t *bytes = memory_new((size_t)size);
    if (bytes == NULL) {
        return fail_memory(op);
    }
    enum err err = disk_read(op, file, 0, bytes, (size_t)size, &got);
    if (err != ERR_OK) {
        memory_free(bytes);
        return err;
    }
    *ret = span_make(bytes, got);
    return ERR_OK;
}

static enum err header_check(struct op *op, struct opening *opening)
{
    struct live_header header;
    enum err err = live_header_read(opening->bytes, &header);
    if (err == ERR_UNSUPPORTED) {
        return op_fail(op, err, "%.*s was made by a newer version of this program",
                       SPAN_FMT(opening->path));
    }
    if (err != ERR_OK) {
        damage(opening, "%.*s: its header is damaged", SPAN_FMT(opening->path));
        return ERR_OK;
    }
    if (!uuid_equal(&header.history, &opening->options->history) ||
        header.number != opening->options->number) {
        return op_fail(op, ERR_CORRUPT, "%.*s is not the write-ahead file of this history",
                       SPAN_FMT(opening->path));
    }
    return ERR_OK;
}

/* Cuts the next record off what a frame holds. */
static bool record_next(struct span *rest, struct span *ret)
{
    struct wire_reader r = wire_reader_of(*rest);
    *ret = wire_bytes(&r, HISTORY_RECORD_SIZE_MAX);
    *rest = r.rest;
    return r.err == ERR_OK && ret->size > 0;
}

/* Whether all records of a frame are sound; then there is room for them. Else some of them may be
 * left to be dropped. */
static enum err frame_check(struct op *op, struct live *live, const struct live_frame *frame)
{
    struct span rest = frame->records;
    struct span record;
    for (uint32_t i = 0; i < frame->count; i++) {
        if (!record_next(&rest, &record)) {
            return op_fail(op, ERR_FORMAT, "a record is cut short");
        }
        TRY(live_table_check(op, live->table, record));
    }
    if (rest.size > 0) {
        return op_fail(op, ERR_FORMAT, "more follows than it says");
    }
    return ERR_OK;
}

static void frame_count(struct live *live, const struct live_frame *frame)
{
    struct span rest = frame->records;
    struct span record;
    while (record_next(&rest, &record)) {
        live_table_add(live->table, record);
    }
}

static enum err frame_take(struct op *op, struct opening *opening, const struct live_frame *frame,
                           size_t at)
{
    struct op work;
    op_begin(&work, &op->actor, 0);
    enum err err = frame_check(&work, opening->live, frame);
    if (err == ERR_OK) {
        frame_count(opening->live, frame);
    } else if (err == ERR_FORMAT) {
        damage(opening, "%.*s: byte %zu: commit %" PRIu64 " cannot be read: %s",
               SPAN_FMT(opening->path), at, frame->number, work.fault.text);
    } else {
        err = op_fail(op, err, "%s", work.fault.text);
    }
    live_table_drop(opening->live->table);
    op_end(&work);
    return err == ERR_FORMAT ? ERR_OK : err;
}

/* Takes all commits that the journal knows. What is not sound is damage where something sound
 * follows, else the end. */
static enum err frames_take(struct op *op, struct opening *opening)
{
    size_t at = LIVE_HEADER_SIZE;
    size_t broken_at = 0;
    opening->kept = at;
    while (at < opening->bytes.size) {
        struct live_frame frame;
        size_t end;
        enum live_frame_state state =
            live_frame_at(opening->bytes, at, opening->options->seed, &frame, &end);
        bool sound = state == LIVE_FRAME_SOUND && frame.number > opening->opened.last;
        if (sound && (frame.number > opening->options->last || opening->opened.dropped > 0)) {
            opening->opened.dropped++; /* and so are all that follow */
        } else if (sound) {
            if (broken_at != 0) {
                damage(opening, "%.*s: byte %zu to %zu are damaged", SPAN_FMT(opening->path),
                       broken_at, at);
            }
            TRY(frame_take(op, opening, &frame, at));
            opening->opened.last = frame.number;
            opening->kept = end;
            broken_at = 0;
        } else if (broken_at == 0) {
            broken_at = at;
        }
        at = end;
    }
    return ERR_OK;
}

static enum err file_take(struct op *op, struct opening *opening, struct disk_file *file)
{
    TRY(file_read(op, file, &opening->bytes));
    opening->kept = LIVE_HEADER_SIZE;
    enum err err = ERR_OK;
    if (opening->bytes.size >= LIVE_HEADER_SIZE) {
        err = header_check(op, opening);
        err = err == ERR_OK ? frames_take(op, opening) : err;
    }
    if (opening->bytes.size > opening->kept) {
        opening->opened.cut = opening->bytes.size - opening->kept;
    }
    memory_free((void *)(uintptr_t)opening->bytes.data);
    return err;
}

/* ---- opening ---- */

/* Cuts what is not kept, and writes the header where it is not sound. */
static enum err file_mend(struct op *op, const struct opening *opening, struct disk_file *file)
{
    const struct live_options *options = opening->options;
    const struct live_header header = { options->history, options->number };
    uint8_t bytes[LIVE_HEADER_SIZE];
    bool begun = opening->bytes.size < LIVE_HEADER_SIZE;
    if (!begun && opening->opened.cut == 0 && opening->opened.damaged == 0) {
        return ERR_OK;
    }
    live_header_write(bytes, &header);
    TRY(disk_write(op, file, 0, span_make(bytes, sizeof bytes)));
    TRY(disk_truncate(op, file, opening->kept));
    return disk_sync(op, file);
}

static enum err open_into(struct op *op, struct disk *disk, struct opening *opening,
                          struct disk_file **ret)
{
    struct disk_file *file;
    bool write = opening->options->write;
    TRY(disk_file_open(op, disk, opening->path, write ? DISK_WRITE : DISK_READ, &file));
    enum err err = file_take(op, opening, file);
    if (err == ERR_OK && write) {
        err = file_mend(op, opening, file);
    }
    if (err != ERR_OK || !write) {
        disk_file_close(file);
        file = NULL;
    }
    *ret = file;
    return err;
}

static struct live *live_new(const struct live_options *options)
{
    struct live *live = memory_new(sizeof *live);
    if (live == NULL) {
        return NULL;
    }
    live->seed = options->seed;
    buf_init(&live->waiting, LIVE_PREFIX_SIZE + LIVE_FRAME_SIZE_MAX + LIVE_ALIGNMENT);
    live->table = live_table_new();
    if (live->table == NULL) {
        live_close(live);
        return NULL;
    }
    return live;
}

enum err live_open(struct op *op, struct disk *disk, struct span path,
                   const struct live_options *options, struct live **ret,
                   struct live_opened *ret_opened)
{
    struct live *live = live_new(options);
    if (live == NULL) {
        return fail_memory(op);
    }
    struct opening opening = { .live = live, .path = path, .options = options };
    enum err err = open_into(op, disk, &opening, &live->file);
    if (err != ERR_OK) {
        live_close(live);
        return err;
    }
    live->size = opening.kept;
    live->last = opening.opened.last;
    *ret = live;
    if (ret_opened != NULL) {
        *ret_opened = opening.opened;
    }
    return ERR_OK;
}

enum err live_empty(struct op *op, const struct live_options *options, struct live **ret)
{
    struct live *live = live_new(options);
    if (live == NULL) {
        return fail_memory(op);
    }
    *ret = live;
    return ERR_OK;
}

void live_close(struct live *live)
{
    if (live == NULL) {
        return;
    }
    disk_file_close(live->file);
    disk_file_close(live->next);
    live_table_free(live->table);
    live_table_free(live->older);
    buf_done(&live->waiting);
    memory_free(live);
}

/* ---- writing ---- */

static enum err fail_lost(struct op *op)
{
    return op_fail(op, ERR_IO,
                   "the write-ahead file of the history could not be written; it must be opened "
                   "again before anything else is added to it");
}

/* Room for a record, and for what live_frame_finish() adds. */
static enum err waiting_reserve(struct op *op, struct live *live, size_t size)
{
    struct buf *waiting = &live->waiting;
    if (buf_reserve(waiting, LIVE_PREFIX_SIZE + RECORD_HEAD_SIZE + size + LIVE_ALIGNMENT) == NULL) {
        waiting->err = ERR_OK; /* what waits can be committed */
        return fail_memory(op);
    }
    return ERR_OK;
}

static void waiting_add(struct live *live, struct span record)
{
    static const uint8_t prefix[LIVE_PREFIX_SIZE];
    struct buf *waiting = &live->waiting;
    if (waiting->size == 0) {
        buf_add(waiting, span_make(prefix, sizeof prefix));
    }
    wire_add_bytes(waiting, record);
    live->waiting_count++;
}

enum err live_add(struct op *op, struct live *live, struct span record)
{
    must(live->file != NULL);
    if (live->lost) {
        return fail_lost(op);
    }
    size_t size = live->waiting.size + RECORD_HEAD_SIZE + record.size;
    if (size > LIVE_FRAME_SIZE_MAX || live->size + size > LIVE_FILE_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT,
                       "what waits and what is live are too large: %zu and %" PRIu64 " bytes", size,
                       live->size);
    }
    TRY(waiting_reserve(op, live, record.size));
    TRY(live_table_check(op, live->table, record));
    waiting_add(live, record);
    return ERR_OK;
}

void live_drop(struct live *live)
{
    buf_clear(&live->waiting);
    live->waiting_count = 0;
    live_table_drop(live->table);
}

/* After an error of the disk nothing is known of what lies behind the last commit. */
static enum err commit_fail(struct op *op, struct live *live, enum err err)
{
    op_fault_prefix(op, "the write-ahead file of the history: ");
    live->lost = true;
    live_drop(live);
    return err == ERR_FULL ? ERR_IO : err;
}

/* A frame that did not fit leaves the file as it was. */
static enum err frame_write(struct op *op, struct live *live, struct span frame)
{
    enum err err = disk_write(op, live->file, live->size, frame);
    if (err != ERR_FULL) {
        return err;
    }
    return disk_truncate(op, live->file, live->size) == ERR_OK ? ERR_FULL : ERR_IO;
}

enum err live_commit(struct op *op, struct live *live, uint64_t number)
{
    must(live->file != NULL);
    must(number > live->last);
    if (live->lost) {
        return fail_lost(op);
    }
    if (live->waiting_count == 0) {
        return ERR_OK;
    }
    size_t records_end = live->waiting.size;
    live_frame_finish(&live->waiting, number, live->waiting_count, live->seed);
    must(live->waiting.err == ERR_OK); /* its room is beyond LIVE_FRAME_SIZE_MAX */
    struct span frame = buf_span(&live->waiting);
    enum err err = frame_write(op, live, frame);
    if (err == ERR_FULL) {
        live->waiting.size = records_end;
        return ERR_FULL;
    }
    err = err == ERR_OK ? disk_sync(op, live->file) : err;
    if (err != ERR_OK) {
        return commit_fail(op, live, err);
    }
    live->size += frame.size;
    live->last = number;
    struct span records = span_slice(frame, LIVE_PREFIX_SIZE, records_end);
    struct span record;
    while (record_next(&records, &record)) {
        live_table_add(live->table, record);
    }
    live_drop(live);
    return ERR_OK;
}

uint64_t live_last(const struct live *live)
{
    return live->last;
}

uint64_t live_size(const struct live *live)
{
    return live->size;
}

uint64_t live_count(const struct live *live)
{
    uint64_t older = live->older == NULL ? 0 : live->older->tally.slots.count;
    return older + live->table->tally.slots.count;
}

uint64_t live_waiting(const struct live *live)
{
    return live->waiting.size;
}

uint32_t live_oldest_s(const struct live *live)
{
    return live->table->oldest_s;
}
