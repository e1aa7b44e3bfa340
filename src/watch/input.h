// SPDX-License-Identifier: EUPL-1.2
/*
 * An input, read in pieces: open file, perhaps compressed, to chunks of whole lines. Where chunks
 * end depends only on the bytes, so that a run that goes on after a kill, or uses more threads,
 * sees the same chunks. Memory is flat: one chunk, and one line that waits for its end.
 */
#ifndef WATCH_INPUT_H
#define WATCH_INPUT_H

#include "observe/observe.h"
#include "store/mark.h"
#include "watch/header.h"

enum {
    WATCH_CHUNK_SIZE = RECORD_LINE_SIZE_MAX + 1, /* a line of the largest size, and its end */
    WATCH_CHUNK_CAPACITY = WATCH_CHUNK_SIZE + RECORD_PADDING_SIZE,
    WATCH_START_SIZE = MARK_SIZE, /* bytes by which an input is known again, and its format told */
};

/* Where reading goes on. */
struct watch_begin {
    uint64_t position;     /* up to which an earlier run counted; 0: from the start */
    struct mark_line line; /* the last line of that run */
    bool last_counts;      /* a last line counts without its end, whatever may still come */
};

/* Whole lines of one input. A last line without a line end is in a chunk of its own. */
struct watch_chunk {
    uint8_t *bytes; /* WATCH_CHUNK_CAPACITY of them; zeros follow `size` */
    size_t size;
    uint64_t position;  /* of its first byte in the decompressed input */
    uint64_t end;       /* position behind it, an overlong line that was passed over included */
    uint64_t overlong;  /* lines longer than RECORD_LINE_SIZE_MAX that were passed over */
    uint64_t waiting;   /* bytes behind `end` of an overlong line that has no end yet */
    uint64_t open_size; /* bytes of an overlong line that was passed over without its end */
    uint64_t taken;     /* bytes at its start that an earlier run counted as a line */
    bool unterminated;  /* it is one line without a line end: the input ends there for now */
    bool may_grow;      /* ... and may go on later: the line counts only if it is whole */
    uint8_t line_digest[MARK_DIGEST_SIZE]; /* ... of its bytes behind `taken` */
    struct mark mark;   /* of a file: its second place, for who goes on at `end` */
    size_t header_size; /* TSV: the header lines in force at its start */
    uint8_t header[WATCH_HEADER_SIZE_MAX + RECORD_PADDING_SIZE];
};

struct watch_input;

/**
 * Make a chunk's memory.
 *
 * op        work in hand
 * ret       to give back with watch_chunk_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err watch_chunk_new(struct op *op, struct watch_chunk **ret);

/**
 * Give a chunk back.
 *
 * chunk     NULL does nothing
 */
void watch_chunk_free(struct watch_chunk *chunk);

/**
 * Begin an input: its first bytes are read, so that its format can be told.
 *
 * op        work in hand
 * fd        open for reading, at its start; taken, also on error
 * ret       to give back with watch_input_close(); untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory. A damaged compressed file is no error here: what can be
 * read of it is read, and watch_input_fault() tells.
 */
MUST_USE
enum err watch_input_open(struct op *op, int fd, struct watch_input **ret);

/**
 * Give an input back.
 *
 * input     NULL does nothing
 */
void watch_input_close(struct watch_input *input);

/**
 * The first WATCH_START_SIZE bytes, decompressed, or all where there are fewer; until the first
 * chunk.
 *
 * input     open
 */
struct span watch_input_start(const struct watch_input *input);

/**
 * Whether an input is the one that was marked, as it was or grown. A pipe never is.
 *
 * op         work in hand
 * input      open, nothing read yet
 * mark       of an earlier run
 * ret_known  the answer
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err watch_input_is_known(struct op *op, const struct watch_input *input,
                              const struct mark *mark, bool *ret_known);

/**
 * Say what format the lines have, and go to where reading goes on. Where the last line was counted
 * without its end, that is where it begins: the first chunk says how much of it was taken.
 *
 * op        work in hand
 * input     open, nothing read yet
 * format    TSV's header lines are kept track of
 * begin     what an earlier run told
 * scratch   a chunk to read into
 *
 * Errors    ERR_STALE the input is shorter than that; ERR_IO
 */
MUST_USE
enum err watch_input_seek(struct op *op, struct watch_input *input, enum observe_format format,
                          const struct watch_begin *begin, struct watch_chunk *scratch);

/**
 * The next chunk.
 *
 * op        work in hand
 * input     positioned with watch_input_seek()
 * chunk     filled
 *
 * Errors    ERR_ABSENT the end; ERR_IO
 */
MUST_USE
enum err watch_input_next(struct op *op, struct watch_input *input, struct watch_chunk *chunk);

/**
 * Whether the input is a pipe that has nothing to give now: watch_input_next() would wait.
 *
 * input     open
 */
bool watch_input_is_silent(const struct watch_input *input);

/**
 * What is wrong with a compressed input ("truncated", ...); NULL where nothing is, known at its
 * end.
 *
 * input     open
 */
const char *watch_input_fault(const struct watch_input *input);

/**
 * Bytes of the file read so far, as it lies on the disk: for the progress shown.
 *
 * input     open
 */
uint64_t watch_input_bytes_read(const struct watch_input *input);

#endif
