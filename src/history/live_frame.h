// SPDX-License-Identifier: EUPL-1.2
/*
 * The bytes of a write-ahead file; no input, no output. docs/format/history.md says the same for
 * those who write their own reader.
 *
 *   file  = header, frame, frame, ...
 *   frame = prefix, records (each with its size), zeros to 8
 */
#ifndef HISTORY_LIVE_FRAME_H
#define HISTORY_LIVE_FRAME_H

#include "base/uuid.h"
#include "base/wire.h"

enum {
    LIVE_VERSION = 1,
    LIVE_HEADER_SIZE = 64,
    LIVE_PREFIX_SIZE = 40,
    LIVE_ALIGNMENT = 8,
};

struct live_header {
    struct uuid history;
    uint64_t number;
};

struct live_frame {
    uint64_t number; /* of the commit */
    uint32_t count;  /* records */
    struct span records;
};

/**
 * Write the header of a file.
 *
 * target    receives LIVE_HEADER_SIZE bytes
 * header    written
 */
void live_header_write(uint8_t *target, const struct live_header *header);

/**
 * Read the header of a file.
 *
 * bytes     of the file
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT damaged, or cut short; ERR_UNSUPPORTED a newer version
 */
MUST_USE
enum err live_header_read(struct span bytes, struct live_header *ret);

/**
 * Finish a frame: LIVE_PREFIX_SIZE bytes stand before its records, and receive its prefix; zeros
 * are added behind them.
 *
 * buf       holds those bytes and the records; buf->err is ERR_LIMIT where there is no room
 * number    of the commit
 * count     of records
 * seed      of the file
 */
void live_frame_finish(struct buf *buf, uint64_t number, uint32_t count, uint64_t seed);

enum live_frame_state {
    LIVE_FRAME_SOUND,
    LIVE_FRAME_BROKEN,  /* the prefix is sound, the records are not */
    LIVE_FRAME_UNKNOWN, /* there is no sound prefix */
};

/**
 * Look for a frame at a place.
 *
 * bytes     of the file
 * at        a multiple of LIVE_ALIGNMENT, at most bytes.size
 * seed      of the file
 * ret       untouched where there is no sound frame
 * ret_end   the place behind it; where it is not sound, at which the next may begin
 */
enum live_frame_state live_frame_at(struct span bytes, size_t at, uint64_t seed,
                                    struct live_frame *ret, size_t *ret_end);

#endif
