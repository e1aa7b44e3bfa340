// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading a segment file of a journal: opening it, stepping from frame to frame, and finding the
 * next frame behind damage. Nothing here writes.
 */
#ifndef JOURNAL_SEGMENT_H
#define JOURNAL_SEGMENT_H

#include "journal/frame.h"

enum { JOURNAL_PATH_SIZE = 64 };

/* The folder of the segments. */
#define JOURNAL_FOLDER SPAN("journal")

/* The path of a segment file. */
struct journal_path {
    char text[JOURNAL_PATH_SIZE];
};

/* An open segment file, and a view that slides over it. */
struct journal_segment {
    struct disk_file *file; /* NULL: not open */
    uint64_t first;
    uint64_t seed;
    uint64_t limit; /* reading ends here: the file's size, or less where its owner says so */
    struct buf view;
    uint64_t view_offset; /* of the view's first byte in the file */
};

/* A frame whose prefix and header are sound; nothing is said of its body. */
struct journal_frame {
    uint64_t offset;
    struct journal_prefix prefix;
    struct span header; /* borrowed from the view: gone at the next use of the segment */
};

/**
 * The path of the segment whose first entry has a number.
 *
 * first     1 .. JOURNAL_NUMBER_MAX
 */
struct journal_path journal_path_of(uint64_t first);

/**
 * Open a segment and check its file header.
 *
 * op          work in hand
 * disk        the world's folder
 * first       number of its first entry
 * world_mark  JOURNAL_WORLD_MARK_SIZE bytes
 * ret         to give back with journal_segment_close(); untouched on error
 *
 * Errors    ERR_ABSENT; ERR_CORRUPT its header is damaged; ERR_CONFLICT another world's;
 *           ERR_UNSUPPORTED a newer version; ERR_DENIED; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_segment_open(struct op *op, struct disk *disk, uint64_t first,
                              const uint8_t *world_mark, struct journal_segment *ret);

/**
 * Close a segment.
 *
 * segment   open, or zeroed: then nothing happens
 */
void journal_segment_close(struct journal_segment *segment);

/**
 * Forget what was read and take the file's present size as the limit: somebody may have written.
 *
 * op        work in hand
 * segment   open
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err journal_segment_refresh(struct op *op, struct journal_segment *segment);

/**
 * Borrow bytes of a segment.
 *
 * op        work in hand
 * segment   open
 * offset    from the file's start
 * size      how many are wanted; at most a frame
 * ret       valid until the next use of the segment; shorter only at the limit
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_segment_view(struct op *op, struct journal_segment *segment, uint64_t offset,
                              size_t size, struct span *ret);

/**
 * Look for a frame at a place.
 *
 * op         work in hand
 * segment    open
 * offset     where it should begin
 * ret        the frame, where there is a sound one; else untouched
 * ret_sound  whether there is
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_frame_at(struct op *op, struct journal_segment *segment, uint64_t offset,
                          struct journal_frame *ret, bool *ret_sound);

/**
 * Look for the next sound prefix at or behind a place, when what lies there is damaged.
 *
 * op          work in hand
 * segment     open
 * offset      where to begin; 0 does not skip the file header by itself
 * ret_prefix  where one was found; else untouched
 * ret_offset  where it begins; the segment's limit where none was found
 *
 * Errors    ERR_ABSENT there is none, without a fault text; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_prefix_seek(struct op *op, struct journal_segment *segment, uint64_t offset,
                             struct journal_prefix *ret_prefix, uint64_t *ret_offset);

/* The body of a frame, and what became of it. */
struct journal_frame_body {
    struct span bytes; /* salt and payload; valid until the next use of the segment */
    enum journal_body state;
    uint64_t eraser; /* number of the entry that erased it, where it says so; else 0 */
};

/**
 * Borrow the body of a frame and say what became of it. One that seems damaged is read twice: it
 * may have been read while another process erased it.
 *
 * op              work in hand
 * segment         open
 * frame           sound; its header is no longer borrowed afterwards
 * payload_digest  what its header says; JOURNAL_DIGEST_SIZE bytes
 * ret             untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_frame_body(struct op *op, struct journal_segment *segment,
                            const struct journal_frame *frame, const uint8_t *payload_digest,
                            struct journal_frame_body *ret);

#endif
