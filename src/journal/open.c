// SPDX-License-Identifier: EUPL-1.2
/*
 * Opening: find the end, cut what is torn, make durable what is there, finish what was begun.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/must.h"
#include "journal/inner.h"
#include "os/clock.h"
#include "os/random.h"

enum {
    TORN_NAME_SIZE = 48,
    TORN_FILE_NAME_SIZE = sizeof "torn-000000000017" - 1,
    COPY_SIZE = 64 * 1024,
};

static int64_t clock_default(void *context)
{
    (void)context;
    return os_clock_us();
}

static enum err journal_new(struct op *op, struct disk *disk, const struct journal_options *options,
                            struct journal **ret)
{
    must(options->world.size > 0);
    if (options->world.size > JOURNAL_TEXT_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a world's name of %zu bytes: at most %d",
                       options->world.size, JOURNAL_TEXT_SIZE_MAX);
    }
    struct journal *journal = memory_new(sizeof *journal + options->world.size);
    if (journal == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory while opening the journal");
    }
    uint8_t *world = (uint8_t *)(journal + 1);
    span_copy(world, options->world.size, options->world);
    *journal = (struct journal){
        .disk = disk,
        .write = options->write,
        .clock_us = options->clock_us == NULL ? clock_default : options->clock_us,
        .clock_context = options->clock_context,
        .segment_size = options->segment_size == 0 ? JOURNAL_SEGMENT_SIZE : options->segment_size,
        .world = { world, options->world.size },
    };
    journal_world_mark(journal->world, journal->world_mark);
    journal->finder = (struct journal_finder){ .disk = disk,
                                               .list = &journal->list,
                                               .world_mark = journal->world_mark };
    buf_init(&journal->pending.frames, JOURNAL_GROUP_SIZE_MAX);
    buf_init(&journal->pending.header, JOURNAL_HEADER_SIZE_MAX);
    *ret = journal;
    return ERR_OK;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    disk_file_close(journal->writing);
    journal_segment_close(&journal->segment);
    journal_finder_done(&journal->finder);
    journal_list_done(&journal->list);
    buf_done(&journal->pending.frames);
    buf_done(&journal->pending.header);
    memory_free(journal);
}

static enum err file_header_put(struct op *op, struct journal *journal, struct disk_file *file,
                                const struct journal_file_header *header)
{
    uint8_t bytes[JOURNAL_FILE_HEADER_SIZE];
    journal_file_header_write(bytes, header);
    TRY(disk_write(op, file, 0, span_make(bytes, sizeof bytes)));
    TRY(disk_sync(op, file));
    return disk_sync_folder(op, journal->disk, JOURNAL_FOLDER);
}

/* Takes a segment as the last one. */
static enum err segment_take(struct op *op, struct journal *journal, struct disk_file *file,
                             uint64_t first)
{
    struct journal_segment segment;
    TRY(journal_segment_open(op, journal->disk, first, journal->world_mark, &segment));
    enum err err = journal_list_add(op, &journal->list, first);
    if (err != ERR_OK) {
        journal_segment_close(&segment);
        return err;
    }
    journal_segment_close(&journal->segment);
    disk_file_close(journal->writing);
    journal->segment = segment;
    journal->writing = file;
    journal->tail.end = JOURNAL_FILE_HEADER_SIZE;
    journal->finder.end = JOURNAL_FILE_HEADER_SIZE;
    return ERR_OK;
}

enum err journal_segment_begin(struct op *op, struct journal *journal, uint64_t first,
                               uint64_t seed)
{
    struct journal_file_header header = { .first = first, .seed = seed };
    span_copy(header.world_mark, sizeof header.world_mark,
              span_make(journal->world_mark, sizeof journal->world_mark));
    struct journal_path path = journal_path_of(first);
    struct disk_file *file;
    TRY(disk_file_open(op, journal->disk, span_of(path.text), DISK_CREATE_NEW, &file));
    enum err err = file_header_put(op, journal, file, &header);
    if (err == ERR_OK) {
        err = segment_take(op, journal, file, first);
    }
    if (err != ERR_OK) {
        disk_file_close(file);
    }
    return err;
}

/* Whether a segment's file was only begun: no larger than its header. The header is synced before
 * the first entry is written. */
static enum err segment_only_begun(struct op *op, struct journal *journal, uint64_t first,
                                   uint64_t *ret_size, bool *ret_begun)
{
    struct journal_path path = journal_path_of(first);
    struct disk_file *file;
    TRY(disk_file_open(op, journal->disk, span_of(path.text), DISK_READ, &file));
    enum err err = disk_size(op, file, ret_size);
    disk_file_close(file);
    *ret_begun = *ret_size <= JOURNAL_FILE_HEADER_SIZE;
    return err;
}

static enum err list_check(struct op *op, const struct journal_list *list)
{
    if (list->count > 0 && list->firsts[0] != 1) {
        return op_fail(op, ERR_CORRUPT,
                       "the journal begins with entry %" PRIu64
                       ": the files before it are missing; restore them from a backup",
                       list->firsts[0]);
    }
    return ERR_OK;
}

