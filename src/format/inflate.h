// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading logs that lie compressed, as a stream: compressed bytes are pushed in as they come from
 * the disk, and what they hold is added to the caller's memory. That memory bounds every step, so
 * that a small file which holds terabytes costs time, never room. Nothing is dropped in silence:
 * all that can be decoded is given out first, then the fault is told.
 *
 *     do {
 *         input = (read a block);
 *         do {
 *             output.size = 0;
 *             err = inflate_run(op, stream, &input, &output);
 *             (use the first output.size bytes of output.data, also where err is not ERR_OK)
 *         } while (err == ERR_OK && output.size == output.capacity);
 *     } while (err == ERR_OK && (the file goes on));
 *     if (err == ERR_OK) {
 *         err = inflate_end(op, stream);
 *     }
 *
 * gzip (RFC 1952): members one behind another are one stream; zero bytes between or behind them are
 * padding. Zstandard (RFC 8878): frames one behind another are one stream, skippable frames are
 * skipped. Formats of zstd from before its first release are refused. xz (The .xz File Format,
 * version 1.2.1): streams one behind another are one stream; zero bytes between or behind them are
 * padding.
 */
#ifndef FORMAT_INFLATE_H
#define FORMAT_INFLATE_H

#include "base/op.h"

enum inflate_kind {
    INFLATE_PLAIN, /* not compressed: bytes pass as they are */
    INFLATE_GZIP,
    INFLATE_ZSTD,
    INFLATE_XZ,
};

enum {
    INFLATE_DETECT_SIZE = 6,                /* bytes that suffice for inflate_detect() */
    INFLATE_WINDOW_MAX = 128 * 1024 * 1024, /* of Zstandard, as its own tool allows by default */
    INFLATE_XZ_MEMORY_MAX = INFLATE_WINDOW_MAX + 1024 * 1024, /* xz -9e makes what needs 65 MiB */
};

struct inflate;

/* Where decompressed bytes go: memory of the caller. */
struct inflate_output {
    uint8_t *data;
    size_t capacity; /* bytes in data */
    size_t size;     /* of these, how many are used; new ones are added behind them */
};

/**
 * How a file is compressed.
 *
 * first     its first bytes; with fewer than INFLATE_DETECT_SIZE it must be all there is
 */
enum inflate_kind inflate_detect(struct span first);

/**
 * Begin a stream. What it holds stays below 64 KiB for gzip, for Zstandard below the window that
 * the file asks for, at most INFLATE_WINDOW_MAX, and 512 KiB, and for xz below
 * INFLATE_XZ_MEMORY_MAX.
 *
 * op        work in hand
 * kind      how it is compressed
 * ret       to give back with inflate_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err inflate_new(struct op *op, enum inflate_kind kind, struct inflate **ret);

/**
 * What of this machine a stream needs more of than it gets: a window, memory.
 *
 * stream    made by inflate_new()
 *
 * Returns a text that stays; NULL where it did not fail with ERR_LIMIT.
 */
const char *inflate_lack(const struct inflate *stream);

/**
 * Give a stream back.
 *
 * stream    NULL does nothing
 */
void inflate_free(struct inflate *stream);

/**
 * Decompress until the input is used up or the output is full. A full output may mean that more is
 * held back, also where no input is left: make room and call again.
 *
 * On an error, all bytes that could still be decoded have been added to the output; they are good,
 * but for the last ones where the fault is a checksum that does not fit. What a damaged block of
 * Zstandard (128 KiB at most) or xz gives may depend on the pieces in which it came. Every later
 * call gives the same error.
 *
 * op        work in hand
 * stream    begun with inflate_new()
 * input     in: compressed bytes; out: those not yet used
 * output    bytes are added to it
 *
 * Errors    ERR_FORMAT damaged, or followed by something else; ERR_LIMIT no memory, or a file that
 *           asks for a larger window than INFLATE_WINDOW_MAX, or more memory than
 *           INFLATE_XZ_MEMORY_MAX
 */
MUST_USE
enum err inflate_run(struct op *op, struct inflate *stream, struct span *input,
                     struct inflate_output *output);

/**
 * Say that no more input comes: tells whether the stream is whole.
 *
 * op        work in hand
 * stream    all input was given to inflate_run(), and the last output was not full
 *
 * Errors    ERR_FORMAT the file is truncated; or the error that inflate_run() gave
 */
MUST_USE
enum err inflate_end(struct op *op, struct inflate *stream);

#endif
