// SPDX-License-Identifier: EUPL-1.2
/*
 * The bytes of a journal, to values and back; no input, no output. docs/format/journal.md says the
 * same for those who write their own reader.
 *
 *   segment = file header, frame, frame, ...
 *   frame   = prefix, header, zeros to 8, body (salt, payload), zeros to 8
 */
#ifndef JOURNAL_FRAME_H
#define JOURNAL_FRAME_H

#include "journal/journal.h"

enum {
    JOURNAL_VERSION = 1,
    JOURNAL_ALIGNMENT = 8,
    JOURNAL_FILE_HEADER_SIZE = 64,
    JOURNAL_WORLD_MARK_SIZE = 16,
    JOURNAL_PREFIX_SIZE = 48,
    JOURNAL_TEXT_COUNT = 7,
    JOURNAL_HEADER_SIZE_MAX =
        2 + 8 + 8 + JOURNAL_TEXT_COUNT * (4 + JOURNAL_TEXT_SIZE_MAX) + 2 * JOURNAL_DIGEST_SIZE,
    JOURNAL_BODY_SIZE_MAX = JOURNAL_SALT_SIZE + JOURNAL_PAYLOAD_SIZE_MAX,
    JOURNAL_GROUP_END = 1, /* flag: the last frame of its group */
};

/* Twelve digits: what the name of a segment file can say. */
#define JOURNAL_NUMBER_MAX UINT64_C(999999999999)

/* The kind of the entries that erase others. */
#define JOURNAL_KIND_ERASE SPAN("erase")

/* The start of every segment file. */
struct journal_file_header {
    uint64_t first; /* number of its first entry, as in its name */
    uint64_t seed;  /* random; goes into the checksums, so that no payload can look like a frame */
    uint8_t world_mark[JOURNAL_WORLD_MARK_SIZE];
};

/* The start of every frame. */
struct journal_prefix {
    uint32_t flags;
    uint64_t number;      /* as in the header */
    uint64_t group_first; /* number of the first entry that was committed together with this one */
    uint32_t header_size;
    uint32_t body_size; /* salt and payload */
    uint64_t header_checksum;
};

/* What a frame holds, as it lies in the file. */
struct journal_frame_parts {
    struct span header;
    struct span salt; /* JOURNAL_SALT_SIZE bytes */
    struct span payload;
};

/* What became of a body. */
enum journal_body {
    JOURNAL_BODY_WHOLE,
    JOURNAL_BODY_ERASED, /* its salt was replaced by the mark of an erasure */
    JOURNAL_BODY_DAMAGED,
};

/**
 * The mark of a world in file headers: the first bytes of its name's SHA-256.
 *
 * world     its name
 * ret       receives JOURNAL_WORLD_MARK_SIZE bytes
 */
void journal_world_mark(struct span world, uint8_t *ret);

/**
 * Write a file header.
 *
 * target    receives JOURNAL_FILE_HEADER_SIZE bytes
 * header    written
 */
void journal_file_header_write(uint8_t *target, const struct journal_file_header *header);

/**
 * Read a file header.
 *
 * bytes     the first bytes of a file; as many as there are
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT cut short, damaged or something else; ERR_UNSUPPORTED a newer version
 */
MUST_USE
enum err journal_file_header_read(struct span bytes, struct journal_file_header *ret);

/**
 * Write the prefix of a frame.
 *
 * target    receives JOURNAL_PREFIX_SIZE bytes
 * prefix    written
 * seed      of the segment
 */
void journal_prefix_write(uint8_t *target, const struct journal_prefix *prefix, uint64_t seed);

/**
 * Read the prefix of a frame; whatever it says is within the limits.
 *
 * bytes     as many as there are; only the first JOURNAL_PREFIX_SIZE are looked at
 * seed      of the segment
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT cut short or damaged
 */
MUST_USE
enum err journal_prefix_read(struct span bytes, uint64_t seed, struct journal_prefix *ret);

/**
 * Whether a header is the one that a prefix was written for.
 *
 * prefix    of the frame
 * header    the header's bytes
 * seed      of the segment
 */
bool journal_prefix_fits(const struct journal_prefix *prefix, struct span header, uint64_t seed);

/**
 * Where the body begins, counted from the frame's start.
 *
 * prefix    of the frame
 */
uint64_t journal_body_offset(const struct journal_prefix *prefix);

/**
 * Size of a whole frame.
 *
 * prefix    of the frame
 */
uint64_t journal_frame_size(const struct journal_prefix *prefix);

/**
 * Append the bytes of a header.
 *
 * buf       receives at most JOURNAL_HEADER_SIZE_MAX bytes
 * header    written; its texts have at most JOURNAL_TEXT_SIZE_MAX bytes
 */
void journal_header_add(struct buf *buf, const struct journal_header *header);

/**
 * Read a header.
 *
 * bytes     exactly the header's
 * ret       its texts are borrowed from `bytes`; untouched on error
 *
 * Errors    ERR_FORMAT damaged; ERR_UNSUPPORTED a newer version
 */
MUST_USE
enum err journal_header_read(struct span bytes, struct journal_header *ret);

/**
 * The leaf of the chain: SHA-256(0x00 || header), as in RFC 6962, section 2.1.
 *
 * header    its bytes
 * ret       receives JOURNAL_DIGEST_SIZE bytes
 */
void journal_leaf(struct span header, uint8_t *ret);

/**
 * Append a whole frame, or nothing where there is no room.
 *
 * buf       receives it; its size is a multiple of JOURNAL_ALIGNMENT
 * prefix    sizes and checksum are filled in
 * seed      of the segment
 * parts     what the frame holds
 *
 * Errors    ERR_LIMIT no room
 */
MUST_USE
enum err journal_frame_add(struct buf *buf, struct journal_prefix *prefix, uint64_t seed,
                           const struct journal_frame_parts *parts);

/**
 * Make the mark that takes the place of an erased entry's salt.
 *
 * target    receives JOURNAL_SALT_SIZE bytes
 * number    of the entry that erases
 */
void journal_mark_write(uint8_t *target, uint64_t number);

/**
 * What became of a body.
 *
 * body            salt and payload as they lie
 * payload_digest  what the header says; JOURNAL_DIGEST_SIZE bytes
 * ret_eraser      number of the entry that erased it, where JOURNAL_BODY_ERASED; else untouched
 */
enum journal_body journal_body_state(struct span body, const uint8_t *payload_digest,
                                     uint64_t *ret_eraser);

/**
 * Append the payload of an "erase" entry.
 *
 * buf       receives it
 * number    of the entry to erase
 * rule      why it may be erased
 */
void journal_erase_add(struct buf *buf, uint64_t number, struct span rule);

/**
 * Read the payload of an "erase" entry.
 *
 * payload     whole
 * ret_number  of the entry to erase; untouched on error
 * ret_rule    why it may be erased, borrowed; untouched on error
 *
 * Errors    ERR_FORMAT damaged
 */
MUST_USE
enum err journal_erase_read(struct span payload, uint64_t *ret_number, struct span *ret_rule);

#endif
