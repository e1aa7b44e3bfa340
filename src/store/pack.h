// SPDX-License-Identifier: EUPL-1.2
/*
 * Packed sets: the members of a list or feed, a million of them in one file, without a row in any
 * database. A pack is immutable; adding to a set or removing from it writes a new pack. The format
 * is in docs/format/pack.md.
 */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "base/hash.h"
#include "base/time.h"
#include "value/value.h"

enum {
    PACK_TLP_OF_SET = 255,         /* the member has no marking of its own */
    PACK_CONFIDENCE_UNKNOWN = 255, /* none stated */
    PACK_SIZE_MAX = 2147483647,
    PACK_CONTEXT_SIZE_MAX = 4096,
    PACK_HEADER_SIZE = 16,
};

struct pack_member {
    struct value value; /* borrows from the pack */
    enum value_scope scope;
    uint8_t confidence;     /* 0 .. 100, or PACK_CONFIDENCE_UNKNOWN */
    uint8_t tlp;            /* enum policy_tlp, or PACK_TLP_OF_SET */
    int64_t first_seen_us;  /* TIME_US_NONE where the feed says none */
    int64_t valid_from_us;  /* TIME_US_NONE where the feed says none */
    int64_t valid_until_us; /* TIME_US_NONE where the feed says none */
    /* What the feed says beside the value: a JSON array of objects, at most PACK_CONTEXT_SIZE_MAX
     * bytes; empty where it says nothing. Borrowed like the value. */
    struct span context;
};

struct pack_reader {
    struct span rest;
    uint64_t left; /* members not read yet */
    enum err err;  /* ERR_CORRUPT once the bytes break the format */
};

struct pack_writer;

/**
 * Begin a pack.
 *
 * op        work in hand; it tells what went wrong, the memory is the writer's own
 * secret    random; guards the table that finds members already there
 * ret       to give back with pack_writer_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err pack_writer_new(struct op *op, const struct hash_secret *secret, struct pack_writer **ret);

/**
 * Give a writer back.
 *
 * writer    NULL does nothing
 */
void pack_writer_free(struct pack_writer *writer);

/**
 * From now on keep the contexts of one value side by side, as long as they fit: a feed may name it
 * more than once. Without this a later one replaces what was there.
 *
 * writer    made by pack_writer_new()
 */
void pack_writer_gather(struct pack_writer *writer);

/**
 * Add a member. One with the same value and scope is replaced, but what the new one does not state
 * (first seen, confidence, context) is kept, and the earlier first-seen wins.
 *
 * op          work in hand
 * writer      made by pack_writer_new()
 * member      copied
 * ret_new     whether it was not there before; may be NULL
 *
 * Errors    ERR_LIMIT larger than PACK_SIZE_MAX, or no memory
 */
MUST_USE
enum err pack_writer_add(struct op *op, struct pack_writer *writer,
                         const struct pack_member *member, bool *ret_new);

/**
 * Whether there is a member with the same value and scope.
 *
 * writer    made by pack_writer_new()
 * member    whose value and scope count
 */
bool pack_writer_has(const struct pack_writer *writer, const struct pack_member *member);

/**
 * The bytes of the pack. The same members, added in the same order, give the same bytes.
 *
 * op          work in hand
 * writer      made by pack_writer_new()
 * ret         begun by the caller with PACK_SIZE_MAX; receives the pack
 * ret_count   how many members
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err pack_writer_finish(struct op *op, struct pack_writer *writer, struct buf *ret,
                            uint64_t *ret_count);

/**
 * Begin reading a pack.
 *
 * op        work in hand
 * bytes     borrowed while the reader is used
 * ret       untouched on error
 *
 * Errors    ERR_CORRUPT no pack; ERR_UNSUPPORTED written by a newer version
 */
MUST_USE
enum err pack_reader_open(struct op *op, struct span bytes, struct pack_reader *ret);

/**
 * The next member.
 *
 * reader      opened
 * ret         written where true is returned
 *
 * Returns false at the end, and where the bytes are damaged: reader->err then says so.
 */
bool pack_next(struct pack_reader *reader, struct pack_member *ret);

#endif
