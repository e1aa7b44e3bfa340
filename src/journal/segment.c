// SPDX-License-Identifier: EUPL-1.2
#include "journal/segment.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/must.h"

enum {
    VIEW_SIZE = 128 * 1024, /* read at once: some hundred small frames */
    VIEW_SIZE_MAX = JOURNAL_BODY_SIZE_MAX + JOURNAL_PREFIX_SIZE + JOURNAL_HEADER_SIZE_MAX,
};

struct journal_path journal_path_of(uint64_t first)
{
    struct journal_path path;
    int size = snprintf(path.text, sizeof path.text, "journal/%012" PRIu64 ".journal", first);
    must(size > 0);
    must((size_t)size < sizeof path.text);
    return path;
}

static enum err header_check(struct op *op, struct journal_segment *segment,
                             const uint8_t *world_mark)
{
    struct journal_path path = journal_path_of(segment->first);
    struct span bytes;
    TRY(journal_segment_view(op, segment, 0, JOURNAL_FILE_HEADER_SIZE, &bytes));
    struct journal_file_header header;
    enum err err = journal_file_header_read(bytes, &header);
    if (err == ERR_UNSUPPORTED) {
        return op_fail(op, err, "%s was written by a newer version of this program: use that one",
                       path.text);
    }
    if (err != ERR_OK || header.first != segment->first) {
        return op_fail(op, ERR_CORRUPT,
                       "%s: the file's header is damaged; restore the file from a backup",
                       path.text);
    }
    if (memcmp(header.world_mark, world_mark, JOURNAL_WORLD_MARK_SIZE) != 0) {
        return op_fail(op, ERR_CONFLICT, "%s belongs to another world", path.text);
    }
    segment->seed = header.seed;
    return ERR_OK;
}

enum err journal_segment_open(struct op *op, struct disk *disk, uint64_t first,
                              const uint8_t *world_mark, struct journal_segment *ret)
{
    struct journal_segment segment = { .first = first };
    buf_init(&segment.view, VIEW_SIZE_MAX);
    struct journal_path path = journal_path_of(first);
    TRY(disk_file_open(op, disk, span_of(path.text), DISK_READ, &segment.file));
    enum err err = journal_segment_refresh(op, &segment);
    if (err == ERR_OK) {
        err = header_check(op, &segment, world_mark);
    }
    if (err != ERR_OK) {
        journal_segment_close(&segment);
        return err;
    }
    *ret = segment;
    return ERR_OK;
}

void journal_segment_close(struct journal_segment *segment)
{
    disk_file_close(segment->file);
    buf_done(&segment->view);
    segment->file = NULL;
}

enum err journal_segment_refresh(struct op *op, struct journal_segment *segment)
{
    buf_clear(&segment->view);
    return disk_size(op, segment->file, &segment->limit);
}

/* Fills the view from `offset` with at least `size` bytes, as far as the limit allows. */
static enum err view_fill(struct op *op, struct journal_segment *segment, uint64_t offset,
                          size_t size)
{
    uint64_t there = segment->limit - offset;
    size_t wanted = size < VIEW_SIZE ? VIEW_SIZE : size;
    if (wanted > there) {
        wanted = (size_t)there;
    }
    buf_clear(&segment->view);
    uint8_t *room = buf_reserve(&segment->view, wanted);
    if (room == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory: a journal entry of %zu bytes", size);
    }
    size_t got;
    TRY(disk_read(op, segment->file, offset, room, wanted, &got));
    segment->view.size = got;
    segment->view_offset = offset;
    return ERR_OK;
}

enum err journal_segment_view(struct op *op, struct journal_segment *segment, uint64_t offset,
                              size_t size, struct span *ret)
{
    if (offset >= segment->limit) {
        *ret = span_make(NULL, 0);
        return ERR_OK;
    }
    if (size > segment->limit - offset) {
        size = (size_t)(segment->limit - offset);
    }
    uint64_t view_end = segment->view_offset + segment->view.size;
    bool held = offset >= segment->view_offset && offset + size <= view_end;
    if (!held) {
        TRY(view_fill(op, segment, offset, size));
    }
    struct span rest = span_from(buf_span(&segment->view), (size_t)(offset - segment->view_offset));
    *ret = span_slice(rest, 0, rest.size < size ? rest.size : size);
    return ERR_OK;
}

enum err journal_frame_at(struct op *op, struct journal_segment *segment, uint64_t offset,
                          struct journal_frame *ret, bool *ret_sound)
{
    *ret_sound = false;
    struct span bytes;
    TRY(journal_segment_view(op, segment, offset, JOURNAL_PREFIX_SIZE, &bytes));
    struct journal_prefix prefix;
    if (journal_prefix_read(bytes, segment->seed, &prefix) != ERR_OK) {
        return ERR_OK;
    }
    if (journal_frame_size(&prefix) > segment->limit - offset) {
        return ERR_OK;
    }
    TRY(journal_segment_view(op, segment, offset + JOURNAL_PREFIX_SIZE, prefix.header_size,
                             &bytes));
    if (!journal_prefix_fits(&prefix, bytes, segment->seed)) {
        return ERR_OK;
    }
    *ret = (struct journal_frame){ .offset = offset, .prefix = prefix, .header = bytes };
    *ret_sound = true;
    return ERR_OK;
}

enum err journal_prefix_seek(struct op *op, struct journal_segment *segment, uint64_t offset,
                             struct journal_prefix *ret_prefix, uint64_t *ret_offset)
{
    const uint64_t mask = JOURNAL_ALIGNMENT - 1;
    uint64_t at = (offset + mask) & ~mask;
    while (at < segment->limit && segment->limit - at >= JOURNAL_PREFIX_SIZE) {
        TRY(op_check(op));
        struct span view;
        TRY(journal_segment_view(op, segment, at, VIEW_SIZE, &view));
        for (size_t i = 0; i + JOURNAL_PREFIX_SIZE <= view.size; i += JOURNAL_ALIGNMENT) {
            if (journal_prefix_read(span_from(view, i), segment->seed, ret_prefix) == ERR_OK) {
                *ret_offset = at + i;
                return ERR_OK;
            }
        }
        if (view.size < JOURNAL_PREFIX_SIZE) {
            break; /* the file became shorter while it was read */
        }
        at += (view.size - JOURNAL_PREFIX_SIZE + JOURNAL_ALIGNMENT) & ~mask;
    }
    *ret_offset = segment->limit;
    return ERR_ABSENT;
}

enum err journal_frame_body(struct op *op, struct journal_segment *segment,
                            const struct journal_frame *frame, const uint8_t *payload_digest,
                            struct journal_frame_body *ret)
{
    uint64_t offset = frame->offset + journal_body_offset(&frame->prefix);
    size_t size = frame->prefix.body_size;
    struct journal_frame_body body = { .state = JOURNAL_BODY_DAMAGED };
    TRY(journal_segment_view(op, segment, offset, size, &body.bytes));
    body.state = journal_body_state(body.bytes, payload_digest, &body.eraser);
    if (body.state == JOURNAL_BODY_DAMAGED) {
        buf_clear(&segment->view);
        TRY(journal_segment_view(op, segment, offset, size, &body.bytes));
        body.state = journal_body_state(body.bytes, payload_digest, &body.eraser);
    }
    *ret = body;
    return ERR_OK;
}
