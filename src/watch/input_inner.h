// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of an input share; nobody else includes it.
 */
#ifndef WATCH_INPUT_INNER_H
#define WATCH_INPUT_INNER_H

#include "format/inflate.h"
#include "watch/input.h"

enum { WATCH_RAW_SIZE = 256 * 1024 };

/* The last bytes before a place. */
struct watch_tail {
    uint64_t end;
    size_t size; /* mark_tail_size(end) */
    uint8_t bytes[MARK_SIZE];
};

struct watch_input {
    int fd;
    bool regular;
    bool never_waits;                 /* a pipe: reading it does not wait */
    enum observe_header header_lines; /* which lines of it are kept in `header` */
    struct inflate *inflate;          /* NULL: the bytes are read as they lie */
    const char *fault;                /* of the compressed stream */
    bool ended;                       /* nothing more comes from the file, for now */
    bool told;                        /* `kind` was told by its first bytes */
    enum inflate_kind kind;
    uint64_t bytes_read; /* of the file */
    uint64_t position;   /* decompressed: of the next chunk */
    uint8_t *raw;        /* WATCH_RAW_SIZE, once the file is known to be compressed */
    size_t raw_size;     /* compressed bytes waiting in `raw` */
    size_t raw_at;
    struct buf carry;            /* decompressed bytes that wait for the next chunk */
    size_t carry_lines;          /* of a pipe: bytes of `carry` up to its last line end */
    uint64_t passed;             /* bytes of an overlong line that were passed over so far */
    uint64_t passed_taken;       /* of these, by an earlier run */
    struct watch_header *header; /* in force at `position`; NULL: such lines have none */
    struct watch_begin begin;    /* what is known of its last line, and how that is to be taken */
    uint64_t taken;              /* of the next chunk's first line, by an earlier run */
    struct watch_tail *seen;     /* decompressed, while what is before a position is read */
    struct watch_tail tail;      /* plain: before `position`; compressed: of what was read */
};

/**
 * Read and decompress: until the output is full or the input ends. A pipe gives what it has now.
 *
 * op        work in hand
 * input     told what it is
 * output    added to
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err watch_input_fill(struct op *op, struct watch_input *input, struct inflate_output *output);

/**
 * Read the first bytes as they lie, which tell whether the file is compressed.
 *
 * op        work in hand
 * input     just opened
 *
 * Errors    ERR_AGAIN a pipe has not given enough yet; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err watch_input_tell(struct op *op, struct watch_input *input);

/**
 * Begin to decompress.
 *
 * op        work in hand
 * input     told; compressed
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err watch_input_inflate(struct op *op, struct watch_input *input);

/**
 * Take notice of header lines.
 *
 * input     positioned
 * position  where the lines begin
 * lines     whole ones
 */
void watch_input_learn(struct watch_input *input, uint64_t position, struct span lines);

/**
 * Add bytes to the last ones before a place.
 *
 * tail      moved behind them
 * bytes     any number
 */
void watch_tail_add(struct watch_tail *tail, struct span bytes);

#endif
