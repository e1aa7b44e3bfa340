// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading the manifest; and where it is gone, damaged, or an older one was put in its place, making
 * it anew of the copy beside it and of the segments that are there. The secret of filters and
 * write-ahead files is in manifest and copy alone: where both are lost, nothing can be made.
 *
 * The copy may be older than the manifest was. So of segments that it does not name those are taken
 * that were made behind it, and where one that it names is gone, also others: they may be what that
 * was merged into. Whatever it names and is gone stays named, and is told as lost.
 */
#include <inttypes.h>

#include "base/must.h"
#include "history/history_inner.h"

enum { WORK_SIZE_MAX = 64 * 1024 * 1024 };

static enum err copy_read(const struct op *op, struct history *history, struct op *work,
                          struct manifest *ret)
{
    struct history_path path;
    op_begin(work, &op->actor, WORK_SIZE_MAX);
    return manifest_read(work, history->disk, history_path(history, "manifest.copy", 0, &path),
                         ret);
}

/* ---- what is there ---- */

/* The folder of a history whose manifest is made anew. */
struct folder {
    size_t name_count;
    struct span *names;
};

static bool has_file(const struct history *history, const struct folder *folder, const char *prefix,
                     uint64_t number)
{
    struct history_path path;
    struct span name = history_path(history, prefix, number, &path);
    name = span_from(name, history->folder_size + 1);
    for (size_t i = 0; i < folder->name_count; i++) {
        if (span_equal(folder->names[i], name)) {
            return true;
        }
    }
    return false;
}

static bool is_named(const struct manifest *head, uint64_t number)
{
    for (size_t i = 0; i < head->segment_count; i++) {
        if (head->segments[i].number == number) {
            return true;
        }
    }
    return false;
}

static bool something_is_gone(const struct history *history, const struct folder *folder)
{
    for (size_t i = 0; i < history->head.segment_count; i++) {
        if (!has_file(history, folder, "seg-", history->head.segments[i].number)) {
            return true;
        }
    }
    return false;
}

/* ---- making it anew ---- */

/* A segment that no manifest names: what it says of itself. */
static enum err stray_facts(const struct op *op, const struct history *history, uint64_t number,
                            struct segment_facts *ret)
{
    struct history_path path;
    struct segment *segment = NULL;
    struct span map;
    struct op work;
    op_begin(&work, &op->actor, WORK_SIZE_MAX);
    enum err err =
        disk_map(&work, history->disk, history_path(history, "seg-", number, &path), &map);
    if (err == ERR_OK) {
        err = segment_open(&work, map, &history->head.secret, &segment);
        if (err == ERR_OK) {
            *ret = *segment_facts(segment);
            segment_close(segment);
        }
        disk_unmap(history->disk, map);
    }
    op_end(&work);
    return err;
}

static enum err segments_find(struct op *op, struct history *history, const struct folder *folder)
{
    struct manifest *head = &history->head;
    const uint64_t next = head->next_number;
    const bool gone = something_is_gone(history, folder);
    size_t count = head->segment_count;
    struct manifest_segment *segments =
        op_alloc(op, (count + folder->name_count) * sizeof *segments);
    if (segments == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        segments[i] = head->segments[i];
    }
    for (size_t i = 0; i < folder->name_count; i++) {
        uint64_t number = 0;
        struct segment_facts facts;
        bool wanted = history_file_number(folder->names[i], SPAN("seg-"), &number) &&
                      number < UINT32_MAX && (number >= next || gone) && !is_named(head, number);
        if (wanted && count < MANIFEST_SEGMENT_COUNT_MAX &&
            stray_facts(op, history, number, &facts) == ERR_OK) {
            segments[count] = (struct manifest_segment){ .number = number, .facts = facts };
            count++;
        }
        if (number >= head->next_number && number < UINT32_MAX) {
            head->next_number = number + 1;
        }
    }
    head->segments = segments;
    head->segment_count = count;
    return ERR_OK;
}

/* Where the write-ahead file that is named is gone, a segment was made of it, and the next one was
 * begun. */
static void wal_find(struct history *history, const struct folder *folder)
{
    struct manifest *head = &history->head;
    uint64_t last = 0;
    if (has_file(history, folder, "wal-", head->wal_number)) {
        return;
    }
    for (size_t i = 0; i < folder->name_count; i++) {
        uint64_t number = 0;
        if (history_file_number(folder->names[i], SPAN("wal-"), &number) && number > last &&
            number < UINT32_MAX) {
            last = number;
        }
    }
    if (last <= head->wal_number) {
        return;
    }
    head->wal_number = last;
    head->next_number = last >= head->next_number ? last + 1 : head->next_number;
    history->wal_is_found = is_named(head, last - 1);
}

static enum err head_make(struct op *op, struct history *history)
{
    struct folder folder = { .name_count = 0 };
    TRY(disk_list(op, history->disk, span_make(history->folder, history->folder_size),
                  &folder.names, &folder.name_count));
    TRY(segments_find(op, history, &folder));
    wal_find(history, &folder);
    history->head.generation++;
    return ERR_OK;
}

/* Of a copy that was read before the manifest: who writes changes that first. */
static bool is_older(const struct manifest *manifest, const struct manifest *copy)
{
    return uuid_equal(&manifest->history, &copy->history) &&
           manifest->generation < copy->generation;
}

enum err history_head_read(struct op *op, struct history *history, bool *ret_mended)
{
    struct history_path path;
    struct manifest copy = { 0 };
    struct op work;
    bool copied = copy_read(op, history, &work, &copy) == ERR_OK;
    enum err err = manifest_read(op, history->disk, history_path(history, "manifest", 0, &path),
                                 &history->head);
    bool lost = err == ERR_ABSENT || err == ERR_CORRUPT;
    *ret_mended = copied && (lost || (err == ERR_OK && is_older(&history->head, &copy)));
    if (*ret_mended) {
        op_fault_clear(op);
        history->head = copy;
        err = head_make(op, history); /* copies what it keeps */
        history->head.losses = copy.losses;
    }
    history->copy_is_old = !copied || copy.generation != history->head.generation;
    if (err == ERR_OK) {
        err = history_losses_take(op, history);
    }
    op_end(&work);
    return err;
}
