// SPDX-License-Identifier: EUPL-1.2
/*
 * Overwriting what was erased by rule. The erasing entry is committed before this begins.
 */
#include <inttypes.h>

#include "journal/inner.h"

enum { ZEROS_SIZE = 64 * 1024 };

static const uint8_t zeros[ZEROS_SIZE];

/* The mark goes first, so that whoever reads meanwhile and sees zeros finds the mark when looking
 * again. */
static enum err body_overwrite(struct op *op, struct disk_file *file, uint64_t offset,
                               uint64_t size, uint64_t eraser)
{
    uint8_t mark[JOURNAL_SALT_SIZE];
    journal_mark_write(mark, eraser);
    TRY(disk_write(op, file, offset, span_make(mark, sizeof mark)));
    uint64_t done = sizeof mark;
    while (done < size) {
        uint64_t left = size - done;
        struct span piece = span_make(zeros, left < ZEROS_SIZE ? (size_t)left : ZEROS_SIZE);
        TRY(disk_write(op, file, offset + done, piece));
        done += piece.size;
    }
    return disk_sync(op, file);
}

enum err journal_overwrite(struct op *op, struct journal *journal, uint64_t number, uint64_t eraser)
{
    struct journal_segment *segment;
    struct journal_frame frame;
    TRY(journal_find(op, &journal->finder, number, &segment, &frame));
    struct journal_header header;
    if (journal_header_read(frame.header, &header) != ERR_OK ||
        span_equal(header.kind, JOURNAL_KIND_ERASE)) {
        return op_fail(op, ERR_CORRUPT,
                       "entry %" PRIu64 " is to erase entry %" PRIu64 ", which may not be erased",
                       eraser, number);
    }

    uint64_t offset = frame.offset + journal_body_offset(&frame.prefix);
    struct journal_path path = journal_path_of(segment->first);
    struct disk_file *file;
    TRY(disk_file_open(op, journal->disk, span_of(path.text), DISK_WRITE, &file));
    enum err err = body_overwrite(op, file, offset, frame.prefix.body_size, eraser);
    disk_file_close(file);
    journal_finder_forget(&journal->finder, segment->first);
    journal->erasures++;
    return err;
}