/* Opens the last segment of the list. One that was only begun is passed over; a writer removes it.
 */
static enum err segment_last_open(struct op *op, struct journal *journal, uint64_t *ret_cut)
{
    struct journal_list *list = &journal->list;
    while (list->count > 0) {
        uint64_t first = list->firsts[list->count - 1];
        enum err err =
            journal_segment_open(op, journal->disk, first, journal->world_mark, &journal->segment);
        if (err == ERR_ABSENT && !journal->write) {
            op_fault_clear(op); /* only begun, and removed by a writer since it was listed */
            list->count--;
            continue;
        }
        if (err != ERR_CORRUPT) {
            return err;
        }
        struct fault fault = op->fault;
        uint64_t size;
        bool begun;
        op_fault_clear(op);
        TRY(segment_only_begun(op, journal, first, &size, &begun));
        if (!begun) {
            op->fault = fault;
            return err;
        }
        if (journal->write) {
            struct journal_path path = journal_path_of(first);
            TRY(disk_remove(op, journal->disk, span_of(path.text)));
        }
        *ret_cut += size;
        list->count--;
    }
    return ERR_OK;
}

/* In a segment without entries, the chain goes on from the end of the segment before. */
static enum err tail_before(struct op *op, struct journal *journal)
{
    uint64_t first = journal->list.firsts[journal->list.count - 2];
    struct journal_segment segment;
    TRY(journal_segment_open(op, journal->disk, first, journal->world_mark, &segment));
    struct journal_tail tail = journal_tail_at_start(&segment);
    enum err err = journal_tail_find(op, &segment, &tail);
    if (err == ERR_OK && (tail.last != journal->tail.last || tail.end != segment.limit)) {
        err = op_fail(op, ERR_CORRUPT,
                      "%s is damaged behind entry %" PRIu64 "; restore the file from a backup",
                      journal_path_of(first).text, tail.last);
    }
    journal_segment_close(&segment);
    TRY(err);
    span_copy(journal->tail.leaf, sizeof journal->tail.leaf,
              span_make(tail.leaf, sizeof tail.leaf));
    journal->tail.erase_target = tail.erase_target;
    return ERR_OK;
}

static enum err tail_open(struct op *op, struct journal *journal)
{
    journal->tail = journal_tail_at_start(&journal->segment);
    TRY(journal_tail_find(op, &journal->segment, &journal->tail));
    if (journal->tail.group_begin == 0 && journal->list.count > 1) {
        TRY(tail_before(op, journal));
    }
    return ERR_OK;
}

/* Copies bytes of the last segment. */
static enum err range_copy(struct op *op, struct journal *journal, struct disk_file *target,
                           uint64_t target_offset, const uint64_t range[2])
{
    uint64_t at = range[0];
    while (at < range[1]) {
        uint64_t left = range[1] - at;
        struct span bytes;
        TRY(journal_segment_view(op, &journal->segment, at,
                                 left < COPY_SIZE ? (size_t)left : COPY_SIZE, &bytes));
        if (bytes.size == 0) {
            return op_fail(op, ERR_IO, "%s became shorter while it was read",
                           journal_path_of(journal->segment.first).text);
        }
        TRY(disk_write(op, target, target_offset + (at - range[0]), bytes));
        at += bytes.size;
    }
    return ERR_OK;
}

/* Of what was put aside before, the newest stay, less than JOURNAL_TORN_COUNT_MAX: a node that
 * loses its power every day must not fill its disk with it. The names sort by age. */
static enum err torn_sweep(struct op *op, struct journal *journal)
{
    struct span *names;
    size_t count;
    size_t torn = 0;
    TRY(disk_list(op, journal->disk, JOURNAL_FOLDER, &names, &count));
    for (size_t i = count; i > 0; i--) {
        struct span name = names[i - 1];
        char path[TORN_NAME_SIZE];
        if (!span_starts_with(name, SPAN("torn-")) || name.size != TORN_FILE_NAME_SIZE) {
            continue;
        }
        torn++;
        if (torn >= JOURNAL_TORN_COUNT_MAX) {
            snprintf(path, sizeof path, "journal/%.*s", SPAN_FMT(name));
            TRY(disk_remove(op, journal->disk, span_of(path)));
        }
    }
    return ERR_OK;
}

/* Puts a torn tail aside: nothing that was written lately is thrown away unseen. */
static enum err torn_save(struct op *op, struct journal *journal, uint64_t size)
{
    char name[TORN_NAME_SIZE];
    int name_size = snprintf(name, sizeof name, "journal/torn-%012" PRIu64, journal->tail.last + 1);
    must((size_t)name_size < sizeof name);
    TRY(torn_sweep(op, journal));
    if (size > JOURNAL_TORN_SIZE_MAX) {
        size = JOURNAL_TORN_SIZE_MAX;
    }
    struct disk_file *file;
    TRY(disk_file_open(op, journal->disk, span_of(name), DISK_WRITE, &file));
    enum err err = disk_truncate(op, file, 0);
    if (err == ERR_OK) {
        const uint64_t range[2] = { journal->tail.end, journal->tail.end + size };
        err = range_copy(op, journal, file, 0, range);
    }
    if (err == ERR_OK) {
        err = disk_sync(op, file);
    }
    disk_file_close(file);
    return err == ERR_OK ? disk_sync_folder(op, journal->disk, JOURNAL_FOLDER) : err;
}

