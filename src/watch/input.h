// SPDX-License-Identifier: EUPL-1.2
/*
 * An input, read in pieces: open file, perhaps compressed, to chunks of whole lines. Where chunks
 * end depends only on the bytes, so that a run that goes on after a kill, or uses more threads,
 * sees the same chunks. Memory is flat: one chunk, and one line that waits for its end.
 *
 * Nothing here waits for a pipe: where it has nothing to give now, ERR_AGAIN says so.
 */
#ifndef WATCH_INPUT_H
#define WATCH_INPUT_H

#include "observe/formats.h"
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
    uint64_t until;        /* an end of a line: what follows is not read. 0: all is */
    bool last_counts;      /* a last line counts without its end, whatever may still come */
    bool copy;             /* it is another file's copy only if the bytes before `position` fit: */
    uint8_t copy_tail[MARK_DIGEST_SIZE]; /* the digest of mark_tail_size(position) of them */
    struct span header; /* TSV: the header lines in force there, where they are known; borrowed */
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
    bool past;          /* its lines were read before, nobody knows when (watch_begin.until) */
    bool may_grow;      /* ... and may go on later: the line counts only if it is whole */
    uint8_t line_digest[MARK_DIGEST_SIZE]; /* ... of its bytes behind `taken` */
    struct mark mark;   /* of a file: its second place, for who goes on at `end` */
    int64_t now_us;     /* when it was read, where that is the time of lines without one; else 0 */
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
 * Take an open file as an input. Nothing is read yet.
 *
 * op        work in hand
 * fd        open for reading, at its start; taken, also on error. Reading a named pipe whose writer
 *           may have gone before it was opened must not wait (O_NONBLOCK)
 * ret       to give back with watch_input_close(); untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err watch_input_open(struct op *op, int fd, struct watch_input **ret);

/**
 * Read the first bytes, so that the format can be told. A pipe that falls silent has begun when it
 * gave a whole line; where that is too little to tell the format, call again.
 *
 * op        work in hand
 * input     open, without a chunk yet
 *
 * Errors    ERR_AGAIN a pipe has not given a line yet; ERR_IO; ERR_LIMIT no memory. A damaged
 * compressed file is no error here: what can be read of it is read, and watch_input_fault() tells.
 */
MUST_USE
enum err watch_input_begin(struct op *op, struct watch_input *input);

/**
 * Whether an input will have to be decompressed, which may take much memory (INFLATE_WINDOW_MAX):
 * who reads many at once begins such ones some at a time.
 *
 * op        work in hand
 * input     open
 * ret       the answer
 *
 * Errors    ERR_AGAIN a pipe has not told yet; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err watch_input_is_compressed(struct op *op, struct watch_input *input, bool *ret);

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
 * input     begun
 */
struct span watch_input_start(const struct watch_input *input);

/**
 * Whether more may come that would be among the first WATCH_START_SIZE bytes.
 *
 * input     begun, without a chunk yet
 */
bool watch_input_may_start(const struct watch_input *input);

/**
 * Whether an input is a file as it lies, which may be read on when it has grown.
 *
 * input     begun
 */
bool watch_input_is_plain(const struct watch_input *input);

/**
 * The descriptor of a pipe, to be waited for where it has nothing to give; -1 of a file.
 *
 * input     open
 */
int watch_input_pipe(const struct watch_input *input);

/**
 * Whether an input is the one that was marked, as it was or grown. A pipe never is.
 *
 * op         work in hand
 * input      begun, without a chunk yet
 * mark       of an earlier run
 * ret_known  the answer
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err watch_input_is_known(struct op *op, const struct watch_input *input,
                              const struct mark *mark, bool *ret_known);

/**
 * Say which lines are headers, and go to where reading goes on. Where the last line was counted
 * without its end, that is where it begins: the first chunk says how much of it was taken. A pipe
 * goes on counting there.
 *
 * op        work in hand
 * input     begun, without a chunk yet
 * header    such lines are kept track of
 * begin     what an earlier run told
 *
 * Errors    ERR_AGAIN what comes before must be read: call watch_input_seek_on(); ERR_STALE the
 * input is shorter than that; ERR_CONFLICT it is no copy; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err watch_input_seek(struct op *op, struct watch_input *input, enum observe_header header,
                          const struct watch_begin *begin);

/**
 * Go on seeking: a piece of what comes before is read and dropped.
 *
 * op        work in hand
 * input     watch_input_seek() or this said ERR_AGAIN
 * scratch   a chunk to read into
 *
 * Errors    as watch_input_seek(): ERR_AGAIN not there yet; ERR_STALE; ERR_CONFLICT; ERR_IO;
 * ERR_LIMIT
 */
MUST_USE
enum err watch_input_seek_on(struct op *op, struct watch_input *input, struct watch_chunk *scratch);

/**
 * The next chunk.
 *
 * op        work in hand
 * input     positioned with watch_input_seek()
 * chunk     filled; worthless on error
 *
 * Errors    ERR_ABSENT the end, for now; ERR_AGAIN a pipe has no whole line now; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err watch_input_next(struct op *op, struct watch_input *input, struct watch_chunk *chunk);

/**
 * Read on behind the end of a file that may have grown.
 *
 * op        work in hand
 * input     plain, at its end
 * begin     where lines were counted up to; its header is not looked at
 *
 * Errors    ERR_ABSENT nothing has come, without a fault; ERR_STALE it holds something else than
 * was read of it: it was truncated or rewritten; ERR_IO
 */
MUST_USE
enum err watch_input_resume(struct op *op, struct watch_input *input,
                            const struct watch_begin *begin);

/**
 * The header lines in force at the end of what was read; empty where the format has none.
 *
 * input     positioned with watch_input_seek()
 * bytes     receives at most WATCH_HEADER_SIZE_MAX bytes
 *
 * Returns how many bytes.
 */
size_t watch_input_header(const struct watch_input *input, uint8_t *bytes);

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
