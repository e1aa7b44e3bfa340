// SPDX-License-Identifier: EUPL-1.2
/*
 * By what an input's bytes are known again, and what is to be remembered of a last line that has no
 * line end. The watch looks at the bytes, the store keeps what it is told (decision 0017).
 */
#ifndef STORE_MARK_H
#define STORE_MARK_H

#include "base/wire.h"
#include "format/json.h"
#include "format/json_writer.h"

enum {
    MARK_SIZE = 4096, /* bytes that a digest covers, where there are as many */
    MARK_DIGEST_SIZE = 32,
    MARK_WIRE_SIZE_MAX = 256,                   /* of a mark and a line */
    MARK_WIRE_HEAD_SIZE = 4 + MARK_DIGEST_SIZE, /* of its first bytes: what mark_wire_add() writes
                                                 * first */
};

/* Two places of an input. A place of no bytes is in every input. */
struct mark {
    uint32_t head_size; /* of the input's first bytes, decompressed; at most MARK_SIZE */
    uint8_t head[MARK_DIGEST_SIZE];
    uint64_t tail_end;              /* offset in the file, as it lies on the disk */
    uint8_t tail[MARK_DIGEST_SIZE]; /* of the MARK_SIZE bytes before it, or of all */
};

/* The last line of an input, where it has no line end. Numbers are of decompressed bytes. */
struct mark_line {
    uint64_t taken;   /* bytes of it that were counted as a line: those before the position */
    uint64_t waiting; /* bytes of it that are not counted yet: those behind the position */
    uint8_t waiting_digest[MARK_DIGEST_SIZE]; /* of the bytes that wait */
};

/**
 * How many bytes before an offset a digest covers.
 *
 * end       offset in the file
 */
static inline size_t mark_tail_size(uint64_t end)
{
    return end < MARK_SIZE ? (size_t)end : MARK_SIZE;
}

/**
 * A mark of no bytes: whatever an input holds, it fits.
 *
 * ret       written
 */
void mark_init(struct mark *ret);

/**
 * Set the first of the two places.
 *
 * mark      changed
 * head      the input's first bytes, decompressed; at most MARK_SIZE
 */
void mark_set_head(struct mark *mark, struct span head);

/**
 * Set the second of the two places.
 *
 * mark      changed
 * tail_end  offset in the file
 * tail      the mark_tail_size() bytes before it
 */
void mark_set_tail(struct mark *mark, uint64_t tail_end, struct span tail);

/**
 * Whether an input begins as the one that was marked.
 *
 * mark      looked at
 * start     its first bytes, decompressed: MARK_SIZE, or all where there are fewer
 */
bool mark_head_fits(const struct mark *mark, struct span start);

/**
 * Whether the bytes before the second place are those that were marked.
 *
 * mark      looked at
 * tail      the mark_tail_size() bytes before mark->tail_end; fewer never fit
 */
bool mark_tail_fits(const struct mark *mark, struct span tail);

/**
 * Write for the pipe between watch and store.
 *
 * buf       receives the bytes
 * mark      written
 * line      written
 */
void mark_wire_add(struct buf *buf, const struct mark *mark);
void mark_line_wire_add(struct buf *buf, const struct mark_line *line);

/**
 * Read what was written for the pipe.
 *
 * r         reader; its err tells of broken bytes, and of numbers out of bounds
 * ret       written
 */
void mark_wire_read(struct wire_reader *r, struct mark *ret);
void mark_line_wire_read(struct wire_reader *r, struct mark_line *ret);

/**
 * Add the members of a JSON object that is open, for the journal; docs/format/journal-entries.md
 * has them.
 *
 * w         writer, within an object
 * mark      written
 * line      written
 */
void mark_json_add(struct json_writer *w, const struct mark *mark, const struct mark_line *line);

/**
 * Read what mark_json_add() wrote.
 *
 * object    the JSON object that holds the members
 * mark      written; untouched on error
 * line      written; untouched on error
 *
 * Errors    ERR_FORMAT a member is missing, or out of bounds
 */
MUST_USE
enum err mark_json_read(struct json_value object, struct mark *mark, struct mark_line *line);

#endif