static enum err torn_cut(struct op *op, struct journal *journal, uint64_t *ret_cut)
{
    uint64_t size = journal->segment.limit - journal->tail.end;
    if (size == 0) {
        return ERR_OK;
    }
    TRY(torn_save(op, journal, size));
    TRY(disk_truncate(op, journal->writing, journal->tail.end));
    TRY(journal_segment_refresh(op, &journal->segment));
    *ret_cut += size;
    return ERR_OK;
}

/* What is found may be in the system's memory only, because the one who wrote it died before the
 * sync, or because the sync failed and the system has forgotten that. So the last group, or the
 * header of a segment without one, is written again in place, byte for byte, and synced. */
static enum err last_write_again(struct op *op, struct journal *journal)
{
    uint64_t begin = journal->tail.group_begin;
    const uint64_t range[2] = { begin, journal->tail.end };
    TRY(range_copy(op, journal, journal->writing, begin, range));
    TRY(disk_sync(op, journal->writing));
    return disk_sync_folder(op, journal->disk, JOURNAL_FOLDER);
}

static enum err erasure_finish(struct op *op, struct journal *journal)
{
    uint64_t target = journal->tail.erase_target;
    if (target == 0 || target >= journal->tail.last) {
        return ERR_OK;
    }
    return journal_overwrite(op, journal, target, journal->tail.last);
}

static enum err writing_prepare(struct op *op, struct journal *journal, uint64_t *ret_cut)
{
    if (journal->list.count == 0) {
        uint64_t seed;
        os_random(&seed, sizeof seed);
        TRY(journal_segment_begin(op, journal, 1, seed));
        journal_tail_taken(journal);
        return ERR_OK;
    }
    struct journal_path path = journal_path_of(journal->segment.first);
    TRY(disk_file_open(op, journal->disk, span_of(path.text), DISK_WRITE, &journal->writing));
    TRY(torn_cut(op, journal, ret_cut));
    TRY(last_write_again(op, journal));
    journal_tail_taken(journal);
    buf_done(&journal->segment.view); /* a writer reads through its finder from now on */
    return erasure_finish(op, journal);
}

static enum err journal_load(struct op *op, struct journal *journal, uint64_t *ret_cut)
{
    if (journal->write) {
        TRY(disk_make_folder(op, journal->disk, JOURNAL_FOLDER));
    }
    TRY(journal_list_read(op, journal->disk, &journal->list));
    TRY(list_check(op, &journal->list));
    TRY(segment_last_open(op, journal, ret_cut));
    if (journal->list.count > 0) {
        TRY(tail_open(op, journal));
    }
    if (journal->write) {
        return writing_prepare(op, journal, ret_cut);
    }
    journal_tail_taken(journal);
    return ERR_OK;
}

enum err journal_open(struct op *op, struct disk *disk, const struct journal_options *options,
                      struct journal **ret, uint64_t *ret_cut)
{
    struct journal *journal = NULL;
    TRY(journal_new(op, disk, options, &journal));
    uint64_t cut = 0;
    enum err err = journal_load(op, journal, &cut);
    if (err != ERR_OK) {
        journal_close(journal);
        return err;
    }
    *ret = journal;
    *ret_cut = options->write ? cut : 0;
    return ERR_OK;
}

/* Goes on to the segment that begins behind the last known entry, if there is one. */
static enum err segment_next(struct op *op, struct journal *journal, bool *ret_found)
{
    *ret_found = false;
    uint64_t first = journal->tail.last + 1;
    if (journal->segment.file != NULL && journal->segment.first == first) {
        return ERR_OK;
    }
    struct journal_segment segment;
    enum err err = journal_segment_open(op, journal->disk, first, journal->world_mark, &segment);
    if (err == ERR_ABSENT || err == ERR_CORRUPT) {
        op_fault_clear(op); /* there is none, or its header is just being written */
        return ERR_OK;
    }
    TRY(err);
    err = journal_list_add(op, &journal->list, first);
    if (err != ERR_OK) {
        journal_segment_close(&segment);
        return err;
    }
    journal_segment_close(&journal->segment);
    journal->segment = segment;
    journal->tail.end = JOURNAL_FILE_HEADER_SIZE;
    *ret_found = true;
    return ERR_OK;
}

enum err journal_refresh(struct op *op, struct journal *journal)
{
    must(!journal->write);
    bool found = true;
    while (found) {
        if (journal->segment.file != NULL) {
            TRY(journal_segment_refresh(op, &journal->segment));
            TRY(journal_tail_find(op, &journal->segment, &journal->tail));
        }
        TRY(segment_next(op, journal, &found));
        journal_tail_taken(journal);
    }
    return ERR_OK;
}
