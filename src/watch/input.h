// SPDX-License-Identifier: EUPL-1.2
/*
 * An input, read in pieces: open file, perhaps compressed, to chunks of whole lines. Where chunks
 * end depends only on the bytes, so that a run that goes on after a kill, or uses more threads,
 * sees the same chunks. Memory is flat: one chunk, and one line that waits for its end.
 */
#ifndef WATCH_INPUT_H
#define WATCH_INPUT_H

#include "observe/observe.h"
#include "watch/header.h"

enum {
    WATCH_CHUNK_SIZE = RECORD_LINE_SIZE_MAX + 1, /* a line of the largest size, and its end */
    WATCH_CHUNK_CAPACITY = WATCH_CHUNK_SIZE + RECORD_PADDING_SIZE,
    WATCH_START_SIZE = 4096, /* bytes by which an input is known again, and its format told */
};

/* Whole lines of one input. */
struct watch_chunk {
    uint8_t *bytes; /* WATCH_CHUNK_CAPACITY of them; zeros follow `size` */
    size_t size;
    uint64_t position;  /* of its first byte in the decompressed input */
    uint64_t end;       /* position behind it, an overlong line that was passed over included */
    uint64_t overlong;  /* lines longer than RECORD_LINE_SIZE_MAX that were passed over */
    uint64_t waiting;   /* bytes of an overlong line that has no end yet */
    bool unterminated;  /* its last line has no line end: the input ends there for now */
    bool may_grow;      /* ... and may go on later: the line counts only if it is whole */
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
 * Say what format the lines have, and go to where reading goes on.
 *
 * op        work in hand
 * input     open, nothing read yet
 * format    TSV's header lines are kept track of
 * position  end of a chunk of an earlier run, or 0
 * scratch   a chunk to read into
 *
 * Errors    ERR_STALE the input is shorter than that; ERR_IO
 */
MUST_USE
enum err watch_input_seek(struct op *op, struct watch_input *input, enum observe_format format,
                          uint64_t position, struct watch_chunk *scratch);

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
